//! Several instruments together, and what limits, weeks and paths make of them.

use crate::{
    bound::bound,
    market::{Company, Hour, ONE, company, market_of, real},
};
use curtail::{
    commitments::{
        Candidate, Effort, best, gain,
        ladder::{demand, gains, outcomes, path_at, quantile},
        limits::{usable, within_coverage, within_risk},
        optimise,
        paths::{WEEK, paths, weeks},
        stacked,
    },
    parallel::with_threads,
    waterfall::{Capacity, CapacityId, Demand, Grid, PoolId, Rates, Step, Waterfall},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

const EFFORT: Effort = Effort { starts: 3, points: 1_000_000, closest: 1 };

/// 0.001 USD per hour.
const PLAN: Grid = Grid { step: 1_000_000_000_000_000_000, cost: 1_000_000_000_000_000_000, most: 1_000_000 };

fn plan(capacity: u32) -> Candidate {
    Candidate { capacity: CapacityId(capacity), grid: PLAN, group: None }
}

/// All that a company has not bought, reservations by whole large instances.
fn candidates(company: &Company, waterfall: &Waterfall, reservations: u32) -> Vec<Candidate> {
    let candidate = |id: u32| {
        let pool = company.market.steps[id as usize].fills[0].0;
        let large = i128::from(company.rates.0[pool.0 as usize]) * 1_000_000_000;
        let reservation = Grid { step: 4 * i128::from(ONE) * 1_000_000_000, cost: large / 100 * 62, most: 1000 };
        Candidate { grid: if id < reservations { reservation } else { PLAN }, ..plan(id) }
    };
    let all = (0..u32::try_from(waterfall.capacities()).unwrap()).map(candidate);
    all.filter(|candidate| waterfall.amounts(candidate.capacity)[0] == 0).collect()
}

#[test]
fn the_deeper_discount_is_bought_though_both_would_pay() {
    // 1 $ and 2 $ on demand; instance discounts of 40 and 35 %, compute discounts of 30 and 2 %: 0.60 + 1.30 saves 1.10.
    let hour = Hour::default()
        .uses("a", 1.0, 1.0)
        .uses("b", 1.0, 2.0)
        .commits(0.0, &[("a", 0.6), ("b", 1.3)])
        .commits(0.0, &[("a", 0.7), ("b", 1.96)])
        .price();
    for order in [[0, 1], [1, 0]] {
        let candidates = order.map(plan);
        let advice = optimise(&hour.waterfall, &hour.rates, &candidates, &EFFORT);
        assert_eq!(advice.steps, order.map(|id| [1900, 0][id as usize]));
        assert_eq!(advice.gain(), 1_100_000_000_000_000_000_000);
    }
}

#[test]
fn of_a_group_only_the_best_is_bought_and_no_more_than_is_sold() {
    let hour = Hour::default()
        .uses("a", 1.0, 1.0)
        .uses("b", 1.0, 2.0)
        .commits(0.0, &[("a", 0.6)])
        .commits(0.0, &[("b", 1.3)])
        .commits(0.0, &[("a", 0.9), ("b", 1.8)])
        .price();
    let mut candidates: Vec<Candidate> =
        [0, 1, 2].map(|id| Candidate { group: (id < 2).then_some(7), ..plan(id) }).to_vec();
    let advice = optimise(&hour.waterfall, &hour.rates, &candidates, &EFFORT);
    // Alone 0.40, 0.70 and 0.30; the second, and the third for what that one does not cover.
    assert_eq!(advice.steps, [0, 1300, 900]);
    assert_eq!(advice.gains, [0, 700_000_000_000_000_000_000, 100_000_000_000_000_000_000]);
    candidates[1].grid.most = 650;
    let advice = optimise(&hour.waterfall, &hour.rates, &candidates, &EFFORT);
    // Half of b at 0.35 and, of the rest, 10 % of 2 $; a at 0.40 and 10 % of b's 2 $ is better.
    assert_eq!(advice.steps, [600, 0, 1800]);
    let nothing = optimise(&hour.waterfall, &hour.rates, &candidates, &Effort { points: 0, ..EFFORT });
    assert_eq!((nothing.steps, nothing.gains), (vec![0; 3], vec![0; 3]));
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn several_instruments_against_brute_force() {
    let mut runner = TestRunner::deterministic();
    let prices = proptest::array::uniform3(5i128..70);
    let strategy = (market_of(3, real()), proptest::collection::vec(3i64..9, 7), prices);
    let (mut cases, mut several, mut exact) = (0, 0, 0);
    while cases < 100 {
        let (mut market, rates, prices) = strategy.new_tree(&mut runner).unwrap().current();
        let count = market.capacities.len().min(3);
        market.capacities[..count].fill(Capacity::Constant(0));
        let rates = Rates(rates.iter().take(market.demand.pools()).map(|rate| rate * 100_000_000_000).collect());
        let step = 700_000_000_000_000_000_000;
        let grid = |percent| Grid { step, cost: step / 100 * percent, most: 9 };
        let candidates: Vec<Candidate> =
            (0..count).map(|at| Candidate { grid: grid(prices[at]), ..plan(u32::try_from(at).unwrap()) }).collect();
        let waterfall = market.price();
        let all = (0..10u32.pow(u32::try_from(count).unwrap()))
            .map(|number| (0..count).map(|at| number / 10u32.pow(u32::try_from(at).unwrap()) % 10).collect::<Vec<_>>());
        let (best, of) = all.map(|steps| (gain(&waterfall, &rates, &candidates, &steps), steps)).max().unwrap();
        if best == 0 {
            continue;
        }
        let found = optimise(&waterfall, &rates, &candidates, &EFFORT).gain();
        assert!(found <= best);
        cases += 1;
        several += i32::from(of.iter().filter(|steps| **steps > 0).count() > 1);
        // A billionth of a unit may be lost to rounding.
        exact += i32::from(best - found < best / 1_000_000);
    }
    println!("the best of {cases} markets, {several} of them with several instruments: found in {exact}");
    assert!(exact >= 95);
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn no_advice_beats_the_bound() {
    for (hours, families, kinds, owned, groups) in [
        (48, 2, [0, 2, 1], 0, 48),
        (48, 3, [3, 3, 2], 4, 48),
        (168, 4, [4, 4, 1], 0, 24),
        (168, 4, [4, 8, 2], 5, 24),
        (72, 6, [6, 6, 2], 3, 24),
    ] {
        let company = company(hours, families, kinds, |n| (n * 7) % 10 < owned);
        let waterfall = company.market.price();
        let candidates = candidates(&company, &waterfall, u32::try_from(kinds[0]).unwrap());
        let advice = optimise(&waterfall, &company.rates, &candidates, &EFFORT);
        let most = bound(&waterfall, &company.rates, &candidates, groups);
        let gain = advice.gain() as f64 / 1e21;
        let (gap, curves) = ((most / gain - 1.0) * 100.0, advice.curves);
        println!(
            "{hours} hours, {families} families, {} candidates: gains {gain:.2} USD, at most {most:.2}, gap {gap:.2} % ({groups} groups of hours, {curves} curves)",
            candidates.len()
        );
        assert!(gain > 0.0 && gain <= most * (1.0 + 1e-9));
        let after: i128 = stacked(&waterfall, &company.rates, &candidates, &advice.steps).into_iter().sum();
        assert_eq!(advice.gain(), after);
    }
}

#[test]
fn threads_do_not_matter_and_gains_add_up() {
    let company = company(144, 3, [3, 3, 2], |n| n % 2 == 0);
    let waterfall = company.market.price();
    let candidates = candidates(&company, &waterfall, 3);
    let with = |threads| with_threads(threads, || optimise(&waterfall, &company.rates, &candidates, &EFFORT)).unwrap();
    let alone = with(1);
    assert_eq!(with(3), alone);
    let mut after = waterfall.clone();
    let buys = candidates.iter().zip(&alone.steps).map(|(candidate, steps)| candidate.buy(i64::from(*steps), 0..144));
    after.apply(&buys.collect::<Vec<_>>());
    let saved = company.rates.value(waterfall.totals()) - company.rates.value(after.totals());
    let cost: i128 =
        candidates.iter().zip(&alone.steps).map(|(candidate, steps)| candidate.grid.cost_of(*steps, 144)).sum();
    assert_eq!(alone.gain(), saved - cost);
}

#[test]
fn a_search_of_some_hours_first_is_hardly_worse_than_one_of_all() {
    for (families, kinds, owned) in [(3, [3, 3, 2], 4), (4, [4, 8, 2], 5), (6, [6, 6, 2], 3)] {
        let company = company(3 * WEEK, families, kinds, |n| (n * 7) % 10 < owned);
        let waterfall = company.market.price();
        let mut candidates = candidates(&company, &waterfall, u32::try_from(kinds[0]).unwrap());
        // The last two exclude each other.
        let [.., one, other] = &mut candidates[..] else { panic!("several") };
        (one.group, other.group) = (Some(1), Some(1));
        let all = optimise(&waterfall, &company.rates, &candidates, &Effort { points: 100_000_000, ..EFFORT });
        let effort = Effort { points: all.points / 10, ..EFFORT };
        let some = optimise(&waterfall, &company.rates, &candidates, &effort);
        assert!(some.points < all.points / 5, "{} of {} points", some.points, all.points);
        assert!(some.gain() > all.gain() / 1000 * 999, "{} of {}", some.gain(), all.gain());
        assert!(some.steps.iter().rev().take(2).filter(|steps| **steps > 0).count() < 2);
        let again = || optimise(&waterfall, &company.rates, &candidates, &effort);
        let alone = with_threads(1, again).unwrap();
        assert_eq!(alone, some, "workers do not matter");
        // A last look at a third of the hours is enough to know about how much.
        let about = best(&waterfall, &company.rates, &candidates, &Effort { closest: 3, ..effort }, None);
        let about = gain(&waterfall, &company.rates, &candidates, &about);
        assert!(about > all.gain() / 100 * 98, "{about} of {}", all.gain());
        // From what is best of a tenth less it comes there too.
        let less = waterfall.with(waterfall.demand().scaled(90, 100), &company.market.capacities);
        let alike = best(&less, &company.rates, &candidates, &effort, None);
        let steps = best(&waterfall, &company.rates, &candidates, &effort, Some(&alike));
        assert!(gain(&waterfall, &company.rates, &candidates, &steps) > all.gain() / 1000 * 999);
    }
}

/// Ten hours of 1 to 10 units at 1 $, a plan of 0.70 $ a unit, and a second pool of 5 units that a plan of 2 units' worth covers.
fn ten_hours() -> (Waterfall, Rates) {
    let mut usage = Demand::new(2, 10);
    for hour in 0..10 {
        usage.add(PoolId(0), hour..hour + 1, (i64::try_from(hour * 7 % 10).unwrap() + 1) * 1_000_000_000);
    }
    usage.add(PoolId(1), 0..10, 5_000_000_000);
    let steps = [
        Step { capacity: CapacityId(0), fills: vec![(PoolId(0), 700_000_000_000)] },
        Step { capacity: CapacityId(1), fills: vec![(PoolId(1), 600_000_000_000)] },
    ];
    let owned = Capacity::Constant(1_200_000_000_000_000_000_000);
    (Waterfall::new(usage, &[Capacity::Constant(0), owned], &steps), Rates(vec![ONE; 2]))
}

#[test]
fn limits_by_risk_and_by_coverage() {
    let (waterfall, rates) = ten_hours();
    let candidate = plan(0);
    let mut amounts = usable(&waterfall, &candidate);
    amounts.sort_unstable();
    assert_eq!(amounts, (1..=10).map(|units| units * 700_000_000_000_000_000_000).collect::<Vec<i128>>());
    // Used whole in every hour: 1 unit; but for one of ten hours: 2 units; but for a third: 4; half of the hours: 6.
    let at = |risk| within_risk(&waterfall, &candidate, risk);
    assert_eq!([at(0.0), at(0.1), at(0.34), at(0.5), at(1.0)], [700, 1400, 2800, 4200, 7000]);
    // 105 unit-hours, 20 of them covered already. 40 % is 42: 22 more. 2 units an hour cover 19, a third at 8 of ten hours: 2.375.
    let to = |coverage| within_coverage(&waterfall, &rates, &candidate, coverage);
    assert_eq!([to(0.1), to(0.4), to(20.0 / 105.0), to(1.0)], [0, 1662, 0, PLAN.most]);
}

#[test]
fn weeks_and_paths() {
    let company = company(3 * WEEK + 5, 3, [3, 3, 2], |n| n % 2 == 0);
    let waterfall = company.market.price();
    let candidates = candidates(&company, &waterfall, 3);
    let advice = optimise(&waterfall, &company.rates, &candidates, &Effort { starts: 0, points: 100_000, closest: 1 });
    let mut spans = weeks(3 * WEEK + 5);
    let weekly = gains(&waterfall, &company.rates, &candidates, &advice.steps, &spans);
    // A path is priced as the sum of its weeks: the same as its hours priced one after the other.
    let path = [spans[2].clone(), spans[0].clone(), spans[2].clone()];
    let ahead = waterfall.of_hours(&path);
    let apart = gain(&ahead, &company.rates, &candidates, &advice.steps);
    assert_eq!(outcomes(&weekly, &[vec![2, 0, 2]]), [apart]);
    spans.push(0..5);
    let all: i128 = gains(&waterfall, &company.rates, &candidates, &advice.steps, &spans).into_iter().sum();
    assert_eq!(all, advice.gain());
    // Bad paths: demand at its P10, and what the purchase gains there.
    let paths = paths(3, 8, 99, 1);
    let usage = outcomes(&demand(&waterfall, &company.rates, &weeks(3 * WEEK + 5)), &paths);
    let bad = path_at(&usage, 0.1).unwrap();
    assert!(usage.iter().filter(|value| **value < usage[bad]).count() < 10);
    let worth = outcomes(&weekly, &paths);
    assert!(quantile(&worth, 0.1) < quantile(&worth, 0.5) && quantile(&worth, 0.5) < quantile(&worth, 0.9));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn other_demand_and_hours_are_priced_from_scratch(market in market_of(5, real()), start in 0usize..5, parts in 0u32..150) {
        let waterfall = market.price();
        let same = waterfall.with(market.demand.clone(), &market.capacities).priced();
        prop_assert_eq!(same.totals(), waterfall.totals());
        let scaled = market.demand.scaled(parts, 100);
        let plain = Waterfall::new(scaled.clone(), &market.capacities, &market.steps);
        let other = waterfall.with(scaled, &market.capacities).priced();
        prop_assert_eq!(other.totals(), plain.totals());
        let hours = market.demand.hours();
        let (cut, nothing) = (start.min(hours), 0..0);
        let first = waterfall.of_hours(&[0..cut, nothing.clone()]).priced();
        let rest = waterfall.of_hours(&[nothing, cut..hours]).priced();
        for pool in 0..market.demand.pools() {
            prop_assert_eq!(first.totals().left[pool] + rest.totals().left[pool], waterfall.totals().left[pool]);
        }
        prop_assert_eq!(waterfall.steps().len(), market.steps.len());
        let again = Waterfall::new(market.demand.clone(), &market.capacities, &waterfall.steps());
        prop_assert_eq!(again.totals(), waterfall.totals());
    }
}
