//! CSV exports: what is wrong with one is told with file, line and column; what spreadsheets and Windows do to one is no error.

use crate::totals::{everything, facts, root, script, skip};
use curtail::{
    config::{Config, Settings},
    report::Report,
};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

const HEADER: &str = "identity/LineItemId,bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageAccountId,\
    lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,\
    lineItem/Operation,lineItem/ResourceId,lineItem/UsageAmount,lineItem/UnblendedCost,lineItem/LineItemDescription,\
    resourceTags/user:Team";

/// A line of an hour, with its amounts.
fn line(hour: u32, usage: &str, cost: &str) -> String {
    format!(
        "x,1234567890,2026-09-01T00:00:00Z,000123456789,Usage,2026-09-01T{hour:02}:00:00Z,2026-09-01T{:02}:00:00Z,\
         AmazonS3,TimedStorage-ByteHrs,,bucket,{usage},{cost},\"so, \"\"quoted\"\"\nover two lines\",shop",
        hour + 1
    )
}

fn part(folder: &Path, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("{HEADER}\n{}\n", lines.join("\n"))).unwrap();
    path
}

fn run(export: &Path) -> Result<Report, String> {
    curtail::run(&Config::of(everything(export)).unwrap()).map_err(|error| error.to_string())
}

fn gzip(path: &Path) -> Vec<u8> {
    let done = Command::new("gzip").arg("-c").arg(path).output().unwrap();
    assert!(done.status.success());
    done.stdout
}

#[test]
fn amounts_are_exact_and_accounts_have_twelve_digits() {
    let folder = tempfile::tempdir().unwrap();
    let path =
        part(folder.path(), "part.csv", &[line(0, "1", "0.1"), line(1, "2.5", "2E-1"), line(2, "", "0.000000000001")]);
    let facts = facts(&path);
    let sum: curtail::money::Money = facts.spend.iter().map(|spend| spend.costs.unblended).sum();
    assert_eq!(sum, curtail::money::Money::parse("0.300000000001").unwrap());
    assert_eq!((&*facts.classes[0].account, &*facts.classes[0].payer), ("000123456789", "001234567890"));
    assert_eq!(facts.resources[0].tag("team"), Some("shop"));
    assert_eq!(facts.quality.lines, 3);
}

/// A bill that AWS itself wrote says as CSV what it says as Parquet.
#[test]
fn a_real_bill_of_2018_as_csv() {
    let export = root().join("../shared/data/cur-2018-10/part.snappy.parquet");
    if !export.is_file() {
        return skip("a_real_bill_of_2018_as_csv", &export);
    }
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("part.csv.gz");
    script("dialects.py", [Path::new("legacy"), &export, &csv]);
    assert!(format!("{:?}", facts(&csv)) == format!("{:?}", facts(&export)), "the facts differ");
}

#[test]
fn line_ends_of_windows_and_a_mark_of_the_byte_order_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [line(0, "1", "0.5"), line(1, "1", "0.25")];
    let plain = part(folder.path(), "a.csv", &lines);
    let text = fs::read_to_string(&plain).unwrap();
    let other = folder.path().join("b.csv");
    fs::write(&other, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    assert_eq!(format!("{:?}", facts(&plain)), format!("{:?}", facts(&other)));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str, lines: &[String]| run(&part(folder.path(), name, lines)).unwrap_err();
    // The description of the first line goes over two lines of the file.
    let error = said("number.csv", &[line(0, "1", "1"), line(1, "1", "1,5")]);
    assert!(error.contains("number.csv:4: has 16 cell(s), the header 15"), "{error}");
    let error = said("amount.csv", &[line(0, "1", "1"), line(1, "1", "1.5 USD")]);
    assert!(error.contains("amount.csv:4, column `lineItem/UnblendedCost`: `1.5 USD`"), "{error}");
    let error = said(
        "moment.csv",
        &[line(0, "1", "1").replace("2026-09-01T00:00:00Z,2026-09-01T01", "yesterday,2026-09-01T01")],
    );
    assert!(error.contains("moment.csv:2, column `lineItem/UsageStartDate`: `yesterday`"), "{error}");
    let start =
        |text: &str| line(1, "1", "1").replace("2026-09-01T01:00:00Z,2026-09-01T02", &format!("{text},2026-09-01T02"));
    let error = said("none.csv", &[line(0, "1", "1"), start("")]);
    let place = "none.csv:4, column `lineItem/UsageStartDate`: a line has no start of its usage";
    assert!(error.contains(place), "{error}");
    // What the first pass refuses is told with its place too.
    let error = said("age.csv", &[line(0, "1", "1"), line(2, "1", "1"), start("1926-09-01T01:00:00Z")]);
    assert!(error.contains("age.csv:6, column `lineItem/UsageStartDate`: a line has the date 1926-09-01"), "{error}");
    let period = line(1, "1", "1").replace("1234567890,2026-09-01T00:00:00Z", "1234567890,2126-09-01T00:00:00Z");
    let error = said("period.csv", &[period]);
    assert!(error.contains("period.csv:2, column `bill/BillingPeriodStartDate`"), "{error}");
    let path = folder.path().join("columns.csv");
    fs::write(&path, "lineItem/UsageAccountId,lineItem/UnblendedCost\n").unwrap();
    let error = run(&path).unwrap_err();
    assert!(error.contains("columns.csv") && error.contains("line_item_line_item_type"), "{error}");
    fs::write(&path, "").unwrap();
    assert!(run(&path).unwrap_err().contains("is empty (0 bytes)"));
}

#[test]
fn a_truncated_gzip_is_an_error_and_a_whole_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..20_000).map(|at| line(at % 23, &at.to_string(), "0.5")).collect();
    let packed = gzip(&part(folder.path(), "part.csv", &lines));
    let path = folder.path().join("part.csv.gz");
    fs::write(&path, &packed).unwrap();
    let report = run(&path).unwrap();
    assert_eq!((report.inputs[0].rows, report.totals.unblended_cost.0.round()), (20_000, 10_000.0));
    fs::File::create(&path).unwrap().write_all(&packed[..packed.len() / 2]).unwrap();
    let error = run(&path).unwrap_err();
    assert!(error.contains("part.csv.gz") && error.contains("truncated or corrupt"), "{error}");
}

#[test]
fn manifests_are_followed_and_formats_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let period = folder.path().join("report/20260901-20261001");
    for (assembly, cost) in [("z-old", "1"), ("new", "2")] {
        fs::create_dir_all(period.join(assembly)).unwrap();
        let plain = part(&period.join(assembly), "report-1.csv", &[line(0, "1", cost)]);
        fs::write(period.join(assembly).join("report-1.csv.gz"), gzip(&plain)).unwrap();
        fs::remove_file(plain).unwrap();
    }
    // A part that is named twice is read once.
    let key = "p/report/20260901-20261001/new/report-1.csv.gz";
    let keys = format!(r#"{{"reportKeys": ["{key}", "{key}"]}}"#);
    fs::write(period.join("report-Manifest.json"), &keys).unwrap();
    // Each assembly keeps its own manifest; the one above them names the latest.
    fs::write(period.join("z-old/report-Manifest.json"), keys.replace("/new/", "/z-old/")).unwrap();
    for export in [folder.path().to_owned(), period.join("report-Manifest.json")] {
        let report = run(&export).unwrap();
        assert_eq!((report.inputs.len(), report.totals.unblended_cost.0), (1, 2.0), "{}", export.display());
    }
    let settings = Settings { period: vec!["2026-08".into()], ..everything(folder.path()) };
    let error = curtail::run(&Config::of(settings).unwrap()).err().unwrap().to_string();
    assert!(error.contains("found: 2026-09"), "{error}");

    let azure = tempfile::tempdir().unwrap();
    let month = azure.path().join("focus/20260901-20260930");
    for (run, cost, asked) in [("9f", "1", "2026-09-02T01:00:00Z"), ("1a", "2", "2026-09-03T01:00:00Z")] {
        fs::create_dir_all(month.join(run)).unwrap();
        part(&month.join(run), "part_0_0001.csv", &[line(0, "1", cost)]);
        let text = format!(
            r#"{{"runInfo": {{"submittedTime": "{asked}"}}, "blobs": [{{"blobName": "root/focus/20260901-20260930/{run}/part_0_0001.csv"}}]}}"#
        );
        fs::write(month.join(run).join("manifest.json"), text).unwrap();
    }
    assert!((run(azure.path()).unwrap().totals.unblended_cost.0 - 2.0).abs() < 1e-9);

    let mixed = tempfile::tempdir().unwrap();
    crate::cur::write(&mixed.path().join("part.parquet"), &[crate::cur::heartbeat()]);
    part(mixed.path(), "transactions.csv", &[line(0, "1", "1")]);
    let report = run(mixed.path()).unwrap();
    assert!(report.notes.iter().any(|note| note.code == "other_format"));
    assert_eq!(report.inputs.len(), 1);
}
