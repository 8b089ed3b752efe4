#!/bin/sh
# Readers on input that coverage leads: fuzz/run.sh SECONDS [READER...], all readers without names, one after the other.
#
# What is found new is kept in build/fuzz/READER, and what makes a reader fail in build/fuzz/failures; RESULT=keep adds to
# fuzz/corpora what covers more than is there.
set -eu
seconds=$1
shift
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- dump gzip zstd field current model card dataset settings campaign arguments
RUSTC_WORKSPACE_WRAPPER=$PWD/fuzz/instrument.sh cargo build --release --locked --quiet -p ionscape-fuzz
mkdir -p build/fuzz/failures
cp target/release/ionscape-fuzz build/fuzz/

failed=0
for reader; do
    found=build/fuzz/$reader
    log=$found.log
    mkdir -p "$found"
    export IONSCAPE_READER=$reader
    # 20 seconds are a hang, of 64 kB at most; 2 GB are too much even for what the allocator does not count.
    build/fuzz/ionscape-fuzz "$found" "fuzz/corpora/$reader" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="build/fuzz/failures/$reader-" >"$log" 2>&1 || failed=1
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
    echo "$reader: ${runs:-stopped early, see $log}${runs:+ inputs}, ${covered:-no coverage}"
    if [ "${RESULT:-}" = keep ]; then
        build/fuzz/ionscape-fuzz -merge=1 -timeout=20 "fuzz/corpora/$reader" "$found" >>"$log" 2>&1
    fi
done
exit $failed
