//! The enumerations of the domain: channels, agents' states, and how contacts leave, move on and end.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Span;

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

impl Channel {
    /// All channels, in the order that the screen lists them.
    pub const ALL: [Self; 7] =
        [Self::Voice, Self::Chat, Self::Email, Self::Sms, Self::Social, Self::Video, Self::Callback];

    /// Its name in the wire format, in JSON and on the command line.
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

    /// The channel of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.key() == word)
    }

    /// Whether the answer may come hours later: until then, the contact counts as backlog.
    #[must_use]
    pub const fn is_asynchronous(self) -> bool {
        matches!(self, Self::Email | Self::Sms | Self::Social)
    }

    /// The target for the first response (docs/kpis.md, `frt`).
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

/// What an agent is doing. The last one says that the source does not tell, and no longer what it told before; words that are not known
/// read as it.
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
    #[serde(other)]
    Unknown,
}

impl AgentState {
    /// All states, the busiest first.
    pub const ALL: [Self; 7] = [
        Self::OnContact,
        Self::Ringing,
        Self::AfterContact,
        Self::Available,
        Self::Paused,
        Self::Offline,
        Self::Unknown,
    ];

    /// Whether an agent in it is known to be at work.
    #[must_use]
    pub const fn is_staffed(self) -> bool {
        !matches!(self, Self::Offline | Self::Unknown)
    }

    /// Its name in the wire format, in JSON and on the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Ringing => "ringing",
            Self::OnContact => "on_contact",
            Self::AfterContact => "after_contact",
            Self::Paused => "paused",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.key() == word)
    }
}

/// Why a contact left the queue unanswered, other than by hanging up.
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

impl LeftReason {
    /// All reasons.
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

    /// Its name in the wire format, in JSON and on the command line.
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

    /// The reason of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.key() == word)
    }
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
