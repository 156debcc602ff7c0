//! The session with a FreeSWITCH: connects, asks for the lists, and then follows the events.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::Settings;
use super::centre::{CallCentre, event_time};
use super::connection::EslConnection;
use super::frame::{EslFrame, EslFrameKind};
use super::headers::{self, EslHeaders};
use crate::clock::{Span, Time};
use crate::net::Fault;
use crate::net::{tcp, tls};
use crate::source::network::cursor_pace::CursorPace;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use crate::text::Label;

/// Shown while the password is sent over a connection that others can read.
const UNENCRYPTED_PASSWORD: &str = "the password travels unencrypted: use tls, or a tunnel to this machine";

/// When FreeSWITCH is asked for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct PollSchedule {
    /// How often FreeSWITCH is asked for its time, which shows that it is alive. Every answer must come within the same
    /// time.
    pub(super) probe_every: Duration,
    /// How often the lists are asked for, where nothing is in doubt.
    pub(super) round_every: Duration,
    /// The shortest time between two rounds of lists.
    pub(super) round_pause: Duration,
}

const POLL_SCHEDULE: PollSchedule = PollSchedule {
    probe_every: Duration::from_secs(10),
    round_every: Duration::from_mins(1),
    round_pause: Duration::from_secs(2),
};
/// Lists that are in doubt are asked for so much later than the last ones, times how long these took: FreeSWITCH locks its
/// call centre meanwhile.
const ROUND_PAUSE_FACTOR: u32 = 9;
/// A change of the clock's difference up to this is ignored.
const CLOCK_TOLERANCE: Span = Span::SECOND;

/// The session with a FreeSWITCH, over all its connections.
pub(in crate::source) struct FreeSwitchSession {
    settings: Settings,
    pub(super) schedule: PollSchedule,
    centre: CallCentre,
    /// How far FreeSWITCH's clock is ahead of ours, as it was last reported.
    clock_ahead: Option<Span>,
    /// FreeSWITCH answers when it is asked for its time. If it doesn't, the events' own times measure the clock.
    answers_time: bool,
    /// When an earlier run of the program wrote the cursor; taken by the first connection.
    seen: Option<Time>,
    cursor_pace: CursorPace,
    /// The remark that was last sent.
    remark: String,
}

impl FreeSwitchSession {
    /// The session that `settings` describe, as the source `name`, going on from `cursor`.
    pub(in crate::source) fn new(settings: Settings, name: Label, cursor: Option<&str>) -> Self {
        let mut centre = CallCentre::new(name, &settings.intent, settings.strip_domain);
        let seen = cursor.and_then(|cursor| centre.restore(cursor));
        Self {
            settings,
            schedule: POLL_SCHEDULE,
            centre,
            clock_ahead: None,
            answers_time: false,
            seen,
            cursor_pace: CursorPace::default(),
            remark: String::new(),
        }
    }

    /// Connect, and report what happens until the connection breaks.
    async fn run_connection(&mut self, reporter: &mut Reporter) -> Result<Infallible, Fault> {
        if let Some(seen) = self.seen.take() {
            reporter.extend_disconnection(seen);
        }
        if self.remark.is_empty() {
            // Before connecting, so that remarks on the settings are shown even if the connection fails.
            self.send_remark(None, reporter).await;
        }
        let password = self.settings.password.read()?;
        let mut connection = EslConnection::open(&self.settings, self.clock_ahead.is_some()).await?;
        let excess_rights = connection.login(self.settings.user.as_deref(), &password).await?;
        drop(password);
        self.send_remark(excess_rights, reporter).await;
        connection.subscribe().await?;
        self.centre.begin_connection();
        self.probe(&mut connection, reporter).await?;
        self.reconcile(&mut connection, reporter).await?;
        self.probe(&mut connection, reporter).await?;
        self.drop_missing(reporter).await;
        reporter.report_gap().await;
        reporter.report_live().await;
        self.follow(&mut connection, reporter).await
    }

    /// Send the remark that the board shows beside the health, where it has changed.
    async fn send_remark(&mut self, excess_rights: Option<String>, reporter: &mut Reporter) {
        let tls = self.settings.tls.as_ref();
        let unchecked = tls.is_some_and(|tls| tls.danger_accept_any_certificate).then_some(tls::UNCHECKED_REMARK);
        let unencrypted = tcp::is_exposed(&self.settings.socket_address(), tls).then_some(UNENCRYPTED_PASSWORD);
        let remarks = unchecked.into_iter().chain(unencrypted).chain(excess_rights.as_deref());
        let remark = remarks.collect::<Vec<_>>().join("; ");
        if self.remark != remark {
            reporter.report_remark(&remark).await;
            self.remark = remark;
        }
    }

    /// Process events as they come, and probe and reconcile on schedule, or reconcile sooner where something is in doubt.
    async fn follow(&mut self, connection: &mut EslConnection, reporter: &mut Reporter) -> Result<Infallible, Fault> {
        let schedule = self.schedule;
        let mut next_probe = Instant::now() + schedule.probe_every;
        let mut next_round = Instant::now() + schedule.round_every;
        let mut earliest_round = Instant::now() + schedule.round_pause;
        loop {
            let now = self.freeswitch_now(reporter);
            let until_ready = self.centre.next_ready.map_or(schedule.probe_every, |ready| {
                Duration::from_micros(u64::try_from(ready.since(now).0).unwrap_or_default())
            });
            tokio::select! {
                () = sleep(until_ready) => self.centre.advance(self.freeswitch_now(reporter)),
                frame = connection.next_frame() => {
                    self.process(&frame?, reporter).await;
                    while let Some(frame) = connection.buffered_frame()? {
                        self.process(&frame, reporter).await;
                    }
                }
                () = sleep_until(next_probe.min(next_round)) => {
                    let began = Instant::now();
                    if began >= next_round {
                        self.reconcile(connection, reporter).await?;
                        let pause = began.elapsed() * ROUND_PAUSE_FACTOR;
                        earliest_round = Instant::now() + schedule.round_pause.max(pause);
                        next_round = Instant::now() + schedule.round_every;
                    }
                    self.probe(connection, reporter).await?;
                    self.drop_missing(reporter).await;
                    next_probe = Instant::now() + schedule.probe_every;
                }
            }
            if std::mem::take(&mut self.centre.is_in_doubt) {
                next_round = next_round.min(earliest_round);
            }
            self.report(reporter).await;
        }
    }

    /// Ask FreeSWITCH for its time: the answer shows that it is alive and how its clock differs.
    async fn probe(&mut self, connection: &mut EslConnection, reporter: &mut Reporter) -> Result<(), Fault> {
        let sent = reporter.now();
        let answer = self.request(connection, reporter, "api strmicroepoch").await?;
        let now = reporter.now();
        let time = headers::number(&answer.body).filter(|micros| *micros > 0).map(Time);
        self.answers_time = time.is_some();
        if let Some(time) = time {
            self.update_clock(time - (sent + Span((now - sent).0 / 2)), reporter).await;
        }
        Ok(())
    }

    /// Ask for all lists, and compare them with what is known.
    async fn reconcile(&mut self, connection: &mut EslConnection, reporter: &mut Reporter) -> Result<(), Fault> {
        self.centre.begin_round();
        let queues = self.request_list(connection, reporter, "api callcenter_config queue list").await?;
        let queues = self.centre.apply_queue_list(&queues, self.freeswitch_now(reporter));
        let agents = self.request_list(connection, reporter, "api callcenter_config agent list").await?;
        self.centre.apply_agent_list(&agents, self.freeswitch_now(reporter));
        let tiers = self.request_list(connection, reporter, "api callcenter_config tier list").await?;
        self.centre.apply_tier_list(&tiers, self.freeswitch_now(reporter));
        for queue in queues {
            let queue = String::from_utf8_lossy(&queue);
            let quote = if queue.contains(' ') { "'" } else { "" };
            let command = format!("api callcenter_config queue list members {quote}{queue}{quote}");
            let members = self.request_list(connection, reporter, &command).await?;
            self.centre.apply_member_list(&members, self.freeswitch_now(reporter));
        }
        self.centre.end_round(self.freeswitch_now(reporter));
        self.report(reporter).await;
        Ok(())
    }

    async fn request_list(
        &mut self,
        connection: &mut EslConnection,
        reporter: &mut Reporter,
        command: &str,
    ) -> Result<Vec<u8>, Fault> {
        let answer = self.request(connection, reporter, command).await?;
        connection.list_body(answer)
    }

    /// Send a command and wait for its answer; events that come first are processed.
    async fn request(
        &mut self,
        connection: &mut EslConnection,
        reporter: &mut Reporter,
        command: &str,
    ) -> Result<EslFrame, Fault> {
        let deadline = Instant::now() + self.schedule.probe_every;
        let late = |connection: &EslConnection| {
            Fault::transient(format!(
                "FreeSWITCH at {} has gone silent: is it, or the way there, well?",
                connection.address()
            ))
        };
        // A command that is cut off by the timeout does no harm, because the connection is closed then.
        match timeout(self.schedule.probe_every, connection.send(&[command])).await {
            Ok(sent) => sent?,
            Err(_) => return Err(late(connection)),
        }
        loop {
            let Ok(frame) = timeout_at(deadline, connection.next_frame()).await else {
                return Err(late(connection));
            };
            let frame = frame?;
            match frame.kind() {
                EslFrameKind::Response | EslFrameKind::Reply => {
                    reporter.record_activity();
                    return Ok(frame);
                }
                _ => self.process(&frame, reporter).await,
            }
        }
    }

    /// Process a frame that is not an answer.
    async fn process(&mut self, frame: &EslFrame, reporter: &mut Reporter) {
        reporter.record_activity();
        if frame.kind() != EslFrameKind::Event {
            return;
        }
        let headers = EslHeaders::new(&frame.body);
        if !self.answers_time
            && let Some(time) = event_time(headers)
        {
            self.update_clock(time - reporter.now(), reporter).await;
        }
        let now = self.freeswitch_now(reporter);
        if let Err(reason) = self.centre.translate(headers, now) {
            let number = headers.number("Event-Sequence").and_then(|number| u64::try_from(number).ok());
            reporter.reject("callcenter::info", number.unwrap_or_default(), reason).await;
        }
    }

    async fn drop_missing(&mut self, reporter: &mut Reporter) {
        self.centre.drop_missing(self.freeswitch_now(reporter));
        self.report(reporter).await;
    }

    /// Report the events since the last call, with the cursor where it is due.
    async fn report(&mut self, reporter: &mut Reporter) {
        let now = reporter.steady();
        let cursor = if self.cursor_pace.is_due(now) { self.centre.take_cursor(reporter.now()) } else { None };
        if let Some(cursor) = &cursor {
            self.cursor_pace.note(cursor, now);
        }
        let events = self.centre.take_events();
        if !events.is_empty() || cursor.is_some() {
            reporter.send_events(events, cursor).await;
        }
    }

    async fn update_clock(&mut self, ahead: Span, reporter: &mut Reporter) {
        if self.clock_ahead.is_none_or(|before| (ahead - before).0.abs() > CLOCK_TOLERANCE.0) {
            self.clock_ahead = Some(ahead);
            reporter.report_clock_offset(ahead).await;
        }
    }

    /// The time by FreeSWITCH's clock.
    fn freeswitch_now(&self, reporter: &Reporter) -> Time {
        reporter.now() + self.clock_ahead.unwrap_or_default()
    }
}

impl Session for FreeSwitchSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        let Err(fault) = self.run_connection(reporter).await;
        self.report(reporter).await;
        fault
    }
}
