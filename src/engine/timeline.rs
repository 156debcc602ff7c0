//! An agent's timeline: the states that the agent was in, and for how long.
//!
//! A timeline is the ordered list of changes reported of an agent: states that a source names, and the beginnings and
//! ends of conversations. The state at any time follows from the changes before it. A change that arrives late is
//! inserted where it belongs and what follows is computed anew. Running totals are kept of every 16th entry, so that the
//! time spent in a state between two instants is the difference of two totals.

mod entry;

use serde::{Deserialize, Serialize};

use super::interner::{NameNo, ReasonNo};
use crate::clock::{Span, Time};
use crate::event::AgentState;
use crate::kpi::AgentTimes;
pub(super) use entry::AgentChange;
use entry::{TimelineEntry, rank};

/// Total times up to an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    staffed: Span,
    available: Span,
}

/// The total times are kept of the first of so many entries.
const ENTRIES_PER_TOTAL: usize = 16;

/// The most changes after one that arrives late: each of them is computed anew. An agent has some hundreds a day.
const MAX_CHANGES_AFTER: usize = 10_000;

/// The timeline of one agent.
#[derive(Debug, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "one flag per kind of change that sources name")]
pub(super) struct Timeline {
    entries: Vec<TimelineEntry>,
    /// The total times up to the first of the entries, and to each 16th after it.
    totals: Vec<Totals>,
    /// Of older entries, those that hold at the start of a day, with the total times up to each.
    marks: Vec<(TimelineEntry, Totals)>,
    /// Since when the state of the first entry holds, if entries before it were dropped.
    first_since: Option<Time>,
    /// The time of the first entry when entries were last [cut](Self::cut_before) off: what was then is known no longer.
    #[serde(skip)]
    cut_at: Option<Time>,
    /// Then, until a source reports the end of after-contact work: the first entry, and the total times up to it, as they
    /// are once one does.
    #[serde(skip)]
    first_if_wrapping: Option<(TimelineEntry, Totals)>,
    /// The earliest change since [`Self::take_changed_from`]: the total times up to any instant before it are what they were.
    #[serde(skip)]
    changed_from: Option<Time>,
    /// Some source names the state "on contact" itself, so states need not be derived from conversations.
    names_contacts: bool,
    /// Some source names the state "ringing" itself, so that it need not be derived from contacts that ring.
    names_ringing: bool,
    /// Some source reports the end of after-contact work.
    reports_wraps: bool,
    /// Some source names the state "available".
    names_available: bool,
}

impl Timeline {
    /// Add a change.
    pub(super) fn insert(&mut self, at: Time, change: AgentChange) {
        if self.cut_at.is_some_and(|cut| at <= cut) || self.is_too_late(at) {
            return;
        }
        // A day's entries of all agents are much of the memory: twice as much room as they take would be wasted.
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(self.entries.len() / 8 + 4);
        }
        let key = (at, rank(change));
        let known = (self.names_contacts, self.reports_wraps);
        match change {
            AgentChange::State(state, _) => {
                self.names_available |= state == AgentState::Available;
                self.names_contacts |= state == AgentState::OnContact;
                self.names_ringing |= state == AgentState::Ringing;
            }
            AgentChange::WrapEnds => self.reports_wraps = true,
            AgentChange::TalkStarts | AgentChange::TalkEnds | AgentChange::WorkLapses => {}
        }
        let is_known = known == (self.names_contacts, self.reports_wraps);
        if is_known && let Some(last) = self.entries.last().filter(|last| last.at < at) {
            let mut entry = TimelineEntry::new(at, change);
            entry.follow(Some(*last), self.reports_wraps);
            self.entries.push(entry);
            self.note_change(at);
            if self.entries.len() > self.totals.len() * ENTRIES_PER_TOTAL {
                let next = self.totals_of(self.totals.len() * ENTRIES_PER_TOTAL);
                self.totals.push(next);
            }
            return;
        }
        let mut place = self.entries.iter().rposition(|e| (e.at, rank(e.change())) <= key).map_or(0, |p| p + 1);
        // Of the states named at one instant the last one holds. The one before it is kept as well: it took no time, and says
        // that what holds now began anew. Further ones would say no more.
        let is_state = |change| matches!(change, AgentChange::State(..));
        let named = |place: Option<usize>| {
            let entry = self.entries.get(place?).filter(|entry| entry.at == at)?;
            Some(entry.change()).filter(|change| is_state(*change))
        };
        let mut first_changed = place;
        if is_state(change) {
            if named(place.checked_sub(1)) == Some(change) {
                return;
            }
            if let Some(older) = place.checked_sub(2).filter(|older| named(Some(*older)).is_some()) {
                self.entries.remove(older);
                place -= 1;
                first_changed = older;
            }
        }
        self.entries.insert(place, TimelineEntry::new(at, change));
        // Knowing more about the sources changes the meaning of all entries.
        self.note_change(if is_known { at } else { Time(i64::MIN) });
        if is_known {
            self.recompute(first_changed);
        } else if self.cut_at.is_none() {
            self.recompute(0);
        } else {
            if let Some((first, totals)) = self.first_if_wrapping.take_if(|_| self.reports_wraps) {
                self.totals = vec![totals];
                self.entries.iter_mut().take(1).for_each(|entry| *entry = first);
            }
            self.recompute(1);
        }
    }

    /// Whether so many changes came after `at` that one more there is left out.
    fn is_too_late(&self, at: Time) -> bool {
        let first_after = self.entries.len().checked_sub(MAX_CHANGES_AFTER).and_then(|place| self.entries.get(place));
        first_after.is_some_and(|entry| entry.at > at)
    }

    /// Remove a change that did not happen after all.
    pub(super) fn remove(&mut self, at: Time, change: AgentChange) {
        if self.is_too_late(at) {
            return;
        }
        let place = self.entries.iter().rposition(|e| e.at == at && e.change() == change);
        if let Some(place) = place.filter(|place| *place > 0 || self.cut_at.is_none()) {
            self.entries.remove(place);
            self.note_change(at);
            self.recompute(place);
        }
    }

    fn note_change(&mut self, at: Time) {
        self.changed_from = Some(self.changed_from.map_or(at, |known| known.min(at)));
    }

    /// The earliest change since this was last called.
    pub(super) fn take_changed_from(&mut self) -> Option<Time> {
        self.changed_from.take()
    }

    /// End at `at` the states that were announced to end later.
    pub(super) fn end_at(&mut self, at: Time) {
        let after = self.entries.partition_point(|entry| entry.at <= at);
        for entry in self.entries.iter_mut().skip(after) {
            entry.at = at;
        }
        self.note_change(at);
        self.recompute(after);
    }

    /// Compute the entries from index `from` on.
    fn recompute(&mut self, from: usize) {
        if from == 0 {
            self.first_since = None;
        }
        let last_mark = self.marks.last().map(|(entry, _)| *entry);
        let mut before = from.checked_sub(1).map_or(last_mark, |last| self.entries.get(last).copied());
        for entry in self.entries.iter_mut().skip(from) {
            entry.follow(before, self.reports_wraps);
            before = Some(*entry);
        }
        // What came before the first entry is not known any more, or there was nothing.
        let first = self.totals.first().copied().unwrap_or_default();
        self.totals.truncate(from.div_ceil(ENTRIES_PER_TOTAL).max(1));
        if self.totals.is_empty() {
            self.totals.push(first);
        }
        while self.totals.len() * ENTRIES_PER_TOTAL < self.entries.len() {
            let next = self.totals_of(self.totals.len() * ENTRIES_PER_TOTAL);
            self.totals.push(next);
        }
    }

    /// The total times up to an entry.
    fn totals_of(&self, place: usize) -> Totals {
        let known = (place / ENTRIES_PER_TOTAL).min(self.totals.len().saturating_sub(1));
        let mut totals = self.totals.get(known).copied().unwrap_or_default();
        let entries = self.entries.get(known * ENTRIES_PER_TOTAL..=place).unwrap_or_default();
        for pair in entries.windows(2) {
            if let [entry, next] = pair {
                totals = totals.after(*entry, next.at, self.names_contacts);
            }
        }
        totals
    }

    /// The state at `now`, its reason and since when it holds; `None` before the first change.
    pub(super) fn state(&self, now: Time) -> Option<(AgentState, ReasonNo, Time)> {
        let entries_until = self.entries_until(now);
        let current = entries_until.checked_sub(1).and_then(|p| self.entries.get(p))?;
        let shown = (current.state(self.names_contacts), current.reason(self.names_contacts));
        let is_shown =
            |entry: &&TimelineEntry| (entry.state(self.names_contacts), entry.reason(self.names_contacts)) == shown;
        let lasting = self.entries.iter().take(entries_until).rev().take_while(is_shown);
        let (count, since) = lasting.fold((0, current.at), |(count, _), entry| (count + 1, entry.at));
        let since = self.first_since.filter(|_| count == entries_until).unwrap_or(since);
        Some((shown.0, shown.1, since))
    }

    /// The states between two instants with their reasons, and when each began, the first at `from` if it did before.
    /// Where two that follow each other are the same, another one was between them for no time.
    pub(super) fn states(&self, from: Time, to: Time) -> Vec<(Time, AgentState, ReasonNo)> {
        let first = self.entries_until(from).saturating_sub(1);
        let mut states: Vec<(Time, AgentState, ReasonNo)> = Vec::new();
        let mut before = None;
        for entry in self.entries.iter().skip(first).take_while(|entry| entry.at < to) {
            let (state, reason) = (entry.state(self.names_contacts), entry.reason(self.names_contacts));
            if before.replace((state, reason)) == Some((state, reason)) {
                continue;
            }
            let at = entry.at.max(from);
            // Of the states at one instant the last one holds.
            states.pop_if(|last| last.0 == at);
            states.push((at, state, reason));
        }
        states
    }

    /// When the state at `now` lapses if nothing is heard of the agent for `ttl`; `None` where it does not: the agent is offline
    /// or has a contact, or the state is unknown already.
    pub(super) fn lapses_at(&self, now: Time, ttl: Span) -> Option<Time> {
        let last = self.entries_until(now).checked_sub(1).and_then(|place| self.entries.get(place))?;
        let may_lapse = last.talking() <= 0 && last.state(self.names_contacts).is_staffed();
        may_lapse.then(|| last.at + ttl)
    }

    /// The state at `now`, its reason and since when it holds; an unknown one since the agent was last heard of where that has
    /// lapsed. `None` before the first change.
    pub(super) fn state_unless_lapsed(&self, now: Time, ttl: Span) -> Option<(AgentState, ReasonNo, Time)> {
        let lapsed = self.lapses_at(now, ttl).filter(|at| *at <= now);
        lapsed.map_or_else(|| self.state(now), |at| Some((AgentState::Unknown, ReasonNo::UNKNOWN, at - ttl)))
    }

    /// The state at `now` and its reason, where a contact `rings` the agent or none does; offline before the first change, and
    /// unknown where nothing was heard for `ttl`.
    pub(super) fn activity(&self, now: Time, rings: bool, ttl: Span) -> (AgentState, ReasonNo) {
        match self.state_unless_lapsed(now, ttl) {
            Some((AgentState::Available, reason, _)) if rings && !self.names_ringing => (AgentState::Ringing, reason),
            Some((AgentState::Unknown, reason, _)) if rings => (AgentState::Ringing, reason),
            Some((state, reason, _)) => (state, reason),
            None => (AgentState::Offline, ReasonNo::UNKNOWN),
        }
    }

    /// When the first change after `now` is, if one is announced.
    pub(super) fn next_change(&self, now: Time) -> Option<Time> {
        self.entries.get(self.entries_until(now)).map(|entry| entry.at)
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

    /// The times from the newest entry until `now` on, while there are no more entries.
    pub(super) fn running_times(&self, now: Time) -> RunningTimes {
        let entry = self.entries_until(now).checked_sub(1).and_then(|place| Some((place, *self.entries.get(place)?)));
        RunningTimes {
            newest: entry.map(|(place, entry)| (entry, self.totals_of(place))),
            names_contacts: self.names_contacts,
            known: self.names_available,
        }
    }

    /// The total times up to `at`.
    pub(super) fn totals_at(&self, at: Time) -> Totals {
        if let Some(place) = self.entries_until(at).checked_sub(1)
            && let Some(entry) = self.entries.get(place)
        {
            return self.totals_of(place).after(*entry, at, self.names_contacts);
        }
        let mark = self.marks.partition_point(|(entry, _)| entry.at <= at).checked_sub(1);
        let mark = mark.and_then(|place| self.marks.get(place));
        mark.map_or_else(Totals::default, |(entry, totals)| totals.after(*entry, at, self.names_contacts))
    }

    /// How long the agent was staffed and available between two instants.
    pub(super) fn times(&self, from: Time, to: Time) -> AgentTimes {
        self.totals_at(to.max(from)).since(self.totals_at(from), self.names_available)
    }

    /// From when on the times between any two instants are known; `None` where nothing was dropped.
    pub(super) fn known_since(&self) -> Option<Time> {
        let dropped = self.cut_at.is_some() || self.first_since.is_some() || !self.marks.is_empty();
        self.entries.first().filter(|_| dropped).map(|first| first.at)
    }

    /// Add to `sums` how long the agent was staffed and available between each two of `bounds`, which ascend.
    pub(super) fn add_times(&self, bounds: &[Time], sums: &mut [AgentTimes]) {
        let (Some(from), Some(to)) = (bounds.first(), bounds.last()) else { return };
        let first = self.entries_until(*from).saturating_sub(1);
        let entries = self.entries.get(first..).unwrap_or_default();
        let ends = entries.iter().skip(1).map(|entry| entry.at).chain([*to]);
        let mut step = 0;
        for (entry, end) in entries.iter().zip(ends) {
            let (staffed, available) = counts(entry.state(self.names_contacts));
            let (mut at, end) = (entry.at.max(*from), end.min(*to));
            while at < end {
                while bounds.get(step + 1).is_some_and(|bound| *bound <= at) {
                    step += 1;
                }
                let until = bounds.get(step + 1).map_or(end, |bound| end.min(*bound));
                if let Some(sum) = sums.get_mut(step) {
                    sum.staffed = sum.staffed + if staffed { until.since(at) } else { Span::ZERO };
                    sum.available = sum.available + if available { until.since(at) } else { Span::ZERO };
                    sum.known |= self.names_available;
                }
                at = until;
            }
        }
    }

    /// Drop the entries before `at`, and whatever is inserted before the first that is left. Times from before all entries
    /// on stay exact, also when the sources turn out to report the end of after-contact work.
    pub(super) fn cut_before(&mut self, at: Time) {
        let last = self.entries.partition_point(|entry| entry.at <= at).saturating_sub(1);
        // Whole groups, so that the total times of what is left stay.
        let groups = last / ENTRIES_PER_TOTAL;
        if groups == 0 {
            return;
        }
        let last = groups * ENTRIES_PER_TOTAL;
        if !self.reports_wraps {
            let mut before = self.first_if_wrapping;
            for entry in self.entries.iter().take(last + 1).skip(usize::from(before.is_some())) {
                let mut entry = *entry;
                entry.follow(before.map(|(before, _)| before), true);
                let totals = before.map(|(before, totals)| totals.after(before, entry.at, self.names_contacts));
                before = Some((entry, totals.unwrap_or_default()));
            }
            self.first_if_wrapping = before;
        }
        self.entries.drain(..last);
        self.totals.drain(..groups);
        self.cut_at = self.entries.first().map(|entry| entry.at);
        self.entries.shrink_to(self.entries.len() + self.entries.len() / 2);
    }

    /// Drop the entries before `at`, except those that hold at one of `marks` (ascending): times that begin at a mark
    /// stay exact.
    pub(super) fn drop_before(&mut self, at: Time, marks: &[Time]) {
        let Some(last) = self.entries.partition_point(|e| e.at <= at).checked_sub(1) else { return };
        self.first_since = self.state(at).map(|(.., since)| since);
        self.marks.extend(self.entries.iter().take(last).map(|entry| (*entry, Totals::default())));
        let known = self.marks.len() - last;
        for place in 0..last {
            let totals = self.totals_of(place);
            if let Some(mark) = self.marks.get_mut(known + place) {
                mark.1 = totals;
            }
        }
        let first = self.totals_of(last);
        self.entries.drain(..last);
        self.entries.shrink_to(self.entries.len() + self.entries.len() / 4);
        self.totals = vec![first];
        self.recompute(1);
        // Of the older ones, each mark needs the last before it.
        let next = self.entries.first().map(|entry| entry.at);
        let at: Vec<Time> = self.marks.iter().map(|(entry, _)| entry.at).chain(next).collect();
        let mut ends = at.into_iter().skip(1);
        self.marks.retain(|(entry, _)| {
            let end = ends.next();
            let first = marks.partition_point(|mark| *mark < entry.at);
            marks.get(first).is_some_and(|mark| end.is_none_or(|end| *mark < end))
        });
        self.marks.shrink_to_fit();
    }
}

/// An agent's total times as they go on in the present state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RunningTimes {
    /// The newest entry with the totals up to it; `None` where there is none.
    newest: Option<(TimelineEntry, Totals)>,
    names_contacts: bool,
    known: bool,
}

impl RunningTimes {
    /// The times from when the totals were `before` until `now`.
    pub(super) fn since(&self, before: Totals, now: Time) -> AgentTimes {
        let after = self.newest.map_or(before, |(entry, totals)| totals.after(entry, now, self.names_contacts));
        after.since(before, self.known)
    }

    /// Whether it is known when the agent is available.
    pub(super) const fn is_known(&self) -> bool {
        self.known
    }

    /// Since when the times go on evenly, and whether the staffed and the available time do; `None` where both stand.
    pub(super) fn rates(&self) -> Option<(Time, (bool, bool))> {
        self.newest.map(|(entry, _)| (entry.at, counts(entry.state(self.names_contacts))))
    }
}

/// Whether agents in a state are staffed, and whether they are available.
const fn counts(state: AgentState) -> (bool, bool) {
    (state.is_staffed(), matches!(state, AgentState::Available | AgentState::Ringing))
}

impl Totals {
    /// What was added since the totals were `before`.
    fn since(self, before: Self, known: bool) -> AgentTimes {
        let Self { staffed, available } = self;
        AgentTimes { staffed: staffed - before.staffed, available: available - before.available, known }
    }

    /// The totals at `at`, if these are those of an entry that still holds then.
    fn after(self, entry: TimelineEntry, at: Time, names_contacts: bool) -> Self {
        let lasted = at.since(entry.at);
        let (staffed, available) = counts(entry.state(names_contacts));
        let add = |total: Span, counts: bool| if counts { total + lasted } else { total };
        Self { staffed: add(self.staffed, staffed), available: add(self.available, available) }
    }
}

#[cfg(test)]
mod tests;
