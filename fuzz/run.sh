#!/usr/bin/env bash
# Fuzz every parser.
#
#     fuzz/run.sh [RUNS]        RUNS inputs a target (default: 1,000,000); prints a line a target
#
# Needs cargo-fuzz: `cargo install cargo-fuzz`. A stable compiler will do.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-1000000}
seed=${SEED:-1}
export RUSTC_BOOTSTRAP=1
declare -A seeds=(
    [queue_log]=tests/fixtures/asterisk/scenario-c/queue_log
    [config]=config.example.toml
)
for target in $(cargo fuzz list); do
    corpus=fuzz/corpus/$target
    mkdir -p "$corpus"
    [ -z "${seeds[$target]:-}" ] || head -c 4000 "${seeds[$target]}" >"$corpus/seed"
    log=$(mktemp)
    if cargo fuzz run "$target" --sanitizer none -- -runs="$runs" -seed="$seed" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
        >"$log" 2>&1; then
        echo "$target: $(grep -E '^Done|^stat::number_of_executed_units' "$log" | tail -n 1), seed $seed"
    else
        tail -n 30 "$log"
        echo "$target: FAILED, seed $seed"
        exit 1
    fi
done
