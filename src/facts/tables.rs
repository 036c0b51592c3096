//! The tables of a worker's fold, laid out for the lines of a bill: neighbours are mostly alike in all but resource and amounts.

use super::{
    Costs,
    fold::{ClassKey, Map, PartyKey, ResourceSum, map},
    usage::HourSet,
};
use crate::{names::Sym, time::Day};

/// Classes by their texts, behind a small direct cache.
pub(super) struct Classes {
    numbers: Map<ClassKey, u32>,
    cache: Vec<(ClassKey, u32)>,
}

/// Slots of the cache: more than the classes that one hour of a bill has.
const SLOTS: usize = 1024;
const NO_CLASS: u32 = u32::MAX;

impl Default for Classes {
    fn default() -> Self {
        Self { numbers: map(), cache: vec![(ClassKey::default(), NO_CLASS); SLOTS] }
    }
}

impl Classes {
    /// The number of a class, and whether it is new.
    pub(super) fn number(&mut self, key: &ClassKey) -> (u32, bool) {
        let mixed = key.iter().fold(0u32, |mix, sym| (mix.rotate_left(5) ^ sym.0).wrapping_mul(0x9e37_79b9));
        let slot = (mixed >> 16) as usize % SLOTS;
        let (cached, number) = &self.cache[slot];
        if cached == key && *number != NO_CLASS {
            return (*number, false);
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(NO_CLASS);
        let number = *self.numbers.entry(*key).or_insert(next);
        self.cache[slot] = (*key, number);
        (number, number == next)
    }

    /// All classes and their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&ClassKey, u32)> {
        self.numbers.iter().map(|(key, number)| (key, *number))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

/// Resources by account and id, each with its sums by class: the first class beside the resource, further ones in a table.
pub(super) struct Resources {
    /// By the number of the id: the place of the first account's record of that id, plus one.
    of_id: Vec<u32>,
    others: Map<(Sym, Sym), u32>,
    records: Vec<Record>,
    further: Map<(u32, u32), Entry>,
    hours: Vec<HourSet>,
}

/// What is known of one class of one resource: sums, and where its hours are kept, if they are.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) costs: Costs,
    hours: u32,
}

const NO_HOURS: u32 = u32::MAX;

impl Default for Entry {
    fn default() -> Self {
        Self { costs: Costs::default(), hours: NO_HOURS }
    }
}

impl Entry {
    /// Its hours, which are kept from now on.
    pub(super) fn hours<'h>(&mut self, all: &'h mut Vec<HourSet>) -> &'h mut HourSet {
        if self.hours == NO_HOURS {
            self.hours = u32::try_from(all.len()).unwrap_or(NO_HOURS - 1);
            all.push(HourSet::default());
        }
        &mut all[self.hours as usize]
    }
}

/// One resource.
pub(super) struct Record {
    pub(super) account: Sym,
    pub(super) id: Sym,
    pub(super) sum: ResourceSum,
    class: u32,
    entry: Entry,
}

impl Default for Resources {
    fn default() -> Self {
        Self { of_id: Vec::new(), others: map(), records: Vec::new(), further: map(), hours: Vec::new() }
    }
}

impl Resources {
    /// The place of a resource's record, made if there is none.
    pub(super) fn place(&mut self, account: Sym, id: Sym) -> usize {
        let slot = id.0 as usize;
        if self.of_id.len() <= slot {
            self.of_id.resize((slot + 1).next_power_of_two(), 0);
        }
        let next = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let first = self.of_id[slot];
        let place = if first == 0 {
            self.of_id[slot] = next + 1;
            next
        } else if self.records[first as usize - 1].account == account {
            first - 1
        } else {
            *self.others.entry((account, id)).or_insert(next)
        };
        if place == next {
            let (sum, entry) = (ResourceSum::default(), Entry::default());
            self.records.push(Record { account, id, sum, class: NO_CLASS, entry });
        }
        place as usize
    }

    /// What is known of the resource at a place, to be changed.
    pub(super) fn sum(&mut self, place: usize) -> &mut ResourceSum {
        &mut self.records[place].sum
    }

    /// What is known of a class of the resource at a place, to be added to, and where hours are kept.
    pub(super) fn entry(&mut self, place: usize, class: u32) -> (&mut Entry, &mut Vec<HourSet>) {
        let record = &mut self.records[place];
        if record.class == NO_CLASS {
            record.class = class;
        }
        let entry = if record.class == class {
            &mut record.entry
        } else {
            self.further.entry((u32::try_from(place).unwrap_or(u32::MAX), class)).or_default()
        };
        (entry, &mut self.hours)
    }

    /// All resources, in the order of first sight.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// All classes of all resources: the resource's place, the class, what is known.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, u32, Entry)> {
        let first = self.records.iter().enumerate().filter(|(_, record)| record.class != NO_CLASS);
        let first = first.map(|(place, record)| (place, record.class, record.entry));
        first.chain(self.further.iter().map(|(&(place, class), &entry)| (place as usize, class, entry)))
    }

    /// The hours of an entry, if they are kept.
    pub(super) fn hours_of(&self, entry: Entry) -> Option<&HourSet> {
        self.hours.get(entry.hours as usize)
    }
}

/// What a cell sums: lines that begin on a day, inside the priced period or not, of a class, with some labels.
pub(super) type CellKey = (Day, bool, u32, PartyKey);

/// Spend by cell; each class remembers the cell that it was last added to.
pub(super) struct Cells {
    places: Map<CellKey, u32>,
    sums: Vec<Costs>,
    last: Vec<Option<(CellKey, u32)>>,
}

impl Default for Cells {
    fn default() -> Self {
        Self { places: map(), sums: Vec::new(), last: Vec::new() }
    }
}

impl Cells {
    /// Adds costs to a cell.
    pub(super) fn add(&mut self, key: CellKey, costs: Costs) {
        let class = key.2 as usize;
        if self.last.len() <= class {
            self.last.resize(class + 1, None);
        }
        let place = match self.last[class] {
            Some((last, place)) if last == key => place,
            _ => {
                let next = u32::try_from(self.sums.len()).unwrap_or(u32::MAX);
                let place = *self.places.entry(key).or_insert(next);
                if place == next {
                    self.sums.push(Costs::default());
                }
                self.last[class] = Some((key, place));
                place
            }
        };
        self.sums[place as usize] += costs;
    }

    /// All cells and their sums.
    pub(super) fn iter(&self) -> impl Iterator<Item = (CellKey, Costs)> {
        self.places.iter().map(|(key, place)| (*key, self.sums[*place as usize]))
    }
}
