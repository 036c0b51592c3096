//! curtail's facts alone, for the comparison with other engines: how long they take, what they are, and the floor below them.

use clap::Parser;
use curtail::{
    exports::{Exports, Opening},
    facts::{Asked, Class, Costs, Facts, Label, Survey, Window, WindowChoice},
    money::{Money, Quantity},
    note::Notes,
    parallel::with_threads,
    scan::Part,
    store::Store,
};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::{
    error::Error,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The columns that the three tables need: those that the other engines read.
const COLUMNS: &str = include_str!("columns.txt");

/// Folds an export into facts and prints a line of JSON.
#[derive(Parser)]
struct Args {
    /// The export's folder.
    export: String,
    /// Workers.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Also write the three tables into this folder, as CSV with exact decimals.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Read through the general reader, which the fast one stands beside.
    #[arg(long)]
    general: bool,
    /// Read and decompress the needed pages, and do nothing else.
    #[arg(long)]
    floor: bool,
}

fn main() -> Done<()> {
    let args = Args::parse();
    let line = if args.floor { floor(&args)? } else { with_threads(args.threads, || facts(&args))?? };
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn opening<'a>(args: &Args, store: &'a Store) -> Opening<'a> {
    Opening { store, periods: None, general: args.general }
}

fn facts(args: &Args) -> Done<serde_json::Value> {
    let start = Instant::now();
    let mut notes = Notes::default();
    let exports = Exports::open(std::slice::from_ref(&args.export), opening(args, &Store::default()), &mut notes)?;
    let (survey, reading) = Survey::of(&exports, None, args.threads)?;
    let window = Window::choose(&survey, &WindowChoice::All, &mut notes)?;
    let surveyed = start.elapsed();
    let workload = Some(Label::parse("tag:workload")?);
    let threads = args.threads;
    let coverage = std::sync::Arc::new(curtail::sku::Coverage::embedded()?);
    let asked = Asked { workload, owner: None, reading, window, currency: None, one_currency: true, coverage, threads };
    let facts = Facts::read(&exports, &asked, &survey)?;
    let wall = start.elapsed();
    if let Some(folder) = &args.write {
        std::fs::create_dir_all(folder)?;
        write_resources(&facts, folder)?;
        write_spend(&facts, folder)?;
        write_commitments(&facts, folder)?;
    }
    Ok(serde_json::json!({
        "wall": wall.as_secs_f64(),
        "survey": surveyed.as_secs_f64(),
        "rows": facts.quality.lines,
        "resources": facts.resources.len(),
        "classes": facts.classes.len(),
    }))
}

const CLASS: [&str; 10] =
    ["payer", "account", "region", "zone", "product", "usage_type", "operation", "line_type", "unit", "currency"];
const SUMS: [&str; 5] = ["quantity", "unblended", "effective", "net", "on_demand"];

fn class_cells(class: &Class) -> [&str; CLASS.len()] {
    let zone = class.zone.as_deref().unwrap_or_default();
    let place: [&str; 4] = [&class.payer, &class.account, &class.region, zone];
    let what: [&str; 6] =
        [&class.product, &class.usage_type, &class.operation, &class.line_name, &class.unit, &class.currency];
    let mut cells = [""; CLASS.len()];
    cells[..4].copy_from_slice(&place);
    cells[4..].copy_from_slice(&what);
    cells
}

fn sum_cells(sums: &Costs) -> [String; SUMS.len()] {
    let Quantity(quantity) = sums.quantity;
    let money = |Money(raw)| decimal(raw, 12);
    [decimal(quantity, 12), money(sums.unblended), money(sums.effective), money(sums.net), money(sums.on_demand)]
}

/// `raw` x 10^-`digits`, exactly.
fn decimal(raw: i128, digits: u32) -> String {
    let (sign, raw, unit) = (if raw < 0 { "-" } else { "" }, raw.unsigned_abs(), 10u128.pow(digits));
    format!("{sign}{}.{:0width$}", raw / unit, raw % unit, width = digits as usize)
}

/// Writes one row: its own keys, its class, its sums.
fn row(out: &mut csv::Writer<File>, keys: &[&str], class: &Class, sums: &Costs) -> Done<()> {
    let sums = sum_cells(sums);
    let cells = keys.iter().copied().chain(class_cells(class)).chain(sums.iter().map(String::as_str));
    Ok(out.write_record(cells)?)
}

fn write_resources(facts: &Facts, folder: &Path) -> Done<()> {
    let mut out = csv::Writer::from_path(folder.join("resources.csv"))?;
    out.write_record(["resource"].iter().chain(&CLASS).chain(&SUMS))?;
    for resource in &facts.resources {
        for billed in facts.billed_of(resource) {
            row(&mut out, &[&resource.id], facts.class(billed.class), &billed.costs)?;
        }
    }
    Ok(out.flush()?)
}

fn write_spend(facts: &Facts, folder: &Path) -> Done<()> {
    let mut out = csv::Writer::from_path(folder.join("spend.csv"))?;
    out.write_record(["day", "workload"].iter().chain(&CLASS).chain(&SUMS))?;
    for spend in facts.spend.iter() {
        let workload = facts.parties[spend.party as usize].workload.as_deref().unwrap_or_default();
        row(&mut out, &[&spend.day.to_string(), workload], facts.class(spend.class), &spend.costs)?;
    }
    Ok(out.flush()?)
}

fn write_commitments(facts: &Facts, folder: &Path) -> Done<()> {
    let mut out = csv::Writer::from_path(folder.join("commitments.csv"))?;
    out.write_record(["arn", "used", "used_net", "unused", "unused_net", "on_demand"])?;
    for commitment in &facts.commitments {
        let (used, unused) = (commitment.used, commitment.unused);
        let sums = [used.gross, used.net, unused.gross, unused.net, commitment.on_demand];
        let cells = sums.map(|Money(raw)| decimal(raw, 12));
        out.write_record(std::iter::once(commitment.id.as_ref()).chain(cells.iter().map(String::as_str)))?;
    }
    Ok(out.flush()?)
}

/// Reads every needed page of an export, row groups handed out to the workers one by one.
fn floor(args: &Args) -> Done<serde_json::Value> {
    let start = Instant::now();
    let exports =
        Exports::open(std::slice::from_ref(&args.export), opening(args, &Store::default()), &mut Notes::default())?;
    let next = AtomicUsize::new(0);
    let work = || -> Done<usize> {
        // Readers of one file share its position, so each worker has its own.
        let open = |part: &Part| Ok(SerializedFileReader::new(File::open(&part.name)?)?);
        let files = exports.parts.iter().map(open).collect::<Done<Vec<_>>>()?;
        let units: Vec<_> =
            files.iter().flat_map(|file| (0..file.num_row_groups()).map(move |at| (file, at))).collect();
        let mut bytes = 0;
        while let Some((file, group)) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
            bytes += read_pages(file, *group)?;
        }
        Ok(bytes)
    };
    let bytes = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..args.threads).map(|_| scope.spawn(work)).collect();
        let ends = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err("a worker failed".into())));
        ends.sum::<Done<usize>>()
    })?;
    let rows: u64 = exports.parts.iter().map(Part::rows).sum();
    Ok(serde_json::json!({ "wall": start.elapsed().as_secs_f64(), "rows": rows, "bytes": bytes }))
}

/// How many bytes the needed pages of a row group hold, decompressed.
fn read_pages(file: &SerializedFileReader<File>, group: usize) -> Done<usize> {
    let group = file.get_row_group(group)?;
    let mut bytes = 0;
    for (at, column) in group.metadata().columns().iter().enumerate() {
        let root = column.column_path().parts().first().map_or("", String::as_str);
        if COLUMNS.lines().any(|needed| needed == root) {
            for page in group.get_column_page_reader(at)? {
                bytes += page?.buffer().len();
            }
        }
    }
    Ok(bytes)
}
