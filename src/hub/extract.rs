//! Who sent a request, found before its handler runs.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::Hub;
use super::access::{Caller, Peer, Right, identify, stranger};
use super::events::discarding;
use super::problem::ApiProblem;
use super::server::PATIENCE;

/// The largest body of a question or a command, in bytes.
const BODY: usize = 64 * 1024;

/// Somebody who may look.
pub(super) struct CanView(pub(super) Caller);

/// Somebody who may take alerts.
pub(super) struct CanAct(pub(super) Caller);

/// Somebody who may bring events.
pub(super) struct CanIngest;

impl FromRequestParts<Arc<Hub>> for CanView {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiProblem> {
        caller(parts, hub, Right::View).map(Self)
    }
}

impl FromRequestParts<Arc<Hub>> for CanAct {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiProblem> {
        caller(parts, hub, Right::Act).map(Self)
    }
}

impl FromRequestParts<Arc<Hub>> for CanIngest {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiProblem> {
        caller(parts, hub, Right::Ingest).map(|_| Self)
    }
}

fn caller(parts: &Parts, hub: &Hub, right: Right) -> Result<Caller, ApiProblem> {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>().ok_or_else(ApiProblem::unknown_caller)?;
    // A header that holds no token is not the same as no header.
    let header = parts.headers.get(header::AUTHORIZATION);
    let token = header.map(|value| bearer(value.to_str().unwrap_or_default()).unwrap_or_default());
    // A page in somebody's browser reaches this machine under a name of its own: nobody is known by that.
    let led_here = token.is_none() && matches!(peer.0, Peer::Network(_)) && !is_meant(parts);
    let caller = identify(&peer.0, token, &hub.tokens).filter(|_| !led_here);
    // Those who are not known share what their address is allowed.
    let who = caller.as_ref().map_or_else(|| stranger(&peer.0), |caller| caller.who.clone());
    if !hub.rates.admit(&who) {
        return Err(ApiProblem::too_many());
    }
    let caller = caller.ok_or_else(ApiProblem::unknown_caller)?;
    if caller.role.may(right) { Ok(caller) } else { Err(ApiProblem::not_allowed(caller.role.word())) }
}

/// Whether whoever asks meant this machine: by its name for itself, or its address.
fn is_meant(parts: &Parts) -> bool {
    let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(named) = named.or_else(|| parts.uri.host()) else { return true };
    let named = named.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(named, |(host, _)| host);
    let bare = named.trim_start_matches('[').trim_end_matches(']');
    named.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

/// A small body, whole.
pub(super) struct SmallBody(pub(super) Bytes);

impl<S: Sync> FromRequest<S> for SmallBody {
    type Rejection = Response;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Response> {
        let collected = Limited::new(request.body_mut(), BODY).collect();
        let problem = match timeout(PATIENCE, collected).await {
            Ok(Ok(collected)) => return Ok(Self(collected.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => ApiProblem::too_large(BODY / 1024),
            Ok(Err(_)) => ApiProblem::bad("the body ends before its end"),
            Err(_) => ApiProblem::late(),
        };
        Err(discarding(request, problem).await)
    }
}

/// The token of an `Authorization` header.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
