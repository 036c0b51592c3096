//! What a commitment saves, as a function of its amount: exact, piecewise linear, and not concave.

use super::{
    Amount, CapacityId, Rates, Waterfall,
    sweep::{Break, Sweep},
};
use crate::parallel::{shared_out, threads};
use std::cmp::Ordering;

/// How a commitment is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// The smallest amount more: a whole instance's normalisation units, 0.001 USD per hour of a Savings Plan; in 1e-21.
    pub step: Amount,
    /// What one step costs per hour, in 1e-21 USD.
    pub cost: i128,
    /// How many steps may be bought at most.
    pub most: u32,
}

/// The value that a growing capacity saves over all hours, before its own cost: what less is left, at its rates.
///
/// Between its points it is a straight line, behind the last it is level. It never falls. With several commitments it is
/// not concave: what covers a pool frees a later commitment for others, and may only pay after that.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    hours: usize,
    points: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    /// In 1e-21.
    amount: f64,
    /// In 1e-21 USD.
    saved: f64,
    /// USD per unit of the amount, from here on.
    slope: f64,
}

/// Fewer hours are not worth a thread of their own.
const LEAST: usize = 24;

impl Curve {
    /// Follows a capacity as it grows in all hours alike from what it is now, hours shared out to all threads.
    #[must_use]
    pub fn new(waterfall: &Waterfall, capacity: CapacityId, rates: &Rates) -> Self {
        Self::up_to(waterfall, capacity, rates, Amount::MAX)
    }

    /// The same up to a limit, behind which it is taken to be level.
    #[must_use]
    pub fn up_to(waterfall: &Waterfall, capacity: CapacityId, rates: &Rates, limit: Amount) -> Self {
        let hours = waterfall.demand.hours();
        let rates: Vec<f64> = rates.0.iter().map(|rate| *rate as f64).collect();
        let some = |hours: std::ops::Range<usize>| {
            let (mut sweep, mut breaks) = (Sweep::new(waterfall, capacity, &rates, limit as f64), Vec::new());
            hours.for_each(|hour| sweep.hour(capacity.0 as usize, hour, &mut breaks));
            breaks.sort_by(by_amount);
            breaks
        };
        let each = hours.div_ceil(threads()).max(LEAST);
        let parts = (0..hours).step_by(each).map(|at| at..hours.min(at + each));
        let mut breaks = shared_out(parts, some).concat();
        // Of one amount, in the order of the hours: the sums do not depend on the workers. What these sorted is merged.
        breaks.sort_by(by_amount);
        Self { hours, points: points(&breaks) }
    }

    /// How many points it has: as much work as it was.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points.len()
    }

    /// What the first bit more saves over all hours, as a share of what it costs.
    #[must_use]
    pub fn first(&self, grid: &Grid) -> f64 {
        let first = self.points.iter().take_while(|point| point.amount <= 0.0).last();
        let hourly = first.map_or(0.0, |point| point.slope) * grid.step as f64;
        hourly / grid.cost_of(1, self.hours).max(1) as f64
    }

    /// What `amount` more saves over all hours, in 1e-21 USD.
    #[must_use]
    pub fn saved(&self, amount: Amount) -> f64 {
        let amount = amount as f64;
        let at = self.points.partition_point(|point| point.amount <= amount);
        let point = at.checked_sub(1).and_then(|at| self.points.get(at));
        point.map_or(0.0, |point| point.saved + point.slope * (amount - point.amount))
    }

    /// How many steps of the grid save the most after their own cost, and how much that is, in 1e-21 USD. Of several, the fewest.
    ///
    /// Between two points the gain is a straight line, so only steps next to points can be best: all of them are tried.
    #[must_use]
    pub fn best(&self, grid: &Grid) -> (u32, f64) {
        let mut best = (0, 0.0);
        let ends = self.points.iter().skip(1).map(|point| point.amount).chain([f64::INFINITY]);
        for (point, end) in self.points.iter().zip(ends) {
            let first = (point.amount / grid.step as f64).ceil() as u32;
            let last = if end.is_finite() { (end / grid.step as f64).floor() as u32 } else { first };
            let last = last.min(grid.most);
            for steps in [first, last].into_iter().filter(|steps| (first..=last).contains(steps)) {
                let more = f64::from(steps) * grid.step as f64 - point.amount;
                let gain = point.saved + point.slope * more - grid.cost_of(steps, self.hours) as f64;
                if gain > best.1 {
                    best = (steps, gain);
                }
            }
        }
        best
    }

    /// The most steps of the grid that save no more than `limit`, in 1e-21 USD: how far a target coverage lets one go.
    #[must_use]
    pub fn most_within(&self, limit: f64, grid: &Grid) -> u32 {
        let beyond = self.points.partition_point(|point| point.saved <= limit);
        let Some(point) = beyond.checked_sub(1).map(|at| self.points[at]) else { return 0 };
        let room = if point.slope > 0.0 { (limit - point.saved) / point.slope } else { f64::INFINITY };
        let steps = ((point.amount + room) / grid.step as f64).floor();
        (steps as u32).min(grid.most)
    }
}

impl Grid {
    /// What steps cost over a number of hours, in 1e-21 USD.
    #[must_use]
    pub fn cost_of(&self, steps: u32, hours: usize) -> i128 {
        self.cost * i128::from(steps) * i128::try_from(hours).unwrap_or(i128::MAX)
    }
}

fn by_amount((one, _): &Break, (other, _): &Break) -> Ordering {
    one.total_cmp(other)
}

/// Sums changes of the slope, ascending by amount, to points.
fn points(breaks: &[Break]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for (amount, change) in breaks {
        let (saved, slope) = match points.last() {
            Some(last) => (last.saved + last.slope * (amount - last.amount), last.slope + change),
            None => (0.0, *change),
        };
        match points.last_mut() {
            Some(last) if last.amount.total_cmp(amount).is_eq() => last.slope = slope,
            _ => points.push(Point { amount: *amount, saved, slope }),
        }
    }
    if let Some(last) = points.last_mut() {
        last.slope = 0.0;
    }
    points
}
