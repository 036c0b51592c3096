//! What a rule sees.

use super::Target;
use crate::{
    bill::Bill,
    facts::{Class, ClassId, Costs, Facts, Resource, ResourceId},
    inventory::Inventory,
    metrics::{Metrics, Series},
    sku::What,
    time::{Hour, Span},
    transactions::Transactions,
};
use std::collections::BTreeMap;

/// Everything that a rule may look at; nothing of it can be changed.
pub struct Context<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// The bill as the stages before left it.
    pub bill: &'a Bill,
    /// The inventory; empty where none was given.
    pub inventory: &'a Inventory,
    /// The metrics; empty where none were given.
    pub metrics: &'a Metrics,
    /// The transactions, if given.
    pub transactions: Option<&'a Transactions>,
    /// The moment that ages and expiry count from.
    pub as_of: Hour,
    /// The share of a look-back that a metric must cover to be believed.
    pub min_metric_cover: f64,
}

/// The usage of one class by one resource over the period.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The class's number.
    pub id: ClassId,
    /// The class.
    pub class: &'a Class,
    /// The sums.
    pub costs: &'a Costs,
}

/// Lines with the resources that they are of.
pub type Owned<'a> = Vec<(ResourceId, Line<'a>)>;

/// A look-back, capped at the window that was priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookBack {
    /// The hours looked at: the last of the period.
    pub span: Span,
    /// Whether the period was shorter than what was asked for.
    pub capped: bool,
}

impl<'a> Context<'a> {
    /// The usage lines of a resource, by class.
    pub fn lines(&self, resource: &'a Resource) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let facts = self.facts;
        resource
            .costs
            .iter()
            .map(move |(id, costs)| Line { id: *id, class: facts.class(*id), costs })
            .filter(|line| line.class.line.is_usage())
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
        self.facts.named_resources().filter_map(move |(id, resource)| {
            let lines = self.lines_of(resource, wanted);
            (!lines.is_empty()).then_some((id, resource, lines))
        })
    }

    /// The lines of resources with usage of some kind, gathered by Auto Scaling group where they belong to one: a group is
    /// one target, since its members come and go.
    pub fn targets_with(&self, wanted: impl Fn(&What) -> bool + Copy) -> Vec<(Target, Owned<'a>)> {
        let mut groups: BTreeMap<(&str, &str, &str), Owned<'a>> = BTreeMap::new();
        let mut all = Vec::new();
        for (id, resource, lines) in self.resources_with(wanted) {
            let lines = lines.into_iter().map(|line| (id, line));
            match resource.group() {
                Some(group) => {
                    groups.entry((&resource.account, &resource.region, group)).or_default().extend(lines);
                }
                None => all.push((Target::Resource(id), lines.collect())),
            }
        }
        for ((account, region, name), lines) in groups {
            let mut members: Vec<ResourceId> = lines.iter().map(|(id, _)| *id).collect();
            members.dedup();
            let target = Target::Group { account: account.into(), region: region.into(), name: name.into(), members };
            all.push((target, lines));
        }
        all
    }

    /// The last `days` of the period.
    #[must_use]
    pub fn look_back(&self, days: i32) -> LookBack {
        let period = self.facts.window.period;
        let start = period.end.plus(days.saturating_mul(-24));
        LookBack { span: Span::new(start.max(period.start), period.end), capped: start < period.start }
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
        let points = self.points(resource, space, name, stat, span)?;
        #[expect(clippy::cast_precision_loss, reason = "hours of a period")]
        let enough = points.hours_covered(span) as f64 >= span.hours() as f64 * self.min_metric_cover;
        enough.then_some(points)
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
    lines.iter().map(|line| *line.costs).sum()
}
