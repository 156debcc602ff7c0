//! Following the journal that another floor writes, until that floor is gone.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::role::{Following, ForwardCommand, JournalRole, StartNotifier, StartSources, holder};
use super::{Floor, MAX_HISTORY};
use crate::board::Keeper;
use crate::journal::{self, Follower, Journal, OpenedJournal};
use crate::text::Text;

/// How often a follower tries to take over from a writer that has ended.
const TAKEOVER_INTERVAL: Duration = Duration::from_secs(1);

impl Floor {
    /// Follow the floor that writes the journal.
    pub(super) fn follow(
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
        let (history, unreadable_history) = follower.reader().history(MAX_HISTORY)?;
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
            }
            Err(error) => self.keeper = Keeper::Failed(Text::new(&error.to_string())),
        }
        if following.last_takeover_attempt.elapsed() >= TAKEOVER_INTERVAL {
            following.last_takeover_attempt = Instant::now();
            if following.follower.is_writer_gone() {
                self.take_over();
            }
        }
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
        self.read_to_the_end();
        let JournalRole::Follower(following) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        tracing::info!("the process that wrote the journal is gone: this one takes over");
        if let Err(error) = self.become_writer(journal, following.start, following.tell) {
            self.keeper = Keeper::Failed(Text::new(&error.to_string()));
        }
        self.dirty = true;
    }

    /// Apply the last events of a writer that has ended.
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
}
