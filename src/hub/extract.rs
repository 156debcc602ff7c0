//! Extractors: they identify the caller, check its right and rate limit, and read the body before a handler runs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::Hub;
use super::access::{Caller, Peer, Right, identify};
use super::problem::ApiProblem;
use crate::net::server::{ConnectionPlace, REQUEST_TIMEOUT};
use crate::net::{bearer_token, is_forwarded};
use crate::source::network::listen::intake;
use crate::text::{Label, strip_bom};

/// The largest body of a query or a command.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long a refusal for too many requests takes. It tells the caller to wait for a second.
const REFUSAL_DELAY: Duration = Duration::from_secs(1);

/// A caller with [`Right::View`].
pub(super) struct CanView(pub(super) Caller);

/// A caller with [`Right::Act`].
pub(super) struct CanAct(pub(super) Caller);

/// Proof that the caller has [`Right::Ingest`].
pub(super) struct CanIngest;

impl FromRequestParts<Arc<Hub>> for CanView {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiProblem> {
        caller(parts, hub, Right::View).await.map(Self)
    }
}

impl FromRequestParts<Arc<Hub>> for CanAct {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiProblem> {
        caller(parts, hub, Right::Act).await.map(Self)
    }
}

impl FromRequestParts<Arc<Hub>> for CanIngest {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiProblem> {
        caller(parts, hub, Right::Ingest).await.map(|_| Self)
    }
}

async fn caller(parts: &Parts, hub: &Hub, right: Right) -> Result<Caller, ApiProblem> {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>().ok_or_else(ApiProblem::unknown_caller)?;
    let token = bearer_token(&parts.headers);
    // Where a forwarded request comes from says nothing about who sent it.
    let forwarded = token.is_none() && is_forwarded(&parts.headers);
    // DNS rebinding: a web page in a local browser can reach the hub under the page's own host name. Such a request
    // does not count as one of this machine.
    let rebound = token.is_none() && matches!(peer.0, Peer::Network(_)) && !names_this_machine(parts);
    let caller = identify(&peer.0, token, &hub.tokens).filter(|_| !rebound && !forwarded);
    // Unknown callers share the rate limit of their address, and programs on this machine have one each.
    let share = match &caller {
        Some(caller) if token.is_some() || matches!(peer.0, Peer::Network(_)) => caller.who.name.clone(),
        _ => peer.0.share(),
    };
    let from = caller.as_ref().map_or_else(Label::default, |caller| caller.who.from.clone());
    if !hub.rates.admit((share.clone(), from)) {
        // What else comes on this connection waits as well, and so leaves the caller's share to its other connections.
        sleep(REFUSAL_DELAY).await;
        return Err(ApiProblem::too_many());
    }
    let unknown = || if forwarded { ApiProblem::forwarded() } else { ApiProblem::unknown_caller() };
    let caller = caller.ok_or_else(unknown)?;
    if let Some(place) = parts.extensions.get::<Arc<ConnectionPlace>>()
        && !place.identify(&share)
    {
        return Err(ApiProblem::too_many_connections());
    }
    if caller.role.may(right) { Ok(caller) } else { Err(ApiProblem::not_allowed(caller.role.word())) }
}

/// Whether the request names this machine as `localhost` or by an IP address.
fn names_this_machine(parts: &Parts) -> bool {
    let host = parts.headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let Some(named) = host.or_else(|| parts.uri.host()) else { return true };
    let named = named.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(named, |(host, _)| host);
    let bare = named.trim_start_matches('[').trim_end_matches(']');
    named.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

/// A request body of up to [`MAX_BODY_BYTES`].
pub(super) struct SmallBody(pub(super) Bytes);

impl<S: Sync> FromRequest<S> for SmallBody {
    type Rejection = Response;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Response> {
        let collected = Limited::new(request.body_mut(), MAX_BODY_BYTES).collect();
        let problem = match timeout(REQUEST_TIMEOUT, collected).await {
            Ok(Ok(collected)) => return Ok(Self(collected.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => ApiProblem::too_large(MAX_BODY_BYTES / 1024),
            Ok(Err(_)) => ApiProblem::bad("the body ends before its end"),
            Err(_) => ApiProblem::late(),
        };
        Err(reject_with_body(request, problem).await)
    }
}

/// Parse a JSON body. A whole number may be written as `1.0`: in JSON these are one number, and some senders know no
/// other.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiProblem> {
    let body = strip_bom(body);
    serde_json::from_slice(body).or_else(|error| {
        let mut value = serde_json::from_slice(body).unwrap_or_default();
        write_whole_numbers(&mut value);
        let what = |_| ApiProblem::bad(format!("the body is not what is expected: {error}"));
        serde_json::from_value(value).map_err(what)
    })
}

/// Write `1.0` as `1`, everywhere in a value.
fn write_whole_numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(write_whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(write_whole_numbers),
        Value::Number(number) => {
            // Up to 2^53 every whole number is exact. Adding 0 drops the sign of -0.
            let exact = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
            let whole = exact.filter(|_| number.is_f64()).and_then(|exact| format!("{:.0}", exact + 0.0).parse().ok());
            if let Some(whole) = whole {
                *number = whole;
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Answer a request without using its body. The body is read and discarded first: many clients only read the answer
/// once they have sent the whole body.
pub(super) async fn reject_with_body(request: Request, problem: ApiProblem) -> Response {
    let (parts, mut body) = request.into_parts();
    let is_read = intake::discard(&parts.headers, &mut body).await;
    let mut response = problem.into_response();
    if !is_read {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
