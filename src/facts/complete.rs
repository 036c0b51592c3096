//! What the bill does not tell of commitments is taken from listings of them.

use super::{Commitment, Facts};
use crate::{
    inventory::{Bound, Covers, Moment, OwnedCommitment, State, short_id},
    sku::PlanKind,
    time::rfc3339,
};
use std::{collections::BTreeMap, sync::Arc};

impl Facts {
    /// Completes commitments by what listings tell of them: what the bill tells stays. Of those that no line names, the ones that
    /// are in force or will be are kept in `listed`.
    pub fn complete(&mut self, owned: Vec<OwnedCommitment>) {
        let mut by_id: BTreeMap<String, Vec<OwnedCommitment>> = BTreeMap::new();
        for one in owned {
            by_id.entry(one.id.clone()).or_default().push(one);
        }
        for commitment in &mut self.commitments {
            let Some(alike) = by_id.get_mut(short_id(&commitment.id)) else { continue };
            if let Some(at) = alike.iter().position(|one| one.is(&commitment.id)) {
                commitment.complete(alike.remove(at));
            }
        }
        let to_come = |one: &OwnedCommitment| matches!(one.state, State::Active | State::Queued);
        self.listed = by_id.into_values().flatten().filter(to_come).collect();
    }

    /// The account that pays for what an account owns; `None` for an account that is not in the bill.
    #[must_use]
    pub fn payer_of(&self, owner: &str) -> Option<Arc<str>> {
        let of_account = self.classes.iter().find(|class| &*class.account == owner);
        let found = of_account.or_else(|| self.classes.iter().find(|class| &*class.payer == owner));
        found.map(|class| class.payer.clone())
    }
}

impl Commitment {
    fn complete(&mut self, listed: OwnedCommitment) {
        let details = &mut self.details;
        let moment = |at: Option<Moment>| at.map(|at| rfc3339(at.0));
        fill(&mut details.term, listed.term.map(|term| term.name().to_owned()));
        fill(&mut details.payment, listed.payment.map(|payment| payment.name().to_owned()));
        fill(&mut details.start, moment(listed.start));
        fill(&mut details.end, moment(listed.end));
        fill(&mut details.offering, offering(&listed));
        if let Covers::Plan(PlanKind::Ec2Instance(family)) = &listed.covers {
            fill(&mut details.family, Some(family.clone()));
        }
        match &listed.bound {
            Bound::Region(region) => fill(&mut details.region, region.clone()),
            Bound::Zone(zone) => fill(&mut self.zone, Some(zone.clone())),
            Bound::Nowhere => {}
        }
        self.listed = Some(listed);
    }
}

fn fill(text: &mut Arc<str>, told: Option<String>) {
    if let Some(told) = told.filter(|_| text.is_empty()) {
        *text = Arc::from(told);
    }
}

/// The word that the bill has for what is offered.
fn offering(listed: &OwnedCommitment) -> Option<String> {
    let word = match &listed.covers {
        Covers::Plan(PlanKind::Ec2Instance(_)) => "EC2InstanceSavingsPlans",
        Covers::Plan(PlanKind::Compute) => "ComputeSavingsPlans",
        Covers::Plan(PlanKind::SageMaker) => "SageMakerSavingsPlans",
        Covers::Plan(PlanKind::Database) => "DatabaseSavingsPlans",
        Covers::Reservation(_) if listed.convertible => "convertible",
        Covers::Reservation(_) => return None,
    };
    Some(word.to_owned())
}
