//! Files of metrics, as a user would write them.

use super::*;
use crate::scan::table::tests::{Sample, write_samples};
use std::fs;
use tempfile::TempDir;

const HEADER: &str = "resource_id,namespace,metric,stat,timestamp,value";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn read(dir: &TempDir) -> (Metrics, Vec<String>) {
    let mut notes = Notes::default();
    let metrics = Metrics::load(&[dir.path().to_owned()], &mut notes).unwrap();
    let root = format!("{}/", dir.path().display());
    let notes = notes.sorted().into_iter().map(|note| {
        assert_eq!(note.code, "bad_metrics_file");
        note.message.replace(&root, "")
    });
    (metrics, notes.collect())
}

fn load(files: &[(&str, &str)]) -> (Metrics, Vec<String>) {
    read(&folder(files))
}

fn rows(rows: &[&str]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn cpu<'a>(metrics: &'a Metrics, id: &str, stat: &str) -> Option<Series<'a>> {
    metrics.series("111122223333", "us-east-1", id, "AWS/EC2", "CPUUtilization", stat)
}

fn hour(text: &str) -> Hour {
    Hour::of_seconds(crate::time::parse_moment(text).unwrap())
}

fn failure(row: &str) -> String {
    let first = "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01T00:00:00Z,1";
    let (metrics, notes) = load(&[("metrics.csv", &rows(&[first, row]))]);
    assert!(cpu(&metrics, "i-1", "Maximum").is_none() && metrics.tokens().next().is_none(), "nothing of it counts");
    assert_eq!(notes.len(), 1);
    notes[0].clone()
}

#[test]
fn series_are_found_by_short_id_and_sorted() {
    let text = rows(&[
        "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-02T01:00:00Z,7",
        "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01 00:00:00,1.5",
        "arn:aws:ec2:us-east-1:111122223333:instance/i-1,AWS/EC2,CPUUtilization,Average,2026-09-01,1",
        "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01T03:00:00+02:00,2",
    ]);
    let (metrics, notes) = load(&[("a/b/metrics.csv", &text), ("other.csv", "x"), ("metrics.txt", "x")]);
    assert!(notes.is_empty(), "{notes:?}");
    let series = cpu(&metrics, "arn:aws:ec2:us-east-1:111122223333:instance/i-1", "Maximum").unwrap();
    assert_eq!(
        series.points,
        [(hour("2026-09-01"), 1.5), (hour("2026-09-01T01:00"), 2.0), (hour("2026-09-02T01:00"), 7.0)]
    );
    assert_eq!(series.period_hours, 1);
    assert_eq!((series.max(), series.sum(), series.mean()), (Some(7.0), Some(10.5), Some(3.5)));
    assert_eq!(series.per_day_max(), Some(7.0));
    let first = Span::new(hour("2026-09-01"), hour("2026-09-02"));
    assert_eq!((series.cut(first).sum(), series.hours_covered(first)), (Some(3.5), 2));
    let none = series.cut(Span::new(hour("2026-09-03"), hour("2026-09-04")));
    assert_eq!((none.max(), none.sum(), none.mean(), none.per_day_max()), (None, None, None, None));
    assert!(cpu(&metrics, "i-1", "Average").is_some());
    assert!(cpu(&metrics, "i-2", "Maximum").is_none() && cpu(&metrics, "i-1", "Sum").is_none());
    assert!(metrics.has("metric.AWS/EC2.CPUUtilization") && !metrics.has("metric.AWS/EC2.NetworkIn"));
    assert_eq!(metrics.tokens().collect::<Vec<_>>(), ["metric.AWS/EC2.CPUUtilization"]);
}

#[test]
fn the_scope_counts_where_it_is_known() {
    let row = |value| format!("db,AWS/RDS,DatabaseConnections,Sum,2026-09-01,{value}");
    let stated = format!("{HEADER},account_id,region\n{},11122223333,eu-west-1\n{},,\n", row(1), row(2));
    let (metrics, notes) = load(&[("metrics.csv", &stated), ("111122223333/us-east-1/metrics.csv", &rows(&[&row(3)]))]);
    assert!(notes.is_empty(), "{notes:?}");
    let sum = |account, region| {
        metrics.series(account, region, "db", "AWS/RDS", "DatabaseConnections", "Sum").and_then(Series::sum)
    };
    assert_eq!(sum("011122223333", "eu-west-1"), Some(1.0));
    assert_eq!(sum("111122223333", "us-east-1"), Some(3.0));
    assert_eq!(sum("111122223333", "eu-west-1"), Some(2.0));
}

#[test]
fn finer_points_fold_to_hours_and_longer_ones_keep_their_length() {
    let minutes = |stat: &str| {
        ["00:00", "00:05", "01:00"].map(|at| {
            format!("i-1,AWS/EC2,CPUUtilization,{stat},2026-09-01T{at}:00Z,{}", if at == "00:05" { 4 } else { 2 })
        })
    };
    let all: Vec<String> = ["Maximum", "Minimum", "Average", "Sum", "p99"].into_iter().flat_map(minutes).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let (metrics, notes) = load(&[("metrics.csv", &rows(&all))]);
    assert!(notes.is_empty(), "{notes:?}");
    for (stat, folded) in [("Maximum", 4.0), ("Minimum", 2.0), ("Average", 3.0), ("Sum", 6.0), ("p99", 4.0)] {
        let series = cpu(&metrics, "i-1", stat).unwrap();
        assert_eq!(series.points, [(hour("2026-09-01"), folded), (hour("2026-09-01T01:00"), 2.0)], "{stat}");
        assert_eq!(series.period_hours, 1);
    }
    let days = rows(&[
        "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01,1",
        "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-02,2",
        "i-2,AWS/EC2,CPUUtilization,Maximum,2026-09-02,2",
    ]);
    let (metrics, _) = load(&[("metrics.csv", &days)]);
    let span = Span::new(hour("2026-09-01T12:00"), hour("2026-09-05"));
    let covered = |id| cpu(&metrics, id, "Maximum").map(|series| (series.period_hours, series.hours_covered(span)));
    assert_eq!((covered("i-1"), covered("i-2")), (Some((24, 36)), Some((24, 24))));
    let stated =
        format!("{HEADER},period_seconds,unit\ni-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01,1,86400,Percent\n");
    assert_eq!(cpu(&load(&[("metrics.csv", &stated)]).0, "i-1", "Maximum").unwrap().period_hours, 24);
}

#[test]
fn bad_rows_spoil_their_file_alone() {
    let of = |time: &str, value: &str| failure(&format!("i-1,AWS/EC2,CPUUtilization,Maximum,{time},{value}"));
    assert_eq!(of("2026-09-02", "NaN"), "skipped: metrics.csv:3, column `value`: `NaN` is not finite");
    assert_eq!(of("2026-09-02", "-inf"), "skipped: metrics.csv:3, column `value`: `-inf` is not finite");
    assert_eq!(of("2026-09-02", "1e999"), "skipped: metrics.csv:3, column `value`: `1e999` is not finite");
    assert_eq!(of("2026-09-02", "x"), "skipped: metrics.csv:3, column `value`: `x` is not a number");
    assert_eq!(of("2026-09-02", ""), "skipped: metrics.csv:3, column `value`: the cell is empty");
    assert!(of("noon", "1").starts_with("skipped: metrics.csv:3, column `timestamp`: `noon` is not a moment"));
    assert_eq!(of("2026-09-01", "2"), "skipped: metrics.csv:3: 2 contradicts 1 of line 2");
    assert_eq!(failure(",a,b,c,2026-09-01,1"), "skipped: metrics.csv:3, column `resource_id`: the cell is empty");
    assert_eq!(failure("i-1,a"), "skipped: metrics.csv:3: has 2 cell(s), the header 6");
    let good = rows(&[
        "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01,1",
        "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01T00:00Z,1.0",
    ]);
    let bad =
        rows(&["i-2,AWS/EC2,CPUUtilization,Maximum,2026-09-01,1", "i-1,AWS/EC2,CPUUtilization,Maximum,2026-09-01,3"]);
    let (metrics, notes) = load(&[("a/metrics.csv", &good), ("b/metrics.csv", &bad), ("c/metrics.csv", &good)]);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("skipped: b/metrics.csv:3: 3 contradicts 1 of "), "{}", notes[0]);
    assert!(notes[0].ends_with("a/metrics.csv:2"), "{}", notes[0]);
    assert_eq!(cpu(&metrics, "i-1", "Maximum").unwrap().points.len(), 1, "identical rows are one");
    assert!(cpu(&metrics, "i-2", "Maximum").is_none());
    let (_, notes) =
        load(&[("metrics.csv", ""), ("x/metrics.csv", "resource_id,metrics\n"), ("y/metrics.csv", HEADER)]);
    assert_eq!(notes[0], "skipped: metrics.csv:1: is empty: it needs a header line");
    assert!(notes[1].starts_with("skipped: x/metrics.csv: has no column `namespace`; it has resource_id, metrics"));
    assert_eq!(notes.len(), 2);
    assert!(Metrics::load(&[PathBuf::from("/no/such")], &mut Notes::default()).is_err());
}

#[test]
fn periods_must_be_whole_and_agree() {
    let with = |periods: [&str; 2]| {
        let row = |day: usize| format!("i-1,a,b,c,2026-09-0{day},1,{}", periods[day - 1]);
        load(&[("metrics.csv", &format!("{HEADER},period_seconds\n{}\n{}\n", row(1), row(2)))]).1
    };
    assert!(with(["300", "3600"]).is_empty() && with(["86400.0", ""]).is_empty());
    let mixed = "skipped: metrics.csv:3, column `period_seconds`: a period of 24 h; the series has 1 h in line 2";
    assert_eq!(with(["60", "86400"]), [mixed]);
    for odd in ["0", "-1", "5400", "7", "1h"] {
        assert!(with([odd, ""])[0].contains("column `period_seconds`: `"), "{odd}");
    }
}

#[test]
fn parquet_reads_like_csv() {
    let dir = folder(&[]);
    let path = dir.path().join("metrics.parquet");
    let text = |name, value| (name, Sample::Text(vec![value, value]));
    let columns = |values| {
        vec![
            text("resource_id", "i-1"),
            text("namespace", "AWS/EC2"),
            text("metric", "CPUUtilization"),
            text("stat", "Maximum"),
            ("timestamp", Sample::Micros(vec![1_788_220_800_000_000, 1_788_224_400_000_000])),
            ("value", Sample::Float(values)),
            ("account_id", Sample::Int(vec![111_122_223_333; 2])),
            ("period_seconds", Sample::Int(vec![3600; 2])),
        ]
    };
    write_samples(&path, columns(vec![0.1, -0.0]));
    let (metrics, notes) = read(&dir);
    assert!(notes.is_empty(), "{notes:?}");
    let series = cpu(&metrics, "i-1", "Maximum").unwrap();
    assert_eq!(series.points, [(hour("2026-09-01"), 0.1), (hour("2026-09-01T01:00"), 0.0)]);
    write_samples(&path, columns(vec![0.1, f64::NAN]));
    let (_, notes) = read(&dir);
    assert_eq!(notes, ["skipped: metrics.parquet:2, column `value`: `NaN` is not finite"]);
    fs::write(&path, "PAR1 no more").unwrap();
    assert!(read(&dir).1[0].starts_with("skipped: metrics.parquet: is not readable as Parquet"));
}
