//! The window that is priced.

use super::{Granularity, Survey};
use crate::{
    error::{Error, Result},
    note::{Notes, Remark},
    time::{Day, Span},
};

/// What the user asked to price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WindowChoice {
    /// The newest billing month if it is complete, else the last 30 days.
    #[default]
    Auto,
    /// The newest billing month, complete or not.
    Month,
    /// The last 30 days.
    Days30,
    /// Everything read.
    All,
    /// From the first to the last day, both included.
    Dates(Day, Day),
}

impl WindowChoice {
    /// Reads `month`, `30d`, `all` or `DATE..DATE`.
    ///
    /// # Errors
    /// When the text is none of them.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "month" => Ok(Self::Month),
            "30d" => Ok(Self::Days30),
            "all" => Ok(Self::All),
            _ => {
                let (from, to) = text
                    .split_once("..")
                    .ok_or_else(|| Error::new(format!("`{text}` is none of month, 30d, all, DATE..DATE")))?;
                let (from, to) = (Day::parse(from)?, Day::parse(to)?);
                if from > to {
                    Err(Error::new(format!("`{text}` ends before it begins")))
                } else {
                    Ok(Self::Dates(from, to))
                }
            }
        }
    }
}

/// The window that is priced, and whether every hour (day) of it has lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its hours.
    pub period: Span,
    /// Whether nothing of it is missing.
    pub complete: bool,
    /// Hours of it in which lines begin; of daily and monthly exports, all that their lines span.
    pub covered_hours: i64,
}

impl Window {
    /// Chooses the window.
    ///
    /// # Errors
    /// When nothing was read, or nothing of the dates that were asked for.
    pub fn choose(survey: &Survey, choice: &WindowChoice, notes: &mut Notes) -> Result<Self> {
        let read = survey.span().ok_or_else(|| {
            Error::new("the export has no line, or none in the dates asked for")
                .help("look at the export, and at --from and --to")
        })?;
        let newest = read.end.plus(-1);
        let month = Span::new(newest.month_start(), newest.next_month());
        let days30 = Span::new(read.end.plus(-30 * 24).max(read.start), read.end);
        let whole = |span: Span| survey.missing(span).is_empty();
        let period = match choice {
            WindowChoice::Month => month,
            WindowChoice::Days30 => days30,
            WindowChoice::All => read,
            WindowChoice::Dates(from, to) => {
                let asked = Span::new(from.start(), Day(to.0.saturating_add(1)).start());
                let inside = asked.cut(read);
                if inside.hours() == 0 {
                    return Err(Error::new(format!("--window {asked}: nothing of it was read, which is {read}")));
                }
                if inside != asked {
                    notes.add(Remark::WindowCut { asked: asked.to_string(), period: inside.to_string() });
                }
                inside
            }
            WindowChoice::Auto if whole(month) => month,
            // A month of thirty days with a hole is still that month.
            WindowChoice::Auto if days30 == month => month,
            WindowChoice::Auto => {
                let month = month.start.month_name();
                notes.add(Remark::IncompleteMonth { month, period: days30.to_string() });
                days30
            }
        };
        if read.start < period.start.month_start() {
            notes.add(Remark::Window { period: period.to_string() });
        }
        let missing = survey.missing(period);
        if let Some(first) = missing.first() {
            let (count, first) = (missing.len(), first.rfc3339());
            notes.add(match survey.granularity() {
                Granularity::Hourly => Remark::MissingHours { count, first },
                _ => Remark::MissingDays { count, first },
            });
        }
        let lost = i64::try_from(missing.len()).unwrap_or(0) * i64::from(survey.granularity().hours());
        Ok(Self { period, complete: missing.is_empty(), covered_hours: period.hours() - lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Hour;

    fn survey(hours: std::ops::Range<i32>) -> Survey {
        Survey { hours: hours.map(Hour).collect(), spans: [1, 0, 0], ..Survey::default() }
    }

    #[test]
    fn a_complete_month_is_priced_else_thirty_days() {
        let september = Day::parse("2026-09-01").unwrap().start().0;
        let mut notes = Notes::default();
        let whole = Window::choose(&survey(september - 24..september + 720), &WindowChoice::Auto, &mut notes).unwrap();
        assert_eq!((whole.period.hours(), whole.period.start.0, whole.complete), (720, september, true));
        let part = Window::choose(&survey(september - 900..september + 100), &WindowChoice::Auto, &mut notes).unwrap();
        assert_eq!((part.period.hours(), part.period.end.0), (720, september + 100));
        let codes: Vec<_> = notes.sorted().iter().map(|note| note.code).collect();
        assert_eq!(codes, ["incomplete_month", "window", "window"]);
    }

    #[test]
    fn asked_windows() {
        assert_eq!(WindowChoice::parse("30d").unwrap(), WindowChoice::Days30);
        assert!(WindowChoice::parse("2026-09-03..2026-09-01").is_err());
        assert!(WindowChoice::parse("week").unwrap_err().to_string().contains("none of month"));
        let dates = WindowChoice::parse("2026-09-01..2026-09-02").unwrap();
        assert!(Window::choose(&survey(0..10), &dates, &mut Notes::default()).is_err());
        assert!(Window::choose(&Survey::default(), &WindowChoice::Auto, &mut Notes::default()).is_err());
    }
}
