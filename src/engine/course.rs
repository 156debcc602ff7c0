//! The course of contacts: their steps are applied, they expire, and once they are over they are settled.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use smallvec::SmallVec;

use super::Engine;
use super::contact::{Contact, Unused};
use super::contact_store::ContactNo;
use super::facts::Measure;
use super::flush::note_changed;
use super::interner::{NameNo, OriginNo, QueueNo};
use super::transition::{ContactStep, JoinDetails, Transition};
use super::visit::{QueueVisit, VisitTiming};
use crate::clock::{Span, Time};
use crate::event::{PlainStep, Step, Survey};
use crate::text::{Label, Name, PlainName};

/// How long a contact must be over before it is packed; a longer `lateness` wins.
const SETTLE_INTERVAL: Span = Span(600_000_000);

impl Engine {
    /// Close the visits of a contact that are open at `at`, without a known end. A visit that began later stays open,
    /// however often a loss at `at` is inserted before it.
    pub(super) fn lose(&mut self, number: ContactNo, at: Time) {
        let is_open = |v: &&QueueVisit| v.stage.is_open() && v.joined <= at;
        let Some(contact) = self.contacts.get_mut(number) else { return };
        let open = contact.visits.iter().filter(is_open).count();
        if open == 0 {
            return;
        }
        let lost = ContactStep::new(at, QueueNo::UNKNOWN, Transition::Lost);
        // Those before the last one change nothing by themselves, so that the visits are computed anew once.
        for _ in 1..open {
            if contact.insert(lost) == Ok(true) {
                _ = contact.apply_last();
            }
        }
        _ = self.apply_transition(number, lost);
    }

    /// Close the contacts on live channels that are older than `contact_ttl`, as of the time they reached that age.
    pub(super) fn close_expired(&mut self, now: Time) {
        if now < self.next_expiry {
            return;
        }
        let ttl = self.settings.contact_ttl;
        let expired = |visit: &QueueVisit| may_expire(visit) && now.since(visit.joined) > ttl;
        let old: Vec<(ContactNo, Time)> = self
            .open_contacts
            .iter()
            .filter_map(|number| {
                let visit = self.contacts.get(*number)?.visits.iter().find(|v| expired(v))?;
                Some((*number, visit.joined + ttl))
            })
            .collect();
        for (number, at) in old {
            self.lose(number, at);
        }
        let open = self.open_contacts.iter().filter_map(|number| self.contacts.get(*number));
        let joined = open.flat_map(|contact| &contact.visits).filter(|visit| may_expire(visit)).map(|v| v.joined);
        self.next_expiry = joined.min().map_or(Time(i64::MAX), |joined| joined + ttl);
    }

    /// Pack the contacts that have long been over.
    pub(super) fn settle(&mut self, now: Time) {
        // Some at a time: the facts of all that are over are written before. A standing query counts one by one, and asks
        // for what was in the last hour besides.
        let (least, together) = match &self.standing_query {
            Some(_) => (Span::HOUR + Span::MINUTE, Span::MINUTE),
            None => (SETTLE_INTERVAL, SETTLE_INTERVAL),
        };
        let after = least.max(self.settings.lateness);
        if self.ended.front().is_none_or(|(at, _)| now.since(*at) <= after + together) {
            return;
        }
        self.flush_ended();
        while let Some((at, number)) = self.ended.front().copied() {
            if now.since(at) <= after {
                break;
            }
            self.ended.pop_front();
            if self.count_plain(number) {
                continue;
            }
            let Some(mut contact) = self.contacts.take(number) else { continue };
            if contact.deferred {
                self.contradictions.replay(&mut contact);
            }
            let is_recent = |visit: &QueueVisit| visit.ended.is_some_and(|ended| now.since(ended) <= after);
            if contact.is_open() || contact.visits.iter().any(is_recent) {
                self.contacts.put(number, contact);
                continue;
            }
            if contact.deferred {
                self.count_deferred(number, &mut contact);
            }
            contact.settled = true;
            self.contacts.put_packed(number, contact);
            if let Some(query) = &mut self.standing_query {
                query.note_over(at, number);
            }
        }
        if self.ended.len() < self.ended.capacity() / 4 {
            self.ended.shrink_to(self.ended.len() * 2);
        }
    }

    pub(super) fn apply_step(
        &mut self,
        at: Time,
        origin: OriginNo,
        contact: &Label,
        queue: Option<&Label>,
        step: &Step,
    ) -> Result<(), Unused> {
        if let Step::Survey(survey) = step {
            let known = self.find_contact(contact.as_str(), false);
            let number = known.unwrap_or_else(|| self.add_contact(at, origin, contact.clone()));
            self.end_plain(number);
            return self.survey(number, at, queue, survey);
        }
        let queue = match (step, queue) {
            (Step::Offered(offer), _) => self.intern_queue(&offer.queue, origin),
            (_, Some(queue)) => self.intern_queue(queue, origin),
            (_, None) => QueueNo::UNKNOWN,
        };
        let step = ContactStep::new(at, queue, self.transition(step, queue));
        self.take_step(origin, contact, step)
    }

    /// Apply a step to the contact with an id.
    pub(super) fn take_step(&mut self, origin: OriginNo, id: &impl Name, step: ContactStep) -> Result<(), Unused> {
        let joins = matches!(step.transition, Transition::Offered(_));
        let number = match self.find_contact(id.as_ref(), joins) {
            Some(number) if self.plain_contacts.step(number, &step) => {
                if step.transition.is_ending() {
                    self.ended.push_back((step.at, number));
                }
                return Ok(());
            }
            Some(number) => {
                self.end_plain(number);
                number
            }
            None if self.begin_plain(id, origin, &step) => return Ok(()),
            None => self.add_contact(step.at, origin, id.label()),
        };
        if joins && let Some(contact) = self.contacts.get(number) {
            self.contradictions.note_join(origin, contact, step.at);
        }
        self.apply_transition(number, step)
    }

    /// The number of a contact that is known. What joins under an id that left memory days ago is another contact.
    #[inline]
    fn find_contact(&mut self, id: &str, joins: bool) -> Option<ContactNo> {
        let known = self.plain_contacts.find(id).or_else(|| self.contacts.find(id));
        if known.is_none() && (!joins || self.contacts.may_be_away(id)) { self.recall(id) } else { known }
    }

    /// Add a contact that is first heard of at `at`.
    fn add_contact(&mut self, at: Time, origin: OriginNo, id: Label) -> ContactNo {
        let number = if let Some(query) = &mut self.standing_query {
            query.note_topic(at);
            let number = self.contacts.reserve();
            self.contacts.put_back(number, Contact::new(id, origin));
            number
        } else {
            self.contacts.push(id, origin)
        };
        let restart = next_restart(&self.restarts, origin, at);
        self.lose_or_defer(number, restart);
        number
    }

    /// A new contact was lost in a restart, or may be deferred.
    fn lose_or_defer(&mut self, number: ContactNo, restart: Option<Time>) {
        let Some(at) = restart else { return self.defer(number) };
        if let Some(contact) = self.contacts.get_mut(number) {
            _ = contact.insert(ContactStep::new(at, QueueNo::UNKNOWN, Transition::Lost));
        }
    }

    /// What a step about `queue` does, with names as numbers. A survey is several transitions and is handled by
    /// [`Self::survey`].
    fn transition(&mut self, step: &Step, queue: QueueNo) -> Transition {
        match step {
            Step::Offered(offer) => {
                let joining = JoinDetails {
                    channel: offer.channel,
                    intent: self.intents.intern_optional(offer.intent.as_ref()),
                    customer: self.customers.intern_optional(offer.customer.as_ref()),
                    position: offer.position,
                    priority: offer.priority,
                    auth_steps: offer.auth_steps,
                    untimed: offer.untimed,
                    sampled: offer.sampled,
                };
                self.offered(queue, joining)
            }
            Step::Ringing { agent } => Transition::Ringing { agent: self.agents.intern(agent) },
            Step::RingCanceled { agent } => Transition::RingCanceled { agent: self.agents.intern(agent) },
            Step::RingNoAnswer { agent, ring } => Transition::no_answer(self.agents.intern(agent), *ring),
            Step::Answered { agent, wait } => Transition::Answered { agent: self.agents.intern(agent), wait: *wait },
            Step::Responded { .. } => {
                self.evidence.responses = true;
                Transition::Responded
            }
            Step::Abandoned { wait, .. } => Transition::Abandoned { wait: *wait },
            Step::Left { reason, wait } => {
                self.evidence.exits = true;
                Transition::Left { reason: *reason, wait: *wait }
            }
            Step::Held => {
                self.evidence.holds = true;
                Transition::Held
            }
            Step::Resumed => Transition::Resumed,
            Step::Transferred { agent, to_queue, talk, .. } => {
                self.evidence.transfers = true;
                Transition::Transferred {
                    agent: self.agents.intern_optional(agent.as_ref()),
                    to_queue: self.queues.intern_optional(to_queue.as_ref()),
                    talk: *talk,
                }
            }
            Step::Completed { agent, talk, hold, .. } => {
                self.evidence.holds |= hold.is_some();
                Transition::Completed { agent: self.agents.intern_optional(agent.as_ref()), talk: *talk, hold: *hold }
            }
            Step::Wrapped { agent, acw } => {
                self.evidence.wraps = true;
                Transition::Wrapped { agent: self.agents.intern(agent), acw: *acw }
            }
            Step::Classified { intent } => Transition::Classified { intent: self.intents.intern(intent) },
            Step::Identified { customer } => {
                self.evidence.customers = true;
                Transition::Identified { customer: self.customers.intern(customer) }
            }
            Step::Resolved { resolved, .. } => {
                self.evidence.dispositions = true;
                Transition::Disposition { resolved: *resolved }
            }
            Step::Reopened | Step::Survey(_) => Transition::Reopened,
            Step::Lost => Transition::Lost,
            Step::Quality { evaluator, score, .. } => {
                self.evidence.quality = true;
                let evaluator = i64::from(self.evaluators.intern(evaluator).number());
                let value = evaluator << 32 | millionths(*score);
                Transition::Score { measure: Measure::Quality, arg: 0, value }
            }
        }
    }

    /// The same of a plain event.
    #[inline]
    pub(super) fn plain_transition(&mut self, step: &PlainStep<PlainName<'_>>, queue: QueueNo) -> Transition {
        match step {
            PlainStep::Offered { customer, position } => {
                let customer = self.customers.intern_optional(customer.as_ref());
                self.offered(queue, JoinDetails { customer, position: *position, ..JoinDetails::default() })
            }
            PlainStep::RingNoAnswer { agent, ring } => Transition::no_answer(self.agents.intern(agent), *ring),
            PlainStep::Answered { agent, wait } => {
                Transition::Answered { agent: self.agents.intern(agent), wait: *wait }
            }
            PlainStep::Abandoned { wait, .. } => Transition::Abandoned { wait: *wait },
            PlainStep::Completed { agent, talk, .. } => {
                Transition::Completed { agent: self.agents.intern(agent), talk: *talk, hold: None }
            }
        }
    }

    fn offered(&mut self, queue: QueueNo, joining: JoinDetails) -> Transition {
        self.evidence.customers |= joining.customer.is_known();
        self.evidence.positions |= joining.position.is_some();
        self.evidence.auth_steps |= joining.auth_steps.is_some();
        // Who follows a queue is told of these; the rows of a table tell what they have columns for.
        self.evidence.rings |= !joining.untimed;
        self.evidence.exits |= !joining.untimed;
        if let Some(record) = self.queue_records.get_mut(queue.index()) {
            record.channel.get_or_insert(joining.channel);
        }
        Transition::Offered(joining)
    }

    fn survey(&mut self, number: ContactNo, at: Time, queue: Option<&Label>, survey: &Survey) -> Result<(), Unused> {
        let queue = queue.map_or(QueueNo::UNKNOWN, |queue| self.intern_queue(queue, OriginNo::UNKNOWN));
        let mut scores: SmallVec<[(Measure, u8, i64); 4]> = SmallVec::new();
        if let Some(csat) = survey.csat {
            self.evidence.csat = true;
            // Satisfied means one of the top two steps of the scale; the mean is converted to a scale of 1–5.
            let top = csat.score >= csat.max - 1.0;
            let five = 1.0 + 4.0 * (csat.score - csat.min) / (csat.max - csat.min);
            scores.push((Measure::Csat, u8::from(top), millionths(five)));
        }
        if let Some(ces) = survey.ces {
            self.evidence.ces = true;
            let seven = 1.0 + 6.0 * (ces.score - ces.min) / (ces.max - ces.min);
            let easy = if survey.ces_higher_is_easier { 8.0 - seven } else { seven };
            scores.push((Measure::Ces, 0, millionths(easy)));
        }
        if let Some(nps) = survey.nps {
            self.evidence.nps = true;
            scores.push((Measure::Nps, nps, 0));
        }
        if let Some(resolved) = survey.resolved {
            self.evidence.survey_resolved = true;
            scores.push((Measure::SurveyResolved, u8::from(resolved), 0));
        }
        // One score that is not known yet makes the survey new.
        let apply = |(measure, arg, value)| {
            let transition = Transition::Score { measure, arg, value };
            self.apply_transition(number, ContactStep::new(at, queue, transition))
        };
        scores.into_iter().map(apply).reduce(Result::or).unwrap_or(Ok(()))
    }

    fn apply_transition(&mut self, number: ContactNo, step: ContactStep) -> Result<(), Unused> {
        let contact = self.contacts.get_mut(number).ok_or(Unused::OutOfPlace)?;
        if contact.deferred {
            if step.transition.is_ending() {
                self.ended.push_back((step.at, number));
            }
            return contact.insert(step).map(drop);
        }
        if !contact.changed {
            note_changed(&mut self.changed, number, contact);
        }
        let was_open = contact.is_open();
        let inserted = contact.insert(step);
        contact.settled &= inserted.is_err();
        let mut result = inserted.map(drop);
        // A step that does not fit yet may fit once an earlier one has arrived, so that it is kept.
        match inserted {
            Ok(true) => {
                let applied = contact.apply_last();
                if let (Err(_), Some(claim)) = (applied, step.transition.claim()) {
                    self.contradictions.count(contact, (claim, step.at));
                    result = applied;
                }
            }
            Ok(false) => self.replay(number),
            Err(_) => {}
        }
        let ended = inserted.is_ok().then_some(step.at);
        self.note_course(number, was_open, ended);
        result
    }

    /// Note whether a contact that has changed is open; if not, it has ended at a time that may be given.
    pub(super) fn note_course(&mut self, number: ContactNo, was_open: bool, ended: Option<Time>) {
        let Some(contact) = self.contacts.get(number) else { return };
        let is_open = contact.is_open();
        if let Some(joined) = contact.visits.iter().filter(|visit| may_expire(visit)).map(|visit| visit.joined).min() {
            self.next_expiry = self.next_expiry.min(joined + self.settings.contact_ttl);
        }
        if is_open && !was_open {
            self.open_contacts.insert(number);
        } else if !is_open {
            if was_open {
                self.open_contacts.remove(&number);
            }
            if let Some(ended) = ended {
                self.ended.push_back((ended, number));
            }
        }
    }
}

/// When the source `origin` next restarted after `at`: a contact from before that is heard of now was lost in it.
pub(super) fn next_restart(restarts: &BTreeSet<(OriginNo, Time)>, origin: OriginNo, at: Time) -> Option<Time> {
    let next = restarts.range((Excluded((origin, at)), Unbounded)).next();
    next.filter(|(restarted, _)| *restarted == origin).map(|(_, at)| *at)
}

/// Whether a visit ends without a word once it is too old. A table's rows tell the end together with the beginning,
/// however long the contact was.
fn may_expire(visit: &QueueVisit) -> bool {
    visit.stage.is_open() && !visit.channel.is_asynchronous() && visit.timing != VisitTiming::Untimed
}

fn millionths(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "scores are small: sources check their scale")]
    let whole = (value * 1e6).round() as i64;
    whole
}
