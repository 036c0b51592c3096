//! Instances, databases, cache nodes and functions that a cheaper size or type would serve as well.
//!
//! One search over size, family and architecture. What was needed is measured: CPU always, everything else where a metric exists; of
//! what is not measured the new type has at least as much. The best type, the best of the same family, of the same architecture and on
//! Graviton are ways of one finding: the plan weighs them on the bill, so what would lose its commitment is seen to.

mod functions;
mod need;
mod offer;

use super::{
    Alternative, Aspect, Context, Evidence, Finding, Owned, Rule, Signal, State, Successors, Target,
    graviton::instance_of, kept,
};
use crate::{
    bill::{Becomes, Edit},
    facts::{ClassId, Resource, ResourceId},
    instance::{Architecture, InstanceType},
    inventory::ec2,
    sku::{Instance, Purchase, Service, What},
};
use need::{Measures, Need};
use offer::{Offer, Priced, Rates};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rightsizing {
    look_back_days: i32,
    min_saving_percent: f64,
    max_short_percent: f64,
    into_burst: bool,
    licence_by_vcpu: Vec<String>,
    steady_clock: Vec<String>,
    cpu: Cpu,
    least_vcpus: f64,
    least_vcpus_share: f64,
    memory_headroom_percent: f64,
    traffic_headroom_percent: f64,
    generation: BTreeMap<String, u32>,
    baseline: BTreeMap<String, BTreeMap<String, f64>>,
    trust: Trust,
    cache: Cache,
    functions: functions::Functions,
    /// What the Graviton rules know.
    #[serde(skip)]
    known: Option<Arc<[Successors]>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cpu {
    percentile: f64,
    headroom_percent: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    base: f64,
    unmeasured_penalty: f64,
    capped_penalty: f64,
    estimate_penalty: f64,
    arm_penalty: f64,
    regions: Vec<String>,
    elsewhere_penalty: f64,
}

/// Cache nodes: what of their memory is for data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cache {
    reserved_percent: f64,
    /// Bytes by family and size.
    bytes: BTreeMap<String, BTreeMap<String, f64>>,
}

/// A target whose instances are all of one type.
struct Case<'a> {
    target: Target,
    members: Vec<ResourceId>,
    classes: Vec<ClassId>,
    instance: &'a Instance,
    /// Whether other architectures may run it.
    arm: bool,
    /// Whether other families may.
    other_families: bool,
}

/// What instances that are alike may become: region, what runs, whether on Graviton and in other families too.
type Alike<'a> = (&'a str, &'a Instance, bool, bool);

/// What is worked out once for all instances that are alike.
struct Search<'a> {
    rates: Rates<'a>,
    /// Where an instance's own type stands among those on offer.
    places: BTreeMap<&'a Instance, Option<usize>>,
    cheaper: BTreeMap<Alike<'a>, Vec<(usize, Priced)>>,
}

/// A type that a case may move to.
struct Way<'o> {
    to: &'o Offer,
    priced: Priced,
}

impl Rule for Rightsizing {
    fn learn(&mut self, known: &Arc<[Successors]>) {
        self.known = Some(known.clone());
    }

    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let mut search = Search { rates: Rates::of(see), places: BTreeMap::new(), cheaper: BTreeMap::new() };
        let servers: Vec<Offer> =
            see.prices.types().all().map(|(family, size, facts)| Offer::server(family, size, facts)).collect();
        for (target, lines) in self.targets(see, Service::Ec2, &need::SERVER, Resource::group) {
            if let Some(case) = self.server(see, target, &lines) {
                out.extend(self.finding(see, &mut search, &case, &servers, &need::SERVER));
            }
        }
        for (target, lines) in self.targets(see, Service::Rds, &need::DATABASE, |_| None) {
            out.extend(self.managed(see, &mut search, target, &lines, Service::Rds, &need::DATABASE));
        }
        let group = |one: &Resource| {
            let listed = see.inventory.cache_clusters.get(&one.account, &one.region, &one.id)?;
            listed.replication_group_id.as_deref()
        };
        for (target, lines) in self.targets(see, Service::ElastiCache, &need::CACHE, group) {
            out.extend(self.managed(see, &mut search, target, &lines, Service::ElastiCache, &need::CACHE));
        }
        self.functions.check(see, self.look_back_days, self.min_saving_percent, out);
    }
}

impl Rightsizing {
    fn successors(&self, service: Service) -> Option<&Successors> {
        self.known.as_deref()?.iter().find(|known| known.service() == service)
    }

    /// The targets of a service if its processors are measured: else nothing can be said of them.
    fn targets<'a>(
        &self,
        see: &Context<'a>,
        service: Service,
        by: &Measures,
        group: impl Fn(&'a Resource) -> Option<&'a str>,
    ) -> impl Iterator<Item = (Target, Owned<'a>)> {
        let (span, of_service) =
            (see.look_back(self.look_back_days).span, move |what: &What| instance_of(what, service));
        by.are_known(see).then(|| see.targets_through(span, of_service, group)).into_iter().flatten()
    }

    /// An instance or Auto Scaling group that can be moved at all.
    fn server<'a>(&self, see: &Context<'a>, target: Target, lines: &Owned<'a>) -> Option<Case<'a>> {
        let members = target.members().iter().map(|id| see.facts.resource(*id));
        let listed: Vec<&ec2::Instance> =
            members.filter_map(|one| see.inventory.instances.get(&one.account, &one.region, &one.id)).collect();
        if kept::keeps_type(&listed) {
            return None;
        }
        let today = match (&target, listed.as_slice()) {
            (Target::Resource(_), [one]) => one.instance_type.as_deref(),
            _ => None,
        };
        let case = Case::of(target, lines, today)?;
        let old_drivers = listed.iter().any(|one| one.ena_support == Some(false));
        Some(Case {
            arm: self.successors(Service::Ec2).is_some_and(|known| known.may_move(&listed)),
            other_families: !old_drivers && !self.steady_clock.contains(&case.instance.kind.family),
            ..case
        })
    }

    /// The finding for a managed instance or group of nodes.
    fn managed<'a>(
        &self,
        see: &Context<'a>,
        search: &mut Search<'a>,
        target: Target,
        lines: &Owned<'a>,
        service: Service,
        measures: &Measures,
    ) -> Option<Finding> {
        let known = self.successors(service)?;
        let one = see.facts.resource(*target.members().first()?);
        let (version, today) = match service {
            Service::Rds => {
                let listed = see.inventory.db_instances.get(&one.account, &one.region, &one.id);
                listed.map(|listed| (listed.engine_version.as_deref(), listed.db_instance_class.as_deref()))
            }
            _ => {
                let listed = see.inventory.cache_clusters.get(&one.account, &one.region, &one.id);
                listed.map(|listed| (listed.engine_version.as_deref(), listed.cache_node_type.as_deref()))
            }
        }
        .map_or((None, None), |(version, today)| (version, today));
        let case = Case::of(target, lines, today)?;
        let case = Case { arm: known.runs(&case.instance.software, version), ..case };
        let offers: Vec<Offer> = known
            .offers(case.instance)
            .into_iter()
            .filter_map(|(kind, price)| self.node(see, service, kind, price))
            .collect();
        self.finding(see, search, &case, &offers, measures)
    }

    /// What a managed type offers: that of the EC2 type behind it, of cache nodes with the memory that is for data.
    fn node(&self, see: &Context<'_>, service: Service, kind: InstanceType, price: f64) -> Option<Offer> {
        let mut facts = *see.prices.types().get(&kind)?;
        if service == Service::ElastiCache {
            let bytes = self.cache.bytes.get(&kind.family)?.get(&kind.size)?;
            facts.memory = bytes * (1.0 - self.cache.reserved_percent / 100.0) / f64::from(1 << 20);
        }
        Some(Offer { kind, facts, price })
    }

    /// The finding for a case: its best way, and others that might serve the bill better.
    fn finding<'a>(
        &self,
        see: &Context<'a>,
        search: &mut Search<'a>,
        case: &Case<'a>,
        offers: &[Offer],
        measures: &Measures,
    ) -> Option<Finding> {
        let place = || offers.iter().position(|offer| offer.kind == case.instance.kind);
        let from = offers.get((*search.places.entry(case.instance).or_insert_with(place))?)?;
        let need = Need::measure(self, see, &case.members, from, measures)?;
        let region = &*see.facts.resource(*case.members.first()?).region;
        let key = (region, case.instance, case.arm, case.other_families);
        let cheaper = search.cheaper.entry(key).or_insert_with(|| self.cheaper(see, &search.rates, case, from, offers));
        let ways = cheaper.iter().filter_map(|(at, priced)| Some(Way { to: offers.get(*at)?, priced: *priced }));
        let ways: Vec<Way<'_>> = ways.filter(|way| self.holds(from, way.to, &need)).collect();
        let chosen = chosen(&case.instance.kind, &ways);
        let (best, others) = chosen.split_first()?;
        let way = |way: &Way<'_>| self.way(see, case, from, way, &need);
        let Alternative { edits, proposed, evidence: seen, confidence } = way(best);
        let mut finding = Finding::new(case.target.clone(), Aspect::InstanceType)
            .states(self.state(case, from), proposed)
            .confidence(confidence);
        finding.edits = edits;
        finding.evidence = seen;
        finding.alternatives = others.iter().map(|other| way(other)).collect();
        Some(finding)
    }

    fn state(&self, case: &Case<'_>, from: &Offer) -> State {
        let state = State::new(from.kind.to_string())
            .with("vcpus", from.facts.vcpus)
            .with("memory_gib", from.facts.memory / 1024.0);
        match case.instance.software.as_str() {
            "" => state,
            software => state.with("software", software),
        }
    }

    fn way(&self, see: &Context<'_>, case: &Case<'_>, from: &Offer, way: &Way<'_>, need: &Need) -> Alternative {
        let (to, priced) = (way.to, way.priced);
        let proposed = State::new(to.kind.to_string())
            .with("vcpus", to.facts.vcpus)
            .with("memory_gib", to.facts.memory / 1024.0)
            .with("price_ratio", priced.ratio);
        let evidence = need
            .evidence()
            .into_iter()
            .chain([
                Evidence::of(Signal::Metrics, "hours_short", need.hours_short(to), "hours"),
                Evidence::of(Signal::Rule, "list_price_now", from.price, "USD/hour, us-east-1"),
                Evidence::of(Signal::Rule, "list_price_target", to.price, "USD/hour, us-east-1"),
                Evidence::of(Signal::Rule, "price_source", priced.source, ""),
            ])
            .collect();
        let to_kind = Becomes::Type(to.kind.clone());
        Alternative {
            edits: vec![Edit::turn(case.members.clone(), case.classes.clone(), priced.ratio, to_kind)],
            proposed,
            evidence,
            confidence: self.sure(see, case, way, need),
        }
    }

    fn sure(&self, see: &Context<'_>, case: &Case<'_>, way: &Way<'_>, need: &Need) -> f64 {
        let trust = &self.trust;
        let (_, region, _) = case.target.identity(see.facts);
        let (from, to) = (&case.instance.kind, &way.to.kind);
        let takes = [
            (!need.traffic_measured, trust.unmeasured_penalty),
            (see.look_back(self.look_back_days).capped, trust.capped_penalty),
            (way.priced.estimate, trust.estimate_penalty),
            (from.architecture() != to.architecture(), trust.arm_penalty),
            (from.family != to.family && !trust.regions.iter().any(|known| known == region), trust.elsewhere_penalty),
        ];
        trust.base - takes.iter().filter(|(applies, _)| *applies).map(|(_, penalty)| penalty).sum::<f64>()
    }
}

impl<'a> Case<'a> {
    /// A target whose instances on shared hardware are all alike, as they are today if that is listed.
    fn of(target: Target, lines: &Owned<'a>, today: Option<&str>) -> Option<Self> {
        let today = today.and_then(InstanceType::parse);
        let mut kinds: BTreeSet<&'a Instance> = BTreeSet::new();
        let (mut members, mut classes) = (BTreeSet::new(), BTreeSet::new());
        for (id, line) in lines {
            let Some(instance) = line.class.what.instance() else { continue };
            let then = today.as_ref().is_some_and(|today| *today != instance.kind);
            if instance.purchase == Purchase::Shared && !then {
                kinds.insert(instance);
                members.insert(*id);
                classes.insert(line.id);
            }
        }
        let mut kinds = kinds.into_iter();
        let instance = kinds.next().filter(|_| kinds.next().is_none())?;
        let members: Vec<ResourceId> = members.into_iter().collect();
        let target = match target {
            Target::Group { account, region, name, .. } => {
                Target::Group { account, region, name, members: members.clone() }
            }
            other => other,
        };
        let classes = classes.into_iter().collect();
        Some(Self { target, members, classes, instance, arm: false, other_families: true })
    }
}

/// The cheapest way of all, in the same family, on the same architecture, on Graviton: each once, the cheapest first.
fn chosen<'w, 'o>(now: &InstanceType, ways: &'w [Way<'o>]) -> Vec<&'w Way<'o>> {
    let order = |a: &&Way<'_>, b: &&Way<'_>| {
        let newer = |way: &Way<'_>| std::cmp::Reverse(way.to.kind.generation());
        let by_price = a.priced.ratio.total_cmp(&b.priced.ratio);
        by_price.then_with(|| newer(a).cmp(&newer(b))).then_with(|| a.to.kind.cmp(&b.to.kind))
    };
    let arm = |way: &&Way<'_>| way.to.kind.architecture() == Architecture::Arm;
    let all = || ways.iter();
    let picks = [
        all().min_by(order),
        all().filter(|way| way.to.kind.family == now.family).min_by(order),
        all().filter(|way| way.to.kind.architecture() == now.architecture()).min_by(order),
        all().filter(arm).min_by(order),
    ];
    let mut chosen: Vec<&Way<'o>> = Vec::new();
    for pick in picks.into_iter().flatten() {
        if !chosen.iter().any(|known| known.to.kind == pick.to.kind) {
            chosen.push(pick);
        }
    }
    chosen.sort_by(order);
    chosen
}
