//! Which resources use what: most rules look at few of them.

use crate::facts::{ClassId, Facts, ResourceId};

/// The resources with lines of each class in the period, in their order.
pub struct Users {
    /// By class, and one more: where its resources begin.
    start: Vec<usize>,
    resources: Vec<ResourceId>,
}

impl Users {
    /// Goes through the lines of all resources once.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let mut start = vec![0; facts.classes.len() + 1];
        for (_, class) in facts.billed.all_of() {
            start[class.0 as usize + 1] += 1;
        }
        for class in 1..start.len() {
            start[class] += start[class - 1];
        }
        let mut free = start.clone();
        let mut resources = vec![ResourceId(0); start.last().copied().unwrap_or(0)];
        for (resource, class) in facts.billed.all_of() {
            let place = &mut free[class.0 as usize];
            resources[*place] = resource;
            *place += 1;
        }
        Self { start, resources }
    }

    /// The resources with lines of a class.
    #[must_use]
    pub fn of_class(&self, class: ClassId) -> &[ResourceId] {
        let at = class.0 as usize;
        &self.resources[self.start[at]..self.start[at + 1]]
    }
}
