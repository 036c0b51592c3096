//! The bill as a model: an edit saves what the price drops by, alone, stacked and from scratch.

use crate::cur::{self, Repeated};
use curtail::{
    Read,
    bill::{Assumptions, Bill, Edit, Selection, Sharing, saving},
    config::{Config, Settings},
    facts::{ClassId, Cost, Facts, ResourceId},
    inventory::Inventory,
    prices::{Prices, Seen},
    sku::Coverage,
};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

/// The facts of some lines, through a real export.
pub(crate) fn facts(lines: &[Repeated]) -> Facts {
    let root = tempfile::tempdir().unwrap();
    cur::write(&root.path().join("part.parquet"), lines);
    let exports = vec![root.path().display().to_string()];
    let settings = Settings { exports, window: Some("all".into()), ..Settings::default() };
    let Read { facts, .. } = curtail::read(&Config::of(settings).unwrap()).unwrap();
    facts
}

static PRICES: LazyLock<Prices> = LazyLock::new(|| Prices::gather(Seen::default(), &Inventory::default()).unwrap());
static COVERAGE: LazyLock<Coverage> = LazyLock::new(|| Coverage::embedded().unwrap());

/// The bill of some facts, commitments shared by all accounts.
pub(crate) fn bill(facts: &Facts) -> Bill<'_> {
    Bill::of(facts, Assumptions { coverage: &COVERAGE, sharing: &Sharing::Organization, prices: &PRICES })
}

fn line(resource: usize, class: usize, kind: &str, cost: f64) -> Repeated {
    let mut line = json!({
        "hours": [0, 3], "product": "AmazonEC2", "usage_type": format!("BoxUsage:m{class}.large"), "type": kind,
        "operation": "RunInstances", "resource": format!("i-{resource}"), "usage": 1.0, "cost": cost, "net": cost * 0.9
    });
    if kind == "DiscountedUsage" {
        line["columns"] = json!({"reservation_effective_cost": cost / 2.0, "reservation_reservation_a_r_n": "arn:ri"});
    }
    serde_json::from_value(line).unwrap()
}

fn edits(facts: &Facts) -> impl Strategy<Value = Vec<Vec<Edit>>> + use<> {
    let (resources, classes) =
        (u32::try_from(facts.resources.len()).unwrap(), u32::try_from(facts.classes.len()).unwrap());
    let select = (
        proptest::collection::vec(0..resources, 1..3),
        proptest::option::of(proptest::collection::vec(0..classes, 0..3)),
    );
    let edit = (select, proptest::option::of(0.0f64..1.5)).prop_map(|((resources, classes), ratio)| {
        let what = Selection {
            resources: resources.into_iter().map(ResourceId).collect(),
            classes: classes.map(|ids| ids.into_iter().map(ClassId).collect()),
        };
        match ratio {
            None => Edit::Stop(what),
            Some(ratio) => Edit::Move { what, ratio, to: None },
        }
    });
    proptest::collection::vec(proptest::collection::vec(edit, 1..3), 1..6)
}

#[test]
fn what_an_edit_saves_is_what_the_price_drops_by() {
    let kinds = ["Usage", "DiscountedUsage", "Usage", "Fee"];
    let lines: Vec<Repeated> =
        (0..12).map(|n| line(n % 5, n % 3, kinds[n % 4], 0.1 + f64::from(u32::try_from(n).unwrap()) / 7.0)).collect();
    let facts = facts(&lines);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&edits(&facts), |findings| {
            let today = bill(&facts);
            let mut bill = today.clone();
            let mut sum = Cost::default();
            for edits in &findings {
                let before = bill.price();
                let peeked = saving(&bill.peek(edits));
                let applied = saving(&bill.apply(edits));
                prop_assert_eq!(peeked, applied);
                prop_assert_eq!(before - bill.price(), applied);
                sum += applied;
            }
            prop_assert_eq!(today.price() - bill.price(), sum);
            // From scratch: all edits at once.
            let mut scratch = today.clone();
            scratch.apply(&findings.concat());
            prop_assert_eq!(scratch.price(), bill.price());
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_a_reservation_covered_it_covers_elsewhere_when_that_stops() {
    let facts = facts(&[line(0, 0, "Usage", 1.0), line(0, 0, "DiscountedUsage", 1.0), line(1, 0, "Usage", 1.0)]);
    let mut bill = bill(&facts);
    let (id, _) = facts.named_resources().find(|(_, resource)| &*resource.id == "i-0").unwrap();
    // Three hours at 1.00 on demand, 0.90 net. The reservation's three hours, 0.50 each, stay paid and cover the other instance's
    // three hours, which cost as much.
    let saved = saving(&bill.apply(&[Edit::stop(id)]));
    assert_eq!((saved.gross.to_string(), saved.net.to_string()), ("6.00".into(), "5.40".into()));
    assert_eq!(saving(&bill.apply(&[Edit::stop(id)])), Cost::default(), "a second stop saves nothing");
}

#[test]
fn the_bill_is_the_period_without_tax_credit_and_refund() {
    let facts = facts(&[
        line(0, 0, "Usage", 1.0),
        line(1, 0, "DiscountedUsage", 1.0),
        line(2, 0, "RIFee", 0.25),
        line(3, 0, "Fee", 5.0),
        line(4, 0, "Tax", 7.0),
        line(4, 0, "Credit", -2.0),
    ]);
    let running = facts.spend.iter().filter(|spend| !facts.class(spend.class).line.is_apart());
    let sum: Cost = running.map(|spend| Cost { gross: spend.costs.effective, net: spend.costs.net }).sum();
    assert_eq!(bill(&facts).price(), sum);
}
