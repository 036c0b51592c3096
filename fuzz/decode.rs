//! Fuzzes the decoder: damages real parts and reads each through both readers, which must agree.
//!
//! Either both give the same facts, or both refuse the part with an error that names it. (The fast reader may refuse what the
//! general one makes something of: that is counted, and no fault.) Never a panic, an endless loop or an allocation beyond the
//! limit of the process. `fuzz/run.sh` starts it with such a limit; docs/fuzzing.md says what was found.

use clap::Parser;
use curtail::config::{Config, Settings};
use std::{
    error::Error,
    io::Write,
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, Instant},
};

/// Damages parts at random and reads them through both readers.
#[derive(Parser)]
struct Args {
    /// Parts to start from.
    #[arg(required = true)]
    parts: Vec<PathBuf>,
    /// How long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The first of the random numbers; the same seed damages the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the part of the moment is written, and parts that show a fault are kept.
    #[arg(long, default_value = "target/fuzz")]
    out: PathBuf,
}

/// What a reading may take.
const LIMIT: Duration = Duration::from_secs(20);

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.out)?;
    let seeds = args.parts.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let mut random = Random(args.seed);
    let (mut tally, start) = (Tally::default(), Instant::now());
    std::panic::set_hook(Box::new(|_| {})); // panics are counted, and guarded ones are none
    while start.elapsed() < Duration::from_secs(args.seconds) {
        let mut part = random.pick(&seeds).clone();
        damage(&mut part, &mut random);
        let path = args.out.join("current.parquet");
        std::fs::write(&path, &part)?;
        let [fast, general] = [false, true].map(|general| read_in_time(&path, general));
        tally.parts += 1;
        if let Some(fault) = fault(&fast, &general) {
            tally.faults += 1;
            let kept = args.out.join(format!("fault-{}-{}.parquet", args.seed, tally.parts));
            std::fs::rename(&path, &kept)?;
            writeln!(std::io::stdout(), "{}: {fault}", kept.display())?;
        }
        match (fast, general) {
            (Read::Facts(_), Read::Facts(_)) => tally.read += 1,
            (Read::Refused(_), Read::Facts(_)) => tally.stricter += 1,
            _ => tally.refused += 1,
        }
    }
    let Tally { parts, read, refused, stricter, faults } = tally;
    writeln!(
        std::io::stdout(),
        "{parts} damaged parts: {read} read by both, {refused} refused, {stricter} refused by the fast reader alone, {faults} faults"
    )?;
    Ok(())
}

#[derive(Default)]
struct Tally {
    parts: u64,
    read: u64,
    refused: u64,
    stricter: u64,
    faults: u64,
}

/// How a reading ended.
#[derive(Debug)]
enum Read {
    /// The facts, written out.
    Facts(String),
    Refused(curtail::error::Error),
    Panic,
    TooLong,
}

fn read_in_time(path: &Path, general: bool) -> Read {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    std::thread::spawn(move || {
        let read = std::panic::catch_unwind(|| read(&path, general)).unwrap_or(Read::Panic);
        sender.send(read).ok();
    });
    receiver.recv_timeout(LIMIT).unwrap_or(Read::TooLong)
}

fn read(path: &Path, general: bool) -> Read {
    let exports = vec![path.display().to_string()];
    let settings = Settings {
        exports,
        window: Some("all".into()),
        threads: Some(1),
        general_reader: general,
        ..Settings::default()
    };
    match Config::of(settings).and_then(|config| curtail::read(&config)) {
        Ok(read) => Read::Facts(format!("{:?}", read.facts)),
        Err(error) => Read::Refused(error),
    }
}

/// What is wrong with how the two readers ended.
fn fault(fast: &Read, general: &Read) -> Option<String> {
    match (fast, general) {
        (Read::Panic | Read::TooLong, _) | (_, Read::Panic | Read::TooLong) => {
            Some(format!("fast {}, general {}", ending(fast), ending(general)))
        }
        (Read::Facts(fast), Read::Facts(general)) => (fast != general).then(|| "the facts differ".to_owned()),
        (Read::Refused(error), Read::Facts(_) | Read::Refused(_)) => {
            error.place.file.is_none().then(|| format!("the error names no file: {error}"))
        }
        _ => Some(format!("fast {}, general {}", ending(fast), ending(general))),
    }
}

fn ending(read: &Read) -> String {
    match read {
        Read::Facts(_) => "reads it".to_owned(),
        Read::Refused(error) => format!("refuses it ({error})").replace('\n', " "),
        Read::Panic => "panics".to_owned(),
        Read::TooLong => format!("takes more than {} s", LIMIT.as_secs()),
    }
}

/// Damages one to eight places; mostly pages and their headers, at times the footer, never the magic words.
fn damage(part: &mut [u8], random: &mut Random) {
    for _ in 0..=random.below(7) {
        if part.len() < 64 {
            return;
        }
        let footer = footer_start(part);
        let (start, end) = if random.below(10) == 0 { (footer, part.len() - 8) } else { (4, footer) };
        if end <= start {
            continue;
        }
        let at = start + random.below(end - start);
        match random.below(7) {
            0 => part[at] ^= 1 << random.below(8),
            1 => part[at] = random.byte(),
            2 => part[at] = *random.pick(&[0x00, 0x01, 0x7f, 0x80, 0xff]),
            3 => part[at] = part[at].wrapping_add(1),
            4 => {
                let length = random.below(16).min(end - at);
                part[at..at + length].fill_with(|| random.byte());
            }
            5 => {
                let (from, length) = (start + random.below(end - start), random.below(64));
                let length = length.min(end - at).min(end - from);
                part.copy_within(from..from + length, at);
            }
            _ => {
                let length = random.below(32).min(end - at);
                part[at..at + length].fill(0);
            }
        }
    }
}

/// Where a part's footer begins.
fn footer_start(part: &[u8]) -> usize {
    let length = part[part.len() - 8..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
    part.len().saturating_sub(8 + length).max(4)
}

/// Random numbers that follow from the first one (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % (count.max(1) as u64)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
