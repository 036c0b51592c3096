//! One worker's fold, and the merge of all: every sum is an integer, so neither order nor number of workers shows.

mod merge;
mod odd;

pub(super) use self::merge::{ByClass, ByResource, Folded, Numbers, Part};
use self::odd::Odd;
use super::{
    Asked, Costs,
    commitments::{Commitments, Line},
    kind::{Kind, LATE, LATE_ONCE, Timed, is_plan_refund},
    line::{Amounts, Groups, LineType, Reading},
    parties::Parties,
    quality::Quality,
    sums::Narrow,
    survey::no_start,
    tables::{Cells, Placed, Record, Resources, Spot},
    usage::ClassHours,
};
use crate::{
    error::Result,
    exports::Exports,
    money::Quantity,
    names::{Names, Sym},
    scan::{
        Dictionary, Extent, Fold, Lines, NO_MOMENT, ResourceSym, TagSets, TagsId, Times, are_same,
        columns::{Moment, Text},
        scan, slot_of, told,
    },
    time::{Hour, Span},
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

pub(super) type Map<K, V> = HashMap<K, V, FixedState>;

pub(super) fn map<K, V>() -> Map<K, V> {
    HashMap::with_hasher(FixedState::with_seed(3))
}

/// What one worker knows. All numbers refer to its own dictionary.
pub(super) struct Sums<'a> {
    asked: &'a Asked,
    groups: Vec<Groups>,
    /// By class.
    kinds: Vec<Kind>,
    resources: Resources,
    cells: Cells,
    hours: ClassHours,
    commitments: Commitments,
    parties: Parties,
    quality: Quality,
    last_open: Option<Hour>,
    /// What was found out of times, by a mix of the start; nothing yet at first.
    times: Vec<(Times, Option<Option<When>>)>,
    batch: Batch,
}

/// What no line says of which something is known: it must have a start.
const NO_TIMES: Times = [NO_MOMENT; 3];

/// More than the hours of most exports.
const KNOWN_TIMES: usize = 1024;

/// The lines of a batch that count, on their way into the tables. Each table is gone through with all of them before the next
/// one: places are looked up first, then added to, so that the waits for memory overlap.
#[derive(Default)]
struct Batch {
    lines: Vec<Taken>,
    sums: Vec<Narrow>,
    room: Room,
}

/// So many lines go from table to table at once: what they touch fits into a core's cache.
pub(super) const AT_ONCE: usize = 512;

/// Room for what is found of lines in one table and added in another.
#[derive(Default)]
struct Room {
    places: Vec<u32>,
    spots: Vec<Spot>,
    /// Numbers of days.
    days: Vec<u32>,
    /// The number of an hour set, or of a class and then its block; the hour, the quantity.
    hours: Vec<(u32, Hour, i64)>,
}

/// What the tables of spend and resources have to know of a line.
#[derive(Clone, Copy)]
struct Taken {
    span: Span,
    class: u32,
    resource: ResourceSym,
    account: Sym,
    tags: TagsId,
    usage: bool,
    timed: Timed,
    priced: bool,
}

/// When a line is, and what that says of it.
#[derive(Clone, Copy)]
struct When {
    span: Span,
    priced: bool,
    /// From its start to its end, where both are told.
    seconds: Option<i64>,
    /// The first hour of its billing period, and whether it begins outside of it.
    period: Option<(Hour, bool)>,
}

/// Folds all lines with `asked.threads` workers.
pub(super) fn fold(exports: &Exports, asked: &Asked) -> Result<Folded> {
    let groups: Vec<Groups> = exports.parts.iter().map(|part| Groups::of(part.layout())).collect();
    let workers = scan(&exports.parts, Extent::Whole, asked.threads, || Sums::new(asked, groups.clone()))?;
    let mut workers = workers.into_iter().map(|(dictionary, mut sums)| {
        sums.commitments.settle();
        (dictionary, sums)
    });
    let first = workers.next().unwrap_or_else(|| (Dictionary::default(), Sums::new(asked, groups)));
    let mut folded = Folded::of(first);
    workers.for_each(|(dictionary, sums)| folded.add(dictionary, sums));
    Ok(folded)
}

impl<'a> Sums<'a> {
    fn new(asked: &'a Asked, groups: Vec<Groups>) -> Self {
        Self {
            asked,
            groups,
            kinds: Vec::new(),
            resources: Resources::with_room(),
            cells: Cells::with_room(),
            hours: ClassHours::with_room(),
            commitments: Commitments::default(),
            parties: Parties::of(asked),
            quality: Quality::default(),
            last_open: None,
            times: vec![(NO_TIMES, None); KNOWN_TIMES],
            batch: Batch::default(),
        }
    }

    /// When a line is; `None` if it is not to be read.
    #[inline]
    fn when(&mut self, lines: &Lines, row: usize, part: usize) -> Result<Option<When>> {
        let times = lines.times(row);
        let slot = slot_of(times[0].cast_unsigned(), KNOWN_TIMES);
        let known = &self.times[slot];
        if let Some(when) = known.1
            && are_same(&known.0, &times)
        {
            return Ok(when);
        }
        let when = self.find_when(times, part)?;
        self.times[slot] = (times, Some(when));
        Ok(when)
    }

    /// The same, of the line's start, end and billing period.
    fn find_when(&self, times: Times, part: usize) -> Result<Option<When>> {
        let [start, end, period] = times.map(told);
        let Some(start) = start else {
            return Err(no_start(self.groups[part].dialect));
        };
        let hour = Hour::of_seconds(start);
        if !self.asked.reading.holds(hour, || period) {
            return Ok(None);
        }
        let until = Hour::of_seconds(end.unwrap_or(start).max(start + 1) - 1).plus(1);
        let outside = |period: Hour| hour < period || hour.0 - period.0 >= 31 * 24;
        Ok(Some(When {
            span: Span::new(hour, until),
            priced: self.asked.window.period.holds(hour),
            seconds: end.map(|end| end.saturating_sub(start)),
            period: period.map(Hour::of_seconds).map(|period| (period, outside(period))),
        }))
    }

    /// Takes a line in, unless it does not count: what is left to do with it goes to the batch.
    #[inline]
    fn line(&mut self, lines: &Lines, row: usize, when: &When, dictionary: &Dictionary, groups: Groups) {
        let class = lines.class(row);
        let kind = self.kinds[class as usize];
        self.quality.lines += 1;
        if kind.split {
            self.quality.split_rows += 1;
            return;
        }
        let refund_of_plan =
            kind.plan_refund && is_plan_refund(dictionary.names.get(lines.text(Text::Description, row)));
        let committed = kind.line == LineType::Fee && {
            let column = if groups.stated { Text::DiscountId } else { Text::ReservationArn };
            lines.text(column, row) != Sym::NONE
        };
        let reading = Reading { kind: kind.line, groups, committed, refund_of_plan };
        let (account, resource, tags) = (lines.text(Text::Account, row), lines.resource(row), lines.tags(row));
        let When { span, priced, .. } = *when;
        let (usage, timed) = (kind.line.is_usage(), kind.timed);
        let taken = Taken { span, class, resource, account, tags, usage, timed, priced };
        let odd = Odd { row, kind, when, account, groups };
        match reading.narrow(lines, row) {
            Some(sums) => {
                self.look_at(lines, odd, Amounts::Narrow(sums), class, dictionary);
                self.batch.lines.push(taken);
                self.batch.sums.push(sums);
            }
            None => self.other_line(lines, odd, (taken, reading.costs(lines, row)), dictionary),
        }
    }

    /// Takes in a line whose costs stand in several columns or need more than 64 bits.
    #[cold]
    fn other_line(&mut self, lines: &Lines, odd: Odd<'_>, (taken, costs): (Taken, Costs), dictionary: &Dictionary) {
        let narrow = Narrow::of(&costs);
        self.look_at(lines, odd, narrow.map_or(Amounts::Wide(costs), Amounts::Narrow), taken.class, dictionary);
        match narrow {
            Some(sums) => {
                self.batch.lines.push(taken);
                self.batch.sums.push(sums);
            }
            None => self.add_wide(&taken, &costs, dictionary),
        }
    }

    /// Counts what is odd about a line, and adds it to the commitments if it is theirs. What it costs is handed on as it is, never by
    /// reference: amounts that never leave registers are not waited for.
    #[inline(always)]
    fn look_at(&mut self, lines: &Lines, odd: Odd<'_>, costs: Amounts, class: u32, dictionary: &Dictionary) {
        self.oddities(lines, odd, costs, dictionary);
        let Odd { row, kind, when: &When { span, priced, .. }, account, groups } = odd;
        if kind.of_commitment() {
            let line = Line { row, kind: kind.line, class, account, span, priced, stated: groups.stated };
            self.commitments.add(lines, &line, costs, &dictionary.names);
        }
    }

    /// Adds the lines of the batch to the tables.
    fn add_batch(&mut self, dictionary: &Dictionary) {
        let mut batch = std::mem::take(&mut self.batch);
        let Batch { lines, sums, room } = &mut batch;
        for (lines, sums) in lines.chunks(AT_ONCE).zip(sums.chunks(AT_ONCE)) {
            self.add_resources(lines, sums, room, dictionary);
            self.add_spend(lines, sums, room);
            self.add_hours(lines, sums, room);
        }
        self.commitments.add_waiting();
        lines.clear();
        sums.clear();
        self.batch = batch;
    }

    /// Adds to the resources; leaves the pair of class and party of each line in `room.places`.
    fn add_resources(&mut self, lines: &[Taken], sums: &[Narrow], room: &mut Room, dictionary: &Dictionary) {
        let Room { places, spots, hours, .. } = room;
        places.clear();
        hours.clear();
        places.extend(lines.iter().map(|line| self.resources.place(line.account, line.resource)));
        self.resources.touch(places);
        let priced = lines.iter().zip(&*places).filter(|(line, _)| line.priced);
        self.resources.find(priced.map(|(line, place)| (*place, line.class)), spots);
        let mut spots = spots.iter();
        for ((line, sums), place) in lines.iter().zip(sums).zip(&mut *places) {
            see(self.resources.record(*place), line, dictionary);
            let Taken { span, class, account, tags, priced, .. } = *line;
            let (parties, cells) = (&mut self.parties, &mut self.cells);
            let spot = if priced { spots.next() } else { None };
            *place = if let Some(spot) = spot.copied() {
                let find = || parties.pair(cells, class, (account, tags), dictionary);
                let placed = Placed { place: *place, class, spot, tags };
                let (pair, kept) = self.resources.add(placed, sums, line.timed == Timed::Each, find);
                if let Some(kept) = kept {
                    hours.push((kept, span.start, sums.quantity));
                }
                pair
            } else {
                parties.pair(cells, class, (account, tags), dictionary)
            };
        }
        self.resources.touch_hours(hours.iter().map(|(kept, ..)| *kept));
        for (kept, hour, quantity) in hours {
            self.resources.hours(*kept).add(*hour, Quantity((*quantity).into()));
        }
    }

    /// Adds to the cells of days and pairs.
    fn add_spend(&mut self, lines: &[Taken], sums: &[Narrow], Room { places, days, .. }: &mut Room) {
        let on = lines.iter().map(|line| (line.span.start.day(), line.priced));
        self.cells.number_all(on, places, days);
        self.cells.touch(places);
        for (cell, sums) in places.iter().zip(sums) {
            self.cells.add(*cell, sums);
        }
    }

    /// Adds to the hours of classes.
    fn add_hours(&mut self, lines: &[Taken], sums: &[Narrow], Room { hours, days, .. }: &mut Room) {
        hours.clear();
        let timed = lines.iter().zip(sums).filter(|(line, _)| line.timed != Timed::No);
        hours.extend(timed.map(|(line, sums)| (line.class, line.span.start, sums.quantity)));
        self.hours.find(hours, days);
        self.hours.touch(hours);
        for (block, hour, quantity) in hours {
            self.hours.add_at(*block, *hour, Quantity((*quantity).into()));
        }
    }

    /// Adds a line to all tables whose costs need more than 64 bits.
    #[cold]
    fn add_wide(&mut self, line: &Taken, costs: &Costs, dictionary: &Dictionary) {
        let Taken { span, class, resource, account, tags, timed, priced, .. } = *line;
        let place = self.resources.place(account, resource);
        see(self.resources.record(place), line, dictionary);
        if priced && let Some(kept) = self.resources.add_wide(place, class, costs, timed == Timed::Each) {
            self.resources.hours(kept).add(span.start, costs.quantity);
        }
        let pair = self.parties.pair(&mut self.cells, class, (account, tags), dictionary);
        let cell = self.cells.number(span.start.day(), priced, pair);
        self.cells.add_wide(cell, costs);
        if timed != Timed::No {
            self.hours.add(class, span.start, costs.quantity);
        }
    }

    /// Whether there is a covered line of the priced period whose commitment was not told yet.
    fn is_one_untold(&self, lines: &Lines) -> bool {
        let is_untold = |row| {
            let kind = self.kinds[lines.class(row) as usize].line;
            let priced = || {
                let start = lines.moment(Moment::Start, row).map(Hour::of_seconds);
                start.is_some_and(|hour| self.asked.window.period.holds(hour))
            };
            kind.is_covered() && self.commitments.is_untold(lines, row, kind) && priced()
        };
        !self.commitments.are_all_told(lines) && (0..lines.rows()).any(is_untold)
    }

    /// Looks up what has to be known of classes that are new.
    fn know_classes(&mut self, dictionary: &Dictionary) {
        let new = dictionary.classes.keys().iter().skip(self.kinds.len());
        self.kinds.extend(new.map(|key| Kind::of(key, &dictionary.names, &self.asked.coverage)));
    }
}

impl Fold for Sums<'_> {
    fn begin(&mut self) {
        self.commitments.begin();
    }

    fn wants_late(&mut self, lines: &Lines, dictionary: &Dictionary) -> bool {
        self.know_classes(dictionary);
        let late = lines.class.iter().fold(0, |all, class| all | self.kinds[*class as usize].late);
        late & LATE != 0 || late & LATE_ONCE != 0 && self.is_one_untold(lines)
    }

    fn add(&mut self, lines: &Lines, dictionary: &mut Dictionary, part: usize) -> Result<()> {
        self.know_classes(dictionary);
        lines.touch_amounts();
        let (rows, groups) = (lines.rows(), self.groups[part]);
        let of_all = if rows > 0 && lines.is_one_time() { Some(self.when(lines, 0, part)?) } else { None };
        for row in 0..rows {
            let of_one;
            let when = match &of_all {
                Some(when) => when,
                None => {
                    of_one = self.when(lines, row, part)?;
                    &of_one
                }
            };
            if let Some(when) = when {
                self.line(lines, row, when, dictionary, groups);
            }
        }
        self.add_batch(dictionary);
        Ok(())
    }
}

/// Widens the span in which a resource was seen, and keeps the tags of its latest line.
#[inline]
fn see(record: &mut Record, line: &Taken, dictionary: &Dictionary) {
    if line.usage {
        record.seen = record.seen.hull(line.span);
    }
    let (start, tags) = (line.span.start, line.tags);
    let newer = record.latest < start
        || record.latest == start
            && record.tags != tags
            && tag_order((&dictionary.names, &dictionary.tags), record.tags, tags).is_lt();
    if newer {
        (record.latest, record.tags) = (start, tags);
    }
}

/// The order of two tag sets by their texts, whatever their numbers.
pub(super) fn tag_order((names, tags): (&Names, &TagSets), a: TagsId, b: TagsId) -> std::cmp::Ordering {
    if a == b {
        return std::cmp::Ordering::Equal;
    }
    let texts = |id| {
        let pairs = tags.get(id).iter().map(|(key, value)| (names.get(*key), names.get(*value)));
        let mut pairs: Vec<(&str, &str)> = pairs.collect();
        pairs.sort_unstable();
        pairs
    };
    texts(a).cmp(&texts(b))
}
