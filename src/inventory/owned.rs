//! Commitments that are owned, told alike whichever service lists them.

use super::{
    Collected, Inventory, Moment, Reserves, Scope, arn::parts, ec2, reservation::Sale, savingsplans::SavingsPlan,
    short_id,
};
use crate::{
    money::Money,
    sku::{Instance, Payment, PlanKind, Term},
};

/// A commitment as its service lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedCommitment {
    /// The service, as its ARN in the bill names it.
    pub service: &'static str,
    /// The id that ends its ARN in the bill.
    pub id: String,
    /// The account that owns it, if that is told.
    pub owner: Option<String>,
    /// What it covers.
    pub covers: Covers,
    /// Where it covers that.
    pub bound: Bound,
    /// How much.
    pub amount: Amount,
    /// What an hour of all of it costs, the upfront part spread over the term, if that is told.
    pub hourly: Option<Money>,
    /// Whether it can be exchanged.
    pub convertible: bool,
    /// For how long, where it is one or three years.
    pub term: Option<Term>,
    /// When it is paid.
    pub payment: Option<Payment>,
    /// The first moment.
    pub start: Option<Moment>,
    /// The moment after the last.
    pub end: Option<Moment>,
    /// Until when a plan can be given back, if that is told.
    pub returnable_until: Option<Moment>,
    /// Where in its life it is.
    pub state: State,
}

impl OwnedCommitment {
    /// Whether it is the one with this ARN. Ids of EC2, OpenSearch and Redshift are no ARNs: the last part of the bill's ARN is matched.
    #[must_use]
    pub fn is(&self, arn: &str) -> bool {
        let Some(parts) = parts(arn) else { return false };
        let service = if parts[2] == "opensearch" { "es" } else { parts[2] };
        let owner = self.owner.as_deref();
        self.service == service && self.id == short_id(arn) && owner.is_none_or(|owner| owner == parts[4])
    }
}

/// What a commitment covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covers {
    /// Usage of a kind of Savings Plan.
    Plan(PlanKind),
    /// Instances like this one.
    Reservation(Instance),
}

/// Where a commitment covers usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// In all regions.
    Nowhere,
    /// In a region; `None` where the files do not tell which.
    Region(Option<String>),
    /// In an availability zone.
    Zone(String),
}

/// How much is committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Money an hour, at the plan's rates.
    PerHour(Money),
    /// Instances.
    Count(i64),
}

/// Where in its life a commitment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Bought for a later start.
    Queued,
    /// Bought, not yet paid.
    Pending,
    /// In force.
    Active,
    /// Over: expired, returned, exchanged, failed or deleted.
    Over,
}

impl State {
    /// The state that a service's word stands for; a word that is not known counts as in force.
    fn of(word: Option<&str>) -> Self {
        match word.unwrap_or_default().to_ascii_lowercase().replace('_', "-").as_str() {
            "queued" => Self::Queued,
            "payment-pending" | "pending" | "pending-return" => Self::Pending,
            "retired" | "returned" | "payment-failed" | "queued-deleted" | "deleted" | "exchanging" => Self::Over,
            _ => Self::Active,
        }
    }
}

/// What services other than EC2 and Savings Plans tell of a reservation.
struct Listing<'a> {
    count: Option<i64>,
    start: Option<Moment>,
    seconds: Option<i64>,
    state: Option<&'a str>,
}

impl Inventory {
    /// Every commitment that was listed, by service, then id.
    #[must_use]
    pub fn commitments(&self) -> Vec<OwnedCommitment> {
        let services = ["savingsplans", "ec2", "rds", "elasticache", "es", "redshift", "memorydb"];
        services.into_iter().flat_map(|service| self.of_service(service)).collect()
    }

    /// The commitments of the service that an ARN names.
    fn of_service(&self, service: &'static str) -> Vec<OwnedCommitment> {
        match service {
            "savingsplans" => {
                self.savings_plans.iter().filter_map(|(scope, id, plan)| of_plan(scope, id, plan)).collect()
            }
            "ec2" => {
                let all = self.reserved_instances.iter();
                all.filter_map(|(scope, id, reserved)| of_instances(scope, id, reserved)).collect()
            }
            "rds" => listed(service, &self.reserved_db_instances, |one| Listing {
                count: one.db_instance_count,
                start: one.start_time,
                seconds: one.duration,
                state: one.state.as_deref(),
            }),
            "elasticache" => listed(service, &self.reserved_cache_nodes, |one| Listing {
                count: one.cache_node_count,
                start: one.start_time,
                seconds: one.duration,
                state: one.state.as_deref(),
            }),
            "es" => listed(service, &self.reserved_search_instances, |one| Listing {
                count: one.instance_count,
                start: one.start_time,
                seconds: one.duration,
                state: one.state.as_deref(),
            }),
            "redshift" => listed(service, &self.reserved_warehouse_nodes, |one| Listing {
                count: one.node_count,
                start: one.start_time,
                seconds: one.duration,
                state: one.state.as_deref(),
            }),
            "memorydb" => listed(service, &self.reserved_memory_nodes, |one| Listing {
                count: one.node_count,
                start: one.start_time,
                seconds: one.duration,
                state: one.state.as_deref(),
            }),
            _ => Vec::new(),
        }
    }
}

/// The kind of plan that a document names.
fn plan_kind(plan: &SavingsPlan) -> Option<PlanKind> {
    match plan.savings_plan_type.as_deref()? {
        "Compute" => Some(PlanKind::Compute),
        "EC2Instance" => plan.ec2_instance_family.clone().map(PlanKind::Ec2Instance),
        "SageMaker" => Some(PlanKind::SageMaker),
        "Database" => Some(PlanKind::Database),
        _ => None,
    }
}

fn of_plan(scope: &Scope, id: &str, plan: &SavingsPlan) -> Option<OwnedCommitment> {
    let kind = plan_kind(plan)?;
    let bound = match &kind {
        PlanKind::Ec2Instance(_) => Bound::Region(plan.region.clone().filter(|region| !region.is_empty())),
        _ => Bound::Nowhere,
    };
    let committed = Money::parse(plan.commitment.as_deref()?).ok()?;
    Some(OwnedCommitment {
        service: "savingsplans",
        id: id.to_owned(),
        owner: scope.account.clone(),
        covers: Covers::Plan(kind),
        bound,
        amount: Amount::PerHour(committed),
        hourly: Some(committed),
        convertible: false,
        term: plan.term_duration_in_seconds.and_then(Term::of_seconds),
        payment: plan.payment_option.as_deref().and_then(Payment::parse),
        start: plan.start,
        end: plan.end,
        returnable_until: plan.returnable_until,
        state: State::of(plan.state.as_deref()),
    })
}

fn of_instances(scope: &Scope, id: &str, reserved: &ec2::ReservedInstances) -> Option<OwnedCommitment> {
    let sale = reserved.sale()?;
    let bound = match &reserved.availability_zone {
        Some(zone) if reserved.scope.as_deref() != Some("Region") => Bound::Zone(zone.clone()),
        _ => Bound::Region(scope.region.clone()),
    };
    let count = reserved.instance_count?;
    Some(OwnedCommitment {
        service: "ec2",
        id: id.to_owned(),
        owner: scope.account.clone(),
        hourly: hourly(&sale, count),
        covers: Covers::Reservation(sale.instance),
        bound,
        amount: Amount::Count(count),
        convertible: sale.convertible,
        term: sale.term,
        payment: sale.payment,
        start: reserved.start,
        end: reserved.end,
        returnable_until: None,
        state: State::of(reserved.state.as_deref()),
    })
}

/// What an hour of so many costs.
fn hourly(sale: &Sale, count: i64) -> Option<Money> {
    Some(Money::from_f64(sale.effective()?).ok()?.ratio(count.into(), 1))
}

fn listed<T: Reserves>(
    service: &'static str,
    all: &Collected<T>,
    listing: impl Fn(&T) -> Listing<'_>,
) -> Vec<OwnedCommitment> {
    let of = |(scope, id, one): (&Scope, &str, &T)| {
        let (sale, Listing { count, start, seconds, state }) = (one.sale()?, listing(one));
        Some(OwnedCommitment {
            service,
            id: id.to_owned(),
            owner: scope.account.clone(),
            hourly: hourly(&sale, count?),
            covers: Covers::Reservation(sale.instance),
            bound: Bound::Region(scope.region.clone()),
            amount: Amount::Count(count?),
            convertible: false,
            term: sale.term,
            payment: sale.payment,
            start,
            end: start.zip(seconds).and_then(|(start, seconds)| start.0.checked_add(seconds)).map(Moment),
            returnable_until: None,
            state: State::of(state),
        })
    };
    all.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests;
