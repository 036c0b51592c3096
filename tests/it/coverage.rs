//! Forecast intervals on real series: they hold as often as they say.

use crate::totals::{root, skip};
use curtail::forecast::Parts;
use std::{collections::BTreeMap, path::Path};

/// The sums of a series by the first letters of its timestamps (10: a day, 13: an hour), without incomplete ones.
fn series(path: &Path, letters: usize) -> Vec<f64> {
    let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for record in csv::Reader::from_path(path).unwrap().records().map(Result::unwrap) {
        let sum = sums.entry(record[0][..letters].to_owned()).or_default();
        *sum = (sum.0 + record[1].parse::<f64>().unwrap(), sum.1 + 1);
    }
    let most = sums.values().map(|(_, count)| *count).max().unwrap();
    sums.into_values().filter(|(_, count)| count * 10 >= most * 9).map(|(sum, _)| sum).collect()
}

/// The share of values that lie within their interval, over forecasts from many days, each knowing only what came before.
fn coverage(series: &[f64], period: usize, first: usize, horizon: usize, level: f64) -> f64 {
    let (mut held, mut all) = (0, 0);
    for now in (first..=series.len() - horizon).step_by(3) {
        let next = Parts::of(&series[..now], period).unwrap().forecast(horizon, level).unwrap();
        held += next.iter().zip(&series[now..]).filter(|(day, value)| (day.lower..=day.upper).contains(value)).count();
        all += horizon;
    }
    f64::from(u32::try_from(held).unwrap()) / f64::from(u32::try_from(all).unwrap())
}

#[test]
fn intervals_hold_as_often_as_they_say() {
    let folder = root().join("../shared/data/nab");
    if !folder.is_dir() {
        return skip("intervals_hold_as_often_as_they_say", &folder);
    }
    for (name, letters, period, first, horizon, [least, most]) in [
        ("nyc_taxi.csv", 10, 7, 28, 14, [0.7, 0.9]),
        ("nyc_taxi.csv", 10, 7, 28, 30, [0.7, 0.95]),
        ("elb_request_count_8c0756.csv", 13, 24, 72, 48, [0.6, 0.9]),
    ] {
        let share = coverage(&series(&folder.join(name), letters), period, first, horizon, 0.8);
        assert!((least..=most).contains(&share), "{name}: 80 % intervals hold {share} of the next {horizon}");
    }
}
