//! Reads parts with some workers: a row group after the other, by the fast reader where that knows all that it holds.

use super::{
    BATCH, Dictionary, Lines, Part, Source,
    columns::{self, Labels, Layout},
    csv, decode, fast, guard, input,
    turns::{Own, Turn, Turns},
};
use crate::error::{Error, Result};
use arrow_array::RecordBatch;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    file::metadata::RowGroupMetaData,
};
use std::sync::{Mutex, PoisonError};

/// Batches a piece, the least that another worker takes over of a row group: its lines take some ten milliseconds.
const PIECE: usize = 32;

/// What a scan does with the lines. Each worker has its own; they are merged by the caller.
pub trait Fold: Send {
    /// Is called before the first lines of each piece: so many lines of a row group, or of a part of CSV.
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
/// The error of the lowest (file, row group, piece), whatever the number of workers.
pub fn scan<F: Fold>(
    parts: &[Part],
    extent: Extent,
    threads: usize,
    fold: impl Fn() -> F + Sync,
) -> Result<Vec<(Dictionary, F)>> {
    let units = parts.iter().enumerate().flat_map(|(at, part)| (0..part.units()).map(move |group| (at, group)));
    let layouts = parts.iter().map(|part| narrowed(part, extent)).collect();
    let work = Work { parts, units: units.collect(), layouts, extent };
    let pieces = work.pieces();
    let workers = threads.clamp(1, pieces.iter().sum::<usize>().max(1));
    let turns = Turns::new(pieces, workers);
    let failed: Mutex<Option<(Turn, Error)>> = Mutex::new(None);
    let read = |worker| {
        let (own, mut dictionary, mut folded) = (turns.of(worker), Dictionary::default(), fold());
        while let Some(mut turn) = own.next() {
            if let Err(error) = work.read(&mut turn, &own, &mut dictionary, &mut folded) {
                own.fail(turn.unit);
                let mut slot = failed.lock().unwrap_or_else(PoisonError::into_inner);
                if slot.as_ref().is_none_or(|(first, _)| turn < *first) {
                    *slot = Some((turn, error));
                }
            }
        }
        (dictionary, folded)
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let read = &read;
        let handles: Vec<_> = (0..workers).map(|worker| scope.spawn(move || read(worker))).collect();
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

/// What is to be read.
struct Work<'a> {
    parts: &'a [Part],
    /// Part and row group.
    units: Vec<(usize, usize)>,
    /// By part: the columns that are read.
    layouts: Vec<Layout>,
    extent: Extent,
}

impl Work<'_> {
    /// How many pieces of each unit several workers can read.
    fn pieces(&self) -> Vec<usize> {
        let of_unit = |(at, group): &(usize, usize)| {
            let part = &self.parts[*at];
            let rows = part.row_group(*group).map_or(0, RowGroupMetaData::num_rows);
            let shared = self.is_fast(part) && part.blob.is_local();
            let pieces = usize::try_from(rows).unwrap_or(0).div_ceil(PIECE * BATCH);
            // A damaged file may claim any number of lines.
            if shared { pieces.clamp(1, 1 << 20) } else { 1 }
        };
        self.units.iter().map(of_unit).collect()
    }

    /// Whether the fast reader is asked first.
    fn is_fast(&self, part: &Part) -> bool {
        matches!(part.source, Source::Parquet(_)) && self.extent != Extent::LabelSample && !part.general
    }

    /// Reads what it is a worker's turn to read; where that fails `turn` tells the piece.
    fn read<F: Fold>(&self, turn: &mut Turn, own: &Own<'_>, dictionary: &mut Dictionary, fold: &mut F) -> Result<()> {
        let (at, group) = self.units[turn.unit];
        let part = &self.parts[at];
        let read = match &part.source {
            Source::Csv(header) => {
                own.tell(turn.unit, 0);
                self.csv(at, header, dictionary, fold)
            }
            Source::Parquet(_) => {
                self.group((at, group), turn, own, dictionary, fold).map_err(|error| error.in_row_group(group))
            }
        };
        read.map_err(|error| error.in_file(&part.name))
    }

    fn csv<F: Fold>(&self, at: usize, header: &csv::Header, dictionary: &mut Dictionary, fold: &mut F) -> Result<()> {
        let part = &self.parts[at];
        let (mut reader, mut number) = (csv::Reader::open(&part.blob, header, &self.layouts[at], dictionary)?, 0);
        while let Some(lines) = reader.next(dictionary, self.extent)? {
            begin(fold, &mut number);
            fold.add(lines, dictionary, at).map_err(|error| header.as_written(error))?;
        }
        if self.extent != Extent::LabelSample {
            part.counted.get_or_init(|| reader.rows);
        }
        Ok(())
    }

    /// Reads a row group from a piece on, to its end or as far as others do not take over.
    fn group<F: Fold>(
        &self,
        (at, group): (usize, usize),
        turn: &mut Turn,
        own: &Own<'_>,
        dictionary: &mut Dictionary,
        fold: &mut F,
    ) -> Result<()> {
        let (part, layout) = (&self.parts[at], &self.layouts[at]);
        let opened = if self.is_fast(part) { fast::open(part, group, layout, dictionary)? } else { None };
        let Some(mut lines) = opened else {
            if turn.piece > 0 {
                return Err(Error::new("was changed while it was read"));
            }
            own.tell(turn.unit, 0);
            return self.general((at, group), dictionary, fold);
        };
        let pieces = lines.rows().div_ceil(PIECE * BATCH);
        // Of a file elsewhere the bytes are fetched once.
        let shared = part.blob.is_local();
        own.tell(turn.unit, if shared { pieces } else { 0 });
        lines.pass(turn.piece * PIECE * BATCH, dictionary)?;
        while turn.piece < pieces {
            fold.begin();
            for _ in 0..PIECE {
                let Some(lines) = lines.next(dictionary, |lines, dictionary| fold.wants_late(lines, dictionary))?
                else {
                    break;
                };
                fold.add(lines, dictionary, at)?;
            }
            turn.piece += 1;
            if shared && !own.goes_on() {
                break;
            }
        }
        Ok(())
    }

    /// Reads a row group by the general reader.
    fn general<F: Fold>(&self, (at, group): (usize, usize), dictionary: &mut Dictionary, fold: &mut F) -> Result<()> {
        let (part, layout) = (&self.parts[at], &self.layouts[at]);
        let columns = layout.projection();
        let mut batches = part.batches(group, columns.clone(), self.extent)?;
        let (mut decoder, mut number) = (decode::Decoder::new(layout), 0);
        loop {
            let batch = match batches.next() {
                Ok(Some(batch)) => batch,
                Ok(None) => return Ok(()),
                Err(error) if batches.failed.get().is_some() => return Err(error),
                Err(error) => {
                    let damaged = part.damaged_column(group, &columns, self.extent);
                    return Err(damaged.map_or(error.clone(), |name| error.in_column(name)));
                }
            };
            let lines = decoder.decode(&batch, dictionary)?;
            begin(fold, &mut number);
            fold.add(&lines, dictionary, at)?;
        }
    }
}

/// Begins a piece with every so many batches.
fn begin<F: Fold>(fold: &mut F, number: &mut usize) {
    if number.is_multiple_of(PIECE) {
        fold.begin();
    }
    *number += 1;
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
