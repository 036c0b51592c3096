"""The same lines in many ways of writing them, by DuckDB: dialects.py GLOB FOLDER.

FOLDER/base is what all others must equal; it is the first days of the export with amounts of nine decimals, which doubles,
decimals and text can all state, with accounts that begin with zeros and with a tag that changes from line to line."""

import pathlib
import sys

from export import Export

TIMES = ("line_item_usage_start_date", "line_item_usage_end_date", "bill_billing_period_start_date")
ACCOUNTS = ("line_item_usage_account_id", "bill_payer_account_id")
MAPS = ("resource_tags", "cost_category")
ORDER = "ORDER BY line_item_usage_start_date, identity_line_item_id"
SHUFFLED = "ORDER BY hash(identity_line_item_id, line_item_usage_start_date)"
TIME_TEXT = "strftime({}, '%Y-%m-%dT%H:%M:%SZ')"
# The sections of a legacy CSV export, as Athena and as the CSV files name them.
SECTIONS = {
    "identity": "identity",
    "bill": "bill",
    "line_item": "lineItem",
    "product": "product",
    "pricing": "pricing",
    "reservation": "reservation",
    "savings_plan": "savingsPlan",
    "resource_tags": "resourceTags",
    "cost_category": "costCategory",
}
MOVED = """CASE hash(identity_line_item_id, line_item_usage_start_date) % 4 WHEN 0 THEN {0} ELSE
    map_concat({0}, MAP {{'user_moved': CAST(hash(identity_line_item_id, line_item_usage_start_date) % 9 AS VARCHAR)}}) END"""


class Variants:
    """Writes variants of the table `base`."""

    def __init__(self, glob, folder):
        export = Export(glob)
        self.db, self.folder = export.db, pathlib.Path(folder)
        kept = {name: kind for name, kind in export.types.items() if not name.startswith("split_")}
        self.doubles = [name for name, kind in kept.items() if kind == "DOUBLE"]
        self.texts = [name for name, kind in kept.items() if kind == "VARCHAR"]
        self.db.execute(f"""
            CREATE TABLE base AS SELECT * REPLACE (
                {each(self.doubles, "CAST(CAST({} AS DECIMAL(38, 9)) AS DOUBLE)")},
                {each(ACCOUNTS, "'000' || substr({}, 4)")},
                {each(["resource_tags"], MOVED)}
            ) FROM (SELECT {", ".join(kept)} FROM {export.source})
            WHERE line_item_usage_start_date < '2026-09-03'""")
        self.keys = {name: self.keys_of(name) for name in MAPS}

    def keys_of(self, name):
        """The keys of a map column."""
        rows = self.db.execute(f"SELECT DISTINCT unnest(map_keys({name})) FROM base ORDER BY 1").fetchall()
        return [row[0] for row in rows]

    def write(self, name, replaced="", order=ORDER, options="", part=None):
        """One variant: what some columns become, and how the file is written."""
        replace = f"REPLACE ({replaced})" if replaced else ""
        self.copy(name, f"SELECT * {replace} FROM base", order, options, part)

    def copy(self, name, query, order=ORDER, options="", part=None):
        """One variant by its query."""
        (self.folder / name).mkdir(exist_ok=True)
        where = "" if part is None else f"WHERE hash(identity_line_item_id) % 3 = {part}"
        file = self.folder / name / f"part-{part or 0}.parquet"
        query = f"SELECT * FROM ({query}) {where} {order}"
        self.db.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet {options})")

    def csv(self, name, query, rename=lambda column: column, packed=False, part=None):
        """One variant as CSV, its times as AWS writes them, its columns renamed."""
        self.db.execute(f"CREATE OR REPLACE VIEW shown AS SELECT * REPLACE ({each(TIMES, TIME_TEXT)}) FROM ({query})")
        columns = [row[0] for row in self.db.execute("DESCRIBE shown").fetchall()]
        shown = ", ".join(f'"{column}" AS "{rename(column)}"' for column in columns)
        (self.folder / name).mkdir(exist_ok=True)
        where = "" if part is None else f"WHERE hash(identity_line_item_id) % 3 = {part}"
        file = self.folder / name / f"part-{part or 0}.csv{'.gz' if packed else ''}"
        options = ", COMPRESSION gzip" if packed else ""
        self.db.execute(f"COPY (SELECT {shown} FROM shown {where} {ORDER}) TO '{file}' (FORMAT csv, HEADER{options})")


def each(names, form):
    """`REPLACE` items: a form for each of some columns."""
    return ", ".join(f"{form.format(name)} AS {name}" for name in names)


def legacy(column):
    """The name in a legacy CSV file of a column that Athena names otherwise: line_item_usage_type is lineItem/UsageType."""
    section = next((name for name in SECTIONS if column.startswith(f"{name}_")), None)
    if section is None:
        return column
    rest = column.removeprefix(f"{section}_")
    if section == "resource_tags":
        return f"resourceTags/{rest.replace('_', ':', 1)}"
    if section == "cost_category":
        return f"costCategory/{rest}"
    words = "".join(word.capitalize() for word in rest.split("_"))
    if section in ("product", "pricing"):
        words = words[0].lower() + words[1:]
    return f"{SECTIONS[section]}/{words}"


def flat(variants):
    """The legacy layout: a column a tag, none of the maps."""
    columns = [f"{name}['{key}'] AS \"{name}_{key}\"" for name in MAPS for key in variants.keys[name]]
    shown = "* EXCLUDE (resource_tags, cost_category, product, discount, product_region_code)"
    return f"SELECT {shown}, product_region_code AS product_region, {', '.join(columns)} FROM base"


def structs(variants):
    """A struct with a field a key in place of each map."""
    fields = {name: ", ".join(f"\"{key}\" := {name}['{key}']" for key in variants.keys[name]) for name in MAPS}
    return ", ".join(f"struct_pack({fields[name]}) AS {name}" for name in MAPS)


def main():
    all_of = Variants(*sys.argv[1:3])
    write = all_of.write
    write("base")
    for name, form in [
        ("decimal128", "CAST({} AS DECIMAL(38, 12))"),
        ("decimal64", "CAST({} AS DECIMAL(18, 9))"),
        ("number-text", "CAST(CAST({} AS DECIMAL(38, 9)) AS VARCHAR)"),
        ("number-text-padded", "' ' || CAST(CAST({} AS DECIMAL(38, 9)) AS VARCHAR) || ' '"),
    ]:
        write(name, each(all_of.doubles, form))
    for name, form in [
        ("time-naive", "CAST({} AS TIMESTAMP)"),
        ("time-ms", "CAST(CAST({} AS TIMESTAMP) AS TIMESTAMP_MS)"),
        ("time-ns", "CAST(CAST({} AS TIMESTAMP) AS TIMESTAMP_NS)"),
        ("time-text", "strftime({}, '%Y-%m-%dT%H:%M:%S.000Z')"),
        ("time-text-naive", "strftime({}, '%Y-%m-%d %H:%M:%S')"),
    ]:
        write(name, each(TIMES, form))
    write("account-bigint", each(ACCOUNTS, "CAST({} AS BIGINT)"))
    write("text-empty", each(all_of.texts, "COALESCE({}, '')"))
    write("text-null", each(all_of.texts, "NULLIF({}, '')"))
    all_of.db.execute("CREATE TYPE kind AS ENUM (SELECT DISTINCT line_item_line_item_type FROM base)")
    write("text-enum", each(["line_item_line_item_type"], "CAST({} AS kind)"))
    write("tags-json", each(MAPS, "CAST(to_json({}) AS VARCHAR)"))
    write("tags-json-null", each(MAPS, "CASE WHEN cardinality({0}) > 0 THEN CAST(to_json({0}) AS VARCHAR) END"))
    write("tags-null", each(MAPS, "CASE WHEN cardinality({0}) > 0 THEN {0} END"))
    write("tags-reversed", each(MAPS, "map_from_entries(list_reverse(map_entries({})))"))
    write("tags-empty-values", each(MAPS, "map_concat({0}, MAP {{'zz_none': '', 'zz_null': NULL}})"))
    write("tags-struct", structs(all_of))
    all_of.copy("tags-flat", flat(all_of))
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"):
        write(f"codec-{codec}", options=f", COMPRESSION {codec}")
    write("pages-v2", options=", PARQUET_VERSION v2")
    write("plain", options=", DICTIONARY_SIZE_LIMIT 0")
    write("row-groups", options=", ROW_GROUP_SIZE 2048")
    all_of.csv("csv-cur2", f"SELECT * REPLACE ({each(MAPS, 'CAST(to_json({}) AS VARCHAR)')}) FROM base")
    all_of.csv("csv-athena", flat(all_of))
    all_of.csv("csv-legacy", flat(all_of), legacy)
    for part in range(3):
        all_of.csv("csv-legacy-gzip", flat(all_of), legacy, packed=True, part=part)
        write("parts", part=part)
        write("shuffled", order=SHUFFLED, options=", ROW_GROUP_SIZE 2048", part=part)


main()
