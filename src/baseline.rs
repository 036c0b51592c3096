//! The report of an earlier run: what is new, open, changed or resolved since.

use crate::{
    error::{Error, Result},
    report::model::{Amount, Report, Resolved, SCHEMA, Since},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What is kept of an earlier report.
pub struct Baseline {
    path: String,
    currency: String,
    rows: BTreeMap<String, Row>,
}

#[derive(Deserialize)]
struct Document {
    schema: String,
    currency: String,
    recommendations: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    rule: String,
    title: String,
    monthly_savings: f64,
}

impl Baseline {
    /// Reads a report that `--format json` wrote.
    ///
    /// # Errors
    /// A file that is none, or of another version of the contract.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::file(path.display(), format!("--baseline: cannot be read: {error}")))?;
        let document: Document = serde_json::from_str(&text).map_err(|error| {
            Error::file(path.display(), format!("--baseline: is no report of curtail: {error}"))
                .on_line(error.line() as u64)
        })?;
        if document.schema != SCHEMA {
            let what = format!("--baseline: is of schema `{}`, this is `{SCHEMA}`", document.schema);
            return Err(Error::file(path.display(), what));
        }
        let (path, currency) = (path.display().to_string(), document.currency);
        Ok(Self {
            path,
            currency,
            rows: document.recommendations.into_iter().map(|row| (row.id.clone(), row)).collect(),
        })
    }

    /// Sets the status of every recommendation and lists what is resolved. Savings within `same_share` count as alike.
    /// Resolved is what a rule that ran no longer finds at all: neither recommended, nor rejected, nor suppressed.
    ///
    /// # Errors
    /// When the earlier report is in another currency.
    pub fn compare(mut self, report: &mut Report, ran: &[&str], same_share: f64) -> Result<()> {
        if self.currency != report.currency {
            let what = format!("--baseline: is in {}, this report in {}", self.currency, report.currency);
            return Err(Error::file(self.path, what));
        }
        for row in &mut report.recommendations {
            let known = self.rows.remove(&row.id);
            row.status = Some(match known {
                None => Since::New,
                Some(old) if old.title == row.title && same(old.monthly_savings, row.monthly_savings.0, same_share) => {
                    Since::Open
                }
                Some(_) => Since::Changed,
            });
        }
        let known = report.rejected.iter().chain(&report.suppressed).map(|row| row.id.as_str());
        let known: BTreeSet<&str> = known.collect();
        report.resolved = self
            .rows
            .into_values()
            .filter(|row| ran.contains(&row.rule.as_str()) && !known.contains(row.id.as_str()))
            .map(|row| Resolved {
                id: row.id,
                rule: row.rule,
                title: row.title,
                monthly_savings: Amount(row.monthly_savings),
            })
            .collect();
        Ok(())
    }
}

/// Whether two savings are alike within a share.
fn same(a: f64, b: f64, share: f64) -> bool {
    (a - b).abs() <= share * a.abs().max(b.abs())
}
