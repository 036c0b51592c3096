//! Several instruments together: passes over each until nothing improves, from several starts.
//!
//! One instrument, given the others, is exact ([`Curve::best`]). All of them together are not concave, so passes end where
//! no single instrument can do better alone. Which end they come to depends on which instrument goes first; so they start from
//! nothing in several orders, and from the best end each instrument is given up, whole and in part, for others to take its place.

use super::{Candidate, stacked};
use crate::waterfall::{Curve, Rates, Waterfall};

/// How hard to look. Counted, not timed: the answer is the same on any machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How many instruments get a start of their own, in which they go first: those that gain most alone.
    pub starts: usize,
    /// After how many curves no further pass begins.
    pub curves: usize,
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
    let mut search = Search {
        waterfall: waterfall.clone(),
        rates,
        candidates,
        effort,
        slots: slots(candidates),
        steps: vec![0; candidates.len()],
        gain: 0,
        curves: 0,
    };
    let mut best = (0, search.steps.clone());
    for order in search.orders() {
        search.become_steps(&vec![0; candidates.len()]);
        search.pass(&order);
        search.keep(&mut best);
    }
    search.give_up_each(&mut best);
    let gains = stacked(waterfall, rates, candidates, &best.1);
    Advice { steps: best.1, gains, curves: search.curves }
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

/// Which parts of what is bought of an instrument are given up for others: all, some, a single step.
const GIVEN_UP: [f64; 4] = [1.0, 0.5, 0.25, 0.0];

struct Search<'a> {
    /// With what is bought at the moment.
    waterfall: Waterfall,
    rates: &'a Rates,
    candidates: &'a [Candidate],
    effort: &'a Effort,
    slots: Vec<Vec<usize>>,
    /// What is bought at the moment, and what it gains.
    steps: Vec<u32>,
    gain: i128,
    curves: usize,
}

impl Search<'_> {
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

    fn keep(&self, best: &mut (i128, Vec<u32>)) -> bool {
        let better = self.gain > best.0;
        if better {
            *best = (self.gain, self.steps.clone());
        }
        better
    }

    /// The best that one slot can do, given the others: which candidate, how much, and what it gains.
    fn best_of(&mut self, slot: usize) -> (usize, u32, f64) {
        let mut best = (self.slots[slot][0], 0, 0.0);
        for at in self.slots[slot].clone() {
            let candidate = &self.candidates[at];
            let curve = Curve::new(&self.waterfall, candidate.capacity, self.rates, self.effort.threads);
            self.curves += 1;
            let (steps, gain) = curve.best(&candidate.grid);
            if gain > best.2 {
                best = (at, steps, gain);
            }
        }
        best
    }

    /// Gives a slot its best, and tells whether that is better than what it had.
    fn improve(&mut self, slot: usize) -> bool {
        let (before, gain) = (self.steps.clone(), self.gain);
        for at in self.slots[slot].clone() {
            self.set(at, 0);
        }
        let (at, steps, _) = self.best_of(slot);
        self.set(at, steps);
        let better = self.gain > gain;
        if !better {
            self.become_steps(&before);
        }
        better
    }

    /// Improves slot after slot until none can be.
    fn pass(&mut self, order: &[usize]) {
        let mut better = true;
        while better && self.curves < self.effort.curves {
            let before = self.steps.clone();
            better = false;
            for slot in order {
                better |= self.improve(*slot);
            }
            if better {
                self.go_on(&before);
            }
        }
    }

    /// Goes on in the direction of a pass for as long as that is better, twice as far each time: where one instrument takes
    /// from another, passes alone come closer only step by step (Hooke and Jeeves 1961, the pattern move).
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

    /// In which orders to start: as given; by what each gains alone; by what it gains of its cost; and each of the first ahead of all.
    fn orders(&mut self) -> Vec<Vec<usize>> {
        let hours = self.waterfall.demand().hours();
        let mut alone = Vec::new();
        for slot in 0..self.slots.len() {
            let (at, steps, gain) = self.best_of(slot);
            let cost = self.candidates[at].grid.cost_of(steps.max(1), hours) as f64;
            alone.push((gain, gain / cost, slot));
        }
        let sorted = |by: fn(&(f64, f64, usize)) -> f64| {
            let mut order = alone.clone();
            order.sort_by(|a, b| by(b).total_cmp(&by(a)));
            order.into_iter().map(|(.., slot)| slot).collect::<Vec<_>>()
        };
        let by_gain = sorted(|alone| alone.0);
        let mut orders = vec![(0..self.slots.len()).collect(), by_gain.clone(), sorted(|alone| alone.1)];
        for first in by_gain.iter().take(self.effort.starts) {
            let others = by_gain.iter().filter(|slot| *slot != first);
            orders.push(std::iter::once(first).chain(others).copied().collect());
        }
        let mut seen: Vec<Vec<usize>> = Vec::new();
        orders.retain(|order| {
            let new = !seen.contains(order);
            seen.push(order.clone());
            new
        });
        orders
    }

    /// Gives up what is bought of one slot after the other, or a part of it, lets the others improve first, and keeps what is better.
    fn give_up_each(&mut self, best: &mut (i128, Vec<u32>)) {
        let mut better = true;
        while better {
            better = false;
            for slot in 0..self.slots.len() {
                for part in GIVEN_UP {
                    if self.curves >= self.effort.curves {
                        return;
                    }
                    better |= self.give_up(slot, part, best);
                }
            }
        }
    }

    /// Gives up a part of what is bought of a slot (at least one step), and tells whether that led to something better.
    fn give_up(&mut self, slot: usize, part: f64, best: &mut (i128, Vec<u32>)) -> bool {
        self.become_steps(&best.1);
        let Some(at) = self.slots[slot].iter().copied().find(|at| self.steps[*at] > 0) else { return false };
        let bought = self.steps[at];
        self.set(at, bought - ((f64::from(bought) * part) as u32).max(1));
        let others = (0..self.slots.len()).filter(|other| *other != slot);
        self.pass(&others.chain([slot]).collect::<Vec<_>>());
        self.keep(best)
    }
}
