//! Small tables, CSV or Parquet, as rows of text: what metrics and transactions are given as. Bills are not read here.

use super::guard::guarded;
use crate::{
    error::{Error, Result, did_you_mean},
    time::Day,
};
use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{
        Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
        Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};
use jiff::Timestamp;
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
};
use std::{
    fmt::Write as _,
    fs::File,
    io::{BufReader, Chain, Read},
    path::{Path, PathBuf},
};

/// An opened table; [`Table::each`] reads it.
pub(crate) struct Table {
    path: PathBuf,
    /// The columns asked for, required ones first.
    columns: Vec<Column>,
    source: Source,
}

/// A column asked for.
struct Column {
    name: String,
    /// Where it is in the file, if it is there.
    at: Option<usize>,
}

/// A row: the text of every column asked for, in that order.
pub(crate) struct Row {
    /// The line of a CSV file, the row of a Parquet file, from 1.
    pub(crate) line: u64,
    /// Empty text stands for no value.
    cells: Vec<String>,
}

enum Source {
    Csv(Box<csv::Reader<Text>>),
    Parquet,
}

/// A CSV file, whose last line then always has an end.
type Text = Chain<BufReader<File>, &'static [u8]>;
type Builder = ParquetRecordBatchReaderBuilder<File>;

impl Row {
    /// The text of a column, by its place among those asked for; `None` when there is none.
    pub(crate) fn get(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

/// Opens a table: Parquet by its extension or its first bytes, else CSV with a header line.
///
/// # Errors
/// When it cannot be opened or lacks a wanted column.
pub(crate) fn read_table(path: &Path, wanted: &[&str], optional: &[&str]) -> Result<Table> {
    let opened = if is_parquet(path)? { open_parquet(path) } else { open_csv(path) };
    let (present, source) = opened.map_err(|error| error.in_file(path.display()))?;
    let mut columns = Vec::new();
    for (index, name) in wanted.iter().chain(optional).enumerate() {
        let mut places = present.iter().enumerate().filter(|(_, there)| there == name).map(|(at, _)| at);
        let at = places.next();
        if at.is_none() && index < wanted.len() {
            return Err(missing(name, &present).in_file(path.display()));
        }
        if places.next().is_some() {
            return Err(Error::file(path.display(), format!("has two columns `{name}`")));
        }
        columns.push(Column { name: (*name).to_owned(), at });
    }
    Ok(Table { path: path.to_owned(), columns, source })
}

/// The error of a table without a column that it needs.
pub(crate) fn missing(name: &str, present: &[String]) -> Error {
    let listed = match present.len() {
        0 => "it has none".to_owned(),
        count => format!("it has {}{}", present[..count.min(30)].join(", "), if count > 30 { " ..." } else { "" }),
    };
    let error = Error::new(format!("has no column `{name}`; {listed}"));
    match did_you_mean(name, present.iter().map(String::as_str)) {
        Some(hint) => error.help(hint),
        None => error,
    }
}

fn is_parquet(path: &Path) -> Result<bool> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet")) {
        return Ok(true);
    }
    let mut magic = Vec::new();
    open(path)?.take(4).read_to_end(&mut magic).map_err(|error| unreadable(path, &error))?;
    Ok(magic == b"PAR1")
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path.display(), format!("cannot be read: {error}"))
}

fn open_csv(path: &Path) -> Result<(Vec<String>, Source)> {
    let text = BufReader::new(open(path)?).chain(b"\n".as_slice());
    let mut reader = csv::ReaderBuilder::new()
        .terminator(csv::Terminator::Any(b'\n')) // a `\r` before it is trimmed with the cell; lines then count right
        .flexible(true)
        .from_reader(text);
    let header = reader.headers().map_err(|error| unparsable(&error).on_line(1))?;
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if names.iter().all(String::is_empty) {
        return Err(Error::new("is empty: it needs a header line").on_line(1));
    }
    Ok((names, Source::Csv(Box::new(reader))))
}

fn unparsable(error: &csv::Error) -> Error {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => Error::new("is not UTF-8 text"),
        csv::ErrorKind::Io(error) => Error::new(format!("cannot be read: {error}")),
        _ => Error::new(error),
    }
}

fn open_parquet(path: &Path) -> Result<(Vec<String>, Source)> {
    let schema = builder(path)?.schema().clone();
    Ok((schema.fields().iter().map(|field| field.name().clone()).collect(), Source::Parquet))
}

fn builder(path: &Path) -> Result<Builder> {
    let file = open(path)?;
    guarded(|| Builder::try_new(file).map_err(|error| Error::new(format!("is not readable as Parquet: {error}"))))
}

/// The next batch of rows; after an error there is none to ask for.
fn next_batch(batches: &mut ParquetRecordBatchReader) -> Result<Option<RecordBatch>> {
    guarded(|| batches.next().transpose().map_err(damaged))
}

impl Table {
    /// Whether the table has a column that was asked for.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|column| column.at.is_some())
    }

    /// Hands every row on, in order. Errors get the file and the row's line.
    ///
    /// # Errors
    /// What `take` says, or that the file is damaged.
    pub(crate) fn each(self, mut take: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        let mut row = Row { line: 0, cells: vec![String::new(); self.columns.len()] };
        let mut placed = |row: &Row| take(row).map_err(|error| error.on_line(row.line));
        let read = match self.source {
            Source::Csv(reader) => each_csv(*reader, &self.columns, &mut row, &mut placed),
            Source::Parquet => each_parquet(&self.path, &self.columns, &mut row, &mut placed),
        };
        read.map_err(|error| error.in_file(self.path.display()))
    }
}

fn each_csv(
    mut reader: csv::Reader<Text>,
    columns: &[Column],
    row: &mut Row,
    take: &mut dyn FnMut(&Row) -> Result<()>,
) -> Result<()> {
    let width = reader.byte_headers().map_err(|error| unparsable(&error))?.len();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| unparsable(&error))? {
        let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        row.line = reader.position().line().saturating_sub(1 + u64::try_from(inside).unwrap_or_default());
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) && record.len() <= 1 {
            continue;
        }
        if record.len() != width {
            let what = format!("has {} cell(s), the header {width}", record.len());
            return Err(Error::new(what).on_line(row.line));
        }
        for (column, cell) in columns.iter().zip(&mut row.cells) {
            cell.clear();
            let bytes = column.at.and_then(|at| record.get(at)).unwrap_or_default();
            let text = std::str::from_utf8(bytes)
                .map_err(|_| Error::new("is not UTF-8 text").in_column(&column.name).on_line(row.line))?;
            cell.push_str(text);
        }
        take(row)?;
    }
    Ok(())
}

/// A reader of some columns, of all row groups or of one.
fn project(path: &Path, columns: &[&str], row_group: Option<usize>) -> Result<ParquetRecordBatchReader> {
    let builder = builder(path)?;
    let roots = builder.schema().fields().iter().enumerate();
    let roots: Vec<usize> =
        roots.filter(|(_, field)| columns.contains(&field.name().as_str())).map(|(index, _)| index).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let builder = builder.with_projection(mask).with_batch_size(4096);
    let builder = match row_group {
        Some(group) => builder.with_row_groups(vec![group]),
        None => builder,
    };
    guarded(|| builder.build().map_err(damaged))
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::new(format!("is damaged: {error}"))
}

fn each_parquet(
    path: &Path,
    columns: &[Column],
    row: &mut Row,
    take: &mut dyn FnMut(&Row) -> Result<()>,
) -> Result<()> {
    let names: Vec<&str> = columns.iter().filter(|column| column.at.is_some()).map(|c| c.name.as_str()).collect();
    let blamed = |error| blame(path, &names, error);
    let mut batches = project(path, &names, None).map_err(blamed)?;
    while let Some(batch) = next_batch(&mut batches).map_err(blamed)? {
        let cells: Vec<Option<Cells>> = columns.iter().map(|column| Cells::of(&batch, &column.name)).collect();
        for index in 0..batch.num_rows() {
            row.line += 1;
            for ((column, cells), out) in columns.iter().zip(&cells).zip(&mut row.cells) {
                out.clear();
                if let Some(cells) = cells {
                    cells.write(index, out).map_err(|error| error.in_column(&column.name).on_line(row.line))?;
                }
            }
            take(row)?;
        }
    }
    Ok(())
}

/// Reads each row group and column alone, to say which of them is damaged.
fn blame(path: &Path, columns: &[&str], error: Error) -> Error {
    let groups = builder(path).map_or(0, |builder| builder.metadata().num_row_groups());
    for group in 0..groups {
        for column in columns {
            if let Err(error) = project(path, &[column], Some(group)).and_then(drain) {
                return error.in_row_group(group).in_column(column);
            }
        }
    }
    error
}

/// Reads to the end.
fn drain(mut batches: ParquetRecordBatchReader) -> Result<()> {
    while next_batch(&mut batches)?.is_some() {}
    Ok(())
}

/// A column of a batch; of a dictionary, its entries and each row's place among them.
struct Cells {
    rows: ArrayRef,
    dictionary: Option<(Vec<usize>, ArrayRef)>,
}

impl Cells {
    fn of(batch: &RecordBatch, name: &str) -> Option<Self> {
        let rows = batch.column_by_name(name)?.clone();
        let dictionary = rows.as_any_dictionary_opt().map(|dictionary| {
            let values = dictionary.values().clone();
            (if values.is_empty() { Vec::new() } else { dictionary.normalized_keys() }, values)
        });
        Some(Self { rows, dictionary })
    }

    /// Adds the text of a row, nothing for null.
    fn write(&self, row: usize, out: &mut String) -> Result<()> {
        if self.rows.is_null(row) {
            return Ok(());
        }
        match &self.dictionary {
            None => write_value(&*self.rows, row, out),
            Some((keys, values)) => match keys.get(row) {
                Some(&key) if !values.is_null(key) => write_value(&**values, key, out),
                _ => Ok(()),
            },
        }
    }
}

/// Adds the text of a value that is not null.
fn write_value(array: &dyn Array, row: usize, out: &mut String) -> Result<()> {
    macro_rules! number {
        ($kind:ty) => {
            write!(out, "{}", array.as_primitive::<$kind>().value(row)).map_err(Error::new)
        };
    }
    macro_rules! decimal {
        ($kind:ty) => {
            write_str(&array.as_primitive::<$kind>().value_as_string(row), out)
        };
    }
    match array.data_type() {
        DataType::Utf8 => write_str(array.as_string::<i32>().value(row), out),
        DataType::LargeUtf8 => write_str(array.as_string::<i64>().value(row), out),
        DataType::Utf8View => write_str(array.as_string_view().value(row), out),
        DataType::Binary => write_bytes(array.as_binary::<i32>().value(row), out),
        DataType::LargeBinary => write_bytes(array.as_binary::<i64>().value(row), out),
        DataType::BinaryView => write_bytes(array.as_binary_view().value(row), out),
        DataType::Boolean => write!(out, "{}", array.as_boolean().value(row)).map_err(Error::new),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => number!(Float32Type),
        DataType::Float64 => number!(Float64Type),
        DataType::Decimal32(..) => decimal!(Decimal32Type),
        DataType::Decimal64(..) => decimal!(Decimal64Type),
        DataType::Decimal128(..) => decimal!(Decimal128Type),
        DataType::Decimal256(..) => decimal!(Decimal256Type),
        DataType::Date32 => write_day(i64::from(array.as_primitive::<Date32Type>().value(row)), out),
        DataType::Date64 => write_day(array.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000), out),
        DataType::Timestamp(unit, _) => write_moment(array, row, *unit, out),
        other => Err(Error::new(format!("a column of type {other} cannot be read as text"))),
    }
}

fn write_str(text: &str, out: &mut String) -> Result<()> {
    out.push_str(text);
    Ok(())
}

fn write_bytes(bytes: &[u8], out: &mut String) -> Result<()> {
    write_str(std::str::from_utf8(bytes).map_err(|_| Error::new("is not UTF-8 text"))?, out)
}

fn write_day(days: i64, out: &mut String) -> Result<()> {
    let outside = || Error::new(format!("day {days} after 1970 is outside the calendar"));
    let day = i32::try_from(days).map_err(|_| outside())?;
    Timestamp::from_second(days * 86_400).map_err(|_| outside())?;
    write!(out, "{}", Day(day)).map_err(Error::new)
}

/// Adds a timestamp as RFC 3339 text in UTC; one without a zone is UTC.
fn write_moment(array: &dyn Array, row: usize, unit: TimeUnit, out: &mut String) -> Result<()> {
    let at = match unit {
        TimeUnit::Second => Timestamp::from_second(array.as_primitive::<TimestampSecondType>().value(row)),
        TimeUnit::Millisecond => {
            Timestamp::from_millisecond(array.as_primitive::<TimestampMillisecondType>().value(row))
        }
        TimeUnit::Microsecond => {
            Timestamp::from_microsecond(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        TimeUnit::Nanosecond => {
            Timestamp::from_nanosecond(i128::from(array.as_primitive::<TimestampNanosecondType>().value(row)))
        }
    };
    let at = at.map_err(|_| Error::new("a timestamp is outside the years -9999 to 9999"))?;
    write!(out, "{at}").map_err(Error::new)
}

#[cfg(test)]
pub(crate) mod tests;
