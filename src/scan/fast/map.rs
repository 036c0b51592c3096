//! A map column: its keys and its values are two leaves with the same repetition, decoded together.

use super::{
    super::{
        lines::Coded,
        tags::{RowSets, TagSets, TagsId},
    },
    chunk::{Next, Pages},
    column::{Values, dictionary},
    rle::Rle,
    values::{Home, Physical, ToText},
};
use crate::{
    error::{Error, Result},
    names::Sym,
};

/// Entries of a leaf that are decoded at a time, whatever a page says it holds.
const CHUNK: usize = 4096;

/// A map from text to text.
pub(super) struct Map {
    keys: Leaf,
    values: Leaf,
    sets: RowSets,
    row: Vec<(Sym, Sym)>,
}

/// One leaf of the map, a chunk of a page at a time.
pub(super) struct Leaf {
    pages: Pages,
    /// The level at which an entry is there, and for the values leaf the one at which its value is.
    present: u32,
    widths: (u32, u32),
    text: ToText,
    page: Option<Current>,
    /// The levels of the chunk, and the texts of its entries that are present.
    repetition: Vec<u32>,
    definition: Vec<u32>,
    found: Coded<Sym>,
    at: usize,
    taken: usize,
    known_levels: bool,
}

/// What is left of the current page.
struct Current {
    left: usize,
    repetition: Rle,
    definition: Rle,
    values: Values,
}

impl Leaf {
    /// A leaf with its greatest definition level and greatest repetition level.
    pub(super) fn new(pages: Pages, max_definition: u32, max_repetition: u32) -> Self {
        let width = |max: u32| u32::BITS - max.leading_zeros();
        Self {
            pages,
            present: max_definition,
            widths: (width(max_repetition), width(max_definition)),
            text: ToText::default(),
            page: None,
            repetition: Vec::new(),
            definition: Vec::new(),
            found: Coded::nothing(Sym::NONE),
            at: 0,
            taken: 0,
            known_levels: true,
        }
    }

    /// Loads the first chunk; says whether its levels can be read here.
    fn start(&mut self, home: &mut Home<'_>) -> Result<bool> {
        self.ready(home)?;
        Ok(self.known_levels)
    }

    /// Whether there is another entry (or empty row); loads the chunk that holds it.
    fn ready(&mut self, home: &mut Home<'_>) -> Result<bool> {
        while self.at >= self.repetition.len() {
            match &mut self.page {
                Some(page) if page.left > 0 => self.next_chunk(home)?,
                _ => {
                    if !self.next_page(home)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Loads the next page; whether there is one whose levels can be read.
    fn next_page(&mut self, home: &mut Home<'_>) -> Result<bool> {
        match self.pages.next()? {
            None => return Ok(false),
            Some(Next::Dictionary(bytes, count)) => {
                dictionary(&bytes, count, Physical::Text, &mut self.text, &mut self.found, home)?;
            }
            Some(Next::Data(page)) => {
                self.known_levels = page.known_levels;
                if !self.known_levels {
                    return Ok(false);
                }
                let (repetition, definition) = self.widths;
                self.page = Some(Current {
                    left: page.values,
                    repetition: Rle::new(page.repetition.clone(), repetition)?,
                    definition: Rle::new(page.definition.clone(), definition)?,
                    values: Values::of(&page)?,
                });
            }
        }
        Ok(true)
    }

    fn next_chunk(&mut self, home: &mut Home<'_>) -> Result<()> {
        let Some(page) = &mut self.page else { return Ok(()) };
        let count = page.left.min(CHUNK);
        page.left -= count;
        self.repetition.resize(count, 0);
        self.definition.resize(count, 0);
        page.repetition.fill(&mut self.repetition)?;
        page.definition.fill(&mut self.definition)?;
        let present = self.definition.iter().filter(|level| **level == self.present).count();
        self.found.next_batch();
        page.values.read(present, &mut self.text, Physical::Text, &mut self.found, home)?;
        (self.at, self.taken) = (0, 0);
        Ok(())
    }

    /// The text of the next entry that is present.
    #[inline]
    fn take(&mut self) -> Sym {
        let code = self.found.codes[self.taken];
        self.taken += 1;
        self.found.values[code as usize]
    }
}

impl Map {
    /// A map of two leaves; its keys get a prefix.
    pub(super) fn new(keys: Leaf, values: Leaf, prefix: &'static str) -> Self {
        Self { keys, values, sets: RowSets::new(prefix), row: Vec::new() }
    }

    /// Loads the first chunks; says whether their levels can be read here.
    pub(super) fn start(&mut self, home: &mut Home<'_>) -> Result<bool> {
        Ok(self.keys.start(home)? && self.values.start(home)?)
    }

    /// The sets of the next `rows` rows. Entries without a value are left out.
    ///
    /// # Errors
    /// A corrupt page, leaves that disagree, or fewer rows than the row group has.
    pub(super) fn read(&mut self, rows: usize, home: &mut Home<'_>, tags: &mut TagSets) -> Result<Vec<TagsId>> {
        let mut out = Vec::with_capacity(rows);
        let mut begun = 0;
        while self.keys.ready(home)? && self.values.ready(home)? {
            if self.read_chunks(rows, &mut begun, &mut out, home, tags)? {
                return Ok(out);
            }
        }
        if begun != rows {
            return Err(Error::new("is corrupt: it has fewer maps than the row group has rows"));
        }
        self.end_row(&mut out, home, tags);
        Ok(out)
    }

    /// Reads entries while both leaves have some in their chunks; whether the row behind the last one wanted was reached.
    fn read_chunks(
        &mut self,
        rows: usize,
        begun: &mut usize,
        out: &mut Vec<TagsId>,
        home: &mut Home<'_>,
        tags: &mut TagSets,
    ) -> Result<bool> {
        while self.keys.at < self.keys.repetition.len() && self.values.at < self.values.repetition.len() {
            let (keys, values) = (&mut self.keys, &mut self.values);
            let begins = keys.repetition[keys.at] == 0;
            if begins != (values.repetition[values.at] == 0) || !begins && *begun == 0 {
                return Err(disagree());
            }
            if begins {
                if *begun > 0 {
                    self.end_row(out, home, tags);
                }
                if *begun == rows {
                    return Ok(true);
                }
                *begun += 1;
            }
            let (keys, values) = (&mut self.keys, &mut self.values);
            let key = (keys.definition[keys.at] == keys.present).then(|| keys.take());
            let value = (values.definition[values.at] == values.present).then(|| values.take());
            if let (Some(key), Some(value)) = (key, value)
                && value != Sym::NONE
            {
                self.row.push((key, value));
            }
            keys.at += 1;
            values.at += 1;
        }
        Ok(false)
    }

    fn end_row(&mut self, out: &mut Vec<TagsId>, home: &mut Home<'_>, tags: &mut TagSets) {
        out.push(self.sets.number(&self.row, home.names, tags));
        self.row.clear();
    }
}

fn disagree() -> Error {
    Error::new("is corrupt: the keys and values of its maps do not belong together")
}
