//! Writes small real exports: CUR 2.0 Parquet from lines that a test states.

use arrow_array::{
    ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray,
    builder::{MapBuilder, StringBuilder},
};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use serde::Deserialize;
use std::{collections::BTreeMap, fs::File, path::Path, sync::Arc};

/// Lines that repeat over hours of a month. What is not stated is the plainest: usage of account 111122223333 in us-east-1.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeated {
    /// From which hour of the month up to which.
    #[serde(default = "all_hours")]
    pub(crate) hours: [i64; 2],
    /// Every how many hours; 24 makes daily lines.
    #[serde(default = "one")]
    pub(crate) every: i64,
    #[serde(default = "usage_type")]
    pub(crate) r#type: String,
    pub(crate) product: String,
    pub(crate) usage_type: String,
    #[serde(default)]
    pub(crate) operation: String,
    #[serde(default)]
    pub(crate) resource: String,
    #[serde(default = "account")]
    pub(crate) account: String,
    #[serde(default = "region")]
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) zone: String,
    #[serde(default)]
    pub(crate) instance_type: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    /// Usage of each line.
    #[serde(default)]
    pub(crate) usage: f64,
    /// Unblended cost of each line.
    #[serde(default)]
    pub(crate) cost: f64,
    /// Cost after private discounts; stated for one line, the whole export gets net columns.
    pub(crate) net: Option<f64>,
    /// On-demand cost; the unblended cost if not stated.
    pub(crate) on_demand: Option<f64>,
    /// Further columns by their full names: numbers or text.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, serde_json::Value>,
}

fn all_hours() -> [i64; 2] {
    [0, 720]
}
fn one() -> i64 {
    1
}
fn usage_type() -> String {
    "Usage".into()
}
fn account() -> String {
    "111122223333".into()
}
fn region() -> String {
    "us-east-1".into()
}

/// 2026-09-01T00:00Z in hours since the epoch.
pub(crate) const SEPTEMBER: i64 = 496_728;

struct Line<'a> {
    start: i64,
    of: &'a Repeated,
}

/// Writes the lines as one part, in the order of their hours.
pub(crate) fn write(path: &Path, lines: &[Repeated]) {
    let mut rows: Vec<Line<'_>> = lines
        .iter()
        .flat_map(|of| {
            let [from, to] = of.hours;
            (from..to).step_by(usize::try_from(of.every).unwrap()).map(move |start| Line { start, of })
        })
        .collect();
    rows.sort_by_key(|line| line.start);
    let batch = batch(&rows);
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn batch(rows: &[Line<'_>]) -> RecordBatch {
    let text = |of: &dyn Fn(&Repeated) -> &str| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row.of)).filter(|t| !t.is_empty())).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Repeated) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(row.of)).collect::<Float64Array>())
    };
    let time = |of: &dyn Fn(&Line<'_>) -> i64| -> ArrayRef {
        let hours = rows.iter().map(|row| of(row) * 3_600_000);
        Arc::new(TimestampMillisecondArray::from_iter_values(hours))
    };
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("bill_payer_account_id".into(), text(&|_| "111122223333")),
        ("bill_invoice_id".into(), text(&|_| "42")),
        ("bill_billing_period_start_date".into(), time(&|_| SEPTEMBER)),
        ("line_item_usage_account_id".into(), text(&|line| &line.account)),
        ("line_item_line_item_type".into(), text(&|line| &line.r#type)),
        ("line_item_usage_start_date".into(), time(&|line| SEPTEMBER + line.start)),
        ("line_item_usage_end_date".into(), time(&|line| SEPTEMBER + line.start + line.of.every)),
        ("line_item_product_code".into(), text(&|line| &line.product)),
        ("line_item_usage_type".into(), text(&|line| &line.usage_type)),
        ("line_item_operation".into(), text(&|line| &line.operation)),
        ("line_item_availability_zone".into(), text(&|line| &line.zone)),
        ("line_item_resource_id".into(), text(&|line| &line.resource)),
        ("line_item_currency_code".into(), text(&|_| "USD")),
        ("product_region_code".into(), text(&|line| &line.region)),
        ("product_instance_type".into(), text(&|line| &line.instance_type)),
        ("line_item_usage_amount".into(), number(&|line| Some(line.usage))),
        ("line_item_unblended_cost".into(), number(&|line| Some(line.cost))),
        ("pricing_public_on_demand_cost".into(), number(&|line| line.on_demand.or(Some(line.cost)))),
    ];
    if rows.iter().any(|row| row.of.net.is_some()) {
        columns.push(("line_item_net_unblended_cost".into(), number(&|line| line.net.or(Some(line.cost)))));
    }
    let further: BTreeMap<&str, bool> = rows
        .iter()
        .flat_map(|row| row.of.columns.iter().map(|(name, value)| (name.as_str(), value.is_number())))
        .collect();
    columns.retain(|(name, _)| !further.contains_key(name.as_str()));
    for (name, is_number) in further {
        let array = if is_number {
            number(&|line| line.columns.get(name).and_then(serde_json::Value::as_f64))
        } else {
            text(&|line| line.columns.get(name).and_then(serde_json::Value::as_str).unwrap_or(""))
        };
        columns.push((name.to_owned(), array));
    }
    columns.push(("resource_tags".into(), tags(rows)));
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn tags(rows: &[Line<'_>]) -> ArrayRef {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in rows {
        for (key, value) in &row.of.tags {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true).unwrap();
    }
    Arc::new(builder.finish())
}

/// A line of no cost in every hour of September, so that the month is complete.
pub(crate) fn heartbeat() -> Repeated {
    serde_json::from_value(serde_json::json!({"product": "AWSCloudTrail", "usage_type": "Heartbeat", "usage": 1.0}))
        .unwrap()
}

#[test]
fn september_is_september() {
    assert_eq!(curtail::time::Day::parse("2026-09-01").unwrap().start().0, i32::try_from(SEPTEMBER).unwrap());
}
