use super::*;
use crate::waterfall::{Capacity, Covered, Demand, Waterfall};
use proptest::prelude::*;

/// What each capacity covers of each pool.
fn covers(demand: &Demand, amounts: &[Capacity], steps: &[Step]) -> BTreeMap<(CapacityId, PoolId), i128> {
    let mut sums = BTreeMap::new();
    for Covered { capacity, pool, units, .. } in Waterfall::new(demand.clone(), amounts, steps).covered() {
        *sums.entry((capacity, pool)).or_default() += units;
    }
    sums
}

proptest! {
    #[test]
    fn few_steps_pour_as_one_step_for_each_combination_does(
        plans in prop::collection::vec((prop::collection::btree_map(0u32..6, (0i128..4, 1i64..4), 1..6), 0i128..40), 1..5),
        demand in prop::collection::vec(0i64..9, 6),
    ) {
        let amounts: Vec<Capacity> = plans.iter().map(|(_, amount)| Capacity::Constant(*amount)).collect();
        let mut usage = Demand::new(6, 1);
        for (pool, units) in (0u32..).zip(demand) {
            usage.add(PoolId(pool), 0..1, units);
        }
        let all: Vec<(CapacityId, Vec<Candidate>)> = (0u32..).zip(&plans).map(|(plan, (covers, _))| {
            let candidate = |(pool, (saving, weight)): (&u32, &(i128, i64))| {
                let preference = Preference { saving: -saving, size: *weight, ..Preference::default() };
                (preference, PoolId(*pool), *weight)
            };
            let mut candidates: Vec<Candidate> = covers.iter().map(candidate).collect();
            candidates.sort_unstable();
            (CapacityId(plan), candidates)
        }).collect();
        let each = all.iter().flat_map(|(plan, some)| some.iter().map(|(first, pool, weight)| (*first, *plan, *pool, *weight)));
        let mut each: Vec<_> = each.collect();
        each.sort_unstable();
        let each: Vec<Step> =
            each.into_iter().map(|(_, capacity, pool, weight)| Step { capacity, fills: vec![(pool, weight)] }).collect();
        let few = interleaved(&all);
        prop_assert!(few.len() <= each.len());
        prop_assert_eq!(covers(&usage, &amounts, &few), covers(&usage, &amounts, &each));
    }
}
