//! What Amazon Data Firehose wraps events in: a body is a batch of records, each in Base64, and the answer names the request.

use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;

use crate::clock::Time;
use crate::source::format::body::ParsedBody;
use crate::source::format::limits::check_json;
use crate::source::rejection::RejectionReason;

/// A delivery's body, as far as it is read.
#[derive(Deserialize)]
struct FirehoseDelivery {
    records: Vec<FirehoseRecord>,
}

#[derive(Deserialize)]
struct FirehoseRecord {
    data: String,
}

/// The request's id, where Firehose sends it.
pub(super) fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-firehose-request-id")?.to_str().ok()
}

/// The access key with which Firehose shows who it is.
pub(super) fn access_key(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get("x-amz-firehose-access-key").map(axum::http::HeaderValue::as_bytes)
}

/// Read the records of a delivery with `read`. The position of an event is that of its record.
pub(super) fn parse(body: &[u8], read: impl Fn(&[u8]) -> ParsedBody) -> ParsedBody {
    let mut found = ParsedBody::default();
    let delivery = check_json(body).map_err(RejectionReason::from).and_then(|()| {
        serde_json::from_slice::<FirehoseDelivery>(body)
            .map_err(|error| RejectionReason::new("no delivery of Firehose", error))
    });
    match delivery {
        Ok(delivery) => {
            for (position, record) in (1..).zip(delivery.records) {
                match BASE64_STANDARD.decode(record.data) {
                    Ok(record) => found.absorb(position, read(&record)),
                    Err(_) => found.reject(position, "its data is not Base64".into()),
                }
            }
        }
        Err(reason) => found.reject(1, reason),
    }
    found
}

/// What Firehose takes for an answer; it sends again what has another status than 200.
pub(super) fn answer(status: StatusCode, request_id: &str, now: Time, error: Option<&str>) -> Response {
    let mut answer = json!({ "requestId": request_id, "timestamp": now.0 / 1_000 });
    if let (Some(error), Some(answer)) = (error, answer.as_object_mut()) {
        answer.insert("errorMessage".to_owned(), error.into());
    }
    (status, axum::Json(answer)).into_response()
}
