//! What a rule sees.

use super::{Finding, Target, Users};
use crate::{
    bill::{Advised, Bill, Edit, Selection, Wanted},
    defaults::{CommitmentFigures, ScheduleFigures},
    facts::{Class, ClassId, Costs, Facts, Resource, ResourceId},
    inventory::Inventory,
    metrics::{Metrics, Series},
    prices::Prices,
    quantile,
    sku::What,
    time::{Hour, Span, Zone},
    transactions::Transactions,
};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a rule may look at; nothing of it can be changed.
pub struct Context<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// Which resources use what.
    pub users: &'a Users,
    /// The bill as the stages before left it.
    pub bill: &'a Bill<'a>,
    /// The inventory; empty where none was given.
    pub inventory: &'a Inventory,
    /// The metrics; empty where none were given.
    pub metrics: &'a Metrics,
    /// The transactions, if given.
    pub transactions: Option<&'a Transactions>,
    /// The moment that ages and expiry count from.
    pub as_of: Hour,
    /// What the rule is advised to buy, of what it wanted weighed.
    pub advice: &'a [Advised],
    /// What the rules of the commit stage would have weighed: for looking ahead.
    pub wanted: &'a [Wanted],
    /// Figures of advice on commitments.
    pub commitments: &'a CommitmentFigures,
    /// Prices that the bill does not show.
    pub prices: &'a Prices,
    /// The clocks that schedules go by.
    pub zone: &'a Zone,
    /// The slot of the week of each hour of the period by these clocks.
    pub slots: &'a [usize],
    /// Figures that all schedules share.
    pub schedule: &'a ScheduleFigures,
    /// The share of a look-back that a metric must cover to be believed.
    pub min_metric_cover: f64,
    /// What was not billed since is gone, unless the inventory has it.
    pub gone_before: Hour,
}

/// The usage of one class by one resource over the period.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The class's number.
    pub id: ClassId,
    /// The class.
    pub class: &'a Class,
    /// The sums.
    pub costs: Costs,
}

/// A resource by account, region and id.
pub type Place<'a> = (&'a str, &'a str, &'a str);

/// Lines with the resources that they are of.
pub type Owned<'a> = Vec<(ResourceId, Line<'a>)>;

/// Points of a metric, of several resources, in no order that means anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    /// The values of each member.
    pub of_members: Vec<Vec<f64>>,
    /// Hours that a point stands for, at most.
    pub hours: i32,
}

impl Pooled {
    /// The greatest value.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.of_members.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The value that so many per cent of the points of the busiest member do not exceed: the others must not hide it.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> f64 {
        let of = |values: &Vec<f64>| quantile::nearest(values.clone(), percent / 100.0);
        self.of_members.iter().filter_map(of).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// A look-back, capped at the window that was priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookBack {
    /// The hours looked at: the last of the period.
    pub span: Span,
    /// Whether the period was shorter than what was asked for.
    pub capped: bool,
}

/// Which classes are asked for.
struct Using<'a> {
    facts: &'a Facts,
    of_class: Vec<bool>,
}

impl<'a> Using<'a> {
    /// The lines of a resource that are of such a class.
    fn lines(&self, resource: &'a Resource) -> impl Iterator<Item = Line<'a>> {
        let billed = self.facts.billed_of(resource).filter(|billed| self.of_class[billed.class.0 as usize]);
        billed.map(|billed| Line { id: billed.class, class: self.facts.class(billed.class), costs: billed.costs })
    }
}

impl<'a> Context<'a> {
    /// The usage lines of a resource, by class; none of other providers than AWS.
    pub fn lines(&self, resource: &'a Resource) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let facts = self.facts;
        facts
            .billed_of(resource)
            .map(move |billed| Line { id: billed.class, class: facts.class(billed.class), costs: billed.costs })
            .filter(|line| line.class.line.is_usage() && line.class.is_aws())
    }

    /// The usage lines of a resource that measure what is asked for.
    pub fn lines_of(&self, resource: &'a Resource, wanted: impl Fn(&What) -> bool) -> Vec<Line<'a>> {
        self.lines(resource).filter(|line| wanted(&line.class.what)).collect()
    }

    /// All resources with an id that have usage of some kind in the period, with those lines.
    pub fn resources_with(
        &self,
        wanted: impl Fn(&What) -> bool + Copy,
    ) -> impl Iterator<Item = (ResourceId, &'a Resource, Vec<Line<'a>>)> {
        let all = self.resources_of(move |class| wanted(&class.what));
        all.filter(|(_, resource, _)| !resource.id.is_empty())
    }

    /// All resources, with an id or not, that have usage of some classes in the period, with those lines.
    pub fn resources_of<W: Fn(&Class) -> bool>(
        &self,
        wanted: W,
    ) -> impl Iterator<Item = (ResourceId, &'a Resource, Vec<Line<'a>>)> + use<'a, W> {
        let (all, using) = self.using(wanted);
        all.into_iter().map(move |(id, resource)| (id, resource, using.lines(resource).collect()))
    }

    /// The resources with usage of some classes, and what tells the lines of these.
    fn using(&self, wanted: impl Fn(&Class) -> bool) -> (Vec<(ResourceId, &'a Resource)>, Using<'a>) {
        let facts = self.facts;
        let is_wanted = |class: &Class| class.line.is_usage() && class.is_aws() && wanted(class);
        // There are fewer classes than lines of resources.
        let of_class: Vec<bool> = facts.classes.iter().map(is_wanted).collect();
        let mut uses = vec![false; facts.resources.len()];
        for (class, _) in (0u32..).map(ClassId).zip(&of_class).filter(|(_, wanted)| **wanted) {
            self.users.of_class(class).iter().for_each(|id| uses[id.0 as usize] = true);
        }
        (facts.numbered().filter(|(id, _)| uses[id.0 as usize]).collect(), Using { facts, of_class })
    }

    /// The lines of resources with usage of some kind, gathered by Auto Scaling group where they belong to one: a group is
    /// one target, since its members come and go.
    pub fn targets_with(&self, wanted: impl Fn(&What) -> bool + Copy) -> impl Iterator<Item = (Target, Owned<'a>)> {
        self.targets_by(wanted, Resource::group)
    }

    /// The same, gathered by whatever a resource is a member of.
    pub fn targets_by(
        &self,
        wanted: impl Fn(&What) -> bool + Copy,
        group: impl Fn(&'a Resource) -> Option<&'a str>,
    ) -> impl Iterator<Item = (Target, Owned<'a>)> {
        self.gathered(wanted, group, |_| true)
    }

    /// The same, without targets of which nothing was billed of late.
    pub fn live_targets_by(
        &self,
        wanted: impl Fn(&What) -> bool,
        group: impl Fn(&'a Resource) -> Option<&'a str>,
    ) -> impl Iterator<Item = (Target, Owned<'a>)> {
        let live = |resource: &Resource| self.is_recent(resource);
        let all = self.gathered(wanted, group, live);
        all.filter(move |(target, _)| target.members().iter().any(|id| live(self.facts.resource(*id))))
    }

    /// The resources in no group that count, then all groups. The lines of a resource are gathered when it is its turn: of all they take much
    /// memory.
    fn gathered(
        &self,
        wanted: impl Fn(&What) -> bool,
        group: impl Fn(&'a Resource) -> Option<&'a str>,
        counts: impl Fn(&Resource) -> bool,
    ) -> impl Iterator<Item = (Target, Owned<'a>)> {
        let (resources, using) = self.using(|class| wanted(&class.what));
        let mut groups: BTreeMap<(&str, &str, &str), Owned<'a>> = BTreeMap::new();
        let mut alone = Vec::new();
        for (id, resource) in resources.into_iter().filter(|(_, resource)| !resource.id.is_empty()) {
            match group(resource) {
                Some(group) => {
                    let lines = using.lines(resource).map(|line| (id, line));
                    groups.entry((&resource.account, &resource.region, group)).or_default().extend(lines);
                }
                None if counts(resource) => alone.push((id, resource)),
                None => {}
            }
        }
        let groups = groups.into_iter().map(|((account, region, name), lines)| {
            let mut members: Vec<ResourceId> = lines.iter().map(|(id, _)| *id).collect();
            members.dedup();
            (Target::Group { account: account.into(), region: region.into(), name: name.into(), members }, lines)
        });
        let lines = move |id, resource| using.lines(resource).map(|line| (id, line)).collect();
        alone.into_iter().map(move |(id, resource)| (Target::Resource(id), lines(id, resource))).chain(groups)
    }

    /// The targets that were there all through a span: what is younger is left out, and so are members that ended before it.
    pub fn targets_through(
        &self,
        span: Span,
        wanted: impl Fn(&What) -> bool + Copy,
        group: impl Fn(&'a Resource) -> Option<&'a str>,
    ) -> impl Iterator<Item = (Target, Owned<'a>)> {
        let lives = move |resource: &Resource| resource.seen.cut(span).hours() > 0;
        let all = self.gathered(wanted, group, move |resource| self.older_than(resource, span) && lives(resource));
        let lives = move |id: &ResourceId| lives(self.facts.resource(*id));
        all.filter_map(move |(mut target, mut lines)| {
            let old = target.members().iter().any(|id| self.older_than(self.facts.resource(*id), span));
            if let Target::Group { members, .. } | Target::Pool { members, .. } = &mut target {
                members.retain(lives);
            }
            lines.retain(|(id, _)| lives(id));
            (old && !lines.is_empty()).then_some((target, lines))
        })
    }

    /// The last `days` of the period.
    #[must_use]
    pub fn look_back(&self, days: i32) -> LookBack {
        let period = self.facts.window.period;
        let start = period.end.plus(days.saturating_mul(-24));
        LookBack { span: Span::new(start.max(period.start), period.end), capped: start < period.start }
    }

    /// The slot of the week that most of an hour lies in.
    #[must_use]
    pub fn slot(&self, hour: Hour) -> usize {
        let at = usize::try_from(hour.0.saturating_sub(self.facts.window.period.start.0)).ok();
        at.and_then(|at| self.slots.get(at)).copied().unwrap_or_else(|| self.zone.slot(hour))
    }

    /// The points of a metric of a resource inside a look-back, however few: enough to show use, never to show that there is
    /// none.
    #[must_use]
    pub fn points(&self, resource: &Resource, space: &str, name: &str, stat: &str, span: Span) -> Option<Series<'a>> {
        let series = self.metrics.series(&resource.account, &resource.region, &resource.id, space, name, stat)?;
        let cut = series.cut(span);
        cut.max().is_some().then_some(cut)
    }

    /// A metric of a resource inside a look-back; `None` when there is none or when it covers too little of the look-back: an
    /// absent metric is not zero.
    #[must_use]
    pub fn metric(&self, resource: &Resource, space: &str, name: &str, stat: &str, span: Span) -> Option<Series<'a>> {
        self.metric_at((&resource.account, &resource.region, &resource.id), space, name, stat, span)
    }

    /// The same of something that is not billed by itself, such as an index of a table.
    #[must_use]
    pub fn metric_at(
        &self,
        (account, region, id): Place<'_>,
        space: &str,
        name: &str,
        stat: &str,
        span: Span,
    ) -> Option<Series<'a>> {
        let cut = self.metrics.series(account, region, id, space, name, stat)?.cut(span);
        #[expect(clippy::cast_precision_loss, reason = "hours of a period")]
        let enough = cut.hours_covered(span) as f64 >= span.hours() as f64 * self.min_metric_cover;
        (enough && cut.max().is_some()).then_some(cut)
    }

    /// The greatest value of a metric, its `Maximum`, over a target's members inside a look-back.
    #[must_use]
    pub fn peak(&self, target: &Target, space: &str, name: &str, span: Span) -> Option<f64> {
        self.greatest(target, [space, name, "Maximum"], span, Series::max)
    }

    /// The greatest `Sum` of a UTC day over a target's members inside a look-back.
    #[must_use]
    pub fn busiest_day(&self, target: &Target, space: &str, name: &str, span: Span) -> Option<f64> {
        self.greatest(target, [space, name, "Sum"], span, Series::per_day_max)
    }

    /// The greatest mean, of `Average`, over a target's members inside a look-back.
    #[must_use]
    pub fn mean(&self, target: &Target, space: &str, name: &str, span: Span) -> Option<f64> {
        self.greatest(target, [space, name, "Average"], span, Series::mean)
    }

    /// What a metric comes to for the busiest member, each over its life in the look-back; `None` when it is not known of all.
    fn greatest(
        &self,
        target: &Target,
        [space, name, stat]: [&str; 3],
        span: Span,
        of: fn(Series<'a>) -> Option<f64>,
    ) -> Option<f64> {
        let value = |member: &Resource| {
            let metric = |span| self.metric(member, space, name, stat, span);
            of(metric(self.days_of_life(member, span)).or_else(|| metric(member.seen.cut(span)))?)
        };
        let values = target.members().iter().map(|id| value(self.facts.resource(*id)));
        values.reduce(|a, b| Some(a?.max(b?))).flatten()
    }

    /// The points of a metric of all members, each over its life in a look-back, and the hours that one stands for at most; `None` where
    /// they cover too little of that.
    #[must_use]
    pub fn pooled(&self, members: &[ResourceId], [space, name, stat]: [&str; 3], span: Span) -> Option<Pooled> {
        let (mut of_members, mut hours, mut covered, mut lived) = (Vec::new(), 1, 0, 0);
        for member in members.iter().map(|id| self.facts.resource(*id)) {
            lived += member.seen.cut(span).hours();
            let life = self.days_of_life(member, span);
            if let Some(series) = self.points(member, space, name, stat, life) {
                of_members.push(series.points.iter().map(|(_, value)| *value).collect());
                hours = hours.max(series.period_hours);
                covered += series.hours_covered(life);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "hours of a period")]
        let enough = covered as f64 >= lived as f64 * self.min_metric_cover;
        (enough && !of_members.is_empty()).then_some(Pooled { of_members, hours })
    }

    /// What of a span a resource was there, its first day whole: a daily metric of it begins at midnight.
    fn days_of_life(&self, resource: &Resource, span: Span) -> Span {
        Span::new(resource.seen.start.day().start(), resource.seen.end).cut(span)
    }

    /// Ends everything that is billed to a target's members but backups: they outlive what they were made of.
    #[must_use]
    pub fn deletion(&self, target: &Target) -> Edit {
        let is_backup = |class: &Class| &*class.product == "AWSBackup" || class.usage_type.contains("Backup");
        let billed = target.members().iter().flat_map(|id| self.facts.billed_of(self.facts.resource(*id)));
        let ends = billed.map(|billed| billed.class).filter(|id| !is_backup(self.facts.class(*id)));
        let classes: BTreeSet<ClassId> = ends.collect();
        Edit::Stop(Selection { resources: target.members().to_vec(), classes: Some(classes.into_iter().collect()) })
    }

    /// Whether what a finding is about is gone already, as far as the inventory and the bill tell: there is nothing to save. Such a finding
    /// is counted and no more, so a rule need not say anything of it but its target.
    #[must_use]
    pub fn is_gone(&self, finding: &Finding) -> bool {
        let commitment = matches!(finding.target, Target::Commitment { .. });
        let recent = |id: &ResourceId| self.is_recent(self.facts.resource(*id));
        if !commitment && !finding.in_inventory && !finding.target.members().iter().any(recent) {
            return true;
        }
        let Target::Resource(id) = &finding.target else { return false };
        let resource = self.facts.resource(*id);
        self.inventory.is_gone(&resource.account, &resource.region, &resource.id)
    }

    /// Whether something of a resource was billed of late.
    #[must_use]
    pub fn is_recent(&self, resource: &Resource) -> bool {
        resource.seen.end > self.gone_before
    }

    /// Whether a resource existed all through a span: it was billed in or before its first day.
    #[must_use]
    pub fn older_than(&self, resource: &Resource, span: Span) -> bool {
        resource.seen.hours() > 0 && resource.seen.start < span.start.plus(24)
    }
}

/// The sum of some lines.
#[must_use]
pub fn sum(lines: &[Line<'_>]) -> Costs {
    lines.iter().map(|line| line.costs).sum()
}
