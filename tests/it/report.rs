//! The report's contract: its schema, its sums, and what the demo says.

use curtail::report::Document;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn demo() -> Value {
    static DEMO: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(curtail::demo::run(None).unwrap()).unwrap());
    DEMO.clone()
}

/// Millionths of an amount.
fn micros(value: &Value) -> i64 {
    let amount = value.as_f64().unwrap_or_else(|| panic!("{value} is no amount"));
    let micros = (amount * 1e6).round();
    assert!((amount - micros / 1e6).abs() < 1e-9, "{amount} has more than six decimals");
    #[expect(clippy::cast_possible_truncation, reason = "amounts of a test")]
    let whole = micros as i64;
    whole
}

fn sum(rows: &Value, field: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| micros(&row[field])).sum()
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let documents = [("report", Document::Report), ("unit_cost", Document::UnitCost), ("changes", Document::Changes)];
    for (name, document) in documents {
        let path = root().join(format!("docs/{name}.schema.json"));
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, curtail::report::schema(document), "run `make schema`");
    }
}

#[test]
fn the_demo_report_is_valid_against_the_schema() {
    let schema: Value = serde_json::from_str(&curtail::report::schema(Document::Report)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut report = demo();
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    // The validator is a real one: it refuses what is wrong.
    report["totals"]["tax"] = Value::from("much");
    assert!(!validator.is_valid(&report));
}

#[test]
fn every_side_adds_up_to_the_totals() {
    let report = demo();
    let totals = &report["totals"];
    let net = report["discount_basis"] == "net";
    let cost = micros(&totals[if net { "net_effective_cost" } else { "effective_cost" }]);
    for side in ["by_module", "by_service", "by_account", "by_owner"] {
        let rows = &report["summary"][side];
        assert_eq!(sum(rows, "cost"), cost, "cost {side}");
        assert_eq!(sum(rows, "period_savings"), micros(&totals["period_savings"]), "savings {side}");
        assert_eq!(sum(rows, "monthly_savings"), micros(&totals["monthly_savings"]), "monthly savings {side}");
    }
    let rows = &report["recommendations"];
    for field in ["period_savings", "monthly_savings", "annual_savings", "monthly_savings_before_discounts"] {
        assert_eq!(sum(rows, field), micros(&totals[field]), "{field}");
    }
}

#[test]
fn unit_costs_add_up_to_the_bill_and_effects_to_the_change() {
    let report = demo();
    let rows = &report["unit_costs"];
    let bill = micros(&report["totals"]["net_effective_cost"]);
    assert_eq!(sum(rows, "cost") + sum(rows, "tax_credit_refund"), bill);
    let mut split = 0;
    for row in rows.as_array().unwrap().iter().filter(|row| !row["effects"].is_null()) {
        let effects = &row["effects"];
        let change = micros(&effects["to"]["cost"]) - micros(&effects["from"]["cost"]);
        assert_eq!(["volume", "rate", "efficiency"].iter().map(|name| micros(&effects[name])).sum::<i64>(), change);
        split += 1;
    }
    assert!(split >= 3, "the demo has three workloads with transactions");
}

#[test]
fn savings_never_exceed_the_cost_of_their_target_and_of_what_freed_commitments_cover() {
    let report = demo();
    for row in report["recommendations"].as_array().unwrap() {
        let alone = micros(&row["standalone_monthly_savings"]);
        let evidence = row["evidence"].as_array().unwrap();
        let freed = evidence.iter().find(|seen| seen["name"] == "freed_commitment_saves_monthly");
        let freed = freed.map_or(0, |seen| micros(&seen["value"]));
        if row["preview"] == true {
            continue;
        }
        assert!(micros(&row["monthly_savings"]) > 0, "{row}");
        // A purchase is about what other advice leaves: alone, on today's bill, it may be worth more or less.
        let alone = if row["module"] == "commitments" { micros(&row["monthly_savings"]) } else { alone };
        assert!(alone <= micros(&row["current"]["monthly_cost"]) + freed + 1, "{row}");
    }
    let totals = &report["totals"];
    assert!(micros(&totals["period_savings"]) < micros(&totals["net_effective_cost"]));
}

#[test]
fn the_model_reproduces_the_bill_it_was_built_from() {
    let report = demo();
    let model = &report["reconciliation"];
    assert_eq!(
        model["billed"], model["repriced"],
        "the made-up company's commitments follow the order of the waterfall"
    );
    let rows = |name: &str| model[name].as_array().unwrap().clone();
    for row in rows("by_service").iter().chain(&rows("by_commitment")).chain(&rows("by_group")) {
        let (billed, repriced) = (micros(&row["billed"]), micros(&row["repriced"]));
        assert!((billed - repriced).abs() <= 1000, "a tenth of a cent: {row}");
    }
    assert_eq!(rows("by_commitment").len(), 6);
}

#[test]
fn ranks_follow_savings_and_ids_are_unique() {
    let report = demo();
    let rows = report["recommendations"].as_array().unwrap();
    let savings: Vec<i64> = rows.iter().map(|row| micros(&row["monthly_savings"])).collect();
    assert!(savings.is_sorted_by(|a, b| a >= b));
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(ids.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
}

#[test]
fn the_demo_finds_every_planted_waste_and_nothing_else() {
    let truth: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("fixtures/company/truth.json")).unwrap()).unwrap();
    let report = demo();
    let named = |row: &Value| -> Vec<String> {
        let resource = &row["resource"];
        let mut ids: Vec<String> =
            resource["members"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().into()).collect();
        ids.push(resource["id"].as_str().unwrap().into());
        ids
    };
    let found = |side: &str| -> Vec<(String, String)> {
        let rows = report[side].as_array().unwrap().iter();
        rows.flat_map(|row| named(row).into_iter().map(|id| (row["rule"].as_str().unwrap().to_owned(), id))).collect()
    };
    let (advised, mut rejected) = (found("recommendations"), found("rejected"));
    // What lost to another change of the same is told beside that.
    for row in report["recommendations"].as_array().unwrap() {
        for lost in row["overlaps"].as_array().unwrap() {
            let rule = lost["rule"].as_str().unwrap();
            rejected.extend(named(row).into_iter().map(|id| (rule.to_owned(), id)));
        }
    }
    let mut wrong = Vec::new();
    for planted in truth.as_array().unwrap() {
        let (rule, id) = (planted["rule"].as_str().unwrap(), planted["resource_id"].as_str().unwrap());
        let among = |all: &[(String, String)]| all.iter().any(|(by, target)| by == rule && target == id);
        // What is planted is seen, if only to be told that it saves nothing; what is a near miss is never advised.
        let positive = planted["positive"].as_bool().unwrap();
        let right = if positive { among(&advised) || among(&rejected) } else { !among(&advised) };
        if !right {
            wrong.push(format!("{rule} {id}: planted {positive}: {}", planted["why"]));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_demo_is_the_same_as_ever() {
    let mut report = demo();
    // Series are long and follow from the same sums; the version changes with every release.
    report["detail"] = Value::Null;
    report["version"] = Value::Null;
    for row in report["unit_costs"].as_array_mut().unwrap() {
        row["series"] = Value::Null;
    }
    insta::assert_json_snapshot!("demo", report);
}

#[test]
fn the_committed_company_is_what_its_generator_writes() {
    let generator = std::env::current_exe().unwrap();
    let generator = generator.parent().unwrap().parent().unwrap().join("examples/make");
    let out = tempfile::tempdir().unwrap();
    let status = std::process::Command::new(&generator).arg("--out").arg(out.path()).status();
    assert!(status.unwrap_or_else(|error| panic!("{}: {error}", generator.display())).success());
    let committed = root().join("fixtures/company");
    let (mut old, mut new) = (Vec::new(), Vec::new());
    list(&committed, &committed, &mut old);
    list(out.path(), out.path(), &mut new);
    assert_eq!(old, new, "the files differ: run `make fixture`");
    for name in old {
        let same = std::fs::read(committed.join(&name)).unwrap() == std::fs::read(out.path().join(&name)).unwrap();
        assert!(same, "{} differs: run `make fixture`", name.display());
    }
}

fn list(root: &Path, folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { list(root, &path, all) } else { all.push(path.strip_prefix(root).unwrap().to_owned()) }
    }
    all.sort();
}
