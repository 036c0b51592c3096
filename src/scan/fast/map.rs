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
        let mut begun = 0;
        while self.keys.ready(names)? && self.values.ready(names)? {
            if self.read_pages(rows, &mut begun, ends, pairs)? {
                return Ok(());
            }
        }
        if begun != rows {
            return Err(Error::new("is corrupt: it has fewer maps than the row group has rows"));
        }
        ends.push(pairs.len());
        Ok(())
    }

    /// Reads entries while both leaves have some in their pages; whether the row behind the last one wanted was reached.
    fn read_pages(
        &mut self,
        rows: usize,
        begun: &mut usize,
        ends: &mut Vec<usize>,
        pairs: &mut Vec<(Sym, Sym)>,
    ) -> Result<bool> {
        let (keys, values) = (&mut self.keys, &mut self.values);
        let levels = |leaf: &Leaf| leaf.repetition[leaf.at..].len();
        let count = levels(keys).min(levels(values));
        let (key_at, value_at) = (keys.at, values.at);
        let key_levels = keys.repetition[key_at..][..count].iter().zip(&keys.definition[key_at..][..count]);
        let value_levels = values.repetition[value_at..][..count].iter().zip(&values.definition[value_at..][..count]);
        let mut done = 0;
        for ((key_begins, key_level), (value_begins, value_level)) in key_levels.zip(value_levels) {
            if key_begins != value_begins {
                return Err(disagree());
            }
            if *key_begins == 0 {
                if *begun > 0 {
                    ends.push(pairs.len());
                }
                if *begun == rows {
                    break;
                }
                *begun += 1;
            } else if *begun == 0 {
                return Err(disagree());
            }
            let (has_key, has_value) = (*key_level == keys.present, *value_level == values.present);
            if has_key
                && has_value
                && let (Some(&key), Some(&value)) = (keys.found.get(keys.taken), values.found.get(values.taken))
                && value != Sym::NONE
            {
                pairs.push((key, value));
            }
            keys.taken += usize::from(has_key);
            values.taken += usize::from(has_value);
            done += 1;
        }
        keys.at += done;
        values.at += done;
        Ok(done < count)
    }
}

fn disagree() -> Error {
    Error::new("is corrupt: the keys and values of its maps do not belong together")
}
