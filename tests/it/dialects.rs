//! The same lines written in different ways give the same facts: types, layouts, encodings, order; and random small
//! tables give what a naive sum gives.

use crate::{
    cur::{self, Repeated},
    totals::{everything, facts, facts_read_generally, root, script},
};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    cast::AsArray,
    types::{Float64Type, Int32Type, TimestampMicrosecondType},
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use curtail::{
    config::{Config, Settings},
    facts::{Costs, Facts},
};
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{ConvertedType, Repetition, Type as Physical},
    column::writer::ColumnWriter,
    data_type::{ByteArray, Int96},
    file::{
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
    schema::types::Type,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// All lines of a part as one batch.
pub(crate) fn read(path: &Path) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap();
    builder.with_batch_size(rows).build().unwrap().next().unwrap().unwrap()
}

/// A batch whose columns are changed; `None` drops one.
pub(crate) fn changed(batch: &RecordBatch, change: impl Fn(&str, &ArrayRef) -> Option<ArrayRef>) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let kept = columns.filter_map(|(field, array)| Some((field.name(), change(field.name(), array)?)));
    let nullable = kept.map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array));
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = nullable.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Writes a batch as one part.
pub(crate) fn write(path: &Path, batch: &RecordBatch, properties: WriterProperties) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// The folders that DuckDB writes of the company's export, `base` among them.
pub(crate) fn variants(folder: &Path) {
    let glob = root().join("fixtures/company/export/data/**/*.parquet");
    script("dialects.py", [glob.as_path(), folder]);
}

/// The facts of an export by the fast path, which must be those of the general reader.
fn both(export: &Path) -> Facts {
    let fast = facts(export);
    assert_same(&format!("{}, read generally,", export.display()), &facts_read_generally(export), &fast);
    fast
}

/// Fails where the facts of two exports differ, showing the first difference.
fn assert_same(what: &str, ours: &Facts, base: &Facts) {
    let (ours, base) = (format!("{ours:?}"), format!("{base:?}"));
    if let Some(at) = ours.bytes().zip(base.bytes()).position(|(a, b)| a != b) {
        let near = |text: &str| text.chars().skip(at.saturating_sub(200)).take(400).collect::<String>();
        panic!("{what} differs:\n  {}\nbase:\n  {}", near(&ours), near(&base));
    }
    assert_eq!(ours.len(), base.len(), "{what} differs in length");
}

/// A plan's covered lines and its fees, thousands of lines among other usage: what tells of the plan is read of the batches alone in which
/// its first covered line or a fee stands.
#[test]
fn columns_that_few_lines_need_are_read_where_they_do() {
    let covered = |resource: usize, plan: &str, hours: [i64; 2], term: &str| {
        json!({"hours": hours, "type": "SavingsPlanCoveredUsage", "product": "AmazonEC2", "usage_type": "BoxUsage:m5.large",
            "operation": "RunInstances", "instance_type": "m5.large", "resource": format!("i-{resource:017}"), "usage": 1.0,
            "cost": 0.096, "columns": {"savings_plan_savings_plan_a_r_n": plan, "savings_plan_savings_plan_effective_cost": 0.07,
            "savings_plan_offering_type": "ComputeSavingsPlans", "savings_plan_purchase_term": term}})
    };
    let fee = json!({"hours": [700, 710], "type": "SavingsPlanRecurringFee", "product": "ComputeSavingsPlans",
        "usage_type": "ComputeSP:1yrNoUpfront", "usage": 1.0, "cost": 1.0, "columns": {"savings_plan_savings_plan_a_r_n": "plan/early",
        "savings_plan_total_commitment_to_date": 1.0, "savings_plan_used_commitment": 0.4,
        "savings_plan_payment_option": "No Upfront"}});
    let usage = json!({"product": "AmazonEC2", "usage_type": "NatGateway-Hours", "usage": 1.0, "cost": 0.045, "resource": "nat-1"});
    let mut lines: Vec<Value> = (0..9).map(|resource| covered(resource, "plan/early", [0, 720], "1yr")).collect();
    // Later lines of the plan in the row group say something else of it: the first one counts.
    lines.extend([
        covered(9, "plan/early", [300, 720], "3yr"),
        covered(10, "plan/late", [650, 720], "3yr"),
        fee,
        usage,
    ]);
    let lines: Vec<Repeated> = lines.into_iter().map(|line| serde_json::from_value(line).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    cur::write(&folder.path().join("part.parquet"), &lines);
    let facts = both(folder.path());
    let told = |plan: &str| facts.commitments.iter().find(|commitment| &*commitment.id == plan).unwrap();
    let (early, late) = (told("plan/early"), told("plan/late"));
    assert_eq!((&*early.details.offering, &*early.details.term), ("ComputeSavingsPlans", "1yr"));
    assert_eq!((&*early.details.payment, &*late.details.term, &*late.details.payment), ("No Upfront", "3yr", ""));
    // Ten hours of which 0.60 USD were not used; 9 x 720 + 420 covered lines.
    assert_eq!((early.unused.gross.to_f64(), early.committed.to_f64(), early.consumed.to_f64()), (6.0, 10.0, 4.0));
    assert!((early.used.gross.to_f64() - 6900.0 * 0.07).abs() < 1e-9);
}

#[test]
fn what_duckdb_writes_in_many_ways_is_one_bill() {
    let folder = tempfile::tempdir().unwrap();
    variants(folder.path());
    let base = facts(&folder.path().join("base"));
    assert!(base.classes.iter().all(|class| class.account.starts_with("000") && class.account.len() == 12));
    assert!(base.resources.iter().any(|resource| resource.tag("team").is_some()));
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    assert!(names.len() > 25);
    for name in names {
        assert_same(&name.display().to_string(), &both(&name), &base);
    }
}

fn text(array: &ArrayRef) -> Option<&StringArray> {
    array.as_string_opt::<i32>()
}

fn moments(array: &ArrayRef) -> Option<&TimestampMicrosecondArray> {
    array.as_primitive_opt::<TimestampMicrosecondType>()
}

type Change = fn(&ArrayRef) -> Option<ArrayRef>;

/// Arrays of other types with the same values.
const TYPES: [(&str, Change); 7] = [
    ("LargeUtf8", |array| Some(Arc::new(text(array)?.iter().collect::<LargeStringArray>()))),
    ("Utf8View", |array| Some(Arc::new(text(array)?.iter().collect::<StringViewArray>()))),
    ("Dictionary", |array| Some(Arc::new(text(array)?.iter().collect::<DictionaryArray<Int32Type>>()))),
    ("dictionary of numbers", |array| {
        let values = array.as_primitive_opt::<Float64Type>()?.iter().map(|v| v.map(|v| format!("{v}")));
        let values: Vec<Option<String>> = values.collect();
        Some(Arc::new(values.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>()))
    }),
    ("seconds as text", |array| {
        let values =
            moments(array)?.iter().map(|v| v.map(|v| curtail::time::Hour::of_seconds(v / 1_000_000).rfc3339()));
        Some(Arc::new(values.collect::<StringArray>()))
    }),
    ("milliseconds", |array| {
        Some(Arc::new(moments(array)?.iter().map(|v| v.map(|v| v / 1000)).collect::<TimestampMillisecondArray>()))
    }),
    ("nanoseconds with zone", |array| {
        let values: TimestampNanosecondArray = moments(array)?.iter().map(|v| v.map(|v| v * 1000)).collect();
        Some(Arc::new(values.with_timezone("UTC")))
    }),
];

/// The plain columns of the base as another Parquet library writes them, and its facts.
fn plain_base(folder: &Path) -> (RecordBatch, Facts) {
    let written = folder.join("by-duckdb");
    std::fs::create_dir(&written).unwrap();
    variants(&written);
    let batch = read(&written.join("base/part-0.parquet"));
    let batch = changed(&batch, |_, array| match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Some(Arc::new(moments(array).unwrap().clone().with_timezone_opt(None::<&str>)))
        }
        DataType::Map(..) => None,
        _ => Some(array.clone()),
    });
    write(&folder.join("plain-base/part.parquet"), &batch, WriterProperties::default());
    let base = facts(&folder.join("plain-base"));
    (batch, base)
}

#[test]
fn types_and_encodings_of_another_writer_are_one_bill() {
    let folder = tempfile::tempdir().unwrap();
    let (batch, base) = plain_base(folder.path());
    for (name, change) in TYPES {
        let at = folder.path().join(name);
        let batch = changed(&batch, |_, array| change(array).or_else(|| Some(array.clone())));
        write(&at.join("part.parquet"), &batch, WriterProperties::default());
        assert_same(name, &both(&at), &base);
    }
    let build = || WriterProperties::builder();
    for (name, properties) in [
        ("plain", build().set_dictionary_enabled(false)),
        ("pages of version 2", build().set_writer_version(WriterVersion::PARQUET_2_0)),
        ("small pages", build().set_data_page_row_count_limit(100).set_write_batch_size(50)),
        ("dictionaries that overflow", build().set_dictionary_page_size_limit(200)),
        ("small row groups", build().set_max_row_group_row_count(Some(999))),
    ] {
        let at = folder.path().join(name);
        write(&at.join("part.parquet"), &batch, properties.build());
        assert_same(name, &both(&at), &base);
    }
    let at = folder.path().join("INT96");
    write_int96(&at.join("part.parquet"), &batch);
    assert_same("INT96", &both(&at), &base);
}

/// Writes a batch of text, doubles and microseconds with the moments as INT96, as Hive and Spark did.
fn write_int96(path: &Path, batch: &RecordBatch) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let schema = batch.schema();
    let columns = schema.fields().iter().map(|field| {
        let (physical, converted) = match field.data_type() {
            DataType::Utf8 => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
            DataType::Float64 => (Physical::DOUBLE, ConvertedType::NONE),
            _ => (Physical::INT96, ConvertedType::NONE),
        };
        let builder = Type::primitive_type_builder(field.name(), physical).with_converted_type(converted);
        Arc::new(builder.with_repetition(Repetition::OPTIONAL).build().unwrap())
    });
    let root = Type::group_type_builder("schema").with_fields(columns.collect()).build().unwrap();
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), Arc::new(root), Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for array in batch.columns() {
        let mut column = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = (0..array.len()).map(|row| i16::from(array.is_valid(row))).collect();
        match column.untyped() {
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let values: Vec<ByteArray> = text(array).unwrap().iter().flatten().map(ByteArray::from).collect();
                writer.write_batch(&values, Some(&levels), None).unwrap();
            }
            ColumnWriter::DoubleColumnWriter(writer) => {
                let values: Vec<f64> = array.as_primitive::<Float64Type>().iter().flatten().collect();
                writer.write_batch(&values, Some(&levels), None).unwrap();
            }
            ColumnWriter::Int96ColumnWriter(writer) => {
                let values: Vec<Int96> = moments(array).unwrap().iter().flatten().map(int96).collect();
                writer.write_batch(&values, Some(&levels), None).unwrap();
            }
            _ => panic!("no other column is made"),
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

/// Nanoseconds of the day and the Julian day.
fn int96(micros: i64) -> Int96 {
    let (day, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000) * 1000);
    let mut value = Int96::new();
    let low = u32::try_from(rest & 0xffff_ffff).unwrap();
    value.set_data(low, u32::try_from(rest >> 32).unwrap(), u32::try_from(day + 2_440_588).unwrap());
    value
}

const KINDS: [&str; 16] = [
    "Usage",
    "Usage",
    "DiscountedUsage",
    "SavingsPlanCoveredUsage",
    "SavingsPlanNegation",
    "SavingsPlanRecurringFee",
    "SavingsPlanUpfrontFee",
    "RIFee",
    "Fee",
    "Tax",
    "Credit",
    "Refund",
    "EdpDiscount",
    "Discount",
    "MadeUp",
    "",
];
const AMOUNTS: [&str; 16] = [
    "line_item_usage_amount",
    "line_item_unblended_cost",
    "line_item_net_unblended_cost",
    "pricing_public_on_demand_cost",
    "reservation_effective_cost",
    "reservation_net_effective_cost",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "reservation_net_unused_recurring_fee",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period",
];
const TEXTS: [(&str, [Option<&str>; 4]); 7] = [
    ("line_item_usage_account_id", [Some("000000000001"), Some("111122223333"), Some("999999999999"), None]),
    ("line_item_product_code", [Some("AmazonEC2"), Some("ComputeSavingsPlans"), Some("AmazonS3"), Some("")]),
    ("line_item_usage_type", [Some("BoxUsage:m5.large"), Some("EU-HeavyUsage:c5.large"), Some("x"), None]),
    ("line_item_operation", [Some("RunInstances"), Some("EKSPod-EC2"), Some(""), None]),
    ("line_item_resource_id", [Some("i-1"), Some("arn:aws:ec2:us-east-1:1:natgateway/nat-1"), Some(""), None]),
    ("reservation_reservation_a_r_n", [Some("arn:aws:ec2:us-east-1:1:reserved-instances/1"), Some(""), None, None]),
    (
        "line_item_line_item_description",
        [Some("Refund for one-time fee for Savings Plan ID 1"), Some("Refund"), Some(""), None],
    ),
];

/// A line: its hour, the places of its texts and its amounts in billionths.
#[derive(Debug, Clone)]
struct Line {
    hour: i64,
    kind: usize,
    texts: [usize; TEXTS.len()],
    amounts: [Option<i64>; AMOUNTS.len()],
}

/// How a table is written: which columns, how numbers look, and in what pieces.
#[derive(Debug, Clone)]
struct Form {
    plans: bool,
    reservations: bool,
    net: bool,
    on_demand: bool,
    numbers: usize,
    parts: usize,
    group: usize,
    threads: usize,
}

fn line() -> impl Strategy<Value = Line> {
    let amount = prop_oneof![
        2 => Just(None),
        1 => Just(Some(0)),
        6 => (-1_000_000_000_000i64..1_000_000_000_000).prop_map(Some),
        1 => (-5i64..5).prop_map(Some),
    ];
    (0i64..72, 0..KINDS.len(), proptest::array::uniform7(0usize..4), proptest::array::uniform16(amount))
        .prop_map(|(hour, kind, texts, amounts)| Line { hour, kind, texts, amounts })
}

fn form() -> impl Strategy<Value = Form> {
    (any::<[bool; 4]>(), 0usize..4, 1usize..4, 1usize..9, 1usize..5).prop_map(
        |(columns, numbers, parts, group, threads)| {
            let [plans, reservations, net, on_demand] = columns;
            Form { plans, reservations, net, on_demand, numbers, parts, group, threads }
        },
    )
}

impl Form {
    fn has(&self, column: &str) -> bool {
        let part = |name: &str| column.starts_with(name);
        (self.plans || !part("savings_plan"))
            && (self.reservations || !part("reservation"))
            && (self.net || !column.contains("_net_"))
            && (self.on_demand || !part("pricing"))
    }

    fn numbers(&self, values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
        #[expect(clippy::cast_precision_loss, reason = "a double states these to the ninth decimal")]
        let double = |value: i64| value as f64 / 1e9;
        let sign = |value: i64| if value < 0 { "-" } else { "" };
        let text = |value: i64| {
            let digits = format!("{:010}", value.unsigned_abs());
            let (whole, rest) = digits.split_at(digits.len() - 9);
            format!("{}{whole}.{rest}", sign(value))
        };
        match self.numbers {
            0 => Arc::new(values.map(|value| value.map(double)).collect::<Float64Array>()),
            1 => Arc::new(values.map(|v| Some(v.map_or_else(String::new, text))).collect::<StringArray>()),
            2 => Arc::new(values.map(|v| v.map(|v| format!("{v}E-9"))).collect::<StringArray>()),
            _ => {
                let values = values.map(|value| value.map(i128::from));
                let array: arrow_array::Decimal128Array = values.collect();
                Arc::new(array.with_precision_and_scale(30, 9).unwrap())
            }
        }
    }

    fn batch(&self, lines: &[Line]) -> RecordBatch {
        let time = |later: i64| -> ArrayRef {
            let seconds = lines.iter().map(|line| (crate::cur::SEPTEMBER + line.hour + later) * 3600);
            Arc::new(TimestampMillisecondArray::from_iter_values(seconds.map(|second| second * 1000)))
        };
        let kinds = lines.iter().map(|line| Some(KINDS[line.kind])).collect::<StringArray>();
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("line_item_usage_start_date", time(0)),
            ("line_item_usage_end_date", time(1)),
            ("line_item_line_item_type", Arc::new(kinds)),
        ];
        for (at, (name, values)) in TEXTS.iter().enumerate().filter(|(_, (name, _))| self.has(name)) {
            columns.push((name, Arc::new(lines.iter().map(|line| values[line.texts[at]]).collect::<StringArray>())));
        }
        for (at, name) in AMOUNTS.iter().enumerate().filter(|(_, name)| self.has(name)) {
            columns.push((name, self.numbers(lines.iter().map(|line| line.amounts[at]))));
        }
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
    }

    fn write(&self, folder: &Path, lines: &[Line]) {
        for (at, lines) in lines.chunks(lines.len().div_ceil(self.parts)).enumerate() {
            let properties = WriterProperties::builder().set_max_row_group_row_count(Some(self.group)).build();
            write(&folder.join(format!("{at}.parquet")), &self.batch(lines), properties);
        }
    }

    /// What a line costs by the table of line types: unblended, effective, net, on-demand; in billionths of a billionth.
    fn costs(&self, line: &Line) -> [i128; 4] {
        let amount = |name: &str| {
            let at = AMOUNTS.iter().position(|other| *other == name).unwrap();
            line.amounts[at].filter(|_| self.has(name)).map(|value| i128::from(value) * 1000)
        };
        let or_zero = |name: &str| amount(name).unwrap_or(0);
        let pair = |gross: &str, net: &str| (or_zero(gross), amount(net).unwrap_or_else(|| or_zero(gross)));
        let unblended = pair("line_item_unblended_cost", "line_item_net_unblended_cost");
        let effective = match KINDS[line.kind] {
            "SavingsPlanCoveredUsage" if self.plans => {
                pair("savings_plan_savings_plan_effective_cost", "savings_plan_net_savings_plan_effective_cost")
            }
            "SavingsPlanRecurringFee" if self.plans => {
                let gross = or_zero("savings_plan_total_commitment_to_date") - or_zero("savings_plan_used_commitment");
                let upfront = or_zero("savings_plan_amortized_upfront_commitment_for_billing_period");
                match amount("savings_plan_net_amortized_upfront_commitment_for_billing_period") {
                    Some(net) if upfront != 0 => (gross, ratio(gross, net, upfront)),
                    _ => (gross, gross),
                }
            }
            "SavingsPlanNegation" | "SavingsPlanUpfrontFee" if self.plans => (0, 0),
            "Refund" if self.plans && line.texts[1] == 1 && line.texts[6] == 0 => (0, 0),
            "DiscountedUsage" if self.reservations => {
                pair("reservation_effective_cost", "reservation_net_effective_cost")
            }
            "RIFee" if self.reservations => {
                let upfront = pair(
                    "reservation_unused_amortized_upfront_fee_for_billing_period",
                    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
                );
                let fee = pair("reservation_unused_recurring_fee", "reservation_net_unused_recurring_fee");
                (upfront.0 + fee.0, upfront.1 + fee.1)
            }
            "Fee" if self.reservations && line.texts[5] == 0 => (0, 0),
            "EdpDiscount" if self.net => (unblended.0, 0),
            _ => unblended,
        };
        let on_demand = match KINDS[line.kind] {
            "SavingsPlanNegation" => 0,
            _ if self.on_demand => or_zero("pricing_public_on_demand_cost"),
            _ => unblended.0,
        };
        [unblended.0, effective.0, effective.1, on_demand]
    }
}

/// `value` x `up` / `down`, ties to even, by whole numbers.
fn ratio(value: i128, up: i128, down: i128) -> i128 {
    let (product, down) = (value * up * down.signum(), down.abs());
    let (whole, twice) = (product.div_euclid(down), 2 * product.rem_euclid(down));
    whole + i128::from(twice > down || (twice == down && whole % 2 != 0))
}

type Sums = BTreeMap<String, [i128; 4]>;

fn add(sums: &mut Sums, key: String, costs: [i128; 4]) {
    let sum = sums.entry(key).or_default();
    for (sum, cost) in sum.iter_mut().zip(costs) {
        *sum += cost;
    }
}

/// What a naive sum gives: by type, by day and by resource.
fn naive(form: &Form, lines: &[Line]) -> Sums {
    let mut sums = Sums::new();
    for line in lines.iter().filter(|line| TEXTS[3].1[line.texts[3]] != Some("EKSPod-EC2")) {
        let text = |at: usize| TEXTS[at].1[line.texts[at]].unwrap_or("");
        let costs = form.costs(line);
        add(&mut sums, format!("type {}", KINDS[line.kind]), costs);
        add(&mut sums, format!("day 2026-09-{:02}", line.hour / 24 + 1), costs);
        add(&mut sums, format!("resource {} {}", text(0), text(4)), costs);
    }
    sums
}

fn folded(facts: &Facts) -> Sums {
    let of = |costs: &Costs| [costs.unblended, costs.effective, costs.net, costs.on_demand].map(|money| money.0);
    let mut sums = Sums::new();
    for spend in facts.spend.iter() {
        add(&mut sums, format!("type {}", facts.class(spend.class).line_name), of(&spend.costs));
        add(&mut sums, format!("day {}", spend.day), of(&spend.costs));
    }
    for resource in &facts.resources {
        for billed in facts.billed_of(resource) {
            add(&mut sums, format!("resource {} {}", resource.account, resource.id), of(&billed.costs));
        }
    }
    sums
}

fn check(form: &Form, lines: &[Line]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    form.write(folder.path(), lines);
    for general_reader in [false, true] {
        check_read(
            form,
            lines,
            &Settings { threads: Some(form.threads), general_reader, ..everything(folder.path()) },
        )?;
    }
    Ok(())
}

fn check_read(form: &Form, lines: &[Line], settings: &Settings) -> Result<(), TestCaseError> {
    let read = curtail::read(&Config::of(settings.clone()).unwrap()).unwrap();
    let facts = &read.facts;
    prop_assert_eq!(facts.quality.lines, lines.len() as u64);
    prop_assert_eq!(folded(facts), naive(form, lines));
    let kept = || lines.iter().filter(|line| line.texts[3] != 1);
    let unknown = kept().any(|line| matches!(KINDS[line.kind], "MadeUp" | ""));
    let negative = kept().any(|line| KINDS[line.kind] == "Usage" && line.amounts[0].is_some_and(|usage| usage < 0));
    let notes = read.notes.sorted();
    let noted = |code: &str| notes.iter().any(|note| note.code == code);
    prop_assert_eq!(noted("unknown_line_type"), unknown);
    prop_assert_eq!(noted("negative_usage"), negative);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_tables_sum_as_naively(form in form(), lines in proptest::collection::vec(line(), 1..60)) {
        check(&form, &lines)?;
    }
}
