//! An agent's timeline: the states that the agent was in, and for how long.
//!
//! A timeline is the ordered list of changes reported of an agent: states that a source names, and the beginnings and
//! ends of conversations. The state at any time follows from the changes before it. A change that arrives late is
//! inserted where it belongs and what follows is computed anew. Each entry holds running totals, so that the time
//! spent in a state between two instants is the difference of two totals.

use serde::{Deserialize, Serialize};

use super::interner::{NameNo, ReasonNo};
use crate::clock::{Span, Time};
use crate::event::AgentState;
use crate::kpi::AgentTimes;

/// A change reported of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AgentChange {
    /// A source named the state, and perhaps the reason for it.
    State(AgentState, ReasonNo),
    /// A conversation began.
    TalkStarts,
    /// A conversation ended.
    TalkEnds,
    /// The after-contact work of a contact ended.
    WrapEnds,
    /// After-contact work with a known length ends, unless another state has been named meanwhile.
    WorkLapses,
}

/// One change, and what holds from then on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct TimelineEntry {
    at: Time,
    change: AgentChange,
    /// The last state that a source named.
    named: Option<(AgentState, ReasonNo)>,
    /// How many conversations are going on.
    talking: u16,
    /// After-contact work is being done: a conversation has ended, and this agent's sources report when such work
    /// ends.
    wrapping: bool,
    /// Total times up to `at`, as in [`AgentTimes`].
    staffed: Span,
    available: Span,
}

/// The timeline of one agent.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Timeline {
    entries: Vec<TimelineEntry>,
    /// Some source names the state "on contact" itself, so states need not be derived from conversations.
    names_contacts: bool,
    /// Some source reports the end of after-contact work.
    reports_wraps: bool,
    /// Some source names the state "available".
    names_available: bool,
}

impl TimelineEntry {
    fn state(&self, names_contacts: bool) -> AgentState {
        match self.named {
            Some((state, _)) if names_contacts => state,
            _ if self.talking > 0 => AgentState::OnContact,
            _ if self.wrapping => AgentState::AfterContact,
            Some((state, _)) => state,
            None => AgentState::Available,
        }
    }

    fn reason(&self, names_contacts: bool) -> ReasonNo {
        match self.named {
            Some((state, reason)) if state == self.state(names_contacts) => reason,
            _ => ReasonNo::UNKNOWN,
        }
    }
}

/// Orders the changes of one instant, of which the last one wins: a state named at the end of a conversation holds.
const fn rank(change: AgentChange) -> u8 {
    match change {
        AgentChange::TalkEnds => 0,
        AgentChange::WrapEnds | AgentChange::WorkLapses => 1,
        AgentChange::State(..) => 2,
        AgentChange::TalkStarts => 3,
    }
}

impl Timeline {
    /// Add a change.
    pub(super) fn insert(&mut self, at: Time, change: AgentChange) {
        let key = (at, rank(change));
        let mut place = self.entries.iter().rposition(|e| (e.at, rank(e.change)) <= key).map_or(0, |p| p + 1);
        let entry = TimelineEntry {
            at,
            change,
            named: None,
            talking: 0,
            wrapping: false,
            staffed: Span::ZERO,
            available: Span::ZERO,
        };
        // Of the states named at one instant the last one holds. The others took no time.
        let is_state = |change| matches!(change, AgentChange::State(..));
        let same = |p: &usize| self.entries.get(*p).is_some_and(|e| e.at == at && is_state(e.change));
        if let Some(replaced) = place.checked_sub(1).filter(|p| is_state(change) && same(p)) {
            place = replaced;
            self.entries.remove(place);
        }
        self.entries.insert(place, entry);
        let known = (self.names_contacts, self.reports_wraps);
        match change {
            AgentChange::State(state, _) => {
                self.names_available |= state == AgentState::Available;
                self.names_contacts |= state == AgentState::OnContact;
            }
            AgentChange::WrapEnds => self.reports_wraps = true,
            AgentChange::TalkStarts | AgentChange::TalkEnds | AgentChange::WorkLapses => {}
        }
        // Knowing more about the sources changes the meaning of all entries.
        self.recompute(if known == (self.names_contacts, self.reports_wraps) { place } else { 0 });
    }

    /// Remove a change that did not happen after all.
    pub(super) fn remove(&mut self, at: Time, change: AgentChange) {
        if let Some(place) = self.entries.iter().rposition(|e| e.at == at && e.change == change) {
            self.entries.remove(place);
            self.recompute(place);
        }
    }

    /// End at `at` the states that were announced to end later.
    pub(super) fn end_at(&mut self, at: Time) {
        let after = self.entries.partition_point(|entry| entry.at <= at);
        for entry in self.entries.iter_mut().skip(after) {
            entry.at = at;
        }
        self.recompute(after);
    }

    /// Compute the entries from index `from` on.
    fn recompute(&mut self, from: usize) {
        let (names_contacts, reports_wraps) = (self.names_contacts, self.reports_wraps);
        let mut before = from.checked_sub(1).and_then(|p| self.entries.get(p)).copied();
        for entry in self.entries.iter_mut().skip(from) {
            (entry.named, entry.talking, entry.wrapping) =
                before.map_or((None, 0, false), |b| (b.named, b.talking, b.wrapping));
            match entry.change {
                AgentChange::State(state, reason) => {
                    entry.named = Some((state, reason));
                    entry.wrapping = false;
                }
                AgentChange::TalkStarts => {
                    entry.talking += 1;
                    entry.wrapping = false;
                }
                AgentChange::TalkEnds => {
                    entry.talking = entry.talking.saturating_sub(1);
                    entry.wrapping = reports_wraps;
                }
                AgentChange::WrapEnds => entry.wrapping = false,
                AgentChange::WorkLapses => {
                    if let Some((AgentState::AfterContact, _)) = entry.named {
                        entry.named = Some((AgentState::Available, ReasonNo::UNKNOWN));
                    }
                }
            }
            (entry.staffed, entry.available) =
                before.map_or((Span::ZERO, Span::ZERO), |b| b.totals(entry.at, names_contacts));
            before = Some(*entry);
        }
    }

    /// The state at `now`, its reason and since when it holds; `None` before the first change.
    pub(super) fn state(&self, now: Time) -> Option<(AgentState, ReasonNo, Time)> {
        let entries_until = self.entries_until(now);
        let current = entries_until.checked_sub(1).and_then(|p| self.entries.get(p))?;
        let shown = (current.state(self.names_contacts), current.reason(self.names_contacts));
        let mut since = current.at;
        for entry in self.entries.iter().take(entries_until).rev() {
            if (entry.state(self.names_contacts), entry.reason(self.names_contacts)) != shown {
                break;
            }
            since = entry.at;
        }
        Some((shown.0, shown.1, since))
    }

    /// How many entries are not after `at`. The first two cases are shortcuts: `at` is mostly now, or the start of
    /// a day.
    fn entries_until(&self, at: Time) -> usize {
        if self.entries.last().is_none_or(|last| last.at <= at) {
            return self.entries.len();
        }
        if self.entries.first().is_some_and(|first| first.at > at) {
            return 0;
        }
        self.entries.partition_point(|e| e.at <= at)
    }

    fn totals_at(&self, at: Time) -> (Span, Span) {
        let entries_until = self.entries_until(at);
        entries_until
            .checked_sub(1)
            .and_then(|p| self.entries.get(p))
            .map_or((Span::ZERO, Span::ZERO), |entry| entry.totals(at, self.names_contacts))
    }

    /// How long the agent was staffed and available between two instants.
    pub(super) fn times(&self, from: Time, to: Time) -> AgentTimes {
        let (staffed_from, available_from) = self.totals_at(from);
        let (staffed_to, available_to) = self.totals_at(to.max(from));
        AgentTimes {
            staffed: staffed_to - staffed_from,
            available: available_to - available_from,
            known: self.names_available,
        }
    }

    /// Drop the entries before `at`, except those that hold at one of `marks` (ascending): times that begin at a mark
    /// stay exact.
    pub(super) fn drop_before(&mut self, at: Time, marks: &[Time]) {
        let old = self.entries.partition_point(|e| e.at < at);
        let mut keep: Vec<usize> = marks
            .iter()
            .filter_map(|mark| self.entries.partition_point(|e| e.at <= *mark).checked_sub(1))
            .chain(old.checked_sub(1))
            .filter(|place| *place < old)
            .collect();
        keep.dedup();
        if keep.len() == old {
            return;
        }
        let mut place = 0;
        self.entries.retain(|_| {
            let stays = place >= old || keep.binary_search(&place).is_ok();
            place += 1;
            stays
        });
    }
}

impl TimelineEntry {
    /// Staffed and available time up to `at`.
    fn totals(&self, at: Time, names_contacts: bool) -> (Span, Span) {
        let lasted = at.since(self.at);
        let state = self.state(names_contacts);
        let add = |total: Span, counts: bool| if counts { total + lasted } else { total };
        (
            add(self.staffed, state != AgentState::Offline),
            add(self.available, matches!(state, AgentState::Available | AgentState::Ringing)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix(seconds)
    }

    fn timeline(change: &[(i64, AgentChange)]) -> Timeline {
        let mut timeline = Timeline::default();
        for (seconds, change) in change {
            timeline.insert(at(*seconds), *change);
        }
        timeline
    }

    fn day() -> [(i64, AgentChange); 6] {
        [
            (0, AgentChange::State(AgentState::Available, ReasonNo::UNKNOWN)),
            (60, AgentChange::TalkStarts),
            (180, AgentChange::TalkEnds),
            (200, AgentChange::State(AgentState::Paused, ReasonNo::new(7))),
            (300, AgentChange::State(AgentState::Available, ReasonNo::UNKNOWN)),
            (400, AgentChange::State(AgentState::Offline, ReasonNo::UNKNOWN)),
        ]
    }

    #[test]
    fn of_the_states_named_at_one_instant_the_last_one_is_kept() {
        let mut timeline = Timeline::default();
        for n in 0..1_000 {
            let state = if n % 2 == 0 { AgentState::Paused } else { AgentState::Available };
            timeline.insert(Time::from_unix(7), AgentChange::State(state, ReasonNo::UNKNOWN));
        }
        assert_eq!(timeline.entries.len(), 1);
        assert_eq!(timeline.state(Time::from_unix(8)).map(|(state, ..)| state), Some(AgentState::Available));
    }

    #[test]
    fn times_are_differences_of_running_totals() {
        let timeline = timeline(&day());
        let all = timeline.times(at(0), at(1000));
        assert_eq!((all.staffed.as_secs(), all.available.as_secs()), (400, 60 + 20 + 100));
        let part = timeline.times(at(190), at(250));
        assert_eq!((part.staffed.as_secs(), part.available.as_secs()), (60, 10));
        assert_eq!(timeline.state(at(250)), Some((AgentState::Paused, ReasonNo::new(7), at(200))));
        assert_eq!(timeline.state(at(100)), Some((AgentState::OnContact, ReasonNo::UNKNOWN, at(60))));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let mut shuffled = day();
        shuffled.reverse();
        assert_eq!(timeline(&shuffled).times(at(30), at(390)), timeline(&day()).times(at(30), at(390)));
    }

    #[test]
    fn after_contact_work_is_not_available_time_once_its_end_is_reported() {
        let mut timeline = timeline(&day());
        assert_eq!(timeline.state(at(190)).map(|s| s.0), Some(AgentState::Available));
        timeline.insert(at(195), AgentChange::WrapEnds);
        assert_eq!(timeline.state(at(190)).map(|s| s.0), Some(AgentState::AfterContact));
        assert_eq!(timeline.times(at(0), at(1000)).available.as_secs(), 60 + 5 + 100);
    }

    #[test]
    fn a_removed_change_leaves_no_trace() {
        let mut timeline = timeline(&day());
        timeline.remove(at(60), AgentChange::TalkStarts);
        timeline.remove(at(180), AgentChange::TalkEnds);
        assert_eq!(timeline.times(at(0), at(200)).available.as_secs(), 200);
    }

    #[test]
    fn times_from_a_mark_stay_exact_when_detail_is_dropped() {
        let mut timeline = timeline(&day());
        let before = timeline.times(at(190), at(1000));
        timeline.drop_before(at(350), &[at(190)]);
        assert_eq!(timeline.times(at(190), at(1000)), before);
        assert!(timeline.entries.len() < day().len());
    }
}
