//! The words for values of the program's own types, by their keys.

use super::{keyed, text};
use crate::event::{AgentState, Channel};
use crate::kpi::{Dim, Formula, Window};

/// A window of time: `last 30 minutes`.
#[must_use]
pub fn window(window: Window) -> &'static str {
    keyed("window", window.key())
}

/// A window of time, as short as possible: `30m`.
#[must_use]
pub fn window_key(window: Window) -> &'static str {
    keyed("window-key", window.key())
}

/// What figures are counted by: `queue`.
#[must_use]
pub fn dim(dim: Dim) -> &'static str {
    keyed("dim", dim.key())
}

/// The lack of a value: `no queue`.
#[must_use]
pub fn no(dim: Dim) -> &'static str {
    keyed("no", dim.key())
}

/// A channel: `voice`.
#[must_use]
pub fn channel(channel: Channel) -> &'static str {
    keyed("channel", channel.key())
}

/// What an agent does: `talking`.
#[must_use]
pub fn agent_state(state: AgentState) -> &'static str {
    keyed("state", state.key())
}

/// How a contact stands or ended: `waiting`, `left: timeout`.
#[must_use]
pub fn outcome(outcome: &str) -> String {
    match outcome.strip_prefix("left: ") {
        Some(reason) => text!("outcome-left", reason = keyed("outcome", reason)),
        None => keyed("outcome", outcome).to_owned(),
    }
}

/// The definition of a formula for the service level.
#[must_use]
pub fn formula(formula: Formula) -> &'static str {
    keyed("formula", formula.key())
}
