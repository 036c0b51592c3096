//! The words and figures of a rule: one TOML, checked whole when it is read.

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The order of doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Delete what nothing uses.
    Remove,
    /// Let usage follow need.
    Reshape,
    /// Do the same on something cheaper.
    Convert,
    /// Commit to what is left.
    Commit,
}

impl Stage {
    /// All, in the order of doing.
    pub const ALL: [Self; 4] = [Self::Remove, Self::Reshape, Self::Convert, Self::Commit];
}

/// The module that a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// Idle and unused resources.
    Idle,
    /// Graviton processors.
    Graviton,
    /// Volumes, snapshots, logs and objects.
    Storage,
    /// DynamoDB tables.
    Dynamodb,
    /// Reservations and Savings Plans.
    Commitments,
    /// Requests for each transaction.
    ApiCalls,
    /// What runs when nobody needs it.
    Seasonality,
    /// Sizes and types that fit the need.
    Rightsizing,
}

impl Module {
    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Graviton => "graviton",
            Self::Storage => "storage",
            Self::Dynamodb => "dynamodb",
            Self::Commitments => "commitments",
            Self::ApiCalls => "api_calls",
            Self::Seasonality => "seasonality",
            Self::Rightsizing => "rightsizing",
        }
    }
}

/// Work that the change takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Effort {
    Low,
    Medium,
    High,
}

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Risk {
    Low,
    Medium,
    High,
}

/// Whether a rule's findings are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Applied and summed.
    Stable,
    /// Shown, priced alone, never summed.
    Preview,
}

/// Where a figure comes from.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Which figure.
    pub figure: String,
    /// Its page.
    pub url: String,
    /// When it was read there.
    pub date: String,
}

/// What a rule says of itself.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What it finds, in a few words.
    pub title: String,
    /// The sentence of a finding; `{id}`, `{from}`, `{to}` are filled in.
    pub headline: String,
    /// The verb of its action: `delete`, `migrate` ...
    pub verb: String,
    /// Why that costs money for nothing.
    pub why: String,
    /// How the saving is made.
    pub formula: String,
    /// What it does not see.
    pub limits: String,
    /// Its module.
    pub module: Module,
    /// When its findings are applied.
    pub stage: Stage,
    /// Work.
    pub effort: Effort,
    /// Danger.
    pub risk: Risk,
    /// Stable or preview.
    pub status: Status,
    /// Whether the change restarts the resource.
    pub restart_needed: bool,
    /// Whether the change can be taken back.
    pub rollback_possible: bool,
    /// Findings that save less a month, in the bill's currency, are rejected.
    pub ignore_below: f64,
    /// Ids that the rule had before.
    #[serde(default)]
    pub was: Vec<String>,
    /// Without these inputs the rule is skipped.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Without these inputs its confidence is lower.
    #[serde(default)]
    pub wants: Vec<String>,
    /// The source of every figure.
    pub sources: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<R> {
    rule: Text,
    params: R,
}

/// Reads a rule's TOML: the table `[rule]` and the table `[params]`.
pub(super) fn parse<R: DeserializeOwned>(toml: &str) -> Result<(Text, R)> {
    let document: Document<R> = toml::from_str(toml).map_err(|error| Error::of_toml(toml, &error))?;
    let text = document.rule;
    for (name, value) in
        [("title", &text.title), ("why", &text.why), ("formula", &text.formula), ("limits", &text.limits)]
    {
        if value.trim().is_empty() {
            return Err(Error::new(format!("`rule.{name}` is empty")));
        }
    }
    if text.sources.is_empty() {
        return Err(Error::new("`[[rule.sources]]` is missing: every figure has a source"));
    }
    Ok((text, document.params))
}
