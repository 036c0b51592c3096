//! A map column: its keys and its values are two leaves with the same repetition, decoded together.

use super::{
    chunk::{Next, Pages},
    column::{Source, Values, dictionary},
    rle::Rle,
    values::{Physical, ToText},
};
use crate::{
    error::{Error, Result},
    names::{Names, Sym},
};

/// A map from text to text.
pub(super) struct Map {
    keys: Leaf,
    values: Leaf,
}

/// One leaf of the map, a page at a time.
pub(super) struct Leaf {
    pages: Pages,
    /// The level at which an entry is there, and for the values leaf the one at which its value is.
    present: u32,
    widths: (u32, u32),
    dictionary: Vec<Sym>,
    repetition: Vec<u32>,
    definition: Vec<u32>,
    found: Vec<Sym>,
    at: usize,
    taken: usize,
    known_levels: bool,
}

impl Leaf {
    /// A leaf with its greatest definition level and greatest repetition level.
    pub(super) fn new(pages: Pages, max_definition: u32, max_repetition: u32) -> Self {
        let width = |max: u32| u32::BITS - max.leading_zeros();
        Self {
            pages,
            present: max_definition,
            widths: (width(max_repetition), width(max_definition)),
            dictionary: Vec::new(),
            repetition: Vec::new(),
            definition: Vec::new(),
            found: Vec::new(),
            at: 0,
            taken: 0,
            known_levels: true,
        }
    }

    /// Loads the first page; says whether its levels can be read here.
    fn start(&mut self, names: &mut Names) -> Result<bool> {
        self.ready(names)?;
        Ok(self.known_levels)
    }

    /// Whether there is another entry (or empty row); loads the page that holds it.
    fn ready(&mut self, names: &mut Names) -> Result<bool> {
        while self.at >= self.repetition.len() {
            match self.pages.next()? {
                None => return Ok(false),
                Some(Next::Dictionary(bytes, count)) => {
                    self.dictionary = dictionary(&bytes, count, Physical::Text, &ToText, names)?;
                }
                Some(Next::Data(page)) => {
                    self.known_levels = page.known_levels;
                    if !self.known_levels {
                        return Ok(false);
                    }
                    let (repetition, definition) = self.widths;
                    self.repetition.resize(page.values, 0);
                    self.definition.resize(page.values, 0);
                    Rle::new(page.repetition.clone(), repetition)?.fill(&mut self.repetition)?;
                    Rle::new(page.definition.clone(), definition)?.fill(&mut self.definition)?;
                    let present = self.definition.iter().filter(|level| **level == self.present).count();
                    self.found.clear();
                    let mut values = Values::of(&page)?;
                    let (dictionary, convert, scratch) = (&self.dictionary[..], &ToText, &mut Vec::new());
                    Source { values: &mut values, dictionary, convert, physical: Physical::Text, scratch }.read(
                        present,
                        &mut self.found,
                        names,
                    )?;
                    (self.at, self.taken) = (0, 0);
                }
            }
        }
        Ok(true)
    }

    /// Takes the current entry: whether it begins a row, its definition level, and its text if it is there.
    fn take(&mut self) -> (bool, u32, Option<Sym>) {
        let (begins, level) = (self.repetition[self.at] == 0, self.definition[self.at]);
        self.at += 1;
        if level != self.present {
            return (begins, level, None);
        }
        let text = self.found.get(self.taken).copied();
        self.taken += 1;
        (begins, level, text)
    }
}

impl Map {
    pub(super) fn new(keys: Leaf, values: Leaf) -> Self {
        Self { keys, values }
    }

    /// Loads the first pages; says whether their levels can be read here.
    pub(super) fn start(&mut self, names: &mut Names) -> Result<bool> {
        Ok(self.keys.start(names)? && self.values.start(names)?)
    }

    /// Appends the pairs of the next `rows` rows, and where each row's pairs end. Entries without a value are left out.
    ///
    /// # Errors
    /// A corrupt page, leaves that disagree, or fewer rows than the row group has.
    pub(super) fn read(
        &mut self,
        rows: usize,
        ends: &mut Vec<usize>,
        pairs: &mut Vec<(Sym, Sym)>,
        names: &mut Names,
    ) -> Result<()> {
        for _ in 0..rows {
            let mut first = true;
            loop {
                if !(self.keys.ready(names)? && self.values.ready(names)?) {
                    if first {
                        return Err(Error::new("is corrupt: it has fewer maps than the row group has rows"));
                    }
                    break;
                }
                let begins = self.keys.repetition[self.keys.at] == 0;
                if begins != first {
                    if first {
                        return Err(disagree());
                    }
                    break;
                }
                let ((_, _, key), (same, _, value)) = (self.keys.take(), self.values.take());
                if same != begins {
                    return Err(disagree());
                }
                if let (Some(key), Some(value)) = (key, value)
                    && value != Sym::NONE
                {
                    pairs.push((key, value));
                }
                first = false;
            }
            ends.push(pairs.len());
        }
        Ok(())
    }
}

fn disagree() -> Error {
    Error::new("is corrupt: the keys and values of its maps do not belong together")
}
