//! The handle of a floor, through which everybody reaches it. A handle does not show whether the floor runs in this
//! process or behind a hub.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use utoipa::ToSchema;

use crate::alert::{AlertCommand, CommandRefusal, Episode};
use crate::annotation::{AnnotationAction, AnnotationCommand};
use crate::board::{Board, ContactRow};
use crate::clock::{Span, Time};
use crate::engine::{AnswerTooLarge, StatePeriod};
use crate::journal::CommandOutcome;
use crate::kpi::{Answer, Period, Query, RowSelection, Slice};
use crate::text::{Label, Patterns};
use crate::worklist::{WorkAnswer, WorkCommand, WorkItem, WorkQuery};

/// The floor has ended, so that nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the floor has ended")]
pub struct FloorClosed;

/// A request to the floor, with the channel for the reply.
pub(crate) enum Request {
    Ask(Query, RowSelection, Patterns, oneshot::Sender<Result<Answer, AnswerTooLarge>>),
    Contacts(ContactQuery, Patterns, oneshot::Sender<Vec<ContactRow>>),
    AgentStates(Label, oneshot::Sender<Vec<StatePeriod>>),
    History(usize, oneshot::Sender<Vec<Episode>>),
    Worklist(WorkQuery, Patterns, oneshot::Sender<Option<WorkAnswer>>),
    SliceOf(CommandSubject, oneshot::Sender<Option<Slice>>),
    Execute(FloorCommand, oneshot::Sender<Result<CommandOutcome, CommandRefusal>>),
    Replay(ReplayCommand),
}

/// A person's command about an alert, an item of a worklist or an annotation.
#[derive(Clone, Debug, PartialEq)]
pub enum FloorCommand {
    /// About an alert.
    Alert(AlertCommand),
    /// About an item of a worklist.
    Work(WorkCommand),
    /// About an annotation.
    Annotation(AnnotationCommand),
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandSubject {
    /// The episode with this number.
    Alert(u64),
    /// The item of a worklist with this number.
    Item(u64),
    /// The annotation with this number; `None` of one that is to be written.
    Annotation(Option<u64>),
}

impl FloorCommand {
    /// What it is about.
    #[must_use]
    pub const fn subject(&self) -> CommandSubject {
        match self {
            Self::Alert(command) => CommandSubject::Alert(command.episode),
            Self::Work(command) => CommandSubject::Item(command.item),
            Self::Annotation(command) => CommandSubject::Annotation(match &command.act {
                AnnotationAction::Write(_) => None,
                AnnotationAction::Remove(id) => Some(*id),
            }),
        }
    }
}

impl CommandSubject {
    /// The refusal where there is none with this number.
    #[must_use]
    pub const fn unknown(self) -> CommandRefusal {
        match self {
            Self::Alert(id) => CommandRefusal::Unknown(id),
            Self::Item(id) => CommandRefusal::UnknownItem(id),
            Self::Annotation(Some(id)) => CommandRefusal::UnknownAnnotation(id),
            Self::Annotation(None) => CommandRefusal::Nothing,
        }
    }
}

/// Which contacts to list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Contacts)]
pub struct ContactQuery {
    /// The slice they belong to.
    pub of: Slice,
    /// They joined, were answered or ended within this period.
    pub over: Period,
    /// Which of these contacts to include.
    pub only: ContactFilter,
    /// The most contacts to return, the newest first (of those that are going on, the one that lasts longest).
    #[schema(maximum = 10_000)]
    pub limit: usize,
}

/// Which contacts to include.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Only)]
pub enum ContactFilter {
    /// Every contact.
    #[default]
    All,
    /// Contacts that were abandoned: the list to call back.
    Abandoned,
    /// Contacts that are going on, whatever the period: first those who wait, the longest first.
    Live,
}

/// A command to a replay. Floors that play no recording ignore it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReplayCommand {
    /// Pause (`true`) or continue.
    Pause(bool),
    /// Play at this speed; 1.0 is real time.
    Speed(f64),
    /// Advance by a span, even while paused.
    Step(Span),
    /// Jump to an instant.
    Seek(Time),
}

/// A floor in this process or elsewhere. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Handle {
    board: watch::Receiver<Arc<Board>>,
    requests: mpsc::Sender<Request>,
}

impl Handle {
    pub(crate) const fn new(board: watch::Receiver<Arc<Board>>, requests: mpsc::Sender<Request>) -> Self {
        Self { board, requests }
    }

    /// The newest board; the receiver is notified of newer ones.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Board>> {
        self.board.clone()
    }

    async fn request<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, FloorClosed> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(make(reply)).await.map_err(|_| FloorClosed)?;
        answer.await.map_err(|_| FloorClosed)
    }

    /// Compute figures.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended. The inner error says what to ask for instead.
    pub async fn ask(&self, query: Query) -> Result<Result<Answer, AnswerTooLarge>, FloorClosed> {
        self.ask_rows(query, RowSelection::All).await
    }

    /// Compute figures of some of the rows.
    ///
    /// # Errors
    /// As for [`Handle::ask`].
    pub async fn ask_rows(
        &self,
        query: Query,
        selection: RowSelection,
    ) -> Result<Result<Answer, AnswerTooLarge>, FloorClosed> {
        self.ask_within(query, selection, Patterns::default()).await
    }

    /// Compute figures of the queues that pass `queues`. Others count neither in the figures nor in the size of the
    /// answer.
    ///
    /// # Errors
    /// As for [`Handle::ask`].
    pub(crate) async fn ask_within(
        &self,
        query: Query,
        selection: RowSelection,
        queues: Patterns,
    ) -> Result<Result<Answer, AnswerTooLarge>, FloorClosed> {
        self.request(|reply| Request::Ask(query, selection, queues, reply)).await
    }

    /// List contacts.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn contacts(&self, query: ContactQuery) -> Result<Vec<ContactRow>, FloorClosed> {
        self.contacts_within(query, Patterns::default()).await
    }

    /// List contacts of the queues that pass `queues`.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub(crate) async fn contacts_within(
        &self,
        query: ContactQuery,
        queues: Patterns,
    ) -> Result<Vec<ContactRow>, FloorClosed> {
        self.request(|reply| Request::Contacts(query, queues, reply)).await
    }

    /// The states of an agent since the business day began, the oldest first.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn agent_states(&self, agent: Label) -> Result<Vec<StatePeriod>, FloorClosed> {
        self.request(|reply| Request::AgentStates(agent, reply)).await
    }

    /// The episodes that resolved last, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn history(&self, limit: usize) -> Result<Vec<Episode>, FloorClosed> {
        self.request(|reply| Request::History(limit, reply)).await
    }

    /// List items of worklists; `None` where the floor is behind a hub that is too old to have any.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn worklist(&self, query: WorkQuery) -> Result<Option<WorkAnswer>, FloorClosed> {
        self.worklist_within(query, Patterns::default()).await
    }

    /// List items of the queues that pass `queues`.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub(crate) async fn worklist_within(
        &self,
        query: WorkQuery,
        queues: Patterns,
    ) -> Result<Option<WorkAnswer>, FloorClosed> {
        self.request(|reply| Request::Worklist(query, queues, reply)).await
    }

    /// The slice of an episode, active or resolved, of an item or of an annotation; `None` if the floor knows none with this number.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn slice_of(&self, subject: CommandSubject) -> Result<Option<Slice>, FloorClosed> {
        self.request(|reply| Request::SliceOf(subject, reply)).await
    }

    /// Execute a command. Resolves when what it has changed is in the journal.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended. The inner error says why the command was refused.
    pub async fn command(&self, command: FloorCommand) -> Result<Result<CommandOutcome, CommandRefusal>, FloorClosed> {
        self.request(|reply| Request::Execute(command, reply)).await
    }

    /// Execute a command on an episode: see [`Handle::command`].
    ///
    /// # Errors
    /// As for [`Handle::command`].
    pub async fn execute(&self, command: AlertCommand) -> Result<Result<Episode, CommandRefusal>, FloorClosed> {
        let unknown = CommandRefusal::Unknown(command.episode);
        Ok(self.command(FloorCommand::Alert(command)).await?.and_then(|kept| kept.episode().ok_or(unknown)))
    }

    /// Execute a command on an item of a worklist: see [`Handle::command`].
    ///
    /// # Errors
    /// As for [`Handle::command`].
    pub async fn work(&self, command: WorkCommand) -> Result<Result<WorkItem, CommandRefusal>, FloorClosed> {
        let unknown = CommandRefusal::UnknownItem(command.item);
        Ok(self.command(FloorCommand::Work(command)).await?.and_then(|kept| kept.item().ok_or(unknown)))
    }

    /// Control a replay; without effect on other floors.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn control_replay(&self, command: ReplayCommand) -> Result<(), FloorClosed> {
        self.requests.send(Request::Replay(command)).await.map_err(|_| FloorClosed)
    }
}
