//! Reserved nodes of MemoryDB: what AWS answers is what the CLI prints.

use super::site::{Capture, Fetch, Site, client, file, stem};
use crate::inventory::{Inventory, memorydb};
use serde_json::json;
use std::sync::Arc;

pub(super) fn reserved(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let mut pages = client!(site, aws_sdk_memorydb, capture).describe_reserved_nodes().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file(stem::<memorydb::ReservedNode>(), &capture.document(&["ReservedNodes"])?)])
    })
}

/// All offers, where nodes are reserved already: a cluster is known to the bill alone.
pub(super) fn offerings(site: Site, known: Arc<Inventory>) -> Fetch {
    Box::pin(async move {
        let (key, stem) = ("ReservedNodesOfferings", stem::<memorydb::ReservedNodesOffering>());
        if known.reserved_memory_nodes.is_empty() {
            return Ok(vec![file(stem, &json!({key: []}))]);
        }
        let capture = Capture::default();
        let client = client!(site, aws_sdk_memorydb, capture);
        let mut pages = client.describe_reserved_nodes_offerings().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file(stem, &capture.document(&[key])?)])
    })
}
