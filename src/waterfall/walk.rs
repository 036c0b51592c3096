//! The margin walk: what an edit changes, found from the margins that it moves.
//!
//! In each touched hour the steps that hold a changed pool, or whose capacity changes, are visited in order. With the
//! changes in front of its margin a step has more or less left there than before, and walks on or back until it stands
//! right again. Pools between the old and the new margin change for the steps behind; pools that come out as they did drop out.
//! Everything is worked out on the old state: a pool that is not on the list is the same in both.

use super::{
    Amount, CapacityId, Change, Delta, Edge, Fill, Margin, NONE, Place, PoolId, UNKNOWN, Units, Waterfall, Weight,
    effect::{Effect, Sums},
    whole_units,
};
use std::{cmp::Ordering, ops::Range};

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
        self.walk(&delta.within(self), |_, _| ()).effect()
    }

    /// Carries out an edit of which the sum is known, and tells what it changed.
    pub fn apply_sum(&mut self, delta: Delta) -> Effect {
        let delta = delta.within(self);
        let mut walk = Walk::new(self);
        let span = delta.span(self.demand.hours());
        for (hour, behind) in span.clone().zip(self.behind(&delta, span)) {
            if walk.one(self, &delta, hour, behind) {
                for (step, margin) in &walk.moved {
                    self.set_margin(*step as usize, hour, *margin);
                }
            }
        }
        let effect = walk.effect();
        self.settle(&delta, &effect);
        effect
    }

    /// What an edit would change of which the sum is known, with all that it takes to carry it out; nothing is changed.
    #[must_use]
    pub fn walked(&self, delta: Delta) -> Walked {
        let delta = delta.within(self);
        let mut moved = Vec::with_capacity(delta.span(self.demand.hours()).len());
        let mut walk = self.walk(&delta, |hour, margins| {
            let hour = u32::try_from(hour).unwrap_or(u32::MAX);
            moved.extend(margins.iter().map(|(step, Margin { position, edge })| (hour, *step, *position, *edge)));
        });
        let mut looked = std::mem::take(&mut walk.looked);
        delta.demand.iter().for_each(|row| looked.pools.insert(row.id));
        for pool in looked.pools.iter() {
            self.layout.places_of(pool).iter().for_each(|place| looked.steps.insert(place.step));
        }
        Walked { effect: walk.effect(), delta, moved, looked }
    }

    /// Carries out an edit that was walked on the waterfall as it is, or as it was before edits that it holds beside.
    pub fn carry_out(&mut self, walked: &Walked) {
        for (hour, step, position, edge) in &walked.moved {
            let margin = Margin { position: *position, edge: *edge };
            self.set_margin(*step as usize, *hour as usize, margin);
        }
        self.settle(&walked.delta, &walked.effect);
    }

    /// Sets demand, amounts and totals once margins are set.
    fn settle(&mut self, delta: &Delta, effect: &Effect) {
        let hours = self.demand.hours();
        let span = delta.span(hours);
        for row in &delta.demand {
            for (units, hour) in self.demand.row_mut(row.id as usize)[span.clone()].iter_mut().zip(span.clone()) {
                *units = row.units_after(*units, hour);
            }
        }
        for row in &delta.amounts {
            let first = row.id as usize * hours;
            for (amount, hour) in self.amounts[first + span.start..first + span.end].iter_mut().zip(span.clone()) {
                *amount = row.amount_after(*amount, hour);
            }
        }
        for (pool, left) in &effect.left {
            self.totals.left[pool.0 as usize] += left;
        }
        for (capacity, used) in &effect.used {
            self.totals.used[capacity.0 as usize] += used;
        }
    }

    /// Walks through every hour in which an edit changes something, and tells after each where steps then stand.
    fn walk(&self, delta: &Delta, mut then: impl FnMut(usize, &[(u32, Margin)])) -> Walk {
        let span = delta.span(self.demand.hours());
        let mut walk = Walk::new(self);
        for (hour, behind) in span.clone().zip(self.behind(delta, span)) {
            if walk.one(self, delta, hour, behind) {
                then(hour, &walk.moved);
            }
        }
        walk
    }

    /// For each of some hours, whether every step ends before it comes to a pool that changes. Then nothing covers any of it, before or
    /// after, no margin moves, and what is left changes by as much as is used.
    fn behind(&self, delta: &Delta, span: Range<usize>) -> Vec<bool> {
        let mut behind = vec![delta.amounts.is_empty(); span.len()];
        for row in &delta.demand {
            for place in self.layout.places_of(row.id as usize) {
                let first = place.step as usize * self.demand.hours();
                let positions = &self.positions[first + span.start..first + span.end];
                for (behind, position) in behind.iter_mut().zip(positions) {
                    *behind &= *position < place.position;
                }
            }
        }
        behind
    }
}

/// An edit that was walked through: what it changes, and all that it takes to carry it out.
#[derive(Debug, Clone)]
pub struct Walked {
    /// What it changes.
    pub effect: Effect,
    delta: Delta,
    /// Where steps then stand, by hour.
    moved: Vec<(u32, u32, u32, Edge)>,
    /// What the walk was led by.
    looked: Looked,
}

/// Pools and steps.
#[derive(Debug, Clone, Default)]
struct Looked {
    pools: Ids,
    steps: Ids,
}

impl Walked {
    /// What carrying it out changes: the demand of pools, and where steps stand.
    #[must_use]
    pub fn trace(&self) -> Trace {
        let mut touched = Looked::default();
        self.delta.demand.iter().for_each(|row| touched.pools.insert(row.id));
        self.moved.iter().for_each(|(_, step, ..)| touched.steps.insert(*step));
        Trace { touched, capacities: !self.delta.amounts.is_empty() }
    }

    /// Whether it is walked alike before and after an edit that leaves such a trace.
    ///
    /// A walk looks at nothing but the demand of pools that change or stand at a margin that moves, and at the margins of steps that these
    /// pools stand in or that are offered more or less. Where none of that was touched, each of its hours goes the same way.
    #[must_use]
    pub fn holds_beside(&self, trace: &Trace) -> bool {
        let Trace { touched, capacities } = trace;
        !capacities && touched.pools.is_disjoint(&self.looked.pools) && touched.steps.is_disjoint(&self.looked.steps)
    }
}

/// What an edit changed.
#[derive(Debug)]
pub struct Trace {
    touched: Looked,
    capacities: bool,
}

/// A set of small numbers.
#[derive(Debug, Clone, Default)]
struct Ids(Vec<u64>);

impl Ids {
    fn insert(&mut self, id: u32) {
        let word = id as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (id % 64);
    }

    /// Takes out the least number, if it stands in this word or in one behind, where the search then goes on.
    fn take_first(&mut self, word: &mut usize) -> Option<u32> {
        while let Some(bits) = self.0.get_mut(*word) {
            if *bits != 0 {
                let bit = bits.trailing_zeros();
                *bits &= *bits - 1;
                return Some(u32::try_from(*word * 64).unwrap_or(NONE) + bit);
            }
            *word += 1;
        }
        None
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one & other == 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1);
        self.0.iter().enumerate().flat_map(move |(at, word)| bits(*word).map(move |bit| at * 64 + bit))
    }
}

/// A pool of which another amount than before comes out of the steps walked so far, at its next place.
struct Changed {
    pool: u32,
    place: usize,
    position: u32,
    weight: Weight,
    before: Units,
    after: Units,
    /// 1 + the next one that stands in the same step, 0 for none.
    next: u32,
}

/// The walk through one hour after another.
struct Walk {
    /// Of the hour.
    changed: Vec<Changed>,
    /// By step: 1 + the first changed pool that stands in it, 0 for none.
    first: Vec<u32>,
    /// By step: how much more of its capacity than before it is offered.
    offers: Vec<Amount>,
    /// The steps that something changes for.
    due: Ids,
    /// By pool: 1 + its place among the changed that stand in the step in work, 0 for none.
    here: Vec<u32>,
    /// Where steps stand now that stood elsewhere.
    moved: Vec<(u32, Margin)>,
    /// The pools that a step's margin passed or stands at, with what arrives there.
    passed: Vec<Arrival>,
    left: Sums,
    used: Sums,
    looked: Looked,
    plain: Plain,
}

/// What is worked out of an hour before it is known whether no margin passes a pool in it.
#[derive(Default)]
struct Plain {
    /// What more is left of pools.
    left: Vec<(u32, i128)>,
    /// What more is used of capacities.
    used: Vec<(u32, Amount)>,
    /// Steps, with what more their pools take and what more of their capacity they are offered.
    asked: Vec<(u32, Amount, Amount)>,
}

impl Plain {
    fn ask(&mut self, step: u32, takes: Amount, offered: Amount) {
        if step == NONE || takes == 0 && offered == 0 {
            return;
        }
        match self.asked.iter_mut().find(|(of, ..)| *of == step) {
            Some((_, all, more)) => (*all, *more) = (*all + takes, *more + offered),
            None => self.asked.push((step, takes, offered)),
        }
    }

    /// Takes out the first step.
    fn first_asked(&mut self) -> Option<(u32, Amount, Amount)> {
        let first = self.asked.iter().enumerate().min_by_key(|(_, (step, ..))| *step);
        first.map(|(at, _)| at).map(|at| self.asked.swap_remove(at))
    }
}

impl Walk {
    fn new(waterfall: &Waterfall) -> Self {
        let (pools, steps) = (waterfall.demand.pools(), waterfall.layout.steps());
        Self {
            changed: Vec::new(),
            first: vec![0; steps],
            offers: vec![0; steps],
            due: Ids::default(),
            here: vec![0; pools],
            moved: Vec::new(),
            passed: Vec::new(),
            left: Sums::new(pools),
            used: Sums::new(waterfall.capacities()),
            looked: Looked::default(),
            plain: Plain::default(),
        }
    }

    fn effect(self) -> Effect {
        Effect { left: self.left.sorted(PoolId), used: self.used.sorted(CapacityId) }
    }

    /// An hour, in which nothing covers what changes if it lies behind all margins. Tells whether one of these may have moved.
    fn one(&mut self, waterfall: &Waterfall, delta: &Delta, hour: usize, behind: bool) -> bool {
        if behind {
            self.straight(waterfall, delta, hour);
        } else if !self.plain(waterfall, delta, hour) {
            self.hour(waterfall, delta, hour);
        }
        !behind
    }

    /// An hour in which each changed pool is covered whole or not at all, by steps that have something left behind their last pool and
    /// keep it: nothing but that changes. Tells whether it is such an hour; if not, nothing is noted of it.
    fn plain(&mut self, waterfall: &Waterfall, delta: &Delta, hour: usize) -> bool {
        let hours = waterfall.demand.hours();
        self.moved.clear();
        self.plain.left.clear();
        self.plain.used.clear();
        self.plain.asked.clear();
        for row in &delta.demand {
            let before = waterfall.demand.row(row.id as usize)[hour];
            let more = i128::from(row.units_after(before, hour)) - i128::from(before);
            let position = |place: &Place| waterfall.positions[place.step as usize * hours + hour];
            let mut places = waterfall.layout.places_of(row.id as usize).iter();
            match places.find(|place| place.position <= position(place)).filter(|_| more != 0) {
                None => self.plain.left.push((row.id, more)),
                Some(place) if place.position == position(place) => return false,
                Some(place) => self.plain.ask(place.step, more * i128::from(place.weight), 0),
            }
        }
        for row in &delta.amounts {
            let before = waterfall.amounts[row.id as usize * hours + hour];
            self.plain.ask(waterfall.layout.first[row.id as usize], 0, row.amount_after(before, hour) - before);
        }
        while let Some((step, takes, offered)) = self.plain.first_asked() {
            self.looked.steps.insert(step);
            let Margin { position, edge } = waterfall.margin(step as usize, hour);
            let before = edge.before + offered - takes;
            if before < 0 || position as usize != waterfall.layout.fills(step as usize).len() {
                return false;
            }
            self.moved.push((step, Margin { position, edge: Edge { before, ..edge } }));
            self.plain.used.push((waterfall.layout.capacity[step as usize], takes));
            self.plain.ask(waterfall.layout.next[step as usize], 0, offered - takes);
        }
        self.plain.left.iter().for_each(|(pool, more)| self.left.add(*pool, *more));
        self.plain.used.iter().for_each(|(capacity, more)| self.used.add(*capacity, *more));
        true
    }

    /// An hour in which nothing covers what changes.
    fn straight(&mut self, waterfall: &Waterfall, delta: &Delta, hour: usize) {
        for row in &delta.demand {
            let before = waterfall.demand.row(row.id as usize)[hour];
            self.left.add(row.id, i128::from(row.units_after(before, hour)) - i128::from(before));
        }
    }

    fn hour(&mut self, waterfall: &Waterfall, delta: &Delta, hour: usize) {
        let hours = waterfall.demand.hours();
        self.moved.clear();
        self.changed.clear();
        for row in &delta.demand {
            let pool = row.id as usize;
            let before = waterfall.demand.row(pool)[hour];
            self.change(waterfall, row.id, waterfall.layout.of_pool[pool], before, row.units_after(before, hour));
        }
        for row in &delta.amounts {
            let before = waterfall.amounts[row.id as usize * hours + hour];
            self.offer(waterfall.layout.first[row.id as usize], row.amount_after(before, hour) - before);
        }
        let mut word = 0;
        // What a step hands on goes to steps behind it.
        while let Some(step) = self.due.take_first(&mut word) {
            self.step(waterfall, hour, step);
        }
    }

    /// Notes that another amount of a pool than before comes to a place of it, or out of its last step.
    fn change(&mut self, waterfall: &Waterfall, pool: u32, place: usize, before: Units, after: Units) {
        if before != after {
            let next = u32::try_from(self.changed.len()).unwrap_or(NONE);
            self.changed.push(Changed { pool, place, position: 0, weight: 0, before, after, next: 0 });
            self.stand(waterfall, next);
        }
    }

    /// Puts a changed pool with its step; behind the last one it is left.
    fn stand(&mut self, waterfall: &Waterfall, at: u32) {
        let changed = &mut self.changed[at as usize];
        let step = waterfall.layout.step_at(changed.pool, changed.place);
        if step == NONE {
            return self.left.add(changed.pool, changed.more());
        }
        let place = &waterfall.layout.places[changed.place];
        (changed.position, changed.weight) = (place.position, place.weight);
        changed.next = std::mem::replace(&mut self.first[step as usize], at + 1);
        self.due.insert(step);
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
            match changed.position.cmp(&position) {
                Ordering::Less => more -= changed.more() * i128::from(changed.weight),
                Ordering::Equal => there = true,
                Ordering::Greater => {}
            }
            at = changed.next;
        }
        if offered == 0 && more == 0 && !there {
            // No changed pool stands at the margin, so what is covered there does not matter.
            let same = Margin { position, edge: Edge::default() };
            return self.pass(waterfall, first, &same, &same);
        }
        let old = waterfall.margin(step as usize, hour);
        let view = View { waterfall, hour, step: step as usize, old };
        self.mark(first, |at| at);
        let new = self.margin(&view, old.edge.before + more);
        self.mark(first, |_| 0);
        if new != old {
            self.moved.push((step, new));
        }
        let spent = |margin: &Margin| waterfall.at_margin(view.step, margin) - margin.edge.before;
        self.used.add(waterfall.layout.capacity[view.step], offered + spent(&new) - spent(&old));
        let rest = waterfall.rest(view.step, &new) - waterfall.rest(view.step, &old);
        self.offer(waterfall.layout.next[view.step], rest);
        self.pass(waterfall, first, &old, &new);
        for at in 0..self.passed.len() {
            let Arrival { pool, place, position, arrived } = self.passed[at];
            self.change(waterfall, pool, place + 1, old.left(position, arrived), new.left(position, arrived));
        }
    }

    /// Marks the changed pools that stand in one step.
    fn mark(&mut self, first: u32, with: impl Fn(u32) -> u32) {
        let mut at = first;
        while at != 0 {
            let changed = &self.changed[at as usize - 1];
            self.here[changed.pool as usize] = with(at);
            at = changed.next;
        }
    }

    /// Leads the changed pools past a step; those of which as much comes out as before drop out.
    fn pass(&mut self, waterfall: &Waterfall, first: u32, old: &Margin, new: &Margin) {
        let mut at = first;
        while at != 0 {
            let this = at - 1;
            let changed = &mut self.changed[this as usize];
            at = changed.next;
            changed.before = old.left(changed.position, changed.before);
            changed.after = new.left(changed.position, changed.after);
            changed.place += 1;
            if changed.before != changed.after {
                self.stand(waterfall, this);
            }
        }
    }

    /// The new margin of a step that has `before` left at its old one; `passed` then holds every pool from one to the other.
    fn margin(&mut self, view: &View, mut before: Amount) -> Margin {
        let fills = view.waterfall.layout.fills(view.step);
        let mut position = view.old.position;
        self.passed.clear();
        let mut arrived = self.arrive(view, fills, position);
        if before < 0 {
            while before < 0 {
                position -= 1;
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
                position += 1;
                arrived = if before > 0 { self.arrive(view, fills, position) } else { UNKNOWN };
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

    /// How much of the pool at a position arrives now, which is noted; behind the last position [`UNKNOWN`].
    fn arrive(&mut self, view: &View, fills: &[Fill], position: u32) -> Units {
        let Some(fill) = fills.get(position as usize) else { return UNKNOWN };
        let here = self.here[fill.pool as usize];
        if here != 0 {
            return self.changed[here as usize - 1].after;
        }
        let place = fill.place as usize;
        let known = if position == view.old.position { view.old.edge.arrived } else { UNKNOWN };
        self.looked.pools.insert(fill.pool);
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

/// A pool that has not changed, at a step.
struct Arrival {
    pool: u32,
    place: usize,
    position: u32,
    arrived: Units,
}

impl Changed {
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
