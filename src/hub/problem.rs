//! Error answers of the API: a status, a code for programs, and a message for people.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use crate::alert::CommandRefusal;
use crate::engine::AnswerTooLarge;
use crate::floor::{CommandSubject, FloorClosed};
use crate::text::{Label, Text};

/// The code of the answer to a request for what a hub does not have.
pub(super) const NOT_FOUND: &str = "not_found";
/// What a board says where its hub does not have what it asks for.
const TOO_OLD: &str = "the hub is of an older version than this board and cannot do that: update it";

/// The body of an error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ApiProblem {
    /// A code for programs.
    pub code: String,
    /// What is wrong and what to do about it, for people.
    pub message: String,
    /// For a refused command: who acted first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Label>,
    #[serde(skip)]
    status: StatusCode,
}

impl ApiProblem {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), first: None, status }
    }

    /// The caller is unknown.
    pub(super) fn unknown_caller() -> Self {
        let how = "send a token of this hub: `Authorization: Bearer …`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", how)
    }

    /// The caller is unknown, because a proxy forwarded the request.
    pub(super) fn forwarded() -> Self {
        let how = "a proxy forwarded this request, so the connection does not tell who sent it: send a token of this hub, `Authorization: Bearer …` (`floorwatch hub token` makes one)";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", how)
    }

    /// The caller's role does not include the request.
    pub(super) fn not_allowed(role: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("a token of the role {role} may not do this"))
    }

    /// The caller may not see the requested queues.
    pub(super) fn hidden() -> Self {
        let what = "this token is for some queues only: ask for one of them, or by queue";
        Self::new(StatusCode::FORBIDDEN, "hidden", what)
    }

    /// The caller exceeds its rate limit.
    pub(super) fn too_many() -> Self {
        let what = "too many requests a second: come again in a moment";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", what)
    }

    /// The caller holds its share of connections.
    pub(super) fn too_many_connections() -> Self {
        let what = "this caller has too many connections open: close some, or use one for several requests";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_connections", what)
    }

    /// The hub is overloaded.
    pub(super) fn busy() -> Self {
        let what = "too much is asked at once: come again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", what)
    }

    /// The body took too long.
    pub(super) fn late() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "late", "the body took too long")
    }

    /// The body is larger than `kib` KiB.
    pub(super) fn too_large(kib: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the body is over {kib} KiB"))
    }

    /// The request is malformed.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// The request is well formed, and the description allows it, but it asks for what there is not.
    pub(super) fn impossible(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_request", message)
    }

    /// The request asks for more than one answer holds.
    pub(super) fn answer_too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "answer_too_large", message)
    }
}

impl From<FloorClosed> for ApiProblem {
    fn from(lost: FloorClosed) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ended", lost.to_string())
    }
}

impl From<AnswerTooLarge> for ApiProblem {
    fn from(too_large: AnswerTooLarge) -> Self {
        Self::answer_too_large(too_large.to_string())
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
            CommandRefusal::Closed(_) => (StatusCode::CONFLICT, "closed", None),
            CommandRefusal::Unknown(_) | CommandRefusal::UnknownItem(_) | CommandRefusal::UnknownAnnotation(_) => {
                (StatusCode::NOT_FOUND, "unknown", None)
            }
            CommandRefusal::Unfit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unfit", None),
            CommandRefusal::ReadOnly(_) => (StatusCode::SERVICE_UNAVAILABLE, "read_only", None),
            CommandRefusal::NotKept(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_kept", None),
        };
        Self { first, ..Self::new(status, code, message) }
    }
}

impl ApiProblem {
    /// Convert the answer to a command back to the refusal it was made of.
    #[must_use]
    pub fn refusal(&self, subject: CommandSubject) -> CommandRefusal {
        // The message has the words that the refusal will say again.
        let told = |refusal: fn(Text) -> CommandRefusal| {
            let words = refusal(Text::default()).to_string();
            refusal(Text::new(self.message.strip_prefix(words.as_str()).unwrap_or(&self.message)))
        };
        let first = || self.first.clone().unwrap_or_else(|| Label::fixed("somebody"));
        match self.code.as_str() {
            "taken" => CommandRefusal::Taken(first()),
            "theirs" => CommandRefusal::Theirs(first()),
            "changed" => CommandRefusal::Changed,
            "over" => CommandRefusal::Over,
            "early" => CommandRefusal::Early,
            "nothing" => CommandRefusal::Nothing,
            "unknown" => subject.unknown(),
            "closed" => told(CommandRefusal::Closed),
            "unfit" => told(CommandRefusal::Unfit),
            NOT_FOUND => CommandRefusal::ReadOnly(Text::fixed(TOO_OLD)),
            "not_kept" => told(CommandRefusal::NotKept),
            _ => told(CommandRefusal::ReadOnly),
        }
    }
}

/// The errors of every endpoint that needs an identified caller.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only describes responses")]
pub(super) enum CallerProblems {
    /// The caller is unknown.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(ApiProblem),
    /// The caller's role does not include this.
    #[response(status = 403, content_type = "application/problem+json")]
    NotAllowed(ApiProblem),
    /// The caller sends too many requests; `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(ApiProblem),
    /// The floor is busy or is ending; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(ApiProblem),
}

/// The errors of endpoints with a request body.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only describes responses")]
pub(super) enum BodyProblems {
    /// The request is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ApiProblem),
    /// The body took too long.
    #[response(status = 408, content_type = "application/problem+json")]
    Late(ApiProblem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ApiProblem),
}

/// The errors of endpoints that answer a query for figures.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only describes responses")]
pub(super) enum QueryProblems {
    /// The time ends before it begins, or the answer would be too large; the message says what to ask for instead.
    #[response(status = 422, content_type = "application/problem+json")]
    TooLarge(ApiProblem),
}

/// The errors of endpoints with parameters.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only describes responses")]
pub(super) enum ParamProblems {
    /// The request is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ApiProblem),
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
