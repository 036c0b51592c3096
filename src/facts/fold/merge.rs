//! The merge of workers' sums: each knows texts, ids, classes and sets of tags by numbers of its own.
//!
//! What is told by text is numbered anew at once. What is told by class is merged by whoever goes on with it; resources are put together when
//! they are sorted.

use super::Sums;
use crate::{
    facts::{
        commitments::Commitments,
        parties::Parties,
        quality::Quality,
        tables::{Cells, Resources},
        usage::ClassHours,
    },
    names::{Names, Sym},
    scan::{ClassKey, ClassTable, Dictionary, Ids, TagSets, TagsId},
};
use std::sync::Arc;

/// What all workers know.
pub(in crate::facts) struct Folded {
    pub(in crate::facts) names: Names,
    pub(in crate::facts) tags: TagSets,
    pub(in crate::facts) classes: ClassTable,
    pub(in crate::facts) parties: Parties,
    pub(in crate::facts) quality: Quality,
    pub(in crate::facts) by_resource: Vec<Part<ByResource>>,
    pub(in crate::facts) by_class: Vec<Part<ByClass>>,
}

/// What is told by resource.
pub(in crate::facts) struct ByResource {
    pub(in crate::facts) ids: Ids,
    pub(in crate::facts) resources: Resources,
}

/// What is told by class.
#[derive(Default)]
pub(in crate::facts) struct ByClass {
    pub(in crate::facts) cells: Cells,
    pub(in crate::facts) hours: ClassHours,
    pub(in crate::facts) commitments: Commitments,
}

/// What one worker knows of something, with the numbers for all of what it numbers; they are its own where there are none.
pub(in crate::facts) struct Part<T> {
    pub(in crate::facts) what: T,
    pub(in crate::facts) numbers: Option<Arc<Numbers>>,
}

/// Our numbers of another worker's texts, sets of tags and classes.
pub(in crate::facts) struct Numbers {
    syms: Vec<Sym>,
    sets: Vec<TagsId>,
    classes: Vec<u32>,
}

impl Numbers {
    pub(in crate::facts) fn sym(&self, theirs: Sym) -> Sym {
        self.syms[theirs.0 as usize]
    }

    pub(in crate::facts) fn set(&self, theirs: TagsId) -> TagsId {
        self.sets[theirs.0 as usize]
    }

    pub(in crate::facts) fn class(&self, theirs: u32) -> u32 {
        self.classes[theirs as usize]
    }
}

impl Folded {
    pub(super) fn of((dictionary, sums): (Dictionary, Sums<'_>)) -> Self {
        let Dictionary { names, ids, classes, tags } = dictionary;
        let Sums { resources, cells, hours, commitments, parties, quality, .. } = sums;
        let by_resource = vec![Part { what: ByResource { ids, resources }, numbers: None }];
        let by_class = vec![Part { what: ByClass { cells, hours, commitments }, numbers: None }];
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
        self.by_resource.push(Part { what: ByResource { ids, resources }, numbers: Some(numbers.clone()) });
        self.by_class.push(Part { what: ByClass { cells, hours, commitments }, numbers: Some(numbers) });
    }
}

impl ByClass {
    /// What all workers know.
    pub(in crate::facts) fn merged(parts: Vec<Part<Self>>, names: &Names) -> Self {
        let mut parts = parts.into_iter();
        let mut all = parts.next().map(|part| part.what).unwrap_or_default();
        for Part { what: theirs, numbers } in parts {
            let Some(numbers) = numbers else { continue };
            all.cells.merge(theirs.cells, |class| numbers.class(class), |sym| numbers.sym(sym));
            all.hours.merge(theirs.hours, &numbers.classes);
            all.commitments.merge(theirs.commitments, names, |sym| numbers.sym(sym), &numbers.classes);
        }
        all
    }
}
