//! The network, apart from what is said over it: connections, TLS, an HTTP client, server-sent events, rate limits,
//! and faults with the wait until the next try.
//!
//! Sources, the hub and notifications share these parts; none of them knows what a source or a board is.

mod backoff;
mod fault;
pub mod http;
pub(crate) mod rate;
pub(crate) mod sse;
pub(crate) mod tcp;
pub mod tls;

pub(crate) use backoff::Backoff;
pub(crate) use fault::Fault;
