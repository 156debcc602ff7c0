#!/usr/bin/env bash
# Fuzz every parser.
#
#     fuzz/run.sh [RUNS [TARGET…]]        RUNS inputs a target (default: 1,000,000); prints a line a target
#
# SEED (default: 1) is where libFuzzer's random numbers begin, MAX_LEN (default: 4096) the longest input in bytes,
# SANITIZER (default: none) what else watches the memory, such as `address`. What it learns goes to fuzz/corpus/, which is
# no part of the repository; what it starts from is in fuzz/seeds/.
#
# Needs cargo-fuzz: `cargo install cargo-fuzz`. A stable compiler will do.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-1000000}
seed=${SEED:-1}
shift || true
export RUSTC_BOOTSTRAP=1
declare -A recorded=(
    [queue_log]=tests/fixtures/asterisk/scenario-c/queue_log
    [config]=config.example.toml
    [csv]="$(echo tests/fixtures/tables/*.csv tests/fixtures/tables/presets/*.csv)"
)
for target in $([ $# -gt 0 ] && echo "$@" || cargo fuzz list); do
    corpus=fuzz/corpus/$target
    mkdir -p "$corpus" "fuzz/seeds/$target"
    for file in ${recorded[$target]:-}; do
        head -c 4000 "$file" >"$corpus/$(basename "$file")"
    done
    log=$(mktemp)
    if cargo fuzz run "$target" --sanitizer "${SANITIZER:-none}" "$corpus" "fuzz/seeds/$target" -- -runs="$runs" -seed="$seed" \
        -max_len="${MAX_LEN:-4096}" -timeout=10 -rss_limit_mb=2048 >"$log" 2>&1; then
        echo "$target: $(grep -E '^Done|^stat::number_of_executed_units' "$log" | tail -n 1), seed $seed"
    else
        tail -n 30 "$log"
        echo "$target: FAILED, seed $seed"
        exit 1
    fi
done
