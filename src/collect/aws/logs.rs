//! CloudWatch log groups: what AWS answers is what the CLI prints.

use super::site::{Capture, Fetch, Site, client, file, stem};
use crate::inventory::logs;

pub(super) fn groups(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let mut pages = client!(site, aws_sdk_cloudwatchlogs, capture).describe_log_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file(stem::<logs::LogGroup>(), &capture.document(&["logGroups"])?)])
    })
}
