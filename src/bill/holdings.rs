//! Holdings: the commitments that the bill shows, those that nothing tells apart taken together, with what they offer each hour.

use super::{
    amounts::{as_used, hours_in, plan_amounts, reserved_amounts},
    free, hours, listed, offering,
    order::Candidates,
    pools::{self, Numbers, Pools},
    rates::{PlanRates, Turn},
};
use crate::{
    facts::{Class, ClassId, Commitment, Cost, Costs, Facts},
    money::Money,
    prices::{Instrument, Offer, Prices},
    sku::{Coverage, Payment, PlanKind, ReservationKey, Reserved, Term, UNIT, What},
    waterfall::{Amount, Capacity, PoolId, Weight},
};
use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

/// What a holding may cover, in the order in which kinds apply.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// What a commitment covers that no line names, or the free tier: as much of the same usage in the same hours.
    Elsewhere(PoolId),
    /// A zone's instances of exactly one type.
    Zone(Arc<str>, ReservationKey),
    /// A region's usage; convertible reservations come after standard ones.
    Region {
        /// Whether it can be exchanged.
        convertible: bool,
        /// The region.
        region: Arc<str>,
        /// Which usage.
        key: ReservationKey,
    },
    /// What a Savings Plan covers.
    Plan {
        /// Its kind.
        kind: PlanKind,
        /// The region of an EC2 Instance plan, else empty.
        region: Arc<str>,
        /// Term and payment, which its rates depend on.
        terms: Terms,
    },
}

/// What the rates of a plan depend on beside its kind: `1yr`, `No Upfront`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Terms {
    pub(super) term: Arc<str>,
    pub(super) payment: Arc<str>,
}

impl Terms {
    /// The terms of an offer.
    pub(super) fn of(offer: Offer) -> Self {
        Self { term: Arc::from(offer.term.name()), payment: Arc::from(offer.payment.name()) }
    }

    /// What a plan of a kind is sold as.
    pub(super) fn instrument(kind: &PlanKind) -> Instrument {
        match kind {
            PlanKind::Ec2Instance(_) => Instrument::Ec2Instance,
            PlanKind::Compute => Instrument::Compute,
            PlanKind::SageMaker => Instrument::SageMaker,
            PlanKind::Database => Instrument::Database,
        }
    }

    /// What is sold on these terms; `None` where they are not told.
    pub(super) fn offer(&self, kind: &PlanKind) -> Option<Offer> {
        let instrument = Self::instrument(kind);
        Some(Offer { instrument, term: Term::parse(&self.term)?, payment: Payment::parse(&self.payment)? })
    }
}

/// Rates and turns by the number of what is priced alike.
type Memo = Numbers<u32, Option<(Turn, Money)>>;

/// What it takes to tell what a holding covers, and at which weight.
pub(super) struct Known<'a> {
    pub(super) pools: &'a Pools,
    pub(super) rates: &'a PlanRates,
    pub(super) prices: &'a Prices,
    /// Of one holding: rates that were looked up already.
    pub(super) memo: Option<RefCell<Memo>>,
}

impl<'a> Known<'a> {
    /// What is known, with a memory for the rates of one holding.
    pub(super) fn of_one(&self) -> Known<'a> {
        Known { pools: self.pools, rates: self.rates, prices: self.prices, memo: Some(RefCell::default()) }
    }

    /// A rate that depends on nothing but what a memo goes by.
    fn remembered(&self, pool: &pools::Pool, look: impl FnOnce() -> Option<(Turn, Money)>) -> Option<(Turn, Money)> {
        let Some(memo) = &self.memo else { return look() };
        *memo.borrow_mut().entry(pool.alike).or_insert_with(look)
    }
}

/// Commitments of one owner that cover the same usage at the same rates.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    pub(super) payer: Arc<str>,
    /// The account that it applies to first.
    pub(super) owner: Arc<str>,
    pub(super) scope: Scope,
    /// Where it is not owned yet: what is bought. Its rates are today's, not those of what is owned.
    pub(super) buys: Option<Offer>,
    /// Indices into `Facts::commitments`.
    pub(super) members: Vec<usize>,
    pub(super) capacity: Capacity,
    /// What of it the period's lines have the cost of.
    pub(super) offered: Amount,
    /// Of usage covered from elsewhere: what was billed for it; of what is bought: its cost.
    pub(super) billed: Cost,
    /// Pools that it covered as billed: it may cover them whatever the tables say.
    pub(super) covered: Vec<PoolId>,
    /// Pools that it may cover.
    pub(super) candidates: Candidates,
}

impl Holding {
    /// The kinds of holdings, in the order in which they apply.
    pub(super) fn rank(&self) -> u8 {
        match &self.scope {
            Scope::Elsewhere(_) => 0,
            Scope::Zone(..) => 1,
            Scope::Region { convertible: false, .. } => 2,
            Scope::Region { convertible: true, .. } => 3,
            Scope::Plan { kind: PlanKind::Ec2Instance(_), .. } => 4,
            Scope::Plan { kind: PlanKind::Compute, .. } => 5,
            Scope::Plan { kind: PlanKind::SageMaker, .. } => 6,
            Scope::Plan { kind: PlanKind::Database, .. } => 7,
        }
    }

    /// How much of it one unit of a pool's usage takes, and what comes first: lower before higher. `None`: it does not cover it.
    pub(super) fn weight(&self, known: &Known<'_>, id: PoolId) -> Option<(Preference, Weight)> {
        let pool = known.pools.pool(id);
        if pool.payer != self.payer {
            return None;
        }
        let as_billed = self.covered.contains(&id);
        match &self.scope {
            Scope::Elsewhere(own) => (*own == id).then_some((Preference::default(), UNIT)),
            Scope::Zone(zone, key) => {
                let reserved = pool.cover.zonal.as_ref().filter(|zonal| zonal.key == *key);
                let here = pool.zone.as_ref() == Some(zone);
                reserved.filter(|_| here).map(|reserved| (Preference::default(), reserved.units))
            }
            Scope::Region { region, key, .. } => {
                let here = pool.good.region == *region;
                let found = pool.cover.regional.iter().position(|reserved| reserved.key == *key).filter(|_| here);
                let (place, units) = match found {
                    Some(place) => (place, pool.cover.regional[place].units),
                    None if as_billed => (usize::MAX, UNIT),
                    None => return None,
                };
                Some((Preference { place, size: units, ..Preference::default() }, units))
            }
            Scope::Plan { kind, region, terms } => {
                let here = region.is_empty() || pool.good.region == *region;
                if !(pool.cover.plans.contains(kind) && here || as_billed) {
                    return None;
                }
                let (turn, rate) = known.remembered(pool, || match self.buys {
                    Some(offer) => offering::rate(known, offer, pool).map(|rate| (Turn::BySaving, rate)),
                    None => known.rates.rate(kind, terms, pool, known.prices),
                })?;
                let rate = Weight::try_from(rate.0).ok().filter(|rate| *rate > 0)?;
                let saving = Money(pool.rate.public.0 - i128::from(rate)).ratio(Money::ONE.0, pool.rate.public.0);
                Some((Preference { turn, place: 0, saving: -saving.0, size: rate }, rate))
            }
        }
    }
}

/// What a commitment is used for first, lower before higher: usage of its own engine, the highest saving, the smallest size (of a
/// reservation) or lowest rate (of a plan).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Preference {
    pub(super) turn: Turn,
    pub(super) place: usize,
    pub(super) saving: i128,
    pub(super) size: i64,
}

/// All holdings of the period, in the order in which they apply.
pub(super) fn holdings(facts: &Facts, pools: &Pools, coverage: &Coverage, alone: &[Option<Holding>]) -> Vec<Holding> {
    let mut all: BTreeMap<(u8, Arc<str>, Arc<str>, Scope), Holding> = BTreeMap::new();
    let mut outside: BTreeMap<ClassId, Costs> = BTreeMap::new();
    for (class, costs) in &facts.priced_classes {
        if facts.class(*class).line.is_covered() && pools.of_class(*class).is_some() {
            outside.insert(*class, *costs);
        }
    }
    let mut named = Vec::new();
    for (number, (commitment, alone)) in facts.commitments.iter().zip(alone).enumerate() {
        let Some(holding) = alone.clone() else { continue };
        for (class, costs) in &commitment.covers {
            outside.entry(*class).and_modify(|all| *all = *all - *costs);
        }
        named.push(Holding { members: vec![number], ..holding });
    }
    for holding in named.into_iter().chain(listed::unnamed(facts, coverage)) {
        let key = (holding.rank(), holding.payer.clone(), holding.owner.clone(), holding.scope.clone());
        match all.get_mut(&key) {
            Some(known) => known.join(holding),
            None => drop(all.insert(key, holding)),
        }
    }
    let elsewhere = outside.into_iter().filter(|(_, costs)| costs.quantity.0 > 0);
    let mut all: Vec<Holding> = elsewhere
        .filter_map(|(class, costs)| covered_elsewhere(facts, pools, class, costs))
        .chain(free::holdings(facts, pools, hours_in(facts.window.period)))
        .chain(all.into_values())
        .collect();
    all.sort_by_key(Holding::rank);
    all
}

impl Holding {
    fn join(&mut self, other: Self) {
        let hours = |capacity: &Capacity| match capacity {
            Capacity::Hourly(hours) => hours.clone(),
            Capacity::Constant(_) => Vec::new(),
        };
        let (mut sum, more) = (hours(&self.capacity), hours(&other.capacity));
        for (sum, more) in sum.iter_mut().zip(more) {
            *sum += more;
        }
        self.capacity = Capacity::Hourly(sum);
        self.members.extend(other.members);
        self.offered += other.offered;
        self.covered.extend(other.covered);
        self.covered.sort_unstable();
        self.covered.dedup();
    }
}

/// What is covered of a class by commitments that no line names.
fn covered_elsewhere(facts: &Facts, pools: &Pools, class: ClassId, costs: Costs) -> Option<Holding> {
    let pool = pools.of_class(class)?;
    let mut amounts = vec![0; hours_in(facts.window.period)];
    for (at, units) in hours::covered_hours(facts, class, costs.quantity) {
        amounts[at] += i128::from(units) * i128::from(UNIT);
    }
    let owner = pools.pool(pool);
    let billed = costs.amortised();
    Some(Holding {
        payer: owner.payer.clone(),
        owner: owner.account.clone(),
        scope: Scope::Elsewhere(pool),
        buys: None,
        members: Vec::new(),
        offered: amounts.iter().sum(),
        capacity: Capacity::Hourly(amounts),
        billed,
        covered: vec![pool],
        candidates: Candidates::default(),
    })
}

/// Each commitment of the facts as a holding of its own; `None` where neither the bill nor a listing tells what it offers.
pub(super) fn each_alone(facts: &Facts, pools: &Pools, coverage: &Coverage) -> Arc<[Option<Holding>]> {
    facts.commitments.iter().map(|commitment| of_commitment(facts, pools, coverage, commitment)).collect()
}

fn of_commitment(facts: &Facts, pools: &Pools, coverage: &Coverage, commitment: &Commitment) -> Option<Holding> {
    let (scope, per_instance) = if commitment.plan {
        (plan_scope(facts, commitment)?, 0)
    } else {
        let (key, per_instance) = reservation(facts, coverage, commitment)?;
        let scope = if commitment.zone.is_empty() || !is_server(&key) {
            let convertible = Instrument::of(commitment) == Instrument::Convertible;
            Scope::Region { convertible, region: region(facts, commitment)?, key }
        } else {
            Scope::Zone(commitment.zone.clone(), key)
        };
        (scope, per_instance)
    };
    let billed = match (commitment.has_fees(), commitment.plan) {
        (true, true) => plan_amounts(facts, commitment),
        (true, false) => reserved_amounts(facts, commitment, per_instance),
        (false, _) => as_used(facts, pools, commitment, &scope),
    };
    let offered: Amount = billed.iter().sum();
    let told = || listed::amounts(facts, commitment.listed.as_ref()?, per_instance, facts.window.period);
    let amounts = if commitment.has_fees() { billed } else { told().unwrap_or(billed) };
    let mut covered: Vec<PoolId> = commitment.covers.iter().filter_map(|(class, _)| pools.of_class(*class)).collect();
    covered.sort_unstable();
    covered.dedup();
    let offers = amounts.iter().any(|amount| *amount > 0);
    offers.then(|| Holding {
        payer: commitment.payer.clone(),
        owner: commitment.owner.clone(),
        scope,
        buys: None,
        members: Vec::new(),
        capacity: Capacity::Hourly(amounts),
        offered,
        billed: Cost::default(),
        covered,
        candidates: Candidates::default(),
    })
}

/// The class with most covered usage.
fn main_class<'a>(facts: &'a Facts, commitment: &Commitment) -> Option<&'a Class> {
    let most = commitment.covers.iter().max_by_key(|(class, costs)| (costs.on_demand, std::cmp::Reverse(*class)));
    most.map(|(class, _)| facts.class(*class))
}

fn plan_scope(facts: &Facts, commitment: &Commitment) -> Option<Scope> {
    let details = &commitment.details;
    let terms = Terms { term: details.term.clone(), payment: details.payment.clone() };
    let kind = match Instrument::of(commitment) {
        Instrument::Ec2Instance => PlanKind::Ec2Instance(family(facts, commitment)?),
        Instrument::SageMaker => PlanKind::SageMaker,
        Instrument::Database => PlanKind::Database,
        _ => PlanKind::Compute,
    };
    let bound = matches!(kind, PlanKind::Ec2Instance(_));
    let region = if bound { region(facts, commitment)? } else { Arc::from("") };
    Some(Scope::Plan { kind, region, terms })
}

/// The instance family that a plan is bound to: as told, else that of what it covers.
fn family(facts: &Facts, commitment: &Commitment) -> Option<String> {
    if !commitment.details.family.is_empty() {
        return Some(commitment.details.family.to_string());
    }
    match &main_class(facts, commitment)?.what {
        What::Instance(instance) | What::UnusedCapacity(instance) => Some(instance.kind.family.clone()),
        _ => None,
    }
}

/// The region that a commitment is bound to: that of what it covers, since some exports tell the region's name rather than its code.
fn region(facts: &Facts, commitment: &Commitment) -> Option<Arc<str>> {
    let fee =
        commitment.fees.first().map(|fee| facts.class(fee.class).region.clone()).filter(|region| !region.is_empty());
    let used = main_class(facts, commitment).map(|class| class.region.clone());
    fee.or(used).or_else(|| Some(commitment.details.region.clone()).filter(|region| !region.is_empty()))
}

/// What a reservation may cover, and the units that one reserved instance (or capacity unit) gives.
pub(super) fn reservation(
    facts: &Facts,
    coverage: &Coverage,
    commitment: &Commitment,
) -> Option<(ReservationKey, Weight)> {
    let main = main_class(facts, commitment).map(|class| &class.what);
    let table = |write: bool| Some((ReservationKey::Table { write }, UNIT));
    let fee = commitment.fees.first().map(|fee| &facts.class(fee.class).what);
    // What its service lists of it goes before what it covers, which may be of another size.
    let told = commitment.listed.as_ref().and_then(listed::instance);
    let instance = match (fee, main) {
        (Some(What::ReservedTable(write)), _) => return table(*write),
        (_, Some(What::TableCapacity(used))) => return table(used.write),
        (Some(What::Reserved(instance)), _) => instance.clone(),
        (_, Some(What::Instance(instance) | What::UnusedCapacity(instance))) => told.unwrap_or(instance).clone(),
        _ => told?.clone(),
    };
    // A fee does not say that it is for dedicated hardware, or for two copies: what it covers does.
    let like = main.and_then(What::instance).filter(|used| used.kind == instance.kind);
    let instance = match like {
        Some(used) => {
            crate::sku::Instance { purchase: used.purchase, copies: used.copies.max(instance.copies), ..instance }
        }
        None => instance,
    };
    let zonal = !commitment.zone.is_empty() && instance.service == crate::sku::Service::Ec2;
    let reserved = if zonal { coverage.zonal(&instance) } else { coverage.sold(&instance) };
    reserved.map(|Reserved { key, units }| (key, units))
}

fn is_server(key: &ReservationKey) -> bool {
    matches!(key, ReservationKey::Instance { service: crate::sku::Service::Ec2, .. })
}
