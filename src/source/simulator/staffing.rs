//! Agents during their day: shifts begin and end, pauses come due, and an agent who is free gets the next contact.

use chrono::{Datelike, Days, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::Simulator;
use super::agents::{Activity, AgentId, AgentPause, SimulatedAgent};
use super::arrivals::is_weekend;
use super::rng::SimRng;
use super::schedule::SimAction;
use super::shifts::Shift;
use super::world::QueueId;
use crate::clock::{Span, Time};
use crate::event::{AgentState, EventKind, Membership};
use crate::text::Label;

/// The agent's first shift that ends after `after`, with its start.
fn next_shift(agent: &SimulatedAgent, zone: Tz, after: Time) -> (Time, Shift) {
    let yesterday = after.to_chrono().with_timezone(&zone).date_naive() - Days::new(1);
    let shifts = yesterday.iter_days().take(10).filter_map(|day| {
        let shift = if is_weekend(day.weekday()) { agent.weekend } else { agent.weekday }?;
        let minutes = TimeDelta::minutes(shift.starts + agent.stagger);
        Some((instant(zone, day.and_time(chrono::NaiveTime::MIN) + minutes), shift))
    });
    let mut shifts = shifts.filter(|(start, shift)| *start + shift.lasts() > after);
    // Every agent works on weekdays or at weekends, so ten days always hold a shift.
    shifts.next().unwrap_or((after + LONGEST_SHIFT, Shift { starts: 0, full_time: true }))
}

/// The instant of a local time; an hour later where daylight saving time skips it.
fn instant(zone: Tz, wall: NaiveDateTime) -> Time {
    let known = |wall: NaiveDateTime| zone.from_local_datetime(&wall).earliest();
    known(wall).or_else(|| known(wall + TimeDelta::hours(1))).map_or(zone.from_utc_datetime(&wall).into(), Time::from)
}

const LONGEST_SHIFT: Span = Shift { starts: 0, full_time: true }.lasts();
/// How long a break is put off while many customers wait.
const PAUSE_RETRY_INTERVAL: Span = Span(6 * Span::MINUTE.0);

impl Simulator {
    /// Emit the profiles of queues and agents, and put every agent on shift or offline as of the start.
    pub(super) fn publish_profiles_and_staff(&mut self) {
        for queue in QueueId::all() {
            let spec = queue.spec();
            self.emit(EventKind::QueueProfile(crate::event::QueueProfile {
                queue: Label::fixed(spec.id),
                name: Some(Label::fixed(spec.name)),
                service_level_s: Some(spec.threshold_s),
                channel: Some(spec.channel),
            }));
        }
        for id in self.roster.ids() {
            let profile = self.roster[id].profile.clone();
            let serves = |queue: &Label| Membership { queue: queue.clone(), state: None, reason: None };
            let (agent, queues) = (profile.agent.clone(), profile.queues.iter().map(serves).collect());
            self.emit(EventKind::AgentProfile(profile));
            self.emit(EventKind::AgentQueues { agent, queues });
            let (start, shift) = next_shift(&self.roster[id], self.arrivals.zone, self.now);
            if start <= self.now {
                self.begin_shift(id, shift, start);
            } else {
                self.emit_state(id, AgentState::Offline, None);
                self.schedule.add(start, SimAction::ShiftStarts(id, shift));
            }
        }
    }

    /// Start a shift that begins at `start`, which may lie in the past when the simulation begins.
    pub(super) fn begin_shift(&mut self, id: AgentId, shift: Shift, start: Time) {
        // Absent: ill or on leave.
        if self.rng.chance(0.03) {
            return self.go_offline(id);
        }
        self.schedule.add(start + shift.lasts(), SimAction::ShiftEnds(id));
        let minutes = |rng: &mut SimRng, low: f64, high: f64| rng.span(low * 60.0, high * 60.0);
        let mut plan = Vec::new();
        for pause in shift.pauses() {
            let ([earliest, latest], [least, most]) = (pause.into, pause.lasts);
            let into = minutes(&mut self.rng, earliest, latest);
            plan.push((into, pause.reason, minutes(&mut self.rng, least, most)));
        }
        if self.rng.chance(0.22) {
            let kinds = [("Training", 35.0), ("Meeting", 22.0), ("Coaching", 18.0)];
            if let Some((reason, length)) = self.rng.pick(&kinds) {
                plan.push((minutes(&mut self.rng, 20.0, 240.0), reason, minutes(&mut self.rng, length, length + 8.0)));
            }
        }
        for (into, reason, lasts) in plan {
            if start + into > self.now {
                self.schedule.add(start + into, SimAction::PauseDue(id, AgentPause { reason, lasts }));
            }
        }
        self.roster[id].leaving = false;
        self.roster[id].due = None;
        self.make_available(id);
    }

    /// End a shift, after the contact in hand.
    pub(super) fn end_shift(&mut self, id: AgentId) {
        if self.roster[id].activity == Activity::Busy {
            self.roster[id].leaving = true;
        } else {
            self.go_offline(id);
        }
    }

    fn go_offline(&mut self, id: AgentId) {
        self.roster[id].activity = Activity::Offline;
        self.emit_state(id, AgentState::Offline, None);
        // Skips the shift that is ending: no agent has two shifts that begin within the length of one.
        let (next, shift) = next_shift(&self.roster[id], self.arrivals.zone, self.now + LONGEST_SHIFT);
        self.schedule.add(next, SimAction::ShiftStarts(id, shift));
    }

    /// Take a pause now or after the contact in hand; breaks other than lunch are put off while many customers wait.
    pub(super) fn pause_due(&mut self, id: AgentId, pause: AgentPause) {
        if pause.reason != "Lunch" && self.is_rush(&self.roster[id].own) {
            return self.schedule.add(self.now + PAUSE_RETRY_INTERVAL, SimAction::PauseDue(id, pause));
        }
        match self.roster[id].activity {
            Activity::Offline | Activity::Paused => {}
            Activity::Busy => self.roster[id].due = Some(pause),
            Activity::Idle => self.pause(id, pause),
        }
    }

    fn pause(&mut self, id: AgentId, pause: AgentPause) {
        self.roster[id].activity = Activity::Paused;
        self.emit_state(id, AgentState::Paused, Some(Label::fixed(pause.reason)));
        self.schedule.add(self.now + pause.lasts, SimAction::PauseEnds(id));
    }

    /// End a pause, unless the shift has ended before it.
    pub(super) fn end_pause(&mut self, id: AgentId) {
        if self.roster[id].activity == Activity::Paused {
            self.make_available(id);
        }
    }

    fn make_available(&mut self, id: AgentId) {
        self.emit_state(id, AgentState::Available, None);
        self.release(id);
    }

    /// The agent is done with a contact: go offline, take a pause that is due, take the next contact, or stay idle.
    pub(super) fn release(&mut self, id: AgentId) {
        let now = self.now;
        let agent = &mut self.roster[id];
        if agent.leaving {
            agent.leaving = false;
            return self.go_offline(id);
        }
        if let Some(pause) = agent.due.take() {
            return self.pause(id, pause);
        }
        agent.activity = Activity::Idle;
        agent.idle_since = now;
        if let Some(contact) = self.next_contact_for(id) {
            self.ring(contact, id);
        }
    }

    /// The agent let a call ring: most routing systems then pause the agent for a while.
    pub(super) fn mark_not_responding(&mut self, id: AgentId) {
        let lasts = self.rng.span(60.0, 240.0);
        let agent = &mut self.roster[id];
        if agent.leaving {
            return self.release(id);
        }
        self.pause(id, AgentPause { reason: "Not responding", lasts });
    }

    fn emit_state(&mut self, id: AgentId, state: AgentState, reason: Option<Label>) {
        let agent = self.roster[id].label.clone();
        self.emit(EventKind::AgentState { agent, state, reason, lasts: None });
    }
}
