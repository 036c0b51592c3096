//! What reserving DynamoDB capacity would save after a change: the commit stage's answer, foreseen.

use super::{
    super::Context,
    {AutoScaling, Scaled, Side, Table, hours},
};
use crate::{bill::BlockPrices, sku::Term};
use std::{collections::BTreeMap, sync::Arc};

/// What the commit stage may buy, and what there is to cover. Blocks are shared by all tables
/// of a region, so a table's part of one is taken as it comes; a region that does not fill one block gets none.
pub(in crate::rules) struct Ahead<'a> {
    prices: Option<(&'a BlockPrices, Vec<Term>)>,
    /// Capacity-unit-hours of all tables, by payer, region and side.
    regions: BTreeMap<(Arc<str>, Arc<str>, bool), f64>,
    period: f64,
}

/// What a table would have provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Provisioned {
    /// As much as today.
    Today,
    /// What auto scaling would.
    Scaled,
}

impl<'a> Ahead<'a> {
    pub(in crate::rules) fn of(see: &Context<'a>, tables: &[Table<'_>]) -> Self {
        let wanted = see.wanted.iter().find_map(|wanted| Some((wanted.blocks.as_ref()?, &wanted.terms)));
        let prices = wanted.map(|(blocks, terms)| (blocks, terms.iter().map(|(term, _)| *term).collect()));
        let mut regions = BTreeMap::new();
        for table in tables.iter().filter(|table| !table.setting.requests && !table.setting.infrequent) {
            for side in &table.sides {
                *regions.entry(key(table, side)).or_default() += side.quantity;
            }
        }
        Self { prices, regions, period: hours(see.facts.window.period.hours()) }
    }

    /// USD over the period that reserving a side's capacity of the Standard class saves, at `rate` USD a unit and hour.
    pub(in crate::rules) fn gain(
        &self,
        table: &Table<'_>,
        side: &Side<'_>,
        provisioned: Provisioned,
        rate: f64,
        scaling: &AutoScaling,
    ) -> Option<f64> {
        let (prices, terms) = self.prices.as_ref()?;
        let share = terms.iter().filter_map(|term| prices.share(*term, side.write)).min_by(f64::total_cmp)?;
        let Scaled { total, hours } = match provisioned {
            Provisioned::Scaled => side.consumed.as_ref()?.scaled(scaling)?,
            Provisioned::Today => Scaled { total: side.quantity, hours: vec![side.quantity / self.period] },
        };
        let others = self.regions.get(&key(table, side)).copied().unwrap_or_default();
        let own = if table.setting.requests { total } else { 0.0 };
        if (others + own) / self.period < f64::from(prices.units) {
            return None;
        }
        let owned = side.reserved / self.period;
        let mut open: Vec<f64> = hours.iter().map(|units| (units - owned).max(0.0)).collect();
        Some(best_reservation(&mut open, share) * rate * self.period)
    }
}

fn key(table: &Table<'_>, side: &Side<'_>) -> (Arc<str>, Arc<str>, bool) {
    (table.payer.clone(), table.resource.region.clone(), side.write)
}

/// What the best reservation for some hours saves an hour on average, in units at the full rate: one unit of it costs `share` of the rate
/// in every hour and saves the rate in the hours that use it, so it is worth while as long as more than that share of them do.
fn best_reservation(hours: &mut [f64], share: f64) -> f64 {
    hours.sort_by(f64::total_cmp);
    let count = hours.len() as f64;
    let at = (share * count).ceil() as usize;
    let Some(reserved) = hours.len().checked_sub(at.max(1)).map(|at| hours[at]) else { return 0.0 };
    let used: f64 = hours.iter().map(|units| units.min(reserved)).sum();
    (used / count - share * reserved).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::best_reservation;

    #[test]
    fn a_reservation_is_worth_while_up_to_the_units_of_its_share_of_hours() {
        // Of 4 hours with 10, 20, 30, 40 units, at half the rate: 30 units are used in half of them, so 20 and 30 are worth the same:
        // 20: (10 + 20 + 20 + 20) / 4 - 10 = 7.5; 30: (10 + 20 + 30 + 30) / 4 - 15 = 7.5.
        assert!((best_reservation(&mut [40.0, 10.0, 30.0, 20.0], 0.5) - 7.5).abs() < 1e-12);
        // At a quarter of the rate 40 units cost 10 and are used to 25: no more than 30, for 22.5 less 7.5.
        assert!((best_reservation(&mut [40.0, 10.0, 30.0, 20.0], 0.25) - 15.0).abs() < 1e-12);
        assert!(best_reservation(&mut [0.0, 0.0, 0.0, 40.0], 0.5).abs() < 1e-12);
        assert!(best_reservation(&mut [], 0.5).abs() < 1e-12);
    }
}
