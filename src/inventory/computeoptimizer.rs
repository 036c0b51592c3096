//! Compute Optimizer: what AWS itself recommends.

use super::{
    Listed, Scope,
    arn::{scope, short_id},
};
use serde::{Deserialize, Serialize};

/// What it says of an EC2 instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceRecommendation {
    /// The instance's ARN.
    pub instance_arn: String,
    /// Such as `m5.large`.
    pub current_instance_type: Option<String>,
    /// `OVER_PROVISIONED`, `UNDER_PROVISIONED`, `OPTIMIZED`; older versions of the CLI print `Overprovisioned`.
    pub finding: Option<String>,
    /// Other types.
    pub recommendation_options: Vec<InstanceOption>,
}

/// A type that it recommends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceOption {
    /// Such as `m5.large`.
    pub instance_type: Option<String>,
    /// 1 is best.
    pub rank: Option<i64>,
    /// What it would save.
    pub savings_opportunity: Option<SavingsOpportunity>,
}

/// What a recommendation would save, by Compute Optimizer's reckoning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SavingsOpportunity {
    /// A month, at public on-demand prices.
    pub estimated_monthly_savings: Option<EstimatedSavings>,
}

/// An amount.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EstimatedSavings {
    /// Such as `USD`.
    pub currency: Option<String>,
    /// How much.
    pub value: Option<f64>,
}

impl InstanceRecommendation {
    /// The best of its options.
    #[must_use]
    pub fn best(&self) -> Option<&InstanceOption> {
        self.recommendation_options.iter().min_by_key(|option| option.rank.unwrap_or(i64::MAX))
    }
}

impl Listed for InstanceRecommendation {
    const TOKEN: &'static str = "inventory.compute-optimizer-get-ec2-instance-recommendations";
    const KEY: &'static str = "instanceRecommendations";
    const ID: &'static str = "instanceArn";
    // What it has no metrics of it leaves out.
    const WHOLE: bool = false;

    fn id(&self) -> &str {
        short_id(&self.instance_arn)
    }

    fn scope(&self) -> Scope {
        scope(&self.instance_arn)
    }
}
