//! What moved the bill: worked by hand, and adding up to the bill's own change.

use crate::cur::{self, Repeated};
use curtail::{
    config::{Config, Settings},
    report::{self, Document},
    time::Span,
};
use serde_json::{Value, json};
use std::path::Path;

/// From the first hour of August up to that of September, and of September.
const AUGUST: [i64; 2] = [-744, 0];
const SEPTEMBER: [i64; 2] = [0, 720];

fn line(of: Value) -> Repeated {
    serde_json::from_value(of).unwrap()
}

fn config(root: &Path, lines: &[Repeated], workload: Option<&str>) -> Config {
    let export = root.join("export");
    std::fs::create_dir_all(&export).unwrap();
    cur::write(&export.join("part.parquet"), lines);
    let settings = Settings {
        exports: vec![export.display().to_string()],
        workload: workload.map(Into::into),
        window: Some("all".into()),
        ..Settings::default()
    };
    Config::of(settings).unwrap()
}

/// A line of no cost in every hour of both months.
fn heartbeat() -> Repeated {
    Repeated { hours: [AUGUST[0], SEPTEMBER[1]], ..cur::heartbeat() }
}

fn compare(lines: &[Repeated], asked: Option<(&str, &str)>) -> Value {
    let root = tempfile::tempdir().unwrap();
    let mut lines = lines.to_vec();
    lines.push(heartbeat());
    let asked = asked.map(|(before, after)| (Span::parse(before).unwrap(), Span::parse(after).unwrap()));
    let report = curtail::changes(&config(root.path(), &lines, Some("tag:app")), asked).unwrap();
    serde_json::from_str(&report::changes_json(&report)).unwrap()
}

fn failure(lines: &[Repeated], asked: Option<(&str, &str)>) -> String {
    let root = tempfile::tempdir().unwrap();
    let asked = asked.map(|(before, after)| (Span::parse(before).unwrap(), Span::parse(after).unwrap()));
    curtail::changes(&config(root.path(), lines, None), asked).unwrap_err().to_string()
}

/// A row without its percentage.
fn row(report: &Value, side: &str, name: &Value) -> Value {
    let row = report[side].as_array().unwrap().iter().find(|row| &row["name"] == name);
    let row = row.unwrap_or_else(|| panic!("{side} has no {name}: {report:#}"));
    Value::from(["before", "after", "change", "volume", "rate", "new", "gone"].map(|field| row[field].clone()).to_vec())
}

fn micros(value: &Value) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "amounts of a test")]
    let micros = (value.as_f64().unwrap() * 1e6).round() as i64;
    micros
}

/// That each side adds up to the total, and each row's parts to its change.
fn adds_up(report: &Value) {
    for side in ["by_service", "by_account", "by_workload", "by_usage_type"] {
        let rows = report[side].as_array().unwrap();
        for field in ["before", "after", "change"] {
            let sum: i64 = rows.iter().map(|row| micros(&row[field])).sum();
            assert_eq!(sum, micros(&report["total"][field]), "{side} {field}");
        }
        for row in rows.iter().chain([&report["total"]]) {
            let parts: i64 = ["volume", "rate", "new", "gone"].iter().map(|part| micros(&row[part])).sum();
            assert_eq!(parts, micros(&row["change"]), "{side} {row}");
            assert_eq!(micros(&row["after"]) - micros(&row["before"]), micros(&row["change"]), "{side} {row}");
        }
    }
}

fn lambda(hours: [i64; 2], usage: f64, cost: f64, app: &str) -> Repeated {
    line(json!({"hours": hours, "product": "AWSLambda", "usage_type": "Lambda-GB-Second", "usage": usage, "cost": cost,
        "resource": "f", "tags": {"user_app": app}}))
}

#[test]
fn every_part_by_hand() {
    // Lambda: August 744 h x 10 at 0.01 = 74.40 for 7,440; September 720 x 20 at 0.009 = 129.60 for 14,400.
    // Volume 74.40 x 14,400 / 7,440 - 74.40 = 69.60; rate 129.60 - 144 = -14.40. Change 55.20.
    // A gateway ended: 744 x 0.045 = 33.48 gone. A queue began: 720 x 0.01 = 7.20 new.
    // Tax: 10.00, then 14.00: it has no usage, so all of it is volume.
    let tax = |hour, cost| {
        line(json!({"hours": [hour, hour + 1], "type": "Tax", "product": "AWSLambda", "usage_type": "", "cost": cost}))
    };
    let lines = [
        lambda(AUGUST, 10.0, 0.1, "a"),
        lambda(SEPTEMBER, 20.0, 0.18, "a"),
        line(
            json!({"hours": AUGUST, "product": "AmazonEC2", "usage_type": "NatGateway-Hours", "usage": 1.0, "cost": 0.045, "resource": "nat-1"}),
        ),
        line(
            json!({"hours": SEPTEMBER, "product": "AWSQueueService", "usage_type": "Requests-Tier1", "usage": 1.0, "cost": 0.01, "account": "222233334444"}),
        ),
        tax(-1, 10.0),
        tax(719, 14.0),
    ];
    let report = compare(&lines, None);
    adds_up(&report);
    assert_eq!(report["before"], json!({"start": "2026-08-01T00:00:00Z", "end": "2026-09-01T00:00:00Z"}));
    assert_eq!(report["after"]["end"], "2026-10-01T00:00:00Z");
    assert_eq!(row(&report, "by_service", &json!("AWSLambda")), json!([84.4, 143.6, 59.2, 73.6, -14.4, 0.0, 0.0]));
    assert_eq!(row(&report, "by_service", &json!("AmazonEC2")), json!([33.48, 0.0, -33.48, 0.0, 0.0, 0.0, -33.48]));
    assert_eq!(row(&report, "by_account", &json!("222233334444")), json!([0.0, 7.2, 7.2, 0.0, 0.0, 7.2, 0.0]));
    assert_eq!(row(&report, "by_workload", &json!("a")), json!([74.4, 129.6, 55.2, 69.6, -14.4, 0.0, 0.0]));
    assert_eq!(row(&report, "by_workload", &Value::Null), json!([43.48, 21.2, -22.28, 4.0, 0.0, 7.2, -33.48]));
    assert_eq!(
        row(&report, "by_usage_type", &json!("AWSLambda Lambda-GB-Second")),
        json!([74.4, 129.6, 55.2, 69.6, -14.4, 0.0, 0.0])
    );
    assert_eq!(row(&report, "by_usage_type", &json!("AWSLambda Tax")), json!([10.0, 14.0, 4.0, 4.0, 0.0, 0.0, 0.0]));
    let total = &report["total"];
    assert_eq!([&total["before"], &total["after"], &total["change"]], [&json!(117.88), &json!(150.8), &json!(32.92)]);
    // The greatest change comes first.
    assert_eq!(report["by_service"][0]["name"], "AWSLambda");
    let codes: Vec<&str> =
        report["notes"].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"unequal_stretches"), "{codes:?}");
}

#[test]
fn a_covered_hour_is_the_same_usage_at_another_price() {
    let covered = json!({"hours": SEPTEMBER, "type": "SavingsPlanCoveredUsage", "product": "AWSLambda",
        "usage_type": "Lambda-GB-Second", "usage": 10.0, "cost": 0.1, "resource": "f", "tags": {"user_app": "a"},
        "columns": {"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::1:savingsplan/s", "savings_plan_total_commitment_to_date": 0.0,
            "savings_plan_used_commitment": 0.0, "savings_plan_savings_plan_effective_cost": 0.08}});
    let report = compare(&[lambda(AUGUST, 10.0, 0.1, "a"), line(covered)], Some(("2026-08-01..2026-08-30", "2026-09")));
    adds_up(&report);
    assert_eq!(row(&report, "by_workload", &json!("a")), json!([72.0, 57.6, -14.4, 0.0, -14.4, 0.0, 0.0]));
}

#[test]
fn a_thousand_odd_amounts_add_up_to_the_millionth_and_to_the_bill() {
    let mut lines = Vec::new();
    for at in 0..300 {
        let share = f64::from(at) / 7.0;
        let month = if at % 3 == 0 { AUGUST } else { SEPTEMBER };
        lines.push(line(json!({"hours": [month[0] + i64::from(at), month[0] + i64::from(at) + 5], "product": format!("S{}", at % 9),
            "usage_type": format!("U{}", at % 31), "usage": share, "cost": share / 3.0, "account": format!("{}", at % 4), "resource": "r",
            "tags": {"user_app": format!("{}", at % 5)}})));
    }
    let report = compare(&lines, None);
    adds_up(&report);
    let exact: f64 = (0..300).filter(|at| at % 3 == 0).map(|at| f64::from(at) / 21.0 * 5.0).sum();
    assert!((report["total"]["before"].as_f64().unwrap() - exact).abs() < 1e-6);
}

#[test]
fn the_table_adds_up_to_the_cent_and_the_rest_is_gathered() {
    let root = tempfile::tempdir().unwrap();
    let third = |name: &str| {
        line(json!({"hours": [0, 1], "product": name, "usage_type": "U", "usage": 1.0, "cost": 1.0 / 3.0}))
    };
    let lines = [third("A"), third("B"), third("C"), heartbeat()];
    let report = curtail::changes(&config(root.path(), &lines, None), None).unwrap();
    let table = report::changes_table(&report, 2);
    let cells = |name: &str| -> Vec<String> {
        let found = table.lines().find(|row| row.contains(name)).unwrap_or_else(|| panic!("{name}:\n{table}"));
        found.split(['│', '┆']).map(|cell| cell.trim().to_owned()).collect()
    };
    assert_eq!(cells(" A ")[2..5], ["0.00", "0.33", "+0.33"]);
    assert_eq!(cells(" B ")[2..5], ["0.00", "0.34", "+0.34"]);
    assert_eq!(cells("(2 others)")[2..5], ["0.00", "0.33", "+0.33"]);
    assert_eq!(cells(" total ")[2..5], ["0.00", "1.00", "+1.00"]);
    let csv = report::changes_csv(&report);
    assert_eq!(csv.lines().next().unwrap(), "side,name,before,after,change,volume,rate,new,gone,currency");
    assert!(csv.contains("\nservice,A,0,0.333333,0.333333,0,0,0.333333,0,USD\n"), "{csv}");
}

#[test]
fn the_document_is_valid_against_its_schema() {
    let schema: Value = serde_json::from_str(&report::schema(Document::Changes)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut report = compare(&[lambda(AUGUST, 10.0, 0.1, "a")], None);
    assert!(validator.is_valid(&report));
    report["total"]["before"] = json!("much");
    assert!(!validator.is_valid(&report));
}

#[test]
fn what_cannot_be_compared_is_told() {
    let september = [cur::heartbeat()];
    assert!(failure(&september, None).contains("2026-09-01 to 2026-09-30 is the only complete month that was read"));
    let few = [Repeated { hours: [0, 24], ..cur::heartbeat() }];
    assert!(failure(&few, None).contains("no complete month was read, only 2026-09-01 to 2026-09-01"));
    assert_eq!(
        failure(&september, Some(("2026-08", "2026-09"))),
        "--before 2026-08-01 to 2026-08-31: only 2026-09-01 to 2026-09-30 was read"
    );
    let overlap = failure(&september, Some(("2026-09-01..2026-09-10", "2026-09-10..2026-09-20")));
    assert!(overlap.ends_with("overlap"), "{overlap}");
}
