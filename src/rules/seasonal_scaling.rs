//! Fleets that run the same all day and all week, or nearly, though what they are for comes and goes by the clock.

mod backtest;
mod capacity;

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    fleet::{Fleet, by_workload},
    schedule::{Action, Limits, Week},
};
use crate::{
    bill::Edit,
    season::{Figures, Hours, Season, Unknown},
    sku::Service,
    time::{Hour, Span},
};
use backtest::Backtest;
use capacity::{Capacity, Demand};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeasonalScaling {
    season: Figures,
    capacity: Capacity,
    schedule: Limits,
    backtest: Backtest,
    min_saving_percent: f64,
    managed_tags: Vec<String>,
    role: String,
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

/// A week for a fleet, and what it rests on.
struct Learned {
    season: Season,
    /// Instances for each unit of demand.
    each: f64,
    week: Week,
}

impl Rule for SeasonalScaling {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        for fleet in by_workload(see, Fleet::all(see, Service::Ec2)) {
            out.extend(self.look(see, &fleet));
        }
    }
}

impl SeasonalScaling {
    fn look(&self, see: &Context<'_>, fleet: &Fleet<'_>) -> Option<Finding> {
        let sizes: BTreeSet<&str> = fleet.instances().map(|instance| instance.kind.size.as_str()).collect();
        let first = fleet.target.members().first().map(|id| see.facts.resource(*id));
        let managed = |tag: &String| first.is_some_and(|member| member.tag(tag).is_some());
        let most = whole(fleet.most());
        let floor = self.floor(see, fleet);
        if fleet.has_spot() || sizes.len() != 1 || most <= floor || self.managed_tags.iter().any(managed) {
            return None;
        }
        let demand = Demand::of(see, fleet)?;
        let period = see.facts.window.period;
        let kept = self.backtest.span(period);
        let before = match self.learn(see, fleet, &demand, kept.start, [floor, most]) {
            Ok(learned) => learned,
            Err(unknown) => return declined(fleet, &demand, unknown),
        };
        if before.week.is_constant() {
            return None;
        }
        if !self.capacity.follows(fleet, &demand.hours) {
            let why = format!("how many run does not follow its {}: something else needs them", demand.name());
            return Some(Finding::new(fleet.target.clone(), Aspect::Schedule).declined(why));
        }
        let test = self.backtest.check(see.zone, fleet, &demand.hours, &before)?;
        let learned = self.learn(see, fleet, &demand, period.end, [floor, most]).ok()?;
        let after = after(see, fleet, &learned.week);
        if learned.week.is_constant() || after > fleet.mean() * (1.0 - self.min_saving_percent / 100.0) {
            return None;
        }
        let finding = self.finding(see, fleet, &demand, &learned, test);
        if self.backtest.fails(test) {
            let why = format!(
                "in {} of the last {} hours demand would have been above the schedule that the weeks before suggest",
                test.short, test.known
            );
            return Some(finding.declined(why));
        }
        Some(finding)
    }

    /// The week that demand before a moment suggests.
    fn learn(
        &self,
        see: &Context<'_>,
        fleet: &Fleet<'_>,
        demand: &Demand,
        until: Hour,
        [floor, most]: [u32; 2],
    ) -> Result<Learned, Unknown> {
        let known = demand.hours.cut(Span::new(demand.hours.start, until));
        let season = Season::learn(&known, see.zone, &self.season)?;
        let unknown = Unknown::NoSeason { skill: season.skill, strength: Some(season.strength) };
        let each = self.capacity.each(fleet, demand, &season, until).ok_or(unknown)?;
        let need = |wanted: &f64| whole(wanted * each * self.capacity.headroom).clamp(floor, most);
        let need: Vec<u32> = season.need.iter().map(need).collect();
        let week = Week::simplest(&need, most, &self.schedule);
        Ok(Learned { season, each, week })
    }

    /// The least that must run: what the group is held at, unless that is all that ever ran; then one a zone.
    fn floor(&self, see: &Context<'_>, fleet: &Fleet<'_>) -> u32 {
        let least = self.capacity.min_instances;
        let Some(group) = listed(see, &fleet.target) else { return least };
        let size = group.min_size.and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
        let zones = u32::try_from(group.availability_zones.len()).unwrap_or(0);
        let fixed = f64::from(size) >= fleet.mean() * self.capacity.fixed_share;
        least.max(if fixed { zones } else { size })
    }

    fn finding(
        &self,
        see: &Context<'_>,
        fleet: &Fleet<'_>,
        demand: &Demand,
        learned: &Learned,
        test: backtest::Outcome,
    ) -> Finding {
        let Learned { season, each, week } = learned;
        let actions = week.actions();
        let [least, most] = week.range();
        let words: Vec<String> = actions.iter().map(|action| format!("{}: {}", action.words(), action.level)).collect();
        let sure = match demand {
            Demand { from_load: true, .. } => self.trust.cpu,
            Demand { load: Some(_), .. } => self.trust.transactions_and_cpu,
            Demand { .. } => self.trust.transactions,
        };
        let alone = if matches!(fleet.target, Target::Group { .. }) { 0.0 } else { self.trust.ungrouped_penalty };
        let signal = if demand.from_load { Signal::Metrics } else { Signal::Bill };
        let (unit, scale) = if demand.from_load { ("busy instances", 1.0) } else { ("1000 transactions", 1000.0) };
        let caps = week.caps(see.zone, see.facts.window.period);
        Finding::new(fleet.target.clone(), Aspect::Schedule)
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
                    .with("actions", self.inputs(see, fleet, &actions)),
            )
            .confidence(sure - alone - f64::from(test.short) * self.trust.short_hour_penalty)
            .seen(signal, "follows", demand.name(), "")
            .seen(signal, "season", season.kind.name(), "")
            .seen(signal, "season_strength", season.strength, "")
            .seen(signal, "week_foretold_by_others", season.skill, "")
            .seen(signal, "hours_learned_from", season.hours, "hours")
            .seen(signal, "hours_left_out_as_exceptions", season.outliers, "hours")
            .seen(signal, "growth_per_week", season.growth * 100.0, "%")
            .seen(Signal::Bill, &format!("instances_per_{}", unit.replace(' ', "_")), each * scale, "instances")
            .seen(Signal::Rule, "headroom", self.capacity.headroom, "")
            .seen(Signal::Bill, "backtest_hours", test.known, "hours")
            .seen(Signal::Bill, "backtest_hours_short", test.short, "hours")
    }

    /// The inputs of the calls that set the changes up.
    fn inputs(&self, see: &Context<'_>, fleet: &Fleet<'_>, actions: &[Action]) -> Value {
        let (account, _, name) = fleet.target.identity(see.facts);
        let most = listed(see, &fleet.target).and_then(|group| group.max_size);
        let most = most.unwrap_or(i64::from(whole(fleet.most())));
        let last = see.facts.window.period.end.plus(-48);
        let members = fleet.target.members().iter().map(|id| see.facts.resource(*id));
        let ids: Vec<&str> = members.filter(|member| member.seen.end > last).map(|member| &*member.id).collect();
        let input = |action: &Action| {
            let at = format!("{:02}{:02}-{}", action.hour, action.minute, action.level);
            if matches!(fleet.target, Target::Group { .. }) {
                return vec![json!({
                    "AutoScalingGroupName": name,
                    "ScheduledActionName": format!("size-{at}"),
                    "Recurrence": action.unix_cron(),
                    "TimeZone": see.zone.name(),
                    "MinSize": action.level,
                    "MaxSize": most.max(i64::from(action.level)),
                    "DesiredCapacity": action.level,
                })];
            }
            let (run, rest) = ids.split_at(usize::try_from(action.level).unwrap_or(0).min(ids.len()));
            let call = |(verb, ids): (&str, &[&str])| {
                json!({
                    "Name": format!("{verb}-{at}"),
                    "ScheduleExpression": action.aws_cron(),
                    "ScheduleExpressionTimezone": see.zone.name(),
                    "FlexibleTimeWindow": {"Mode": "OFF"},
                    "Target": {
                        "Arn": format!("arn:aws:scheduler:::aws-sdk:ec2:{verb}Instances"),
                        "RoleArn": format!("arn:aws:iam::{account}:role/{}", self.role),
                        "Input": json!({"InstanceIds": ids}).to_string(),
                    },
                })
            };
            // The lowest level starts none, the highest stops none.
            let starts = actions.iter().any(|other| other.level < action.level);
            let calls = [("start", run), ("stop", rest)];
            calls.into_iter().filter(|(verb, ids)| !ids.is_empty() && (starts || *verb == "stop")).map(call).collect()
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

/// How many would run on average.
fn after(see: &Context<'_>, fleet: &Fleet<'_>, week: &Week) -> f64 {
    let left = fleet.hours().map(|(hour, ran)| ran.min(week.during(see.zone, hour)));
    left.sum::<f64>() / fleet.running.values.len().max(1) as f64
}

/// Whole instances that hold so many.
fn whole(instances: f64) -> u32 {
    (instances - 1e-9).ceil().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// Too short a window and gaps are told; that there is no season is nothing to tell.
fn declined(fleet: &Fleet<'_>, demand: &Demand, unknown: Unknown) -> Option<Finding> {
    let name = demand.name();
    let why = match unknown {
        Unknown::NoSeason { .. } => return None,
        Unknown::TooShort { hours, least } => format!(
            "its {name} are known for {hours} hours before the week that is kept for the check: a season takes {least}"
        ),
        Unknown::Gaps { known } => {
            format!("its {name} are known in {:.0} % of the hours: too few for a season", known * 100.0)
        }
    };
    Some(Finding::new(fleet.target.clone(), Aspect::Schedule).declined(why))
}

impl Demand {
    /// The demand in a word.
    fn name(&self) -> &'static str {
        if self.from_load { "busy processors" } else { "transactions" }
    }
}

/// Values of both that are known in the same hour.
fn pairs<'h>(fleet: &'h Fleet<'_>, other: &'h Hours) -> impl Iterator<Item = (Hour, f64, f64)> + 'h {
    fleet.hours().filter_map(|(hour, ran)| Some((hour, ran, other.at(hour)?)))
}
