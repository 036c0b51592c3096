//! No purchase can gain more than this: a linear program over groups of hours.
//!
//! In it every capacity covers whatever it may, in the order that suits best, in parts of units, and hours of one group are
//! their mean: what the best cover leaves is convex in demand and amounts, so a mean hour costs no more than its hours do.
//! With as many groups as hours only the order and whole steps are let go.

use curtail::{
    commitments::Candidate,
    waterfall::{CapacityId, PoolId, Rates, Waterfall},
};
use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use std::collections::{BTreeMap, BTreeSet};

/// The most that candidates could gain on a waterfall, in USD over all hours.
pub(crate) fn bound(waterfall: &Waterfall, rates: &Rates, candidates: &[Candidate], groups: usize) -> f64 {
    let usd = |value: i128| value as f64 / 1e21;
    let hours = waterfall.demand().hours();
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let offers: BTreeMap<CapacityId, (f64, Variable)> = candidates
        .iter()
        .map(|candidate| {
            let grid = &candidate.grid;
            // In steps of the grid.
            let bought = problem.add_var(usd(grid.cost_of(1, hours)), (0.0, f64::from(grid.most)));
            (candidate.capacity, (usd(grid.step), bought))
        })
        .collect();
    let steps = waterfall.steps();
    let mut on_demand = 0.0;
    for group in grouped(waterfall, rates, groups) {
        let mean = |sum: f64| sum / group.len() as f64;
        let mut of_pool: BTreeMap<PoolId, Vec<(Variable, f64)>> = BTreeMap::new();
        let mut of_capacity: BTreeMap<CapacityId, Vec<(Variable, f64)>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for step in &steps {
            for (pool, weight) in &step.fills {
                if known.insert((step.capacity, *pool)) {
                    let rate = rates.0[pool.0 as usize] as f64 / 1e12;
                    let covers = problem.add_var(-rate * group.len() as f64, (0.0, f64::INFINITY));
                    of_pool.entry(*pool).or_default().push((covers, 1.0));
                    of_capacity.entry(step.capacity).or_default().push((covers, *weight as f64 / 1e12));
                }
            }
        }
        for pool in (0..waterfall.demand().pools()).map(|pool| PoolId(u32::try_from(pool).unwrap())) {
            let units = mean(group.iter().map(|hour| waterfall.demand().of(pool)[*hour] as f64 / 1e9).sum());
            on_demand += units * group.len() as f64 * rates.0[pool.0 as usize] as f64 / 1e12;
            if let Some(covers) = of_pool.get(&pool) {
                problem.add_constraint(covers, ComparisonOp::Le, units);
            }
        }
        for (capacity, mut covers) in of_capacity {
            let amount = mean(group.iter().map(|hour| usd(waterfall.amounts(capacity)[*hour])).sum());
            if let Some((step, bought)) = offers.get(&capacity) {
                covers.push((*bought, -step));
            }
            problem.add_constraint(&covers, ComparisonOp::Le, amount);
        }
    }
    let least = on_demand + problem.solve().unwrap().into_solution().unwrap().objective();
    usd(rates.value(waterfall.totals())) - least
}

/// Hours with about as much demand, together.
fn grouped(waterfall: &Waterfall, rates: &Rates, groups: usize) -> Vec<Vec<usize>> {
    let hours = waterfall.demand().hours();
    let value = |hour: usize| rates.value_of(&waterfall.demand().of_hours(std::slice::from_ref(&(hour..hour + 1))));
    let mut order: Vec<usize> = (0..hours).collect();
    order.sort_by_cached_key(|hour| (value(*hour), *hour));
    order.chunks(hours.div_ceil(groups)).map(<[usize]>::to_vec).collect()
}
