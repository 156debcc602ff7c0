//! Sorts the events of a table by time: each row gives all events of one contact at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, Step};

/// Holds events until no earlier one can follow.
#[derive(Debug)]
pub(super) struct ReorderBuffer {
    held: BinaryHeap<Reverse<HeldEvent>>,
    /// By how much a row can be earlier than a row before it.
    slack: Span,
    /// The latest time of a row so far.
    newest: Time,
    order: u64,
    max_held: usize,
}

/// More events would have to be held than may be.
#[derive(Debug)]
pub(super) struct BufferFull;

#[derive(Debug)]
struct HeldEvent {
    at: Time,
    order: u64,
    event: Event,
}

impl PartialEq for HeldEvent {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
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
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl ReorderBuffer {
    pub(super) const fn new(slack: Span, max_held: usize) -> Self {
        Self { held: BinaryHeap::new(), slack, newest: Time(i64::MIN), order: 0, max_held }
    }

    pub(super) fn push(&mut self, event: Event) -> Result<(), BufferFull> {
        if self.held.len() >= self.max_held {
            return Err(BufferFull);
        }
        if is_beginning(&event) {
            self.newest = self.newest.max(event.at);
        }
        self.order += 1;
        self.held.push(Reverse(HeldEvent { at: event.at, order: self.order, event }));
        Ok(())
    }

    /// The earliest event if no earlier one can follow; at the `end` of the table none can.
    pub(super) fn pop(&mut self, end: bool) -> Option<Event> {
        let horizon = self.newest - self.slack;
        if !end && self.held.peek().is_none_or(|Reverse(held)| held.at >= horizon) {
            return None;
        }
        self.held.pop().map(|Reverse(held)| held.event)
    }
}

/// Whether the event is the first of a row.
pub(super) const fn is_beginning(event: &Event) -> bool {
    matches!(event.kind, EventKind::Contact { step: Step::Offered(_), .. } | EventKind::Observed { .. })
}
