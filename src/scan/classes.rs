//! Classes: lines that are alike in a few columns of text share a number, found by one look-up a line.

use super::{columns::Text, lines::Coded, numbers::Numbers};
use crate::names::Sym;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The columns that make a class.
pub const CLASS_COLUMNS: [Text; 14] = [
    Text::Payer,
    Text::Account,
    Text::Region,
    Text::Zone,
    Text::ProductCode,
    Text::UsageType,
    Text::Operation,
    Text::LineType,
    Text::InstanceType,
    Text::Engine,
    Text::Unit,
    Text::BillingEntity,
    Text::Currency,
    Text::Provider,
];

/// The texts of a class, in the order of `CLASS_COLUMNS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClassKey(pub [Sym; CLASS_COLUMNS.len()]);

impl ClassKey {
    /// The text of one of the columns; empty for a column that is none of them.
    #[must_use]
    pub fn text(&self, column: Text) -> Sym {
        let at = CLASS_COLUMNS.iter().position(|other| *other == column);
        at.map_or(Sym::NONE, |at| self.0[at])
    }
}

/// Distinct classes, numbered in the order of first sight.
#[derive(Debug, Clone)]
pub struct ClassTable {
    keys: Vec<ClassKey>,
    table: HashTable<u32>,
    hasher: FixedState,
}

impl Default for ClassTable {
    fn default() -> Self {
        Self { keys: Vec::new(), table: HashTable::new(), hasher: FixedState::with_seed(3) }
    }
}

impl ClassTable {
    /// The number of a class, new if it has none yet.
    pub fn intern(&mut self, key: ClassKey) -> u32 {
        let hash = self.hasher.hash_one(key);
        if let Some(&found) = self.table.find(hash, |&class| self.keys[class as usize] == key) {
            return found;
        }
        let class = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.push(key);
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.table.insert_unique(hash, class, |&class| hasher.hash_one(keys[class as usize]));
        class
    }

    /// The texts of all classes, by number.
    #[must_use]
    pub fn keys(&self) -> &[ClassKey] {
        &self.keys
    }
}

/// Numbers rows that are alike in some columns, by packing their codes into 64 bits. Where they do not fit, those that do
/// are numbered first, and their number takes their place.
///
/// It lives as long as the codes of its columns mean the same: for a row group.
#[derive(Debug, Clone, Default)]
pub(super) struct Packer {
    bits: Vec<(u32, bool)>,
    steps: Vec<Numbers>,
    numbers: Numbers,
    keys: Vec<u64>,
}

/// Whether keys are looked up at places that lie so far apart that these are better loaded first.
fn lie_far(numbers: &Numbers) -> bool {
    /// The cache holds the slots of so many keys.
    const FEW: usize = 1024;
    numbers.len() > FEW
}

/// So many keys are looked up at a time.
fn at_once(numbers: &Numbers) -> usize {
    if lie_far(numbers) { 64 } else { usize::MAX }
}

fn load(numbers: &Numbers, keys: &[u64], constant: u64) {
    if lie_far(numbers) {
        numbers.touch(keys.iter().map(|key| key | constant));
    }
}

impl Packer {
    /// The number of each row into `out`; `number` gives it for a row whose like was not seen yet.
    pub(super) fn number(
        &mut self,
        columns: &[&Coded<Sym>],
        rows: usize,
        out: &mut Vec<u32>,
        mut number: impl FnMut(usize) -> u32,
    ) {
        let bits = columns.iter().map(|column| (width(column), column.is_fresh()));
        if !self.bits.iter().copied().eq(bits.clone()) {
            self.bits = bits.collect();
            self.steps.iter_mut().for_each(Numbers::clear);
            self.numbers.clear();
        }
        let constant = self.pack(columns, rows);
        out.clear();
        let (mut last, mut first) = ((0, 0), 0);
        for keys in self.keys.chunks(at_once(&self.numbers)) {
            load(&self.numbers, keys, constant);
            for (row, varying) in (first..).zip(keys) {
                let key = varying | constant;
                if row == 0 || key != last.0 {
                    last = (key, self.numbers.get_or(key, || number(row)));
                }
                out.push(last.1);
            }
            first += keys.len();
        }
    }

    /// Packs the codes of each row into its key; returns the part that all rows share.
    fn pack(&mut self, columns: &[&Coded<Sym>], rows: usize) -> u64 {
        self.keys.clear();
        self.keys.resize(rows, 0);
        let (mut used, mut constant, mut step) = (0, 0, 0);
        for (at, column) in columns.iter().enumerate() {
            let (bits, fresh) = self.bits[at];
            if used + bits > u64::BITS {
                self.shorten(step, constant);
                (used, constant, step) = (u32::BITS, 0, step + 1);
            }
            // Codes of this batch alone mean nothing in the next one; the interned texts themselves do.
            let lasting = |code: u32| u64::from(if fresh { column.values[code as usize].0 } else { code });
            if bits == 0 {
            } else if column.codes.is_empty() {
                constant |= lasting(column.all) << used;
            } else {
                for (key, code) in self.keys.iter_mut().zip(&column.codes) {
                    *key |= lasting(*code) << used;
                }
            }
            used += bits;
        }
        constant
    }

    /// Turns the keys so far into their numbers, which need 32 bits.
    fn shorten(&mut self, step: usize, constant: u64) {
        if self.steps.len() <= step {
            self.steps.resize(step + 1, Numbers::default());
        }
        let numbers = &mut self.steps[step];
        for keys in self.keys.chunks_mut(at_once(numbers)) {
            load(numbers, keys, constant);
            for key in keys {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                *key = numbers.get_or(*key | constant, || next).into();
            }
        }
    }
}

/// The bits that a column's codes need, an even number, so that a column whose values grow does not change it often.
fn width(column: &Coded<Sym>) -> u32 {
    let needed = usize::BITS - column.values.len().saturating_sub(1).leading_zeros();
    if column.is_fresh() { u32::BITS } else { needed.next_multiple_of(2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A batch of columns: of each column how many values it has, whether they are its own, and the rows' codes.
    fn columns(sizes: &[(u32, bool)], rows: &[Vec<u32>], shift: u32) -> Vec<Coded<Sym>> {
        let column = |(at, &(size, fresh)): (usize, &(u32, bool))| {
            let shift = if fresh { shift } else { 0 };
            let values: Vec<Sym> = (0..size).map(|value| Sym((value + shift) % size)).collect();
            let code = |row: &Vec<u32>| (row[at] + size - shift % size) % size;
            let codes: Vec<u32> = rows.iter().map(code).collect();
            let all = codes[0];
            let constant = codes.iter().all(|code| *code == all);
            let lasting = if fresh { 0 } else { size as usize };
            Coded { values, codes: if constant { Vec::new() } else { codes }, all, lasting }
        };
        sizes.iter().enumerate().map(column).collect()
    }

    proptest! {
        /// Any number of columns of any width, over several batches, codes changing their meaning in fresh columns.
        #[test]
        fn alike_rows_share_a_number(
            sizes in proptest::collection::vec((1u32..70_000, any::<bool>()), 1..9),
            seeds in proptest::collection::vec(proptest::collection::vec(any::<u32>(), 9), 1..60),
            few in 1u32..5,
        ) {
            let rows: Vec<Vec<u32>> =
                seeds.iter().map(|seed| sizes.iter().zip(seed).map(|((size, _), seed)| seed % size.min(&few)).collect()).collect();
            let (mut packer, mut model, mut next) = (Packer::default(), BTreeMap::new(), 0);
            for (batch, shift) in rows.chunks(7).zip(0..) {
                let columns = columns(&sizes, batch, shift);
                let mut numbers = Vec::new();
                let mut new = |_| { next += 1; next };
                packer.number(&columns.iter().collect::<Vec<_>>(), batch.len(), &mut numbers, &mut new);
                for (row, number) in batch.iter().zip(numbers) {
                    prop_assert_eq!(*model.entry(row.clone()).or_insert(number), number);
                }
            }
            let distinct: std::collections::BTreeSet<u32> = model.values().copied().collect();
            prop_assert_eq!(distinct.len(), model.len());
        }
    }
}
