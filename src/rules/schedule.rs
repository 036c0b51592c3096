//! A plan of the week that people can operate: few changes a week, each a cron expression in a time zone.

mod calls;

pub(super) use calls::{Calls, Sizes};

use crate::{
    money::Quantity,
    time::{Hour, Span, WEEK_HOURS, Zone},
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// How far a week is simplified.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// So many changes a week that differ in more than the day.
    pub(super) most_actions: usize,
    /// So many stretches of one level a day.
    pub(super) most_levels: usize,
    /// A change must spare at least this share of a week's hours at full size.
    pub(super) least_gain: f64,
    /// Minutes before the hour at which more is started, so that it is there in time.
    pub(super) lead_minutes: i32,
}

/// How many run in each hour of the local week, from Monday, 00:00.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Week {
    levels: Vec<u32>,
    lead_minutes: i32,
}

/// A change at one hour of some days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Action {
    /// Hour of the day.
    pub(super) hour: i32,
    /// Minute of the hour.
    pub(super) minute: i32,
    /// How many run from then on.
    pub(super) level: u32,
    /// Days, Monday is 0.
    pub(super) days: Vec<usize>,
}

/// Ways to tell days apart, the simplest first: days of one letter are alike. One day may have a job of its own, beside a weekend or not.
const GROUPINGS: [[usize; 7]; 16] = [
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 1, 1],
    [1, 0, 0, 0, 0, 0, 0],
    [0, 1, 0, 0, 0, 0, 0],
    [0, 0, 1, 0, 0, 0, 0],
    [0, 0, 0, 1, 0, 0, 0],
    [0, 0, 0, 0, 1, 0, 0],
    [0, 0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 1, 2],
    [2, 0, 0, 0, 0, 1, 1],
    [0, 2, 0, 0, 0, 1, 1],
    [0, 0, 2, 0, 0, 1, 1],
    [0, 0, 0, 2, 0, 1, 1],
    [0, 0, 0, 0, 2, 1, 1],
    [0, 1, 2, 3, 4, 5, 6],
];

/// Hours at which days may be told apart.
const FIRST_HOURS: [usize; 4] = [0, 2, 4, 6];

impl Week {
    /// The cheapest week of few changes in which every hour has what it needs; `full` is what runs at most.
    pub(super) fn simplest(need: &[u32], full: u32, limits: &Limits) -> Self {
        let constant = need.iter().copied().max().unwrap_or(0);
        let each = limits.least_gain * f64::from(full) * WEEK_HOURS as f64;
        let mut best = Self { levels: vec![constant; WEEK_HOURS], lead_minutes: limits.lead_minutes };
        let mut least = best.sum();
        let most = limits.most_levels.clamp(1, 24);
        for (first, grouping) in FIRST_HOURS.iter().flat_map(|first| GROUPINGS.iter().map(move |of| (*first, of))) {
            // A day that begins in the small hours has its late evening whole.
            let shifted: Vec<u32> = need.iter().cycle().skip(first).take(WEEK_HOURS).copied().collect();
            let days = stepped_days(&shifted, grouping, most);
            for steps in choices(days.len(), most) {
                let taken: Vec<&Day> = days.iter().zip(&steps).map(|(days, steps)| &days[steps - 1]).collect();
                let sum: f64 = grouping.iter().map(|group| taken[*group].sum).sum();
                if sum >= least {
                    continue;
                }
                let fewest = turns_within(&taken);
                if fewest > limits.most_actions || sum + each * fewest as f64 >= least {
                    continue;
                }
                let mut levels: Vec<u32> =
                    grouping.iter().flat_map(|group| taken[*group].levels.iter().copied()).collect();
                levels.rotate_right(first);
                let week = Self { levels, lead_minutes: limits.lead_minutes };
                let changes = week.changes();
                let cost = sum + each * changes as f64;
                if changes <= limits.most_actions && cost < least - 1e-9 {
                    (best, least) = (week, cost);
                }
            }
        }
        best
    }

    fn sum(&self) -> f64 {
        self.levels.iter().map(|level| f64::from(*level)).sum()
    }

    /// Whether nothing ever changes.
    pub(super) fn is_constant(&self) -> bool {
        self.levels.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// What runs in a slot of the week.
    pub(super) fn level(&self, slot: usize) -> u32 {
        self.levels.get(slot).copied().unwrap_or(0)
    }

    /// Hours of the week in which something runs.
    pub(super) fn hours_on(&self) -> usize {
        self.levels.iter().filter(|level| **level > 0).count()
    }

    /// The most and the least that run.
    pub(super) fn range(&self) -> [u32; 2] {
        [self.levels.iter().copied().min().unwrap_or(0), self.levels.iter().copied().max().unwrap_or(0)]
    }

    /// What runs in an hour on average: clocks may be half an hour off, and more is started some minutes early.
    pub(super) fn during(&self, zone: &Zone, hour: Hour) -> f64 {
        const PARTS: [i32; 4] = [0, 15, 30, 45];
        let level = |minutes: i32| {
            let soon = self.level(zone.clock(hour, minutes + self.lead_minutes).slot);
            f64::from(self.level(zone.clock(hour, minutes).slot).max(soon))
        };
        PARTS.iter().map(|part| level(*part)).sum::<f64>() / PARTS.len() as f64
    }

    /// The same for each hour of a span, as the limits of an edit.
    pub(super) fn caps(&self, zone: &Zone, span: Span) -> Arc<[Option<Quantity>]> {
        let hours = (span.start.0..span.end.0).map(Hour);
        hours.map(|hour| Quantity::from_f64(self.during(zone, hour)).ok()).collect()
    }

    /// Each change: the minute of the local week at which it is made, and the level from then on.
    fn turns(&self) -> impl Iterator<Item = (i32, u32)> + '_ {
        let week = i32::try_from(WEEK_HOURS * 60).unwrap_or(1);
        (0..WEEK_HOURS).filter_map(move |slot| {
            let (before, level) = (self.level((slot + WEEK_HOURS - 1) % WEEK_HOURS), self.level(slot));
            let early = if level > before { self.lead_minutes } else { 0 };
            let minute = (i32::try_from(slot * 60).unwrap_or(0) - early).rem_euclid(week);
            (level != before).then_some((minute, level))
        })
    }

    /// How many changes differ in more than the day.
    fn changes(&self) -> usize {
        let mut all: Vec<(i32, u32)> = self.turns().map(|(minute, level)| (minute % 1440, level)).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// The changes of a week, by hour of the day, those of several days as one.
    pub(super) fn actions(&self) -> Vec<Action> {
        let mut found: BTreeMap<(i32, u32), Vec<usize>> = BTreeMap::new();
        for (minute, level) in self.turns() {
            let days = found.entry((minute % 1440, level)).or_default();
            days.push(usize::try_from(minute / 1440).unwrap_or(0));
        }
        let action = |((minute, level), mut days): ((i32, u32), Vec<usize>)| {
            days.sort_unstable();
            Action { hour: minute / 60, minute: minute % 60, level, days }
        };
        found.into_iter().map(action).collect()
    }
}

/// How many steps each group of days may have: all the same for days that are each their own.
fn choices(groups: usize, most: usize) -> Vec<Vec<usize>> {
    if groups > 3 {
        return (1..=most).map(|steps| vec![steps; groups]).collect();
    }
    let mut all = vec![Vec::new()];
    for _ in 0..groups {
        let longer = |one: &Vec<usize>| (1..=most).map(|steps| [one.as_slice(), &[steps]].concat()).collect::<Vec<_>>();
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// A day of few levels.
struct Day {
    levels: Vec<u32>,
    sum: f64,
    /// The hours at which it changes, and to what.
    turns: Vec<(usize, u32)>,
}

impl Day {
    fn of(levels: Vec<u32>) -> Self {
        let sum = levels.iter().map(|level| f64::from(*level)).sum();
        let turns = levels.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]);
        let turns = turns.map(|(at, pair)| (at + 1, pair[1])).collect();
        Self { levels, sum, turns }
    }
}

/// The changes within some days, those of several as one: a week of them has no fewer.
fn turns_within(days: &[&Day]) -> usize {
    let mut all: Vec<(usize, u32)> = days.iter().flat_map(|day| day.turns.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// For each group of days that are alike, a day of one step, of two, and so on.
fn stepped_days(need: &[u32], grouping: &[usize; 7], most: usize) -> Vec<Vec<Day>> {
    let highest = |group: usize, hour: usize| {
        let days = (0..7).filter(|day| grouping[*day] == group);
        days.filter_map(|day| need.get(day * 24 + hour).copied()).max().unwrap_or(0)
    };
    let groups = grouping.iter().max().map_or(1, |last| last + 1);
    let day = |group: usize| {
        let day: Vec<u32> = (0..24).map(|hour| highest(group, hour)).collect();
        stepped(&day, most).into_iter().map(Day::of).collect()
    };
    (0..groups).map(day).collect()
}

/// A day as one step, as two and so on, none below what is needed, at the least sum.
fn stepped(day: &[u32], most: usize) -> Vec<Vec<u32>> {
    let hours = day.len();
    // By how many steps and how many hours: the least sum, where its last step begins, and how high that is.
    let mut table = vec![vec![(u64::MAX, 0, 0); hours + 1]; most + 1];
    table[0][0] = (0, 0, 0);
    for step in 1..=most {
        for end in 1..=hours {
            let mut highest = 0;
            for from in (0..end).rev() {
                highest = highest.max(day[from]);
                let (before, ..) = table[step - 1][from];
                let sum = before.saturating_add(u64::from(highest) * (end - from) as u64);
                if sum <= table[step][end].0 {
                    table[step][end] = (sum, from, highest);
                }
            }
        }
    }
    let levels = |steps: usize| {
        let best = (1..=steps).min_by_key(|step| table[*step][hours].0).unwrap_or(1);
        let (mut levels, mut end) = (vec![0; hours], hours);
        for step in (1..=best).rev() {
            let (_, from, highest) = table[step][end];
            levels[from..end].fill(highest);
            end = from;
        }
        levels
    };
    (1..=most).map(levels).collect()
}

impl Action {
    /// As Unix writes it: `45 7 * * 1-5`.
    pub(super) fn unix_cron(&self) -> String {
        const NUMBERS: [&str; 7] = ["1", "2", "3", "4", "5", "6", "0"];
        format!("{} {} * * {}", self.minute, self.hour, days(&self.days, NUMBERS))
    }

    /// As EventBridge and Application Auto Scaling write it: `cron(45 7 ? * MON-FRI *)`.
    pub(super) fn aws_cron(&self) -> String {
        format!("cron({} {} ? * {} *)", self.minute, self.hour, days(&self.days, NAMES))
    }

    /// The time of day, for names: `0745`.
    pub(super) fn time(&self) -> String {
        format!("{:02}{:02}", self.hour, self.minute)
    }

    /// In words: `MON-FRI 07:45`.
    pub(super) fn words(&self) -> String {
        let days = if self.days.len() == 7 { "every day".to_owned() } else { days(&self.days, NAMES) };
        format!("{days} {:02}:{:02}", self.hour, self.minute)
    }
}

/// Days from Monday on.
const NAMES: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// Days as cron names them: `MON-FRI`, `SAT,SUN`, `*`.
fn days(days: &[usize], names: [&str; 7]) -> String {
    if days.len() == 7 {
        return "*".into();
    }
    let name = |day: &usize| names.get(*day).copied().unwrap_or_default();
    let run = |run: &[usize]| match run {
        [first, .., last] if run.len() > 2 => format!("{}-{}", name(first), name(last)),
        run => run.iter().map(name).collect::<Vec<_>>().join(","),
    };
    days.chunk_by(|a, b| a + 1 == *b && names[*b] != "0").map(run).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { most_actions: 6, most_levels: 6, least_gain: 0.005, lead_minutes: 15 };

    fn of(level: impl Fn(usize) -> u32) -> Vec<u32> {
        (0..WEEK_HOURS).map(level).collect()
    }

    fn told(week: &Week) -> Vec<(i32, i32, u32, String)> {
        let actions = week.actions().into_iter();
        actions.map(|action| (action.hour, action.minute, action.level, days(&action.days, NAMES))).collect()
    }

    #[test]
    fn office_hours_are_two_changes() {
        let need = of(|slot| if slot < 120 && (8..18).contains(&(slot % 24)) { 10 } else { 2 });
        let week = Week::simplest(&need, 10, &LIMITS);
        assert_eq!(week.levels, need);
        assert_eq!(told(&week), [(7, 45, 10, "MON-FRI".into()), (18, 0, 2, "MON-FRI".into())]);
        assert_eq!((week.range(), week.hours_on(), week.is_constant()), ([2, 10], 168, false));
    }

    #[test]
    fn every_hour_has_what_it_needs_and_small_steps_are_not_worth_a_change() {
        let need = of(|slot| {
            let hour = slot % 24;
            let day = [2, 2, 2, 2, 2, 3, 4, 6, 8, 9, 10, 10, 10, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 2][hour];
            if slot < 120 { day } else { day / 2 }
        });
        let week = Week::simplest(&need, 10, &LIMITS);
        assert!(week.levels.iter().zip(&need).all(|(level, need)| level >= need));
        assert!(week.actions().len() <= 6 && week.sum() < 0.75 * 1680.0, "{:?}", told(&week));
        let few = Week::simplest(&need, 10, &Limits { least_gain: 0.05, ..LIMITS });
        assert!(few.actions().len() < week.actions().len());
        let almost = of(|slot| if slot == 30 { 10 } else { 9 });
        assert!(Week::simplest(&almost, 10, &LIMITS).actions().len() <= 2);
        assert!(Week::simplest(&of(|_| 4), 10, &LIMITS).is_constant());
    }

    #[test]
    fn a_job_on_one_night_of_the_week_is_two_changes_more() {
        let office = |slot: usize| if slot < 120 && (8..18).contains(&(slot % 24)) { 8 } else { 2 };
        let need = of(|slot| if (68..71).contains(&slot) { 10 } else { office(slot) });
        let week = Week::simplest(&need, 10, &LIMITS);
        let changes = [(7, 45, 8, "MON-FRI"), (18, 0, 2, "MON-FRI"), (19, 45, 10, "WED"), (23, 0, 2, "WED")];
        assert_eq!(told(&week), changes.map(|(hour, minute, level, days)| (hour, minute, level, days.to_owned())));
        assert_eq!((week.changes(), week.levels), (4, need));
    }

    #[test]
    fn early_starts_cost_their_minutes_and_clocks_count() {
        let week = Week::simplest(&of(|slot| if slot % 24 == 0 { 10 } else { 2 }), 10, &LIMITS);
        assert_eq!(told(&week), [(1, 0, 2, "*".into()), (23, 45, 10, "*".into())]);
        let utc = Zone::parse("UTC").unwrap();
        let during = |zone: &Zone, first: i32| -> Vec<String> {
            (first..first + 4).map(|hour| week.during(zone, Hour(hour)).to_string()).collect()
        };
        assert_eq!(during(&utc, 22), ["2", "4", "10", "2"]);
        // Half past five ahead: midnight there is 18:30 here, and a quarter to is 18:15.
        let kolkata = Zone::parse("Asia/Kolkata").unwrap();
        assert_eq!(during(&kolkata, 17), ["2", "8", "6", "2"]);
        let caps = week.caps(&utc, Span::new(Hour(23), Hour(25)));
        assert_eq!(*caps, [4.0, 10.0].map(|units| Some(Quantity::from_f64(units).unwrap())));
    }

    #[test]
    fn days_as_cron_names_them() {
        let named = |of: &[usize]| days(of, NAMES);
        assert_eq!(named(&[0, 1, 2, 3, 4]), "MON-FRI");
        assert_eq!(named(&[5, 6]), "SAT,SUN");
        assert_eq!(named(&[0, 2, 3, 4, 6]), "MON,WED-FRI,SUN");
        assert_eq!(named(&[0, 1, 2, 3, 4, 5, 6]), "*");
        let action = |days: &[usize]| Action { hour: 7, minute: 45, level: 3, days: days.to_vec() };
        // Sunday is 0: a range must not end with it.
        assert_eq!(action(&[3, 4, 5, 6]).unix_cron(), "45 7 * * 4-6,0");
        assert_eq!(action(&[0, 1, 2, 3, 4]).aws_cron(), "cron(45 7 ? * MON-FRI *)");
        assert_eq!(action(&[0, 1, 2, 3, 4, 5, 6]).words(), "every day 07:45");
    }
}
