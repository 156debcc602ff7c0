//! Alerts: when a figure is news, who has taken it, and what to do about it.
//!
//! A [`Rule`] watches a KPI in every slice of a pattern. Its firing state is computed from figures alone and is
//! never changed by people; what people do (acknowledge, snooze, note) lies over it and ends by itself. Both
//! together are an [`Episode`], which is what the board shows and the journal keeps.

mod commands;
mod episodes;
mod evaluator;
mod hours;
mod judge;
mod order;
mod pattern;
mod phase;
mod rule;
mod table;
mod watch;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{Span, Time};
use crate::kpi::{Figure, KpiId, Slice, Window};
use crate::text::{Label, Text};

pub use evaluator::{Coverage, EvaluationContext, Evaluator, Settings, SourceState};
pub use hours::{Hours, NotHours};
pub use order::{AlertGroup, group, lines, sort};
pub use pattern::Patterns;
pub use rule::{Rule, SOURCE_STALE, built_in};
pub use table::{Each, RuleError, RuleTable, When, rules};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Act now.
    Critical,
}

/// Where an episode stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Too few samples to judge.
    Insufficient,
    /// Past the line, but not yet for long enough.
    Pending,
    /// It is news.
    Firing,
    /// Somebody has taken it.
    Acknowledged,
    /// Put off until later.
    Snoozed,
    /// Over.
    Resolved,
}

/// Who does something: the name and where from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The login (or what the configuration says).
    pub name: Label,
    /// Where from: host and terminal.
    pub from: Label,
}

/// An acknowledgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Acknowledgement {
    /// By whom.
    pub who: Actor,
    /// When.
    pub at: Time,
    /// It ends by itself then.
    pub until: Time,
    /// The value at that moment: much worse than this breaks it.
    pub value: Option<f64>,
    /// The severity at that moment: a rise breaks it.
    pub severity: Severity,
    /// A note, if one was given.
    pub note: Option<Text>,
}

/// A snooze: nothing is said until it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snooze {
    /// By whom.
    pub who: Actor,
    /// When.
    pub at: Time,
    /// Until when.
    pub until: Time,
}

/// One thing that happened to an episode. The trail is append-only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    pub at: Time,
    /// What, in a word: `fired`, `worsened`, `eased`, `acknowledged`, `expired`, `broken`, `undone`, `snoozed`,
    /// `noted`, `resolved`, `flapping`, `settled`, `inhibited`, `released`, `late`.
    pub what: Label,
    /// By whom, where it was somebody.
    pub who: Option<Actor>,
    /// More, in words: the note, or why it broke.
    pub text: Option<Text>,
    /// The value then.
    pub value: Option<f64>,
}

/// One stretch of a rule being broken in one slice, from firing to resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    /// Its id, unique in the journal.
    pub id: u64,
    /// Rises with every change; commands carry it, so that of two at once one wins.
    pub version: u32,
    /// The rule's name.
    pub rule: Label,
    /// The KPI watched; `None` for an alert about a source.
    pub kpi: Option<KpiId>,
    /// The source it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Label>,
    /// The slice it is about.
    pub slice: Slice,
    /// The window of the figure.
    pub window: Window,
    /// How bad it is now (or was, when it ended).
    pub severity: Severity,
    /// Where it stands.
    pub state: State,
    /// When it went past the line.
    pub since: Time,
    /// When it fired.
    pub fired: Option<Time>,
    /// When it was over.
    pub resolved: Option<Time>,
    /// The figure now.
    pub figure: Figure,
    /// The worst value of the episode.
    pub worst: Option<f64>,
    /// The line it is past.
    pub line: Option<f64>,
    /// Whether being above the line is bad (else below).
    pub above: bool,
    /// The acknowledgement that holds, or held at the end.
    pub acknowledged: Option<Acknowledgement>,
    /// The snooze that holds, or held at the end.
    pub snoozed: Option<Snooze>,
    /// It comes and goes.
    pub flapping: bool,
    /// What hides it: the cause whose line stands for it ("source pbx is down").
    pub inhibited_by: Option<Text>,
    /// What it means, in words, ready to show.
    pub text: Text,
    /// What to do about it.
    pub action: Text,
    /// What happened, oldest first.
    #[serde(default)]
    pub trail: Vec<HistoryEntry>,
}

/// Something somebody wants done about an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertCommand {
    /// The episode.
    pub episode: u64,
    /// The version that was on the screen.
    pub version: u32,
    /// Who.
    pub who: Actor,
    /// What.
    pub act: AlertAction,
}

/// What can be done about an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertAction {
    /// Take it, for the configured time or the given one.
    Acknowledge {
        /// A note.
        note: Option<Text>,
        /// How long; the configured expiry where absent.
        lasts: Option<Span>,
    },
    /// Say something about it.
    Note(Text),
    /// Take back the acknowledgement or snooze.
    Undo,
    /// Be quiet about it for a while.
    Snooze(Span),
}

/// Why a command was refused, in words for the one who gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandRefusal {
    /// Somebody was quicker.
    #[error("{0} was first")]
    Taken(Label),
    /// It is over.
    #[error("it has already resolved")]
    Over,
    /// There is no such episode.
    #[error("there is no alert {0}")]
    Unknown(u64),
    /// It is only pending.
    #[error("it has not fired yet")]
    Early,
    /// Somebody else's acknowledgement or snooze is not one's own to take back.
    #[error("{0} has it: only {0} can take that back")]
    Theirs(Label),
    /// There is nothing to undo.
    #[error("there is nothing to undo")]
    Nothing,
    /// It has changed since it was drawn; look again.
    #[error("it has changed meanwhile: look again")]
    Changed,
    /// This board only reads.
    #[error("this board is read-only: {0}")]
    ReadOnly(Text),
    /// The journal couldn't keep it.
    #[error("it could not be kept: {0}")]
    NotKept(Text),
}

impl HistoryEntry {
    /// Something that happened by itself.
    fn new(at: Time, what: &'static str, value: Option<f64>) -> Self {
        Self { at, what: Label::fixed(what), who: None, text: None, value }
    }

    fn by(mut self, who: &Actor) -> Self {
        self.who = Some(who.clone());
        self
    }

    fn saying(mut self, text: Option<Text>) -> Self {
        self.text = text;
        self
    }
}

impl Episode {
    /// Whether it has fired and is not over.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, State::Firing | State::Acknowledged | State::Snoozed)
    }

    /// Write a change down: the version rises and the trail grows.
    fn note(&mut self, entry: HistoryEntry) {
        self.version = self.version.saturating_add(1);
        self.trail.push(entry);
    }
}

impl State {
    /// In a word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Insufficient => "insufficient",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }
}

impl Severity {
    /// In a word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
