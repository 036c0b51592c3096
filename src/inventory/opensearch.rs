//! OpenSearch domains.

use super::{Listed, Scope, arn::scope};
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
