//! A DynamoDB table as the bill, the inventory and the metrics know it, and what auto scaling would provision for it.

mod ahead;

pub(super) use ahead::{Ahead, Provisioned};

use super::{Context, Line};
use crate::{
    facts::{Class, ClassId, LineType, Resource, ResourceId},
    inventory::{dynamodb, short_id},
    metrics::Series,
    sku::{TableUse, What, strip_region},
    time::Span,
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// How throughput and storage are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    /// By the request, else by provisioned capacity.
    pub(super) requests: bool,
    /// In the Standard-Infrequent-Access class.
    pub(super) infrequent: bool,
}

/// A table.
pub(super) struct Table<'a> {
    pub(super) id: ResourceId,
    pub(super) resource: &'a Resource,
    pub(super) payer: Arc<str>,
    pub(super) listed: Option<&'a dynamodb::Table>,
    pub(super) setting: Setting,
    /// Reads and writes, those that are billed.
    pub(super) sides: Vec<Side<'a>>,
    pub(super) storage: Vec<Line<'a>>,
    /// Whether reads or writes cost nothing: what they would cost in another setting cannot be told.
    pub(super) partly_free: bool,
}

/// Reads or writes of a table and its indexes.
pub(super) struct Side<'a> {
    pub(super) write: bool,
    pub(super) classes: Vec<ClassId>,
    /// Capacity-unit-hours or request units over the period.
    pub(super) quantity: f64,
    /// Of that, what reservations cover.
    pub(super) reserved: f64,
    /// The public rate of a unit, USD.
    pub(super) rate: f64,
    /// Units consumed by the table and each index; `None` where a metric is absent.
    pub(super) consumed: Option<Consumed<'a>>,
}

/// Consumed units of a table and each of its indexes.
pub(super) struct Consumed<'a> {
    parts: Vec<Series<'a>>,
    span: Span,
}

/// Auto scaling of provisioned capacity.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AutoScaling {
    pub(super) target_utilization_percent: f64,
    min_units: f64,
    max_units: f64,
    burst_factor: f64,
}

/// Public rates of throughput by region and what it is, as the export shows them: USD a unit.
pub(super) struct Rates<'a>(BTreeMap<(&'a str, &'a What), f64>);

impl<'a> Rates<'a> {
    pub(super) fn of(see: &Context<'a>) -> Self {
        let mut sums: BTreeMap<ClassId, (f64, f64)> = BTreeMap::new();
        for spend in see.facts.priced() {
            let class = see.facts.class(spend.class);
            if class.line.is_usage() && throughput(class).is_some() {
                let (cost, units) = sums.entry(spend.class).or_default();
                *cost += spend.costs.on_demand.to_f64();
                *units += spend.costs.quantity.to_f64();
            }
        }
        let mut rates = BTreeMap::new();
        for (id, (cost, units)) in sums.into_iter().filter(|(_, (_, units))| *units > 0.0) {
            let class = see.facts.class(id);
            // What commitments may cover knows which units were free.
            let rate = see.bill.public_rate(id).map_or(cost / units, |rate| rate.to_f64());
            let known = rates.entry((&*class.region, &class.what)).or_insert(0.0_f64);
            *known = known.max(rate);
        }
        Self(rates)
    }

    /// The rate of reads or writes in a region in some mode and class, if the export shows it.
    pub(super) fn get(&self, region: &str, write: bool, setting: Setting) -> Option<f64> {
        let table = TableUse { write, replicated: false, infrequent: setting.infrequent };
        let what = if setting.requests { What::TableRequests(table) } else { What::TableCapacity(table) };
        self.0.get(&(region, &what)).copied().filter(|rate| *rate > 0.0)
    }
}

impl<'a> Table<'a> {
    /// All tables that are paid in one way all through the period, and are no part of a global table.
    pub(super) fn all(see: &Context<'a>, rates: &Rates<'a>) -> Vec<Self> {
        let is_throughput = |what: &What| matches!(what, What::TableCapacity(_) | What::TableRequests(_));
        let tables = see.resources_with(is_throughput);
        tables.filter_map(|(id, resource, lines)| Self::of(see, rates, id, resource, &lines)).collect()
    }

    fn of(
        see: &Context<'a>,
        rates: &Rates<'a>,
        id: ResourceId,
        resource: &'a Resource,
        lines: &[Line<'a>],
    ) -> Option<Self> {
        let listed = see.inventory.tables.get(&resource.account, &resource.region, &resource.id);
        let setting = setting(lines)?;
        let storage = see.lines_of(resource, |what| matches!(what, What::TableStorage));
        let stays = storage.iter().all(|line| is_infrequent(line.class) == setting.infrequent);
        let as_listed =
            listed.is_none_or(|table| table.replicas.is_empty() && table.is_on_demand() == setting.requests);
        let side = |write: bool| side(see, rates, resource, listed, lines, write, setting);
        let sides: Vec<Side<'a>> = [false, true].into_iter().filter_map(side).collect();
        let billed = |write: bool| side_of(lines, write).any(|line| line.costs.quantity.0 > 0);
        let partly_free = [false, true].into_iter().filter(|write| billed(*write)).count() > sides.len();
        let payer = lines.first()?.class.payer.clone();
        (stays && as_listed && !sides.is_empty()).then_some(Self {
            id,
            resource,
            payer,
            listed,
            setting,
            sides,
            storage,
            partly_free,
        })
    }

    /// Whether all that the table and its indexes consume is known.
    pub(super) fn is_measured(&self) -> bool {
        self.sides.iter().all(|side| side.consumed.is_some())
    }

    /// Whether reserved capacity covers some of it.
    pub(super) fn is_reserved(&self) -> bool {
        self.sides.iter().any(|side| side.reserved > 0.0)
    }
}

/// Reads or writes of a table; `None` where none are billed at a rate.
fn side<'a>(
    see: &Context<'a>,
    rates: &Rates<'a>,
    resource: &'a Resource,
    listed: Option<&dynamodb::Table>,
    lines: &[Line<'a>],
    write: bool,
    setting: Setting,
) -> Option<Side<'a>> {
    let units = |wanted: &dyn Fn(LineType) -> bool| -> f64 {
        side_of(lines, write).filter(|line| wanted(line.class.line)).map(|line| line.costs.quantity.to_f64()).sum()
    };
    let quantity = units(&|_| true);
    (quantity > 0.0).then_some(())?;
    Some(Side {
        write,
        classes: side_of(lines, write).map(|line| line.id).collect(),
        quantity,
        reserved: units(&|line| line == LineType::DiscountedUsage),
        rate: rates.get(&resource.region, write, setting)?,
        consumed: consumed(see, resource, listed, write),
    })
}

/// The lines of reads or writes.
fn side_of<'l, 'a>(lines: &'l [Line<'a>], write: bool) -> impl Iterator<Item = &'l Line<'a>> {
    lines.iter().filter(move |line| throughput(line.class).is_some_and(|(table, _)| table.write == write))
}

/// The units that a table and every index that is listed consumed in the period.
fn consumed<'a>(
    see: &Context<'a>,
    resource: &Resource,
    listed: Option<&dynamodb::Table>,
    write: bool,
) -> Option<Consumed<'a>> {
    let span = see.facts.window.period;
    let name = short_id(&resource.id);
    let indexes = listed.map(|table| table.global_secondary_indexes.as_slice()).unwrap_or_default();
    let indexes = indexes.iter().map(|index| format!("{name}/index/{}", index.index_name));
    let metric = if write { "ConsumedWriteCapacityUnits" } else { "ConsumedReadCapacityUnits" };
    let parts = std::iter::once(name.to_owned())
        .chain(indexes)
        .map(|id| see.metric_at((&resource.account, &resource.region, &id), "AWS/DynamoDB", metric, "Sum", span));
    Some(Consumed { parts: parts.collect::<Option<_>>()?, span })
}

/// How all lines of a table are paid; `None` where they differ, or some are replicated.
fn setting(lines: &[Line<'_>]) -> Option<Setting> {
    let of = |line: &Line<'_>| {
        let (table, requests) = throughput(line.class)?;
        (!table.replicated).then_some(Setting { requests, infrequent: table.infrequent })
    };
    let mut used = lines.iter().filter(|line| line.costs.quantity.0 > 0);
    let first = of(used.next()?)?;
    used.all(|line| of(line) == Some(first)).then_some(first)
}

/// What of throughput a class measures, and whether by the request.
fn throughput(class: &Class) -> Option<(TableUse, bool)> {
    match class.what {
        What::TableCapacity(table) => Some((table, false)),
        What::TableRequests(table) => Some((table, true)),
        _ => None,
    }
}

fn is_infrequent(class: &Class) -> bool {
    strip_region(&class.usage_type).starts_with("IA-")
}

impl Consumed<'_> {
    /// Units over the period; hours that no point stands for are taken to be like the others.
    pub(super) fn units(&self) -> f64 {
        self.parts.iter().map(|part| part.sum().unwrap_or_default() * self.whole(*part)).sum()
    }

    /// The whole period over the hours that a series covers.
    fn whole(&self, part: Series<'_>) -> f64 {
        hours(self.span.hours()) / hours(part.hours_covered(self.span)).max(1.0)
    }

    /// What auto scaling would provision in each hour that is known; `None` where points are coarser, or where it would be too much.
    fn provisioned(&self, part: Series<'_>, scaling: &AutoScaling) -> Option<Vec<f64>> {
        if part.period_hours > 1 {
            return None;
        }
        let mut before = None;
        let mut all = Vec::with_capacity(part.points.len());
        for (hour, units) in part.points {
            let need = scaling.units(*units);
            // Capacity is lowered some time after it was last needed: an hour begins with that of the hour before.
            let last = before.filter(|(last, _)| hour.0 - 1 == *last).map_or(need, |(_, last)| last);
            all.push(need.max(last));
            before = Some((hour.0, need));
        }
        all.iter().all(|units| *units <= scaling.max_units).then_some(all)
    }

    /// Capacity units by the hour of the period that auto scaling would provision, over the table and its indexes: hours that no point
    /// stands for are taken to be like the others. `None` where that is not known.
    pub(super) fn scaled(&self, scaling: &AutoScaling) -> Option<Scaled> {
        let mut scaled = Scaled { total: 0.0, hours: Vec::new() };
        for part in &self.parts {
            let provisioned = self.provisioned(*part, scaling)?;
            scaled.total += provisioned.iter().sum::<f64>() * self.whole(*part);
            scaled.hours.resize(scaled.hours.len().max(provisioned.len()), 0.0);
            scaled.hours.iter_mut().zip(provisioned).for_each(|(sum, units)| *sum += units);
        }
        Some(scaled)
    }
}

/// What auto scaling would provision.
pub(super) struct Scaled {
    /// Capacity-unit-hours over the period.
    pub(super) total: f64,
    /// Capacity units in each hour that is known.
    pub(super) hours: Vec<f64>,
}

impl AutoScaling {
    /// Capacity for what an hour consumed: its busiest minute at the target utilisation.
    fn units(&self, consumed: f64) -> f64 {
        let busiest = consumed / 3600.0 * self.burst_factor;
        (busiest / (self.target_utilization_percent / 100.0)).ceil().max(self.min_units)
    }
}

/// Hours as a number to reckon with.
pub(super) fn hours(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}
