//! The bill as a model: an edit saves what the price drops by, alone, stacked and from scratch.

use crate::cur::{self, Repeated};
use curtail::{
    Read,
    bill::{Assumptions, Bill, Edit, ExchangeLimits, Selection, Sharing, Wanted, saving},
    config::{Config, Settings},
    facts::{ClassId, Cost, Facts, ResourceId},
    inventory::Inventory,
    money::{Money, Quantity},
    prices::{Instrument, Prices, Seen},
    sku::{Coverage, Payment, Term},
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
    let limit = proptest::option::of(prop_oneof![Just(0.0), 0.0f64..4.0]);
    let most = proptest::collection::vec(limit, 0..5);
    let edit = (select, proptest::option::of(0.0f64..1.5), proptest::option::of(most));
    let edit = edit.prop_map(|((resources, classes), ratio, most)| {
        let what = Selection {
            resources: resources.into_iter().map(ResourceId).collect(),
            classes: classes.map(|ids| ids.into_iter().map(ClassId).collect()),
        };
        match (most, ratio) {
            (Some(most), _) => Edit::Cap { what, most: most.into_iter().map(limit_of).collect() },
            (None, None) => Edit::Stop(what),
            (None, Some(ratio)) => Edit::Move { what, ratio, to: None },
        }
    });
    proptest::collection::vec(proptest::collection::vec(edit, 1..3), 1..6)
}

fn limit_of(most: Option<f64>) -> Option<Quantity> {
    most.map(|most| Quantity::from_f64(most).unwrap())
}

#[test]
fn what_an_edit_saves_is_what_the_price_drops_by() {
    let kinds = ["Usage", "DiscountedUsage", "Usage", "Fee"];
    let mut lines: Vec<Repeated> =
        (0..12).map(|n| line(n % 5, n % 3, kinds[n % 4], 0.1 + f64::from(u32::try_from(n).unwrap()) / 7.0)).collect();
    // What no commitment could cover is linear.
    lines.push(hour_of(json!({"usage_type": "CW:MetricMonitorUsage", "operation": "", "resource": "i-1"})));
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
fn the_order_of_edits_on_different_resources_does_not_change_the_price() {
    let kinds = ["Usage", "Usage", "DiscountedUsage", "Usage"];
    let cost = |n: usize| 0.1 + f64::from(u32::try_from(n).unwrap()) / 7.0;
    let lines: Vec<Repeated> = (0..24).map(|n| line(n % 9, n % 3, kinds[n % 4], cost(n))).collect();
    let facts = facts(&lines);
    let (mut runner, several) = (proptest::test_runner::TestRunner::deterministic(), std::cell::Cell::new(0));
    let strategy = (edits(&facts), 1usize..5);
    runner
        .run(&strategy, |(mut findings, turn)| {
            let mut taken = std::collections::BTreeSet::new();
            findings.retain(|edits| {
                let own: std::collections::BTreeSet<ResourceId> =
                    edits.iter().flat_map(|edit| edit.selection().resources.clone()).collect();
                let free = own.is_disjoint(&taken);
                taken.extend(own);
                free
            });
            let price = |findings: &[Vec<Edit>]| {
                let mut bill = bill(&facts);
                findings.iter().for_each(|edits| drop(bill.apply(edits)));
                bill.price()
            };
            let before = price(&findings);
            several.set(several.get() + usize::from(findings.len() > 1));
            let turn = turn % findings.len();
            findings.rotate_left(turn);
            prop_assert_eq!(price(&findings), before);
            findings.reverse();
            prop_assert_eq!(price(&findings), before);
            Ok(())
        })
        .unwrap();
    assert!(several.get() > 50);
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

/// Hours of an m5.large, or what else is stated.
fn hour_of(changed: serde_json::Value) -> Repeated {
    let mut line = json!({
        "hours": [0, 4], "product": "AmazonEC2", "usage_type": "BoxUsage:m5.large", "operation": "RunInstances",
        "instance_type": "m5.large", "resource": "i-1", "usage": 1.0, "cost": 0.096
    });
    line.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    serde_json::from_value(line).unwrap()
}

/// A reservation of two, of which one is used: 0.06 each.
fn reserved(class: &str) -> [Repeated; 2] {
    let arn = "arn:aws:ec2:us-east-1:111122223333:reserved-instances/ri-1";
    let columns = json!({
        "reservation_reservation_a_r_n": arn, "reservation_effective_cost": 0.06, "pricing_offering_class": class,
        "pricing_lease_contract_length": "1yr", "pricing_purchase_option": "No Upfront",
        "reservation_unused_amortized_upfront_fee_for_billing_period": 0.0, "reservation_unused_recurring_fee": 0.24
    });
    [
        hour_of(json!({"type": "DiscountedUsage", "cost": 0.0, "on_demand": 0.096, "columns": columns})),
        hour_of(
            json!({"type": "RIFee", "hours": [0, 1], "every": 4, "usage_type": "HeavyUsage:m5.large", "usage": 8.0,
            "cost": 0.48, "on_demand": 0.0, "resource": "", "columns": columns}),
        ),
    ]
}

#[test]
fn an_exchange_saves_what_the_price_drops_by() {
    let c5 = hour_of(
        json!({"usage_type": "BoxUsage:c5.large", "instance_type": "c5.large", "cost": 0.085, "resource": "i-2"}),
    );
    let facts = facts(&[reserved("convertible").as_slice(), &[c5]].concat());
    let mut bill = bill(&facts);
    let terms = vec![(Term::OneYear, Payment::NoUpfront)];
    let instruments = vec![Instrument::Convertible];
    let wanted = Wanted { instruments, services: vec![], blocks: None, terms, step: Money::ZERO };
    let exchange = bill.exchange(0, &wanted, ExchangeLimits { targets: 8, counts: 32 }).unwrap();
    // One of the two for one c5.large at 27 % off .085 = .06205: 4 hours x (.085 - .06205 + .06).
    assert_eq!((exchange.release.part, exchange.release.of, exchange.purchase.steps), (1, 2, 1));
    assert_eq!(exchange.saving.net.micros(), 331_800);
    let edits = [Edit::Release(exchange.release), Edit::Buy(Box::new(exchange.purchase))];
    let (before, peeked) = (bill.price(), saving(&bill.peek(&edits)));
    let applied = saving(&bill.apply(&edits));
    assert_eq!((peeked, before - bill.price()), (applied, applied));
    assert_eq!(applied, exchange.saving);
    let held = bill.held();
    assert_eq!((held[0].utilization, held[0].unused), (1.0, Cost::default()), "what is left of it is used");
}

#[test]
fn a_commitment_that_lapses_takes_its_cost_along() {
    let facts = facts(&reserved("standard"));
    let bill = bill(&facts);
    // 2 x .06 an hour end, one instance is paid at .096 on demand.
    let lapsed = bill.without(0).unwrap();
    assert_eq!((bill.price().net.micros(), lapsed.price().net.micros()), (480_000, 384_000));
    assert_eq!(bill.held()[0].unused.net.micros(), 240_000);
    assert!(lapsed.held().is_empty() && lapsed.without(0).is_none());
    let (now, then) = (bill.standing(), lapsed.standing());
    assert_eq!((now.coverable, now.uncovered.micros(), then.uncovered.micros()), (then.coverable, 0, 384_000));
    assert_eq!(
        (now.committed.net.micros(), now.used.net.micros(), then.committed),
        (480_000, 240_000, Cost::default())
    );
}

#[test]
fn a_listed_reservation_that_no_line_names_covers_what_it_can() {
    let mut facts = facts(&[hour_of(json!({})), hour_of(json!({"resource": "i-2", "zone": "us-east-1b"}))]);
    let uncovered = bill(&facts).price();
    let listed = |id: &str, zone: &str, state: &str| {
        json!({
            "ReservedInstancesId": id, "InstanceType": "m5.large", "InstanceCount": 1, "Scope": "Availability Zone",
            "AvailabilityZone": zone, "ProductDescription": "Linux/UNIX", "InstanceTenancy": "default",
            "OfferingClass": "standard", "OfferingType": "All Upfront", "State": state, "Duration": 31_536_000,
            "Start": "2026-09-01T02:00:00Z", "End": "2027-09-01T02:00:00Z"
        })
    };
    let root = tempfile::tempdir().unwrap();
    let write = |account: &str, rows: serde_json::Value| {
        let folder = root.path().join(account).join("us-east-1");
        std::fs::create_dir_all(&folder).unwrap();
        let text = json!({"ReservedInstances": rows}).to_string();
        std::fs::write(folder.join("ec2-describe-reserved-instances.json"), text).unwrap();
    };
    // One in a zone where it has use, one where it has none, one that is over, and one of an account that is not in the bill.
    write(
        "111122223333",
        json!([
            listed("here", "us-east-1b", "active"),
            listed("elsewhere", "us-east-1c", "active"),
            listed("over", "us-east-1b", "retired")
        ]),
    );
    write("999999999999", json!([listed("foreign", "us-east-1b", "active")]));
    let inventory = Inventory::load(&[root.path().to_path_buf()], &mut Default::default()).unwrap();
    facts.complete(inventory.commitments());
    // In force from the third of four hours on: two of them at .096.
    assert_eq!((uncovered - bill(&facts).price()).net.micros(), 192_000);
}

/// Three m5.large, one of them on a line that one of two reservations covers.
fn three_of_which_two_are_reserved() -> Vec<Repeated> {
    let lines = ["i-2", "i-3"].map(|id| hour_of(json!({"resource": id})));
    [reserved("standard").as_slice(), &lines].concat()
}

#[test]
fn a_cap_saves_nothing_in_hours_that_are_covered() {
    let mut lines = three_of_which_two_are_reserved();
    lines.push(hour_of(json!({"usage_type": "CW:MetricMonitorUsage", "operation": "", "cost": 0.01})));
    let facts = facts(&lines);
    let all: Vec<ResourceId> = facts.named_resources().map(|(id, _)| id).collect();
    let cap = |most: [Option<f64>; 4]| Edit::Cap {
        what: Selection { resources: all.clone(), classes: None },
        most: most.into_iter().map(limit_of).collect(),
    };
    let saved = |edits: &[Edit]| saving(&bill(&facts).apply(edits)).net.micros();
    // One of three is paid on demand, .096 an hour; the reservations are paid whether they are used or not. 6 of 12 instance-hours are
    // left, so that of .04 for monitoring .02 is.
    let edit = cap([Some(2.0), Some(2.0), Some(1.0), Some(1.0)]);
    assert_eq!(saved(std::slice::from_ref(&edit)), 4 * 96_000 + 20_000);
    assert_eq!(bill(&facts).direct(std::slice::from_ref(&edit)).net.micros(), 384_000 + 20_000);
    assert_eq!(saved(&[cap([None, None, None, Some(2.5)])]), 48_000 + 1_667);
    assert_eq!(saved(&[cap([None; 4])]), 0);
    assert_eq!(saved(&[cap([Some(3.0); 4])]), 0);
    // Capped twice, the lower limit counts; what is stopped afterwards is what was left.
    assert_eq!(saved(&[cap([Some(2.0); 4]), cap([Some(2.5); 4])]), saved(&[cap([Some(2.0); 4])]));
    assert_eq!(saved(&[edit, Edit::Stop(Selection { resources: all.clone(), classes: None })]), 384_000 + 40_000);
}

#[test]
fn a_capped_bill_is_the_reservations_and_what_runs_beyond_them() {
    let facts = facts(&three_of_which_two_are_reserved());
    let resources: Vec<ResourceId> = facts.named_resources().map(|(id, _)| id).collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&proptest::collection::vec(proptest::option::of(0u32..=4), 4), |most| {
            let limits = most.iter().map(|most| limit_of(most.map(f64::from))).collect();
            let edit = Edit::Cap { what: Selection { resources: resources.clone(), classes: None }, most: limits };
            let mut capped = bill(&facts);
            capped.apply(&[edit]);
            // Two at .06 an hour are paid in any case; what runs beyond two costs .096.
            let beyond: i128 =
                most.iter().map(|most| i128::from(most.map_or(1, |most| most.min(3).saturating_sub(2)))).sum();
            prop_assert_eq!(capped.price().net.micros(), 480_000 + 96_000 * beyond);
            Ok(())
        })
        .unwrap();
}
