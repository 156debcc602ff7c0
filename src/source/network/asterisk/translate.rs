//! Translates AMI packets into events.
//!
//! The translator does no I/O and reads no clock: the time is an argument. AMI events carry no time stamp (manager.conf's
//! `timestampevents` is off by default), so each happens when it arrives.

use rustc_hash::FxHashMap;

use super::calls::{JoiningCaller, QueueCalls, StepContext};
use super::member_names::MemberNames;
use super::members::QueueMembers;
use super::packet::AmiPacket;
use super::queue_status::{QueueMember, QueueSnapshot, label, number, queue_member};
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, QueueProfile};
use crate::source::format::queue_log::{QueueLogParser, SiteNames};
use crate::source::ids::id_label;
use crate::source::network::STATE_REPEAT_INTERVAL;
use crate::source::tally::InputTally;
use crate::text::Label;

/// The longest intent that is read from a channel variable; the rest of a longer one is dropped.
const MAX_INTENT_BYTES: usize = 1024;

/// The device state `AST_DEVICE_NOT_INUSE`.
const NOT_IN_USE: u8 = 1;

/// Translates AMI packets into events.
#[derive(Debug)]
pub(super) struct AmiTranslator {
    origin: Label,
    site: SiteNames,
    /// The names of members, by which agents are called wherever an interface stands.
    pub(super) names: MemberNames,
    /// The name of the channel variable that carries the intent.
    intent: String,
    pub(super) calls: QueueCalls,
    pub(super) members: QueueMembers,
    /// The queues that have been reported, with their service level thresholds.
    thresholds: FxHashMap<Label, f64>,
    /// Parses the fields of a `UserEvent` as lines of queue_log.
    user_events: QueueLogParser,
    /// When the states of all agents were last reported, whether they had changed or not.
    states_told: Option<Time>,
    /// Whether any event about a queue has come on this connection.
    pub(super) hears_queues: bool,
}

impl AmiTranslator {
    pub(super) fn new(origin: Label, site: impl Into<SiteNames>, intent: String) -> Self {
        let site = site.into();
        Self {
            user_events: QueueLogParser::new(origin.clone(), site.clone()),
            origin,
            site,
            names: MemberNames::default(),
            intent,
            calls: QueueCalls::default(),
            members: QueueMembers::default(),
            thresholds: FxHashMap::default(),
            states_told: None,
            hears_queues: false,
        }
    }

    /// The agent whom `name` means at `at`: the configured alias, or the member whose interface it is.
    pub(super) fn agent(&self, name: Label, at: Time) -> Label {
        self.site.agents.agent(&name).or_else(|| self.member_behind(&name, at)).unwrap_or(name)
    }

    /// The agent whose interface `name` is at `at`.
    pub(super) fn member_behind(&self, name: &Label, at: Time) -> Option<Label> {
        let member = self.names.at(name, at)?;
        Some(self.site.agents.agent(member).unwrap_or_else(|| member.clone()))
    }

    /// A member under the name of its agent.
    fn named(&self, member: QueueMember, now: Time) -> QueueMember {
        QueueMember { name: self.agent(member.name, now), ..member }
    }

    /// Translate an AMI event that happens at `now`.
    ///
    /// # Errors
    /// Why the event is rejected.
    pub(super) fn translate(
        &mut self,
        packet: &AmiPacket,
        now: Time,
        out: &mut Vec<Event>,
    ) -> Result<(), &'static str> {
        let name = packet.first("Event").unwrap_or_default();
        match name {
            b"UserEvent" => return self.translate_user_event(packet, now, out),
            b"QueueMemberStatus"
            | b"QueueMemberPause"
            | b"QueueMemberPaused"
            | b"QueueMemberAdded"
            | b"QueueMemberPenalty"
            | b"QueueMemberRinginuse"
            | b"QueueMemberRemoved" => {
                self.hears_queues = true;
                let member = queue_member(packet).ok_or("a member without queue or interface")?;
                if name == b"QueueMemberAdded" {
                    self.names.learn([&member], now);
                }
                let member = self.named(member, now);
                if matches!(member.status, Some(NOT_IN_USE)) && self.calls.is_undecided() {
                    self.calls.stop_ringing(&member.queue, &member.name);
                }
                let mut kinds = Vec::new();
                if name == b"QueueMemberRemoved" {
                    self.members.remove(&member, &mut kinds);
                } else {
                    self.members.update(member, &mut kinds);
                }
                self.emit(kinds, now, out);
            }
            _ => return self.translate_call_event(name, packet, now, out),
        }
        Ok(())
    }

    /// Translate an event about a call.
    fn translate_call_event(
        &mut self,
        name: &[u8],
        packet: &AmiPacket,
        now: Time,
        out: &mut Vec<Event>,
    ) -> Result<(), &'static str> {
        let is_call_event = matches!(
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
        if !is_call_event {
            return Ok(());
        }
        self.hears_queues = true;
        // The value of a channel variable comes before the queue and may contain anything, so the last `Queue` is read.
        let queue = label(packet.last("Queue")).ok_or("a call without a queue")?;
        let agent = self.agent_of(packet, &queue, now);
        let contact = packet.first("Uniqueid").map(id_label).filter(|id| !id.is_empty());
        let contact = match (contact, &agent) {
            (Some(contact), _) => contact,
            // Without an id, the channels were gone before Asterisk sent the event.
            (None, Some(agent)) if name == b"AgentComplete" => {
                self.calls.contact_of_agent(&queue, agent).ok_or("the end of an unknown conversation")?
            }
            _ => return Err("a call without an id"),
        };
        let context = StepContext { origin: &self.origin, contact: &contact, queue: &queue, at: now };
        let seconds = |key| number(packet.last(key)).map(Span::seconds);
        let small = |key| number(packet.last(key)).and_then(|n| u32::try_from(n).ok());
        let intent = self.intent_of(packet);
        if !matches!(name, b"QueueCallerJoin" | b"Join") {
            self.calls.classify(context, intent.clone(), out);
        }
        let known_agent = || agent.clone().ok_or("an agent's event without the agent");
        match name {
            b"QueueCallerJoin" | b"Join" => {
                let number = packet.last_of(&["CallerIDNum", "CallerID"]).unwrap_or_default();
                let caller = JoiningCaller { number, intent, position: small("Position"), priority: None };
                self.calls.join(context, &caller, out);
            }
            b"QueueCallerLeave" | b"Leave" => self.calls.leave(context),
            b"QueueCallerAbandon" => self.calls.abandon(context, seconds("HoldTime"), small("Position"), out),
            b"AgentCalled" => self.calls.ring(context, known_agent()?, out),
            b"AgentConnect" => self.calls.connect(context, known_agent()?, seconds("HoldTime"), out),
            b"AgentRingNoAnswer" => {
                let ring = number(packet.last("RingTime")).map(|ms| Span(ms * 1000));
                self.calls.ring_no_answer(context, known_agent()?, ring, out);
            }
            // The agent hung up before the caller was put through, who waits on.
            b"AgentDump" => self.calls.ring_no_answer(context, known_agent()?, None, out),
            _ => {
                let reason = packet.last("Reason").unwrap_or_default();
                self.calls.complete(context, agent, reason, seconds("TalkTime"), out);
            }
        }
        Ok(())
    }

    /// The agent that an event is about: the member's name, as in queue_log.
    fn agent_of(&self, packet: &AmiPacket, queue: &Label, now: Time) -> Option<Label> {
        if let Some(name) = label(packet.last_of(&["MemberName", "AgentName"])) {
            return Some(self.agent(name, now));
        }
        let interface = label(packet.last_of(&["Interface", "Member", "AgentCalled"]))?;
        Some(self.members.agent_at(queue, &interface).cloned().unwrap_or_else(|| self.agent(interface, now)))
    }

    /// The intent, where the event carries the channel variable that holds it.
    fn intent_of(&self, packet: &AmiPacket) -> Option<Label> {
        let variables = packet.lines().filter(|(key, _)| *key == b"ChanVariable" || key.starts_with(b"ChanVariable("));
        let mut values = variables.filter_map(|(_, value)| {
            value.strip_prefix(self.intent.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
        });
        let value = values.next()?;
        label(Some(value.get(..MAX_INTENT_BYTES).unwrap_or(value)))
    }

    /// Translate a `UserEvent` named `Floorwatch`, which the dialplan sends. Its fields have the names that are
    /// verbs in queue_log.
    fn translate_user_event(
        &mut self,
        packet: &AmiPacket,
        now: Time,
        out: &mut Vec<Event>,
    ) -> Result<(), &'static str> {
        let is_ours = packet.first("UserEvent").is_some_and(|name| name.eq_ignore_ascii_case(b"Floorwatch"));
        if !is_ours {
            return Ok(());
        }
        let contact = packet.first("Uniqueid").unwrap_or_default().trim_ascii();
        if contact.is_empty() || contact.contains(&b'|') {
            return Err("a UserEvent Floorwatch without Uniqueid: send it from the call's dialplan, or name the call");
        }
        let queue = packet.last("Queue").map(<[u8]>::trim_ascii).filter(|queue| !queue.is_empty());
        let queue = queue.filter(|queue| !queue.contains(&b'|')).unwrap_or(b"NONE");
        let fields = packet.lines().skip_while(|(key, _)| !key.eq_ignore_ascii_case(b"UserEvent")).skip(1);
        let mut outcome = Ok(());
        for (key, value) in fields {
            let upper = key.to_ascii_uppercase();
            let Some(verb) = [key, &upper].into_iter().find(|word| self.site.verbs.meaning(word).is_some()) else {
                continue;
            };
            let epoch = now.0.div_euclid(1_000_000).to_string();
            let line = [epoch.as_bytes(), contact, queue, b"NONE", verb, value].join(&b'|');
            let mut push = |event: Event| out.push(Event { at: now, ..event });
            let parsed = self.user_events.parse_line(&line, now, &mut InputTally::default(), &mut push);
            outcome = outcome.and(parsed);
        }
        outcome
    }

    /// Compare what is known with a `QueueStatus` reply, and return how many of its calls were unknown. `at_once` says
    /// that the reply is the first of a connection, so that no earlier event can still come.
    pub(super) fn reconcile(
        &mut self,
        snapshot: &QueueSnapshot,
        now: Time,
        at_once: bool,
        out: &mut Vec<Event>,
    ) -> usize {
        let mut kinds = Vec::new();
        for (queue, threshold) in &snapshot.queues {
            if self.thresholds.get(queue) != Some(threshold) {
                self.thresholds.insert(queue.clone(), *threshold);
                // A queue without a configured service level has 0. It is reported so that it is known before its first call.
                let service_level_s = Some(*threshold).filter(|threshold| *threshold > 0.0);
                let profile = QueueProfile { queue: queue.clone(), service_level_s, ..QueueProfile::default() };
                kinds.push(EventKind::QueueProfile(profile));
            }
        }
        if now.since(*self.states_told.get_or_insert(now)) >= STATE_REPEAT_INTERVAL {
            self.states_told = Some(now);
            self.members.repeat_states();
        }
        let members: Vec<_> = snapshot.members.iter().map(|member| self.named(member.clone(), now)).collect();
        self.members.replace(&members, &mut kinds);
        self.emit(kinds, now, out);
        let may_be_talking = |queue: &Label, agent: &Label| self.members.may_be_talking(queue, agent);
        self.calls.reconcile(&self.origin, &snapshot.entries, may_be_talking, (now, at_once), out)
    }

    /// Advance the time to `now`: report the calls that are over though no event says so.
    pub(super) fn advance(&mut self, now: Time, out: &mut Vec<Event>) {
        if self.calls.is_undecided() {
            self.calls.advance(&self.origin, now, out);
        }
    }

    /// Asterisk restarted at `at`, which ended all calls.
    pub(super) fn restart(&mut self, at: Time, out: &mut Vec<Event>) {
        self.calls.clear();
        self.emit(vec![EventKind::Restarted], at, out);
    }

    fn emit(&self, kinds: Vec<EventKind>, at: Time, out: &mut Vec<Event>) {
        out.extend(kinds.into_iter().map(|kind| Event { at, origin: self.origin.clone(), id: None, kind }));
    }
}
