//! Decides what no event says about a call: that it was lost, or that its caller left by pressing a key.

use rustc_hash::FxHashSet;

use super::super::queue_status::QueueEntry;
use super::{CallStage, JoiningCaller, QueueCall, QueueCalls, REPLY_LEAD, StepContext};
use crate::clock::{Span, Time};
use crate::event::{Event, LeftReason, Step};
use crate::text::Label;

/// How long after `QueueCallerLeave` an `AgentConnect` may come. Only milliseconds have been observed.
const CONNECT_DELAY: Span = Span::SECOND;
/// The same for a call that rings an agent: the dialplan may do something on the agent's side first.
const RINGING_CONNECT_DELAY: Span = Span(10_000_000);

impl QueueCalls {
    /// Compare the calls with a `QueueStatus` reply that arrived at `now`, and return how many of its entries were
    /// unknown. `may_be_talking` says whether an agent may be in a call of a queue, where that is known. With `at_once`
    /// no earlier event can still come, so that calls that are missing from the reply are lost immediately.
    pub(in super::super) fn reconcile(
        &mut self,
        origin: &Label,
        entries: &[QueueEntry],
        may_be_talking: impl Fn(&Label, &Label) -> Option<bool>,
        (now, at_once): (Time, bool),
        out: &mut Vec<Event>,
    ) -> usize {
        let mut waiting: FxHashSet<(&Label, &Label)> = FxHashSet::default();
        let mut unknown = 0;
        for entry in entries {
            waiting.insert((&entry.contact, &entry.queue));
            let at = now - entry.wait.unwrap_or(Span::ZERO);
            let context = StepContext { origin, contact: &entry.contact, queue: &entry.queue, at };
            let has_moved = self.recently_moved.iter().any(|(at, contact, queue)| {
                now.since(*at) <= REPLY_LEAD && contact == context.contact && queue == context.queue
            });
            if !has_moved && self.find(context, |stage| *stage == CallStage::Waiting).is_none() {
                unknown += 1;
                self.add(context, CallStage::Waiting, None, true);
                let (position, priority) = (entry.position, entry.priority);
                out.push(context.offered(&JoiningCaller { number: &entry.number, intent: None, position, priority }));
            }
        }
        for (contact, calls) in &mut self.by_contact {
            for call in calls {
                let is_there = match &call.stage {
                    CallStage::Waiting => waiting.contains(&(contact, &call.queue)),
                    CallStage::Leaving => !at_once,
                    // An agent who is removed from the queue during a conversation goes on talking.
                    CallStage::Talking { agent } => may_be_talking(&call.queue, agent).unwrap_or(!at_once),
                };
                call.missing_since = (!is_there).then_some(if at_once { now - REPLY_LEAD } else { now });
            }
        }
        self.advance(origin, now, out);
        unknown
    }

    /// Advance the time to `now`, and report the calls that are over by then.
    pub(in super::super) fn advance(&mut self, origin: &Label, now: Time, out: &mut Vec<Event>) {
        let mut over: Vec<(Label, Label, Time, Step)> = Vec::new();
        self.by_contact.retain(|contact, calls| {
            calls.retain(|call| {
                let is_lost = call.missing_since.is_some_and(|since| now.since(since) >= REPLY_LEAD);
                let delay = if call.ringing.is_empty() { CONNECT_DELAY } else { RINGING_CONNECT_DELAY };
                let (at, step) = if is_lost {
                    (now, Step::Lost)
                } else if call.stage == CallStage::Leaving && now.since(call.since) >= delay {
                    (call.since, Step::Left { reason: LeftReason::Key, wait: None })
                } else {
                    return true;
                };
                over.push((contact.clone(), call.queue.clone(), at, step));
                false
            });
            !calls.is_empty()
        });
        self.count -= over.len();
        over.sort_by(|a, b| (a.2, &a.0).cmp(&(b.2, &b.0)));
        for (contact, queue, at, step) in over {
            out.push(StepContext { origin, contact: &contact, queue: &queue, at }.event(step));
        }
    }

    /// Whether [`QueueCalls::advance`] has anything to decide.
    pub(in super::super) fn is_undecided(&self) -> bool {
        let is_undecided = |call: &QueueCall| call.stage == CallStage::Leaving || call.missing_since.is_some();
        self.iter().any(|(_, call)| is_undecided(call))
    }
}
