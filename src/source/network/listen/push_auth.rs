//! The paths of a `listen` source, and who may push to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::intake::{Intake, PushError};
use super::tokens::AcceptedTokens;
use crate::net::server::{ConnectionPlace, share_of_address};
use crate::net::{bearer_token, is_forwarded};

/// Decides which requests may push events.
pub(super) struct PushAuth {
    intake: Intake,
    /// `None` if everybody on this machine may push.
    tokens: Mutex<Option<AcceptedTokens>>,
    /// How many requests were refused because of their token.
    refused: AtomicU64,
}

impl PushAuth {
    pub(super) fn new(intake: Intake, tokens: Option<AcceptedTokens>) -> Self {
        Self { intake, tokens: Mutex::new(tokens), refused: AtomicU64::new(0) }
    }

    /// Where the events of admitted requests go.
    pub(super) const fn intake(&self) -> &Intake {
        &self.intake
    }

    /// How many requests were refused because of their token.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Replace the accepted tokens.
    pub(super) fn change_tokens(&self, tokens: AcceptedTokens) {
        *self.tokens.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
    }

    /// The paths and their handlers.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/events", post(push))
            .route("/healthz", get(async || "ok\n"))
            .with_state(Arc::clone(self))
    }

    /// Whether a request on the connection `place` from `peer` may push.
    fn admit(&self, headers: &HeaderMap, peer: &SocketAddr, place: &ConnectionPlace) -> Result<(), PushError> {
        match &*self.tokens.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(tokens) if bearer_token(headers).is_some_and(|token| tokens.contains(token)) => {
                // All senders may share one token, so each address has a share of its own.
                if place.identify(&share_of_address(peer)) {
                    Ok(())
                } else {
                    Err(PushError::busy("this sender has too many connections open"))
                }
            }
            Some(_) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(PushError::new(StatusCode::UNAUTHORIZED, "the bearer token is missing or wrong")
                    .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"floorwatch\"")))
            }
            // Only browsers send Origin. Without a token, any web page in a browser on this machine could push.
            None if headers.contains_key(header::ORIGIN) => {
                Err(PushError::new(StatusCode::FORBIDDEN, "web pages can't push where no token is set"))
            }
            None if is_forwarded(headers) => {
                let reason = "a proxy forwarded this request, so the connection does not tell who sent it: set `token` for this source, and have the sender name it";
                Err(PushError::new(StatusCode::UNAUTHORIZED, reason))
            }
            None => Ok(()),
        }
    }
}

async fn push(
    State(auth): State<Arc<PushAuth>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(place): Extension<Arc<ConnectionPlace>>,
    request: Request,
) -> Response {
    let pushed = match auth.admit(request.headers(), &peer, &place) {
        Ok(()) => auth.intake.push(request).await,
        Err(refusal) => {
            let (parts, mut body) = request.into_parts();
            Err(refusal.after_draining(&parts.headers, &mut body).await)
        }
    };
    match pushed {
        Ok((status, summary)) => (status, axum::Json(summary)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}
