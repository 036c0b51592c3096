//! What was asked for, what that cost, and what was not given.

use super::{
    failure::{Failure, Kind},
    figures::Figures,
};
use crate::money::Money;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
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
    spent: Money,
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

    /// Counts an attempt of a call and what it costs; an error when the call is none that may be made.
    pub(super) fn attempt(&self, account: &str, region: &str, service: &str, operation: &str) -> Result<(), Failure> {
        let Some(call) = self.figures.call(service, operation) else {
            return Err(Failure::broken(format_args!("{service} {operation} is no call that curtail makes")));
        };
        let mut kept = self.kept();
        *kept.calls.entry((account.to_owned(), region.to_owned(), call.action.clone())).or_default() += 1;
        kept.spent += dollars(call.price);
        Ok(())
    }

    /// What so many units of an action cost.
    pub(super) fn price(&self, action: &str, units: usize) -> Money {
        let call = self.figures.action(action);
        let per_unit = dollars(call.map_or(0.0, |call| call.price_per_unit));
        let units = i128::try_from(units).unwrap_or(i128::MAX);
        per_unit.ratio(units, 1) + dollars(call.map_or(0.0, |call| call.price))
    }

    /// Whether an action with so many units is still within the budget; pays for the units if it is.
    pub(super) fn pay(&self, action: &str, units: usize) -> Result<(), Failure> {
        let price = self.price(action, units);
        let by_request = dollars(self.figures.action(action).map_or(0.0, |call| call.price));
        let mut kept = self.kept();
        if kept.spent + price > self.budget {
            return Err(Failure::new(Kind::Budget, "it would cost more than --budget"));
        }
        kept.spent += price - by_request;
        Ok(())
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

/// USD of the embedded figures, which are finite.
fn dollars(figure: f64) -> Money {
    Money::from_f64(figure).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(budget: &str) -> Ledger {
        Ledger::new(Figures::embedded().unwrap(), Money::parse(budget).unwrap())
    }

    #[test]
    fn requests_and_metrics_are_paid_up_to_the_budget() {
        let ledger = ledger("0.02");
        ledger.pay("ce:GetSavingsPlansCoverage", 0).unwrap();
        ledger.attempt("a", "r", "Cost Explorer", "GetSavingsPlansCoverage").unwrap();
        assert_eq!(ledger.spent(), Money::parse("0.01").unwrap());
        ledger.pay("cloudwatch:GetMetricData", 999).unwrap();
        ledger.attempt("a", "r", "CloudWatch", "GetMetricData").unwrap();
        assert_eq!(ledger.spent(), Money::parse("0.01999").unwrap());
        assert_eq!(ledger.pay("ce:GetSavingsPlansCoverage", 0).unwrap_err().kind, Kind::Budget);
        assert_eq!(ledger.pay("cloudwatch:GetMetricData", 2).unwrap_err().kind, Kind::Budget);
        ledger.pay("cloudwatch:GetMetricData", 1).unwrap();
        assert_eq!(ledger.spent(), Money::parse("0.02").unwrap());
    }

    #[test]
    fn a_call_that_is_not_listed_is_refused() {
        let ledger = ledger("1");
        assert!(ledger.attempt("a", "r", "EC2", "TerminateInstances").is_err());
        ledger.attempt("a", "r", "EC2", "DescribeVolumes").unwrap();
        assert_eq!(ledger.counted().calls.into_values().collect::<Vec<_>>(), [1]);
    }
}
