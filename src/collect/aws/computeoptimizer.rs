//! Compute Optimizer and Cost Optimization Hub: what AWS itself advises.

use super::{
    failure::Failure,
    site::{Capture, Fetch, Site, Written, client, file},
};
use aws_sdk_computeoptimizer::types::{CpuVendorArchitecture, RecommendationPreferences};

/// The end of the name of a file whose recommendations are of Graviton alone.
const ARM64: &str = "@arm64";

/// Asks for one operation until there is no next page.
macro_rules! pages {
    ($site:expr, $operation:ident, $stem:expr, $key:literal, |$ask:ident| $more:expr) => {{
        let capture = Capture::default();
        let client = client!($site, aws_sdk_computeoptimizer, capture);
        let mut token: Option<String> = None;
        loop {
            let $ask = client.$operation().set_next_token(token);
            token = $more.send().await?.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        Ok::<Written, Failure>(file($stem, &capture.document(&[$key])?))
    }};
}

/// Of the present architecture, and again with Graviton: AWS answers for one of them.
pub(super) fn instances(site: Site) -> Fetch {
    Box::pin(async move {
        let stem = "compute-optimizer-get-ec2-instance-recommendations";
        let key_of = |arm: bool| if arm { format!("{stem}{ARM64}") } else { stem.to_owned() };
        let mut files = Vec::new();
        for arm in [false, true] {
            let prefer = arm.then(graviton);
            files.push(pages!(
                site,
                get_ec2_instance_recommendations,
                key_of(arm),
                "instanceRecommendations",
                |ask| ask.set_recommendation_preferences(prefer.clone())
            )?);
        }
        Ok(files)
    })
}

pub(super) fn databases(site: Site) -> Fetch {
    Box::pin(async move {
        let stem = "compute-optimizer-get-rds-database-recommendations";
        let key_of = |arm: bool| if arm { format!("{stem}{ARM64}") } else { stem.to_owned() };
        let mut files = Vec::new();
        for arm in [false, true] {
            let prefer = arm.then(graviton);
            files.push(pages!(site, get_rds_database_recommendations, key_of(arm), "rdsDBRecommendations", |ask| ask
                .set_recommendation_preferences(prefer.clone()))?);
        }
        Ok(files)
    })
}

fn graviton() -> RecommendationPreferences {
    RecommendationPreferences::builder().cpu_vendor_architectures(CpuVendorArchitecture::AwsArm64).build()
}

pub(super) fn volumes(site: Site) -> Fetch {
    Box::pin(async move {
        let stem = "compute-optimizer-get-ebs-volume-recommendations";
        Ok(vec![pages!(site, get_ebs_volume_recommendations, stem, "volumeRecommendations", |ask| ask)?])
    })
}

pub(super) fn functions(site: Site) -> Fetch {
    Box::pin(async move {
        let stem = "compute-optimizer-get-lambda-function-recommendations";
        Ok(vec![pages!(site, get_lambda_function_recommendations, stem, "lambdaFunctionRecommendations", |ask| ask)?])
    })
}

pub(super) fn idle(site: Site) -> Fetch {
    Box::pin(async move {
        let stem = "compute-optimizer-get-idle-recommendations";
        Ok(vec![pages!(site, get_idle_recommendations, stem, "idleRecommendations", |ask| ask)?])
    })
}

/// The hub gathers what several services advise, for all regions at once.
pub(super) fn hub(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let client = client!(site, aws_sdk_costoptimizationhub, capture);
        let mut pages = client.list_recommendations().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file("cost-optimization-hub-list-recommendations", &capture.document(&["items"])?)])
    })
}
