//! The command line: flags become settings, settings a run, the run an exit status. The only place that knows clap.

use crate::{
    config::{Config, Settings},
    demo,
    error::{Error, Result},
    note::{Note, Severity},
    output, report,
    report::Report,
    rules,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

/// Reads a cloud bill and says what to change to spend less, in which order, and what each change really saves.
#[derive(Parser)]
#[command(name = "curtail", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What to change, ranked by what it really saves, and what a transaction costs before and after
    Recommend {
        #[command(flatten)]
        read: Box<ReadArgs>,
        #[command(flatten)]
        advise: AdviseArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// What to know of the bill's data before believing conclusions from it
    Check {
        #[command(flatten)]
        read: Box<ReadArgs>,
        /// How the result is written
        #[arg(long, value_enum, default_value_t = CheckFormat::Table)]
        format: CheckFormat,
    },
    /// What a transaction costs by day and week, where that goes, and what moved it
    UnitCost {
        #[command(flatten)]
        read: Box<ReadArgs>,
        #[command(flatten)]
        write: WriteDataArgs,
    },
    /// The rules: what they find, why, by which figures and from which sources
    Rules {
        /// The rule to explain; all are listed without one
        id: Option<String>,
        /// Print the rule's TOML, to change it and give it back with --rules
        #[arg(long, requires = "id")]
        toml: bool,
        /// A folder of rule files that replace embedded ones
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// The main job on a made-up company, from inside the program: no account and no file is needed
    Demo {
        #[command(flatten)]
        write: WriteArgs,
        /// Also leave the demo's export, inventory and transactions in this folder
        #[arg(long, value_name = "DIR")]
        keep: Option<PathBuf>,
    },
    /// The JSON Schema of what is written with --format json
    Schema {
        /// By which command
        #[arg(value_enum, default_value_t = Written::Recommend)]
        of: Written,
    },
}

#[derive(Args)]
struct ReadArgs {
    /// The export: folders, globs, manifests or Parquet files
    #[arg(value_name = "EXPORT")]
    exports: Vec<String>,
    /// The transactions: CSV or Parquet with hour (or date), workload, transactions
    #[arg(long, value_name = "FILE")]
    transactions: Option<PathBuf>,
    /// What tells workloads apart: tag:KEY, account or cost_category:NAME
    #[arg(long, value_name = "KEY")]
    workload: Option<String>,
    /// What tells owners apart, in the same way
    #[arg(long, value_name = "KEY")]
    owner: Option<String>,
    /// The first day to read
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day to read
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// What to price: month, 30d, all or DATE..DATE
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,
    /// The currency to price where the bill mixes several
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Workers; as many as there are cores by default
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// The same settings from a file; flags win. `curtail.toml` in the current folder is read if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct AdviseArgs {
    /// A folder of AWS CLI output and metrics
    #[arg(long, value_name = "DIR")]
    inventory: Vec<PathBuf>,
    /// A folder of rule files that replace embedded ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Only these rules or modules
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    only: Vec<String>,
    /// Not these rules or modules
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    skip: Vec<String>,
    /// Resources that must never be called unused: tag:KEY=PATTERN
    #[arg(long, value_name = "tag:KEY=PATTERN")]
    protect: Vec<String>,
    /// The JSON report of an earlier run: what is new, changed or resolved since
    #[arg(long, value_name = "REPORT")]
    baseline: Option<PathBuf>,
    /// The moment that ages count from; by default the period's end
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Exit with status 1 when net savings a month exceed this
    #[arg(long, value_name = "AMOUNT")]
    fail_above: Option<f64>,
}

#[derive(Args)]
struct WriteArgs {
    /// How the report is written; without it, as the ending of --output says, else as a table
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where to; standard output by default
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl WriteArgs {
    /// Looks whether the output can be written before the work begins.
    fn check(&self) -> Result<()> {
        self.output.as_deref().map_or(Ok(()), output::check_path)
    }
}

#[derive(Args)]
struct WriteDataArgs {
    /// How it is written; without it, as the ending of --output says, else as a table
    #[arg(long, value_enum)]
    format: Option<DataFormat>,
    /// Where to; standard output by default
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum DataFormat {
    Table,
    Json,
    Csv,
}

/// Commands whose JSON has a schema.
#[derive(Clone, Copy, ValueEnum)]
enum Written {
    Recommend,
    UnitCost,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Markdown,
}

impl Format {
    /// The format that a file's ending names; a table for any other.
    fn of_ending(output: Option<&Path>) -> Self {
        match output.and_then(Path::extension).and_then(|ending| ending.to_str()) {
            Some("json") => Self::Json,
            Some("csv") => Self::Csv,
            Some("md") => Self::Markdown,
            _ => Self::Table,
        }
    }
}

impl WriteDataArgs {
    /// The format, once it is known that the output can be written.
    fn check(&self) -> Result<DataFormat> {
        self.output.as_deref().map_or(Ok(()), output::check_path)?;
        Ok(self.format.unwrap_or(match Format::of_ending(self.output.as_deref()) {
            Format::Json => DataFormat::Json,
            Format::Csv => DataFormat::Csv,
            Format::Table | Format::Markdown => DataFormat::Table,
        }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    Table,
    Json,
}

/// What the process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Done,
    /// Net monthly savings exceed `--fail-above`.
    Above,
    /// No report, or one with a remark of severity error.
    Failed,
}

impl Cli {
    /// Does what the command line says. Remarks go to `tell`, the report to standard output or its file.
    ///
    /// # Errors
    /// Bad settings or input: there is no report.
    pub fn run(self, tell: &mut dyn FnMut(&str)) -> Result<Status> {
        match self.command {
            Command::Recommend { read, advise, write } => {
                let config = Config::of(settings(*read, Some(advise))?)?;
                write.check()?;
                let report = crate::run(&config)?;
                finish(&report, config.fail_above, &write, tell)
            }
            Command::Check { read, format } => {
                let mut settings = settings(*read, None)?;
                // Everything that is read is looked at, not the window that would be priced.
                settings.window.get_or_insert_with(|| "all".into());
                check(&Config { any_currency: true, ..Config::of(settings)? }, format)
            }
            Command::UnitCost { read, write } => {
                let config = Config::of(settings(*read, None)?)?;
                let format = write.check()?;
                let report = crate::unit_cost(&config)?;
                let text = match format {
                    DataFormat::Table => report::unit_cost_table(&report),
                    DataFormat::Json => report::unit_cost_json(&report),
                    DataFormat::Csv => report::unit_cost_csv(&report),
                };
                deliver(&text, write.output.as_deref(), &report.notes, tell)?;
                Ok(status(&report.notes, false))
            }
            Command::Rules { id, toml, rules } => list_rules(id.as_deref(), toml, rules),
            Command::Demo { write, keep } => {
                write.check()?;
                let report = demo::run(keep.as_deref())?;
                finish(&report, None, &write, tell)
            }
            Command::Schema { of } => {
                let document = match of {
                    Written::Recommend => report::Document::Report,
                    Written::UnitCost => report::Document::UnitCost,
                };
                output::write_stdout(&report::schema(document)).map(|()| Status::Done)
            }
        }
    }
}

/// Flags over the settings file.
fn settings(read: ReadArgs, advise: Option<AdviseArgs>) -> Result<Settings> {
    let standard = PathBuf::from("curtail.toml");
    let file = match read.config {
        Some(path) => Settings::read(&path)?,
        None if standard.is_file() => Settings::read(&standard)?,
        None => Settings::default(),
    };
    let mut flags = Settings {
        exports: read.exports,
        transactions: read.transactions,
        workload: read.workload,
        owner: read.owner,
        from: read.from,
        to: read.to,
        window: read.window,
        currency: read.currency,
        threads: read.threads,
        ..Settings::default()
    };
    if let Some(advise) = advise {
        flags = Settings {
            inventory: advise.inventory,
            rules: advise.rules,
            only: advise.only,
            skip: advise.skip,
            protect: advise.protect,
            baseline: advise.baseline,
            as_of: advise.as_of,
            fail_above: advise.fail_above,
            ..flags
        };
    }
    Ok(flags.over(file))
}

/// Writes the report, tells its remarks and decides the status: an error remark beats savings above the limit.
fn finish(report: &Report, limit: Option<f64>, write: &WriteArgs, tell: &mut dyn FnMut(&str)) -> Result<Status> {
    let format = match write.format.unwrap_or_else(|| Format::of_ending(write.output.as_deref())) {
        Format::Table => report::Format::Table,
        Format::Json => report::Format::Json,
        Format::Csv => report::Format::Csv,
        Format::Markdown => report::Format::Markdown,
    };
    deliver(&report::render(report, format), write.output.as_deref(), &report.notes, tell)?;
    Ok(status(&report.notes, limit.is_some_and(|limit| report.totals.monthly_savings.0 > limit)))
}

/// Writes a result where it belongs, and tells its remarks.
fn deliver(text: &str, output: Option<&Path>, notes: &[Note], tell: &mut dyn FnMut(&str)) -> Result<()> {
    match output {
        Some(path) => output::write_file(path, text)?,
        None => output::write_stdout(text)?,
    }
    notes.iter().for_each(|note| tell(&report::note_line(note)));
    Ok(())
}

fn status(notes: &[Note], above: bool) -> Status {
    if notes.iter().any(|note| note.severity == Severity::Error) {
        Status::Failed
    } else if above {
        Status::Above
    } else {
        Status::Done
    }
}

fn check(config: &Config, format: CheckFormat) -> Result<Status> {
    let read = crate::read(config)?;
    let facts = &read.facts;
    let notes = read.notes.sorted();
    let text = match format {
        CheckFormat::Table => report::check_table(facts, &read.exports, &notes),
        CheckFormat::Json => report::check_json(facts, &read.exports, &notes),
    };
    output::write_stdout(&text)?;
    Ok(status(&notes, false))
}

fn list_rules(id: Option<&str>, toml: bool, folder: Option<PathBuf>) -> Result<Status> {
    if toml {
        let text = id.and_then(rules::embedded).ok_or_else(|| Error::new("there is no such rule"))?;
        return output::write_stdout(text).map(|()| Status::Done);
    }
    let choice = rules::Choice { folder, only: id.map(str::to_owned).into_iter().collect(), skip: Vec::new() };
    let loaded = rules::load(&choice, &mut crate::note::Notes::default())?;
    let text = match (id, loaded.as_slice()) {
        (Some(_), [rule]) => report::rule_page(rule),
        _ => report::rule_list(&loaded),
    };
    output::write_stdout(&text).map(|()| Status::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
