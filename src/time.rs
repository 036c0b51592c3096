//! Hours and spans of hours, UTC. An hour is counted from 1970-01-01T00:00Z.

mod zone;

pub use zone::{Clock, WEEK_HOURS, Zone};

use crate::error::{Error, Result};
use jiff::{Timestamp, civil, tz::TimeZone};
use std::fmt;

/// Hours in the month that prices are quoted for (AWS's calculators and Cost Optimization Hub use 730).
pub const MONTH_HOURS: i64 = 730;

/// An hour, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hour(pub i32);

/// A day, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub i32);

/// Hours from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first hour.
    pub start: Hour,
    /// The hour after the last.
    pub end: Hour,
}

impl Hour {
    /// The hour that holds a moment given in seconds since the epoch; beyond the range of `i32` hours it is clamped.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Self {
        let hour = seconds.div_euclid(3600).clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        Self(i32::try_from(hour).unwrap_or_default())
    }

    /// The day that holds this hour.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.0.div_euclid(24))
    }

    /// This hour moved by some hours.
    #[must_use]
    pub fn plus(self, hours: i32) -> Self {
        Self(self.0.saturating_add(hours))
    }

    /// The first hour of this hour's calendar month.
    #[must_use]
    pub fn month_start(self) -> Self {
        let date = self.day().civil().first_of_month();
        Day::from_civil(date).start()
    }

    /// The name of this hour's calendar month: `2026-09`.
    #[must_use]
    pub fn month_name(self) -> String {
        let date = self.day().civil();
        format!("{:04}-{:02}", date.year(), date.month())
    }

    /// The first hour of the month after this hour's.
    #[must_use]
    pub fn next_month(self) -> Self {
        let last = self.day().civil().last_of_month();
        Day(Day::from_civil(last).0.saturating_add(1)).start()
    }

    /// `2026-09-01T00:00:00Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        rfc3339(i64::from(self.0) * 3600)
    }
}

impl Day {
    /// A number that orders as days do.
    pub(crate) fn rank(self) -> u32 {
        self.0.cast_unsigned() ^ 1 << 31
    }

    /// The day's first hour.
    #[must_use]
    pub fn start(self) -> Hour {
        Hour(self.0.saturating_mul(24))
    }

    /// The calendar date; days outside jiff's years -9999..9999 become its nearest bound.
    #[must_use]
    pub fn civil(self) -> civil::Date {
        match Timestamp::from_second(i64::from(self.0) * 86_400) {
            Ok(at) => at.to_zoned_datetime(TimeZone::UTC).date(),
            Err(_) if self.0 < 0 => civil::Date::MIN,
            Err(_) => civil::Date::MAX,
        }
    }

    /// The day of a calendar date.
    #[must_use]
    pub fn from_civil(date: civil::Date) -> Self {
        let seconds = date.to_zoned_datetime(TimeZone::UTC).map_or(0, |at| at.timestamp().as_second());
        Hour::of_seconds(seconds).day()
    }

    /// Reads `2026-09-01`.
    ///
    /// # Errors
    /// When the text is no date.
    pub fn parse(text: &str) -> Result<Self> {
        let date: civil::Date =
            text.trim().parse().map_err(|_| Error::new(format!("`{text}` is not a date such as 2026-09-01")))?;
        Ok(Self::from_civil(date))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.civil())
    }
}

impl Span {
    /// The hours from `start` up to `end`; empty when they are the wrong way round.
    #[must_use]
    pub fn new(start: Hour, end: Hour) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Reads whole days: `2026-09` (a month), `2026-09-01` or `2026-09-01..2026-09-15`, both included.
    ///
    /// # Errors
    /// When the text is none of them, or ends before it begins.
    pub fn parse(text: &str) -> Result<Self> {
        let month = Day::parse(&format!("{}-01", text.trim())).ok().map(Day::start);
        if let Some(start) = month {
            return Ok(Self::new(start, start.next_month()));
        }
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let (Ok(from), Ok(to)) = (Day::parse(from), Day::parse(to)) else {
            return Err(Error::new(format!("`{text}` is none of 2026-09, 2026-09-01, 2026-09-01..2026-09-15")));
        };
        if from > to {
            return Err(Error::new(format!("`{text}` ends before it begins")));
        }
        Ok(Self::new(from.start(), Day(to.0.saturating_add(1)).start()))
    }

    /// How many hours.
    #[must_use]
    pub fn hours(self) -> i64 {
        i64::from(self.end.0) - i64::from(self.start.0)
    }

    /// Whether an hour lies inside.
    #[must_use]
    pub fn holds(self, hour: Hour) -> bool {
        self.start <= hour && hour < self.end
    }

    /// The smallest span that holds both; an empty one adds nothing.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        match (self.hours(), other.hours()) {
            (0, _) => other,
            (_, 0) => self,
            _ => Self { start: self.start.min(other.start), end: self.end.max(other.end) },
        }
    }

    /// The hours in both.
    #[must_use]
    pub fn cut(self, other: Self) -> Self {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// The calendar months that the span makes up: each hour counts as its share of its own month. Storage is billed so.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "hours of a month")]
    pub fn months(self) -> f64 {
        let (mut months, mut start) = (0.0, self.start);
        while start < self.end {
            let month = Self::new(start.month_start(), start.next_month());
            let part = self.cut(month);
            if part.hours() == 0 {
                break;
            }
            months += part.hours() as f64 / month.hours() as f64;
            start = month.end;
        }
        months
    }

    /// The days that the span touches, in order.
    pub fn days(self) -> impl Iterator<Item = Day> {
        let last = if self.hours() == 0 { self.start.day().0 } else { self.end.plus(-1).day().0 + 1 };
        (self.start.day().0..last).map(Day)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {}", self.start.day(), self.end.plus(-1).day())
    }
}

/// A moment, given in seconds since the epoch, as RFC 3339 in UTC; empty beyond the years -9999 to 9999.
#[must_use]
pub fn rfc3339(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}

/// Seconds since the epoch of an RFC 3339 moment; without an offset it is UTC; a bare date is its midnight.
///
/// # Errors
/// When the text is no moment.
pub fn parse_moment(text: &str) -> Result<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_second());
    }
    let naive = text
        .parse::<civil::DateTime>()
        .map_err(|_| Error::new(format!("`{text}` is not a moment such as 2026-09-01T00:00:00Z")))?;
    let at = naive.to_zoned_datetime(TimeZone::UTC).map_err(|error| Error::new(format!("`{text}`: {error}")))?;
    Ok(at.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end() {
        let hour = Hour::of_seconds(parse_moment("2026-02-17T13:59:59Z").unwrap());
        assert_eq!(hour.month_start().rfc3339(), "2026-02-01T00:00:00Z");
        assert_eq!(hour.next_month().rfc3339(), "2026-03-01T00:00:00Z");
        assert_eq!((hour.month_name(), hour.next_month().month_name()), ("2026-02".into(), "2026-03".into()));
        assert_eq!(Span::new(hour.month_start(), hour.next_month()).hours(), 672);
    }

    #[test]
    fn naive_moments_are_utc_and_offsets_count() {
        assert_eq!(parse_moment("2026-09-01 00:00:00").unwrap(), parse_moment("2026-09-01").unwrap());
        assert_eq!(parse_moment("2026-09-01T02:00:00+02:00").unwrap(), parse_moment("2026-09-01T00:00:00Z").unwrap());
        assert!(parse_moment("yesterday").is_err());
    }

    #[test]
    fn a_span_is_made_of_shares_of_months() {
        let hour = |text| Hour::of_seconds(parse_moment(text).unwrap());
        let months = |from, to| Span::new(hour(from), hour(to)).months();
        assert!((months("2026-08-31", "2026-10-01") - (1.0 + 1.0 / 31.0)).abs() < 1e-12);
        assert!((months("2026-02-01", "2026-02-15") - 0.5).abs() < 1e-12);
        assert!(months("2026-02-01", "2026-02-01").abs() < 1e-12);
    }

    #[test]
    fn spans_of_days_are_read() {
        let read = |text| Span::parse(text).map(|span| (span.to_string(), span.hours()));
        assert_eq!(read("2026-02").unwrap(), ("2026-02-01 to 2026-02-28".into(), 672));
        assert_eq!(read("2026-02-03").unwrap(), ("2026-02-03 to 2026-02-03".into(), 24));
        assert_eq!(read("2026-02-03..2026-03-01").unwrap().1, 27 * 24);
        assert!(read("2026-03-01..2026-02-03").unwrap_err().to_string().contains("ends before it begins"));
        assert!(["2026", "2026-13", "2026-02-01..", "x"].into_iter().all(|text| read(text).is_err()));
    }

    #[test]
    fn days_of_a_span() {
        let span = Span::new(Hour(23), Hour(49));
        assert_eq!(span.days().collect::<Vec<_>>(), [Day(0), Day(1), Day(2)]);
        assert_eq!(Span::new(Hour(5), Hour(5)).days().count(), 0);
    }
}
