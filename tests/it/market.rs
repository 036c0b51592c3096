//! Markets for the tests of the waterfall: worked ones by name, random ones, and a plain pricing to compare with.

use curtail::waterfall::{Capacity, CapacityId, Change, Demand, PoolId, Rates, Step, Totals, Units, Waterfall, Weight};
use proptest::prelude::*;

/// A decimal number of a worked example, in 10^-`digits`.
pub(crate) fn scaled(value: f64, digits: i32) -> i128 {
    format!("{:.0}", value * 10f64.powi(digits)).parse().unwrap()
}

/// Several commitments in front of named usage in one hour.
#[derive(Default)]
pub(crate) struct Hour {
    usage: Vec<(&'static str, f64, f64)>,
    capacities: Vec<Capacity>,
    steps: Vec<Step>,
}

impl Hour {
    /// Usage of so many units at an on-demand rate in USD.
    pub(crate) fn uses(mut self, pool: &'static str, units: f64, on_demand: f64) -> Self {
        self.usage.push((pool, units, on_demand));
        self
    }

    fn pool(&self, name: &str) -> PoolId {
        PoolId(u32::try_from(self.usage.iter().position(|(pool, ..)| *pool == name).unwrap()).unwrap())
    }

    /// A commitment of `amount`, poured into `fills` once it is its turn.
    pub(crate) fn commits(mut self, amount: f64, fills: &[(&str, f64)]) -> Self {
        self.capacities.push(Capacity::Constant(scaled(amount, 12) * 1_000_000_000));
        let last = self.capacities.len() - 1;
        self.pours(last, fills)
    }

    /// One more step of a commitment.
    pub(crate) fn pours(mut self, capacity: usize, fills: &[(&str, f64)]) -> Self {
        let fills = fills.iter().map(|(pool, weight)| (self.pool(pool), weight_of(*weight))).collect();
        self.steps.push(Step { capacity: CapacityId(u32::try_from(capacity).unwrap()), fills });
        self
    }

    pub(crate) fn price(&self) -> Priced {
        let mut demand = Demand::new(self.usage.len(), 1);
        for (pool, units, _) in &self.usage {
            demand.add(self.pool(pool), 0..1, Units::try_from(scaled(*units, 9)).unwrap());
        }
        let rates = Rates(self.usage.iter().map(|(.., rate)| weight_of(*rate)).collect());
        let names = self.usage.iter().map(|(pool, ..)| *pool).collect();
        Priced { names, rates, waterfall: Waterfall::new(demand, &self.capacities, &self.steps) }
    }
}

fn weight_of(value: f64) -> Weight {
    Weight::try_from(scaled(value, 12)).unwrap()
}

/// A worked hour, priced.
pub(crate) struct Priced {
    names: Vec<&'static str>,
    pub(crate) rates: Rates,
    pub(crate) waterfall: Waterfall,
}

#[expect(clippy::cast_precision_loss, reason = "for comparison with decimals")]
impl Priced {
    /// Units left of a pool.
    pub(crate) fn left(&self, pool: &str) -> f64 {
        let at = self.names.iter().position(|name| *name == pool).unwrap();
        self.waterfall.totals().left[at] as f64 / 1e9
    }

    /// What is used of each commitment.
    pub(crate) fn used(&self) -> Vec<f64> {
        self.waterfall.totals().used.iter().map(|used| *used as f64 / 1e21).collect()
    }

    /// What is left at on-demand rates, in USD.
    pub(crate) fn on_demand(&self) -> f64 {
        self.rates.value(self.waterfall.totals()) as f64 / 1e21
    }
}

/// A random market.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) demand: Demand,
    pub(crate) capacities: Vec<Capacity>,
    pub(crate) steps: Vec<Step>,
}

impl Market {
    pub(crate) fn price(&self) -> Waterfall {
        Waterfall::new(self.demand.clone(), &self.capacities, &self.steps)
    }

    /// The market after changes.
    pub(crate) fn after(&self, changes: &[Change]) -> Self {
        let (mut after, hours) = (self.clone(), self.demand.hours());
        for pool in 0..self.demand.pools() {
            let pool = PoolId(u32::try_from(pool).unwrap());
            for hour in 0..hours {
                let sum = changes.iter().map(|change| match change {
                    Change::Demand { pool: of, hours, per_hour } if *of == pool && hours.contains(&hour) => *per_hour,
                    _ => 0,
                });
                after.demand.add(pool, hour..hour + 1, sum.sum());
            }
        }
        for (capacity, at) in after.capacities.iter_mut().zip(0..) {
            let amount = |hour| {
                let sum = changes.iter().map(|change| match change {
                    Change::Capacity { capacity: CapacityId(of), hours, per_hour }
                        if *of == at && hours.contains(&hour) =>
                    {
                        *per_hour
                    }
                    _ => 0,
                });
                let before = match &*capacity {
                    Capacity::Constant(amount) => *amount,
                    Capacity::Hourly(amounts) => amounts.get(hour).copied().unwrap_or(0),
                };
                (before.max(0) + sum.sum::<i128>()).max(0)
            };
            *capacity = Capacity::Hourly((0..hours).map(amount).collect());
        }
        after
    }

    /// The totals, worked out as the rules are told: hour by hour, step by step, pool by pool.
    pub(crate) fn plainly(&self) -> Totals {
        let (pools, hours) = (self.demand.pools(), self.demand.hours());
        let mut totals = Totals { left: vec![0; pools], used: vec![0; self.capacities.len()] };
        for hour in 0..hours {
            let mut left: Vec<i128> =
                (0..pools).map(|pool| self.demand.of(PoolId(u32::try_from(pool).unwrap()))[hour].into()).collect();
            let mut amounts: Vec<i128> = self
                .capacities
                .iter()
                .map(|capacity| match capacity {
                    Capacity::Constant(amount) => (*amount).max(0),
                    Capacity::Hourly(amounts) => amounts.get(hour).copied().unwrap_or(0).max(0),
                })
                .collect();
            for step in &self.steps {
                let capacity = step.capacity.0 as usize;
                for (PoolId(pool), weight) in &step.fills {
                    let (pool, weight) = (*pool as usize, i128::from(*weight));
                    let covered = left[pool].min(amounts[capacity] / weight);
                    left[pool] -= covered;
                    amounts[capacity] -= covered * weight;
                    totals.used[capacity] += covered * weight;
                    if left[pool] > 0 {
                        amounts[capacity] = 0;
                    }
                }
            }
            for (total, left) in totals.left.iter_mut().zip(left) {
                *total += left;
            }
        }
        totals
    }
}

/// How large the numbers of a market are: small ones meet exactly, large ones use the width of the integers.
fn scale() -> impl Strategy<Value = (i64, i64)> + Clone {
    prop_oneof![Just((1, 1)), Just((1_000_000_000, 192_000_000_000_000)), (1i64..1 << 30, 1i64..1 << 40)]
}

/// Random markets of up to `hours` hours.
pub(crate) fn market(hours: usize) -> impl Strategy<Value = Market> {
    market_of(hours, scale())
}

/// Units and weights of a size at which a billionth of a unit does not matter.
pub(crate) fn real() -> Just<(i64, i64)> {
    Just((1_000_000_000, 100_000_000_000))
}

/// Random markets of up to `hours` hours, in such units and weights.
pub(crate) fn market_of(
    hours: usize,
    scale: impl Strategy<Value = (i64, i64)> + Clone,
) -> impl Strategy<Value = Market> {
    (1..=hours, 1usize..7, 1usize..5, scale).prop_flat_map(|(hours, pools, capacities, (units, weights))| {
        let demand = proptest::collection::vec(prop_oneof![Just(0), 0i64..9], pools * hours);
        let amount = || {
            prop_oneof![Just(0i128), 0i128..60, -1i128..1].prop_map(move |amount| {
                // Somewhere between a fraction of a unit and everything.
                amount * i128::from(units) * i128::from(weights) / 3
            })
        };
        let capacity = prop_oneof![
            amount().prop_map(Capacity::Constant),
            proptest::collection::vec(amount(), 0..=hours).prop_map(Capacity::Hourly)
        ];
        let fill = (0..pools, 1i64..6, 0i64..2);
        let step = (0..capacities, proptest::collection::vec(fill, 0..6));
        let capacities = proptest::collection::vec(capacity, capacities);
        (demand, capacities, proptest::collection::vec(step, 0..7)).prop_map(move |(demand, capacities, steps)| {
            let mut all = Demand::new(pools, hours);
            for (at, value) in demand.iter().enumerate() {
                let pool = PoolId(u32::try_from(at / hours).unwrap());
                all.add(pool, at % hours..at % hours + 1, value * units + (value % 2) * (units / 3));
            }
            let id = |at: usize| u32::try_from(at).unwrap();
            let steps = steps.into_iter().map(|(capacity, fills)| Step {
                capacity: CapacityId(id(capacity)),
                fills: fills
                    .into_iter()
                    .map(|(pool, weight, odd)| (PoolId(id(pool)), weight * weights + odd))
                    .collect(),
            });
            Market { demand: all, capacities, steps: steps.collect() }
        })
    })
}

/// Random edits of a market: spans overlap, stand on their heads and end behind the window.
pub(crate) fn edits(market: &Market) -> impl Strategy<Value = Vec<Vec<Change>>> + use<> {
    let (pools, hours, capacities) = (market.demand.pools(), market.demand.hours(), market.capacities.len());
    let largest = (0..pools).flat_map(|pool| market.demand.of(PoolId(u32::try_from(pool).unwrap())).to_vec()).max();
    let unit = largest.unwrap_or(0) / 8 + 1;
    let weights = market.steps.iter().flat_map(|step| step.fills.iter().map(|(_, weight)| i128::from(*weight)));
    let amount = i128::from(unit) * weights.max().unwrap_or(1) / 3;
    let change = (0..2u8, 0..pools.max(capacities), 0..=hours, 0..hours + 2, -9i64..10).prop_map(
        move |(kind, at, start, end, delta)| {
            let hours = start..end;
            if kind == 0 {
                let pool = PoolId(u32::try_from(at % pools).unwrap());
                Change::Demand { pool, hours, per_hour: delta * unit + delta / 5 }
            } else {
                let capacity = CapacityId(u32::try_from(at % capacities).unwrap());
                Change::Capacity { capacity, hours, per_hour: i128::from(delta) * amount + i128::from(delta / 3) }
            }
        },
    );
    proptest::collection::vec(proptest::collection::vec(change, 0..5), 1..6)
}

/// A number below `below`, the same for the same seed (splitmix64).
pub(crate) fn random(seed: u64, below: u64) -> i64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    i64::try_from((z ^ (z >> 31)) % below).unwrap()
}

/// A company: families in sizes of a normalisation factor, by day more than by night, at a rate of 0.025 USD and up per
/// factor and hour; reservations of one family each, then instance plans of one each, then compute plans of all.
pub(crate) struct Company {
    pub(crate) market: Market,
    pub(crate) rates: Rates,
}

const UNIT: i64 = 1_000_000_000;
pub(crate) const ONE: i64 = 1_000_000_000_000;

/// Of each kind, how many a company has: those of which `bought` says no are there with an amount of 0.
pub(crate) fn company(hours: usize, families: usize, kinds: [usize; 3], bought: impl Fn(usize) -> bool) -> Company {
    let seed = |n: usize| u64::try_from(n).unwrap();
    let factors: Vec<i64> = (0..families * 4).map(|pool| 4 << (pool % 4)).collect();
    let family = |pool: usize| pool / 4;
    let mut demand = Demand::new(factors.len(), hours);
    for pool in 0..factors.len() {
        let most = 1 + random(seed(pool), 9);
        for hour in 0..hours {
            let night = if hour % 24 < 8 { most / 2 } else { 0 };
            let running = most - night + random(seed(pool * hours + hour) << 8, 3);
            demand.add(PoolId(u32::try_from(pool).unwrap()), hour..hour + 1, running * UNIT);
        }
    }
    let rates: Vec<i64> =
        (0..factors.len()).map(|pool| factors[pool] * (ONE / 40 + ONE / 100 * random(seed(family(pool)), 3))).collect();
    let all: Vec<usize> = (0..factors.len()).collect();
    let (mut capacities, mut steps) = (Vec::new(), Vec::new());
    for (kind, count) in kinds.into_iter().enumerate() {
        for n in 0..count {
            let of = if kind == 2 {
                all.clone()
            } else {
                all.iter().copied().filter(|at| family(*at) == n % families).collect()
            };
            // A discount by family and term: deeper for one family, and deeper still for the second round of plans.
            let percent = |pool| {
                62 + 8 * i64::from(kind == 2) + random(seed(family(pool)) << 4, 12)
                    - 6 * i64::try_from(n / families).unwrap()
            };
            let weight = |pool: usize| if kind == 0 { factors[pool] * ONE } else { rates[pool] / 100 * percent(pool) };
            let id = |pool: usize| PoolId(u32::try_from(pool).unwrap());
            let mut fills: Vec<(PoolId, Weight)> = of.iter().map(|pool| (id(*pool), weight(*pool))).collect();
            if kind == 2 {
                fills.sort_by_key(|(pool, weight)| (*weight / (rates[pool.0 as usize] / 100), *pool));
            }
            let there = i128::from(bought(capacities.len()));
            let amount = [8 * 4, 1, 3][kind] * i128::from(ONE) * i128::from(UNIT) / [1, 4, 1][kind];
            steps.push(Step { capacity: CapacityId(u32::try_from(capacities.len()).unwrap()), fills });
            capacities.push(Capacity::Constant(amount * there));
        }
    }
    Company { market: Market { demand, capacities, steps }, rates: Rates(rates) }
}
