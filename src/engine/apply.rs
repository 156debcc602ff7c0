//! Applying an event to the floor's state.

use std::ops::Bound::{Excluded, Unbounded};

use smallvec::SmallVec;

use super::contact::Unused;
use super::contact_store::ContactNo;
use super::facts::{CellKey, Fact, Measure};
use super::flush::note_changed;
use super::interner::{AgentNo, NameNo, OriginNo, QueueNo};
use super::timeline::AgentChange;
use super::transition::{ContactStep, JoinDetails, Transition};
use super::visit::QueueVisit;
use super::{AgentRecord, ApplyOutcome, Engine, Gap, QueueRecord};
use crate::clock::{Span, Time};
use crate::event::{AgentProfile, Event, EventKind, QueueProfile, SelfService, Step, Survey};
use crate::kpi::KpiId;
use crate::text::Label;

/// How long a contact must be over before its steps are dropped; a longer `lateness` wins.
const SETTLE_INTERVAL: Span = Span(600_000_000);

impl Engine {
    /// Apply an event, in whatever order events arrive.
    pub fn apply(&mut self, event: &Event) -> ApplyOutcome {
        if let Some(id) = &event.id
            && !self.dedup.first_time(&event.origin, id)
        {
            return ApplyOutcome::Duplicate;
        }
        self.events_since_tidy += 1;
        let origin = self.origins.intern_repeated(&event.origin, self.last_origin);
        self.last_origin = origin;
        let late = self.track_newest(event, origin);
        match &event.kind {
            EventKind::Contact { contact, queue, step } => {
                match self.apply_step(event.at, origin, contact, queue.as_ref(), step) {
                    Ok(()) => {}
                    Err(Unused::Known) => return ApplyOutcome::Duplicate,
                    Err(Unused::OutOfPlace) => return ApplyOutcome::OutOfPlace,
                }
            }
            EventKind::SelfService(session) => self.self_service(event.at, session),
            EventKind::AgentState { agent, state, reason, lasts } => {
                let reason = self.reasons.intern_optional(reason.as_ref());
                self.evidence.agent_states = true;
                let timeline = &mut self.agent_record_by_name(agent).timeline;
                timeline.insert(event.at, AgentChange::State(*state, reason));
                if let Some(lasts) = lasts {
                    timeline.insert(event.at + *lasts, AgentChange::WorkLapses);
                }
            }
            EventKind::AgentProfile(profile) => self.agent_profile(profile),
            EventKind::QueueProfile(profile) => self.queue_profile(profile, origin),
            EventKind::Observed { queue, figures, .. } => {
                let queue = self.intern_queue(queue, origin);
                for (key, value) in figures {
                    if let Some(kpi) = KpiId::parse(key.as_str()) {
                        self.observed.insert(queue, kpi, event.at, *value);
                    }
                }
            }
            EventKind::Restarted => self.restarted(event.at, origin),
            // A gap changes no figure. It is stored because trends show it.
            EventKind::Missed { since } => {
                self.gaps.push(Gap { origin: event.origin.clone(), since: *since, until: event.at });
            }
        }
        if late { ApplyOutcome::Late } else { ApplyOutcome::Counted }
    }

    /// Track the newest time, and tell whether the event is late. Only events with ids can be late: a log or a table
    /// has an order of its own.
    fn track_newest(&mut self, event: &Event, origin: OriginNo) -> bool {
        self.newest = self.newest.max(event.at);
        if self.newest_by_origin.len() <= origin.index() {
            self.newest_by_origin.resize(origin.index() + 1, Time(i64::MIN));
        }
        self.active_origins.record_event(origin);
        let Some(newest) = self.newest_by_origin.get_mut(origin.index()) else { return false };
        let late = event.id.is_some() && *newest > event.at + self.settings.lateness;
        *newest = (*newest).max(event.at);
        late
    }

    /// The number of a queue, which the source `origin` reports on (unknown: none does).
    pub(super) fn intern_queue(&mut self, name: &Label, origin: OriginNo) -> QueueNo {
        let queue = self.queues.intern(name);
        if self.queue_records.len() <= queue.index() {
            self.queue_records.resize_with(self.queues.len(), QueueRecord::default);
            self.update_service_level(queue);
        }
        if let Some(record) = self.queue_records.get_mut(queue.index())
            && origin.is_known()
            && !record.origins.contains(&origin)
        {
            record.origins.push(origin);
        }
        queue
    }

    /// Set the service level threshold of a queue from the settings and its profile.
    pub(super) fn update_service_level(&mut self, queue: QueueNo) {
        if self.limits.by_queue.len() <= queue.index() {
            self.limits.by_queue.resize(queue.index() + 1, None);
        }
        let name = self.queues.label(queue);
        let configured = self.settings.queues.get(&name).and_then(|q| q.service_level);
        let profile = self.queue_records.get(queue.index()).and_then(|q| q.profile.as_ref());
        let from_profile = profile.and_then(|p| p.service_level_s).and_then(Span::from_secs_f64);
        let limit = if self.settings.service_level_forced { None } else { configured.or(from_profile) };
        if let Some(slot) = self.limits.by_queue.get_mut(queue.index())
            && *slot != limit
        {
            *slot = limit;
            self.epoch += 1;
        }
    }

    fn agent_record_by_name(&mut self, name: &Label) -> &mut AgentRecord {
        let agent = self.agents.intern(name);
        self.agent_record(agent)
    }

    /// The record of an agent, to change it.
    pub(super) fn agent_record(&mut self, agent: AgentNo) -> &mut AgentRecord {
        let index = agent.index();
        // Agents that were only named so far get a record with it, and count as offline.
        (self.agent_records.len()..index)
            .filter_map(|named| u32::try_from(named).ok())
            .for_each(|named| self.current.mark_agent(AgentNo::new(named)));
        self.current.mark_agent(agent);
        if self.agent_records.len() <= index {
            self.agent_records.resize_with(index + 1, AgentRecord::default);
        }
        #[expect(clippy::indexing_slicing, reason = "resized just above")]
        &mut self.agent_records[index]
    }

    fn agent_profile(&mut self, profile: &AgentProfile) {
        let team = self.teams.intern_optional(profile.team.as_ref());
        let queues: Vec<QueueNo> =
            profile.queues.iter().map(|queue| self.intern_queue(queue, OriginNo::UNKNOWN)).collect();
        let record = self.agent_record_by_name(&profile.agent);
        // Each of several sources may know a part of the profile, so a missing field keeps its value.
        let team_changes = team.is_known() && record.team != team;
        if team_changes {
            record.team = team;
        }
        if !queues.is_empty() {
            record.queues = queues;
        }
        match &mut record.profile {
            Some(known) => known.learn(profile),
            none => *none = Some(profile.clone()),
        }
        if team_changes {
            self.epoch += 1;
        }
    }

    fn queue_profile(&mut self, profile: &QueueProfile, origin: OriginNo) {
        let queue = self.intern_queue(&profile.queue, origin);
        if let Some(record) = self.queue_records.get_mut(queue.index()) {
            match &mut record.profile {
                Some(known) => known.learn(profile),
                none => *none = Some(profile.clone()),
            }
            record.channel = profile.channel.or(record.channel);
        }
        self.update_service_level(queue);
    }

    fn self_service(&mut self, at: Time, session: &SelfService) {
        self.evidence.self_service = true;
        let cell = self.cells.intern(CellKey {
            intent: self.intents.intern_optional(session.intent.as_ref()),
            channel: session.channel.unwrap_or_default(),
            ..CellKey::default()
        });
        let arg = u8::from(session.contained);
        self.facts.push(at, Fact { cell, measure: Measure::SelfService, arg, sign: 1, value: 0 });
    }

    /// A source's system restarted: its open contacts are lost. Pauses stay: some systems keep them, and none says
    /// whether it does.
    fn restarted(&mut self, at: Time, origin: OriginNo) {
        self.end_all_deferral();
        self.restarts.insert((origin, at));
        let open: Vec<ContactNo> = self.open_contacts.iter().copied().collect();
        for number in open {
            if self.contacts.get(number).is_some_and(|contact| contact.origin == origin) {
                self.lose(number, at);
            }
        }
    }

    /// Close the visits of a contact that are open at `at`, without a known end. A visit that began later stays open,
    /// however often a loss at `at` is inserted before it.
    fn lose(&mut self, number: ContactNo, at: Time) {
        let is_open = |v: &&QueueVisit| v.stage.is_open() && v.joined <= at;
        let open = self.contacts.get(number).map_or(0, |contact| contact.visits.iter().filter(is_open).count());
        for _ in 0..open {
            let lost = ContactStep::new(at, QueueNo::UNKNOWN, Transition::Lost);
            if self.apply_transition(number, lost).is_err() {
                break;
            }
        }
    }

    /// Close the contacts on live channels that are older than `contact_ttl`, as of the time they reached that age.
    pub(super) fn close_expired(&mut self, now: Time) {
        if now < self.next_expiry {
            return;
        }
        let ttl = self.settings.contact_ttl;
        let may_expire = |visit: &QueueVisit| visit.stage.is_open() && !visit.channel.is_asynchronous();
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

    /// Drop the steps of contacts that have long been over, and pack them.
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
        let mut incomplete = Vec::new();
        while let Some((at, number)) = self.ended.front().copied() {
            if now.since(at) <= after {
                break;
            }
            self.ended.pop_front();
            if self.contacts.get(number).is_none() {
                continue;
            }
            if self.contacts.get(number).is_some_and(|contact| contact.deferred) {
                self.replay(number);
            }
            let Some(contact) = self.contacts.get_mut(number) else { continue };
            let is_recent = |visit: &QueueVisit| visit.ended.is_some_and(|ended| now.since(ended) <= after);
            if contact.is_open() || contact.visits.iter().any(is_recent) {
                continue;
            }
            let is_complete = contact.is_complete() && !contact.visits.is_empty();
            if contact.deferred && !is_complete {
                incomplete.push(number);
            } else if contact.deferred {
                self.count_deferred(number);
            } else {
                if is_complete {
                    contact.settle();
                }
                self.contacts.pack(number);
            }
            if let Some(query) = &mut self.standing_query {
                query.note_over(at, number);
            }
        }
        for number in incomplete {
            self.end_deferral(number);
        }
    }

    fn apply_step(
        &mut self,
        at: Time,
        origin: OriginNo,
        contact: &Label,
        queue: Option<&Label>,
        step: &Step,
    ) -> Result<(), Unused> {
        let mut known = self.contacts.find(contact);
        // What joins under an id that left memory days ago is another contact.
        if known.is_none() && (!matches!(step, Step::Offered(_)) || self.contacts.may_be_away(contact)) {
            known = self.recall(contact);
        }
        let number = known.unwrap_or_else(|| self.add_contact(at, origin, contact));
        if let Step::Survey(survey) = step {
            return self.survey(number, at, queue, survey);
        }
        let queue = match (step, queue) {
            (Step::Offered(offer), _) => self.intern_queue(&offer.queue, origin),
            (_, Some(queue)) => self.intern_queue(queue, origin),
            (_, None) => QueueNo::UNKNOWN,
        };
        let transition = self.transition(step, queue);
        self.apply_transition(number, ContactStep::new(at, queue, transition))
    }

    fn add_contact(&mut self, at: Time, origin: OriginNo, id: &Label) -> ContactNo {
        let number = self.contacts.push(id.clone(), origin);
        // A contact from before a restart that is already known was lost in it.
        let next = self.restarts.range((Excluded((origin, at)), Unbounded)).next();
        match next.filter(|(restarted, _)| *restarted == origin) {
            None => self.defer(number),
            Some((_, restart)) => {
                if let Some(contact) = self.contacts.get_mut(number) {
                    _ = contact.insert(ContactStep::new(*restart, QueueNo::UNKNOWN, Transition::Lost));
                }
            }
        }
        number
    }

    /// What a step about `queue` does, with names as numbers. A survey is several transitions and is handled by
    /// [`Self::survey`].
    fn transition(&mut self, step: &Step, queue: QueueNo) -> Transition {
        match step {
            Step::Offered(offer) => {
                self.evidence.customers |= offer.customer.is_some();
                self.evidence.positions |= offer.position.is_some();
                self.evidence.auth_steps |= offer.auth_steps.is_some();
                if let Some(record) = self.queue_records.get_mut(queue.index()) {
                    record.channel.get_or_insert(offer.channel);
                }
                Transition::Offered(JoinDetails {
                    channel: offer.channel,
                    intent: self.intents.intern_optional(offer.intent.as_ref()),
                    customer: self.customers.intern_optional(offer.customer.as_ref()),
                    position: offer.position,
                    priority: offer.priority,
                    auth_steps: offer.auth_steps,
                    untimed: offer.untimed,
                })
            }
            Step::Ringing { agent } => Transition::Ringing { agent: self.agents.intern(agent) },
            Step::RingCanceled { agent } => Transition::RingCanceled { agent: self.agents.intern(agent) },
            Step::RingNoAnswer { agent, ring: Some(Span::ZERO) } => {
                Transition::NeverRang { agent: self.agents.intern(agent) }
            }
            Step::RingNoAnswer { agent, .. } => Transition::RingNoAnswer { agent: self.agents.intern(agent) },
            Step::Answered { agent, wait } => Transition::Answered { agent: self.agents.intern(agent), wait: *wait },
            Step::Responded { .. } => {
                self.evidence.responses = true;
                Transition::Responded
            }
            Step::Abandoned { wait, .. } => Transition::Abandoned { wait: *wait },
            Step::Left { reason, wait } => Transition::Left { reason: *reason, wait: *wait },
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
            Step::Wrapped { agent, acw } => Transition::Wrapped { agent: self.agents.intern(agent), acw: *acw },
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
        if let Some(visit) = contact.late_annotation(&step) {
            contact.annotate(visit, &step);
            if !contact.steps.is_empty() {
                self.replay(number);
            }
            self.note_course(number, was_open, Some(step.at));
            return Ok(());
        }
        let inserted = contact.insert(step);
        let mut result = inserted.map(drop);
        // A step that does not fit yet may fit once an earlier one has arrived, so that it is kept.
        match inserted {
            Ok(true) => {
                let applied = contact.apply_last();
                if let (Err(_), Some(claim)) = (applied, step.transition.claim()) {
                    self.misfits.count(contact, (claim, step.at));
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
        if let Some(joined) = contact.visits.iter().map(|visit| visit.joined).min() {
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

fn millionths(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "scores are small: sources check their scale")]
    let whole = (value * 1e6).round() as i64;
    whole
}
