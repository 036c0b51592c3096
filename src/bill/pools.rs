//! Pools: usage of the priced period that neither commitments nor account nor price tell apart, with its demand by the hour.

use super::{free, hours};
use crate::{
    facts::{Class, ClassId, Costs, Facts, LineType, ResourceId},
    instance::{Architecture, InstanceType},
    money::{Money, Quantity},
    parallel::shared_out,
    prices::Subject,
    sku::{Cover, Coverage, TableUse, What},
    waterfall::PoolId,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::{collections::BTreeMap, sync::Arc};

/// What usage turns into when it moves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Becomes {
    /// An instance of another type.
    Type(InstanceType),
    /// The same on Graviton: Lambda, Fargate.
    Arm,
    /// Throughput of DynamoDB in another mode or class.
    Throughput {
        /// On demand, else provisioned.
        requests: bool,
        /// Of the Standard-Infrequent-Access class.
        infrequent: bool,
        /// Units of it for each of today's: requests and capacity-unit-hours are not alike.
        units: Money,
    },
}

impl Becomes {
    /// Units of what it becomes for each of today's.
    pub(super) fn units(&self) -> Money {
        if let Self::Throughput { units, .. } = self { *units } else { Money::ONE }
    }
}

/// What has one price: the same usage in one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Good {
    pub(super) region: Arc<str>,
    pub(super) product: Arc<str>,
    pub(super) what: What,
    /// Of what is no instance: its usage type without region and architecture, since meters of one kind differ in price.
    meter: Arc<str>,
}

/// Usage of one good by one account in one zone.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    pub(super) payer: Arc<str>,
    pub(super) account: Arc<str>,
    pub(super) zone: Option<Arc<str>>,
    pub(super) good: Good,
    /// The number that it shares with all that are priced alike.
    pub(super) alike: u32,
    /// As billed; empty where nobody uses it yet.
    pub(super) usage_type: Arc<str>,
    /// As billed.
    pub(super) operation: Arc<str>,
    pub(super) cover: Cover,
    pub(super) rate: Rate,
}

impl Pool {
    /// The usage, for asking prices.
    pub(super) fn subject(&self) -> Subject<'_> {
        let public = self.rate.public.to_f64();
        Subject {
            region: &self.good.region,
            product: &self.good.product,
            usage_type: &self.usage_type,
            operation: &self.operation,
            what: &self.good.what,
            on_demand: (public > 0.0).then_some(public),
        }
    }
}

/// What one unit of uncovered usage costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rate {
    /// As billed before private discounts.
    pub(super) gross: Money,
    /// After them.
    pub(super) net: Money,
    /// The public on-demand rate: the order in which Savings Plans apply follows from it.
    pub(super) public: Money,
}

impl Rate {
    fn times(self, ratio: Money) -> Self {
        let one = Money::from_micros(1_000_000).0;
        let times = |money: Money| money.ratio(ratio.0, one);
        Self { gross: times(self.gross), net: times(self.net), public: times(self.public) }
    }
}

/// All pools, and the pool of each class.
#[derive(Debug, Clone)]
pub(super) struct Pools {
    pub(super) all: Vec<Pool>,
    pub(super) of_class: Arc<[Option<PoolId>]>,
    targets: BTreeMap<(PoolId, Becomes, Money), PoolId>,
    /// Of pools that nobody uses yet: where their usage comes from.
    sources: BTreeMap<PoolId, PoolId>,
    /// The public rate of pools of which some units are free.
    pub(super) free: BTreeMap<PoolId, Money>,
    /// By class: what all resources used of it, where that is metered.
    metered: Arc<[hours::Metered]>,
    /// Numbers of what is priced alike.
    alike: Numbers<Priced, u32>,
}

/// All that prices go by: the good, its public rate, usage type and operation.
type Priced = (Good, Money, Arc<str>, Arc<str>);

/// Where the order inside the map does not matter: numbers are given in the order of classes, and the rest is only looked up.
pub(super) type Numbers<K, V> = HashMap<K, V, FixedState>;

type Key<'a> = (&'a Arc<str>, &'a Arc<str>, &'a Option<Arc<str>>, Good);

impl Good {
    fn of(class: &Class) -> Self {
        let meter = if class.what.is_timed() {
            Arc::from("")
        } else {
            Arc::from(crate::sku::strip_region(&class.usage_type).replace("-ARM", ""))
        };
        Self { region: class.region.clone(), product: class.product.clone(), what: class.what.clone(), meter }
    }

    /// The good that it turns into; `None` when it cannot.
    fn turned(&self, becomes: &Becomes) -> Option<Self> {
        if let Becomes::Throughput { requests, infrequent, .. } = becomes {
            return self.throughput(*requests, *infrequent);
        }
        let what = match (&self.what, becomes) {
            (What::Instance(instance), Becomes::Type(kind)) => {
                What::Instance(crate::sku::Instance { kind: kind.clone(), ..instance.clone() })
            }
            (What::LambdaCompute(_), Becomes::Arm) => What::LambdaCompute(Architecture::Arm),
            (What::LambdaProvisioned(_), Becomes::Arm) => What::LambdaProvisioned(Architecture::Arm),
            (What::Fargate(task), Becomes::Arm) => {
                What::Fargate(crate::sku::Fargate { architecture: Architecture::Arm, ..*task })
            }
            _ => return None,
        };
        Some(Self { what, ..self.clone() })
    }

    /// The same reads or writes of DynamoDB in another mode or class.
    fn throughput(&self, requests: bool, infrequent: bool) -> Option<Self> {
        let (What::TableCapacity(now) | What::TableRequests(now)) = &self.what else { return None };
        let table = TableUse { infrequent, ..*now };
        let what = if requests { What::TableRequests(table) } else { What::TableCapacity(table) };
        let class = if infrequent { "IA-" } else { "" };
        let side = if table.write { "Write" } else { "Read" };
        let unit = if requests { "RequestUnits" } else { "CapacityUnit-Hrs" };
        Some(Self { what, meter: Arc::from(format!("{class}{side}{unit}")), ..self.clone() })
    }
}

impl Pools {
    /// The pools of everything that some commitment could cover, not priced yet.
    pub(super) fn of(facts: &Facts, coverage: &Coverage) -> Self {
        let mut numbers: Numbers<Key<'_>, PoolId> = Numbers::default();
        let (mut all, mut of_class) = (Vec::new(), Vec::with_capacity(facts.classes.len()));
        const AT_ONCE: usize = 256;
        let covered = |some: &[Class]| -> Vec<Option<(Cover, Good)>> {
            let of = |class: &Class| covered(facts, class, coverage).map(|cover| (cover, Good::of(class)));
            some.iter().map(of).collect()
        };
        let covered = shared_out(facts.classes.chunks(AT_ONCE), covered);
        for (class, covered) in facts.classes.iter().zip(covered.into_iter().flatten()) {
            let Some((cover, good)) = covered else {
                of_class.push(None);
                continue;
            };
            let next = PoolId(u32::try_from(all.len()).unwrap_or(u32::MAX));
            let pool = *numbers.entry((&class.payer, &class.account, &class.zone, good.clone())).or_insert(next);
            if pool == next {
                let (payer, account, zone) = (class.payer.clone(), class.account.clone(), class.zone.clone());
                let (usage_type, operation) = (class.usage_type.clone(), class.operation.clone());
                let (alike, rate) = (0, Rate::default());
                all.push(Pool { payer, account, zone, good, alike, usage_type, operation, cover, rate });
            }
            of_class.push(Some(pool));
        }
        let (targets, sources, free) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (metered, alike) = (Arc::new([]), Numbers::default());
        Self { all, of_class: of_class.into(), targets, sources, free, metered, alike }
    }

    /// The pool of a class, if a commitment could cover it.
    pub(super) fn of_class(&self, class: ClassId) -> Option<PoolId> {
        self.of_class[class.0 as usize]
    }

    pub(super) fn pool(&self, id: PoolId) -> &Pool {
        &self.all[id.0 as usize]
    }

    /// Puts the hours of one resource's usage of a class, of which so much was billed, in the place of what was there.
    pub(super) fn billed(
        &self,
        facts: &Facts,
        (resource, class): (ResourceId, ClassId),
        quantity: Quantity,
        billed: &mut hours::Billed,
    ) {
        if facts.class(class).what.is_timed() {
            billed.run(facts.usage.of_class(resource, class), facts.window.period);
        } else {
            billed.share(facts, class, quantity, &self.metered[class.0 as usize]);
        }
    }

    /// The pool that a pool's usage comes from: itself, if it is used already.
    pub(super) fn source(&self, id: PoolId) -> PoolId {
        self.sources.get(&id).copied().unwrap_or(id)
    }

    /// All pools with their numbers.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (PoolId, &Pool)> {
        (0u32..).map(PoolId).zip(&self.all)
    }

    /// The pool that a pool's usage moves to at `ratio` of its rate, if it has been made.
    pub(super) fn target(&self, from: PoolId, becomes: &Becomes, ratio: Money) -> Option<PoolId> {
        self.targets.get(&(from, becomes.clone(), ratio)).copied()
    }

    /// Whether others of the same facts have the same pools by the same numbers.
    pub(super) fn are_as(&self, others: &Self) -> bool {
        self.all.len() == others.all.len() && self.targets == others.targets
    }

    /// Makes the pool that a pool's usage moves to; says whether there is a new one.
    pub(super) fn make_target(&mut self, from: PoolId, becomes: &Becomes, ratio: Money, coverage: &Coverage) -> bool {
        let key = (from, becomes.clone(), ratio);
        let source = self.pool(from);
        let Some(good) = source.good.turned(becomes).filter(|_| !self.targets.contains_key(&key)) else {
            return false;
        };
        let cover = coverage.of(&good.what, &good.product, &good.meter);
        let rate = source.rate.times(ratio.ratio(Money::ONE.0, becomes.units().0));
        let throughput = matches!(becomes, Becomes::Throughput { .. });
        let usage_type = if throughput { good.meter.clone() } else { Arc::from("") };
        let pool = Pool { good, usage_type, cover, rate, ..source.clone() };
        let pool = Pool { alike: alike(&mut self.alike, &pool), ..pool };
        let id = PoolId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.targets.insert(key, id);
        self.sources.insert(id, self.source(from));
        self.all.push(pool);
        true
    }

    /// Finds out what is metered, what is free, and rates as billed: of the pool's own uncovered lines, else of the same good elsewhere, else the public rate with the discount
    /// that the payer gets on average.
    pub(super) fn price(&mut self, facts: &Facts) {
        self.metered = hours::metered(facts, &self.of_class);
        self.free = free::rates(facts, self);
        let mut own = vec![Sums::default(); self.all.len()];
        let mut goods: Numbers<&Good, Sums> = Numbers::default();
        let mut payers: Numbers<&Arc<str>, Sums> = Numbers::default();
        for (class, costs) in &facts.priced_classes {
            let Some(pool) = self.of_class(*class) else { continue };
            let uncovered = facts.class(*class).line == LineType::Usage;
            own[pool.0 as usize].add(costs, uncovered);
            goods.entry(&self.all[pool.0 as usize].good).or_default().add(costs, uncovered);
            payers.entry(&self.all[pool.0 as usize].payer).or_default().add(costs, uncovered);
        }
        let rates = self.numbered().zip(&own).map(|((id, pool), own)| {
            if let Some(public) = self.free.get(&id) {
                return own.charged(*public);
            }
            let alike = goods.get(&pool.good).copied().unwrap_or_default();
            let public = own.public().or_else(|| alike.public()).unwrap_or_default();
            let billed = own.billed().or_else(|| alike.billed());
            let average = payers.get(&pool.payer).copied().unwrap_or_default();
            let (gross, net) = billed.unwrap_or_else(|| (public, average.discounted(public)));
            Rate { gross, net, public: if public.is_zero() { gross } else { public } }
        });
        let rates: Vec<Rate> = rates.collect();
        drop((goods, payers));
        for (pool, rate) in self.all.iter_mut().zip(rates) {
            pool.rate = rate;
            pool.alike = alike(&mut self.alike, pool);
        }
    }
}

/// The number of what is priced like a pool.
fn alike(known: &mut Numbers<Priced, u32>, pool: &Pool) -> u32 {
    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
    let priced = (pool.good.clone(), pool.rate.public, pool.usage_type.clone(), pool.operation.clone());
    *known.entry(priced).or_insert(next)
}

/// What may cover the usage of a class, if something may.
fn covered(facts: &Facts, class: &Class, coverage: &Coverage) -> Option<Cover> {
    let usage = class.line.is_usage() && *class.currency == *facts.currency;
    usage
        .then(|| coverage.of(&class.what, &class.product, &class.usage_type))
        .filter(|cover| *cover != Cover::default())
}

/// Sums of a pool's lines.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    all: Costs,
    uncovered: Costs,
}

impl Sums {
    fn add(&mut self, costs: &Costs, uncovered: bool) {
        self.all += *costs;
        if uncovered {
            self.uncovered += *costs;
        }
    }

    /// Per unit of all usage.
    fn public(&self) -> Option<Money> {
        per_unit(self.all.on_demand, self.all.quantity).filter(|rate| !rate.is_zero())
    }

    /// Per unit of uncovered usage.
    fn billed(&self) -> Option<(Money, Money)> {
        per_unit(self.uncovered.effective, self.uncovered.quantity)
            .zip(per_unit(self.uncovered.net, self.uncovered.quantity))
    }

    /// Per unit that was not free, if the public rate of these is known.
    fn charged(&self, public: Money) -> Rate {
        let of = |cost: Money| public.ratio(cost.0, self.uncovered.on_demand.0);
        Rate { gross: of(self.uncovered.effective), net: of(self.uncovered.net), public }
    }

    fn discounted(&self, public: Money) -> Money {
        let gross = self.uncovered.effective;
        if gross.0 > 0 { public.ratio(self.uncovered.net.0, gross.0) } else { public }
    }
}

/// Cost of one unit; `None` without usage.
pub(super) fn per_unit(cost: Money, usage: Quantity) -> Option<Money> {
    (usage.0 > 0).then(|| cost.ratio(Quantity::ONE.0, usage.0))
}
