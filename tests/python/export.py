"""What the scripts share: an export as a DuckDB relation whose columns may be missing or of any type."""

import duckdb

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


class Export:
    """The part files that a glob names, with what SQL text reads each column."""

    def __init__(self, glob):
        self.db = duckdb.connect()
        self.db.execute("SET TimeZone = 'UTC'")
        self.source = f"read_parquet('{glob}', union_by_name = true, hive_partitioning = false)"
        rows = self.db.execute(f"DESCRIBE SELECT * FROM {self.source}").fetchall()
        self.types = {row[0]: row[1] for row in rows}

    def has(self, *names):
        """Whether all these columns are there."""
        return all(name in self.types for name in names)

    def number(self, name):
        """The column as a double; NULL when it is missing, null or empty."""
        if not self.has(name):
            return "CAST(NULL AS DOUBLE)"
        return f"CAST(NULLIF(trim(CAST({name} AS VARCHAR)), '') AS DOUBLE)" if self.types[name] == "VARCHAR" else f"CAST({name} AS DOUBLE)"

    def text(self, *names):
        """The first of these columns that is there, as text; null is empty."""
        name = next((name for name in names if self.has(name)), None)
        return f"COALESCE(CAST({name} AS VARCHAR), '')" if name else "''"

    def account(self, name):
        """An account id: read as a number it has lost its leading zeros."""
        text = self.text(name)
        if self.types.get(name) in INTEGERS:
            return f"CASE WHEN length({text}) BETWEEN 1 AND 11 THEN lpad({text}, 12, '0') ELSE {text} END"
        return text
