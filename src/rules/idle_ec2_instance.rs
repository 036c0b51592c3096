//! EC2 instances, and whole Auto Scaling groups, whose processor and network stay idle.

use super::{Aspect, Context, Finding, LookBack, Owned, Rule, Signal, State, Target};
use crate::{
    bill::{Edit, Selection},
    facts::Resource,
    inventory::{Lookup, ec2},
    sku::{Instance, Purchase, Service, What},
};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleEc2Instance {
    look_back_days: i32,
    max_cpu_percent: f64,
    max_mb_per_day: f64,
    accelerated_families: Vec<String>,
    confidence: f64,
    unlisted_penalty: f64,
    capped_penalty: f64,
}

/// The greatest load of a target.
struct Load {
    cpu: f64,
    mb_per_day: f64,
}

impl Rule for IdleEc2Instance {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (target, lines) in see.targets_through(back.span, is_paid_by_the_instance, Resource::group) {
            let listed = listed(see, &target);
            if instances(&lines).any(|instance| self.is_accelerated(instance)) || is_kept(see, &target, &listed) {
                continue;
            }
            let Some(load) = load(see, &target, back) else { continue };
            if load.cpu < self.max_cpu_percent && load.mb_per_day < self.max_mb_per_day {
                out.push(self.finding(target, &lines, &load, back, !listed.is_empty()));
            }
        }
    }
}

impl IdleEc2Instance {
    /// Whether its work may run on an accelerator, where the processor's load says little.
    fn is_accelerated(&self, instance: &Instance) -> bool {
        let letters = instance.kind.family.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
        self.accelerated_families.iter().any(|family| family == letters)
    }

    fn finding(&self, target: Target, lines: &Owned<'_>, load: &Load, back: LookBack, listed: bool) -> Finding {
        let kinds: BTreeSet<String> = instances(lines).map(|instance| instance.kind.to_string()).collect();
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
        let spot = instances(lines).all(|instance| instance.purchase == Purchase::Spot);
        let (lone, members) = (matches!(target, Target::Resource(_)), target.members().to_vec());
        let after = match (lone, spot) {
            (true, false) => "stopped",
            (true, true) => "terminated",
            (false, _) => "scaled to zero",
        };
        let penalty = if listed { 0.0 } else { self.unlisted_penalty };
        let penalty = penalty + if back.capped { self.capped_penalty } else { 0.0 };
        Finding::new(target, Aspect::Existence)
            .states(State::new(kinds).with("instances", members.len()).with("spot", spot), State::new(after))
            .edit(Edit::Stop(Selection { resources: members, classes: None }))
            .seen(Signal::Metrics, "CPUUtilization_max", load.cpu, "%")
            .seen(Signal::Metrics, "NetworkIn_and_NetworkOut_max_per_day", load.mb_per_day, "MB/day")
            .seen(Signal::Rule, "max_cpu_percent", self.max_cpu_percent, "%")
            .seen(Signal::Rule, "max_mb_per_day", self.max_mb_per_day, "MB/day")
            .confidence(self.confidence - penalty)
            .in_inventory(lone && listed)
    }
}

/// Instance-hours that are paid as such: on a dedicated host it is the host that is paid.
fn is_paid_by_the_instance(what: &What) -> bool {
    what.instance().is_some_and(|instance| instance.service == Service::Ec2 && instance.purchase != Purchase::Host)
}

fn instances<'a>(lines: &'a Owned<'_>) -> impl Iterator<Item = &'a Instance> {
    lines.iter().filter_map(|(_, line)| line.class.what.instance())
}

/// The members that the inventory lists.
pub(super) fn listed<'a>(see: &Context<'a>, target: &Target) -> Vec<&'a ec2::Instance> {
    let members = target.members().iter().map(|id| see.facts.resource(*id));
    members.filter_map(|member| see.inventory.instances.get(&member.account, &member.region, &member.id)).collect()
}

/// Whether stopping it is done already or would free nothing: a capacity reservation is paid with or without it.
pub(super) fn is_kept(see: &Context<'_>, target: &Target, listed: &[&ec2::Instance]) -> bool {
    let runs = |instance: &&ec2::Instance| matches!(&*instance.state.name, "running" | "pending" | "");
    let reserved = |instance: &&ec2::Instance| instance.capacity_reservation_id.is_some();
    if listed.iter().any(reserved) {
        return true;
    }
    let Target::Resource(id) = target else { return false };
    let member = see.facts.resource(*id);
    match see.inventory.instances.find(&member.account, &member.region, &member.id) {
        Lookup::Present(instance) => !runs(&instance),
        Lookup::Absent => true,
        Lookup::NotCollected => false,
    }
}

/// The load of the busiest member; the two directions' busiest days are added up, whichever days they were.
fn load(see: &Context<'_>, target: &Target, back: LookBack) -> Option<Load> {
    let bytes = |name| see.busiest_day(target, "AWS/EC2", name, back.span);
    let cpu = see.peak(target, "AWS/EC2", "CPUUtilization", back.span)?;
    Some(Load { cpu, mb_per_day: (bytes("NetworkIn")? + bytes("NetworkOut")?) / 1e6 })
}
