//! What one operation gave: the items, and the scopes that were listed whole.

use super::short_id;
use std::collections::{BTreeMap, BTreeSet};

/// An account and a region, each `None` when it is not known. `global` is a region too.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// The twelve digits of the account.
    pub account: Option<String>,
    /// Such as `us-east-1`, or `global` for what no region holds.
    pub region: Option<String>,
}

impl Scope {
    /// A scope that is known whole.
    #[must_use]
    pub fn of(account: &str, region: &str) -> Self {
        Self { account: Some(account.to_owned()), region: Some(region.to_owned()) }
    }

    /// Account and region, when both are known.
    #[must_use]
    pub fn pair(&self) -> Option<(&str, &str)> {
        self.account.as_deref().zip(self.region.as_deref())
    }

    /// This scope, with what it does not know taken from another.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            account: self.account.or_else(|| other.account.clone()),
            region: self.region.or_else(|| other.region.clone()),
        }
    }

    /// Whether nothing that is known speaks against the account and region; `global` lies in every region.
    pub(crate) fn admits(&self, account: &str, region: &str) -> bool {
        self.account.as_deref().is_none_or(|known| known == account)
            && self.region.as_deref().is_none_or(|known| known == region || known == "global")
    }
}

/// What is known of one id. Only `Absent` says that AWS does not have it.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<'a, T> {
    /// It was listed.
    Present(&'a T),
    /// Its account and region were listed whole, without it.
    Absent,
    /// Nothing can be said: no listing of its account and region was read to the end.
    NotCollected,
}

impl<T> Clone for Lookup<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lookup<'_, T> {}

impl<'a, T> Lookup<'a, T> {
    /// The item, if it was listed.
    #[must_use]
    pub fn present(self) -> Option<&'a T> {
        match self {
            Self::Present(item) => Some(item),
            Self::Absent | Self::NotCollected => None,
        }
    }

    /// Whether the id is known not to exist: not listed, though its account and region were listed whole.
    #[must_use]
    pub fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// What an operation gave. Items are kept by short id, then by scope.
#[derive(Debug, Clone)]
pub struct Collected<T> {
    /// Whether any file was read.
    collected: bool,
    /// Account and region of every listing that was read to its end.
    whole: BTreeSet<(String, String)>,
    /// Account and region of every file that could not be used: they are never covered.
    spoilt: BTreeSet<(String, String)>,
    items: BTreeMap<String, BTreeMap<Scope, T>>,
}

impl<T> Default for Collected<T> {
    fn default() -> Self {
        Self { collected: false, whole: BTreeSet::new(), spoilt: BTreeSet::new(), items: BTreeMap::new() }
    }
}

impl<T> Collected<T> {
    /// Whether a file of this operation was read at all, whatever its scope.
    #[must_use]
    pub fn is_collected(&self) -> bool {
        self.collected
    }

    /// Whether absence means absence here: this account and region were listed to the end, and no file of them was skipped.
    #[must_use]
    pub fn covers(&self, account: &str, region: &str) -> bool {
        if self.whole.is_empty() {
            return false;
        }
        let key = (account.to_owned(), region.to_owned());
        self.whole.contains(&key) && !self.spoilt.contains(&key)
    }

    /// The item with this id or ARN: of exactly this scope, else one whose scope is not fully known and does not speak
    /// against it. `None` does not say that it does not exist: [`Collected::find`] does.
    #[must_use]
    pub fn get(&self, account: &str, region: &str, id: &str) -> Option<&T> {
        if self.items.is_empty() {
            return None;
        }
        let scopes = self.items.get(short_id(id))?;
        scopes.get(&Scope::of(account, region)).or_else(|| {
            let admitted = |(scope, _): &(&Scope, &T)| scope.admits(account, region);
            scopes.iter().rev().find(admitted).map(|(_, item)| item)
        })
    }

    /// The item with this id or ARN, or why there is none.
    #[must_use]
    pub fn find(&self, account: &str, region: &str, id: &str) -> Lookup<'_, T> {
        match self.get(account, region, id) {
            Some(item) => Lookup::Present(item),
            None if self.covers(account, region) => Lookup::Absent,
            None => Lookup::NotCollected,
        }
    }

    /// Every item with its scope and short id, sorted by id, then scope.
    pub fn iter(&self) -> impl Iterator<Item = (&Scope, &str, &T)> {
        self.items.iter().flat_map(|(id, scopes)| scopes.iter().map(move |(scope, item)| (scope, id.as_str(), item)))
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.values().map(BTreeMap::len).sum()
    }

    /// Whether there is no item; that says nothing of AWS: see [`Collected::covers`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Notes that a file was read, and whether it lists its scope to the end.
    pub(super) fn mark(&mut self, scope: &Scope, whole: bool) {
        self.collected = true;
        if let (true, Some((account, region))) = (whole, scope.pair()) {
            self.whole.insert((account.to_owned(), region.to_owned()));
        }
    }

    /// Notes that a file of this scope could not be used.
    pub(super) fn spoil(&mut self, scope: &Scope) {
        if let Some((account, region)) = scope.pair() {
            self.spoilt.insert((account.to_owned(), region.to_owned()));
        }
    }
}

impl<T: PartialEq> Collected<T> {
    /// Keeps an item; `false` when it replaces a different one.
    pub(super) fn put(&mut self, scope: Scope, id: &str, item: T) -> bool {
        let scopes = self.items.entry(id.to_owned()).or_default();
        let same = scopes.get(&scope).is_none_or(|before| *before == item);
        scopes.insert(scope, item);
        same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(account: Option<&str>, region: Option<&str>) -> Scope {
        Scope { account: account.map(str::to_owned), region: region.map(str::to_owned) }
    }

    #[test]
    fn the_nearest_scope_answers() {
        let mut some = Collected::default();
        assert!(some.put(Scope::of("a", "r"), "x", 1));
        assert!(some.put(part(None, None), "x", 2));
        assert!(some.put(part(Some("b"), None), "x", 3));
        assert!(some.put(Scope::of("c", "global"), "x", 4));
        assert_eq!(some.get("a", "r", "x"), Some(&1));
        assert_eq!(some.get("b", "r", "x"), Some(&3));
        assert_eq!(some.get("c", "r", "x"), Some(&4));
        assert_eq!(some.get("d", "r", "x"), Some(&2));
        assert_eq!(some.get("a", "r", "arn:aws:ec2:r:a:volume/x"), Some(&1));
        assert_eq!((some.get("a", "r", "y"), some.len()), (None, 4));
        let order: Vec<_> = some.iter().map(|(_, _, item)| *item).collect();
        assert_eq!(order, [2, 1, 3, 4]);
    }

    #[test]
    fn only_whole_listings_make_absence() {
        let mut some = Collected::<u8>::default();
        assert_eq!(some.find("a", "r", "x"), Lookup::NotCollected);
        some.mark(&part(Some("a"), None), true);
        assert!(some.is_collected() && !some.covers("a", "r"));
        some.mark(&Scope::of("a", "r"), false);
        assert_eq!(some.find("a", "r", "x"), Lookup::NotCollected);
        some.mark(&Scope::of("a", "r"), true);
        assert!(some.find("a", "r", "x").is_absent());
        assert_eq!(some.find("a", "s", "x"), Lookup::NotCollected);
        some.spoil(&Scope::of("a", "r"));
        assert!(!some.covers("a", "r"));
    }

    #[test]
    fn the_last_of_two_counts() {
        let mut some = Collected::default();
        assert!(some.put(Scope::of("a", "r"), "x", 1));
        assert!(some.put(Scope::of("a", "r"), "x", 1));
        assert!(!some.put(Scope::of("a", "r"), "x", 2));
        assert_eq!(some.get("a", "r", "x"), Some(&2));
    }
}
