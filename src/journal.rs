//! The journal: events, source cursors and alert episodes in one SQLite file, so that a floor continues after any end
//! of the program.
//!
//! One process writes; every other one that opens the file follows it, read-only. The writer has a thread of its own,
//! which takes batches from a queue. Events, the cursors behind them, and episodes share a transaction, so nothing is
//! lost or counted twice: after a restart each source is read again from its cursor.
//!
//! ```text
//! floor ──▶ WriteQueue ──▶ writer thread ──▶ file ──▶ Reader, Follower (other processes)
//! notifier ───▲                                └────▶ Outbox ──▶ notifier
//! ```
//!
//! Durability: the file is in WAL mode. What was committed survives `kill -9`, because the operating system has it.
//! Batches of events are committed without waiting for the disk (`synchronous=NORMAL`): a power failure may cost the
//! last ones, and their cursors with them. A batch that somebody waits for ([`Journal::record_and_notify`],
//! [`Journal::store`]) is on the disk (`synchronous=FULL`) before the caller is notified, so a confirmed
//! acknowledgement survives a power failure as well.

mod archive;
mod files;
mod follower;
mod lock;
mod outbox;
mod queue;
mod reader;
mod retention;
mod schema;
mod wal;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::alert::Episode;
use crate::annotation::Annotation;
use crate::clock::{Clock, Time};
use crate::engine::Archive;
use crate::event::Event;
use crate::text::{Label, Text};
use crate::worklist::WorkItem;

pub use archive::{PendingCheckpoint, StoredCheckpoint};
pub use follower::{Changes, Follower};
pub use lock::Holder;
pub use outbox::{Delivery, DeliveryOutcome, LastDelivery, Notice, Outbox, TargetProgress};
pub use reader::{Loaded, Reader, Unreadable};

use files::FileCheck;
use writer::Writer;

/// How to open a journal.
#[derive(Clone, Debug)]
pub struct Settings {
    /// After how many days events are removed.
    pub keep_days: u32,
    /// After how many days figures are removed; as long as events at least.
    pub keep_figures_days: u32,
    /// After how many days resolved episodes are removed.
    pub keep_episodes_days: u32,
    /// The login of this process, for the lock file.
    pub user: Label,
    /// The host of this process, for the lock file.
    pub host: Label,
    /// The clock for retention and the lock file.
    pub clock: Clock,
    /// Where users of this host connect to the floor that writes it; the lock file says so.
    pub socket: Option<PathBuf>,
}

impl Settings {
    /// Keep events for 35 days, figures and episodes for 400.
    #[must_use]
    pub const fn new(user: Label, host: Label, clock: Clock) -> Self {
        Self { keep_days: 35, keep_figures_days: 400, keep_episodes_days: 400, user, host, clock, socket: None }
    }
}

/// Why a journal cannot be opened, read or written. The message names the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or its folder cannot be opened or created.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not a journal, or damaged.
    #[error("{path}: {reason}; nothing was changed: move the file aside (with its -wal and -shm) to begin a new one")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A newer floorwatch wrote the file.
    #[error(
        "{path}: it has format {found}, this floorwatch knows up to {known}; nothing was changed: use the newer floorwatch, or move the file aside"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// SQLite reports another error.
    #[error("{path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// A batch could not be stored; it holds the reason.
    #[error("{0}")]
    NotStored(Text),
}

/// An open journal.
#[derive(Debug)]
pub enum OpenedJournal {
    /// This process writes it.
    Writer(Journal),
    /// Another process writes it.
    Follower(Follower),
}

/// What people act on.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandOutcome {
    /// An alert.
    Episode(Box<Episode>),
    /// An item of a worklist.
    Item(Box<WorkItem>),
    /// An annotation.
    Annotation(Box<Annotation>),
}

impl CommandOutcome {
    /// The alert, if it is one.
    #[must_use]
    pub fn episode(self) -> Option<Episode> {
        match self {
            Self::Episode(episode) => Some(*episode),
            Self::Item(_) | Self::Annotation(_) => None,
        }
    }

    /// The alert, if it is one, to look at.
    #[must_use]
    pub fn as_episode(&self) -> Option<&Episode> {
        match self {
            Self::Episode(episode) => Some(episode),
            Self::Item(_) | Self::Annotation(_) => None,
        }
    }

    /// The item, if it is one.
    #[must_use]
    pub fn item(self) -> Option<WorkItem> {
        match self {
            Self::Item(item) => Some(*item),
            Self::Episode(_) | Self::Annotation(_) => None,
        }
    }

    /// The annotation, if it is one.
    #[must_use]
    pub fn annotation(self) -> Option<Annotation> {
        match self {
            Self::Annotation(annotation) => Some(*annotation),
            Self::Episode(_) | Self::Item(_) => None,
        }
    }
}

/// A version that a command made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandedChange {
    /// Of an episode.
    Episode {
        /// Its id.
        id: u64,
        /// Its version.
        version: u32,
    },
    /// Of an item.
    Item {
        /// Its id.
        id: u64,
        /// Its version.
        version: u32,
    },
    /// Of an annotation.
    Annotation {
        /// Its id.
        id: u64,
        /// Its version.
        version: u32,
    },
}

/// What is stored in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Events with the name of their source, in the order received.
    pub events: Vec<(Label, Vec<Event>)>,
    /// How far each source has been read with these events, as (source, cursor).
    pub cursors: Vec<(Label, String)>,
    /// Episodes that have changed.
    pub episodes: Vec<Episode>,
    /// Items of worklists that have changed.
    pub items: Vec<WorkItem>,
    /// Annotations that were written or removed.
    pub annotations: Vec<Annotation>,
    /// How far notification targets have dealt with the outbox.
    pub progress: Vec<TargetProgress>,
    /// The commanded changes: each is stored in this transaction or never, because its author is told whether it was stored.
    pub commands: Vec<CommandedChange>,
    /// A state of the engine that contains the events recorded before.
    pub checkpoint: Option<Box<PendingCheckpoint>>,
}

impl Batch {
    /// Whether it holds nothing that people act on.
    fn is_of_sources(&self) -> bool {
        self.episodes.is_empty() && self.items.is_empty() && self.annotations.is_empty()
    }

    fn event_count(&self) -> usize {
        self.events.iter().map(|(_, events)| events.len()).sum()
    }

    /// Remove the commanded changes, whose authors are told that they could not be stored.
    fn drop_commands(&mut self) {
        let commands = std::mem::take(&mut self.commands);
        self.episodes.retain(|Episode { id, version, .. }| {
            !commands.contains(&CommandedChange::Episode { id: *id, version: *version })
        });
        self.items.retain(|WorkItem { id, version, .. }| {
            !commands.contains(&CommandedChange::Item { id: *id, version: *version })
        });
        self.annotations.retain(|Annotation { id, version, .. }| {
            !commands.contains(&CommandedChange::Annotation { id: *id, version: *version })
        });
    }

    fn append(&mut self, mut other: Self) {
        // The engine makes one only when the last one is stored.
        if let Some(mut checkpoint) = other.checkpoint.take() {
            checkpoint.events_before += self.event_count();
            self.checkpoint = Some(checkpoint);
        }
        self.events.append(&mut other.events);
        self.cursors.append(&mut other.cursors);
        self.episodes.append(&mut other.episodes);
        self.items.append(&mut other.items);
        self.annotations.append(&mut other.annotations);
        self.progress.append(&mut other.progress);
        self.commands.append(&mut other.commands);
    }
}

/// A journal that this process writes. Dropping it writes what is pending and releases the lock.
#[derive(Debug)]
pub struct Journal {
    // Fields are dropped in this order: the connection that closes last checkpoints the file, so it must be a writing
    // one; the lock is released after that.
    reader: Reader,
    writer: Writer,
    damage: Option<Text>,
    _lock: lock::Lock,
}

impl Journal {
    /// Open or create the journal at `path`, with permissions for the owner alone (folders 0700, file 0600).
    ///
    /// # Errors
    /// When the file cannot be opened, is damaged or newer; such a file is not changed.
    pub fn open(path: &Path, settings: &Settings) -> Result<OpenedJournal, Error> {
        create_folder(path)?;
        let since = settings.clock.now();
        let holder = Holder {
            user: settings.user.clone(),
            host: settings.host.clone(),
            pid: std::process::id(),
            since,
            socket: settings.socket.clone(),
        };
        let lock = match lock::acquire(path, &holder)? {
            lock::Acquisition::Acquired(lock) => lock,
            lock::Acquisition::HeldBy(holder) => return Follower::open(path, holder).map(OpenedJournal::Follower),
        };
        let damage = wal::damage(path);
        schema::check(path)?;
        let connection = schema::open(path)?;
        let reader = Reader::open(path)?;
        let files = FileCheck::new(path, &[&lock::path_of(path), &wal::path_of(path)]);
        let writer = Writer::start(connection, path, settings, files)?;
        Ok(OpenedJournal::Writer(Self { reader, writer, damage, _lock: lock }))
    }

    /// The process that writes the journal at `path`; `None` when there is none or it could not be read which.
    #[must_use]
    pub fn holder(path: &Path) -> Option<Holder> {
        match lock::state(path) {
            lock::LockState::Held(holder) => holder,
            lock::LockState::Free => None,
        }
    }

    /// What may be missing from the journal because the file was damaged when it was opened; `None` if it was intact.
    #[must_use]
    pub const fn damage(&self) -> Option<&Text> {
        self.damage.as_ref()
    }

    /// The time up to which the journal had been written when it was opened. A clock that is behind it is wrong, or was
    /// wrong then.
    #[must_use]
    pub const fn last_written(&self) -> Time {
        self.writer.opened()
    }

    /// Store what a command changed; `on_stored` is called on the journal's thread when it is on the disk. What could not
    /// be stored is not stored later either.
    pub fn execute(&self, changed: CommandOutcome, on_stored: impl FnOnce(Result<(), Text>) + Send + 'static) {
        let batch = match changed {
            CommandOutcome::Episode(episode) => {
                let commands = vec![CommandedChange::Episode { id: episode.id, version: episode.version }];
                Batch { episodes: vec![*episode], commands, ..Batch::default() }
            }
            CommandOutcome::Item(item) => {
                let commands = vec![CommandedChange::Item { id: item.id, version: item.version }];
                Batch { items: vec![*item], commands, ..Batch::default() }
            }
            CommandOutcome::Annotation(annotation) => {
                let commands = vec![CommandedChange::Annotation { id: annotation.id, version: annotation.version }];
                Batch { annotations: vec![*annotation], commands, ..Batch::default() }
            }
        };
        self.record_and_notify(batch, on_stored);
    }

    /// Store a batch soon, together with others. Blocks only while far too much is pending.
    pub fn record(&self, batch: Batch) {
        self.writer.queue().push(batch);
    }

    /// Store a batch now. `on_stored` is called on the writer's thread when it is on the disk, or with the reason why
    /// it is not.
    pub fn record_and_notify(&self, batch: Batch, on_stored: impl FnOnce(Result<(), Text>) + Send + 'static) {
        self.writer.queue().push_and_notify(batch, true, Box::new(on_stored));
    }

    /// Store an episode and wait until it is on the disk.
    ///
    /// # Errors
    /// [`Error::NotStored`] with the reason.
    pub fn store(&self, episode: Episode) -> Result<(), Error> {
        let batch = Batch { episodes: vec![episode], ..Batch::default() };
        self.writer.queue().push_and_wait(batch, true).map_err(Error::NotStored)
    }

    /// Wait until everything recorded so far is in the file.
    ///
    /// # Errors
    /// [`Error::NotStored`] with the reason.
    pub fn flush(&self) -> Result<(), Error> {
        self.writer.queue().flush().map_err(Error::NotStored)
    }

    /// The outbox, for the notifier.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outbox(&self) -> Result<Outbox, Error> {
        Outbox::open(self.reader.path(), std::sync::Arc::clone(self.writer.queue()), self.writer.newest())
    }

    /// Why something cannot be stored at present; `None` if all is stored.
    #[must_use]
    pub fn failure(&self) -> Option<Text> {
        self.writer.queue().failure()
    }

    /// The archive, for the engine.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn archive(&self) -> Result<Box<dyn Archive>, Error> {
        let reader = Reader::open(self.reader.path())?;
        Ok(Box::new(archive::JournalArchive::new(reader, self.writer.checkpoint())))
    }

    /// The reader on the same file.
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// See [`Reader::load`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(&mut self, range: Range<Time>, each: impl FnMut(Event)) -> Result<Loaded, Error> {
        self.reader.load(range, each)
    }

    /// See [`Reader::load_after`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load_after(&self, seq: i64, range: Range<Time>, each: impl FnMut(Event, i64)) -> Result<Loaded, Error> {
        self.reader.load_after(seq, range, each)
    }
}

fn create_folder(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| Error::Io { path: folder.to_owned(), source })
}

/// Maps SQLite's errors to ours, with damage as a kind of its own.
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
