//! A contact's life: it comes, waits, rings, is answered, held, transferred, ended and wrapped up.

use super::Simulator;
use super::agenda::{Job, Wrap};
use super::agents::{AgentId, Doing};
use super::arrivals::Stream;
use super::world::{self, Intent, QueueId};
use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, Kind, LeftReason, Offer, SelfService, Step, TransferKind};
use crate::text::Label;

/// A contact that is not over.
pub(super) struct Contact {
    pub(super) label: Label,
    pub(super) queue: QueueId,
    pub(super) channel: Channel,
    pub(super) intent: &'static Intent,
    /// Whether the intent was said on joining.
    intent_known: bool,
    pub(super) customer: u32,
    /// Whether the customer was recognised on joining.
    customer_known: bool,
    /// Rises whenever the contact moves, so that jobs of an earlier turn are void.
    turn: u32,
    stage: Stage,
    /// When it joined this queue.
    joined: Time,
    /// Its place on joining.
    position: u32,
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

impl Contact {
    /// Whether an agent hears it ring: written contacts just open.
    const fn rings(&self) -> bool {
        matches!(self.channel, Channel::Voice | Channel::Callback)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Ringing(AgentId),
    Talking(AgentId),
}

/// A customer who comes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Return {
    pub(super) customer: u32,
    pub(super) queue: QueueId,
    pub(super) channel: Channel,
    pub(super) intent: &'static Intent,
    pub(super) attempt: u32,
    pub(super) outage: bool,
}

/// The longest that a caller is kept waiting before the queue gives up on him.
const TIMEOUT: Span = Span(12 * Span::MINUTE.0);
/// An asynchronous contact that has waited so long is taken even by the last free agent, and before callers who
/// have only just come.
const ASYNC_PATIENCE: Span = Span(60_000_000);
/// The share of contacts whose intent is known on joining, from the voice menu or the form.
const INTENT_KNOWN: f64 = 0.7;

fn customer_label(customer: u32) -> Label {
    Label::new(&format!("cu-{customer:05}"))
}

impl Simulator {
    /// A stream's arrival.
    pub(super) fn arrive(&mut self, stream: Stream) {
        // Some customers are in touch far more often than others.
        let customer = self.dice.unit().powf(1.4) * f64::from(world::CUSTOMERS);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the population")]
        let customer = customer as u32;
        let (queue, outage) = match stream {
            Stream::Queue(queue) => (queue, false),
            Stream::Outage => (self.dice.weighted(&world::OUTAGE_QUEUES).unwrap_or(world::SUPPORT), true),
            Stream::Contained => (self.dice.pick(&world::CONTAINED_QUEUES).unwrap_or(world::SUPPORT), false),
        };
        let row = queue.row();
        let drawn = self.dice.weighted(row.intents).unwrap_or(&world::LOGIN_FAULT);
        let intent = if outage { &world::LOGIN_FAULT } else { drawn };
        let contained = matches!(stream, Stream::Contained);
        if contained || (!row.channel.is_asynchronous() && self.dice.chance(0.13)) {
            self.last_session += 1;
            self.say(Kind::SelfService(SelfService {
                session: Label::new(&format!("s-{}", self.last_session)),
                contained,
                channel: Some(row.channel),
                intent: Some(Label::fixed(intent.name)),
                customer: Some(customer_label(customer)),
            }));
        }
        if !contained {
            self.come_back(&Return { customer, queue, channel: row.channel, intent, attempt: 1, outage });
        }
    }

    /// A customer gets in touch, for the first time or once more.
    pub(super) fn come_back(&mut self, back: &Return) {
        self.last_contact += 1;
        let contact = Contact {
            label: Label::new(&format!("c-{}", self.last_contact)),
            queue: back.queue,
            channel: back.channel,
            intent: back.intent,
            intent_known: self.dice.chance(INTENT_KNOWN),
            customer: back.customer,
            customer_known: self.dice.chance(0.92),
            turn: 0,
            stage: Stage::Waiting,
            joined: self.now,
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

    /// Join a queue, newly or by transfer.
    fn join(&mut self, id: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let row = contact.queue.row();
        let ahead = self.lines.get(&contact.queue).map_or(0, std::collections::VecDeque::len);
        let position = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        contact.turn += 1;
        contact.stage = Stage::Waiting;
        contact.joined = self.now;
        contact.position = position;
        let (label, queue, turn) = (contact.label.clone(), contact.queue, contact.turn);
        let offer = Offer {
            queue: Label::fixed(row.id),
            channel: contact.channel,
            intent: contact.intent_known.then(|| Label::fixed(contact.intent.name)),
            customer: contact.customer_known.then(|| customer_label(contact.customer)),
            priority: (row.id == "vip").then_some(10),
            position: Some(position),
            auth_steps: (contact.transfers == 0).then_some(row.auth_steps),
            untimed: false,
        };
        self.say_step(label, queue, Step::Offered(offer));
        if row.patience_s.is_finite() {
            // A few hang up at once: the wrong number, or the announcement was all they wanted.
            let hasty = self.dice.chance(0.006);
            let patience = if hasty { self.dice.span(0.8, 4.5) } else { self.dice.weibull(row.patience_s, 1.15) };
            self.agenda.add(self.now + patience.min(TIMEOUT), Job::GivesUp { contact: id, turn });
        }
        let spare = usize::from(row.channel.is_asynchronous());
        match self.roster.free_for(queue, spare) {
            Some(agent) => self.ring(id, agent),
            None => self.lines.entry(queue).or_default().push_back(id),
        }
    }

    /// The contact that an agent takes next: callers and chats before what can wait, the own queues and those
    /// who have waited longest first.
    pub(super) fn next_for(&mut self, agent: AgentId) -> Option<u32> {
        let mut best: Option<(f64, QueueId)> = None;
        let mut favour = 1.0;
        for queue in &self.roster[agent].queues {
            let oldest = self.lines.get(queue).and_then(|line| self.contacts.get(line.front()?));
            if let Some(oldest) = oldest {
                let wait = self.now.since(oldest.joined);
                let weight = match queue.row().channel {
                    channel if channel.is_asynchronous() => match wait {
                        wait if wait > ASYNC_PATIENCE => 0.2,
                        _ if self.roster.free_for(*queue, 1).is_some() => 0.001,
                        _ => 0.0,
                    },
                    _ if queue.row().id == "vip" => 3.0,
                    _ => 1.0,
                };
                let score = (wait.as_secs_f64() + 5.0) * weight * favour;
                if score > best.map_or(0.0, |(score, _)| score) {
                    best = Some((score, *queue));
                }
            }
            favour *= 0.8;
        }
        self.lines.get_mut(&best?.1)?.pop_front()
    }

    /// Ring an agent, who is idle.
    pub(super) fn ring(&mut self, id: u32, agent: AgentId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = Stage::Ringing(agent);
        let (label, queue, turn) = (contact.label.clone(), contact.queue, contact.turn);
        let rings = contact.rings();
        self.roster[agent].doing = Doing::Busy;
        if !rings {
            let taken = self.dice.span(0.8, 4.0);
            return self.agenda.add(self.now + taken, Job::Answers { contact: id, turn });
        }
        let name = self.roster[agent].label.clone();
        self.say_step(label, queue, Step::Ringing { agent: name });
        if self.dice.chance(0.011) {
            self.agenda.add(self.now + Span::seconds(15), Job::RingsOut { contact: id, turn });
        } else {
            let taken = self.dice.span(1.5, 6.5);
            self.agenda.add(self.now + taken, Job::Answers { contact: id, turn });
        }
    }

    /// The agent who was rung didn't take it: on to the next, or back to the head of the queue.
    pub(super) fn ring_out(&mut self, id: u32, turn: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let Stage::Ringing(agent) = contact.stage else { return };
        if contact.turn != turn {
            return;
        }
        contact.stage = Stage::Waiting;
        let (label, queue) = (contact.label.clone(), contact.queue);
        let name = self.roster[agent].label.clone();
        self.say_step(label, queue, Step::RingNoAnswer { agent: name, ring: Some(Span::seconds(15)) });
        self.missed(agent);
        match self.roster.free_for(queue, 0) {
            Some(other) => self.ring(id, other),
            None => self.lines.entry(queue).or_default().push_front(id),
        }
    }

    /// Patience has ended, unless someone was quicker.
    pub(super) fn give_up(&mut self, id: u32, turn: u32) {
        let stage = match self.contacts.get(&id) {
            Some(contact) if contact.turn == turn => contact.stage,
            _ => return,
        };
        if matches!(stage, Stage::Talking(_)) {
            return;
        }
        let Some(contact) = self.contacts.remove(&id) else { return };
        if let Some(line) = self.lines.get_mut(&contact.queue) {
            line.retain(|other| *other != id);
        }
        if let Stage::Ringing(agent) = stage
            && contact.rings()
        {
            let name = self.roster[agent].label.clone();
            self.say_step(contact.label.clone(), contact.queue, Step::RingCanceled { agent: name });
        }
        let wait = self.now.since(contact.joined);
        let by_voice = contact.channel == Channel::Voice;
        let left = if wait >= TIMEOUT {
            Some(LeftReason::Timeout)
        } else if by_voice && wait > Span::seconds(45) && self.dice.chance(0.16) {
            Some(LeftReason::Callback)
        } else if by_voice && wait > Span::seconds(30) && self.dice.chance(0.06) {
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
        if let Stage::Ringing(agent) = stage {
            self.set_free(agent);
        }
    }

    /// The agent takes it. What happens until the end is drawn now.
    pub(super) fn answer(&mut self, id: u32, turn: u32) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let Stage::Ringing(agent) = contact.stage else { return };
        if contact.turn != turn {
            return;
        }
        // So that jobs of the wait are void.
        contact.turn += 1;
        contact.stage = Stage::Talking(agent);
        contact.answered = self.now;
        contact.held = Span::ZERO;
        contact.waited = contact.waited + self.now.since(contact.joined);
        let (label, queue, channel, intent) = (contact.label.clone(), contact.queue, contact.channel, contact.intent);
        let identify = (!contact.customer_known && self.dice.chance(0.6)).then_some(contact.customer);
        contact.customer_known |= identify.is_some();
        let name = self.roster[agent].label.clone();
        self.say_step(label.clone(), queue, Step::Answered { agent: name, wait: None });
        if let Some(customer) = identify {
            self.say_step(label, queue, Step::Identified { customer: customer_label(customer) });
        }
        let talk_s = intent.talk_s * self.roster[agent].pace * channel_pace(channel);
        let talk = self.dice.lognormal(talk_s, 0.5).max(Span::seconds(12));
        let mut ends = self.now + talk;
        if matches!(channel, Channel::Voice | Channel::Callback) && self.dice.chance(0.1) {
            let hold = self.dice.lognormal(38.0, 0.6).max(Span::seconds(3));
            let holds = self.now + self.part_of(talk, 0.2, 0.8);
            self.agenda.add(holds, Job::Holds { contact: id });
            self.agenda.add(holds + hold, Job::Resumes { contact: id });
            ends = ends + hold;
            if let Some(contact) = self.contacts.get_mut(&id) {
                contact.held = hold;
            }
        }
        if channel.is_asynchronous() {
            let responds = self.now + self.part_of(talk, 0.5, 0.95);
            self.agenda.add(responds, Job::Responds { contact: id });
        }
        self.agenda.add(ends, Job::Ends { contact: id });
    }

    fn part_of(&mut self, whole: Span, low: f64, high: f64) -> Span {
        Span::from_secs_f64(whole.as_secs_f64() * self.dice.between(low, high)).unwrap_or(Span::ZERO)
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
        let Stage::Talking(agent) = contact.stage else { return };
        let (label, queue) = (contact.label.clone(), contact.queue);
        let name = self.roster[agent].label.clone();
        self.say_step(label, queue, step(name));
    }

    /// The conversation ends: it is over, or goes on elsewhere.
    pub(super) fn end(&mut self, id: u32) {
        let Some(mut contact) = self.contacts.remove(&id) else { return };
        let Stage::Talking(agent) = contact.stage else { return };
        let talk = self.now.since(contact.answered) - contact.held;
        let label = contact.label.clone();
        let after_s = contact.intent.after_s * self.roster[agent].pace;
        let from = contact.queue;
        let elsewhere = if contact.transfers < 2 && self.dice.chance(contact.intent.transferred) {
            self.dice.pick(from.row().transfers).filter(|to| *to != from)
        } else {
            None
        };
        if let Some(to) = elsewhere {
            let after = self.dice.lognormal(after_s * 0.5, 0.5);
            let attended = self.dice.chance(0.35);
            let kind = if attended { TransferKind::Attended } else { TransferKind::Blind };
            let to_queue = Some(Label::fixed(to.row().id));
            let step = Step::Transferred { kind, to_queue, to_agent: None, to_number: None, talk: Some(talk) };
            self.say_step(label.clone(), from, step);
            contact.queue = to;
            contact.channel = to.row().channel;
            contact.transfers += 1;
            self.contacts.insert(id, contact);
            let wrap = Wrap { agent, contact: label, queue: from, after, notes: Vec::new() };
            self.agenda.add(self.now + after, Job::Wraps(Box::new(wrap)));
            return self.join(id);
        }
        let after = self.dice.lognormal(after_s, 0.5);
        let ended_by = if self.dice.chance(0.62) { EndedBy::Customer } else { EndedBy::Agent };
        let step = Step::Completed { ended_by: Some(ended_by), talk: Some(talk), hold: Some(contact.held) };
        self.say_step(label.clone(), from, step);
        let mut notes = Vec::new();
        if !contact.intent_known && self.dice.chance(0.9) {
            notes.push(Step::Classified { intent: Label::fixed(contact.intent.name) });
        }
        notes.extend(self.outcome(&contact, agent, after));
        let wrap = Wrap { agent, contact: label, queue: from, after, notes };
        self.agenda.add(self.now + after, Job::Wraps(Box::new(wrap)));
    }

    /// After-contact work ends, with what the agent noted.
    pub(super) fn wrap(&mut self, wrap: Wrap) {
        for note in wrap.notes {
            self.say_step(wrap.contact.clone(), wrap.queue, note);
        }
        let agent = self.roster[wrap.agent].label.clone();
        self.say_step(wrap.contact, wrap.queue, Step::Wrapped { agent, acw: Some(wrap.after) });
        self.set_free(wrap.agent);
    }
}

/// Handling time by channel, against a call's.
const fn channel_pace(channel: Channel) -> f64 {
    match channel {
        Channel::Chat => 1.1,
        Channel::Sms | Channel::Social => 0.65,
        Channel::Voice | Channel::Email | Channel::Video | Channel::Callback => 0.95,
    }
}
