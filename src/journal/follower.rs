//! Follows a journal that another floor writes.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::Error;
use super::files::FileCheck;
use super::lock::{self, Holder, LockState};
use super::reader::{Loaded, Reader, Unreadable};
use crate::alert::Episode;
use crate::annotation::Annotation;
use crate::clock::Time;
use crate::engine::Archive;
use crate::event::Event;
use crate::worklist::WorkItem;

/// The most events that one poll returns.
const MAX_POLL_EVENTS: usize = 20_000;

/// A journal that another floor writes, read-only.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    /// The process that writes it; `None` if the lock file could not be read.
    pub holder: Option<Holder>,
    /// The data version at which nothing was left to read.
    data_version: Option<i64>,
    /// When the file was last seen to change.
    changed: Instant,
    files: FileCheck,
    /// The number of the last event read.
    event: i64,
    /// The number of the last change of an episode, item or annotation read.
    change: i64,
}

/// What one poll found.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Events, in the order received.
    pub events: Vec<Event>,
    /// Episodes that have changed, those that resolved included.
    pub episodes: Vec<Episode>,
    /// Items of worklists that have changed.
    pub items: Vec<WorkItem>,
    /// Annotations that were written or removed.
    pub annotations: Vec<Annotation>,
    /// Whether more is waiting: poll again at once.
    pub more: bool,
    /// New events that could not be understood.
    pub unreadable_events: Unreadable,
    /// Whether an episode, an item or an annotation that has changed could not be understood.
    pub unreadable_others: bool,
}

impl Follower {
    /// Waits for up to a second, in case the writer is just creating the file.
    pub(super) fn open(path: &Path, holder: Option<Holder>) -> Result<Self, Error> {
        for _ in 0..50 {
            if let Some(reader) = Reader::of(path)? {
                let files = FileCheck::new(path, &[]);
                return Ok(Self {
                    reader,
                    holder,
                    data_version: None,
                    changed: Instant::now(),
                    files,
                    event: 0,
                    change: 0,
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let reason = "the process that holds its lock has not created it".to_owned();
        Err(Error::Damaged { path: path.to_owned(), reason })
    }

    /// The reader on the same file.
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Call `each` with every event of a range of times that was received after number `seq`, in the order received.
    /// [`Follower::poll`] continues from there, and returns the episodes that change from now on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load_after(&mut self, seq: i64, range: Range<Time>, each: impl FnMut(Event, i64)) -> Result<Loaded, Error> {
        // The first load: later ones are of events alone.
        if self.event == 0 {
            self.change = self.reader.newest_change()?;
        }
        let loaded = self.reader.load_after(seq, range, each)?;
        self.event = loaded.last;
        self.data_version = None;
        Ok(loaded)
    }

    /// The archive, for the engine. What this process makes itself is never stored there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn archive(&self) -> Result<Box<dyn Archive>, Error> {
        self.reader.archive()
    }

    /// Whether the process that wrote the journal has ended. While it has not, this also updates `holder`.
    pub fn is_writer_gone(&mut self) -> bool {
        match lock::state(self.reader.path()) {
            LockState::Free => true,
            LockState::Held(holder) => {
                self.holder = holder.or(self.holder.take());
                false
            }
        }
    }

    /// The time since the file last changed.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.changed.elapsed()
    }

    /// What is new since the last poll or load. Cheap when nothing is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn poll(&mut self) -> Result<Changes, Error> {
        self.files.check().map_err(Error::NotStored)?;
        let version = self.reader.data_version()?;
        if self.data_version == Some(version) {
            return Ok(Changes::default());
        }
        self.changed = Instant::now();
        let (events, last, more, unreadable_events) = self.reader.events_after(self.event, MAX_POLL_EVENTS)?;
        self.event = last;
        let newest = self.reader.newest_change()?;
        let is_changed = newest > self.change;
        let ((episodes, odd_episodes), (items, odd_items), (annotations, odd_annotations)) = if is_changed {
            let reader = &self.reader;
            (
                reader.episodes_after(self.change)?,
                reader.items_after(self.change)?,
                reader.annotations_after(self.change)?,
            )
        } else {
            Default::default()
        };
        self.change = newest.max(self.change);
        self.data_version = (!more).then_some(version);
        let unreadable_others = odd_episodes.rows + odd_items.rows + odd_annotations.rows > 0;
        Ok(Changes { events, episodes, items, annotations, more, unreadable_events, unreadable_others })
    }
}
