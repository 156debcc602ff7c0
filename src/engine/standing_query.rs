//! A standing query is known before the events, as a report's is: what contacts leave is counted for it once they are
//! over, and takes no memory afterwards.
//!
//! Until a contact is over, only its steps are collected: it is *deferred*. Then its visits are computed and counted, once.
//! What needs to know more before (a restart, a question), and what comes later, makes it a contact like those of an engine
//! without a standing query, whose facts are counted when their day is closed.

use std::collections::VecDeque;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::Engine;
use super::contact::Contact;
use super::contact::brief::BriefContact;
use super::contact_store::ContactNo;
use super::counting::{Limits, count_fact};
use super::course::next_restart;
use super::facts::{CellKey, CellNo, Fact, Measure, UNKNOWN};
use super::flush::{agent_changes, note_changed, topic_visit};
use super::groups::ResolvedSlice;
use super::interner::{OriginNo, QueueNo};
use super::repeats::{StatusChanges, Topic, TopicVisit};
use super::transition::ContactStep;
use super::view::{Steps, View};
use super::view_cache::ViewKey;
use super::visit::{FactSink, QueueVisit, RepeatStatus, VisitFact, VisitFacts, VisitStage};
use crate::clock::{Span, Time};
use crate::kpi::{Dim, Every, Period, Tally};
use crate::text::Name;

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
    /// The contacts that are over but for the plain ones, in the order they ended, some more than once.
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

    /// Begin a new contact plainly, if there is a standing query and the step is one that a plain contact begins with.
    pub(super) fn begin_plain(&mut self, id: &impl Name, origin: OriginNo, step: &ContactStep) -> bool {
        let Some(query) = &mut self.standing_query else { return false };
        if next_restart(&self.restarts, origin, step.at).is_some() {
            return false;
        }
        let Some(contact) = BriefContact::joined(id, origin, step) else { return false };
        query.note_topic(step.at);
        let number = self.contacts.reserve();
        query.deferred.push_back(number);
        self.plain_contacts.begin(number, contact);
        true
    }

    /// Defer a new contact, if there is a standing query.
    pub(super) fn defer(&mut self, number: ContactNo) {
        if let Some(query) = &mut self.standing_query {
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
            let contact = || self.contacts.get(number).filter(|contact| contact.deferred);
            let plain =
                self.plain_contacts.get(number).filter(|contact| contact.uncounted).map(|contact| contact.joined);
            let began = plain.or_else(|| Some(contact()?.steps.first()?.at));
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
        if self.plain_contacts.get(number).is_some_and(|contact| contact.uncounted) {
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
            // One that was counted is forgotten like the others, also if what made it one of them changes nothing.
            let over = contact.ended().filter(|_| !contact.deferred);
            if let (Some(query), Some(ended)) = (&mut self.standing_query, over) {
                query.note_over(ended, number);
            }
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

    /// Count a contact that is over, if it is a plain one that is still to be counted.
    pub(super) fn count_plain(&mut self, number: ContactNo) -> bool {
        let Some(contact) = self.plain_contacts.get_mut(number).filter(|contact| contact.uncounted) else {
            return false;
        };
        contact.uncounted = false;
        let mut visit = contact.visit();
        for (changed, status) in self.add_to_topic(topic_visit(&visit, (number, 0))) {
            if changed.0 == number {
                visit.repeat_status = status;
            } else {
                self.set_repeat_status(changed, status);
            }
        }
        if let Some(contact) = self.plain_contacts.get_mut(number) {
            contact.repeat_status = visit.repeat_status;
        }
        self.count_visit(&visit);
        true
    }

    fn add_to_topic(&mut self, visit: Option<(Topic, TopicVisit)>) -> StatusChanges {
        let window = self.settings.rules.fcr_window;
        visit.map(|(topic, visit)| self.repeats.replace(topic, None, Some(visit), window)).unwrap_or_default()
    }

    /// Set the status of a plain contact that has been counted; `false` where it is none.
    pub(super) fn set_plain_status(&mut self, number: ContactNo, status: RepeatStatus) -> bool {
        let Some(contact) = self.plain_contacts.get_mut(number) else { return false };
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
        let (agent, changes) = agent_changes(visit);
        self.add_changes(visit.queue, agent, changes.into_iter().flatten());
    }

    /// Count the facts of a visit, or take them back where the sign is −1. Returns the instant of the first.
    fn count_facts(&mut self, visit: &QueueVisit, sign: i8) -> Time {
        let Some(mut query) = self.standing_query.take() else { return Time(i64::MAX) };
        let StandingQuery { by, every, counted, steps, .. } = &mut *query;
        let key = visit.cell();
        // Without steps, all facts about one agent are counted in one row.
        let own_row = if every.is_none() { self.row_of(by, counted, &key, None) } else { None };
        let (queue, limits, others) = (key.queue, &self.limits, VisitFacts::new());
        let first = Time(i64::MAX);
        let mut counter = VisitCounter { tally: counted.tally_mut(own_row), queue, limits, sign, first, others };
        visit.give_facts(&mut counter);
        let VisitCounter { first, others, .. } = counter;
        for VisitFact { at, measure, arg, value, agent } in others {
            let row = self.row_of(by, counted, &CellKey { agent, ..key }, steps.of(at));
            counted.count_in(row, &counted_fact(measure, arg, value, sign), queue, limits);
        }
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
        self.plain_contacts.forget_before(at);
        while let Some((_, number)) = query.over.pop_front_if(|(ended, _)| *ended < at) {
            if self.contacts.rests_since(number).is_some_and(|ended| ended < at) {
                self.contacts.forget(number);
            }
        }
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
        let mut open: FxHashMap<usize, i64> = FxHashMap::default();
        let mut count = |visit: &QueueVisit| {
            if let (Some(true), Some(ended)) = (visit.repeat_status.first_resolved, visit.ended)
                && visit.joined > provisional_from
                && let Some(row) = self.row_of(by, counted, &visit.cell(), steps.of(ended))
            {
                *open.entry(row).or_default() += 1;
            }
        };
        self.contacts.for_each_visit(provisional_from, &mut count);
        self.plain_contacts.for_each_visit(provisional_from, &mut count);
        for (at, fact) in self.facts.from(provisional_from) {
            if fact.measure == Measure::FirstContact
                && fact.arg != 0
                && fact.value > provisional_from.0
                && let Some(row) = self.row_of(by, counted, &self.cell(fact.cell), steps.of(at))
            {
                *open.entry(row).or_default() -= i64::from(fact.sign);
            }
        }
        for (row, contacts) in open {
            counted.count_first_open(row, newest.0, contacts);
        }
    }
}

/// Counts the facts of a visit in the tally of its row.
struct VisitCounter<'a> {
    /// `None` where there is none for all of them.
    tally: Option<&'a mut Tally>,
    queue: QueueNo,
    limits: &'a Limits,
    sign: i8,
    /// The instant of the first fact.
    first: Time,
    /// Those that may be counted in other rows.
    others: VisitFacts,
}

impl FactSink for VisitCounter<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `count_fact`")]
    fn add(&mut self, fact: VisitFact) {
        let VisitFact { at, measure, arg, value, .. } = fact;
        let Some(tally) = &mut self.tally else { return self.add_other(fact) };
        self.first = self.first.min(at);
        count_fact(tally, &counted_fact(measure, arg, value, self.sign), self.queue, self.limits, true);
    }

    #[inline(never)]
    fn add_other(&mut self, fact: VisitFact) {
        self.first = self.first.min(fact.at);
        self.others.push(fact);
    }
}

/// A fact as it is counted for a standing query: when first contacts joined is counted at the end.
#[inline]
const fn counted_fact(measure: Measure, arg: u8, value: i64, sign: i8) -> Fact {
    let value = if matches!(measure, Measure::FirstContact) { UNKNOWN } else { value };
    Fact { cell: CellNo::new(0), measure, arg, sign, value }
}
