//! Usage by pool and hour.

use super::{PoolId, Units};
use std::ops::Range;

/// Usage by pool and hour, in 1e-9 units, never below 0. A pool's hours lie side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    pools: usize,
    hours: usize,
    units: Vec<Units>,
}

impl Demand {
    /// No usage in any of `pools` x `hours`.
    #[must_use]
    pub fn new(pools: usize, hours: usize) -> Self {
        Self { pools, hours, units: vec![0; pools * hours] }
    }

    /// How many pools there are.
    #[must_use]
    pub fn pools(&self) -> usize {
        self.pools
    }

    /// How many hours there are.
    #[must_use]
    pub fn hours(&self) -> usize {
        self.hours
    }

    /// The usage of one pool, by hour.
    #[must_use]
    pub fn of(&self, pool: PoolId) -> &[Units] {
        self.row(pool.0 as usize)
    }

    /// Makes room for pools that nobody uses yet.
    pub fn grow(&mut self, pools: usize) {
        self.pools = self.pools.max(pools);
        self.units.resize(self.pools * self.hours, 0);
    }

    /// Adds usage (or takes it, down to 0) in each of the hours that the window has.
    pub fn add(&mut self, pool: PoolId, hours: Range<usize>, per_hour: Units) {
        let end = hours.end.min(self.hours);
        for units in &mut self.row_mut(pool.0 as usize)[hours.start.min(end)..end] {
            *units = units.saturating_add(per_hour).max(0);
        }
    }

    pub(super) fn row(&self, pool: usize) -> &[Units] {
        &self.units[pool * self.hours..(pool + 1) * self.hours]
    }

    pub(super) fn row_mut(&mut self, pool: usize) -> &mut [Units] {
        &mut self.units[pool * self.hours..(pool + 1) * self.hours]
    }
}
