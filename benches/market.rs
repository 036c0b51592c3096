//! A made-up company for the benchmarks: who runs what where, in which sizes, and the commitments it owns and is offered.

use curtail::{
    commitments::Candidate,
    waterfall::{Amount, Capacity, CapacityId, Change, Demand, Grid, PoolId, Rates, Step, Units, Waterfall, Weight},
};

/// How large the company is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) hours: usize,
    pub(crate) accounts: u32,
    pub(crate) regions: u32,
    pub(crate) families: u32,
    /// How many are owned: regional reservations, instance plans, compute plans.
    pub(crate) owned: [u32; 3],
    /// What each owned plan commits on average, USD per hour: instance, compute.
    pub(crate) dollars: [i64; 2],
}

/// Sizes of a family.
const SIZES: u32 = 5;
/// 1e-9 units.
const UNIT: Units = 1_000_000_000;
/// 1e-12 of a weight: a normalisation unit, a USD.
const ONE: Weight = 1_000_000_000_000;
/// How Savings Plans are sold.
const DOLLARS: Grid = Grid { step: 1_000_000_000_000_000_000, cost: 1_000_000_000_000_000_000, most: 5_000_000 };

#[derive(Clone, Copy)]
struct Pool {
    id: PoolId,
    account: u32,
    region: u32,
    family: u32,
    size: u32,
}

/// The pools that the commitment of a number may cover, with their weights.
type Fills<'a> = &'a dyn Fn(&Market, u32) -> Vec<(Pool, Weight)>;

impl Pool {
    /// Normalisation units of the size: large 4, then twice as many each.
    fn factor(self) -> Weight {
        4 << self.size
    }

    /// On-demand rate, USD per hour.
    fn on_demand(self) -> Weight {
        ONE / 40 * self.factor() * Weight::from(10 + self.family) / 20
    }

    /// Savings Plan rates: a discount by family.
    fn instance_rate(self) -> Weight {
        self.on_demand() / 100 * Weight::from(55 + self.family)
    }

    fn compute_rate(self) -> Weight {
        self.on_demand() / 100 * Weight::from(62 + self.family)
    }
}

/// A number below `below`, the same for the same seed.
fn random(seed: u64, below: u32) -> u32 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    u32::try_from((z ^ (z >> 31)) % u64::from(below)).unwrap_or_default()
}

/// The company's market.
pub(crate) struct Market {
    size: Size,
    pools: Vec<Pool>,
    pub(crate) demand: Demand,
    pub(crate) rates: Rates,
    pub(crate) capacities: Vec<Capacity>,
    pub(crate) steps: Vec<Step>,
    /// Plans that are offered: an instance plan for each family and region, and a compute plan; all have nothing yet.
    pub(crate) offered: Vec<Candidate>,
}

impl Market {
    pub(crate) fn new(size: Size) -> Self {
        let pool = |id: u32| {
            let (rest, of) = (id / SIZES, id % SIZES);
            let (rest, family) = (rest / size.families, rest % size.families);
            Pool { id: PoolId(id), account: rest / size.regions, region: rest % size.regions, family, size: of }
        };
        let pools: Vec<Pool> = (0..size.accounts * size.regions * size.families * SIZES).map(pool).collect();
        let rates = Rates(pools.iter().map(|pool| pool.on_demand()).collect());
        let demand = demand(&pools, size.hours);
        let (capacities, steps, offered) = (Vec::new(), Vec::new(), Vec::new());
        let mut market = Self { size, pools, demand, rates, capacities, steps, offered };
        market.commit();
        market
    }

    pub(crate) fn price(&self) -> Waterfall {
        Waterfall::new(self.demand.clone(), &self.capacities, &self.steps)
    }

    /// Reservations, instance plans, compute plans, each kind first for the owners, then for everybody; offered ones before owned.
    fn commit(&mut self) {
        let size = self.size;
        let of = |n: u32| (n / 4 % size.regions, n / 20 * 3 % size.families);
        let here = |market: &Self, (region, family): (u32, u32)| -> Vec<Pool> {
            market.pools.iter().filter(|pool| pool.region == region && pool.family == family).copied().collect()
        };
        let [reservations, instance_plans, compute_plans] = size.owned;
        self.own(reservations, 40 * ONE, &|market, n| {
            let mut all = here(market, of(n));
            all.sort_by_key(|pool| (pool.size, pool.id));
            all.into_iter().map(|pool| (pool, pool.factor() * ONE)).collect()
        });
        let plan = |pools: Vec<Pool>| pools.into_iter().map(|pool| (pool, pool.instance_rate())).collect::<Vec<_>>();
        for place in 0..size.regions * size.families {
            let fills = plan(here(self, (place / size.families, place % size.families)));
            self.offer(&fills);
        }
        self.own(instance_plans, size.dollars[0] * ONE, &|market, n| plan(here(market, of(n + 7))));
        let mut all: Vec<_> = self.pools.iter().map(|pool| (*pool, pool.compute_rate())).collect();
        all.sort_by_key(|(pool, _)| (pool.family, pool.size, pool.id));
        self.offer(&all);
        self.own(compute_plans, size.dollars[1] * ONE, &|_, _| all.clone());
    }

    fn own(&mut self, count: u32, mean: Weight, fills: Fills<'_>) {
        let first = u32::try_from(self.capacities.len()).unwrap_or_default();
        let amount = |n| Amount::from(mean) * Amount::from(UNIT) * Amount::from(1 + random(n, 4)) * 2 / 5;
        self.capacities.extend((0..count).map(|n| Capacity::Constant(amount(u64::from(n)))));
        for shared in [false, true] {
            for n in 0..count {
                let mine = |pool: &Pool| shared || pool.account == n % self.size.accounts;
                let fills = fills(self, n).into_iter().filter(|(pool, _)| mine(pool));
                let fills = fills.map(|(pool, weight)| (pool.id, weight)).collect();
                self.steps.push(Step { capacity: CapacityId(first + n), fills });
            }
        }
    }

    fn offer(&mut self, fills: &[(Pool, Weight)]) {
        let capacity = CapacityId(u32::try_from(self.capacities.len()).unwrap_or_default());
        self.capacities.push(Capacity::Constant(0));
        self.steps.push(Step { capacity, fills: fills.iter().map(|(pool, weight)| (pool.id, *weight)).collect() });
        self.offered.push(Candidate { capacity, grid: DOLLARS, group: None });
    }

    /// What rules find: instances that go, or move to the next family; some only at night, some for a part of the month.
    pub(crate) fn edit(&self, n: u32) -> Vec<Change> {
        let (pools, hours) = (u32::try_from(self.pools.len()).unwrap_or_default(), self.size.hours);
        let pool = PoolId(random(u64::from(n) << 32, pools));
        let start = if n.is_multiple_of(3) { random(u64::from(n), 600) as usize } else { 0 };
        let nights = (0..hours / 24).map(|day| day * 24..day * 24 + 8);
        let spans: Vec<_> =
            if n.is_multiple_of(5) { nights.collect() } else { std::iter::once(start..hours).collect() };
        let less = spans.iter().map(|hours| Change::Demand { pool, hours: hours.clone(), per_hour: -UNIT });
        let to = PoolId((pool.0 + SIZES) % pools);
        let more = spans.iter().map(|hours| Change::Demand { pool: to, hours: hours.clone(), per_hour: UNIT });
        if n.is_multiple_of(2) { less.collect() } else { less.chain(more).collect() }
    }
}

/// Instances that run by day, and fewer by night; every tenth pool is only there at times.
fn demand(pools: &[Pool], hours: usize) -> Demand {
    let mut demand = Demand::new(pools.len(), hours);
    for pool in pools {
        let most = 1 + random(u64::from(pool.id.0), 12);
        for hour in 0..hours {
            let seed = u64::from(pool.id.0) << 20 | hour as u64;
            let absent = pool.id.0.is_multiple_of(10) && random(seed ^ 1 << 60, 3) == 0;
            let night = if hour % 24 < 8 { most / 3 } else { 0 };
            let running = if absent { 0 } else { most - night + random(seed, 3) };
            demand.add(pool.id, hour..hour + 1, UNIT * Units::from(running));
        }
    }
    demand
}
