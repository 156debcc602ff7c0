//! The agents of the simulated centre: their profiles, what each is doing, and who is free for which queue.

use std::ops::{Index, IndexMut};

use chrono::Days;

use super::rng::SimRng;
use super::shifts::{self, Shift};
use super::world::{self, QueueId, SimulatedTeam};
use crate::clock::{Span, Time};
use crate::event::AgentProfile;
use crate::text::Label;

/// An agent's index in the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AgentId(usize);

pub(super) struct SimulatedAgent {
    pub(super) label: Label,
    pub(super) profile: AgentProfile,
    /// The queues that the agent's team serves, the preferred one first.
    pub(super) own: Vec<QueueId>,
    /// The queues of other teams in which the agent helps when customers there have waited a while.
    pub(super) helps: &'static [QueueId],
    /// Index in [`world::GROUPS`].
    group: usize,
    pub(super) activity: Activity,
    pub(super) idle_since: Time,
    /// The contact in hand belongs to another team's queue.
    pub(super) helping: bool,
    /// A pause that begins when the contact in hand ends.
    pub(super) due: Option<AgentPause>,
    /// The shift is over and the agent goes offline when the contact in hand ends.
    pub(super) leaving: bool,
    /// The shift on weekdays; `None` means a day off.
    pub(super) weekday: Option<Shift>,
    /// The shift on Saturdays and Sundays.
    pub(super) weekend: Option<Shift>,
    /// Minutes by which the agent starts before (negative) or after the shift's nominal start.
    pub(super) stagger: i64,
    /// A factor on handling times; below 1 is faster than average.
    pub(super) pace: f64,
    /// Added to the probability of resolving a contact, −0.1 to 0.1.
    pub(super) skill: f64,
}

/// What an agent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Offline,
    Idle,
    /// Being rung, in a conversation or in after-contact work.
    Busy,
    Paused,
}

/// A pause that an agent takes once.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgentPause {
    pub(super) reason: &'static str,
    pub(super) lasts: Span,
}

/// All agents, by [`AgentId`].
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
    /// As many agents as the planned shifts need.
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

    pub(super) fn ids(&self) -> impl Iterator<Item = AgentId> + use<> {
        (0..self.0.len()).map(AgentId)
    }

    /// The agent who gets the next contact of this queue: among the idle agents of its teams, those who prefer the
    /// queue come first, and the longest idle of them wins. `None` unless more than `spare` of them are idle.
    pub(super) fn free_agent(&self, queue: QueueId, spare: usize) -> Option<AgentId> {
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

    /// The longest idle agent of another team who helps in this queue and whose own group can spare them.
    pub(super) fn free_helper(&self, queue: QueueId) -> Option<AgentId> {
        let helpers = self.0.iter().enumerate().filter(|(index, agent)| {
            agent.activity == Activity::Idle && agent.helps.contains(&queue) && self.can_be_spared(AgentId(*index))
        });
        helpers.min_by_key(|(_, agent)| agent.idle_since).map(|(index, _)| AgentId(index))
    }

    /// Whether the group can spare this agent: others of it are idle, and few of it help elsewhere already.
    pub(super) fn can_be_spared(&self, id: AgentId) -> bool {
        let group = self[id].group;
        let others = self.0.iter().enumerate().filter(|(index, agent)| AgentId(*index) != id && agent.group == group);
        let (here, free, helping) = others.fold((1, 0, 0), |(here, free, helping), (_, agent)| match agent.activity {
            Activity::Idle => (here + 1, free + 1, helping),
            Activity::Busy if agent.helping => (here + 1, free, helping + 1),
            Activity::Busy => (here + 1, free, helping),
            Activity::Paused | Activity::Offline => (here, free, helping),
        });
        free >= MIN_FREE_IN_GROUP && helping * MEMBERS_PER_HELPER < here
    }
}

/// How many of a group stay idle when one helps another team.
const MIN_FREE_IN_GROUP: usize = 1;
/// One of this many present members of a group may help another team at a time.
const MEMBERS_PER_HELPER: usize = 7;

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
    // Agents with less than about a year of service take longer and resolve less.
    let newcomer = if days < 300 { 1.0 } else { 0.0 };
    let mut own = team.own.to_vec();
    if team.helps.is_empty() {
        // The night team serves every queue alone: each agent prefers another one, so that none is preferred overall.
        own.rotate_left(number % team.own.len());
    }
    let label = Label::new(&login(name));
    let profile = AgentProfile {
        agent: label.clone(),
        name: Some(Label::new(name)),
        team: Some(Label::fixed(team.name)),
        hired_on: Some(Label::new(&hired.format("%Y-%m-%d").to_string())),
        queues: own.iter().chain(team.helps).map(|q| Label::fixed(q.spec().id)).collect(),
        ..AgentProfile::default()
    };
    SimulatedAgent {
        label,
        profile,
        own,
        helps: team.helps,
        group,
        activity: Activity::Offline,
        idle_since: at,
        helping: false,
        due: None,
        leaving: false,
        weekday,
        weekend,
        stagger: 5 * i64::from(rng.whole(0, 5)) - 10,
        pace: 0.12_f64.mul_add(newcomer, rng.normal(1.0, 0.09)).clamp(0.75, 1.35),
        skill: (-0.05_f64).mul_add(newcomer, rng.normal(0.01, 0.03)).clamp(-0.1, 0.1),
    }
}

/// The login of a full name: `Åse O'Dell` becomes `ase.odell`.
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
