//! What the lines of a commitment tell of it, summed.

use super::{
    Costs,
    fold::{Map, map},
    line::LineType,
    usage::HourSet,
};
use crate::{
    money::{Money, Quantity},
    names::{Names, Sym},
    scan::{
        Lines,
        columns::{Amount, Text},
    },
    time::{Hour, Span},
};

/// The texts that a commitment's lines tell of it.
pub(super) const DETAIL_COLUMNS: [[Text; 2]; 7] = [
    [Text::PlanType, Text::OfferingClass],
    [Text::PlanRegion, Text::Region],
    [Text::PlanFamily, Text::InstanceType],
    [Text::PlanPayment, Text::PurchaseOption],
    [Text::PlanTerm, Text::Lease],
    [Text::PlanStart, Text::ReservationStart],
    [Text::PlanEnd, Text::ReservationEnd],
];

#[derive(Clone)]
pub(super) struct CommitmentSum {
    pub(super) plan: bool,
    pub(super) payer: Sym,
    pub(super) owner: Sym,
    pub(super) zone: Sym,
    pub(super) details: [Sym; DETAIL_COLUMNS.len()],
    pub(super) used: Costs,
    pub(super) unused: Costs,
    pub(super) committed: Money,
    pub(super) consumed: Money,
    pub(super) reserved: Quantity,
    /// Covered lines of the priced period by class.
    pub(super) covers: Map<u32, Costs>,
    /// What each hour of a plan commits, in everything read.
    pub(super) hourly: HourSet,
    /// What the fees of a reservation are for, by the hours that they are for and the class: units, in everything read.
    pub(super) fees: Map<(Hour, Hour, u32), Quantity>,
}

impl Default for CommitmentSum {
    fn default() -> Self {
        Self {
            plan: false,
            payer: Sym::NONE,
            owner: Sym::NONE,
            zone: Sym::NONE,
            details: [Sym::NONE; DETAIL_COLUMNS.len()],
            used: Costs::default(),
            unused: Costs::default(),
            committed: Money::ZERO,
            consumed: Money::ZERO,
            reserved: Quantity::ZERO,
            covers: map(),
            hourly: HourSet::default(),
            fees: map(),
        }
    }
}

/// A line, already looked up.
pub(super) struct Line {
    pub(super) row: usize,
    pub(super) kind: LineType,
    pub(super) class: u32,
    pub(super) reservation: Sym,
    pub(super) account: Sym,
    pub(super) span: Span,
    pub(super) priced: bool,
    pub(super) sums: Costs,
    /// Whether it states its costs and nothing of what the commitment offers: FOCUS.
    pub(super) stated: bool,
}

/// Commitments by ARN.
pub(super) struct Commitments(Map<Sym, CommitmentSum>);

impl Default for Commitments {
    fn default() -> Self {
        Self(map())
    }
}

impl Commitments {
    /// Adds a line, if it is of a commitment.
    pub(super) fn add(&mut self, lines: &Lines, line: Line, names: &Names) {
        use LineType::{DiscountedUsage, RiFee, SavingsPlanCoveredUsage, SavingsPlanRecurringFee};
        let plan = matches!(line.kind, SavingsPlanCoveredUsage | SavingsPlanRecurringFee);
        let fee = matches!(line.kind, RiFee | SavingsPlanRecurringFee);
        if !plan && !matches!(line.kind, DiscountedUsage | RiFee) || !fee && !line.priced && !line.stated {
            return;
        }
        let arn = if plan { lines.text(Text::PlanArn, line.row) } else { line.reservation };
        if arn == Sym::NONE {
            return;
        }
        let sum = self.0.entry(arn).or_default();
        sum.plan = plan;
        sum.payer = greater(names, sum.payer, lines.text(Text::Payer, line.row));
        if line.stated {
            sum.stated(&line, fee, plan, names);
        } else if fee {
            sum.fee(lines, &line, names);
        } else {
            sum.used += line.sums;
            *sum.covers.entry(line.class).or_default() += line.sums;
        }
        // What a reservation is for is told by its fee; what its covered lines say of types is about the usage.
        for (slot, columns) in sum.details.iter_mut().zip(DETAIL_COLUMNS) {
            let column = columns[usize::from(!plan)];
            let of_usage = matches!(column, Text::InstanceType | Text::Region) && !fee;
            if !of_usage {
                *slot = greater(names, *slot, lines.text(column, line.row));
            }
        }
    }

    /// Adds another worker's sums; `sym` and `classes` give our number of each of its texts and classes.
    pub(super) fn merge(&mut self, other: Self, names: &Names, sym: impl Fn(Sym) -> Sym, classes: &[u32]) {
        for (arn, theirs) in other.0 {
            let sum = self.0.entry(sym(arn)).or_default();
            sum.plan |= theirs.plan;
            sum.payer = greater(names, sum.payer, sym(theirs.payer));
            sum.owner = greater(names, sum.owner, sym(theirs.owner));
            sum.zone = greater(names, sum.zone, sym(theirs.zone));
            for (slot, old) in sum.details.iter_mut().zip(theirs.details) {
                *slot = greater(names, *slot, sym(old));
            }
            sum.used += theirs.used;
            sum.unused += theirs.unused;
            sum.committed += theirs.committed;
            sum.consumed += theirs.consumed;
            sum.reserved += theirs.reserved;
            sum.hourly.merge(&theirs.hourly);
            for (class, costs) in theirs.covers {
                *sum.covers.entry(classes[class as usize]).or_default() += costs;
            }
            for ((start, end, class), units) in theirs.fees {
                *sum.fees.entry((start, end, classes[class as usize])).or_default() += units;
            }
        }
    }

    /// All commitments with their ARNs.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Sym, &CommitmentSum)> {
        self.0.iter().map(|(arn, sum)| (*arn, sum))
    }
}

impl CommitmentSum {
    /// Adds a line of FOCUS: what a commitment offers in an hour is what is used of it and what is not.
    fn stated(&mut self, line: &Line, unused: bool, plan: bool, names: &Names) {
        if unused {
            self.owner = greater(names, self.owner, line.account);
        }
        let amount = if plan { line.sums.effective } else { Money::ZERO };
        if plan {
            self.hourly.add(line.span.start, Quantity(amount.0));
        }
        if !line.priced {
            return;
        }
        self.committed += amount;
        if unused {
            self.unused += line.sums;
        } else {
            self.consumed += amount;
            self.used += line.sums;
            *self.covers.entry(line.class).or_default() += line.sums;
        }
    }

    fn fee(&mut self, lines: &Lines, line: &Line, names: &Names) {
        self.owner = greater(names, self.owner, line.account);
        for column in [Text::ReservationZone, Text::Zone] {
            self.zone = greater(names, self.zone, lines.text(column, line.row));
        }
        let money = |column| lines.money(column, line.row).unwrap_or_default();
        let (committed, units) = (money(Amount::PlanCommitment), lines.usage(line.row));
        if line.kind == LineType::SavingsPlanRecurringFee {
            self.hourly.add(line.span.start, Quantity(committed.0));
        } else {
            *self.fees.entry((line.span.start, line.span.end, line.class)).or_default() += units;
        }
        if line.priced {
            self.unused += line.sums;
            self.committed += committed;
            self.consumed += money(Amount::PlanUsed);
            self.reserved += units;
        }
    }
}

/// The greater of two texts: a choice that does not depend on the order of lines.
fn greater(names: &Names, a: Sym, b: Sym) -> Sym {
    if a != b && names.get(a) < names.get(b) { b } else { a }
}
