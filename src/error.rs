//! Errors that say where: file, row group, column, line.

use std::fmt;

/// A result of anything that can fail on input.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, and where in the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{what}{}{}", under("cause", .causes), under("help", .help))]
pub struct Error {
    /// Where in the input.
    pub place: Place,
    /// What is wrong there.
    pub what: String,
    /// What led to it, from the nearest to the farthest, as other libraries tell it.
    pub causes: Vec<String>,
    /// What to do about it, when there is something to do.
    pub help: Option<String>,
}

/// Texts on lines of their own, each under a word.
fn under<'a>(word: &str, texts: impl IntoIterator<Item = &'a String>) -> String {
    texts.into_iter().map(|text| format!("\n  {word}: {text}")).collect()
}

/// A place in the input; every part is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user would name it.
    pub file: Option<String>,
    /// The row group of a Parquet file, from 0.
    pub row_group: Option<usize>,
    /// The column's name.
    pub column: Option<String>,
    /// The line of a text file, from 1.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match (&self.file, self.line) {
            (Some(file), Some(line)) => parts.push(format!("{file}:{line}")),
            (Some(file), None) => parts.push(file.clone()),
            (None, Some(line)) => parts.push(format!("line {line}")),
            (None, None) => {}
        }
        if let Some(group) = self.row_group {
            parts.push(format!("row group {group}"));
        }
        if let Some(column) = &self.column {
            parts.push(format!("column `{column}`"));
        }
        if parts.is_empty() { Ok(()) } else { write!(out, "{}: ", parts.join(", ")) }
    }
}

impl Error {
    /// An error without a place, of the settings for example.
    pub fn new(what: impl fmt::Display) -> Self {
        Self { place: Place::default(), what: what.to_string(), causes: Vec::new(), help: None }
    }

    /// An error of a whole file.
    pub fn file(file: impl fmt::Display, what: impl fmt::Display) -> Self {
        Self::new(what).in_file(file)
    }

    /// The same error, placed in a file unless it has one already.
    #[must_use]
    pub fn in_file(mut self, file: impl fmt::Display) -> Self {
        self.place.file.get_or_insert_with(|| file.to_string());
        self
    }

    /// The same error, placed in a row group.
    #[must_use]
    pub fn in_row_group(mut self, group: usize) -> Self {
        self.place.row_group.get_or_insert(group);
        self
    }

    /// The same error, placed in a column.
    #[must_use]
    pub fn in_column(mut self, column: impl fmt::Display) -> Self {
        self.place.column.get_or_insert_with(|| column.to_string());
        self
    }

    /// The same error, placed on a line.
    #[must_use]
    pub fn on_line(mut self, line: u64) -> Self {
        self.place.line.get_or_insert(line);
        self
    }

    /// The same error with advice.
    #[must_use]
    pub fn help(mut self, help: impl fmt::Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// The same error with what led to it.
    #[must_use]
    pub fn because(mut self, causes: Vec<String>) -> Self {
        self.causes = causes;
        self
    }

    /// The error of ours that one of another library carries: what it says of place, cause and remedy is not lost on the way.
    #[must_use]
    pub fn carried(by: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut next = Some(by);
        while let Some(error) = next {
            if let Some(ours) = error.downcast_ref::<Self>() {
                return Some(ours.clone());
            }
            // An I/O error gives away what it holds, and calls only what is behind that its source.
            next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
                Some(held) => Some(held),
                None => error.source(),
            };
        }
        None
    }
}

impl Error {
    /// A TOML error with its line and, for an unknown key, the nearest known one.
    #[must_use]
    pub fn of_toml(toml: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start.min(toml.len()));
        let line = toml.get(..offset).unwrap_or("").matches('\n').count() as u64 + 1;
        Self::of_toml_value(error).on_line(line)
    }

    /// The same of a value that has no line of its own.
    #[must_use]
    pub fn of_toml_value(error: &toml::de::Error) -> Self {
        let message = error.message().to_owned();
        let mut quoted = message.split('`').skip(1).step_by(2);
        let near = match (message.starts_with("unknown field"), quoted.next()) {
            (true, Some(typed)) => did_you_mean(typed, quoted.collect::<Vec<_>>()),
            _ => None,
        };
        let error = Self::new(message.lines().next().unwrap_or("wrong"));
        match near {
            Some(help) => error.help(help),
            None => error,
        }
    }
}

/// The nearest of `known` to what was typed, as `did you mean ...?`, if any is near.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_file_row_group_and_column() {
        let error = Error::new("not a number").in_column("cost").in_row_group(3).in_file("a.parquet");
        assert_eq!(error.to_string(), "a.parquet, row group 3, column `cost`: not a number");
        let error = Error::file("a.csv", "bad").on_line(7).help("mend it");
        assert_eq!(error.to_string(), "a.csv:7: bad\n  help: mend it");
    }

    #[test]
    fn causes_and_help_have_lines_of_their_own_and_survive_other_libraries() {
        let error = Error::file("s3://b/k", "cannot be read").because(vec!["one".into(), "two".into()]).help("sign in");
        assert_eq!(error.to_string(), "s3://b/k: cannot be read\n  cause: one\n  cause: two\n  help: sign in");
        let io = std::io::Error::other(std::io::Error::other(error.clone()));
        assert_eq!(Error::carried(&io), Some(error.clone()));
        assert_eq!(Error::carried(&parquet::errors::ParquetError::External(Box::new(error.clone()))), Some(error));
        assert_eq!(Error::carried(&std::io::Error::other("else")), None);
    }

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(did_you_mean("tabel", ["table", "json"]), Some("did you mean `table`?".into()));
        assert_eq!(did_you_mean("zzzzzz", ["table", "json"]), None);
    }
}
