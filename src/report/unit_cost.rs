//! What `curtail unit-cost` shows: the cost of a transaction by day and week, its trend, its forecast, and what moved it.

use super::{
    build::{basis, effects, figure, interval, period},
    json,
    model::{Amount, Basis, Effects, Interval, Percent, Period},
    safe::{cell, plain},
    summary::Rounder,
    table::{count, days, money, new, right, signed, trend},
};
use crate::{
    facts::Facts,
    forecast::Expected,
    note::Note,
    time::Day,
    unit_cost::{DayUnit, Outlook, Trend, Unknown, WeekUnit, WorkloadCost},
};
use comfy_table::{Cell, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

/// The version of the shape.
const SCHEMA: &str = "curtail.unit_cost/1";
/// Days and weeks that a sparkline shows.
const SPARK: usize = 35;

/// What transactions cost.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnitCostReport {
    /// `curtail.unit_cost/1`.
    pub schema: String,
    /// The version of curtail.
    pub version: String,
    /// The window that costs, transactions and unit costs are over.
    pub period: Period,
    /// Everything that was read: series, trends and forecasts are over it.
    pub read: Interval,
    /// The currency of every amount.
    pub currency: String,
    /// Whether costs are after private discounts.
    pub discount_basis: Basis,
    /// The workloads by name, cost without a workload last; cost and tax, credit and refund add up to the bill.
    pub workloads: Vec<Workload>,
    /// Remarks on the input.
    pub notes: Vec<Note>,
}

/// What one workload's transactions cost.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Workload {
    /// The workload; null for cost without one.
    pub workload: Option<String>,
    /// Cost of the period without tax, credit and refund.
    pub cost: Amount,
    /// Tax, credit and refund of the period.
    pub tax_credit_refund: Amount,
    /// Transactions of the period; null when none are known.
    pub transactions: Option<f64>,
    /// Cost of the days with transactions / their transactions.
    pub unit_cost: Option<f64>,
    /// The class of the trend, by the two stretches of `effects`.
    pub trend: Trend,
    /// How the change between two stretches of time came about; null when there are not two.
    pub effects: Option<Effects>,
    /// Growth a week of the seasonally adjusted trend.
    pub growth_per_week_percent: Percent,
    /// How strong the weekly season is: Hyndman's `F_s`, 0 to 1.
    pub season_strength: Option<f64>,
    /// By day, over everything read.
    pub days: Vec<DayRow>,
    /// By week, Monday to Sunday, where every day has cost and transactions.
    pub weeks: Vec<WeekRow>,
    /// To the end of the month; null where it cannot be told.
    pub forecast: Option<Forecast>,
    /// Why there is neither trend nor forecast.
    pub unknown: Option<String>,
}

/// One day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DayRow {
    /// The day, UTC.
    pub date: String,
    /// Its cost.
    pub cost: Amount,
    /// Its transactions; null where they are not known whole.
    pub transactions: Option<f64>,
    /// Cost of a transaction.
    pub unit_cost: Option<f64>,
    /// The same without what the day of the week makes of it.
    pub seasonally_adjusted: Option<f64>,
    /// The trend of that.
    pub trend: Option<f64>,
}

/// One week.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WeekRow {
    /// Its Monday.
    pub start: String,
    /// Its cost.
    pub cost: Amount,
    /// Its transactions.
    pub transactions: f64,
    /// Cost of a transaction.
    pub unit_cost: Option<f64>,
}

/// The cost of a transaction on the days to come.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Forecast {
    /// How often a value lies between `lower` and `upper`.
    pub level: f64,
    /// By day, to the end of the month that the first one lies in.
    pub days: Vec<ForecastDay>,
}

/// One day to come.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ForecastDay {
    /// The day, UTC.
    pub date: String,
    /// The cost of a transaction, never below zero.
    pub unit_cost: f64,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// What of each of the three the day of the week makes; without it they are the level that the trend has reached.
    pub season: f64,
}

/// Builds the report from the workloads and how they move.
#[must_use]
pub fn unit_cost_report(
    facts: &Facts,
    workloads: &[(WorkloadCost, Outlook)],
    level: f64,
    notes: Vec<Note>,
) -> UnitCostReport {
    let all = workloads.iter().map(|(row, _)| row.cost).sum();
    let (mut cost, mut apart) = (Rounder::default(), Rounder::from(all));
    let workload = |(row, outlook): &(WorkloadCost, Outlook)| Workload {
        workload: row.workload.as_deref().map(str::to_owned),
        cost: cost.next(row.cost),
        tax_credit_refund: apart.next(row.apart),
        transactions: row.covered.map(|covered| covered.transactions.to_f64()),
        unit_cost: row.covered.and_then(|covered| covered.unit_cost()).map(figure),
        trend: row.trend,
        effects: row.effects.as_ref().map(effects),
        growth_per_week_percent: outlook.growth_per_week.map(|share| (share * 1e6).round() / 1e4),
        season_strength: outlook.season_strength.map(|strength| (strength * 1e6).round() / 1e6),
        days: outlook.days.iter().map(day_row).collect(),
        weeks: outlook.weeks.iter().map(week_row).collect(),
        forecast: forecast(&outlook.forecast, level),
        unknown: outlook.unknown.map(why_unknown),
    };
    UnitCostReport {
        schema: SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        period: period(facts),
        read: interval(facts.read),
        currency: facts.currency.to_string(),
        discount_basis: basis(facts),
        workloads: workloads.iter().map(workload).collect(),
        notes,
    }
}

fn day_row(day: &DayUnit) -> DayRow {
    DayRow {
        date: day.day.to_string(),
        cost: Amount::of(day.cost),
        transactions: day.transactions.map(|count| count.to_f64()),
        unit_cost: day.unit_cost().map(figure),
        seasonally_adjusted: day.adjusted.map(figure),
        trend: day.trend.map(figure),
    }
}

fn week_row(week: &WeekUnit) -> WeekRow {
    WeekRow {
        start: week.monday.to_string(),
        cost: Amount::of(week.cost),
        transactions: week.transactions.to_f64(),
        unit_cost: week.unit_cost().map(figure),
    }
}

fn forecast(days: &[(Day, Expected)], level: f64) -> Option<Forecast> {
    let day = |(day, expected): &(Day, Expected)| ForecastDay {
        date: day.to_string(),
        unit_cost: figure(expected.value),
        lower: figure(expected.lower),
        upper: figure(expected.upper),
        season: figure(expected.season),
    };
    (!days.is_empty()).then(|| Forecast { level, days: days.iter().map(day).collect() })
}

fn why_unknown(why: Unknown) -> String {
    match why {
        Unknown::NoTransactions => "no day has both cost and transactions".into(),
        Unknown::Monthly => "the export is monthly: days cannot be told".into(),
        Unknown::TooFewDays { days, least } => {
            format!("the last {days} day(s) in a row have cost and transactions; a trend takes {least}")
        }
        Unknown::NoModel => "no model fits the series".into(),
    }
}

/// The report as a table of at most the terminal's width.
#[must_use]
pub fn unit_cost_table(report: &UnitCostReport) -> String {
    let period = days(&report.period.start, &report.period.end);
    let mut out = format!("What a transaction costs, in {}, {period}\n", report.currency);
    let _ = writeln!(out, "{}", costs(report));
    if report.workloads.iter().any(|row| row.forecast.is_some()) {
        let _ = writeln!(out, "\nWhere it goes, without the season of the week");
        let _ = writeln!(out, "{}", outlooks(report));
    }
    if let Some(split) = report.workloads.iter().find_map(|row| row.effects.as_ref()) {
        let [from, to] = [&split.from, &split.to].map(|stretch| days(&stretch.start, &stretch.end));
        let currency = &report.currency;
        let _ = writeln!(out, "\nWhat changed the cost, {from} against {to}, in {currency}");
        let _ = writeln!(out, "{}", changes(report));
    }
    for row in &report.workloads {
        if let (Some(why), Some(name)) = (&row.unknown, &row.workload) {
            let _ = writeln!(out, "{}: no trend and no forecast: {why}", plain(name));
        }
    }
    out
}

fn costs(report: &UnitCostReport) -> Table {
    let mut table = new(["workload", "cost", "transactions", "unit cost", "by week", "by day"]);
    for row in &report.workloads {
        let spark = |values: Vec<Option<f64>>| Cell::new(sparkline(&values[values.len().saturating_sub(SPARK)..]));
        table.add_row(vec![
            name(row),
            right(money(row.cost.0)),
            right(count(row.transactions)),
            right(unit(row.unit_cost)),
            spark(row.weeks.iter().map(|week| week.unit_cost).collect()),
            spark(row.days.iter().map(|day| day.unit_cost).collect()),
        ]);
    }
    table
}

fn outlooks(report: &UnitCostReport) -> Table {
    let told = || report.workloads.iter().filter(|row| row.forecast.is_some());
    let level = told().find_map(|row| row.forecast.as_ref()).map_or(0.0, |forecast| forecast.level * 100.0);
    let between = format!("{level:.0} % between");
    let mut table = new(["workload", "weekly season", "now", "trend a week", "on", "expected", &between]);
    for row in told() {
        let end = row.forecast.as_ref().and_then(|forecast| forecast.days.last());
        let at_end = |of: fn(&ForecastDay) -> f64| unit(end.map(|day| of(day) - day.season));
        let bounds = [at_end(|day| day.lower), at_end(|day| day.upper)];
        table.add_row(vec![
            name(row),
            right(row.season_strength.map_or_else(dash, |strength| format!("{:.0} %", strength * 100.0))),
            right(unit(row.days.iter().rev().find_map(|day| day.trend))),
            right(row.growth_per_week_percent.map_or_else(dash, |percent| format!("{percent:+.2} %"))),
            Cell::new(end.map_or_else(dash, |day| day.date.clone())),
            right(at_end(|day| day.unit_cost)),
            Cell::new(bounds.join(" and ")),
        ]);
    }
    table
}

fn changes(report: &UnitCostReport) -> Table {
    let mut table = new(["workload", "cost before", "after", "change", "volume", "rate", "efficiency", "trend"]);
    for row in &report.workloads {
        let Some(split) = &row.effects else { continue };
        let signed = |amount: f64| right(signed(amount));
        table.add_row(vec![
            name(row),
            right(money(split.from.cost.0)),
            right(money(split.to.cost.0)),
            signed(split.to.cost.0 - split.from.cost.0),
            signed(split.volume.0),
            signed(split.rate.0),
            signed(split.efficiency.0),
            Cell::new(trend(row.trend)),
        ]);
    }
    table
}

fn name(row: &Workload) -> Cell {
    Cell::new(plain(row.workload.as_deref().unwrap_or("(no workload)")))
}

fn dash() -> String {
    "-".into()
}

/// A unit cost with four significant digits.
fn unit(value: Option<f64>) -> String {
    let Some(value) = value else { return dash() };
    let digits = (0..12u8).find(|digits| value.abs() * 10f64.powi(i32::from(*digits)) >= 1000.0).unwrap_or(12);
    format!("{value:.0$}", usize::from(digits))
}

/// Values as bars between their least and greatest; a space for what is not known.
fn sparkline(values: &[Option<f64>]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let known = || values.iter().flatten().copied();
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: f64| {
        let share = if most > least { (value - least) / (most - least) } else { 0.5 };
        BARS.iter().enumerate().find(|(at, _)| share * 8.0 < f64::from(u8::try_from(at + 1).unwrap_or(8)))
    };
    values.iter().map(|value| value.map_or(' ', |value| bar(value).map_or('█', |(_, bar)| *bar))).collect()
}

/// The report as JSON.
#[must_use]
pub fn unit_cost_json(report: &UnitCostReport) -> String {
    json::pretty(report)
}

/// The days of every workload as CSV, those to come behind those that were.
#[must_use]
pub fn unit_cost_csv(report: &UnitCostReport) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "workload",
        "date",
        "cost",
        "transactions",
        "unit_cost",
        "seasonally_adjusted",
        "trend",
        "forecast",
        "lower",
        "upper",
        "currency",
    ];
    let _ = writer.write_record(header);
    let shown = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for row in &report.workloads {
        let name = cell(row.workload.as_deref().unwrap_or(""));
        let mut write = |date: &str, values: [Option<f64>; 8]| {
            let values = values.map(shown);
            let fields = [name.as_str(), date].into_iter().chain(values.iter().map(String::as_str));
            let _ = writer.write_record(fields.chain([report.currency.as_str()]));
        };
        for day in &row.days {
            let known = [Some(day.cost.0), day.transactions, day.unit_cost, day.seasonally_adjusted, day.trend];
            write(&day.date, [known[0], known[1], known[2], known[3], known[4], None, None, None]);
        }
        for day in row.forecast.iter().flat_map(|forecast| &forecast.days) {
            let next = [Some(day.unit_cost), Some(day.lower), Some(day.upper)];
            write(&day.date, [None, None, None, None, None, next[0], next[1], next[2]]);
        }
    }
    writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_spans_from_least_to_greatest() {
        assert_eq!(sparkline(&[Some(1.0), Some(2.0), None, Some(8.0)]), "▁▂ █");
        assert_eq!(sparkline(&[Some(3.0), Some(3.0)]), "▅▅");
        assert_eq!(sparkline(&[None, None]), "  ");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn a_unit_cost_has_four_digits() {
        for (value, text) in
            [(0.0000301249, "0.00003012"), (12.3456, "12.35"), (12345.6, "12346"), (0.0, "0.000000000000")]
        {
            assert_eq!(unit(Some(value)), text);
        }
        assert_eq!(unit(None), "-");
    }
}
