//! What to buy: the maths of commitment advice, on the integers of the waterfall. It knows no kinds, prices or files.
//!
//! - [`optimise`]: how much of each of several instruments, together.
//! - [`limits`]: what a target coverage or a risk quantile lets one buy.
//! - [`paths`]: demand to come, by whole weeks drawn again from those that were seen.
//! - [`ladder`]: what a purchase is worth on such paths, and whether it pays on the bad ones.
//!
//! A backtest needs nothing of its own: optimise on [`Setting::of_hours`] of the first part, and [`gain`] on the rest. Nor
//! does a sensitivity: [`Setting::with`] on [`Demand::scaled`].
//!
//! Units as in [`crate::waterfall`]: amounts in 1e-21, values in 1e-21 USD over all hours of the waterfall.
//!
//! [`Demand::scaled`]: crate::waterfall::Demand::scaled

pub mod ladder;
pub mod limits;
mod links;
mod near;
mod optimise;
pub mod paths;
mod search;

pub use links::covers;
pub use optimise::{Advice, Effort, best, best_of_each, optimise};

use crate::{
    parallel::shared_out,
    waterfall::{Amount, CapacityId, Change, Grid, Part, Rates, Setting, Waterfall},
};
use links::Links;
use std::ops::Range;

/// Demand as it is, in the parts that it is scaled by.
pub const WHOLE: u32 = 10_000;

/// An instrument that could be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its capacity, which stands in the waterfall at its place in the order, with nothing of it yet (or what is owned already).
    pub capacity: CapacityId,
    /// In which steps it is sold, at what price, and how many at most.
    pub grid: Grid,
    /// Of candidates that share a group only one can be bought.
    pub group: Option<u32>,
}

impl Candidate {
    /// The edit that buys so many steps (or gives them back, below 0) in some hours.
    #[must_use]
    pub fn buy(&self, steps: i64, hours: Range<usize>) -> Change {
        Change::Capacity { capacity: self.capacity, hours, per_hour: Amount::from(steps) * self.grid.step }
    }
}

/// So many hours are priced at a time, by whichever thread is free: hours do not depend on each other.
const HOURS: usize = 24;

/// What buying `steps` of each candidate gains, one on top of the other in this order, after its own cost; in 1e-21 USD.
#[must_use]
pub fn stacked(setting: &Setting, rates: &Rates, candidates: &[Candidate], steps: &[u32]) -> Vec<i128> {
    let bought = || candidates.iter().zip(steps).filter(|(_, steps)| **steps > 0);
    if bought().next().is_none() {
        return vec![0; candidates.len()];
    }
    let gains = |Part { mut waterfall, rates }: Part| -> Vec<i128> {
        let gain = |(candidate, steps): (&Candidate, &u32)| match steps {
            0 => 0,
            steps => buy(&mut waterfall, &rates, candidate, *steps),
        };
        candidates.iter().zip(steps).map(gain).collect()
    };
    let some: Vec<Candidate> = bought().map(|(candidate, _)| candidate.clone()).collect();
    let (matters, hours) = (Links::of(setting, &some).matters, setting.demand().hours());
    let spans = (0..hours).step_by(HOURS).map(|first| first..hours.min(first + HOURS));
    let mut all = vec![0; candidates.len()];
    for some in shared_out(spans, |span| gains(setting.part(&span, 1, &matters, rates))) {
        all.iter_mut().zip(some).for_each(|(all, some)| *all += some);
    }
    all
}

/// What buying `steps` of one candidate gains, if nothing else is bought, after its own cost; in 1e-21 USD.
fn alone(waterfall: &Waterfall, rates: &Rates, candidate: &Candidate, steps: u32) -> i128 {
    let hours = waterfall.demand().hours();
    let buys = [candidate.buy(i64::from(steps), 0..hours)];
    let saved = if is_wide(waterfall, candidate) {
        rates.value(waterfall.totals()) - rates.value(&waterfall.totals_after(&buys))
    } else {
        -rates.change(&waterfall.peek(&buys))
    };
    saved - candidate.grid.cost_of(steps, hours)
}

/// What buying so many steps of each gains, if nothing else is bought, after its own cost: of candidates whose capacities stand alike, so that
/// it does not matter which of them grows. One walks on from another, from the least to the most.
fn each_alone(waterfall: &Waterfall, rates: &Rates, candidates: &[(&Candidate, u32)]) -> Vec<i128> {
    let narrow = |(candidate, _): &(&Candidate, u32)| !is_wide(waterfall, candidate);
    if candidates.len() < 2 || !candidates.iter().all(narrow) {
        return candidates.iter().map(|(candidate, steps)| alone(waterfall, rates, candidate, *steps)).collect();
    }
    let hours = waterfall.demand().hours();
    let amount = |at: usize| Amount::from(candidates[at].1) * candidates[at].0.grid.step;
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|at| amount(*at));
    let (mut with, mut bought, mut saved) = (waterfall.clone(), 0, 0);
    let mut gains = vec![0; candidates.len()];
    for at in order {
        let (capacity, more) = (candidates[0].0.capacity, amount(at) - bought);
        saved -= rates.change(&with.apply(&[Change::Capacity { capacity, hours: 0..hours, per_hour: more }]));
        bought += more;
        gains[at] = saved - candidates[at].0.grid.cost_of(candidates[at].1, hours);
    }
    gains
}

/// Buys so much of a candidate and tells what that gains after its own cost.
fn buy(waterfall: &mut Waterfall, rates: &Rates, candidate: &Candidate, steps: u32) -> i128 {
    let hours = waterfall.demand().hours();
    let buys = [candidate.buy(i64::from(steps), 0..hours)];
    let saved = if is_wide(waterfall, candidate) {
        let before = rates.value(waterfall.totals());
        waterfall.apply_from_scratch(&buys);
        before - rates.value(waterfall.totals())
    } else {
        -rates.change(&waterfall.apply(&buys))
    };
    saved - candidate.grid.cost_of(steps, hours)
}

/// Whether a candidate may cover so many pools that to buy all of it at once is sooner priced from scratch than by a walk from pool to pool.
fn is_wide(setting: &Setting, candidate: &Candidate) -> bool {
    const MANY: usize = 300;
    setting.places_of(candidate.capacity) > MANY
}

/// What buying `steps` of each candidate gains together, after their own cost; in 1e-21 USD.
#[must_use]
pub fn gain(setting: &Setting, rates: &Rates, candidates: &[Candidate], steps: &[u32]) -> i128 {
    stacked(setting, rates, candidates, steps).into_iter().sum()
}
