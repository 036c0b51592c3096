//! What the fold has to know of a class, looked up once.

use super::line::LineType;
use crate::{
    names::Names,
    scan::{ClassKey, columns::Text, is_aws},
    sku::{Cover, Coverage, Texts, What},
};

/// What the fold has to know of a class.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) line: LineType,
    /// Which hours of it are kept.
    pub(super) timed: Timed,
    pub(super) split: bool,
    pub(super) capacity: bool,
    pub(super) host_reservation: bool,
    pub(super) plan_refund: bool,
    /// Which of its lines need the columns that few lines need: some of `LATE` and `LATE_ONCE`.
    pub(super) late: u8,
    /// Whether a provider other than AWS sells it, as FOCUS tells.
    pub(super) foreign: bool,
    /// Whether it does not tell what was used.
    pub(super) plain: bool,
}

/// All lines of a class need late columns.
pub(super) const LATE: u8 = 1;
/// So does the first of each commitment.
pub(super) const LATE_ONCE: u8 = 2;

/// Of which usage the hours are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Timed {
    /// Of none: no commitment covers it.
    No,
    /// The sum of all resources: metered usage, which differs from hour to hour.
    Sum,
    /// The sum, and each resource's hours.
    Each,
}

impl Kind {
    /// Whether lines tell of a commitment: they are covered by it, or its fees.
    #[inline]
    pub(super) fn of_commitment(self) -> bool {
        self.line.is_covered() || self.line.is_commitment_fee()
    }

    /// What is to be known of a class with some texts.
    pub(super) fn of(key: &ClassKey, names: &Names, coverage: &Coverage) -> Self {
        let text = |column| names.get(key.text(column));
        let line = LineType::parse(text(Text::LineType));
        let usage = crate::sku::strip_region(text(Text::UsageType));
        let (product, usage_type) = (text(Text::ProductCode), text(Text::UsageType));
        let foreign = !is_aws(text(Text::Provider));
        let what = What::of(Texts {
            product,
            usage_type,
            operation: text(Text::Operation),
            instance_type: text(Text::InstanceType),
            engine: text(Text::Engine),
        });
        let covered = !foreign && line.is_usage() && coverage.of(&what, product, usage_type) != Cover::default();
        let timed = match what {
            _ if !covered => Timed::No,
            what if what.is_timed() => Timed::Each,
            _ => Timed::Sum,
        };
        let plan_refund = line == LineType::Refund && product == "ComputeSavingsPlans";
        let late = u8::from(line.is_commitment_fee() || plan_refund) * LATE + u8::from(line.is_covered()) * LATE_ONCE;
        let capacity = ["Reservation:", "DedicatedRes:", "UnusedBox:", "UnusedDed:"];
        Self {
            line,
            timed,
            split: matches!(text(Text::Operation), "EKSPod-EC2" | "ECSTask-EC2")
                || ["EKS-EC2-", "ECS-EC2-"].iter().any(|part| usage.contains(part)),
            capacity: text(Text::ProductCode) == "AmazonEC2" && capacity.iter().any(|head| usage.starts_with(head)),
            host_reservation: line == LineType::RiFee && usage.starts_with("HostUsage:"),
            foreign,
            plain: !tells(product, usage_type),
            plan_refund,
            late,
        }
    }
}

/// Whether a refund takes back the upfront fee of a Savings Plan.
pub(super) fn is_plan_refund(description: &str) -> bool {
    description.starts_with("Refund for one-time fee for Savings Plan ID")
}

/// Whether a line tells what was used: by a usage type, and a product's code rather than its name.
pub(super) fn tells(product: &str, usage_type: &str) -> bool {
    !usage_type.is_empty() && !product.contains(' ')
}
