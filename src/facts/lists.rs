//! What was billed and spent, as it is kept: sums in 64 bits almost always, which is half the memory of what is told of them.

use super::{
    Billed, ClassId, Costs, ResourceId, Spend,
    chained::list_of,
    sums::{Narrow, SumList},
};
use crate::{money::Quantity, time::Day};
use std::{fmt, ops::Range};

/// What was billed for resources, sorted by resource and class: in stretches as they were made.
#[derive(Clone, Default)]
pub struct BilledList {
    stretches: Vec<BilledStretch>,
    /// By stretch: the place of its first.
    firsts: Vec<usize>,
}

/// What was billed for some resources that follow each other.
#[derive(Clone, Default)]
pub(super) struct BilledStretch {
    of: Vec<(ResourceId, ClassId)>,
    sums: Vec<Narrow>,
    /// Sums that 64 bits do not hold: their places stand in [`LARGE`] ones.
    large: Vec<Costs>,
}

/// A quantity of sums that stand apart, at the place which their unblended cost tells.
const LARGE: i64 = i64::MIN;

impl BilledStretch {
    /// With room for so many.
    pub(super) fn with_room(count: usize) -> Self {
        Self { of: Vec::with_capacity(count), sums: Vec::with_capacity(count), large: Vec::new() }
    }

    /// Adds one behind the others.
    pub(super) fn push(&mut self, resource: ResourceId, class: ClassId, costs: Costs) {
        let narrow = Narrow::of(&costs).filter(|narrow| narrow.quantity != LARGE).unwrap_or_else(|| {
            self.large.push(costs);
            large(self.large.len() - 1)
        });
        self.of.push((resource, class));
        self.sums.push(narrow);
    }

    /// The number of each resource grows by so many.
    pub(super) fn renumber(&mut self, more: u32) {
        self.of.iter_mut().for_each(|(resource, _)| resource.0 += more);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    /// The one at a place.
    pub(super) fn get(&self, at: usize) -> Billed {
        let (resource, class) = self.of[at];
        Billed { resource, class, costs: self.costs(at) }
    }

    /// The classes of those at some places.
    pub(super) fn classes(&self, places: Range<usize>) -> impl Iterator<Item = ClassId> + Clone + '_ {
        self.of[places].iter().map(|(_, class)| *class)
    }

    fn quantity(&self, at: usize) -> Quantity {
        let quantity = self.sums[at].quantity;
        if quantity == LARGE { self.costs(at).quantity } else { Quantity(quantity.into()) }
    }

    fn costs(&self, at: usize) -> Costs {
        let sums = self.sums[at];
        if sums.quantity == LARGE { self.large[usize::try_from(sums.unblended).unwrap_or(0)] } else { sums.wide() }
    }
}

impl BilledList {
    /// Adds a stretch behind the others.
    pub(super) fn push(&mut self, stretch: BilledStretch) {
        self.firsts.push(self.len());
        self.stretches.push(stretch);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let last = self.firsts.last().zip(self.stretches.last());
        last.map_or(0, |(first, stretch)| first + stretch.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the one at a place is of.
    #[must_use]
    pub fn of_what(&self, at: usize) -> (ResourceId, ClassId) {
        let (stretch, at) = self.place(at);
        stretch.of[at]
    }

    /// The quantity of the one at a place.
    #[must_use]
    pub fn quantity(&self, at: usize) -> Quantity {
        let (stretch, at) = self.place(at);
        stretch.quantity(at)
    }

    /// The one at a place.
    #[must_use]
    pub fn get(&self, at: usize) -> Billed {
        let (stretch, at) = self.place(at);
        stretch.get(at)
    }

    /// Those at some places.
    pub fn of(&self, places: Range<usize>) -> impl Iterator<Item = Billed> + '_ {
        places.map(|at| self.get(at))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Billed> + '_ {
        self.stretches.iter().flat_map(|stretch| (0..stretch.len()).map(|at| stretch.get(at)))
    }

    /// What all of them are of.
    pub fn all_of(&self) -> impl Iterator<Item = (ResourceId, ClassId)> + Clone + '_ {
        self.stretches.iter().flat_map(|stretch| stretch.of.iter().copied())
    }

    fn place(&self, at: usize) -> (&BilledStretch, usize) {
        let stretch = list_of(&self.firsts, &at);
        (&self.stretches[stretch], at - self.firsts[stretch])
    }
}

fn large(place: usize) -> Narrow {
    Narrow { quantity: LARGE, unblended: i64::try_from(place).unwrap_or(i64::MAX), ..Narrow::default() }
}

impl fmt::Debug for BilledList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

/// Spend by day, class and party, in this order.
#[derive(Clone, Default)]
pub struct Spends {
    /// What each is of, and the number of its sums.
    list: Vec<Cell>,
    sums: SumList,
}

/// What a sum is of: day, whether it is priced, class, party; and its number.
pub(super) type Cell = (Day, bool, ClassId, u32, u32);

impl Spends {
    /// Of a list in any order, and the sums that it numbers.
    pub(super) fn of(mut list: Vec<Cell>, sums: SumList) -> Self {
        // No two are of the same; one number is sooner compared than four.
        list.sort_unstable_by_key(|(day, priced, class, party, _)| {
            u128::from(day.rank()) << 96 | u128::from(*priced) << 64 | u128::from(class.0) << 32 | u128::from(*party)
        });
        Self { list, sums }
    }

    /// The one at a place.
    #[must_use]
    pub fn get(&self, at: usize) -> Spend {
        let (day, priced, class, party, sums) = self.list[at];
        Spend { day, priced, class, party, costs: self.sums.get(sums) }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Spend> + '_ {
        (0..self.list.len()).map(|at| self.get(at))
    }

    /// The parties of all of them.
    pub fn parties(&self) -> impl Iterator<Item = u32> + '_ {
        self.list.iter().map(|(.., party, _)| *party)
    }
}

impl fmt::Debug for Spends {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Money, Quantity};

    #[test]
    fn sums_of_any_size_come_back() {
        let edge = i128::from(i64::MAX);
        let costs = |quantity: i128, unblended: i128| Costs {
            quantity: Quantity(quantity),
            unblended: Money(unblended),
            ..Costs::default()
        };
        let all = [costs(1, -2), costs(edge + 1, 3), costs(-edge - 1, 7), costs(0, edge * 5), costs(-edge, 9)];
        let mut joined = BilledList::default();
        for (first, some) in [(0, &all[..2]), (2, &all[2..4]), (4, &all[4..4]), (4, &all[4..])] {
            let mut stretch = BilledStretch::with_room(some.len());
            (0..).map(ResourceId).zip(some).for_each(|(id, costs)| stretch.push(id, ClassId(4), *costs));
            stretch.renumber(first);
            joined.push(stretch);
        }
        assert_eq!(joined.iter().map(|billed| billed.costs).collect::<Vec<_>>(), all);
        assert_eq!((0..joined.len()).map(|at| joined.get(at).costs).collect::<Vec<_>>(), all);
        assert_eq!(
            (0..joined.len()).map(|at| joined.quantity(at)).collect::<Vec<_>>(),
            all.map(|costs| costs.quantity)
        );
        assert_eq!(joined.all_of().collect::<Vec<_>>(), (0..5).map(|at| joined.of_what(at)).collect::<Vec<_>>());
        assert_eq!(joined.iter().map(|billed| billed.resource.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }
}
