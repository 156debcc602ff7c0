//! The journal: what came in and what was done about it, in one SQLite file that survives any end of the program.
//!
//! One floor writes (the keeper), every other one that opens the file follows it, read-only. The keeper's writes
//! happen on a thread of their own: events, how far their sources have been read, and episodes share a
//! transaction, so after any end nothing is lost or counted twice — a source is read again from its cursor.
//!
//! Durability: the file is in WAL mode. What was committed survives the end of the process, `kill -9` included,
//! since the operating system has it. Batches of events are committed without waiting for the disk
//! (`synchronous=NORMAL`): a power failure may cost the last ones, and their cursors with them. A batch that
//! somebody waits for ([`Journal::keep`], [`Journal::confirm`]) is on the disk (`synchronous=FULL`) before he is
//! told, so that a confirmed acknowledgement survives a power failure as well.

mod follower;
mod lock;
mod outbox;
mod reader;
mod retention;
mod schema;
mod writer;

use std::path::{Path, PathBuf};

use crate::alert::Episode;
use crate::clock::{Clock, Time};
use crate::event::Event;
use crate::text::{Label, Text};

pub use follower::{Changes, Follower};
pub use lock::Holder;
pub use outbox::{Delivery, DeliveryOutcome, LastDelivery, Notice, Outbox, TargetProgress};
pub use reader::{Loaded, Reader};

use writer::Writer;

/// How to keep it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Events older than so many days are removed.
    pub keep_days: u32,
    /// Episodes that are over for longer than so many days are removed.
    pub keep_episodes_days: u32,
    /// Who opens it: a login.
    pub user: Label,
    /// On which machine.
    pub host: Label,
    /// What time it is, for retention and the lock.
    pub clock: Clock,
}

impl Settings {
    /// The defaults: events for 35 days, episodes for 400.
    #[must_use]
    pub const fn new(user: Label, host: Label, clock: Clock) -> Self {
        Self { keep_days: 35, keep_episodes_days: 400, user, host, clock }
    }
}

/// Why a journal can't be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system won't.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not a journal, or it is broken.
    #[error("{path}: {reason}; nothing was changed: move the file aside (with its -wal and -shm) to begin a new one")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A newer floorwatch wrote it.
    #[error(
        "{path}: it has format {found}, this floorwatch knows up to {known}; nothing was changed: use the newer floorwatch, or move the file aside"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// SQLite says no.
    #[error("{path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// It could not be written; why, in words.
    #[error("{0}")]
    NotKept(Text),
}

/// An open journal.
#[derive(Debug)]
pub enum OpenedJournal {
    /// It is ours to write.
    Writer(Journal),
    /// Another floor writes it.
    Follower(Follower),
}

/// What is to be kept together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Events by the source that they came from, in the order received.
    pub events: Vec<(Label, Vec<Event>)>,
    /// How far a source has been read once these events are kept.
    pub cursors: Vec<(Label, String)>,
    /// Episodes that have changed.
    pub episodes: Vec<Episode>,
    /// How far targets have been told of them.
    pub settled: Vec<TargetProgress>,
}

impl Batch {
    fn events(&self) -> usize {
        self.events.iter().map(|(_, events)| events.len()).sum()
    }
}

/// A journal that is ours to write. Dropping it writes down what is pending and lets the file go.
#[derive(Debug)]
pub struct Journal {
    // The fields are dropped in this order: the last connection to close tidies the file up and must be one that
    // may write; the lock goes last.
    reader: Reader,
    writer: Writer,
    _lock: lock::Lock,
}

impl Journal {
    /// Open or create the journal at `path`. Folders are made for the owner alone (0700), as is the file (0600).
    ///
    /// # Errors
    /// Where the file can't be opened, is damaged or newer; such a file is left as it is.
    pub fn open(path: &Path, settings: &Settings) -> Result<OpenedJournal, Error> {
        make_folder(path)?;
        let since = settings.clock.now();
        let holder =
            Holder { user: settings.user.clone(), host: settings.host.clone(), pid: std::process::id(), since };
        let lock = match lock::take(path, &holder)? {
            lock::Taken::Ours(lock) => lock,
            lock::Taken::Theirs(holder) => return Follower::open(path, holder).map(OpenedJournal::Follower),
        };
        schema::check(path)?;
        let connection = schema::open(path)?;
        let reader = Reader::open(path)?;
        let writer = Writer::start(connection, path, settings)?;
        Ok(OpenedJournal::Writer(Self { reader, writer, _lock: lock }))
    }

    /// Write down in a moment, with whatever else comes. Waits only while far too much is pending.
    pub fn record(&self, batch: Batch) {
        self.writer.record(batch);
    }

    /// Write down now; `done` is told, on the writer's thread, once it is on the disk or why it isn't.
    pub fn record_and_tell(&self, batch: Batch, done: impl FnOnce(Result<(), Text>) + Send + 'static) {
        self.writer.wait(batch, true, Box::new(done));
    }

    /// Write an episode down now; `done` is told, on the writer's thread, once it is on the disk or why it isn't.
    pub fn keep(&self, episode: Episode, done: impl FnOnce(Result<(), Text>) + Send + 'static) {
        self.writer.keep(episode, Box::new(done));
    }

    /// Write an episode down and wait until it is on the disk.
    ///
    /// # Errors
    /// [`Error::NotKept`] where it couldn't be.
    pub fn confirm(&self, episode: Episode) -> Result<(), Error> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.keep(episode, move |done| {
            // Nobody waits any more: nobody to tell.
            let _ = tell.send(done);
        });
        let ended = || Text::fixed("the journal has ended");
        told.recv().unwrap_or_else(|_| Err(ended())).map_err(Error::NotKept)
    }

    /// Wait until everything recorded so far is written, or can't be.
    ///
    /// # Errors
    /// [`Error::NotKept`] where it couldn't be.
    pub fn flush(&self) -> Result<(), Error> {
        self.writer.flush().map_err(Error::NotKept)
    }

    /// What is to be told to people, for somebody who works beside this floor.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn outbox(&self) -> Result<Outbox, Error> {
        let (shared, newest) = self.writer.outbox();
        Outbox::open(self.reader.path(), shared, newest)
    }

    /// Why nothing is being written just now; `None` while all is well.
    #[must_use]
    pub fn failed(&self) -> Option<Text> {
        self.writer.failed()
    }

    /// To read what was kept.
    pub const fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// See [`Reader::load`].
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn load(&mut self, since: Time, each: impl FnMut(Event)) -> Result<Loaded, Error> {
        self.reader.load(since, each)
    }
}

fn make_folder(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| Error::Io { path: folder.to_owned(), source })
}

/// A mapper from SQLite's errors to ours: damage is told from all else.
fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> Error + '_ {
    move |source| match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            Error::Damaged { path: path.to_owned(), reason: format!("it is damaged ({source})") }
        }
        _ => Error::Sqlite { path: path.to_owned(), source },
    }
}

#[cfg(test)]
mod tests;
