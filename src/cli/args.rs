//! The flags that commands share, and how they become settings.

use crate::{
    collect::{Options, PriceOptions},
    config::Settings,
    error::Result,
    output,
};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct ReadArgs {
    /// The export: folders, globs, manifests or files, Parquet or CSV
    #[arg(value_name = "EXPORT")]
    pub(super) exports: Vec<String>,
    /// The billing periods to read: 2026-09, latest, or several by commas
    #[arg(long, value_name = "PERIOD", value_delimiter = ',')]
    pub(super) period: Vec<String>,
    /// The transactions: CSV or Parquet with hour (or date), workload, transactions
    #[arg(long, value_name = "FILE")]
    pub(super) transactions: Option<PathBuf>,
    /// What tells workloads apart: tag:KEY, account or cost_category:NAME
    #[arg(long, value_name = "KEY")]
    pub(super) workload: Option<String>,
    /// The first day to read
    #[arg(long, value_name = "DATE")]
    pub(super) from: Option<String>,
    /// The last day to read
    #[arg(long, value_name = "DATE")]
    pub(super) to: Option<String>,
    /// The currency to price where the bill mixes several
    #[arg(long, value_name = "CODE")]
    pub(super) currency: Option<String>,
    /// Workers; as many as there are cores by default
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// The same settings from a file; flags win. `curtail.toml` in the current folder is read if it is there
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct PriceArgs {
    /// What tells owners apart, in the same way as workloads
    #[arg(long, value_name = "KEY")]
    pub(super) owner: Option<String>,
    /// What to price: month, 30d, all or DATE..DATE
    #[arg(long, value_name = "WINDOW")]
    pub(super) window: Option<String>,
}

#[derive(Args)]
pub(super) struct AdviseArgs {
    /// A folder of AWS CLI output and metrics
    #[arg(long, value_name = "DIR")]
    pub(super) inventory: Vec<PathBuf>,
    /// A folder of rule files that replace embedded ones
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Option<PathBuf>,
    /// Only these rules or modules
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Not these rules or modules
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) skip: Vec<String>,
    /// Resources that must never be called unused: tag:KEY=PATTERN
    #[arg(long, value_name = "tag:KEY=PATTERN")]
    pub(super) protect: Vec<String>,
    /// The JSON report of an earlier run: what is new, changed or resolved since
    #[arg(long, value_name = "REPORT")]
    pub(super) baseline: Option<PathBuf>,
    /// The moment that ages count from; by default the period's end
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// Exit with status 1 when net savings a month exceed this
    #[arg(long, value_name = "AMOUNT")]
    pub(super) fail_above: Option<f64>,
}

#[derive(Args)]
pub(super) struct CollectArgs {
    /// The folder to fill, an <account>/<region> below it for each
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    /// The profile of the AWS CLI to ask with
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The regions to ask, or all; by default the profile's own
    #[arg(long, value_name = "REGIONS", value_delimiter = ',')]
    regions: Vec<String>,
    /// The role to take on first
    #[arg(long, value_name = "ARN", conflicts_with = "organization")]
    role_arn: Option<String>,
    /// Ask every account of the organisation, by a role in each
    #[arg(long)]
    organization: bool,
    /// The role in each account; OrganizationAccountAccessRole by default
    #[arg(long, value_name = "NAME", requires = "organization")]
    role_name: Option<String>,
    /// Only these services, such as ec2,rds,metrics
    #[arg(long, value_name = "SERVICES", value_delimiter = ',')]
    services: Vec<String>,
    /// Days of metrics; 62 by default
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    lookback: Option<i64>,
    /// What paid calls may cost at most; 1 by default
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    budget: Option<f64>,
}

impl CollectArgs {
    pub(super) fn options(self) -> Options {
        Options {
            out: self.out.unwrap_or_default(),
            profile: self.profile,
            regions: self.regions,
            role_arn: self.role_arn,
            organization: self.organization,
            role_name: self.role_name,
            services: self.services,
            lookback: self.lookback,
            budget: self.budget,
        }
    }
}

#[derive(Args)]
pub(super) struct AskArgs {
    /// The folder to fill
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The profile of the AWS CLI to ask with
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl AskArgs {
    pub(super) fn options(self) -> PriceOptions {
        PriceOptions { out: self.out, profile: self.profile }
    }
}

#[derive(Args)]
pub(super) struct WriteArgs {
    /// How the report is written; without it, as the ending of --output says, else as a table
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
    /// Where to; standard output by default
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

impl WriteArgs {
    /// Looks whether the output can be written before the work begins.
    pub(super) fn check(&self) -> Result<()> {
        self.output.as_deref().map_or(Ok(()), output::check_path)
    }
}

#[derive(Args)]
pub(super) struct WriteDataArgs {
    /// How it is written; without it, as the ending of --output says, else as a table
    #[arg(long, value_enum)]
    pub(super) format: Option<DataFormat>,
    /// Where to; standard output by default
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum DataFormat {
    Table,
    Json,
    Csv,
}

/// Commands whose JSON has a schema.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Written {
    Recommend,
    UnitCost,
    Changes,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
    Csv,
    Markdown,
}

impl Format {
    /// The format that a file's ending names; a table for any other.
    pub(super) fn of_ending(output: Option<&Path>) -> Self {
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
    pub(super) fn check(&self) -> Result<DataFormat> {
        self.output.as_deref().map_or(Ok(()), output::check_path)?;
        Ok(self.format.unwrap_or(match Format::of_ending(self.output.as_deref()) {
            Format::Json => DataFormat::Json,
            Format::Csv => DataFormat::Csv,
            Format::Table | Format::Markdown => DataFormat::Table,
        }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    Table,
    Json,
}

/// Flags over the settings file; `flags` are those that not every command has.
pub(super) fn settings(read: ReadArgs, flags: Settings) -> Result<Settings> {
    let standard = PathBuf::from("curtail.toml");
    let file = match read.config {
        Some(path) => Settings::read(&path)?,
        None if standard.is_file() => Settings::read(&standard)?,
        None => Settings::default(),
    };
    let flags = Settings {
        exports: read.exports,
        period: read.period,
        transactions: read.transactions,
        workload: read.workload,
        from: read.from,
        to: read.to,
        currency: read.currency,
        threads: read.threads,
        ..flags
    };
    Ok(flags.over(file))
}

impl AdviseArgs {
    pub(super) fn flags(self, price: PriceArgs) -> Settings {
        Settings {
            owner: price.owner,
            window: price.window,
            inventory: self.inventory,
            rules: self.rules,
            only: self.only,
            skip: self.skip,
            protect: self.protect,
            baseline: self.baseline,
            as_of: self.as_of,
            fail_above: self.fail_above,
            ..Settings::default()
        }
    }
}
