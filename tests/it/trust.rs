//! What would cost a user's trust, each case once: copies counted twice, advice on what is gone, tickets closed too early,
//! figures from too short a period, net totals above gross ones.

use crate::cur::{self, Repeated};
use curtail::config::{Config, Settings};
use serde_json::{Value, json};
use std::path::Path;

const NAT: &str = "arn:aws:ec2:us-east-1:111122223333:natgateway/nat-0a";

fn nat(hours: [i64; 2]) -> Repeated {
    let line = json!({"hours": hours, "product": "AmazonEC2", "usage_type": "NatGateway-Hours", "usage": 1.0, "cost": 0.045,
        "resource": NAT});
    serde_json::from_value(line).unwrap()
}

fn export(root: &Path, lines: &[Repeated]) -> Settings {
    let mut lines = lines.to_vec();
    lines.push(cur::heartbeat());
    let folder = root.join("export");
    std::fs::create_dir_all(&folder).unwrap();
    cur::write(&folder.join("part.parquet"), &lines);
    Settings { exports: vec![folder.display().to_string()], ..Settings::default() }
}

fn run(settings: Settings) -> Value {
    serde_json::to_value(curtail::run(&Config::of(settings).unwrap()).unwrap()).unwrap()
}

fn has_note(report: &Value, code: &str, severity: &str) -> bool {
    let notes = report["notes"].as_array().unwrap();
    notes.iter().any(|note| note["code"] == code && note["severity"] == severity)
}

fn count(report: &Value, side: &str) -> usize {
    report[side].as_array().unwrap().len()
}

#[test]
fn a_copy_of_a_part_is_an_error_remark_and_a_link_is_read_once() {
    let root = tempfile::tempdir().unwrap();
    let settings = export(root.path(), &[nat([0, 720])]);
    let alone = run(settings.clone());
    let part = root.path().join("export/part.parquet");
    #[cfg(unix)]
    {
        let link = root.path().join("export/link.parquet");
        std::os::unix::fs::symlink(&part, &link).unwrap();
        assert_eq!(run(settings.clone())["totals"], alone["totals"]);
        std::fs::remove_file(link).unwrap();
    }
    std::fs::copy(&part, root.path().join("export/part (1).parquet")).unwrap();
    assert!(has_note(&run(settings), "duplicated_part", "error"));
}

#[test]
fn what_the_inventory_says_is_gone_is_not_recommended() {
    for listed in [json!([]), json!([{"NatGatewayId": "nat-0a", "State": "deleted"}])] {
        let root = tempfile::tempdir().unwrap();
        let settings = export(root.path(), &[nat([0, 720])]);
        assert_eq!(count(&run(settings.clone()), "recommendations"), 1);
        let folder = root.path().join("inventory/111122223333/us-east-1");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ec2-describe-nat-gateways.json"), json!({"NatGateways": listed}).to_string())
            .unwrap();
        let report = run(Settings { inventory: vec![root.path().join("inventory")], ..settings });
        assert_eq!(count(&report, "recommendations"), 0);
        assert_eq!(count(&report, "rejected"), 0);
        assert!(has_note(&report, "gone_already", "info"));
    }
}

#[test]
fn nothing_is_called_unused_in_a_short_period() {
    let root = tempfile::tempdir().unwrap();
    let settings = Settings { window: Some("2026-09-29..2026-09-30".into()), ..export(root.path(), &[nat([0, 720])]) };
    let report = run(settings);
    assert_eq!(count(&report, "recommendations"), 0);
    assert!(report["rejected"][0]["why"].as_str().unwrap().contains("below 168 nothing is called unused"));
    assert!(has_note(&report, "short_period", "warning"));
}

#[test]
fn a_window_beyond_what_was_read_is_cut_and_told() {
    let root = tempfile::tempdir().unwrap();
    let settings = Settings { window: Some("2026-09-10..2026-10-16".into()), ..export(root.path(), &[nat([0, 720])]) };
    let report = run(settings);
    assert_eq!(report["period"]["end"], "2026-10-01T00:00:00Z");
    assert_eq!(count(&report, "recommendations"), 1);
    assert!(has_note(&report, "window_cut", "warning"));
}

#[test]
fn only_what_a_rule_no_longer_finds_is_resolved() {
    let root = tempfile::tempdir().unwrap();
    let settings = export(root.path(), &[nat([0, 720])]);
    let base = root.path().join("base.json");
    std::fs::write(&base, run(settings.clone()).to_string()).unwrap();
    let with = |change: fn(&mut Settings)| {
        let mut settings = Settings { baseline: Some(base.clone()), ..settings.clone() };
        change(&mut settings);
        run(settings)
    };
    let same = with(|_| {});
    assert_eq!((&same["recommendations"][0]["status"], count(&same, "resolved")), (&json!("open"), 0));
    assert_eq!(count(&with(|settings| settings.skip = vec!["idle_nat_gateway".into()]), "resolved"), 0);
    // The same export without the gateway: now it is resolved.
    let _ = export(root.path(), &[]);
    let later = with(|_| {});
    assert_eq!((count(&later, "recommendations"), &later["resolved"][0]["rule"]), (0, &json!("idle_nat_gateway")));
}

#[test]
fn net_costs_need_the_net_column_of_usage() {
    let root = tempfile::tempdir().unwrap();
    let mut covered = nat([0, 720]);
    covered.r#type = "DiscountedUsage".into();
    covered.columns = [
        ("reservation_effective_cost".to_owned(), json!(0.03)),
        ("reservation_net_effective_cost".to_owned(), json!(0.02)),
        ("reservation_unused_amortized_upfront_fee_for_billing_period".to_owned(), json!(0.0)),
        ("reservation_unused_recurring_fee".to_owned(), json!(0.0)),
        ("reservation_reservation_a_r_n".to_owned(), json!("arn:ri")),
    ]
    .into();
    let mut discount = nat([0, 1]);
    (discount.r#type, discount.cost) = ("EdpDiscount".into(), -1.0);
    let report = run(export(root.path(), &[covered, discount]));
    let totals = &report["totals"];
    assert_eq!(report["discount_basis"], "gross");
    assert_eq!(totals["net_effective_cost"], totals["effective_cost"]);
    assert!(has_note(&report, "discounts_without_net", "warning"));
}

#[test]
fn rules_that_exclude_each_other_leave_none_and_that_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let names = || vec!["graviton".to_owned()];
    let settings = Settings { only: names(), skip: names(), ..export(root.path(), &[]) };
    let error = curtail::run(&Config::of(settings).unwrap()).unwrap_err().to_string();
    assert!(error.contains("no rule is left"), "{error}");
}
