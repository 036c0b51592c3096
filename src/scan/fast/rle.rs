//! The RLE / bit-packing hybrid of Parquet, decoded to `u32`: dictionary indices and levels.
//!
//! A stream is runs. A run's header is a varint: even, and half of it counts repeats of one value that follows in whole bytes; odd, and
//! half of it counts groups of eight values of `width` bits each, packed from the low bit on.

use crate::error::{Error, Result};
use bytes::Bytes;

/// A cursor over a stream. Every value that it gives was in the stream; running out is an error.
#[derive(Clone)]
pub(super) struct Rle {
    bytes: Bytes,
    at: usize,
    width: u32,
    run: Run,
}

/// What is left of the current run.
#[derive(Clone, Copy)]
enum Run {
    Repeat {
        value: u32,
        left: usize,
    },
    /// `bit` counts from the start of the stream.
    Packed {
        bit: usize,
        left: usize,
    },
}

impl Rle {
    /// A cursor at the start of a stream of values of `width` bits, at most 32.
    pub(super) fn new(bytes: Bytes, width: u32) -> Result<Self> {
        if width > 32 {
            return Err(Error::new(format!("is corrupt: indices of {width} bits")));
        }
        Ok(Self { bytes, at: 0, width, run: Run::Repeat { value: 0, left: 0 } })
    }

    /// The value of the current run and how often it is still to come, if the run repeats one.
    #[inline]
    pub(super) fn run(&mut self) -> Result<Option<(u32, usize)>> {
        self.refill()?;
        Ok(match self.run {
            Run::Repeat { value, left } => Some((value, left)),
            Run::Packed { .. } => None,
        })
    }

    /// Passes over values of the current run: no more than `run` told.
    #[inline]
    pub(super) fn pass(&mut self, count: usize) {
        if let Run::Repeat { left, .. } = &mut self.run {
            *left = left.saturating_sub(count);
        }
    }

    /// Fills `out` with the next values.
    pub(super) fn fill(&mut self, out: &mut [u32]) -> Result<()> {
        let mut done = 0;
        while done < out.len() {
            self.refill()?;
            let rest = &mut out[done..];
            match &mut self.run {
                Run::Repeat { value, left } => {
                    let count = rest.len().min(*left);
                    rest[..count].fill(*value);
                    *left -= count;
                    done += count;
                }
                Run::Packed { bit, left } => {
                    let count = rest.len().min(*left);
                    unpack(&self.bytes, *bit, self.width, &mut rest[..count]);
                    *bit += count * self.width as usize;
                    *left -= count;
                    done += count;
                }
            }
        }
        Ok(())
    }

    /// Sets `out` to the next `count` values of a stream of one bit each, 64 to a word from the low bit on; says how many are 1.
    pub(super) fn bits(&mut self, count: usize, out: &mut Vec<u64>) -> Result<usize> {
        out.clear();
        out.resize(count.div_ceil(64), 0);
        let (mut done, mut ones) = (0, 0);
        while done < count {
            self.refill()?;
            let taken = match &mut self.run {
                Run::Repeat { value, left } => {
                    let taken = (count - done).min(*left);
                    if *value != 0 {
                        ones += put_bits(out, done, taken, |_| u64::MAX);
                    }
                    *left -= taken;
                    taken
                }
                Run::Packed { bit, left } => {
                    let taken = (count - done).min(*left);
                    ones += put_bits(out, done, taken, |at| word_at(&self.bytes, *bit + at));
                    *bit += taken;
                    *left -= taken;
                    taken
                }
            };
            done += taken;
        }
        Ok(ones)
    }

    /// Reads headers until the current run has a value.
    #[inline]
    fn refill(&mut self) -> Result<()> {
        loop {
            match self.run {
                Run::Repeat { left: 0, .. } | Run::Packed { left: 0, .. } => {}
                _ => return Ok(()),
            }
            if self.width == 0 && self.at >= self.bytes.len() {
                // Values of no bits need no bytes: a dictionary of one entry.
                self.run = Run::Repeat { value: 0, left: usize::MAX };
                return Ok(());
            }
            if let Some(run) = self.short_run() {
                self.run = run;
                return Ok(());
            }
            let header = self.varint()?;
            if header == 0 {
                return Err(ends_early()); // some writers pad with zeros
            }
            let length = header >> 1;
            if i32::try_from(length).is_err() {
                return Err(Error::new(format!("is corrupt: a run of {length} values, more than a page can hold")));
            }
            self.run = if header & 1 == 0 { self.repeat(length)? } else { self.packed(length) };
        }
    }

    /// The next run, if its header is one byte, its values are no longer than that, and it lies whole in the stream: most are like that.
    #[inline]
    fn short_run(&mut self) -> Option<Run> {
        let width = (1..=8).contains(&self.width).then_some(self.width as usize)?;
        let [header, value] = *self.bytes.get(self.at..)?.first_chunk::<2>()?;
        let length = usize::from(header >> 1);
        let after = self.at + 1;
        let (bytes, run) = if header & 1 == 0 {
            (1, Run::Repeat { value: value.into(), left: length })
        } else {
            (length * width, Run::Packed { bit: after * 8, left: length * 8 })
        };
        let whole = (2..0x80).contains(&header)
            && after + bytes <= self.bytes.len()
            && (header & 1 == 1 || usize::from(value) >> width == 0);
        self.at = if whole { after + bytes } else { self.at };
        whole.then_some(run)
    }

    fn repeat(&mut self, left: usize) -> Result<Run> {
        let bytes = self.width.div_ceil(8) as usize;
        let raw = self.bytes.get(self.at..self.at + bytes).ok_or_else(ends_early)?;
        let value = raw.iter().rev().fold(0u32, |value, byte| (value << 8) | u32::from(*byte));
        if u64::from(value) >> self.width != 0 {
            return Err(Error::new("is corrupt: an index or level of more bits than it may have"));
        }
        self.at += bytes;
        Ok(Run::Repeat { value, left })
    }

    /// A packed run holds no more values than its bytes do, whatever its header says.
    fn packed(&mut self, groups: usize) -> Run {
        let width = self.width as usize;
        let there = self.bytes.len().saturating_sub(self.at);
        let bytes = groups.saturating_mul(width).min(there);
        let told = groups.saturating_mul(8);
        let held = (bytes * 8).checked_div(width).unwrap_or(told);
        let run = Run::Packed { bit: self.at * 8, left: held.min(told) };
        self.at += bytes;
        run
    }

    fn varint(&mut self) -> Result<usize> {
        let mut value = 0usize;
        for shift in (0..35).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or_else(ends_early)?;
            self.at += 1;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::new("is corrupt: a run's length has too many bytes"))
    }
}

fn ends_early() -> Error {
    Error::new("is corrupt: its indices or levels end early")
}

/// Puts `count` bits from a bit of `out` on, which are 0 so far; `word` gives those from one of them on, 57 at least. Says how many are 1.
fn put_bits(out: &mut [u64], from: usize, count: usize, word: impl Fn(usize) -> u64) -> usize {
    let (mut done, mut ones) = (0, 0);
    while done < count {
        let at = from + done;
        let taken = (64 - at % 64).min(57).min(count - done);
        let bits = word(done) & (u64::MAX >> (64 - taken));
        out[at / 64] |= bits << (at % 64);
        ones += bits.count_ones() as usize;
        done += taken;
    }
    ones
}

/// The bits from one of `bytes` on, low ones first: 57 at least, zeros behind the end.
#[inline]
fn word_at(bytes: &[u8], bit: usize) -> u64 {
    let window = &bytes[(bit / 8).min(bytes.len())..];
    let word = match window.first_chunk::<8>() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => window.iter().rev().fold(0u64, |word, byte| (word << 8) | u64::from(*byte)),
    };
    word >> (bit % 8)
}

/// Unpacks values of `width` <= 32 bits that begin at a bit; all of them lie inside `bytes`.
fn unpack(bytes: &[u8], first: usize, width: u32, out: &mut [u32]) {
    // From a whole byte on, eight values fill `width` whole bytes: they are taken together while eight more bytes follow.
    let mut done = 0;
    if first.is_multiple_of(8) && width > 0 {
        let groups = out.len() / 8;
        let source = &bytes[(first / 8).min(bytes.len())..];
        done = 8 * by_width(source, width, &mut out[..groups * 8]);
    }
    unpack_each(bytes, first + done * width as usize, width, &mut out[done..]);
}

/// Unpacks groups of eight values with code made for each width; says how many groups.
fn by_width(source: &[u8], width: u32, out: &mut [u32]) -> usize {
    macro_rules! widths {
        ($($width:literal)*) => { match width { $($width => unpack_eights::<$width>(source, out),)* _ => 0 } };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24)
}

/// Unpacks groups of eight values of `WIDTH` bits while a whole window of eight bytes lies behind the last value.
fn unpack_eights<const WIDTH: usize>(source: &[u8], out: &mut [u32]) -> usize {
    let mask = u64::from(u32::MAX >> (32 - WIDTH));
    let mut groups = 0;
    for eight in out.chunks_exact_mut(8) {
        let Some(window) = source.get(groups * WIDTH..groups * WIDTH + WIDTH + 8) else { break };
        for (index, slot) in eight.iter_mut().enumerate() {
            let bit = index * WIDTH;
            let Some(word) = window[bit / 8..].first_chunk::<8>() else { return groups };
            #[expect(clippy::cast_possible_truncation, reason = "masked to at most 24 bits")]
            let value = ((u64::from_le_bytes(*word) >> (bit % 8)) & mask) as u32;
            *slot = value;
        }
        groups += 1;
    }
    groups
}

/// Unpacks values one by one.
fn unpack_each(bytes: &[u8], first: usize, width: u32, out: &mut [u32]) {
    let mask = if width == 0 { 0 } else { u32::MAX >> (32 - width) };
    let mut bit = first;
    for slot in out {
        #[expect(clippy::cast_possible_truncation, reason = "masked to at most 32 bits")]
        let value = word_at(bytes, bit) as u32 & mask;
        *slot = value;
        bit += width as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes values as Parquet does: runs of eight and more equal ones repeated, the rest packed.
    fn encode(values: &[u32], width: u32, packed: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let varint = |mut n: usize, out: &mut Vec<u8>| {
            while n >= 0x80 {
                out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
                n >>= 7;
            }
            out.push(u8::try_from(n).unwrap());
        };
        if packed {
            let groups = values.len().div_ceil(8);
            varint(groups << 1 | 1, &mut out);
            let mut bits: Vec<bool> =
                values.iter().flat_map(|value| (0..width).map(move |bit| value >> bit & 1 == 1)).collect();
            bits.resize(groups * 8 * width as usize, false);
            out.extend(bits.chunks(8).map(|byte| byte.iter().rev().fold(0u8, |b, bit| b << 1 | u8::from(*bit))));
        } else {
            for run in values.chunk_by(|a, b| a == b) {
                varint(run.len() << 1, &mut out);
                out.extend(&run[0].to_le_bytes()[..width.div_ceil(8) as usize]);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(width in 0u32..=32, seeds in proptest::collection::vec(any::<u32>(), 1..200), packed: bool, cut in 1usize..50) {
            let mask = if width == 0 { 0 } else { u32::MAX >> (32 - width) };
            let values: Vec<u32> = seeds.iter().map(|seed| seed & mask).collect();
            let mut rle = Rle::new(Bytes::from(encode(&values, width, packed)), width).unwrap();
            let mut read = vec![0; values.len()];
            for chunk in read.chunks_mut(cut) {
                rle.fill(chunk).unwrap();
            }
            prop_assert_eq!(read, values);
        }

        #[test]
        fn bits_are_the_values(levels in proptest::collection::vec(0u32..2, 1..400), packed: bool, cut in 1usize..150) {
            let mut rle = Rle::new(Bytes::from(encode(&levels, 1, packed)), 1).unwrap();
            for chunk in levels.chunks(cut) {
                let mut words = Vec::new();
                let ones = rle.bits(chunk.len(), &mut words).unwrap();
                let bits: Vec<u32> = (0..chunk.len()).map(|at| u32::from(words[at / 64] >> (at % 64) & 1 == 1)).collect();
                prop_assert_eq!(&bits, chunk);
                prop_assert_eq!(ones, chunk.iter().filter(|level| **level == 1).count());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), width in 0u32..40, wanted in 0usize..300) {
            if let Ok(mut rle) = Rle::new(Bytes::from(bytes), width) {
                let _ = rle.run();
                rle.pass(wanted);
                let _ = rle.fill(&mut vec![0; wanted]);
                if width == 1 {
                    let _ = rle.bits(wanted, &mut Vec::new());
                }
            }
        }
    }

    #[test]
    fn a_run_of_more_values_than_a_page_can_hold_is_an_error() {
        // Half of 2^33 repeats of one value.
        let mut rle = Rle::new(Bytes::from_static(&[0x80, 0x80, 0x80, 0x80, 0x20, 1]), 1).unwrap();
        assert!(rle.fill(&mut [0; 1]).unwrap_err().to_string().contains("4294967296 values"));
    }

    #[test]
    fn a_run_that_lies_about_its_length_is_an_error() {
        // One packed group of 8 values announced as 100 groups.
        let mut rle = Rle::new(Bytes::from_static(&[0xc9, 0x01, 0xff, 0xff]), 2).unwrap();
        assert!(rle.fill(&mut [0; 8]).is_ok());
        assert!(rle.fill(&mut [0; 1]).unwrap_err().to_string().contains("end early"));
    }
}
