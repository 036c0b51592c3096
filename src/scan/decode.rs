//! Arrow arrays become columns of `Lines`; every type that a column may come in is known here.

use super::{
    classes::Packer,
    columns::{Amount, Labels, Layout, Need, Text},
    csv::is_null,
    focus::Translator,
    ids::{Ids, ResourceSym},
    lines::{Coded, Dictionary, Lines, NO_AMOUNT, NO_MOMENT},
    tags::{CATEGORY, Joiner, RowSets, TagsId, is_told},
};
use crate::{
    error::{Error, Result},
    money::{Money, NotAnAmount, Quantity},
    names::{Names, Sym},
    time::{parse_moment, rfc3339},
};
use arrow_array::{
    AnyDictionaryArray, Array, ArrayRef, ArrowPrimitiveType, MapArray, RecordBatch, StructArray,
    cast::AsArray,
    types::{
        Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
        Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};

/// Turns batches of one part into lines. It remembers what each column's dictionary decoded to, so that a dictionary
/// entry is interned or parsed once, not once a row.
pub(crate) struct Decoder<'a> {
    layout: &'a Layout,
    indices: Vec<usize>,
    seen: Vec<Seen>,
    sets: [RowSets; 2],
    joiner: Joiner,
    packer: Packer,
    translator: Option<Translator>,
}

/// Any number of pairs a row.
struct Ragged {
    ends: Vec<usize>,
    pairs: Vec<(Sym, Sym)>,
}

/// The last dictionary of a column, kept alive so that its address stays its own.
#[derive(Default)]
struct Seen {
    values: Option<ArrayRef>,
    syms: Vec<Sym>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Self {
        let indices = layout.projection();
        let seen = indices.iter().map(|_| Seen::default()).collect();
        let (joiner, packer) = (Joiner::default(), Packer::default());
        let (sets, translator) = ([RowSets::new(""), RowSets::new(CATEGORY)], Translator::of(layout));
        Self { layout, indices, seen, sets, joiner, packer, translator }
    }

    /// Decodes a batch that was projected by the layout.
    ///
    /// # Errors
    /// A column of a type that cannot be read, or a number that is none; the error names the column.
    pub(crate) fn decode(&mut self, batch: &RecordBatch, dictionary: &mut Dictionary) -> Result<Lines> {
        let mut lines = Lines { rows: batch.num_rows(), ..Lines::default() };
        for spec in Text::SPECS {
            if let Some((at, array)) = self.array(batch, self.layout.text[spec.column as usize]) {
                let dialect = self.layout.dialect;
                let reading = match (spec.column, spec.need(dialect)) {
                    (Text::Payer | Text::Account, _) if !dialect.is_focus() => Reading::Account,
                    (_, Need::Required) => Reading::Strict,
                    _ => Reading::Lenient,
                };
                let syms = text(array, &mut self.seen[at], &mut dictionary.names, reading);
                let syms = syms.map_err(|error| error.in_column(name(batch, at)))?;
                if spec.column == Text::Resource {
                    let ids = resources(&syms, &dictionary.names, &mut dictionary.ids)?;
                    lines.resource = Coded::of_rows(ids, ResourceSym::NONE);
                } else {
                    lines.text[spec.column as usize] = Coded::of_rows(syms, Sym::NONE);
                }
            }
        }
        for spec in Amount::SPECS {
            if let Some((at, array)) = self.array(batch, self.layout.amount[spec.column as usize]) {
                let usage = spec.column == Amount::Usage;
                let amounts = if usage { amounts::<Quantity>(array) } else { amounts::<Money>(array) };
                let amounts = amounts.map_err(|error| error.in_column(name(batch, at)))?;
                lines.amount[spec.column as usize] = Coded::of_amounts(amounts.into_iter(), &mut lines.wide)?;
            }
        }
        for (slot, index) in self.layout.moment.iter().enumerate() {
            if let Some((at, array)) = self.array(batch, *index) {
                let moments = moments(array).map_err(|error| error.in_column(name(batch, at)))?;
                lines.moment[slot] = Coded::of_rows(moments, NO_MOMENT);
            }
        }
        lines.tags = self.labels(batch, dictionary)?;
        if let Some(translator) = &mut self.translator {
            translator.fill(&mut lines, dictionary)?;
        }
        lines.number_classes(&mut self.packer, &mut dictionary.classes);
        Ok(lines)
    }

    fn array<'b>(&self, batch: &'b RecordBatch, index: Option<usize>) -> Option<(usize, &'b ArrayRef)> {
        let at = self.indices.binary_search(&index?).ok()?;
        Some((at, batch.column(at)))
    }

    /// The tag set of each line, cost categories among the tags.
    fn labels(&mut self, batch: &RecordBatch, dictionary: &mut Dictionary) -> Result<Vec<TagsId>> {
        let (mut flat, mut maps) = (Vec::new(), Vec::new());
        let kinds = [(&self.layout.tags, ""), (&self.layout.categories, CATEGORY)];
        for ((labels, prefix), sets) in kinds.into_iter().zip(&mut self.sets) {
            match labels {
                Labels::Flat(columns) => {
                    for (index, key) in columns {
                        let Some(at) = self.indices.binary_search(index).ok() else { continue };
                        let syms = text(batch.column(at), &mut self.seen[at], &mut dictionary.names, Reading::Lenient)
                            .map_err(|error| error.in_column(name(batch, at)))?;
                        let key = dictionary.names.intern(&format!("{prefix}{key}"));
                        flat.push((key, Coded::of_rows(syms, Sym::NONE)));
                    }
                }
                Labels::Map(index) => {
                    let Some(at) = self.indices.binary_search(index).ok() else { continue };
                    let Ragged { ends, pairs } = map(batch.column(at), &mut dictionary.names)
                        .map_err(|error| error.in_column(name(batch, at)))?;
                    let starts = std::iter::once(0).chain(ends.iter().copied());
                    let rows = starts.zip(&ends).map(|(start, end)| &pairs[start..*end]);
                    let (names, tags) = (&mut dictionary.names, &mut dictionary.tags);
                    maps.push(rows.map(|row| sets.number(row, names, tags)).collect());
                }
            }
        }
        Ok(self.joiner.join(batch.num_rows(), &flat, maps, &mut dictionary.tags))
    }
}

/// The resource ids of texts.
fn resources(syms: &[Sym], names: &Names, ids: &mut Ids) -> Result<Vec<ResourceSym>> {
    let mut last = (Sym::NONE, ResourceSym::NONE);
    let id_of = |sym: &Sym| {
        if *sym != last.0 {
            last = (*sym, ids.intern(names.get(*sym).as_bytes())?);
        }
        Ok(last.1)
    };
    syms.iter().map(id_of).collect()
}

fn name(batch: &RecordBatch, at: usize) -> String {
    batch.schema_ref().field(at).name().clone()
}

/// How much a column of text may look like something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// It is text, or whole numbers.
    Strict,
    /// Another program may have taken it for numbers, times or switches.
    Lenient,
    /// Likewise, and its whole numbers have twelve digits.
    Account,
}

/// A column of text as interned strings; whole numbers become their digits, accounts twelve of them.
fn text(array: &ArrayRef, seen: &mut Seen, names: &mut Names, reading: Reading) -> Result<Vec<Sym>> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let values = dictionary.values();
        let same = seen.values.as_ref().is_some_and(|kept| same_buffer(kept, values));
        if !same {
            seen.syms = text(values, &mut Seen::default(), names, reading)?;
            seen.values = Some(values.clone());
        }
        return Ok(spread(array, dictionary, &seen.syms, Sym::NONE));
    }
    let mut digits = String::new();
    Ok(match array.data_type() {
        DataType::Null => vec![Sym::NONE; array.len()],
        DataType::Utf8 => array.as_string::<i32>().iter().map(|v| v.map_or(Sym::NONE, |v| names.intern(v))).collect(),
        DataType::LargeUtf8 => {
            array.as_string::<i64>().iter().map(|v| v.map_or(Sym::NONE, |v| names.intern(v))).collect()
        }
        DataType::Utf8View => array.as_string_view().iter().map(|v| v.map_or(Sym::NONE, |v| names.intern(v))).collect(),
        DataType::Boolean | DataType::Float64 | DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
            if reading != Reading::Strict =>
        {
            return rendered(array, names, reading);
        }
        _ => {
            let whole = integers(array).ok_or_else(|| wrong_type(array, "text"))?;
            let mut of = |value: i128| {
                use std::fmt::Write as _;
                digits.clear();
                let _ =
                    if reading == Reading::Account { write!(digits, "{value:012}") } else { write!(digits, "{value}") };
                names.intern(&digits)
            };
            whole.into_iter().map(|v| v.map_or(Sym::NONE, &mut of)).collect()
        }
    })
}

/// Text that another program took for something else: accounts as doubles, times and switches under their own types.
fn rendered(array: &ArrayRef, names: &mut Names, reading: Reading) -> Result<Vec<Sym>> {
    let texts: Vec<Option<String>> = match array.data_type() {
        DataType::Boolean => array.as_boolean().iter().map(|value| value.map(|value| value.to_string())).collect(),
        DataType::Float64 => {
            let whole =
                |value: f64| if reading == Reading::Account { format!("{value:012}") } else { value.to_string() };
            array.as_primitive::<Float64Type>().iter().map(|value| value.map(whole)).collect()
        }
        _ => {
            let moment = |seconds: i64| (seconds != NO_MOMENT).then(|| rfc3339(seconds));
            moments(array)?.into_iter().map(moment).collect()
        }
    };
    Ok(texts.iter().map(|text| text.as_ref().map_or(Sym::NONE, |text| names.intern(text))).collect())
}

/// A dictionary's decoded values, one a row; `none` for null.
fn spread<T: Copy>(array: &ArrayRef, dictionary: &dyn AnyDictionaryArray, values: &[T], none: T) -> Vec<T> {
    if values.is_empty() {
        return vec![none; array.len()];
    }
    let keys = dictionary.normalized_keys().into_iter().enumerate();
    keys.map(|(row, key)| if array.is_null(row) { none } else { values.get(key).copied().unwrap_or(none) }).collect()
}

/// Whether two arrays of strings are the same memory.
fn same_buffer(a: &ArrayRef, b: &ArrayRef) -> bool {
    match (a.as_string_opt::<i32>(), b.as_string_opt::<i32>()) {
        (Some(a), Some(b)) => {
            a.len() == b.len()
                && a.value_data().as_ptr() == b.value_data().as_ptr()
                && a.value_offsets().as_ptr() == b.value_offsets().as_ptr()
        }
        _ => false,
    }
}

fn wrong_type(array: &ArrayRef, wanted: &str) -> Error {
    Error::new(format!("is of type {}, which cannot be read as {wanted}", array.data_type()))
}

/// Integers of any width, `None` for null; `None` in all if the column holds no integers.
fn integers(array: &ArrayRef) -> Option<Vec<Option<i128>>> {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef) -> Vec<Option<i128>>
    where
        T::Native: Into<i128>,
    {
        array.as_primitive::<T>().iter().map(|value| value.map(Into::into)).collect()
    }
    Some(match array.data_type() {
        DataType::Int8 => of::<Int8Type>(array),
        DataType::Int16 => of::<Int16Type>(array),
        DataType::Int32 => of::<Int32Type>(array),
        DataType::Int64 => of::<Int64Type>(array),
        DataType::UInt8 => of::<UInt8Type>(array),
        DataType::UInt16 => of::<UInt16Type>(array),
        DataType::UInt32 => of::<UInt32Type>(array),
        DataType::UInt64 => of::<UInt64Type>(array),
        _ => return None,
    })
}

/// An exact amount that numbers of any type can become.
trait Exact {
    fn double(value: f64) -> Result<i128, NotAnAmount>;
    fn decimal(unscaled: i128, scale: i32) -> Result<i128, NotAnAmount>;
    fn parse(text: &str) -> Result<i128, NotAnAmount>;
}

macro_rules! exact {
    ($name:ident) => {
        impl Exact for $name {
            fn double(value: f64) -> Result<i128, NotAnAmount> {
                $name::from_f64(value).map(|amount| amount.0)
            }
            fn decimal(unscaled: i128, scale: i32) -> Result<i128, NotAnAmount> {
                $name::from_decimal(unscaled, scale).map(|amount| amount.0)
            }
            fn parse(text: &str) -> Result<i128, NotAnAmount> {
                $name::parse(text).map(|amount| amount.0)
            }
        }
    };
}
exact!(Money);
exact!(Quantity);

/// A column of numbers (doubles, decimals, integers, or text that holds numbers) as exact amounts.
fn amounts<E: Exact>(array: &ArrayRef) -> Result<Vec<i128>> {
    fn each<T>(
        values: impl Iterator<Item = Option<T>>,
        of: impl Fn(T) -> Result<i128, NotAnAmount>,
    ) -> Result<Vec<i128>> {
        values.map(|value| value.map_or(Ok(NO_AMOUNT), &of)).collect::<Result<_, _>>().map_err(Error::new)
    }
    let parse = |text: &str| if is_null(text.trim()) { Ok(NO_AMOUNT) } else { E::parse(text) };
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let values = amounts::<E>(dictionary.values())?;
        return Ok(spread(array, dictionary, &values, NO_AMOUNT));
    }
    match array.data_type() {
        DataType::Null => Ok(vec![NO_AMOUNT; array.len()]),
        DataType::Float64 => each(array.as_primitive::<Float64Type>().iter(), E::double),
        DataType::Float32 => each(array.as_primitive::<Float32Type>().iter(), |v| E::double(f64::from(v))),
        DataType::Decimal32(_, s) => {
            each(array.as_primitive::<Decimal32Type>().iter(), |v| E::decimal(v.into(), i32::from(*s)))
        }
        DataType::Decimal64(_, s) => {
            each(array.as_primitive::<Decimal64Type>().iter(), |v| E::decimal(v.into(), i32::from(*s)))
        }
        DataType::Decimal128(_, s) => {
            each(array.as_primitive::<Decimal128Type>().iter(), |v| E::decimal(v, i32::from(*s)))
        }
        DataType::Decimal256(_, s) => each(array.as_primitive::<Decimal256Type>().iter(), |v| {
            v.to_i128().ok_or(NotAnAmount::TooLarge).and_then(|v| E::decimal(v, i32::from(*s)))
        }),
        DataType::Utf8 => each(array.as_string::<i32>().iter(), parse),
        DataType::LargeUtf8 => each(array.as_string::<i64>().iter(), parse),
        DataType::Utf8View => each(array.as_string_view().iter(), parse),
        _ => {
            let whole = integers(array).ok_or_else(|| wrong_type(array, "a number"))?;
            each(whole.into_iter(), |value| E::decimal(value, 0))
        }
    }
}

/// A column of moments (timestamps, dates, or text that holds them) in seconds since the epoch.
fn moments(array: &ArrayRef) -> Result<Vec<i64>> {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef, per_second: i64) -> Vec<i64>
    where
        T::Native: Into<i64>,
    {
        let values = array.as_primitive::<T>().iter();
        values.map(|value| value.map_or(NO_MOMENT, |value| value.into().div_euclid(per_second))).collect()
    }
    fn parse<'t>(values: impl Iterator<Item = Option<&'t str>>) -> Result<Vec<i64>> {
        values
            .map(|value| match value {
                Some(text) if !is_null(text.trim()) => parse_moment(text),
                _ => Ok(NO_MOMENT),
            })
            .collect()
    }
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let values = moments(dictionary.values())?;
        return Ok(spread(array, dictionary, &values, NO_MOMENT));
    }
    Ok(match array.data_type() {
        DataType::Null => vec![NO_MOMENT; array.len()],
        DataType::Timestamp(TimeUnit::Second, _) => of::<TimestampSecondType>(array, 1),
        DataType::Timestamp(TimeUnit::Millisecond, _) => of::<TimestampMillisecondType>(array, 1_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => of::<TimestampMicrosecondType>(array, 1_000_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => of::<TimestampNanosecondType>(array, 1_000_000_000),
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().iter();
            days.map(|day| day.map_or(NO_MOMENT, |day| i64::from(day) * 86_400)).collect()
        }
        DataType::Date64 => of::<Date64Type>(array, 1_000),
        DataType::Utf8 => parse(array.as_string::<i32>().iter())?,
        DataType::LargeUtf8 => parse(array.as_string::<i64>().iter())?,
        DataType::Utf8View => parse(array.as_string_view().iter())?,
        _ => return Err(wrong_type(array, "a time")),
    })
}

/// A map column (or a struct with a field a key, or JSON text) as pairs of interned key and value.
fn map(array: &ArrayRef, names: &mut Names) -> Result<Ragged> {
    match array.data_type() {
        DataType::Map(..) => map_entries(array.as_map(), names),
        DataType::Struct(_) => struct_fields(array.as_struct(), names),
        DataType::Null => Ok(Ragged { ends: vec![0; array.len()], pairs: Vec::new() }),
        _ => json_text(array, names),
    }
}

fn map_entries(array: &MapArray, names: &mut Names) -> Result<Ragged> {
    let keys = text(array.keys(), &mut Seen::default(), names, Reading::Lenient)?;
    let values = text(array.values(), &mut Seen::default(), names, Reading::Lenient)?;
    let offsets = array.value_offsets();
    let (mut ends, mut pairs) = (Vec::with_capacity(array.len()), Vec::new());
    for row in 0..array.len() {
        if !array.is_null(row) {
            let entries = usize::try_from(offsets[row]).unwrap_or(0)..usize::try_from(offsets[row + 1]).unwrap_or(0);
            let all = entries.filter_map(|at| Some((*keys.get(at)?, *values.get(at)?)));
            pairs.extend(all.filter(is_told));
        }
        ends.push(pairs.len());
    }
    Ok(Ragged { ends, pairs })
}

fn struct_fields(array: &StructArray, names: &mut Names) -> Result<Ragged> {
    let mut columns = Vec::new();
    for (field, column) in array.fields().iter().zip(array.columns()) {
        let key = names.intern(field.name());
        columns.push((key, text(column, &mut Seen::default(), names, Reading::Lenient)?));
    }
    let (mut ends, mut pairs) = (Vec::with_capacity(array.len()), Vec::new());
    for row in 0..array.len() {
        let present = columns.iter().filter(|_| !array.is_null(row)).map(|(key, syms)| (*key, syms[row]));
        pairs.extend(present.filter(|(_, value)| *value != Sym::NONE));
        ends.push(pairs.len());
    }
    Ok(Ragged { ends, pairs })
}

fn json_text(array: &ArrayRef, names: &mut Names) -> Result<Ragged> {
    let syms =
        text(array, &mut Seen::default(), names, Reading::Lenient).map_err(|_| wrong_type(array, "a map of tags"))?;
    let mut last: (Sym, Vec<(Sym, Sym)>) = (Sym::NONE, Vec::new());
    let (mut ends, mut pairs) = (Vec::with_capacity(syms.len()), Vec::new());
    for sym in syms {
        if sym != last.0 {
            let json = names.get(sym).to_owned();
            last = (sym, json_pairs(&json, names)?);
        }
        pairs.extend(&last.1);
        ends.push(pairs.len());
    }
    Ok(Ragged { ends, pairs })
}

/// The pairs of a JSON map of tags: an object, or a list of objects with `key` and `value`. Entries without a value are left out.
pub(super) fn json_pairs(json: &str, names: &mut Names) -> Result<Vec<(Sym, Sym)>> {
    #[derive(serde::Deserialize)]
    struct Entry {
        key: String,
        #[serde(default)]
        value: Value,
    }
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Tags {
        Map(std::collections::BTreeMap<String, Value>),
        List(Vec<Entry>),
    }
    use serde_json::Value;
    let json = json.trim();
    if is_null(json) {
        return Ok(Vec::new());
    }
    let found: std::collections::BTreeMap<String, Value> = match serde_json::from_str(json) {
        Ok(Tags::Map(map)) => map,
        Ok(Tags::List(list)) => list.into_iter().map(|entry| (entry.key, entry.value)).collect(),
        Err(_) => match serde_json::from_str::<Value>(json) {
            Err(error) => return Err(Error::new(format!("holds no JSON map of tags: {error}"))),
            Ok(_) => return Err(Error::new("holds no JSON map of tags: it is something else")),
        },
    };
    let pair = |(key, value): (String, Value)| {
        let text = match value {
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then(|| (names.intern(&key), names.intern(&text)))
    };
    Ok(found.into_iter().filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{BooleanArray, Float64Array, TimestampMillisecondArray};
    use std::sync::Arc;

    #[test]
    fn text_under_another_type_is_still_text() {
        let mut names = Names::default();
        let mut read = |array: ArrayRef, reading| {
            let syms = text(&array, &mut Seen::default(), &mut names, reading).unwrap();
            syms.into_iter().map(|sym| names.get(sym).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            read(Arc::new(Float64Array::from(vec![Some(11_254_002_932.0), None])), Reading::Account),
            ["011254002932", ""]
        );
        assert_eq!(read(Arc::new(Float64Array::from(vec![42.0])), Reading::Lenient), ["42"]);
        assert_eq!(read(Arc::new(BooleanArray::from(vec![true])), Reading::Lenient), ["true"]);
        let at = TimestampMillisecondArray::from(vec![Some(1_770_681_600_000), None]);
        assert_eq!(read(Arc::new(at), Reading::Lenient), ["2026-02-10T00:00:00Z", ""]);
    }
}
