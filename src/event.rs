//! Events: what can happen on the floor of a contact centre.
//!
//! Every source translates what it receives into [`Event`]s. They say what happened, and nothing about what that means
//! for a KPI. `source::format::contact_events` reads and writes them as CloudEvents; the journal stores them as the JSON of these types,
//! so that a rename here needs `#[serde(rename)]`.

mod domain;
mod plain;

use serde::{Deserialize, Deserializer, Serialize};

use crate::clock::{Span, Time};
use crate::text::Label;

pub use domain::{AgentState, Channel, EndedBy, LeftReason, TransferKind};
pub use plain::{PlainEvent, PlainStep};

/// The window of observed figures that are sums over an interval which begins at the event's time. Sums of any other window
/// grow from one event to the next, so that they cannot stand for a part of the window.
pub const INTERVAL_WINDOW: Label = Label::fixed("interval");

/// One thing that happened in a contact centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened, by the clock of the source.
    pub at: Time,
    /// Where it comes from: the CloudEvents `source`, or the name of the configured source.
    pub origin: Label,
    /// Identifies the event together with `origin`, so that a second one is dropped; `None` where the source gives no
    /// ids (a line of a log).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Label>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Something happened to a contact.
    Contact {
        /// The contact's id. A contact may join several queues, one after another or even at once.
        contact: Label,
        /// The queue that the step is about, where the source says so: it matters for a contact in two queues.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<Label>,
        /// What happened to it.
        step: Step,
    },
    /// A session with a voice menu, a bot or the like ended.
    SelfService(SelfService),
    /// An agent's state changed.
    AgentState {
        /// The agent.
        agent: Label,
        /// The new state.
        state: AgentState,
        /// The reason, of a pause for example.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Label>,
        /// How long the state lasts, if that is known; the agent is available afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Span>,
    },
    /// All queues that an agent serves, as far as the source has queues.
    AgentQueues {
        /// The agent.
        agent: Label,
        /// The queues; an agent who is removed from the last one serves none.
        queues: Vec<Membership>,
    },
    /// What a source knows about an agent.
    AgentProfile(AgentProfile),
    /// What a source knows about a queue.
    QueueProfile(QueueProfile),
    /// Figures of a queue that the source computed itself.
    Observed {
        /// The queue.
        queue: Label,
        /// The source's name for the period of the figures.
        window: Option<Label>,
        /// Pairs of a KPI's id and its value in the KPI's unit. NaN (`null` in JSON) means that the source no longer
        /// has a value. Ids that are not in the catalogue are ignored.
        #[serde(deserialize_with = "numbers_or_none")]
        figures: Vec<(Label, f64)>,
        /// Figures of which the source gives both parts: a KPI's id, and the numerator, in the KPI's unit or of a
        /// percentage as a number of contacts, and the denominator, a number of contacts. They can be added up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quotients: Vec<(Label, f64, f64)>,
    },
    /// The source's system restarted: its contacts that were open are lost.
    Restarted,
    /// Nothing was seen of the source until now: what happened in between is in no figure.
    Missed {
        /// When the source was last seen.
        since: Time,
    },
}

/// Takes events while they are read.
pub trait EventSink {
    /// Take an event.
    fn take(&mut self, event: Event);

    /// Whether plain events are taken as they are, so that names of their own would be made in vain.
    fn takes_plain(&self) -> bool {
        false
    }

    /// Take a plain event.
    fn take_plain(&mut self, event: &PlainEvent<'_>) {
        self.take(event.event());
    }
}

/// Passes events on to a function.
pub(crate) struct SinkTo<'a>(pub(crate) &'a mut dyn FnMut(Event));

impl EventSink for SinkTo<'_> {
    fn take(&mut self, event: Event) {
        (self.0)(event);
    }
}

impl EventKind {
    /// Pass each agent that is named to `rename`.
    pub fn rename_agents(&mut self, mut rename: impl FnMut(&mut Label)) {
        match self {
            Self::Contact { step, .. } => step.rename_agents(rename),
            Self::AgentState { agent, .. } | Self::AgentQueues { agent, .. } => rename(agent),
            Self::AgentProfile(profile) => rename(&mut profile.agent),
            Self::SelfService(_)
            | Self::QueueProfile(_)
            | Self::Observed { .. }
            | Self::Restarted
            | Self::Missed { .. } => {}
        }
    }
}

/// Something that happens to a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It joined a queue.
    Offered(Offer),
    /// It rings an agent.
    Ringing {
        /// The agent.
        agent: Label,
    },
    /// It stopped ringing an agent for another reason than the agent's: the caller left, or another agent answered.
    RingCanceled {
        /// The agent.
        agent: Label,
    },
    /// It rang an agent who did not answer.
    RingNoAnswer {
        /// The agent.
        agent: Label,
        /// How long it rang; zero where the phone never rang, because it was busy or not registered.
        ring: Option<Span>,
    },
    /// It was connected to an agent.
    Answered {
        /// The agent.
        agent: Label,
        /// The wait, where the source gives it; otherwise the difference of the event times.
        wait: Option<Span>,
    },
    /// An agent's first reply on an asynchronous channel.
    Responded {
        /// The agent.
        agent: Label,
    },
    /// The caller hung up while waiting.
    Abandoned {
        /// The wait, where given.
        wait: Option<Span>,
        /// The position in the queue on hanging up, from 1.
        position: Option<u32>,
    },
    /// It left the queue unanswered, but not by hanging up.
    Left {
        /// Why.
        reason: LeftReason,
        /// The wait, where given.
        wait: Option<Span>,
    },
    /// It was put on hold.
    Held,
    /// It was taken off hold.
    Resumed,
    /// It was transferred away: this agent has finished with it.
    Transferred {
        /// The agent who has finished with it, where the source says so. Needed for a contact that was answered before
        /// the source began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<Label>,
        /// Whether the agent spoke to the next one first.
        kind: TransferKind,
        /// The queue it goes to, if any.
        to_queue: Option<Label>,
        /// The agent it goes to, if any.
        to_agent: Option<Label>,
        /// The telephone number it goes to, if any.
        to_number: Option<Label>,
        /// Talk time until then, where the source gives it.
        talk: Option<Span>,
    },
    /// The conversation ended.
    Completed {
        /// The agent who has finished with it, where the source says so. Needed for a contact that was answered before
        /// the source began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<Label>,
        /// Who ended it.
        ended_by: Option<EndedBy>,
        /// Talk time without hold, where given.
        talk: Option<Span>,
        /// Time on hold, where given.
        hold: Option<Span>,
    },
    /// The after-contact work ended.
    Wrapped {
        /// The agent.
        agent: Label,
        /// How long it took, where given; otherwise the time since the end of the conversation.
        acw: Option<Span>,
    },
    /// What it is about became known.
    Classified {
        /// The intent.
        intent: Label,
    },
    /// Who the customer is became known.
    Identified {
        /// The customer.
        customer: Label,
    },
    /// An agent noted a disposition.
    Resolved {
        /// Whether the customer's matter is resolved.
        resolved: bool,
        /// The disposition code or reason.
        reason: Option<Label>,
    },
    /// It was opened again after it was resolved.
    Reopened,
    /// The source no longer knows it: it is over, but how it ended was not seen.
    Lost,
    /// The customer answered a survey.
    Survey(Survey),
    /// The quality of its handling was evaluated.
    Quality {
        /// Who evaluated.
        evaluator: Label,
        /// The score, 0–100.
        score: f64,
        /// The criteria that were not met.
        failures: Vec<Label>,
    },
}

impl Step {
    fn rename_agents(&mut self, mut rename: impl FnMut(&mut Label)) {
        match self {
            Self::Ringing { agent }
            | Self::RingCanceled { agent }
            | Self::RingNoAnswer { agent, .. }
            | Self::Answered { agent, .. }
            | Self::Responded { agent }
            | Self::Wrapped { agent, .. } => rename(agent),
            Self::Transferred { agent, to_agent, .. } => agent.iter_mut().chain(to_agent).for_each(rename),
            Self::Completed { agent, .. } => agent.iter_mut().for_each(rename),
            Self::Offered(_)
            | Self::Abandoned { .. }
            | Self::Left { .. }
            | Self::Held
            | Self::Resumed
            | Self::Classified { .. }
            | Self::Identified { .. }
            | Self::Resolved { .. }
            | Self::Reopened
            | Self::Survey(_)
            | Self::Quality { .. }
            | Self::Lost => {}
        }
    }
}

/// What is known of a contact when it joins a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The queue that it joins.
    pub queue: Label,
    /// How the customer reaches the floor.
    pub channel: Channel,
    /// What it is about; `None` where that is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Label>,
    /// Who the customer is; `None` where that is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Label>,
    /// Its priority, in the source's own numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Its position in the queue, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// How many authentication steps the customer went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_steps: Option<u32>,
    /// The times of what follows are not precise: a duration that the source does not give is unknown, not the
    /// difference of the event times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untimed: bool,
    /// It was seen in a list that is asked for now and then, which misses contacts, and how others end: it is shown as
    /// long as it lasts, and no figure counts it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sampled: bool,
}

impl Offer {
    /// A contact of which only queue and channel are known.
    #[must_use]
    pub const fn new(queue: Label, channel: Channel) -> Self {
        Self {
            queue,
            channel,
            intent: None,
            customer: None,
            priority: None,
            position: None,
            auth_steps: None,
            untimed: false,
            sampled: false,
        }
    }
}

/// The answers to a survey. A question that was not asked or answered is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Survey {
    /// Customer satisfaction; higher is better.
    pub csat: Option<Scored>,
    /// Customer effort; lower is easier unless `ces_higher_is_easier`.
    pub ces: Option<Scored>,
    /// On the scale of `ces`, higher is easier.
    pub ces_higher_is_easier: bool,
    /// How likely the customer is to recommend the company, 0–10.
    pub nps: Option<u8>,
    /// Whether the customer's matter was resolved.
    pub resolved: Option<bool>,
    /// The customer's own words.
    pub comment: Option<Label>,
}

/// A score and its scale. Sources make sure that `min < max` and `min ≤ score ≤ max`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The score, `min`–`max`.
    pub score: f64,
    /// The lowest step of the scale.
    pub min: f64,
    /// The highest step of the scale.
    pub max: f64,
}

/// The end of a self-service session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfService {
    /// The session's id.
    pub session: Label,
    /// Whether the session ended without an agent.
    pub contained: bool,
    /// The channel; `None` counts as voice.
    pub channel: Option<Channel>,
    /// What it was about.
    pub intent: Option<Label>,
    /// Who the customer is.
    pub customer: Option<Label>,
}

/// A queue that an agent serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The queue.
    pub queue: Label,
    /// What keeps the agent from the contacts of this queue alone: a pause there, or being offline there. A pause holds
    /// while the agent is available otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AgentState>,
    /// The reason of that pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
}

/// What a source knows about an agent. What it does not say is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentProfile {
    /// The agent's id.
    pub agent: Label,
    /// The name for people.
    pub name: Option<Label>,
    /// The team that the agent belongs to.
    pub team: Option<Label>,
    /// The first working day, as the source writes it.
    pub hired_on: Option<Label>,
    /// The queues that the agent serves. [`EventKind::AgentQueues`] of another event counts more.
    pub queues: Vec<Label>,
    /// The skills, as the source names them.
    pub skills: Vec<Label>,
    /// How many contacts, such as chats, the agent has at a time at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
}

impl AgentProfile {
    /// Update with what another profile of the same agent says.
    pub fn learn(&mut self, other: &Self) {
        let Self { agent: _, name, team, hired_on, queues, skills, capacity } = other;
        self.capacity = capacity.or(self.capacity);
        for (known, new) in [(&mut self.name, name), (&mut self.team, team), (&mut self.hired_on, hired_on)] {
            if new.is_some() {
                known.clone_from(new);
            }
        }
        for (known, new) in [(&mut self.queues, queues), (&mut self.skills, skills)] {
            if !new.is_empty() {
                known.clone_from(new);
            }
        }
    }
}

/// What a source knows about a queue. What it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueProfile {
    /// The queue's id.
    pub queue: Label,
    /// The name for people.
    pub name: Option<Label>,
    /// The service level threshold T in seconds.
    pub service_level_s: Option<f64>,
    /// The channel of its contacts.
    pub channel: Option<Channel>,
}

impl QueueProfile {
    /// Update with what another profile of the same queue says.
    pub fn learn(&mut self, other: &Self) {
        let Self { queue: _, name, service_level_s, channel } = other;
        if name.is_some() {
            self.name.clone_from(name);
        }
        self.service_level_s = service_level_s.or(self.service_level_s);
        self.channel = channel.or(self.channel);
    }
}

/// Pairs of a name and a number, where JSON has `null` for NaN.
fn numbers_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Label, f64)>, D::Error> {
    let figures = Vec::<(Label, Option<f64>)>::deserialize(deserializer)?;
    Ok(figures.into_iter().map(|(name, value)| (name, value.unwrap_or(f64::NAN))).collect())
}
