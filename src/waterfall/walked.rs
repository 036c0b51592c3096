//! Edits that are walked through now, in several threads, and carried out at once: of much usage, where a second walk would take as long.

use super::{
    Delta, Effect, Margin, Waterfall,
    delta::{Told, When},
    effect::Sums,
    spare::News,
    walk::Walk,
};
use crate::parallel::{shared_out, threads};

/// An edit that was walked through: what it changes, and where steps then stand.
#[derive(Debug)]
pub struct Walked {
    /// How the sums over all hours change.
    pub effect: Effect,
    delta: Told,
    /// Pools and hours in which more of them is left.
    risen: Vec<(u32, u32)>,
    /// By hour and step.
    pub(super) moved: Vec<(usize, u32, Margin)>,
}

/// What comes of some hours.
struct Stretch {
    left: Sums,
    used: Sums,
    risen: Vec<(u32, u32)>,
    moved: Vec<(usize, u32, Margin)>,
}

impl Waterfall {
    /// Walks through an edit, hours shared out to all threads; nothing is changed.
    #[must_use]
    pub fn walked(&self, delta: Delta) -> Walked {
        self.walked_as_told(delta.told(self))
    }

    pub(super) fn walked_as_told(&self, delta: Told) -> Walked {
        let behind = self.behind(&delta);
        let walk = |some: &[When]| {
            let (mut walk, mut risen, mut moved) = (Walk::new(self), Vec::new(), Vec::new());
            for when in some {
                if walk.one(self, &delta, *when, behind[when.at]) {
                    moved.extend(walk.moved.iter().map(|(step, margin)| (when.hour, *step, *margin)));
                }
                risen.extend(walk.risen(when.hour));
            }
            Stretch { left: walk.left, used: walk.used, risen, moved }
        };
        let hours: Vec<When> = delta.hours().collect();
        let all = shared_out(hours.chunks(hours.len().div_ceil(threads()).max(1)), walk);
        let (mut left, mut used) = (Sums::new(self.demand.pools()), Sums::new(self.capacities()));
        let (mut risen, mut moved) = (Vec::new(), Vec::new());
        for stretch in all {
            left.unite(&stretch.left);
            used.unite(&stretch.used);
            risen.extend(stretch.risen);
            moved.extend(stretch.moved);
        }
        Walked { effect: Effect::of(left, used), delta, risen, moved }
    }

    /// Carries out an edit that was walked through on the waterfall as it is.
    pub fn follow(&mut self, walked: Walked) {
        self.followed(walked);
    }

    /// The same; tells what is news to tails.
    pub(super) fn followed(&mut self, walked: Walked) -> News {
        for (hour, step, margin) in walked.moved {
            self.set_margin(step as usize, hour, margin);
        }
        self.settle(&walked.delta, &walked.effect);
        self.note_left(walked.risen)
    }
}
