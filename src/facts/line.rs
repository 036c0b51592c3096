//! What one line costs: effective, net effective, unblended and on-demand, by its type.
//! Source of the table: the `summary_view` of the Cloud Intelligence Dashboards (aws-solutions-library-samples).

use super::Costs;
use crate::{
    money::Money,
    scan::{
        Dialect, Lines,
        columns::{Amount, Layout, Text},
    },
};

/// `line_item_line_item_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineType {
    /// Usage at its rate.
    Usage,
    /// Usage that a reservation covers.
    DiscountedUsage,
    /// Usage that a Savings Plan covers.
    SavingsPlanCoveredUsage,
    /// Takes back the on-demand cost of usage that a Savings Plan covers.
    SavingsPlanNegation,
    /// The hourly fee of a Savings Plan.
    SavingsPlanRecurringFee,
    /// The upfront fee of a Savings Plan.
    SavingsPlanUpfrontFee,
    /// The monthly fee of a reservation.
    RiFee,
    /// A one-time or subscription fee.
    Fee,
    /// Tax.
    Tax,
    /// A credit.
    Credit,
    /// A refund.
    Refund,
    /// A private discount: EDP, private rate, bundled, SPP, RI volume.
    PrivateDiscount,
    /// Another type that AWS documents: `Discount`, `FlatRateSubscription`; of FOCUS, `Adjustment`.
    OtherKnown,
    /// A type that is not documented.
    Unknown,
}

impl LineType {
    /// The type of a name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "Usage" => Self::Usage,
            "DiscountedUsage" => Self::DiscountedUsage,
            "SavingsPlanCoveredUsage" => Self::SavingsPlanCoveredUsage,
            "SavingsPlanNegation" => Self::SavingsPlanNegation,
            "SavingsPlanRecurringFee" => Self::SavingsPlanRecurringFee,
            "SavingsPlanUpfrontFee" => Self::SavingsPlanUpfrontFee,
            "RIFee" => Self::RiFee,
            "Fee" => Self::Fee,
            "Tax" => Self::Tax,
            "Credit" => Self::Credit,
            "Refund" => Self::Refund,
            "EdpDiscount" | "BundledDiscount" | "PrivateRateDiscount" | "SppDiscount" | "RiVolumeDiscount" => {
                Self::PrivateDiscount
            }
            "Discount" | "FlatRateSubscription" | "Adjustment" => Self::OtherKnown,
            _ => Self::Unknown,
        }
    }

    /// Whether the line measures usage (each hour of it once).
    #[must_use]
    pub fn is_usage(self) -> bool {
        matches!(self, Self::Usage | Self::DiscountedUsage | Self::SavingsPlanCoveredUsage)
    }

    /// Whether a commitment covers the usage.
    #[must_use]
    pub fn is_covered(self) -> bool {
        matches!(self, Self::DiscountedUsage | Self::SavingsPlanCoveredUsage)
    }

    /// Whether the line is shown beside the cost of running things, not in it: tax, credit, refund.
    #[must_use]
    pub fn is_apart(self) -> bool {
        matches!(self, Self::Tax | Self::Credit | Self::Refund)
    }
}

/// Which groups of columns a part has; a group that lacks one column is off, and its lines count at unblended cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups {
    reservations: bool,
    plans: bool,
    net: bool,
    on_demand: bool,
    /// Whether each line states its effective cost: FOCUS.
    pub(super) stated: bool,
    pub(super) invoice: bool,
    pub(super) dialect: Dialect,
}

impl Groups {
    pub(super) fn of(layout: &Layout) -> Self {
        use Amount::{
            NetUnblended, OnDemand, PlanCommitment, PlanEffective, PlanUsed, ReservationEffective,
            ReservationUnusedRecurring, ReservationUnusedUpfront,
        };
        let all = |columns: &[Amount]| columns.iter().all(|column| layout.has_amount(*column));
        Self {
            reservations: layout.has_text(Text::ReservationArn)
                && all(&[ReservationEffective, ReservationUnusedUpfront, ReservationUnusedRecurring]),
            plans: all(&[PlanEffective, PlanCommitment, PlanUsed]),
            net: layout.has_amount(NetUnblended),
            on_demand: layout.has_amount(OnDemand),
            stated: layout.dialect.is_focus(),
            invoice: layout.has_text(Text::Invoice),
            dialect: layout.dialect,
        }
    }
}

/// A cost before and after private discounts.
#[derive(Clone, Copy)]
struct Pair {
    gross: Money,
    net: Money,
}

/// The costs of a line. `refund_of_plan` says that a refund takes back a Savings Plan's upfront fee, `has_reservation` that
/// a fee belongs to a reservation: both are amortised elsewhere.
pub(super) fn costs(
    lines: &Lines,
    row: usize,
    kind: LineType,
    groups: Groups,
    has_reservation: bool,
    refund_of_plan: bool,
) -> Costs {
    if groups.stated {
        return stated(lines, row, kind, groups, has_reservation);
    }
    use Amount::{
        NetUnblended, PlanEffective, PlanNetEffective, ReservationEffective, ReservationNetEffective,
        ReservationNetUnusedRecurring, ReservationNetUnusedUpfront, ReservationUnusedRecurring,
        ReservationUnusedUpfront, Unblended,
    };
    let pair = |gross: Amount, net: Amount| {
        let gross = lines.money(gross, row).unwrap_or_default();
        Pair { gross, net: if groups.net { lines.money(net, row).unwrap_or(gross) } else { gross } }
    };
    let unblended = pair(Unblended, NetUnblended);
    let nothing = Pair { gross: Money::ZERO, net: Money::ZERO };
    let effective = match kind {
        LineType::SavingsPlanCoveredUsage if groups.plans => pair(PlanEffective, PlanNetEffective),
        LineType::SavingsPlanRecurringFee if groups.plans => unused_plan(lines, row, groups.net),
        LineType::SavingsPlanNegation | LineType::SavingsPlanUpfrontFee if groups.plans => nothing,
        LineType::DiscountedUsage if groups.reservations => pair(ReservationEffective, ReservationNetEffective),
        LineType::RiFee if groups.reservations => {
            let upfront = pair(ReservationUnusedUpfront, ReservationNetUnusedUpfront);
            let recurring = pair(ReservationUnusedRecurring, ReservationNetUnusedRecurring);
            Pair { gross: upfront.gross + recurring.gross, net: upfront.net + recurring.net }
        }
        LineType::Fee if groups.reservations && has_reservation => nothing,
        LineType::Refund if groups.plans && refund_of_plan => nothing,
        LineType::PrivateDiscount if groups.net => Pair { net: Money::ZERO, ..unblended },
        _ => unblended,
    };
    let on_demand = match kind {
        LineType::SavingsPlanNegation => Money::ZERO,
        _ if groups.on_demand => lines.money(Amount::OnDemand, row).unwrap_or_default(),
        _ => unblended.gross,
    };
    let quantity = if kind.is_usage() { lines.usage(row) } else { Default::default() };
    Costs { quantity, unblended: unblended.gross, effective: effective.gross, net: effective.net, on_demand }
}

/// The costs of a line that states them: billed, effective after all discounts, and at list prices. Both the purchase of a commitment
/// and the usage that it covers have a list price, which counts once, with the usage.
fn stated(lines: &Lines, row: usize, kind: LineType, groups: Groups, has_commitment: bool) -> Costs {
    let money = |column| lines.money(column, row);
    let unblended = money(Amount::Unblended).unwrap_or_default();
    let effective = money(Amount::Effective).unwrap_or(unblended);
    let on_demand = match kind {
        LineType::SavingsPlanUpfrontFee | LineType::SavingsPlanRecurringFee | LineType::RiFee => Money::ZERO,
        LineType::Fee if has_commitment => Money::ZERO,
        _ if groups.on_demand => money(Amount::OnDemand).unwrap_or_default(),
        _ => unblended,
    };
    let quantity = if kind.is_usage() { lines.usage(row) } else { Default::default() };
    Costs { quantity, unblended, effective, net: effective, on_demand }
}

/// The unused part of a plan's hour. It has no net twin: net = gross x (net amortised upfront / amortised upfront), the
/// ratio being 1 without an upfront fee.
fn unused_plan(lines: &Lines, row: usize, net: bool) -> Pair {
    let money = |column| lines.money(column, row).unwrap_or_default();
    let gross = money(Amount::PlanCommitment) - money(Amount::PlanUsed);
    let upfront = money(Amount::PlanUpfront);
    let net = match lines.money(Amount::PlanNetUpfront, row) {
        Some(net_upfront) if net && !upfront.is_zero() => gross.ratio(net_upfront.0, upfront.0),
        _ => gross,
    };
    Pair { gross, net }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_type_is_known() {
        for name in ["Usage", "Tax", "RIFee", "EdpDiscount", "FlatRateSubscription", "SavingsPlanNegation"] {
            assert_ne!(LineType::parse(name), LineType::Unknown);
        }
        assert_eq!(LineType::parse("Mystery"), LineType::Unknown);
    }
}
