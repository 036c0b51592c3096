//! The plan, the unit costs and the notes as one report.

use super::{
    model::{
        Amount, Basis, CommitmentRow, CommitmentSummary, DayCost, Detail, Effects, Input, Interval, OtherCurrency,
        OverlapRow, Percent, Period, Recommendation, Reconciliation, ReconciliationGroup, ReconciliationRow, Rejected,
        Report, ResourceRow, SCHEMA, SkippedRule, StateRow, Stretch, Totals, UnitCost, UnitCostDay, UnitCostImpact,
    },
    summary::{Rounder, monthly, summary},
};
use crate::{
    bill,
    exports::Exports,
    facts::{self, ClassId, Commitment, Facts, LineType},
    money::{Money, Quantity},
    note::Notes,
    parallel::{at_once, numbered},
    plan::{Left, Plan, Step},
    rules::{Aspect, Evidence, Ready, Signal, Target},
    time::{Day, Span},
    unit_cost::{self, WorkloadCost},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a report is built from.
pub struct Parts<'a> {
    /// The export.
    pub exports: &'a Exports,
    /// Its facts.
    pub facts: &'a Facts,
    /// The rules that ran.
    pub rules: &'a [Ready],
    /// The plan.
    pub plan: &'a Plan<'a>,
    /// What transactions cost.
    pub unit_costs: &'a [WorkloadCost],
}

/// Builds the report.
#[must_use]
pub fn build(parts: &Parts<'_>, notes: Notes) -> Report {
    let facts = parts.facts;
    let rows = || (parts.recommendations(), parts.unit_costs(), commitment_summary(facts, parts.plan));
    let sums = || at_once(|| summary(facts, parts.plan, parts.rules), || daily(facts));
    let ((recommendations, unit_costs, commitment), (summary, daily)) = at_once(rows, sums);
    Report {
        schema: SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        period: period(facts),
        read: interval(facts.read),
        currency: facts.currency.to_string(),
        discount_basis: basis(facts),
        inputs: parts.inputs(),
        totals: parts.totals(&recommendations),
        summary,
        reconciliation: Some(reconciliation(&parts.plan.reconciliation)),
        commitment,
        commitments: facts.commitments.iter().map(|commitment| commitment_row(facts, commitment)).collect(),
        rejected: parts.all_rejected(&parts.plan.rejected),
        unit_costs,
        skipped_rules: parts
            .plan
            .skipped
            .iter()
            .map(|(rule, reason)| SkippedRule { rule: (*rule).into(), reason: reason.clone() })
            .collect(),
        suppressed: parts.all_rejected(&parts.plan.suppressed),
        resolved: Vec::new(),
        other_currencies: facts
            .other_currencies
            .iter()
            .map(|(currency, costs)| OtherCurrency {
                currency: currency.to_string(),
                unblended_cost: Amount::of(costs.unblended),
                effective_cost: Amount::of(costs.effective),
            })
            .collect(),
        notes: notes.sorted(),
        detail: Some(Detail { daily }),
        recommendations,
    }
}

/// The window that is priced.
pub(super) fn period(facts: &Facts) -> Period {
    let window = facts.window;
    Period {
        start: window.period.start.rfc3339(),
        end: window.period.end.rfc3339(),
        hours: window.period.hours(),
        complete: window.complete,
        granularity: facts.granularity.name().into(),
    }
}

/// A stretch of time.
pub(super) fn interval(span: Span) -> Interval {
    Interval { start: span.start.rfc3339(), end: span.end.rfc3339() }
}

/// Whether costs are after private discounts.
pub(super) fn basis(facts: &Facts) -> Basis {
    match facts.basis {
        facts::Basis::Net => Basis::Net,
        facts::Basis::Gross => Basis::Gross,
    }
}

impl Parts<'_> {
    fn inputs(&self) -> Vec<Input> {
        let input = |part: &crate::scan::Part| Input {
            path: part.name.clone(),
            dialect: part.dialect().name().into(),
            rows: part.rows(),
            bytes: part.bytes(),
        };
        self.exports.parts.iter().map(input).collect()
    }

    fn month(&self, money: Money) -> Money {
        monthly(money, self.facts.window.period.hours())
    }

    fn totals(&self, rows: &[Recommendation]) -> Totals {
        let facts = self.facts;
        let sum = |wanted: &dyn Fn(LineType) -> bool| -> facts::Costs {
            let wanted = facts.priced_classes.iter().filter(|(class, _)| wanted(facts.class(*class).line));
            wanted.map(|(_, costs)| *costs).sum()
        };
        let all = sum(&|_| true);
        let of = |line: LineType| Amount::of(sum(&|other| other == line).net);
        let running = sum(&|line| !line.is_apart()).net;
        let saved: Money = self.plan.steps.iter().map(|step| step.saving().net).sum();
        let add = |amount: fn(&Recommendation) -> Amount| {
            let sum = rows.iter().fold(0.0, |sum, row| sum + (amount(row).0 * 1e6).round());
            Amount(sum / 1e6)
        };
        Totals {
            unblended_cost: Amount::of(all.unblended),
            effective_cost: Amount::of(all.effective),
            net_effective_cost: Amount::of(all.net),
            on_demand_cost: Amount::of(all.on_demand),
            tax: of(LineType::Tax),
            credit: of(LineType::Credit),
            refund: of(LineType::Refund),
            period_savings: add(|row| row.period_savings),
            monthly_savings: add(|row| row.monthly_savings),
            annual_savings: add(|row| row.annual_savings),
            monthly_savings_before_discounts: add(|row| row.monthly_savings_before_discounts),
            savings_percent: percent(saved, running),
        }
    }

    /// The steps (and previews behind them) by net monthly saving, then id.
    fn recommendations(&self) -> Vec<Recommendation> {
        let (mut period, mut month, mut gross) = (Rounder::default(), Rounder::default(), Rounder::default());
        let mut rows = Vec::new();
        for step in &self.plan.steps {
            let saving = step.saving();
            let mut row = self.recommendation(step);
            row.period_savings = period.next(saving.net);
            row.monthly_savings = month.next(self.month(saving.net));
            row.annual_savings = Amount((row.monthly_savings.0 * 1e6).round() * 12.0 / 1e6);
            row.monthly_savings_before_discounts = gross.next(self.month(saving.gross));
            rows.push(row);
        }
        rows.extend(
            self.plan.previews.iter().map(|step| Recommendation { preview: true, ..self.recommendation(step) }),
        );
        rows.sort_by(|a, b| {
            let key = |row: &Recommendation| (row.preview, -row.monthly_savings.0);
            key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.id.cmp(&b.id))
        });
        for (rank, row) in (1..).zip(&mut rows) {
            row.rank = rank;
        }
        rows
    }

    fn recommendation(&self, step: &Step) -> Recommendation {
        let rule = &self.rules[step.rule];
        let text = &rule.text;
        let finding = &step.finding;
        let after = if finding.aspect == Aspect::Commitment { step.saving().net } else { step.alone.net };
        let [now, then] =
            finding.costs.map_or([step.today.net, step.today.net - after], |costs| costs.map(|cost| cost.net));
        let state = |state: &crate::rules::State, cost: Money| StateRow {
            label: state.label.clone(),
            monthly_cost: Amount::of(self.month(cost)),
            details: state.details.clone(),
        };
        Recommendation {
            id: step.id.clone(),
            rank: 0,
            rule: rule.id.into(),
            module: text.module,
            stage: text.stage,
            action: text.verb.clone(),
            title: self.headline(step),
            preview: false,
            resource: self.resource(step),
            owner: self.owner(step),
            current: state(&finding.current, now),
            proposed: state(&finding.proposed, then),
            period_savings: Amount::default(),
            monthly_savings: Amount::default(),
            annual_savings: Amount::default(),
            monthly_savings_before_discounts: Amount::default(),
            standalone_monthly_savings: Amount::of(self.month(step.alone.net)),
            upfront_cost: Amount::of(finding.upfront),
            break_even_months: finding.break_even_months,
            effort: text.effort,
            risk: text.risk,
            confidence: finding.confidence,
            restart_needed: text.restart_needed,
            rollback_possible: text.rollback_possible,
            evidence: self.evidence(step),
            overlaps: step
                .overlaps
                .iter()
                .map(|lost| OverlapRow {
                    id: lost.id.clone(),
                    rule: lost.rule.into(),
                    change: lost.change.clone(),
                    monthly_savings: Amount::of(self.month(lost.saving)),
                    why: lost.why.clone(),
                })
                .collect(),
            unit_cost_impact: self.impact(step),
            status: None,
        }
    }

    /// The evidence, and of a covered target what commitments pay of its cost and what is saved by freeing them.
    fn evidence(&self, step: &Step) -> Vec<Evidence> {
        let mut evidence = step.finding.evidence.clone();
        if step.covered.net.micros() > 0 {
            let costs = [("covered_monthly_cost", step.covered), ("freed_commitment_saves_monthly", step.freed)];
            evidence.extend(costs.map(|(name, cost)| Evidence {
                name: name.into(),
                value: Value::from(Amount::of(self.month(cost.net)).0),
                unit: Some(format!("{}/month", self.facts.currency)),
                source: Signal::Bill,
            }));
        }
        evidence
    }

    fn headline(&self, step: &Step) -> String {
        let finding = &step.finding;
        let (_, _, name) = finding.target.identity(self.facts);
        let named =
            if matches!(finding.target, Target::Group { .. }) { format!("group {name}") } else { name.to_owned() };
        self.rules[step.rule]
            .text
            .headline
            .replace("{from}", &finding.current.label)
            .replace("{to}", &finding.proposed.label)
            .replace("{id}", &named)
    }

    fn resource(&self, step: &Step) -> ResourceRow {
        let facts = self.facts;
        let target = &step.finding.target;
        let (account, region, name) = target.identity(facts);
        let first = target.members().first().map(|id| facts.resource(*id));
        let lone = matches!(target, Target::Resource(_));
        let members = target.members().iter().map(|id| facts.resource(*id).id.to_string());
        let tags = first.filter(|_| lone).map(|resource| {
            resource.tags.iter().map(|(key, value)| (shown_key(key), value.to_string())).collect::<BTreeMap<_, _>>()
        });
        ResourceRow {
            id: first.filter(|_| lone).map_or_else(|| name.to_owned(), |resource| resource.id.to_string()),
            account_id: account.to_owned(),
            region: region.to_owned(),
            service: self.service(step),
            workload: self.label(step, |party| party.workload.as_deref()),
            tags: tags.unwrap_or_default(),
            group: match target {
                Target::Group { name, .. } => Some(name.clone()),
                Target::Resource(_) => first.and_then(|resource| resource.group()).map(str::to_owned),
                Target::Pool { .. } | Target::Commitment { .. } => None,
            },
            members: if lone { Vec::new() } else { members.filter(|id| !id.is_empty()).collect() },
        }
    }

    /// The product that most of the target's touched cost is billed under; without an edit, of all its cost.
    fn service(&self, step: &Step) -> String {
        let mut by_product: BTreeMap<&str, Money> = BTreeMap::new();
        if step.finding.edits.is_empty() {
            for item in step.finding.target.members().iter().flat_map(|id| self.plan.before.items_of(*id)) {
                *by_product.entry(&self.facts.class(item.class).product).or_default() += item.costs.net;
            }
        }
        for edit in &step.finding.edits {
            let what = edit.selection();
            for item in what.resources.iter().flat_map(|id| self.plan.before.items_of(*id)) {
                if what.classes.as_ref().is_none_or(|classes| classes.contains(&item.class)) {
                    *by_product.entry(&self.facts.class(item.class).product).or_default() += item.costs.net;
                }
            }
        }
        let most = by_product.into_iter().max_by_key(|(name, cost)| (*cost, std::cmp::Reverse(*name)));
        most.map_or_else(String::new, |(name, _)| name.to_owned())
    }

    /// A label that all members share.
    fn label<'s>(&'s self, step: &'s Step, of: impl Fn(&'s facts::Party) -> Option<&'s str>) -> Option<String> {
        let mut labels = step.finding.target.members().iter().map(|id| of(&self.facts.resource(*id).party));
        let first = labels.next()??;
        labels.all(|label| label == Some(first)).then(|| first.to_owned())
    }

    fn owner(&self, step: &Step) -> Option<String> {
        self.label(step, |party| party.owner.as_deref())
    }

    fn all_rejected(&self, all: &[Left]) -> Vec<Rejected> {
        numbered(all.len(), |at| self.rejected(&all[at]))
    }

    fn rejected(&self, left: &Left) -> Rejected {
        let step = &left.step;
        Rejected {
            id: step.id.clone(),
            rule: self.rules[step.rule].id.into(),
            title: self.headline(step),
            resource: self.resource(step),
            standalone_monthly_savings: Amount::of(self.month(step.alone.net)),
            why: left.why.clone(),
            from: left.from.clone(),
        }
    }

    /// What the changes of a step save by workload.
    fn saved_by_workload(&self, steps: &[Step]) -> BTreeMap<Option<&str>, Money> {
        let mut saved: BTreeMap<Option<&str>, Money> = BTreeMap::new();
        for step in steps {
            for of_one in step.changes.chunk_by(|one, other| one.resource == other.resource) {
                let workload = self.facts.resource(of_one[0].resource).party.workload.as_deref();
                *saved.entry(workload).or_default() += bill::saving(of_one).net;
            }
        }
        saved
    }

    fn impact(&self, step: &Step) -> Vec<UnitCostImpact> {
        let saved = self.saved_by_workload(std::slice::from_ref(step));
        let of = |(workload, saving): (Option<&str>, Money)| {
            let row = self.unit_costs.iter().find(|row| row.workload.as_deref() == workload);
            let before = row.and_then(|row| row.covered).and_then(|covered| covered.unit_cost());
            let after = row.and_then(|row| unit_cost_after(row, saving));
            UnitCostImpact {
                workload: workload.map(str::to_owned),
                before: before.map(figure),
                after: after.map(figure),
            }
        };
        saved.into_iter().map(of).collect()
    }

    fn unit_costs(&self) -> Vec<UnitCost> {
        let saved = self.saved_by_workload(&self.plan.steps);
        let all: Money = self.unit_costs.iter().map(|row| row.cost).sum();
        let (mut cost, mut apart) = (Rounder::default(), Rounder::from(all));
        let row = |row: &WorkloadCost| {
            let saving = saved.get(&row.workload.as_deref()).copied().unwrap_or_default();
            UnitCost {
                transactions: row.covered.map(|covered| covered.transactions.to_f64()),
                cost: cost.next(row.cost),
                tax_credit_refund: apart.next(row.apart),
                unit_cost: row.covered.and_then(|covered| covered.unit_cost()).map(figure),
                unit_cost_after: unit_cost_after(row, saving).map(figure),
                trend: row.trend,
                effects: row.effects.as_ref().map(effects),
                series: row.series.iter().map(|(day, cost, count)| series_day(*day, *cost, *count)).collect(),
                workload: row.workload.as_deref().map(str::to_owned),
            }
        };
        self.unit_costs.iter().map(row).collect()
    }
}

/// A tag's key as shown: without the `user_` that AWS puts before the keys of users.
fn shown_key(key: &str) -> String {
    key.strip_prefix("user_").or_else(|| key.strip_prefix("user:")).unwrap_or(key).to_owned()
}

/// Unit cost once a part of the period's cost is saved: unit cost x (1 - saving / cost).
fn unit_cost_after(row: &WorkloadCost, saving: Money) -> Option<f64> {
    let before = row.covered?.unit_cost()?;
    (row.cost.0 != 0).then(|| before * (1.0 - saving.to_f64() / row.cost.to_f64()))
}

/// A unit cost to twelve decimals.
pub(super) fn figure(value: f64) -> f64 {
    (value * 1e12).round() / 1e12
}

/// A share in percent to four decimals; `None` of nothing.
pub(super) fn percent(part: Money, of: Money) -> Percent {
    (of.0 != 0).then(|| (part.to_f64() / of.to_f64() * 1e6).round() / 1e4)
}

/// Effects as shown.
pub(super) fn effects(split: &unit_cost::Effects) -> Effects {
    let stretch = |stretch: &unit_cost::Stretch| Stretch {
        start: stretch.span.start.rfc3339(),
        end: stretch.span.end.rfc3339(),
        cost: Amount::of(stretch.cost),
        transactions: stretch.transactions.to_f64(),
    };
    // The efficiency takes up what rounding leaves, so that the three add up to the change as shown.
    let change = split.to.cost.micros() - split.from.cost.micros();
    let rest = change - split.volume.micros() - split.rate.micros();
    Effects {
        from: stretch(&split.from),
        to: stretch(&split.to),
        volume: Amount::of(split.volume),
        rate: Amount::of(split.rate),
        efficiency: Amount::of(Money::from_micros(rest)),
    }
}

fn series_day(day: Day, cost: Money, transactions: Option<Quantity>) -> UnitCostDay {
    let count = transactions.map(Quantity::to_f64);
    UnitCostDay {
        date: day.to_string(),
        cost: Amount::of(cost),
        transactions: count,
        unit_cost: count.filter(|count| *count > 0.0).map(|count| figure(cost.to_f64() / count)),
    }
}

fn daily(facts: &Facts) -> Vec<DayCost> {
    let mut by_day: Vec<(Day, Money)> = Vec::new();
    for spend in facts.spend.iter().filter(|spend| !facts.class(spend.class).line.is_apart()) {
        match by_day.last_mut() {
            Some((day, cost)) if *day == spend.day => *cost += spend.costs.net,
            _ => by_day.push((spend.day, spend.costs.net)),
        }
    }
    by_day.into_iter().map(|(day, cost)| DayCost { date: day.to_string(), cost: Amount::of(cost) }).collect()
}

fn commitment_summary(facts: &Facts, plan: &Plan<'_>) -> CommitmentSummary {
    let on_demand = |wanted: &dyn Fn(ClassId) -> bool| -> Money {
        facts.priced_classes.iter().filter(|(class, _)| wanted(*class)).map(|(_, costs)| costs.on_demand).sum()
    };
    let covered = |line: LineType| on_demand(&|class| facts.class(class).line == line);
    let plans = covered(LineType::SavingsPlanCoveredUsage);
    let reservations = covered(LineType::DiscountedUsage);
    let open = |class| facts.class(class).line == LineType::Usage && plan.before.may_be_covered(class);
    let uncovered = on_demand(&open);
    let used: Money = facts.commitments.iter().map(|commitment| commitment.used.net).sum();
    let unused: Money = facts.commitments.iter().map(|commitment| commitment.unused.net).sum();
    let coverage = percent(plans + reservations, plans + reservations + uncovered);
    let then = plan.after.standing();
    let proposed = percent(then.coverable - then.uncovered, then.coverable);
    CommitmentSummary {
        coverage_percent: coverage,
        utilization_percent: percent(used, used + unused),
        ri_sp_ratio_percent: coverage,
        savings_plan_covered_cost: Amount::of(plans),
        reservation_covered_cost: Amount::of(reservations),
        uncovered_cost: Amount::of(uncovered),
        proposed_coverage_percent: proposed,
        proposed_utilization_percent: percent(then.used.net, then.committed.net),
        proposed_ri_sp_ratio_percent: proposed,
        upfront_cost: Amount::of(plan.steps.iter().map(|step| step.finding.upfront).sum()),
    }
}

fn reconciliation(of: &bill::Reconciliation) -> Reconciliation {
    let error = |side: &bill::Side| percent(side.repriced.net - side.billed.net, side.billed.net);
    let row = |(name, side): &(String, bill::Side)| ReconciliationRow {
        name: name.clone(),
        billed: Amount::of(side.billed.net),
        repriced: Amount::of(side.repriced.net),
        error_percent: error(side),
    };
    let group = |group: &bill::Group| ReconciliationGroup {
        commitments: group.members.clone(),
        billed: Amount::of(group.used.billed.net),
        repriced: Amount::of(group.used.repriced.net),
        error_percent: error(&group.used),
    };
    Reconciliation {
        billed: Amount::of(of.billed.net),
        repriced: Amount::of(of.repriced.net),
        error_percent: error(&bill::Side { billed: of.billed, repriced: of.repriced }),
        by_service: of.by_service.iter().map(row).collect(),
        by_commitment: of.by_commitment.iter().map(row).collect(),
        by_group: of.by_group.iter().map(group).collect(),
    }
}

fn commitment_row(facts: &Facts, commitment: &Commitment) -> CommitmentRow {
    let hours = i128::from(facts.window.period.hours());
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let details = &commitment.details;
    let covers: Vec<&str> =
        [&*details.offering, &*details.family, &*details.region].into_iter().filter(|text| !text.is_empty()).collect();
    let amount = if commitment.plan {
        commitment.committed.ratio(1, hours)
    } else {
        Money(commitment.reserved.0).ratio(1, hours)
    };
    CommitmentRow {
        id: commitment.id.to_string(),
        kind: if commitment.plan { "savings_plan" } else { "reservation" }.into(),
        owner: filled(&commitment.owner),
        covers: filled(&covers.join(", ")),
        amount: (!amount.is_zero()).then(|| Amount::of(amount)),
        hourly_cost: Amount::of((commitment.used.net + commitment.unused.net).ratio(1, hours)),
        used_cost: Amount::of(commitment.used.net),
        unused_cost: Amount::of(commitment.unused.net),
        utilization_percent: percent(commitment.used.net, commitment.used.net + commitment.unused.net),
        start: filled(&details.start),
        end: filled(&details.end),
        payment: filled(&details.payment),
        term_years: details.term.chars().next().and_then(|c| c.to_digit(10)).and_then(|n| u8::try_from(n).ok()),
    }
}
