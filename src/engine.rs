//! The engine: events in, figures out.
//!
//! Pure: it takes the time as an argument and does no I/O. Events move contacts (`calls`, `visit`) and agents
//! (`agents`); contacts leave facts (`facts`), and questions are sums over facts (`view`). Its state grows with
//! what is alive and with retention, not with uptime.

mod agents;
mod answer;
mod apply;
mod calls;
mod dedup;
mod facts;
mod interner;
mod live;
mod observed;
mod repeats;
mod settings;
mod store;
mod view;
mod visit;
mod write_up;

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::clock::{Span, Time};
use crate::event::{AgentProfile, QueueProfile};
use crate::kpi::{Calendar, Evidence};
use crate::text::Label;

pub use live::{AgentNow, ContactNow, QueueNow};
pub use settings::{QueueSettings, Settings};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// It was counted.
    Counted,
    /// It was counted where it belongs, though it came later than `lateness` allows.
    Late,
    /// It had come before.
    Duplicate,
    /// It contradicts what is known of the contact (an answer after the end, say) and was left out.
    OutOfPlace,
}

/// The state of a floor.
#[derive(Debug, Default)]
pub struct Engine {
    settings: Settings,
    queues: interner::Interner,
    intents: interner::Interner,
    agents: interner::Interner,
    teams: interner::Interner,
    customers: interner::Interner,
    evaluators: interner::Interner,
    origins: interner::Interner,
    reasons: interner::Interner,
    /// By number of the name.
    queue_facts: Vec<QueueFacts>,
    agent_facts: Vec<AgentFacts>,
    calls: store::Calls,
    /// Contacts by id: those that are alive or were until lately, which nearly every event is about, and the rest.
    call_ids: FxHashMap<Label, u64>,
    settled_ids: FxHashMap<Label, u64>,
    /// Contacts with an open visit.
    open: FxHashSet<u64>,
    /// Contacts that have changed since facts were last written, with what those that had been written gave then.
    changed: Vec<(u64, Vec<Option<write_up::Trail>>)>,
    /// Contacts that are over, in the order they ended, until their steps are let go.
    over: VecDeque<(Time, u64)>,
    cells: facts::Cells,
    minutes: facts::Minutes,
    repeats: repeats::Repeats,
    dedup: dedup::Dedup,
    restarts: Vec<(u32, Time)>,
    gaps: Vec<Gap>,
    lines: view::Lines,
    evidence: Evidence,
    /// The newest time seen, of all and by origin.
    newest: Time,
    newest_by_origin: Vec<Time>,
    tended: Time,
    views: answer::Views,
    observed: observed::Observed,
    /// Rises when names' groupings or the lines that facts are judged by change.
    epoch: u64,
}

/// A time in which nothing was seen of a source: what happened is in no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The origin of its events.
    pub origin: Label,
    /// From when.
    pub since: Time,
    /// Until when.
    pub until: Time,
}

#[derive(Debug, Default)]
struct QueueFacts {
    profile: Option<QueueProfile>,
    channel: Option<u8>,
    /// Who tells of it, the first first.
    origins: SmallVec<[u32; 1]>,
}

#[derive(Debug, Default)]
struct AgentFacts {
    profile: Option<AgentProfile>,
    team: u32,
    queues: Vec<u32>,
    line: agents::Line,
}

impl Engine {
    /// A floor where nothing has happened yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let lines =
            view::Lines { by_queue: Vec::new(), usual: settings.service_level, short_abandon: settings.short_abandon };
        Self { settings, lines, ..Self::default() }
    }

    /// Its settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Time zone and start of the business day.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.settings.calendar
    }

    /// What kinds of events have been seen.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// The first instant at which anything counted happened.
    pub fn oldest(&mut self) -> Option<Time> {
        self.write_up();
        self.minutes.first_instant()
    }

    /// The times in which nothing was seen of a source, in the order they were told.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The newest event's time.
    #[must_use]
    pub const fn newest(&self) -> Time {
        self.newest
    }

    /// Let time pass: close contacts that have outlived `contact_ttl`, and forget what is older than retention.
    /// Cheap; call it as often as you like.
    pub fn advance(&mut self, now: Time) {
        if now.since(self.tended) < Span::MINUTE {
            return;
        }
        let hour_before = self.tended.0.div_euclid(Span::HOUR.0);
        self.tended = now;
        self.close_outlived(now);
        self.settle(now);
        if now.0.div_euclid(Span::HOUR.0) != hour_before {
            self.write_up();
            self.forget(now);
        }
    }

    fn forget(&mut self, now: Time) {
        let Some(keep) = self.settings.keep else { return };
        self.dedup.turn(now);
        let calendar = self.settings.calendar;
        let days = u64::try_from(keep.0 / Span::DAY.0).unwrap_or(0);
        let oldest = calendar.day_start(now, days);
        self.minutes.forget_before(oldest);
        self.gaps.retain(|gap| gap.until >= oldest);
        let history = oldest - self.settings.rules.fcr_window;
        self.repeats.forget_before(history);
        let detail = calendar.day_start(now, 1);
        self.observed.forget_before(detail);
        let marks: Vec<Time> = (0..=days).rev().map(|back| calendar.day_start(now, back)).collect();
        for agent in &mut self.agent_facts {
            agent.line.forget_before(detail, &marks);
        }
        let old = |call: &calls::Call| {
            let ended = call.visits.iter().filter_map(|v| v.ended).max().unwrap_or(Time(0));
            !call.is_open() && ended < history
        };
        for (id, call) in self.calls.forget(old) {
            if self.settled_ids.get(&call.id) == Some(&id) {
                self.settled_ids.remove(&call.id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
