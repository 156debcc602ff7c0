//! Who may push to an endpoint that is a source, and the paths that there are.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::intake::{Intake, PushError};
use super::tokens::AcceptedTokens;
use crate::net::is_forwarded;

/// Lets requests in that may bring events.
pub(super) struct PushAuth {
    intake: Intake,
    /// `None`: everybody on this machine may push.
    tokens: Mutex<Option<AcceptedTokens>>,
    /// How many requests were refused for their token.
    refused: AtomicU64,
}

impl PushAuth {
    pub(super) fn new(intake: Intake, tokens: Option<AcceptedTokens>) -> Self {
        Self { intake, tokens: Mutex::new(tokens), refused: AtomicU64::new(0) }
    }

    /// What takes what is let in.
    pub(super) const fn intake(&self) -> &Intake {
        &self.intake
    }

    /// How many requests were refused for their token.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Other tokens are good from now on.
    pub(super) fn change_tokens(&self, tokens: AcceptedTokens) {
        *self.tokens.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
    }

    /// The paths that there are.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/events", post(push))
            .route("/healthz", get(async || "ok\n"))
            .with_state(Arc::clone(self))
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), PushError> {
        match &*self.tokens.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(tokens) if tokens.admit(headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes)) => Ok(()),
            Some(_) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(PushError::new(StatusCode::UNAUTHORIZED, "the bearer token is missing or wrong")
                    .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"floorwatch\"")))
            }
            // Only a browser says on whose behalf it asks: any page in it could, where no token is needed.
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

async fn push(State(auth): State<Arc<PushAuth>>, request: Request) -> Response {
    let pushed = match auth.admit(request.headers()) {
        Ok(()) => auth.intake.push(request).await,
        Err(refusal) => {
            let (parts, mut body) = request.into_parts();
            Err(refusal.after_draining(&parts.headers, &mut body).await)
        }
    };
    match pushed {
        Ok((status, taken)) => (status, axum::Json(taken)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}
