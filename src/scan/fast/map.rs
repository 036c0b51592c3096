//! A map column: its keys and its values are two leaves with the same repetition, decoded together, a chunk of equal length of each at a
//! time.
//!
//! An entry has two codes, that of its key and that of its value, 0 where there is none. A row that lies whole in a chunk is known by its
//! codes if one like it was seen. One that goes on behind the chunk is put together text by text.

use super::{
    super::{
        lines::Coded,
        tags::{RowSets, SeenRows, SeenWords, TagSets, TagsId, is_told},
    },
    chunk::{Next, Pages, surplus},
    column::{Values, dictionary, spread},
    rle::Rle,
    values::{Home, Physical, ToText},
};
use crate::{
    bits::ones,
    error::{Error, Result},
    names::Sym,
};
use std::ops::Range;

/// Entries that are decoded at a time, whatever a page says it holds.
const CHUNK: usize = 4096;

/// A map from text to text.
pub(super) struct Map {
    keys: Leaf,
    values: Leaf,
    rows: Rows,
    /// How many entries (or empty rows) the chunks of both leaves have, and where rows begin among them.
    entries: usize,
    starts: Vec<u32>,
    /// Which of these is the next to be read.
    next: usize,
    /// What was read of a row that went on behind its chunk, if one did.
    open: Option<Vec<(Sym, Sym)>>,
}

/// The sets of rows, by what was seen of them.
struct Rows {
    sets: RowSets,
    /// By the codes of their entries, which mean the same in the whole row group.
    coded: SeenRows,
    /// Likewise where these fit into a word.
    short: SeenWords,
    /// Of the chunk: the codes of each entry in a word; none at all where they mean nothing in the next chunk.
    pairs: Vec<u64>,
    /// Room for the texts of a row.
    row: Vec<(Sym, Sym)>,
}

/// One leaf of the map.
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
    /// Of the chunk: which entries go on with a row, a bit each; which there are; their codes.
    repetition: Vec<u64>,
    there: There,
    found: Coded<Sym>,
    levels: Vec<u32>,
    known_levels: bool,
}

/// Which entries of a chunk there are, else a row is empty.
#[derive(PartialEq, Eq)]
enum There {
    All,
    Some(Vec<u64>),
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
            repetition: Vec::new(),
            there: There::All,
            found: Coded::nothing(Sym::NONE),
            levels: Vec::new(),
            known_levels: true,
        }
    }

    /// How many entries are left in the current page; loads the next one where that is none. None behind the last page, or where its
    /// levels cannot be read.
    fn left(&mut self, home: &mut Home<'_>) -> Result<usize> {
        loop {
            let left = self.page.as_ref().map_or(0, |page| page.left);
            if left > 0 {
                return Ok(left);
            }
            // Its memory is for the next one.
            self.page = None;
            if !self.next_page(home)? {
                return Ok(0);
            }
        }
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

    /// Decodes the next entries of the page, of which so many are left.
    fn decode(&mut self, count: usize, home: &mut Home<'_>) -> Result<()> {
        let Some(page) = &mut self.page else { return Ok(()) };
        page.left -= count;
        page.repetition.bits(count, &mut self.repetition)?;
        self.found.next_batch();
        // Most chunks are one run: all maps are filled.
        if page.definition.run()?.is_some_and(|(level, left)| level == self.present && left >= count) {
            page.definition.pass(count);
            self.there = There::All;
            return page.values.read(count, &mut self.text, Physical::Text, &mut self.found, home);
        }
        self.levels.resize(count, 0);
        page.definition.fill(&mut self.levels)?;
        if self.levels.iter().any(|level| *level > self.present) {
            return Err(Error::new("is corrupt: a level beyond the greatest that its maps have"));
        }
        let from = |least| {
            let word =
                |levels: &[u32]| levels.iter().rev().fold(0, |word, level| word << 1 | u64::from(*level >= least));
            self.levels.chunks(64).map(word).collect::<Vec<u64>>()
        };
        let (there, present) = (from(self.entry), from(self.present));
        let filled = present.iter().map(|word| word.count_ones() as usize).sum();
        page.values.read(filled, &mut self.text, Physical::Text, &mut self.found, home)?;
        self.found.codes.resize(count, 0);
        spread(&mut self.found.codes, filled, &present);
        let all = self.levels.iter().all(|level| *level >= self.entry);
        self.there = if all { There::All } else { There::Some(there) };
        Ok(())
    }
}

impl Leaf {
    /// Passes over so many rows, of whole pages no more than where rows begin: somebody else reads them.
    fn pass(&mut self, rows: usize, home: &mut Home<'_>) -> Result<()> {
        let mut left = rows;
        loop {
            let entries = self.left(home)?;
            let Some(page) = self.page.as_mut().filter(|_| entries > 0) else { break };
            match entries_of(left, entries, page.repetition.clone())? {
                Passed::Rows(passed) => {
                    left -= passed;
                    page.left = 0;
                }
                Passed::Entries(mut entries) => {
                    while entries > 0 {
                        let count = entries.min(CHUNK);
                        self.decode(count, home)?;
                        entries -= count;
                    }
                    return Ok(());
                }
            }
        }
        if left > 0 { Err(Error::new("is corrupt: it has fewer maps than the row group has rows")) } else { Ok(()) }
    }
}

/// How far rows go.
enum Passed {
    /// As far as the page or farther: so many of them begin in it.
    Rows(usize),
    /// Over so many of its entries.
    Entries(usize),
}

/// How many entries some rows have in front of the next one, of `entries` whose repetition levels are these.
fn entries_of(rows: usize, entries: usize, mut repetition: Rle) -> Result<Passed> {
    let (mut begun, mut words) = (0, Vec::new());
    for first in (0..entries).step_by(CHUNK) {
        let count = CHUNK.min(entries - first);
        let begin = count - repetition.bits(count, &mut words)?;
        if begun + begin > rows {
            let mut starts = words
                .iter()
                .zip((first..).step_by(64))
                .flat_map(|(word, first)| ones(!word).map(move |bit| first + bit as usize));
            return Ok(Passed::Entries(starts.nth(rows - begun).unwrap_or(entries)));
        }
        begun += begin;
    }
    Ok(Passed::Rows(begun))
}

impl Map {
    /// A map of two leaves; its keys get a prefix.
    pub(super) fn new(keys: Leaf, values: Leaf, prefix: &'static str) -> Self {
        let rows = Rows {
            sets: RowSets::new(prefix),
            coded: SeenRows::default(),
            short: SeenWords::default(),
            pairs: Vec::new(),
            row: Vec::new(),
        };
        Self { keys, values, rows, entries: 0, starts: Vec::new(), next: 0, open: None }
    }

    /// Loads the first pages; says whether their levels can be read here.
    pub(super) fn start(&mut self, home: &mut Home<'_>) -> Result<bool> {
        self.keys.left(home)?;
        self.values.left(home)?;
        Ok(self.keys.known_levels && self.values.known_levels)
    }

    /// Checks that all maps were read.
    ///
    /// # Errors
    /// When there are more, or what follows is no page.
    pub(super) fn finish(&mut self, home: &mut Home<'_>) -> Result<()> {
        let (keys, values) = (self.keys.left(home)?, self.values.left(home)?);
        if self.next < self.starts.len() || keys + values > 0 { Err(surplus()) } else { Ok(()) }
    }

    /// Passes over rows before the first is read, of which little is looked at.
    ///
    /// # Errors
    /// A corrupt page, or fewer rows than that.
    pub(super) fn pass(&mut self, rows: usize, home: &mut Home<'_>) -> Result<()> {
        self.keys.pass(rows, home)?;
        self.values.pass(rows, home)
    }

    /// The sets of the next `rows` rows. Entries without a key or a value are left out.
    ///
    /// # Errors
    /// A corrupt page, leaves that disagree, or fewer rows than the row group has.
    pub(super) fn read(&mut self, rows: usize, home: &mut Home<'_>, tags: &mut TagSets) -> Result<Vec<TagsId>> {
        let mut sets = Vec::with_capacity(rows);
        loop {
            self.whole_rows(rows - sets.len(), &mut sets, home, tags);
            if sets.len() == rows {
                return Ok(sets);
            }
            if let Some(start) = self.starts.get(self.next) {
                self.open = Some(self.texts(*start as usize..self.entries).collect());
                self.next += 1;
            }
            let more = self.next_chunk(home)?;
            let first = self.starts.first().map_or(self.entries, |start| *start as usize);
            if more && first > 0 {
                let mut row = self.open.take().ok_or_else(disagree)?;
                row.extend(self.texts(0..first));
                self.open = Some(row);
            }
            // A row ends where another one begins, or behind everything.
            if (!more || first < self.entries)
                && let Some(row) = self.open.take()
            {
                sets.push(self.rows.sets.number(&row, home.names, tags));
            } else if !more {
                return Err(Error::new("is corrupt: it has fewer maps than the row group has rows"));
            }
        }
    }

    /// Loads as many entries of both leaves; whether there are any.
    fn next_chunk(&mut self, home: &mut Home<'_>) -> Result<bool> {
        self.starts.clear();
        (self.entries, self.next) = (0, 0);
        let (keys, values) = (self.keys.left(home)?, self.values.left(home)?);
        let count = keys.min(values).min(CHUNK);
        if count == 0 {
            return if keys == values { Ok(false) } else { Err(disagree()) };
        }
        self.keys.decode(count, home)?;
        self.values.decode(count, home)?;
        if self.keys.repetition != self.values.repetition || self.keys.there != self.values.there {
            return Err(disagree());
        }
        self.entries = count;
        self.rows.begin(&self.keys.found, &self.values.found);
        let end = u32::try_from(count).unwrap_or(u32::MAX);
        for (goes_on, first) in self.keys.repetition.iter().zip((0..end).step_by(64)) {
            let there = (end - first).min(64);
            if *goes_on == 0 {
                self.starts.extend(first..first + there);
            } else {
                self.starts.extend(ones(!goes_on & u64::MAX >> (64 - there)).map(|bit| first + bit));
            }
        }
        Ok(true)
    }

    /// The sets of the next rows that lie whole in the chunk, as many as are wanted.
    fn whole_rows(&mut self, wanted: usize, sets: &mut Vec<TagsId>, home: &mut Home<'_>, tags: &mut TagSets) {
        let (keys, values) = (&self.keys.found, &self.values.found);
        let last = self.starts.len().saturating_sub(1).min(self.next.saturating_add(wanted));
        for ends in self.starts.get(self.next..=last).unwrap_or_default().windows(2) {
            let row = ends[0] as usize..ends[1] as usize;
            sets.push(self.rows.number(keys, values, row, home, tags));
        }
        self.next = self.next.max(last);
    }

    /// What some entries of the chunk say.
    fn texts(&self, entries: Range<usize>) -> impl Iterator<Item = (Sym, Sym)> {
        texts(&self.keys.found, &self.values.found, entries)
    }
}

impl Rows {
    /// Puts the codes of each entry of a chunk into a word.
    fn begin(&mut self, keys: &Coded<Sym>, values: &Coded<Sym>) {
        self.pairs.clear();
        if !keys.is_fresh() && !values.is_fresh() {
            let counts = (keys.values.len(), values.values.len());
            self.short.pairs((&keys.codes, &values.codes), counts, &mut self.pairs);
        }
    }

    /// The set of a row that lies whole in a chunk.
    #[inline]
    fn number(
        &mut self,
        keys: &Coded<Sym>,
        values: &Coded<Sym>,
        row: Range<usize>,
        home: &mut Home<'_>,
        tags: &mut TagSets,
    ) -> TagsId {
        let codes = || keys.codes[row.clone()].iter().copied().zip(values.codes[row.clone()].iter().copied());
        let mut new = || {
            self.row.clear();
            self.row.extend(texts(keys, values, row.clone()));
            self.sets.number(&self.row, home.names, tags)
        };
        if self.pairs.is_empty() {
            return new();
        }
        match self.short.word(&self.pairs[row.clone()]) {
            Some(word) => self.short.find(word, new),
            None => self.coded.find(codes()).unwrap_or_else(|slot| {
                let set = new();
                self.coded.keep(codes(), slot, set);
                set
            }),
        }
    }
}

/// What some entries say, by their codes.
fn texts(keys: &Coded<Sym>, values: &Coded<Sym>, entries: Range<usize>) -> impl Iterator<Item = (Sym, Sym)> {
    entries.map(|at| (keys.get(at), values.get(at))).filter(is_told)
}

fn disagree() -> Error {
    Error::new("is corrupt: the keys and values of its maps do not belong together")
}
