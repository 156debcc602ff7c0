//! Sources that are reached over a network, and the loop that reconnects them.

pub mod asterisk;
mod clock_skew;
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
