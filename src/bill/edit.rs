//! Edits: intents, resolved against the bill they meet.

use crate::facts::{ClassId, Cost, ResourceId};

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
    /// The usage ends; what a commitment covers of it stays paid.
    Stop(Selection),
    /// The usage goes on at another price: `ratio` times today's. What a commitment covers of it stays as it is.
    Move {
        /// What moves.
        what: Selection,
        /// Price per unit of usage after / before.
        ratio: f64,
    },
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

    /// Moves usage of some classes to another price.
    #[must_use]
    pub fn reprice(resources: Vec<ResourceId>, classes: Vec<ClassId>, ratio: f64) -> Self {
        Self::Move { what: Selection { resources, classes: Some(classes) }, ratio }
    }

    /// What it selects.
    #[must_use]
    pub fn selection(&self) -> &Selection {
        match self {
            Self::Stop(what) | Self::Move { what, .. } => what,
        }
    }

    /// The cost of an on-demand item after the edit. The ratio is rounded to 1e-12 and applied in integers.
    pub(super) fn cost_after(&self, now: Cost) -> Cost {
        match self {
            Self::Stop(_) => Cost::default(),
            Self::Move { ratio, .. } => Cost { gross: now.gross.times(*ratio), net: now.net.times(*ratio) },
        }
    }
}
