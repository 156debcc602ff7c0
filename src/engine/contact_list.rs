//! Lists of contacts, from memory and the archive.

use super::Engine;
use super::live::ContactNow;
use super::visit::{QueueVisit, VisitStage};
use crate::clock::Time;
use crate::kpi::{Dim, Period, Slice};
use crate::text::Patterns;

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
        self.flush();
        let range = self.range(over, now);
        let Some(of) = self.resolve(of, &Patterns::default()) else { return Vec::new() };
        let within = |visit: &QueueVisit| {
            let ended = visit.ended.is_none_or(|ended| range.contains(&ended));
            (range.contains(&visit.joined) || ended) && visit.joined < range.end
        };
        let wanted = |engine: &Self, visit: &QueueVisit| {
            let fits = visit.stage == VisitStage::Abandoned || !only_abandoned;
            visit.counted && fits && engine.contains(&of, &visit.cell()) && within(visit)
        };
        let mut out: Vec<ContactNow> = Vec::new();
        let queue = of.parts.iter().find(|(dim, _)| *dim == Dim::Queue).map(|(_, value)| value.name());
        for contact in self.contacts.newest_first(queue) {
            let visits = contact.visits.iter().rev().filter(|visit| wanted(self, visit));
            out.extend(visits.take(limit - out.len()).map(|visit| self.contact_now(&contact, visit)));
            if out.len() >= limit {
                break;
            }
        }
        for contact in self.archived_contacts(&range, limit - out.len(), &|visit| wanted(self, visit)) {
            let Some(contact) = self.unarchived(&contact) else { continue };
            let visits = contact.visits.iter().rev().filter(|visit| wanted(self, visit));
            out.extend(visits.take(limit - out.len()).map(|visit| self.contact_now(&contact, visit)));
        }
        out.sort_by_key(|contact| std::cmp::Reverse(contact.joined));
        out
    }

    /// The contacts of a slice that are going on, at most `limit`. First those who wait for somebody to pick up, then the
    /// conversations, then what waits for an answer in hours; of each the one that is in its state for longest.
    pub fn live_contacts(&mut self, of: &Slice, limit: usize) -> Vec<ContactNow> {
        self.flush();
        let Some(of) = self.resolve(of, &Patterns::default()) else { return Vec::new() };
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
