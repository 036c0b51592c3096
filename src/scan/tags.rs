//! Sets of tags and cost categories: interned, and the sets of the rows of a batch.

use super::{
    classes::Packer,
    lines::Coded,
    numbers::{Numbers, slot_of},
};
use crate::names::{Names, Sym};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The number of a set of tags; 0 is the empty set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TagsId(pub u32);

/// The prefix that sets cost categories apart from tags among the keys.
pub const CATEGORY: &str = "cost_category:";

/// Distinct sets of tags, numbered in the order of first sight.
#[derive(Debug, Clone)]
pub struct TagSets {
    pairs: Vec<(Sym, Sym)>,
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: FixedState,
}

impl Default for TagSets {
    fn default() -> Self {
        let mut sets =
            Self { pairs: Vec::new(), ends: Vec::new(), table: HashTable::new(), hasher: FixedState::with_seed(11) };
        sets.intern(&[]);
        sets
    }
}

impl TagSets {
    /// The number of a set, given as (key, value) pairs sorted by key.
    pub fn intern(&mut self, set: &[(Sym, Sym)]) -> TagsId {
        let hash = self.hasher.hash_one(set);
        if let Some(&found) = self.table.find(hash, |&id| pairs(&self.pairs, &self.ends, id) == set) {
            return TagsId(found);
        }
        let id = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.pairs.extend_from_slice(set);
        self.ends.push(self.pairs.len());
        let (all, ends, hasher) = (&self.pairs, &self.ends, &self.hasher);
        self.table.insert_unique(hash, id, |&id| hasher.hash_one(pairs(all, ends, id)));
        TagsId(id)
    }

    /// The number of a set, given as (key, value) pairs in any order and perhaps twice.
    pub(crate) fn intern_unsorted(&mut self, mut set: Vec<(Sym, Sym)>) -> TagsId {
        set.sort_unstable();
        set.dedup();
        self.intern(&set)
    }

    /// The pairs of a set.
    #[must_use]
    pub fn get(&self, id: TagsId) -> &[(Sym, Sym)] {
        if (id.0 as usize) < self.ends.len() { pairs(&self.pairs, &self.ends, id.0) } else { &[] }
    }

    /// How many sets there are, the empty one included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }
}

fn pairs<'a>(all: &'a [(Sym, Sym)], ends: &[usize], id: u32) -> &'a [(Sym, Sym)] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] };
    &all[start..ends[id]]
}

/// A set of tags as (key, value) pairs.
type Pairs = [(Sym, Sym)];

/// Whether an entry of a map says something: it has a key and a value.
#[inline]
pub(super) fn is_told((key, value): &(Sym, Sym)) -> bool {
    *key != Sym::NONE && *value != Sym::NONE
}

/// The sets of a map column's rows. A row that repeats an earlier one is found by its raw pairs, without sorting them.
pub(super) struct RowSets {
    prefix: &'static str,
    seen: SeenRows,
}

impl RowSets {
    /// Sets whose keys begin with a prefix.
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { prefix, seen: SeenRows::default() }
    }

    /// The set of a row.
    #[inline]
    pub(super) fn number(&mut self, row: &Pairs, names: &mut Names, tags: &mut TagSets) -> TagsId {
        let numbers = row.iter().map(|(key, value)| (key.0, value.0));
        self.seen.find(numbers.clone()).unwrap_or_else(|slot| {
            let set = intern(self.prefix, row, names, tags);
            self.seen.keep(numbers, slot, set);
            set
        })
    }
}

#[cold]
fn intern(prefix: &str, row: &Pairs, names: &mut Names, tags: &mut TagSets) -> TagsId {
    let mut set = row.to_vec();
    if !prefix.is_empty() {
        for (key, _) in &mut set {
            let full = format!("{prefix}{}", names.get(*key));
            *key = names.intern(&full);
        }
    }
    tags.intern_unsorted(set)
}

/// Rows that were seen lately, each as pairs of numbers, with their sets.
pub(super) struct SeenRows {
    /// By a mix of a row's pairs: where the pairs of an earlier row with that mix lie in `pairs`, and its set.
    cache: Vec<(std::ops::Range<usize>, TagsId)>,
    pairs: Vec<(u32, u32)>,
}

/// More than the distinct sets of most bills; further ones are interned again.
const CACHED_SETS: usize = 1024;
/// So many pairs are remembered; then the cache begins anew.
const SEEN_PAIRS: usize = 1 << 16;

impl Default for SeenRows {
    fn default() -> Self {
        Self { cache: vec![(0..0, TagsId::default()); CACHED_SETS], pairs: Vec::new() }
    }
}

impl SeenRows {
    /// The set of a row that was seen lately, or else the slot where it is to be kept.
    #[inline]
    pub(super) fn find(&self, row: impl ExactSizeIterator<Item = (u32, u32)> + Clone) -> Result<TagsId, usize> {
        let mix = row.clone().fold(0u64, |mix, (key, value)| {
            let pair = u64::from(key) << 32 | u64::from(value);
            (mix.rotate_left(29) ^ pair).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        let slot = usize::try_from(mix >> 40).unwrap_or_default() % CACHED_SETS;
        let (pairs, set) = &self.cache[slot];
        let pairs = &self.pairs[pairs.clone()];
        let same = pairs.len() == row.len() && pairs.iter().zip(row).all(|(a, b)| *a == b);
        if same { Ok(*set) } else { Err(slot) }
    }

    /// Keeps the set of a row in its slot.
    pub(super) fn keep(&mut self, row: impl Iterator<Item = (u32, u32)>, slot: usize, set: TagsId) {
        if self.pairs.len() > SEEN_PAIRS {
            *self = Self::default();
        }
        let start = self.pairs.len();
        self.pairs.extend(row);
        self.cache[slot] = (start..self.pairs.len(), set);
    }
}

/// Rows that were seen lately, each as one word into which the codes of its pairs fit, with their sets.
pub(super) struct SeenWords {
    /// By a mix of its bits a word, 0 for none, and its set.
    cache: Vec<(u64, TagsId)>,
    /// Bits of a key's code and of a value's, and the least numbers that need more.
    bits: (u32, u32),
    limits: (usize, usize),
    /// So many entries fit into a word.
    most: usize,
}

impl Default for SeenWords {
    fn default() -> Self {
        Self { cache: vec![(0, TagsId::default()); CACHED_SETS], bits: (0, 0), limits: (0, 0), most: 0 }
    }
}

impl SeenWords {
    /// Sets `out` to the codes of each entry in a word, of so many keys and values that there are.
    pub(super) fn pairs(&mut self, codes: (&[u32], &[u32]), (keys, values): (usize, usize), out: &mut Vec<u64>) {
        if keys >= self.limits.0 || values >= self.limits.1 {
            self.make_room(keys, values);
        }
        let of_value = self.bits.1;
        out.clear();
        let pair = |(key, value): (&u32, &u32)| u64::from(*key).wrapping_shl(of_value) | u64::from(*value);
        out.extend(codes.0.iter().zip(codes.1).map(pair));
    }

    /// The words of a row's entries in one, which no other row has; `None` if they do not fit.
    #[inline]
    pub(super) fn word(&self, row: &[u64]) -> Option<u64> {
        // The 1 in front tells rows of different length apart.
        let each = self.bits.0 + self.bits.1;
        (row.len() <= self.most).then(|| row.iter().fold(1u64, |word, pair| word.wrapping_shl(each) | pair))
    }

    /// Begins anew, with more bits.
    #[cold]
    fn make_room(&mut self, keys: usize, values: usize) {
        let bits = |count: usize| usize::BITS - count.leading_zeros();
        let (keys, values) = (bits(keys), bits(values));
        let most = (63 / (keys + values).max(1)) as usize;
        *self = Self { bits: (keys, values), limits: (1 << keys, 1 << values), most, ..Self::default() };
    }

    /// The set of a word, which `new` tells if it was not seen lately.
    #[inline]
    pub(super) fn find(&mut self, word: u64, new: impl FnOnce() -> TagsId) -> TagsId {
        let slot = slot_of(word, CACHED_SETS);
        let (seen, set) = &mut self.cache[slot];
        if *seen != word {
            (*seen, *set) = (word, new());
        }
        *set
    }
}

/// Joins what the label columns of a batch say into one set a row.
#[derive(Default)]
pub(super) struct Joiner {
    flat: Packer,
    unions: Numbers,
    sets: Vec<u32>,
}

impl Joiner {
    /// The set of each row: of columns with one key each, and of maps whose sets are told by row. None at all when there are none.
    pub(super) fn join(
        &mut self,
        rows: usize,
        flat: &[(Sym, Coded<Sym>)],
        maps: Vec<Vec<TagsId>>,
        tags: &mut TagSets,
    ) -> Vec<TagsId> {
        let mut joined: Option<Vec<TagsId>> = None;
        for sets in maps {
            joined = Some(match joined {
                None => sets,
                Some(first) => first.iter().zip(&sets).map(|(a, b)| self.union(*a, *b, tags)).collect(),
            });
        }
        if flat.is_empty() {
            return joined.unwrap_or_default();
        }
        let columns: Vec<&Coded<Sym>> = flat.iter().map(|(_, column)| column).collect();
        let set_of = |row| {
            let pairs =
                flat.iter().map(|(key, column)| (*key, column.get(row))).filter(|(_, value)| *value != Sym::NONE);
            tags.intern_unsorted(pairs.collect()).0
        };
        let mut sets = std::mem::take(&mut self.sets);
        self.flat.number(&columns, rows, &mut sets, set_of);
        let all = match joined {
            None => sets.iter().copied().map(TagsId).collect(),
            Some(maps) => maps.iter().zip(&sets).map(|(a, b)| self.union(*a, TagsId(*b), tags)).collect(),
        };
        self.sets = sets;
        all
    }

    fn union(&mut self, a: TagsId, b: TagsId, tags: &mut TagSets) -> TagsId {
        if b == TagsId::default() {
            return a;
        }
        TagsId(self.unions.get_or(u64::from(a.0) << 32 | u64::from(b.0), || {
            let both = tags.get(a).iter().chain(tags.get(b)).copied().collect();
            tags.intern_unsorted(both).0
        }))
    }
}
