//! Sources that are reached over a network, and the loop that reconnects them.

pub mod asterisk;
mod clock_skew;
mod cursor_pace;
pub mod freeswitch;
pub mod http;
pub mod listen;
mod preset;
pub mod prometheus;
pub mod queue_log_sql;
mod reporter;
pub(super) mod session;
pub(crate) mod shared_reporter;
pub mod sse;

use crate::clock::Span;

/// A source that knows what agents do tells it again so often, though nothing has changed: a state of which nothing is heard for
/// long is taken for unknown (`agent_ttl`).
const STATE_REPEAT_INTERVAL: Span = Span(30 * Span::MINUTE.0);
