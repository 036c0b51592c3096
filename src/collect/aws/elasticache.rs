//! ElastiCache, as the inventory reads it.

use super::site::{Fetch, Site, at, charges, client, listed, listing, whole};
use crate::inventory::{Inventory, elasticache};
use aws_sdk_elasticache::types as sdk;
use std::{collections::BTreeSet, sync::Arc};

pub(super) fn clusters(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(elasticache::CacheCluster, client!(site, aws_sdk_elasticache).describe_cache_clusters(), cluster)
    })
}

fn cluster(of: sdk::CacheCluster) -> elasticache::CacheCluster {
    elasticache::CacheCluster {
        cache_cluster_id: of.cache_cluster_id.unwrap_or_default(),
        arn: of.arn,
        cache_node_type: of.cache_node_type,
        engine: of.engine,
        engine_version: of.engine_version,
        cache_cluster_status: of.cache_cluster_status,
        num_cache_nodes: whole(of.num_cache_nodes),
        replication_group_id: of.replication_group_id,
        preferred_availability_zone: of.preferred_availability_zone,
        cache_cluster_create_time: at(of.cache_cluster_create_time),
        snapshot_retention_limit: whole(of.snapshot_retention_limit),
    }
}

pub(super) fn reserved(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(
            elasticache::ReservedCacheNode,
            client!(site, aws_sdk_elasticache).describe_reserved_cache_nodes(),
            reserved_node
        )
    })
}

fn reserved_node(of: sdk::ReservedCacheNode) -> elasticache::ReservedCacheNode {
    elasticache::ReservedCacheNode {
        reserved_cache_node_id: of.reserved_cache_node_id.unwrap_or_default(),
        reservation_arn: of.reservation_arn,
        cache_node_type: of.cache_node_type,
        product_description: of.product_description,
        cache_node_count: whole(of.cache_node_count),
        state: of.state,
        start_time: at(of.start_time),
        offering_type: of.offering_type,
        duration: whole(of.duration),
        fixed_price: of.fixed_price,
        usage_price: of.usage_price,
        recurring_charges: charges!(of.recurring_charges),
    }
}

/// Offers for the node types that run here.
pub(super) fn offerings(site: Site, known: Arc<Inventory>) -> Fetch {
    Box::pin(async move {
        let kinds: BTreeSet<String> =
            known.cache_clusters.iter().filter_map(|(_, _, cluster)| cluster.cache_node_type.clone()).collect();
        let client = client!(site, aws_sdk_elasticache);
        let mut offers = Vec::new();
        for kind in kinds {
            let all = client.describe_reserved_cache_nodes_offerings().cache_node_type(kind);
            let all: Vec<_> = all.into_paginator().items().send().collect::<Result<_, _>>().await?;
            offers.extend(all.into_iter().map(offering));
        }
        listing::<elasticache::ReservedCacheNodesOffering>(offers)
    })
}

fn offering(of: sdk::ReservedCacheNodesOffering) -> elasticache::ReservedCacheNodesOffering {
    elasticache::ReservedCacheNodesOffering {
        reserved_cache_nodes_offering_id: of.reserved_cache_nodes_offering_id.unwrap_or_default(),
        cache_node_type: of.cache_node_type,
        product_description: of.product_description,
        offering_type: of.offering_type,
        duration: whole(of.duration),
        fixed_price: of.fixed_price,
        usage_price: of.usage_price,
        recurring_charges: charges!(of.recurring_charges),
    }
}
