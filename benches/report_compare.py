#!/usr/bin/env python3
"""`floorwatch report` beside DuckDB answering a part of it, on the same file in the same run.

    pip install duckdb
    cargo build --release
    cargo bench --bench generate -- /tmp/queue_log 3100000
    benches/report_compare.py target/release/floorwatch /tmp/queue_log

Each is run three times on one core, in turns, and the fastest run of each counts; then floorwatch on all cores. Besides
seconds it prints the peak memory. The report has every KPI by queue; DuckDB's part is in `duckdb_report.py`.
"""
import os
import subprocess
import sys
import time
from pathlib import Path

RUNS = 3


def run(command, cores):
    """The seconds that a command takes on some cores, and its peak memory in MB."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, cores)
    )
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


program, log = sys.argv[1:3]
every_core = os.sched_getaffinity(0)
one_core = {min(every_core)}
report = [program, "report", log, "--by", "queue", "--format", "json"]
duckdb = [sys.executable, str(Path(__file__).with_name("duckdb_report.py")), log]
ours, theirs = [], []
for _ in range(RUNS):
    ours.append(run(report, one_core))
    theirs.append(run(duckdb, one_core))
everywhere = [run(report, every_core) for _ in range(RUNS)]
for name, runs in [("floorwatch, 1 core", ours), ("duckdb, 1 core", theirs), (f"floorwatch, {len(every_core)} cores", everywhere)]:
    print(f"{name:22} {min(seconds for seconds, _ in runs):7.3f} s  {max(memory for _, memory in runs):6.0f} MB")
print(f"as fast as duckdb on one core: {min(theirs)[0] / min(ours)[0]:.2f} x")
