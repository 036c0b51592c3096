//! Resources in the order of their names, made by several workers: each takes a stretch of that order.

use super::{
    super::{
        Billed, BilledList, Class, ClassId, Costs, Resource, ResourceId, Tags,
        fold::ByResource,
        parties::PartyKey,
        tables::{Entries, Record},
        timed::Use,
    },
    Frozen, Shared, party,
};
use crate::{
    names::Sym,
    parallel::{at_once, shared_out, threads},
    scan::{Ids, ResourceSym, TagsId},
    time::Span,
};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// A resource before it is made: its account's rank, its id, its place among the sums.
#[derive(Clone, Copy)]
struct Named {
    account: u32,
    id: ResourceSym,
    place: u32,
}

/// Resources, with what was billed for them and their hours.
#[derive(Default)]
pub(super) struct Made {
    pub(super) resources: Vec<Resource>,
    pub(super) billed: BilledList,
    /// Where the hours of each are kept.
    pub(super) uses: Vec<Use>,
}

impl Made {
    /// Stretches one behind the other; the first has room for all but uses.
    fn joined(made: Vec<Self>) -> Self {
        let (mut resources, mut billed, mut uses) = (Vec::new(), Vec::new(), Vec::new());
        let mut first = 0;
        for mut of in made {
            of.resources.iter_mut().for_each(|one| one.billed = first + one.billed.start..first + one.billed.end);
            first += of.billed.len();
            resources.push(of.resources);
            billed.push(of.billed);
            uses.push(of.uses);
        }
        let ((resources, uses), billed) = at_once(|| (joined(resources), joined(uses)), || BilledList::joined(billed));
        Self { resources, billed, uses }
    }
}

/// Lists one behind the other.
fn joined<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let all = lists.iter().map(Vec::len).sum::<usize>();
    let mut lists = lists.into_iter();
    let mut joined = lists.next().unwrap_or_default();
    joined.reserve_exact(all - joined.len());
    lists.for_each(|list| joined.extend(list));
    joined
}

/// All resources, sorted by account and id.
pub(super) fn resources(frozen: &Frozen<'_>, ByResource { ids, resources }: &ByResource) -> Made {
    let known = Known { ids, records: resources.records(), entries: resources.entries() };
    let named = named(frozen, &known);
    let stretch = named.len().div_ceil(threads()).max(1);
    let made = shared_out(named.chunks(stretch).zip((0..).step_by(stretch)), |(some, first)| {
        // Those of the other stretches follow the first ones.
        make(frozen, &known, (some, first), if first == 0 { named.len() } else { some.len() })
    });
    Made::joined(made)
}

/// What is known of resources by their places.
struct Known<'a> {
    ids: &'a Ids,
    records: &'a [Record],
    entries: Entries<'a>,
}

/// The resources that have anything in the priced currency, in order.
fn named(frozen: &Frozen<'_>, Known { ids, records, entries }: &Known<'_>) -> Vec<Named> {
    let ranks = account_ranks(frozen, records);
    let by_name = |a: &Named, b: &Named| a.account.cmp(&b.account).then_with(|| ids.compare(a.id, b.id));
    let stretch = records.len().div_ceil(threads()).max(1);
    let sorted = shared_out(records.chunks(stretch).zip((0..).step_by(stretch)), |(records, first): (_, usize)| {
        let places = (u32::try_from(first).unwrap_or(u32::MAX)..).zip(records);
        let billed = places.filter(|(place, _)| entries.of(*place).any(|billed| frozen.class(billed.class).is_some()));
        let name = |(place, record): (u32, &Record)| Named { account: ranks[&record.account], id: record.id, place };
        let mut named: Vec<Named> = billed.map(name).collect();
        named.sort_unstable_by(by_name);
        named
    });
    let mut all = sorted.concat();
    all.sort_by(by_name); // a stable sort merges the stretches that are in order
    all
}

/// The rank of each account by its text.
fn account_ranks(frozen: &Frozen<'_>, records: &[Record]) -> BTreeMap<Sym, u32> {
    let (names, _) = frozen.texts;
    let accounts = records.iter().map(|record| record.account);
    let mut last = None;
    let changes = accounts.filter(|account| last.replace(*account) != Some(*account));
    let texts: BTreeMap<&str, Sym> = changes.map(|account| (names.get(account), account)).collect();
    texts.into_values().zip(0..).collect()
}

/// The resources of a stretch, the first of which has the number `first`, with room for others behind them.
fn make(frozen: &Frozen<'_>, known: &Known<'_>, (named, first): (&[Named], usize), room: usize) -> Made {
    let Known { ids, records, entries } = known;
    let (names, sets) = frozen.texts;
    let mut shared = Shared::new(names);
    let mut tag_sets: Vec<Option<(Arc<Tags>, PartyKey)>> = vec![None; sets.count()];
    let (mut resources, mut uses) = (Vec::with_capacity(room), Vec::new());
    let mut all_billed = BilledList::with_room(entries.most(room));
    let (mut billed, mut text) = (Vec::new(), String::new());
    for (number, Named { place, id, .. }) in (u32::try_from(first).unwrap_or(u32::MAX)..).map(ResourceId).zip(named) {
        let record = &records[*place as usize];
        billed.clear();
        billed.extend(entries.of(*place).filter_map(|billed| Some((frozen.class(billed.class)?, billed))));
        billed.sort_unstable_by_key(|(class, _)| *class);
        text.clear();
        ids.write(*id, &mut text);
        let start = all_billed.len();
        billed.iter().for_each(|(class, one)| all_billed.push(number, *class, one.costs));
        let of_set = || {
            let tags = Arc::new(tags(frozen, record.tags));
            (tags, frozen.parties.of_tags(record.tags, frozen.texts))
        };
        let (tags, of_tags) = tag_sets[record.tags.0 as usize].get_or_insert_with(of_set);
        resources.push(Resource {
            id: Arc::from(text.as_str()),
            account: shared.get(record.account),
            region: region(&all_billed, start..all_billed.len(), frozen.classes),
            party: party(frozen.parties.with_account(*of_tags, record.account), &mut shared),
            tags: tags.clone(),
            seen: if record.seen.hours() == 0 { Span::default() } else { record.seen },
            billed: start..all_billed.len(),
        });
        let kept = billed.iter().filter_map(|(class, one)| Some((*class, one.hours?)));
        uses.extend(kept.map(|(class, hours)| Use { resource: number, class, hours }));
    }
    Made { resources, billed: all_billed, uses }
}

/// The region where most of a resource is billed; of equals the first by name.
fn region(billed: &BilledList, places: Range<usize>, classes: &[Class]) -> Arc<str> {
    let region = |class: ClassId| &classes[class.0 as usize].region;
    let mut all = billed.classes(places.clone()).map(region);
    if let Some(first) = all.next()
        && all.all(|other| other == first)
    {
        return first.clone();
    }
    let mut by_region: BTreeMap<&Arc<str>, Costs> = BTreeMap::new();
    for Billed { class, costs, .. } in billed.of(places) {
        *by_region.entry(region(class)).or_default() += costs;
    }
    let most = by_region
        .iter()
        .filter(|(region, _)| !region.is_empty())
        .max_by_key(|(region, sums)| (sums.effective.max(sums.on_demand), std::cmp::Reverse(**region)));
    most.map_or_else(|| Arc::from(""), |(region, _)| (*region).clone())
}

fn tags(frozen: &Frozen<'_>, id: TagsId) -> Tags {
    let (names, sets) = frozen.texts;
    let pairs = sets.get(id).iter();
    let mut texts: Vec<(&str, &str)> = pairs.map(|(key, value)| (names.get(*key), names.get(*value))).collect();
    texts.sort_unstable();
    texts.into_iter().map(|(key, value)| (Box::from(key), Box::from(value))).collect()
}
