//! Fleets that run the same all day and all week, or nearly, though what they are for comes and goes by the clock.

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    by_clock::{Answer, Demand, Learned, Method, Outcome, Processors, Told, after, whole},
    fleet::{Fleet, by_workload},
    kept,
    schedule::{Action, Calls, Sizes},
};
use crate::{bill::Edit, sku::Service};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeasonalScaling {
    method: Method,
    processors: Processors,
    fixed_share: f64,
    trust: Trust,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    transactions_and_cpu: f64,
    transactions: f64,
    cpu: f64,
    short_hour_penalty: f64,
    ungrouped_penalty: f64,
}

impl Rule for SeasonalScaling {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        if !Demand::is_told(see) {
            return;
        }
        let fleets = by_workload(see, Fleet::all(see, Service::Ec2).collect()).into_iter();
        for fleet in fleets.filter(|fleet| fleet.is_live(see)) {
            out.extend(self.look(see, fleet));
        }
    }
}

impl SeasonalScaling {
    fn look(&self, see: &Context<'_>, fleet: Fleet<'_>) -> Option<Finding> {
        let sizes: BTreeSet<&str> = fleet.instances().map(|instance| instance.kind.size.as_str()).collect();
        if sizes.len() != 1 || kept::is_kept(see, &fleet, Service::Ec2) {
            return None;
        }
        let fleet = &fleet.with_hours(see);
        let (least, most) = (self.least(see, fleet), whole(fleet.most()));
        if most <= least {
            return None;
        }
        let demand = Demand::of(see, fleet, self.processors)?;
        match self.method.answer(see, fleet, &demand, [least, most]) {
            Answer::Nothing => None,
            Answer::Found(found) => {
                let finding = self.finding(see, fleet, &demand, &found.0, found.1);
                Some(match kept::cannot_stop(see, &fleet.target) {
                    Some(why) => finding.declined(why),
                    None => finding,
                })
            }
            Answer::Declined(why, Some(found)) => {
                Some(self.finding(see, fleet, &demand, &found.0, found.1).declined(why))
            }
            Answer::Declined(why, None) => Some(Finding::new(fleet.target.clone(), Aspect::Schedule).declined(why)),
        }
    }

    /// The least that must run: what the group is held at, unless that is all that ever ran; then one a zone.
    fn least(&self, see: &Context<'_>, fleet: &Fleet<'_>) -> u32 {
        let least = self.method.capacity.least;
        let Some(group) = listed(see, &fleet.target) else { return least };
        let size = group.min_size.and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
        let zones = u32::try_from(group.availability_zones.len()).unwrap_or(0);
        let fixed = f64::from(size) >= fleet.mean() * self.fixed_share;
        least.max(if fixed { zones } else { size })
    }

    fn finding(
        &self,
        see: &Context<'_>,
        fleet: &Fleet<'_>,
        demand: &Demand,
        learned: &Learned,
        test: Outcome,
    ) -> Finding {
        let Learned { each, week, .. } = learned;
        let actions = week.actions();
        let [least, most] = week.range();
        let words: Vec<String> = actions.iter().map(|action| format!("{}: {}", action.words(), action.level)).collect();
        let sure = match demand.told {
            Told::Load(_) => self.trust.cpu,
            Told::Both(..) => self.trust.transactions_and_cpu,
            Told::Transactions => self.trust.transactions,
        };
        let alone = if matches!(fleet.target, Target::Group { .. }) { 0.0 } else { self.trust.ungrouped_penalty };
        let (unit, scale) = if demand.is_load() { ("busy instances", 1.0) } else { ("1000 transactions", 1000.0) };
        let caps = week.caps(see.zone, see.facts.window.period);
        let finding = Finding::new(fleet.target.clone(), Aspect::Schedule)
            .edit(Edit::cap(fleet.members(), fleet.classes(see), caps))
            .states(
                State::new(format!("{:.1} instances on average", fleet.mean()))
                    .with("types", fleet.kinds())
                    .with("instances_mean", fleet.mean())
                    .with("instances_max", fleet.most()),
                State::new(format!("{least} to {most} instances in {} scheduled changes", actions.len()))
                    .with("time_zone", see.zone.name())
                    .with("instances_mean", after(see, fleet, week))
                    .with("changes", words)
                    .with("actions", Self::inputs(see, fleet, &actions)),
            )
            .confidence(sure - alone - f64::from(test.short) * self.trust.short_hour_penalty)
            .seen(Signal::Bill, &format!("instances_per_{}", unit.replace(' ', "_")), each * scale, "instances");
        self.method.seen(finding, demand, learned, test)
    }

    /// The inputs of the calls that set the changes up.
    fn inputs(see: &Context<'_>, fleet: &Fleet<'_>, actions: &[Action]) -> Value {
        let calls = Calls::about(see, &fleet.target);
        if matches!(fleet.target, Target::Group { .. }) {
            let most = listed(see, &fleet.target).and_then(|group| group.max_size);
            let most = most.unwrap_or(i64::from(whole(fleet.most())));
            let resize = |action: &Action| {
                let level = i64::from(action.level);
                let sizes = Sizes { least: level, wanted: level, most: Some(most.max(level)) };
                calls.resize(action, &format!("size-{}-{level}", action.time()), sizes)
            };
            return actions.iter().map(resize).collect();
        }
        let members = fleet.target.members().iter().map(|id| see.facts.resource(*id));
        let ids: Vec<&str> = members.filter(|member| see.is_recent(member)).map(|member| &*member.id).collect();
        let input = |action: &Action| {
            let (run, rest) = ids.split_at(usize::try_from(action.level).unwrap_or(0).min(ids.len()));
            // The lowest level starts none, the highest stops none.
            let starts = actions.iter().any(|other| other.level < action.level);
            let both = [("start", run), ("stop", rest)].into_iter();
            let some = both.filter(|(verb, ids)| !ids.is_empty() && (starts || *verb == "stop"));
            let call = |(verb, ids): (&str, &[&str])| {
                let called = format!("{verb}-{}-{}", action.time(), action.level);
                calls.call(action, &called, &format!("ec2:{verb}Instances"), &json!({"InstanceIds": ids}))
            };
            some.map(call).collect::<Vec<_>>()
        };
        actions.iter().flat_map(input).collect()
    }
}

/// The group as it is listed.
fn listed<'a>(see: &Context<'a>, target: &Target) -> Option<&'a crate::inventory::autoscaling::AutoScalingGroup> {
    let (account, region, name) = target.identity(see.facts);
    let group = matches!(target, Target::Group { .. });
    see.inventory.auto_scaling_groups.get(account, region, name).filter(|_| group)
}
