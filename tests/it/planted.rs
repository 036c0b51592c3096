//! Planted worlds for the rules beside fleets: machines that are off at night, tables by the clock, sizes. What is found, what is missed,
//! and what is advised that should not be, printed and held.

use crate::{
    season::{
        AFTER, BERLIN, HOURS, World, chance, changes, float, hour, level, normal, random, report_on, seasonal,
        transactions,
    },
    totals::root,
};
use curtail::time::Zone;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// What of the planted is found, and what is found beside.
struct Tally {
    found: BTreeSet<usize>,
    missed: BTreeSet<usize>,
    wrong: BTreeSet<usize>,
}

impl Tally {
    fn of(planted: &BTreeSet<usize>, rows: &BTreeMap<usize, &Value>) -> Self {
        let all: BTreeSet<usize> = rows.keys().copied().collect();
        let found = planted & &all;
        Self { missed: planted - &all, wrong: &all - planted, found }
    }

    fn words(&self) -> String {
        let [found, missed, wrong] = [&self.found, &self.missed, &self.wrong].map(BTreeSet::len);
        format!("{found} found, {missed} missed {:?}, {wrong} false {:?}", self.missed, self.wrong)
    }
}

/// Rows by the number behind the last hyphen of what they are about; each is about another.
fn rows<'r>(report: &'r Value, of: &str) -> BTreeMap<usize, &'r Value> {
    let rows = report[of].as_array().unwrap();
    let number = |row: &Value| row["resource"]["id"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
    let all: BTreeMap<usize, &Value> = rows.iter().map(|row| (number(row), row)).collect();
    assert_eq!(all.len(), rows.len());
    all
}

/// Hourly metrics of machines `i-0000` and so on: each a metric, a stat and its values.
fn metrics<'v>(all: impl IntoIterator<Item = (usize, &'static str, &'static str, &'v [f64])>) -> String {
    let mut csv = String::from("resource_id,namespace,metric,stat,timestamp,value,period_seconds\n");
    for (machine, metric, stat, values) in all {
        let (space, name) = metric.split_once('.').unwrap();
        for (at, value) in values.iter().enumerate().take(HOURS) {
            writeln!(csv, "i-{machine:04},{space},{name},{stat},{},{value:.3},3600", hour(at).rfc3339()).unwrap();
        }
    }
    csv
}

fn saved<'r>(rows: impl IntoIterator<Item = &'r &'r Value>) -> f64 {
    rows.into_iter().map(|row| row["period_savings"].as_f64().unwrap()).sum()
}

/// Whether people work: from seven to eight on working days, as the rule takes it.
fn at_work(slot: usize) -> bool {
    slot < 120 && (7..20).contains(&(slot % 24))
}

/// What a machine does off work.
#[derive(Clone, Copy, PartialEq)]
enum Off {
    /// Nothing.
    Nothing,
    /// A job at three every night.
    Job,
    /// Work on Saturday mornings.
    Saturdays,
    /// A night in one week of five.
    Once,
    /// Work in most nights until two.
    Nights,
    /// It is stopped already.
    Stopped,
}

const OFF: [Off; 6] = [Off::Nothing, Off::Job, Off::Saturdays, Off::Once, Off::Nights, Off::Stopped];

impl Off {
    /// Whether it works in an hour of the period that is of a slot of the week.
    fn works(self, at: usize, slot: usize) -> bool {
        match self {
            Self::Nothing | Self::Stopped => false,
            Self::Job => slot % 24 == 3,
            Self::Saturdays => (129..133).contains(&slot),
            Self::Once => at / 168 == 2 && (20..24).contains(&slot),
            Self::Nights => slot % 24 >= 20 || slot % 24 < 2,
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn planted_nights_are_found_and_used_ones_are_not() {
    const PRICE: f64 = 0.1;
    let zone = Zone::parse(BERLIN).unwrap();
    let slots: Vec<usize> = (0..HOURS).map(|at| zone.slot(hour(at))).collect();
    let kind = |machine: usize| OFF[machine % OFF.len()];
    let (mut lines, mut loads) = (Vec::new(), Vec::new());
    for machine in 0..60 {
        // Every eleventh is of production.
        let environment = if machine % 11 == 10 { "prod" } else { "dev" };
        let line = |hours: [usize; 2]| {
            json!({
                "hours": hours, "product": "AmazonEC2", "usage_type": "BoxUsage:m5.large", "operation": "RunInstances",
                "instance_type": "m5.large", "resource": format!("i-{machine:04}"), "usage": 1.0, "cost": PRICE,
                "tags": {"user_environment": environment}
            })
        };
        let runs = |at: usize| kind(machine) != Off::Stopped || at_work(slots[at]);
        let hours: Vec<usize> = (0..HOURS).filter(|at| runs(*at)).collect();
        lines.extend(hours.chunk_by(|one, next| one + 1 == *next).map(|run| line([run[0], run[run.len() - 1] + 1])));
        let load = |at: usize| {
            let works = at_work(slots[at]) || kind(machine).works(at, slots[at]);
            (if works { 30.0 } else { 2.0 }) * (1.0 + 0.1 * normal(machine * 10_000 + at)).max(0.0)
        };
        loads.push((0..HOURS).map(load).collect::<Vec<f64>>());
    }
    let all = loads.iter().enumerate().map(|(at, load)| (at, "AWS/EC2.CPUUtilization", "Average", load.as_slice()));
    let report = report_on("off_hours", BERLIN, lines, None, Some(metrics(all)));
    let found = rows(&report, "recommendations");
    let idle = |machine: &usize| machine % 11 != 10 && !matches!(kind(*machine), Off::Nights | Off::Stopped);
    let planted: BTreeSet<usize> = (0..60).filter(idle).collect();
    let tally = Tally::of(&planted, &found);
    let free = |machine: &usize| {
        slots.iter().enumerate().filter(|(at, slot)| !at_work(**slot) && !kind(*machine).works(*at, **slot)).count()
    };
    let best: f64 = planted.iter().map(|machine| float(free(machine)) * PRICE).sum();
    let ratio = saved(found.values()) / best;
    println!("nights: {}; saved {:.1} % of all hours off work without use", tally.words(), ratio * 100.0);
    assert!(tally.missed.is_empty() && tally.wrong.is_empty());
    assert!((0.9..=1.02).contains(&ratio), "{ratio}");
    for (machine, row) in &found {
        let seen = |name: &str| {
            let all = row["evidence"].as_array().unwrap();
            all.iter().find(|one| one["name"] == name).unwrap()["value"].as_u64().unwrap()
        };
        // What happens once is stopped, and told; what happens every week is not.
        let stopped = if kind(*machine) == Off::Once { 4 } else { 0 };
        assert_eq!(seen("hours_in_use_that_the_schedule_stops"), stopped, "machine {machine}");
    }
}

/// A unit of a table for an hour, and the transactions that it carries.
const UNIT: f64 = 0.001;
const CARRIES: f64 = 10.0;

/// Tables with a season of a draw. The method was chosen on draws 2 to 4, so it is judged on others.
const PLANTED: usize = 60;
const DRAWS: [usize; 2] = [5, 6];

/// Tables of worlds that are provisioned for the highest demand that is no exception: those with a season, then those of chance.
struct Tables {
    worlds: Vec<World>,
    units: Vec<f64>,
}

/// How a table does by the clock: hours in which demand is above what is left, and all that a schedule can know of; of the period, and of
/// the weeks after.
struct Clocked {
    short: [usize; 2],
    hours: [usize; 2],
}

impl Tables {
    fn planted(draw: usize) -> Self {
        let mut worlds: Vec<World> = (0..PLANTED).map(|of| seasonal(of, draw)).collect();
        worlds.extend((0..30).map(|at| chance(at % 6, draw * 5 + at / 6)));
        let peak = |world: &World| {
            let usual = world.demand.iter().zip(&world.strange).take(HOURS).filter(|(_, strange)| !**strange);
            usual.map(|(demand, _)| *demand).fold(0.0, f64::max)
        };
        let units = worlds.iter().map(|world| (peak(world) / CARRIES).ceil()).collect();
        Self { worlds, units }
    }

    fn report(&self) -> Value {
        let line = |(at, units): (usize, &f64)| {
            json!({
                "product": "AmazonDynamoDB", "usage_type": "WriteCapacityUnit-Hrs", "operation": "CommittedThroughput", "usage": units,
                "cost": units * UNIT, "resource": format!("arn:aws:dynamodb:us-east-1:111122223333:table/t-{at:04}"),
                "tags": {"user_workload": format!("w-{at:04}")}
            })
        };
        let lines = self.units.iter().enumerate().map(line).collect();
        report_on("dynamodb_schedule", BERLIN, lines, Some(transactions(&self.worlds)), None)
    }

    /// What providing every hour in perfect knowledge of it saves over the period.
    fn best(&self, at: usize, headroom: f64) -> f64 {
        let need = |demand: &f64| (demand / CARRIES * headroom - 1e-9).ceil().clamp(1.0, self.units[at]);
        self.worlds[at].demand.iter().take(HOURS).map(|demand| self.units[at] - need(demand)).sum::<f64>() * UNIT
    }

    fn clocked(&self, at: usize, row: &Value) -> Clocked {
        let (world, units, details) = (&self.worlds[at], self.units[at], &row["proposed"]["details"]);
        let zone = Zone::parse(details["time_zone"].as_str().unwrap()).unwrap();
        // The first only makes the table scalable.
        let set = |action: &Value| action["ScalableTargetAction"]["MaxCapacity"].as_f64();
        let actions = details["actions"].as_array().unwrap().iter();
        let changes = changes(actions.filter_map(|action| Some((action["Schedule"].as_str()?, set(action)?))));
        let levels: Vec<f64> = (0..world.demand.len()).map(|hour| level(&changes, &zone, hour)).collect();
        let cut: f64 = levels.iter().take(HOURS).map(|level| (units - level).max(0.0)).sum();
        // In the hour that the clocks show twice, cron may set off either time.
        let priced = row["period_savings"].as_f64().unwrap();
        assert!((priced - cut * UNIT).abs() <= units * UNIT, "what is priced is what the changes do: {at}");
        let mut all = Clocked { short: [0; 2], hours: [0; 2] };
        for (hour, level) in levels.iter().enumerate().filter(|(hour, _)| !world.strange[*hour]) {
            let side = usize::from(hour >= HOURS);
            all.hours[side] += 1;
            all.short[side] += usize::from(world.demand[hour] / CARRIES > level + 1e-9 && *level < units);
        }
        all
    }
}

/// A figure of a rule's file.
fn figure(rule: &str, path: &[&str]) -> f64 {
    let text = std::fs::read_to_string(root().join("rules").join(format!("{rule}.toml"))).unwrap();
    let file: Value = toml::from_str(&text).unwrap();
    path.iter().fold(&file["params"], |at, key| &at[*key]).as_f64().unwrap()
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn planted_tables_are_found_and_chance_is_not() {
    let of_method = |key: [&str; 2]| figure("dynamodb_schedule", &[["method"].as_slice(), &key].concat());
    let (headroom, allowed) = (of_method(["capacity", "headroom"]), of_method(["backtest", "max_short_share"]));
    for draw in DRAWS {
        let tables = Tables::planted(draw);
        let report = tables.report();
        let found = rows(&report, "recommendations");
        let tally = Tally::of(&(0..PLANTED).collect(), &found);
        let all: Vec<Clocked> = found.iter().map(|(at, row)| tables.clocked(*at, row)).collect();
        let ratio = saved(found.values()) / (0..PLANTED).map(|at| tables.best(at, headroom)).sum::<f64>();
        let [during, after] = [0, 1].map(|side| {
            let hours: usize = all.iter().map(|one| one.hours[side]).sum();
            float(all.iter().map(|one| one.short[side]).sum()) / float(hours.max(1))
        });
        println!(
            "tables, draw {draw}: {}; saved {:.1} % of what perfect knowledge saves with the same headroom, missed ones counted; demand above \
             the schedule in {:.2} % of the hours, {:.2} % of those of the two weeks after",
            tally.words(),
            ratio * 100.0,
            during * 100.0,
            after * 100.0
        );
        let rejected = rows(&report, "rejected");
        let why: Vec<String> = rejected.iter().map(|(at, row)| format!("{at}: {}", row["why"])).collect();
        println!("{}", why.join("\n"));
        assert!(tally.found.len() * 10 >= PLANTED * 9 && tally.wrong.is_empty());
        assert!((0.85..=1.0).contains(&ratio), "{ratio}");
        assert!(during <= allowed && after <= allowed, "{during} {after}");
    }
}

/// What tells network and volumes.
const TRAFFIC: [&str; 6] = [
    "AWS/EC2.NetworkIn",
    "AWS/EC2.NetworkOut",
    "AWS/EC2.EBSReadBytes",
    "AWS/EC2.EBSWriteBytes",
    "AWS/EC2.EBSReadOps",
    "AWS/EC2.EBSWriteOps",
];

/// What the processors of a machine of four vCPUs do in an hour at most, in per cent.
fn load(machine: usize, at: usize) -> f64 {
    let (base, of_day) = (10.0 + 8.0 * random(machine), float(at % 24));
    let wave = 0.5 + 0.5 * ((of_day - 14.0) / 24.0 * std::f64::consts::TAU).cos();
    let usual = match machine % 6 {
        0 => base,
        1 => base * (0.4 + 0.6 * wave),
        // Busy, by day or always.
        2 => 70.0 + base,
        3 => base + 60.0 * wave,
        // Busy for an hour a night, or a morning a week.
        4 if at % 24 == 3 => 95.0,
        5 if (7..10).contains(&(at % 168)) => 90.0,
        _ => base,
    };
    (usual * (1.0 + 0.08 * normal(machine * 10_000 + at))).clamp(0.5, 100.0)
}

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at: cargo test -- --nocapture")]
fn planted_sizes_are_found_and_hold_in_the_weeks_after() {
    const PRICE: f64 = 0.192;
    const VCPUS: f64 = 4.0;
    let line = |machine: usize| {
        json!({
            "product": "AmazonEC2", "usage_type": "BoxUsage:m5.xlarge", "operation": "RunInstances", "instance_type": "m5.xlarge",
            "resource": format!("i-{machine:04}"), "usage": 1.0, "cost": PRICE
        })
    };
    let loads: Vec<Vec<f64>> =
        (0..48).map(|machine| (0..HOURS + AFTER).map(|at| load(machine, at)).collect()).collect();
    let means: Vec<Vec<f64>> = loads.iter().map(|load| load.iter().map(|most| most / 2.0).collect()).collect();
    let (memory, traffic) = (vec![30.0; HOURS], vec![3_600_000.0; HOURS]);
    let mut series = Vec::new();
    for (machine, (most, mean)) in loads.iter().zip(&means).enumerate() {
        series.push((machine, "AWS/EC2.CPUUtilization", "Maximum", most.as_slice()));
        series.push((machine, "AWS/EC2.CPUUtilization", "Average", mean.as_slice()));
        series.push((machine, "CWAgent.mem_used_percent", "Maximum", memory.as_slice()));
        series.extend(TRAFFIC.map(|metric| (machine, metric, "Sum", traffic.as_slice())));
    }
    let report = report_on("rightsizing", "UTC", (0..48).map(line).collect(), None, Some(metrics(series)));
    let all = rows(&report, "recommendations");
    let vcpus = |row: &Value| row["proposed"]["details"]["vcpus"].as_f64().unwrap();
    // A cheaper type of as many vCPUs is no smaller size.
    let smaller: BTreeMap<usize, &Value> = all.into_iter().filter(|(_, row)| vcpus(row) < VCPUS).collect();
    let planted: BTreeSet<usize> = (0..48).filter(|machine| machine % 6 < 2).collect();
    let tally = Tally::of(&planted, &smaller);
    let (mut short, mut hours) = (0, 0);
    for (machine, row) in &smaller {
        let after = &loads[*machine][HOURS..];
        short += after.iter().filter(|percent| **percent / 100.0 * VCPUS > vcpus(row)).count();
        hours += after.len();
    }
    let half = PRICE / 2.0 * float(HOURS * planted.len());
    let ratio = saved(smaller.values()) / half;
    println!(
        "sizes: {}; saved {:.2} times what half the size of the family does; short in {short} of {hours} hours of the weeks after",
        tally.words(),
        ratio
    );
    assert!(tally.missed.is_empty() && tally.wrong.is_empty());
    assert!(smaller.values().all(|row| vcpus(row) >= 2.0) && ratio >= 1.0, "{ratio}");
    assert_eq!(short, 0);
}
