//! The season, the trend and the forecast of a regular series: STL takes the season out, exponential smoothing goes on with
//! what is left, and the last season is laid over that.
//!
//! Cleveland et al. 1990, "STL: A Seasonal-Trend Decomposition Procedure Based on Loess"; Hyndman and Athanasopoulos,
//! "Forecasting: Principles and Practice", third edition, 13.4 (forecasting with decomposition).

use augurs_core::{Fit as _, Predict as _};
use augurs_ets::AutoETS;
use distrs::Normal;

/// Models with additive errors, with or without a trend, damped or not: those whose intervals have a formula, so that the
/// same series always gets the same ones.
const MODELS: &str = "AZN";

/// A series taken apart; all parts are as long as it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Values a season.
    period: usize,
    /// What the values are multiples of, so that the fit does not depend on their unit.
    scale: f64,
    /// The season: what repeats.
    pub season: Vec<f64>,
    /// The trend.
    pub trend: Vec<f64>,
    /// The series without its season.
    pub adjusted: Vec<f64>,
    /// How strong the season is, from 0 to 1: Hyndman's F_s, 1 - var(remainder) / var(season + remainder).
    pub strength: f64,
}

/// How strong the seasons of some periods together are in a series, from 0 to 1: MSTL takes them out one after the other, and Hyndman's F_s is
/// that of their sum. `None` when the series is too short for them, or nothing but zeros.
#[must_use]
pub fn strength(series: &[f64], periods: &[usize]) -> Option<f64> {
    let (_, scaled) = scaled(series)?;
    let fit = stlrs::Mstl::fit(&scaled, periods).ok()?;
    let seasons = |at: usize| fit.seasonal().iter().map(|season| season[at]).sum::<f64>();
    let rest = fit.remainder();
    let both: Vec<f64> = rest.iter().enumerate().map(|(at, rest)| rest + seasons(at)).collect();
    let strength = 1.0 - variance(rest) / variance(&both);
    strength.is_finite().then_some(strength.max(0.0))
}

/// What the values of a series are multiples of, so that a fit does not depend on their unit, and these multiples; `None` when they are all
/// zeros, or some no number.
fn scaled(series: &[f64]) -> Option<(f64, Vec<f64>)> {
    let scale = series.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let sound = scale.is_normal() && series.iter().all(|value| value.is_finite());
    sound.then(|| (scale, series.iter().map(|value| value / scale).collect()))
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

/// What a value to come is expected to be, and between which bounds, its season included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The middle.
    pub value: f64,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// The part of all three that is the season's.
    pub season: f64,
}

impl Parts {
    /// Takes a series apart; `None` when it holds less than two seasons, or nothing but zeros.
    #[must_use]
    pub fn of(series: &[f64], period: usize) -> Option<Self> {
        let (scale, scaled) = scaled(series)?;
        let fit = stlrs::Stl::fit(&scaled, period).ok()?;
        let strength = fit.seasonal_strength();
        let up = |values: &[f64]| values.iter().map(|value| value * scale).collect::<Vec<_>>();
        let (season, trend) = (up(fit.seasonal()), up(fit.trend()));
        let adjusted = series.iter().zip(&season).map(|(value, season)| value - season).collect();
        Some(Self { period, scale, season, trend, adjusted, strength })
    }

    /// The next values, each with the bounds that it keeps with probability `level`; `None` when no model fits.
    ///
    /// The season that is taken out carries some of the noise off, and the season to come is not quite the last one: the model,
    /// which sees only what is left, takes the noise to be too small. So `season_error`, as a share of the variance of what is
    /// neither trend nor season, is added to that of each value to come.
    #[must_use]
    pub fn forecast(&self, horizon: usize, level: f64, season_error: f64) -> Option<Vec<Expected>> {
        let scaled: Vec<f64> = self.adjusted.iter().map(|value| value / self.scale).collect();
        let model = AutoETS::new(1, MODELS).ok()?.fit(&scaled).ok()?;
        let next = model.predict(horizon, level).ok()?;
        let bounds = next.intervals?;
        let deviation = (season_error * self.noise()).sqrt() / self.scale;
        let wider =
            |value: f64, bound: f64| (bound - value).hypot(Normal::ppf(0.5 + level / 2.0, 0.0, 1.0) * deviation);
        let last = self.season.len().checked_sub(self.period)?;
        let season = self.season.get(last..)?.iter().cycle();
        let all = next.point.iter().zip(&bounds.lower).zip(&bounds.upper).zip(season);
        let expected = all.map(|(((value, lower), upper), season)| Expected {
            value: value * self.scale + season,
            lower: (value - wider(*value, *lower)) * self.scale + season,
            upper: (value + wider(*value, *upper)) * self.scale + season,
            season: *season,
        });
        let expected: Vec<Expected> = expected.collect();
        let sound = |next: &Expected| next.value.is_finite() && next.lower.is_finite() && next.upper.is_finite();
        expected.iter().all(sound).then_some(expected)
    }
}

impl Parts {
    /// The variance of what is neither trend nor season.
    fn noise(&self) -> f64 {
        let squares = self.adjusted.iter().zip(&self.trend).map(|(value, trend)| (value - trend).powi(2));
        let (count, sum) = squares.fold((0.0, 0.0), |(count, sum), square| (count + 1.0, sum + square));
        if count > 0.0 { sum / count } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 40 days of 100 with a dip of 30 on every seventh, growing by 1 a day, in some unit.
    fn weekly(unit: f64) -> Vec<f64> {
        (0..40).map(|day| (100.0 + f64::from(day) - if day % 7 == 6 { 30.0 } else { 0.0 }) * unit).collect()
    }

    #[test]
    fn season_and_trend_are_found_whatever_the_unit() {
        for unit in [1.0, 1e-6, 1e9] {
            let parts = Parts::of(&weekly(unit), 7).unwrap();
            assert!(parts.strength > 0.99);
            let growth = (parts.trend[35] - parts.trend[7]) / unit;
            assert!((growth - 28.0).abs() < 0.1, "{growth}");
            let next = parts.forecast(9, 0.8, 0.5).unwrap();
            // Days 40 and 41, which is a seventh.
            assert!((next[0].value / unit - 140.0).abs() < 1.0 && (next[1].value / unit - 111.0).abs() < 1.0);
            assert!(next.iter().all(|day| day.lower <= day.value && day.value <= day.upper));
            assert!(next[8].upper - next[8].lower >= next[0].upper - next[0].lower);
        }
    }

    #[test]
    fn seasons_of_a_day_and_a_week_are_strong_together() {
        let series: Vec<f64> = (0..672).map(|hour| if hour % 168 < 120 { f64::from(hour % 24) } else { 5.0 }).collect();
        let [day, both] = [&[24][..], &[24, 168]].map(|periods| strength(&series, periods).unwrap());
        assert!(both > 0.95 && day < 0.9, "{day} {both}");
        assert_eq!(strength(&series[..300], &[24, 168]), None);
        assert_eq!(strength(&[0.0; 672], &[24]), None);
    }

    #[test]
    fn what_cannot_be_told_is_not() {
        assert_eq!(Parts::of(&weekly(1.0)[..13], 7), None);
        assert_eq!(Parts::of(&[0.0; 40], 7), None);
        assert_eq!(Parts::of(&[f64::NAN; 40], 7), None);
        assert_eq!(Parts::of(&[], 7), None);
    }

    #[test]
    fn the_noise_that_the_season_took_widens_the_bounds() {
        // 1.2816 is the normal quantile that 80 % lie between.
        let series: Vec<f64> =
            weekly(1.0).iter().zip(0..).map(|(value, day)| value + f64::from(day * 7919 % 13) - 6.0).collect();
        let parts = Parts::of(&series, 7).unwrap();
        let half =
            |error| parts.forecast(3, 0.8, error).unwrap().iter().map(|of| of.upper - of.value).collect::<Vec<_>>();
        for (plain, wider) in half(0.0).into_iter().zip(half(0.5)) {
            let expected = (plain * plain + 1.2816 * 1.2816 * 0.5 * parts.noise()).sqrt();
            assert!((wider - expected).abs() < 0.01 * expected && wider > plain, "{plain} {wider} {expected}");
        }
    }

    proptest! {
        #[test]
        fn no_series_makes_it_fail(
            series in prop::collection::vec(prop_oneof![Just(0.0), 0.0..1e-6, 0.0..1e12], 14..80),
            horizon in 1usize..40,
        ) {
            if let Some(next) = Parts::of(&series, 7).and_then(|parts| parts.forecast(horizon, 0.8, 0.5)) {
                prop_assert_eq!(next.len(), horizon);
            }
        }
    }
}
