//! How far the joint advice on whole bills is from a bound that no advice can beat.

use crate::{
    bill::bill,
    bound::bound,
    totals::{facts, root, skip},
};
use curtail::{
    bill::{Bill, Offering},
    commitments::Effort,
    defaults::{CommitmentFigures, Defaults},
    note::Notes,
    rules::Choice,
};
use std::path::Path;

/// All that rules would have weighed.
fn offers(bill: &Bill<'_>) -> Vec<Offering> {
    let rules = curtail::rules::load(&Choice::default(), &mut Notes::default()).unwrap();
    rules.iter().filter_map(|rule| rule.rule.wants()).flat_map(|[advised, _]| bill.offerings(&advised)).collect()
}

/// What the joint advice on a bill gains of what it could gain at most, printed.
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn gap_of(name: &str, export: &Path, groups: usize) {
    let facts = facts(export);
    let bill = bill(&facts);
    let offers = offers(&bill);
    let figures = Defaults::embedded().unwrap().commitments;
    let market = bill.market(&offers.iter().collect::<Vec<_>>(), &figures);
    let steps = market.best(&figures, &Effort { starts: figures.starts, points: figures.points, closest: 1 }, None);
    let gain = market.gains(&steps).iter().sum::<i128>() as f64 / 1e21;
    let most = bound(&market.waterfall, &market.rates, &market.candidates, groups);
    let gap = (most / gain - 1.0) * 100.0;
    println!(
        "{name}: {} offers gain {gain:.2} USD, at most {most:.2}, gap {gap:.2} % ({groups} groups of hours)",
        offers.len()
    );
    assert!(gain > 0.0 && gain <= most * (1.0 + 1e-9));
}

#[test]
fn no_advice_on_the_company_beats_the_bound() {
    gap_of("the company", &root().join("fixtures/company/export"), 12);
}

#[test]
fn no_advice_on_a_real_bill_beats_the_bound() {
    let export = root().join("../shared/data/cur-2018-10/part.snappy.parquet");
    if !export.is_file() {
        return skip("no_advice_on_a_real_bill_beats_the_bound", &export);
    }
    gap_of("the bill of 2018", &export, 12);
}

#[test]
fn offers_beyond_the_bound_are_told() {
    let facts = facts(&root().join("fixtures/company/export"));
    let bill = bill(&facts);
    let offers = offers(&bill);
    let figures =
        CommitmentFigures { most_offers: 3, with_alternatives: 0, ..Defaults::embedded().unwrap().commitments };
    let advice = bill.advise(&offers, &[], &figures, (&bill, facts.window.period.end.day()));
    let left_out: Vec<_> = advice.declined.iter().filter(|declined| declined.why.contains("not among the 3")).collect();
    assert_eq!(left_out.len(), offers.len() - 3);
    assert!(advice.advised.iter().all(|(at, _)| left_out.iter().all(|declined| declined.offer != *at)));
}

#[test]
fn what_loses_to_the_joint_advice_is_named() {
    let facts = facts(&root().join("fixtures/company/export"));
    let bill = bill(&facts);
    let offers = offers(&bill);
    let figures = Defaults::embedded().unwrap().commitments;
    let advised = bill.advise(&offers, &[], &figures, (&bill, facts.window.period.end.day())).advised;
    // The Compute plan could cover what two EC2 Instance plans cover, and pays alone; it is not advised beside them.
    let of = |name: &str| advised.iter().find(|(_, advised)| advised.purchase.label().contains(name));
    assert!(of("Compute Savings Plan").is_none());
    for family in ["Plan for m5", "Plan for m6i"] {
        let (_, winner) = of(family).unwrap();
        let (loser, alone) = &winner.alternatives[0];
        assert!(loser.label().contains("Compute Savings Plan") && alone.0 > 0, "{family}: {}", loser.label());
    }
    // Reserved capacity and a Database plan are both advised: neither is the other's loser.
    assert!(of("write capacity units").unwrap().1.alternatives.is_empty() && of("Database Savings Plan").is_some());
}
