//! The plan: rules run stage by stage, their edits are carried out one after another on the re-priced bill, and what an
//! edit saves is what the bill drops by. So savings never overlap and always add up.

mod advised;
mod id;
mod remarks;
mod take;
mod weigh;

use crate::{
    bill::{Advised, Ahead, Assumptions, Attempt, Bill, Change, Paid, Reconciliation, Wake, Worth, saving},
    defaults::{CommitmentFigures, PlanFigures, ScheduleFigures},
    facts::{Cost, Facts, ResourceId},
    inventory::Inventory,
    metrics::Metrics,
    money::Money,
    parallel::{at_once, shared_out},
    protect::{self, Protection},
    rules::{Aspect, Context, Finding, Ready, Stage, Status, Users},
    suppress::{self, Suppression},
    time::Hour,
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
    /// Figures of schedules.
    pub schedule: &'a ScheduleFigures,
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
    /// The finding; in a place of its own, since steps are sorted and handed on.
    pub finding: Box<Finding>,
    /// What it saves alone on today's bill.
    pub alone: Cost,
    /// What it saves on the bill that the steps before it left, by item; what it makes commitments cover, by items that are alike.
    pub changes: Vec<Change>,
    /// What was billed, net, for the items that it changes, those aside that a step before it changed.
    pub billed: Money,
    /// What its target's items cost on today's bill, by who pays.
    pub today: Cost,
    /// Of that, what commitments pay.
    pub covered: Cost,
    /// What the commitments that it frees save by covering other usage; part of `alone`.
    pub freed: Cost,
    /// Findings on the same target that lost to it, and other ways of the same.
    pub overlaps: Vec<Overlap>,
    /// What it was weighed at among these.
    pub weighed: Option<Worth>,
}

/// A finding that lost to another on the same target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: &'static str,
    /// What it would have led to.
    pub change: String,
    /// What it would have saved instead, net over the period.
    pub saving: Money,
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
    /// How many findings were about what is gone already.
    pub gone: usize,
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
    let bill = || Bill::of(inputs.facts, inputs.given);
    let (users, before) = at_once(|| Users::of(inputs.facts), bill);
    let (reconciliation, after) = at_once(|| before.reconcile(), || before.clone());
    let mut plan = Plan {
        steps: Vec::new(),
        previews: Vec::new(),
        rejected: Vec::new(),
        gone: 0,
        suppressed: Vec::new(),
        skipped: Vec::new(),
        weeks: None,
        reconciliation,
        after,
        before,
    };
    let runs = inputs.rules.iter().filter(|rule| inputs.why_not(rule).is_none());
    let wanted = runs.filter_map(|rule| rule.rule.wants()).map(|[advised, _]| advised).collect();
    let ahead = Ahead::of(wanted, inputs.commitments);
    let period = inputs.facts.window.period;
    let slots = (period.start.0..period.end.0).map(|hour| inputs.schedule.time_zone.slot(Hour(hour))).collect();
    let (claims, since, changed) = (BTreeMap::new(), Wake::default(), vec![false; inputs.facts.billed.len()]);
    let mut course = Course { since, claims, ahead, changed, users, slots };
    for stage in Stage::ALL {
        for turn in Turn::ALL {
            plan.stage(inputs, stage, turn, &mut course);
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
        if !self.facts.tells_usage() {
            return Some("needs usage of AWS that tells what was used, of which the bill has none".into());
        }
        if let Some(missing) = rule.text.needs.iter().find(|token| !(self.has)(token)) {
            return Some(format!("needs {missing}, which was not given"));
        }
        let (hours, least) = (self.facts.window.period.hours(), self.commitments.min_window_hours);
        let short = rule.rule.wants().is_some() && hours < least;
        short.then(|| format!("the priced period has {hours} hours; below {least} nothing is advised to be bought"))
    }

    /// Why the user does not want a finding, if so.
    fn unwanted(&self, step: &Step, stage: Stage) -> Option<String> {
        if self.protect.is_empty() && self.suppressions.is_empty() {
            return None;
        }
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

/// A side of a resource.
type Side = (ResourceId, Aspect);

/// A finding with what it saves alone on today's bill, and what it does there to usage.
type Alone = (Step, Option<Box<Attempt>>);

/// What is carried along while a plan is made.
struct Course {
    /// What was changed of today's bill.
    since: Wake,
    /// Which step holds a side.
    claims: BTreeMap<Side, usize>,
    /// What the rules of the commit stage would have weighed.
    ahead: Ahead,
    /// By item: whether a step changes it.
    changed: Vec<bool>,
    /// Which resources use what.
    users: Users,
    /// The slot of the week of each hour of the period.
    slots: Vec<usize>,
}

/// A finding in one of its ways, and the place of its rule.
type Way = (usize, Box<Finding>);

/// What a rule found: its findings in all their ways, each with the rule's place, and how many were about what is gone already.
struct Checked {
    ways: Vec<Way>,
    gone: usize,
}

/// Lets a rule look.
fn checked(inputs: &Inputs<'_>, rule: usize, see: &Context<'_>) -> Checked {
    let mut findings = Vec::new();
    inputs.rules[rule].rule.check(see, &mut findings);
    let all = findings.len();
    findings.retain(|finding| !see.is_gone(finding));
    let gone = all - findings.len();
    let mut ways: Vec<Way> = Vec::with_capacity(findings.len());
    ways.extend(findings.into_iter().flat_map(Finding::ways).map(|finding| (rule, Box::new(finding))));
    ways.iter_mut().for_each(|(_, finding)| advised::add(inputs, finding));
    Checked { ways, gone }
}

impl Plan<'_> {
    fn stage(&mut self, inputs: &Inputs<'_>, stage: Stage, turn: Turn, course: &mut Course) {
        let advice = if (stage, turn) == (Stage::Commit, Turn::Bought) { self.advice(inputs) } else { BTreeMap::new() };
        let now = |rule: &Ready| rule.text.stage == stage && Turn::of(rule) == turn;
        let mut runs = Vec::new();
        for (at, rule) in inputs.rules.iter().enumerate().filter(|(_, rule)| now(rule)) {
            match inputs.why_not(rule) {
                Some(why) => self.skipped.push((rule.id, why)),
                None => runs.push(at),
            }
        }
        let see = |rule: usize| self.seen_by(inputs, advice.get(&rule).map_or(&[], Vec::as_slice), course);
        let checked = shared_out(runs, |rule| checked(inputs, rule, &see(rule)));
        let mut found = Vec::new();
        for Checked { ways, gone } in checked {
            self.gone += gone;
            found.extend(ways);
        }
        let bills = vec![&mut self.before, &mut self.after];
        let edits = || found.iter().flat_map(|(_, finding)| &finding.edits);
        let new = shared_out(bills, |bill| bill.prepare(edits()));
        let mut found = self.all_alone(inputs, found);
        if new.contains(&true) && !self.steps.is_empty() {
            // What the bills differ by takes long to find out, and only tries of usage ask for it.
            if found.iter().any(|(_, attempt)| attempt.is_some()) {
                course.since.between(&self.before, &self.after);
            } else {
                course.since.forget_commitments();
            }
        }
        found.sort_by(|(a, _), (b, _)| b.alone.net.cmp(&a.alone.net).then_with(|| a.id.cmp(&b.id)));
        self.settle_all(inputs, weigh::bundles(found), stage, course);
    }

    /// What a rule sees now.
    fn seen_by<'s>(&'s self, inputs: &'s Inputs<'_>, advice: &'s [Advised], course: &'s Course) -> Context<'s> {
        Context {
            facts: inputs.facts,
            users: &course.users,
            bill: &self.after,
            inventory: inputs.inventory,
            metrics: inputs.metrics,
            transactions: inputs.transactions,
            as_of: inputs.as_of,
            advice,
            wanted: course.ahead.wanted(),
            commitments: inputs.commitments,
            prices: inputs.given.prices,
            zone: &inputs.schedule.time_zone,
            slots: &course.slots,
            schedule: inputs.schedule,
            min_metric_cover: inputs.figures.min_metric_cover,
            gone_before: inputs.gone_before(),
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
        let advice = self.after.advise(&offers, &others, inputs.commitments, (&self.before, inputs.as_of.day()));
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

    /// Prices findings alone on today's bill, shared out to the workers; none of them depends on another.
    fn all_alone(&self, inputs: &Inputs<'_>, found: Vec<Way>) -> Vec<Alone> {
        /// Of so many it is kept what they do: some 10 kB each.
        const MOST: usize = 8192;
        let kept = if self.after.understands(&self.before) { MOST } else { 0 };
        let alone = |(number, (rule, finding))| {
            let (step, attempt) = self.alone(inputs, rule, finding);
            (step, attempt.filter(|_| number < kept))
        };
        shared_out(found.into_iter().enumerate(), alone)
    }

    /// Prices a finding alone on today's bill.
    fn alone(&self, inputs: &Inputs<'_>, rule: usize, mut finding: Box<Finding>) -> Alone {
        finding.confidence = (finding.confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0;
        let bill = &self.before;
        let covered = bill.touched(&finding.edits, Paid::Commitment);
        let attempt = bill.attempt(&finding.edits).map(Box::new);
        let alone = match &attempt {
            Some(attempt) => saving(&bill.saved_by(attempt)),
            None => bill.saved_by_all(&finding.edits),
        };
        let step = Step {
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
            billed: Money::ZERO,
            overlaps: Vec::new(),
            weighed: None,
            finding,
        };
        (step, attempt)
    }
}
