//! What the waterfall costs: pricing a large market from scratch, and thousands of edits by the margin walk.

use curtail::waterfall::{
    Amount, Capacity, CapacityId, Change, Curve, Demand, Grid, PoolId, Rates, Step, Units, Waterfall, Weight,
};
use std::{
    error::Error,
    io::Write,
    time::{Duration, Instant},
};

const HOURS: usize = 744;
const ACCOUNTS: u32 = 4;
const REGIONS: u32 = 5;
const FAMILIES: u32 = 20;
const SIZES: u32 = 5;
const POOLS: u32 = ACCOUNTS * REGIONS * FAMILIES * SIZES;
const RESERVATIONS: u32 = 120;
const INSTANCE_PLANS: u32 = 60;
const COMPUTE_PLANS: u32 = 20;
const EDITS: u32 = 5000;

/// 1e-9 units.
const UNIT: Units = 1_000_000_000;
/// 1e-12 of a weight: a normalisation unit, a USD.
const ONE: Weight = 1_000_000_000_000;

/// How Savings Plans are sold.
const DOLLARS: Grid = Grid { step: 1_000_000_000_000_000_000, cost: 1_000_000_000_000_000_000, most: 5_000_000 };

/// A pool of the market: who runs what where, in which size.
#[derive(Clone, Copy)]
struct Pool {
    id: PoolId,
    account: u32,
    region: u32,
    family: u32,
    size: u32,
}

fn pools() -> Vec<Pool> {
    let pool = |id: u32| {
        let (rest, size) = (id / SIZES, id % SIZES);
        let (rest, family) = (rest / FAMILIES, rest % FAMILIES);
        Pool { id: PoolId(id), account: rest / REGIONS, region: rest % REGIONS, family, size }
    };
    (0..POOLS).map(pool).collect()
}

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

/// Instances that run by day, and fewer by night; every tenth pool is only there at times.
fn demand(pools: &[Pool]) -> Demand {
    let mut demand = Demand::new(pools.len(), HOURS);
    for pool in pools {
        let most = 1 + random(u64::from(pool.id.0), 12);
        for hour in 0..HOURS {
            let seed = u64::from(pool.id.0) << 20 | hour as u64;
            let absent = pool.id.0.is_multiple_of(10) && random(seed ^ 1 << 60, 3) == 0;
            let night = if hour % 24 < 8 { most / 3 } else { 0 };
            let running = if absent { 0 } else { most - night + random(seed, 3) };
            demand.add(pool.id, hour..hour + 1, UNIT * Units::from(running));
        }
    }
    demand
}

/// Reservations, instance plans, compute plans, each kind first for the owners, then for everybody.
fn commitments(pools: &[Pool]) -> (Vec<Capacity>, Vec<Step>) {
    let (mut capacities, mut steps) = (Vec::new(), Vec::new());
    let mut kind = |count: u32, amount: Amount, fills: &dyn Fn(u32) -> Vec<(Pool, Weight)>| {
        let first = u32::try_from(capacities.len()).unwrap_or_default();
        capacities.extend((0..count).map(|n| Capacity::Constant(amount * Amount::from(1 + random(u64::from(n), 4)))));
        for shared in [false, true] {
            for n in 0..count {
                let owned = fills(n).into_iter().filter(|(pool, _)| shared || pool.account == n % ACCOUNTS);
                let fills = owned.map(|(pool, weight)| (pool.id, weight)).collect();
                steps.push(Step { capacity: CapacityId(first + n), fills });
            }
        }
    };
    let amount = |weight: Weight| Amount::from(weight) * Amount::from(UNIT);
    let of = |n: u32| move |pool: &&Pool| pool.region == n / 4 % REGIONS && pool.family == n / 20 * 3 % FAMILIES;
    kind(RESERVATIONS, amount(40 * ONE), &|n| {
        let mut all: Vec<Pool> = pools.iter().filter(of(n)).copied().collect();
        all.sort_by_key(|pool| (pool.size, pool.id));
        all.into_iter().map(|pool| (pool, pool.factor() * ONE)).collect()
    });
    kind(INSTANCE_PLANS, amount(3 * ONE), &|n| {
        pools.iter().filter(of(n + 7)).map(|pool| (*pool, pool.instance_rate())).collect()
    });
    let mut all = pools.to_vec();
    all.sort_by_key(|pool| (pool.family, pool.size, pool.id));
    kind(COMPUTE_PLANS, amount(40 * ONE), &|_| all.iter().map(|pool| (*pool, pool.compute_rate())).collect());
    // Nothing yet of two more, which stand in front of the others of their kind: an instance plan and a compute plan.
    let first_plan = steps.iter().position(|step| step.capacity.0 == RESERVATIONS).unwrap_or_default();
    let compute = CapacityId(RESERVATIONS + INSTANCE_PLANS);
    let first_compute = steps.iter().position(|step| step.capacity == compute).unwrap_or_default();
    for (at, like) in [(first_compute, compute.0), (first_plan, RESERVATIONS)] {
        let shared = steps.iter().rfind(|step| step.capacity.0 == like).map(|step| step.fills.clone());
        let capacity = CapacityId(u32::try_from(capacities.len()).unwrap_or_default());
        capacities.push(Capacity::Constant(0));
        steps.insert(at, Step { capacity, fills: shared.unwrap_or_default() });
    }
    (capacities, steps)
}

/// What rules find: instances that go, or move to the next family; some only at night, some for a part of the month.
fn edit(pools: &[Pool], n: u32) -> Vec<Change> {
    let pool = pools[random(u64::from(n) << 32, POOLS) as usize].id;
    let start = if n.is_multiple_of(3) { random(u64::from(n), 600) as usize } else { 0 };
    let nights = (0..HOURS / 24).map(|day| day * 24..day * 24 + 8);
    let spans: Vec<_> = if n.is_multiple_of(5) { nights.collect() } else { std::iter::once(start..HOURS).collect() };
    let less = spans.iter().map(|hours| Change::Demand { pool, hours: hours.clone(), per_hour: -UNIT });
    let to = PoolId((pool.0 + SIZES) % POOLS);
    let more = spans.iter().map(|hours| Change::Demand { pool: to, hours: hours.clone(), per_hour: UNIT });
    if n.is_multiple_of(2) { less.collect() } else { less.chain(more).collect() }
}

/// The median time of `times` runs, and the last result.
fn median<T>(times: usize, mut run: impl FnMut() -> T) -> (Duration, Option<T>) {
    let (mut taken, mut last) = (Vec::new(), None);
    for _ in 0..times {
        let start = Instant::now();
        last = Some(run());
        taken.push(start.elapsed());
    }
    taken.sort();
    (taken.get(times / 2).copied().unwrap_or_default(), last)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    let pools = pools();
    let demand = demand(&pools);
    let (capacities, steps) = commitments(&pools);
    let fills: usize = steps.iter().map(|step| step.fills.len()).sum();
    writeln!(
        out,
        "market: {HOURS} hours x {POOLS} pools, {} commitments, {} steps, {fills} fills",
        capacities.len(),
        steps.len()
    )?;
    let (price, waterfall) = median(9, || Waterfall::new(demand.clone(), &capacities, &steps));
    let Some(waterfall) = waterfall else { return Ok(()) };
    let share = |part: i128, all: i128| part * 1000 / all.max(1);
    let all: i128 = pools.iter().flat_map(|pool| demand.of(pool.id)).map(|units| i128::from(*units)).sum();
    let left: i128 = waterfall.totals().left.iter().sum();
    writeln!(out, "from scratch: {price:.1?}; {} per mille of the usage is covered", share(all - left, all))?;
    let rates = Rates(pools.iter().map(|pool| pool.on_demand()).collect());
    for (name, capacity) in [("compute plan", capacities.len() - 2), ("instance plan", capacities.len() - 1)] {
        let capacity = CapacityId(u32::try_from(capacity)?);
        for threads in [1, 2] {
            let (swept, curve) = median(3, || Curve::new(&waterfall, capacity, &rates, threads));
            let Some(curve) = curve else { continue };
            let (chosen, best) = median(3, || curve.best(&DOLLARS));
            let (steps, gain) = best.unwrap_or_default();
            writeln!(
                out,
                "curve of a {name}, {threads} threads: {swept:.2?}, its best {chosen:.2?}: {steps} x 0.001 USD/h saves {:.0} USD",
                gain / 1e21
            )?;
        }
    }
    let edits: Vec<Vec<Change>> = (0..EDITS).map(|n| edit(&pools, n)).collect();
    let (alone, touched) = median(3, || edits.iter().map(|edit| waterfall.peek(edit).left.len()).sum::<usize>());
    writeln!(
        out,
        "{EDITS} edits alone: {alone:.2?}, {:.1?} each; pools touched: {}",
        alone / EDITS,
        touched.unwrap_or_default()
    )?;
    let (stacked, after) = median(3, || {
        let mut now = waterfall.clone();
        for edit in &edits {
            std::hint::black_box(now.peek(edit));
            now.apply(edit);
        }
        now
    });
    writeln!(out, "{EDITS} edits stacked, each peeked and applied: {stacked:.2?}, {:.1?} each", stacked / EDITS)?;
    let Some(after) = after else { return Ok(()) };
    let scratch = Waterfall::new(after.demand().clone(), &capacities, &steps);
    writeln!(out, "from scratch it is the same: {}", scratch.totals() == after.totals())?;
    Ok(())
}
