//! JSON: the report as it is, indented, with a line break at the end.

use super::{Report, changes::ChangesReport, unit_cost::UnitCostReport};
use schemars::JsonSchema;
use serde::Serialize;

/// The report as JSON.
pub(super) fn render(report: &Report) -> String {
    pretty(report)
}

/// A document as indented JSON.
pub(super) fn pretty(document: &impl Serialize) -> String {
    serde_json::to_string_pretty(document).map_or_else(|error| format!("{{\"error\":\"{error}\"}}"), |json| json + "\n")
}

/// The documents that curtail writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The report of `recommend`.
    Report,
    /// The report of `unit-cost`.
    UnitCost,
    /// The report of `changes`.
    Changes,
}

/// The JSON Schema of a document.
#[must_use]
pub fn schema(document: Document) -> String {
    match document {
        Document::Report => of::<Report>(),
        Document::UnitCost => of::<UnitCostReport>(),
        Document::Changes => of::<ChangesReport>(),
    }
}

fn of<T: JsonSchema>() -> String {
    let schema = schemars::schema_for!(T);
    serde_json::to_string_pretty(&schema).map_or_else(|error| error.to_string(), |json| json + "\n")
}
