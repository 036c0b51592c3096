//! The merge of workers' sums: each knows texts, ids, classes and sets of tags by numbers of its own.
//!
//! What is told by text is numbered anew at once. What is told by resource and what is told by class do not touch each other: each side is
//! merged by whoever goes on with it.

use super::{Sums, tag_order};
use crate::{
    error::Result,
    facts::{
        commitments::Commitments,
        parties::Parties,
        quality::Quality,
        tables::{CellKey, Cells, Resources},
        usage::ClassHours,
    },
    names::{Names, Sym},
    scan::{ClassKey, ClassTable, Dictionary, Ids, ResourceSym, TagSets, TagsId},
};
use std::sync::Arc;

/// What all workers know.
pub(in crate::facts) struct Folded {
    pub(in crate::facts) names: Names,
    pub(in crate::facts) tags: TagSets,
    pub(in crate::facts) classes: ClassTable,
    pub(in crate::facts) parties: Parties,
    pub(in crate::facts) quality: Quality,
    pub(in crate::facts) by_resource: Parts<ByResource>,
    pub(in crate::facts) by_class: Parts<ByClass>,
}

/// What is told by resource.
pub(in crate::facts) struct ByResource {
    pub(in crate::facts) ids: Ids,
    pub(in crate::facts) resources: Resources,
}

/// What is told by class.
pub(in crate::facts) struct ByClass {
    pub(in crate::facts) cells: Cells,
    pub(in crate::facts) hours: ClassHours,
    pub(in crate::facts) commitments: Commitments,
}

/// Ours and that of the other workers, each with our numbers of what it numbers.
pub(in crate::facts) struct Parts<T> {
    ours: T,
    others: Vec<(T, Arc<Numbers>)>,
}

impl<T> Parts<T> {
    fn of(ours: T) -> Self {
        Self { ours, others: Vec::new() }
    }
}

/// Our numbers of another worker's texts, sets of tags and classes.
struct Numbers {
    syms: Vec<Sym>,
    sets: Vec<TagsId>,
    classes: Vec<u32>,
}

impl Numbers {
    fn sym(&self, theirs: Sym) -> Sym {
        self.syms[theirs.0 as usize]
    }

    fn class(&self, theirs: u32) -> u32 {
        self.classes[theirs as usize]
    }
}

impl Folded {
    pub(super) fn of((dictionary, sums): (Dictionary, Sums<'_>)) -> Self {
        let Dictionary { names, ids, classes, tags } = dictionary;
        let Sums { resources, cells, hours, commitments, parties, quality, .. } = sums;
        let by_resource = Parts::of(ByResource { ids, resources });
        let by_class = Parts::of(ByClass { cells, hours, commitments });
        Self { names, tags, classes, parties, quality, by_resource, by_class }
    }

    /// Takes in another worker's sums.
    pub(super) fn add(&mut self, dictionary: Dictionary, sums: Sums<'_>) {
        let Dictionary { names, ids, classes, tags } = dictionary;
        let syms: Vec<Sym> = names.syms().map(|sym| self.names.intern(names.get(sym))).collect();
        let sym = |old: Sym| syms[old.0 as usize];
        let mut sets = Vec::with_capacity(tags.count());
        for id in 0..tags.count() {
            let old = tags.get(TagsId(u32::try_from(id).unwrap_or(0)));
            let mut set: Vec<(Sym, Sym)> = old.iter().map(|(key, value)| (sym(*key), sym(*value))).collect();
            set.sort_unstable();
            sets.push(self.tags.intern(&set));
        }
        let classes = classes.keys().iter().map(|key| self.classes.intern(ClassKey(key.0.map(sym)))).collect();
        let numbers = Arc::new(Numbers { syms, sets, classes });
        let Sums { resources, cells, hours, commitments, quality, .. } = sums;
        self.quality.add(quality);
        self.by_resource.others.push((ByResource { ids, resources }, numbers.clone()));
        self.by_class.others.push((ByClass { cells, hours, commitments }, numbers));
    }
}

impl Parts<ByResource> {
    /// All of it.
    ///
    /// # Errors
    /// When there are more ids than can be numbered.
    pub(in crate::facts) fn merged(self, texts: (&Names, &TagSets)) -> Result<ByResource> {
        let Self { ours: mut all, others } = self;
        for (theirs, numbers) in others {
            let ids = all.ids.merge(&theirs.ids)?;
            merge_resources(&mut all.resources, &theirs.resources, &numbers, &ids, texts);
        }
        Ok(all)
    }
}

impl Parts<ByClass> {
    /// All of it.
    pub(in crate::facts) fn merged(self, names: &Names) -> ByClass {
        let Self { ours: mut all, others } = self;
        for (theirs, numbers) in others {
            merge_cells(&mut all.cells, &theirs.cells, &numbers);
            all.hours.merge(&theirs.hours, &numbers.classes);
            all.commitments.merge(theirs.commitments, names, |sym| numbers.sym(sym), &numbers.classes);
        }
        all
    }
}

fn merge_cells(ours: &mut Cells, theirs: &Cells, numbers: &Numbers) {
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
    numbers: &Numbers,
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
