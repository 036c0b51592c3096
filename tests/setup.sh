#!/bin/sh
# Makes .venv at the project's root with the peers that tests compare with. Quick when it is there already.
set -eu
cd "$(dirname "$0")/.."

wanted="duckdb==2.0.1 koku-nise==5.4.4 moto[server]==5.2.5 boto3==1.44.8"
has='import sys
from importlib.metadata import version
sys.exit(any(version(name.partition("[")[0]) != pin for name, pin in (word.split("==") for word in sys.argv[1:])))'

# shellcheck disable=SC2086 # one word a package
if .venv/bin/python -c "$has" $wanted 2>/dev/null; then
    exit 0
fi

fail() {
    echo "tests/setup.sh: $1" >&2
    echo "  The tests need a Python that has $wanted:" >&2
    echo "  mend that and run \`make test\` again, or name such an interpreter with CURTAIL_PYTHON." >&2
    exit 1
}

command -v python3 >/dev/null || fail "there is no python3 in the PATH"
if [ ! -x .venv/bin/python ]; then
    python3 -m venv .venv || fail "python3 -m venv failed (on Debian: install python3-venv)"
fi
# shellcheck disable=SC2086
.venv/bin/python -m pip install --quiet --disable-pip-version-check $wanted || fail "pip could not install them"
