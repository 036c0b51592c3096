//! The hours in which items are used: runs of instances, shares of what is metered, and the demand that they add up to.

use super::amounts::hours_in;
use crate::{
    facts::{ClassId, Facts, Usage},
    groups::Groups,
    money::{Money, Quantity, about},
    parallel::shared_out,
    time::{Day, Hour, Span},
    waterfall::{Delta, Demand, PoolId, Units},
};
use std::{ops::Range, sync::Arc};

/// The hours of one class of one resource's usage: ranges of hours of the period, each with a quantity an hour. They may overlap.
pub(super) type Runs = Vec<(Range<usize>, Units)>;

/// A quantity in the waterfall's unit.
pub(super) fn units(quantity: Quantity) -> Units {
    if let Ok(narrow) = i64::try_from(quantity.0) {
        return narrow.div_euclid(1000);
    }
    Units::try_from(quantity.0.div_euclid(1000)).unwrap_or(if quantity.0 < 0 { 0 } else { Units::MAX })
}

/// The part of a span inside the period, as hours of it.
fn inside(span: Span, period: Span) -> Range<usize> {
    let cut = span.cut(period);
    let at = |hour: Hour| usize::try_from(i64::from(hour.0) - i64::from(period.start.0)).unwrap_or(0);
    if cut.hours() > 0 { at(cut.start)..at(cut.end) } else { 0..0 }
}

/// What all resources used of a class, day by day: hours of the period, and as many sums.
fn days_of(facts: &Facts, class: ClassId) -> impl Iterator<Item = (Range<usize>, [Quantity; 24])> + Clone + '_ {
    let period = facts.window.period;
    facts.class_days.of_class(class).map(move |day| {
        let (start, mut sums) = (day.day.start(), day.hours);
        let skipped = usize::try_from(i64::from(period.start.0) - i64::from(start.0)).unwrap_or(0);
        sums.rotate_left(skipped.min(24));
        (inside(Span::new(start, start.plus(24)), period), sums)
    })
}

/// What all resources used of a class, by the hour of the period. It is quickest by `for_each`, `fold` and `sum`.
pub(super) fn hours_of(facts: &Facts, class: ClassId) -> impl Iterator<Item = (usize, Quantity)> + Clone + '_ {
    let hours = days_of(facts, class).flat_map(|(hours, sums)| hours.zip(sums));
    hours.filter(|(_, quantity)| quantity.0 > 0)
}

/// The hours of an item's usage, as billed: runs of instances, or what is metered, by the hour of the period. One of both is empty.
#[derive(Default)]
pub(super) struct Billed {
    runs: Runs,
    metered: Vec<Units>,
}

impl Billed {
    /// All units of all hours; of what is metered none is below 0.
    pub(super) fn units(&self) -> i128 {
        // Halves, of which 64 bits hold the sums: several at a time.
        let halves = |(high, low): (u64, u64), units: &Units| {
            let units = units.cast_unsigned();
            (high.wrapping_add(units >> 32), low.wrapping_add(units & 0xffff_ffff))
        };
        let (high, low) = self.metered.iter().fold((0, 0), halves);
        whole(&self.runs) + (i128::from(high) << 32) + i128::from(low)
    }

    /// All of it as runs.
    pub(super) fn into_runs(self) -> Runs {
        let Self { mut runs, metered } = self;
        let hours = metered.into_iter().enumerate().filter(|(_, units)| *units > 0);
        runs.extend(hours.map(|(hour, units)| (hour..hour + 1, units)));
        runs
    }

    /// Adds a share of usage to the hours of a pool, or takes it away where `sign` is -1.
    pub(super) fn add_to(&self, delta: &mut Delta, pool: PoolId, share: Money, sign: i64) {
        if self.metered.is_empty() {
            return add(delta.demand(pool), &self.runs, share, sign);
        }
        let metered = self.metered.iter();
        match (share == Money::ONE, sign) {
            (true, 1) => delta.add(pool, metered.copied()),
            (true, -1) => delta.add(pool, metered.map(|each| each.wrapping_neg())),
            _ => delta.add(pool, metered.map(|each| sign * part(*each, share))),
        }
    }

    /// Puts one resource's share of metered usage in the place of what was there: its part of the whole, in every hour alike, since the
    /// hours of each are not kept.
    pub(super) fn share(&mut self, facts: &Facts, class: ClassId, part: Quantity, metered: &Metered) {
        /// So many hours are worked out at a time.
        const AT_ONCE: usize = 48;
        self.clear();
        let Some(share) = Share::of(part, metered.whole) else { return };
        self.metered.resize(metered.hours.len(), 0);
        let exactly = |hour: usize| {
            let hour = facts.window.period.start.plus(i32::try_from(hour).unwrap_or(i32::MAX));
            share.exactly(facts.class_days.of_hour(class, hour))
        };
        let blocks = self.metered.chunks_mut(AT_ONCE).zip(metered.hours.chunks(AT_ONCE));
        for ((units, about), first) in blocks.zip((0..).step_by(AT_ONCE)) {
            if share.all(about, units) {
                continue;
            }
            for ((units, about), hour) in units.iter_mut().zip(about).zip(first..) {
                *units = share.about(*about).unwrap_or_else(|| exactly(hour));
            }
        }
    }

    /// Puts one resource's runs of instances in the place of what was there.
    pub(super) fn run(&mut self, usage: impl Iterator<Item = Usage>, period: Span) {
        self.clear();
        self.runs.extend(usage.map(|usage| (inside(usage.hours, period), units(usage.per_hour))));
    }

    fn clear(&mut self) {
        self.runs.clear();
        self.metered.clear();
    }
}

/// All units of some hours.
pub(super) fn whole(runs: &Runs) -> i128 {
    runs.iter().map(|(hours, each)| hours.len() as i128 * i128::from(*each)).sum()
}

/// Adds a share of usage to the hours of a pool, or takes it away where `sign` is -1.
pub(super) fn add(row: &mut [Units], runs: &Runs, share: Money, sign: i64) {
    for (hours, each) in runs {
        let per_hour = sign * part(*each, share);
        for units in row.get_mut(hours.clone()).unwrap_or_default() {
            *units = units.saturating_add(per_hour);
        }
    }
}

/// A share of a quantity.
pub(super) fn part(each: Units, share: Money) -> Units {
    if share == Money::ONE { each } else { i64::try_from(i128::from(each) * share.0 / Money::ONE.0).unwrap_or(0) }
}

/// What all resources used of a class that is metered.
#[derive(Debug, Default)]
pub(super) struct Metered {
    /// In the period.
    whole: Quantity,
    /// About as much as by its hours.
    hours: Vec<f64>,
}

/// By class: what all resources used of it, where that is metered and lies in a pool.
pub(super) fn metered(facts: &Facts, of_class: &[Option<PoolId>]) -> Arc<[Metered]> {
    let metered = |(id, pool): (u32, &Option<PoolId>)| {
        let mut all = Metered::default();
        if pool.is_some() && !facts.class(ClassId(id)).what.is_timed() {
            all.hours.resize(hours_in(facts.window.period), 0.0);
            for (hour, sum) in hours_of(facts, ClassId(id)) {
                all.whole += sum;
                all.hours[hour] = about(sum.0);
            }
        }
        all
    };
    (0u32..).zip(of_class).map(metered).collect()
}

/// A part of a whole, which is taken of many quantities.
struct Share {
    part: i128,
    whole: i128,
    /// Units for each 1e-12 of a quantity.
    ratio: f64,
}

impl Share {
    /// `None` where there is nothing to take a part of.
    fn of(part: Quantity, whole: Quantity) -> Option<Self> {
        let (part, whole) = (part.0.clamp(0, whole.0.max(0)), whole.0);
        (whole > 0).then(|| Self::new(part, whole))
    }

    fn new(part: i128, whole: i128) -> Self {
        Self { part, whole, ratio: part as f64 / whole as f64 / 1000.0 }
    }

    /// The part of a quantity of at least 0, in the waterfall's unit.
    fn units(&self, of: Quantity) -> Units {
        self.about(about(of.0)).unwrap_or_else(|| self.exactly(of))
    }

    /// The parts of quantities of at least 0 that are given as doubles; tells whether these tell all of them.
    fn all(&self, of: &[f64], parts: &mut [Units]) -> bool {
        let mut off = 0;
        for (part, of) in parts.iter_mut().zip(of) {
            let [low, high] = self.ends(*of);
            *part = low;
            off |= low ^ high;
        }
        off == 0
    }

    /// The part of a quantity of at least 0 that is given as a double, if that tells it.
    fn about(&self, of: f64) -> Option<Units> {
        let [low, high] = self.ends(of);
        (low == high).then_some(low)
    }

    fn exactly(&self, of: Quantity) -> Units {
        units(of.ratio(self.part, self.whole))
    }

    /// The least and the most units that the part of a quantity of at least 0 may have which is given as a double: where both are the same,
    /// it has these.
    ///
    /// A double is at most seven roundings off, and the exact quotient is rounded to 1e-12 before it is cut to units. Half a unit less,
    /// rounded, is what cutting gives, but for whole numbers, next to which the ends differ. It is rounded by adding what leaves no room for
    /// less than a unit: so hours are worked out several at a time. Beyond 2^48 units the ends always differ.
    #[inline]
    fn ends(&self, of: f64) -> [Units; 2] {
        const ROUNDINGS: f64 = 8.0 * f64::EPSILON;
        const UNIT: f64 = 1.5 / f64::EPSILON;
        let about = of * self.ratio;
        let off = about * ROUNDINGS + 0.001;
        let cut = |units: f64| ((units - 0.5) + UNIT).to_bits().wrapping_sub(UNIT.to_bits()).cast_signed();
        let low = about - off;
        [cut(if low > 0.0 { low } else { 0.0 }), cut(about + off)]
    }
}

/// Units of a share of quantities.
pub(super) fn units_of_share(share: Money) -> impl Fn(Quantity) -> Units {
    let share = Share::new(share.0, Money::ONE.0);
    move |of| if of.0 > 0 && share.part >= 0 { share.units(of) } else { share.exactly(of) }
}

/// The hours of the period in which a part of a covered class's usage was covered, if it was the same part in every hour.
pub(super) fn covered_hours(facts: &Facts, class: ClassId, part: Quantity) -> Vec<(usize, Units)> {
    part_of(hours_of(facts, class), part)
}

/// A part of what was used of a class on a day, the same part in every hour.
pub(super) fn part_of_day(facts: &Facts, class: ClassId, day: Day, part: Quantity) -> Vec<(usize, Units)> {
    let of_day = inside(Span::new(day.start(), day.start().plus(24)), facts.window.period);
    part_of(hours_of(facts, class).filter(|(at, _)| of_day.contains(at)), part)
}

/// A part of what was used in some hours, the same part in each.
fn part_of(hours: impl Iterator<Item = (usize, Quantity)> + Clone, part: Quantity) -> Vec<(usize, Units)> {
    match Share::of(part, hours.clone().map(|(_, sum)| sum).sum()) {
        Some(share) => hours.map(|(at, sum)| (at, share.units(sum))).collect(),
        None => Vec::new(),
    }
}

/// The demand of all pools: instances as the sum of their resources' runs, metered usage as the sum of each hour.
pub(super) fn demand(facts: &Facts, of_class: &[Option<PoolId>], pools: usize) -> Demand {
    /// So many pools are taken at once.
    const AT_ONCE: usize = 32;
    let pool_of = |class: ClassId| of_class[class.0 as usize].map(|pool| pool.0 as usize);
    let hours = usize::try_from(facts.window.period.hours()).unwrap_or(0);
    let set = |(place, class)| Some((pool_of(class)?, place));
    let sets = Groups::of(pools, facts.usage.classes().enumerate().filter_map(set));
    let metered = facts.classes.iter().zip((0..).map(ClassId)).filter(|(class, _)| !class.what.is_timed());
    let metered = Groups::of(pools, metered.filter_map(|(_, id)| Some((pool_of(id)?, id))));
    let part = |first: usize| {
        let some = first..pools.min(first + AT_ONCE);
        let mut demand = Demand::new(some.len(), hours);
        for (pool, own) in some.zip(0u32..).map(|(pool, own)| (pool, PoolId(own))) {
            for usage in sets.get(pool).iter().flat_map(|place| facts.usage.of_set(*place)) {
                demand.add(own, inside(usage.hours, facts.window.period), units(usage.per_hour));
            }
            for class in metered.get(pool) {
                demand.add_each(own, hours_of(facts, *class).map(|(at, quantity)| (at, units(quantity))));
            }
        }
        demand
    };
    Demand::chained(hours, shared_out((0..pools).step_by(AT_ONCE), part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whole units and what is next to them, quantities that doubles do not hold, and such that leave what is told by doubles at all.
        #[test]
        fn parts_told_by_doubles_are_exact(
            whole in 1i128..1 << 80,
            part in 0i128..1 << 80,
            hours in proptest::collection::vec(prop_oneof![
                2 => (0u32..100).prop_flat_map(|bits| 0i128..=1 << bits),
                1 => (0i128..1000, -2i128..3).prop_map(|(units, off)| (units * 1000 + off).max(0)),
            ], 0..70),
        ) {
            let share = Share::new(part.min(whole), whole);
            let abouts: Vec<f64> = hours.iter().map(|sum| about(*sum)).collect();
            let exact: Vec<Units> = hours.iter().map(|sum| share.exactly(Quantity(*sum))).collect();
            let told: Vec<Units> = abouts.iter().zip(&exact).map(|(of, exact)| share.about(*of).unwrap_or(*exact)).collect();
            prop_assert_eq!(&told, &exact);
            let mut parts = vec![0; hours.len()];
            if share.all(&abouts, &mut parts) {
                prop_assert_eq!(parts, exact);
            } else {
                prop_assert!(abouts.iter().any(|of| share.about(*of).is_none()));
            }
        }

        #[test]
        fn units_of_hours_are_summed(metered in proptest::collection::vec(0..=i64::MAX, 0..50)) {
            let sum = metered.iter().map(|units| i128::from(*units)).sum::<i128>();
            prop_assert_eq!(Billed { runs: Vec::new(), metered }.units(), sum);
        }
    }

    #[test]
    fn a_third_of_small_sums_is_told_by_doubles() {
        let share = Share::new(1, 3);
        // Of 2,000 units a third is 666.67: far from a whole unit. Of 3,000 it is a whole one.
        assert_eq!([2_000_000.0, 3_000_000.0, 0.0].map(|sum| share.about(sum)), [Some(666), None, Some(0)]);
    }
}
