//! Shapes that many services share.

use crate::time::{Hour, parse_moment};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use std::fmt;

/// A tag of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    /// The key, as it was set.
    pub key: String,
    /// The value; may be empty.
    pub value: String,
}

/// The value of the tag with this key.
#[must_use]
pub fn tag<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
}

/// A moment in seconds since the Unix epoch. The CLI prints ISO 8601 text or, in its first version, epoch seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// The hour that holds it.
    #[must_use]
    pub fn hour(self) -> Hour {
        Hour::of_seconds(self.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let at = Timestamp::from_second(self.0).map_err(serde::ser::Error::custom)?;
        out.collect_str(&at)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

/// Reads a moment from text or from a number.
struct Reader;

impl de::Visitor<'_> for Reader {
    type Value = Moment;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a moment: ISO 8601 text or seconds since 1970")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        parse_moment(text).map(Moment).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Moment, E> {
        Ok(Moment(seconds))
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Moment, E> {
        i64::try_from(seconds).map(Moment).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Moment, E> {
        Ok(Moment(seconds.floor() as i64))
    }
}

/// A moment in a member that AWS declares as mere text: empty text is none.
pub(super) fn moment_or_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Moment>, D::Error> {
    match Option::<Value>::deserialize(from)? {
        None => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => serde_json::from_value(value).map(Some).map_err(de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_as_text_or_seconds() {
        for text in [
            r#""2015-01-21T19:47:32+00:00""#,
            r#""2015-01-21T19:47:32.062Z""#,
            r#""2015-01-21T19:47:32.062+0000""#,
            "1421869652.062",
            "1421869652",
        ] {
            assert_eq!(serde_json::from_str::<Moment>(text).unwrap(), Moment(1_421_869_652), "{text}");
        }
        assert_eq!(serde_json::to_string(&Moment(1_421_869_652)).unwrap(), r#""2015-01-21T19:47:32Z""#);
        assert!(serde_json::from_str::<Moment>(r#""soon""#).is_err());
        assert!(serde_json::to_string(&Moment(i64::MAX)).is_err());
    }

    #[test]
    fn tags_are_found_by_key() {
        let tags = [Tag { key: "team".into(), value: "a".into() }];
        assert_eq!((tag(&tags, "team"), tag(&tags, "Team")), (Some("a"), None));
    }

    #[test]
    fn empty_text_is_no_moment() {
        use crate::inventory::lambda::Function;
        let at = |text: &str| serde_json::from_str::<Function>(text).map(|function| function.last_modified);
        assert_eq!(at(r#"{"LastModified": ""}"#).unwrap(), None);
        assert_eq!(at(r#"{"LastModified": null}"#).unwrap(), None);
        assert_eq!(at("{}").unwrap(), None);
        assert_eq!(at(r#"{"LastModified": "1970-01-01T00:01:00.000+0000"}"#).unwrap(), Some(Moment(60)));
        let error = at("{\n\"LastModified\": \"soon\"\n}").unwrap_err();
        assert!(error.line() >= 2 && error.to_string().starts_with("`soon` is not a moment"), "{error}");
    }
}
