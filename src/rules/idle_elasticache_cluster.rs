//! ElastiCache clusters, and whole replication groups, that nobody asks anything.

use super::{Aspect, Context, Finding, LookBack, Owned, Rule, Signal, State, Target};
use crate::{
    facts::Resource,
    inventory::{elasticache::CacheCluster, short_id},
    sku::{Instance, Service, What},
    time::Span,
};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleElasticacheCluster {
    look_back_days: i32,
    max_new_connections_per_day: f64,
    max_engine_cpu_percent: f64,
    max_lookups_per_day: f64,
    monitoring_connections: f64,
    confidence: f64,
    unproven_penalty: f64,
    capped_penalty: f64,
}

/// What the metrics say; `None` where they say nothing.
struct Load {
    new_connections: f64,
    engine_cpu: Option<f64>,
    lookups: Option<f64>,
    connections: Option<f64>,
}

impl Rule for IdleElasticacheCluster {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (target, lines) in see.targets_through(back.span, is_node, |node| replication_group(see, node)) {
            let memcached = instances(&lines).any(|instance| instance.software == "Memcached");
            let Some(load) = load(see, &target, memcached, back.span) else { continue };
            if self.is_idle(&load, memcached) {
                out.push(self.finding(see, target, &lines, &load, back));
            }
        }
    }
}

impl IdleElasticacheCluster {
    /// Whether all that is known is idle, and enough is known: Memcached tells no engine's load, but always its lookups.
    fn is_idle(&self, load: &Load, memcached: bool) -> bool {
        let proof = if memcached { load.lookups } else { load.engine_cpu };
        proof.is_some()
            && load.new_connections <= self.max_new_connections_per_day
            && load.engine_cpu.is_none_or(|cpu| cpu < self.max_engine_cpu_percent)
            && load.lookups.is_none_or(|lookups| lookups <= self.max_lookups_per_day)
            && load.connections.is_none_or(|connections| connections <= self.monitoring_connections)
    }

    fn finding(&self, see: &Context<'_>, target: Target, lines: &Owned<'_>, load: &Load, back: LookBack) -> Finding {
        let kinds: BTreeSet<String> =
            instances(lines).map(|node| format!("{}, {}", node.kind, node.software)).collect();
        let current = State::new(kinds.into_iter().collect::<Vec<_>>().join("; "));
        let unproven = [load.engine_cpu, load.lookups, load.connections].iter().filter(|value| value.is_none()).count();
        let penalty = if unproven > 0 { self.unproven_penalty } else { 0.0 };
        let penalty = penalty + if back.capped { self.capped_penalty } else { 0.0 };
        let listed = target.members().iter().all(|id| listed(see, see.facts.resource(*id)).is_some());
        let deletion = see.deletion(&target);
        let nodes = target.members().len();
        let mut finding = Finding::new(target, Aspect::Existence)
            .edit(deletion)
            .states(current.with("clusters", nodes), State::new("deleted"))
            .seen(Signal::Metrics, "NewConnections_max_per_day", load.new_connections, "connections/day")
            .seen(Signal::Rule, "max_new_connections_per_day", self.max_new_connections_per_day, "connections/day")
            .confidence(self.confidence - penalty)
            .in_inventory(listed);
        for (name, value, unit) in [
            ("EngineCPUUtilization_max", load.engine_cpu, "%"),
            ("hits_and_misses_max_per_day", load.lookups, "lookups/day"),
            ("CurrConnections_max", load.connections, "connections"),
        ] {
            if let Some(value) = value {
                finding = finding.seen(Signal::Metrics, name, value, unit);
            }
        }
        finding
    }
}

fn is_node(what: &What) -> bool {
    what.instance().is_some_and(|instance| instance.service == Service::ElastiCache)
}

fn instances<'a>(lines: &'a Owned<'_>) -> impl Iterator<Item = &'a Instance> {
    lines.iter().filter_map(|(_, line)| line.class.what.instance())
}

fn listed<'a>(see: &Context<'a>, node: &Resource) -> Option<&'a CacheCluster> {
    see.inventory.cache_clusters.get(&node.account, &node.region, &node.id)
}

/// The replication group of a node: as the inventory says, else by its name, `GROUP-001` or `GROUP-0001-001`.
fn replication_group<'a>(see: &Context<'a>, node: &'a Resource) -> Option<&'a str> {
    if let Some(cluster) = listed(see, node) {
        return cluster.replication_group_id.as_deref();
    }
    let numbered = |name: &'a str, digits: usize| {
        let (group, number) = name.rsplit_once('-')?;
        (number.len() == digits && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(group)
    };
    let shard = numbered(short_id(&node.id), 3)?;
    Some(numbered(shard, 4).unwrap_or(shard))
}

/// The load of the busiest node; `None` without new connections. Memcached holds open some connections of its own.
fn load(see: &Context<'_>, target: &Target, memcached: bool, span: Span) -> Option<Load> {
    let sum = |name| see.busiest_day(target, "AWS/ElastiCache", name, span);
    let peak = |name| see.peak(target, "AWS/ElastiCache", name, span);
    let names = if memcached { ["GetHits", "GetMisses"] } else { ["CacheHits", "CacheMisses"] };
    Some(Load {
        new_connections: sum("NewConnections")?,
        engine_cpu: peak("EngineCPUUtilization").filter(|_| !memcached),
        lookups: sum(names[0]).zip(sum(names[1])).map(|(hits, misses)| hits + misses),
        connections: peak("CurrConnections").filter(|_| !memcached),
    })
}
