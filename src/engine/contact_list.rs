//! Lists of contacts, from memory and the archive.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use super::Engine;
use super::groups::ResolvedSlice;
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
        let queue = of.parts.iter().find(|(dim, _)| *dim == Dim::Queue).map(|(_, value)| value.name());
        for contact in self.contacts.newest_first(queue) {
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
        self.flush();
        let Some(of) = self.resolve(of, queues) else { return Vec::new() };
        let visits = self.open_visits().filter(|(_, visit)| self.contains(&of, &visit.cell()));
        let mut open: Vec<_> = visits
            .map(|(contact, visit)| {
                let order = match visit.stage {
                    VisitStage::Waiting if visit.channel.is_asynchronous() => 2,
                    VisitStage::Waiting => 0,
                    _ => 1,
                };
                ((order, visit.since()), contact, visit)
            })
            .collect();
        open.sort_by(|(a, x, _), (b, y, _)| (a, &x.id).cmp(&(b, &y.id)));
        open.into_iter().take(limit).map(|(_, contact, visit)| self.contact_now(contact, visit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Settings;
    use crate::event::{Channel, Event, EventKind, Offer, Step};

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
