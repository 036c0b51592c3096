//! The commitment waterfall on integers: what usage reservations and Savings Plans leave over, hour by hour.
//!
//! *Pools* are kinds of usage that are alike for every commitment, with a demand per hour. A *capacity* is a commitment
//! (or several interchangeable ones): an amount per hour that dies when the hour ends. A *step* pours one capacity into
//! pools in a given order, each at its *weight* (normalisation units of a reservation, rate of a Savings Plan), until the
//! hour's amount is exhausted. The waterfall is an ordered list of steps; a capacity may own several (first its owner's
//! pools, later everybody's), each of which gets what the one before left. The order is the caller's: nothing here knows
//! kinds of commitments.
//!
//! The state of a step in an hour is its *margin*: the first position that it cannot cover whole. All before it are
//! covered, nothing behind it is. So an edit is priced by a walk from the margins that it moves (`walk`), and nothing
//! but demand and margins is stored: 8 bytes per pool and hour (and a bit), 36 per step and hour.
//!
//! Units: demand in 1e-9 of the pool's unit, weights in 1e-12, amounts in 1e-21, so that demand x weight is exact. Sums
//! of integers do not depend on their order. Demand x weight summed over the pools of one step must stay below 2^127.

mod curve;
mod delta;
mod demand;
mod effect;
mod fill;
mod ids;
mod part;
mod plain;
mod rates;
mod setting;
mod spare;
mod sweep;
mod trace;
mod tried;
mod undone;
mod used;
mod walk;
mod walked;

pub use curve::{Curve, Grid};
pub use delta::Delta;
pub use demand::Demand;
pub use effect::Effect;
pub use fill::Covered;
pub(crate) use part::{Matters, Part};
pub use rates::Rates;
pub use setting::Setting;
pub use trace::{Hours, Trace};
pub use tried::Tried;
pub(crate) use undone::Before;
pub use walked::Walked;

use crate::money::about;
use spare::Tails;
use std::{
    ops::{Deref, Range},
    sync::{Arc, OnceLock},
};
use used::Used;

/// Usage of a pool in an hour, in 1e-9 of its unit.
pub type Units = i64;
/// An amount of capacity, in 1e-21 (units x weight).
pub type Amount = i128;
/// Capacity per unit of usage, in 1e-12: normalisation units, or the Savings Plan rate in USD.
pub type Weight = i64;

/// A pool's place in the demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub u32);

/// A capacity's place in the list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapacityId(pub u32);

/// What a commitment offers in each hour; less than 0 is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capacity {
    /// The same every hour.
    Constant(Amount),
    /// One amount an hour: 0 outside its term. Missing hours are 0.
    Hourly(Vec<Amount>),
}

impl Capacity {
    /// What it offers in each of so many hours.
    fn hourly(&self, hours: usize) -> impl Iterator<Item = Amount> + '_ {
        (0..hours).map(|hour| match self {
            Self::Constant(amount) => (*amount).max(0),
            Self::Hourly(amounts) => amounts.get(hour).map_or(0, |amount| (*amount).max(0)),
        })
    }
}

/// One capacity poured into pools, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which capacity.
    pub capacity: CapacityId,
    /// Which pools it fills, first to last, at which weight. Weights below 1 and pools that stand there already are left out.
    pub fills: Vec<(PoolId, Weight)>,
}

/// What an edit does to demand or capacity over a span of hours. Changes of one edit add up, in any order, overlapping or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// More (or less) usage in each of the hours. Demand stops at 0: what is taken beyond that is lost.
    Demand {
        /// Whose.
        pool: PoolId,
        /// When.
        hours: Range<usize>,
        /// How much in each hour.
        per_hour: Units,
    },
    /// More (bought) or less (released) capacity in each of the hours. It stops at 0 likewise.
    Capacity {
        /// Whose.
        capacity: CapacityId,
        /// When.
        hours: Range<usize>,
        /// How much in each hour.
        per_hour: Amount,
    },
}

/// Sums over all hours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Usage that nothing covers, by pool, in 1e-9 units.
    pub left: Vec<i128>,
    /// Capacity in use, by capacity, in 1e-21.
    pub used: Vec<Amount>,
}

/// Where a step stands in an hour: at the first position that it cannot cover whole, or behind its last.
///
/// Invariant: positions before `position` are covered whole; `edge.before` >= 0 is what is left on reaching it; unless
/// that is behind the last position, `before` is 0 or less than the pool there needs, and `covered` = floor(`before` /
/// weight). The step then ends for this hour: what is less than one unit of the pool is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Margin {
    position: u32,
    edge: Edge,
}

/// What happens at a margin. Kept apart from the position, which is all that most questions need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Edge {
    before: Amount,
    covered: Units,
    /// How much of the pool at the margin arrives at the step, or [`UNKNOWN`].
    arrived: Units,
}

/// Stands for usage that was not worked out, because a step ended before it could matter.
const UNKNOWN: Units = -1;

impl Margin {
    /// Whether a step stands alike, whatever is known of the pool there.
    fn is_at(&self, other: &Self) -> bool {
        let of = |margin: &Self| (margin.position, margin.edge.before, margin.edge.covered);
        of(self) == of(other)
    }
}

/// A pool at a position of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fill {
    weight: Weight,
    pool: u32,
    /// Which of the pool's places this is.
    place: u32,
}

/// A step that a pool stands in, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    step: u32,
    position: u32,
    weight: Weight,
}

/// Stands for "no further step".
const NONE: u32 = u32::MAX;

/// How many whole units of a weight above 0 an amount of 0 or more covers, at most [`Units::MAX`].
///
/// A float comes within a few units of it, and the rest tells how many: half the time of a division of 128 bits.
fn whole_units(amount: Amount, weight: Weight) -> Units {
    let each = Amount::from(weight);
    let mut units = Amount::from((about(amount) / weight as f64) as Units);
    let rest = amount - units * each;
    if rest < 0 || rest >= each {
        units += rest.div_euclid(each);
    }
    Units::try_from(units).unwrap_or(Units::MAX)
}

/// A setting, and where every step stands in every hour.
#[derive(Debug, Clone)]
pub struct Waterfall {
    setting: Setting,
    used: Used,
    /// Margins by step, then hour.
    positions: Vec<u32>,
    edges: Vec<Edge>,
    totals: Totals,
    /// Worked out when they are asked for.
    tails: OnceLock<Arc<Tails>>,
}

impl Deref for Waterfall {
    type Target = Setting;

    fn deref(&self) -> &Setting {
        &self.setting
    }
}

impl Waterfall {
    /// Prices every hour. Every step's capacity must be one of `capacities`; steps without one are left out.
    #[must_use]
    pub fn new<'c>(demand: Demand, capacities: impl IntoIterator<Item = &'c Capacity>, steps: &[Step]) -> Self {
        Setting::new(demand, capacities, steps).priced()
    }

    /// What is left of each pool's usage, and what is used of each capacity, over all hours.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The demand as it is now, which leaves nothing here.
    pub(crate) fn take_demand(&mut self) -> Demand {
        let nothing = Self::new(Demand::new(0, 0), [], &[]);
        std::mem::replace(self, nothing).setting.demand
    }

    /// What is left of a pool's usage in one hour.
    #[must_use]
    pub fn left_at(&self, pool: PoolId, hour: usize) -> Units {
        let pool = pool.0 as usize;
        self.left_before(pool, self.layout.of_pool[pool + 1], hour)
    }

    /// What is used of a capacity in one hour.
    #[must_use]
    pub fn used_at(&self, capacity: CapacityId, hour: usize) -> Amount {
        let (at, hours) = (capacity.0 as usize, self.demand.hours());
        let mut offered = self.amounts[at * hours + hour];
        let mut used = 0;
        for step in self.layout.steps_of(at) {
            let margin = self.margin(step, hour);
            used += offered - margin.edge.before + self.at_margin(step, &margin);
            offered = self.rest(step, &margin);
        }
        used
    }

    fn margin(&self, step: usize, hour: usize) -> Margin {
        let at = step * self.demand.hours() + hour;
        Margin { position: self.positions[at], edge: self.edges[at] }
    }

    fn set_margin(&mut self, step: usize, hour: usize, margin: Margin) {
        let at = step * self.demand.hours() + hour;
        (self.positions[at], self.edges[at]) = (margin.position, margin.edge);
    }

    /// What a step hands on to the next step of its capacity: what it has left behind its last pool.
    fn rest(&self, step: usize, margin: &Margin) -> Amount {
        if margin.position as usize == self.layout.fills(step).len() { margin.edge.before } else { 0 }
    }

    /// What a step spends on the pool at its margin.
    fn at_margin(&self, step: usize, margin: &Margin) -> Amount {
        let fill = self.layout.fills(step).get(margin.position as usize);
        fill.map_or(0, |fill| i128::from(margin.edge.covered) * i128::from(fill.weight))
    }

    /// What is left of a pool's usage in front of its place `before`, by the margins of the steps it stands in until then.
    fn left_before(&self, pool: usize, before: usize, hour: usize) -> Units {
        let hours = self.demand.hours();
        let mut left = self.demand.row(pool)[hour];
        if left == 0 {
            return 0;
        }
        for place in &self.layout.places[self.layout.of_pool[pool]..before] {
            if self.is_idle(place.step) {
                continue;
            }
            let at = place.step as usize * hours + hour;
            match place.position.cmp(&self.positions[at]) {
                std::cmp::Ordering::Less => return 0,
                std::cmp::Ordering::Equal => left -= self.edges[at].covered,
                std::cmp::Ordering::Greater => {}
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whole_units_are_the_division((amount, weight) in (0u32..96, 0u32..63).prop_flat_map(|(amount, weight)| {
            (0i128..=1 << amount, 1i64..=1 << weight)
        })) {
            let exact = Units::try_from(amount / i128::from(weight)).unwrap_or(Units::MAX);
            prop_assert_eq!(whole_units(amount, weight), exact);
            let next = (i128::from(exact) + 1) * i128::from(weight);
            prop_assert_eq!(whole_units(next - 1, weight), exact);
            prop_assert_eq!(whole_units(next, weight), exact.saturating_add(1));
        }
    }
}
