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
