//! A map column: its keys and its values are two leaves with the same repetition, decoded together.
//!
//! A row that lies whole in the chunks of both leaves, all its entries present, is known by its codes if one like it was seen. Any other
//! row is put together entry by entry.

use super::{
    super::{
        lines::Coded,
        tags::{RowSets, SeenRows, TagSets, TagsId, is_told},
    },
    chunk::{Next, Pages, changed_levels, surplus},
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
    /// Rows by the codes of their entries, which mean the same in the whole row group.
    coded: SeenRows,
    row: Vec<(Sym, Sym)>,
    /// Whether the entries of `row` are those of a row that is not ended.
    open: bool,
}

/// The rows that are wanted, and the sets of those that were read.
struct Wanted {
    rows: usize,
    begun: usize,
    sets: Vec<TagsId>,
}

/// One leaf of the map, a chunk of a page at a time.
pub(super) struct Leaf {
    pages: Pages,
    /// The level at which an entry is there, and for the values leaf the one at which its value is.
    present: u32,
    /// The level from which on there is an entry at all.
    entry: u32,
    /// Bits of a definition level.
    width: u32,
    text: ToText,
    page: Option<Current>,
    /// How many entries (or empty rows) the chunk has; their levels, of repetition a bit each; which are present, likewise; the texts
    /// of those.
    entries: usize,
    repetition: Vec<u64>,
    definition: Vec<u32>,
    is_present: Vec<u64>,
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
    /// A leaf with its greatest definition level, which an entry without a text does not reach if the leaf is optional.
    pub(super) fn new(pages: Pages, max_definition: u32, optional: bool) -> Self {
        Self {
            pages,
            present: max_definition,
            entry: max_definition - u32::from(optional),
            width: u32::BITS - max_definition.leading_zeros(),
            text: ToText::default(),
            page: None,
            entries: 0,
            repetition: Vec::new(),
            definition: Vec::new(),
            is_present: Vec::new(),
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
        while self.at >= self.entries {
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
                if !page.known_levels && self.page.is_some() {
                    return Err(changed_levels());
                }
                self.known_levels = page.known_levels;
                if !self.known_levels {
                    return Ok(false);
                }
                self.page = Some(Current {
                    left: page.values,
                    repetition: Rle::new(page.repetition.clone(), 1)?,
                    definition: Rle::new(page.definition.clone().unwrap_or_default(), self.width)?,
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
        page.repetition.bits(count, &mut self.repetition)?;
        let whole = page.definition.run()?.filter(|(_, left)| *left >= count);
        self.definition.resize(count, 0);
        page.definition.fill(&mut self.definition)?;
        self.is_present.clear();
        match whole {
            // Most chunks are one run: all maps are filled.
            Some((level, _)) if level == self.present => {
                self.is_present.resize(count.div_ceil(64), u64::MAX);
                if let Some(last) = self.is_present.last_mut() {
                    *last >>= (64 - count % 64) % 64;
                }
            }
            _ => find_present(&self.definition, self.present, &mut self.is_present)?,
        }
        let present = self.is_present.iter().map(|word| word.count_ones() as usize).sum();
        self.found.next_batch();
        page.values.read(present, &mut self.text, Physical::Text, &mut self.found, home)?;
        (self.entries, self.at, self.taken) = (count, 0, 0);
        Ok(())
    }

    /// How many entries are left in the chunk.
    #[inline]
    fn left(&self) -> usize {
        self.entries - self.at
    }

    /// Whether the next entry begins a row.
    #[inline]
    fn begins(&self) -> bool {
        bits_at(&self.repetition, self.at) & 1 == 0
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
        let (sets, coded) = (RowSets::new(prefix), SeenRows::default());
        Self { keys, values, sets, coded, row: Vec::new(), open: false }
    }

    /// Loads the first chunks; says whether their levels can be read here.
    pub(super) fn start(&mut self, home: &mut Home<'_>) -> Result<bool> {
        Ok(self.keys.start(home)? && self.values.start(home)?)
    }

    /// Checks that all maps were read.
    ///
    /// # Errors
    /// When there are more, or what follows is no page.
    pub(super) fn finish(&mut self, home: &mut Home<'_>) -> Result<()> {
        let (keys, values) = (self.keys.ready(home)?, self.values.ready(home)?);
        if keys || values { Err(surplus()) } else { Ok(()) }
    }

    /// The sets of the next `rows` rows. Entries without a key or a value are left out.
    ///
    /// # Errors
    /// A corrupt page, leaves that disagree, or fewer rows than the row group has.
    pub(super) fn read(&mut self, rows: usize, home: &mut Home<'_>, tags: &mut TagSets) -> Result<Vec<TagsId>> {
        let mut wanted = Wanted { rows, begun: 0, sets: Vec::with_capacity(rows) };
        while self.keys.ready(home)? && self.values.ready(home)? {
            if self.read_chunks(&mut wanted, home, tags)? {
                return Ok(wanted.sets);
            }
        }
        if wanted.begun != rows {
            return Err(Error::new("is corrupt: it has fewer maps than the row group has rows"));
        }
        self.end_row(&mut wanted, home, tags);
        Ok(wanted.sets)
    }

    /// Reads entries while both leaves have some in their chunks; whether the row behind the last one wanted was reached.
    fn read_chunks(&mut self, wanted: &mut Wanted, home: &mut Home<'_>, tags: &mut TagSets) -> Result<bool> {
        while self.keys.left() > 0 && self.values.left() > 0 {
            let begins = self.keys.begins();
            if begins != self.values.begins() || !begins && wanted.begun == 0 {
                return Err(disagree());
            }
            if begins {
                self.end_row(wanted, home, tags);
                if wanted.begun == wanted.rows {
                    return Ok(true);
                }
                wanted.begun += 1;
                if let Some(set) = self.whole_row(home, tags) {
                    wanted.sets.push(set);
                    continue;
                }
                self.open = true;
            }
            self.entry()?;
        }
        Ok(false)
    }

    /// Takes an entry into the row.
    fn entry(&mut self) -> Result<()> {
        let (keys, values) = (&mut self.keys, &mut self.values);
        if (keys.definition[keys.at] >= keys.entry) != (values.definition[values.at] >= values.entry) {
            return Err(disagree());
        }
        let key = (keys.definition[keys.at] == keys.present).then(|| keys.take());
        let value = (values.definition[values.at] == values.present).then(|| values.take());
        if let (Some(key), Some(value)) = (key, value)
            && is_told(&(key, value))
        {
            self.row.push((key, value));
        }
        keys.at += 1;
        values.at += 1;
        Ok(())
    }

    /// The set of the row that begins here, which is then passed over; `None` if it has to be read entry by entry.
    #[inline]
    fn whole_row(&mut self, home: &mut Home<'_>, tags: &mut TagSets) -> Option<TagsId> {
        let (keys, values) = (&mut self.keys, &mut self.values);
        let more = bits_at(&keys.repetition, keys.at + 1);
        let length = 1 + more.trailing_ones() as usize;
        // The end of the row has to be in sight, in both leaves.
        if length >= keys.left().min(values.left()).min(64) {
            return None;
        }
        let mask = u64::MAX >> (64 - length);
        if (more ^ bits_at(&values.repetition, values.at + 1)) & mask != 0 {
            return None;
        }
        let present = bits_at(&keys.is_present, keys.at) & bits_at(&values.is_present, values.at) & mask;
        if present != mask {
            let empty = keys.definition[keys.at] < keys.entry && values.definition[values.at] < values.entry;
            if !(empty && length == 1) {
                return None;
            }
            keys.at += 1;
            values.at += 1;
            return Some(TagsId::default());
        }
        if keys.found.is_fresh() || values.found.is_fresh() {
            return None;
        }
        let key_codes = &keys.found.codes[keys.taken..keys.taken + length];
        let value_codes = &values.found.codes[values.taken..values.taken + length];
        let codes = key_codes.iter().copied().zip(value_codes.iter().copied());
        let set = self.coded.find(codes.clone()).unwrap_or_else(|slot| {
            let text = |(key, value)| (keys.found.values[key as usize], values.found.values[value as usize]);
            let row: Vec<(Sym, Sym)> = codes.clone().map(text).filter(is_told).collect();
            let set = self.sets.number(&row, home.names, tags);
            self.coded.keep(codes, slot, set);
            set
        });
        for leaf in [keys, values] {
            leaf.at += length;
            leaf.taken += length;
        }
        Some(set)
    }

    /// Ends the row that is open.
    fn end_row(&mut self, wanted: &mut Wanted, home: &mut Home<'_>, tags: &mut TagSets) {
        if std::mem::take(&mut self.open) {
            wanted.sets.push(self.sets.number(&self.row, home.names, tags));
            self.row.clear();
        }
    }
}

/// Finds out which entries are present by their levels.
fn find_present(levels: &[u32], present: u32, out: &mut Vec<u64>) -> Result<()> {
    if levels.iter().any(|level| *level > present) {
        return Err(Error::new("is corrupt: a level beyond the greatest that its maps have"));
    }
    let word = |levels: &[u32]| levels.iter().rev().fold(0, |word, level| word << 1 | u64::from(*level == present));
    out.extend(levels.chunks(64).map(word));
    Ok(())
}

/// The 64 bits from one on, zeros behind the last.
#[inline]
fn bits_at(words: &[u64], at: usize) -> u64 {
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let low = word(at / 64) >> (at % 64);
    if at.is_multiple_of(64) { low } else { low | word(at / 64 + 1) << (64 - at % 64) }
}

fn disagree() -> Error {
    Error::new("is corrupt: the keys and values of its maps do not belong together")
}
