//! A table's rows tell whole lives; here their events are put in the order in which they happened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, Step};

/// Holds events back until nothing earlier can come.
#[derive(Debug)]
pub(super) struct ReorderBuffer {
    held: BinaryHeap<Reverse<HeldEvent>>,
    /// How far behind an earlier row a row may be.
    slack: Span,
    /// The latest row's time.
    newest: Time,
    count: u64,
}

#[derive(Debug)]
struct HeldEvent {
    at: Time,
    count: u64,
    event: Event,
}

impl PartialEq for HeldEvent {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.count) == (other.at, other.count)
    }
}

impl Eq for HeldEvent {}

impl PartialOrd for HeldEvent {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeldEvent {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.count).cmp(&(other.at, other.count))
    }
}

impl ReorderBuffer {
    pub(super) const fn new(slack: Span) -> Self {
        Self { held: BinaryHeap::new(), slack, newest: Time(i64::MIN), count: 0 }
    }

    pub(super) fn push(&mut self, event: Event) {
        if is_beginning(&event) {
            self.newest = self.newest.max(event.at);
        }
        self.count += 1;
        self.held.push(Reverse(HeldEvent { at: event.at, count: self.count, event }));
    }

    /// The next event, where nothing earlier can come any more; at the `end` nothing can.
    pub(super) fn pop(&mut self, end: bool) -> Option<Event> {
        let due = self.newest - self.slack;
        if !end && self.held.peek().is_none_or(|Reverse(held)| held.at >= due) {
            return None;
        }
        self.held.pop().map(|Reverse(held)| held.event)
    }
}

/// Whether it is the first event of a row.
pub(super) const fn is_beginning(event: &Event) -> bool {
    matches!(event.kind, EventKind::Contact { step: Step::Offered(_), .. })
}
