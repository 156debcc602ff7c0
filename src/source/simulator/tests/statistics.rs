//! Statistics of simulated events, computed without the engine.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use crate::event::AgentState;

/// Statistics of a period; sums as `f64` so that ratios need no casts.
#[derive(Debug, Default)]
pub(super) struct DayStatistics {
    pub(super) offered: f64,
    pub(super) answered: f64,
    pub(super) within: f64,
    /// Sum (seconds) and number of the waits of calls and chats.
    pub(super) waited: (f64, f64),
    /// Sum (seconds) and number of the waits of written contacts.
    pub(super) written_wait: (f64, f64),
    pub(super) abandoned: f64,
    pub(super) short: f64,
    pub(super) left: f64,
    pub(super) completed: f64,
    pub(super) transferred: f64,
    pub(super) surveys: f64,
    pub(super) satisfied: f64,
    pub(super) effort: (f64, f64),
    pub(super) promoters: f64,
    pub(super) recommended: f64,
    pub(super) evaluations: f64,
    pub(super) firsts: f64,
    pub(super) resolved_at_first: f64,
    pub(super) repeats: f64,
    pub(super) known: f64,
    pub(super) busy_s: f64,
    pub(super) free_s: f64,
    pub(super) reopened: f64,
    pub(super) no_answer: f64,
}

impl DayStatistics {
    pub(super) fn abandonment(&self) -> f64 {
        100.0 * (self.abandoned - self.short) / (self.answered + self.abandoned - self.short + self.left)
    }
    pub(super) fn service_level(&self) -> f64 {
        100.0 * self.within / (self.answered + self.abandoned + self.left)
    }
}

/// The statistics from `from` up to `to`, of the queue `only` or of all queues.
pub(super) fn count(events: &[Event], from: Time, to: Time, only: Option<&str>) -> DayStatistics {
    let mut c = DayStatistics::default();
    let mut joined: BTreeMap<(Label, Label), Time> = BTreeMap::new();
    let rows: BTreeMap<&str, &world::SimulatedQueue> = world::QUEUES.iter().map(|q| (q.id, q)).collect();
    let mut intent_of: BTreeMap<Label, Label> = BTreeMap::new();
    let mut customer_of: BTreeMap<Label, Label> = BTreeMap::new();
    let mut journeys: BTreeMap<(Label, Label), Vec<(Label, bool)>> = BTreeMap::new();
    let mut transferred: BTreeSet<Label> = BTreeSet::new();
    for event in events {
        let EventKind::Contact { contact, queue: Some(queue), step } = &event.kind else { continue };
        let ours = event.at >= from && event.at < to && only.is_none_or(|q| q == queue.as_str());
        let one = f64::from(u8::from(ours));
        let wait = joined.get(&(contact.clone(), queue.clone())).map(|at| event.at.since(*at).as_secs_f64());
        match step {
            Step::Offered(offer) => {
                c.offered += one;
                joined.insert((contact.clone(), queue.clone()), event.at);
                if let Some(intent) = &offer.intent {
                    intent_of.insert(contact.clone(), intent.clone());
                }
                if let Some(customer) = &offer.customer {
                    customer_of.insert(contact.clone(), customer.clone());
                }
            }
            Step::Answered { .. } => {
                let wait = wait.unwrap();
                c.answered += one;
                let row = rows[queue.as_str()];
                let sum = if row.channel.is_asynchronous() { &mut c.written_wait } else { &mut c.waited };
                *sum = (sum.0 + one * wait, sum.1 + one);
                c.within += one * f64::from(u8::from(wait <= row.threshold_s));
            }
            Step::Abandoned { .. } => {
                c.abandoned += one;
                c.short += one * f64::from(u8::from(wait.unwrap() < 5.0));
            }
            Step::Left { .. } => c.left += one,
            Step::Completed { .. } => c.completed += one,
            Step::Transferred { .. } => {
                c.transferred += one;
                transferred.insert(contact.clone());
            }
            Step::Reopened => c.reopened += one,
            Step::RingNoAnswer { .. } => c.no_answer += one,
            Step::Classified { intent } => drop(intent_of.insert(contact.clone(), intent.clone())),
            Step::Identified { customer } => drop(customer_of.insert(contact.clone(), customer.clone())),
            Step::Quality { .. } => c.evaluations += one,
            Step::Survey(survey) => {
                c.surveys += one;
                c.satisfied += one * f64::from(u8::from(survey.csat.unwrap().score >= 4.0));
                if let Some(ces) = survey.ces {
                    c.effort = (c.effort.0 + one * ces.score, c.effort.1 + one);
                }
                if let Some(nps) = survey.nps {
                    c.recommended += one;
                    c.promoters += one * f64::from(i8::from(nps >= 9) - i8::from(nps <= 6));
                }
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    for event in events {
        let EventKind::Contact { contact, queue: Some(queue), step } = &event.kind else { continue };
        let (Step::Offered(_), Some(customer)) = (step, customer_of.get(contact)) else { continue };
        if seen.insert(contact.clone()) {
            let topic = intent_of.get(contact).unwrap_or(queue).clone();
            let ours = event.at >= from && event.at < to && only.is_none_or(|q| q == queue.as_str());
            journeys.entry((customer.clone(), topic)).or_default().push((contact.clone(), ours));
        }
    }
    for journey in journeys.values() {
        for (place, (contact, ours)) in journey.iter().enumerate() {
            let one = f64::from(u8::from(*ours));
            c.known += one;
            if place == 0 {
                c.firsts += one;
                let at_once = journey.len() == 1 && !transferred.contains(contact);
                c.resolved_at_first += one * f64::from(u8::from(at_once));
            } else {
                c.repeats += one;
            }
        }
    }
    occupancy(events, from, to, &mut c);
    c
}

/// The service level of each hour of a day, by the hour in which the wait ended.
pub(super) fn hourly_levels(events: &[Event], midnight: Time) -> [f64; 24] {
    let mut joined: BTreeMap<(&Label, &Label), Time> = BTreeMap::new();
    let mut sums = [(0.0, 0.0); 24];
    for event in events {
        let EventKind::Contact { contact, queue: Some(queue), step } = &event.kind else { continue };
        let within = match step {
            Step::Offered(_) => {
                joined.insert((contact, queue), event.at);
                continue;
            }
            Step::Answered { .. } => {
                let row = world::QUEUES.iter().find(|row| queue.as_str() == row.id).unwrap();
                event.at.since(joined[&(contact, queue)]).as_secs_f64() <= row.threshold_s
            }
            Step::Abandoned { .. } | Step::Left { .. } => false,
            _ => continue,
        };
        let hour = (event.at - midnight).0.div_euclid(Span::HOUR.0);
        if let Some(sum) = usize::try_from(hour).ok().and_then(|hour| sums.get_mut(hour)) {
            *sum = (sum.0 + f64::from(u8::from(within)), sum.1 + 1.0);
        }
    }
    sums.map(|(within, all)| 100.0 * within / all)
}

/// Add the seconds that agents were busy with a contact and available, from their states.
fn occupancy(events: &[Event], from: Time, to: Time, c: &mut DayStatistics) {
    let mut since: BTreeMap<Label, (AgentState, Time)> = BTreeMap::new();
    let mut holder: BTreeMap<(Label, Label), Label> = BTreeMap::new();
    for event in events {
        let (agent, state) = match &event.kind {
            EventKind::AgentState { agent, state, .. } => (agent.clone(), *state),
            EventKind::Contact { contact, queue: Some(queue), step } => match step {
                Step::Answered { agent, .. } => {
                    holder.insert((contact.clone(), queue.clone()), agent.clone());
                    (agent.clone(), AgentState::OnContact)
                }
                Step::Wrapped { agent, .. } | Step::RingCanceled { agent } => (agent.clone(), AgentState::Available),
                Step::Ringing { agent } => (agent.clone(), AgentState::Ringing),
                _ => continue,
            },
            _ => continue,
        };
        let before = since.insert(agent, (state, event.at));
        if let Some((was, at)) = before {
            let spent = event.at.min(to).since(at.max(from)).as_secs_f64();
            match was {
                AgentState::OnContact => c.busy_s += spent,
                AgentState::Available => c.free_s += spent,
                _ => {}
            }
        }
    }
}
