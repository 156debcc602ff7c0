//! Who works there, and when: profiles, shifts, pauses, and who is free for what.

use std::ops::{Index, IndexMut};

use chrono::{Datelike, Days, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::Simulator;
use super::arrivals::is_weekend;
use super::rng::SimRng;
use super::schedule::SimAction;
use super::shifts::{self, Shift};
use super::world::{self, QueueId, SimulatedTeam};
use crate::clock::{Span, Time};
use crate::event::{AgentProfile, AgentState, EventKind};
use crate::text::Label;

/// An agent's place in the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AgentId(usize);

/// An agent.
pub(super) struct SimulatedAgent {
    pub(super) label: Label,
    pub(super) profile: AgentProfile,
    /// The own queues, the favourite first.
    pub(super) own: Vec<QueueId>,
    /// The queues helped out in.
    pub(super) helps: &'static [QueueId],
    /// Which of the groups.
    group: usize,
    pub(super) activity: Activity,
    /// Since when nothing is to do.
    idle_since: Time,
    /// The contact in hand is another team's.
    pub(super) lent: bool,
    /// A pause that waits for the contact in hand to end.
    due: Option<AgentPause>,
    /// The shift is over, but for the contact in hand.
    leaving: bool,
    /// The shift on weekdays.
    weekday: Option<Shift>,
    /// The shift at weekends.
    weekend: Option<Shift>,
    /// How many minutes off the shift's start this one begins.
    stagger: i64,
    /// Times the mean handling time.
    pub(super) pace: f64,
    /// How much better or worse than others at resolving, −0.1 to 0.1.
    pub(super) skill: f64,
}

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Offline,
    Idle,
    /// Rung, talking or in after-contact work.
    Busy,
    Paused,
}

/// A pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgentPause {
    pub(super) reason: &'static str,
    pub(super) lasts: Span,
}

/// Everyone.
pub(super) struct Roster(Vec<SimulatedAgent>);

impl Index<AgentId> for Roster {
    type Output = SimulatedAgent;

    #[expect(clippy::indexing_slicing, reason = "ids are made in this file, as indices of this list")]
    fn index(&self, id: AgentId) -> &SimulatedAgent {
        &self.0[id.0]
    }
}

impl IndexMut<AgentId> for Roster {
    #[expect(clippy::indexing_slicing, reason = "ids are made in this file, as indices of this list")]
    fn index_mut(&mut self, id: AgentId) -> &mut SimulatedAgent {
        &mut self.0[id.0]
    }
}

impl Roster {
    /// Hire as many as the shifts asks for.
    pub(super) fn new(at: Time, rng: &mut SimRng) -> Self {
        let mut names = world::NAMES.iter();
        let mut roster = Vec::with_capacity(world::NAMES.len());
        for (group, plan) in world::GROUPS.iter().enumerate() {
            let (weekdays, weekends) = (shifts::shifts(plan, false), shifts::shifts(plan, true));
            let posts = weekdays.len().max(weekends.len());
            let teams = plan.teams.iter().cycle();
            for ((number, team), name) in (0..posts).zip(teams).zip(names.by_ref()) {
                let shifts = (weekdays.get(number).copied(), weekends.get(number).copied());
                roster.push(hire(at, rng, name, (group, team), number, shifts));
            }
        }
        Self(roster)
    }

    /// Everyone's id.
    pub(super) fn ids(&self) -> impl Iterator<Item = AgentId> + use<> {
        (0..self.0.len()).map(AgentId)
    }

    /// Who gets a contact of this queue now: of those free whose own it is, one whose favourite it is, the longest
    /// idle first. `spare` is how many others must stay free.
    pub(super) fn free_for(&self, queue: QueueId, spare: usize) -> Option<AgentId> {
        let free = self.0.iter().enumerate().filter_map(|(index, agent)| {
            let rank = agent.own.iter().position(|q| *q == queue)?;
            (agent.activity == Activity::Idle).then_some((rank, agent.idle_since, AgentId(index)))
        });
        let (count, best) = free.fold((0, None), |(count, best), one| {
            let better = best.is_none_or(|other| one < other);
            (count + 1, if better { Some(one) } else { best })
        });
        best.filter(|_| count > spare).map(|(_, _, id)| id)
    }

    /// Who helps out in a queue now: the longest idle of those who may and whose own group can spare them.
    pub(super) fn helper_for(&self, queue: QueueId) -> Option<AgentId> {
        let helpers = self.0.iter().enumerate().filter(|(index, agent)| {
            agent.activity == Activity::Idle && agent.helps.contains(&queue) && self.can_be_spared(AgentId(*index))
        });
        helpers.min_by_key(|(_, agent)| agent.idle_since).map(|(index, _)| AgentId(index))
    }

    /// Whether an agent's group can do without: others are free, and not too many are away already.
    pub(super) fn can_be_spared(&self, id: AgentId) -> bool {
        let group = self[id].group;
        let others = self.0.iter().enumerate().filter(|(index, agent)| AgentId(*index) != id && agent.group == group);
        let (here, free, lent) = others.fold((1, 0, 0), |(here, free, lent), (_, agent)| match agent.activity {
            Activity::Idle => (here + 1, free + 1, lent),
            Activity::Busy if agent.lent => (here + 1, free, lent + 1),
            Activity::Busy => (here + 1, free, lent),
            Activity::Paused | Activity::Offline => (here, free, lent),
        });
        free >= STAY && lent * LENT_IN < here
    }
}

/// How many of a group stay free when one helps out elsewhere.
const STAY: usize = 1;
/// Of so many of a group that are here, one at a time helps out elsewhere.
const LENT_IN: usize = 7;

fn hire(
    at: Time,
    rng: &mut SimRng,
    name: &str,
    (group, team): (usize, &'static SimulatedTeam),
    number: usize,
    (weekday, weekend): (Option<Shift>, Option<Shift>),
) -> SimulatedAgent {
    let days = u64::from(rng.whole(40, 3_600));
    let hired = at.to_chrono().date_naive() - Days::new(days);
    // Newcomers take longer and resolve less.
    let green = if days < 300 { 1.0 } else { 0.0 };
    let mut own = team.own.to_vec();
    if team.helps.is_empty() {
        // Alone with every queue, they each begin at another, so that together they prefer none.
        own.rotate_left(number % team.own.len());
    }
    let label = Label::new(&login(name));
    let profile = AgentProfile {
        agent: label.clone(),
        name: Some(Label::new(name)),
        team: Some(Label::fixed(team.name)),
        hired_on: Some(Label::new(&hired.format("%Y-%m-%d").to_string())),
        queues: own.iter().chain(team.helps).map(|q| Label::fixed(q.row().id)).collect(),
        skills: Vec::new(),
    };
    SimulatedAgent {
        label,
        profile,
        own,
        helps: team.helps,
        group,
        activity: Activity::Offline,
        idle_since: at,
        lent: false,
        due: None,
        leaving: false,
        weekday,
        weekend,
        stagger: 5 * i64::from(rng.whole(0, 5)) - 10,
        pace: 0.12_f64.mul_add(green, rng.normal(1.0, 0.09)).clamp(0.75, 1.35),
        skill: (-0.05_f64).mul_add(green, rng.normal(0.01, 0.03)).clamp(-0.1, 0.1),
    }
}

/// `Åse O'Dell` → `ase.odell`.
fn login(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .filter_map(|c| match c {
            'a'..='z' => Some(c),
            ' ' => Some('.'),
            'á' | 'å' | 'ã' | 'ä' => Some('a'),
            'ç' | 'ć' | 'č' => Some('c'),
            'é' | 'è' | 'ê' => Some('e'),
            'í' | 'ı' => Some('i'),
            'ł' => Some('l'),
            'ñ' => Some('n'),
            'ó' | 'ö' | 'ø' => Some('o'),
            'ř' => Some('r'),
            'ś' | 'š' => Some('s'),
            'ú' | 'ü' => Some('u'),
            'ž' => Some('z'),
            _ => None,
        })
        .collect()
}

/// The first shift of this agent that ends after `after`, and its start.
fn next_shift(agent: &SimulatedAgent, zone: Tz, after: Time) -> (Time, Shift) {
    let yesterday = after.to_chrono().with_timezone(&zone).date_naive() - Days::new(1);
    let shifts = yesterday.iter_days().take(10).filter_map(|day| {
        let shift = if is_weekend(day.weekday()) { agent.weekend } else { agent.weekday }?;
        let minutes = TimeDelta::minutes(shift.starts + agent.stagger);
        Some((instant(zone, day.and_time(chrono::NaiveTime::MIN) + minutes), shift))
    });
    let mut shifts = shifts.filter(|(start, shift)| *start + shift.lasts() > after);
    // Everyone has a shift in any ten days.
    shifts.next().unwrap_or((after + LONGEST, Shift { starts: 0, whole: true }))
}

/// The instant of a time on the wall; where daylight saving skips it, an hour later.
fn instant(zone: Tz, wall: NaiveDateTime) -> Time {
    let known = |wall: NaiveDateTime| zone.from_local_datetime(&wall).earliest();
    known(wall).or_else(|| known(wall + TimeDelta::hours(1))).map_or(zone.from_utc_datetime(&wall).into(), Time::from)
}

/// The longest shift.
const LONGEST: Span = Shift { starts: 0, whole: true }.lasts();
/// Pauses that wait until a rush is over are looked at again after this.
const POSTPONED: Span = Span(6 * Span::MINUTE.0);

impl Simulator {
    /// Say who works here, and put everyone where they are at the first moment: on shift or at home.
    pub(super) fn open_the_doors(&mut self) {
        for queue in QueueId::all() {
            let row = queue.row();
            self.say(EventKind::QueueProfile(crate::event::QueueProfile {
                queue: Label::fixed(row.id),
                name: Some(Label::fixed(row.name)),
                service_level_s: Some(row.threshold_s),
                channel: Some(row.channel),
            }));
        }
        for id in self.roster.ids() {
            self.say(EventKind::AgentProfile(self.roster[id].profile.clone()));
            let (start, shift) = next_shift(&self.roster[id], self.arrivals.zone, self.now);
            if start <= self.now {
                self.begin_shift(id, shift, start);
            } else {
                self.say_state(id, AgentState::Offline, None);
                self.schedule.add(start, SimAction::ShiftStarts(id, shift));
            }
        }
    }

    /// A shift that begins, or began, at `start`.
    pub(super) fn begin_shift(&mut self, id: AgentId, shift: Shift, start: Time) {
        // Nobody comes on every day.
        if self.rng.chance(0.03) {
            return self.go_home(id);
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

    /// The shift is over, as soon as the contact in hand is.
    pub(super) fn end_shift(&mut self, id: AgentId) {
        if self.roster[id].activity == Activity::Busy {
            self.roster[id].leaving = true;
        } else {
            self.go_home(id);
        }
    }

    fn go_home(&mut self, id: AgentId) {
        self.roster[id].activity = Activity::Offline;
        self.say_state(id, AgentState::Offline, None);
        // The night shift's end lies on the day after its start: so long after it is before the next in any case.
        let (next, shift) = next_shift(&self.roster[id], self.arrivals.zone, self.now + LONGEST);
        self.schedule.add(next, SimAction::ShiftStarts(id, shift));
    }

    /// A pause is due: now, or after the contact in hand.
    pub(super) fn pause_due(&mut self, id: AgentId, pause: AgentPause) {
        if pause.reason != "Lunch" && self.rush(&self.roster[id].own) {
            return self.schedule.add(self.now + POSTPONED, SimAction::PauseDue(id, pause));
        }
        match self.roster[id].activity {
            Activity::Offline | Activity::Paused => {}
            Activity::Busy => self.roster[id].due = Some(pause),
            Activity::Idle => self.pause(id, pause),
        }
    }

    fn pause(&mut self, id: AgentId, pause: AgentPause) {
        self.roster[id].activity = Activity::Paused;
        self.say_state(id, AgentState::Paused, Some(Label::fixed(pause.reason)));
        self.schedule.add(self.now + pause.lasts, SimAction::PauseEnds(id));
    }

    /// A pause ends, unless the shift did before.
    pub(super) fn end_pause(&mut self, id: AgentId) {
        if self.roster[id].activity == Activity::Paused {
            self.make_available(id);
        }
    }

    fn make_available(&mut self, id: AgentId) {
        self.say_state(id, AgentState::Available, None);
        self.set_free(id);
    }

    /// Done with a contact: home, a pause that is due, the next contact, or nothing to do.
    pub(super) fn set_free(&mut self, id: AgentId) {
        let now = self.now;
        let agent = &mut self.roster[id];
        if agent.leaving {
            agent.leaving = false;
            return self.go_home(id);
        }
        if let Some(pause) = agent.due.take() {
            return self.pause(id, pause);
        }
        agent.activity = Activity::Idle;
        agent.idle_since = now;
        if let Some(contact) = self.next_for(id) {
            self.ring(contact, id);
        }
    }

    /// Did not take a call: as good as away for a while.
    pub(super) fn missed(&mut self, id: AgentId) {
        let lasts = self.rng.span(60.0, 240.0);
        let agent = &mut self.roster[id];
        if agent.leaving {
            return self.set_free(id);
        }
        self.pause(id, AgentPause { reason: "Not responding", lasts });
    }

    fn say_state(&mut self, id: AgentId, state: AgentState, reason: Option<Label>) {
        let agent = self.roster[id].label.clone();
        self.say(EventKind::AgentState { agent, state, reason, lasts: None });
    }
}
