//! Memory as agents tell it, in series that only CloudWatch knows.

use super::{ACCOUNT, Folder, actions, export, instance, recommend};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

/// Resource, metric and value of every row of a table of metrics.
fn rows(folder: &Folder, kind: &str) -> Vec<(String, String, String)> {
    let path = folder.out().join(ACCOUNT).join("us-east-1").join(kind).join("metrics.csv");
    let text = fs::read_to_string(path).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    text.lines().skip(1).map(cells).map(|cells| (cells[0].clone(), cells[2].clone(), cells[5].clone())).collect()
}

#[test]
fn memory_is_found_by_its_series_and_collected() {
    let folder = Folder::new();
    let some = ["--regions", "us-east-1", "--services", "ec2,lambda,metrics", "--lookback", "20"];
    let ran = folder.collect("AKIAPLAIN", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    // Of each instance one series a day: the plain one, and the one of the type that it has.
    let of = |id: String, name: &str, value: &str| (id, name.to_owned(), value.to_owned());
    let all: BTreeSet<_> = rows(&folder, "instance-memory").into_iter().collect();
    let (one, two) = (of(instance(1), "mem_used_percent", "21.5"), of(instance(2), "mem_used_percent", "63.5"));
    assert_eq!((all, rows(&folder, "instance-memory").len()), (BTreeSet::from([one, two]), 2 * 16));
    // Of a function without Lambda Insights nothing is asked.
    let resize = |name: &str, value: &str| of("resize".into(), name, value);
    let all: BTreeSet<_> = rows(&folder, "function-memory").into_iter().collect();
    let wanted = [resize("Duration", "300"), resize("cpu_total_time", "30"), resize("used_memory_max", "120")];
    assert_eq!(all, BTreeSet::from(wanted));
    // Two instances with memory and 8 metrics, a function with 3, and the volumes: all are paid.
    let manifest = folder.manifest();
    assert!(actions(&manifest).contains("cloudwatch:ListMetrics"));
    let asked = ran.err.split("CloudWatch will be asked for ").nth(1).unwrap().split(' ').next().unwrap();
    let paid = manifest["spent_usd"].as_f64().unwrap();
    assert!((paid - asked.parse::<f64>().unwrap() * 0.00001).abs() < 1e-12, "{asked} metrics for {paid} USD");
    // 1.2 times 120 MB, and 1.2 times the tenth of a vCPU that it used: 0.12 x 1769 MB = 212.28 MB, in steps of 64 MB.
    let (found, report) = recommend(&export(folder.root.path()), &folder.out());
    assert!(found.iter().any(|(rule, id)| rule == "rightsizing" && id.ends_with("resize")), "{found:?}");
    let recommendations = report["recommendations"].as_array().unwrap().iter();
    let one: Vec<&Value> = recommendations.filter(|one| one["rule"] == "rightsizing").collect();
    assert_eq!((one.len(), &one[0]["proposed"]["label"]), (1, &json!("256 MB")), "{}", one[0]);
}

#[test]
fn without_the_right_to_list_series_memory_alone_is_missing() {
    let folder = Folder::new();
    let some = ["--regions", "us-east-1", "--services", "ec2,metrics", "--lookback", "2"];
    let ran = folder.collect("AKIAUNLISTED", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(ran.err.contains("denied: metrics of instance-memory"), "{}", ran.err);
    assert!(folder.has("us-east-1/instance/metrics.csv") && !folder.has("us-east-1/instance-memory/metrics.csv"));
}
