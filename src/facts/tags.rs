//! Tags of resources, and how their keys compare.

use crate::scan::CATEGORY;
use std::collections::BTreeMap;

/// The tag that tells the Auto Scaling group of an instance.
const GROUP: &str = "aws:autoscaling:groupName";

/// Tags by key, cost categories among them as `cost_category:NAME`.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    by_key: BTreeMap<Box<str>, Box<str>>,
    /// Rules ask every resource for it.
    group: Option<Box<str>>,
}

impl FromIterator<(Box<str>, Box<str>)> for Tags {
    fn from_iter<I: IntoIterator<Item = (Box<str>, Box<str>)>>(tags: I) -> Self {
        let mut tags = Self { by_key: tags.into_iter().collect(), group: None };
        tags.group = tags.get(GROUP).map(Box::from);
        tags
    }
}

impl Tags {
    /// The value of a tag; keys compare in lower case without `_`, `:`, `-`, and `user_` is implied.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.by_key.iter().find(|(of, _)| plain(of).eq(plain(key))).map(|(_, value)| value.as_ref())
    }

    /// The Auto Scaling group.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// All of them, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_key.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }
}

/// A tag's key as it compares: lower case, without `_`, `:`, `-` and without the prefix `user`.
#[must_use]
pub fn plain_key(key: &str) -> String {
    plain(key).collect()
}

/// Its letters.
fn plain(key: &str) -> impl Iterator<Item = char> + '_ {
    let (category, key) = key.strip_prefix(CATEGORY).map_or(("", key), |key| ("category ", key));
    let key = key.strip_prefix("user_").or_else(|| key.strip_prefix("user:")).unwrap_or(key);
    let letters = key.chars().filter(|c| !matches!(c, '_' | ':' | '-')).flat_map(char::to_lowercase);
    category.chars().chain(letters)
}
