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
mod read;
pub(crate) mod table;
mod tags;
mod turns;

pub use classes::{CLASS_COLUMNS, ClassKey, ClassTable};
pub use columns::Dialect;
pub(crate) use focus::is_aws;
pub use guard::is_guarded;
pub(crate) use ids::ROOM;
pub use ids::{Ids, ResourceSym};
pub use lines::{Dictionary, Lines};
pub(crate) use lines::{NO_MOMENT, Narrow, Times, are_same, told};
pub(crate) use numbers::{Numbers, slot_of, touch};
pub use read::{Extent, Fold, scan};
pub use tags::{CATEGORY, TagSets, TagsId};

use crate::{
    error::{Error, Result},
    store::{Blob, Store},
};
use arrow_schema::{DataType, Field, Schema};
use columns::Layout;
use input::Input;
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::metadata::{ParquetMetaData, RowGroupMetaData},
};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
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
    same_rows(plain.metadata())?;
    let layout = Layout::find(plain.schema())?;
    let schema = Arc::new(with_dictionaries(plain.schema()));
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema);
    let hinted = ArrowReaderMetadata::try_new(plain.metadata().clone(), options);
    Ok((Source::Parquet(hinted.unwrap_or(plain)), layout))
}

/// What to do about a damaged part.
const FETCH_AGAIN: &str = "fetch the part again; no report is better than a wrong total";

/// Lines must not be lost because a row group claims to have fewer.
fn same_rows(metadata: &ParquetMetaData) -> Result<()> {
    let all = i128::from(metadata.file_metadata().num_rows());
    let groups: i128 = metadata.row_groups().iter().map(|group| i128::from(group.num_rows())).sum();
    if all == groups {
        return Ok(());
    }
    Err(Error::new(format!("is corrupt: its footer tells of {all} lines, its row groups of {groups}"))
        .help(FETCH_AGAIN))
}

fn not_parquet(error: &ParquetError) -> Error {
    Error::carried(error).unwrap_or_else(|| {
        Error::new(format!("is not a readable Parquet file (truncated, or of another format): {error}"))
            .help(FETCH_AGAIN)
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
