//! What rules say of themselves, for `curtail rules`.

use super::table::{new, word};
use crate::rules::Ready;
use comfy_table::Cell;
use std::fmt::Write as _;

/// All rules, a line each.
#[must_use]
pub fn rule_list(rules: &[Ready]) -> String {
    let mut table = new(["rule", "module", "stage", "finds", "effort", "risk"]);
    for rule in rules {
        let text = &rule.text;
        table.add_row(vec![
            Cell::new(rule.id),
            Cell::new(text.module.name()),
            Cell::new(word(&text.stage)),
            Cell::new(&text.title),
            Cell::new(word(&text.effort)),
            Cell::new(word(&text.risk)),
        ]);
    }
    format!("{table}\n\n{} rules. `curtail rules ID` explains one.\n", rules.len())
}

/// One rule: why, formula, figures and their sources, limits.
#[must_use]
pub fn rule_page(rule: &Ready) -> String {
    let text = &rule.text;
    let mut out = String::new();
    let _ = writeln!(out, "{} ({}): {}\n", rule.id, text.module.name(), text.title);
    let _ = writeln!(
        out,
        "Stage {}, effort {}, risk {}, restart {}, can be taken back: {}\n",
        word(&text.stage),
        word(&text.effort),
        word(&text.risk),
        if text.restart_needed { "needed" } else { "not needed" },
        if text.rollback_possible { "yes" } else { "no" }
    );
    for (name, words) in [("Why", &text.why), ("How the saving is made", &text.formula), ("Limits", &text.limits)] {
        let _ = writeln!(out, "{name}\n{}\n", words.trim());
    }
    for (name, tokens) in [("Needs", &text.needs), ("Is surer with", &text.wants)] {
        if !tokens.is_empty() {
            let _ = writeln!(out, "{name}: {}\n", tokens.join(", "));
        }
    }
    let _ = writeln!(out, "Figures\n{}", figures(rule));
    out.push_str("Sources\n");
    for source in &text.sources {
        let _ = writeln!(out, "  {} ({}, read {})", source.figure, source.url, source.date);
    }
    out
}

/// The parameters as written, comments and all.
fn figures(rule: &Ready) -> String {
    let toml = &rule.toml;
    let first = ["\n[params", "\n[[params"].iter().filter_map(|table| toml.find(table)).min();
    let from = first.map_or(toml.len(), |at| at + 1);
    toml.get(from..)
        .unwrap_or("")
        .lines()
        .skip_while(|line| *line == "[params]")
        .map(|line| format!("  {line}\n"))
        .collect()
}
