//! Types that could take over, what they would cost, and whether they hold what is needed.

use super::{Case, Rightsizing, need::Need};
use crate::{
    facts::{Class, ClassId},
    instance::{Architecture, InstanceType},
    prices::{Subject, TypeFacts},
    rules::Context,
    sku::{Instance, What},
};
use std::collections::BTreeMap;

/// A type with what it offers and its list price, USD an hour in us-east-1.
pub(super) struct Offer {
    pub(super) kind: InstanceType,
    pub(super) facts: TypeFacts,
    pub(super) price: f64,
}

/// What a type costs over what the one in use does.
#[derive(Clone, Copy)]
pub(super) struct Priced {
    pub(super) ratio: f64,
    pub(super) source: &'static str,
    /// Whether it rests on prices of another region.
    pub(super) estimate: bool,
}

/// Public on-demand rates of instances as the export shows them, by region: USD an hour.
pub(super) struct Rates<'a>(BTreeMap<(&'a str, &'a Instance), (f64, &'a Class)>);

impl Offer {
    /// A type of EC2.
    pub(super) fn server(family: &str, size: &str, facts: &TypeFacts) -> Self {
        let (prefix, suffix) = (String::new(), String::new());
        let kind = InstanceType { prefix, family: family.to_owned(), size: size.to_owned(), suffix };
        Self { kind, facts: *facts, price: facts.price }
    }
}

impl<'a> Rates<'a> {
    pub(super) fn of(see: &Context<'a>) -> Self {
        let mut rates = BTreeMap::new();
        for (class, id) in see.facts.classes.iter().zip((0u32..).map(ClassId)) {
            let (Some(instance), Some(rate)) = (class.what.instance(), see.bill.public_rate(id)) else { continue };
            if class.line.is_usage() && rate.0 > 0 {
                rates.entry((&*class.region, instance)).or_insert((rate.to_f64(), class));
            }
        }
        Self(rates)
    }

    /// The price of a type, from the export, else the price list of the inventory, else the embedded table; `None` where the software's
    /// licence makes that a guess.
    pub(super) fn price(
        &self,
        rule: &Rightsizing,
        see: &Context<'_>,
        case: &Case<'_>,
        from: &Offer,
        to: &Offer,
    ) -> Option<Priced> {
        let (_, region, _) = case.target.identity(see.facts);
        let now = case.instance;
        let then = Instance { kind: to.kind.clone(), ..now.clone() };
        let known = self.0.get(&(region, now));
        if let Some((seen, own)) = self.0.get(&(region, &then)).zip(known) {
            return Some(Priced { ratio: seen.0 / own.0, source: "the export's own", estimate: false });
        }
        if let Some((rate, class)) = known
            && let Some(listed) = listed(see, class, now, &then)
        {
            return Some(Priced { ratio: listed / rate, source: "the price list of the inventory", estimate: false });
        }
        let managed = !now.kind.prefix.is_empty();
        let ratio = if managed || now.software == "Linux" {
            to.price / from.price
        } else if rule.licence_by_vcpu.contains(&now.software) && to.kind.family == from.kind.family {
            to.facts.vcpus / from.facts.vcpus
        } else {
            return None;
        };
        Some(Priced { ratio, source: "list prices of us-east-1", estimate: region != "us-east-1" })
    }
}

/// What the price list states for a type in the place of the one that a class bills.
fn listed(see: &Context<'_>, class: &Class, now: &Instance, then: &Instance) -> Option<f64> {
    let (from, to) = (now.kind.to_string(), then.kind.to_string());
    let usage_type = class.usage_type.contains(&from).then(|| class.usage_type.replace(&from, &to))?;
    let what = What::Instance(then.clone());
    let subject = Subject {
        region: &class.region,
        product: &class.product,
        usage_type: &usage_type,
        operation: &class.operation,
        what: &what,
        on_demand: None,
    };
    see.prices.on_demand(subject).filter(|price| *price > 0.0)
}

impl Rightsizing {
    /// The types, by their places, that an instance may become for less, whatever it needs.
    pub(super) fn cheaper(
        &self,
        see: &Context<'_>,
        rates: &Rates<'_>,
        case: &Case<'_>,
        from: &Offer,
        offers: &[Offer],
    ) -> Vec<(usize, Priced)> {
        let saves = |priced: &Priced| (1.0 - priced.ratio) * 100.0 >= self.min_saving_percent;
        let allowed = offers.iter().enumerate().filter(|(_, to)| self.allows(case, from, to));
        allowed.filter_map(|(at, to)| Some((at, rates.price(self, see, case, from, to).filter(saves)?))).collect()
    }

    /// Whether an instance may become another type at all.
    fn allows(&self, case: &Case<'_>, from: &Offer, to: &Offer) -> bool {
        // As much on Graviton is what the Graviton rules find, with a choice of their own.
        let other = from.kind.architecture() != to.kind.architecture();
        let twin = other && to.facts.vcpus >= from.facts.vcpus && to.facts.memory >= from.facts.memory;
        to.kind != from.kind && !twin && to.facts.disk >= from.facts.disk && self.may_become(case, &from.kind, &to.kind)
    }

    /// Whether a type holds what is needed, and what is not measured of today's.
    pub(super) fn holds(&self, from: &Offer, to: &Offer, need: &Need) -> bool {
        let (now, then) = (&from.facts, &to.facts);
        let held = |need: Option<f64>, all_the_time: f64, peaks: [f64; 2]| match need {
            Some(need) => all_the_time >= need,
            None => peaks[1] >= peaks[0],
        };
        then.vcpus >= need.vcpus()
            && then.memory >= need.memory
            && held(need.network, then.network[0], [now.network[1], then.network[1]])
            && held(need.ebs.map(|[rate, _]| rate), then.ebs[0], [now.ebs[1], then.ebs[1]])
            && need.ebs.is_none_or(|[_, operations]| then.ebs_iops >= operations)
            && self.holds_credits(from, to, need)
            && need.short_percent(to) <= self.max_short_percent
    }

    /// Whether the software runs on a type and no vCPU of it is slower: none of an older generation, and none of another make in the same.
    fn may_become(&self, case: &Case<'_>, from: &InstanceType, to: &InstanceType) -> bool {
        if from.family == to.family {
            return true;
        }
        let arms = [from, to].map(|kind| kind.architecture() == Architecture::Arm);
        let runs = match arms {
            [false, true] => case.arm,
            [one, other] => one == other,
        };
        let managed = !from.prefix.is_empty();
        let letter = |kind: &InstanceType| kind.family.chars().next();
        let alike =
            letter(from) == letter(to) || [from, to].iter().all(|kind| kind.family.starts_with(['c', 'm', 'r', 't']));
        let generations =
            [from, to].map(|kind| self.generation.get(&kind.family).copied().or_else(|| kind.generation()));
        let newer = match generations {
            // Old versions of an engine do not run on every new generation, and nothing tells which do.
            [Some(now), Some(then)] if managed && !arms[1] => then == now && make(from) == make(to),
            [Some(now), Some(then)] if make(from) == make(to) => then >= now,
            [Some(now), Some(then)] => then > now,
            _ => false,
        };
        runs && alike && newer && case.other_families && !self.steady_clock.contains(&to.family)
    }

    /// Whether the credits of a type that runs on them would have lasted through the busiest day.
    fn holds_credits(&self, from: &Offer, to: &Offer, need: &Need) -> bool {
        if !to.kind.bursts() {
            return true;
        }
        let baseline = self.baseline.get(&to.kind.family).and_then(|sizes| sizes.get(&to.kind.size));
        let managed = !to.kind.prefix.is_empty();
        baseline.zip(need.busiest_day).is_some_and(|(percent, used)| {
            let earned = to.facts.vcpus * percent / 100.0;
            (self.into_burst || from.kind.bursts())
                && (!managed || from.kind.bursts())
                && used * (1.0 + self.cpu.headroom_percent / 100.0) <= earned
        })
    }
}

/// Who makes the processor, by the letters behind the generation: AMD, Graviton, else Intel.
fn make(kind: &InstanceType) -> Option<char> {
    let behind = kind.family.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let letters = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    letters.chars().find(|letter| ['a', 'g'].contains(letter))
}
