//! A simulated contact centre that never closes, for demonstrations without a telephone system.
//!
//! It is a discrete-event simulation: contacts arrive as Poisson processes whose rates follow the local time of day;
//! they wait in queues and are handled by agents with queues, shifts and pauses; customers whose issue was not resolved
//! come back. It emits the same events as any other source, and they depend on the seed, the scenario and the start
//! time alone.
//!
//! - `world`: the figures of the centre; `scenario`, `arrivals`: when contacts arrive
//! - `shifts`, `agents`, `staffing`: who works when, and what each agent is doing
//! - `contacts`, `handling`, `routing`, `outcome`: a contact, its life, who takes it, what follows from it
//! - `schedule`, `rng`: the event queue and the random numbers; `runner`: the thread

use std::collections::VecDeque;

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, Step};
use crate::text::Label;

mod agents;
mod arrivals;
mod contacts;
mod handling;
mod outcome;
mod rng;
mod routing;
mod runner;
mod scenario;
mod schedule;
mod shifts;
mod staffing;
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

/// The length of the simulated past that precedes the first live event.
pub const HISTORY: Span = Span(30 * Span::HOUR.0);

/// The origin of the simulated events.
const ORIGIN: Label = Label::fixed("/simulator");

/// What to simulate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The same seed, scenario and start give the same events.
    pub seed: u64,
    /// The kind of day.
    pub scenario: Scenario,
    /// The time zone that arrivals and shifts follow.
    pub zone: Tz,
}

/// The start of a simulation that is watched from `now` on: [`HISTORY`] earlier, on a whole minute, so that the board
/// has a full day to show.
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
    /// The waiting contacts of each queue, oldest first.
    waiting: FxHashMap<QueueId, VecDeque<u32>>,
    /// The open contacts by number.
    contacts: FxHashMap<u32, SimulatedContact>,
    last_contact_no: u32,
    last_session_no: u32,
    last_event_no: u64,
    events: Vec<Event>,
}

impl Simulator {
    /// A centre as of `start`. Scenarios are timed relative to `live`, when the first board is shown: an outage begins
    /// half an hour before it.
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
            waiting: FxHashMap::default(),
            contacts: FxHashMap::default(),
            last_contact_no: 100_000,
            last_session_no: 0,
            last_event_no: 0,
            events: Vec::new(),
        };
        simulator.publish_profiles_and_staff();
        let outage = (settings.scenario == Scenario::Outage).then_some(ArrivalStream::Outage);
        for stream in QueueId::all().map(ArrivalStream::Queue).chain([ArrivalStream::Contained]).chain(outage) {
            simulator.schedule_arrival(stream);
        }
        simulator
    }

    /// Simulate up to and including `until`, and append the events to `out` in the order of their times.
    pub fn advance(&mut self, until: Time, out: &mut Vec<Event>) {
        while let Some((at, action)) = self.schedule.pop_due(until) {
            self.now = at;
            self.perform(action);
        }
        self.now = self.now.max(until);
        out.append(&mut self.events);
    }

    fn perform(&mut self, action: SimAction) {
        match action {
            SimAction::Arrives(stream) => {
                self.arrive(stream);
                self.schedule_arrival(stream);
            }
            SimAction::Returns(attempt) => self.start_contact(&attempt),
            SimAction::LosesPatience { contact, generation } => self.leave_queue(contact, generation),
            SimAction::Answers { contact, generation } => self.answer(contact, generation),
            SimAction::RingsOut { contact, generation } => self.ring_out(contact, generation),
            SimAction::Holds { contact } => self.hold(contact),
            SimAction::Resumes { contact } => self.resume(contact),
            SimAction::Responds { contact } => self.respond(contact),
            SimAction::Ends { contact } => self.end(contact),
            SimAction::Wraps(wrap) => self.wrap(*wrap),
            SimAction::Overflows { contact, generation } => self.overflow(contact, generation),
            SimAction::BecomesWorkable { contact, generation } => self.pick_up_written(contact, generation),
            SimAction::ShiftStarts(agent, shift) => self.begin_shift(agent, shift, self.now),
            SimAction::ShiftEnds(agent) => self.end_shift(agent),
            SimAction::PauseDue(agent, pause) => self.pause_due(agent, pause),
            SimAction::PauseEnds(agent) => self.end_pause(agent),
            SimAction::Follows(delayed) => self.emit_step(delayed.contact, delayed.queue, delayed.step),
        }
    }

    fn schedule_arrival(&mut self, stream: ArrivalStream) {
        let at = self.arrivals.next(stream, self.now, &mut self.rng);
        self.schedule.add(at, SimAction::Arrives(stream));
    }

    fn emit(&mut self, kind: EventKind) {
        self.last_event_no += 1;
        let id = Label::new(&self.last_event_no.to_string());
        self.events.push(Event { at: self.now, origin: ORIGIN, id: Some(id), kind });
    }

    fn emit_step(&mut self, contact: Label, queue: QueueId, step: Step) {
        self.emit(EventKind::Contact { contact, queue: Some(Label::fixed(queue.spec().id)), step });
    }
}
