//! Objects in S3: credentials and region by AWS's chain, ranged reads several at a time, retries.
//!
//! An object is pinned by its ETag from the moment it is listed: one that changes while it is read is an error, never a mixture.

mod chain;
mod told;

use crate::error::{Error, Result};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _,
    RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, resolve_bucket_region},
    coalesce_ranges,
    path::Path as Key,
};
use sha2::Digest as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{runtime::Runtime, task::JoinHandle};
use told::told;

/// Ranges that lie no further apart are read as one: what is read in vain costs less than another request.
const NEAR: u64 = 64 << 10;
/// So many bytes of an object that is read from first to last are asked for at first: its header line, or all of a small one.
const FIRST: u64 = 64 << 10;
/// Each further stride is so many times the one before, up to this many bytes.
const GROWTH: u64 = 4;
const STRIDE: u64 = 4 << 20;

/// All buckets, opened as they are named.
#[derive(Default)]
pub(super) struct S3 {
    runtime: OnceLock<Option<Arc<Runtime>>>,
    buckets: Mutex<BTreeMap<String, Bucket>>,
    listed: Mutex<Listed>,
    chain: OnceLock<chain::Chain>,
}

/// What is known of objects without asking again.
#[derive(Default)]
struct Listed {
    /// Those that are there, by path.
    objects: BTreeMap<PathBuf, ObjectMeta>,
    /// Folders that were listed: below them there is nothing else.
    folders: BTreeSet<PathBuf>,
}

impl Listed {
    /// An object; `None` when only a request can tell.
    fn get(&self, path: &Path) -> Option<Option<ObjectMeta>> {
        match self.objects.get(path) {
            Some(meta) => Some(Some(meta.clone())),
            None => path.ancestors().skip(1).any(|folder| self.folders.contains(folder)).then_some(None),
        }
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("S3")
    }
}

/// A bucket.
#[derive(Clone)]
struct Bucket {
    name: Arc<str>,
    runtime: Arc<Runtime>,
    store: Arc<AmazonS3>,
}

/// An object, as it was when it was listed.
#[derive(Clone)]
pub(super) struct Object {
    bucket: Bucket,
    meta: ObjectMeta,
}

impl fmt::Debug for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.name())
    }
}

/// Bucket and key of `s3://bucket/key`.
fn split(path: &Path) -> Result<(&str, &str)> {
    let wrong = || Error::file(path.display(), "is no place in S3 such as s3://bucket/prefix");
    let rest = path.to_str().and_then(|text| text.strip_prefix("s3://")).ok_or_else(wrong)?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() { Err(wrong()) } else { Ok((bucket, key.trim_matches('/'))) }
}

fn key(path: &Path, text: &str) -> Result<Key> {
    Key::parse(text).map_err(|error| Error::file(path.display(), format!("is no key that can be read: {error}")))
}

impl S3 {
    fn runtime(&self) -> Result<Arc<Runtime>> {
        let start = || {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(2).enable_all().build().ok().map(Arc::new)
        };
        self.runtime.get_or_init(start).clone().ok_or_else(|| Error::new("no thread could be started for S3"))
    }

    fn bucket(&self, name: &str) -> Result<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(name) {
            return Ok(bucket.clone());
        }
        let runtime = self.runtime()?;
        let chain = self.chain.get_or_init(|| runtime.block_on(chain::Chain::load()));
        let store = runtime.block_on(connect(name, chain))?;
        let bucket = Bucket { name: Arc::from(name), runtime, store: Arc::new(store) };
        buckets.insert(name.to_owned(), bucket.clone());
        Ok(bucket)
    }

    /// All objects below a prefix, sorted, without hidden ones.
    pub(super) fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let (name, prefix) = split(folder)?;
        let bucket = self.bucket(name)?;
        let prefix = key(folder, prefix)?;
        let objects: Vec<ObjectMeta> = bucket
            .runtime
            .block_on(bucket.store.list(Some(&prefix)).try_collect())
            .map_err(|error| told(error, &folder.display().to_string(), "listed"))?;
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for meta in objects {
            let hidden =
                meta.location.prefix_match(&prefix).is_some_and(|mut below| below.any(|part| is_hidden(&part)));
            if meta.size == 0 && is_marker(&meta) {
                continue;
            }
            let path = PathBuf::from(format!("s3://{name}/{}", meta.location));
            listed.objects.insert(path.clone(), meta);
            if !hidden {
                found.push(path);
            }
        }
        listed.folders.insert(folder.to_owned());
        found.sort();
        Ok(found)
    }

    /// Whether there is an object.
    pub(super) fn is_there(&self, path: &Path) -> Result<bool> {
        self.head(path).map(|found| found.is_some())
    }

    fn head(&self, path: &Path) -> Result<Option<Object>> {
        let (name, text) = split(path)?;
        let bucket = self.bucket(name)?;
        let known = self.listed.lock().unwrap_or_else(PoisonError::into_inner).get(path);
        if let Some(known) = known {
            return Ok(known.map(|meta| Object { bucket, meta }));
        }
        let key = key(path, text)?;
        match bucket.runtime.block_on(bucket.store.head(&key)) {
            Ok(meta) => {
                let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
                listed.objects.insert(path.to_owned(), meta.clone());
                Ok(Some(Object { bucket, meta }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(told(error, &path.display().to_string(), "read")),
        }
    }

    pub(super) fn open(&self, path: &Path) -> Result<Object> {
        self.head(path)?.ok_or_else(|| Error::file(path.display(), "is not there"))
    }

    /// Writes an object with one request: a reader sees the old one or the new one.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<()> {
        let (name, key_text) = split(path)?;
        let bucket = self.bucket(name)?;
        let key = key(path, key_text)?;
        let put = bucket.store.put(&key, Bytes::copy_from_slice(text.as_bytes()).into());
        bucket.runtime.block_on(put).map(|_| ()).map_err(|error| told(error, &path.display().to_string(), "written"))
    }
}

fn is_hidden(part: &object_store::path::PathPart<'_>) -> bool {
    part.as_ref().starts_with(['.', '_'])
}

/// Whether an object stands for a folder in a console.
fn is_marker(meta: &ObjectMeta) -> bool {
    meta.location.filename().is_none_or(|name| !name.contains('.'))
}

/// Opens a bucket: in the region that it is in, or at the endpoint that the environment names.
async fn connect(name: &str, chain: &chain::Chain) -> Result<AmazonS3> {
    let named = |key: &str| std::env::var_os(key).is_some();
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(name).with_retry(RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.,
        },
        max_retries: 8,
        retry_timeout: Duration::from_secs(180),
    });
    // What flows slowly is no failure, what stands still is.
    for (variable, key, seconds) in [
        ("AWS_TIMEOUT", ClientConfigKey::Timeout, "600 seconds"),
        ("AWS_READ_TIMEOUT", ClientConfigKey::ReadTimeout, "30 seconds"),
    ] {
        if !named(variable) {
            builder = builder.with_config(AmazonS3ConfigKey::Client(key), seconds);
        }
    }
    if let Some(credentials) = chain.credentials() {
        builder = builder.with_credentials(credentials);
    }
    let endpoint = std::env::var("AWS_ENDPOINT_URL_S3").ok().or_else(|| chain.endpoint());
    let region = match &endpoint {
        Some(endpoint) => {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
            chain.region().unwrap_or_else(|| "us-east-1".into())
        }
        None => match resolve_bucket_region(name, &ClientOptions::new()).await {
            Ok(region) => region,
            Err(error) => {
                let there = format!("s3://{name}");
                chain.region().ok_or_else(|| told(error, &there, "opened").help("name its region with AWS_REGION"))?
            }
        },
    };
    builder.with_region(region).build().map_err(|error| told(error, &format!("s3://{name}"), "opened"))
}

impl Object {
    fn name(&self) -> String {
        format!("s3://{}/{}", self.bucket.name, self.meta.location)
    }

    pub(super) fn size(&self) -> u64 {
        self.meta.size
    }

    /// What S3 calls its content, in place of the content.
    pub(super) fn digest(&self) -> [u8; 32] {
        let tag = self.meta.e_tag.clone().unwrap_or_else(|| self.name());
        sha2::Sha256::digest(tag.as_bytes()).into()
    }

    /// Some ranges, several in flight.
    pub(super) fn ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let fetch = |range| self.clone().range(range);
        let bytes = self.bucket.runtime.block_on(coalesce_ranges(ranges, fetch, NEAR))?;
        let short = |(bytes, range): (&Bytes, &Range<u64>)| bytes.len() as u64 != range.end - range.start;
        match bytes.iter().zip(ranges).find(|pair| short((pair.0, pair.1))) {
            Some((_, range)) => Err(self.short(range)),
            None => Ok(bytes),
        }
    }

    fn short(&self, range: &Range<u64>) -> Error {
        let length = range.end.saturating_sub(range.start);
        Error::file(self.name(), format!("is truncated: {length} bytes should begin at byte {}", range.start))
    }

    /// One range, whole.
    async fn range(self, range: Range<u64>) -> Result<Bytes> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: self.meta.e_tag.clone(),
            ..GetOptions::default()
        };
        let wrong = |error| told(error, &self.name(), "read");
        let got = self.bucket.store.get_opts(&self.meta.location, options).await.map_err(wrong)?;
        let bytes = got.bytes().await.map_err(wrong)?;
        if bytes.len() as u64 == range.end - range.start { Ok(bytes) } else { Err(self.short(&range)) }
    }

    /// All of it, in strides of which, but for the first, the next is on its way.
    pub(super) fn stream(&self) -> Stream {
        Stream { object: self.clone(), asked: 0, stride: FIRST, bytes: Bytes::new(), next: None }
    }
}

/// Reads an object from the first byte to the last.
pub(super) struct Stream {
    object: Object,
    asked: u64,
    stride: u64,
    bytes: Bytes,
    next: Option<JoinHandle<Result<Bytes>>>,
}

impl Stream {
    /// Asks for the next stride.
    fn ask(&mut self) {
        let end = self.asked.saturating_add(self.stride).min(self.object.size());
        if end > self.asked {
            let fetch = self.object.clone().range(self.asked..end);
            self.next = Some(self.object.bucket.runtime.spawn(fetch));
            self.asked = end;
            self.stride = (self.stride * GROWTH).min(STRIDE);
        }
    }
}

/// What is on its way to nobody is not waited for.
impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(next) = &self.next {
            next.abort();
        }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            if self.next.is_none() {
                self.ask();
            }
            let Some(next) = self.next.take() else { return Ok(0) };
            let runtime = self.object.bucket.runtime.clone();
            let first = self.asked <= FIRST;
            self.bytes = runtime.block_on(next).map_err(io::Error::other)?.map_err(io::Error::other)?;
            if !first {
                self.ask();
            }
        }
        let count = out.len().min(self.bytes.len());
        out[..count].copy_from_slice(&self.bytes.split_to(count));
        Ok(count)
    }
}
