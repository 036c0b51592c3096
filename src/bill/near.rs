//! Usage that a commitment would cover if one thing about it were different.

use super::{
    Bill,
    holdings::{Holding, Known, Scope},
    order::Sharing,
    pools::Pool,
};
use crate::{
    facts::Cost,
    sku::{ReservationKey, Sizes, What},
    waterfall::PoolId,
};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// What keeps a commitment from covering some usage, what is least to change first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Differs {
    /// It runs in another zone of the region that the reservation is for.
    Zone,
    /// The account does not share in it.
    Sharing,
    /// It is of another size, and the reservation has one.
    Size,
    /// It is on dedicated hardware, or is not.
    Tenancy,
    /// It runs in another region.
    Region,
    /// It runs another system or engine.
    Software,
}

impl Differs {
    /// In a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Zone => "another zone",
            Self::Sharing => "an account that does not share in it",
            Self::Size => "another size",
            Self::Tenancy => "another tenancy",
            Self::Software => "another system or engine",
            Self::Region => "another region",
        }
    }
}

/// Usage that is paid on demand although it nearly fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// In what it does not fit.
    pub differs: Differs,
    /// Whose it is.
    pub account: Arc<str>,
    /// Where it is: the zone where that is what differs, else the region.
    pub place: Arc<str>,
    /// What it is: `m5.large Linux`.
    pub name: String,
    /// What is paid for it on demand over the period.
    pub cost: Cost,
}

impl Bill<'_> {
    /// Usage on demand that differs in one thing from what a commitment covers, that of most cost first.
    #[must_use]
    pub fn near(&self, commitment: usize) -> Vec<Near> {
        let Some(owned) = self.holding_of(commitment) else { return Vec::new() };
        let known = self.known();
        let mut found: BTreeMap<(Differs, Arc<str>, Arc<str>, String), Cost> = BTreeMap::new();
        for ((id, pool), left) in self.pools.numbered().zip(&self.waterfall.totals().left) {
            if *left <= 0 || pool.payer != owned.payer {
                continue;
            }
            let Some(differs) = owned.differs(&known, id, self.given.sharing) else { continue };
            let zone = pool.zone.clone().filter(|_| differs == Differs::Zone);
            let place = zone.unwrap_or_else(|| pool.good.region.clone());
            *found.entry((differs, pool.account.clone(), place, name(pool))).or_default() += self.uncovered_of(id);
        }
        let near = |((differs, account, place, name), cost)| Near { differs, account, place, name, cost };
        let mut all: Vec<Near> = found.into_iter().map(near).filter(|near| near.cost.net.0 > 0).collect();
        all.sort_by_key(|near| Reverse(near.cost.net));
        all
    }
}

impl Holding {
    /// The one thing that keeps it from covering a pool; `None` where it covers it, or where more than one thing does.
    fn differs(&self, known: &Known<'_>, id: PoolId, sharing: &Sharing) -> Option<Differs> {
        let pool = known.pools.pool(id);
        if self.weight(known, id).is_some() {
            let shares = self.owner.is_empty() || sharing.allows(&self.owner, &pool.account);
            return (!shares).then_some(Differs::Sharing);
        }
        let here = pool.good.region == self.region();
        match &self.scope {
            Scope::Elsewhere(_) => None,
            Scope::Zone(_, key) => {
                let alike = pool.cover.zonal.as_ref().is_some_and(|zonal| zonal.key == *key);
                alike.then_some(if here { Differs::Zone } else { Differs::Region })
            }
            Scope::Region { key, .. } => {
                let keys = || pool.cover.regional.iter().map(|reserved| &reserved.key);
                match here {
                    true => keys().find_map(|other| differ(key, other)),
                    false => keys().any(|other| other == key).then_some(Differs::Region),
                }
            }
            Scope::Plan { kind, .. } => (pool.cover.plans.contains(kind) && !here).then_some(Differs::Region),
        }
    }
}

/// In what two reservations of one region differ, if it is one thing.
fn differ(owned: &ReservationKey, other: &ReservationKey) -> Option<Differs> {
    use ReservationKey::Instance;
    let (
        Instance { service, sizes, software, dedicated },
        Instance { service: other_service, sizes: other_sizes, software: other_software, dedicated: other_dedicated },
    ) = (owned, other)
    else {
        return None;
    };
    if service != other_service || family(sizes) != family(other_sizes) {
        return None;
    }
    // A system without flexible sizes is told apart by its sizes too: that is the system's doing.
    match (software == other_software, dedicated == other_dedicated) {
        (true, true) => Some(Differs::Size),
        (false, true) => Some(Differs::Software),
        (true, false) => Some(Differs::Tenancy),
        (false, false) => None,
    }
}

fn family(sizes: &Sizes) -> String {
    match sizes {
        Sizes::Family(family) => family.clone(),
        Sizes::Exact { kind, .. } if kind.prefix.is_empty() => kind.family.clone(),
        Sizes::Exact { kind, .. } => format!("{}.{}", kind.prefix, kind.family),
    }
}

fn name(pool: &Pool) -> String {
    match &pool.good.what {
        What::Instance(instance) | What::UnusedCapacity(instance) => {
            format!("{} {}", instance.kind, instance.software).trim_end().to_owned()
        }
        _ => pool.usage_type.to_string(),
    }
}
