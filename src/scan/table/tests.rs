//! Tables of every kind, and damaged ones.

use super::*;
use arrow_array::{
    BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int32Array, Int64Array, LargeStringArray, ListArray, StringArray, StringViewArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use std::{fs, sync::Arc};
use tempfile::TempDir;

/// Writes a Parquet file with row groups of two rows.
fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// A column for tests that know nothing of Arrow.
#[derive(Clone)]
pub(crate) enum Sample {
    Text(Vec<&'static str>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    /// Microseconds since 1970.
    Micros(Vec<i64>),
    /// Days since 1970.
    Days(Vec<i32>),
}

/// Writes columns as Parquet.
pub(crate) fn write_samples(path: &Path, columns: Vec<(&str, Sample)>) {
    let array = |sample| -> ArrayRef {
        match sample {
            Sample::Text(values) => Arc::new(StringArray::from(values)),
            Sample::Int(values) => Arc::new(Int64Array::from(values)),
            Sample::Float(values) => Arc::new(Float64Array::from(values)),
            Sample::Micros(values) => Arc::new(TimestampMicrosecondArray::from(values)),
            Sample::Days(values) => Arc::new(Date32Array::from(values)),
        }
    };
    write_parquet(path, columns.into_iter().map(|(name, sample)| (name, array(sample))).collect());
}

fn rows(path: &Path, wanted: &[&str], optional: &[&str]) -> Result<Vec<(u64, Vec<Option<String>>)>> {
    let mut rows = Vec::new();
    let count = wanted.len() + optional.len();
    read_table(path, wanted, optional)?.each(|row| {
        rows.push((row.line, (0..count).map(|at| row.get(at).map(str::to_owned)).collect()));
        Ok(())
    })?;
    Ok(rows)
}

fn csv_file(text: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    fs::write(&path, text).unwrap();
    (dir, path)
}

fn failure(path: &Path, wanted: &[&str]) -> String {
    let text = rows(path, wanted, &[]).unwrap_err().to_string();
    text.replace(&format!("{}/", path.parent().unwrap().display()), "")
}

#[test]
fn csv_lines_count_whatever_ends_them() {
    for text in ["\u{feff}a,b\n1,2\n\n3,\n", "a,b\r\n1,2\r\n\r\n3,\r\n", "b , a,c\n2, 1,\n \n,3,\"\""] {
        let (_dir, path) = csv_file(text);
        let got = rows(&path, &["a"], &["b", "z"]).unwrap();
        let cell = |text: &str| Some(text.to_owned());
        assert_eq!(got, [(2, vec![cell("1"), cell("2"), None]), (4, vec![cell("3"), None, None])], "{text:?}");
    }
    let (_dir, path) = csv_file("a\n\"x\ny\"\nz\n");
    assert_eq!(rows(&path, &["a"], &[]).unwrap().iter().map(|row| row.0).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn csv_errors_name_file_and_line() {
    let (_dir, path) = csv_file("a,b\n1,2\n3\n");
    assert_eq!(failure(&path, &["a"]), "t.csv:3: has 1 cell(s), the header 2");
    let (_dir, path) = csv_file(b"b,a\n1,2\n3,\xff\n");
    assert_eq!(failure(&path, &["a"]), "t.csv:3, column `a`: is not UTF-8 text");
    let (_dir, path) = csv_file("");
    assert_eq!(failure(&path, &["a"]), "t.csv:1: is empty: it needs a header line");
    let (_dir, path) = csv_file("a,b,a\n");
    assert_eq!(failure(&path, &["a"]), "t.csv: has two columns `a`");
    let (_dir, path) = csv_file("workloads,x\n");
    let text = "t.csv: has no column `workload`; it has workloads, x\n  help: did you mean `workloads`?";
    assert_eq!(failure(&path, &["workload"]), text);
    let none = path.with_file_name("none.csv");
    assert!(failure(&none, &["a"]).starts_with("none.csv: cannot be read: "));
    assert!(failure(path.parent().unwrap(), &["a"]).contains(": cannot be read: "));
    let (_dir, path) = csv_file("a\n1\n");
    let stop = read_table(&path, &["a"], &[]).unwrap().each(|_| Err(Error::new("no"))).unwrap_err();
    assert_eq!((stop.place.line, stop.what.as_str()), (Some(2), "no"));
}

#[test]
fn every_type_of_parquet_becomes_text() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let hour = 1_788_220_800; // 2026-09-01T00:00:00Z
    let dictionary: DictionaryArray<arrow_array::types::Int32Type> = vec![Some("d"), None].into_iter().collect();
    let decimal = Decimal128Array::from(vec![Some(-12_345), None]).with_precision_and_scale(20, 3).unwrap();
    let columns: Vec<(&str, ArrayRef, &str)> = vec![
        ("utf8", Arc::new(StringArray::from(vec![Some(" s "), None])), "s"),
        ("large", Arc::new(LargeStringArray::from(vec![Some("l"), None])), "l"),
        ("view", Arc::new(StringViewArray::from(vec![Some("v"), None])), "v"),
        ("binary", Arc::new(BinaryArray::from(vec![Some(b"b".as_slice()), None])), "b"),
        ("dictionary", Arc::new(dictionary), "d"),
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None])), "true"),
        ("i32", Arc::new(Int32Array::from(vec![Some(-7), None])), "-7"),
        ("u64", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])), "18446744073709551615"),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.1), None])), "0.1"),
        ("f64", Arc::new(Float64Array::from(vec![Some(0.1 + 0.2), None])), "0.30000000000000004"),
        ("nan", Arc::new(Float64Array::from(vec![Some(f64::NAN), None])), "NaN"),
        ("decimal", Arc::new(decimal), "-12.345"),
        ("date32", Arc::new(Date32Array::from(vec![Some(20_697), None])), "2026-09-01"),
        ("date64", Arc::new(Date64Array::from(vec![Some(hour * 1000), None])), "2026-09-01"),
        ("s", Arc::new(TimestampSecondArray::from(vec![Some(hour), None])), "2026-09-01T00:00:00Z"),
        ("ms", Arc::new(TimestampMillisecondArray::from(vec![Some(hour * 1000), None])), "2026-09-01T00:00:00Z"),
        (
            "us",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(hour * 1_000_000 + 500_000), None]).with_timezone("UTC"),
            ),
            "2026-09-01T00:00:00.5Z",
        ),
        (
            "ns",
            Arc::new(TimestampNanosecondArray::from(vec![Some(hour * 1_000_000_000), None])),
            "2026-09-01T00:00:00Z",
        ),
    ];
    write_parquet(&path, columns.iter().map(|(name, array, _)| (*name, array.clone())).collect());
    let names: Vec<&str> = columns.iter().map(|column| column.0).rev().collect();
    let got = rows(&path, &names, &["none"]).unwrap();
    let texts: Vec<Option<String>> = columns.iter().rev().map(|c| Some(c.2.to_owned())).chain([None]).collect();
    assert_eq!(got, [(1, texts), (2, vec![None; columns.len() + 1])]);
    fs::copy(&path, dir.path().join("t.data")).unwrap();
    assert_eq!(rows(&dir.path().join("t.data"), &["f32"], &[]).unwrap().len(), 2, "told by its first bytes");
}

#[test]
fn parquet_that_cannot_be_text_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let list = ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>(vec![Some(vec![Some(1)])]);
    write_parquet(
        &path,
        vec![
            ("list", Arc::new(list)),
            ("bytes", Arc::new(BinaryArray::from(vec![b"\xff".as_slice()]))),
            ("late", Arc::new(TimestampSecondArray::from(vec![i64::MAX]))),
            ("day", Arc::new(Date32Array::from(vec![i32::MAX]))),
        ],
    );
    assert!(failure(&path, &["list"]).starts_with("t.parquet:1, column `list`: a column of type List("));
    assert_eq!(failure(&path, &["bytes"]), "t.parquet:1, column `bytes`: is not UTF-8 text");
    assert!(failure(&path, &["late"]).contains("column `late`: a timestamp is outside"));
    assert!(failure(&path, &["day"]).contains("column `day`: day 2147483647 after 1970 is outside"));
    let text = "t.parquet: has no column `days`; it has list, bytes, late, day\n  help: did you mean `day`?";
    assert_eq!(failure(&path, &["days"]), text);
    fs::write(&path, "PAR1").unwrap();
    assert!(failure(&path, &["day"]).starts_with("t.parquet: is not readable as Parquet: "));
}

#[test]
fn damage_is_told_by_column_and_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let numbers: Vec<i64> = (0..6).map(|n| n * 1_000_003).collect();
    let names: Vec<String> = (0..6).map(|n| format!("name {}", n % 4)).collect();
    write_parquet(&path, vec![("n", Arc::new(Int64Array::from(numbers))), ("s", Arc::new(StringArray::from(names)))]);
    let whole = fs::read(&path).unwrap();
    let mut placed = 0;
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            fs::write(&path, &bytes).unwrap();
            if let Err(error) = rows(&path, &["n", "s"], &[]) {
                placed += usize::from(error.place.column.is_some() && error.place.file.is_some());
            }
        }
    }
    assert!(placed > 50, "{placed}");
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(rows(&path, &["n", "s"], &[]).is_err());
    }
}
