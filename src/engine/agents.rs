//! Agents: what they are doing, and how long they did it.
//!
//! An agent's line is the ordered list of what was said of him (a state, a conversation's begin and end). What he
//! was doing at any time follows from it; a thing that comes late is put where it belongs and what follows is
//! worked out anew. Running totals stand beside each entry, so that the time in a state between any two instants is
//! a difference of two of them.

use crate::clock::{Span, Time};
use crate::event::AgentState;
use crate::kpi::AgentTimes;

/// Something said of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A source named the state, with a reason's number.
    State(AgentState, u32),
    /// A conversation begins.
    TalkStarts,
    /// It ends.
    TalkEnds,
    /// The after-contact work of one ends.
    WrapEnds,
    /// After-contact work that was named ends by itself, unless something else was named meanwhile.
    WorkLapses,
}

/// One thing said, and what held from then on.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Time,
    said: Said,
    named: Option<(AgentState, u32)>,
    talking: u16,
    /// After-contact work is being done: a conversation ended, and this agent's sources say when that is over.
    wrapping: bool,
    /// Totals up to `at`.
    staffed: Span,
    available: Span,
}

/// One agent.
#[derive(Debug, Default)]
pub(super) struct Line {
    entries: Vec<Entry>,
    /// A source names the state "on contact" itself, so that conversations need not be guessed from.
    names_contacts: bool,
    /// A source ever said when after-contact work ended.
    wraps: bool,
    /// A source ever said when he was available.
    named_available: bool,
}

impl Entry {
    fn state(&self, names_contacts: bool) -> AgentState {
        match self.named {
            Some((state, _)) if names_contacts => state,
            _ if self.talking > 0 => AgentState::OnContact,
            _ if self.wrapping => AgentState::AfterContact,
            Some((state, _)) => state,
            None => AgentState::Available,
        }
    }

    fn reason(&self, names_contacts: bool) -> u32 {
        match self.named {
            Some((state, reason)) if state == self.state(names_contacts) => reason,
            _ => 0,
        }
    }
}

/// Which of two things said at one instant holds: the end of a conversation never hides a state named with it.
const fn rank(said: Said) -> u8 {
    match said {
        Said::TalkEnds => 0,
        Said::WrapEnds | Said::WorkLapses => 1,
        Said::State(..) => 2,
        Said::TalkStarts => 3,
    }
}

impl Line {
    /// Something was said.
    pub(super) fn say(&mut self, at: Time, said: Said) {
        let key = (at, rank(said));
        let place = self.entries.iter().rposition(|e| (e.at, rank(e.said)) <= key).map_or(0, |p| p + 1);
        self.entries.insert(
            place,
            Entry { at, said, named: None, talking: 0, wrapping: false, staffed: Span::ZERO, available: Span::ZERO },
        );
        let known = (self.names_contacts, self.wraps);
        match said {
            Said::State(state, _) => {
                self.named_available |= state == AgentState::Available;
                self.names_contacts |= state == AgentState::OnContact;
            }
            Said::WrapEnds => self.wraps = true,
            Said::TalkStarts | Said::TalkEnds | Said::WorkLapses => {}
        }
        // What was learnt of the agent's sources tells what all the rest meant.
        self.work_out(if known == (self.names_contacts, self.wraps) { place } else { 0 });
    }

    /// Something turned out not to have happened.
    pub(super) fn unsay(&mut self, at: Time, said: Said) {
        if let Some(place) = self.entries.iter().rposition(|e| e.at == at && e.said == said) {
            self.entries.remove(place);
            self.work_out(place);
        }
    }

    fn work_out(&mut self, from: usize) {
        let (names_contacts, wraps) = (self.names_contacts, self.wraps);
        let mut before = from.checked_sub(1).and_then(|p| self.entries.get(p)).copied();
        for entry in self.entries.iter_mut().skip(from) {
            (entry.named, entry.talking, entry.wrapping) =
                before.map_or((None, 0, false), |b| (b.named, b.talking, b.wrapping));
            match entry.said {
                Said::State(state, reason) => {
                    entry.named = Some((state, reason));
                    entry.wrapping = false;
                }
                Said::TalkStarts => {
                    entry.talking += 1;
                    entry.wrapping = false;
                }
                Said::TalkEnds => {
                    entry.talking = entry.talking.saturating_sub(1);
                    entry.wrapping = wraps;
                }
                Said::WrapEnds => entry.wrapping = false,
                Said::WorkLapses => {
                    if let Some((AgentState::AfterContact, _)) = entry.named {
                        entry.named = Some((AgentState::Available, 0));
                    }
                }
            }
            (entry.staffed, entry.available) =
                before.map_or((Span::ZERO, Span::ZERO), |b| b.totals(entry.at, names_contacts));
            before = Some(*entry);
        }
    }

    /// The state at `now`, its reason and since when it holds; `None` before anything was said.
    pub(super) fn state(&self, now: Time) -> Option<(AgentState, u32, Time)> {
        let upto = self.upto(now);
        let current = upto.checked_sub(1).and_then(|p| self.entries.get(p))?;
        let shown = (current.state(self.names_contacts), current.reason(self.names_contacts));
        let mut since = current.at;
        for entry in self.entries.iter().take(upto).rev() {
            if (entry.state(self.names_contacts), entry.reason(self.names_contacts)) != shown {
                break;
            }
            since = entry.at;
        }
        Some((shown.0, shown.1, since))
    }

    /// How many entries are not after `at`. Mostly it is now, and that is after all of them, or the beginning of a
    /// day, and that is before.
    fn upto(&self, at: Time) -> usize {
        if self.entries.last().is_none_or(|last| last.at <= at) {
            return self.entries.len();
        }
        if self.entries.first().is_some_and(|first| first.at > at) {
            return 0;
        }
        self.entries.partition_point(|e| e.at <= at)
    }

    fn totals_at(&self, at: Time) -> (Span, Span) {
        let upto = self.upto(at);
        upto.checked_sub(1)
            .and_then(|p| self.entries.get(p))
            .map_or((Span::ZERO, Span::ZERO), |entry| entry.totals(at, self.names_contacts))
    }

    /// How long he was in which state between two instants.
    pub(super) fn times(&self, from: Time, to: Time) -> AgentTimes {
        let (staffed_from, available_from) = self.totals_at(from);
        let (staffed_to, available_to) = self.totals_at(to.max(from));
        AgentTimes {
            staffed: staffed_to - staffed_from,
            available: available_to - available_from,
            known: self.named_available,
        }
    }

    /// Let go of detail before `at`: of the older entries only those stay that hold at one of `marks` (ascending),
    /// so that times from a mark on stay exact.
    pub(super) fn forget_before(&mut self, at: Time, marks: &[Time]) {
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

impl Entry {
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

    fn line(said: &[(i64, Said)]) -> Line {
        let mut line = Line::default();
        for (seconds, said) in said {
            line.say(at(*seconds), *said);
        }
        line
    }

    const DAY: [(i64, Said); 6] = [
        (0, Said::State(AgentState::Available, 0)),
        (60, Said::TalkStarts),
        (180, Said::TalkEnds),
        (200, Said::State(AgentState::Paused, 7)),
        (300, Said::State(AgentState::Available, 0)),
        (400, Said::State(AgentState::Offline, 0)),
    ];

    #[test]
    fn times_are_differences_of_running_totals() {
        let line = line(&DAY);
        let all = line.times(at(0), at(1000));
        assert_eq!((all.staffed.as_secs(), all.available.as_secs()), (400, 60 + 20 + 100));
        let part = line.times(at(190), at(250));
        assert_eq!((part.staffed.as_secs(), part.available.as_secs()), (60, 10));
        assert_eq!(line.state(at(250)), Some((AgentState::Paused, 7, at(200))));
        assert_eq!(line.state(at(100)), Some((AgentState::OnContact, 0, at(60))));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let mut shuffled = DAY;
        shuffled.reverse();
        assert_eq!(line(&shuffled).times(at(30), at(390)), line(&DAY).times(at(30), at(390)));
    }

    #[test]
    fn after_contact_work_is_no_available_time_once_its_end_is_ever_said() {
        let mut line = line(&DAY);
        assert_eq!(line.state(at(190)).map(|s| s.0), Some(AgentState::Available));
        line.say(at(195), Said::WrapEnds);
        assert_eq!(line.state(at(190)).map(|s| s.0), Some(AgentState::AfterContact));
        assert_eq!(line.times(at(0), at(1000)).available.as_secs(), 60 + 5 + 100);
    }

    #[test]
    fn what_is_unsaid_never_was() {
        let mut line = line(&DAY);
        line.unsay(at(60), Said::TalkStarts);
        line.unsay(at(180), Said::TalkEnds);
        assert_eq!(line.times(at(0), at(200)).available.as_secs(), 200);
    }

    #[test]
    fn detail_may_go_but_days_stay_exact() {
        let mut line = line(&DAY);
        let before = line.times(at(190), at(1000));
        line.forget_before(at(350), &[at(190)]);
        assert_eq!(line.times(at(190), at(1000)), before);
        assert!(line.entries.len() < DAY.len());
    }
}
