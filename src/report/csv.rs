//! CSV: the recommendations, a line each.

use super::{model::Report, safe::cell, table::word};

/// The recommendations as CSV with a header.
pub(super) fn render(report: &Report) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "rank",
        "id",
        "rule",
        "module",
        "stage",
        "action",
        "title",
        "resource_id",
        "account_id",
        "region",
        "service",
        "workload",
        "owner",
        "monthly_savings",
        "annual_savings",
        "standalone_monthly_savings",
        "currency",
        "confidence",
        "effort",
        "risk",
        "preview",
        "status",
    ];
    let _ = writer.write_record(header);
    for row in &report.recommendations {
        let text = |text: &str| cell(text);
        let _ = writer.write_record([
            row.rank.to_string(),
            row.id.clone(),
            row.rule.clone(),
            word(&row.module),
            word(&row.stage),
            text(&row.action),
            text(&row.title),
            text(&row.resource.id),
            text(&row.resource.account_id),
            text(&row.resource.region),
            text(&row.resource.service),
            text(row.resource.workload.as_deref().unwrap_or("")),
            text(row.owner.as_deref().unwrap_or("")),
            row.monthly_savings.0.to_string(),
            row.annual_savings.0.to_string(),
            row.standalone_monthly_savings.0.to_string(),
            text(&report.currency),
            row.confidence.to_string(),
            word(&row.effort),
            word(&row.risk),
            row.preview.to_string(),
            row.status.map(|status| word(&status)).unwrap_or_default(),
        ]);
    }
    writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
