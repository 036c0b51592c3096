//! Usage by pool and hour.

use super::{PoolId, Units};
use std::{ops::Range, sync::Arc};

/// Usage by pool and hour, in 1e-9 units, never below 0. A pool's hours lie side by side. Copies share it until one is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    pub(super) pools: usize,
    pub(super) hours: usize,
    pub(super) units: Arc<Vec<Units>>,
}

impl Demand {
    /// No usage in any of `pools` x `hours`.
    #[must_use]
    pub fn new(pools: usize, hours: usize) -> Self {
        Self { pools, hours, units: Arc::new(vec![0; pools * hours]) }
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
        self.set_pools(self.pools.max(pools));
    }

    pub(super) fn set_pools(&mut self, pools: usize) {
        if self.pools != pools {
            self.pools = pools;
            Arc::make_mut(&mut self.units).resize(pools * self.hours, 0);
        }
    }

    /// Adds usage (or takes it, down to 0) in each of the hours that the window has.
    pub fn add(&mut self, pool: PoolId, hours: Range<usize>, per_hour: Units) {
        let end = hours.end.min(self.hours);
        for units in &mut self.row_mut(pool.0 as usize)[hours.start.min(end)..end] {
            *units = units.saturating_add(per_hour).max(0);
        }
    }

    /// Adds usage in some hours, each with how much.
    pub fn add_each(&mut self, pool: PoolId, hours: impl Iterator<Item = (usize, Units)>) {
        let row = self.row_mut(pool.0 as usize);
        hours.for_each(|(hour, more)| {
            if let Some(units) = row.get_mut(hour) {
                *units = units.saturating_add(more).max(0);
            }
        });
    }

    /// Puts usage in the place of what a pool had in its first hours; less than 0 is 0.
    pub fn set(&mut self, pool: PoolId, hours: impl Iterator<Item = Units>) {
        self.row_mut(pool.0 as usize).iter_mut().zip(hours).for_each(|(units, now)| *units = now.max(0));
    }

    /// All usage times `parts` / `of`, rounded down.
    #[must_use]
    pub fn scaled(&self, parts: u32, of: u32) -> Self {
        let scale = |units: &Units| {
            if let Some(times) = units.checked_mul(parts.into()) {
                return times / Units::from(of.max(1));
            }
            let scaled = i128::from(*units) * i128::from(parts) / i128::from(of.max(1));
            Units::try_from(scaled).unwrap_or(Units::MAX)
        };
        Self { units: Arc::new(self.units.iter().map(scale).collect()), ..*self }
    }

    /// The usage of some spans of hours, one after the other; a span may come again.
    #[must_use]
    pub fn of_hours(&self, spans: &[Range<usize>]) -> Self {
        let hours = spans.iter().map(|span| span.len()).sum();
        let mut units = Vec::with_capacity(self.pools * hours);
        (0..self.pools).for_each(|pool| pick(&mut units, self.row(pool), spans));
        Self { pools: self.pools, hours, units: Arc::new(units) }
    }

    pub(super) fn row(&self, pool: usize) -> &[Units] {
        &self.units[pool * self.hours..(pool + 1) * self.hours]
    }

    pub(super) fn row_mut(&mut self, pool: usize) -> &mut [Units] {
        &mut Arc::make_mut(&mut self.units)[pool * self.hours..(pool + 1) * self.hours]
    }
}

/// The values of some spans, one after the other; behind the last hour there is nothing.
pub(super) fn pick<T: Copy + Default>(values: &mut Vec<T>, hours: &[T], spans: &[Range<usize>]) {
    for span in spans {
        let (then, end) = (values.len() + span.len(), span.end.min(hours.len()));
        values.extend_from_slice(&hours[span.start.min(end)..end]);
        values.resize(then, T::default());
    }
}
