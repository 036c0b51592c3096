//! Tables for terminals.

use super::{
    model::{Basis, CommitmentSummary, Recommendation, Report, UnitCost},
    safe::plain,
};
use crate::{
    time::{Hour, parse_moment},
    unit_cost::Trend,
};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use std::fmt::Write as _;

/// The report as text of at most the terminal's width.
pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    head(&mut out, report);
    if report.recommendations.is_empty() {
        out.push_str("\nNothing to change was found.\n");
    } else {
        let _ = writeln!(out, "\nWhat to change, in {} a month", report.currency);
        let _ = writeln!(out, "{}", recommendations(report));
    }
    if !report.unit_costs.is_empty() {
        let _ = writeln!(out, "\nWhat a transaction costs");
        let _ = writeln!(out, "{}", unit_costs(&report.unit_costs));
    }
    tail(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) {
    let (period, totals) = (&report.period, &report.totals);
    let complete = if period.complete { "complete" } else { "not complete" };
    let _ = writeln!(
        out,
        "Period {} to {} ({} hours, {complete}), {} export, {}",
        &period.start[..16.min(period.start.len())],
        &period.end[..16.min(period.end.len())],
        period.hours,
        period.granularity,
        report.currency
    );
    let net = report.discount_basis == Basis::Net;
    let after = if net { format!("{} net, ", money(totals.net_effective_cost.0)) } else { String::new() };
    let _ = writeln!(
        out,
        "Cost   {} effective ({after}{} invoiced, {} at on-demand prices), of it tax {}, credit {}, refund {}",
        money(totals.effective_cost.0),
        money(totals.unblended_cost.0),
        money(totals.on_demand_cost.0),
        money(totals.tax.0),
        money(totals.credit.0),
        money(totals.refund.0)
    );
    if let Some(model) = &report.reconciliation {
        let off = model.error_percent.unwrap_or_default().abs();
        let (repriced, billed) = (money(model.repriced.0), money(model.billed.0));
        let _ = writeln!(
            out,
            "Model  {repriced} re-priced by the hour, {billed} billed without tax, credit and refund: {off:.2} % off"
        );
    }
    commitments(out, &report.commitment);
    let share = totals
        .savings_percent
        .map_or_else(String::new, |percent| format!(", {percent:.1} % of cost without tax, credit and refund"));
    let before = match net {
        true => format!(" (net; {} a month before discounts)", money(totals.monthly_savings_before_discounts.0)),
        false => " (the export has no costs after private discounts)".into(),
    };
    let _ = writeln!(
        out,
        "Saving {} a month, {} a year{share}{before}",
        money(totals.monthly_savings.0),
        money(totals.annual_savings.0)
    );
}

/// How far commitments cover and are used, today and with all that is recommended.
fn commitments(out: &mut String, of: &CommitmentSummary) {
    let Some((today, then)) = of.coverage_percent.zip(of.proposed_coverage_percent) else { return };
    let used = |percent: Option<f64>| percent.map(|percent| format!("{percent:.1} % of their cost is used"));
    let now = used(of.utilization_percent).map_or_else(String::new, |used| format!(", {used}"));
    let later = used(of.proposed_utilization_percent).map_or_else(String::new, |used| format!(", {used}"));
    let upfront =
        if of.upfront_cost.0 > 0.0 { format!(", {} upfront", money(of.upfront_cost.0)) } else { String::new() };
    let _ = writeln!(
        out,
        "Commitments cover {today:.1} % of what they could{now}; after this advice {then:.1} %{later}{upfront}"
    );
}

fn recommendations(report: &Report) -> Table {
    let mut table = new(["#", "saves", "what to do", "where", "owner", "sure", "effort", "risk", "id"]);
    for row in &report.recommendations {
        table.add_row(vec![
            right(row.rank.to_string()),
            right(saved(row)),
            Cell::new(plain(&row.title)),
            Cell::new(plain(&format!("{} {}", row.resource.account_id, row.resource.region))),
            Cell::new(plain(row.owner.as_deref().unwrap_or("-"))),
            right(format!("{:.0} %", row.confidence * 100.0)),
            Cell::new(word(&row.effort)),
            Cell::new(word(&row.risk)),
            Cell::new(&row.id),
        ]);
    }
    table
}

fn saved(row: &Recommendation) -> String {
    let status = row.status.map_or_else(String::new, |status| format!(" ({})", word(&status)));
    if row.preview { "preview".into() } else { money(row.monthly_savings.0) + &status }
}

fn unit_costs(rows: &[UnitCost]) -> Table {
    let mut table = new(["workload", "cost", "tax, credit, refund", "transactions", "unit cost", "after", "trend"]);
    let unit = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.6}"));
    for row in rows {
        table.add_row(vec![
            Cell::new(plain(row.workload.as_deref().unwrap_or("(no workload)"))),
            right(money(row.cost.0)),
            right(money(row.tax_credit_refund.0)),
            right(count(row.transactions)),
            right(unit(row.unit_cost)),
            right(unit(row.unit_cost_after)),
            Cell::new(trend(row.trend)),
        ]);
    }
    table
}

/// The words for a trend.
pub(super) fn trend(trend: Trend) -> &'static str {
    match trend {
        Trend::Efficient => "efficient",
        Trend::Stagnant => "stagnant",
        Trend::Inefficient => "inefficient",
        Trend::InsufficientData => "-",
    }
}

fn tail(out: &mut String, report: &Report) {
    let mut parts = Vec::new();
    for (count, what) in [
        (report.rejected.len(), "found but saving nothing"),
        (report.suppressed.len(), "protected or suppressed"),
        (report.resolved.len(), "resolved since the baseline"),
        (report.skipped_rules.len(), "rule(s) skipped for want of input"),
        (report.notes.len(), "note(s) on the input"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if !parts.is_empty() {
        let _ = writeln!(out, "\n{}. Details: --format json", parts.join("; "));
    }
}

pub(super) fn new<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    if table.width().is_none() {
        table.set_width(140);
    }
    table
}

/// A number of transactions with thousands separated.
pub(super) fn count(transactions: Option<f64>) -> String {
    transactions.map_or_else(|| "-".into(), |count| money(count).trim_end_matches(".00").to_owned())
}

/// An amount with its sign.
pub(super) fn signed(amount: f64) -> String {
    let text = money(amount);
    if text.starts_with('-') || text == "0.00" { text } else { format!("+{text}") }
}

/// A cell of a number.
pub(super) fn right(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// An amount with two decimals and thousands separated.
pub(super) fn money(amount: f64) -> String {
    crate::money::Money::from_f64(amount).map_or_else(|_| amount.to_string(), |money| money.to_string())
}

/// The days of a stretch, the last one included.
pub(super) fn days(start: &str, end: &str) -> String {
    let last = parse_moment(end).map_or_else(|_| String::new(), |end| Hour::of_seconds(end - 1).day().to_string());
    format!("{} to {last}", &start[..10.min(start.len())])
}

/// The word that an enum is serialised as.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
