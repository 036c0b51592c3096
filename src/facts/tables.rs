//! The tables of a worker's fold, laid out for one or two touched places of memory a line.

use super::{
    Costs,
    grid::Grid,
    parties::PartyKey,
    sums::{Narrow, SumList, Wide},
    usage::HourSet,
};
use crate::{
    groups::Groups,
    names::Sym,
    scan::{Numbers, ROOM, ResourceSym, TagsId, touch},
    time::{Day, Hour, Span},
};

const NONE: u32 = u32::MAX;

/// Resources by account and id, each with its sums by class: the first two classes beside the resource, further ones in a table.
#[derive(Default)]
pub(super) struct Resources {
    /// By the number of the id: the place of the first account's record of that id, plus one.
    of_id: Vec<u32>,
    /// Places of further accounts' records, by account and id.
    others: Numbers,
    records: Vec<Record>,
    /// Numbers among the entries of further classes, by record and class.
    further: Numbers,
    entries: Vec<Entry>,
    wide: Wide,
    hours: Vec<HourSet>,
}

/// One resource.
pub(super) struct Record {
    pub(super) account: Sym,
    pub(super) id: ResourceSym,
    /// From its first to its last hour of usage; empty before any.
    pub(super) seen: Span,
    /// The hour of the latest line (the least of all before any), and that line's tags.
    pub(super) latest: Hour,
    pub(super) tags: TagsId,
    near: [Entry; NEAR],
}

/// What is known of one class of one resource: sums, where its hours are kept, if they are, and the pair of class and party that its last
/// line belonged to, which had some tags.
#[derive(Clone, Copy)]
struct Entry {
    sums: Narrow,
    class: u32,
    hours: u32,
    pair: u32,
    tags: TagsId,
}

impl Entry {
    fn of(class: u32) -> Self {
        Self { sums: Narrow::default(), class, hours: NONE, pair: NONE, tags: TagsId::default() }
    }
}

/// A line of which it is known what it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    /// The place of its resource.
    pub(super) place: u32,
    pub(super) class: u32,
    /// Where that class of the resource stands.
    pub(super) spot: Spot,
    pub(super) tags: TagsId,
}

/// Where a class of a resource stands: below the number of those beside the resource one of them, from there on a further one.
#[derive(Clone, Copy)]
pub(super) struct Spot(u32);

/// So many classes stand beside each resource.
const NEAR: usize = 2;

impl Record {
    /// Its first words and its last ones, to load it.
    pub(super) fn words(&self) -> (u32, u32, u32) {
        (self.tags.0, self.near[0].class, self.near[1].class)
    }
}

/// One class of one resource, as it is read back.
pub(super) struct Billed {
    pub(super) class: u32,
    pub(super) costs: Costs,
    /// The number of its hours, if they are kept.
    pub(super) hours: Option<u32>,
}

impl Resources {
    /// With room from the start.
    pub(super) fn with_room() -> Self {
        Self {
            of_id: Vec::with_capacity(ROOM),
            records: Vec::with_capacity(ROOM),
            entries: Vec::with_capacity(ROOM),
            hours: Vec::with_capacity(ROOM),
            ..Self::default()
        }
    }

    /// The place of a resource's record, made if there is none.
    #[inline]
    pub(super) fn place(&mut self, account: Sym, id: ResourceSym) -> u32 {
        match self.of_id.get(id.0 as usize) {
            Some(&first) if first != 0 && self.records[first as usize - 1].account == account => first - 1,
            _ => self.other_place(account, id),
        }
    }

    /// The place of a record of an id's second account, or of a new one.
    fn other_place(&mut self, account: Sym, id: ResourceSym) -> u32 {
        let slot = id.0 as usize;
        if self.of_id.len() <= slot {
            self.of_id.resize((slot + 1).next_power_of_two(), 0);
        }
        let next = u32::try_from(self.records.len()).unwrap_or(NONE);
        let place = if self.of_id[slot] == 0 {
            self.of_id[slot] = next + 1;
            next
        } else {
            self.others.get_or(u64::from(account.0) << 32 | u64::from(id.0), || next)
        };
        if place == next {
            let (seen, latest, tags) = (Span::default(), Hour(i32::MIN), TagsId::default());
            let near = [Entry::of(NONE); NEAR];
            self.records.push(Record { account, id, seen, latest, tags, near });
        }
        place
    }

    /// Loads what is known of the resources at some places.
    pub(super) fn touch(&self, places: &[u32]) {
        let record = |place: &u32| &self.records[*place as usize].near;
        touch(places.iter().map(|place| record(place)[0].class ^ record(place)[1].class));
    }

    /// Loads some hours.
    pub(super) fn touch_hours(&self, numbers: impl Iterator<Item = u32>) {
        touch(numbers.map(|number| self.hours[number as usize].ends()));
    }

    /// What is known of the resource at a place, to be changed.
    #[inline]
    pub(super) fn record(&mut self, place: u32) -> &mut Record {
        &mut self.records[place as usize]
    }

    /// Finds where the class of each line stands, given by the place of its resource and its class, and loads that. What lies far apart
    /// is loaded for all lines first, then looked at.
    pub(super) fn find(&mut self, lines: impl Iterator<Item = (u32, u32)> + Clone, spots: &mut Vec<Spot>) {
        spots.clear();
        spots.extend(lines.clone().map(|(place, class)| near(&mut self.records[place as usize].near, class)));
        if spots.iter().all(|spot| spot.0 != NONE) {
            return;
        }
        let further = || lines.clone().zip(0..).filter(|(_, line)| spots[*line].0 == NONE);
        self.further.touch(further().map(|((place, class), _)| wide_place(place, class)));
        let further: Vec<_> = further().collect();
        for ((place, class), line) in further {
            spots[line] = self.further(place, class);
        }
        touch(spots.iter().filter_map(|spot| {
            let Entry { sums, tags, .. } = self.entries.get((spot.0 as usize).checked_sub(NEAR)?)?;
            Some((sums.quantity, *tags))
        }));
    }

    /// Where a class of the resource at a place stands.
    fn spot(&mut self, place: u32, class: u32) -> Spot {
        match near(&mut self.records[place as usize].near, class) {
            Spot(NONE) => self.further(place, class),
            spot => spot,
        }
    }

    /// Where a class stands that is none of those beside the resource, made if there is none.
    #[inline]
    fn further(&mut self, place: u32, class: u32) -> Spot {
        let next = u32::try_from(self.entries.len()).unwrap_or(NONE);
        let entry = self.further.get_or(wide_place(place, class), || next);
        if entry == next {
            self.entries.push(Entry::of(class));
        }
        Spot(entry.saturating_add(NEAR as u32))
    }

    /// Adds a line's costs to its class of its resource. Gives the pair of its class and party, which `find` tells if its tags
    /// are others than those of the line before, and the number of the hours of that class, if they are to be kept.
    #[inline]
    pub(super) fn add(
        &mut self,
        line: Placed,
        costs: &Narrow,
        keep_hours: bool,
        find: impl FnOnce() -> u32,
    ) -> (u32, Option<u32>) {
        let Placed { place, class, spot, tags } = line;
        let entry = entry(&mut self.records, &mut self.entries, place, spot);
        self.wide.add(wide_place(place, class), &mut entry.sums, costs);
        if entry.pair == NONE || entry.tags != tags {
            (entry.pair, entry.tags) = (find(), tags);
        }
        (entry.pair, keep_hours.then(|| hours_of(&mut self.hours, entry)))
    }

    /// Adds costs of any size to a class of the resource at a place; gives the number of its hours, if they are to be kept.
    pub(super) fn add_wide(&mut self, place: u32, class: u32, costs: &Costs, keep_hours: bool) -> Option<u32> {
        let spot = self.spot(place, class);
        let entry = entry(&mut self.records, &mut self.entries, place, spot);
        self.wide.add_wide(wide_place(place, class), &mut entry.sums, costs);
        keep_hours.then(|| hours_of(&mut self.hours, entry))
    }

    /// The hours of a number.
    #[inline]
    pub(super) fn hours(&mut self, number: u32) -> &mut HourSet {
        &mut self.hours[number as usize]
    }

    /// All resources, in the order of first sight.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// The classes of each resource.
    pub(super) fn entries(&self) -> Entries<'_> {
        let further = self.further.iter().map(|(key, entry)| (head(key) as usize, entry));
        Entries { resources: self, further: Groups::of(self.records.len(), further) }
    }

    /// Takes the hours of all numbers away.
    pub(super) fn take_hours(&mut self) -> Vec<HourSet> {
        std::mem::take(&mut self.hours)
    }

    fn billed(&self, place: u32, entry: &Entry) -> Billed {
        Billed {
            class: entry.class,
            costs: self.wide.total(wide_place(place, entry.class), entry.sums),
            hours: (entry.hours != NONE).then_some(entry.hours),
        }
    }
}

/// The classes of each resource, to be read back by its place.
pub(super) struct Entries<'a> {
    resources: &'a Resources,
    /// By place: the entries of its further classes.
    further: Groups<u32>,
}

impl<'a> Entries<'a> {
    /// The classes of the resource at a place.
    pub(super) fn of(&self, place: u32) -> impl Iterator<Item = Billed> + use<'_, 'a> {
        let (resources, place_of) = (self.resources, place as usize);
        let near = resources.records[place_of].near.iter().filter(|entry| entry.class != NONE);
        let further = self.further.get(place_of).iter().map(|entry| &resources.entries[*entry as usize]);
        near.chain(further).map(move |entry| resources.billed(place, entry))
    }
}

/// Which of the classes beside a resource is one, which it becomes if one of them is free; `NONE` where there is no room.
#[inline]
fn near(near: &mut [Entry; NEAR], class: u32) -> Spot {
    for (entry, spot) in near.iter_mut().zip(0..) {
        if entry.class == NONE {
            entry.class = class;
        }
        if entry.class == class {
            return Spot(spot);
        }
    }
    Spot(NONE)
}

/// What stands at a spot of the resource at a place.
#[inline]
fn entry<'a>(records: &'a mut [Record], entries: &'a mut [Entry], place: u32, Spot(spot): Spot) -> &'a mut Entry {
    let spot = spot as usize;
    if spot < NEAR { &mut records[place as usize].near[spot] } else { &mut entries[spot - NEAR] }
}

/// The number of the hours of a class of a resource, made if there are none.
#[inline]
fn hours_of(hours: &mut Vec<HourSet>, entry: &mut Entry) -> u32 {
    if entry.hours == NONE {
        entry.hours = u32::try_from(hours.len()).unwrap_or(NONE - 1);
        hours.push(HourSet::default());
    }
    entry.hours
}

/// The high half of a key: the place of `wide_place`.
fn head(key: u64) -> u32 {
    u32::try_from(key >> 32).unwrap_or(NONE)
}

fn wide_place(place: u32, class: u32) -> u64 {
    u64::from(place) << 32 | u64::from(class)
}

/// Spend by cell: lines that begin on a day, inside the priced period or not, of a class, with some labels. A cell is found by two indices,
/// that of its day and that of its class and party together.
#[derive(Default)]
pub(super) struct Cells {
    /// Parties by workload and owner.
    parties: Numbers,
    party_keys: Vec<PartyKey>,
    /// Pairs by class and party.
    pairs: Numbers,
    pair_keys: Vec<(u32, u32)>,
    /// By day and pair, the number of the sums.
    cells: Grid,
    count: u32,
    sums: SumList,
}

impl Cells {
    /// With room from the start.
    pub(super) fn with_room() -> Self {
        Self { sums: SumList::with_room(), ..Self::default() }
    }

    /// The number of a party.
    pub(super) fn party(&mut self, key: PartyKey) -> u32 {
        let next = u32::try_from(self.party_keys.len()).unwrap_or(NONE);
        let party = self.parties.get_or(u64::from(key.0.0) << 32 | u64::from(key.1.0), || next);
        if party == next {
            self.party_keys.push(key);
        }
        party
    }

    /// The number of a pair of a class and a party, each given by its number.
    #[inline]
    pub(super) fn pair(&mut self, class: u32, party: u32) -> u32 {
        let next = u32::try_from(self.pair_keys.len()).unwrap_or(NONE);
        let pair = self.pairs.get_or(u64::from(class) << 32 | u64::from(party), || next);
        if pair == next {
            self.pair_keys.push((class, party));
        }
        pair
    }

    /// The number of the cell of a pair on a day, made if there is none.
    #[inline]
    pub(super) fn number(&mut self, day: Day, priced: bool, pair: u32) -> u32 {
        let list = self.cells.list(day, priced);
        self.number_in(list, pair)
    }

    fn number_in(&mut self, list: u32, pair: u32) -> u32 {
        let cell = self.cells.place_in(list, pair, self.count);
        self.count += u32::from(cell == self.count);
        cell
    }

    /// The numbers of the cells of some pairs in place of these, made where there are none; `days` tells each one's day and whether it
    /// is priced.
    pub(super) fn number_all(
        &mut self,
        days: impl Iterator<Item = (Day, bool)>,
        pairs: &mut [u32],
        lists: &mut Vec<u32>,
    ) {
        lists.clear();
        lists.extend(days.map(|(day, priced)| self.cells.list(day, priced)));
        self.cells.touch(lists.iter().copied().zip(pairs.iter().copied()));
        for (list, pair) in lists.iter().zip(pairs) {
            *pair = self.number_in(*list, *pair);
        }
    }

    /// Loads the sums of some cells.
    pub(super) fn touch(&self, cells: &[u32]) {
        touch(cells.iter().map(|cell| self.sums.ends(*cell)));
    }

    /// Adds narrow costs to the cell of a number.
    #[inline]
    pub(super) fn add(&mut self, cell: u32, costs: &Narrow) {
        self.sums.add(cell, costs);
    }

    /// Adds costs of any size to the cell of a number.
    pub(super) fn add_wide(&mut self, cell: u32, costs: &Costs) {
        self.sums.add_wide(cell, costs);
    }

    /// Takes in another worker's cells; `class` and `sym` give our number of each of its classes and texts.
    pub(super) fn merge(&mut self, other: Self, class: impl Fn(u32) -> u32, sym: impl Fn(Sym) -> Sym) {
        let parties: Vec<u32> = other.party_keys.iter().map(|key| self.party((sym(key.0), sym(key.1)))).collect();
        let pair = |(of, party): &(u32, u32)| self.pair(class(*of), parties[*party as usize]);
        let pairs: Vec<u32> = other.pair_keys.iter().map(pair).collect();
        let merged = self.cells.merge(&other.cells, |pair| pairs[pair as usize], self.sums.count());
        self.sums.merge(other.sums, &merged);
    }

    /// The parties by workload and owner, by their numbers.
    pub(super) fn parties(&self) -> &[PartyKey] {
        &self.party_keys
    }

    /// What each cell is of: day, whether it is priced, class and the number of its party; and the number of its sums.
    pub(super) fn places(&self) -> impl Iterator<Item = (Day, bool, u32, u32, u32)> {
        self.cells.iter().map(|(day, priced, pair, cell)| {
            let (class, party) = self.pair_keys[pair as usize];
            (day, priced, class, party, cell)
        })
    }

    /// Takes the sums of all numbers away.
    pub(super) fn take_sums(&mut self) -> SumList {
        std::mem::take(&mut self.sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Money, Quantity};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn cells_of_two_workers_come_to_what_one_would_have(
            lines in proptest::collection::vec((0i32..4, any::<bool>(), 0u32..3, 0u32..2, prop_oneof![-5i128..9, -(1i128 << 80)..1 << 80]), 0..120),
            cut in 0usize..120,
        ) {
            let costs = |amount| Costs { quantity: Quantity(amount), net: Money(-amount), ..Costs::default() };
            let mut all: BTreeMap<_, Costs> = BTreeMap::new();
            let (mut left, mut right) = (Cells::with_room(), Cells::with_room());
            for (at, (day, priced, class, owner, amount)) in lines.into_iter().enumerate() {
                *all.entry((Day(day), priced, class, owner)).or_default() += costs(amount);
                // The second worker has other numbers for the same.
                let (cells, class, owner) = if at < cut { (&mut left, class, owner) } else { (&mut right, 2 - class, 1 - owner) };
                let party = cells.party((Sym(owner), Sym::NONE));
                let pair = cells.pair(class, party);
                let cell = cells.number(Day(day), priced, pair);
                cells.add_wide(cell, &costs(amount));
            }
            left.merge(right, |class| 2 - class, |sym| if sym == Sym::NONE { Sym(1) } else { Sym::NONE });
            let (sums, parties) = (left.take_sums(), left.parties().to_vec());
            let mut merged: BTreeMap<_, Costs> = BTreeMap::new();
            for (day, priced, class, party, cell) in left.places() {
                *merged.entry((day, priced, class, parties[party as usize].0.0)).or_default() += sums.get(cell);
            }
            prop_assert_eq!(merged, all);
        }
    }
}
