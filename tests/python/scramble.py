"""Lines of every type with amounts drawn at random: scramble.py GLOB FILE, from the first days of an export.

A fixture has few of the rare lines (upfront fees, refunds of plans, discounts); here each type comes with each column."""

import sys

from export import Export

KINDS = (
    "Usage DiscountedUsage SavingsPlanCoveredUsage SavingsPlanNegation SavingsPlanRecurringFee SavingsPlanUpfrontFee RIFee Fee "
    "FlatRateSubscription Tax Credit Refund EdpDiscount BundledDiscount PrivateRateDiscount SppDiscount Discount RiVolumeDiscount MadeUp"
).split()
TEXTS = {
    "line_item_line_item_type": KINDS,
    "line_item_product_code": ["AmazonEC2", "ComputeSavingsPlans", "AmazonS3", ""],
    "line_item_line_item_description": ["Refund for one-time fee for Savings Plan ID 1", "Refund", None],
    "reservation_reservation_a_r_n": ["arn:aws:ec2:us-east-1:1:reserved-instances/1", "", None],
}


def main():
    glob, file = sys.argv[1:3]
    export = Export(glob)
    # Each column has its own dice: a hash of the line's place and the column's name.
    replaced = []
    for name, kind in export.types.items():
        dice = f"CAST(hash(place, '{name}') % 1000000 AS INTEGER)"
        if kind == "DOUBLE":
            replaced.append(f"CASE WHEN {dice} % 8 > 0 THEN ({dice} - 300000) / 1e4 END AS {name}")
        if name in TEXTS:
            values = ", ".join("NULL" if value is None else f"'{value}'" for value in TEXTS[name])
            replaced.append(f"[{values}][1 + {dice} % {len(TEXTS[name])}] AS {name}")
    lines = f"SELECT *, row_number() OVER () AS place FROM {export.source} WHERE line_item_usage_start_date < '2026-09-03'"
    export.db.execute(f"COPY (SELECT * EXCLUDE (place) REPLACE ({', '.join(replaced)}) FROM ({lines})) TO '{file}' (FORMAT parquet)")


main()
