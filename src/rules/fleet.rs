//! Instances that are paid by the hour, and how many of them ran in each hour of the priced period.

use super::{Context, Line, Owned, Target};
use crate::{
    facts::{Class, ClassId, Resource, ResourceId},
    season::Hours,
    sku::{Instance, Purchase, Service, What, strip_region},
    time::Hour,
};
use std::collections::{BTreeMap, BTreeSet};

/// A target's instances.
pub(super) struct Fleet<'a> {
    pub(super) target: Target,
    pub(super) lines: Owned<'a>,
    /// Its classes of instance-hours.
    timed: Vec<ClassId>,
    /// How many ran, by the hour of the period; nothing until it is asked for: most fleets are looked at no further.
    pub(super) running: Hours,
}

impl<'a> Fleet<'a> {
    /// All that run instances of a service, Auto Scaling groups as one; their hours are not looked up yet.
    pub(super) fn all(see: &Context<'a>, service: Service) -> impl Iterator<Item = Self> {
        let fleets = see.targets_by(move |what| is_of(what, service), Resource::group);
        fleets.map(|(target, lines)| Self::of(target, lines))
    }

    /// The same, without those that are gone.
    pub(super) fn live(see: &Context<'a>, service: Service) -> impl Iterator<Item = Self> {
        let fleets = see.live_targets_by(move |what| is_of(what, service), Resource::group);
        fleets.map(|(target, lines)| Self::of(target, lines))
    }

    fn of(target: Target, lines: Owned<'a>) -> Self {
        let bought = |line: &Line<'_>| line.class.what.instance().is_some_and(|one| one.purchase != Purchase::Spot);
        let timed: BTreeSet<ClassId> = lines.iter().filter(|(_, line)| bought(line)).map(|(_, line)| line.id).collect();
        let running = Hours { start: Hour(0), values: Vec::new() };
        Self { target, lines, timed: timed.into_iter().collect(), running }
    }

    /// The same with its hours.
    pub(super) fn with_hours(self, see: &Context<'a>) -> Self {
        let period = see.facts.window.period;
        let mut values = vec![0.0; usize::try_from(period.hours()).unwrap_or(0)];
        for usage in self.target.members().iter().flat_map(|id| see.facts.usage.of_resource(*id)) {
            let cut = usage.hours.cut(period);
            for hour in (cut.start.0..cut.end.0).filter(|_| self.timed.contains(&usage.class)) {
                if let Some(sum) = usize::try_from(hour - period.start.0).ok().and_then(|at| values.get_mut(at)) {
                    *sum += usage.per_hour.to_f64();
                }
            }
        }
        let running = Hours { start: period.start, values: values.into_iter().map(Some).collect() };
        Self { running, ..self }
    }

    /// Units of anything else that runs by the hour.
    pub(super) fn of_units(target: Target, running: Hours, classes: Vec<ClassId>) -> Self {
        Self { target, lines: Vec::new(), timed: classes, running }
    }

    /// Whether some of it is still there. Members that are gone count for what ran, as long as others are.
    pub(super) fn is_live(&self, see: &Context<'_>) -> bool {
        self.target.members().iter().any(|id| see.is_recent(see.facts.resource(*id)))
    }

    /// The instances, Spot among them.
    pub(super) fn instances(&self) -> impl Iterator<Item = &'a Instance> {
        self.lines.iter().filter_map(|(_, line)| line.class.what.instance())
    }

    /// Its types, in words.
    pub(super) fn kinds(&self) -> String {
        let kinds: BTreeSet<String> = self.instances().map(|instance| instance.kind.to_string()).collect();
        kinds.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Whether some of it runs on the Spot market.
    pub(super) fn has_spot(&self) -> bool {
        self.instances().any(|instance| instance.purchase == Purchase::Spot)
    }

    /// The members.
    pub(super) fn members(&self) -> Vec<ResourceId> {
        self.target.members().to_vec()
    }

    /// Instance-hours, and what is charged along with them: less of it is paid when they stop.
    pub(super) fn classes(&self, see: &Context<'_>) -> Vec<ClassId> {
        let charged = |class: &Class| {
            class.what == What::ExtendedSupport || strip_region(&class.usage_type).starts_with("EBSOptimized:")
        };
        let others = self.target.members().iter().flat_map(|id| see.lines(see.facts.resource(*id)));
        let others = others.filter(|line| charged(line.class)).map(|line| line.id);
        self.timed.iter().copied().chain(others).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The workload of all members, if they have the same.
    pub(super) fn workload(&self, see: &Context<'a>) -> Option<&'a str> {
        let facts = see.facts;
        let mut all = self.target.members().iter().map(|id| facts.resource(*id).party.workload.as_deref());
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    /// The hourly transactions of its workload.
    pub(super) fn transactions(&self, see: &Context<'a>) -> Option<Hours> {
        let counts = see.transactions?.hourly(self.workload(see)?);
        let (first, last) = (counts.first()?.0, counts.last()?.0);
        let span = crate::time::Span::new(first, last.plus(1).min(see.facts.window.period.end));
        Some(Hours::of(span, counts.iter().map(|(hour, count)| (*hour, count.to_f64()))))
    }

    /// The mean of a metric of its processors in each hour, where it is known of most that ran.
    pub(super) fn load(&self, see: &Context<'_>, space: &str, metric: &str) -> Hours {
        self.each_hour(see, [space, metric], |hour| hour.sum / hour.count)
    }

    /// The metric of the busiest member in each hour, where it is known of most that ran.
    pub(super) fn busiest(&self, see: &Context<'_>, space: &str, metric: &str) -> Hours {
        self.each_hour(see, [space, metric], |hour| hour.most)
    }

    fn each_hour(&self, see: &Context<'_>, [space, metric]: [&str; 2], of: fn(&Load) -> f64) -> Hours {
        let period = see.facts.window.period;
        let mut loads = vec![Load::default(); self.running.values.len()];
        for id in self.target.members() {
            let member = see.facts.resource(*id);
            let series = see.points(member, space, metric, "Average", period.cut(member.seen));
            for (hour, value) in
                series.filter(|series| series.period_hours == 1).iter().flat_map(|series| series.points)
            {
                let at = usize::try_from(hour.0 - period.start.0).unwrap_or(usize::MAX);
                if let Some(load) = loads.get_mut(at) {
                    load.sum += value;
                    load.count += 1.0;
                    load.most = load.most.max(*value);
                }
            }
        }
        let known = |(load, ran): (&Load, &Option<f64>)| {
            let ran = ran.unwrap_or_default();
            (load.count > 0.0 && load.count >= ran * see.min_metric_cover).then(|| of(load))
        };
        Hours { start: period.start, values: loads.iter().zip(&self.running.values).map(known).collect() }
    }

    /// Hours of the period with how many ran.
    pub(super) fn hours(&self) -> impl Iterator<Item = (Hour, f64)> {
        let start = self.running.start;
        let hours = (start.0..).map(Hour).zip(&self.running.values);
        hours.map(|(hour, running)| (hour, running.unwrap_or_default()))
    }

    /// The most that ran.
    pub(super) fn most(&self) -> f64 {
        self.hours().map(|(_, running)| running).fold(0.0, f64::max)
    }

    /// How many ran on average.
    pub(super) fn mean(&self) -> f64 {
        self.hours().map(|(_, running)| running).sum::<f64>() / self.running.values.len().max(1) as f64
    }
}

fn is_of(what: &What, service: Service) -> bool {
    what.instance().is_some_and(|one| one.service == service && one.purchase != Purchase::Host)
}

/// What members' processors did in an hour.
#[derive(Clone, Copy, Default)]
struct Load {
    sum: f64,
    most: f64,
    count: f64,
}

/// Alike instances of one workload that are in no Auto Scaling group, as one fleet each; groups as they are.
pub(super) fn by_workload<'a>(see: &Context<'a>, fleets: Vec<Fleet<'a>>) -> Vec<Fleet<'a>> {
    let mut alone: BTreeMap<(&str, &str, &str, String), Owned<'a>> = BTreeMap::new();
    let mut all = Vec::new();
    for fleet in fleets {
        let Target::Resource(id) = fleet.target else {
            all.push(fleet);
            continue;
        };
        if let Some(workload) = fleet.workload(see) {
            let member = see.facts.resource(id);
            let key = (&*member.account, &*member.region, workload, fleet.kinds());
            alone.entry(key).or_default().extend(fleet.lines);
        }
    }
    for ((account, region, workload, kinds), lines) in alone {
        let members: BTreeSet<ResourceId> = lines.iter().map(|(id, _)| *id).collect();
        let (account, region) = (account.to_owned(), region.to_owned());
        let name = format!("{workload} ({kinds})");
        let target = Target::Pool { account, region, name, members: members.into_iter().collect() };
        all.push(Fleet::of(target, lines));
    }
    all
}
