//! OpenSearch: domains, reserved instances and offers of these.

use super::{
    Listed, Moment, Scope,
    arn::scope,
    reservation::{Price, Recurring, Reserves, Sale, instance},
};
use crate::sku::Service;
use serde::{Deserialize, Serialize};

/// A domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Domain {
    /// The name.
    pub domain_name: String,
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: Option<String>,
    /// Whether it is being deleted.
    pub deleted: Option<bool>,
    /// Such as `OpenSearch_2.11` or `Elasticsearch_7.10`.
    pub engine_version: Option<String>,
    /// Its nodes.
    pub cluster_config: ClusterConfig,
    /// Its storage.
    #[serde(rename = "EBSOptions")]
    pub ebs_options: Option<EbsOptions>,
}

/// The nodes of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClusterConfig {
    /// Such as `r6g.large.search`.
    pub instance_type: Option<String>,
    /// Data nodes.
    pub instance_count: Option<i64>,
    /// Whether there are dedicated masters.
    pub dedicated_master_enabled: Option<bool>,
    /// The type of the masters.
    pub dedicated_master_type: Option<String>,
    /// Masters.
    pub dedicated_master_count: Option<i64>,
    /// Whether there are UltraWarm nodes.
    pub warm_enabled: Option<bool>,
    /// The type of the warm nodes.
    pub warm_type: Option<String>,
    /// Warm nodes.
    pub warm_count: Option<i64>,
    /// Whether nodes are spread over zones.
    pub zone_awareness_enabled: Option<bool>,
    /// Whether a zone stands by.
    #[serde(rename = "MultiAZWithStandbyEnabled")]
    pub multi_az_with_standby_enabled: Option<bool>,
}

/// The storage of each data node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EbsOptions {
    /// Whether nodes have EBS volumes.
    #[serde(rename = "EBSEnabled")]
    pub ebs_enabled: Option<bool>,
    /// `gp2`, `gp3`, `io1` or `standard`.
    pub volume_type: Option<String>,
    /// GiB of each data node.
    pub volume_size: Option<i64>,
    /// Provisioned operations a second.
    pub iops: Option<i64>,
    /// Provisioned MiB a second.
    pub throughput: Option<i64>,
}

impl Listed for Domain {
    const TOKEN: &'static str = "inventory.opensearch-describe-domains";
    const KEY: &'static str = "DomainStatusList";
    const ID: &'static str = "DomainName";
    /// The command is asked for domains by name.
    const WHOLE: bool = false;

    fn id(&self) -> &str {
        &self.domain_name
    }

    fn scope(&self) -> Scope {
        scope(self.arn.as_deref().unwrap_or_default())
    }
}

/// Reserved instances bought together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedInstance {
    /// A UUID.
    pub reserved_instance_id: String,
    /// Such as `r6g.large.search`.
    pub instance_type: Option<String>,
    /// How many.
    pub instance_count: Option<i64>,
    /// `payment-pending`, `active`, `payment-failed`, `retired`, ...
    pub state: Option<String>,
    /// The first moment of the term.
    pub start_time: Option<Moment>,
    /// `NO_UPFRONT`, `PARTIAL_UPFRONT` or `ALL_UPFRONT`.
    pub payment_option: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each.
    pub fixed_price: Option<f64>,
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedInstance {
    const TOKEN: &'static str = "inventory.opensearch-describe-reserved-instances";
    const KEY: &'static str = "ReservedInstances";
    const ID: &'static str = "ReservedInstanceId";

    fn id(&self) -> &str {
        &self.reserved_instance_id
    }
}

impl Reserves for ReservedInstance {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.payment_option.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::OpenSearch, self.instance_type.as_deref(), "", 1))
    }
}

/// Reserved instances on offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedInstanceOffering {
    /// A UUID.
    pub reserved_instance_offering_id: String,
    /// Such as `r6g.large.search`.
    pub instance_type: Option<String>,
    /// `NO_UPFRONT`, `PARTIAL_UPFRONT` or `ALL_UPFRONT`.
    pub payment_option: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each.
    pub fixed_price: Option<f64>,
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedInstanceOffering {
    const TOKEN: &'static str = "inventory.opensearch-describe-reserved-instance-offerings";
    const KEY: &'static str = "ReservedInstanceOfferings";
    const ID: &'static str = "ReservedInstanceOfferingId";

    fn id(&self) -> &str {
        &self.reserved_instance_offering_id
    }
}

impl Reserves for ReservedInstanceOffering {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.payment_option.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::OpenSearch, self.instance_type.as_deref(), "", 1))
    }
}
