//! Taking reports of visits: which items they open, change and end.

use super::item::{Closing, Occasion, OccasionKind, WorkItem, WorkState};
use super::{Outcome, VisitKey, WorkKey, WorkKind, Worklist};
use crate::clock::{Span, Time};
use crate::engine::{VisitCourse, VisitReport};
use crate::event::Channel;
use crate::text::{Label, Text};

impl Worklist {
    /// Take a report, which may have come before.
    pub fn take(&mut self, report: &VisitReport, now: Time) {
        for kind in self.settings.kinds.clone() {
            match self.reason(kind, report) {
                Some(occasion) if occasion.at >= self.horizon => self.add(kind, report, occasion, now),
                Some(_) => {}
                None => self.withdraw(kind, report, now),
            }
        }
        if !report.customer.is_empty() {
            self.follow_customer(report);
        }
    }

    /// Why a visit is a reason for an item; `None` where it is none.
    fn reason(&self, kind: WorkKind, report: &VisitReport) -> Option<Occasion> {
        let (what, at, value) = match kind {
            WorkKind::Callback if report.channel == Channel::Callback => return None,
            WorkKind::Callback => {
                let wait = report.wait.map(Span::as_secs_f64);
                match report.course {
                    VisitCourse::HungUp(_) if report.wait.is_some_and(|wait| wait < self.settings.least_wait) => {
                        return None;
                    }
                    VisitCourse::HungUp(at) => (OccasionKind::HungUp, at, wait),
                    VisitCourse::AskedBack(at) => (OccasionKind::AskedBack, at, wait),
                    _ => return None,
                }
            }
            WorkKind::LowScore => {
                let low = |score: Option<(Time, f64)>, limit: f64| score.filter(|(_, score)| *score <= limit);
                let csat = low(report.csat, self.settings.csat).map(|score| (OccasionKind::Satisfaction, score));
                let nps = || low(report.nps, self.settings.nps).map(|score| (OccasionKind::Recommendation, score));
                let (what, (at, score)) = csat.or_else(nps)?;
                (what, at, Some(score))
            }
            WorkKind::Reopened => (OccasionKind::Reopened, report.reopened?, None),
            WorkKind::LongHandling => {
                let is_long = |handling: &_| *handling >= self.settings.handling && !report.channel.is_asynchronous();
                let handling = report.handling.filter(is_long)?;
                (OccasionKind::Handled, report.ended?, Some(handling.as_secs_f64()))
            }
        };
        Some(Occasion { kind: what, contact: report.contact.clone(), joined: report.joined, at, value })
    }

    /// Add a reason to the item about it, or open one.
    fn add(&mut self, kind: WorkKind, report: &VisitReport, occasion: Occasion, now: Time) {
        let subject = if report.customer.is_empty() { &report.contact } else { &report.customer };
        let key = WorkKey { kind, subject: subject.clone(), queue: report.queue.clone() };
        let visit = VisitKey { kind, contact: report.contact.clone(), joined: report.joined };
        let mut place = self.newest.get(&key).copied();
        if let Some(id) = self.visits.get(&visit).copied() {
            let Some(item) = self.items.get(&id) else { return };
            if super::key_of(item) == key {
                place = Some(id);
            } else if item.is_closed() {
                return;
            } else {
                // Who the customer is became known, or another queue.
                self.remove(id, report, now);
            }
        }
        let known = place.and_then(|id| self.items.get_mut(&id));
        // What happened before an item was closed is settled with it, unless it was closed because it was none.
        let is_settled = |closing: &Closing| occasion.at <= closing.at && closing.outcome != Outcome::Withdrawn;
        let fitting = known.filter(|item| item.closed.as_ref().is_none_or(is_settled));
        let id = if let Some(item) = fitting {
            if item.set_occasion(occasion) {
                (item.channel, item.intent) = (report.channel, report.intent.clone());
                item.agent.clone_from(&report.agent);
                self.changed.insert(item.id);
            }
            item.id
        } else {
            self.open(kind, report, occasion, now)
        };
        self.visits.insert(visit, id);
    }

    fn open(&mut self, kind: WorkKind, report: &VisitReport, occasion: Occasion, now: Time) -> u64 {
        self.make_room(now);
        let id = self.next_id;
        let since = occasion.at;
        let mut item = WorkItem {
            id,
            version: 0,
            kind,
            customer: report.customer.clone(),
            contact: report.contact.clone(),
            queue: report.queue.clone(),
            channel: report.channel,
            intent: report.intent.clone(),
            agent: report.agent.clone(),
            why: Text::default(),
            since,
            due: since + self.settings.due,
            occasions: Vec::new(),
            attempts: 0,
            state: WorkState::Open,
            claim: None,
            closed: None,
            note: None,
            trail: Vec::new(),
        };
        item.set_occasion(occasion);
        self.put(item);
        self.changed.insert(id);
        id
    }

    /// A visit is no reason, or no longer one.
    fn withdraw(&mut self, kind: WorkKind, report: &VisitReport, now: Time) {
        let visit = VisitKey { kind, contact: report.contact.clone(), joined: report.joined };
        let Some(id) = self.visits.get(&visit).copied() else { return };
        let was_reason = |item: &WorkItem| {
            item.reasons().any(|known| (&known.contact, known.joined) == (&report.contact, report.joined))
        };
        if !self.is_reading && self.items.get(&id).is_some_and(|item| !item.is_closed() && was_reason(item)) {
            self.remove(id, report, now);
        }
    }

    /// Remove a visit from an item, which ends if it was the only reason.
    fn remove(&mut self, id: u64, report: &VisitReport, now: Time) {
        let Some(item) = self.items.get_mut(&id) else { return };
        let visit = VisitKey { kind: item.kind, contact: report.contact.clone(), joined: report.joined };
        self.visits.remove(&visit);
        item.remove_occasion(&report.contact, report.joined);
        if item.reasons().next().is_none() {
            match report.course {
                VisitCourse::Answered(at) => item.close(at, Outcome::Answered, None, None),
                _ => item.close(now, Outcome::Withdrawn, None, None),
            }
        }
        self.changed.insert(id);
    }

    /// See what a customer's call means for the call-backs that are open: an attempt, or the end of them. A call is about
    /// the same if it is in the same queue, or about the same intent.
    fn follow_customer(&mut self, report: &VisitReport) {
        let Some(ids) = self.of_customer.get(&report.customer).cloned() else { return };
        let is_same =
            |item: &WorkItem| item.queue == report.queue || !item.intent.is_empty() && item.intent == report.intent;
        let is_ours = report.channel == Channel::Callback;
        for id in ids {
            let Some(item) = self.items.get_mut(&id) else { continue };
            if item.kind != WorkKind::Callback || item.is_closed() || !is_same(item) {
                continue;
            }
            match report.course {
                VisitCourse::Answered(at) if at >= item.last() => {
                    item.close(at, if is_ours { Outcome::Reached } else { Outcome::Answered }, None, None);
                    self.changed.insert(id);
                }
                // Hanging up again is a reason of its own.
                VisitCourse::HungUp(_) | VisitCourse::AskedBack(_) if !is_ours => {}
                _ if report.joined > item.last() => {
                    let kind = if is_ours { OccasionKind::CalledBack } else { OccasionKind::CalledAgain };
                    let (contact, joined): (Label, Time) = (report.contact.clone(), report.joined);
                    if item.set_occasion(Occasion { kind, contact, joined, at: joined, value: None }) {
                        self.changed.insert(id);
                    }
                }
                _ => {}
            }
        }
    }
}
