//! Rates that files of the inventory state: offers, and the price list.

use super::{Instrument, Offer, Subject};
use crate::{
    inventory::{Collected, Inventory, Operation, Reserves, Sale, ec2, pricing, savingsplans, short_id},
    sku::{Coverage, Payment, ReservationKey, Reserved, Term},
};
use std::collections::BTreeMap;

/// Usage type and operation.
type Usage = (String, String);

/// A rate in US dollars a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stated {
    /// The upfront part spread over the term.
    pub(super) rate: f64,
    /// The share that is paid upfront, where the file tells.
    pub(super) upfront: Option<f64>,
    /// The operation whose file states it.
    pub(super) operation: &'static str,
}

/// What files of the inventory state, in US dollars.
#[derive(Debug, Default)]
pub(super) struct Listed {
    plans: BTreeMap<(Offer, String, String), Stated>,
    owned_plans: BTreeMap<String, BTreeMap<Usage, f64>>,
    on_demand: BTreeMap<(String, String, String), f64>,
    products: BTreeMap<(Offer, String, String), Stated>,
    /// By offer, region (none where the file does not tell) and reservation: the units that one gives, with its rate.
    reservations: BTreeMap<(Offer, Option<String>, ReservationKey), BTreeMap<i64, Stated>>,
}

/// The command that an operation's files are named after.
fn command<T: Operation>() -> &'static str {
    T::TOKEN.strip_prefix("inventory.").unwrap_or(T::TOKEN)
}

impl Listed {
    /// Gathers all price files. What is not in US dollars is left out.
    pub(super) fn of(inventory: &Inventory, coverage: &Coverage) -> Self {
        let mut listed = Self::default();
        for (_, _, pricing::ListedRate(rate)) in inventory.plan_price_list.iter() {
            listed.add_plan_rate(rate, command::<pricing::ListedRate>());
        }
        for (_, _, rate) in inventory.plan_offering_rates.iter() {
            listed.add_plan_rate(rate, command::<savingsplans::OfferingRate>());
        }
        for (_, id, plan) in inventory.plan_rates.iter() {
            let rates = plan.rates.iter().filter(|rate| in_dollars(rate.currency.as_deref()));
            let known = rates.filter_map(|rate| Some((usage(&rate.usage_type, &rate.operation), amount(&rate.rate)?)));
            listed.owned_plans.entry(id.to_owned()).or_default().extend(known);
        }
        for (_, _, pricing::ListedProduct(product)) in inventory.price_list.iter() {
            listed.add_product(product, command::<pricing::ListedProduct>());
        }
        for (_, _, product) in inventory.products.iter() {
            listed.add_product(product, command::<pricing::Product>());
        }
        listed.add_offers(&inventory.reserved_instances_offerings, coverage, ec2_dollars);
        listed.add_offers(&inventory.reserved_db_instances_offerings, coverage, |o| {
            in_dollars(o.currency_code.as_deref())
        });
        listed.add_offers(&inventory.reserved_cache_nodes_offerings, coverage, |_| true);
        listed.add_offers(&inventory.reserved_search_offerings, coverage, |_| true);
        listed.add_offers(&inventory.reserved_warehouse_offerings, coverage, |_| true);
        listed.add_offers(&inventory.reserved_memory_offerings, coverage, |_| true);
        listed
    }

    fn add_plan_rate(&mut self, rate: &savingsplans::OfferingRate, operation: &'static str) {
        let offered = &rate.savings_plan_offering;
        let (Some(offer), Some(stated)) = (plan_offer(offered), amount(&rate.rate)) else { return };
        if in_dollars(offered.currency.as_deref()) {
            let (usage_type, of) = usage(&rate.usage_type, &rate.operation);
            self.plans.insert((offer, usage_type, of), Stated { rate: stated, upfront: None, operation });
        }
    }

    fn add_product(&mut self, product: &pricing::Product, operation: &'static str) {
        let (usage_type, of) = usage(&product.usage_type, &product.operation);
        if let Some(price) = product.on_demand {
            self.on_demand.insert((product.service_code.clone(), usage_type.clone(), of.clone()), price);
        }
        for price in &product.reserved {
            let offer = reservation_offer(price.convertible, price.term, price.payment);
            let stated = stated(price.upfront, price.hourly, price.term, operation);
            self.products.insert((offer, usage_type.clone(), of.clone()), stated);
        }
    }

    fn add_offers<T: Operation + Reserves>(
        &mut self,
        offers: &Collected<T>,
        coverage: &Coverage,
        dollars: impl Fn(&T) -> bool,
    ) {
        for (scope, _, offered) in offers.iter().filter(|(_, _, offered)| dollars(offered)) {
            let Some(Sale { instance, convertible, term: Some(term), payment: Some(payment), upfront, hourly }) =
                offered.sale()
            else {
                continue;
            };
            let Some(Reserved { key, units }) = coverage.sold(&instance) else { continue };
            let offer = reservation_offer(convertible, term, payment);
            let rates = self.reservations.entry((offer, scope.region.clone(), key)).or_default();
            rates.insert(units, stated(upfront, hourly, term, command::<T>()));
        }
    }

    /// What an offer asks for a unit of usage. `reserved` is the reservation that would be bought for it.
    pub(super) fn rate(&self, offer: Offer, of: Subject<'_>, reserved: Option<&Reserved>) -> Option<Stated> {
        match offer.instrument {
            Instrument::Reserved | Instrument::Convertible => {
                self.reservation(offer, of.region, reserved?).or_else(|| {
                    by_usage(of, |operation| self.products.get(&key(offer, of.usage_type, operation))).copied()
                })
            }
            _ => by_usage(of, |operation| self.plans.get(&key(offer, of.usage_type, operation))).copied(),
        }
    }

    /// The rate of a reservation: of its very size, else of the smallest on offer, by units.
    fn reservation(&self, offer: Offer, region: &str, reserved: &Reserved) -> Option<Stated> {
        let of = |region: Option<String>| self.reservations.get(&(offer, region, reserved.key.clone()));
        let rates = of(Some(region.to_owned())).or_else(|| of(None))?;
        let (units, stated) = rates.get_key_value(&reserved.units).or_else(|| rates.first_key_value())?;
        #[expect(clippy::cast_precision_loss, reason = "units of an instance are far below 2^53")]
        let times = reserved.units as f64 / *units as f64;
        Some(Stated { rate: stated.rate * times, ..*stated })
    }

    pub(super) fn on_demand(&self, of: Subject<'_>) -> Option<f64> {
        let price = |operation: &str| {
            self.on_demand.get(&(of.product.to_owned(), of.usage_type.to_owned(), operation.to_owned()))
        };
        by_usage(of, price).copied()
    }

    pub(super) fn rate_of_plan(&self, plan: &str, of: Subject<'_>) -> Option<f64> {
        let rates = self.owned_plans.get(short_id(plan))?;
        by_usage(of, |operation| rates.get(&usage(of.usage_type, operation))).copied()
    }
}

/// By the usage's operation, else for all operations alike, which AWS writes as none.
fn by_usage<'a, T>(of: Subject<'_>, find: impl Fn(&str) -> Option<&'a T>) -> Option<&'a T> {
    find(of.operation).or_else(|| find(""))
}

fn key(offer: Offer, usage_type: &str, operation: &str) -> (Offer, String, String) {
    (offer, usage_type.to_owned(), operation.to_owned())
}

fn usage(usage_type: &str, operation: &str) -> Usage {
    (usage_type.to_owned(), operation.to_owned())
}

fn in_dollars(currency: Option<&str>) -> bool {
    currency.is_none_or(|currency| currency == "USD")
}

fn ec2_dollars(offer: &ec2::ReservedInstancesOffering) -> bool {
    in_dollars(offer.currency_code.as_deref())
}

/// A price in text, if it is one.
fn amount(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0)
}

fn plan_offer(offering: &savingsplans::Offering) -> Option<Offer> {
    let instrument = match offering.plan_type.as_deref()? {
        "Compute" => Instrument::Compute,
        "EC2Instance" => Instrument::Ec2Instance,
        "SageMaker" => Instrument::SageMaker,
        "Database" => Instrument::Database,
        _ => return None,
    };
    let term = offering.duration_seconds.and_then(Term::of_seconds)?;
    Some(Offer { instrument, term, payment: Payment::parse(offering.payment_option.as_deref()?)? })
}

fn reservation_offer(convertible: bool, term: Term, payment: Payment) -> Offer {
    Offer { instrument: if convertible { Instrument::Convertible } else { Instrument::Reserved }, term, payment }
}

fn stated(upfront: f64, hourly: f64, term: Term, operation: &'static str) -> Stated {
    let spread = upfront / term.hours();
    let rate = spread + hourly;
    Stated { rate, upfront: (rate > 0.0).then(|| spread / rate), operation }
}
