//! Capacity reservations with slots that nothing ever uses.

use super::{Aspect, Context, Finding, LookBack, Owned, Rule, Signal, State, Target, sum};
use crate::{
    bill::{Edit, Selection},
    facts::{ClassId, Resource},
    inventory::ec2::CapacityReservation,
    sku::What,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnusedCapacityReservation {
    look_back_days: i32,
    steady_tolerance: f64,
    ends_within_hours: i32,
    confidence_unused: f64,
    confidence_partly: f64,
    unlisted_penalty: f64,
    capped_penalty: f64,
}

/// Slots of a reservation, on average over the hours that it was billed in the period.
struct Slots {
    /// All of them, if the bill or the inventory says.
    all: Option<f64>,
    /// Those that nothing used.
    unused: f64,
}

/// What may go.
struct Surplus {
    slots: f64,
    whole: bool,
    confidence: f64,
}

impl Rule for UnusedCapacityReservation {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let back = see.look_back(self.look_back_days);
        for (target, lines) in see.targets_through(back.span, is_unused, |_| None) {
            let &[id] = target.members() else { continue };
            let reservation = see.facts.resource(id);
            let listed =
                see.inventory.capacity_reservations.get(&reservation.account, &reservation.region, &reservation.id);
            let Some(slots) = slots(see, reservation, &lines, listed) else { continue };
            if listed.is_some_and(|listed| self.ends_by_itself(see, listed)) {
                continue;
            }
            if let Some(surplus) = self.surplus(&slots, listed) {
                out.push(self.finding(target, &lines, &slots, &surplus, listed, back));
            }
        }
    }
}

impl UnusedCapacityReservation {
    /// Whether there is nothing to cancel: it is over, soon is, or is a block that was paid ahead.
    fn ends_by_itself(&self, see: &Context<'_>, listed: &CapacityReservation) -> bool {
        let active = listed.state.as_deref().is_none_or(|state| state == "active");
        let block = listed.reservation_type.as_deref() == Some("capacity-block");
        let soon = see.as_of.plus(self.ends_within_hours);
        !active || block || listed.end_date.is_some_and(|end| end.hour() <= soon)
    }

    /// The slots that can go. How many were free in *every* hour the sums of a period do not tell: what is used in part shrinks by
    /// the average, rounded down, and only as far as the inventory bears it out, or else when the average is a steady number.
    fn surplus(&self, slots: &Slots, listed: Option<&CapacityReservation>) -> Option<Surplus> {
        let free_now = listed.and_then(|listed| listed.available_instance_count).and_then(slot_count);
        let penalty = if free_now.is_some() { 0.0 } else { self.unlisted_penalty };
        let total = listed.and_then(|listed| listed.total_instance_count).and_then(slot_count);
        let near = |a: f64, b: f64| (a - b).abs() <= self.steady_tolerance;
        if let (Some(total), Some(all)) = (total, slots.all)
            && !near(total, all)
        {
            return None; // it was resized in the period, so the averages say nothing of its size today
        }
        let empty_now = free_now.zip(total).is_none_or(|(free, total)| free >= total);
        if let Some(all) = slots.all.filter(|all| near(*all, slots.unused) && empty_now) {
            return Some(Surplus { slots: all, whole: true, confidence: self.confidence_unused - penalty });
        }
        let average = (slots.unused + self.steady_tolerance).floor();
        let free = match free_now {
            Some(free) => average.min(free),
            None if near(slots.unused, average) => average,
            None => return None,
        };
        (free >= 1.0).then_some(Surplus { slots: free, whole: false, confidence: self.confidence_partly - penalty })
    }

    fn finding(
        &self,
        target: Target,
        lines: &Owned<'_>,
        slots: &Slots,
        surplus: &Surplus,
        listed: Option<&CapacityReservation>,
        back: LookBack,
    ) -> Finding {
        let classes: Vec<ClassId> = lines.iter().map(|(_, line)| line.id).collect();
        let what = Selection { resources: target.members().to_vec(), classes: Some(classes) };
        let left = 1.0 - (surplus.slots / slots.unused).min(1.0);
        let edit = if surplus.whole { Edit::Stop(what) } else { Edit::Move { what, ratio: left, to: None } };
        let count = |all: f64| if all < 1.5 { format!("{all:.0} slot") } else { format!("{all:.0} slots") };
        let after = match (surplus.whole, slots.all) {
            (true, _) => "cancelled".to_owned(),
            (false, Some(all)) => count(all - surplus.slots),
            (false, None) => format!("{} fewer", count(surplus.slots)),
        };
        let current = State::new(slots.all.map_or_else(|| "slots".to_owned(), count));
        let finding = Finding::new(target, Aspect::Existence)
            .edit(edit)
            .states(current.with("unused_slots", surplus.slots), State::new(after))
            .seen(Signal::Bill, "unused_slots_mean", slots.unused, "slots")
            .confidence(surplus.confidence - if back.capped { self.capped_penalty } else { 0.0 })
            .in_inventory(listed.is_some());
        let seen = |finding: Finding, name, value| finding.seen(Signal::Inventory, name, value, "slots");
        let total = listed.and_then(|listed| listed.total_instance_count);
        let free = listed.and_then(|listed| listed.available_instance_count);
        let finding = total.into_iter().fold(finding, |finding, total| seen(finding, "TotalInstanceCount", total));
        free.into_iter().fold(finding, |finding, free| seen(finding, "AvailableInstanceCount", free))
    }
}

fn is_unused(what: &What) -> bool {
    matches!(what, What::UnusedCapacity(_))
}

/// A count of slots as a number.
fn slot_count(count: i64) -> Option<f64> {
    i32::try_from(count).ok().map(f64::from)
}

/// Slot-hours by the hours that the reservation was there. The rows of all slots hold the unused ones too: never add them up.
fn slots(
    see: &Context<'_>,
    reservation: &Resource,
    unused: &Owned<'_>,
    listed: Option<&CapacityReservation>,
) -> Option<Slots> {
    // Hours in which the whole bill has no line are hours of nobody: averages are over the others.
    let window = &see.facts.window;
    let lost = window.period.hours() - window.covered_hours;
    let hours = reservation.seen.cut(window.period).hours() - lost;
    let hours = i32::try_from(hours).ok().filter(|hours| *hours > 0).map(f64::from)?;
    let all = sum(&see.lines_of(reservation, |what| matches!(what, What::ReservedCapacity(_)))).quantity;
    let unused: Vec<_> = unused.iter().map(|(_, line)| *line).collect();
    let unused = sum(&unused).quantity;
    let listed = || listed?.total_instance_count.and_then(slot_count);
    let all = if all.0 > 0 { Some(all.to_f64() / hours) } else { listed() };
    (unused.0 > 0).then(|| Slots { all, unused: unused.to_f64() / hours })
}
