//! What FreeSWITCH's call centre says, turned into what happened on the floor.
//!
//! A visit (one join of one queue) is a *member* there, with an id of its own; the contact is the call, by its session.
//! Every event carries an id made of both, so that what is told twice (by an event and by a list, before and after a
//! restart) is one thing. Waits and talk times are left to the times of the events, which are exact to the microsecond;
//! FreeSWITCH's own are in whole seconds.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::agents::Agent;
use super::fields::Fields;
use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, Event, EventKind, LeftReason, Offer, Step};
use crate::source::names::id_label;
use crate::source::queue_log::customer;
use crate::text::Label;

/// More callers at once than any centre has: what comes beyond is refused.
pub(super) const MOST: usize = 100_000;
/// A time further from ours than this is no time but an unset clock.
const FAR: Span = Span(366 * Span::DAY.0);
/// Nobody has been waiting for longer.
const LONGEST_WAIT: Span = Span(7 * Span::DAY.0);

/// Why an event is set aside.
pub(super) type Refusal = &'static str;

/// How a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Waiting,
    Talking,
    /// The conversation has ended; the member's own end is still to come.
    Over,
}

/// One join of one queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) contact: Label,
    pub(super) queue: Label,
    pub(super) stage: Stage,
    #[serde(skip)]
    intent: Option<Label>,
    /// The round of lists in which it was last seen.
    #[serde(skip)]
    pub(super) round: u32,
    /// The last lists did not have it.
    #[serde(skip)]
    pub(super) missing: bool,
}

/// An agent has picked up and the caller isn't through to him yet.
#[derive(Clone, Debug)]
struct Connecting {
    member: Label,
    at: Time,
}

/// What is known of the centre, and the events it makes.
#[derive(Debug)]
pub(super) struct Centre {
    origin: Label,
    /// The header that holds the intent.
    intent: String,
    strip_domain: bool,
    pub(super) visits: FxHashMap<Label, Visit>,
    /// By their names as FreeSWITCH has them.
    pub(super) agents: FxHashMap<Label, Agent>,
    /// By agent.
    connecting: FxHashMap<Label, Connecting>,
    pub(super) queues: FxHashSet<Label>,
    pub(super) round: u32,
    out: Vec<Event>,
    /// The visits have changed since they were last written down.
    pub(super) changed: bool,
}

/// What must be known again after a restart.
#[derive(Debug, Deserialize)]
struct Memory {
    at: Time,
    visits: FxHashMap<Label, Visit>,
}

impl Centre {
    /// A centre whose events come from `origin`. The channel variable `intent` says what a call is about.
    pub(super) fn new(origin: Label, intent: &str, strip_domain: bool) -> Self {
        Self {
            origin,
            intent: format!("variable_{intent}"),
            strip_domain,
            visits: FxHashMap::default(),
            agents: FxHashMap::default(),
            connecting: FxHashMap::default(),
            queues: FxHashSet::default(),
            round: 0,
            out: Vec::new(),
            changed: false,
        }
    }

    /// Know again what [`Centre::memory`] wrote; when that was.
    pub(super) fn remember(&mut self, memory: &str) -> Option<Time> {
        let memory: Memory = serde_json::from_str(memory).ok()?;
        self.visits = memory.visits;
        Some(memory.at)
    }

    /// What must be known again after a restart, where that has changed.
    pub(super) fn memory(&mut self, at: Time) -> Option<String> {
        std::mem::take(&mut self.changed).then(|| serde_json::json!({ "at": at, "visits": self.visits }).to_string())
    }

    /// The events since they were last taken.
    pub(super) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.out)
    }

    /// A new connection: what was about to happen on the old one may have happened.
    pub(super) fn reconnected(&mut self) {
        self.connecting.clear();
    }

    /// Take an event in; `now` by FreeSWITCH's clock.
    ///
    /// # Errors
    /// Why it is set aside.
    pub(super) fn event(&mut self, fields: Fields<'_>, now: Time) -> Result<(), Refusal> {
        if fields.get("Event-Subclass").as_deref() != Some(b"callcenter::info") {
            return Ok(());
        }
        let at = stamp(fields).filter(|at| (*at - now).0.abs() < FAR.0).unwrap_or(now);
        let action = fields.get("CC-Action").ok_or("a callcenter event without CC-Action")?;
        match &*action {
            b"agent-status-change" | b"agent-state-change" => self.agent_event(fields, at),
            b"member-queue-start" | b"member-queue-resume" => self.join(&member(fields)?, fields, at),
            b"agent-offering" => self.ringing(&member(fields)?, fields, at),
            b"bridge-agent-start" => self.picked_up(&member(fields)?, fields, at),
            b"bridge-agent-fail" => self.not_taken(&member(fields)?, fields, at),
            b"bridge-agent-end" => self.bridge_ended(&member(fields)?, fields, at),
            b"member-queue-end" => self.member_ended(&member(fields)?, fields, at),
            // Counts and settings: nothing that happened to a contact.
            _ => Ok(()),
        }
    }

    /// A name as the board shows it.
    pub(super) fn name(&self, raw: &[u8]) -> Option<Label> {
        let bare = raw.split(|byte| *byte == b'@').next().filter(|bare| self.strip_domain && !bare.is_empty());
        Some(Label::from_bytes(bare.unwrap_or(raw))).filter(|name| !name.is_empty())
    }

    fn agent_name(&self, fields: Fields<'_>) -> Result<Label, Refusal> {
        fields.get("CC-Agent").and_then(|raw| self.name(&raw)).ok_or("no CC-Agent, and this event is about one")
    }

    /// Someone joins a queue.
    fn join(&mut self, member: &Label, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        let contact = fields.get("CC-Member-Session-UUID").map(|id| id_label(&id)).filter(|id| !id.is_empty());
        let contact = contact.ok_or("no CC-Member-Session-UUID, and this event is about a call")?;
        let queue = fields.get("CC-Queue").and_then(|raw| self.name(&raw)).ok_or("no CC-Queue")?;
        let number = fields.get("CC-Member-CID-Number");
        self.offer(member, contact, queue, number.as_deref(), fields.label(&self.intent), at)
    }

    /// A visit begins, unless it is known.
    pub(super) fn offer(
        &mut self,
        member: &Label,
        contact: Label,
        queue: Label,
        number: Option<&[u8]>,
        intent: Option<Label>,
        at: Time,
    ) -> Result<(), Refusal> {
        if self.visits.get(member).is_some_and(|visit| visit.contact == contact) {
            return Ok(());
        }
        // He has come back to his old place with another call; the end of the first one was not seen.
        if self.visits.get(member).is_some_and(|visit| visit.stage != Stage::Over) {
            self.step(member, at, "", Step::Lost);
        }
        if self.visits.len() >= MOST {
            return Err("more callers at once than any centre has");
        }
        let offer = Offer {
            queue: queue.clone(),
            channel: Channel::Voice,
            intent: intent.clone(),
            customer: number.and_then(customer),
            priority: None,
            position: None,
            auth_steps: None,
            untimed: false,
        };
        let visit = Visit { contact, queue, stage: Stage::Waiting, intent, round: self.round, missing: false };
        self.visits.insert(member.clone(), visit);
        self.changed = true;
        self.step(member, at, "offered", Step::Offered(offer));
        Ok(())
    }

    /// An event about a visit: one that began unseen begins where the event says so, and an intent that was set
    /// meanwhile is told. `None` where the visit isn't known.
    fn visit(&mut self, member: &Label, fields: Fields<'_>, at: Time) -> Result<Option<&mut Visit>, Refusal> {
        if !self.visits.contains_key(member) {
            let Some(joined) = epoch(fields, "CC-Member-Joined-Time", at) else { return Ok(None) };
            self.join(member, fields, joined)?;
        }
        let intent = fields.label(&self.intent);
        let Some(visit) = self.visits.get_mut(member) else { return Ok(None) };
        visit.missing = false;
        if let Some(intent) = intent.filter(|intent| visit.intent.as_ref() != Some(intent)) {
            visit.intent = Some(intent.clone());
            let (contact, queue) = (visit.contact.clone(), Some(visit.queue.clone()));
            let kind = EventKind::Contact { contact, queue, step: Step::Classified { intent } };
            self.say(at, None, kind);
        }
        Ok(self.visits.get_mut(member))
    }

    fn ringing(&mut self, member: &Label, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        let agent = self.agent_name(fields)?;
        if self.visits.contains_key(member) {
            self.step(member, at, "", Step::Ringing { agent });
        }
        Ok(())
    }

    /// The agent has picked up. The caller still hears the music: he is answered once the two are bridged, which
    /// the agent's state tells, and may hang up before.
    fn picked_up(&mut self, member: &Label, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        let agent = self.agent_name(fields)?;
        if self.visit(member, fields, at)?.is_some() {
            self.connecting.insert(agent, Connecting { member: member.clone(), at });
        }
        Ok(())
    }

    /// The agent is in a call: the one that he has just picked up.
    pub(super) fn connected(&mut self, agent: &Label) {
        if let Some(Connecting { member, at }) = self.connecting.remove(agent) {
            self.answer(&member, agent.clone(), at);
        }
    }

    /// A visit is answered, unless it is known to be.
    pub(super) fn answer(&mut self, member: &Label, agent: Label, at: Time) {
        if let Some(visit) = self.visits.get_mut(member).filter(|visit| visit.stage == Stage::Waiting) {
            visit.stage = Stage::Talking;
            self.changed = true;
            self.step(member, at, "answered", Step::Answered { agent, wait: None });
        }
    }

    fn not_taken(&mut self, member: &Label, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        let agent = self.agent_name(fields)?;
        // The caller was gone first, and his end has been told.
        if !self.visits.contains_key(member) {
            return Ok(());
        }
        let canceled = matches!(
            fields.get("CC-Hangup-Cause").as_deref(),
            Some(b"ORIGINATOR_CANCEL" | b"LOSE_RACE" | b"PICKED_OFF")
        );
        let ring = || {
            let called = epoch(fields, "CC-Agent-Called-Time", at)?;
            Some(epoch(fields, "CC-Agent-Aborted-Time", at)?.since(called))
        };
        let step = if canceled { Step::RingCanceled { agent } } else { Step::RingNoAnswer { agent, ring: ring() } };
        self.step(member, at, "", step);
        Ok(())
    }

    fn bridge_ended(&mut self, member: &Label, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        let agent = self.agent_name(fields)?;
        if fields.get("CC-Agent-Bridged").as_deref() != Some(b"true") {
            self.connecting.remove(&agent);
            // The agent was gone again: the caller waits on.
            if self.visits.get(member).is_some_and(|visit| visit.stage == Stage::Waiting) {
                self.step(member, at, "", Step::RingCanceled { agent });
            }
            return Ok(());
        }
        self.complete(member, agent, fields, at)
    }

    /// The conversation is over; what was not seen of it is told first.
    fn complete(&mut self, member: &Label, agent: Label, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        if self.visit(member, fields, at)?.is_none() {
            return Ok(());
        }
        self.connected(&agent);
        let answered = epoch(fields, "CC-Agent-Answered-Time", at).unwrap_or(at);
        self.answer(member, agent.clone(), answered);
        let Some(visit) = self.visits.get_mut(member).filter(|visit| visit.stage == Stage::Talking) else {
            return Ok(());
        };
        visit.stage = Stage::Over;
        self.changed = true;
        // Who sent the goodbye on the agent's leg.
        let ended_by = match fields.get("variable_sip_hangup_disposition").as_deref() {
            Some(b"recv_bye") => Some(EndedBy::Agent),
            Some(b"send_bye") => Some(EndedBy::Customer),
            _ => None,
        };
        let work = self.agents.values().find(|known| known.shown == agent).map_or(Span::ZERO, |known| known.wrap_up);
        let completed = Step::Completed { agent: Some(agent.clone()), ended_by, talk: None, hold: None };
        self.step(member, at, "ended", completed);
        if work > Span::ZERO {
            self.step(member, at, "wrapped", Step::Wrapped { agent, acw: Some(work) });
        }
        Ok(())
    }

    fn member_ended(&mut self, member: &Label, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        if fields.get("CC-Cause").as_deref() == Some(b"Terminated") {
            let agent = self.agent_name(fields)?;
            self.complete(member, agent, fields, at)?;
            self.forget(member);
            return Ok(());
        }
        let Some(visit) = self.visit(member, fields, at)? else { return Ok(()) };
        // He hung up in the very moment he was put through: the end of the conversation is still to come.
        if visit.stage != Stage::Waiting {
            return Ok(());
        }
        self.connecting.retain(|_, connecting| connecting.member != *member);
        let left = |reason| Step::Left { reason, wait: None };
        let step = match fields.get("CC-Cancel-Reason").as_deref() {
            Some(b"TIMEOUT") => left(LeftReason::Timeout),
            Some(b"NO_AGENT_TIMEOUT") => left(LeftReason::Empty),
            Some(b"EXIT_WITH_KEY") => left(LeftReason::Key),
            // Whoever hangs up breaks out of the queue, and so does a caller who is taken out of it: his line is
            // still up.
            _ if is_still_up(fields) => left(LeftReason::Withdrawn),
            _ => Step::Abandoned { wait: None, position: None },
        };
        self.step(member, at, "ended", step);
        self.forget(member);
        Ok(())
    }

    pub(super) fn forget(&mut self, member: &Label) {
        self.changed |= self.visits.remove(member).is_some();
    }

    /// A step of a known visit. `what` makes the event's id; without it the event has none.
    pub(super) fn step(&mut self, member: &Label, at: Time, what: &str, step: Step) {
        let Some(visit) = self.visits.get(member) else { return };
        let contact = visit.contact.clone();
        let id = (!what.is_empty()).then(|| id_label(format!("{contact}/{member}/{what}").as_bytes()));
        let kind = EventKind::Contact { contact, queue: Some(visit.queue.clone()), step };
        self.say(at, id, kind);
    }

    pub(super) fn say(&mut self, at: Time, id: Option<Label>, kind: EventKind) {
        self.out.push(Event { at, origin: self.origin.clone(), id, kind });
    }
}

/// When an event was made.
pub(super) fn stamp(fields: Fields<'_>) -> Option<Time> {
    fields.number("Event-Date-Timestamp").filter(|micros| *micros > 0).map(Time)
}

fn member(fields: Fields<'_>) -> Result<Label, Refusal> {
    let id = fields.get("CC-Member-UUID").map(|id| id_label(&id)).filter(|id| !id.is_empty());
    id.ok_or("no CC-Member-UUID, and this event is about one")
}

/// A time in whole seconds, not after `at`, which is one of the same clock.
fn epoch(fields: Fields<'_>, name: &str, at: Time) -> Option<Time> {
    past(fields.number(name)?, at)
}

/// The same from its number. The second that is cut off must not make it come before what it follows.
pub(super) fn past(seconds: i64, at: Time) -> Option<Time> {
    let time = Time::from_unix(seconds);
    (seconds > 0 && at.since(time) < LONGEST_WAIT && time < at + Span::MINUTE).then(|| time.min(at))
}

/// Whether the channel whose event it is has not hung up.
fn is_still_up(fields: Fields<'_>) -> bool {
    let hung_up = fields.get("Hangup-Cause").is_some();
    !hung_up && fields.get("Answer-State").is_some_and(|state| &*state != b"hangup")
}

#[cfg(test)]
mod tests;
