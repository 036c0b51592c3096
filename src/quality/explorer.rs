//! What Cost Explorer says of commitments beside what the bill says of the same month.

use crate::{
    facts::{Commitment, Facts, LineType},
    inventory::{Collected, Inventory, costexplorer::Period},
    money::Money,
    note::{Notes, Remark},
    sku::{Coverage, Instance, Purchase, Service, What},
};

/// Remarks on figures of use and coverage that differ by more than so many percentage points. Only of the very period that is priced, and
/// only where the account that was asked pays all of the bill.
pub fn on_explorer(facts: &Facts, inventory: &Inventory, coverage: &Coverage, most_points: f64, notes: &mut Notes) {
    let used = theirs(facts, &inventory.plans_used, |of| (&of.period, of.figures.utilization_percentage.as_deref()));
    let cover = theirs(facts, &inventory.plans_cover, |of| (&of.period, of.figures.coverage_percentage.as_deref()));
    let reserved =
        theirs(facts, &inventory.reservations_used, |of| (&of.period, of.figures.utilization_percentage.as_deref()));
    let hours = theirs(facts, &inventory.reservations_cover, |of| {
        (&of.period, of.figures.coverage_hours.coverage_hours_percentage.as_deref())
    });
    for (what, theirs, ours) in [
        ("use of Savings Plans", used, plans_used(facts)),
        ("coverage by Savings Plans", cover, plans_cover(facts, coverage)),
        ("use of EC2 reservations", reserved, reservations_used(facts)),
        ("coverage by EC2 reservations", hours, reservations_cover(facts)),
    ] {
        let Some((theirs, ours)) = theirs.zip(ours) else { continue };
        if (theirs - ours).abs() > most_points {
            let month = facts.window.period.start.day().to_string()[..7].to_owned();
            notes.add(Remark::ExplorerDiffers { what, month, theirs, ours });
        }
    }
}

/// The figure of the priced period, where there is one and it is of the one payer of the bill.
fn theirs<T>(facts: &Facts, all: &Collected<T>, told: impl Fn(&T) -> (&Period, Option<&str>)) -> Option<f64> {
    let period = facts.window.period;
    let (start, end) = (period.start.day(), period.end.day());
    if start.start() != period.start || end.start() != period.end {
        return None;
    }
    let mut payers = facts.classes.iter().map(|class| &*class.payer).filter(|payer| !payer.is_empty());
    let payer = payers.next()?;
    if payers.any(|other| other != payer) {
        return None;
    }
    let (start, end) = (start.to_string(), end.to_string());
    let mut figures = all.iter().filter_map(|(scope, _, item)| {
        let (of, figure) = told(item);
        let fits = scope.account.as_deref().is_none_or(|asked| asked == payer) && of.start == start && of.end == end;
        fits.then(|| figure?.parse::<f64>().ok()).flatten()
    });
    figures.next().filter(|figure| figure.is_finite())
}

fn percent(part: f64, of: f64) -> Option<f64> {
    (of > 0.0).then(|| part / of * 100.0)
}

/// Used commitment of the plans / all of it.
fn plans_used(facts: &Facts) -> Option<f64> {
    let of = |amount: fn(&Commitment) -> Money| -> f64 {
        facts.commitments.iter().filter(|one| one.plan).map(amount).sum::<Money>().to_f64()
    };
    percent(of(|plan| plan.consumed), of(|plan| plan.committed))
}

/// At on-demand prices, what plans cover / that and what they could cover and nothing does.
fn plans_cover(facts: &Facts, coverage: &Coverage) -> Option<f64> {
    let (mut covered, mut open) = (Money::ZERO, Money::ZERO);
    for (class, costs) in &facts.priced_classes {
        let class = facts.class(*class);
        match class.line {
            LineType::SavingsPlanCoveredUsage => covered += costs.on_demand,
            LineType::Usage if !coverage.of(&class.what, &class.product, &class.usage_type).plans.is_empty() => {
                open += costs.on_demand;
            }
            _ => {}
        }
    }
    percent(covered.to_f64(), (covered + open).to_f64())
}

/// Used hours of EC2's reservations / all of them: of each the share of its cost that is used.
fn reservations_used(facts: &Facts) -> Option<f64> {
    let is_ec2 = |one: &&Commitment| {
        let mut sold = one.fees.iter().map(|fee| &facts.class(fee.class).what);
        !one.plan && sold.any(|what| matches!(what, What::Reserved(of) if of.service == Service::Ec2))
    };
    let (mut used, mut all) = (0.0, 0.0);
    for one in facts.commitments.iter().filter(is_ec2) {
        let whole = (one.used + one.unused).gross.to_f64();
        let Some(share) = percent(one.used.gross.to_f64(), whole) else { continue };
        let hours = one.reserved.to_f64();
        used += hours * share / 100.0;
        all += hours;
    }
    percent(used, all)
}

/// Hours of EC2 that reservations cover / all that they could. Unknown where Savings Plans cover some: what Cost Explorer takes those for
/// is not documented.
fn reservations_cover(facts: &Facts) -> Option<f64> {
    let (mut covered, mut open) = (0.0, 0.0);
    for (class, costs) in &facts.priced_classes {
        let class = facts.class(*class);
        let What::Instance(Instance { service: Service::Ec2, purchase, .. }) = &class.what else { continue };
        match class.line {
            LineType::DiscountedUsage => covered += costs.quantity.to_f64(),
            LineType::Usage if *purchase == Purchase::Shared => open += costs.quantity.to_f64(),
            LineType::SavingsPlanCoveredUsage => return None,
            _ => {}
        }
    }
    percent(covered, covered + open)
}
