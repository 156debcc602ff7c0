//! Makes the rows of a board from the engine's queues, agents and contacts.

use crate::board::{AgentRow, ContactRow, QueueRow, WaitingRow};
use crate::engine::{AgentNow, ContactNow, QueueNow};

/// The names of the sources are not known to the engine, and stay empty.
impl From<QueueNow> for QueueRow {
    fn from(queue: QueueNow) -> Self {
        let QueueNow { id, name, channel, service_level, bands, live, .. } = queue;
        Self { id, name, channel, service_level, bands, sources: Vec::new(), live }
    }
}

impl From<AgentNow> for AgentRow {
    fn from(agent: AgentNow) -> Self {
        let AgentNow { id, name, team, state, reason, since, contact, queues } = agent;
        let (contact, queue) = contact.unzip();
        Self { id, name, team, state, reason, since, queue, contact, queues }
    }
}

impl From<ContactNow> for WaitingRow {
    fn from(contact: ContactNow) -> Self {
        let ContactNow { contact, queue, channel, intent, customer, joined, position, priority, ringing, .. } = contact;
        Self { contact, queue, channel, intent, customer, since: joined, position, priority, ringing }
    }
}

impl From<ContactNow> for ContactRow {
    fn from(contact: ContactNow) -> Self {
        Self {
            contact: contact.contact,
            queue: contact.queue,
            channel: contact.channel,
            intent: contact.intent,
            customer: contact.customer,
            agent: contact.agent,
            offered: contact.joined,
            ended: contact.ended,
            outcome: contact.outcome,
            wait: contact.wait,
            talk: contact.talk,
            hold: contact.hold,
            acw: contact.acw,
            csat: contact.csat,
            repeat: contact.repeat,
        }
    }
}
