//! What is answered where a request can't be served: the status, a word for programs, a sentence for people.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::CommandRefusal;
use crate::floor::FloorClosed;
use crate::text::{Label, Text};

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiProblem {
    /// In a word, for programs.
    pub code: String,
    /// In a sentence, for people: what is wrong, and what to do about it.
    pub message: String,
    /// Of a refused command: who was first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Label>,
    #[serde(skip)]
    status: StatusCode,
}

impl ApiProblem {
    /// A problem with this status.
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), first: None, status }
    }

    /// Nobody known sent it.
    pub(super) fn unknown_caller() -> Self {
        let how = "send a token of this hub: `Authorization: Bearer …`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", how)
    }

    /// He is known, and may not.
    pub(super) fn not_allowed(role: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("a token of the role {role} may not do this"))
    }

    /// It is there, and he may not see it.
    pub(super) fn hidden() -> Self {
        let what = "this token is for some queues only: ask for one of them, or by queue";
        Self::new(StatusCode::FORBIDDEN, "hidden", what)
    }

    /// He asks too often.
    pub(super) fn too_many() -> Self {
        let what = "too many requests a second: come again in a moment";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", what)
    }

    /// Too many ask.
    pub(super) fn busy() -> Self {
        let what = "too much is asked at once: come again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", what)
    }

    /// The body doesn't end.
    pub(super) fn late() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "late", "the body took too long")
    }

    /// The body is larger than so many KiB.
    pub(super) fn too_large(kib: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the body is over {kib} KiB"))
    }

    /// The request makes no sense.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }
}

impl From<FloorClosed> for ApiProblem {
    fn from(lost: FloorClosed) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ended", lost.to_string())
    }
}

impl From<CommandRefusal> for ApiProblem {
    fn from(refusal: CommandRefusal) -> Self {
        let message = refusal.to_string();
        let (status, code, first) = match refusal {
            CommandRefusal::Taken(first) => (StatusCode::CONFLICT, "taken", Some(first)),
            CommandRefusal::Theirs(first) => (StatusCode::CONFLICT, "theirs", Some(first)),
            CommandRefusal::Changed => (StatusCode::CONFLICT, "changed", None),
            CommandRefusal::Over => (StatusCode::CONFLICT, "over", None),
            CommandRefusal::Early => (StatusCode::CONFLICT, "early", None),
            CommandRefusal::Nothing => (StatusCode::CONFLICT, "nothing", None),
            CommandRefusal::Unknown(_) => (StatusCode::NOT_FOUND, "unknown", None),
            CommandRefusal::ReadOnly(_) => (StatusCode::SERVICE_UNAVAILABLE, "read_only", None),
            CommandRefusal::NotKept(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_kept", None),
        };
        Self { first, ..Self::new(status, code, message) }
    }
}

impl ApiProblem {
    /// The refusal that this was made of, for the board that gave the command to episode `id`.
    #[must_use]
    pub fn refusal(&self, id: u64) -> CommandRefusal {
        let first = || self.first.clone().unwrap_or_else(|| Label::fixed("somebody"));
        match self.code.as_str() {
            "taken" => CommandRefusal::Taken(first()),
            "theirs" => CommandRefusal::Theirs(first()),
            "changed" => CommandRefusal::Changed,
            "over" => CommandRefusal::Over,
            "early" => CommandRefusal::Early,
            "nothing" => CommandRefusal::Nothing,
            "unknown" => CommandRefusal::Unknown(id),
            "not_kept" => CommandRefusal::NotKept(Text::new(&self.message)),
            _ => CommandRefusal::ReadOnly(Text::new(&self.message)),
        }
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
