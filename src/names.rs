//! Interned text: equal strings get equal numbers, so that folding compares integers.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The number of an interned string. `Sym::NONE` is the empty string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sym(pub u32);

impl Sym {
    /// The empty string, which also stands for null.
    pub const NONE: Self = Self(0);
}

/// A table of distinct strings in one arena, numbered in the order of first sight.
#[derive(Debug, Clone)]
pub struct Names {
    text: String,
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: FixedState,
}

impl Default for Names {
    fn default() -> Self {
        let mut names =
            Self { text: String::new(), ends: Vec::new(), table: HashTable::new(), hasher: FixedState::with_seed(7) };
        names.intern("");
        names
    }
}

impl Names {
    /// The number of a string, new if it has none yet.
    pub fn intern(&mut self, text: &str) -> Sym {
        let hash = self.hasher.hash_one(text.as_bytes());
        if let Some(&found) = self.table.find(hash, |&id| span(&self.text, &self.ends, id) == text) {
            return Sym(found);
        }
        let id = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let (arena, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.table.insert_unique(hash, id, |&id| hasher.hash_one(span(arena, ends, id).as_bytes()));
        Sym(id)
    }

    /// The string of a number; empty for a number that was never given.
    #[must_use]
    pub fn get(&self, sym: Sym) -> &str {
        if (sym.0 as usize) < self.ends.len() { span(&self.text, &self.ends, sym.0) } else { "" }
    }

    /// How many strings there are, the empty one included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// All texts by their numbers.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.count()).map(|id| span(&self.text, &self.ends, u32::try_from(id).unwrap_or(u32::MAX)))
    }

    /// All numbers in order.
    pub fn syms(&self) -> impl Iterator<Item = Sym> + use<> {
        (0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX)).map(Sym)
    }
}

fn span<'a>(arena: &'a str, ends: &[usize], id: u32) -> &'a str {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] };
    &arena[start..ends[id]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_number() {
        let mut names = Names::default();
        let (a, b) = (names.intern("a"), names.intern("bc"));
        assert_ne!(a, b);
        assert_eq!(names.intern("bc"), b);
        assert_eq!(names.get(b), "bc");
        assert_eq!(names.intern(""), Sym::NONE);
        assert_eq!(names.count(), 3);
    }
}
