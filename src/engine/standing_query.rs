//! A standing query is known before the events, as a report's is: what contacts leave is counted for it once they are
//! over, and takes no memory afterwards.
//!
//! Until a contact is over, only its steps are collected: it is *deferred*. Then its visits are computed and counted, once.
//! What needs to know more before (a restart, a question), and what comes later, makes it a contact like those of an engine
//! without a standing query, whose facts are counted when their day is closed.

use std::collections::VecDeque;
use std::ops::Range;

use super::Engine;
use super::contact::Contact;
use super::contact::brief::BriefContact;
use super::contact_store::ContactNo;
use super::facts::{CellKey, CellNo, Fact, Measure, UNKNOWN};
use super::flush::{Links, note_changed, topic_visit};
use super::groups::ResolvedSlice;
use super::plain_contacts::PlainContact;
use super::repeats::{StatusChanges, Topic, TopicVisit};
use super::view::{Steps, View};
use super::view_cache::ViewKey;
use super::visit::{QueueVisit, RepeatStatus, VisitFact, VisitStage};
use crate::clock::{Span, Time};
use crate::kpi::{Dim, Every, Period};

/// A contact that is not over after so long is deferred no longer.
const MAX_DEFERRED: Span = Span(4 * Span::HOUR.0);
/// Customers are forgotten when there are twice as many as the last time, or as these.
const LEAST_CUSTOMERS: usize = 50_000;

/// The query, about all that happens, and what has been counted for it.
#[derive(Debug)]
pub(super) struct StandingQuery {
    by: Vec<Dim>,
    every: Option<Every>,
    steps: Steps,
    counted: View,
    /// The same without samples, from which the baseline of the answer is made.
    baseline: View,
    /// The deferred contacts by number, with others that are so no longer.
    deferred: VecDeque<ContactNo>,
    /// The contacts that are over, in the order they ended, some more than once.
    over: VecDeque<(Time, ContactNo)>,
    /// How many customers were left when some were last forgotten.
    customers: usize,
    /// A contact that joined before this cannot be compared with all contacts within `fcr_window` before it any more.
    complete_from: Time,
    /// The contacts that came too late.
    too_late: u64,
}

impl StandingQuery {
    fn is_asked(&self, key: &ViewKey) -> bool {
        key.by == self.by && key.every == self.every && matches!(key.over, Period::Range(..))
    }

    /// The topic of a contact that joined at `at` is new, or another than before.
    pub(super) fn note_topic(&mut self, at: Time) {
        self.too_late += u64::from(at < self.complete_from);
    }

    fn forgets(&self) -> bool {
        self.complete_from > Time(i64::MIN)
    }

    /// These contacts are over.
    pub(super) fn note_over(&mut self, at: Time, number: ContactNo) {
        self.over.push_back((at, number));
    }
}

impl Engine {
    /// Keep of what is over only what one query about the whole time asks: the rows of `by` and `every`. Such a
    /// query can be asked once, of all that was applied. The slices must not change afterwards: no source may
    /// tell teams or service level thresholds.
    pub fn count_only(&mut self, by: &[Dim], every: Option<Every>) {
        self.standing_query = Some(Box::new(StandingQuery {
            by: by.to_vec(),
            every,
            steps: Steps::new(every, &self.settings.calendar),
            counted: View::default(),
            baseline: View::default(),
            deferred: VecDeque::new(),
            over: VecDeque::new(),
            customers: 0,
            complete_from: Time(i64::MIN),
            too_late: 0,
        }));
    }

    /// How many contacts came more than three days late, or what they are about did, or are known by a remark alone: what was
    /// known before may have been forgotten. Each is a new contact, and whether it is a first one or a repeat follows from what is still known.
    #[must_use]
    pub fn came_too_late(&self) -> u64 {
        self.standing_query.as_ref().map_or(0, |query| query.too_late)
    }

    /// Defer a new contact, if there is a standing query.
    pub(super) fn defer(&mut self, number: ContactNo) {
        if let Some(query) = &mut self.standing_query {
            // Plain ones are deferred by what they are.
            if let Some(contact) = self.contacts.get_mut(number) {
                contact.deferred = true;
            }
            query.deferred.push_back(number);
        }
    }

    /// Count the deferred contacts that are over, and defer none any longer that began so long before `now`.
    pub(super) fn end_deferral_of_old(&mut self, now: Time) {
        if self.standing_query.is_none() {
            return;
        }
        self.settle(self.horizon(now));
        let longest = MAX_DEFERRED.min(self.settings.contact_ttl);
        while let Some(number) = self.standing_query.as_ref().and_then(|query| query.deferred.front().copied()) {
            let contact = self.contacts.get(number).filter(|contact| contact.deferred);
            let began = contact.and_then(|contact| contact.steps.first()).map(|step| step.at);
            let began = self.plain_contacts.began(number).or(began);
            if began.is_some_and(|began| now.since(began) <= longest) {
                break;
            }
            self.end_deferral(number);
            if let Some(query) = &mut self.standing_query {
                query.deferred.pop_front();
            }
        }
    }

    /// Defer no contact any longer.
    pub(super) fn end_all_deferral(&mut self) {
        let deferred = self.standing_query.as_mut().map(|query| std::mem::take(&mut query.deferred));
        for number in deferred.into_iter().flatten() {
            self.end_deferral(number);
        }
    }

    /// Make a contact one like those of an engine without a standing query, if it is deferred.
    pub(super) fn end_deferral(&mut self, number: ContactNo) {
        if self.plain_contacts.began(number).is_some() {
            self.end_plain(number);
        }
        if !self.contacts.get(number).is_some_and(|contact| contact.deferred) {
            return;
        }
        self.replay(number);
        let Some(contact) = self.contacts.get_mut(number) else { return };
        contact.deferred = false;
        let is_remark_alone = contact.visits.iter().all(|visit| visit.stage == VisitStage::Void);
        if let Some(query) = self.standing_query.as_mut().filter(|query| is_remark_alone && query.forgets()) {
            query.too_late += 1;
        }
        let ended = contact.ended();
        note_changed(&mut self.changed, number, contact);
        self.note_course(number, false, ended);
    }

    /// Make a plain contact one like the others, if it is one.
    pub(super) fn end_plain(&mut self, number: ContactNo) {
        if let Some(contact) = self.plain_contacts.take(number) {
            self.contacts.put_back(number, contact);
        }
    }

    /// Count a deferred contact that is over.
    pub(super) fn count_deferred(&mut self, number: ContactNo, contact: &mut Contact) {
        for index in 0..contact.visits.len() {
            let topic = contact.visits.get(index).and_then(|visit| topic_visit(visit, (number, index)));
            for (visit, status) in self.add_to_topic(topic) {
                match contact.visits.get_mut(visit.1).filter(|_| visit.0 == number) {
                    Some(own) => own.repeat_status = status,
                    None => self.set_repeat_status(visit, status),
                }
            }
        }
        contact.deferred = false;
        for visit in &mut contact.visits {
            visit.written = true;
            self.count_visit(visit);
        }
    }

    /// Count a plain contact that was over at `at`.
    pub(super) fn count_plain(&mut self, number: ContactNo, mut contact: PlainContact, at: Time) {
        let mut visit = contact.visit();
        for (changed, status) in self.add_to_topic(topic_visit(&visit, (number, 0))) {
            if changed.0 == number {
                visit.repeat_status = status;
            } else {
                self.set_repeat_status(changed, status);
            }
        }
        visit.written = true;
        self.count_visit(&visit);
        let given = contact.given();
        match BriefContact::of_visit(&mut contact.id, contact.origin, &mut visit, given, (None, None)) {
            Some(brief) => self.plain_contacts.rest(number, brief),
            None => self.contacts.put_back(number, contact.over(visit)),
        }
        self.contacts.pack_settled(number);
        if let Some(query) = &mut self.standing_query {
            query.note_over(at, number);
        }
    }

    fn add_to_topic(&mut self, visit: Option<(Topic, TopicVisit)>) -> StatusChanges {
        let window = self.settings.rules.fcr_window;
        visit.map(|(topic, visit)| self.repeats.replace(topic, None, Some(visit), window)).unwrap_or_default()
    }

    /// Set the status of a plain contact that has been counted; `false` where it is none.
    pub(super) fn set_plain_status(&mut self, number: ContactNo, status: RepeatStatus) -> bool {
        let Some(contact) = self.plain_contacts.resting_mut(number) else { return false };
        let before = contact.visit();
        contact.repeat_status = status;
        let after = contact.visit();
        self.count_facts(&before, -1);
        self.count_facts(&after, 1);
        true
    }

    fn count_visit(&mut self, visit: &QueueVisit) {
        let first = self.count_facts(visit, 1);
        self.facts.note_counted(first);
        self.update_links(visit.queue, &Links::default(), &Links::of(visit, None));
    }

    /// Count the facts of a visit, or take them back where the sign is −1. Returns the instant of the first.
    fn count_facts(&mut self, visit: &QueueVisit, sign: i8) -> Time {
        let mut first = Time(i64::MAX);
        let Some(mut query) = self.standing_query.take() else { return first };
        let StandingQuery { by, every, counted, steps, .. } = &mut *query;
        let key = visit.cell();
        // Without steps, all facts about one agent are counted in one row.
        let own_row = if every.is_none() { self.row_of(by, counted, &key, None) } else { None };
        visit.for_each_fact(|VisitFact { at, measure, arg, value, agent }| {
            first = first.min(at);
            let row = own_row.filter(|_| agent == key.agent);
            let row = row.or_else(|| self.row_of(by, counted, &CellKey { agent, ..key }, steps.of(at)));
            // When first contacts joined is counted at the end.
            let value = if measure == Measure::FirstContact { UNKNOWN } else { value };
            counted.count_in(
                row,
                &Fact { cell: CellNo::default(), measure, arg, sign, value },
                key.queue,
                &self.limits,
            );
        });
        self.standing_query = Some(query);
        first
    }

    /// The row of a view that a cell is counted in.
    fn row_of(&self, by: &[Dim], view: &mut View, cell: &CellKey, step: Option<Time>) -> Option<usize> {
        let group = self.group_of(Some(&ResolvedSlice::TOTAL), by, cell)?;
        Some(view.row_of_group(group, step))
    }

    fn cell(&self, cell: CellNo) -> CellKey {
        self.cells.all().get(cell.index()).copied().unwrap_or_default()
    }

    fn count_at_once(&self, query: &mut StandingQuery, at: Time, fact: &Fact) {
        let StandingQuery { by, counted, steps, .. } = query;
        let cell = self.cell(fact.cell);
        let row = self.row_of(by, counted, &cell, steps.of(at));
        counted.count_in(row, fact, cell.queue, &self.limits);
    }

    /// Count the facts of the days before `until` for the standing query. `false` where there is none.
    pub(super) fn count_closed(&mut self, until: Time) -> bool {
        let Some(mut query) = self.standing_query.take() else { return false };
        let (minutes, late) = self.facts.take_before(until);
        self.facts.note_gone(&minutes, &late);
        for late in late {
            self.count_at_once(&mut query, late.at, &late.fact);
        }
        for minute in minutes {
            for (at, fact) in minute.facts_from(0) {
                self.count_at_once(&mut query, at, &fact);
            }
        }
        query.counted.forget_first_open();
        query.counted.tidy(Time(i64::MIN));
        self.standing_query = Some(query);
        true
    }

    /// Where there is a standing query, forget what it needs no more: contacts that were over before `at`, customers, and
    /// the older part of agents' timelines. What joins from `complete_from` on is compared with all before it.
    pub(super) fn forget_before(&mut self, at: Time, complete_from: Time) {
        let Some(query) = &mut self.standing_query else { return };
        query.complete_from = query.complete_from.max(complete_from);
        while let Some((_, number)) = query.over.pop_front_if(|(ended, _)| *ended < at) {
            if self.plain_contacts.rests_since(number).is_some_and(|ended| ended < at) {
                self.plain_contacts.forget(number);
            } else if self.contacts.rests_since(number).is_some_and(|ended| ended < at) {
                self.contacts.forget(number);
            }
        }
        self.plain_contacts.forget_ids();
        let customers = self.customers.in_use();
        if customers > 2 * query.customers.max(LEAST_CUSTOMERS) {
            self.forget_customers();
            let customers = self.customers.in_use();
            self.standing_query.iter_mut().for_each(|query| query.customers = customers);
        }
        for agent in &mut self.agent_records {
            agent.timeline.cut_before(at);
        }
    }

    /// What was counted for the rows of a view, which takes it away; nothing where the view is another query's.
    pub(super) fn take_counted(&mut self, key: &ViewKey, range: &Range<Time>) -> View {
        let Some(mut query) = self.standing_query.take_if(|query| query.is_asked(key)) else {
            return View::default();
        };
        let view = if key.days_before > 0 {
            self.take_back(&mut query, range.end);
            query.baseline.add_up();
            std::mem::take(&mut query.baseline)
        } else {
            query.counted.forget_first_open();
            query.counted.add_up();
            query.baseline = query.counted.without_samples();
            self.count_first_open(&mut query);
            std::mem::take(&mut query.counted)
        };
        self.standing_query = Some(query);
        view
    }

    /// Take back from the baseline the facts from `end` on: those that contacts have left, without those that are still to
    /// be counted.
    fn take_back(&mut self, query: &mut StandingQuery, end: Time) {
        let StandingQuery { by, baseline, .. } = &mut *query;
        let mut take_back = |visit: &QueueVisit| {
            let key = visit.cell();
            visit.for_each_fact(|VisitFact { at, measure, arg, value, agent }| {
                if at >= end {
                    let row = self.row_of(by, baseline, &CellKey { agent, ..key }, None);
                    let fact = Fact { cell: CellNo::default(), measure, arg, sign: -1, value };
                    baseline.count_in(row, &fact, key.queue, &self.limits);
                }
            });
        };
        self.contacts.for_each_visit(end, &mut take_back);
        self.plain_contacts.for_each_visit(end, &mut take_back);
        for (_, fact) in self.facts.from(end) {
            let cell = self.cell(fact.cell);
            let row = self.row_of(&query.by, &mut query.baseline, &cell, None);
            query.baseline.count_in(row, &fact, cell.queue, &self.limits);
        }
    }

    /// Count the resolved first contacts that may still turn out unresolved, which had no place in memory before: those of
    /// contacts, without those that are still to be counted. When they joined does not matter any more, so that all are
    /// counted as one value. Only of contacts in memory it matters whether they are provisional.
    fn count_first_open(&mut self, query: &mut StandingQuery) {
        let StandingQuery { by, steps, counted, .. } = query;
        let newest = self.newest;
        let provisional_from = newest - self.settings.rules.fcr_window;
        let mut count = |visit: &QueueVisit| {
            if let (Some(true), Some(ended)) = (visit.repeat_status.first_resolved, visit.ended)
                && visit.joined > provisional_from
            {
                let row = self.row_of(by, counted, &visit.cell(), steps.of(ended));
                counted.count_first_open(row, newest.0, 1);
            }
        };
        self.contacts.for_each_visit(provisional_from, &mut count);
        self.plain_contacts.for_each_visit(provisional_from, &mut count);
        for (at, fact) in self.facts.from(provisional_from) {
            if fact.measure == Measure::FirstContact && fact.arg != 0 && fact.value > provisional_from.0 {
                let row = self.row_of(by, counted, &self.cell(fact.cell), steps.of(at));
                counted.count_first_open(row, newest.0, -i64::from(fact.sign));
            }
        }
    }
}
