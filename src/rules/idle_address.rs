//! Elastic IP addresses that are billed as idle nearly all the time.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target, sum};
use crate::{
    bill::Edit,
    facts::Resource,
    inventory::{Lookup, ec2::Address, short_id},
    sku::What,
    time::Span,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleAddress {
    look_back_days: i32,
    min_idle_share: f64,
    confidence_bill: f64,
    confidence_inventory: f64,
    capped_penalty: f64,
}

impl Rule for IdleAddress {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (id, address, idle) in see.resources_with(|what| *what == What::AddressIdle) {
            let share = idle_share(see, address, sum(&idle).quantity.to_f64());
            if share < self.min_idle_share || !see.older_than(address, back.span) {
                continue;
            }
            let known = match find(see, address) {
                Lookup::Absent => continue,
                found => found.present(),
            };
            if known.is_some_and(|known| !is_free(known)) {
                continue;
            }
            let sure = if known.is_some() { self.confidence_inventory } else { self.confidence_bill };
            let mut current = State::new("idle Elastic IP address");
            let mut finding = Finding::new(Target::Resource(id), Aspect::Existence)
                .edit(Edit::stop_classes(id, idle.iter().map(|line| line.id).collect()))
                .seen(Signal::Bill, "idle_share_of_hours", share, "share")
                .seen(Signal::Rule, "min_idle_share", self.min_idle_share, "share")
                .confidence(sure - if back.capped { self.capped_penalty } else { 0.0 })
                .in_inventory(known.is_some());
            if let Some(known) = known {
                finding = finding.seen(Signal::Inventory, "associated_with", "nothing", "");
                current = current.with("public_ip", known.public_ip.as_deref().unwrap_or_default());
            }
            out.push(finding.states(current, State::new("released")));
        }
    }
}

/// The share of the hours since the address was first seen in the period in which it was idle.
fn idle_share(see: &Context<'_>, address: &Resource, idle: f64) -> f64 {
    let period = see.facts.window.period;
    #[expect(clippy::cast_precision_loss, reason = "hours of a period")]
    let hours = Span::new(address.seen.start.max(period.start), period.end).hours() as f64;
    if hours > 0.0 { idle / hours } else { 0.0 }
}

/// The address in the inventory: bills name the allocation, seldom the address itself.
fn find<'a>(see: &Context<'a>, address: &Resource) -> Lookup<'a, Address> {
    let addresses = &see.inventory.addresses;
    let id = short_id(&address.id);
    let is_it = |known: &&Address| known.public_ip.as_deref() == Some(id);
    match addresses.iter().map(|(_, _, known)| known).find(is_it) {
        Some(known) => Lookup::Present(known),
        None => addresses.find(&address.account, &address.region, id),
    }
}

/// Whether it is associated with nothing today and is not looked after by a service of AWS.
fn is_free(address: &Address) -> bool {
    let used = [&address.association_id, &address.instance_id, &address.network_interface_id];
    let of_service = address.service_managed.as_deref().is_some_and(|service| !service.is_empty());
    !of_service && used.into_iter().all(|by| by.as_deref().is_none_or(str::is_empty))
}
