//! Facts: lines folded into compact aggregates whose sums do not depend on the order of lines or the number of workers.

mod chained;
mod commitments;
mod complete;
mod fold;
mod freeze;
mod grid;
mod kind;
mod line;
mod lists;
mod parties;
mod quality;
mod sums;
mod survey;
mod tables;
mod tags;
mod timed;
mod usage;
mod window;

pub use chained::Chained;
pub use line::LineType;
pub use lists::{BilledList, Spends};
pub use quality::Quality;
pub use survey::{Granularity, LabelValues, Survey};
pub use tags::{Tags, plain_key};
pub use timed::{ClassDays, Uses};
pub use window::{Window, WindowChoice};

use crate::{
    error::Result,
    exports::Exports,
    inventory::OwnedCommitment,
    money::{Money, Quantity},
    scan::is_aws,
    sku::{Coverage, What},
    time::{Day, Hour, Span, parse_moment},
};
use std::{
    collections::BTreeSet,
    ops::{Add, AddAssign, Range},
    sync::Arc,
};

/// The sums of some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Costs {
    /// Usage in the class's unit; of usage lines only.
    pub quantity: Quantity,
    /// As invoiced.
    pub unblended: Money,
    /// Amortised.
    pub effective: Money,
    /// Amortised, after private discounts; the amortised cost where the export tells none. Savings are measured in it.
    pub net: Money,
    /// At public on-demand prices.
    pub on_demand: Money,
}

impl Costs {
    /// The cost amortised, before and after private discounts.
    #[must_use]
    pub fn amortised(&self) -> Cost {
        Cost { gross: self.effective, net: self.net }
    }
}

impl Add for Costs {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            quantity: self.quantity + other.quantity,
            unblended: self.unblended + other.unblended,
            effective: self.effective + other.effective,
            net: self.net + other.net,
            on_demand: self.on_demand + other.on_demand,
        }
    }
}

impl std::ops::Sub for Costs {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            quantity: self.quantity - other.quantity,
            unblended: self.unblended - other.unblended,
            effective: self.effective - other.effective,
            net: self.net - other.net,
            on_demand: self.on_demand - other.on_demand,
        }
    }
}

impl AddAssign for Costs {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Costs {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

/// The index of a class in `Facts::classes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// The index of a resource in `Facts::resources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

/// Lines that are alike in all but resource, time and amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The account that pays.
    pub payer: Arc<str>,
    /// The account that used.
    pub account: Arc<str>,
    /// The region's code, or empty.
    pub region: Arc<str>,
    /// The availability zone, if the line names one.
    pub zone: Option<Arc<str>>,
    /// `AmazonEC2` ...: the service in summaries.
    pub product: Arc<str>,
    /// The usage type as billed.
    pub usage_type: Arc<str>,
    /// The operation.
    pub operation: Arc<str>,
    /// The unit of quantities.
    pub unit: Arc<str>,
    /// The currency.
    pub currency: Arc<str>,
    /// Who sells: `AWS`, but for rows of FOCUS that are of others, or of which nothing tells it.
    pub provider: Arc<str>,
    /// The type of line.
    pub line: LineType,
    /// Its name as billed.
    pub line_name: Arc<str>,
    /// What is measured.
    pub what: What,
}

impl Class {
    /// Whether AWS sells it: rules know no other provider.
    #[must_use]
    pub fn is_aws(&self) -> bool {
        is_aws(&self.provider)
    }
}

/// The two labels that cost is told apart by; `None` where a line has no such label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// The workload.
    pub workload: Option<Arc<str>>,
    /// The owner.
    pub owner: Option<Arc<str>>,
}

/// A resource: everything billed to one id in one account.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its id as billed: short or an ARN; empty for lines without an id.
    pub id: Arc<str>,
    /// Its account.
    pub account: Arc<str>,
    /// The region where most of it is billed.
    pub region: Arc<str>,
    /// Its labels, of its latest hour.
    pub party: Party,
    /// Its tags, of its latest hour.
    pub tags: Arc<Tags>,
    /// From its first to its last hour of usage in everything read.
    pub seen: Span,
    /// Which of `Facts::billed` are its.
    pub billed: Range<usize>,
}

/// The sums of a resource over the priced period, of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billed {
    /// Whose.
    pub resource: ResourceId,
    /// Of which class.
    pub class: ClassId,
    /// The sums.
    pub costs: Costs,
}

impl Billed {
    /// Its cost amortised, before and after private discounts.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.costs.amortised()
    }
}

impl Resource {
    /// The value of a tag; keys compare in lower case without `_`, `:`, `-`, and `user_` is implied.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key)
    }

    /// The Auto Scaling group that it belongs to.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.tags.group()
    }
}

/// Cost of a day, class and party, over everything read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spend {
    /// The day that the lines begin on.
    pub day: Day,
    /// Whether they begin inside the priced period.
    pub priced: bool,
    /// Their class.
    pub class: ClassId,
    /// Their labels: an index into `Facts::parties`.
    pub party: u32,
    /// Their sums.
    pub costs: Costs,
}

/// Hours in a row in which a resource used as much of a class in each: instance-hours of the priced period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Whose.
    pub resource: ResourceId,
    /// Of which class, the type of line included: what a commitment covered of an hour is apart.
    pub class: ClassId,
    /// The hours.
    pub hours: Span,
    /// The usage of each.
    pub per_hour: Quantity,
}

/// What all resources used of a class in each hour of a day, of classes that a commitment could cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassDay {
    /// The class.
    pub class: ClassId,
    /// The day.
    pub day: Day,
    /// The usage of its 24 hours.
    pub hours: [Quantity; 24],
}

/// What fees of a reservation pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// The hours.
    pub hours: Span,
    /// The class of the fee's line.
    pub class: ClassId,
    /// Instance-hours or capacity-unit-hours.
    pub units: Quantity,
}

/// A commitment as billed in the priced period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Commitment {
    /// Its ARN.
    pub id: Arc<str>,
    /// Whether it is a Savings Plan, else a reservation.
    pub plan: bool,
    /// The account that pays.
    pub payer: Arc<str>,
    /// The account that its fee is billed to; empty when only its use is in the bill.
    pub owner: Arc<str>,
    /// What is told of it: offering, region, family, payment, term, start, end.
    pub details: Details,
    /// Effective cost of the lines that it covers.
    pub used: Cost,
    /// Effective cost of what went unused.
    pub unused: Cost,
    /// What its lines would cost on demand.
    pub on_demand: Money,
    /// A plan's commitment over the period.
    pub committed: Money,
    /// What of it was used.
    pub consumed: Money,
    /// Reserved quantity over the period (instance-hours or capacity-unit-hours), of reservations.
    pub reserved: Quantity,
    /// The zone of a zonal reservation, else empty.
    pub zone: Arc<str>,
    /// Its covered lines of the period, by class.
    pub covers: Vec<(ClassId, Costs)>,
    /// A plan's commitment by the hour, over everything read: runs of hours and USD/hour.
    pub hourly: Vec<(Span, Money)>,
    /// What a reservation's fees are for, over everything read.
    pub fees: Vec<Fee>,
    /// What its service lists of it, if that was read.
    pub listed: Option<OwnedCommitment>,
}

impl Commitment {
    /// Whether the bill holds its fees, which tell what it offers.
    #[must_use]
    pub fn has_fees(&self) -> bool {
        !(self.fees.is_empty() && self.hourly.is_empty())
    }

    /// The seconds of some hours in which it is in force, as far as its start and end are told.
    #[must_use]
    pub fn in_force(&self, hours: Span) -> std::ops::Range<i64> {
        let (from, until) = (i64::from(hours.start.0) * 3600, i64::from(hours.end.0) * 3600);
        let told = |text: &str| parse_moment(text).ok();
        let start = told(&self.details.start).map_or(from, |start| start.clamp(from, until));
        // It is in force up to and including the second that is told as its end.
        let end = told(&self.details.end).map_or(until, |end| end.saturating_add(1).clamp(from, until));
        if start < end { start..end } else { from..until }
    }
}

/// What the export tells of a commitment; empty where it tells nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the export's column of that name")]
pub struct Details {
    pub offering: Arc<str>,
    pub region: Arc<str>,
    pub family: Arc<str>,
    pub payment: Arc<str>,
    pub term: Arc<str>,
    pub start: Arc<str>,
    pub end: Arc<str>,
}

/// A cost before and after private discounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cost {
    /// Before.
    pub gross: Money,
    /// After, where the export tells them.
    pub net: Money,
}

impl Cost {
    /// It times `numerator` / `denominator`, each rounded to 1e-12; nothing where the denominator is 0.
    #[must_use]
    pub fn ratio(self, numerator: i128, denominator: i128) -> Self {
        Self { gross: self.gross.ratio(numerator, denominator), net: self.net.ratio(numerator, denominator) }
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { gross: self.gross + other.gross, net: self.net + other.net }
    }
}

impl std::ops::Sub for Cost {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { gross: self.gross - other.gross, net: self.net - other.net }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

/// Whether savings are after private discounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The export has net columns.
    Net,
    /// It has none.
    Gross,
}

/// Everything that is known of a bill, sorted and free of the order in which it was read.
#[derive(Debug, Clone)]
pub struct Facts {
    /// From the first to the last hour read.
    pub read: Span,
    /// The window that is priced.
    pub window: Window,
    /// The calendar months that were read whole, in order.
    pub complete_months: Vec<Span>,
    /// Hourly, daily or monthly.
    pub granularity: Granularity,
    /// The currency that is priced.
    pub currency: Arc<str>,
    /// Whether the export tells costs after private discounts.
    pub basis: Basis,
    /// Classes, sorted by their texts.
    pub classes: Vec<Class>,
    /// Resources, sorted by account and id.
    pub resources: Chained<Resource>,
    /// What was billed for each of them, sorted by resource and class.
    pub billed: BilledList,
    /// Parties, sorted.
    pub parties: Vec<Party>,
    /// Spend, sorted by day, class and party.
    pub spend: Spends,
    /// The spend of the priced period by class, of each that has some, sorted.
    pub priced_classes: Vec<(ClassId, Costs)>,
    /// Hours of instances in the priced period.
    pub usage: Uses,
    /// Usage that a commitment could cover, by the hour over everything read.
    pub class_days: ClassDays,
    /// Commitments, sorted by id.
    pub commitments: Vec<Commitment>,
    /// Commitments that are listed but that no line names, by id: in force, or bought for a later start.
    pub listed: Vec<OwnedCommitment>,
    /// All currencies, where the bill mixes them and none was chosen.
    pub mixed_currencies: Vec<Arc<str>>,
    /// Totals in other currencies over everything read, by currency.
    pub other_currencies: Vec<(Arc<str>, Costs)>,
    /// What is odd about the lines.
    pub quality: Quality,
}

/// What the fold has to know beforehand.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What tells workloads apart.
    pub workload: Option<Label>,
    /// What tells owners apart.
    pub owner: Option<Label>,
    /// Which lines are read.
    pub reading: Reading,
    /// The window that is priced.
    pub window: Window,
    /// The currency to price, if the bill mixes them.
    pub currency: Option<String>,
    /// Whether a mix without a choice is an error; else the currency with most classes of lines is taken.
    pub one_currency: bool,
    /// What commitments may cover: of that, hours are kept.
    pub coverage: Arc<Coverage>,
    /// Workers.
    pub threads: usize,
}

/// Which lines are read at all.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Those that begin in it.
    pub span: Option<Span>,
    /// Those of these billing periods, each given by its month's first hour.
    pub periods: Option<BTreeSet<Hour>>,
}

impl Reading {
    /// Whether a line is read that begins in an hour, and perhaps says when its billing period began.
    #[inline]
    #[must_use]
    pub fn holds(&self, hour: Hour, period: impl FnOnce() -> Option<i64>) -> bool {
        if self.span.is_some_and(|span| !span.holds(hour)) {
            return false;
        }
        self.periods
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&period().map_or(hour, Hour::of_seconds).month_start()))
    }
}

/// A label of a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// The account.
    Account,
    /// A tag, by key.
    Tag(String),
    /// A cost category, by name.
    Category(String),
}

impl Label {
    /// Reads `tag:KEY`, `account` or `cost_category:NAME`.
    ///
    /// # Errors
    /// When the text is none of them.
    pub fn parse(text: &str) -> Result<Self> {
        let named = |key: &str| (!key.is_empty()).then(|| key.to_owned());
        match text.split_once(':') {
            None if text == "account" => Some(Self::Account),
            Some(("tag", key)) => named(key).map(Self::Tag),
            Some(("cost_category", key)) => named(key).map(Self::Category),
            _ => None,
        }
        .ok_or_else(|| crate::error::Error::new(format!("`{text}` is none of tag:KEY, account, cost_category:NAME")))
    }

    /// The key among the tags, as it compares; `None` for the account.
    #[must_use]
    pub fn plain(&self) -> Option<String> {
        match self {
            Self::Account => None,
            Self::Tag(key) => Some(plain_key(key)),
            Self::Category(key) => Some(plain_key(&format!("{}{key}", crate::scan::CATEGORY))),
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account => write!(out, "account"),
            Self::Tag(key) => write!(out, "tag:{key}"),
            Self::Category(key) => write!(out, "cost_category:{key}"),
        }
    }
}

impl Facts {
    /// Reads every line of an export once and folds it.
    ///
    /// # Errors
    /// Bad input, told with its place.
    pub fn read(exports: &Exports, asked: &Asked, survey: &Survey) -> Result<Self> {
        freeze::freeze(fold::fold(exports, asked)?, exports, asked, survey)
    }

    /// Whether some usage of AWS tells what was used, which rules have to know.
    #[must_use]
    pub fn tells_usage(&self) -> bool {
        let tells = |class: &Class| kind::tells(&class.product, &class.usage_type);
        self.classes.is_empty() || self.classes.iter().any(|class| class.is_aws() && tells(class))
    }

    /// A class.
    #[must_use]
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    /// A resource.
    #[must_use]
    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0 as usize]
    }

    /// All resources that have an id, with their numbers.
    pub fn named_resources(&self) -> impl Iterator<Item = (ResourceId, &Resource)> {
        self.numbered().filter(|(_, resource)| !resource.id.is_empty())
    }

    /// All resources with their numbers; lines without an id are one resource an account, with an empty id.
    pub fn numbered(&self) -> impl Iterator<Item = (ResourceId, &Resource)> {
        (0u32..).map(ResourceId).zip(&self.resources)
    }

    /// What was billed for a resource, by class.
    pub fn billed_of(&self, resource: &Resource) -> impl Iterator<Item = Billed> + '_ {
        self.billed.of(resource.billed.clone())
    }

    /// The spend of the priced period.
    pub fn priced(&self) -> impl Iterator<Item = Spend> + '_ {
        self.spend.iter().filter(|spend| spend.priced)
    }
}
