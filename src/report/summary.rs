//! Cost and savings by module, service, account and owner. Every side adds up to the totals, to the last millionth.

use super::model::{Amount, Summary, SummaryRow};
use crate::{
    facts::{Cost, Facts, ResourceId},
    money::Money,
    plan::{Plan, Step},
    rules::Ready,
    time::MONTH_HOURS,
};
use std::collections::{BTreeMap, BTreeSet};

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
    steps: BTreeSet<usize>,
}

type Side<'a> = BTreeMap<Option<&'a str>, Sum>;

/// All sides.
pub(super) fn summary(facts: &Facts, plan: &Plan, rules: &[Ready]) -> Summary {
    let hours = facts.window.period.hours();
    Summary {
        by_module: rows(by_module(facts, plan, rules), hours),
        by_service: rows(by_class(facts, plan, |class| &class.product), hours),
        by_account: rows(by_class(facts, plan, |class| &class.account), hours),
        by_owner: rows(by_owner(facts, plan), hours),
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
        recommendations: sum.steps.len(),
    };
    sums.into_iter().map(row).collect()
}

fn all_cost(facts: &Facts) -> Money {
    facts.priced().map(|spend| spend.costs.net).sum()
}

fn by_module<'a>(facts: &Facts, plan: &Plan, rules: &'a [Ready]) -> Side<'a> {
    let mut side = Side::new();
    let mut counted: BTreeSet<(ResourceId, crate::facts::ClassId)> = BTreeSet::new();
    let mut rest = all_cost(facts);
    for (at, step) in plan.steps.iter().enumerate() {
        let sum = side.entry(Some(rules[step.rule].text.module.name())).or_default();
        sum.steps.insert(at);
        for change in &step.changes {
            sum.saving += change.saving.net;
            if counted.insert((change.resource, change.class)) {
                let billed = plan.before.items_of(change.resource).iter().find(|item| item.class == change.class);
                let cost = billed.map_or(Money::ZERO, |item| item.billed.net);
                sum.cost += cost;
                rest -= cost;
            }
        }
    }
    side.entry(None).or_default().cost += rest;
    side
}

fn by_class<'a>(facts: &'a Facts, plan: &Plan, name: impl Fn(&'a crate::facts::Class) -> &'a str) -> Side<'a> {
    let mut side = Side::new();
    let key = |class| Some(name(facts.class(class))).filter(|name| !name.is_empty());
    for spend in facts.priced() {
        side.entry(key(spend.class)).or_default().cost += spend.costs.net;
    }
    each_change(plan, |at, resource_class, saving| {
        let sum = side.entry(key(resource_class.1)).or_default();
        sum.saving += saving.net;
        sum.steps.insert(at);
    });
    side
}

fn by_owner<'a>(facts: &'a Facts, plan: &Plan) -> Side<'a> {
    let mut side = Side::new();
    for spend in facts.priced() {
        let owner = facts.parties[spend.party as usize].owner.as_deref();
        side.entry(owner).or_default().cost += spend.costs.net;
    }
    each_change(plan, |at, (resource, _), saving| {
        let owner = facts.resource(resource).party.owner.as_deref();
        let sum = side.entry(owner).or_default();
        sum.saving += saving.net;
        sum.steps.insert(at);
    });
    side
}

fn each_change(plan: &Plan, mut add: impl FnMut(usize, (ResourceId, crate::facts::ClassId), Cost)) {
    for (at, step) in plan.steps.iter().enumerate() {
        let Step { changes, .. } = step;
        for change in changes {
            add(at, (change.resource, change.class), change.saving);
        }
    }
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
