//! Edits that are tried now and carried out later, unless what they looked at is changed in between.

use super::{
    Delta, NONE, PoolId, Units, Waterfall,
    delta::{Told, When},
    effect::Sums,
    ids::Ids,
    spare::Ripples,
    trace::{Hours, StepHours, Trace},
    walk::Walk,
};
use crate::parallel::{has_work_waiting, shared_out, threads};

impl Waterfall {
    /// What an edit would leave uncovered; nothing is changed.
    #[must_use]
    pub fn tried(&self, delta: Delta) -> Tried {
        let delta = delta.told(self);
        let reached = self.reached_by(&delta);
        let hours: Vec<When> = delta.hours().collect();
        let all = in_stretches(&hours, |some| {
            let mut trying = Trying::new(self, Ripples::of(&reached));
            some.iter().for_each(|when| trying.hour(&delta, *when));
            trying
        });
        Tried::of(self, delta, Sums::new(self.demand.pools()), all)
    }

    /// Carries out an edit that was tried on the waterfall as it is, or as it was before edits that it holds beside.
    pub fn carry_out(&mut self, tried: &Tried) -> Trace {
        // What is news to the tails is told to tries on other waterfalls too.
        self.tails();
        let Tried { delta, left, .. } = tried;
        let walked = self.walked_as_told(delta.clone());
        debug_assert_eq!(walked.effect.left, *left, "a try holds");
        let mut steps = StepHours::of(self);
        walked.moved.iter().for_each(|(hour, step, _)| steps.insert(*hour, *step));
        let Hours(hours) = Hours::of(delta.hours());
        let pools = delta.demand.iter().map(|row| (row.id, hours.clone())).collect();
        Trace { steps, pools, news: self.followed(walked), anything: !delta.amounts.is_empty() }
    }
}

/// An edit that was tried: what it would do, and all that it takes to carry it out.
#[derive(Debug, Clone)]
pub struct Tried {
    /// How what is left of pools changes over all hours, in 1e-9 units, ascending; what stays the same is not in it.
    pub left: Vec<(PoolId, i128)>,
    by_hour: ByHour,
    delta: Told,
    /// What the try was led by.
    looked: Looked,
    /// The steps of whose tails nothing was left.
    tails: Ids,
}

/// How what is left of pools changes in each hour in which an edit changes something: alike in many hours in a row, mostly.
#[derive(Debug, Clone, Default)]
struct ByHour {
    runs: Vec<Run>,
    left: Vec<(u32, Units)>,
}

/// Hours in a row in which the same is left.
#[derive(Debug, Clone)]
struct Run {
    hours: u32,
    /// Where it ends in the list of what is left.
    end: u32,
}

impl ByHour {
    /// The same without room for more: thousands of tries are kept.
    fn kept(self) -> Self {
        let Self { mut runs, mut left } = self;
        runs.shrink_to_fit();
        left.shrink_to_fit();
        Self { runs, left }
    }

    /// Adds an hour.
    fn push(&mut self, left: &[(u32, Units)]) {
        self.push_run(1, left);
    }

    /// Adds hours behind those that are known.
    fn append(&mut self, more: &Self) {
        more.runs().for_each(|(hours, left)| self.push_run(hours, left));
    }

    fn push_run(&mut self, hours: u32, left: &[(u32, Units)]) {
        let start = self.runs.len().checked_sub(2).map_or(0, |before| self.runs[before].end as usize);
        match self.runs.last_mut() {
            Some(last) if self.left[start..] == *left => last.hours += hours,
            _ => {
                self.left.extend_from_slice(left);
                self.runs.push(Run { hours, end: u32::try_from(self.left.len()).unwrap_or(NONE) });
            }
        }
    }

    /// Hours in a row, and what changes in each of them.
    fn runs(&self) -> impl Iterator<Item = (u32, &[(u32, Units)])> {
        let mut start = 0;
        self.runs.iter().map(move |run| {
            let first = std::mem::replace(&mut start, run.end as usize);
            (run.hours, &self.left[first..start])
        })
    }

    /// The hours of an edit that was tried, each with what changes in it.
    fn told<'s>(&'s self, delta: &Told) -> Vec<(When, &'s [(u32, Units)])> {
        let mut all = Vec::with_capacity(delta.count());
        let (mut runs, mut run): (_, (u32, &[_])) = (self.runs(), (0, &[]));
        delta.hours().for_each(|when| {
            if run.0 == 0 {
                run = runs.next().unwrap_or_default();
            }
            run.0 = run.0.saturating_sub(1);
            all.push((when, run.1));
        });
        all
    }
}

/// Pools and steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Looked {
    pub(super) pools: Ids,
    pub(super) steps: Ids,
}

impl Looked {
    /// With the pools of an edit, and all steps that the pools stand in.
    fn of_edit(mut self, waterfall: &Waterfall, delta: &Told) -> Self {
        delta.demand.iter().for_each(|row| self.pools.insert(row.id));
        for pool in self.pools.iter() {
            waterfall.layout.places_of(pool).iter().for_each(|place| self.steps.insert(place.step));
        }
        self
    }
}

/// Tries an edit in one hour after another.
struct Trying<'a> {
    waterfall: &'a Waterfall,
    walk: Walk,
    ripples: Ripples<'a>,
    tails: Ids,
    by_hour: ByHour,
    /// Room for what changes in an hour.
    room: Vec<(u32, Units)>,
}

impl<'a> Trying<'a> {
    fn new(waterfall: &'a Waterfall, ripples: Ripples<'a>) -> Self {
        let (walk, tails, by_hour) = (Walk::of_left(waterfall), Ids::default(), ByHour::default());
        Self { waterfall, walk, ripples, tails, by_hour, room: Vec::new() }
    }

    /// One more hour.
    fn hour(&mut self, delta: &Told, when: When) {
        let Self { waterfall, walk, ripples, tails, by_hour, room } = self;
        if let Some(left) = ripples.hour(waterfall, delta, when, tails) {
            left.iter().for_each(|(pool, more)| walk.left.add(*pool, (*more).into()));
            return by_hour.push(left);
        }
        walk.one(waterfall, delta, when, false);
        // Of usage in one hour, so it is no more than that.
        let units = |more: i128| Units::try_from(more).unwrap_or(Units::MAX);
        room.clear();
        room.extend(walk.of_hour.iter().map(|(pool, more)| (*pool, units(*more))));
        by_hour.push(room);
    }

    /// One more hour, of which it is known what was left before: that is tried again, or taken to be as it was.
    fn again(&mut self, delta: &Told, when: When, before: &[(u32, Units)], stale: bool) {
        if stale {
            before.iter().for_each(|(pool, more)| self.walk.left.add(*pool, -i128::from(*more)));
            self.hour(delta, when);
        } else {
            self.by_hour.push(before);
        }
    }
}

/// Where more than one of so many hours is tried, what rows reach is looked up for all of them at once.
const FEW: usize = 4;

/// Tries hours, of many of them some by each thread, if none has other work.
fn in_stretches<'a, T: Sync>(hours: &[T], work: impl Fn(&[T]) -> Trying<'a> + Sync + Send) -> Vec<Trying<'a>> {
    /// Fewer are sooner tried than shared out.
    const MANY: usize = 96;
    let parts = if hours.len() < MANY || has_work_waiting() { 1 } else { threads() };
    shared_out(hours.chunks(hours.len().div_ceil(parts).max(1)), work)
}

impl Tried {
    /// What comes of stretches of hours that follow each other, on top of what was left.
    fn of(waterfall: &Waterfall, delta: Told, mut left: Sums, all: Vec<Trying<'_>>) -> Self {
        let (mut by_hour, mut looked, mut tails) = (ByHour::default(), Looked::default(), Ids::default());
        for Trying { walk, tails: told, by_hour: hours, .. } in all {
            left.unite(&walk.left);
            looked.pools.unite(&walk.looked.pools);
            looked.steps.unite(&walk.looked.steps);
            tails.unite(&told);
            if by_hour.runs.is_empty() {
                by_hour = hours;
            } else {
                by_hour.append(&hours);
            }
        }
        let looked = looked.of_edit(waterfall, &delta);
        Self { left: left.sorted(PoolId), by_hour: by_hour.kept(), looked, tails, delta }
    }

    /// The same edit on the waterfall as it is now, if it may do something else in some hours only: the others are not tried again.
    #[must_use]
    pub fn again(self, waterfall: &Waterfall, stale: &Hours) -> Self {
        let Self { left: known, by_hour, delta, looked, tails } = self;
        let mut left = Sums::new(waterfall.demand.pools());
        known.iter().for_each(|(pool, more)| left.add(pool.0, *more));
        let hours = by_hour.told(&delta);
        let due = hours.iter().filter(|(when, _)| stale.0.holds(when.hour)).count();
        let reached = if due > hours.len() / FEW { waterfall.reached_by(&delta) } else { Vec::new() };
        let all = in_stretches(&hours, |some| {
            let mut trying = Trying::new(waterfall, Ripples::of(&reached));
            for (when, before) in some {
                trying.again(&delta, *when, before, stale.0.holds(when.hour));
            }
            trying
        });
        // Where all hours are tried again, steps may have other numbers.
        let of_some = due < hours.len();
        let mut tried = Self::of(waterfall, delta, left, all);
        if of_some {
            tried.looked.pools.unite(&looked.pools);
            tried.looked.steps.unite(&looked.steps);
            tried.tails.unite(&tails);
        }
        tried
    }

    /// The hours in which it may do something else after an edit that leaves such a trace.
    ///
    /// A try looks at nothing but the demand of pools that change or stand at a margin that moves, at the margins of steps that these
    /// pools stand in or that are offered more or less, and at whether anything is left in tails. An hour in which none of that was touched
    /// goes the same way.
    #[must_use]
    pub fn stale(&self, trace: &Trace) -> Hours {
        if trace.anything {
            return Hours::of(self.delta.hours());
        }
        let mut hours = Ids::default();
        if trace.steps.meet_some(&self.looked.steps) {
            hours = Hours::of(self.delta.hours().filter(|when| trace.steps.meet(when.hour, &self.looked.steps))).0;
        }
        for (_, touched) in trace.pools.iter().filter(|(pool, _)| self.looked.pools.holds(**pool as usize)) {
            hours.unite(touched);
        }
        if !trace.news.steps.is_disjoint(&self.tails) {
            hours.unite(&trace.news.hours);
        }
        Hours::of(self.delta.hours().filter(|when| hours.holds(when.hour)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        parallel::with_threads,
        waterfall::{Capacity, CapacityId, Demand, Step},
    };

    const HOURS: usize = 400;

    /// Two plans, the second of which takes what the first leaves, over usage that changes from hour to hour.
    fn waterfall() -> Waterfall {
        let mut demand = Demand::new(4, HOURS);
        for (pool, period) in [(0, 7), (1, 11), (2, 13), (3, 5)] {
            demand.add_each(PoolId(pool), (0..HOURS).map(|hour| (hour, 20 + (hour as i64 * 3) % period)));
        }
        let capacities =
            [Capacity::Constant(60), Capacity::Hourly((0..HOURS as i128).map(|hour| 30 + hour % 17).collect())];
        let step = |capacity, fills: &[(u32, i64)]| Step {
            capacity: CapacityId(capacity),
            fills: fills.iter().map(|(pool, weight)| (PoolId(*pool), *weight)).collect(),
        };
        Waterfall::new(demand, &capacities, &[step(0, &[(0, 2), (1, 1)]), step(1, &[(1, 1), (2, 1), (3, 2)])])
    }

    fn moved(from: u32, to: u32, hours: std::ops::Range<usize>) -> Delta {
        let mut delta = Delta::new(HOURS);
        let each = |sign: i64| move |hour: usize| if hours.contains(&hour) { sign * (3 + hour as i64 % 2) } else { 0 };
        delta.add(PoolId(from), (0..HOURS).map(each.clone()(-1)));
        delta.add(PoolId(to), (0..HOURS).map(each(1)));
        delta
    }

    #[test]
    fn tries_by_several_threads_are_those_of_one() {
        let tries = |threads| {
            with_threads(threads, || {
                let mut waterfall = waterfall();
                let first = waterfall.tried(moved(0, 3, 0..HOURS));
                let other = waterfall.tried(moved(1, 2, 50..350));
                let trace = waterfall.carry_out(&first);
                let stale = other.stale(&trace);
                let again = other.clone().again(&waterfall, &stale);
                let left = waterfall.tried(moved(1, 2, 50..350)).left;
                (
                    first.left,
                    other.left,
                    again.left == left,
                    again.left,
                    again.by_hour.runs().map(|(hours, left)| (hours, left.to_vec())).collect::<Vec<_>>(),
                )
            })
        };
        let of_one = tries(1).unwrap();
        assert!(of_one.2 && !of_one.0.is_empty() && of_one.1 != of_one.3);
        assert_eq!(tries(3).unwrap(), of_one);
    }
}
