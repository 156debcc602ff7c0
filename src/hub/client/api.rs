//! The requests to a hub's API.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::HubAddress;
use crate::alert::{AlertAction, AlertCommand, CommandRefusal, Episode, MuteLength};
use crate::annotation::{AnnotationAction, AnnotationCommand};
use crate::board::ContactRow;
use crate::clock::Clock;
use crate::engine::{AnswerTooLarge, StatePeriod};
use crate::floor::{CommandOutcome, ContactQuery, FloorCommand};
use crate::hub::ApiProblem;
use crate::hub::problem::NOT_FOUND;
use crate::hub::query_params::FiguresQuestion;
use crate::kpi::{Answer, Figure};
use crate::net::Fault;
use crate::net::http::{Address, Client};
use crate::text::{Label, Text};
use crate::worklist::{WorkAction, WorkAnswer, WorkCommand, WorkQuery};

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// The largest answer: a board of 20,000 agents is some megabytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// A client for a hub's API.
pub(super) struct Api {
    client: Client,
    base: Address,
    clock: Clock,
}

impl Api {
    /// Prepare requests to the hub at `address`. For a socket, this also checks that somebody listens.
    pub(super) fn new(hub: &HubAddress, clock: Clock) -> Result<Self, Fault> {
        let (client, base) = match hub {
            HubAddress::Network { address, auth, tls } => {
                (Client::new(address, auth.as_ref().into(), tls, REQUEST_TIMEOUT)?, address.clone())
            }
            HubAddress::Socket(path) => {
                // Connecting here gives errors that name the socket; those of the HTTP client name a placeholder.
                UnixStream::connect(path).map_err(|error| explain(&error, path))?;
                // A placeholder: the requests go to the socket.
                let base: Address =
                    "http://localhost".parse().map_err(|error| Fault::needs_change(format!("cannot ask: {error}")))?;
                (Client::over_socket(&base, path, REQUEST_TIMEOUT)?, base)
            }
        };
        Ok(Self { client, base, clock })
    }

    /// Open the stream of the board, resuming after the event with the id `last`.
    pub(super) async fn board(&self, last: Option<&str>) -> Result<Response, Fault> {
        let url = self.base.under("v1/board/stream").url().clone();
        let mut request = self.client.request(Method::GET, url).header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        self.client.send(request, || self.clock.now()).await
    }

    /// The answer to a query, `None` if the request failed. Where the token may not see the queues, the figures are unknown.
    pub(super) async fn ask(&self, question: &FiguresQuestion) -> Option<Result<Answer, AnswerTooLarge>> {
        match self.post("v1/figures", question).await {
            Ok(answer) => Some(Ok(answer)),
            Err(ApiError::Refused(problem)) if problem.code == "hidden" => {
                let hidden = Figure::unknown("this token may not see it");
                let at = self.clock.now();
                let total = vec![hidden; question.query.kpis.len()];
                Some(Ok(Answer { at, from: at, to: at, total, rows: Vec::new() }))
            }
            Err(ApiError::Refused(problem)) if problem.code == "answer_too_large" => {
                Some(Err(AnswerTooLarge::of(question.query.kpis.len())))
            }
            Err(_) => None,
        }
    }

    /// The contacts that match; `None` if the request failed.
    pub(super) async fn contacts(&self, contacts: &ContactQuery) -> Option<Vec<ContactRow>> {
        self.post("v1/contacts", contacts).await.ok()
    }

    /// The states of an agent today; `None` if the request failed.
    pub(super) async fn agent_states(&self, agent: &Label) -> Option<Vec<StatePeriod>> {
        let mut url = self.base.under("v1/agents/states").url().clone();
        url.query_pairs_mut().append_pair("agent", agent.as_str());
        self.read(self.client.request(Method::GET, url)).await.ok()
    }

    /// The newest `limit` resolved episodes; `None` if the request failed.
    pub(super) async fn history(&self, limit: usize) -> Option<Vec<Episode>> {
        let mut url = self.base.under("v1/alerts/history").url().clone();
        url.query_pairs_mut().append_pair("limit", &limit.to_string());
        self.read(self.client.request(Method::GET, url)).await.ok()
    }

    /// The items of worklists; `None` if the request failed, `Some(None)` if the hub is too old to have any.
    pub(super) async fn worklist(&self, query: &WorkQuery) -> Option<Option<WorkAnswer>> {
        let url = self.base.under("v1/worklist").url().clone();
        match self.read(self.client.request(Method::GET, url).query(query)).await {
            Ok(answer) => Some(Some(answer)),
            Err(ApiError::Refused(problem)) if problem.code == NOT_FOUND => Some(None),
            Err(_) => None,
        }
    }

    /// Send a command.
    pub(super) async fn execute(&self, command: &FloorCommand) -> Result<CommandOutcome, CommandRefusal> {
        let result = match command {
            FloorCommand::Alert(command) => {
                let (path, body) = alert_request(command);
                self.post(&path, &body).await.map(|episode| CommandOutcome::Episode(Box::new(episode)))
            }
            FloorCommand::Work(command) => {
                let (path, body) = work_request(command);
                self.post(&path, &body).await.map(|item| CommandOutcome::Item(Box::new(item)))
            }
            FloorCommand::Annotation(command) => {
                let (path, body) = annotation_request(command);
                self.post(&path, &body).await.map(|said| CommandOutcome::Annotation(Box::new(said)))
            }
        };
        result.map_err(|error| match error {
            ApiError::Refused(problem) => problem.refusal(command.subject()),
            ApiError::Failed(fault) => {
                // The hub may have executed it nevertheless; the board will show it.
                CommandRefusal::ReadOnly(Text::new(&format!("no answer from the hub, look again: {}", fault.reason)))
            }
        })
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ApiError> {
        self.read(self.client.request(Method::POST, self.base.under(path).url().clone()).json(body)).await
    }

    async fn read<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ApiError> {
        let response = self.client.send_any_status(request).await.map_err(ApiError::Failed)?;
        let good = response.status().is_success();
        let body = self.client.read_body(response, MAX_ANSWER_BYTES).await.map_err(ApiError::Failed)?;
        if !good {
            let problem = serde_json::from_slice(&body).ok();
            return Err(problem.map_or_else(
                || ApiError::Failed(Fault::transient("the hub's answer makes no sense")),
                ApiError::Refused,
            ));
        }
        serde_json::from_slice(&body)
            .map_err(|error| ApiError::Failed(Fault::transient(format!("the hub's answer: {error}"))))
    }
}

/// The path and the body of a command about an alert.
fn alert_request(command: &AlertCommand) -> (String, Value) {
    let AlertCommand { episode, version, who, act } = command;
    let request = |note: Option<&Text>, seconds: Option<MuteLength>| json!({"version": version, "note": note, "seconds": seconds, "who": who});
    let (what, body) = match act {
        AlertAction::Acknowledge { note, lasts } => ("acknowledge", request(note.as_ref(), *lasts)),
        AlertAction::Note(note) => ("note", request(Some(note), None)),
        AlertAction::Snooze(lasts) => ("snooze", request(None, Some(*lasts))),
        AlertAction::Undo => ("undo", request(None, None)),
    };
    (format!("v1/alerts/{episode}/{what}"), body)
}

/// The same of a command about an item.
fn work_request(command: &WorkCommand) -> (String, Value) {
    let WorkCommand { item, version, who, act } = command;
    let (what, body) = match act {
        WorkAction::Claim { note, lasts } => {
            ("claim", json!({"version": version, "note": note, "seconds": lasts, "who": who}))
        }
        WorkAction::Note(note) => ("note", json!({"version": version, "note": note, "who": who})),
        WorkAction::Done { outcome, note } => {
            ("done", json!({"version": version, "outcome": outcome, "note": note, "who": who}))
        }
        WorkAction::Undo => ("undo", json!({"version": version, "who": who})),
    };
    (format!("v1/worklist/{item}/{what}"), body)
}

/// The same of a command about an annotation.
fn annotation_request(command: &AnnotationCommand) -> (String, Value) {
    let AnnotationCommand { who, act } = command;
    match act {
        AnnotationAction::Write(said) => {
            let body = json!({"text": said.text, "at": said.at, "until": said.until, "of": said.of, "who": who});
            ("v1/annotations".to_owned(), body)
        }
        AnnotationAction::Remove(id) => (format!("v1/annotations/{id}/remove"), json!({"who": who})),
    }
}

/// Why connecting to a socket failed.
fn explain(error: &io::Error, path: &Path) -> Fault {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Fault::transient(format!(
            "nobody listens at {path}: is the hub, or the board that keeps the floor, running?"
        )),
        io::ErrorKind::PermissionDenied => Fault::needs_change(format!(
            "this user may not connect to {path}: an administrator can add him to the group that it belongs to"
        )),
        _ => Fault::transient(format!("cannot connect to {path}: {error}")),
    }
}

/// Why a request failed.
enum ApiError {
    /// The hub answered with a problem.
    Refused(ApiProblem),
    /// There was no answer, or not one that can be parsed.
    Failed(Fault),
}
