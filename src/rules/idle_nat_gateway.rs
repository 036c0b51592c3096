//! NAT gateways that are billed by the hour and carry almost nothing.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target, sum};
use crate::{bill::Edit, sku::What};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleNatGateway {
    look_back_days: i32,
    max_gb_per_day: f64,
    confidence_bill: f64,
    confidence_metrics: f64,
    capped_penalty: f64,
}

impl Rule for IdleNatGateway {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (id, gateway, hours) in see.resources_with(|what| *what == What::NatHours) {
            let bytes = sum(&see.lines_of(gateway, |what| *what == What::NatBytes)).quantity.to_f64();
            let hours = sum(&hours).quantity.to_f64();
            let per_day = if hours > 0.0 { bytes / hours * 24.0 } else { continue };
            if per_day >= self.max_gb_per_day || !see.older_than(gateway, back.span) {
                continue;
            }
            let sent = see.metric(gateway, "AWS/NATGateway", "BytesOutToDestination", "Sum", back.span);
            let sent = sent.and_then(|sent| sent.per_day_max());
            if sent.is_some_and(|sent| sent / 1e9 >= self.max_gb_per_day) {
                continue;
            }
            let sure = if sent.is_some() { self.confidence_metrics } else { self.confidence_bill };
            let listed = see.inventory.nat_gateways.get(&gateway.account, &gateway.region, &gateway.id).is_some();
            let mut finding = Finding::new(Target::Resource(id), Aspect::Existence)
                .edit(Edit::stop(id))
                .states(State::new("NAT gateway").with("hours", hours), State::new("deleted"))
                .seen(Signal::Bill, "nat_gateway_gb_per_day", per_day, "GB/day")
                .seen(Signal::Rule, "max_gb_per_day", self.max_gb_per_day, "GB/day")
                .confidence(sure - if back.capped { self.capped_penalty } else { 0.0 })
                .in_inventory(listed);
            if let Some(sent) = sent {
                finding = finding.seen(Signal::Metrics, "BytesOutToDestination_max_per_day", sent, "bytes");
            }
            out.push(finding);
        }
    }
}
