//! ElastiCache clusters.

use super::{
    Listed, Moment, Scope,
    arn::{scope, zone_scope},
};
use serde::{Deserialize, Serialize};

/// A cache cluster: a node or more of Memcached, one node of a replication group of Redis OSS or Valkey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CacheCluster {
    /// The id.
    pub cache_cluster_id: String,
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: Option<String>,
    /// Such as `cache.r6g.large`.
    pub cache_node_type: Option<String>,
    /// `redis`, `valkey` or `memcached`.
    pub engine: Option<String>,
    /// Such as `7.1.0`.
    pub engine_version: Option<String>,
    /// `available`, ...
    pub cache_cluster_status: Option<String>,
    /// Nodes.
    pub num_cache_nodes: Option<i64>,
    /// The replication group it belongs to.
    pub replication_group_id: Option<String>,
    /// Such as `us-east-1a`, or `Multiple`.
    pub preferred_availability_zone: Option<String>,
    /// When it was made.
    pub cache_cluster_create_time: Option<Moment>,
    /// Days that snapshots are kept; 0 for none.
    pub snapshot_retention_limit: Option<i64>,
}

impl Listed for CacheCluster {
    const TOKEN: &'static str = "inventory.elasticache-describe-cache-clusters";
    const KEY: &'static str = "CacheClusters";
    const ID: &'static str = "CacheClusterId";

    fn id(&self) -> &str {
        &self.cache_cluster_id
    }

    fn scope(&self) -> Scope {
        let zone = zone_scope(self.preferred_availability_zone.as_deref());
        scope(self.arn.as_deref().unwrap_or_default()).or(&zone)
    }
}
