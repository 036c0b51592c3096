//! Sums become facts: names are sorted, numbers given anew, so that nothing of the reading order is left.

use super::{
    Asked, Basis, Class, ClassId, Commitment, Cost, Costs, Details, Facts, LineType, Party, Resource, Spend, Survey,
    Tags,
    fold::{ClassKey, CommitmentSum, PartyKey, Sums, at},
    line::Groups,
    tables::Record,
};
use crate::{
    error::{Error, Result},
    exports::Exports,
    names::{Names, Sym},
    scan::{Dictionary, TagsId, columns::Text},
    sku::{Texts, What},
    time::Span,
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
    let (classes, class_ids) = classes(&sums, &mut shared);
    let currency = currency(&classes, asked)?;
    let foreign: Vec<bool> = classes.iter().map(|class| class.currency != currency).collect();
    let (parties, party_ids) = parties(&sums, &mut shared);

    let mut spend = Vec::new();
    let mut others: BTreeMap<Arc<str>, Costs> = BTreeMap::new();
    for ((day, priced, class, party), costs) in sums.cells.iter() {
        let class = class_ids[class as usize];
        if foreign[class.0 as usize] {
            *others.entry(classes[class.0 as usize].currency.clone()).or_default() += costs;
        } else {
            spend.push(Spend { day, priced, class, party: party_ids[&party], costs });
        }
    }
    spend.sort_by_key(|cell| (cell.day, cell.priced, cell.class, cell.party));

    let resources = resources(&dictionary, &sums, &mut shared, &class_ids, &classes, &foreign);
    let commitments = commitments(&sums, &mut shared);
    let net = exports.parts.iter().any(|part| Groups::of(part.layout()).net);
    Ok(Facts {
        read: survey.span().unwrap_or_default(),
        window: asked.window,
        complete_months: survey.complete_months(),
        granularity: survey.granularity(),
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
fn classes(sums: &Sums<'_>, shared: &mut Shared<'_>) -> (Vec<Class>, Vec<ClassId>) {
    let names = shared.names;
    let mut keys: Vec<(&ClassKey, u32)> = sums.classes.iter().collect();
    keys.sort_by_cached_key(|(key, _)| key.map(|sym| names.get(sym)));
    let mut ids = vec![ClassId(0); keys.len()];
    let mut classes = Vec::with_capacity(keys.len());
    for (new, (key, old)) in (0u32..).zip(keys) {
        ids[old as usize] = ClassId(new);
        classes.push(class(key, shared));
    }
    (classes, ids)
}

fn class(key: &ClassKey, shared: &mut Shared<'_>) -> Class {
    let mut of = |column| shared.get(key[at(column)]);
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
    let what = if line.is_usage() { What::of(texts) } else { What::Other };
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
    let keys: BTreeSet<PartyKey> = sums.cells.iter().map(|((_, _, _, party), _)| party).collect();
    let mut all: Vec<(Party, PartyKey)> = keys.into_iter().map(|key| (party(key, shared), key)).collect();
    all.sort();
    let ids = (0u32..).zip(&all).map(|(id, (_, key))| (*key, id)).collect();
    (all.into_iter().map(|(party, _)| party).collect(), ids)
}

fn party((workload, owner): PartyKey, shared: &mut Shared<'_>) -> Party {
    Party { workload: shared.filled(workload), owner: shared.filled(owner) }
}

/// A resource's place among the sums, a class, and their sums.
type Row = (usize, ClassId, Costs);

fn resources(
    dictionary: &Dictionary,
    sums: &Sums<'_>,
    shared: &mut Shared<'_>,
    class_ids: &[ClassId],
    classes: &[Class],
    foreign: &[bool],
) -> Vec<Resource> {
    let names = &dictionary.names;
    let records = sums.resources.records();
    let costs = sums.resources.costs().map(|(place, class, costs)| (place, class_ids[class as usize], costs));
    let mut costs: Vec<Row> = costs.filter(|(_, class, _)| !foreign[class.0 as usize]).collect();
    costs.sort_unstable_by_key(|(place, class, _)| (*place, *class));
    let mut groups: Vec<&[Row]> = costs.chunk_by(|a, b| a.0 == b.0).collect();
    groups.sort_by_cached_key(|group| {
        let record = &records[group[0].0];
        (names.get(record.account), names.get(record.id))
    });
    let mut tag_sets: BTreeMap<TagsId, Arc<Tags>> = BTreeMap::new();
    let mut all = Vec::with_capacity(groups.len());
    for group in groups {
        let Record { account, id, sum, .. } = &records[group[0].0];
        let costs: Vec<(ClassId, Costs)> = group.iter().map(|(_, class, costs)| (*class, *costs)).collect();
        let tags = tag_sets.entry(sum.tags).or_insert_with(|| Arc::new(tags(dictionary, sum.tags))).clone();
        all.push(Resource {
            id: Arc::from(names.get(*id)),
            account: shared.get(*account),
            region: region(&costs, classes),
            party: party(sum.party, shared),
            tags,
            seen: if sum.seen.hours() == 0 { Span::default() } else { sum.seen },
            costs,
        });
    }
    all
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

fn commitments(sums: &Sums<'_>, shared: &mut Shared<'_>) -> Vec<Commitment> {
    let mut all: Vec<Commitment> = sums.commitments.iter().map(|(arn, sum)| commitment(*arn, sum, shared)).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn commitment(arn: Sym, sum: &CommitmentSum, shared: &mut Shared<'_>) -> Commitment {
    let [offering, region, family, payment, term, start, end] = sum.details.map(|sym| shared.get(sym));
    let cost = |costs: &Costs| Cost { gross: costs.effective, net: costs.net };
    Commitment {
        id: shared.get(arn),
        plan: sum.plan,
        owner: shared.get(sum.owner),
        details: Details { offering, region, family, payment, term, start, end },
        used: cost(&sum.used),
        unused: cost(&sum.unused),
        on_demand: sum.used.on_demand,
        committed: sum.committed,
        consumed: sum.consumed,
        reserved: sum.reserved,
    }
}
