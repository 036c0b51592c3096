//! Sums become facts: names are sorted, numbers given anew, so that nothing of the reading order is left.

use super::{
    Asked, Basis, Class, ClassDay, ClassId, Commitment, Cost, Costs, Details, Facts, Fee, Granularity, LineType, Party,
    Resource, ResourceId, Spend, Survey, Tags, Usage,
    fold::{CommitmentSum, PartyKey, Sums},
    line::Groups,
    tables::{Billed, CellKey, Record},
    usage::{Block, ClassHours},
};
use crate::{
    error::{Error, Result},
    exports::Exports,
    money::{Money, Quantity},
    names::{Names, Sym},
    scan::{ClassKey, Dictionary, TagsId, columns::Text},
    sku::{Texts, What},
    time::{Day, Hour, Span},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Turns the merged sums into facts.
pub(super) fn freeze(
    (dictionary, sums): (Dictionary, Sums<'_>),
    exports: &Exports,
    asked: &Asked,
    survey: &Survey,
) -> Result<Facts> {
    let mut shared = Shared { names: &dictionary.names, texts: BTreeMap::new() };
    let (classes, class_ids) = classes(&dictionary, &mut shared);
    let currency = currency(&classes, asked)?;
    let foreign: Vec<bool> = classes.iter().map(|class| class.currency != currency).collect();
    let (parties, party_ids) = parties(&sums, &mut shared);

    let mut spend = Vec::new();
    let mut others: BTreeMap<Arc<str>, Costs> = BTreeMap::new();
    for (CellKey { day, priced, class, party }, costs) in sums.cells.iter() {
        let class = class_ids[class as usize];
        if foreign[class.0 as usize] {
            *others.entry(classes[class.0 as usize].currency.clone()).or_default() += costs;
        } else {
            spend.push(Spend { day, priced, class, party: party_ids[&party], costs });
        }
    }
    spend.sort_by_key(|cell| (cell.day, cell.priced, cell.class, cell.party));

    let granularity = survey.granularity();
    let known = Known { class_ids, classes: &classes, foreign: &foreign, granularity };
    let (resources, usage) = resources(&dictionary, &sums, &mut shared, &known);
    let class_days = class_days(&sums.hours, &known);
    let commitments = commitments(&sums, &mut shared, &known);
    let net = exports.parts.iter().any(|part| Groups::of(part.layout()).net);
    Ok(Facts {
        read: survey.span().unwrap_or_default(),
        window: asked.window,
        complete_months: survey.complete_months(),
        granularity,
        mixed_currencies: if asked.currency.is_none() && !others.is_empty() {
            others.keys().cloned().collect()
        } else {
            Vec::new()
        },
        currency,
        basis: if net { Basis::Net } else { Basis::Gross },
        classes,
        resources,
        parties,
        spend,
        usage,
        class_days,
        commitments,
        other_currencies: others.into_iter().collect(),
        quality: sums.quality,
    })
}

/// Texts that many facts share.
struct Shared<'a> {
    names: &'a Names,
    texts: BTreeMap<Sym, Arc<str>>,
}

impl Shared<'_> {
    fn get(&mut self, sym: Sym) -> Arc<str> {
        self.texts.entry(sym).or_insert_with(|| Arc::from(self.names.get(sym))).clone()
    }

    fn filled(&mut self, sym: Sym) -> Option<Arc<str>> {
        (sym != Sym::NONE).then(|| self.get(sym))
    }
}

/// The classes sorted by their texts, and the new number of each old one.
fn classes(dictionary: &Dictionary, shared: &mut Shared<'_>) -> (Vec<Class>, Vec<ClassId>) {
    let names = shared.names;
    let mut keys: Vec<(&ClassKey, u32)> = dictionary.classes.keys().iter().zip(0..).collect();
    keys.sort_by_cached_key(|(key, _)| key.0.map(|sym| names.get(sym)));
    let mut ids = vec![ClassId(0); keys.len()];
    let mut classes = Vec::with_capacity(keys.len());
    for (new, (key, old)) in (0u32..).zip(keys) {
        ids[old as usize] = ClassId(new);
        classes.push(class(key, shared));
    }
    (classes, ids)
}

fn class(key: &ClassKey, shared: &mut Shared<'_>) -> Class {
    let mut of = |column| shared.get(key.text(column));
    let (product, usage_type, operation) = (of(Text::ProductCode), of(Text::UsageType), of(Text::Operation));
    let (instance_type, engine, line_name) = (of(Text::InstanceType), of(Text::Engine), of(Text::LineType));
    let (zone, region, currency) = (of(Text::Zone), of(Text::Region), of(Text::Currency));
    let line = LineType::parse(&line_name);
    let texts = Texts {
        product: &product,
        usage_type: &usage_type,
        operation: &operation,
        instance_type: &instance_type,
        engine: &engine,
    };
    let what = match line {
        LineType::RiFee => What::of_fee(texts),
        line if line.is_usage() => What::of(texts),
        _ => What::Other,
    };
    // Some services name their region in the column of zones.
    let is_zone = zone.ends_with(|c: char| c.is_ascii_lowercase());
    let region = match (region.is_empty(), is_zone) {
        (false, _) => region,
        (true, true) => Arc::from(zone.trim_end_matches(|c: char| c.is_ascii_lowercase())),
        (true, false) => zone.clone(),
    };
    Class {
        payer: of(Text::Payer),
        account: of(Text::Account),
        region,
        zone: is_zone.then_some(zone),
        unit: of(Text::Unit),
        currency: if currency.is_empty() { Arc::from("USD") } else { currency },
        product,
        usage_type,
        operation,
        line,
        line_name,
        what,
    }
}

/// The currency to price.
fn currency(classes: &[Class], asked: &Asked) -> Result<Arc<str>> {
    let all: BTreeSet<&Arc<str>> = classes.iter().map(|class| &class.currency).collect();
    let listed = || all.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(", ");
    match (&asked.currency, all.first()) {
        (Some(wanted), _) => {
            let wanted: Arc<str> = Arc::from(wanted.as_str());
            let unknown =
                || Error::new(format!("--currency {wanted}: the bill has no line in it, only in {}", listed()));
            if all.contains(&wanted) { Ok(wanted) } else { Err(unknown()) }
        }
        (None, None) => Ok(Arc::from("USD")),
        (None, Some(only)) if all.len() == 1 => Ok((*only).clone()),
        (None, Some(_)) if !asked.one_currency => {
            let count = |name: &Arc<str>| classes.iter().filter(|class| class.currency == *name).count();
            let most = all.iter().max_by_key(|name| (count(name), std::cmp::Reverse(**name)));
            most.map(|name| (*name).clone()).ok_or_else(|| Error::new("no currency"))
        }
        (None, Some(_)) => Err(Error::new(format!("the bill mixes currencies: {}", listed()))
            .in_column("line_item_currency_code")
            .help("name the one to price with --currency; the others are then listed apart")),
    }
}

/// The parties sorted, and the number of each.
fn parties(sums: &Sums<'_>, shared: &mut Shared<'_>) -> (Vec<Party>, BTreeMap<PartyKey, u32>) {
    let keys: BTreeSet<PartyKey> = sums.cells.iter().map(|(cell, _)| cell.party).collect();
    let mut all: Vec<(Party, PartyKey)> = keys.into_iter().map(|key| (party(key, shared), key)).collect();
    all.sort();
    let ids = (0u32..).zip(&all).map(|(id, (_, key))| (*key, id)).collect();
    (all.into_iter().map(|(party, _)| party).collect(), ids)
}

fn party((workload, owner): PartyKey, shared: &mut Shared<'_>) -> Party {
    Party { workload: shared.filled(workload), owner: shared.filled(owner) }
}

/// What is known before resources, hours and commitments get their final numbers.
struct Known<'a> {
    class_ids: Vec<ClassId>,
    classes: &'a [Class],
    foreign: &'a [bool],
    granularity: Granularity,
}

impl Known<'_> {
    /// The new number of a class; `None` when it is in another currency.
    fn class(&self, old: u32) -> Option<ClassId> {
        let class = self.class_ids[old as usize];
        (!self.foreign[class.0 as usize]).then_some(class)
    }

    /// The hours that a usage line which begins in an hour spans.
    fn spread(&self, hour: Hour) -> Span {
        let end = match self.granularity {
            Granularity::Hourly => hour.plus(1),
            Granularity::Daily => hour.plus(24),
            Granularity::Monthly => hour.next_month(),
        };
        Span::new(hour, end)
    }
}

/// A class, and what is known of it for one resource.
type Row<'a> = (ClassId, Billed<'a>);

fn resources(
    dictionary: &Dictionary,
    sums: &Sums<'_>,
    shared: &mut Shared<'_>,
    known: &Known<'_>,
) -> (Vec<Resource>, Vec<Usage>) {
    let names = &dictionary.names;
    let records = sums.resources.records();
    let billed = sums.resources.billed();
    let mut billed: Vec<Row<'_>> = billed.filter_map(|billed| Some((known.class(billed.class)?, billed))).collect();
    billed.sort_unstable_by_key(|(class, billed)| (billed.place, *class));
    let mut groups: Vec<&[Row<'_>]> = billed.chunk_by(|a, b| a.1.place == b.1.place).collect();
    groups.sort_by_cached_key(|group| {
        let record = &records[group[0].1.place];
        (names.get(record.account), dictionary.ids.text(record.id))
    });
    let mut tag_sets: BTreeMap<TagsId, (Arc<Tags>, PartyKey)> = BTreeMap::new();
    let (mut all, mut usage) = (Vec::with_capacity(groups.len()), Vec::new());
    for (number, group) in (0u32..).zip(groups) {
        let Record { account, id, seen, tags: set, .. } = &records[group[0].1.place];
        let costs: Vec<(ClassId, Costs)> = group.iter().map(|(class, billed)| (*class, billed.costs)).collect();
        let of_set = || (Arc::new(tags(dictionary, *set)), sums.party_of_tags(*set, dictionary));
        let (tags, of_tags) = tag_sets.entry(*set).or_insert_with(of_set);
        all.push(Resource {
            id: Arc::from(dictionary.ids.text(*id)),
            account: shared.get(*account),
            region: region(&costs, known.classes),
            party: party(sums.with_account(*of_tags, *account), shared),
            tags: tags.clone(),
            seen: if seen.hours() == 0 { Span::default() } else { *seen },
            costs,
        });
        for (class, billed) in group {
            let runs = billed.hours.map(|hours| hours.runs(|hour| known.spread(hour)));
            let of = |(hours, per_hour)| Usage { resource: ResourceId(number), class: *class, hours, per_hour };
            usage.extend(runs.into_iter().flatten().map(of));
        }
    }
    (all, usage)
}

/// The usage of each class by the hour; what a daily or monthly line sums is spread over its hours.
fn class_days(sums: &ClassHours, known: &Known<'_>) -> Vec<ClassDay> {
    let mut days: BTreeMap<(ClassId, Day), Block> = BTreeMap::new();
    for ((class, day), block) in sums.iter() {
        let Some(class) = known.class(class) else { continue };
        for (hour, quantity) in (0..).map(|at| day.start().plus(at)).zip(block) {
            let span = known.spread(hour);
            let each = quantity.ratio(1, span.hours().into());
            for hour in (span.start.0..span.end.0).map(Hour).take_while(|_| !each.is_zero()) {
                let at = usize::try_from(hour.0.rem_euclid(24)).unwrap_or(0);
                days.entry((class, hour.day())).or_insert([Quantity::ZERO; 24])[at] += each;
            }
        }
    }
    days.into_iter().map(|((class, day), hours)| ClassDay { class, day, hours }).collect()
}

/// The region where most of a resource is billed; of equals the first by name.
fn region(costs: &[(ClassId, Costs)], classes: &[Class]) -> Arc<str> {
    let mut by_region: BTreeMap<&Arc<str>, Costs> = BTreeMap::new();
    for (class, sums) in costs {
        *by_region.entry(&classes[class.0 as usize].region).or_default() += *sums;
    }
    let most = by_region
        .iter()
        .filter(|(region, _)| !region.is_empty())
        .max_by_key(|(region, sums)| (sums.effective.max(sums.on_demand), std::cmp::Reverse(**region)));
    most.map_or_else(|| Arc::from(""), |(region, _)| (*region).clone())
}

fn tags(dictionary: &Dictionary, id: TagsId) -> Tags {
    let pairs = dictionary.tags.get(id).iter();
    let mut texts: Vec<(&str, &str)> =
        pairs.map(|(key, value)| (dictionary.names.get(*key), dictionary.names.get(*value))).collect();
    texts.sort_unstable();
    texts.into_iter().map(|(key, value)| (Box::from(key), Box::from(value))).collect()
}

fn commitments(sums: &Sums<'_>, shared: &mut Shared<'_>, known: &Known<'_>) -> Vec<Commitment> {
    let all = sums.commitments.iter().map(|(arn, sum)| commitment(*arn, sum, shared, known));
    let mut all: Vec<Commitment> = all.collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn commitment(arn: Sym, sum: &CommitmentSum, shared: &mut Shared<'_>, known: &Known<'_>) -> Commitment {
    let [offering, region, family, payment, term, start, end] = sum.details.map(|sym| shared.get(sym));
    let cost = |costs: &Costs| Cost { gross: costs.effective, net: costs.net };
    let covers: BTreeMap<ClassId, Costs> =
        sum.covers.iter().filter_map(|(class, costs)| Some((known.class(*class)?, *costs))).collect();
    let fees = sum.fees.iter().filter_map(|(&(start, end, class), &units)| {
        Some(Fee { hours: Span::new(start, end), class: known.class(class)?, units })
    });
    let mut fees: Vec<Fee> = fees.collect();
    fees.sort_by_key(|fee| (fee.hours.start, fee.hours.end, fee.class));
    let hourly = sum.hourly.runs(|hour| known.spread(hour));
    Commitment {
        id: shared.get(arn),
        plan: sum.plan,
        payer: shared.get(sum.payer),
        owner: shared.get(sum.owner),
        details: Details { offering, region, family, payment, term, start, end },
        used: cost(&sum.used),
        unused: cost(&sum.unused),
        on_demand: sum.used.on_demand,
        committed: sum.committed,
        consumed: sum.consumed,
        reserved: sum.reserved,
        zone: shared.get(sum.zone),
        covers: covers.into_iter().collect(),
        hourly: hourly.into_iter().map(|(span, amount)| (span, Money(amount.0))).collect(),
        fees,
    }
}
