//! The parties of lines: workload and owner, as their tags or their account tell.

use super::{Asked, Label, plain_key, tables::Cells};
use crate::{
    names::{Names, Sym},
    scan::{Dictionary, TagSets, TagsId},
};

/// Workload and owner.
pub(super) type PartyKey = (Sym, Sym);

/// What tags and accounts say of parties.
pub(super) struct Parties {
    /// The keys of the tags that are the labels.
    keys: [Option<String>; 2],
    /// Which of the labels are the account.
    accounts: [bool; 2],
    /// What the tags of a set say of its party, by set; `None` until it is asked for.
    of_sets: Vec<Option<Known>>,
}

/// The party that a set of tags tells, and its number where the account does not matter.
#[derive(Clone, Copy)]
struct Known {
    key: PartyKey,
    number: u32,
}

impl Parties {
    pub(super) fn of(asked: &Asked) -> Self {
        let labels = [&asked.workload, &asked.owner];
        Self {
            keys: labels.map(|label| label.as_ref().and_then(Label::plain)),
            accounts: labels.map(|label| *label == Some(Label::Account)),
            of_sets: Vec::new(),
        }
    }

    /// The number of the pair of a class and of the party that an account and tags tell.
    #[inline]
    pub(super) fn pair(
        &mut self,
        cells: &mut Cells,
        class: u32,
        (account, tags): (Sym, TagsId),
        dictionary: &Dictionary,
    ) -> u32 {
        let known = self.of_sets.get(tags.0 as usize).copied().flatten();
        let of_tags = known.unwrap_or_else(|| self.learn(tags, cells, dictionary));
        let party =
            if self.by_account() { cells.party(self.with_account(of_tags.key, account)) } else { of_tags.number };
        cells.pair(class, party)
    }

    #[cold]
    fn learn(&mut self, tags: TagsId, cells: &mut Cells, dictionary: &Dictionary) -> Known {
        let key = self.of_tags(tags, (&dictionary.names, &dictionary.tags));
        let known = Known { key, number: if self.by_account() { 0 } else { cells.party(key) } };
        if self.of_sets.len() <= tags.0 as usize {
            self.of_sets.resize(tags.0 as usize + 1, None);
        }
        self.of_sets[tags.0 as usize] = Some(known);
        known
    }

    /// Whether accounts tell workloads or owners apart.
    fn by_account(&self) -> bool {
        self.accounts[0] || self.accounts[1]
    }

    /// What a set of tags says of the party.
    pub(super) fn of_tags(&self, tags: TagsId, texts: (&Names, &TagSets)) -> PartyKey {
        let value = |key: &Option<String>| key.as_ref().map_or(Sym::NONE, |key| tag_value(texts, tags, key));
        (value(&self.keys[0]), value(&self.keys[1]))
    }

    /// A party in which the account stands where it is the label.
    pub(super) fn with_account(&self, party: PartyKey, account: Sym) -> PartyKey {
        let [workload, owner] = self.accounts;
        (if workload { account } else { party.0 }, if owner { account } else { party.1 })
    }
}

/// The value of the tag whose key compares equal to `key`; of several the least.
fn tag_value((names, sets): (&Names, &TagSets), tags: TagsId, key: &str) -> Sym {
    let pairs = sets.get(tags).iter();
    let values = pairs.filter(|(name, _)| plain_key(names.get(*name)) == key).map(|(_, value)| *value);
    values.min_by_key(|value| names.get(*value)).unwrap_or(Sym::NONE)
}
