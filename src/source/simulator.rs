//! The simulated floor: a contact centre that never closes, for a look without a telephone system.
//!
//! A discrete-event simulation. Customers arrive by chance at rates that follow the local clock; queues hold
//! them; agents with skills, shifts and pauses take them; what was not resolved comes back. It says what happens
//! in the same events as any source, and what it says depends on its seed, scenario and start alone.
//!
//! `world` holds the numbers, `arrivals` and `scenario` when contacts come, `rota` and `agents` who works, `contacts` a
//! contact's life, `routing` who takes it, `outcome` what comes of it, `agenda` what is still to happen, `feed` the thread.

use std::collections::VecDeque;

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::clock::{Span, Time};
use crate::event::{Event, Kind, Step};
use crate::text::Label;

mod agenda;
mod agents;
mod arrivals;
mod contacts;
mod dice;
mod feed;
mod outcome;
mod rota;
mod routing;
mod scenario;
mod world;

#[cfg(test)]
mod tests;

pub use feed::spawn;
pub use scenario::Scenario;
pub use world::{handling_bounds, written_queues};

use agenda::{Agenda, Job};
use agents::Roster;
use arrivals::{Arrivals, Stream};
use contacts::Contact;
use dice::Dice;
use world::QueueId;

/// How much of the past the simulated floor starts with.
pub const HISTORY: Span = Span(30 * Span::HOUR.0);

/// Where its events say they come from.
const ORIGIN: Label = Label::fixed("/simulator");

/// What is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The same seed tells the same day.
    pub seed: u64,
    /// What kind of day.
    pub scenario: Scenario,
    /// Whose clock customers and shifts follow.
    pub zone: Tz,
}

/// Where the simulation begins so that a board at `now` has a day behind it: 30 hours earlier, on a whole minute.
#[must_use]
pub fn history_start(now: Time) -> Time {
    (now - HISTORY).minute()
}

/// A simulated contact centre.
pub struct Simulator {
    now: Time,
    dice: Dice,
    arrivals: Arrivals,
    agenda: Agenda,
    roster: Roster,
    /// Contacts waiting, by queue, oldest first.
    lines: FxHashMap<QueueId, VecDeque<u32>>,
    /// Contacts that are not over.
    contacts: FxHashMap<u32, Contact>,
    last_contact: u32,
    last_session: u32,
    last_event: u64,
    said: Vec<Event>,
}

impl Simulator {
    /// Open the centre at `start`. A scenario's trouble is timed around `live`, the moment at which someone
    /// begins to watch: an outage begins half an hour before it.
    #[must_use]
    pub fn new(settings: Settings, start: Time, live: Time) -> Self {
        let mut dice = Dice::new(settings.seed);
        let roster = Roster::new(start, &mut dice);
        let mut simulator = Self {
            now: start,
            dice,
            arrivals: Arrivals { zone: settings.zone, scenario: settings.scenario, live },
            agenda: Agenda::default(),
            roster,
            lines: FxHashMap::default(),
            contacts: FxHashMap::default(),
            last_contact: 100_000,
            last_session: 0,
            last_event: 0,
            said: Vec::new(),
        };
        simulator.open_the_doors();
        let outage = (settings.scenario == Scenario::Outage).then_some(Stream::Outage);
        for stream in QueueId::all().map(Stream::Queue).chain([Stream::Contained]).chain(outage) {
            simulator.expect(stream);
        }
        simulator
    }

    /// Let time pass until `until`, inclusive, and add what happened to `out`, in the order of its time.
    pub fn advance(&mut self, until: Time, out: &mut Vec<Event>) {
        while let Some((at, job)) = self.agenda.next(until) {
            self.now = at;
            self.perform(job);
        }
        self.now = self.now.max(until);
        out.append(&mut self.said);
    }

    fn perform(&mut self, job: Job) {
        match job {
            Job::Arrives(stream) => {
                self.arrive(stream);
                self.expect(stream);
            }
            Job::Returns(back) => self.come_back(&back),
            Job::GivesUp { contact, turn } => self.give_up(contact, turn),
            Job::Answers { contact, turn } => self.answer(contact, turn),
            Job::RingsOut { contact, turn } => self.ring_out(contact, turn),
            Job::Holds { contact } => self.hold(contact),
            Job::Resumes { contact } => self.resume(contact),
            Job::Responds { contact } => self.respond(contact),
            Job::Ends { contact } => self.end(contact),
            Job::Wraps(wrap) => self.wrap(*wrap),
            Job::Overflows { contact, turn } => self.overflow(contact, turn),
            Job::Ripens { contact, turn } => self.ripen(contact, turn),
            Job::ShiftStarts(agent, shift) => self.begin_shift(agent, shift, self.now),
            Job::ShiftEnds(agent) => self.end_shift(agent),
            Job::PauseDue(agent, pause) => self.pause_due(agent, pause),
            Job::PauseEnds(agent) => self.end_pause(agent),
            Job::Follows(followed) => self.say_step(followed.contact, followed.queue, followed.step),
        }
    }

    /// Set down a stream's next arrival.
    fn expect(&mut self, stream: Stream) {
        let at = self.arrivals.next(stream, self.now, &mut self.dice);
        self.agenda.add(at, Job::Arrives(stream));
    }

    fn say(&mut self, kind: Kind) {
        self.last_event += 1;
        let id = Label::new(&self.last_event.to_string());
        self.said.push(Event { at: self.now, origin: ORIGIN, id: Some(id), kind });
    }

    fn say_step(&mut self, contact: Label, queue: QueueId, step: Step) {
        self.say(Kind::Contact { contact, queue: Some(Label::fixed(queue.row().id)), step });
    }
}
