//! What the Graviton rules share: choosing a target from a price table, and building the finding.

use super::{Aspect, Context, Finding, Line, Owned, Signal, State, Successors, Target};
use crate::{
    bill::{Becomes, Edit},
    facts::{ClassId, LineType, Resource, ResourceId},
    instance::{Architecture, InstanceType},
    inventory::Inventory,
    money::{Money, Quantity},
    sku::{Instance, Purchase, Service, What, strip_region},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// How sure a rule is, by what was seen and where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trust {
    /// From the bill alone.
    bill: f64,
    /// With the resource in the inventory; as `bill` where no inventory can tell.
    inventory: Option<f64>,
    /// Regions where the targets are known to be offered.
    regions: Vec<String>,
    /// Taken off in any other region.
    elsewhere_penalty: f64,
}

/// The families that usage may move between, and how much a move must save.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Families {
    min_saving_percent: f64,
    accept_saving_percent: f64,
    classes: Vec<Class>,
}

/// Families that are alike in vCPU, memory, local disk and network at each size, with their public prices.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    name: String,
    /// The systems or engines that the prices are for; all if empty.
    software: Vec<String>,
    /// The size that the prices are stated at; others follow the normalisation factor.
    at: String,
    /// x86 families with their price.
    sources: BTreeMap<String, f64>,
    /// Source types that are not like the target of the same size.
    unlike: Vec<String>,
    /// Graviton families, the preferred first.
    targets: Vec<TargetFamily>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetFamily {
    family: String,
    price: f64,
    /// The sizes that it is offered in.
    sizes: Vec<String>,
}

/// A target for an instance type, with public prices of both.
pub(super) struct Choice {
    to: InstanceType,
    ratio: f64,
    from_price: f64,
    to_price: f64,
    class: String,
    alternatives: Vec<(InstanceType, f64)>,
}

/// A target whose instances may move.
pub(super) struct Case<'a> {
    /// Which.
    pub(super) target: Target,
    /// Its instance lines, of both architectures.
    pub(super) lines: Owned<'a>,
    /// The types that the inventory lists today; none if it does not tell.
    pub(super) today: Vec<&'a str>,
    /// Whether the inventory lists it.
    pub(super) listed: bool,
}

/// What the rules for managed services take: the service does the move, if the engine is new enough.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Managed {
    /// The oldest version that runs on Graviton, by engine.
    least_versions: BTreeMap<String, String>,
    trust: Trust,
    /// The families.
    pub(super) families: Families,
}

/// What the inventory tells of a managed resource.
pub(super) struct Today<'a> {
    /// The engine, where the bill does not name it.
    pub(super) engine: Option<&'a str>,
    /// The version of the engine.
    pub(super) version: Option<&'a str>,
    /// The types of its nodes.
    pub(super) types: Vec<&'a str>,
}

/// What instances move to, by the class of their hours: for each is chosen once.
pub(super) struct Moves<'r> {
    families: &'r Families,
    trust: &'r Trust,
    chosen: BTreeMap<ClassId, Option<Rc<Choice>>>,
}

/// The usage of one type and software in a case.
struct Part<'a> {
    instance: &'a Instance,
    choice: Rc<Choice>,
    moved: Moved,
}

/// Usage that an edit re-prices.
#[derive(Default)]
struct Moved {
    resources: BTreeSet<ResourceId>,
    classes: BTreeSet<ClassId>,
    on_demand: Quantity,
    covered: Quantity,
    cost: Money,
}

/// The unit prices of one kind of metered usage on both architectures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meter {
    /// The usage type without its region and what stands behind a colon.
    usage: String,
    x86: f64,
    arm: f64,
    /// The unit of both prices.
    unit: String,
}

/// Whether a line measures hours of an instance of a service.
pub(super) fn instance_of(what: &What, service: Service) -> bool {
    what.instance().is_some_and(|instance| instance.service == service)
}

/// Whether a version is older than the least one that a table asks of a software; unknown is not older.
pub(super) fn too_old(least: &BTreeMap<String, String>, software: &str, version: Option<&str>) -> bool {
    let numbers = |text: &str| text.split('.').map_while(|part| part.parse::<u32>().ok()).collect::<Vec<_>>();
    least.get(software).zip(version).is_some_and(|(least, version)| numbers(version) < numbers(least))
}

impl Trust {
    fn of(&self, region: &str, listed: bool) -> f64 {
        let seen = if listed { self.inventory.unwrap_or(self.bill) } else { self.bill };
        let known = self.regions.iter().any(|known| known == region);
        seen - if known { 0.0 } else { self.elsewhere_penalty }
    }
}

impl Managed {
    /// What it tells the rule on sizes.
    pub(super) fn successors(&self, service: Service) -> Successors {
        let (least_versions, families) = (self.least_versions.clone(), self.families.clone());
        Successors::of_managed(service, least_versions, families)
    }

    /// The resources of a service whose engine is not too old.
    pub(super) fn cases<'a>(
        &self,
        see: &Context<'a>,
        service: Service,
        listed: impl Fn(&'a Inventory, &Resource) -> Option<Today<'a>>,
    ) -> impl Iterator<Item = Case<'a>> {
        let all = see.resources_with(move |what| instance_of(what, service));
        all.filter_map(move |(id, resource, lines)| {
            let today = listed(see.inventory, resource);
            let old = |instance: &Instance| {
                let engine = today.as_ref().and_then(|today| today.engine).unwrap_or(&instance.software);
                too_old(&self.least_versions, engine, today.as_ref().and_then(|today| today.version))
            };
            let movable = !lines.iter().filter_map(|line| line.class.what.instance()).any(old);
            movable.then(|| Case {
                target: Target::Resource(id),
                lines: lines.into_iter().map(|line| (id, line)).collect(),
                listed: today.is_some(),
                today: today.map(|today| today.types).unwrap_or_default(),
            })
        })
    }

    /// The findings for the cases that can move.
    pub(super) fn findings<'a>(&self, see: &Context<'a>, cases: impl Iterator<Item = Case<'a>>) -> Vec<Finding> {
        let mut moves = self.families.moves(&self.trust);
        cases.filter_map(|case| moves.finding(see, case)).collect()
    }
}

impl Families {
    /// The newest family that saves the wanted share, else the one that saves most if that is acceptable.
    pub(super) fn choose(&self, instance: &Instance) -> Option<Choice> {
        let class = self.classes.iter().find(|class| class.holds(instance))?;
        let from = *class.sources.get(&instance.kind.family)?;
        let size =
            instance.kind.factor()? / InstanceType { size: class.at.clone(), ..instance.kind.clone() }.factor()?;
        let offered = |target: &&TargetFamily| target.sizes.contains(&instance.kind.size) && target.price < from;
        let cheaper: Vec<&TargetFamily> = class.targets.iter().filter(offered).collect();
        let saving = |target: &TargetFamily| ((1.0 - target.price / from) * 1e8).round() / 1e6;
        let most = cheaper.iter().copied().reduce(|a, b| if saving(b) > saving(a) { b } else { a })?;
        let newest = cheaper.iter().copied().find(|target| saving(target) >= self.min_saving_percent);
        let best = newest.unwrap_or(most);
        (saving(best) >= self.accept_saving_percent).then(|| Choice {
            to: instance.kind.in_family(&best.family),
            ratio: best.price / from,
            from_price: from * size,
            to_price: best.price * size,
            class: class.name.clone(),
            alternatives: cheaper
                .iter()
                .filter(|other| other.family != best.family)
                .map(|other| (instance.kind.in_family(&other.family), other.price / from))
                .collect(),
        })
    }

    /// What instances move to, as far as a rule trusts.
    pub(super) fn moves<'r>(&'r self, trust: &'r Trust) -> Moves<'r> {
        Moves { families: self, trust, chosen: BTreeMap::new() }
    }
}

impl Moves<'_> {
    /// The finding for a target, if any of its types can move: one, with an edit for each type.
    pub(super) fn finding(&mut self, see: &Context<'_>, case: Case<'_>) -> Option<Finding> {
        let parts = self.parts(&case);
        let chief = parts.iter().reduce(|a, b| if b.moved.weight() > a.moved.weight() { b } else { a })?;
        let sure = self.trust.of(case.target.identity(see.facts).1, case.listed);
        let resources: BTreeSet<ResourceId> = parts.iter().flat_map(|part| part.moved.resources.clone()).collect();
        let finding = Finding::new(of_members(case.target, resources), Aspect::InstanceType);
        if see.is_gone(&finding) {
            return Some(finding);
        }
        let (choice, kind) = (&chief.choice, chief.instance.kind.to_string());
        let mut current = State::new(&kind).with("class", choice.class.as_str());
        if !chief.instance.software.is_empty() {
            current = current.with("software", chief.instance.software.as_str());
        }
        let mut proposed = State::new(choice.to.to_string())
            .with("price_ratio", six(choice.ratio))
            .with("alternatives", ratios(&choice.alternatives));
        if parts.len() > 1 {
            let moves = parts.iter().map(|part| {
                let (from, to) = (part.instance.kind.to_string(), part.choice.to.to_string());
                json!({"from": from, "to": to, "price_ratio": six(part.choice.ratio)})
            });
            proposed = proposed.with("moves", moves.collect::<Vec<_>>());
        }
        let sum = |of: fn(&Moved) -> Quantity| parts.iter().map(|part| of(&part.moved)).sum::<Quantity>().to_f64();
        let mut finding = finding
            .states(current, proposed)
            .seen(Signal::Bill, "instance_type", kind, "")
            .seen(Signal::Bill, "hours_on_demand", sum(|moved| moved.on_demand), "hours")
            .seen(Signal::Bill, "hours_covered", sum(|moved| moved.covered), "hours")
            .seen(Signal::Rule, "list_price_now", choice.from_price, "USD/hour, us-east-1")
            .seen(Signal::Rule, "list_price_target", choice.to_price, "USD/hour, us-east-1")
            .seen(Signal::Rule, "price_ratio", choice.ratio, "")
            .confidence(sure);
        if case.listed {
            let today = if case.today.is_empty() { "listed".to_owned() } else { case.today.join(", ") };
            finding = finding.seen(Signal::Inventory, "today", today, "");
        }
        for part in &parts {
            finding = finding.edit(part.moved.edit(part.choice.ratio, Becomes::Type(part.choice.to.clone())));
        }
        Some(finding)
    }

    /// The parts of a case that can move. What ran on Graviton too in the period has moved already, unless the inventory
    /// says what it is today.
    fn parts<'a>(&mut self, case: &Case<'a>) -> Vec<Part<'a>> {
        let instances = case.lines.iter().filter_map(|(id, line)| Some((*id, line, line.class.what.instance()?)));
        let arm = instances.clone().filter(|(_, _, instance)| instance.kind.architecture() == Architecture::Arm);
        let moved: BTreeSet<ResourceId> = arm.map(|(id, ..)| id).collect();
        let mut parts: BTreeMap<&Instance, Part<'a>> = BTreeMap::new();
        for (id, line, instance) in instances {
            let gone = case.today.is_empty() && moved.contains(&id);
            if gone || !case.runs(&instance.kind) || instance.purchase != Purchase::Shared {
                continue;
            }
            if let Some(choice) = self.choice(line.id, instance) {
                let part = parts.entry(instance);
                part.or_insert_with(|| Part { instance, choice, moved: Moved::default() }).moved.add(id, line);
            }
        }
        parts.into_values().collect()
    }

    fn choice(&mut self, class: ClassId, instance: &Instance) -> Option<Rc<Choice>> {
        self.chosen.entry(class).or_insert_with(|| self.families.choose(instance).map(Rc::new)).clone()
    }
}

impl Case<'_> {
    /// Whether it runs a type today, as far as the inventory tells.
    pub(super) fn runs(&self, kind: &InstanceType) -> bool {
        let alike = |today: InstanceType| today.family == kind.family && today.size == kind.size;
        self.today.is_empty() || self.today.iter().filter_map(|text| InstanceType::parse(text)).any(alike)
    }
}

impl Families {
    /// Every type that some software runs on, in the form of `like`, with its list price: USD an hour in us-east-1.
    pub(super) fn offers(&self, like: &Instance) -> Vec<(InstanceType, f64)> {
        let of = |class: &&Class| class.software.is_empty() || class.software.contains(&like.software);
        self.classes.iter().filter(of).flat_map(|class| class.offers(&like.kind)).collect()
    }
}

impl Class {
    fn offers(&self, like: &InstanceType) -> Vec<(InstanceType, f64)> {
        let kind = |family: &str, size: &str| InstanceType { size: size.to_owned(), ..like.in_family(family) };
        let priced = |family: &str, size: &String, price: f64| {
            let (kind, at) = (kind(family, size), kind(family, &self.at));
            let times = kind.factor()? / at.factor()?;
            (!self.unlike.contains(&format!("{family}.{size}"))).then_some((kind, price * times))
        };
        let sizes: BTreeSet<&String> = self.targets.iter().flat_map(|target| &target.sizes).collect();
        let of_source = |(family, price): (&String, &f64)| {
            sizes.iter().filter_map(|size| priced(family, size, *price)).collect::<Vec<_>>()
        };
        let of_target = |target: &TargetFamily| {
            target.sizes.iter().filter_map(|size| priced(&target.family, size, target.price)).collect::<Vec<_>>()
        };
        self.sources.iter().flat_map(of_source).chain(self.targets.iter().flat_map(of_target)).collect()
    }

    fn holds(&self, instance: &Instance) -> bool {
        let kind = format!("{}.{}", instance.kind.family, instance.kind.size);
        self.sources.contains_key(&instance.kind.family)
            && (self.software.is_empty() || self.software.contains(&instance.software))
            && !self.unlike.contains(&kind)
    }
}

impl Moved {
    fn add(&mut self, id: ResourceId, line: &Line<'_>) {
        self.resources.insert(id);
        self.classes.insert(line.id);
        if line.class.line == LineType::Usage {
            self.on_demand += line.costs.quantity;
            self.cost += line.costs.net;
        } else {
            self.covered += line.costs.quantity;
        }
    }

    fn weight(&self) -> (Money, Quantity) {
        (self.cost, self.covered)
    }

    fn edit(&self, ratio: f64, to: Becomes) -> Edit {
        Edit::turn(self.resources.iter().copied().collect(), self.classes.iter().copied().collect(), ratio, to)
    }
}

/// The finding for metered usage that moves from x86 to arm64, each meter at its own ratio.
pub(super) fn metered(
    see: &Context<'_>,
    meters: &[Meter],
    trust: &Trust,
    target: Target,
    lines: &Owned<'_>,
    listed: bool,
) -> Option<Finding> {
    let sure = trust.of(target.identity(see.facts).1, listed);
    let meters: Vec<&Meter> = meters.iter().filter(|meter| meter.arm < meter.x86).collect();
    let moves = |line: &Line<'_>| meters.iter().any(|meter| meter.measures(line));
    let resources: BTreeSet<ResourceId> = lines.iter().filter(|(_, line)| moves(line)).map(|(id, _)| *id).collect();
    if resources.is_empty() {
        return None;
    }
    let finding = Finding::new(of_members(target, resources), Aspect::Architecture);
    if see.is_gone(&finding) {
        return Some(finding);
    }
    let mut finding = finding.states(State::new("x86_64"), State::new("arm64")).confidence(sure);
    for meter in meters {
        let mut moved = Moved::default();
        for (id, line) in lines.iter().filter(|(_, line)| meter.measures(line)) {
            moved.add(*id, line);
        }
        if moved.resources.is_empty() {
            continue;
        }
        let (name, ratio) = (&meter.usage, meter.arm / meter.x86);
        finding = finding
            .edit(moved.edit(ratio, Becomes::Arm))
            .seen(Signal::Bill, &format!("{name}: on demand"), moved.on_demand.to_f64(), "")
            .seen(Signal::Bill, &format!("{name}: covered"), moved.covered.to_f64(), "")
            .seen(Signal::Rule, &format!("{name}: list price x86_64"), meter.x86, &meter.unit)
            .seen(Signal::Rule, &format!("{name}: list price arm64"), meter.arm, &meter.unit)
            .seen(Signal::Rule, &format!("{name}: price ratio"), ratio, "");
    }
    if listed {
        finding = finding.seen(Signal::Inventory, "today", "x86_64", "");
    }
    Some(finding)
}

impl Meter {
    fn measures(&self, line: &Line<'_>) -> bool {
        strip_region(&line.class.usage_type).split(':').next() == Some(self.usage.as_str())
    }
}

/// The target with only those members: the others stay as they are.
fn of_members(target: Target, resources: BTreeSet<ResourceId>) -> Target {
    let members = resources.into_iter().collect();
    match target {
        Target::Resource(id) => Target::Resource(id),
        Target::Group { account, region, name, .. } => Target::Group { account, region, name, members },
        Target::Pool { account, region, name, .. } => Target::Pool { account, region, name, members },
        other @ Target::Commitment { .. } => other,
    }
}

fn ratios(alternatives: &[(InstanceType, f64)]) -> Vec<Value> {
    let row = |(kind, ratio): &(InstanceType, f64)| json!({"type": kind.to_string(), "price_ratio": six(*ratio)});
    alternatives.iter().map(row).collect()
}

/// Six decimals, for showing.
fn six(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let least = BTreeMap::from([("MySQL".to_owned(), "8.0.17".to_owned()), ("ES".to_owned(), "7.9".to_owned())]);
        for (software, version, old) in [
            ("MySQL", Some("5.7.44"), true),
            ("MySQL", Some("8.0.9"), true),
            ("MySQL", Some("8.0.35"), false),
            ("MySQL", Some("8.4.3"), false),
            ("MySQL", None, false),
            ("ES", Some("7.10"), false),
            ("ES", Some("6.8"), true),
            ("Valkey", Some("7.2"), false),
        ] {
            assert_eq!(too_old(&least, software, version), old, "{software} {version:?}");
        }
    }
}
