//! Usage by the hour as the fold kept it, in the order of the facts: what is asked for is worked out when it is asked, and nothing is copied.

use super::{
    ClassDay, ClassId, ResourceId, Usage,
    chained::Chained,
    survey::Granularity,
    usage::{ClassHours, HourSet},
};
use crate::{
    money::Quantity,
    time::{Day, Hour},
};
use std::fmt;

/// The hours in which resources used what is measured by the hour, by resource and class.
#[derive(Clone)]
pub struct Uses {
    /// Ascending.
    list: Vec<Use>,
    /// By number.
    hours: Chained<HourSet>,
    granularity: Granularity,
}

/// Whose hours of what a set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) resource: ResourceId,
    pub(super) class: ClassId,
    /// The number of the set.
    pub(super) hours: u32,
}

impl Uses {
    /// Of a list in order, and the sets that it numbers.
    pub(super) fn of(list: Vec<Use>, hours: Chained<HourSet>, granularity: Granularity) -> Self {
        Self { list, hours, granularity }
    }

    /// The usage of one resource, by class and hour.
    pub fn of_resource(&self, resource: ResourceId) -> impl Iterator<Item = Usage> + '_ {
        let first = self.list.partition_point(|of| of.resource < resource);
        self.list[first..].iter().take_while(move |of| of.resource == resource).flat_map(|of| self.runs(of))
    }

    /// The usage of one resource and class, by hour.
    pub fn of_class(&self, resource: ResourceId, class: ClassId) -> impl Iterator<Item = Usage> + '_ {
        let found = self.list.binary_search_by_key(&(resource, class), |of| (of.resource, of.class));
        found.ok().into_iter().flat_map(|at| self.runs(&self.list[at]))
    }

    /// The class of each set of hours, in their order: by resource, then class.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + Clone + '_ {
        self.list.iter().map(|of| of.class)
    }

    /// The usage of a set of hours, by hour, given by its place in that order.
    pub fn of_set(&self, place: usize) -> impl Iterator<Item = Usage> + '_ {
        self.list.get(place).into_iter().flat_map(|of| self.runs(of))
    }

    fn runs(&self, &Use { resource, class, hours }: &Use) -> impl Iterator<Item = Usage> + '_ {
        let runs = self.hours.at(hours).runs(|hour| self.granularity.spread(hour));
        runs.map(move |(hours, per_hour)| Usage { resource, class, hours, per_hour })
    }
}

impl fmt::Debug for Uses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.list.iter().flat_map(|of| self.runs(of))).finish()
    }
}

/// What all resources used of classes that a commitment could cover, by class and day.
#[derive(Clone, Default)]
pub struct ClassDays {
    /// Ascending; each with the number of its hours.
    list: Vec<(ClassId, Day, u32)>,
    hours: ClassHours,
}

impl ClassDays {
    /// Of a list in any order, and the hours that it numbers; days on which nothing was used are left out.
    pub(super) fn of(mut list: Vec<(ClassId, Day, u32)>, hours: ClassHours) -> Self {
        list.retain(|(.., number)| !hours.is_empty(*number));
        list.sort_unstable_by_key(|(class, day, _)| u64::from(class.0) << 32 | u64::from(day.rank()));
        Self { list, hours }
    }

    /// The days of one class, in order.
    pub fn of_class(&self, class: ClassId) -> impl Iterator<Item = ClassDay> + Clone + '_ {
        let first = self.list.partition_point(|(other, ..)| *other < class);
        self.list[first..].iter().take_while(move |(other, ..)| *other == class).map(|place| self.day(place))
    }

    /// What was used of a class in an hour.
    #[must_use]
    pub fn of_hour(&self, class: ClassId, hour: Hour) -> Quantity {
        let day = hour.day();
        let found = self.list.binary_search_by_key(&(class, day), |(of, day, _)| (*of, *day));
        let within = usize::try_from(hour.0 - day.start().0).unwrap_or(0);
        found.map_or(Quantity(0), |at| self.hours.get(self.list[at].2)[within])
    }

    /// The classes that have some, in order.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.list.chunk_by(|(one, ..), (other, ..)| one == other).map(|days| days[0].0)
    }

    fn day(&self, &(class, day, number): &(ClassId, Day, u32)) -> ClassDay {
        ClassDay { class, day, hours: self.hours.get(number) }
    }
}

impl fmt::Debug for ClassDays {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.list.iter().map(|place| self.day(place))).finish()
    }
}
