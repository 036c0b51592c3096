//! How long a commitment binds and when it is paid.

use serde::Deserialize;

/// Seconds of AWS's year of 365 days (EC2 User Guide, "Reserved Instances": 31,536,000).
const YEAR: i64 = 31_536_000;

/// For how long a commitment binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// One year of 8,760 hours.
    OneYear,
    /// Three years of 8,760 hours.
    ThreeYears,
}

impl Term {
    /// The term of so many seconds: AWS states 31,536,000 or 94,608,000, and a day more or less for plans over a leap day.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Option<Self> {
        let near = |years: i64| (seconds - years * YEAR).abs() <= 2 * 86_400;
        [(1, Self::OneYear), (3, Self::ThreeYears)].into_iter().find(|(years, _)| near(*years)).map(|(_, term)| term)
    }

    /// The term that a text names: `1yr`, `1 yr`, `3 year`, or years or seconds alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        match text[..end].parse::<i64>().ok()? {
            1 => Some(Self::OneYear),
            3 => Some(Self::ThreeYears),
            seconds if end == text.len() => Self::of_seconds(seconds),
            _ => None,
        }
    }

    /// As AWS writes it in bills.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OneYear => "1yr",
            Self::ThreeYears => "3yr",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OneYear => "1 year",
            Self::ThreeYears => "3 years",
        }
    }

    /// Its hours.
    #[must_use]
    pub fn hours(self) -> f64 {
        match self {
            Self::OneYear => 8760.0,
            Self::ThreeYears => 26_280.0,
        }
    }

    /// Its years.
    #[must_use]
    pub fn years(self) -> u8 {
        match self {
            Self::OneYear => 1,
            Self::ThreeYears => 3,
        }
    }
}

/// How much of a commitment is paid at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Nothing.
    NoUpfront,
    /// About half.
    PartialUpfront,
    /// All.
    AllUpfront,
}

impl Payment {
    /// The payment that a text names: `No Upfront`, `NoUpfront`, `NO_UPFRONT`; old utilisation classes are none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
        match letters.as_str() {
            "noupfront" => Some(Self::NoUpfront),
            "partialupfront" => Some(Self::PartialUpfront),
            "allupfront" => Some(Self::AllUpfront),
            _ => None,
        }
    }

    /// As AWS writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoUpfront => "No Upfront",
            Self::PartialUpfront => "Partial Upfront",
            Self::AllUpfront => "All Upfront",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_payments_of_every_document() {
        for text in ["1yr", "1 yr", "1 year", "1", "31536000", "31622400"] {
            assert_eq!(Term::parse(text), Some(Term::OneYear), "{text}");
        }
        for text in ["3yr", "3 Year", "94608000", "94694400"] {
            assert_eq!(Term::parse(text), Some(Term::ThreeYears), "{text}");
        }
        for text in ["", "yr", "2yr", "2592000", "99999999999999999999"] {
            assert_eq!(Term::parse(text), None, "{text}");
        }
        for text in ["No Upfront", "NoUpfront", "NO_UPFRONT"] {
            assert_eq!(Payment::parse(text), Some(Payment::NoUpfront), "{text}");
        }
        assert_eq!(Payment::parse("All Upfront"), Some(Payment::AllUpfront));
        assert_eq!(Payment::parse("Heavy Utilization"), None);
    }
}
