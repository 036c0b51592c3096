//! Tags and cost categories of a batch, as columns or maps, become numbers of distinct sets.

use super::lines::{Dictionary, TagsId};
use crate::names::Sym;

/// The labels of a batch before they are made into sets.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) rows: usize,
    /// One column a key.
    pub(super) flat: Vec<(Sym, Vec<Sym>)>,
    pub(super) maps: Vec<Ragged>,
}

/// Any number of pairs a row.
pub(super) struct Ragged {
    pub(super) ends: Vec<usize>,
    pub(super) pairs: Vec<(Sym, Sym)>,
}

impl Pairs {
    /// Whether a row has the pairs of the row before it, in the same order.
    fn same_as_before(&self, row: usize) -> bool {
        let same = |map: &Ragged| {
            let (start, middle, end) = (if row == 1 { 0 } else { map.ends[row - 2] }, map.ends[row - 1], map.ends[row]);
            map.pairs[start..middle] == map.pairs[middle..end]
        };
        self.flat.iter().all(|(_, syms)| syms[row] == syms[row - 1]) && self.maps.iter().all(same)
    }

    /// The tag set of each row.
    pub(super) fn intern(mut self, dictionary: &mut Dictionary) -> Vec<TagsId> {
        self.flat.sort_by_key(|(key, _)| *key);
        let mut all = Vec::with_capacity(self.rows);
        let mut set: Vec<(Sym, Sym)> = Vec::new();
        let mut last: (Vec<(Sym, Sym)>, TagsId) = (Vec::new(), TagsId::default());
        for row in 0..self.rows {
            if row > 0 && self.same_as_before(row) {
                all.push(last.1);
                continue;
            }
            set.clear();
            set.extend(self.flat.iter().map(|(key, syms)| (*key, syms[row])).filter(|(_, value)| *value != Sym::NONE));
            for map in &self.maps {
                let start = if row == 0 { 0 } else { map.ends[row - 1] };
                set.extend(&map.pairs[start..map.ends[row]]);
            }
            if !self.maps.is_empty() {
                set.sort_unstable();
                set.dedup();
            }
            if set != last.0 {
                last = (set.clone(), dictionary.tags.intern(&set));
            }
            all.push(last.1);
        }
        all
    }
}
