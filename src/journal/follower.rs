//! Following a journal that another floor writes.

use std::path::Path;

use super::lock::Holder;
use super::reader::{Loaded, Reader};
use super::{Error, schema};
use crate::alert::Episode;
use crate::clock::Time;
use crate::event::Event;

/// The most events of one poll.
const AT_ONCE: usize = 20_000;

/// A journal that another floor writes, read-only.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    /// Who writes it, where that could be told.
    pub holder: Option<Holder>,
    seen: Option<i64>,
    event: i64,
    change: i64,
}

/// What is new in it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Events, in the order received.
    pub events: Vec<Event>,
    /// Episodes that have changed; those that are over too.
    pub episodes: Vec<Episode>,
    /// There is more to ask for at once.
    pub more: bool,
}

impl Follower {
    /// It waits a moment for a keeper that is just making the file.
    pub(super) fn open(path: &Path, holder: Option<Holder>) -> Result<Self, Error> {
        for _ in 0..50 {
            if path.metadata().is_ok_and(|file| file.len() > 0) {
                schema::check(path)?;
                let reader = Reader::open(path)?;
                if reader.is_ready()? {
                    return Ok(Self { reader, holder, seen: None, event: 0, change: 0 });
                }
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let reason = "whoever holds its lock has not made it".to_owned();
        Err(Error::Damaged { path: path.to_owned(), reason })
    }

    /// To read what was kept.
    pub const fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// Hand over every event that happened at `since` or later, in the order received. [`Follower::poll`] goes on
    /// from there, and tells of episodes that change from now on.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn load(&mut self, since: Time, each: impl FnMut(Event)) -> Result<Loaded, Error> {
        self.change = self.reader.newest_change()?;
        let loaded = self.reader.load(since, each)?;
        self.event = loaded.last;
        self.seen = None;
        Ok(loaded)
    }

    /// What is new since the last poll or load. Cheap where nothing is.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn poll(&mut self) -> Result<Changes, Error> {
        let version = self.reader.data_version()?;
        if self.seen == Some(version) {
            return Ok(Changes::default());
        }
        let (events, last, more) = self.reader.events_after(self.event, AT_ONCE)?;
        self.event = last;
        let newest = self.reader.newest_change()?;
        let episodes = if newest > self.change { self.reader.episodes_after(self.change)? } else { Vec::new() };
        self.change = newest.max(self.change);
        self.seen = (!more).then_some(version);
        Ok(Changes { events, episodes, more })
    }
}
