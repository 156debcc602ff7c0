//! Translates the events of `mod_callcenter` into what happened on the floor.
//!
//! Waits and talk times are not taken from FreeSWITCH, which gives them in whole seconds: they follow from the times of
//! the events, which are exact to the microsecond.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::agents::CcAgents;
use super::events::EventBuffer;
use super::headers::EslHeaders;
use super::members::{CcMember, CcMembers, ConversationEnd, JoiningMember, MemberStage, visit_name};
use crate::clock::{Span, Time};
use crate::event::{EndedBy, Event, LeftReason, Step, TransferKind};
use crate::source::ids::id_label;
use crate::text::Label;

/// An event whose time differs by more from ours was stamped by a clock that is not set.
const MAX_CLOCK_OFFSET: Span = Span(366 * Span::DAY.0);
/// A time in a list or an event that is longer ago is not believed: nobody waits or talks for so long.
const MAX_AGE: Span = Span(7 * Span::DAY.0);
/// A time may be so much later than `now`, because of clocks that differ, and counts as `now`.
const MAX_LEAD: Span = Span::MINUTE;
/// A conversation that ends up to this long after the caller was transferred ended by the transfer: FreeSWITCH notices the end
/// within a tenth of a second, or later where its database is busy.
const MAX_TRANSFER_DELAY: Span = Span(5 * Span::SECOND.0);

/// What is known of a call centre, and the events that are to be reported of it.
#[derive(Debug)]
pub(super) struct CallCentre {
    strip_domain: bool,
    /// The header that holds the intent.
    intent_header: String,
    pub(super) members: CcMembers,
    pub(super) agents: CcAgents,
    /// The queues whose profile has been reported.
    pub(super) queues: FxHashSet<Label>,
    /// Something came that events alone do not explain: the lists are to be asked for.
    pub(super) is_in_doubt: bool,
    /// When the first of the agents who get no calls for a while gets them again.
    pub(super) next_ready: Option<Time>,
    pub(super) out: EventBuffer,
}

/// The cursor in the journal, from which a later run of the program goes on.
#[derive(Debug, Deserialize)]
struct FreeSwitchCursor {
    at: Time,
    visits: FxHashMap<Label, CcMember>,
    /// The agents who are logged in.
    #[serde(default)]
    agents: BTreeSet<Label>,
}

impl CallCentre {
    /// A call centre whose events come from `origin`. The channel variable `intent` says what a call is about.
    pub(super) fn new(origin: Label, intent: &str, strip_domain: bool) -> Self {
        Self {
            strip_domain,
            intent_header: format!("variable_{intent}"),
            members: CcMembers::default(),
            agents: CcAgents::default(),
            queues: FxHashSet::default(),
            is_in_doubt: false,
            next_ready: None,
            out: EventBuffer::new(origin),
        }
    }

    /// Restore what [`CallCentre::take_cursor`] wrote, and return when that was; `None` where it cannot be read.
    pub(super) fn restore(&mut self, cursor: &str) -> Option<Time> {
        let cursor: FreeSwitchCursor = serde_json::from_str(cursor).ok()?;
        self.members = CcMembers::restored(cursor.visits);
        self.agents.restore(cursor.agents);
        Some(cursor.at)
    }

    /// The cursor for the journal, where it has changed since it was last taken.
    pub(super) fn take_cursor(&mut self, at: Time) -> Option<String> {
        let is_changed = std::mem::take(&mut self.members.is_changed);
        let agents = self.agents.to_stored();
        is_changed
            .then(|| serde_json::json!({ "at": at, "visits": self.members.to_stored(), "agents": agents }).to_string())
    }

    /// A connection begins, the first or another one.
    pub(super) fn begin_connection(&mut self) {
        self.members.begin_connection();
        self.agents.begin_connection();
    }

    /// The events since they were last taken.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        self.out.take()
    }

    /// Translate an event that arrives at `now`, by FreeSWITCH's clock.
    ///
    /// # Errors
    /// Why the event is rejected.
    pub(super) fn translate(&mut self, headers: EslHeaders<'_>, now: Time) -> Result<(), &'static str> {
        if headers.get("Event-Subclass").as_deref() != Some(b"callcenter::info") {
            return Ok(());
        }
        let at = event_time(headers).filter(|at| (*at - now).0.abs() < MAX_CLOCK_OFFSET.0).unwrap_or(now);
        let action = headers.get("CC-Action").ok_or("a callcenter event without CC-Action")?;
        match &*action {
            b"agent-status-change" | b"agent-state-change" => self.agent_changed(headers, at),
            b"member-queue-start" => self.member_joined(&VisitIds::of(headers)?, headers, at),
            b"member-queue-resume" => {
                // The end of the call that the member had before may not have been seen.
                self.is_in_doubt = true;
                self.member_joined(&VisitIds::of(headers)?, headers, at)
            }
            b"agent-offering" => self.agent_offered(&VisitIds::of(headers)?.visit, headers, at),
            b"bridge-agent-start" => self.agent_picked_up(&VisitIds::of(headers)?, headers, at),
            b"bridge-agent-fail" => self.agent_failed(&VisitIds::of(headers)?.visit, headers, at),
            b"bridge-agent-end" => self.bridge_ended(&VisitIds::of(headers)?, headers, at),
            b"member-queue-end" => self.member_ended(&VisitIds::of(headers)?, headers, at),
            // The other actions are counts and settings: nothing that happened to a contact.
            _ => Ok(()),
        }
    }

    /// An agent who gets no calls gets them again at `ready`.
    pub(super) fn note_ready(&mut self, ready: Option<Time>) {
        self.next_ready = self.next_ready.into_iter().chain(ready).min();
    }

    /// Report the agents who get calls again by `now`, which no event tells.
    pub(super) fn advance(&mut self, now: Time) {
        if self.next_ready.is_some_and(|ready| ready <= now) {
            self.next_ready = self.agents.advance(now, &mut self.out);
        }
    }

    /// A name as the board shows it; `None` where it has no printable character.
    pub(super) fn display_name(&self, raw: &[u8]) -> Option<Label> {
        let bare = raw.split(|byte| *byte == b'@').next().filter(|bare| self.strip_domain && !bare.is_empty());
        Some(Label::from_bytes(bare.unwrap_or(raw))).filter(|name| !name.is_empty())
    }

    fn agent_name(&self, headers: EslHeaders<'_>) -> Result<Label, &'static str> {
        headers.get("CC-Agent").and_then(|raw| self.display_name(&raw)).ok_or("an agent's event without CC-Agent")
    }

    fn agent_changed(&mut self, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let raw = headers.get("CC-Agent").ok_or("an agent's event without CC-Agent")?;
        let shown = self.display_name(&raw);
        let agent = shown.and_then(|shown| self.agents.get_or_add(&raw, shown));
        let agent = agent.ok_or("more agents than any centre has")?;
        let was_receiving = agent.is_receiving();
        agent.apply_event(headers.get("CC-Agent-Status").as_deref(), headers.get("CC-Agent-State").as_deref(), at);
        if agent.is_in_call() {
            self.members.put_through(&agent.shown, at, &mut self.out);
        } else if !agent.is_receiving() {
            let has_served = self.members.release(&agent.shown);
            // FreeSWITCH was about to call the agent, and found the caller gone, of which it tells nothing.
            self.is_in_doubt |= was_receiving && !has_served;
        }
        agent.report(at, &mut self.out);
        Ok(())
    }

    fn member_joined(&mut self, ids: &VisitIds, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let queue = headers.get("CC-Queue").and_then(|raw| self.display_name(&raw)).ok_or("no CC-Queue")?;
        let number = headers.get("CC-Member-CID-Number");
        let intent = headers.label(&self.intent_header);
        let VisitIds { contact, member, visit } = ids.clone();
        let caller = JoiningMember { contact, uuid: member, queue, number: number.as_deref(), intent };
        self.members.join(&visit, caller, at, &mut self.out)
    }

    /// Apply what every event says of its member: when an unknown member joined, and its intent. Whether the member is
    /// known then.
    fn touch_member(&mut self, ids: &VisitIds, headers: EslHeaders<'_>, at: Time) -> Result<bool, &'static str> {
        if self.members.get(&ids.visit).is_none() {
            let Some(joined) = time_header(headers, "CC-Member-Joined-Time", at) else { return Ok(false) };
            self.member_joined(ids, headers, joined)?;
        }
        self.members.touch(&ids.visit, headers.label(&self.intent_header), at, &mut self.out);
        Ok(true)
    }

    fn agent_offered(&mut self, visit: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        self.members.serve(visit, agent.clone(), false);
        self.members.ring(visit, at, Step::Ringing { agent }, &mut self.out);
        Ok(())
    }

    fn agent_picked_up(&mut self, ids: &VisitIds, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        if self.touch_member(ids, headers, at)? {
            self.members.serve(&ids.visit, agent, true);
        }
        Ok(())
    }

    /// The agent's leg failed: nobody answered it, or the ring was cancelled.
    fn agent_failed(&mut self, visit: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        let cause = headers.get("CC-Hangup-Cause");
        let ring = || {
            let called = time_header(headers, "CC-Agent-Called-Time", at)?;
            let rang = time_header(headers, "CC-Agent-Aborted-Time", at)?.since(called);
            // The times are whole seconds: a phone that rang for less has rung all the same.
            Some(rang.max(Span(1)))
        };
        let step = match cause.as_deref() {
            Some(b"ORIGINATOR_CANCEL" | b"LOSE_RACE" | b"PICKED_OFF") => Step::RingCanceled { agent },
            None | Some(b"NO_ANSWER" | b"ALLOTTED_TIMEOUT" | b"NORMAL_CLEARING" | b"CALL_REJECTED") => {
                Step::RingNoAnswer { agent, ring: ring() }
            }
            // Busy, not registered, unknown: the phone never rang.
            Some(_) => Step::RingNoAnswer { agent, ring: Some(Span::ZERO) },
        };
        if let (Step::RingNoAnswer { .. }, Some(raw)) = (&step, headers.get("CC-Agent"))
            && let Some(agent) = self.agents.get_mut(&raw)
        {
            let ready = agent.refuse(cause.as_deref().unwrap_or_default(), at);
            self.note_ready(ready);
        }
        self.members.ring(visit, at, step, &mut self.out);
        Ok(())
    }

    /// An agent who had picked up is free again.
    fn bridge_ended(&mut self, ids: &VisitIds, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        if headers.get("CC-Agent-Bridged").as_deref() == Some(b"true") {
            return self.conversation_ended(ids, agent, headers, at);
        }
        let visit = &ids.visit;
        let is_waiting = self.members.get(visit).is_some_and(|member| member.stage == MemberStage::Waiting);
        if !is_waiting || !is_tied(headers) {
            // The agent hung up before the bridge: the caller goes on waiting, as a rule.
            self.members.ring(visit, at, Step::RingCanceled { agent }, &mut self.out);
            self.is_in_doubt = true;
            return Ok(());
        }
        // The caller was taken out of the queue for the bridge, which did not come about or broke at once, and no other
        // event will tell of it. Where the channels were bridged, or the agent's was cancelled for want of the caller's, it
        // was the caller who hung up; otherwise the agent had gone, and FreeSWITCH dropped the caller.
        let is_bridged = bridged_at(headers, at).is_some();
        let is_cancelled = headers.raw("Hangup-Cause") == Some(b"ORIGINATOR_CANCEL");
        // The event about that comes seconds after the pick-up.
        let picked_up = headers.number("Caller-Channel-Answered-Time").map(Time).filter(|time| *time <= at);
        let (step, ended) = match (is_bridged, is_cancelled) {
            (true, _) => (Step::Abandoned { wait: None, position: None }, at),
            (false, true) => (Step::Abandoned { wait: None, position: None }, picked_up.unwrap_or(at)),
            (false, false) => (Step::Lost, at),
        };
        self.members.leave(visit, step, ended, &mut self.out);
        Ok(())
    }

    /// The agent's side of a conversation has ended: report what was not seen of its beginning.
    fn conversation_ended(
        &mut self,
        ids: &VisitIds,
        agent: Label,
        headers: EslHeaders<'_>,
        at: Time,
    ) -> Result<(), &'static str> {
        if !self.touch_member(ids, headers, at)? {
            return Ok(());
        }
        let bridged = bridged_at(headers, at);
        let answered = bridged
            .or_else(|| time_header(headers, "variable_cc_queue_answered_epoch", at))
            .or_else(|| time_header(headers, "CC-Agent-Answered-Time", at));
        self.members.answer(&ids.visit, agent.clone(), answered.unwrap_or(at), &mut self.out);
        if let Some(bridged) = bridged {
            self.members.correct_answer(&ids.visit, &agent, bridged, &mut self.out);
        }
        // Who sent the SIP BYE, as seen from the agent's leg.
        let ended_by = match headers.get("variable_sip_hangup_disposition").as_deref() {
            Some(b"recv_bye") => Some(EndedBy::Agent),
            Some(b"send_bye") => Some(EndedBy::Customer),
            _ => None,
        };
        let transfer = match headers.get("Hangup-Cause").as_deref() {
            Some(b"BLIND_TRANSFER") => Some(TransferKind::Blind),
            Some(b"ATTENDED_TRANSFER") => Some(TransferKind::Attended),
            _ => None,
        };
        let end = ConversationEnd { agent, at, ended_by, transfer, is_tied: is_tied(headers) };
        self.members.begin_end(&ids.visit, end);
        Ok(())
    }

    fn member_ended(&mut self, ids: &VisitIds, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let visit = &ids.visit;
        if headers.get("CC-Cause").as_deref() == Some(b"Terminated") {
            let agent = self.agent_name(headers)?;
            self.conversation_ended(ids, agent, headers, at)?;
            let was_sent_on = transferred_at(headers).is_some_and(|sent| at.since(sent) <= MAX_TRANSFER_DELAY);
            self.members.finish(visit, was_sent_on, |agent| self.agents.wrap_up_of(agent), &mut self.out);
            return Ok(());
        }
        self.touch_member(ids, headers, at)?;
        // A caller who hangs up just after the bridge is talking: the end of the conversation is still to come.
        if self.members.get(visit).is_none_or(|member| member.stage != MemberStage::Waiting) {
            return Ok(());
        }
        let left = |reason| Step::Left { reason, wait: None };
        let step = match headers.get("CC-Cancel-Reason").as_deref() {
            Some(b"TIMEOUT") => left(LeftReason::Timeout),
            Some(b"NO_AGENT_TIMEOUT") => left(LeftReason::Empty),
            Some(b"EXIT_WITH_KEY") => left(LeftReason::Key),
            // `BREAK_OUT` is the reason for a caller who hangs up and for one who is taken out of the queue, but the
            // channel of the latter is still up.
            _ if is_channel_up(headers) => left(LeftReason::Withdrawn),
            _ if was_hung_up_by_system(headers) => Step::Lost,
            _ => Step::Abandoned { wait: None, position: None },
        };
        self.members.leave(visit, step, at, &mut self.out);
        Ok(())
    }
}

/// What identifies the visit that an event is about.
#[derive(Clone, Debug)]
struct VisitIds {
    contact: Label,
    member: Label,
    visit: Label,
}

impl VisitIds {
    fn of(headers: EslHeaders<'_>) -> Result<Self, &'static str> {
        let id = |name| headers.get(name).map(|id| id_label(&id)).filter(|id| !id.is_empty());
        let member = id("CC-Member-UUID").ok_or("a member's event without CC-Member-UUID")?;
        let contact = id("CC-Member-Session-UUID").ok_or("a call's event without CC-Member-Session-UUID")?;
        let visit = visit_name(&contact, &member);
        Ok(Self { contact, member, visit })
    }
}

/// When FreeSWITCH made an event.
pub(super) fn event_time(headers: EslHeaders<'_>) -> Option<Time> {
    headers.number("Event-Date-Timestamp").filter(|micros| *micros > 0).map(Time)
}

/// A header that holds Unix seconds, of an event at `at`.
fn time_header(headers: EslHeaders<'_>, name: &str, at: Time) -> Option<Time> {
    past_time(headers.number(name)?, at)
}

/// The time of `seconds` since 1970, which is not after `now`; `None` where it is unset or not believable. FreeSWITCH cuts
/// its times to whole seconds, so this one may be up to a second too early.
pub(super) fn past_time(seconds: i64, now: Time) -> Option<Time> {
    let time = Time::from_unix(seconds);
    (seconds > 0 && now.since(time) < MAX_AGE && time < now + MAX_LEAD).then(|| time.min(now))
}

/// Whether the agent's channel, which an event is about, is tied to the caller's. It is from the beginning of a bridge on, until
/// the caller is transferred away.
fn is_tied(headers: EslHeaders<'_>) -> bool {
    let other = headers.raw("variable_signal_bond");
    other.is_some() && other == headers.raw("CC-Member-Session-UUID")
}

/// When the agent's channel, which an event at `at` is about, was bridged to the caller's; `None` where it was not, since the
/// agent picked up: the channel of a standby agent was bridged in earlier calls too.
fn bridged_at(headers: EslHeaders<'_>, at: Time) -> Option<Time> {
    let picked_up = time_header(headers, "CC-Agent-Answered-Time", at)?;
    let is_agent_s = headers.raw("CC-Action") == Some(b"bridge-agent-end");
    headers.number("Caller-Channel-Bridged-Time").map(Time).filter(|time| is_agent_s && (picked_up..=at).contains(time))
}

/// When the caller, whose channel an event is about, was last transferred blindly; `None` where something else has moved the
/// call since.
fn transferred_at(headers: EslHeaders<'_>) -> Option<Time> {
    let source = headers.get("variable_transfer_source")?;
    let mut parts = source.split(|byte| *byte == b':');
    let (epoch, kind) = (parts.next()?, parts.nth(1)?);
    super::headers::number(epoch).filter(|_| kind == b"bl_xfer").map(Time::from_unix)
}

/// Whether the channel that an event is about was hung up by FreeSWITCH's end or a command, and by neither side.
fn was_hung_up_by_system(headers: EslHeaders<'_>) -> bool {
    matches!(headers.get("Hangup-Cause").as_deref(), Some(b"SYSTEM_SHUTDOWN" | b"MANAGER_REQUEST"))
}

/// Whether the channel that an event is about has not hung up.
fn is_channel_up(headers: EslHeaders<'_>) -> bool {
    let has_hung_up = headers.get("Hangup-Cause").is_some();
    !has_hung_up && headers.get("Answer-State").is_some_and(|state| &*state != b"hangup")
}

#[cfg(test)]
mod tests;
