//! Hourly, daily and monthly exports, several months, dates cut, and the window that is priced.

use crate::cur::{self, Repeated};
use curtail::config::{Config, Settings};
use serde_json::{Value, json};

fn line(hours: [i64; 2], every: i64, cost: f64) -> Repeated {
    serde_json::from_value(json!({
        "hours": hours, "every": every, "product": "AmazonS3", "usage_type": "TimedStorage-ByteHrs", "resource": "bucket",
        "usage": 1.0, "cost": cost
    }))
    .unwrap()
}

fn report(lines: &[Repeated], change: impl FnOnce(&mut Settings)) -> Value {
    let root = tempfile::tempdir().unwrap();
    cur::write(&root.path().join("part.parquet"), lines);
    let mut settings = Settings { exports: vec![root.path().display().to_string()], ..Settings::default() };
    change(&mut settings);
    serde_json::to_value(curtail::run(&Config::of(settings).unwrap()).unwrap()).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    report["notes"].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect()
}

#[test]
fn granularity_is_detected() {
    for (every, name) in [(1, "hourly"), (24, "daily"), (720, "monthly")] {
        let report = report(&[line([0, 720], every, 1.0)], |_| {});
        assert_eq!(report["period"]["granularity"], name);
        assert_eq!((&report["period"]["hours"], &report["period"]["complete"]), (&json!(720), &json!(true)), "{name}");
        assert_eq!(codes(&report).contains(&"granularity"), every != 1, "{name}");
    }
}

#[test]
fn of_several_months_the_newest_complete_one_is_priced() {
    // August (744 hours before September) at 1 an hour, September at 2.
    let report = report(&[line([-744, 0], 1, 1.0), line([0, 720], 1, 2.0)], |_| {});
    assert_eq!(report["totals"]["unblended_cost"], json!(1440.0));
    assert_eq!(report["read"]["start"], "2026-08-01T00:00:00Z");
    assert_eq!(report["detail"]["daily"].as_array().unwrap().len(), 61);
    assert!(codes(&report).contains(&"window"));
}

#[test]
fn an_open_month_is_priced_as_thirty_days() {
    let report = report(&[line([-744, 0], 1, 1.0), line([0, 100], 1, 2.0)], |_| {});
    assert_eq!(report["period"]["hours"], 720);
    assert_eq!(report["period"]["end"], "2026-09-05T04:00:00Z");
    // 620 hours of August at 1 and 100 of September at 2.
    assert_eq!(report["totals"]["unblended_cost"], json!(820.0));
    assert!(codes(&report).contains(&"incomplete_month"));
}

#[test]
fn dates_and_windows_cut() {
    let lines = [line([-744, 0], 1, 1.0), line([0, 720], 1, 2.0)];
    let cut = report(&lines, |settings| {
        (settings.from, settings.to) = (Some("2026-09-02".into()), Some("2026-09-03".into()));
    });
    assert_eq!(cut["totals"]["unblended_cost"], json!(96.0));
    assert_eq!(cut["read"]["end"], "2026-09-04T00:00:00Z");
    for (window, cost) in [("month", 1440.0), ("30d", 1440.0), ("all", 2184.0), ("2026-08-31..2026-09-01", 72.0)] {
        let report = report(&lines, |settings| settings.window = Some(window.into()));
        assert_eq!(report["totals"]["unblended_cost"], json!(cost), "{window}");
    }
}

#[test]
fn missing_hours_are_told() {
    let report = report(&[line([0, 300], 1, 1.0), line([305, 720], 1, 1.0)], |settings| {
        settings.window = Some("month".into());
    });
    let notes = report["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["code"] == "missing_hours").unwrap();
    assert!(note["message"].as_str().unwrap().starts_with("5 hour(s)"), "{note}");
    assert!(note["message"].as_str().unwrap().contains("2026-09-13T12:00:00Z"), "{note}");
    assert_eq!(report["period"]["complete"], false);
}

#[test]
fn a_month_delivered_twice_is_an_error_remark() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["a", "b"] {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
        cur::write(&root.path().join(folder).join("part.parquet"), &[line([0, 720], 1, 1.0)]);
    }
    let settings = Settings { exports: vec![root.path().display().to_string()], ..Settings::default() };
    let report = serde_json::to_value(curtail::run(&Config::of(settings).unwrap()).unwrap()).unwrap();
    let notes = report["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["code"] == "duplicated_period").unwrap();
    assert_eq!(note["severity"], "error");
    assert!(note["message"].as_str().unwrap().contains("2026-09"), "{note}");
}

/// A report or an error of an export, by the billing periods that are asked for.
fn of_periods(export: &std::path::Path, period: &[&str]) -> Result<Value, String> {
    let settings = Settings {
        exports: vec![export.display().to_string()],
        period: period.iter().map(|&text| text.to_owned()).collect(),
        window: Some("all".into()),
        ..Settings::default()
    };
    let config = Config::of(settings).map_err(|error| error.to_string())?;
    let report = curtail::run(&config).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(report).unwrap())
}

fn month(name: &str) -> String {
    format!("{name}T00:00:00Z")
}

fn dated(hours: [i64; 2], period: &str, cost: f64) -> Repeated {
    let columns = [("bill_billing_period_start_date".to_owned(), json!(month(period)))];
    Repeated { columns: columns.into(), ..line(hours, 1, cost) }
}

/// August at 1 an hour, September at 2; each in a folder of its billing period, or both in one file.
#[test]
fn billing_periods_are_picked_by_path_or_by_line() {
    let root = tempfile::tempdir().unwrap();
    let (august, september) = (dated([-744, 0], "2026-08-01", 1.0), dated([0, 720], "2026-09-01", 2.0));
    let folders = root.path().join("folders");
    for (name, lines) in [("2026-08", &august), ("2026-09", &september)] {
        let folder = folders.join(format!("data/BILLING_PERIOD={name}"));
        std::fs::create_dir_all(&folder).unwrap();
        cur::write(&folder.join("part.parquet"), std::slice::from_ref(lines));
    }
    // What is not asked for is not even opened.
    let broken = folders.join("data/BILLING_PERIOD=2026-07");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("part.parquet"), "no Parquet").unwrap();
    let one = root.path().join("one");
    std::fs::create_dir_all(&one).unwrap();
    cur::write(&one.join("part.parquet"), &[august, september]);

    for export in [&folders, &one] {
        let cost = |period: &[&str]| of_periods(export, period).unwrap()["totals"]["unblended_cost"].clone();
        assert_eq!(cost(&["2026-08"]), json!(744.0), "{}", export.display());
        assert_eq!(cost(&["latest"]), json!(1440.0));
        assert_eq!(cost(&["2026-08", "latest"]), json!(2184.0));
        let error = of_periods(export, &["2026-06"]).unwrap_err();
        assert!(error.contains("--period 2026-06") && error.contains("2026-08, 2026-09"), "{error}");
    }
    // August is there as FOCUS too: that matters to those who read August.
    let rows = "BilledCost,EffectiveCost,BillingAccountId,SubAccountId,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,\
        BillingPeriodStart,ProviderName,ServiceName\n\
        1,1,111122223333,111122223333,USD,Usage,2026-08-03T00:00:00Z,2026-08-03T01:00:00Z,2026-08-01T00:00:00Z,AWS,Amazon EC2\n";
    std::fs::write(one.join("focus.csv"), rows).unwrap();
    let both = |period: &[&str]| {
        let exports = [one.join("part.parquet"), one.join("focus.csv")].map(|path| path.display().to_string());
        let period = period.iter().map(|&text| text.to_owned()).collect();
        let settings = Settings { exports: exports.into(), period, window: Some("all".into()), ..Settings::default() };
        curtail::run(&Config::of(settings).unwrap()).map(|report| report.totals.unblended_cost.0)
    };
    assert!((both(&["2026-09"]).unwrap() - 1440.0).abs() < 1e-9);
    assert!(both(&["2026-08"]).unwrap_err().to_string().contains("counted twice"));
    assert!(of_periods(&one, &["September"]).unwrap_err().contains("--period: `September` is neither a month"));
}
