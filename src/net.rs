//! Networking that does not depend on what is transferred: connections, TLS, an HTTP client and an HTTP server,
//! server-sent events, rate limits, and faults with the wait until the next try.
//!
//! Sources, the hub and notifications share these parts; none of them knows what a source or a board is.

mod backoff;
mod bearer;
mod fault;
mod forwarded;
pub mod http;
pub(crate) mod proxy;
pub(crate) mod rate;
pub(crate) mod server;
pub(crate) mod sse;
pub(crate) mod tcp;
pub mod tls;

pub(crate) use backoff::Backoff;
pub(crate) use bearer::bearer_token;
pub(crate) use fault::{Fault, FaultKind};
pub(crate) use forwarded::is_forwarded;

/// Parse `bytes` as server-sent events that arrive in two portions. The first byte is the length of the first portion.
#[cfg(any(test, fuzzing))]
pub fn fuzz_sse(bytes: &[u8]) {
    let Some((at, bytes)) = bytes.split_first() else { return };
    let (first, second) = bytes.split_at(bytes.len().min(usize::from(*at)));
    let mut parser = sse::SseParser::new(64);
    for portion in [first, second] {
        parser.push(portion, &mut drop);
    }
}
