//! SageMaker endpoints that nobody invokes.

use super::{Aspect, Context, Finding, Owned, Rule, Signal, State, Target, sum};
use crate::{
    inventory::sagemaker::Endpoint,
    sku::{Service, What},
    time::Span,
};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleSagemakerEndpoint {
    look_back_days: i32,
    max_invocations_per_day: f64,
    confidence: f64,
    unlisted_penalty: f64,
    capped_penalty: f64,
}

impl Rule for IdleSagemakerEndpoint {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (target, lines) in see.targets_through(back.span, is_endpoint, |_| None) {
            let listed = listed(see, &target);
            if listed.is_some_and(|endpoint| is_fresh_or_gone(endpoint, back.span)) {
                continue;
            }
            let Some(invocations) = see.busiest_day(&target, "AWS/SageMaker", "Invocations", back.span) else {
                continue;
            };
            if invocations > self.max_invocations_per_day {
                continue;
            }
            let penalty = if listed.is_some() { 0.0 } else { self.unlisted_penalty };
            let penalty = penalty + if back.capped { self.capped_penalty } else { 0.0 };
            let deletion = see.deletion(&target);
            out.push(
                Finding::new(target, Aspect::Existence)
                    .edit(deletion)
                    .states(current(&lines), State::new("deleted"))
                    .seen(Signal::Metrics, "Invocations_max_per_day", invocations, "invocations/day")
                    .seen(Signal::Rule, "max_invocations_per_day", self.max_invocations_per_day, "invocations/day")
                    .confidence(self.confidence - penalty)
                    .in_inventory(listed.is_some()),
            );
        }
    }
}

fn is_endpoint(what: &What) -> bool {
    what.instance().is_some_and(|instance| instance.service == Service::SageMakerEndpoint)
}

fn listed<'a>(see: &Context<'a>, target: &Target) -> Option<&'a Endpoint> {
    let endpoint = see.facts.resource(*target.members().first()?);
    see.inventory.endpoints.get(&endpoint.account, &endpoint.region, &endpoint.id)
}

/// Whether it was changed in the look-back (a new model is given time), or is being deleted.
fn is_fresh_or_gone(endpoint: &Endpoint, span: Span) -> bool {
    let changed = endpoint.last_modified_time.or(endpoint.creation_time);
    changed.is_some_and(|at| at.hour() >= span.start) || endpoint.endpoint_status.as_deref() == Some("Deleting")
}

/// The instance types behind it.
fn current(lines: &Owned<'_>) -> State {
    let kinds =
        lines.iter().filter_map(|(_, line)| line.class.what.instance()).map(|instance| instance.kind.to_string());
    let kinds: BTreeSet<String> = kinds.collect();
    let lines: Vec<_> = lines.iter().map(|(_, line)| *line).collect();
    State::new(kinds.into_iter().collect::<Vec<_>>().join(", ")).with("instance_hours", sum(&lines).quantity.to_f64())
}
