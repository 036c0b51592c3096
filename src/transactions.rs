//! Business transactions by hour or day and workload. A gap is unknown, not zero.

use crate::{
    error::{Error, Result},
    money::Quantity,
    note::{Notes, Remark},
    scan::table::{Row, read_table},
    time::{Day, Hour, Span, parse_moment},
};
use std::{collections::BTreeMap, path::Path};

/// Whether the rows count hours or days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    /// A row counts one hour.
    Hourly,
    /// A row counts one day, UTC.
    Daily,
}

impl Granularity {
    /// Hours that one row counts.
    #[must_use]
    pub fn hours(self) -> i32 {
        match self {
            Self::Hourly => 1,
            Self::Daily => 24,
        }
    }
}

/// The transactions of every workload.
#[derive(Debug, Clone)]
pub struct Transactions {
    granularity: Granularity,
    workloads: BTreeMap<String, Workload>,
}

/// The transactions of one workload.
#[derive(Debug, Clone, Default)]
struct Workload {
    /// By the first hour that the row counts, sorted.
    counts: Vec<(Hour, Quantity)>,
    by_day: BTreeMap<Day, (Quantity, i64)>,
}

/// The columns, in the order in which they are asked for.
const WORKLOAD: usize = 0;
const TRANSACTIONS: usize = 1;
const HOUR: usize = 2;
const DATE: usize = 3;

/// What is read of one workload: the count of each first hour and the line that gave it.
type Read = BTreeMap<Hour, (Quantity, u64)>;

impl Transactions {
    /// Reads a CSV or Parquet file with `hour` (or `date`), `workload` and `transactions`.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column or a row, or a row is no count, negative, or there twice.
    pub fn load(path: &Path, notes: &mut Notes) -> Result<Self> {
        let table = read_table(path, &["workload", "transactions"], &["hour", "date"])?;
        let granularity = match (table.has(HOUR), table.has(DATE)) {
            (true, _) => Granularity::Hourly,
            (false, true) => Granularity::Daily,
            (false, false) => {
                let help = "name the column `hour` (2026-09-01T13:00:00Z) or `date` (2026-09-01)";
                return Err(Error::file(path.display(), "has neither a column `hour` nor `date`")
                    .on_line(1)
                    .help(help));
            }
        };
        let mut read: BTreeMap<String, (Read, Hour)> = BTreeMap::new();
        let mut late = 0;
        table.each(|row| {
            let (name, start, count) = parse(row, granularity)?;
            if !read.contains_key(name) {
                read.insert(name.to_owned(), (Read::new(), start));
            }
            let Some((counts, newest)) = read.get_mut(name) else { return Ok(()) };
            if let Some((_, line)) = counts.insert(start, (count, row.line)) {
                let what = format!("workload `{name}` has {} on line {line} already", said(start, granularity));
                return Err(
                    Error::new(what).help("each hour (or day) and workload may have one row; add them up first")
                );
            }
            late += usize::from(start < *newest);
            *newest = start.max(*newest);
            Ok(())
        })?;
        if read.is_empty() {
            return Err(Error::file(path.display(), "has no rows").on_line(1));
        }
        if late > 0 {
            notes.about(path.display(), Remark::UnsortedTransactions { rows: late });
        }
        let workloads = read.into_iter().map(|(name, (counts, _))| (name, Workload::of(counts, granularity))).collect();
        Ok(Self { granularity, workloads })
    }

    /// Whether the rows count hours or days.
    #[must_use]
    pub fn granularity(&self) -> Granularity {
        self.granularity
    }

    /// The names of the workloads, sorted.
    pub fn workloads(&self) -> impl Iterator<Item = &str> {
        self.workloads.keys().map(String::as_str)
    }

    /// The transactions of a workload in a span and the hours of it that they cover; `None` when they cover none. A
    /// day counts when it lies in the span whole.
    #[must_use]
    pub fn count(&self, workload: &str, span: Span) -> Option<(Quantity, i64)> {
        let counts = &self.workloads.get(workload)?.counts;
        let length = self.granularity.hours();
        let from = counts.partition_point(|(hour, _)| *hour < span.start);
        let to = counts.partition_point(|(hour, _)| hour.plus(length) <= span.end);
        let rows = counts.get(from..to).filter(|rows| !rows.is_empty())?;
        let hours = i64::try_from(rows.len()).unwrap_or(i64::MAX).saturating_mul(i64::from(length));
        Some((rows.iter().map(|(_, count)| *count).sum(), hours))
    }

    /// The transactions of each day (UTC) and the hours of it that they cover; nothing for an unknown workload.
    #[must_use]
    pub fn by_day(&self, workload: &str) -> &BTreeMap<Day, (Quantity, i64)> {
        static NONE: BTreeMap<Day, (Quantity, i64)> = BTreeMap::new();
        self.workloads.get(workload).map_or(&NONE, |workload| &workload.by_day)
    }

    /// The transactions of each hour, sorted; empty for daily transactions and for an unknown workload.
    #[must_use]
    pub fn hourly(&self, workload: &str) -> &[(Hour, Quantity)] {
        match (self.granularity, self.workloads.get(workload)) {
            (Granularity::Hourly, Some(workload)) => &workload.counts,
            _ => &[],
        }
    }
}

impl Workload {
    fn of(read: Read, granularity: Granularity) -> Self {
        let mut workload = Self::default();
        for (start, (count, _)) in read {
            workload.counts.push((start, count));
            let day = workload.by_day.entry(start.day()).or_default();
            day.0 += count;
            day.1 += i64::from(granularity.hours());
        }
        workload
    }
}

/// How a start is said to people.
fn said(start: Hour, granularity: Granularity) -> String {
    match granularity {
        Granularity::Hourly => start.rfc3339(),
        Granularity::Daily => start.day().to_string(),
    }
}

/// Workload, first hour and count of a row.
fn parse(row: &Row, granularity: Granularity) -> Result<(&str, Hour, Quantity)> {
    let need = |column: usize, name: &str| {
        row.get(column).ok_or_else(|| Error::new("the cell is empty").in_column(name).on_line(row.line))
    };
    let workload = need(WORKLOAD, "workload")?;
    let (column, name, unit, what) = match granularity {
        Granularity::Hourly => (HOUR, "hour", 3600, "a whole hour"),
        Granularity::Daily => (DATE, "date", 86_400, "a date without a time"),
    };
    let text = need(column, name)?;
    let seconds = parse_moment(text).map_err(|error| error.in_column(name))?;
    if seconds.rem_euclid(unit) != 0 || has_fraction(text) {
        return Err(Error::new(format!("`{text}` is not {what}")).in_column(name));
    }
    let text = need(TRANSACTIONS, "transactions")?;
    let count = Quantity::parse(text)
        .map_err(|error| Error::new(format!("`{text}` is no count: {error}")).in_column("transactions"))?;
    if count < Quantity::ZERO {
        return Err(Error::new(format!("`{text}` is negative")).in_column("transactions"));
    }
    Ok((workload, Hour::of_seconds(seconds), count))
}

/// Whether a moment has a fraction of a second that is not zero.
fn has_fraction(text: &str) -> bool {
    text.split_once(['.', ','])
        .is_some_and(|(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).any(|digit| digit != b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::table::tests::{Sample, write_samples};
    use std::fs;

    fn load(text: &str) -> (Result<Transactions>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        fs::write(&path, text).unwrap();
        let mut notes = Notes::default();
        let read = Transactions::load(&path, &mut notes).map_err(|mut error| {
            error.place.file = Some("t.csv".into());
            error
        });
        (read, notes.sorted().into_iter().map(|note| note.message).collect())
    }

    fn failure(text: &str) -> String {
        load(text).0.unwrap_err().to_string().lines().next().unwrap().to_owned()
    }

    fn hour(text: &str) -> Hour {
        Hour::of_seconds(parse_moment(text).unwrap())
    }

    #[test]
    fn hours_are_counted_and_gaps_are_unknown() {
        let (read, notes) = load(
            "hour,workload,transactions\n2026-09-01T00:00:00Z, web ,10\n2026-09-01 01:00:00,web,0.5\n\
             2026-09-01T05:00:00+02:00,web,4\n2026-09-02,web,1\n2026-09-01T00:00:00.000Z,api,7\n",
        );
        let all = read.unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(all.granularity(), Granularity::Hourly);
        assert_eq!(all.workloads().collect::<Vec<_>>(), ["api", "web"]);
        let day = Span::new(hour("2026-09-01"), hour("2026-09-02"));
        assert_eq!(all.count("web", day), Some((Quantity::parse("14.5").unwrap(), 3)));
        assert_eq!(all.count("web", Span::new(hour("2026-09-01T01:00"), hour("2026-09-01T03:00"))).unwrap().1, 1);
        assert_eq!(all.count("web", Span::new(hour("2026-09-03"), hour("2026-09-04"))), None);
        assert_eq!(all.count("web", Span::new(hour("2026-09-01"), hour("2026-09-01"))), None);
        assert_eq!(all.count("none", day), None);
        let days: Vec<_> = all.by_day("web").values().map(|(_, hours)| *hours).collect();
        assert_eq!(days, [3, 1]);
        assert_eq!(all.hourly("web")[2], (hour("2026-09-01T03:00"), Quantity::parse("4").unwrap()));
        assert!(all.hourly("none").is_empty() && all.by_day("none").is_empty());
    }

    #[test]
    fn days_cover_their_hours() {
        let (read, _) = load("date,workload,transactions\n2026-09-01,web,10\n2026-09-02T00:00:00Z,web,20\n");
        let all = read.unwrap();
        assert_eq!(all.granularity(), Granularity::Daily);
        assert!(all.hourly("web").is_empty());
        let count = |from, to| all.count("web", Span::new(hour(from), hour(to)));
        assert_eq!(count("2026-08-31", "2026-10-01"), Some((Quantity::parse("30").unwrap(), 48)));
        assert_eq!(count("2026-09-01T12:00", "2026-09-03"), Some((Quantity::parse("20").unwrap(), 24)));
        assert_eq!(count("2026-09-01T12:00", "2026-09-02T12:00"), None);
        assert_eq!(all.by_day("web").len(), 2);
    }

    #[test]
    fn rows_out_of_order_are_noted_once() {
        let (read, notes) = load(
            "hour,workload,transactions\n2026-09-01T02:00Z,b,1\n2026-09-01T00:00Z,a,1\n\
             2026-09-01T01:00Z,b,1\n2026-09-01T00:00Z,b,1\n",
        );
        assert_eq!(notes, ["2 row(s) of the transactions are out of order; they count all the same"]);
        let hours: Vec<_> = read.unwrap().hourly("b").iter().map(|(hour, _)| hour.rfc3339()).collect();
        assert_eq!(hours, ["2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z", "2026-09-01T02:00:00Z"]);
    }

    #[test]
    fn errors_name_file_and_line() {
        let bad = |row: &str| failure(&format!("hour,workload,transactions\n2026-09-01T00:00Z,web,1\n{row}\n"));
        assert_eq!(bad("2026-09-01,web,2"), "t.csv:3: workload `web` has 2026-09-01T00:00:00Z on line 2 already");
        assert_eq!(bad("2026-09-01,web ,1"), "t.csv:3: workload `web` has 2026-09-01T00:00:00Z on line 2 already");
        assert_eq!(bad("2026-09-02,web,-1"), "t.csv:3, column `transactions`: `-1` is negative");
        assert!(bad("2026-09-02,web,NaN").starts_with("t.csv:3, column `transactions`: `NaN` is no count: "));
        assert!(bad("2026-09-02,web,many").starts_with("t.csv:3, column `transactions`: `many` is no count: "));
        assert!(bad("2026-09-02,web,1e40").starts_with("t.csv:3, column `transactions`: `1e40` is no count: "));
        assert_eq!(bad("2026-09-02,web,"), "t.csv:3, column `transactions`: the cell is empty");
        assert_eq!(bad("2026-09-02, ,1"), "t.csv:3, column `workload`: the cell is empty");
        assert_eq!(bad(",web,1"), "t.csv:3, column `hour`: the cell is empty");
        assert_eq!(bad("2026-09-02T00:30Z,web,1"), "t.csv:3, column `hour`: `2026-09-02T00:30Z` is not a whole hour");
        assert!(bad("2026-09-02T00:00:00.5Z,web,1").ends_with("is not a whole hour"));
        assert!(bad("13,web,1").starts_with("t.csv:3, column `hour`: `13` is not a moment"));
        assert_eq!(bad("2026-09-02,web"), "t.csv:3: has 2 cell(s), the header 3");
        let date = failure("date,workload,transactions\n2026-09-01T13:00Z,web,1\n");
        assert_eq!(date, "t.csv:2, column `date`: `2026-09-01T13:00Z` is not a date without a time");
        let twice = failure("date,workload,transactions\n2026-09-01,web,1\n2026-09-01,web,1\n");
        assert_eq!(twice, "t.csv:3: workload `web` has 2026-09-01 on line 2 already");
        assert_eq!(failure(""), "t.csv:1: is empty: it needs a header line");
        assert_eq!(failure("hour,workload,transactions\n"), "t.csv:1: has no rows");
        assert_eq!(
            failure("hour,workload,count\n"),
            "t.csv: has no column `transactions`; it has hour, workload, count"
        );
        assert_eq!(failure("time,workload,transactions\n"), "t.csv:1: has neither a column `hour` nor `date`");
        assert!(Transactions::load(Path::new("/none.csv"), &mut Notes::default()).is_err());
    }

    #[test]
    fn parquet_counts_like_csv() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        let web = ("workload", Sample::Text(vec!["web", "web"]));
        let hours = Sample::Micros(vec![1_788_220_800_000_000, 1_788_224_400_000_000]);
        write_samples(&path, vec![("hour", hours), web.clone(), ("transactions", Sample::Int(vec![3, 4]))]);
        let all = Transactions::load(&path, &mut Notes::default()).unwrap();
        assert_eq!(all.hourly("web").len(), 2);
        let days = Sample::Days(vec![20_697, 20_697]);
        write_samples(&path, vec![("date", days), web, ("transactions", Sample::Float(vec![3.0, 4.0]))]);
        let error = Transactions::load(&path, &mut Notes::default()).unwrap_err();
        assert_eq!(
            (error.place.line, error.what.as_str()),
            (Some(2), "workload `web` has 2026-09-01 on line 1 already")
        );
    }
}
