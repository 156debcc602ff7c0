//! Transitions: what the steps of a contact do, with names as numbers.

use serde::{Deserialize, Serialize};

use super::facts::Measure;
use super::interner::{AgentNo, CustomerNo, IntentNo, QueueNo};
use super::visit::{VisitStage, VisitTiming};
use crate::clock::{Span, Time};
use crate::event::{Channel, LeftReason};

/// What a step does: [`event::Step`](crate::event::Step) with names as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Transition {
    Classified {
        intent: IntentNo,
    },
    Identified {
        customer: CustomerNo,
    },
    Offered(JoinDetails),
    Ringing {
        agent: AgentNo,
    },
    RingCanceled {
        agent: AgentNo,
    },
    RingNoAnswer {
        agent: AgentNo,
    },
    Answered {
        agent: AgentNo,
        wait: Option<Span>,
    },
    Responded,
    Held,
    Resumed,
    Left {
        reason: LeftReason,
        wait: Option<Span>,
    },
    Abandoned {
        wait: Option<Span>,
    },
    Transferred {
        agent: AgentNo,
        to_queue: QueueNo,
        talk: Option<Span>,
    },
    Completed {
        agent: AgentNo,
        talk: Option<Span>,
        hold: Option<Span>,
    },
    Wrapped {
        agent: AgentNo,
        acw: Option<Span>,
    },
    Disposition {
        resolved: bool,
    },
    Reopened,
    Score {
        measure: Measure,
        arg: u8,
        value: i64,
    },
    /// Its system restarted, or `contact_ttl` has passed: how it ended will not be seen.
    Lost,
    /// It was offered to an agent whose phone did not ring. The order of the variants is that of stored contacts.
    NeverRang {
        agent: AgentNo,
    },
}

/// What is known of a contact when it joins a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct JoinDetails {
    pub(super) channel: Channel,
    pub(super) intent: IntentNo,
    pub(super) customer: CustomerNo,
    pub(super) position: Option<u32>,
    pub(super) priority: Option<i32>,
    pub(super) auth_steps: Option<u32>,
    pub(super) untimed: bool,
    pub(super) sampled: bool,
}

impl JoinDetails {
    pub(super) const fn timing(&self) -> VisitTiming {
        match self {
            Self { sampled: true, .. } => VisitTiming::Sampled,
            Self { untimed: true, .. } => VisitTiming::Untimed,
            Self { .. } => VisitTiming::Whole,
        }
    }
}

impl Transition {
    /// An agent did not answer; the phone rang so long, where that is known.
    pub(super) const fn no_answer(agent: AgentNo, ring: Option<Span>) -> Self {
        match ring {
            Some(Span::ZERO) => Self::NeverRang { agent },
            _ => Self::RingNoAnswer { agent },
        }
    }

    /// Orders the steps of one instant: the lower comes first.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Classified { .. } | Self::Identified { .. } => 0,
            Self::Offered(_) => 1,
            Self::Ringing { .. } => 2,
            Self::RingCanceled { .. } | Self::RingNoAnswer { .. } | Self::NeverRang { .. } => 3,
            Self::Answered { .. } => 4,
            Self::Responded => 5,
            Self::Held => 6,
            Self::Resumed => 7,
            Self::Left { .. } | Self::Abandoned { .. } => 8,
            Self::Transferred { .. } => 9,
            Self::Completed { .. } => 10,
            Self::Wrapped { .. } => 11,
            Self::Disposition { .. } | Self::Reopened | Self::Score { .. } => 12,
            Self::Lost => 13,
        }
    }

    /// Whether it is what mostly happens to a visit at a stage.
    pub(super) const fn follows(&self, stage: VisitStage) -> bool {
        match self {
            Self::Answered { .. } | Self::Abandoned { .. } | Self::Left { .. } | Self::Ringing { .. } => {
                matches!(stage, VisitStage::Waiting)
            }
            Self::Completed { .. } | Self::Transferred { .. } => matches!(stage, VisitStage::Talking),
            _ => false,
        }
    }

    /// Whether it may end a visit.
    pub(super) const fn is_ending(&self) -> bool {
        matches!(
            self,
            Self::Left { .. } | Self::Abandoned { .. } | Self::Transferred { .. } | Self::Completed { .. } | Self::Lost
        )
    }

    /// The word of contact events for it, if it may contradict what is known of its contact: a ring that is too late is no
    /// contradiction.
    pub(super) const fn claim(&self) -> Option<&'static str> {
        Some(match self {
            Self::Answered { .. } => "answered",
            Self::Responded => "responded",
            Self::Held => "held",
            Self::Resumed => "resumed",
            Self::Left { .. } => "left",
            Self::Abandoned { .. } => "abandoned",
            Self::Transferred { .. } => "transferred",
            Self::Completed { .. } => "completed",
            _ => return None,
        })
    }
}

/// One step of a contact.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ContactStep {
    pub(super) at: Time,
    /// The queue it is about; unknown where the source does not say.
    pub(super) queue: QueueNo,
    pub(super) transition: Transition,
    /// It contradicts what is known of the contact.
    pub(super) contradicts: bool,
}

impl ContactStep {
    pub(super) const fn new(at: Time, queue: QueueNo, transition: Transition) -> Self {
        Self { at, queue, transition, contradicts: false }
    }

    /// Orders the steps of a contact: by time, and those of one instant by rank.
    pub(super) const fn order(&self) -> (Time, u8) {
        (self.at, self.transition.rank())
    }

    /// Whether both say the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.at, self.queue) == (other.at, other.queue) && self.transition == other.transition
    }
}
