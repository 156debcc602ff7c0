//! The contacts of the simulated centre that are still open.

use super::agents::AgentId;
use super::world::{QueueId, SimulatedIntent};
use crate::clock::{Span, Time};
use crate::event::Channel;
use crate::text::Label;

/// A contact that is waiting, ringing or being handled.
pub(super) struct SimulatedContact {
    pub(super) label: Label,
    pub(super) queue: QueueId,
    pub(super) channel: Channel,
    pub(super) intent: &'static SimulatedIntent,
    /// Whether the intent is known on joining, from the voice menu or the form.
    pub(super) intent_known: bool,
    pub(super) customer: u32,
    /// Whether the customer has been identified.
    pub(super) customer_known: bool,
    /// Incremented whenever the contact moves on; scheduled actions of an earlier generation are ignored.
    pub(super) generation: u32,
    pub(super) stage: ContactStage,
    /// When it joined its present queue.
    pub(super) joined: Time,
    /// The time before which no agent picks it up; later than `joined` only for written contacts.
    pub(super) workable_from: Time,
    /// Its position in the queue on joining, from 1.
    pub(super) position: u32,
    /// The sum of its waits in all queues.
    pub(super) waited: Span,
    pub(super) answered: Time,
    pub(super) held: Span,
    pub(super) transfers: u32,
    /// The customer's attempt at the same issue, from 1.
    pub(super) attempt: u32,
    /// Caused by the outage of [`super::Scenario::Outage`].
    pub(super) outage: bool,
}

impl SimulatedContact {
    /// Whether it rings at the agent's phone; a written contact or chat opens on the screen instead.
    pub(super) const fn rings(&self) -> bool {
        matches!(self.channel, Channel::Voice | Channel::Callback)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContactStage {
    Waiting,
    Ringing(AgentId),
    Talking(AgentId),
}

/// A customer who will get in touch about the same issue again.
#[derive(Clone, Copy, Debug)]
pub(super) struct RepeatAttempt {
    pub(super) customer: u32,
    pub(super) queue: QueueId,
    pub(super) channel: Channel,
    pub(super) intent: &'static SimulatedIntent,
    pub(super) attempt: u32,
    pub(super) outage: bool,
}

/// The longest wait, after which the queue sends the customer away.
pub(super) const QUEUE_TIMEOUT: Span = Span(12 * Span::MINUTE.0);

pub(super) fn customer_label(customer: u32) -> Label {
    Label::new(&format!("cu-{customer:05}"))
}
