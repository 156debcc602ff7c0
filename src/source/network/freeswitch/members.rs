//! The members of `mod_callcenter`: callers, each of whom joined one queue.
//!
//! A member has a UUID of its own, which a caller who comes back to the old position has again. The contact is the call,
//! named by its session's UUID, which visits several queues. A visit is therefore named by both UUIDs. So is every event,
//! which the engine counts once though it is reported by an event and by a list, or before and after a restart of the
//! program.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::events::EventBuffer;
use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, EventKind, Offer, Step, TransferKind};
use crate::source::caller_number::customer;
use crate::source::ids::id_label;
use crate::text::Label;

/// The members that are tracked; no centre has more at once.
const MAX_MEMBERS: usize = 100_000;
/// A row that contradicts the state of its agent in so many lists one after the other is of nobody: in a single one the row
/// may be ahead of an event.
const MAX_DOUBTS: u8 = 2;
/// An event that comes so much later than what it tells of is precise enough.
const MAX_EVENT_DELAY: Span = Span(50_000);
/// Lists and events are not of one instant: what events told within this time is not contradicted by a list.
pub(super) const LIST_LAG: Span = Span(10 * Span::SECOND.0);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MemberStage {
    Waiting,
    Talking,
    /// The agent's side of the conversation has ended; the event `member-queue-end`, which says whether the caller was
    /// transferred, is still to come.
    Ending(ConversationEnd),
    /// The visit is over. The member stays known until a list shows that nothing about it will come any more: a caller who
    /// has left may be put through all the same, and a row may stay for ever.
    Over,
}

/// The end of a conversation, as the agent's side tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ConversationEnd {
    pub(super) agent: Label,
    pub(super) at: Time,
    pub(super) ended_by: Option<EndedBy>,
    /// How the caller was transferred away, where the agent's side says so.
    pub(super) transfer: Option<TransferKind>,
    /// The agent's channel is still tied to the caller's, so nobody has transferred the caller away.
    pub(super) is_tied: bool,
}

/// One member. Members are stored in the journal's cursor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CcMember {
    pub(super) contact: Label,
    /// The member's UUID; empty in a cursor of an early version.
    #[serde(default)]
    uuid: Label,
    queue: Label,
    pub(super) stage: MemberStage,
    #[serde(skip)]
    intent: Option<Label>,
    /// When the event about the answer came.
    #[serde(skip)]
    answered: Time,
    /// When an event last told of the member.
    #[serde(skip)]
    heard: Time,
    /// The present round of lists contains the member, or the member joined since the round began.
    #[serde(skip)]
    is_listed: bool,
    /// In how many lists, one after the other, the row has contradicted the state of its agent.
    #[serde(skip)]
    doubts: u8,
    /// The last round of lists did not contain the member, or not believably, and no event contradicts it.
    #[serde(skip)]
    is_missing: bool,
}

/// What is known of a caller who joins a queue.
#[derive(Clone, Debug)]
pub(super) struct JoiningMember<'a> {
    pub(super) contact: Label,
    pub(super) uuid: Label,
    pub(super) queue: Label,
    pub(super) number: Option<&'a [u8]>,
    pub(super) intent: Option<Label>,
}

/// The member that an agent's phone rings for, or whom the agent talks to.
#[derive(Clone, Debug)]
struct ServedMember {
    member: Label,
    /// The agent has picked up.
    is_picked_up: bool,
}

/// All members by the names of their visits, which [`visit_name`] gives.
#[derive(Debug, Default)]
pub(super) struct CcMembers {
    by_visit: FxHashMap<Label, CcMember>,
    /// By agent, until the agent is free again.
    served: FxHashMap<Label, ServedMember>,
    /// What is stored in the cursor has changed since it was last taken.
    pub(super) is_changed: bool,
}

/// The name of the visit that a member makes in a call.
pub(super) fn visit_name(contact: &Label, uuid: &Label) -> Label {
    id_label(format!("{contact}/{uuid}").as_bytes())
}

impl CcMembers {
    /// The members that an earlier run of the program stored. Early versions named them by their UUIDs alone.
    pub(super) fn restored(stored: FxHashMap<Label, CcMember>) -> Self {
        let named = stored.into_iter().map(|(name, mut member)| {
            if member.uuid.is_empty() {
                member.uuid = name;
            }
            (visit_name(&member.contact, &member.uuid), member)
        });
        Self { by_visit: named.collect(), ..Self::default() }
    }

    pub(super) fn get(&self, visit: &Label) -> Option<&CcMember> {
        self.by_visit.get(visit)
    }

    /// The members to store: those whose visit is not over, and those that are, and have a row all the same.
    pub(super) fn to_stored(&self) -> FxHashMap<&Label, &CcMember> {
        let is_stored = |member: &CcMember| member.stage != MemberStage::Over || member.doubts > 0;
        self.by_visit.iter().filter(|(_, member)| is_stored(member)).collect()
    }

    fn is_waiting(&self, visit: &Label) -> bool {
        self.get(visit).is_some_and(|member| member.stage == MemberStage::Waiting)
    }

    fn set_stage(&mut self, visit: &Label, stage: MemberStage) {
        if let Some(member) = self.by_visit.get_mut(visit) {
            member.stage = stage;
            self.is_changed = true;
        }
    }

    /// A connection begins: its lists are newer than all events before, and whom the agents serve is not known.
    pub(super) fn begin_connection(&mut self) {
        self.served.clear();
        self.by_visit.values_mut().for_each(|member| member.heard = Time(0));
    }

    /// A member joins, unless it is known.
    ///
    /// # Errors
    /// Where there are too many members.
    pub(super) fn join(
        &mut self,
        visit: &Label,
        caller: JoiningMember<'_>,
        at: Time,
        out: &mut EventBuffer,
    ) -> Result<(), &'static str> {
        if self.by_visit.contains_key(visit) {
            return Ok(());
        }
        if self.by_visit.len() >= MAX_MEMBERS {
            return Err("more callers at once than any centre has");
        }
        let JoiningMember { contact, uuid, queue, number, intent } = caller;
        let offer = Offer {
            intent: intent.clone(),
            customer: number.and_then(customer),
            ..Offer::new(queue.clone(), Channel::Voice)
        };
        let stage = MemberStage::Waiting;
        let (answered, heard, is_listed, doubts, is_missing) = (Time(0), at, true, 0, false);
        let member = CcMember { contact, uuid, queue, stage, intent, answered, heard, is_listed, doubts, is_missing };
        self.by_visit.insert(visit.clone(), member);
        self.is_changed = true;
        self.report(visit, at, Some("offered"), Step::Offered(offer), out);
        Ok(())
    }

    /// An event names the member, with an intent that is reported where it has changed.
    pub(super) fn touch(&mut self, visit: &Label, intent: Option<Label>, at: Time, out: &mut EventBuffer) {
        let Some(member) = self.by_visit.get_mut(visit) else { return };
        (member.heard, member.is_missing, member.doubts) = (at, false, 0);
        if let Some(intent) = intent.filter(|intent| member.intent.as_ref() != Some(intent)) {
            member.intent = Some(intent.clone());
            self.report(visit, at, None, Step::Classified { intent }, out);
        }
    }

    /// An agent's phone rings, or the agent picked up. The caller still hears the music and may hang up;
    /// [`CcMembers::put_through`] follows when both are connected.
    pub(super) fn serve(&mut self, visit: &Label, agent: Label, is_picked_up: bool) {
        self.served.insert(agent, ServedMember { member: visit.clone(), is_picked_up });
    }

    /// The caller for whom the agent has picked up is put through.
    pub(super) fn put_through(&mut self, agent: &Label, at: Time, out: &mut EventBuffer) {
        if let Some(ServedMember { member, is_picked_up: true }) = self.served.get(agent) {
            let member = member.clone();
            self.answer(&member, agent.clone(), at, out);
        }
    }

    /// The agent is free again. Returns whether it is known whom the agent has served.
    pub(super) fn release(&mut self, agent: &Label) -> bool {
        self.served.remove(agent).is_some()
    }

    /// An agent's phone begins to ring for the member, or ends. Only a ring that was not taken still matters when the member
    /// waits no longer.
    pub(super) fn ring(&mut self, visit: &Label, at: Time, step: Step, out: &mut EventBuffer) {
        self.touch(visit, None, at, out);
        if self.is_waiting(visit) || matches!(step, Step::RingNoAnswer { .. }) {
            self.report(visit, at, None, step, out);
        }
    }

    /// The member is answered, unless it is known to be.
    pub(super) fn answer(&mut self, visit: &Label, agent: Label, at: Time, out: &mut EventBuffer) {
        if self.is_waiting(visit) {
            self.set_stage(visit, MemberStage::Talking);
            if let Some(member) = self.by_visit.get_mut(visit) {
                member.answered = at;
            }
            self.report(visit, at, Some("answered"), Step::Answered { agent, wait: None }, out);
        }
    }

    /// The channels were bridged at `at`, as is known in the end. The event that told of it came later where FreeSWITCH was
    /// busy; the earlier answer is the one that counts.
    pub(super) fn correct_answer(&mut self, visit: &Label, agent: &Label, at: Time, out: &mut EventBuffer) {
        let is_late =
            |member: &CcMember| member.stage == MemberStage::Talking && at + MAX_EVENT_DELAY < member.answered;
        if self.get(visit).is_some_and(is_late) {
            self.report(visit, at, Some("bridged"), Step::Answered { agent: agent.clone(), wait: None }, out);
        }
    }

    /// The agent's side of the conversation has ended, unless it is known to have.
    pub(super) fn begin_end(&mut self, visit: &Label, end: ConversationEnd) {
        if self.get(visit).is_some_and(|member| member.stage == MemberStage::Talking) {
            self.set_stage(visit, MemberStage::Ending(end));
        }
    }

    /// Report the end of the conversation. `was_sent_on` says that the caller's call was transferred
    /// at that time, `wrap_up` how long the after-contact work of the agent is.
    pub(super) fn finish(
        &mut self,
        visit: &Label,
        was_sent_on: bool,
        wrap_up: impl FnOnce(&Label) -> Span,
        out: &mut EventBuffer,
    ) {
        if let Some(MemberStage::Ending(end)) = self.get(visit).map(|member| member.stage.clone()) {
            let ConversationEnd { agent, at, ended_by, transfer, is_tied } = end;
            let wrap_up = wrap_up(&agent);
            let finished = Some(agent.clone());
            let step = match transfer.or_else(|| (was_sent_on && !is_tied).then_some(TransferKind::Blind)) {
                Some(kind) => Step::Transferred {
                    agent: finished,
                    kind,
                    to_queue: None,
                    to_agent: None,
                    to_number: None,
                    talk: None,
                },
                None => Step::Completed { agent: finished, ended_by, talk: None, hold: None },
            };
            self.report(visit, at, Some("ended"), step, out);
            if wrap_up > Span::ZERO {
                self.report(visit, at, Some("wrapped"), Step::Wrapped { agent, acw: Some(wrap_up) }, out);
            }
        }
        self.set_stage(visit, MemberStage::Over);
    }

    /// The member left the queue without having talked, which `step` describes.
    pub(super) fn leave(&mut self, visit: &Label, step: Step, at: Time, out: &mut EventBuffer) {
        self.touch(visit, None, at, out);
        self.report(visit, at, Some("ended"), step, out);
        self.set_stage(visit, MemberStage::Over);
    }

    /// Report a step of a known member. `name` makes the event's id; a step that may repeat has none.
    fn report(&self, visit: &Label, at: Time, name: Option<&str>, step: Step, out: &mut EventBuffer) {
        let Some(member) = self.by_visit.get(visit) else { return };
        let CcMember { contact, uuid, queue, .. } = member;
        let id = name.map(|name| id_label(format!("{contact}/{uuid}/{name}").as_bytes()));
        let (contact, queue) = (contact.clone(), Some(queue.clone()));
        out.push(at, id, EventKind::Contact { contact, queue, step });
    }

    /// A round of lists begins.
    pub(super) fn begin_round(&mut self) {
        self.by_visit.values_mut().for_each(|member| member.is_listed = false);
    }

    /// The round contains this member; `is_believed` says that its row agrees with the state of its agent.
    pub(super) fn set_listed(&mut self, visit: &Label, is_believed: bool) {
        if let Some(member) = self.by_visit.get_mut(visit) {
            (member.is_listed, member.is_missing) = (true, false);
            member.doubts = match (is_believed, &member.stage) {
                (false, _) => member.doubts.saturating_add(1),
                (true, MemberStage::Over) => member.doubts,
                (true, _) => 0,
            };
        }
    }

    /// The round is complete: members it does not contain are missing. Returns whether another round is to tell of some.
    pub(super) fn end_round(&mut self, now: Time) -> bool {
        let mut is_in_doubt = false;
        for (visit, member) in &mut self.by_visit {
            let is_over = member.stage == MemberStage::Over;
            let is_served = || self.served.values().any(|served| served.member == *visit);
            let is_contradicted = !member.is_listed || (member.doubts > 0 && !is_over);
            let is_certain = now.since(member.heard) > LIST_LAG && (!member.is_listed || member.doubts >= MAX_DOUBTS);
            member.is_missing = is_contradicted && is_certain && !(is_over && is_served());
            is_in_doubt |= is_contradicted && !is_certain && !is_over;
        }
        is_in_doubt
    }

    /// All events that were on their way during the round have come: members that are still missing are lost.
    pub(super) fn drop_missing(&mut self, now: Time, out: &mut EventBuffer) {
        let missing = self.by_visit.iter().filter(|(_, member)| member.is_missing);
        let mut missing: Vec<Label> = missing.map(|(visit, _)| visit.clone()).collect();
        missing.sort();
        for visit in missing {
            match self.get(&visit).map(|member| &member.stage) {
                Some(MemberStage::Waiting | MemberStage::Talking) => self.report(&visit, now, None, Step::Lost, out),
                _ => self.finish(&visit, false, |_| Span::ZERO, out),
            }
            // A row that nobody believes may stay in the lists until FreeSWITCH is restarted.
            match self.by_visit.get_mut(&visit) {
                Some(member) if member.is_listed => (member.stage, member.is_missing) = (MemberStage::Over, false),
                _ => drop(self.by_visit.remove(&visit)),
            }
            self.is_changed = true;
        }
    }
}
