//! The waterfall from scratch: every step of every hour.

use super::{Amount, CapacityId, Edge, Margin, PoolId, Totals, UNKNOWN, Units, Waterfall};

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

    fn load(&mut self, waterfall: &Waterfall, hour: usize) {
        let hours = waterfall.demand.hours();
        for (pool, left) in self.left.iter_mut().enumerate() {
            *left = waterfall.demand.row(pool)[hour];
        }
        for (capacity, offered) in self.offered.iter_mut().enumerate() {
            *offered = waterfall.amounts[capacity * hours + hour];
        }
    }
}

impl Waterfall {
    /// Sets every margin and the totals from demand and amounts alone.
    pub(super) fn fill(&mut self) {
        let mut totals = Totals { left: vec![0; self.demand.pools()], used: vec![0; self.capacities()] };
        let (hours, mut work) = (self.demand.hours(), Hour::new(self));
        for hour in 0..hours {
            work.load(self, hour);
            for step in 0..self.layout.steps() {
                let capacity = self.layout.capacity[step] as usize;
                let offered = work.offered[capacity];
                let margin = self.pour(step, &mut work, |_, _| ());
                totals.used[capacity] += offered - margin.edge.before + self.at_margin(step, &margin);
                self.set_margin(step, hour, margin);
            }
            for (total, left) in totals.left.iter_mut().zip(&work.left) {
                *total += i128::from(*left);
            }
        }
        self.totals = totals;
    }

    /// What each step covers of each pool, in the order of the waterfall: who pays for what.
    #[must_use]
    pub fn covered(&self) -> Vec<Covered> {
        let (layout, mut work) = (&self.layout, Hour::new(self));
        let mut sums = vec![0i128; layout.fills.len()];
        for hour in 0..self.demand.hours() {
            work.load(self, hour);
            for step in 0..layout.steps() {
                let sums = &mut sums[layout.start[step]..];
                self.pour(step, &mut work, |position, units| sums[position as usize] += i128::from(units));
            }
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
                // Less than `left`, hence in range.
                let covered = Units::try_from(before / i128::from(fill.weight)).unwrap_or(*left);
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
