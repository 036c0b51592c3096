//! The bytes of a column chunk, of which a file gives one stretch after the other: memory that was touched a moment ago is at hand, and
//! a row group's chunks are never held whole.

use super::super::input::{Failure, Input, ended};
use crate::{
    error::{Error, Result},
    store::range,
};
use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};
use std::{
    fs::File,
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

/// So much is read at once, or a longer page: enough that calls of the system do not count, and little enough that the stretches of all
/// columns of a row group stay in the cache.
const STRETCH: u64 = 1 << 16;

/// So much is handed on for a page's header, which mostly is shorter; what is longer is handed on in parts.
const HEADER: u64 = 1 << 10;

/// The bytes of a column chunk at their place in the file.
#[derive(Clone)]
pub(super) struct Chunk {
    start: u64,
    end: u64,
    window: Arc<Mutex<Window>>,
    failed: Failure,
}

/// The stretch that was read last, and where the next comes from; nowhere if that is the whole chunk.
struct Window {
    start: u64,
    bytes: Bytes,
    file: Option<File>,
}

impl Chunk {
    /// Some bytes of a part, which are all there.
    pub(super) fn open(input: &mut Input, start: u64, length: u64) -> Result<Self> {
        let file = if length > STRETCH { input.stretches(start, length)? } else { None };
        let bytes = if file.is_some() { Bytes::new() } else { input.chunk(start, length)? };
        let window = Arc::new(Mutex::new(Window { start, bytes, file }));
        Ok(Self { start, end: start.saturating_add(length), window, failed: Failure::default() })
    }

    /// Where a failure to read more is kept.
    pub(super) fn failure(&self) -> Failure {
        self.failed.clone()
    }

    /// So many bytes from a place on.
    fn bytes(&self, start: u64, length: u64) -> parquet::errors::Result<Bytes> {
        let end = start.checked_add(length).filter(|end| start >= self.start && *end <= self.end);
        let end = end.ok_or_else(|| outside(start, length))?;
        let window = &mut *self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = window.get(start, length) {
            return Ok(bytes);
        }
        let Some(file) = &mut window.file else { return Err(outside(start, length)) };
        let until = end.max(start.saturating_add(STRETCH)).min(self.end);
        // What was read last is given back first, so that its memory can be used again.
        (window.start, window.bytes) = (start, Bytes::new());
        window.bytes = range(file, start..until).map_err(|error| self.wrong(error))?;
        window.get(start, length).ok_or_else(|| outside(start, length))
    }

    /// An error of this as one of the reader of Parquet.
    fn wrong(&self, error: Error) -> ParquetError {
        ParquetError::External(Box::new(self.failed.get_or_init(|| error).clone()))
    }
}

impl Window {
    fn get(&self, start: u64, length: u64) -> Option<Bytes> {
        let from = usize::try_from(start.checked_sub(self.start)?).ok()?;
        let until = from.checked_add(usize::try_from(length).ok()?)?;
        (until <= self.bytes.len()).then(|| self.bytes.slice(from..until))
    }
}

fn outside(start: u64, length: u64) -> ParquetError {
    ParquetError::EOF(format!("{length} bytes from byte {start} on are not all in its column chunk"))
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.end
    }
}

impl ChunkReader for Chunk {
    type T = Rest;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Rest> {
        if !(self.start..=self.end).contains(&start) {
            return Err(outside(start, 0));
        }
        Ok(Rest { chunk: self.clone(), at: start, bytes: Bytes::new(), read: 0 })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.bytes(start, length as u64)
    }
}

/// What follows in a chunk.
pub(super) struct Rest {
    chunk: Chunk,
    at: u64,
    /// Of it what is at hand, and how much of that was read: a header is read byte by byte.
    bytes: Bytes,
    read: usize,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.bytes.len() {
            let length = (self.chunk.end - self.at).min(HEADER);
            if length == 0 && !buffer.is_empty() {
                return Err(ended());
            }
            self.bytes = self.chunk.bytes(self.at, length).map_err(std::io::Error::other)?;
            self.at += length;
            self.read = 0;
        }
        let mut left = &self.bytes[self.read..];
        let count = left.read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Write};

    fn chunk(all: &[u8], start: u64, length: u64) -> Result<Chunk> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(all).unwrap();
        Chunk::open(&mut Input::File(file), start, length)
    }

    #[test]
    fn stretches_are_read_as_the_whole_would_be() {
        let all: Vec<u8> = (0u32..800_000).flat_map(u32::to_le_bytes).collect();
        let (start, length) = (5, all.len() as u64 - 9);
        let chunk = chunk(&all, start, length).unwrap();
        assert_eq!(chunk.len(), start + length);
        // Forth, over the ends of stretches, longer than one of them, and back.
        for (at, count) in [(5, 10), (1_000_000, 100_000), (1_100_000, 1), (7, 2_500_000), (6, 0), (3_199_990, 6)] {
            assert_eq!(chunk.get_bytes(at, count).unwrap(), all[at as usize..at as usize + count], "{at} {count}");
        }
        let mut rest = Vec::new();
        // Whoever asks for more than there is, is told so.
        assert_eq!(
            chunk.get_read(1_048_000).unwrap().read_to_end(&mut rest).unwrap_err().kind(),
            ErrorKind::UnexpectedEof
        );
        assert_eq!(rest, all[1_048_000..all.len() - 4]);
        assert!(chunk.get_bytes(3_199_990, 7).is_err());
        assert!(chunk.get_bytes(u64::MAX, 7).is_err());
        assert!(chunk.get_bytes(0, 7).is_err());
        assert!(chunk.get_read(start + length + 1).is_err());
    }

    #[test]
    fn a_chunk_that_is_not_all_there_is_an_error_at_once() {
        let all = vec![1; 3 << 20];
        let error = |start, length| chunk(&all, start, length).map(|_| ()).unwrap_err().to_string();
        assert!(error(1, 3 << 20).contains("is truncated"), "{}", error(1, 3 << 20));
        assert!(error(4 << 20, 2 << 20).contains("is truncated"));
        assert!(error(3 << 20, 1).contains("is truncated"));
    }
}
