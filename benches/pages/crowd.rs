//! The largest floor that is sold: five thousand queues, 48,000 agents, five thousand events a second. It is the same in
//! every run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use floorwatch::clock::{Span, Time};
use floorwatch::event::{
    AgentProfile, AgentState, Channel, Event, EventKind, Offer, QueueProfile, Scored, SelfService, Step, Survey,
};
use floorwatch::text::Label;

pub(crate) const QUEUES: u64 = 5_000;
pub(crate) const AGENTS: u64 = 48_000;
pub(crate) const CONTACTS: u64 = 1_000_000;
const TEAMS: u64 = 400;
const INTENTS: u64 = 40;
const CUSTOMERS: u64 = 600_000;

/// A small linear congruential generator, so that the crowd is the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// A random span of whole seconds, at least `least`.
    fn seconds(&mut self, least: i64, sides: u64) -> Span {
        Span::seconds(least + i64::try_from(self.roll(sides)).unwrap_or(0))
    }
}

/// A future event, ordered by its time.
struct Later {
    at: Time,
    count: u64,
    kind: EventKind,
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.count).cmp(&(other.at, other.count))
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Later {}

/// The crowd, from the morning on.
pub(crate) struct Crowd {
    now: Time,
    /// The time between two arrivals.
    apart: Span,
    dice: Dice,
    contacts: u64,
    count: u64,
    later: BinaryHeap<Reverse<Later>>,
    /// The idle agents, the longest idle first.
    free: VecDeque<u64>,
}

pub(crate) fn queue(number: u64) -> Label {
    Label::new(&format!("queue-{number:04}"))
}

pub(crate) fn agent(number: u64) -> Label {
    Label::new(&format!("agent-{number:05}"))
}

impl Crowd {
    /// A crowd whose day begins at `start`, with contacts that arrive evenly over `lasts`.
    pub(crate) fn new(start: Time, lasts: Span, each: &mut dyn FnMut(Event)) -> Self {
        let apart = Span(lasts.0 / i64::try_from(CONTACTS).unwrap_or(1));
        let mut crowd = Self {
            now: start,
            apart,
            dice: Dice(20_260_302),
            contacts: 0,
            count: 0,
            later: BinaryHeap::new(),
            free: (0..AGENTS).collect(),
        };
        for number in 0..QUEUES {
            let name = Some(Label::new(&format!("Queue {number}")));
            let profile =
                QueueProfile { queue: queue(number), name, channel: Some(channel(number)), service_level_s: None };
            each(crowd.event(start, EventKind::QueueProfile(profile)));
        }
        for number in 0..AGENTS {
            let queues = (0..4).map(|back| queue((number + back * 17) % QUEUES)).collect();
            let team = Some(Label::new(&format!("team {:03}", number % TEAMS)));
            let profile = AgentProfile { agent: agent(number), team, queues, ..AgentProfile::default() };
            each(crowd.event(start, EventKind::AgentProfile(profile)));
            let state = AgentState::Available;
            each(crowd.event(start, EventKind::AgentState { agent: agent(number), state, reason: None, lasts: None }));
        }
        crowd
    }

    /// Advance the time to `until`, inclusive; the events are passed to `each` in the order of their times.
    pub(crate) fn pass(&mut self, until: Time, each: &mut dyn FnMut(Event)) {
        while self.now + self.apart <= until {
            self.now = self.now + self.apart;
            self.tell(self.now, each);
            self.arrive(each);
        }
        self.tell(until, each);
    }

    fn event(&mut self, at: Time, kind: EventKind) -> Event {
        self.count += 1;
        let id = Some(Label::new(&self.count.to_string()));
        Event { at, origin: Label::fixed("/crowd"), id, kind }
    }

    fn tell(&mut self, until: Time, each: &mut dyn FnMut(Event)) {
        while self.later.peek().is_some_and(|Reverse(later)| later.at <= until) {
            let Some(Reverse(Later { at, kind, .. })) = self.later.pop() else { return };
            if let EventKind::Contact { step: Step::Wrapped { agent, .. }, .. } = &kind {
                let digits = agent.as_str().trim_start_matches("agent-");
                self.free.extend(digits.parse::<u64>());
            }
            each(self.event(at, kind));
        }
    }

    fn later(&mut self, at: Time, kind: EventKind) {
        self.count += 1;
        self.later.push(Reverse(Later { at, count: self.count, kind }));
    }

    /// A customer arrives: two in a hundred at a voice menu, the others in a queue.
    fn arrive(&mut self, each: &mut dyn FnMut(Event)) {
        self.contacts += 1;
        let number = self.dice.roll(QUEUES);
        let (name, channel) = (queue(number), channel(number));
        let intent = Some(Label::new(&format!("intent-{:02}", self.dice.roll(INTENTS))));
        let customer = Some(Label::new(&format!("customer-{:06}", self.dice.roll(CUSTOMERS))));
        let id = Label::new(&format!("c{:07}", self.contacts));
        if self.dice.roll(100) < 2 {
            let session = SelfService { session: id, contained: true, channel: Some(channel), intent, customer };
            return each(self.event(self.now, EventKind::SelfService(session)));
        }
        let position = u32::try_from(1 + self.dice.roll(6)).ok();
        let offer = Offer { intent, customer, position, ..Offer::new(name.clone(), channel) };
        let step = |step| EventKind::Contact { contact: id.clone(), queue: Some(name.clone()), step };
        each(self.event(self.now, step(Step::Offered(offer))));
        let waited = Span(self.dice.seconds(0, 5).0 * i64::try_from(self.dice.roll(4)).unwrap_or(0));
        let answered = self.now + waited;
        let lost = self.dice.roll(100) < 6;
        let Some(agent) = (if lost { None } else { self.free.pop_front() }).map(agent) else {
            return self.later(answered + Span::seconds(7), step(Step::Abandoned { wait: None, position }));
        };
        let ended = answered + self.dice.seconds(10, 50);
        let wrapped = ended + self.dice.seconds(2, 12);
        self.later(answered, step(Step::Answered { agent: agent.clone(), wait: None }));
        self.later(ended, step(Step::Completed { agent: None, ended_by: None, talk: None, hold: None }));
        self.later(wrapped, step(Step::Wrapped { agent, acw: None }));
        if self.dice.roll(100) < 8 {
            let score = if self.dice.roll(4) == 0 { 2.0 } else { 5.0 };
            let score = Scored { score, min: 1.0, max: 5.0 };
            let survey = Survey { csat: Some(score), nps: u8::try_from(self.dice.roll(11)).ok(), ..Survey::default() };
            self.later(wrapped + Span::MINUTE, step(Step::Survey(survey)));
        }
    }
}

/// The channel of a queue; most are telephone queues.
const fn channel(queue: u64) -> Channel {
    match queue % 10 {
        0 => Channel::Email,
        1 | 2 => Channel::Chat,
        _ => Channel::Voice,
    }
}
