//! What edits changed, and where: by that it is told in which hours a try does what it did.

use super::{Waterfall, delta::When, ids::Ids, spare::News};
use crate::parallel::at_once;
use std::collections::BTreeMap;

/// Hours, by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Hours(pub(super) Ids);

impl Hours {
    pub(super) fn of(hours: impl Iterator<Item = When>) -> Self {
        Self(hours.filter_map(|when| u32::try_from(when.hour).ok()).collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in others.
    pub fn unite(&mut self, others: &Self) {
        self.0.unite(&others.0);
    }
}

/// What edits changed.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The steps by the hour.
    pub(super) steps: StepHours,
    /// By pool: the hours.
    pub(super) pools: BTreeMap<u32, Ids>,
    /// The steps for whose tails it is news that something is left.
    pub(super) news: News,
    /// Whether it may be anything else too.
    pub(super) anything: bool,
}

impl Trace {
    /// The trace of edits of which nothing is known: it leaves no try as it was.
    #[must_use]
    pub fn of_anything() -> Self {
        Self { anything: true, ..Self::default() }
    }

    /// What is another in one waterfall than in another of the same steps; of other steps or capacities anything is.
    #[must_use]
    pub fn between(before: &Waterfall, after: &Waterfall) -> Self {
        let (hours, steps) = (before.demand.hours(), before.layout.steps());
        if before.layout != after.layout || before.amounts != after.amounts || hours != after.demand.hours() {
            return Self::of_anything();
        }
        let mut trace = Self { steps: StepHours::of(after), ..Self::default() };
        for (step, number) in (0..steps).zip(0u32..) {
            for hour in (0..hours).filter(|hour| !before.margin(step, *hour).is_at(&after.margin(step, *hour))) {
                trace.steps.insert(hour, number);
            }
        }
        for (pool, number) in
            (0..before.demand.pools()).zip(0u32..).filter(|(pool, _)| !before.demand.shares(&after.demand, *pool))
        {
            let rows = before.demand.row(pool).iter().zip(after.demand.row(pool)).zip(0u32..);
            let other: Ids = rows.filter(|((before, after), _)| before != after).map(|(_, hour)| hour).collect();
            if !other.is_empty() {
                trace.pools.insert(number, other);
            }
        }
        let (before, after) = at_once(|| before.tails(), || after.tails());
        trace.news = after.news_to(before);
        trace
    }

    /// What others changed too.
    pub fn join(&mut self, other: &Self) {
        self.steps.unite(&other.steps);
        for (pool, hours) in &other.pools {
            self.pools.entry(*pool).or_default().unite(hours);
        }
        self.news.steps.unite(&other.news.steps);
        self.news.hours.unite(&other.news.hours);
        self.anything |= other.anything;
    }
}

/// Steps by the hour: a bit each.
#[derive(Debug, Clone, Default)]
pub(super) struct StepHours {
    /// Words an hour.
    words: usize,
    bits: Vec<u64>,
    /// All of them: most tries meet none.
    all: Ids,
}

impl StepHours {
    pub(super) fn of(waterfall: &Waterfall) -> Self {
        let words = waterfall.layout.steps().div_ceil(64);
        Self { words, bits: vec![0; words * waterfall.demand.hours()], all: Ids::default() }
    }

    pub(super) fn insert(&mut self, hour: usize, step: u32) {
        self.all.insert(step);
        self.bits[hour * self.words + step as usize / 64] |= 1 << (step % 64);
    }

    fn unite(&mut self, others: &Self) {
        if self.bits.is_empty() {
            return self.clone_from(others);
        }
        self.all.unite(&others.all);
        self.bits.iter_mut().zip(&others.bits).for_each(|(word, other)| *word |= other);
    }

    /// Whether some steps are among those of any hour.
    pub(super) fn meet_some(&self, steps: &Ids) -> bool {
        !self.all.is_disjoint(steps)
    }

    /// Whether some steps are among those of an hour.
    pub(super) fn meet(&self, hour: usize, steps: &Ids) -> bool {
        let of_hour = self.bits.get(hour * self.words..(hour + 1) * self.words).unwrap_or_default();
        steps.meet(of_hour)
    }
}
