"""The facts as another engine makes them: three tables in memory, in a process of their own.

Prints a line of JSON: wall and CPU seconds from after the import to the last table, and how many rows each table has.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

CLASS = {
    "payer": "bill_payer_account_id",
    "account": "line_item_usage_account_id",
    "region": "product_region_code",
    "zone": "line_item_availability_zone",
    "product": "line_item_product_code",
    "usage_type": "line_item_usage_type",
    "operation": "line_item_operation",
    "line_type": "line_item_line_item_type",
    "unit": "pricing_unit",
    "currency": "line_item_currency_code",
    "instance_type": "product_instance_type",
    "billing_entity": "bill_billing_entity",
}
SUMS = ["quantity", "unblended", "effective", "net", "on_demand"]
TABLES = ["resources", "spend", "commitments"]

# What a line costs, by its type: gross and net columns side by side; a net one that is null stands for its gross one.
AMORTISED = {
    "SavingsPlanCoveredUsage": (
        ["savings_plan_savings_plan_effective_cost"],
        ["savings_plan_net_savings_plan_effective_cost"],
    ),
    "DiscountedUsage": (["reservation_effective_cost"], ["reservation_net_effective_cost"]),
    "RIFee": (
        ["reservation_unused_amortized_upfront_fee_for_billing_period", "reservation_unused_recurring_fee"],
        ["reservation_net_unused_amortized_upfront_fee_for_billing_period", "reservation_net_unused_recurring_fee"],
    ),
}
USAGE = ["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"]
OF_PLANS = ["SavingsPlanCoveredUsage", "SavingsPlanRecurringFee"]
OF_RESERVATIONS = ["DiscountedUsage", "RIFee"]
FEES = ["SavingsPlanRecurringFee", "RIFee"]
DISCOUNTS = ["EdpDiscount", "BundledDiscount", "PrivateRateDiscount", "SppDiscount", "RiVolumeDiscount"]
SPLIT = ["EKSPod-EC2", "ECSTask-EC2"]  # lines that repeat what others carry
REFUND = "Refund for one-time fee for Savings Plan ID"
COMMITTED, USED = "savings_plan_total_commitment_to_date", "savings_plan_used_commitment"
UPFRONT = "savings_plan_amortized_upfront_commitment_for_billing_period"
NET_UPFRONT = "savings_plan_net_amortized_upfront_commitment_for_billing_period"


def listed(names):
    return "(" + ", ".join(f"'{name}'" for name in names) + ")"


def sql_costs():
    """The effective and the net effective cost of a line."""
    gross_cases, net_cases = [], []
    for line, (gross, net) in AMORTISED.items():
        whole = [f"coalesce({column}, 0)" for column in gross]
        twins = [f"coalesce({twin}, {column}, 0)" for twin, column in zip(net, gross)]
        gross_cases.append(f"WHEN '{line}' THEN {' + '.join(whole)}")
        net_cases.append(f"WHEN '{line}' THEN {' + '.join(twins)}")
    unused = f"(coalesce({COMMITTED}, 0) - coalesce({USED}, 0))"
    share = f"CASE WHEN {UPFRONT} <> 0 THEN coalesce({NET_UPFRONT} / {UPFRONT}, 1) ELSE 1 END"
    plan_refund = f"line_item_product_code = 'ComputeSavingsPlans' AND line_item_line_item_description LIKE '{REFUND}%'"
    nothing = f"""WHEN 'SavingsPlanNegation' THEN 0 WHEN 'SavingsPlanUpfrontFee' THEN 0
        WHEN 'Fee' THEN CASE WHEN coalesce(reservation_reservation_a_r_n, '') <> '' THEN 0 ELSE @ END
        WHEN 'Refund' THEN CASE WHEN {plan_refund} THEN 0 ELSE @ END"""
    of = lambda cases, fee, zeros, rest: f"""CASE line_item_line_item_type
        {' '.join(cases)} WHEN 'SavingsPlanRecurringFee' THEN {fee} {nothing.replace('@', rest)} {zeros} ELSE {rest} END"""
    discounts = " ".join(f"WHEN '{name}' THEN 0" for name in DISCOUNTS)
    effective = of(gross_cases, unused, "", "coalesce(line_item_unblended_cost, 0)")
    net = of(
        net_cases, f"{unused} * {share}", discounts, "coalesce(line_item_net_unblended_cost, line_item_unblended_cost, 0)"
    )
    return effective, net


def sql_lines(source):
    """Every line with what the tables group by and sum."""
    effective, net = sql_costs()
    of_class = ",\n    ".join(f"{column} AS {name}" for name, column in CLASS.items())
    return f"""SELECT {of_class},
    line_item_resource_id AS resource,
    CAST(line_item_usage_start_date AS DATE) AS day,
    resource_tags['user_workload'] AS workload,
    CASE WHEN line_item_line_item_type IN {listed(OF_PLANS)} THEN savings_plan_savings_plan_a_r_n
         WHEN line_item_line_item_type IN {listed(OF_RESERVATIONS)} THEN reservation_reservation_a_r_n END AS arn,
    line_item_line_item_type IN {listed(FEES)} AS fee,
    CASE WHEN line_item_line_item_type IN {listed(USAGE)} THEN line_item_usage_amount ELSE 0 END AS quantity,
    line_item_unblended_cost AS unblended,
    {effective} AS effective,
    {net} AS net,
    CASE WHEN line_item_line_item_type = 'SavingsPlanNegation' THEN 0 ELSE pricing_public_on_demand_cost END AS on_demand
  FROM {source} WHERE coalesce(line_item_operation, '') NOT IN {listed(SPLIT)}"""


def sql_tables(source):
    """The three tables, by name, as queries of the lines."""
    sums = ", ".join(f"sum({name}) AS {name}_sum" for name in SUMS)
    grouped = lambda *keys: f"SELECT {', '.join(keys)}, {sums} FROM ({sql_lines(source)}) AS lines GROUP BY {', '.join(keys)}"
    part = lambda amount, fee: f"sum(CASE WHEN {fee} THEN {amount} ELSE 0 END)"
    return {
        "resources": grouped("resource", *CLASS),
        "spend": grouped("day", "workload", *CLASS),
        "commitments": f"""SELECT arn, {part('effective', 'NOT fee')} AS used, {part('net', 'NOT fee')} AS used_net,
            {part('effective', 'fee')} AS unused, {part('net', 'fee')} AS unused_net,
            {part('on_demand', 'NOT fee')} AS on_demand
            FROM ({sql_lines(source)}) AS lines WHERE coalesce(arn, '') <> '' GROUP BY arn""",
    }


def renamed(table):
    """The columns of a finished table under their plain names."""
    keys = {"resources": ["resource", *CLASS], "spend": ["day", "workload", *CLASS]}
    if table not in keys:
        return "*"
    return ", ".join(keys[table] + [f"{name}_sum AS {name}" for name in SUMS])


class DuckDB:
    """One statement a table. Lines kept for all three, and grouping sets, take as long or longer."""

    def __init__(self, threads):
        import duckdb

        self.duckdb, self.threads = duckdb, threads

    def run(self, files):
        self.db = self.duckdb.connect(config={"threads": self.threads, "preserve_insertion_order": False})
        for name, query in sql_tables(f"read_parquet('{files}')").items():
            self.db.execute(f"CREATE TABLE {name} AS {query}")
        return {name: self.db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}

    def write(self, folder):
        for name in TABLES:
            self.db.execute(f"COPY (SELECT {renamed(name)} FROM {name}) TO '{folder}/{name}.parquet'")


class ClickHouse:
    """The same statements, into tables of the engine Memory."""

    def __init__(self, threads):
        from chdb.session import Session

        self.open, self.threads = Session, threads

    def run(self, files):
        self.home = tempfile.TemporaryDirectory()
        self.db = self.open(self.home.name)
        self.db.query("CREATE DATABASE facts")
        for name, query in sql_tables(f"file('{files}', Parquet)").items():
            self.db.query(f"CREATE TABLE facts.{name} ENGINE = Memory AS {query} SETTINGS max_threads = {self.threads}")
        return {name: int(str(self.db.query(f"SELECT count() FROM facts.{name}"))) for name in TABLES}

    def write(self, folder):
        for name in TABLES:
            target = f"file('{folder}/{name}.parquet', Parquet)"
            self.db.query(f"INSERT INTO FUNCTION {target} SELECT {renamed(name)} FROM facts.{name}")


class Polars:
    """Lazy frames, collected by the streaming engine together, so that the lines are read once."""

    def __init__(self, threads):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.pl = polars

    def run(self, files):
        frames = self.frames(self.lines(files))
        self.tables = dict(zip(frames, self.pl.collect_all(frames.values(), engine="streaming")))
        return {name: table.height for name, table in self.tables.items()}

    def write(self, folder):
        for name, table in self.tables.items():
            table.write_parquet(f"{folder}/{name}.parquet")

    def lines(self, files):
        pl = self.pl
        col, kind = pl.col, pl.col("line_item_line_item_type")
        effective, net = self.costs()
        is_plan, is_reservation = kind.is_in(OF_PLANS), kind.is_in(OF_RESERVATIONS)
        lines = pl.scan_parquet(files).filter(~col("line_item_operation").fill_null("").is_in(SPLIT))
        return lines.select(
            *(col(column).alias(name) for name, column in CLASS.items()),
            resource=col("line_item_resource_id"),
            day=col("line_item_usage_start_date").dt.date(),
            workload=col("resource_tags").map.get("user_workload"),
            arn=pl.when(is_plan)
            .then(col("savings_plan_savings_plan_a_r_n"))
            .when(is_reservation)
            .then(col("reservation_reservation_a_r_n")),
            fee=kind.is_in(FEES),
            quantity=pl.when(kind.is_in(USAGE)).then(col("line_item_usage_amount")).otherwise(0.0),
            unblended=col("line_item_unblended_cost"),
            effective=effective,
            net=net,
            on_demand=pl.when(kind == "SavingsPlanNegation").then(0.0).otherwise(col("pricing_public_on_demand_cost")),
        )

    def costs(self):
        pl = self.pl
        col, kind = pl.col, pl.col("line_item_line_item_type")
        upfront = col(UPFRONT)
        unused = col(COMMITTED).fill_null(0.0) - col(USED).fill_null(0.0)
        share = pl.when(upfront != 0).then(pl.coalesce(col(NET_UPFRONT) / upfront, 1.0)).otherwise(1.0)
        plan_refund = (col("line_item_product_code") == "ComputeSavingsPlans") & col(
            "line_item_line_item_description"
        ).str.starts_with(REFUND)
        nothing = (
            kind.is_in(["SavingsPlanNegation", "SavingsPlanUpfrontFee"])
            | ((kind == "Fee") & (col("reservation_reservation_a_r_n").fill_null("") != ""))
            | ((kind == "Refund") & plan_refund)
        )
        gross, net = pl.when(nothing).then(0.0), pl.when(nothing | kind.is_in(DISCOUNTS)).then(0.0)
        for line, (columns, twins) in AMORTISED.items():
            pairs = [pl.coalesce(col(twin), col(column), 0.0) for twin, column in zip(twins, columns)]
            gross = gross.when(kind == line).then(sum(col(column).fill_null(0.0) for column in columns))
            net = net.when(kind == line).then(sum(pairs))
        gross, net = (
            case.when(kind == "SavingsPlanRecurringFee").then(fee)
            for case, fee in [(gross, unused), (net, unused * share)]
        )
        unblended = col("line_item_unblended_cost")
        return gross.otherwise(unblended), net.otherwise(pl.coalesce(col("line_item_net_unblended_cost"), unblended, 0.0))

    def frames(self, lines):
        pl = self.pl
        fee, sums = pl.col("fee"), [pl.col(name).sum() for name in SUMS]
        part = lambda amount, rows: pl.when(rows).then(pl.col(amount)).otherwise(0.0).sum()
        return {
            "resources": lines.group_by("resource", *CLASS).agg(sums),
            "spend": lines.group_by("day", "workload", *CLASS).agg(sums),
            "commitments": lines.filter(pl.col("arn").fill_null("") != "")
            .group_by("arn")
            .agg(
                used=part("effective", ~fee),
                used_net=part("net", ~fee),
                unused=part("effective", fee),
                unused_net=part("net", fee),
                on_demand=part("on_demand", ~fee),
            ),
        }


ENGINES = {"duckdb": DuckDB, "polars": Polars, "clickhouse": ClickHouse}


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("export", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", type=Path, help="also write the tables into this folder, as Parquet")
    arguments = parser.parse_args()
    engine = ENGINES[arguments.engine](arguments.threads)
    files = (arguments.export / "data" / "*" / "*.parquet").resolve()
    start, before = time.perf_counter(), cpu()
    counts = engine.run(files)
    measured = {"wall": time.perf_counter() - start, "cpu": cpu() - before}
    if arguments.write:
        arguments.write.mkdir(parents=True, exist_ok=True)
        engine.write(arguments.write.resolve())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(measured | {"peak": peak} | counts))


if __name__ == "__main__":
    main()
