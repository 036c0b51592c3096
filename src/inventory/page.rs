//! One JSON document of an operation, read and written.

use super::Scope;
use crate::error::{Error, Result};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, IgnoredAny, MapAccess, SeqAccess},
    ser::SerializeMap,
};
use serde_json::Value;
use std::{fmt, marker::PhantomData};

/// An item with the scope that the document itself states and its short id.
pub type Found<T> = (Scope, String, T);

/// An operation of the AWS CLI, told by the item that its listing is made of.
pub trait Operation: Sized + PartialEq {
    /// What the list under `KEY` holds.
    type Entry: Serialize + DeserializeOwned;
    /// `inventory.` and the stem of the file: `inventory.ec2-describe-volumes`.
    const TOKEN: &'static str;
    /// The member of the document that holds the list.
    const KEY: &'static str;
    /// The member that every entry must have.
    const ID: &'static str;
    /// Whether the operation lists everything there is, so that what it lacks does not exist.
    const WHOLE: bool = true;
    /// Whether `KEY` holds one entry, not a list.
    const SINGLE: bool = false;

    /// Whether the entry has its `ID`.
    fn is_named(entry: &Self::Entry) -> bool;

    /// The items of a file, whose name may carry an argument.
    ///
    /// # Errors
    /// When the argument is missing where the operation needs it.
    fn unpack(entries: Vec<Self::Entry>, argument: Option<&str>) -> Result<Vec<Found<Self>>>;

    /// The documents in a file, in the shape that the CLI prints unless the operation says otherwise.
    ///
    /// # Errors
    /// When the bytes are none of its documents, told with the line.
    fn read(bytes: &[u8]) -> Result<Vec<Page<Self>>> {
        read(bytes)
    }
}

/// An operation whose entries are its items: nearly all of them.
pub trait Listed: Serialize + DeserializeOwned + PartialEq {
    /// See [`Operation::TOKEN`].
    const TOKEN: &'static str;
    /// See [`Operation::KEY`].
    const KEY: &'static str;
    /// See [`Operation::ID`].
    const ID: &'static str;
    /// See [`Operation::WHOLE`].
    const WHOLE: bool = true;
    /// See [`Operation::SINGLE`].
    const SINGLE: bool = false;

    /// The short id.
    fn id(&self) -> &str;

    /// The account and region that the item itself states.
    fn scope(&self) -> Scope {
        Scope::default()
    }

    /// Whether the item is one to keep.
    fn counts(&self) -> bool {
        true
    }
}

impl<T: Listed> Operation for T {
    type Entry = T;
    const TOKEN: &'static str = T::TOKEN;
    const KEY: &'static str = T::KEY;
    const ID: &'static str = T::ID;
    const WHOLE: bool = T::WHOLE;
    const SINGLE: bool = T::SINGLE;

    fn is_named(entry: &T) -> bool {
        !entry.id().is_empty()
    }

    fn unpack(entries: Vec<T>, _: Option<&str>) -> Result<Vec<Found<T>>> {
        let found = |entry: T| (entry.scope(), entry.id().to_owned(), entry);
        Ok(entries.into_iter().filter(Listed::counts).map(found).collect())
    }
}

/// A document in the shape that the CLI prints: `{"Volumes": [...]}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T: Operation> {
    /// The entries of the list.
    pub entries: Vec<T::Entry>,
    /// Whether the document says that the listing goes on in another one.
    pub more: bool,
}

/// Every document of a file: one or several, one after another or in a list.
fn read<T: Operation>(bytes: &[u8]) -> Result<Vec<Page<T>>> {
    let mut pages = Vec::new();
    for documents in serde_json::Deserializer::from_slice(bytes).into_iter::<Documents<T>>() {
        pages.extend(documents.map_err(|error| located(&error))?.0);
    }
    if pages.is_empty() {
        let help = "the command that wrote it may have failed; a listing without items still has its brackets";
        return Err(Error::new("holds no document").help(help));
    }
    Ok(pages)
}

/// The error with its line, which is then no longer part of its words.
pub(super) fn located(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let tail = format!(" at line {} column {}", error.line(), error.column());
    let line = u64::try_from(error.line()).unwrap_or_default().max(1);
    Error::new(text.strip_suffix(&tail).unwrap_or(&text)).on_line(line)
}

/// A document, or a list of documents.
struct Documents<T: Operation>(Vec<Page<T>>);

impl<'de, T: Operation> Deserialize<'de> for Documents<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Operation> de::Visitor<'de> for Visitor<T> {
            type Value = Documents<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "a document with `{}`", T::KEY)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Documents<T>, A::Error> {
                Ok(Documents(vec![visit_page(map)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Documents<T>, A::Error> {
                let mut pages = Vec::new();
                while let Some(page) = seq.next_element()? {
                    pages.push(page);
                }
                Ok(Documents(pages))
            }
        }
        from.deserialize_any(Visitor(PhantomData))
    }
}

impl<'de, T: Operation> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Operation> de::Visitor<'de> for Visitor<T> {
            type Value = Page<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "a document with `{}`", T::KEY)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Page<T>, A::Error> {
                visit_page(map)
            }
        }
        from.deserialize_map(Visitor(PhantomData))
    }
}

/// Reads the members of a document; without `KEY` it is the output of another operation.
fn visit_page<'de, T: Operation, A: MapAccess<'de>>(mut map: A) -> Result<Page<T>, A::Error> {
    let (mut entries, mut more, mut others) = (None, false, Vec::new());
    while let Some(key) = map.next_key::<String>()? {
        match key.as_str() {
            key if key == T::KEY => entries = Some(map.next_value::<Entries<T>>()?.0),
            "NextToken" | "nextToken" | "NextMarker" | "Marker" => {
                let token = map.next_value::<Value>()?;
                more |= !token.is_null() && token.as_str() != Some("");
            }
            "ResponseMetadata" => drop(map.next_value::<IgnoredAny>()?),
            _ => {
                map.next_value::<IgnoredAny>()?;
                others.push(key);
            }
        }
    }
    match (entries, others.first()) {
        (Some(entries), _) => Ok(Page { entries, more }),
        (None, Some(other)) => Err(de::Error::custom(format_args!(
            "holds `{other}`, not `{}`: is it the output of another operation?",
            T::KEY
        ))),
        (None, None) => Err(de::Error::custom(format_args!("holds a document without `{}`", T::KEY))),
    }
}

/// What is under `KEY`.
struct Entries<T: Operation>(Vec<T::Entry>);

impl<'de, T: Operation> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let entries =
            if T::SINGLE { vec![Named::<T>::deserialize(from)?] } else { Vec::<Named<T>>::deserialize(from)? };
        Ok(Self(entries.into_iter().map(|entry| entry.0).collect()))
    }
}

/// An entry that has its id.
struct Named<T: Operation>(T::Entry);

impl<'de, T: Operation> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let entry = T::Entry::deserialize(from)?;
        if T::is_named(&entry) {
            return Ok(Self(entry));
        }
        Err(de::Error::custom(format_args!("an entry of `{}` has no `{}`", T::KEY, T::ID)))
    }
}

impl<T: Operation> Serialize for Page<T> {
    /// As the CLI prints it: what AWS omits is omitted. A page says nothing of a further one.
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let entries = serde_json::to_value(&self.entries).map_err(serde::ser::Error::custom)?;
        let mut map = out.serialize_map(Some(1))?;
        match without_nulls(entries) {
            Value::Array(mut list) if T::SINGLE => match (list.pop(), list.is_empty()) {
                (Some(entry), true) => map.serialize_entry(T::KEY, &entry)?,
                _ => return Err(serde::ser::Error::custom(format_args!("`{}` holds exactly one entry", T::KEY))),
            },
            entries => map.serialize_entry(T::KEY, &entries)?,
        }
        map.end()
    }
}

/// The value without members that are null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, v)| (key, without_nulls(v))).collect(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{dynamodb::Table, ec2::Volume};

    fn failure<T: Operation>(text: &str) -> String {
        match read::<T>(text.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(_) => "read".to_owned(),
        }
    }

    #[test]
    fn documents_stand_alone_in_a_row_or_in_a_list() {
        let one = r#"{"Volumes": [{"VolumeId": "vol-1", "Newer": {"x": [1]}}], "Other": 1}"#;
        for text in [one.to_owned(), format!("[{one}]"), format!("{one}\n{one}"), format!("[{one}, {one}] {one}")] {
            let pages = read::<Volume>(text.as_bytes()).unwrap();
            assert!(pages.iter().all(|page| page.entries[0].volume_id == "vol-1" && !page.more), "{text}");
        }
        let pages =
            read::<Volume>(br#"{"NextToken": "abc", "Volumes": []} {"Volumes": [], "NextToken": null}"#).unwrap();
        assert_eq!(pages.iter().map(|page| page.more).collect::<Vec<_>>(), [true, false]);
        assert_eq!(
            read::<Table>(br#"[{"Table": {"TableName": "a"}}, {"Table": {"TableName": "b"}}]"#).unwrap().len(),
            2
        );
    }

    #[test]
    fn errors_say_where_and_what() {
        let other = failure::<Volume>("{\n\"Instances\": []\n}");
        assert_eq!(other, "line 3: holds `Instances`, not `Volumes`: is it the output of another operation?");
        assert_eq!(failure::<Volume>("{}"), "line 1: holds a document without `Volumes`");
        assert_eq!(failure::<Volume>("{\"ResponseMetadata\": {}}"), "line 1: holds a document without `Volumes`");
        assert_eq!(
            failure::<Volume>("{\"Volumes\": [\n{\"Size\": 1}]}"),
            "line 2: an entry of `Volumes` has no `VolumeId`"
        );
        assert_eq!(
            failure::<Volume>("{\"Volumes\":\n[{\"VolumeId\": 1}]}"),
            "line 2: invalid type: integer `1`, expected a string"
        );
        assert_eq!(failure::<Volume>("{\"Volumes\": [\n"), "line 2: EOF while parsing a list");
        assert!(failure::<Volume>(" \n").starts_with("holds no document"));
        assert!(failure::<Volume>("[]").starts_with("holds no document"));
        assert_eq!(failure::<Volume>("7"), "line 1: invalid type: integer `7`, expected a document with `Volumes`");
        assert!(failure::<Volume>(&"[".repeat(100_000)).contains("expected"));
        assert!(failure::<Volume>(&format!("{{\"Volumes\": {}", "[".repeat(100_000))).starts_with("line 1: "));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let volume = Volume { volume_id: "vol-1".into(), size: Some(8), ..Volume::default() };
        let page = Page::<Volume> { entries: vec![volume], more: false };
        let text = serde_json::to_string(&page).unwrap();
        assert!(text.starts_with(r#"{"Volumes":[{"VolumeId":"vol-1""#) && !text.contains("null"), "{text}");
        assert_eq!(serde_json::from_str::<Page<Volume>>(&text).unwrap(), page);
        let table = Table { table_name: "t".into(), ..Table::default() };
        let page = Page::<Table> { entries: vec![table.clone()], more: false };
        let text = serde_json::to_string(&page).unwrap();
        assert!(text.starts_with(r#"{"Table":{"TableName":"t""#), "{text}");
        assert_eq!(serde_json::from_str::<Page<Table>>(&text).unwrap(), page);
        assert!(serde_json::to_string(&Page::<Table> { entries: vec![table.clone(), table], more: false }).is_err());
    }
}
