//! How far the joint advice on whole bills is from a bound that no advice can beat.

use crate::{
    bill::bill,
    bound::bound,
    totals::{facts, root, skip},
};
use curtail::{bill::Offering, commitments::Effort, defaults::Defaults, note::Notes, rules::Choice};
use std::path::Path;

/// What the joint advice on a bill gains of what it could gain at most, printed.
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn gap_of(name: &str, export: &Path, groups: usize) {
    let facts = facts(export);
    let bill = bill(&facts);
    let rules = curtail::rules::load(&Choice::default(), &mut Notes::default()).unwrap();
    let wanted = rules.iter().filter_map(|rule| rule.rule.wants());
    let offers: Vec<Offering> = wanted.flat_map(|[advised, _]| bill.offerings(&advised)).collect();
    let figures = Defaults::embedded().unwrap().commitments;
    let market = bill.market(&offers.iter().collect::<Vec<_>>(), &figures);
    let steps = market.best(&figures, &Effort { starts: figures.starts, points: figures.points, threads: 2 });
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
