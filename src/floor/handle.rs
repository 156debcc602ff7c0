//! The handle of a floor: look, ask, tell. Whether the floor runs in this process is not visible from here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use utoipa::ToSchema;

use crate::alert::{Command, Episode, Refusal};
use crate::board::{Board, ContactRow};
use crate::clock::{Span, Time};
use crate::kpi::{Answer, Period, Query, Slice};

/// The floor has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the floor has ended")]
pub struct Lost;

/// What is asked of a floor.
pub(crate) enum Request {
    Ask(Query, oneshot::Sender<Answer>),
    Contacts(Contacts, oneshot::Sender<Vec<ContactRow>>),
    History(usize, oneshot::Sender<Vec<Episode>>),
    Tell(Command, oneshot::Sender<Result<Episode, Refusal>>),
    Steer(Steer),
}

/// A question for contacts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    /// Of which part of the floor.
    pub of: Slice,
    /// That joined, were answered or ended within this time.
    pub over: Period,
    /// Only these.
    pub only: Only,
    /// At most so many, the newest first.
    pub limit: usize,
}

/// Which contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// All of them.
    #[default]
    All,
    /// Those who hung up: the list to call back.
    Abandoned,
}

/// How a replay is steered. Other floors take no notice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steer {
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

    async fn request<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, Lost> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(make(reply)).await.map_err(|_| Lost)?;
        answer.await.map_err(|_| Lost)
    }

    /// Ask for figures.
    ///
    /// # Errors
    /// [`Lost`] when the floor has ended.
    pub async fn ask(&self, query: Query) -> Result<Answer, Lost> {
        self.request(|reply| Request::Ask(query, reply)).await
    }

    /// Ask for contacts.
    ///
    /// # Errors
    /// [`Lost`] when the floor has ended.
    pub async fn contacts(&self, contacts: Contacts) -> Result<Vec<ContactRow>, Lost> {
        self.request(|reply| Request::Contacts(contacts, reply)).await
    }

    /// The newest episodes that are over, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`Lost`] when the floor has ended.
    pub async fn history(&self, limit: usize) -> Result<Vec<Episode>, Lost> {
        self.request(|reply| Request::History(limit, reply)).await
    }

    /// Have something done about an episode. The answer comes once it is in the journal.
    ///
    /// # Errors
    /// [`Lost`] when the floor has ended; within, why it was refused.
    pub async fn tell(&self, command: Command) -> Result<Result<Episode, Refusal>, Lost> {
        self.request(|reply| Request::Tell(command, reply)).await
    }

    /// Steer a replay.
    ///
    /// # Errors
    /// [`Lost`] when the floor has ended.
    pub async fn steer(&self, steer: Steer) -> Result<(), Lost> {
        self.requests.send(Request::Steer(steer)).await.map_err(|_| Lost)
    }
}
