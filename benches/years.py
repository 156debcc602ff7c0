#!/usr/bin/env python3
"""Memory and restart of a hub that has read many days of a large centre.

    cargo build --release
    benches/years.py target/release/floorwatch [--contacts 29000] [--days 35] [--keep FOLDER]

Writes a queue_log that ends now (40 queues, 600 agents, the same on every machine but for its dates), lets a hub read
it, and measures: the first reading, its memory at the peak and afterwards; a restart after a clean end and one after
kill -9, until the hub says that it is ready; the first answer over 30 days. Once more with another binary before and
after a change compares them. What is in the folder that `--keep` names is used again: the log, and the journal, whose
first reading is then left out (remove `floorwatch.db*` to have it read anew).

    benches/years.py target/release/floorwatch --soak --days 14

lets the log grow by 10,000 events a second while the hub reads it, prints the memory at the end of each day, and holds
the hub's figures against a report on the whole log. First contacts are looked for within a day (`fcr_window`), and the days
are so long ago that no rule's window fills with them: what grows from day 3 on should not.

Measured on two cores, the soak while these were busy elsewhere:

    --contacts 29000 (1 million in 35 days)    first reading 18 s, at most 137 MB   restart 0.09 s, 56 MB, at most 74
    --contacts 200000 (7 million)              first reading 205 s, at most 420 MB  restart 0.24 s, 138 MB, at most 203
        30 days by queue 3.5 s, 325 MB
    --soak --days 12 --contacts 100000         92 MB after day 3, 109 after 12; no figure differs
        without MALLOC_MMAP_THRESHOLD_: 119 MB after day 3, 161 after 8, 217 after 14, at most 241
        days that end now and an `fcr_window` of seven: 160 MB after day 3, 243 after 8, 382 after 14; no figure differs
"""
import argparse
import contextlib
import heapq
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("floorwatch")
parser.add_argument("--contacts", type=int, default=29_000, help="a day")
parser.add_argument("--days", type=int, default=35)
parser.add_argument("--soak", action="store_true", help="let the log grow by 10,000 events a second")
parser.add_argument("--keep", help="a folder for the log and the journal, which stay there")
arguments = parser.parse_args()


def log_lines(end):
    """About the centre of 29,000 contacts: 3.1 lines a contact, busy hours from 8 to 20. Each with its day."""
    rng = random.Random(20260302)
    start = end - arguments.days * 86_400
    later, order = [], 0
    for day in range(arguments.days):
        begins = start + day * 86_400
        joins = sorted(begins + int(rng.triangular(0, 86_399, 43_200)) for _ in range(arguments.contacts))
        for number, now in enumerate(joins):
            while later and later[0][0] <= now:
                yield day, heapq.heappop(later)[2]
            call, queue = f"{now}.{day * arguments.contacts + number}", f"queue-{rng.randrange(40):02}"
            caller = 442_070_000_000 + rng.randrange(300_000)
            yield day, f"{now}|{call}|{queue}|NONE|ENTERQUEUE||{caller}|{1 + rng.randrange(6)}\n"
            wait = rng.randrange(30) * rng.randrange(4)
            answered, talk = now + wait, 20 + rng.randrange(400)
            agent = f"agent {rng.randrange(600):03}"
            todo = []
            if rng.randrange(100) < 6:
                todo.append((answered, f"ABANDON|1|1|{wait}", "NONE"))
            else:
                if rng.randrange(5) == 0:
                    todo.append((now, "RINGNOANSWER|12000", agent))
                todo.append((answered, f"CONNECT|{wait}|{call}1|4", agent))
                todo.append((answered + talk, f"COMPLETECALLER|{wait}|{talk}|1", agent))
            for at, what, who in todo:
                order += 1
                heapq.heappush(later, (at, order, f"{at}|{call}|{queue}|{who}|{what}\n"))
    while later:
        yield arguments.days - 1, heapq.heappop(later)[2]


class Hub:
    def __init__(self, folder):
        self.started = time.perf_counter()
        # As the systemd unit has it.
        own = {"HOME": folder, "FLOORWATCH_CONFIG": f"{folder}/config.toml"}
        self.environment = {"MALLOC_MMAP_THRESHOLD_": "131072", **os.environ, **own}
        self.log = open(f"{folder}/log", "ab")
        self.process = subprocess.Popen([arguments.floorwatch, "hub"], env=self.environment, stderr=self.log)

    def get(self, path, timeout=600):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout).read()

    def wait_until_ready(self):
        while self.process.poll() is None:
            try:
                self.get("/readyz")
                return time.perf_counter() - self.started
            except OSError:
                time.sleep(0.01)
        raise SystemExit("the hub ended: see its log")

    def megabytes(self, field):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith(field))

    def source(self):
        return json.loads(self.get("/v1/board"))["sources"][0]

    def wait_until_read(self, events=0):
        """Until the log was read to its end with at least so many events, and nothing has come from it since."""
        before = None
        while True:
            time.sleep(1)
            source = self.source()
            if source["health"] == "live" and source["events"] == before and before >= events:
                return time.perf_counter() - self.started - 1
            before = source["events"]

    def end(self, how):
        self.process.send_signal(how)
        started = time.perf_counter()
        self.process.wait()
        return time.perf_counter() - started


def soak(folder, end):
    """The log grows by 10,000 events a second; the memory at the end of each day; then a recount of the whole log."""
    hub = Hub(folder)
    hub.wait_until_ready()
    began, written = time.perf_counter(), 0
    with open(f"{folder}/queue_log", "a") as log:
        for day, lines in itertools.groupby(log_lines(end), key=lambda line: line[0]):
            while block := [line for _, line in itertools.islice(lines, 1_000)]:
                log.writelines(block)
                log.flush()
                written += len(block)
                time.sleep(max(0, began + written / 10_000 - time.perf_counter()))
            rss, peak = hub.megabytes("VmRSS"), hub.megabytes("VmHWM")
            print(f"day {day + 1:2}   {written:9,} events   {time.perf_counter() - began:6.1f} s   RSS {rss} MB, at most {peak} MB", flush=True)
    hub.wait_until_read(written)

    def report(*files):
        period = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (end - arguments.days * 86_400, end + 3_600)]
        command = [arguments.floorwatch, "report", *files, "--from", period[0], "--to", period[1], "--by", "queue", "--format", "json"]
        answer = json.loads(subprocess.run(command, env=hub.environment, check=True, stdout=subprocess.PIPE).stdout)
        live = {"waiting", "longest_wait", "estimated_wait"}
        return {
            row["key"]["queue"]: {kpi: f["value"] for kpi, f in row["kpis"].items() if f["value"] is not None and kpi not in live}
            for row in answer["rows"]
        }

    floor, recount = report(), report(f"{folder}/queue_log")
    differ = [(queue, kpi) for queue in recount for kpi, value in recount[queue].items() if floor[queue].get(kpi) != value]
    figures = sum(map(len, recount.values()))
    print(f"{figures:,} figures of {len(recount)} queues; {len(differ)} differ from the recount {differ[:5]}")
    hub.end(signal.SIGTERM)


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
with contextlib.nullcontext(arguments.keep) if arguments.keep else tempfile.TemporaryDirectory() as folder:
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(f"{folder}/queue_log"):
        with open(f"{folder}/queue_log", "w") as log:
            if not arguments.soak:
                log.writelines(line for _, line in log_lines(int(time.time()) - 60))
        print(f"{arguments.days} days of {arguments.contacts:,} contacts")
    with open(f"{folder}/config.toml", "w") as config:
        config.write(f'''timezone = "UTC"
{'rules.fcr_window = "1d"' if arguments.soak else ""}
[journal]
path = "{folder}/floorwatch.db"
[hub]
listen = "127.0.0.1:{port}"
share = false
[[source]]
name = "pbx"
kind = "queue_log"
path = "{folder}/queue_log"
follow = true
''')
    if arguments.soak:
        soak(folder, int(time.time()) - 20 * 86_400)
        raise SystemExit
    if not os.path.exists(f"{folder}/floorwatch.db"):
        hub = Hub(folder)
        hub.wait_until_ready()
        took = hub.wait_until_read()
        print(f"first reading       {took:7.1f} s   RSS {hub.megabytes('VmRSS')} MB, at most {hub.megabytes('VmHWM')} MB")
        ended = hub.end(signal.SIGTERM)
        size = sum(os.path.getsize(f"{folder}/{name}") for name in os.listdir(folder) if name.startswith("floorwatch.db"))
        print(f"clean end           {ended:7.2f} s   journal {size // 1_000_000} MB")
    for how, name in ((signal.SIGKILL, "after a clean end"), (signal.SIGTERM, "after kill -9")):
        hub = Hub(folder)
        ready = hub.wait_until_ready()
        rss, peak = hub.megabytes("VmRSS"), hub.megabytes("VmHWM")
        print(f"restart {name:<17} {ready:5.2f} s   RSS {rss} MB, at most {peak} MB")
        hub.wait_until_read()
        started = time.perf_counter()
        hub.get("/v1/figures?kpis=offered,service_level,asa,answer_p90,fcr&by=queue&over=30d")
        asked = time.perf_counter() - started
        print(f"  30 days by queue  {asked:7.2f} s   RSS {hub.megabytes('VmRSS')} MB, at most {hub.megabytes('VmHWM')} MB")
        hub.end(how)
