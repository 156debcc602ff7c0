//! The paths of a `listen` source, and who may push to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::firehose;
use super::intake::{Intake, PushError};
use super::signature::Signature;
use super::tokens::AcceptedTokens;
use crate::net::server::{ConnectionPlace, share_of_address};
use crate::net::{bearer_token, is_forwarded};

/// Decides which requests may push events.
pub(super) struct PushAuth {
    intake: Intake,
    /// How requests are signed; `None` if they need not be.
    signature: Option<Signature>,
    secrets: Mutex<Arc<PushSecrets>>,
    /// How many requests were refused because of their token or signature.
    refused: AtomicU64,
}

/// What senders show who they are with.
#[derive(Default)]
pub(super) struct PushSecrets {
    /// `None` if no token is needed.
    pub(super) tokens: Option<AcceptedTokens>,
    /// The secrets of signatures; `None` if none is needed.
    pub(super) signing: Option<AcceptedTokens>,
}

impl PushAuth {
    pub(super) fn new(intake: Intake, signature: Option<Signature>, secrets: PushSecrets) -> Self {
        Self { intake, signature, secrets: Mutex::new(Arc::new(secrets)), refused: AtomicU64::new(0) }
    }

    /// Where the events of admitted requests go.
    pub(super) const fn intake(&self) -> &Intake {
        &self.intake
    }

    /// How many requests were refused because of their token or signature.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Replace the accepted tokens, and the secrets of signatures.
    pub(super) fn change_secrets(&self, secrets: PushSecrets) {
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(secrets);
    }

    fn secrets(&self) -> Arc<PushSecrets> {
        Arc::clone(&self.secrets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Refuse a request. The log has a line for every doubling of their number.
    fn refuse(&self, reason: &str) -> PushError {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        if refused.is_power_of_two() {
            tracing::warn!(source = %self.intake.source_name(), refused, "a request was refused: {reason}");
        }
        PushError::new(StatusCode::UNAUTHORIZED, reason)
    }

    /// The paths and their handlers.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/events", post(push))
            .route("/healthz", get(async || "ok\n"))
            .with_state(Arc::clone(self))
    }

    /// Whether a request on the connection `place` from `peer` may push, as far as its head tells.
    fn admit(&self, headers: &HeaderMap, peer: &SocketAddr, place: &ConnectionPlace) -> Result<(), PushError> {
        match &self.secrets().tokens {
            Some(tokens) if sent_token(headers).is_some_and(|token| tokens.contains(token)) => identify(peer, place),
            Some(_) => Err(self
                .refuse("the bearer token is missing or wrong")
                .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"floorwatch\""))),
            // The signature will tell.
            None if self.signature.is_some() => Ok(()),
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

    /// Whether the signature of a request is right, where one is needed.
    fn check_signature(
        &self,
        parts: &Parts,
        body: &[u8],
        (peer, place): (&SocketAddr, &ConnectionPlace),
    ) -> Result<(), PushError> {
        let Some(signature) = &self.signature else { return Ok(()) };
        let secrets = self.secrets();
        let signing = secrets.signing.as_ref().ok_or("there is no secret to check it with");
        let is_right = signing.and_then(|signing| signature.verify(parts, body, signing, self.intake.now()));
        is_right.map_err(|reason| self.refuse(reason))?;
        identify(peer, place)
    }
}

/// The token of a request; Amazon Data Firehose sends it as an access key.
fn sent_token(headers: &HeaderMap) -> Option<&[u8]> {
    bearer_token(headers).or_else(|| firehose::access_key(headers))
}

/// Count the connection as one of a known sender. All senders may share one token, so each address has a share of its own.
fn identify(peer: &SocketAddr, place: &ConnectionPlace) -> Result<(), PushError> {
    if place.identify(&share_of_address(peer)) {
        Ok(())
    } else {
        Err(PushError::busy("this sender has too many connections open"))
    }
}

async fn push(
    State(auth): State<Arc<PushAuth>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(place): Extension<Arc<ConnectionPlace>>,
    request: Request,
) -> Response {
    let wrapped = firehose::request_id(request.headers()).map(str::to_owned);
    let pushed = match auth.admit(request.headers(), &peer, &place) {
        Ok(()) => auth.intake.push_if(request, |parts, body| auth.check_signature(parts, body, (&peer, &place))).await,
        Err(refusal) => {
            let (parts, mut body) = request.into_parts();
            Err(refusal.after_draining(&parts.headers, &mut body).await)
        }
    };
    match (pushed, wrapped) {
        // What can't be read is the same the next time.
        (Ok(_), Some(id)) => firehose::answer(StatusCode::OK, &id, auth.intake.now(), None),
        (Ok((status, summary)), None) => (status, axum::Json(summary)).into_response(),
        (Err(refusal), Some(id)) => firehose::answer(refusal.status, &id, auth.intake.now(), Some(&refusal.reason)),
        (Err(refusal), None) => refusal.into_response(),
    }
}
