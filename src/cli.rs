//! The command line: flags become settings, settings a run, the run an exit status. The only place that knows clap.

mod args;

use crate::{
    changes::Asked,
    collect::{self, Outcome, Used},
    config::{Config, Settings},
    demo,
    error::{Error, Result},
    note::{Note, Severity},
    output, report,
    report::Report,
    rules,
    store::Store,
    time::Span,
};
use args::{
    AdviseArgs, AskArgs, CheckFormat, CollectArgs, DataFormat, Format, PriceArgs, ReadArgs, WriteArgs, WriteDataArgs,
    Written, settings,
};
use clap::{Parser, Subcommand};
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
        price: PriceArgs,
        #[command(flatten)]
        advise: AdviseArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// What to know of the bill's data before believing conclusions from it
    Check {
        #[command(flatten)]
        read: Box<ReadArgs>,
        #[command(flatten)]
        price: PriceArgs,
        /// How the result is written
        #[arg(long, value_enum, default_value_t = CheckFormat::Table)]
        format: CheckFormat,
    },
    /// What a transaction costs by day and week, where that goes, and what moved it
    UnitCost {
        #[command(flatten)]
        read: Box<ReadArgs>,
        /// What costs and unit costs are over: month, 30d, all or DATE..DATE; series are over everything read
        #[arg(long, value_name = "WINDOW")]
        window: Option<String>,
        #[command(flatten)]
        write: WriteDataArgs,
    },
    /// What moved the bill between two stretches of time, by default the last two complete months
    Changes {
        #[command(flatten)]
        read: Box<ReadArgs>,
        /// The earlier stretch: 2026-08 or 2026-08-01..2026-08-15
        #[arg(long, value_name = "SPAN", requires = "after")]
        before: Option<String>,
        /// The later stretch
        #[arg(long, value_name = "SPAN", requires = "before")]
        after: Option<String>,
        /// How many movers of each side the table shows
        #[arg(long, value_name = "N", default_value_t = 10)]
        top: usize,
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
    /// Fetches the inventory and the metrics that rules read from AWS, into the files that the AWS CLI would write
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Collect {
        #[command(flatten)]
        collect: CollectArgs,
        #[command(subcommand)]
        what: Option<CollectWhat>,
    },
    /// The JSON Schema of what is written with --format json
    Schema {
        /// By which command
        #[arg(value_enum, default_value_t = Written::Recommend)]
        of: Written,
    },
}

#[derive(Subcommand)]
enum CollectWhat {
    /// Saves the prices of what an export uses: on demand, and under Savings Plans
    Prices {
        #[command(flatten)]
        read: Box<ReadArgs>,
        #[command(flatten)]
        ask: AskArgs,
    },
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
            Command::Recommend { read, price, advise, write } => {
                let config = Config::of(settings(*read, advise.flags(price))?)?;
                write.check()?;
                let report = crate::run(&config)?;
                finish(&report, config.fail_above, &write, &config.store, tell)
            }
            Command::Check { read, price, format } => {
                let PriceArgs { owner, window } = price;
                let mut settings = settings(*read, Settings { owner, window, ..Settings::default() })?;
                // Everything that is read is looked at, not the window that would be priced.
                settings.window.get_or_insert_with(|| "all".into());
                check(&Config { any_currency: true, ..Config::of(settings)? }, format)
            }
            Command::UnitCost { read, window, write } => {
                let settings = settings(*read, Settings { window, ..Settings::default() })?;
                let config = Config { owners: false, ..Config::of(settings)? };
                let format = write.check()?;
                let report = crate::unit_cost(&config)?;
                let text = match format {
                    DataFormat::Table => report::unit_cost_table(&report),
                    DataFormat::Json => report::unit_cost_json(&report),
                    DataFormat::Csv => report::unit_cost_csv(&report),
                };
                deliver(&text, write.output.as_deref().zip(Some(&config.store)), &report.notes, tell)?;
                Ok(status(&report.notes, false))
            }
            Command::Changes { read, before, after, top, write } => {
                let asked = stretches(before.as_deref(), after.as_deref())?;
                // Everything that is read may be compared.
                let settings = Settings { window: Some("all".into()), ..settings(*read, Settings::default())? };
                let config = Config { owners: false, ..Config::of(settings)? };
                let format = write.check()?;
                let report = crate::changes(&config, asked)?;
                let text = match format {
                    DataFormat::Table => report::changes_table(&report, top),
                    DataFormat::Json => report::changes_json(&report),
                    DataFormat::Csv => report::changes_csv(&report),
                };
                deliver(&text, write.output.as_deref().zip(Some(&config.store)), &report.notes, tell)?;
                Ok(status(&report.notes, false))
            }
            Command::Rules { id, toml, rules } => list_rules(id.as_deref(), toml, rules),
            Command::Demo { write, keep } => {
                write.check()?;
                let report = demo::run(keep.as_deref())?;
                finish(&report, None, &write, &Store::default(), tell)
            }
            Command::Collect { collect, what: None } => collect::run(&collect.options(), tell).map(collected),
            Command::Collect { what: Some(CollectWhat::Prices { read, ask }), .. } => {
                let settings = Settings { window: Some("all".into()), ..settings(*read, Settings::default())? };
                let config = Config { owners: false, any_currency: true, ..Config::of(settings)? };
                let used = Used::of(&crate::read(&config)?.facts);
                collect::prices(&ask.options(), &used, tell).map(collected)
            }
            Command::Schema { of } => {
                let document = match of {
                    Written::Recommend => report::Document::Report,
                    Written::UnitCost => report::Document::UnitCost,
                    Written::Changes => report::Document::Changes,
                };
                output::write_stdout(&report::schema(document)).map(|()| Status::Done)
            }
        }
    }
}

/// The two stretches to compare, if both are named.
fn stretches(before: Option<&str>, after: Option<&str>) -> Result<Asked> {
    let span = |text, flag: &str| {
        Span::parse(text).map_err(|error| Error { what: format!("{flag}: {}", error.what), ..error })
    };
    let both = before.zip(after);
    both.map(|(before, after)| Ok((span(before, "--before")?, span(after, "--after")?))).transpose()
}

/// Writes the report, tells its remarks and decides the status: an error remark beats savings above the limit.
fn finish(
    report: &Report,
    limit: Option<f64>,
    write: &WriteArgs,
    store: &Store,
    tell: &mut dyn FnMut(&str),
) -> Result<Status> {
    let format = match write.format.unwrap_or_else(|| Format::of_ending(write.output.as_deref())) {
        Format::Table => report::Format::Table,
        Format::Json => report::Format::Json,
        Format::Csv => report::Format::Csv,
        Format::Markdown => report::Format::Markdown,
    };
    let place = write.output.as_deref().zip(Some(store));
    deliver(&report::render(report, format), place, &report.notes, tell)?;
    Ok(status(&report.notes, limit.is_some_and(|limit| report.totals.monthly_savings.0 > limit)))
}

/// Writes a result to a file of a store, else to standard output, and tells its remarks.
fn deliver(text: &str, place: Option<(&Path, &Store)>, notes: &[Note], tell: &mut dyn FnMut(&str)) -> Result<()> {
    match place {
        Some((path, store)) => output::write(store, path, text)?,
        None => output::write_stdout(text)?,
    }
    notes.iter().for_each(|note| tell(&report::note_line(note)));
    Ok(())
}

fn collected(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Whole => Status::Done,
        Outcome::Incomplete => Status::Failed,
    }
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
    use clap::{Arg, CommandFactory};
    use std::{collections::BTreeMap, fmt::Write as _};

    const README: &str = include_str!("../README.md");

    /// Options of other programs that the README names: of cargo and of the AWS CLI.
    const OTHERS: [&str; 5] = ["no-default-features", "query", "region", "release", "test"];

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// All commands by their names, those of two words among them.
    fn commands(of: &clap::Command, before: &str, found: &mut Vec<(String, clap::Command)>) {
        for command in of.get_subcommands() {
            let name = format!("{before}{}", command.get_name());
            commands(command, &format!("{name} "), found);
            found.push((name, command.clone()));
        }
    }

    /// The option with what it takes: `--from DATE`, `--format table|json`.
    fn synopsis(option: &Arg) -> String {
        let long = option.get_long().unwrap_or_default();
        let choices = option.get_possible_values();
        let choices: Vec<&str> = choices.iter().map(clap::builder::PossibleValue::get_name).collect();
        match (option.get_action().takes_values(), option.get_value_names()) {
            (false, _) => format!("--{long}"),
            (true, _) if !choices.is_empty() => format!("--{long} {}", choices.join("\\|")),
            (true, names) => format!("--{long} {}", names.into_iter().flatten().next().unwrap()),
        }
    }

    /// The table of options of the README, as the command line has them.
    fn options() -> String {
        let mut all = Vec::new();
        commands(&Cli::command(), "", &mut all);
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let mut rows: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (name, command) in &all {
            for option in command.get_opts() {
                let help = option.get_help().unwrap().to_string();
                rows.entry((synopsis(option), help)).or_default().push(format!("`{name}`"));
            }
        }
        let mut table = String::from("| option | of | |\n|---|---|---|\n");
        for ((option, help), commands) in rows {
            writeln!(table, "| `{option}` | {} | {help} |", commands.join(", ")).unwrap();
        }
        table
    }

    #[test]
    fn the_readme_names_every_command_and_option_and_no_other() {
        let table = options();
        assert!(README.contains(&table), "README.md should have this table:\n{table}");
        let mut all = Vec::new();
        commands(&Cli::command(), "", &mut all);
        for (name, command) in &all {
            let words = README.contains(&format!("curtail {name}"));
            assert!(words || command.is_hide_set(), "README.md does not name `curtail {name}`");
        }
        let known: Vec<&str> =
            all.iter().flat_map(|(_, command)| command.get_opts().filter_map(Arg::get_long)).chain(OTHERS).collect();
        let is_letter = |c: char| c.is_ascii_lowercase() || c == '-';
        for text in README.split("--").skip(1).filter(|text| text.starts_with(|c: char| c.is_ascii_lowercase())) {
            let name = &text[..text.find(|c| !is_letter(c)).unwrap_or(text.len())];
            assert!(known.contains(&name), "README.md names --{name}, which there is not");
        }
    }
}
