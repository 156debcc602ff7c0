"""Recounts a digest independently of the engine: 13 weeks of contact events, made from a seed, go through a hub into a
journal; the figures of `floorwatch digest weekly` are compared with those that a loop over the same contacts counts.

    python3 tests/digest.py target/release/floorwatch
"""

import datetime as dt
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

UTC = dt.timezone.utc
INTENTS = ["billing", "moving home", "refund"]


def make(start, weeks, seed=20261130):
    """The contacts, as dictionaries; the last week has twice the refunds and longer waits."""
    rng, contacts = random.Random(seed), []
    for day in range(weeks * 7):
        if day % 7 == 6:
            continue
        last = day >= (weeks - 1) * 7
        for _ in range(rng.randint(60, 75)):
            begin = start + dt.timedelta(days=day, hours=8, seconds=rng.randrange(36_000))
            voice = rng.random() < 0.75
            contacts.append({
                "at": begin,
                "intent": rng.choices(INTENTS, [5, 3, 5 if last else 2])[0],
                "channel": "voice" if voice else "email",
                "wait": rng.randint(2, 45 if last else 24),
                "hangs_up": voice and rng.random() < (0.12 if last else 0.03),
                "talk": int(rng.lognormvariate(5.2, 0.3)) * (9 if rng.random() < 0.003 else 1),
                "transfer": rng.random() < 0.1,
                "csat": rng.randint(2, 5) if rng.random() < 0.2 else None,
                "nps": rng.randint(0, 10) if rng.random() < 0.2 else None,
            })
    return sorted(contacts, key=lambda c: c["at"])


def events(contacts):
    out = []

    def tell(at, type_, /, **data):
        out.append((at, {"specversion": "1.0", "id": f"e{len(out)}", "source": "/made", "type": f"floorwatch.{type_}",
                         "time": at.isoformat().replace("+00:00", "Z"), "data": data}))

    for number, c in enumerate(contacts):
        name, at = f"c{number}", c["at"]
        queue = "phone" if c["channel"] == "voice" else "mail"
        tell(at, "contact.offered", contact=name, queue=queue, channel=c["channel"], intent=c["intent"])
        at += dt.timedelta(seconds=c["wait"])
        if c["hangs_up"]:
            tell(at + dt.timedelta(seconds=10), "contact.abandoned", contact=name)
            continue
        tell(at, "contact.answered", contact=name, agent="ann")
        at += dt.timedelta(seconds=c["talk"])
        if c["transfer"]:
            tell(at, "contact.transferred", contact=name, kind="blind", to_number="4711")
        else:
            tell(at, "contact.completed", contact=name)
        at += dt.timedelta(minutes=5)
        if c["csat"] is not None or c["nps"] is not None:
            survey = {"contact": name}
            if c["csat"] is not None:
                survey["csat"] = {"score": c["csat"], "min": 1, "max": 5}
            if c["nps"] is not None:
                survey["nps"] = c["nps"]
            tell(at, "survey.answered", **survey)
    return [event for _, event in sorted(out, key=lambda pair: pair[0])]


def recount(contacts):
    answered = [c for c in contacts if not c["hangs_up"]]
    csat = [c["csat"] for c in answered if c["csat"] is not None]
    nps = [c["nps"] for c in answered if c["nps"] is not None]
    share = lambda part, whole: 100 * part / whole
    return {
        "Offered": len(contacts),
        "Handled": len(answered),
        "Service level": share(sum(c["wait"] <= 20 for c in answered), len(contacts)),
        "Abandonment": share(len(contacts) - len(answered), len(contacts)),
        "Average speed of answer": statistics.mean(c["wait"] for c in answered),
        "Customer satisfaction": share(sum(s >= 4 for s in csat), len(csat)),
        "Net promoter score": share(sum(s >= 9 for s in nps) - sum(s <= 6 for s in nps), len(nps)),
        "Transfer rate": share(sum(c["transfer"] for c in answered), len(answered)),
        "Average handling time": statistics.mean(c["talk"] for c in answered),
    }


def number(cell):
    """The number of a cell: `86.9%!`, `3:38`, `-12`; hours and minutes in seconds."""
    text = cell.rstrip("!~").replace("\\", "").replace("%", "").replace("\u202f", "").replace(" ", "").replace("−", "-")
    if ":" in text:
        parts = [int(part) for part in text.split(":")]
        return sum(part * 60 ** power for power, part in enumerate(reversed(parts)))
    return float(text)


def table(markdown, title):
    body = markdown.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body.splitlines() if line.startswith("|")]
    return {row[0].strip(): row[1:] for row in rows[2:]}


def close(what, shown, counted):
    # A cell is rounded: whole numbers and seconds to 1, percentages to 0.1 or 1.
    decimals = len(shown.rstrip("!~%").split(".")[1]) if "." in shown else 0
    assert abs(number(shown) - counted) <= 0.5 * 10 ** -decimals + 1e-6, f"{what}: {shown}, counted {counted}"


def main(binary):
    today = dt.datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = today - dt.timedelta(days=today.weekday())
    weeks = 13
    start = end - dt.timedelta(weeks=weeks)
    contacts = make(start, weeks)
    with tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "events.ndjson")
        lines = events(contacts)
        with open(recording, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(event) + "\n" for event in lines)
        config = os.path.join(folder, "config.toml")
        journal = os.path.join(folder, "floor.db")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f'timezone = "UTC"\n[journal]\npath = "{journal}"\nkeep_days = 120\n[[source]]\nname = "made"\n'
                      f'kind = "events"\npath = "{recording}"\n')
        hub = subprocess.Popen([binary, "--config", config, "hub"], stderr=subprocess.DEVNULL)
        try:
            run = lambda *args: subprocess.run([binary, "--config", config, "--language", "en", *args], capture_output=True, text=True)
            deadline, whole = time.monotonic() + 300, len([c for c in contacts if c["at"] >= end - dt.timedelta(weeks=1)])
            while True:
                digest = run("digest", "weekly")
                if digest.returncode == 0 and f"| Offered | {whole} |" in digest.stdout.replace("\u202f", ""):
                    break
                assert time.monotonic() < deadline, digest.stderr + digest.stdout
                time.sleep(1)
            time.sleep(1)
            of_hub = run("digest", "weekly").stdout
            page = run("digest", "weekly", "--format", "html", "-o", os.path.join(folder, "week.html"))
            assert page.returncode == 0, page.stderr
            if len(sys.argv) > 2:
                os.replace(os.path.join(folder, "week.html"), sys.argv[2])
            audit = run("audit")
            assert audit.returncode == 0, audit.stderr
        finally:
            hub.terminate()
            hub.wait(30)
        stored = run("digest", "weekly").stdout
    weekly = [[c for c in contacts if start + dt.timedelta(weeks=w) <= c["at"] < start + dt.timedelta(weeks=w + 1)]
              for w in range(weeks)]
    counted, checked = [recount(week) for week in weekly], 0
    for markdown in (of_hub, stored):
        figures = table(markdown, "Figures")
        for kpi, value in counted[-1].items():
            now, before, usual = figures[kpi][:3]
            close(f"{kpi} now", now, value)
            close(f"{kpi} before", before, counted[-2][kpi])
            points = [week[kpi] for week in counted[:-1]]
            spread = 2.66 * statistics.mean(abs(b - a) for a, b in zip(points, points[1:]))
            low, high = (re.sub(r"[!~]", "", bound) for bound in usual.split(" to "))
            mean = statistics.mean(points)
            percent = "%" in now
            held = lambda bound: bound if kpi == "Net promoter score" else max(0, min(100, bound) if percent else bound)
            close(f"{kpi} usual low", low, held(mean - spread))
            close(f"{kpi} usual high", high, held(mean + spread))
            outside = not mean - spread <= value <= mean + spread
            assert outside == ("what is usual" in figures[kpi][4]), (kpi, figures[kpi])
            checked += 4
        for intent, row in table(markdown, "What came, by intent").items():
            count = lambda week: sum(c["intent"] == intent for c in week)
            close(f"{intent} offered", row[0], count(weekly[-1]))
            change = 100 * (count(weekly[-1]) / count(weekly[-2]) - 1)
            close(f"{intent} change", row[2].split(",")[0].lstrip("+"), change)
            checked += 2
    print(of_hub)
    print(audit.stdout)
    print(f"{checked} figures of {len(lines)} events equal the recount.")


if __name__ == "__main__":
    main(sys.argv[1])
