//! The bill as a model: what usage costs, what is paid whether used or not, and what an edit changes.
//!
//! Usage lines of a resource are items. An on-demand item costs what its usage costs, so it falls when the usage goes. An
//! item that a commitment covers keeps its cost: the commitment is paid anyway. Everything else is flat.

mod edit;

pub use edit::{Edit, Selection};

use crate::facts::{ClassId, Commitment, Cost, Costs, Facts, LineType, Resource, ResourceId};
use std::ops::Range;

/// Who pays for an item's usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paid {
    /// The usage itself, at its rate.
    OnDemand,
    /// A reservation or Savings Plan, used or not.
    Commitment,
}

/// The usage of one class by one resource over the priced period.
#[derive(Debug, Clone)]
pub struct Item {
    /// Whose.
    pub resource: ResourceId,
    /// Of which class.
    pub class: ClassId,
    /// Who pays.
    pub paid: Paid,
    /// What was billed.
    pub billed: Costs,
    /// What it costs on this bill, edits included.
    pub now: Cost,
}

/// The bill of the priced period, without tax, credit and refund.
#[derive(Debug, Clone)]
pub struct Bill {
    items: Vec<Item>,
    of_resource: Vec<Range<usize>>,
    /// The commitments in force: what of them is used is in the items, what is unused is paid here.
    commitments: Vec<Commitment>,
    /// What depends neither on usage nor on commitments: fees, discounts.
    flat: Cost,
}

/// What an edit (or several) does to one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whose item.
    pub resource: ResourceId,
    /// Of which class.
    pub class: ClassId,
    /// By how much its cost falls.
    pub saving: Cost,
}

impl Bill {
    /// Builds the bill of the priced period.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let (items, of_resource) = (Vec::new(), Vec::new());
        let mut bill = Self { items, of_resource, commitments: facts.commitments.clone(), flat: Cost::default() };
        for (id, resource) in facts.numbered() {
            let first = bill.items.len();
            bill.add(facts, id, resource);
            bill.of_resource.push(first..bill.items.len());
        }
        // The lines of fees went to the flat part; what they say of known commitments stands with these.
        bill.flat = bill.flat - bill.unused();
        bill
    }

    /// What is paid for commitments that nothing used.
    fn unused(&self) -> Cost {
        self.commitments.iter().map(|commitment| commitment.unused).sum()
    }

    fn add(&mut self, facts: &Facts, id: ResourceId, resource: &Resource) {
        for (class, billed) in &resource.costs {
            let now = Cost { gross: billed.effective, net: billed.net };
            let paid = match facts.class(*class).line {
                LineType::Tax | LineType::Credit | LineType::Refund => continue,
                LineType::Usage => Paid::OnDemand,
                LineType::DiscountedUsage | LineType::SavingsPlanCoveredUsage => Paid::Commitment,
                _ => {
                    self.flat += now;
                    continue;
                }
            };
            self.items.push(Item { resource: id, class: *class, paid, billed: *billed, now });
        }
    }

    /// What the whole bill costs.
    #[must_use]
    pub fn price(&self) -> Cost {
        self.flat + self.unused() + self.items.iter().map(|item| item.now).sum()
    }

    /// The items of a resource, by class.
    #[must_use]
    pub fn items_of(&self, resource: ResourceId) -> &[Item] {
        self.of_resource.get(resource.0 as usize).map_or(&[], |range| &self.items[range.clone()])
    }

    /// What edits, one after another, would save on this bill, item by item; nothing is changed.
    #[must_use]
    pub fn peek(&self, edits: &[Edit]) -> Vec<Change> {
        self.trial(edits).into_iter().map(|(at, after)| self.change(at, after)).collect()
    }

    /// Carries out edits one after another and tells what they saved, item by item.
    pub fn apply(&mut self, edits: &[Edit]) -> Vec<Change> {
        let after = self.trial(edits);
        let changes = after.iter().map(|(at, after)| self.change(*at, *after)).collect();
        for (at, after) in after {
            self.items[at].now = after;
        }
        changes
    }

    /// What the items that edits touch cost on this bill, by who pays.
    #[must_use]
    pub fn touched(&self, edits: &[Edit], paid: Paid) -> Cost {
        self.selected(edits)
            .into_iter()
            .map(|at| &self.items[at])
            .filter(|item| item.paid == paid)
            .map(|item| item.now)
            .sum()
    }

    fn change(&self, at: usize, after: Cost) -> Change {
        let item = &self.items[at];
        Change { resource: item.resource, class: item.class, saving: item.now - after }
    }

    /// Which items edits touch, each once, in order.
    fn selected(&self, edits: &[Edit]) -> std::collections::BTreeSet<usize> {
        edits.iter().flat_map(|edit| self.places(edit.selection())).collect()
    }

    fn places<'a>(&'a self, selection: &'a Selection) -> impl Iterator<Item = usize> + 'a {
        let ranges = selection.resources.iter().filter_map(|id| self.of_resource.get(id.0 as usize).cloned());
        ranges.flatten().filter(|at| selection.holds(self.items[*at].class))
    }

    /// The cost of every touched item after the edits, by item.
    fn trial(&self, edits: &[Edit]) -> std::collections::BTreeMap<usize, Cost> {
        let mut after = std::collections::BTreeMap::new();
        for edit in edits {
            for at in self.places(edit.selection()) {
                let item = &self.items[at];
                let now = after.entry(at).or_insert(item.now);
                if item.paid == Paid::OnDemand {
                    *now = edit.cost_after(*now);
                }
            }
        }
        after
    }
}

/// The sum of what changes save.
#[must_use]
pub fn saving(changes: &[Change]) -> Cost {
    changes.iter().map(|change| change.saving).sum()
}
