//! What the screen has others do: questions, commands, and files that are written. Each runs on a task of its own, so that
//! the screen never waits, and its result comes back to the loop.

use std::path::PathBuf;
use std::sync::Arc;

use chrono_tz::Tz;
use tokio::sync::mpsc;

use crate::alert::CommandRefusal;
use crate::board::Board;
use crate::floor::handle::ReplayCommand;
use crate::floor::{CommandOutcome, FloorClosed, FloorCommand, Handle};
use crate::kpi::Query;
use crate::language::text;
use crate::report::handover::Handover;
use crate::ui::answers::Reply;
use crate::ui::export::{self, Export, ExportError};
use crate::ui::queries::{MAX_HISTORY, Question};
use crate::ui::views::{self, SavedViews, ViewsChange};

/// The most results that wait for the loop.
const RESULT_CAPACITY: usize = 64;

/// The result of a task.
pub(super) enum TaskResult {
    /// The reply to a question; `None` where there is none.
    Reply(Question, Option<Reply>),
    /// What became of commands that were given at once.
    Commands(Vec<(FloorCommand, Result<CommandOutcome, CommandRefusal>)>),
    /// The saved views, or why they can't be read or written.
    Views(Result<SavedViews, String>),
    /// What was written, in words, or why nothing was.
    Written(Result<String, ExportError>),
}

/// Starts tasks. Clones are cheap.
#[derive(Clone)]
pub(super) struct Tasks {
    handle: Handle,
    results: mpsc::Sender<TaskResult>,
}

impl Tasks {
    /// Tasks that ask a floor, and where their results arrive.
    #[must_use]
    pub(super) fn new(handle: Handle) -> (Self, mpsc::Receiver<TaskResult>) {
        let (results, finished) = mpsc::channel(RESULT_CAPACITY);
        (Self { handle, results }, finished)
    }

    /// Put a question to the floor.
    pub(super) fn ask(&self, question: Question) {
        let (handle, results) = (self.handle.clone(), self.results.clone());
        tokio::spawn(async move {
            let reply = reply(&handle, &question).await;
            let _ = results.send(TaskResult::Reply(question, reply.ok())).await;
        });
    }

    /// Carry out commands, one after the other.
    pub(super) fn execute(&self, commands: Vec<FloorCommand>) {
        let (handle, results) = (self.handle.clone(), self.results.clone());
        tokio::spawn(async move {
            let mut done = Vec::new();
            for command in commands {
                let Ok(result) = handle.command(command.clone()).await else { break };
                done.push((command, result));
            }
            let _ = results.send(TaskResult::Commands(done)).await;
        });
    }

    /// Control a replay.
    pub(super) fn control_replay(&self, command: ReplayCommand) {
        let handle = self.handle.clone();
        tokio::spawn(async move { handle.control_replay(command).await });
    }

    /// Write an export into a folder.
    pub(super) fn write(&self, export: Result<Export, ExportError>, directory: PathBuf) {
        let results = self.results.clone();
        tokio::task::spawn_blocking(move || {
            let written = export.and_then(|export| export.write(&directory));
            let _ = results.blocking_send(TaskResult::Written(written));
        });
    }

    /// Write the figures that a question asks for, one row for each queue of the board.
    pub(super) fn export_queues(&self, query: Query, board: Arc<Board>, zone: Tz, directory: PathBuf) {
        let tasks = self.clone();
        tokio::spawn(async move {
            let answer = tasks.handle.ask(query.clone()).await.ok().and_then(Result::ok);
            let export = answer.ok_or(ExportError::NoAnswer);
            tasks.write(export.map(|answer| export::of_queues(&query, &answer, &board, zone)), directory);
        });
    }

    /// Remember for the next start by an empty file. Where that cannot be written, the next start knows nothing of it.
    pub(super) fn remember(file: PathBuf) {
        tokio::task::spawn_blocking(move || {
            let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
            if let Err(error) = made.and_then(|()| std::fs::write(&file, "")) {
                tracing::debug!("{}: {error}", file.display());
            }
        });
    }

    /// Read the saved views of a file, and change them there.
    pub(super) fn change_views(&self, file: Option<PathBuf>, change: ViewsChange) {
        let results = self.results.clone();
        tokio::task::spawn_blocking(move || {
            let read = match file {
                Some(file) => views::change(&file, &change),
                None if change == ViewsChange::Nothing => return,
                None => Err(text!("views-no-folder").to_owned()),
            };
            let _ = results.blocking_send(TaskResult::Views(read));
        });
    }

    /// Write the hand-over of the shift.
    pub(super) fn hand_over(&self, zone: Option<Tz>, directory: PathBuf) {
        let tasks = self.clone();
        tokio::spawn(async move {
            let handover = Handover::gather(&tasks.handle, None).await.map_err(|_| ExportError::NoAnswer);
            tasks.write(handover.map(|handover| export::of_handover(&handover, zone)), directory);
        });
    }
}

async fn reply(handle: &Handle, question: &Question) -> Result<Reply, FloorClosed> {
    match question {
        // No page has a query whose answer is too large; if it happened, an empty answer would show no figures.
        Question::Figures(query) => {
            let answer = handle.ask(query.clone()).await;
            answer.map(|answer| Reply::Figures(Box::new(answer.unwrap_or_default())))
        }
        Question::Rows(query, rows) => {
            let answer = handle.ask_rows(query.clone(), rows.clone()).await;
            answer.map(|answer| Reply::Figures(Box::new(answer.unwrap_or_default())))
        }
        Question::Contacts(contacts) => handle.contacts(contacts.clone()).await.map(Reply::Contacts),
        Question::States(agent) => handle.agent_states(agent.clone()).await.map(Reply::States),
        Question::History => handle.history(MAX_HISTORY).await.map(Reply::History),
        Question::Worklist(query) => {
            handle.worklist(query.clone()).await.map(|answer| Reply::Worklist(Box::new(answer)))
        }
    }
}
