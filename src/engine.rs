//! The engine: events in, figures out.
//!
//! It is pure: it takes the time as an argument and does no I/O. What it holds in memory grows with what is alive and
//! with the last two business days, not with uptime.
//!
//! ```text
//!  Event ── apply ──► Contact: its steps, in order of time              (contact)
//!                        │  a function of the set of steps
//!                        ▼
//!                     QueueVisit: one contact in one queue              (visit)
//!                        │  flush: written when somebody asks
//!          ┌─────────────┼──────────────────┐
//!          ▼             ▼                  ▼
//!       Fact          Timeline           Repeats
//!  one thing counted  an agent's states  a customer's contacts
//!       │ (facts)     │ (timeline)       │ (repeats) decides which visits
//!       ▼             │                  │ are first contacts and repeats
//!    Minute           │                  └──► facts
//!  all facts of one   │
//!       │ (closing)   │      live: open visits and agents' states now
//!       ▼             │        │
//!    Segment          │        │
//!  all of a closed    │        │
//!  day (segment)      │        │
//!       │             │        │
//!       ▼             │        │
//!     View            │        │
//!  a kept Tally for   │        │
//!  each row (view)    │        │
//!       └─────────────┴────────┴──► ask(Query) ──► Answer (answer)
//! ```
//!
//! Events may arrive in any order. A contact's visits are computed from all of its steps, and when a visit changes
//! after its facts have been written, facts with the opposite sign cancel the old ones. So a window's figures are
//! always a sum over its minutes, and a view only adds what is new.
//!
//! A day that is over is closed (closing): its facts become a segment. With an [`Archive`], segments and contacts that
//! are over leave memory together with a [`Checkpoint`], from which the engine continues after a restart.

mod active_origins;
mod agent_states;
mod agent_times;
mod answer;
mod apply;
mod archive;
mod checkpoint;
mod closing;
mod contact;
mod contact_list;
mod contact_store;
mod contradictions;
mod counting;
mod course;
mod current;
mod dedup;
mod fact_store;
mod facts;
mod flush;
mod groups;
mod interner;
mod live;
mod minute;
mod minutes;
mod names;
mod observed;
mod plain_contacts;
mod portions;
mod repeats;
mod rows;
mod segment;
mod served_queues;
mod settings;
mod standing_query;
mod timeline;
mod transition;
mod varint;
mod view;
mod view_cache;
mod visit;
mod visit_reports;

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::clock::{Span, Time};
use crate::event::{AgentProfile, Channel, QueueProfile};
use crate::kpi::{Calendar, Evidence};
use crate::text::Label;

use active_origins::ActiveOrigins;
use checkpoint::InFlight;
use contact_store::{ContactNo, ContactStore};
use contradictions::Contradictions;
use current::CurrentState;
use dedup::Dedup;
use fact_store::FactStore;
use facts::CellTable;
use interner::{AgentNo, CustomerNo, EvaluatorNo, IntentNo, Interner, OriginNo, QueueNo, ReasonNo, TeamNo};
use observed::ObservedFigures;
use plain_contacts::PlainContacts;
use repeats::Repeats;
use served_queues::ServedQueues;
use standing_query::StandingQuery;
use timeline::Timeline;
use visit_reports::VisitReports;

pub use agent_states::StatePeriod;
pub use answer::AnswerTooLarge;
pub use archive::{Archive, ArchivedContact, ArchivedSegment, Checkpoint, SegmentId};
pub use contact_list::ContactSearch;
pub use contradictions::Contradiction;
pub use live::{AgentRow, ContactNow, QueuePause, QueueRow, SourceNames, WaitingRow};
pub use names::NameCounts;
pub use portions::{PortionOutcome, PortionedQuestion};
pub use rows::{Arrangement, FoundRow, Rows};
pub use settings::{QueueSettings, Settings};
pub use visit_reports::{VisitCourse, VisitReport};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// It was counted.
    Counted,
    /// It was counted, though it came later than [`Settings::lateness`] allows.
    Late,
    /// It was dropped: an event with the same origin and id has been applied before, or the same step of the contact.
    Duplicate,
    /// It contradicts what is known of the contact (an answer after the end, say), and counts for nothing unless an earlier
    /// event comes after it. See [`Engine::contradictions`].
    OutOfPlace,
}

/// The state of a floor. What is serialized is a checkpoint's.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Engine {
    #[serde(skip)]
    settings: Settings,
    queues: Interner<QueueNo>,
    intents: Interner<IntentNo>,
    agents: Interner<AgentNo>,
    teams: Interner<TeamNo>,
    customers: Interner<CustomerNo>,
    evaluators: Interner<EvaluatorNo>,
    origins: Interner<OriginNo>,
    /// The origins that say which agents serve their queues.
    staffing_origins: BTreeSet<OriginNo>,
    reasons: Interner<ReasonNo>,
    /// By queue number.
    queue_records: Vec<QueueRecord>,
    /// By agent number.
    agent_records: Vec<AgentRecord>,
    contacts: ContactStore,
    /// Contacts of a standing query that are not among these.
    #[serde(skip)]
    plain_contacts: PlainContacts,
    /// The contacts with an open visit.
    open_contacts: FxHashSet<ContactNo>,
    /// None of them has been open for `contact_ttl` before this.
    #[serde(skip)]
    next_expiry: Time,
    /// The contacts that have changed since the last flush, with what each of their visits had contributed by then.
    #[serde(skip)]
    changed: flush::Changes,
    /// The contacts that are over, in the order they ended, until they are settled.
    ended: VecDeque<(Time, ContactNo)>,
    cells: CellTable,
    facts: FactStore,
    repeats: Repeats,
    #[serde(skip)]
    visit_reports: VisitReports,
    #[serde(skip)]
    contradictions: Contradictions,
    dedup: Dedup,
    restarts: BTreeSet<(OriginNo, Time)>,
    gaps: Vec<Gap>,
    /// The origin of the last event.
    last_origin: OriginNo,
    #[serde(skip)]
    limits: counting::Limits,
    evidence: Evidence,
    /// The newest event's time, of all and by origin number.
    newest: Time,
    newest_by_origin: Vec<Time>,
    active_origins: ActiveOrigins,
    /// The time of the last [`Engine::advance`] that did anything.
    advanced_to: Time,
    #[serde(skip)]
    current: CurrentState,
    #[serde(skip)]
    views: view_cache::ViewCache,
    /// See [`Self::count_only`].
    #[serde(skip)]
    standing_query: Option<Box<StandingQuery>>,
    observed: ObservedFigures,
    /// Since when the oldest call-back of a queue is open.
    #[serde(skip)]
    oldest_callbacks: FxHashMap<QueueNo, Time>,
    /// Where segments and contacts are read that have left memory.
    #[serde(skip)]
    archive: Option<Box<dyn Archive>>,
    /// Whether the archive's contacts are of this engine, and not of one before.
    #[serde(skip)]
    archive_is_ours: bool,
    /// See [`Checkpoint::replaces_from`].
    #[serde(skip)]
    replaces_from: Option<Time>,
    /// The numbers of the newest checkpoint and the newest segment made.
    checkpoints: u64,
    newest_segment: u64,
    #[serde(skip)]
    in_flight: Option<InFlight>,
    /// The length of the last checkpoint's state.
    #[serde(skip)]
    state_bytes: usize,
    #[serde(skip)]
    events_since_tidy: usize,
    /// Contacts that ended before this have left memory, but for those recalled since.
    archived_before: Time,
    /// The day on which customers were last forgotten.
    customers_forgotten: Time,
    /// Contacts put back into memory since the last checkpoint.
    recalled: Vec<ContactNo>,
    #[serde(skip)]
    unreadable_days: BTreeSet<Time>,
    /// Incremented when the groups of cells or the limits change: views must then count anew.
    epoch: u64,
}

/// After so many events, what is over is tidied up, however little time has passed: until then, it takes ten times as much
/// memory.
const EVENTS_PER_TIDY: usize = 2_000;

/// A time in which nothing was seen of a source: what happened then is in no figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The origin of the source's events.
    pub origin: Label,
    /// When the source was last seen.
    pub since: Time,
    /// When it was seen again.
    pub until: Time,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct QueueRecord {
    profile: Option<QueueProfile>,
    /// The channel of the profile, or of the first contact.
    channel: Option<Channel>,
    /// The sources that report on it, in the order of their first event.
    origins: SmallVec<[OriginNo; 1]>,
    /// One of them says which agents serve it: nobody else does.
    knows_agents: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct AgentRecord {
    profile: Option<AgentProfile>,
    team: TeamNo,
    queues: ServedQueues,
    timeline: Timeline,
}

impl Engine {
    /// An engine that no event has been applied to.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let limits = counting::Limits {
            by_queue: Vec::new(),
            default_service_level: settings.service_level,
            short_abandon: settings.short_abandon,
        };
        Self { settings, limits, ..Self::default() }
    }

    /// The settings given to [`Engine::new`].
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Judge figures by other targets and limits from now on.
    pub fn take_limits(&mut self, from: &Settings) {
        self.settings.take_limits(from);
        self.current.forget_limits();
    }

    /// The time zone and the start of the business day.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.settings.calendar
    }

    /// What kinds of data the events so far have carried.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// The time of the oldest fact kept; `None` where nothing has been counted.
    pub fn oldest(&mut self) -> Option<Time> {
        self.flush();
        self.facts.first_instant()
    }

    /// The gaps in what sources saw, in the order they were reported.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The newest event's time.
    #[must_use]
    pub const fn newest(&self) -> Time {
        self.newest
    }

    /// Advance the time: close contacts that are older than [`Settings::contact_ttl`], and drop what is older than
    /// [`Settings::keep`]. Does nothing within a minute of the last time, unless many events have come since, so that it
    /// may be called at every event.
    #[inline]
    pub fn advance(&mut self, now: Time) {
        if now.since(self.advanced_to) >= Span::MINUTE {
            self.pass_minute(now);
        } else if self.events_since_tidy >= EVENTS_PER_TIDY {
            // A source that catches up brings days within a minute.
            self.tidy(now);
        }
    }

    /// All events have been applied, and it is `now`: close what has been open for too long, however little time has passed
    /// since that was looked at.
    pub fn finish(&mut self, now: Time) {
        self.advance(now);
        self.end_all_deferral();
        self.close_expired(now);
    }

    /// A minute has passed, or more.
    fn pass_minute(&mut self, now: Time) {
        let hour_before = self.advanced_to.0.div_euclid(Span::HOUR.0);
        self.advanced_to = now;
        self.active_origins.advance(now);
        self.end_deferral_of_old(now);
        self.close_expired(now);
        self.tidy(now);
        if self.settings.keep.is_some() && now.0.div_euclid(Span::HOUR.0) != hour_before {
            self.flush();
            self.drop_old(now);
        }
    }

    /// Let what is over take little memory, or none.
    fn tidy(&mut self, now: Time) {
        self.events_since_tidy = 0;
        self.release();
        self.settle(self.horizon(now));
        self.close_days(now);
        self.facts.pack();
    }

    /// The wall clock was set forward by `by` (back if negative) and now shows `now`. Waits and states that last keep
    /// their length, unless the newest event shows that the clock of the sources was right.
    pub fn shift(&mut self, by: Span, now: Time) {
        self.advanced_to = self.advanced_to + by;
        let off = |clock: Time| (self.newest - clock).0.abs();
        if off(now) <= off(now - by) {
            return;
        }
        self.flush();
        self.next_expiry = Time::default();
        for number in self.open_contacts.clone() {
            self.mark_changed(number);
            if let Some(contact) = self.contacts.get_mut(number) {
                contact.shift(by);
            }
            self.replay(number);
        }
        self.flush();
        for agent in &mut self.agent_records {
            agent.timeline.end_at(now);
        }
        self.current.forget();
        self.newest = self.newest.min(now);
    }

    fn drop_old(&mut self, now: Time) {
        let Some(keep) = self.settings.keep else { return };
        // A clock that is set far ahead must not make the engine drop its data.
        let now = now.min(self.newest + Span::DAY);
        self.dedup.0.rotate(now);
        let calendar = self.settings.calendar;
        let days = u64::try_from(keep.0 / Span::DAY.0).unwrap_or(0);
        let oldest = calendar.day_start(now, days);
        self.facts.drop_before(oldest);
        self.gaps.retain(|gap| gap.until >= oldest);
        let oldest_repeat = oldest - self.settings.rules.fcr_window;
        self.repeats.drop_before(oldest_repeat);
        self.observed.drop_before(calendar.day_start(now, 1));
        self.drop_timelines(now);
        self.restarts.retain(|(_, at)| *at >= oldest_repeat);
        if self.archive.is_none() {
            for (_, number) in self.contacts.packed().into_iter().filter(|(ended, _)| *ended < oldest_repeat) {
                self.contacts.forget(number);
            }
        }
    }
}

#[cfg(test)]
mod tests;
