//! What an agent did today: the states of the business day, one after the other.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Engine;
use super::interner::{AgentNo, NameNo};
use crate::clock::Time;
use crate::event::AgentState;
use crate::text::Label;

/// The most states of one day that are told; the newest ones are kept.
const MAX_STATE_PERIODS: usize = 2_000;

/// A time in which an agent was in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatePeriod {
    /// The state.
    pub state: AgentState,
    /// The reason of a pause; empty where none is known.
    #[serde(default)]
    pub reason: Label,
    /// When it began, or the day did.
    pub since: Time,
    /// When it ended, or now while it lasts.
    pub until: Time,
}

impl Engine {
    /// The states of an agent since the business day began, the oldest first. It begins with the first that is known of
    /// the day; none are known of an agent whom no source reports on.
    pub fn agent_states(&mut self, agent: &Label, now: Time) -> Vec<StatePeriod> {
        self.flush();
        let from = self.calendar().day_start(now, 0);
        let number: Option<AgentNo> = self.agents.find(agent.as_str());
        let record = number.and_then(|number| self.agent_records.get(number.index()));
        let states = record.map(|record| record.timeline.states(from, now)).unwrap_or_default();
        let ends: Vec<Time> = states.iter().skip(1).map(|(since, ..)| *since).chain([now]).collect();
        let kept = states.len().saturating_sub(MAX_STATE_PERIODS);
        let period =
            |((since, state, reason), until)| StatePeriod { state, reason: self.reasons.label(reason), since, until };
        states.into_iter().zip(ends).skip(kept).map(period).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Span;
    use crate::engine::Settings;
    use crate::event::{Channel, Event, EventKind, Offer, Step};

    #[test]
    fn a_day_of_states_begins_with_the_day_and_ends_now() {
        let day = Time::from_unix(1_772_409_600); // Monday, 2 March 2026, 00:00 UTC
        let at = |minutes: i64| day + Span(minutes * Span::MINUTE.0);
        let mut engine = Engine::new(Settings::default());
        for (minutes, state, reason) in [
            (-30, AgentState::Available, None),
            (60, AgentState::Paused, Some("lunch")),
            (60, AgentState::Paused, Some("coffee")),
            (90, AgentState::Paused, Some("coffee")),
            (100, AgentState::Available, None),
        ] {
            let reason = reason.map(Into::into);
            let kind = EventKind::AgentState { agent: "ann".into(), state, reason, lasts: None };
            engine.apply(&Event { at: at(minutes), origin: "pbx".into(), id: None, kind });
        }
        let states = engine.agent_states(&"ann".into(), at(120));
        let seen: Vec<_> = states.iter().map(|s| (s.state, s.reason.as_str(), s.since, s.until)).collect();
        // The pause that was named twice is one, and the first reason at its instant took no time.
        let expected = [
            (AgentState::Available, "", at(0), at(60)),
            (AgentState::Paused, "coffee", at(60), at(100)),
            (AgentState::Available, "", at(100), at(120)),
        ];
        assert_eq!(seen, expected);
        assert!(engine.agent_states(&"nobody".into(), at(120)).is_empty());
    }

    #[test]
    fn calls_back_to_back_are_conversations_of_their_own() {
        let zero = Time::from_unix(1_772_442_000);
        let at = |second: i64| zero + Span::seconds(second);
        let event = |second, kind| Event { at: at(second), origin: "pbx".into(), id: None, kind };
        let state = |second, state| {
            event(second, EventKind::AgentState { agent: "ann".into(), state, reason: None, lasts: None })
        };
        let step = |second, contact: &str, step| {
            event(second, EventKind::Contact { contact: contact.into(), queue: Some("sales".into()), step })
        };
        let offered = || Step::Offered(Offer::new("sales".into(), Channel::Voice));
        let answered = || Step::Answered { agent: "ann".into(), wait: None };
        let ended = Step::Completed { agent: None, ended_by: None, talk: None, hold: None };
        let calls = [
            step(0, "c1", offered()),
            step(10, "c1", answered()),
            step(1_600, "c2", offered()),
            step(1_713, "c1", ended),
            step(1_713, "c2", answered()),
        ];
        // A log has the calls alone, and whole seconds; a manager interface has what the phone does besides, within one read.
        let log: Vec<Event> = [state(0, AgentState::Available)].into_iter().chain(calls.clone()).collect();
        let phone = [(10, AgentState::OnContact), (1_713, AgentState::Available), (1_713, AgentState::Ringing)];
        let phone = phone.into_iter().chain([(1_713, AgentState::OnContact)]).map(|(second, of)| state(second, of));
        let live: Vec<Event> = log.iter().cloned().chain(phone).collect();
        for events in [log, live] {
            let mut engine = Engine::new(Settings::default());
            for event in &events {
                engine.apply(event);
            }
            let states = engine.agent_states(&"ann".into(), at(1_800));
            let seen: Vec<_> = states.iter().map(|s| (s.state, s.since, s.until)).collect();
            let expected = [
                (AgentState::Available, at(0), at(10)),
                (AgentState::OnContact, at(10), at(1_713)),
                (AgentState::OnContact, at(1_713), at(1_800)),
            ];
            assert_eq!(seen, expected);
            let agents = engine.agents_now(at(1_800));
            assert_eq!(agents.find(&"ann".into()).map(|row| row.since), Some(at(1_713)));
        }
    }
}
