//! What a run did, for people and for the next one: `collect-manifest.json`.

use super::ledger::{Counted, Missed};
use crate::{inventory::MANIFEST, money::Money, output, time::rfc3339};
use serde::Serialize;
use std::path::Path;

/// The manifest.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Manifest {
    schema: &'static str,
    version: &'static str,
    started: String,
    ended: Option<String>,
    /// Whether everything that was asked for is there, but for what was denied.
    complete: bool,
    pub(super) accounts: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) lookback_days: i64,
    budget_usd: f64,
    spent_usd: f64,
    listings_fetched: usize,
    listings_fresh: usize,
    /// Calls by account, region and action; attempts count.
    calls: Vec<Calls>,
    /// What a permission is missing for.
    denied: Vec<Missed>,
    /// What has no such service, or has it switched off.
    not_available: Vec<Missed>,
    /// What was left out to stay within the budget.
    over_budget: Vec<Missed>,
    /// What failed.
    failed: Vec<Missed>,
}

#[derive(Debug, Clone, Serialize)]
struct Calls {
    account: String,
    region: String,
    action: String,
    calls: u64,
}

impl Manifest {
    /// Of a run that begins.
    pub(super) fn begun(at: i64, lookback_days: i64, budget: Money) -> Self {
        Self {
            schema: "curtail.collect/1",
            version: env!("CARGO_PKG_VERSION"),
            started: rfc3339(at),
            ended: None,
            complete: false,
            accounts: Vec::new(),
            regions: Vec::new(),
            lookback_days,
            budget_usd: budget.to_f64(),
            spent_usd: 0.0,
            listings_fetched: 0,
            listings_fresh: 0,
            calls: Vec::new(),
            denied: Vec::new(),
            not_available: Vec::new(),
            over_budget: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Of a run that ends.
    pub(super) fn ended(self, at: i64, counted: &Counted) -> Self {
        let calls = |((account, region, action), calls): (&(String, String, String), &u64)| Calls {
            account: account.clone(),
            region: region.clone(),
            action: action.clone(),
            calls: *calls,
        };
        Self {
            ended: Some(rfc3339(at)),
            complete: counted.broken.is_empty() && counted.unpaid.is_empty(),
            spent_usd: counted.spent.to_f64(),
            listings_fetched: counted.fetched,
            listings_fresh: counted.fresh,
            calls: counted.calls.iter().map(calls).collect(),
            denied: counted.denied.clone(),
            not_available: counted.absent.clone(),
            over_budget: counted.unpaid.clone(),
            failed: counted.broken.clone(),
            ..self
        }
    }

    pub(super) fn write(&self, out: &Path) -> crate::error::Result<()> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        output::write_file(&out.join(MANIFEST), &format!("{text}\n"))
    }
}
