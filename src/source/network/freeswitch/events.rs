//! Collects the events that a session is about to report.

use crate::clock::Time;
use crate::event::{Event, EventKind};
use crate::text::Label;

/// Events of one origin that have not been reported yet.
#[derive(Debug)]
pub(super) struct EventBuffer {
    origin: Label,
    events: Vec<Event>,
}

impl EventBuffer {
    pub(super) const fn new(origin: Label) -> Self {
        Self { origin, events: Vec::new() }
    }

    pub(super) fn push(&mut self, at: Time, id: Option<Label>, kind: EventKind) {
        self.events.push(Event { at, origin: self.origin.clone(), id, kind });
    }

    /// The events since the last call.
    pub(super) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}
