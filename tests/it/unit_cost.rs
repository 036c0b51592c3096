//! Unit cost: cost joined to transactions, the trend, and a change of cost split exactly.

use crate::cur::{self, Repeated};
use curtail::config::{Config, Settings};
use serde_json::{Value, json};
use std::fmt::Write as _;

fn line(days: [i64; 2], workload: &str, usage: f64, cost: f64) -> Repeated {
    let tags = if workload.is_empty() { json!({}) } else { json!({"user_app": workload}) };
    serde_json::from_value(json!({
        "hours": [days[0] * 24, days[1] * 24], "product": "AWSLambda", "usage_type": "Lambda-GB-Second", "resource": "f",
        "usage": usage, "cost": cost, "tags": tags
    }))
    .unwrap()
}

/// Daily transactions: `count` of a workload on each of some days of September.
fn transactions(rows: &[(&str, [i64; 2], u64)]) -> String {
    let mut text = String::from("date,workload,transactions\n");
    for (workload, days, count) in rows {
        for day in days[0]..days[1] {
            writeln!(text, "2026-09-{:02},{workload},{count}", day + 1).unwrap();
        }
    }
    text
}

fn run(lines: &[Repeated], transactions: &str, workload: Option<&str>) -> Value {
    let root = tempfile::tempdir().unwrap();
    let export = root.path().join("export");
    std::fs::create_dir_all(&export).unwrap();
    let mut lines = lines.to_vec();
    lines.push(cur::heartbeat());
    cur::write(&export.join("part.parquet"), &lines);
    let path = root.path().join("transactions.csv");
    std::fs::write(&path, transactions).unwrap();
    let settings = Settings {
        exports: vec![export.display().to_string()],
        transactions: Some(path),
        workload: workload.map(Into::into),
        ..Settings::default()
    };
    serde_json::to_value(curtail::run(&Config::of(settings).unwrap()).unwrap()).unwrap()
}

fn row<'a>(report: &'a Value, workload: &Value) -> &'a Value {
    report["unit_costs"].as_array().unwrap().iter().find(|row| &row["workload"] == workload).unwrap()
}

#[test]
fn a_change_is_split_into_volume_rate_and_efficiency_by_hand() {
    // The period has 30 days, so two stretches of 14: days 2-16 and 16-30 (counted from 0).
    // Before: 24 h x 14 d x 1.0 GB-s at 0.10 = 33.6 for 14 x 100 = 1400 transactions: 0.024 each.
    // After: usage 1.5 at 0.08 = 0.12 an hour = 40.32 for 14 x 200 = 2800 transactions: 0.0144 each: efficient.
    // Volume = 33.6 / 1400 x 1400 = 33.6. Rate = 504 x (0.08 - 0.10) = -10.08. Efficiency = 504 x 0.10 - 67.2 = -16.8.
    let lines = [line([0, 16], "a", 1.0, 0.10), line([16, 30], "a", 1.5, 0.12), line([0, 30], "", 1.0, 0.01)];
    let report = run(&lines, &transactions(&[("a", [0, 16], 100), ("a", [16, 30], 200)]), None);
    let a = row(&report, &json!("a"));
    let effects = &a["effects"];
    assert_eq!(
        (&effects["from"]["start"], &effects["to"]["start"]),
        (&json!("2026-09-03T00:00:00Z"), &json!("2026-09-17T00:00:00Z"))
    );
    assert_eq!((&effects["from"]["cost"], &effects["to"]["cost"]), (&json!(33.6), &json!(40.32)));
    assert_eq!(
        (&effects["volume"], &effects["rate"], &effects["efficiency"]),
        (&json!(33.6), &json!(-10.08), &json!(-16.8))
    );
    assert_eq!(a["trend"], "efficient");
    // The period: 16 x 24 x 0.10 + 14 x 24 x 0.12 = 78.72 for 16 x 100 + 14 x 200 = 4400.
    assert_eq!((&a["cost"], &a["transactions"]), (&json!(78.72), &json!(4400.0)));
    assert!((a["unit_cost"].as_f64().unwrap() - 78.72 / 4400.0).abs() < 1e-12);
    assert_eq!(row(&report, &Value::Null)["cost"], json!(7.2));
}

#[test]
fn a_trend_has_a_tolerance() {
    for (after, trend) in [(100, "stagnant"), (101, "stagnant"), (120, "efficient"), (80, "inefficient")] {
        let report = run(
            &[line([0, 30], "a", 1.0, 0.10)],
            &transactions(&[("a", [0, 16], 100), ("a", [16, 30], after)]),
            Some("tag:app"),
        );
        assert_eq!(row(&report, &json!("a"))["trend"], trend, "{after}");
    }
}

#[test]
fn a_gap_is_unknown_not_zero() {
    let report =
        run(&[line([0, 30], "a", 1.0, 0.10)], &transactions(&[("a", [0, 10], 100), ("a", [20, 30], 100)]), None);
    let a = row(&report, &json!("a"));
    // Twenty covered days at 2.40 a day for 2000 transactions.
    assert_eq!(a["transactions"], json!(2000.0));
    assert!((a["unit_cost"].as_f64().unwrap() - 48.0 / 2000.0).abs() < 1e-12);
    assert_eq!((&a["trend"], &a["effects"]), (&json!("insufficient_data"), &Value::Null));
    let day = &a["series"].as_array().unwrap()[15];
    assert_eq!((&day["transactions"], &day["unit_cost"]), (&Value::Null, &Value::Null));
    let notes = report["notes"].as_array().unwrap();
    assert!(notes.iter().any(|note| note["code"] == "transactions_gap"));
}

#[test]
fn workloads_can_be_accounts_and_what_has_no_cost_is_told() {
    let report = run(
        &[line([0, 30], "a", 1.0, 0.10)],
        &transactions(&[("111122223333", [0, 30], 10), ("ghost", [0, 30], 10)]),
        Some("account"),
    );
    assert_eq!(row(&report, &json!("111122223333"))["cost"], json!(72.0));
    assert_eq!(row(&report, &json!("ghost"))["cost"], json!(0.0));
    let notes = report["notes"].as_array().unwrap();
    let unknown = notes.iter().find(|note| note["code"] == "unknown_workload").unwrap();
    assert!(unknown["message"].as_str().unwrap().contains("ghost"));
}
