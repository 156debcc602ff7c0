//! Translates the events of `mod_callcenter` into what happened on the floor.
//!
//! Waits and talk times are not taken from FreeSWITCH, which gives them in whole seconds: they follow from the times of
//! the events, which are exact to the microsecond.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::agents::CcAgents;
use super::events::EventBuffer;
use super::headers::EslHeaders;
use super::members::{CcMember, CcMembers, JoiningMember, MemberStage};
use crate::clock::{Span, Time};
use crate::event::{EndedBy, Event, LeftReason, Step};
use crate::source::ids::id_label;
use crate::text::Label;

/// An event whose time differs by more from ours was stamped by a clock that is not set.
const MAX_CLOCK_OFFSET: Span = Span(366 * Span::DAY.0);
/// A time in a list or an event that is longer ago is not believed: nobody waits or talks for so long.
const MAX_AGE: Span = Span(7 * Span::DAY.0);
/// A time may be so much later than `now`, because of clocks that differ, and counts as `now`.
const MAX_LEAD: Span = Span::MINUTE;

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
    pub(super) out: EventBuffer,
}

/// The cursor in the journal, from which a later run of the program goes on.
#[derive(Debug, Deserialize)]
struct FreeSwitchCursor {
    at: Time,
    visits: FxHashMap<Label, CcMember>,
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
            out: EventBuffer::new(origin),
        }
    }

    /// Restore what [`CallCentre::take_cursor`] wrote, and return when that was; `None` where it cannot be read.
    pub(super) fn restore(&mut self, cursor: &str) -> Option<Time> {
        let cursor: FreeSwitchCursor = serde_json::from_str(cursor).ok()?;
        self.members = CcMembers::restored(cursor.visits);
        Some(cursor.at)
    }

    /// The cursor for the journal, where it has changed since it was last taken.
    pub(super) fn take_cursor(&mut self, at: Time) -> Option<String> {
        let is_changed = std::mem::take(&mut self.members.is_changed);
        is_changed.then(|| serde_json::json!({ "at": at, "visits": self.members.by_uuid() }).to_string())
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
            b"member-queue-start" | b"member-queue-resume" => self.member_joined(&member_uuid(headers)?, headers, at),
            b"agent-offering" => self.agent_offered(&member_uuid(headers)?, headers, at),
            b"bridge-agent-start" => self.agent_picked_up(&member_uuid(headers)?, headers, at),
            b"bridge-agent-fail" => self.agent_failed(&member_uuid(headers)?, headers, at),
            b"bridge-agent-end" => self.bridge_ended(&member_uuid(headers)?, headers, at),
            b"member-queue-end" => self.member_ended(&member_uuid(headers)?, headers, at),
            // The other actions are counts and settings: nothing that happened to a contact.
            _ => Ok(()),
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
        agent.apply_event(headers.get("CC-Agent-Status").as_deref(), headers.get("CC-Agent-State").as_deref(), at);
        if agent.is_in_call() {
            self.members.bridge(&agent.shown, &mut self.out);
        }
        agent.report(at, &mut self.out);
        Ok(())
    }

    fn member_joined(&mut self, uuid: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let contact = headers.get("CC-Member-Session-UUID").map(|id| id_label(&id)).filter(|id| !id.is_empty());
        let contact = contact.ok_or("a call's event without CC-Member-Session-UUID")?;
        let queue = headers.get("CC-Queue").and_then(|raw| self.display_name(&raw)).ok_or("no CC-Queue")?;
        let number = headers.get("CC-Member-CID-Number");
        let intent = headers.label(&self.intent_header);
        let caller = JoiningMember { contact, queue, number: number.as_deref(), intent };
        self.members.join(uuid, caller, at, &mut self.out)
    }

    /// Apply what every event says of its member: when an unknown member joined, and its intent. Whether the member is
    /// known then.
    fn touch_member(&mut self, uuid: &Label, headers: EslHeaders<'_>, at: Time) -> Result<bool, &'static str> {
        if self.members.get(uuid).is_none() {
            let Some(joined) = time_header(headers, "CC-Member-Joined-Time", at) else { return Ok(false) };
            self.member_joined(uuid, headers, joined)?;
        }
        self.members.touch(uuid, headers.label(&self.intent_header), at, &mut self.out);
        Ok(true)
    }

    fn agent_offered(&mut self, uuid: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        self.members.report(uuid, at, None, Step::Ringing { agent }, &mut self.out);
        Ok(())
    }

    fn agent_picked_up(&mut self, uuid: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        if self.touch_member(uuid, headers, at)? {
            self.members.pick_up(uuid, agent, at);
        }
        Ok(())
    }

    /// The agent's leg failed: nobody answered it, or the ring was cancelled. A caller who hung up first is not known
    /// any more, and nothing is reported.
    fn agent_failed(&mut self, uuid: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        let is_cancelled = matches!(
            headers.get("CC-Hangup-Cause").as_deref(),
            Some(b"ORIGINATOR_CANCEL" | b"LOSE_RACE" | b"PICKED_OFF")
        );
        let ring = || {
            let called = time_header(headers, "CC-Agent-Called-Time", at)?;
            Some(time_header(headers, "CC-Agent-Aborted-Time", at)?.since(called))
        };
        let step = if is_cancelled { Step::RingCanceled { agent } } else { Step::RingNoAnswer { agent, ring: ring() } };
        self.members.report(uuid, at, None, step, &mut self.out);
        Ok(())
    }

    fn bridge_ended(&mut self, uuid: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        let agent = self.agent_name(headers)?;
        if headers.get("CC-Agent-Bridged").as_deref() != Some(b"true") {
            self.members.cancel_bridge(uuid, agent, at, &mut self.out);
            return Ok(());
        }
        self.conversation_ended(uuid, agent, headers, at)
    }

    /// Report the end of a conversation, after what was not seen of its beginning.
    fn conversation_ended(
        &mut self,
        uuid: &Label,
        agent: Label,
        headers: EslHeaders<'_>,
        at: Time,
    ) -> Result<(), &'static str> {
        if !self.touch_member(uuid, headers, at)? {
            return Ok(());
        }
        self.members.bridge(&agent, &mut self.out);
        let answered = time_header(headers, "CC-Agent-Answered-Time", at).unwrap_or(at);
        self.members.answer(uuid, agent.clone(), answered, &mut self.out);
        // Who sent the SIP BYE, as seen from the agent's leg.
        let ended_by = match headers.get("variable_sip_hangup_disposition").as_deref() {
            Some(b"recv_bye") => Some(EndedBy::Agent),
            Some(b"send_bye") => Some(EndedBy::Customer),
            _ => None,
        };
        let wrap_up = self.agents.wrap_up_of(&agent);
        self.members.complete(uuid, agent, ended_by, wrap_up, at, &mut self.out);
        Ok(())
    }

    fn member_ended(&mut self, uuid: &Label, headers: EslHeaders<'_>, at: Time) -> Result<(), &'static str> {
        if headers.get("CC-Cause").as_deref() == Some(b"Terminated") {
            let agent = self.agent_name(headers)?;
            self.conversation_ended(uuid, agent, headers, at)?;
            self.members.remove(uuid);
            return Ok(());
        }
        self.touch_member(uuid, headers, at)?;
        // A caller who hangs up just after the bridge is talking: the end of the conversation is still to come.
        if self.members.get(uuid).is_none_or(|member| member.stage != MemberStage::Waiting) {
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
            _ => Step::Abandoned { wait: None, position: None },
        };
        self.members.leave(uuid, step, at, &mut self.out);
        Ok(())
    }
}

/// When FreeSWITCH made an event.
pub(super) fn event_time(headers: EslHeaders<'_>) -> Option<Time> {
    headers.number("Event-Date-Timestamp").filter(|micros| *micros > 0).map(Time)
}

fn member_uuid(headers: EslHeaders<'_>) -> Result<Label, &'static str> {
    let uuid = headers.get("CC-Member-UUID").map(|id| id_label(&id)).filter(|id| !id.is_empty());
    uuid.ok_or("a member's event without CC-Member-UUID")
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

/// Whether the channel that an event is about has not hung up.
fn is_channel_up(headers: EslHeaders<'_>) -> bool {
    let has_hung_up = headers.get("Hangup-Cause").is_some();
    !has_hung_up && headers.get("Answer-State").is_some_and(|state| &*state != b"hangup")
}

#[cfg(test)]
mod tests;
