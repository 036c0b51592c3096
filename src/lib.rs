//! curtail reads a cloud bill and says what to change to spend less: every saving is a re-priced bill.
//!
//! exports -> scan -> facts -> bill -> rules <-> plan -> report

mod bits;
pub mod error;
mod groups;
pub mod instance;
pub mod money;
pub mod names;
pub mod note;
pub mod parallel;
pub mod quantile;
pub mod time;

pub mod store;

pub mod exports;
pub mod forecast;
pub mod scan;
pub mod season;
pub mod sku;

pub mod facts;

pub mod inventory;
pub mod metrics;
pub mod prices;
pub mod transactions;

pub mod waterfall;

pub mod commitments;

pub mod bill;
pub mod changes;
pub mod rules;

pub mod plan;
pub mod quality;
pub mod unit_cost;

pub mod report;

pub mod baseline;
pub mod cli;
pub mod collect;
pub mod config;
pub mod defaults;
pub mod demo;
pub mod output;
pub mod protect;
pub mod suppress;

use changes::Changes;
use config::Config;
use error::{Error, Result};
use exports::{Exports, Opening};
use facts::{Asked, Facts, Label, LabelValues, Survey, Window};
use inventory::Inventory;
use metrics::Metrics;
use note::{Notes, Remark};
use prices::Prices;
use report::{ChangesReport, Report, UnitCostReport};
use std::path::{Path, PathBuf};
use time::Hour;
use transactions::Transactions;
use unit_cost::Outlook;

/// Pricing allocates much; this one takes a tenth to a fifth less time of the whole than the system's. It is not to ask for huge pages, which
/// are zeroed whole when they are touched (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The bill as facts, with everything that is said about it.
pub struct Read {
    /// The part files.
    pub exports: Exports,
    /// The facts.
    pub facts: Facts,
    /// The transactions, if given.
    pub transactions: Option<Transactions>,
    /// Remarks so far.
    pub notes: Notes,
}

/// Reads the bill: `check` and `recommend` begin alike.
///
/// # Errors
/// Bad input, told with its place; no report is better than a wrong total.
pub fn read(config: &Config) -> Result<Read> {
    parallel::with_threads(config.threads, || read_here(config))?
}

fn read_here(config: &Config) -> Result<Read> {
    let mut notes = config.notes.clone();
    let transactions =
        config.transactions.as_ref().map(|path| transactions_of(config, path, &mut notes)).transpose()?;
    let opening = Opening { store: &config.store, periods: config.periods.as_ref(), general: config.general_reader };
    let exports = Exports::open(&config.exports, opening, &mut notes)?;
    let (survey, reading) = Survey::of(&exports, config.read, config.threads)?;
    let in_exports = |error: Error| error.in_file(config.exports.join(", "));
    let window = Window::choose(&survey, &config.window, &mut notes).map_err(in_exports)?;
    let (workload, owner) = labels(config, &exports, transactions.as_ref(), &mut notes)?;
    let (currency, threads) = (config.currency.clone(), config.threads);
    let one_currency = !config.any_currency;
    let coverage = config.coverage.clone();
    let asked = Asked { workload, owner, reading, window, currency, one_currency, coverage, threads };
    let facts = Facts::read(&exports, &asked, &survey).map_err(in_exports)?;
    quality::remarks(&facts, &survey, &asked, &config.defaults, &mut notes);
    quality::finality(&facts, &exports, &mut notes);
    if let Some(transactions) = &transactions {
        quality::on_transactions(&facts, transactions, &mut notes);
    }
    Ok(Read { exports, facts, transactions, notes })
}

/// The main job: what to change, in which order, and what each change really saves.
///
/// # Errors
/// Bad input, told with its place; no report is better than a wrong total.
pub fn run(config: &Config) -> Result<Report> {
    parallel::with_threads(config.threads, || run_here(config))?
}

fn run_here(config: &Config) -> Result<Report> {
    let Read { exports, mut facts, transactions, mut notes } = read(config)?;
    let (inventory, metrics) = collected(config, &mut notes)?;
    facts.complete(inventory.commitments());
    quality::on_explorer(&facts, &inventory, &config.coverage, config.defaults.quality.max_explorer_points, &mut notes);
    let rules = || rules::load(&config.rules, &mut notes);
    let prices = || Prices::gather(prices::Seen::of(&facts), &inventory);
    let (rules, prices) = parallel::at_once(rules, prices);
    let (rules, prices) = (rules?, prices?);
    let has = |token: &str| has(token, &exports, &facts, &inventory, &metrics, transactions.as_ref());
    let as_of = config.as_of.map_or(facts.window.period.end, Hour::of_seconds);
    let inputs = plan::Inputs {
        facts: &facts,
        inventory: &inventory,
        metrics: &metrics,
        transactions: transactions.as_ref(),
        rules: &rules,
        protect: &config.protect,
        suppressions: &config.suppressions,
        as_of,
        given: bill::Assumptions { coverage: &config.coverage, sharing: &config.sharing, prices: &prices },
        figures: &config.defaults.plan,
        commitments: &config.defaults.commitments,
        schedule: &config.defaults.schedule,
        has: &has,
    };
    let tolerance = config.defaults.unit_cost.tolerance;
    let unit_costs = || unit_cost::unit_costs(&facts, transactions.as_ref(), tolerance);
    let (plan, unit_costs) = parallel::at_once(|| plan::plan(&inputs), unit_costs);
    plan.remarks(&inputs, &mut notes);
    let parts = report::Parts { exports: &exports, facts: &facts, rules: &rules, plan: &plan, unit_costs: &unit_costs };
    let mut report = report::build(&parts, notes);
    if let Some(path) = &config.baseline {
        let skipped: Vec<&str> = plan.skipped.iter().map(|(rule, _)| *rule).collect();
        let ran: Vec<&str> = rules.iter().map(|rule| rule.id).filter(|rule| !skipped.contains(rule)).collect();
        baseline::Baseline::read(path)?.compare(&mut report, &ran, config.defaults.baseline.same_share)?;
    }
    // To give so many small pieces of memory back takes as long as to write the report, which need not wait for it.
    let plan::Plan { steps, rejected, before, after, .. } = plan;
    parallel::later(move || drop((steps, rejected)));
    parallel::at_once(|| drop(before), || drop(after));
    parallel::later(move || drop(facts));
    Ok(report)
}

/// The transactions, wherever they lie.
fn transactions_of(config: &Config, path: &Path, notes: &mut Notes) -> Result<Transactions> {
    let brought = config.store.bring(&[path.to_owned()])?;
    let (before, path) = (notes.count(), brought.paths.first().map_or(path, PathBuf::as_path));
    let transactions = Transactions::load(path, notes).map_err(|error| brought.renamed(error));
    notes.rename(before, |text| brought.rename(text));
    transactions
}

/// The inventory and its metrics, wherever they lie.
fn collected(config: &Config, notes: &mut Notes) -> Result<(Inventory, Metrics)> {
    let brought = config.store.bring(&config.inventory)?;
    let before = notes.count();
    let inventory = Inventory::load(&brought.paths, notes).map_err(|error| brought.renamed(error))?;
    let metrics = Metrics::load(&brought.paths, notes).map_err(|error| brought.renamed(error))?;
    notes.rename(before, |text| brought.rename(text));
    Ok((inventory, metrics))
}

/// What transactions cost: by day and week, where that goes, and what moved it.
///
/// # Errors
/// Bad input, told with its place, or no transactions.
pub fn unit_cost(config: &Config) -> Result<UnitCostReport> {
    if config.transactions.is_none() {
        let error = Error::new("a unit cost needs transactions, and none were given");
        return Err(error.help("--transactions FILE, or `transactions = \"FILE\"` in curtail.toml"));
    }
    let Read { facts, transactions, notes, .. } = read(config)?;
    let figures = &config.defaults.unit_cost;
    let rows = unit_cost::unit_costs(&facts, transactions.as_ref(), figures.tolerance);
    let look = |row| (Outlook::of(&row, &facts, figures), row);
    let rows: Vec<_> = rows.into_iter().map(look).map(|(outlook, row)| (row, outlook)).collect();
    Ok(report::unit_cost_report(&facts, &rows, figures.forecast_level, notes.sorted()))
}

/// What moved the bill between two stretches of time; by default the last two complete months read.
///
/// # Errors
/// Bad input, told with its place, or stretches that cannot be compared.
pub fn changes(config: &Config, asked: changes::Asked) -> Result<ChangesReport> {
    let Read { facts, mut notes, .. } = read(config)?;
    let (before, after) = changes::stretches(&facts, asked, &mut notes)?;
    Ok(report::changes_report(&facts, &Changes::between(&facts, before, after), notes.sorted()))
}

/// What tells workloads and owners apart: what was asked for, else what the export's values suggest.
fn labels(
    config: &Config,
    exports: &Exports,
    transactions: Option<&Transactions>,
    notes: &mut Notes,
) -> Result<(Option<Label>, Option<Label>)> {
    let (mut workload, mut owner) = (config.workload.clone(), config.owner.clone());
    let guess_workload = workload.is_none() && transactions.is_some();
    if !guess_workload && (owner.is_some() || !config.owners) {
        return Ok((workload, owner));
    }
    let values = LabelValues::sample(exports, config.threads)?;
    if let (true, Some(transactions)) = (guess_workload, transactions) {
        let names: Vec<&str> = transactions.workloads().collect();
        workload = values.best_match(&names).map(|(label, matched)| {
            notes.add(Remark::WorkloadKey { key: label.to_string(), matched, of: names.len() });
            label
        });
        if workload.is_none() {
            notes.add(Remark::NoWorkloadKey {});
        }
    }
    if owner.is_none() && config.owners {
        let keys = &config.defaults.owner.keys;
        owner = keys.iter().find(|key| values.has_tag(key)).cloned().map(Label::Tag);
        if owner.is_none() {
            notes.add(Remark::NoOwnerKey { keys: keys.join(", ") });
        }
    }
    Ok((workload, owner))
}

/// Whether an input is there, by a token of a rule's `needs` or `wants`.
fn has(
    token: &str,
    exports: &Exports,
    facts: &Facts,
    inventory: &Inventory,
    metrics: &Metrics,
    transactions: Option<&Transactions>,
) -> bool {
    match token.split_once('.') {
        None if token == "hourly" => facts.granularity == facts::Granularity::Hourly,
        None if token == "transactions" => transactions.is_some(),
        Some(("inventory", _)) => inventory.has(token),
        Some(("metric", _)) => metrics.has(token),
        Some(("column", name)) => exports.parts.iter().any(|part| part.column_names().any(|column| column == name)),
        _ => false,
    }
}
