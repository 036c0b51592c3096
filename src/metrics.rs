//! Metrics of CloudWatch's kind, read from `metrics.csv` or `metrics.parquet` in the inventory.
//!
//! An absent metric is not zero: whatever asks for one gets an `Option`.

mod load;

use crate::{
    error::Result,
    inventory::{files, short_id},
    note::{Notes, Remark},
    time::{Hour, Span},
};
use hashbrown::HashMap;
use std::{collections::BTreeSet, path::PathBuf};

/// Hashing with a fixed state.
type Fixed = foldhash::fast::FixedState;

/// Account, region, id, namespace, metric and stat, each by its number in [`Names`]; an unknown scope is empty text.
type Key = [u32; 6];

/// Distinct texts and their numbers.
#[derive(Debug, Clone, Default)]
struct Names {
    numbers: HashMap<Box<str>, u32, Fixed>,
}

impl Names {
    /// The number of a text, a new one at its first sight.
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.into(), number);
        number
    }

    /// The number of a text that was seen.
    fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }
}

/// Every metric that was read, by the hour.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    names: Names,
    keys: HashMap<Key, u32, Fixed>,
    series: Vec<Stored>,
    tokens: BTreeSet<String>,
}

/// The points of one series.
#[derive(Debug, Clone, Default)]
struct Stored {
    period_hours: i32,
    points: Vec<(Hour, f64)>,
}

impl Metrics {
    /// Reads every `metrics.csv` and `metrics.parquet` below the folders. A bad file is skipped whole, with a note.
    ///
    /// # Errors
    /// When a folder does not exist or cannot be listed.
    pub fn load(dirs: &[PathBuf], notes: &mut Notes) -> Result<Self> {
        let mut loader = load::Loader::default();
        for file in files::list(dirs)? {
            if file.stem() != "metrics" || !matches!(&*file.extension(), "csv" | "parquet") {
                continue;
            }
            if let Err(error) = loader.read(&file) {
                let error = error.in_file(&file.name).to_string();
                notes.about(&file.name, Remark::BadMetrics { error });
            }
        }
        Ok(loader.finish())
    }

    /// A series of a resource, by its id or ARN. The account and region count where the rows state them.
    #[must_use]
    pub fn series(
        &self,
        account: &str,
        region: &str,
        id: &str,
        namespace: &str,
        metric: &str,
        stat: &str,
    ) -> Option<Series<'_>> {
        if self.keys.is_empty() {
            return None;
        }
        let id = self.names.find(short_id(id))?;
        let [namespace, metric, stat] = [namespace, metric, stat].map(|text| self.names.find(text));
        let rest = [namespace?, metric?, stat?];
        [(account, region), (account, ""), ("", region), ("", "")].into_iter().find_map(|(account, region)| {
            let key = [self.names.find(account)?, self.names.find(region)?, id, rest[0], rest[1], rest[2]];
            let stored = self.series.get(usize::try_from(*self.keys.get(&key)?).ok()?)?;
            (!stored.points.is_empty()).then_some(Series { points: &stored.points, period_hours: stored.period_hours })
        })
    }

    /// Whether any resource has the metric, in whatever stat: `metric.AWS/EC2.CPUUtilization`.
    #[must_use]
    pub fn has(&self, token: &str) -> bool {
        self.tokens.contains(token)
    }

    /// The token of every metric that was read, sorted.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(String::as_str)
    }
}

/// The points of one metric of one resource in one stat. Finer points than hours were folded to hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series<'a> {
    /// The start of each period and its value, sorted; never two of the same start.
    pub points: &'a [(Hour, f64)],
    /// Hours that each point stands for, at least 1.
    pub period_hours: i32,
}

impl<'a> Series<'a> {
    /// The points whose period starts in the span.
    #[must_use]
    pub fn cut(self, span: Span) -> Self {
        let from = self.points.partition_point(|(hour, _)| *hour < span.start);
        let to = self.points.partition_point(|(hour, _)| *hour < span.end);
        Self { points: self.points.get(from..to).unwrap_or_default(), ..self }
    }

    /// The greatest value; `None` without points.
    #[must_use]
    pub fn max(self) -> Option<f64> {
        self.points.iter().map(|(_, value)| *value).reduce(f64::max)
    }

    /// The sum of the values, in order; `None` without points.
    #[must_use]
    pub fn sum(self) -> Option<f64> {
        (!self.points.is_empty()).then(|| self.points.iter().map(|(_, value)| value).sum())
    }

    /// The mean of the values; `None` without points.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer points than a double counts")]
    pub fn mean(self) -> Option<f64> {
        self.sum().map(|sum| sum / self.points.len() as f64)
    }

    /// Hours of the span that some point stands for.
    #[must_use]
    pub fn hours_covered(self, span: Span) -> i64 {
        let mut free = span.start;
        let mut hours = 0;
        for (start, _) in self.points {
            let period = Span::new(*start, start.plus(self.period_hours));
            let fresh = period.cut(Span::new(free, span.end));
            hours += fresh.hours();
            free = free.max(fresh.end);
        }
        hours
    }

    /// The greatest sum of a UTC day; `None` without points.
    #[must_use]
    pub fn per_day_max(self) -> Option<f64> {
        let days = self.points.chunk_by(|(one, _), (next, _)| one.day() == next.day());
        days.map(|day| day.iter().map(|(_, value)| value).sum()).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests;
