//! What is poured into what, before anything is priced: demand, capacities, and the order of the steps.

use super::{
    Amount, Capacity, CapacityId, Demand, Edge, Fill, NONE, Place, PoolId, Step, Totals, Waterfall, demand, used::Used,
};
use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Demand, capacities and steps, of which nothing is priced.
#[derive(Debug, Clone)]
pub struct Setting {
    pub(super) demand: Demand,
    /// By capacity, then hour.
    pub(super) amounts: Vec<Amount>,
    /// By capacity: whether it has nothing in any hour, so that its steps cover nothing.
    pub(super) idle: Vec<bool>,
    pub(super) layout: Arc<Layout>,
}

/// The steps, flat, and the way from a pool to them. It does not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// By step: its capacity.
    pub(super) capacity: Vec<u32>,
    /// By step: the next step of the same capacity, or [`NONE`].
    pub(super) next: Vec<u32>,
    /// By capacity: its first step, or [`NONE`].
    pub(super) first: Vec<u32>,
    /// By step, and one more: where its fills begin.
    pub(super) start: Vec<usize>,
    pub(super) fills: Vec<Fill>,
    /// By pool, and one more: where its places begin.
    pub(super) of_pool: Vec<usize>,
    pub(super) places: Vec<Place>,
}

impl Layout {
    pub(super) fn new(pools: usize, capacities: usize, steps: &[Step]) -> Self {
        let (mut start, mut fills) = (vec![0], Vec::new());
        let mut seen = vec![NONE; pools];
        let mut of_pool = vec![0; pools + 1];
        for (step, number) in steps.iter().zip(0u32..) {
            for &(PoolId(pool), weight) in &step.fills {
                let at = pool as usize;
                if weight > 0 && at < pools && seen[at] != number {
                    seen[at] = number;
                    of_pool[at + 1] += 1;
                    fills.push(Fill { weight, pool, place: 0 });
                }
            }
            start.push(fills.len());
        }
        for pool in 0..pools {
            of_pool[pool + 1] += of_pool[pool];
        }
        let capacity: Vec<u32> = steps.iter().map(|step| step.capacity.0).collect();
        let (first, next) = chains(capacities, &capacity);
        let mut layout = Self { capacity, next, first, start, fills, of_pool, places: Vec::new() };
        layout.place();
        layout
    }

    /// Fills `places` from `fills`, and each fill's way to its place.
    fn place(&mut self) {
        let mut free: Vec<usize> = self.of_pool.clone();
        self.places = vec![Place { step: NONE, position: 0, weight: 0 }; self.fills.len()];
        for (step, range) in (0u32..).zip(self.start.windows(2)) {
            for (fill, position) in self.fills[range[0]..range[1]].iter_mut().zip(0u32..) {
                let place = &mut free[fill.pool as usize];
                self.places[*place] = Place { step, position, weight: fill.weight };
                fill.place = u32::try_from(*place).unwrap_or(NONE);
                *place += 1;
            }
        }
    }

    /// The places of a pool, in the order of their steps.
    pub(super) fn places_of(&self, pool: usize) -> &[Place] {
        &self.places[self.of_pool[pool]..self.of_pool[pool + 1]]
    }

    /// The step of a place, if it is one of the pool's, else [`NONE`].
    pub(super) fn step_at(&self, pool: u32, place: usize) -> u32 {
        if place < self.of_pool[pool as usize + 1] { self.places[place].step } else { NONE }
    }

    pub(super) fn steps(&self) -> usize {
        self.capacity.len()
    }

    pub(super) fn fills(&self, step: usize) -> &[Fill] {
        &self.fills[self.start[step]..self.start[step + 1]]
    }

    /// The steps of a capacity, in order.
    pub(super) fn steps_of(&self, capacity: usize) -> impl Iterator<Item = usize> + '_ {
        let there = |step: u32| (step != NONE).then_some(step as usize);
        std::iter::successors(there(self.first[capacity]), move |step| there(self.next[*step]))
    }
}

/// By capacity its first step; by step the next one of its capacity.
fn chains(capacities: usize, capacity: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let (mut first, mut next) = (vec![NONE; capacities], vec![NONE; capacity.len()]);
    let mut last = first.clone();
    for (owner, step) in capacity.iter().zip(0u32..) {
        let owner = *owner as usize;
        let before = std::mem::replace(&mut last[owner], step);
        *(if before == NONE { &mut first[owner] } else { &mut next[before as usize] }) = step;
    }
    (first, next)
}

impl Setting {
    /// Every step's capacity must be one of `capacities`; steps without one are left out.
    #[must_use]
    pub fn new<'c>(demand: Demand, capacities: impl IntoIterator<Item = &'c Capacity>, steps: &[Step]) -> Self {
        let (hours, mut count) = (demand.hours(), 0);
        let mut amounts = Vec::new();
        for capacity in capacities {
            amounts.extend(capacity.hourly(hours));
            count += 1;
        }
        let owned: Vec<Step>;
        let known = |step: &Step| (step.capacity.0 as usize) < count;
        let steps = if steps.iter().all(known) {
            steps
        } else {
            owned = steps.iter().filter(|step| known(step)).cloned().collect();
            &owned
        };
        let layout = Layout::new(demand.pools(), count, steps);
        Self::of(demand, amounts, Arc::new(layout))
    }

    pub(super) fn of(demand: Demand, amounts: Vec<Amount>, layout: Arc<Layout>) -> Self {
        let idle = vec![true; layout.first.len()];
        let mut setting = Self { demand, amounts, idle, layout };
        (0..setting.capacities()).for_each(|capacity| setting.note_idle(capacity));
        setting
    }

    /// Prices every hour.
    #[must_use]
    pub fn priced(self) -> Waterfall {
        let cells = self.layout.steps() * self.demand.hours();
        let (positions, edges) = (vec![0; cells], vec![Edge::default(); cells]);
        let (totals, tails) = (Totals::default(), OnceLock::new());
        let used = Used::of(&self.demand);
        let mut waterfall = Waterfall { setting: self, used, positions, edges, totals, tails };
        waterfall.fill();
        waterfall
    }

    /// The same steps over another demand and other amounts, maybe of other hours. Pools beyond those known are left out, and
    /// capacities that are not told have nothing.
    #[must_use]
    pub fn with(&self, mut demand: Demand, capacities: &[Capacity]) -> Self {
        demand.set_pools(self.demand.pools());
        let (hours, nothing) = (demand.hours(), Capacity::Constant(0));
        let told = capacities.iter().chain(std::iter::repeat(&nothing)).take(self.capacities());
        let amounts = told.flat_map(|capacity| capacity.hourly(hours)).collect();
        Self::of(demand, amounts, self.layout.clone())
    }

    /// The same over some spans of its hours, one after the other; a span may come again.
    #[must_use]
    pub fn of_hours(&self, spans: &[Range<usize>]) -> Self {
        let ids = (0u32..).map(CapacityId).take(self.capacities());
        let mut amounts = Vec::new();
        ids.for_each(|id| demand::pick(&mut amounts, self.amounts(id), spans));
        Self::of(self.demand.of_hours(spans), amounts, self.layout.clone())
    }

    /// The demand.
    #[must_use]
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let fills = |step| self.layout.fills(step).iter().map(|fill| (PoolId(fill.pool), fill.weight)).collect();
        let step = |(step, capacity): (usize, &u32)| Step { capacity: CapacityId(*capacity), fills: fills(step) };
        self.layout.capacity.iter().enumerate().map(step).collect()
    }

    /// How many capacities there are.
    #[must_use]
    pub fn capacities(&self) -> usize {
        self.layout.first.len()
    }

    /// What a capacity offers, by hour.
    #[must_use]
    pub fn amounts(&self, capacity: CapacityId) -> &[Amount] {
        let (at, hours) = (capacity.0 as usize, self.demand.hours());
        &self.amounts[at * hours..(at + 1) * hours]
    }

    /// Finds out whether a capacity has nothing in any hour.
    pub(super) fn note_idle(&mut self, capacity: usize) {
        let hours = self.demand.hours();
        self.idle[capacity] = self.amounts[capacity * hours..(capacity + 1) * hours].iter().all(|amount| *amount == 0);
    }

    /// Whether the capacity of a step has nothing in any hour.
    pub(super) fn is_idle(&self, step: u32) -> bool {
        self.idle[self.layout.capacity[step as usize] as usize]
    }

    /// How many places of pools a capacity has.
    #[must_use]
    pub fn places_of(&self, capacity: CapacityId) -> usize {
        self.layout.steps_of(capacity.0 as usize).map(|step| self.layout.fills(step).len()).sum()
    }

    /// The capacities that may cover a pool, in the order of their steps.
    pub fn covering(&self, pool: PoolId) -> impl Iterator<Item = CapacityId> + '_ {
        self.layout.places_of(pool.0 as usize).iter().map(|place| CapacityId(self.layout.capacity[place.step as usize]))
    }
}
