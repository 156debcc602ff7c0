//! The session with an Asterisk: what is kept from one connection to the next, and how events reach the floor.

mod exchange;
mod log_follower;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::calls::QueueCall;
use super::member_names::MemberNames;
use super::merge::{LogMerger, LogStatus};
use super::remarks::Remarks;
use super::translate::AmiTranslator;
use crate::clock::{Clock, Span, Time};
use crate::event::Event;
use crate::net::Fault;
use crate::source::network::cursor_pace::CursorPace;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use crate::source::{SpawnError, settings};
use crate::text::Label;
use log_follower::{HeldStates, LogFollower};

/// The open calls that are stored in the cursor.
const MAX_SAVED_CALLS: usize = 5000;
/// After a restart of the program, a log may go on with so many lines that say nothing, as when a name breaks a line.
const MAX_STRAY_LINES: u32 = 20;
/// The agents that are stored in it, and the names of members.
const MAX_SAVED_AGENTS: usize = 2000;

/// The cursor in the journal, from which a later run of the program goes on.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct AsteriskCursor {
    /// When Asterisk was last heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Time>,
    /// The cursor of queue_log.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// The calls in queues with their contacts, where no queue_log is configured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<(Label, QueueCall)>,
    /// The agents who were there, so that those who leave meanwhile are missed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agents: Vec<Label>,
    /// Who is behind an interface that queue_log may name.
    #[serde(skip_serializing_if = "MemberNames::is_empty")]
    names: MemberNames,
}

/// The session with an Asterisk.
pub(in crate::source) struct AsteriskSession {
    settings: Settings,
    translator: AmiTranslator,
    merger: LogMerger,
    follower: Option<LogFollower>,
    log_cursor: Option<String>,
    /// States in the log, until it is known which members its interfaces are.
    held: HeldStates,
    /// Whether the log has been read to its end, or cannot be read.
    log_is_known: bool,
    /// How many lines of the log may still be rejected until it is taken for another file, which it is at 0; `None` once a
    /// line gave an event.
    log_strays_left: Option<u32>,
    /// When an earlier run of the program last heard Asterisk; taken by the first connection.
    seen: Option<Time>,
    cursor_pace: CursorPace,
    /// Events are stamped by Asterisk's clock rather than ours: beside a log, which is stamped by it, and where the
    /// reporter corrects the difference.
    uses_asterisk_clock: bool,
    /// How far Asterisk's clock is ahead of ours; `None` before it was measured.
    clock_ahead: Option<Span>,
    remarks: Remarks,
}

impl AsteriskSession {
    /// The session that `own` describes, going on from `cursor`. `settings` are those of the source as a whole.
    ///
    /// # Errors
    /// Where the thread that follows queue_log cannot be started.
    pub(in crate::source) fn new(
        settings: &settings::Settings,
        own: &Settings,
        clock: &Clock,
        cursor: Option<&str>,
    ) -> Result<Self, SpawnError> {
        let cursor: AsteriskCursor = cursor.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let mut translator = AmiTranslator::new(settings.name(), own.site(), own.intent.clone());
        translator.members.restore(cursor.agents);
        translator.names = cursor.names;
        let mut merger = LogMerger::default();
        let mut follower = None;
        if let Some(path) = &own.queue_log {
            merger.log = LogStatus::Absent;
            follower = Some(LogFollower::start(settings, path, own, clock.clone(), cursor.log.as_deref())?);
        } else {
            translator.calls.restore(cursor.calls);
        }
        Ok(Self {
            uses_asterisk_clock: follower.is_some() || settings.correct_clock,
            settings: own.clone(),
            translator,
            merger,
            follower,
            log_strays_left: Some(if cursor.log.is_some() { MAX_STRAY_LINES } else { 1 }),
            log_cursor: cursor.log,
            held: HeldStates::default(),
            log_is_known: false,
            seen: cursor.seen,
            cursor_pace: CursorPace::default(),
            clock_ahead: None,
            remarks: Remarks::default(),
        })
    }

    /// The time that stamps events.
    fn now(&self, reporter: &Reporter) -> Time {
        let ahead = self.clock_ahead.filter(|_| self.uses_asterisk_clock).unwrap_or(Span::ZERO);
        reporter.now() + ahead
    }

    fn cursor(&self, reporter: &Reporter) -> Option<String> {
        let calls = if self.follower.is_some() { Vec::new() } else { self.translator.calls.to_saved(MAX_SAVED_CALLS) };
        let (seen, log) = (Some(reporter.now()), self.log_cursor.clone());
        let agents = self.translator.members.to_saved(MAX_SAVED_AGENTS);
        let names = if self.follower.is_some() { MAX_SAVED_AGENTS } else { 0 };
        let names = self.translator.names.to_saved(names);
        serde_json::to_string(&AsteriskCursor { seen, log, calls, agents, names }).ok()
    }

    /// Report what the manager interface says, as far as queue_log doesn't.
    async fn report_from_interface(&mut self, events: Vec<Event>, reporter: &mut Reporter) {
        if events.is_empty() {
            return;
        }
        let now = self.now(reporter);
        let accept = |event| self.merger.accept_from_interface(event, now);
        let events: Vec<Event> = events.into_iter().filter_map(accept).collect();
        self.report(events, reporter).await;
    }

    /// Report events, with the cursor where it is due.
    async fn report(&mut self, events: Vec<Event>, reporter: &mut Reporter) {
        if events.is_empty() {
            return;
        }
        let now = reporter.steady();
        let is_due = self.follower.is_none() && self.cursor_pace.is_due(now);
        let cursor = if is_due { self.cursor(reporter) } else { None };
        if let Some(cursor) = &cursor {
            self.cursor_pace.note(cursor, now);
        }
        reporter.send_events(events, cursor).await;
    }

    /// Advance the time: report what no packet and no line of the log will say.
    async fn advance(&mut self, reporter: &mut Reporter) {
        let now = self.now(reporter);
        let mut events = Vec::new();
        self.translator.advance(now, &mut events);
        self.report_from_interface(events, reporter).await;
        let mut events = Vec::new();
        if self.merger.is_undecided() {
            self.merger.advance(now, &mut events);
        }
        self.report(events, reporter).await;
        if self.merger.log == LogStatus::Behind && self.remarks.log.is_none() {
            let path = self.settings.queue_log.as_deref().unwrap_or_else(|| Path::new("queue_log"));
            self.remarks.log =
                Some(format!("{} is behind; calls are counted by the manager interface meanwhile", path.display()));
        } else if self.merger.log == LogStatus::Current {
            self.remarks.log = None;
        }
        self.remarks.send(&self.settings, reporter).await;
    }
}

impl Session for AsteriskSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        // Before connecting, so that remarks on the settings are shown even if the connection fails.
        self.remarks.send(&self.settings, reporter).await;
        let Err(fault) = self.run_connection(reporter).await;
        // Who is behind the interfaces in the log is not to be learned now.
        self.release_states(reporter).await;
        fault
    }
}
