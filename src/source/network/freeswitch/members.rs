//! The members of `mod_callcenter`: callers, each of whom joined one queue.
//!
//! A member has a UUID of its own; the contact is the call, named by its session's UUID. Every event has an id made of
//! both, so that the engine counts it once though it is reported by an event and by a list, or before and after a
//! restart of the program.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::events::EventBuffer;
use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, EventKind, Offer, Step};
use crate::source::caller_number::customer;
use crate::source::ids::id_label;
use crate::text::Label;

/// The members that are tracked; no centre has more at once.
const MAX_MEMBERS: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MemberStage {
    Waiting,
    Talking,
    /// The conversation has ended; the event `member-queue-end` is still to come.
    Over,
}

/// One member. Members are stored in the journal's cursor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CcMember {
    pub(super) contact: Label,
    queue: Label,
    pub(super) stage: MemberStage,
    #[serde(skip)]
    intent: Option<Label>,
    /// The present round of lists contains the member, or the member joined since the round began.
    #[serde(skip)]
    is_listed: bool,
    /// The last round of lists did not contain the member.
    #[serde(skip)]
    is_missing: bool,
}

/// What is known of a caller who joins a queue.
#[derive(Clone, Debug)]
pub(super) struct JoiningMember<'a> {
    pub(super) contact: Label,
    pub(super) queue: Label,
    pub(super) number: Option<&'a [u8]>,
    pub(super) intent: Option<Label>,
}

/// An agent has picked up, and is not bridged to the member yet.
#[derive(Clone, Debug)]
struct PendingBridge {
    member: Label,
    at: Time,
}

/// All members by UUID.
#[derive(Debug, Default)]
pub(super) struct CcMembers {
    by_uuid: FxHashMap<Label, CcMember>,
    /// By agent.
    pending_bridges: FxHashMap<Label, PendingBridge>,
    /// What is stored in the cursor has changed since it was last taken.
    pub(super) is_changed: bool,
}

impl CcMembers {
    /// The members that an earlier run of the program stored.
    pub(super) fn restored(by_uuid: FxHashMap<Label, CcMember>) -> Self {
        Self { by_uuid, ..Self::default() }
    }

    pub(super) fn get(&self, uuid: &Label) -> Option<&CcMember> {
        self.by_uuid.get(uuid)
    }

    pub(super) const fn by_uuid(&self) -> &FxHashMap<Label, CcMember> {
        &self.by_uuid
    }

    /// Begin anew after a reconnect: whether agents who had picked up were bridged is not known.
    pub(super) fn clear_pending_bridges(&mut self) {
        self.pending_bridges.clear();
    }

    /// A member joins, unless it is known.
    ///
    /// # Errors
    /// Where there are too many members.
    pub(super) fn join(
        &mut self,
        uuid: &Label,
        caller: JoiningMember<'_>,
        at: Time,
        out: &mut EventBuffer,
    ) -> Result<(), &'static str> {
        if let Some(member) = self.by_uuid.get(uuid) {
            if member.contact == caller.contact {
                return Ok(());
            }
            // The caller called again and got the old position back; the end of the first call was not seen.
            if member.stage != MemberStage::Over {
                self.report(uuid, at, None, Step::Lost, out);
            }
        }
        if self.by_uuid.len() >= MAX_MEMBERS {
            return Err("more callers at once than any centre has");
        }
        let JoiningMember { contact, queue, number, intent } = caller;
        let offer = Offer {
            intent: intent.clone(),
            customer: number.and_then(customer),
            ..Offer::new(queue.clone(), Channel::Voice)
        };
        let stage = MemberStage::Waiting;
        let member = CcMember { contact, queue, stage, intent, is_listed: true, is_missing: false };
        self.by_uuid.insert(uuid.clone(), member);
        self.is_changed = true;
        self.report(uuid, at, Some("offered"), Step::Offered(offer), out);
        Ok(())
    }

    /// An event names the member, with an intent that is reported where it has changed.
    pub(super) fn touch(&mut self, uuid: &Label, intent: Option<Label>, at: Time, out: &mut EventBuffer) {
        let Some(member) = self.by_uuid.get_mut(uuid) else { return };
        member.is_missing = false;
        if let Some(intent) = intent.filter(|intent| member.intent.as_ref() != Some(intent)) {
            member.intent = Some(intent.clone());
            self.report(uuid, at, None, Step::Classified { intent }, out);
        }
    }

    /// An agent picked up. The caller still hears the music and may hang up; [`CcMembers::bridge`] follows when both are
    /// connected.
    pub(super) fn pick_up(&mut self, uuid: &Label, agent: Label, at: Time) {
        self.pending_bridges.insert(agent, PendingBridge { member: uuid.clone(), at });
    }

    /// The agent is connected with the caller for whom the agent has picked up.
    pub(super) fn bridge(&mut self, agent: &Label, out: &mut EventBuffer) {
        if let Some(PendingBridge { member, at }) = self.pending_bridges.remove(agent) {
            self.answer(&member, agent.clone(), at, out);
        }
    }

    /// The agent hung up before the bridge: the caller goes on waiting.
    pub(super) fn cancel_bridge(&mut self, uuid: &Label, agent: Label, at: Time, out: &mut EventBuffer) {
        self.pending_bridges.remove(&agent);
        if self.get(uuid).is_some_and(|member| member.stage == MemberStage::Waiting) {
            self.report(uuid, at, None, Step::RingCanceled { agent }, out);
        }
    }

    /// The member is answered, unless it is known to be.
    pub(super) fn answer(&mut self, uuid: &Label, agent: Label, at: Time, out: &mut EventBuffer) {
        if let Some(member) = self.by_uuid.get_mut(uuid).filter(|member| member.stage == MemberStage::Waiting) {
            member.stage = MemberStage::Talking;
            self.is_changed = true;
            self.report(uuid, at, Some("answered"), Step::Answered { agent, wait: None }, out);
        }
    }

    /// The conversation ended, unless it is known to have; `wrap_up` is the agent's after-contact work.
    pub(super) fn complete(
        &mut self,
        uuid: &Label,
        agent: Label,
        ended_by: Option<EndedBy>,
        wrap_up: Span,
        at: Time,
        out: &mut EventBuffer,
    ) {
        let Some(member) = self.by_uuid.get_mut(uuid).filter(|member| member.stage == MemberStage::Talking) else {
            return;
        };
        member.stage = MemberStage::Over;
        self.is_changed = true;
        let completed = Step::Completed { agent: Some(agent.clone()), ended_by, talk: None, hold: None };
        self.report(uuid, at, Some("ended"), completed, out);
        if wrap_up > Span::ZERO {
            self.report(uuid, at, Some("wrapped"), Step::Wrapped { agent, acw: Some(wrap_up) }, out);
        }
    }

    /// The member left the queue without having talked, which `step` describes.
    pub(super) fn leave(&mut self, uuid: &Label, step: Step, at: Time, out: &mut EventBuffer) {
        self.pending_bridges.retain(|_, pending| pending.member != *uuid);
        self.report(uuid, at, Some("ended"), step, out);
        self.remove(uuid);
    }

    pub(super) fn remove(&mut self, uuid: &Label) {
        self.is_changed |= self.by_uuid.remove(uuid).is_some();
    }

    /// Report a step of a known member. `name` makes the event's id; a step that may repeat has none.
    pub(super) fn report(&self, uuid: &Label, at: Time, name: Option<&str>, step: Step, out: &mut EventBuffer) {
        let Some(member) = self.by_uuid.get(uuid) else { return };
        let contact = member.contact.clone();
        let id = name.map(|name| id_label(format!("{contact}/{uuid}/{name}").as_bytes()));
        out.push(at, id, EventKind::Contact { contact, queue: Some(member.queue.clone()), step });
    }

    /// A round of lists begins.
    pub(super) fn begin_round(&mut self) {
        self.by_uuid.values_mut().for_each(|member| member.is_listed = false);
    }

    /// The round contains this member.
    pub(super) fn set_listed(&mut self, uuid: &Label) {
        if let Some(member) = self.by_uuid.get_mut(uuid) {
            (member.is_listed, member.is_missing) = (true, false);
        }
    }

    /// The round is complete: members it does not contain are missing.
    pub(super) fn end_round(&mut self) {
        self.by_uuid.values_mut().for_each(|member| member.is_missing = !member.is_listed);
    }

    /// All events that were on their way during the round have come: members that are still missing are lost.
    pub(super) fn drop_missing(&mut self, now: Time, out: &mut EventBuffer) {
        let missing = self.by_uuid.iter().filter(|(_, member)| member.is_missing);
        let mut missing: Vec<Label> = missing.map(|(uuid, _)| uuid.clone()).collect();
        missing.sort();
        for uuid in missing {
            if self.get(&uuid).is_some_and(|member| member.stage != MemberStage::Over) {
                self.report(&uuid, now, None, Step::Lost, out);
            }
            self.remove(&uuid);
        }
    }
}
