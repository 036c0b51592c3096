//! An account and a region that are asked: the clients for it, what each call counts as, and the files it fills.

use super::{
    cbor,
    failure::Failure,
    ledger::{Ledger, Paid},
};
use crate::inventory::{Moment, Operation, Page};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef},
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// What becomes the files of a listing.
pub(super) type Fetch = LocalBoxFuture<'static, Result<Vec<Written>, Failure>>;

/// A file to be.
pub(super) struct Written {
    /// Its path in the folder, without the extension.
    pub(super) stem: String,
    /// `json` or `csv`.
    pub(super) ending: &'static str,
    /// What it holds.
    pub(super) text: String,
}

impl Written {
    /// Its path in the folder.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.stem, self.ending)
    }
}

/// An account and a region.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) account: String,
    pub(super) region: String,
    /// The folder of its files.
    pub(super) folder: PathBuf,
    /// Credentials, region, retries.
    pub(super) config: SdkConfig,
    pub(super) ledger: Arc<Ledger>,
}

/// A client of a service, through which only counted calls pass; with a capture, that keeps what AWS answers. `paid` tells how its calls
/// are paid where their price goes by what they ask for.
macro_rules! client {
    ($site:expr, $sdk:ident) => {
        $sdk::Client::from_conf($sdk::config::Builder::from(&$site.config).interceptor($site.gate(None)).build())
    };
    ($site:expr, $sdk:ident, paid: $paid:expr) => {
        $sdk::Client::from_conf($sdk::config::Builder::from(&$site.config).interceptor($site.gate(Some($paid))).build())
    };
    ($site:expr, $sdk:ident, $capture:expr) => {{
        let builder = $sdk::config::Builder::from(&$site.config).interceptor($site.gate(None));
        $sdk::Client::from_conf(builder.interceptor($capture.clone()).build())
    }};
}
pub(super) use client;

/// The listing of all that a paginated call gives, each read into the inventory's shape.
macro_rules! listed {
    ($of:ty, $call:expr, $read:expr) => {{
        let all: Vec<_> = $call.into_paginator().items().send().collect::<Result<_, _>>().await?;
        listing::<$of>(all.into_iter().map($read).collect())
    }};
}
pub(super) use listed;

/// What is charged again and again, of the SDKs that tell it alike.
macro_rules! charges {
    ($of:expr) => {
        $of.unwrap_or_default()
            .into_iter()
            .map(|of| crate::inventory::Recurring {
                recurring_charge_amount: of.recurring_charge_amount.unwrap_or_default(),
                recurring_charge_frequency: of.recurring_charge_frequency,
            })
            .collect()
    };
}
pub(super) use charges;

impl Site {
    /// What counts its calls.
    pub(super) fn gate(&self, paid: Option<Paid>) -> Gate {
        Gate { account: self.account.clone(), region: self.region.clone(), ledger: self.ledger.clone(), paid }
    }
}

/// Counts every attempt of a call, and lets none pass that is not listed or not paid for.
#[derive(Debug)]
pub(super) struct Gate {
    account: String,
    region: String,
    ledger: Arc<Ledger>,
    paid: Option<Paid>,
}

impl Intercept for Gate {
    fn name(&self) -> &'static str {
        "Gate"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = config.load::<Metadata>().map_or(("", ""), |of| (of.service(), of.name()));
        self.ledger.attempt(&self.account, &self.region, call, self.paid.as_ref()).map_err(BoxError::from)
    }
}

/// Keeps the documents that AWS answers with: for services that speak JSON they are what the CLI prints.
#[derive(Debug, Clone, Default)]
pub(super) struct Capture(Arc<Mutex<Vec<Value>>>);

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.output_or_error().is_err() {
            return Ok(());
        }
        let response = context.response();
        let bytes = response.body().bytes().ok_or("an answer without a document")?;
        let is_cbor = response.headers().get("content-type").is_some_and(|of| of.contains("cbor"));
        let document = if is_cbor { cbor::value(bytes)? } else { serde_json::from_slice(bytes)? };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(told(document));
        Ok(())
    }
}

/// Members by which AWS says that a listing goes on.
const TOKENS: &[&str] = &["NextToken", "nextToken", "NextMarker", "NextPageToken", "Marker"];

impl Capture {
    /// The documents, in the order of the answers.
    pub(super) fn documents(self) -> Vec<Value> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The pages of one listing as one document: the lists under `keys` are put together, as the CLI does.
    pub(super) fn document(self, keys: &[&str]) -> Result<Value, Failure> {
        let mut pages = self.documents().into_iter();
        let Some(first) = pages.next() else { return Err(nothing()) };
        let Value::Object(mut whole) = first else { return Err(Failure::broken("an answer that is no document")) };
        for page in pages {
            let Value::Object(page) = page else { return Err(Failure::broken("an answer that is no document")) };
            for (key, value) in page {
                match (keys.contains(&&*key), whole.get_mut(&key), value) {
                    (true, Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
                    (true, None, value) => drop(whole.insert(key, value)),
                    _ => {}
                }
            }
        }
        whole.retain(|key, _| !TOKENS.contains(&&**key));
        // AWS may leave out a list that is empty; a listing without items still has its brackets.
        for key in keys {
            whole.entry(*key).or_insert_with(|| Value::Array(Vec::new()));
        }
        Ok(Value::Object(whole))
    }
}

impl Capture {
    /// Answers that came in no fixed order, as one document whose list is sorted by its text; empty without any answer.
    pub(super) fn sorted(self, key: &str) -> Result<Value, Failure> {
        let mut whole = self
            .document(&[key])
            .or_else(|failure| if failure == nothing() { Ok(json!({key: []})) } else { Err(failure) })?;
        if let Some(Value::Array(list)) = whole.get_mut(key) {
            list.sort_by_cached_key(Value::to_string);
        }
        Ok(whole)
    }
}

/// What is said when AWS answered nothing at all.
fn nothing() -> Failure {
    Failure::broken("no answer")
}

/// A document with its moments as the CLI prints them: seconds since 1970 in members that are named like moments become text.
fn told(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| {
                    let moment = is_moment(&key).then(|| value.as_f64().and_then(moment)).flatten();
                    (key, moment.unwrap_or_else(|| told(value)))
                })
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(told).collect()),
        value => value,
    }
}

fn is_moment(key: &str) -> bool {
    ["Timestamp", "timestamp", "Time", "DateTime", "Date", "returnableUntil"].iter().any(|end| key.ends_with(end))
}

/// Seconds of this century as text; milliseconds, which the CLI prints as they are, are beyond it.
fn moment(seconds: f64) -> Option<Value> {
    if !(0.0..4e9).contains(&seconds) {
        return None;
    }
    text_of(seconds.floor() as i64)
}

/// A moment as text.
pub(super) fn text_of(seconds: i64) -> Option<Value> {
    serde_json::to_value(Moment(seconds)).ok()
}

/// A document as a file.
pub(super) fn file(stem: impl Into<String>, document: &Value) -> Written {
    let mut text = format!("{document:#}");
    text.push('\n');
    Written { stem: stem.into(), ending: "json", text }
}

/// The name of an operation's files.
pub(super) fn stem<T: Operation>() -> &'static str {
    T::TOKEN.strip_prefix("inventory.").unwrap_or(T::TOKEN)
}

/// A whole listing as its one file.
pub(super) fn listing<T: Operation>(entries: Vec<T::Entry>) -> Result<Vec<Written>, Failure> {
    named::<T>(stem::<T>().to_owned(), entries).map(|file| vec![file])
}

/// Entries as a file of this name.
pub(super) fn named<T: Operation>(stem: String, entries: Vec<T::Entry>) -> Result<Written, Failure> {
    let page = Page::<T> { entries, more: false };
    let document = serde_json::to_value(&page).map_err(|error| Failure::broken(error.to_string()))?;
    Ok(file(stem, &document))
}

/// A word of the SDK's.
pub(super) fn word(of: Option<impl AsRef<str>>) -> Option<String> {
    of.map(|word| word.as_ref().to_owned())
}

/// A number of the SDK's.
pub(super) fn whole(of: Option<i32>) -> Option<i64> {
    of.map(i64::from)
}

/// A moment of the SDK's.
pub(super) fn at(of: Option<DateTime>) -> Option<Moment> {
    of.map(|at| Moment(at.secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_one_document_with_moments_as_text() {
        let capture = Capture::default();
        for page in [
            json!({"Items": [{"CreationDateTime": 1_421_866_952.062, "creationTime": 1_421_866_952_000_i64}], "NextToken": "a"}),
            json!({"Items": [{"Time": "soon"}], "Other": 1}),
        ] {
            capture.0.lock().unwrap().push(told(page));
        }
        let whole = capture.document(&["Items", "Errors"]).unwrap();
        let items = json!([
            {"CreationDateTime": "2015-01-21T19:02:32Z", "creationTime": 1_421_866_952_000_i64},
            {"Time": "soon"},
        ]);
        assert_eq!(whole, json!({"Items": items, "Errors": []}));
        assert!(Capture::default().document(&["Items"]).is_err());
    }
}
