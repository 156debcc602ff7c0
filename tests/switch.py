"""What the tests against running switches share: their arguments, a hub that follows the switch, and how it is asked."""
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/debug/floorwatch")
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
LOAD = float(sys.argv[3]) if len(sys.argv) > 3 else 1.5
MESSY = bool(os.environ.get("MESSY"))
PORT = 17072
TOKEN = "floorwatch_switch_0123456789"
SECRET = "wallboard"


def until(ready, what):
    """Waits at most 15 seconds until something is ready, and returns what it says."""
    for _ in range(150):
        try:
            if answer := ready():
                return answer
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{what} does not come up")


class Hub:
    """A hub with one source, the secret of which is in the environment as WALLBOARD_SECRET."""

    def __init__(self, folder, source):
        self.folder = folder
        self.process = None
        with open(f"{folder}/floorwatch.toml", "w") as file:
            file.write(f"""[journal]
path = "{folder}/journal.db"
[hub]
listen = "127.0.0.1:{PORT}"
socket = "{folder}/hub.sock"
[[hub.tokens]]
name = "test"
role = "viewer"
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
[[source]]
name = "pbx"
{source}""")

    def start(self):
        environment = {**os.environ, "HOME": self.folder, "WALLBOARD_SECRET": SECRET}
        self.process = subprocess.Popen([PROGRAM, "--config", f"{self.folder}/floorwatch.toml", "hub"], env=environment)
        until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz"), "the hub")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()

    def ask(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        return json.load(urllib.request.urlopen(request))

    def figures(self, kpis):
        """By queue, the figures of the last hour."""
        rows = self.ask(f"/v1/figures?kpis={','.join(kpis)}&by=queue&over=1h")["rows"]
        return {dict(row["key"])["queue"]: row["figures"] for row in rows}

    def values(self, kpis):
        """By queue, the values of the last hour in whole numbers; what is unknown is 0."""
        return {
            queue: tuple(int(figure["value"] or 0) for figure in figures) for queue, figures in self.figures(kpis).items()
        }


class Looks:
    """How often the board says the same as the switch of who serves a queue."""

    def __init__(self):
        self.all = self.agree = self.moving = 0

    def compare(self, hub, queues, ask):
        """Holds the staffed and available agents of each queue against what the switch answers before and after.

        `ask` gives None for a queue of which the switch cannot tell just now.
        """
        before = ask()
        time.sleep(0.2)
        shown, after = hub.values(["agents_staffed", "agents_available"]), ask()
        for queue in queues:
            if after.get(queue, ()) is None or before.get(queue) != after.get(queue):
                self.moving += 1
                continue
            self.all += 1
            board, switch = shown.get(queue, (0, 0)), after.get(queue, (0, 0))
            self.agree += board == switch
            if board != switch:
                print(f"{queue}: the board has {board} staffed and available, the switch {switch}")

    def are_good(self):
        print(f"{self.agree} of {self.all} looks agree; the switch changed during {self.moving} others")
        return self.all > 0 and self.agree >= 0.99 * self.all
