//! The column contract: every column that is read of an export, by what it means, under each dialect's names.

use crate::error::{Error, Result, did_you_mean};
use arrow_schema::{DataType, Schema};
use std::sync::Arc;

/// The dialects of exports, told apart by the columns present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// CUR 2.0 of Data Exports: tags, cost categories and product attributes are maps.
    Cur2,
    /// The legacy CUR, under Athena's names or those of its CSV files: one column per tag and attribute.
    CurLegacy,
    /// FOCUS 1.x of any provider, by its `x`: costs are stated billed, effective and at list prices.
    Focus(u8),
}

impl Dialect {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cur2 => "cur-2.0",
            Self::CurLegacy => "cur-legacy",
            Self::Focus(0) => "focus-1.0",
            Self::Focus(1) => "focus-1.1",
            Self::Focus(2) => "focus-1.2",
            Self::Focus(_) => "focus-1.3",
        }
    }
}

impl Dialect {
    /// Whether it is of the FOCUS family.
    #[must_use]
    pub fn is_focus(self) -> bool {
        matches!(self, Self::Focus(_))
    }

    /// The name of its family: dialects of one family name their columns alike.
    #[must_use]
    pub fn family(self) -> &'static str {
        if self.is_focus() { "focus" } else { "cur" }
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

/// One column: its meaning and the names that it goes by in the CUR dialects and in FOCUS.
pub(crate) struct Spec<C> {
    pub(crate) column: C,
    cur: &'static [&'static str],
    need: Need,
    focus: &'static [&'static str],
    focus_need: Need,
}

impl<C> Spec<C> {
    /// The names that the column goes by in a dialect, the likeliest first.
    pub(crate) fn names(&self, dialect: Dialect) -> &'static [&'static str] {
        if dialect.is_focus() { self.focus } else { self.cur }
    }

    /// What it means that the column is missing in a dialect.
    pub(crate) fn need(&self, dialect: Dialect) -> Need {
        if dialect.is_focus() { self.focus_need } else { self.need }
    }
}

/// Declares an enum of columns together with their names and needs: first those of the CUR, then those of FOCUS.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident { $(
        $(#[$about:meta])* $variant:ident [$($cur:literal),*] $need:expr $(, focus [$($focus:literal),+] $focus_need:expr)?;
    )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant),* }

        impl $name {
            /// How many there are.
            pub const COUNT: usize = [$(Self::$variant),*].len();
            pub(crate) const SPECS: &'static [Spec<Self>] = &[$(Spec {
                column: Self::$variant,
                cur: &[$($cur),*],
                need: $need,
                focus: &[$($($focus),+)?],
                focus_need: [$($focus_need,)? Quiet][0],
            }),*];
        }
    };
}

use Need::{Quiet, Required, Wanted};

const NO_PLANS: Need = Wanted("lines of Savings Plans count at their unblended cost");
const NO_RESERVATIONS: Need = Wanted("lines of reservations count at their unblended cost");

const NO_DISCOUNTS: Need = Wanted("what commitments cover cannot be told from other usage");
const NO_PROVIDER: Need = Wanted(
    "rows are taken to be of the one provider that the export's other rows name; if there is none, no rule runs on them",
);

columns! {
    /// Columns of text. Null and empty are alike.
    Text {
        /// The account that pays.
        Payer ["bill_payer_account_id"] Quiet, focus ["BillingAccountId"] Quiet;
        /// The account that used.
        Account ["line_item_usage_account_id"] Required;
        /// `Usage`, `Tax`, `RIFee` ...
        LineType ["line_item_line_item_type"] Required;
        /// `AmazonEC2` ...
        ProductCode ["line_item_product_code"] Required;
        /// `BoxUsage:m5.large` ...
        UsageType ["line_item_usage_type"] Required, focus ["x_UsageType", "SkuMeter", "x_SkuMeterName", "SkuId"] Quiet;
        /// `RunInstances:0002` ...
        Operation ["line_item_operation"] Wanted("operating systems and engines are unknown; rules that need them find less"), focus ["x_Operation"] Wanted("operating systems and engines are unknown; rules that need them find less");
        /// The availability zone.
        Zone ["line_item_availability_zone"] Quiet, focus ["AvailabilityZone"] Quiet;
        /// The region's code.
        Region ["product_region_code", "product_region"] Wanted("regions are unknown"), focus ["RegionId", "RegionName"] Wanted("regions are unknown");
        /// The resource: a short id or an ARN.
        Resource ["line_item_resource_id"] Quiet, focus ["ResourceId"] Quiet;
        /// `USD` ...
        Currency ["line_item_currency_code"] Wanted("the bill is taken to be in USD"), focus ["BillingCurrency"] Wanted("the bill is taken to be in USD");
        /// `m5.large`, `db.r5.2xlarge` ...
        InstanceType ["product_instance_type"] Quiet;
        /// The database engine's name.
        Engine ["product_database_engine"] Quiet;
        /// The unit of usage: `Hrs`, `GB-Mo` ...
        Unit ["pricing_unit"] Quiet, focus ["ConsumedUnit", "PricingUnit"] Quiet;
        /// `AWS` or `AWS Marketplace`.
        BillingEntity ["bill_billing_entity"] Quiet, focus ["InvoiceIssuerName", "InvoiceIssuer"] Quiet;
        /// Empty until the month is final.
        Invoice ["bill_invoice_id"] Quiet, focus ["InvoiceId"] Quiet;
        /// The sentence on the invoice.
        Description ["line_item_line_item_description"] Quiet, focus ["ChargeDescription"] Quiet;
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
        /// Of FOCUS, what some columns above are told from: the account within the paying one.
        SubAccount [] Quiet, focus ["SubAccountId"] Quiet;
        /// `Usage`, `Purchase`, `Tax`, `Credit`, `Adjustment`.
        ChargeCategory [] Quiet, focus ["ChargeCategory"] Required;
        /// `Correction` of an earlier billing period, or none.
        ChargeClass [] Quiet, focus ["ChargeClass"] Quiet;
        /// Who sells: `AWS`, `Microsoft` ...; of a CUR nothing.
        Provider [] Quiet, focus ["ProviderName", "ServiceProviderName", "HostProviderName"] NO_PROVIDER;
        /// `Amazon Elastic Compute Cloud` ...
        ServiceName [] Quiet, focus ["ServiceName"] Wanted("services are unknown");
        /// `AmazonEC2` ..., of AWS alone.
        ServiceCode [] Quiet, focus ["x_ServiceCode"] Quiet;
        /// The commitment that a line belongs to.
        DiscountId [] Quiet, focus ["CommitmentDiscountId"] NO_DISCOUNTS;
        /// `Used` or `Unused`.
        DiscountStatus [] Quiet, focus ["CommitmentDiscountStatus"] NO_DISCOUNTS;
        /// `Spend` or `Usage`.
        DiscountCategory [] Quiet, focus ["CommitmentDiscountCategory"] NO_DISCOUNTS;
        /// `Savings Plan`, `Reserved` ...
        DiscountType [] Quiet, focus ["CommitmentDiscountType"] Quiet;
    }
}

columns! {
    /// Columns of numbers, each money in the line's currency but for the first.
    Amount {
        /// The usage, in the line's unit.
        Usage ["line_item_usage_amount"] Required, focus ["ConsumedQuantity", "PricingQuantity"] Wanted("usage counts as none: nothing is said per unit of usage");
        /// What the invoice says.
        Unblended ["line_item_unblended_cost"] Required, focus ["BilledCost"] Required;
        /// After private discounts.
        NetUnblended ["line_item_net_unblended_cost"] Quiet;
        /// At public on-demand prices.
        OnDemand ["pricing_public_on_demand_cost"] Wanted("on-demand cost is taken as unblended cost"), focus ["ListCost"] Wanted("on-demand cost is taken as billed cost");
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
        /// Of FOCUS: amortised and after all discounts.
        Effective [] Quiet, focus ["EffectiveCost"] Wanted("effective cost is taken as billed cost");
    }
}

columns! {
    /// Columns of time, UTC.
    Moment {
        /// When the usage began.
        Start ["line_item_usage_start_date"] Required, focus ["ChargePeriodStart"] Required;
        /// When it ended.
        End ["line_item_usage_end_date"] Required, focus ["ChargePeriodEnd"] Required;
        /// When the billing period began.
        BillingPeriod ["bill_billing_period_start_date"] Quiet, focus ["BillingPeriodStart"] Quiet;
    }
}

/// Columns that tell what commitments are, or what their fees are for. Few lines need them: a scan reads them when its fold asks for them.
pub(crate) mod late {
    use super::{Amount, Text};

    /// Those of text.
    pub(crate) const TEXTS: [Text; 14] = [
        Text::Description,
        Text::ReservationStart,
        Text::ReservationEnd,
        Text::ReservationZone,
        Text::OfferingClass,
        Text::Lease,
        Text::PurchaseOption,
        Text::PlanType,
        Text::PlanRegion,
        Text::PlanFamily,
        Text::PlanPayment,
        Text::PlanTerm,
        Text::PlanStart,
        Text::PlanEnd,
    ];

    /// Those of amounts.
    pub(crate) const AMOUNTS: [Amount; 8] = [
        Amount::ReservationUnusedUpfront,
        Amount::ReservationNetUnusedUpfront,
        Amount::ReservationUnusedRecurring,
        Amount::ReservationNetUnusedRecurring,
        Amount::PlanCommitment,
        Amount::PlanUsed,
        Amount::PlanUpfront,
        Amount::PlanNetUpfront,
    ];
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
    /// Of FOCUS, whose the rows are that name no provider, if that is known.
    pub(crate) provider: Option<Arc<str>>,
}

impl Layout {
    /// Finds every column in a part's schema.
    ///
    /// # Errors
    /// When a required column is missing: the error names it, and the dialects that were tried.
    pub(crate) fn find(schema: &Schema) -> Result<Self> {
        let dialect = dialect(schema);
        let (tags, categories) = if dialect.is_focus() {
            (labels(schema, "Tags"), labels(schema, "x_CostCategories"))
        } else {
            (labels(schema, "resource_tags"), labels(schema, "cost_category"))
        };
        Ok(Self {
            dialect,
            text: find_all(schema, Text::SPECS, dialect)?,
            amount: find_all(schema, Amount::SPECS, dialect)?,
            moment: find_all(schema, Moment::SPECS, dialect)?,
            tags,
            categories,
            provider: None,
        })
    }

    /// Whether a column is there.
    pub(crate) fn has_amount(&self, column: Amount) -> bool {
        self.amount[column as usize].is_some()
    }

    /// Whether it has costs after private discounts.
    pub(crate) fn has_net(&self) -> bool {
        self.has_amount(Amount::NetUnblended) || self.has_amount(Amount::Effective)
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
            dialect: Dialect,
        ) -> impl Iterator<Item = (&'static str, &'static str)> {
            found.iter().zip(specs).filter_map(move |(index, spec)| match (index, spec.need(dialect)) {
                (None, Wanted(effect)) => Some((*spec.names(dialect).first()?, effect)),
                _ => None,
            })
        }
        lacking(&self.text, Text::SPECS, self.dialect)
            .chain(lacking(&self.amount, Amount::SPECS, self.dialect))
            .chain(lacking(&self.moment, Moment::SPECS, self.dialect))
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

/// The columns of FOCUS 1.0 to 1.3 (FinOps Open Cost and Usage Specification, column library of each version).
const FOCUS: [&str; 65] = [
    "AllocatedMethodDetails",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractApplied",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "HostProviderName",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
];

/// Whether a name is one of FOCUS, or marked as a provider's own.
pub(crate) fn is_focus_name(name: &str) -> bool {
    FOCUS.contains(&name) || name.starts_with("x_")
}

/// The dialect that the columns present tell. What FOCUS named its columns, no CUR does.
fn dialect(schema: &Schema) -> Dialect {
    let any = |names: &[&str]| names.iter().any(|name| schema.index_of(name).is_ok());
    if any(&["BilledCost", "ChargeCategory", "ChargePeriodStart"]) {
        // Columns that a version brought; some providers had columns of others earlier.
        return Dialect::Focus(if any(&["ServiceProviderName", "HostProviderName", "AllocatedMethodId"]) {
            3
        } else if any(&["InvoiceId", "PricingCurrency"]) {
            2
        } else {
            u8::from(any(&["SkuMeter", "SkuPriceDetails", "ServiceSubcategory", "CommitmentDiscountQuantity"]))
        });
    }
    let maps = any(&["resource_tags", "cost_category", "product", "discount"]);
    if maps { Dialect::Cur2 } else { Dialect::CurLegacy }
}

fn find_all<const N: usize, C>(
    schema: &Schema,
    specs: &'static [Spec<C>],
    dialect: Dialect,
) -> Result<[Option<usize>; N]> {
    let mut found = [None; N];
    for (slot, spec) in found.iter_mut().zip(specs) {
        *slot = spec.names(dialect).iter().find_map(|name| schema.index_of(name).ok());
        if slot.is_none() && spec.need(dialect) == Required {
            return Err(missing_column(schema, spec.names(dialect), dialect));
        }
    }
    Ok(found)
}

fn missing_column(schema: &Schema, names: &[&str], dialect: Dialect) -> Error {
    let tried = match dialect {
        Dialect::Focus(_) => dialect.name().to_owned(),
        _ => [Dialect::Cur2, Dialect::CurLegacy].map(Dialect::name).join(", "),
    };
    let present = schema.fields().iter().map(|field| field.name().as_str());
    let known = present.clone().filter(|name| name.starts_with("line_item_") || name.starts_with("bill_")).count();
    let help = did_you_mean(names[0], present).unwrap_or_else(|| match known {
        0 if !dialect.is_focus() => "none of its columns is one of a Cost and Usage Report, nor of FOCUS".into(),
        _ => "export it with the column selected".into(),
    });
    Error::new(format!("required column is missing (dialects tried: {tried})"))
        .in_column(names.join("` or `"))
        .help(help)
}

/// The name under which Athena knows a column of a legacy CSV export: `lineItem/UsageStartDate` is `line_item_usage_start_date`.
/// Other names stay as they are.
pub(crate) fn athena_name(name: &str) -> String {
    // The keys of tags and cost categories keep their letters, as in CUR 2.0.
    for (section, prefix) in [("resourceTags/", "resource_tags_"), ("costCategory/", "cost_category_")] {
        if let Some(key) = name.strip_prefix(section) {
            return format!("{prefix}{}", key.replace(':', "_"));
        }
    }
    if !name.contains('/') {
        return name.to_owned();
    }
    let mut out = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    let words = out.split('_').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::Field;

    #[test]
    fn a_name_belongs_to_one_column() {
        let mut names: Vec<_> = Text::SPECS.iter().flat_map(|s| s.cur.iter().chain(s.focus)).collect();
        names.extend(Amount::SPECS.iter().flat_map(|s| s.cur.iter().chain(s.focus)));
        names.extend(Moment::SPECS.iter().flat_map(|s| s.cur.iter().chain(s.focus)));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn names_of_csv_files_are_those_of_athena() {
        for (csv, athena) in [
            ("lineItem/UsageStartDate", "line_item_usage_start_date"),
            ("lineItem/LineItemType", "line_item_line_item_type"),
            ("reservation/ReservationARN", "reservation_reservation_a_r_n"),
            ("savingsPlan/NetSavingsPlanEffectiveCost", "savings_plan_net_savings_plan_effective_cost"),
            ("product/instanceType", "product_instance_type"),
            ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
            ("bill/BillingPeriodStartDate", "bill_billing_period_start_date"),
            ("resourceTags/user:Cost-Center", "resource_tags_user_Cost-Center"),
            ("costCategory/Team", "cost_category_Team"),
            ("line_item_usage_type", "line_item_usage_type"),
            ("ChargePeriodStart", "ChargePeriodStart"),
        ] {
            assert_eq!(athena_name(csv), athena);
        }
        let specs = Amount::SPECS.iter().flat_map(|spec| spec.cur);
        assert!(
            specs.clone().any(|name| *name == athena_name("reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"))
        );
        assert!(specs.clone().any(|name| *name == athena_name("savingsPlan/TotalCommitmentToDate")));
    }

    #[test]
    fn versions_of_focus_are_told_by_their_columns() {
        let of = |names: &[&str]| {
            let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
            dialect(&Schema::new(fields)).name()
        };
        assert_eq!(of(&["BilledCost", "ChargeClass"]), "focus-1.0");
        assert_eq!(of(&["BilledCost", "SkuMeter"]), "focus-1.1");
        assert_eq!(of(&["BilledCost", "SkuMeter", "InvoiceId"]), "focus-1.2");
        assert_eq!(of(&["BilledCost", "SkuMeter", "InvoiceId", "HostProviderName"]), "focus-1.3");
        assert_eq!(of(&["line_item_unblended_cost"]), "cur-legacy");
    }

    #[test]
    fn a_missing_column_names_itself_and_the_dialects() {
        let schema = Schema::new(vec![Field::new("line_item_usage_acount_id", DataType::Utf8, true)]);
        let error = Layout::find(&schema).unwrap_err().to_string();
        assert!(error.contains("line_item_usage_account_id") && error.contains("cur-2.0, cur-legacy"), "{error}");
        assert!(error.contains("did you mean `line_item_usage_acount_id`?"), "{error}");
    }
}
