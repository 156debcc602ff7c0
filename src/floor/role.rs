//! The role of a floor with regard to its journal, and what it needs for that.

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::handle::FloorCommand;
use crate::alert::{CommandRefusal, Episode};
use crate::board::TargetRow;
use crate::clock::Span;
use crate::journal::{self, CommandOutcome, Follower, Holder, Journal, OpenedJournal, Outbox};
use crate::kpi::format::age;
use crate::source::Message;
use crate::text::{Label, Text};

/// A writer that works writes at least once a minute.
const SILENT_AFTER: Span = Span(150 * Span::SECOND.0);

/// How far each source has been read, as (name, cursor).
pub type Cursors = Vec<(Label, String)>;

/// Starts the sources at their cursors and returns the receiver of their messages, or why they cannot start.
pub type StartSources = Box<dyn FnMut(&Cursors) -> Result<mpsc::Receiver<Message>, Text> + Send>;

/// Starts the notifier on an outbox; `None` when no notification target is configured.
pub type StartNotifier = Box<dyn FnOnce(Outbox) -> Option<NotifierHandle> + Send>;

/// The running notifier. It reads the journal by itself; the floor waits for it on shutdown only.
#[derive(Debug)]
pub struct NotifierHandle {
    /// Cancelled to stop the notifier.
    pub stop: CancellationToken,
    /// Resolves when it has stopped.
    pub ended: oneshot::Receiver<()>,
    /// The targets that cannot be reached at present.
    pub failing: watch::Receiver<Vec<TargetRow>>,
}

impl NotifierHandle {
    pub(super) fn failing(&self) -> Vec<TargetRow> {
        self.failing.borrow().clone()
    }
}

/// Forwards a command to the floor that writes the journal, which sends the result. `None` when it cannot be reached.
pub type ForwardCommand =
    Box<dyn Fn(FloorCommand, oneshot::Sender<Result<CommandOutcome, CommandRefusal>>) -> Option<()> + Send>;

/// A journal for a floor, and what is needed to take over when its writer ends.
pub struct Persistence {
    /// The open journal.
    pub opened: OpenedJournal,
    /// Its path, to open it again.
    pub path: PathBuf,
    /// Its settings, to open it again.
    pub settings: journal::Settings,
    /// Called when this floor writes the journal.
    pub start: StartSources,
    /// Called when this floor writes the journal.
    pub tell: StartNotifier,
    /// Used while another floor writes the journal.
    pub forward: ForwardCommand,
}

/// A command that was executed and could not be stored.
pub(super) struct UnkeptCommand {
    /// `None` of an annotation that was to be written.
    pub(super) before: Option<CommandOutcome>,
    pub(super) after: CommandOutcome,
    pub(super) why: Text,
    pub(super) reply: oneshot::Sender<Result<CommandOutcome, CommandRefusal>>,
}

/// The role of a floor with regard to its journal.
pub(super) enum JournalRole {
    /// There is no journal, as in a simulation or a replay.
    None,
    /// The journal is open, and the floor has not started yet.
    Opened(Box<Persistence>),
    /// This floor writes it.
    Writer(Box<Journal>),
    /// Another floor writes it.
    Follower(Box<Following>),
}

/// The state of following another floor.
pub(super) struct Following {
    pub(super) follower: Follower,
    pub(super) path: PathBuf,
    pub(super) settings: journal::Settings,
    pub(super) start: StartSources,
    pub(super) tell: StartNotifier,
    pub(super) forward: ForwardCommand,
    pub(super) episodes: Vec<Episode>,
    pub(super) last_look: Instant,
    pub(super) last_restore: Instant,
    /// The newest event of the writer's checkpoint that the engine went on from last.
    pub(super) restored_event: i64,
}

impl Following {
    /// How long the writer has written nothing though it runs, and the remark on that; `None` while that is not too long.
    pub(super) fn silence(&self) -> Option<(Span, Text)> {
        let silence = Span::seconds(age_s(&self.follower));
        let remark = || Text::new(&format!("{}: all figures are as of then", holder(&self.follower)));
        (silence >= SILENT_AFTER).then(|| (silence, remark()))
    }
}

/// Describes who writes the followed journal, and how current it is.
pub(super) fn holder(follower: &Follower) -> Text {
    let Some(holder) = &follower.holder else { return Text::fixed("another floorwatch has the journal") };
    let Holder { user, pid, host, .. } = holder;
    let written = age(age_s(follower));
    Text::new(&format!("{user} has the journal (process {pid} on {host}), last written {written} ago"))
}

/// The whole seconds since the followed journal was written.
fn age_s(follower: &Follower) -> i64 {
    i64::try_from(follower.age().as_secs()).unwrap_or(i64::MAX)
}
