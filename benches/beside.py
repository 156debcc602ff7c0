#!/usr/bin/env python3
"""Measures the board beside btop and htop, in pseudo-terminals of 120x35 and 200x50.

    benches/beside.py [PROGRAM [SECONDS]]

Each is run alone for SECONDS (20) after a warm-up of 5: floorwatch on a simulated centre of twelve queues and 129 agents, which
it also simulates (demo), and on a log in which nothing happens (idle); btop and htop as they are installed. What is measured: the time from the start to the first full paint (most of the
cells that the screen has after two seconds are written), the bytes a second that the terminal is sent, the processor time in
percent of a core and the largest resident memory of the process, and the time from a key to the first byte
of the answer, in the median and at worst of forty.

One run, with SECONDS of 6, on two cores that builds kept busy:

                          paint  bytes/s     CPU    memory      key    worst
    demo 120x35           65 ms      409   0.7 %  34.9 MiB   0.7 ms   4.0 ms
    idle 120x35           52 ms      170   0.3 %  30.0 MiB   0.5 ms   9.0 ms
    btop 120x35           60 ms     6574   0.3 %   5.9 MiB   6.3 ms  20.7 ms
    htop 120x35          135 ms     1524   0.3 %   4.8 MiB   0.7 ms  16.9 ms
    demo 200x50           24 ms      484   0.5 %  35.9 MiB   0.8 ms   5.9 ms
    idle 200x50           83 ms      174   0.3 %  31.0 MiB   0.6 ms   8.6 ms
    btop 200x50           10 ms    11220   0.2 %   6.0 MiB   5.3 ms  10.0 ms
    htop 200x50          101 ms     1636   0.5 %   5.2 MiB   0.9 ms   7.3 ms

Ours sends the fewest bytes and answers keys first. Where nothing happens it takes as much of the processor as they do, in the demo more,
because that also makes the calls; and more memory, for the engine, SQLite and the runtime's threads.
"""
import fcntl
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/floorwatch")
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 20
WARM_UP = 5
KEYS = 40
DOWN, UP = b"\x1b[B", b"\x1b[A"
# Keys that each of them answers: ours the focus of the next panel and the one before, theirs the next row and the one before.
TAB, BACKTAB = b"\t", b"\x1b[Z"
COMMANDS = {
    "demo": ([PROGRAM, "demo", "--seed", "3"], (TAB, BACKTAB)),
    "idle": ([PROGRAM], (TAB, BACKTAB)),
    "btop": (["btop"], (DOWN, UP)),
    "htop": (["htop"], (DOWN, UP)),
}
TICKS = os.sysconf("SC_CLK_TCK")


def spawn(command, size, home):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", HOME=home, XDG_CONFIG_HOME=home)
        os.execvp(command[0], command)
    cols, rows = size
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    return pid, fd


def read(fd, seconds, reads=None, first=False):
    """Read for some seconds, or until the first bytes; returns how many bytes came."""
    end, total = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        if not select.select([fd], [], [], left)[0]:
            continue
        data = os.read(fd, 1 << 16)
        total += len(data)
        if reads is not None:
            reads.append((time.monotonic(), len(data)))
        if b"\x1b[c" in data:
            os.write(fd, b"\x1b[?62;c")
        if b"\x1b[6n" in data:
            os.write(fd, b"\x1b[1;1R")
        if first:
            break
    return total


def cpu(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def measure(command, keys, size):
    with tempfile.TemporaryDirectory() as home:
        os.mkdir(f"{home}/floorwatch")
        with open(f"{home}/floorwatch/config.toml", "w") as config:
            config.write(f"""timezone = "UTC"
[journal]
path = "{home}/journal.db"
[[source]]
name = "pbx"
kind = "queue_log"
path = "{home}/queue_log"
""")
        open(f"{home}/queue_log", "w").close()
        started, reads = time.monotonic(), []
        pid, fd = spawn(command, size, home)
        read(fd, 2, reads)
        # The first burst ends with the first pause; what it has not written by then was not there yet.
        painted, written = started, 0
        for at, length in reads:
            written += length
            if written >= size[0] * size[1] / 4:
                painted = at
                break
        read(fd, WARM_UP - 2)
        before, began = cpu(pid), time.monotonic()
        sent = read(fd, SECONDS)
        busy = 100 * (cpu(pid) - before) / (time.monotonic() - began)
        waits = []
        for n in range(KEYS):
            # What was on its way has come.
            while read(fd, 0.15):
                pass
            pressed = time.monotonic()
            os.write(fd, keys[n % 2])
            if read(fd, 2, first=True):
                waits.append(1000 * (time.monotonic() - pressed))
        memory = peak(pid)
        os.kill(pid, signal.SIGTERM)
        os.close(fd)
        os.waitpid(pid, 0)
    return 1000 * (painted - started), sent / SECONDS, busy, memory, statistics.median(waits), max(waits)


def main():
    print(f"{'':18}{'paint':>9}{'bytes/s':>9}{'CPU':>8}{'memory':>10}{'key':>9}{'worst':>9}")
    for size in ((120, 35), (200, 50)):
        for name, (command, keys) in COMMANDS.items():
            if not shutil.which(command[0]):
                print(f"{name}: not installed")
                continue
            paint, sent, busy, memory, key, worst = measure(command, keys, size)
            where = f"{name} {size[0]}x{size[1]}"
            print(f"{where:18}{paint:6.0f} ms{sent:9.0f}{busy:6.1f} %{memory:6.1f} MiB{key:6.1f} ms{worst:6.1f} ms")


if __name__ == "__main__":
    main()
