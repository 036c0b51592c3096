"""FOCUS exports: focus.py sums GLOB prints sums by plain SQL; focus.py write GLOB FOLDER writes the CUR of GLOB in FOCUS.

Every side of the sums maps a key to [billed, effective, at list prices]."""

import json
import sys

import duckdb

from export import Export

# The columns that a version of FOCUS brought, each with what it says of the company's lines.
LATER = {
    "1.1": {
        "SkuMeter": "line_item_usage_type",
        "ServiceSubcategory": "'Other'",
        "SkuPriceDetails": "'{}'",
        "CommitmentDiscountQuantity": "CAST(NULL AS DOUBLE)",
        "CommitmentDiscountUnit": "CAST(NULL AS VARCHAR)",
        "CapacityReservationId": "CAST(NULL AS VARCHAR)",
        "CapacityReservationStatus": "CAST(NULL AS VARCHAR)",
    },
    "1.2": {
        "InvoiceId": "bill_invoice_id",
        "BillingAccountType": "'Payer'",
        "SubAccountType": "'Account'",
        "PricingCurrency": "line_item_currency_code",
    },
    "1.3": {
        "ServiceProviderName": "'AWS'",
        "HostProviderName": "'AWS'",
        "AllocatedMethodId": "CAST(NULL AS VARCHAR)",
        "AllocatedTags": "CAST(NULL AS VARCHAR)",
    },
}
UNUSED = "line_item_line_item_type IN ('SavingsPlanRecurringFee', 'RIFee')"
COVERED = "line_item_line_item_type IN ('SavingsPlanCoveredUsage', 'DiscountedUsage')"
PLAN = "line_item_line_item_type IN ('SavingsPlanCoveredUsage', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee')"
EFFECTIVE = """CASE line_item_line_item_type
    WHEN 'SavingsPlanCoveredUsage' THEN COALESCE(savings_plan_net_savings_plan_effective_cost, savings_plan_savings_plan_effective_cost)
    WHEN 'SavingsPlanRecurringFee' THEN savings_plan_total_commitment_to_date - savings_plan_used_commitment
    WHEN 'DiscountedUsage' THEN COALESCE(reservation_net_effective_cost, reservation_effective_cost)
    WHEN 'RIFee' THEN COALESCE(reservation_net_unused_amortized_upfront_fee_for_billing_period, reservation_unused_amortized_upfront_fee_for_billing_period, 0)
        + COALESCE(reservation_net_unused_recurring_fee, reservation_unused_recurring_fee, 0)
    ELSE COALESCE(line_item_net_unblended_cost, line_item_unblended_cost) END"""
CATEGORY = """CASE WHEN line_item_line_item_type IN ('Tax', 'Credit') THEN line_item_line_item_type
    WHEN line_item_line_item_type = 'Refund' THEN 'Usage'
    WHEN line_item_line_item_type IN ('Fee', 'SavingsPlanUpfrontFee') THEN 'Purchase' ELSE 'Usage' END"""
# Discounts are in the cost of each row, and what a plan took back was never billed.
LEFT_OUT = "'EdpDiscount', 'PrivateRateDiscount', 'BundledDiscount', 'SppDiscount', 'RiVolumeDiscount', 'SavingsPlanNegation'"


def as_focus(export, version):
    """The query of the company's lines in a version of FOCUS, as AWS exports it."""
    later = [columns for since, columns in LATER.items() if since <= version]
    extra = "".join(f', {form} AS "{name}"' for columns in later for name, form in columns.items())
    provider = "" if version >= "1.3" else ", 'AWS' AS ProviderName, 'AWS' AS PublisherName"
    usage = "" if version >= "1.2" else ", line_item_usage_type AS x_UsageType"
    billed = f"CASE WHEN {COVERED} THEN 0 ELSE COALESCE(line_item_net_unblended_cost, line_item_unblended_cost) END"
    arn = f"CASE WHEN {PLAN} THEN savings_plan_savings_plan_a_r_n ELSE NULLIF(reservation_reservation_a_r_n, '') END"
    return f"""
        SELECT line_item_availability_zone AS AvailabilityZone, {billed} AS BilledCost, bill_payer_account_id AS BillingAccountId,
            line_item_currency_code AS BillingCurrency, bill_billing_period_start_date AS BillingPeriodStart,
            {CATEGORY} AS ChargeCategory, CASE line_item_line_item_type WHEN 'Refund' THEN 'Correction' END AS ChargeClass,
            line_item_line_item_description AS ChargeDescription, line_item_usage_start_date AS ChargePeriodStart,
            line_item_usage_end_date AS ChargePeriodEnd,
            CASE WHEN {arn} IS NOT NULL THEN CASE WHEN {PLAN} THEN 'Spend' ELSE 'Usage' END END AS CommitmentDiscountCategory,
            {arn} AS CommitmentDiscountId, CASE WHEN {COVERED} THEN 'Used' WHEN {UNUSED} THEN 'Unused' END AS CommitmentDiscountStatus,
            CASE WHEN {arn} IS NOT NULL THEN CASE WHEN {PLAN} THEN savings_plan_offering_type ELSE 'Reserved' END END
                AS CommitmentDiscountType,
            line_item_usage_amount AS ConsumedQuantity, pricing_unit AS ConsumedUnit,
            {EFFECTIVE} AS EffectiveCost, bill_billing_entity AS InvoiceIssuerName,
            pricing_public_on_demand_cost AS ListCost, product_region_code AS RegionId, line_item_resource_id AS ResourceId,
            line_item_product_code AS ServiceName, line_item_usage_account_id AS SubAccountId, resource_tags AS Tags,
            line_item_operation AS x_Operation, line_item_product_code AS x_ServiceCode{usage}{provider}{extra}
        FROM {export.source}
        WHERE line_item_line_item_type NOT IN ({LEFT_OUT}) AND COALESCE(line_item_operation, '') NOT IN ('EKSPod-EC2', 'ECSTask-EC2')"""


def write(glob, folder):
    """The company's export in every version, as Parquet; in 1.0 also as CSV with JSON tags."""
    export = Export(glob)
    for version in ("1.0", "1.1", "1.2", "1.3"):
        query = as_focus(export, version)
        export.db.execute(f"COPY ({query}) TO '{folder}/focus-{version}.parquet' (FORMAT parquet)")
    query = f"SELECT * REPLACE (CAST(to_json(Tags) AS VARCHAR) AS Tags) FROM ({as_focus(export, '1.0')})"
    export.db.execute(f"COPY ({query}) TO '{folder}/focus-1.0.csv.gz' (FORMAT csv, HEADER, NULLSTR 'NULL', COMPRESSION gzip)")


def sums(glob):
    """Billed, effective and list cost: of everything, by provider, by service and by day."""
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    reader = "read_parquet" if glob.endswith(".parquet") else "read_csv"
    options = "" if glob.endswith(".parquet") else ", all_varchar = true, nullstr = 'NULL', header = true"
    source = f"{reader}('{glob}'{options})"
    names = [row[0] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    provider = "ProviderName" if "ProviderName" in names else "ServiceProviderName"
    number = "CAST(NULLIF(CAST({} AS VARCHAR), '') AS DOUBLE)".format
    listed = f"""CASE WHEN COALESCE(CommitmentDiscountId, '') <> '' AND (ChargeCategory = 'Purchase' OR CommitmentDiscountStatus = 'Unused')
        THEN 0 ELSE COALESCE({number('ListCost')}, 0) END"""
    db.execute(f"""CREATE TABLE lines AS SELECT COALESCE({number('BilledCost')}, 0) AS billed,
        COALESCE({number('EffectiveCost')}, {number('BilledCost')}, 0) AS effective, {listed} AS listed,
        {provider} AS provider, ServiceName AS service, CAST(CAST(ChargePeriodStart AS TIMESTAMP) AS DATE) AS day FROM {source}""")

    def side(key):
        rows = db.execute(f"SELECT CAST({key} AS VARCHAR), fsum(billed), fsum(effective), fsum(listed) FROM lines GROUP BY 1")
        return {row[0]: row[1:] for row in rows.fetchall()}

    rows = db.execute("SELECT count(*) FROM lines").fetchone()[0]
    sides = {name: side(key) for name, key in [("total", "'all'"), ("provider", "provider"), ("service", "service"), ("day", "day")]}
    json.dump({"rows": rows, **sides}, sys.stdout)


if sys.argv[1] == "write":
    write(*sys.argv[2:4])
else:
    sums(sys.argv[2])
