//! Interface VPC endpoints that are billed by the hour and carry almost nothing.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target, sum};
use crate::{
    bill::Edit,
    inventory::{Lookup, ec2::VpcEndpoint},
    sku::What,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleVpcEndpoint {
    look_back_days: i32,
    max_gb_per_day: f64,
    confidence_bill: f64,
    confidence_metrics: f64,
    capped_penalty: f64,
}

impl Rule for IdleVpcEndpoint {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (id, endpoint, hours) in see.resources_with(|what| *what == What::EndpointHours) {
            let known = match see.inventory.vpc_endpoints.find(&endpoint.account, &endpoint.region, &endpoint.id) {
                Lookup::Absent => continue,
                found => found.present(),
            };
            if known.is_some_and(|known| !is_yours(known)) {
                continue;
            }
            // An endpoint is billed once for each of its zones, so this is the traffic of a zone.
            let bytes = sum(&see.lines_of(endpoint, |what| *what == What::EndpointBytes)).quantity.to_f64();
            let hours = sum(&hours).quantity.to_f64();
            let per_day = if hours > 0.0 { bytes / hours * 24.0 } else { continue };
            if per_day >= self.max_gb_per_day || !see.older_than(endpoint, back.span) {
                continue;
            }
            let metric = ("AWS/PrivateLinkEndpoints", "BytesProcessed", "Sum");
            let any = see.points(endpoint, metric.0, metric.1, metric.2, back.span);
            if any.and_then(|any| any.per_day_max()).is_some_and(|most| most / 1e9 >= self.max_gb_per_day) {
                continue;
            }
            let all = see.metric(endpoint, metric.0, metric.1, metric.2, back.span).and_then(|all| all.per_day_max());
            let sure = if all.is_some() { self.confidence_metrics } else { self.confidence_bill };
            let mut current = State::new("interface endpoint").with("hours", hours);
            if let Some(service) = known.and_then(|known| known.service_name.as_deref()) {
                current = current.with("service", service);
            }
            let mut finding = Finding::new(Target::Resource(id), Aspect::Existence)
                .edit(Edit::stop(id))
                .states(current, State::new("deleted"))
                .seen(Signal::Bill, "endpoint_gb_per_day_and_zone", per_day, "GB/day")
                .seen(Signal::Rule, "max_gb_per_day", self.max_gb_per_day, "GB/day")
                .confidence(sure - if back.capped { self.capped_penalty } else { 0.0 })
                .in_inventory(known.is_some());
            if let Some(most) = all {
                finding = finding.seen(Signal::Metrics, "BytesProcessed_max_per_day", most, "bytes");
            }
            out.push(finding);
        }
    }
}

/// Whether it is an interface endpoint that its owner may delete: some belong to a service of AWS.
fn is_yours(endpoint: &VpcEndpoint) -> bool {
    let interface = endpoint.vpc_endpoint_type.as_deref().is_none_or(|kind| kind == "Interface");
    interface && endpoint.requester_managed != Some(true)
}
