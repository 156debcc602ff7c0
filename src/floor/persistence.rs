//! The floor and its journal: restoring the state on start, recording what happens, and following the floor of another
//! process until that ends.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{Feed, Floor};
use crate::alert::{AlertCommand, CommandRefusal, Episode};
use crate::board::{Keeper, TargetRow};
use crate::clock::{Span, Time};
use crate::engine::{ApplyOutcome, Engine};
use crate::event::Event;
use crate::journal::{self, Batch, Follower, Journal, Loaded, OpenedJournal, Outbox, Unreadable};
use crate::source::{Message, Receipt};
use crate::text::{Label, Text};

/// How often a follower tries to take over from a writer that is gone.
const TAKEOVER_INTERVAL: Duration = Duration::from_secs(1);
/// How long the notifier may take to end on shutdown.
const NOTIFIER_TIMEOUT: Duration = Duration::from_secs(3);

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
    Box<dyn Fn(AlertCommand, oneshot::Sender<Result<Episode, CommandRefusal>>) -> Option<()> + Send>;

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

/// What a floor is to its journal.
pub(super) enum JournalRole {
    /// There is no journal, as in a simulation or a replay.
    None,
    /// The journal is open, and the floor has not started yet.
    Opened(Box<Persistence>),
    /// This floor writes it.
    Writer(Journal),
    /// Another floor writes it.
    Follower(Box<Following>),
}

/// The state of following another floor.
pub(super) struct Following {
    follower: Follower,
    path: PathBuf,
    settings: journal::Settings,
    start: StartSources,
    tell: StartNotifier,
    forward: ForwardCommand,
    episodes: Vec<Episode>,
    last_takeover_attempt: Instant,
}

impl Floor {
    /// Restore the state from the journal; then start the sources, or follow the floor that writes it.
    pub(super) fn start(&mut self) {
        let JournalRole::Opened(keeping) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        self.keeper = Keeper::Loading;
        self.publish();
        let Persistence { opened, path, settings, start, tell, forward } = *keeping;
        let started = match opened {
            OpenedJournal::Writer(journal) => self.load(journal, start, tell),
            OpenedJournal::Follower(follower) => self.follow(follower, (path, settings), (start, tell), forward),
        };
        if let Err(error) = started {
            tracing::error!("the journal: {error}");
            self.keeper = Keeper::Failed(Text::new(&error.to_string()));
        }
        self.dirty = true;
    }

    /// The time before which no figure needs an event.
    fn horizon(&self) -> Time {
        let settings = self.engine.settings();
        let keep = settings.keep.unwrap_or(Span(31 * Span::DAY.0));
        self.now() - keep - settings.rules.fcr_window
    }

    /// From the oldest instant that any figure may still need to the latest that events may have.
    fn loaded_range(&self) -> Range<Time> {
        self.horizon()..self.now() + Span::DAY
    }

    fn load(&mut self, mut journal: Journal, start: StartSources, tell: StartNotifier) -> Result<(), journal::Error> {
        let range = self.loaded_range();
        let engine = &mut self.engine;
        let loaded = journal.load(range, |event| {
            engine.apply(&event);
            engine.advance(event.at);
        })?;
        self.loaded(&loaded);
        self.become_writer(journal, start, tell)
    }

    /// Say what a load found.
    fn loaded(&mut self, loaded: &Loaded) {
        let Loaded { events, unreadable, future, .. } = loaded;
        tracing::info!(events, unreadable = unreadable.rows, future, "the journal was read");
        self.passed_over = *future > 0;
        self.remark_unreadable("events", unreadable);
        if self.passed_over {
            let why = "are more than a day in the future and are not counted: the clock was wrong then, or is now";
            self.remark_journal(&format!("{future} events of the journal {why}"));
        }
    }

    fn remark_unreadable(&mut self, what: &str, unreadable: &Unreadable) {
        if let Some(first) = &unreadable.first {
            let rows = unreadable.rows;
            self.remark_journal(&format!("{rows} {what} of the journal can't be read and are left out; {first}"));
        }
    }

    fn remark_journal(&mut self, remark: &str) {
        tracing::warn!("{remark}");
        self.journal_remarks.push(Text::new(remark));
    }

    /// The wall clock was set by `by`: where that moved it by days, what the journal holds is counted anew, so that
    /// events are neither passed over nor counted because of a time that was never right.
    pub(super) fn reload_after(&mut self, by: Span) {
        if by > -Span::DAY && !(self.passed_over && by > Span::ZERO) {
            return;
        }
        let (range, settings) = (self.loaded_range(), self.settings.engine.clone());
        let JournalRole::Writer(journal) = &mut self.role else { return };
        let mut engine = Engine::new(settings);
        let loaded = journal.flush().and_then(|()| {
            journal.load(range, |event| {
                engine.apply(&event);
                engine.advance(event.at);
            })
        });
        match loaded {
            Ok(loaded) => {
                self.engine = engine;
                self.journal_remarks.clear();
                self.loaded(&loaded);
            }
            Err(error) => tracing::error!("the journal: {error}"),
        }
    }

    /// Write the journal from here on: restore alerts and history, and start the notifier and the sources.
    fn become_writer(
        &mut self,
        mut journal: Journal,
        mut start: StartSources,
        tell: StartNotifier,
    ) -> Result<(), journal::Error> {
        let reader = journal.reader();
        let ((active, unreadable), next_id) = (reader.active()?, reader.next_id()?);
        let (history, unreadable_history) = reader.history(super::MAX_HISTORY)?;
        for (source, origin) in reader.origins()? {
            self.sources.add_origin(&source, origin);
        }
        let cursors = reader.cursors()?;
        self.evaluator.restore(active, next_id);
        self.history = history.into();
        self.remark_unreadable("open alerts", &unreadable);
        self.remark_unreadable("ended alerts", &unreadable_history);
        self.notifier = tell(journal.outbox()?);
        self.role = JournalRole::Writer(journal);
        self.keeper = Keeper::Us;
        match start(&cursors) {
            Ok(messages) => self.feed = Feed::Sources(messages),
            Err(error) => self.keeper = Keeper::Failed(error),
        }
        Ok(())
    }

    fn follow(
        &mut self,
        mut follower: Follower,
        (path, settings): (PathBuf, journal::Settings),
        (start, tell): (StartSources, StartNotifier),
        forward: ForwardCommand,
    ) -> Result<(), journal::Error> {
        let range = self.loaded_range();
        let engine = &mut self.engine;
        let loaded = follower.load(range, |event| {
            engine.apply(&event);
            engine.advance(event.at);
        })?;
        self.loaded(&loaded);
        let (history, unreadable_history) = follower.reader().history(super::MAX_HISTORY)?;
        let (episodes, unreadable) = follower.reader().active()?;
        self.history = history.into();
        self.remark_unreadable("open alerts", &unreadable);
        self.remark_unreadable("ended alerts", &unreadable_history);
        self.keeper = Keeper::Other(holder(&follower));
        self.role = JournalRole::Follower(Box::new(Following {
            follower,
            path,
            settings,
            start,
            tell,
            forward,
            episodes,
            last_takeover_attempt: Instant::now(),
        }));
        Ok(())
    }

    /// While following: read what the other floor has written since, and take over when it is gone.
    pub(super) fn poll_followed_journal(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        match following.follower.poll() {
            Ok(changes) => {
                self.dirty |= !changes.events.is_empty() || !changes.episodes.is_empty();
                for event in &changes.events {
                    self.engine.apply(event);
                }
                for episode in changes.episodes {
                    following.episodes.retain(|e| e.id != episode.id);
                    if episode.resolved.is_some() {
                        self.history.push_front(episode);
                    } else {
                        following.episodes.push(episode);
                    }
                }
                self.history.truncate(super::MAX_HISTORY);
                self.keeper = Keeper::Other(holder(&following.follower));
            }
            Err(error) => self.keeper = Keeper::Failed(Text::new(&error.to_string())),
        }
        let gone = following.follower.holder.as_ref().is_none_or(|holder| !is_running(holder.pid));
        if gone && following.last_takeover_attempt.elapsed() >= TAKEOVER_INTERVAL {
            following.last_takeover_attempt = Instant::now();
            self.take_over();
        }
    }

    /// The writer is gone. The first follower that opens the journal becomes the writer; the others follow that one.
    fn take_over(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        let journal = match Journal::open(&following.path, &following.settings) {
            Ok(OpenedJournal::Writer(journal)) => journal,
            Ok(OpenedJournal::Follower(other)) => {
                // Another follower was first.
                following.follower.holder = other.holder;
                self.keeper = Keeper::Other(holder(&following.follower));
                return;
            }
            Err(error) => {
                self.keeper = Keeper::Failed(Text::new(&error.to_string()));
                return;
            }
        };
        self.read_to_the_end();
        let JournalRole::Follower(following) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        tracing::info!("the process that wrote the journal is gone: this one takes over");
        if let Err(error) = self.become_writer(journal, following.start, following.tell) {
            self.keeper = Keeper::Failed(Text::new(&error.to_string()));
        }
        self.dirty = true;
    }

    /// Apply the last events of a writer that is gone.
    fn read_to_the_end(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        while let Ok(changes) = following.follower.poll() {
            for event in &changes.events {
                self.engine.apply(event);
            }
            if !changes.more {
                break;
            }
        }
    }

    /// Apply the events of a message, and record them with the cursor of their source.
    pub(super) fn process_events(
        &mut self,
        source: usize,
        mut events: Vec<Event>,
        cursor: Option<String>,
        kept: Option<oneshot::Sender<Receipt>>,
        now: Time,
    ) {
        let received = events.len();
        let sources = &mut self.sources;
        let engine = &mut self.engine;
        events.retain(|event| {
            let outcome = engine.apply(event);
            sources.count_event(source, &event.origin, event.at, outcome, now);
            outcome != ApplyOutcome::Duplicate
        });
        let (taken, duplicates) = (events.len(), received - events.len());
        if let (JournalRole::Writer(journal), Some(name)) = (&self.role, self.sources.name(source)) {
            let cursors = cursor.map(|cursor| (name.clone(), cursor)).into_iter().collect();
            let batch = Batch { events: vec![(name.clone(), events)], cursors, ..Batch::default() };
            match kept {
                None => journal.record(batch),
                Some(kept) => journal.record_and_notify(batch, move |stored| {
                    // The source may no longer wait for the receipt.
                    drop(kept.send(Receipt { taken, duplicates, kept: stored }));
                }),
            }
        } else if let Some(kept) = kept {
            drop(kept.send(Receipt { taken, duplicates, kept: Ok(()) }));
        }
    }

    /// Record episodes that have changed.
    pub(super) fn record_episodes(&mut self, changed: Vec<Episode>) {
        for episode in &changed {
            self.dirty = true;
            if episode.resolved.is_some() {
                self.add_to_history(episode.clone());
            }
        }
        if let JournalRole::Writer(journal) = &self.role
            && !changed.is_empty()
        {
            journal.record(Batch { episodes: changed, ..Batch::default() });
        }
    }

    /// Execute a command, or forward it to the writer. The reply is sent when the changed episode is on the disk.
    pub(super) fn execute(
        &mut self,
        command: &AlertCommand,
        now: Time,
        reply: oneshot::Sender<Result<Episode, CommandRefusal>>,
    ) {
        let result = match &self.role {
            JournalRole::Follower(following) => {
                let (sender, forwarded) = oneshot::channel();
                if (following.forward)(command.clone(), sender).is_some() {
                    let holder = holder(&following.follower);
                    tokio::spawn(async move {
                        drop(reply.send(forwarded.await.unwrap_or(Err(CommandRefusal::ReadOnly(holder)))));
                    });
                    return;
                }
                Err(CommandRefusal::ReadOnly(holder(&following.follower)))
            }
            _ => self.evaluator.execute(command, now),
        };
        self.dirty = true;
        // Sending the reply fails when the caller no longer waits, which is fine.
        match (result, &self.role) {
            (Ok(episode), JournalRole::Writer(journal)) => {
                let batch = Batch { episodes: vec![episode.clone()], ..Batch::default() };
                journal.record_and_notify(batch, move |stored| {
                    drop(reply.send(stored.map(|()| episode).map_err(CommandRefusal::NotKept)));
                });
            }
            (result, _) => drop(reply.send(result)),
        }
    }

    /// The episodes to show: the evaluator's, or those of the followed floor.
    pub(super) fn episodes(&self) -> Vec<Episode> {
        match &self.role {
            JournalRole::Follower(following) => {
                let mut episodes = following.episodes.clone();
                crate::alert::sort(&mut episodes);
                episodes
            }
            _ => self.evaluator.active(),
        }
    }

    /// Who writes the journal, or why it cannot be written.
    pub(super) fn current_keeper(&self) -> Keeper {
        match &self.role {
            JournalRole::Writer(journal) => journal.failure().map_or_else(|| self.keeper.clone(), Keeper::Failed),
            _ => self.keeper.clone(),
        }
    }

    /// Stop the notifier and write what is pending.
    pub(super) async fn shutdown(&mut self) {
        if let Some(NotifierHandle { stop, ended, .. }) = self.notifier.take() {
            stop.cancel();
            // What is not delivered in time is delivered after the next start.
            drop(timeout(NOTIFIER_TIMEOUT, ended).await);
        }
        if let JournalRole::Writer(journal) = &self.role
            && let Err(error) = journal.flush()
        {
            tracing::error!("the journal: {error}");
        }
    }
}

fn holder(follower: &Follower) -> Text {
    let Some(holder) = &follower.holder else { return Text::fixed("another floorwatch has the journal") };
    Text::new(&format!("{} has the journal (process {} on {})", holder.user, holder.pid, holder.host))
}

fn is_running(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    // "Not permitted" means that it runs as another user.
    pid.is_some_and(
        |pid| !matches!(rustix::process::test_kill_process(pid), Err(error) if error == rustix::io::Errno::SRCH),
    )
}
