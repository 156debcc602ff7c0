//! Lists of contacts, from memory and the archive.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use super::Engine;
use super::contact_store::ContactPlace;
use super::groups::ResolvedSlice;
use super::interner::{AgentNo, NameNo, TeamNo};
use super::live::ContactNow;
use super::visit::{QueueVisit, VisitStage};
use crate::clock::Time;
use crate::kpi::{Dim, Period, Slice};
use crate::text::Patterns;

/// A search for contacts. The archive can hold millions, so that it is searched in portions: see
/// [`Engine::search_contacts`].
#[derive(Debug)]
pub struct ContactSearch {
    of: Slice,
    /// Contacts of other queues are left out.
    queues: Patterns,
    range: Range<Time>,
    only_abandoned: bool,
    limit: usize,
    found: Vec<ContactNow>,
    /// When the last contact that was looked at ended, and its number; `None` before memory was searched.
    reached: Option<(Time, u64)>,
}

impl ContactSearch {
    /// What was found, the newest first.
    #[must_use]
    pub fn into_found(mut self) -> Vec<ContactNow> {
        // A contact may go into the archive between two portions, and be found twice.
        let mut seen = HashSet::new();
        self.found.retain(|found| seen.insert((found.contact.clone(), found.queue.clone(), found.joined)));
        self.found.sort_by_key(|contact| Reverse(contact.joined));
        self.found
    }

    /// Begin anew.
    pub fn restart(&mut self) {
        (self.found, self.reached) = (Vec::new(), None);
    }

    fn wants(&self, engine: &Engine, of: &ResolvedSlice, visit: &QueueVisit) -> bool {
        let ended = visit.ended.is_none_or(|ended| self.range.contains(&ended));
        let within = (self.range.contains(&visit.joined) || ended) && visit.joined < self.range.end;
        let fits = visit.stage == VisitStage::Abandoned || !self.only_abandoned;
        visit.counted && fits && within && engine.contains(of, &visit.cell())
    }

    const fn left(&self) -> usize {
        self.limit.saturating_sub(self.found.len())
    }
}

impl Engine {
    /// The contacts of a slice that joined or ended within a period, the newest first.
    pub fn contacts(
        &mut self,
        of: &Slice,
        over: Period,
        now: Time,
        only_abandoned: bool,
        limit: usize,
    ) -> Vec<ContactNow> {
        let mut search = self.contact_search(of.clone(), Patterns::default(), (over, now), only_abandoned, limit);
        while self.search_contacts(&mut search) {}
        search.into_found()
    }

    /// A search that has not begun, for at most `limit` contacts of a slice and of the queues that pass `queues`, which
    /// joined or ended within a period at `now`.
    pub fn contact_search(
        &self,
        of: Slice,
        queues: Patterns,
        (over, now): (Period, Time),
        only_abandoned: bool,
        limit: usize,
    ) -> ContactSearch {
        let range = self.range(over, now);
        ContactSearch { of, queues, range, only_abandoned, limit, found: Vec::new(), reached: None }
    }

    /// Search a portion: memory, or the next contacts of the archive. Returns whether there is more to search.
    pub fn search_contacts(&mut self, search: &mut ContactSearch) -> bool {
        self.flush();
        let Some(of) = self.resolve(&search.of, &search.queues) else { return false };
        let Some(reached) = search.reached else {
            search.reached = Some(Self::archive_end(&search.range));
            self.search_memory(search, &of);
            return search.left() > 0 && self.is_archived_from(search.range.start);
        };
        let mut wanted = Vec::new();
        let (mut left, mut looked_at, mut last) = (search.left(), 0, reached);
        self.archived_contacts(search.range.start, reached, &mut |archived, contact| {
            (looked_at, last) = (looked_at + 1, (archived.ended, archived.number));
            let visits = contact.visits.iter().filter(|visit| search.wants(self, &of, visit)).count();
            if visits > 0 {
                wanted.push(archived);
            }
            left = left.saturating_sub(visits);
            left > 0 && looked_at < self.settings.searched_at_once
        });
        for archived in wanted {
            let Some(contact) = self.unarchived(&archived) else { continue };
            let left = search.left();
            let visits = contact.visits.iter().rev().filter(|visit| search.wants(self, &of, visit));
            let visits: Vec<_> = visits.take(left).map(|visit| self.contact_now(&contact, visit)).collect();
            search.found.extend(visits);
        }
        search.reached = Some(last);
        left > 0 && looked_at == self.settings.searched_at_once
    }

    fn search_memory(&self, search: &mut ContactSearch, of: &ResolvedSlice) {
        let is_of_team = |agent: AgentNo, team: TeamNo| {
            self.agent_records.get(agent.index()).is_some_and(|record| record.team == team)
        };
        let may_hold = |place: ContactPlace| {
            of.parts.iter().all(|(dim, value)| match dim {
                Dim::Queue => place.may_be_in(value.name()),
                Dim::Agent => place.may_be_with(|agent| agent == value.name()),
                Dim::Team => place.may_be_with(|agent| is_of_team(agent, value.name())),
                Dim::Intent | Dim::Channel => true,
            })
        };
        for contact in self.contacts.newest_first(may_hold) {
            let left = search.left();
            if left == 0 {
                break;
            }
            let visits = contact.visits.iter().rev().filter(|visit| search.wants(self, of, visit));
            let visits: Vec<_> = visits.take(left).map(|visit| self.contact_now(&contact, visit)).collect();
            search.found.extend(visits);
        }
    }

    /// The contacts of a slice and of the queues that pass `queues` that are going on, at most `limit`. First those who
    /// wait for somebody to pick up, then the conversations, then what waits for an answer in hours; of each the one
    /// that is in its state for longest.
    pub fn live_contacts(&mut self, of: &Slice, queues: &Patterns, limit: usize) -> Vec<ContactNow> {
        let now = self.current.at().unwrap_or(self.newest);
        self.update_current(now);
        let Some(of) = self.resolve(of, queues) else { return Vec::new() };
        let visits = self.current.open_visits().filter(|visit| self.contains(&of, visit.cell()));
        let mut open: Vec<_> = visits.map(|visit| (visit.order(), visit.contact(), visit.number())).collect();
        // There may be tens of thousands.
        if limit < open.len() {
            open.select_nth_unstable(limit);
            open.truncate(limit);
        }
        open.sort_unstable();
        let found = open.into_iter().filter_map(|(.., (number, index))| {
            let contact = self.contacts.get(number)?;
            Some((contact, contact.visits.get(index)?))
        });
        found.map(|(contact, visit)| self.contact_now(contact, visit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Span;
    use crate::engine::Settings;
    use crate::event::{AgentProfile, Channel, Event, EventKind, Offer, Step, TransferKind};
    use crate::text::Label;

    /// A step of one of five contacts: it joins one of three queues, one of three agents takes it, or it is over.
    fn step(contact: u8, what: u8, of: u8) -> EventKind {
        let queue = Label::from(["sales", "support", "night"][usize::from(of % 3)]);
        let step = match what {
            0 => Step::Offered(Offer::new(queue.clone(), Channel::Voice)),
            1 => Step::Answered { agent: ["ann", "bob", "cleo"][usize::from(of % 3)].into(), wait: None },
            2 => Step::Transferred {
                agent: None,
                kind: TransferKind::Blind,
                to_queue: Some(queue.clone()),
                to_agent: None,
                to_number: None,
                talk: None,
            },
            _ => Step::Completed { agent: None, ended_by: None, talk: None, hold: None },
        };
        let queue = matches!(what, 0).then_some(queue);
        EventKind::Contact { contact: format!("c{contact}").as_str().into(), queue, step }
    }

    proptest! {
        #[test]
        fn contacts_are_found_by_queue_agent_and_team(
            steps in proptest::collection::vec((0..5_u8, 0..4_u8, 0..3_u8), 1..40),
        ) {
            let mut engine = Engine::new(Settings::default());
            let start = Time::from_unix(1_772_528_400);
            let at = |second: usize| start + Span::seconds(i64::try_from(second).unwrap());
            let event = |second, kind| Event { at: at(second), origin: "pbx".into(), id: None, kind };
            for (agent, team) in [("ann", "north"), ("bob", "north"), ("cleo", "south")] {
                let profile = AgentProfile { agent: agent.into(), team: Some(team.into()), ..AgentProfile::default() };
                engine.apply(&event(0, EventKind::AgentProfile(profile)));
            }
            let over = Period::Range(start, at(100));
            for (second, (contact, what, of)) in steps.into_iter().enumerate() {
                engine.apply(&event(second + 1, step(contact, what, of)));
                let mut found = |of: Slice| engine.contacts(&of, over, at(100), false, 100);
                let all = found(Slice::TOTAL);
                let team = |agent: &Label| match agent.as_str() {
                    "" => "",
                    "cleo" => "south",
                    _ => "north",
                };
                let slices = [
                    (Dim::Queue, ["sales", "support", "night"]),
                    (Dim::Agent, ["ann", "cleo", ""]),
                    (Dim::Team, ["north", "south", ""]),
                ];
                for (dim, value) in slices.into_iter().flat_map(|(dim, values)| values.map(|value| (dim, value))) {
                    let key = |c: &ContactNow| (c.contact.clone(), c.queue.clone(), c.joined);
                    let belongs = |c: &&ContactNow| match dim {
                        Dim::Queue => c.queue.as_str() == value,
                        Dim::Agent => c.agent.as_str() == value,
                        _ => team(&c.agent) == value,
                    };
                    let own: Vec<_> = found(Slice::of(dim, value.into())).iter().map(key).collect();
                    prop_assert_eq!(own, all.iter().filter(belongs).map(key).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn what_two_portions_found_is_there_once() {
        let mut engine = Engine::new(Settings::default());
        let at = Time::from_unix(1_772_528_400);
        for id in ["a", "b"] {
            let step = Step::Offered(Offer::new("sales".into(), Channel::Voice));
            let kind = EventKind::Contact { contact: id.into(), queue: None, step };
            engine.apply(&Event { at, origin: "pbx".into(), id: None, kind });
        }
        let over = Period::Range(at, Time::from_unix(1_772_532_000));
        let mut search = engine.contact_search(Slice::default(), Patterns::default(), (over, at), false, 10);
        while engine.search_contacts(&mut search) {}
        search.found.push(search.found[0].clone());
        assert_eq!(search.into_found().len(), 2);
    }
}
