//! Forecast intervals on real series: they hold as often as they say.

use crate::totals::{root, skip};
use curtail::forecast::Parts;
use std::{collections::BTreeMap, path::Path};

/// As in `defaults.toml`.
const SEASON_ERROR: f64 = 0.5;

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

/// The share of values that lie within their interval, over forecasts from many days, each knowing only what came before, and of
/// that no more than `known` values.
fn coverage(series: &[f64], period: usize, [first, known]: [usize; 2], horizon: usize, level: f64) -> f64 {
    let (mut held, mut all) = (0, 0);
    for now in (first..=series.len() - horizon).step_by(3) {
        let past = &series[now.saturating_sub(known)..now];
        let next = Parts::of(past, period).unwrap().forecast(horizon, level, SEASON_ERROR).unwrap();
        held += next.iter().zip(&series[now..]).filter(|(day, value)| (day.lower..=day.upper).contains(value)).count();
        all += horizon;
    }
    f64::from(u32::try_from(held).unwrap()) / f64::from(u32::try_from(all).unwrap())
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn intervals_hold_as_often_as_they_say() {
    let folder = root().join("../shared/data/nab");
    if !folder.is_dir() {
        return skip("intervals_hold_as_often_as_they_say", &folder);
    }
    let all = usize::MAX;
    for (name, letters, period, past, horizon) in [
        ("nyc_taxi.csv", 10, 7, [28, all], 14),
        ("nyc_taxi.csv", 10, 7, [28, all], 30),
        ("nyc_taxi.csv", 10, 7, [28, 60], 30),
        ("elb_request_count_8c0756.csv", 13, 24, [72, all], 48),
    ] {
        let share = coverage(&series(&folder.join(name), letters), period, past, horizon, 0.8);
        println!("{name}: 80 % intervals hold {:.1} % of the next {horizon}", share * 100.0);
        // Taxi demand has some seven months, forecasts of a month from it hang together: chance alone moves the share by some per cent.
        assert!((0.75..=0.88).contains(&share), "{name}: 80 % intervals hold {share} of the next {horizon}");
    }
}
