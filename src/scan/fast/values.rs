//! What plain values become: interned text, exact amounts, seconds. Each dictionary entry is converted once.

use super::super::lines::{NO_AMOUNT, NO_MOMENT};
use crate::{
    error::{Error, Result},
    money::{Money, NotAnAmount, Quantity},
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
    Text(&'a str),
    Double(f64),
    Integer(i64),
    /// Seconds since the epoch.
    Seconds(i64),
}

/// A conversion of plain values.
pub(super) trait Convert {
    /// What a value becomes.
    type Out: Copy;
    /// What null becomes.
    const NONE: Self::Out;
    /// Converts a value.
    fn convert(&self, value: Plain<'_>, names: &mut Names) -> Result<Self::Out>;
}

/// Text, interned.
pub(super) struct ToText;

impl Convert for ToText {
    type Out = Sym;
    const NONE: Sym = Sym::NONE;
    fn convert(&self, value: Plain<'_>, names: &mut Names) -> Result<Sym> {
        match value {
            Plain::Text(text) => Ok(names.intern(text)),
            _ => Err(Error::new("is no text")),
        }
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
    type Out = i128;
    const NONE: i128 = NO_AMOUNT;
    fn convert(&self, value: Plain<'_>, _: &mut Names) -> Result<i128> {
        let amount = match value {
            Plain::Text(text) if text.trim().is_empty() => return Ok(NO_AMOUNT),
            Plain::Text(text) if self.usage => Quantity::parse(text).map(|amount| amount.0),
            Plain::Text(text) => Money::parse(text).map(|amount| amount.0),
            Plain::Double(double) if self.usage => Quantity::from_f64(double).map(|amount| amount.0),
            Plain::Double(double) => Money::from_f64(double).map(|amount| amount.0),
            Plain::Integer(whole) if self.usage => {
                Quantity::from_decimal(whole.into(), self.scale).map(|amount| amount.0)
            }
            Plain::Integer(whole) => Money::from_decimal(whole.into(), self.scale).map(|amount| amount.0),
            Plain::Seconds(_) => Err(NotAnAmount::NotANumber),
        };
        amount.map_err(Error::new)
    }
}

/// Times as seconds.
pub(super) struct ToMoment {
    /// Integers count this many to the second; 0 stands for days.
    pub(super) per_second: i64,
}

impl Convert for ToMoment {
    type Out = i64;
    const NONE: i64 = NO_MOMENT;
    fn convert(&self, value: Plain<'_>, _: &mut Names) -> Result<i64> {
        match value {
            Plain::Text(text) if text.trim().is_empty() => Ok(NO_MOMENT),
            Plain::Text(text) => parse_moment(text),
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
    pub(super) fn next(&mut self) -> Result<Plain<'a>> {
        Ok(match self.physical {
            Physical::Text => {
                let length = u32::from_le_bytes(self.fixed()?) as usize;
                let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or_else(ends_early)?;
                let raw = &self.bytes[self.at..end];
                self.at = end;
                Plain::Text(std::str::from_utf8(raw).map_err(|_| Error::new("is corrupt: text that is not UTF-8"))?)
            }
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

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let raw = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>).ok_or_else(ends_early)?;
        self.at += N;
        Ok(*raw)
    }
}

fn ends_early() -> Error {
    Error::new("is corrupt: its values end early")
}
