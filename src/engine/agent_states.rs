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
    use crate::event::{Event, EventKind};

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
}
