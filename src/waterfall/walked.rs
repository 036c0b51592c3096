//! Edits that are walked through now and carried out later, unless what they looked at is changed in between.

use super::{Delta, Edge, Effect, Margin, NONE, Waterfall};

impl Waterfall {
    /// What an edit would change of which the sum is known, with all that it takes to carry it out; nothing is changed.
    #[must_use]
    pub fn walked(&self, delta: Delta) -> Walked {
        let delta = delta.within(self);
        let mut moved = Vec::with_capacity(delta.span(self.demand.hours()).len());
        let mut walk = self.walk(&delta, |hour, margins| {
            let hour = u32::try_from(hour).unwrap_or(u32::MAX);
            moved.extend(margins.iter().map(|(step, Margin { position, edge })| (hour, *step, *position, *edge)));
        });
        let mut looked = std::mem::take(&mut walk.looked);
        delta.demand.iter().for_each(|row| looked.pools.insert(row.id));
        for pool in looked.pools.iter() {
            self.layout.places_of(pool).iter().for_each(|place| looked.steps.insert(place.step));
        }
        Walked { effect: walk.effect(), delta, moved, looked }
    }

    /// Carries out an edit that was walked on the waterfall as it is, or as it was before edits that it holds beside.
    pub fn carry_out(&mut self, walked: &Walked) {
        for (hour, step, position, edge) in &walked.moved {
            let margin = Margin { position: *position, edge: *edge };
            self.set_margin(*step as usize, *hour as usize, margin);
        }
        self.settle(&walked.delta, &walked.effect);
    }
}

/// An edit that was walked through: what it changes, and all that it takes to carry it out.
#[derive(Debug, Clone)]
pub struct Walked {
    /// What it changes.
    pub effect: Effect,
    delta: Delta,
    /// Where steps then stand, by hour.
    moved: Vec<(u32, u32, u32, Edge)>,
    /// What the walk was led by.
    looked: Looked,
}

/// Pools and steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Looked {
    pub(super) pools: Ids,
    pub(super) steps: Ids,
}

impl Walked {
    /// What carrying it out changes: the demand of pools, and where steps stand.
    #[must_use]
    pub fn trace(&self) -> Trace {
        let mut touched = Looked::default();
        self.delta.demand.iter().for_each(|row| touched.pools.insert(row.id));
        self.moved.iter().for_each(|(_, step, ..)| touched.steps.insert(*step));
        Trace { touched, capacities: !self.delta.amounts.is_empty() }
    }

    /// Whether it is walked alike before and after an edit that leaves such a trace.
    ///
    /// A walk looks at nothing but the demand of pools that change or stand at a margin that moves, and at the margins of steps that these
    /// pools stand in or that are offered more or less. Where none of that was touched, each of its hours goes the same way.
    #[must_use]
    pub fn holds_beside(&self, trace: &Trace) -> bool {
        let Trace { touched, capacities } = trace;
        !capacities && touched.pools.is_disjoint(&self.looked.pools) && touched.steps.is_disjoint(&self.looked.steps)
    }
}

/// What an edit changed.
#[derive(Debug)]
pub struct Trace {
    touched: Looked,
    capacities: bool,
}

/// A set of small numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids(Vec<u64>);

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

    fn is_disjoint(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one & other == 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1);
        self.0.iter().enumerate().flat_map(move |(at, word)| bits(*word).map(move |bit| at * 64 + bit))
    }
}
