"""Sums of an export by plain SQL, as JSON: totals.py GLOB.

Every side maps a key to [unblended, effective, net effective, on-demand, usage]."""

import json
import sys

from export import Export

RESERVATIONS = (
    "reservation_effective_cost",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
)
PLANS = (
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
)
NET = ("line_item_net_unblended_cost", "reservation_net_effective_cost", "savings_plan_net_savings_plan_effective_cost")
DISCOUNTS = "'EdpDiscount', 'PrivateRateDiscount', 'BundledDiscount', 'SppDiscount', 'RiVolumeDiscount'"
SUMS = "fsum(unblended), fsum(effective), fsum(net), fsum(on_demand), fsum(usage)"


def lines(export):
    """The view of lines: one row each, with what it costs in every sense; split cost allocation rows are left out."""
    number, text = export.number, export.text
    plain = f"COALESCE({number('line_item_unblended_cost')}, 0)"
    arns = ("reservation_reservation_a_r_n", "reservation_reservation_arn")
    reserved = any(map(export.has, arns)) and export.has(*RESERVATIONS)
    planned = export.has(*PLANS)
    plan_refund = "kind = 'Refund' AND service = 'ComputeSavingsPlans' AND description LIKE 'Refund for one-time fee for Savings Plan ID%'"

    def twins(gross, net):
        gross = f"COALESCE({number(gross)}, 0)"
        return gross, f"COALESCE({number(net)}, {gross})"

    def both(a, b):
        return tuple(f"{x} + {y}" for x, y in zip(a, b))

    gross_plan = f"COALESCE({number(PLANS[1])}, 0) - COALESCE({number(PLANS[2])}, 0)"
    upfront = number("savings_plan_amortized_upfront_commitment_for_billing_period")
    net_upfront = number("savings_plan_net_amortized_upfront_commitment_for_billing_period")
    net_plan = f"({gross_plan}) * COALESCE({net_upfront} / NULLIF({upfront}, 0), 1)"
    cases = []
    if planned:
        cases += [
            ("kind = 'SavingsPlanCoveredUsage'", twins(PLANS[0], "savings_plan_net_savings_plan_effective_cost")),
            ("kind = 'SavingsPlanRecurringFee'", (gross_plan, net_plan)),
            ("kind IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee')", ("0", "0")),
            (plan_refund, ("0", "0")),
        ]
    if reserved:
        fee = both(
            twins(RESERVATIONS[1], "reservation_net_unused_amortized_upfront_fee_for_billing_period"),
            twins(RESERVATIONS[2], "reservation_net_unused_recurring_fee"),
        )
        cases += [
            ("kind = 'DiscountedUsage'", twins(RESERVATIONS[0], "reservation_net_effective_cost")),
            ("kind = 'RIFee'", fee),
            ("kind = 'Fee' AND reservation <> ''", ("0", "0")),
        ]
    if any(map(export.has, NET)):
        cases += [(f"kind IN ({DISCOUNTS})", (plain, "0"))]
    otherwise = twins("line_item_unblended_cost", "line_item_net_unblended_cost")

    def case(side):
        return " ".join(["CASE", *(f"WHEN {when} THEN {then[side]}" for when, then in cases), f"ELSE {otherwise[side]} END"])

    on_demand = f"COALESCE({number('pricing_public_on_demand_cost')}, 0)" if export.has("pricing_public_on_demand_cost") else plain
    export.db.execute(f"""
        CREATE TABLE lines AS
        SELECT kind, service, account, resource, day, unblended, {case(0)} AS effective, {case(1)} AS net,
            CASE WHEN kind = 'SavingsPlanNegation' THEN 0 ELSE {on_demand} END AS on_demand,
            CASE WHEN kind IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
                THEN COALESCE({number('line_item_usage_amount')}, 0) ELSE 0 END AS usage,
            CASE WHEN kind = 'SavingsPlanRecurringFee' THEN COALESCE({upfront}, 0)
                WHEN kind = 'RIFee' THEN COALESCE({number('reservation_amortized_upfront_fee_for_billing_period')}, 0)
                WHEN kind = 'SavingsPlanUpfrontFee' OR (kind = 'Fee' AND reservation <> '') OR ({plan_refund})
                    THEN -unblended
                ELSE 0 END AS amortised
        FROM (
            SELECT *, {plain} AS unblended, {text('line_item_line_item_type')} AS kind,
                {text('line_item_product_code')} AS service, {text(*arns)} AS reservation,
                {text('line_item_line_item_description')} AS description,
                {export.account('line_item_usage_account_id')} AS account, {text('line_item_resource_id')} AS resource,
                CAST(CAST(line_item_usage_start_date AS TIMESTAMP) AS DATE) AS day
            FROM {export.source}
            WHERE {text('line_item_operation')} NOT IN ('EKSPod-EC2', 'ECSTask-EC2')
        )""")


def side(export, key):
    """The sums by a key."""
    rows = export.db.execute(f"SELECT CAST({key} AS VARCHAR), {SUMS} FROM lines GROUP BY 1").fetchall()
    return {row[0]: row[1:] for row in rows}


def main():
    export = Export(sys.argv[1])
    lines(export)
    rows, split = export.db.execute(f"SELECT (SELECT count(*) FROM {export.source}), (SELECT count(*) FROM lines)").fetchone()
    result = {
        "rows": rows,
        "split_rows": rows - split,
        "amortised": export.db.execute("SELECT fsum(amortised) FROM lines").fetchone()[0],
        "total": side(export, "'all'"),
        "by_type": side(export, "kind"),
        "by_service": side(export, "service"),
        "by_day": side(export, "day"),
        "by_resource": side(export, "account || ' ' || resource"),
    }
    json.dump(result, sys.stdout)


main()
