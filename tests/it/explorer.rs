//! What Cost Explorer says of commitments beside what the bill says of the same month.

use crate::cur::{self, Repeated};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, process::Command};

fn lines(all: Value) -> Vec<Repeated> {
    let mut lines = vec![cur::heartbeat()];
    lines.extend(serde_json::from_value::<Vec<Repeated>>(all).unwrap());
    lines
}

/// A plan of 0.10 USD an hour of which 0.07 is used: 70 %. It covers an instance of 0.096 an hour; one of 0.144 is on demand: 40 %.
fn plans() -> Vec<Repeated> {
    let arn = "arn:aws:savingsplans::111122223333:savingsplan/sp-1";
    lines(json!([
        {"type": "SavingsPlanCoveredUsage", "product": "AmazonEC2", "usage_type": "BoxUsage:m5.large", "operation": "RunInstances",
            "instance_type": "m5.large", "usage": 1, "cost": 0.096, "resource": "i-1", "columns": {
            "savings_plan_savings_plan_a_r_n": arn, "savings_plan_offering_type": "ComputeSavingsPlans",
            "savings_plan_savings_plan_effective_cost": 0.07}},
        {"type": "SavingsPlanRecurringFee", "product": "ComputeSavingsPlans", "usage_type": "ComputeSP:1yrNoUpfront", "region": "",
            "cost": 0.1, "on_demand": 0, "columns": {
            "savings_plan_savings_plan_a_r_n": arn, "savings_plan_offering_type": "ComputeSavingsPlans",
            "savings_plan_total_commitment_to_date": 0.1, "savings_plan_used_commitment": 0.07}},
        {"product": "AmazonEC2", "usage_type": "BoxUsage:m5.xlarge", "operation": "RunInstances", "instance_type": "m5.xlarge",
            "usage": 1, "cost": 0.144, "resource": "i-2"}
    ]))
}

/// A reserved m5.large that is used in 540 of 720 hours: 75 %. In the other 180 hours another type is on demand: 75 % of hours are covered.
fn reservations() -> Vec<Repeated> {
    let arn = "arn:aws:ec2:us-east-1:111122223333:reserved-instances/ri-1";
    lines(json!([
        {"type": "DiscountedUsage", "hours": [0, 540], "product": "AmazonEC2", "usage_type": "BoxUsage:m5.large",
            "operation": "RunInstances", "instance_type": "m5.large", "usage": 1, "on_demand": 0.096, "resource": "i-1",
            "columns": {"reservation_reservation_a_r_n": arn, "reservation_effective_cost": 0.05}},
        {"type": "RIFee", "every": 720, "product": "AmazonEC2", "usage_type": "HeavyUsage:m5.large", "operation": "RunInstances",
            "instance_type": "m5.large", "usage": 720, "cost": 36.0, "on_demand": 0, "columns": {
            "reservation_reservation_a_r_n": arn, "reservation_unused_amortized_upfront_fee_for_billing_period": 0.0,
            "reservation_unused_recurring_fee": 9.0}},
        {"hours": [540, 720], "product": "AmazonEC2", "usage_type": "BoxUsage:c5.large", "operation": "RunInstances",
            "instance_type": "c5.large", "usage": 1, "cost": 0.085, "resource": "i-2"}
    ]))
}

/// Figures as the CLI prints them, of one month and in one account's folder.
fn figures(folder: &Path, account: &str, end: &str, of: [&str; 4]) {
    let home = folder.join(account).join("global");
    fs::create_dir_all(&home).unwrap();
    let [used, cover, reserved, hours] = of;
    let time = json!({"Start": "2026-09-01", "End": end});
    for (name, document) in [
        (
            "savings-plans-utilization",
            json!({"SavingsPlansUtilizationsByTime": [{"TimePeriod": time, "Utilization": {"UtilizationPercentage": used}}],
                "Total": {"Utilization": {"UtilizationPercentage": used}}}),
        ),
        (
            "savings-plans-coverage",
            json!({"SavingsPlansCoverages": [
                {"Attributes": {}, "Coverage": {"CoveragePercentage": cover}, "TimePeriod": time},
                {"Attributes": {"REGION": "us-east-1"}, "Coverage": {"CoveragePercentage": "1"}, "TimePeriod": time}]}),
        ),
        (
            "reservation-utilization",
            json!({"UtilizationsByTime": [{"TimePeriod": time, "Groups": [], "Total": {"UtilizationPercentage": reserved}}]}),
        ),
        (
            "reservation-coverage",
            json!({"CoveragesByTime": [
                {"TimePeriod": time, "Groups": [], "Total": {"CoverageHours": {"CoverageHoursPercentage": hours}}}]}),
        ),
    ] {
        fs::write(home.join(format!("ce-get-{name}.json")), document.to_string()).unwrap();
    }
}

/// What is said of Cost Explorer, and the codes of everything that is said.
fn said(export: &[Repeated], account: &str, end: &str, of: [&str; 4]) -> (BTreeSet<String>, BTreeSet<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (path, inventory) = (folder.path().join("export.parquet"), folder.path().join("inventory"));
    cur::write(&path, export);
    figures(&inventory, account, end, of);
    let ran = Command::new(env!("CARGO_BIN_EXE_curtail"))
        .args(["recommend", path.to_str().unwrap(), "--inventory", inventory.to_str().unwrap(), "--format", "json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let notes = report["notes"].as_array().unwrap();
    let text = |note: &Value, name: &str| note[name].as_str().unwrap().to_owned();
    let ours = notes.iter().filter(|note| note["code"] == "cost_explorer_differs").map(|note| text(note, "message"));
    let begin = |message: String| message.split(": it may").next().unwrap().to_owned();
    (ours.map(begin).collect(), notes.iter().map(|note| text(note, "code")).collect())
}

#[test]
fn figures_that_differ_are_told_with_both() {
    const OWN: &str = "111122223333";
    const MONTH: &str = "2026-10-01";
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
    let (differ, codes) = said(&plans(), OWN, MONTH, ["90.5", "35.25", "1", "1"]);
    let wanted = texts(&[
        "use of Savings Plans in 2026-09: 90.5 % by Cost Explorer, 70.0 % by this bill",
        "coverage by Savings Plans in 2026-09: 35.2 % by Cost Explorer, 40.0 % by this bill",
    ]);
    assert_eq!(differ, wanted);
    assert!(!codes.contains("unknown_inventory_file") && !codes.contains("bad_inventory_file"), "{codes:?}");
    let (differ, _) = said(&reservations(), OWN, MONTH, ["1", "1", "97", "77.5"]);
    let wanted = texts(&[
        "use of EC2 reservations in 2026-09: 97.0 % by Cost Explorer, 75.0 % by this bill",
        "coverage by EC2 reservations in 2026-09: 77.5 % by Cost Explorer, 75.0 % by this bill",
    ]);
    assert_eq!(differ, wanted);
    // Two points are not told, nor figures of other days, of another payer, or none.
    assert_eq!(said(&plans(), OWN, MONTH, ["72", "38.1", "1", "1"]).0, texts(&[]));
    assert_eq!(said(&plans(), OWN, "2026-09-15", ["90", "90", "1", "1"]).0, texts(&[]));
    assert_eq!(said(&plans(), "444455556666", MONTH, ["90", "90", "1", "1"]).0, texts(&[]));
    assert_eq!(said(&plans(), OWN, MONTH, ["", "NaN", "1", "1"]).0, texts(&[]));
}
