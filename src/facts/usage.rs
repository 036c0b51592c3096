//! Usage by the hour, of what a commitment could cover: per resource as hours with a quantity, per class as sums of each hour.

use super::fold::{Map, map};
use crate::{
    money::Quantity,
    time::{Day, Hour, Span},
};

/// The hours in which one resource used one class: most have one quantity and are bits, the others stand apart.
#[derive(Debug, Clone, Default)]
pub(super) struct HourSet {
    usual: Quantity,
    /// The hour of the first bit, a multiple of 64.
    first: i32,
    bits: Vec<u64>,
    /// Hours of another quantity, ascending; none of them has its bit set.
    odd: Vec<(Hour, Quantity)>,
}

impl HourSet {
    /// Adds a quantity to an hour. What is held afterwards depends on the sums alone, not on the order of adding.
    pub(super) fn add(&mut self, hour: Hour, quantity: Quantity) {
        if quantity.is_zero() {
            return;
        }
        if self.bits.is_empty() && self.odd.is_empty() {
            self.usual = quantity;
        }
        if self.take(hour) {
            let place = self.odd.partition_point(|(other, _)| *other < hour);
            self.odd.insert(place, (hour, self.usual + quantity));
            return;
        }
        match self.odd.binary_search_by_key(&hour, |(other, _)| *other) {
            Ok(place) => self.odd[place].1 += quantity,
            Err(_) if quantity == self.usual => self.set(hour),
            Err(place) => self.odd.insert(place, (hour, quantity)),
        }
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
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| (Hour(start + bit), self.usual))
        });
        let mut odd = self.odd.iter().copied();
        let (mut next_usual, mut next_odd) = (usual.next(), odd.next());
        std::iter::from_fn(move || match (next_usual, next_odd) {
            (Some(a), Some(b)) if b.0 < a.0 => std::mem::replace(&mut next_odd, odd.next()),
            (Some(_), _) => std::mem::replace(&mut next_usual, usual.next()),
            (None, _) => std::mem::replace(&mut next_odd, odd.next()),
        })
    }

    /// Adds another worker's hours.
    pub(super) fn merge(&mut self, other: &Self) {
        for (hour, quantity) in other.hours() {
            self.add(hour, quantity);
        }
    }

    /// Runs of equal quantity; an hour's quantity is spread over the `spread` hours from it on (of daily lines: 24).
    pub(super) fn runs(&self, spread: impl Fn(Hour) -> Span) -> Vec<(Span, Quantity)> {
        let mut runs: Vec<(Span, Quantity)> = Vec::new();
        for (hour, quantity) in self.hours().filter(|(_, quantity)| !quantity.is_zero()) {
            let span = spread(hour);
            let each = quantity.ratio(1, span.hours().max(1).into());
            match runs.last_mut() {
                Some((last, same)) if last.end == span.start && *same == each => last.end = span.end,
                _ => runs.push((span, each)),
            }
        }
        runs
    }
}

/// A day's hours.
pub(super) type Block = [Quantity; 24];

/// The sums of every hour by class, in blocks of a day; each class remembers the block that it was last added to.
pub(super) struct ClassHours {
    places: Map<(u32, Day), u32>,
    blocks: Vec<Block>,
    last: Vec<Option<(Day, u32)>>,
}

impl Default for ClassHours {
    fn default() -> Self {
        Self { places: map(), blocks: Vec::new(), last: Vec::new() }
    }
}

impl ClassHours {
    /// Adds a quantity to an hour of a class.
    pub(super) fn add(&mut self, class: u32, hour: Hour, quantity: Quantity) {
        let day = hour.day();
        let at = usize::try_from(hour.0.rem_euclid(24)).unwrap_or(0);
        self.block(class, day)[at] += quantity;
    }

    fn block(&mut self, class: u32, day: Day) -> &mut Block {
        let slot = class as usize;
        if self.last.len() <= slot {
            self.last.resize(slot + 1, None);
        }
        let place = match self.last[slot] {
            Some((last, place)) if last == day => place,
            _ => {
                let next = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
                let place = *self.places.entry((class, day)).or_insert(next);
                if place == next {
                    self.blocks.push([Quantity::ZERO; 24]);
                }
                self.last[slot] = Some((day, place));
                place
            }
        };
        &mut self.blocks[place as usize]
    }

    /// Adds another worker's sums; `classes` gives our number of each of its classes.
    pub(super) fn merge(&mut self, other: &Self, classes: &[u32]) {
        for (&(class, day), &place) in &other.places {
            let ours = self.block(classes[class as usize], day);
            for (sum, more) in ours.iter_mut().zip(&other.blocks[place as usize]) {
                *sum += *more;
            }
        }
    }

    /// Every block with its class and day.
    pub(super) fn iter(&self) -> impl Iterator<Item = ((u32, Day), &Block)> {
        self.places.iter().map(|(key, place)| (*key, &self.blocks[*place as usize]))
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
        assert_eq!(set.runs(hourly), [(Span::new(Hour(1), Hour(5)), ONE)]);
        let daily = |hour: Hour| Span::new(hour, hour.plus(24));
        let mut set = HourSet::default();
        set.add(Hour(24), Quantity(ONE.0 * 24));
        set.add(Hour(0), Quantity(ONE.0 * 24));
        assert_eq!(set.runs(daily), [(Span::new(Hour(0), Hour(48)), ONE)]);
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_gives_the_sums(
            adds in proptest::collection::vec((-200i32..400, -2i128..4), 0..300),
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
