//! Provisioned DynamoDB tables that nothing reads or writes.

use super::{Aspect, Context, Finding, Rule, Signal, State, sum};
use crate::{
    facts::Resource,
    inventory::{dynamodb::Table, short_id},
    metrics::Series,
    sku::What,
    time::Span,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnusedDynamodbTable {
    look_back_days: i32,
    max_units_per_day: f64,
    confidence_metrics: f64,
    confidence_empty: f64,
    unlisted_penalty: f64,
    capped_penalty: f64,
}

/// What is known of a table's consumption.
enum Consumed {
    /// More than nothing.
    Something,
    /// At most this a day, reads and writes of the table and every index that is listed.
    AtMost(f64),
    /// A metric is absent, which is not zero.
    Unknown,
}

impl Rule for UnusedDynamodbTable {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (target, lines) in see.targets_through(back.span, is_capacity, |_| None) {
            let &[id] = target.members() else { continue };
            let table = see.facts.resource(id);
            let listed = see.inventory.tables.get(&table.account, &table.region, &table.id);
            if is_needed(see, table, listed) {
                continue;
            }
            let consumed = self.consumed(see, table, listed, back.span);
            let Some(sure) = self.confidence(&consumed, listed) else { continue };
            let lines: Vec<_> = lines.iter().map(|(_, line)| *line).collect();
            let current = State::new("provisioned").with("capacity_unit_hours", sum(&lines).quantity.to_f64());
            let deletion = see.deletion(&target);
            let mut finding = Finding::new(target, Aspect::Existence)
                .edit(deletion)
                .seen(Signal::Rule, "max_units_per_day", self.max_units_per_day, "units/day")
                .confidence(sure - if back.capped { self.capped_penalty } else { 0.0 })
                .in_inventory(listed.is_some());
            if let Consumed::AtMost(units) = consumed {
                finding = finding.seen(Signal::Metrics, "consumed_units_max_per_day", units, "units/day");
            }
            out.push(with_listed(finding, current, listed));
        }
    }
}

impl UnusedDynamodbTable {
    /// What was consumed of the table and its indexes: an index has metrics of its own, and a query of it spends only those.
    fn consumed(&self, see: &Context<'_>, table: &Resource, listed: Option<&Table>, span: Span) -> Consumed {
        let name = short_id(&table.id);
        let indexes = listed.map(|table| table.global_secondary_indexes.as_slice()).unwrap_or_default();
        let indexes = indexes.iter().map(|index| format!("{name}/index/{}", index.index_name));
        let (mut known, mut most) = (true, 0.0_f64);
        for id in std::iter::once(name.to_owned()).chain(indexes) {
            let place = (&*table.account, &*table.region, id.as_str());
            for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"] {
                let any = see.metrics.series(place.0, place.1, place.2, "AWS/DynamoDB", metric, "Sum");
                let units = any.and_then(|series| series.cut(span).per_day_max());
                if units.is_some_and(|units| units > self.max_units_per_day) {
                    return Consumed::Something;
                }
                let day = see.metric_at(place, "AWS/DynamoDB", metric, "Sum", span).and_then(Series::per_day_max);
                known &= day.is_some();
                most = most.max(day.unwrap_or(0.0));
            }
        }
        if known { Consumed::AtMost(most) } else { Consumed::Unknown }
    }

    /// How sure it is that nothing uses the table. CloudWatch gets no data point while there is no request, so an absent
    /// metric supports, but does not prove, what an empty table suggests.
    fn confidence(&self, consumed: &Consumed, listed: Option<&Table>) -> Option<f64> {
        let is_empty = |table: &Table| table.item_count == Some(0) && table.table_size_bytes == Some(0);
        match consumed {
            Consumed::Something => None,
            Consumed::AtMost(_) if listed.is_some() => Some(self.confidence_metrics),
            Consumed::AtMost(_) => Some(self.confidence_metrics - self.unlisted_penalty),
            Consumed::Unknown => listed.filter(|table| is_empty(table)).map(|_| self.confidence_empty),
        }
    }
}

fn is_capacity(what: &What) -> bool {
    matches!(what, What::TableCapacity(_))
}

/// Whether it is part of a global table, was asked on demand in the period, or is not provisioned any more.
fn is_needed(see: &Context<'_>, table: &Resource, listed: Option<&Table>) -> bool {
    let active = |table: &Table| matches!(table.table_status.as_deref(), None | Some("ACTIVE"));
    let by_bill = see.lines(table).any(|line| match line.class.what {
        What::TableCapacity(usage) => usage.replicated,
        What::TableRequests(_) => line.costs.quantity.0 > 0,
        _ => false,
    });
    by_bill || listed.is_some_and(|table| !table.replicas.is_empty() || table.is_on_demand() || !active(table))
}

/// The finding with what the inventory says of the table.
fn with_listed(finding: Finding, mut current: State, listed: Option<&Table>) -> Finding {
    let mut evidence = Vec::new();
    if let Some(table) = listed {
        current = current.with("deletion_protection", table.deletion_protection_enabled == Some(true));
        evidence.extend(table.item_count.map(|count| ("ItemCount", count, "items")));
        evidence.extend(table.table_size_bytes.map(|bytes| ("TableSizeBytes", bytes, "bytes")));
    }
    let finding = finding.states(current, State::new("deleted"));
    evidence
        .into_iter()
        .fold(finding, |finding, (name, value, unit)| finding.seen(Signal::Inventory, name, value, unit))
}
