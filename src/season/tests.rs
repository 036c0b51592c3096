use super::*;
use crate::{
    defaults::Defaults,
    time::{Day, parse_moment},
};

/// The figures as they are shipped.
fn figures() -> Figures {
    Defaults::embedded().unwrap().schedule.season
}

/// A number from 0 to 1, the same for the same seed (splitmix64).
fn random(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) / f64::from(u32::MAX)
}

/// About normal: the sum of twelve.
fn normal(seed: u64) -> f64 {
    (0..12).map(|n| random(seed * 12 + n)).sum::<f64>() - 6.0
}

fn start() -> Hour {
    Day::parse("2026-09-28").unwrap().start()
}

fn utc() -> Zone {
    Zone::parse("UTC").unwrap()
}

fn series(weeks: usize, value: impl Fn(usize) -> f64) -> Hours {
    Hours { start: start(), values: (0..weeks * 168).map(|at| Some(value(at))).collect() }
}

fn learn(series: &Hours) -> Result<Season, Unknown> {
    Season::learn(series, &utc(), &figures())
}

/// A day from 200 at night to 1,000 at noon.
fn day(slot: usize) -> f64 {
    let hour = f64::from(u32::try_from(slot % 24).unwrap());
    600.0 - 400.0 * ((hour - 1.0) / 24.0 * std::f64::consts::TAU).cos()
}

/// The same, with 300 on Saturdays and Sundays.
fn workweek(slot: usize) -> f64 {
    if slot % 168 < 120 { day(slot) } else { 300.0 }
}

/// The same, with one busy evening a week.
fn weekly(slot: usize) -> f64 {
    day(slot) + if (66..72).contains(&(slot % 168)) { 1500.0 } else { 0.0 }
}

fn noisy(seed: u64, share: f64, shape: impl Fn(usize) -> f64) -> impl Fn(usize) -> f64 {
    move |at| shape(at) * (1.0 + share * normal(seed * 100_000 + at as u64)).max(0.0)
}

fn near(found: f64, wanted: f64, share: f64) -> bool {
    (found - wanted).abs() <= wanted.abs() * share
}

#[test]
fn planted_seasons_are_found_as_what_they_are() {
    for seed in 0..5 {
        let kinds = [(Kind::Daily, day as fn(usize) -> f64), (Kind::Workweek, workweek), (Kind::Weekly, weekly)];
        for (kind, shape) in kinds {
            let season = learn(&series(4, noisy(seed, 0.08, shape))).unwrap();
            assert_eq!(season.kind, kind, "{season:?}");
            assert!(season.strength > 0.9 && season.skill > 0.8);
            for slot in [3, 13, 69, 130, 150] {
                assert!(near(season.expected[slot], shape(slot), 0.15), "{kind:?} {slot}: {}", season.expected[slot]);
                assert!(season.need[slot] >= season.expected[slot]);
                assert!(season.need[slot] <= season.expected[slot] * 1.45);
            }
        }
    }
}

#[test]
fn a_trend_is_carried_on_and_no_season() {
    let grown = |at: usize| workweek(at) * 1.05f64.powf(f64::from(u32::try_from(at).unwrap()) / 168.0);
    let season = learn(&series(5, noisy(1, 0.05, grown))).unwrap();
    assert!(near(season.growth, 0.05, 0.2), "{}", season.growth);
    // The middle of the sixth week is five and a half weeks in.
    assert!(near(season.expected[13], 1000.0 * 1.05f64.powf(5.5), 0.06), "{}", season.expected[13]);
    assert!(learn(&series(5, noisy(1, 0.05, |at| 100.0 + at as f64))).is_err());
}

#[test]
fn holidays_spikes_and_gaps_are_not_learned() {
    let plain = learn(&series(4, noisy(2, 0.05, workweek))).unwrap();
    // A Wednesday like a Sunday, a spike of ten times the demand for three hours, and an unknown day and a half.
    let strange = |at: usize| match at {
        216..240 => 300.0,
        400..403 => workweek(at) * 10.0,
        _ => workweek(at),
    };
    let mut hours = series(4, noisy(2, 0.05, strange));
    hours.values[500..536].fill(None);
    let season = learn(&hours).unwrap();
    assert_eq!(season.kind, plain.kind);
    assert!((15..60).contains(&season.outliers), "{}", season.outliers);
    for (found, wanted) in season.need.iter().zip(&plain.need) {
        assert!(near(*found, *wanted, 0.12), "{found} {wanted}");
    }
}

#[test]
fn clocks_that_change_do_not_blur_the_day() {
    // Berlin's clocks go back on 25 October 2026, at the end of the fourth of six weeks.
    let zone = Zone::parse("Europe/Berlin").unwrap();
    let office = |slot: usize| if slot < 120 && (8..18).contains(&(slot % 24)) { 1000.0 } else { 100.0 };
    let hour = |at: usize| start().plus(i32::try_from(at).unwrap());
    let local = series(6, noisy(3, 0.03, |at| office(zone.slot(hour(at)))));
    let season = Season::learn(&local, &zone, &figures()).unwrap();
    assert!(season.strength > 0.95 && season.outliers < 20, "{season:?}");
    assert!(season.expected[8] > 900.0 && season.expected[7] < 150.0 && season.expected[18] < 150.0);
    let blurred = learn(&local).unwrap();
    assert!(blurred.outliers > season.outliers + 10, "{} {}", blurred.outliers, season.outliers);
}

#[test]
fn what_is_too_short_or_full_of_gaps_is_said() {
    assert_eq!(learn(&series(2, day)), Err(Unknown::TooShort { hours: 336, least: 504 }));
    let mut holes = series(4, day);
    holes.values.iter_mut().skip(1).step_by(3).for_each(|value| *value = None);
    assert!(matches!(learn(&holes), Err(Unknown::Gaps { known }) if near(known, 2.0 / 3.0, 0.01)));
    assert!(matches!(learn(&series(4, |_| 0.0)), Err(Unknown::NoSeason { .. })));
    assert!(matches!(learn(&series(4, |_| 5.0)), Err(Unknown::NoSeason { .. })));
    let empty = Hours { start: Hour(0), values: vec![None; 800] };
    assert_eq!(learn(&empty), Err(Unknown::TooShort { hours: 0, least: 504 }));
}

#[test]
fn chance_is_no_season() {
    let mut found = [0; 5];
    for seed in 0..100 {
        let walk: Vec<f64> = (0..672)
            .scan(1000.0f64, |level, at| {
                *level = (*level * (1.0 + 0.03 * normal(seed * 1000 + at))).max(1.0);
                Some(*level)
            })
            .collect();
        let place = (random(seed) * 600.0) as usize;
        let noise = noisy(seed, 0.2, |_| 1000.0);
        let spike = noisy(seed, 0.05, |at| if (place..place + 4).contains(&at) { 8000.0 } else { 1000.0 });
        let step = noisy(seed, 0.05, |at| if at < place { 400.0 } else { 1000.0 });
        let slow = noisy(seed, 0.1, |at| 1000.0 + at as f64);
        let all = [series(4, noise), series(4, |at| walk[at]), series(4, spike), series(4, step), series(4, slow)];
        for (count, series) in found.iter_mut().zip(&all) {
            *count += usize::from(learn(series).is_ok());
        }
    }
    assert_eq!(found, [0; 5], "noise, walks, spikes, steps, slopes of a hundred each");
}

#[test]
fn hours_are_placed_and_cut() {
    let hour = |text: &str| Hour::of_seconds(parse_moment(text).unwrap());
    let span = Span::new(hour("2026-09-28T02:00Z"), hour("2026-09-28T06:00Z"));
    let known = [(hour("2026-09-28T03:00Z"), 1.0), (hour("2026-09-28T05:00Z"), 3.0), (hour("2026-09-29"), 9.0)];
    let hours = Hours::of(span, known.into_iter());
    assert_eq!(hours.values, [None, Some(1.0), None, Some(3.0)]);
    assert_eq!(hours.trimmed().values, [Some(1.0), None, Some(3.0)]);
    assert_eq!(hours.cut(Span::new(Hour(0), hour("2026-09-28T04:00Z"))).values, [None, Some(1.0)]);
    assert_eq!((hours.at(known[1].0), hours.at(Hour(0))), (Some(3.0), None));
}
