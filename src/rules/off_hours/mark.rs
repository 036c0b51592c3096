//! What tells a development or test machine: its tags, else its name.

use super::super::{Context, Target};
use crate::facts::{Resource, plain_key};
use serde::Deserialize;
use std::borrow::Cow;

/// Tags and words that tell.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patterns {
    /// Tags that are of environments, as they compare.
    keys: Vec<String>,
    /// Words that tell wherever they stand in the value of such a tag.
    words: Vec<String>,
    /// Words that mean other things beside: they tell where they are all of the value.
    whole_words: Vec<String>,
    /// Tags that may be of environments, and mostly are of something else: the words of names tell.
    loose_keys: Vec<String>,
    /// Tags that are names.
    name_keys: Vec<String>,
    /// Words of a name.
    name_words: Vec<String>,
    /// Words that speak against it wherever they stand.
    never: Vec<String>,
    /// Pairs of words that are one: `non prod`.
    joined: Vec<[String; 2]>,
}

/// Why a target is taken for development or test.
pub(super) struct Mark {
    pub(super) text: String,
    pub(super) by_name: bool,
}

impl Patterns {
    /// Whether every member, or the group, is marked as development or test, and how.
    pub(super) fn mark(&self, see: &Context<'_>, target: &Target) -> Option<Mark> {
        let members = || target.members().iter().map(|id| see.facts.resource(*id));
        let (_, _, name) = target.identity(see.facts);
        let named = [name].into_iter().chain(members().filter_map(|member| member.party.workload.as_deref()));
        let values = members().flat_map(|member| member.tags.iter().map(|(_, value)| value));
        if named.chain(values).any(|text| self.has(text, &self.never)) {
            return None;
        }
        let first = |of: &dyn Fn(&Resource) -> Option<String>| -> Option<String> {
            let all: Option<Vec<String>> = members().map(of).collect();
            all?.into_iter().next()
        };
        let by_tag = first(&|member| {
            tagged(member, &self.keys, |value| self.is_environment(value))
                .or_else(|| tagged(member, &self.loose_keys, |value| self.has(value, &self.name_words)))
        });
        if let Some(text) = by_tag {
            return Some(Mark { text, by_name: false });
        }
        let text = if self.has(name, &self.name_words) {
            Some(name.to_owned())
        } else {
            first(&|member| tagged(member, &self.name_keys, |value| self.has(value, &self.name_words)))
        };
        text.map(|text| Mark { text, by_name: true })
    }

    /// Whether the value of a tag of environments is one of development or test.
    fn is_environment(&self, value: &str) -> bool {
        let lower = value.to_lowercase();
        let found = self.words_of(&lower);
        let is_in = |words: &[String], word: &str| words.iter().any(|known| known == word);
        let number = |word: &str| word.chars().all(|c| c.is_ascii_digit());
        found.iter().any(|word| is_in(&self.words, word))
            || found.iter().any(|word| is_in(&self.whole_words, word))
                && found.iter().all(|word| is_in(&self.whole_words, word) || number(word))
    }

    /// Whether a text holds one of some words.
    fn has(&self, text: &str, words: &[String]) -> bool {
        let lower = text.to_lowercase();
        self.words_of(&lower).iter().any(|found| words.iter().any(|word| word == found))
    }

    /// The words of a text in lower case, pairs that are one joined.
    fn words_of<'t>(&self, lower: &'t str) -> Vec<Cow<'t, str>> {
        let parts: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let mut found = Vec::with_capacity(parts.len());
        let mut at = 0;
        while at < parts.len() {
            let pair = |[a, b]: &&[String; 2]| parts[at] == a && parts.get(at + 1).is_some_and(|next| next == b);
            if let Some([a, b]) = self.joined.iter().find(pair) {
                found.push(format!("{a}{b}").into());
                at += 2;
            } else {
                found.push(parts[at].into());
                at += 1;
            }
        }
        found
    }
}

/// The first tag of some keys whose value tells.
fn tagged(member: &Resource, keys: &[String], tells: impl Fn(&str) -> bool) -> Option<String> {
    let known: Vec<String> = keys.iter().map(|key| plain_key(key)).collect();
    let found = member.tags.iter().find(|(key, value)| known.contains(&plain_key(key)) && tells(value));
    found.map(|(key, value)| format!("{}={value}", key.strip_prefix("user_").unwrap_or(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Patterns {
        let all: toml::Table = include_str!("../../../rules/off_hours.toml").parse().unwrap();
        all["params"]["patterns"].clone().try_into().unwrap()
    }

    #[test]
    fn words_of_other_meanings_tell_only_alone() {
        let patterns = shipped();
        for value in
            ["dev", "Dev-EU", "non-prod", "integration", "INT", "int-2", "training", "lab", "data-integration-test"]
        {
            assert!(patterns.is_environment(value), "{value}");
        }
        for value in ["data-integration", "ml-training", "demo-day-service", "quality-control", "web", "2", ""] {
            assert!(!patterns.is_environment(value), "{value}");
        }
    }

    #[test]
    fn tiers_are_told_by_the_words_of_names() {
        let patterns = shipped();
        assert!(patterns.loose_keys.iter().any(|key| key == "tier") && !patterns.keys.iter().any(|key| key == "tier"));
        for (value, tells) in
            [("dev", true), ("staging", true), ("integration", false), ("training", false), ("int", false)]
        {
            assert_eq!(patterns.has(value, &patterns.name_words), tells, "{value}");
        }
    }
}
