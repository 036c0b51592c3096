//! Suppressions of `curtail.toml`: findings that the user does not want to see for now, each with a reason and an end.

use crate::{
    error::{Error, Result},
    facts::Resource,
    note::{Notes, Remark},
    protect::Protection,
    time::Day,
};
use globset::{Glob, GlobMatcher};
use serde::Deserialize;

/// A suppression as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The rule or module, or a glob over them; all by default.
    #[serde(default = "any")]
    pub rule: String,
    /// A glob over resource ids (short ids, ARNs or group names).
    pub resource: Option<String>,
    /// `tag:KEY=PATTERN`.
    pub tag: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day that it holds; without it, it holds for good.
    pub until: Option<String>,
}

fn any() -> String {
    "*".into()
}

/// A suppression that was checked.
#[derive(Debug, Clone)]
pub struct Suppression {
    text: String,
    rule: GlobMatcher,
    resource: Option<GlobMatcher>,
    tag: Option<Protection>,
    reason: String,
    until: Option<Day>,
}

impl Suppression {
    /// Checks a suppression.
    ///
    /// # Errors
    /// A pattern or a date that is none, or a suppression of everything.
    pub fn of(written: &Written) -> Result<Self> {
        let glob = |pattern: &str| {
            let glob = Glob::new(pattern).map_err(|error| Error::new(format!("[[suppressions]]: {error}")))?;
            Ok::<_, Error>(glob.compile_matcher())
        };
        if written.rule == "*" && written.resource.is_none() && written.tag.is_none() {
            return Err(Error::new("[[suppressions]]: one without rule, resource and tag would hide everything"));
        }
        if written.reason.trim().is_empty() {
            return Err(Error::new("[[suppressions]]: `reason` is empty"));
        }
        let named = |key: &'static str| {
            move |error: Error| Error { what: format!("[[suppressions]] {key}: {}", error.what), ..error }
        };
        let parts = [Some(&written.rule), written.resource.as_ref(), written.tag.as_ref()];
        Ok(Self {
            text: parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "),
            rule: glob(&written.rule)?,
            resource: written.resource.as_deref().map(glob).transpose()?,
            tag: written.tag.as_deref().map(|text| Protection::parse(text).map_err(named("tag"))).transpose()?,
            reason: written.reason.trim().to_owned(),
            until: written.until.as_deref().map(|text| Day::parse(text).map_err(named("until"))).transpose()?,
        })
    }

    fn matches(&self, [rule, module]: [&str; 2], name: &str, members: &[&Resource]) -> bool {
        let resource = self
            .resource
            .as_ref()
            .is_none_or(|glob| glob.is_match(name) || members.iter().any(|member| glob.is_match(member.id.as_ref())));
        let tag = self.tag.as_ref().is_none_or(|tag| members.iter().any(|member| tag.matches(member)));
        (self.rule.is_match(rule) || self.rule.is_match(module)) && resource && tag
    }

    fn expired(&self, today: Day) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

/// Why a finding of a rule (and its module) is suppressed, if it is: `name` is its target's, `today` the day that expiry counts from.
#[must_use]
pub fn reason(all: &[Suppression], rule: [&str; 2], name: &str, members: &[&Resource], today: Day) -> Option<String> {
    let found = all.iter().find(|one| !one.expired(today) && one.matches(rule, name, members))?;
    let until = found.until.map_or_else(String::new, |until| format!(" until {until}"));
    Some(format!("suppressed{until}: {}", found.reason))
}

/// A finding's rule and module, its target's name and its members.
pub type Described<'a> = ([&'a str; 2], &'a str, Vec<&'a Resource>);

/// Remarks on suppressions that expired or that match no finding.
pub fn remarks(all: &[Suppression], findings: &[Described<'_>], today: Day, notes: &mut Notes) {
    for one in all {
        let name = one.text.clone();
        if let Some(until) = one.until.filter(|_| one.expired(today)) {
            notes.add(Remark::SuppressionExpired { name, until: until.to_string() });
        } else if !findings.iter().any(|(rule, target, members)| one.matches(*rule, target, members)) {
            notes.add(Remark::SuppressionUnmatched { name });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rule: &str, until: Option<&str>) -> Written {
        let (resource, tag) = (Some("nat-0*".into()), None);
        Written { rule: rule.into(), resource, tag, reason: "standby".into(), until: until.map(Into::into) }
    }

    #[test]
    fn a_suppression_holds_until_its_last_day() {
        let all = [Suppression::of(&written("idle_*", Some("2026-09-30"))).unwrap()];
        let on = |day: &str, rule: &str, name: &str| reason(&all, [rule, "idle"], name, &[], Day::parse(day).unwrap());
        assert_eq!(on("2026-09-30", "idle_nat_gateway", "nat-0a").unwrap(), "suppressed until 2026-09-30: standby");
        assert_eq!(on("2026-10-01", "idle_nat_gateway", "nat-0a"), None);
        assert_eq!(on("2026-09-30", "graviton_ec2", "nat-0a"), None);
        assert_eq!(on("2026-09-30", "idle_nat_gateway", "nat-1"), None);
    }

    #[test]
    fn expired_and_unmatched_ones_are_told() {
        let all = ["idle_a", "idle_b"]
            .map(|rule| Suppression::of(&written(rule, (rule == "idle_a").then_some("2026-01-01"))).unwrap());
        let mut notes = Notes::default();
        remarks(&all, &[], Day::parse("2026-09-30").unwrap(), &mut notes);
        let codes: Vec<_> = notes.sorted().iter().map(|note| note.code).collect();
        assert_eq!(codes, ["suppression_expired", "suppression_unmatched"]);
        let everything = Written { resource: None, ..written("*", None) };
        assert!(Suppression::of(&everything).is_err());
    }
}
