//! Formats of recorded and received data: bytes are split into records and records become events, without I/O of
//! their own.

pub(super) mod body;
pub mod contact_events;
pub mod csv;
pub(super) mod decoder;
pub mod detect;
pub mod foreign;
pub(crate) mod limits;
pub mod lines;
pub(super) mod not_a_number;
pub mod queue_log;
pub(super) mod surrogates;

/// Parse `bytes` as a body of contact events in every format.
#[cfg(any(test, fuzzing))]
pub fn fuzz_body(bytes: &[u8]) {
    use body::BodyFormat::{Batch, ByContent, Lines, One};
    for format in [One, Batch, Lines, ByContent] {
        drop(body::parse(bytes, format, crate::clock::Time::from_unix(1_800_000_000)));
    }
}
