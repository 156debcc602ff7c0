//! The handle of a floor: look, ask, tell. Whether the floor runs in this process is not visible from here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use utoipa::ToSchema;

use crate::alert::{AlertCommand, CommandRefusal, Episode};
use crate::board::{Board, ContactRow};
use crate::clock::{Span, Time};
use crate::kpi::{Answer, Period, Query, Slice};

/// The floor has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the floor has ended")]
pub struct FloorClosed;

/// What is asked of a floor.
pub(crate) enum Request {
    Ask(Query, oneshot::Sender<Answer>),
    Contacts(ContactQuery, oneshot::Sender<Vec<ContactRow>>),
    History(usize, oneshot::Sender<Vec<Episode>>),
    Execute(AlertCommand, oneshot::Sender<Result<Episode, CommandRefusal>>),
    Replay(ReplayCommand),
}

/// A question for contacts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactQuery {
    /// Of which part of the floor.
    pub of: Slice,
    /// That joined, were answered or ended within this time.
    pub over: Period,
    /// Only these.
    pub only: ContactFilter,
    /// At most so many, the newest first.
    pub limit: usize,
}

/// Which contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactFilter {
    /// All of them.
    #[default]
    All,
    /// Those who hung up: the list to call back.
    Abandoned,
}

/// How a replay is steered. Other floors take no notice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReplayCommand {
    /// Stand still, or go on.
    Pause(bool),
    /// So many times faster than life.
    Speed(f64),
    /// One step on while standing still.
    Step(Span),
    /// Go to an instant.
    Seek(Time),
}

/// A floor, wherever it runs. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Handle {
    board: watch::Receiver<Arc<Board>>,
    requests: mpsc::Sender<Request>,
}

impl Handle {
    pub(crate) const fn new(board: watch::Receiver<Arc<Board>>, requests: mpsc::Sender<Request>) -> Self {
        Self { board, requests }
    }

    /// The newest board, and word when there is a newer one.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Board>> {
        self.board.clone()
    }

    async fn request<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, FloorClosed> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(make(reply)).await.map_err(|_| FloorClosed)?;
        answer.await.map_err(|_| FloorClosed)
    }

    /// Ask for figures.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn ask(&self, query: Query) -> Result<Answer, FloorClosed> {
        self.request(|reply| Request::Ask(query, reply)).await
    }

    /// Ask for contacts.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn contacts(&self, contacts: ContactQuery) -> Result<Vec<ContactRow>, FloorClosed> {
        self.request(|reply| Request::Contacts(contacts, reply)).await
    }

    /// The newest episodes that are over, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn history(&self, limit: usize) -> Result<Vec<Episode>, FloorClosed> {
        self.request(|reply| Request::History(limit, reply)).await
    }

    /// Have something done about an episode. The answer comes once it is in the journal.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended; within, why it was refused.
    pub async fn execute(&self, command: AlertCommand) -> Result<Result<Episode, CommandRefusal>, FloorClosed> {
        self.request(|reply| Request::Execute(command, reply)).await
    }

    /// Steer a replay.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn control_replay(&self, steer: ReplayCommand) -> Result<(), FloorClosed> {
        self.requests.send(Request::Replay(steer)).await.map_err(|_| FloorClosed)
    }
}
