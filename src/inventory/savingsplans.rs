//! Savings Plans.

use super::{Listed, Moment, Scope, arn::scope, shape::moment_or_empty};
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
