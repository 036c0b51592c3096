//! Changes of capacities that are carried out to see what they lead to, and then taken back: without a second walk.

use super::{Amount, CapacityId, Change, Delta, Effect, Margin, Waterfall};
use std::sync::OnceLock;

/// What a waterfall was before an edit of capacities.
pub(crate) struct Before {
    /// What the edit changed.
    pub(crate) effect: Effect,
    amounts: Vec<(CapacityId, Vec<Amount>)>,
    /// By hour and step: where these stood that the edit moved.
    margins: Vec<(usize, u32, Margin)>,
}

impl Waterfall {
    /// Carries out an edit of capacities, so that it can be taken back as long as no other is carried out.
    pub(crate) fn apply_for_now(&mut self, changes: &[Change]) -> Before {
        let walked = self.walked(Delta::of(self, changes));
        let old = |(hour, step, _): &(usize, u32, Margin)| (*hour, *step, self.margin(*step as usize, *hour));
        let margins = walked.moved.iter().map(old).collect();
        let capacities = changes.iter().filter_map(|change| match change {
            Change::Capacity { capacity, .. } => Some(*capacity),
            Change::Demand { .. } => None,
        });
        let amounts = capacities.map(|capacity| (capacity, self.amounts(capacity).to_vec())).collect();
        let effect = walked.effect.clone();
        self.follow(walked);
        Before { effect, amounts, margins }
    }

    /// Takes back the edit that was carried out last.
    pub(crate) fn take_back(&mut self, before: Before) {
        for (hour, step, margin) in before.margins {
            self.set_margin(step as usize, hour, margin);
        }
        for (CapacityId(capacity), amounts) in before.amounts {
            let first = capacity as usize * amounts.len();
            self.setting.amounts[first..first + amounts.len()].copy_from_slice(&amounts);
            self.setting.note_idle(capacity as usize);
        }
        for (pool, left) in &before.effect.left {
            self.totals.left[pool.0 as usize] -= left;
        }
        for (capacity, used) in &before.effect.used {
            self.totals.used[capacity.0 as usize] -= used;
        }
        self.tails = OnceLock::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waterfall::{Capacity, Demand, PoolId, Step};

    #[test]
    fn what_is_taken_back_leaves_no_trace() {
        let mut demand = Demand::new(3, 4);
        (0..3).for_each(|pool| demand.add(PoolId(pool), 0..4, 5 + i64::from(pool)));
        let capacities = [Capacity::Constant(0), Capacity::Hourly(vec![4, 9, 0, 30])];
        let step = |capacity, fills: &[(u32, i64)]| Step {
            capacity: CapacityId(capacity),
            fills: fills.iter().map(|(pool, weight)| (PoolId(*pool), *weight)).collect(),
        };
        let steps = [step(0, &[(0, 2), (1, 1)]), step(1, &[(0, 1), (1, 1), (2, 1)])];
        let mut waterfall = Waterfall::new(demand, &capacities, &steps);
        let fresh = waterfall.clone();
        let more = |capacity, hours, per_hour| Change::Capacity { capacity: CapacityId(capacity), hours, per_hour };
        let before = waterfall.apply_for_now(&[more(0, 0..3, 13), more(1, 1..4, -8)]);
        assert_ne!(waterfall.totals(), fresh.totals());
        waterfall.take_back(before);
        assert_eq!(waterfall.totals(), fresh.totals());
        assert_eq!((&waterfall.positions, &waterfall.edges), (&fresh.positions, &fresh.edges));
        assert_eq!((&waterfall.amounts, &waterfall.idle), (&fresh.amounts, &fresh.idle));
    }
}
