//! Findings that claim the same: which of them, or which combination, is worth most with what later stages could add.

use super::{Alone, Course, Inputs, Plan, Step, take::Done};
use crate::{
    bill::{Ahead, Attempt, Hours, Worth},
    money::Money,
    parallel::{shared_out, threads},
    rules::{Aspect, Stage, Status},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque, btree_map::Entry},
};

/// Findings that exclude each other, directly or through others.
type Bundle = Vec<Step>;

/// A bundle whose turn is to come.
type Open = (Bundle, Tried);

/// Whether a bundle was tried ahead of its turn.
enum Tried {
    NotYet,
    /// On today's bill.
    Today(Box<Attempt>),
    /// On the bill as it was; in some hours it may do something else since.
    Stale(Box<Attempt>, Hours),
    /// What its finding does on the bill as it is; nothing where that is not asked ahead.
    Known(Option<Box<Attempt>>),
}

impl Tried {
    fn is_due(&self) -> bool {
        !matches!(self, Self::Known(_))
    }

    fn attempt(self) -> Option<Attempt> {
        if let Self::Known(Some(attempt)) = self { Some(*attempt) } else { None }
    }

    /// Takes note of what was done; says whether a try does not hold any more that held before.
    fn is_lost_to(&mut self, done: &Done) -> bool {
        let held = matches!(self, Self::Known(_));
        let (attempt, mut hours) = match std::mem::replace(self, Self::NotYet) {
            Self::Known(Some(attempt)) => (attempt, Hours::default()),
            Self::Stale(attempt, hours) => (attempt, hours),
            other => {
                *self = other;
                return false;
            }
        };
        if let Some(more) = done.stale(&attempt) {
            hours.unite(&more);
            *self = if hours.is_empty() { Self::Known(Some(attempt)) } else { Self::Stale(attempt, hours) };
        }
        held && self.is_due()
    }
}

/// Gathers findings that claim the same side of the same target, ways of one finding among them; bundles stand where their first finding
/// stood. With those of one finding it is told what it does alone.
pub(super) fn bundles(found: Vec<Alone>) -> Vec<(Bundle, Option<Box<Attempt>>)> {
    let mut roots: Vec<usize> = (0..found.len()).collect();
    let mut first: BTreeMap<_, usize> = BTreeMap::new();
    for (at, (step, _)) in found.iter().enumerate() {
        for side in step.sides() {
            match first.entry(side) {
                Entry::Vacant(free) => drop(free.insert(at)),
                Entry::Occupied(other) => join(&mut roots, *other.get(), at),
            }
        }
    }
    let mut places = vec![usize::MAX; found.len()];
    let mut all: Vec<(Bundle, Option<Box<Attempt>>)> = Vec::new();
    for (at, (step, attempt)) in found.into_iter().enumerate() {
        let root = root(&mut roots, at);
        if places[root] == usize::MAX {
            places[root] = all.len();
            all.push((vec![step], attempt));
        } else {
            let (bundle, of_one) = &mut all[places[root]];
            bundle.push(step);
            *of_one = None;
        }
    }
    all
}

fn root(roots: &mut [usize], at: usize) -> usize {
    let mut root = at;
    while roots[root] != root {
        roots[root] = roots[roots[root]];
        root = roots[root];
    }
    root
}

fn join(roots: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(roots, one), root(roots, other));
    roots[one.max(other)] = one.min(other);
}

impl Plan<'_> {
    /// Settles bundles one after another. Those ahead are tried on the bill as it is by all threads, up to the next that is likely to be
    /// carried out, and behind that as many as did not lose their tries of late: a try holds until something that it looked at is changed, and
    /// then in all hours but those in which it was.
    pub(super) fn settle_all(
        &mut self,
        inputs: &Inputs<'_>,
        bundles: Vec<(Bundle, Option<Box<Attempt>>)>,
        stage: Stage,
        course: &mut Course,
    ) {
        /// So many tries a thread are kept at most: with more, those that are lost cost more than waiting for each other.
        const EACH: usize = 8;
        /// So many where none is likely to be carried out.
        const EACH_SAFE: usize = 128;
        let (most, most_safe) = (EACH * threads(), EACH_SAFE * threads());
        let today = |attempt: Option<Box<Attempt>>| attempt.map_or(Tried::NotYet, Tried::Today);
        let mut open: VecDeque<Open> = bundles.into_iter().map(|(bundle, attempt)| (bundle, today(attempt))).collect();
        let mut beyond = threads();
        while !open.is_empty() {
            let likely = |(bundle, _): &Open| bundle.len() > 1 || inputs.is_worth(&bundle[0], bundle[0].alone);
            let safe = open.iter().take(most_safe).position(likely).unwrap_or(most_safe);
            // One thread alone gains nothing by looking ahead.
            let wide = if threads() > 1 { safe.max((safe + beyond).min(most)) } else { 1 };
            let (plan, seen) = (&*self, &*course);
            let ahead = |(bundle, tried): Open| {
                let tried = plan.try_ahead(inputs, &bundle, tried, seen);
                (bundle, tried)
            };
            let next: Vec<Open> = open.drain(..wide.min(open.len())).collect();
            for next in shared_out(next, ahead).into_iter().rev() {
                open.push_front(next);
            }
            let mut lost = 0;
            while let Some((bundle, tried)) = open.pop_front_if(|(_, tried)| !tried.is_due()) {
                for done in self.settle(inputs, bundle, tried.attempt(), stage, course) {
                    done.leave(&mut course.since);
                    // Of a round that looked further ahead some may be left.
                    for (_, tried) in open.iter_mut().take(most_safe) {
                        lost += usize::from(tried.is_lost_to(&done));
                    }
                }
            }
            beyond = if lost > 0 { 1 } else { (2 * beyond).min(most) };
        }
    }

    /// What a lone finding would do now, if it may be carried out at all and that is not known yet.
    fn try_ahead(&self, inputs: &Inputs<'_>, bundle: &Bundle, tried: Tried, course: &Course) -> Tried {
        let [step] = &bundle[..] else { return Tried::Known(None) };
        if !tried.is_due() {
            return tried;
        }
        let finding = &step.finding;
        let shown = inputs.rules[step.rule].text.status == Status::Preview || finding.at_stake.is_some();
        let held = step.sides().any(|side| course.claims.contains_key(&side));
        if shown || finding.declined.is_some() || held {
            return Tried::Known(None);
        }
        let known = match tried {
            Tried::Today(attempt) => attempt.stale(&course.since).map(|stale| (attempt, stale)),
            Tried::Stale(attempt, stale) => Some((attempt, stale)),
            Tried::NotYet | Tried::Known(_) => None,
        };
        let mut attempt = match known {
            Some((attempt, stale)) if stale.is_empty() => Some(attempt),
            Some((attempt, stale)) => Some(Box::new(self.after.again(*attempt, &stale))),
            None => self.after.attempt(&finding.edits).map(Box::new),
        };
        attempt.iter_mut().for_each(|attempt| self.after.price_attempt(attempt));
        Tried::Known(attempt)
    }

    /// Takes what of a bundle is worth most; the rest loses to it. `attempt` is what its finding does on the bill as it is, if that is
    /// known. Tells what was done, one after another.
    fn settle(
        &mut self,
        inputs: &Inputs<'_>,
        bundle: Bundle,
        attempt: Option<Attempt>,
        stage: Stage,
        course: &mut Course,
    ) -> Vec<Done> {
        let lone = bundle.len() == 1;
        let before = [self.steps.len(), self.rejected.len(), self.suppressed.len(), self.previews.len()];
        let open: Vec<Step> = bundle.into_iter().filter_map(|step| self.admit(inputs, step)).collect();
        let mut done = Vec::new();
        if open.len() > 1 {
            for (step, worth) in self.weighed(inputs, open, stage, course) {
                done.push(self.take(inputs, step, (Some(worth), None), course));
            }
        } else if let Some(step) = open.into_iter().next() {
            done.push(self.take(inputs, step, (None, attempt), course));
        }
        if !lone {
            self.once_each(before);
        }
        done
    }

    /// The findings with what each is worth, the best combination first.
    fn weighed(
        &mut self,
        inputs: &Inputs<'_>,
        open: Vec<Step>,
        stage: Stage,
        course: &mut Course,
    ) -> Vec<(Step, Worth)> {
        // What is bought answers for itself.
        let mut nothing = Ahead::default();
        let ahead = if stage == Stage::Commit { &mut nothing } else { &mut course.ahead };
        let mut weigh = |chosen: &[usize]| {
            let edits: Vec<_> = chosen.iter().flat_map(|at| open[*at].finding.edits.clone()).collect();
            self.after.weigh(&edits, ahead)
        };
        let worths: Vec<Worth> = (0..open.len()).map(|at| weigh(&[at])).collect();
        let mut order: Vec<usize> = (0..open.len()).collect();
        order.sort_by_key(|at| (Reverse(worths[*at].whole()), *at));
        if open.len() <= inputs.figures.max_weighed {
            let mut best: (Option<Money>, Vec<usize>) = (None, Vec::new());
            for chosen in combinations(&open) {
                let worth = if let [one] = chosen[..] { worths[one] } else { weigh(&chosen) };
                if best.0.is_none_or(|best| worth.whole() > best) {
                    best = (Some(worth.whole()), chosen);
                }
            }
            order.sort_by_key(|at| !best.1.contains(at));
        }
        let mut open: Vec<Option<(Step, Worth)>> = open.into_iter().zip(worths).map(Some).collect();
        order.into_iter().filter_map(|at| open[at].take()).collect()
    }

    /// Of several ways of one finding that were left out since, keeps one; none of a finding that is carried out in another way.
    fn once_each(&mut self, [steps, rejected, suppressed, previews]: [usize; 4]) {
        let taken = |id: &str| self.steps[steps..].iter().any(|step| step.id == id);
        let mut lost = self.rejected.split_off(rejected);
        lost.retain(|left| !taken(&left.step.id));
        for left in lost {
            if !self.rejected[rejected..].iter().any(|kept| kept.step.is_as(&left.step)) {
                self.rejected.push(left);
            }
        }
        for left in self.suppressed.split_off(suppressed) {
            if !self.suppressed[suppressed..].iter().any(|kept| kept.step.is_as(&left.step)) {
                self.suppressed.push(left);
            }
        }
        for step in self.previews.split_off(previews) {
            if !self.previews[previews..].iter().any(|kept| kept.is_as(&step)) {
                self.previews.push(step);
            }
        }
    }
}

impl Step {
    /// The sides of resources that it claims.
    pub(super) fn sides(&self) -> impl Iterator<Item = super::Side> + '_ {
        let aspect: Aspect = self.finding.aspect;
        self.finding.target.members().iter().map(move |id| (*id, aspect))
    }

    /// Whether another is the same finding of the same rule, in another way.
    fn is_as(&self, other: &Self) -> bool {
        (self.rule, &self.id) == (other.rule, &other.id)
    }

    fn excludes(&self, other: &Self) -> bool {
        let theirs: BTreeSet<super::Side> = other.sides().collect();
        self.sides().any(|side| theirs.contains(&side))
    }
}

/// Every choice of findings that do not exclude each other and leave room for no other, in the order of the findings.
fn combinations(open: &[Step]) -> Vec<Vec<usize>> {
    let numbers = 0..open.len();
    let excludes: Vec<Vec<bool>> =
        numbers.clone().map(|one| open.iter().map(|other| open[one].excludes(other)).collect()).collect();
    let choice = |bits: usize| numbers.clone().filter(|at| bits >> at & 1 == 1).collect::<Vec<_>>();
    let fits = |chosen: &Vec<usize>| {
        let free = |at: usize| chosen.iter().all(|other| *other == at || !excludes[at][*other]);
        numbers.clone().all(|at| free(at) == chosen.contains(&at))
    };
    let mut all: Vec<Vec<usize>> = (1usize..1 << open.len()).map(choice).filter(fits).collect();
    all.sort();
    all
}
