#!/usr/bin/env python3
"""Compares a board with a running FreeSWITCH: who serves each queue, and in the end every queue's figures.

Starts a FreeSWITCH with four queues, ten agents and random calls, and a hub that follows it. Agents are busy, decline, are
silent, go on a break or log out; callers hang up, press the exit key, are taken out of the queue, wait for too long, or are
transferred after the answer. Every half second the hub's figures are held against FreeSWITCH's lists, one before and one
after; looks between which FreeSWITCH changed are not counted. In the end the hub's figures are held against a journal of the
channels, which is kept from events that the hub does not get.

    tests/freeswitch.py [PROGRAM [SECONDS [LOAD]]]

LOAD is how much happens in half a second, 1.5 on the average. With MESSY=1 in the environment, FreeSWITCH is stopped and
killed under load, cannot be reached for 30 seconds, and the hub is killed twice. Nothing tells then what became of the calls
of that time: each of them may count as it likes, and all others have to be right.

FREESWITCH is the command (`freeswitch`). Without one it is left out. It needs mod_callcenter, mod_commands, mod_dptools,
mod_dialplan_xml, mod_event_socket, mod_hash, mod_loopback, mod_tone_stream and mod_logfile.
"""
import heapq
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass

from switch import LOAD, MESSY, SECONDS, SECRET, Hub, Looks, until

FREESWITCH = shlex.split(os.environ.get("FREESWITCH", "freeswitch"))
# The hub connects by way of a port that can be cut off.
PORT, CUT_PORT = 18021, 18022
MODULES = "logfile event_socket commands dptools hash loopback tone_stream dialplan_xml callcenter"
TONE = "tone_stream://%(500,1500,220);loops=-1"
# The strategy, the longest wait (also with no agent) and the agents of each queue.
QUEUES = {
    "sales": ("longest-idle-agent", 18, 0, (1, 5)),
    "support": ("round-robin", 0, 0, (4, 8)),
    "emergency": ("ring-all", 0, 3, (7, 9)),
    "desk": ("ring-progressively", 25, 0, (9, 10)),
}
# What an agent's phone does; the first as a rule.
PHONES = [
    "[leg_timeout=8,null_auto_answer_delay={delay}]null/agent",
    "[leg_timeout=3,null_enable_auto_answer=false]null/silent",
    "error/USER_BUSY",
    "error/CALL_REJECTED",
    "error/USER_NOT_REGISTERED",
]
# The service level's threshold (the default), and how near a wait may be to it for either side.
THRESHOLD, NEAR = 20.0, 0.15


def freeswitch_xml():
    """The whole configuration."""

    def params(values):
        return "".join(f'<param name="{name}" value="{value}"/>' for name, value in values.items())

    queues = "".join(
        f'<queue name="{queue}@default">'
        + params(
            {
                "strategy": strategy,
                "moh-sound": TONE,
                "time-base-score": "queue",
                "max-wait-time": longest,
                "max-wait-time-with-no-agent": longest_with_no_agent,
                "max-wait-time-with-no-agent-time-reached": 2,
                "tier-rules-apply": "false",
                "discard-abandoned-after": 30,
                "abandoned-resume-allowed": "false",
                "ring-progressively-delay": 2,
            }
        )
        + "</queue>"
        for queue, (strategy, longest, longest_with_no_agent, _) in QUEUES.items()
    )
    agents = "".join(
        f'<agent name="a{n}@default" type="callback" contact="${{hash(select/phones/a{n})}}" status="Available"'
        f' max-no-answer="4" wrap-up-time="{n % 4}" reject-delay-time="2" busy-delay-time="2" no-answer-delay-time="2"/>'
        for n in range(1, 11)
    )
    tiers = "".join(
        f'<tier agent="a{n}@default" queue="{queue}@default" level="1" position="{n}"/>'
        for queue, (_, _, _, (first, last)) in QUEUES.items()
        for n in range(first, last + 1)
    )
    modules = "".join(f'<load module="mod_{name}"/>' for name in MODULES.split())
    socket = params({"listen-ip": "127.0.0.1", "listen-port": PORT, "password": "driver"})
    user = params(
        {
            "esl-password": SECRET,
            "esl-allowed-api": "callcenter_config strmicroepoch",
            "esl-allowed-events": "CUSTOM callcenter::info",
            "esl-allowed-log": "false",
        }
    )
    # What the dialplan does after the call is no transfer.
    after = "${cond(${cc_cancel_reason} == TIMEOUT ? support : bye)} XML default"
    return f"""<document type="freeswitch/xml"><section name="configuration">
<configuration name="modules.conf"><modules>{modules}</modules></configuration>
<configuration name="switch.conf"><settings>{params({"max-sessions": 1000, "sessions-per-second": 200})}</settings></configuration>
<configuration name="event_socket.conf"><settings>{socket}</settings></configuration>
<configuration name="callcenter.conf"><settings/><queues>{queues}</queues><agents>{agents}</agents><tiers>{tiers}</tiers></configuration>
</section><section name="dialplan"><context name="default">
<extension name="queue"><condition field="destination_number" expression="^({"|".join(QUEUES)})$">
<action application="callcenter" data="$1@default"/><action application="transfer" data="{after}"/>
</condition></extension>
<extension name="outside"><condition field="destination_number" expression="^outside$"><action application="sleep" data="3000"/></condition></extension>
</context></section>
<section name="directory"><domain name="default"><user id="wallboard"><params>{user}</params></user></domain></section>
</document>"""


class EventSocket:
    """A connection to the event socket."""

    def __init__(self):
        self.stream = socket.create_connection(("127.0.0.1", PORT)).makefile("rwb")
        self.frame()
        self.send("auth driver")
        self.frame()

    def send(self, command):
        self.stream.write(command.encode() + b"\n\n")
        self.stream.flush()

    def headers(self):
        lines = []
        while (line := self.stream.readline().decode(errors="replace")).strip():
            lines.append(line.rstrip("\n").partition(": ")[::2])
        if not line:
            raise ConnectionError("FreeSWITCH is gone")
        return dict(lines)

    def frame(self):
        """The headers and the body of what comes next."""
        headers = self.headers()
        return headers, self.stream.read(int(headers.get("Content-Length", 0))).decode(errors="replace")

    def ask(self, command):
        self.send(command)
        return self.frame()[1]

    def rows(self, command):
        lines = self.ask(f"api callcenter_config {command}").splitlines()
        return [dict(zip(lines[0].split("|"), line.split("|"))) for line in lines[1:] if "|" in line]

    def staff(self):
        """By queue, how many agents can be reached, and how many of them can take a call; None while that can't be told."""
        now, agents, staff = time.time(), {}, {}
        for row in self.rows("agent list"):
            is_waiting = row["status"].startswith("Available") and row["state"] == "Waiting"
            # FreeSWITCH compares whole seconds.
            ready = max(int(row["ready_time"]), int(row["last_bridge_end"]) + int(row["wrap_up_time"]))
            is_unsure = is_waiting and abs(now - ready) < 2
            is_staffed = row["status"] != "Logged Out" or row["state"] == "In a queue call"
            agents[row["name"]] = None if is_unsure else (is_staffed, is_waiting and ready < now)
        for row in self.rows("tier list"):
            queue, agent = row["queue"], agents.get(row["agent"])
            before = staff.get(queue, (0, 0))
            staff[queue] = before and agent and (before[0] + agent[0], before[1] + agent[1])
        return staff


@dataclass
class Visit:
    """One caller in one queue."""

    queue: str
    joined: float
    answered: float = 0.0
    end: str = ""
    wait: float = 0.0
    is_transferred: bool = False
    # Nobody can have seen all of it.
    is_blurred: bool = False


class Journal(threading.Thread):
    """What became of every call, by the events of its channel."""

    EVENTS = "CHANNEL_EXECUTE_COMPLETE CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP CUSTOM callcenter::info"

    def __init__(self, on_bridge):
        super().__init__(daemon=True)
        self.on_bridge = on_bridge
        self.visits = []
        # By the caller's channel: the visit, and what the load did to the call.
        self.open = {}
        self.done = {}
        self.lock = threading.Lock()
        self.connect()

    def connect(self):
        self.socket = EventSocket()
        self.socket.ask(f"event plain {self.EVENTS}")

    def run(self):
        while True:
            try:
                _, body = self.socket.frame()
            except OSError:
                with self.lock:
                    # Killed: nothing was told of those who waited.
                    for visit in self.open.values():
                        visit.end = visit.end or "lost"
                    self.open.clear()
                while True:
                    time.sleep(0.1)
                    try:
                        self.connect()
                        break
                    except OSError:
                        pass
                continue
            lines = (line.partition(": ")[::2] for line in body.splitlines())
            event = {key: urllib.parse.unquote(value) for key, value in lines}
            with self.lock:
                self.take(event)

    def take(self, event):
        name, channel = event.get("Event-Name"), event.get("Unique-ID")
        at = int(event.get("Event-Date-Timestamp", 0)) / 1e6
        if event.get("CC-Action") == "member-queue-start":
            channel = event["CC-Member-Session-UUID"]
            if channel in self.open:
                self.leave(channel, at, "withdrawn")
            self.open[channel] = Visit(event["CC-Queue"], at)
            self.visits.append(self.open[channel])
            self.done.pop(channel, None)
        elif name == "CHANNEL_BRIDGE":
            ends = (event.get("Bridge-A-Unique-ID"), event.get("Bridge-B-Unique-ID"))
            for caller, agent in (ends, ends[::-1]):
                visit = self.open.get(caller)
                if visit and not visit.answered:
                    visit.answered, visit.wait, visit.end = at, at - visit.joined, "answered"
                    self.on_bridge(caller, agent)
        elif channel not in self.open:
            return
        elif name == "CHANNEL_UNBRIDGE" and self.open[channel].answered:
            self.leave(channel, at, "answered")
        elif name == "CHANNEL_HANGUP" or event.get("Hangup-Cause"):
            # FreeSWITCH itself drops a caller whose agent has gone in the moment of the answer.
            self.leave(channel, at, "abandoned" if self.done.get(channel) == "hang up" else "lost")
        elif name == "CHANNEL_EXECUTE_COMPLETE" and event.get("variable_cc_cause") == "cancel":
            reasons = {"TIMEOUT": "timeout", "NO_AGENT_TIMEOUT": "empty", "EXIT_WITH_KEY": "key"}
            self.leave(channel, at, reasons.get(event.get("variable_cc_cancel_reason"), "withdrawn"))

    def leave(self, channel, at, end):
        visit = self.open.pop(channel)
        if not visit.answered:
            visit.end, visit.wait = end, at - visit.joined
        elif self.done.get(channel) in ("transfer", "withdraw"):
            visit.is_transferred = True

    def blur(self):
        """What goes on now is not seen whole by the hub."""
        with self.lock:
            for visit in self.open.values():
                visit.is_blurred = True


class Load:
    """What happens."""

    def __init__(self):
        self.socket = EventSocket()
        self.chance = random.Random(1)
        self.plan, self.number = [], 0
        self.journal = Journal(self.bridged)
        self.journal.start()
        for n in range(1, 11):
            self.set_phone(n, PHONES[0])

    def later(self, seconds, *what):
        self.number += 1
        heapq.heappush(self.plan, (time.time() + seconds, self.number, what))

    def run_due(self):
        while self.plan and self.plan[0][0] <= time.time():
            _, _, (done, channel, command) = heapq.heappop(self.plan)
            with self.journal.lock:
                visit = self.journal.open.get(channel)
                # What a waiting caller does ends with the answer.
                if visit is None or done in ("hang up", "key", "withdraw") and visit.answered:
                    continue
                self.journal.done[channel] = done.removesuffix(" later")
            self.socket.ask(f"api {command}")

    def set_phone(self, n, phone):
        contact = phone.replace("{delay}", str(self.chance.randint(300, 1500)))
        self.socket.ask(f"api hash insert/phones/a{n}/{contact}")

    def bridged(self, caller, agent):
        """A caller has been put through: somebody ends it."""
        what = self.chance.random()
        talk = self.chance.uniform(2, 9)
        if what < 0.4:
            self.later(talk, "hang up later", caller, f"uuid_kill {caller}")
        elif what < 0.85:
            self.later(talk, "agent", caller, f"uuid_kill {agent}")
        elif what < 0.95:
            self.later(talk, "transfer", caller, f"uuid_transfer {caller} outside")
        else:
            self.later(talk, "transfer", caller, f"uuid_transfer {caller} support")

    def call(self):
        """Somebody calls."""
        self.number += 1
        channel = f"{self.number:08}-0000-4000-8000-{self.chance.randrange(16**12):012x}"
        queue = self.chance.choices(list(QUEUES), [5, 4, 2, 1])[0]
        settings = [f"origination_uuid={channel}", f"origination_caller_id_number=+1555{self.chance.randint(0, 99):07}", "cc_exit_keys=9"]
        if self.chance.random() < 0.2:
            settings.append("cc_outbound_announce=tone_stream://%(1500,0,400)")
        self.socket.ask(f"bgapi originate {{{','.join(settings)}}}null/caller {queue}")
        self.later(self.chance.uniform(2, 40), "hang up", channel, f"uuid_kill {channel}")
        what = self.chance.random()
        if what < 0.08:
            self.later(self.chance.uniform(1, 6), "key", channel, f"uuid_recv_dtmf {channel} 9")
        elif what < 0.14:
            self.later(self.chance.uniform(1, 6), "withdraw", channel, f"uuid_transfer {channel} outside")

    def stir(self):
        """Let something happen."""
        n, what = self.chance.randint(1, 10), self.chance.random()
        if what < 0.35:
            self.call()
        elif what < 0.5:
            self.set_phone(n, self.chance.choice(PHONES))
        elif what < 0.8:
            self.set_phone(n, PHONES[0])
        else:
            status = self.chance.choice(["Available"] * 6 + ["Available (On Demand)", "On Break", "Logged Out"])
            self.socket.ask(f"api callcenter_config agent set status a{n}@default '{status}'")


class Wire:
    """Passes on what comes to CUT_PORT, until it is cut."""

    def __init__(self):
        self.is_cut, self.ends = False, []
        self.listener = socket.create_server(("127.0.0.1", CUT_PORT))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            try:
                if self.is_cut:
                    raise ConnectionError
                far = socket.create_connection(("127.0.0.1", PORT))
            except OSError:
                near.close()
                continue
            self.ends += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.copy, args=(a, b), daemon=True).start()

    @staticmethod
    def copy(a, b):
        try:
            while chunk := a.recv(65536):
                b.sendall(chunk)
        except OSError:
            pass
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_cut = True
        for end in self.ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.ends.clear()


KPIS = ["offered", "answered", "abandoned", "left", "unknown_end", "transfer_rate", "asa", "service_level"]
ENDS = {"answered": ["answered"], "abandoned": ["abandoned"], "left": ["timeout", "empty", "key", "withdrawn"], "unknown_end": ["lost"]}


def differences(queue, visits, figures):
    """What the board says otherwise of a queue than its visits."""
    figures = dict(zip(KPIS, figures))
    sure = [visit for visit in visits if not visit.is_blurred]
    blurred = len(visits) - len(sure)
    found = []

    def compare(what, shown, low, high):
        if not low - 1e-9 <= (shown or 0) <= high + 1e-9:
            found.append(f"{queue}: {what} is {shown}, and not {low}" + (f" to {high}" if high > low else ""))

    compare("offered", figures["offered"]["value"], len(sure), len(visits))
    for kpi, ends in ENDS.items():
        count = sum(visit.end in ends for visit in sure)
        compare(kpi, figures[kpi]["value"], count, count + blurred)
    parts = {part["key"]: part["n"] for part in figures["left"].get("parts", [])}
    for reason in ENDS["left"]:
        count = sum(visit.end == reason for visit in sure)
        compare(f"left by {reason}", parts.get(reason, 0), count, count + blurred)
    transferred = sum(visit.is_transferred for visit in sure)
    compare("transferred", figures["transfer_rate"].get("numerator"), transferred, transferred + blurred)
    if blurred:
        return found
    waits = [visit.wait for visit in sure if visit.answered]
    if waits:
        asa = sum(waits) / len(waits)
        compare("asa", figures["asa"]["value"], asa - 0.1, asa + 0.1)
        for_either = sum(abs(wait - THRESHOLD) < NEAR for wait in waits)
        within = sum(wait <= THRESHOLD - NEAR for wait in waits)
        compare("answered in time", figures["service_level"]["numerator"], within, within + for_either)
    return found


def main():
    if shutil.which(FREESWITCH[0]) is None:
        print("freeswitch is not installed here")
        return 0
    folder = tempfile.mkdtemp(prefix="floorwatch-freeswitch-")
    with open(f"{folder}/freeswitch.xml", "w") as file:
        file.write(freeswitch_xml())
    hub = Hub(folder, f"""kind = "freeswitch"
address = "127.0.0.1:{CUT_PORT}"
user = "wallboard@default"
password = {{ env = "WALLBOARD_SECRET" }}
""")
    folders = [word for name in ("conf", "log", "db", "run", "temp") for word in (f"-{name}", folder)]

    def start_switch():
        return subprocess.Popen([*FREESWITCH, "-nf", "-nc", "-nonat", *folders], stdout=subprocess.DEVNULL)

    def is_live():
        return all(source["health"] == "live" for source in hub.ask("/v1/board")["sources"])

    def pause(seconds):
        """Let things happen that the hub does not see."""
        end = time.time() + seconds
        while time.time() < end:
            load.journal.blur()
            for _ in range(load.chance.randint(0, round(2 * LOAD))):
                load.stir()
            load.run_due()
            time.sleep(0.5)
        load.journal.blur()

    def kill_hub():
        load.journal.blur()
        hub.kill()
        pause(3)
        hub.start()
        come_back("the hub was killed")

    def cut_off():
        load.journal.blur()
        wire.cut()
        pause(30)
        wire.is_cut = False
        come_back("FreeSWITCH could not be reached for 30 s")

    def come_back(after):
        begin = time.time()
        until(is_live, "the source")
        took = time.time() - begin
        print(f"live {took:.1f} s after {after}")
        load.journal.blur()
        if took > 6:
            slow.append(after)

    def restart(how):
        nonlocal switch
        load.journal.blur()
        how(switch)
        switch.wait()
        switch = start_switch()
        until(EventSocket, "freeswitch")
        load.socket = until(EventSocket, "freeswitch")
        for n in range(1, 11):
            load.set_phone(n, PHONES[0])
        come_back("a restart")

    slow = []
    messes = [lambda: restart(lambda switch: switch.terminate()), kill_hub, cut_off, kill_hub, lambda: restart(lambda switch: switch.kill())]
    messes = messes if MESSY else []
    switch = start_switch()
    try:
        until(EventSocket, "freeswitch")
        wire, load, looks = Wire(), Load(), Looks()
        hub.start()
        until(is_live, "the source")
        end = time.time() + SECONDS
        between = SECONDS / (len(messes) + 1)
        while time.time() < end:
            if messes and end - time.time() < len(messes) * between:
                messes.pop(0)()
            for _ in range(load.chance.randint(0, round(2 * LOAD))):
                load.stir()
            load.run_due()
            time.sleep(0.3)
            looks.compare(hub, [f"{queue}@default" for queue in QUEUES], load.socket.staff)
        # Everybody who still is there goes.
        while load.journal.open:
            load.run_due()
            time.sleep(0.1)
        time.sleep(2)
        found, figures_of = [], hub.figures(KPIS)
        for queue in (f"{queue}@default" for queue in QUEUES):
            visits = [visit for visit in load.journal.visits if visit.queue == queue]
            figures = figures_of.get(queue, [{"value": 0, "numerator": 0} for _ in KPIS])
            shown = ", ".join(f"{kpi} {figure['value']}" for kpi, figure in zip(KPIS, figures))
            print(f"{queue}: {shown}; {sum(visit.is_blurred for visit in visits)} of {len(visits)} visits not seen whole")
            found += differences(queue, visits, figures)
        print("\n".join(found))
        return 0 if looks.are_good() and not found and not slow else 1
    finally:
        hub.stop()
        switch.kill()
        switch.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
