//! What to buy: the maths of commitment advice, on the integers of the waterfall. It knows no kinds, prices or files.
//!
//! - [`optimise`]: how much of each of several instruments, together.
//! - [`limits`]: what a target coverage or a risk quantile lets one buy.
//! - [`paths`]: demand to come, by whole weeks drawn again from those that were seen.
//! - [`ladder`]: what a purchase is worth on such paths, and whether it pays on the bad ones.
//!
//! A backtest needs nothing of its own: optimise on [`Waterfall::of_hours`] of the first part, and [`gain`] on the rest. Nor
//! does a sensitivity: [`Waterfall::with`] on [`Demand::scaled`].
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
pub use optimise::{Advice, Effort, best, best_of_one, optimise};

use crate::waterfall::{Amount, CapacityId, Change, Grid, Part, Rates, Waterfall};
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

/// What buying `steps` of each candidate gains, one on top of the other in this order, after its own cost; in 1e-21 USD.
#[must_use]
pub fn stacked(waterfall: &Waterfall, rates: &Rates, candidates: &[Candidate], steps: &[u32]) -> Vec<i128> {
    let all = candidates.iter().zip(steps);
    let some: Vec<Candidate> = all.clone().filter(|(_, steps)| **steps > 0).map(|(one, _)| one.clone()).collect();
    let Part { mut waterfall, rates } = if some.iter().any(|candidate| is_wide(waterfall, candidate)) {
        waterfall.part(1, &Links::of(waterfall, &some).matters, rates)
    } else if some.is_empty() {
        return vec![0; candidates.len()];
    } else {
        Part { waterfall: waterfall.clone(), rates: rates.clone() }
    };
    let gain = |(candidate, steps): (&Candidate, &u32)| match steps {
        0 => 0,
        steps => bought(&mut waterfall, &rates, candidate, *steps),
    };
    all.map(gain).collect()
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

/// Buys so much of a candidate and tells what that gains after its own cost.
fn bought(waterfall: &mut Waterfall, rates: &Rates, candidate: &Candidate, steps: u32) -> i128 {
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
fn is_wide(waterfall: &Waterfall, candidate: &Candidate) -> bool {
    const MANY: usize = 300;
    waterfall.places_of(candidate.capacity) > MANY
}

/// What buying `steps` of each candidate gains together, after their own cost; in 1e-21 USD.
#[must_use]
pub fn gain(waterfall: &Waterfall, rates: &Rates, candidates: &[Candidate], steps: &[u32]) -> i128 {
    stacked(waterfall, rates, candidates, steps).into_iter().sum()
}
