//! The season of a demand by the hour: whether what is wanted repeats by the day or by the week, how strongly, and how much the hours
//! of the next week need.
//!
//! A season is told apart from chance twice. Each week is foretold from the shape of the others: white noise, walks, steps and lone
//! spikes cannot be. And MSTL takes the series apart: Hyndman's F_s says how much of what is not trend repeats (Bandara, Hyndman and
//! Bergmeir 2021; Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", third edition, 4.3). Slots are those of local
//! clocks; unknown hours are unknown; holidays and spikes are left out of what is learned, as long as they are few.

mod shape;

use crate::time::{Hour, Span, WEEK_HOURS, Zone};
use serde::Deserialize;
use shape::Shape;

/// Figures of what counts as a season.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Whole weeks that it takes.
    pub least_weeks: usize,
    /// Older weeks are not looked at.
    pub most_weeks: usize,
    /// The share of hours that must be known.
    pub min_known_share: f64,
    /// Hyndman's F_s that a season must have, 0 to 1.
    pub min_strength: f64,
    /// The share of a week's variance that the shape of the others must foretell, in the middle week, 0 to 1.
    pub min_skill: f64,
    /// A simpler shape is taken if it foretells as much to within this.
    pub simpler_within: f64,
    /// What lies so many times the middling deviation off the season is a holiday or a spike.
    pub outlier_deviations: f64,
    /// The least deviation, as a share of the level.
    pub least_deviation: f64,
    /// If more hours than this share are off, they are no exceptions, and none is left out.
    pub max_outlier_share: f64,
    /// The share of a week's hours that must be known and no exceptions for it to be foretold.
    pub min_known_of_week: f64,
    /// Of so many weeks or more, one may be such that the others do not foretell it at all.
    pub one_odd_week_of: usize,
    /// The level of the next week is the highest of so many last ones.
    pub recent_weeks: usize,
    /// Groups of slots, by their height, whose demand scatters alike.
    pub heights: usize,
    /// A slot below this share of the level is next to nothing: what is wanted there is no multiple of the level.
    pub next_to_nothing: f64,
    /// Below this share of the level demand scatters no less for being lower.
    pub low_share: f64,
    /// The share of hours that the demand of a slot is to hold.
    pub quantile: f64,
}

/// What repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every day is alike.
    Daily,
    /// Working days are alike, and so are Saturday and Sunday.
    Workweek,
    /// Every day of the week is its own.
    Weekly,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Daily, Self::Workweek, Self::Weekly];

    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Workweek => "daily, apart on weekends",
            Self::Weekly => "weekly",
        }
    }

    /// Slots that are alike have one key.
    fn key(self, slot: usize) -> usize {
        match self {
            Self::Daily => slot % 24,
            Self::Workweek => slot % 24 + if slot >= 120 { 24 } else { 0 },
            Self::Weekly => slot,
        }
    }

    fn keys(self) -> usize {
        match self {
            Self::Daily => 24,
            Self::Workweek => 48,
            Self::Weekly => WEEK_HOURS,
        }
    }
}

/// A series by the hour; what is not known is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// The hour of the first value.
    pub start: Hour,
    /// One value an hour.
    pub values: Vec<Option<f64>>,
}

impl Hours {
    /// The hours of a span, of which some are known.
    #[must_use]
    pub fn of(span: Span, known: impl Iterator<Item = (Hour, f64)>) -> Self {
        let mut values = vec![None; usize::try_from(span.hours()).unwrap_or(0)];
        for (hour, value) in known.filter(|(hour, value)| span.holds(*hour) && value.is_finite()) {
            let at = usize::try_from(hour.0 - span.start.0).unwrap_or(usize::MAX);
            if let Some(place) = values.get_mut(at) {
                *place = Some(value);
            }
        }
        Self { start: span.start, values }
    }

    /// The span that it is of.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::new(self.start, self.start.plus(i32::try_from(self.values.len()).unwrap_or(i32::MAX)))
    }

    /// The value of an hour, if it is known.
    #[must_use]
    pub fn at(&self, hour: Hour) -> Option<f64> {
        let at = usize::try_from(i64::from(hour.0) - i64::from(self.start.0)).ok()?;
        self.values.get(at).copied().flatten()
    }

    /// Its first and last hours that are known, and what lies between.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let first = self.values.iter().position(Option::is_some).unwrap_or(self.values.len());
        let end = self.values.iter().rposition(Option::is_some).map_or(first, |last| last + 1);
        let start = self.start.plus(i32::try_from(first).unwrap_or(i32::MAX));
        Self { start, values: self.values[first..end].to_vec() }
    }

    /// The part of it in a span.
    #[must_use]
    pub fn cut(&self, span: Span) -> Self {
        let span = self.span().cut(span);
        let hours = (span.start.0..span.end.0).map(Hour);
        Self { start: span.start, values: hours.map(|hour| self.at(hour)).collect() }
    }
}

/// Why no season is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unknown {
    /// Too few hours in all.
    TooShort {
        /// Hours from the first to the last that is known.
        hours: usize,
        /// Hours that it takes.
        least: usize,
    },
    /// Too many hours are unknown.
    Gaps {
        /// The share that is known.
        known: f64,
    },
    /// There is none.
    NoSeason {
        /// The share of a week's variance that the best shape foretells.
        skill: f64,
        /// Hyndman's F_s, if it came to that.
        strength: Option<f64>,
    },
}

/// A season.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    /// What repeats.
    pub kind: Kind,
    /// Hyndman's F_s of what repeats, 0 to 1.
    pub strength: f64,
    /// The share of a week's variance that the other weeks foretell, in the middle week.
    pub skill: f64,
    /// Hours that it was learned from.
    pub hours: usize,
    /// Hours that were left out: holidays, spikes.
    pub outliers: usize,
    /// By which share the level grew a week.
    pub growth: f64,
    /// By slot of the local week, from Monday, 00:00: what the next week is expected to want.
    pub expected: Vec<f64>,
    /// By slot: what it is to be ready for.
    pub need: Vec<f64>,
    /// The highest demand of an hour that was not left out.
    pub peak: f64,
}

impl Season {
    /// Learns the season of a series.
    ///
    /// # Errors
    /// Why there is none to be told.
    pub fn learn(series: &Hours, zone: &Zone, figures: &Figures) -> Result<Self, Unknown> {
        let known = series.trimmed();
        let most = known.values.len().min(figures.most_weeks.max(1) * WEEK_HOURS);
        let first = known.values.len() - most;
        let start = known.start.plus(i32::try_from(first).unwrap_or(0));
        let (values, least) = (&known.values[first..], figures.least_weeks.max(2) * WEEK_HOURS);
        if values.len() < least {
            return Err(Unknown::TooShort { hours: values.len(), least });
        }
        let share = values.iter().flatten().count() as f64 / values.len() as f64;
        if share < figures.min_known_share {
            return Err(Unknown::Gaps { known: share });
        }
        let hours = (start.0..).map(Hour).take(values.len());
        Shape { values, slots: hours.map(|hour| zone.slot(hour)).collect(), figures }.season()
    }
}

#[cfg(test)]
mod tests;
