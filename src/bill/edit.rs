//! Edits: intents, resolved against the bill they meet.

use super::Purchase;
pub use super::pools::Becomes;
use crate::{
    facts::{ClassId, Cost, ResourceId},
    money::Quantity,
};
use std::sync::Arc;

/// Which items an edit is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Of these resources (a group's members, or one).
    pub resources: Vec<ResourceId>,
    /// Those of these classes; all when `None`.
    pub classes: Option<Vec<ClassId>>,
}

impl Selection {
    pub(super) fn holds(&self, class: ClassId) -> bool {
        self.classes.as_ref().is_none_or(|classes| classes.contains(&class))
    }
}

/// A change of usage.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// The usage ends. A commitment that covered it is paid on, and covers other usage if there is some.
    Stop(Selection),
    /// No more of it runs in an hour than a limit. Where more ran, each item gives up the same share; what has no hours of its own but
    /// hangs on them (it is selected and lies in no pool) costs as much less as there is less running over the whole period.
    Cap {
        /// What, all of it together: one resource, a group, a pool.
        what: Selection,
        /// By the hour of the priced period, in the unit of the usage; `None`, and hours behind the last: as many as ran.
        most: Arc<[Option<Quantity>]>,
    },
    /// The usage goes on as something else, at `ratio` times today's price.
    Move {
        /// What moves.
        what: Selection,
        /// Price per unit of usage after / before.
        ratio: f64,
        /// What instances, compute and throughput turn into: commitments that do not cover that are freed. `None`: the same good, of which less is
        /// used, or at another price.
        to: Option<Becomes>,
    },
    /// A commitment is bought.
    Buy(Box<Purchase>),
    /// A commitment that is owned ends, or is exchanged for what is bought.
    Release(Release),
}

/// A part of a commitment that is owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Its place among the facts' commitments.
    pub commitment: usize,
    /// So many of its instances ...
    pub part: u32,
    /// ... of so many. A plan is one.
    pub of: u32,
}

impl Edit {
    /// Ends all usage of a resource.
    #[must_use]
    pub fn stop(resource: ResourceId) -> Self {
        Self::Stop(Selection { resources: vec![resource], classes: None })
    }

    /// Ends the usage of some classes of a resource.
    #[must_use]
    pub fn stop_classes(resource: ResourceId, classes: Vec<ClassId>) -> Self {
        Self::Stop(Selection { resources: vec![resource], classes: Some(classes) })
    }

    /// Runs no more of some classes of some resources, all together, than so many in each hour of the priced period.
    #[must_use]
    pub fn cap(resources: Vec<ResourceId>, classes: Vec<ClassId>, most: impl Into<Arc<[Option<Quantity>]>>) -> Self {
        Self::Cap { what: Selection { resources, classes: Some(classes) }, most: most.into() }
    }

    /// Moves usage of some classes to another price.
    #[must_use]
    pub fn reprice(resources: Vec<ResourceId>, classes: Vec<ClassId>, ratio: f64) -> Self {
        Self::Move { what: Selection { resources, classes: Some(classes) }, ratio, to: None }
    }

    /// Turns usage of some classes into something else, at `ratio` times its price.
    #[must_use]
    pub fn turn(resources: Vec<ResourceId>, classes: Vec<ClassId>, ratio: f64, to: Becomes) -> Self {
        Self::Move { what: Selection { resources, classes: Some(classes) }, ratio, to: Some(to) }
    }

    /// Whether it changes commitments, not usage.
    #[must_use]
    pub fn is_commitment(&self) -> bool {
        matches!(self, Self::Buy(_) | Self::Release(_))
    }

    /// The usage that it selects; a change of commitments selects none.
    #[must_use]
    pub fn selection(&self) -> &Selection {
        const NOTHING: &Selection = &Selection { resources: Vec::new(), classes: None };
        match self {
            Self::Stop(what) | Self::Cap { what, .. } | Self::Move { what, .. } => what,
            Self::Buy(_) | Self::Release(_) => NOTHING,
        }
    }

    /// The cost of an item after the edit where that is linear; what a cap leaves hangs on the hours of others. The ratio is rounded to 1e-12 and applied in integers.
    pub(super) fn cost_after(&self, now: Cost) -> Cost {
        match self {
            Self::Stop(_) => Cost::default(),
            Self::Cap { .. } | Self::Buy(_) | Self::Release(_) => now,
            Self::Move { ratio, .. } => Cost { gross: now.gross.times(*ratio), net: now.net.times(*ratio) },
        }
    }
}
