//! The column contract: every column that is read of an export, by what it means, under each dialect's names.

use crate::error::{Error, Result, did_you_mean};
use arrow_schema::{DataType, Schema};

/// The dialects of exports, told apart by the columns present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// CUR 2.0 of Data Exports: tags, cost categories and product attributes are maps.
    Cur2,
    /// The legacy CUR under Athena's names: one column per tag and attribute.
    CurLegacy,
}

impl Dialect {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cur2 => "cur-2.0",
            Self::CurLegacy => "cur-legacy",
        }
    }
}

/// What a column missing from an export means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// No bill can be read without it.
    Required,
    /// Nobody misses it.
    Quiet,
    /// What it was for is switched off; the words say so.
    Wanted(&'static str),
}

/// One column: its meaning and the names that it goes by.
pub(crate) struct Spec<C> {
    pub(crate) column: C,
    pub(crate) names: &'static [&'static str],
    pub(crate) need: Need,
}

/// Declares an enum of columns together with their names and needs.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident [$($physical:literal),+] $need:expr;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant),* }

        impl $name {
            /// How many there are.
            pub const COUNT: usize = [$(Self::$variant),*].len();
            pub(crate) const SPECS: &'static [Spec<Self>] =
                &[$(Spec { column: Self::$variant, names: &[$($physical),+], need: $need }),*];
        }
    };
}

use Need::{Quiet, Required, Wanted};

const NO_PLANS: Need = Wanted("lines of Savings Plans count at their unblended cost");
const NO_RESERVATIONS: Need = Wanted("lines of reservations count at their unblended cost");

columns! {
    /// Columns of text. Null and empty are alike.
    Text {
        /// The account that pays.
        Payer ["bill_payer_account_id"] Quiet;
        /// The account that used.
        Account ["line_item_usage_account_id"] Required;
        /// `Usage`, `Tax`, `RIFee` ...
        LineType ["line_item_line_item_type"] Required;
        /// `AmazonEC2` ...
        ProductCode ["line_item_product_code"] Required;
        /// `BoxUsage:m5.large` ...
        UsageType ["line_item_usage_type"] Required;
        /// `RunInstances:0002` ...
        Operation ["line_item_operation"] Wanted("operating systems and engines are unknown; rules that need them find less");
        /// The availability zone.
        Zone ["line_item_availability_zone"] Quiet;
        /// The region's code.
        Region ["product_region_code", "product_region"] Wanted("regions are unknown");
        /// The resource: a short id or an ARN.
        Resource ["line_item_resource_id"] Quiet;
        /// `USD` ...
        Currency ["line_item_currency_code"] Wanted("the bill is taken to be in USD");
        /// `m5.large`, `db.r5.2xlarge` ...
        InstanceType ["product_instance_type"] Quiet;
        /// The database engine's name.
        Engine ["product_database_engine"] Quiet;
        /// The unit of usage: `Hrs`, `GB-Mo` ...
        Unit ["pricing_unit"] Quiet;
        /// `AWS` or `AWS Marketplace`.
        BillingEntity ["bill_billing_entity"] Quiet;
        /// Empty until the month is final.
        Invoice ["bill_invoice_id"] Quiet;
        /// The sentence on the invoice.
        Description ["line_item_line_item_description"] Quiet;
        /// The reservation that a line belongs to.
        ReservationArn ["reservation_reservation_a_r_n", "reservation_reservation_arn"] NO_RESERVATIONS;
        /// When the reservation began.
        ReservationStart ["reservation_start_time"] Quiet;
        /// When it ends.
        ReservationEnd ["reservation_end_time"] Quiet;
        /// The availability zone of a zonal one.
        ReservationZone ["reservation_availability_zone"] Quiet;
        /// `standard` or `convertible`.
        OfferingClass ["pricing_offering_class"] Quiet;
        /// `1yr` or `3yr`.
        Lease ["pricing_lease_contract_length"] Quiet;
        /// `No Upfront` ...
        PurchaseOption ["pricing_purchase_option"] Quiet;
        /// The Savings Plan that a line belongs to.
        PlanArn ["savings_plan_savings_plan_a_r_n", "savings_plan_savings_plan_arn"] NO_PLANS;
        /// `ComputeSavingsPlans` ...
        PlanType ["savings_plan_offering_type"] Quiet;
        /// The region of an EC2 Instance Savings Plan.
        PlanRegion ["savings_plan_region"] Quiet;
        /// Its instance family.
        PlanFamily ["savings_plan_instance_type_family"] Quiet;
        /// `No Upfront` ...
        PlanPayment ["savings_plan_payment_option"] Quiet;
        /// `1yr` or `3yr`.
        PlanTerm ["savings_plan_purchase_term"] Quiet;
        /// When the plan began.
        PlanStart ["savings_plan_start_time"] Quiet;
        /// When it ends.
        PlanEnd ["savings_plan_end_time"] Quiet;
    }
}

columns! {
    /// Columns of numbers, each money in the line's currency but for the first.
    Amount {
        /// The usage, in the line's unit.
        Usage ["line_item_usage_amount"] Required;
        /// What the invoice says.
        Unblended ["line_item_unblended_cost"] Required;
        /// After private discounts.
        NetUnblended ["line_item_net_unblended_cost"] Quiet;
        /// At public on-demand prices.
        OnDemand ["pricing_public_on_demand_cost"] Wanted("on-demand cost is taken as unblended cost");
        /// The amortised cost of a covered line.
        ReservationEffective ["reservation_effective_cost"] NO_RESERVATIONS;
        /// The same after private discounts.
        ReservationNetEffective ["reservation_net_effective_cost"] Quiet;
        /// Upfront fee of unused hours, amortised.
        ReservationUnusedUpfront ["reservation_unused_amortized_upfront_fee_for_billing_period"] NO_RESERVATIONS;
        /// The same after private discounts.
        ReservationNetUnusedUpfront ["reservation_net_unused_amortized_upfront_fee_for_billing_period"] Quiet;
        /// Recurring fee of unused hours.
        ReservationUnusedRecurring ["reservation_unused_recurring_fee"] NO_RESERVATIONS;
        /// The same after private discounts.
        ReservationNetUnusedRecurring ["reservation_net_unused_recurring_fee"] Quiet;
        /// The amortised cost of a line under a plan.
        PlanEffective ["savings_plan_savings_plan_effective_cost"] NO_PLANS;
        /// The same after private discounts.
        PlanNetEffective ["savings_plan_net_savings_plan_effective_cost"] Quiet;
        /// The plan's commitment for the hour.
        PlanCommitment ["savings_plan_total_commitment_to_date"] NO_PLANS;
        /// What of it was used.
        PlanUsed ["savings_plan_used_commitment"] NO_PLANS;
        /// The plan's upfront fee for the hour, amortised.
        PlanUpfront ["savings_plan_amortized_upfront_commitment_for_billing_period"] Quiet;
        /// The same after private discounts.
        PlanNetUpfront ["savings_plan_net_amortized_upfront_commitment_for_billing_period"] Quiet;
    }
}

columns! {
    /// Columns of time, UTC.
    Moment {
        /// When the usage began.
        Start ["line_item_usage_start_date"] Required;
        /// When it ended.
        End ["line_item_usage_end_date"] Required;
        /// When the billing period began.
        BillingPeriod ["bill_billing_period_start_date"] Quiet;
    }
}

/// Where a part keeps its tags or its cost categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Labels {
    /// One map (or JSON text) column, by its index.
    Map(usize),
    /// One column a key: index and key.
    Flat(Vec<(usize, String)>),
}

/// The columns of one part: an index into its schema for each column that is there.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) dialect: Dialect,
    pub(crate) text: [Option<usize>; Text::COUNT],
    pub(crate) amount: [Option<usize>; Amount::COUNT],
    pub(crate) moment: [Option<usize>; Moment::COUNT],
    pub(crate) tags: Labels,
    pub(crate) categories: Labels,
}

impl Layout {
    /// Finds every column in a part's schema.
    ///
    /// # Errors
    /// When a required column is missing: the error names it, and the dialects that were tried.
    pub(crate) fn find(schema: &Schema) -> Result<Self> {
        let tags = labels(schema, "resource_tags");
        let categories = labels(schema, "cost_category");
        let maps = ["resource_tags", "cost_category", "product", "discount"];
        let dialect =
            if maps.iter().any(|name| schema.index_of(name).is_ok()) { Dialect::Cur2 } else { Dialect::CurLegacy };
        Ok(Self {
            dialect,
            text: find_all(schema, Text::SPECS)?,
            amount: find_all(schema, Amount::SPECS)?,
            moment: find_all(schema, Moment::SPECS)?,
            tags,
            categories,
        })
    }

    /// Whether a column is there.
    pub(crate) fn has_amount(&self, column: Amount) -> bool {
        self.amount[column as usize].is_some()
    }

    /// Whether a column is there.
    pub(crate) fn has_text(&self, column: Text) -> bool {
        self.text[column as usize].is_some()
    }

    /// The indices of all columns that are read, ascending.
    pub(crate) fn projection(&self) -> Vec<usize> {
        let labels = [&self.tags, &self.categories].into_iter().flat_map(|labels| match labels {
            Labels::Map(index) => vec![*index],
            Labels::Flat(columns) => columns.iter().map(|(index, _)| *index).collect(),
        });
        let mut all: Vec<usize> =
            self.text.iter().chain(&self.amount).chain(&self.moment).flatten().copied().chain(labels).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The wanted columns that this part lacks, with what that switches off.
    pub(crate) fn missing(&self) -> Vec<(&'static str, &'static str)> {
        fn lacking<C>(
            found: &[Option<usize>],
            specs: &'static [Spec<C>],
        ) -> impl Iterator<Item = (&'static str, &'static str)> {
            found.iter().zip(specs).filter_map(|(index, spec)| match (index, spec.need) {
                (None, Wanted(effect)) => Some((spec.names[0], effect)),
                _ => None,
            })
        }
        lacking(&self.text, Text::SPECS)
            .chain(lacking(&self.amount, Amount::SPECS))
            .chain(lacking(&self.moment, Moment::SPECS))
            .collect()
    }
}

/// The columns named `prefix` (a map or JSON text) or `prefix_KEY` (one a key).
fn labels(schema: &Schema, prefix: &str) -> Labels {
    if let Ok(index) = schema.index_of(prefix) {
        return Labels::Map(index);
    }
    let flat = schema.fields().iter().enumerate().filter_map(|(index, field)| {
        let key = field.name().strip_prefix(prefix)?.strip_prefix('_')?;
        (!key.is_empty() && *field.data_type() != DataType::Null).then(|| (index, key.to_owned()))
    });
    Labels::Flat(flat.collect())
}

fn find_all<const N: usize, C>(schema: &Schema, specs: &'static [Spec<C>]) -> Result<[Option<usize>; N]> {
    let mut found = [None; N];
    for (slot, spec) in found.iter_mut().zip(specs) {
        *slot = spec.names.iter().find_map(|name| schema.index_of(name).ok());
        if slot.is_none() && spec.need == Required {
            return Err(missing_column(schema, spec.names));
        }
    }
    Ok(found)
}

fn missing_column(schema: &Schema, names: &[&str]) -> Error {
    let tried = [Dialect::Cur2, Dialect::CurLegacy].map(Dialect::name).join(", ");
    let present = schema.fields().iter().map(|field| field.name().as_str());
    let known = present.clone().filter(|name| name.starts_with("line_item_") || name.starts_with("bill_")).count();
    let help = did_you_mean(names[0], present).unwrap_or_else(|| match known {
        0 => "none of its columns is one of a Cost and Usage Report".into(),
        _ => "export it with the column selected".into(),
    });
    Error::new(format!("required column is missing (dialects tried: {tried})"))
        .in_column(names.join("` or `"))
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::Field;

    #[test]
    fn a_name_belongs_to_one_column() {
        let mut names: Vec<_> = Text::SPECS.iter().flat_map(|s| s.names).collect();
        names.extend(Amount::SPECS.iter().flat_map(|s| s.names));
        names.extend(Moment::SPECS.iter().flat_map(|s| s.names));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_missing_column_names_itself_and_the_dialects() {
        let schema = Schema::new(vec![Field::new("line_item_usage_acount_id", DataType::Utf8, true)]);
        let error = Layout::find(&schema).unwrap_err().to_string();
        assert!(error.contains("line_item_usage_account_id") && error.contains("cur-2.0, cur-legacy"), "{error}");
        assert!(error.contains("did you mean `line_item_usage_acount_id`?"), "{error}");
    }
}
