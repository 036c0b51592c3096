//! The public prices of what an export uses: on demand, and under Savings Plans on offer and owned.

use super::{
    failure::Failure,
    figures::Figures,
    ledger::Ledger,
    session,
    site::{Capture, Site, Written, client, file, stem},
    state::State,
};
use crate::{
    collect::{Outcome, PriceOptions, Used},
    error::{Error, Result},
    inventory::{pricing, savingsplans, short_id},
    money::Money,
};
use aws_config::{Region, SdkConfig};
use aws_sdk_pricing::types::{Filter, FilterType};
use aws_sdk_savingsplans::types::{SavingsPlanRateFilter, SavingsPlanRateFilterName};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use std::{collections::BTreeSet, fs, sync::Arc};

/// Usage types that are asked for together.
const TOGETHER: usize = 10;

/// Saves the prices. None of the calls is paid.
pub(in crate::collect) fn prices(options: &PriceOptions, used: &Used, tell: &mut dyn FnMut(&str)) -> Result<Outcome> {
    let figures = Figures::embedded()?;
    let ledger = Arc::new(Ledger::new(figures, Money::ZERO));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(format!("the run cannot begin: {error}")))?;
    runtime.block_on(save(options, used, &ledger))?;
    let counted = ledger.counted();
    let calls: u64 = counted.calls.values().sum();
    tell(&format!("{}: prices of {} kind(s) of usage; {calls} call(s)", options.out.display(), used.products.len()));
    for missed in counted.denied.iter().chain(&counted.absent) {
        tell(&format!("not given: {}: {}", missed.what, missed.why));
    }
    for missed in &counted.broken {
        tell(&format!("error: {}: {}", missed.what, missed.why));
    }
    Ok(if counted.broken.is_empty() { Outcome::Whole } else { Outcome::Incomplete })
}

async fn save(options: &PriceOptions, used: &Used, ledger: &Arc<Ledger>) -> Result<()> {
    let config: SdkConfig = session::base(options.profile.as_deref(), &ledger.figures).await;
    let site = session::nowhere(&config, ledger, "us-east-1");
    let identity = session::identity(&site).await;
    let identity =
        identity.map_err(|failure| session::refused("AWS does not say whose credentials these are", &failure))?;
    let folder = options.out.join(&identity.account).join("global");
    fs::create_dir_all(&folder).map_err(|error| Error::file(folder.display(), format!("cannot be made: {error}")))?;
    let config = config.to_builder().region(Region::new(identity.global_region())).build();
    let site = Site { account: identity.account, region: "global".into(), folder, config, ledger: ledger.clone() };
    let mut state = State::read(&site.folder);
    let now = jiff::Timestamp::now().as_second();
    for (what, fetched) in [
        ("prices on demand (pricing:GetProducts)", products(&site, used).await),
        ("rates on offer (savingsplans:DescribeSavingsPlansOfferingRates)", offering_rates(&site, used).await),
        ("rates of owned plans (savingsplans:DescribeSavingsPlanRates)", plan_rates(&site, used).await),
    ] {
        match fetched.and_then(|files| state.fill(&site, what, "", now, &files)) {
            Ok(()) => ledger.done(false),
            Err(failure) => {
                state.clear(&site.folder, what)?;
                ledger.missed(&site.account, &site.region, what, &failure);
            }
        }
    }
    Ok(())
}

/// Products by usage type and operation.
async fn products(site: &Site, used: &Used) -> Result<Vec<Written>, Failure> {
    let bar = ProgressBar::new(used.products.len() as u64);
    let capture = Capture::default();
    let client = client!(site, aws_sdk_pricing, capture);
    let ask = |(service, usage_type, operation): &(String, String, String)| {
        let fields = [("usagetype", usage_type), ("operation", operation)];
        let filters: Option<Vec<_>> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(field, value)| {
                Filter::builder().r#type(FilterType::TermMatch).field(field).value(value).build().ok()
            })
            .collect();
        let mut pages = client.get_products().service_code(service).set_filters(filters).into_paginator().send();
        let bar = bar.clone();
        async move {
            while let Some(page) = pages.next().await {
                page?;
            }
            bar.inc(1);
            Ok::<(), Failure>(())
        }
    };
    let asked = stream::iter(used.products.iter().map(ask)).buffer_unordered(site.ledger.figures.listings_at_once);
    let asked = asked.try_collect::<Vec<()>>().await;
    bar.finish_and_clear();
    asked?;
    Ok(vec![file(stem::<pricing::Product>(), &capture.sorted("PriceList")?)])
}

/// Usage types that a Savings Plan may cover.
fn covered(site: &Site, used: &Used) -> Vec<String> {
    let known = &site.ledger.figures.plan_services;
    let of = used.products.iter().filter(|(service, _, _)| known.contains(service));
    of.map(|(_, usage_type, _)| usage_type.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

async fn offering_rates(site: &Site, used: &Used) -> Result<Vec<Written>, Failure> {
    let capture = Capture::default();
    let client = client!(site, aws_sdk_savingsplans, capture);
    for some in covered(site, used).chunks(TOGETHER) {
        let mut token = None;
        loop {
            let ask = client.describe_savings_plans_offering_rates().set_usage_types(Some(some.to_vec()));
            token = ask.set_next_token(token).send().await?.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
    }
    Ok(vec![file(stem::<savingsplans::OfferingRate>(), &capture.sorted("searchResults")?)])
}

/// A file a plan: AWS does not repeat which plan it was asked about, so the file name does.
async fn plan_rates(site: &Site, used: &Used) -> Result<Vec<Written>, Failure> {
    let usage = covered(site, used);
    let mut files = Vec::new();
    for plan in used.plans.iter().map(|arn| short_id(arn)) {
        let capture = Capture::default();
        let client = client!(site, aws_sdk_savingsplans, capture);
        for some in usage.chunks(TOGETHER) {
            let filter = SavingsPlanRateFilter::builder()
                .name(SavingsPlanRateFilterName::UsageType)
                .set_values(Some(some.to_vec()))
                .build();
            let mut token = None;
            loop {
                let ask = client.describe_savings_plan_rates().savings_plan_id(plan).filters(filter.clone());
                token = ask.set_next_token(token).send().await?.next_token.filter(|token| !token.is_empty());
                if token.is_none() {
                    break;
                }
            }
        }
        let name = format!("{}@{plan}", stem::<savingsplans::PlanRates>());
        files.push(file(name, &capture.sorted("searchResults")?));
    }
    Ok(files)
}
