//! OpenSearch: what AWS answers is what the CLI prints.

use super::site::{Capture, Fetch, Site, client, file, stem};
use crate::inventory::{Inventory, opensearch};
use serde_json::json;
use std::sync::Arc;

pub(super) fn domains(site: Site) -> Fetch {
    Box::pin(async move {
        let named = client!(site, aws_sdk_opensearch).list_domain_names().send().await?;
        let names: Vec<String> =
            named.domain_names.unwrap_or_default().into_iter().filter_map(|domain| domain.domain_name).collect();
        let key = "DomainStatusList";
        if names.is_empty() {
            return Ok(vec![file(stem::<opensearch::Domain>(), &json!({key: []}))]);
        }
        let capture = Capture::default();
        let client = client!(site, aws_sdk_opensearch, capture);
        // AWS describes five at a time.
        for some in names.chunks(5) {
            client.describe_domains().set_domain_names(Some(some.to_vec())).send().await?;
        }
        Ok(vec![file(stem::<opensearch::Domain>(), &capture.document(&[key])?)])
    })
}

pub(super) fn reserved(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let mut pages =
            client!(site, aws_sdk_opensearch, capture).describe_reserved_instances().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file(stem::<opensearch::ReservedInstance>(), &capture.document(&["ReservedInstances"])?)])
    })
}

/// All offers, where there are domains.
pub(super) fn offerings(site: Site, known: Arc<Inventory>) -> Fetch {
    Box::pin(async move {
        let (key, stem) = ("ReservedInstanceOfferings", stem::<opensearch::ReservedInstanceOffering>());
        if known.domains.is_empty() {
            return Ok(vec![file(stem, &json!({key: []}))]);
        }
        let capture = Capture::default();
        let client = client!(site, aws_sdk_opensearch, capture);
        let mut pages = client.describe_reserved_instance_offerings().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file(stem, &capture.document(&[key])?)])
    })
}
