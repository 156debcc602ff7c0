//! Closing days: what is over leaves memory, or takes little of it.
//!
//! A business day is closed once every active source has passed it. Its facts become a segment. Contacts that are over,
//! but for the last ones, leave for the archive with the next checkpoint, where there is one; a late step or
//! a repeat brings them back.

use std::borrow::Cow;
use std::ops::Range;

use super::Engine;
use super::archive::ArchivedContact;
use super::contact::Contact;
use super::contact_store::{ContactNo, id_hash};
use super::fact_store::SegmentRef;
use super::interner::{AgentNo, CustomerNo, EvaluatorNo, IntentNo, NameNo, OriginNo, QueueNo};
use super::segment::{self, NameKind, Segment, SegmentNumbers};
use crate::clock::{Span, Time};
use crate::text::Label;

/// How long after its end a day is closed.
const CLOSING_DELAY: Span = Span::HOUR;
/// How far back a contact may join late and still be compared with all contacts within `fcr_window` before it.
const LATE_CONTACT: Span = Span::DAY;
/// The same for a question known beforehand: what its log tells later is told of in the report.
pub(super) const LATE_CONTACT_OF_LOGS: Span = Span(3 * Span::DAY.0);
/// The same where everything is kept, and files may come in any order.
const LATE_CONTACT_OF_REPORTS: Span = Span(31 * Span::DAY.0);

/// Agents' times are exact from the start of each of so many days.
const MAX_TIMELINE_DAYS: u64 = 31;

/// A list of contacts of a period in the past has those that ended so long after it at most.
const MAX_LISTED_LENGTH: Span = Span::DAY;

impl Engine {
    /// The time that every active origin has reached. What an inactive one sends later is counted late.
    pub(super) fn horizon(&self, now: Time) -> Time {
        let newest = (0..).map(OriginNo::new).zip(&self.newest_by_origin);
        let active = newest.filter(|(origin, _)| self.active_origins.contains(*origin)).map(|(_, newest)| *newest);
        // A clock that is set far ahead must not make the floor forget.
        active.min().unwrap_or(now).min(now).min(self.newest + Span::DAY)
    }

    /// Close the days that are over.
    pub(super) fn close_days(&mut self, now: Time) {
        let calendar = self.settings.calendar;
        // Of a standing query, the last day must not be among what was counted.
        let stays_open = if self.standing_query.is_some() { CLOSING_DELAY + Span::DAY } else { CLOSING_DELAY };
        let until = calendar.day_start(self.horizon(now) - stays_open, 0);
        let closes = until > self.facts.open_from();
        if !closes && !self.facts.has_many_late() {
            return;
        }
        self.flush();
        let mut facts = if self.count_closed(until) { Vec::new() } else { self.facts.take_closing(until) };
        facts.sort_by_key(|dated| dated.at);
        while let (Some(first), Some(last)) = (facts.first().map(|f| f.at), facts.last().map(|f| f.at)) {
            let day = calendar.day_start(first, 0);
            let next = calendar.start_of(calendar.day(first) + chrono::Days::new(1));
            let rest = if last < next { Vec::new() } else { facts.split_off(facts.partition_point(|f| f.at < next)) };
            let last = facts.last().map_or(first, |fact| fact.at);
            let label = |kind, number| match kind {
                NameKind::Queue => self.queues.label(QueueNo::new(number)),
                NameKind::Intent => self.intents.label(IntentNo::new(number)),
                NameKind::Agent => self.agents.label(AgentNo::new(number)),
                NameKind::Evaluator => self.evaluators.label(EvaluatorNo::new(number)),
            };
            let bytes = segment::encode(&mut facts, self.cells.all(), &label);
            self.newest_segment += 1;
            let segment = SegmentRef { id: self.newest_segment, first, last, bytes: Some(bytes.into()) };
            self.facts.add_segment(day, segment);
            facts = rest;
        }
        if closes {
            let late = match (&self.standing_query, self.settings.keep) {
                (Some(_), _) => LATE_CONTACT_OF_LOGS,
                (None, Some(_)) => LATE_CONTACT,
                (None, None) => LATE_CONTACT_OF_REPORTS,
            };
            let reached = until - late - self.settings.rules.fcr_window;
            self.repeats.drop_before(reached);
            self.forget_before(reached, until - late);
            self.drop_timelines(until);
        }
    }

    /// Keep of agents' times before yesterday what is needed to count from the start of a day.
    pub(super) fn drop_timelines(&mut self, now: Time) {
        let Some(keep) = self.settings.keep else { return };
        let calendar = self.settings.calendar;
        let days = u64::try_from(keep.0 / Span::DAY.0).unwrap_or(0).min(MAX_TIMELINE_DAYS);
        let day_starts: Vec<Time> = (0..=days).rev().map(|back| calendar.day_start(now, back)).collect();
        for agent in &mut self.agent_records {
            agent.timeline.drop_before(calendar.day_start(now, 1), &day_starts);
        }
    }

    /// The bytes of a segment, from memory or the archive; `None` where they can't be read.
    pub(super) fn segment_bytes(&mut self, day: Time, segment: &SegmentRef) -> Option<Vec<u8>> {
        let archived = || self.archive.as_ref()?.segment(segment.id);
        let bytes = segment.bytes.as_ref().map(|bytes| bytes.to_vec()).or_else(archived);
        if bytes.is_none() {
            self.unreadable_days.insert(day);
        }
        bytes
    }

    /// The numbers of a segment's names and cells here.
    pub(super) fn segment_numbers(&mut self, segment: &Segment<'_>) -> SegmentNumbers {
        let [queues, intents, agents, evaluators] = &segment.names;
        let queues: Vec<QueueNo> = queues.iter().map(|name| self.intern_queue(name, OriginNo::UNKNOWN)).collect();
        let intents: Vec<IntentNo> = intents.iter().map(|name| self.intents.intern(name)).collect();
        let agents: Vec<AgentNo> = agents.iter().map(|name| self.agents.intern(name)).collect();
        let evaluators = evaluators.iter().map(|name| self.evaluators.intern(name).number()).collect();
        let known = self.cells.all().len();
        let cells = segment.cells(&queues, &intents, &agents);
        let cells = cells.into_iter().map(|cell| self.cells.intern(cell)).collect();
        if self.cells.all().len() > known {
            // Slices are resolved with the names known before: views count anew the next time.
            self.epoch += 1;
        }
        SegmentNumbers { cells, evaluators }
    }

    /// What the archive stores of a contact: the contact, and the names of its customers, whose numbers may be given to
    /// others.
    pub(super) fn archived(&self, number: ContactNo, ended: Time, mut contact: Contact) -> Option<ArchivedContact> {
        let mut customers: Vec<(CustomerNo, Label)> = Vec::new();
        contact.for_each_customer(|customer| {
            if customer.is_known() && !customers.iter().any(|(known, _)| known == customer) {
                customers.push((*customer, self.customers.label(*customer)));
            }
        });
        let bytes = postcard::to_allocvec(&(customers, &contact)).ok()?;
        Some(ArchivedContact { number: number.0, id_hash: id_hash(contact.id.as_str()), ended, bytes })
    }

    /// A contact from the archive.
    pub(super) fn unarchived(&mut self, archived: &ArchivedContact) -> Option<Contact> {
        let (customers, mut contact): (Vec<(CustomerNo, Label)>, Contact) =
            postcard::from_bytes(&archived.bytes).ok()?;
        let customers: Vec<_> =
            customers.into_iter().map(|(number, label)| (number, self.customers.intern(&label))).collect();
        contact.for_each_customer(|customer| {
            if let Some((_, now)) = customers.iter().find(|(then, _)| then == customer) {
                *customer = *now;
            }
        });
        Some(contact)
    }

    /// Whether the archive may have contacts that ended at `from` or later.
    pub(super) fn is_archived_from(&self, from: Time) -> bool {
        self.archive.is_some() && self.archive_is_ours && from < self.archived_before
    }

    /// Behind the newest archived contact that can be of a range of times: one that began in it may end after it.
    pub(super) fn archive_end(range: &Range<Time>) -> (Time, u64) {
        (range.end + MAX_LISTED_LENGTH, 0)
    }

    /// Pass the archived contacts that ended at `from` or later, and before that with the end and number `before`, to
    /// `each`, the newest first, until it returns `false`. Those that are in memory as well, and those that can't be read,
    /// are left out.
    pub(super) fn archived_contacts(
        &self,
        from: Time,
        before: (Time, u64),
        each: &mut dyn FnMut(ArchivedContact, Contact) -> bool,
    ) {
        let Some(archive) = self.archive.as_ref().filter(|_| self.is_archived_from(from)) else { return };
        archive.each_contact(from, before, &mut |archived| {
            let contact = postcard::from_bytes::<(Vec<(CustomerNo, Label)>, Contact)>(&archived.bytes);
            match contact.ok().filter(|_| !self.contacts.contains(ContactNo(archived.number))) {
                Some((_, contact)) => each(archived, contact),
                None => true,
            }
        });
    }

    /// Bring back a contact that has left memory, by its id.
    pub(super) fn recall(&mut self, id: &str) -> Option<ContactNo> {
        let found = self.archive.as_ref().filter(|_| self.archive_is_ours)?.contacts_by_id(id_hash(id));
        found.into_iter().find_map(|archived| {
            let contact = self.unarchived(&archived).filter(|contact| contact.id.as_str() == id)?;
            self.put_back(&archived, contact)
        })
    }

    /// Bring back a contact that has left memory, by its number. Whether it is in memory then.
    pub(super) fn recall_number(&mut self, number: ContactNo) -> bool {
        if self.contacts.contains(number) {
            return true;
        }
        let archive = self.archive.as_ref().filter(|_| self.archive_is_ours);
        let Some(archived) = archive.and_then(|archive| archive.contact(number.0)) else { return false };
        let contact = self.unarchived(&archived);
        contact.and_then(|contact| self.put_back(&archived, contact)).is_some()
    }

    fn put_back(&mut self, archived: &ArchivedContact, contact: Contact) -> Option<ContactNo> {
        let number = ContactNo(archived.number);
        if self.contacts.contains(number) {
            return None;
        }
        self.contacts.put_back(number, contact);
        self.recalled.push(number);
        Some(number)
    }

    /// Forget the names of customers that nothing in memory refers to.
    pub(super) fn forget_customers(&mut self) {
        let mut used = vec![false; self.customers.len()];
        let mut note = |customer: CustomerNo| used.get_mut(customer.index()).map(|used| *used = true);
        self.repeats.customers().for_each(|customer| _ = note(customer));
        self.plain_contacts.all().for_each(|contact| _ = note(contact.customer));
        for mut contact in self.contacts.newest_first(|_| true).map(Cow::into_owned) {
            contact.for_each_customer(|customer| _ = note(*customer));
        }
        self.customers.retain(|customer: CustomerNo| used.get(customer.index()).is_some_and(|used| *used));
    }
}
