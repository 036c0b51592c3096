//! Hours in which an edit only leaves commitments with more to spare: nothing is left uncovered that they could reach, and nothing will be.
//!
//! The *tail* of a step is all that may change once it has more to give or less to cover: itself, the next step of its capacity, the next
//! steps of the pools that stand in it, and so on. Where usage only falls no step has less left in front of a pool, so none covers less of
//! what arrives, and less arrives at the next one: what is left of a pool never grows. So in an hour in which nothing is left of any pool
//! of a tail, nothing of it will be left.
//!
//! Usage that grows counts as usage that falls if the first step that reaches it covers it whole, and if at least as much falls there that
//! the same step covered whole: in all that step then has more left. What it has left behind its last pool, and no other step takes, makes
//! up for the rest: then nothing changes but that.

use super::{
    Amount, NONE, Place, PoolId, Units, Waterfall,
    delta::{Told, When},
    ids::Ids,
    setting::Layout,
};
use crate::parallel::shared_out;
use std::{
    cmp::Ordering,
    sync::{Arc, OnceLock},
};

/// The hours in which something is left are looked up of so many pools at a time.
const AT_ONCE: usize = 64;

/// The tails of all steps, and the hours in which something of their pools is left.
#[derive(Debug, Clone)]
pub(crate) struct Tails {
    /// By step.
    tails: Vec<Ids>,
    /// By step: hours in which something is left of the pools that stand in it, at least.
    left: Vec<Ids>,
    /// By step: the same of its tail.
    left_in_tail: Vec<Ids>,
}

impl Tails {
    fn of(waterfall: &Waterfall) -> Self {
        let layout = &waterfall.layout;
        let mut tails: Vec<Ids> = vec![Ids::default(); layout.steps()];
        for step in (0..layout.steps()).rev() {
            let mut tail = Ids::default();
            tail.insert(u32::try_from(step).unwrap_or(NONE));
            for next in following(layout, step) {
                tail.unite(&tails[next]);
            }
            tails[step] = tail;
        }
        let none = vec![Ids::default(); layout.steps()];
        let mut all = Self { tails, left: none.clone(), left_in_tail: none };
        let sums = waterfall.totals.left.iter().zip(0u32..);
        let some: Vec<u32> = sums.filter(|(left, _)| **left != 0).map(|(_, pool)| pool).collect();
        let left = |pools: &[u32]| -> Vec<(u32, Ids)> {
            pools.iter().map(|pool| (*pool, waterfall.hours_left(PoolId(*pool)))).collect()
        };
        let left = shared_out(some.chunks(AT_ONCE), left);
        all.note(layout, left.into_iter().flatten());
        all
    }

    /// Whether something may be left in the tail of a step.
    fn has_left(&self, step: usize, hour: usize) -> bool {
        self.left_in_tail[step].holds(hour)
    }

    /// What is left in tails where nothing was left before, of the same steps.
    pub(super) fn news_to(&self, before: &Self) -> News {
        let mut news = News::default();
        for ((now, before), step) in self.left_in_tail.iter().zip(&before.left_in_tail).zip(0u32..) {
            let more = now.beyond(before);
            if !more.is_empty() {
                news.steps.insert(step);
                news.hours.unite(&more);
            }
        }
        news
    }

    /// Notes pools with hours in which something is left of them; tells the steps for whose tails that is news.
    fn note(&mut self, layout: &Layout, left: impl Iterator<Item = (u32, Ids)>) -> Ids {
        let mut more = Ids::default();
        for (pool, hours) in left {
            for place in layout.places_of(pool as usize) {
                if self.left[place.step as usize].unite(&hours) {
                    more.insert(place.step);
                }
            }
        }
        self.spread(&more)
    }

    /// Works out what is left in the tails that hold one of some steps, the ones where that is more; tells the steps whose tails they are.
    fn spread(&mut self, steps: &Ids) -> Ids {
        let mut news = Ids::default();
        for ((tail, known), step) in self.tails.iter().zip(&mut self.left_in_tail).zip(0u32..) {
            let mut more = false;
            tail.both(steps).for_each(|step| more |= known.unite(&self.left[step]));
            if more {
                news.insert(step);
            }
        }
        news
    }
}

/// The steps that see a change of a step next.
fn following(layout: &Layout, step: usize) -> impl Iterator<Item = usize> + '_ {
    let next = layout.fills(step).iter().map(|fill| layout.step_at(fill.pool, fill.place as usize + 1));
    next.chain(std::iter::once(layout.next[step])).filter(|next| *next != NONE).map(|next| next as usize)
}

/// What is news to tails: the steps whose tails they are, and the hours.
#[derive(Debug, Clone, Default)]
pub(super) struct News {
    pub(super) steps: Ids,
    pub(super) hours: Ids,
}

/// Finds out what an edit does in one hour after another, as far as tails tell.
pub(super) struct Ripples<'a> {
    /// By row and hour: the first place of its pool that its step reaches, or [`NONE`]; of no row where few hours are asked for.
    reached: &'a [Vec<u32>],
    freed: Freed,
}

impl<'a> Ripples<'a> {
    /// Of an edit of which it is known what each row reaches, if it is.
    pub(super) fn of(reached: &'a [Vec<u32>]) -> Self {
        Self { reached, freed: Freed::default() }
    }

    /// By how much more is left in an hour of pools that nothing covers, if that is all; the steps whose tails told are noted.
    pub(super) fn hour(
        &mut self,
        waterfall: &Waterfall,
        delta: &Told,
        when: When,
        told: &mut Ids,
    ) -> Option<&[(u32, Units)]> {
        if !delta.amounts.is_empty() {
            return None;
        }
        let Self { reached, freed } = self;
        let reached = delta.demand.iter().enumerate().map(|(at, row)| match reached.get(at) {
            Some(reached) => reached[when.at],
            None => waterfall.reached_at(row.id as usize, when.hour),
        });
        let tails = waterfall.tails();
        let spare = waterfall.frees(delta, reached, when, freed) && waterfall.leaves_nothing(freed, tails, when.hour);
        spare.then(|| {
            freed.steps.iter().for_each(|(step, _)| told.insert(*step));
            &*freed.straight
        })
    }
}

impl Waterfall {
    pub(super) fn tails(&self) -> &Tails {
        self.tails.get_or_init(|| Arc::new(Tails::of(self)))
    }

    /// Takes what is known of tails away, for edits that are taken back before it is asked for again.
    pub(crate) fn take_tails(&mut self) -> OnceLock<Arc<Tails>> {
        std::mem::take(&mut self.tails)
    }

    /// Puts it back.
    pub(crate) fn put_tails(&mut self, tails: OnceLock<Arc<Tails>>) {
        self.tails = tails;
    }

    /// Keeps what is known of tails true once an edit was carried out after which more is left of some pools in some hours; tells the
    /// steps for whose tails it is news that something is. In other hours something is left where something was, at most.
    pub(super) fn note_left(&mut self, mut risen: Vec<(u32, u32)>) -> News {
        let Some(known) = self.tails.get_mut() else { return News::default() };
        if risen.is_empty() {
            return News::default();
        }
        risen.sort_unstable();
        let by_pool = risen.chunk_by(|(one, _), (other, _)| one == other);
        let left = by_pool.map(|of_pool| (of_pool[0].0, of_pool.iter().map(|(_, hour)| *hour).collect()));
        let steps = Arc::make_mut(known).note(&self.setting.layout, left);
        News { steps, hours: risen.iter().map(|(_, hour)| *hour).collect() }
    }

    /// The hours in which something is left of a pool: step by step for all of them, as memory lies.
    fn hours_left(&self, PoolId(pool): PoolId) -> Ids {
        let mut left = self.demand.row(pool as usize).to_vec();
        for place in self.layout.places_of(pool as usize).iter().filter(|place| !self.is_idle(place.step)) {
            let first = place.step as usize * left.len();
            for ((left, position), at) in left.iter_mut().zip(&self.positions[first..]).zip(first..) {
                match place.position.cmp(position) {
                    Ordering::Less => *left = 0,
                    Ordering::Equal => *left -= self.edges[at].covered,
                    Ordering::Greater => {}
                }
            }
        }
        left.iter().zip(0u32..).filter(|(left, _)| **left > 0).map(|(_, hour)| hour).collect()
    }

    /// By row and hour of an edit: the first place of its pool that its step reaches, or [`NONE`].
    pub(super) fn reached_by(&self, delta: &Told) -> Vec<Vec<u32>> {
        delta.demand.iter().map(|row| self.reached(row.id as usize, delta)).collect()
    }

    /// By hour in which something changes: the first place of a pool that its step reaches, or [`NONE`].
    fn reached(&self, pool: usize, delta: &Told) -> Vec<u32> {
        let (first, hours) = (self.layout.of_pool[pool], self.demand.hours());
        let mut reached = vec![NONE; delta.count()];
        for (number, place) in self.layout.places_of(pool).iter().enumerate().rev() {
            let row = place.step as usize * hours;
            let at = u32::try_from(first + number).unwrap_or(NONE);
            for (first, span) in delta.spans() {
                let positions = &self.positions[row + span.start..row + span.end];
                for (reached, position) in reached[first..].iter_mut().zip(positions) {
                    *reached = if place.position <= *position { at } else { *reached };
                }
            }
        }
        reached
    }

    /// The first place of a pool that its step reaches in an hour, or [`NONE`].
    pub(super) fn reached_at(&self, pool: usize, hour: usize) -> u32 {
        let first = self.first_reached(self.layout.places_of(pool), hour);
        first.and_then(|number| u32::try_from(self.layout.of_pool[pool] + number).ok()).unwrap_or(NONE)
    }

    /// The first of some places of a pool that its step reaches in an hour, by its place among them.
    #[inline]
    pub(super) fn first_reached(&self, places: &[Place], hour: usize) -> Option<usize> {
        let hours = self.demand.hours();
        places.iter().position(|place| place.position <= self.positions[place.step as usize * hours + hour])
    }

    /// Finds out what an edit frees in an hour; `false` if more than that may happen.
    fn frees(&self, delta: &Told, reached: impl Iterator<Item = u32>, when: When, freed: &mut Freed) -> bool {
        freed.straight.clear();
        freed.steps.clear();
        let mut grows = false;
        for (row, reached) in delta.demand.iter().zip(reached) {
            let before = self.demand.row(row.id as usize)[when.hour];
            let more = row.units_after(before, when) - before;
            if more == 0 {
                continue;
            }
            if reached == NONE {
                freed.straight.push((row.id, more));
                grows |= more > 0 && !self.layout.places_of(row.id as usize).is_empty();
            } else if !self.free(reached, more, when.hour, &mut freed.steps) {
                return false;
            }
        }
        // What is freed might cover what is new.
        !grows || freed.steps.is_empty()
    }

    /// Whether nothing is left of any pool that sees what is freed, or what more is used.
    fn leaves_nothing(&self, freed: &Freed, tails: &Tails, hour: usize) -> bool {
        freed.steps.iter().all(|(step, amount)| {
            let enough = *amount >= 0 || self.to_spare(*step as usize, hour) + amount >= 0;
            enough && !tails.has_left(*step as usize, hour)
        })
    }

    /// What a step has left that no other takes.
    fn to_spare(&self, step: usize, hour: usize) -> Amount {
        if self.layout.next[step] == NONE { self.rest(step, &self.margin(step, hour)) } else { 0 }
    }

    /// Notes by how much more a step has left where it has so much more, or less, of a pool to cover. `false` if that cannot be told.
    fn free(&self, place: u32, more: Units, hour: usize, freed: &mut Vec<(u32, Amount)>) -> bool {
        let place = &self.layout.places[place as usize];
        let whole = place.position < self.positions[place.step as usize * self.demand.hours() + hour];
        if more > 0 && !whole {
            return false;
        }
        // What is freed at the margin does not make up for what grows.
        let amount = if whole { -i128::from(more) * i128::from(place.weight) } else { 0 };
        match freed.iter_mut().find(|(step, _)| *step == place.step) {
            Some((_, sum)) => *sum += amount,
            None => freed.push((place.step, amount)),
        }
        true
    }
}

/// What an edit frees in an hour.
#[derive(Default)]
struct Freed {
    /// Pools that no step reaches, with what more there is of them.
    straight: Vec<(u32, Units)>,
    /// By step: how much more it has left.
    steps: Vec<(u32, Amount)>,
}
