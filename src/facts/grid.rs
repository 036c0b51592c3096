//! Places by day and number: what is kept of a day for each of many classes, found by two indices.

use crate::{
    scan::{Numbers, touch},
    time::Day,
};

/// By day, and whether it is priced, a list of places by number.
#[derive(Clone)]
pub(super) struct Grid {
    /// Indices into `days`.
    found: Numbers,
    days: Vec<DayList>,
    /// Of days that were found lately, by their last bits.
    recent: [u32; RECENT],
}

/// More than the days of a month, priced or not.
const RECENT: usize = 64;

impl Default for Grid {
    fn default() -> Self {
        Self { found: Numbers::default(), days: Vec::new(), recent: [0; RECENT] }
    }
}

#[derive(Clone)]
struct DayList {
    day: Day,
    priced: bool,
    /// Each number's place, plus one; 0 where there is none.
    places: Vec<u32>,
}

/// What became of another grid's places.
pub(super) struct Merged {
    /// Places that there were already, each with the one that belongs to it.
    pub(super) same: Vec<(u32, u32)>,
    /// The new ones, each with its number among what is kept.
    pub(super) new: Vec<(u32, u32)>,
    /// Whether all is kept, since but a few are not new.
    whole: bool,
}

impl Merged {
    /// What is kept of another's list.
    pub(super) fn kept<T: Copy>(&self, theirs: Vec<T>) -> Vec<T> {
        if self.whole { theirs } else { self.new.iter().map(|(place, _)| theirs[*place as usize]).collect() }
    }
}

impl Grid {
    /// The number of a day's list, made if there is none.
    #[inline]
    pub(super) fn list(&mut self, day: Day, priced: bool) -> u32 {
        let slot = (day.0.cast_unsigned() << 1 | u32::from(priced)) as usize % RECENT;
        let list = self.recent[slot];
        if self.days.get(list as usize).is_some_and(|of| of.day == day && of.priced == priced) {
            return list;
        }
        self.recent[slot] = self.find(day, priced);
        self.recent[slot]
    }

    /// Loads the places of numbers in lists.
    pub(super) fn touch(&self, places: impl Iterator<Item = (u32, u32)>) {
        touch(places.map(|(list, number)| self.days[list as usize].places.get(number as usize).copied()));
    }

    /// The place of a number in a day's list, which is `next` if it has none yet.
    #[inline]
    pub(super) fn place_in(&mut self, list: u32, number: u32, next: u32) -> u32 {
        let places = &mut self.days[list as usize].places;
        if places.len() <= number as usize {
            places.resize((number as usize + 1).next_power_of_two(), 0);
        }
        let place = &mut places[number as usize];
        if *place == 0 {
            *place = next + 1;
        }
        *place - 1
    }

    fn find(&mut self, day: Day, priced: bool) -> u32 {
        let next = u32::try_from(self.days.len()).unwrap_or(u32::MAX);
        let found = self.found.get_or(u64::from(day.0.cast_unsigned()) << 1 | u64::from(priced), || next);
        if found == next {
            self.days.push(DayList { day, priced, places: Vec::new() });
        }
        found
    }

    /// Takes in another grid's places, of things that will be numbered from `first` on. `numbers` gives our number of each of its numbers.
    pub(super) fn merge(&mut self, other: &Self, numbers: impl Fn(u32) -> u32, first: u32) -> Merged {
        let theirs: Vec<(u32, u32, u32)> =
            other.iter().map(|(day, priced, number, place)| (self.list(day, priced), numbers(number), place)).collect();
        let ours = |(list, number, _): &(u32, u32, u32)| {
            self.days[*list as usize].places.get(*number as usize).and_then(|place| place.checked_sub(1))
        };
        let known: Vec<Option<u32>> = theirs.iter().map(ours).collect();
        let new = known.iter().filter(|known| known.is_none()).count();
        let whole = 2 * new >= known.len();
        let mut merged = Merged { same: Vec::with_capacity(known.len() - new), new: Vec::with_capacity(new), whole };
        for ((list, number, place), known) in theirs.into_iter().zip(known) {
            if let Some(ours) = known {
                merged.same.push((ours, place));
                continue;
            }
            let next = if whole { place } else { u32::try_from(merged.new.len()).unwrap_or(u32::MAX) };
            self.place_in(list, number, first + next);
            merged.new.push((place, next));
        }
        merged
    }

    /// All places: day, whether it is priced, number, place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Day, bool, u32, u32)> {
        self.days.iter().flat_map(|of| {
            let places = (0u32..).zip(&of.places).filter(|(_, place)| **place != 0);
            places.map(|(number, place)| (of.day, of.priced, number, *place - 1))
        })
    }
}
