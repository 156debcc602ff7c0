//! Who takes which contact: own queues first, a hand for others after a while, what was written in between.

use std::collections::VecDeque;

use super::Simulator;
use super::agents::{Activity, AgentId};
use super::contacts::{self, ContactStage};
use super::schedule::SimAction;
use super::world::QueueId;
use crate::clock::{Span, Time};
use crate::event::{Offer, Step};
use crate::text::Label;

/// The queue that comes first everywhere.
const VIP: &str = "vip";
/// Customers who have waited so long are helped by teams whose queue it isn't.
const OVERFLOW: Span = Span(13 * Span::SECOND.0);
/// What was written and has waited that many times as long as it should have is as urgent as a caller.
const OVERDUE: f64 = 1.35;
/// So many customers waiting in the own queues are a rush, in which breaks are put off.
const RUSH: usize = 3;

impl Simulator {
    /// Join a queue, newly or by transfer.
    pub(super) fn join(&mut self, id: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let row = contact.queue.row();
        let ahead = self.lines.get(&contact.queue).map_or(0, VecDeque::len);
        let position = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        contact.turn += 1;
        contact.stage = ContactStage::Waiting;
        contact.joined = self.now;
        contact.position = position;
        let [earliest, latest] = row.looked_at_s;
        contact.ripe = self.now + self.rng.span(earliest, latest);
        let (label, queue, turn, ripe) = (contact.label.clone(), contact.queue, contact.turn, contact.ripe);
        let offer = Offer {
            queue: Label::fixed(row.id),
            channel: contact.channel,
            intent: contact.intent_known.then(|| Label::fixed(contact.intent.name)),
            customer: contact.customer_known.then(|| contacts::customer_label(contact.customer)),
            priority: (row.id == VIP).then_some(10),
            position: Some(position),
            auth_steps: (contact.transfers == 0).then_some(row.auth_steps),
            untimed: false,
        };
        self.say_step(label, queue, Step::Offered(offer));
        if ripe > self.now {
            self.lines.entry(queue).or_default().push_back(id);
            return self.schedule.add(ripe, SimAction::Ripens { contact: id, turn });
        }
        if row.patience_s.is_finite() {
            // A few hang up at once: the wrong number, or the announcement was all they wanted.
            let hasty = self.rng.chance(0.006);
            let patience = if hasty { self.rng.span(0.8, 4.5) } else { self.rng.weibull(row.patience_s, 1.15) };
            self.schedule.add(self.now + patience.min(contacts::TIMEOUT), SimAction::GivesUp { contact: id, turn });
        }
        let own = self.roster.free_for(queue, 0);
        if let Some(agent) = own.or_else(|| self.roster.helper_for(queue).filter(|_| row.id == VIP)) {
            return self.ring(id, agent);
        }
        self.lines.entry(queue).or_default().push_back(id);
        self.schedule.add(self.now + OVERFLOW, SimAction::Overflows { contact: id, turn });
    }

    /// It has waited long enough for others to lend a hand.
    pub(super) fn overflow(&mut self, id: u32, turn: u32) {
        if let Some(queue) = self.still_waiting(id, turn)
            && let Some(agent) = self.roster.helper_for(queue)
        {
            self.call_out(id, queue, agent);
        }
    }

    /// Someone looks at what was written, if that leaves another free for who calls.
    pub(super) fn ripen(&mut self, id: u32, turn: u32) {
        if let Some(queue) = self.still_waiting(id, turn)
            && let Some(agent) = self.roster.free_for(queue, 1)
        {
            self.call_out(id, queue, agent);
        }
    }

    fn still_waiting(&self, id: u32, turn: u32) -> Option<QueueId> {
        let contact = self.contacts.get(&id).filter(|contact| contact.turn == turn)?;
        (contact.stage == ContactStage::Waiting).then_some(contact.queue)
    }

    /// Take it out of its line, and ring.
    fn call_out(&mut self, id: u32, queue: QueueId, agent: AgentId) {
        if let Some(line) = self.lines.get_mut(&queue) {
            line.retain(|other| *other != id);
        }
        self.ring(id, agent);
    }

    /// Whether customers stand in line in these queues, what was written apart.
    pub(super) fn rush(&self, queues: &[QueueId]) -> bool {
        let live = queues.iter().filter(|queue| !queue.row().channel.is_asynchronous());
        live.filter_map(|queue| self.lines.get(queue)).map(VecDeque::len).sum::<usize>() >= RUSH
    }

    /// Agents' pace in talk and in after-contact work, against the usual: brisk while customers wait in their queues,
    /// at leisure where nobody does.
    pub(super) fn haste(&self, agent: AgentId) -> (f64, f64) {
        let own = &self.roster[agent].own;
        if self.rush(own) {
            (0.92, 0.6)
        } else if own.first().is_some_and(|queue| self.roster.free_for(*queue, 1).is_some()) {
            (1.05, 1.3)
        } else {
            (1.0, 1.0)
        }
    }

    /// The first in a queue's line that is to be looked at, since when, and since when it waits.
    fn first(&self, queue: QueueId) -> Option<(u32, Time, Time)> {
        let ids = self.lines.get(&queue)?.iter();
        let mut waiting = ids.filter_map(|id| self.contacts.get(id).map(|contact| (*id, contact.ripe, contact.joined)));
        waiting.find(|(_, ripe, _)| *ripe <= self.now)
    }

    /// The contact that an agent takes next: of the own queues, callers and chats before what can wait, those who
    /// have waited longest first; else one who waits for another team's agents.
    pub(super) fn next_for(&mut self, agent: AgentId) -> Option<u32> {
        let (queue, id) = self.next_own(agent).or_else(|| self.next_elsewhere(agent))?;
        self.lines.get_mut(&queue)?.retain(|other| *other != id);
        Some(id)
    }

    fn next_own(&self, agent: AgentId) -> Option<(QueueId, u32)> {
        let (mut best, mut best_score) = (None, 0.0);
        let mut favour = 1.0;
        for queue in &self.roster[agent].own {
            if let Some((id, ripe, joined)) = self.first(*queue) {
                let wait = self.now.since(joined).as_secs_f64();
                let row = queue.row();
                let weight = if row.channel.is_asynchronous() {
                    if wait > OVERDUE * ripe.since(joined).as_secs_f64() {
                        0.2
                    } else if self.roster.free_for(*queue, 1).is_some() {
                        0.001
                    } else {
                        0.0
                    }
                } else if row.id == VIP {
                    3.0
                } else {
                    1.0
                };
                let score = (wait + 5.0) * weight * favour;
                if score > best_score {
                    (best, best_score) = (Some((*queue, id)), score);
                }
            }
            favour *= 0.9;
        }
        best
    }

    fn next_elsewhere(&self, agent: AgentId) -> Option<(QueueId, u32)> {
        if !self.roster.can_be_spared(agent) {
            return None;
        }
        let queues = self.roster[agent].helps.iter();
        let waiting = queues.filter_map(|queue| self.first(*queue).map(|(id, _, joined)| (joined, *queue, id)));
        let oldest = waiting.min_by_key(|(joined, ..)| *joined)?;
        (self.now.since(oldest.0) >= OVERFLOW).then_some((oldest.1, oldest.2))
    }

    /// Ring an agent, who is idle.
    pub(super) fn ring(&mut self, id: u32, agent: AgentId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = ContactStage::Ringing(agent);
        let (label, queue, turn) = (contact.label.clone(), contact.queue, contact.turn);
        let rings = contact.rings();
        let who = &mut self.roster[agent];
        who.activity = Activity::Busy;
        who.lent = !who.own.contains(&queue);
        if !rings {
            let taken = self.rng.span(0.8, 4.0);
            return self.schedule.add(self.now + taken, SimAction::Answers { contact: id, turn });
        }
        let name = self.roster[agent].label.clone();
        self.say_step(label, queue, Step::Ringing { agent: name });
        if self.rng.chance(0.011) {
            self.schedule.add(self.now + Span::seconds(15), SimAction::RingsOut { contact: id, turn });
        } else {
            let taken = self.rng.span(1.5, 6.5);
            self.schedule.add(self.now + taken, SimAction::Answers { contact: id, turn });
        }
    }

    /// The agent who was rung didn't take it: on to the next, or back to the head of the queue.
    pub(super) fn ring_out(&mut self, id: u32, turn: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let ContactStage::Ringing(agent) = contact.stage else { return };
        if contact.turn != turn {
            return;
        }
        contact.stage = ContactStage::Waiting;
        let (label, queue) = (contact.label.clone(), contact.queue);
        let name = self.roster[agent].label.clone();
        self.say_step(label, queue, Step::RingNoAnswer { agent: name, ring: Some(Span::seconds(15)) });
        self.missed(agent);
        match self.roster.free_for(queue, 0) {
            Some(other) => self.ring(id, other),
            None => self.lines.entry(queue).or_default().push_front(id),
        }
    }
}
