//! What was asked for, what that cost, and what was not given.

use super::{
    failure::{Failure, Kind},
    figures::Figures,
};
use crate::money::Money;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Account, region and action.
pub(super) type Asked = (String, String, String);

/// A signal that was not given, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Missed {
    pub(super) account: String,
    pub(super) region: String,
    /// The listing, by the name of its file.
    pub(super) what: String,
    /// AWS's code, or what happened.
    pub(super) why: String,
}

/// Counts of a whole run.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) figures: Figures,
    /// What paid calls may cost in all.
    pub(super) budget: Money,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// What was sent costs, answered or not.
    spent: Money,
    /// Set aside for what is still to be sent.
    reserved: Money,
    calls: BTreeMap<Asked, u64>,
    denied: Vec<Missed>,
    absent: Vec<Missed>,
    unpaid: Vec<Missed>,
    broken: Vec<Missed>,
    expired: bool,
    fetched: usize,
    fresh: usize,
}

/// Everything that was counted, in a fixed order.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    pub(super) spent: Money,
    pub(super) calls: BTreeMap<Asked, u64>,
    /// For want of a permission.
    pub(super) denied: Vec<Missed>,
    /// For want of the service.
    pub(super) absent: Vec<Missed>,
    /// For want of money.
    pub(super) unpaid: Vec<Missed>,
    /// For any other reason.
    pub(super) broken: Vec<Missed>,
    /// Whether the credentials expired on the way.
    pub(super) expired: bool,
    /// Listings that were fetched.
    pub(super) fetched: usize,
    /// Listings that were fresh enough.
    pub(super) fresh: usize,
}

impl Ledger {
    pub(super) fn new(figures: Figures, budget: Money) -> Self {
        Self { figures, budget, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt of a call that is about to be sent and pays for it: with what is set aside for it, and with what of the budget is
    /// free. An error when that is not enough, so that it must not be sent, or when the call is none that may be made.
    pub(super) fn attempt(
        &self,
        account: &str,
        region: &str,
        (service, operation): (&str, &str),
        paid: Option<&Paid>,
    ) -> Result<(), Failure> {
        let Some(call) = self.figures.call(service, operation) else {
            return Err(Failure::broken(format_args!("{service} {operation} is no call that curtail makes")));
        };
        let price = self.price(&call.action, paid.map_or(0, |paid| paid.units));
        let mut kept = self.kept();
        let mut left = paid.map(|paid| paid.from.left());
        let set_aside = left.as_deref().copied().unwrap_or_default().min(price);
        if kept.spent + kept.reserved + price - set_aside > self.budget {
            return Err(too_dear());
        }
        if let Some(left) = &mut left {
            **left -= set_aside;
        }
        kept.reserved -= set_aside;
        kept.spent += price;
        *kept.calls.entry((account.to_owned(), region.to_owned(), call.action.clone())).or_default() += 1;
        Ok(())
    }

    /// What so many units of an action cost.
    pub(super) fn price(&self, action: &str, units: usize) -> Money {
        let call = self.figures.action(action);
        let per_unit = dollars(call.map_or(0.0, |call| call.price_per_unit));
        let units = i128::try_from(units).unwrap_or(i128::MAX);
        per_unit.ratio(units, 1) + dollars(call.map_or(0.0, |call| call.price))
    }

    /// Sets aside what requests for so many units of an action cost; an error when the budget has not that much left. What is not sent is
    /// given back when the reserve is dropped.
    pub(super) fn reserve(self: &Arc<Self>, action: &str, requests: &[usize]) -> Result<Arc<Reserve>, Failure> {
        let price: Money = requests.iter().map(|units| self.price(action, *units)).sum();
        let mut kept = self.kept();
        if kept.spent + kept.reserved + price > self.budget {
            return Err(too_dear());
        }
        kept.reserved += price;
        Ok(Arc::new(Reserve { ledger: self.clone(), left: Mutex::new(price) }))
    }

    /// Notes that a listing was fetched, or was fresh.
    pub(super) fn done(&self, fresh: bool) {
        let mut kept = self.kept();
        if fresh {
            kept.fresh += 1;
        } else {
            kept.fetched += 1;
        }
    }

    /// Notes what a failure cost.
    pub(super) fn missed(&self, account: &str, region: &str, what: &str, failure: &Failure) {
        let [account, region, what, why] = [account, region, what, &failure.code].map(str::to_owned);
        let missed = Missed { account, region, what, why };
        let mut kept = self.kept();
        match failure.kind {
            Kind::Denied => kept.denied.push(missed),
            Kind::Absent => kept.absent.push(missed),
            Kind::Budget => kept.unpaid.push(missed),
            Kind::Broken | Kind::NoHost => kept.broken.push(missed),
            Kind::Expired => {
                kept.expired = true;
                kept.broken.push(missed);
            }
        }
    }

    /// Whether the credentials have expired, so that nothing more needs to be asked.
    pub(super) fn is_expired(&self) -> bool {
        self.kept().expired
    }

    pub(super) fn spent(&self) -> Money {
        self.kept().spent
    }

    /// Everything so far, sorted: requests end in no fixed order.
    pub(super) fn counted(&self) -> Counted {
        let kept = self.kept();
        let sorted = |missed: &Vec<Missed>| {
            let mut missed = missed.clone();
            missed.sort();
            missed.dedup();
            missed
        };
        Counted {
            spent: kept.spent,
            calls: kept.calls.clone(),
            denied: sorted(&kept.denied),
            absent: sorted(&kept.absent),
            unpaid: sorted(&kept.unpaid),
            broken: sorted(&kept.broken),
            expired: kept.expired,
            fetched: kept.fetched,
            fresh: kept.fresh,
        }
    }
}

/// Money of the budget that is set aside.
#[derive(Debug)]
pub(super) struct Reserve {
    ledger: Arc<Ledger>,
    left: Mutex<Money>,
}

impl Reserve {
    fn left(&self) -> MutexGuard<'_, Money> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        let left = *self.left();
        self.ledger.kept().reserved -= left;
    }
}

/// How a request is paid: for what it asks for, from a reserve as far as that goes.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub(super) from: Arc<Reserve>,
    /// What the request asks for, where its price goes by that.
    pub(super) units: usize,
}

fn too_dear() -> Failure {
    Failure::new(Kind::Budget, "it would cost more than --budget")
}

/// USD of the embedded figures, which are finite.
fn dollars(figure: f64) -> Money {
    Money::from_f64(figure).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COVERAGE: (&str, &str) = ("Cost Explorer", "GetSavingsPlansCoverage");
    const DATA: (&str, &str) = ("CloudWatch", "GetMetricData");

    fn ledger(budget: &str) -> Arc<Ledger> {
        Arc::new(Ledger::new(Figures::embedded().unwrap(), Money::parse(budget).unwrap()))
    }

    fn usd(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    #[test]
    fn what_is_set_aside_is_not_spent_elsewhere() {
        let ledger = ledger("0.02");
        let send = |call, paid: Option<&Paid>| ledger.attempt("a", "r", call, paid);
        send(COVERAGE, None).unwrap();
        assert_eq!(ledger.spent(), usd("0.01"));
        let reserve = ledger.reserve("cloudwatch:GetMetricData", &[500, 499]).unwrap();
        // 0.00001 USD are free.
        assert_eq!(send(COVERAGE, None).unwrap_err().kind, Kind::Budget);
        assert_eq!(ledger.reserve("cloudwatch:GetMetricData", &[2]).unwrap_err().kind, Kind::Budget);
        let of = |units| Paid { from: reserve.clone(), units };
        send(DATA, Some(&of(500))).unwrap();
        assert_eq!(ledger.spent(), usd("0.015"));
        // A second attempt takes what was meant for the other request, which then is not to be had.
        assert_eq!(send(DATA, Some(&of(501))).unwrap_err().kind, Kind::Budget);
        send(DATA, Some(&of(500))).unwrap();
        assert_eq!(ledger.spent(), usd("0.02"));
        assert_eq!(send(DATA, Some(&of(1))).unwrap_err().kind, Kind::Budget);
        assert_eq!(ledger.counted().calls.into_values().collect::<Vec<_>>(), [1, 2], "what is not sent is not counted");
    }

    #[test]
    fn what_is_not_sent_is_given_back() {
        let ledger = ledger("0.01");
        let reserve = ledger.reserve("cloudwatch:GetMetricData", &[1000]).unwrap();
        assert!(ledger.attempt("a", "r", COVERAGE, None).is_err());
        drop(reserve);
        ledger.attempt("a", "r", COVERAGE, None).unwrap();
        assert_eq!((ledger.spent(), ledger.kept().reserved), (usd("0.01"), Money::ZERO));
    }

    #[test]
    fn a_call_that_is_not_listed_is_refused() {
        let ledger = ledger("0");
        assert!(ledger.attempt("a", "r", ("EC2", "TerminateInstances"), None).is_err());
        ledger.attempt("a", "r", ("EC2", "DescribeVolumes"), None).unwrap();
        assert_eq!(ledger.counted().calls.into_values().collect::<Vec<_>>(), [1]);
    }

    /// Something that happens to a ledger.
    #[derive(Debug, Clone)]
    enum Event {
        /// Requests are planned.
        Reserve(Vec<usize>),
        /// An attempt of a planned request, the first or a later one.
        Send(usize, usize),
        /// An attempt that was not planned.
        Unplanned,
        /// A plan ends, carried out or not.
        Drop(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            prop::collection::vec(0_usize..2000, 0..4).prop_map(Event::Reserve),
            (0_usize..8, 0_usize..2500).prop_map(|(plan, units)| Event::Send(plan, units)),
            Just(Event::Unplanned),
            (0_usize..8).prop_map(Event::Drop),
        ]
    }

    proptest! {
        /// In whatever order requests are planned, sent, sent again and given up.
        #[test]
        fn the_budget_is_never_overrun(cents in 0_u32..8, events in prop::collection::vec(event(), 0..60)) {
            let ledger = ledger(&format!("0.0{cents}"));
            let (mut plans, mut sent) = (Vec::new(), Money::ZERO);
            for event in events {
                match event {
                    Event::Reserve(requests) => plans.extend(ledger.reserve("cloudwatch:GetMetricData", &requests)),
                    Event::Send(plan, units) => {
                        let Some(from) = plans.get(plan).cloned() else { continue };
                        if ledger.attempt("a", "r", DATA, Some(&Paid { from, units })).is_ok() {
                            sent += usd("0.00001").ratio(i128::try_from(units).unwrap(), 1);
                        }
                    }
                    Event::Unplanned => {
                        if ledger.attempt("a", "r", COVERAGE, None).is_ok() {
                            sent += usd("0.01");
                        }
                    }
                    Event::Drop(plan) if plan < plans.len() => drop(plans.remove(plan)),
                    Event::Drop(_) => {}
                }
                let set_aside = plans.iter().map(|plan| *plan.left()).sum::<Money>();
                prop_assert_eq!((ledger.spent(), ledger.kept().reserved), (sent, set_aside));
                prop_assert!(sent + set_aside <= ledger.budget);
            }
            plans.clear();
            prop_assert_eq!(ledger.kept().reserved, Money::ZERO);
        }
    }
}
