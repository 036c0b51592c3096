"""Writes the benchmark's exports: CUR 2.0 Parquet of one month of hourly lines, in four variants.

A variant is written a row group at a time, so memory does not grow with rows. The same arguments give the same lines, and
what exists already is left alone.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import model
from model import ACCOUNTS, LINE_TYPES, REGIONS, SHAPES, ZONES, Bill

FORMAT = 2  # goes up when what is written changes
PART = 4 * 1024 * 1024  # lines a file
FACTORS = {"medium": 2.0, "large": 4.0, "xlarge": 8.0, "2xlarge": 16.0}  # of normalisation
NET, PLAN_SHARE, RI_SHARE = 0.94, 0.72, 0.6


@dataclass(frozen=True)
class Variant:
    """How an export is laid out; `peers.py` says it in words."""

    group: int
    plain_ids: bool = False
    shuffled: bool = False
    messy: bool = False


VARIANTS = {
    "plain": Variant(1024 * 1024, plain_ids=True),
    "dictionary": Variant(128 * 1024),
    "shuffled": Variant(256 * 1024, shuffled=True),
    "messy": Variant(256 * 1024, messy=True),
}


def export(root, variant, rows, resources):
    """The folder of an export, which is written first if it is not there."""
    folder = Path(root) / f"{variant}-{rows}-{resources}"
    stamp = folder / "_done.json"
    wanted = {"format": FORMAT, "pyarrow": pa.__version__}
    if stamp.exists() and json.loads(stamp.read_text()) == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    write(folder, VARIANTS[variant], rows, resources)
    stamp.write_text(json.dumps(wanted))
    return folder


def write(folder, variant, rows, resources):
    bill = Bill(rows, resources, variant.messy)
    columns = Columns(bill)
    data = folder / "data" / "BILLING_PERIOD=2026-09"
    data.mkdir(parents=True)
    for part, first in enumerate(range(0, rows, PART)):
        writer = None
        for start in range(first, min(first + PART, rows), variant.group):
            numbers = np.arange(start, min(start + variant.group, first + PART, rows))
            numbers = model.shuffled(numbers, rows) if variant.shuffled else numbers
            table = columns.table(numbers, start)
            writer = writer or open_writer(data / f"part-{part:05d}.snappy.parquet", table.schema, variant)
            writer.write_table(table, row_group_size=variant.group)
        writer.close()


def open_writer(path, schema, variant):
    plain = {"identity_line_item_id"} | ({"line_item_resource_id"} if variant.plain_ids else set())
    maps = [f"{name}.key_value.{leaf}" for name in Columns.MAPS for leaf in ("key", "value")]
    flat = [field.name for field in schema if field.name not in plain and field.name not in Columns.MAPS]
    return pq.ParquetWriter(
        path,
        schema,
        compression="snappy",
        use_dictionary=flat + maps,
        dictionary_pagesize_limit=(1 if variant.plain_ids else 16) * 1024 * 1024,
        store_schema=False,
    )


class Columns:
    """The columns of an export, by name."""

    MAPS = ["cost_category", "discount", "product", "resource_tags"]

    def __init__(self, bill):
        self.bill = bill
        self.ids = pa.array(bill.resources.ids)
        self.tags = maps(model.tag_sets())
        self.products = maps([product_map(shape) for shape in SHAPES])
        self.categories = maps([{"business_unit": f"unit-{n // 4}"} for n in range(len(ACCOUNTS))])
        self.discounts = maps([{}, {"total_discount": "EDP"}])
        self.places = [(shape, code) for shape in SHAPES for code in REGIONS]

    def table(self, numbers, seed):
        lines = self.bill.lines(numbers)
        columns = {}
        for part in (identity, self.usage, self.products_of, pricing, reservation, plan):
            columns |= part(lines, Context(numbers, seed, self.bill.messy))
        columns |= self.labels(lines)
        return pa.table(dict(sorted(columns.items())))

    def labels(self, lines):
        return {
            "resource_tags": self.tags.take(pa.array(lines.tags)),
            "cost_category": self.categories.take(pa.array(lines.account)),
            "discount": self.discounts.take(pa.array((lines.line == model.USAGE).astype(np.int8))),
            "product": self.products.take(pa.array(lines.shape)),
        }

    def usage(self, lines, context):
        codes = list(REGIONS)
        zones = [code + letter for code in codes for letter in ZONES]
        resource = pa.array(lines.resource, mask=lines.resource < 0)
        zone = np.where(lines.zone < 0, -1, lines.region * len(ZONES) + lines.zone)
        place = lines.shape * len(codes) + lines.region
        describe = [f"${s.rate:.10f} per {s.unit} of {s.usage_type} in {code}" for s, code in self.places]
        factors = np.array([FACTORS.get(size(shape), 0.0) for shape in SHAPES])[lines.shape]
        return amounts(lines, context) | {
            "line_item_availability_zone": texts(zones, zone),
            "line_item_currency_code": constant("USD", lines),
            "line_item_legal_entity": constant("Amazon Web Services, Inc.", lines),
            "line_item_line_item_description": texts(describe, place),
            "line_item_line_item_type": texts(LINE_TYPES, lines.line),
            "line_item_normalization_factor": pa.array(factors),
            "line_item_normalized_usage_amount": pa.array(factors * lines.quantity),
            "line_item_operation": texts([shape.operation or None for shape in SHAPES], lines.shape),
            "line_item_product_code": texts([shape.product for shape in SHAPES], lines.shape),
            "line_item_resource_id": self.ids.take(resource),
            "line_item_tax_type": texts(["VAT"], np.where(lines.line == model.TAX, 0, -1)),
            "line_item_usage_account_id": texts(ACCOUNTS, lines.account),
            "line_item_usage_account_name": texts([f"account {name[-3:]}" for name in ACCOUNTS], lines.account),
            "line_item_usage_end_date": moments(np.where(lines.line >= model.RI_FEE, model.HOURS, lines.hour + 1)),
            "line_item_usage_start_date": moments(lines.hour),
            "line_item_usage_type": texts([REGIONS[code][0] + shape.usage_type for shape, code in self.places], place),
        }

    def products_of(self, lines, _):
        codes, shape = list(REGIONS), lines.shape
        place = shape * len(codes) + lines.region
        of_shape = lambda values: texts([value or None for value in values], shape)
        sku = [f"{int(model.mixed(n, 20)):016X}" for n in range(len(self.places))]
        transfer = [shape.family == "Data Transfer" for shape in SHAPES]
        leaving = np.where(np.array(transfer)[shape], lines.region, -1)
        locations = [location for _, _, location in REGIONS.values()]
        return {
            "product_comment": of_shape([""] * len(SHAPES)),
            "product_fee_code": of_shape([""] * len(SHAPES)),
            "product_fee_description": of_shape([""] * len(SHAPES)),
            "product_from_location": texts(locations, leaving),
            "product_from_location_type": texts(["AWS Region"], np.minimum(leaving, 0)),
            "product_from_region_code": texts(codes, leaving),
            "product_instance_family": of_shape([("General purpose" if s.instance else "") for s in SHAPES]),
            "product_instance_type": of_shape([s.instance for s in SHAPES]),
            "product_instancesku": texts(sku, np.where(np.array([bool(s.instance) for s in SHAPES])[shape], place, -1)),
            "product_location": texts(locations, lines.region),
            "product_location_type": constant("AWS Region", lines),
            "product_operation": of_shape([s.operation for s in SHAPES]),
            "product_pricing_unit": of_shape([""] * len(SHAPES)),
            "product_product_family": of_shape([s.family for s in SHAPES]),
            "product_region_code": texts(codes, lines.region),
            "product_servicecode": of_shape([s.product for s in SHAPES]),
            "product_sku": texts(sku, place),
            "product_to_location": texts(["External"], np.minimum(leaving, 0)),
            "product_to_location_type": texts(["Other"], np.minimum(leaving, 0)),
            "product_to_region_code": texts(codes, np.where(leaving < 0, -1, (leaving + 1) % len(codes))),
            "product_usagetype": texts([REGIONS[code][0] + s.usage_type for s, code in self.places], place),
        }


@dataclass(frozen=True)
class Context:
    """What lines do not say of themselves."""

    numbers: np.ndarray
    seed: int
    messy: bool


def identity(lines, context):
    """The columns that name the bill and the line."""
    hours = [model.START + 3600 * hour for hour in range(model.HOURS + 1)]
    stamps = [np.datetime_as_string(np.datetime64(second, "s")) + "Z" for second in hours]
    intervals = [f"{start}/{end}" for start, end in zip(stamps, stamps[1:])]
    return {
        "bill_bill_type": constant("Anniversary", lines),
        "bill_billing_entity": constant("AWS", lines),
        "bill_billing_period_end_date": moments(np.full(len(lines.hour), model.HOURS)),
        "bill_billing_period_start_date": moments(np.zeros(len(lines.hour), np.int64)),
        "bill_invoice_id": texts([str(1_234_567_000 + n) for n in range(len(ACCOUNTS))], lines.account),
        "bill_invoicing_entity": constant("Amazon Web Services, Inc.", lines),
        "bill_payer_account_id": constant(model.PAYER, lines),
        "bill_payer_account_name": constant("payer", lines),
        "identity_line_item_id": line_ids(len(lines.hour), context.seed),
        "identity_time_interval": texts(intervals, lines.hour),
    }


def amounts(lines, context):
    """Costs and rates. AWS gives ten decimals."""
    cost = np.round(lines.quantity * lines.rate, 10)
    commitment = commitments(lines)
    unblended = np.select([lines.line == model.RI_COVERED, lines.line == model.PLAN_FEE], [0.0, commitment], cost)
    is_demand = lines.line <= model.RI_COVERED
    net = np.round(unblended * NET, 10)
    rates = np.round(lines.rate, 10)
    return {
        "line_item_blended_cost": pa.array(unblended),
        "line_item_blended_rate": numerals(rates, context),
        "line_item_net_unblended_cost": pa.array(net, mask=model.chance(context.numbers, 21) < 0.05 * context.messy),
        "line_item_net_unblended_rate": numerals(np.round(lines.rate * NET, 10), context),
        "line_item_unblended_cost": pa.array(unblended),
        "line_item_unblended_rate": numerals(rates, context),
        "line_item_usage_amount": pa.array(lines.quantity),
        "pricing_public_on_demand_cost": pa.array(np.where(is_demand, cost, 0.0)),
        "pricing_public_on_demand_rate": numerals(rates, context),
    }


def commitments(lines):
    """What a plan commits to an hour."""
    return 10.0 * (lines.plan + 1)


def pricing(lines, _):
    demand = lines.line <= model.RI_COVERED
    reserved = np.where(lines.reservation >= 0, 0, -1)
    codes = [f"{int(model.mixed(n, 22)):016X}.JRTCKXETXF.6YS6EN2CT7" for n in range(len(SHAPES) * len(REGIONS))]
    place = lines.shape * len(REGIONS) + lines.region
    return {
        "pricing_currency": constant("USD", lines),
        "pricing_lease_contract_length": texts(["1yr"], reserved),
        "pricing_offering_class": texts(["standard"], reserved),
        "pricing_purchase_option": texts(["No Upfront"], reserved),
        "pricing_rate_code": texts(codes, np.where(demand, place, -1)),
        "pricing_rate_id": texts([str(50_000_000_000 + 7 * n) for n in range(len(codes))], place),
        "pricing_term": texts(["OnDemand", "Reserved"], np.where(demand, 1 + reserved, -1)),
        "pricing_unit": texts([shape.unit for shape in SHAPES], lines.shape),
    }


def reservation(lines, _):
    covered, fee = lines.line == model.RI_COVERED, lines.line == model.RI_FEE
    cost = np.round(lines.quantity * lines.rate * RI_SHARE, 10)
    on = lambda rows, values: pa.array(np.where(rows, values, 0.0))
    named = lambda form: texts([form.format(n) for n in range(model.RESERVATIONS)], lines.reservation)
    hours = np.round(7.0 + lines.reservation * 1.25, 10)
    return {
        "reservation_amortized_upfront_cost_for_usage": on(covered, 0.0),
        "reservation_amortized_upfront_fee_for_billing_period": on(fee, hours * 40),
        "reservation_availability_zone": texts(["us-east-1a"], np.full(len(fee), -1)),
        "reservation_effective_cost": on(covered, cost),
        "reservation_end_time": texts(["2027-03-01T00:00:00.000Z"], np.where(fee, 0, -1)),
        "reservation_modification_status": texts(["Original"], np.where(fee, 0, -1)),
        "reservation_net_effective_cost": on(covered, np.round(cost * NET, 10)),
        "reservation_net_unused_amortized_upfront_fee_for_billing_period": on(fee, np.round(hours * 3 * NET, 10)),
        "reservation_net_unused_recurring_fee": on(fee, np.round(hours * NET, 10)),
        "reservation_number_of_reservations": texts(["20"], np.where(fee, 0, -1)),
        "reservation_recurring_fee_for_usage": on(covered, cost),
        "reservation_reservation_a_r_n": named("arn:aws:ec2:us-east-1:200000000000:reserved-instances/{:08x}-0000"),
        "reservation_start_time": texts(["2026-03-01T00:00:00.000Z"], np.where(fee, 0, -1)),
        "reservation_subscription_id": named("90000000{:03d}"),
        "reservation_total_reserved_units": texts(["14400"], np.where(fee, 0, -1)),
        "reservation_unused_amortized_upfront_fee_for_billing_period": on(fee, hours * 3),
        "reservation_unused_quantity": on(fee, hours * 11),
        "reservation_unused_recurring_fee": on(fee, hours),
        "reservation_upfront_value": on(fee, hours * 500),
    }


def plan(lines, _):
    covered, fee = lines.line == model.PLAN_COVERED, lines.line == model.PLAN_FEE
    cost = np.round(lines.quantity * lines.rate * PLAN_SHARE, 10)
    commitment = commitments(lines)
    used = np.round(commitment * (0.9 + 0.1 * model.chance(lines.hour, lines.plan, 23)), 10)
    upfront = np.where(lines.plan % 2 == 1, commitment / 2, 0.0)
    on = lambda rows, values: pa.array(np.where(rows, values, 0.0))
    by_plan = lambda values: texts([values[n % len(values)] for n in range(model.PLANS)], lines.plan)
    arns = [f"arn:aws:savingsplans::200000000000:savingsplan/{n:08x}-1111-2222-3333" for n in range(model.PLANS)]
    return {
        "savings_plan_amortized_upfront_commitment_for_billing_period": on(fee, upfront),
        "savings_plan_end_time": by_plan(["2027-05-01T00:00:00.000Z"]),
        "savings_plan_instance_type_family": by_plan([None]),
        "savings_plan_net_amortized_upfront_commitment_for_billing_period": on(fee, np.round(upfront * NET, 10)),
        "savings_plan_net_savings_plan_effective_cost": on(covered, np.round(cost * NET, 10)),
        "savings_plan_offering_type": by_plan(["ComputeSavingsPlans"]),
        "savings_plan_payment_option": by_plan(["No Upfront", "Partial Upfront"]),
        "savings_plan_purchase_term": by_plan(["1yr"]),
        "savings_plan_recurring_commitment_for_billing_period": on(fee, commitment - upfront),
        "savings_plan_region": by_plan([None]),
        "savings_plan_savings_plan_a_r_n": by_plan(arns),
        "savings_plan_savings_plan_effective_cost": on(covered, cost),
        "savings_plan_savings_plan_rate": on(covered, np.round(lines.rate * PLAN_SHARE, 10)),
        "savings_plan_start_time": by_plan(["2026-05-01T00:00:00.000Z"]),
        "savings_plan_total_commitment_to_date": on(fee, commitment),
        "savings_plan_used_commitment": on(fee, used),
    }


def product_map(shape):
    """The attributes that CUR 2.0 keeps in a map."""
    attributes = {"product_name": f"Service {shape.product}", "group": shape.family}
    if shape.instance:
        windows = shape.operation.endswith("0002") and shape.product == "AmazonEC2"
        attributes |= {
            "operating_system": "Windows" if windows else "Linux",
            "tenancy": "Shared",
            "vcpu": "4",
            "memory": "16 GiB",
            "physical_processor": "Intel Xeon Platinum 8175",
            "license_model": "No License required",
        }
    return {key: value for key, value in attributes.items() if value}


def size(shape):
    return shape.instance.split(".")[-1]


def maps(sets):
    return pa.array([list(entries.items()) for entries in sets], type=pa.map_(pa.string(), pa.string()))


def texts(values, index):
    """A column of texts by their indices; a negative index, or a text that is None, is null."""
    absent = np.array([value is None for value in values])
    mask = index < 0
    if absent.any():
        mask = mask | absent[np.maximum(index, 0)]
    # A dictionary that names a text twice would be written plain, which no export's writer does.
    places = {value: place for place, value in enumerate(dict.fromkeys(value or "" for value in values))}
    place = np.array([places[value or ""] for value in values], dtype=np.int32)[np.maximum(index, 0)]
    return pa.DictionaryArray.from_arrays(pa.array(place, mask=mask), pa.array(list(places)))


def constant(value, lines):
    return texts([value], np.zeros(len(lines.hour), np.int32))


def moments(hours):
    return pa.array((model.START + 3600 * hours) * 1000, type=pa.timestamp("ms"))


def numerals(rates, context):
    """Rates are text in an export; where each line has its own, a few stand for all."""
    rates = np.round(rates, 3) if context.messy else rates
    distinct, index = np.unique(rates, return_inverse=True)
    return texts([f"{rate:.10f}" for rate in distinct], index)


def line_ids(count, seed):
    """The ids of lines: 52 letters that do not repeat."""
    alphabet = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
    letters = alphabet[np.random.default_rng(seed).integers(0, 32, (count, 52), np.uint8)]
    offsets = np.arange(count + 1, dtype=np.int32) * 52
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="target/bench", help="where exports are kept")
    parser.add_argument("--variant", choices=VARIANTS, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--resources", type=int, default=200_000)
    arguments = parser.parse_args()
    print(export(arguments.root, arguments.variant, arguments.rows, arguments.resources))


if __name__ == "__main__":
    main()
