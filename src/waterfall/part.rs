//! A part of a waterfall: some of its hours, and what can matter in them.

use super::{CapacityId, PoolId, Rates, Setting, Step, Waterfall, setting::Layout};
use std::{ops::Range, sync::Arc};

/// The part of a waterfall that can matter to some capacities as they grow, in some of its hours.
pub(crate) struct Part {
    /// With all capacities, and with pools that have numbers of their own.
    pub(crate) waterfall: Waterfall,
    /// On-demand rates of its pools.
    pub(crate) rates: Rates,
}

/// What can matter.
pub(crate) struct Matters {
    /// By capacity: whether it has something or may grow.
    pub(crate) capacities: Vec<bool>,
    /// By pool: whether some chain of such capacities and pools links it with one that may grow.
    pub(crate) pools: Vec<bool>,
}

impl Setting {
    /// By capacity: whether it has nothing in any hour.
    pub(crate) fn idle(&self) -> &[bool] {
        &self.idle
    }

    /// The hours of a span, but for those between one and the next a `stride` later, and of what can matter the pools that are used in one of
    /// these hours. What is not used takes nothing and stands in nobody's way; only where a step begins it is kept, since that is where a step
    /// without capacity stands.
    pub(crate) fn part(&self, span: &Range<usize>, stride: usize, matters: &Matters, rates: &Rates) -> Part {
        let mut kept = matters.pools.clone();
        for (pool, kept) in kept.iter_mut().enumerate().filter(|(_, kept)| **kept) {
            *kept = self.demand.row(pool)[span.clone()].iter().step_by(stride).any(|units| *units != 0);
        }
        let steps: Vec<usize> =
            (0..self.layout.steps()).filter(|step| matters.capacities[self.layout.capacity[*step] as usize]).collect();
        for first in steps.iter().filter_map(|step| self.layout.fills(*step).first()) {
            kept[first.pool as usize] |= matters.pools[first.pool as usize];
        }
        let pools: Vec<usize> = (0..kept.len()).filter(|pool| kept[*pool]).collect();
        let rates = Rates(pools.iter().map(|pool| rates.0.get(*pool).copied().unwrap_or_default()).collect());
        let demand = self.demand.every(span, stride, &pools);
        let mut amounts = Vec::with_capacity(self.capacities() * demand.hours());
        for capacity in (0u32..).map(CapacityId).take(self.capacities()) {
            amounts.extend(self.amounts(capacity)[span.clone()].iter().step_by(stride));
        }
        let layout = Layout::new(pools.len(), self.capacities(), &self.steps_of(&steps, &pools));
        Part { waterfall: Self::of(demand, amounts, Arc::new(layout)).priced(), rates }
    }

    /// Some steps with no other pools than some, by their places among these.
    fn steps_of(&self, steps: &[usize], pools: &[usize]) -> Vec<Step> {
        let mut places: Vec<Option<PoolId>> = vec![None; self.demand.pools()];
        for (pool, place) in pools.iter().zip(0u32..) {
            places[*pool] = Some(PoolId(place));
        }
        let step = |step: &usize| {
            let fills = self.layout.fills(*step).iter();
            let fills = fills.filter_map(|fill| Some((places[fill.pool as usize]?, fill.weight))).collect();
            Step { capacity: CapacityId(self.layout.capacity[*step]), fills }
        };
        steps.iter().map(step).filter(|step| !step.fills.is_empty()).collect()
    }
}
