//! The hub: a floor for many boards, over HTTP.
//!
//! A hub answers what a floor's handle answers: what stands now, figures, contacts, alerts, and what is to be done
//! about them. Whoever asks is known, by a token or, on the same machine, by his login; what he may do and see follows
//! from that. [`client`] is the other end: a floor's handle whose floor is elsewhere, so that a board can't tell.

pub mod access;
mod api;
pub mod client;
mod events;
mod extract;
mod metrics;
mod problem;
mod query_params;
mod rate;
mod server;
pub mod settings;
pub mod socket;
mod streams;
mod visible;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use rand::TryRngCore;
use rand::rngs::OsRng;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::floor::Handle;
use access::Token;
pub use events::EventSlot;
pub use problem::ApiProblem;
use rate::Rates;
pub use server::Listener;
pub use settings::Settings;
use streams::Streams;

/// So many questions and commands are put to the floor at once; the rest wait for a moment, or are told to come again.
const AT_ONCE: usize = 256;
/// That moment.
const MOMENT: Duration = Duration::from_secs(5);

/// A floor, and who may do what with it.
pub struct ServerConfig {
    /// The floor.
    pub handle: Handle,
    /// Who may do what over the network.
    pub tokens: Vec<Token>,
    /// The way of events into it, where it takes any.
    pub event_slot: Option<EventSlot>,
    /// The time.
    pub clock: Clock,
}

/// What every request may need.
pub(crate) struct Hub {
    handle: Handle,
    tokens: Vec<Token>,
    event_slot: Option<EventSlot>,
    streams: Arc<Streams>,
    /// The `OpenAPI` document.
    description: Bytes,
    rates: Rates,
    /// Places for questions and commands.
    at_once: Semaphore,
    /// Places for connections.
    free: Arc<Semaphore>,
    connections: AtomicUsize,
}

impl Hub {
    /// A place to ask the floor something.
    async fn place(&self) -> Result<SemaphorePermit<'_>, ApiProblem> {
        match timeout(MOMENT, self.at_once.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(ApiProblem::busy()),
        }
    }
}

/// Serve a floor at `listeners` until `stop`.
///
/// What is being answered when it is stopped is finished first.
pub async fn serve(config: ServerConfig, listeners: Vec<Listener>, stop: CancellationToken) {
    let (hub, router) = build(config, stop.clone());
    let open = TaskTracker::new();
    for listener in listeners {
        open.spawn(server::serve(listener, Arc::clone(&hub), router.clone(), stop.clone()));
    }
    open.close();
    open.wait().await;
}

/// The OpenAPI description of the API, as a hub serves it at `/openapi.json`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::router().1
}

/// The hub and its endpoints.
fn build(config: ServerConfig, stop: CancellationToken) -> (Arc<Hub>, Router) {
    let ServerConfig { handle, tokens, event_slot, clock } = config;
    let (router, description) = api::router();
    // Two hubs may begin in one instant, of which one takes the place of the other.
    let run = format!("{:x}-{:x}", clock.now().0, OsRng.try_next_u64().unwrap_or_default());
    let hub = Arc::new(Hub {
        streams: Streams::new(handle.clone(), run, stop),
        handle,
        tokens,
        event_slot,
        description: description.to_json().unwrap_or_default().into(),
        rates: Rates::new(clock),
        at_once: Semaphore::new(AT_ONCE),
        free: Arc::new(Semaphore::new(server::CONNECTIONS)),
        connections: AtomicUsize::new(0),
    });
    let router = router
        .fallback(|| async {
            ApiProblem::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is nothing here: /openapi.json lists what there is",
            )
        })
        .method_not_allowed_fallback(|| async {
            ApiProblem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "not by this method: see /openapi.json",
            )
        })
        .with_state(Arc::clone(&hub));
    (hub, router)
}

#[cfg(test)]
mod tests;
