#!/usr/bin/env python3
"""DuckDB's time for a part of what `floorwatch report` answers, on one thread.

    pip install duckdb
    benches/duckdb_report.py FILE

By queue: offered, answered, abandoned, ASA, service level within 20 s, mean talk time. No lifecycle, no first
contact resolution, no quantiles, no agents: the report does more.
"""
import sys
import time

import duckdb

start = time.perf_counter()
db = duckdb.connect()
db.execute("SET threads = 1")
rows = db.execute(
    """
    WITH log AS (
        SELECT queue, verb, p1, p2, p3
        FROM read_csv(?, delim = '|', header = false, null_padding = true, auto_detect = false, quote = '',
            columns = {'at': 'BIGINT', 'call': 'VARCHAR', 'queue': 'VARCHAR', 'agent': 'VARCHAR', 'verb': 'VARCHAR',
                       'p1': 'VARCHAR', 'p2': 'VARCHAR', 'p3': 'VARCHAR'})
    )
    SELECT queue,
        count(*) FILTER (verb = 'ENTERQUEUE') AS offered,
        count(*) FILTER (verb = 'CONNECT') AS answered,
        count(*) FILTER (verb = 'ABANDON') AS abandoned,
        avg(p1::DOUBLE) FILTER (verb = 'CONNECT') AS asa,
        100.0 * count(*) FILTER (verb = 'CONNECT' AND p1::DOUBLE <= 20)
            / count(*) FILTER (verb IN ('CONNECT', 'ABANDON')) AS service_level,
        avg(p2::DOUBLE) FILTER (verb IN ('COMPLETECALLER', 'COMPLETEAGENT')) AS talk
    FROM log GROUP BY queue ORDER BY queue
    """,
    [sys.argv[1]],
).fetchall()
seconds = time.perf_counter() - start
print(f"duckdb {duckdb.__version__}: {len(rows)} queues, {sum(r[1] for r in rows)} offered, {seconds:.3f} s")
