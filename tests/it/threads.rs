//! The report does not depend on how many workers read the bill, nor on the order of its lines.

use crate::{
    dialects::variants,
    totals::{everything, root},
};
use curtail::{
    config::{Config, Settings},
    report::{self, Format},
};
use std::path::Path;

/// The report of an export on the company's inventory and transactions, as JSON.
fn json(export: &Path, threads: usize) -> String {
    let company = root().join("fixtures/company");
    let settings = Settings {
        inventory: vec![company.join("inventory")],
        transactions: Some(company.join("transactions.csv")),
        threads: Some(threads),
        ..everything(export)
    };
    report::render(&curtail::run(&Config::of(settings).unwrap()).unwrap(), Format::Json)
}

/// The report with one worker, after a check that it is the same with more.
fn one_for_all(export: &Path) -> String {
    let one = json(export, 1);
    for threads in [2, 8] {
        let many = json(export, threads);
        if let Some((a, b)) = one.lines().zip(many.lines()).find(|(a, b)| a != b) {
            panic!("{}: one worker says\n{a}\n{threads} say\n{b}", export.display());
        }
        assert_eq!(one.len(), many.len());
    }
    one
}

#[test]
fn the_company_reads_alike_with_any_number_of_workers() {
    let report = one_for_all(&root().join("fixtures/company/export"));
    assert!(report.contains("\"recommendations\"") && report.contains("\"workload\""));
}

#[test]
fn shuffled_parts_read_alike_with_any_number_of_workers_and_like_the_ordered_one() {
    let folder = tempfile::tempdir().unwrap();
    variants(folder.path());
    let without_inputs = |name: &str| {
        let report = one_for_all(&folder.path().join(name));
        let mut report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let parts = report["inputs"].as_array().unwrap().len();
        report["inputs"].take();
        (parts, report)
    };
    let ((one, ordered), (three, shuffled)) = (without_inputs("base"), without_inputs("shuffled"));
    assert_eq!((one, three), (1, 3));
    assert_eq!(ordered, shuffled);
}
