//! Routing: which agent gets which contact. Agents serve their team's queues first, help other teams after a while, and
//! work on written contacts in between.

use std::collections::VecDeque;

use super::Simulator;
use super::agents::{Activity, AgentId};
use super::contacts::{self, ContactStage};
use super::schedule::SimAction;
use super::world::QueueId;
use crate::clock::{Span, Time};
use crate::event::{Offer, Step};
use crate::text::Label;

/// The id of the queue with priority over all others.
const VIP: &str = "vip";
/// After this wait, agents of other teams may help.
const OVERFLOW_WAIT: Span = Span(13 * Span::SECOND.0);
/// A written contact that has waited this many times its pickup delay gets a higher weight.
const OVERDUE_FACTOR: f64 = 1.35;
/// With this many customers waiting in their queues, agents put off breaks and work faster.
const RUSH_WAITING: usize = 3;

impl Simulator {
    /// Put a contact into its queue, on arrival or after a transfer.
    pub(super) fn join(&mut self, id: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let spec = contact.queue.spec();
        let ahead = self.waiting.get(&contact.queue).map_or(0, VecDeque::len);
        let position = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        contact.generation += 1;
        contact.stage = ContactStage::Waiting;
        contact.joined = self.now;
        contact.position = position;
        let [earliest, latest] = spec.pickup_delay_s;
        contact.workable_from = self.now + self.rng.span(earliest, latest);
        let (label, queue, generation, workable_from) =
            (contact.label.clone(), contact.queue, contact.generation, contact.workable_from);
        let offer = Offer {
            queue: Label::fixed(spec.id),
            channel: contact.channel,
            intent: contact.intent_known.then(|| Label::fixed(contact.intent.name)),
            customer: contact.customer_known.then(|| contacts::customer_label(contact.customer)),
            priority: (spec.id == VIP).then_some(10),
            position: Some(position),
            auth_steps: (contact.transfers == 0).then_some(spec.auth_steps),
            untimed: false,
            sampled: false,
        };
        self.emit_step(label, queue, Step::Offered(offer));
        if workable_from > self.now {
            self.waiting.entry(queue).or_default().push_back(id);
            return self.schedule.add(workable_from, SimAction::BecomesWorkable { contact: id, generation });
        }
        if spec.patience_s.is_finite() {
            // A few hang up at once: a wrong number, or the announcement answered the question.
            let hasty = self.rng.chance(0.006);
            let patience = if hasty { self.rng.span(0.8, 4.5) } else { self.rng.weibull(spec.patience_s, 1.15) };
            self.schedule.add(
                self.now + patience.min(contacts::QUEUE_TIMEOUT),
                SimAction::LosesPatience { contact: id, generation },
            );
        }
        let own = self.roster.free_agent(queue, 0);
        if let Some(agent) = own.or_else(|| self.roster.free_helper(queue).filter(|_| spec.id == VIP)) {
            return self.ring(id, agent);
        }
        self.waiting.entry(queue).or_default().push_back(id);
        self.schedule.add(self.now + OVERFLOW_WAIT, SimAction::Overflows { contact: id, generation });
    }

    /// The contact has waited long enough for other teams to help.
    pub(super) fn overflow(&mut self, id: u32, generation: u32) {
        if let Some(queue) = self.still_waiting(id, generation)
            && let Some(agent) = self.roster.free_helper(queue)
        {
            self.ring_waiting(id, queue, agent);
        }
    }

    /// An agent picks up a written contact, provided another one stays free for calls.
    pub(super) fn pick_up_written(&mut self, id: u32, generation: u32) {
        if let Some(queue) = self.still_waiting(id, generation)
            && let Some(agent) = self.roster.free_agent(queue, 1)
        {
            self.ring_waiting(id, queue, agent);
        }
    }

    fn still_waiting(&self, id: u32, generation: u32) -> Option<QueueId> {
        let contact = self.contacts.get(&id).filter(|contact| contact.generation == generation)?;
        (contact.stage == ContactStage::Waiting).then_some(contact.queue)
    }

    /// Remove the contact from its queue, and ring.
    fn ring_waiting(&mut self, id: u32, queue: QueueId, agent: AgentId) {
        if let Some(queue) = self.waiting.get_mut(&queue) {
            queue.retain(|other| *other != id);
        }
        self.ring(id, agent);
    }

    /// Whether many customers wait in these queues, written contacts aside.
    pub(super) fn is_rush(&self, queues: &[QueueId]) -> bool {
        let live = queues.iter().filter(|queue| !queue.spec().channel.is_asynchronous());
        live.filter_map(|queue| self.waiting.get(queue)).map(VecDeque::len).sum::<usize>() >= RUSH_WAITING
    }

    /// Factors on talk time and after-contact work: agents are faster while many customers wait in their queues and slower
    /// while colleagues are idle.
    pub(super) fn pace_factors(&self, agent: AgentId) -> (f64, f64) {
        let own = &self.roster[agent].own;
        if self.is_rush(own) {
            (0.92, 0.6)
        } else if own.first().is_some_and(|queue| self.roster.free_agent(*queue, 1).is_some()) {
            (1.05, 1.3)
        } else {
            (1.0, 1.0)
        }
    }

    /// The first contact of a queue that may be picked up: its number, since when it may be, and when it joined.
    fn first_workable(&self, queue: QueueId) -> Option<(u32, Time, Time)> {
        let ids = self.waiting.get(&queue)?.iter();
        let mut waiting =
            ids.filter_map(|id| self.contacts.get(id).map(|contact| (*id, contact.workable_from, contact.joined)));
        waiting.find(|(_, workable_from, _)| *workable_from <= self.now)
    }

    /// Remove and return the contact that an idle agent takes next: from the team's queues by wait and weight (calls and
    /// chats before written contacts), else the longest waiting one of a queue in which the agent helps.
    pub(super) fn next_contact_for(&mut self, agent: AgentId) -> Option<u32> {
        let (queue, id) = self.next_own(agent).or_else(|| self.next_helping(agent))?;
        self.waiting.get_mut(&queue)?.retain(|other| *other != id);
        Some(id)
    }

    fn next_own(&self, agent: AgentId) -> Option<(QueueId, u32)> {
        let (mut best, mut best_score) = (None, 0.0);
        let mut preference = 1.0;
        for queue in &self.roster[agent].own {
            if let Some((id, workable_from, joined)) = self.first_workable(*queue) {
                let wait = self.now.since(joined).as_secs_f64();
                let spec = queue.spec();
                let weight = if spec.channel.is_asynchronous() {
                    if wait > OVERDUE_FACTOR * workable_from.since(joined).as_secs_f64() {
                        0.2
                    } else if self.roster.free_agent(*queue, 1).is_some() {
                        0.001
                    } else {
                        0.0
                    }
                } else if spec.id == VIP {
                    3.0
                } else {
                    1.0
                };
                let score = (wait + 5.0) * weight * preference;
                if score > best_score {
                    (best, best_score) = (Some((*queue, id)), score);
                }
            }
            preference *= 0.9;
        }
        best
    }

    fn next_helping(&self, agent: AgentId) -> Option<(QueueId, u32)> {
        if !self.roster.can_be_spared(agent) {
            return None;
        }
        let queues = self.roster[agent].helps.iter();
        let waiting =
            queues.filter_map(|queue| self.first_workable(*queue).map(|(id, _, joined)| (joined, *queue, id)));
        let oldest = waiting.min_by_key(|(joined, ..)| *joined)?;
        (self.now.since(oldest.0) >= OVERFLOW_WAIT).then_some((oldest.1, oldest.2))
    }

    /// Offer the contact to an idle agent.
    pub(super) fn ring(&mut self, id: u32, agent: AgentId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = ContactStage::Ringing(agent);
        let (label, queue, generation) = (contact.label.clone(), contact.queue, contact.generation);
        let rings = contact.rings();
        let rung = &mut self.roster[agent];
        rung.activity = Activity::Busy;
        rung.helping = !rung.own.contains(&queue);
        if !rings {
            let answers_after = self.rng.span(0.8, 4.0);
            return self.schedule.add(self.now + answers_after, SimAction::Answers { contact: id, generation });
        }
        let name = self.roster[agent].label.clone();
        self.emit_step(label, queue, Step::Ringing { agent: name });
        if self.rng.chance(0.011) {
            self.schedule.add(self.now + Span::seconds(15), SimAction::RingsOut { contact: id, generation });
        } else {
            let answers_after = self.rng.span(1.5, 6.5);
            self.schedule.add(self.now + answers_after, SimAction::Answers { contact: id, generation });
        }
    }

    /// The agent did not answer: ring the next one, or put the contact back at the head of the queue.
    pub(super) fn ring_out(&mut self, id: u32, generation: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let ContactStage::Ringing(agent) = contact.stage else { return };
        if contact.generation != generation {
            return;
        }
        contact.stage = ContactStage::Waiting;
        let (label, queue) = (contact.label.clone(), contact.queue);
        let name = self.roster[agent].label.clone();
        self.emit_step(label, queue, Step::RingNoAnswer { agent: name, ring: Some(Span::seconds(15)) });
        self.mark_not_responding(agent);
        match self.roster.free_agent(queue, 0) {
            Some(other) => self.ring(id, other),
            None => self.waiting.entry(queue).or_default().push_front(id),
        }
    }
}
