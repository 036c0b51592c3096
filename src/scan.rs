//! Part files become lines: projected, typed, with interned strings, in parallel. The only reader of Parquet, Arrow and CSV exports.

mod classes;
pub mod columns;
mod csv;
mod decode;
mod fast;
mod focus;
mod guard;
mod ids;
mod input;
mod lines;
mod numbers;
pub(crate) mod table;
mod tags;

pub use classes::{CLASS_COLUMNS, ClassKey, ClassTable};
pub use columns::Dialect;
pub(crate) use focus::is_aws;
pub use guard::is_guarded;
pub use ids::{Ids, ResourceSym};
pub use lines::{Dictionary, Lines};
pub(crate) use lines::{NO_MOMENT, Narrow, told};
pub(crate) use numbers::{Numbers, slot_of, touch};
pub use tags::{CATEGORY, TagSets, TagsId};

use crate::{
    error::{Error, Result},
    store::{Blob, Store},
};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use columns::{Labels, Layout};
use input::Input;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
        },
    },
    errors::ParquetError,
    file::metadata::RowGroupMetaData,
};
use std::{
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Lines a batch: small enough that its columns stay in the cache.
const BATCH: usize = 2048;

/// The formats of part files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet.
    Parquet,
    /// CSV, plain or gzip.
    Csv,
}

impl Format {
    /// The format that a file's name tells; `None` for a file that is no part of an export.
    #[must_use]
    pub fn of_name(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_string_lossy().to_ascii_lowercase();
        if name.ends_with(".parquet") {
            Some(Self::Parquet)
        } else {
            (name.ends_with(".csv") || name.ends_with(".csv.gz")).then_some(Self::Csv)
        }
    }
}

/// One opened part file of an export.
pub struct Part {
    /// The path as the user would name it.
    pub name: String,
    /// The folder that it was delivered in.
    pub folder: String,
    blob: Blob,
    source: Source,
    layout: Layout,
    general: bool,
    /// Which of the exports that were named it is of, from 0.
    pub(crate) export: usize,
    /// Lines of a part that does not say beforehand how many it has.
    counted: OnceLock<u64>,
    /// Of FOCUS: whose the rows are that name no provider.
    provider: OnceLock<Arc<str>>,
}

enum Source {
    Parquet(ArrowReaderMetadata),
    Csv(csv::Header),
}

impl Part {
    /// Opens a part and finds its columns; reads the footer or the header line only. With `general` lines of Parquet come through
    /// the general reader, which knows every encoding, type and nesting; they are the same.
    ///
    /// # Errors
    /// A file that is missing, empty, truncated or of another format, or lacks a required column.
    pub fn open(store: &Store, path: &Path, general: bool) -> Result<Self> {
        let name = path.display().to_string();
        let blob = store.open(path).map_err(|error| error.in_file(&name))?;
        let opened = match Format::of_name(path) {
            Some(Format::Csv) => open_csv(&blob),
            _ => open_parquet(&blob),
        };
        opened.map_err(|error| error.in_file(&name)).map(|(source, layout)| Self {
            folder: path.parent().map(|folder| folder.display().to_string()).unwrap_or_default(),
            blob,
            name,
            source,
            layout,
            general,
            export: 0,
            counted: OnceLock::new(),
            provider: OnceLock::new(),
        })
    }

    /// The same part, of one of the exports that were named.
    #[must_use]
    pub(crate) fn of_export(self, export: usize) -> Self {
        Self { export, ..self }
    }

    /// The dialect of its columns.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.layout.dialect
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Says whose the rows of FOCUS are that name no provider; it is told once.
    pub(crate) fn tell_provider(&self, name: &str) {
        self.provider.get_or_init(|| Arc::from(name));
    }

    /// How many lines it holds; of a CSV part none until it was read.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match &self.source {
            Source::Parquet(metadata) => u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0),
            Source::Csv(_) => self.counted.get().copied().unwrap_or(0),
        }
    }

    /// Whether it is known to hold no lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.source, Source::Parquet(_)) && self.rows() == 0
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.blob.size()
    }

    /// How many bytes the columns take that are read of it; of CSV all.
    #[must_use]
    pub fn needed_bytes(&self) -> u64 {
        let columns = self.layout.projection();
        let of_group = |group: usize| -> u64 {
            let Some(metadata) = self.row_group(group) else { return 0 };
            let schema = metadata.schema_descr();
            let leaves = metadata.columns().iter().enumerate();
            let needed = leaves.filter(|(leaf, _)| columns.contains(&schema.get_column_root_idx(*leaf)));
            needed.map(|(_, chunk)| u64::try_from(chunk.compressed_size()).unwrap_or(0)).sum()
        };
        match self.source {
            Source::Parquet(_) => (0..self.units()).map(of_group).sum(),
            Source::Csv(_) => self.bytes(),
        }
    }

    /// What tells its content from that of other parts of the same size.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn digest(&self) -> Result<[u8; 32]> {
        self.blob.digest().map_err(|error| error.in_file(&self.name))
    }

    /// The names of all its columns, read or not.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        let schema = match &self.source {
            Source::Parquet(metadata) => metadata.schema().as_ref(),
            Source::Csv(header) => &header.schema,
        };
        schema.fields().iter().map(|field| field.name().as_str())
    }

    /// The units that it is read in: row groups; a CSV part is one.
    fn units(&self) -> usize {
        match &self.source {
            Source::Parquet(metadata) => metadata.metadata().num_row_groups(),
            Source::Csv(_) => 1,
        }
    }

    /// The metadata of a row group, of a Parquet part.
    fn row_group(&self, group: usize) -> Option<&RowGroupMetaData> {
        match &self.source {
            Source::Parquet(metadata) => Some(metadata.metadata().row_group(group)),
            Source::Csv(_) => None,
        }
    }

    /// The bytes of some top-level columns of a row group.
    fn input(&self, group: usize, columns: &[usize]) -> Result<Input> {
        self.input_of(group, columns, Extent::Whole)
    }

    fn input_of(&self, group: usize, columns: &[usize], extent: Extent) -> Result<Input> {
        Input::of(&self.blob, || {
            let Some(metadata) = self.row_group(group) else { return Ok(Vec::new()) };
            let schema = metadata.schema_descr();
            let leaves = metadata.columns().iter().enumerate();
            let needed = leaves.filter(|(leaf, _)| columns.contains(&schema.get_column_root_idx(*leaf)));
            input::wanted(needed.map(|(_, chunk)| chunk), extent == Extent::LabelSample)
        })
    }
}

fn open_csv(blob: &Blob) -> Result<(Source, Layout)> {
    let header = csv::Header::read(blob)?;
    let layout = Layout::find(&header.schema)?;
    Ok((Source::Csv(header), layout))
}

fn open_parquet(blob: &Blob) -> Result<(Source, Layout)> {
    let input = Input::footer(blob)?;
    if blob.size() == 0 {
        return Err(Error::new("is empty (0 bytes); a Parquet file is never empty").help("fetch the part again"));
    }
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let load = || ArrowReaderMetadata::load(&input, options).map_err(|error| not_parquet(&error));
    let plain = guard::guarded(load)?;
    let layout = Layout::find(plain.schema())?;
    let schema = Arc::new(with_dictionaries(plain.schema()));
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema);
    let hinted = ArrowReaderMetadata::try_new(plain.metadata().clone(), options);
    Ok((Source::Parquet(hinted.unwrap_or(plain)), layout))
}

fn not_parquet(error: &ParquetError) -> Error {
    Error::carried(error).unwrap_or_else(|| {
        Error::new(format!("is not a readable Parquet file (truncated, or of another format): {error}"))
            .help("fetch the part again; no report is better than a wrong total")
    })
}

/// The schema that asks for strings as dictionaries, so that a distinct string is interned once per row group.
fn with_dictionaries(schema: &Schema) -> Schema {
    let fields: Vec<Field> = schema.fields().iter().map(|field| field_with_dictionary(field)).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

fn field_with_dictionary(field: &Field) -> Field {
    let wanted = match field.data_type() {
        DataType::Utf8 => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        DataType::Binary => DataType::Utf8,
        DataType::Map(entries, sorted) => DataType::Map(Arc::new(field_with_dictionary(entries)), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| field_with_dictionary(f)).collect()),
        other => other.clone(),
    };
    field.clone().with_data_type(wanted)
}

/// What a scan does with the lines. Each worker has its own; they are merged by the caller.
pub trait Fold: Send {
    /// Is called before the first lines of each row group; of a part of CSV before those of the part.
    fn begin(&mut self) {}

    /// Whether columns are needed of a batch that few lines need (`columns::late`); else they may be null. All others can be asked.
    fn wants_late(&mut self, _: &Lines, _: &Dictionary) -> bool {
        true
    }

    /// Takes in a batch of lines of the part with index `part`.
    ///
    /// # Errors
    /// When a line cannot be understood; the error may name its column.
    fn add(&mut self, lines: &Lines, dictionary: &mut Dictionary, part: usize) -> Result<()>;
}

/// Which columns a scan reads, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every column of the contract, every line.
    Whole,
    /// Time, account and provider alone, every line: what there is.
    Times,
    /// Labels and accounts alone, of the first lines of each row group.
    LabelSample,
}

/// Reads all parts with some workers; returns each worker's dictionary and fold.
///
/// # Errors
/// The error of the lowest (file, row group), whatever the number of workers.
pub fn scan<F: Fold>(
    parts: &[Part],
    extent: Extent,
    threads: usize,
    fold: impl Fn() -> F + Sync,
) -> Result<Vec<(Dictionary, F)>> {
    let units: Vec<(usize, usize)> =
        parts.iter().enumerate().flat_map(|(at, part)| (0..part.units()).map(move |group| (at, group))).collect();
    let layouts: Vec<Layout> = parts.iter().map(|part| narrowed(part, extent)).collect();
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let work = || {
        let (mut dictionary, mut folded) = (Dictionary::default(), fold());
        loop {
            let unit = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(at, group)) = units.get(unit) else { break };
            if failed.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                break; // units are handed out in order, so every lower one is done or being done
            }
            let read = read_group(&parts[at], at, group, &layouts[at], extent, &mut dictionary, &mut folded);
            if let Err(error) = read {
                let error = match parts[at].source {
                    Source::Parquet(_) => error.in_row_group(group),
                    Source::Csv(_) => error,
                };
                let error = error.in_file(&parts[at].name);
                let mut slot = failed.lock().unwrap_or_else(PoisonError::into_inner);
                if slot.as_ref().is_none_or(|(first, _)| unit < *first) {
                    *slot = Some((unit, error));
                }
                break;
            }
        }
        (dictionary, folded)
    };
    let workers = threads.clamp(1, units.len().max(1));
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    if let Some((_, error)) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    results
        .into_iter()
        .map(|result| result.map_err(|_| Error::new("a part could not be read: the reader failed")))
        .collect()
}

fn narrowed(part: &Part, extent: Extent) -> Layout {
    use columns::{Moment, Text};
    let mut narrow = Layout { provider: part.provider.get().cloned(), ..part.layout.clone() };
    if extent == Extent::Whole {
        return narrow;
    }
    let kept: &[Text] = match extent {
        Extent::Times => &[Text::Account, Text::Payer, Text::SubAccount, Text::Provider],
        _ => &[Text::Account, Text::Payer, Text::SubAccount],
    };
    for (slot, spec) in narrow.text.iter_mut().zip(Text::SPECS) {
        if !kept.contains(&spec.column) {
            *slot = None;
        }
    }
    narrow.amount = [None; columns::Amount::COUNT];
    match extent {
        Extent::Times => (narrow.tags, narrow.categories) = (Labels::Flat(Vec::new()), Labels::Flat(Vec::new())),
        _ => narrow.moment = [None; Moment::COUNT],
    }
    narrow
}

fn read_group<F: Fold>(
    part: &Part,
    at: usize,
    group: usize,
    layout: &Layout,
    extent: Extent,
    dictionary: &mut Dictionary,
    fold: &mut F,
) -> Result<()> {
    fold.begin();
    if let Source::Csv(header) = &part.source {
        let mut reader = csv::Reader::open(&part.blob, header, layout, dictionary)?;
        while let Some(lines) = reader.next(dictionary, extent)? {
            fold.add(lines, dictionary, at).map_err(|error| header.as_written(error))?;
        }
        if extent != Extent::LabelSample {
            part.counted.get_or_init(|| reader.rows);
        }
        return Ok(());
    }
    if extent != Extent::LabelSample
        && !part.general
        && let Some(mut lines) = fast::open(part, group, layout, dictionary)?
    {
        while let Some(lines) = lines.next(dictionary, |lines, dictionary| fold.wants_late(lines, dictionary))? {
            fold.add(lines, dictionary, at)?;
        }
        return Ok(());
    }
    let columns = layout.projection();
    let mut batches = part.batches(group, columns.clone(), extent)?;
    let mut decoder = decode::Decoder::new(layout);
    loop {
        let batch = match batches.next() {
            Ok(Some(batch)) => batch,
            Ok(None) => return Ok(()),
            Err(error) if batches.failed.get().is_some() => return Err(error),
            Err(error) => {
                let damaged = part.damaged_column(group, &columns, extent);
                return Err(damaged.map_or(error.clone(), |name| error.in_column(name)));
            }
        };
        let lines = decoder.decode(&batch, dictionary)?;
        fold.add(&lines, dictionary, at)?;
    }
}

impl Part {
    fn batches(&self, group: usize, columns: Vec<usize>, extent: Extent) -> Result<Batches> {
        let Source::Parquet(metadata) = &self.source else { return Err(Error::new("is not Parquet")) };
        let input = self.input_of(group, &columns, extent)?;
        let failed = input.failure();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), columns);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(BATCH);
        let reader = if extent == Extent::LabelSample { reader.with_limit(BATCH) } else { reader };
        match guard::guarded(|| reader.build().map_err(|error| corrupt(&error))) {
            Ok(reader) => Ok(Batches { reader, failed }),
            Err(error) => Err(failed.get().cloned().unwrap_or(error)),
        }
    }

    /// The first column that cannot be read by itself, to name it.
    fn damaged_column(&self, group: usize, columns: &[usize], extent: Extent) -> Option<String> {
        let damaged = |column: &&usize| {
            let read = || -> Result<()> {
                let mut batches = self.batches(group, vec![**column], extent)?;
                while batches.next()?.is_some() {}
                Ok(())
            };
            read().is_err()
        };
        let column = columns.iter().find(damaged)?;
        self.column_names().nth(*column).map(str::to_owned)
    }
}

/// Reads a row group batch by batch.
struct Batches {
    reader: ParquetRecordBatchReader,
    /// What went wrong where its bytes come from.
    failed: input::Failure,
}

impl Batches {
    /// The next batch; `None` behind the last.
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let read = guard::guarded(|| self.reader.next().transpose().map_err(|error| corrupt(&error)));
        read.map_err(|error| self.failed.get().cloned().unwrap_or(error))
    }
}

fn corrupt(error: &dyn std::fmt::Display) -> Error {
    Error::new(format!("is corrupt: {error}"))
}
