//! Cost and savings by module, service, account and owner. Every side adds up to the totals, to the last millionth.

use super::model::{Amount, Summary, SummaryRow};
use crate::{
    bill::saving,
    facts::{Class, ClassId, Facts},
    money::Money,
    parallel::at_once,
    plan::Plan,
    rules::Ready,
    time::MONTH_HOURS,
};
use std::collections::BTreeMap;

/// Rounds parts of a sum so that the rounded parts add up to the rounded sum: levels are rounded, then subtracted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rounder {
    sum: Money,
    level: i128,
}

impl Rounder {
    /// A rounder whose parts begin at a level.
    pub(super) fn from(sum: Money) -> Self {
        Self { sum, level: sum.micros() }
    }

    /// The next part, rounded.
    pub(super) fn next(&mut self, part: Money) -> Amount {
        self.sum += part;
        let level = self.sum.micros();
        let amount = Amount::of(Money::from_micros(level - self.level));
        self.level = level;
        amount
    }
}

/// Period money as money of a month of 730 hours.
pub(super) fn monthly(money: Money, period_hours: i64) -> Money {
    money.ratio(MONTH_HOURS.into(), period_hours.into())
}

#[derive(Default, Clone)]
struct Sum {
    cost: Money,
    saving: Money,
    steps: usize,
    /// The step that it was counted for last; they come in their order.
    last: Option<usize>,
}

impl Sum {
    fn save(&mut self, step: usize, saving: Money) {
        self.saving += saving;
        if self.last.replace(step) != Some(step) {
            self.steps += 1;
        }
    }
}

type Side<'a> = BTreeMap<Option<&'a str>, Sum>;

/// All sides.
pub(super) fn summary(facts: &Facts, plan: &Plan, rules: &[Ready]) -> Summary {
    let hours = facts.window.period.hours();
    let (by_module, by_owner) = (|| by_module(facts, plan, rules), || by_owner(facts, plan));
    let by_service = || by_class(facts, plan, |class| &class.product);
    let by_account = || by_class(facts, plan, |class| &class.account);
    let ((by_module, by_owner), (by_service, by_account)) =
        at_once(|| (by_module(), by_owner()), || (by_service(), by_account()));
    Summary {
        by_module: rows(by_module, hours),
        by_service: rows(by_service, hours),
        by_account: rows(by_account, hours),
        by_owner: rows(by_owner, hours),
        by_provider: if facts.classes.iter().any(|class| !class.is_aws()) {
            rows(by_class(facts, plan, |class| &class.provider), hours)
        } else {
            Vec::new()
        },
    }
}

/// The rows, those with a name first, in name order.
fn rows(side: Side<'_>, hours: i64) -> Vec<SummaryRow> {
    let (mut cost, mut saving, mut month) = (Rounder::default(), Rounder::default(), Rounder::default());
    let mut sums: Vec<_> = side.into_iter().collect();
    sums.sort_by_key(|(name, _)| name.is_none());
    let row = |(name, sum): (Option<&str>, Sum)| SummaryRow {
        name: name.map(str::to_owned),
        cost: cost.next(sum.cost),
        period_savings: saving.next(sum.saving),
        monthly_savings: month.next(monthly(sum.saving, hours)),
        recommendations: sum.steps,
    };
    sums.into_iter().map(row).collect()
}

fn by_module<'a>(facts: &Facts, plan: &Plan, rules: &'a [Ready]) -> Side<'a> {
    let mut side = Side::new();
    let mut rest: Money = facts.priced_classes.iter().map(|(_, costs)| costs.net).sum();
    for (at, step) in plan.steps.iter().enumerate() {
        let sum = side.entry(Some(rules[step.rule].text.module.name())).or_default();
        sum.save(at, step.saving().net);
        sum.cost += step.billed;
        rest -= step.billed;
    }
    side.entry(None).or_default().cost += rest;
    side
}

fn by_class<'a>(facts: &'a Facts, plan: &Plan, name: impl Fn(&'a Class) -> &'a str) -> Side<'a> {
    let key = |class| Some(name(facts.class(class))).filter(|name| !name.is_empty());
    let mut costs: BTreeMap<Option<&str>, Money> = BTreeMap::new();
    for (class, sums) in &facts.priced_classes {
        *costs.entry(key(*class)).or_default() += sums.net;
    }
    // By the number of the name of each class.
    let numbers: BTreeMap<Option<&str>, usize> = costs.keys().copied().zip(0..).collect();
    let of_class: Vec<Option<usize>> =
        (0u32..).map(ClassId).take(facts.classes.len()).map(|class| numbers.get(&key(class)).copied()).collect();
    let mut sums: Vec<Sum> = costs.values().map(|cost| Sum { cost: *cost, ..Sum::default() }).collect();
    for (at, step) in plan.steps.iter().enumerate() {
        for change in &step.changes {
            if let Some(number) = of_class[change.class.0 as usize] {
                sums[number].save(at, change.saving.net);
            }
        }
    }
    costs.into_keys().zip(sums).collect()
}

fn by_owner<'a>(facts: &'a Facts, plan: &Plan) -> Side<'a> {
    let mut by_party: Vec<Option<Money>> = vec![None; facts.parties.len()];
    let mut side = Side::new();
    for spend in facts.priced() {
        *by_party[spend.party as usize].get_or_insert_default() += spend.costs.net;
    }
    for (party, cost) in facts.parties.iter().zip(by_party) {
        let Some(cost) = cost else { continue };
        side.entry(party.owner.as_deref()).or_default().cost += cost;
    }
    for (at, step) in plan.steps.iter().enumerate() {
        for of_one in step.changes.chunk_by(|one, other| one.resource == other.resource) {
            let owner = facts.resource(of_one[0].resource).party.owner.as_deref();
            side.entry(owner).or_default().save(at, saving(of_one).net);
        }
    }
    side
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_parts_add_up_to_the_rounded_sum() {
        let part = Money(333_333_333_333); // a third
        let mut rounder = Rounder::default();
        let sum: f64 = (0..3).map(|_| rounder.next(part).0).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert_eq!(Amount::of(Money(999_999_999_999)), Amount(1.0));
    }
}
