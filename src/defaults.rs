//! Figures that are not a rule's: `defaults.toml`, embedded.

use crate::{
    error::{Error, Result},
    season,
    time::Zone,
};
use serde::Deserialize;

/// All figures that are not a rule's.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Of the plan.
    pub plan: PlanFigures,
    /// Of commitments.
    pub commitments: CommitmentFigures,
    /// Of schedules.
    pub schedule: ScheduleFigures,
    /// Of unit cost.
    pub unit_cost: UnitCostFigures,
    /// Of owners.
    pub owner: OwnerFigures,
    /// Of data quality.
    pub quality: QualityFigures,
    /// Of the comparison with an earlier report.
    pub baseline: BaselineFigures,
}

/// Figures of the plan.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFigures {
    /// Hours at the period's end in which a target must have been billed, unless the inventory lists it.
    pub seen_within_hours: i32,
    /// The share of a look-back that a metric must cover to be believed.
    pub min_metric_cover: f64,
    /// A period of fewer hours is too short to call anything unused.
    pub min_idle_hours: i64,
    /// The share by which the re-priced bill may differ from the billed one before that is told.
    pub max_repricing_error: f64,
    /// Of so many findings that claim the same, every combination is weighed.
    pub max_weighed: usize,
}

/// Figures that all advice on commitments shares: it is weighed together.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentFigures {
    /// Hours that the priced period must have.
    pub min_window_hours: i64,
    /// Hours at the period's end that the backtest keeps apart.
    pub holdout_hours: usize,
    /// Usage that fell by more, in per cent from the first to the last week of the period, is no ground for a commitment.
    pub falling_percent: f64,
    /// By how much demand is varied to show what a misjudgement costs, in per cent.
    pub sensitivity_percent: u32,
    /// A year's cost of money paid upfront, in per cent.
    pub capital_cost_percent: f64,
    /// The share of on-demand cost that may be covered, in per cent; 0 takes the optimum.
    pub target_coverage_percent: f64,
    /// The share of hours in which a commitment may go partly unused; 0 takes the optimum.
    pub risk_quantile: f64,
    /// Of advice in dated tranches.
    pub ladder: LadderFigures,
    /// How many offers are weighed: those for which most is paid on demand.
    pub most_offers: usize,
    /// How many purchases, the largest, have their other terms priced too.
    pub with_alternatives: usize,
    /// How many instruments get a start of their own in the search.
    pub starts: usize,
    /// After how many points of curves nothing new is begun.
    pub points: usize,
}

/// Figures of advice in dated tranches.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderFigures {
    /// Whole weeks that must have been read for a range of outcomes.
    pub min_weeks: usize,
    /// Weeks in a path of demand.
    pub path_weeks: usize,
    /// Paths.
    pub paths: usize,
    /// Where the drawing begins.
    pub seed: u64,
    /// The percentile of a bad path.
    pub low: f64,
    /// Of a middling one.
    pub middle: f64,
    /// Of a good one.
    pub high: f64,
    /// A rest that is a smaller share of the whole, in per cent, is bought tonight: it is not worth a second purchase.
    pub least_percent: f64,
    /// Days until the advice on usage is taken to be carried out.
    pub usage_advice_days: i32,
}

impl CommitmentFigures {
    /// Less and more demand, in per cent of today's.
    #[must_use]
    pub fn sensitivity(&self) -> [u32; 2] {
        [100 - self.sensitivity_percent.min(100), 100 + self.sensitivity_percent]
    }

    /// A year's cost of money, as a share.
    #[must_use]
    pub fn capital(&self) -> f64 {
        self.capital_cost_percent / 100.0
    }
}

/// Figures of schedules.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleFigures {
    /// The clocks that schedules go by, and that days and weeks of demand are told by.
    pub time_zone: Zone,
    /// The name of the role that EventBridge Scheduler takes on.
    pub role: String,
    /// Keys of tags of what something else starts and stops; by letters and digits, those that end in `*` are beginnings.
    pub managed_tags: Vec<String>,
    /// What counts as a season of demand.
    pub season: season::Figures,
}

/// Figures of unit cost.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCostFigures {
    /// A change of unit cost within this share counts as none.
    pub tolerance: f64,
    /// Days in a row that a trend and a forecast take.
    pub least_days: usize,
    /// Days over which the growth of the trend is told.
    pub growth_days: usize,
    /// How often a forecast's interval holds.
    pub forecast_level: f64,
    /// The share of the noise's variance that is added to that of a forecast, for what the season takes off it.
    pub forecast_season_error: f64,
}

/// Figures of owners.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerFigures {
    /// Tags that name an owner, best first.
    pub keys: Vec<String>,
}

/// Figures of data quality.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityFigures {
    /// The share of cost from which a remark is made.
    pub note_share: f64,
    /// Percentage points by which Cost Explorer and the bill may differ.
    pub max_explorer_points: f64,
}

/// Figures of the comparison with an earlier report.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineFigures {
    /// A saving that moved by less than this share counts as the same.
    pub same_share: f64,
}

impl Defaults {
    /// The embedded figures.
    ///
    /// # Errors
    /// Never in a released binary: a test reads them.
    pub fn embedded() -> Result<Self> {
        Self::parse(include_str!("../defaults.toml")).map_err(|error| error.in_file("defaults.toml"))
    }

    fn parse(toml: &str) -> Result<Self> {
        toml::from_str(toml).map_err(|error| Error::of_toml(toml, &error))
    }

    /// The embedded figures with some replaced, as `(table, figure)` to value.
    ///
    /// # Errors
    /// An unknown name or a value of the wrong type.
    pub fn replaced(over: &toml::Table) -> Result<Self> {
        let mut all: toml::Table =
            include_str!("../defaults.toml").parse().map_err(|error| Error::new(format!("defaults.toml: {error}")))?;
        for (table, figures) in over {
            let toml::Value::Table(figures) = figures else {
                return Err(Error::new(format!("`[overrides] {table}` is no table")));
            };
            match all.entry(table.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new())) {
                toml::Value::Table(known) => lay_over(known, figures),
                _ => return Err(Error::new(format!("`[overrides.{table}]` is no table of figures"))),
            }
        }
        let figures: Self = toml::Value::Table(all).try_into().map_err(|error: toml::de::Error| {
            let error = Error::of_toml_value(&error);
            Error { what: format!("[overrides]: {}", error.what), ..error }
        })?;
        figures.sensible()
    }

    /// The same figures, if shares are shares and hours are hours.
    fn sensible(self) -> Result<Self> {
        let shares = [
            ("plan.min_metric_cover", self.plan.min_metric_cover),
            ("schedule.season.min_known_share", self.schedule.season.min_known_share),
            ("schedule.season.quantile", self.schedule.season.quantile),
            ("unit_cost.tolerance", self.unit_cost.tolerance),
            ("unit_cost.forecast_level", self.unit_cost.forecast_level),
            ("unit_cost.forecast_season_error", self.unit_cost.forecast_season_error),
            ("quality.note_share", self.quality.note_share),
            ("baseline.same_share", self.baseline.same_share),
        ];
        match shares.iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            Some((name, share)) => {
                Err(Error::new(format!("[overrides]: `{name}` is {share}, not a share from 0 to 1")))
            }
            None if self.plan.seen_within_hours < 1 => {
                Err(Error::new("[overrides]: `plan.seen_within_hours` is below 1"))
            }
            None => Ok(self),
        }
    }
}

/// Lays figures over known ones; a table of a table loses only what is given anew.
fn lay_over(known: &mut toml::Table, figures: &toml::Table) {
    for (name, figure) in figures {
        match (known.get_mut(name), figure) {
            (Some(toml::Value::Table(known)), toml::Value::Table(figures)) => lay_over(known, figures),
            _ => drop(known.insert(name.clone(), figure.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_figures_are_read_and_can_be_replaced() {
        assert_eq!(Defaults::embedded().unwrap().plan.seen_within_hours, 48);
        let over: toml::Table = "[plan]\nseen_within_hours = 24".parse().unwrap();
        assert_eq!(Defaults::replaced(&over).unwrap().plan.seen_within_hours, 24);
        let over: toml::Table = "[schedule]\ntime_zone = 'Europe/Berlin'".parse().unwrap();
        assert_eq!(Defaults::replaced(&over).unwrap().schedule.time_zone.name(), "Europe/Berlin");
        let over: toml::Table = "[schedule]\ntime_zone = 'Europe/Berlin Mitte'".parse().unwrap();
        assert!(Defaults::replaced(&over).unwrap_err().to_string().contains("is no time zone"));
        let over: toml::Table = "[schedule.season]\nmin_skill = 0.7".parse().unwrap();
        let season = Defaults::replaced(&over).unwrap().schedule.season;
        assert_eq!((season.min_skill, season.least_weeks), (0.7, 3), "the others stay");
        let over: toml::Table = "[plan]\nseen = 24".parse().unwrap();
        assert!(Defaults::replaced(&over).unwrap_err().to_string().contains("seen"));
    }
}
