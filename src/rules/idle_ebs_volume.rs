//! EBS volumes that are attached to nothing, or only to instances that have long been stopped.

use super::{Aspect, Context, Finding, LookBack, Rule, Signal, State, Target};
use crate::{
    bill::Edit,
    facts::Resource,
    inventory::{
        ec2::{Instance, Volume},
        short_id, tag,
    },
    sku::{Service, What},
    time::{Hour, Span},
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleEbsVolume {
    look_back_days: i32,
    root_devices: Vec<String>,
    snapshot_usd_per_gb_month: f64,
    confidence_unattached: f64,
    confidence_stopped: f64,
    confidence_stopped_root: f64,
    quiet_bonus: f64,
    capped_penalty: f64,
}

/// The hour after the last one that an instance was billed for, by account and id.
type Ran<'a> = BTreeMap<(&'a str, &'a str), Hour>;

/// Why a volume serves nothing.
struct Idle<'a> {
    /// The stopped instances that it is attached to; none when it is attached to nothing.
    instances: Vec<&'a Instance>,
    /// How sure that makes.
    confidence: f64,
    /// Whether it is known for the whole look-back, even where the period is shorter.
    proven: bool,
}

impl Rule for IdleEbsVolume {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        let ran = instances_ran(see);
        for (id, resource, _) in see.resources_with(|what| matches!(what, What::Volume(_))) {
            let Some(volume) = see.inventory.volumes.get(&resource.account, &resource.region, &resource.id) else {
                continue;
            };
            let Some(idle) = self.idle(see, resource, volume, back, &ran) else { continue };
            if is_young(see, resource, volume, back.span) || operations(see, resource, back.span) {
                continue;
            }
            let quiet = is_quiet(see, resource, back.span);
            let penalty = if back.capped && !idle.proven { self.capped_penalty } else { 0.0 };
            let bonus = if quiet { self.quiet_bonus } else { 0.0 };
            let mut finding = Finding::new(Target::Resource(id), Aspect::Existence)
                .edit(Edit::stop(id))
                .states(state(volume, &idle), State::new("deleted, a final snapshot is kept"))
                .confidence(idle.confidence - penalty + bonus)
                .in_inventory(true)
                .seen(Signal::Bill, "first_to_last_billed", resource.seen.hours() / 24, "days");
            if idle.instances.is_empty() {
                finding = finding.seen(Signal::Inventory, "attached_to", "nothing", "");
            }
            for instance in &idle.instances {
                finding = finding.seen(Signal::Inventory, "attached_to", instance.instance_id.as_str(), "");
                if let Some(since) = instance.changed_at() {
                    finding = finding.seen(Signal::Inventory, "stopped_since", since.hour().rfc3339(), "");
                }
            }
            if quiet {
                finding = finding.seen(Signal::Metrics, "read_and_write_operations", 0, "");
            }
            out.push(self.with_snapshot(see, volume, finding));
        }
    }
}

impl IdleEbsVolume {
    /// Why the volume serves nothing, if the inventory says so.
    fn idle<'a>(
        &self,
        see: &Context<'a>,
        resource: &Resource,
        volume: &Volume,
        back: LookBack,
        ran: &Ran<'_>,
    ) -> Option<Idle<'a>> {
        if volume.attachments.is_empty() {
            let free = volume.state.as_deref() == Some("available");
            return free.then(|| Idle { instances: vec![], confidence: self.confidence_unattached, proven: false });
        }
        let asked = see.as_of.plus(self.look_back_days.saturating_mul(-24));
        let (mut instances, mut proven, mut root) = (Vec::new(), true, false);
        for attachment in &volume.attachments {
            let id = attachment.instance_id.as_deref()?;
            let instance = see.inventory.instances.get(&resource.account, &resource.region, id)?;
            // A group keeps stopped instances ready in its warm pool.
            if tag(&instance.tags, "aws:autoscaling:groupName").is_some() {
                return None;
            }
            let since = instance.changed_at().map(|at| at.hour());
            let ran_lately = ran.get(&(&*resource.account, id)).is_some_and(|end| *end > back.span.start);
            if instance.state.name != "stopped" || ran_lately || since.is_some_and(|since| since > back.span.start) {
                return None;
            }
            proven &= since.is_some_and(|since| since <= asked);
            root |= self.is_root(instance, &volume.volume_id);
            instances.push(instance);
        }
        let confidence = if root { self.confidence_stopped_root } else { self.confidence_stopped };
        Some(Idle { instances, confidence, proven })
    }

    /// Whether the instance starts from the volume; where its root volume is not known, any of its volumes is taken for it.
    fn is_root(&self, instance: &Instance, volume: &str) -> bool {
        let is_root = |name: &str| self.root_devices.iter().any(|root| root == name);
        let mut devices = instance.block_device_mappings.iter();
        let root = devices.find(|device| device.device_name.as_deref().is_some_and(is_root));
        let root = root.and_then(|device| device.ebs.as_ref()?.volume_id.as_deref());
        root.is_none_or(|root| root == volume)
    }

    /// Tells what a snapshot of the whole volume would cost; the price is in US dollars.
    fn with_snapshot(&self, see: &Context<'_>, volume: &Volume, finding: Finding) -> Finding {
        let Some(size) = volume.size.filter(|_| &*see.facts.currency == "USD") else { return finding };
        #[expect(clippy::cast_precision_loss, reason = "GiB of a volume")]
        let cost = size as f64 * self.snapshot_usd_per_gb_month;
        finding.seen(Signal::Rule, "final_snapshot_monthly_cost", cost, "USD")
    }
}

/// When every EC2 instance of the period ran last.
fn instances_ran<'a>(see: &Context<'a>) -> Ran<'a> {
    let is_ec2 = |what: &What| what.instance().is_some_and(|instance| instance.service == Service::Ec2);
    let ran = see.resources_with(is_ec2);
    ran.map(|(_, resource, _)| ((&*resource.account, short_id(&resource.id)), resource.seen.end)).collect()
}

fn is_young(see: &Context<'_>, resource: &Resource, volume: &Volume, span: Span) -> bool {
    !see.older_than(resource, span) || volume.create_time.is_some_and(|made| made.hour() >= span.start.plus(24))
}

const OPERATIONS: [&str; 2] = ["VolumeReadOps", "VolumeWriteOps"];

/// Whether anything was read or written: then it was attached to something that ran.
fn operations(see: &Context<'_>, resource: &Resource, span: Span) -> bool {
    let most = |name| see.points(resource, "AWS/EBS", name, "Sum", span).and_then(|points| points.max());
    OPERATIONS.into_iter().filter_map(most).any(|most| most > 0.0)
}

/// Whether metrics of the whole look-back show that nothing was read or written.
fn is_quiet(see: &Context<'_>, resource: &Resource, span: Span) -> bool {
    OPERATIONS.into_iter().all(|name| see.metric(resource, "AWS/EBS", name, "Sum", span).is_some())
}

fn state(volume: &Volume, idle: &Idle<'_>) -> State {
    let kind = volume.volume_type.as_deref().unwrap_or("EBS");
    let by = if idle.instances.is_empty() { "attached to nothing" } else { "stopped instance" };
    let state = State::new(format!("{kind} volume, {by}"));
    match volume.size {
        Some(size) => state.with("size_gib", size),
        None => state,
    }
}
