//! The board: the immutable snapshot of a floor that every screen and the hub read.
//!
//! The floor publishes one when something changed, at most twenty times a second, and at least once a second so that
//! ages advance. It holds the live figures; figures over a window are requested with a [`crate::kpi::Query`].

mod gaps;

use std::collections::BTreeMap;

use serde::de::IntoDeserializer;
use serde::de::value::StringDeserializer;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::alert::{Alerts, Episode};
use crate::annotation::Annotation;
use crate::clock::{Span, Time};
use crate::engine::ContactNow;
use crate::event::Channel;
use crate::kpi::{Bands, Calendar, CountingRules, KpiId, Live};
use crate::text::{Label, Text};

pub use crate::engine::{AgentRow, Arrangement, FoundRow, QueuePause, QueueRow, Rows, StatePeriod, WaitingRow};
pub use gaps::GapRow;

/// A connection that is made again within this time counts as uninterrupted.
const GRACE_PERIOD: Span = Span(5 * Span::SECOND.0);
/// A source's clock that is off by more makes its times untrustworthy.
const MAX_CLOCK_SKEW: Span = Span(2 * Span::SECOND.0);

/// The state of a floor at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// Rises by one with every board of a floor.
    pub seq: u64,
    /// The floor's time when it was made; in a replay, the time of the recording.
    pub at: Time,
    /// The centre's name from the configuration.
    pub title: Label,
    /// Time zone and start of the business day.
    pub calendar: Calendar,
    /// Where the events come from.
    pub mode: Mode,
    /// Who writes the journal.
    pub keeper: Keeper,
    /// The hub that it was received from; `None` when the floor runs in this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubRow>,
    /// The rules by which contacts are counted.
    pub rules: CountingRules,
    /// The targets and limits of the floor, for the KPIs for which it has others than the catalogue.
    #[serde(default, rename = "lines", skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<(KpiId, Bands)>,
    /// The bounds of handling time by intent, in seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Bands>)]
    pub handling_time: BTreeMap<Label, Bands>,
    /// Live figures of the whole floor.
    pub total: Live,
    /// The queues, by name.
    #[schema(value_type = Vec<QueueRow>)]
    pub queues: Rows<QueueRow>,
    /// The agents, by name.
    #[schema(value_type = Vec<AgentRow>)]
    pub agents: Rows<AgentRow>,
    /// Contacts waiting, oldest first.
    #[schema(value_type = Vec<WaitingRow>)]
    pub waiting: Rows<WaitingRow>,
    /// The sources of events.
    pub sources: Vec<SourceRow>,
    /// Times for which a source has no data, oldest first. Trends leave them blank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<GapRow>,
    /// The episodes that have not resolved, the most urgent first, inhibited ones included. Boards share them until the
    /// next evaluation.
    #[schema(value_type = Vec<Episode>)]
    pub alerts: Alerts,
    /// What people say of times, in the order written.
    #[serde(default)]
    #[schema(value_type = Vec<Annotation>)]
    pub annotations: Rows<Annotation>,
    /// The notification targets that cannot be reached at present.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<TargetRow>,
    /// What the floor's owner should know about this program's machine and journal: that the clock was set, that rows
    /// can't be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Text>,
    /// Set while this floor follows one that runs but has written nothing for minutes: everything is as of then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Time>,
}

/// A notification target that cannot be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetRow {
    /// The name from the configuration.
    pub name: Label,
    /// When the first of the failed attempts was made.
    pub since: Time,
    /// What went wrong, and the remedy. Never holds a secret.
    pub reason: Text,
    /// The number of failed attempts.
    pub failures: u32,
    /// When the next attempt is made; `None` while one runs.
    pub next_try: Option<Time>,
}

/// The hub that a board was received from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HubRow {
    /// The name by which the configuration or command line gives it.
    pub name: Label,
    /// Set while the hub cannot be reached; the rest of the board is then the last that was received.
    pub cut_off: Option<CutOff>,
}

/// Why the hub cannot be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CutOff {
    /// When the connection was lost.
    pub since: Time,
    /// What went wrong, and the remedy.
    pub reason: Text,
    /// When the next attempt is made; `None` while one runs.
    pub next_try: Option<Time>,
}

/// Where a floor's events come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The configured sources.
    #[default]
    Live,
    /// The simulator.
    Simulated {
        /// The scenario's name.
        scenario: Label,
        /// The speed; 1.0 is real time.
        speed: f64,
    },
    /// A recording.
    Replay {
        /// The speed; 1.0 is real time.
        speed: f64,
        /// Whether it is paused.
        paused: bool,
        /// The time of the recording's first event.
        from: Time,
        /// The time of its last event.
        to: Time,
    },
}

/// Who writes the journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// Nobody: there is no journal, as in a simulation or a replay.
    #[default]
    Nobody,
    /// This process.
    Us,
    /// This process or another, but the state is still being restored from the journal.
    Loading,
    /// Another process, described in words. This one follows it.
    Other(Text),
    /// Nobody at present, because the journal failed for this reason.
    Failed(Text),
}

/// The live state of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceRow {
    /// The name from the configuration.
    pub name: Label,
    /// The kind from the configuration, such as `asterisk`.
    pub kind: Label,
    /// Its health. A word of a newer hub that is not known here reads as `degraded`.
    #[serde(deserialize_with = "known_health")]
    pub health: Health,
    /// Why it is in this state, and the remedy; empty when all is well.
    pub reason: Text,
    /// When it entered this state.
    pub since: Time,
    /// The time of its newest event.
    pub newest: Option<Time>,
    /// When anything was last received from it.
    pub heard: Option<Time>,
    /// The number of events received.
    pub events: u64,
    /// The number of lines or messages that could not be understood.
    pub rejected: u64,
    /// The number of events received before.
    pub duplicates: u64,
    /// The number of events that came later than the allowed lateness.
    pub late: u64,
    /// The number of steps that contradict what is known of their contact, since floorwatch started.
    #[serde(default)]
    pub out_of_place: u64,
    /// Of which kinds they are, with the contact of one.
    #[serde(default)]
    pub contradictions: Option<Text>,
    /// The last rejection: place, line and reason.
    pub last_rejection: Option<Text>,
    /// When the next attempt to connect is made; `None` when none is planned.
    pub next_try: Option<Time>,
    /// How far its clock is ahead of this machine's; negative when behind, `None` when not measured.
    pub ahead: Option<Span>,
    /// Advice to the operator that is not an error: rights it does not need, a certificate that is not verified.
    pub remark: Option<Text>,
}

/// The health of a source, the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Connecting for the first time, or reading what it missed.
    #[default]
    Connecting,
    /// Events are received as they happen.
    Live,
    /// A file that was read to its end and is not followed.
    Ended,
    /// A part of what is asked of it fails, and the rest is current.
    Degraded,
    /// Nothing has been received for too long, or the connection just broke.
    Stale,
    /// It cannot be reached or read.
    Down,
}

fn known_health<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Health, D::Error> {
    let word: StringDeserializer<D::Error> = String::deserialize(deserializer)?.into_deserializer();
    Ok(Health::deserialize(word).unwrap_or(Health::Degraded))
}

/// A contact in a list of contacts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactRow {
    /// The contact's id.
    pub contact: Label,
    /// The queue.
    pub queue: Label,
    /// The channel.
    pub channel: Channel,
    /// What it is about; empty when unknown.
    pub intent: Label,
    /// The customer; empty when unknown.
    pub customer: Label,
    /// The agent; empty when none.
    pub agent: Label,
    /// When it joined the queue.
    pub offered: Time,
    /// When it ended; `None` while it goes on.
    pub ended: Option<Time>,
    /// Since when it waits, talks or is on hold; `None` where that is not known, and once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Whether it is on hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_hold: bool,
    /// The agent whose phone rings for it, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ringing: Option<Label>,
    /// Its state or outcome: `waiting`, `talking`, `handled`, `transferred`, `abandoned`, `left: timeout`, `unknown`.
    pub outcome: Label,
    /// The waiting time, where known.
    pub wait: Option<Span>,
    /// The talk time, where known.
    pub talk: Option<Span>,
    /// The time on hold.
    pub hold: Span,
    /// The after-contact work time.
    pub acw: Span,
    /// Satisfaction from 1 to 5, where the survey was answered.
    pub csat: Option<f64>,
    /// Whether it repeats an earlier contact of the same customer.
    pub repeat: bool,
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
            since: contact.since,
            on_hold: contact.on_hold,
            ringing: contact.ringing,
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

/// What the board itself knows of a waiting contact.
impl From<&WaitingRow> for ContactRow {
    fn from(row: &WaitingRow) -> Self {
        Self {
            contact: row.contact.clone(),
            queue: row.queue.clone(),
            channel: row.channel,
            intent: row.intent.clone(),
            customer: row.customer.clone(),
            agent: Label::default(),
            offered: row.since,
            ended: None,
            since: Some(row.since),
            on_hold: false,
            ringing: row.ringing.clone(),
            outcome: Label::fixed("waiting"),
            wait: None,
            talk: None,
            hold: Span::ZERO,
            acw: Span::ZERO,
            csat: None,
            repeat: false,
        }
    }
}

impl TargetRow {
    /// Stands for all targets when the notifier itself has crashed.
    #[must_use]
    pub const fn lost() -> Self {
        let reason = Text::fixed("a mistake in floorwatch ended them: restart it; the log tells more");
        Self { name: Label::fixed("all targets"), since: Time(0), reason, failures: 1, next_try: None }
    }
}

impl Board {
    /// The board without queues, agents, waiting contacts, alerts and annotations.
    #[must_use]
    pub fn without_rows(&self) -> Self {
        Self {
            seq: self.seq,
            at: self.at,
            title: self.title.clone(),
            calendar: self.calendar,
            mode: self.mode.clone(),
            keeper: self.keeper.clone(),
            hub: self.hub.clone(),
            rules: self.rules.clone(),
            bands: self.bands.clone(),
            handling_time: self.handling_time.clone(),
            total: self.total.clone(),
            sources: self.sources.clone(),
            gaps: self.gaps.clone(),
            untold: self.untold.clone(),
            remarks: self.remarks.clone(),
            silent_since: self.silent_since,
            queues: Rows::default(),
            agents: Rows::default(),
            waiting: Rows::default(),
            alerts: Alerts::default(),
            annotations: Rows::default(),
        }
    }

    /// Whether sources are still catching up on the past, so that figures are not yet complete.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        let follows = matches!(self.keeper, Keeper::Other(_));
        !follows && self.sources.iter().any(|source| source.is_catching_up(self.at, &self.mode))
    }

    /// The source with a name.
    #[must_use]
    pub fn source(&self, name: &Label) -> Option<&SourceRow> {
        self.sources.iter().find(|source| source.name == *name)
    }

    /// The silent sources: the worst first, then those that have been silent for longest.
    #[must_use]
    pub fn silent_sources(&self) -> Vec<&SourceRow> {
        let mut silent: Vec<&SourceRow> = self.sources.iter().filter(|s| s.is_silent(self.at)).collect();
        silent.sort_by_key(|source| (std::cmp::Reverse(source.health), source.since));
        silent
    }

    /// Whether every source that reports on a queue is silent, so that its figures are old.
    #[must_use]
    pub fn is_silent(&self, queue: &QueueRow) -> bool {
        let mut known = queue.sources.iter().filter_map(|name| self.source(name)).peekable();
        known.peek().is_some() && known.all(|source| source.is_silent(self.at))
    }
}

impl SourceRow {
    /// Whether it is silent, so that its figures are old: it is down, or has been stale for longer than a brief reconnect
    /// takes.
    #[must_use]
    pub fn is_silent(&self, now: Time) -> bool {
        match self.health {
            Health::Down => true,
            Health::Stale => now.since(self.since) >= GRACE_PERIOD,
            Health::Connecting | Health::Live | Health::Ended | Health::Degraded => false,
        }
    }

    /// How far its clock is off, if that is too far for its times to be trusted.
    #[must_use]
    pub fn skew(&self) -> Option<Span> {
        self.ahead.filter(|ahead| ahead.0.unsigned_abs() > MAX_CLOCK_SKEW.0.unsigned_abs())
    }

    /// Whether it is still connecting or reading what it missed. On a live floor, a source that has been silent for a
    /// few seconds is not waited for.
    #[must_use]
    pub fn is_catching_up(&self, now: Time, mode: &Mode) -> bool {
        let silence = now.since(self.heard.unwrap_or(self.since).max(self.since));
        self.health == Health::Connecting && (*mode != Mode::Live || silence < GRACE_PERIOD)
    }
}

impl Health {
    /// The name in JSON and in logs.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Degraded => "degraded",
            Self::Stale => "stale",
            Self::Down => "down",
        }
    }
}
