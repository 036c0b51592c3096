//! One column chunk, and its pages.

use super::{
    super::{
        guard::guarded,
        input::{Failure, Input},
    },
    window::Chunk,
};
use crate::error::{Error, Result};
use bytes::Bytes;
use parquet::{
    basic::Encoding,
    column::page::{Page, PageReader},
    file::{metadata::ColumnChunkMetaData, serialized_reader::SerializedPageReader},
};
use std::sync::Arc;

/// A data page, decompressed, in its parts.
pub(super) struct DataPage {
    /// Values, nulls included.
    pub(super) values: usize,
    /// Whether the values are indices into the dictionary, else plain.
    pub(super) indices: bool,
    /// The repetition levels; empty if the column does not repeat.
    pub(super) repetition: Bytes,
    /// The definition levels; `None` if the column cannot be null.
    pub(super) definition: Option<Bytes>,
    /// How many nulls the page says it has, if it says so.
    pub(super) nulls: Option<usize>,
    /// What follows.
    pub(super) body: Bytes,
    /// Whether the levels are in the one encoding that is read here.
    pub(super) known_levels: bool,
}

/// What a chunk holds next.
pub(super) enum Next {
    /// Plain values that indices refer to, and how many.
    Dictionary(Bytes, usize),
    /// Data.
    Data(DataPage),
}

/// The pages of a column chunk, in order.
pub(super) struct Pages {
    reader: SerializedPageReader<Chunk>,
    /// What went wrong when more had to be read.
    failed: Failure,
    repeats: bool,
    nullable: bool,
    /// Whether there was a page of data.
    begun: bool,
}

impl Pages {
    /// Begins to read.
    pub(super) fn open(input: &mut Input, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Self> {
        let (start, length) = guarded(|| Ok(chunk.byte_range()))?;
        let bytes = Arc::new(Chunk::open(input, start, length)?);
        let failed = bytes.failure();
        let reader = SerializedPageReader::new(bytes, chunk, rows, None).map_err(corrupt)?;
        let column = chunk.column_descr();
        let (repeats, nullable) = (column.max_rep_level() > 0, column.max_def_level() > 0);
        Ok(Self { reader, failed, repeats, nullable, begun: false })
    }

    /// The next page; `None` behind the last. Of a later one the levels are known as those of the first are.
    pub(super) fn next(&mut self) -> Result<Option<Next>> {
        let page = guarded(|| self.reader.get_next_page().map_err(corrupt)).map_err(|error| self.wrong(error))?;
        Ok(Some(match page {
            None => return Ok(None),
            Some(Page::DictionaryPage { buf, num_values, encoding, .. }) => {
                // Both names stand for plain values here.
                if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
                    return Err(Error::new(format!("is corrupt: a dictionary in encoding {encoding:?}")));
                }
                Next::Dictionary(buf, num_values as usize)
            }
            Some(Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. }) => {
                let rle = |needed: bool, encoding| !needed || encoding == Encoding::RLE;
                let known_levels = rle(self.repeats, rep_level_encoding) && rle(self.nullable, def_level_encoding);
                if !known_levels && self.begun {
                    return Err(Error::new("is corrupt: the levels of its pages are in several encodings"));
                }
                self.begun = true;
                let (repetition, rest) = if self.repeats { prefixed(buf)? } else { (Bytes::new(), buf) };
                let (definition, body) = if self.nullable { prefixed(rest)? } else { (Bytes::new(), rest) };
                let definition = self.nullable.then_some(definition);
                let (values, indices) = (num_values as usize, indices(encoding)?);
                let nulls = None;
                Next::Data(DataPage { values, indices, repetition, definition, nulls, body, known_levels })
            }
            Some(Page::DataPageV2 {
                buf,
                num_values,
                num_nulls,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            }) => {
                let (repetition, rest) = split(buf, rep_levels_byte_len as usize)?;
                let (definition, body) = split(rest, def_levels_byte_len as usize)?;
                let definition = self.nullable.then_some(definition);
                let (values, indices) = (num_values as usize, indices(encoding)?);
                let nulls = Some(num_nulls as usize);
                self.begun = true;
                Next::Data(DataPage { values, indices, repetition, definition, nulls, body, known_levels: true })
            }
        }))
    }
}

impl Pages {
    /// Passes over pages that hold no more than so many values together; says how many those are.
    pub(super) fn pass(&mut self, most: usize) -> Result<usize> {
        let mut passed = 0;
        loop {
            let page = guarded(|| self.reader.peek_next_page().map_err(corrupt)).map_err(|error| self.wrong(error))?;
            let values = page.filter(|page| !page.is_dict).and_then(|page| page.num_levels);
            let Some(values) = values.filter(|values| *values <= most - passed) else { return Ok(passed) };
            guarded(|| self.reader.skip_next_page().map_err(corrupt)).map_err(|error| self.wrong(error))?;
            passed += values;
        }
    }

    /// What went wrong: where more could not be read, that.
    fn wrong(&self, error: Error) -> Error {
        self.failed.get().cloned().unwrap_or(error)
    }

    /// Checks that nothing is left but pages without values.
    ///
    /// # Errors
    /// When there is more, or what follows is no page.
    pub(super) fn finish(&mut self) -> Result<()> {
        loop {
            match self.next()? {
                None => return Ok(()),
                Some(Next::Data(page)) if page.values == 0 => {}
                Some(_) => return Err(surplus()),
            }
        }
    }
}

/// What a column with more values than rows is.
pub(super) fn surplus() -> Error {
    Error::new("is corrupt: it has more values than the row group has rows")
}

/// Whether a page holds indices into the dictionary, else plain values.
fn indices(encoding: Encoding) -> Result<bool> {
    match encoding {
        Encoding::PLAIN => Ok(false),
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => Ok(true),
        other => Err(Error::new(format!("is corrupt: a page in encoding {other:?}, which its chunk does not name"))),
    }
}

/// Levels of the first version of pages: four bytes of length, then the levels.
fn prefixed(bytes: Bytes) -> Result<(Bytes, Bytes)> {
    let length = bytes.first_chunk::<4>().ok_or_else(short)?;
    let length = u32::from_le_bytes(*length) as usize;
    split(bytes.slice(4..), length)
}

fn split(bytes: Bytes, at: usize) -> Result<(Bytes, Bytes)> {
    if at > bytes.len() {
        return Err(short());
    }
    Ok((bytes.slice(..at), bytes.slice(at..)))
}

fn short() -> Error {
    Error::new("is corrupt: a page is shorter than it says")
}

fn corrupt(error: parquet::errors::ParquetError) -> Error {
    Error::new(format!("is corrupt: {error}"))
}
