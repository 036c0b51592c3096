//! The settings: flags over `curtail.toml`.

use crate::{
    bill::Sharing,
    defaults::Defaults,
    error::{Error, Result},
    exports::Periods,
    facts::{Label, WindowChoice},
    note::{Notes, Remark},
    protect::Protection,
    rules::Choice,
    sku::Coverage,
    store::Store,
    suppress::{Suppression, Written},
    time::{Day, Span, parse_moment},
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Settings as written, in a file or as flags: everything is optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folders, globs, manifests or files of the export.
    pub exports: Vec<String>,
    /// Billing periods to read: months such as `2026-09`, or `latest`.
    pub period: Vec<String>,
    /// Folders of the inventory.
    pub inventory: Vec<PathBuf>,
    /// The transactions.
    pub transactions: Option<PathBuf>,
    /// `tag:KEY`, `account` or `cost_category:NAME`.
    pub workload: Option<String>,
    /// The same for owners.
    pub owner: Option<String>,
    /// The first day that is read.
    pub from: Option<String>,
    /// The last day that is read.
    pub to: Option<String>,
    /// `month`, `30d`, `all` or `DATE..DATE`.
    pub window: Option<String>,
    /// A folder of rule files that replace embedded ones.
    pub rules: Option<PathBuf>,
    /// Only these rules or modules.
    pub only: Vec<String>,
    /// Not these rules or modules.
    pub skip: Vec<String>,
    /// `tag:KEY=PATTERN`: never called unused.
    pub protect: Vec<String>,
    /// The report of an earlier run.
    pub baseline: Option<PathBuf>,
    /// The currency to price.
    pub currency: Option<String>,
    /// The moment that ages count from.
    pub as_of: Option<String>,
    /// Net monthly savings above which the exit status is 1.
    pub fail_above: Option<f64>,
    /// Workers.
    pub threads: Option<usize>,
    /// Findings that are not wanted for now.
    pub suppressions: Vec<Written>,
    /// The file that settings were read from.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Reads every part through the general reader: slower, the same result. For comparing the two.
    pub general_reader: bool,
    /// Which accounts share commitments: `organization` (the default), `owner`, or groups of accounts.
    pub sharing: Option<Sharing>,
    /// Figures of `defaults.toml` to replace.
    pub overrides: toml::Table,
}

impl Settings {
    /// Reads a settings file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// A file that cannot be read, or a key that is not known, told with its line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::file(path.display(), format!("cannot be read: {error}")))?;
        let mut settings: Self =
            toml::from_str(&text).map_err(|error| Error::of_toml(&text, &error).in_file(path.display()))?;
        Defaults::replaced(&settings.overrides).map_err(|error| error.in_file(path.display()))?;
        settings.file = Some(path.to_owned());
        let folder = path.parent().unwrap_or(Path::new(""));
        let below = |path: &mut PathBuf| *path = folder.join(&*path);
        settings.inventory.iter_mut().for_each(below);
        [&mut settings.transactions, &mut settings.rules, &mut settings.baseline].into_iter().flatten().for_each(below);
        for export in settings.exports.iter_mut().filter(|export| !export.contains("://")) {
            *export = folder.join(&*export).display().to_string();
        }
        Ok(settings)
    }

    /// These settings (flags) over others (a file): what is given here wins.
    #[must_use]
    pub fn over(self, file: Self) -> Self {
        fn list<T>(flags: Vec<T>, file: Vec<T>) -> Vec<T> {
            if flags.is_empty() { file } else { flags }
        }
        Self {
            exports: list(self.exports, file.exports),
            period: list(self.period, file.period),
            inventory: list(self.inventory, file.inventory),
            transactions: self.transactions.or(file.transactions),
            workload: self.workload.or(file.workload),
            owner: self.owner.or(file.owner),
            from: self.from.or(file.from),
            to: self.to.or(file.to),
            window: self.window.or(file.window),
            rules: self.rules.or(file.rules),
            only: list(self.only, file.only),
            skip: list(self.skip, file.skip),
            protect: self.protect.into_iter().chain(file.protect).collect(),
            baseline: self.baseline.or(file.baseline),
            currency: self.currency.or(file.currency),
            as_of: self.as_of.or(file.as_of),
            fail_above: self.fail_above.or(file.fail_above),
            threads: self.threads.or(file.threads),
            sharing: self.sharing.or(file.sharing),
            suppressions: list(self.suppressions, file.suppressions),
            file: self.file.or(file.file),
            general_reader: self.general_reader || file.general_reader,
            overrides: if self.overrides.is_empty() { file.overrides } else { self.overrides },
        }
    }
}

/// Settings that were checked: what a run works with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folders, globs, manifests or files of the export.
    pub exports: Vec<String>,
    /// The billing periods to read; all without it.
    pub periods: Option<Periods>,
    /// Folders of the inventory.
    pub inventory: Vec<PathBuf>,
    /// The transactions.
    pub transactions: Option<PathBuf>,
    /// What tells workloads apart; found out if it is not said.
    pub workload: Option<Label>,
    /// What tells owners apart; found out if it is not said.
    pub owner: Option<Label>,
    /// What is read.
    pub read: Option<Span>,
    /// What is priced.
    pub window: WindowChoice,
    /// Which rules run.
    pub rules: Choice,
    /// What must not be called unused.
    pub protect: Vec<Protection>,
    /// What is not wanted for now.
    pub suppressions: Vec<Suppression>,
    /// Whether every part is read through the general reader.
    pub general_reader: bool,
    /// Whether a mix of currencies is told rather than refused: for looking at data, not for pricing it.
    pub any_currency: bool,
    /// Whether owners are told apart.
    pub owners: bool,
    /// The report of an earlier run.
    pub baseline: Option<PathBuf>,
    /// The currency to price.
    pub currency: Option<String>,
    /// Seconds since the epoch that ages count from; by default the period's end.
    pub as_of: Option<i64>,
    /// Net monthly savings above which the exit status is 1.
    pub fail_above: Option<f64>,
    /// What is to be said of the settings themselves.
    pub notes: Notes,
    /// Workers.
    pub threads: usize,
    /// Figures that are not a rule's.
    pub defaults: Defaults,
    /// Which accounts share commitments.
    pub sharing: Sharing,
    /// What commitments may cover.
    pub coverage: Arc<Coverage>,
    /// Where files are read from.
    pub store: Store,
}

impl Config {
    /// Checks settings.
    ///
    /// # Errors
    /// The first that makes no sense, by name.
    pub fn of(settings: Settings) -> Result<Self> {
        if settings.exports.is_empty() {
            return Err(Error::new("no export was named").help(
                "curtail recommend FOLDER, or `exports = [\"FOLDER\"]` in curtail.toml; `curtail demo` needs none",
            ));
        }
        let named = |flag: &str| {
            let flag = flag.to_owned();
            move |error: Error| Error { what: format!("{flag}: {}", error.what), ..error }
        };
        let mut notes = Notes::default();
        if let Some(file) = &settings.file {
            notes.add(Remark::SettingsFile { file: file.display().to_string() });
        }
        let replaced = settings.overrides.iter().filter_map(|(table, figures)| Some((table, figures.as_table()?)));
        let names: Vec<String> =
            replaced.flat_map(|(table, figures)| figures.keys().map(move |name| format!("{table}.{name}"))).collect();
        if !names.is_empty() {
            notes.add(Remark::FiguresReplaced { names: names.join(", ") });
        }
        let label = |text: Option<&String>, flag| text.map(|text| Label::parse(text).map_err(named(flag))).transpose();
        Ok(Self {
            periods: Periods::parse(&settings.period).map_err(named("--period"))?,
            workload: label(settings.workload.as_ref(), "--workload")?,
            owner: label(settings.owner.as_ref(), "--owner")?,
            read: dates(settings.from.as_deref(), settings.to.as_deref())?,
            window: match &settings.window {
                Some(text) => WindowChoice::parse(text).map_err(named("--window"))?,
                None => WindowChoice::Auto,
            },
            rules: Choice { folder: settings.rules, only: settings.only, skip: settings.skip },
            protect: settings.protect.iter().map(|text| Protection::parse(text)).collect::<Result<_>>()?,
            suppressions: settings.suppressions.iter().map(Suppression::of).collect::<Result<_>>()?,
            as_of: settings.as_of.map(|text| parse_moment(&text).map_err(named("--as-of"))).transpose()?,
            fail_above: match settings.fail_above {
                Some(limit) if !limit.is_finite() => return Err(Error::new("--fail-above is not a finite amount")),
                limit => limit,
            },
            threads: match settings.threads {
                Some(0) => return Err(Error::new("--threads must be at least 1")),
                Some(threads) => threads,
                None => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            },
            defaults: Defaults::replaced(&settings.overrides)?,
            sharing: settings.sharing.unwrap_or_default(),
            coverage: Arc::new(Coverage::embedded()?),
            store: Store::default(),
            general_reader: settings.general_reader,
            any_currency: false,
            owners: true,
            notes,
            exports: settings.exports,
            inventory: settings.inventory,
            transactions: settings.transactions,
            baseline: settings.baseline,
            currency: settings.currency,
        })
    }
}

/// The span of `--from` and `--to`, both included.
fn dates(from: Option<&str>, to: Option<&str>) -> Result<Option<Span>> {
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let day = |text: Option<&str>, flag: &str| {
        let parsed = text.map(Day::parse).transpose();
        parsed.map_err(|error| Error { what: format!("{flag}: {}", error.what), ..error })
    };
    // Without a bound: a century on either side of the epoch's first one.
    let first = day(from, "--from")?.unwrap_or(Day(-36_525));
    let last = day(to, "--to")?.unwrap_or(Day(100_000));
    if first > last {
        return Err(Error::new(format!("--from {first} is after --to {last}")));
    }
    Ok(Some(Span::new(first.start(), Day(last.0.saturating_add(1)).start())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_paths_belong_to_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("curtail.toml");
        std::fs::write(&path, "exports = [\"bill\"]\nworkload = \"account\"\nthreads = 3\n").unwrap();
        let flags = Settings { workload: Some("tag:team".into()), ..Settings::default() };
        let config = Config::of(flags.over(Settings::read(&path).unwrap())).unwrap();
        assert_eq!(config.workload, Some(Label::Tag("team".into())));
        assert_eq!(config.threads, 3);
        assert_eq!(config.exports, [root.path().join("bill").display().to_string()]);
    }

    #[test]
    fn a_bad_key_names_its_line_and_the_near_one() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("curtail.toml");
        std::fs::write(&path, "exports = [\"bill\"]\nworklod = \"account\"\n").unwrap();
        let error = Settings::read(&path).unwrap_err().to_string();
        assert!(error.contains("curtail.toml:2") && error.contains("did you mean `workload`?"), "{error}");
    }

    #[test]
    fn senseless_settings_name_their_flag() {
        let with = |change: fn(&mut Settings)| {
            let mut settings = Settings { exports: vec!["x".into()], ..Settings::default() };
            change(&mut settings);
            Config::of(settings).unwrap_err().to_string()
        };
        assert!(with(|s| s.workload = Some("team".into())).starts_with("--workload"));
        assert!(with(|s| s.from = Some("2026-13-01".into())).starts_with("--from"));
        assert!(with(|s| (s.from, s.to) = (Some("2026-02-01".into()), Some("2026-01-01".into()))).contains("is after"));
        assert!(with(|s| s.threads = Some(0)).contains("--threads"));
        assert!(with(|s| s.exports.clear()).contains("no export"));
    }
}
