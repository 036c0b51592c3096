//! Rates that the export shows for commitments that are owned.

use super::{Instrument, Offer, Source, Subject, instance};
use crate::{
    facts::Facts,
    sku::{Instance, Payment, Term, What},
    time::parse_moment,
};
use std::collections::BTreeMap;

/// Rates of commitments that are owned, as the export shows them.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// By offer, region, usage type and operation.
    exact: BTreeMap<(Offer, String, String, String), Observed>,
    /// By offer, region and usage without its size.
    kin: BTreeMap<(Offer, String, What), Observed>,
}

/// A discount, and since when the commitment that shows it runs.
#[derive(Debug, Clone, Copy)]
struct Observed {
    since: i64,
    discount: f64,
}

impl Observed {
    /// The newer of two; of two as new, the one that takes off less.
    fn newer(self, other: Self) -> Self {
        let order = self.since.cmp(&other.since).then(other.discount.total_cmp(&self.discount));
        if order.is_ge() { self } else { other }
    }
}

impl Seen {
    /// What the commitments of the bill take off.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let mut seen = Self::default();
        for commitment in &facts.commitments {
            let details = &commitment.details;
            let (Some(term), Some(payment)) = (Term::parse(&details.term), Payment::parse(&details.payment)) else {
                continue;
            };
            let offer = Offer { instrument: Instrument::of(commitment), term, payment };
            let since = parse_moment(&details.start).unwrap_or_default();
            for (class, costs) in commitment.covers.iter().filter(|(_, costs)| costs.on_demand.0 > 0) {
                let class = facts.class(*class);
                let subject = Subject {
                    region: &class.region,
                    product: &class.product,
                    usage_type: &class.usage_type,
                    operation: &class.operation,
                    what: &class.what,
                    on_demand: None,
                };
                seen.add(offer, subject, 1.0 - costs.effective.to_f64() / costs.on_demand.to_f64(), since);
            }
        }
        seen
    }

    /// Notes that usage was covered at a rate which takes `discount` off the public on-demand rate, by a commitment that began at
    /// `since` (seconds since 1970): the newest commitment tells today's rates. Anything but a share below 1 is left out.
    pub fn add(&mut self, offer: Offer, of: Subject<'_>, discount: f64, since: i64) {
        if !discount.is_finite() || discount >= 1.0 {
            return;
        }
        let seen = Observed { since, discount };
        let note = |before: &mut Observed| *before = before.newer(seen);
        let region = || of.region.to_owned();
        let exact = (offer, region(), of.usage_type.to_owned(), of.operation.to_owned());
        self.exact.entry(exact).and_modify(note).or_insert(seen);
        if let Some(kin) = kin(of.what) {
            self.kin.entry((offer, region(), kin)).and_modify(note).or_insert(seen);
        }
    }

    /// The discount of an offer on a usage, or on another size of it.
    pub(super) fn discount(&self, offer: Offer, of: Subject<'_>) -> Option<(f64, Source)> {
        let exact = (offer, of.region.to_owned(), of.usage_type.to_owned(), of.operation.to_owned());
        if let Some(seen) = self.exact.get(&exact) {
            return Some((seen.discount, Source::Export));
        }
        let seen = self.kin.get(&(offer, of.region.to_owned(), kin(of.what)?))?;
        Some((seen.discount, Source::ExportKin))
    }
}

/// The usage without the size of its instance.
fn kin(what: &What) -> Option<What> {
    let of = instance(what)?;
    let kind = crate::instance::InstanceType { size: String::new(), ..of.kind.clone() };
    Some(What::Instance(Instance { kind, ..of.clone() }))
}
