//! Billing periods: which are asked for, and which a path is of.

use crate::{
    error::{Error, Result},
    time::{Day, Hour},
};
use std::{collections::BTreeSet, path::Path};

/// The billing periods that are wanted of an export, each by its month's first hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Periods {
    latest: bool,
    months: BTreeSet<Hour>,
}

impl Periods {
    /// Reads months such as `2026-09`, and `latest`; nothing at all stands for everything.
    ///
    /// # Errors
    /// What is neither.
    pub fn parse(texts: &[String]) -> Result<Option<Self>> {
        let mut periods = Self::default();
        for text in texts {
            if text == "latest" {
                periods.latest = true;
            } else {
                let month = month(text)
                    .ok_or_else(|| Error::new(format!("`{text}` is neither a month such as 2026-09 nor `latest`")))?;
                periods.months.insert(month);
            }
        }
        Ok((!texts.is_empty()).then_some(periods))
    }

    /// Which of the billing periods that are there are wanted.
    ///
    /// # Errors
    /// When one that was named is not there: the error names those that are.
    pub fn choose(&self, there: &BTreeSet<Hour>) -> Result<BTreeSet<Hour>> {
        let listed = || there.iter().map(|month| month.month_name()).collect::<Vec<_>>().join(", ");
        if let Some(missing) = self.months.difference(there).next() {
            let found = if there.is_empty() { "there is none at all".into() } else { format!("found: {}", listed()) };
            return Err(Error::new(format!(
                "--period {}: there is no such billing period; {found}",
                missing.month_name()
            )));
        }
        let latest = there.last().filter(|_| self.latest).copied();
        Ok(self.months.iter().copied().chain(latest).collect())
    }
}

/// `2026-09` as the month's first hour.
fn month(text: &str) -> Option<Hour> {
    let plain = text.len() == 7 && text.as_bytes()[4] == b'-';
    Day::parse(&format!("{text}-01")).ok().filter(|_| plain).map(Day::start)
}

/// The billing period that the folders of a path tell: `BILLING_PERIOD=2026-09`, `year=2026/month=9`, `20260901-20261001`.
pub(super) fn of_path(path: &Path) -> Option<Hour> {
    let folders: Vec<String> =
        path.parent()?.components().map(|part| part.as_os_str().to_string_lossy().to_ascii_uppercase()).collect();
    (0..folders.len()).rev().find_map(|at| {
        let folder = &folders[at];
        if let Some(text) = folder.strip_prefix("BILLING_PERIOD=") {
            return month(text);
        }
        if let Some(number) = folder.strip_prefix("MONTH=") {
            let year = folders.get(at.checked_sub(1)?)?.strip_prefix("YEAR=")?;
            return month(&format!("{year}-{number:0>2}"));
        }
        let (first, last) = folder.split_once('-')?;
        let digits = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(first) && digits(last)).then(|| month(&format!("{}-{}", &first[..4], &first[4..6])))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_periods() {
        let of = |path: &str| of_path(Path::new(path)).map(Hour::month_name);
        for path in [
            "x/data/BILLING_PERIOD=2026-09/x.parquet",
            "n/n/year=2026/month=9/x.parquet",
            "n/20260901-20261001/ab-12/n-1.csv.gz",
            "s3://b/n/20260901-20260930/ab-12/part_0_0001.csv",
        ] {
            assert_eq!(of(path).as_deref(), Some("2026-09"), "{path}");
        }
        assert_eq!(of("2026-09/x.parquet"), None);
        assert_eq!(of("month=9/x.parquet"), None);
        assert_eq!(of("x.parquet"), None);
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let there: BTreeSet<Hour> = ["2026-07", "2026-08"].iter().filter_map(|text| month(text)).collect();
        let choose = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
            Periods::parse(&texts)?.unwrap().choose(&there)
        };
        let names = |texts: &[&str]| choose(texts).unwrap().into_iter().map(Hour::month_name).collect::<Vec<_>>();
        assert_eq!(names(&["latest"]), ["2026-08"]);
        assert_eq!(names(&["2026-07", "latest"]), ["2026-07", "2026-08"]);
        let error = choose(&["2026-09"]).unwrap_err().to_string();
        assert!(error.contains("--period 2026-09") && error.ends_with("found: 2026-07, 2026-08"), "{error}");
        assert!(choose(&["2026-9"]).unwrap_err().to_string().contains("neither a month"));
    }
}
