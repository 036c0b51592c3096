//! The margin walk: what an edit changes, found from the margins that it moves.
//!
//! In each touched hour the steps that hold a changed pool, or whose capacity changes, are visited in order. With the
//! changes in front of its margin a step has more or less left there than before, and walks on or back until it stands
//! right again. Pools between the old and the new margin change for the steps behind; pools that come out as they did drop out.
//! Everything is worked out on the old state: a pool that is not on the list is the same in both.

use super::{
    Amount, CapacityId, Change, Delta, Edge, Fill, Margin, NONE, PoolId, UNKNOWN, Units, Waterfall,
    effect::{Effect, Sums},
    whole_units,
};
use std::cmp::Ordering;

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
        let delta = delta.within(self);
        let mut walk = Walk::new(self);
        for hour in delta.span(self.demand.hours()) {
            walk.hour(self, &delta, hour);
        }
        walk.effect()
    }

    /// Carries out an edit of which the sum is known, and tells what it changed.
    pub fn apply_sum(&mut self, delta: Delta) -> Effect {
        let delta = delta.within(self);
        let mut walk = Walk::new(self);
        for hour in delta.span(self.demand.hours()) {
            walk.hour(self, &delta, hour);
            self.carry_out(&delta, hour, &walk.moved);
        }
        let effect = walk.effect();
        for (pool, left) in &effect.left {
            self.totals.left[pool.0 as usize] += left;
        }
        for (capacity, used) in &effect.used {
            self.totals.used[capacity.0 as usize] += used;
        }
        effect
    }

    /// Carries out an edit and prices all hours from scratch: sooner done than a walk where much changes.
    pub fn apply_from_scratch(&mut self, changes: &[Change]) {
        let delta = Delta::of(self, changes).within(self);
        for hour in delta.span(self.demand.hours()) {
            self.carry_out(&delta, hour, &[]);
        }
        self.fill();
    }

    fn carry_out(&mut self, delta: &Delta, hour: usize, moved: &[(u32, Margin)]) {
        let hours = self.demand.hours();
        for row in &delta.demand {
            let units = &mut self.demand.row_mut(row.id as usize)[hour];
            *units = row.units_after(*units, hour);
        }
        for row in &delta.amounts {
            let amount = &mut self.amounts[row.id as usize * hours + hour];
            *amount = row.amount_after(*amount, hour);
        }
        for (step, margin) in moved {
            self.set_margin(*step as usize, hour, *margin);
        }
    }
}

/// A pool of which another amount than before comes out of the steps walked so far.
struct Changed {
    pool: u32,
    /// The pool's next place, and the step that it is in ([`NONE`] behind the last).
    place: usize,
    step: u32,
    before: Units,
    after: Units,
}

/// The walk through one hour after another.
struct Walk {
    changed: Vec<Changed>,
    /// Steps of whose capacity more or less is offered than before, and how much.
    offers: Vec<(u32, Amount)>,
    /// Where steps stand now that stood elsewhere.
    moved: Vec<(u32, Margin)>,
    /// The pools that a step's margin passed or stands at, with what arrives there.
    passed: Vec<Arrival>,
    left: Sums,
    used: Sums,
}

impl Walk {
    fn new(waterfall: &Waterfall) -> Self {
        let (left, used) = (Sums::new(waterfall.demand.pools()), Sums::new(waterfall.capacities()));
        Self { changed: Vec::new(), offers: Vec::new(), moved: Vec::new(), passed: Vec::new(), left, used }
    }

    fn effect(self) -> Effect {
        Effect { left: self.left.sorted(PoolId), used: self.used.sorted(CapacityId) }
    }

    fn hour(&mut self, waterfall: &Waterfall, delta: &Delta, hour: usize) {
        let hours = waterfall.demand.hours();
        self.moved.clear();
        for row in &delta.demand {
            let pool = row.id as usize;
            let before = waterfall.demand.row(pool)[hour];
            self.change(waterfall, row.id, waterfall.layout.of_pool[pool], before, row.units_after(before, hour));
        }
        for row in &delta.amounts {
            let before = waterfall.amounts[row.id as usize * hours + hour];
            self.offer(waterfall.layout.first[row.id as usize], row.amount_after(before, hour) - before);
        }
        while let Some(step) = self.next() {
            self.step(waterfall, hour, step);
        }
        for changed in self.changed.drain(..) {
            self.left.add(changed.pool, changed.more());
        }
        self.offers.clear();
    }

    fn change(&mut self, waterfall: &Waterfall, pool: u32, place: usize, before: Units, after: Units) {
        if before != after {
            let step = waterfall.layout.step_at(pool, place);
            self.changed.push(Changed { pool, place, step, before, after });
        }
    }

    fn offer(&mut self, step: u32, delta: Amount) {
        if delta != 0 && step != NONE {
            self.offers.push((step, delta));
        }
    }

    /// The first step that something changes for.
    fn next(&self) -> Option<u32> {
        let steps = self.changed.iter().map(|changed| changed.step);
        steps.chain(self.offers.iter().map(|(step, _)| *step)).min().filter(|step| *step != NONE)
    }

    /// Lets a step find its new margin, and hands on what changes behind it.
    fn step(&mut self, waterfall: &Waterfall, hour: usize, step: u32) {
        let position = waterfall.positions[step as usize * waterfall.demand.hours() + hour];
        let offered = self.take_offer(step);
        let (mut more, mut there) = (offered, false);
        for changed in self.changed.iter().filter(|changed| changed.step == step) {
            let place = &waterfall.layout.places[changed.place];
            match place.position.cmp(&position) {
                Ordering::Less => more -= changed.more() * i128::from(place.weight),
                Ordering::Equal => there = true,
                Ordering::Greater => {}
            }
        }
        if offered == 0 && more == 0 && !there {
            // No changed pool stands at the margin, so what is covered there does not matter.
            let same = Margin { position, edge: Edge::default() };
            return self.pass(waterfall, step, &same, &same);
        }
        let old = waterfall.margin(step as usize, hour);
        let view = View { waterfall, hour, step: step as usize, old };
        let new = self.margin(&view, old.edge.before + more);
        if new != old {
            self.moved.push((step, new));
        }
        let spent = |margin: &Margin| waterfall.at_margin(view.step, margin) - margin.edge.before;
        self.used.add(waterfall.layout.capacity[view.step], offered + spent(&new) - spent(&old));
        let rest = waterfall.rest(view.step, &new) - waterfall.rest(view.step, &old);
        self.offer(waterfall.layout.next[view.step], rest);
        self.pass(waterfall, step, &old, &new);
        for at in 0..self.passed.len() {
            let Arrival { pool, place, position, arrived } = self.passed[at];
            self.change(waterfall, pool, place + 1, old.left(position, arrived), new.left(position, arrived));
        }
    }

    /// Leads the changed pools past a step; those of which as much comes out as before drop out.
    fn pass(&mut self, waterfall: &Waterfall, step: u32, old: &Margin, new: &Margin) {
        for at in (0..self.changed.len()).rev() {
            let changed = &mut self.changed[at];
            if changed.step == step {
                let position = waterfall.layout.places[changed.place].position;
                (changed.before, changed.after) =
                    (old.left(position, changed.before), new.left(position, changed.after));
                changed.place += 1;
                changed.step = waterfall.layout.step_at(changed.pool, changed.place);
                if changed.before == changed.after {
                    self.changed.swap_remove(at);
                }
            }
        }
    }

    /// How much more of its capacity than before a step is offered.
    fn take_offer(&mut self, step: u32) -> Amount {
        let at = self.offers.iter().position(|(of, _)| *of == step);
        at.map_or(0, |at| self.offers.swap_remove(at).1)
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
        let place = fill.place as usize;
        let step = view.step;
        let changed = self.changed.iter().find(|changed| changed.place == place && changed.step as usize == step);
        if let Some(changed) = changed {
            return changed.after;
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
