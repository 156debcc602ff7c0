//! Following the journal that another floor writes, until that floor is gone.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::persistence::{ANNOTATIONS, ENDED_ALERTS, EVENTS, ITEMS, OPEN_ALERTS};
use super::progress::JournalProgress;
use super::restoring::Restored;
use super::role::{Following, ForwardCommand, JournalRole, StartNotifier, StartSources, holder};
use super::{Floor, MAX_HISTORY};
use crate::board::Keeper;
use crate::clock::Time;
use crate::journal::{self, Follower, Journal, Loaded, OpenedJournal, Unreadable};
use crate::text::Text;

/// How often a follower looks whether the writer has ended, or has made a checkpoint to go on from.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often a follower goes on from the writer's checkpoint at least: its own engine stores nothing, and would grow.
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
        let restored = self.restored(follower.reader(), || follower.archive())?;
        let restored_event = restored.newest_event;
        let loaded = self.go_on_from(restored, &mut follower)?;
        self.loaded(&loaded);
        let (history, unreadable_history) = follower.reader().history(MAX_HISTORY)?;
        let (episodes, unreadable) = follower.reader().active()?;
        self.restore_worklist(follower.reader())?;
        self.restore_annotations(follower.reader())?;
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
            last_look: Instant::now(),
            last_restore: Instant::now(),
            restored_event,
        }));
        Ok(())
    }

    /// Go on from a restored engine and the events since.
    fn go_on_from(&mut self, restored: Restored, follower: &mut Follower) -> Result<Loaded, journal::Error> {
        let Restored { mut engine, newest_event, needs } = restored;
        let mut progress = JournalProgress::after(newest_event, follower.reader())?;
        let loaded = follower.load_after(newest_event, needs, |event, seq| {
            engine.apply(&event);
            engine.advance(event.at);
            self.show_progress(progress.note(seq));
        })?;
        engine.caught_up(self.now());
        self.change_engine(engine);
        self.reading = None;
        Ok(loaded)
    }

    /// While following: read what the other floor has written since, and take over when it has ended.
    pub(super) fn poll_followed_journal(&mut self) {
        let JournalRole::Follower(following) = &mut self.role else { return };
        match following.follower.poll() {
            Ok(changes) => {
                self.dirty |= !changes.events.is_empty() || !changes.episodes.is_empty() || !changes.items.is_empty();
                self.dirty |= !changes.annotations.is_empty();
                changes.items.into_iter().for_each(|item| self.worklist.put(item));
                changes.annotations.into_iter().for_each(|annotation| self.annotations.put(annotation));
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
                if let Err(error) = self.count_unreadable(changes.unreadable_events, changes.unreadable_others) {
                    self.keeper = Keeper::Failed(Text::of_files(&error.to_string()));
                }
            }
            Err(error) => self.keeper = Keeper::Failed(Text::of_files(&error.to_string())),
        }
        let JournalRole::Follower(following) = &mut self.role else { return };
        if following.last_look.elapsed() >= LOOK_INTERVAL {
            following.last_look = Instant::now();
            if following.follower.is_writer_gone() {
                self.take_over();
            } else {
                self.restore_followed_if_due();
            }
        }
    }

    /// Go on from the writer's checkpoint if much has left the writer's memory with it, or after a day.
    fn restore_followed_if_due(&mut self) {
        let JournalRole::Follower(mut following) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        // Where it fails, the engine goes on as it is.
        if let Err(error) = self.restore_followed(&mut following) {
            tracing::error!("the journal: {error}");
        }
        self.role = JournalRole::Follower(following);
    }

    fn restore_followed(&mut self, following: &mut Following) -> Result<(), journal::Error> {
        let Following { follower, restored_event, last_restore, .. } = following;
        let Some(newest) = follower.reader().checkpointed_event()? else { return Ok(()) };
        let is_old = last_restore.elapsed() >= RESTORE_INTERVAL;
        let many = i64::try_from(self.engine.events_per_checkpoint()).unwrap_or(i64::MAX);
        if !is_old && newest - *restored_event < many {
            return Ok(());
        }
        (*restored_event, *last_restore) = (newest, Instant::now());
        let restored = if is_old {
            Some(self.restored(follower.reader(), || follower.archive())?)
        } else {
            // All events are too many to be read again and again, where the checkpoint is one of other settings.
            self.restored_from_checkpoint(follower.reader(), || follower.archive())?
        };
        if let Some(restored) = restored {
            self.go_on_from(restored, follower)?;
            self.dirty = true;
        }
        Ok(())
    }

    /// Count what of the changes could not be read: of what may change any number of times, anew.
    fn count_unreadable(&mut self, events: Unreadable, others: bool) -> Result<(), journal::Error> {
        if events.rows > 0 {
            let mut all = self.unreadable.get(EVENTS).cloned().unwrap_or_default();
            all.add(events);
            self.set_unreadable(EVENTS, all);
            self.dirty = true;
        }
        if let JournalRole::Follower(following) = &mut self.role
            && others
        {
            let reader = following.follower.reader();
            let ((_, open), (_, ended)) = (reader.active()?, reader.history(MAX_HISTORY)?);
            let ((_, items), (_, annotations)) = (reader.items(Time(i64::MIN))?, reader.annotations()?);
            self.set_unreadable(OPEN_ALERTS, open);
            self.set_unreadable(ENDED_ALERTS, ended);
            self.set_unreadable(ITEMS, items);
            self.set_unreadable(ANNOTATIONS, annotations);
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
                self.keeper = Keeper::Failed(Text::of_files(&error.to_string()));
                return;
            }
        };
        let JournalRole::Follower(following) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        tracing::info!("the process that wrote the journal is gone: this one takes over");
        // What that process had stored is what this one goes on from.
        if let Err(error) = self.load(journal, following.start, following.tell) {
            self.keeper = Keeper::Failed(Text::of_files(&error.to_string()));
        }
        self.dirty = true;
    }
}
