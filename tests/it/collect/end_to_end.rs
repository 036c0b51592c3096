//! From an export in S3 and a folder that `collect` filled to what should be changed.

use super::{Folder, SECRETS, cloud, curtail_at, export, id, instance};
use crate::totals::script;
use serde_json::Value;
use std::{collections::BTreeSet, fs};

#[test]
fn an_export_in_s3_and_a_collected_folder_show_the_planted_waste() {
    let folder = Folder::new();
    let ran = folder.collect("AKIAPLAIN", &["--regions", "us-east-1", "--lookback", "20"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let bill = folder.root.path().join("bill");
    let home = bill.join("nightly/data/BILLING_PERIOD=2026-11");
    fs::create_dir_all(&home).unwrap();
    fs::rename(export(folder.root.path()), home.join("nightly-00001.snappy.parquet")).unwrap();
    let moto = format!("http://127.0.0.1:{}", cloud().moto);
    script("s3.py", [moto.as_str(), "put", "bills", bill.to_str().unwrap(), "exports"]);
    let out = folder.out();
    let words = ["recommend", "s3://bills/exports/nightly", "--inventory", out.to_str().unwrap()];
    let ran = curtail_at(cloud().moto, "AKIAPLAIN", &[&words[..], &["--window", "all", "--format", "json"]].concat());
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    assert!(!ran.out.contains(SECRETS[0]));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = report["recommendations"].as_array().unwrap().iter();
    let found: BTreeSet<(String, String)> = all.map(|one| (text(&one["rule"]), text(&one["resource"]["id"]))).collect();
    for (rule, target) in [
        ("idle_ebs_volume", id("idle_volume")),
        ("idle_address", id("address")),
        ("idle_load_balancer", id("empty_balancer")),
        ("idle_ec2_instance", instance(1)),
        ("unused_dynamodb_table", "unused".to_owned()),
        ("rightsizing", "resize".to_owned()),
    ] {
        assert!(
            found.iter().any(|(by, of)| by == rule && of.ends_with(&target)),
            "{rule} {target} is not in {found:?}"
        );
    }
    // Nothing that is used is called idle.
    for used in [id("used_volume"), id("used_address"), id("busy_balancer"), instance(0), instance(2)] {
        let blamed = |(rule, of): &&(String, String)| rule.starts_with("idle") && of.ends_with(&used);
        assert_eq!(found.iter().find(blamed), None);
    }
}
