//! Development and test machines that run nights and weekends.

mod mark;

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    fleet::Fleet,
    kept,
    schedule::{Action, Calls, Limits, Sizes, Week},
};
use crate::{
    bill::Edit,
    money::Quantity,
    parallel::{shared_out, threads},
    season::Hours,
    sku::Service,
    time::{Hour, WEEK_HOURS},
};
use mark::{Mark, Patterns};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OffHours {
    patterns: Patterns,
    work: Work,
    schedule: Limits,
    in_use: InUse,
    least_days: i64,
    min_running_share: f64,
    trust: Trust,
}

/// The hours that people work, by local clocks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Work {
    from: usize,
    to: usize,
    /// Days from Monday on.
    days: usize,
}

/// What counts as use outside those hours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InUse {
    ec2_cpu_percent: f64,
    rds_cpu_percent: f64,
    transactions_share: f64,
    weeks_share: f64,
    max_slots_share: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    measured: f64,
    bill_alone: f64,
    by_name_penalty: f64,
    used_hour_penalty: f64,
    most_used_penalty: f64,
}

/// What was seen outside working hours.
struct Nights {
    /// Slots of the week in which it is used all the same.
    used: BTreeSet<usize>,
    /// Hours off work that are known of.
    known: BTreeSet<Hour>,
    /// Those of them in which a signal showed use.
    busy: BTreeSet<Hour>,
    /// Which signals told.
    signals: Vec<&'static str>,
}

impl Rule for OffHours {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let live = |service| Fleet::live(see, service).map(move |fleet| (fleet, service));
        let mut fleets: Vec<_> = [Service::Ec2, Service::Rds].into_iter().flat_map(live).collect();
        let each = fleets.len().div_ceil(threads()).max(1);
        let mut some = Vec::new();
        while !fleets.is_empty() {
            let rest = fleets.split_off(each.min(fleets.len()));
            some.push(std::mem::replace(&mut fleets, rest));
        }
        let look = |some: Vec<(Fleet<'_>, Service)>| {
            let mut weeks = Weeks::new();
            some.into_iter()
                .filter_map(|(fleet, service)| self.look(see, fleet, service, &mut weeks))
                .collect::<Vec<_>>()
        };
        out.extend(shared_out(some, look).into_iter().flatten());
    }
}

/// Weeks by the slots off work that are in use, each with what runs in the hours of the period: most machines have the same.
type Weeks = BTreeMap<BTreeSet<usize>, (Week, Vec<f64>)>;

impl OffHours {
    fn look(&self, see: &Context<'_>, fleet: Fleet<'_>, service: Service, weeks: &mut Weeks) -> Option<Finding> {
        if !self.is_old(see, &fleet.target) {
            return None;
        }
        let mark = self.patterns.mark(see, &fleet.target)?;
        if kept::is_kept(see, &fleet, service) {
            return None;
        }
        let fleet = &fleet.with_hours(see);
        if !self.runs_off_work(see, fleet) {
            return None;
        }
        let nights = self.nights(see, fleet, service);
        let slots = (0..WEEK_HOURS).filter(|slot| !self.is_work(*slot)).count();
        let often = nights.used.len() as f64 > slots as f64 * self.in_use.max_slots_share;
        let fitting = self.week(see, &nights.used, weeks);
        if often || fitting.0.is_constant() {
            let count = nights.used.len();
            let why = format!("it is used in {count} of the {slots} hours of a week outside work: no schedule fits");
            let week = self.week(see, &BTreeSet::new(), weeks);
            return Some(self.finding(see, fleet, service, week, &mark, &nights).declined(why));
        }
        let finding = self.finding(see, fleet, service, fitting, &mark, &nights);
        Some(match kept::cannot_stop(see, &fleet.target) {
            Some(why) => finding.declined(why),
            None => finding,
        })
    }

    /// The week at work and in some slots besides.
    fn week<'w>(&self, see: &Context<'_>, used: &BTreeSet<usize>, weeks: &'w mut Weeks) -> &'w (Week, Vec<f64>) {
        weeks.entry(used.clone()).or_insert_with(|| {
            let on = |slot: usize| u32::from(self.is_work(slot) || used.contains(&slot));
            let week = Week::simplest(&(0..WEEK_HOURS).map(on).collect::<Vec<_>>(), 1, &self.schedule);
            let period = see.facts.window.period;
            let runs = (period.start.0..period.end.0).map(|hour| week.during(see.zone, Hour(hour))).collect();
            (week, runs)
        })
    }

    /// Whether it was there long enough to know its weekends.
    fn is_old(&self, see: &Context<'_>, target: &Target) -> bool {
        let back =
            see.facts.window.period.end.plus(i32::try_from(self.least_days).unwrap_or(i32::MAX).saturating_mul(-24));
        target.members().iter().any(|id| see.facts.resource(*id).seen.start <= back)
            && back >= see.facts.window.period.start
    }

    fn is_work(&self, slot: usize) -> bool {
        slot / 24 < self.work.days && (self.work.from..self.work.to).contains(&(slot % 24))
    }

    /// Whether it mostly runs when nobody works: else some schedule stops it already.
    fn runs_off_work(&self, see: &Context<'_>, fleet: &Fleet<'_>) -> bool {
        let (mut on, mut off) = ((0.0, 0.0), (0.0, 0.0));
        for (hour, running) in fleet.hours() {
            let side = if self.is_work(see.slot(hour)) { &mut on } else { &mut off };
            *side = (side.0 + running, side.1 + 1.0);
        }
        let (on, off) = (on.0 / f64::max(on.1, 1.0), off.0 / f64::max(off.1, 1.0));
        off > 0.0 && off >= on * self.min_running_share
    }

    /// What metrics and transactions tell of the hours off work.
    fn nights(&self, see: &Context<'_>, fleet: &Fleet<'_>, service: Service) -> Nights {
        let (space, limit) = match service {
            Service::Rds => ("AWS/RDS", self.in_use.rds_cpu_percent),
            _ => ("AWS/EC2", self.in_use.ec2_cpu_percent),
        };
        let mut nights =
            Nights { used: BTreeSet::new(), known: BTreeSet::new(), busy: BTreeSet::new(), signals: Vec::new() };
        // One member in use is use: the others must not hide it.
        let load = fleet.busiest(see, space, "CPUUtilization");
        if self.count(see, &load, limit, &mut nights) {
            nights.signals.push("CPUUtilization");
        }
        let counts = fleet.transactions(see).map(|counts| counts.cut(see.facts.window.period));
        if let Some(counts) = counts {
            let at_work = |(hour, count): (Hour, &Option<f64>)| count.filter(|_| self.is_work(see.slot(hour)));
            let hours = (counts.start.0..).map(Hour).zip(&counts.values);
            let work: Vec<f64> = hours.filter_map(at_work).collect();
            let mean = work.iter().sum::<f64>() / work.len().max(1) as f64;
            if self.count(see, &counts, mean * self.in_use.transactions_share, &mut nights) {
                nights.signals.push("transactions");
            }
        }
        nights
    }

    /// Counts the hours off work in which a signal is above a limit; whether it is known of most of them.
    fn count(&self, see: &Context<'_>, series: &Hours, limit: f64, nights: &mut Nights) -> bool {
        let mut slots = vec![(0usize, 0usize); WEEK_HOURS];
        let (mut off, mut known, mut busy) = (0, Vec::new(), Vec::new());
        for (hour, value) in (series.start.0..).map(Hour).zip(&series.values) {
            let slot = see.slot(hour);
            if self.is_work(slot) {
                continue;
            }
            off += 1;
            if let Some(value) = value {
                slots[slot].0 += 1;
                known.push(hour);
                if *value > limit {
                    slots[slot].1 += 1;
                    busy.push(hour);
                }
            }
        }
        if (known.len() as f64) < f64::from(off) * see.min_metric_cover || known.is_empty() {
            return false;
        }
        nights.known.extend(known);
        nights.busy.extend(busy);
        let often =
            |(known, busy): &(usize, usize)| *busy > 0 && *busy as f64 >= *known as f64 * self.in_use.weeks_share;
        nights.used.extend(slots.iter().enumerate().filter(|(_, seen)| often(seen)).map(|(slot, _)| slot));
        true
    }

    fn finding(
        &self,
        see: &Context<'_>,
        fleet: &Fleet<'_>,
        service: Service,
        (week, runs): &(Week, Vec<f64>),
        mark: &Mark,
        nights: &Nights,
    ) -> Finding {
        let most = fleet.most();
        let limit = |share: &f64| if *share < 1.0 { Quantity::from_f64(share * most).ok() } else { None };
        let most_each: Vec<Option<Quantity>> = runs.iter().map(limit).collect();
        let actions = week.actions();
        let words = |level: u32| {
            let of = actions.iter().filter(|action| action.level == level);
            of.map(Action::words).collect::<Vec<_>>().join(", ")
        };
        let on = week.hours_on();
        let measured = !nights.signals.is_empty();
        let sure = if measured { self.trust.measured } else { self.trust.bill_alone };
        let by_name = if mark.by_name { self.trust.by_name_penalty } else { 0.0 };
        let stopped = nights.busy.iter().filter(|hour| week.level(see.slot(**hour)) == 0).count();
        let rare = (stopped as f64 * self.trust.used_hour_penalty).min(self.trust.most_used_penalty);
        let source = if mark.by_name { "name" } else { "tag" };
        let finding = Finding::new(fleet.target.clone(), Aspect::Schedule)
            .edit(Edit::cap(fleet.members(), fleet.classes(see), most_each))
            .states(
                State::new("around the clock").with("types", fleet.kinds()),
                State::new(format!("{on} of 168 hours a week"))
                    .with("time_zone", see.zone.name())
                    .with("start", words(1))
                    .with("stop", words(0))
                    .with("hours_per_week", on)
                    .with("actions", Self::inputs(see, fleet, service, &actions)),
            )
            .seen(Signal::Bill, source, mark.text.clone(), "")
            .confidence(sure - by_name - rare);
        if !measured {
            return finding;
        }
        finding
            .seen(Signal::Metrics, "signals", nights.signals.join(", "), "")
            .seen(Signal::Metrics, "hours_off_work_known", nights.known.len(), "hours")
            .seen(Signal::Metrics, "hours_off_work_in_use", nights.busy.len(), "hours")
            .seen(Signal::Metrics, "hours_in_use_that_the_schedule_stops", stopped, "hours")
    }

    /// The inputs of the calls that set the schedule up.
    fn inputs(see: &Context<'_>, fleet: &Fleet<'_>, service: Service, actions: &[Action]) -> Value {
        let calls = Calls::about(see, &fleet.target);
        let at_work = matches!(fleet.target, Target::Group { .. }).then(|| sizes(see, &fleet.target, fleet));
        let input = |action: &Action| {
            let verb = if action.level > 0 { "start" } else { "stop" };
            let called = format!("{verb}-{}", action.time());
            if let Some(at_work) = at_work {
                let none = Sizes { least: 0, wanted: 0, most: None };
                return calls.resize(action, &called, if action.level > 0 { at_work } else { none });
            }
            let (operation, input) = match service {
                Service::Rds => (format!("rds:{verb}DBInstance"), json!({"DbInstanceIdentifier": calls.name()})),
                _ => (format!("ec2:{verb}Instances"), json!({"InstanceIds": [calls.name()]})),
            };
            calls.call(action, &called, &operation, &input)
        };
        actions.iter().map(input).collect()
    }
}

/// A group's sizes at work: as it is listed, else as it ran.
fn sizes(see: &Context<'_>, target: &Target, fleet: &Fleet<'_>) -> Sizes {
    let (account, region, name) = target.identity(see.facts);
    let listed = see.inventory.auto_scaling_groups.get(account, region, name);
    let ran = fleet.most().ceil() as i64;
    let listed = listed.and_then(|group| group.min_size.zip(group.desired_capacity));
    let (least, wanted) = listed.unwrap_or((ran, ran));
    Sizes { least, wanted, most: None }
}
