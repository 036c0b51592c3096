//! Edits that are tried now and carried out later, unless what they looked at is changed in between.

use super::{
    Delta, NONE, PoolId, Units, Waterfall,
    delta::{Told, When},
    ids::Ids,
    spare::Ripples,
    trace::{Hours, StepHours, Trace},
    walk::Walk,
};

impl Waterfall {
    /// What an edit would leave uncovered; nothing is changed.
    #[must_use]
    pub fn tried(&self, delta: Delta) -> Tried {
        let delta = delta.told(self);
        let mut ripples = Ripples::of_all(self, &delta);
        let (mut walk, mut tails, mut by_hour) = (Walk::new(self), Ids::default(), ByHour::default());
        for when in delta.hours() {
            by_hour.try_hour(self, &delta, when, (&mut walk, &mut ripples, &mut tails));
        }
        let looked = std::mem::take(&mut walk.looked);
        Tried { left: walk.effect().left, by_hour: by_hour.kept(), looked: looked.of_edit(self, &delta), tails, delta }
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
    /// Room for what changes in an hour.
    room: Vec<(u32, Units)>,
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
        let Self { mut runs, mut left, .. } = self;
        runs.shrink_to_fit();
        left.shrink_to_fit();
        Self { runs, left, room: Vec::new() }
    }

    /// Tries an edit in one more hour.
    fn try_hour(
        &mut self,
        waterfall: &Waterfall,
        delta: &Told,
        when: When,
        (walk, ripples, tails): (&mut Walk, &mut Ripples, &mut Ids),
    ) {
        if let Some(left) = ripples.hour(waterfall, delta, when, tails) {
            left.iter().for_each(|(pool, more)| walk.left.add(*pool, (*more).into()));
            self.push(left);
        } else {
            walk.one(waterfall, delta, when, false);
            // Of usage in one hour, so it is no more than that.
            let units = |more: i128| Units::try_from(more).unwrap_or(Units::MAX);
            let mut room = std::mem::take(&mut self.room);
            room.clear();
            room.extend(walk.of_hour.iter().map(|(pool, more)| (*pool, units(*more))));
            self.push(&room);
            self.room = room;
        }
    }

    /// Adds an hour.
    fn push(&mut self, left: &[(u32, Units)]) {
        let start = self.runs.len().checked_sub(2).map_or(0, |before| self.runs[before].end as usize);
        match self.runs.last_mut() {
            Some(last) if self.left[start..] == *left => last.hours += 1,
            _ => {
                self.left.extend_from_slice(left);
                self.runs.push(Run { hours: 1, end: u32::try_from(self.left.len()).unwrap_or(NONE) });
            }
        }
    }

    /// What changes in each hour.
    fn iter(&self) -> impl Iterator<Item = &[(u32, Units)]> {
        let mut start = 0;
        self.runs.iter().flat_map(move |run| {
            let first = std::mem::replace(&mut start, run.end as usize);
            std::iter::repeat_n(&self.left[first..start], run.hours as usize)
        })
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

impl Tried {
    /// The same edit on the waterfall as it is now, if it may do something else in some hours only: the others are not tried again.
    #[must_use]
    pub fn again(self, waterfall: &Waterfall, stale: &Hours) -> Self {
        let Self { left, by_hour: before, delta, mut looked, mut tails } = self;
        if delta.hours().all(|when| stale.0.holds(when.hour)) {
            // Steps may have other numbers.
            (looked, tails) = (Looked::default(), Ids::default());
        }
        let (mut walk, mut ripples, mut by_hour) = (Walk::new(waterfall), Ripples::default(), ByHour::default());
        left.iter().for_each(|(pool, more)| walk.left.add(pool.0, *more));
        for (when, before) in delta.hours().zip(before.iter()) {
            if stale.0.holds(when.hour) {
                before.iter().for_each(|(pool, more)| walk.left.add(*pool, -i128::from(*more)));
                by_hour.try_hour(waterfall, &delta, when, (&mut walk, &mut ripples, &mut tails));
            } else {
                by_hour.push(before);
            }
        }
        looked.pools.unite(&walk.looked.pools);
        looked.steps.unite(&walk.looked.steps);
        Self {
            left: walk.effect().left,
            by_hour: by_hour.kept(),
            looked: looked.of_edit(waterfall, &delta),
            tails,
            delta,
        }
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
