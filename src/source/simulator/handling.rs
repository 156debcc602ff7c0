//! A contact from its arrival to its end: it joins a queue, is answered, held, transferred, ended and wrapped up.

use super::Simulator;
use super::arrivals::ArrivalStream;
use super::contacts::{ContactStage, QUEUE_TIMEOUT, RepeatAttempt, SimulatedContact, customer_label};
use super::schedule::{AfterContactWork, SimAction};
use super::world;
use crate::clock::Span;
use crate::event::{Channel, EndedBy, EventKind, LeftReason, SelfService, Step, TransferKind};
use crate::text::Label;

/// The share of contacts whose intent is known on joining, from the voice menu or the form.
const INTENT_KNOWN_SHARE: f64 = 0.84;

impl Simulator {
    /// A contact or self-service session of a stream arrives.
    pub(super) fn arrive(&mut self, stream: ArrivalStream) {
        // The power makes some customers get in touch far more often than others.
        let customer = self.rng.unit().powf(1.4) * f64::from(world::CUSTOMERS);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the population")]
        let customer = customer as u32;
        let (queue, outage) = match stream {
            ArrivalStream::Queue(queue) => (queue, false),
            ArrivalStream::Outage => (self.rng.weighted(&world::OUTAGE_QUEUES).unwrap_or(world::SUPPORT), true),
            ArrivalStream::Contained => (self.rng.pick(&world::CONTAINED_QUEUES).unwrap_or(world::SUPPORT), false),
        };
        let spec = queue.spec();
        let drawn = self.rng.weighted(spec.intents).unwrap_or(&world::LOGIN_FAULT);
        let intent = if outage { &world::LOGIN_FAULT } else { drawn };
        let contained = matches!(stream, ArrivalStream::Contained);
        if contained || (!spec.channel.is_asynchronous() && self.rng.chance(0.13)) {
            self.last_session_no += 1;
            self.emit(EventKind::SelfService(SelfService {
                session: Label::new(&format!("s-{}", self.last_session_no)),
                contained,
                channel: Some(spec.channel),
                intent: Some(Label::fixed(intent.name)),
                customer: Some(customer_label(customer)),
            }));
        }
        if !contained {
            self.start_contact(&RepeatAttempt { customer, queue, channel: spec.channel, intent, attempt: 1, outage });
        }
    }

    /// A customer gets in touch, for the first time or again.
    pub(super) fn start_contact(&mut self, attempt: &RepeatAttempt) {
        self.last_contact_no += 1;
        let contact = SimulatedContact {
            label: Label::new(&format!("c-{}", self.last_contact_no)),
            queue: attempt.queue,
            channel: attempt.channel,
            intent: attempt.intent,
            intent_known: self.rng.chance(INTENT_KNOWN_SHARE),
            customer: attempt.customer,
            customer_known: self.rng.chance(0.92),
            generation: 0,
            stage: ContactStage::Waiting,
            joined: self.now,
            workable_from: self.now,
            position: 1,
            waited: Span::ZERO,
            answered: self.now,
            held: Span::ZERO,
            transfers: 0,
            attempt: attempt.attempt,
            outage: attempt.outage,
        };
        self.contacts.insert(self.last_contact_no, contact);
        self.join(self.last_contact_no);
    }

    /// The customer stops waiting, unless an agent has answered first.
    pub(super) fn leave_queue(&mut self, id: u32, generation: u32) {
        let stage = match self.contacts.get(&id) {
            Some(contact) if contact.generation == generation => contact.stage,
            _ => return,
        };
        if matches!(stage, ContactStage::Talking(_)) {
            return;
        }
        let Some(contact) = self.contacts.remove(&id) else { return };
        if let Some(queue) = self.waiting.get_mut(&contact.queue) {
            queue.retain(|other| *other != id);
        }
        if let ContactStage::Ringing(agent) = stage
            && contact.rings()
        {
            let name = self.roster[agent].label.clone();
            self.emit_step(contact.label.clone(), contact.queue, Step::RingCanceled { agent: name });
        }
        let wait = self.now.since(contact.joined);
        let by_voice = contact.channel == Channel::Voice;
        let left = if wait >= QUEUE_TIMEOUT {
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
        self.emit_step(contact.label.clone(), contact.queue, step);
        self.schedule_attempt_after_leaving(&contact, left);
        if let ContactStage::Ringing(agent) = stage {
            self.release(agent);
        }
    }

    /// The agent answers. Everything until the end of the conversation is drawn and scheduled now.
    pub(super) fn answer(&mut self, id: u32, generation: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let ContactStage::Ringing(agent) = contact.stage else { return };
        if contact.generation != generation {
            return;
        }
        // Invalidates the scheduled actions of the wait.
        contact.generation += 1;
        contact.stage = ContactStage::Talking(agent);
        contact.answered = self.now;
        contact.held = Span::ZERO;
        contact.waited = contact.waited + self.now.since(contact.joined);
        let (label, queue, channel, intent) = (contact.label.clone(), contact.queue, contact.channel, contact.intent);
        let identify = (!contact.customer_known && self.rng.chance(0.6)).then_some(contact.customer);
        contact.customer_known |= identify.is_some();
        let name = self.roster[agent].label.clone();
        self.emit_step(label.clone(), queue, Step::Answered { agent: name, wait: None });
        if let Some(customer) = identify {
            self.emit_step(label, queue, Step::Identified { customer: customer_label(customer) });
        }
        let talk_s =
            intent.talk_s * self.roster[agent].pace * world::channel_pace(channel) * self.pace_factors(agent).0;
        let talk = self.rng.lognormal(talk_s, 0.5).max(Span::seconds(12));
        let mut ends = self.now + talk;
        if matches!(channel, Channel::Voice | Channel::Callback) && self.rng.chance(0.1) {
            let hold = self.rng.lognormal(38.0, 0.6).max(Span::seconds(3));
            let holds = self.now + self.fraction_of(talk, 0.2, 0.8);
            self.schedule.add(holds, SimAction::Holds { contact: id });
            self.schedule.add(holds + hold, SimAction::Resumes { contact: id });
            ends = ends + hold;
            if let Some(contact) = self.contacts.get_mut(&id) {
                contact.held = hold;
            }
        }
        if channel.is_asynchronous() {
            let responds = self.now + self.fraction_of(talk, 0.5, 0.95);
            self.schedule.add(responds, SimAction::Responds { contact: id });
        }
        self.schedule.add(ends, SimAction::Ends { contact: id });
    }

    fn fraction_of(&mut self, whole: Span, low: f64, high: f64) -> Span {
        Span::from_secs_f64(whole.as_secs_f64() * self.rng.between(low, high)).unwrap_or(Span::ZERO)
    }

    pub(super) fn hold(&mut self, id: u32) {
        self.emit_during_conversation(id, |_| Step::Held);
    }

    pub(super) fn resume(&mut self, id: u32) {
        self.emit_during_conversation(id, |_| Step::Resumed);
    }

    pub(super) fn respond(&mut self, id: u32) {
        self.emit_during_conversation(id, |agent| Step::Responded { agent });
    }

    fn emit_during_conversation(&mut self, id: u32, step: impl FnOnce(Label) -> Step) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let ContactStage::Talking(agent) = contact.stage else { return };
        let (label, queue) = (contact.label.clone(), contact.queue);
        let name = self.roster[agent].label.clone();
        self.emit_step(label, queue, step(name));
    }

    /// The conversation ends: the contact is complete, or is transferred to another queue.
    pub(super) fn end(&mut self, id: u32) {
        let Some(mut contact) = self.contacts.remove(&id) else { return };
        let ContactStage::Talking(agent) = contact.stage else { return };
        let talk = self.now.since(contact.answered) - contact.held;
        let label = contact.label.clone();
        let after_s = contact.intent.after_s * self.roster[agent].pace * self.pace_factors(agent).1;
        let from = contact.queue;
        let transfer_to = if contact.transfers < 2 && self.rng.chance(contact.intent.transferred) {
            self.rng.pick(from.spec().transfers).filter(|to| *to != from)
        } else {
            None
        };
        if let Some(to) = transfer_to {
            let after = self.rng.lognormal(after_s * 0.5, 0.5);
            let attended = self.rng.chance(0.35);
            let kind = if attended { TransferKind::Attended } else { TransferKind::Blind };
            let to_queue = Some(Label::fixed(to.spec().id));
            let step =
                Step::Transferred { agent: None, kind, to_queue, to_agent: None, to_number: None, talk: Some(talk) };
            self.emit_step(label.clone(), from, step);
            contact.queue = to;
            contact.channel = to.spec().channel;
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
        self.emit_step(label.clone(), from, step);
        let mut notes = Vec::new();
        if !contact.intent_known && self.rng.chance(0.95) {
            notes.push(Step::Classified { intent: Label::fixed(contact.intent.name) });
        }
        notes.extend(self.outcome(&contact, agent, after));
        let wrap = AfterContactWork { agent, contact: label, queue: from, after, notes };
        self.schedule.add(self.now + after, SimAction::Wraps(Box::new(wrap)));
    }

    /// After-contact work ends; the agent's notes are emitted.
    pub(super) fn wrap(&mut self, wrap: AfterContactWork) {
        for note in wrap.notes {
            self.emit_step(wrap.contact.clone(), wrap.queue, note);
        }
        let agent = self.roster[wrap.agent].label.clone();
        self.emit_step(wrap.contact, wrap.queue, Step::Wrapped { agent, acw: Some(wrap.after) });
        self.release(wrap.agent);
    }
}
