//! The shape of a week: what repeats, as multiples of the level around it.

use super::{Figures, Kind, Season, Unknown};
use crate::{forecast, quantile, time::WEEK_HOURS};

/// Hours of known or unknown demand, each with its slot of the local week.
pub(super) struct Shape<'a> {
    pub(super) values: &'a [Option<f64>],
    pub(super) slots: Vec<usize>,
    pub(super) figures: &'a Figures,
}

/// Multiples of the level, by slot; they average 1.
type Profile = Vec<f64>;

impl Shape<'_> {
    pub(super) fn season(&self) -> Result<Season, Unknown> {
        let nothing = Unknown::NoSeason { skill: 0.0, strength: None };
        let usual = self.usual().ok_or(nothing)?;
        let tried = Kind::ALL.map(|kind| (kind, self.skill(kind, &usual)));
        let best = tried.iter().map(|(_, skill)| *skill).fold(f64::MIN, f64::max);
        if best < self.figures.min_skill {
            return Err(Unknown::NoSeason { skill: best, strength: None });
        }
        let enough = best - self.figures.simpler_within;
        let (kind, skill) = *tried.iter().find(|(_, skill)| *skill >= enough).ok_or(nothing)?;
        let profile = self.profile(kind, &usual).ok_or(nothing)?;
        let level = self.level(&profile, &usual);
        let strength = self.strength(kind, &profile, &level, &usual);
        if strength.is_none_or(|strength| strength < self.figures.min_strength) {
            return Err(Unknown::NoSeason { skill, strength });
        }
        let (next, growth) = self.next_level(&profile, &usual).ok_or(nothing)?;
        let expected: Vec<f64> = profile.iter().map(|share| share * next).collect();
        let need = self.need(&profile, &level, &usual, next);
        let outliers = usual.iter().zip(self.values).filter(|(usual, value)| !**usual && value.is_some()).count();
        let strength = strength.unwrap_or_default();
        let seen = usual.iter().zip(self.values).filter_map(|(usual, value)| value.filter(|_| *usual));
        let peak = seen.fold(0.0, f64::max);
        Ok(Season { kind, strength, skill, hours: self.values.len(), outliers, growth, expected, need, peak })
    }

    fn weeks(&self) -> usize {
        self.values.len() / WEEK_HOURS
    }

    /// The hours of a whole week, counted back from the end.
    fn week(&self, back: usize) -> std::ops::Range<usize> {
        let end = self.values.len() - back * WEEK_HOURS;
        end - WEEK_HOURS..end
    }

    /// Which hours are neither holiday nor spike; if too many would be left out, all are usual.
    fn usual(&self) -> Option<Vec<bool>> {
        let mut usual: Vec<bool> = self.values.iter().map(Option::is_some).collect();
        let known = usual.iter().filter(|known| **known).count();
        // What is far off lifts the level around it, so it is looked for a second time.
        for _ in 0..2 {
            let profile = self.profile(Kind::Weekly, &usual)?;
            let level = self.level(&profile, &usual);
            let off = |at: usize| {
                let share = profile[self.slots[at]];
                // Demand scatters by its own height, as far down as that says something.
                Some((self.values[at]? / level[at] - share).abs() / share.max(self.figures.low_share))
            };
            let all: Vec<Option<f64>> =
                (0..self.values.len()).map(|at| off(at).filter(|off| off.is_finite())).collect();
            let mut sorted: Vec<f64> = all.iter().copied().flatten().collect();
            sorted.sort_by(f64::total_cmp);
            // 1.4826 middling deviations are a standard deviation, of what is normal.
            let deviation = (1.4826 * quantile::between(&sorted, 0.5)?).max(self.figures.least_deviation);
            let far = |off: &Option<f64>| off.is_some_and(|off| off <= self.figures.outlier_deviations * deviation);
            usual = all.iter().map(far).collect();
        }
        let left_out = known - usual.iter().filter(|usual| **usual).count();
        if left_out as f64 > known as f64 * self.figures.max_outlier_share {
            usual = self.values.iter().map(Option::is_some).collect();
        }
        Some(usual)
    }

    /// The shape of some hours: by key the middle of what they are to the level around them.
    fn profile(&self, kind: Kind, use_it: &[bool]) -> Option<Profile> {
        let mut profile = vec![1.0; WEEK_HOURS];
        for _ in 0..3 {
            let level = self.level(&profile, use_it);
            let mut by_key: Vec<Vec<f64>> = vec![Vec::new(); kind.keys()];
            for (at, value) in self.values.iter().enumerate().filter(|(at, _)| use_it[*at]) {
                let ratio = value.map_or(f64::NAN, |value| value / level[at]);
                if ratio.is_finite() {
                    by_key[kind.key(self.slots[at])].push(ratio);
                }
            }
            let middle = |mut ratios: Vec<f64>| {
                ratios.sort_by(f64::total_cmp);
                quantile::between(&ratios, 0.5)
            };
            let middles = filled(by_key.into_iter().map(middle).collect())?;
            profile = (0..WEEK_HOURS).map(|slot| middles[kind.key(slot)]).collect();
            let mean = profile.iter().sum::<f64>() / WEEK_HOURS as f64;
            if !mean.is_normal() || mean < 0.0 {
                return None;
            }
            profile.iter_mut().for_each(|share| *share /= mean);
        }
        Some(profile)
    }

    /// By hour, the level of the week around it: demand over the shape's share of the same hours. Not a number where there is none.
    fn level(&self, profile: &[f64], use_it: &[bool]) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0)];
        let (mut demand, mut shares) = (0.0, 0.0);
        for ((value, slot), use_it) in self.values.iter().zip(&self.slots).zip(use_it) {
            if let Some(value) = value.filter(|_| *use_it) {
                demand += value;
                shares += profile[*slot];
            }
            sums.push((demand, shares));
        }
        let half = WEEK_HOURS / 2;
        let around = |at: usize| {
            let (from, to) = (at.saturating_sub(half), (at + half).min(self.values.len()));
            level_of(sums[from], sums[to])
        };
        (0..self.values.len()).map(around).collect()
    }

    /// The share of a week's variance that the shape of the other weeks foretells, in the middle week; nothing where more weeks than may be odd
    /// cannot be foretold at all.
    fn skill(&self, kind: Kind, usual: &[bool]) -> f64 {
        let mut skills: Vec<f64> = (0..self.weeks()).filter_map(|back| self.skill_of(kind, usual, back)).collect();
        skills.sort_by(f64::total_cmp);
        let odd = usize::from(skills.len() >= self.figures.one_odd_week_of);
        match (skills.get((skills.len().max(1) - 1) / 2), skills.get(odd)) {
            (Some(middle), Some(low)) if *low > 0.0 => round(*middle),
            _ => 0.0,
        }
    }

    fn skill_of(&self, kind: Kind, usual: &[bool], back: usize) -> Option<f64> {
        let week = self.week(back);
        let others: Vec<bool> = usual.iter().enumerate().map(|(at, usual)| *usual && !week.contains(&at)).collect();
        let profile = self.profile(kind, &others)?;
        let level = self.level(&profile, usual);
        let known = || week.clone().filter(|at| usual[*at]).filter_map(|at| Some((at, self.values[at]?)));
        let count = known().count();
        if (count as f64) < WEEK_HOURS as f64 * self.figures.min_known_of_week {
            return None;
        }
        let relative: Vec<(f64, f64)> = known()
            .map(|(at, value)| (value / level[at], profile[self.slots[at]]))
            .filter(|(is, _)| is.is_finite())
            .collect();
        let mean = relative.iter().map(|(is, _)| is).sum::<f64>() / relative.len() as f64;
        let around: f64 = relative.iter().map(|(is, _)| (is - mean).powi(2)).sum();
        let missed: f64 = relative.iter().map(|(is, told)| (is - told).powi(2)).sum();
        let skill = 1.0 - missed / around;
        skill.is_finite().then_some(skill)
    }

    /// Hyndman's F_s of the series with what is unknown or unusual filled in.
    fn strength(&self, kind: Kind, profile: &[f64], level: &[f64], usual: &[bool]) -> Option<f64> {
        let filled = |at: usize| match self.values[at].filter(|_| usual[at]) {
            Some(value) => value,
            None => level[at] * profile[self.slots[at]],
        };
        let series: Vec<f64> = (0..self.values.len()).map(filled).collect();
        let periods: &[usize] = if kind == Kind::Daily { &[24] } else { &[24, WEEK_HOURS] };
        forecast::strength(&series, periods).map(round)
    }

    /// The level that the next week is expected to have at most, and by which share it grew a week.
    fn next_level(&self, profile: &[f64], usual: &[bool]) -> Option<(f64, f64)> {
        let of_week = |back: usize| {
            let hours = self.week(back).filter(|at| usual[*at]);
            let sum = hours.fold((0.0, 0.0), |(demand, shares), at| {
                (demand + self.values[at].unwrap_or_default(), shares + profile[self.slots[at]])
            });
            Some(level_of((0.0, 0.0), sum)).filter(|level| level.is_finite() && *level > 0.0)
        };
        let levels: Vec<f64> = (0..self.weeks()).filter_map(of_week).collect();
        let (last, first) = (*levels.first()?, *levels.last()?);
        let growth = if levels.len() > 1 { (last / first).powf(1.0 / (levels.len() - 1) as f64) - 1.0 } else { 0.0 };
        let recent = levels.iter().take(self.figures.recent_weeks.max(1)).copied().fold(0.0, f64::max);
        Some((recent * (1.0 + growth.max(0.0)), growth))
    }

    /// What each slot is to be ready for: the shape, times what demand in slots of such a height is to it in all but a few hours.
    fn need(&self, profile: &[f64], level: &[f64], usual: &[bool], next: f64) -> Vec<f64> {
        let groups = self.figures.heights.clamp(1, WEEK_HOURS);
        let mut heights: Vec<f64> = profile.to_vec();
        heights.sort_by(f64::total_cmp);
        let bounds: Vec<f64> = (1..groups).map(|part| heights[part * WEEK_HOURS / groups]).collect();
        let height = |share: f64| bounds.iter().filter(|bound| share >= **bound).count();
        let (mut ratios, mut low) = (vec![Vec::new(); groups], Vec::new());
        for (at, value) in self.values.iter().enumerate().filter(|(at, _)| usual[*at]) {
            let Some(value) = value else { continue };
            let share = profile[self.slots[at]];
            let ratio = value / level[at] / share;
            if share < self.figures.next_to_nothing {
                low.push(*value);
            } else if ratio.is_finite() {
                ratios[height(share)].push(ratio);
            }
        }
        let mut of = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            quantile::between(&values, self.figures.quantile)
        };
        let margins: Vec<Option<f64>> = ratios.into_iter().map(&mut of).collect();
        let widest = margins.iter().copied().flatten().fold(1.0, f64::max);
        let low = of(low).unwrap_or_default();
        let need = |share: &f64| match share {
            share if *share < self.figures.next_to_nothing => low,
            share => share * next * margins[height(*share)].unwrap_or(widest).max(1.0),
        };
        profile.iter().map(need).collect()
    }
}

/// Demand over shares between two running sums.
fn level_of(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (demand, shares) = (to.0 - from.0, to.1 - from.1);
    if shares > 1e-9 && demand > 0.0 { demand / shares } else { f64::NAN }
}

/// A circle with what is missing put between its neighbours; `None` when all is missing.
fn filled(values: Vec<Option<f64>>) -> Option<Vec<f64>> {
    let count = values.len();
    let near = |at: usize, step: usize| (1..=count).find_map(|far| values[(at + far * step) % count]);
    let value = |at: usize| values[at].or_else(|| Some((near(at, 1)? + near(at, count - 1)?) / 2.0));
    (0..count).map(value).collect()
}

/// Four decimals, before anything meets a threshold.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
