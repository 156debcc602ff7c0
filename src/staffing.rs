//! Queueing models: how long customers wait for so many agents, and what has changed that.
//!
//! ```text
//! arrivals, handling, patience ──Load──▶ erlang::steady_state(load, agents) ──▶ SteadyState: waits, hang-ups, shares
//!                                                      ▲
//! before and now, each with its observed figure ──▶ drivers::effects: what volume, handling and agents did to it
//! ```
//!
//! The model is Erlang A (M/M/n+M): arrivals at random, handling times and patience exponential, one line for all agents.
//! Without patience it is Erlang C. Everything here is a pure function of numbers.

pub mod drivers;
pub mod erlang;

/// More agents and more offered work (in Erlangs) than this are not computed.
pub const MAX_AGENTS: u32 = 20_000;

/// What comes to a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the name")]
pub struct Load {
    arrivals_per_s: f64,
    handling_s: f64,
    /// 1 ÷ the mean patience, per second; 0 where nobody hangs up.
    hang_ups_per_s: f64,
}

impl Load {
    /// Arrivals per second, the mean handling time and the mean patience in seconds; without a patience nobody hangs up.
    /// `None` where a number is not finite and above 0, or the work is more than [`MAX_AGENTS`] Erlangs.
    #[must_use]
    pub fn new(arrivals_per_s: f64, handling_s: f64, patience_s: Option<f64>) -> Option<Self> {
        let is_usable = |value: &f64| value.is_finite() && *value > 0.0;
        let hang_ups_per_s = patience_s.map_or(0.0, f64::recip);
        let all = [arrivals_per_s, handling_s, patience_s.unwrap_or(1.0)];
        let is_bounded = arrivals_per_s * handling_s <= f64::from(MAX_AGENTS);
        (all.iter().all(is_usable) && hang_ups_per_s.is_finite() && is_bounded).then_some(Self {
            arrivals_per_s,
            handling_s,
            hang_ups_per_s,
        })
    }
}
