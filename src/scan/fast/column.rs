//! A flat column: pages become codes and the values that they stand for, full batches at a time, never cut at runs of nulls.
//!
//! Code 0 is null, code `i + 1` is entry `i` of the dictionary. What stands plain in a page is appended behind: texts that repeat get a
//! code that lasts, all else holds for a batch.

use super::{
    super::lines::Coded,
    BATCH,
    chunk::{DataPage, Next, Pages, surplus},
    rle::Rle,
    values::{Convert, Home, Physical, PlainValues},
};
use crate::error::{Error, Result};
use bytes::Bytes;

/// A flat column of a row group.
pub(super) struct Column<C: Convert> {
    pages: Pages,
    physical: Physical,
    convert: C,
    page: Option<Current>,
    /// Levels of the rows that are read, a bit each.
    levels: Vec<u64>,
    /// Indices of the rows that are passed over.
    passed: Vec<u32>,
    known_levels: bool,
}

/// What is left of the current page.
struct Current {
    left: usize,
    /// Nulls that the page says are still to come, if it says so.
    nulls: Option<usize>,
    /// `None` where nothing can be null.
    definition: Option<Rle>,
    values: Values,
}

impl Current {
    /// Counts values that were read, some of them nulls.
    ///
    /// # Errors
    /// When the page says that it has another number of nulls.
    fn take(&mut self, values: usize, nulls: usize) -> Result<()> {
        self.left -= values;
        if let Some(told) = &mut self.nulls {
            let rest = told.checked_sub(nulls).filter(|rest| self.left > 0 || *rest == 0);
            *told = rest.ok_or_else(|| Error::new("is corrupt: a page has another number of nulls than it says"))?;
        }
        Ok(())
    }
}

/// The values of a page that are not null.
pub(super) enum Values {
    Indices(Rle),
    Plain { bytes: Bytes, at: usize },
}

impl<C: Convert> Column<C> {
    pub(super) fn new(pages: Pages, physical: Physical, convert: C) -> Self {
        Self { pages, physical, convert, page: None, levels: Vec::new(), passed: Vec::new(), known_levels: true }
    }

    /// Loads the first data page; says whether its levels can be read here.
    pub(super) fn start(&mut self, out: &mut Coded<C::Out>, home: &mut Home<'_>) -> Result<bool> {
        self.ready(out, home)?;
        Ok(self.known_levels)
    }

    /// Reads the next `rows` values into `out`.
    ///
    /// # Errors
    /// A corrupt page, a value that cannot be converted, or fewer values than rows.
    pub(super) fn read(&mut self, rows: usize, out: &mut Coded<C::Out>, home: &mut Home<'_>) -> Result<()> {
        out.next_batch();
        self.ready(out, home)?;
        if let Some(code) = self.repeated(rows)? {
            if code as usize >= out.values.len() {
                return Err(beyond(code - 1));
            }
            out.all = code;
            return Ok(());
        }
        while out.codes.len() < rows {
            self.ready(out, home)?;
            self.read_page(rows - out.codes.len(), out, home)?;
        }
        Ok(())
    }

    /// Passes over the next `rows` values, which are checked as if they were read; all rows of `out` are null then.
    ///
    /// # Errors
    /// As for reading.
    pub(super) fn pass(&mut self, rows: usize, out: &mut Coded<C::Out>, home: &mut Home<'_>) -> Result<()> {
        out.next_batch();
        let mut left = rows;
        while left > 0 {
            self.ready(out, home)?;
            let Some(page) = &mut self.page else { break };
            let count = left.min(page.left);
            let filled = match &mut page.definition {
                None => count,
                Some(levels) => levels.bits(count, &mut self.levels)?,
            };
            page.values.pass(filled, &mut self.convert, self.physical, out, &mut self.passed, home)?;
            page.take(count, count - filled)?;
            left -= count;
        }
        out.next_batch();
        out.all = 0;
        Ok(())
    }

    /// Passes over the next `rows` values, of whole pages no more than how many there are: somebody else reads them.
    ///
    /// # Errors
    /// As for reading.
    pub(super) fn pass_pages(&mut self, rows: usize, out: &mut Coded<C::Out>, home: &mut Home<'_>) -> Result<()> {
        let mut left = rows;
        while left > 0 {
            self.ready(out, home)?;
            match &mut self.page {
                Some(page) if page.left <= left => {
                    left -= std::mem::take(&mut page.left);
                    left -= self.pages.pass(left)?;
                }
                _ => {
                    let count = left.min(BATCH);
                    self.pass(count, out, home)?;
                    left -= count;
                }
            }
        }
        Ok(())
    }

    /// Checks that all values were read.
    ///
    /// # Errors
    /// When there are more, or what follows is no page.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.page.as_ref().is_some_and(|page| page.left > 0) { Err(surplus()) } else { self.pages.finish() }
    }

    /// The code of the next `rows` values, which are then passed over, if they are of one run.
    fn repeated(&mut self, rows: usize) -> Result<Option<u32>> {
        let Some(page) = self.page.as_mut().filter(|page| page.left >= rows) else { return Ok(None) };
        let filled = match &mut page.definition {
            None => true,
            Some(levels) => match levels.run()? {
                Some((level, left)) if left >= rows => level != 0,
                _ => return Ok(None),
            },
        };
        let code = match (&mut page.values, filled) {
            (_, false) => 0,
            (Values::Indices(indices), true) => match indices.run()? {
                Some((index, left)) if left >= rows && index < u32::MAX => {
                    indices.pass(rows);
                    index + 1
                }
                _ => return Ok(None),
            },
            (Values::Plain { .. }, true) => return Ok(None),
        };
        if let Some(levels) = &mut page.definition {
            levels.pass(rows);
        }
        page.take(rows, if filled { 0 } else { rows })?;
        Ok(Some(code))
    }

    /// Loads pages until one has a value left.
    fn ready(&mut self, out: &mut Coded<C::Out>, home: &mut Home<'_>) -> Result<()> {
        while self.page.as_ref().is_none_or(|page| page.left == 0) {
            // Its memory is for the next one.
            self.page = None;
            match self.pages.next()? {
                None => return Err(Error::new("is corrupt: it has fewer values than the row group has rows")),
                Some(Next::Dictionary(bytes, count)) => {
                    dictionary(&bytes, count, self.physical, &mut self.convert, out, home)?;
                }
                Some(Next::Data(page)) => {
                    self.known_levels = page.known_levels;
                    let levels = page.definition.clone();
                    let definition = levels.map(|levels| Rle::new(levels, 1)).transpose()?;
                    let (left, nulls, values) = (page.values, page.nulls, Values::of(&page)?);
                    self.page = Some(Current { left, nulls, definition, values });
                }
            }
        }
        Ok(())
    }

    /// Reads up to `wanted` values of the current page.
    fn read_page(&mut self, wanted: usize, out: &mut Coded<C::Out>, home: &mut Home<'_>) -> Result<()> {
        let Some(page) = &mut self.page else { return Ok(()) };
        let wanted = wanted.min(page.left);
        let (values, convert, physical) = (&mut page.values, &mut self.convert, self.physical);
        let Some(levels) = &mut page.definition else {
            values.read(wanted, convert, physical, out, home)?;
            return page.take(wanted, 0);
        };
        match levels.run()? {
            Some((level, left)) => {
                let count = wanted.min(left);
                levels.pass(count);
                if level != 0 {
                    values.read(count, convert, physical, out, home)?;
                    return page.take(count, 0);
                }
                out.codes.resize(out.codes.len() + count, 0);
                page.take(count, count)
            }
            None => {
                let start = out.codes.len();
                let filled = levels.bits(wanted, &mut self.levels)?;
                values.read(filled, convert, physical, out, home)?;
                out.codes.resize(start + wanted, 0);
                spread(&mut out.codes[start..], filled, &self.levels);
                page.take(wanted, wanted - filled)
            }
        }
    }
}

/// Moves the first `filled` codes to the rows whose level is 1, of which there are as many; the other rows get code 0. The codes of the
/// rows up to some word lie in front of those rows or at them, so none is overwritten before it is moved.
pub(super) fn spread(codes: &mut [u32], filled: usize, levels: &[u64]) {
    let mut from = filled;
    for (at, word) in levels.iter().enumerate().rev() {
        let start = at * 64;
        let end = codes.len().min(start + 64);
        if from <= start {
            codes[start..end].fill(0);
            let mut rest = *word;
            while rest != 0 {
                let row = 63 - rest.leading_zeros() as usize;
                from -= 1;
                codes[start + row] = codes[from];
                rest ^= 1 << row;
            }
            continue;
        }
        for row in (start..end).rev() {
            let there = u32::from(word >> (row - start) & 1 == 1);
            from -= there as usize;
            codes[row] = codes[from] * there;
        }
    }
}

/// Converts a dictionary page; only null may be known yet.
pub(super) fn dictionary<C: Convert>(
    bytes: &[u8],
    count: usize,
    physical: Physical,
    convert: &mut C,
    out: &mut Coded<C::Out>,
    home: &mut Home<'_>,
) -> Result<()> {
    if out.values.len() != 1 {
        return Err(Error::new("is corrupt: a dictionary that does not come first"));
    }
    convert.convert_all(&mut PlainValues::new(bytes, 0, physical), count, &mut out.values, home)?;
    out.lasting = out.values.len();
    Ok(())
}

impl Values {
    /// The values of a page; a page of indices begins with their width.
    pub(super) fn of(page: &DataPage) -> Result<Self> {
        if !page.indices {
            return Ok(Self::Plain { bytes: page.body.clone(), at: 0 });
        }
        let Some((width, _)) = page.body.split_first() else {
            return Err(Error::new("is corrupt: a page of indices without their width"));
        };
        Ok(Self::Indices(Rle::new(page.body.slice(1..), u32::from(*width))?))
    }

    /// Appends the next `count` values.
    pub(super) fn read<C: Convert>(
        &mut self,
        count: usize,
        convert: &mut C,
        physical: Physical,
        out: &mut Coded<C::Out>,
        home: &mut Home<'_>,
    ) -> Result<()> {
        match self {
            Self::Plain { bytes, at } => {
                let mut plain = PlainValues::new(bytes, *at, physical);
                convert.code_all(&mut plain, count, out, home)?;
                *at = plain.at();
                Ok(())
            }
            Self::Indices(indices) => read_indices(indices, count, out.values.len(), &mut out.codes),
        }
    }
}

impl Values {
    /// Passes over the next `count` values; plain ones are converted none the less, for what may be wrong with them.
    fn pass<C: Convert>(
        &mut self,
        count: usize,
        convert: &mut C,
        physical: Physical,
        out: &mut Coded<C::Out>,
        passed: &mut Vec<u32>,
        home: &mut Home<'_>,
    ) -> Result<()> {
        match self {
            Self::Plain { .. } => self.read(count, convert, physical, out, home),
            Self::Indices(indices) => {
                passed.clear();
                read_indices(indices, count, out.values.len(), passed)
            }
        }
    }
}

/// Appends the codes of the next `count` indices, each of them below `known` values.
fn read_indices(indices: &mut Rle, count: usize, known: usize, codes: &mut Vec<u32>) -> Result<()> {
    let end = codes.len() + count;
    while codes.len() < end {
        let start = codes.len();
        let greatest = match indices.run()? {
            Some((index, left)) => {
                let run = left.min(end - start);
                indices.pass(run);
                codes.resize(start + run, index.saturating_add(1));
                index
            }
            None => {
                codes.resize(end, 0);
                let new = &mut codes[start..];
                indices.fill(new)?;
                if to_codes(new, known - 1) { 0 } else { new.iter().map(|code| code.wrapping_sub(1)).fold(0, u32::max) }
            }
        };
        if greatest as usize + 1 >= known {
            return Err(beyond(greatest));
        }
    }
    Ok(())
}

/// Turns indices into codes; whether all of them are below a limit: then a subtraction of it from each gives a negative number, where
/// neither has all 32 bits. Of a limit that has, it says no.
fn to_codes(indices: &mut [u32], limit: usize) -> bool {
    let (fits, limit) = i32::try_from(limit).map_or((false, 0), |limit| (true, limit.cast_unsigned()));
    let (mut bits, mut less) = (0, u32::MAX);
    for index in indices {
        bits |= *index;
        less &= index.wrapping_sub(limit);
        *index = index.wrapping_add(1);
    }
    fits && (less & !bits).cast_signed() < 0
}

fn beyond(index: u32) -> Error {
    Error::new(format!("is corrupt: index {index} is beyond its dictionary"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_limit_is_told_from_all_indices(mut indices in proptest::collection::vec(0u32..40, 0..70), limit in 1u32..60, far in any::<u32>()) {
            let model = indices.iter().all(|index| *index < limit);
            let codes: Vec<u32> = indices.iter().map(|index| index + 1).collect();
            let mut turned = indices.clone();
            prop_assert_eq!(to_codes(&mut turned, limit as usize), model);
            prop_assert_eq!(turned, codes);
            indices.push(far);
            prop_assert_eq!(to_codes(&mut indices.clone(), limit as usize), model && far < limit);
            prop_assert!(!to_codes(&mut indices, usize::MAX));
        }

        #[test]
        fn codes_go_to_the_rows_that_are_filled(sparse in 1u32..12, rows in proptest::collection::vec(0u32..24, 0..400)) {
            let rows: Vec<u32> = rows.iter().map(|code| if code % sparse == 0 { code / 2 } else { 0 }).collect();
            let filled: Vec<u32> = rows.iter().copied().filter(|code| *code != 0).collect();
            let mut codes = filled.clone();
            codes.resize(rows.len(), 0);
            let word = |rows: &[u32]| rows.iter().rev().fold(0, |word, code| word << 1 | u64::from(*code != 0));
            spread(&mut codes, filled.len(), &rows.chunks(64).map(word).collect::<Vec<u64>>());
            prop_assert_eq!(codes, rows);
        }
    }
}
