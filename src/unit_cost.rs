//! What a transaction costs: the series, the trend, and how a change came about.
//!
//! Unit cost = cost / transactions, cost being effective (net where the export is) without tax, credit and refund.

mod outlook;

pub use outlook::{DayUnit, Outlook, Unknown, WeekUnit};

use crate::{
    facts::{Facts, Spend},
    money::{Money, Quantity},
    time::{Day, Span},
    transactions::Transactions,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// What one workload's transactions cost.
#[derive(Debug, Clone)]
pub struct WorkloadCost {
    /// The workload; `None` for cost without one.
    pub workload: Option<Arc<str>>,
    /// Cost of the period without tax, credit and refund.
    pub cost: Money,
    /// Tax, credit and refund of the period.
    pub apart: Money,
    /// Transactions of the period, and the cost of the days that they cover.
    pub covered: Option<Covered>,
    /// How the change between two stretches came about.
    pub effects: Option<Effects>,
    /// The class of the trend.
    pub trend: Trend,
    /// By day over everything read: cost, and transactions where a day has them whole.
    pub series: Vec<(Day, Money, Option<Quantity>)>,
}

/// How unit cost moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// A transaction costs less than before.
    Efficient,
    /// As much.
    Stagnant,
    /// More.
    Inefficient,
    /// Too little is known.
    InsufficientData,
}

/// Transactions and the cost of the days that they cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// All transactions of the period.
    pub transactions: Quantity,
    /// Those of days that are covered whole.
    pub whole: Quantity,
    /// The cost of those days.
    pub cost: Money,
}

impl Covered {
    /// Cost of a transaction; `None` without any.
    #[must_use]
    pub fn unit_cost(&self) -> Option<f64> {
        (self.whole.0 > 0).then(|| self.cost.to_f64() / self.whole.to_f64())
    }
}

/// Cost and transactions of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its hours.
    pub span: Span,
    /// Its cost.
    pub cost: Money,
    /// Its transactions.
    pub transactions: Quantity,
}

/// A change of cost, C1 - C0, split exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effects {
    /// The earlier stretch.
    pub from: Stretch,
    /// The later stretch.
    pub to: Stretch,
    /// C0 / T0 x (T1 - T0).
    pub volume: Money,
    /// The sum over usage classes of q1 x (p1 - p0); a class that is new has no old price and adds nothing.
    pub rate: Money,
    /// The rest: sum of p0 x q1 - C0 x T1 / T0.
    pub efficiency: Money,
}

/// Whether it has none, and the name of a workload: those without come last.
type Name = (bool, Option<Arc<str>>);

/// Places in the list of spend, by party.
type Places = Vec<Vec<u32>>;

/// Cost and usage of a class in a stretch.
type ByClass<'a> = BTreeMap<(&'a str, &'a str, &'a str, &'a str), (Money, Quantity)>;

/// The unit cost of every workload, in name order, cost without a workload last. The rows add up to the bill.
#[must_use]
pub fn unit_costs(facts: &Facts, transactions: Option<&Transactions>, tolerance: f64) -> Vec<WorkloadCost> {
    let mut by_workload: BTreeMap<Name, Places> = BTreeMap::new();
    let named = transactions.iter().flat_map(|all| all.workloads()).map(Arc::from);
    for workload in named {
        by_workload.entry((false, Some(workload))).or_default();
    }
    let mut counts = vec![0; facts.parties.len()];
    facts.spend.parties().for_each(|party| counts[party as usize] += 1);
    let mut of_party: Vec<Vec<u32>> = counts.into_iter().map(Vec::with_capacity).collect();
    (0u32..).zip(facts.spend.parties()).for_each(|(at, party)| of_party[party as usize].push(at));
    for (party, spend) in facts.parties.iter().zip(of_party).filter(|(_, spend)| !spend.is_empty()) {
        let workload = party.workload.clone();
        by_workload.entry((workload.is_none(), workload)).or_default().push(spend);
    }
    let stretches = stretches(facts);
    let one = |((_, workload), spend): (Name, Places)| {
        Workload { facts, transactions, spend, name: workload }.cost(stretches, tolerance)
    };
    by_workload.into_iter().map(one).collect()
}

/// The two stretches that are compared: the last two complete months read, else the second half of the period and the one
/// before it, in whole weeks.
fn stretches(facts: &Facts) -> Option<(Span, Span)> {
    if let [.., earlier, later] = facts.complete_months[..] {
        return Some((earlier, later));
    }
    let period = facts.window.period;
    let weeks = i32::try_from(period.hours() / (2 * 7 * 24)).ok()?;
    let half = weeks * 7 * 24;
    let middle = period.end.plus(-half);
    (weeks > 0).then(|| (Span::new(middle.plus(-half), middle), Span::new(middle, period.end)))
}

struct Workload<'a> {
    facts: &'a Facts,
    transactions: Option<&'a Transactions>,
    spend: Places,
    name: Option<Arc<str>>,
}

impl<'a> Workload<'a> {
    fn cost(self, stretches: Option<(Span, Span)>, tolerance: f64) -> WorkloadCost {
        let priced = || self.spend().filter(|spend| spend.priced);
        let apart = |spend: &Spend| self.facts.class(spend.class).line.is_apart();
        let cost = priced().filter(|spend| !apart(spend)).map(|spend| spend.costs.net).sum();
        let beside = priced().filter(apart).map(|spend| spend.costs.net).sum();
        let effects = stretches.and_then(|(from, to)| self.effects(from, to));
        WorkloadCost {
            cost,
            apart: beside,
            covered: self.covered(),
            trend: trend(effects.as_ref(), tolerance),
            effects,
            series: self.series(),
            workload: self.name,
        }
    }

    fn spend(&self) -> impl Iterator<Item = Spend> + '_ {
        self.spend.iter().flatten().map(|at| self.facts.spend.get(*at as usize))
    }

    /// Spend of running things: without tax, credit and refund.
    fn running(&self) -> impl Iterator<Item = Spend> + '_ {
        self.spend().filter(|spend| !self.facts.class(spend.class).line.is_apart())
    }

    /// Transactions of a day that is covered whole.
    fn whole_day(&self, day: Day) -> Option<Quantity> {
        let (count, hours) = *self.transactions?.by_day(self.name.as_deref()?).get(&day)?;
        (hours >= 24).then_some(count)
    }

    fn covered(&self) -> Option<Covered> {
        let period = self.facts.window.period;
        let (transactions, _) = self.transactions?.count(self.name.as_deref()?, period)?;
        let mut covered = Covered { transactions, whole: Quantity::ZERO, cost: Money::ZERO };
        let days: BTreeMap<Day, Quantity> =
            period.days().filter_map(|day| self.whole_day(day).map(|count| (day, count))).collect();
        covered.whole = days.values().copied().sum();
        covered.cost = self
            .running()
            .filter(|spend| spend.priced && days.contains_key(&spend.day))
            .map(|spend| spend.costs.net)
            .sum();
        Some(covered)
    }

    fn series(&self) -> Vec<(Day, Money, Option<Quantity>)> {
        let mut by_day: BTreeMap<Day, Money> = BTreeMap::new();
        for spend in self.running() {
            *by_day.entry(spend.day).or_default() += spend.costs.net;
        }
        by_day.into_iter().map(|(day, cost)| (day, cost, self.whole_day(day))).collect()
    }

    fn stretch(&self, span: Span) -> Option<(Stretch, ByClass<'a>)> {
        let transactions = span.days().map(|day| self.whole_day(day)).sum::<Option<Quantity>>()?;
        let mut classes = ByClass::new();
        let mut cost = Money::ZERO;
        let (first, last) = (span.start.day(), span.end.plus(-1).day());
        for spend in self.running().filter(|spend| first <= spend.day && spend.day <= last) {
            let class = self.facts.class(spend.class);
            let key = (&*class.product, &*class.usage_type, &*class.operation, &*class.region);
            let sum = classes.entry(key).or_default();
            *sum = (sum.0 + spend.costs.net, sum.1 + spend.costs.quantity);
            cost += spend.costs.net;
        }
        Some((Stretch { span, cost, transactions }, classes))
    }

    fn effects(&self, from: Span, to: Span) -> Option<Effects> {
        let ((from, old), (to, new)) = (self.stretch(from)?, self.stretch(to)?);
        if from.transactions.0 <= 0 || to.transactions.0 <= 0 {
            return None;
        }
        let grown = to.transactions - from.transactions;
        let volume = from.cost.ratio(grown.0, from.transactions.0);
        let priced = new.iter().filter_map(|(class, (cost, quantity))| {
            let (old_cost, old_quantity) = old.get(class)?;
            (old_quantity.0 > 0).then(|| *cost - old_cost.ratio(quantity.0, old_quantity.0))
        });
        let rate: Money = priced.sum();
        let efficiency = to.cost - from.cost - volume - rate;
        Some(Effects { from, to, volume, rate, efficiency })
    }
}

fn trend(effects: Option<&Effects>, tolerance: f64) -> Trend {
    let Some(effects) = effects else { return Trend::InsufficientData };
    let unit = |stretch: &Stretch| stretch.cost.to_f64() / stretch.transactions.to_f64();
    let (before, after) = (unit(&effects.from), unit(&effects.to));
    if before <= 0.0 {
        return Trend::InsufficientData;
    }
    let change = ((after / before - 1.0) * 1e9).round() / 1e9;
    if change < -tolerance {
        Trend::Efficient
    } else if change > tolerance {
        Trend::Inefficient
    } else {
        Trend::Stagnant
    }
}
