//! Exact sums in half the memory: 64 bits each while they fit, carried over into a wide side table when they do not.

use super::{
    Costs,
    chained::{Chained, behind},
    fold::{Map, map},
    grid::Merged,
};
use crate::{
    money::{Money, Quantity},
    scan::ROOM,
};

/// Costs in 64 bits each, at 1e-12: of a line, or the narrow part of some sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Narrow {
    pub(super) quantity: i64,
    pub(super) unblended: i64,
    pub(super) effective: i64,
    pub(super) net: i64,
    pub(super) on_demand: i64,
}

impl Narrow {
    /// Costs, if none of them needs more than 64 bits.
    pub(super) fn of(costs: &Costs) -> Option<Self> {
        let short = |amount: i128| i64::try_from(amount).ok();
        Some(Self {
            quantity: short(costs.quantity.0)?,
            unblended: short(costs.unblended.0)?,
            effective: short(costs.effective.0)?,
            net: short(costs.net.0)?,
            on_demand: short(costs.on_demand.0)?,
        })
    }

    /// These sums and some more; `None` when one of them needs more than 64 bits.
    #[inline]
    fn plus(self, more: &Self) -> Option<Self> {
        let mut over = false;
        let mut sum = |a: i64, b| {
            let (sum, carries) = a.overflowing_add(b);
            over |= carries;
            sum
        };
        let sums = Self {
            quantity: sum(self.quantity, more.quantity),
            unblended: sum(self.unblended, more.unblended),
            effective: sum(self.effective, more.effective),
            net: sum(self.net, more.net),
            on_demand: sum(self.on_demand, more.on_demand),
        };
        (!over).then_some(sums)
    }

    /// The same costs.
    pub(super) fn wide(self) -> Costs {
        let Self { quantity, unblended, effective, net, on_demand } = self;
        let [quantity, unblended, effective, net, on_demand] =
            [quantity, unblended, effective, net, on_demand].map(i128::from);
        Costs {
            quantity: Quantity(quantity),
            unblended: Money(unblended),
            effective: Money(effective),
            net: Money(net),
            on_demand: Money(on_demand),
        }
    }
}

/// What narrow sums could not hold, by their place. A sum is its narrow part plus what stands here.
#[derive(Debug, Clone)]
pub(super) struct Wide(Map<u64, Costs>);

impl Default for Wide {
    fn default() -> Self {
        Self(map())
    }
}

impl Wide {
    /// Adds narrow costs to the sums at a place, whose narrow part is given.
    #[inline]
    pub(super) fn add(&mut self, place: u64, narrow: &mut Narrow, costs: &Narrow) {
        match narrow.plus(costs) {
            Some(sums) => *narrow = sums,
            None => self.carry(place, narrow, &costs.wide()),
        }
    }

    /// Adds costs of any size to the sums at a place, whose narrow part is given.
    pub(super) fn add_wide(&mut self, place: u64, narrow: &mut Narrow, costs: &Costs) {
        match Narrow::of(costs) {
            Some(costs) => self.add(place, narrow, &costs),
            None => self.carry(place, narrow, costs),
        }
    }

    #[cold]
    fn carry(&mut self, place: u64, narrow: &mut Narrow, costs: &Costs) {
        let wide = self.0.entry(place).or_default();
        *wide = *wide + narrow.wide() + *costs;
        *narrow = Narrow::default();
    }

    /// The sums at a place.
    pub(super) fn total(&self, place: u64, narrow: Narrow) -> Costs {
        let wide = if self.0.is_empty() { None } else { self.0.get(&place) };
        narrow.wide() + wide.copied().unwrap_or_default()
    }
}

/// Sums by a number of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct SumList {
    narrow: Vec<Narrow>,
    /// Those of other workers, numbered behind them.
    others: Chained<Narrow>,
    wide: Wide,
}

impl SumList {
    /// With room from the start.
    pub(super) fn with_room() -> Self {
        Self { narrow: Vec::with_capacity(ROOM), ..Self::default() }
    }

    /// Adds narrow costs to the sums of a number; of those of one worker.
    #[inline]
    pub(super) fn add(&mut self, number: u32, costs: &Narrow) {
        self.reach(number);
        self.wide.add(number.into(), &mut self.narrow[number as usize], costs);
    }

    /// Takes in another worker's sums, of which it is known what became of their numbers.
    pub(super) fn merge(&mut self, other: Self, merged: &Merged) {
        let first = self.count();
        for (ours, theirs) in &merged.same {
            let costs = other.get(*theirs);
            let own = self.narrow.len();
            let narrow = match self.narrow.get_mut(*ours as usize) {
                Some(narrow) => narrow,
                None => self.others.at_mut(behind(*ours, own)),
            };
            self.wide.add_wide(u64::from(*ours), narrow, &costs);
        }
        for (place, number) in merged.new.iter().filter(|_| !other.wide.0.is_empty()) {
            let costs = other.wide.0.get(&u64::from(*place));
            self.wide.0.extend(costs.map(|costs| (u64::from(first + number), *costs)));
        }
        self.others.push(merged.kept(other.narrow));
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.narrow.len()).unwrap_or(u32::MAX) + self.others.count()
    }

    /// Adds costs of any size to the sums of a number; of those of one worker.
    pub(super) fn add_wide(&mut self, number: u32, costs: &Costs) {
        self.reach(number);
        self.wide.add_wide(number.into(), &mut self.narrow[number as usize], costs);
    }

    #[inline]
    fn reach(&mut self, number: u32) {
        if self.narrow.len() <= number as usize {
            self.narrow.resize(number as usize + 1, Narrow::default());
        }
    }

    /// The first and the last of the sums of a number, to load them all.
    #[inline]
    pub(super) fn ends(&self, number: u32) -> (i64, i64) {
        self.narrow.get(number as usize).map_or((0, 0), |sums| (sums.quantity, sums.on_demand))
    }

    /// The sums of a number.
    pub(super) fn get(&self, number: u32) -> Costs {
        let narrow = self.narrow.get(number as usize);
        let narrow = narrow.unwrap_or_else(|| self.others.at(behind(number, self.narrow.len())));
        self.wide.total(number.into(), *narrow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Amounts of which a few are near or beyond what 64 bits hold.
    fn amount() -> impl Strategy<Value = i128> {
        let edge = i128::from(i64::MAX);
        prop_oneof![
            6 => -1_000_000i128..1_000_000,
            1 => edge - 3..edge + 3,
            1 => -edge - 3..3 - edge,
            1 => -(1i128 << 89)..1 << 89,
        ]
    }

    proptest! {
        #[test]
        fn narrow_sums_are_exact(lines in proptest::collection::vec((0u32..3, [amount(), amount(), amount(), amount(), amount()]), 0..80)) {
            let (mut sums, mut model) = (SumList::default(), [Costs::default(); 3]);
            (0..3).for_each(|number| sums.add(number, &Narrow::default()));
            for (number, [quantity, unblended, effective, net, on_demand]) in lines {
                let costs = Costs {
                    quantity: Quantity(quantity),
                    unblended: Money(unblended),
                    effective: Money(effective),
                    net: Money(net),
                    on_demand: Money(on_demand),
                };
                match Narrow::of(&costs) {
                    Some(costs) if number > 0 => sums.add(number, &costs),
                    _ => sums.add_wide(number, &costs),
                }
                model[number as usize] += costs;
            }
            prop_assert_eq!([0, 1, 2].map(|number| sums.get(number)), model);
        }
    }
}
