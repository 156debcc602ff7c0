//! The HTTP API: one function per endpoint. The `OpenAPI` document is generated from their descriptions.

mod annotations;
mod commands;
mod worklist;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{self, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Caller;
use super::extract::{CanView, SmallBody, read};
use super::problem::{ApiProblem, BodyProblems, CallerProblems, ParamProblems, QueryProblems};
use super::query_params::{self, FiguresParams, FiguresQuestion};
use super::streams::StreamView;
use super::{Hub, events, metrics, visible};
use crate::alert::Episode;
use crate::board::{Board, ContactRow, Keeper};
use crate::engine::StatePeriod;
use crate::floor::ContactQuery;
use crate::kpi::{Answer, CATALOGUE, KpiRole, Query, RowSelection};
use crate::text::Label;

/// The default length of the alert history.
const DEFAULT_HISTORY_LIMIT: usize = 200;
/// The most rows of one answer.
const MAX_ROWS: usize = 10_000;

/// The parts of the `OpenAPI` document besides the endpoints.
#[derive(OpenApi)]
#[openapi(
    info(title = "floorwatch", description = "A contact centre's floor: what stands now, figures, contacts, alerts, worklists, annotations."),
    security(("token" = [])),
    components(schemas(ApiProblem)),
    modifiers(&BearerScheme)
)]
struct Description;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        api.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Every endpoint, and the document that describes them.
pub(super) fn router() -> (Router<Arc<Hub>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(describe))
        .routes(routes!(expose))
        .routes(routes!(board))
        .routes(routes!(board_stream))
        .routes(routes!(figures, ask))
        .routes(routes!(figures_stream))
        .routes(routes!(contacts))
        .routes(routes!(agent_states))
        .routes(routes!(kpis))
        .routes(routes!(alerts))
        .routes(routes!(history))
        .routes(routes!(commands::acknowledge))
        .routes(routes!(commands::snooze))
        .routes(routes!(commands::note))
        .routes(routes!(commands::undo))
        .routes(routes!(worklist::worklist))
        .routes(routes!(worklist::claim))
        .routes(routes!(worklist::done))
        .routes(routes!(worklist::note))
        .routes(routes!(worklist::undo))
        .routes(routes!(annotations::annotations, annotations::write))
        .routes(routes!(annotations::remove))
        .routes(routes!(events::events))
        .split_for_parts()
}

/// Whether the program runs.
#[utoipa::path(get, path = "/healthz", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the floor is ready: the journal has been read and can be written.
#[utoipa::path(get, path = "/readyz", security(()), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = ApiProblem, content_type = "application/problem+json", description = "Not yet, or no more"),
))]
async fn readyz(State(hub): State<Arc<Hub>>) -> Result<&'static str, ApiProblem> {
    let why_not = why_not_ready(&hub.handle.watch().borrow());
    why_not.map_or(Ok("ready\n"), |why| Err(ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", why)))
}

/// Why a floor with this board is not ready; `None` if it is.
pub(super) fn why_not_ready(board: &Board) -> Option<String> {
    Some(match &board.keeper {
        Keeper::Loading => "the day so far is being read from the journal".to_owned(),
        Keeper::Failed(why) => why.to_string(),
        _ if board.seq == 0 => "the floor has just begun".to_owned(),
        Keeper::Other(who) if board.silent_since.is_some() => who.to_string(),
        Keeper::Nobody | Keeper::Us | Keeper::Other(_) => return None,
    })
}

/// This OpenAPI description.
#[utoipa::path(get, path = "/openapi.json", security(()), responses((status = 200, content_type = "application/json")))]
async fn describe(State(hub): State<Arc<Hub>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], hub.description.clone()).into_response()
}

/// Figures of every queue, alerts, sources and the hub itself, in the format of Prometheus.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, body = String, content_type = "text/plain"),
    CallerProblems,
))]
async fn expose(State(hub): State<Arc<Hub>>, CanView(caller): CanView) -> Result<Response, ApiProblem> {
    let text = metrics::text(&hub, &caller).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// The current board.
#[utoipa::path(get, path = "/v1/board", responses(
    (status = 200, body = Board),
    CallerProblems,
))]
async fn board(State(hub): State<Arc<Hub>>, CanView(caller): CanView) -> Result<Response, ApiProblem> {
    let json = hub.board_json.current(&hub.handle, &caller.queues).await.map_err(|_| ApiProblem::busy())?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// The current board, then its changes, as server-sent events: `whole` with the board, `change` with a JSON patch (RFC
/// 6902) of the board before. `Last-Event-ID` resumes.
#[utoipa::path(get, path = "/v1/board/stream", params(("Last-Event-ID" = Option<String>, Header)), responses(
    (status = 200, body = String, content_type = "text/event-stream"),
    CallerProblems,
))]
async fn board_stream(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    hub.stream(StreamView::Board, caller, &headers)
}

/// Figures of a slice over a period.
#[utoipa::path(get, path = "/v1/figures", params(FiguresParams), responses(
    (status = 200, body = Answer),
    QueryProblems,
    CallerProblems,
    ParamProblems,
))]
async fn figures(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    extract::Query(params): extract::Query<Vec<(String, String)>>,
) -> Result<Json<Answer>, ApiProblem> {
    hub.answer(query_params::parse(&params)?, &caller).await.map(Json)
}

/// Figures of a slice over a period, with the query as JSON.
#[utoipa::path(post, path = "/v1/figures", request_body = FiguresQuestion, responses(
    (status = 200, body = Answer),
    QueryProblems,
    CallerProblems,
    BodyProblems,
))]
async fn ask(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    SmallBody(body): SmallBody,
) -> Result<Json<Answer>, ApiProblem> {
    let question: FiguresQuestion = read(&body)?;
    hub.answer_rows(question.checked()?, &caller).await.map(Json)
}

/// Figures, then their changes, as server-sent events (see `/v1/board/stream`).
#[utoipa::path(get, path = "/v1/figures/stream", params(FiguresParams, ("Last-Event-ID" = Option<String>, Header)), responses(
    (status = 200, body = String, content_type = "text/event-stream"),
    QueryProblems,
    CallerProblems,
    ParamProblems,
))]
async fn figures_stream(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    headers: HeaderMap,
    extract::Query(params): extract::Query<Vec<(String, String)>>,
) -> Result<Response, ApiProblem> {
    let query = query_params::parse(&params)?;
    // Refuse hidden queues and answers that are too large here, before the stream begins.
    hub.answer(query.clone(), &caller).await?;
    hub.stream(StreamView::Answer(query), caller, &headers)
}

/// Contacts of a slice, the newest first.
#[utoipa::path(post, path = "/v1/contacts", request_body = ContactQuery, responses(
    (status = 200, body = Vec<ContactRow>),
    CallerProblems,
    BodyProblems,
))]
async fn contacts(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    SmallBody(body): SmallBody,
) -> Result<Json<Vec<ContactRow>>, ApiProblem> {
    let contacts: ContactQuery = read(&body)?;
    let _turn = hub.turns.take(&caller.who.name).await?;
    let contacts = ContactQuery { limit: contacts.limit.min(MAX_ROWS), ..contacts };
    let mut rows = hub.handle.contacts_within(contacts, caller.queues.clone()).await?;
    rows.retain(|row| visible::holds_queue(&caller.queues, &row.queue));
    Ok(Json(rows))
}

/// The parameters of an agent's states.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AgentParams {
    /// The agent's id, as on the board.
    #[param(value_type = String)]
    agent: Label,
}

/// What an agent has done since the business day began, the oldest state first.
#[utoipa::path(get, path = "/v1/agents/states", params(AgentParams), responses(
    (status = 200, body = Vec<StatePeriod>),
    CallerProblems,
    ParamProblems,
))]
async fn agent_states(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    params: Result<axum::extract::Query<AgentParams>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<StatePeriod>>, ApiProblem> {
    let agent = params.map_err(|error| ApiProblem::bad(error.body_text()))?.0.agent;
    let _turn = hub.turns.take(&caller.who.name).await?;
    let board = hub.handle.watch().borrow().clone();
    // A hidden agent is answered like one that never was.
    let is_visible = visible::holds_agent(&board, &agent, &caller.queues);
    Ok(Json(if is_visible { hub.handle.agent_states(agent).await? } else { Vec::new() }))
}

/// A KPI of the catalogue.
#[derive(Serialize, ToSchema)]
#[schema(as = Kpi)]
struct KpiInfo {
    /// The id.
    id: &'static str,
    /// The name.
    name: &'static str,
    /// The formula in words.
    formula: &'static str,
    /// What it speaks of.
    role: KpiRole,
    /// Why it matters.
    why: &'static str,
    /// What to do about it.
    action: &'static str,
}

/// The KPIs of the catalogue.
#[utoipa::path(get, path = "/v1/kpis", responses(
    (status = 200, body = Vec<KpiInfo>),
    CallerProblems,
))]
async fn kpis(_: CanView) -> Json<Vec<KpiInfo>> {
    let kpi = |kpi: &crate::kpi::Kpi| KpiInfo {
        id: kpi.key,
        name: kpi.name,
        formula: kpi.formula,
        role: kpi.role(),
        why: kpi.why,
        action: kpi.action,
    };
    Json(CATALOGUE.iter().map(kpi).collect())
}

/// The alerts that have not resolved, the most urgent first.
#[utoipa::path(get, path = "/v1/alerts", responses(
    (status = 200, body = Vec<Episode>),
    CallerProblems,
))]
async fn alerts(State(hub): State<Arc<Hub>>, CanView(caller): CanView) -> Json<Vec<Episode>> {
    let mut episodes = hub.handle.watch().borrow().alerts.to_vec();
    visible::episodes(&mut episodes, &caller.queues);
    Json(episodes)
}

/// The parameters of the alert history.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HistoryParams {
    /// The most alerts to return.
    #[param(minimum = 0, maximum = 10_000)]
    limit: Option<usize>,
}

/// The alerts that have resolved, the newest first.
#[utoipa::path(get, path = "/v1/alerts/history", params(HistoryParams), responses(
    (status = 200, body = Vec<Episode>),
    CallerProblems,
    ParamProblems,
))]
async fn history(
    State(hub): State<Arc<Hub>>,
    CanView(caller): CanView,
    limit: Result<axum::extract::Query<HistoryParams>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<Episode>>, ApiProblem> {
    let limit = limit.map_err(|error| ApiProblem::bad(error.body_text()))?.limit.unwrap_or(DEFAULT_HISTORY_LIMIT);
    let _turn = hub.turns.take(&caller.who.name).await?;
    let mut pager = visible::Pager::new(limit.min(MAX_ROWS), &caller.queues);
    loop {
        let episodes = hub.handle.history(pager.fetch_limit()).await?;
        if let Some(episodes) = pager.page(episodes, |episode| visible::holds(&caller.queues, &episode.slice)) {
            return Ok(Json(episodes));
        }
    }
}

impl Hub {
    /// The answer with all of its rows.
    pub(super) async fn answer(&self, query: Query, caller: &Caller) -> Result<Answer, ApiProblem> {
        self.answer_rows(FiguresQuestion { query, rows: RowSelection::All }, caller).await
    }

    async fn answer_rows(&self, question: FiguresQuestion, caller: &Caller) -> Result<Answer, ApiProblem> {
        let FiguresQuestion { query, rows } = question;
        let _turn = self.turns.take(&caller.who.name).await?;
        visible::check(&query, &caller.queues).map_err(|_| ApiProblem::hidden())?;
        let answer = self.handle.ask_within(query.clone(), rows, caller.queues.clone()).await??;
        Ok(visible::answer(&query, answer, &caller.queues))
    }

    fn stream(&self, view: StreamView, caller: Caller, headers: &HeaderMap) -> Result<Response, ApiProblem> {
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let events = self.streams.watch(view, caller, last).ok_or_else(|| {
            ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many different views are being watched")
        })?;
        let mut response = Response::new(Body::from_stream(events));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        Ok(response)
    }
}
