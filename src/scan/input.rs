//! The bytes of a Parquet part: a file on this machine is read as asked; of one elsewhere the ranges that will be needed are
//! fetched together, beforehand.

use super::guard::guarded;
use crate::{
    error::{Error, Result},
    store::{Blob, range, truncated},
};
use bytes::{Buf, Bytes};
use parquet::{
    errors::ParquetError,
    file::{
        metadata::ColumnChunkMetaData,
        reader::{ChunkReader, Length},
    },
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    ops::Range,
    sync::{Arc, OnceLock},
};

/// The last bytes of a part elsewhere, which hold its footer, and of a small part everything.
const TAIL: u64 = 64 << 10;

/// Of a column chunk of which the first lines are wanted: so many bytes behind its dictionary, which hold the first page mostly.
const PAGE: u64 = 64 << 10;

/// A page's header is no longer than this, but for strange ones.
const HEADER: u64 = 8 << 10;

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
    ranges: BTreeMap<u64, Piece>,
    failed: Failure,
}

/// What was fetched of a chunk.
struct Piece {
    bytes: Bytes,
    /// Whether that is all of it.
    whole: bool,
}

/// What a chunk takes, and what of it is fetched beforehand.
pub(super) struct Wanted {
    whole: Range<u64>,
    now: Range<u64>,
}

/// What went wrong when more had to be fetched: the reader of Parquet keeps but its words.
pub(super) type Failure = Arc<OnceLock<Error>>;

impl Input {
    /// A part, to read its footer.
    pub(super) fn footer(blob: &Blob) -> Result<Self> {
        let tail = blob.size().saturating_sub(TAIL)..blob.size();
        Self::of(blob, || Ok(vec![Wanted { whole: tail.clone(), now: tail }]))
    }

    /// A part, to read some ranges of it.
    pub(super) fn of(blob: &Blob, needed: impl FnOnce() -> Result<Vec<Wanted>>) -> Result<Self> {
        if let Some(file) = blob.file()? {
            return Ok(Self::File(file));
        }
        let needed: Vec<Wanted> = needed()?.into_iter().filter(|wanted| !wanted.now.is_empty()).collect();
        let fetched = blob.ranges(&needed.iter().map(|wanted| wanted.now.clone()).collect::<Vec<_>>())?;
        let piece = |(of, bytes): (&Wanted, Bytes)| (of.now.start, Piece { bytes, whole: of.now == of.whole });
        let ranges = needed.iter().zip(fetched).map(piece).collect();
        Ok(Self::Held(Held { blob: blob.clone(), ranges, failed: Failure::default() }))
    }

    /// Where a failure to fetch more is kept.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::File(_) => Failure::default(),
            Self::Held(held) => held.failed.clone(),
        }
    }

    /// A file to read some bytes from, which are all there; `None` where they are held.
    pub(super) fn stretches(&self, start: u64, length: u64) -> Result<Option<File>> {
        let Self::File(file) = self else { return Ok(None) };
        let io = |error: std::io::Error| Error::new(format!("cannot be read: {error}"));
        if start.saturating_add(length) > file.metadata().map_err(io)?.len() {
            return Err(truncated(start, length));
        }
        file.try_clone().map(Some).map_err(io)
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
            return Err(truncated(start, length));
        }
        let before = self.ranges.range(..=start).next_back();
        let held = before.and_then(|(first, Piece { bytes, .. })| {
            let from = usize::try_from(start - first).ok()?;
            let until = from.checked_add(usize::try_from(length).ok()?)?;
            (until <= bytes.len()).then(|| bytes.slice(from..until))
        });
        match held {
            Some(bytes) => Ok(bytes),
            None => Ok(self.blob.ranges(std::slice::from_ref(&(start..end)))?.into_iter().next().unwrap_or_default()),
        }
    }

    /// Some bytes from a place on: what is held, else enough for a page's header.
    fn from(&self, start: u64) -> Result<Bytes> {
        let rest = self.ranges.range(..=start).next_back().map_or((0, false), |(first, piece)| {
            ((first + piece.bytes.len() as u64).saturating_sub(start), piece.whole)
        });
        let length = match rest {
            (rest, true) if rest > 0 => rest,
            (rest, false) if rest >= HEADER => rest,
            _ => self.blob.size().saturating_sub(start).min(TAIL),
        };
        self.get(start, length)
    }

    /// An error of this as one of the reader of Parquet.
    fn wrong(&self, error: Error) -> ParquetError {
        ParquetError::External(Box::new(self.failed.get_or_init(|| error).clone()))
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

impl ChunkReader for Input {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        match self {
            Self::File(file) => Ok(Box::new(ToTheEnd(file.get_read(start)?))),
            Self::Held(held) => Ok(Box::new(ToTheEnd(held.from(start).map_err(|error| held.wrong(error))?.reader()))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Held(held) => held.get(start, length as u64).map_err(|error| held.wrong(error)),
        }
    }
}

/// Reads no farther than there are bytes, and then fails. The reader of headers takes an end for bytes that it passed over: a header that says
/// of itself that it has a billion fields would keep it busy for a minute.
struct ToTheEnd<R>(R);

impl<R: Read> Read for ToTheEnd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(ended()),
            count => Ok(count),
        }
    }
}

/// What reading behind the last byte is.
pub(super) fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a header is longer than what there is")
}

/// Some column chunks: all of each, or with `begin` its dictionary and about a page.
pub(super) fn wanted<'a>(chunks: impl Iterator<Item = &'a ColumnChunkMetaData>, begin: bool) -> Result<Vec<Wanted>> {
    chunks
        .map(|chunk| {
            let (start, length) = guarded(|| Ok(chunk.byte_range()))?;
            let whole = start..start.saturating_add(length);
            let first = u64::try_from(chunk.data_page_offset()).unwrap_or(0).max(start).saturating_add(PAGE);
            let now = if begin { start..first.min(whole.end) } else { whole.clone() };
            Ok(Wanted { whole, now })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn who_reads_behind_the_last_byte_is_told_so() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut reader = Input::File(file).get_read(7).unwrap();
        let (mut three, mut more) = ([0; 3], [0; 1]);
        reader.read_exact(&mut three).unwrap();
        assert_eq!((&three, reader.read(&mut []).unwrap()), (b"789", 0));
        assert_eq!(reader.read(&mut more).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
