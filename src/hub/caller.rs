//! Who sent a request, found before its handler runs.

use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;

use super::Hub;
use super::access::{Caller, Peer, Right, identify};
use super::problem::Problem;

/// Somebody who may look.
pub(super) struct Looker(pub(super) Caller);

/// Somebody who may take alerts.
pub(super) struct Actor(pub(super) Caller);

/// Somebody who may bring events.
pub(super) struct Bringer;

impl FromRequestParts<Arc<Hub>> for Looker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Problem> {
        caller(parts, hub, Right::Look).map(Self)
    }
}

impl FromRequestParts<Arc<Hub>> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Problem> {
        caller(parts, hub, Right::Act).map(Self)
    }
}

impl FromRequestParts<Arc<Hub>> for Bringer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Problem> {
        caller(parts, hub, Right::Bring).map(|_| Self)
    }
}

fn caller(parts: &Parts, hub: &Hub, right: Right) -> Result<Caller, Problem> {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>().ok_or_else(Problem::unknown_caller)?;
    // A header that holds no token is not the same as no header.
    let header = parts.headers.get(header::AUTHORIZATION);
    let token = header.map(|value| bearer(value.to_str().unwrap_or_default()).unwrap_or_default());
    let caller = identify(&peer.0, token, &hub.tokens).ok_or_else(Problem::unknown_caller)?;
    if caller.role.may(right) { Ok(caller) } else { Err(Problem::not_allowed(caller.role.word())) }
}

/// The token of an `Authorization` header.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
