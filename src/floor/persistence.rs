//! The floor and its journal: taking up where it was left, writing down what happens, following another floor.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{Feed, Floor};
use crate::alert::{AlertCommand, CommandRefusal, Episode};
use crate::board::{Keeper, TargetRow};
use crate::clock::{Span, Time};
use crate::engine::ApplyOutcome;
use crate::event::Event;
use crate::journal::{self, Batch, Follower, Journal, OpenedJournal, Outbox};
use crate::source::{Message, Receipt};
use crate::text::{Label, Text};

/// How often it is tried to go on in the place of a keeper that is gone.
const RETRY: Duration = Duration::from_secs(1);
/// How long those who tell people may take to end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How far each source has been read, by its name.
pub type Cursors = Vec<(Label, String)>;

/// Starts the sources where they were left off; their messages come out of what it returns.
pub type StartSources = Box<dyn FnMut(&Cursors) -> Result<mpsc::Receiver<Message>, Text> + Send>;

/// Starts those who tell people outside what comes into the journal; `None` where nobody is to be told.
pub type StartNotifier = Box<dyn FnOnce(Outbox) -> Option<NotifierHandle> + Send>;

/// Those who tell people outside of alerts. They read the journal; the floor never waits for them.
#[derive(Debug)]
pub struct NotifierHandle {
    /// Asks them to stop.
    pub stop: CancellationToken,
    /// Told once they have.
    pub ended: oneshot::Receiver<()>,
    /// Those who can't be told just now.
    pub failing: watch::Receiver<Vec<TargetRow>>,
}

impl NotifierHandle {
    pub(super) fn failing(&self) -> Vec<TargetRow> {
        self.failing.borrow().clone()
    }
}

/// Has a command done by the floor that keeps the journal, and tells what came of it. `None` where there is no way to it.
pub type ForwardCommand =
    Box<dyn Fn(AlertCommand, oneshot::Sender<Result<Episode, CommandRefusal>>) -> Option<()> + Send>;

/// A journal to keep, and how to open it again should its keeper go.
pub struct Persistence {
    /// The journal, as it was opened.
    pub opened: OpenedJournal,
    /// Where it lies.
    pub path: PathBuf,
    /// How it is opened.
    pub settings: journal::Settings,
    /// Starts the sources, once the journal is this floor's to write.
    pub start: StartSources,
    /// Starts those who tell people outside, once it is.
    pub tell: StartNotifier,
    /// The way to the floor that writes it, while that is another one.
    pub forward: ForwardCommand,
}

/// What a floor does with a journal.
pub(super) enum JournalRole {
    /// Nothing is kept: a simulation, a replay.
    None,
    /// It is to be taken up as soon as the floor runs.
    Opened(Box<Persistence>),
    /// This floor writes it.
    Writer(Journal),
    /// Another floor writes it.
    Follower(Box<Following>),
}

/// Following another floor.
pub(super) struct Following {
    follower: Follower,
    path: PathBuf,
    settings: journal::Settings,
    start: StartSources,
    tell: StartNotifier,
    forward: ForwardCommand,
    episodes: Vec<Episode>,
    /// When it was last tried to go on in the keeper's place.
    tried: Instant,
}

impl Floor {
    /// Take up the journal: the floor is as it was, then the sources start, or the other floor is followed.
    pub(super) fn start(&mut self) {
        let JournalRole::Opened(keeping) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        self.keeper = Keeper::Loading;
        self.publish();
        let Persistence { opened, path, settings, start, tell, forward } = *keeping;
        let taken = match opened {
            OpenedJournal::Writer(journal) => self.load(journal, start, tell),
            OpenedJournal::Follower(follower) => self.follow(follower, (path, settings), (start, tell), forward),
        };
        if let Err(error) = taken {
            tracing::error!("the journal: {error}");
            self.keeper = Keeper::Failed(Text::new(&error.to_string()));
        }
        self.dirty = true;
    }

    /// The oldest instant that any figure may still need.
    fn horizon(&self) -> Time {
        let settings = self.engine.settings();
        let keep = settings.keep.unwrap_or(Span(31 * Span::DAY.0));
        self.now() - keep - settings.rules.fcr_window
    }

    fn load(&mut self, mut journal: Journal, start: StartSources, tell: StartNotifier) -> Result<(), journal::Error> {
        let horizon = self.horizon();
        let engine = &mut self.engine;
        let loaded = journal.load(horizon, |event| {
            engine.apply(&event);
            engine.advance(event.at);
        })?;
        tracing::info!(events = loaded.events, unreadable = loaded.unreadable, "the journal was read");
        self.keep(journal, start, tell)
    }

    /// The journal is ours from here on.
    fn keep(
        &mut self,
        mut journal: Journal,
        mut start: StartSources,
        tell: StartNotifier,
    ) -> Result<(), journal::Error> {
        let reader = journal.reader();
        self.evaluator.restore(reader.active()?, reader.next_id()?);
        self.history = reader.history(super::HISTORY)?.into();
        for (source, origin) in reader.origins()? {
            self.sources.tells(&source, origin);
        }
        let cursors = reader.cursors()?;
        self.telling = tell(journal.outbox()?);
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
        let horizon = self.horizon();
        let engine = &mut self.engine;
        follower.load(horizon, |event| {
            engine.apply(&event);
            engine.advance(event.at);
        })?;
        self.history = follower.reader().history(super::HISTORY)?.into();
        let episodes = follower.reader().active()?;
        self.keeper = Keeper::Other(holder(&follower));
        self.role = JournalRole::Follower(Box::new(Following {
            follower,
            path,
            settings,
            start,
            tell,
            forward,
            episodes,
            tried: Instant::now(),
        }));
        Ok(())
    }

    /// What the other floor has written since; and the journal itself, once its keeper is gone.
    pub(super) fn catch_up(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        match following.follower.poll() {
            Ok(news) => {
                self.dirty |= !news.events.is_empty() || !news.episodes.is_empty();
                for event in &news.events {
                    self.engine.apply(event);
                }
                for episode in news.episodes {
                    following.episodes.retain(|e| e.id != episode.id);
                    if episode.resolved.is_some() {
                        self.history.push_front(episode);
                    } else {
                        following.episodes.push(episode);
                    }
                }
                self.history.truncate(super::HISTORY);
                self.keeper = Keeper::Other(holder(&following.follower));
            }
            Err(error) => self.keeper = Keeper::Failed(Text::new(&error.to_string())),
        }
        let gone = following.follower.holder.as_ref().is_none_or(|holder| !is_running(holder.pid));
        if gone && following.tried.elapsed() >= RETRY {
            following.tried = Instant::now();
            self.take_over();
        }
    }

    /// The keeper is gone: whoever opens the journal first goes on in its place.
    fn take_over(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        let journal = match Journal::open(&following.path, &following.settings) {
            Ok(OpenedJournal::Writer(journal)) => journal,
            Ok(OpenedJournal::Follower(other)) => {
                // Another one was quicker: from now on it is the one to follow.
                following.follower.holder = other.holder;
                self.keeper = Keeper::Other(holder(&following.follower));
                return;
            }
            Err(error) => {
                self.keeper = Keeper::Failed(Text::new(&error.to_string()));
                return;
            }
        };
        // What it wrote last has not been read yet.
        self.catch_up_to_the_end();
        let JournalRole::Follower(following) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        tracing::info!("the journal's keeper is gone: this floor goes on in its place");
        if let Err(error) = self.keep(journal, following.start, following.tell) {
            self.keeper = Keeper::Failed(Text::new(&error.to_string()));
        }
        self.dirty = true;
    }

    fn catch_up_to_the_end(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        while let Ok(news) = following.follower.poll() {
            for event in &news.events {
                self.engine.apply(event);
            }
            if !news.more {
                break;
            }
        }
    }

    /// Count the events of a message and write them down with how far their source has been read.
    pub(super) fn take_events(
        &mut self,
        source: usize,
        mut events: Vec<Event>,
        cursor: Option<String>,
        kept: Option<oneshot::Sender<Receipt>>,
        now: Time,
    ) {
        let came = events.len();
        let sources = &mut self.sources;
        let engine = &mut self.engine;
        events.retain(|event| {
            let outcome = engine.apply(event);
            sources.heard(source, &event.origin, event.at, outcome, now);
            outcome != ApplyOutcome::Duplicate
        });
        let (taken, duplicates) = (events.len(), came - events.len());
        if let (JournalRole::Writer(journal), Some(name)) = (&self.role, self.sources.name(source)) {
            let cursors = cursor.map(|cursor| (name.clone(), cursor)).into_iter().collect();
            let batch = Batch { events: vec![(name.clone(), events)], cursors, ..Batch::default() };
            match kept {
                None => journal.record(batch),
                Some(kept) => journal.record_and_tell(batch, move |done| {
                    // Whoever waited may have gone meanwhile; that is his business.
                    drop(kept.send(Receipt { taken, duplicates, kept: done }));
                }),
            }
        } else if let Some(kept) = kept {
            drop(kept.send(Receipt { taken, duplicates, kept: Ok(()) }));
        }
    }

    /// Write down episodes that have changed.
    pub(super) fn note(&mut self, changed: Vec<Episode>) {
        for episode in &changed {
            self.dirty = true;
            if episode.resolved.is_some() {
                self.remember(episode.clone());
            }
        }
        if let JournalRole::Writer(journal) = &self.role
            && !changed.is_empty()
        {
            journal.record(Batch { episodes: changed, ..Batch::default() });
        }
    }

    /// Do what somebody wants done, and tell him once it is on the disk.
    pub(super) fn tell(
        &mut self,
        command: &AlertCommand,
        now: Time,
        reply: oneshot::Sender<Result<Episode, CommandRefusal>>,
    ) {
        let told = match &self.role {
            JournalRole::Follower(following) => {
                let (forward, told) = oneshot::channel();
                if (following.forward)(command.clone(), forward).is_some() {
                    let holder = holder(&following.follower);
                    tokio::spawn(async move {
                        drop(reply.send(told.await.unwrap_or(Err(CommandRefusal::ReadOnly(holder)))));
                    });
                    return;
                }
                Err(CommandRefusal::ReadOnly(holder(&following.follower)))
            }
            _ => self.evaluator.execute(command, now),
        };
        self.dirty = true;
        // Whoever asked may have gone meanwhile; that is his business.
        match (told, &self.role) {
            (Ok(episode), JournalRole::Writer(journal)) => {
                let done = episode.clone();
                journal.keep(episode, move |kept| {
                    drop(reply.send(kept.map(|()| done).map_err(CommandRefusal::NotKept)));
                });
            }
            (told, _) => drop(reply.send(told)),
        }
    }

    /// The episodes to show: the evaluator' own, or those of the floor that is followed.
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

    /// Who writes the journal, and whether it can.
    pub(super) fn keeper_now(&self) -> Keeper {
        match &self.role {
            JournalRole::Writer(journal) => journal.failed().map_or_else(|| self.keeper.clone(), Keeper::Failed),
            _ => self.keeper.clone(),
        }
    }

    /// Write down what is pending before the floor ends.
    pub(super) async fn shutdown(&mut self) {
        if let Some(NotifierHandle { stop, ended, .. }) = self.telling.take() {
            stop.cancel();
            // What could not be told in time is told after the next start.
            drop(timeout(LAST_WORDS, ended).await);
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
    // "Not permitted" means that it runs, as somebody else.
    pid.is_some_and(
        |pid| !matches!(rustix::process::test_kill_process(pid), Err(error) if error == rustix::io::Errno::SRCH),
    )
}
