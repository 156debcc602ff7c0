//! What is done about alerts.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BodyProblems, CallerProblems, read};
use crate::alert::{Actor, AlertAction, AlertCommand, CommandRefusal, Episode, MuteLength};
use crate::hub::extract::{CanAct, SmallBody};
use crate::hub::{ApiProblem, Hub, visible};
use crate::text::Text;

/// The version of the alert that was on the screen: if it has changed since, the command is refused.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertRequest {
    /// The version.
    pub(crate) version: u32,
    /// What to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<Text>,
    /// For how many seconds; the configured time where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub(crate) seconds: Option<MuteLength>,
    /// Who does it. Only the user who runs the hub himself is believed, at this machine's socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<Actor>,
}

/// Take an alert. Of two at once one wins; the other is told who.
#[utoipa::path(post, path = "/v1/alerts/{id}/acknowledge", params(("id" = u64, Path)), request_body = AlertRequest, responses(
    (status = 200, body = Episode),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn acknowledge(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<Episode>, ApiProblem> {
    let seen: AlertRequest = read(&body)?;
    let act = AlertAction::Acknowledge { note: seen.note.clone(), lasts: seen.seconds };
    tell(&hub, actor, id, (seen.version, seen.who), act).await
}

/// Put an alert off.
#[utoipa::path(post, path = "/v1/alerts/{id}/snooze", params(("id" = u64, Path)), request_body = AlertRequest, responses(
    (status = 200, body = Episode),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn snooze(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<Episode>, ApiProblem> {
    let seen: AlertRequest = read(&body)?;
    let lasts = seen.seconds.ok_or_else(|| ApiProblem::bad("`seconds` is missing: for how long?"))?;
    tell(&hub, actor, id, (seen.version, seen.who), AlertAction::Snooze(lasts)).await
}

/// Say something about an alert.
#[utoipa::path(post, path = "/v1/alerts/{id}/note", params(("id" = u64, Path)), request_body = AlertRequest, responses(
    (status = 200, body = Episode),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn note(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<Episode>, ApiProblem> {
    let seen: AlertRequest = read(&body)?;
    let text = seen.note.filter(|note| !note.is_empty());
    let text = text.ok_or_else(|| ApiProblem::bad("`note` is missing: what is to be said?"))?;
    tell(&hub, actor, id, (seen.version, seen.who), AlertAction::Note(text)).await
}

/// Take one's own acknowledgement or snooze back.
#[utoipa::path(post, path = "/v1/alerts/{id}/undo", params(("id" = u64, Path)), request_body = AlertRequest, responses(
    (status = 200, body = Episode),
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
) -> Result<Json<Episode>, ApiProblem> {
    let seen: AlertRequest = read(&body)?;
    tell(&hub, actor, id, (seen.version, seen.who), AlertAction::Undo).await
}

async fn tell(
    hub: &Hub,
    CanAct(caller): CanAct,
    id: Result<Path<u64>, PathRejection>,
    (version, who): (u32, Option<Actor>),
    act: AlertAction,
) -> Result<Json<Episode>, ApiProblem> {
    let Path(episode) = id.map_err(|error| ApiProblem::bad(error.body_text()))?;
    let known = hub.handle.watch().borrow().alerts.iter().find(|e| e.id == episode).map(|e| e.slice.clone());
    // What he may not see isn't there for him.
    if known.is_some_and(|slice| !visible::holds(&caller.queues, &slice)) {
        return Err(CommandRefusal::Unknown(episode).into());
    }
    let _place = hub.place().await?;
    // His own boards name the desk that he sits at; nobody else's word is taken for it.
    let who = who.filter(|who| caller.ours && !who.name.is_empty()).unwrap_or(caller.who);
    let told = hub.handle.execute(AlertCommand { episode, version, who, act }).await?;
    told.map(Json).map_err(ApiProblem::from)
}
