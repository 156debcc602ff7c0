//! The commands for alerts: acknowledge, snooze, note, undo.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::{Actor, AlertAction, AlertCommand, CommandRefusal, Episode, MuteLength};
use crate::floor::{CommandOutcome, CommandSubject, FloorCommand};
use crate::hub::extract::{CanAct, SmallBody, read};
use crate::hub::problem::{BodyProblems, CallerProblems};
use crate::hub::{ApiProblem, Hub, visible};
use crate::text::Text;

/// The body of a command. It is refused if the alert has changed since `version`.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Seen)]
pub(crate) struct AlertRequest {
    /// The version of the alert that the caller has seen.
    #[schema(maximum = 2_147_483_647)]
    pub(crate) version: u32,
    /// A note; required by `note`, optional for `acknowledge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<Text>,
    /// The duration in seconds; required by `snooze`. The configured duration when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub(crate) seconds: Option<MuteLength>,
    /// Who acts. It is only trusted from the user that runs the hub, over the local socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<Actor>,
}

/// What `snooze` needs of an [`AlertRequest`]. Only described here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeenAndSeconds)]
#[expect(dead_code, reason = "its fields are the description")]
struct SnoozeRequest {
    #[schema(maximum = 2_147_483_647)]
    version: u32,
    #[serde(default)]
    note: Option<Text>,
    #[schema(inline)]
    seconds: MuteLength,
    #[serde(default)]
    who: Option<Actor>,
}

/// What `note` needs of an [`AlertRequest`]. Only described here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeenAndNote)]
#[expect(dead_code, reason = "its fields are the description")]
struct NoteRequest {
    #[schema(maximum = 2_147_483_647)]
    version: u32,
    #[schema(min_length = 1, value_type = String)]
    note: Text,
    #[serde(default)]
    #[schema(inline)]
    seconds: Option<MuteLength>,
    #[serde(default)]
    who: Option<Actor>,
}

/// Acknowledge an alert. If two callers do so at once, the first succeeds and the other is told who was first.
#[utoipa::path(post, path = "/v1/alerts/{id}/acknowledge", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = AlertRequest, responses(
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
    let body: AlertRequest = read(&body)?;
    let act = AlertAction::Acknowledge { note: body.note.clone(), lasts: body.seconds };
    execute_alert(&hub, actor, id, (body.version, body.who), act).await
}

/// Snooze an alert.
#[utoipa::path(post, path = "/v1/alerts/{id}/snooze", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = SnoozeRequest, responses(
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
    let body: AlertRequest = read(&body)?;
    let lasts = body.seconds.ok_or_else(|| ApiProblem::bad("`seconds` is missing: for how long?"))?;
    execute_alert(&hub, actor, id, (body.version, body.who), AlertAction::Snooze(lasts)).await
}

/// Add a note to an alert.
#[utoipa::path(post, path = "/v1/alerts/{id}/note", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = NoteRequest, responses(
    (status = 200, body = Episode),
    (status = 404, body = ApiProblem, content_type = "application/problem+json"),
    (status = 409, body = ApiProblem, content_type = "application/problem+json"),
    (status = 422, body = ApiProblem, content_type = "application/problem+json", description = "Nothing of the note can be seen"),
    CallerProblems,
    BodyProblems,
))]
pub(super) async fn note(
    State(hub): State<Arc<Hub>>,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    SmallBody(body): SmallBody,
) -> Result<Json<Episode>, ApiProblem> {
    let body: AlertRequest = read(&body)?;
    let text = body.note.ok_or_else(|| ApiProblem::bad("`note` is missing: what is to be said?"))?;
    if text.is_empty() {
        return Err(ApiProblem::impossible("`note` has nothing that can be seen: what is to be said?"));
    }
    execute_alert(&hub, actor, id, (body.version, body.who), AlertAction::Note(text)).await
}

/// Undo one's own acknowledgement or snooze.
#[utoipa::path(post, path = "/v1/alerts/{id}/undo", params(("id" = u64, Path, maximum = 2_147_483_647)), request_body = AlertRequest, responses(
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
    let body: AlertRequest = read(&body)?;
    execute_alert(&hub, actor, id, (body.version, body.who), AlertAction::Undo).await
}

async fn execute_alert(
    hub: &Hub,
    actor: CanAct,
    id: Result<Path<u64>, PathRejection>,
    (version, who): (u32, Option<Actor>),
    act: AlertAction,
) -> Result<Json<Episode>, ApiProblem> {
    let Path(episode) = id.map_err(|error| ApiProblem::bad(error.body_text()))?;
    let command = |who| FloorCommand::Alert(AlertCommand { episode, version, who, act });
    let kept = execute(hub, actor, CommandSubject::Alert(episode), who, command).await?;
    kept.episode().map(Json).ok_or_else(|| CommandRefusal::Unknown(episode).into())
}

/// Execute the command that `command` makes of the person who gives it.
pub(super) async fn execute(
    hub: &Hub,
    actor: CanAct,
    subject: CommandSubject,
    who: Option<Actor>,
    command: impl FnOnce(Actor) -> FloorCommand,
) -> Result<CommandOutcome, ApiProblem> {
    // What is hidden is answered like what does not exist, whatever its state and version.
    let slice = hub.handle.slice_of(subject).await?;
    if !slice.is_some_and(|slice| visible::holds(&actor.0.queues, &slice)) {
        return Err(subject.unknown().into());
    }
    execute_visible(hub, actor, who, command).await
}

/// Execute a command about what the caller may see.
pub(super) async fn execute_visible(
    hub: &Hub,
    CanAct(caller): CanAct,
    who: Option<Actor>,
    command: impl FnOnce(Actor) -> FloorCommand,
) -> Result<CommandOutcome, ApiProblem> {
    let _turn = hub.turns.take(&caller.who.name).await?.at_no_cost();
    // Boards of the user that runs the hub state who sits at them; other callers cannot.
    let who = who.filter(|who| caller.ours && !who.name.is_empty()).unwrap_or(caller.who);
    hub.handle.command(command(who)).await?.map_err(ApiProblem::from)
}
