//! The waterfall from scratch: every step of every hour.

use super::{Amount, CapacityId, Edge, Margin, PoolId, Totals, UNKNOWN, Units, Waterfall, whole_units};

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

/// An hour in the making: what is left of each pool and each capacity.
struct Hour {
    left: Vec<Units>,
    offered: Vec<Amount>,
}

impl Hour {
    fn new(waterfall: &Waterfall) -> Self {
        Self { left: vec![0; waterfall.demand.pools()], offered: vec![0; waterfall.capacities()] }
    }

    /// Loads as many hours as there are places for, from one on: a pool's hours lie side by side, so that its memory is met once.
    fn load(block: &mut [Self], waterfall: &Waterfall, first: usize) {
        let hours = waterfall.demand.hours();
        for pool in 0..waterfall.demand.pools() {
            for (hour, units) in block.iter_mut().zip(&waterfall.demand.row(pool)[first..]) {
                hour.left[pool] = *units;
            }
        }
        for capacity in 0..waterfall.capacities() {
            for (hour, amount) in block.iter_mut().zip(&waterfall.amounts[capacity * hours + first..]) {
                hour.offered[capacity] = *amount;
            }
        }
    }
}

/// Every hour of a waterfall in turn, with its demand and its amounts.
fn each_hour(waterfall: &Waterfall, mut then: impl FnMut(usize, &mut Hour)) {
    // A cache line holds the demand of so many hours.
    const BLOCK: usize = 8;
    let hours = waterfall.demand.hours();
    let mut block: Vec<Hour> = (0..BLOCK.min(hours)).map(|_| Hour::new(waterfall)).collect();
    for first in (0..hours).step_by(BLOCK) {
        Hour::load(&mut block, waterfall, first);
        for (hour, work) in (first..hours).zip(&mut block) {
            then(hour, work);
        }
    }
}

impl Waterfall {
    /// Sets every margin and the totals from demand and amounts alone.
    pub(super) fn fill(&mut self) {
        let mut totals = Totals { left: vec![0; self.demand.pools()], used: vec![0; self.capacities()] };
        let hours = self.demand.hours();
        let (mut positions, mut edges) = (std::mem::take(&mut self.positions), std::mem::take(&mut self.edges));
        each_hour(self, |hour, work| {
            for step in 0..self.layout.steps() {
                let capacity = self.layout.capacity[step] as usize;
                let offered = work.offered[capacity];
                let margin = self.pour(step, work, |_, _| ());
                totals.used[capacity] += offered - margin.edge.before + self.at_margin(step, &margin);
                let at = step * hours + hour;
                (positions[at], edges[at]) = (margin.position, margin.edge);
            }
            for (total, left) in totals.left.iter_mut().zip(&work.left) {
                *total += i128::from(*left);
            }
        });
        (self.positions, self.edges, self.totals) = (positions, edges, totals);
    }

    /// What each step covers of each pool, in the order of the waterfall: who pays for what.
    #[must_use]
    pub fn covered(&self) -> Vec<Covered> {
        let layout = &self.layout;
        let mut sums = vec![0i128; layout.fills.len()];
        each_hour(self, |_, work| {
            for step in 0..layout.steps() {
                let sums = &mut sums[layout.start[step]..];
                self.pour(step, work, |position, units| sums[position as usize] += i128::from(units));
            }
        });
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

    /// Pours what is left of a step's capacity into its pools, and tells how much it covers at which position.
    fn pour(&self, step: usize, work: &mut Hour, mut covers: impl FnMut(u32, Units)) -> Margin {
        let offered = &mut work.offered[self.layout.capacity[step] as usize];
        let mut before = std::mem::take(offered);
        let mut end = 0;
        for (fill, position) in self.layout.fills(step).iter().zip(0u32..) {
            let left = &mut work.left[fill.pool as usize];
            if before == 0 {
                return Margin { position, edge: Edge { before, covered: 0, arrived: *left } };
            }
            let needed = i128::from(*left) * i128::from(fill.weight);
            if needed > before {
                // Less than `left`.
                let covered = whole_units(before, fill.weight);
                let edge = Edge { before, covered, arrived: *left };
                *left -= covered;
                covers(position, covered);
                return Margin { position, edge };
            }
            covers(position, *left);
            before -= needed;
            *left = 0;
            end = position + 1;
        }
        *offered = before;
        Margin { position: end, edge: Edge { before, covered: 0, arrived: UNKNOWN } }
    }
}
