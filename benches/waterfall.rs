//! What the waterfall and the advice on it cost: a large market from scratch, thousands of edits by the margin walk, the curve of
//! one plan, and all plans together, with how far they may be from the best.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../tests/it/bound.rs"]
mod bound;
mod market;

use curtail::{
    commitments::{Effort, optimise},
    parallel::with_threads,
    waterfall::{Change, Curve, Waterfall},
};
use market::{Market, Size};
use std::{
    error::Error,
    io::{Stdout, Write},
    time::{Duration, Instant},
};

const LARGE: Size = Size { hours: 744, accounts: 4, regions: 5, families: 20, owned: [120, 60, 20], dollars: [3, 40] };
const SMALL: Size = Size { hours: 336, accounts: 1, regions: 2, families: 6, owned: [6, 4, 2], dollars: [3, 10] };
const EDITS: u32 = 5000;

type Done<T> = Result<T, Box<dyn Error>>;

/// The median time of `times` runs, and the last result.
fn median<T>(times: usize, mut run: impl FnMut() -> T) -> (Duration, T) {
    let start = Instant::now();
    let mut last = run();
    let mut taken = vec![start.elapsed()];
    for _ in 1..times {
        let start = Instant::now();
        last = run();
        taken.push(start.elapsed());
    }
    taken.sort();
    (taken[taken.len() / 2], last)
}

fn usd(value: f64) -> f64 {
    value / 1e21
}

fn main() -> Done<()> {
    let mut out = std::io::stdout();
    let large = Market::new(LARGE);
    let waterfall = pricing(&mut out, "large", &large)?;
    edits(&mut out, &large, &waterfall)?;
    curves(&mut out, &large, &waterfall)?;
    let effort = Effort { starts: 2, points: 20_000_000, closest: 1 };
    advice(&mut out, &large, &waterfall, effort, None)?;
    let small = Market::new(SMALL);
    let waterfall = pricing(&mut out, "small", &small)?;
    for groups in [12, 48] {
        advice(&mut out, &small, &waterfall, effort, Some(groups))?;
    }
    Ok(())
}

fn pricing(out: &mut Stdout, name: &str, market: &Market) -> Done<Waterfall> {
    let (pools, hours) = (market.demand.pools(), market.demand.hours());
    let fills: usize = market.steps.iter().map(|step| step.fills.len()).sum();
    let (capacities, steps) = (market.capacities.len(), market.steps.len());
    let (took, waterfall) = median(9, || market.price());
    let (left, all) = (market.rates.value(waterfall.totals()), market.rates.value_of(&market.demand));
    let covered = 100.0 - 100.0 * left as f64 / all as f64;
    writeln!(out, "{name}: {hours} hours x {pools} pools, {capacities} commitments, {steps} steps, {fills} fills")?;
    writeln!(out, "  from scratch {took:.1?}; {covered:.1} % is covered")?;
    Ok(waterfall)
}

fn edits(out: &mut Stdout, market: &Market, waterfall: &Waterfall) -> Done<()> {
    let edits: Vec<Vec<Change>> = (0..EDITS).map(|n| market.edit(n)).collect();
    let (alone, touched) = median(3, || edits.iter().map(|edit| waterfall.peek(edit).left.len()).sum::<usize>());
    writeln!(out, "  {EDITS} edits alone {alone:.2?}, {:.1?} each, {touched} changes of pools", alone / EDITS)?;
    let (stacked, after) = median(3, || {
        let mut now = waterfall.clone();
        for edit in &edits {
            std::hint::black_box(now.peek(edit));
            now.apply(edit);
        }
        now
    });
    let same = waterfall.with(after.demand().clone(), &market.capacities).priced().totals() == after.totals();
    writeln!(
        out,
        "  stacked, peeked and applied {stacked:.2?}, {:.1?} each; as from scratch: {same}",
        stacked / EDITS
    )?;
    Ok(())
}

fn curves(out: &mut Stdout, market: &Market, waterfall: &Waterfall) -> Done<()> {
    let [instance, .., compute] = market.offered.as_slice() else { return Ok(()) };
    for (name, candidate) in [("instance", instance), ("compute", compute)] {
        for threads in [1, 2] {
            let (swept, curve) =
                with_threads(threads, || median(3, || Curve::new(waterfall, candidate.capacity, &market.rates)))?;
            let (chosen, (steps, gain)) = median(3, || curve.best(&candidate.grid));
            writeln!(
                out,
                "  curve of an {name} plan, {threads} threads {swept:.2?}, its best {chosen:.2?}: {:.3} USD/h gains {:.0} USD",
                f64::from(steps) / 1000.0,
                usd(gain)
            )?;
        }
    }
    Ok(())
}

/// All plans together, and the gap to a bound over groups of hours.
fn advice(out: &mut Stdout, market: &Market, waterfall: &Waterfall, effort: Effort, groups: Option<usize>) -> Done<()> {
    let (took, advice) = median(1, || optimise(waterfall, &market.rates, &market.offered, &effort));
    let (bought, gain) = (advice.steps.iter().filter(|steps| **steps > 0).count(), usd(advice.gain() as f64));
    let (offered, curves) = (market.offered.len(), advice.curves);
    write!(
        out,
        "  {bought} of {offered} plans bought together, {took:.2?}, {curves} curves of {} points: gains {gain:.2} USD",
        advice.points
    )?;
    if let Some(groups) = groups {
        let (took, most) = median(1, || bound::bound(waterfall, &market.rates, &market.offered, groups));
        let gap = 100.0 * (most / gain - 1.0);
        write!(out, ", at most {most:.2}: gap {gap:.2} % ({groups} groups of hours, bound {took:.2?})")?;
    }
    writeln!(out)?;
    Ok(())
}
