//! Workloads that call more for each transaction than they did in their own best week.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target};
use crate::{
    bill::Edit,
    facts::{Class, ClassId, Granularity, Party, Resource, ResourceId},
    money::Money,
    sku::is_usage,
    time::{Day, Span},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Days of a week.
const WEEK: usize = 7;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiCalls {
    least_days: usize,
    kept_share: f64,
    least_believable: f64,
    least_transactions: f64,
    min_excess_percent: f64,
    top: usize,
    confidence: f64,
    calls: Vec<Call>,
}

/// A kind of call, by the service and the usage types that count it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    service: String,
    /// Usage types, without what stands before them and a hyphen.
    usages: Vec<String>,
}

/// A day of a workload: calls of one kind and transactions; these are `None` where they are not known whole.
#[derive(Clone, Copy)]
struct CallDay {
    day: Day,
    calls: f64,
    transactions: Option<f64>,
}

/// The level that a workload's calls a transaction kept to in its best week.
#[derive(Clone, Copy)]
struct Best {
    per_transaction: f64,
    from: Day,
    transactions_a_day: f64,
}

/// A kind of call of a workload, above its best.
struct Excess<'a> {
    /// Its place among the kinds, and its name.
    kind: usize,
    name: &'a str,
    best: Best,
    calls: f64,
    cost: Money,
    per_transaction: f64,
    /// Calls that would be left / calls of the period.
    left: f64,
}

impl Rule for ApiCalls {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let Some(transactions) = see.transactions else { return };
        if see.facts.granularity == Granularity::Monthly {
            return;
        }
        let days: Vec<Day> = see.facts.read.days().filter(|day| is_whole(see.facts.read, *day)).collect();
        let mut spend = self.spend(see);
        for workload in transactions.workloads() {
            let counts = transactions.by_day(workload);
            let known = |day: &Day| counts.get(day).filter(|(_, hours)| *hours >= 24).map(|(count, _)| count.to_f64());
            let mut all: Vec<Excess<'_>> = Vec::new();
            let by_call = spend.remove(workload).unwrap_or_default();
            for (kind, by_day) in by_call {
                let calls = |day: &Day| by_day.get(day).map_or(0.0, |(calls, _)| *calls);
                let series: Vec<CallDay> =
                    days.iter().map(|day| CallDay { day: *day, calls: calls(day), transactions: known(day) }).collect();
                let priced = by_day.iter().filter(|(day, _)| see.facts.window.period.holds(day.start()));
                let cost = priced.map(|(_, (_, cost))| *cost).sum();
                all.extend(self.excess(see.facts.window.period, kind, &series, cost));
            }
            out.extend(self.finding(see, workload, all));
        }
    }
}

/// Calls and cost by workload, kind of call and day.
type Calls = BTreeMap<String, BTreeMap<usize, BTreeMap<Day, (f64, Money)>>>;

impl ApiCalls {
    fn spend(&self, see: &Context<'_>) -> Calls {
        let kinds: Vec<Option<usize>> = see.facts.classes.iter().map(|class| self.kind(class)).collect();
        let mut all = Calls::new();
        for spend in see.facts.spend.iter() {
            let workload = see.facts.parties[spend.party as usize].workload.as_deref();
            let Some((at, workload)) = kinds[spend.class.0 as usize].zip(workload) else { continue };
            let days = all.entry(workload.to_owned()).or_default().entry(at).or_default();
            let day = days.entry(spend.day).or_default();
            *day = (day.0 + spend.costs.quantity.to_f64(), day.1 + spend.costs.net);
        }
        all
    }

    /// The kind of call that a class counts.
    fn kind(&self, class: &Class) -> Option<usize> {
        let counts = |call: &Call| {
            *call.service == *class.product && call.usages.iter().any(|usage| is_usage(&class.usage_type, usage))
        };
        (class.line.is_usage() && class.is_aws()).then(|| self.calls.iter().position(counts)).flatten()
    }

    /// How far a kind of call was above its best in the period, if that is far enough.
    fn excess(&self, period: Span, kind: usize, series: &[CallDay], cost: Money) -> Option<Excess<'_>> {
        let best = self.best(series)?;
        let (mut calls, mut left, mut counted, mut transactions) = (0.0, 0.0, 0.0, 0.0);
        for day in series.iter().filter(|day| period.holds(day.day.start())) {
            calls += day.calls;
            left += match day.transactions {
                Some(count) if count >= best.transactions_a_day * self.least_transactions => {
                    day.calls.min(best.per_transaction * count)
                }
                _ => day.calls,
            };
            if let Some(count) = day.transactions {
                (counted, transactions) = (counted + day.calls, transactions + count);
            }
        }
        let per_transaction = counted / transactions;
        let far = per_transaction >= best.per_transaction * (1.0 + self.min_excess_percent / 100.0);
        let name = &self.calls.get(kind)?.name;
        (far && left < calls).then(|| Excess { kind, name, best, calls, cost, per_transaction, left: left / calls })
    }

    /// The lowest level that the calls a transaction kept to through a week; a week far below the others is not believed.
    fn best(&self, series: &[CallDay]) -> Option<Best> {
        let known = |day: &&CallDay| day.transactions.is_some_and(|count| count > 0.0);
        if series.iter().filter(known).count() < self.least_days {
            return None;
        }
        let weeks: Vec<Best> = series.windows(WEEK).filter_map(|week| self.week(week)).collect();
        let mut levels: Vec<f64> = weeks.iter().map(|week| week.per_transaction).collect();
        levels.sort_by(f64::total_cmp);
        let believable = levels.get(levels.len() / 2)? * self.least_believable;
        let weeks = weeks.into_iter().filter(|week| week.per_transaction > 0.0 && week.per_transaction >= believable);
        weeks.reduce(|a, b| if b.per_transaction < a.per_transaction { b } else { a })
    }

    /// The level that a week's days kept to, but for a few; `None` where a day of it is not known.
    fn week(&self, days: &[CallDay]) -> Option<Best> {
        let counts: Vec<f64> = days.iter().filter_map(|day| day.transactions.filter(|count| *count > 0.0)).collect();
        let (first, last) = (days.first()?, days.last()?);
        if counts.len() < days.len() || last.day.0 - first.day.0 != i32::try_from(days.len()).ok()? - 1 {
            return None;
        }
        let mut ratios: Vec<f64> = days.iter().zip(&counts).map(|(day, count)| day.calls / count).collect();
        ratios.sort_by(f64::total_cmp);
        let days = f64::from(u32::try_from(ratios.len()).ok()?);
        // The nearest rank: of seven days and 0.85, the sixth.
        let rank = ratios.iter().zip(1u32..).find(|(_, rank)| f64::from(*rank) >= self.kept_share * days);
        let per_transaction = *rank?.0;
        Some(Best { per_transaction, from: first.day, transactions_a_day: counts.iter().sum::<f64>() / days })
    }

    fn finding(&self, see: &Context<'_>, workload: &str, mut all: Vec<Excess<'_>>) -> Option<Finding> {
        all.sort_by_key(|excess| std::cmp::Reverse((excess.saving(), excess.cost)));
        let mut members: BTreeSet<ResourceId> = BTreeSet::new();
        let mut edits = Vec::new();
        for excess in &all {
            let (resources, classes) = self.lines(see, workload, excess.kind);
            if !resources.is_empty() {
                members.extend(&resources);
                edits.push(Edit::reprice(resources, classes, excess.left));
            }
        }
        let chief = all.first()?;
        if edits.is_empty() {
            return None;
        }
        let target = pool(see, workload, members.into_iter().collect());

        let current = State::new(format!("{:.2}", chief.per_transaction))
            .with("calls", all.iter().take(self.top).map(Excess::now).collect::<Vec<_>>());
        let others =
            if all.len() > 1 { format!(" (and {} other kind(s) of call)", all.len() - 1) } else { String::new() };
        let label = format!("{:.2} {} a transaction{others}", chief.best.per_transaction, chief.name);
        let proposed = State::new(label).with("calls", all.iter().take(self.top).map(Excess::then).collect::<Vec<_>>());
        let mut finding = Finding::new(target, Aspect::Calls).states(current, proposed).confidence(self.confidence);
        for excess in all.iter().take(self.top) {
            let name = |what: &str| format!("{}: {what}", excess.name);
            finding = finding
                .seen(Signal::Bill, &name("calls"), excess.calls, "")
                .seen(Signal::Bill, &name("a transaction"), excess.per_transaction, "calls")
                .seen(Signal::Bill, &name("a transaction in its best week"), excess.best.per_transaction, "calls")
                .seen(Signal::Bill, &name("best week from"), excess.best.from.to_string(), "");
        }
        finding.edits = edits;
        Some(finding)
    }

    /// The resources of a workload that calls of a kind are billed to, and their classes.
    fn lines(&self, see: &Context<'_>, workload: &str, kind: usize) -> (Vec<ResourceId>, Vec<ClassId>) {
        let (mut resources, mut classes) = (Vec::new(), BTreeSet::new());
        let of_workload = |party: &Party| party.workload.as_deref() == Some(workload);
        for (id, resource) in see.facts.named_resources().filter(|(_, resource)| of_workload(&resource.party)) {
            let counted = see.lines(resource).filter(|line| self.kind(line.class) == Some(kind));
            let found: Vec<ClassId> = counted.map(|line| line.id).collect();
            if !found.is_empty() {
                resources.push(id);
                classes.extend(found);
            }
        }
        (resources, classes.into_iter().collect())
    }
}

impl Excess<'_> {
    fn saving(&self) -> Money {
        self.cost.times(1.0 - self.left)
    }

    fn now(&self) -> Value {
        json!({
            "call": self.name,
            "calls": self.calls,
            "cost": six(self.cost.to_f64()),
            "per_transaction": six(self.per_transaction),
        })
    }

    fn then(&self) -> Value {
        json!({
            "call": self.name,
            "per_transaction": six(self.best.per_transaction),
            "week_from": self.best.from.to_string(),
            "calls_left_percent": six(self.left * 100.0),
        })
    }
}

/// All of a workload, under the account and region that its resources share.
fn pool(see: &Context<'_>, workload: &str, members: Vec<ResourceId>) -> Target {
    let shared = |of: fn(&Resource) -> &str| {
        let mut all = members.iter().map(|id| of(see.facts.resource(*id)));
        let first = all.next().unwrap_or_default();
        if all.all(|other| other == first) { first.to_owned() } else { String::new() }
    };
    let (account, region) = (shared(|resource| &resource.account), shared(|resource| &resource.region));
    Target::Pool { account, region, name: workload.to_owned(), members }
}

/// Whether a day was read whole.
fn is_whole(read: Span, day: Day) -> bool {
    let hours = Span::new(day.start(), day.start().plus(24));
    read.cut(hours) == hours
}

/// Six decimals, for showing.
fn six(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
