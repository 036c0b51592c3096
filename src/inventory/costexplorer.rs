//! What Cost Explorer says of commitments: how much of them is used, and how much of what they could cover they cover.

use super::Listed;
use serde::{Deserialize, Serialize};

/// The stretch that figures are of: dates, the end not included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Period {
    /// Such as `2026-10-01`.
    pub start: String,
    /// Such as `2026-11-01`.
    pub end: String,
}

/// A figure in per cent: a decimal in text.
pub type Percentage = Option<String>;

/// Declares the figures of a stretch, which lie below one another in different members.
macro_rules! figures {
    ($( $(#[$doc:meta])* $name:ident, $token:literal, $key:literal: $part:ident = $part_name:literal,
        $($(#[$other_doc:meta])* $other:ident: $other_type:ty = $other_name:literal,)? => $counts:expr; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            /// Of which time.
            #[serde(rename = "TimePeriod")]
            pub period: Period,
            /// The figures.
            #[serde(rename = $part_name)]
            pub figures: $part,
            $( $(#[$other_doc])* #[serde(rename = $other_name)] pub $other: $other_type, )?
        }

        impl Listed for $name {
            const TOKEN: &'static str = $token;
            const KEY: &'static str = $key;
            const ID: &'static str = "TimePeriod";
            const WHOLE: bool = false;

            fn id(&self) -> &str {
                &self.period.start
            }

            fn counts(&self) -> bool {
                let counts: fn(&Self) -> bool = $counts;
                counts(self)
            }
        }
    )* };
}

figures! {
    /// How much of the Savings Plans was used.
    PlansUsed, "inventory.ce-get-savings-plans-utilization", "SavingsPlansUtilizationsByTime": PlansUse = "Utilization", => |_| true;
    /// How much of what Savings Plans could cover they covered.
    PlansCover, "inventory.ce-get-savings-plans-coverage", "SavingsPlansCoverages": PlansCoverage = "Coverage",
        /// The part that it is of, where it was asked for by parts.
        attributes: serde_json::Map<String, serde_json::Value> = "Attributes", => |of| of.attributes.is_empty();
    /// How much of EC2's reservations was used.
    ReservationsUsed, "inventory.ce-get-reservation-utilization", "UtilizationsByTime": ReservationUse = "Total", => |_| true;
    /// How much of EC2's hours reservations covered.
    ReservationsCover, "inventory.ce-get-reservation-coverage", "CoveragesByTime": ReservationCoverage = "Total", => |_| true;
}

/// Use of Savings Plans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PlansUse {
    /// Used commitment / all commitment.
    pub utilization_percentage: Percentage,
}

/// Coverage by Savings Plans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PlansCoverage {
    /// Covered usage / all usage that plans could cover, at on-demand prices.
    pub coverage_percentage: Percentage,
}

/// Use of reservations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservationUse {
    /// Used hours / purchased hours.
    pub utilization_percentage: Percentage,
}

/// Coverage by reservations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservationCoverage {
    /// In hours.
    pub coverage_hours: CoverageHours,
}

/// Coverage in hours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CoverageHours {
    /// Reserved hours / all hours.
    pub coverage_hours_percentage: Percentage,
}
