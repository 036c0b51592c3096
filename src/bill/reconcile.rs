//! The model's proof: what it says of the bill as it is, beside what was billed.

use super::{Bill, holdings::Holding};
use crate::{
    facts::{Cost, LineType},
    money::Money,
    waterfall::CapacityId,
};
use std::collections::BTreeMap;

/// The bill of the period without tax, credit and refund, as billed and as the model prices it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciliation {
    /// As billed.
    pub billed: Cost,
    /// As re-priced.
    pub repriced: Cost,
    /// By product code.
    pub by_service: Vec<(String, Side)>,
    /// What of each commitment is used, by its ARN.
    pub by_commitment: Vec<(String, Side)>,
    /// What of commitments that nothing tells apart is used.
    pub by_group: Vec<Group>,
}

/// One part of the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// As billed.
    pub billed: Cost,
    /// As re-priced.
    pub repriced: Cost,
}

/// Commitments of one owner that cover the same usage: which of them covers which hour cannot be known, so all count as used alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their ARNs.
    pub members: Vec<String>,
    /// What of them is used.
    pub used: Side,
}

impl Bill<'_> {
    /// Compares the bill as it is with what was billed.
    #[must_use]
    pub fn reconcile(&self) -> Reconciliation {
        let mut services = self.services_as_billed();
        self.reprice_pools(&mut services);
        let (mut by_commitment, mut by_group) = (Vec::new(), Vec::new());
        for (capacity, holding) in (0u32..).map(CapacityId).zip(&self.holdings) {
            let (used, offered) = (self.waterfall.totals().used[capacity.0 as usize], holding.offered);
            let mut group = Group { members: Vec::new(), used: Side::default() };
            for member in &holding.members {
                let commitment = &self.facts.commitments[*member];
                let whole = commitment.used + commitment.unused;
                let repriced = whole.ratio(used, offered);
                let side = Side { billed: commitment.used, repriced };
                by_commitment.push((commitment.id.to_string(), side));
                group.members.push(commitment.id.to_string());
                group.used.billed += side.billed;
                group.used.repriced += side.repriced;
                // What is not used is billed under the product of the fee.
                let fee = services.entry(self.fee_product(holding)).or_default();
                fee.repriced += (whole - repriced) - commitment.unused;
            }
            if !group.members.is_empty() {
                by_group.push(group);
            }
        }
        by_commitment.sort_by(|a, b| a.0.cmp(&b.0));
        Reconciliation {
            billed: services.values().map(|side| side.billed).sum(),
            repriced: self.price(),
            by_service: services.into_iter().map(|(name, side)| (name.to_owned(), side)).collect(),
            by_commitment,
            by_group,
        }
    }

    fn services_as_billed(&self) -> BTreeMap<&str, Side> {
        let mut services: BTreeMap<&str, Side> = BTreeMap::new();
        for (class, costs) in &self.facts.priced_classes {
            let class = self.facts.class(*class);
            if !class.line.is_apart() {
                let cost = costs.amortised();
                let side = services.entry(&class.product).or_default();
                side.billed += cost;
                side.repriced += cost;
            }
        }
        services
    }

    /// Takes the cost of the pools as billed out of the re-priced side, and puts in what the model says.
    fn reprice_pools<'s>(&'s self, services: &mut BTreeMap<&'s str, Side>) {
        for (class, costs) in &self.facts.priced_classes {
            if self.paid(*class).is_some() && self.pools.of_class(*class).is_some() {
                let side = services.entry(&self.facts.class(*class).product).or_default();
                side.repriced = side.repriced - costs.amortised();
            }
        }
        let mut add = |pool: crate::waterfall::PoolId, cost: Cost| {
            services.entry(&self.pools.pool(pool).good.product).or_default().repriced += cost;
        };
        for ((id, pool), left) in self.pools.numbered().zip(&self.waterfall.totals().left) {
            let cost = |rate: Money| Money(left * rate.0).ratio(1, 1_000_000_000);
            add(id, Cost { gross: cost(pool.rate.gross), net: cost(pool.rate.net) });
        }
        let known: Vec<_> = self.holdings.iter().map(|_| self.known().of_one()).collect();
        for covered in self.waterfall.covered() {
            let capacity = covered.capacity.0 as usize;
            let Some((holding, known)) = self.holdings.get(capacity).zip(known.get(capacity)) else { continue };
            let Some((_, weight)) = holding.weight(known, covered.pool) else { continue };
            let amount = covered.units * i128::from(weight);
            let members: Cost = holding.members.iter().map(|at| self.cost_of(*at)).sum();
            let whole = members + holding.billed;
            add(covered.pool, whole.ratio(amount, holding.offered));
        }
    }

    /// The product that a holding's fee is billed under.
    fn fee_product(&self, holding: &Holding) -> &str {
        let fee = holding.members.first().and_then(|at| self.facts.commitments[*at].fees.first());
        if let Some(fee) = fee {
            return &self.facts.class(fee.class).product;
        }
        let of_plan = self
            .facts
            .classes
            .iter()
            .find(|class| class.line == LineType::SavingsPlanRecurringFee && class.account == holding.owner);
        of_plan.map_or("", |class| &class.product)
    }
}
