//! The merge of two workers' sums: each knows texts, ids, classes and sets of tags by numbers of its own.

use super::{Sums, tag_order};
use crate::{
    error::Result,
    facts::tables::CellKey,
    names::Sym,
    scan::{ClassKey, Dictionary, TagsId},
};

impl Sums<'_> {
    /// Adds another worker's sums, whose numbers refer to `theirs`.
    pub(super) fn merge(&mut self, other: Self, theirs: &Dictionary, ours: &mut Dictionary) -> Result<()> {
        let syms: Vec<Sym> = theirs.names.syms().map(|sym| ours.names.intern(theirs.names.get(sym))).collect();
        let sym = |old: Sym| syms[old.0 as usize];
        let mut sets = Vec::with_capacity(theirs.tags.count());
        for id in 0..theirs.tags.count() {
            let old = theirs.tags.get(TagsId(u32::try_from(id).unwrap_or(0)));
            let mut set: Vec<(Sym, Sym)> = old.iter().map(|(key, value)| (sym(*key), sym(*value))).collect();
            set.sort_unstable();
            sets.push(ours.tags.intern(&set));
        }
        let classes: Vec<u32> =
            theirs.classes.keys().iter().map(|key| ours.classes.intern(ClassKey(key.0.map(sym)))).collect();
        self.know_classes(ours);
        for (CellKey { day, priced, class, party }, sums) in other.cells.iter() {
            let party = self.cells.party((sym(party.0), sym(party.1)));
            let pair = self.cells.pair(classes[class as usize], party);
            let cell = self.cells.number(day, priced, pair);
            self.cells.add_wide(cell, &sums);
        }
        let ids = ours.ids.merge(&theirs.ids)?;
        let mut places = Vec::with_capacity(other.resources.records().len());
        for theirs in other.resources.records() {
            let tags = sets[theirs.tags.0 as usize];
            let place = self.resources.place(sym(theirs.account), ids[theirs.id.0 as usize]);
            places.push(place);
            let record = self.resources.record(place);
            let order = record.latest.cmp(&theirs.latest).then_with(|| tag_order(ours, record.tags, tags));
            record.seen = record.seen.hull(theirs.seen);
            if order.is_lt() {
                (record.latest, record.tags) = (theirs.latest, tags);
            }
        }
        let entries = other.resources.entries();
        for (old, place) in (0..).zip(&places) {
            for theirs in entries.of(old) {
                let class = classes[theirs.class as usize];
                let hours = self.resources.add_wide(*place, class, &theirs.costs, theirs.hours.is_some());
                if let (Some(ours), Some(theirs)) = (hours, theirs.hours) {
                    self.resources.hours(ours).merge(theirs);
                }
            }
        }
        self.hours.merge(&other.hours, &classes);
        self.commitments.merge(other.commitments, &ours.names, sym, &classes);
        self.quality.add(other.quality);
        Ok(())
    }
}
