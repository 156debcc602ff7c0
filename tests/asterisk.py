#!/usr/bin/env python3
"""Compares who serves each queue on a board with what a running Asterisk answers.

Starts an Asterisk with four queues, twelve agents and random calls, and a hub that follows it. Agents are added, removed,
paused in one queue or in all, and their phones come and go. Every half second the hub's figures are held against two
replies to QueueStatus, one before and one after; looks between which Asterisk changed are not counted. In the end the
hub's counts of contacts are held against a count of the lines of queue_log.

    tests/asterisk.py [PROGRAM [SECONDS [LOAD]]]

LOAD is how much happens in half a second, 1.5 on the average. With MESSY=1 in the environment, Asterisk is restarted under
load, at once and gracefully, and the hub is killed twice: the counts must be the same nevertheless.

ASTERISK is the command (`asterisk`); ASTERISK_ROOT the root it runs in, where it is a `chroot`. Without one it is left out.
"""
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from switch import LOAD, MESSY, SECONDS, SECRET, Hub, Looks, until

ASTERISK = shlex.split(os.environ.get("ASTERISK", "asterisk"))
ROOT = os.environ.get("ASTERISK_ROOT", "")
AMI_PORT = 15038
QUEUES = {"sales": (1, 6), "support": (4, 10), "vip": (9, 12), "night": (0, 0)}

FILES = {
    "asterisk.conf": """[directories](!)
astetcdir => {folder}
astmoddir => {modules}
astvarlibdir => {folder}
astdbdir => {folder}
astkeydir => {folder}
astdatadir => {data}
astagidir => {folder}
astspooldir => {folder}
astrundir => {folder}
astlogdir => {folder}
""",
    "modules.conf": "[modules]\nautoload = no\n"
    + "".join(
        f"load = {name}.so\n"
        for name in "pbx_config app_queue func_devstate func_rand app_senddtmf bridge_simple bridge_softmix".split()
    ),
    "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error\n",
    "manager.conf": """[general]
enabled = yes
bindaddr = 127.0.0.1
port = {ami}
[driver]
secret = driver
read = all
write = all
[wallboard]
secret = {secret}
read = agent,system,user
write =
""",
    "extensions.conf": """[agents]
exten => _a.,1,Set(AGENT=${EXTEN})
 same => n,Set(DEVICE_STATE(Custom:${AGENT})=RINGING)
 same => n,Wait(${RAND(1,4)})
 same => n,GotoIf($[${RAND(0,9)} < 2]?no)
 same => n,Set(DEVICE_STATE(Custom:${AGENT})=INUSE)
 same => n,Answer()
 same => n,Wait(${RAND(2,9)})
 same => n(no),Hangup()
exten => h,1,Set(DEVICE_STATE(Custom:${AGENT})=NOT_INUSE)
[callers]
exten => patient,1,Answer()
 same => n,Wait(${RAND(3,40)})
 same => n,Hangup()
exten => key,1,Answer()
 same => n,Wait(${RAND(1,4)})
 same => n,SendDTMF(1)
 same => n,Wait(30)
[queues]
exten => _[a-z].,1,Queue(${EXTEN})
[exits]
exten => 1,1,Hangup()
""",
}


def queues_conf():
    text = "[general]\npersistentmembers = no\n"
    for queue, (first, last) in QUEUES.items():
        text += f"[{queue}]\nstrategy = rrmemory\ntimeout = 5\nretry = 1\nringinuse = no\ncontext = exits\n"
        for n in range(first, last + 1):
            text += f"member => Local/a{n}@agents/n,0,Agent {n},Custom:a{n}\n" if n else ""
    return text


class Manager:
    """A connection to the manager interface without events."""

    def __init__(self):
        self.stream = socket.create_connection(("127.0.0.1", AMI_PORT)).makefile("rwb")
        self.stream.readline()
        self.number = 0
        self.ask("Login", Username="driver", Secret="driver", Events="off")

    def frame(self):
        lines = []
        while (line := self.stream.readline().decode(errors="replace").rstrip("\r\n")) != "":
            lines.append(line.partition(": ")[::2])
        return dict(lines)

    def ask(self, action, **fields):
        self.number += 1
        lines = {"Action": action, "ActionID": str(self.number), **fields}
        self.stream.write("".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode() + b"\r\n")
        self.stream.flush()
        frames = [self.frame()]
        if not frames[0]:
            raise ConnectionError("Asterisk is gone")
        while frames[0].get("EventList") == "start" and frames[-1].get("EventList") != "Complete":
            frames.append(self.frame())
        return frames

    def staff(self):
        """By queue, how many agents can be reached, and how many of them can take a call."""
        staff = {queue: (0, 0) for queue in QUEUES}
        for frame in self.ask("QueueStatus"):
            if frame.get("Event") == "QueueMember" and frame["Status"] not in ("4", "5"):
                staffed, available = staff[frame["Queue"]]
                free = frame["Status"] in ("0", "1") and frame["Paused"] == "0"
                staff[frame["Queue"]] = (staffed + 1, available + free)
        return staff


# Which lines of queue_log count for which figure.
VERBS = {
    "offered": ["ENTERQUEUE"],
    "answered": ["CONNECT"],
    "abandoned": ["ABANDON"],
    "left": ["EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "WITHDRAW"],
}


def count_log(path):
    """By queue, how many lines count for each figure."""
    counts = {queue: [0] * len(VERBS) for queue in QUEUES}
    with open(path) as file:
        for line in file:
            _, _, queue, _, verb, *_ = line.split("|")
            for at, verbs in enumerate(VERBS.values()):
                if queue in counts:
                    counts[queue][at] += verb in verbs
    return {queue: tuple(all) for queue, all in counts.items()}


def stir(manager, random):
    """Let something happen."""
    queue, n = random.choice(list(QUEUES)), random.randint(1, 12)
    member = {"Interface": f"Local/a{n}@agents/n"}
    what = random.random()
    if what < 0.55:
        caller = "key" if random.random() < 0.2 else "patient"
        manager.ask("Originate", Channel=f"Local/{caller}@callers/n", Context="queues", Exten=queue, Priority=1, Async="true")
    elif what < 0.75:
        where = {"Queue": queue} if random.random() < 0.7 else {}
        manager.ask("QueuePause", Paused=random.choice(["true", "false"]), Reason="tea", **member, **where)
    elif what < 0.85:
        names = {"MemberName": f"Agent {n}", "StateInterface": f"Custom:a{n}"}
        manager.ask("QueueAdd", Queue=queue, **names, **member)
    elif what < 0.93:
        manager.ask("QueueRemove", Queue=queue, **member)
    else:
        state = random.choice(["UNAVAILABLE", "NOT_INUSE", "INVALID", "UNKNOWN", "ONHOLD"])
        manager.ask("Command", Command=f"devstate change Custom:a{n} {state}")


def main():
    if shutil.which(ASTERISK[0]) is None:
        print("asterisk is not installed here")
        return 0
    folder = tempfile.mkdtemp(prefix="floorwatch-asterisk-", dir=ROOT + "/tmp" if ROOT else None)
    inside = folder.removeprefix(ROOT)
    modules = next(
        path
        for path in ("/usr/lib/x86_64-linux-gnu/asterisk/modules", "/usr/lib/asterisk/modules", "/usr/lib64/asterisk/modules")
        if os.path.isdir(ROOT + path)
    )
    for name, text in {**FILES, "queues.conf": queues_conf()}.items():
        for key, value in {"folder": inside, "modules": modules, "data": "/usr/share/asterisk", "ami": AMI_PORT, "secret": SECRET}.items():
            text = text.replace("{" + key + "}", str(value))
        with open(f"{folder}/{name}", "w") as file:
            file.write(text.replace("[directories](!)", "[directories]"))
    hub = Hub(folder, f"""kind = "asterisk"
address = "127.0.0.1:{AMI_PORT}"
user = "wallboard"
secret = {{ env = "WALLBOARD_SECRET" }}
queue_log = "{folder}/queue_log"
""")
    asterisk = [*ASTERISK, "-C", f"{inside}/asterisk.conf"]
    switch = subprocess.Popen([*asterisk, "-f"], stdout=subprocess.DEVNULL)

    def kill_hub():
        hub.kill()
        for _ in range(6):
            stir(manager, chance)
            time.sleep(0.5)
        hub.start()
        time.sleep(1)

    def restart(how):
        subprocess.run([*asterisk, "-rx", f"core restart {how}"], stdout=subprocess.DEVNULL)

    messes = [lambda: restart("now"), kill_hub, lambda: restart("gracefully"), kill_hub] if MESSY else []
    try:
        until(lambda: socket.create_connection(("127.0.0.1", AMI_PORT)), "asterisk")
        manager = Manager()
        hub.start()
        until(lambda: any(staffed for (staffed,) in hub.values(["agents_staffed"]).values()), "the source")
        chance, looks = random.Random(1), Looks()
        end = time.time() + SECONDS
        pause = SECONDS / (len(messes) + 1)
        while time.time() < end:
            try:
                if messes and end - time.time() < len(messes) * pause:
                    messes.pop(0)()
                for _ in range(chance.randint(0, round(2 * LOAD))):
                    stir(manager, chance)
                time.sleep(0.3)
                looks.compare(hub, QUEUES, manager.staff)
            except OSError:
                until(lambda: Manager().staff(), "asterisk")
                manager = Manager()
                # Both have to come back.
                time.sleep(5)
        counted, logged = {}, {}
        for _ in range(100):
            # What is happening meanwhile is in one of them first.
            before = count_log(f"{folder}/queue_log")
            shown, logged = hub.values(VERBS), count_log(f"{folder}/queue_log")
            counted = {queue: shown.get(queue, (0,) * len(VERBS)) for queue in QUEUES}
            if before == logged == counted:
                break
            time.sleep(0.1)
        for queue in QUEUES:
            print(f"{queue}: {', '.join(VERBS)} {counted[queue]}, in queue_log {logged[queue]}")
        return 0 if looks.are_good() and counted == logged else 1
    finally:
        hub.stop()
        switch.terminate()
        switch.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
