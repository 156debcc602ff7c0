//! Alerts: which figures need attention, who deals with them, and what they can do about it.
//!
//! A [`Rule`] watches one KPI in every slice of a dimension (each queue, each agent, …). Whether it fires follows from
//! figures alone, and people cannot change it. Acknowledgements, snoozes and notes are kept beside that state and end
//! by themselves. State and people's actions together are an [`Episode`], which the board shows and the journal stores.
//!
//! ```text
//! answers, source states ──▶ Evaluator::evaluate ──▶ changed episodes ──▶ journal
//!           AlertCommand ──▶ Evaluator::execute  ──▶ changed episode  ──▶ journal, then the reply
//! ```

mod active;
mod commands;
mod episodes;
mod evaluator;
mod history;
mod hours;
mod inhibit;
mod judge;
mod mute;
mod order;
mod phase;
mod rule;
mod sources;
mod table;
mod watch;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{Span, Time};
use crate::kpi::{Bands, Figure, KpiId, Slice, Window};
use crate::text::{Label, Text};

pub use active::{AlertSummary, Alerts, QueueAlerts};
pub use commands::{AlertAction, AlertCommand, CommandRefusal};
pub use evaluator::Evaluator;
pub use history::{HistoryEntry, HistoryKind};
pub use hours::{Hours, NotHours};
pub use mute::{MuteLength, MuteLengthError};
pub use order::{AlertGroup, group_by_cause, related, sort};
pub use rule::{Rule, SOURCE_NAMES, SOURCE_STALE, STALE_ACTION, built_in};
pub use table::{Each, RuleError, RuleTable, When, rules};

/// Settings that apply to every rule that does not override them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How long an acknowledgement lasts when the command does not say.
    pub expiry: MuteLength,
    /// The share by which a value may worsen before an acknowledgement breaks: 0.2 is a fifth.
    pub worsening: f64,
    /// How long a figure must be clear before its episode resolves.
    pub clear_for: Span,
    /// A rate or mean of fewer samples than this is not judged.
    pub min_samples: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { expiry: MuteLength::DEFAULT, worsening: 0.2, clear_for: Span::MINUTE, min_samples: 10 }
    }
}

/// The state of a source, as far as alerts need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// The name from the configuration.
    pub name: Label,
    /// How it is received.
    pub reception: Reception,
    /// When it entered this state.
    pub since: Time,
    /// Why, and the remedy, in words.
    pub reason: Text,
    /// Why events are rejected because the source brings more names or open contacts than one may; empty while it does not.
    pub excess: Text,
    /// Ids of the queues whose figures depend on this source alone (or on others that are in trouble too).
    pub queues: Vec<Label>,
}

/// How a source is received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reception {
    /// As it should be.
    #[default]
    Good,
    /// It is connecting for the first time: how it does is not known yet.
    Connecting,
    /// A part of what is asked of it fails, and the rest is current.
    Degraded,
    /// It has been silent for too long.
    Stale,
    /// It cannot be reached or read.
    Down,
}

/// What an evaluation needs to know of a slice besides its figures. Supplied by the floor.
#[derive(Clone, Copy)]
pub struct EvaluationContext<'a> {
    /// The bands by which the board colours a KPI in a slice.
    pub bands: &'a dyn Fn(KpiId, &Slice) -> Bands,
    /// The display name of a slice.
    pub name: &'a dyn Fn(&Slice) -> String,
}

/// How urgent an episode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The figure is past its warning limit.
    Warning,
    /// The figure is past its critical limit.
    Critical,
}

/// The state of an episode, as shown: the firing state with acknowledgement and snooze laid over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Too few samples to judge.
    Insufficient,
    /// Past a limit, but not yet for as long as the rule's `for`.
    Pending,
    /// Past a limit for long enough, and nobody has acknowledged or snoozed it.
    Firing,
    /// Somebody is dealing with it.
    Acknowledged,
    /// Somebody has muted it for a while.
    Snoozed,
    /// The figure has recovered.
    Resolved,
}

/// The person who gave a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Who)]
pub struct Actor {
    /// The login, or the name from the configuration or token.
    pub name: Label,
    /// Host and terminal, such as `desk4 pts/2`.
    pub from: Label,
}

/// An acknowledgement that holds, or held when its episode resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Acknowledgement {
    /// Who acknowledged.
    pub who: Actor,
    /// When.
    pub at: Time,
    /// When it expires.
    pub until: Time,
    /// The value when it was given; a much worse value breaks it.
    pub value: Option<f64>,
    /// The severity when it was given; a rise breaks it.
    pub severity: Severity,
    /// The note given with it.
    pub note: Option<Text>,
}

/// A snooze: the episode is muted until it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snooze {
    /// Who snoozed.
    pub who: Actor,
    /// When.
    pub at: Time,
    /// When it ends.
    pub until: Time,
}

/// An acknowledgement or snooze from before a restart that has ended since. It may have ended because the clock was
/// ahead: where the clock turns out to have gone back behind that moment, it holds again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LapsedMute {
    /// When it was ended.
    pub at: Time,
    /// The acknowledgement.
    pub acknowledged: Option<Acknowledgement>,
    /// The snooze.
    pub snoozed: Option<Snooze>,
}

/// One stretch of time during which a rule is broken in one slice, from pending to resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    /// Unique in the journal, from 1.
    pub id: u64,
    /// Rises with every change. Commands carry it, so that of two commands given at once only one succeeds.
    pub version: u32,
    /// The rule's name.
    pub rule: Label,
    /// The KPI watched; `None` for an alert about a source.
    pub kpi: Option<KpiId>,
    /// The source, for an alert about a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Label>,
    /// The slice the figure belongs to; the whole floor for an alert about a source.
    pub slice: Slice,
    /// The window of the figure.
    pub window: Window,
    /// The current severity, or the last one if resolved.
    pub severity: Severity,
    /// The current state.
    pub state: State,
    /// When the figure went past the limit.
    pub since: Time,
    /// When it fired; `None` while pending.
    pub fired: Option<Time>,
    /// When it resolved; `None` while active.
    pub resolved: Option<Time>,
    /// The latest figure.
    pub figure: Figure,
    /// The worst value so far, in the KPI's unit.
    pub worst: Option<f64>,
    /// The limit that the figure is past, in the KPI's unit.
    #[serde(rename = "line")]
    pub limit: Option<f64>,
    /// Whether values above the limit are bad; else those below.
    pub above: bool,
    /// The acknowledgement that holds, or held when it resolved.
    pub acknowledged: Option<Acknowledgement>,
    /// The snooze that holds, or held when it resolved.
    pub snoozed: Option<Snooze>,
    /// What held before the last restart and ended since; `None` when somebody acted later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapsed: Option<LapsedMute>,
    /// Whether it has fired and resolved so often lately that only the mark is worth showing.
    pub flapping: bool,
    /// The cause that is shown in its place, such as `source pbx is down`; `None` when it is shown itself.
    pub inhibited_by: Option<Text>,
    /// One line that states the problem: `billing: service level 62% over the last hour, below 70%`.
    pub text: Text,
    /// What to do about it.
    pub action: Text,
    /// Everything that happened to it, oldest first.
    #[serde(default)]
    pub trail: Vec<HistoryEntry>,
}

impl Episode {
    /// Whether it has fired and has not resolved.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, State::Firing | State::Acknowledged | State::Snoozed)
    }

    /// The wall clock was set forward by `by`: shift times so that ages and expiries keep their length. The history
    /// keeps the times that the clock showed.
    fn shift(&mut self, by: Span) {
        self.since = self.since + by;
        self.fired = self.fired.map(|at| at + by);
        if let Some(ack) = &mut self.acknowledged {
            (ack.at, ack.until) = (ack.at + by, ack.until + by);
        }
        if let Some(snooze) = &mut self.snoozed {
            (snooze.at, snooze.until) = (snooze.at + by, snooze.until + by);
        }
    }

    /// What happened at `from` happened at `to`.
    fn move_beginning(&mut self, from: Time, to: Time) {
        let entries = self.trail.iter_mut().map(|entry| &mut entry.at);
        let times = entries.chain([&mut self.since]).chain(&mut self.fired);
        times.filter(|at| **at == from).for_each(|at| *at = to);
    }

    /// Append an entry to the history; this makes a new version.
    fn record(&mut self, entry: HistoryEntry) {
        self.version = self.version.saturating_add(1);
        self.trail.push(entry);
    }
}

impl State {
    /// Those of an episode that is not over.
    pub const NOT_OVER: [Self; 5] =
        [Self::Insufficient, Self::Pending, Self::Firing, Self::Acknowledged, Self::Snoozed];

    /// The name in JSON, in the journal and on the command line.
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
    /// The name in JSON, in the journal and on the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
