//! What moved the bill between two stretches of time: by service, account, workload and usage type, each change split into
//! volume, rate, new and gone.
//!
//! Cost is effective cost, net where the export is, of every line, tax, credit and refund included: so each side adds up to
//! the change of the bill exactly.

use crate::{
    error::{Error, Result},
    facts::{Class, Facts, Granularity, Spend},
    money::{Money, Quantity},
    note::{Notes, Remark},
    time::{Day, Span},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A change of cost, split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Split {
    /// More or less usage at the old price: C0 x q1 / q0 - C0; of lines without usage, their whole change.
    pub volume: Money,
    /// Another price of the new usage: C1 - C0 x q1 / q0.
    pub rate: Money,
    /// Usage that was not there before.
    pub new: Money,
    /// Usage that is not there any more; negative.
    pub gone: Money,
}

/// What one service, account, workload or usage type cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// Which; `None` where lines have none.
    pub name: Option<Arc<str>>,
    /// Its cost in the earlier stretch.
    pub before: Money,
    /// Its cost in the later one.
    pub after: Money,
    /// How one became the other.
    pub split: Split,
}

/// What moved the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The earlier stretch.
    pub before: Span,
    /// The later stretch.
    pub after: Span,
    /// By product code.
    pub by_service: Vec<Mover>,
    /// By account.
    pub by_account: Vec<Mover>,
    /// By workload; empty where nothing tells workloads apart.
    pub by_workload: Vec<Mover>,
    /// By product code and usage type.
    pub by_usage_type: Vec<Mover>,
}

/// Two stretches to compare, as asked for.
pub type Asked = Option<(Span, Span)>;

/// Lines whose usage adds up and has one price: product, usage type, operation, region; lines without usage by their type.
type Usage<'a> = (&'a str, &'a str, &'a str, &'a str, Option<&'a str>);

/// Cost and usage in both stretches; `None` where there is no line.
type Pair = [Option<(Money, Quantity)>; 2];

impl Mover {
    /// By how much it grew.
    #[must_use]
    pub fn change(&self) -> Money {
        self.after - self.before
    }
}

impl Split {
    fn of([before, after]: Pair) -> Self {
        let nothing = Self::default();
        match (before, after) {
            (None, None) => nothing,
            (None, Some((cost, _))) => Self { new: cost, ..nothing },
            (Some((cost, _)), None) => Self { gone: -cost, ..nothing },
            (Some((cost0, used0)), Some((cost1, used1))) if used0 > Quantity::ZERO && used1 > Quantity::ZERO => {
                let at_old_price = cost0.ratio(used1.0, used0.0);
                Self { volume: at_old_price - cost0, rate: cost1 - at_old_price, ..nothing }
            }
            (Some((cost0, _)), Some((cost1, _))) => Self { volume: cost1 - cost0, ..nothing },
        }
    }

    fn add(&mut self, other: Self) {
        self.volume += other.volume;
        self.rate += other.rate;
        self.new += other.new;
        self.gone += other.gone;
    }
}

impl Changes {
    /// Compares two stretches of whole days.
    #[must_use]
    pub fn between(facts: &Facts, before: Span, after: Span) -> Self {
        let text = |name: &Arc<str>| Some(name.clone()).filter(|name| !name.is_empty());
        let usage_type = |class: &Class| {
            let kind = if class.usage_type.is_empty() { &class.line_name } else { &class.usage_type };
            Some(Arc::from(format!("{} {kind}", class.product)))
        };
        let of_class = |name: &dyn Fn(&Class) -> Option<Arc<str>>| {
            let names: Vec<Option<Arc<str>>> = facts.classes.iter().map(name).collect();
            movers(facts, [before, after], |spend| names[spend.class.0 as usize].clone())
        };
        let has_workloads = facts.parties.iter().any(|party| party.workload.is_some());
        let workload = |spend: &Spend| facts.parties[spend.party as usize].workload.clone();
        Self {
            before,
            after,
            by_service: of_class(&|class| text(&class.product)),
            by_account: of_class(&|class| text(&class.account)),
            by_workload: if has_workloads { movers(facts, [before, after], workload) } else { Vec::new() },
            by_usage_type: of_class(&usage_type),
        }
    }
}

/// The movers of one side, the greatest change first.
fn movers(facts: &Facts, stretches: [Span; 2], name: impl Fn(&Spend) -> Option<Arc<str>>) -> Vec<Mover> {
    let mut sums: BTreeMap<Option<Arc<str>>, BTreeMap<Usage<'_>, Pair>> = BTreeMap::new();
    for spend in facts.spend.iter() {
        for at in (0..2).filter(|at| stretches[*at].holds(spend.day.start())) {
            let pair = sums.entry(name(&spend)).or_default().entry(usage(facts.class(spend.class))).or_default();
            let (cost, used) = pair[at].get_or_insert_default();
            *cost += spend.costs.net;
            *used += spend.costs.quantity;
        }
    }
    let mut movers: Vec<Mover> = sums.into_iter().map(|(name, usages)| mover(name, usages.into_values())).collect();
    movers.sort_by(|a, b| b.change().0.abs().cmp(&a.change().0.abs()).then_with(|| a.name.cmp(&b.name)));
    movers
}

fn mover(name: Option<Arc<str>>, pairs: impl Iterator<Item = Pair>) -> Mover {
    let mut mover = Mover { name, before: Money::ZERO, after: Money::ZERO, split: Split::default() };
    for pair in pairs {
        let [before, after] = pair.map(|of| of.map_or(Money::ZERO, |(cost, _)| cost));
        mover.before += before;
        mover.after += after;
        mover.split.add(Split::of(pair));
    }
    mover
}

/// A covered hour and one on demand are the same usage at another price.
fn usage(class: &Class) -> Usage<'_> {
    let apart = (!class.line.is_usage()).then_some(&*class.line_name);
    (&class.product, &class.usage_type, &class.operation, &class.region, apart)
}

/// The stretches to compare: those asked for, else the last two complete months read.
///
/// # Errors
/// When they were not read, overlap, or are not there.
pub fn stretches(facts: &Facts, asked: Asked, notes: &mut Notes) -> Result<(Span, Span)> {
    let (before, after) = match (asked, &facts.complete_months[..]) {
        (Some(asked), _) => asked,
        (None, [.., before, after]) => (*before, *after),
        (None, months) => {
            let read = match months {
                [month] => format!("{month} is the only complete month that was read"),
                _ => format!("no complete month was read, only {}", facts.read),
            };
            let error = Error::new(format!("two months are compared, and {read}"));
            return Err(
                error.help("name the stretches: --before 2026-08-01..2026-08-15 --after 2026-09-01..2026-09-15")
            );
        }
    };
    for (flag, stretch) in [("--before", before), ("--after", after)] {
        if stretch.cut(whole_days(facts.read)) != stretch {
            return Err(Error::new(format!("{flag} {stretch}: only {} was read", facts.read)));
        }
    }
    if before.cut(after).hours() > 0 {
        return Err(Error::new(format!("--before {before} and --after {after} overlap")));
    }
    let (from, to) = (before.hours() / 24, after.hours() / 24);
    if from != to {
        notes.add(Remark::UnequalStretches { before: from, after: to });
    }
    let days: BTreeSet<Day> = facts.spend.iter().map(|spend| spend.day).collect();
    for stretch in [before, after] {
        let missing = stretch.days().filter(|day| !days.contains(day)).count();
        if missing > 0 && facts.granularity != Granularity::Monthly {
            notes.add(Remark::StretchGap { stretch: stretch.to_string(), days: missing });
        }
    }
    Ok((before, after))
}

/// The span with its first and last day whole: a day that was read in part may be asked for.
fn whole_days(span: Span) -> Span {
    let end = span.end.plus(-1).day();
    Span::new(span.start.day().start(), Day(end.0.saturating_add(1)).start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cost: i128, used: i128) -> Option<(Money, Quantity)> {
        Some((Money(cost), Quantity(used)))
    }

    #[test]
    fn a_change_is_volume_rate_new_or_gone() {
        let split = |volume, rate, new, gone| Split {
            volume: Money(volume),
            rate: Money(rate),
            new: Money(new),
            gone: Money(gone),
        };
        // 100 for 10, then 180 for 20: ten more at 10, then twenty at 9.
        assert_eq!(Split::of([line(100, 10), line(180, 20)]), split(100, -20, 0, 0));
        assert_eq!(Split::of([None, line(180, 20)]), split(0, 0, 180, 0));
        assert_eq!(Split::of([line(100, 10), None]), split(0, 0, 0, -100));
        // Without usage there is no price.
        assert_eq!(Split::of([line(100, 0), line(130, 0)]), split(30, 0, 0, 0));
        assert_eq!(Split::of([line(100, 10), line(130, 0)]), split(30, 0, 0, 0));
        assert_eq!(Split::of([None, None]), Split::default());
    }
}
