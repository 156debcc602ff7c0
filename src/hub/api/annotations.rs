//! Annotations: those of a time, and the commands to write one and to remove one's own.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::commands::{execute, execute_visible};
use crate::alert::{Actor, CommandRefusal};
use crate::annotation::{Annotation, AnnotationAction, AnnotationCommand, AnnotationDraft};
use crate::clock::Time;
use crate::floor::{CommandOutcome, CommandSubject, FloorCommand};
use crate::hub::extract::{CanAct, CanView, SmallBody, read};
use crate::hub::problem::{BodyProblems, CallerProblems, ParamProblems};
use crate::hub::{ApiProblem, Hub, visible};
use crate::kpi::Slice;
use crate::text::Text;

/// The time of the annotations that are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AnnotationParams {
    /// Only those that have not ended before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Time,
    /// Only those that begin before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    to: Time,
}

impl Default for AnnotationParams {
    fn default() -> Self {
        Self { from: Time(i64::MIN), to: Time(i64::MAX) }
    }
}

/// What a new annotation says.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnotationRequest {
    /// What happened.
    pub(crate) text: Text,
    /// When it happened, or began; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Time>,
    /// When it ended; absent of an instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Time>,
    /// The part of the floor that it is about, as pairs of dimension and value; the whole floor when absent.
    #[serde(default)]
    pub(crate) of: Slice,
    /// Who says so. It is only trusted from the user that runs the hub, over the local socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<Actor>,
}

/// Who removes an annotation.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemovalRequest {
    /// Who acts. It is only trusted from the user that runs the hub, over the local socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<Actor>,
}

/// What people say of times: a new script, an outage, a mailing; in the order written.
#[utoipa::path(get, path = "/v1/annotations", params(AnnotationParams), responses(
    (status = 200, body = Vec<Annotation>),
    CallerProblems,
    ParamProblems,
))]
pub(super) async fn annotations(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    params: Result<Query<AnnotationParams>, QueryRejection>,
) -> Result<Json<Vec<Annotation>>, ApiProblem> {
    let Query(AnnotationParams { from, to }) = params.map_err(|error| ApiProblem::bad(error.body_text()))?;
    let board = hub.handle.watch().borrow().clone();
    let is_wanted = |said: &&Annotation| said.is_within(from, to) && visible::holds(&caller.queues, &said.of);
    Ok(Json(board.annotations.iter().filter(is_wanted).cloned().collect()))
}

/// Write an annotation. One that the same caller has written already is not written again.
#[utoipa::path(post, path = "/v1/annotations", request_body = AnnotationRequest, responses(
    (status = 200, body = Annotation),
    (status = 422, body = ApiProblem, content_type = "application/problem+json", description = "Nothing of the text can be seen, or it ends before it begins"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn write(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    SmallBody(body): SmallBody,
) -> Result<Json<Annotation>, ApiProblem> {
    let AnnotationRequest { text, at, until, of, who } = read(&body)?;
    if !visible::holds(&actor.0.queues, &of) {
        return Err(ApiProblem::hidden());
    }
    let at = at.unwrap_or(hub.handle.watch().borrow().at);
    let act = AnnotationAction::Write(AnnotationDraft { of, at, until, text });
    let kept = execute_visible(&hub, actor, who, |who| command(who, act)).await?;
    annotation(kept)
}

/// Remove one's own annotation.
#[utoipa::path(post, path = "/v1/annotations/{id}/remove", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = RemovalRequest, responses(
    (status = 200, body = Annotation),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<Annotation>, ApiProblem> {
    let RemovalRequest { who } = read(&body)?;
    let Path(id) = id.map_err(|error| ApiProblem::bad(error.body_text()))?;
    let act = AnnotationAction::Remove(id);
    let kept = execute(&hub, actor, CommandSubject::Annotation(Some(id)), who, |who| command(who, act)).await?;
    annotation(kept)
}

const fn command(who: Actor, act: AnnotationAction) -> FloorCommand {
    FloorCommand::Annotation(AnnotationCommand { who, act })
}

fn annotation(kept: CommandOutcome) -> Result<Json<Annotation>, ApiProblem> {
    kept.annotation().map(Json).ok_or_else(|| CommandRefusal::Nothing.into())
}
