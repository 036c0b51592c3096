//! A bounded look ahead: what buying commitments could save on usage once edits have moved it.

use super::{Bill, Edit, Wanted, offering::scope_of, trial::Moved};
use crate::{
    defaults::CommitmentFigures,
    facts::Cost,
    money::Money,
    prices::Offer,
    waterfall::{Delta, PoolId, Units},
};
use std::collections::{BTreeMap, BTreeSet};

/// What edits are worth, over the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    /// What they save on the bill.
    pub saving: Cost,
    /// What buying for the usage that is then left uncovered would save on top, net, less what buying for today's would: below 0 where edits
    /// leave less to buy for.
    pub ahead: Money,
}

impl Worth {
    /// Both together, net.
    #[must_use]
    pub fn whole(&self) -> Money {
        self.saving.net + self.ahead
    }
}

/// What may be bought later, with the prices that were worked out.
#[derive(Debug, Default)]
pub struct Ahead {
    wanted: Vec<Wanted>,
    /// A year's cost of money, as a share.
    capital: f64,
    cheapest: BTreeMap<PoolId, Option<Money>>,
}

impl Ahead {
    /// A look ahead at what is wanted, of one bill and what becomes of it.
    #[must_use]
    pub fn of(wanted: Vec<Wanted>, figures: &CommitmentFigures) -> Self {
        Self { wanted, capital: figures.capital(), cheapest: BTreeMap::new() }
    }

    /// What is wanted.
    #[must_use]
    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }
}

impl Bill<'_> {
    /// What edits of usage are worth, with what could be bought for it afterwards: for each pool of which they change what is left uncovered,
    /// the cheapest of what is wanted, at its best amount for that pool alone. The bill is as it was when it is done.
    pub fn weigh(&mut self, edits: &[Edit], ahead: &mut Ahead) -> Worth {
        if edits.iter().any(Edit::is_commitment) {
            return Worth { saving: self.saved_by_all(edits), ahead: Money::ZERO };
        }
        let trial = self.trial(edits);
        let (moves, delta) = self.moves(&trial);
        let (kept, tails) = (self.rows(&moves), self.waterfall.take_tails());
        let effect = self.waterfall.apply_sum(delta);
        let saved = self.savings(&trial, &moves, self.after(&effect.left));
        let pools: Vec<(PoolId, Money)> =
            effect.left.iter().filter_map(|(pool, _)| Some((*pool, self.known_cheapest(*pool, ahead)?))).collect();
        let then = self.buying(&pools);
        let back = self.way_back(&kept);
        self.waterfall.apply_sum(back);
        self.waterfall.put_tails(tails);
        Worth { saving: super::saving(&saved), ahead: then - self.buying(&pools) }
    }

    /// The demand of every pool that usage leaves or goes to.
    fn rows(&self, moves: &[Moved]) -> Vec<(PoolId, Vec<Units>)> {
        let both = moves.iter().flat_map(|moved| [Some(moved.from.pool), moved.to.as_ref().map(|end| end.pool)]);
        let pools: BTreeSet<PoolId> = both.flatten().collect();
        pools.into_iter().map(|pool| (pool, self.waterfall.demand().of(pool).to_vec())).collect()
    }

    /// What brings demand back to what it was.
    fn way_back(&self, kept: &[(PoolId, Vec<Units>)]) -> Delta {
        let mut delta = Delta::new(self.waterfall.demand().hours());
        for (pool, was) in kept {
            let now = self.waterfall.demand().of(*pool);
            for (delta, (was, now)) in delta.demand(*pool).iter_mut().zip(was.iter().zip(now)) {
                *delta = was - now;
            }
        }
        delta
    }

    fn known_cheapest(&self, pool: PoolId, ahead: &mut Ahead) -> Option<Money> {
        if let Some(known) = ahead.cheapest.get(&pool) {
            return *known;
        }
        let cheapest = self.cheapest(pool, ahead);
        ahead.cheapest.insert(pool, cheapest);
        cheapest
    }

    /// The lowest cost of a unit of a pool's usage under anything that is wanted; `None` where nothing is cheaper than on demand.
    fn cheapest(&self, pool: PoolId, ahead: &Ahead) -> Option<Money> {
        let of = self.pools.pool(pool);
        let mut best = of.rate.net;
        for wanted in ahead.wanted.iter().filter(|wanted| wanted.blocks.is_none()) {
            for &instrument in &wanted.instruments {
                for &(term, payment) in &wanted.terms {
                    let offer = Offer { instrument, term, payment };
                    if scope_of(wanted, offer, of).is_empty() {
                        continue;
                    }
                    if let Some(rate) = self.given.prices.rate(offer, of.subject()) {
                        let held = 1.0 + ahead.capital * rate.upfront * f64::from(term.years()) / 2.0;
                        best = best.min(of.rate.public.times((1.0 - rate.discount) * held));
                    }
                }
            }
        }
        (best < of.rate.net).then_some(best)
    }

    /// What buying for what is left of some pools saves, each at its own price a unit.
    fn buying(&self, pools: &[(PoolId, Money)]) -> Money {
        let hours = self.waterfall.demand().hours();
        let all = pools.iter().map(|(pool, price)| {
            let left: Vec<Units> = (0..hours).map(|hour| self.waterfall.left_at(*pool, hour)).collect();
            best(left, self.pools.pool(*pool).rate.net, *price)
        });
        Money(all.sum()).ratio(1, 1_000_000_000)
    }
}

/// What the best constant amount saves, in 1e-21: a unit bought costs its price in every hour and saves the rate in those that use it, so as
/// much is bought as the share of hours that is price over rate still uses.
fn best(mut left: Vec<Units>, rate: Money, price: Money) -> i128 {
    let hours = i128::try_from(left.len()).unwrap_or_default();
    if rate.0 <= 0 || price.0 < 0 {
        return 0;
    }
    left.sort_unstable_by(|a, b| b.cmp(a));
    let Some(amount) = usize::try_from(price.0 * hours / rate.0).ok().and_then(|at| left.get(at).copied()) else {
        return 0;
    };
    let used: i128 = left.iter().map(|units| i128::from(*units.min(&amount))).sum();
    used * rate.0 - i128::from(amount) * price.0 * hours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_amount_is_the_quantile() {
        let of = |left: &[Units], price| best(left.to_vec(), Money(10), Money(price));
        // Flat: 4 hours x 5 units x (10 - 6).
        assert_eq!(of(&[5, 5, 5, 5], 6), 80);
        // At 6 of 10 a unit must be used in more than 2.4 of 4 hours: 3 units are, 7 are not.
        assert_eq!(of(&[7, 3, 7, 3], 6), 4 * 3 * 4);
        // At 4 of 10, in more than 1.6: 7 are used in two hours, which gain (14 + 6) x 10 - 28 x 4.
        assert_eq!(of(&[7, 3, 7, 3], 4), 200 - 112);
        // Used in half of the hours at half of the price: nothing is gained.
        assert_eq!(of(&[4, 0, 4, 0], 5), 0);
        assert_eq!(of(&[], 5), 0);
        assert_eq!(of(&[4, 4], 10), 0);
    }
}
