"""Measures curtail beside DuckDB and Polars (ClickHouse on demand) on generated exports, and keeps the tables.

For each export the results are first compared; only if they agree are the contenders run, one after the other, again and
again, every second round in reverse order. This process stays small: a child's peak memory counts from its parent's.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
PACKAGES = {"duckdb": "duckdb==2.0.1", "polars": "polars==2.1.0", "clickhouse": "chdb==4.4.0"}
TOOLS = ["numpy==2.4.6", "pyarrow==26.0.1", PACKAGES["duckdb"]]  # of the generator and the comparison
TITLES = {
    "floor": "floor: the needed pages, nothing else",
    "recommend": "`curtail recommend`, the whole run",
    "facts": "curtail's facts",
    "single": "curtail's facts, one thread",
    "duckdb": "the facts in DuckDB",
    "polars": "the facts in Polars",
    "clickhouse": "the facts in ClickHouse (chdb)",
}
VARIANTS = {
    "plain": "ids as plain text, row groups of 1 M lines",
    "dictionary": "ids in dictionaries, row groups of 128 k lines",
    "shuffled": "lines in random order, row groups of 256 k",
    "messy": "random amounts, null ids, hundreds of classes per id, row groups of 256 k",
}
GROWTH = [2_500_000, 5_000_000, 10_000_000, 20_000_000]
GROWTH_RUNS = 3
MEGA = 1_000_000


@dataclass
class Run:
    """What one run took: seconds and bytes."""

    wall: float
    cpu: float
    peak: int


@dataclass
class Export:
    """A generated export."""

    folder: Path
    variant: str
    rows: int

    def megabytes(self):
        return sum(file.stat().st_size for file in self.folder.rglob("*.parquet")) / MEGA


def main():
    options = parse()
    install(options.engines)
    sections = {}
    if options.variants:
        exports = [generate(options, variant, options.rows) for variant in options.variants]
        tables = [variant_table(export, measure(options, export, options.runs)) for export in exports]
        sections["variants"] = "\n\n".join(tables)
    if options.growth:
        exports = [generate(options, "plain", rows) for rows in options.growth]
        sections["growth"] = growth_table({export.rows: measure(options, export, GROWTH_RUNS) for export in exports})
    for name, text in sections.items():
        text = f"{setting(options)}\n\n{text}"
        print(f"\n{text}")
        if not options.print_only:
            keep(options.doc, name, text)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="lines of each variant's export")
    parser.add_argument("--resources", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--variants", type=names(VARIANTS), default=list(VARIANTS), help="by comma; `none` for none")
    parser.add_argument("--engines", type=names(PACKAGES), default=["duckdb", "polars"], help="duckdb,polars,clickhouse")
    growth = "also growth over 2.5, 5, 10 and 20 million lines, or those given, by comma"
    parser.add_argument("--growth", type=counts, nargs="?", const=GROWTH, help=growth)
    parser.add_argument("--doc", type=Path, default=HERE.parent / "docs" / "performance.md")
    parser.add_argument("--print-only", action="store_true", help="leave the document as it is")
    return parser.parse_args()


def names(known):
    def split(text):
        chosen = [] if text == "none" else text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
        return chosen

    return split


def counts(text):
    return [int(count) for count in text.split(",")]


def install(engines):
    """Installs what is missing of the packages."""
    wanted = dict.fromkeys([*TOOLS, *(PACKAGES[engine] for engine in engines)])
    missing = [pin for pin in wanted if installed(pin.split("==")[0]) != pin.split("==")[1]]
    if missing:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *missing], check=True)


def installed(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def script(name, *arguments):
    return [sys.executable, "-B", str(HERE / name), *map(str, arguments)]


def generate(options, variant, rows):
    say(f"export: {variant}, {rows:,} lines")
    root = TARGET / "bench"
    arguments = ["--root", root, "--variant", variant, "--rows", rows, "--resources", options.resources]
    done = subprocess.run(script("generate.py", *arguments), check=True, stdout=subprocess.PIPE, text=True)
    return Export(Path(done.stdout.strip()), variant, rows)


def measure(options, export, count):
    """So many runs of every contender, after their results were found to agree."""
    agree(options, export)
    commands = contenders(options, export)
    runs = {name: [] for name in commands}
    for number in range(count):
        for name in commands if number % 2 == 0 else reversed(commands):
            runs[name].append(run(commands[name]))
            say(f"{name}, run {number + 1} of {count}: {runs[name][-1].wall:.2f} s")
    return runs


def contenders(options, export):
    threads = ["--threads", str(options.threads)]
    facts = [str(TARGET / "release" / "examples" / "facts"), str(export.folder), *threads]
    recommend = [str(TARGET / "release" / "curtail"), "recommend", str(export.folder), *threads, "--format", "json"]
    engines = {engine: script("facts.py", engine, export.folder, *threads) for engine in options.engines}
    single = [*facts[:2], "--threads", "1"]
    return {"floor": [*facts, "--floor"], "recommend": recommend, "facts": facts, "single": single, **engines}


def agree(options, export):
    """Writes everyone's tables once, untimed, and compares them; the export is in the page cache afterwards."""
    commands = contenders(options, export)
    with tempfile.TemporaryDirectory(dir=TARGET / "bench") as root:
        for name in ["facts", *options.engines]:
            subprocess.run([*commands[name], "--write", f"{root}/{name}"], check=True, stdout=subprocess.DEVNULL)
        theirs = [f"{root}/{engine}" for engine in options.engines]
        if theirs:
            subprocess.run(script("agree.py", f"{root}/facts", *theirs), check=True, stdout=sys.stderr)


def run(command):
    """Runs a command. What it says of itself counts (time without start and imports), else what is seen from outside."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)}: exit status {child.returncode}")
        told = told_by(out)
    cpu = used.ru_utime + used.ru_stime
    return Run(told.get("wall", wall), told.get("cpu", cpu), used.ru_maxrss * 1024)


def told_by(out):
    """The line of JSON that a bench program prints; a report begins otherwise."""
    out.seek(0)
    line = out.readline(4096)
    return json.loads(line) if line.startswith(b'{"') else {}


def median(runs, what):
    return statistics.median(getattr(run, what) for run in runs)


def variant_table(export, runs):
    base = median(runs["duckdb"], "wall") if "duckdb" in runs else None
    lines = [
        f"**{export.variant}**: {VARIANTS[export.variant]}; {export.rows:,} lines, {export.megabytes():,.0f} MB",
        "",
        "| | wall s | range | CPU s | peak MB | million lines/s | wall / DuckDB's |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, of in runs.items():
        walls = [run.wall for run in of]
        wall = statistics.median(walls)
        ratio = f"{wall / base:.2f}" if base else ""
        cells = [f"{wall:.2f}", f"{min(walls):.2f}-{max(walls):.2f}", f"{median(of, 'cpu'):.2f}"]
        cells += [f"{median(of, 'peak') / MEGA:,.0f}", f"{export.rows / wall / MEGA:.2f}", ratio]
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
    faster = median(runs["single"], "wall") / median(runs["facts"], "wall")
    return "\n".join([*lines, "", f"More threads than one: {faster:.2f} x as fast."])


def growth_table(by_rows):
    heads = [f"{rows / MEGA:g} M lines" for rows in by_rows]
    lines = [f"| wall s, peak MB | {' | '.join(heads)} |", "|---|" + "--:|" * len(heads)]
    for name in next(iter(by_rows.values())):
        of = [runs[name] for runs in by_rows.values()]
        cells = [f"{median(runs, 'wall'):.2f}, {median(runs, 'peak') / MEGA:,.0f}" for runs in of]
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def setting(options):
    """The machine, the versions and the day."""
    processor = field("/proc/cpuinfo", "model name") or "unknown processor"
    memory = int((field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) * 1024 / 1e9
    packages = [PACKAGES[engine].split("==") for engine in options.engines]
    versions = ", ".join(f"{package} {version}" for package, version in packages)
    return (
        f"{datetime.date.today()}; {os.cpu_count()} cores ({processor}), {memory:.0f} GB; {options.threads} threads; "
        f"medians of {options.runs} runs ({GROWTH_RUNS} of growth); about {options.resources:,} resources; {versions}."
    )


def field(path, name):
    """The first value of a name in a file of `name: value` lines."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in pairs if key.strip() == name), None)


def keep(doc, name, text):
    """Puts a section between its markers in the document."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    old = doc.read_text()
    if begin not in old or end not in old:
        raise SystemExit(f"{doc} lacks the markers {begin} and {end}")
    head, rest = old.split(begin)
    doc.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}")


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
