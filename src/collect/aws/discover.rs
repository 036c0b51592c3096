//! Series whose dimensions no listing tells: CloudWatch is asked which it has, and one of each resource is taken.

use super::{
    failure::Failure,
    figures::Metric,
    metrics::Wanted,
    site::{Site, client},
};
use crate::inventory::Inventory;
use std::collections::{BTreeMap, BTreeSet};

/// Dimensions of a series, by name and value, sorted.
pub(super) type Dimensions = Vec<(String, String)>;

/// Resources by id, each with what a dimension must say where a series has it: one that says otherwise is of the past.
type Known = BTreeMap<String, Vec<(&'static str, String)>>;

/// What to ask for of a kind whose metrics are joined by a dimension. What has no series of the first metric is left out: an agent that is
/// not there tells nothing, and asking costs.
pub(super) async fn wanted(
    site: &Site,
    kind: &str,
    metrics: &[&Metric],
    known: &Inventory,
) -> Result<Vec<Wanted>, Failure> {
    let mut known = resources(kind, known);
    let mut found = Vec::new();
    for metric in metrics {
        if known.is_empty() {
            break;
        }
        let Some(joined_by) = metric.joined_by.as_deref() else { continue };
        let series = choose(all(site, metric).await?, joined_by, &known);
        if found.is_empty() {
            known.retain(|id, _| series.contains_key(id));
        }
        found.push((*metric, series));
    }
    let of = |id: &String| {
        let of_metric = |(metric, series): &(&Metric, BTreeMap<String, Dimensions>)| {
            let dimensions = series.get(id)?.clone();
            Some(Wanted { id: id.clone(), metric: (*metric).clone(), dimensions, since: None })
        };
        found.iter().filter_map(of_metric).collect::<Vec<_>>()
    };
    Ok(known.keys().flat_map(of).collect())
}

/// The resources of a kind that may have such series.
fn resources(kind: &str, known: &Inventory) -> Known {
    match kind {
        "instance-memory" => {
            let running = known.instances.iter().filter(|(_, _, instance)| instance.state.name == "running");
            running
                .map(|(_, id, instance)| {
                    let now = instance.instance_type.clone().map(|now| ("InstanceType", now));
                    (id.to_owned(), now.into_iter().collect())
                })
                .collect()
        }
        "function-memory" => known.functions.iter().map(|(_, id, _)| (id.to_owned(), Vec::new())).collect(),
        _ => Known::new(),
    }
}

/// The dimensions of every series of a metric in the account and region, of all pages.
async fn all(site: &Site, metric: &Metric) -> Result<BTreeSet<Dimensions>, Failure> {
    let client = client!(site, aws_sdk_cloudwatch);
    let ask = client.list_metrics().namespace(&metric.namespace).metric_name(&metric.name);
    let mut pages = ask.into_paginator().send();
    let mut all = BTreeSet::new();
    while let Some(page) = pages.next().await {
        for series in page?.metrics.unwrap_or_default() {
            let pairs = series.dimensions.unwrap_or_default().into_iter();
            let mut dimensions: Dimensions = pairs.filter_map(|pair| pair.name.zip(pair.value)).collect();
            dimensions.sort();
            all.insert(dimensions);
        }
    }
    Ok(all)
}

/// One series of each known resource: of the fewest dimensions, which is of the most, and the first by their text among equals.
fn choose(all: BTreeSet<Dimensions>, joined_by: &str, known: &Known) -> BTreeMap<String, Dimensions> {
    let mut best: BTreeMap<String, Dimensions> = BTreeMap::new();
    for dimensions in all {
        let value = |name: &str| dimensions.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str());
        let Some((id, stated)) = value(joined_by).and_then(|id| known.get_key_value(id)) else { continue };
        if stated.iter().any(|(name, now)| value(name).is_some_and(|said| said != now)) {
            continue;
        }
        if best.get(id).is_none_or(|kept| dimensions.len() < kept.len()) {
            best.insert(id.clone(), dimensions);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimensions(pairs: &[(&str, &str)]) -> Dimensions {
        let mut pairs: Dimensions = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn one_series_of_each_known_resource_is_taken() {
        let known = Known::from([
            ("i-1".to_owned(), vec![("InstanceType", "m5.large".to_owned())]),
            ("i-2".to_owned(), vec![("InstanceType", "m5.large".to_owned())]),
            ("i-3".to_owned(), vec![("InstanceType", "m5.large".to_owned())]),
        ]);
        let series = [
            dimensions(&[("InstanceId", "i-1"), ("InstanceType", "m5.large"), ("ImageId", "ami-1")]),
            dimensions(&[("InstanceId", "i-1"), ("host", "a")]),
            dimensions(&[("InstanceId", "i-1"), ("Stage", "a")]),
            // A type that it no longer has, in the fewest dimensions.
            dimensions(&[("InstanceId", "i-2"), ("InstanceType", "m5.xlarge")]),
            dimensions(&[("InstanceId", "i-2"), ("InstanceType", "m5.large"), ("ImageId", "ami-1")]),
            // Not known, and not of one instance.
            dimensions(&[("InstanceId", "i-9")]),
            dimensions(&[("AutoScalingGroupName", "web")]),
            dimensions(&[]),
        ];
        let chosen = choose(series.into_iter().collect(), "InstanceId", &known);
        let wanted = BTreeMap::from([
            ("i-1".to_owned(), dimensions(&[("InstanceId", "i-1"), ("Stage", "a")])),
            (
                "i-2".to_owned(),
                dimensions(&[("InstanceId", "i-2"), ("InstanceType", "m5.large"), ("ImageId", "ami-1")]),
            ),
        ]);
        assert_eq!(chosen, wanted);
    }
}
