//! A contact's life: it comes, waits, rings, is answered, held, transferred, ended and wrapped up.

use super::Simulator;
use super::agents::AgentId;
use super::arrivals::ArrivalStream;
use super::schedule::{AfterContactWork, SimAction};
use super::world::{self, QueueId, SimulatedIntent};
use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, EventKind, LeftReason, SelfService, Step, TransferKind};
use crate::text::Label;

/// A contact that is not over.
pub(super) struct SimulatedContact {
    pub(super) label: Label,
    pub(super) queue: QueueId,
    pub(super) channel: Channel,
    pub(super) intent: &'static SimulatedIntent,
    /// Whether the intent was said on joining.
    pub(super) intent_known: bool,
    pub(super) customer: u32,
    /// Whether the customer was recognised on joining.
    pub(super) customer_known: bool,
    /// Rises whenever the contact moves, so that jobs of an earlier turn are void.
    pub(super) turn: u32,
    pub(super) stage: ContactStage,
    /// When it joined this queue.
    pub(super) joined: Time,
    /// From when on someone looks at it.
    pub(super) ripe: Time,
    /// Its place on joining.
    pub(super) position: u32,
    /// Waits in all queues.
    pub(super) waited: Span,
    answered: Time,
    held: Span,
    pub(super) transfers: u32,
    /// Which attempt of the customer at the same thing it is, from 1.
    pub(super) attempt: u32,
    /// Part of an outage.
    pub(super) outage: bool,
}

impl SimulatedContact {
    /// Whether an agent hears it ring: written contacts just open.
    pub(super) const fn rings(&self) -> bool {
        matches!(self.channel, Channel::Voice | Channel::Callback)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContactStage {
    Waiting,
    Ringing(AgentId),
    Talking(AgentId),
}

/// A customer who comes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct RepeatAttempt {
    pub(super) customer: u32,
    pub(super) queue: QueueId,
    pub(super) channel: Channel,
    pub(super) intent: &'static SimulatedIntent,
    pub(super) attempt: u32,
    pub(super) outage: bool,
}

/// The longest that a caller is kept waiting before the queue gives up on him.
pub(super) const TIMEOUT: Span = Span(12 * Span::MINUTE.0);
/// The share of contacts whose intent is known on joining, from the voice menu or the form.
const INTENT_KNOWN: f64 = 0.84;

pub(super) fn customer_label(customer: u32) -> Label {
    Label::new(&format!("cu-{customer:05}"))
}

impl Simulator {
    /// A stream's arrival.
    pub(super) fn arrive(&mut self, stream: ArrivalStream) {
        // Some customers are in touch far more often than others.
        let customer = self.rng.unit().powf(1.4) * f64::from(world::CUSTOMERS);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the population")]
        let customer = customer as u32;
        let (queue, outage) = match stream {
            ArrivalStream::Queue(queue) => (queue, false),
            ArrivalStream::Outage => (self.rng.weighted(&world::OUTAGE_QUEUES).unwrap_or(world::SUPPORT), true),
            ArrivalStream::Contained => (self.rng.pick(&world::CONTAINED_QUEUES).unwrap_or(world::SUPPORT), false),
        };
        let row = queue.row();
        let drawn = self.rng.weighted(row.intents).unwrap_or(&world::LOGIN_FAULT);
        let intent = if outage { &world::LOGIN_FAULT } else { drawn };
        let contained = matches!(stream, ArrivalStream::Contained);
        if contained || (!row.channel.is_asynchronous() && self.rng.chance(0.13)) {
            self.last_session += 1;
            self.say(EventKind::SelfService(SelfService {
                session: Label::new(&format!("s-{}", self.last_session)),
                contained,
                channel: Some(row.channel),
                intent: Some(Label::fixed(intent.name)),
                customer: Some(customer_label(customer)),
            }));
        }
        if !contained {
            self.come_back(&RepeatAttempt { customer, queue, channel: row.channel, intent, attempt: 1, outage });
        }
    }

    /// A customer gets in touch, for the first time or once more.
    pub(super) fn come_back(&mut self, back: &RepeatAttempt) {
        self.last_contact += 1;
        let contact = SimulatedContact {
            label: Label::new(&format!("c-{}", self.last_contact)),
            queue: back.queue,
            channel: back.channel,
            intent: back.intent,
            intent_known: self.rng.chance(INTENT_KNOWN),
            customer: back.customer,
            customer_known: self.rng.chance(0.92),
            turn: 0,
            stage: ContactStage::Waiting,
            joined: self.now,
            ripe: self.now,
            position: 1,
            waited: Span::ZERO,
            answered: self.now,
            held: Span::ZERO,
            transfers: 0,
            attempt: back.attempt,
            outage: back.outage,
        };
        self.contacts.insert(self.last_contact, contact);
        self.join(self.last_contact);
    }

    /// Patience has ended, unless someone was quicker.
    pub(super) fn give_up(&mut self, id: u32, turn: u32) {
        let stage = match self.contacts.get(&id) {
            Some(contact) if contact.turn == turn => contact.stage,
            _ => return,
        };
        if matches!(stage, ContactStage::Talking(_)) {
            return;
        }
        let Some(contact) = self.contacts.remove(&id) else { return };
        if let Some(line) = self.lines.get_mut(&contact.queue) {
            line.retain(|other| *other != id);
        }
        if let ContactStage::Ringing(agent) = stage
            && contact.rings()
        {
            let name = self.roster[agent].label.clone();
            self.say_step(contact.label.clone(), contact.queue, Step::RingCanceled { agent: name });
        }
        let wait = self.now.since(contact.joined);
        let by_voice = contact.channel == Channel::Voice;
        let left = if wait >= TIMEOUT {
            Some(LeftReason::Timeout)
        } else if by_voice && wait > Span::seconds(45) && self.rng.chance(0.16) {
            Some(LeftReason::Callback)
        } else if by_voice && wait > Span::seconds(30) && self.rng.chance(0.06) {
            Some(LeftReason::Key)
        } else {
            None
        };
        let step = match left {
            Some(reason) => Step::Left { reason, wait: Some(wait) },
            None => Step::Abandoned { wait: Some(wait), position: Some(contact.position) },
        };
        self.say_step(contact.label.clone(), contact.queue, step);
        self.after_giving_up(&contact, left);
        if let ContactStage::Ringing(agent) = stage {
            self.set_free(agent);
        }
    }

    /// The agent takes it. What happens until the end is drawn now.
    pub(super) fn answer(&mut self, id: u32, turn: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let ContactStage::Ringing(agent) = contact.stage else { return };
        if contact.turn != turn {
            return;
        }
        // So that jobs of the wait are void.
        contact.turn += 1;
        contact.stage = ContactStage::Talking(agent);
        contact.answered = self.now;
        contact.held = Span::ZERO;
        contact.waited = contact.waited + self.now.since(contact.joined);
        let (label, queue, channel, intent) = (contact.label.clone(), contact.queue, contact.channel, contact.intent);
        let identify = (!contact.customer_known && self.rng.chance(0.6)).then_some(contact.customer);
        contact.customer_known |= identify.is_some();
        let name = self.roster[agent].label.clone();
        self.say_step(label.clone(), queue, Step::Answered { agent: name, wait: None });
        if let Some(customer) = identify {
            self.say_step(label, queue, Step::Identified { customer: customer_label(customer) });
        }
        let talk_s = intent.talk_s * self.roster[agent].pace * world::channel_pace(channel) * self.haste(agent).0;
        let talk = self.rng.lognormal(talk_s, 0.5).max(Span::seconds(12));
        let mut ends = self.now + talk;
        if matches!(channel, Channel::Voice | Channel::Callback) && self.rng.chance(0.1) {
            let hold = self.rng.lognormal(38.0, 0.6).max(Span::seconds(3));
            let holds = self.now + self.part_of(talk, 0.2, 0.8);
            self.schedule.add(holds, SimAction::Holds { contact: id });
            self.schedule.add(holds + hold, SimAction::Resumes { contact: id });
            ends = ends + hold;
            if let Some(contact) = self.contacts.get_mut(&id) {
                contact.held = hold;
            }
        }
        if channel.is_asynchronous() {
            let responds = self.now + self.part_of(talk, 0.5, 0.95);
            self.schedule.add(responds, SimAction::Responds { contact: id });
        }
        self.schedule.add(ends, SimAction::Ends { contact: id });
    }

    fn part_of(&mut self, whole: Span, low: f64, high: f64) -> Span {
        Span::from_secs_f64(whole.as_secs_f64() * self.rng.between(low, high)).unwrap_or(Span::ZERO)
    }

    /// Put on hold.
    pub(super) fn hold(&mut self, id: u32) {
        self.say_of(id, |_| Step::Held);
    }

    /// Off hold.
    pub(super) fn resume(&mut self, id: u32) {
        self.say_of(id, |_| Step::Resumed);
    }

    /// The first reply.
    pub(super) fn respond(&mut self, id: u32) {
        self.say_of(id, |agent| Step::Responded { agent });
    }

    fn say_of(&mut self, id: u32, step: impl FnOnce(Label) -> Step) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let ContactStage::Talking(agent) = contact.stage else { return };
        let (label, queue) = (contact.label.clone(), contact.queue);
        let name = self.roster[agent].label.clone();
        self.say_step(label, queue, step(name));
    }

    /// The conversation ends: it is over, or goes on elsewhere.
    pub(super) fn end(&mut self, id: u32) {
        let Some(mut contact) = self.contacts.remove(&id) else { return };
        let ContactStage::Talking(agent) = contact.stage else { return };
        let talk = self.now.since(contact.answered) - contact.held;
        let label = contact.label.clone();
        let after_s = contact.intent.after_s * self.roster[agent].pace * self.haste(agent).1;
        let from = contact.queue;
        let elsewhere = if contact.transfers < 2 && self.rng.chance(contact.intent.transferred) {
            self.rng.pick(from.row().transfers).filter(|to| *to != from)
        } else {
            None
        };
        if let Some(to) = elsewhere {
            let after = self.rng.lognormal(after_s * 0.5, 0.5);
            let attended = self.rng.chance(0.35);
            let kind = if attended { TransferKind::Attended } else { TransferKind::Blind };
            let to_queue = Some(Label::fixed(to.row().id));
            let step =
                Step::Transferred { agent: None, kind, to_queue, to_agent: None, to_number: None, talk: Some(talk) };
            self.say_step(label.clone(), from, step);
            contact.queue = to;
            contact.channel = to.row().channel;
            contact.transfers += 1;
            self.contacts.insert(id, contact);
            let wrap = AfterContactWork { agent, contact: label, queue: from, after, notes: Vec::new() };
            self.schedule.add(self.now + after, SimAction::Wraps(Box::new(wrap)));
            return self.join(id);
        }
        let after = self.rng.lognormal(after_s, 0.5);
        let ended_by = if self.rng.chance(0.62) { EndedBy::Customer } else { EndedBy::Agent };
        let step =
            Step::Completed { agent: None, ended_by: Some(ended_by), talk: Some(talk), hold: Some(contact.held) };
        self.say_step(label.clone(), from, step);
        let mut notes = Vec::new();
        if !contact.intent_known && self.rng.chance(0.95) {
            notes.push(Step::Classified { intent: Label::fixed(contact.intent.name) });
        }
        notes.extend(self.outcome(&contact, agent, after));
        let wrap = AfterContactWork { agent, contact: label, queue: from, after, notes };
        self.schedule.add(self.now + after, SimAction::Wraps(Box::new(wrap)));
    }

    /// After-contact work ends, with what the agent noted.
    pub(super) fn wrap(&mut self, wrap: AfterContactWork) {
        for note in wrap.notes {
            self.say_step(wrap.contact.clone(), wrap.queue, note);
        }
        let agent = self.roster[wrap.agent].label.clone();
        self.say_step(wrap.contact, wrap.queue, Step::Wrapped { agent, acw: Some(wrap.after) });
        self.set_free(wrap.agent);
    }
}
