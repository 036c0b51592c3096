//! What an edit does to usage and capacity, summed by the hour.

use super::{Amount, CapacityId, Change, PoolId, Units, Waterfall};
use std::ops::Range;

/// The sum of an edit's changes in each hour of the window: a row for each pool and each capacity that it touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    hours: usize,
    pub(super) demand: Vec<Row<Units>>,
    pub(super) amounts: Vec<Row<Amount>>,
}

/// The sum of all changes of one pool or capacity, by hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<T> {
    pub(super) id: u32,
    deltas: Vec<T>,
}

impl Row<Units> {
    pub(super) fn units_after(&self, units: Units, hour: usize) -> Units {
        units.saturating_add(self.deltas[hour]).max(0)
    }
}

impl Row<Amount> {
    pub(super) fn amount_after(&self, amount: Amount, hour: usize) -> Amount {
        amount.saturating_add(self.deltas[hour]).max(0)
    }
}

impl Delta {
    /// Nothing in any of so many hours.
    #[must_use]
    pub fn new(hours: usize) -> Self {
        Self { hours, demand: Vec::new(), amounts: Vec::new() }
    }

    /// The sum of changes, in the hours that a waterfall has.
    #[must_use]
    pub fn of(waterfall: &Waterfall, changes: &[Change]) -> Self {
        let mut delta = Self::new(waterfall.demand.hours());
        for change in changes {
            match change {
                Change::Demand { pool, hours, per_hour } => {
                    for units in cut(delta.demand(*pool), hours) {
                        *units = units.saturating_add(*per_hour);
                    }
                }
                Change::Capacity { capacity, hours, per_hour } => {
                    for amount in cut(delta.capacity(*capacity), hours) {
                        *amount = amount.saturating_add(*per_hour);
                    }
                }
            }
        }
        delta
    }

    /// How much more of a pool is used (or less, below 0) in each hour.
    pub fn demand(&mut self, pool: PoolId) -> &mut [Units] {
        row(&mut self.demand, pool.0, self.hours)
    }

    /// How much more of a capacity is offered (or less, below 0) in each hour.
    pub fn capacity(&mut self, capacity: CapacityId) -> &mut [Amount] {
        row(&mut self.amounts, capacity.0, self.hours)
    }

    /// Leaves out what a waterfall does not have.
    pub(super) fn within(mut self, waterfall: &Waterfall) -> Self {
        let (pools, capacities) = (waterfall.demand.pools(), waterfall.capacities());
        self.demand.retain(|row| (row.id as usize) < pools);
        self.amounts.retain(|row| (row.id as usize) < capacities);
        self
    }

    /// From the first to the last hour in which something changes, of so many at most.
    pub(super) fn span(&self, most: usize) -> Range<usize> {
        let both = |range: Range<usize>, other: Range<usize>| {
            if range.is_empty() { other } else { range.start.min(other.start)..range.end.max(other.end) }
        };
        let spans = self.demand.iter().map(|row| span(&row.deltas));
        let spans = spans.chain(self.amounts.iter().map(|row| span(&row.deltas)));
        let all = spans.filter(|span| !span.is_empty()).fold(0..0, both);
        all.start.min(most)..all.end.min(most)
    }
}

/// From the first to the last value that is not 0.
fn span<T: Default + PartialEq>(deltas: &[T]) -> Range<usize> {
    let there = |delta: &T| *delta != T::default();
    let first = deltas.iter().position(there).unwrap_or(0);
    first..deltas.iter().rposition(there).map_or(0, |last| last + 1)
}

/// The part of some hours that a window has.
fn cut<'r, T>(row: &'r mut [T], hours: &Range<usize>) -> &'r mut [T] {
    let end = hours.end.min(row.len());
    row.get_mut(hours.start.min(end)..end).unwrap_or_default()
}

/// The row of an id, which is added if it is not there.
fn row<T: Clone + Default>(rows: &mut Vec<Row<T>>, id: u32, hours: usize) -> &mut [T] {
    let at = rows.iter().position(|row| row.id == id).unwrap_or(rows.len());
    if at == rows.len() {
        rows.push(Row { id, deltas: vec![T::default(); hours] });
    }
    &mut rows[at].deltas
}
