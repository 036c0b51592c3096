//! ElastiCache: clusters, reserved nodes and offers of these.

use super::{
    Listed, Moment, Scope,
    arn::{scope, zone_scope},
    reservation::{Price, Recurring, Reserves, Sale, instance},
};
use crate::sku::{Service, offered::engine};
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

/// Reserved cache nodes bought together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedCacheNode {
    /// The id that ends the ARN in the bill.
    pub reserved_cache_node_id: String,
    /// Its ARN.
    #[serde(rename = "ReservationARN")]
    pub reservation_arn: Option<String>,
    /// Such as `cache.r6g.large`.
    pub cache_node_type: Option<String>,
    /// `redis`, `valkey` or `memcached`.
    pub product_description: Option<String>,
    /// How many.
    pub cache_node_count: Option<i64>,
    /// `payment-pending`, `active`, `payment-failed`, `retired`, ...
    pub state: Option<String>,
    /// The first moment of the term.
    pub start_time: Option<Moment>,
    /// `No Upfront`, `Partial Upfront`, `All Upfront`, or an old utilisation class.
    pub offering_type: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each.
    pub fixed_price: Option<f64>,
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedCacheNode {
    const TOKEN: &'static str = "inventory.elasticache-describe-reserved-cache-nodes";
    const KEY: &'static str = "ReservedCacheNodes";
    const ID: &'static str = "ReservedCacheNodeId";

    fn id(&self) -> &str {
        &self.reserved_cache_node_id
    }

    fn scope(&self) -> Scope {
        scope(self.reservation_arn.as_deref().unwrap_or_default())
    }
}

impl Reserves for ReservedCacheNode {
    fn sale(&self) -> Option<Sale> {
        let engine = engine(self.product_description.as_deref()?)?;
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::ElastiCache, self.cache_node_type.as_deref(), engine, 1))
    }
}

/// Reserved cache nodes on offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedCacheNodesOffering {
    /// A UUID.
    pub reserved_cache_nodes_offering_id: String,
    /// Such as `cache.r6g.large`.
    pub cache_node_type: Option<String>,
    /// `redis`, `valkey` or `memcached`.
    pub product_description: Option<String>,
    /// `No Upfront`, `Partial Upfront`, `All Upfront`, or an old utilisation class.
    pub offering_type: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each.
    pub fixed_price: Option<f64>,
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedCacheNodesOffering {
    const TOKEN: &'static str = "inventory.elasticache-describe-reserved-cache-nodes-offerings";
    const KEY: &'static str = "ReservedCacheNodesOfferings";
    const ID: &'static str = "ReservedCacheNodesOfferingId";

    fn id(&self) -> &str {
        &self.reserved_cache_nodes_offering_id
    }
}

impl Reserves for ReservedCacheNodesOffering {
    fn sale(&self) -> Option<Sale> {
        let engine = engine(self.product_description.as_deref()?)?;
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::ElastiCache, self.cache_node_type.as_deref(), engine, 1))
    }
}
