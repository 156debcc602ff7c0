//! Compares the lists of `callcenter_config` with what is known: after each connect, once a minute, and as soon as something
//! came that events alone do not explain.
//!
//! A list overtakes events that were made just before it and are still on their way. A caller whom the lists do not
//! contain is therefore only missing, and is lost when the next answer has come and the caller's end has not.

use rustc_hash::FxHashMap;

use super::agents::{ListedAgent, RefusalPauses};
use super::centre::{CallCentre, past_time};
use super::list::CcList;
use super::members::{JoiningMember, MemberStage, visit_name};
use crate::clock::{Span, Time};
use crate::event::{Channel, EventKind, Membership, QueueProfile};
use crate::source::ids::id_label;
use crate::text::Label;

/// A longer wrap-up time, or pause after a call that was not taken, is a mistake, and is ignored.
const MAX_PAUSE_S: i64 = 86_400;

impl CallCentre {
    /// Begin a round of all lists.
    pub(super) fn begin_round(&mut self) {
        self.members.begin_round();
        self.agents.begin_round();
    }

    /// Apply `queue list`, and return the names of the queues as FreeSWITCH has them.
    pub(super) fn apply_queue_list(&mut self, text: &[u8], now: Time) -> Vec<Vec<u8>> {
        let list = CcList::parse(text, "moh_sound");
        let names: Vec<&[u8]> = list.rows().filter_map(|row| row.get("name")).collect();
        for queue in names.iter().filter_map(|name| self.display_name(name)).collect::<Vec<_>>() {
            if self.queues.insert(queue.clone()) {
                let profile = QueueProfile { queue, channel: Some(Channel::Voice), ..QueueProfile::default() };
                self.out.push(now, None, EventKind::QueueProfile(profile));
            }
        }
        names.into_iter().map(<[u8]>::to_vec).collect()
    }

    /// Apply `agent list`.
    pub(super) fn apply_agent_list(&mut self, text: &[u8], now: Time) {
        let is_soon = |ready: &Time| *ready > now && ready.since(now) < Span::seconds(MAX_PAUSE_S);
        // A dial string may name two endpoints of an agent, with a bar between them.
        for row in CcList::parse(text, "contact").rows() {
            let Some(name) = row.get("name") else { continue };
            let span = |column| {
                let seconds = row.number(column).filter(|seconds| (0..MAX_PAUSE_S).contains(seconds));
                Span::seconds(seconds.unwrap_or(0))
            };
            let time = |column| row.number(column).and_then(|seconds| past_time(seconds, now));
            let listed = ListedAgent {
                status: row.get("status"),
                state: row.get("state"),
                wrap_up: span("wrap_up_time"),
                refusals: RefusalPauses {
                    rejected: span("reject_delay_time"),
                    busy: span("busy_delay_time"),
                    not_answered: span("no_answer_delay_time"),
                },
                ready: row.number("ready_time").map(Time::from_unix).filter(is_soon),
                last_status_change: time("last_status_change"),
                last_offered_call: time("last_offered_call"),
                last_bridge_start: time("last_bridge_start"),
                last_bridge_end: time("last_bridge_end"),
            };
            let shown = self.display_name(name);
            if let Some(agent) = shown.and_then(|shown| self.agents.get_or_add(name, shown)) {
                agent.apply_list(&listed, now, &mut self.out);
            }
            self.note_ready(listed.ready);
        }
        self.members.is_changed |= self.agents.drop_unlisted(now, &mut self.out);
    }

    /// Apply `tier list`, which says who serves which queue.
    pub(super) fn apply_tier_list(&mut self, text: &[u8], now: Time) {
        let mut queues_of: FxHashMap<Label, Vec<Label>> = FxHashMap::default();
        for row in CcList::parse(text, "").rows() {
            let (Some(agent), Some(queue)) = (row.get("agent"), row.get("queue")) else { continue };
            let Some(queue) = self.display_name(queue) else { continue };
            let queues = queues_of.entry(id_label(agent)).or_default();
            if !queues.contains(&queue) {
                queues.push(queue);
            }
        }
        for (name, agent) in self.agents.sorted_mut() {
            let queues = queues_of.remove(name).unwrap_or_default();
            if agent.queues.as_ref() != Some(&queues) {
                agent.queues = Some(queues.clone());
                let serves = |queue| Membership { queue, state: None, reason: None };
                let queues = queues.into_iter().map(serves).collect();
                self.out.push(now, None, EventKind::AgentQueues { agent: agent.shown.clone(), queues });
            }
        }
    }

    /// Apply `queue list members` of one queue.
    pub(super) fn apply_member_list(&mut self, text: &[u8], now: Time) {
        for row in CcList::parse(text, "cid_name").rows() {
            // A caller who has hung up stays in the list for a while, without a session, in case of another call.
            let (Some(uuid), Some(session), Some(queue)) = (row.get("uuid"), row.get("session_uuid"), row.get("queue"))
            else {
                continue;
            };
            let agent = row.get("serving_agent");
            let (stage, is_believed) = match row.get("state") {
                Some(b"Waiting") => (MemberStage::Waiting, true),
                // The row of a caller who has gone while an agent picked up may stay like this for ever. A name that is no
                // agent's stands for all agents of the queue.
                Some(b"Trying") => {
                    let agent = agent.and_then(|name| self.agents.get(name));
                    (MemberStage::Waiting, agent.is_none_or(|agent| agent.is_receiving() || agent.is_in_call()))
                }
                Some(b"Answered") => (MemberStage::Talking, true),
                _ => continue,
            };
            let Some(queue) = self.display_name(queue) else { continue };
            let (contact, uuid) = (id_label(session), id_label(uuid));
            let visit = visit_name(&contact, &uuid);
            if is_believed {
                let rejoined = row.number("rejoined_epoch").filter(|seconds| *seconds > 0);
                let joined =
                    rejoined.or_else(|| row.number("joined_epoch")).and_then(|seconds| past_time(seconds, now));
                let caller = JoiningMember { contact, uuid, queue, number: row.get("cid_number"), intent: None };
                if self.members.join(&visit, caller, joined.unwrap_or(now), &mut self.out).is_err() {
                    return;
                }
            }
            if let (MemberStage::Talking, Some(agent)) = (stage, agent.and_then(|name| self.display_name(name))) {
                let bridged = row.number("bridge_epoch").and_then(|seconds| past_time(seconds, now)).unwrap_or(now);
                self.members.answer(&visit, agent, bridged, &mut self.out);
            }
            self.members.set_listed(&visit, is_believed);
        }
    }

    /// All lists of the round have been applied.
    pub(super) fn end_round(&mut self, now: Time) {
        self.is_in_doubt |= self.members.end_round(now);
    }

    /// All events that were on their way during the round have been applied. The cursor is due even if no member has
    /// changed, because it says when FreeSWITCH was last heard.
    pub(super) fn drop_missing(&mut self, now: Time) {
        self.members.drop_missing(now, &mut self.out);
        self.members.is_changed = true;
    }
}
