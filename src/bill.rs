//! The bill as a model: what usage costs, what is paid whether used or not, and what an edit changes.
//!
//! Usage that some commitment could cover lies in pools, by the hour; the waterfall says what reservations and Savings Plans leave
//! of it, and that is paid at on-demand rates. Commitments are paid whole, used or not, so what an edit frees of them covers other
//! usage. All other usage is linear: it costs what it costs, and nothing when it ends. Fees and discounts are flat.

mod advise;
mod ahead;
mod amounts;
mod blocks;
mod buy;
mod cap;
mod edit;
mod exchange;
mod found;
mod free;
mod gains;
mod holdings;
mod hours;
mod lapse;
mod listed;
mod losers;
mod near;
mod offering;
mod order;
mod pools;
mod rates;
mod reconcile;
mod standing;
mod tranches;
mod trial;

pub use advise::{Advice, Advised, Backtest, Declined, Market};
pub use ahead::{Ahead, Worth};
pub use blocks::{BlockPrice, BlockPrices, ReadWrite};
pub use buy::Bargain;
pub use edit::{Becomes, Edit, Release, Selection};
pub use exchange::{Exchange, ExchangeLimits};
pub use lapse::Held;
pub use near::{Differs, Near};
pub use offering::{Offering, Purchase, Wanted};
pub use order::Sharing;
pub use reconcile::{Group, Reconciliation, Side};
pub use standing::Standing;
pub use tranches::Tranche;
pub use trial::{Attempt, Wake};

pub use crate::waterfall::Hours;
use crate::{
    facts::{Billed, ClassId, Commitment, Cost, Facts, LineType, ResourceId},
    money::Money,
    parallel::{at_once, shared_out},
    prices::Prices,
    sku::Coverage,
    waterfall::{Demand, PoolId, Rates, Setting, Waterfall},
};
use gains::Users;
use holdings::{Holding, Known};
use hours::Runs;
use pools::Pools;
use rates::PlanRates;
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// Who pays for an item's usage, as billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paid {
    /// The usage itself, at its rate.
    OnDemand,
    /// A reservation or Savings Plan, used or not.
    Commitment,
}

/// Where an item's usage is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// In no pool: it costs this.
    Linear(Cost),
    /// In a pool: the waterfall prices it.
    Pool(PoolId, Part),
    /// Nowhere: it ended.
    Gone,
}

/// What of the billed usage an item still has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// The share of each hour (1e-12).
    share: Money,
    /// The hours that are left where some were taken away, before the share; as billed when `None`.
    hours: Option<Arc<Runs>>,
}

/// What a bill is built with beside the facts.
#[derive(Debug, Clone, Copy)]
pub struct Assumptions<'a> {
    /// What commitments may cover.
    pub coverage: &'a Coverage,
    /// Which accounts share commitments.
    pub sharing: &'a Sharing,
    /// Rates of commitments that the bill does not show.
    pub prices: &'a Prices,
}

/// The bill of the priced period, without tax, credit and refund.
#[derive(Clone)]
pub struct Bill<'a> {
    facts: &'a Facts,
    given: Assumptions<'a>,
    /// Where usage is that edits moved, by item, that is by what is billed of a class for a resource.
    moved: BTreeMap<usize, Place>,
    users: OnceLock<Arc<Users>>,
    /// By class: who pays for its usage; `None` where it is none.
    paid: Arc<[Option<Paid>]>,
    pools: Pools,
    holdings: Vec<Holding>,
    /// Each commitment of the facts as a holding of its own, where it is known what it offers.
    alone: Arc<[Option<Holding>]>,
    plan_rates: PlanRates,
    waterfall: Waterfall,
    /// What uncovered usage costs, in the waterfall's unit.
    uncovered: Uncovered,
    rates: [Rates; 2],
    /// Commitments: what of them is used and what is not.
    committed: Cost,
    /// What depends neither on usage nor on commitments: fees, discounts.
    flat: Cost,
    /// Before all edits: the usage that is in no pool.
    linear: Cost,
}

/// A cost before rounding, in the waterfall's 1e-21.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Uncovered {
    gross: i128,
    net: i128,
}

impl Uncovered {
    fn cost(self) -> Cost {
        let money = |value: i128| Money(value).ratio(1, 1_000_000_000);
        Cost { gross: money(self.gross), net: money(self.net) }
    }
}

/// What an edit (or several) does to one item, or to several that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The item's place in `Facts::billed`; of several the first.
    pub item: u32,
    /// Whether it is about all items whose usage commitments see as one, and that are of one class and one party.
    pub alike: bool,
    /// Whose item.
    pub resource: ResourceId,
    /// Of which class.
    pub class: ClassId,
    /// By how much the bill falls because of it. What a freed commitment then covers is saved by the item that freed it.
    pub saving: Cost,
}

impl<'a> Bill<'a> {
    /// Builds the bill of the priced period.
    #[must_use]
    pub fn of(facts: &'a Facts, given: Assumptions<'a>) -> Self {
        let mut pools = Pools::of(facts, given.coverage);
        let (count, of_class) = (pools.all.len(), pools.of_class.clone());
        let (demand, (pools, alone, holdings, plan_rates)) = at_once(
            || hours::demand(facts, &of_class, count),
            move || {
                pools.price(facts);
                let alone = holdings::each_alone(facts, &pools, given.coverage);
                let holdings = holdings::holdings(facts, &pools, given.coverage, &alone);
                let plan_rates = PlanRates::of(facts, &pools, &holdings);
                (pools, alone, holdings, plan_rates)
            },
        );
        let waterfall = Waterfall::new(Demand::new(0, 0), [], &[]);
        let unused: Cost = facts.commitments.iter().map(|commitment| commitment.unused).sum();
        let mut bill = Self {
            facts,
            given,
            moved: BTreeMap::new(),
            users: OnceLock::new(),
            paid: facts.classes.iter().map(|class| Paid::of(class.line)).collect(),
            pools,
            holdings,
            alone,
            plan_rates,
            waterfall,
            uncovered: Uncovered::default(),
            rates: [Rates::default(), Rates::default()],
            committed: unused,
            // The lines of fees go to the flat part; what they say of known commitments stands with these.
            flat: Cost::default() - unused,
            linear: Cost::default(),
        };
        for (class, costs) in &facts.priced_classes {
            let cost = costs.amortised();
            match (bill.paid(*class), bill.pools.of_class(*class)) {
                (Some(Paid::Commitment), _) => bill.committed += cost,
                (Some(Paid::OnDemand), Some(_)) => {}
                (Some(Paid::OnDemand), None) => bill.linear += cost,
                (None, _) if facts.class(*class).line.is_apart() => {}
                (None, _) => bill.flat += cost,
            }
        }
        bill.pour(demand);
        bill
    }

    /// Where an item's usage is before all edits.
    fn as_billed(&self, item: &Billed) -> Place {
        match (self.paid(item.class), self.pools.of_class(item.class)) {
            (None, _) => Place::Gone,
            (_, Some(pool)) => Place::Pool(pool, Part { share: Money::ONE, hours: None }),
            (Some(Paid::Commitment), None) => Place::Linear(Cost::default()),
            (Some(Paid::OnDemand), None) => Place::Linear(item.cost()),
        }
    }

    /// Where an item's usage is on this bill.
    fn place(&self, item: usize) -> Place {
        self.moved.get(&item).cloned().unwrap_or_else(|| self.as_billed(&self.item(item)))
    }

    /// Runs the waterfall over the demand as it is, with all pools and holdings that are known now.
    fn fill(&mut self) {
        let demand = self.waterfall.take_demand();
        self.pour(demand);
    }

    /// The same over some demand.
    fn pour(&mut self, mut demand: Demand) {
        let mut holdings = std::mem::take(&mut self.holdings);
        demand.grow(self.pools.all.len());
        self.waterfall = self.setting(demand, &mut holdings).priced();
        self.holdings = holdings;
        let rate = |of: fn(&pools::Rate) -> Money| {
            Rates(self.pools.all.iter().map(|pool| i64::try_from(of(&pool.rate).0).unwrap_or(i64::MAX)).collect())
        };
        self.rates = [rate(|rate| rate.gross), rate(|rate| rate.net)];
        let [gross, net] = self.rates.each_ref().map(|rates| rates.value(self.waterfall.totals()));
        self.uncovered = Uncovered { gross, net };
    }

    /// Some demand with some holdings, in the order in which they stand.
    fn setting(&self, demand: Demand, holdings: &mut [Holding]) -> Setting {
        shared_out(holdings.iter_mut(), |holding| holding.look(&self.known()));
        let steps = order::steps(&self.pools, holdings, self.given.sharing);
        Setting::new(demand, holdings.iter().map(|holding| &holding.capacity), &steps)
    }

    /// Gets ready for edits that turn usage into what nobody uses yet, or buy what nobody has; says whether there is something new.
    pub fn prepare<'e>(&mut self, edits: impl Iterator<Item = &'e Edit>) -> bool {
        let mut new = false;
        for edit in edits {
            match edit {
                Edit::Move { what, ratio, to: Some(to) } => {
                    let from: std::collections::BTreeSet<PoolId> =
                        self.places(what).filter_map(|at| self.place(at).pool()).collect();
                    for pool in from {
                        new |= self.pools.make_target(pool, to, Money::ONE.times(*ratio), self.given.coverage);
                    }
                }
                Edit::Buy(purchase) => new |= self.make_place(&purchase.offering),
                Edit::Move { .. } | Edit::Stop(_) | Edit::Cap { .. } | Edit::Release(_) => {}
            }
        }
        if new {
            self.fill();
        }
        new
    }

    fn known(&self) -> Known<'_> {
        Known { pools: &self.pools, rates: &self.plan_rates, prices: self.given.prices, memo: None }
    }

    /// What the whole bill costs.
    #[must_use]
    pub fn price(&self) -> Cost {
        let moved = self.moved.iter().map(|(at, place)| place.linear() - self.as_billed(&self.item(*at)).linear());
        self.flat + self.committed + self.uncovered.cost() + self.linear + moved.sum()
    }

    /// The public rate of what a class measures, USD a unit, free units aside; `None` where no commitment could cover it.
    #[must_use]
    pub fn public_rate(&self, class: ClassId) -> Option<Money> {
        self.pools.of_class(class).map(|pool| self.pools.pool(pool).rate.public)
    }

    /// The items of a resource, by class.
    pub fn items_of(&self, resource: ResourceId) -> impl Iterator<Item = Billed> + '_ {
        let billed = self.facts.billed_of(self.facts.resource(resource));
        billed.filter(|billed| self.paid(billed.class).is_some())
    }

    fn paid(&self, class: ClassId) -> Option<Paid> {
        self.paid[class.0 as usize]
    }

    fn item(&self, at: usize) -> Billed {
        self.facts.billed.get(at)
    }

    /// What was billed for the items that edits touch, by who paid.
    #[must_use]
    pub fn touched(&self, edits: &[Edit], paid: Paid) -> Cost {
        let selected: std::collections::BTreeSet<usize> =
            edits.iter().flat_map(|edit| self.places(edit.selection())).collect();
        let items = selected.into_iter().map(|at| self.item(at)).filter(|item| self.paid(item.class) == Some(paid));
        let uncovered = edits.iter().filter_map(|edit| match edit {
            Edit::Buy(purchase) if paid == Paid::OnDemand => Some(self.coverable_by(purchase)),
            // What is given up is no usage that something covers: it stands with what the purchase in its stead covers.
            Edit::Release(release) if paid == Paid::OnDemand => Some(self.given_up(*release)),
            _ => None,
        });
        items.map(|item| item.cost()).sum::<Cost>() + uncovered.sum()
    }

    /// Whether a commitment of some kind may cover usage of a class.
    #[must_use]
    pub fn may_be_covered(&self, class: ClassId) -> bool {
        self.pools.of_class(class).is_some()
    }

    /// Commitments of which neither the bill nor a listing tells what they offer.
    pub fn unplaced(&self) -> impl Iterator<Item = &'a Commitment> {
        let all = self.facts.commitments.iter().enumerate();
        all.filter(|(at, _)| self.holding_of(*at).is_none()).map(|(_, commitment)| commitment)
    }

    fn places<'s>(&'s self, selection: &'s Selection) -> impl Iterator<Item = usize> + 's {
        let known = selection.resources.iter().filter_map(|id| self.facts.resources.get(id.0 as usize));
        let all = known.flat_map(|resource| resource.billed.clone());
        all.filter(|at| {
            let (_, class) = self.facts.billed.of_what(*at);
            self.paid(class).is_some() && selection.holds(class)
        })
    }
}

impl Paid {
    /// Who pays for the usage of a line of some type; `None` where it is for no usage.
    fn of(line: LineType) -> Option<Self> {
        match line {
            LineType::Usage => Some(Self::OnDemand),
            _ => line.is_covered().then_some(Self::Commitment),
        }
    }
}

impl Place {
    fn pool(&self) -> Option<PoolId> {
        if let Self::Pool(pool, _) = self { Some(*pool) } else { None }
    }

    fn linear(&self) -> Cost {
        if let Self::Linear(cost) = self { *cost } else { Cost::default() }
    }
}

/// The sum of what changes save.
#[must_use]
pub fn saving(changes: &[Change]) -> Cost {
    changes.iter().map(|change| change.saving).sum()
}
