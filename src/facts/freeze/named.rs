//! The resources of all workers in the order of their names: sorted together, so that those of the same name lie side by side.

use super::{
    super::{
        ClassId,
        chained::Chained,
        fold::{ByResource, Numbers, Part},
        tables::{Entries, Record},
        usage::HourSet,
    },
    Frozen,
};
use crate::{
    names::{Names, Sym},
    parallel::{numbered, shared_out, sort, threads},
    scan::{Ids, TagsId, touch},
};
use std::{cmp::Ordering, collections::BTreeMap};

/// What one worker knows of resources, by their places.
pub(super) struct Source<'a> {
    ids: &'a Ids,
    pub(super) records: &'a [Record],
    pub(super) entries: Entries<'a>,
    numbers: Option<&'a Numbers>,
    /// The number of its first set of hours among those of all workers.
    pub(super) hours: u32,
}

impl<'a> Source<'a> {
    pub(super) fn of(part: &'a Part<ByResource>, hours: u32) -> Self {
        let ByResource { ids, resources } = &part.what;
        let (records, entries) = (resources.records(), resources.entries());
        Self { ids, records, entries, numbers: part.numbers.as_deref(), hours }
    }

    /// The number for all of one of its texts.
    pub(super) fn sym(&self, own: Sym) -> Sym {
        self.numbers.map_or(own, |numbers| numbers.sym(own))
    }

    /// The number for all of one of its sets of tags.
    pub(super) fn set(&self, own: TagsId) -> TagsId {
        self.numbers.map_or(own, |numbers| numbers.set(own))
    }

    /// The final number of one of its classes; `None` when it is in another currency.
    pub(super) fn class(&self, frozen: &Frozen<'_>, own: u32) -> Option<ClassId> {
        frozen.class(self.numbers.map_or(own, |numbers| numbers.class(own)))
    }
}

/// A worker's resource before it is made: its name, and its place there. No look at its texts tells it from others.
#[derive(Clone, Copy)]
pub(super) struct Named {
    /// The end of its id, from the high byte on.
    tail: u128,
    /// The rank of its account.
    account: u32,
    /// The rank of what its id begins with.
    head: u32,
    pub(super) place: u32,
    pub(super) source: u16,
    tail_length: u8,
}

impl Named {
    /// Of an id of a source, in its two parts.
    fn of(heads: &Heads<'_>, source: u16, (head, tail): (Sym, &[u8])) -> Self {
        let mut bytes = [0; 16];
        bytes[..tail.len()].copy_from_slice(tail);
        Self {
            tail: u128::from_be_bytes(bytes),
            account: 0,
            head: heads.ranks[usize::from(source)][head.0 as usize],
            place: 0,
            source,
            tail_length: u8::try_from(tail.len()).unwrap_or_default(),
        }
    }

    /// Whether both are the same resource.
    pub(super) fn is(&self, other: &Self) -> bool {
        let name = |of: &Self| (of.account, of.head, of.tail, of.tail_length);
        name(self) == name(other)
    }
}

/// The resources of all workers, sorted.
pub(super) struct Order<'a> {
    sources: Vec<Source<'a>>,
    heads: Heads<'a>,
    named: Vec<Named>,
}

impl<'a> Order<'a> {
    /// Of all parts, whose hours are chained in the same order.
    pub(super) fn of(names: &Names, parts: &'a [Part<ByResource>], hours: &Chained<HourSet>) -> Self {
        let sources = shared_out(parts.iter().zip(hours.firsts()), |(part, first)| Source::of(part, *first));
        let (accounts, heads) = (account_ranks(names, &sources), Heads::of(&sources));
        let name = |number: usize| {
            let (mut at, mut place) = (0, number);
            while place >= sources[at].records.len() {
                place -= sources[at].records.len();
                at += 1;
            }
            let (source, record) = (&sources[at], &sources[at].records[place]);
            let (at, place) = (u16::try_from(at).unwrap_or(u16::MAX), u32::try_from(place).unwrap_or(u32::MAX));
            Named {
                account: accounts[&source.sym(record.account)],
                place,
                ..Named::of(&heads, at, source.ids.parts(record.id))
            }
        };
        let mut named = numbered(sources.iter().map(|source| source.records.len()).sum(), name);
        sort(&mut named, |one, other| heads.compare(one, other));
        Self { sources, heads, named }
    }

    /// Some stretches for each thread, none of which ends between two of the same name.
    pub(super) fn stretches(&self) -> Vec<&[Named]> {
        const EACH: usize = 8;
        let (mut stretches, mut rest) = (Vec::new(), &self.named[..]);
        let length = rest.len().div_ceil(EACH * threads()).max(1);
        while !rest.is_empty() {
            let mut end = length.min(rest.len());
            while rest.get(end).is_some_and(|next| next.is(&rest[end - 1])) {
                end += 1;
            }
            let (stretch, behind) = rest.split_at(end);
            stretches.push(stretch);
            rest = behind;
        }
        stretches
    }

    /// Appends the id of a resource.
    pub(super) fn write(&self, named: &Named, out: &mut String) {
        out.push_str(self.heads.texts[named.head as usize]);
        let tail = named.tail.to_be_bytes();
        out.push_str(std::str::from_utf8(&tail[..usize::from(named.tail_length)]).unwrap_or_default());
    }

    /// The source and the record of a resource.
    pub(super) fn record(&self, named: &Named) -> (&Source<'a>, &'a Record) {
        let source = &self.sources[usize::from(named.source)];
        (source, &source.records[named.place as usize])
    }

    /// Loads what is known of some resources: that lies far apart.
    pub(super) fn touch(&self, named: &[Named]) {
        touch(named.iter().map(|named| self.record(named).1.words()));
    }
}

/// What ids begin with, sorted.
struct Heads<'a> {
    texts: Vec<&'a str>,
    /// By source and number there: the rank.
    ranks: Vec<Vec<u32>>,
    /// By rank: the rank behind the last one that begins with it.
    ends: Vec<u32>,
}

impl<'a> Heads<'a> {
    fn of(sources: &[Source<'a>]) -> Self {
        let of_source =
            |(source, at): (&Source<'a>, usize)| source.ids.heads().zip(0..).map(move |(text, own)| (text, at, own));
        let mut all: Vec<(&str, usize, usize)> = sources.iter().zip(0..).flat_map(of_source).collect();
        sort(&mut all, |(one, ..), (other, ..)| one.cmp(other));
        let mut ranks: Vec<Vec<u32>> = sources.iter().map(|source| vec![0; source.ids.heads().len()]).collect();
        let mut texts: Vec<&str> = Vec::new();
        for (text, at, own) in all {
            if texts.last() != Some(&text) {
                texts.push(text);
            }
            ranks[at][own] = u32::try_from(texts.len() - 1).unwrap_or(u32::MAX);
        }
        let ends = ends(&texts);
        Self { texts, ranks, ends }
    }

    /// The order of two resources by the texts of account and id.
    fn compare(&self, one: &Named, other: &Named) -> Ordering {
        one.account.cmp(&other.account).then_with(|| {
            let (low, high) = (one.head.min(other.head), one.head.max(other.head));
            if low == high || high >= self.ends[low as usize] {
                let id = |of: &Named| (of.head, of.tail, of.tail_length);
                return id(one).cmp(&id(other));
            }
            // One head goes on where the other ends.
            self.bytes(one).cmp(self.bytes(other))
        })
    }

    fn bytes(&self, named: &Named) -> impl Iterator<Item = u8> {
        let tail = named.tail.to_be_bytes().into_iter().take(named.tail_length.into());
        self.texts[named.head as usize].bytes().chain(tail)
    }
}

/// Of each of some sorted texts: the place behind the last one that begins with it.
fn ends(texts: &[&str]) -> Vec<u32> {
    let mut ends = vec![u32::try_from(texts.len()).unwrap_or(u32::MAX); texts.len()];
    let mut open: Vec<usize> = Vec::new();
    for (text, at) in texts.iter().zip(0..) {
        while let Some(last) = open.pop_if(|last| !text.starts_with(texts[*last])) {
            ends[last] = at;
        }
        open.push(at as usize);
    }
    ends
}

/// The rank of each account by its text.
fn account_ranks(names: &Names, sources: &[Source<'_>]) -> BTreeMap<Sym, u32> {
    let mut last = None;
    let accounts = sources.iter().flat_map(|source| source.records.iter().map(|record| source.sym(record.account)));
    let changes = accounts.filter(|account| last.replace(*account) != Some(*account));
    let texts: BTreeMap<&str, Sym> = changes.map(|account| (names.get(account), account)).collect();
    texts.into_values().zip(0..).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tables::Resources;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_ordered_as_their_texts(ids in proptest::collection::vec("(i-|arn:aws:s3:::|ü|)[0-9a-bß\\x00]{0,24}", 0..60)) {
            let mut tables = [Ids::default(), Ids::default()];
            let mut numbers = Vec::new();
            for (id, at) in ids.iter().zip([0u16, 1].into_iter().cycle()) {
                numbers.push((at, tables[usize::from(at)].intern(id.as_bytes()).unwrap()));
            }
            let none = Resources::default();
            let source = |ids| Source { ids, records: &[], entries: none.entries(), numbers: None, hours: 0 };
            let sources: Vec<Source<'_>> = tables.iter().map(source).collect();
            let heads = Heads::of(&sources);
            let named = numbers.iter().map(|(at, id)| Named::of(&heads, *at, sources[usize::from(*at)].ids.parts(*id)));
            let all: Vec<(Named, &String)> = named.zip(&ids).collect();
            for (one, text) in &all {
                for (other, other_text) in &all {
                    prop_assert_eq!(heads.compare(one, other), text.cmp(other_text));
                    prop_assert_eq!(one.is(other), text == other_text);
                }
            }
        }
    }
}
