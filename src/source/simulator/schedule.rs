//! What is still to happen, in the order of its time.

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

/// Something that will happen. Jobs about a contact name its `turn` where they may be overtaken by another end
/// of the same wait; an action of a turn that has passed is void.
pub(super) enum SimAction {
    /// A stream's next contact comes.
    Arrives(ArrivalStream),
    /// A customer comes back.
    Returns(Box<RepeatAttempt>),
    /// Patience ends.
    GivesUp { contact: u32, turn: u32 },
    /// The agent who is rung takes it.
    Answers { contact: u32, turn: u32 },
    /// The agent who is rung doesn't.
    RingsOut { contact: u32, turn: u32 },
    /// The agent puts the customer on hold.
    Holds { contact: u32 },
    /// And off hold.
    Resumes { contact: u32 },
    /// The agent's first reply.
    Responds { contact: u32 },
    /// The conversation ends.
    Ends { contact: u32 },
    /// After-contact work ends.
    Wraps(Box<AfterContactWork>),
    /// Someone who was not asked before may help out.
    Overflows { contact: u32, turn: u32 },
    /// It is time that someone looked at what was written.
    Ripens { contact: u32, turn: u32 },
    /// A shift begins.
    ShiftStarts(AgentId, Shift),
    /// A shift ends.
    ShiftEnds(AgentId),
    /// A pause is due.
    PauseDue(AgentId, AgentPause),
    /// A pause ends.
    PauseEnds(AgentId),
    /// Something is said of a contact that is over.
    Follows(Box<DelayedStep>),
}

/// The end of after-contact work.
pub(super) struct AfterContactWork {
    pub(super) agent: AgentId,
    pub(super) contact: Label,
    pub(super) queue: QueueId,
    pub(super) after: Span,
    /// What the agent notes on wrapping up.
    pub(super) notes: Vec<Step>,
}

/// Said of a contact later.
pub(super) struct DelayedStep {
    pub(super) contact: Label,
    pub(super) queue: QueueId,
    pub(super) step: Step,
}

struct ScheduledAction {
    at: Time,
    /// Of jobs at one instant, the one set down first comes first.
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
    /// Turned round, since the heap gives out the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// The jobs to come.
#[derive(Default)]
pub(super) struct Schedule {
    heap: BinaryHeap<ScheduledAction>,
    order: u64,
}

impl Schedule {
    /// Set down an action.
    pub(super) fn add(&mut self, at: Time, action: SimAction) {
        self.order += 1;
        self.heap.push(ScheduledAction { at, order: self.order, action });
    }

    /// Take the next action out, if it is not after `until`.
    pub(super) fn next(&mut self, until: Time) -> Option<(Time, SimAction)> {
        if self.heap.peek()?.at > until {
            return None;
        }
        self.heap.pop().map(|entry| (entry.at, entry.action))
    }
}
