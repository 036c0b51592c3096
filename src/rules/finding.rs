//! What a rule proposes.

use crate::{
    bill::Edit,
    facts::{Cost, Facts, ResourceId},
    money::Money,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One resource.
    Resource(ResourceId),
    /// A group whose members come and go (an Auto Scaling group).
    Group {
        /// Its account.
        account: String,
        /// Its region.
        region: String,
        /// Its name.
        name: String,
        /// The resources that were its members in the period.
        members: Vec<ResourceId>,
    },
    /// Usage that no resource id tells apart.
    Pool {
        /// Its account.
        account: String,
        /// Its region.
        region: String,
        /// What it is.
        name: String,
        /// The resource entries that hold the usage.
        members: Vec<ResourceId>,
    },
    /// A commitment that could be bought, or one that is owned.
    Commitment {
        /// The account that buys or owns it.
        account: String,
        /// The region that it is bound to, or empty.
        region: String,
        /// Its ARN, or what would be bought, whatever the amount.
        name: String,
    },
}

impl Target {
    /// The resources that it covers.
    #[must_use]
    pub fn members(&self) -> &[ResourceId] {
        match self {
            Self::Resource(id) => std::slice::from_ref(id),
            Self::Group { members, .. } | Self::Pool { members, .. } => members,
            Self::Commitment { .. } => &[],
        }
    }

    /// Account, region and name: AWS's short id, else the group's or pool's name.
    #[must_use]
    pub fn identity<'a>(&'a self, facts: &'a Facts) -> (&'a str, &'a str, &'a str) {
        match self {
            Self::Resource(id) => {
                let resource = facts.resource(*id);
                (&resource.account, &resource.region, crate::inventory::short_id(&resource.id))
            }
            Self::Group { account, region, name, .. }
            | Self::Pool { account, region, name, .. }
            | Self::Commitment { account, region, name } => (account, region, name),
        }
    }
}

/// The side of a target that a finding changes; two findings on one side of one target exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// Whether it is there.
    Existence,
    /// Its instance type.
    InstanceType,
    /// Its processor architecture, where there is no instance type.
    Architecture,
    /// How much is committed to.
    Commitment,
    /// The type and the provisioned performance of a volume.
    VolumeType,
    /// How often it is called.
    Calls,
    /// How long what it holds is kept.
    Retention,
    /// The class or tier that it is stored on.
    StorageTier,
    /// How a table is paid for: its capacity mode, class and provisioned capacity.
    CapacityMode,
    /// How much memory it is given, where there is no instance type.
    Memory,
    /// When it runs, and how many of it.
    Schedule,
}

impl Aspect {
    /// The word that goes into a finding's id.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Existence => "existence",
            Self::InstanceType => "instance type",
            Self::Architecture => "architecture",
            Self::Commitment => "commitment",
            Self::VolumeType => "volume type",
            Self::Calls => "calls",
            Self::Retention => "retention",
            Self::StorageTier => "storage tier",
            Self::CapacityMode => "capacity mode",
            Self::Memory => "memory",
            Self::Schedule => "schedule",
        }
    }
}

/// Where a piece of evidence was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// In the bill.
    Bill,
    /// In the inventory.
    Inventory,
    /// In the metrics.
    Metrics,
    /// Among the prices and figures of the rule.
    Rule,
    /// By one of AWS's own advisers: Compute Optimizer or Cost Optimization Hub.
    Adviser,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// What.
    pub name: String,
    /// How much, or which.
    pub value: Value,
    /// In which unit, if any.
    pub unit: Option<String>,
    /// Where: `bill`, `inventory`, `metrics`, `rule` or `adviser`.
    pub source: Signal,
}

impl Evidence {
    /// A number (rounded to six decimals) or a word, in a unit or, where that is empty, in none.
    #[must_use]
    pub fn of(source: Signal, name: &str, value: impl Into<Value>, unit: &str) -> Self {
        let value = match value.into() {
            Value::Number(number) => rounded(&number),
            other => other,
        };
        Self { name: name.to_owned(), value, unit: (!unit.is_empty()).then(|| unit.to_owned()), source }
    }
}

/// The state of a target before or after the change, in words and details. Its monthly cost is added by the plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// In a few words: `m5.large, Linux`.
    pub label: String,
    /// Details by name.
    pub details: BTreeMap<String, Value>,
}

impl State {
    /// A state in a few words.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), details: BTreeMap::new() }
    }

    /// The state with another detail; a number is rounded to six decimals.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = match value.into() {
            Value::Number(number) => rounded(&number),
            other => other,
        };
        self.details.insert(name.to_owned(), value);
        self
    }
}

/// Another way to change the side of the target that a finding is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// What changes on the bill.
    pub edits: Vec<Edit>,
    /// The state afterwards.
    pub proposed: State,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// How sure, 0 to 1.
    pub confidence: f64,
}

/// What a rule found and proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// About what.
    pub target: Target,
    /// Which side of it.
    pub aspect: Aspect,
    /// What changes on the bill.
    pub edits: Vec<Edit>,
    /// The state today.
    pub current: State,
    /// The state afterwards.
    pub proposed: State,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// What is paid at the start.
    pub upfront: Money,
    /// Months until what is saved has paid for what is bound.
    pub break_even_months: Option<f64>,
    /// Of what saves nothing on this bill and is told all the same: what it is about costs over the period. It is shown and not summed;
    /// below the rule's `ignore_below` a month it is left out.
    pub at_stake: Option<Cost>,
    /// Why nothing is proposed, where that is worth telling: it is listed among what is rejected.
    pub declined: Option<String>,
    /// Where no edit tells: what the target costs over the period before and after.
    pub costs: Option<[Cost; 2]>,
    /// Whether the inventory lists the target today; else it must have a line in the period's last 48 hours.
    pub in_inventory: bool,
    /// Other ways to do it: the plan takes the best of all.
    pub alternatives: Vec<Alternative>,
}

impl Finding {
    /// A finding without edits, evidence or confidence yet.
    #[must_use]
    pub fn new(target: Target, aspect: Aspect) -> Self {
        Self {
            target,
            aspect,
            edits: Vec::new(),
            current: State::default(),
            proposed: State::default(),
            evidence: Vec::new(),
            confidence: 0.0,
            upfront: Money::ZERO,
            break_even_months: None,
            at_stake: None,
            declined: None,
            costs: None,
            in_inventory: false,
            alternatives: Vec::new(),
        }
    }

    /// The finding in each of its ways, the first as it stands.
    pub fn ways(mut self) -> impl Iterator<Item = Self> {
        let others = std::mem::take(&mut self.alternatives);
        let other = |way: Alternative| Self {
            edits: way.edits,
            proposed: way.proposed,
            evidence: way.evidence,
            confidence: way.confidence,
            ..self.clone()
        };
        let others: Vec<Self> = others.into_iter().map(other).collect();
        std::iter::once(self).chain(others)
    }

    /// Adds a number (rounded to six decimals) or a word as evidence.
    #[must_use]
    pub fn seen(mut self, source: Signal, name: &str, value: impl Into<Value>, unit: &str) -> Self {
        self.evidence.push(Evidence::of(source, name, value, unit));
        self
    }

    /// Adds an edit.
    #[must_use]
    pub fn edit(mut self, edit: Edit) -> Self {
        self.edits.push(edit);
        self
    }

    /// Sets the states before and after.
    #[must_use]
    pub fn states(mut self, current: State, proposed: State) -> Self {
        (self.current, self.proposed) = (current, proposed);
        self
    }

    /// Says why nothing is proposed.
    #[must_use]
    pub fn declined(mut self, why: impl Into<String>) -> Self {
        self.declined = Some(why.into());
        self
    }

    /// Sets the confidence.
    #[must_use]
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Says that the inventory lists the target today.
    #[must_use]
    pub fn in_inventory(mut self, listed: bool) -> Self {
        self.in_inventory = listed;
        self
    }
}

fn rounded(number: &serde_json::Number) -> Value {
    match number.as_f64() {
        Some(value) if !number.is_i64() && !number.is_u64() => Value::from((value * 1e6).round() / 1e6),
        _ => Value::Number(number.clone()),
    }
}
