//! The report does not depend on how many workers read the bill, nor on the order of its lines.

use crate::{
    cur::{self, Repeated},
    dialects::variants,
    totals::{everything, root},
};
use curtail::{
    config::{Config, Settings},
    report::{self, Format},
};
use serde_json::{Value, json};
use std::path::Path;

/// An export beside the company's inventory and transactions.
fn of_company(export: &Path) -> Settings {
    let company = root().join("fixtures/company");
    Settings {
        inventory: vec![company.join("inventory")],
        transactions: Some(company.join("transactions.csv")),
        ..everything(export)
    }
}

/// The report as JSON.
fn json(settings: &Settings, threads: usize) -> String {
    let settings = Settings { threads: Some(threads), ..settings.clone() };
    report::render(&curtail::run(&Config::of(settings).unwrap()).unwrap(), Format::Json)
}

/// The report with one worker, after a check that it is the same with more.
fn one_for_all(settings: &Settings) -> String {
    let one = json(settings, 1);
    for threads in [2, 8] {
        let many = json(settings, threads);
        if let Some((a, b)) = one.lines().zip(many.lines()).find(|(a, b)| a != b) {
            panic!("{:?}: one worker says\n{a}\n{threads} say\n{b}", settings.exports);
        }
        assert_eq!(one.len(), many.len());
    }
    one
}

#[test]
fn the_company_reads_alike_with_any_number_of_workers() {
    let report = one_for_all(&of_company(&root().join("fixtures/company/export")));
    assert!(report.contains("\"recommendations\"") && report.contains("\"workload\""));
}

/// Instances of two families, turn by turn by what they cost, and a Savings Plan for each family that covers a part of it: a change sets some
/// of its plan free, which changes what the next ones of the family save, and nothing of the other family.
fn under_two_plans() -> Vec<Repeated> {
    let plan = |family: &str| {
        json!({"savings_plan_savings_plan_a_r_n": format!("arn:aws:savingsplans::111122223333:savingsplan/{family}"),
            "savings_plan_offering_type": "EC2InstanceSavingsPlans", "savings_plan_region": "us-east-1",
            "savings_plan_instance_type_family": family, "savings_plan_purchase_term": "1yr",
            "savings_plan_payment_option": "No Upfront"})
    };
    let with = |mut columns: Value, name: &str, value: f64| {
        columns[name] = json!(value);
        columns
    };
    let families = ["m5", "r5"];
    let mut lines: Vec<Value> = (0..80i32)
        .flat_map(|at| {
            let family = families[usize::from(at % 2 == 1)];
            let line = |hours: [i32; 2], kind: &str, cost: f64, columns: Value| {
                json!({"hours": hours, "type": kind, "product": "AmazonEC2", "usage_type": format!("BoxUsage:{family}.large"),
                    "operation": "RunInstances", "instance_type": format!("{family}.large"), "resource": format!("i-{at:017}"),
                    "usage": 1.0, "cost": cost, "on_demand": if cost < 0.0 { 0.0 } else { 0.1 }, "columns": columns})
            };
            // Until an hour of its own, and once again at the end, where it is still there.
            let until = 660 - 4 * at;
            let first = if at < 30 { "SavingsPlanCoveredUsage" } else { "Usage" };
            let covered = with(plan(family), "savings_plan_savings_plan_effective_cost", 0.06);
            let columns = if at < 30 { covered } else { json!({}) };
            let negation = line([0, if at < 30 { until } else { 0 }], "SavingsPlanNegation", -0.1, plan(family));
            [line([0, until], first, 0.1, columns), negation, line([700, 720], "Usage", 0.1, json!({}))]
        })
        .collect();
    for family in families {
        let columns = with(plan(family), "savings_plan_total_commitment_to_date", 0.9);
        lines.push(json!({"type": "SavingsPlanRecurringFee", "product": "ComputeSavingsPlans", "usage": 1.0, "cost": 0.9,
            "usage_type": format!("EC2SP:{family}.1yrNoUpfront"), "columns": with(columns, "savings_plan_used_commitment", 0.9)}));
    }
    lines.into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

#[test]
fn findings_that_hang_together_are_weighed_alike_by_any_number_of_workers() {
    let folder = tempfile::tempdir().unwrap();
    cur::write(&folder.path().join("part.parquet"), &under_two_plans());
    let report: Value = serde_json::from_str(&one_for_all(&everything(folder.path()))).unwrap();
    let notes = report["notes"].as_array().unwrap();
    let codes: Vec<_> = notes.iter().map(|note| note["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"covered_hours"), "the plan pays for what findings touch: {codes:?}");
    let found = report["recommendations"].as_array().unwrap().len();
    assert!(found > 40, "{found} findings");
}

#[test]
fn shuffled_parts_read_alike_with_any_number_of_workers_and_like_the_ordered_one() {
    let folder = tempfile::tempdir().unwrap();
    variants(folder.path());
    let without_inputs = |name: &str| {
        let report = one_for_all(&of_company(&folder.path().join(name)));
        let mut report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let parts = report["inputs"].as_array().unwrap().len();
        report["inputs"].take();
        (parts, report)
    };
    let ((one, ordered), (three, shuffled)) = (without_inputs("base"), without_inputs("shuffled"));
    assert_eq!((one, three), (1, 3));
    assert_eq!(ordered, shuffled);
}

/// One row group of more lines than a worker takes at once: workers share it.
#[test]
fn a_long_row_group_reads_alike_with_any_number_of_workers() {
    let line = |at: i32| {
        json!({"product": "AmazonEC2", "usage_type": "BoxUsage:m5.large", "operation": "RunInstances", "instance_type": "m5.large",
            "resource": format!("i-{at:017}"), "usage": 1.0, "cost": 0.096, "tags": {"team": format!("team-{}", at % 7)}})
    };
    let lines: Vec<Repeated> = (0..420).map(|at| serde_json::from_value(line(at)).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    cur::write(&folder.path().join("part.parquet"), &lines);
    let report: Value = serde_json::from_str(&one_for_all(&everything(folder.path()))).unwrap();
    let read = &report["inputs"][0];
    assert_eq!(read["rows"], 420 * 720, "{read}");
}
