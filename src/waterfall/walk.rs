//! The margin walk: what an edit changes, found from the margins that it moves.
//!
//! In each touched hour the steps that reach a changed pool, or whose capacity changes, are visited in order. With the
//! changes in front of its margin a step has more or less left there than before, and walks on or back until it stands
//! right again. Pools between the old and the new margin change for the steps behind; pools that come out as they did drop out.
//! Everything is worked out on the old state: a pool that is not on the list is the same in both. Steps that end in front of a changed pool
//! are passed over, unless they turn out to go farther: then the pool is met on the way.

use super::{
    Amount, Change, Delta, Edge, Fill, Margin, NONE, UNKNOWN, Units, Waterfall, Weight,
    delta::{Told, When},
    effect::{Effect, Sums},
    ids::Ids,
    plain::Plain,
    tried::Looked,
    whole_units,
};
use crate::parallel::threads;
use std::{cmp::Ordering, sync::OnceLock};

impl Waterfall {
    /// What an edit would change; nothing is changed.
    #[must_use]
    pub fn peek(&self, changes: &[Change]) -> Effect {
        self.peek_sum(Delta::of(self, changes))
    }

    /// Carries out an edit and tells what it changed.
    pub fn apply(&mut self, changes: &[Change]) -> Effect {
        self.apply_sum(Delta::of(self, changes))
    }

    /// What an edit would change of which the sum is known; nothing is changed.
    #[must_use]
    pub fn peek_sum(&self, delta: Delta) -> Effect {
        let delta = delta.told(self);
        let mut walk = Walk::new(self);
        for (when, behind) in delta.hours().zip(self.behind(&delta)) {
            walk.one(self, &delta, when, behind);
        }
        walk.effect()
    }

    /// Carries out an edit of which the sum is known, and tells what it changed. Of many hours all threads walk through some.
    pub fn apply_sum(&mut self, delta: Delta) -> Effect {
        /// Fewer hours are sooner walked through than shared out.
        const MANY: usize = 48;
        let delta = delta.told(self);
        if threads() == 1 || delta.count() < MANY {
            return self.carry(&delta);
        }
        let walked = self.walked_as_told(delta);
        let effect = walked.effect.clone();
        self.follow(walked);
        effect
    }

    fn carry(&mut self, delta: &Told) -> Effect {
        let (mut walk, mut risen) = (Walk::new(self), Vec::new());
        for (when, behind) in delta.hours().zip(self.behind(delta)) {
            if walk.one(self, delta, when, behind) {
                for (step, margin) in &walk.moved {
                    self.set_margin(*step as usize, when.hour, *margin);
                }
            }
            risen.extend(walk.risen(when.hour));
        }
        let effect = walk.effect();
        self.settle(delta, &effect);
        self.note_left(risen);
        effect
    }

    /// Sets demand, amounts and totals once margins are set.
    pub(super) fn settle(&mut self, delta: &Told, effect: &Effect) {
        let hours = self.demand.hours();
        for row in &delta.demand {
            let units = self.setting.demand.row_mut(row.id as usize);
            for when in delta.hours() {
                let units = &mut units[when.hour];
                *units = row.units_after(*units, when);
                self.used.set(row.id, when.hour, *units != 0);
            }
        }
        for row in &delta.amounts {
            let first = row.id as usize * hours;
            for when in delta.hours() {
                let amount = &mut self.setting.amounts[first + when.hour];
                *amount = row.amount_after(*amount, when);
            }
            self.setting.note_idle(row.id as usize);
        }
        for (pool, left) in &effect.left {
            self.totals.left[pool.0 as usize] += left;
        }
        for (capacity, used) in &effect.used {
            self.totals.used[capacity.0 as usize] += used;
        }
    }

    /// Carries out an edit and prices all hours from scratch: sooner done than a walk where much changes.
    pub fn apply_from_scratch(&mut self, changes: &[Change]) {
        let delta = Delta::of(self, changes).told(self);
        self.settle(&delta, &Effect::default());
        self.tails = OnceLock::new();
        self.fill();
    }

    /// For each hour in which something changes, whether every step ends before it comes to a pool that changes. Then nothing covers any of
    /// it, before or after, no margin moves, and what is left changes by as much as is used.
    pub(super) fn behind(&self, delta: &Told) -> Vec<bool> {
        let mut behind = vec![delta.amounts.is_empty(); delta.count()];
        for row in &delta.demand {
            for place in self.layout.places_of(row.id as usize) {
                let first = place.step as usize * self.demand.hours();
                for (at, span) in delta.spans() {
                    let positions = &self.positions[first + span.start..first + span.end];
                    for (behind, position) in behind[at..].iter_mut().zip(positions) {
                        *behind &= *position < place.position;
                    }
                }
            }
        }
        behind
    }
}

/// A pool of which another amount than before comes out of the steps walked so far, at the next place that a margin reached. Where both are
/// the same it has dropped out.
struct Changed {
    pool: u32,
    /// Behind the pool's last one where none did.
    place: usize,
    position: u32,
    weight: Weight,
    before: Units,
    after: Units,
    /// 1 + the next one that waits for the same step, 0 for none.
    next: u32,
}

/// The walk through one hour after another.
pub(super) struct Walk {
    /// Of the hour.
    changed: Vec<Changed>,
    /// By step: 1 + the first changed pool that waits for it, 0 for none.
    first: Vec<u32>,
    /// By step: how much more of its capacity than before it is offered.
    offers: Vec<Amount>,
    /// The steps that something changes for.
    due: Ids,
    /// By pool: 1 + its place among the changed, 0 where it is not among them.
    at: Vec<u32>,
    /// Where steps stand now that stood elsewhere.
    pub(super) moved: Vec<(u32, Margin)>,
    /// The pools in use that a step's margin passed or stands at, with what arrives there.
    passed: Vec<Arrival>,
    /// The changed pools among these that were not thought to be reached, with their places here: likewise.
    met: Vec<Met>,
    pub(super) left: Sums,
    /// Of the hour: how much more, or less, is left of pools.
    pub(super) of_hour: Vec<(u32, i128)>,
    pub(super) used: Sums,
    /// Whether it is asked what more is used of capacities.
    counts: bool,
    pub(super) looked: Looked,
    plain: Plain,
    /// So many hours are walked before the next is tried for a plain one: one that is none is seldom alone.
    wait: u32,
    gap: u32,
}

/// No more hours than that are walked without a try.
const LONGEST_GAP: u32 = 15;

impl Walk {
    pub(super) fn new(waterfall: &Waterfall) -> Self {
        let (pools, steps) = (waterfall.demand.pools(), waterfall.layout.steps());
        Self {
            changed: Vec::new(),
            first: vec![0; steps],
            offers: vec![0; steps],
            due: Ids::default(),
            at: vec![0; pools],
            moved: Vec::new(),
            passed: Vec::new(),
            met: Vec::new(),
            left: Sums::new(pools),
            of_hour: Vec::new(),
            used: Sums::new(waterfall.capacities()),
            counts: true,
            looked: Looked::default(),
            plain: Plain::default(),
            wait: 0,
            gap: 0,
        }
    }

    /// A walk that tells what more is left, and nothing else.
    pub(super) fn of_left(waterfall: &Waterfall) -> Self {
        Self { counts: false, ..Self::new(waterfall) }
    }

    pub(super) fn effect(self) -> Effect {
        Effect::of(self.left, self.used)
    }

    /// The pools of which more is left in the hour walked last, with it.
    pub(super) fn risen(&self, hour: usize) -> impl Iterator<Item = (u32, u32)> + '_ {
        let hour = u32::try_from(hour).unwrap_or(NONE);
        self.of_hour.iter().filter(|(_, more)| *more > 0).map(move |(pool, _)| (*pool, hour))
    }

    /// An hour, in which nothing covers what changes if it lies behind all margins. Tells whether one of these may have moved.
    pub(super) fn one(&mut self, waterfall: &Waterfall, delta: &Told, when: When, behind: bool) -> bool {
        self.of_hour.clear();
        if behind {
            self.straight(waterfall, delta, when);
        } else if self.wait > 0 {
            self.wait -= 1;
            self.hour(waterfall, delta, when);
        } else if self.plain.hour(waterfall, delta, when, (&mut self.moved, &mut self.looked.steps)) {
            self.gap = 0;
            for at in 0..self.plain.left.len() {
                let (pool, more) = self.plain.left[at];
                self.leave(pool, more);
            }
            self.plain.used.iter().for_each(|(capacity, more)| self.used.add(*capacity, *more));
        } else {
            self.gap = (2 * self.gap + 1).min(LONGEST_GAP);
            self.wait = self.gap;
            self.hour(waterfall, delta, when);
        }
        !behind
    }

    /// An hour in which nothing covers what changes.
    fn straight(&mut self, waterfall: &Waterfall, delta: &Told, when: When) {
        for row in &delta.demand {
            let before = waterfall.demand.row(row.id as usize)[when.hour];
            self.leave(row.id, i128::from(row.units_after(before, when)) - i128::from(before));
        }
    }

    /// So much more is left of a pool.
    fn leave(&mut self, pool: u32, more: i128) {
        self.left.add(pool, more);
        self.of_hour.push((pool, more));
    }

    fn hour(&mut self, waterfall: &Waterfall, delta: &Told, when: When) {
        let When { hour, .. } = when;
        let hours = waterfall.demand.hours();
        self.moved.clear();
        self.changed.clear();
        for row in &delta.demand {
            let pool = row.id as usize;
            let before = waterfall.demand.row(pool)[hour];
            let place = waterfall.layout.of_pool[pool];
            self.change((waterfall, hour), (row.id, place), before, row.units_after(before, when));
        }
        for row in &delta.amounts {
            let before = waterfall.amounts[row.id as usize * hours + hour];
            self.offer(waterfall.layout.first[row.id as usize], row.amount_after(before, when) - before);
        }
        let mut word = 0;
        // What a step hands on goes to steps behind it.
        while let Some(step) = self.due.take_first(&mut word) {
            self.step(waterfall, hour, step);
        }
        for at in 0..self.changed.len() {
            let changed = &self.changed[at];
            if changed.is_one() {
                let (pool, more) = (changed.pool, changed.more());
                self.at[pool as usize] = 0;
                self.leave(pool, more);
            }
        }
    }

    /// Notes that another amount of a pool than before comes to a place of it.
    fn change(&mut self, of: OfHour, (pool, place): (u32, usize), before: Units, after: Units) {
        if before != after {
            self.changed.push(Changed { pool, place, position: 0, weight: 0, before, after, next: 0 });
            let number = u32::try_from(self.changed.len()).unwrap_or(NONE);
            self.at[pool as usize] = number;
            self.wait(of, number);
        }
    }

    /// Lets a changed pool wait for the next step whose margin reaches it.
    fn wait(&mut self, (waterfall, hour): OfHour, number: u32) {
        let changed = &mut self.changed[number as usize - 1];
        let layout = &waterfall.layout;
        let places = &layout.places[changed.place..layout.of_pool[changed.pool as usize + 1]];
        let Some(ahead) = waterfall.first_reached(places, hour) else {
            changed.place += places.len();
            return;
        };
        let place = &places[ahead];
        changed.place += ahead;
        (changed.position, changed.weight) = (place.position, place.weight);
        changed.next = std::mem::replace(&mut self.first[place.step as usize], number);
        self.due.insert(place.step);
    }

    fn offer(&mut self, step: u32, delta: Amount) {
        if delta != 0 && step != NONE {
            self.offers[step as usize] += delta;
            self.due.insert(step);
        }
    }

    /// Lets a step find its new margin, and hands on what changes behind it.
    fn step(&mut self, waterfall: &Waterfall, hour: usize, step: u32) {
        self.looked.steps.insert(step);
        let position = waterfall.positions[step as usize * waterfall.demand.hours() + hour];
        let offered = std::mem::take(&mut self.offers[step as usize]);
        let first = std::mem::take(&mut self.first[step as usize]);
        let (mut more, mut there, mut at) = (offered, false, first);
        while at != 0 {
            let changed = &self.changed[at as usize - 1];
            if changed.position < position {
                more -= changed.more() * i128::from(changed.weight);
            } else {
                there |= changed.is_one();
            }
            at = changed.next;
        }
        if offered == 0 && more == 0 && !there {
            // No changed pool stands at the margin, so what is covered there does not matter.
            let same = Margin { position, edge: Edge::default() };
            return self.pass((waterfall, hour), first, &same, &same);
        }
        let old = waterfall.margin(step as usize, hour);
        let view = View { waterfall, hour, step: step as usize, old };
        let new = self.margin(&view, old.edge.before + more);
        if new != old {
            self.moved.push((step, new));
        }
        if self.counts {
            let spent = |margin: &Margin| waterfall.at_margin(view.step, margin) - margin.edge.before;
            self.used.add(waterfall.layout.capacity[view.step], offered + spent(&new) - spent(&old));
        }
        let rest = waterfall.rest(view.step, &new) - waterfall.rest(view.step, &old);
        self.offer(waterfall.layout.next[view.step], rest);
        let of = (waterfall, hour);
        self.pass(of, first, &old, &new);
        self.meet(of, &new);
        for at in 0..self.passed.len() {
            let Arrival { pool, place, position, arrived } = self.passed[at];
            self.change(of, (pool, place + 1), old.left(position, arrived), new.left(position, arrived));
        }
    }

    /// Leads the changed pools that wait for a step past it; those of which as much comes out as before drop out.
    fn pass(&mut self, of: OfHour, first: u32, old: &Margin, new: &Margin) {
        let mut next = first;
        while next != 0 {
            let number = next;
            let changed = &mut self.changed[number as usize - 1];
            next = changed.next;
            if !changed.is_one() {
                continue;
            }
            changed.before = old.left(changed.position, changed.before);
            changed.after = new.left(changed.position, changed.after);
            changed.place += 1;
            if changed.is_one() {
                self.wait(of, number);
            } else {
                self.at[changed.pool as usize] = 0;
            }
        }
    }

    /// Leads the changed pools past a step that it did not reach before, and does now.
    fn meet(&mut self, of: OfHour, new: &Margin) {
        for at in 0..self.met.len() {
            let Met { number, place, position } = self.met[at];
            let changed = &mut self.changed[number as usize - 1];
            let (pool, before, after) = (changed.pool, changed.before, new.left(position, changed.after));
            if after != changed.after {
                // It waits for another step, from where it cannot be taken.
                changed.after = changed.before;
                self.at[pool as usize] = 0;
                self.change(of, (pool, place + 1), before, after);
            }
        }
    }

    /// The new margin of a step that has `before` left at its old one; `passed` then holds every pool from one to the other that is used.
    fn margin(&mut self, view: &View, mut before: Amount) -> Margin {
        let fills = view.waterfall.layout.fills(view.step);
        let mut position = view.old.position;
        self.passed.clear();
        self.met.clear();
        let mut arrived = self.arrive(view, fills, position);
        if before < 0 {
            while before < 0 {
                position = self.back(view, fills, position);
                arrived = self.arrive(view, fills, position);
                before += i128::from(arrived) * i128::from(fills[position as usize].weight);
            }
        } else {
            while before > 0 && (position as usize) < fills.len() {
                let needed = i128::from(arrived) * i128::from(fills[position as usize].weight);
                if needed > before {
                    break;
                }
                before -= needed;
                (position, arrived) = (position + 1, UNKNOWN);
                if before > 0 {
                    position = self.ahead(view, fills, position);
                    arrived = self.arrive(view, fills, position);
                }
            }
        }
        let old = &view.old;
        let covered = match fills.get(position as usize) {
            Some(_) if (position, before) == (old.position, old.edge.before) => old.edge.covered,
            // What the pool needs is more than there is, so this is less than what arrives.
            Some(fill) => whole_units(before, fill.weight),
            None => 0,
        };
        Margin { position, edge: Edge { before, covered, arrived } }
    }

    /// From a position on, the first of a pool that may be used.
    fn ahead(&mut self, view: &View, fills: &[Fill], mut position: u32) -> u32 {
        while fills.get(position as usize).is_some_and(|fill| self.is_idle(view, fill.pool)) {
            position += 1;
        }
        position
    }

    /// In front of a position, the last of a pool that may be used: one is, where something is to be given back.
    fn back(&mut self, view: &View, fills: &[Fill], mut position: u32) -> u32 {
        position -= 1;
        while self.is_idle(view, fills[position as usize].pool) {
            position -= 1;
        }
        position
    }

    /// Whether a pool has no usage and gets none, which is noted: nothing of it arrives, and nothing of it is left.
    fn is_idle(&mut self, view: &View, pool: u32) -> bool {
        let idle = self.at[pool as usize] == 0 && !view.waterfall.used.holds(pool, view.hour);
        if idle {
            self.looked.pools.insert(pool);
        }
        idle
    }

    /// How much of the pool at a position arrives now, which is noted if it is used; behind the last position [`UNKNOWN`].
    fn arrive(&mut self, view: &View, fills: &[Fill], position: u32) -> Units {
        let Some(fill) = fills.get(position as usize) else { return UNKNOWN };
        let (number, place) = (self.at[fill.pool as usize], fill.place as usize);
        if number != 0 {
            let changed = &self.changed[number as usize - 1];
            if changed.place != place {
                self.met.push(Met { number, place, position });
            }
            return changed.after;
        }
        self.looked.pools.insert(fill.pool);
        if !view.waterfall.used.holds(fill.pool, view.hour) {
            // Nothing arrives, nothing is left: nothing to note.
            return 0;
        }
        let known = if position == view.old.position { view.old.edge.arrived } else { UNKNOWN };
        let arrived =
            if known == UNKNOWN { view.waterfall.left_before(fill.pool as usize, place, view.hour) } else { known };
        self.passed.push(Arrival { pool: fill.pool, place, position, arrived });
        arrived
    }
}

/// A step in an hour, as it was.
struct View<'a> {
    waterfall: &'a Waterfall,
    hour: usize,
    step: usize,
    old: Margin,
}

/// A waterfall in an hour.
type OfHour<'a> = (&'a Waterfall, usize);

/// A changed pool, by its number, at a step.
#[derive(Clone, Copy)]
struct Met {
    number: u32,
    place: usize,
    position: u32,
}

/// A pool that has not changed, at a step.
struct Arrival {
    pool: u32,
    place: usize,
    position: u32,
    arrived: Units,
}

impl Changed {
    /// Whether another amount comes out than before.
    fn is_one(&self) -> bool {
        self.before != self.after
    }

    fn more(&self) -> i128 {
        i128::from(self.after) - i128::from(self.before)
    }
}

impl Margin {
    /// What the step leaves of a pool of which `arrived` arrives.
    fn left(&self, position: u32, arrived: Units) -> Units {
        match position.cmp(&self.position) {
            Ordering::Less => 0,
            Ordering::Equal => arrived - self.edge.covered,
            Ordering::Greater => arrived,
        }
    }
}
