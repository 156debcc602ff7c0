//! The hub: serves one floor to many boards and programs over HTTP.
//!
//! The API offers what a floor's [`Handle`] offers: the current board, figures, contacts, alerts, and commands for alerts.
//! A caller is identified by a token or, on the same machine, by the login; this decides what the caller may do and see.
//! [`client`] is the other end: it provides a [`Handle`] for a floor behind a hub, so that a board works the same with
//! both.

pub mod access;
mod api;
mod board_json;
pub mod client;
mod events;
mod extract;
mod metrics;
pub mod patch;
mod problem;
mod query_params;
mod rate;
mod server;
pub mod settings;
pub mod socket;
mod streams;
mod turns;
mod visible;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use rand::TryRngCore;
use rand::rngs::OsRng;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::floor::Handle;
use crate::net::server::{Connections, HttpServer};
use access::Token;
use board_json::BoardJson;
pub use events::EventSlot;
pub use problem::ApiProblem;
use rate::Rates;
pub use server::Listener;
pub use settings::Settings;
use streams::Streams;
use turns::Turns;

/// What a hub serves, and to whom.
pub struct ServerConfig {
    /// The floor to serve.
    pub handle: Handle,
    /// The tokens of network callers.
    pub tokens: Vec<Token>,
    /// Where ingested events go; `None` if the hub accepts none.
    pub event_slot: Option<EventSlot>,
    /// The clock for rate limits.
    pub clock: Clock,
}

/// The state shared by all requests.
pub(crate) struct Hub {
    handle: Handle,
    tokens: Vec<Token>,
    event_slot: Option<EventSlot>,
    streams: Arc<Streams>,
    board_json: BoardJson,
    /// The serialized `OpenAPI` document.
    description: Bytes,
    rates: Rates,
    /// The turns of queries and commands.
    turns: Turns,
    /// The open connections over the network.
    network: Arc<Connections>,
    /// Those at the Unix socket, which have limits of their own.
    local: Arc<Connections>,
}

/// Serve a floor at `listeners` until `stop`.
///
/// Requests in progress are finished first.
pub async fn serve(config: ServerConfig, listeners: Vec<Listener>, stop: CancellationToken) {
    let (hub, router) = build(config, stop.clone());
    let open = TaskTracker::new();
    for listener in listeners {
        let connections = Arc::clone(match &listener {
            Listener::Network(..) => &hub.network,
            Listener::Socket(_) => &hub.local,
        });
        let server = HttpServer { router: router.clone(), connections, max_connection_age: None };
        open.spawn(server.serve(listener, stop.clone()));
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
    // The random part tells two runs apart that start in the same instant.
    let run = format!("{:x}-{:x}", clock.now().0, OsRng.try_next_u64().unwrap_or_default());
    let hub = Arc::new(Hub {
        streams: Streams::new(handle.clone(), run, stop),
        handle,
        tokens,
        event_slot,
        board_json: BoardJson::default(),
        description: description.to_json().unwrap_or_default().into(),
        rates: Rates::new(clock),
        turns: Turns::default(),
        network: Connections::new(server::network_limits()),
        local: Connections::new(server::SOCKET_LIMITS),
    });
    let router = router
        .fallback(|| async {
            ApiProblem::new(
                StatusCode::NOT_FOUND,
                problem::NOT_FOUND,
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

/// Read `text` as the query of a URL that asks for figures.
#[cfg(any(test, fuzzing))]
pub fn fuzz_figures_query(text: &str) {
    use axum::extract::Query;
    use axum::http::Uri;

    let Ok(uri) = Uri::try_from(format!("/v1/figures?{text}")) else { return };
    if let Ok(Query(params)) = Query::<Vec<(String, String)>>::try_from_uri(&uri) {
        drop(query_params::parse(&params));
    }
}

#[cfg(test)]
mod tests;
