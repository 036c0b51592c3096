//! Which resources use what: most rules look at few of them.

use crate::{
    facts::{ClassId, Facts, ResourceId},
    groups::Groups,
};

/// The resources with lines of each class in the period, in their order.
pub struct Users(Groups<ResourceId>);

impl Users {
    /// Goes through the lines of all resources once.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let all = facts.billed.all_of().map(|(resource, class)| (class.0 as usize, resource));
        Self(Groups::of(facts.classes.len(), all))
    }

    /// The resources with lines of a class.
    #[must_use]
    pub fn of_class(&self, class: ClassId) -> &[ResourceId] {
        self.0.get(class.0 as usize)
    }
}
