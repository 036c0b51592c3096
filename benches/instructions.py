"""How many instructions it takes to read a small export: a check of speed that is no timing.

Runs the release build under callgrind and compares with benches/instructions.toml. `--update` writes what was counted there:
do so when a change is meant to cost or save something, and say why in the commit.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = HERE / "instructions.toml"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", type=Path, help="the release build")
    parser.add_argument("--update", action="store_true", help="keep what was counted")
    arguments = parser.parse_args()
    kept = tomllib.loads(KEPT.read_text())
    if shutil.which("valgrind") is None:
        print("instructions: skipped, valgrind is not installed")
        return
    counted = count([arguments.binary.resolve(), *kept["arguments"]])
    percent = 100 * (counted - kept["instructions"]) / kept["instructions"]
    print(f"instructions: {counted:,}, {percent:+.1f} % of the {kept['instructions']:,} that are expected")
    if arguments.update:
        KEPT.write_text(re.sub(r"(?m)^instructions = .*", f"instructions = {counted:_}", KEPT.read_text()))
    elif abs(percent) > kept["tolerance_percent"]:
        sys.exit(f"instructions: more than {kept['tolerance_percent']} % off; if that is meant: make instructions ARGS=--update")


def count(command):
    """The instructions of a command, as callgrind counts them."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run([*valgrind, *command], cwd=HERE.parent, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"instructions: the command failed:\n{done.stderr}")
    return int(re.search(r"Collected\s*:\s*(\d+)", done.stderr)[1])


if __name__ == "__main__":
    main()
