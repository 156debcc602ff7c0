//! Identifies the steps that both accounts report, and remembers those that only one has reported so far.

use std::collections::VecDeque;
use std::mem::Discriminant;

use rustc_hash::FxHashMap;

use crate::clock::Time;
use crate::event::{Event, EventKind, Step};
use crate::text::Label;

/// The unmatched steps that are remembered.
const MAX_UNMATCHED: usize = 50_000;

/// Identifies a step in the life of a contact, as far as both accounts agree on it. Where a step happens several times,
/// its occurrences are matched in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct StepKey {
    pub(super) contact: Label,
    pub(super) queue: Option<Label>,
    kind: StepKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum StepKind {
    Offered,
    Answered,
    /// The call left the queue without an answer.
    Unanswered,
    /// The conversation ended.
    Handled,
    RingNoAnswer(Label),
    /// The dialplan reported it: a `UserEvent`, and the same word in the log.
    UserEvent(Discriminant<Step>),
}

impl StepKey {
    /// `None` for an event that only one of the accounts reports.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let EventKind::Contact { contact, queue, step } = &event.kind else { return None };
        let kind = match step {
            Step::Offered(_) => StepKind::Offered,
            Step::Answered { .. } => StepKind::Answered,
            Step::Abandoned { .. } | Step::Left { .. } => StepKind::Unanswered,
            Step::Completed { .. } | Step::Transferred { .. } => StepKind::Handled,
            Step::RingNoAnswer { agent, .. } => StepKind::RingNoAnswer(agent.clone()),
            Step::Identified { .. } | Step::Resolved { .. } | Step::Survey(_) | Step::Quality { .. } => {
                StepKind::UserEvent(std::mem::discriminant(step))
            }
            _ => return None,
        };
        // The dialplan may name different queues in the two accounts.
        let queue = queue.clone().filter(|_| !matches!(kind, StepKind::UserEvent(_)));
        Some(Self { contact: contact.clone(), queue, kind })
    }

    pub(super) fn is_offer(&self) -> bool {
        self.kind == StepKind::Offered
    }

    pub(super) const fn is_user_event(&self) -> bool {
        matches!(self.kind, StepKind::UserEvent(_))
    }
}

/// Steps that one account has reported and the other has not.
#[derive(Debug, Default)]
pub(super) struct UnmatchedSteps {
    counts: FxHashMap<StepKey, u32>,
    order: VecDeque<(Time, StepKey)>,
}

impl UnmatchedSteps {
    pub(super) fn add(&mut self, key: StepKey, now: Time) {
        *self.counts.entry(key.clone()).or_default() += 1;
        self.order.push_back((now, key));
        if self.order.len() > MAX_UNMATCHED {
            self.drop_oldest();
        }
    }

    /// Remove one occurrence of a step; whether there was one.
    pub(super) fn remove(&mut self, key: &StepKey) -> bool {
        if !self.decrement(key) {
            return false;
        }
        if let Some(place) = self.order.iter().position(|(_, other)| other == key) {
            self.order.remove(place);
        }
        true
    }

    /// Drop the steps added before `before`.
    pub(super) fn expire(&mut self, before: Time) {
        while self.order.front().is_some_and(|(at, _)| *at < before) {
            self.drop_oldest();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn drop_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.decrement(&key);
        }
    }

    fn decrement(&mut self, key: &StepKey) -> bool {
        let Some(count) = self.counts.get_mut(key) else { return false };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(key);
        }
        true
    }
}
