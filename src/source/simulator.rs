//! The simulated floor: a contact centre that never closes, for a look without a telephone system.
//!
//! A discrete-event simulation. Customers arrive by chance at rates that follow the local clock; queues hold
//! them; agents with skills, shifts and pauses take them; what was not resolved comes back. It says what happens
//! in the same events as any source, and what it says depends on its seed, scenario and start alone.
//!
//! `world` holds the numbers, `arrivals` and `scenario` when contacts come, `shifts` and `agents` who works, `contacts` a
//! contact's life, `routing` who takes it, `outcome` what comes of it, `schedule` what is still to happen, `runner` the thread.

use std::collections::VecDeque;

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, Step};
use crate::text::Label;

mod agents;
mod arrivals;
mod contacts;
mod outcome;
mod rng;
mod routing;
mod runner;
mod scenario;
mod schedule;
mod shifts;
mod world;

#[cfg(test)]
mod tests;

pub use runner::spawn;
pub use scenario::Scenario;
pub use world::{handling_bounds, written_queues};

use agents::Roster;
use arrivals::{ArrivalStream, Arrivals};
use contacts::SimulatedContact;
use rng::SimRng;
use schedule::{Schedule, SimAction};
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
    rng: SimRng,
    arrivals: Arrivals,
    schedule: Schedule,
    roster: Roster,
    /// Contacts waiting, by queue, oldest first.
    lines: FxHashMap<QueueId, VecDeque<u32>>,
    /// Contacts that are not over.
    contacts: FxHashMap<u32, SimulatedContact>,
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
        let mut rng = SimRng::new(settings.seed);
        let roster = Roster::new(start, &mut rng);
        let mut simulator = Self {
            now: start,
            rng,
            arrivals: Arrivals { zone: settings.zone, scenario: settings.scenario, live },
            schedule: Schedule::default(),
            roster,
            lines: FxHashMap::default(),
            contacts: FxHashMap::default(),
            last_contact: 100_000,
            last_session: 0,
            last_event: 0,
            said: Vec::new(),
        };
        simulator.open_the_doors();
        let outage = (settings.scenario == Scenario::Outage).then_some(ArrivalStream::Outage);
        for stream in QueueId::all().map(ArrivalStream::Queue).chain([ArrivalStream::Contained]).chain(outage) {
            simulator.expect(stream);
        }
        simulator
    }

    /// Let time pass until `until`, inclusive, and add what happened to `out`, in the order of its time.
    pub fn advance(&mut self, until: Time, out: &mut Vec<Event>) {
        while let Some((at, action)) = self.schedule.next(until) {
            self.now = at;
            self.perform(action);
        }
        self.now = self.now.max(until);
        out.append(&mut self.said);
    }

    fn perform(&mut self, action: SimAction) {
        match action {
            SimAction::Arrives(stream) => {
                self.arrive(stream);
                self.expect(stream);
            }
            SimAction::Returns(back) => self.come_back(&back),
            SimAction::GivesUp { contact, turn } => self.give_up(contact, turn),
            SimAction::Answers { contact, turn } => self.answer(contact, turn),
            SimAction::RingsOut { contact, turn } => self.ring_out(contact, turn),
            SimAction::Holds { contact } => self.hold(contact),
            SimAction::Resumes { contact } => self.resume(contact),
            SimAction::Responds { contact } => self.respond(contact),
            SimAction::Ends { contact } => self.end(contact),
            SimAction::Wraps(wrap) => self.wrap(*wrap),
            SimAction::Overflows { contact, turn } => self.overflow(contact, turn),
            SimAction::Ripens { contact, turn } => self.ripen(contact, turn),
            SimAction::ShiftStarts(agent, shift) => self.begin_shift(agent, shift, self.now),
            SimAction::ShiftEnds(agent) => self.end_shift(agent),
            SimAction::PauseDue(agent, pause) => self.pause_due(agent, pause),
            SimAction::PauseEnds(agent) => self.end_pause(agent),
            SimAction::Follows(followed) => self.say_step(followed.contact, followed.queue, followed.step),
        }
    }

    /// Set down a stream's next arrival.
    fn expect(&mut self, stream: ArrivalStream) {
        let at = self.arrivals.next(stream, self.now, &mut self.rng);
        self.schedule.add(at, SimAction::Arrives(stream));
    }

    fn say(&mut self, kind: EventKind) {
        self.last_event += 1;
        let id = Label::new(&self.last_event.to_string());
        self.said.push(Event { at: self.now, origin: ORIGIN, id: Some(id), kind });
    }

    fn say_step(&mut self, contact: Label, queue: QueueId, step: Step) {
        self.say(EventKind::Contact { contact, queue: Some(Label::fixed(queue.row().id)), step });
    }
}
