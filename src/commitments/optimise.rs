//! Several instruments together: rounds over each until nothing improves, from several starts.
//!
//! One instrument, given the others, is exact ([`Curve::best`]). All of them together are not concave, and where one takes from
//! another a round alone comes closer only step by step. So rounds start from nothing in several orders; they go on in the
//! direction in which they went; and what is bought of one instrument is given up, whole or in part, for those that could
//! cover the same usage to take its place.

use super::{Candidate, stacked};
use crate::waterfall::{CapacityId, Curve, PoolId, Rates, Waterfall};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// How hard to look. Counted, not timed: the answer is the same on any machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How many instruments get a start of their own, in which they go first: those that gain most alone.
    pub starts: usize,
    /// After how many points of curves nothing new is begun: a point takes about a microsecond. What would need more is
    /// searched for in a part of the hours first.
    pub points: usize,
    /// Workers for each curve; they do not change the answer.
    pub threads: usize,
}

/// What to buy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Steps of each candidate's grid.
    pub steps: Vec<u32>,
    /// What each gains on top of those before it, after its own cost, in 1e-21 USD over all hours.
    pub gains: Vec<i128>,
    /// How many curves were followed.
    pub curves: usize,
    /// The points of all curves.
    pub points: usize,
}

impl Advice {
    /// What all gain together.
    #[must_use]
    pub fn gain(&self) -> i128 {
        self.gains.iter().sum()
    }
}

/// How much of each candidate is best, on top of what the waterfall has.
#[must_use]
pub fn optimise(waterfall: &Waterfall, rates: &Rates, candidates: &[Candidate], effort: &Effort) -> Advice {
    let mut search = Search::new(waterfall.clone(), rates, candidates, effort);
    let alone = search.alone();
    let stride = stride(search.points, effort.points);
    if stride == 1 {
        search.find(&alone);
    } else {
        let hours = 0..waterfall.demand().hours();
        let spans: Vec<_> = hours.step_by(stride).map(|hour| hour..hour + 1).collect();
        let half = Effort { points: effort.points / 2, ..*effort };
        let mut sample = Search::new(waterfall.of_hours(&spans), rates, candidates, &half);
        sample.find(&alone);
        (search.points, search.curves) = (search.points + sample.points, search.curves + sample.curves);
        search.become_steps(&sample.steps);
        let all: Vec<usize> = (0..search.slots.len()).collect();
        while search.round(&all, ENOUGH) {}
    }
    let gains = stacked(waterfall, rates, candidates, &search.steps);
    Advice { steps: search.steps, gains, curves: search.curves, points: search.points }
}

/// Every how manieth hour to search, if a round over all hours has so many points: 1 is all of them. Else a stride that meets every
/// hour of the week in turn.
fn stride(points: usize, most: usize) -> usize {
    let stride = (points * ROUNDS).div_ceil(most.max(1)).clamp(1, 168);
    (stride..).find(|stride| stride % 2 != 0 && stride % 3 != 0 && stride % 7 != 0).unwrap_or(1)
}

/// Candidates that exclude each other, together; each other one alone.
fn slots(candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let mut slots: Vec<(Option<u32>, Vec<usize>)> = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        match slots.iter_mut().find(|(group, _)| group.is_some() && *group == candidate.group) {
            Some((_, slot)) => slot.push(at),
            None => slots.push((candidate.group, vec![at])),
        }
    }
    slots.into_iter().map(|(_, slot)| slot).collect()
}

/// The pools that each candidate could cover.
#[must_use]
pub fn covers(waterfall: &Waterfall, candidates: &[Candidate]) -> Vec<BTreeSet<PoolId>> {
    let places: BTreeMap<CapacityId, usize> =
        candidates.iter().enumerate().map(|(at, candidate)| (candidate.capacity, at)).collect();
    let mut all = vec![BTreeSet::new(); candidates.len()];
    for step in waterfall.steps() {
        if let Some(pools) = places.get(&step.capacity).and_then(|at| all.get_mut(*at)) {
            pools.extend(step.fills.iter().map(|(pool, _)| *pool));
        }
    }
    all
}

/// For each slot the others that could cover some of the same usage.
fn rivals(waterfall: &Waterfall, candidates: &[Candidate], slots: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let covers = covers(waterfall, candidates);
    let of_slot = |slot: &Vec<usize>| slot.iter().flat_map(|at| &covers[*at]).copied().collect();
    let pools: Vec<BTreeSet<PoolId>> = slots.iter().map(of_slot).collect();
    let rivals = |slot: usize| {
        let other = |other: &usize| *other != slot && !pools[*other].is_disjoint(&pools[slot]);
        (0..slots.len()).filter(other).collect()
    };
    (0..slots.len()).map(rivals).collect()
}

/// A round that gains less than this part of the whole is the last: of a start, of all.
const ROUGHLY: i128 = 500;
const ENOUGH: i128 = 100_000;

/// How many rounds over all hours there must be points for, or only a part of the hours is searched.
const ROUNDS: usize = 40;

/// Which parts of what is bought of an instrument are given up for others: all, some, a single step.
const GIVEN_UP: [f64; 6] = [1.0, 0.5, 0.25, 0.1, 0.03, 0.0];

/// What a slot gains alone, and of its cost.
#[derive(Clone, Copy)]
struct Alone {
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

struct Search<'a> {
    /// With what is bought at the moment.
    waterfall: Waterfall,
    rates: &'a Rates,
    candidates: &'a [Candidate],
    effort: &'a Effort,
    slots: Vec<Vec<usize>>,
    rivals: Vec<Vec<usize>>,
    /// What is bought at the moment, and what it gains.
    steps: Vec<u32>,
    gain: i128,
    curves: usize,
    points: usize,
}

impl<'a> Search<'a> {
    fn new(waterfall: Waterfall, rates: &'a Rates, candidates: &'a [Candidate], effort: &'a Effort) -> Self {
        let slots = slots(candidates);
        let rivals = rivals(&waterfall, candidates, &slots);
        let steps = vec![0; candidates.len()];
        Self { waterfall, rates, candidates, effort, slots, rivals, steps, gain: 0, curves: 0, points: 0 }
    }

    /// Buys so much of a candidate instead of what is bought of it.
    fn set(&mut self, at: usize, steps: u32) {
        let candidate = &self.candidates[at];
        let before = std::mem::replace(&mut self.steps[at], steps);
        if before != steps {
            let hours = self.waterfall.demand().hours();
            let effect = self.waterfall.apply(&[candidate.buy(i64::from(steps) - i64::from(before), 0..hours)]);
            self.gain -= self.rates.change(&effect);
            self.gain -= candidate.grid.cost_of(steps, hours) - candidate.grid.cost_of(before, hours);
        }
    }

    fn become_steps(&mut self, steps: &[u32]) {
        for (at, steps) in steps.iter().enumerate() {
            self.set(at, *steps);
        }
    }

    /// Buys the best that is found from several starts, of which the best goes on.
    fn find(&mut self, alone: &[Alone]) {
        let nothing = self.steps.clone();
        let mut best = (self.gain, nothing.clone());
        for order in orders(alone, self.effort.starts) {
            self.become_steps(&nothing);
            while self.round(&order, ROUGHLY) {}
            if self.gain > best.0 {
                best = (self.gain, self.steps.clone());
            }
        }
        self.become_steps(&best.1);
        let all: Vec<usize> = (0..self.slots.len()).collect();
        while self.exchange() && self.round(&all, ENOUGH) {}
    }

    fn is_spent(&self) -> bool {
        self.points >= self.effort.points
    }

    /// The best that one slot can do, given the others: which candidate, how much, and what it gains.
    fn best_of(&mut self, slot: usize) -> (usize, u32, f64) {
        let mut best = (self.slots[slot][0], 0, 0.0);
        for at in self.slots[slot].clone() {
            let candidate = &self.candidates[at];
            let curve = Curve::new(&self.waterfall, candidate.capacity, self.rates, self.effort.threads);
            self.curves += 1;
            self.points += curve.points();
            let (steps, gain) = curve.best(&candidate.grid);
            if gain > best.2 {
                best = (at, steps, gain);
            }
        }
        best
    }

    /// Gives a slot its best, unless what it has is as good.
    fn improve(&mut self, slot: usize) {
        let (before, gain) = (self.steps.clone(), self.gain);
        for at in self.slots[slot].clone() {
            self.set(at, 0);
        }
        let (at, steps, _) = self.best_of(slot);
        self.set(at, steps);
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
    fn go_on(&mut self, before: &[u32]) {
        let step = |(now, before): (&u32, &u32)| i64::from(*now) - i64::from(*before);
        let mut way: Vec<i64> = self.steps.iter().zip(before).map(step).collect();
        loop {
            let (here, gain) = (self.steps.clone(), self.gain);
            let further = |(at, way): (usize, &i64)| {
                let most = i64::from(self.candidates[at].grid.most);
                u32::try_from((i64::from(here[at]) + way).clamp(0, most)).unwrap_or(0)
            };
            let there: Vec<u32> = way.iter().enumerate().map(further).collect();
            self.become_steps(&there);
            if self.gain <= gain {
                self.become_steps(&here);
                return;
            }
            way.iter_mut().for_each(|way| *way *= 2);
        }
    }

    /// What each slot gains if nothing else is bought.
    fn alone(&mut self) -> Vec<Alone> {
        let (hours, slots) = (self.waterfall.demand().hours(), 0..self.slots.len());
        let alone = |slot| {
            let (at, steps, gain) = self.best_of(slot);
            let cost = self.candidates[at].grid.cost_of(steps.max(1), hours) as f64;
            Alone { slot, gain, of_cost: gain / cost }
        };
        slots.map(alone).collect()
    }

    /// Lets slots and their rivals make room for each other, the slot with most rivals first. Tells whether something was better.
    fn exchange(&mut self) -> bool {
        let mut slots: Vec<usize> = (0..self.slots.len()).collect();
        slots.sort_by_key(|slot| Reverse(self.rivals[*slot].len()));
        let mut better = false;
        for slot in slots {
            let (own, rivals) = ([slot], self.rivals[slot].clone());
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
        let members: Vec<usize> = some.iter().flat_map(|slot| self.slots[*slot].iter().copied()).collect();
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
