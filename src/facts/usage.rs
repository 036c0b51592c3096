//! Usage by the hour, of what a commitment could cover: per resource as hours with a quantity, per class as sums of each hour.

use super::{
    chained::{Chained, behind},
    grid::Grid,
};
use crate::{
    bits::ones,
    money::Quantity,
    scan::{ROOM, touch},
    time::{Day, Hour, Span},
};
use std::collections::BTreeMap;

/// The hours in which one resource used one class: most have one quantity and are bits, the others stand apart.
#[derive(Debug, Clone, Default)]
pub(super) struct HourSet {
    usual: Quantity,
    /// The hour of the first bit, a multiple of 64.
    first: i32,
    bits: Vec<u64>,
    /// Hours of another quantity; none of them has its bit set.
    odd: Hours,
}

/// Hours with a quantity each, ascending, which fits into 64 bits almost always: that is half the memory.
#[derive(Debug, Clone)]
enum Hours {
    Narrow(Vec<(Hour, i64)>),
    Wide(Vec<(Hour, Quantity)>),
}

impl Default for Hours {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl Hours {
    fn len(&self) -> usize {
        match self {
            Self::Narrow(all) => all.len(),
            Self::Wide(all) => all.len(),
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hour(&self, place: usize) -> Option<Hour> {
        match self {
            Self::Narrow(all) => all.get(place).map(|(hour, _)| *hour),
            Self::Wide(all) => all.get(place).map(|(hour, _)| *hour),
        }
    }

    /// The place of an hour, or where it belongs. Mostly that is the last, or behind it.
    fn find(&self, hour: Hour) -> Result<usize, usize> {
        let last = self.len().checked_sub(1).and_then(|last| Some((last, self.hour(last)?)));
        match last {
            None => Err(0),
            Some((last, at)) if at == hour => Ok(last),
            Some((last, at)) if at < hour => Err(last + 1),
            _ => match self {
                Self::Narrow(all) => all.binary_search_by_key(&hour, |(hour, _)| *hour),
                Self::Wide(all) => all.binary_search_by_key(&hour, |(hour, _)| *hour),
            },
        }
    }

    /// Adds to the quantity at a place.
    fn add(&mut self, place: usize, quantity: Quantity) {
        if let Self::Narrow(all) = self {
            let sum = &mut all[place].1;
            if let Some(total) = i64::try_from(quantity.0).ok().and_then(|more| sum.checked_add(more)) {
                *sum = total;
                return;
            }
        }
        self.widened(|all| all[place].1 += quantity);
    }

    /// Puts in an hour where it belongs.
    fn insert(&mut self, place: usize, hour: Hour, quantity: Quantity) {
        match (&mut *self, i64::try_from(quantity.0)) {
            (Self::Narrow(all), Ok(quantity)) => all.insert(place, (hour, quantity)),
            _ => self.widened(|all| all.insert(place, (hour, quantity))),
        }
    }

    /// Changes them with room for any quantity.
    #[cold]
    fn widened(&mut self, change: impl FnOnce(&mut Vec<(Hour, Quantity)>)) {
        let mut all = match std::mem::take(self) {
            Self::Wide(all) => all,
            narrow => narrow.iter().collect(),
        };
        change(&mut all);
        *self = Self::Wide(all);
    }

    fn iter(&self) -> impl Iterator<Item = (Hour, Quantity)> {
        let (narrow, wide): (&[_], &[_]) = match self {
            Self::Narrow(all) => (all, &[]),
            Self::Wide(all) => (&[], all),
        };
        narrow.iter().map(|(hour, quantity)| (*hour, Quantity((*quantity).into()))).chain(wide.iter().copied())
    }
}

impl HourSet {
    /// Adds a quantity to an hour. What is held afterwards depends on the sums alone, not on the order of adding.
    pub(super) fn add(&mut self, hour: Hour, quantity: Quantity) {
        if quantity.is_zero() {
            return;
        }
        if self.odd.is_empty() && quantity == self.usual && self.set_free(hour) {
            return;
        }
        if self.bits.is_empty() && self.odd.is_empty() {
            self.usual = quantity;
        }
        match self.odd.find(hour) {
            Ok(place) => self.odd.add(place, quantity),
            Err(place) if self.take(hour) => self.odd.insert(place, hour, self.usual + quantity),
            Err(_) if quantity == self.usual => self.set(hour),
            Err(place) => self.odd.insert(place, hour, quantity),
        }
    }

    /// Something of what adding looks at, to load it: of the first of the bits and the last of the hours that differ.
    #[inline]
    pub(super) fn ends(&self) -> u64 {
        let last = if let Hours::Narrow(odd) = &self.odd { odd.last().map_or(0, |(_, quantity)| *quantity) } else { 0 };
        self.bits.first().copied().unwrap_or(0) ^ last.cast_unsigned()
    }

    /// Sets an hour's bit if it lies in the words that there are and is not set.
    #[inline]
    fn set_free(&mut self, hour: Hour) -> bool {
        let Ok(at) = usize::try_from(i64::from(hour.0) - i64::from(self.first)) else { return false };
        let Some(word) = self.bits.get_mut(at / 64) else { return false };
        let bit = 1 << (at % 64);
        let free = *word & bit == 0;
        *word |= bit;
        free
    }

    /// Clears an hour's bit and tells whether it was set.
    fn take(&mut self, hour: Hour) -> bool {
        let Ok(at) = usize::try_from(i64::from(hour.0) - i64::from(self.first)) else { return false };
        let Some(word) = self.bits.get_mut(at / 64) else { return false };
        let bit = 1 << (at % 64);
        let was = *word & bit != 0;
        *word &= !bit;
        was
    }

    fn set(&mut self, hour: Hour) {
        let start = hour.0.div_euclid(64) * 64;
        if self.bits.is_empty() {
            self.first = start;
        }
        if start < self.first {
            let more = usize::try_from((self.first - start) / 64).unwrap_or(0);
            self.bits.splice(0..0, std::iter::repeat_n(0, more));
            self.first = start;
        }
        let at = usize::try_from(hour.0 - self.first).unwrap_or(0);
        if self.bits.len() <= at / 64 {
            self.bits.resize(at / 64 + 1, 0);
        }
        self.bits[at / 64] |= 1 << (at % 64);
    }

    /// The hours with their quantities, in order.
    pub(super) fn hours(&self) -> impl Iterator<Item = (Hour, Quantity)> {
        let mut usual = self.bits.iter().zip(0..).flat_map(move |(word, at)| {
            let start = self.first + at * 64;
            ones(*word).map(move |bit| (Hour(start + bit.cast_signed()), self.usual))
        });
        let mut odd = self.odd.iter();
        let (mut next_usual, mut next_odd) = (usual.next(), odd.next());
        std::iter::from_fn(move || match (next_usual, next_odd) {
            (Some(a), Some(b)) if b.0 < a.0 => std::mem::replace(&mut next_odd, odd.next()),
            (Some(_), _) => std::mem::replace(&mut next_usual, usual.next()),
            (None, _) => std::mem::replace(&mut next_odd, odd.next()),
        })
    }

    /// Adds another worker's hours.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.bits.is_empty() && self.odd.is_empty() {
            self.clone_from(other);
            return;
        }
        if self.merge_bits(other) {
            return;
        }
        for (hour, quantity) in other.hours() {
            self.add(hour, quantity);
        }
    }

    /// Adds another worker's hours if all of them have the same quantity and none is ours already.
    fn merge_bits(&mut self, other: &Self) -> bool {
        if self.usual != other.usual || !self.odd.is_empty() || !other.odd.is_empty() || self.bits.is_empty() {
            return false;
        }
        let first = self.first.min(other.first);
        let words = |set: &Self| usize::try_from((set.first - first) / 64).unwrap_or(0);
        let (ours, theirs) = (words(self), words(other));
        let mut bits = vec![0; (ours + self.bits.len()).max(theirs + other.bits.len())];
        bits[ours..ours + self.bits.len()].copy_from_slice(&self.bits);
        for (word, more) in bits[theirs..].iter_mut().zip(&other.bits) {
            if *word & more != 0 {
                return false;
            }
            *word |= more;
        }
        (self.first, self.bits) = (first, bits);
        true
    }

    /// Runs of equal quantity; an hour's quantity is spread over the `spread` hours from it on (of daily lines: 24).
    pub(super) fn runs(&self, spread: impl Fn(Hour) -> Span) -> impl Iterator<Item = (Span, Quantity)> {
        let mut all = self.hours().filter(|(_, quantity)| !quantity.is_zero()).map(move |(hour, quantity)| {
            let span = spread(hour);
            (span, if span.hours() <= 1 { quantity } else { quantity.ratio(1, span.hours().into()) })
        });
        let mut next = all.next();
        std::iter::from_fn(move || {
            let (mut run, each) = next?;
            loop {
                next = all.next();
                match next {
                    Some((span, same)) if span.start == run.end && same == each => run.end = span.end,
                    _ => return Some((run, each)),
                }
            }
        })
    }
}

/// A day's hours.
pub(super) type Block = [Quantity; 24];

/// The place of an hour in its day.
#[inline]
fn of_day(hour: Hour) -> usize {
    usize::try_from(hour.0.rem_euclid(24)).unwrap_or(0)
}

/// The sums of every hour by class, in blocks of a day. A sum is in 64 bits; what they do not hold stands apart.
#[derive(Clone, Default)]
pub(super) struct ClassHours {
    /// By day and class, the number of the block.
    places: Grid,
    blocks: Vec<[i64; 24]>,
    /// Those of other workers, numbered behind them.
    others: Chained<[i64; 24]>,
    /// By block and hour of the day.
    wide: BTreeMap<(u32, usize), Quantity>,
}

impl ClassHours {
    /// With room from the start.
    pub(super) fn with_room() -> Self {
        Self { blocks: Vec::with_capacity(ROOM), ..Self::default() }
    }

    /// Adds a quantity to an hour of a class.
    pub(super) fn add(&mut self, class: u32, hour: Hour, quantity: Quantity) {
        let block = self.block(class, hour.day());
        self.add_at(block, hour, quantity);
    }

    /// Puts blocks in the place of classes, each of the day of its hour; they are made where there are none.
    pub(super) fn find<T>(&mut self, hours: &mut [(u32, Hour, T)], lists: &mut Vec<u32>) {
        lists.clear();
        lists.extend(hours.iter().map(|(_, hour, _)| self.places.list(hour.day(), true)));
        self.places.touch(lists.iter().copied().zip(hours.iter().map(|(class, ..)| *class)));
        for (list, (place, ..)) in lists.iter().zip(hours) {
            *place = self.block_in(*list, *place);
        }
    }

    /// Loads some hours of some blocks.
    pub(super) fn touch<T>(&self, hours: &[(u32, Hour, T)]) {
        touch(hours.iter().map(|(block, hour, _)| self.blocks[*block as usize][of_day(*hour)]));
    }

    /// Adds a quantity to an hour of a block.
    #[inline]
    pub(super) fn add_at(&mut self, block: u32, hour: Hour, quantity: Quantity) {
        self.add_in(block, of_day(hour), quantity);
    }

    #[inline]
    fn add_in(&mut self, block: u32, at: usize, quantity: Quantity) {
        let own = self.blocks.len();
        let sums = match self.blocks.get_mut(block as usize) {
            Some(sums) => sums,
            None => self.others.at_mut(behind(block, own)),
        };
        let sum = &mut sums[at];
        match i64::try_from(quantity.0).ok().and_then(|quantity| sum.checked_add(quantity)) {
            Some(total) => *sum = total,
            None => {
                let wide = self.wide.entry((block, at)).or_default();
                *wide += Quantity(i128::from(std::mem::take(sum)) + quantity.0);
            }
        }
    }

    /// The number of a block, made if there is none; of those of one worker.
    #[inline]
    pub(super) fn block(&mut self, class: u32, day: Day) -> u32 {
        let list = self.places.list(day, true);
        self.block_in(list, class)
    }

    #[inline]
    fn block_in(&mut self, list: u32, class: u32) -> u32 {
        let next = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        let block = self.places.place_in(list, class, next);
        if block == next {
            self.blocks.push([0; 24]);
        }
        block
    }

    /// Takes in another worker's sums; `classes` gives our number of each of its classes. Blocks of days and classes that nobody had yet stay
    /// where they are, if most are.
    pub(super) fn merge(&mut self, other: Self, classes: &[u32]) {
        let first = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX) + self.others.count();
        let merged = self.places.merge(&other.places, |class| classes[class as usize], first);
        for (ours, theirs) in &merged.same {
            for (at, quantity) in other.get(*theirs).into_iter().enumerate().filter(|(_, quantity)| !quantity.is_zero())
            {
                self.add_in(*ours, at, quantity);
            }
        }
        for (place, number) in merged.new.iter().filter(|_| !other.wide.is_empty()) {
            let of_block = other.wide.range((*place, 0)..(*place + 1, 0));
            self.wide.extend(of_block.map(|((_, at), quantity)| ((first + number, *at), *quantity)));
        }
        self.others.push(merged.kept(other.blocks));
    }

    /// The number of every block with its class and day.
    pub(super) fn places(&self) -> impl Iterator<Item = ((u32, Day), u32)> {
        self.places.iter().map(|(day, _, class, block)| ((class, day), block))
    }

    /// Whether all hours of a block are 0.
    pub(super) fn is_empty(&self, block: u32) -> bool {
        self.narrow(block).iter().fold(0, |all, sum| all | sum) == 0
            && self.get(block).iter().all(|quantity| quantity.is_zero())
    }

    fn narrow(&self, block: u32) -> &[i64; 24] {
        self.blocks.get(block as usize).unwrap_or_else(|| self.others.at(behind(block, self.blocks.len())))
    }

    /// The block of a number.
    pub(super) fn get(&self, block: u32) -> Block {
        let narrow = self.narrow(block);
        let wide = |at| if self.wide.is_empty() { None } else { self.wide.get(&(block, at)) };
        std::array::from_fn(|at| Quantity(narrow[at].into()) + wide(at).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const ONE: Quantity = Quantity(1_000_000_000_000);

    fn hourly(hour: Hour) -> Span {
        Span::new(hour, hour.plus(1))
    }

    #[test]
    fn split_hours_are_one_run_again() {
        let mut set = HourSet::default();
        for hour in [3, 1, 2] {
            set.add(Hour(hour), ONE);
        }
        set.add(Hour(4), Quantity(ONE.0 / 4));
        set.add(Hour(4), Quantity(ONE.0 * 3 / 4));
        assert_eq!(set.runs(hourly).collect::<Vec<_>>(), [(Span::new(Hour(1), Hour(5)), ONE)]);
        let daily = |hour: Hour| Span::new(hour, hour.plus(24));
        let mut set = HourSet::default();
        set.add(Hour(24), Quantity(ONE.0 * 24));
        set.add(Hour(0), Quantity(ONE.0 * 24));
        assert_eq!(set.runs(daily).collect::<Vec<_>>(), [(Span::new(Hour(0), Hour(48)), ONE)]);
    }

    proptest! {
        #[test]
        fn class_hours_of_any_size_are_exact(
            adds in proptest::collection::vec((0u32..3, -30i32..60, prop_oneof![-5i128..9, -(1i128 << 80)..1 << 80]), 0..200),
            cut in 0usize..200,
        ) {
            let mut sums: BTreeMap<(u32, Hour), Quantity> = BTreeMap::new();
            let (mut left, mut right) = (ClassHours::default(), ClassHours::default());
            for (at, &(class, hour, quantity)) in adds.iter().enumerate() {
                *sums.entry((class, Hour(hour))).or_default() += Quantity(quantity);
                if at < cut { &mut left } else { &mut right }.add(class, Hour(hour), Quantity(quantity));
            }
            left.merge(right, &[0, 1, 2]);
            sums.retain(|_, sum| !sum.is_zero());
            let hours = left.places().flat_map(|((class, day), block)| {
                (0..).zip(left.get(block)).map(move |(at, sum)| ((class, day.start().plus(at)), sum))
            });
            prop_assert_eq!(hours.filter(|(_, sum)| !sum.is_zero()).collect::<BTreeMap<_, _>>(), sums);
        }

        #[test]
        fn any_order_and_any_split_gives_the_sums(
            adds in proptest::collection::vec((-200i32..400, prop_oneof![30 => -2i128..4, 1 => Just(1 << 40)]), 0..300),
            cut in 0usize..300,
        ) {
            let mut sums: BTreeMap<Hour, Quantity> = BTreeMap::new();
            let (mut left, mut right) = (HourSet::default(), HourSet::default());
            for (at, &(hour, units)) in adds.iter().enumerate() {
                let quantity = Quantity(units * ONE.0);
                *sums.entry(Hour(hour)).or_default() += quantity;
                if at < cut { left.add(Hour(hour), quantity) } else { right.add(Hour(hour), quantity) }
            }
            left.merge(&right);
            sums.retain(|_, sum| !sum.is_zero());
            let held: Vec<_> = left.hours().filter(|(_, sum)| !sum.is_zero()).collect();
            prop_assert_eq!(held, sums.into_iter().collect::<Vec<_>>());
        }
    }
}
