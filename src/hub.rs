//! The hub: a floor for many boards, over HTTP.
//!
//! A hub answers what a floor's handle answers: what stands now, figures, contacts, alerts, and what is to be done
//! about them. Whoever asks is known, by a token or, on the same machine, by his login; what he may do and see follows
//! from that. [`client`] is the other end: a floor's handle whose floor is elsewhere, so that a board can't tell.

pub mod access;
mod api;
mod caller;
pub mod client;
mod document;
mod metrics;
mod problem;
mod question;
mod server;
pub mod settings;
pub mod socket;
mod visible;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use rand::TryRngCore;
use rand::rngs::OsRng;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Time;
use crate::floor::Handle;
use access::Token;
use document::Documents;
pub use problem::Problem;
pub use server::Door;
pub use settings::Settings;

/// The largest body of a request, in bytes.
const BODY: usize = 1024 * 1024;
/// So many requests are worked on at once; the rest are told to come again.
const AT_ONCE: usize = 256;

/// What every request may need.
pub(crate) struct Hub {
    handle: Handle,
    tokens: Vec<Token>,
    documents: Arc<Documents>,
    /// The `OpenAPI` document.
    description: Bytes,
    /// Places for connections.
    free: Arc<Semaphore>,
    connections: AtomicUsize,
}

/// Serve a floor at `doors` until `stop`. `started` tells one run from another.
///
/// What is being answered when it is stopped is finished first.
pub async fn serve(handle: Handle, tokens: Vec<Token>, doors: Vec<Door>, started: Time, stop: CancellationToken) {
    let (hub, router) = build(handle, tokens, started, stop.clone());
    let open = TaskTracker::new();
    for door in doors {
        open.spawn(server::serve(door, Arc::clone(&hub), router.clone(), stop.clone()));
    }
    open.close();
    open.wait().await;
}

/// The hub and its endpoints.
fn build(handle: Handle, tokens: Vec<Token>, started: Time, stop: CancellationToken) -> (Arc<Hub>, Router) {
    let (router, description) = api::router();
    // Two hubs may begin in one instant, of which one takes the place of the other.
    let run = format!("{:x}-{:x}", started.0, OsRng.try_next_u64().unwrap_or_default());
    let hub = Arc::new(Hub {
        documents: Documents::new(handle.clone(), run, stop),
        handle,
        tokens,
        description: description.to_json().unwrap_or_default().into(),
        free: Arc::new(Semaphore::new(server::CONNECTIONS)),
        connections: AtomicUsize::new(0),
    });
    let busy = Arc::new(Semaphore::new(AT_ONCE));
    let router = router
        .fallback(|| async {
            Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here: /openapi.json lists what there is")
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "not by this method: see /openapi.json")
        })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(axum::middleware::from_fn(move |request, next: axum::middleware::Next| {
            let busy = Arc::clone(&busy);
            async move {
                // A stream holds no place: its answer is made at once, and read for as long as anybody likes.
                let waited = tokio::time::timeout(Duration::from_secs(5), busy.acquire_owned()).await;
                match waited {
                    Ok(Ok(_place)) => next.run(request).await,
                    _ => axum::response::IntoResponse::into_response(Problem::new(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "busy",
                        "too much is asked at once: come again in a moment",
                    )),
                }
            }
        }))
        .with_state(Arc::clone(&hub));
    (hub, router)
}

#[cfg(test)]
mod tests;
