//! Files of metrics become series: each file is checked whole before any of it counts.

use super::{Fixed, Key, Metrics, Names, Stored};
use crate::{
    error::{Error, Result},
    inventory::{Scope, arn, files::File, short_id},
    scan::table::{Row, read_table},
    time::{Hour, parse_moment},
};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

const REQUIRED: [&str; 6] = ["resource_id", "namespace", "metric", "stat", "timestamp", "value"];
const OPTIONAL: [&str; 3] = ["account_id", "region", "period_seconds"];

/// Series as they are read.
#[derive(Default)]
pub(super) struct Loader {
    names: Names,
    keys: HashMap<Key, u32, Fixed>,
    series: Vec<Raw>,
    /// The names of the files that count.
    files: Vec<String>,
}

/// A series with points as fine as they came.
#[derive(Default)]
struct Raw {
    key: Key,
    /// The fold of its stat.
    fold: Fold,
    /// Sorted by time, each time once.
    points: Vec<Point>,
}

/// A row of a file.
#[derive(Clone, Copy)]
struct Point {
    /// Seconds since 1970.
    at: i64,
    value: f64,
    /// Seconds, 0 when the row does not say.
    period: u32,
    line: u32,
    file: u32,
}

/// How points inside an hour become one.
#[derive(Clone, Copy, Default)]
enum Fold {
    Sum,
    Mean,
    Least,
    #[default]
    Greatest,
}

impl Fold {
    /// The fold of a stat of CloudWatch; a percentile is bounded by its greatest part.
    fn of(stat: &str) -> Self {
        match stat {
            "Sum" | "SampleCount" => Self::Sum,
            "Average" => Self::Mean,
            "Minimum" => Self::Least,
            _ => Self::Greatest,
        }
    }
}

impl Point {
    /// Hours that it stands for, when the row says.
    fn hours(self) -> Option<i32> {
        (self.period > 0).then(|| i32::try_from(self.period.div_ceil(3600)).unwrap_or(i32::MAX))
    }
}

/// What a row is about; consecutive rows mostly share it.
#[derive(Default, PartialEq, Eq)]
struct About([String; 6]);

impl Loader {
    /// Adds a file whole, or nothing of it.
    pub(super) fn read(&mut self, file: &File) -> Result<()> {
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let mut rows: Vec<(u32, Point)> = Vec::new();
        let mut last: Option<(About, u32)> = None;
        read_table(&file.path, &REQUIRED, &OPTIONAL)?.each(|row| {
            let point = parse_point(row, number)?;
            let about = parse_about(row, &file.scope)?;
            let series = match &last {
                Some((same, series)) if *same == about => *series,
                _ => self.series_of(&about),
            };
            last = Some((about, series));
            rows.push((series, point));
            Ok(())
        })?;
        rows.sort_by_key(|(series, point)| (*series, point.at, point.line));
        for group in rows.chunk_by(|one, next| one.0 == next.0) {
            let series = place(group[0].0);
            self.check(group, self.series.get(series))?;
        }
        self.files.push(file.name.clone());
        for group in rows.chunk_by(|one, next| one.0 == next.0) {
            if let Some(raw) = self.series.get_mut(place(group[0].0)) {
                raw.points.extend(group.iter().map(|(_, point)| *point));
                raw.points.sort_by_key(|point| point.at);
                raw.points.dedup_by_key(|point| point.at);
            }
        }
        Ok(())
    }

    /// The number of a series, a new one at its first sight.
    fn series_of(&mut self, About(about): &About) -> u32 {
        let key = std::array::from_fn(|at| self.names.number(&about[at]));
        if let Some(number) = self.keys.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        self.keys.insert(key, number);
        self.series.push(Raw { key, fold: Fold::of(&about[5]), points: Vec::new() });
        number
    }

    /// That the rows of one series, sorted by time, agree with each other and with what was read before.
    fn check(&self, rows: &[(u32, Point)], known: Option<&Raw>) -> Result<()> {
        let known = known.map_or(&[][..], |raw| &raw.points);
        let mut stated = known.iter().find(|point| point.period > 0).copied();
        for (index, (_, point)) in rows.iter().enumerate() {
            let before = index.checked_sub(1).map(|index| rows[index].1).filter(|before| before.at == point.at);
            let earlier = known.binary_search_by_key(&point.at, |point| point.at).map(|found| known[found]).ok();
            for other in [before, earlier].into_iter().flatten() {
                if other.value.to_bits() != point.value.to_bits() {
                    let what = format!("{} contradicts {} of {}", point.value, other.value, self.named(&other, point));
                    return Err(Error::new(what).on_line(point.line.into()));
                }
            }
            match (stated.and_then(Point::hours), point.hours()) {
                (Some(one), Some(two)) if one != two => {
                    let other = stated.map_or_else(String::new, |other| self.named(&other, point));
                    let what = format!("a period of {two} h; the series has {one} h in {other}");
                    return Err(Error::new(what).in_column("period_seconds").on_line(point.line.into()));
                }
                (None, Some(_)) => stated = Some(*point),
                _ => {}
            }
        }
        Ok(())
    }

    /// Where another point stands, as seen from this one.
    fn named(&self, other: &Point, from: &Point) -> String {
        match self.files.get(place(other.file)) {
            Some(file) if other.file != from.file => format!("{file}:{}", other.line),
            _ => format!("line {}", other.line),
        }
    }

    /// The series by the hour.
    pub(super) fn finish(self) -> Metrics {
        let periods = usual_periods(&self.series);
        let mut texts = vec![""; self.names.numbers.len()];
        let mut pairs: Vec<(&str, u32)> = self.names.numbers.iter().map(|(text, number)| (&**text, *number)).collect();
        pairs.sort_unstable();
        for (text, number) in pairs {
            if let Some(slot) = texts.get_mut(place(number)) {
                *slot = text;
            }
        }
        let mut tokens = BTreeSet::new();
        let mut series = Vec::with_capacity(self.series.len());
        for raw in &self.series {
            let [namespace, metric] = [raw.key[3], raw.key[4]].map(|number| texts.get(place(number)).copied());
            if let (Some(namespace), Some(metric), false) = (namespace, metric, raw.points.is_empty()) {
                tokens.insert(format!("metric.{namespace}.{metric}"));
            }
            let stated = raw.points.iter().find_map(|point| point.hours());
            let usual = || periods.get(&kind(raw)).map(|seconds| i32::try_from(seconds / 3600).unwrap_or(i32::MAX));
            let period_hours = stated.or_else(usual).unwrap_or(1).max(1);
            series.push(Stored { period_hours, points: hourly(&raw.points, raw.fold) });
        }
        Metrics { names: self.names, keys: self.keys, series, tokens }
    }
}

/// A number as a place in a list.
fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Namespace, metric and stat.
fn kind(raw: &Raw) -> [u32; 3] {
    [raw.key[3], raw.key[4], raw.key[5]]
}

/// The least distance of two points, in seconds, of each kind of metric: its period where rows state none.
fn usual_periods(series: &[Raw]) -> BTreeMap<[u32; 3], i64> {
    let mut periods = BTreeMap::new();
    for raw in series {
        for pair in raw.points.windows(2) {
            let least = periods.entry(kind(raw)).or_insert(i64::MAX);
            *least = (*least).min(pair[1].at - pair[0].at);
        }
    }
    periods
}

/// One point an hour.
fn hourly(points: &[Point], fold: Fold) -> Vec<(Hour, f64)> {
    let hours = points.chunk_by(|one, next| Hour::of_seconds(one.at) == Hour::of_seconds(next.at));
    hours
        .map(|points| {
            let values = || points.iter().map(|point| point.value);
            #[expect(clippy::cast_precision_loss, reason = "an hour has few points")]
            let value = match fold {
                Fold::Sum => values().sum(),
                Fold::Mean => values().sum::<f64>() / points.len() as f64,
                Fold::Least => values().fold(f64::INFINITY, f64::min),
                Fold::Greatest => values().fold(f64::NEG_INFINITY, f64::max),
            };
            (Hour::of_seconds(points[0].at), value)
        })
        .collect()
}

/// Time, value and period of a row.
fn parse_point(row: &Row, file: u32) -> Result<Point> {
    let at = parse_moment(need(row, 4)?).map_err(|error| error.in_column("timestamp"))?;
    let text = need(row, 5)?;
    let wrong = |what: &str| Error::new(format!("`{text}` is {what}")).in_column("value");
    let value: f64 = text.parse().map_err(|_| wrong("not a number"))?;
    if !value.is_finite() {
        return Err(wrong("not finite"));
    }
    let period = match row.get(8) {
        None => 0,
        Some(text) => parse_period(text)?,
    };
    let line = u32::try_from(row.line).unwrap_or(u32::MAX);
    Ok(Point { at, value: value + 0.0, period, line, file }) // + 0.0: -0 becomes 0
}

/// A period in seconds: whole hours, or a whole part of one. Parquet may hold it as a double.
fn parse_period(text: &str) -> Result<u32> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    match whole.parse::<u32>() {
        Ok(seconds) if seconds > 0 && (seconds % 3600 == 0 || 3600 % seconds == 0) => Ok(seconds),
        _ => {
            Err(Error::new(format!("`{text}` is not a period of whole hours, or a whole part of an hour, in seconds"))
                .in_column("period_seconds"))
        }
    }
}

/// What a row is about. It states its account and region itself, or its ARN does, or the folder of its file.
fn parse_about(row: &Row, folder: &Scope) -> Result<About> {
    let resource = need(row, 0)?;
    let stated = arn::scope(resource).or(folder);
    let account = row.get(6).map_or_else(|| stated.account.unwrap_or_default(), |text| format!("{text:0>12}"));
    let region = row.get(7).map_or_else(|| stated.region.unwrap_or_default(), str::to_owned);
    let region = if region == "global" { String::new() } else { region };
    let [namespace, metric, stat] = [need(row, 1)?, need(row, 2)?, need(row, 3)?].map(str::to_owned);
    Ok(About([account, region, short_id(resource).to_owned(), namespace, metric, stat]))
}

/// The text of a required column.
fn need(row: &Row, column: usize) -> Result<&str> {
    row.get(column).ok_or_else(|| {
        let name = REQUIRED.get(column).copied().unwrap_or_default();
        Error::new("the cell is empty").in_column(name)
    })
}
