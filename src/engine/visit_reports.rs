//! Reports of visits that have changed, for what is derived of single contacts: the worklists.
//!
//! A report says how a visit stands, not what has changed, so whoever takes reports may get the same one twice.

use std::borrow::Cow;

use super::Engine;
use super::contact::Contact;
use super::contact_store::ContactNo;
use super::facts::Measure;
use super::interner::NameNo;
use super::visit::{QueueVisit, VisitStage};
use crate::clock::{Span, Time};
use crate::event::{Channel, LeftReason};
use crate::text::Label;

/// How a visit has gone so far, as far as the customer would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitCourse {
    /// The customer waits.
    Waiting,
    /// An agent answered.
    Answered(Time),
    /// The customer hung up while waiting.
    HungUp(Time),
    /// The customer left the queue to be called back.
    AskedBack(Time),
    /// It ended in another way, or how it ended is not known.
    Other,
}

/// How a visit stands that has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitReport {
    /// The contact's id.
    pub contact: Label,
    /// The queue.
    pub queue: Label,
    /// What it is about; empty where unknown.
    pub intent: Label,
    /// The customer; empty where unknown.
    pub customer: Label,
    /// The agent who answered; empty where none has.
    pub agent: Label,
    /// The channel.
    pub channel: Channel,
    /// When it joined the queue.
    pub joined: Time,
    /// How it has gone so far.
    pub course: VisitCourse,
    /// The wait; `None` while it lasts and where it is unknown.
    pub wait: Option<Span>,
    /// Talk time, hold and after-contact work, once the conversation is over; `None` where unknown.
    pub handling: Option<Span>,
    /// When the conversation ended.
    pub ended: Option<Time>,
    /// The last satisfaction score, on a scale of 1–5, and when it was given.
    pub csat: Option<(Time, f64)>,
    /// The last answer to how likely the customer is to recommend the company, 0–10, and when it was given.
    pub nps: Option<(Time, f64)>,
    /// When it was opened again last.
    pub reopened: Option<Time>,
}

impl VisitReport {
    /// When the newest of what it says happened.
    #[must_use]
    pub fn newest(&self) -> Time {
        let course = match self.course {
            VisitCourse::Answered(at) | VisitCourse::HungUp(at) | VisitCourse::AskedBack(at) => Some(at),
            VisitCourse::Waiting | VisitCourse::Other => None,
        };
        let scored = [self.csat, self.nps].into_iter().flatten().map(|(at, _)| at);
        scored.chain(course).chain(self.ended).chain(self.reopened).fold(self.joined, Time::max)
    }
}

/// The visits that are to be reported.
#[derive(Debug, Default)]
pub(super) struct VisitReports {
    /// Visits that joined before this are not reported; `None`: none are.
    since: Option<Time>,
    /// The contacts whose visits have changed, some more than once: what is reported is how they stand in the end.
    pending: Vec<ContactNo>,
}

impl VisitReports {
    fn wants(&self, visit: &QueueVisit) -> bool {
        let is_known = visit.counted || visit.stage == VisitStage::Void;
        self.since.is_some_and(|since| visit.joined >= since) && is_known
    }
}

impl Engine {
    /// From now on, report visits that change and joined at `since` or later. Whoever asks for this takes the reports
    /// soon: they take memory.
    pub fn report_visits(&mut self, since: Time) {
        self.visit_reports.since = Some(since);
    }

    /// The reports since the last call, in the order of what they say. Each is made when it is asked for: those of a whole
    /// past at once would take megabytes.
    pub fn take_visit_reports(&mut self) -> impl Iterator<Item = VisitReport> + '_ {
        if self.visit_reports.since.is_some() {
            self.flush();
        }
        let mut changed = std::mem::take(&mut self.visit_reports.pending);
        changed.sort_unstable();
        changed.dedup();
        let mut order: Vec<(Time, ContactNo, usize)> = Vec::with_capacity(changed.len());
        for number in changed {
            let Some(contact) = self.contact_of_report(number) else { continue };
            let visits = contact.visits.iter().enumerate().filter(|(_, visit)| self.visit_reports.wants(visit));
            order.extend(visits.map(|(at, visit)| (self.visit_report(&contact.id, visit).newest(), number, at)));
        }
        order.sort_unstable();
        order.into_iter().filter_map(|(_, number, at)| {
            let contact = self.contact_of_report(number)?;
            contact.visits.get(at).map(|visit| self.visit_report(&contact.id, visit))
        })
    }

    fn contact_of_report(&self, number: ContactNo) -> Option<Cow<'_, Contact>> {
        let contact = self.contacts.get(number).map(Cow::Borrowed);
        contact.or_else(|| self.contacts.copy(number).map(Cow::Owned))
    }

    /// How many contacts are to be reported on, at most.
    #[must_use]
    pub fn pending_visit_reports(&self) -> usize {
        self.visit_reports.pending.len()
    }

    /// Report the visits of a contact that has changed.
    pub(super) fn report_contact(&mut self, number: ContactNo) {
        let is_wanted = |contact: &Contact| contact.visits.iter().any(|visit| self.visit_reports.wants(visit));
        if self.visit_reports.since.is_some() && self.contacts.get(number).is_some_and(is_wanted) {
            self.visit_reports.pending.push(number);
        }
    }

    fn visit_report(&self, contact: &Label, visit: &QueueVisit) -> VisitReport {
        let ended = visit.ended.unwrap_or(visit.joined);
        let course = match visit.stage {
            VisitStage::Waiting => VisitCourse::Waiting,
            VisitStage::Abandoned => VisitCourse::HungUp(ended),
            VisitStage::Left(LeftReason::Callback) => VisitCourse::AskedBack(ended),
            _ => visit.answered.map_or(VisitCourse::Other, VisitCourse::Answered),
        };
        let added = || visit.rare().added_facts.iter().rev();
        let last = |measure| added().find(|fact| fact.measure == measure);
        let acw = visit.acw.map_or(Span::ZERO, |(_, acw)| acw);
        VisitReport {
            contact: contact.clone(),
            queue: self.queues.label(visit.queue),
            intent: self.intents.label(visit.intent),
            customer: self.customers.label(visit.customer),
            agent: self.agents.label(visit.agent),
            channel: visit.channel,
            joined: visit.joined,
            course,
            wait: visit.wait,
            handling: visit.talk.filter(|_| visit.stage.is_handled()).map(|talk| talk + visit.hold + acw),
            ended: visit.ended.filter(|_| visit.stage.is_handled() && visit.agent.is_known()),
            #[expect(clippy::cast_precision_loss, reason = "a score in millionths")]
            csat: last(Measure::Csat).map(|fact| (fact.at, fact.value as f64 / 1e6)),
            nps: last(Measure::Nps).map(|fact| (fact.at, f64::from(fact.arg))),
            reopened: last(Measure::Reopened).map(|fact| fact.at),
        }
    }
}
