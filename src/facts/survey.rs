//! A quick look before the fold: which hours there are, how fine the lines are, which labels have which values.

use super::{Label, Reading, plain_key};
use crate::{
    error::{Error, Result},
    exports::Exports,
    names::Sym,
    scan::{
        Dialect, Dictionary, Extent, Fold, Lines, Numbers, Part, are_same,
        columns::{Moment, Text},
        scan, slot_of, told,
    },
    time::{Day, Hour, Span},
};
use std::collections::{BTreeMap, BTreeSet};

/// How fine the usage lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Granularity {
    /// A line spans an hour.
    Hourly,
    /// A line spans a day.
    Daily,
    /// A line spans a month.
    Monthly,
}

impl Granularity {
    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Monthly => "monthly",
        }
    }

    /// The hours that a usage line spans which begins in an hour.
    #[must_use]
    pub fn spread(self, hour: Hour) -> Span {
        let end = match self {
            Self::Hourly => hour.plus(1),
            Self::Daily => hour.plus(24),
            Self::Monthly => hour.next_month(),
        };
        Span::new(hour, end)
    }

    /// Hours from one line of a resource to the next.
    #[must_use]
    pub fn hours(self) -> i32 {
        match self {
            Self::Hourly => 1,
            Self::Daily => 24,
            Self::Monthly => 24 * 31,
        }
    }
}

/// What there is, before any cost is read.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Every hour in which a line begins.
    pub hours: BTreeSet<Hour>,
    /// Lines that span an hour, a day, longer.
    pub spans: [u64; 3],
    /// (billing period's first hour, payer, account) to the folders that hold it.
    pub deliveries: BTreeMap<(Hour, String, String), BTreeSet<String>>,
    /// (billing period's first hour, account) to the dialects that tell of it, each with a folder.
    pub dialects: BTreeMap<(Hour, String), BTreeMap<Dialect, String>>,
    /// The providers that rows of FOCUS name, by export.
    pub providers: BTreeMap<usize, BTreeSet<String>>,
}

impl Survey {
    /// Reads the time columns of every line of a span, of the billing periods that were asked for; says which lines that are.
    ///
    /// # Errors
    /// Bad input, told with its place, or a billing period that is not there.
    pub fn of(exports: &Exports, span: Option<Span>, threads: usize) -> Result<(Self, Reading)> {
        let all = Reading { span, periods: None };
        let mut survey = Self::read(exports, &all, threads)?;
        let mut reading = all;
        if let Some(asked) = &exports.undecided {
            let there = survey.deliveries.keys().map(|(period, ..)| *period).collect();
            reading = Reading { periods: Some(asked.choose(&there)?), ..reading };
            survey = Self::read(exports, &reading, threads)?;
        }
        // Only of what is read: a month that was not asked for may be there twice.
        survey.once()?;
        survey.tell_providers(exports);
        Ok((survey, reading))
    }

    /// Reads the time columns of every line that is read at all.
    ///
    /// # Errors
    /// Bad input, told with its place.
    fn read(exports: &Exports, reading: &Reading, threads: usize) -> Result<Self> {
        let workers = scan(&exports.parts, Extent::Times, threads, || Times::new(reading, exports))?;
        let mut survey = Self::default();
        for (dictionary, times) in workers {
            survey.hours.extend(times.hours);
            for (sum, more) in survey.spans.iter_mut().zip(times.spans) {
                *sum += more;
            }
            let text = |sym| dictionary.names.get(sym).to_owned();
            for (part, provider) in times.providers {
                survey.providers.entry(exports.parts[part].export).or_default().insert(text(provider));
            }
            for (period, payer, account, part) in times.deliveries {
                let folders = survey.deliveries.entry((period, text(payer), text(account))).or_default();
                folders.insert(exports.parts[part].folder.clone());
                let (period, account) = (period, text(account));
                let dialects = survey.dialects.entry((period, account)).or_default();
                dialects.entry(exports.parts[part].dialect()).or_insert_with(|| exports.parts[part].folder.clone());
            }
        }
        Ok(survey)
    }

    /// Tells the parts of each export in which rows name one provider alone that the rows without any are its too.
    fn tell_providers(&self, exports: &Exports) {
        for part in &exports.parts {
            let named = self.providers.get(&part.export);
            if let Some(only) = named.filter(|named| named.len() == 1).and_then(BTreeSet::first) {
                part.tell_provider(only);
            }
        }
    }

    /// Fails when a billing period of an account is told in two dialects: it would count twice.
    fn once(&self) -> Result<()> {
        let family = |dialect: &Dialect| if dialect.is_focus() { dialect.name() } else { "cur" };
        for ((period, account), dialects) in &self.dialects {
            let families: BTreeSet<&str> = dialects.keys().map(family).collect();
            if families.len() < 2 || account.is_empty() {
                continue;
            }
            let month = period.month_name();
            let told: Vec<String> =
                dialects.iter().map(|(dialect, folder)| format!("{} in {folder}", dialect.name())).collect();
            let what =
                format!("billing period {month} of account {account} is there in two dialects: {}", told.join(", "));
            return Err(Error::new(what).help("it would be counted twice: name one of the exports"));
        }
        Ok(())
    }

    /// The granularity of most lines; a bill of fees alone counts as hourly.
    #[must_use]
    pub fn granularity(&self) -> Granularity {
        let [hour, day, month] = self.spans;
        if hour >= day && hour >= month {
            Granularity::Hourly
        } else if day >= month {
            Granularity::Daily
        } else {
            Granularity::Monthly
        }
    }

    /// From the first to the last hour in which a line begins, to the end of that line's hour, day or month.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        let (first, last) = (*self.hours.first()?, *self.hours.last()?);
        let end = match self.granularity() {
            Granularity::Hourly => last.plus(1),
            Granularity::Daily => Day(last.day().0.saturating_add(1)).start(),
            Granularity::Monthly => last.next_month(),
        };
        Some(Span::new(first, end))
    }

    /// The calendar months of which nothing is missing, in order.
    #[must_use]
    pub fn complete_months(&self) -> Vec<Span> {
        let Some(read) = self.span() else { return Vec::new() };
        let mut start = read.start.month_start();
        let mut months = Vec::new();
        while start < read.end {
            let month = Span::new(start, start.next_month());
            if self.missing(month).is_empty() && month.end <= read.end {
                months.push(month);
            }
            if month.hours() == 0 {
                break;
            }
            start = month.end;
        }
        months
    }

    /// The hours (of daily exports: days) of a span in which no line begins; none of a monthly export.
    #[must_use]
    pub fn missing(&self, span: Span) -> Vec<Hour> {
        match self.granularity() {
            Granularity::Hourly => {
                (span.start.0..span.end.0).map(Hour).filter(|hour| !self.hours.contains(hour)).collect()
            }
            Granularity::Daily => span
                .days()
                .map(Day::start)
                .filter(|day| self.hours.range(*day..day.plus(24)).next().is_none())
                .collect(),
            Granularity::Monthly => Vec::new(),
        }
    }
}

/// What one worker has seen.
struct Times<'a> {
    reading: &'a Reading,
    exports: &'a Exports,
    hours: BTreeSet<Hour>,
    /// Lines by the length of their spans, and those that are not read.
    spans: [u64; NOT_READ + 1],
    deliveries: BTreeSet<(Hour, Sym, Sym, usize)>,
    /// The providers that parts name.
    providers: BTreeSet<(usize, Sym)>,
    /// What the line before says; most lines say the same.
    last: (Seen, usize),
    /// What was seen lately, by a mix of start and class.
    known: Vec<(Seen, usize)>,
    /// By class: lines of a batch, nothing in between.
    counts: Vec<u64>,
    /// Hours that are in `hours`, and (hour of the billing period, class) of which the part's deliveries are known.
    known_hours: Numbers,
    known_deliveries: Numbers,
    part: usize,
}

/// What a line says of time, and its class, which here is of payer, account and provider alone.
#[derive(Clone, Copy)]
struct Seen {
    times: [i64; 3],
    /// And the part, above it.
    class: u64,
}

impl Seen {
    /// What no line says.
    const NOTHING: Self = Self { times: [0; 3], class: u64::MAX };

    fn of(lines: &Lines, row: usize, class: u32, part: usize) -> Self {
        Self { times: lines.times(row), class: u64::from(class) | (part as u64) << 32 }
    }

    #[inline]
    fn is(&self, other: &Self) -> bool {
        self.class == other.class && are_same(&self.times, &other.times)
    }
}

/// Behind the places of lengths of lines: that of lines that are not read.
const NOT_READ: usize = 3;

/// More than the hours of most exports times their accounts.
const KNOWN: usize = 1 << 14;

impl Fold for Times<'_> {
    fn add(&mut self, lines: &Lines, dictionary: &mut Dictionary, part: usize) -> Result<()> {
        if self.part != part {
            self.part = part;
            self.known_deliveries.clear();
        }
        if lines.rows() > 0 && lines.is_one_time() {
            return self.add_classes(lines, dictionary, part);
        }
        for row in 0..lines.rows() {
            let seen = Seen::of(lines, row, lines.class(row), part);
            if !self.last.0.is(&seen) {
                let place = self.place(&seen, dictionary).map_err(|error| lines.placed(row, error))?;
                self.last = (seen, place);
            }
            self.spans[self.last.1] += 1;
        }
        Ok(())
    }
}

impl<'a> Times<'a> {
    fn dialect(&self) -> Dialect {
        self.exports.parts.get(self.part).map_or(Dialect::Cur2, Part::dialect)
    }

    fn new(reading: &'a Reading, exports: &'a Exports) -> Self {
        Self {
            reading,
            exports,
            hours: BTreeSet::new(),
            spans: [0; NOT_READ + 1],
            deliveries: BTreeSet::new(),
            providers: BTreeSet::new(),
            last: (Seen::NOTHING, NOT_READ),
            known: vec![(Seen::NOTHING, NOT_READ); KNOWN],
            counts: Vec::new(),
            known_hours: Numbers::default(),
            known_deliveries: Numbers::default(),
            part: 0,
        }
    }

    /// Takes in lines of the same times: each class once.
    fn add_classes(&mut self, lines: &Lines, dictionary: &Dictionary, part: usize) -> Result<()> {
        let mut counts = std::mem::take(&mut self.counts);
        counts.resize(dictionary.classes.keys().len(), 0);
        (0..lines.rows()).for_each(|row| counts[lines.class(row) as usize] += 1);
        for (class, count) in (0..).zip(&mut counts).filter(|(_, count)| **count > 0) {
            let (seen, count) = (Seen::of(lines, 0, class, part), std::mem::take(count));
            let place = self.place(&seen, dictionary).map_err(|error| lines.placed(0, error))?;
            self.spans[place] += count;
        }
        self.counts = counts;
        Ok(())
    }

    /// The place of a line's length among `spans`; what it says is taken in when it is news.
    #[inline]
    fn place(&mut self, seen: &Seen, dictionary: &Dictionary) -> Result<usize> {
        let slot = slot_of(seen.times[0].cast_unsigned() ^ seen.class << 40, KNOWN);
        let (known, place) = &self.known[slot];
        if known.is(seen) {
            return Ok(*place);
        }
        let place = self.see(seen, dictionary)?;
        self.known[slot] = (*seen, place);
        Ok(place)
    }

    /// Takes in what a line says; gives the place of its length among `spans`.
    fn see(&mut self, Seen { times, class }: &Seen, dictionary: &Dictionary) -> Result<usize> {
        let class = class & u64::from(u32::MAX);
        let [Some(start), end, period] = times.map(told) else { return Err(no_start(self.dialect())) };
        let hour = Hour::of_seconds(start);
        if !self.reading.holds(hour, || period) {
            return Ok(NOT_READ);
        }
        let dialect = self.dialect();
        in_an_age(Moment::Start, Some(start), dialect)?;
        in_an_age(Moment::End, end, dialect)?;
        in_an_age(Moment::BillingPeriod, period, dialect)?;
        let known = |hour: Hour| u64::from(hour.0.cast_unsigned());
        if self.known_hours.is_new(known(hour)) {
            self.hours.insert(hour);
        }
        let period = Hour::of_seconds(period.unwrap_or(start));
        if self.known_deliveries.is_new(known(period) << 32 | class) {
            let key = dictionary.classes.keys()[class as usize];
            let (payer, account) = (key.text(Text::Payer), key.text(Text::Account));
            self.deliveries.insert((period.month_start(), payer, account, self.part));
            let provider = key.text(Text::Provider);
            if provider != Sym::NONE {
                self.providers.insert((self.part, provider));
            }
        }
        let seconds = end.unwrap_or(start) - start;
        Ok(usize::from(seconds > 2 * 3600) + usize::from(seconds > 36 * 3600))
    }
}

/// A moment far from any bill is damage; taken as it stands, it would stretch the months that are read over ages.
fn in_an_age(of: Moment, at: Option<i64>, dialect: Dialect) -> Result<()> {
    const FROM_2000_TO_2100: std::ops::Range<i64> = 946_684_800..4_102_444_800;
    match at {
        Some(at) if !FROM_2000_TO_2100.contains(&at) => {
            let date = Hour::of_seconds(at).day();
            Err(Error::new(format!("a line has the date {date}, which no bill has")).in_column(name(of, dialect)))
        }
        _ => Ok(()),
    }
}

pub(super) fn no_start(dialect: Dialect) -> Error {
    Error::new("a line has no start of its usage").in_column(name(Moment::Start, dialect))
}

/// The likeliest name of a column of time.
fn name(column: Moment, dialect: Dialect) -> &'static str {
    Moment::SPECS[column as usize].names(dialect).first().copied().unwrap_or_default()
}

/// The values of each label key, as far as the first lines of each row group show them.
#[derive(Debug, Clone, Default)]
pub struct LabelValues {
    /// Values by label; tags by their keys as billed.
    pub values: BTreeMap<Label, BTreeSet<String>>,
}

impl LabelValues {
    /// Reads a sample of the labels: the first lines of each row group of each part.
    ///
    /// # Errors
    /// Bad input, told with its place.
    pub fn sample(exports: &Exports, threads: usize) -> Result<Self> {
        let workers = scan(&exports.parts, Extent::LabelSample, threads, Labels::default)?;
        let mut values: BTreeMap<Label, BTreeSet<String>> = BTreeMap::new();
        for (dictionary, labels) in workers {
            for sym in labels.accounts {
                values.entry(Label::Account).or_default().insert(dictionary.names.get(sym).to_owned());
            }
            for (key, value) in labels.pairs {
                let key = dictionary.names.get(key);
                let label = match key.strip_prefix(crate::scan::CATEGORY) {
                    Some(name) => Label::Category(name.to_owned()),
                    None => Label::Tag(key.to_owned()),
                };
                values.entry(label).or_default().insert(dictionary.names.get(value).to_owned());
            }
        }
        Ok(Self { values })
    }

    /// The label whose values match most of some names, with how many it matches; the first by name of equals, tags whose
    /// key is plainest first.
    #[must_use]
    pub fn best_match(&self, names: &[&str]) -> Option<(Label, usize)> {
        let count = |values: &BTreeSet<String>| names.iter().filter(|name| values.contains(**name)).count();
        let matches = self.values.iter().map(|(label, values)| (count(values), values.len(), label));
        let (matched, _, label) = matches
            .filter(|(matched, ..)| *matched > 0)
            .min_by_key(|(matched, size, label)| (std::cmp::Reverse(*matched), *size, (*label).clone()))?;
        Some((label.clone(), matched))
    }

    /// Whether a tag of this key has any value.
    #[must_use]
    pub fn has_tag(&self, key: &str) -> bool {
        let wanted = plain_key(key);
        self.values.keys().any(|label| matches!(label, Label::Tag(key) if plain_key(key) == wanted))
    }
}

#[derive(Default)]
struct Labels {
    accounts: BTreeSet<Sym>,
    pairs: BTreeSet<(Sym, Sym)>,
}

impl Fold for Labels {
    fn add(&mut self, lines: &Lines, dictionary: &mut Dictionary, _: usize) -> Result<()> {
        let mut sets = BTreeSet::new();
        for row in 0..lines.rows() {
            self.accounts.insert(lines.text(Text::Account, row));
            sets.insert(lines.tags(row));
        }
        for set in sets {
            self.pairs.extend(dictionary.tags.get(set));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_with_most_matches_wins() {
        let set = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        let values = [
            (Label::Account, set(&["1"])),
            (Label::Tag("user_team".into()), set(&["a"])),
            (Label::Tag("user_workload".into()), set(&["a", "b", "c"])),
        ];
        let labels = LabelValues { values: values.into() };
        assert_eq!(labels.best_match(&["a", "b", "x"]), Some((Label::Tag("user_workload".into()), 2)));
        assert_eq!(labels.best_match(&["x"]), None);
        assert!(labels.has_tag("Team") && !labels.has_tag("owner"));
    }

    #[test]
    fn granularity_is_that_of_most_lines() {
        let of = |spans| Survey { spans, ..Survey::default() }.granularity();
        assert_eq!(of([10, 3, 2]), Granularity::Hourly);
        assert_eq!(of([1, 3, 2]), Granularity::Daily);
        assert_eq!(of([0, 0, 2]), Granularity::Monthly);
    }
}
