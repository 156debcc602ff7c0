//! Frames to events.
//!
//! Pure: what is known of calls and members is kept here, the time is an argument. No event carries a time of its
//! own, so they happen when they come.

use rustc_hash::FxHashMap;

use super::agents::Agents;
use super::calls::{Calls, Joining, Of};
use super::frame::Frame;
use super::status::{Snapshot, label, member, number};
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, QueueProfile};
use crate::source::names::id_label;
use crate::source::queue_log::{QueueLogParser, Verbs};
use crate::source::tally::InputTally;
use crate::text::Label;

/// The longest intent taken from a channel variable, in bytes.
const INTENT: usize = 1024;

/// Turns frames into events.
#[derive(Debug)]
pub(super) struct Translator {
    origin: Label,
    verbs: Verbs,
    /// The name of the channel variable that carries the intent.
    intent: String,
    pub(super) calls: Calls,
    pub(super) agents: Agents,
    /// Service level thresholds that have been said.
    thresholds: FxHashMap<Label, f64>,
    /// Reads what a centre's own events say as queue_log would.
    own: QueueLogParser,
    /// Whether any event about a queue has come.
    pub(super) hears_queues: bool,
}

impl Translator {
    pub(super) fn new(origin: Label, verbs: Verbs, intent: String) -> Self {
        Self {
            own: QueueLogParser::new(origin.clone(), verbs.clone()),
            origin,
            verbs,
            intent,
            calls: Calls::default(),
            agents: Agents::default(),
            thresholds: FxHashMap::default(),
            hears_queues: false,
        }
    }

    /// Take in an event that happens `now`; why it is set aside, where it is.
    pub(super) fn event(&mut self, frame: &Frame, now: Time, out: &mut Vec<Event>) -> Result<(), &'static str> {
        let name = frame.first("Event").unwrap_or_default();
        match name {
            b"UserEvent" => return self.user_event(frame, now, out),
            b"QueueMemberStatus"
            | b"QueueMemberPause"
            | b"QueueMemberPaused"
            | b"QueueMemberAdded"
            | b"QueueMemberPenalty"
            | b"QueueMemberRinginuse"
            | b"QueueMemberRemoved" => {
                self.hears_queues = true;
                let member = member(frame).ok_or("a member without queue or interface")?;
                let mut kinds = Vec::new();
                if name == b"QueueMemberRemoved" {
                    self.agents.remove(&member, &mut kinds);
                } else {
                    self.agents.update(member, &mut kinds);
                }
                self.say(kinds, now, out);
            }
            _ => return self.call(name, frame, now, out),
        }
        Ok(())
    }

    /// An event about a call.
    fn call(&mut self, name: &[u8], frame: &Frame, now: Time, out: &mut Vec<Event>) -> Result<(), &'static str> {
        let is_of_interest = matches!(
            name,
            b"QueueCallerJoin"
                | b"Join"
                | b"QueueCallerLeave"
                | b"Leave"
                | b"QueueCallerAbandon"
                | b"AgentCalled"
                | b"AgentConnect"
                | b"AgentComplete"
                | b"AgentRingNoAnswer"
                | b"AgentDump"
        );
        if !is_of_interest {
            return Ok(());
        }
        self.hears_queues = true;
        // A variable's value stands before the queue and may hold anything, and so does the queue of the call.
        let queue = label(frame.last("Queue")).ok_or("a call without a queue")?;
        let agent = self.agent(frame, &queue);
        let contact = frame.first("Uniqueid").map(id_label).filter(|id| !id.is_empty());
        let contact = match (contact, &agent) {
            (Some(contact), _) => contact,
            // Its channels were gone before it was said that it ended.
            (None, Some(agent)) if name == b"AgentComplete" => {
                self.calls.of_agent(&queue, agent).ok_or("the end of a conversation that nobody knows")?
            }
            _ => return Err("a call without an id"),
        };
        let of = Of { origin: &self.origin, contact: &contact, queue: &queue, at: now };
        let seconds = |key| number(frame.last(key)).map(Span::seconds);
        let small = |key| number(frame.last(key)).and_then(|n| u32::try_from(n).ok());
        let intent = self.intent_of(frame);
        if !matches!(name, b"QueueCallerJoin" | b"Join") {
            self.calls.classify(of, intent.clone(), out);
        }
        let whose = || agent.clone().ok_or("an agent's event without the agent");
        match name {
            b"QueueCallerJoin" | b"Join" => {
                let number = frame.either(&["CallerIDNum", "CallerID"]).unwrap_or_default();
                let joining = Joining { number, intent, position: small("Position"), priority: None };
                self.calls.join(of, &joining, out);
            }
            b"QueueCallerLeave" | b"Leave" => self.calls.leave(of),
            b"QueueCallerAbandon" => self.calls.abandon(of, seconds("HoldTime"), small("Position"), out),
            b"AgentCalled" => self.calls.ring(of, whose()?, out),
            b"AgentConnect" => self.calls.connect(of, whose()?, seconds("HoldTime"), out),
            b"AgentRingNoAnswer" => {
                let ring = number(frame.last("RingTime")).map(|ms| Span(ms * 1000));
                self.calls.no_answer(of, whose()?, ring, out);
            }
            b"AgentDump" => self.calls.dump(of, out),
            _ => {
                let why = frame.last("Reason").unwrap_or_default();
                self.calls.complete(of, agent, why, seconds("TalkTime"), out);
            }
        }
        Ok(())
    }

    /// The agent of an event: the member's name, as in queue_log.
    fn agent(&self, frame: &Frame, queue: &Label) -> Option<Label> {
        label(frame.either(&["MemberName", "AgentName"])).or_else(|| {
            let interface = label(frame.either(&["Interface", "Member", "AgentCalled"]))?;
            Some(self.agents.name(queue, &interface).cloned().unwrap_or(interface))
        })
    }

    /// The intent, where it rides on an event as a channel variable.
    fn intent_of(&self, frame: &Frame) -> Option<Label> {
        let variables = frame.lines().filter(|(key, _)| *key == b"ChanVariable" || key.starts_with(b"ChanVariable("));
        let mut values = variables.filter_map(|(_, value)| {
            value.strip_prefix(self.intent.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
        });
        let value = values.next()?;
        label(Some(value.get(..INTENT).unwrap_or(value)))
    }

    /// A centre's own event: `Floorwatch`, with fields of the names that queue_log knows as verbs.
    fn user_event(&mut self, frame: &Frame, now: Time, out: &mut Vec<Event>) -> Result<(), &'static str> {
        let is_ours = frame.first("UserEvent").is_some_and(|name| name.eq_ignore_ascii_case(b"Floorwatch"));
        if !is_ours {
            return Ok(());
        }
        let contact = frame.first("Uniqueid").unwrap_or_default().trim_ascii();
        if contact.is_empty() || contact.contains(&b'|') {
            return Err("a UserEvent Floorwatch without Uniqueid: send it from the call's dialplan, or name the call");
        }
        let queue = frame.last("Queue").map(<[u8]>::trim_ascii).filter(|queue| !queue.is_empty());
        let queue = queue.filter(|queue| !queue.contains(&b'|')).unwrap_or(b"NONE");
        let fields = frame.lines().skip_while(|(key, _)| !key.eq_ignore_ascii_case(b"UserEvent")).skip(1);
        let mut outcome = Ok(());
        for (key, value) in fields {
            let upper = key.to_ascii_uppercase();
            let Some(verb) = [key, &upper].into_iter().find(|word| self.verbs.meaning(word).is_some()) else {
                continue;
            };
            let epoch = now.0.div_euclid(1_000_000).to_string();
            let line = [epoch.as_bytes(), contact, queue, b"NONE", verb, value].join(&b'|');
            let mut take = |event: Event| out.push(Event { at: now, ..event });
            let read = self.own.line(&line, now, &mut InputTally::default(), &mut take);
            outcome = outcome.and(read);
        }
        outcome
    }

    /// Hold what is known against a reply to `QueueStatus`: `at_once` where it is the first of a connection, so that
    /// nothing that happened before it may still come. How many calls it told of that were not known.
    pub(super) fn snapshot(&mut self, snapshot: &Snapshot, now: Time, at_once: bool, out: &mut Vec<Event>) -> usize {
        let mut kinds = Vec::new();
        for (queue, threshold) in &snapshot.queues {
            // 0 is what stands there where nobody has set it.
            if *threshold > 0.0 && self.thresholds.get(queue) != Some(threshold) {
                self.thresholds.insert(queue.clone(), *threshold);
                let profile =
                    QueueProfile { queue: queue.clone(), service_level_s: Some(*threshold), ..QueueProfile::default() };
                kinds.push(EventKind::QueueProfile(profile));
            }
        }
        self.agents.replace(&snapshot.members, &mut kinds);
        self.say(kinds, now, out);
        let may_talk = |queue: &Label, agent: &Label| self.agents.may_talk(queue, agent);
        self.calls.reconcile(&self.origin, &snapshot.entries, may_talk, (now, at_once), out)
    }

    /// Let time pass.
    pub(super) fn let_pass(&mut self, now: Time, out: &mut Vec<Event>) {
        if self.calls.is_undecided() {
            self.calls.let_pass(&self.origin, now, out);
        }
    }

    /// The system has started anew at `at`, since we last heard of it.
    pub(super) fn restarted(&mut self, at: Time, out: &mut Vec<Event>) {
        self.calls.clear();
        self.say(vec![EventKind::Restarted], at, out);
    }

    fn say(&self, kinds: Vec<EventKind>, now: Time, out: &mut Vec<Event>) {
        out.extend(kinds.into_iter().map(|kind| Event { at: now, origin: self.origin.clone(), id: None, kind }));
    }
}
