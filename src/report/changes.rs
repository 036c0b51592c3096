//! What `curtail changes` shows: what moved the bill between two stretches of time.

use super::{
    build::{basis, interval, percent},
    json,
    model::{Amount, Basis, Interval, Percent},
    safe::{cell, plain},
    table::{days, money, new, right, signed},
};
use crate::{
    changes::{Changes, Mover},
    facts::Facts,
    money::Money,
    note::Note,
};
use comfy_table::{Cell, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

/// The version of the shape.
const SCHEMA: &str = "curtail.changes/1";
/// Millionths in a cent.
const CENT: i128 = 10_000;

/// What moved the bill. Cost is effective, net where the export is, with tax, credit and refund.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangesReport {
    /// `curtail.changes/1`.
    pub schema: String,
    /// The version of curtail.
    pub version: String,
    /// The currency of every amount.
    pub currency: String,
    /// Whether costs are after private discounts.
    pub discount_basis: Basis,
    /// The earlier stretch.
    pub before: Interval,
    /// The later stretch.
    pub after: Interval,
    /// The bill of both; the split is the sum over usage types.
    pub total: Change,
    /// By service, as the product code of the bill; each side adds up to the total, the greatest change first.
    pub by_service: Vec<ChangeRow>,
    /// By account.
    pub by_account: Vec<ChangeRow>,
    /// By workload; empty where nothing tells workloads apart.
    pub by_workload: Vec<ChangeRow>,
    /// By service and usage type.
    pub by_usage_type: Vec<ChangeRow>,
    /// Remarks on the input.
    pub notes: Vec<Note>,
}

/// One row of a side.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeRow {
    /// Which; null where lines have none.
    pub name: Option<String>,
    /// How it changed.
    #[serde(flatten)]
    pub change: Change,
}

/// Cost before and after, and how one became the other: volume + rate + new + gone = change.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Change {
    /// Cost of the earlier stretch.
    pub before: Amount,
    /// Cost of the later one.
    pub after: Amount,
    /// After less before.
    pub change: Amount,
    /// The change as a share of the cost before; null where that was nothing.
    pub change_percent: Percent,
    /// More or less usage, at the old price; of lines without usage their whole change.
    pub volume: Amount,
    /// Another price.
    pub rate: Amount,
    /// Usage that is new there.
    pub new: Amount,
    /// Usage that ended there.
    pub gone: Amount,
}

/// Builds the report.
#[must_use]
pub fn changes_report(facts: &Facts, changes: &Changes, notes: Vec<Note>) -> ChangesReport {
    let by_usage_type = side(&changes.by_usage_type);
    ChangesReport {
        schema: SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        currency: facts.currency.to_string(),
        discount_basis: basis(facts),
        before: interval(changes.before),
        after: interval(changes.after),
        total: Whole::sum(by_usage_type.iter().map(|row| Whole::of(&row.change))).change(1),
        by_service: side(&changes.by_service),
        by_account: side(&changes.by_account),
        by_workload: side(&changes.by_workload),
        by_usage_type,
        notes,
    }
}

/// The rows of a side. Levels are rounded, so that the rows' costs add up to the rounded bill; of the parts of a change the
/// greatest takes what rounding leaves, so that they add up to it.
fn side(movers: &[Mover]) -> Vec<ChangeRow> {
    let mut levels = Levels::default();
    let row = |mover: &Mover| {
        let [before, after] = levels.next([mover.before.0, mover.after.0], MILLIONTH);
        let split = &mover.split;
        let parts = [split.volume, split.rate, split.new, split.gone].map(Money::micros);
        let change = Whole { before, after, parts }.balanced().change(1);
        ChangeRow { name: mover.name.as_deref().map(str::to_owned), change }
    };
    movers.iter().map(row).collect()
}

/// Units of money in a millionth.
const MILLIONTH: i128 = 1_000_000;

/// Rounds two columns so that what is shown adds up: running sums are rounded, then subtracted.
#[derive(Default)]
struct Levels([(i128, i128); 2]);

impl Levels {
    fn next(&mut self, parts: [i128; 2], unit: i128) -> [i128; 2] {
        std::array::from_fn(|at| {
            let (sum, level) = &mut self.0[at];
            *sum += parts[at];
            let before = std::mem::replace(level, nearest(*sum, unit));
            *level - before
        })
    }
}

/// A number in units, rounded to the nearest, halves up.
fn nearest(value: i128, unit: i128) -> i128 {
    (value + unit / 2).div_euclid(unit)
}

/// A change in whole units: millionths or cents.
#[derive(Default, Clone, Copy)]
struct Whole {
    before: i128,
    after: i128,
    parts: [i128; 4],
}

impl Whole {
    /// A shown change, in millionths.
    fn of(change: &Change) -> Self {
        let parts = [change.volume, change.rate, change.new, change.gone].map(Self::micros);
        Self { before: Self::micros(change.before), after: Self::micros(change.after), parts }
    }

    fn micros(amount: Amount) -> i128 {
        Money::from_f64(amount.0).map_or(0, Money::micros)
    }

    fn sum(all: impl Iterator<Item = Self>) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            before: sum.before + one.before,
            after: sum.after + one.after,
            parts: std::array::from_fn(|at| sum.parts[at] + one.parts[at]),
        })
    }

    /// The same with the greatest part taking up what rounding left.
    fn balanced(mut self) -> Self {
        let left = self.after - self.before - self.parts.iter().sum::<i128>();
        if let Some(greatest) = self.parts.iter_mut().max_by_key(|part| part.abs()) {
            *greatest += left;
        }
        self
    }

    /// As amounts, each unit being so many millionths.
    fn change(self, millionths: i128) -> Change {
        let amount = |units: i128| Amount::of(Money::from_micros(units * millionths));
        let [volume, rate, new, gone] = self.parts.map(amount);
        let (before, after) = (Money(self.before), Money(self.after));
        Change {
            before: amount(self.before),
            after: amount(self.after),
            change: amount(self.after - self.before),
            change_percent: percent(after - before, before),
            volume,
            rate,
            new,
            gone,
        }
    }
}

/// The report as tables with the `top` greatest movers of each side.
#[must_use]
pub fn changes_table(report: &ChangesReport, top: usize) -> String {
    let [before, after] = [&report.before, &report.after].map(|stretch| days(&stretch.start, &stretch.end));
    let mut out = format!("What moved the bill, {before} against {after}, in {}\n", report.currency);
    for (what, rows) in [
        ("service", &report.by_service),
        ("account", &report.by_account),
        ("workload", &report.by_workload),
        ("usage type", &report.by_usage_type),
    ] {
        if !rows.is_empty() {
            let _ = writeln!(out, "\n{}", side_table(what, rows, top));
        }
    }
    out
}

/// In cents that add up: levels are rounded again.
fn side_table(what: &str, rows: &[ChangeRow], top: usize) -> Table {
    let mut table = new([what, "before", "after", "change", "%", "volume", "rate", "new", "gone"]);
    let (shown, others) = rows.split_at(top.min(rows.len()));
    let exact: Vec<Whole> = shown.iter().map(|row| Whole::of(&row.change)).collect();
    let rest = Whole::sum(others.iter().map(|row| Whole::of(&row.change)));
    let total = Whole::sum(exact.iter().copied().chain([rest]));
    let names = shown.iter().map(|row| plain(row.name.as_deref().unwrap_or("(none)")));
    let mut lines: Vec<(String, Whole)> = names.zip(exact).collect();
    if !others.is_empty() {
        lines.push((format!("({} others)", others.len()), rest));
    }
    let mut levels = Levels::default();
    for (name, exact) in lines {
        let [before, after] = levels.next([exact.before, exact.after], CENT);
        add_row(&mut table, &name, Whole { before, after, parts: exact.parts.map(|part| nearest(part, CENT)) });
    }
    let [before, after] = Levels::default().next([total.before, total.after], CENT);
    add_row(&mut table, "total", Whole { before, after, parts: total.parts.map(|part| nearest(part, CENT)) });
    table
}

fn add_row(table: &mut Table, name: &str, cents: Whole) {
    let change = cents.balanced().change(CENT);
    let part = |amount: Amount| right(if amount.0 == 0.0 { "-".into() } else { signed(amount.0) });
    table.add_row(vec![
        Cell::new(name),
        right(money(change.before.0)),
        right(money(change.after.0)),
        right(signed(change.change.0)),
        right(change.change_percent.map_or_else(|| "-".into(), tenths)),
        part(change.volume),
        part(change.rate),
        part(change.new),
        part(change.gone),
    ]);
}

/// A percentage with one decimal and its sign, of which nothing has none.
fn tenths(percent: f64) -> String {
    let text = format!("{percent:+.1}");
    if matches!(text.as_str(), "+0.0" | "-0.0") { "0.0".into() } else { text }
}

/// The report as JSON.
#[must_use]
pub fn changes_json(report: &ChangesReport) -> String {
    json::pretty(report)
}

/// Every mover of every side as CSV.
#[must_use]
pub fn changes_csv(report: &ChangesReport) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["side", "name", "before", "after", "change", "volume", "rate", "new", "gone", "currency"];
    let _ = writer.write_record(header);
    let sides = [
        ("service", &report.by_service),
        ("account", &report.by_account),
        ("workload", &report.by_workload),
        ("usage_type", &report.by_usage_type),
    ];
    for (side, row) in sides.into_iter().flat_map(|(side, rows)| rows.iter().map(move |row| (side, row))) {
        let change = &row.change;
        let amounts = [change.before, change.after, change.change, change.volume, change.rate, change.new, change.gone];
        let amounts = amounts.map(|amount| amount.0.to_string());
        let fields = [side.to_owned(), cell(row.name.as_deref().unwrap_or(""))].into_iter().chain(amounts);
        let _ = writer.write_record(fields.chain([cell(&report.currency)]));
    }
    writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_adds_up() {
        let third = Money(333_333_333_333);
        let split = crate::changes::Split { volume: third, rate: third + third, ..Default::default() };
        let mover = Mover { name: None, before: Money::ZERO, after: third + third + third, split };
        let rows = side(&[mover.clone(), mover.clone(), mover]);
        let millionths =
            |of: fn(&Change) -> Amount| rows.iter().map(|row| Whole::micros(of(&row.change))).sum::<i128>();
        assert_eq!(millionths(|change| change.after), 3_000_000);
        for row in &rows {
            let parts = [row.change.volume, row.change.rate, row.change.new, row.change.gone];
            assert_eq!(parts.map(Whole::micros).iter().sum::<i128>(), Whole::micros(row.change.change));
        }
    }
}
