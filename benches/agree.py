"""Whether the tables of another engine are curtail's: the same keys, and sums that differ by no more than 1e-9.

curtail's tables name no instance type and no billing entity; both follow from the rest of a class in these exports, which
the check of distinct keys proves.
"""

import argparse
from pathlib import Path

import duckdb

CLASS = ["payer", "account", "region", "zone", "product", "usage_type", "operation", "line_type", "unit", "currency"]
SUMS = ["quantity", "unblended", "effective", "net", "on_demand"]
TABLES = {
    "resources": (["resource", *CLASS], SUMS),
    "spend": (["day", "workload", *CLASS], SUMS),
    "commitments": (["arn"], ["used", "used_net", "unused", "unused_net", "on_demand"]),
}
TOLERANCE = 1e-9  # relative, plus as much absolute


def load(db, name, source, keys, sums):
    """A table with text keys, null being empty, and sums as doubles."""
    columns = [f"coalesce(CAST({key} AS VARCHAR), '') AS {key}" for key in keys]
    columns += [f"CAST({column} AS DOUBLE) AS {column}" for column in sums]
    db.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(columns)} FROM {source}")
    rows, distinct = db.execute(f"SELECT count(*), count(DISTINCT ({', '.join(keys)})) FROM {name}").fetchone()
    if rows != distinct:
        raise SystemExit(f"{source}: {rows} rows have {distinct} distinct keys")
    return rows


def compare(db, table, ours, theirs):
    keys, sums = TABLES[table]
    rows = load(db, "ours", f"read_csv('{ours / table}.csv', all_varchar = true)", keys, sums)
    load(db, "theirs", f"read_parquet('{theirs / table}.parquet')", keys, sums)
    apart = lambda name: f"abs(ours.{name} - theirs.{name}) - {TOLERANCE} * (1 + abs(ours.{name})) > 0"
    wrong = " OR ".join(["ours.present IS NULL", "theirs.present IS NULL", *map(apart, sums)])
    joined = f"""(SELECT *, 1 AS present FROM ours) AS ours
        FULL JOIN (SELECT *, 1 AS present FROM theirs) AS theirs USING ({', '.join(keys)})"""
    found = db.execute(f"SELECT count(*) OVER (), {', '.join(keys)} FROM {joined} WHERE {wrong} LIMIT 1").fetchone()
    if found:
        key = " ".join(str(part) for part in found[1:] if part)
        raise SystemExit(f"{theirs.name}: {table}: {found[0]} of {rows} rows differ from curtail's, such as {key}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ours", type=Path, help="the folder of curtail's tables")
    parser.add_argument("theirs", type=Path, nargs="+", help="folders of other engines' tables")
    arguments = parser.parse_args()
    for theirs in arguments.theirs:
        with duckdb.connect() as db:
            counts = [f"{compare(db, table, arguments.ours, theirs):,} {table}" for table in TABLES]
        print(f"{theirs.name} agrees: {', '.join(counts)}")


if __name__ == "__main__":
    main()
