//! What AWS's own advisers say: Compute Optimizer and Cost Optimization Hub.

mod told;

pub use told::Advised;

use super::{
    Found, Operation, Scope,
    arn::{parts, scope},
    short_id,
};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a change would save, by AWS's account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Saving {
    /// Of the resource's cost, in percent.
    pub savings_opportunity_percentage: f64,
    /// A month.
    pub estimated_monthly_savings: Amount,
}

/// An amount of money.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amount {
    /// Such as `USD`.
    pub currency: Option<String>,
    /// How much.
    pub value: f64,
}

/// Declares the kinds of recommendations that differ in names alone: the resource, what is said of it, and the options.
macro_rules! recommendations {
    ($( $(#[$doc:meta])* $name:ident / $choice:ident, $token:literal, $key:literal: $arn:ident = $arn_name:literal,
        $finding:ident = $finding_name:literal, $options:ident = $options_name:literal,
        $kind:ident: $kind_type:ty = $kind_name:literal; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// The resource.
            #[serde(rename = $arn_name)]
            pub $arn: String,
            /// What Compute Optimizer says of it.
            #[serde(rename = $finding_name)]
            pub $finding: Option<String>,
            /// What it proposes, best first.
            #[serde(rename = $options_name)]
            pub $options: Vec<$choice>,
        }

        /// An option of a recommendation.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $choice {
            /// What to change to.
            #[serde(rename = $kind_name)]
            pub $kind: $kind_type,
            /// 1 is the best.
            pub rank: Option<i64>,
            /// What that saves.
            pub savings_opportunity: Option<Saving>,
        }

        impl Operation for $name {
            type Entry = Self;
            const TOKEN: &'static str = $token;
            const KEY: &'static str = $key;
            const ID: &'static str = $arn_name;
            const WHOLE: bool = false;

            fn is_named(entry: &Self) -> bool {
                !entry.$arn.is_empty()
            }

            /// What was asked for with Graviton stands beside what was asked for without.
            fn unpack(entries: Vec<Self>, argument: Option<&str>) -> Result<Vec<Found<Self>>> {
                let id = |arn: &str| match argument {
                    Some(argument) => format!("{}@{argument}", short_id(arn)),
                    None => short_id(arn).to_owned(),
                };
                Ok(entries.into_iter().map(|entry| (scope(&entry.$arn), id(&entry.$arn), entry)).collect())
            }
        }

        impl Said for $name {
            fn said(&self) -> Told<'_> {
                let best = self.$options.iter().min_by_key(|option| option.rank.unwrap_or(i64::MAX));
                let to = best.and_then(|option| option.$kind.words());
                let saving = best.and_then(|option| option.savings_opportunity.as_ref());
                Told { finding: self.$finding.as_deref(), to, saving: saving.map(|of| &of.estimated_monthly_savings) }
            }
        }
    )* };
}

recommendations! {
    /// What Compute Optimizer says of an EC2 instance.
    InstanceAdvice / InstanceChoice, "inventory.compute-optimizer-get-ec2-instance-recommendations", "instanceRecommendations":
        arn = "instanceArn", finding = "finding", options = "recommendationOptions", kind: Option<String> = "instanceType";
    /// What Compute Optimizer says of an EBS volume.
    VolumeAdvice / VolumeChoice, "inventory.compute-optimizer-get-ebs-volume-recommendations", "volumeRecommendations":
        arn = "volumeArn", finding = "finding", options = "volumeRecommendationOptions", kind: Option<VolumeSetting> = "configuration";
    /// What Compute Optimizer says of an RDS instance.
    DatabaseAdvice / DatabaseChoice, "inventory.compute-optimizer-get-rds-database-recommendations", "rdsDBRecommendations":
        arn = "resourceArn", finding = "instanceFinding", options = "instanceRecommendationOptions", kind: Option<String> = "dbInstanceClass";
    /// What Compute Optimizer says of a Lambda function.
    FunctionAdvice / FunctionChoice, "inventory.compute-optimizer-get-lambda-function-recommendations", "lambdaFunctionRecommendations":
        arn = "functionArn", finding = "finding", options = "memorySizeRecommendationOptions", kind: Option<i64> = "memorySize";
}

/// How a volume would be set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeSetting {
    /// Such as `gp3`.
    pub volume_type: Option<String>,
    /// GiB.
    pub volume_size: Option<i64>,
}

/// A resource that Compute Optimizer calls idle.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IdleAdvice {
    /// The resource.
    pub resource_arn: String,
    /// Such as `EC2Instance`.
    pub resource_type: Option<String>,
    /// `Idle` or `Unattached`.
    pub finding: Option<String>,
    /// What it saves to be rid of it.
    pub savings_opportunity: Option<Saving>,
}

impl Operation for IdleAdvice {
    type Entry = Self;
    const TOKEN: &'static str = "inventory.compute-optimizer-get-idle-recommendations";
    const KEY: &'static str = "idleRecommendations";
    const ID: &'static str = "resourceArn";

    fn is_named(entry: &Self) -> bool {
        !entry.resource_arn.is_empty()
    }

    fn unpack(entries: Vec<Self>, _: Option<&str>) -> Result<Vec<Found<Self>>> {
        let found = |entry: Self| (scope(&entry.resource_arn), keyed(&entry.resource_arn, None), entry);
        Ok(entries.into_iter().map(found).collect())
    }
}

/// A recommendation of Cost Optimization Hub.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HubAdvice {
    /// Its id.
    pub recommendation_id: String,
    /// The account of the resource.
    pub account_id: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Its id.
    pub resource_id: Option<String>,
    /// Its ARN.
    pub resource_arn: Option<String>,
    /// Its kind: `Ec2Instance`, `RdsDbInstance`, `LambdaFunction`, ...
    pub current_resource_type: Option<String>,
    /// `Rightsize`, `Stop`, `Upgrade`, `Delete`, `MigrateToGraviton`, `ScaleIn`, ...
    pub action_type: Option<String>,
    /// In a few words, what it would become.
    pub recommended_resource_summary: Option<String>,
    /// What that saves a month, in `currency_code`.
    pub estimated_monthly_savings: Option<f64>,
    /// Such as `USD`.
    pub currency_code: Option<String>,
}

impl Operation for HubAdvice {
    type Entry = Self;
    const TOKEN: &'static str = "inventory.cost-optimization-hub-list-recommendations";
    const KEY: &'static str = "items";
    const ID: &'static str = "recommendationId";
    const WHOLE: bool = false;

    fn is_named(entry: &Self) -> bool {
        !entry.recommendation_id.is_empty()
    }

    /// The best of each resource: the hub keeps several. What is about no resource (a purchase) goes by its own id.
    fn unpack(entries: Vec<Self>, _: Option<&str>) -> Result<Vec<Found<Self>>> {
        let mut best: BTreeMap<(Scope, String), Self> = BTreeMap::new();
        for entry in entries {
            let resource = entry.resource_arn.as_deref().or(entry.resource_id.as_deref()).filter(|id| !id.is_empty());
            let id = resource.map_or_else(|| entry.recommendation_id.clone(), |id| keyed(id, service_of_type(&entry)));
            let stated = Scope { account: entry.account_id.clone(), region: entry.region.clone() };
            let key = (stated.or(&scope(entry.resource_arn.as_deref().unwrap_or_default())), id);
            let rank = |one: &Self| (one.estimated_monthly_savings.unwrap_or_default(), one.recommendation_id.clone());
            if best.get(&key).is_none_or(|kept| rank(kept) < rank(&entry)) {
                best.insert(key, entry);
            }
        }
        Ok(best.into_iter().map(|((scope, id), entry)| (scope, id, entry)).collect())
    }
}

/// Services that have resources with advice, as ARNs name them; the empty one is not told.
const SERVICES: &[&str] = &[
    "",
    "autoscaling",
    "dynamodb",
    "ec2",
    "ecs",
    "elasticache",
    "elasticloadbalancing",
    "es",
    "lambda",
    "memorydb",
    "rds",
    "redshift",
    "sagemaker",
];

/// The service in front of the short id: names of different services may be the same.
fn keyed(id: &str, service: Option<&str>) -> String {
    let service = parts(id).map(|parts| parts[2]).or(service).unwrap_or_default();
    format!("{service}:{}", short_id(id))
}

/// The service of the hub's kind of resource.
fn service_of_type(entry: &HubAdvice) -> Option<&'static str> {
    let kinds = [
        ("Ec2AutoScaling", "autoscaling"),
        ("Ec2", "ec2"),
        ("Ebs", "ec2"),
        ("NatGateway", "ec2"),
        ("Rds", "rds"),
        ("Aurora", "rds"),
        ("Lambda", "lambda"),
        ("Ecs", "ecs"),
        ("DynamoDb", "dynamodb"),
        ("ElastiCache", "elasticache"),
        ("MemoryDb", "memorydb"),
        ("OpenSearch", "es"),
        ("Redshift", "redshift"),
        ("SageMaker", "sagemaker"),
    ];
    let kind = entry.current_resource_type.as_deref()?;
    kinds.into_iter().find(|(begins, _)| kind.starts_with(begins)).map(|(_, service)| service)
}

/// What a recommendation says.
struct Told<'a> {
    finding: Option<&'a str>,
    to: Option<String>,
    saving: Option<&'a Amount>,
}

trait Said {
    fn said(&self) -> Told<'_>;
}

/// What is proposed, in words.
trait Words {
    fn words(&self) -> Option<String>;
}

impl Words for Option<String> {
    fn words(&self) -> Option<String> {
        self.clone()
    }
}

impl Words for Option<i64> {
    fn words(&self) -> Option<String> {
        self.map(|size| format!("{size} MB"))
    }
}

impl Words for Option<VolumeSetting> {
    fn words(&self) -> Option<String> {
        let setting = self.as_ref()?;
        let size = setting.volume_size.map(|size| format!("{size} GiB"));
        let parts: Vec<String> = setting.volume_type.clone().into_iter().chain(size).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// What one adviser says of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// `compute_optimizer`, `compute_optimizer_arm64`, `compute_optimizer_idle` or `cost_optimization_hub`.
    pub adviser: &'static str,
    /// Its verdict, in AWS's words: `OVER_PROVISIONED`, `Idle`, `Rightsize`, ...
    pub verdict: String,
    /// What it proposes, if anything.
    pub proposal: Option<String>,
    /// What that saves a month by its account, with the currency.
    pub monthly_saving: Option<(f64, String)>,
}

impl Advice {
    fn new(
        adviser: &'static str,
        verdict: Option<&str>,
        proposal: Option<String>,
        saving: Option<&Amount>,
    ) -> Option<Self> {
        let money =
            |amount: &Amount| Some((amount.value, amount.currency.clone()?)).filter(|(value, _)| value.is_finite());
        Some(Self { adviser, verdict: verdict?.to_owned(), proposal, monthly_saving: saving.and_then(money) })
    }

    /// Whether it says that nothing uses the resource.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.adviser == "compute_optimizer_idle" || matches!(self.verdict.as_str(), "Stop" | "Delete")
    }
}

#[cfg(test)]
mod tests;
