//! Usage by pool and hour.

use super::{PoolId, Units};
use std::{ops::Range, sync::Arc};

/// Usage by pool and hour, in 1e-9 units, never below 0. Each pool has a row of hours; copies share it until one is changed, and pools that
/// nobody uses share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    hours: usize,
    rows: Vec<Arc<[Units]>>,
    nothing: Arc<[Units]>,
}

impl Demand {
    /// No usage in any of `pools` x `hours`.
    #[must_use]
    pub fn new(pools: usize, hours: usize) -> Self {
        let nothing: Arc<[Units]> = vec![0; hours].into();
        Self { hours, rows: vec![nothing.clone(); pools], nothing }
    }

    /// Demand of the same hours by pools that follow each other.
    #[must_use]
    pub fn chained(hours: usize, parts: Vec<Self>) -> Self {
        let mut all = Self::new(0, hours);
        for Self { rows, nothing, .. } in parts {
            let row = |row| if Arc::ptr_eq(&row, &nothing) { all.nothing.clone() } else { row };
            all.rows.extend(rows.into_iter().map(row));
        }
        all
    }

    /// How many pools there are.
    #[must_use]
    pub fn pools(&self) -> usize {
        self.rows.len()
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
        self.set_pools(self.rows.len().max(pools));
    }

    pub(super) fn set_pools(&mut self, pools: usize) {
        self.rows.resize(pools, self.nothing.clone());
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
        self.each_row(|row| row.iter().map(scale).collect())
    }

    /// The usage of some spans of hours, one after the other; a span may come again.
    #[must_use]
    pub fn of_hours(&self, spans: &[Range<usize>]) -> Self {
        self.each_row(|row| {
            let mut units = Vec::new();
            pick(&mut units, row, spans);
            units.into()
        })
    }

    /// The usage of some pools, in the first hour of a span and in those that come a number of times `stride` later.
    pub(super) fn every(&self, span: &Range<usize>, stride: usize, pools: &[usize]) -> Self {
        let rows = pools.iter().map(|pool| self.rows[*pool].clone()).collect();
        let some = Self { rows, hours: self.hours, nothing: self.nothing.clone() };
        if stride == 1 && *span == (0..self.hours) {
            return some;
        }
        if stride == 1 {
            return some.each_row(|row| row[span.clone()].into());
        }
        some.each_row(|row| row[span.clone()].iter().step_by(stride.max(1)).copied().collect())
    }

    /// Every row turned into another, alike of all.
    fn each_row(&self, turn: impl Fn(&[Units]) -> Arc<[Units]>) -> Self {
        let nothing = turn(&self.nothing);
        let row = |row| if Arc::ptr_eq(row, &self.nothing) { nothing.clone() } else { turn(row) };
        Self { hours: nothing.len(), rows: self.rows.iter().map(row).collect(), nothing }
    }

    /// The pools that have a row of their own: nobody uses the others.
    pub(super) fn told(&self) -> impl Iterator<Item = (usize, &[Units])> {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| !Arc::ptr_eq(row, &self.nothing));
        rows.map(|(pool, row)| (pool, &**row))
    }

    /// Whether another demand has the same row of a pool, not only an equal one.
    pub(super) fn shares(&self, other: &Self, pool: usize) -> bool {
        Arc::ptr_eq(&self.rows[pool], &other.rows[pool])
    }

    pub(super) fn row(&self, pool: usize) -> &[Units] {
        &self.rows[pool]
    }

    pub(super) fn row_mut(&mut self, pool: usize) -> &mut [Units] {
        Arc::make_mut(&mut self.rows[pool])
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
