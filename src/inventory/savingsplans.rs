//! Savings Plans, owned and on offer, and their rates.

use super::{Found, Listed, Moment, Operation, Scope, arn::scope, shape::moment_or_empty};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A Savings Plan. Its service writes names with a small first letter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SavingsPlan {
    /// The UUID that ends the ARN in the bill.
    pub savings_plan_id: String,
    /// Its ARN.
    pub savings_plan_arn: Option<String>,
    /// `Compute`, `EC2Instance`, `SageMaker` or `Database`.
    pub savings_plan_type: Option<String>,
    /// `active`, `queued`, `retired`, `payment-pending`, `payment-failed`, `returned`, ...
    pub state: Option<String>,
    /// The region that an EC2 Instance plan is bound to; empty for others.
    pub region: Option<String>,
    /// The family that an EC2 Instance plan is bound to, such as `m5`.
    #[serde(rename = "ec2InstanceFamily")]
    pub ec2_instance_family: Option<String>,
    /// `All Upfront`, `Partial Upfront` or `No Upfront`.
    pub payment_option: Option<String>,
    /// What it covers: `EC2`, `Fargate`, `Lambda`, `SageMaker`, ...
    pub product_types: Vec<String>,
    /// `USD`, `CNY` or `EUR`.
    pub currency: Option<String>,
    /// The commitment for each hour in `currency`: a decimal in text.
    pub commitment: Option<String>,
    /// Paid at the start, in `currency`: a decimal in text.
    pub upfront_payment_amount: Option<String>,
    /// Paid each hour, in `currency`: a decimal in text.
    pub recurring_payment_amount: Option<String>,
    /// Seconds of the term.
    pub term_duration_in_seconds: Option<i64>,
    /// The first moment of the term.
    #[serde(deserialize_with = "moment_or_empty")]
    pub start: Option<Moment>,
    /// The end of the term.
    #[serde(deserialize_with = "moment_or_empty")]
    pub end: Option<Moment>,
    /// Until when it can be given back.
    #[serde(deserialize_with = "moment_or_empty")]
    pub returnable_until: Option<Moment>,
}

impl Listed for SavingsPlan {
    const TOKEN: &'static str = "inventory.savingsplans-describe-savings-plans";
    const KEY: &'static str = "savingsPlans";
    const ID: &'static str = "savingsPlanId";

    fn id(&self) -> &str {
        &self.savings_plan_id
    }

    /// The owner; a plan lies in no region, though it may be bound to one.
    fn scope(&self) -> Scope {
        scope(self.savings_plan_arn.as_deref().unwrap_or_default())
    }
}

/// The rate of one usage under one offer of a Savings Plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OfferingRate {
    /// The offer.
    pub savings_plan_offering: Offering,
    /// For a unit of usage, in the offer's currency: a decimal in text.
    pub rate: String,
    /// `Hrs`, `Lambda-GB-Second`, ...
    pub unit: Option<String>,
    /// `AmazonEC2`, `AmazonECS`, `AWSLambda`, `AmazonRDS`, ...
    pub service_code: Option<String>,
    /// As in the bill.
    pub usage_type: String,
    /// As in the bill; empty for what has one rate for all operations.
    pub operation: String,
}

/// An offer of a Savings Plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Offering {
    /// A UUID.
    pub offering_id: String,
    /// `No Upfront`, `Partial Upfront` or `All Upfront`.
    pub payment_option: Option<String>,
    /// `Compute`, `EC2Instance`, `SageMaker` or `Database`.
    pub plan_type: Option<String>,
    /// Seconds of the term.
    pub duration_seconds: Option<i64>,
    /// Such as `USD`.
    pub currency: Option<String>,
}

impl Operation for OfferingRate {
    type Entry = Self;
    const TOKEN: &'static str = "inventory.savingsplans-describe-savings-plans-offering-rates";
    const KEY: &'static str = "searchResults";
    const ID: &'static str = "usageType";
    const WHOLE: bool = false;

    fn is_named(entry: &Self) -> bool {
        !entry.usage_type.is_empty()
    }

    /// A rate has no id of its own: it is told apart by offer, usage type and operation.
    fn unpack(entries: Vec<Self>, _: Option<&str>) -> Result<Vec<Found<Self>>> {
        let id = |rate: &Self| {
            let offer = &rate.savings_plan_offering.offering_id;
            format!("{offer} {} {}", rate.usage_type, rate.operation)
        };
        Ok(entries.into_iter().map(|rate| (Scope::default(), id(&rate), rate)).collect())
    }
}

/// The rates of one Savings Plan that is owned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanRates {
    /// A rate a usage.
    pub rates: Vec<PlanRate>,
}

/// The rate of one usage under a Savings Plan that is owned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanRate {
    /// For a unit of usage, in `currency`: a decimal in text.
    pub rate: String,
    /// Such as `USD`.
    pub currency: Option<String>,
    /// `Hrs`, `Lambda-GB-Second`, ...
    pub unit: Option<String>,
    /// `AmazonEC2`, `AmazonECS`, `AWSLambda`, ...
    pub service_code: Option<String>,
    /// As in the bill.
    pub usage_type: String,
    /// As in the bill.
    pub operation: String,
}

impl Operation for PlanRates {
    type Entry = PlanRate;
    const TOKEN: &'static str = "inventory.savingsplans-describe-savings-plan-rates";
    const KEY: &'static str = "searchResults";
    const ID: &'static str = "usageType";
    const WHOLE: bool = false;

    fn is_named(entry: &PlanRate) -> bool {
        !entry.usage_type.is_empty()
    }

    /// The file name says which plan: by its UUID, or by ARN with `_` for `/` and `:`.
    fn unpack(rates: Vec<PlanRate>, argument: Option<&str>) -> Result<Vec<Found<Self>>> {
        let id = argument.and_then(|plan| plan.rsplit(['_', '/']).next()).filter(|id| !id.is_empty());
        let Some(id) = id else {
            let help = "name the file savingsplans-describe-savings-plan-rates@PLAN.json, by the plan's id or by ARN with `_` for `/` and `:`";
            return Err(Error::new("the file name does not say which Savings Plan this is").help(help));
        };
        Ok(vec![(Scope::default(), id.to_owned(), Self { rates })])
    }
}
