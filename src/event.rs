//! The domain's words: what can happen on a floor.
//!
//! Every source, whatever it speaks, is turned into [`Event`]s. They say what happened, never what it means for
//! a KPI. The wire format (`source::wire`) is their written form.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::clock::{Span, Time};
use crate::text::Label;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened, by the source's clock.
    pub at: Time,
    /// Who says so: the CloudEvents `source`, or the configured source's name.
    pub origin: Label,
    /// With `origin`, names the event once; `None` where the source gives no ids (a log's line is its own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Label>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A step in the life of a contact.
    Contact {
        /// The contact's id. One id may join several queues, one after another or even at once.
        contact: Label,
        /// The queue it is about, where the source says so. It tells apart the visits of a contact that
        /// stands in two queues.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<Label>,
        /// The step.
        step: Step,
    },
    /// A self-service session ended.
    SelfService(SelfService),
    /// An agent's state changed.
    AgentState {
        /// The agent.
        agent: Label,
        /// The new state.
        state: AgentState,
        /// Why (a pause's reason).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Label>,
        /// How long it is known to last; the agent is available afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Span>,
    },
    /// What is known of an agent.
    AgentProfile(AgentProfile),
    /// What is known of a queue.
    QueueProfile(QueueProfile),
    /// Figures that a source computed itself.
    Observed {
        /// The queue.
        queue: Label,
        /// The source's word for the window.
        window: Option<Label>,
        /// KPI id and value. What is not a number is no longer known to the source.
        #[serde(deserialize_with = "numbers_or_none")]
        figures: Vec<(Label, f64)>,
    },
    /// The source's system started anew: contacts of this origin that were alive are lost.
    Restarted,
    /// Nothing was seen of the source until now: what happened meanwhile is in no figure.
    Missed {
        /// From when on.
        since: Time,
    },
}

/// A step in the life of a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Joined a queue.
    Offered(Offer),
    /// Rings an agent.
    Ringing {
        /// The agent.
        agent: Label,
    },
    /// Stopped ringing an agent, through no fault of his (the caller left, another one took it).
    RingCanceled {
        /// The agent.
        agent: Label,
    },
    /// Rang an agent and was not taken.
    RingNoAnswer {
        /// The agent.
        agent: Label,
        /// How long it rang.
        ring: Option<Span>,
    },
    /// Connected to an agent.
    Answered {
        /// The agent.
        agent: Label,
        /// The wait, where the source gives it; it wins over the difference of the times.
        wait: Option<Span>,
    },
    /// An agent's first reply on an asynchronous channel.
    Responded {
        /// The agent.
        agent: Label,
    },
    /// Hung up while waiting.
    Abandoned {
        /// The wait, where given.
        wait: Option<Span>,
        /// The place in the queue on hanging up.
        position: Option<u32>,
    },
    /// Left the queue unanswered, not by hanging up.
    Left {
        /// Why.
        reason: LeftReason,
        /// The wait, where given.
        wait: Option<Span>,
    },
    /// Put on hold.
    Held,
    /// Taken off hold.
    Resumed,
    /// Transferred away: this agent has finished with it.
    Transferred {
        /// Who has finished with it, where the source says so: it names the agent of a contact that was answered
        /// before the source began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<Label>,
        /// How.
        kind: TransferKind,
        /// To which queue.
        to_queue: Option<Label>,
        /// To which agent.
        to_agent: Option<Label>,
        /// To which number.
        to_number: Option<Label>,
        /// Talk time until then, where the source gives it.
        talk: Option<Span>,
    },
    /// The conversation ended.
    Completed {
        /// Who has finished with it, where the source says so: it names the agent of a contact that was answered
        /// before the source began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<Label>,
        /// Who ended it.
        ended_by: Option<EndedBy>,
        /// Talk time without hold, where given.
        talk: Option<Span>,
        /// Time on hold, where given.
        hold: Option<Span>,
    },
    /// After-contact work ended.
    Wrapped {
        /// The agent.
        agent: Label,
        /// How long it took, where given; else since the end of the conversation.
        acw: Option<Span>,
    },
    /// The intent became known.
    Classified {
        /// The intent.
        intent: Label,
    },
    /// The customer became known.
    Identified {
        /// The customer.
        customer: Label,
    },
    /// A disposition: resolved or not.
    Resolved {
        /// Whether.
        resolved: bool,
        /// Why.
        reason: Option<Label>,
    },
    /// Opened again after it was resolved.
    Reopened,
    /// The source no longer knows it: it is over, and how it ended was not seen.
    Lost,
    /// The customer answered a survey.
    Survey(Survey),
    /// The contact's quality was evaluated.
    Quality {
        /// Who evaluated.
        evaluator: Label,
        /// 0–100.
        score: f64,
        /// What was missed.
        failures: Vec<Label>,
    },
}

/// What is known of a contact when it joins a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The queue joined.
    pub queue: Label,
    /// The channel.
    pub channel: Channel,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Label>,
    /// Who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Label>,
    /// Its priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Its place in the queue, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Authentication steps the customer went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_steps: Option<u32>,
    /// What follows is not timed: a duration that the source doesn't give is unknown, not the difference of times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untimed: bool,
}

/// A survey's answers, as scores on the scales they were asked on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Survey {
    /// Satisfaction.
    pub csat: Option<Scored>,
    /// Effort; lower is easier unless `ces_higher_is_easier`.
    pub ces: Option<Scored>,
    /// The effort scale runs the other way.
    pub ces_higher_is_easier: bool,
    /// Likelihood to recommend, 0–10.
    pub nps: Option<u8>,
    /// "Was it resolved?"
    pub resolved: Option<bool>,
    /// Free text.
    pub comment: Option<Label>,
}

/// A score on a scale. `min < max`, `min ≤ score ≤ max`: the source's edge makes sure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The score.
    pub score: f64,
    /// The scale's lowest step.
    pub min: f64,
    /// The scale's highest step.
    pub max: f64,
}

/// A self-service session's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfService {
    /// The session's id.
    pub session: Label,
    /// Ended without an agent.
    pub contained: bool,
    /// Channel.
    pub channel: Option<Channel>,
    /// Intent.
    pub intent: Option<Label>,
    /// Customer.
    pub customer: Option<Label>,
}

/// What is known of an agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentProfile {
    /// The agent's id.
    pub agent: Label,
    /// The name to show.
    pub name: Option<Label>,
    /// The team.
    pub team: Option<Label>,
    /// First day, as written.
    pub hired_on: Option<Label>,
    /// The queues served.
    pub queues: Vec<Label>,
    /// Skills.
    pub skills: Vec<Label>,
}

impl AgentProfile {
    /// Take over what another profile of the same agent says.
    pub fn learn(&mut self, other: &Self) {
        let Self { agent: _, name, team, hired_on, queues, skills } = other;
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

/// What is known of a queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueProfile {
    /// The queue's id.
    pub queue: Label,
    /// The name to show.
    pub name: Option<Label>,
    /// Its service level threshold T in seconds.
    pub service_level_s: Option<f64>,
    /// Its channel.
    pub channel: Option<Channel>,
}

impl QueueProfile {
    /// Take over what another profile of the same queue says.
    pub fn learn(&mut self, other: &Self) {
        let Self { queue: _, name, service_level_s, channel } = other;
        if name.is_some() {
            self.name.clone_from(name);
        }
        self.service_level_s = service_level_s.or(self.service_level_s);
        self.channel = channel.or(self.channel);
    }
}

/// How customers reach the floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Channel {
    #[default]
    Voice,
    Chat,
    Email,
    Sms,
    Social,
    Video,
    Callback,
}

/// Numbers, of which JSON writes one that is none as `null`.
fn numbers_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Label, f64)>, D::Error> {
    let figures = Vec::<(Label, Option<f64>)>::deserialize(deserializer)?;
    Ok(figures.into_iter().map(|(name, value)| (name, value.unwrap_or(f64::NAN))).collect())
}

/// An agent's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum AgentState {
    Available,
    Ringing,
    OnContact,
    AfterContact,
    Paused,
    Offline,
}

/// Why a contact left the queue unanswered without hanging up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LeftReason {
    Timeout,
    Key,
    Empty,
    Full,
    Closed,
    Overflow,
    Callback,
    Withdrawn,
}

/// How a contact was transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TransferKind {
    Blind,
    Attended,
}

/// Who ended a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum EndedBy {
    Customer,
    Agent,
    System,
}

impl Channel {
    /// Every channel, in the order the screen lists them.
    pub const ALL: [Self; 7] =
        [Self::Voice, Self::Chat, Self::Email, Self::Sms, Self::Social, Self::Video, Self::Callback];

    /// The wire format's word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Chat => "chat",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Social => "social",
            Self::Video => "video",
            Self::Callback => "callback",
        }
    }

    /// From the wire format's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.key() == word)
    }

    /// Whether an answer may come hours later and the contact is a backlog item meanwhile.
    #[must_use]
    pub const fn is_asynchronous(self) -> bool {
        matches!(self, Self::Email | Self::Sms | Self::Social)
    }

    /// The target for the first response (kpis.md, `frt`).
    #[must_use]
    pub const fn response_target(self) -> Span {
        match self {
            Self::Voice | Self::Video | Self::Callback => Span::seconds(30),
            Self::Chat | Self::Sms => Span::seconds(120),
            Self::Email => Span(4 * Span::HOUR.0),
            Self::Social => Span::HOUR,
        }
    }
}

impl AgentState {
    /// Every state, the busiest first.
    pub const ALL: [Self; 6] =
        [Self::OnContact, Self::Ringing, Self::AfterContact, Self::Available, Self::Paused, Self::Offline];

    /// The wire format's word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Ringing => "ringing",
            Self::OnContact => "on_contact",
            Self::AfterContact => "after_contact",
            Self::Paused => "paused",
            Self::Offline => "offline",
        }
    }

    /// From the wire format's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.key() == word)
    }
}

impl LeftReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Timeout,
        Self::Key,
        Self::Empty,
        Self::Full,
        Self::Closed,
        Self::Overflow,
        Self::Callback,
        Self::Withdrawn,
    ];

    /// The wire format's word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Key => "key",
            Self::Empty => "empty",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::Overflow => "overflow",
            Self::Callback => "callback",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// From the wire format's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.key() == word)
    }
}
