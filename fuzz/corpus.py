"""Writes the fuzzer's corpus: the first lines of the company's export in every layout that the decoder knows.

    .venv/bin/python fuzz/corpus.py        (needs pyarrow: `make bench` installs it)
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
EXPORT = HERE.parent / "fixtures" / "company" / "export"
LINES = 96
WRITERS = {
    "v1-snappy-dictionary": {"compression": "snappy", "data_page_version": "1.0"},
    "v1-plain": {"compression": "none", "data_page_version": "1.0", "use_dictionary": False},
    "v2-zstd-dictionary": {"compression": "zstd", "data_page_version": "2.0"},
    "v2-plain": {"compression": "none", "data_page_version": "2.0", "use_dictionary": False},
    "dictionary-then-plain": {"compression": "none", "dictionary_pagesize_limit": 256, "write_batch_size": 8},
    "many-pages": {"compression": "none", "data_page_size": 64, "write_batch_size": 8},
    "row-groups": {"compression": "gzip", "row_group_size": 32},
}


def main():
    table = pq.read_table(next((EXPORT / "data").rglob("*.parquet")))
    wanted = [*Path(HERE.parent / "benches" / "columns.txt").read_text().split(), "line_item_usage_end_date",
              "bill_billing_period_start_date", "cost_category", "savings_plan_offering_type", "bill_invoice_id"]
    step = max(1, table.num_rows // LINES)
    lines = table.take(list(range(0, table.num_rows, step))[:LINES])
    lines = lines.select([name for name in table.column_names if name in wanted])
    folder = HERE / "corpus"
    folder.mkdir(exist_ok=True)
    for name, options in WRITERS.items():
        pq.write_table(lines, folder / f"{name}.parquet", store_schema=False, write_statistics=False, **options)
    pq.write_table(legacy(lines), folder / "legacy.parquet", store_schema=False, write_statistics=False)


def legacy(lines):
    """The same lines as a legacy report: a column a tag, amounts as decimals and text."""
    columns = {name: lines[name] for name in lines.column_names if not pa.types.is_map(lines.schema.field(name).type)}
    tags = lines["resource_tags"]
    for key in ("user_workload", "user_env"):
        columns[f"resource_tags_{key}"] = pc.map_lookup(tags, pa.scalar(key), "first")
    columns["line_item_usage_amount"] = columns["line_item_usage_amount"].cast(pa.string())
    cost = columns["line_item_unblended_cost"]
    columns["line_item_unblended_cost"] = pc.round(cost, 6).cast(pa.decimal128(18, 6), safe=False)
    return pa.table(columns)


if __name__ == "__main__":
    main()
