//! Where the bill stands with its commitments: how far they cover what they could, and how far they are used.

use super::{Bill, holdings::Scope};
use crate::{
    facts::Cost,
    money::Money,
    waterfall::{CapacityId, Rates},
};

/// Sums over the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// What all usage that a commitment could cover would cost at public on-demand rates.
    pub coverable: Money,
    /// The part of it that none covers.
    pub uncovered: Money,
    /// What commitments cost, used or not.
    pub committed: Cost,
    /// The part of it that is used.
    pub used: Cost,
}

impl Bill<'_> {
    /// Where this bill stands, edits included.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let public = self.pools.all.iter().map(|pool| i64::try_from(pool.rate.public.0).unwrap_or(i64::MAX));
        let (public, money) = (Rates(public.collect()), |value: i128| Money(value).ratio(1, 1_000_000_000));
        let mut standing = Standing {
            coverable: money(public.value_of(self.waterfall.demand())),
            uncovered: money(public.value(self.waterfall.totals())),
            ..Standing::default()
        };
        for (capacity, holding) in (0u32..).map(CapacityId).zip(&self.holdings) {
            if matches!(holding.scope, Scope::Elsewhere(_)) {
                continue;
            }
            let members: Cost = holding.members.iter().map(|member| self.cost_of(*member)).sum();
            let whole = members + holding.billed;
            let (used, offers) = self.use_of(capacity);
            let offered = if holding.members.is_empty() { offers } else { holding.offered };
            standing.committed += whole;
            standing.used += whole.ratio(used.min(offered), offered);
        }
        for commitment in self.unplaced() {
            standing.committed += commitment.used + commitment.unused;
            standing.used += commitment.used;
        }
        standing
    }
}
