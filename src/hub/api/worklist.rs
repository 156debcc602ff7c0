//! Worklists: the items, and the commands for them: claim, done, note, undo.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MAX_ROWS;
use super::commands::execute;
use crate::alert::{Actor, CommandRefusal, MuteLength};
use crate::floor::{CommandSubject, FloorCommand};
use crate::hub::extract::{CanAct, CanView, SmallBody, read};
use crate::hub::problem::{BodyProblems, CallerProblems, ParamProblems};
use crate::hub::{ApiProblem, Hub};
use crate::text::Text;
use crate::worklist::{Outcome, WorkAction, WorkAnswer, WorkCommand, WorkItem, WorkQuery};

/// The body of a command about an item.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkRequest {
    /// The version of the item that the caller has seen.
    #[schema(maximum = 2_147_483_647)]
    pub(crate) version: u32,
    /// How the item is closed; required by `done`. Which words fit depends on the kind of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    /// A note; required by `note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<Text>,
    /// How long a claim lasts, in seconds. The configured duration when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub(crate) seconds: Option<MuteLength>,
    /// Who acts. It is only trusted from the user that runs the hub, over the local socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<Actor>,
}

/// What there is to do, the oldest first: customers to call back, low scores to follow up, contacts to look at.
#[utoipa::path(get, path = "/v1/worklist", params(WorkQuery), responses(
    (status = 200, body = WorkAnswer),
    CallerProblems,
    ParamProblems,
))]
pub(super) async fn worklist(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    query: Result<Query<WorkQuery>, QueryRejection>,
) -> Result<Json<WorkAnswer>, ApiProblem> {
    let Query(query) = query.map_err(|error| ApiProblem::bad(error.body_text()))?;
    let _turn = hub.turns.take(&caller.who.name).await?;
    let query = WorkQuery { limit: query.limit.min(MAX_ROWS), ..query };
    let answer = hub.handle.worklist_within(query, caller.queues.clone()).await?;
    answer.map(Json).ok_or_else(ApiProblem::busy)
}

/// Claim an item. If two callers do so at once, the first succeeds and the other is told who was first.
#[utoipa::path(post, path = "/v1/worklist/{id}/claim", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = WorkRequest, responses(
    (status = 200, body = WorkItem),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    (status = 422, body = ApiProblem, content_type = "application/problem+json", description = "Nothing of the note can be seen"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn claim(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<WorkItem>, ApiProblem> {
    let body: WorkRequest = read(&body)?;
    let act = WorkAction::Claim { note: body.note.clone(), lasts: body.seconds };
    work(&hub, actor, id, body, act).await
}

/// Close an item, or say that the customer was not reached: it stays open until that has happened a few times.
#[utoipa::path(post, path = "/v1/worklist/{id}/done", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = WorkRequest, responses(
    (status = 200, body = WorkItem),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    (status = 422, body = ApiProblem, content_type = "application/problem+json", description = "The outcome is missing or does not fit the item, or nothing of the note can be seen"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn done(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<WorkItem>, ApiProblem> {
    let body: WorkRequest = read(&body)?;
    let outcome = body.outcome.ok_or_else(|| ApiProblem::impossible("`outcome` is missing: how did it go?"))?;
    let act = WorkAction::Done { outcome, note: body.note.clone() };
    work(&hub, actor, id, body, act).await
}

/// Add a note to an item.
#[utoipa::path(post, path = "/v1/worklist/{id}/note", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = WorkRequest, responses(
    (status = 200, body = WorkItem),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    (status = 422, body = ApiProblem, content_type = "application/problem+json", description = "The note is missing, or nothing of it can be seen"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn note(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<WorkItem>, ApiProblem> {
    let body: WorkRequest = read(&body)?;
    let text = body.note.clone().ok_or_else(|| ApiProblem::impossible("`note` is missing: what is to be said?"))?;
    work(&hub, actor, id, body, WorkAction::Note(text)).await
}

/// Undo one's own claim, or what one has closed.
#[utoipa::path(post, path = "/v1/worklist/{id}/undo", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = WorkRequest, responses(
    (status = 200, body = WorkItem),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn undo(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<WorkItem>, ApiProblem> {
    let body: WorkRequest = read(&body)?;
    work(&hub, actor, id, body, WorkAction::Undo).await
}

async fn work(
    hub: &Hub,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    body: WorkRequest,
    act: WorkAction,
) -> Result<Json<WorkItem>, ApiProblem> {
    let Path(item) = id.map_err(|error| ApiProblem::bad(error.body_text()))?;
    let version = body.version;
    let command = |who| FloorCommand::Work(WorkCommand { item, version, who, act });
    let kept = execute(hub, actor, CommandSubject::Item(item), body.who, command).await?;
    kept.item().map(Json).ok_or_else(|| CommandRefusal::UnknownItem(item).into())
}
