//! `--protect tag:KEY=PATTERN`: resources that must never be called unused.

use crate::{
    error::{Error, Result},
    facts::{Resource, plain_key},
};
use globset::{GlobBuilder, GlobMatcher};

/// A tag and the values of it that protect.
#[derive(Debug, Clone)]
pub struct Protection {
    /// As the user wrote it.
    pub text: String,
    key: String,
    values: GlobMatcher,
}

impl Protection {
    /// Reads `tag:KEY=PATTERN`; without a pattern any value protects. `*` and `?` are wildcards, and case does not matter.
    ///
    /// # Errors
    /// When the text is no such thing.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::new(format!("--protect `{text}` is not of the form tag:KEY=PATTERN"));
        let body = text.strip_prefix("tag:").ok_or_else(wrong)?;
        let (key, pattern) = body.split_once('=').unwrap_or((body, "*"));
        if key.is_empty() || pattern.is_empty() {
            return Err(wrong());
        }
        let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
        let values = glob.map_err(|error| Error::new(format!("--protect `{text}`: {error}")))?.compile_matcher();
        Ok(Self { text: text.to_owned(), key: plain_key(key), values })
    }

    /// Whether it protects a resource.
    #[must_use]
    pub fn matches(&self, resource: &Resource) -> bool {
        resource.tags.iter().any(|(key, value)| plain_key(key) == self.key && self.values.is_match(value))
    }
}

/// Why a resource is protected, if it is.
#[must_use]
pub fn reason(protections: &[Protection], resource: &Resource) -> Option<String> {
    let found = protections.iter().find(|protection| protection.matches(resource))?;
    Some(format!("protected by --protect {}", found.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn tagged(key: &str, value: &str) -> Resource {
        let tags = [(Box::from(key), Box::from(value))].into_iter().collect();
        let empty = Arc::from("");
        Resource {
            id: Arc::clone(&empty),
            account: Arc::clone(&empty),
            region: empty,
            party: crate::facts::Party { workload: None, owner: None },
            tags: Arc::new(tags),
            seen: Default::default(),
            billed: 0..0,
        }
    }

    #[test]
    fn a_tag_protects_by_pattern() {
        let protection = Protection::parse("tag:keep=y*").unwrap();
        assert!(protection.matches(&tagged("user_Keep", "Yes")));
        assert!(!protection.matches(&tagged("user_keep", "no")));
        assert!(Protection::parse("tag:keep").unwrap().matches(&tagged("keep", "anything")));
        assert!(Protection::parse("keep=yes").is_err() && Protection::parse("tag:=x").is_err());
    }
}
