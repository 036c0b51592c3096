//! CSV parts, plain or gzip: rows of text become lines, a batch at a time.

use super::{
    BATCH, Extent,
    classes::Packer,
    columns::{Amount, Dialect, Labels, Layout, Text, athena_name},
    decode::json_pairs,
    focus::{NULL, Translator},
    ids::ResourceSym,
    lines::{Coded, Dictionary, Lines, NO_AMOUNT, NO_MOMENT},
    tags::{CATEGORY, Joiner, RowSets, TagsId},
};
use crate::{
    error::{Error, Result},
    money::{Money, Quantity},
    names::{Names, Sym},
    store::Blob,
    time::parse_moment,
};
use ::csv::{ByteRecord, ReaderBuilder, Terminator};
use arrow_schema::{DataType, Field, Schema};
use std::io::{BufReader, Chain, Read};

/// A CSV file, whose last line then always has an end.
type Source = Chain<BufReader<Box<dyn Read + Send>>, &'static [u8]>;

/// The header line of a part.
pub(super) struct Header {
    /// The names as they stand there.
    pub(super) names: Vec<String>,
    /// The same under the names of the contract, all text.
    pub(super) schema: Schema,
}

impl Header {
    /// Reads the header line of a part.
    pub(super) fn read(blob: &Blob) -> Result<Self> {
        if blob.size() == 0 {
            return Err(Error::new("is empty (0 bytes); even an export without lines has a header")
                .help("fetch the part again"));
        }
        let mut reader = open(blob)?;
        let header = reader.byte_headers().map_err(|error| unreadable(&error).on_line(1))?;
        let mut names = Vec::with_capacity(header.len());
        for name in header {
            let name = std::str::from_utf8(name).map_err(|_| Error::new("is not UTF-8 text").on_line(1))?;
            names.push(name.trim_start_matches('\u{feff}').trim().to_owned());
        }
        let fields = names.iter().map(|name| Field::new(athena_name(name), DataType::Utf8, true));
        Ok(Self { schema: Schema::new(fields.collect::<Vec<_>>()), names })
    }

    /// An error whose column has the name that stands in the file, rather than that of the contract.
    pub(super) fn as_written(&self, mut error: Error) -> Error {
        let written = |column: &String| self.names.iter().find(|name| athena_name(name) == *column).cloned();
        error.place.column = error.place.column.map(|column| written(&column).unwrap_or(column));
        error
    }
}

fn open(blob: &Blob) -> Result<::csv::Reader<Source>> {
    let mut bytes = BufReader::with_capacity(1 << 16, blob.stream()?);
    let packed = {
        use std::io::BufRead as _;
        let wrong = |error| Error::carried(&error).unwrap_or_else(|| Error::new(format!("cannot be read: {error}")));
        let head = bytes.fill_buf().map_err(wrong)?;
        head.starts_with(&[0x1f, 0x8b])
    };
    let bytes: Box<dyn Read + Send> =
        if packed { Box::new(flate2::bufread::MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
    let text = BufReader::with_capacity(1 << 16, bytes).chain(b"\n".as_slice());
    // A `\r` before the end of a line is trimmed with the cell; lines then count right.
    Ok(ReaderBuilder::new().terminator(Terminator::Any(b'\n')).flexible(true).from_reader(text))
}

fn unreadable(error: &::csv::Error) -> Error {
    match error.kind() {
        ::csv::ErrorKind::Io(error) => Error::carried(error).unwrap_or_else(|| {
            Error::new(format!("cannot be read (truncated or corrupt): {error}")).help(super::FETCH_AGAIN)
        }),
        _ => Error::new(error),
    }
}

/// A cell as it was last read from a column, and what it became: most cells repeat the one above.
struct Last<T> {
    text: Vec<u8>,
    value: T,
}

impl<T: Copy> Last<T> {
    fn new(empty: T) -> Self {
        Self { text: Vec::new(), value: empty }
    }

    #[inline]
    fn of(&mut self, cell: &[u8], read: impl FnOnce(&str) -> Result<T>) -> Result<T> {
        if cell != self.text {
            let text = std::str::from_utf8(cell).map_err(|_| Error::new("is not UTF-8 text"))?;
            self.value = read(text.trim())?;
            self.text.clear();
            self.text.extend_from_slice(cell);
        }
        Ok(self.value)
    }
}

/// A column that is read: its place in the file and in the lines.
struct Column<T> {
    at: usize,
    slot: usize,
    last: Last<T>,
    rows: Vec<T>,
}

fn columns<T: Copy>(found: &[Option<usize>], empty: T) -> Vec<Column<T>> {
    let there = found.iter().enumerate().filter_map(|(slot, at)| Some((slot, (*at)?)));
    there.map(|(slot, at)| Column { at, slot, last: Last::new(empty), rows: Vec::with_capacity(BATCH) }).collect()
}

/// Label columns: one a key, or one with JSON text.
struct LabelColumn {
    at: usize,
    kind: LabelKind,
}

enum LabelKind {
    /// The key's number, and the column.
    Flat(Sym, Last<Sym>, Vec<Sym>),
    /// The sets of the rows.
    Map(RowSets, Last<TagsId>, Vec<TagsId>),
}

/// Reads a part's lines.
pub(super) struct Reader<'a> {
    reader: ::csv::Reader<Source>,
    header: &'a Header,
    dialect: Dialect,
    texts: Vec<Column<Sym>>,
    resource: Option<Column<ResourceSym>>,
    amounts: Vec<Column<i128>>,
    moments: Vec<Column<i64>>,
    labels: Vec<LabelColumn>,
    record: ByteRecord,
    joiner: Joiner,
    packer: Packer,
    translator: Option<Translator>,
    lines: Lines,
    /// How many lines were read.
    pub(super) rows: u64,
    ended: bool,
}

impl<'a> Reader<'a> {
    /// Opens a part.
    pub(super) fn open(blob: &Blob, header: &'a Header, layout: &Layout, dictionary: &mut Dictionary) -> Result<Self> {
        let mut found = layout.text;
        let resource = found[Text::Resource as usize].take();
        let mut labels = Vec::new();
        for (kind, prefix) in [(&layout.tags, ""), (&layout.categories, CATEGORY)] {
            match kind {
                Labels::Map(at) => {
                    let kind = LabelKind::Map(RowSets::new(prefix), Last::new(TagsId::default()), Vec::new());
                    labels.push(LabelColumn { at: *at, kind });
                }
                Labels::Flat(columns) => labels.extend(columns.iter().map(|(at, key)| {
                    let key = dictionary.names.intern(&format!("{prefix}{key}"));
                    LabelColumn { at: *at, kind: LabelKind::Flat(key, Last::new(Sym::NONE), Vec::new()) }
                })),
            }
        }
        Ok(Self {
            reader: open(blob)?,
            header,
            dialect: layout.dialect,
            texts: columns(&found, Sym::NONE),
            resource: columns(&[resource], ResourceSym::NONE).pop(),
            amounts: columns(&layout.amount, NO_AMOUNT),
            moments: columns(&layout.moment, NO_MOMENT),
            labels,
            record: ByteRecord::new(),
            joiner: Joiner::default(),
            packer: Packer::default(),
            translator: Translator::of(layout),
            lines: Lines::default(),
            rows: 0,
            ended: false,
        })
    }

    /// The next batch of lines; `None` behind the last.
    ///
    /// # Errors
    /// A line that cannot be understood; the error names line and column.
    pub(super) fn next(&mut self, dictionary: &mut Dictionary, extent: Extent) -> Result<Option<&Lines>> {
        let done = extent == Extent::LabelSample && self.rows > 0;
        self.lines.places.clear();
        let mut rows = 0;
        while rows < BATCH && !self.ended && !done {
            if self.read_row(dictionary)? {
                rows += 1;
            }
        }
        if rows == 0 {
            return Ok(None);
        }
        self.rows += rows as u64;
        self.lines.rows = rows;
        for Column { slot, rows, .. } in &mut self.texts {
            self.lines.text[*slot] = Coded::of_rows(taken(rows), Sym::NONE);
        }
        if let Some(Column { rows, .. }) = &mut self.resource {
            self.lines.resource = Coded::of_rows(taken(rows), ResourceSym::NONE);
        }
        self.lines.wide.clear();
        for Column { slot, rows, .. } in &mut self.amounts {
            self.lines.amount[*slot] = Coded::of_amounts(rows.drain(..), &mut self.lines.wide)?;
        }
        for Column { slot, rows, .. } in &mut self.moments {
            self.lines.moment[*slot] = Coded::of_rows(taken(rows), NO_MOMENT);
        }
        self.join_labels(rows, dictionary);
        if let Some(translator) = &mut self.translator {
            translator.fill(&mut self.lines, dictionary)?;
        }
        self.lines.number_classes(&mut self.packer, &mut dictionary.classes);
        Ok(Some(&self.lines))
    }

    fn join_labels(&mut self, rows: usize, dictionary: &mut Dictionary) {
        let (mut flat, mut maps) = (Vec::new(), Vec::new());
        for LabelColumn { kind, .. } in &mut self.labels {
            match kind {
                LabelKind::Flat(key, _, syms) => flat.push((*key, Coded::of_rows(taken(syms), Sym::NONE))),
                LabelKind::Map(_, _, sets) => maps.push(std::mem::take(sets)),
            }
        }
        self.lines.tags = self.joiner.join(rows, &flat, maps, &mut dictionary.tags);
    }

    /// Reads a line, unless there is none or it is blank.
    fn read_row(&mut self, dictionary: &mut Dictionary) -> Result<bool> {
        let begins = self.reader.position().line();
        let more = self.reader.read_byte_record(&mut self.record).map_err(|error| {
            let line = self.reader.position().line();
            unreadable(&error).on_line(line)
        })?;
        if !more {
            self.ended = true;
            return Ok(false);
        }
        if self.record.len() <= 1 && self.record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            return Ok(false);
        }
        let width = self.header.names.len();
        if self.record.len() != width {
            let what = format!("has {} cell(s), the header {width}", self.record.len());
            return Err(Error::new(what).on_line(self.line()));
        }
        match self.take(dictionary) {
            Ok(()) => {
                let plain = self.reader.position().line() == begins + 1;
                let line = if plain { begins } else { self.line() };
                self.lines.places.push(line);
                Ok(true)
            }
            Err((at, error)) => {
                Err(error.in_column(self.header.names.get(at).map_or("", String::as_str)).on_line(self.line()))
            }
        }
    }

    /// The line that the record began on.
    fn line(&self) -> u64 {
        let inside = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        self.reader.position().line().saturating_sub(1 + inside)
    }

    /// Takes the cells of a record in; an error comes with the place of its column.
    fn take(&mut self, dictionary: &mut Dictionary) -> Result<(), (usize, Error)> {
        let Dictionary { names, ids, tags, .. } = dictionary;
        let record = &self.record;
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let cur = !self.dialect.is_focus();
        for Column { at, slot, last, rows } in &mut self.texts {
            let account = cur && (*slot == Text::Payer as usize || *slot == Text::Account as usize);
            let read = |text: &str| Ok(if account { account_of(text, names) } else { names.intern(text) });
            rows.push(last.of(cell(*at), read).map_err(|error| (*at, error))?);
        }
        if let Some(Column { at, last, rows, .. }) = &mut self.resource {
            rows.push(last.of(cell(*at), |text| ids.intern(text.as_bytes())).map_err(|error| (*at, error))?);
        }
        for Column { at, slot, last, rows } in &mut self.amounts {
            let usage = *slot == Amount::Usage as usize;
            rows.push(last.of(cell(*at), |text| amount(text, usage)).map_err(|error| (*at, error))?);
        }
        for Column { at, last, rows, .. } in &mut self.moments {
            let read = |text: &str| if is_null(text) { Ok(NO_MOMENT) } else { parse_moment(text) };
            rows.push(last.of(cell(*at), read).map_err(|error| (*at, error))?);
        }
        for LabelColumn { at, kind } in &mut self.labels {
            match kind {
                LabelKind::Flat(_, last, syms) => {
                    syms.push(last.of(cell(*at), |text| Ok(names.intern(text))).map_err(|error| (*at, error))?);
                }
                LabelKind::Map(sets, last, out) => {
                    let read = |text: &str| Ok(sets.number(&json_pairs(text, names)?, names, tags));
                    out.push(last.of(cell(*at), read).map_err(|error| (*at, error))?);
                }
            }
        }
        Ok(())
    }
}

/// Whether a text stands for no value.
pub(super) fn is_null(text: &str) -> bool {
    text.is_empty() || text == NULL
}

fn amount(text: &str, usage: bool) -> Result<i128> {
    if is_null(text) {
        return Ok(NO_AMOUNT);
    }
    let amount = if usage { Quantity::parse(text).map(|it| it.0) } else { Money::parse(text).map(|it| it.0) };
    amount.map_err(|error| Error::new(format!("`{text}`: {error}")))
}

/// An account; whole numbers get the zeros back that a spreadsheet took from them.
fn account_of(text: &str, names: &mut Names) -> Sym {
    let bare = !text.is_empty() && text.len() < 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if bare { names.intern(&format!("{text:0>12}")) } else { names.intern(text) }
}

/// A batch's values, with room for the next.
fn taken<T>(rows: &mut Vec<T>) -> Vec<T> {
    std::mem::replace(rows, Vec::with_capacity(BATCH))
}
