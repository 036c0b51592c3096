//! Markdown for pull requests and wikis.

use super::{
    model::Report,
    safe::markdown,
    table::{money, trend, word},
};
use std::fmt::Write as _;

/// The report as Markdown.
pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    let (period, totals) = (&report.period, &report.totals);
    let _ = writeln!(out, "# What to change to spend less\n");
    let _ = writeln!(
        out,
        "{} to {}: cost {} {} (net {}), saving **{} a month**, {} a year.\n",
        period.start,
        period.end,
        money(totals.effective_cost.0),
        report.currency,
        money(totals.net_effective_cost.0),
        money(totals.monthly_savings.0),
        money(totals.annual_savings.0)
    );
    out.push_str("| # | saves a month | what to do | account | region | owner | sure | effort | risk | id |\n");
    out.push_str("|---:|---:|---|---|---|---|---:|---|---|---|\n");
    for row in &report.recommendations {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {:.0} % | {} | {} | {} |",
            row.rank,
            if row.preview { "preview".into() } else { money(row.monthly_savings.0) },
            markdown(&row.title),
            markdown(&row.resource.account_id),
            markdown(&row.resource.region),
            markdown(row.owner.as_deref().unwrap_or("-")),
            row.confidence * 100.0,
            word(&row.effort),
            word(&row.risk),
            row.id
        );
    }
    if !report.unit_costs.is_empty() {
        out.push_str(
            "\n| workload | cost | transactions | unit cost | after | trend |\n|---|---:|---:|---:|---:|---|\n",
        );
        let unit = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.6}"));
        for row in &report.unit_costs {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                markdown(row.workload.as_deref().unwrap_or("(no workload)")),
                money(row.cost.0),
                row.transactions.map_or_else(|| "-".into(), |count| format!("{count}")),
                unit(row.unit_cost),
                unit(row.unit_cost_after),
                trend(row.trend)
            );
        }
    }
    if !report.notes.is_empty() {
        out.push_str("\nNotes\n\n");
        for note in &report.notes {
            let source = note.source.as_deref().map_or_else(String::new, |source| format!(" ({source})"));
            let _ = writeln!(out, "- {}: {}", word(&note.severity), markdown(&format!("{}{source}", note.message)));
        }
    }
    out
}
