//! The bytes of a Parquet part: a file on this machine is read as asked; of one elsewhere the ranges that will be needed are
//! fetched together, beforehand.

use super::guard::guarded;
use crate::{
    error::{Error, Result},
    store::{Blob, range},
};
use bytes::{Buf, Bytes};
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};
use std::{collections::BTreeMap, fs::File, io::Read, ops::Range};

/// The last bytes of a part elsewhere, which hold its footer, and of a small part everything.
const TAIL: u64 = 64 << 10;

/// Where the bytes of a part come from.
pub(super) enum Input {
    /// A file on this machine.
    File(File),
    /// Ranges of a file elsewhere.
    Held(Held),
}

/// What was fetched of a file, by first byte.
pub(super) struct Held {
    blob: Blob,
    ranges: BTreeMap<u64, Bytes>,
}

impl Input {
    /// A part, to read its footer.
    pub(super) fn footer(blob: &Blob) -> Result<Self> {
        let tail = blob.size().saturating_sub(TAIL)..blob.size();
        Self::of(blob, || Ok(vec![tail]))
    }

    /// A part, to read some ranges of it.
    pub(super) fn of(blob: &Blob, needed: impl FnOnce() -> Result<Vec<Range<u64>>>) -> Result<Self> {
        if let Some(file) = blob.file()? {
            return Ok(Self::File(file));
        }
        let needed: Vec<Range<u64>> = needed()?.into_iter().filter(|range| !range.is_empty()).collect();
        let starts: Vec<u64> = needed.iter().map(|range| range.start).collect();
        let ranges = starts.into_iter().zip(blob.ranges(&needed)?).collect();
        Ok(Self::Held(Held { blob: blob.clone(), ranges }))
    }

    /// Some bytes, all of them.
    pub(super) fn chunk(&mut self, start: u64, length: u64) -> Result<Bytes> {
        match self {
            Self::Held(held) => held.get(start, length),
            Self::File(file) => range(file, start..start.saturating_add(length)),
        }
    }
}

impl Held {
    fn get(&self, start: u64, length: u64) -> Result<Bytes> {
        let end = start.saturating_add(length);
        if end > self.blob.size() {
            return Err(Error::new(format!("is truncated: {length} bytes should begin at byte {start}")));
        }
        let before = self.ranges.range(..=start).next_back();
        let held = before.and_then(|(first, bytes)| {
            let from = usize::try_from(start - first).ok()?;
            let until = from.checked_add(usize::try_from(length).ok()?)?;
            (until <= bytes.len()).then(|| bytes.slice(from..until))
        });
        match held {
            Some(bytes) => Ok(bytes),
            None => Ok(self.blob.ranges(&[start..end])?.into_iter().next().unwrap_or_default()),
        }
    }
}

impl Length for Input {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => Length::len(file),
            Self::Held(held) => held.blob.size(),
        }
    }
}

fn failed(error: Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl ChunkReader for Input {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        match self {
            Self::File(file) => Ok(Box::new(file.get_read(start)?)),
            Self::Held(held) => {
                let before = held.ranges.range(..=start).next_back();
                let rest = before.map_or(0, |(first, bytes)| (first + bytes.len() as u64).saturating_sub(start));
                let length = if rest > 0 { rest } else { held.blob.size().saturating_sub(start).min(TAIL) };
                Ok(Box::new(held.get(start, length).map_err(failed)?.reader()))
            }
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Held(held) => held.get(start, length as u64).map_err(failed),
        }
    }
}

/// The byte ranges of some column chunks.
pub(super) fn ranges<'a>(
    chunks: impl Iterator<Item = &'a parquet::file::metadata::ColumnChunkMetaData>,
) -> Result<Vec<Range<u64>>> {
    chunks
        .map(|chunk| {
            let (start, length) = guarded(|| Ok(chunk.byte_range()))?;
            Ok(start..start.saturating_add(length))
        })
        .collect()
}
