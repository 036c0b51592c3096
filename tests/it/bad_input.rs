//! Bad input, given to the program itself: it says which file and where, writes nothing, and never panics.

use crate::{
    cur::{self, Repeated},
    dialects::{changed, read, write},
};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, StringArray, cast::AsArray, types::Float64Type};
use parquet::file::{metadata::ParquetMetaDataReader, properties::WriterProperties};
use serde_json::{Value, json};
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const COST: &str = "line_item_unblended_cost";

/// A folder with an export, in which the program runs.
struct Case {
    root: TempDir,
}

/// What a run ended with.
struct Ran {
    status: Option<i32>,
    out: String,
    err: String,
}

fn line(of: Value) -> Repeated {
    serde_json::from_value(of).unwrap()
}

/// A NAT gateway that nothing passes through.
fn gateway(id: &str, owner: &str) -> Repeated {
    line(json!({"product": "AmazonEC2", "usage_type": "NatGateway-Hours", "operation": "NatGateway", "usage": 1.0,
        "cost": 0.045, "resource": id, "tags": {"user_owner": owner}}))
}

impl Case {
    fn new(lines: &[Repeated]) -> Self {
        let case = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir(case.at("export")).unwrap();
        let mut all = vec![cur::heartbeat()];
        all.extend_from_slice(lines);
        cur::write(&case.part(), &all);
        case
    }

    fn plain() -> Self {
        Self::new(&[gateway("nat-1", "net")])
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn part(&self) -> PathBuf {
        self.at("export/part.parquet")
    }

    /// The same with a file beside the export.
    fn with(self, name: &str, text: &str) -> Self {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), text).unwrap();
        self
    }

    /// The same with a column changed; `None` drops it. Row groups hold 500 lines.
    fn column(self, name: &str, change: impl Fn(&ArrayRef) -> Option<ArrayRef>) -> Self {
        let batch = changed(&read(&self.part()), |column, array| match column == name {
            true => change(array),
            false => Some(array.clone()),
        });
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(500)).build();
        write(&self.part(), &batch, properties);
        self
    }

    /// The same with the cost of one line stated as text.
    fn cost_text(self, row: usize, text: &str) -> Self {
        self.column(COST, |array| {
            let values = array.as_primitive::<Float64Type>().iter().enumerate();
            let texts =
                values.map(|(at, value)| if at == row { text.to_owned() } else { format!("{}", value.unwrap()) });
            Some(Arc::new(StringArray::from_iter_values(texts)))
        })
    }

    /// The same with the cost of one line stated as a double.
    fn cost(self, row: usize, cost: f64) -> Self {
        self.column(COST, |array| {
            let values = array.as_primitive::<Float64Type>().iter().enumerate();
            Some(Arc::new(
                values.map(|(at, value)| if at == row { Some(cost) } else { value }).collect::<Float64Array>(),
            ))
        })
    }

    /// The same with the bytes of the part changed.
    fn bytes(self, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Self {
        fs::write(self.part(), change(fs::read(self.part()).unwrap())).unwrap();
        self
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_curtail"))
            .args(arguments)
            .current_dir(self.root.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let done = self.spawn(arguments).wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran { status: done.status.code(), out: text(done.stdout), err: text(done.stderr) };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        let raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!ran.err.contains(raw), "control characters reach the terminal: {:?}", ran.err);
        ran
    }

    /// Runs `recommend export` and expects no report, only an error that says all this.
    fn refused(&self, arguments: &[&str], said: &[&str]) {
        let mut all = vec!["recommend", "export", "--output", "report.json"];
        all.extend_from_slice(arguments);
        let ran = self.run(&all);
        assert_eq!(ran.status, Some(2), "{}", ran.err);
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
        assert!(ran.out.is_empty() && !self.at("report.json").exists(), "a report was written: {}", ran.out);
        for words in said {
            assert!(ran.err.contains(words), "`{words}` is not said: {}", ran.err);
        }
    }

    /// Runs `recommend export` and returns the report, which has to hold notes with these codes.
    fn report(&self, arguments: &[&str], status: i32, codes: &[&str]) -> Value {
        let mut all = vec!["recommend", "export", "--format", "json"];
        all.extend_from_slice(arguments);
        let ran = self.run(&all);
        assert_eq!(ran.status, Some(status), "{}", ran.err);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        for code in codes {
            let noted = report["notes"].as_array().unwrap().iter().any(|note| note["code"] == **code);
            assert!(noted, "no note {code} in {}", report["notes"]);
            assert!(ran.err.contains(&format!("[{code}]")), "{code} is not told: {}", ran.err);
        }
        report
    }
}

/// A part whose footer tells of one line more or less than its row groups.
fn miscounted(mut all: Vec<u8>) -> Vec<u8> {
    let end = all.len() - 8;
    let length = u32::from_le_bytes(all[end..end + 4].try_into().unwrap()) as usize;
    let rows = ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::from(all.clone())).unwrap();
    // Field 3 of the file's metadata, the first with this number: type i64, then the number twice as large, seven bits a byte.
    let first = u8::try_from(rows.file_metadata().num_rows() * 2 % 128).unwrap();
    let is_count = |two: &[u8]| two[0] == 0x16 && two[1] % 128 == first;
    let at = end - length + all[end - length..].windows(2).position(is_count).unwrap() + 1;
    all[at] ^= 2;
    all
}

#[test]
fn files_that_are_no_parquet() {
    let counts = ["export/part.parquet", "is corrupt: its footer tells of", "fetch the part again"];
    Case::plain().bytes(miscounted).refused(&[], &counts);
    Case::plain().bytes(|_| Vec::new()).refused(&[], &["export/part.parquet", "is empty (0 bytes)"]);
    let truncated = ["export/part.parquet", "truncated", "fetch the part again"];
    Case::plain().bytes(|all| all[..all.len() / 2].to_vec()).refused(&[], &truncated);
    Case::plain().bytes(|all| all[..all.len() - 1].to_vec()).refused(&[], &truncated);
    Case::plain().bytes(|_| b"line_item_unblended_cost\n1.0\n".to_vec()).refused(&[], &["export/part.parquet"]);
    Case::plain().bytes(|_| b"PAR1PAR1".to_vec()).refused(&[], &["export/part.parquet"]);
    let case = Case::plain();
    fs::remove_file(case.part()).unwrap();
    case.refused(&[], &["export: holds no .parquet, .csv or .csv.gz file"]);
    let ran = case.run(&["recommend", "nowhere"]);
    assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("nowhere: no such file or folder"), "{}", ran.err);
}

#[test]
fn one_bad_part_among_good_ones_is_fatal() {
    let case = Case::plain();
    fs::copy(case.part(), case.at("export/another.parquet")).unwrap();
    case.bytes(|all| all[..all.len() - 9].to_vec()).refused(&[], &["export/part.parquet"]);
}

#[test]
fn columns_that_are_missing_or_of_a_wrong_type() {
    for column in [COST, "line_item_usage_account_id", "line_item_usage_start_date", "line_item_usage_amount"] {
        let tried = "dialects tried: cur-2.0, cur-legacy";
        Case::plain().column(column, |_| None).refused(&[], &["export/part.parquet", column, tried]);
    }
    let boolean =
        |array: &ArrayRef| -> Option<ArrayRef> { Some(Arc::new(BooleanArray::from(vec![true; array.len()]))) };
    for column in [COST, "line_item_usage_start_date", "line_item_product_code"] {
        let said = ["export/part.parquet, row group 0", column, "Boolean"];
        Case::plain().column(column, boolean).refused(&[], &said);
    }
}

#[test]
fn numbers_that_are_none() {
    for cost in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30] {
        let place = format!("export/part.parquet, row group 2, column `{COST}`");
        Case::plain().cost(1100, cost).refused(&["--threads", "4"], &[&place]);
    }
    for text in ["twelve", "NaN", "-inf", "1,5", "0x10", "1e", "--1", "1e999999999999"] {
        let place = format!("export/part.parquet, row group 1, column `{COST}`");
        Case::plain().cost_text(600, text).refused(&[], &[&place]);
    }
    let missing = |array: &ArrayRef| -> Option<ArrayRef> {
        Some(Arc::new(arrow_array::TimestampMillisecondArray::from(vec![None; array.len()])))
    };
    let case = Case::plain().column("line_item_usage_start_date", missing);
    case.refused(&[], &["export/part.parquet, row group 0, column `line_item_usage_start_date`"]);
    let late = |array: &ArrayRef| -> Option<ArrayRef> {
        Some(Arc::new(StringArray::from_iter_values((0..array.len()).map(|_| "yesterday"))))
    };
    let case = Case::plain().column("line_item_usage_start_date", late);
    case.refused(&[], &["export/part.parquet, row group 0, column `line_item_usage_start_date`", "`yesterday`"]);
}

#[test]
fn of_several_errors_the_first_is_told() {
    for threads in ["1", "2", "8"] {
        let case = Case::plain().cost(1300, f64::NAN).cost(510, f64::INFINITY);
        case.refused(&["--threads", threads], &["row group 1"]);
    }
}

#[test]
fn settings_with_a_bad_key() {
    let case = Case::plain().with("curtail.toml", "threads = 1\nworklod = \"account\"\n");
    case.refused(&[], &["curtail.toml:2", "worklod", "did you mean `workload`?"]);
    let case = Case::plain().with("curtail.toml", "\n\nthreads = \"two\"\n");
    case.refused(&[], &["curtail.toml:3"]);
    let case = Case::plain().with("night.toml", "[overrides.plan]\nseen_within_hour = 3\n");
    case.refused(&["--config", "night.toml"], &["night.toml", "seen_within_hour", "did you mean `seen_within_hours`?"]);
}

/// The embedded text of the rule with a line changed.
fn rule(from: &str, to: &str) -> (String, usize) {
    let text = curtail::rules::embedded("idle_nat_gateway").unwrap();
    let line = text.lines().position(|line| line.starts_with(from)).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[line] = to;
    (lines.join("\n"), line + 1)
}

#[test]
fn rules_with_a_bad_key() {
    for (from, to, near) in [
        ("look_back_days", "look_back_day = 14", "did you mean `look_back_days`?"),
        ("wants", "want = []", "did you mean `wants`?"),
        ("stage", "stage = \"removed\"", "removed"),
        ("max_gb_per_day", "max_gb_per_day = \"none\"", "none"),
    ] {
        let (text, line) = rule(from, to);
        let case = Case::plain().with("rules/idle_nat_gateway.toml", &text);
        let place = format!("rules/idle_nat_gateway.toml:{line}:");
        case.refused(&["--rules", "rules"], &[&place, near]);
    }
    let case = Case::plain().with("rules/idle_nat_gatewy.toml", "");
    case.refused(&["--rules", "rules"], &["rules/idle_nat_gatewy.toml", "did you mean `idle_nat_gateway`?"]);
    Case::plain().refused(&["--rules", "nowhere"], &["nowhere"]);
    Case::plain().refused(&["--only", "idle_nat_gatewy"], &["did you mean `idle_nat_gateway`?"]);
}

#[test]
fn transactions_that_make_no_sense() {
    let refused = |rows: &str, said: &[&str]| {
        let text = format!("hour,workload,transactions\n{rows}");
        let case = Case::plain().with("t.csv", &text);
        case.refused(&["--transactions", "t.csv"], said);
    };
    refused("2026-09-01T00:00Z,web,1\n2026-09-01T00:00Z,web,2\n", &["t.csv:3", "on line 2 already"]);
    refused("2026-09-01T00:00Z,web,NaN\n", &["t.csv:2, column `transactions`", "`NaN`"]);
    refused("2026-09-01T00:00Z,web,inf\n", &["t.csv:2, column `transactions`"]);
    refused("2026-09-01T00:00Z,web,-1\n", &["t.csv:2, column `transactions`", "negative"]);
    refused("first,web,1\n", &["t.csv:2, column `hour`"]);
    refused("2026-09-01T00:00Z,web,\u{1b}[31m\n", &["t.csv:2, column `transactions`"]);
    Case::plain().refused(&["--transactions", "none.csv"], &["none.csv"]);
}

#[test]
fn a_bad_inventory_or_metrics_file_leaves_a_report_and_status_2() {
    let wrong = r#"{"Reservations": []}"#;
    let case = Case::plain().with("inv/111122223333/us-east-1/ec2-describe-volumes.json", wrong);
    let report = case.report(&["--inventory", "inv"], 2, &["bad_inventory_file"]);
    assert_eq!(report["recommendations"].as_array().unwrap().len(), 1);
    let note = report["notes"].to_string();
    assert!(note.contains("ec2-describe-volumes.json"), "{note}");

    let case = Case::plain().with("inv/ec2-describe-volumes.json", "{\"Volumes\": [\n}");
    let report = case.report(&["--inventory", "inv"], 2, &["bad_inventory_file"]);
    assert!(report["notes"].to_string().contains("ec2-describe-volumes.json:2"), "{}", report["notes"]);

    let header = "resource_id,namespace,metric,stat,timestamp,value\n";
    for row in ["nat-1,AWS/NATGateway,BytesOutToDestination,Sum,2026-09-01T00:00Z,NaN\n", "a,b\n"] {
        let case = Case::plain().with("inv/metrics.csv", &format!("{header}{row}"));
        let report = case.report(&["--inventory", "inv"], 2, &["bad_metrics_file"]);
        assert!(report["notes"].to_string().contains("metrics.csv:2"), "{}", report["notes"]);
    }
    Case::plain().refused(&["--inventory", "nowhere"], &["nowhere: there is no such folder"]);
}

#[test]
fn mixed_currencies_need_a_choice() {
    let mixed = |name: &'static str| {
        Case::plain().column("line_item_currency_code", |array| {
            let codes = (0..array.len()).map(|row| if row % 3 == 0 { name } else { "USD" });
            Some(Arc::new(StringArray::from_iter_values(codes)))
        })
    };
    mixed("EUR").refused(&[], &["line_item_currency_code", "EUR, USD", "--currency"]);
    mixed("\u{1b}[31mE\r").refused(&[], &["--currency"]);
    mixed("EUR").refused(&["--currency", "GBP"], &["GBP", "EUR, USD"]);
    let report = mixed("EUR").report(&["--currency", "USD"], 0, &["currency_chosen"]);
    assert_eq!(report["currency"], "USD");
    assert_eq!(report["other_currencies"][0]["currency"], "EUR");
    let (usd, eur) = (&report["totals"]["unblended_cost"], &report["other_currencies"][0]["unblended_cost"]);
    let all = usd.as_f64().unwrap() + eur.as_f64().unwrap();
    assert!((all - 720.0 * 0.045).abs() < 1e-6 && eur.as_f64().unwrap() > 1.0, "{usd} USD, {eur} EUR");
}

#[test]
fn odd_lines_are_noted_and_priced() {
    let odd = |of: Value| {
        let mut all = json!({"product": "AmazonS3", "usage_type": "Requests-Tier1", "hours": [0, 5]});
        all.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        Case::new(&[line(all)])
    };
    odd(json!({"usage": -3.0, "cost": -0.5})).report(&[], 0, &["negative_usage"]);
    let report = odd(json!({"type": "MadeUp", "cost": 2.0})).report(&[], 0, &["unknown_line_type"]);
    assert_eq!(report["totals"]["unblended_cost"], json!(10.0));
    let report = odd(json!({"type": "\u{1b}[2J", "cost": 2.0})).report(&[], 0, &["unknown_line_type"]);
    assert!(report["notes"].to_string().contains("2J"));
    let rows = "hour,workload,transactions\n2026-09-01T01:00Z,web,1\n2026-09-01T00:00Z,web,2\n";
    let case = Case::plain().with("t.csv", rows);
    let codes = ["transactions_out_of_order", "unknown_workload", "transactions_gap"];
    case.report(&["--transactions", "t.csv", "--workload", "tag:owner"], 0, &codes);
}

/// One line in a far year must neither hang the run nor eat the machine: a month has hours, a span of ages has too many.
#[test]
fn a_line_in_a_far_year_does_not_hang_the_run() {
    for moment in [-62_000_000_000_000i64, 0, 250_000_000_000_000, i64::MAX / 2] {
        let case = Case::plain().column("line_item_usage_start_date", |array| {
            let values = array.as_primitive::<arrow_array::types::TimestampMillisecondType>().iter().enumerate();
            let moved = values.map(|(at, value)| if at == 7 { Some(moment) } else { value });
            Some(Arc::new(moved.collect::<arrow_array::TimestampMillisecondArray>()))
        });
        for window in ["month", "all", "30d"] {
            let ran = case.within(&["recommend", "export", "--format", "json", "--window", window]);
            assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""), "{moment}, {window}: {}", ran.err);
            let place = "export/part.parquet, row group 0, column `line_item_usage_start_date`";
            assert!(ran.err.contains(place), "{}", ran.err);
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let case = Case::plain();
    for arguments in [
        &["demo"] as &[&str],
        &["demo", "--format", "json"],
        &["recommend", "export"],
        &["check", "export"],
        &["rules"],
        &["schema"],
        &["--help"],
    ] {
        for bytes in [0, 1] {
            let mut child = case.spawn(arguments);
            let mut out = child.stdout.take().unwrap();
            out.read_exact(&mut vec![0; bytes]).unwrap();
            drop(out);
            let done = child.wait_with_output().unwrap();
            let err = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(0), "{arguments:?}: {err}");
            assert!(!err.contains("error") && !err.contains("panicked"), "{arguments:?}: {err}");
        }
    }
}

#[test]
fn nothing_in_an_id_or_a_tag_reaches_a_terminal_or_a_spreadsheet_raw() {
    let ids =
        ["nat-\u{1b}[31mred", "nat-\u{202e}\r\nspoof", "=HYPERLINK(\"http://x\")", "+1", "@SUM(A1)", "-2", "\t=1"];
    let owners = ["=1+1", "\u{1b}]0;title\u{7}", "@x", "-x", "a\nb", "+x", "|`<b>"];
    let lines: Vec<Repeated> = ids.iter().zip(owners).map(|(id, owner)| gateway(id, owner)).collect();
    let case = Case::new(&lines);
    let arguments =
        |format| ["recommend", "export", "--only", "idle_nat_gateway", "--owner", "tag:owner", "--format", format];
    for format in ["table", "csv", "markdown", "json"] {
        let ran = case.run(&arguments(format));
        assert_eq!(ran.status, Some(0), "{}", ran.err);
        let raw = |c: char| c.is_control() && c != '\n' || (c == '\u{202e}' && format != "json");
        assert!(!ran.out.contains(raw), "{format}: {:?}", ran.out);
    }
    let csv = case.run(&arguments("csv")).out;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), ids.len());
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@']) && !cell.contains('\n'), "a formula: {cell}");
    }
    let check = case.run(&["check", "export"]);
    assert!(!check.out.contains(|c: char| c.is_control() && c != '\n'), "{:?}", check.out);
}

impl Case {
    /// Runs with little memory and time.
    fn within(&self, arguments: &[&str]) -> Ran {
        let begun = Instant::now();
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -v 6000000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_curtail")])
            .args(arguments)
            .current_dir(self.root.path())
            .stdout(fs::File::create(self.at("out")).unwrap())
            .stderr(fs::File::create(self.at("err")).unwrap())
            .spawn()
            .unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if begun.elapsed() > Duration::from_secs(20) {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{arguments:?} hangs");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let text = |name| String::from_utf8_lossy(&fs::read(self.at(name)).unwrap()).into_owned();
        Ran { status, out: text("out"), err: text("err") }
    }
}

/// A sequence that looks random and is the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % sides
    }

    /// The bytes with a few changed, a stretch zeroed or a stretch cut out; half of it in the footer, where it is worst.
    fn damage(&mut self, whole: &[u8]) -> Vec<u8> {
        let mut bytes = whole.to_vec();
        let footer =
            usize::try_from(u32::from_le_bytes(whole[whole.len() - 8..][..4].try_into().unwrap())).unwrap() + 8;
        let reach = if self.roll(2) == 0 { whole.len() } else { footer };
        let at = |dice: &mut Self| whole.len() - 1 - dice.roll(reach);
        let from = at(self);
        match self.roll(6) {
            0 => bytes[from..(from + self.roll(40)).min(whole.len())].fill(0),
            1 => drop(bytes.drain(from..(from + self.roll(40)).min(whole.len()))),
            _ => (0..=self.roll(3)).for_each(|_| bytes[at(self)] = u8::try_from(self.roll(256)).unwrap()),
        }
        bytes
    }
}

/// A small part with every kind of column and three row groups.
fn small_part(path: &Path) {
    let several = |of: Value| line(of);
    let lines = [
        gateway("nat-1", "net"),
        several(json!({"type": "RIFee", "product": "AmazonEC2", "usage_type": "HeavyUsage:m5.large", "hours": [0, 1],
            "cost": 7.0, "net": 6.5, "columns": {"reservation_reservation_a_r_n": "arn:ri/1",
            "reservation_effective_cost": 0.0, "reservation_unused_recurring_fee": 1.5,
            "reservation_unused_amortized_upfront_fee_for_billing_period": 0.25}})),
    ];
    let mut lines = lines.to_vec();
    lines[0].hours = [0, 40];
    cur::write(path, &lines);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(15)).build();
    write(path, &read(path), properties);
}

#[test]
fn a_damaged_part_never_panics_the_program() {
    let case = Case::plain();
    small_part(&case.part());
    let whole = fs::read(case.part()).unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    for round in 0..200 {
        fs::write(case.part(), dice.damage(&whole)).unwrap();
        let ran = case.within(&["recommend", "export", "--format", "json", "--threads", "2"]);
        assert!(!ran.err.contains("panicked") && !ran.err.contains("fault"), "round {round}: {}", ran.err);
        match ran.status {
            Some(0) => read += 1,
            Some(2) => {
                refused += 1;
                assert!(
                    ran.err.contains("part.parquet") || ran.err.contains("mixes currencies"),
                    "round {round}: {}",
                    ran.err
                );
                assert!(ran.out.is_empty(), "round {round}: {}", ran.out);
            }
            other => panic!("round {round}: {other:?} {}", ran.err),
        }
    }
    assert!(read > 0 && refused > 50, "{read} read, {refused} refused");
}
