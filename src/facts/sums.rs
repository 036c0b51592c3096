//! Exact sums in half the memory: 64 bits each while they fit, carried over into a wide side table when they do not.

use super::{
    Costs,
    fold::{Map, map},
};
use crate::money::{Money, Quantity};

/// The narrow part of five sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Narrow([i64; 5]);

impl Narrow {
    /// These sums and some more; `None` when one of them needs more than 64 bits.
    #[inline]
    fn plus(self, costs: &Costs) -> Option<Self> {
        let more = [costs.quantity.0, costs.unblended.0, costs.effective.0, costs.net.0, costs.on_demand.0];
        let mut sums = self.0;
        let mut fits = true;
        for (sum, more) in sums.iter_mut().zip(more) {
            #[expect(clippy::cast_possible_truncation, reason = "checked beside it")]
            let short = more as i64;
            let (total, over) = sum.overflowing_add(short);
            fits &= !over & (i128::from(short) == more);
            *sum = total;
        }
        fits.then_some(Self(sums))
    }

    fn wide(self) -> Costs {
        let [quantity, unblended, effective, net, on_demand] = self.0.map(i128::from);
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
    /// Adds costs to the sums at a place, whose narrow part is given.
    #[inline]
    pub(super) fn add(&mut self, place: u64, narrow: &mut Narrow, costs: &Costs) {
        match narrow.plus(costs) {
            Some(sums) => *narrow = sums,
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
    wide: Wide,
}

impl SumList {
    /// Adds costs to the sums of a number.
    #[inline]
    pub(super) fn add(&mut self, number: u32, costs: &Costs) {
        if self.narrow.len() <= number as usize {
            self.narrow.resize(number as usize + 1, Narrow::default());
        }
        self.wide.add(number.into(), &mut self.narrow[number as usize], costs);
    }

    /// The sums of a number.
    pub(super) fn get(&self, number: u32) -> Costs {
        self.wide.total(number.into(), self.narrow[number as usize])
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
            (0..3).for_each(|number| sums.add(number, &Costs::default()));
            for (number, [quantity, unblended, effective, net, on_demand]) in lines {
                let costs = Costs {
                    quantity: Quantity(quantity),
                    unblended: Money(unblended),
                    effective: Money(effective),
                    net: Money(net),
                    on_demand: Money(on_demand),
                };
                sums.add(number, &costs);
                model[number as usize] += costs;
            }
            prop_assert_eq!([0, 1, 2].map(|number| sums.get(number)), model);
        }
    }
}
