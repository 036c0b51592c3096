//! Every rule against its fixture: cases worked by hand, run from real Parquet to the report.

use crate::cur::{self, Repeated};
use curtail::config::{Config, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// How the dollars were worked out.
    worked: String,
    lines: Vec<Repeated>,
    /// Files by their path below the inventory folder.
    #[serde(default)]
    inventory: BTreeMap<String, Value>,
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    protect: Vec<String>,
    #[serde(default)]
    window: Option<String>,
    #[serde(default)]
    transactions: Option<String>,
    /// Hourly transactions as they repeat.
    #[serde(default)]
    traffic: Vec<Traffic>,
    /// Rules that run beside the one of the fixture.
    #[serde(default)]
    also: Vec<String>,
    expect: Expect,
}

/// A metric with one value all through some days of the month.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    resource: String,
    metric: String,
    stat: String,
    #[serde(default = "all_days")]
    days: [i64; 2],
    /// From which hour of each day up to which.
    #[serde(default = "whole_days")]
    of_day: [i64; 2],
    /// Hours that each point stands for.
    #[serde(default = "a_day")]
    every: i64,
    value: f64,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    region: Option<String>,
}

/// Hourly transactions of some days of the month: one day's by the hour, and those of Saturdays and Sundays if they differ.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Traffic {
    workload: String,
    #[serde(default = "all_days")]
    days: [i64; 2],
    day: Vec<f64>,
    #[serde(default)]
    weekend: Vec<f64>,
}

fn all_days() -> [i64; 2] {
    [0, 30]
}

fn whole_days() -> [i64; 2] {
    [0, 24]
}

fn a_day() -> i64 {
    24
}

/// What the report must hold: exactly these rows, each with at least these fields.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    recommendations: Vec<Value>,
    rejected: Vec<Value>,
    suppressed: Vec<Value>,
    skipped_rules: Vec<Value>,
    /// Findings on what is gone already, of which only a note is left.
    gone: usize,
}

fn run(rule: &str, case: &Case) -> Value {
    let root = tempfile::tempdir().unwrap();
    let export = root.path().join("export");
    std::fs::create_dir_all(&export).unwrap();
    let mut lines = case.lines.clone();
    lines.push(cur::heartbeat());
    cur::write(&export.join("part.parquet"), &lines);
    let inventory = root.path().join("inventory");
    std::fs::create_dir_all(&inventory).unwrap();
    for (name, document) in &case.inventory {
        let path = inventory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, document.to_string()).unwrap();
    }
    if !case.metrics.is_empty() {
        std::fs::write(inventory.join("metrics.csv"), metrics(&case.metrics)).unwrap();
    }
    let text = case.transactions.clone().or_else(|| (!case.traffic.is_empty()).then(|| traffic(&case.traffic)));
    let transactions = text.map(|text| {
        let path = root.path().join("transactions.csv");
        std::fs::write(&path, text).unwrap();
        path
    });
    let settings = Settings {
        exports: vec![export.display().to_string()],
        inventory: vec![inventory],
        only: std::iter::once(rule.to_owned()).chain(case.also.clone()).collect(),
        protect: case.protect.clone(),
        window: case.window.clone(),
        transactions,
        ..Settings::default()
    };
    let report = curtail::run(&Config::of(settings).unwrap()).unwrap();
    serde_json::to_value(report).unwrap()
}

fn traffic(rows: &[Traffic]) -> String {
    let mut csv = String::from("hour,workload,transactions\n");
    for row in rows {
        for hour in row.days[0] * 24..row.days[1] * 24 {
            // 1 September 2026 is a Tuesday.
            let weekend = (hour / 24 + 1) % 7 >= 5 && !row.weekend.is_empty();
            let of_day = if weekend { &row.weekend } else { &row.day };
            let count = of_day[usize::try_from(hour % 24).unwrap()];
            let at = curtail::time::Hour(i32::try_from(cur::SEPTEMBER + hour).unwrap()).rfc3339();
            writeln!(csv, "{at},{},{count}", row.workload).unwrap();
        }
    }
    csv
}

fn metrics(rows: &[Metric]) -> String {
    let mut csv =
        String::from("resource_id,namespace,metric,stat,timestamp,value,account_id,region,period_seconds,unit\n");
    for row in rows {
        let (namespace, metric) = row.metric.split_once('.').expect("NAMESPACE.METRIC");
        let hours = (row.days[0] * 24..row.days[1] * 24).step_by(usize::try_from(row.every).unwrap());
        for hour in hours.filter(|hour| (row.of_day[0]..row.of_day[1]).contains(&(hour % 24))) {
            let at = curtail::time::Hour(i32::try_from(cur::SEPTEMBER + hour).unwrap()).rfc3339();
            let (account, region) = (row.account.as_deref().unwrap_or(""), row.region.as_deref().unwrap_or(""));
            writeln!(
                csv,
                "{},{namespace},{metric},{},{at},{},{account},{region},{},",
                row.resource,
                row.stat,
                row.value,
                row.every * 3600
            )
            .unwrap();
        }
    }
    csv
}

/// Whether a value holds at least what is expected; amounts may differ by a millionth. Says where it does not.
fn holds(actual: &Value, expected: &Value, at: &str) -> Result<(), String> {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected.iter().try_for_each(|(key, value)| {
            let found = actual.get(key).ok_or_else(|| format!("{at}.{key} is missing"))?;
            holds(found, value, &format!("{at}.{key}"))
        }),
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            actual.iter().zip(expected).enumerate().try_for_each(|(i, (a, e))| holds(a, e, &format!("{at}[{i}]")))
        }
        (Value::Number(a), Value::Number(e)) if (a.as_f64().unwrap() - e.as_f64().unwrap()).abs() <= 1.5e-6 => Ok(()),
        (a, e) if a == e => Ok(()),
        (a, e) => Err(format!("{at} is {a}, expected {e}")),
    }
}

/// Checks one side of the report: the rows of the rule (or of the rules that run beside it), each expected one once.
fn side(report: &Value, name: &str, expected: &[Value]) -> Result<(), String> {
    let rows = report[name].as_array().unwrap();
    let mut left: Vec<&Value> = rows.iter().collect();
    for want in expected {
        let reasons: Vec<String> = left.iter().map(|row| holds(row, want, name)).filter_map(Result::err).collect();
        match left.iter().position(|row| holds(row, want, name).is_ok()) {
            Some(at) => drop(left.remove(at)),
            None => return Err(format!("no row of {name} is like {want}:\n  {}", reasons.join("\n  "))),
        }
    }
    if left.is_empty() { Ok(()) } else { Err(format!("not expected in {name}: {}", json!(left))) }
}

fn check(rule: &str, case: &Case) -> Result<(), String> {
    assert!(!case.worked.trim().is_empty(), "{rule}, `{}`: say how it was worked out", case.name);
    let report = run(rule, case);
    side(&report, "recommendations", &case.expect.recommendations)?;
    side(&report, "rejected", &case.expect.rejected)?;
    side(&report, "suppressed", &case.expect.suppressed)?;
    side(&report, "skipped_rules", &case.expect.skipped_rules)?;
    let gone = report["notes"].as_array().into_iter().flatten().find(|note| note["code"] == "gone_already");
    let gone = gone.map(|note| note["message"].as_str().unwrap_or_default().to_owned());
    let wanted = case.expect.gone;
    match gone {
        None if wanted == 0 => Ok(()),
        Some(message) if message.starts_with(&format!("{wanted} finding")) => Ok(()),
        other => Err(format!("{wanted} findings on what is gone were expected, not {other:?}")),
    }
}

fn fixture(rule: &str) -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format!("{rule}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_rule_finds_what_its_fixture_says_and_nothing_else() {
    let only = std::env::var("RULE").ok();
    let mut wrong = Vec::new();
    for entry in curtail::rules::RULES.iter().filter(|entry| only.as_deref().is_none_or(|only| only == entry.id)) {
        for case in fixture(entry.id).cases {
            if let Err(error) = check(entry.id, &case) {
                wrong.push(format!("{}, `{}`: {error}", entry.id, case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_finding_and_a_case_without_one() {
    for entry in curtail::rules::RULES {
        let cases = fixture(entry.id).cases;
        let positive = cases.iter().filter(|case| !case.expect.recommendations.is_empty()).count();
        assert!(positive >= 1 && positive < cases.len(), "{} needs a positive and a negative case", entry.id);
    }
}

#[test]
fn every_rule_is_documented_and_sorted() {
    let ids: Vec<&str> = curtail::rules::RULES.iter().map(|entry| entry.id).collect();
    assert!(ids.is_sorted(), "the registry is sorted by id");
    let rules = curtail::rules::load(&Default::default(), &mut Default::default()).unwrap();
    for rule in rules {
        let text = &rule.text;
        for words in [&text.title, &text.headline, &text.verb, &text.why, &text.formula, &text.limits] {
            assert!(!words.trim().is_empty(), "{}: empty words", rule.id);
        }
        let named = if text.module.name() == "commitments" { "{to}" } else { "{id}" };
        assert!(text.headline.contains(named), "{}: the headline names its target", rule.id);
        assert!(!text.sources.is_empty() && text.sources.iter().all(|s| s.url.starts_with("https://")), "{}", rule.id);
        assert!(text.sources.iter().all(|s| curtail::time::Day::parse(&s.date).is_ok()), "{}: dates", rule.id);
    }
}
