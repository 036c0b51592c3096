//! A table from 64-bit keys to 32-bit numbers: one probe into flat memory, for keys that are looked up once a line.

/// Loads places of memory that are about to be needed, one behind the other without any work in between: the waits for them overlap
/// then, and the work finds them in the cache. Of 10 million lines in random order that takes a tenth off the time.
#[inline]
pub(crate) fn touch<T>(values: impl Iterator<Item = T>) {
    values.for_each(|value| {
        std::hint::black_box(value);
    });
}

/// A slot among so many, to remember something of a word there: all bits of the word move it.
#[inline]
pub(crate) fn slot_of(word: u64, slots: usize) -> usize {
    usize::try_from(word.wrapping_mul(ODD) >> 40).unwrap_or_default() % slots
}

/// 2^64 by the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Keys with a number each, by open addressing; at most half of the slots are taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    /// A power of two of (key, number) pairs, `EMPTY` being the number of a free slot.
    slots: Vec<(u64, u32)>,
    taken: usize,
}

const EMPTY: u32 = u32::MAX;

impl Numbers {
    /// The number of a key, which `new` gives if there is none yet.
    #[inline]
    pub(crate) fn get_or(&mut self, key: u64, new: impl FnOnce() -> u32) -> u32 {
        let found = self.slot(key);
        if let Some(&(at, number)) = self.slots.get(found)
            && number != EMPTY
            && at == key
        {
            return number;
        }
        let number = new().min(EMPTY - 1);
        self.insert(key, number);
        number
    }

    /// Loads the slots where the search for some keys begins.
    #[inline]
    pub(crate) fn touch(&self, keys: impl Iterator<Item = u64>) {
        let mask = self.slots.len().wrapping_sub(1);
        touch(keys.map(|key| self.slots.get(spread(key) & mask).map(|(key, _)| *key)));
    }

    /// Whether a key was never given before.
    #[inline]
    pub(crate) fn is_new(&mut self, key: u64) -> bool {
        let before = self.taken;
        self.get_or(key, || 0);
        self.taken > before
    }

    /// Forgets all keys.
    pub(crate) fn clear(&mut self) {
        self.slots.fill((0, EMPTY));
        self.taken = 0;
    }

    /// All keys with their numbers, in an order that follows from the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u32)> + Clone {
        self.slots.iter().copied().filter(|(_, number)| *number != EMPTY)
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.taken
    }

    /// The slot that holds a key, or the free one where it belongs.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let Some(mask) = self.slots.len().checked_sub(1) else { return 0 };
        let mut at = spread(key) & mask;
        loop {
            let (there, number) = self.slots[at];
            if number == EMPTY || there == key {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn insert(&mut self, key: u64, number: u32) {
        if self.taken * 2 >= self.slots.len() {
            let size = (self.slots.len() * 2).max(64);
            let old = std::mem::replace(&mut self.slots, vec![(0, EMPTY); size]);
            for (key, number) in old.into_iter().filter(|(_, number)| *number != EMPTY) {
                let at = self.slot(key);
                self.slots[at] = (key, number);
            }
        }
        let at = self.slot(key);
        self.slots[at] = (key, number);
        self.taken += 1;
    }
}

/// The high half of the product of a key with an odd constant, folded: every bit of the key moves the low bits.
#[inline]
fn spread(key: u64) -> usize {
    let product = u128::from(key ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(ODD);
    #[expect(clippy::cast_possible_truncation, reason = "the halves of the product are mixed, then masked")]
    let mixed = (product >> 64) as u64 ^ product as u64;
    usize::try_from(mixed).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_map(keys in proptest::collection::vec(prop_oneof![0u64..50, any::<u64>(), (0u64..200).prop_map(|n| n << 40)], 0..400)) {
            let (mut numbers, mut model) = (Numbers::default(), BTreeMap::new());
            for (key, number) in keys.iter().zip(0..) {
                let expected = *model.entry(*key).or_insert(number);
                prop_assert_eq!(numbers.get_or(*key, || number), expected);
            }
            prop_assert_eq!(numbers.len(), model.len());
            prop_assert_eq!(numbers.iter().collect::<BTreeMap<_, _>>(), model);
            numbers.clear();
            prop_assert_eq!((numbers.len(), numbers.iter().count()), (0, 0));
        }
    }
}
