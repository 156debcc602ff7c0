//! Taking an event in.

use smallvec::SmallVec;

use super::agents::Said;
use super::calls::{Call, Joining, Move, Step, Taken};
use super::facts::{Cell, Count, Fact};
use super::visit::Visit;
use super::{AgentFacts, ApplyOutcome, Engine, Gap, QueueFacts};
use crate::clock::{Span, Time};
use crate::event::{self, AgentProfile, Channel, Event, EventKind, QueueProfile, SelfService, Survey};
use crate::kpi::KpiId;
use crate::text::Label;

/// A settled contact is one that has been over for this long; the steps that made it are let go.
const SETTLES_AFTER: Span = Span(600_000_000);

impl Engine {
    /// Take an event in.
    pub fn apply(&mut self, event: &Event) -> ApplyOutcome {
        if let Some(id) = &event.id
            && !self.dedup.first_time(&event.origin, id)
        {
            return ApplyOutcome::Duplicate;
        }
        let origin = self.origins.id(&event.origin);
        let late = self.mind_the_time(event, origin);
        let taken = match &event.kind {
            EventKind::Contact { contact, queue, step } => self.step(event.at, origin, contact, queue.as_ref(), step),
            EventKind::SelfService(session) => {
                self.self_service(event.at, session);
                Taken::Yes
            }
            EventKind::AgentState { agent, state, reason, lasts } => {
                let reason = self.reasons.maybe(reason.as_ref());
                self.evidence.agent_states = true;
                let line = &mut self.agent(agent).line;
                line.say(event.at, Said::State(*state, reason));
                if let Some(lasts) = lasts {
                    line.say(event.at + *lasts, Said::WorkLapses);
                }
                Taken::Yes
            }
            EventKind::AgentProfile(profile) => {
                self.agent_profile(profile);
                Taken::Yes
            }
            EventKind::QueueProfile(profile) => {
                self.queue_profile(profile, origin);
                Taken::Yes
            }
            EventKind::Observed { queue, figures, .. } => {
                let queue = self.queue(queue, origin);
                for (key, value) in figures {
                    if let Some(kpi) = KpiId::parse(key.as_str()) {
                        self.observed.say(queue, kpi, event.at, *value);
                    }
                }
                Taken::Yes
            }
            EventKind::Restarted => {
                self.restarted(event.at, origin);
                Taken::Yes
            }
            // It is no fact about a contact; whoever draws trends asks for the gaps.
            EventKind::Missed { since } => {
                self.gaps.push(Gap { origin: event.origin.clone(), since: *since, until: event.at });
                Taken::Yes
            }
        };
        match taken {
            Taken::OutOfPlace => ApplyOutcome::OutOfPlace,
            Taken::Yes if late => ApplyOutcome::Late,
            Taken::Yes => ApplyOutcome::Counted,
        }
    }

    /// Keep the newest time; whether the event is late. Only streams of events with ids can be: a log or a table
    /// has an order of its own.
    fn mind_the_time(&mut self, event: &Event, origin: u32) -> bool {
        self.newest = self.newest.max(event.at);
        let place = origin as usize;
        if self.newest_by_origin.len() <= place {
            self.newest_by_origin.resize(place + 1, Time(i64::MIN));
        }
        let Some(newest) = self.newest_by_origin.get_mut(place) else { return false };
        let late = event.id.is_some() && *newest > event.at + self.settings.lateness;
        *newest = (*newest).max(event.at);
        late
    }

    fn queue(&mut self, name: &Label, origin: u32) -> u32 {
        let id = self.queues.id(name);
        if self.queue_facts.len() <= id as usize {
            self.queue_facts.resize_with(self.queues.len(), QueueFacts::default);
            self.draw_line(id);
        }
        if let Some(facts) = self.queue_facts.get_mut(id as usize)
            && origin != 0
            && !facts.origins.contains(&origin)
        {
            facts.origins.push(origin);
        }
        id
    }

    /// Set the service level's threshold of a queue from what is known.
    fn draw_line(&mut self, queue: u32) {
        let place = queue as usize;
        if self.lines.by_queue.len() <= place {
            self.lines.by_queue.resize(place + 1, None);
        }
        let name = self.queues.label(queue);
        let set = self.settings.queues.get(&name).and_then(|q| q.service_level);
        let profile = self.queue_facts.get(place).and_then(|q| q.profile.as_ref());
        let said = profile.and_then(|p| p.service_level_s).and_then(Span::from_secs_f64);
        let line = if self.settings.service_level_forced { None } else { set.or(said) };
        if let Some(slot) = self.lines.by_queue.get_mut(place)
            && *slot != line
        {
            *slot = line;
            self.epoch += 1;
        }
    }

    pub(super) fn agent(&mut self, name: &Label) -> &mut AgentFacts {
        let id = self.agents.id(name);
        self.agent_by_id(id)
    }

    pub(super) fn agent_by_id(&mut self, id: u32) -> &mut AgentFacts {
        let place = id as usize;
        if self.agent_facts.len() <= place {
            self.agent_facts.resize_with(place + 1, AgentFacts::default);
        }
        #[expect(clippy::indexing_slicing, reason = "resized just above")]
        &mut self.agent_facts[place]
    }

    fn agent_profile(&mut self, profile: &AgentProfile) {
        let team = self.teams.maybe(profile.team.as_ref());
        let queues: Vec<u32> = profile.queues.iter().map(|q| self.queue(q, 0)).collect();
        let facts = self.agent(&profile.agent);
        // Several sources may each know a part; what one doesn't say stays as another said it.
        let moved = team != 0 && facts.team != team;
        if moved {
            facts.team = team;
        }
        if !queues.is_empty() {
            facts.queues = queues;
        }
        match &mut facts.profile {
            Some(known) => known.learn(profile),
            none => *none = Some(profile.clone()),
        }
        if moved {
            self.epoch += 1;
        }
    }

    fn queue_profile(&mut self, profile: &QueueProfile, origin: u32) {
        let id = self.queue(&profile.queue, origin);
        if let Some(facts) = self.queue_facts.get_mut(id as usize) {
            match &mut facts.profile {
                Some(known) => known.learn(profile),
                none => *none = Some(profile.clone()),
            }
            facts.channel = profile.channel.map(|c| c as u8).or(facts.channel);
        }
        self.draw_line(id);
    }

    fn self_service(&mut self, at: Time, session: &SelfService) {
        self.evidence.self_service = true;
        let cell = Cell {
            intent: self.intents.maybe(session.intent.as_ref()),
            channel: session.channel.unwrap_or_default() as u8,
            ..Cell::default()
        };
        let cell = self.cells.id(cell);
        let arg = u8::from(session.contained);
        self.minutes.push(at, Fact { offset: 0, cell, count: Count::SelfService, arg, sign: 1, value: 0 });
    }

    /// A source's system started anew: its contacts that are alive are lost. Pauses stay: some systems keep them,
    /// and none says which.
    fn restarted(&mut self, at: Time, origin: u32) {
        self.restarts.push((origin, at));
        let open: Vec<u64> = self.open.iter().copied().collect();
        for id in open {
            if self.calls.get(id).is_some_and(|call| call.origin == origin) {
                self.lose(id, at);
            }
        }
    }

    fn lose(&mut self, id: u64, at: Time) {
        while self.calls.get(id).is_some_and(Call::is_open) {
            if self.take(id, Step { at, queue: 0, what: Move::Lost }) == Taken::OutOfPlace {
                break;
            }
        }
    }

    /// Close contacts on live channels that have outlived their time, as of the moment they did.
    pub(super) fn close_outlived(&mut self, now: Time) {
        let ttl = self.settings.contact_ttl;
        let outlived = |v: &Visit| {
            let channel = Channel::ALL.get(usize::from(v.channel)).copied().unwrap_or_default();
            v.stage.is_open() && !channel.is_asynchronous() && now.since(v.joined) > ttl
        };
        let old: Vec<(u64, Time)> = self
            .open
            .iter()
            .filter_map(|id| {
                let visit = self.calls.get(*id)?.visits.iter().find(|v| outlived(v))?;
                Some((*id, visit.joined + ttl))
            })
            .collect();
        for (id, at) in old {
            self.lose(id, at);
        }
    }

    /// Let go of the steps of contacts that have long been over.
    pub(super) fn settle(&mut self, now: Time) {
        let after = SETTLES_AFTER.max(self.settings.lateness);
        while let Some((at, id)) = self.over.front().copied() {
            if now.since(at) <= after {
                break;
            }
            self.over.pop_front();
            if let Some(call) = self.calls.get_mut(id)
                && !call.is_open()
                && call.is_whole()
                && call.visits.iter().all(|v| v.ended.is_none_or(|ended| now.since(ended) > after))
            {
                call.settle();
                if let Some((name, id)) = self.call_ids.remove_entry(&call.id) {
                    self.settled_ids.insert(name, id);
                }
            }
        }
    }

    fn step(&mut self, at: Time, origin: u32, contact: &Label, queue: Option<&Label>, step: &event::Step) -> Taken {
        let id = if let Some(id) = self.call_ids.get(contact).or_else(|| self.settled_ids.get(contact)) {
            *id
        } else {
            let id = self.calls.push(Call::new(contact.clone(), origin));
            self.call_ids.insert(contact.clone(), id);
            // It began before a restart that is already known of: nobody will say that it was lost.
            if let Some((_, restart)) = self.restarts.iter().find(|(o, restart)| *o == origin && *restart > at) {
                let lost = Step { at: *restart, queue: 0, what: Move::Lost };
                if let Some(call) = self.calls.get_mut(id) {
                    call.insert(lost);
                }
            }
            id
        };
        if let event::Step::Survey(survey) = step {
            return self.survey(id, at, queue, survey);
        }
        let queue = match (step, queue) {
            (event::Step::Offered(offer), _) => self.queue(&offer.queue, origin),
            (_, Some(queue)) => self.queue(queue, origin),
            (_, None) => 0,
        };
        let what = self.translate(step);
        self.take(id, Step { at, queue, what })
    }

    /// A step with names as numbers. Surveys are several and have been taken before.
    fn translate(&mut self, step: &event::Step) -> Move {
        match step {
            event::Step::Offered(offer) => {
                self.evidence.customers |= offer.customer.is_some();
                self.evidence.positions |= offer.position.is_some();
                self.evidence.auth_steps |= offer.auth_steps.is_some();
                let queue = self.queues.id(&offer.queue);
                if let Some(facts) = self.queue_facts.get_mut(queue as usize) {
                    facts.channel.get_or_insert(offer.channel as u8);
                }
                Move::Offered(Joining {
                    channel: offer.channel as u8,
                    intent: self.intents.maybe(offer.intent.as_ref()),
                    customer: self.customers.maybe(offer.customer.as_ref()),
                    position: offer.position,
                    priority: offer.priority,
                    auth_steps: offer.auth_steps,
                    untimed: offer.untimed,
                })
            }
            event::Step::Ringing { agent } => Move::Ringing { agent: self.agents.id(agent) },
            event::Step::RingCanceled { agent } => Move::RingCanceled { agent: self.agents.id(agent) },
            event::Step::RingNoAnswer { agent, .. } => Move::RingNoAnswer { agent: self.agents.id(agent) },
            event::Step::Answered { agent, wait } => Move::Answered { agent: self.agents.id(agent), wait: *wait },
            event::Step::Responded { .. } => {
                self.evidence.responses = true;
                Move::Responded
            }
            event::Step::Abandoned { wait, .. } => Move::Abandoned { wait: *wait },
            event::Step::Left { reason, wait } => Move::Left { reason: *reason, wait: *wait },
            event::Step::Held => Move::Held,
            event::Step::Resumed => Move::Resumed,
            event::Step::Transferred { agent, to_queue, talk, .. } => {
                let agent = self.agents.maybe(agent.as_ref());
                Move::Transferred { agent, to_queue: self.queues.maybe(to_queue.as_ref()), talk: *talk }
            }
            event::Step::Completed { agent, talk, hold, .. } => {
                Move::Completed { agent: self.agents.maybe(agent.as_ref()), talk: *talk, hold: *hold }
            }
            event::Step::Wrapped { agent, acw } => Move::Wrapped { agent: self.agents.id(agent), acw: *acw },
            event::Step::Classified { intent } => Move::Classified { intent: self.intents.id(intent) },
            event::Step::Identified { customer } => {
                self.evidence.customers = true;
                Move::Identified { customer: self.customers.id(customer) }
            }
            event::Step::Resolved { resolved, .. } => {
                self.evidence.dispositions = true;
                Move::Disposition { resolved: *resolved }
            }
            event::Step::Reopened | event::Step::Survey(_) => Move::Reopened,
            event::Step::Lost => Move::Lost,
            event::Step::Quality { evaluator, score, .. } => {
                self.evidence.quality = true;
                let evaluator = i64::from(self.evaluators.id(evaluator));
                Move::Score { count: Count::Quality, arg: 0, value: evaluator << 32 | millionths(*score) }
            }
        }
    }

    fn survey(&mut self, id: u64, at: Time, queue: Option<&Label>, survey: &Survey) -> Taken {
        let queue = queue.map_or(0, |queue| self.queue(queue, 0));
        let mut scores: SmallVec<[(Count, u8, i64); 4]> = SmallVec::new();
        if let Some(csat) = survey.csat {
            self.evidence.csat = true;
            // Top two steps on the scale it was asked on; the mean is put on 1–5.
            let top = csat.score >= csat.max - 1.0;
            let five = 1.0 + 4.0 * (csat.score - csat.min) / (csat.max - csat.min);
            scores.push((Count::Csat, u8::from(top), millionths(five)));
        }
        if let Some(ces) = survey.ces {
            self.evidence.ces = true;
            let seven = 1.0 + 6.0 * (ces.score - ces.min) / (ces.max - ces.min);
            let easy = if survey.ces_higher_is_easier { 8.0 - seven } else { seven };
            scores.push((Count::Ces, 0, millionths(easy)));
        }
        if let Some(nps) = survey.nps {
            self.evidence.nps = true;
            scores.push((Count::Nps, nps, 0));
        }
        if let Some(resolved) = survey.resolved {
            self.evidence.survey_resolved = true;
            scores.push((Count::SurveyResolved, u8::from(resolved), 0));
        }
        let mut taken = Taken::Yes;
        for (count, arg, value) in scores {
            if self.take(id, Step { at, queue, what: Move::Score { count, arg, value } }) == Taken::OutOfPlace {
                taken = Taken::OutOfPlace;
            }
        }
        taken
    }

    /// Let a step change its contact.
    fn take(&mut self, id: u64, step: Step) -> Taken {
        self.mark(id);
        let Some(call) = self.calls.get_mut(id) else { return Taken::OutOfPlace };
        let was_open = call.is_open();
        let taken = if call.is_afterthought(&step) {
            call.take(&step, 0)
        } else {
            // What fits nowhere yet may still, when what is missing comes.
            if call.insert(step) {
                call.take(&step, call.settled);
            } else {
                call.replay();
            }
            Taken::Yes
        };
        let open = call.is_open();
        if open && !was_open {
            self.open.insert(id);
        } else if !open {
            if was_open {
                self.open.remove(&id);
            }
            self.over.push_back((step.at, id));
        }
        taken
    }
}

fn millionths(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "scores are small; the source's edge checked their scale")]
    let whole = (value * 1e6).round() as i64;
    whole
}
