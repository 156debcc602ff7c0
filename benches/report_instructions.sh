#!/bin/sh
# Instructions per line of `floorwatch report --by queue`, on one thread. The number repeats, whatever else the machine does.
#
#     CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none cargo build --release
#     benches/report_instructions.sh target/release/floorwatch [LINES]
#
# It counts a log of LINES lines (180,000: two days) and one of twice as many, and divides the difference: start-up and
# the printing of the report are in both. With OUT set, the profile of the longer log is left in that file for
# callgrind_annotate.
set -eu
program=$1
lines=${2:-180000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# It needs no other crate, so that nothing is built anew for it.
rustc --edition 2024 -O -o "$folder/generate" "$(dirname "$0")/generate.rs"
count() {
    "$folder/generate" "$folder/log" "$1"
    taskset -c 0 valgrind --tool=callgrind --callgrind-out-file="$2" --log-file="$folder/said" \
        "$program" report "$folder/log" --by queue --format json >/dev/null
    sed -n 's/.*Collected : //p' "$folder/said" | grep .
}
less=$(count "$lines" /dev/null)
more=$(count $((2 * lines)) "${OUT:-/dev/null}")
echo "$(((more - less) / lines)) instructions a line"
