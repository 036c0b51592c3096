//! JSON: the report as it is, indented, with a line break at the end.

use super::Report;

/// The report as JSON.
pub(super) fn render(report: &Report) -> String {
    serde_json::to_string_pretty(report).map_or_else(|error| format!("{{\"error\":\"{error}\"}}"), |json| json + "\n")
}

/// The JSON Schema of the report.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Report);
    serde_json::to_string_pretty(&schema).map_or_else(|error| error.to_string(), |json| json + "\n")
}
