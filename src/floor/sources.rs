//! How the floor's sources do, and which queues stand still with one.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::SourceState;
use crate::board::{Health, SourceRow};
use crate::clock::{Span, Time};
use crate::engine::{Outcome, QueueNow};
use crate::source::Rejection;
use crate::text::Label;

/// What is known of a source before it has said anything.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// Its name.
    pub name: Label,
    /// Its kind.
    pub kind: Label,
}

#[derive(Debug)]
struct Source {
    row: SourceRow,
    /// The origins its events name; queues are known by them.
    origins: BTreeSet<Label>,
}

/// All sources of a floor.
#[derive(Debug)]
pub(super) struct Sources(Vec<Source>);

impl Sources {
    pub(super) fn new(infos: &[SourceInfo], now: Time) -> Self {
        let source = |info: &SourceInfo| Source {
            row: SourceRow {
                name: info.name.clone(),
                kind: info.kind.clone(),
                health: Health::Connecting,
                reason: Label::default(),
                since: now,
                newest: None,
                heard: None,
                events: 0,
                rejected: 0,
                duplicates: 0,
                late: 0,
                last_rejection: None,
                next_try: None,
                ahead: None,
                remark: None,
            },
            origins: BTreeSet::new(),
        };
        Self(infos.iter().map(source).collect())
    }

    pub(super) fn name(&self, source: usize) -> Option<&Label> {
        self.0.get(source).map(|s| &s.row.name)
    }

    /// Whether every source has been read up to now, so that what stands now is the truth.
    pub(super) fn caught_up(&self) -> bool {
        self.0.iter().all(|s| s.row.health != Health::Connecting)
    }

    pub(super) fn heard(&mut self, source: usize, origin: &Label, at: Time, outcome: Outcome, now: Time) {
        let Some(source) = self.0.get_mut(source) else { return };
        if !source.origins.contains(origin) {
            source.origins.insert(origin.clone());
        }
        let row = &mut source.row;
        row.events += 1;
        row.heard = Some(now);
        row.newest = row.newest.max(Some(at));
        match outcome {
            Outcome::Duplicate => row.duplicates += 1,
            Outcome::Late => row.late += 1,
            Outcome::Counted | Outcome::OutOfPlace => {}
        }
    }

    pub(super) fn rejected(&mut self, source: usize, rejection: &Rejection, now: Time) {
        let Some(source) = self.0.get_mut(source) else { return };
        source.row.rejected += 1;
        source.row.heard = Some(now);
        let said = format!("{}:{}: {}", rejection.place, rejection.line, rejection.reason);
        source.row.last_rejection = Some(Label::sentence(&said));
    }

    pub(super) fn clock(&mut self, source: usize, ahead: Span) {
        if let Some(source) = self.0.get_mut(source) {
            source.row.ahead = Some(ahead);
        }
    }

    pub(super) fn remark(&mut self, source: usize, remark: Label) {
        if let Some(source) = self.0.get_mut(source) {
            source.row.remark = Some(remark).filter(|remark| !remark.is_empty());
        }
    }

    pub(super) fn health(&mut self, source: usize, health: Health, reason: Label, at: Time, next_try: Option<Time>) {
        let Some(source) = self.0.get_mut(source) else { return };
        let row = &mut source.row;
        if row.health != health {
            row.since = at;
        }
        row.health = health;
        row.reason = reason;
        row.next_try = next_try;
        if health == Health::Live {
            row.heard = row.heard.max(Some(at));
        }
    }

    pub(super) fn rows(&self) -> Vec<SourceRow> {
        self.0.iter().map(|source| source.row.clone()).collect()
    }

    /// What alerts must know.
    pub(super) fn states(&self, queues: &[QueueNow]) -> Vec<SourceState> {
        let mut by_origin: BTreeMap<&Label, Vec<Label>> = BTreeMap::new();
        for queue in queues {
            by_origin.entry(&queue.origin).or_default().push(queue.id.clone());
        }
        let state = |source: &Source| {
            let row = source.row.clone();
            SourceState {
                name: row.name,
                down: row.health == Health::Down,
                stale: row.health == Health::Stale,
                since: row.since,
                reason: row.reason,
                queues: source.origins.iter().filter_map(|o| by_origin.get(o)).flatten().cloned().collect(),
            }
        };
        self.0.iter().map(state).collect()
    }
}
