//! The plan becomes a report, and the report becomes bytes. Rendering is pure: from a `Report` to text.

mod build;
mod changes;
mod check;
mod csv;
mod json;
mod markdown;
pub mod model;
mod rules;
mod safe;
mod summary;
mod table;
mod unit_cost;

pub use build::{Parts, build};
pub use changes::{ChangesReport, changes_csv, changes_json, changes_report, changes_table};
pub use check::{check_json, check_table, error_text, note_line};
pub use json::{Document, schema};
pub use model::Report;
pub use rules::{rule_list, rule_page};
pub use unit_cost::{UnitCostReport, unit_cost_csv, unit_cost_json, unit_cost_report, unit_cost_table};

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For terminals.
    #[default]
    Table,
    /// For machines: the contract.
    Json,
    /// The recommendations, a line each.
    Csv,
    /// For pull requests and wikis.
    Markdown,
}

/// Renders a report.
#[must_use]
pub fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Table => table::render(report),
        Format::Json => json::render(report),
        Format::Csv => csv::render(report),
        Format::Markdown => markdown::render(report),
    }
}
