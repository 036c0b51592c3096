//! What an edit does to usage and capacity, summed by the hour.

use super::{Amount, CapacityId, Change, PoolId, Units, Waterfall};
use std::{ops::Range, sync::Arc};

/// The sum of an edit's changes in each hour of the window: a row for each pool and each capacity that it touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    hours: usize,
    demand: Vec<Row<Units>>,
    amounts: Vec<Row<Amount>>,
}

/// The sum of all changes of one pool or capacity, by hour.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row<T> {
    id: u32,
    deltas: Vec<T>,
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

    /// Adds so much more usage of a pool (or less, below 0), by the hour.
    pub fn add(&mut self, pool: PoolId, more: impl Iterator<Item = Units> + Clone) {
        let Some(row) = self.demand.iter_mut().find(|row| row.id == pool.0) else {
            let mut deltas = Vec::with_capacity(self.hours);
            deltas.extend(more.take(self.hours));
            deltas.resize(self.hours, 0);
            return self.demand.push(Row { id: pool.0, deltas });
        };
        // Several at a time, unless one would leave what 64 bits hold.
        let sums = || row.deltas.iter().zip(more.clone());
        if sums().fold(0, |over, (units, more)| over | carry(*units, more)) < 0 {
            row.deltas.iter_mut().zip(more).for_each(|(units, more)| *units = units.saturating_add(more));
        } else {
            row.deltas.iter_mut().zip(more).for_each(|(units, more)| *units = units.wrapping_add(more));
        }
    }

    /// How much more of a capacity is offered (or less, below 0) in each hour.
    pub fn capacity(&mut self, capacity: CapacityId) -> &mut [Amount] {
        row(&mut self.amounts, capacity.0, self.hours)
    }

    /// What of it a waterfall has, in the hours in which something changes.
    pub(super) fn told(self, waterfall: &Waterfall) -> Told {
        let (pools, capacities) = (waterfall.demand.pools(), waterfall.capacities());
        let Self { hours, mut demand, mut amounts } = self;
        demand.retain(|row| (row.id as usize) < pools);
        amounts.retain(|row| (row.id as usize) < capacities);
        let mut changes = vec![false; hours.min(waterfall.demand.hours())];
        demand.iter().for_each(|row| row.mark(&mut changes));
        amounts.iter().for_each(|row| row.mark(&mut changes));
        let (mut spans, mut hour) = (Vec::new(), 0);
        for run in changes.chunk_by(|one, other| one == other) {
            let end = hour + run.len();
            if run[0] {
                spans.push(hour..end);
            }
            hour = end;
        }
        let amounts = amounts.into_iter().map(|row| ToldRow::of(row, &spans)).collect();
        let mut told = Told { demand: Vec::with_capacity(demand.len()), amounts, spans };
        demand.into_iter().for_each(|row| told.add(row));
        told
    }
}

/// A delta in the hours in which something changes: of many edits that are few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// The hours, ascending.
    spans: Vec<Range<usize>>,
    pub(super) demand: Vec<ToldRow<Units>>,
    pub(super) amounts: Vec<ToldRow<Amount>>,
}

/// What changes of a pool or capacity in these hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToldRow<T> {
    pub(super) id: u32,
    deltas: Arc<Deltas<T>>,
    /// Whether so much less, not more. Usage that moves is so much less of one pool as it is more of another: that is kept once.
    less: bool,
}

/// A change for each of some hours. An instance runs as it does for days: a few runs of the same take less than the hours.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deltas<T> {
    Each(Vec<T>),
    /// Up to which place, and what.
    Runs(Vec<(usize, T)>),
}

/// No more runs than that: the one of a place is found by looking at them in turn.
const MOST_RUNS: usize = 8;

/// An hour in which something changes, and its place among them.
#[derive(Debug, Clone, Copy)]
pub(super) struct When {
    pub(super) hour: usize,
    pub(super) at: usize,
}

impl Told {
    fn add(&mut self, row: Row<Units>) {
        let row = ToldRow::of(row, &self.spans);
        let opposite = |known: &&ToldRow<Units>| !known.less && known.deltas.are_opposite_to(&row.deltas);
        let known = self.demand.iter().find(opposite).map(|known| known.deltas.clone());
        self.demand.push(match known {
            Some(deltas) => ToldRow { deltas, less: true, ..row },
            None => row,
        });
    }

    /// How many hours there are.
    pub(super) fn count(&self) -> usize {
        self.spans.iter().map(ExactSizeIterator::len).sum()
    }

    /// The hours.
    pub(super) fn hours(&self) -> impl Iterator<Item = When> + '_ {
        self.spans.iter().flat_map(Clone::clone).enumerate().map(|(at, hour)| When { hour, at })
    }

    /// Hours in a row, and the places of the first of them.
    pub(super) fn spans(&self) -> impl Iterator<Item = (usize, &Range<usize>)> {
        self.spans.iter().scan(0, |before, span| {
            let first = *before;
            *before += span.len();
            Some((first, span))
        })
    }
}

impl<T: Copy + Default + PartialEq> Row<T> {
    /// Marks the hours in which it changes something.
    fn mark(&self, hours: &mut [bool]) {
        hours.iter_mut().zip(&self.deltas).for_each(|(changes, delta)| *changes |= *delta != T::default());
    }
}

impl<T: Copy + PartialEq> Deltas<T> {
    fn of(deltas: Vec<T>) -> Self {
        let mut runs: Vec<(usize, T)> = Vec::new();
        for run in deltas.chunk_by(|one, other| one == other) {
            if runs.len() == MOST_RUNS {
                return Self::Each(deltas);
            }
            runs.push((runs.last().map_or(0, |(until, _)| *until) + run.len(), run[0]));
        }
        Self::Runs(runs)
    }
}

impl<T: Copy + Default> Deltas<T> {
    fn at(&self, place: usize) -> T {
        match self {
            Self::Each(deltas) => deltas[place],
            Self::Runs(runs) => {
                runs.iter().find(|(until, _)| place < *until).map_or_else(T::default, |(_, delta)| *delta)
            }
        }
    }
}

impl Deltas<Units> {
    fn are_opposite_to(&self, other: &Self) -> bool {
        let opposite = |one: Units, other: Units| one.checked_neg() == Some(other);
        match (self, other) {
            (Self::Each(one), Self::Each(other)) => one.iter().zip(other).all(|(one, other)| opposite(*one, *other)),
            (Self::Runs(one), Self::Runs(other)) => {
                let alike =
                    |(one, other): (&(usize, Units), &(usize, Units))| one.0 == other.0 && opposite(one.1, other.1);
                one.len() == other.len() && one.iter().zip(other).all(alike)
            }
            _ => false,
        }
    }
}

impl<T: Copy + PartialEq> ToldRow<T> {
    fn of(Row { id, mut deltas }: Row<T>, spans: &[Range<usize>]) -> Self {
        if !matches!(spans, [whole] if *whole == (0..deltas.len())) {
            deltas = spans.iter().flat_map(|span| &deltas[span.clone()]).copied().collect();
        }
        Self { id, deltas: Arc::new(Deltas::of(deltas)), less: false }
    }
}

impl ToldRow<Units> {
    pub(super) fn units_after(&self, units: Units, when: When) -> Units {
        let delta = self.deltas.at(when.at);
        if self.less { units.saturating_sub(delta) } else { units.saturating_add(delta) }.max(0)
    }
}

impl ToldRow<Amount> {
    pub(super) fn amount_after(&self, amount: Amount, when: When) -> Amount {
        amount.saturating_add(self.deltas.at(when.at)).max(0)
    }
}

/// Below 0 where a sum leaves what 64 bits hold: its sign is then neither's.
fn carry(one: Units, other: Units) -> Units {
    let sum = one.wrapping_add(other);
    (one ^ sum) & (other ^ sum)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_to_a_pool_adds_up_and_stops_where_64_bits_end() {
        let mut delta = Delta::new(4);
        delta.add(PoolId(3), [1, -2, Units::MAX].into_iter());
        assert_eq!(delta.demand(PoolId(3)), [1, -2, Units::MAX, 0]);
        delta.add(PoolId(3), [5, -5, -1, 7, 9].into_iter());
        assert_eq!(delta.demand(PoolId(3)), [6, -7, Units::MAX - 1, 7]);
        delta.add(PoolId(3), [1, Units::MIN, 5, -7].into_iter());
        assert_eq!(delta.demand(PoolId(3)), [7, Units::MIN, Units::MAX, 0]);
        delta.add(PoolId(0), [1; 9].into_iter());
        assert_eq!(delta.demand(PoolId(0)), [1; 4]);
        assert_eq!(delta.demand(PoolId(1)), [0; 4]);
    }
}
