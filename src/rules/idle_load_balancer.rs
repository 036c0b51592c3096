//! Load balancers that are billed by the hour and balance almost nothing.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target, sum};
use crate::{
    bill::Edit,
    facts::Resource,
    inventory::{Lookup, short_id},
    sku::{Balancer, What},
    time::Span,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdleLoadBalancer {
    look_back_days: i32,
    max_work_per_hour: f64,
    max_requests_per_day: f64,
    max_active_flows: f64,
    confidence_bill: f64,
    confidence_metrics: f64,
    confidence_targets: f64,
    confidence_both: f64,
    capped_penalty: f64,
}

/// What the metrics show.
enum Traffic {
    /// Enough to be in use.
    Busy,
    /// All of the look-back, with little in it: its name, how much at most, and the unit.
    Little(&'static str, f64, &'static str),
    /// Too little to tell.
    Unknown,
}

/// What stands behind a load balancer.
enum Behind {
    /// A target that may work.
    Working,
    /// None, and how that is known.
    Nothing(&'static str),
    /// The inventory does not tell.
    Unknown,
}

impl Rule for IdleLoadBalancer {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (id, balancer, hours) in see.resources_with(|what| matches!(what, What::BalancerHours(_))) {
            let Some(kind) = hours.iter().find_map(|line| match line.class.what {
                What::BalancerHours(kind) => Some(kind),
                _ => None,
            }) else {
                continue;
            };
            let work = sum(&see.lines_of(balancer, |what| matches!(what, What::BalancerWork(_)))).quantity.to_f64();
            let hours = sum(&hours).quantity.to_f64();
            let per_hour = if hours > 0.0 { work / hours } else { continue };
            if per_hour >= self.max_work_per_hour || !see.older_than(balancer, back.span) {
                continue;
            }
            let Some(listed) = listed(see, balancer, kind) else { continue };
            let behind = behind(see, balancer, kind);
            let traffic = self.traffic(see, balancer, kind, back.span);
            let sure = match (&traffic, &behind) {
                (Traffic::Busy, _) => continue,
                (Traffic::Little(..), Behind::Nothing(_)) => self.confidence_both,
                (Traffic::Little(..), _) => self.confidence_metrics,
                (Traffic::Unknown, Behind::Nothing(_)) => self.confidence_targets,
                (Traffic::Unknown, _) => self.confidence_bill,
            };
            let unit = if kind == Balancer::Classic { "GB/hour" } else { "LCU" };
            let mut finding = Finding::new(Target::Resource(id), Aspect::Existence)
                .edit(Edit::stop(id))
                .states(State::new(format!("{kind:?} Load Balancer")).with("hours", hours), State::new("deleted"))
                .seen(Signal::Bill, "work_per_hour", per_hour, unit)
                .seen(Signal::Rule, "max_work_per_hour", self.max_work_per_hour, unit)
                .confidence(sure - if back.capped { self.capped_penalty } else { 0.0 })
                .in_inventory(listed);
            if let Traffic::Little(name, most, unit) = traffic {
                finding = finding.seen(Signal::Metrics, name, most, unit);
            }
            if let Behind::Nothing(why) = behind {
                finding = finding.seen(Signal::Inventory, "behind_it", why, "");
            }
            out.push(finding);
        }
    }
}

impl IdleLoadBalancer {
    /// One busy day is enough to be in use; to be idle, the whole look-back must be known.
    fn traffic(&self, see: &Context<'_>, balancer: &Resource, kind: Balancer, span: Span) -> Traffic {
        let space = match kind {
            Balancer::Application => "AWS/ApplicationELB",
            Balancer::Network => "AWS/NetworkELB",
            Balancer::Gateway => "AWS/GatewayELB",
            Balancer::Classic => "AWS/ELB",
        };
        let by_flows = matches!(kind, Balancer::Network | Balancer::Gateway);
        let (metric, stat) = if by_flows { ("ActiveFlowCount", "Average") } else { ("RequestCount", "Sum") };
        let limit = if by_flows { self.max_active_flows } else { self.max_requests_per_day };
        let points = see.points(balancer, space, metric, stat, span);
        let most = points.and_then(|points| if by_flows { points.max() } else { points.per_day_max() });
        match most {
            Some(most) if most >= limit => Traffic::Busy,
            Some(most) if see.metric(balancer, space, metric, stat, span).is_some() => {
                if by_flows {
                    Traffic::Little("ActiveFlowCount_max", most, "flows")
                } else {
                    Traffic::Little("RequestCount_max_per_day", most, "requests")
                }
            }
            _ => Traffic::Unknown,
        }
    }
}

/// Whether the inventory lists it; `None` when it is known to be gone.
fn listed(see: &Context<'_>, balancer: &Resource, kind: Balancer) -> Option<bool> {
    fn there<T>(found: Lookup<'_, T>) -> Option<bool> {
        match found {
            Lookup::Present(_) => Some(true),
            Lookup::NotCollected => Some(false),
            Lookup::Absent => None,
        }
    }
    let (account, region, id) = (&balancer.account, &balancer.region, &balancer.id);
    match kind {
        Balancer::Classic => there(see.inventory.classic_load_balancers.find(account, region, id)),
        _ => there(see.inventory.load_balancers.find(account, region, id)),
    }
}

fn behind(see: &Context<'_>, balancer: &Resource, kind: Balancer) -> Behind {
    if kind != Balancer::Classic {
        return targets(see, balancer).unwrap_or(Behind::Unknown);
    }
    match see.inventory.classic_load_balancers.get(&balancer.account, &balancer.region, &balancer.id) {
        Some(known) if known.instances.is_empty() => Behind::Nothing("no instance is registered"),
        Some(_) => Behind::Working,
        None => Behind::Unknown,
    }
}

/// The state of the targets, if all target groups of the account and region and the targets of its own ones were listed.
fn targets(see: &Context<'_>, balancer: &Resource) -> Option<Behind> {
    let (account, region, id) = (&balancer.account, &balancer.region, short_id(&balancer.id));
    let groups = &see.inventory.target_groups;
    if !groups.covers(account, region) {
        return None;
    }
    let own = groups.iter().map(|(_, _, group)| group);
    let own = own.filter(|group| group.load_balancer_arns.iter().any(|arn| short_id(arn) == id));
    let health = own.map(|group| see.inventory.health_of(account, region, &group.target_group_arn));
    let health = health.collect::<Option<Vec<_>>>()?;
    let down = |state: &str| state == "unused" || state.starts_with("unhealthy");
    let mut states = health.iter().flat_map(|health| &health.targets).map(|target| target.target_health.state.as_str());
    Some(match (health.is_empty(), health.iter().all(|health| health.targets.is_empty())) {
        (true, _) => Behind::Nothing("no target group"),
        (_, true) => Behind::Nothing("no target is registered"),
        _ if states.all(down) => Behind::Nothing("no target is healthy"),
        _ => Behind::Working,
    })
}
