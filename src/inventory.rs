//! The resource inventory: what the AWS CLI prints, read from files that are named after the command.
//!
//! "Not collected" is not "absent": [`Collected::find`] tells them apart, and only a listing that was read whole, for
//! the very account and region asked about, turns a missing id into [`Lookup::Absent`].

mod advice;
pub mod arn;
pub mod autoscaling;
mod collected;
pub mod costexplorer;
pub mod dynamodb;
pub mod ec2;
pub mod elasticache;
pub mod elb;
mod fate;
pub(crate) mod files;
pub mod lambda;
pub mod logs;
mod manifest;
pub mod memorydb;
pub mod opensearch;
mod owned;
mod page;
pub mod pricing;
pub mod rds;
pub mod redshift;
mod reservation;
pub mod sagemaker;
pub mod savingsplans;
mod shape;

pub use advice::{
    Advice, Advised, DatabaseAdvice, FunctionAdvice, HubAdvice, IdleAdvice, InstanceAdvice, VolumeAdvice,
};
pub use arn::short_id;
pub use collected::{Collected, Lookup, Scope};
pub use owned::{Amount, Bound, Covers, OwnedCommitment, State};
pub use page::{Found, Listed, Operation, Page};
pub use reservation::{Recurring, Reserves, Sale};
pub use shape::{Moment, Tag, tag};

use crate::{
    error::{Error, Result, did_you_mean},
    note::{Notes, Remark},
};
use files::File;
use std::path::PathBuf;

/// The file in which `curtail collect` says what it did.
pub(crate) const MANIFEST: &str = "collect-manifest.json";

/// Declares every operation once: its field, its item and so its file name and token.
macro_rules! operations {
    ($( $(#[$doc:meta])* $field:ident: $item:ty, )*) => {
        /// Everything that was collected, an operation a field.
        #[derive(Debug, Clone, Default)]
        pub struct Inventory { $( $(#[$doc])* pub $field: Collected<$item>, )* }

        impl Inventory {
            /// Every token that [`Inventory::has`] knows, in the order of the fields.
            pub const TOKENS: &'static [&'static str] = &[$( <$item as Operation>::TOKEN, )*];

            /// Whether a file of the operation was read, whatever its scope: `inventory.ec2-describe-volumes`.
            #[must_use]
            pub fn has(&self, token: &str) -> bool {
                match token {
                    $( <$item as Operation>::TOKEN => self.$field.is_collected(), )*
                    _ => false,
                }
            }

            /// Reads one file of the operation with this token.
            fn read(&mut self, token: &str, file: &File, argument: Option<&str>, notes: &mut Notes) -> Result<()> {
                match token {
                    $( <$item as Operation>::TOKEN => self.$field.read(file, argument, notes), )*
                    _ => Ok(()),
                }
            }
        }
    };
}

operations! {
    /// EC2 instances, by `i-...`.
    instances: ec2::Instance,
    /// EBS volumes, by `vol-...`.
    volumes: ec2::Volume,
    /// Elastic IP addresses, by `eipalloc-...`.
    addresses: ec2::Address,
    /// NAT gateways, by `nat-...`.
    nat_gateways: ec2::NatGateway,
    /// EBS snapshots, by `snap-...`.
    snapshots: ec2::Snapshot,
    /// Machine images, by `ami-...`; the scope is the one they were listed from, not their owner's.
    images: ec2::Image,
    /// VPC endpoints, by `vpce-...`.
    vpc_endpoints: ec2::VpcEndpoint,
    /// On-demand capacity reservations, by `cr-...`.
    capacity_reservations: ec2::CapacityReservation,
    /// EC2 Reserved Instances, by the UUID of the reservation.
    reserved_instances: ec2::ReservedInstances,
    /// Application, network and gateway load balancers, by `app/name/hash`.
    load_balancers: elb::LoadBalancer,
    /// Target groups, by `targetgroup/name/hash`.
    target_groups: elb::TargetGroup,
    /// Targets and their health, a target group an item: see [`Inventory::health_of`].
    target_health: elb::TargetHealth,
    /// Classic load balancers, by name.
    classic_load_balancers: elb::ClassicLoadBalancer,
    /// RDS and Aurora instances, by `DBInstanceIdentifier`.
    db_instances: rds::DbInstance,
    /// DynamoDB tables, by name.
    tables: dynamodb::Table,
    /// ElastiCache clusters, by id.
    cache_clusters: elasticache::CacheCluster,
    /// OpenSearch domains, by name.
    domains: opensearch::Domain,
    /// Lambda functions (their `$LATEST`), by name.
    functions: lambda::Function,
    /// CloudWatch log groups, by name.
    log_groups: logs::LogGroup,
    /// SageMaker endpoints, by name.
    endpoints: sagemaker::Endpoint,
    /// Auto Scaling groups, by name.
    auto_scaling_groups: autoscaling::AutoScalingGroup,
    /// Savings Plans, by the UUID of the plan.
    savings_plans: savingsplans::SavingsPlan,
    /// Rates of Savings Plans that are owned, by the UUID of the plan.
    plan_rates: savingsplans::PlanRates,
    /// Rates of Savings Plans on offer, by offer, usage type and operation.
    plan_offering_rates: savingsplans::OfferingRate,
    /// Reserved database instances, by `ReservedDBInstanceId`.
    reserved_db_instances: rds::ReservedDbInstance,
    /// Reserved cache nodes, by `ReservedCacheNodeId`.
    reserved_cache_nodes: elasticache::ReservedCacheNode,
    /// Reserved instances of OpenSearch, by their UUID.
    reserved_search_instances: opensearch::ReservedInstance,
    /// Reserved nodes of Redshift, by their UUID.
    reserved_warehouse_nodes: redshift::ReservedNode,
    /// Reserved nodes of MemoryDB, by `ReservationId`.
    reserved_memory_nodes: memorydb::ReservedNode,
    /// EC2 Reserved Instances on offer, by the UUID of the offer.
    reserved_instances_offerings: ec2::ReservedInstancesOffering,
    /// Reserved database instances on offer, by the UUID of the offer.
    reserved_db_instances_offerings: rds::ReservedDbInstancesOffering,
    /// Reserved cache nodes on offer, by the UUID of the offer.
    reserved_cache_nodes_offerings: elasticache::ReservedCacheNodesOffering,
    /// Reserved instances of OpenSearch on offer, by the UUID of the offer.
    reserved_search_offerings: opensearch::ReservedInstanceOffering,
    /// Reserved nodes of Redshift on offer, by the UUID of the offer.
    reserved_warehouse_offerings: redshift::ReservedNodeOffering,
    /// Reserved nodes of MemoryDB on offer, by the UUID of the offer.
    reserved_memory_offerings: memorydb::ReservedNodesOffering,
    /// What Compute Optimizer says of EC2 instances, by `i-...`, with `@arm64` where Graviton was asked for.
    instance_advice: InstanceAdvice,
    /// What it says of EBS volumes, by `vol-...`.
    volume_advice: VolumeAdvice,
    /// What it says of RDS instances, by name.
    database_advice: DatabaseAdvice,
    /// What it says of Lambda functions, by name.
    function_advice: FunctionAdvice,
    /// What it calls idle, by service and short id: see [`Inventory::called_idle`].
    idle_advice: IdleAdvice,
    /// What Cost Optimization Hub says, by service and short id of the resource.
    hub_advice: HubAdvice,
    /// What Cost Explorer says of the use of Savings Plans, by the first day.
    plans_used: costexplorer::PlansUsed,
    /// What it says of their coverage, by the first day.
    plans_cover: costexplorer::PlansCover,
    /// What it says of the use of EC2's reservations, by the first day.
    reservations_used: costexplorer::ReservationsUsed,
    /// What it says of their coverage, by the first day.
    reservations_cover: costexplorer::ReservationsCover,
    /// Products of the price list, by SKU.
    products: pricing::Product,
    /// Products of a whole price-list file, by SKU.
    price_list: pricing::ListedProduct,
    /// Rates of a whole price-list file of Savings Plans, by offer, usage type and operation.
    plan_price_list: pricing::ListedRate,
}

impl Inventory {
    /// Reads every file of the folders, in the order of their paths. A bad file is skipped with a note.
    ///
    /// # Errors
    /// When a folder does not exist or cannot be listed.
    pub fn load(dirs: &[PathBuf], notes: &mut Notes) -> Result<Self> {
        let mut inventory = Self::default();
        let mut scope_unknown = false;
        for file in files::list(dirs)?.into_iter().filter(|file| file.extension() == "json") {
            if file.name.ends_with(MANIFEST) {
                manifest::remarks(&file, notes);
                continue;
            }
            let Some((token, argument)) = operation(file.stem()) else {
                notes.about(&file.name, Remark::UnknownInventoryFile { hint: hint(file.stem()) });
                continue;
            };
            scope_unknown |= file.scope.pair().is_none();
            if let Err(error) = inventory.read(token, &file, argument, notes) {
                let error = error.in_file(&file.name).to_string();
                notes.about(&file.name, Remark::BadInventoryFile { error });
            }
        }
        if scope_unknown {
            notes.add(Remark::InventoryScopeUnknown {});
        }
        Ok(inventory)
    }

    /// The targets of a target group (ARN, `targetgroup/name/hash` or name), if they were asked for.
    #[must_use]
    pub fn health_of(&self, account: &str, region: &str, target_group: &str) -> Option<&elb::TargetHealth> {
        let id = short_id(target_group);
        let name = id.split('/').nth(1).unwrap_or(id);
        self.target_health.get(account, region, id).or_else(|| self.target_health.get(account, region, name))
    }
}

/// Beginnings of operations of AWS whose names go on where one of ours ends: without a longer name of ours, their files are not
/// ours.
const OTHERS: &[&str] = &[
    "compute-optimizer-get-ec2-instance-recommendation-projected-metrics",
    "dynamodb-describe-table-replica-auto-scaling",
    "ec2-describe-addresses-attribute",
    "ec2-describe-reserved-instances-listings",
    "ec2-describe-reserved-instances-modifications",
    "ec2-describe-reserved-instances-offering",
    "ec2-describe-volumes-modifications",
    "elasticache-describe-reserved-cache-nodes-offering",
    "lambda-list-functions-by-code-signing-config",
    "memorydb-describe-reserved-nodes-offering",
    "rds-describe-reserved-db-instances-offering",
    "savingsplans-describe-savings-plans-offering",
];

/// The command that a token stands for: the stem of its files.
fn command(token: &str) -> &str {
    token.strip_prefix("inventory.").unwrap_or(token)
}

/// The token and the argument of a file name without its extension: `OPERATION[@ARGUMENT][*]`.
fn operation(stem: &str) -> Option<(&'static str, Option<&str>)> {
    let named = Inventory::TOKENS.iter().filter_map(|token| {
        let rest = stem.strip_prefix(command(token))?;
        match rest.chars().next() {
            None => Some((*token, None)),
            Some('@') => Some((*token, Some(&rest[1..]))),
            Some(next) if next.is_ascii_alphanumeric() => None,
            Some(_) => Some((*token, None)),
        }
    });
    // The name of one operation may begin with that of another.
    let longest = named.max_by_key(|(token, _)| token.len());
    let other = |token: &str| OTHERS.iter().any(|other| stem.starts_with(other) && other.len() > command(token).len());
    longest.filter(|(token, _)| !other(token))
}

/// `; did you mean ...?` when the name is nearly that of a known operation.
fn hint(stem: &str) -> String {
    let name =
        stem.split('@').next().unwrap_or(stem).trim_end_matches(|last: char| last == '-' || last.is_ascii_digit());
    let near = Inventory::TOKENS
        .iter()
        .map(|token| command(token))
        .filter(|known| strsim::damerau_levenshtein(name, known) <= 3 || known.starts_with(name) && name.len() > 8);
    did_you_mean(name, near).map_or_else(String::new, |hint| format!("; {hint}"))
}

/// The documents in the bytes of a file.
fn read_pages<T: Operation>(bytes: &[u8]) -> Result<Vec<Page<T>>> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(
            Error::new("is UTF-16 text").help("write it as UTF-8, for example with `| Out-File -Encoding utf8`")
        );
    }
    T::read(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes))
}

impl<T: Operation> Collected<T> {
    /// Adds a file, whole or not at all. A file that cannot be used leaves its scope uncovered for good.
    fn read(&mut self, file: &File, argument: Option<&str>, notes: &mut Notes) -> Result<()> {
        let (items, whole) = match take::<T>(file, argument) {
            Ok(taken) => taken,
            Err(error) => {
                self.spoil(&file.scope);
                return Err(error);
            }
        };
        self.mark(&file.scope, whole && argument.is_none() && T::WHOLE);
        for (stated, id, item) in items {
            let scope = stated.or(&file.scope);
            if !self.put(scope, &id, item) {
                notes.about(&file.name, Remark::DuplicateInventory { id });
            }
        }
        Ok(())
    }
}

/// The items of a file, and whether the listing goes to its end.
fn take<T: Operation>(file: &File, argument: Option<&str>) -> Result<(Vec<Found<T>>, bool)> {
    let bytes = std::fs::read(&file.path).map_err(|error| Error::new(format!("cannot be read: {error}")))?;
    let pages = read_pages::<T>(&bytes)?;
    let whole = pages.iter().any(|page| !page.more);
    let entries = pages.into_iter().flat_map(|page| page.entries).collect();
    Ok((T::unpack(entries, argument)?, whole))
}

#[cfg(test)]
mod tests;
