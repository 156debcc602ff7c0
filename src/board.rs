//! The board: the immutable snapshot that every reader sees.
//!
//! The floor makes one when something changed, at most ten times a second, and each second so that ages tick.
//! It says what stands now; figures over a window are asked for with a [`crate::kpi::Query`].

mod gaps;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::Episode;
use crate::clock::{Span, Time};
use crate::event::{AgentState, Channel};
use crate::kpi::{Bands, Calendar, CountingRules, KpiId, Live};
use crate::text::{Label, Text};

pub use gaps::GapRow;

/// How long a connection may be gone before it is news: one that is made anew at once is none.
const BRIEF: Span = Span(5 * Span::SECOND.0);

/// The floor at an instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// Rises with every board.
    pub seq: u64,
    /// The floor's time when it was made (a replay's, not the wall's).
    pub at: Time,
    /// The centre's name.
    pub title: Label,
    /// Time zone and start of the business day.
    pub calendar: Calendar,
    /// What kind of floor it is.
    pub mode: Mode,
    /// Who writes the journal.
    pub keeper: Keeper,
    /// The hub it comes from, where it is not made in this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubRow>,
    /// How figures are counted.
    pub rules: CountingRules,
    /// The whole floor.
    pub total: Live,
    /// The queues, by name.
    pub queues: Vec<QueueRow>,
    /// The agents, by name.
    pub agents: Vec<AgentRow>,
    /// Contacts waiting, oldest first.
    pub waiting: Vec<WaitingRow>,
    /// Where events come from.
    pub sources: Vec<SourceRow>,
    /// Times in which nothing was seen of a source and that no trend may draw as if it knew, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<GapRow>,
    /// Episodes that are not over, the worst first; inhibited ones too.
    pub alerts: Vec<Episode>,
    /// Those outside who are to be told of alerts and can't be told just now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<TargetRow>,
}

/// Somebody outside who is to be told of alerts, and can't be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetRow {
    /// What the configuration calls it.
    pub name: Label,
    /// Since when.
    pub since: Time,
    /// Why, and what to do about it; never a secret.
    pub reason: Text,
    /// How often it has been tried since.
    pub failures: u32,
    /// When it will be tried again, where it waits for that.
    pub next_try: Option<Time>,
}

/// The hub that a board comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HubRow {
    /// Its name.
    pub name: Label,
    /// Where the board is cut off from it: this is the last that was seen.
    pub cut_off: Option<CutOff>,
}

/// Since when, and why, there is no way to the hub.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CutOff {
    /// Since when.
    pub since: Time,
    /// Why, and what to do about it.
    pub reason: Text,
    /// When it will be tried again.
    pub next_try: Option<Time>,
}

/// What kind of floor it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Real sources.
    #[default]
    Live,
    /// The simulated floor.
    Simulated {
        /// The scenario's name.
        scenario: Label,
        /// How many times faster than life.
        speed: f64,
    },
    /// A recorded day.
    Replay {
        /// How many times faster than life.
        speed: f64,
        /// It stands still.
        paused: bool,
        /// The recording's first instant.
        from: Time,
        /// Its last.
        to: Time,
    },
}

/// Who writes the journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// Nobody: nothing is kept (simulation, replay).
    #[default]
    Nobody,
    /// This floor.
    Us,
    /// The day so far is being read from the journal.
    Loading,
    /// Another one; this board only reads.
    Other(Text),
    /// The journal failed; why.
    Failed(Text),
}

/// A queue now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueRow {
    /// Its id, as in slices.
    pub id: Label,
    /// The name to show.
    pub name: Label,
    /// Its channel.
    pub channel: Channel,
    /// Its service level's threshold T.
    pub service_level: Span,
    /// The lines it is judged by, where they differ from the catalogue's.
    pub lines: Vec<(KpiId, Bands)>,
    /// The sources that tell of it, by name; none where that isn't known.
    #[serde(default)]
    pub sources: Vec<Label>,
    /// What stands now.
    pub live: Live,
}

/// An agent now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentRow {
    /// Its id, as in slices.
    pub id: Label,
    /// The name to show.
    pub name: Label,
    /// The team; empty where unknown.
    pub team: Label,
    /// The state.
    pub state: AgentState,
    /// Why (a pause's reason); empty where unknown.
    pub reason: Label,
    /// Since when.
    pub since: Time,
    /// The queue of the contact in hand.
    pub queue: Option<Label>,
    /// The contact in hand.
    pub contact: Option<Label>,
    /// The queues served, where a source says.
    pub queues: Vec<Label>,
}

/// A contact waiting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingRow {
    /// The contact.
    pub contact: Label,
    /// The queue.
    pub queue: Label,
    /// The channel.
    pub channel: Channel,
    /// What it is about; empty where unknown.
    pub intent: Label,
    /// Who it is; empty where unknown.
    pub customer: Label,
    /// Since when it waits.
    pub since: Time,
    /// Its place on joining.
    pub position: Option<u32>,
    /// Its priority.
    pub priority: Option<i32>,
    /// The agent being rung.
    pub ringing: Option<Label>,
}

/// A source now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceRow {
    /// Its name.
    pub name: Label,
    /// Its kind.
    pub kind: Label,
    /// How it does.
    pub health: Health,
    /// Why, in words; empty where all is well.
    pub reason: Text,
    /// Since when.
    pub since: Time,
    /// Its newest event.
    pub newest: Option<Time>,
    /// When something last came of it.
    pub heard: Option<Time>,
    /// Events taken in.
    pub events: u64,
    /// Lines set aside.
    pub rejected: u64,
    /// Events seen before.
    pub duplicates: u64,
    /// Events later than the lateness allowed.
    pub late: u64,
    /// The last thing set aside: place and reason.
    pub last_rejection: Option<Text>,
    /// When it will be tried again, where it waits for that.
    pub next_try: Option<Time>,
    /// How far its clock is ahead of ours (behind, where negative), where that was measured.
    pub ahead: Option<Span>,
    /// Something its owner should know and that is no fault: rights it doesn't need, a certificate that isn't checked.
    pub remark: Option<Text>,
}

/// How a source does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Not there yet.
    #[default]
    Connecting,
    /// All is well.
    Live,
    /// It has been read to its end and is not followed.
    Ended,
    /// Nothing has come for too long.
    Stale,
    /// It can't be reached or read.
    Down,
}

/// A contact, for lists at the end of a drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactRow {
    /// Its id.
    pub contact: Label,
    /// The queue.
    pub queue: Label,
    /// The channel.
    pub channel: Channel,
    /// What it is about; empty where unknown.
    pub intent: Label,
    /// Who it is; empty where unknown.
    pub customer: Label,
    /// The agent; empty where none.
    pub agent: Label,
    /// When it joined.
    pub offered: Time,
    /// When it was over, where it is.
    pub ended: Option<Time>,
    /// How it stands or ended: `waiting`, `talking`, `handled`, `transferred`, `abandoned`, `left: timeout`, `unknown`.
    pub outcome: Label,
    /// The wait, where known.
    pub wait: Option<Span>,
    /// Talk time, where known.
    pub talk: Option<Span>,
    /// Time on hold.
    pub hold: Span,
    /// After-contact work.
    pub acw: Span,
    /// Satisfaction on 1–5, where answered.
    pub csat: Option<f64>,
    /// Whether it repeats an earlier one.
    pub repeat: bool,
}

impl TargetRow {
    /// Nobody is told any more.
    #[must_use]
    pub const fn lost() -> Self {
        let reason = Text::fixed("a mistake in floorwatch ended them: restart it; the log tells more");
        Self { name: Label::fixed("all targets"), since: Time(0), reason, failures: 1, next_try: None }
    }
}

impl Board {
    /// A source by its name.
    #[must_use]
    pub fn source(&self, name: &Label) -> Option<&SourceRow> {
        self.sources.iter().find(|source| source.name == *name)
    }

    /// The sources whose figures stand still, the worst first; of equals, the one that has been so for longest.
    #[must_use]
    pub fn troubles(&self) -> Vec<&SourceRow> {
        let mut troubles: Vec<&SourceRow> = self.sources.iter().filter(|s| s.stands_still(self.at)).collect();
        troubles.sort_by_key(|source| (std::cmp::Reverse(source.health), source.since));
        troubles
    }

    /// Whether a queue's figures stand still: all sources that tell of it are in trouble.
    #[must_use]
    pub fn stands_still(&self, queue: &QueueRow) -> bool {
        let mut known = queue.sources.iter().filter_map(|name| self.source(name)).peekable();
        known.peek().is_some() && known.all(|source| source.stands_still(self.at))
    }
}

impl SourceRow {
    /// Whether its figures stand still: it is down, or has been silent for more than a moment.
    #[must_use]
    pub fn stands_still(&self, now: Time) -> bool {
        match self.health {
            Health::Down => true,
            Health::Stale => now.since(self.since) >= BRIEF,
            Health::Connecting | Health::Live | Health::Ended => false,
        }
    }

    /// How far its clock is off, where that is too far for times to be trusted.
    #[must_use]
    pub fn skew(&self) -> Option<Span> {
        self.ahead.filter(|ahead| ahead.0.unsigned_abs() > 2 * Span::SECOND.0.unsigned_abs())
    }

    /// Whether it is still to be waited for: it has yet to connect or to read its past. One that doesn't answer is
    /// waited for a moment only, on a floor whose seconds are real ones.
    #[must_use]
    pub fn is_catching_up(&self, now: Time, mode: &Mode) -> bool {
        let quiet = now.since(self.heard.unwrap_or(self.since).max(self.since));
        self.health == Health::Connecting && (*mode != Mode::Live || quiet < BRIEF)
    }
}

impl Health {
    /// In a word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Stale => "stale",
            Self::Down => "down",
        }
    }
}
