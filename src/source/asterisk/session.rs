//! One connection to Asterisk, from the login until it breaks.

mod log;

use std::convert::Infallible;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::calls::Visit;
use super::frame::Frame;
use super::merge::{Log, Merge};
use super::status::{Collecting, Snapshot, Taken, number};
use super::translate::Translator;
use super::wire::Wire;
use super::{Settings, remarks};
use crate::clock::{Clock, Span, Time};
use crate::event::Event;
use crate::source::link::{Fault, Link, Session};
use crate::source::{SpawnError, settings};
use crate::text::Label;
use log::Follower;

/// How often time is let pass for what no event decides.
const TICK: Duration = Duration::from_millis(200);
/// How often Asterisk is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long the answer may take.
const PONG_WITHIN: Duration = Duration::from_secs(10);
/// So many ticks without a frame while an answer is overdue make the connection a dead one: what has come
/// and wasn't read yet, because the floor was busy, may hold it.
const IDLE_TICKS: u32 = 5;
/// How often all queues are asked for.
const RECONCILE_EVERY: Duration = Duration::from_mins(1);
/// How long the answer to that may take.
const REPLY_WITHIN: Duration = Duration::from_secs(30);
/// A clock that moved by less is the same.
const SKEW: Span = Span::SECOND;
/// How many open calls are kept for a restart of the program, and how often.
const KEPT_CALLS: usize = 500;
const KEEP_EVERY: Span = Span::SECOND;

/// What is kept for a restart of the program.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// When Asterisk was last heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Time>,
    /// How far queue_log has been read.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// The calls in queues, where no queue_log tells of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<(Label, Visit)>,
}

/// An Asterisk.
pub(in crate::source) struct Asterisk {
    settings: Settings,
    translator: Translator,
    merge: Merge,
    follower: Option<Follower>,
    log_cursor: Option<String>,
    /// Whether it has been read to its end, or can't be.
    log_is_known: bool,
    /// When the program last saw it, before this run.
    seen: Option<Time>,
    kept_at: Time,
    /// Events are stamped with Asterisk's clock rather than ours: where they stand beside the log's, or where the
    /// link takes the difference away again.
    by_its_clock: bool,
    /// How far its clock is ahead of ours, where that was measured.
    ahead: Option<Span>,
    remarks: remarks::Remarks,
}

/// What a connection is waiting for.
struct Asked {
    ping: Option<(String, Instant, Time)>,
    next_ping: Instant,
    commands: String,
    queues: Option<(Collecting, Instant)>,
    next_reconcile: Instant,
    /// The first reply has come: the board shows the truth.
    live: bool,
    shutting_down: bool,
    idle_ticks: u32,
    frames: u64,
    /// Until when nothing had been heard, when the connection began.
    away: Option<Time>,
}

impl Asterisk {
    /// The Asterisk that `settings` describe, going on from `cursor`.
    pub(in crate::source) fn new(
        settings: &settings::Settings,
        own: &Settings,
        clock: &Clock,
        cursor: Option<&str>,
    ) -> Result<Self, SpawnError> {
        let kept: Kept = cursor.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let mut translator = Translator::new(settings.name(), own.verbs.clone(), own.intent.clone());
        let mut merge = Merge::default();
        let mut follower = None;
        if let Some(path) = &own.queue_log {
            merge.log = Log::Absent;
            follower = Some(Follower::start(settings, path, &own.verbs, clock.clone(), kept.log.as_deref())?);
        } else {
            translator.calls.restore(kept.calls);
        }
        Ok(Self {
            by_its_clock: follower.is_some() || settings.correct_clock,
            settings: own.clone(),
            translator,
            merge,
            follower,
            log_cursor: kept.log,
            log_is_known: false,
            seen: kept.seen,
            kept_at: Time(0),
            ahead: None,
            remarks: remarks::Remarks::default(),
        })
    }

    /// What time it is for its events.
    fn now(&self, link: &Link) -> Time {
        let ahead = self.ahead.filter(|_| self.by_its_clock).unwrap_or(Span::ZERO);
        link.now() + ahead
    }

    fn kept(&self, link: &Link) -> Option<String> {
        let calls = if self.follower.is_some() { Vec::new() } else { self.translator.calls.keep(KEPT_CALLS) };
        serde_json::to_string(&Kept { seen: Some(link.now()), log: self.log_cursor.clone(), calls }).ok()
    }

    async fn connection(&mut self, link: &mut Link) -> Result<Infallible, Fault> {
        if let Some(seen) = self.seen.take() {
            link.was_away(seen);
        }
        self.catch_up(link).await;
        self.remarks.say(&self.settings, link).await;
        let mut wire = Wire::connect(&self.settings).await?;
        let mut frames = Vec::new();
        wire.log_in(&self.settings, &mut frames).await?;
        let now = Instant::now();
        let ping = (wire.act("Ping", &[]).await?, now, link.now());
        let commands = wire.act("ListCommands", &[]).await?;
        let queues = Collecting::new(wire.act("QueueStatus", &[]).await?);
        let mut asked = Asked {
            ping: Some(ping),
            next_ping: now + PING_EVERY,
            commands,
            queues: Some((queues, now)),
            next_reconcile: now + RECONCILE_EVERY,
            live: false,
            shutting_down: false,
            idle_ticks: 0,
            frames: 0,
            away: link.away(),
        };
        self.translator.hears_queues = false;
        self.take(&mut frames, &mut asked, link).await?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                read = wire.read(&mut frames) => {
                    if !frames.is_empty() {
                        asked.idle_ticks = 0;
                    }
                    if let Err(fault) = read {
                        return Err(if asked.shutting_down { Fault::new("Asterisk was shut down or restarted") } else { fault });
                    }
                    self.take(&mut frames, &mut asked, link).await?;
                }
                message = log::next(&mut self.follower) => self.hear_log(message, link, asked.live).await,
                _ = tick.tick() => self.let_pass(&mut wire, &mut asked, link).await?,
            }
        }
    }

    /// Take in frames that have come.
    async fn take(&mut self, frames: &mut Vec<Frame>, asked: &mut Asked, link: &mut Link) -> Result<(), Fault> {
        self.settle(link).await;
        if let Some(follower) = &self.follower {
            // What happens stands in the log as well.
            follower.wake();
        }
        let mut out = Vec::new();
        for frame in frames.drain(..) {
            asked.frames += 1;
            link.hear();
            if let Some((collecting, _)) = &mut asked.queues {
                match collecting.take(&frame) {
                    Taken::Not => {}
                    Taken::Part => continue,
                    Taken::Refused(why) => return Err(refused(&why)),
                    Taken::Whole(snapshot) => {
                        asked.queues = None;
                        self.reconcile(&snapshot, asked, link, &mut out).await;
                        continue;
                    }
                }
            }
            if frame.is("Response") {
                self.reply(&frame, asked, link).await;
            } else if frame.is("Event") {
                self.event(&frame, asked, link, &mut out).await;
            }
        }
        self.tell(out, link).await;
        Ok(())
    }

    async fn event(&mut self, frame: &Frame, asked: &mut Asked, link: &mut Link, out: &mut Vec<Event>) {
        match frame.first("Event").unwrap_or_default() {
            b"Shutdown" => asked.shutting_down = true,
            b"FullyBooted" => {
                // A start that came after we last heard of it took all calls with it. The log has a line of its own.
                // It counts whole seconds, and what was cut off makes it look younger than it is.
                let Some(up) = number(frame.last("Uptime")).map(|up| Span::seconds(up + 1)) else { return };
                let anew = asked.away.is_some_and(|away| link.now() - up > away);
                if anew && matches!(self.merge.log, Log::Unused | Log::Absent) {
                    self.translator.restarted(self.now(link) - up, out);
                }
            }
            _ => {
                if let Err(why) = self.translator.event(frame, self.now(link), out) {
                    link.reject("manager interface", asked.frames, why).await;
                }
            }
        }
    }

    async fn reply(&mut self, frame: &Frame, asked: &mut Asked, link: &mut Link) {
        let id = frame.last("ActionID").unwrap_or_default();
        if id == asked.commands.as_bytes() {
            self.remarks.rights = remarks::too_many(frame);
            self.remarks.say(&self.settings, link).await;
        } else if let Some((_, _, sent)) = asked.ping.take_if(|(ping, ..)| id == ping.as_bytes()) {
            let Some(theirs) = frame.last("Timestamp").and_then(timestamp) else { return };
            let under_way = link.now().since(sent);
            let ahead = theirs - (sent + Span(under_way.0 / 2));
            // An answer that took long tells little of the clock.
            if under_way > SKEW && self.ahead.is_some() {
                return;
            }
            if self.ahead.is_none_or(|before| (ahead - before).0.abs() > SKEW.0) {
                self.ahead = Some(ahead);
                link.clock_is_ahead(ahead).await;
            }
        }
    }

    /// All queues as they are now.
    async fn reconcile(&mut self, snapshot: &Snapshot, asked: &mut Asked, link: &mut Link, out: &mut Vec<Event>) {
        let now = self.now(link);
        let first = !asked.live;
        let origin = link.name().clone();
        if first && matches!(self.merge.log, Log::Unused | Log::Absent) {
            link.missed().await;
        }
        let unknown = self.translator.snapshot(snapshot, now, first, out);
        let told = std::mem::take(out);
        self.tell(told, link).await;
        if self.merge.log != Log::Unused {
            let agents = &self.translator.agents;
            let may_talk = |queue: &Label, agent: &Label| agents.may_talk(queue, agent);
            let mut lost = Vec::new();
            self.merge.reconcile(snapshot, may_talk, (&origin, now), &mut lost);
            self.hand_over(lost, link).await;
        }
        if first {
            asked.live = true;
            self.remarks.count(&snapshot.counted, now);
            link.live().await;
        } else {
            self.remarks.count(&snapshot.counted, now);
            self.remarks.deaf = (self.remarks.deaf || unknown > 0) && !self.translator.hears_queues;
            self.remarks.say(&self.settings, link).await;
        }
        let kept = self.kept(link);
        link.events(Vec::new(), kept).await;
    }

    /// Pass on what the manager interface tells, as far as the log doesn't.
    async fn tell(&mut self, told: Vec<Event>, link: &mut Link) {
        if told.is_empty() {
            return;
        }
        let now = self.now(link);
        let events: Vec<Event> = told.into_iter().filter_map(|event| self.merge.interface_tells(event, now)).collect();
        self.hand_over(events, link).await;
    }

    async fn hand_over(&mut self, events: Vec<Event>, link: &mut Link) {
        if events.is_empty() {
            return;
        }
        let due = link.now().since(self.kept_at) >= KEEP_EVERY && self.follower.is_none();
        let kept = if due { self.kept(link) } else { None };
        if due {
            self.kept_at = link.now();
        }
        link.events(events, kept).await;
    }

    /// Decide what no event will.
    async fn settle(&mut self, link: &mut Link) {
        let now = self.now(link);
        let mut out = Vec::new();
        self.translator.let_pass(now, &mut out);
        self.tell(out, link).await;
        let mut out = Vec::new();
        if self.merge.is_undecided() {
            self.merge.let_pass(now, &mut out);
        }
        self.hand_over(out, link).await;
        if self.merge.log == Log::Behind && self.remarks.log.is_none() {
            let path = self.settings.queue_log.as_deref().unwrap_or_else(|| std::path::Path::new("queue_log"));
            self.remarks.log =
                Some(format!("{} is behind; calls are counted by the manager interface meanwhile", path.display()));
        } else if self.merge.log == Log::Current {
            self.remarks.log = None;
        }
        self.remarks.say(&self.settings, link).await;
    }

    /// A tick: decide what no event will, ask what is due, and see whether the connection is still one.
    async fn let_pass(&mut self, wire: &mut Wire, asked: &mut Asked, link: &mut Link) -> Result<(), Fault> {
        self.settle(link).await;
        let now = Instant::now();
        asked.idle_ticks += 1;
        let overdue = |since: Instant, within: Duration| now.duration_since(since) > within;
        let unanswered = asked.ping.as_ref().is_some_and(|(_, since, _)| overdue(*since, PONG_WITHIN));
        if unanswered && asked.idle_ticks > IDLE_TICKS {
            return Err(Fault::new(format!(
                "no sign of life from {} for {} s: the connection is dead",
                self.settings.address,
                PONG_WITHIN.as_secs()
            )));
        }
        if asked.queues.as_ref().is_some_and(|(_, since)| overdue(*since, REPLY_WITHIN)) {
            return Err(Fault::new(format!(
                "{} does not answer QueueStatus within {} s",
                self.settings.address,
                REPLY_WITHIN.as_secs()
            )));
        }
        if asked.ping.is_none() && now >= asked.next_ping {
            asked.ping = Some((wire.act("Ping", &[]).await?, now, link.now()));
            asked.next_ping = now + PING_EVERY;
        }
        if asked.queues.is_none() && now >= asked.next_reconcile {
            asked.queues = Some((Collecting::new(wire.act("QueueStatus", &[]).await?), now));
            asked.next_reconcile = now + RECONCILE_EVERY;
        }
        Ok(())
    }
}

impl Session for Asterisk {
    async fn run(&mut self, link: &mut Link) -> Fault {
        match self.connection(link).await {
            Ok(never) => match never {},
            Err(fault) => fault,
        }
    }
}

/// Why `QueueStatus` was refused.
fn refused(why: &str) -> Fault {
    if why.contains("shutting down") {
        return Fault::new("Asterisk is shutting down");
    }
    Fault::lasting(format!("Asterisk refuses QueueStatus ({why}): is app_queue loaded, may the account use it?"))
}

/// Unix seconds with a fraction.
fn timestamp(value: &[u8]) -> Option<Time> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    Span::from_secs_f64(seconds).map(|span| Time(span.0))
}
