//! DynamoDB tables whose provisioned capacity stays while the workload's transactions come and go by the clock.

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    by_clock::{Answer, Demand, Learned, Method, Outcome, Told, after, whole},
    fleet::Fleet,
    schedule::Action,
    table::{Rates, Side, Table},
};
use crate::{bill::Edit, inventory::short_id, season::Hours};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DynamodbSchedule {
    method: Method,
    steady_within: f64,
    trust: Trust,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    transactions: f64,
    short_hour_penalty: f64,
    unlisted_penalty: f64,
}

/// A side of a table with its schedule.
struct Scheduled<'a> {
    side: &'a Side<'a>,
    fleet: Fleet<'a>,
    demand: Demand,
    learned: Learned,
    test: Outcome,
}

impl Rule for DynamodbSchedule {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        for table in Table::all(see, &Rates::of(see)) {
            let indexed = table.listed.is_some_and(|listed| !listed.global_secondary_indexes.is_empty());
            if !table.setting.requests && !table.partly_free && !indexed {
                out.extend(self.look(see, &table));
            }
        }
    }
}

impl DynamodbSchedule {
    fn look(&self, see: &Context<'_>, table: &Table<'_>) -> Option<Finding> {
        let (mut found, mut why) = (Vec::new(), None);
        // What is consumed says more: where that is known, another rule weighs capacity modes by it.
        for side in table.sides.iter().filter(|side| side.consumed.is_none()) {
            let Some(running) = self.provisioned(see, side) else { continue };
            let fleet = Fleet::of_units(Target::Resource(table.id), running, side.classes.clone());
            let Some(hours) = fleet.transactions(see) else { continue };
            let demand = Demand { hours, told: Told::Transactions };
            let range = [self.method.capacity.least, whole(fleet.most())];
            match self.method.answer(see, &fleet, &demand, range) {
                Answer::Nothing => {}
                Answer::Declined(told, _) => why = Some(told),
                Answer::Found(of) => {
                    let (learned, test) = *of;
                    found.push(Scheduled { side, fleet, demand, learned, test });
                }
            }
        }
        match (found.is_empty(), why) {
            (false, _) => Some(self.finding(see, table, &found)),
            (true, Some(why)) => Some(Finding::new(Target::Resource(table.id), Aspect::CapacityMode).declined(why)),
            (true, None) => None,
        }
    }

    /// Units by the hour of the period: hours are kept of all tables of a region together, so it must be the only one, or
    /// all of them steady.
    fn provisioned(&self, see: &Context<'_>, side: &Side<'_>) -> Option<Hours> {
        let period = see.facts.window.period;
        let mut sums = vec![0.0; usize::try_from(period.hours()).unwrap_or(0)];
        for day in side.classes.iter().flat_map(|class| see.facts.class_days.of_class(*class)) {
            for (hour, units) in (day.day.start().0..).zip(day.hours) {
                let at = usize::try_from(i64::from(hour) - i64::from(period.start.0)).ok();
                if let Some(sum) = at.and_then(|at| sums.get_mut(at)) {
                    *sum += units.to_f64();
                }
            }
        }
        let whole: f64 = sums.iter().sum();
        let (least, most) = sums.iter().fold((f64::MAX, 0.0_f64), |(a, b), sum| (a.min(*sum), b.max(*sum)));
        let share = side.quantity / whole;
        let known = (share - 1.0).abs() < 1e-6 || most - least <= most * self.steady_within;
        let values = sums.into_iter().map(|sum| Some(sum * share)).collect();
        (known && share.is_finite()).then_some(Hours { start: period.start, values })
    }

    fn finding(&self, see: &Context<'_>, table: &Table<'_>, sides: &[Scheduled<'_>]) -> Finding {
        let words = |of: &dyn Fn(&Scheduled<'_>) -> String| sides.iter().map(of).collect::<Vec<_>>().join(", ");
        let now = words(&|one| format!("{:.0} {} units", one.fleet.most(), one.word()));
        let range = |one: &Scheduled<'_>| {
            let [least, most] = one.learned.week.range();
            format!("{least} to {most} {} units by the clock", one.word())
        };
        let name = short_id(&table.resource.id);
        let actions: Value = sides.iter().flat_map(|one| one.inputs(see, name)).collect();
        let changes: Vec<String> = sides.iter().flat_map(Scheduled::changes).collect();
        let short: u32 = sides.iter().map(|one| one.test.short).max().unwrap_or(0);
        let unlisted = if table.listed.is_none() { self.trust.unlisted_penalty } else { 0.0 };
        let sure = self.trust.transactions - unlisted - f64::from(short) * self.trust.short_hour_penalty;
        let mut finding = Finding::new(Target::Resource(table.id), Aspect::CapacityMode)
            .states(
                State::new(now),
                State::new(words(&range))
                    .with("time_zone", see.zone.name())
                    .with("changes", changes)
                    .with("actions", actions),
            )
            .confidence(sure)
            .in_inventory(table.listed.is_some());
        for one in sides {
            let (word, each) = (one.word(), one.learned.each * 1000.0);
            let mean = after(see, &one.fleet, &one.learned.week);
            finding = finding
                .edit(Edit::cap(
                    one.fleet.members(),
                    one.side.classes.clone(),
                    one.learned.week.caps(see.zone, see.facts.window.period),
                ))
                .seen(Signal::Bill, &format!("provisioned_{word}_units_mean"), one.fleet.mean(), "units")
                .seen(Signal::Bill, &format!("scheduled_{word}_units_mean"), mean, "units")
                .seen(Signal::Bill, &format!("{word}_units_per_1000_transactions"), each, "units");
        }
        match sides.first() {
            Some(first) => self.method.seen(finding, &first.demand, &first.learned, first.test),
            None => finding,
        }
    }
}

impl Scheduled<'_> {
    fn word(&self) -> &'static str {
        if self.side.write { "write" } else { "read" }
    }

    fn changes(&self) -> Vec<String> {
        let change = |action: &Action| format!("{}: {} {} units", action.words(), action.level, self.word());
        self.learned.week.actions().iter().map(change).collect()
    }

    /// The inputs of the calls that make the side scalable and set the changes up.
    fn inputs(&self, see: &Context<'_>, table: &str) -> Vec<Value> {
        let [least, most] = self.learned.week.range();
        let dimension = if self.side.write { "WriteCapacityUnits" } else { "ReadCapacityUnits" };
        let target = json!({
            "ServiceNamespace": "dynamodb",
            "ResourceId": format!("table/{table}"),
            "ScalableDimension": format!("dynamodb:table:{dimension}"),
        });
        let with = |more: Value| {
            let mut input = target.clone();
            if let (Value::Object(input), Value::Object(more)) = (&mut input, more) {
                input.extend(more);
            }
            input
        };
        let action = |action: &Action| {
            with(json!({
                "ScheduledActionName": format!("{}-{:02}{:02}-{}", self.word(), action.hour, action.minute, action.level),
                "Schedule": action.aws_cron(),
                "Timezone": see.zone.name(),
                "ScalableTargetAction": {"MinCapacity": action.level, "MaxCapacity": action.level},
            }))
        };
        let register = with(json!({"MinCapacity": least, "MaxCapacity": most}));
        std::iter::once(register).chain(self.learned.week.actions().iter().map(action)).collect()
    }
}
