//! What a session reports to the floor: events, rejected input, health, gaps and the offset of the source's clock.

use super::shared_reporter::SharedReporter;
use crate::board::Health;
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind};
use crate::source::{Message, Rejection, RejectionReason};
use crate::text::{Label, Text};

/// The largest number of events in one message.
const MAX_EVENTS_PER_MESSAGE: usize = 1000;

/// Reports to the floor for one source, across all its sessions.
pub(crate) struct Reporter {
    shared: SharedReporter,
    /// The last health that was reported, with its reason and the time of the next attempt.
    last_health: Option<(Health, Text, Option<Time>)>,
    /// How a live source learns of changes, where there are several ways; shown beside its health.
    manner: Text,
    /// Since when the session is live, by the steady clock.
    live_since: Option<Time>,
    /// The last sign of life, in this session or an earlier one.
    last_activity: Option<Time>,
    /// Since when nothing was received. What happened since then is either fetched by the session or a gap.
    disconnected_since: Option<Time>,
    /// How far the source's clock is ahead of ours.
    ahead: Span,
}

impl Reporter {
    pub(super) fn new(shared: SharedReporter) -> Self {
        Self {
            shared,
            last_health: None,
            manner: Text::default(),
            live_since: None,
            last_activity: None,
            disconnected_since: None,
            ahead: Span::ZERO,
        }
    }

    /// The source's name: the origin of its events, unless they name another.
    pub(crate) const fn name(&self) -> &Label {
        self.shared.name()
    }

    pub(crate) fn now(&self) -> Time {
        self.shared.now()
    }

    /// The steady clock, for measuring lengths of time.
    pub(crate) fn steady(&self) -> Time {
        self.shared.steady()
    }

    /// Correct the times of events by the offset of the source's clock, whether that is configured or not: for a source that
    /// tells what stands now, which would be shown late by that much.
    pub(crate) const fn correct_clock(&mut self) {
        self.shared.correct_clock();
    }

    /// The time by the source's clock, as far as its offset is known.
    pub(crate) fn source_now(&self) -> Time {
        self.now() + self.ahead
    }

    /// Note a sign of life of the source.
    pub(crate) fn record_activity(&mut self) {
        self.last_activity = Some(self.now());
    }

    /// Since when nothing was received, until [`Reporter::report_live`]; `None` before the first session was live.
    pub(crate) const fn disconnected_since(&self) -> Option<Time> {
        self.disconnected_since
    }

    /// Extend the disconnected time back to `since`. A session that knows from its cursor when the previous run of the
    /// program ended calls this before it is live.
    pub(crate) fn extend_disconnection(&mut self, since: Time) {
        self.disconnected_since = Some(self.disconnected_since.map_or(since, |known| known.min(since)));
    }

    /// Send `events` to the floor, waiting while it is busy; nothing is dropped. The journal stores `cursor` together
    /// with the last of them.
    pub(crate) async fn send_events(&mut self, mut events: Vec<Event>, cursor: Option<String>) {
        self.record_activity();
        self.shared.normalize(&mut events, self.ahead);
        let source = self.shared.index();
        while events.len() > MAX_EVENTS_PER_MESSAGE {
            let rest = events.split_off(MAX_EVENTS_PER_MESSAGE);
            self.send(Message::Events { source, events, cursor: None, receipt: None }).await;
            events = rest;
        }
        if !events.is_empty() || cursor.is_some() {
            self.send(Message::Events { source, events, cursor, receipt: None }).await;
        }
    }

    /// A reporter for tasks that run concurrently with the session.
    pub(crate) fn shared(&self) -> SharedReporter {
        self.shared.clone()
    }

    /// Report an input that was set aside; `line` is its number within `place`, from 1.
    pub(crate) async fn reject(&mut self, place: &str, line: u64, reason: impl Into<RejectionReason>) {
        let rejection = Rejection { place: Label::new(place), line, reason: reason.into() };
        self.send(Message::Rejected { source: self.shared.index(), rejection }).await;
    }

    /// Report that the board now shows the current state of the source.
    pub(crate) async fn report_live(&mut self) {
        self.note_live();
        self.report_health(Health::Live, self.manner.clone(), None).await;
    }

    fn note_live(&mut self) {
        self.record_activity();
        self.disconnected_since = None;
        self.live_since.get_or_insert(self.shared.steady());
    }

    /// Set how the source learns of changes, for the reports that it is live.
    pub(crate) fn set_manner(&mut self, manner: &str) {
        self.manner = Text::new(manner);
    }

    /// Report that the source answers, but with old data.
    pub(crate) async fn report_stale(&mut self, reason: &str) {
        self.report_health(Health::Stale, Text::new(reason), None).await;
    }

    /// Report that a part of what is asked of the source fails, and that the rest is current.
    pub(crate) async fn report_degraded(&mut self, reason: &str) {
        self.note_live();
        self.report_health(Health::Degraded, Text::new(reason), None).await;
    }

    /// Report a gap: what happened between the last sign of life and now can't be fetched, and trends show a hole.
    pub(crate) async fn report_gap(&mut self) {
        let Some(since) = self.disconnected_since.take() else { return };
        let (at, origin) = (self.now(), self.name().clone());
        self.send_events(vec![Event { at, origin, id: None, kind: EventKind::Missed { since } }], None).await;
    }

    /// Report how far the source's clock is ahead of ours (behind, when negative).
    pub(crate) async fn report_clock_offset(&mut self, ahead: Span) {
        self.ahead = ahead;
        self.send(Message::Clock { source: self.shared.index(), ahead }).await;
    }

    /// Report something that the owner should know and that is not an error: excess rights, a certificate that isn't
    /// checked.
    pub(crate) async fn report_remark(&mut self, remark: &str) {
        self.send(Message::Remark { source: self.shared.index(), remark: Text::new(remark) }).await;
    }

    /// Report the health of the source, if it changed.
    pub(super) async fn report_health(&mut self, health: Health, reason: Text, next_try: Option<Time>) {
        let current = (health, reason, next_try);
        if self.last_health.as_ref() == Some(&current) {
            return;
        }
        self.last_health = Some(current.clone());
        let (health, reason, next_try) = current;
        let message = Message::Health { source: self.shared.index(), health, reason, at: self.now(), next_try };
        self.send(message).await;
    }

    /// Note that a session has ended. Returns how long it was live, or `None` if it never was.
    pub(super) fn end_session(&mut self) -> Option<Span> {
        let lasted = self.live_since.take().map(|since| self.steady().since(since));
        if lasted.is_some() {
            self.disconnected_since = self.last_activity;
        }
        lasted
    }

    async fn send(&mut self, message: Message) {
        if self.shared.send(message).await.is_none() {
            // The source is being stopped; the session is dropped at this point.
            std::future::pending::<()>().await;
        }
    }
}
