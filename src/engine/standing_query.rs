//! A standing query is known before the events, as a report's is: what contacts leave is counted for it once they are
//! over, and takes no memory afterwards.
//!
//! Until a contact is over, only its steps are collected: it is *deferred*. Then its visits are computed and counted, once.
//! What needs to know more before (a restart, a question), and what is no simple matter (a contact whose beginning was not
//! seen), makes it a contact like those of an engine without a standing query, whose facts are counted when their day is
//! closed.

use std::collections::VecDeque;
use std::ops::Range;

use super::Engine;
use super::answer::ViewKey;
use super::contact_store::ContactNo;
use super::facts::{CellKey, CellNo, Fact};
use super::flush::{Links, note_changed, topic_visit};
use super::groups::ResolvedSlice;
use super::view::{Steps, View};
use super::visit::{QueueVisit, VisitFact};
use crate::clock::{Span, Time};
use crate::kpi::{Dim, Every, Period};

/// A contact that is not over after so long is deferred no longer.
const MAX_DEFERRED: Span = Span(4 * Span::HOUR.0);

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
}

impl StandingQuery {
    fn is_asked(&self, key: &ViewKey) -> bool {
        key.by == self.by && key.every == self.every && matches!(key.over, Period::Range(..))
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
        }));
    }

    /// Defer a new contact, if there is a standing query.
    pub(super) fn defer(&mut self, number: ContactNo) {
        if let Some(query) = &mut self.standing_query
            && let Some(contact) = self.contacts.get_mut(number)
        {
            contact.deferred = true;
            query.deferred.push_back(number);
        }
    }

    /// Defer no contact any longer that began so long before `now`.
    pub(super) fn end_deferral_of_old(&mut self, now: Time) {
        let longest = MAX_DEFERRED.min(self.settings.contact_ttl);
        while let Some(number) = self.standing_query.as_ref().and_then(|query| query.deferred.front().copied()) {
            let contact = self.contacts.get(number).filter(|contact| contact.deferred);
            let began = contact.and_then(|contact| contact.steps.first()).map(|step| step.at);
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
        if !self.contacts.get(number).is_some_and(|contact| contact.deferred) {
            return;
        }
        let Some(contact) = self.contacts.get_mut(number) else { return };
        contact.deferred = false;
        contact.replay();
        let ended = contact.ended();
        note_changed(&mut self.changed, number, contact);
        self.note_course(number, false, ended);
    }

    /// Count a deferred contact that is over, and keep it small.
    pub(super) fn count_deferred(&mut self, number: ContactNo) {
        let visit = |engine: &Self, index: usize| {
            let visit = engine.contacts.get(number)?.visits.get(index)?;
            Some(topic_visit(visit, (number, index)))
        };
        let mut index = 0;
        while let Some(topic_visit) = visit(self, index) {
            if topic_visit.is_some() {
                self.update_repeats(None, topic_visit);
            }
            index += 1;
        }
        let Some(contact) = self.contacts.get_mut(number) else { return };
        contact.deferred = false;
        contact.settle();
        let mut visits = std::mem::take(&mut contact.visits);
        for visit in &mut visits {
            visit.written = true;
            self.count_visit(visit);
        }
        if let Some(contact) = self.contacts.get_mut(number) {
            contact.visits = visits;
        }
        self.contacts.pack(number);
    }

    fn count_visit(&mut self, visit: &QueueVisit) {
        let Some(mut query) = self.standing_query.take() else { return };
        let key = visit.cell();
        let cell = self.cells.intern(key);
        let mut first = Time(i64::MAX);
        // Without steps, all facts are counted in one row.
        let row = if query.every.is_none() { self.row_of(&mut query, cell, visit.joined) } else { None };
        visit.for_each_fact(|VisitFact { at, measure, arg, value, agent }| {
            first = first.min(at);
            let fact = Fact { cell, measure, arg, sign: 1, value };
            let row = row.filter(|_| agent == key.agent).or_else(|| {
                let cell = self.cells.intern(CellKey { agent, ..key });
                self.row_of(&mut query, cell, at)
            });
            if let Some(row) = row {
                query.counted.count_in_row(row, &fact, key.queue, &self.limits);
            }
        });
        self.standing_query = Some(query);
        self.facts.note_counted(first);
        self.update_links(key.queue, Links::default(), Links::of(visit, None));
    }

    /// The row that the facts of a cell at an instant are counted in.
    fn row_of(&self, query: &mut StandingQuery, cell: CellNo, at: Time) -> Option<usize> {
        let StandingQuery { by, counted, steps, .. } = query;
        if !counted.has_cell(cell) {
            let grouping = |cell: &CellKey| self.group_of(Some(&ResolvedSlice::TOTAL), by, cell);
            counted.add_cells(self.cells.all(), &grouping);
        }
        counted.row(cell, steps.of(at))
    }

    fn count_at_once(&self, query: &mut StandingQuery, at: Time, fact: &Fact) {
        let queue = self.cells.all().get(fact.cell.index()).map(|cell| cell.queue).unwrap_or_default();
        if let Some(row) = self.row_of(query, fact.cell, at) {
            query.counted.count_in_row(row, fact, queue, &self.limits);
        }
    }

    /// Count the facts of the days before `until` for the standing query, and forget the contacts that were over before
    /// `forgotten`. `false` where there is none.
    pub(super) fn count_closed(&mut self, until: Time) -> bool {
        let Some(mut query) = self.standing_query.take() else { return false };
        let (minutes, late) = self.facts.take_before(until);
        self.facts.note_gone(&minutes, &late);
        for late in late {
            self.count_at_once(&mut query, late.at, &late.fact);
        }
        for minute in minutes {
            for fact in minute.facts {
                self.count_at_once(&mut query, minute.start + fact.offset(), &fact.fact());
            }
        }
        query.counted.tidy();
        self.standing_query = Some(query);
        true
    }

    /// Forget the contacts that were over before `at`.
    pub(super) fn forget_before(&mut self, at: Time) {
        let Some(query) = &mut self.standing_query else { return };
        query.counted.forget_first_open(at);
        while let Some((_, number)) = query.over.pop_front_if(|(ended, _)| *ended < at) {
            if self.contacts.rests_since(number).is_some_and(|ended| ended < at) {
                self.contacts.forget(number);
            }
        }
    }

    /// What was counted for the rows of a view, which takes it away; nothing where the view is another query's.
    pub(super) fn take_counted(&mut self, key: &ViewKey, range: &Range<Time>) -> View {
        let Some(mut query) = self.standing_query.take() else { return View::default() };
        let mut view = View::default();
        if query.is_asked(key) && key.days_before == 0 {
            query.counted.add_up();
            query.baseline = query.counted.without_samples();
            view = std::mem::take(&mut query.counted);
        } else if query.is_asked(key) {
            view = std::mem::take(&mut query.baseline);
            self.take_back(&mut view, &query.by, range.end);
        }
        self.standing_query = Some(query);
        view
    }

    /// Take back from a view the facts from `end` on that were counted at once: those that contacts have left, without
    /// those that are still to be counted.
    fn take_back(&mut self, view: &mut View, by: &[Dim], end: Time) {
        let mut facts: Vec<(CellKey, VisitFact)> = Vec::new();
        for contact in self.contacts.newest_first(None) {
            for visit in &contact.visits {
                let key = visit.cell();
                visit.for_each_fact(|fact| {
                    if fact.at >= end {
                        facts.push((CellKey { agent: fact.agent, ..key }, fact));
                    }
                });
            }
        }
        let fact = |engine: &mut Self, (key, fact): (CellKey, VisitFact)| {
            let VisitFact { measure, arg, value, .. } = fact;
            Fact { cell: engine.cells.intern(key), measure, arg, sign: -1, value }
        };
        let gone: Vec<Fact> = facts.into_iter().map(|one| fact(self, one)).collect();
        let grouping = |cell: &CellKey| self.group_of(Some(&ResolvedSlice::TOTAL), by, cell);
        view.add_cells(self.cells.all(), &grouping);
        let known = self.facts.from(end);
        for fact in gone.into_iter().chain(known) {
            view.count(&fact, None, self.cells.all(), &self.limits);
        }
    }
}
