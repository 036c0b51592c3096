//! A flat column: pages become codes and the values that they stand for, full batches at a time, never cut at runs of nulls.
//!
//! Code 0 is null, code `i + 1` is entry `i` of the dictionary. What stands plain in a page is appended behind: texts that repeat get a
//! code that lasts, all else holds for a batch.

use super::{
    super::lines::Coded,
    chunk::{DataPage, Next, Pages},
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
    scratch: Vec<u32>,
    known_levels: bool,
}

/// What is left of the current page.
struct Current {
    left: usize,
    /// `None` where nothing can be null.
    definition: Option<Rle>,
    values: Values,
}

/// The values of a page that are not null.
pub(super) enum Values {
    Indices(Rle),
    Plain { bytes: Bytes, at: usize },
}

impl<C: Convert> Column<C> {
    pub(super) fn new(pages: Pages, physical: Physical, convert: C) -> Self {
        Self { pages, physical, convert, page: None, scratch: Vec::new(), known_levels: true }
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
        page.left -= rows;
        Ok(Some(code))
    }

    /// Loads pages until one has a value left.
    fn ready(&mut self, out: &mut Coded<C::Out>, home: &mut Home<'_>) -> Result<()> {
        while self.page.as_ref().is_none_or(|page| page.left == 0) {
            match self.pages.next()? {
                None => return Err(Error::new("is corrupt: it has fewer values than the row group has rows")),
                Some(Next::Dictionary(bytes, count)) => {
                    dictionary(&bytes, count, self.physical, &mut self.convert, out, home)?;
                }
                Some(Next::Data(page)) => {
                    self.known_levels = page.known_levels;
                    let levels = &page.definition;
                    let definition = if levels.is_empty() { None } else { Some(Rle::new(levels.clone(), 1)?) };
                    self.page = Some(Current { left: page.values, definition, values: Values::of(&page)? });
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
            page.left -= wanted;
            return values.read(wanted, convert, physical, out, home);
        };
        match levels.run()? {
            Some((level, left)) => {
                let count = wanted.min(left);
                levels.pass(count);
                page.left -= count;
                if level != 0 {
                    return values.read(count, convert, physical, out, home);
                }
                out.codes.resize(out.codes.len() + count, 0);
                Ok(())
            }
            None => {
                self.scratch.resize(wanted, 0);
                levels.fill(&mut self.scratch)?;
                page.left -= wanted;
                let start = out.codes.len();
                let filled = self.scratch.iter().filter(|level| **level != 0).count();
                values.read(filled, convert, physical, out, home)?;
                out.codes.resize(start + wanted, 0);
                spread(&mut out.codes[start..], filled, &self.scratch);
                Ok(())
            }
        }
    }
}

/// Moves the first `filled` codes to the rows whose level is not 0, of which there are as many; the other rows get code 0.
fn spread(codes: &mut [u32], filled: usize, levels: &[u32]) {
    let mut from = filled;
    for row in (0..codes.len()).rev() {
        let there = u32::from(levels[row] != 0);
        from -= there as usize;
        codes[row] = codes[from] * there;
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
            // A page of nulls alone may leave the width out.
            return Ok(Self::Indices(Rle::new(Bytes::new(), 1)?));
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
                let greatest = new.iter().copied().fold(0, u32::max);
                new.iter_mut().for_each(|code| *code = code.saturating_add(1));
                greatest
            }
        };
        if greatest as usize + 1 >= known {
            return Err(beyond(greatest));
        }
    }
    Ok(())
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
        fn codes_go_to_the_rows_that_are_filled(rows in proptest::collection::vec(0u32..4, 0..100)) {
            let filled: Vec<u32> = rows.iter().copied().filter(|code| *code != 0).collect();
            let mut codes = filled.clone();
            codes.resize(rows.len(), 0);
            spread(&mut codes, filled.len(), &rows);
            prop_assert_eq!(codes, rows);
        }
    }
}
