//! What could be bought: Savings Plans and reservations, each at the rates that are known of it.

use super::{
    Bill, BlockPrices,
    holdings::{Holding, Known, Scope, Terms},
    order::Candidates,
    pools::Pool,
};
use crate::{
    facts::Cost,
    money::Money,
    parallel::shared_out,
    prices::{Instrument, Offer},
    sku::{Payment, PlanKind, ReservationKey, Reserved, Service, Sizes, Term, What},
    waterfall::{Amount, Capacity, Grid, PoolId},
};
use std::{collections::BTreeMap, sync::Arc};

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Kinds.
    pub instruments: Vec<Instrument>,
    /// Of reservations: the services. All where empty.
    pub services: Vec<Service>,
    /// Of reservations: blocks of DynamoDB capacity at these prices, and nothing else.
    pub blocks: Option<BlockPrices>,
    /// For how long and when paid.
    pub terms: Vec<(Term, Payment)>,
    /// The least spend of a Savings Plan, and its step.
    pub step: Money,
}

/// A commitment that could be bought: how much is told in steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Offering {
    /// The account that pays.
    pub payer: Arc<str>,
    /// The account that buys.
    pub owner: Arc<str>,
    /// As it is sold.
    pub offer: Offer,
    /// The region that it is bound to, or empty.
    pub region: Arc<str>,
    /// What it is for, in words: `r5`, `db.r6g.large PostgreSQL`; empty for what is bound to nothing.
    pub name: String,
    /// What one step costs an hour, upfront money spread over the term: USD.
    pub hourly: Cost,
    /// The share of it that is paid upfront.
    pub upfront: f64,
    /// How sure its rates are, 0 to 1: the mean over the usage that it may cover, by on-demand cost.
    pub confidence: f64,
    /// Where the rates come from, those of most cost first.
    pub sources: Vec<String>,
    /// What one step offers an hour, in the waterfall's unit.
    step: Amount,
    scope: Scope,
}

/// So many steps of an offering.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchase {
    /// What.
    pub offering: Offering,
    /// How many steps.
    pub steps: u32,
}

impl Purchase {
    /// What it costs an hour.
    #[must_use]
    pub fn hourly(&self) -> Cost {
        self.offering.hourly.ratio(self.steps.into(), 1)
    }

    /// What is paid at its start.
    #[must_use]
    pub fn upfront(&self) -> Money {
        self.hourly().net.times(self.offering.upfront * self.offering.offer.term.hours())
    }

    /// What it is: `0.200 USD/hour of a Compute Savings Plan, 1 year, No Upfront`.
    #[must_use]
    pub fn label(&self) -> String {
        let offering = &self.offering;
        let (term, payment) = (offering.offer.term.words(), offering.offer.payment.name());
        let terms = if offering.is_block() { term.to_owned() } else { format!("{term}, {payment}") };
        let place = if offering.region.is_empty() { String::new() } else { format!(" in {}", offering.region) };
        if offering.is_plan() {
            let hourly = self.hourly().gross.to_f64();
            let family = if offering.name.is_empty() { String::new() } else { format!(" for {}", offering.name) };
            format!("{hourly:.3} USD/hour of {}{family}{place}, {terms}", offering.kind())
        } else {
            format!("{} x {}{place}, {terms}", self.steps, offering.name)
        }
    }
}

impl Offering {
    /// Whether it is a Savings Plan, else a reservation.
    #[must_use]
    pub fn is_plan(&self) -> bool {
        matches!(self.scope, Scope::Plan { .. })
    }

    /// Whether it is a block of DynamoDB capacity, which is sold in one way alone.
    fn is_block(&self) -> bool {
        matches!(self.scope, Scope::Region { key: ReservationKey::Table { .. }, .. })
    }

    /// Its kind in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.offer.instrument {
            Instrument::Compute => "a Compute Savings Plan",
            Instrument::Ec2Instance => "an EC2 Instance Savings Plan",
            Instrument::SageMaker => "a SageMaker Savings Plan",
            Instrument::Database => "a Database Savings Plan",
            Instrument::Reserved => "a reservation",
            Instrument::Convertible => "a convertible reservation",
        }
    }

    /// What tells it apart from others, whatever the amount, term and payment: the same every night.
    #[must_use]
    pub fn identity(&self) -> String {
        [self.kind(), &self.name].join(" ").trim_end().to_owned()
    }

    /// Whether it covers what something owned covers, on whatever terms.
    pub(super) fn is_for(&self, owned: &Scope) -> bool {
        match (&self.scope, owned) {
            (Scope::Plan { kind, region, .. }, Scope::Plan { kind: owned, region: there, .. }) => {
                kind == owned && region == there
            }
            (scope, owned) => scope == owned,
        }
    }

    /// How it is sold; money paid upfront costs `capital` a year (0.08 for 8 %) on the half of it that is outstanding on average.
    pub(super) fn grid(&self, capital: f64) -> Grid {
        let held = 1.0 + capital * self.upfront * f64::from(self.offer.term.years()) / 2.0;
        Grid { step: self.step, cost: self.hourly.net.times(held).0 * 1_000_000_000, most: u32::MAX }
    }

    /// The same, bought by another account.
    pub(super) fn bought_by(self, owner: Arc<str>) -> Self {
        Self { owner, ..self }
    }

    /// What one step offers an hour.
    pub(super) fn step(&self) -> Amount {
        self.step
    }

    /// Whether a holding is what is bought of it.
    pub(super) fn is_held_in(&self, holding: &Holding) -> bool {
        holding.buys == Some(self.offer)
            && (&holding.payer, &holding.owner, &holding.scope) == (&self.payer, &self.owner, &self.scope)
    }

    /// The holding that so many steps of it are.
    pub(super) fn holding(&self, steps: u32) -> Holding {
        Holding {
            payer: self.payer.clone(),
            owner: self.owner.clone(),
            scope: self.scope.clone(),
            buys: Some(self.offer),
            members: Vec::new(),
            capacity: Capacity::Constant(self.step * Amount::from(steps)),
            offered: 0,
            billed: Cost::default(),
            covered: Vec::new(),
            candidates: Candidates::default(),
        }
    }
}

/// What may be covered by one kind of commitment: its scope by (payer, scope), with the pools.
type Scopes = BTreeMap<(Arc<str>, Scope, Arc<str>), Vec<PoolId>>;

impl Bill<'_> {
    /// Everything of the kinds wanted that could cover some usage that is left uncovered, bought by the payer.
    #[must_use]
    pub fn offerings(&self, wanted: &Wanted) -> Vec<Offering> {
        let of_terms =
            |&instrument| wanted.terms.iter().map(move |&(term, payment)| Offer { instrument, term, payment });
        let of_offer = |offer: Offer| -> Vec<Offering> {
            let scopes = self.scopes(wanted, offer).into_iter();
            scopes.filter_map(|(scope, pools)| self.offering(wanted, offer, scope, &pools)).collect()
        };
        shared_out(wanted.instruments.iter().flat_map(of_terms), of_offer).into_iter().flatten().collect()
    }

    /// The scopes of one kind with the uncovered pools in each.
    fn scopes(&self, wanted: &Wanted, offer: Offer) -> Scopes {
        let mut scopes = Scopes::new();
        for ((id, pool), left) in self.pools.numbered().zip(&self.waterfall.totals().left) {
            if *left <= 0 || pool.rate.net.is_zero() {
                continue;
            }
            for (scope, region) in scope_of(wanted, offer, pool) {
                scopes.entry((pool.payer.clone(), scope, region)).or_default().push(id);
            }
        }
        scopes
    }

    fn offering(
        &self,
        wanted: &Wanted,
        offer: Offer,
        (payer, scope, region): (Arc<str>, Scope, Arc<str>),
        pools: &[PoolId],
    ) -> Option<Offering> {
        let (trust, name, step, hourly) = match &scope {
            Scope::Plan { kind, .. } => {
                let name = if let PlanKind::Ec2Instance(family) = kind { family.clone() } else { String::new() };
                (self.trust(offer, pools)?, name, wanted.step.0 * 1_000_000_000, wanted.step)
            }
            Scope::Region { key: ReservationKey::Table { write }, .. } => {
                let prices = wanted.blocks.as_ref()?;
                let block = prices.block(offer.term, *write, pools.iter().map(|id| self.pools.pool(*id)))?;
                let (confidence, upfront, sources) = (block.confidence, block.upfront, vec![block.source]);
                (Trust { confidence, upfront, sources }, block.name, block.step, block.hourly)
            }
            Scope::Region { key, .. } => {
                let sold = self.sold(offer, key, pools)?;
                (self.trust(offer, pools)?, sold.name, Amount::from(sold.units) * 1_000_000_000, sold.hourly)
            }
            Scope::Zone(..) | Scope::Elsewhere(_) => return None,
        };
        Some(Offering {
            owner: payer.clone(),
            payer,
            offer,
            region,
            name,
            hourly: Cost { gross: hourly, net: hourly },
            upfront: trust.upfront,
            confidence: trust.confidence,
            sources: trust.sources,
            step,
            scope,
        })
    }

    /// The instance that a reservation is counted in: the smallest one with uncovered usage.
    fn sold(&self, offer: Offer, key: &ReservationKey, pools: &[PoolId]) -> Option<Sold> {
        let of = |id: &PoolId| {
            let pool = self.pools.pool(*id);
            let reserved = pool.cover.regional.first().filter(|reserved| reserved.key == *key)?;
            let rate = self.given.prices.rate(offer, pool.subject())?;
            let hourly = pool.rate.public.times(1.0 - rate.discount);
            Some(Sold { units: reserved.units, name: sold_as(pool, reserved), hourly })
        };
        pools.iter().filter_map(of).min_by(|a, b| a.units.cmp(&b.units).then_with(|| a.name.cmp(&b.name)))
    }

    /// How far the rates of an offer are known over some pools.
    fn trust(&self, offer: Offer, pools: &[PoolId]) -> Option<Trust> {
        let (mut sure, mut all, mut upfront) = (0.0, 0.0, 0.0);
        let mut sources: BTreeMap<String, f64> = BTreeMap::new();
        for id in pools {
            let pool = self.pools.pool(*id);
            let Some(rate) = self.given.prices.rate(offer, pool.subject()) else { continue };
            let cost = self.uncovered_of(*id).net.to_f64();
            (sure, all, upfront) = (sure + rate.confidence * cost, all + cost, rate.upfront);
            *sources.entry(rate.source.to_string()).or_default() += cost;
        }
        let mut sources: Vec<(String, f64)> = sources.into_iter().collect();
        sources.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let sources = sources.into_iter().map(|(source, _)| source).collect();
        (all > 0.0).then(|| Trust { confidence: sure / all, upfront, sources })
    }

    /// What is paid on demand for a pool.
    pub(super) fn uncovered_of(&self, id: PoolId) -> Cost {
        let (left, rate) = (self.waterfall.totals().left[id.0 as usize], self.pools.pool(id).rate);
        let cost = |rate: Money| Money(left * rate.0).ratio(1, 1_000_000_000);
        Cost { gross: cost(rate.gross), net: cost(rate.net) }
    }
}

struct Sold {
    units: i64,
    name: String,
    hourly: Money,
}

struct Trust {
    confidence: f64,
    upfront: f64,
    sources: Vec<String>,
}

/// What a commitment of a kind would be bound to, to cover a pool, and the region in words.
pub(super) fn scope_of(wanted: &Wanted, offer: Offer, pool: &Pool) -> Vec<(Scope, Arc<str>)> {
    let nowhere = || Arc::from("");
    if matches!(offer.instrument, Instrument::Reserved | Instrument::Convertible) {
        let convertible = offer.instrument == Instrument::Convertible;
        let region = pool.good.region.clone();
        let first = pool.cover.regional.first().filter(|reserved| is_wanted(wanted, &reserved.key));
        let scope = |key: &Reserved| Scope::Region { convertible, region: region.clone(), key: key.key.clone() };
        return first.map(|key| (scope(key), region.clone())).into_iter().collect();
    }
    let terms = Terms::of(offer);
    let kinds = pool.cover.plans.iter().filter(|kind| Terms::instrument(kind) == offer.instrument);
    let scope = |kind: &PlanKind| {
        let region = if matches!(kind, PlanKind::Ec2Instance(_)) { pool.good.region.clone() } else { nowhere() };
        (Scope::Plan { kind: kind.clone(), region: region.clone(), terms: terms.clone() }, region)
    };
    kinds.map(scope).collect()
}

fn is_wanted(wanted: &Wanted, key: &ReservationKey) -> bool {
    match key {
        ReservationKey::Instance { service, .. } => {
            wanted.blocks.is_none() && (wanted.services.is_empty() || wanted.services.contains(service))
        }
        ReservationKey::Table { .. } => wanted.blocks.is_some(),
    }
}

/// The name of the reserved instance.
fn sold_as(pool: &Pool, reserved: &Reserved) -> String {
    let (What::Instance(instance) | What::UnusedCapacity(instance)) = &pool.good.what else { return String::new() };
    let copies = match &reserved.key {
        ReservationKey::Instance { sizes: Sizes::Exact { copies, .. }, .. } if *copies > 1 => " Multi-AZ",
        _ => "",
    };
    format!("{} {}{copies}", instance.kind, instance.software).trim_end().to_owned()
}

/// The share off the public rate that a bought commitment gives a pool; reservations give usage for nothing.
pub(super) fn rate(known: &Known<'_>, offer: Offer, pool: &Pool) -> Option<Money> {
    let rate = known.prices.rate(offer, pool.subject())?;
    Some(pool.rate.public.times(1.0 - rate.discount))
}
