//! How long agents were staffed and available. While a window goes on, the sum of all agents is kept: it grows evenly, and
//! changes with the agents whose states do.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Engine;
use super::groups::{Grouped, ResolvedSlice};
use super::interner::{AgentNo, DimValue, NameNo, TeamNo};
use super::timeline::{RunningTimes, Totals};
use crate::clock::{Span, Time};
use crate::kpi::{AgentTimes, Dim, Every};

/// Agents' times since the start of a window.
#[derive(Debug, Default)]
pub(super) struct TimesSince {
    pub(super) start: Time,
    /// By agent number, the total times up to the start; `None` where the agent is to be counted.
    pub(super) before: Vec<Option<Totals>>,
    /// The agents to be counted.
    pub(super) uncounted: Vec<AgentNo>,
    pub(super) sum: TimesSum,
}

impl TimesSince {
    /// An agent's times, which went on like `old`, go on like `new`; they have changed from an instant on.
    pub(super) fn change(&mut self, agent: AgentNo, old: &RunningTimes, new: &RunningTimes, from: Option<Time>) {
        let Some(slot) = self.before.get_mut(agent.index()) else { return };
        let Some(before) = *slot else { return };
        self.sum.count(old, before, -1);
        if from.is_none_or(|from| from > self.start) {
            self.sum.count(new, before, 1);
        } else {
            *slot = None;
            self.uncounted.push(agent);
        }
    }
}

/// The sum of agents' times as they go on in the present states: it grows evenly.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimesSum {
    /// How many agents there are of whom it is known.
    known: i64,
    staffed: EvenSum,
    available: EvenSum,
}

/// A sum of spans of which some go on.
#[derive(Clone, Copy, Debug, Default)]
struct EvenSum {
    /// What it would be at time 0.
    at_zero: i128,
    /// How many go on.
    running: i64,
}

impl TimesSum {
    /// Add an agent's times from when the totals were `before` on (`sign` 1), or subtract them (−1).
    pub(super) fn count(&mut self, agent: &RunningTimes, before: Totals, sign: i64) {
        if !agent.is_known() {
            return;
        }
        self.known += sign;
        if let Some((at, (staffed, available))) = agent.rates() {
            let times = agent.since(before, at);
            self.staffed.count(times.staffed, at, staffed, sign);
            self.available.count(times.available, at, available, sign);
        }
    }

    /// The sum at `now`, which is after all the entries.
    pub(super) fn at(&self, now: Time) -> AgentTimes {
        AgentTimes { staffed: self.staffed.at(now), available: self.available.at(now), known: self.known > 0 }
    }
}

impl EvenSum {
    /// Add a span, as it is at `at`.
    fn count(&mut self, span: Span, at: Time, runs: bool, sign: i64) {
        self.running += if runs { sign } else { 0 };
        self.at_zero += i128::from(sign) * (i128::from(span.0) - if runs { i128::from(at.0) } else { 0 });
    }

    fn at(&self, now: Time) -> Span {
        Span(i64::try_from(self.at_zero + i128::from(self.running) * i128::from(now.0)).unwrap_or(i64::MAX))
    }
}

/// Of more agents, times are not cut into steps.
const MAX_AGENTS_BY_STEP: usize = 2_000;
/// Nor are they into more steps: states are kept for two days, which have fewer minutes.
const MAX_STEPS_OF_TIMES: usize = 4_000;

impl Engine {
    /// The times of the agents of a slice by the start of each step of a range; without the steps before what is kept of an
    /// agent's states. Empty where the slice is not one of agents or teams, or there are too many agents or steps.
    pub(super) fn times_by_step(
        &self,
        of: Option<&ResolvedSlice>,
        range: &Range<Time>,
        every: Every,
        now: Time,
    ) -> FxHashMap<Time, AgentTimes> {
        let is_of_agents = |(dim, _): &(Dim, DimValue)| matches!(dim, Dim::Agent | Dim::Team);
        let Some(of) = of.filter(|of| of.parts.iter().all(is_of_agents)) else { return FxHashMap::default() };
        if self.agent_records.len() > MAX_AGENTS_BY_STEP {
            return FxHashMap::default();
        }
        let (calendar, end) = (&self.settings.calendar, range.end.min(now));
        // The first and the last step may be longer than their part in the range.
        let mut starts = vec![calendar.bucket(every, range.start)];
        while let Some(next) = starts.last().map(|start| calendar.next_step(every, *start)).filter(|next| *next < end) {
            if starts.len() >= MAX_STEPS_OF_TIMES {
                return FxHashMap::default();
            }
            starts.push(next);
        }
        let mut bounds: Vec<Time> = starts.iter().map(|start| (*start).max(range.start)).collect();
        bounds.push(end);
        let mut sums = vec![AgentTimes::default(); starts.len()];
        let mut known_since = Time::default();
        for (agent, record) in (0..).map(AgentNo::new).zip(&self.agent_records) {
            if of.parts.is_empty() || !self.agent_groups(agent, of, &[]).is_empty() {
                record.timeline.add_times(&bounds, &mut sums);
                known_since = known_since.max(record.timeline.known_since().unwrap_or_default());
            }
        }
        starts.into_iter().zip(sums).filter(|(start, sum)| sum.known && *start >= known_since).collect()
    }

    /// Agents' times in a range. `None` where the slice is not one of agents or teams; without groups where the rows
    /// are not.
    pub(super) fn times(
        &mut self,
        of: Option<&ResolvedSlice>,
        by: &[Dim],
        range: &Range<Time>,
        now: Time,
        wanted: Option<&FxHashSet<DimValue>>,
    ) -> Option<Grouped<AgentTimes>> {
        let of = of?;
        let is_of_agents = |dim: &Dim| matches!(dim, Dim::Agent | Dim::Team);
        if !of.parts.iter().all(|(dim, _)| is_of_agents(dim)) {
            return None;
        }
        let grouped = !by.is_empty() && by.iter().all(is_of_agents);
        // Nearly all questions are about a time that goes on.
        let goes_on = range.end > now && range.start <= now;
        if goes_on {
            self.update_current(now);
            self.count_times_since(range.start);
        }
        let times_of = |agent: AgentNo| match self.agent_records.get(agent.index()) {
            Some(_) if goes_on => self.current.times_of(agent),
            Some(record) => record.timeline.times(range.start, range.end.min(now)),
            None => AgentTimes::default(),
        };
        let of_all = (goes_on && of.parts.is_empty()).then(|| self.current.times_of_all());
        let only = of.parts.iter().find(|(dim, _)| *dim == Dim::Agent).map(|(_, agent)| agent.name());
        let agents: Vec<AgentNo> = match (of_all, by, wanted) {
            (Some(_), ..) if !grouped => Vec::new(),
            (Some(_), [Dim::Agent], Some(wanted)) => wanted.iter().map(|agent| agent.name()).collect(),
            _ if only.is_some() => only.into_iter().collect(),
            _ => (0..).map(AgentNo::new).take(self.agent_records.len()).collect(),
        };
        let mut sums = Grouped::<AgentTimes>::default();
        let add = |sum: &mut AgentTimes, times: AgentTimes| {
            sum.staffed = sum.staffed + times.staffed;
            sum.available = sum.available + times.available;
            sum.known = true;
        };
        let team = of.parts.iter().find(|(dim, _)| *dim == Dim::Team).map(|(_, team)| team.name());
        let is_of_slice = |agent: &AgentNo| {
            let own = || self.agent_records.get(agent.index()).map(|record| record.team);
            agent.is_known() && team.is_none_or(|team: TeamNo| own().unwrap_or_default() == team)
        };
        for agent in agents.into_iter().filter(is_of_slice) {
            let times = times_of(agent);
            if !times.known {
                continue;
            }
            add(&mut sums.total, times);
            if grouped {
                let groups = self.agent_groups(agent, of, by).into_iter();
                for group in groups.filter(|[value, _]| wanted.is_none_or(|wanted| wanted.contains(value))) {
                    add(sums.groups.entry(group).or_default(), times);
                }
            }
        }
        sums.total = of_all.unwrap_or(sums.total);
        Some(sums)
    }
}
