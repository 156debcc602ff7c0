//! What is asked of a hub, over one connection.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::HubAddress;
use crate::alert::{AlertAction, AlertCommand, CommandRefusal, Episode, MuteLength};
use crate::board::ContactRow;
use crate::clock::Clock;
use crate::floor::ContactQuery;
use crate::hub::ApiProblem;
use crate::kpi::{Answer, Figure, Query};
use crate::net::Fault;
use crate::net::http::{Address, Client};
use crate::text::Text;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest answer: a board of 20,000 agents is some megabytes.
const MOST: usize = 64 * 1024 * 1024;

/// A hub's API.
pub(super) struct Api {
    client: Client,
    base: Address,
    clock: Clock,
}

impl Api {
    /// The API of the hub at `place`.
    pub(super) fn new(place: &HubAddress, clock: Clock) -> Result<Self, Fault> {
        let (client, base) = match place {
            HubAddress::Network { address, auth, tls } => {
                (Client::new(address, auth.as_ref(), tls, PATIENCE)?, address.clone())
            }
            HubAddress::Socket(path) => {
                // Asked here, where the words are right: what comes later only knows of addresses.
                UnixStream::connect(path).map_err(|error| explain(&error, path))?;
                // The name stands for nothing: the socket is the address.
                let base: Address =
                    "http://localhost".parse().map_err(|error| Fault::lasting(format!("cannot ask: {error}")))?;
                (Client::over_socket(&base, path, PATIENCE)?, base)
            }
        };
        Ok(Self { client, base, clock })
    }

    /// The stream of the board, from after the event `last`.
    pub(super) async fn board(&self, last: Option<&str>) -> Result<Response, Fault> {
        let url = self.base.under("v1/board/stream").url().clone();
        let mut request = self.client.request(Method::GET, url).header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        self.client.send(request, || self.clock.now()).await
    }

    /// Figures. Of what may not be seen the answer says so.
    pub(super) async fn ask(&self, query: &Query) -> Option<Answer> {
        match self.post("v1/figures", query).await {
            Ok(answer) => Some(answer),
            Err(ApiError::Refused(problem)) if problem.code == "hidden" => {
                let hidden = Figure::unknown("this token may not see it");
                let at = self.clock.now();
                Some(Answer { at, from: at, to: at, total: vec![hidden; query.kpis.len()], rows: Vec::new() })
            }
            Err(_) => None,
        }
    }

    /// Contacts.
    pub(super) async fn contacts(&self, contacts: &ContactQuery) -> Option<Vec<ContactRow>> {
        self.post("v1/contacts", contacts).await.ok()
    }

    /// Episodes that are over.
    pub(super) async fn history(&self, limit: usize) -> Option<Vec<Episode>> {
        let mut url = self.base.under("v1/alerts/history").url().clone();
        url.query_pairs_mut().append_pair("limit", &limit.to_string());
        self.read(self.client.request(Method::GET, url)).await.ok()
    }

    /// Have something done.
    pub(super) async fn tell(&self, command: &AlertCommand) -> Result<Episode, CommandRefusal> {
        let seen = |note: Option<&Text>, seconds: Option<MuteLength>| serde_json::json!({"version": command.version, "note": note, "seconds": seconds, "who": command.who});
        let (what, body) = match &command.act {
            AlertAction::Acknowledge { note, lasts } => ("acknowledge", seen(note.as_ref(), *lasts)),
            AlertAction::Note(note) => ("note", seen(Some(note), None)),
            AlertAction::Snooze(lasts) => ("snooze", seen(None, Some(*lasts))),
            AlertAction::Undo => ("undo", seen(None, None)),
        };
        let told = self.post(&format!("v1/alerts/{}/{what}", command.episode), &body).await;
        told.map_err(|asked| match asked {
            ApiError::Refused(problem) => problem.refusal(command.episode),
            ApiError::Failed(fault) => {
                // It may have been done all the same: the board will show it.
                CommandRefusal::ReadOnly(Text::new(&format!("no answer from the hub, look again: {}", fault.reason)))
            }
        })
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ApiError> {
        self.read(self.client.request(Method::POST, self.base.under(path).url().clone()).json(body)).await
    }

    async fn read<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ApiError> {
        let response = self.client.reach(request).await.map_err(ApiError::Failed)?;
        let good = response.status().is_success();
        let body = self.client.body(response, MOST).await.map_err(ApiError::Failed)?;
        if !good {
            let problem = serde_json::from_slice(&body).ok();
            return Err(problem
                .map_or_else(|| ApiError::Failed(Fault::new("the hub's answer makes no sense")), ApiError::Refused));
        }
        serde_json::from_slice(&body)
            .map_err(|error| ApiError::Failed(Fault::new(format!("the hub's answer: {error}"))))
    }
}

/// Why nobody answers at a socket.
fn explain(error: &io::Error, path: &Path) -> Fault {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            Fault::new(format!("nobody listens at {path}: is the hub, or the board that keeps the floor, running?"))
        }
        io::ErrorKind::PermissionDenied => Fault::lasting(format!(
            "this user may not connect to {path}: an administrator can add him to the group that it belongs to"
        )),
        _ => Fault::new(format!("cannot connect to {path}: {error}")),
    }
}

/// Why there is no answer.
enum ApiError {
    /// The hub says no.
    Refused(ApiProblem),
    /// It says nothing that can be understood.
    Failed(Fault),
}
