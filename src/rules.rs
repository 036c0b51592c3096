//! Rules: each looks at the facts, the inventory, the metrics and the bill as earlier stages left it, and proposes edits.

mod context;
mod finding;
mod text;
mod users;

pub use context::{Context, Line, LookBack, Owned, Place, Pooled, sum};
pub use finding::{Alternative, Aspect, Evidence, Finding, Signal, State, Target};
pub use successors::Successors;
pub use text::{Effort, Module, Reference, Risk, Stage, Status, Text};
pub use users::Users;

use crate::{
    bill::Wanted,
    error::{Error, Result, did_you_mean},
    note::{Notes, Remark},
};
use serde::de::DeserializeOwned;
use std::{path::Path, sync::Arc};

/// One rule. The struct that implements it is its parameters, read from its TOML.
pub trait Rule: Send + Sync {
    /// Looks and proposes. It reads nothing but `see`.
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>);

    /// What it knows of moving to Graviton, for the rule on sizes.
    fn successors(&self) -> Option<Successors> {
        None
    }

    /// Learns what other rules know, whether they run or not; those that the user skips are not among them.
    fn learn(&mut self, _: &Arc<[Successors]>) {}

    /// What it would have weighed with what the other rules of the commit stage want: what may be advised, and the other terms of the
    /// same that are shown beside it. The answer is in `see.advice` when it is asked to check.
    fn wants(&self) -> Option<[Wanted; 2]> {
        None
    }
}

/// A rule of the registry: its id and its text as embedded.
pub struct Entry {
    /// The stem of its files.
    pub id: &'static str,
    text: &'static str,
    build: fn(&str) -> Result<Loaded>,
}

/// What a rule's TOML gives.
pub struct Loaded {
    /// The words and figures.
    pub text: Text,
    /// The rule with its parameters.
    pub rule: Box<dyn Rule>,
}

/// A rule ready to run.
pub struct Ready {
    /// Its id.
    pub id: &'static str,
    /// Its words and figures.
    pub text: Text,
    /// The rule with its parameters.
    pub rule: Box<dyn Rule>,
    /// The TOML that they come from.
    pub toml: String,
}

/// An entry of the registry: the id, the TOML of that name and the parameter struct.
macro_rules! entry {
    ($module:ident, $rule:ident) => {
        Entry {
            id: stringify!($module),
            text: include_str!(concat!("../rules/", stringify!($module), ".toml")),
            build: build::<$module::$rule>,
        }
    };
}

mod api_calls;
mod by_clock;
mod dynamodb_capacity_mode;
mod dynamodb_reserved;
mod dynamodb_schedule;
mod ebs;
mod ebs_gp3;
mod ebs_overprovisioned_iops;
mod expiring_commitment;
mod fleet;
mod graviton;
mod graviton_ec2;
mod graviton_elasticache;
mod graviton_fargate;
mod graviton_lambda;
mod graviton_opensearch;
mod graviton_rds;
mod idle_address;
mod idle_ebs_volume;
mod idle_ec2_instance;
mod idle_elasticache_cluster;
mod idle_load_balancer;
mod idle_nat_gateway;
mod idle_rds_instance;
mod idle_sagemaker_endpoint;
mod idle_vpc_endpoint;
mod kept;
mod log_retention;
mod off_hours;
mod orphaned_snapshot;
mod owned;
mod purchase;
mod reserved_instances;
mod rightsizing;
mod s3_lifecycle;
mod savings_plans;
mod schedule;
mod seasonal_scaling;
mod snapshot_archive;
mod successors;
mod table;
mod underused_commitment;
mod unused_capacity_reservation;
mod unused_dynamodb_table;

/// All rules, sorted by id.
pub const RULES: &[Entry] = &[
    entry!(api_calls, ApiCalls),
    entry!(dynamodb_capacity_mode, DynamodbCapacityMode),
    entry!(dynamodb_reserved, DynamodbReserved),
    entry!(dynamodb_schedule, DynamodbSchedule),
    entry!(ebs_gp3, EbsGp3),
    entry!(ebs_overprovisioned_iops, EbsOverprovisionedIops),
    entry!(expiring_commitment, ExpiringCommitment),
    entry!(graviton_ec2, GravitonEc2),
    entry!(graviton_elasticache, GravitonElasticache),
    entry!(graviton_fargate, GravitonFargate),
    entry!(graviton_lambda, GravitonLambda),
    entry!(graviton_opensearch, GravitonOpensearch),
    entry!(graviton_rds, GravitonRds),
    entry!(idle_address, IdleAddress),
    entry!(idle_ebs_volume, IdleEbsVolume),
    entry!(idle_ec2_instance, IdleEc2Instance),
    entry!(idle_elasticache_cluster, IdleElasticacheCluster),
    entry!(idle_load_balancer, IdleLoadBalancer),
    entry!(idle_nat_gateway, IdleNatGateway),
    entry!(idle_rds_instance, IdleRdsInstance),
    entry!(idle_sagemaker_endpoint, IdleSagemakerEndpoint),
    entry!(idle_vpc_endpoint, IdleVpcEndpoint),
    entry!(log_retention, LogRetention),
    entry!(off_hours, OffHours),
    entry!(orphaned_snapshot, OrphanedSnapshot),
    entry!(reserved_instances, ReservedInstances),
    entry!(rightsizing, Rightsizing),
    entry!(s3_lifecycle, S3Lifecycle),
    entry!(savings_plans, SavingsPlans),
    entry!(seasonal_scaling, SeasonalScaling),
    entry!(snapshot_archive, SnapshotArchive),
    entry!(underused_commitment, UnderusedCommitment),
    entry!(unused_capacity_reservation, UnusedCapacityReservation),
    entry!(unused_dynamodb_table, UnusedDynamodbTable),
];

fn build<R: Rule + DeserializeOwned + 'static>(toml: &str) -> Result<Loaded> {
    let (text, rule) = text::parse::<R>(toml)?;
    Ok(Loaded { text, rule: Box::new(rule) })
}

/// Which rules run, and whose words and figures they take.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// A folder whose files replace embedded ones whole.
    pub folder: Option<std::path::PathBuf>,
    /// Only these rules or modules.
    pub only: Vec<String>,
    /// Not these rules or modules.
    pub skip: Vec<String>,
}

/// Loads all rules that the choice leaves, by id.
///
/// # Errors
/// An unknown id or file, or a TOML that is wrong, told with its line.
pub fn load(choice: &Choice, notes: &mut Notes) -> Result<Vec<Ready>> {
    if let Some(folder) = &choice.folder {
        check_folder(folder)?;
    }
    let mut all =
        RULES.iter().map(|entry| ready(entry, choice.folder.as_deref(), notes)).collect::<Result<Vec<_>>>()?;
    for asked in choice.only.iter().chain(&choice.skip) {
        if !all.iter().any(|rule| rule.is(asked)) {
            let known = all.iter().flat_map(|rule| [rule.id, rule.text.module.name()]);
            let error = Error::new(format!("there is no rule or module `{asked}`"));
            let help = did_you_mean(asked, known).unwrap_or_else(|| "`curtail rules` lists them".into());
            return Err(error.help(help));
        }
    }
    let skipped = |rule: &Ready| choice.skip.iter().any(|asked| rule.is(asked));
    let known: Arc<[Successors]> =
        all.iter().filter(|rule| !skipped(rule)).filter_map(|rule| rule.rule.successors()).collect();
    all.iter_mut().for_each(|rule| rule.rule.learn(&known));
    let wanted =
        |rule: &Ready| (choice.only.is_empty() || choice.only.iter().any(|asked| rule.is(asked))) && !skipped(rule);
    let left: Vec<Ready> = all.into_iter().filter(wanted).collect();
    if left.is_empty() { Err(Error::new("no rule is left to run: look at --only and --skip")) } else { Ok(left) }
}

impl Ready {
    /// Whether a name means this rule: its id, an old id or its module.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.id == name || self.text.module.name() == name || self.text.was.iter().any(|old| old == name)
    }
}

fn ready(entry: &Entry, folder: Option<&Path>, notes: &mut Notes) -> Result<Ready> {
    let given = folder.map(|folder| folder.join(format!("{}.toml", entry.id))).filter(|path| path.is_file());
    let (toml, file) = match &given {
        None => (entry.text.to_owned(), format!("rules/{}.toml", entry.id)),
        Some(path) => {
            let toml = std::fs::read_to_string(path)
                .map_err(|error| Error::file(path.display(), format!("cannot be read: {error}")))?;
            notes.about(path.display(), Remark::RuleOverridden { rule: entry.id.into() });
            (toml, path.display().to_string())
        }
    };
    let Loaded { text, rule } = (entry.build)(&toml).map_err(|error| error.in_file(file))?;
    Ok(Ready { id: entry.id, text, rule, toml })
}

/// Every TOML of a rules folder must belong to a rule.
fn check_folder(folder: &Path) -> Result<()> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Error::file(folder.display(), format!("--rules: cannot be listed: {error}")))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "toml")) {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if !RULES.iter().any(|entry| entry.id == stem) {
            let error = Error::file(path.display(), format!("there is no rule `{stem}`"));
            let near = did_you_mean(&stem, RULES.iter().map(|entry| entry.id));
            return Err(error.help(near.unwrap_or_else(|| "`curtail rules` lists them".into())));
        }
    }
    Ok(())
}

/// The embedded TOML of a rule, for `curtail rules` and for a folder to start from.
#[must_use]
pub fn embedded(id: &str) -> Option<&'static str> {
    RULES.iter().find(|entry| entry.id == id).map(|entry| entry.text)
}
