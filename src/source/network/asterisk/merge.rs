//! Merges the manager interface and queue_log into one account of the day in which nothing is reported twice.
//!
//! The log knows best how a call ended, and it contains what happened while the connection was down. The steps of calls
//! are therefore taken from the log: a step that the interface reports waits until the log reports it too, and is
//! then dropped. Where the log is behind or missing, the interface's step is reported, and the log's is dropped when
//! it comes.

mod open_calls;
mod steps;

use std::collections::VecDeque;

use super::queue_status::QueueSnapshot;
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, LeftReason, Offer, Step};
use crate::text::Label;
use open_calls::OpenCalls;
use steps::{StepKey, UnmatchedSteps};

/// How long a step of the interface waits for the log.
const LOG_DELAY: Span = Span(3_000_000);
/// The same where the log has just reported something of that time, so that it is being written.
const ACTIVE_LOG_DELAY: Span = Span(10_000_000);
/// How long before a step the log must last have reported something to count as being written.
const ACTIVE_LOG_GAP: Span = Span(2_000_000);
/// How long a step of the log is remembered for the interface to match it.
const LOG_STEP_LIFETIME: Span = Span::MINUTE;
/// The steps that may wait for the log.
const MAX_WAITING: usize = 50_000;

/// The state of queue_log beside the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LogStatus {
    /// No log is configured.
    #[default]
    Unused,
    /// The log reports what happens as it happens.
    Current,
    /// The log reports it later than the interface.
    Behind,
    /// The log cannot be read.
    Absent,
}

/// Merges the two accounts.
#[derive(Debug, Default)]
pub(super) struct LogMerger {
    pub(super) log: LogStatus,
    /// The newest time in the log.
    newest: Time,
    /// Steps of the interface that wait for the log, since when.
    waiting: VecDeque<(Time, StepKey, Event)>,
    /// Steps reported from the log that the interface has not reported yet.
    from_log: UnmatchedSteps,
    /// Steps reported from the interface that the log has not reported yet.
    from_interface: UnmatchedSteps,
    open: OpenCalls,
}

impl LogMerger {
    /// Whether an event of the log is to be reported. `now` is by the clock that stamps the log.
    pub(super) fn accept_from_log(&mut self, event: &Event, now: Time) -> bool {
        self.newest = self.newest.max(event.at);
        if self.log == LogStatus::Behind && self.newest + LOG_DELAY >= now {
            self.log = LogStatus::Current;
        }
        let Some(key) = StepKey::of(event) else {
            self.open.apply(event);
            return true;
        };
        if self.from_interface.remove(&key) {
            // The interface cannot tell a caller who hung up from one who was sent away, but the log can.
            let EventKind::Contact { step: Step::Left { reason, .. }, .. } = &event.kind else { return false };
            return *reason != LeftReason::Key;
        }
        if let Some(place) = self.waiting.iter().position(|(_, other, _)| *other == key) {
            self.waiting.remove(place);
        } else if event.at + LOG_STEP_LIFETIME >= now {
            self.from_log.add(key, now);
        }
        self.open.apply(event);
        true
    }

    /// The event to report at once for an event of the interface, if any.
    pub(super) fn accept_from_interface(&mut self, mut event: Event, now: Time) -> Option<Event> {
        if self.log == LogStatus::Unused {
            return Some(event);
        }
        if let EventKind::Contact { .. } = event.kind {
            // The log counts whole seconds. Without this a step could seem to come after a later one of the log.
            event.at = Time(event.at.0 - event.at.0.rem_euclid(Span::SECOND.0));
        }
        if let EventKind::Contact { step: Step::Lost, .. } = event.kind {
            // `reconcile` finds lost calls by what was reported from both accounts.
            return None;
        }
        let Some(key) = StepKey::of(&event) else {
            self.open.apply(&event);
            return Some(event);
        };
        if self.from_log.remove(&key) || (key.is_offer() && self.open.is_waiting(&key)) {
            return intent_of_offer(&event);
        }
        let waits_for_log = self.log == LogStatus::Current || key.is_user_event();
        if waits_for_log && self.waiting.len() < MAX_WAITING {
            let intent = intent_of_offer(&event);
            self.waiting.push_back((now, key, event));
            return intent;
        }
        Some(self.report(key, event, now))
    }

    /// Advance the time to `now`: steps that have waited long enough are reported without the log, or dropped.
    pub(super) fn advance(&mut self, now: Time, out: &mut Vec<Event>) {
        self.from_log.expire(now - LOG_STEP_LIFETIME);
        let mut still_waiting = VecDeque::new();
        for (since, key, event) in std::mem::take(&mut self.waiting) {
            let waited = now.since(since);
            let is_user_event = key.is_user_event();
            // The log is past that moment, so it has reported all it will.
            let is_past = self.newest >= since + Span::SECOND;
            let delay = if self.newest + ACTIVE_LOG_GAP >= since { ACTIVE_LOG_DELAY } else { LOG_DELAY };
            if is_user_event && waited >= LOG_DELAY {
                out.push(self.report(key, event, now));
            } else if !is_user_event && waited >= LOG_DELAY && is_past && self.log == LogStatus::Current {
                tracing::debug!(?key, "queue_log does not contain a step of the manager interface");
            } else if !is_user_event && (self.log != LogStatus::Current || waited >= delay) {
                if self.log == LogStatus::Current {
                    self.log = LogStatus::Behind;
                }
                out.push(self.report(key, event, now));
            } else {
                still_waiting.push_back((since, key, event));
            }
        }
        self.waiting = still_waiting;
    }

    /// Whether [`LogMerger::advance`] has anything to decide.
    pub(super) fn is_undecided(&self) -> bool {
        !self.waiting.is_empty() || !self.from_log.is_empty()
    }

    /// Compare the open calls with a `QueueStatus` reply, and report those that are lost.
    pub(super) fn reconcile(
        &mut self,
        snapshot: &QueueSnapshot,
        may_be_talking: impl Fn(&Label, &Label) -> Option<bool>,
        (origin, now): (&Label, Time),
        out: &mut Vec<Event>,
    ) {
        for (contact, queue) in self.open.remove_lost(snapshot, may_be_talking, now) {
            let kind = EventKind::Contact { contact, queue: Some(queue), step: Step::Lost };
            out.push(Event { at: now, origin: origin.clone(), id: None, kind });
        }
    }

    /// Report a step of the interface before the log does.
    fn report(&mut self, key: StepKey, event: Event, now: Time) -> Event {
        self.from_interface.add(key, now);
        self.open.apply(&event);
        event
    }
}

/// The intent of a caller who joins, which the log does not know, as an event of its own.
fn intent_of_offer(event: &Event) -> Option<Event> {
    let EventKind::Contact { contact, queue, step: Step::Offered(Offer { intent: Some(intent), .. }) } = &event.kind
    else {
        return None;
    };
    let step = Step::Classified { intent: intent.clone() };
    let kind = EventKind::Contact { contact: contact.clone(), queue: queue.clone(), step };
    Some(Event { at: event.at, origin: event.origin.clone(), id: None, kind })
}
