//! The free tier of provisioned DynamoDB capacity: units that the bill shows at nothing under the same usage type as those it charges.
//!
//! It is counted by the month (25 units of each kind times its hours, for a payer and region), so mostly the first hours of a month
//! are free. Lines of one class are not told apart by price; but a day whose units cost less on average than those of the dearest day
//! must hold free ones. Left in the average, they would make the rate of all others too low and their number too high.

use super::{
    holdings::{Holding, Scope},
    hours,
    order::Candidates,
    pools::{Pools, per_unit},
};
use crate::{
    facts::{Class, ClassId, Cost, Costs, Facts, LineType},
    money::{Money, Quantity},
    sku::{UNIT, What},
    time::Day,
    waterfall::{Amount, Capacity, PoolId},
};
use std::collections::{BTreeMap, BTreeSet};

/// Differences below this share of a day's units come from rounding.
const NOISE: i128 = 1_000_000;

/// Charges by class and day.
type Days = BTreeMap<(ClassId, Day), Costs>;

/// The uncovered capacity of the period by class and day.
fn days(facts: &Facts) -> Days {
    let mut days = Days::new();
    let charged = |class: &Class| class.line == LineType::Usage && matches!(class.what, What::TableCapacity(_));
    let charged: Vec<bool> = facts.classes.iter().map(charged).collect();
    if !charged.contains(&true) {
        return days;
    }
    for spend in facts.priced() {
        if charged[spend.class.0 as usize] {
            *days.entry((spend.class, spend.day)).or_default() += spend.costs;
        }
    }
    days
}

/// The public rate of pools that have free units: that of their dearest day.
pub(super) fn rates(facts: &Facts, pools: &Pools) -> BTreeMap<PoolId, Money> {
    let days = days(facts);
    let mut rates: BTreeMap<PoolId, Money> = BTreeMap::new();
    for ((class, _), costs) in &days {
        let rate = per_unit(costs.on_demand, costs.quantity).filter(|rate| !rate.is_zero());
        if let Some((pool, rate)) = pools.of_class(*class).zip(rate) {
            let dearest = rates.entry(pool).or_default();
            *dearest = rate.max(*dearest);
        }
    }
    let mut with_free: BTreeSet<PoolId> = BTreeSet::new();
    for ((class, _), costs) in &days {
        let pool = pools.of_class(*class);
        let free = |pool: &PoolId| rates.get(pool).is_some_and(|rate| free_of(*costs, *rate).0 > 0);
        with_free.extend(pool.filter(free));
    }
    rates.retain(|pool, _| with_free.contains(pool));
    rates
}

/// The units of a day that were free, if the others cost `rate`.
fn free_of(costs: Costs, rate: Money) -> Quantity {
    let charged = Quantity::ONE.ratio(costs.on_demand.0, rate.0);
    let free = costs.quantity - charged;
    if free.0 * NOISE > costs.quantity.0 { free } else { Quantity::default() }
}

/// What was free of each class, as a commitment that costs nothing and covers as much of the same usage in the same hours.
pub(super) fn holdings(facts: &Facts, pools: &Pools, hours: usize) -> Vec<Holding> {
    let days = days(facts);
    let mut all: BTreeMap<ClassId, Vec<Amount>> = BTreeMap::new();
    for ((class, day), costs) in &days {
        let Some(rate) = pools.of_class(*class).and_then(|pool| pools.free.get(&pool)) else { continue };
        let free = free_of(*costs, *rate);
        let amounts = all.entry(*class).or_insert_with(|| vec![0; hours]);
        for (at, units) in hours::part_of_day(facts, *class, *day, free) {
            amounts[at] += i128::from(units) * i128::from(UNIT);
        }
    }
    let holding = |(class, amounts): (ClassId, Vec<Amount>)| {
        let pool = pools.of_class(class)?;
        let owner = pools.pool(pool);
        Some(Holding {
            payer: owner.payer.clone(),
            owner: owner.account.clone(),
            scope: Scope::Elsewhere(pool),
            buys: None,
            members: Vec::new(),
            offered: amounts.iter().sum(),
            capacity: Capacity::Hourly(amounts),
            billed: Cost::default(),
            covered: vec![pool],
            candidates: Candidates::default(),
        })
    };
    all.into_iter().filter_map(holding).collect()
}
