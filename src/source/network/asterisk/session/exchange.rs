//! One connection, from the login until it breaks: the actions that floorwatch sends, and how it handles the responses
//! and the events in between.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::super::connection::{AmiConnection, explain_refused_status};
use super::super::merge::LogStatus;
use super::super::packet::AmiPacket;
use super::super::queue_status::{Collected, QueueSnapshot, QueueStatusCollector, number};
use super::super::{Settings, remarks};
use super::{AsteriskSession, log_follower};
use crate::clock::{Span, Time};
use crate::event::Event;
use crate::net::Fault;
use crate::source::network::reporter::Reporter;
use crate::text::Label;

/// How often the time is advanced for what no event decides.
const TICK_INTERVAL: Duration = Duration::from_millis(200);
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// The connection is dead when a ping is overdue and this many ticks in a row brought no packet. While the floor is
/// busy, the answer may have arrived and not been read yet.
const MAX_IDLE_TICKS: u32 = 5;
/// How often all queues are asked for. Asking more often has overloaded large systems.
const QUEUE_STATUS_INTERVAL: Duration = Duration::from_mins(1);
const QUEUE_STATUS_TIMEOUT: Duration = Duration::from_secs(30);
/// How soon all queues are asked for again after a refusal. The wait doubles with each further one.
const QUEUE_STATUS_RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// So many refusals at the beginning of a connection are no passing ones: the account may not ask, or there are no queues.
const MAX_FIRST_REFUSALS: u32 = 5;
/// A change of the clock's difference up to this is ignored.
const CLOCK_TOLERANCE: Span = Span::SECOND;

struct PendingPing {
    action_id: String,
    sent: Instant,
    /// The same by the clock that can be set.
    sent_at: Time,
}

/// A connection that has logged in, and the actions it waits for.
struct Exchange {
    connection: AmiConnection,
    ping: Option<PendingPing>,
    next_ping: Instant,
    list_commands_id: String,
    /// The reply that is being collected, and since when.
    queue_status: Option<(QueueStatusCollector, Instant)>,
    next_queue_status: Instant,
    /// How often in a row it was refused.
    refusals: u32,
    /// Asterisk has said that it is up, which it says to who may read `system`.
    is_told_of_start: bool,
    /// The first reply to `QueueStatus` has come: the board shows the truth.
    is_live: bool,
    is_shutting_down: bool,
    /// How many ticks there have been since the last packet.
    idle_ticks: u32,
    /// How many packets have come, which numbers them in rejections.
    packets: u64,
    /// Since when Asterisk had not been heard when the connection began.
    away: Option<Time>,
}

impl Exchange {
    /// Connect, log in and ask for what the board needs first. Packets that arrive meanwhile are appended to `early`.
    async fn open(settings: &Settings, early: &mut Vec<AmiPacket>, reporter: &Reporter) -> Result<Self, Fault> {
        let heard_before = reporter.disconnected_since().map(|since| reporter.now().since(since));
        let mut connection = AmiConnection::open(settings, heard_before).await?;
        connection.log_in(settings, early).await?;
        let now = Instant::now();
        let ping =
            PendingPing { action_id: connection.send_action("Ping", &[]).await?, sent: now, sent_at: reporter.now() };
        let list_commands_id = connection.send_action("ListCommands", &[]).await?;
        let queue_status = QueueStatusCollector::new(connection.send_action("QueueStatus", &[]).await?);
        Ok(Self {
            connection,
            ping: Some(ping),
            next_ping: now + PING_INTERVAL,
            list_commands_id,
            queue_status: Some((queue_status, now)),
            next_queue_status: now + QUEUE_STATUS_INTERVAL,
            refusals: 0,
            is_told_of_start: false,
            is_live: false,
            is_shutting_down: false,
            idle_ticks: 0,
            packets: 0,
            away: reporter.disconnected_since(),
        })
    }

    /// Fail where an answer is overdue, and send the actions that are due.
    async fn tick(&mut self, settings: &Settings, reporter: &Reporter) -> Result<(), Fault> {
        let now = Instant::now();
        self.idle_ticks += 1;
        let is_overdue = |sent: Instant, limit: Duration| now.duration_since(sent) > limit;
        let ping_is_overdue = self.ping.as_ref().is_some_and(|ping| is_overdue(ping.sent, PING_TIMEOUT));
        if ping_is_overdue && self.idle_ticks > MAX_IDLE_TICKS {
            return Err(Fault::transient(format!(
                "no sign of life from {} for {} s: the connection is dead",
                settings.address,
                PING_TIMEOUT.as_secs()
            )));
        }
        if self.queue_status.as_ref().is_some_and(|(_, sent)| is_overdue(*sent, QUEUE_STATUS_TIMEOUT)) {
            return Err(Fault::transient(format!(
                "{} does not answer QueueStatus within {} s",
                settings.address,
                QUEUE_STATUS_TIMEOUT.as_secs()
            )));
        }
        if self.ping.is_none() && now >= self.next_ping {
            let action_id = self.connection.send_action("Ping", &[]).await?;
            self.ping = Some(PendingPing { action_id, sent: now, sent_at: reporter.now() });
            self.next_ping = now + PING_INTERVAL;
        }
        if self.queue_status.is_none() && now >= self.next_queue_status {
            let action_id = self.connection.send_action("QueueStatus", &[]).await?;
            self.queue_status = Some((QueueStatusCollector::new(action_id), now));
            self.next_queue_status = now + QUEUE_STATUS_INTERVAL;
        }
        Ok(())
    }
}

impl AsteriskSession {
    /// Connect, and report what happens until the connection breaks.
    pub(super) async fn run_connection(&mut self, reporter: &mut Reporter) -> Result<Infallible, Fault> {
        if let Some(seen) = self.seen.take() {
            reporter.extend_disconnection(seen);
        }
        self.catch_up_with_log(reporter).await;
        self.remarks.send(&self.settings, reporter).await;
        let mut packets = Vec::new();
        let mut exchange = Exchange::open(&self.settings, &mut packets, reporter).await?;
        self.translator.hears_queues = false;
        self.process(&mut packets, &mut exchange, reporter).await?;
        let mut tick = interval(TICK_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                read = exchange.connection.read(&mut packets) => {
                    if !packets.is_empty() {
                        exchange.idle_ticks = 0;
                    }
                    if let Err(fault) = read {
                        let restarts = exchange.is_shutting_down;
                        return Err(if restarts { Fault::transient("Asterisk was shut down or restarted") } else { fault });
                    }
                    self.process(&mut packets, &mut exchange, reporter).await?;
                }
                message = log_follower::next_message(&mut self.follower) => {
                    self.process_log(message, reporter, exchange.is_live).await;
                }
                _ = tick.tick() => {
                    self.advance(reporter).await;
                    exchange.tick(&self.settings, reporter).await?;
                }
            }
        }
    }

    /// Handle the packets that have arrived.
    async fn process(
        &mut self,
        packets: &mut Vec<AmiPacket>,
        exchange: &mut Exchange,
        reporter: &mut Reporter,
    ) -> Result<(), Fault> {
        self.advance(reporter).await;
        if let Some(follower) = &self.follower {
            // Asterisk writes what happens to the log as well.
            follower.wake();
        }
        let mut events = Vec::new();
        for packet in packets.drain(..) {
            exchange.packets += 1;
            reporter.record_activity();
            if let Some((collector, _)) = &mut exchange.queue_status {
                match collector.collect(&packet) {
                    Collected::Unrelated => {}
                    Collected::Partial => continue,
                    Collected::Refused(message) => {
                        self.ask_again(&message, exchange, reporter).await?;
                        continue;
                    }
                    Collected::Complete(snapshot) => {
                        exchange.queue_status = None;
                        self.reconcile(&snapshot, exchange, reporter, &mut events).await;
                        continue;
                    }
                }
            }
            if packet.is("Response") {
                self.process_response(&packet, exchange, reporter).await;
            } else if packet.is("Event") {
                self.process_event(&packet, exchange, reporter, &mut events).await;
            }
        }
        self.report_from_interface(events, reporter).await;
        Ok(())
    }

    async fn process_event(
        &mut self,
        packet: &AmiPacket,
        exchange: &mut Exchange,
        reporter: &mut Reporter,
        events: &mut Vec<Event>,
    ) {
        match packet.first("Event").unwrap_or_default() {
            b"Shutdown" => exchange.is_shutting_down = true,
            b"FullyBooted" => {
                exchange.is_told_of_start = true;
                self.remarks.misses_system_events = false;
                // An Asterisk that started after it was last heard has lost all calls. queue_log says so itself.
                // `Uptime` is cut to whole seconds, which makes the start look later than it was.
                let Some(up) = number(packet.last("Uptime")).map(|up| Span::seconds(up + 1)) else { return };
                let has_restarted = exchange.away.is_some_and(|away| reporter.now() - up > away);
                if has_restarted && self.counts_without_log() {
                    self.translator.restart(self.now(reporter) - up, events);
                }
            }
            _ => {
                if let Err(reason) = self.translator.translate(packet, self.now(reporter), events) {
                    reporter.reject("manager interface", exchange.packets, reason).await;
                }
            }
        }
    }

    async fn process_response(&mut self, packet: &AmiPacket, exchange: &mut Exchange, reporter: &mut Reporter) {
        let id = packet.last("ActionID").unwrap_or_default();
        if id == exchange.list_commands_id.as_bytes() {
            self.remarks.rights = remarks::excess_rights(packet);
            self.remarks.send(&self.settings, reporter).await;
        } else if let Some(ping) = exchange.ping.take_if(|ping| id == ping.action_id.as_bytes()) {
            let Some(time) = packet.last("Timestamp").and_then(timestamp) else { return };
            let round_trip = reporter.now().since(ping.sent_at);
            let ahead = time - (ping.sent_at + Span(round_trip.0 / 2));
            // A slow answer measures the clock too inaccurately.
            if round_trip > CLOCK_TOLERANCE && self.clock_ahead.is_some() {
                return;
            }
            if self.clock_ahead.is_none_or(|before| (ahead - before).0.abs() > CLOCK_TOLERANCE.0) {
                self.clock_ahead = Some(ahead);
                reporter.report_clock_offset(ahead).await;
            }
        }
    }

    /// Ask for all queues again in a while. Meanwhile the events go on, so that a refusal ends no connection that is live.
    async fn ask_again(
        &mut self,
        message: &str,
        exchange: &mut Exchange,
        reporter: &mut Reporter,
    ) -> Result<(), Fault> {
        let reason = explain_refused_status(message);
        exchange.queue_status = None;
        exchange.refusals += 1;
        if !exchange.is_live && exchange.refusals >= MAX_FIRST_REFUSALS {
            return Err(Fault::needs_change(reason));
        }
        let wait = QUEUE_STATUS_RETRY_INTERVAL * (1 << (exchange.refusals - 1).min(10));
        exchange.next_queue_status = Instant::now() + wait.min(QUEUE_STATUS_INTERVAL);
        if exchange.is_live {
            self.remarks.refused = Some(reason);
            self.remarks.send(&self.settings, reporter).await;
        } else {
            reporter.report_stale(&reason).await;
        }
        Ok(())
    }

    /// Compare what was reported with all queues as they are now.
    async fn reconcile(
        &mut self,
        snapshot: &QueueSnapshot,
        exchange: &mut Exchange,
        reporter: &mut Reporter,
        events: &mut Vec<Event>,
    ) {
        let now = self.now(reporter);
        let is_first = !exchange.is_live;
        let origin = reporter.name().clone();
        if is_first && self.counts_without_log() {
            reporter.report_gap().await;
        }
        self.translator.names.learn(&snapshot.members, now);
        self.release_states(reporter).await;
        let unknown_calls = self.translator.reconcile(snapshot, now, is_first, events);
        self.report_from_interface(std::mem::take(events), reporter).await;
        if self.merger.log != LogStatus::Unused {
            let members = &self.translator.members;
            let may_be_talking = |queue: &Label, agent: &Label| members.may_be_talking(queue, agent);
            let mut lost = Vec::new();
            self.merger.reconcile(snapshot, may_be_talking, (&origin, now), &mut lost);
            self.report(lost, reporter).await;
        }
        self.remarks.update_call_counts(&snapshot.call_counts, now);
        self.remarks.refused = None;
        exchange.refusals = 0;
        self.remarks.misses_system_events = !exchange.is_told_of_start && exchange.connection.announces_start();
        if is_first {
            exchange.is_live = true;
            reporter.report_live().await;
        } else {
            self.remarks.misses_queue_events |= unknown_calls > 0;
            self.remarks.misses_queue_events &= !self.translator.hears_queues;
        }
        self.remarks.send(&self.settings, reporter).await;
        let cursor = self.cursor(reporter);
        reporter.send_events(Vec::new(), cursor).await;
    }

    /// Whether calls are counted by the manager interface alone, so that a gap in the connection is a gap in the day.
    const fn counts_without_log(&self) -> bool {
        matches!(self.merger.log, LogStatus::Unused | LogStatus::Absent)
    }
}

/// Unix seconds with a fraction.
fn timestamp(value: &[u8]) -> Option<Time> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    Span::from_secs_f64(seconds).map(|span| Time(span.0))
}
