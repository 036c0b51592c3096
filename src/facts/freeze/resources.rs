//! Resources in the order of their names, made by several workers: each takes a stretch of that order.

use super::{
    super::{
        BilledList, Class, ClassId, Costs, Resource, ResourceId, Tags, chained::Chained, fold::tag_order,
        lists::BilledStretch, parties::PartyKey, tables::Billed, timed::Use, usage::HourSet,
    },
    Frozen, Shared,
    named::{Named, Order},
    party,
};
use crate::{
    names::Sym,
    parallel::{shared_out, threads},
    scan::TagsId,
    time::Span,
};
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// Resources, with what was billed for them and their hours.
#[derive(Default)]
pub(super) struct Made {
    pub(super) resources: Chained<Resource>,
    pub(super) billed: BilledList,
    /// Where the hours of each are kept.
    pub(super) uses: Vec<Use>,
    pub(super) hours: Chained<HourSet>,
}

/// A stretch of them, numbered from 0 on.
#[derive(Default)]
struct Stretch {
    resources: Vec<Resource>,
    billed: BilledStretch,
    uses: Vec<Use>,
    /// Sets of hours of the same class of the same resource: the second goes into the first.
    twice: Vec<[u32; 2]>,
}

/// All resources, sorted by account and id.
pub(super) fn resources(frozen: &Frozen<'_>, order: &Order<'_>, hours: Chained<HourSet>) -> Made {
    let open = Mutex::new(order.stretches().into_iter().enumerate());
    let next = || {
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        open.next()
    };
    let made = shared_out(0..threads(), |_| {
        let (mut maker, mut made) = (Maker::new(frozen, order), Vec::new());
        while let Some((number, some)) = next() {
            maker.made = Stretch::with_room([some.len(), 2 * some.len()]);
            maker.make(some);
            made.push((number, std::mem::take(&mut maker.made)));
        }
        made
    });
    let mut made: Vec<(usize, Stretch)> = made.into_iter().flatten().collect();
    made.sort_by_key(|(number, _)| *number);
    joined(made.into_iter().map(|(_, made)| made), hours)
}

impl Stretch {
    fn with_room([resources, billed]: [usize; 2]) -> Self {
        let (resources, billed) = (Vec::with_capacity(resources), BilledStretch::with_room(billed));
        Self { resources, billed, ..Self::default() }
    }
}

/// Stretches one behind the other.
fn joined(made: impl Iterator<Item = Stretch>, hours: Chained<HourSet>) -> Made {
    let mut all = Made { hours, ..Made::default() };
    for mut of in made {
        let (first, first_billed) = (all.resources.count(), all.billed.len());
        of.resources.iter_mut().for_each(|one| {
            one.billed = first_billed + one.billed.start..first_billed + one.billed.end;
        });
        of.billed.renumber(first);
        of.uses.iter_mut().for_each(|of| of.resource.0 += first);
        all.resources.push(of.resources);
        all.billed.push(of.billed);
        all.uses.append(&mut of.uses);
        for [ours, theirs] in of.twice {
            let more = std::mem::take(all.hours.at_mut(theirs));
            all.hours.at_mut(ours).merge(&more);
        }
    }
    all
}

/// What is known of a class of a resource: its sums, and the number of its hours if they are kept.
type Known = (ClassId, Costs, Option<u32>);

/// So many resources are loaded at once.
const AT_ONCE: usize = 128;

/// Makes resources.
struct Maker<'a> {
    frozen: &'a Frozen<'a>,
    order: &'a Order<'a>,
    shared: Shared<'a>,
    tag_sets: Vec<Option<(Arc<Tags>, PartyKey)>>,
    known: Vec<Known>,
    text: String,
    made: Stretch,
}

impl<'a> Maker<'a> {
    fn new(frozen: &'a Frozen<'a>, order: &'a Order<'a>) -> Self {
        let (names, sets) = frozen.texts;
        let tag_sets = vec![None; sets.count()];
        let (shared, known, text) = (Shared::new(names), Vec::new(), String::new());
        Self { frozen, order, shared, tag_sets, known, text, made: Stretch::default() }
    }

    /// Makes those of a stretch.
    fn make(&mut self, named: &[Named]) {
        let (mut at, mut loaded) = (0, 0);
        for same in named.chunk_by(Named::is) {
            if at >= loaded {
                loaded = named.len().min(at + AT_ONCE);
                self.order.touch(&named[at..loaded]);
            }
            at += same.len();
            self.make_one(same);
        }
    }

    /// Makes the one of a name, if it has anything in the priced currency.
    fn make_one(&mut self, same: &[Named]) {
        let Self { frozen, order, shared, tag_sets, known, text, made } = self;
        classes_of(frozen, order, same, known, &mut made.twice);
        if known.is_empty() {
            return;
        }
        let number = ResourceId(u32::try_from(made.resources.len()).unwrap_or(u32::MAX));
        let seen = Seen::of(frozen, order, same);
        let start = made.billed.len();
        for (class, costs, hours) in known {
            made.billed.push(number, *class, *costs);
            made.uses.extend(hours.map(|hours| Use { resource: number, class: *class, hours }));
        }
        text.clear();
        order.write(&same[0], text);
        let of_set = || {
            let tags = Arc::new(tags(frozen, seen.tags));
            (tags, frozen.parties.of_tags(seen.tags, frozen.texts))
        };
        let (tags, of_tags) = tag_sets[seen.tags.0 as usize].get_or_insert_with(of_set);
        made.resources.push(Resource {
            id: Arc::from(text.as_str()),
            account: shared.get(seen.account),
            region: region(&made.billed, start..made.billed.len(), frozen.classes),
            party: party(frozen.parties.with_account(*of_tags, seen.account), shared),
            tags: tags.clone(),
            seen: if seen.seen.hours() == 0 { Span::default() } else { seen.seen },
            billed: start..made.billed.len(),
        });
    }
}

/// What the lines of a resource tell that all workers read.
struct Seen {
    account: Sym,
    seen: Span,
    /// Of the latest line.
    tags: TagsId,
}

impl Seen {
    fn of(frozen: &Frozen<'_>, order: &Order<'_>, same: &[Named]) -> Self {
        let (mut all, mut latest) = (Self { account: Sym::NONE, seen: Span::default(), tags: TagsId::default() }, None);
        for named in same {
            let (source, record) = order.record(named);
            let tags = source.set(record.tags);
            all.account = source.sym(record.account);
            all.seen = all.seen.hull(record.seen);
            let order = latest.cmp(&Some(record.latest)).then_with(|| tag_order(frozen.texts, all.tags, tags));
            if order.is_lt() {
                (latest, all.tags) = (Some(record.latest), tags);
            }
        }
        all
    }
}

/// The classes in the priced currency of a resource, in order, with all that workers know of each.
fn classes_of(
    frozen: &Frozen<'_>,
    order: &Order<'_>,
    same: &[Named],
    known: &mut Vec<Known>,
    twice: &mut Vec<[u32; 2]>,
) {
    known.clear();
    for named in same {
        let (source, _) = order.record(named);
        let one = |billed: Billed| {
            let class = source.class(frozen, billed.class)?;
            Some((class, billed.costs, billed.hours.map(|number| source.hours + number)))
        };
        known.extend(source.entries.of(named.place).filter_map(one));
    }
    known.sort_by_key(|(class, ..)| *class);
    known.dedup_by(|(class, costs, hours), (before, sum, kept)| {
        let same = class == before;
        if same {
            *sum += *costs;
            match (*kept, *hours) {
                (Some(ours), Some(theirs)) => twice.push([ours, theirs]),
                (None, theirs) => *kept = theirs,
                (Some(_), None) => {}
            }
        }
        same
    });
}

/// The region where most of a resource is billed; of equals the first by name.
fn region(billed: &BilledStretch, places: Range<usize>, classes: &[Class]) -> Arc<str> {
    let region = |class: ClassId| &classes[class.0 as usize].region;
    let mut all = billed.classes(places.clone()).map(region);
    if let Some(first) = all.next()
        && all.all(|other| other == first)
    {
        return first.clone();
    }
    let mut by_region: BTreeMap<&Arc<str>, Costs> = BTreeMap::new();
    for super::super::Billed { class, costs, .. } in places.map(|at| billed.get(at)) {
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
