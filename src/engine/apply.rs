//! Applying an event to the floor's state. What happens to a contact is in `course`.

use super::contact::Unused;
use super::contact_store::ContactNo;
use super::facts::{CellKey, Fact, Measure};
use super::interner::{AgentNo, NameNo, OriginNo, QueueNo};
use super::observed::ObservedFigure;
use super::timeline::AgentChange;
use super::transition::ContactStep;
use super::{AgentRecord, ApplyOutcome, Engine, Gap, QueueRecord};
use crate::clock::{Span, Time};
use crate::event::{AgentProfile, Event, EventKind, INTERVAL_WINDOW, PlainEvent, QueueProfile, SelfService};
use crate::kpi::KpiId;
use crate::text::{Label, Name};

impl Engine {
    /// Apply an event, in whatever order events arrive.
    pub fn apply(&mut self, event: &Event) -> ApplyOutcome {
        if let Some(id) = &event.id
            && !self.dedup.first_time(event.origin.as_str(), id)
        {
            return ApplyOutcome::Duplicate;
        }
        let (origin, newest) = self.note_event(&event.origin, event.at);
        // Only events with ids can be late: a log or a table has an order of its own.
        let late = event.id.is_some() && newest > event.at + self.settings.lateness;
        match &event.kind {
            EventKind::Contact { contact, queue, step } => {
                if let Err(unused) = self.apply_step(event.at, origin, contact, queue.as_ref(), step) {
                    return unused.into();
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
            EventKind::AgentQueues { agent, queues } => self.agent_queues(agent, queues, origin),
            EventKind::AgentProfile(profile) => self.agent_profile(profile),
            EventKind::QueueProfile(profile) => self.queue_profile(profile, origin),
            EventKind::Observed { queue, figures, quotients, window } => {
                let queue = self.intern_queue(queue, origin);
                let plain =
                    figures.iter().filter_map(|(key, value)| Some((KpiId::parse(key.as_str())?, (*value).into())));
                let quotients = quotients.iter().filter_map(|(key, numerator, denominator)| {
                    let kpi = KpiId::parse(key.as_str())?;
                    Some((kpi, ObservedFigure::quotient(kpi, *numerator, *denominator)))
                });
                let of_interval = window.as_ref() == Some(&INTERVAL_WINDOW);
                for (kpi, figure) in plain.chain(quotients) {
                    self.observed.insert(queue, kpi, event.at, ObservedFigure { of_interval, ..figure });
                }
            }
            EventKind::Restarted => self.restarted(event.at, origin),
            // A gap changes no figure. It is stored because trends show it.
            EventKind::Missed { since } => {
                self.gaps.push(Gap { origin: event.origin.label(), since: *since, until: event.at });
            }
        }
        if late { ApplyOutcome::Late } else { ApplyOutcome::Counted }
    }

    /// Apply an event that is read in place.
    pub fn apply_plain(&mut self, event: &PlainEvent<'_>) -> ApplyOutcome {
        let (origin, _) = self.note_event(event.origin, event.at);
        let queue = self.intern_queue(&event.queue, origin);
        let step = ContactStep::new(event.at, queue, self.plain_transition(&event.step, queue));
        self.take_step(origin, &event.contact, step).map_or_else(ApplyOutcome::from, |()| ApplyOutcome::Counted)
    }

    /// Note that an event came from a source. Returns the source's number, and the time of its newest event before.
    #[inline]
    fn note_event(&mut self, origin: &Label, at: Time) -> (OriginNo, Time) {
        self.events_since_tidy += 1;
        let origin = self.origins.intern_repeated(origin, self.last_origin);
        self.last_origin = origin;
        self.newest = self.newest.max(at);
        self.active_origins.record_event(origin);
        if self.newest_by_origin.len() <= origin.index() {
            self.newest_by_origin.resize(origin.index() + 1, Time(i64::MIN));
        }
        let newest = self.newest_by_origin.get_mut(origin.index());
        let before = newest.map_or(at, |newest| std::mem::replace(newest, at.max(*newest)));
        (origin, before)
    }

    /// The number of a queue, which the source `origin` reports on (unknown: none does).
    #[inline]
    pub(super) fn intern_queue(&mut self, name: &impl Name, origin: OriginNo) -> QueueNo {
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
            if self.staffing_origins.contains(&origin) && !std::mem::replace(&mut record.knows_agents, true) {
                self.current.forget();
            }
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

    pub(super) fn agent_record_by_name(&mut self, name: &Label) -> &mut AgentRecord {
        let agent = self.agents.intern(name);
        self.agent_record(agent)
    }

    /// The record of an agent, to change it.
    pub(super) fn agent_record(&mut self, agent: AgentNo) -> &mut AgentRecord {
        let index = agent.index();
        // Agents that were only named so far get a record with it.
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
        self.profile_queues(&profile.agent, &profile.queues);
        let record = self.agent_record_by_name(&profile.agent);
        // Each of several sources may know a part of the profile, so a missing field keeps its value.
        let team_changes = team.is_known() && record.team != team;
        if team_changes {
            record.team = team;
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
}

impl From<Unused> for ApplyOutcome {
    fn from(unused: Unused) -> Self {
        match unused {
            Unused::Known => Self::Duplicate,
            Unused::OutOfPlace => Self::OutOfPlace,
        }
    }
}
