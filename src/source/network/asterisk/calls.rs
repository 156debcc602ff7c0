//! Tracks the calls in queues by the events of the manager interface.
//!
//! The interface says less than queue_log. `QueueCallerLeave` comes before `AgentConnect`, and a caller about whom
//! nothing follows has left by pressing a key. `AgentComplete` may come without the id of the call that ended.

mod settle;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, Event, EventKind, Offer, Step, TransferKind};
use crate::source::caller_number::customer;
use crate::text::Label;

/// The calls that are tracked; no floor has more at once.
const MAX_CALLS: usize = 20_000;
/// The agents whom one call rings at once; more are not tracked.
const MAX_RINGING: usize = 1_000;
/// How much later than a `QueueStatus` reply an event may come that the reply already accounts for.
const REPLY_LEAD: Span = Span(5_000_000);

/// A call in a queue. Calls that are open when the program ends are stored in the journal's cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueueCall {
    pub(super) queue: Label,
    /// When the call entered its stage.
    since: Time,
    stage: CallStage,
    /// The agents whom it rings.
    #[serde(skip)]
    ringing: Vec<Label>,
    #[serde(skip)]
    intent: Option<Label>,
    /// It is known from a reply, and the event of its joining may still come.
    #[serde(skip)]
    from_reply: bool,
    /// Since when replies have not contained it. If no event explains that, the call is lost.
    #[serde(skip)]
    missing_since: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CallStage {
    Waiting,
    /// The call has left the queue, and an agent may have it.
    Leaving,
    Talking {
        agent: Label,
    },
}

impl CallStage {
    const fn is_talking(&self) -> bool {
        matches!(self, Self::Talking { .. })
    }

    fn is_talking_to(&self, agent: &Label) -> bool {
        matches!(self, Self::Talking { agent: other } if other == agent)
    }
}

/// The calls in all queues.
#[derive(Debug, Default)]
pub(super) struct QueueCalls {
    /// By contact, which may stand in several queues.
    by_contact: FxHashMap<Label, Vec<QueueCall>>,
    count: usize,
    /// Contact and queue of the calls that recently stopped waiting: a reply that is older may still contain them.
    recently_moved: VecDeque<(Time, Label, Label)>,
}

/// What the steps of one packet have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepContext<'a> {
    pub(super) origin: &'a Label,
    pub(super) contact: &'a Label,
    pub(super) queue: &'a Label,
    pub(super) at: Time,
}

impl StepContext<'_> {
    pub(super) fn event(&self, step: Step) -> Event {
        let (contact, queue) = (self.contact.clone(), Some(self.queue.clone()));
        Event { at: self.at, origin: self.origin.clone(), id: None, kind: EventKind::Contact { contact, queue, step } }
    }

    fn offered(&self, caller: &JoiningCaller<'_>) -> Event {
        self.event(Step::Offered(Offer {
            intent: caller.intent.clone(),
            customer: customer(caller.number),
            priority: caller.priority,
            position: caller.position.filter(|&position| position > 0),
            ..Offer::new(self.queue.clone(), Channel::Voice)
        }))
    }
}

/// What is known of a caller who joins a queue.
#[derive(Clone, Debug, Default)]
pub(super) struct JoiningCaller<'a> {
    pub(super) number: &'a [u8],
    pub(super) intent: Option<Label>,
    pub(super) position: Option<u32>,
    pub(super) priority: Option<i32>,
}

impl QueueCalls {
    fn find(&mut self, context: StepContext<'_>, fits: impl Fn(&CallStage) -> bool) -> Option<&mut QueueCall> {
        let calls = self.by_contact.get_mut(context.contact)?;
        calls.iter_mut().find(|call| call.queue == *context.queue && fits(&call.stage))
    }

    fn remove(&mut self, context: StepContext<'_>, fits: impl Fn(&CallStage) -> bool) -> Option<QueueCall> {
        let calls = self.by_contact.get_mut(context.contact)?;
        let place = calls.iter().position(|call| call.queue == *context.queue && fits(&call.stage))?;
        let call = calls.remove(place);
        if calls.is_empty() {
            self.by_contact.remove(context.contact);
        }
        self.count -= 1;
        self.note_move(context);
        Some(call)
    }

    fn note_move(&mut self, context: StepContext<'_>) {
        let is_old = |(at, ..): &(Time, Label, Label)| context.at.since(*at) > REPLY_LEAD;
        while self.recently_moved.len() >= MAX_CALLS || self.recently_moved.front().is_some_and(is_old) {
            self.recently_moved.pop_front();
        }
        self.recently_moved.push_back((context.at, context.contact.clone(), context.queue.clone()));
    }

    fn add(&mut self, context: StepContext<'_>, stage: CallStage, intent: Option<Label>, from_reply: bool) {
        if self.count >= MAX_CALLS {
            return;
        }
        self.count += 1;
        let (queue, since) = (context.queue.clone(), context.at);
        let call = QueueCall { queue, since, stage, ringing: Vec::new(), intent, from_reply, missing_since: None };
        self.by_contact.entry(context.contact.clone()).or_default().push(call);
    }

    /// A caller joined (`QueueCallerJoin`).
    pub(super) fn join(&mut self, context: StepContext<'_>, caller: &JoiningCaller<'_>, out: &mut Vec<Event>) {
        if let Some(call) = self.find(context, |stage| *stage == CallStage::Waiting)
            && call.from_reply
        {
            call.from_reply = false;
            self.classify(context, caller.intent.clone(), out);
            return;
        }
        self.add(context, CallStage::Waiting, caller.intent.clone(), false);
        out.push(context.offered(caller));
    }

    /// Report the intent that an event carries, where it has changed.
    pub(super) fn classify(&mut self, context: StepContext<'_>, intent: Option<Label>, out: &mut Vec<Event>) {
        let Some(intent) = intent else { return };
        if let Some(call) = self.find(context, |_| true)
            && call.intent.as_ref() != Some(&intent)
        {
            call.intent = Some(intent.clone());
            out.push(context.event(Step::Classified { intent }));
        }
    }

    /// The call rings an agent (`AgentCalled`).
    pub(super) fn ring(&mut self, context: StepContext<'_>, agent: Label, out: &mut Vec<Event>) {
        if let Some(call) = self.find(context, |stage| *stage == CallStage::Waiting) {
            if !call.ringing.contains(&agent) && call.ringing.len() < MAX_RINGING {
                call.ringing.push(agent.clone());
            }
            out.push(context.event(Step::Ringing { agent }));
        }
    }

    /// An agent did not answer (`AgentRingNoAnswer`).
    pub(super) fn ring_no_answer(
        &mut self,
        context: StepContext<'_>,
        agent: Label,
        ring: Option<Span>,
        out: &mut Vec<Event>,
    ) {
        if let Some(call) = self.find(context, |stage| !stage.is_talking()) {
            call.ringing.retain(|rung| *rung != agent);
        }
        out.push(context.event(Step::RingNoAnswer { agent, ring }));
    }

    /// An agent's phone in a queue no longer rings, and nobody has picked it up.
    pub(super) fn stop_ringing(&mut self, queue: &Label, agent: &Label) {
        let calls = self.by_contact.values_mut().flatten();
        for call in calls.filter(|call| call.stage == CallStage::Leaving && call.queue == *queue) {
            call.ringing.retain(|rung| rung != agent);
        }
    }

    /// An agent has the call (`AgentConnect`).
    pub(super) fn connect(&mut self, context: StepContext<'_>, agent: Label, wait: Option<Span>, out: &mut Vec<Event>) {
        let call = self.remove(context, |stage| *stage == CallStage::Leaving);
        let call = call.or_else(|| self.remove(context, |stage| *stage == CallStage::Waiting));
        let intent = call.and_then(|call| call.intent);
        self.add(context, CallStage::Talking { agent: agent.clone() }, intent, false);
        out.push(context.event(Step::Answered { agent, wait }));
    }

    /// The caller hung up or was sent away (`QueueCallerAbandon`); the event does not say which.
    pub(super) fn abandon(
        &mut self,
        context: StepContext<'_>,
        wait: Option<Span>,
        position: Option<u32>,
        out: &mut Vec<Event>,
    ) {
        self.remove(context, |stage| !stage.is_talking());
        out.push(context.event(Step::Abandoned { wait, position }));
    }

    /// The call is no longer in the queue (`QueueCallerLeave`); the next event tells why.
    pub(super) fn leave(&mut self, context: StepContext<'_>) {
        if let Some(call) = self.find(context, |stage| *stage == CallStage::Waiting) {
            (call.stage, call.since) = (CallStage::Leaving, context.at);
            self.note_move(context);
        }
    }

    /// A conversation ended (`AgentComplete`). Without a known agent it is the one that the call has in this queue.
    pub(super) fn complete(
        &mut self,
        context: StepContext<'_>,
        agent: Option<Label>,
        reason: &[u8],
        talk: Option<Span>,
        out: &mut Vec<Event>,
    ) {
        let with_agent =
            |stage: &CallStage| agent.as_ref().map_or(stage.is_talking(), |agent| stage.is_talking_to(agent));
        let call = self.remove(context, with_agent).or_else(|| self.remove(context, CallStage::is_talking));
        let known = call.and_then(|call| match call.stage {
            CallStage::Talking { agent } => Some(agent),
            CallStage::Waiting | CallStage::Leaving => None,
        });
        let agent = agent.or(known);
        out.push(context.event(if reason == b"transfer" {
            // The event does not say which kind of transfer it was.
            let kind = TransferKind::Blind;
            Step::Transferred { agent, kind, to_queue: None, to_agent: None, to_number: None, talk }
        } else {
            let ended_by = match reason {
                b"caller" => Some(EndedBy::Customer),
                b"agent" => Some(EndedBy::Agent),
                _ => None,
            };
            Step::Completed { agent, ended_by, talk, hold: None }
        }));
    }

    /// The contact that `agent` has been talking to for the longest time in `queue`.
    pub(super) fn contact_of_agent(&self, queue: &Label, agent: &Label) -> Option<Label> {
        let is_match = |call: &QueueCall| call.queue == *queue && call.stage.is_talking_to(agent);
        let longest =
            self.iter().filter(|(_, call)| is_match(call)).min_by_key(|(contact, call)| (call.since, *contact));
        longest.map(|(contact, _)| contact.clone())
    }

    /// Forget all calls, because Asterisk has restarted.
    pub(super) fn clear(&mut self) {
        self.by_contact.clear();
        self.count = 0;
    }

    /// At most `limit` of the calls, for the cursor that a later run of the program goes on from.
    pub(super) fn to_saved(&self, limit: usize) -> Vec<(Label, QueueCall)> {
        self.iter().map(|(contact, call)| (contact.clone(), call.clone())).take(limit).collect()
    }

    /// Take over the calls that an earlier run of the program saved.
    pub(super) fn restore(&mut self, saved: Vec<(Label, QueueCall)>) {
        for (contact, call) in saved.into_iter().take(MAX_CALLS) {
            self.by_contact.entry(contact).or_default().push(call);
            self.count += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&Label, &QueueCall)> {
        self.by_contact.iter().flat_map(|(contact, calls)| calls.iter().map(move |call| (contact, call)))
    }
}
