//! The waterfall from scratch: every step of every hour.

use super::{
    Amount, CapacityId, Change, Delta, Edge, Fill, Margin, NONE, PoolId, Totals, UNKNOWN, Units, Waterfall, whole_units,
};
use crate::{
    bits::ones,
    parallel::{shared_out, threads},
};
use std::ops::Range;

/// What one step covers of one pool, over all hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    /// Which step, by its place in the waterfall.
    pub step: usize,
    /// Whose capacity it pours.
    pub capacity: CapacityId,
    /// Which pool.
    pub pool: PoolId,
    /// How much usage, in 1e-9 units.
    pub units: i128,
}

/// So many hours are worked out side by side, so that memory is met in rows; their numbers fit the bits of a set.
const LANES: usize = 32;

/// Some hours in the making: what is left of each pool and each capacity. Where the window ends there is nothing.
struct Block {
    left: Vec<[Units; LANES]>,
    /// By pool: the lanes in which something is left. That is little memory to look at, and most pools that a step comes to are used up.
    some: Vec<u32>,
    offered: Vec<[Amount; LANES]>,
}

impl Block {
    fn new(waterfall: &Waterfall) -> Self {
        let pools = waterfall.demand.pools();
        Self { left: vec![[0; LANES]; pools], some: vec![0; pools], offered: vec![[0; LANES]; waterfall.capacities()] }
    }

    /// Loads the hours from one on.
    fn load(&mut self, waterfall: &Waterfall, first: usize) {
        let hours = waterfall.demand.hours();
        for (pool, left) in self.left.iter_mut().enumerate() {
            *left = lanes(&waterfall.demand.row(pool)[first..]);
        }
        for (capacity, offered) in self.offered.iter_mut().enumerate() {
            *offered = lanes(&waterfall.amounts[capacity * hours + first..(capacity + 1) * hours]);
        }
    }

    /// Notes in which lanes something is left of each pool.
    fn note_some(&mut self) {
        for (some, left) in self.some.iter_mut().zip(&self.left) {
            *some = if is_some(left) { lanes_of(left) } else { 0 };
        }
    }

    /// Where a step stands that has nothing left on reaching a pool.
    fn spent(&self, fills: &[Fill], position: u32, lane: usize) -> Margin {
        let arrived = fills.get(position as usize).map_or(UNKNOWN, |fill| self.left[fill.pool as usize][lane]);
        Margin { position, edge: Edge { before: 0, covered: 0, arrived } }
    }
}

/// The first of some values.
fn lanes<T: Copy + Default>(values: &[T]) -> [T; LANES] {
    values.first_chunk().copied().unwrap_or_else(|| {
        let mut some = [T::default(); LANES];
        some.iter_mut().zip(values).for_each(|(lane, value)| *lane = *value);
        some
    })
}

/// The numbers of the lanes in a set of them.
fn each(set: u32) -> impl Iterator<Item = usize> {
    ones(set.into()).map(|lane| lane as usize)
}

/// Some hours of a waterfall, a block at a time, with their demand and their amounts.
fn each_block(waterfall: &Waterfall, hours: Range<usize>, mut then: impl FnMut(Range<usize>, &mut Block)) {
    let mut block = Block::new(waterfall);
    for first in hours.clone().step_by(LANES) {
        block.load(waterfall, first);
        then(first..hours.end.min(first + LANES), &mut block);
    }
}

/// Hours in stretches of whole blocks, one for each thread; few hours are not worth a second one.
fn stretches(hours: usize) -> impl Iterator<Item = Range<usize>> {
    const FEW: usize = 8 * LANES;
    let each = if hours < FEW { hours } else { hours.div_ceil(threads()) };
    let each = each.next_multiple_of(LANES).max(LANES);
    (0..hours).step_by(each).map(move |first| first..hours.min(first + each))
}

/// Where each step stands in a stretch of hours.
type Stands<'w> = Vec<(&'w mut [u32], &'w mut [Edge])>;

impl Waterfall {
    /// Sets every margin and the totals from demand and amounts alone.
    pub(super) fn fill(&mut self) {
        let hours = self.demand.hours();
        let (mut positions, mut edges) = (std::mem::take(&mut self.positions), std::mem::take(&mut self.edges));
        let mut all: Vec<(Range<usize>, Stands<'_>)> = stretches(hours).map(|hours| (hours, Vec::new())).collect();
        let rows = positions.chunks_mut(hours.max(1)).zip(edges.chunks_mut(hours.max(1)));
        for (mut positions, mut edges) in rows {
            for (hours, stands) in &mut all {
                let (of_hours, further) = (positions.split_at_mut(hours.len()), edges.split_at_mut(hours.len()));
                stands.push((of_hours.0, further.0));
                (positions, edges) = (of_hours.1, further.1);
            }
        }
        let totals = shared_out(all, |(hours, mut stands)| {
            let mut totals = self.no_totals();
            each_block(self, hours.clone(), |span, block| {
                self.sum(&span, block, &mut totals, |step, lane, margin| {
                    let (at, (positions, edges)) = (span.start - hours.start + lane, &mut stands[step]);
                    (positions[at], edges[at]) = (margin.position, margin.edge);
                });
            });
            totals
        });
        (self.positions, self.edges, self.totals) = (positions, edges, self.total(totals));
    }

    /// What the sums over all hours are once an edit is carried out; nothing is changed, and nothing else is worked out.
    #[must_use]
    pub fn totals_after(&self, changes: &[Change]) -> Totals {
        let delta = Delta::of(self, changes).told(self);
        let totals = shared_out(stretches(self.demand.hours()), |hours| {
            let mut told = delta.hours().skip_while(|when| when.hour < hours.start).peekable();
            let mut totals = self.no_totals();
            each_block(self, hours.clone(), |span, block| {
                while let Some(when) = told.next_if(|when| when.hour < span.end) {
                    let lane = when.hour - span.start;
                    for row in &delta.demand {
                        let units = &mut block.left[row.id as usize][lane];
                        *units = row.units_after(*units, when);
                    }
                    for row in &delta.amounts {
                        let amount = &mut block.offered[row.id as usize][lane];
                        *amount = row.amount_after(*amount, when);
                    }
                }
                self.sum(&span, block, &mut totals, |_, _, _| ());
            });
            totals
        });
        self.total(totals)
    }

    /// The sums of stretches together.
    fn total(&self, stretches: Vec<Totals>) -> Totals {
        let add = |mut all: Totals, some: Totals| {
            all.left.iter_mut().zip(some.left).for_each(|(all, some)| *all += some);
            all.used.iter_mut().zip(some.used).for_each(|(all, some)| *all += some);
            all
        };
        stretches.into_iter().reduce(add).unwrap_or_else(|| self.no_totals())
    }

    fn no_totals(&self) -> Totals {
        Totals { left: vec![0; self.demand.pools()], used: vec![0; self.capacities()] }
    }

    /// Pours all steps in the hours of a block and adds these up; where each step then stands in each lane goes to `stands`.
    fn sum(
        &self,
        span: &Range<usize>,
        block: &mut Block,
        totals: &mut Totals,
        mut stands: impl FnMut(usize, usize, Margin),
    ) {
        block.note_some();
        for step in 0..self.layout.steps() {
            let capacity = self.layout.capacity[step] as usize;
            let (offered, used) = (block.offered[capacity], &mut totals.used[capacity]);
            let stands = |lane: usize, margin: Margin| {
                if lane < span.len() {
                    *used += offered[lane] - margin.edge.before + self.at_margin(step, &margin);
                    stands(step, lane, margin);
                }
            };
            self.pour(step, block, |_, _| (), stands);
        }
        let left = block.left.iter().zip(&block.some);
        for (total, (left, _)) in totals.left.iter_mut().zip(left).filter(|(_, (_, some))| **some != 0) {
            *total += left.iter().map(|left| i128::from(*left)).sum::<i128>();
        }
    }

    /// What each step covers of each pool, in the order of the waterfall: who pays for what.
    #[must_use]
    pub fn covered(&self) -> Vec<Covered> {
        let layout = &self.layout;
        let of_hours = |hours: Range<usize>| {
            let mut sums = vec![0i128; layout.fills.len()];
            each_block(self, hours, |_, block| {
                block.note_some();
                for step in 0..layout.steps() {
                    let sums = &mut sums[layout.start[step]..];
                    self.pour(step, block, |position, units| sums[position as usize] += i128::from(units), |_, _| ());
                }
            });
            sums
        };
        let mut sums = vec![0i128; layout.fills.len()];
        for some in shared_out(stretches(self.demand.hours()), of_hours) {
            sums.iter_mut().zip(some).for_each(|(sum, some)| *sum += some);
        }
        let mut all = Vec::new();
        for step in 0..layout.steps() {
            let capacity = CapacityId(layout.capacity[step]);
            for (fill, units) in layout.fills(step).iter().zip(&sums[layout.start[step]..]) {
                if *units != 0 {
                    all.push(Covered { step, capacity, pool: PoolId(fill.pool), units: *units });
                }
            }
        }
        all
    }

    /// Pours what is left of a step's capacity into its pools, in every hour of a block: how much it covers at which position goes to
    /// `covers`, and where it then stands in each to `stands`.
    fn pour(
        &self,
        step: usize,
        block: &mut Block,
        mut covers: impl FnMut(u32, Units),
        mut stands: impl FnMut(usize, Margin),
    ) {
        let (capacity, fills) = (self.layout.capacity[step] as usize, self.layout.fills(step));
        let mut before = std::mem::take(&mut block.offered[capacity]);
        // The lanes that have something left.
        let mut open: u32 = 0;
        for (lane, before) in before.iter().enumerate() {
            if *before == 0 {
                stands(lane, block.spent(fills, 0, lane));
            } else {
                open |= 1 << lane;
            }
        }
        for (fill, position) in fills.iter().zip(0u32..) {
            if open == 0 {
                return;
            }
            let pool = fill.pool as usize;
            for lane in each(open & block.some[pool]) {
                let (arrived, before) = (block.left[pool][lane], &mut before[lane]);
                let needed = i128::from(arrived) * i128::from(fill.weight);
                if needed > *before {
                    // Less than what arrives.
                    let covered = whole_units(*before, fill.weight);
                    covers(position, covered);
                    block.left[pool][lane] -= covered;
                    stands(lane, Margin { position, edge: Edge { before: *before, covered, arrived } });
                    open &= !(1 << lane);
                    continue;
                }
                covers(position, arrived);
                block.left[pool][lane] = 0;
                block.some[pool] &= !(1 << lane);
                *before -= needed;
                if *before == 0 {
                    stands(lane, block.spent(fills, position + 1, lane));
                    open &= !(1 << lane);
                }
            }
        }
        let position = u32::try_from(fills.len()).unwrap_or(NONE);
        for lane in each(open) {
            block.offered[capacity][lane] = before[lane];
            stands(lane, Margin { position, edge: Edge { before: before[lane], covered: 0, arrived: UNKNOWN } });
        }
    }
}

/// Whether something is left in one of the lanes.
fn is_some(left: &[Units; LANES]) -> bool {
    left.iter().fold(0, |all, left| all | left) != 0
}

/// The lanes in which something is left.
fn lanes_of(left: &[Units; LANES]) -> u32 {
    left.iter().rev().fold(0, |lanes, left| lanes << 1 | u32::from(*left != 0))
}
