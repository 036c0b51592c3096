//! What AWS has and charges, fetched into the files that the inventory reads. Only the build with the feature `aws` can.

#[cfg(feature = "aws")]
mod aws;

use crate::{
    error::Result,
    facts::{Class, Facts, LineType},
};
use std::{collections::BTreeSet, path::PathBuf};

/// What to fetch, and from whom.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder to fill: `<account>/<region>/` below it.
    pub out: PathBuf,
    /// The profile of the AWS CLI's files.
    pub profile: Option<String>,
    /// Regions, or `all`; empty for the profile's own.
    pub regions: Vec<String>,
    /// A role to take on.
    pub role_arn: Option<String>,
    /// Whether all accounts of the organisation are asked.
    pub organization: bool,
    /// The role to take on in each of them.
    pub role_name: Option<String>,
    /// Only these services; empty for all.
    pub services: Vec<String>,
    /// Days of metrics.
    pub lookback: Option<i64>,
    /// USD that paid calls may cost.
    pub budget: Option<f64>,
}

/// Where to save prices, and who asks for them.
#[derive(Debug, Clone, Default)]
pub struct PriceOptions {
    /// The folder to fill.
    pub out: PathBuf,
    /// The profile of the AWS CLI's files.
    pub profile: Option<String>,
}

/// What a bill uses, as far as it has prices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// Service, usage type and operation, as billed.
    pub products: BTreeSet<(String, String, String)>,
    /// The ARNs of Savings Plans.
    pub plans: BTreeSet<String>,
}

impl Used {
    /// What a bill uses: every kind of usage that is priced by the unit, and the plans that cover some.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let usage = facts.classes.iter().filter(|class| {
            matches!(class.line, LineType::Usage | LineType::DiscountedUsage | LineType::SavingsPlanCoveredUsage)
        });
        let product =
            |class: &Class| [&class.product, &class.usage_type, &class.operation].map(|text| text.to_string()).into();
        Self {
            products: usage.map(product).collect(),
            plans: facts.commitments.iter().filter(|owned| owned.plan).map(|owned| owned.id.to_string()).collect(),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is there, but for what permissions or the budget do not allow.
    Whole,
    /// Something failed: what is missing is told.
    Incomplete,
}

/// Fetches the inventory and the metrics that rules read.
///
/// # Errors
/// When nobody can be asked, or nothing written.
#[cfg(feature = "aws")]
pub fn run(options: &Options, tell: &mut dyn FnMut(&str)) -> Result<Outcome> {
    aws::run(options, tell)
}

/// Says how to get a build that can.
///
/// # Errors
/// Always.
#[cfg(not(feature = "aws"))]
pub fn run(_: &Options, _: &mut dyn FnMut(&str)) -> Result<Outcome> {
    Err(without_aws())
}

/// Saves the public prices of what a bill uses, which `recommend` prefers over estimates.
///
/// # Errors
/// When nobody can be asked, or nothing written.
#[cfg(feature = "aws")]
pub fn prices(options: &PriceOptions, used: &Used, tell: &mut dyn FnMut(&str)) -> Result<Outcome> {
    aws::prices(options, used, tell)
}

/// Says how to get a build that can.
///
/// # Errors
/// Always.
#[cfg(not(feature = "aws"))]
pub fn prices(_: &PriceOptions, _: &Used, _: &mut dyn FnMut(&str)) -> Result<Outcome> {
    Err(without_aws())
}

/// What a build without the feature `aws` says.
#[cfg(not(feature = "aws"))]
fn without_aws() -> crate::error::Error {
    let help =
        "build with it: cargo build --release --features aws. Files that the AWS CLI writes are read all the same";
    crate::error::Error::new("this build of curtail cannot talk to AWS (it lacks the feature `aws`)").help(help)
}
