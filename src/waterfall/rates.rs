//! What uncovered usage costs: linear on top of the waterfall.

use super::{Demand, Effect, PoolId, Totals, Units};
use std::ops::Range;

/// On-demand rates by pool, in 1e-12 USD per unit of usage. Values are in 1e-21 USD, exact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rates(pub Vec<i64>);

impl Rates {
    /// What the usage that nothing covers costs, in 1e-21 USD.
    #[must_use]
    pub fn value(&self, totals: &Totals) -> i128 {
        totals.left.iter().zip(&self.0).map(|(left, rate)| left * i128::from(*rate)).sum()
    }

    /// What all usage would cost if nothing covered it, in 1e-21 USD.
    #[must_use]
    pub fn value_of(&self, demand: &Demand) -> i128 {
        self.value_in(demand, 0..demand.hours())
    }

    /// The same of the usage of some hours.
    #[must_use]
    pub fn value_in(&self, demand: &Demand, hours: Range<usize>) -> i128 {
        let sum = |row: &[Units]| row.iter().map(|units| i128::from(*units)).sum::<i128>();
        let rate = |pool: usize| self.0.get(pool).copied().unwrap_or_default();
        let rows = demand.told().map(|(pool, row)| (row, rate(pool))).filter(|(_, rate)| *rate != 0);
        rows.map(|(row, rate)| sum(&row[hours.clone()]) * i128::from(rate)).sum()
    }

    /// By how much that changes, in 1e-21 USD.
    #[must_use]
    pub fn change(&self, effect: &Effect) -> i128 {
        self.change_of(&effect.left)
    }

    /// By how much that changes with what is left of some pools, in 1e-21 USD.
    #[must_use]
    pub fn change_of(&self, left: &[(PoolId, i128)]) -> i128 {
        let rate = |pool: PoolId| self.0.get(pool.0 as usize).map_or(0, |rate| i128::from(*rate));
        left.iter().map(|(pool, left)| left * rate(*pool)).sum()
    }
}
