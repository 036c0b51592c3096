//! SageMaker endpoints: what AWS answers is what the CLI prints.

use super::{
    failure::Failure,
    site::{Capture, Fetch, Site, client, file, stem},
};
use crate::inventory::sagemaker;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

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
    let of = match client.describe_endpoint().endpoint_name(endpoint).send().await {
        Ok(of) => of,
        Err(error) if is_gone(error.code(), error.message()) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    if of.async_inference_config.is_some() {
        return Ok(Vec::new());
    }
    let variants = of.production_variants.unwrap_or_default();
    if variants.iter().any(|variant| variant.deployed_images().is_empty()) {
        return Ok(Vec::new());
    }
    Ok(variants.into_iter().filter_map(|variant| variant.variant_name).collect())
}

/// Whether SageMaker says that an endpoint, which was listed, is not there any more: it has no code of its own for that.
fn is_gone(code: Option<&str>, message: Option<&str>) -> bool {
    code == Some("ValidationException")
        && message.is_some_and(|text| {
            text.strip_prefix("Could not find endpoint ").is_some_and(|of| !of.starts_with("config"))
        })
}

#[cfg(test)]
mod tests {
    use super::is_gone;

    #[test]
    fn only_an_endpoint_that_is_gone_is_passed_over() {
        let gone = "Could not find endpoint \"arn:aws:sagemaker:us-east-1:111122223333:endpoint/web\".";
        assert!(is_gone(Some("ValidationException"), Some(gone)));
        assert!(!is_gone(Some("AccessDeniedException"), Some(gone)));
        assert!(!is_gone(Some("ValidationException"), Some("Could not find endpoint configuration \"arn\".")));
        assert!(!is_gone(Some("ValidationException"), Some("1 validation error detected")));
        assert!(!is_gone(None, None));
    }
}
