//! The event queue of the simulation: the actions still to come, in the order of their times.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::agents::{AgentId, AgentPause};
use super::arrivals::ArrivalStream;
use super::contacts::RepeatAttempt;
use super::shifts::Shift;
use super::world::QueueId;
use crate::clock::{Span, Time};
use crate::event::Step;
use crate::text::Label;

/// Something that will happen. Several actions can compete to end the same wait, and scheduled actions are never
/// cancelled: each carries the contact's `generation` and is ignored when the contact has moved on since.
pub(super) enum SimAction {
    /// The next contact of a stream arrives.
    Arrives(ArrivalStream),
    /// A customer gets in touch again.
    Returns(Box<RepeatAttempt>),
    /// The customer stops waiting.
    LosesPatience {
        contact: u32,
        generation: u32,
    },
    /// The agent who is being rung answers.
    Answers {
        contact: u32,
        generation: u32,
    },
    /// The agent who is being rung does not answer.
    RingsOut {
        contact: u32,
        generation: u32,
    },
    /// The agent puts the customer on hold.
    Holds {
        contact: u32,
    },
    /// The agent takes the customer off hold.
    Resumes {
        contact: u32,
    },
    /// The agent sends the first reply.
    Responds {
        contact: u32,
    },
    /// The conversation ends.
    Ends {
        contact: u32,
    },
    /// After-contact work ends.
    Wraps(Box<AfterContactWork>),
    /// Agents of other teams may now help with this contact.
    Overflows {
        contact: u32,
        generation: u32,
    },
    /// A written contact (email, text message, social media) may now be picked up.
    BecomesWorkable {
        contact: u32,
        generation: u32,
    },
    ShiftStarts(AgentId, Shift),
    ShiftEnds(AgentId),
    PauseDue(AgentId, AgentPause),
    PauseEnds(AgentId),
    /// An event about a contact that is already over: a survey, an evaluation, a reopening.
    Follows(Box<DelayedStep>),
}

/// After-contact work in progress.
pub(super) struct AfterContactWork {
    pub(super) agent: AgentId,
    pub(super) contact: Label,
    pub(super) queue: QueueId,
    pub(super) after: Span,
    /// The steps that the agent records at its end.
    pub(super) notes: Vec<Step>,
}

/// A step that follows after the contact is over.
pub(super) struct DelayedStep {
    pub(super) contact: Label,
    pub(super) queue: QueueId,
    pub(super) step: Step,
}

struct ScheduledAction {
    at: Time,
    /// Actions of the same time run in the order in which they were scheduled.
    order: u64,
    action: SimAction,
}

impl PartialEq for ScheduledAction {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ScheduledAction {}

impl PartialOrd for ScheduledAction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ScheduledAction {
    /// Reversed, because `BinaryHeap` pops the greatest item first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// The event queue.
#[derive(Default)]
pub(super) struct Schedule {
    heap: BinaryHeap<ScheduledAction>,
    order: u64,
}

impl Schedule {
    pub(super) fn add(&mut self, at: Time, action: SimAction) {
        self.order += 1;
        self.heap.push(ScheduledAction { at, order: self.order, action });
    }

    /// Remove and return the earliest action if it is due by `until`.
    pub(super) fn pop_due(&mut self, until: Time) -> Option<(Time, SimAction)> {
        if self.heap.peek()?.at > until {
            return None;
        }
        self.heap.pop().map(|scheduled| (scheduled.at, scheduled.action))
    }
}
