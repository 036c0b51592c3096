//! Interned resource ids. A bill has one on almost every line, hundreds of thousands are distinct, and most of a text differs
//! only in its end: an id is kept as an interned head and its last 16 bytes, so that a look-up compares two words and a head
//! that is warm in the cache.

use super::numbers::touch;
use crate::{
    error::{Error, Result},
    names::{Names, Sym},
};
use foldhash::fast::FixedState;
use std::hash::BuildHasher;

/// The number of an interned resource id. `ResourceSym::NONE` is the empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ResourceSym(pub u32);

impl ResourceSym {
    /// The empty id, which also stands for null.
    pub const NONE: Self = Self(0);
}

/// Bytes of an id's tail.
const TAIL: usize = 16;

/// An id: head, then tail. Text that is not ASCII is all head.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    tail: [u8; TAIL],
    head: Sym,
    tail_length: u8,
    /// The id that came behind this one when it was last seen; of most bills the same again, hour after hour.
    next: ResourceSym,
}

impl Entry {
    fn tail(&self) -> &[u8] {
        &self.tail[..usize::from(self.tail_length)]
    }
}

/// A table of distinct resource ids, numbered in the order of first sight.
///
/// Invariants: `entries[0]` is the empty id; a slot holds 0, or an id's number in its low half and the high half of the id's hash
/// in its high half; a slot's place follows from that half, and no free slot lies between its place and it.
#[derive(Debug, Clone)]
pub struct Ids {
    heads: Names,
    entries: Vec<Entry>,
    slots: Vec<u64>,
    hasher: FixedState,
    /// How often a guess of the next id was right lately, or would have been, less how often it was wrong; at 0 none is made.
    luck: u32,
}

/// Tables have room for so many at first. What is not used of it is never touched, so it costs nothing; tables that grow are copied, and
/// memory that is new costs the more time.
pub(crate) const ROOM: usize = 1 << 18;

/// Wrong guesses in a row until all ids are looked up.
const PATIENCE: u32 = 16;
/// So many ids are looked up at once.
const AT_ONCE: usize = 256;

impl Default for Ids {
    fn default() -> Self {
        let mut entries = Vec::with_capacity(ROOM);
        entries.push(Entry::default());
        Self { heads: Names::default(), entries, slots: vec![0; 512], hasher: FixedState::with_seed(13), luck: 0 }
    }
}

impl Ids {
    /// The number of an id, new if it has none yet.
    ///
    /// # Errors
    /// Bytes that are not UTF-8.
    pub(crate) fn intern(&mut self, id: &[u8]) -> Result<ResourceSym> {
        if id.is_empty() { Ok(ResourceSym::NONE) } else { self.find_or_add(id, self.hasher.hash_one(id)) }
    }

    /// Appends the numbers of some ids. An id that repeats the one before it, as lines of one resource do, is not looked up.
    ///
    /// # Errors
    /// Bytes that are not UTF-8.
    pub(crate) fn intern_all(&mut self, ids: &[&[u8]], out: &mut Vec<ResourceSym>) -> Result<()> {
        out.reserve(ids.len());
        if self.luck == 0 {
            return ids.chunks(AT_ONCE).try_for_each(|ids| self.look_up(ids, out));
        }
        let mut last: (&[u8], ResourceSym) = (&[], ResourceSym::NONE);
        for id in ids {
            if *id != last.0 {
                last = (id, self.intern_behind(last.1, id)?);
            }
            out.push(last.1);
        }
        Ok(())
    }

    /// The number of an id that stands behind another: at first the one is tried that stood there before.
    fn intern_behind(&mut self, before: ResourceSym, id: &[u8]) -> Result<ResourceSym> {
        let expected = self.entries[before.0 as usize].next;
        if self.is_at(expected, id) {
            self.luck = (self.luck + 1).min(PATIENCE);
            return Ok(expected);
        }
        let found = self.intern(id)?;
        self.follow(before, found);
        Ok(found)
    }

    /// Keeps that an id stands behind another, and whether that was to be expected.
    fn follow(&mut self, before: ResourceSym, found: ResourceSym) {
        let next = &mut self.entries[before.0 as usize].next;
        self.luck = if *next == found { (self.luck + 1).min(PATIENCE) } else { self.luck.saturating_sub(1) };
        *next = found;
    }

    /// Appends the numbers of ids that are in no known order. Their slots are loaded first, then what these lead to: the waits for memory
    /// overlap.
    fn look_up(&mut self, ids: &[&[u8]], out: &mut Vec<ResourceSym>) -> Result<()> {
        let hashes: Vec<u64> = ids.iter().map(|id| self.hasher.hash_one(id)).collect();
        let mask = self.slots.len() - 1;
        let slot = |hash: &u64| number(self.slots[place(*hash) & mask]);
        touch(hashes.iter().map(|hash| self.entries[slot(hash).0 as usize].head));
        let mut last: (&[u8], ResourceSym) = (&[], ResourceSym::NONE);
        for (id, hash) in ids.iter().zip(hashes) {
            if *id != last.0 {
                let found = if id.is_empty() { ResourceSym::NONE } else { self.find_or_add(id, hash)? };
                self.follow(last.1, found);
                last = (id, found);
            }
            out.push(last.1);
        }
        Ok(())
    }

    /// The text of an id; empty for a number that was never given.
    #[must_use]
    pub fn text(&self, id: ResourceSym) -> String {
        let Some(entry) = self.entries.get(id.0 as usize) else { return String::new() };
        [self.heads.get(entry.head), std::str::from_utf8(entry.tail()).unwrap_or_default()].concat()
    }

    /// What an id begins with, and its end.
    pub(crate) fn parts(&self, id: ResourceSym) -> (Sym, &[u8]) {
        let entry = &self.entries[id.0 as usize];
        (entry.head, entry.tail())
    }

    /// What ids begin with, by number.
    pub(crate) fn heads(&self) -> impl ExactSizeIterator<Item = &str> {
        self.heads.iter()
    }

    /// How many ids there are, the empty one included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    fn find_or_add(&mut self, id: &[u8], hash: u64) -> Result<ResourceSym> {
        let mask = self.slots.len() - 1;
        let mut at = place(hash) & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return self.add(id, hash);
            }
            if slot >> 32 == hash >> 32 && self.is_at(number(slot), id) {
                return Ok(number(slot));
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn is_at(&self, sym: ResourceSym, id: &[u8]) -> bool {
        let entry = &self.entries[sym.0 as usize];
        let head = self.heads.get(entry.head).as_bytes();
        let Some((start, end)) = id.split_at_checked(head.len()) else { return false };
        end.len() == usize::from(entry.tail_length)
            && (if let Ok(whole) = <[u8; TAIL]>::try_from(end) {
                whole == entry.tail
            } else {
                *end == entry.tail[..end.len()]
            })
            && start == head
    }

    #[cold]
    fn add(&mut self, id: &[u8], hash: u64) -> Result<ResourceSym> {
        let text = std::str::from_utf8(id).map_err(|_| Error::new("is corrupt: text that is not UTF-8"))?;
        let (head, end) = if text.is_ascii() { text.split_at(text.len().saturating_sub(TAIL)) } else { (text, "") };
        let mut tail = [0; TAIL];
        tail[..end.len()].copy_from_slice(end.as_bytes());
        let tail_length = u8::try_from(end.len()).unwrap_or_default();
        let new =
            u32::try_from(self.entries.len()).map_err(|_| Error::new("has more distinct ids than can be numbered"))?;
        self.entries.push(Entry { tail, head: self.heads.intern(head), tail_length, next: ResourceSym::NONE });
        if self.entries.len() * 2 > self.slots.len() {
            self.grow();
        }
        put(&mut self.slots, hash >> 32 << 32 | u64::from(new));
        Ok(ResourceSym(new))
    }

    /// A small table grows by more than twice: what is given back is seldom of use to others, and memory that is new costs time.
    fn grow(&mut self) {
        let more = if self.slots.len() < ROOM { 8 } else { 2 };
        let mut slots = vec![0; self.slots.len() * more];
        for slot in self.slots.iter().filter(|slot| **slot != 0) {
            put(&mut slots, *slot);
        }
        self.slots = slots;
    }
}

/// Where the search for a hash begins, before it is cut to the size of the table.
#[inline]
fn place(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default()
}

#[inline]
fn number(slot: u64) -> ResourceSym {
    ResourceSym(u32::try_from(slot & u64::from(u32::MAX)).unwrap_or_default())
}

fn put(slots: &mut [u64], slot: u64) {
    let mask = slots.len() - 1;
    let mut at = place(slot) & mask;
    while slots[at] != 0 {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn equal_ids_share_a_number_and_keep_their_text(
            ids in proptest::collection::vec("(i-|arn:aws:s3:::|ü|)[0-9a-zß\\x00]{0,30}", 0..300),
        ) {
            let (mut table, mut model) = (Ids::default(), BTreeMap::from([(String::new(), ResourceSym::NONE)]));
            let mut found = Vec::new();
            table.intern_all(&ids.iter().map(String::as_bytes).collect::<Vec<_>>(), &mut found).unwrap();
            for (id, found) in ids.iter().zip(found) {
                let next = ResourceSym(u32::try_from(model.len()).unwrap());
                prop_assert_eq!(found, *model.entry(id.clone()).or_insert(next));
                prop_assert_eq!(table.intern(id.as_bytes()).unwrap(), found);
                prop_assert_eq!(&table.text(found), id);
            }
            prop_assert_eq!(table.count(), model.len());
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        assert!(Ids::default().intern(&[0xff, b'a']).unwrap_err().to_string().contains("not UTF-8"));
    }
}
