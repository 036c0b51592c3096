//! What one line costs: effective, net effective, unblended and on-demand, by its type.
//! Source of the table: the `summary_view` of the Cloud Intelligence Dashboards (aws-solutions-library-samples).

use super::{Costs, sums::Narrow};
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

    /// Whether the line is the recurring fee of a commitment.
    #[must_use]
    pub fn is_commitment_fee(self) -> bool {
        matches!(self, Self::RiFee | Self::SavingsPlanRecurringFee)
    }

    /// Whether the line shows a Savings Plan at work: its fee, or usage that it covers.
    #[must_use]
    pub fn is_of_plan(self) -> bool {
        matches!(self, Self::SavingsPlanCoveredUsage | Self::SavingsPlanRecurringFee)
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

/// Where the effective cost of a line stands.
#[derive(Clone, Copy)]
enum Effective {
    /// In columns, before and after private discounts.
    In(Amount, Amount),
    /// Nowhere: it is amortised in other lines.
    Nothing,
    /// As invoiced before private discounts, nothing after them.
    GrossAlone,
    /// What is unused of a plan's hour.
    UnusedPlan,
    /// What is unused of a reservation's month.
    UnusedReservation,
}

/// What tells how a line's costs are read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) kind: LineType,
    pub(super) groups: Groups,
    /// Whether a fee belongs to a commitment: it is amortised elsewhere.
    pub(super) committed: bool,
    /// Whether a refund takes back a Savings Plan's upfront fee: likewise.
    pub(super) refund_of_plan: bool,
}

impl Reading {
    fn effective(self) -> Effective {
        use Amount::{
            NetUnblended, PlanEffective, PlanNetEffective, ReservationEffective, ReservationNetEffective, Unblended,
        };
        let Self { kind, groups, committed, refund_of_plan } = self;
        match kind {
            // It is after all discounts.
            _ if groups.stated => Effective::In(Amount::Effective, Amount::Effective),
            LineType::SavingsPlanCoveredUsage if groups.plans => Effective::In(PlanEffective, PlanNetEffective),
            LineType::SavingsPlanRecurringFee if groups.plans => Effective::UnusedPlan,
            LineType::SavingsPlanNegation | LineType::SavingsPlanUpfrontFee if groups.plans => Effective::Nothing,
            LineType::DiscountedUsage if groups.reservations => {
                Effective::In(ReservationEffective, ReservationNetEffective)
            }
            LineType::RiFee if groups.reservations => Effective::UnusedReservation,
            LineType::Fee if groups.reservations && committed => Effective::Nothing,
            LineType::Refund if groups.plans && refund_of_plan => Effective::Nothing,
            LineType::PrivateDiscount if groups.net => Effective::GrossAlone,
            _ => Effective::In(Unblended, NetUnblended),
        }
    }

    /// Whether the line has a cost at list prices. Both the purchase of a commitment and the usage that it covers state one in FOCUS; it
    /// counts once, with the usage.
    fn has_list_price(self) -> bool {
        match self.kind {
            LineType::SavingsPlanNegation => self.groups.stated,
            LineType::SavingsPlanUpfrontFee | LineType::SavingsPlanRecurringFee | LineType::RiFee => {
                !self.groups.stated
            }
            LineType::Fee => !(self.groups.stated && self.committed),
            _ => true,
        }
    }

    /// The costs of a line.
    #[cold]
    pub(super) fn costs(self, lines: &Lines, row: usize) -> Costs {
        let Groups { net: has_net, stated, on_demand, .. } = self.groups;
        let money = |column| lines.money(column, row);
        let unblended = money(Amount::Unblended).unwrap_or_default();
        let pair = |gross: Amount, net: Amount| {
            let gross = money(gross).unwrap_or(if stated { unblended } else { Money::ZERO });
            Pair { gross, net: if has_net { money(net).unwrap_or(gross) } else { gross } }
        };
        let Pair { gross, net } = match self.effective() {
            Effective::In(gross, net) => pair(gross, net),
            Effective::Nothing => Pair { gross: Money::ZERO, net: Money::ZERO },
            Effective::GrossAlone => Pair { gross: unblended, net: Money::ZERO },
            Effective::UnusedPlan => unused_plan(lines, row, has_net),
            Effective::UnusedReservation => {
                let upfront = pair(Amount::ReservationUnusedUpfront, Amount::ReservationNetUnusedUpfront);
                let recurring = pair(Amount::ReservationUnusedRecurring, Amount::ReservationNetUnusedRecurring);
                Pair { gross: upfront.gross + recurring.gross, net: upfront.net + recurring.net }
            }
        };
        let on_demand = match self.has_list_price() {
            false => Money::ZERO,
            true if on_demand => money(Amount::OnDemand).unwrap_or_default(),
            true => unblended,
        };
        let quantity = if self.kind.is_usage() { lines.usage(row) } else { Default::default() };
        Costs { quantity, unblended, effective: gross, net, on_demand }
    }

    /// The same in 64 bits each, of a line whose costs stand in columns and need no more: `None` for another, which may fit still.
    #[inline]
    pub(super) fn narrow(self, lines: &Lines, row: usize) -> Option<Narrow> {
        let amount = |column, or| lines.narrow(column, row).or(or);
        let Groups { net: has_net, stated, on_demand, .. } = self.groups;
        let unblended = amount(Amount::Unblended, 0)?;
        let (effective, net) = match self.effective() {
            Effective::In(gross, net) => {
                let gross = amount(gross, if stated { unblended } else { 0 })?;
                (gross, if has_net { amount(net, gross)? } else { gross })
            }
            Effective::Nothing => (0, 0),
            Effective::GrossAlone => (unblended, 0),
            Effective::UnusedPlan | Effective::UnusedReservation => return None,
        };
        let on_demand = match self.has_list_price() {
            false => 0,
            true if on_demand => amount(Amount::OnDemand, 0)?,
            true => unblended,
        };
        let quantity = if self.kind.is_usage() { amount(Amount::Usage, 0)? } else { 0 };
        Some(Narrow { quantity, unblended, effective, net, on_demand })
    }
}

/// The costs of a line, each in 64 bits where that holds them.
#[derive(Clone, Copy)]
pub(super) enum Amounts {
    Narrow(Narrow),
    /// Some need more than 64 bits.
    Wide(Costs),
}

impl Amounts {
    pub(super) fn wide(&self) -> Costs {
        match self {
            Self::Narrow(narrow) => narrow.wide(),
            Self::Wide(costs) => *costs,
        }
    }
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
