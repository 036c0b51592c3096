//! The fast path: pages become codes and integers without Arrow's arrays in between.
//!
//! Strings are never built: a page's dictionary entries are interned once per row group, and its indices become the codes of a
//! batch's columns as they are. Numbers and times are converted once per dictionary entry where there is a dictionary.
//!
//! Invariants: a row group is read here or not at all, by whoever reads a part of it (what is not known here is found out before the first
//! line is handed on, and goes to the general reader); both paths give the same lines; every length and index of the file is checked
//! before use, and no more than a batch is held at a time of what a page says it holds.

mod chunk;
mod column;
mod map;
mod rle;
mod values;
mod window;

use super::{
    BATCH, Part,
    classes::Packer,
    columns::{Amount, Labels, Layout, Text, late},
    focus::Translator,
    input::Input,
    lines::{Coded, Dictionary, Lines},
    tags::{CATEGORY, Joiner},
};
use crate::{
    error::{Error, Result},
    names::Sym,
};
use chunk::Pages;
use column::Column;
use map::{Leaf, Map};
use parquet::{
    basic::{ConvertedType, Encoding, LogicalType, TimeUnit, Type as Stored},
    file::metadata::{ColumnChunkMetaData, RowGroupMetaData},
};
use values::{Convert, Home, Physical, ToAmount, ToMoment, ToResource, ToText};

/// A column with its name and the slot of `Lines` that it fills.
struct Slot<C: Convert> {
    slot: usize,
    name: String,
    column: Column<C>,
}

/// A map column with its name.
struct Maps {
    name: String,
    map: Map,
}

/// A row group, opened column by column.
pub(super) struct Group {
    left: usize,
    texts: Vec<Slot<ToText>>,
    resource: Option<Slot<ToResource>>,
    amounts: Vec<Slot<ToAmount>>,
    /// Columns that are read when they are asked for.
    late_texts: Vec<Slot<ToText>>,
    late_amounts: Vec<Slot<ToAmount>>,
    moments: Vec<Slot<ToMoment>>,
    /// Label columns: the slot is the place in `labels`, where each stands under its key.
    flat: Vec<Slot<ToText>>,
    labels: Vec<(Sym, Coded<Sym>)>,
    maps: Vec<Maps>,
    joiner: Joiner,
    packer: Packer,
    translator: Option<Translator>,
    lines: Lines,
}

/// Opens a row group; `None` when it holds something that only the general reader knows.
pub(super) fn open(part: &Part, group: usize, layout: &Layout, dictionary: &mut Dictionary) -> Result<Option<Group>> {
    let Some(metadata) = part.row_group(group) else { return Ok(None) };
    let rows = usize::try_from(metadata.num_rows()).map_err(|_| Error::new("is corrupt: a negative number of rows"))?;
    let input = part.input(group, &layout.projection())?;
    let mut lines = Lines::default();
    let Dictionary { names, ids, .. } = dictionary;
    let mut opener = Opener { input, metadata, rows, home: Home { names, ids, wide: &mut lines.wide } };
    let mut others = layout.text;
    let resource = others[Text::Resource as usize].take();
    let (Some(mut texts), Some(mut amounts), Some(moments)) = (
        opener.slots(&others, &mut lines.text, |chunk, _| words(chunk))?,
        opener.slots(&layout.amount, &mut lines.amount, |chunk, slot| number(chunk, slot == Amount::Usage as usize))?,
        opener.slots(&layout.moment, &mut lines.moment, |chunk, _| moment(chunk))?,
    ) else {
        return Ok(None);
    };
    let ids = |chunk: &ColumnChunkMetaData| text(chunk).map(|physical| (physical, ToResource));
    let resource = match resource {
        None => None,
        Some(index) => match opener.slot(index, 0, &mut lines.resource, ids)? {
            None => return Ok(None),
            found => found,
        },
    };
    let (mut flat, mut labels, mut maps) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, prefix) in [(&layout.tags, ""), (&layout.categories, CATEGORY)] {
        match kind {
            Labels::Map(index) => match opener.map(*index, prefix)? {
                Some(map) => maps.push(map),
                None => return Ok(None),
            },
            Labels::Flat(columns) => {
                for (index, key) in columns {
                    let key = opener.home.names.intern(&format!("{prefix}{key}"));
                    let mut coded = Coded::nothing(Sym::NONE);
                    match opener.slot(*index, labels.len(), &mut coded, words)? {
                        Some(column) => flat.push(column),
                        None => return Ok(None),
                    }
                    labels.push((key, coded));
                }
            }
        }
    }
    let (joiner, packer, translator) = (Joiner::default(), Packer::default(), Translator::of(layout));
    // What FOCUS tells in other columns is told of every line.
    let is_late = |found| found && translator.is_none();
    let late_texts =
        texts.extract_if(.., |slot| is_late(late::TEXTS.iter().any(|column| *column as usize == slot.slot)));
    let late_texts = late_texts.collect();
    let late_amounts =
        amounts.extract_if(.., |slot| is_late(late::AMOUNTS.iter().any(|column| *column as usize == slot.slot)));
    let late_amounts = late_amounts.collect();
    let left = rows;
    Ok(Some(Group {
        left,
        texts,
        resource,
        amounts,
        late_texts,
        late_amounts,
        moments,
        flat,
        labels,
        maps,
        joiner,
        packer,
        translator,
        lines,
    }))
}

impl Group {
    /// How many lines are still to be read.
    pub(super) fn rows(&self) -> usize {
        self.left
    }

    /// Passes over the next lines, of which little is looked at: somebody else reads them.
    ///
    /// # Errors
    /// A corrupt page; the error names the column.
    pub(super) fn pass(&mut self, rows: usize, dictionary: &mut Dictionary) -> Result<()> {
        fn all<C: Convert>(
            columns: &mut [Slot<C>],
            out: &mut [Coded<C::Out>],
            rows: usize,
            home: &mut Home<'_>,
        ) -> Result<()> {
            columns.iter_mut().try_for_each(|Slot { slot, name, column }| {
                column.pass_pages(rows, &mut out[*slot], home).map_err(|error| error.in_column(&*name))
            })
        }
        let rows = rows.min(self.left);
        if rows == 0 {
            return Ok(());
        }
        self.left -= rows;
        let Lines { text, resource, amount, moment, wide, .. } = &mut self.lines;
        let Dictionary { names, ids, .. } = dictionary;
        let mut home = Home { names, ids, wide };
        all(&mut self.texts, text, rows, &mut home)?;
        all(self.resource.as_mut_slice(), std::slice::from_mut(resource), rows, &mut home)?;
        all(&mut self.amounts, amount, rows, &mut home)?;
        all(&mut self.moments, moment, rows, &mut home)?;
        all(&mut self.late_texts, text, rows, &mut home)?;
        all(&mut self.late_amounts, amount, rows, &mut home)?;
        for Slot { slot, name, column } in &mut self.flat {
            column.pass_pages(rows, &mut self.labels[*slot].1, &mut home).map_err(|error| error.in_column(&*name))?;
        }
        let mut maps = self.maps.iter_mut();
        maps.try_for_each(|Maps { name, map }| map.pass(rows, &mut home).map_err(|error| error.in_column(&*name)))
    }

    /// The next batch of lines; `None` behind the last. Its late columns are null unless `wants_late` says that they are needed.
    ///
    /// # Errors
    /// A corrupt page or a value that cannot be understood; the error names the column.
    pub(super) fn next(
        &mut self,
        dictionary: &mut Dictionary,
        wants_late: impl FnOnce(&Lines, &Dictionary) -> bool,
    ) -> Result<Option<&Lines>> {
        let rows = self.left.min(BATCH);
        if rows == 0 {
            return Ok(None);
        }
        self.left -= rows;
        let Lines { text, resource, amount, moment, wide, .. } = &mut self.lines;
        let Dictionary { names, ids, tags, .. } = &mut *dictionary;
        let mut home = Home { names, ids, wide };
        fill(&mut self.texts, text, (rows, true), &mut home)?;
        fill(self.resource.as_mut_slice(), std::slice::from_mut(resource), (rows, true), &mut home)?;
        fill(&mut self.amounts, amount, (rows, true), &mut home)?;
        fill(&mut self.moments, moment, (rows, true), &mut home)?;
        for Slot { slot, name, column } in &mut self.flat {
            column.read(rows, &mut self.labels[*slot].1, &mut home).map_err(|error| error.in_column(&*name))?;
        }
        let mut maps = Vec::with_capacity(self.maps.len());
        for Maps { name, map } in &mut self.maps {
            maps.push(map.read(rows, &mut home, tags).map_err(|error| error.in_column(&*name))?);
        }
        self.lines.tags = self.joiner.join(rows, &self.labels, maps, tags);
        self.lines.rows = rows;
        if let Some(translator) = &mut self.translator {
            translator.fill(&mut self.lines, dictionary)?;
        }
        self.lines.number_classes(&mut self.packer, &mut dictionary.classes);
        let wanted = wants_late(&self.lines, dictionary);
        let Dictionary { names, ids, .. } = &mut *dictionary;
        let Lines { text, amount, wide, .. } = &mut self.lines;
        let mut home = Home { names, ids, wide };
        fill(&mut self.late_texts, text, (rows, wanted), &mut home)?;
        fill(&mut self.late_amounts, amount, (rows, wanted), &mut home)?;
        if self.left == 0 {
            self.finish(dictionary)?;
        }
        Ok(Some(&self.lines))
    }
}

impl Group {
    /// Checks that no column has values left.
    fn finish(&mut self, dictionary: &mut Dictionary) -> Result<()> {
        fn all<C: Convert>(columns: &mut [Slot<C>]) -> Result<()> {
            columns
                .iter_mut()
                .try_for_each(|Slot { name, column, .. }| column.finish().map_err(|e| e.in_column(&*name)))
        }
        all(&mut self.texts)?;
        all(self.resource.as_mut_slice())?;
        all(&mut self.amounts)?;
        all(&mut self.late_texts)?;
        all(&mut self.late_amounts)?;
        all(&mut self.moments)?;
        all(&mut self.flat)?;
        let Dictionary { names, ids, .. } = dictionary;
        let mut home = Home { names, ids, wide: &mut self.lines.wide };
        let maps = &mut self.maps;
        maps.iter_mut().try_for_each(|Maps { name, map }| map.finish(&mut home).map_err(|e| e.in_column(&*name)))
    }
}

/// Reads the next rows of each column into its slot, or passes over them where they are not wanted.
fn fill<C: Convert>(
    columns: &mut [Slot<C>],
    out: &mut [Coded<C::Out>],
    (rows, wanted): (usize, bool),
    home: &mut Home<'_>,
) -> Result<()> {
    for Slot { slot, name, column } in columns {
        let out = &mut out[*slot];
        let done = if wanted { column.read(rows, out, home) } else { column.pass(rows, out, home) };
        done.map_err(|error| error.in_column(&*name))?;
    }
    Ok(())
}

/// Opens the columns of one row group.
struct Opener<'a> {
    input: Input,
    metadata: &'a RowGroupMetaData,
    rows: usize,
    home: Home<'a>,
}

impl<'a> Opener<'a> {
    /// The columns of a layout's side that are there; `None` if one of them is not for this path.
    fn slots<C: Convert>(
        &mut self,
        columns: &[Option<usize>],
        out: &mut [Coded<C::Out>],
        how: impl Fn(&ColumnChunkMetaData, usize) -> Option<(Physical, C)>,
    ) -> Result<Option<Vec<Slot<C>>>> {
        let mut slots = Vec::new();
        for (slot, index) in columns.iter().enumerate().filter_map(|(slot, index)| Some((slot, (*index)?))) {
            match self.slot(index, slot, &mut out[slot], |chunk| how(chunk, slot))? {
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
        out: &mut Coded<C::Out>,
        how: impl Fn(&ColumnChunkMetaData) -> Option<(Physical, C)>,
    ) -> Result<Option<Slot<C>>> {
        let [chunk] = self.leaves(index)[..] else { return Ok(None) };
        let descriptor = chunk.column_descr();
        let flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        let Some((physical, convert)) = how(chunk).filter(|_| flat && known_encodings(chunk)) else {
            return Ok(None);
        };
        let name = descriptor.name().to_owned();
        let pages = Pages::open(&mut self.input, chunk, self.rows).map_err(|error| error.in_column(&name))?;
        let mut column = Column::new(pages, physical, convert);
        let known = self.rows == 0 || column.start(out, &mut self.home).map_err(|error| error.in_column(&name))?;
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
        let mut open = |chunk: &ColumnChunkMetaData, level: u16| {
            let pages = Pages::open(&mut self.input, chunk, self.rows).map_err(|error| error.in_column(&name))?;
            let optional = chunk.column_descr().self_type().is_optional();
            Ok::<_, Error>(Leaf::new(pages, u32::from(level), optional))
        };
        let mut map = Map::new(open(keys, key_level)?, open(values, value_level)?, prefix);
        let known = self.rows == 0 || map.start(&mut self.home).map_err(|error| error.in_column(&name))?;
        Ok(known.then_some(Maps { name, map }))
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
    text(chunk).map(|physical| (physical, ToText::default()))
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

#[cfg(test)]
mod tests;
