//! What `curtail check` shows: the extent of the data and every remark on it.

use super::{
    model::Amount,
    safe::plain,
    table::{money, new, word},
};
use crate::{
    error::Error,
    exports::Exports,
    facts::{Costs, Facts},
    note::Note,
};
use comfy_table::Cell;
use serde_json::json;
use std::fmt::Write as _;

fn sums(facts: &Facts) -> Costs {
    facts.spend.iter().map(|spend| spend.costs).sum()
}

/// The check as text.
#[must_use]
pub fn check_table(facts: &Facts, exports: &Exports, notes: &[Note]) -> String {
    let mut out = String::new();
    let all = sums(facts);
    let _ = writeln!(
        out,
        "{} part(s), {} lines, {} resources, {} to {}, {}",
        exports.parts.len(),
        facts.quality.lines,
        facts.named_resources().count(),
        facts.read.start.rfc3339(),
        facts.read.end.rfc3339(),
        facts.granularity.name()
    );
    let _ = writeln!(
        out,
        "{} {} invoiced, {} effective, {} net, {} at on-demand prices",
        facts.currency,
        money(all.unblended.to_f64()),
        money(all.effective.to_f64()),
        money(all.net.to_f64()),
        money(all.on_demand.to_f64())
    );
    if notes.is_empty() {
        out.push_str("Nothing to remark.\n");
        return out;
    }
    let mut table = new(["severity", "code", "what", "where"]);
    for note in notes {
        table.add_row(vec![
            Cell::new(word(&note.severity)),
            Cell::new(note.code),
            Cell::new(plain(&note.message)),
            Cell::new(plain(note.source.as_deref().unwrap_or("-"))),
        ]);
    }
    let _ = writeln!(out, "{table}");
    out
}

/// The check as JSON.
#[must_use]
pub fn check_json(facts: &Facts, exports: &Exports, notes: &[Note]) -> String {
    let all = sums(facts);
    let document = json!({
        "schema": "curtail.check/1",
        "parts": exports.parts.len(),
        "lines": facts.quality.lines,
        "resources": facts.named_resources().count(),
        "read": {"start": facts.read.start.rfc3339(), "end": facts.read.end.rfc3339()},
        "granularity": facts.granularity.name(),
        "currency": &*facts.currency,
        "unblended_cost": Amount::of(all.unblended).0,
        "effective_cost": Amount::of(all.effective).0,
        "net_effective_cost": Amount::of(all.net).0,
        "on_demand_cost": Amount::of(all.on_demand).0,
        "notes": notes,
    });
    format!("{document:#}\n")
}

/// A remark as a line for standard error.
#[must_use]
pub fn note_line(note: &Note) -> String {
    // A message that names its file already is not told the file again.
    let source = note.source.as_deref().filter(|source| !note.message.contains(source));
    let source = source.map_or_else(String::new, |source| format!("{source}: "));
    plain(&format!("{}: {source}{} [{}]", word(&note.severity), note.message, note.code))
}

/// An error as lines for standard error.
#[must_use]
pub fn error_text(error: &Error) -> String {
    format!("error: {error}").split('\n').map(plain).collect::<Vec<_>>().join("\n")
}
