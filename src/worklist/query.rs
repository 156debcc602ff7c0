//! Questions for items, and their answers.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{WorkItem, WorkKind, WorkState, Worklist};
use crate::clock::Time;
use crate::text::{Label, Patterns};

/// Which items to list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct WorkQuery {
    /// The kind; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub kind: Option<WorkKind>,
    /// The queue; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub queue: Option<Label>,
    /// What the contact was about; anything when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub intent: Option<Label>,
    /// Whether to list also those that were closed since the business day began.
    pub closed: bool,
    /// The most items to return.
    #[param(minimum = 0, maximum = 10_000)]
    pub limit: usize,
}

/// How many items are listed unless somebody asks for another number.
const DEFAULT_LIMIT: usize = 500;

impl Default for WorkQuery {
    fn default() -> Self {
        Self { kind: None, queue: None, intent: None, closed: false, limit: DEFAULT_LIMIT }
    }
}

/// The items that a question is for: first those that are not closed, the oldest first; then the others, of which the one
/// that was closed last comes first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkAnswer {
    /// When this was so.
    pub at: Time,
    /// How many there are, whatever the limit.
    pub counts: WorkCounts,
    /// The items.
    pub items: Vec<WorkItem>,
}

/// How many items there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkCounts {
    /// Nobody has them.
    pub open: u64,
    /// Somebody has them.
    pub claimed: u64,
    /// Of these two, those that should have been done by now.
    pub overdue: u64,
    /// People were done with them since the business day began.
    pub done: u64,
    /// They have ended by themselves since then.
    pub ended: u64,
    /// Of these two, those whose customer was spoken to in time.
    pub kept: u64,
    /// Since when the oldest of those is waiting that are not closed.
    pub oldest: Option<Time>,
}

impl WorkCounts {
    fn count(&mut self, item: &WorkItem, now: Time) {
        match item.state {
            WorkState::Open => self.open += 1,
            WorkState::Claimed => self.claimed += 1,
            WorkState::Done => self.done += 1,
            WorkState::Ended => self.ended += 1,
        }
        if item.is_closed() {
            let is_kept = |closing: &super::Closing| closing.outcome.is_contact() && closing.at <= item.due;
            self.kept += u64::from(item.closed.as_ref().is_some_and(is_kept));
        } else {
            self.overdue += u64::from(item.is_overdue(now));
            self.oldest = Some(self.oldest.map_or(item.since, |oldest| oldest.min(item.since)));
        }
    }
}

impl Worklist {
    /// Since when the oldest call-back of each queue is open. Empty where nobody has done anything about any: a list that
    /// nobody works through is not late.
    #[must_use]
    pub fn oldest_callbacks(&self) -> FxHashMap<Label, Time> {
        let callbacks = || self.items.values().filter(|item| item.kind == WorkKind::Callback);
        let is_worked = callbacks().any(|item| item.trail.iter().any(|entry| entry.who.is_some()));
        let mut oldest = FxHashMap::default();
        for item in callbacks().filter(|item| is_worked && !item.is_closed()) {
            let since: &mut Time = oldest.entry(item.queue.clone()).or_insert(item.since);
            *since = item.since.min(*since);
        }
        oldest
    }

    /// Answer a question at `now`, about the queues that pass `queues`. The business day began at `day`.
    #[must_use]
    pub fn ask(&self, query: &WorkQuery, queues: &Patterns, day: Time, now: Time) -> WorkAnswer {
        let is_wanted = |item: &&WorkItem| {
            let is_of_day = item.closed.as_ref().is_none_or(|closing| closing.at >= day);
            let is_of_slice = query.queue.as_ref().is_none_or(|queue| *queue == item.queue)
                && query.intent.as_ref().is_none_or(|intent| *intent == item.intent);
            let is_visible = queues.is_empty() || queues.contains(&item.queue);
            query.kind.is_none_or(|kind| kind == item.kind) && is_of_day && is_of_slice && is_visible
        };
        let mut counts = WorkCounts::default();
        let mut found: Vec<&WorkItem> = Vec::new();
        for item in self.items.values().filter(is_wanted) {
            counts.count(item, now);
            if query.closed || !item.is_closed() {
                found.push(item);
            }
        }
        let order = |item: &&WorkItem| match &item.closed {
            None => (false, item.since.0, item.id),
            Some(closing) => (true, -closing.at.0, item.id),
        };
        found.sort_unstable_by_key(order);
        found.truncate(query.limit);
        WorkAnswer { at: now, counts, items: found.into_iter().cloned().collect() }
    }
}
