//! CloudWatch metrics of what was listed: one `metrics.csv` for each kind of resource.

use super::{
    discover::{self, Dimensions},
    failure::Failure,
    figures::Metric,
    ledger::Paid,
    sagemaker,
    site::{Site, Written, client},
};
use crate::{
    inventory::{Inventory, Moment},
    time::rfc3339,
};
use aws_sdk_cloudwatch::types as sdk;
use aws_smithy_types::DateTime;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Queries of a call at most.
const QUERIES: usize = 500;
/// Data points of a call at most.
const POINTS: i64 = 100_800;
/// The action that is paid by the metric.
pub(super) const ACTION: &str = "cloudwatch:GetMetricData";

/// Seconds since the epoch: whole days, then hours up to the last whole one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    start: i64,
    last_day: i64,
    last_hour: i64,
}

impl Stretch {
    /// So many days before a moment.
    pub(super) fn before(now: i64, days: i64) -> Self {
        let last_day = now.div_euclid(DAY) * DAY;
        Self { start: last_day - days * DAY, last_day, last_hour: now.div_euclid(HOUR) * HOUR }
    }

    fn end(self, metric: &Metric) -> i64 {
        if metric.days { self.last_day } else { self.last_hour }
    }

    fn points(self, metric: &Metric) -> i64 {
        (self.end(metric) - self.start) / period(metric)
    }
}

fn period(metric: &Metric) -> i64 {
    if metric.days { DAY } else { HOUR }
}

/// A metric of a resource, to be asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// How the inventory names the resource.
    pub(super) id: String,
    pub(super) metric: Metric,
    pub(super) dimensions: Dimensions,
    /// When the resource was made, if that is told.
    pub(super) since: Option<Moment>,
}

/// The metrics of one kind of resource in one account and region.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) wanted: Vec<Wanted>,
}

impl Kind {
    /// What is asked for, in short: other resources or other days are another question.
    pub(super) fn asked(&self, days: i64) -> String {
        let mut hash = Sha256::new();
        for wanted in &self.wanted {
            let Metric { name, stat, days, .. } = &wanted.metric;
            hash.update(format!("{} {name} {stat} {days} {:?}\n", wanted.id, wanted.dimensions));
        }
        let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{days} days of {} {digest}", self.wanted.len())
    }
}

/// A resource with metrics.
type Resource = (String, Dimensions, Option<Moment>);

/// Every kind with resources here, in the order of the figures.
pub(super) async fn kinds(site: &Site, known: &Inventory) -> (Vec<Kind>, Vec<(String, Failure)>) {
    let mut names: Vec<&str> = Vec::new();
    for metric in &site.ledger.figures.metrics {
        if !names.contains(&&*metric.of) {
            names.push(&metric.of);
        }
    }
    let (mut kinds, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match wanted(site, name, known).await {
            Ok(wanted) => kinds.push(Kind { name: name.to_owned(), wanted }),
            Err(failure) => failures.push((name.to_owned(), failure)),
        }
    }
    (kinds, failures)
}

/// What is to be asked for of one kind.
async fn wanted(site: &Site, kind: &str, known: &Inventory) -> Result<Vec<Wanted>, Failure> {
    let metrics: Vec<&Metric> = site.ledger.figures.metrics.iter().filter(|metric| metric.of == kind).collect();
    let resources = match kind {
        "instance-memory" | "function-memory" => return discover::wanted(site, kind, &metrics, known).await,
        "endpoint" => endpoints(site, known).await?,
        "bucket" => buckets(site).await?,
        kind => listed(kind, known),
    };
    let of = |(id, dimensions, since): &Resource, metric: &Metric| Wanted {
        id: id.clone(),
        metric: metric.clone(),
        dimensions: dimensions.clone(),
        since: *since,
    };
    Ok(resources.iter().flat_map(|resource| metrics.iter().map(move |metric| of(resource, metric))).collect())
}

/// Dimensions by name and value.
fn by<const N: usize>(pairs: [(&str, String); N]) -> Dimensions {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The resources of a kind that its listing tells whole.
fn listed(kind: &str, known: &Inventory) -> Vec<Resource> {
    let one = |id: &str, dimension, since| (id.to_owned(), by([(dimension, id.to_owned())]), since);
    match kind {
        "instance" => {
            let running = known.instances.iter().filter(|(_, _, instance)| instance.state.name == "running");
            running.map(|(_, id, _)| one(id, "InstanceId", None)).collect()
        }
        "volume" => known.volumes.iter().map(|(_, id, volume)| one(id, "VolumeId", volume.create_time)).collect(),
        "nat-gateway" => {
            known.nat_gateways.iter().map(|(_, id, gateway)| one(id, "NatGatewayId", gateway.create_time)).collect()
        }
        "vpc-endpoint" => {
            known.vpc_endpoints.iter().filter_map(|(_, id, endpoint)| vpc_endpoint(id, endpoint)).collect()
        }
        "db-instance" => {
            let all = known.db_instances.iter();
            all.map(|(_, id, db)| one(id, "DBInstanceIdentifier", db.instance_create_time)).collect()
        }
        "cache-cluster" | "memcached-cluster" => {
            let memcached = kind == "memcached-cluster";
            let of_kind = known
                .cache_clusters
                .iter()
                .filter(|(_, _, cluster)| (cluster.engine.as_deref() == Some("memcached")) == memcached);
            of_kind.map(|(_, id, cluster)| one(id, "CacheClusterId", cluster.cache_cluster_create_time)).collect()
        }
        "table" => known.tables.iter().flat_map(|(_, id, table)| table_and_indexes(id, table)).collect(),
        "classic-load-balancer" => {
            let all = known.classic_load_balancers.iter();
            all.map(|(_, id, balancer)| one(id, "LoadBalancerName", balancer.created_time)).collect()
        }
        "application-load-balancer" | "network-load-balancer" | "gateway-load-balancer" => {
            let word = kind.split('-').next();
            let of_kind = known.load_balancers.iter().filter(|(_, _, balancer)| balancer.r#type.as_deref() == word);
            of_kind.map(|(_, id, balancer)| one(id, "LoadBalancer", balancer.created_time)).collect()
        }
        _ => Vec::new(),
    }
}

/// An endpoint that is paid; CloudWatch knows it by four dimensions together.
fn vpc_endpoint(id: &str, endpoint: &crate::inventory::ec2::VpcEndpoint) -> Option<Resource> {
    let kind = endpoint.vpc_endpoint_type.clone().filter(|kind| kind != "Gateway")?;
    let dimensions = by([
        ("Endpoint Type", kind),
        ("Service Name", endpoint.service_name.clone()?),
        ("VPC Endpoint Id", id.to_owned()),
        ("VPC Id", endpoint.vpc_id.clone()?),
    ]);
    Some((id.to_owned(), dimensions, endpoint.creation_timestamp))
}

/// A table, and each of its indexes, which count apart.
fn table_and_indexes(name: &str, table: &crate::inventory::dynamodb::Table) -> Vec<Resource> {
    let whole = (name.to_owned(), by([("TableName", name.to_owned())]), table.creation_date_time);
    let indexes = table.global_secondary_indexes.iter().map(|index| {
        let dimensions = by([("GlobalSecondaryIndexName", index.index_name.clone()), ("TableName", name.to_owned())]);
        (format!("{name}/index/{}", index.index_name), dimensions, table.creation_date_time)
    });
    std::iter::once(whole).chain(indexes).collect()
}

/// Endpoints, a resource a variant: CloudWatch counts each by itself.
async fn endpoints(site: &Site, known: &Inventory) -> Result<Vec<Resource>, Failure> {
    let mut all = Vec::new();
    for (_, id, endpoint) in known.endpoints.iter() {
        for variant in sagemaker::variants(site, id).await? {
            let dimensions = by([("EndpointName", id.to_owned()), ("VariantName", variant)]);
            all.push((id.to_owned(), dimensions, endpoint.creation_time));
        }
    }
    Ok(all)
}

/// Buckets, by the metrics that they have.
async fn buckets(site: &Site) -> Result<Vec<Resource>, Failure> {
    let ask = client!(site, aws_sdk_cloudwatch).list_metrics().namespace("AWS/S3").metric_name("NumberOfObjects");
    let pages: Vec<_> = ask.into_paginator().send().collect::<Result<_, _>>().await?;
    let all = pages.into_iter().flat_map(|page| page.metrics.unwrap_or_default());
    let name = |metric: sdk::Metric| {
        let named =
            metric.dimensions.unwrap_or_default().into_iter().find(|one| one.name.as_deref() == Some("BucketName"));
        named.and_then(|one| one.value)
    };
    let names: BTreeSet<String> = all.filter_map(name).collect();
    let of = |name: String| {
        let dimensions = by([("BucketName", name.clone()), ("StorageType", "AllStorageTypes".to_owned())]);
        (name, dimensions, None)
    };
    Ok(names.into_iter().map(of).collect())
}

/// The file of a kind, bought whole or not at all: half of it would be paid for again.
pub(super) async fn fetch(site: &Site, kind: &Kind, stretch: Stretch) -> Result<Vec<Written>, Failure> {
    if kind.wanted.is_empty() {
        return Ok(Vec::new());
    }
    let batches = batches(&kind.wanted, stretch);
    let reserve = site.ledger.reserve(ACTION, &batches.iter().map(Vec::len).collect::<Vec<_>>())?;
    let mut series: BTreeMap<(usize, i64), f64> = BTreeMap::new();
    for batch in batches {
        let client = client!(site, aws_sdk_cloudwatch, paid: Paid { from: reserve.clone(), units: batch.len() });
        let queries: Vec<_> = batch.iter().map(|place| query(*place, &kind.wanted[*place])).collect();
        let end = stretch.last_hour.max(stretch.last_day);
        let ask = client.get_metric_data().set_metric_data_queries(Some(queries));
        let ask = ask.start_time(DateTime::from_secs(stretch.start)).end_time(DateTime::from_secs(end));
        let mut pages = ask.scan_by(sdk::ScanBy::TimestampAscending).into_paginator().send();
        let mut state: BTreeMap<usize, Option<sdk::StatusCode>> = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for result in page?.metric_data_results.unwrap_or_default() {
                let place = result.id.as_deref().and_then(|id| id.get(1..)?.parse().ok());
                let Some(place) = place else { return Err(Failure::broken("a result that was not asked for")) };
                let (times, values) = (result.timestamps.unwrap_or_default(), result.values.unwrap_or_default());
                series.extend(times.iter().zip(values).map(|(time, value)| ((place, time.secs()), value)));
                state.insert(place, result.status_code);
            }
        }
        let is_whole = |place: &usize| matches!(state.get(place), Some(Some(sdk::StatusCode::Complete)));
        if !batch.iter().all(is_whole) {
            return Err(Failure::broken("CloudWatch answered with a part of the data"));
        }
    }
    Ok(vec![Written {
        stem: format!("{}/metrics", kind.name),
        ending: "csv",
        text: text(site, kind, stretch, &series),
    }])
}

/// Places of what is asked for together.
fn batches(wanted: &[Wanted], stretch: Stretch) -> Vec<Vec<usize>> {
    let (mut all, mut batch, mut points) = (Vec::new(), Vec::new(), 0);
    for (place, one) in wanted.iter().enumerate() {
        let more = stretch.points(&one.metric);
        if batch.len() == QUERIES || (points + more > POINTS && !batch.is_empty()) {
            all.push(std::mem::take(&mut batch));
            points = 0;
        }
        batch.push(place);
        points += more;
    }
    if !batch.is_empty() {
        all.push(batch);
    }
    all
}

fn query(place: usize, wanted: &Wanted) -> sdk::MetricDataQuery {
    let dimension = |(name, value): &(String, String)| sdk::Dimension::builder().name(name).value(value).build();
    let metric = sdk::Metric::builder()
        .namespace(&wanted.metric.namespace)
        .metric_name(&wanted.metric.name)
        .set_dimensions(Some(wanted.dimensions.iter().map(dimension).collect()))
        .build();
    let period = i32::try_from(period(&wanted.metric)).unwrap_or(i32::MAX);
    let stat = sdk::MetricStat::builder().metric(metric).period(period).stat(&wanted.metric.stat).build();
    sdk::MetricDataQuery::builder().id(format!("m{place}")).metric_stat(stat).return_data(true).build()
}

/// The table, sorted by resource, metric and time. Variants of an endpoint, which have one name, are summed.
fn text(site: &Site, kind: &Kind, stretch: Stretch, series: &BTreeMap<(usize, i64), f64>) -> String {
    let mut rows: BTreeMap<(&str, &str, &str, i64), (f64, &Metric)> = BTreeMap::new();
    for (place, wanted) in kind.wanted.iter().enumerate() {
        let (metric, end) = (&wanted.metric, stretch.end(&wanted.metric));
        let mut add = |at: i64, value: f64| {
            rows.entry((&wanted.id, &metric.name, &metric.stat, at)).or_insert((0.0, metric)).0 += value;
        };
        series.range((place, stretch.start)..(place, end)).for_each(|((_, at), value)| add(*at, *value));
        if metric.zero {
            let made = wanted.since.map_or(stretch.start, |made| made.0.max(stretch.start));
            let step = period(metric);
            let first = stretch.start + (made - stretch.start).div_euclid(step) * step;
            (0..).map(|n| first + n * step).take_while(|at| *at < end).for_each(|at| add(at, 0.0));
        }
    }
    let mut text = "resource_id,namespace,metric,stat,timestamp,value,account_id,region,period_seconds\n".to_owned();
    for ((id, name, stat, at), (value, metric)) in rows {
        let (namespace, seconds) = (&metric.namespace, period(metric));
        let (account, region) = (&site.account, &site.region);
        let time = rfc3339(at);
        let _ = writeln!(text, "{},{namespace},{name},{stat},{time},{value},{account},{region},{seconds}", quoted(id));
    }
    text
}

/// A cell; ids hold no commas, but a quote costs nothing.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(id: &str, days: bool, zero: bool) -> Wanted {
        let [of, namespace, name, stat] = ["x", "AWS/X", "N", "Sum"].map(str::to_owned);
        let metric = Metric { of, namespace, name, stat, days, zero, joined_by: None };
        Wanted { id: id.into(), metric, dimensions: Vec::new(), since: None }
    }

    #[test]
    fn days_end_at_midnight_and_hours_at_the_last_whole_one() {
        let stretch = Stretch::before(3 * DAY + 5 * HOUR + 10, 2);
        assert_eq!((stretch.start, stretch.last_day, stretch.last_hour), (DAY, 3 * DAY, 3 * DAY + 5 * HOUR));
        assert_eq!(stretch.points(&wanted("a", true, false).metric), 2);
        assert_eq!(stretch.points(&wanted("a", false, false).metric), 53);
    }

    #[test]
    fn batches_keep_both_limits() {
        let stretch = Stretch::before(100 * DAY, 62);
        let hours: Vec<_> = (0..200).map(|n| wanted(&n.to_string(), false, false)).collect();
        let sizes: Vec<usize> = batches(&hours, stretch).iter().map(Vec::len).collect();
        assert_eq!(sizes, [67, 67, 66], "1,488 points each");
        let days: Vec<_> = (0..1001).map(|n| wanted(&n.to_string(), true, false)).collect();
        assert_eq!(batches(&days, stretch).iter().map(Vec::len).collect::<Vec<_>>(), [500, 500, 1]);
        assert!(batches(&[], stretch).is_empty());
    }
}
