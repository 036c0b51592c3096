//! What plain values become: interned text, exact amounts, seconds. Each dictionary entry is converted once.

use super::super::{
    csv::is_null,
    ids::{Ids, ResourceSym},
    lines::{Coded, NO_MOMENT, Narrow},
    numbers,
};
use crate::{
    error::{Error, Result},
    money::{Money, NotAnAmount, Quantity, units_of_double},
    names::{Names, Sym},
    time::parse_moment,
};

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Physical {
    /// Four bytes of length, then UTF-8.
    Text,
    /// A double.
    Double,
    /// A single float.
    Float,
    /// A signed integer of four bytes.
    Int32,
    /// A signed integer of eight bytes.
    Int64,
    /// Nanoseconds of the day, then the Julian day.
    Int96,
}

/// A plain value, borrowed from its page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Plain<'a> {
    /// Bytes that should be UTF-8.
    Bytes(&'a [u8]),
    Double(f64),
    Integer(i64),
    /// Seconds since the epoch.
    Seconds(i64),
}

impl<'a> Plain<'a> {
    /// A text in place of its bytes.
    fn text(bytes: &'a [u8]) -> Result<&'a str> {
        std::str::from_utf8(bytes).map_err(|_| Error::new("is corrupt: text that is not UTF-8"))
    }
}

/// Where converted values are interned or kept.
pub(super) struct Home<'a> {
    pub(super) names: &'a mut Names,
    pub(super) ids: &'a mut Ids,
    pub(super) wide: &'a mut Vec<i128>,
}

/// A conversion of plain values.
pub(super) trait Convert {
    /// What a value becomes.
    type Out: Copy + PartialEq;
    /// Converts a value.
    fn convert(&self, value: Plain<'_>, home: &mut Home<'_>) -> Result<Self::Out>;
    /// Converts the next `count` values and appends them.
    fn convert_all(
        &mut self,
        plain: &mut PlainValues<'_>,
        count: usize,
        out: &mut Vec<Self::Out>,
        home: &mut Home<'_>,
    ) -> Result<()> {
        (0..count).try_for_each(|_| {
            out.push(self.convert(plain.next()?, home)?);
            Ok(())
        })
    }
    /// Converts the next `count` values of a data page and appends their codes. By default each is a value of this batch.
    fn code_all(
        &mut self,
        plain: &mut PlainValues<'_>,
        count: usize,
        out: &mut Coded<Self::Out>,
        home: &mut Home<'_>,
    ) -> Result<()> {
        let first = out.values.len();
        self.convert_all(plain, count, &mut out.values, home)?;
        out.codes.extend(code(first)?..code(out.values.len())?);
        Ok(())
    }
}

fn code(place: usize) -> Result<u32> {
    u32::try_from(place).map_err(|_| Error::new("has too many values in a row group"))
}

/// Text, interned. Of columns without a dictionary, what was seen lately is known by its bytes.
#[derive(Default)]
pub(super) struct ToText {
    /// By length, head and tail: a text and its code.
    lately: Vec<(Sym, u32)>,
}

/// More than the distinct texts of most columns that make a class.
const LATELY: usize = 1024;
/// So many texts of a column get a code that lasts.
const LASTING: usize = 1 << 16;

impl Convert for ToText {
    type Out = Sym;
    fn convert(&self, value: Plain<'_>, home: &mut Home<'_>) -> Result<Sym> {
        match value {
            Plain::Bytes(bytes) => Ok(home.names.intern(Plain::text(bytes)?)),
            _ => Err(Error::new("is no text")),
        }
    }

    fn code_all(
        &mut self,
        plain: &mut PlainValues<'_>,
        count: usize,
        out: &mut Coded<Sym>,
        home: &mut Home<'_>,
    ) -> Result<()> {
        self.lately.resize(LATELY, (Sym::NONE, 0));
        for _ in 0..count {
            let bytes = plain.bytes()?;
            let slot = slot_of(bytes);
            let (sym, known) = self.lately[slot];
            let code = if home.names.get(sym).as_bytes() == bytes {
                known
            } else {
                let (sym, new) = (self.convert(Plain::Bytes(bytes), home)?, code(out.values.len())?);
                if !out.is_fresh() && out.values.len() < LASTING {
                    out.lasting += 1;
                    self.lately[slot] = (sym, new);
                }
                out.values.push(sym);
                new
            };
            out.codes.push(code);
        }
        Ok(())
    }
}

/// A slot among `LATELY` that follows from a text's length and both its ends.
#[inline]
fn slot_of(bytes: &[u8]) -> usize {
    let word = |part: Option<&[u8; 8]>| part.map_or(0, |part| u64::from_le_bytes(*part));
    let short = bytes.iter().take(7).fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    let (head, tail) = if bytes.len() < 8 { (short, 0) } else { (word(bytes.first_chunk()), word(bytes.last_chunk())) };
    numbers::slot_of(head.rotate_left(23) ^ tail ^ bytes.len() as u64, LATELY)
}

/// Resource ids, interned.
pub(super) struct ToResource;

impl Convert for ToResource {
    type Out = ResourceSym;
    fn convert(&self, value: Plain<'_>, home: &mut Home<'_>) -> Result<ResourceSym> {
        match value {
            Plain::Bytes(bytes) => home.ids.intern(bytes),
            _ => Err(Error::new("is no text")),
        }
    }

    fn convert_all(
        &mut self,
        plain: &mut PlainValues<'_>,
        count: usize,
        out: &mut Vec<ResourceSym>,
        home: &mut Home<'_>,
    ) -> Result<()> {
        let mut ids = Vec::with_capacity(count.min(super::BATCH));
        for _ in 0..count {
            ids.push(plain.bytes()?);
        }
        home.ids.intern_all(&ids, out)
    }
}

/// Numbers as exact amounts of money or usage.
pub(super) struct ToAmount {
    /// Usage, else money.
    pub(super) usage: bool,
    /// Digits behind the point of integers.
    pub(super) scale: i32,
}

impl Convert for ToAmount {
    type Out = Narrow;
    fn convert(&self, value: Plain<'_>, home: &mut Home<'_>) -> Result<Narrow> {
        let amount = match value {
            Plain::Bytes(bytes) => match Plain::text(bytes)? {
                text if is_null(text.trim()) => return Ok(Narrow::NULL),
                text if self.usage => Quantity::parse(text).map(|amount| amount.0),
                text => Money::parse(text).map(|amount| amount.0),
            },
            Plain::Double(double) if self.usage => Quantity::from_f64(double).map(|amount| amount.0),
            Plain::Double(double) => Money::from_f64(double).map(|amount| amount.0),
            Plain::Integer(whole) if self.usage => {
                Quantity::from_decimal(whole.into(), self.scale).map(|amount| amount.0)
            }
            Plain::Integer(whole) => Money::from_decimal(whole.into(), self.scale).map(|amount| amount.0),
            Plain::Seconds(_) => Err(NotAnAmount::NotANumber),
        };
        Narrow::pack(amount.map_err(Error::new)?, home.wide)
    }

    fn convert_all(
        &mut self,
        plain: &mut PlainValues<'_>,
        count: usize,
        out: &mut Vec<Narrow>,
        home: &mut Home<'_>,
    ) -> Result<()> {
        if plain.physical != Physical::Double {
            return (0..count).try_for_each(|_| {
                out.push(self.convert(plain.next()?, home)?);
                Ok(())
            });
        }
        out.reserve(count.min(super::BATCH));
        plain.doubles(count)?.try_for_each(|double| {
            let quick = units_of_double(double).and_then(Narrow::of);
            out.push(match quick {
                Some(amount) => amount,
                None => self.convert(Plain::Double(double), home)?,
            });
            Ok(())
        })
    }
}

/// Times as seconds.
pub(super) struct ToMoment {
    /// Integers count this many to the second; 0 stands for days.
    pub(super) per_second: i64,
}

impl Convert for ToMoment {
    type Out = i64;
    fn convert(&self, value: Plain<'_>, _: &mut Home<'_>) -> Result<i64> {
        match value {
            Plain::Bytes(bytes) => match Plain::text(bytes)? {
                text if is_null(text.trim()) => Ok(NO_MOMENT),
                text => parse_moment(text),
            },
            Plain::Integer(days) if self.per_second == 0 => Ok(days.saturating_mul(86_400)),
            Plain::Integer(count) => Ok(count.div_euclid(self.per_second)),
            Plain::Seconds(seconds) => Ok(seconds),
            Plain::Double(_) => Err(Error::new("is no time")),
        }
    }
}

/// A cursor over plain values.
pub(super) struct PlainValues<'a> {
    bytes: &'a [u8],
    at: usize,
    physical: Physical,
}

impl<'a> PlainValues<'a> {
    /// A cursor that begins at a byte.
    pub(super) fn new(bytes: &'a [u8], at: usize, physical: Physical) -> Self {
        Self { bytes, at, physical }
    }

    /// The byte behind the last value taken.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next value.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Plain<'a>> {
        Ok(match self.physical {
            Physical::Text => Plain::Bytes(self.bytes()?),
            Physical::Double => Plain::Double(f64::from_le_bytes(self.fixed()?)),
            Physical::Float => Plain::Double(f64::from(f32::from_le_bytes(self.fixed()?))),
            Physical::Int32 => Plain::Integer(i64::from(i32::from_le_bytes(self.fixed()?))),
            Physical::Int64 => Plain::Integer(i64::from_le_bytes(self.fixed()?)),
            Physical::Int96 => {
                let nanoseconds = i64::from_le_bytes(self.fixed()?);
                let day = i64::from(i32::from_le_bytes(self.fixed()?));
                // 2,440,588 is the Julian day of 1970-01-01.
                Plain::Seconds((day - 2_440_588) * 86_400 + nanoseconds.div_euclid(1_000_000_000))
            }
        })
    }

    /// The next `count` values of a column of doubles.
    fn doubles(&mut self, count: usize) -> Result<impl Iterator<Item = f64> + use<'a>> {
        let end = count.checked_mul(8).and_then(|length| self.at.checked_add(length));
        let end = end.filter(|end| *end <= self.bytes.len()).ok_or_else(ends_early)?;
        let (values, _) = self.bytes[self.at..end].as_chunks::<8>();
        self.at = end;
        Ok(values.iter().map(|raw| f64::from_le_bytes(*raw)))
    }

    /// The next value of a column of text.
    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = u32::from_le_bytes(self.fixed()?) as usize;
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or_else(ends_early)?;
        let bytes = &self.bytes[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let raw = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>).ok_or_else(ends_early)?;
        self.at += N;
        Ok(*raw)
    }
}

fn ends_early() -> Error {
    Error::new("is corrupt: its values end early")
}
