//! The search for the best amounts of several instruments: rounds over each until nothing improves, from several starts.
//!
//! Where one instrument takes from another a round alone comes closer only step by step. So rounds start from nothing in several orders;
//! they go on in the direction in which they went; and what is bought of one instrument is given up, whole or in part, for those that could
//! cover the same usage to take its place.

use super::{Candidate, Effort, links::Links};
use crate::waterfall::{Before, Change, Curve, Delta, Effect, Part, Rates, Waterfall};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// A round that gains less than this part of the whole is the last: of a start, of all.
const ROUGHLY: i128 = 500;
const ENOUGH: i128 = 100_000;

/// Which parts of what is bought of an instrument are given up for others: all, some, a single step.
const GIVEN_UP: [f64; 6] = [1.0, 0.5, 0.25, 0.1, 0.03, 0.0];

/// What a slot gains alone, and of its cost.
#[derive(Clone, Copy)]
pub(super) struct Alone {
    slot: usize,
    gain: f64,
    of_cost: f64,
}

/// In which orders to start: as given; by gain; by gain of the cost; and each of the first `starts` by gain ahead of all.
fn orders(alone: &[Alone], starts: usize) -> Vec<Vec<usize>> {
    let sorted = |by: fn(&Alone) -> f64| {
        let mut order = alone.to_vec();
        order.sort_by(|a, b| by(b).total_cmp(&by(a)));
        order.into_iter().map(|alone| alone.slot).collect::<Vec<_>>()
    };
    let by_gain = sorted(|alone| alone.gain);
    let mut orders = vec![(0..alone.len()).collect(), by_gain.clone(), sorted(|alone| alone.of_cost)];
    for first in by_gain.iter().take(starts) {
        let others = by_gain.iter().filter(|slot| *slot != first);
        orders.push(std::iter::once(first).chain(others).copied().collect());
    }
    let mut seen = BTreeSet::new();
    orders.retain(|order| seen.insert(order.clone()));
    orders
}

/// A search over the hours of a waterfall.
pub(super) struct Search<'a> {
    /// With what is bought at the moment.
    pub(super) waterfall: Waterfall,
    pub(super) rates: Rates,
    pub(super) candidates: &'a [Candidate],
    pub(super) effort: Effort,
    pub(super) links: &'a Links,
    /// The best of a candidate, given what is bought of those that it is linked with.
    known: BTreeMap<Given, (u32, f64)>,
    /// The best of each, if nothing else is bought.
    pub(super) alone: Vec<u32>,
    /// What is bought at the moment, and what it gains.
    pub(super) steps: Vec<u32>,
    pub(super) gain: i128,
    pub(super) curves: usize,
    pub(super) points: usize,
}

/// A candidate, and what is bought of those that it is linked with but that it does not exclude.
type Given = (usize, Vec<u32>);

impl<'a> Search<'a> {
    /// A search in a part of a waterfall, which is all that the candidates are linked with.
    pub(super) fn new(part: Part, candidates: &'a [Candidate], links: &'a Links, effort: Effort) -> Self {
        let Part { waterfall, rates } = part;
        let (steps, known) = (vec![0; candidates.len()], BTreeMap::new());
        Self {
            waterfall,
            rates,
            candidates,
            effort,
            links,
            known,
            alone: steps.clone(),
            steps,
            gain: 0,
            curves: 0,
            points: 0,
        }
    }

    /// Goes on from what another search found in other hours.
    pub(super) fn going_on(mut self, other: &Self) -> Self {
        self.start_from(&other.steps);
        Self { curves: other.curves, points: other.points, alone: other.alone.clone(), ..self }
    }

    /// Buys so much of a candidate instead of what is bought of it.
    pub(super) fn set(&mut self, at: usize, steps: u32) {
        if self.steps[at] != steps {
            let effect = self.waterfall.apply(&[self.instead(at, steps)]);
            self.bought(at, steps, &effect);
        }
    }

    /// The same, to be taken back as long as nothing else is bought.
    pub(super) fn set_for_now(&mut self, at: usize, steps: u32) -> Before {
        let before = self.waterfall.apply_for_now(&[self.instead(at, steps)]);
        self.bought(at, steps, &before.effect);
        before
    }

    /// Takes back what was bought of a candidate for now, of which there were so many steps before.
    pub(super) fn take_back(&mut self, at: usize, steps: u32, before: Before) {
        let hours = self.waterfall.demand().hours();
        let Candidate { grid, .. } = &self.candidates[at];
        self.gain += self.rates.change(&before.effect);
        self.gain -= grid.cost_of(steps, hours) - grid.cost_of(self.steps[at], hours);
        self.steps[at] = steps;
        self.waterfall.take_back(before);
    }

    /// So much of a candidate instead of what is bought of it.
    fn instead(&self, at: usize, steps: u32) -> Change {
        let more = i64::from(steps) - i64::from(self.steps[at]);
        self.candidates[at].buy(more, 0..self.waterfall.demand().hours())
    }

    /// Notes that so much of a candidate is bought.
    fn bought(&mut self, at: usize, steps: u32, effect: &Effect) {
        let (hours, Candidate { grid, .. }) = (self.waterfall.demand().hours(), &self.candidates[at]);
        let before = std::mem::replace(&mut self.steps[at], steps);
        self.gain -= self.rates.change(effect) + grid.cost_of(steps, hours) - grid.cost_of(before, hours);
    }

    /// What is bought instead of what is bought at the moment, and how much more that costs.
    fn exchanged(&self, steps: &[u32]) -> (Vec<Change>, i128) {
        let (hours, mut changes, mut cost) = (self.waterfall.demand().hours(), Vec::new(), 0);
        for ((candidate, steps), before) in self.candidates.iter().zip(steps).zip(&self.steps) {
            if steps != before {
                changes.push(candidate.buy(i64::from(*steps) - i64::from(*before), 0..hours));
                cost += candidate.grid.cost_of(*steps, hours) - candidate.grid.cost_of(*before, hours);
            }
        }
        (changes, cost)
    }

    /// Buys so much of each.
    pub(super) fn become_steps(&mut self, steps: &[u32]) {
        let (changes, cost) = self.exchanged(steps);
        self.gain -= self.rates.change(&self.waterfall.apply(&changes)) + cost;
        self.steps.copy_from_slice(steps);
    }

    /// The same where that is far from what is bought at the moment: all hours are priced from scratch.
    pub(super) fn start_from(&mut self, steps: &[u32]) {
        let (changes, cost) = self.exchanged(steps);
        if changes.is_empty() {
            return;
        }
        let before = self.rates.value(self.waterfall.totals());
        self.waterfall.apply_from_scratch(&changes);
        self.gain += before - self.rates.value(self.waterfall.totals()) - cost;
        self.steps.copy_from_slice(steps);
    }

    /// Buys so much of each if that is better.
    fn try_steps(&mut self, steps: &[u32]) -> bool {
        let (changes, cost) = self.exchanged(steps);
        let walked = self.waterfall.walked(Delta::of(&self.waterfall, &changes));
        let more = self.rates.change(&walked.effect) + cost;
        if more < 0 {
            self.gain -= more;
            self.steps.copy_from_slice(steps);
            self.waterfall.follow(walked);
        }
        more < 0
    }

    /// Buys the best that is found from several starts, of which the best goes on.
    pub(super) fn find(&mut self, alone: &[Alone]) {
        self.start(orders(alone, self.effort.starts), |search, order| while search.round(order, ROUGHLY) {});
        let all: Vec<usize> = (0..self.links.slots.len()).collect();
        while self.exchange() && self.round(&all, ENOUGH) {}
    }

    /// Buys what is found from a few starts, each of one round; what is near that is then looked at.
    pub(super) fn find_roughly(&mut self, alone: &[Alone]) {
        self.start(orders(alone, 0), |search, order| {
            search.round(order, ROUGHLY);
            search.refine(ROUGHLY, false);
        });
    }

    /// Buys the best of what is found from several starts.
    fn start(&mut self, orders: Vec<Vec<usize>>, find: impl Fn(&mut Self, &[usize])) {
        let nothing = self.steps.clone();
        let mut best = (self.gain, nothing.clone());
        for order in orders {
            self.start_from(&nothing);
            find(self, &order);
            if self.gain > best.0 {
                best = (self.gain, self.steps.clone());
            }
        }
        self.start_from(&best.1);
    }

    pub(super) fn is_spent(&self) -> bool {
        self.points >= self.effort.points
    }

    /// What the best of a candidate depends on.
    fn given(&self, slot: usize, at: usize) -> Given {
        let steps = |other: &usize| if self.links.slots[slot].contains(other) { 0 } else { self.steps[*other] };
        (at, self.links.linked[at].iter().map(steps).collect())
    }

    /// The best of one candidate of a slot, given the others, and what it gains.
    fn best_of_one(&mut self, slot: usize, at: usize) -> (u32, f64) {
        let given = self.given(slot, at);
        if let Some(known) = self.known.get(&given) {
            return *known;
        }
        for other in &self.links.slots[slot] {
            self.set(*other, 0);
        }
        let candidate = &self.candidates[at];
        let curve = Curve::new(&self.waterfall, candidate.capacity, &self.rates);
        self.curves += 1;
        self.points += curve.points();
        let best = curve.best(&candidate.grid);
        self.known.insert(given, best);
        best
    }

    /// The best that one slot can do, given the others: which candidate, how much, and what it gains.
    fn best_of(&mut self, slot: usize) -> (usize, u32, f64) {
        let mut best = (self.links.slots[slot][0], 0, 0.0);
        for at in &self.links.slots[slot] {
            let (steps, gain) = self.best_of_one(slot, *at);
            if gain > best.2 {
                best = (*at, steps, gain);
            }
        }
        best
    }

    /// Gives a slot its best, unless what it has is as good.
    fn improve(&mut self, slot: usize) {
        let (before, gain) = (self.steps.clone(), self.gain);
        let (best, steps, _) = self.best_of(slot);
        for at in &self.links.slots[slot] {
            self.set(*at, if *at == best { steps } else { 0 });
        }
        if self.gain <= gain {
            self.become_steps(&before);
        }
    }

    /// Improves each slot once, goes on in that direction, and tells whether that was enough of the whole for one more round.
    fn round(&mut self, order: &[usize], enough: i128) -> bool {
        let (before, gain) = (self.steps.clone(), self.gain);
        for slot in order {
            if !self.is_spent() {
                self.improve(*slot);
            }
        }
        if self.gain > gain {
            self.go_on(&before);
        }
        self.gain - gain > self.gain / enough && !self.is_spent()
    }

    /// Goes on in the direction of a round for as long as that is better, twice as far each time: where one instrument takes
    /// from another, rounds alone come closer only step by step (Hooke and Jeeves 1961, the pattern move).
    pub(super) fn go_on(&mut self, before: &[u32]) {
        let step = |(now, before): (&u32, &u32)| i64::from(*now) - i64::from(*before);
        let mut way: Vec<i64> = self.steps.iter().zip(before).map(step).collect();
        loop {
            let further = |(at, way): (usize, &i64)| {
                let most = i64::from(self.candidates[at].grid.most);
                u32::try_from((i64::from(self.steps[at]) + way).clamp(0, most)).unwrap_or(0)
            };
            let there: Vec<u32> = way.iter().enumerate().map(further).collect();
            if !self.try_steps(&there) {
                return;
            }
            way.iter_mut().for_each(|way| *way *= 2);
        }
    }

    /// What each slot gains if nothing else is bought.
    pub(super) fn alone(&mut self) -> Vec<Alone> {
        let (hours, slots) = (self.waterfall.demand().hours(), 0..self.links.slots.len());
        let alone = |slot| {
            let (at, steps, gain) = self.best_of(slot);
            self.alone[at] = steps;
            let cost = self.candidates[at].grid.cost_of(steps.max(1), hours) as f64;
            Alone { slot, gain, of_cost: gain / cost }
        };
        slots.map(alone).collect()
    }

    /// Lets slots and their rivals make room for each other, the slot with most rivals first. Tells whether something was better.
    fn exchange(&mut self) -> bool {
        let mut slots: Vec<usize> = (0..self.links.slots.len()).collect();
        slots.sort_by_key(|slot| Reverse(self.links.rivals[*slot].len()));
        let mut better = false;
        for slot in slots {
            let (own, rivals) = ([slot], self.links.rivals[slot].clone());
            for part in GIVEN_UP {
                while !self.is_spent() && (self.give_up(&own, part, &rivals) || self.give_up(&rivals, part, &own)) {
                    better = true;
                }
            }
        }
        better
    }

    /// Gives up a part of what is bought of some slots (at least one step), lets others improve and then themselves. Takes all
    /// back and says no unless that was better.
    fn give_up(&mut self, some: &[usize], part: f64, others: &[usize]) -> bool {
        let (before, gain) = (self.steps.clone(), self.gain);
        let members: Vec<usize> = some.iter().flat_map(|slot| self.links.slots[*slot].iter().copied()).collect();
        for at in members {
            let given = ((f64::from(before[at]) * part) as u32).max(1);
            self.set(at, before[at].saturating_sub(given));
        }
        if self.steps == before {
            return false;
        }
        for slot in others.iter().chain(some) {
            if self.is_spent() {
                break;
            }
            self.improve(*slot);
        }
        let better = self.gain - gain > gain / ENOUGH;
        if self.gain < gain {
            self.become_steps(&before);
        }
        better
    }
}
