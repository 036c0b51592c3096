//! Lines as columns of integers: what the decoder hands to a fold.

use super::columns::{Amount, Moment, Text};
use crate::{
    money::{Money, Quantity},
    names::{Names, Sym},
};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Stands for null among amounts and moments.
pub(crate) const NO_AMOUNT: i128 = i128::MIN;
pub(crate) const NO_MOMENT: i64 = i64::MIN;

/// A batch of lines; every column has one entry a line, or none at all when the part lacks it or all of them are null.
#[derive(Debug, Default)]
pub struct Lines {
    pub(crate) rows: usize,
    pub(crate) text: [Vec<Sym>; Text::COUNT],
    pub(crate) amount: [Vec<i128>; Amount::COUNT],
    pub(crate) moment: [Vec<i64>; Moment::COUNT],
    pub(crate) tags: Vec<TagsId>,
}

impl Lines {
    /// How many lines.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows that differ from the row before them in one of some columns of text; the first always does.
    pub(crate) fn changes(&self, columns: &[Text], changed: &mut Vec<bool>) {
        changed.clear();
        changed.resize(self.rows, false);
        if let Some(first) = changed.first_mut() {
            *first = true;
        }
        for column in columns {
            let syms = &self.text[*column as usize];
            for (changed, pair) in changed[1.min(self.rows)..].iter_mut().zip(syms.windows(2)) {
                *changed |= pair[0] != pair[1];
            }
        }
    }

    /// A text; `Sym::NONE` when null, empty or not in the export.
    #[must_use]
    pub fn text(&self, column: Text, row: usize) -> Sym {
        self.text[column as usize].get(row).copied().unwrap_or(Sym::NONE)
    }

    /// An amount of money; `None` when null or not in the export.
    #[must_use]
    pub fn money(&self, column: Amount, row: usize) -> Option<Money> {
        self.amount[column as usize].get(row).copied().filter(|&raw| raw != NO_AMOUNT).map(Money)
    }

    /// The amount of usage; none when null.
    #[must_use]
    pub fn usage(&self, row: usize) -> Quantity {
        let raw = self.amount[Amount::Usage as usize].get(row).copied().unwrap_or(0);
        Quantity(if raw == NO_AMOUNT { 0 } else { raw })
    }

    /// A moment in seconds since the epoch; `None` when null or not in the export.
    #[must_use]
    pub fn moment(&self, column: Moment, row: usize) -> Option<i64> {
        self.moment[column as usize].get(row).copied().filter(|&raw| raw != NO_MOMENT)
    }

    /// The line's set of tags and cost categories.
    #[must_use]
    pub fn tags(&self, row: usize) -> TagsId {
        self.tags.get(row).copied().unwrap_or_default()
    }
}

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

/// The interned strings and tag sets that a worker's lines refer to.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// The strings.
    pub names: Names,
    /// The sets of tags.
    pub tags: TagSets,
}
