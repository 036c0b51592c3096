//! The plan: rules run stage by stage, their edits are carried out one after another on the re-priced bill, and what an
//! edit saves is what the bill drops by. So savings never overlap and always add up.

mod advised;
mod id;

use crate::{
    bill::{Advised, Assumptions, Bill, Change, Paid, Reconciliation, Wanted, saving},
    defaults::{CommitmentFigures, PlanFigures},
    facts::{Cost, Facts, Granularity, ResourceId},
    inventory::Inventory,
    metrics::Metrics,
    money::Money,
    note::{Notes, Remark},
    protect::{self, Protection},
    rules::{Aspect, Context, Finding, Ready, Stage, Status, Target},
    suppress::{self, Suppression},
    time::{Hour, MONTH_HOURS},
    transactions::Transactions,
};
use std::collections::BTreeMap;

/// Everything that a plan is made from.
pub struct Inputs<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// The inventory.
    pub inventory: &'a Inventory,
    /// The metrics.
    pub metrics: &'a Metrics,
    /// The transactions, if given.
    pub transactions: Option<&'a Transactions>,
    /// The rules that run.
    pub rules: &'a [Ready],
    /// Resources that must not be called unused.
    pub protect: &'a [Protection],
    /// Findings that are not wanted for now.
    pub suppressions: &'a [Suppression],
    /// The moment that ages count from.
    pub as_of: Hour,
    /// What the bill is built with.
    pub given: Assumptions<'a>,
    /// Figures that are not a rule's.
    pub figures: &'a PlanFigures,
    /// Figures of advice on commitments.
    pub commitments: &'a CommitmentFigures,
    /// Workers.
    pub threads: usize,
    /// Which inputs are there, by token of `needs`.
    pub has: &'a (dyn Fn(&str) -> bool + Sync),
}

/// A finding with its prices.
#[derive(Debug, Clone)]
pub struct Step {
    /// The index of its rule in `Inputs::rules`.
    pub rule: usize,
    /// 16 hex digits, the same every night.
    pub id: String,
    /// The finding.
    pub finding: Finding,
    /// What it saves alone on today's bill.
    pub alone: Cost,
    /// What it saves on the bill that the steps before it left, item by item.
    pub changes: Vec<Change>,
    /// What its target's items cost on today's bill, by who pays.
    pub today: Cost,
    /// Of that, what commitments pay.
    pub covered: Cost,
    /// What the commitments that it frees save by covering other usage; part of `alone`.
    pub freed: Cost,
    /// Ids of findings on the same target that lost to it.
    pub overlaps: Vec<Overlap>,
}

/// A finding that lost to another on the same target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: &'static str,
    /// Why it is not counted.
    pub why: String,
}

/// A finding that is not part of the plan, and why.
#[derive(Debug, Clone)]
pub struct Left {
    /// The finding with its prices.
    pub step: Step,
    /// Why it is left out.
    pub why: String,
    /// From when on it would save something, RFC 3339.
    pub from: Option<String>,
}

impl Left {
    fn new(step: Step, why: String) -> Self {
        Self { step, why, from: None }
    }
}

/// The outcome.
#[derive(Clone)]
pub struct Plan<'a> {
    /// Applied, in the order of doing.
    pub steps: Vec<Step>,
    /// Findings of preview rules: priced alone, never applied.
    pub previews: Vec<Step>,
    /// Found, but they save nothing on this bill.
    pub rejected: Vec<Left>,
    /// Found, but protected.
    pub suppressed: Vec<Left>,
    /// Rules that did not run, and why.
    pub skipped: Vec<(&'static str, String)>,
    /// Whole weeks that the tranches of purchases rest on, if some are advised.
    pub weeks: Option<usize>,
    /// What the model says of the bill as it is, beside what was billed.
    pub reconciliation: Reconciliation,
    /// The bill before.
    pub before: Bill<'a>,
    /// The bill after all steps.
    pub after: Bill<'a>,
}

impl Step {
    /// What it saves on the bill that the steps before it left.
    #[must_use]
    pub fn saving(&self) -> Cost {
        saving(&self.changes)
    }
}

/// Makes the plan.
#[must_use]
pub fn plan<'a>(inputs: &Inputs<'a>) -> Plan<'a> {
    let before = Bill::of(inputs.facts, inputs.given);
    let mut plan = Plan {
        steps: Vec::new(),
        previews: Vec::new(),
        rejected: Vec::new(),
        suppressed: Vec::new(),
        skipped: Vec::new(),
        weeks: None,
        reconciliation: before.reconcile(),
        after: before.clone(),
        before,
    };
    let mut claims = BTreeMap::new();
    for stage in Stage::ALL {
        for turn in Turn::ALL {
            plan.stage(inputs, stage, turn, &mut claims);
        }
    }
    plan.skipped.sort();
    plan
}

impl Inputs<'_> {
    /// A finding's rule and module, its target's name and its members.
    fn described<'s>(&'s self, step: &'s Step) -> suppress::Described<'s> {
        let (_, _, name) = step.finding.target.identity(self.facts);
        let members = step.finding.target.members().iter().map(|id| self.facts.resource(*id)).collect();
        let rule = &self.rules[step.rule];
        ([rule.id, rule.text.module.name()], name, members)
    }

    /// Why a rule does not run, if so.
    fn why_not(&self, rule: &Ready) -> Option<String> {
        if let Some(missing) = rule.text.needs.iter().find(|token| !(self.has)(token)) {
            return Some(format!("needs {missing}, which was not given"));
        }
        let (hours, least) = (self.facts.window.period.hours(), self.commitments.min_window_hours);
        let short = rule.rule.wants().is_some() && hours < least;
        short.then(|| format!("the priced period has {hours} hours; below {least} nothing is advised to be bought"))
    }

    /// Why the user does not want a finding, if so.
    fn unwanted(&self, step: &Step, stage: Stage) -> Option<String> {
        let (rule, name, members) = self.described(step);
        let protected = || members.iter().find_map(|resource| protect::reason(self.protect, resource));
        let suppressed = suppress::reason(self.suppressions, rule, name, &members, self.as_of.day());
        suppressed.or_else(|| if stage == Stage::Remove { protected() } else { None })
    }
}

/// The order of rules inside the stage of commitments: what is owned is put to use before more is bought, and what ends is looked at
/// last. In other stages all rules come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Owned,
    Bought,
    Ending,
}

impl Turn {
    const ALL: [Self; 3] = [Self::Owned, Self::Bought, Self::Ending];

    fn of(rule: &Ready) -> Self {
        match (rule.text.stage, rule.rule.wants(), rule.text.status) {
            (Stage::Commit, Some(_), _) => Self::Bought,
            (Stage::Commit, None, Status::Preview) => Self::Ending,
            _ => Self::Owned,
        }
    }
}

/// Which step holds a side of a resource.
type Claims = BTreeMap<(ResourceId, Aspect), usize>;

impl Plan<'_> {
    /// Remarks on the plan and on the settings that it was made with.
    pub fn remarks(&self, inputs: &Inputs<'_>, notes: &mut Notes) {
        let covered = self.steps.iter().filter(|step| step.covered.net.micros() > 0).count();
        if covered > 0 {
            notes.add(Remark::CoveredHours { findings: covered });
        }
        self.on_reconciliation(inputs, notes);
        let least = inputs.commitments.ladder.min_weeks;
        if let Some(weeks) = self.weeks.filter(|weeks| *weeks < least) {
            notes.add(Remark::FewWeeks { weeks, least });
        }
        advised::remarks(self, inputs, notes);
        if self.steps.is_empty() && self.previews.is_empty() {
            notes.add(Remark::NothingFound {});
        }
        for protection in inputs.protect {
            if !inputs.facts.resources.iter().any(|resource| protection.matches(resource)) {
                notes.add(Remark::UnmatchedProtect { pattern: protection.text.clone() });
            }
        }
        let left = self.rejected.iter().chain(&self.suppressed).map(|left| &left.step);
        let all = self.steps.iter().chain(&self.previews).chain(left);
        let findings: Vec<_> = all.map(|step| inputs.described(step)).collect();
        suppress::remarks(inputs.suppressions, &findings, inputs.as_of.day(), notes);
    }

    fn on_reconciliation(&self, inputs: &Inputs<'_>, notes: &mut Notes) {
        let Reconciliation { billed, repriced, .. } = &self.reconciliation;
        let off = (*repriced - *billed).net.to_f64().abs() / billed.net.to_f64().abs();
        if off > inputs.figures.max_repricing_error {
            notes.add(Remark::RepricingError {
                percent: off * 100.0,
                limit: inputs.figures.max_repricing_error * 100.0,
            });
        }
        if inputs.facts.granularity != Granularity::Hourly && !inputs.facts.commitments.is_empty() {
            notes.add(Remark::CoarseHours { granularity: inputs.facts.granularity.name() });
        }
        let unplaced = self.before.unplaced().count();
        if unplaced > 0 {
            notes.add(Remark::UnplacedCommitments { count: unplaced });
        }
    }

    fn stage(&mut self, inputs: &Inputs<'_>, stage: Stage, turn: Turn, claims: &mut Claims) {
        let advice = if (stage, turn) == (Stage::Commit, Turn::Bought) { self.advice(inputs) } else { BTreeMap::new() };
        let runs = inputs.rules.iter().filter(|rule| inputs.why_not(rule).is_none());
        let wanted: Vec<Wanted> = runs.filter_map(|rule| rule.rule.wants()).map(|[advised, _]| advised).collect();
        let mut found = Vec::new();
        let now = |rule: &Ready| rule.text.stage == stage && Turn::of(rule) == turn;
        for (at, rule) in inputs.rules.iter().enumerate().filter(|(_, rule)| now(rule)) {
            if let Some(why) = inputs.why_not(rule) {
                self.skipped.push((rule.id, why));
                continue;
            }
            let see = Context {
                facts: inputs.facts,
                bill: &self.after,
                inventory: inputs.inventory,
                metrics: inputs.metrics,
                transactions: inputs.transactions,
                as_of: inputs.as_of,
                advice: advice.get(&at).map_or(&[], Vec::as_slice),
                wanted: &wanted,
                commitments: inputs.commitments,
                threads: inputs.threads,
                min_metric_cover: inputs.figures.min_metric_cover,
            };
            let mut findings = Vec::new();
            rule.rule.check(&see, &mut findings);
            for finding in &mut findings {
                advised::add(inputs, finding);
            }
            found.extend(findings.into_iter().map(|finding| (at, finding)));
        }
        for bill in [&mut self.before, &mut self.after] {
            bill.prepare(found.iter().flat_map(|(_, finding)| &finding.edits));
        }
        let mut found: Vec<Step> = found.into_iter().map(|(at, finding)| self.alone(inputs, at, finding)).collect();
        found.sort_by(|a, b| b.alone.net.cmp(&a.alone.net).then_with(|| a.id.cmp(&b.id)));
        for step in found {
            self.take(inputs, step, claims);
        }
    }

    /// What is advised to be bought, all that rules want weighed together on the bill as earlier stages left it, by rule.
    fn advice(&mut self, inputs: &Inputs<'_>) -> BTreeMap<usize, Vec<Advised>> {
        let (mut offers, mut others, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for (at, rule) in inputs.rules.iter().enumerate().filter(|(_, rule)| inputs.why_not(rule).is_none()) {
            let Some([advised, beside]) = rule.rule.wants() else { continue };
            let more = self.after.offerings(&advised);
            owners.extend(more.iter().map(|_| at));
            offers.extend(more);
            others.extend(self.after.offerings(&beside));
        }
        let advice =
            self.after.advise(&offers, &others, inputs.commitments, (&self.before, inputs.as_of.day()), inputs.threads);
        self.weeks = (!advice.advised.is_empty()).then_some(advice.weeks);
        for declined in advice.declined {
            let rule = inputs.rules[owners[declined.offer]].id;
            self.skipped.push((rule, format!("{}: {}", offers[declined.offer].identity(), declined.why)));
        }
        let mut by_rule: BTreeMap<usize, Vec<Advised>> = BTreeMap::new();
        for (offer, advised) in advice.advised {
            by_rule.entry(owners[offer]).or_default().push(advised);
        }
        by_rule
    }

    /// Prices a finding alone on today's bill.
    fn alone(&self, inputs: &Inputs<'_>, rule: usize, mut finding: Finding) -> Step {
        finding.confidence = (finding.confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0;
        let bill = &self.before;
        let covered = bill.touched(&finding.edits, Paid::Commitment);
        let alone = saving(&bill.peek(&finding.edits));
        Step {
            rule,
            id: id::of(&finding, &inputs.rules[rule].text.verb, inputs.facts),
            alone,
            // A purchase is about what earlier stages left; everything else is about today.
            today: if finding.aspect == Aspect::Commitment { &self.after } else { bill }
                .touched(&finding.edits, Paid::OnDemand)
                + covered,
            covered,
            freed: if covered == Cost::default() { covered } else { alone - bill.direct(&finding.edits) },
            changes: Vec::new(),
            overlaps: Vec::new(),
            finding,
        }
    }

    fn take(&mut self, inputs: &Inputs<'_>, mut step: Step, claims: &mut Claims) {
        let text = &inputs.rules[step.rule].text;
        if let Target::Resource(id) = &step.finding.target {
            let resource = inputs.facts.resource(*id);
            if inputs.inventory.is_gone(&resource.account, &resource.region, &resource.id) {
                self.rejected.push(Left::new(step, "the inventory says that it is gone already".into()));
                return;
            }
        }
        let (hours, least) = (inputs.facts.window.period.hours(), inputs.figures.min_idle_hours);
        if text.stage == Stage::Remove && hours < least {
            let why = format!("the priced period has {hours} hours; below {least} nothing is called unused");
            self.rejected.push(Left::new(step, why));
            return;
        }
        let commitment = matches!(step.finding.target, Target::Commitment { .. });
        if !commitment && !step.finding.in_inventory && !recently_seen(inputs, &step.finding) {
            let why = format!(
                "not billed in the last {} hours of the period: it is gone already",
                inputs.figures.seen_within_hours
            );
            self.rejected.push(Left::new(step, why));
            return;
        }
        if let Some(why) = inputs.unwanted(&step, text.stage) {
            self.suppressed.push(Left::new(step, why));
            return;
        }
        if let Some(stake) = step.finding.at_stake {
            if monthly_of(inputs, stake).to_f64() >= text.ignore_below {
                self.previews.push(step);
            }
            return;
        }
        if text.status == Status::Preview {
            self.previews.push(step);
            return;
        }
        let sides: Vec<_> = step.finding.target.members().iter().map(|id| (*id, step.finding.aspect)).collect();
        if let Some(&holder) = sides.iter().find_map(|side| claims.get(side)) {
            let why = format!("the same side of the same target is changed by {}", self.steps[holder].id);
            self.lose(inputs, step, Some(holder), why);
            return;
        }
        step.changes = self.after.peek(&step.finding.edits);
        let monthly = monthly_of(inputs, step.saving());
        if monthly.micros() <= 0 || monthly.to_f64() < text.ignore_below {
            let removed = step.finding.target.members().iter().find_map(|id| claims.get(&(*id, Aspect::Existence)));
            let (why, from) = self.why_nothing(inputs, &step, removed.copied(), monthly.to_f64());
            self.lose(inputs, step, removed.copied(), why);
            if let Some(left) = self.rejected.last_mut() {
                left.from = from;
            }
            return;
        }
        self.after.apply(&step.finding.edits);
        claims.extend(sides.into_iter().map(|side| (side, self.steps.len())));
        self.steps.push(step);
    }

    /// Why a finding saves nothing, and from when on it would.
    fn why_nothing(
        &self,
        inputs: &Inputs<'_>,
        step: &Step,
        removed: Option<usize>,
        monthly: f64,
    ) -> (String, Option<String>) {
        if let Some(holder) = removed {
            return (format!("its target is already removed by {}", self.steps[holder].id), None);
        }
        let least = inputs.rules[step.rule].text.ignore_below;
        if step.covered.net.micros() > 0 {
            let worth = |saving: Cost| monthly_of(inputs, saving).to_f64();
            let wanted = |saving: Cost| worth(saving) > 0.0 && worth(saving) >= least;
            let paid = "a reservation or Savings Plan pays for its hours, used or not, and nothing else would use it";
            return match self.after.once_ended(&step.finding.edits, inputs.as_of, &wanted) {
                Some((end, saving)) => {
                    let (day, month) = (end.day(), worth(saving));
                    (format!("{paid}: from {day} on, when that ends, it saves {month:.2} a month"), Some(end.rfc3339()))
                }
                None => (paid.into(), None),
            };
        }
        let why = if monthly > 0.0 {
            format!("saves {monthly:.2} a month, less than {least:.2} (`ignore_below` of the rule)")
        } else {
            "saves nothing on this bill".into()
        };
        (why, None)
    }

    fn lose(&mut self, inputs: &Inputs<'_>, step: Step, winner: Option<usize>, why: String) {
        if let Some(winner) = winner {
            let rule = inputs.rules[step.rule].id;
            self.steps[winner].overlaps.push(Overlap { id: step.id.clone(), rule, why: why.clone() });
        }
        self.rejected.push(Left::new(step, why));
    }
}

/// The net of a saving of the period as that of a month of 730 hours.
fn monthly_of(inputs: &Inputs<'_>, saving: Cost) -> Money {
    saving.net.ratio(MONTH_HOURS.into(), inputs.facts.window.period.hours().into())
}

fn recently_seen(inputs: &Inputs<'_>, finding: &Finding) -> bool {
    let facts = inputs.facts;
    let limit = facts.window.period.end.plus(-inputs.figures.seen_within_hours.max(facts.granularity.hours()));
    finding.target.members().iter().any(|id| facts.resource(*id).seen.end > limit)
}
