//! A cap: in each hour no more runs than a limit.

use super::{
    Bill, Part, Place,
    edit::Selection,
    hours::{Billed, Runs, part, units, whole},
    trial::{Kept, Trial},
};
use crate::{money::Quantity, waterfall::Units};
use std::{collections::BTreeSet, sync::Arc};

/// What is capped of one hour: of so much, no more than that.
type Limit = Option<Kept>;

impl Bill<'_> {
    /// Carries a cap out on the places of a selection, and tells what it leaves of each item that it changes.
    pub(super) fn cap(&self, trial: &mut Trial, what: &Selection, most: &[Option<Quantity>]) -> Vec<(usize, Kept)> {
        let items: BTreeSet<usize> = self.places(what).collect();
        let place = |at: usize| trial.get(&at).cloned().unwrap_or_else(|| self.place(at));
        let running = |at: usize| match place(at) {
            Place::Pool(_, Part { share, hours }) => {
                let billed = || {
                    let mut billed = Billed::default();
                    self.billed(&self.item(at), &mut billed);
                    Arc::new(billed.into_runs())
                };
                Some((at, share, hours.unwrap_or_else(billed)))
            }
            Place::Linear(_) | Place::Gone => None,
        };
        let all: Vec<_> = items.iter().filter_map(|at| running(*at)).collect();
        let mut sums = vec![0i128; self.waterfall.demand().hours()];
        for (_, share, runs) in &all {
            for (hours, each) in runs.iter() {
                let each = i128::from(part(*each, *share));
                sums.get_mut(hours.clone()).unwrap_or_default().iter_mut().for_each(|sum| *sum += each);
            }
        }
        let (limits, kept) = limits(&sums, most);
        if kept.part == kept.of {
            return Vec::new();
        }
        let mut left = Vec::new();
        for (at, share, runs) in all {
            let less = capped(&runs, &limits);
            if less != *runs {
                left.push((at, Kept { part: whole(&less), of: whole(&runs) }));
                let place = trial.entry(at).or_insert_with(|| self.place(at));
                if let Place::Pool(_, part) = place {
                    *part = Part { share, hours: Some(Arc::new(less)) };
                }
            }
        }
        for at in items {
            let place = trial.get(&at).cloned().unwrap_or_else(|| self.place(at));
            if let Place::Linear(cost) = place {
                let cost = kept.of(cost);
                trial.insert(at, Place::Linear(cost));
                left.push((at, kept));
            }
        }
        left
    }
}

/// The limit of each hour in which more runs than that, and what is left of all hours.
fn limits(sums: &[i128], most: &[Option<Quantity>]) -> (Vec<Limit>, Kept) {
    let most = most.iter().copied().chain(std::iter::repeat(None));
    let limit = |(sum, most): (&i128, Option<Quantity>)| {
        let most = i128::from(units(most?));
        (most < *sum).then_some(Kept { part: most, of: *sum })
    };
    let limits: Vec<Limit> = sums.iter().zip(most).map(limit).collect();
    let after = limits.iter().zip(sums).map(|(limit, sum)| limit.map_or(*sum, |limit| limit.part));
    let kept = Kept { part: after.sum(), of: sums.iter().sum() };
    (limits, kept)
}

/// Hours with each that is limited cut down by the share that all give up.
fn capped(runs: &Runs, limits: &[Limit]) -> Runs {
    let mut less: Runs = Vec::new();
    for (hours, each) in runs {
        let mut last: Option<usize> = None;
        for hour in hours.clone() {
            let left = match limits.get(hour).copied().flatten() {
                Some(limit) => Units::try_from(i128::from(*each) * limit.part / limit.of).unwrap_or(0),
                None => *each,
            };
            match last.map(|at| &mut less[at]) {
                Some((before, same)) if *same == left => before.end = hour + 1,
                _ => {
                    last = Some(less.len());
                    less.push((hour..hour + 1, left));
                }
            }
        }
    }
    less.retain(|(_, left)| *left > 0);
    less
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gives_up_the_same_share_of_an_hour() {
        let most = [Some(Quantity(3000)), None, Some(Quantity(0)), Some(Quantity(99_000))];
        let (limits, kept) = limits(&[12, 12, 12, 12, 12], &most);
        assert_eq!((kept.part, kept.of), (3 + 12 + 12 + 12, 60));
        assert_eq!(capped(&vec![(0..5, 4), (1..3, 8)], &limits), [(0..1, 1), (1..2, 4), (3..5, 4), (1..2, 8)]);
    }
}
