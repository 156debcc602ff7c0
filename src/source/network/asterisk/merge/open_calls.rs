//! Tracks which calls are open by what has been reported from both accounts.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::queue_status::QueueSnapshot;
use super::steps::StepKey;
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, Step};
use crate::text::Label;

/// The contacts that are tracked.
const MAX_CONTACTS: usize = 50_000;
/// A call is lost when two replies this far apart do not contain it. Replies come once a minute.
const LOST_AFTER: Span = Span(50_000_000);

#[derive(Debug)]
struct OpenCall {
    queue: Label,
    /// The agent who talks to the caller; `None` while the caller waits.
    agent: Option<Label>,
    /// Since when replies have not contained it.
    missing_since: Option<Time>,
}

/// The open calls by contact.
#[derive(Debug, Default)]
pub(super) struct OpenCalls(FxHashMap<Label, Vec<OpenCall>>);

impl OpenCalls {
    /// Apply an event that is reported.
    pub(super) fn apply(&mut self, event: &Event) {
        let (contact, queue, step) = match &event.kind {
            EventKind::Contact { contact, queue: Some(queue), step } => (contact, queue, step),
            EventKind::Restarted => {
                self.0.clear();
                return;
            }
            _ => return,
        };
        match step {
            Step::Offered(_) if self.0.len() < MAX_CONTACTS => {
                let call = OpenCall { queue: queue.clone(), agent: None, missing_since: None };
                self.0.entry(contact.clone()).or_default().push(call);
            }
            Step::Answered { agent, .. } => {
                let mut calls = self.0.get_mut(contact).into_iter().flatten();
                if let Some(call) = calls.find(|call| call.queue == *queue && call.agent.is_none()) {
                    (call.agent, call.missing_since) = (Some(agent.clone()), None);
                }
            }
            Step::Abandoned { .. } | Step::Left { .. } => self.close(contact, queue, false),
            Step::Completed { .. } | Step::Transferred { .. } => self.close(contact, queue, true),
            _ => {}
        }
    }

    /// Whether the call that `key` is about waits in its queue.
    pub(super) fn is_waiting(&self, key: &StepKey) -> bool {
        let mut calls = self.0.get(&key.contact).into_iter().flatten();
        calls.any(|call| call.agent.is_none() && Some(&call.queue) == key.queue.as_ref())
    }

    /// Remove the calls that this reply and an earlier one do not contain: contact and queue of each, in order.
    pub(super) fn remove_lost(
        &mut self,
        snapshot: &QueueSnapshot,
        may_be_talking: impl Fn(&Label, &Label) -> Option<bool>,
        now: Time,
    ) -> Vec<(Label, Label)> {
        let waiting: FxHashSet<(&Label, &Label)> = snapshot.entries.iter().map(|e| (&e.contact, &e.queue)).collect();
        let mut lost = Vec::new();
        self.0.retain(|contact, calls| {
            calls.retain_mut(|call| {
                let is_there = match &call.agent {
                    None => waiting.contains(&(contact, &call.queue)),
                    Some(agent) => may_be_talking(&call.queue, agent).unwrap_or(false),
                };
                let since = *call.missing_since.get_or_insert(now);
                if is_there {
                    call.missing_since = None;
                } else if now.since(since) >= LOST_AFTER {
                    lost.push((contact.clone(), call.queue.clone()));
                    return false;
                }
                true
            });
            !calls.is_empty()
        });
        lost.sort_unstable();
        lost
    }

    fn close(&mut self, contact: &Label, queue: &Label, is_talking: bool) {
        let Some(calls) = self.0.get_mut(contact) else { return };
        if let Some(place) = calls.iter().position(|call| call.queue == *queue && call.agent.is_some() == is_talking) {
            calls.remove(place);
        }
        if calls.is_empty() {
            self.0.remove(contact);
        }
    }
}
