//! The fast path: pages become codes and integers without Arrow's arrays in between.
//!
//! Strings are never built: a page's dictionary entries are interned once per row group, and its indices are turned into interned
//! numbers. Numbers and times are converted once per dictionary entry where there is a dictionary.
//!
//! Invariants: a row group is read here whole or not at all (what is not known here is found out before the first line is handed
//! on, and goes to the general reader); both paths give the same lines; every length and index of the file is checked before use.

mod chunk;
mod column;
mod map;
mod rle;
mod values;

use super::{
    BATCH, Part,
    columns::{Amount, Labels, Layout},
    labels::{Pairs, Ragged},
    lines::{CATEGORY, Dictionary, Lines},
};
use crate::{
    error::{Error, Result},
    names::{Names, Sym},
};
use chunk::Pages;
use column::Column;
use map::{Leaf, Map};
use parquet::{
    basic::{ConvertedType, Encoding, LogicalType, TimeUnit, Type as Stored},
    file::metadata::{ColumnChunkMetaData, RowGroupMetaData},
};
use std::{collections::BTreeMap, fs::File};
use values::{Convert, Physical, ToAmount, ToMoment, ToText};

/// A column with its name and the slot of `Lines` that it fills.
struct Slot<C: Convert> {
    slot: usize,
    name: String,
    column: Column<C>,
}

/// A map column with its name, and its keys under their prefix.
struct Maps {
    name: String,
    prefix: &'static str,
    keys: BTreeMap<Sym, Sym>,
    map: Map,
}

/// A row group, opened column by column.
pub(super) struct Group {
    left: usize,
    texts: Vec<Slot<ToText>>,
    amounts: Vec<Slot<ToAmount>>,
    moments: Vec<Slot<ToMoment>>,
    /// Label columns: the slot is the key's number.
    flat: Vec<Slot<ToText>>,
    maps: Vec<Maps>,
    lines: Lines,
}

/// Opens a row group; `None` when it holds something that only the general reader knows.
pub(super) fn open(part: &Part, group: usize, layout: &Layout, dictionary: &mut Dictionary) -> Result<Option<Group>> {
    let metadata = part.metadata.metadata().row_group(group);
    let rows = usize::try_from(metadata.num_rows()).map_err(|_| Error::new("is corrupt: a negative number of rows"))?;
    let file = File::open(&part.path).map_err(|error| Error::new(format!("cannot be opened: {error}")))?;
    let mut opener = Opener { file, metadata, rows, names: &mut dictionary.names };
    let (Some(texts), Some(amounts), Some(moments)) = (
        opener.slots(&layout.text, |chunk, _| words(chunk))?,
        opener.slots(&layout.amount, |chunk, slot| number(chunk, slot == Amount::Usage as usize))?,
        opener.slots(&layout.moment, |chunk, _| moment(chunk))?,
    ) else {
        return Ok(None);
    };
    let (mut flat, mut maps) = (Vec::new(), Vec::new());
    for (labels, prefix) in [(&layout.tags, ""), (&layout.categories, CATEGORY)] {
        match labels {
            Labels::Map(index) => match opener.map(*index, prefix)? {
                Some(map) => maps.push(map),
                None => return Ok(None),
            },
            Labels::Flat(columns) => {
                for (index, key) in columns {
                    let slot = opener.names.intern(&format!("{prefix}{key}")).0 as usize;
                    match opener.slot(*index, slot, |chunk, _| words(chunk))? {
                        Some(column) => flat.push(column),
                        None => return Ok(None),
                    }
                }
            }
        }
    }
    Ok(Some(Group { left: rows, texts, amounts, moments, flat, maps, lines: Lines::default() }))
}

impl Group {
    /// The next batch of lines; `None` behind the last.
    ///
    /// # Errors
    /// A corrupt page or a value that cannot be understood; the error names the column.
    pub(super) fn next(&mut self, dictionary: &mut Dictionary) -> Result<Option<&Lines>> {
        let rows = self.left.min(BATCH);
        if rows == 0 {
            return Ok(None);
        }
        self.left -= rows;
        let (lines, names) = (&mut self.lines, &mut dictionary.names);
        lines.rows = rows;
        fill(&mut self.texts, &mut lines.text, rows, names)?;
        fill(&mut self.amounts, &mut lines.amount, rows, names)?;
        fill(&mut self.moments, &mut lines.moment, rows, names)?;
        let mut pairs = Pairs { rows, ..Pairs::default() };
        for Slot { slot, name, column } in &mut self.flat {
            let mut syms = Vec::with_capacity(rows);
            column.read(rows, &mut syms, names).map_err(|error| error.in_column(&*name))?;
            if !syms.is_empty() {
                pairs.flat.push((Sym(u32::try_from(*slot).unwrap_or(0)), syms));
            }
        }
        for maps in &mut self.maps {
            pairs.maps.push(maps.read(rows, names)?);
        }
        lines.tags = pairs.intern(dictionary);
        Ok(Some(&self.lines))
    }
}

/// Reads the next rows of each column into its slot.
fn fill<C: Convert>(columns: &mut [Slot<C>], out: &mut [Vec<C::Out>], rows: usize, names: &mut Names) -> Result<()> {
    for Slot { slot, name, column } in columns {
        let values = &mut out[*slot];
        values.clear();
        column.read(rows, values, names).map_err(|error| error.in_column(&*name))?;
    }
    Ok(())
}

impl Maps {
    fn read(&mut self, rows: usize, names: &mut Names) -> Result<Ragged> {
        let (mut ends, mut pairs) = (Vec::with_capacity(rows), Vec::new());
        self.map.read(rows, &mut ends, &mut pairs, names).map_err(|error| error.in_column(&self.name))?;
        if !self.prefix.is_empty() {
            for (key, _) in &mut pairs {
                let prefix = self.prefix;
                let full = self.keys.entry(*key).or_insert_with(|| {
                    let full = format!("{prefix}{}", names.get(*key));
                    names.intern(&full)
                });
                *key = *full;
            }
        }
        Ok(Ragged { ends, pairs })
    }
}

/// Opens the columns of one row group.
struct Opener<'a> {
    file: File,
    metadata: &'a RowGroupMetaData,
    rows: usize,
    names: &'a mut Names,
}

impl<'a> Opener<'a> {
    /// The columns of a layout's side that are there; `None` if one of them is not for this path.
    fn slots<C: Convert>(
        &mut self,
        columns: &[Option<usize>],
        how: impl Fn(&ColumnChunkMetaData, usize) -> Option<(Physical, C)>,
    ) -> Result<Option<Vec<Slot<C>>>> {
        let mut slots = Vec::new();
        for (slot, index) in columns.iter().enumerate().filter_map(|(slot, index)| Some((slot, (*index)?))) {
            match self.slot(index, slot, &how)? {
                Some(column) => slots.push(column),
                None => return Ok(None),
            }
        }
        Ok(Some(slots))
    }

    fn slot<C: Convert>(
        &mut self,
        index: usize,
        slot: usize,
        how: impl Fn(&ColumnChunkMetaData, usize) -> Option<(Physical, C)>,
    ) -> Result<Option<Slot<C>>> {
        let [chunk] = self.leaves(index)[..] else { return Ok(None) };
        let descriptor = chunk.column_descr();
        let flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        let Some((physical, convert)) = how(chunk, slot).filter(|_| flat && known_encodings(chunk)) else {
            return Ok(None);
        };
        let name = descriptor.name().to_owned();
        let pages = Pages::open(&mut self.file, chunk, self.rows).map_err(|error| error.in_column(&name))?;
        let mut column = Column::new(pages, physical, convert);
        let known = self.rows == 0 || column.start(self.names).map_err(|error| error.in_column(&name))?;
        Ok(known.then_some(Slot { slot, name, column }))
    }

    /// A map from text to text; `None` if it is something else.
    fn map(&mut self, index: usize, prefix: &'static str) -> Result<Option<Maps>> {
        let [keys, values] = self.leaves(index)[..] else { return Ok(None) };
        let shape = |chunk: &ColumnChunkMetaData| {
            let descriptor = chunk.column_descr();
            let map = descriptor.max_rep_level() == 1 && descriptor.max_def_level() <= 3;
            (map && known_encodings(chunk) && text(chunk).is_some()).then(|| descriptor.max_def_level().unsigned_abs())
        };
        let (Some(key_level), Some(value_level)) = (shape(keys), shape(values)) else { return Ok(None) };
        if keys.column_path().parts().last().is_none_or(|name| name != "key") || key_level == 0 {
            return Ok(None);
        }
        let name = keys.column_path().parts()[0].clone();
        let mut open = |chunk, level: u16| {
            let pages = Pages::open(&mut self.file, chunk, self.rows).map_err(|error| error.in_column(&name))?;
            Ok::<_, Error>(Leaf::new(pages, u32::from(level), 1))
        };
        let mut map = Map::new(open(keys, key_level)?, open(values, value_level)?);
        let known = self.rows == 0 || map.start(self.names).map_err(|error| error.in_column(&name))?;
        Ok(known.then_some(Maps { name, prefix, keys: BTreeMap::new(), map }))
    }

    /// The leaf columns below a top-level one.
    fn leaves(&self, index: usize) -> Vec<&'a ColumnChunkMetaData> {
        let schema = self.metadata.schema_descr();
        let all = self.metadata.columns().iter().enumerate();
        all.filter(|(leaf, _)| schema.get_column_root_idx(*leaf) == index).map(|(_, chunk)| chunk).collect()
    }
}

fn known_encodings(chunk: &ColumnChunkMetaData) -> bool {
    use Encoding::{PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY};
    #[expect(
        deprecated,
        reason = "old writers name it for levels that a column without nulls or repetition does not have"
    )]
    let levels = Encoding::BIT_PACKED;
    chunk.encodings().all(|encoding| [PLAIN, RLE, levels, PLAIN_DICTIONARY, RLE_DICTIONARY].contains(&encoding))
}

/// Whether a chunk holds text.
fn text(chunk: &ColumnChunkMetaData) -> Option<Physical> {
    let descriptor = chunk.column_descr();
    let named = match descriptor.logical_type_ref() {
        Some(logical) => matches!(logical, LogicalType::String | LogicalType::Enum | LogicalType::Json),
        None => matches!(
            descriptor.converted_type(),
            ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
        ),
    };
    (named && descriptor.physical_type() == Stored::BYTE_ARRAY).then_some(Physical::Text)
}

/// How a chunk's text is read.
fn words(chunk: &ColumnChunkMetaData) -> Option<(Physical, ToText)> {
    text(chunk).map(|physical| (physical, ToText))
}

/// How a chunk's numbers are read.
fn number(chunk: &ColumnChunkMetaData, usage: bool) -> Option<(Physical, ToAmount)> {
    let descriptor = chunk.column_descr();
    let physical = match descriptor.physical_type() {
        Stored::DOUBLE => Physical::Double,
        Stored::FLOAT => Physical::Float,
        Stored::INT32 => Physical::Int32,
        Stored::INT64 => Physical::Int64,
        _ => return text(chunk).map(|physical| (physical, ToAmount { usage, scale: 0 })),
    };
    let scale = match (descriptor.logical_type_ref(), descriptor.converted_type()) {
        (Some(LogicalType::Decimal(decimal)), _) => decimal.scale,
        (None, ConvertedType::DECIMAL) => descriptor.type_scale(),
        (None, ConvertedType::NONE | ConvertedType::INT_32 | ConvertedType::INT_64) => 0,
        (Some(LogicalType::Integer(integer)), _) if integer.is_signed => 0,
        _ => return None,
    };
    Some((physical, ToAmount { usage, scale }))
}

/// How a chunk's times are read.
fn moment(chunk: &ColumnChunkMetaData) -> Option<(Physical, ToMoment)> {
    let descriptor = chunk.column_descr();
    let of = |physical, per_second| Some((physical, ToMoment { per_second }));
    match (descriptor.physical_type(), descriptor.logical_type_ref(), descriptor.converted_type()) {
        (Stored::INT64, Some(LogicalType::Timestamp(time)), _) => of(
            Physical::Int64,
            match time.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            },
        ),
        (Stored::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => of(Physical::Int64, 1_000),
        (Stored::INT64, None, ConvertedType::TIMESTAMP_MICROS) => of(Physical::Int64, 1_000_000),
        (Stored::INT32, Some(LogicalType::Date), _) | (Stored::INT32, None, ConvertedType::DATE) => {
            of(Physical::Int32, 0)
        }
        (Stored::INT96, None, ConvertedType::NONE) => of(Physical::Int96, 1),
        (Stored::BYTE_ARRAY, ..) => text(chunk).map(|physical| (physical, ToMoment { per_second: 1 })),
        _ => None,
    }
}
