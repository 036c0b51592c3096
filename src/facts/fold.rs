//! One worker's fold, and the merge of all: every sum is an integer, so neither order nor number of workers shows.

mod merge;

use super::{
    Asked, Costs, Label,
    commitments::{Commitments, Line},
    kind::{Kind, Timed, is_plan_refund},
    line::{Groups, LineType, costs},
    quality::Quality,
    survey::no_start,
    tables::{Cells, Resources},
    usage::ClassHours,
};
use crate::{
    error::Result,
    exports::Exports,
    money::Quantity,
    names::{Names, Sym},
    scan::{
        Dictionary, Extent, Fold, Lines, ResourceSym, TagsId,
        columns::{Amount, Moment, Text},
        scan,
    },
    time::{Hour, Span},
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

pub(super) type Map<K, V> = HashMap<K, V, FixedState>;

pub(super) fn map<K, V>() -> Map<K, V> {
    HashMap::with_hasher(FixedState::with_seed(3))
}

/// Workload and owner.
pub(super) type PartyKey = (Sym, Sym);

/// What one worker knows. All numbers refer to its own dictionary.
pub(super) struct Sums<'a> {
    asked: &'a Asked,
    groups: Vec<Groups>,
    keys: [Option<String>; 2],
    /// By class.
    kinds: Vec<Kind>,
    pub(super) resources: Resources,
    pub(super) cells: Cells,
    pub(super) hours: ClassHours,
    pub(super) commitments: Commitments,
    /// What the tags of a set say of its party, by set; `None` until it is asked for.
    parties: Vec<Option<PartyNumber>>,
    pub(super) quality: Quality,
    last_open: Option<Hour>,
    batch: Batch,
}

/// The lines of a batch that count, on their way into the tables. Each table is gone through with all of them before the next
/// one: places are looked up first, then added to, so that the waits for memory overlap.
#[derive(Default)]
struct Batch {
    lines: Vec<Taken>,
    sums: Vec<Costs>,
    places: Vec<u32>,
    /// The number of an hour set, the hour, the quantity.
    hours: Vec<(u32, Hour, Quantity)>,
}

/// What the tables of spend and resources have to know of a line.
#[derive(Clone, Copy)]
struct Taken {
    span: Span,
    class: u32,
    party: u32,
    resource: ResourceSym,
    account: Sym,
    tags: TagsId,
    usage: bool,
    timed: Timed,
    priced: bool,
}

/// A line that may be odd.
struct Odd<'a> {
    row: usize,
    kind: Kind,
    hour: Hour,
    sums: &'a Costs,
    groups: Groups,
}

/// The party that a set of tags tells, and its number where the account does not matter.
#[derive(Clone, Copy)]
struct PartyNumber {
    key: PartyKey,
    number: u32,
}

/// Folds all lines with `asked.threads` workers and merges their sums into one.
pub(super) fn fold<'a>(exports: &Exports, asked: &'a Asked) -> Result<(Dictionary, Sums<'a>)> {
    let groups: Vec<Groups> = exports.parts.iter().map(|part| Groups::of(part.layout())).collect();
    let workers = scan(&exports.parts, Extent::Whole, asked.threads, || Sums::new(asked, groups.clone()))?;
    let mut workers = workers.into_iter();
    let Some((mut dictionary, mut all)) = workers.next() else {
        return Ok((Dictionary::default(), Sums::new(asked, groups)));
    };
    for (names, sums) in workers {
        all.merge(sums, &names, &mut dictionary)?;
    }
    Ok((dictionary, all))
}

impl<'a> Sums<'a> {
    fn new(asked: &'a Asked, groups: Vec<Groups>) -> Self {
        let key = |label: &Option<Label>| label.as_ref().and_then(Label::plain);
        Self {
            asked,
            groups,
            keys: [key(&asked.workload), key(&asked.owner)],
            kinds: Vec::new(),
            resources: Resources::default(),
            cells: Cells::default(),
            hours: ClassHours::default(),
            commitments: Commitments::default(),
            parties: Vec::new(),
            quality: Quality::default(),
            last_open: None,
            batch: Batch::default(),
        }
    }

    /// The number of the party of a line.
    #[inline]
    fn party(&mut self, account: Sym, tags: TagsId, dictionary: &Dictionary) -> u32 {
        let known = self.parties.get(tags.0 as usize).copied().flatten();
        let of_tags = known.unwrap_or_else(|| self.new_party(tags, dictionary));
        if self.by_account() { self.cells.party(self.with_account(of_tags.key, account)) } else { of_tags.number }
    }

    #[cold]
    fn new_party(&mut self, tags: TagsId, dictionary: &Dictionary) -> PartyNumber {
        let key = self.party_of_tags(tags, dictionary);
        let of_tags = PartyNumber { key, number: if self.by_account() { 0 } else { self.cells.party(key) } };
        if self.parties.len() <= tags.0 as usize {
            self.parties.resize(tags.0 as usize + 1, None);
        }
        self.parties[tags.0 as usize] = Some(of_tags);
        of_tags
    }

    /// Whether accounts tell workloads or owners apart.
    fn by_account(&self) -> bool {
        let is_account = |label: &Option<Label>| *label == Some(Label::Account);
        is_account(&self.asked.workload) || is_account(&self.asked.owner)
    }

    /// What a set of tags says of the party.
    pub(super) fn party_of_tags(&self, tags: TagsId, dictionary: &Dictionary) -> PartyKey {
        let value = |key: &Option<String>| key.as_ref().map_or(Sym::NONE, |key| tag_value(dictionary, tags, key));
        (value(&self.keys[0]), value(&self.keys[1]))
    }

    /// A party in which the account stands where it is the label.
    pub(super) fn with_account(&self, party: PartyKey, account: Sym) -> PartyKey {
        let or_account = |label: &Option<Label>, sym| if *label == Some(Label::Account) { account } else { sym };
        (or_account(&self.asked.workload, party.0), or_account(&self.asked.owner, party.1))
    }

    /// Takes a line in, unless it does not count: what is left to do with it goes to the batch.
    fn line(&mut self, lines: &Lines, row: usize, dictionary: &Dictionary, part: usize) -> Result<()> {
        let Some(start) = lines.moment(Moment::Start, row) else {
            return Err(no_start(self.groups[part].dialect));
        };
        let hour = Hour::of_seconds(start);
        if !self.asked.reading.holds(hour, || lines.moment(Moment::BillingPeriod, row)) {
            return Ok(());
        }
        let class = lines.class(row);
        let kind = self.kinds[class as usize];
        self.quality.lines += 1;
        if kind.split {
            self.quality.split_rows += 1;
            return Ok(());
        }
        let reservation = lines.text(Text::ReservationArn, row);
        let refund = kind.plan_refund && is_plan_refund(dictionary.names.get(lines.text(Text::Description, row)));
        let groups = self.groups[part];
        let committed = if groups.stated { lines.text(Text::DiscountId, row) } else { reservation } != Sym::NONE;
        let sums = costs(lines, row, kind.line, groups, committed, refund);
        let account = lines.text(Text::Account, row);
        let tags = lines.tags(row);
        let party = self.party(account, tags, dictionary);
        let priced = self.asked.window.period.holds(hour);
        let end = lines.moment(Moment::End, row).unwrap_or(start);
        let until = Hour::of_seconds(end.max(start + 1) - 1).plus(1);
        let span = Span::new(hour, until);
        let (resource, usage) = (lines.resource(row), kind.line.is_usage());
        self.oddities(lines, Odd { row, kind, hour, sums: &sums, groups }, dictionary);
        self.batch.lines.push(Taken { span, class, party, resource, account, tags, usage, timed: kind.timed, priced });
        self.batch.sums.push(sums);
        let stated = groups.stated;
        let line = Line { row, kind: kind.line, class, reservation, account, span, priced, sums, stated };
        self.commitments.add(lines, line, &dictionary.names);
        Ok(())
    }

    /// Adds the lines of the batch to the tables.
    fn add_batch(&mut self, dictionary: &Dictionary) {
        let mut batch = std::mem::take(&mut self.batch);
        self.add_spend(&mut batch);
        self.add_resources(&mut batch, dictionary);
        batch.lines.clear();
        batch.sums.clear();
        self.batch = batch;
    }

    fn add_spend(&mut self, Batch { lines, sums, places, .. }: &mut Batch) {
        places.clear();
        let cells = &mut self.cells;
        places
            .extend(lines.iter().map(|line| cells.number(line.span.start.day(), line.priced, line.class, line.party)));
        for (cell, sums) in places.iter().zip(&*sums) {
            cells.add(*cell, sums);
        }
        for (line, sums) in lines.iter().zip(&*sums) {
            if line.timed != Timed::No {
                self.hours.add(line.class, line.span.start, sums.quantity);
            }
        }
    }

    fn add_resources(&mut self, Batch { lines, sums, places, hours }: &mut Batch, dictionary: &Dictionary) {
        places.clear();
        hours.clear();
        let resources = &mut self.resources;
        places.extend(lines.iter().map(|line| resources.place(line.account, line.resource)));
        for ((line, sums), place) in lines.iter().zip(&*sums).zip(&*places) {
            let record = resources.record(*place);
            if line.usage {
                record.seen = record.seen.hull(line.span);
            }
            let (start, tags) = (line.span.start, line.tags);
            let newer = record.latest < start
                || record.latest == start && record.tags != tags && tag_order(dictionary, record.tags, tags).is_lt();
            if newer {
                (record.latest, record.tags) = (start, tags);
            }
            if line.priced
                && let Some(kept) = resources.add(*place, line.class, sums, line.timed == Timed::Each)
            {
                hours.push((kept, start, sums.quantity));
            }
        }
        for (kept, hour, quantity) in hours {
            resources.hours(*kept).add(*hour, *quantity);
        }
    }

    /// What is odd about a line of FOCUS.
    #[cold]
    fn focus_oddities(&mut self, lines: &Lines, row: usize, kind: Kind, sums: &Costs, names: &Names) {
        let provider = || Arc::from(names.get(lines.text(Text::Provider, row)));
        if kind.foreign {
            *self.quality.others.entry(provider()).or_default() += 1;
        }
        if kind.line == LineType::Usage {
            self.quality.plain += u64::from(kind.plain && !kind.foreign);
            if sums.effective.is_zero() && !sums.unblended.is_zero() {
                let sum = self.quality.no_effective.entry(provider()).or_default();
                *sum = (sum.0 + 1, sum.1 + sums.unblended);
            }
        }
    }

    fn oddities(&mut self, lines: &Lines, odd: Odd<'_>, dictionary: &Dictionary) {
        let Odd { row, kind, hour, sums, groups } = odd;
        let names = &dictionary.names;
        if groups.stated {
            self.focus_oddities(lines, row, kind, sums, names);
        }
        let quality = &mut self.quality;
        if kind.line == LineType::Unknown {
            let name = Arc::from(names.get(lines.text(Text::LineType, row)));
            let sum = quality.unknown_types.entry(name).or_default();
            *sum = (sum.0 + 1, sum.1 + sums.unblended);
        }
        if kind.line == LineType::Usage && sums.quantity.0 < 0 {
            quality.negative += 1;
            let usage_type = names.get(lines.text(Text::UsageType, row));
            let example = format!("{usage_type} {}", dictionary.ids.text(lines.resource(row))).trim_end().to_owned();
            if quality.negative_example.as_ref().is_none_or(|first| example < *first) {
                quality.negative_example = Some(example);
            }
        }
        quality.capacity_rows += u64::from(kind.capacity);
        quality.host_rows += u64::from(kind.host_reservation);
        quality.no_cost += u64::from(lines.money(Amount::Unblended, row).is_none());
        quality.no_account += u64::from(lines.text(Text::Account, row) == Sym::NONE);
        if let Some(period) = lines.moment(Moment::BillingPeriod, row) {
            let period = Hour::of_seconds(period);
            if hour < period || hour.0 - period.0 >= 31 * 24 {
                quality.outside = (quality.outside.0 + 1, quality.outside.1 + sums.unblended);
            }
            if groups.invoice && lines.text(Text::Invoice, row) == Sym::NONE && self.last_open != Some(period) {
                self.last_open = Some(period);
                quality.not_final.insert(period);
            }
        }
        if kind.line.is_usage()
            && let (Some(start), Some(end)) = (lines.moment(Moment::Start, row), lines.moment(Moment::End, row))
        {
            let seconds = end.saturating_sub(start);
            quality.spans[usize::from(seconds > 2 * 3600) + usize::from(seconds > 36 * 3600)] += 1;
        }
    }

    /// Looks up what has to be known of classes that are new.
    fn know_classes(&mut self, dictionary: &Dictionary) {
        let new = dictionary.classes.keys().iter().skip(self.kinds.len());
        self.kinds.extend(new.map(|key| Kind::of(key, &dictionary.names, &self.asked.coverage)));
    }
}

impl Fold for Sums<'_> {
    fn add(&mut self, lines: &Lines, dictionary: &mut Dictionary, part: usize) -> Result<()> {
        self.know_classes(dictionary);
        (0..lines.rows()).try_for_each(|row| self.line(lines, row, dictionary, part))?;
        self.add_batch(dictionary);
        Ok(())
    }
}

/// The value of the tag whose key compares equal to `key`; of several the least.
fn tag_value(dictionary: &Dictionary, tags: TagsId, key: &str) -> Sym {
    let pairs = dictionary.tags.get(tags).iter();
    let values =
        pairs.filter(|(name, _)| super::plain_key(dictionary.names.get(*name)) == key).map(|(_, value)| *value);
    values.min_by_key(|value| dictionary.names.get(*value)).unwrap_or(Sym::NONE)
}

/// The order of two tag sets by their texts, whatever their numbers.
fn tag_order(dictionary: &Dictionary, a: TagsId, b: TagsId) -> std::cmp::Ordering {
    if a == b {
        return std::cmp::Ordering::Equal;
    }
    let texts = |id| {
        let mut pairs: Vec<_> = dictionary.tags.get(id).to_vec();
        pairs.sort_by_key(|(key, value)| (dictionary.names.get(*key), dictionary.names.get(*value)));
        pairs
            .into_iter()
            .map(|(key, value)| (dictionary.names.get(key), dictionary.names.get(value)))
            .collect::<Vec<_>>()
    };
    texts(a).cmp(&texts(b))
}
