//! Formats of recorded and received data: bytes are split into records and records become events, without I/O of
//! their own.

pub(super) mod body;
pub mod contact_events;
pub mod csv;
pub(super) mod decoder;
pub mod detect;
mod limits;
pub mod lines;
pub mod queue_log;
