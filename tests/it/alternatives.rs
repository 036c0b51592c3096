//! Findings that claim the same, through the real bill: the best wins with what could be bought afterwards, and the losers are named.

use crate::{
    bill::{bill, facts},
    cur::Repeated,
};
use curtail::{
    bill::{Ahead, Assumptions, Becomes, Edit, Sharing, Wanted, saving},
    defaults::Defaults,
    facts::{ClassId, Cost, Facts, ResourceId},
    instance::InstanceType,
    inventory::Inventory,
    metrics::Metrics,
    money::{Money, Quantity},
    plan::{Inputs, Plan, Step, plan},
    prices::{Instrument, Prices, Seen},
    rules::{Alternative, Aspect, Context, Finding, Ready, Rule, State, Target},
    sku::{Coverage, Payment, Term},
};
use proptest::prelude::*;
use serde_json::json;
use std::cell::RefCell;

/// A rule that finds what it is told to.
struct Says(Vec<Finding>);

impl Rule for Says {
    fn check(&self, _: &Context<'_>, out: &mut Vec<Finding>) {
        out.extend(self.0.iter().cloned());
    }
}

fn ready(id: &str) -> Ready {
    let all = curtail::rules::load(&Default::default(), &mut Default::default()).unwrap();
    all.into_iter().find(|rule| rule.id == id).unwrap()
}

/// Rules of the convert stage, one a list of findings.
fn saying(all: Vec<Vec<Finding>>) -> Vec<Ready> {
    let names = ["graviton_ec2", "graviton_rds", "graviton_elasticache", "graviton_opensearch"];
    all.into_iter().zip(names).map(|(says, name)| Ready { rule: Box::new(Says(says)), ..ready(name) }).collect()
}

/// What a test looks at, once the plan is gone.
struct Made {
    steps: Vec<Step>,
    rejected: Vec<String>,
    before: Cost,
    after: Cost,
}

impl Made {
    fn of(plan: Plan<'_>) -> Self {
        let (before, after) = (plan.before.price(), plan.after.price());
        let made = Self {
            rejected: plan.rejected.iter().map(|left| left.step.finding.proposed.label.clone()).collect(),
            steps: plan.steps,
            before,
            after,
        };
        let sum: Cost = made.steps.iter().map(Step::saving).sum();
        assert_eq!(made.before - made.after, sum, "what steps save is what the bill drops by");
        made
    }

    fn labels(&self) -> Vec<&str> {
        self.steps.iter().map(|step| step.finding.proposed.label.as_str()).collect()
    }

    fn saved(&self) -> f64 {
        (self.before - self.after).net.to_f64()
    }
}

fn make(facts: &Facts, rules: &[Ready]) -> Made {
    let (coverage, inventory) = (Coverage::embedded().unwrap(), Inventory::default());
    let prices = Prices::gather(Seen::of(facts), &inventory).unwrap();
    let defaults = Defaults::embedded().unwrap();
    let inputs = Inputs {
        facts,
        inventory: &inventory,
        metrics: &Metrics::default(),
        transactions: None,
        rules,
        protect: &[],
        suppressions: &[],
        as_of: facts.window.period.end,
        given: Assumptions { coverage: &coverage, sharing: &Sharing::Organization, prices: &prices },
        figures: &defaults.plan,
        commitments: &defaults.commitments,
        schedule: &defaults.schedule,
        has: &|_| true,
    };
    Made::of(plan(&inputs))
}

/// An hour of a type all through September, on demand.
fn runs(resource: &str, kind: &str, cost: f64) -> Repeated {
    let line = json!({
        "product": "AmazonEC2", "usage_type": format!("BoxUsage:{kind}"), "operation": "RunInstances",
        "instance_type": kind, "resource": resource, "usage": 1.0, "cost": cost
    });
    serde_json::from_value(line).unwrap()
}

/// The same under an EC2 Instance Savings Plan, at 0.639 of the on-demand rate.
fn planned(resource: &str, kind: &str, cost: f64) -> Repeated {
    let columns = json!({
        "savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::111122223333:savingsplan/sp-1",
        "savings_plan_total_commitment_to_date": 0.0, "savings_plan_used_commitment": 0.0,
        "savings_plan_savings_plan_effective_cost": cost * 0.639,
        "savings_plan_offering_type": "EC2InstanceSavingsPlans", "savings_plan_instance_type_family": "m5",
        "savings_plan_region": "us-east-1"
    });
    let columns = serde_json::from_value(columns).unwrap();
    Repeated { r#type: "SavingsPlanCoveredUsage".into(), columns, ..runs(resource, kind, cost) }
}

fn id(facts: &Facts, name: &str) -> ResourceId {
    facts.named_resources().find(|(_, resource)| &*resource.id == name).unwrap().0
}

/// The edit that turns a resource into another type at a ratio of its price.
fn turn(facts: &Facts, names: &[&str], to: &str, ratio: f64) -> Edit {
    let ids: Vec<ResourceId> = names.iter().map(|name| id(facts, name)).collect();
    let classes = ids.iter().flat_map(|id| facts.billed_of(facts.resource(*id)).map(|billed| billed.class));
    let classes: Vec<ClassId> = classes.collect();
    Edit::turn(ids, classes, ratio, Becomes::Type(InstanceType::parse(to).unwrap()))
}

fn finding(facts: &Facts, names: &[&str], to: &str, ratio: f64) -> Finding {
    let members: Vec<ResourceId> = names.iter().map(|name| id(facts, name)).collect();
    let target = match members[..] {
        [one] => Target::Resource(one),
        _ => Target::Group { account: "111122223333".into(), region: "us-east-1".into(), name: "g".into(), members },
    };
    Finding::new(target, Aspect::InstanceType)
        .edit(turn(facts, names, to, ratio))
        .states(State::new("now"), State::new(to))
        .confidence(0.5)
}

fn or(mut finding: Finding, facts: &Facts, names: &[&str], to: &str, ratio: f64) -> Finding {
    finding.alternatives.push(Alternative {
        edits: vec![turn(facts, names, to, ratio)],
        proposed: State::new(to),
        evidence: Vec::new(),
        confidence: 0.4,
    });
    finding
}

#[test]
fn of_the_ways_of_one_finding_the_best_is_taken_and_the_others_are_named() {
    let facts = facts(&[runs("i-1", "m5.xlarge", 0.192)]);
    // Graviton alone .85, smaller alone .5, both .425 of the price.
    let ways = finding(&facts, &["i-1"], "m7g.xlarge", 0.85);
    let ways = or(ways, &facts, &["i-1"], "m5.large", 0.5);
    let ways = or(ways, &facts, &["i-1"], "m7g.large", 0.425);
    let made = make(&facts, &saying(vec![vec![ways]]));
    assert_eq!((made.labels(), made.rejected.len()), (vec!["m7g.large"], 0));
    // 720 h x .192 x .575.
    assert_eq!(made.saved().to_string(), "79.488");
    let step = &made.steps[0];
    let lost: Vec<(&str, &str, i128)> =
        step.overlaps.iter().map(|lost| (&*lost.id, &*lost.change, lost.saving.micros())).collect();
    // 720 h x .192 x .5 and x .15.
    assert_eq!(lost, [(&*step.id, "m5.large", 69_120_000), (&*step.id, "m7g.xlarge", 20_736_000)]);
    assert!(step.overlaps[0].why.contains("saves 80.59 a month where this would save 70.08"), "{:?}", step.overlaps);
    assert_eq!(step.finding.confidence.to_string(), "0.4");
}

#[test]
fn two_rules_with_one_claim_are_weighed_together() {
    let facts = facts(&[runs("i-1", "m5.xlarge", 0.192)]);
    let arm = finding(&facts, &["i-1"], "m7g.xlarge", 0.85);
    let smaller = or(finding(&facts, &["i-1"], "m5.large", 0.5), &facts, &["i-1"], "m7g.large", 0.425);
    let made = make(&facts, &saying(vec![vec![arm], vec![smaller]]));
    // Both mean the same change of the same target: neither is rejected.
    assert_eq!((made.labels(), made.rejected.len()), (vec!["m7g.large"], 0));
    let rules: Vec<&str> = made.steps[0].overlaps.iter().map(|lost| lost.rule).collect();
    assert_eq!(rules, ["graviton_rds", "graviton_ec2"]);
}

#[test]
fn a_plan_that_a_move_would_strand_is_kept_in_use() {
    // An EC2 Instance plan for m5 covers i-1; i-2 is paid on demand.
    let facts = facts(&[planned("i-1", "m5.xlarge", 0.192), runs("i-2", "m5.large", 0.096)]);
    // Half as large in its family: the plan covers both, .096 an hour is saved. On Graviton: the plan covers i-2 alone, half of it is
    // wasted, and .0816 is paid on demand: .0144 is saved.
    let ways = or(finding(&facts, &["i-1"], "m7g.large", 0.425), &facts, &["i-1"], "m5.large", 0.5);
    let made = make(&facts, &saying(vec![vec![ways]]));
    assert_eq!((made.labels(), made.saved().to_string()), (vec!["m5.large"], "69.12".to_owned()));
    assert_eq!(made.steps[0].overlaps[0].saving.micros(), 10_368_000);
}

/// m5.large on demand: m6a at .9 of the price, m5a at .91.
fn close_call(facts: &Facts) -> Finding {
    or(finding(facts, &["i-1"], "m6a.large", 0.9), facts, &["i-1"], "m5a.large", 0.91)
}

#[test]
fn the_highest_saving_today_is_not_the_best_where_a_plan_will_take_more_off_the_other() {
    let facts = facts(&[runs("i-1", "m5.large", 0.096)]);
    let with_plans = |finding: Finding| {
        let mut rules = saying(vec![vec![finding]]);
        rules.push(ready("savings_plans"));
        make(&facts, &rules)
    };
    // A plan takes 33.8 % off m6a and 36.4 % off m5a: .0864 x .662 = .0571968, .08736 x .636 = .05556096.
    let best = with_plans(close_call(&facts));
    assert_eq!(best.labels()[0], "m5a.large");
    let lost = &best.steps[0].overlaps[0];
    // 720 h x .0096. Today a plan could bring .096 down to .061344: of 730 h .061344 - .05556096 and .061344 - .0571968 are gained.
    assert_eq!((lost.change.as_str(), lost.saving.micros()), ("m6a.large", 6_912_000));
    assert!(lost.why.ends_with("saves 6.31 a month where this would save 7.01; counting what commitments could save before and after, it comes to 4.22 against 3.03"), "{}", lost.why);
    // The whole plan proves it: with each way alone, the other saves less.
    let greedy = with_plans(finding(&facts, &["i-1"], "m6a.large", 0.9));
    assert_eq!(greedy.labels().len(), 2, "the plan is bought");
    assert!(best.saved() > greedy.saved() + 1.0, "{} {}", best.saved(), greedy.saved());
}

#[test]
fn where_nothing_will_be_bought_the_highest_saving_today_is_the_best() {
    let facts = facts(&[runs("i-1", "m5.large", 0.096)]);
    let made = make(&facts, &saying(vec![vec![close_call(&facts)]]));
    assert_eq!((made.labels(), made.steps[0].overlaps[0].change.as_str()), (vec!["m6a.large"], "m5a.large"));
}

#[test]
fn the_better_combination_wins_over_the_greatest_of_all() {
    let facts = facts(&[runs("i-1", "m5.large", 0.096), runs("i-2", "m5.large", 0.096)]);
    // The group at .8 saves 27.648, its members at .85 and .8 save 10.368 + 13.824: the group. At .7 each saves 20.736: the members.
    for (ratio, labels) in [(0.8, vec!["m7g.large"]), (0.7, vec!["m6g.large", "c7g.large"])] {
        let group = finding(&facts, &["i-1", "i-2"], "m7g.large", 0.8);
        let one = finding(&facts, &["i-1"], "m6g.large", if ratio < 0.8 { 0.7 } else { 0.85 });
        let two = finding(&facts, &["i-2"], "c7g.large", ratio);
        let made = make(&facts, &saying(vec![vec![group], vec![one], vec![two]]));
        let mut got = made.labels();
        got.sort_by_key(|label| labels.iter().position(|wanted| wanted == label));
        assert_eq!((got, made.rejected.len()), (labels.clone(), 3 - labels.len()));
        let named: usize = made.steps.iter().map(|step| step.overlaps.len()).sum();
        assert_eq!(named, 3 - labels.len());
    }
}

#[test]
fn of_more_ways_than_are_combined_the_best_goes_first() {
    let facts = facts(&[runs("i-1", "m5.large", 0.096)]);
    let ratio = |n: u32| f64::from(n) / 20.0;
    let ways = (6..20).fold(finding(&facts, &["i-1"], "m6g.large", ratio(5)), |all, n| {
        or(all, &facts, &["i-1"], "m7g.large", ratio(n))
    });
    let made = make(&facts, &saying(vec![vec![ways]]));
    assert_eq!((made.labels(), made.steps[0].overlaps.len()), (vec!["m6g.large"], 14));
}

#[test]
fn what_saves_nothing_in_any_way_is_rejected_once() {
    let facts = facts(&[runs("i-1", "m5.large", 0.096)]);
    let ways = or(finding(&facts, &["i-1"], "m6a.large", 1.1), &facts, &["i-1"], "m5a.large", 1.0);
    let made = make(&facts, &saying(vec![vec![ways]]));
    assert_eq!((made.steps.len(), made.rejected), (0, vec!["m5a.large".to_owned()]));
}

/// A finding that caps what runs by the hour of the day.
fn schedule(facts: &Facts, names: &[&str], label: &str, most: impl Fn(i64) -> Option<i128>) -> Finding {
    let mut finding = finding(facts, names, "m5.large", 1.0);
    finding.proposed = State::new(label);
    let Some(Edit::Move { what, .. }) = finding.edits.pop() else { return finding };
    let hours: Vec<Option<Quantity>> = (0..facts.window.period.hours())
        .map(|hour| most(hour % 24).map(|most| Quantity(Quantity::ONE.0 * most)))
        .collect();
    finding.aspect = Aspect::Schedule;
    finding.edit(Edit::cap(what.resources, what.classes.unwrap_or_default(), hours))
}

fn rule(id: &str, says: Finding) -> Ready {
    Ready { rule: Box::new(Says(vec![says])), ..ready(id) }
}

#[test]
fn an_idle_fleet_goes_and_its_schedule_is_named() {
    let facts = facts(&[runs("i-1", "m5.large", 0.096), runs("i-2", "m5.large", 0.096)]);
    let mut idle = finding(&facts, &["i-1", "i-2"], "m5.large", 1.0);
    idle.proposed = State::new("nothing");
    idle.edits = vec![Edit::stop(id(&facts, "i-1")), Edit::stop(id(&facts, "i-2"))];
    idle.aspect = Aspect::Existence;
    let nights = schedule(&facts, &["i-1", "i-2"], "days", |hour| (hour < 12).then_some(0));
    let made = make(&facts, &[rule("idle_ec2_instance", idle), rule("off_hours", nights)]);
    // 720 h x 2 x .096; the schedule alone would have saved half.
    assert_eq!((made.labels(), made.saved().to_string()), (vec!["nothing"], "138.24".to_owned()));
    let lost = &made.steps[0].overlaps[0];
    assert_eq!((lost.rule, lost.change.as_str(), lost.saving.micros()), ("off_hours", "days", 69_120_000));
}

#[test]
fn a_schedule_and_a_smaller_type_stack() {
    let facts = facts(&[runs("i-1", "m5.xlarge", 0.192)]);
    let nights = schedule(&facts, &["i-1"], "days", |hour| (hour < 12).then_some(0));
    let smaller = finding(&facts, &["i-1"], "m5.large", 0.5);
    let made = make(&facts, &[rule("off_hours", nights), rule("rightsizing", smaller)]);
    // Half of the hours, then half of the price: 720 h x .192 x (.5 + .25).
    assert_eq!((made.labels(), made.saved().to_string()), (vec!["days", "m5.large"], "103.68".to_owned()));
}

#[test]
fn of_two_schedules_the_one_that_leaves_a_base_to_commit_to_wins() {
    let facts = facts(&[runs("i-1", "m5.large", 0.096), runs("i-2", "m5.large", 0.096)]);
    let both = ["i-1", "i-2"];
    let with_plans = |schedules: Vec<Finding>| {
        let names = ["off_hours", "seasonal_scaling"];
        let mut rules: Vec<Ready> = schedules.into_iter().zip(names).map(|(says, name)| rule(name, says)).collect();
        rules.push(ready("savings_plans"));
        make(&facts, &rules)
    };
    // Off for 8 h saves a third, 46.08, and leaves two thirds of the hours, which a plan at .639 of the rate gains next to nothing on.
    // One of two for 12 h saves a quarter, 34.56, and leaves one all the time, on which a plan gains .361 x 69.12 = 24.95.
    let off = || schedule(&facts, &both, "off for 8 h", |hour| (hour < 8).then_some(0));
    let base = || schedule(&facts, &both, "one for 12 h", |hour| (hour < 12).then_some(1));
    let made = with_plans(vec![off(), base()]);
    assert_eq!(made.labels()[0], "one for 12 h");
    let lost = &made.steps[0].overlaps[0];
    assert_eq!((lost.rule, lost.saving.micros()), ("off_hours", 46_080_000));
    let greedy = with_plans(vec![off()]);
    assert_eq!(greedy.labels()[0], "off for 8 h");
    assert!(made.saved() > greedy.saved() + 5.0, "{} {}", made.saved(), greedy.saved());
}

/// Instances under a plan and on demand, some in a part of the month.
fn market() -> Facts {
    let mut lines: Vec<Repeated> = (1..4).map(|n| planned(&format!("i-{n}"), "m5.large", 0.096)).collect();
    for (n, kind, cost) in [(4, "m5.xlarge", 0.192), (5, "c5.large", 0.085), (6, "m5.large", 0.096)] {
        lines.push(Repeated { hours: [24 * n, 720], ..runs(&format!("i-{n}"), kind, cost) });
    }
    facts(&lines)
}

/// Findings on some of the market's instances, each with up to three ways.
fn findings(facts: &Facts) -> impl Strategy<Value = Vec<Finding>> + use<'_> {
    let kinds = ["m7g.large", "m5.large", "c7g.xlarge", "t4g.medium"];
    let way = (0..kinds.len(), 0.2f64..1.2);
    let found = (proptest::collection::btree_set(1..7u32, 1..4), proptest::collection::vec(way, 1..4));
    let found = found.prop_map(move |(members, ways)| {
        let names: Vec<String> = members.iter().map(|n| format!("i-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let first = finding(facts, &names, kinds[ways[0].0], ways[0].1);
        ways[1..].iter().fold(first, |all, (kind, ratio)| or(all, facts, &names, kinds[*kind], *ratio))
    });
    proptest::collection::vec(found, 1..8)
}

fn run(cases: u32, facts: &Facts, test: impl Fn(Vec<Finding>) -> Result<(), TestCaseError>) {
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { cases, ..Default::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner.run(&findings(facts), test).unwrap();
}

#[test]
fn weighing_leaves_the_bill_as_it_was() {
    let facts = market();
    let figures = Defaults::embedded().unwrap().commitments;
    let wanted = vec![Wanted {
        instruments: vec![Instrument::Compute, Instrument::Ec2Instance],
        services: Vec::new(),
        blocks: None,
        terms: vec![(Term::OneYear, Payment::NoUpfront)],
        step: Money::from_micros(1000),
    }];
    let ahead = RefCell::new(Ahead::of(wanted, &figures));
    run(32, &facts, |findings| {
        let mut bill = bill(&facts);
        let ways: Vec<Finding> = findings.into_iter().flat_map(Finding::ways).collect();
        bill.prepare(ways.iter().flat_map(|way| &way.edits));
        for (at, way) in ways.iter().enumerate() {
            let (price, peeked) = (bill.price(), bill.peek(&way.edits));
            let worth = bill.weigh(&way.edits, &mut ahead.borrow_mut());
            prop_assert_eq!(worth.saving, saving(&peeked));
            prop_assert_eq!((bill.price(), bill.peek(&way.edits)), (price, peeked));
            prop_assert_eq!(bill.weigh(&way.edits, &mut ahead.borrow_mut()), worth);
            if at % 3 == 0 {
                bill.apply(&way.edits);
            }
        }
        Ok(())
    });
}

#[test]
fn stacked_savings_of_weighed_findings_telescope() {
    let facts = market();
    // The sum is checked where a plan is made.
    for (cases, plans) in [(32, false), (2, true)] {
        run(cases, &facts, |findings| {
            let mut rules = saying(findings.chunks(2).map(<[Finding]>::to_vec).collect());
            rules.extend(plans.then(|| ready("savings_plans")));
            make(&facts, &rules);
            Ok(())
        });
    }
}
