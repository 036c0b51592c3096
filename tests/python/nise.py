"""An export that koku-nise made up, as legacy CUR Parquet under Athena's names: nise.py FOLDER.

It is written twice: FOLDER/text holds every column as text, FOLDER/typed the types that DuckDB takes the CSV to have."""

import pathlib
import re
import subprocess
import sys

import duckdb

# nise prints Python's None where it has no value.
NOTHING = "nullstr = ['', 'None']"


def athena(name):
    """`lineItem/UsageStartDate` as Athena names it: `line_item_usage_start_date`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name)
    # Athena's crawler splits ARN letter by letter.
    words = re.sub("ARN|Arn", "_A_R_N", words)
    return re.sub("__+", "_", words).lower()


def main():
    root = pathlib.Path(sys.argv[1])
    nise = pathlib.Path(sys.executable).parent / "nise"
    command = [nise, "report", "aws", "-s", "2026-09-01", "-e", "2026-09-30", "-w"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"nise failed: {done.stderr}")
    db = duckdb.connect()
    for kind, typing in [("text", "all_varchar = true"), ("typed", "sample_size = -1")]:
        source = f"read_csv('{root}/*.csv', union_by_name = true, {NOTHING}, {typing})"
        names = [row[0] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        columns = ", ".join(f'"{name}" AS {athena(name)}' for name in names)
        (root / kind).mkdir()
        db.execute(f"COPY (SELECT {columns} FROM {source}) TO '{root}/{kind}/part.parquet' (ROW_GROUP_SIZE 16384)")


main()
