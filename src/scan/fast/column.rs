//! A flat column: pages become converted values, full batches at a time, never cut at runs of nulls.

use super::{
    chunk::{DataPage, Next, Pages},
    rle::Rle,
    values::{Convert, Physical, PlainValues},
};
use crate::{
    error::{Error, Result},
    names::Names,
};
use bytes::Bytes;

/// A flat column of a row group.
pub(super) struct Column<C: Convert> {
    pages: Pages,
    physical: Physical,
    convert: C,
    dictionary: Vec<C::Out>,
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

pub(super) enum Values {
    Indices(Rle),
    Plain { bytes: Bytes, at: usize },
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
}

impl<C: Convert> Column<C> {
    pub(super) fn new(pages: Pages, physical: Physical, convert: C) -> Self {
        Self { pages, physical, convert, dictionary: Vec::new(), page: None, scratch: Vec::new(), known_levels: true }
    }

    /// Loads the first data page; says whether its levels can be read here.
    pub(super) fn start(&mut self, names: &mut Names) -> Result<bool> {
        while self.page.is_none() {
            self.next_page(names)?;
        }
        Ok(self.known_levels)
    }

    /// Appends the next `rows` values to `out`, or none at all when all of them are null.
    ///
    /// # Errors
    /// A corrupt page, a value that cannot be converted, or fewer values than rows.
    pub(super) fn read(&mut self, rows: usize, out: &mut Vec<C::Out>, names: &mut Names) -> Result<()> {
        if self.skip_nulls(rows)? {
            return Ok(());
        }
        let mut wanted = rows;
        while wanted > 0 {
            if self.page.as_ref().is_none_or(|page| page.left == 0) {
                self.next_page(names)?;
                continue;
            }
            wanted -= self.read_page(wanted, out, names)?;
        }
        Ok(())
    }

    /// Passes over `rows` nulls, if the next ones are nulls of one run.
    fn skip_nulls(&mut self, rows: usize) -> Result<bool> {
        let Some(Current { left, definition: Some(definition), .. }) = &mut self.page else { return Ok(false) };
        if *left < rows || !definition.skip(0, rows)? {
            return Ok(false);
        }
        *left -= rows;
        Ok(true)
    }

    fn next_page(&mut self, names: &mut Names) -> Result<()> {
        match self.pages.next()? {
            None => Err(Error::new("is corrupt: it has fewer values than the row group has rows")),
            Some(Next::Dictionary(bytes, count)) => {
                self.dictionary = dictionary(&bytes, count, self.physical, &self.convert, names)?;
                Ok(())
            }
            Some(Next::Data(page)) => {
                self.known_levels = page.known_levels;
                let definition =
                    if page.definition.is_empty() { None } else { Some(Rle::new(page.definition.clone(), 1)?) };
                self.page = Some(Current { left: page.values, definition, values: Values::of(&page)? });
                Ok(())
            }
        }
    }

    /// Reads up to `wanted` values of the current page; says how many.
    fn read_page(&mut self, wanted: usize, out: &mut Vec<C::Out>, names: &mut Names) -> Result<usize> {
        let Some(page) = &mut self.page else { return Ok(0) };
        let wanted = wanted.min(page.left);
        let mut source = Source {
            values: &mut page.values,
            dictionary: &self.dictionary,
            convert: &self.convert,
            physical: self.physical,
            scratch: &mut self.scratch,
        };
        let Some(definition) = &mut page.definition else {
            source.read(wanted, out, names)?;
            page.left -= wanted;
            return Ok(wanted);
        };
        let count = match definition.repeated(wanted)? {
            Some((0, count)) => {
                out.resize(out.len() + count, C::NONE);
                count
            }
            Some((_, count)) => {
                source.read(count, out, names)?;
                count
            }
            None => {
                let mut levels = vec![0; wanted];
                definition.fill(&mut levels)?;
                for run in levels.chunk_by(|a, b| a == b) {
                    if run[0] == 0 {
                        out.resize(out.len() + run.len(), C::NONE);
                    } else {
                        source.read(run.len(), out, names)?;
                    }
                }
                wanted
            }
        };
        page.left -= count;
        Ok(count)
    }
}

/// Converts a dictionary page.
pub(super) fn dictionary<C: Convert>(
    bytes: &[u8],
    count: usize,
    physical: Physical,
    convert: &C,
    names: &mut Names,
) -> Result<Vec<C::Out>> {
    let mut plain = PlainValues::new(bytes, 0, physical);
    (0..count).map(|_| convert.convert(plain.next()?, names)).collect()
}

/// Where the values that are not null come from.
pub(super) struct Source<'a, C: Convert> {
    pub(super) values: &'a mut Values,
    pub(super) dictionary: &'a [C::Out],
    pub(super) convert: &'a C,
    pub(super) physical: Physical,
    pub(super) scratch: &'a mut Vec<u32>,
}

impl<C: Convert> Source<'_, C> {
    /// Appends the next `count` values that are not null.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<C::Out>, names: &mut Names) -> Result<()> {
        match self.values {
            Values::Plain { bytes, at } => {
                let mut plain = PlainValues::new(bytes, *at, self.physical);
                for _ in 0..count {
                    out.push(self.convert.convert(plain.next()?, names)?);
                }
                *at = plain.at();
                Ok(())
            }
            Values::Indices(rle) => {
                let mut wanted = count;
                while wanted > 0 {
                    if let Some((index, run)) = rle.repeated(wanted)? {
                        let value = *self.dictionary.get(index as usize).ok_or_else(|| beyond(index))?;
                        out.resize(out.len() + run, value);
                        wanted -= run;
                        continue;
                    }
                    let run = wanted.min(1024);
                    self.scratch.resize(run, 0);
                    rle.fill(self.scratch)?;
                    let greatest = self.scratch.iter().copied().max().unwrap_or(0);
                    if greatest as usize >= self.dictionary.len() {
                        return Err(beyond(greatest));
                    }
                    out.extend(self.scratch.iter().map(|index| self.dictionary[*index as usize]));
                    wanted -= run;
                }
                Ok(())
            }
        }
    }
}

fn beyond(index: u32) -> Error {
    Error::new(format!("is corrupt: index {index} is beyond its dictionary"))
}
