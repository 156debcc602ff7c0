//! The endpoint for contact events, with the same rules as a push source.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::{mpsc, watch};
use utoipa::ToSchema;

use super::Hub;
use super::extract::{CanIngest, reject_with_body};
use super::problem::{ApiProblem, BodyProblems, CallerProblems};
use crate::board::Health;
use crate::clock::{Clock, Time};
use crate::source::network::listen::intake::{Intake, PushSummary};
use crate::source::network::shared_reporter::SharedReporter;
use crate::source::{Message, SourceIdentity};
use crate::text::{Label, Text};

/// The largest body of events.
const MAX_BODY_KIB: u32 = 1024;
/// The long-term rate limit.
const MAX_EVENTS_PER_S: u32 = 50_000;

/// Where ingested events go. It is empty until this program is the journal's writer; then it leads into the floor.
/// Clones share their content.
#[derive(Clone, Default)]
pub struct EventSlot(watch::Sender<Option<Arc<Intake>>>);

impl EventSlot {
    /// Accept events from now on, and send them to `to` as those of source `index`, which is reported as live.
    pub fn open(&self, index: usize, name: Label, clock: Clock, to: &mpsc::Sender<Message>) {
        let (health, reason, at) = (Health::Live, Text::default(), clock.now());
        // This is the first message in the channel, so there is room.
        drop(to.try_send(Message::Health { source: index, health, reason, at, next_try: None }));
        let source = SourceIdentity { index, name, prefix: None, correct_clock: false };
        let reporter = SharedReporter::new(source, clock, to.clone());
        self.0.send_replace(Some(Arc::new(Intake::new(reporter, MAX_BODY_KIB, MAX_EVENTS_PER_S))));
    }

    fn intake(&self) -> Option<Arc<Intake>> {
        self.0.borrow().clone()
    }
}

/// A contact event: an event of `CloudEvents` 1.0 in structured mode.
///
/// What `data` holds depends on `type`; an event of an unknown type is ignored.
#[derive(ToSchema)]
#[schema(as = ContactEvent)]
#[expect(dead_code, reason = "its fields are the description")]
struct EventEnvelope {
    /// The version of CloudEvents.
    #[schema(pattern = r"^1\.0$")]
    specversion: String,
    /// Identifies the event together with `source`.
    #[schema(pattern = "[!-~]")]
    id: String,
    /// The system that sends it.
    #[schema(pattern = "[!-~]")]
    source: String,
    /// Such as `floorwatch.contact.offered`.
    r#type: String,
    /// When it happened: after 1970, and at most a day ahead.
    time: Time,
    /// What happened; required by every known type.
    data: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Send contact events (CloudEvents, in the format that `floorwatch` reads and writes): one event, a batch, or lines.
///
/// The response comes once they are on disk. An event with an id is counted once, however often it is sent. So send
/// again whatever got no response, or 429 or 503.
#[utoipa::path(post, path = "/v1/events",
    request_body(
        content(
            (EventEnvelope = "application/cloudevents+json"),
            (Vec<EventEnvelope> = "application/cloudevents-batch+json"),
            (String = "application/x-ndjson"),
            (EventEnvelope = "application/json"),
        ),
    ),
    responses(
        (status = 200, body = PushSummary, description = "What was accepted is on the disk"),
        (status = 415, body = ApiProblem, content_type = "application/problem+json", description = "None of the types that are taken"),
        (status = 422, body = PushSummary, description = "There was nothing good in it"),
        CallerProblems,
        BodyProblems,
    ),
)]
pub(super) async fn events(
    State(hub): State<Arc<Hub>>,
    bringer: Result<CanIngest, ApiProblem>,
    request: Request,
) -> Result<(StatusCode, Json<PushSummary>), Response> {
    let event_slot = bringer.and_then(|_| {
        let event_slot = hub.event_slot.as_ref().ok_or_else(|| {
            let how = "this floor takes no events: run `floorwatch hub` with a token of the role ingest";
            ApiProblem::new(StatusCode::FORBIDDEN, "closed", how)
        })?;
        event_slot.intake().ok_or_else(|| {
            let why = "another board keeps this floor, or its day is still being read: send it again in a moment";
            ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", why)
        })
    });
    let intake = match event_slot {
        Ok(intake) => intake,
        Err(problem) => return Err(reject_with_body(request, problem).await),
    };
    intake.push(request).await.map(|(status, taken)| (status, Json(taken))).map_err(|refusal| {
        let code = match refusal.status {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported",
            StatusCode::REQUEST_TIMEOUT => "late",
            StatusCode::TOO_MANY_REQUESTS => "too_many",
            StatusCode::SERVICE_UNAVAILABLE => "busy",
            _ => "bad_request",
        };
        let mut response = ApiProblem::new(refusal.status, code, refusal.reason).into_response();
        response.headers_mut().extend(refusal.headers);
        response
    })
}
