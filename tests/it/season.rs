//! Schedules on planted worlds and on real series, through the real rule: what is found, what it saves of what perfect knowledge
//! would, and that chance gets none.

use crate::{
    cur::{self, Repeated},
    totals::{root, skip},
};
use curtail::{
    config::{Config, Settings},
    time::{Hour, Zone},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// From Monday, 5 October 2026, 35 days; on the 25th the clocks of Berlin go back.
pub(crate) const FIRST: usize = 816;
pub(crate) const HOURS: usize = 840;
/// The two weeks after that, which the rule does not see.
pub(crate) const AFTER: usize = 336;
/// What an instance carries an hour, and what that costs.
const CARRIES: f64 = 100.0;
const PRICE: f64 = 0.1;
/// What the rule keeps in hand.
const HEADROOM: f64 = 1.1;

/// A workload: what is wanted in each hour, of the period and after, what of the period is known, and what runs all the time.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) demand: Vec<f64>,
    known: Vec<bool>,
    /// Hours that no schedule can know of.
    pub(crate) strange: Vec<bool>,
    fleet: u32,
}

/// A number from 0 to 1, the same for the same seed.
pub(crate) fn random(seed: usize) -> f64 {
    f64::from(u32::try_from(crate::market::random(u64::try_from(seed).unwrap(), 1 << 32)).unwrap()) / 4_294_967_296.0
}

/// About normal: the sum of twelve.
pub(crate) fn normal(seed: usize) -> f64 {
    (0..12).map(|n| random(seed * 12 + n)).sum::<f64>() - 6.0
}

pub(crate) fn float(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap())
}

pub(crate) const BERLIN: &str = "Europe/Berlin";

pub(crate) fn hour(at: usize) -> Hour {
    Hour(i32::try_from(cur::SEPTEMBER).unwrap() + i32::try_from(FIRST + at).unwrap())
}

impl World {
    fn of(demand: Vec<f64>, usual_peak: f64) -> Self {
        let fleet = format!("{:.0}", (usual_peak / CARRIES).ceil()).parse().unwrap();
        Self { known: vec![true; demand.len()], strange: vec![false; demand.len()], demand, fleet }
    }

    /// Instances that an hour needs with some headroom, of those that run.
    fn need(&self, at: usize, headroom: f64) -> f64 {
        (self.demand[at] / CARRIES * headroom - 1e-9).ceil().clamp(2.0, f64::from(self.fleet))
    }

    /// What scaling every hour in perfect knowledge of it saves over the period.
    fn best(&self, headroom: f64) -> f64 {
        (0..HOURS).map(|at| f64::from(self.fleet) - self.need(at, headroom)).sum::<f64>() * PRICE
    }
}

/// The report on some worlds, of which each is a workload with a group of its own.
fn run(worlds: &[World], zone: &str) -> Value {
    let lines = worlds.iter().enumerate().map(|(at, world)| {
        json!({
            "product": "AmazonEC2", "usage_type": "BoxUsage:m5.large", "instance_type": "m5.large",
            "operation": "RunInstances", "resource": format!("i-{at:04}"), "usage": world.fleet,
            "cost": f64::from(world.fleet) * PRICE,
            "tags": {"user_workload": format!("w-{at:04}"), "aws_autoscaling_groupName": format!("g-{at:04}")}
        })
    });
    report_on("seasonal_scaling", zone, lines.collect(), Some(transactions(worlds)), None)
}

/// What is known of the transactions of worlds: a workload `w-0000` each.
pub(crate) fn transactions(worlds: &[World]) -> String {
    let mut csv = String::from("hour,workload,transactions\n");
    for (at, world) in worlds.iter().enumerate() {
        for (of, demand) in world.demand.iter().enumerate().take(HOURS).filter(|(of, _)| world.known[*of]) {
            writeln!(csv, "{},w-{at:04},{demand:.0}", hour(of).rfc3339()).unwrap();
        }
    }
    csv
}

/// What a rule alone reports of lines that repeat in each hour of the period, or from one to another of it, of transactions and metrics.
pub(crate) fn report_on(
    rule: &str,
    zone: &str,
    lines: Vec<Value>,
    transactions: Option<String>,
    metrics: Option<String>,
) -> Value {
    let root = tempfile::tempdir().unwrap();
    let (export, inventory) = (root.path().join("export"), root.path().join("inventory"));
    [&export, &inventory].iter().for_each(|folder| std::fs::create_dir_all(folder).unwrap());
    let first = i64::try_from(FIRST).unwrap();
    let whole = [0, i64::try_from(HOURS).unwrap()];
    let placed = |line: Value| {
        let [from, to] = line.get("hours").map_or(whole, |hours| serde_json::from_value(hours.clone()).unwrap());
        Repeated { hours: [first + from, first + to], ..serde_json::from_value(line).unwrap() }
    };
    let heartbeat = Repeated { hours: whole.map(|hour| first + hour), ..cur::heartbeat() };
    let all: Vec<Repeated> = lines.into_iter().map(placed).chain([heartbeat]).collect();
    cur::write(&export.join("part.parquet"), &all);
    let transactions = transactions.map(|text| {
        let path = root.path().join("transactions.csv");
        std::fs::write(&path, text).unwrap();
        path
    });
    if let Some(metrics) = metrics {
        std::fs::write(inventory.join("metrics.csv"), metrics).unwrap();
    }
    let settings = Settings {
        exports: vec![export.display().to_string()],
        inventory: vec![inventory],
        only: vec![rule.into()],
        window: Some("2026-10-05..2026-11-08".into()),
        transactions,
        overrides: format!("[schedule]\ntime_zone = '{zone}'").parse().unwrap(),
        ..Settings::default()
    };
    serde_json::to_value(curtail::run(&Config::of(settings).unwrap()).unwrap()).unwrap()
}

/// The number of the world that a row is about.
fn world_of(row: &Value) -> usize {
    row["resource"]["id"].as_str().unwrap()[2..].parse().unwrap()
}

/// By minute of the local week, what a list of scheduled actions sets, read as cron means it, Unix's or AWS's.
pub(crate) fn changes<'a>(actions: impl IntoIterator<Item = (&'a str, f64)>) -> BTreeMap<usize, f64> {
    const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    // Sunday is 0 there and the last day here.
    let day = |text: &str| DAYS.iter().position(|day| *day == text).unwrap_or_else(|| (number(text) + 6) % 7);
    let mut changes = BTreeMap::new();
    for (cron, level) in actions {
        let cron: Vec<&str> = cron.trim_start_matches("cron(").split(' ').collect();
        for part in cron[4].replace('*', "MON-SUN").split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            for day in day(from)..=day(to) {
                changes.insert(day * 1440 + number(cron[1]) * 60 + number(cron[0]), level);
            }
        }
    }
    changes
}

fn number(text: &str) -> usize {
    text.parse().unwrap()
}

/// What runs in an hour on average after the changes.
pub(crate) fn level(changes: &BTreeMap<usize, f64>, zone: &Zone, at: usize) -> f64 {
    let part = |minutes: i32| {
        let clock = zone.clock(hour(at), minutes);
        let now = clock.slot * 60 + usize::try_from(clock.minute).unwrap();
        let (_, level) = changes.range(..=now).next_back().or_else(|| changes.iter().next_back()).unwrap();
        *level
    };
    [0, 15, 30, 45].map(part).iter().sum::<f64>() / 4.0
}

/// How schedules do: what they save of what perfect knowledge saves, and how often demand is above them.
#[derive(Default)]
struct Score {
    saved: f64,
    best: f64,
    bare: f64,
    ratios: Vec<f64>,
    short: [usize; 2],
    hours: [usize; 2],
}

impl Score {
    fn add<'r>(&mut self, world: &World, row: &'r Value) {
        let zone = Zone::parse(row["proposed"]["details"]["time_zone"].as_str().unwrap()).unwrap();
        let actions = row["proposed"]["details"]["actions"].as_array().unwrap().iter();
        let set =
            |action: &'r Value| (action["Recurrence"].as_str().unwrap(), action["DesiredCapacity"].as_f64().unwrap());
        let changes = changes(actions.map(set));
        let saved = row["period_savings"].as_f64().unwrap();
        let cut: f64 = (0..HOURS).map(|at| (f64::from(world.fleet) - level(&changes, &zone, at)).max(0.0)).sum();
        // In the hour that the clocks show twice, cron may set off either time.
        let twice = PRICE * f64::from(world.fleet);
        assert!((saved - cut * PRICE).abs() <= twice, "what is priced is what the actions do: {saved} {}", cut * PRICE);
        let best = world.best(HEADROOM);
        (self.saved, self.best, self.bare) = (self.saved + saved, self.best + best, self.bare + world.best(1.0));
        self.ratios.push(saved / best);
        for at in (0..world.demand.len()).filter(|at| !world.strange[*at]) {
            let level = level(&changes, &zone, at);
            let short = world.demand[at] / CARRIES > level + 1e-9 && level < f64::from(world.fleet);
            let side = usize::from(at >= HOURS);
            self.short[side] += usize::from(short);
            self.hours[side] += 1;
        }
    }

    fn ratio(&self) -> f64 {
        self.saved / self.best
    }

    fn short(&self, side: usize) -> f64 {
        float(self.short[side]) / float(self.hours[side].max(1))
    }

    fn words(&self) -> String {
        let lowest = self.ratios.iter().copied().fold(f64::MAX, f64::min);
        format!(
            "saved {:.1} % of what perfect knowledge of every hour saves with the same headroom (lowest {:.1} %), {:.1} % of what it saves \
             without any; demand above the schedule in {:.2} % of the hours, {:.2} % of those of the two weeks after",
            self.ratio() * 100.0,
            lowest * 100.0,
            self.saved / self.bare * 100.0,
            self.short(0) * 100.0,
            self.short(1) * 100.0
        )
    }
}

/// Shapes of a local week, of 1 at most.
fn shape(kind: usize, slot: usize) -> f64 {
    let (of_day, weekend) = (slot % 24, slot >= 120);
    let wave = |low: f64, peak: f64| {
        low + (1.0 - low) * (0.5 + 0.5 * ((float(of_day) - peak) / 24.0 * std::f64::consts::TAU).cos())
    };
    match kind {
        0 if !weekend && (8..18).contains(&of_day) => 1.0,
        0 => 0.1,
        1 => wave(0.15, 14.0),
        2 => wave(0.2, 12.0) * if weekend { 0.4 } else { 1.0 },
        3 => wave(0.15, 20.0) * if weekend { 1.0 } else { 0.7 },
        _ if (66..72).contains(&slot) => 1.0,
        _ => wave(0.1, 13.0) * 0.4,
    }
}

/// Worlds of a draw.
const PLANTED: usize = 60;

/// A world with a season: of some shape, size, noise and growth, with strange hours; another draw has other chances.
pub(crate) fn seasonal(of: usize, draw: usize) -> World {
    let seed = of + draw * PLANTED;
    let (kind, zone) = (seed % 5, Zone::parse(BERLIN).unwrap());
    let peak = 1000.0 + 2000.0 * random(seed);
    let noise = [0.03, 0.06, 0.1, 0.15][seed / 5 % 4];
    let growth = [0.0, 0.02, -0.02][seed % 3];
    let usual = |at: usize| peak * shape(kind, zone.slot(hour(at))) * (1.0 + growth * float(at) / 168.0);
    let of = |at: usize| usual(at) * (1.0 + noise * normal(seed * 10_000 + at)).max(0.0);
    let mut world = World::of((0..HOURS + AFTER).map(of).collect(), peak * (1.0 + noise));
    if seed.is_multiple_of(3) {
        for (start, length) in [(100 + seed, 3), (500 - seed, 2)] {
            for at in start..start + length {
                world.demand[at] = peak * 4.0;
                world.strange[at] = true;
            }
        }
    }
    if seed % 4 == 1 {
        // The whole of a Thursday, as quiet as a night.
        for at in 240..264 {
            world.demand[at] = peak * 0.1;
        }
    }
    if seed % 4 == 2 {
        world.known[300 + seed..330 + seed].fill(false);
        (0..HOURS).filter(|at| at % 53 == 0).for_each(|at| world.known[at] = false);
    }
    world
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn planted_seasons_are_found_and_most_of_what_can_be_saved_is() {
    for draw in 0..2 {
        let worlds: Vec<World> = (0..PLANTED).map(|of| seasonal(of, draw)).collect();
        let report = run(&worlds, BERLIN);
        let rows = report["recommendations"].as_array().unwrap();
        let mut score = Score::default();
        rows.iter().for_each(|row| score.add(&worlds[world_of(row)], row));
        let found: BTreeSet<usize> = rows.iter().map(world_of).collect();
        let rejected = report["rejected"].as_array().unwrap().iter();
        let missed: Vec<String> = rejected.map(|row| format!("{}: {}", world_of(row), row["why"])).collect();
        let of_all = score.saved / worlds.iter().map(|world| world.best(HEADROOM)).sum::<f64>();
        println!("draw {draw}: {} of {} planted seasons found; {}", rows.len(), worlds.len(), score.words());
        println!("{:.1} % counting those that got none\n{}", of_all * 100.0, missed.join("\n"));
        assert!(rows.len() * 100 >= worlds.len() * 95 && found.len() == rows.len(), "each once");
        assert!(of_all >= 0.85, "{of_all}");
        assert!(score.short(0) <= 0.02 && score.short(1) <= 0.02);
    }
}

/// What chance makes.
const CHANCE: [&str; 6] = ["white noise", "random walk", "single spike", "step", "slow noise", "on and off at random"];

/// Demand of nothing but chance, of some kind.
pub(crate) fn chance(kind: usize, seed: usize) -> World {
    let own = seed * 10_000 + kind * 7_777;
    let noise = |at: usize, share: f64| (1.0 + share * normal(own + at)).max(0.0);
    let place = 20 + format!("{:.0}", random(seed) * 780.0).parse::<usize>().unwrap();
    let (mut walk, mut slow, mut on) = (1000.0f64, 0.0f64, false);
    let demand: Vec<f64> = (0..HOURS + AFTER)
        .map(|at| match kind {
            0 => 1000.0 * noise(at, 0.25),
            1 => {
                walk = (walk * noise(at, 0.03)).clamp(50.0, 1e6);
                walk
            }
            2 => noise(at, 0.05) * if (place..place + 5).contains(&at) { 5000.0 } else { 500.0 },
            3 => noise(at, 0.05) * if at < place { 300.0 } else { 1000.0 },
            4 => {
                slow = 0.95 * slow + 0.1 * normal(own + at);
                1000.0 * (1.0 + slow).clamp(0.1, 3.0)
            }
            _ => {
                // Twelve hours on average.
                on ^= random(own + at) < 1.0 / 12.0;
                noise(at, 0.05) * if on { 1000.0 } else { 200.0 }
            }
        })
        .collect();
    let peak = demand.iter().take(HOURS).copied().fold(0.0, f64::max);
    World::of(demand, peak)
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn chance_gets_no_schedule() {
    let kinds = CHANCE.len();
    let worlds: Vec<World> = (0..100 * kinds).map(|at| chance(at % kinds, at / kinds)).collect();
    let report = run(&worlds, BERLIN);
    let mut found = [0; CHANCE.len()];
    for row in report["recommendations"].as_array().unwrap() {
        found[world_of(row) % kinds] += 1;
    }
    let rates: Vec<String> = CHANCE.iter().zip(found).map(|(kind, found)| format!("{kind} {found}")).collect();
    println!("schedules given to a hundred each: {}", rates.join(", "));
    assert_eq!(found, [0; CHANCE.len()]);
}

/// The sums of a series by the hour, from its first Monday on; hours without any value are not known.
fn hourly(name: &str) -> Vec<Option<f64>> {
    let mut sums: BTreeMap<Hour, f64> = BTreeMap::new();
    let path = root().join("../shared/data/nab").join(name);
    for record in csv::Reader::from_path(path).unwrap().records().map(Result::unwrap) {
        let at = Hour::of_seconds(curtail::time::parse_moment(&record[0]).unwrap());
        *sums.entry(at).or_default() += record[1].parse::<f64>().unwrap();
    }
    // Day 4 was a Monday.
    let start = sums.keys().next().unwrap().day().0;
    let monday = start + (4 - start).rem_euclid(7);
    let end = sums.keys().next_back().unwrap().0;
    (monday * 24..=end).map(|hour| sums.get(&Hour(hour)).copied()).collect()
}

/// Five weeks of a series as a world, and the two after.
fn real(series: &[Option<f64>], first: usize) -> World {
    let mut part: Vec<Option<f64>> = series[first..].iter().copied().take(HOURS + AFTER).collect();
    part.resize(HOURS + AFTER, None);
    let peak = part.iter().take(HOURS).flatten().copied().fold(0.0, f64::max);
    let demand: Vec<f64> = part.iter().map(|value| value.unwrap_or(0.0) * 20.0 * CARRIES / peak).collect();
    let mut world = World::of(demand, 20.0 * CARRIES);
    world.known = part.iter().map(Option::is_some).collect();
    world.strange = part.iter().map(Option::is_none).collect();
    world
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn real_series_get_schedules_that_hold() {
    let folder = root().join("../shared/data/nab");
    if !folder.is_dir() {
        return skip("real_series_get_schedules_that_hold", &folder);
    }
    let taxi = hourly("nyc_taxi.csv");
    let starts: Vec<usize> = (0..taxi.len() - HOURS - AFTER).step_by(168).collect();
    let mut worlds: Vec<World> = starts.iter().map(|start| real(&taxi, *start)).collect();
    worlds.push(real(&hourly("elb_request_count_8c0756.csv"), 0));
    let report = run(&worlds, "UTC");
    let rows = report["recommendations"].as_array().unwrap();
    let mut score = Score::default();
    rows.iter().for_each(|row| score.add(&worlds[world_of(row)], row));
    let rejected = report["rejected"].as_array().unwrap();
    let why: Vec<String> = rejected.iter().map(|row| format!("{}: {}", world_of(row), row["why"])).collect();
    println!("taxis: {} of {} stretches; {}\n{}", rows.len(), starts.len(), score.words(), why.join("\n"));
    let requests = rejected.iter().find(|row| world_of(row) == starts.len()).unwrap();
    assert!(requests["why"].as_str().unwrap().contains("a season takes 504"), "two weeks of requests are too short");
    // Nights of taxis differ by the day, more than a few changes a week can follow.
    assert!(rows.len() * 2 >= starts.len() && score.ratio() >= 0.45);
    assert!(score.short(0) <= 0.01 && score.short(1) <= 0.02);
}
