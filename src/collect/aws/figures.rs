//! What `collect.toml` says: the calls that may be made, what they cost, and the metrics that rules read.

use crate::error::{Error, Result};
use serde::Deserialize;

const TOML: &str = include_str!("../../../collect.toml");

/// The figures of collecting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figures {
    /// Hours for which a listing is not fetched again.
    pub(super) fresh_hours: i64,
    /// Days of metrics.
    pub(super) lookback_days: i64,
    /// USD that paid calls may cost.
    pub(super) budget: f64,
    /// Accounts and regions that are asked at the same time.
    pub(super) scopes_at_once: usize,
    /// Listings of each that are fetched at the same time.
    pub(super) listings_at_once: usize,
    /// Attempts of a call.
    pub(super) attempts: u32,
    /// The role to take on in the accounts of an organisation.
    pub(super) role_name: String,
    /// Services that some regions lack.
    pub(super) not_everywhere: Vec<String>,
    /// Services that Savings Plans cover, as the bill names them.
    pub(super) plan_services: Vec<String>,
    #[serde(rename = "sources")]
    _sources: Vec<Source>,
    #[serde(rename = "call")]
    pub(super) calls: Vec<Call>,
    #[serde(rename = "metric")]
    pub(super) metrics: Vec<Metric>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    #[serde(rename = "figure")]
    _figure: String,
    #[serde(rename = "url")]
    _url: String,
    #[serde(rename = "date")]
    _date: String,
}

/// A call that may be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// The service's name in the SDK.
    pub(super) service: String,
    /// The operation's name in the SDK.
    pub(super) operation: String,
    /// What IAM calls it.
    pub(super) action: String,
    /// USD a request.
    #[serde(default)]
    pub(super) price: f64,
    /// USD for each of what a request asks for.
    #[serde(default)]
    pub(super) price_per_unit: f64,
    /// What IAM asks for besides.
    #[cfg_attr(not(test), expect(dead_code, reason = "the policy is compared with it"))]
    #[serde(default)]
    pub(super) also: Vec<String>,
}

/// A metric of a kind of resource.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    /// The kind of resource.
    pub(super) of: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) stat: String,
    /// Whether a value a day is enough; else it is a value an hour.
    #[serde(default)]
    pub(super) days: bool,
    /// Whether there is no data point without traffic.
    #[serde(default)]
    pub(super) zero: bool,
    /// The dimension that tells the resource, where the others of a series are not known beforehand.
    #[serde(default)]
    pub(super) joined_by: Option<String>,
}

impl Figures {
    /// The embedded figures.
    pub(super) fn embedded() -> Result<Self> {
        toml::from_str(TOML).map_err(|error| Error::of_toml(TOML, &error).in_file("collect.toml"))
    }

    /// The call of an operation of a service.
    pub(super) fn call(&self, service: &str, operation: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.service == service && call.operation == operation)
    }

    /// The call that IAM knows by a name.
    pub(super) fn action(&self, action: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.action == action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The policy that is to be granted, and the calls that the program lets through, are the same.
    #[test]
    fn the_policy_lists_exactly_the_calls() {
        let policy: serde_json::Value = serde_json::from_str(include_str!("../../../docs/iam-policy.json")).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        assert!(statements.iter().all(|one| one["Effect"] == "Allow"));
        let mut listed: Vec<&str> = statements
            .iter()
            .flat_map(|one| one["Action"].as_array().unwrap())
            .map(|action| action.as_str().unwrap())
            .collect();
        let figures = Figures::embedded().unwrap();
        let calls: BTreeSet<&str> = figures
            .calls
            .iter()
            .flat_map(|call| std::iter::once(&call.action).chain(&call.also))
            .map(String::as_str)
            .collect();
        listed.sort_unstable();
        assert_eq!(listed, calls.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn every_call_only_reads() {
        let reads = ["Describe", "Get", "List"];
        for call in Figures::embedded().unwrap().calls {
            let (_, verb) = call.action.split_once(':').unwrap();
            assert!(reads.iter().any(|read| verb.starts_with(read)) || verb == "AssumeRole", "{}", call.action);
        }
    }
}
