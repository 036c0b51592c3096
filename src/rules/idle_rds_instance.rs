//! RDS instances, and whole clusters, that nobody connects to.

use super::{Aspect, Context, Finding, LookBack, Owned, Rule, Signal, State, Target};
use crate::{
    facts::Resource,
    inventory::{rds::DbInstance, short_id},
    sku::{Instance, Service, What},
    time::Span,
};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleRdsInstance {
    look_back_days: i32,
    max_connections: f64,
    max_iops: f64,
    confidence: f64,
    no_io_penalty: f64,
    unlisted_penalty: f64,
    capped_penalty: f64,
}

/// What was seen of a target.
struct Seen {
    connections: f64,
    iops: Option<f64>,
    listed: bool,
    protected: bool,
}

impl Rule for IdleRdsInstance {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        let cluster = |db| listed(see, db)?.db_cluster_identifier.as_deref();
        for (target, lines) in see.targets_through(back.span, is_rds, cluster) {
            if is_needed(see, &target, &lines) {
                continue;
            }
            let Some(connections) = see.peak(&target, "AWS/RDS", "DatabaseConnections", back.span) else { continue };
            let iops = iops(see, &target, back.span);
            if connections > self.max_connections || iops.is_some_and(|iops| iops >= self.max_iops) {
                continue;
            }
            let known: Vec<Option<&DbInstance>> = members(see, &target).map(|db| listed(see, db)).collect();
            let protected = known.iter().flatten().any(|db| db.deletion_protection == Some(true));
            let seen = Seen { connections, iops, listed: known.iter().all(Option::is_some), protected };
            out.push(self.finding(see, target, &lines, &seen, back));
        }
    }
}

impl IdleRdsInstance {
    fn finding(&self, see: &Context<'_>, target: Target, lines: &Owned<'_>, seen: &Seen, back: LookBack) -> Finding {
        let label = |instance: &Instance| format!("{}, {}", instance.kind, instance.software);
        let kinds: BTreeSet<String> =
            lines.iter().filter_map(|(_, line)| line.class.what.instance()).map(label).collect();
        let label = kinds.into_iter().collect::<Vec<_>>().join("; ");
        let current = State::new(label).with("instances", target.members().len());
        let current = if seen.listed { current.with("deletion_protection", seen.protected) } else { current };
        let penalty = if seen.iops.is_some() { 0.0 } else { self.no_io_penalty };
        let penalty = penalty + if seen.listed { 0.0 } else { self.unlisted_penalty };
        let penalty = penalty + if back.capped { self.capped_penalty } else { 0.0 };
        let deletion = see.deletion(&target);
        let finding = Finding::new(target, Aspect::Existence)
            .edit(deletion)
            .states(current, State::new("deleted"))
            .seen(Signal::Metrics, "DatabaseConnections_max", seen.connections, "connections")
            .seen(Signal::Rule, "max_connections", self.max_connections, "connections")
            .confidence(self.confidence - penalty)
            .in_inventory(seen.listed);
        match seen.iops {
            None => finding,
            Some(iops) => finding.seen(Signal::Metrics, "ReadIOPS_and_WriteIOPS_mean", iops, "IOPS").seen(
                Signal::Rule,
                "max_iops",
                self.max_iops,
                "IOPS",
            ),
        }
    }
}

fn is_rds(what: &What) -> bool {
    what.instance().is_some_and(|instance| instance.service == Service::Rds)
}

fn listed<'a>(see: &Context<'a>, db: &Resource) -> Option<&'a DbInstance> {
    see.inventory.db_instances.get(&db.account, &db.region, &db.id)
}

fn members<'s>(see: &'s Context<'_>, target: &'s Target) -> impl Iterator<Item = &'s Resource> {
    target.members().iter().map(|id| see.facts.resource(*id))
}

/// The mean of reads and writes a second, if both are known.
fn iops(see: &Context<'_>, target: &Target, span: Span) -> Option<f64> {
    Some(see.mean(target, "AWS/RDS", "ReadIOPS", span)? + see.mean(target, "AWS/RDS", "WriteIOPS", span)?)
}

/// Whether something else needs it, or may: replication, the rest of its cluster, or that it does not run any more.
fn is_needed(see: &Context<'_>, target: &Target, lines: &Owned<'_>) -> bool {
    let replicates = |db: &DbInstance| {
        db.read_replica_source_db_instance_identifier.is_some() || !db.read_replica_db_instance_identifiers.is_empty()
    };
    let runs = |db: &DbInstance| !matches!(db.db_instance_status.as_deref(), Some("stopped" | "stopping" | "deleting"));
    if members(see, target).filter_map(|db| listed(see, db)).any(|db| replicates(db) || !runs(db)) {
        return true;
    }
    match target {
        Target::Group { account, region, name, .. } => !is_whole_cluster(see, target, account, region, name),
        _ => lines.iter().filter_map(|(_, line)| line.class.what.instance()).any(is_of_a_cluster),
    }
}

/// Aurora and Multi-AZ clusters, whose other members only the inventory tells.
fn is_of_a_cluster(instance: &Instance) -> bool {
    instance.software.starts_with("Aurora") || instance.copies > 2
}

/// Whether the target holds every member that the inventory lists of a cluster. The listing must be whole.
fn is_whole_cluster(see: &Context<'_>, target: &Target, account: &str, region: &str, cluster: &str) -> bool {
    let held: BTreeSet<&str> = members(see, target).map(|db| short_id(&db.id)).collect();
    let of_cluster =
        see.inventory.db_instances.iter().filter(|(scope, _, db)| {
            scope.admits(account, region) && db.db_cluster_identifier.as_deref() == Some(cluster)
        });
    see.inventory.db_instances.covers(account, region) && of_cluster.map(|(_, id, _)| id).all(|id| held.contains(id))
}
