//! Plain events: the steps that nearly all lines of a log tell, with names that are parts of the line.

use super::{Channel, EndedBy, Event, EventKind, Offer, Step};
use crate::clock::{Span, Time};
use crate::text::{Label, Name, PlainName};

/// A step of a call, read in place: months of logs have millions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlainEvent<'a> {
    /// As of an [`Event`].
    pub at: Time,
    /// As of an [`Event`].
    pub origin: &'a Label,
    /// The contact's id.
    pub contact: PlainName<'a>,
    /// The queue that the step is about.
    pub queue: PlainName<'a>,
    /// What happened.
    pub step: PlainStep<PlainName<'a>>,
}

/// What happened: the [`Step`] of the same name. The names are `N`: texts, or where these are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlainStep<N> {
    /// It joined the queue.
    Offered {
        /// Who the customer is.
        customer: Option<N>,
        /// Its position in the queue, from 1.
        position: Option<u32>,
    },
    /// It rang an agent who did not answer.
    RingNoAnswer {
        /// The agent.
        agent: N,
        /// How long it rang.
        ring: Option<Span>,
    },
    /// It was connected to an agent.
    Answered {
        /// The agent.
        agent: N,
        /// The wait, where given.
        wait: Option<Span>,
    },
    /// The caller hung up while waiting.
    Abandoned {
        /// The wait, where given.
        wait: Option<Span>,
        /// The position in the queue on hanging up, from 1.
        position: Option<u32>,
    },
    /// The conversation ended.
    Completed {
        /// The agent.
        agent: N,
        /// Who ended it.
        ended_by: EndedBy,
        /// Talk time without hold, where given.
        talk: Option<Span>,
    },
}

impl<N: Copy> PlainStep<N> {
    /// The same with other names; `None` if one has no other.
    pub(crate) fn rename<M>(&self, mut other: impl FnMut(N) -> Option<M>) -> Option<PlainStep<M>> {
        Some(match *self {
            Self::Offered { customer: None, position } => PlainStep::Offered { customer: None, position },
            Self::Offered { customer: Some(customer), position } => {
                PlainStep::Offered { customer: Some(other(customer)?), position }
            }
            Self::RingNoAnswer { agent, ring } => PlainStep::RingNoAnswer { agent: other(agent)?, ring },
            Self::Answered { agent, wait } => PlainStep::Answered { agent: other(agent)?, wait },
            Self::Abandoned { wait, position } => PlainStep::Abandoned { wait, position },
            Self::Completed { agent, ended_by, talk } => PlainStep::Completed { agent: other(agent)?, ended_by, talk },
        })
    }
}

impl PlainEvent<'_> {
    /// The same with names of its own.
    #[must_use]
    pub fn event(&self) -> Event {
        let queue = self.queue.label();
        let step = match self.step {
            PlainStep::Offered { customer, position } => Step::Offered(Offer {
                customer: customer.map(|customer| customer.label()),
                position,
                ..Offer::new(queue.clone(), Channel::Voice)
            }),
            PlainStep::RingNoAnswer { agent, ring } => Step::RingNoAnswer { agent: agent.label(), ring },
            PlainStep::Answered { agent, wait } => Step::Answered { agent: agent.label(), wait },
            PlainStep::Abandoned { wait, position } => Step::Abandoned { wait, position },
            PlainStep::Completed { agent, ended_by, talk } => {
                Step::Completed { agent: Some(agent.label()), ended_by: Some(ended_by), talk, hold: None }
            }
        };
        let kind = EventKind::Contact { contact: self.contact.label(), queue: Some(queue), step };
        Event { at: self.at, origin: self.origin.clone(), id: None, kind }
    }
}
