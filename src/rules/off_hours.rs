//! Development and test machines that run nights and weekends.

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    fleet::Fleet,
    kept,
    schedule::{Action, Calls, Limits, Sizes, Week},
};
use crate::{
    bill::Edit,
    facts::{Resource, plain_key},
    money::Quantity,
    season::Hours,
    sku::Service,
    time::{Hour, WEEK_HOURS},
};
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

/// What tells a development or test machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    /// Tags whose value tells, as they compare.
    keys: Vec<String>,
    /// Words of such a value.
    words: Vec<String>,
    /// Tags that are names.
    name_keys: Vec<String>,
    /// Words of a name.
    name_words: Vec<String>,
    /// Words that speak against it wherever they stand.
    never: Vec<String>,
    /// Pairs of words that are one: `non prod`.
    joined: Vec<[String; 2]>,
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
}

/// Why a target is taken for development or test.
struct Mark {
    text: String,
    by_name: bool,
}

/// What was seen outside working hours.
struct Nights {
    /// Slots of the week in which it is used all the same.
    used: BTreeSet<usize>,
    /// Hours off work that are known of, and those of them in which it was used.
    known: usize,
    busy: usize,
    /// Which signals told.
    signals: Vec<&'static str>,
}

impl Rule for OffHours {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let mut weeks = Weeks::new();
        for service in [Service::Ec2, Service::Rds] {
            for fleet in Fleet::all(see, service).into_iter().filter(|fleet| fleet.is_live(see)) {
                out.extend(self.look(see, fleet, service, &mut weeks));
            }
        }
    }
}

/// Weeks by the slots off work that are in use: most machines have the same.
type Weeks = BTreeMap<BTreeSet<usize>, Week>;

impl OffHours {
    fn look(&self, see: &Context<'_>, fleet: Fleet<'_>, service: Service, weeks: &mut Weeks) -> Option<Finding> {
        let mark = self.mark(see, &fleet.target)?;
        if kept::is_kept(see, &fleet, service) || !self.is_old(see, &fleet.target) {
            return None;
        }
        let fleet = &fleet.with_hours(see);
        if !self.runs_off_work(see, fleet) {
            return None;
        }
        let nights = self.nights(see, fleet, service);
        let slots = (0..WEEK_HOURS).filter(|slot| !self.is_work(*slot)).count();
        let often = nights.used.len() as f64 > slots as f64 * self.in_use.max_slots_share;
        let fitting = self.week(&nights.used, weeks);
        if often || fitting.is_constant() {
            let count = nights.used.len();
            let why = format!("it is used in {count} of the {slots} hours of a week outside work: no schedule fits");
            let week = self.week(&BTreeSet::new(), weeks);
            return Some(self.finding(see, fleet, service, week, &mark, &nights).declined(why));
        }
        let finding = self.finding(see, fleet, service, fitting, &mark, &nights);
        Some(match kept::cannot_stop(see, &fleet.target) {
            Some(why) => finding.declined(why),
            None => finding,
        })
    }

    /// The week at work and in some slots besides.
    fn week<'w>(&self, used: &BTreeSet<usize>, weeks: &'w mut Weeks) -> &'w Week {
        weeks.entry(used.clone()).or_insert_with(|| {
            let on = |slot: usize| u32::from(self.is_work(slot) || used.contains(&slot));
            Week::simplest(&(0..WEEK_HOURS).map(on).collect::<Vec<_>>(), 1, &self.schedule)
        })
    }

    /// Whether every member, or the group, is marked as development or test, and how.
    fn mark(&self, see: &Context<'_>, target: &Target) -> Option<Mark> {
        let members = || target.members().iter().map(|id| see.facts.resource(*id));
        let (_, _, name) = target.identity(see.facts);
        let named = [name].into_iter().chain(members().filter_map(|member| member.party.workload.as_deref()));
        let values = members().flat_map(|member| member.tags.values().map(AsRef::as_ref));
        if named.clone().chain(values).any(|text| self.has(text, &self.patterns.never)) {
            return None;
        }
        let tagged: Option<Vec<String>> =
            members().map(|member| self.tagged(member, &self.patterns.keys, &self.patterns.words)).collect();
        if let Some(first) = tagged.and_then(|tags| tags.into_iter().next()) {
            return Some(Mark { text: first, by_name: false });
        }
        let by_tag = || {
            let names: Option<Vec<String>> = members()
                .map(|member| self.tagged(member, &self.patterns.name_keys, &self.patterns.name_words))
                .collect();
            names?.into_iter().next()
        };
        let text = if self.has(name, &self.patterns.name_words) { Some(name.to_owned()) } else { by_tag() };
        text.map(|text| Mark { text, by_name: true })
    }

    /// The first tag of some keys whose value holds one of some words.
    fn tagged(&self, member: &Resource, keys: &[String], words: &[String]) -> Option<String> {
        let known: Vec<String> = keys.iter().map(|key| plain_key(key)).collect();
        let found = member.tags.iter().find(|(key, value)| known.contains(&plain_key(key)) && self.has(value, words));
        found.map(|(key, value)| format!("{}={value}", key.strip_prefix("user_").unwrap_or(key)))
    }

    /// Whether a text holds one of some words.
    fn has(&self, text: &str, words: &[String]) -> bool {
        let lower = text.to_lowercase();
        let parts: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let mut found = BTreeSet::new();
        let mut at = 0;
        while at < parts.len() {
            let pair = |[a, b]: &&[String; 2]| parts[at] == a && parts.get(at + 1).is_some_and(|next| next == b);
            if let Some([a, b]) = self.patterns.joined.iter().find(pair) {
                found.insert(format!("{a}{b}"));
                at += 2;
            } else {
                found.insert(parts[at].to_owned());
                at += 1;
            }
        }
        words.iter().any(|word| found.contains(word))
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
            let side = if self.is_work(see.zone.slot(hour)) { &mut on } else { &mut off };
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
        let mut nights = Nights { used: BTreeSet::new(), known: 0, busy: 0, signals: Vec::new() };
        // One member in use is use: the others must not hide it.
        let load = fleet.busiest(see, space, "CPUUtilization");
        if self.count(see, &load, limit, &mut nights) {
            nights.signals.push("CPUUtilization");
        }
        let counts = fleet.transactions(see).map(|counts| counts.cut(see.facts.window.period));
        if let Some(counts) = counts {
            let at_work = |(hour, count): (Hour, &Option<f64>)| count.filter(|_| self.is_work(see.zone.slot(hour)));
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
        let mut off = 0;
        for (hour, value) in (series.start.0..).map(Hour).zip(&series.values) {
            let slot = see.zone.slot(hour);
            if self.is_work(slot) {
                continue;
            }
            off += 1;
            if let Some(value) = value {
                slots[slot].0 += 1;
                slots[slot].1 += usize::from(*value > limit);
            }
        }
        let known: usize = slots.iter().map(|(known, _)| known).sum();
        if (known as f64) < f64::from(off) * see.min_metric_cover || known == 0 {
            return false;
        }
        nights.known += known;
        nights.busy += slots.iter().map(|(_, busy)| busy).sum::<usize>();
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
        week: &Week,
        mark: &Mark,
        nights: &Nights,
    ) -> Finding {
        let (most, period) = (fleet.most(), see.facts.window.period);
        let limit = |hour: i32| {
            let share = week.during(see.zone, Hour(hour));
            if share < 1.0 { Quantity::from_f64(share * most).ok() } else { None }
        };
        let most_each: Vec<Option<Quantity>> = (period.start.0..period.end.0).map(limit).collect();
        let actions = week.actions();
        let words = |level: u32| {
            let of = actions.iter().filter(|action| action.level == level);
            of.map(Action::words).collect::<Vec<_>>().join(", ")
        };
        let on = week.hours_on();
        let measured = !nights.signals.is_empty();
        let sure = if measured { self.trust.measured } else { self.trust.bill_alone };
        let penalty = if mark.by_name { self.trust.by_name_penalty } else { 0.0 };
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
            .confidence(sure - penalty);
        if !measured {
            return finding;
        }
        finding
            .seen(Signal::Metrics, "signals", nights.signals.join(", "), "")
            .seen(Signal::Metrics, "hours_off_work_known", nights.known, "hours")
            .seen(Signal::Metrics, "hours_off_work_in_use", nights.busy, "hours")
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
