//! Sets of small numbers: of pools, steps, hours.

use super::NONE;
use crate::bits::ones;

/// The numbers whose bits are set.
fn numbers(words: impl Iterator<Item = u64>) -> impl Iterator<Item = usize> {
    words.enumerate().flat_map(|(at, word)| ones(word).map(move |bit| at * 64 + bit as usize))
}

/// A set of small numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids(Vec<u64>);

impl FromIterator<u32> for Ids {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut ids = Self::default();
        numbers.into_iter().for_each(|id| ids.insert(id));
        ids
    }
}

impl Ids {
    pub(super) fn insert(&mut self, id: u32) {
        let word = id as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (id % 64);
    }

    /// Takes out the least number, if it stands in this word or in one behind, where the search then goes on.
    pub(super) fn take_first(&mut self, word: &mut usize) -> Option<u32> {
        while let Some(bits) = self.0.get_mut(*word) {
            if *bits != 0 {
                let bit = bits.trailing_zeros();
                *bits &= *bits - 1;
                return Some(u32::try_from(*word * 64).unwrap_or(NONE) + bit);
            }
            *word += 1;
        }
        None
    }

    /// The numbers that are not among others.
    pub(super) fn beyond(&self, others: &Self) -> Self {
        let others = others.0.iter().chain(std::iter::repeat(&0));
        Self(self.0.iter().zip(others).map(|(word, other)| word & !other).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn holds(&self, id: usize) -> bool {
        self.0.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Takes in others; tells whether some of them are new.
    pub(super) fn unite(&mut self, others: &Self) -> bool {
        if self.0.len() < others.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        let mut new = 0;
        for (word, other) in self.0.iter_mut().zip(&others.0) {
            new |= other & !*word;
            *word |= other;
        }
        new != 0
    }

    pub(super) fn is_disjoint(&self, other: &Self) -> bool {
        !self.meet(&other.0)
    }

    /// Whether one of them is among others, given as bits.
    pub(super) fn meet(&self, words: &[u64]) -> bool {
        self.0.iter().zip(words).any(|(one, other)| one & other != 0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        numbers(self.0.iter().copied())
    }

    /// The numbers that another set has too.
    pub(super) fn both<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = usize> + 's {
        numbers(self.0.iter().zip(&other.0).map(|(one, other)| one & other))
    }
}
