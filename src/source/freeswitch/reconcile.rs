//! The lists of `callcenter_config`, laid beside what is known: at the beginning, after each reconnect and now and then.
//!
//! An answer overtakes the events that were made just before it and are still on their way. So a caller whom the lists
//! don't have is only missed, and is lost when the next answer has come and his end has not.

use super::agents::Listed;
use super::table::Table;
use super::translate::{Centre, Stage, past};
use crate::clock::{Span, Time};
use crate::event::{AgentProfile, Channel, EventKind, QueueProfile, Step};
use crate::source::names::id_label;
use crate::text::Label;

impl Centre {
    /// A round of lists begins.
    pub(super) fn begin_round(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// `queue list`: what the queues are called there.
    pub(super) fn queues_listed(&mut self, text: &[u8], now: Time) -> Vec<Vec<u8>> {
        let table = Table::read(text, "moh_sound");
        let names: Vec<&[u8]> = table.rows().filter_map(|row| row.get("name")).collect();
        for queue in names.iter().filter_map(|name| self.name(name)).collect::<Vec<_>>() {
            if self.queues.insert(queue.clone()) {
                let profile = QueueProfile { queue, channel: Some(Channel::Voice), ..QueueProfile::default() };
                self.say(now, None, EventKind::QueueProfile(profile));
            }
        }
        names.into_iter().map(<[u8]>::to_vec).collect()
    }

    /// `agent list`.
    pub(super) fn agents_listed(&mut self, text: &[u8], now: Time) {
        // A dial string may name two ways to an agent, with a bar between them.
        for row in Table::read(text, "contact").rows() {
            let Some(name) = row.get("name") else { continue };
            let wrap_up = row.number("wrap_up_time").filter(|seconds| (0..86_400).contains(seconds)).unwrap_or(0);
            let time = |column| row.number(column).and_then(|seconds| past(seconds, now));
            let listed = Listed {
                status: row.get("status"),
                state: row.get("state"),
                wrap_up: Span::seconds(wrap_up),
                status_changed: time("last_status_change"),
                offered: time("last_offered_call"),
                call_began: time("last_bridge_start"),
                call_ended: time("last_bridge_end"),
            };
            self.agent_listed(name, &listed, now);
        }
        self.drop_agents(now);
    }

    /// `tier list`: who serves which queue.
    pub(super) fn tiers_listed(&mut self, text: &[u8], now: Time) {
        let mut serves: Vec<(Label, Vec<Label>)> = self.agents.keys().map(|name| (name.clone(), Vec::new())).collect();
        serves.sort();
        for row in Table::read(text, "").rows() {
            let (Some(agent), Some(queue)) = (row.get("agent"), row.get("queue")) else { continue };
            let Some(queue) = self.name(queue) else { continue };
            if let Ok(place) = serves.binary_search_by(|(name, _)| name.cmp(&id_label(agent)))
                && let Some((_, queues)) = serves.get_mut(place)
                && !queues.contains(&queue)
            {
                queues.push(queue);
            }
        }
        for (name, queues) in serves {
            let Some(agent) = self.agents.get_mut(&name).filter(|agent| agent.queues != queues) else { continue };
            agent.queues.clone_from(&queues);
            let profile = AgentProfile { agent: agent.shown.clone(), queues, ..AgentProfile::default() };
            self.say(now, None, EventKind::AgentProfile(profile));
        }
    }

    /// `queue list members` of one queue.
    pub(super) fn members_listed(&mut self, text: &[u8], now: Time) {
        for row in Table::read(text, "cid_name").rows() {
            // Who has hung up stands there for a while, without a session, in case he comes back.
            let (Some(id), Some(session), Some(queue)) = (row.get("uuid"), row.get("session_uuid"), row.get("queue"))
            else {
                continue;
            };
            let stage = match row.get("state") {
                Some(b"Waiting" | b"Trying") => Stage::Waiting,
                Some(b"Answered") => Stage::Talking,
                _ => continue,
            };
            let Some(queue) = self.name(queue) else { continue };
            let (member, contact) = (id_label(id), id_label(session));
            let came_back = row.number("rejoined_epoch").filter(|seconds| *seconds > 0);
            let joined = came_back.or_else(|| row.number("joined_epoch")).and_then(|seconds| past(seconds, now));
            let known = self.offer(&member, contact, queue, row.get("cid_number"), None, joined.unwrap_or(now));
            if known.is_err() {
                return;
            }
            if let (Stage::Talking, Some(agent)) = (stage, row.get("serving_agent").and_then(|name| self.name(name))) {
                let bridged = row.number("bridge_epoch").and_then(|seconds| past(seconds, now)).unwrap_or(now);
                self.answer(&member, agent, bridged);
            }
            let round = self.round;
            if let Some(visit) = self.visits.get_mut(&member) {
                (visit.round, visit.missing) = (round, false);
            }
        }
    }

    /// All lists have come: who was in none of them is missed.
    pub(super) fn end_round(&mut self) {
        let round = self.round;
        for visit in self.visits.values_mut() {
            visit.missing = visit.round != round;
        }
    }

    /// Nothing is amiss: what must be known again after a restart says so as of now.
    pub(super) fn touch(&mut self) {
        self.changed = true;
    }

    /// Whatever was on its way when the lists were made has come: who is still missed is lost.
    pub(super) fn lose_missing(&mut self, now: Time) {
        let mut missing: Vec<Label> =
            self.visits.iter().filter(|(_, visit)| visit.missing).map(|(member, _)| member.clone()).collect();
        missing.sort();
        for member in missing {
            if self.visits.get(&member).is_some_and(|visit| visit.stage != Stage::Over) {
                self.step(&member, now, "", Step::Lost);
            }
            self.forget(&member);
        }
    }
}
