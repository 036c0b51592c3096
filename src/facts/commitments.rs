//! What the lines of a commitment tell of it, summed.

use super::{
    Costs,
    fold::{AT_ONCE, Map, map},
    line::{Amounts, LineType},
    sums::{Narrow, SumList},
    usage::HourSet,
};
use crate::{
    money::{Money, Quantity},
    names::{Names, Sym},
    scan::{
        Lines, Numbers,
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
    pub(super) account: Sym,
    pub(super) span: Span,
    pub(super) priced: bool,
    /// Whether it states its costs and nothing of what the commitment offers: FOCUS.
    pub(super) stated: bool,
}

/// What the lines of a commitment tell of it: who pays, then the columns of details.
type Told = [Sym; 1 + DETAIL_COLUMNS.len()];

/// Commitments by ARN.
pub(super) struct Commitments {
    sums: Map<Sym, CommitmentSum>,
    /// Numbers among `covers`, by ARN and class.
    covered: Numbers,
    /// ARN and class.
    covers: Vec<(Sym, u32)>,
    costs: SumList,
    /// Covered lines that are still to be added, by ARN and class in one word.
    waiting: Vec<(u64, Narrow)>,
    /// Those of which a covered line of the piece told.
    told: Vec<bool>,
}

impl Default for Commitments {
    fn default() -> Self {
        Self {
            sums: map(),
            covered: Numbers::default(),
            covers: Vec::new(),
            costs: SumList::default(),
            waiting: Vec::new(),
            told: Vec::new(),
        }
    }
}

impl Commitments {
    /// Begins a piece of a row group: of all covered lines of a commitment in it the first one tells what the commitment is.
    pub(super) fn begin(&mut self) {
        self.told.fill(false);
    }

    /// Whether no covered line of the piece told yet of the commitment of this one.
    #[inline]
    pub(super) fn is_untold(&self, lines: &Lines, row: usize, kind: LineType) -> bool {
        let arn = arn(lines, row, kind);
        arn != Sym::NONE && !self.is_told(arn)
    }

    /// Whether covered lines of the piece told of all commitments that lines may belong to, as far as that can be seen without a look at
    /// each line.
    pub(super) fn are_all_told(&self, lines: &Lines) -> bool {
        let told = |arn: &Sym| *arn == Sym::NONE || self.is_told(*arn);
        [Text::PlanArn, Text::ReservationArn].iter().all(|column| {
            let known = lines.texts(*column);
            known.len() < lines.rows() && known.iter().all(told)
        })
    }

    #[inline]
    fn is_told(&self, arn: Sym) -> bool {
        self.told.get(arn.0 as usize).copied().unwrap_or(false)
    }

    /// Adds a line of a commitment; one that is covered waits for `add_waiting`.
    pub(super) fn add(&mut self, lines: &Lines, line: &Line, costs: Amounts, names: &Names) {
        let (plan, fee) = (line.kind.is_of_plan(), line.kind.is_commitment_fee());
        if !fee && !line.priced && !line.stated {
            return;
        }
        let arn = arn(lines, line.row, line.kind);
        if arn == Sym::NONE {
            return;
        }
        if line.stated || fee {
            let sum = self.sums.entry(arn).or_default();
            sum.tell(plan, told(lines, line.row, plan, fee), names);
            if line.stated {
                sum.stated(line, &costs.wide(), fee, plan, names);
            } else {
                sum.fee(lines, line, &costs.wide(), names);
            }
            return;
        }
        if self.is_untold(lines, line.row, line.kind) {
            self.tell(arn);
            self.sums.entry(arn).or_default().tell(plan, told(lines, line.row, plan, fee), names);
        }
        let key = u64::from(arn.0) << 32 | u64::from(line.class);
        match costs {
            Amounts::Narrow(costs) => self.waiting.push((key, costs)),
            Amounts::Wide(costs) => {
                let cover = self.cover(key);
                self.costs.add_wide(cover, &costs);
            }
        }
    }

    /// Adds the covered lines that wait: where they belong is looked up for some hundred of them, then added to, so that the waits for
    /// memory overlap.
    pub(super) fn add_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for lines in waiting.chunks_mut(AT_ONCE) {
            self.covered.touch(lines.iter().map(|(key, _)| *key));
            lines.iter_mut().for_each(|(key, _)| *key = self.cover(*key).into());
            for (cover, costs) in lines {
                self.costs.add(low(*cover), costs);
            }
        }
        waiting.clear();
        self.waiting = waiting;
    }

    /// The number of an ARN and class among what is covered, made if there is none.
    #[inline]
    fn cover(&mut self, key: u64) -> u32 {
        let next = u32::try_from(self.covers.len()).unwrap_or(u32::MAX);
        let cover = self.covered.get_or(key, || next);
        if cover == next {
            self.covers.push((Sym(low(key >> 32)), low(key)));
        }
        cover
    }

    #[cold]
    fn tell(&mut self, arn: Sym) {
        let at = arn.0 as usize;
        if self.told.len() <= at {
            self.told.resize(at + 1, false);
        }
        self.told[at] = true;
    }

    /// Adds what was covered to the commitments' sums.
    pub(super) fn settle(&mut self) {
        for ((arn, class), cover) in self.covers.drain(..).zip(0..) {
            let (sum, costs) = (self.sums.entry(arn).or_default(), self.costs.get(cover));
            sum.used += costs;
            *sum.covers.entry(class).or_default() += costs;
        }
        (self.covered, self.costs) = (Numbers::default(), SumList::default());
    }

    /// Adds another worker's settled sums; `sym` and `classes` give our number of each of its texts and classes.
    pub(super) fn merge(&mut self, other: Self, names: &Names, sym: impl Fn(Sym) -> Sym, classes: &[u32]) {
        for (arn, theirs) in other.sums {
            let sum = self.sums.entry(sym(arn)).or_default();
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
        self.sums.iter().map(|(arn, sum)| (*arn, sum))
    }
}

/// The low half of a word.
#[inline]
fn low(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default()
}

/// The commitment of a line.
#[inline]
fn arn(lines: &Lines, row: usize, kind: LineType) -> Sym {
    lines.text(if kind.is_of_plan() { Text::PlanArn } else { Text::ReservationArn }, row)
}

/// What a line tells of its commitment. What a reservation is for is told by its fee; what its covered lines say of types is about the
/// usage.
fn told(lines: &Lines, row: usize, plan: bool, fee: bool) -> Told {
    std::array::from_fn(|at| match at.checked_sub(1).map(|at| DETAIL_COLUMNS[at][usize::from(!plan)]) {
        None => lines.text(Text::Payer, row),
        Some(Text::InstanceType | Text::Region) if !fee => Sym::NONE,
        Some(column) => lines.text(column, row),
    })
}

impl CommitmentSum {
    /// Takes in what a line tells.
    fn tell(&mut self, plan: bool, [payer, details @ ..]: Told, names: &Names) {
        self.plan = plan;
        self.payer = greater(names, self.payer, payer);
        for (slot, told) in self.details.iter_mut().zip(details) {
            *slot = greater(names, *slot, told);
        }
    }

    /// Adds a line of FOCUS: what a commitment offers in an hour is what is used of it and what is not.
    fn stated(&mut self, line: &Line, costs: &Costs, unused: bool, plan: bool, names: &Names) {
        if unused {
            self.owner = greater(names, self.owner, line.account);
        }
        let amount = if plan { costs.effective } else { Money::ZERO };
        if plan {
            self.hourly.add(line.span.start, Quantity(amount.0));
        }
        if !line.priced {
            return;
        }
        self.committed += amount;
        if unused {
            self.unused += *costs;
        } else {
            self.consumed += amount;
            self.used += *costs;
            *self.covers.entry(line.class).or_default() += *costs;
        }
    }

    fn fee(&mut self, lines: &Lines, line: &Line, costs: &Costs, names: &Names) {
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
            self.unused += *costs;
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
