//! Several instruments together: how much of each is best.
//!
//! One instrument, given the others, is exact ([`Curve::best`]). All of them together are not concave, so there are several starts and
//! exchanges ([`Search::find`]). Where that is too much work for all hours, it is done roughly on a few of them that meet every hour of the
//! week in turn; on more and more hours, at last on all, only the neighbourhood of what was found is searched.

use super::{Candidate, alone, each_alone, links::Links, search::Search, stacked};
use crate::{
    parallel::shared_out,
    waterfall::{CapacityId, Curve, PoolId, Rates, Setting, Step, Waterfall, Weight},
};
use std::collections::BTreeMap;

/// How hard to look. Counted, not timed: the answer is the same on any machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How many instruments get a start of their own, in which they go first: those that gain most alone.
    pub starts: usize,
    /// After how many points of curves nothing new is begun: a point takes about a microsecond. What would need more is
    /// searched for in a part of the hours first.
    pub points: usize,
    /// At one hour in how many the last look is: at all for what is bought, at fewer where it is enough to know about how much would be.
    /// What is little work is done in all hours.
    pub closest: usize,
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

/// How many rounds over all hours there must be points for, or only a part of the hours is searched.
const ROUNDS: usize = 40;

/// A curve is taken to have a point for so many places of its capacity in all hours: with few it is followed in all hours at once.
const MANY: usize = 10;

/// One hour in so many is searched first.
const FIRST: usize = 37;

/// In one hour of so many the neighbourhood of what was found is searched then, and after that at the last look.
const FINER: usize = 11;

/// A round of these that gains less than this part of the whole is the last.
const ENOUGH: i128 = 1_000;

/// How much of each candidate is best, on top of what is there.
#[must_use]
pub fn optimise(setting: &Setting, rates: &Rates, candidates: &[Candidate], effort: &Effort) -> Advice {
    let links = Links::of(setting, candidates);
    let search = Hours { setting, rates, candidates, links: &links, effort }.searched(None);
    let gains = stacked(setting, rates, candidates, &search.steps);
    Advice { steps: search.steps, gains, curves: search.curves, points: search.points }
}

/// The same without what each gains; where all hours are too much work, near what is best of a demand that is much alike.
#[must_use]
pub fn best(
    setting: &Setting,
    rates: &Rates,
    candidates: &[Candidate],
    effort: &Effort,
    alike: Option<&[u32]>,
) -> Vec<u32> {
    let links = Links::of(setting, candidates);
    Hours { setting, rates, candidates, links: &links, effort }.searched(alike).steps
}

/// How much of each candidate is best if nothing else is bought, and what that gains after its own cost; in 1e-21 USD over all hours.
#[must_use]
pub fn best_of_each(
    waterfall: &Waterfall,
    rates: &Rates,
    candidates: &[Candidate],
    effort: &Effort,
) -> Vec<(u32, i128)> {
    let mut alike: BTreeMap<Shape, Vec<usize>> = BTreeMap::new();
    for (at, shape) in shapes(waterfall, candidates).into_iter().enumerate() {
        alike.entry(shape).or_default().push(at);
    }
    let of_alike = |members: &Vec<usize>| -> Vec<(usize, (u32, i128))> {
        let Some(first) = members.first().map(|at| &candidates[*at]) else { return Vec::new() };
        let places = waterfall.places_of(first.capacity) * waterfall.demand().hours();
        let bests: Vec<(u32, i128)> = if places * ROUNDS > effort.points * MANY {
            members.iter().map(|at| best_roughly(waterfall, rates, &candidates[*at], effort)).collect()
        } else {
            let curve = Curve::new(waterfall, first.capacity, rates);
            let sized = |at: &usize| (&candidates[*at], curve.best(&candidates[*at].grid).0);
            let sized: Vec<(&Candidate, u32)> = members.iter().map(sized).collect();
            let gains = each_alone(waterfall, rates, &sized);
            sized.iter().zip(gains).map(|((_, steps), gain)| (*steps, gain)).collect()
        };
        members.iter().copied().zip(bests).collect()
    };
    let mut all: Vec<(usize, (u32, i128))> = shared_out(alike.values(), of_alike).into_iter().flatten().collect();
    all.sort_unstable();
    all.into_iter().map(|(_, best)| best).collect()
}

/// Where a capacity stands: behind how many steps that have something, with which fills. Of one shape a curve is the same.
type Shape = Vec<(usize, Vec<(PoolId, Weight)>)>;

fn shapes(waterfall: &Waterfall, candidates: &[Candidate]) -> Vec<Shape> {
    let mut shapes: BTreeMap<CapacityId, Shape> = BTreeMap::new();
    let mut before = 0;
    for Step { capacity, fills } in waterfall.steps() {
        before += usize::from(!waterfall.idle()[capacity.0 as usize]);
        shapes.entry(capacity).or_default().push((before, fills));
    }
    candidates.iter().map(|candidate| shapes.get(&candidate.capacity).cloned().unwrap_or_default()).collect()
}

/// The best of one candidate that is too much work for a curve over all hours.
fn best_roughly(waterfall: &Waterfall, rates: &Rates, candidate: &Candidate, effort: &Effort) -> (u32, i128) {
    let candidates = std::slice::from_ref(candidate);
    let links = Links::of(waterfall, candidates);
    let search = Hours { setting: waterfall, rates, candidates, links: &links, effort }.searched(None);
    let steps = search.steps.first().copied().unwrap_or(0);
    let gain = if effort.closest > 1 { alone(waterfall, rates, candidate, steps) } else { search.gain };
    (steps, gain)
}

/// What is searched, in all hours.
struct Hours<'a> {
    setting: &'a Setting,
    rates: &'a Rates,
    candidates: &'a [Candidate],
    links: &'a Links,
    effort: &'a Effort,
}

impl<'a> Hours<'a> {
    fn every(&self, stride: usize, effort: Effort) -> Search<'a> {
        let all = 0..self.setting.demand().hours();
        let part = self.setting.part(&all, stride, &self.links.matters, self.rates);
        Search::new(part, self.candidates, self.links, effort)
    }

    fn searched(&self, alike: Option<&[u32]>) -> Search<'a> {
        let mut search = self.every(FIRST, Effort { points: self.effort.points / 2, ..*self.effort });
        let alone = search.alone();
        let hours = self.setting.demand().hours();
        let points = search.points * hours / hours.div_ceil(FIRST).max(1);
        if points * ROUNDS <= self.effort.points {
            let mut search = self.every(1, *self.effort);
            let alone = search.alone();
            search.find(&alone);
            return search;
        }
        match alike {
            Some(steps) => search.start_from(steps),
            None => search.find_roughly(&alone),
        }
        let finer = (self.effort.closest < FINER).then_some(FINER);
        for stride in finer.into_iter().chain([self.effort.closest]) {
            search = self.every(stride, *self.effort).going_on(&search);
            search.refine(ENOUGH, stride == self.effort.closest);
        }
        search
    }
}
