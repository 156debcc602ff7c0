//! Following the journal that another floor writes, until that floor is gone.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::persistence::{ENDED_ALERTS, EVENTS, OPEN_ALERTS};
use super::restoring::Restored;
use super::role::{Following, ForwardCommand, JournalRole, StartNotifier, StartSources, holder};
use super::{Floor, MAX_HISTORY};
use crate::board::Keeper;
use crate::journal::{self, Follower, Journal, Loaded, OpenedJournal, Unreadable};
use crate::text::Text;

/// How often a follower tries to take over from a writer that has ended.
const TAKEOVER_INTERVAL: Duration = Duration::from_secs(1);
/// How often a follower goes on from the writer's checkpoint: its own engine stores nothing, and would grow.
const RESTORE_INTERVAL: Duration = Duration::from_hours(24);

impl Floor {
    /// Follow the floor that writes the journal.
    pub(super) fn follow(
        &mut self,
        mut follower: Follower,
        (path, settings): (PathBuf, journal::Settings),
        (start, tell): (StartSources, StartNotifier),
        forward: ForwardCommand,
    ) -> Result<(), journal::Error> {
        let loaded = self.restore_followed(&mut follower)?;
        self.loaded(&loaded);
        let (history, unreadable_history) = follower.reader().history(MAX_HISTORY)?;
        let (episodes, unreadable) = follower.reader().active()?;
        self.history = history.into();
        self.set_unreadable(OPEN_ALERTS, unreadable);
        self.set_unreadable(ENDED_ALERTS, unreadable_history);
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
            last_restore: Instant::now(),
        }));
        Ok(())
    }

    /// Go on from the writer's checkpoint and the events since.
    fn restore_followed(&mut self, follower: &mut Follower) -> Result<Loaded, journal::Error> {
        let Restored { mut engine, newest_event } = self.restored(follower.reader(), || follower.archive())?;
        let loaded = follower.load_after(newest_event, self.loaded_range(), |event, _| {
            engine.apply(&event);
            engine.advance(event.at);
        })?;
        engine.caught_up(self.now());
        self.engine = engine;
        Ok(loaded)
    }

    /// While following: read what the other floor has written since, and take over when it has ended.
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
                        self.history.retain(|known| known.id != episode.id);
                        self.history.push_front(episode);
                    } else {
                        following.episodes.push(episode);
                    }
                }
                self.history.truncate(MAX_HISTORY);
                self.keeper = Keeper::Other(holder(&following.follower));
                if let Err(error) = self.count_unreadable(changes.unreadable_events, changes.unreadable_episode) {
                    self.keeper = Keeper::Failed(Text::new(&error.to_string()));
                }
            }
            Err(error) => self.keeper = Keeper::Failed(Text::new(&error.to_string())),
        }
        let JournalRole::Follower(following) = &mut self.role else { return };
        if following.last_takeover_attempt.elapsed() >= TAKEOVER_INTERVAL {
            following.last_takeover_attempt = Instant::now();
            if following.follower.is_writer_gone() {
                self.take_over();
            }
        }
    }

    /// Now and then, while following: go on from the writer's checkpoint.
    pub(super) fn restore_followed_if_due(&mut self) {
        match &self.role {
            JournalRole::Follower(following) if following.last_restore.elapsed() >= RESTORE_INTERVAL => {}
            _ => return,
        }
        let JournalRole::Follower(mut following) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        following.last_restore = Instant::now();
        // Where it fails, the engine goes on as it is.
        if let Err(error) = self.restore_followed(&mut following.follower) {
            tracing::error!("the journal: {error}");
        }
        self.role = JournalRole::Follower(following);
    }

    /// Count what of the changes could not be read. An episode may change any number of times: those are counted anew.
    fn count_unreadable(&mut self, events: Unreadable, episode: bool) -> Result<(), journal::Error> {
        if events.rows > 0 {
            let mut all = self.unreadable.get(EVENTS).cloned().unwrap_or_default();
            all.add(events);
            self.set_unreadable(EVENTS, all);
            self.dirty = true;
        }
        if let JournalRole::Follower(following) = &mut self.role
            && episode
        {
            let reader = following.follower.reader();
            let ((_, open), (_, ended)) = (reader.active()?, reader.history(MAX_HISTORY)?);
            self.set_unreadable(OPEN_ALERTS, open);
            self.set_unreadable(ENDED_ALERTS, ended);
            self.dirty = true;
        }
        Ok(())
    }

    /// Take over from a writer that has ended. The first follower that opens the journal becomes the writer; the others
    /// follow that one.
    fn take_over(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        let journal = match Journal::open(&following.path, &following.settings) {
            Ok(OpenedJournal::Writer(journal)) => journal,
            Ok(OpenedJournal::Follower(other)) => {
                // Another follower came first.
                following.follower.holder = other.holder;
                self.keeper = Keeper::Other(holder(&following.follower));
                return;
            }
            Err(error) => {
                self.keeper = Keeper::Failed(Text::new(&error.to_string()));
                return;
            }
        };
        let JournalRole::Follower(following) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        tracing::info!("the process that wrote the journal is gone: this one takes over");
        // What that process had stored is what this one goes on from.
        if let Err(error) = self.load(journal, following.start, following.tell) {
            self.keeper = Keeper::Failed(Text::new(&error.to_string()));
        }
        self.dirty = true;
    }
}
