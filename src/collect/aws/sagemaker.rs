//! SageMaker endpoints: what AWS answers is what the CLI prints.

use super::{
    failure::Failure,
    site::{Capture, Fetch, Site, client, file, stem},
};
use crate::inventory::sagemaker;

pub(super) fn endpoints(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let mut pages = client!(site, aws_sdk_sagemaker, capture).list_endpoints().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file(stem::<sagemaker::Endpoint>(), &capture.document(&["Endpoints"])?)])
    })
}

/// The variants of an endpoint that count their invocations; none of an asynchronous one, or of one that hosts inference components,
/// which count elsewhere.
pub(super) async fn variants(site: &Site, endpoint: &str) -> Result<Vec<String>, Failure> {
    let client = client!(site, aws_sdk_sagemaker);
    let of = client.describe_endpoint().endpoint_name(endpoint).send().await?;
    if of.async_inference_config.is_some() {
        return Ok(Vec::new());
    }
    let variants = of.production_variants.unwrap_or_default();
    if variants.iter().any(|variant| variant.deployed_images().is_empty()) {
        return Ok(Vec::new());
    }
    Ok(variants.into_iter().filter_map(|variant| variant.variant_name).collect())
}
