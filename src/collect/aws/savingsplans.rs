//! Savings Plans: what AWS answers is what the CLI prints.

use super::site::{Capture, Fetch, Site, client, file, stem};
use crate::inventory::savingsplans;

/// Plans in every state: one that has just ended explains last month's bill.
pub(super) fn plans(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let client = client!(site, aws_sdk_savingsplans, capture);
        let mut token = None;
        loop {
            token = client
                .describe_savings_plans()
                .set_next_token(token)
                .send()
                .await?
                .next_token
                .filter(|t| !t.is_empty());
            if token.is_none() {
                break;
            }
        }
        Ok(vec![file(stem::<savingsplans::SavingsPlan>(), &capture.document(&["savingsPlans"])?)])
    })
}
