//! Time zones: what people's clocks show, daylight saving included.

use super::Hour;
use crate::error::{Error, Result};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

/// Hours of a week.
pub const WEEK_HOURS: usize = 168;

/// A time zone by its IANA name, with the rules that the program brings along.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// What clocks show at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Hours since Monday, 00:00: 0 to 167.
    pub slot: usize,
    /// Minutes of the hour.
    pub minute: i32,
}

impl Zone {
    /// Reads a name such as `Europe/Berlin` or `UTC`.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn parse(name: &str) -> Result<Self> {
        let zone = if name == "UTC" { Ok(TimeZone::UTC) } else { TimeZone::get(name) };
        let zone = zone.map_err(|_| Error::new(format!("`{name}` is no time zone such as Europe/Berlin or UTC")))?;
        Ok(Self { name: name.to_owned(), zone })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What clocks show some minutes after an hour's start.
    #[must_use]
    pub fn clock(&self, hour: Hour, minutes: i32) -> Clock {
        let seconds = i64::from(hour.0) * 3600 + i64::from(minutes) * 60;
        let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(self.zone.clone());
        let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
        let hour = usize::try_from(at.hour()).unwrap_or(0);
        Clock { slot: day * 24 + hour, minute: i32::from(at.minute()) }
    }

    /// The slot of the week, local time, that most of an hour lies in.
    #[must_use]
    pub fn slot(&self, hour: Hour) -> usize {
        self.clock(hour, 29).slot
    }
}

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::parse(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_moment;

    fn slot(zone: &str, moment: &str) -> (usize, usize) {
        let slot = Zone::parse(zone).unwrap().slot(Hour::of_seconds(parse_moment(moment).unwrap()));
        (slot / 24, slot % 24)
    }

    #[test]
    fn clocks_go_back_and_forth() {
        // 24 October 2026 is a Saturday; on the 25th, 01:00Z, Berlin's clocks go back from 3 to 2.
        assert_eq!(slot("UTC", "2026-10-24T23:00Z"), (5, 23));
        assert_eq!(slot("Europe/Berlin", "2026-10-24T23:00Z"), (6, 1));
        assert_eq!(slot("Europe/Berlin", "2026-10-25T00:00Z"), (6, 2));
        assert_eq!(slot("Europe/Berlin", "2026-10-25T01:00Z"), (6, 2));
        assert_eq!(slot("Europe/Berlin", "2026-10-26T08:00Z"), (0, 9));
        assert_eq!(slot("America/New_York", "2026-07-06T13:00Z"), (0, 9));
        // Half an hour off: from 18:30 to 19:30.
        assert_eq!(slot("Asia/Kolkata", "2026-07-06T13:00Z"), (0, 18));
    }

    #[test]
    fn what_is_no_zone_is_told() {
        let error = Zone::parse("Europe/Berin").unwrap_err().to_string();
        assert!(error.starts_with("`Europe/Berin` is no time zone"), "{error}");
    }
}
