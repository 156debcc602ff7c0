//! Reads the events of a request, has them journalled, and answers. Callers check beforehand whether the sender may push.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::event_map::EventMap;
use super::firehose;
use crate::clock::{Span, Time};
use crate::net::rate::TokenBucket;
use crate::net::server::REQUEST_TIMEOUT;
use crate::source::format::body::{self, BodyFormat};
use crate::source::network::clock_skew;
use crate::source::network::shared_reporter::SharedReporter;
use crate::source::tally::InputTally;
use crate::text::Label;

/// How many KiB of bodies are buffered at once, in all requests together.
const MAX_BUFFERED_KB: u32 = 32 * 1024;
/// How much of a refused body is read and discarded, so that its sender reads the answer, …
const MAX_DRAINED_BYTES: usize = 8 * 1024 * 1024;
/// … and for how long.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a type or field that is not read is remarked on after it came last.
const UNKNOWN_LASTS: Span = Span::HOUR;
/// How many rejections an answer lists; the rest are only counted.
const MAX_LISTED_REJECTIONS: usize = 100;

/// What requests have pushed so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PushProgress {
    /// How many requests were answered with success.
    pub(super) pushed: u64,
    /// How far the clock of the last sender that stated its time was ahead of this machine's.
    pub(super) ahead: Option<Span>,
}

/// What happened to the events of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Taken)]
pub(crate) struct PushSummary {
    /// How many are new, and on the disk.
    accepted: usize,
    /// How many had been received before.
    duplicates: usize,
    /// How many are of a type that floorwatch does not know.
    ignored: u64,
    /// How many are invalid; they are rejected each time they are sent.
    rejected_count: usize,
    /// The first hundred of those.
    rejected: Vec<RejectedEvent>,
}

/// A line or an element that is no valid event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct RejectedEvent {
    /// The line, or the position in the array, from 1.
    line: u64,
    /// Why.
    reason: String,
}

/// Accepts events; shared by all requests.
pub(crate) struct Intake {
    reporter: SharedReporter,
    bucket: Mutex<TokenBucket>,
    buffered: Semaphore,
    max_body_kb: u32,
    /// How a vendor's events are read; `None` where senders send contact events.
    map: Option<EventMap>,
    progress: watch::Sender<PushProgress>,
    unknown: Mutex<RecentUnknown>,
}

/// The types and fields that came lately and are not known.
#[derive(Default)]
struct RecentUnknown {
    tally: InputTally,
    /// When each came last, by the steady clock.
    seen: FxHashMap<Label, Time>,
}

impl RecentUnknown {
    fn absorb(&mut self, part: &InputTally, now: Time) {
        self.tally.absorb(part);
        // Those for which the tally has no place of their own are counted there as others.
        let counted = [&self.tally.unknown_types, &self.tally.unknown_fields];
        let names = part.unknown_types.keys().chain(part.unknown_fields.keys());
        let names =
            names.map(
                |name| if counted.iter().any(|all| all.contains_key(name)) { name.clone() } else { InputTally::OTHERS },
            );
        self.seen.extend(names.map(|name| (name, now)));
    }

    /// In words, without those that have not come for long: a mapping that was completed is no longer remarked on.
    fn in_words(&mut self, now: Time) -> String {
        self.seen.retain(|_, seen| now - *seen < UNKNOWN_LASTS);
        self.tally.retain_unknown(|name| self.seen.contains_key(name));
        self.tally.unknown_in_words()
    }
}

impl Intake {
    /// Accepts bodies of up to `max_body_kb` KiB, and on average up to `max_events_per_s` events per second.
    pub(crate) fn new(reporter: SharedReporter, max_body_kb: u32, max_events_per_s: u32) -> Self {
        let bucket = Mutex::new(TokenBucket::new(max_events_per_s, reporter.steady()));
        let buffered = Semaphore::new(MAX_BUFFERED_KB.max(max_body_kb) as usize);
        let (map, progress, unknown) = (None, watch::Sender::default(), Mutex::default());
        Self { reporter, bucket, buffered, max_body_kb, map, progress, unknown }
    }

    /// Read the events of a vendor as `map` says.
    pub(super) fn with_map(self, map: Option<EventMap>) -> Self {
        Self { map, ..self }
    }

    pub(super) const fn source_name(&self) -> &Label {
        self.reporter.name()
    }

    pub(super) fn now(&self) -> Time {
        self.reporter.now()
    }

    /// The types and fields that came within the last hour and are not known, with their numbers since the first of them, in
    /// words; empty if there are none.
    pub(super) fn unknown(&self) -> String {
        lock(&self.unknown).in_words(self.reporter.steady())
    }

    /// Receives what requests have pushed so far.
    pub(super) fn progress(&self) -> watch::Receiver<PushProgress> {
        self.progress.subscribe()
    }

    /// Accept the events of a request. Returns once they are in the journal.
    ///
    /// # Errors
    /// Why nothing was accepted.
    pub(crate) async fn push(&self, request: Request) -> Result<(StatusCode, PushSummary), PushError> {
        self.push_if(request, |_, _| Ok(())).await
    }

    /// The same, if the request is `genuine` by its head and body.
    pub(super) async fn push_if(
        &self,
        request: Request,
        genuine: impl Fn(&Parts, &[u8]) -> Result<(), PushError>,
    ) -> Result<(StatusCode, PushSummary), PushError> {
        let (parts, mut body) = request.into_parts();
        match self.process(&parts, &mut body, genuine).await {
            Ok(taken) => Ok(taken),
            Err(refusal) => Err(refusal.after_draining(&parts.headers, &mut body).await),
        }
    }

    async fn read_body(&self, headers: &HeaderMap, body: &mut Body) -> Result<Bytes, PushError> {
        let too_large =
            || PushError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is over {} KiB", self.max_body_kb));
        let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let most = self.max_body_kb as usize * 1024;
        if said.is_some_and(|length| length > most as u64) {
            return Err(too_large());
        }
        let late = |_| PushError::new(StatusCode::REQUEST_TIMEOUT, "the body took too long");
        timeout(REQUEST_TIMEOUT, self.collect(Limited::new(body, most), too_large)).await.map_err(late)?
    }

    /// Read a body. Buffer space is reserved as bytes arrive, so a slow sender holds none for what it has yet to send.
    async fn collect(
        &self,
        mut body: Limited<&mut Body>,
        too_large: impl Fn() -> PushError,
    ) -> Result<Bytes, PushError> {
        let busy = || PushError::busy("too much is under way");
        let mut bytes = Vec::new();
        let mut room: Option<SemaphorePermit<'_>> = None;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
                Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
                Err(_) => return Err(PushError::new(StatusCode::BAD_REQUEST, "the body ends before its end")),
            }
            let held = room.as_ref().map_or(0, SemaphorePermit::num_permits);
            let more = u32::try_from(bytes.len().div_ceil(1024).saturating_sub(held)).unwrap_or(u32::MAX);
            // Requests that each hold a part and wait for more could wait for each other for ever.
            let more = self.buffered.try_acquire_many(more).map_err(|_| busy())?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
        }
        Ok(bytes.into())
    }

    async fn process(
        &self,
        parts: &Parts,
        body: &mut Body,
        genuine: impl Fn(&Parts, &[u8]) -> Result<(), PushError>,
    ) -> Result<(StatusCode, PushSummary), PushError> {
        let body_format = body_format(&parts.headers)?;
        let ahead = clock_skew::clock_offset(&parts.headers, self.reporter.now());
        lock(&self.bucket).check(self.reporter.steady()).map_err(PushError::too_many)?;
        let bytes = self.read_body(&parts.headers, body).await?;
        genuine(parts, &bytes)?;
        let latest = self.reporter.now() + Span::DAY;
        let parse = |bytes: &[u8]| match &self.map {
            None => body::parse(bytes, body_format, latest),
            Some(map) => {
                body::parse_with(bytes, body_format, |text, tally| map.read(text, latest, self.reporter.name(), tally))
            }
        };
        let is_wrapped = firehose::request_id(&parts.headers).is_some();
        let found = if is_wrapped { firehose::parse(&bytes, parse) } else { parse(&bytes) };
        drop(bytes);
        lock(&self.unknown).absorb(&found.tally, self.reporter.steady());
        lock(&self.bucket).take(found.len(), self.reporter.steady()).map_err(PushError::too_many)?;
        let useless = found.is_all_rejected();
        let rejected_count = found.rejected_count();
        let (mut accepted, mut duplicates, mut refused, mut refusals) = (0, 0, 0, Vec::new());
        if !found.events.is_empty() {
            let kept =
                timeout(REQUEST_TIMEOUT, self.reporter.send_durably(found.events, ahead.unwrap_or_default())).await;
            let receipt = match kept {
                Ok(Some(receipt)) => receipt,
                Ok(None) => return Err(PushError::busy("floorwatch is ending")),
                Err(_) => return Err(PushError::busy("the journal took too long")),
            };
            if let Err(why) = receipt.stored {
                return Err(PushError::busy(format!("the journal can't keep it: {why}")));
            }
            (accepted, duplicates, refused) = (receipt.taken, receipt.duplicates, receipt.refused);
            refusals = receipt.refusals;
        }
        for (line, reason) in &found.rejected {
            self.reporter.reject(*line, reason.clone()).await;
        }
        if !useless {
            self.progress.send_modify(|progress| {
                progress.pushed += 1;
                progress.ahead = ahead.or(progress.ahead);
            });
        }
        // A vendor would only send the same again.
        let status = if useless && self.map.is_none() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let rejected_count = rejected_count + refused;
        let invalid =
            found.rejected.into_iter().map(|(line, reason)| RejectedEvent { line, reason: reason.to_string() });
        let positions = found.positions;
        let refused = refusals.into_iter().filter_map(|(index, reason)| {
            Some(RejectedEvent { line: *positions.get(index)?, reason: reason.to_string() })
        });
        let mut rejected: Vec<RejectedEvent> = invalid.chain(refused).collect();
        rejected.sort_by_key(|event| event.line);
        rejected.truncate(MAX_LISTED_REJECTIONS);
        Ok((status, PushSummary { accepted, duplicates, ignored: found.ignored, rejected_count, rejected }))
    }
}

/// Read and discard the rest of a body, within limits; returns whether its end was reached. A sender that is cut off in
/// the middle of its body may never read the answer.
pub(crate) async fn discard(headers: &HeaderMap, body: &mut Body) -> bool {
    // A sender that waits for `100 Continue` has not begun to send the body, and now never will.
    if headers.contains_key(header::EXPECT) {
        return false;
    }
    let draining = async {
        let mut length = 0;
        loop {
            match body.frame().await {
                None => return true,
                Some(Ok(frame)) if length <= MAX_DRAINED_BYTES => length += frame.data_ref().map_or(0, Bytes::len),
                Some(_) => return false,
            }
        }
    };
    timeout(DRAIN_TIMEOUT, draining).await.unwrap_or(false)
}

fn body_format(headers: &HeaderMap) -> Result<BodyFormat, PushError> {
    let unsupported = |reason| PushError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason);
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("send the body as it is, without compression")
            .with(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    said.and_then(BodyFormat::from_content_type).ok_or_else(|| {
        unsupported("the Content-Type is none of those that are taken, in UTF-8: see Accept-Post")
            .with(HeaderName::from_static("accept-post"), HeaderValue::from_static(BodyFormat::ACCEPTED))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why nothing of a request was accepted.
pub(crate) struct PushError {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
    /// Further headers of the answer.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl PushError {
    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), headers: Vec::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same error, after the rest of the body was discarded so that its sender reads the answer. A body over the
    /// limits closes the connection.
    pub(super) async fn after_draining(self, headers: &HeaderMap, body: &mut Body) -> Self {
        if discard(headers, body).await {
            return self;
        }
        self.with(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// The events may not have been stored. Sending them again never counts one twice.
    pub(super) fn busy(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason).with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too many events a second")
            .with(header::RETRY_AFTER, HeaderValue::from(seconds))
    }
}

impl IntoResponse for PushError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(json!({ "error": self.reason }))).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_remarked_on_until_it_has_not_come_for_an_hour() {
        let mut unknown = RecentUnknown::default();
        let mut come = |name: &str, minute: i64| {
            let mut part = InputTally::default();
            part.unknown(name);
            let now = Time::from_unix(minute * 60);
            unknown.absorb(&part, now);
            unknown.in_words(now)
        };
        come("call.parked", 0);
        come("call.parked", 10);
        assert_eq!(come("call.barged", 30), "types that are not read: call.parked (2), call.barged (1)");
        assert_eq!(come("call.barged", 69), "types that are not read: call.barged (2), call.parked (2)");
        assert_eq!(come("call.barged", 70), "types that are not read: call.barged (3)");
        (0..200).for_each(|n| _ = come(&format!("type {n}"), 71));
        assert!(come("type 199", 72).contains("others (102)"));
        assert_eq!(unknown.in_words(Time::from_unix(200 * 60)), "");
        assert!(unknown.seen.is_empty());
    }
}
