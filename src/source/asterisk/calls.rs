//! Calls in queues, as the manager interface tells of them.
//!
//! It tells less than the log: that a caller has left is said before it is said that an agent has him, and where
//! nothing follows he has pressed a key. The end of a conversation may come without saying whose it was.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::status::Entry;
use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, Event, EventKind, LeftReason, Offer, Step, TransferKind};
use crate::source::queue_log::customer;
use crate::text::Label;

/// How long after a caller has left it may be said that an agent has him: at most milliseconds were seen.
const CONNECTS_WITHIN: Span = Span::SECOND;
/// The same where he was ringing an agent: what the dialplan does on the agent's side comes in between.
const RINGING_CONNECTS_WITHIN: Span = Span(10_000_000);
/// How long events may come later than a reply that already knows of them.
const SETTLES_WITHIN: Span = Span(5_000_000);
/// More calls than any floor has at once.
const MOST: usize = 20_000;

/// A call in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) queue: Label,
    /// Since when it is in its stage.
    since: Time,
    stage: Stage,
    /// Agents that ring.
    #[serde(skip)]
    rings: u32,
    #[serde(skip)]
    intent: Option<Label>,
    /// A reply told of it, and the event of its joining may yet come.
    #[serde(skip)]
    from_reply: bool,
    /// A reply didn't know of it: where nothing else comes it is over.
    #[serde(skip)]
    missing_since: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Waiting,
    /// It has left, and an agent may have it.
    Leaving,
    Talking {
        agent: Label,
    },
}

/// The calls in queues.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: FxHashMap<Label, Vec<Visit>>,
    count: usize,
    /// What moved on lately: a reply that is older may still have it waiting.
    moved: VecDeque<(Time, Label, Label)>,
}

/// Whose step it is, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    pub(super) origin: &'a Label,
    pub(super) contact: &'a Label,
    pub(super) queue: &'a Label,
    pub(super) at: Time,
}

impl Of<'_> {
    pub(super) fn event(&self, step: Step) -> Event {
        let (contact, queue) = (self.contact.clone(), Some(self.queue.clone()));
        Event { at: self.at, origin: self.origin.clone(), id: None, kind: EventKind::Contact { contact, queue, step } }
    }
}

/// What is known of somebody who joins.
#[derive(Clone, Debug, Default)]
pub(super) struct Joining<'a> {
    pub(super) number: &'a [u8],
    pub(super) intent: Option<Label>,
    pub(super) position: Option<u32>,
    pub(super) priority: Option<i32>,
}

fn offered(of: Of<'_>, joining: &Joining<'_>) -> Event {
    of.event(Step::Offered(Offer {
        queue: of.queue.clone(),
        channel: Channel::Voice,
        intent: joining.intent.clone(),
        customer: customer(joining.number),
        priority: joining.priority,
        position: joining.position.filter(|&position| position > 0),
        auth_steps: None,
        untimed: false,
    }))
}

impl Calls {
    fn find(&mut self, of: Of<'_>, fits: impl Fn(&Stage) -> bool) -> Option<&mut Visit> {
        self.open.get_mut(of.contact)?.iter_mut().find(|visit| visit.queue == *of.queue && fits(&visit.stage))
    }

    fn remove(&mut self, of: Of<'_>, fits: impl Fn(&Stage) -> bool) -> Option<Visit> {
        let visits = self.open.get_mut(of.contact)?;
        let place = visits.iter().position(|visit| visit.queue == *of.queue && fits(&visit.stage))?;
        let visit = visits.remove(place);
        if visits.is_empty() {
            self.open.remove(of.contact);
        }
        self.count -= 1;
        self.moves_on(of);
        Some(visit)
    }

    fn moves_on(&mut self, of: Of<'_>) {
        while self.moved.len() >= MOST || self.moved.front().is_some_and(|(at, ..)| of.at.since(*at) > SETTLES_WITHIN) {
            self.moved.pop_front();
        }
        self.moved.push_back((of.at, of.contact.clone(), of.queue.clone()));
    }

    fn add(&mut self, of: Of<'_>, since: Time, stage: Stage, intent: Option<Label>, from_reply: bool) {
        if self.count >= MOST {
            return;
        }
        self.count += 1;
        let queue = of.queue.clone();
        let visit = Visit { queue, since, stage, rings: 0, intent, from_reply, missing_since: None };
        self.open.entry(of.contact.clone()).or_default().push(visit);
    }

    /// A caller joined.
    pub(super) fn join(&mut self, of: Of<'_>, joining: &Joining<'_>, out: &mut Vec<Event>) {
        if let Some(visit) = self.find(of, |stage| *stage == Stage::Waiting)
            && visit.from_reply
        {
            visit.from_reply = false;
            self.classify(of, joining.intent.clone(), out);
            return;
        }
        self.add(of, of.at, Stage::Waiting, joining.intent.clone(), false);
        out.push(offered(of, joining));
    }

    /// The intent that rides on an event, where it is news.
    pub(super) fn classify(&mut self, of: Of<'_>, intent: Option<Label>, out: &mut Vec<Event>) {
        let Some(intent) = intent else { return };
        if let Some(visit) = self.find(of, |_| true)
            && visit.intent.as_ref() != Some(&intent)
        {
            visit.intent = Some(intent.clone());
            out.push(of.event(Step::Classified { intent }));
        }
    }

    /// An agent is called.
    pub(super) fn ring(&mut self, of: Of<'_>, agent: Label, out: &mut Vec<Event>) {
        if let Some(visit) = self.find(of, |stage| *stage == Stage::Waiting) {
            visit.rings += 1;
            out.push(of.event(Step::Ringing { agent }));
        }
    }

    /// An agent did not take it.
    pub(super) fn no_answer(&mut self, of: Of<'_>, agent: Label, ring: Option<Span>, out: &mut Vec<Event>) {
        if let Some(visit) = self.find(of, |stage| !matches!(stage, Stage::Talking { .. })) {
            visit.rings = visit.rings.saturating_sub(1);
        }
        out.push(of.event(Step::RingNoAnswer { agent, ring }));
    }

    /// An agent has it.
    pub(super) fn connect(&mut self, of: Of<'_>, agent: Label, wait: Option<Span>, out: &mut Vec<Event>) {
        let visit = self.remove(of, |stage| *stage == Stage::Leaving);
        let visit = visit.or_else(|| self.remove(of, |stage| *stage == Stage::Waiting));
        let intent = visit.and_then(|visit| visit.intent);
        self.add(of, of.at, Stage::Talking { agent: agent.clone() }, intent, false);
        out.push(of.event(Step::Answered { agent, wait }));
    }

    /// A caller is gone, or was sent away: the event doesn't say which.
    pub(super) fn abandon(&mut self, of: Of<'_>, wait: Option<Span>, position: Option<u32>, out: &mut Vec<Event>) {
        self.remove(of, |stage| !matches!(stage, Stage::Talking { .. }));
        out.push(of.event(Step::Abandoned { wait, position }));
    }

    /// The agent hung up on the announcement: the call is over.
    pub(super) fn dump(&mut self, of: Of<'_>, out: &mut Vec<Event>) {
        if self.remove(of, |stage| !matches!(stage, Stage::Talking { .. })).is_some() {
            out.push(of.event(Step::Left { reason: LeftReason::Withdrawn, wait: None }));
        }
    }

    /// A caller is out of the queue; what follows tells why.
    pub(super) fn leave(&mut self, of: Of<'_>) {
        if let Some(visit) = self.find(of, |stage| *stage == Stage::Waiting) {
            (visit.stage, visit.since) = (Stage::Leaving, of.at);
            self.moves_on(of);
        }
    }

    /// A conversation ended. Where the event doesn't say which, it is the one that `agent` has in that queue.
    pub(super) fn complete(
        &mut self,
        of: Of<'_>,
        agent: Option<Label>,
        why: &[u8],
        talk: Option<Span>,
        out: &mut Vec<Event>,
    ) {
        let his = |stage: &Stage| matches!(stage, Stage::Talking { agent: a } if agent.as_ref().is_none_or(|b| a == b));
        let talking = |stage: &Stage| matches!(stage, Stage::Talking { .. });
        let visit = self.remove(of, his).or_else(|| self.remove(of, talking));
        let known = visit.and_then(|visit| match visit.stage {
            Stage::Talking { agent } => Some(agent),
            Stage::Waiting | Stage::Leaving => None,
        });
        let agent = agent.or(known);
        out.push(of.event(if why == b"transfer" {
            // Which kind of transfer it was is not said.
            let kind = TransferKind::Blind;
            Step::Transferred { agent, kind, to_queue: None, to_agent: None, to_number: None, talk }
        } else {
            let ended_by = match why {
                b"caller" => Some(EndedBy::Customer),
                b"agent" => Some(EndedBy::Agent),
                _ => None,
            };
            Step::Completed { agent, ended_by, talk, hold: None }
        }));
    }

    /// The call that `agent` has had for the longest in `queue`.
    pub(super) fn of_agent(&self, queue: &Label, agent: &Label) -> Option<Label> {
        let his =
            |visit: &Visit| visit.queue == *queue && matches!(&visit.stage, Stage::Talking { agent: a } if a == agent);
        let all = self.open.iter().flat_map(|(contact, visits)| visits.iter().map(move |visit| (contact, visit)));
        all.filter(|(_, visit)| his(visit))
            .min_by_key(|(contact, visit)| (visit.since, *contact))
            .map(|(c, _)| c.clone())
    }

    /// Hold what is known against a reply. `at_once` where nothing that happened before it may still come.
    pub(super) fn reconcile(
        &mut self,
        origin: &Label,
        entries: &[Entry],
        may_talk: impl Fn(&Label, &Label) -> Option<bool>,
        (now, at_once): (Time, bool),
        out: &mut Vec<Event>,
    ) -> usize {
        let mut waiting: FxHashMap<(&Label, &Label), usize> = FxHashMap::default();
        let mut unknown = 0;
        for entry in entries {
            *waiting.entry((&entry.contact, &entry.queue)).or_default() += 1;
            let at = now - entry.wait.unwrap_or(Span::ZERO);
            let of = Of { origin, contact: &entry.contact, queue: &entry.queue, at };
            let moved = |(at, contact, queue): &(Time, Label, Label)| {
                now.since(*at) <= SETTLES_WITHIN && contact == of.contact && queue == of.queue
            };
            if self.find(of, |stage| *stage == Stage::Waiting).is_none() && !self.moved.iter().any(moved) {
                unknown += 1;
                self.add(of, at, Stage::Waiting, None, true);
                let (position, priority) = (entry.position, entry.priority);
                out.push(offered(of, &Joining { number: &entry.number, intent: None, position, priority }));
            }
        }
        for (contact, visits) in &mut self.open {
            for visit in visits {
                let there = match &visit.stage {
                    Stage::Waiting => waiting.contains_key(&(contact, &visit.queue)),
                    Stage::Leaving => !at_once,
                    // Who was removed from the queue while he talks goes on talking.
                    Stage::Talking { agent } => may_talk(&visit.queue, agent).unwrap_or(!at_once),
                };
                visit.missing_since = (!there).then_some(if at_once { now - SETTLES_WITHIN } else { now });
            }
        }
        self.let_pass(origin, now, out);
        unknown
    }

    /// Let time pass: decide what no event will.
    pub(super) fn let_pass(&mut self, origin: &Label, now: Time, out: &mut Vec<Event>) {
        let mut over: Vec<(Label, Label, Time, Step)> = Vec::new();
        self.open.retain(|contact, visits| {
            visits.retain(|visit| {
                let lost = visit.missing_since.is_some_and(|since| now.since(since) >= SETTLES_WITHIN);
                let patience = if visit.rings > 0 { RINGING_CONNECTS_WITHIN } else { CONNECTS_WITHIN };
                let key = visit.stage == Stage::Leaving && now.since(visit.since) >= patience;
                let (at, step) = match (lost, key) {
                    (true, _) => (now, Step::Lost),
                    (_, true) => (visit.since, Step::Left { reason: LeftReason::Key, wait: None }),
                    _ => return true,
                };
                over.push((contact.clone(), visit.queue.clone(), at, step));
                false
            });
            !visits.is_empty()
        });
        self.count -= over.len();
        over.sort_by(|a, b| (a.2, &a.0).cmp(&(b.2, &b.0)));
        for (contact, queue, at, step) in over {
            out.push(Of { origin, contact: &contact, queue: &queue, at }.event(step));
        }
    }

    /// Whether something waits for time to pass.
    pub(super) fn is_undecided(&self) -> bool {
        let undecided = |visit: &Visit| visit.stage == Stage::Leaving || visit.missing_since.is_some();
        self.open.values().flatten().any(undecided)
    }

    /// The system started anew: no call is left.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.count = 0;
    }

    /// At most `most` of the calls, to be known again after a restart of the program.
    pub(super) fn keep(&self, most: usize) -> Vec<(Label, Visit)> {
        let all =
            self.open.iter().flat_map(|(contact, visits)| visits.iter().map(move |v| (contact.clone(), v.clone())));
        all.take(most).collect()
    }

    /// The calls that were known before the program restarted.
    pub(super) fn restore(&mut self, kept: Vec<(Label, Visit)>) {
        for (contact, visit) in kept.into_iter().take(MOST) {
            self.open.entry(contact).or_default().push(visit);
            self.count += 1;
        }
    }
}
