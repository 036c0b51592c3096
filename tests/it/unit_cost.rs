//! Unit cost: cost joined to transactions, the trend, and a change of cost split exactly.

use crate::cur::{self, Repeated};
use curtail::{
    config::{Config, Settings},
    report::{self, Document},
};
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

/// Transactions of every day of August and September, and a line whose cost follows them; `cost` is of a day.
fn two_months(cost: impl Fn(i64) -> f64, count: impl Fn(i64) -> u64) -> (Vec<Repeated>, String) {
    let mut text = String::from("date,workload,transactions\n");
    let mut lines = Vec::new();
    for day in -31..30 {
        lines.push(line([day, day + 1], "a", 1.0, cost(day) / 24.0));
        let date = curtail::time::Hour(i32::try_from(cur::SEPTEMBER + day * 24).unwrap()).day();
        writeln!(text, "{date},a,{}", count(day)).unwrap();
    }
    (lines, text)
}

fn outlook(lines: &[Repeated], transactions: &str) -> Value {
    let root = tempfile::tempdir().unwrap();
    let export = root.path().join("export");
    std::fs::create_dir_all(&export).unwrap();
    cur::write(&export.join("part.parquet"), lines);
    let path = root.path().join("transactions.csv");
    std::fs::write(&path, transactions).unwrap();
    let settings = Settings {
        exports: vec![export.display().to_string()],
        transactions: Some(path),
        workload: Some("tag:app".into()),
        ..Settings::default()
    };
    let report = curtail::unit_cost(&Config::of(settings).unwrap()).unwrap();
    assert!(!report::unit_cost_table(&report).is_empty());
    serde_json::from_str(&report::unit_cost_json(&report)).unwrap()
}

#[test]
fn weeks_and_effects_of_two_months_by_hand() {
    // 10 a day for 100 transactions in August, 12 for 150 in September.
    // C0 = 310, T0 = 3,100; C1 = 360, T1 = 4,500: volume 310 / 3,100 x 1,400 = 140. Usage is 24 a day in both at 10 / 24 and
    // 12 / 24: rate 720 x 2 / 24 = 60. Efficiency 50 - 140 - 60 = -150.
    let (lines, text) = two_months(|day| if day < 0 { 10.0 } else { 12.0 }, |day| if day < 0 { 100 } else { 150 });
    let report = outlook(&lines, &text);
    let a = &report["workloads"][0];
    let effects = &a["effects"];
    assert_eq!(
        [&effects["volume"], &effects["rate"], &effects["efficiency"]],
        [&json!(140.0), &json!(60.0), &json!(-150.0)]
    );
    assert_eq!(
        (&a["trend"], &a["unit_cost"], a["days"].as_array().unwrap().len()),
        (&json!("efficient"), &json!(0.08), 61)
    );
    let weeks = a["weeks"].as_array().unwrap();
    // Mondays from 3 August to 21 September; the week of 31 August has one day of 10 for 100.
    assert_eq!((weeks.len(), &weeks[0]["start"], &weeks[0]["unit_cost"]), (8, &json!("2026-08-03"), &json!(0.1)));
    assert_eq!(weeks[4], json!({"start": "2026-08-31", "cost": 82.0, "transactions": 1000.0, "unit_cost": 0.082}));
}

#[test]
fn the_season_is_taken_out_and_laid_over_the_forecast() {
    // Twice as dear on Saturdays and Sundays (1 August 2026 is a Saturday), and 0.1 dearer every day.
    let weekend = |day: i64| matches!((day + 31).rem_euclid(7), 0 | 1);
    let base = |day: i64| 10.0 + 0.1 * f64::from(i32::try_from(day).unwrap());
    let (lines, text) = two_months(|day| base(day) + if weekend(day) { 10.0 } else { 0.0 }, |_| 100);
    let report = outlook(&lines, &text);
    let a = &report["workloads"][0];
    assert!(a["season_strength"].as_f64().unwrap() > 0.99);
    let days = a["forecast"]["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[0]["date"], &days[30]["date"]), (31, &json!("2026-10-01"), &json!("2026-10-31")));
    for (at, day) in (30i64..).zip(days) {
        let expected = (base(at) + if weekend(at) { 10.0 } else { 0.0 }) / 100.0;
        let [value, lower, upper, season] =
            ["unit_cost", "lower", "upper", "season"].map(|name| day[name].as_f64().unwrap());
        assert!((value - expected).abs() < 0.003, "{day} is not {expected}");
        assert!(lower <= value && value <= upper);
        assert!((season - if weekend(at) { 0.1 * 5.0 / 7.0 } else { -0.1 * 2.0 / 7.0 }).abs() < 0.003, "{day}");
    }
    // The weekends add 2 / 7 x 0.1 on average: from 0.12957 on the 2nd to 0.15757 on the 30th, 1.2161^(1/4) - 1 = 5.01 % a week.
    let growth = a["growth_per_week_percent"].as_f64().unwrap();
    assert!((growth - 5.01).abs() < 0.05, "{growth}");
    let adjusted: Vec<f64> =
        a["days"].as_array().unwrap().iter().map(|day| day["seasonally_adjusted"].as_f64().unwrap()).collect();
    assert!(adjusted.windows(2).all(|pair| (pair[1] - pair[0] - 0.001).abs() < 0.003), "{adjusted:?}");
}

#[test]
fn too_few_days_in_a_row_are_told() {
    let (lines, text) = two_months(|_| 10.0, |_| 100);
    let gap: String =
        text.lines().filter(|row| !row.starts_with("2026-09-15")).map(|row| row.to_owned() + "\n").collect();
    let a = &outlook(&lines, &gap)["workloads"][0];
    assert_eq!(a["unknown"], "the last 15 day(s) in a row have cost and transactions; a trend takes 21");
    assert_eq!((&a["forecast"], &a["growth_per_week_percent"]), (&Value::Null, &Value::Null));
    // The week of the gap is not told, the others are.
    assert_eq!(a["weeks"].as_array().unwrap().len(), 7);
    let none = outlook(&lines, "date,workload,transactions\n2026-09-01,b,1\n");
    let workloads = none["workloads"].as_array().unwrap();
    assert!(workloads.iter().all(|row| row["unknown"] == "no day has both cost and transactions"), "{workloads:?}");
}

#[test]
fn a_day_that_was_read_in_part_has_no_unit_cost() {
    let (mut lines, text) = two_months(|_| 10.0, |_| 100);
    lines.retain(|line| line.hours[0] < 28 * 24);
    lines.push(line_of_hours([28 * 24, 28 * 24 + 5]));
    let a = &outlook(&lines, &text)["workloads"][0];
    assert_eq!(a["days"].as_array().unwrap().last().unwrap()["date"], "2026-09-28");
    assert_eq!(a["forecast"]["days"][0]["date"], "2026-09-29");
    assert_eq!(a["forecast"]["days"].as_array().unwrap().len(), 2);
}

fn line_of_hours(hours: [i64; 2]) -> Repeated {
    Repeated { hours, ..line([0, 1], "a", 1.0, 1.0) }
}

#[test]
fn the_document_is_valid_against_its_schema_and_adds_up() {
    let schema: Value = serde_json::from_str(&report::schema(Document::UnitCost)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (mut lines, text) = two_months(|_| 10.0, |_| 100);
    lines.push(line([0, 30], "", 1.0, 1.0 / 3.0));
    let mut report = outlook(&lines, &text);
    assert!(validator.is_valid(&report));
    let costs: f64 = report["workloads"].as_array().unwrap().iter().map(|row| row["cost"].as_f64().unwrap()).sum();
    assert!((costs - 540.0).abs() < 1e-6);
    report["workloads"][0]["cost"] = json!("much");
    assert!(!validator.is_valid(&report));
}
