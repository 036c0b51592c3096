//! How much to buy at most, for teams that refuse the optimum: what a [`Grid`] may say in `most`.

use super::Candidate;
use crate::waterfall::{Amount, Curve, Grid, Rates, Waterfall};

/// More than any hour can use, and far from the end of the integers.
const WITHOUT_END: Amount = 1 << 120;

/// What an instrument would be used for in each hour if there were no end of it, in 1e-21.
#[must_use]
pub fn usable(waterfall: &Waterfall, candidate: &Candidate) -> Vec<Amount> {
    let hours = waterfall.demand().hours();
    let endless = Grid { step: WITHOUT_END, ..candidate.grid };
    let mut waterfall = waterfall.clone();
    waterfall.apply(&[Candidate { grid: endless, ..candidate.clone() }.buy(1, 0..hours)]);
    (0..hours).map(|hour| waterfall.used_at(candidate.capacity, hour)).collect()
}

/// The largest number of steps that is used whole in all but a share `risk` (0 to 1) of the hours: no more than that quantile
/// of what would be used.
#[must_use]
pub fn within_risk(waterfall: &Waterfall, candidate: &Candidate, risk: f64) -> u32 {
    let mut usable = usable(waterfall, candidate);
    usable.sort_unstable();
    let below = (risk.clamp(0.0, 1.0) * usable.len() as f64).floor() as usize;
    let amount = usable.get(below.min(usable.len().saturating_sub(1))).copied().unwrap_or(0);
    let steps = amount / candidate.grid.step.max(1);
    u32::try_from(steps).unwrap_or(u32::MAX).min(candidate.grid.most)
}

/// The largest number of steps with which no more than a share `coverage` (0 to 1) of what all usage would cost on demand is
/// covered, by it and by what is owned. Pools of rate 0 do not count: give those outside the target none.
#[must_use]
pub fn within_coverage(waterfall: &Waterfall, rates: &Rates, candidate: &Candidate, coverage: f64) -> u32 {
    let all = rates.value_of(waterfall.demand()) as f64;
    let left = rates.value(waterfall.totals()) as f64;
    let room = coverage * all - (all - left);
    if room < 0.0 {
        return 0;
    }
    Curve::new(waterfall, candidate.capacity, rates).most_within(room, &candidate.grid)
}
