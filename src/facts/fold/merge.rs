//! The merge of two workers' sums: each knows texts, ids, classes and sets of tags by numbers of its own.

use super::{Sums, tag_order};
use crate::{
    error::Result,
    facts::tables::{CellKey, Cells, Resources},
    names::{Names, Sym},
    scan::{ClassKey, Dictionary, ResourceSym, TagSets, TagsId},
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
        let Dictionary { ids, names, tags, .. } = ours;
        let numbers = Numbers { syms: &syms, sets: &sets, classes: &classes };
        let Self { resources, cells, hours, commitments, .. } = self;
        // What is told by resource and what is told by class do not touch each other.
        std::thread::scope(|scope| {
            let resources = scope.spawn(|| {
                let ids = ids.merge(&theirs.ids)?;
                merge_resources(resources, &other.resources, &numbers, &ids, (names, tags));
                Ok(())
            });
            merge_cells(cells, &other.cells, &numbers);
            hours.merge(&other.hours, &classes);
            commitments.merge(other.commitments, names, sym, &classes);
            resources.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?;
        self.quality.add(other.quality);
        Ok(())
    }
}

/// Our numbers of each of their texts, sets of tags and classes.
struct Numbers<'a> {
    syms: &'a [Sym],
    sets: &'a [TagsId],
    classes: &'a [u32],
}

impl Numbers<'_> {
    fn sym(&self, theirs: Sym) -> Sym {
        self.syms[theirs.0 as usize]
    }

    fn class(&self, theirs: u32) -> u32 {
        self.classes[theirs as usize]
    }
}

fn merge_cells(ours: &mut Cells, theirs: &Cells, numbers: &Numbers<'_>) {
    for (CellKey { day, priced, class, party }, sums) in theirs.iter() {
        let party = ours.party((numbers.sym(party.0), numbers.sym(party.1)));
        let pair = ours.pair(numbers.class(class), party);
        let cell = ours.number(day, priced, pair);
        ours.add_wide(cell, &sums);
    }
}

/// Merges resources; `ids` gives our number of each of their ids.
fn merge_resources(
    ours: &mut Resources,
    theirs: &Resources,
    numbers: &Numbers<'_>,
    ids: &[ResourceSym],
    texts: (&Names, &TagSets),
) {
    let entries = theirs.entries();
    for (old, record) in (0..).zip(theirs.records()) {
        let tags = numbers.sets[record.tags.0 as usize];
        let place = ours.place(numbers.sym(record.account), ids[record.id.0 as usize]);
        let our = ours.record(place);
        let order = our.latest.cmp(&record.latest).then_with(|| tag_order(texts, our.tags, tags));
        our.seen = our.seen.hull(record.seen);
        if order.is_lt() {
            (our.latest, our.tags) = (record.latest, tags);
        }
        for billed in entries.of(old) {
            let class = numbers.class(billed.class);
            let hours = ours.add_wide(place, class, &billed.costs, billed.hours.is_some());
            if let (Some(kept), Some(number)) = (hours, billed.hours) {
                ours.hours(kept).merge(theirs.kept_hours(number));
            }
        }
    }
}
