//! Edits that are tried now and carried out later, unless what they looked at is changed in between.

use super::{Delta, NONE, PoolId, Waterfall, delta::Told, spare::Ripples, walk::Walk};
use crate::bits::ones;

impl Waterfall {
    /// What an edit would leave uncovered; nothing is changed.
    #[must_use]
    pub fn tried(&self, delta: Delta) -> Tried {
        self.tried_as_told(delta.told(self))
    }

    fn tried_as_told(&self, delta: Told) -> Tried {
        let Ripples { any, left, tails } = self.ripples(&delta);
        let mut walk = Walk::new(self);
        for when in delta.hours().filter(|when| any[when.at]) {
            walk.one(self, &delta, when, false);
        }
        left.into_iter().for_each(|(pool, more)| walk.left.add(pool, more));
        let mut looked = std::mem::take(&mut walk.looked);
        delta.demand.iter().for_each(|row| looked.pools.insert(row.id));
        for pool in looked.pools.iter() {
            self.layout.places_of(pool).iter().for_each(|place| looked.steps.insert(place.step));
        }
        Tried { left: walk.effect().left, delta, looked, tails }
    }

    /// Carries out an edit that was tried on the waterfall as it is, or as it was before edits that it holds beside.
    pub fn carry_out(&mut self, tried: &Tried) -> Trace {
        // What is news to the tails is told to tries on other waterfalls too.
        self.tails();
        let Tried { delta, left, .. } = tried;
        let mut touched = Looked::default();
        delta.demand.iter().for_each(|row| touched.pools.insert(row.id));
        let (effect, news) = self.carry(delta, |moved| moved.iter().for_each(|(step, _)| touched.steps.insert(*step)));
        debug_assert_eq!(effect.left, *left, "a try holds");
        Trace { touched, news, capacities: !delta.amounts.is_empty() }
    }
}

/// An edit that was tried: what it would do, and all that it takes to carry it out.
#[derive(Debug, Clone)]
pub struct Tried {
    /// How what is left of pools changes over all hours, in 1e-9 units, ascending; what stays the same is not in it.
    pub left: Vec<(PoolId, i128)>,
    delta: Told,
    /// What the try was led by.
    looked: Looked,
    /// The steps of whose tails nothing was left.
    tails: Ids,
}

/// Pools and steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Looked {
    pub(super) pools: Ids,
    pub(super) steps: Ids,
}

impl Tried {
    /// The same edit on the waterfall as it is now.
    #[must_use]
    pub fn again(self, waterfall: &Waterfall) -> Self {
        waterfall.tried_as_told(self.delta)
    }

    /// Whether it does the same before and after an edit that leaves such a trace.
    ///
    /// A try looks at nothing but the demand of pools that change or stand at a margin that moves, at the margins of steps that these
    /// pools stand in or that are offered more or less, and at whether anything is left in tails. Where none of that was touched, each of its
    /// hours goes the same way.
    #[must_use]
    pub fn holds_beside(&self, trace: &Trace) -> bool {
        let Trace { touched, news, capacities } = trace;
        !capacities
            && touched.pools.is_disjoint(&self.looked.pools)
            && touched.steps.is_disjoint(&self.looked.steps)
            && news.is_disjoint(&self.tails)
    }
}

/// What edits changed.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    touched: Looked,
    /// The steps for whose tails it is news that something is left.
    news: Ids,
    capacities: bool,
}

impl Trace {
    /// The trace of edits of which nothing is known: it leaves no try as it was.
    #[must_use]
    pub fn of_anything() -> Self {
        Self { capacities: true, ..Self::default() }
    }

    /// What others changed too.
    pub fn join(&mut self, other: &Self) {
        self.touched.pools.unite(&other.touched.pools);
        self.touched.steps.unite(&other.touched.steps);
        self.news.unite(&other.news);
        self.capacities |= other.capacities;
    }
}

/// The numbers whose bits are set.
fn numbers(words: impl Iterator<Item = u64>) -> impl Iterator<Item = usize> {
    words.enumerate().flat_map(|(at, word)| ones(word).map(move |bit| at * 64 + bit as usize))
}

/// A set of small numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids(Vec<u64>);

impl FromIterator<u32> for Ids {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut ids = Self::default();
        numbers.into_iter().for_each(|id| ids.insert(id));
        ids
    }
}

impl Ids {
    pub(super) fn insert(&mut self, id: u32) {
        let word = id as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (id % 64);
    }

    /// Takes out the least number, if it stands in this word or in one behind, where the search then goes on.
    pub(super) fn take_first(&mut self, word: &mut usize) -> Option<u32> {
        while let Some(bits) = self.0.get_mut(*word) {
            if *bits != 0 {
                let bit = bits.trailing_zeros();
                *bits &= *bits - 1;
                return Some(u32::try_from(*word * 64).unwrap_or(NONE) + bit);
            }
            *word += 1;
        }
        None
    }

    pub(super) fn holds(&self, id: usize) -> bool {
        self.0.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Takes in others; tells whether some of them are new.
    pub(super) fn unite(&mut self, others: &Self) -> bool {
        if self.0.len() < others.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        let mut new = 0;
        for (word, other) in self.0.iter_mut().zip(&others.0) {
            new |= other & !*word;
            *word |= other;
        }
        new != 0
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one & other == 0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        numbers(self.0.iter().copied())
    }

    /// The numbers that another set has too.
    pub(super) fn both<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = usize> + 's {
        numbers(self.0.iter().zip(&other.0).map(|(one, other)| one & other))
    }
}
