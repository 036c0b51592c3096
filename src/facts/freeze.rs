//! Sums become facts: names are sorted, numbers given anew, so that nothing of the reading order is left.

mod named;
mod resources;

use super::{
    Asked, Basis, Chained, Class, ClassDays, ClassId, Commitment, Costs, Details, Facts, Fee, Granularity, LineType,
    Party, Spends, Survey, Uses,
    commitments::{CommitmentSum, Commitments},
    fold::{ByClass, Folded, Map, map},
    parties::{Parties, PartyKey},
    sums::SumList,
    tables::Cells,
    usage::ClassHours,
};
use crate::{
    error::{Error, Result},
    exports::Exports,
    money::Money,
    names::{Names, Sym},
    parallel::at_once,
    scan::{ClassKey, ClassTable, Dialect, Part, TagSets, columns::Text, is_aws},
    sku::{Texts, What},
    time::{Hour, Span},
};
use named::Order;
use resources::Made;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Turns all workers' sums into facts.
pub(super) fn freeze(folded: Folded, exports: &Exports, asked: &Asked, survey: &Survey) -> Result<Facts> {
    let Folded { names, tags, classes: table, parties, quality, mut by_resource, by_class } = folded;
    let hours = Chained::of(by_resource.iter_mut().map(|part| part.what.resources.take_hours()).collect());
    let mut shared = Shared::new(&names);
    let ((classes, class_ids), (order, by_class)) = at_once(
        || classes(&table, &mut shared),
        || at_once(|| Order::of(&names, &by_resource, &hours), || ByClass::merged(by_class, &names)),
    );
    let dialect = exports.parts.first().map_or(Dialect::Cur2, Part::dialect);
    let currency = currency(&classes, asked, dialect)?;
    let foreign: Vec<bool> = classes.iter().map(|class| class.currency != currency).collect();
    let (texts, granularity) = ((&names, &tags), survey.granularity());
    let frozen = Frozen { texts, parties: &parties, class_ids, classes: &classes, foreign: &foreign, granularity };
    let money_and_hours = || {
        let ByClass { mut cells, hours, commitments } = by_class;
        let (parties, party_ids) = parties_of(&cells, &mut shared);
        let sums = cells.take_sums();
        let (spend, others) = spend(&frozen, &cells, &party_ids, sums);
        let priced = by_class_of(&spend, frozen.classes.len());
        (
            parties,
            (spend, priced),
            others,
            class_days(&frozen, hours),
            commitments_of(&frozen, &commitments, &mut shared),
        )
    };
    let (made, (parties, (spend, priced_classes), others, class_days, commitments)) =
        at_once(|| resources::resources(&frozen, &order, hours), money_and_hours);
    let Made { resources, billed, uses, hours } = made;
    let net = exports.parts.iter().any(|part| part.layout().has_net());
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
        billed,
        parties,
        spend,
        priced_classes,
        usage: Uses::of(uses, hours, granularity),
        class_days,
        commitments,
        listed: Vec::new(),
        other_currencies: others.into_iter().collect(),
        quality,
    })
}

/// Texts that many facts share.
struct Shared<'a> {
    names: &'a Names,
    texts: Map<Sym, Arc<str>>,
}

impl<'a> Shared<'a> {
    fn new(names: &'a Names) -> Self {
        Self { names, texts: map() }
    }

    fn get(&mut self, sym: Sym) -> Arc<str> {
        self.texts.entry(sym).or_insert_with(|| Arc::from(self.names.get(sym))).clone()
    }

    fn filled(&mut self, sym: Sym) -> Option<Arc<str>> {
        (sym != Sym::NONE).then(|| self.get(sym))
    }
}

/// The classes sorted by their texts, and the new number of each old one.
fn classes(table: &ClassTable, shared: &mut Shared<'_>) -> (Vec<Class>, Vec<ClassId>) {
    let names = shared.names;
    let mut keys: Vec<(&ClassKey, u32)> = table.keys().iter().zip(0..).collect();
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
    let provider = of(Text::Provider);
    let line = LineType::parse(&line_name);
    let texts = Texts {
        product: &product,
        usage_type: &usage_type,
        operation: &operation,
        instance_type: &instance_type,
        engine: &engine,
    };
    let what = match line {
        _ if !is_aws(&provider) => What::Other,
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
        provider: if provider.is_empty() { Arc::from("AWS") } else { provider },
        product,
        usage_type,
        operation,
        line,
        line_name,
        what,
    }
}

/// The currency to price.
fn currency(classes: &[Class], asked: &Asked, dialect: Dialect) -> Result<Arc<str>> {
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
            .in_column(Text::SPECS[Text::Currency as usize].names(dialect).join("` or `"))
            .help("name the one to price with --currency; the others are then listed apart")),
    }
}

/// The parties sorted, and the new number of each old one.
fn parties_of(cells: &Cells, shared: &mut Shared<'_>) -> (Vec<Party>, Vec<u32>) {
    let mut all: Vec<(Party, usize)> = cells.parties().iter().map(|key| party(*key, shared)).zip(0..).collect();
    all.sort();
    let mut ids = vec![0; all.len()];
    (0u32..).zip(&all).for_each(|(id, (_, old))| ids[*old] = id);
    (all.into_iter().map(|(party, _)| party).collect(), ids)
}

fn party((workload, owner): PartyKey, shared: &mut Shared<'_>) -> Party {
    Party { workload: shared.filled(workload), owner: shared.filled(owner) }
}

/// What is known before resources, hours and commitments get their final numbers.
struct Frozen<'a> {
    texts: (&'a Names, &'a TagSets),
    parties: &'a Parties,
    class_ids: Vec<ClassId>,
    classes: &'a [Class],
    foreign: &'a [bool],
    granularity: Granularity,
}

impl Frozen<'_> {
    /// The new number of a class; `None` when it is in another currency.
    fn class(&self, old: u32) -> Option<ClassId> {
        let class = self.class_ids[old as usize];
        (!self.foreign[class.0 as usize]).then_some(class)
    }
}

/// The spend of the priced currency, and the sums of each other one.
fn spend(frozen: &Frozen<'_>, cells: &Cells, party_ids: &[u32], sums: SumList) -> (Spends, BTreeMap<Arc<str>, Costs>) {
    let mut others: BTreeMap<Arc<str>, Costs> = BTreeMap::new();
    let places = cells.places().filter_map(|(day, priced, class, party, cell)| {
        if let Some(class) = frozen.class(class) {
            return Some((day, priced, class, party_ids[party as usize], cell));
        }
        let class = frozen.class_ids[class as usize];
        *others.entry(frozen.classes[class.0 as usize].currency.clone()).or_default() += sums.get(cell);
        None
    });
    let mut list = Vec::with_capacity(sums.count() as usize);
    list.extend(places);
    (Spends::of(list, sums), others)
}

/// The spend of the priced period by class.
fn by_class_of(spend: &Spends, classes: usize) -> Vec<(ClassId, Costs)> {
    let mut sums: Vec<Option<Costs>> = vec![None; classes];
    for spend in spend.iter().filter(|spend| spend.priced) {
        *sums[spend.class.0 as usize].get_or_insert_default() += spend.costs;
    }
    (0u32..).map(ClassId).zip(sums).filter_map(|(class, costs)| Some((class, costs?))).collect()
}

/// The usage of each class by the hour; what a daily or monthly line sums is spread over its hours.
fn class_days(frozen: &Frozen<'_>, hours: ClassHours) -> ClassDays {
    let places = hours.places().filter_map(|((class, day), block)| Some((frozen.class(class)?, day, block))).collect();
    if frozen.granularity == Granularity::Hourly {
        return ClassDays::of(places, hours);
    }
    let mut spread = ClassHours::default();
    for (class, day, block) in places {
        for (hour, quantity) in (0..).map(|at| day.start().plus(at)).zip(hours.get(block)) {
            let span = frozen.granularity.spread(hour);
            let each = quantity.ratio(1, span.hours().into());
            for hour in (span.start.0..span.end.0).map(Hour).take_while(|_| !each.is_zero()) {
                spread.add(class.0, hour, each);
            }
        }
    }
    ClassDays::of(spread.places().map(|((class, day), block)| (ClassId(class), day, block)).collect(), spread)
}

fn commitments_of(frozen: &Frozen<'_>, commitments: &Commitments, shared: &mut Shared<'_>) -> Vec<Commitment> {
    let all = commitments.iter().map(|(arn, sum)| commitment(arn, sum, shared, frozen));
    let mut all: Vec<Commitment> = all.collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn commitment(arn: Sym, sum: &CommitmentSum, shared: &mut Shared<'_>, frozen: &Frozen<'_>) -> Commitment {
    let [offering, region, family, payment, term, start, end] = sum.details.map(|sym| shared.get(sym));
    let covers: BTreeMap<ClassId, Costs> =
        sum.covers.iter().filter_map(|(class, costs)| Some((frozen.class(*class)?, *costs))).collect();
    let fees = sum.fees.iter().filter_map(|(&(start, end, class), &units)| {
        Some(Fee { hours: Span::new(start, end), class: frozen.class(class)?, units })
    });
    let mut fees: Vec<Fee> = fees.collect();
    fees.sort_by_key(|fee| (fee.hours.start, fee.hours.end, fee.class));
    let hourly = sum.hourly.runs(|hour| frozen.granularity.spread(hour));
    Commitment {
        id: shared.get(arn),
        plan: sum.plan,
        payer: shared.get(sum.payer),
        owner: shared.get(sum.owner),
        details: Details { offering, region, family, payment, term, start, end },
        used: sum.used.amortised(),
        unused: sum.unused.amortised(),
        on_demand: sum.used.on_demand,
        committed: sum.committed,
        consumed: sum.consumed,
        reserved: sum.reserved,
        zone: shared.get(sum.zone),
        covers: covers.into_iter().collect(),
        hourly: hourly.map(|(span, amount)| (span, Money(amount.0))).collect(),
        fees,
        listed: None,
    }
}
