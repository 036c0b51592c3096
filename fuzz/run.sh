#!/bin/sh
# Fuzzes the decoder for some seconds (default 60) from a seed (default 1), in at most 4 GB.
set -eu
cd "$(dirname "$0")/.."
cargo build --release --no-default-features --quiet --example fuzz
ulimit -v 4000000
exec nice -n 19 target/release/examples/fuzz fuzz/corpus/*.parquet --seconds "${1:-60}" --seed "${2:-1}"
