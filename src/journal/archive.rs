//! The archive: checkpoints of the engine, segments of closed days, and contacts that have left memory.
//!
//! They are written in the transaction of a batch: a checkpoint is in the file with all that it refers to, or not at
//! all. It names the newest event that it contains; what came after that is read from the events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Error, Reader};
use crate::clock::Time;
use crate::engine::{Archive, ArchivedContact, ArchivedSegment, Checkpoint, SegmentId};

/// A checkpoint on its way into the file.
#[derive(Clone, Debug)]
pub struct PendingCheckpoint {
    checkpoint: Checkpoint,
    /// The newest event that it contains, where the event is in the file already.
    event: Option<i64>,
    /// Otherwise, how many events of its batch it contains.
    pub(super) events_before: usize,
}

impl PendingCheckpoint {
    /// A checkpoint that contains all events recorded so far.
    #[must_use]
    pub const fn now(checkpoint: Checkpoint) -> Self {
        Self { checkpoint, event: None, events_before: 0 }
    }

    /// A checkpoint that contains the events up to one that is in the file.
    #[must_use]
    pub const fn at(checkpoint: Checkpoint, event: i64) -> Self {
        Self { checkpoint, event: Some(event), events_before: 0 }
    }

    pub(super) const fn number(&self) -> u64 {
        self.checkpoint.number
    }
}

/// A checkpoint from the file.
#[derive(Debug)]
pub struct StoredCheckpoint {
    /// The newest event that it contains.
    pub event: i64,
    /// The engine's state.
    pub state: Vec<u8>,
}

/// Write a checkpoint. `inserted` is the newest event when as many of the batch as it contains were inserted.
pub(super) fn write(transaction: &Transaction<'_>, pending: &PendingCheckpoint, inserted: i64) -> rusqlite::Result<()> {
    let Checkpoint { number, state, segments, contacts, replaces_from } = &pending.checkpoint;
    if let Some(from) = replaces_from {
        transaction.execute("DELETE FROM contact", [])?;
        transaction.execute("DELETE FROM segment WHERE last >= ?1", [from.0])?;
    }
    let mut insert = transaction
        .prepare_cached("INSERT OR REPLACE INTO segment(id, day, first, last, body) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for ArchivedSegment { id, day, first, last, bytes } in segments {
        insert.execute(params![id.cast_signed(), day.0, first.0, last.0, &bytes[..]])?;
    }
    let mut insert = transaction
        .prepare_cached("INSERT OR REPLACE INTO contact(number, id_hash, ended, body) VALUES (?1, ?2, ?3, ?4)")?;
    for ArchivedContact { number, id_hash, ended, bytes } in contacts {
        insert.execute(params![number.cast_signed(), id_hash.cast_signed(), ended.0, bytes])?;
    }
    let length = i64::try_from(state.len()).unwrap_or(i64::MAX);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO checkpoint(id, number, event, body) VALUES (1, ?1, ?2, zeroblob(?3))")?
        .execute(params![number.cast_signed(), pending.event.unwrap_or(inserted), length])?;
    // SQLite would copy a parameter twice, and this is the largest thing in memory.
    transaction.blob_open("main", "checkpoint", "body", 1, false)?.write_all_at(state, 0)
}

/// The number of the checkpoint in the file; 0 where there is none.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<u64> {
    let number = connection.query_row("SELECT number FROM checkpoint", [], |row| row.get::<_, i64>(0)).optional()?;
    Ok(number.map_or(0, i64::cast_unsigned))
}

/// Whether the tables exist: an older floorwatch may be the writer.
fn has_archive(connection: &Connection) -> rusqlite::Result<bool> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(version >= 3)
}

impl Reader {
    /// The archive, for an engine of which nothing is stored.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn archive(&self) -> Result<Box<dyn Archive>, Error> {
        Ok(Box::new(JournalArchive::new(Self::open(self.path())?, Arc::default())))
    }

    /// The last checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, Error> {
        self.run(|connection| {
            if !has_archive(connection)? {
                return Ok(None);
            }
            let snapshot = connection.unchecked_transaction()?;
            // One that holds something else than it should is not used.
            let sql = "SELECT event FROM checkpoint WHERE typeof(event) = 'integer' AND typeof(body) = 'blob'";
            let Some(event) = snapshot.query_row(sql, [], |row| row.get(0)).optional()? else { return Ok(None) };
            let body = snapshot.blob_open("main", "checkpoint", "body", 1, true)?;
            let mut state = vec![0; body.len()];
            body.read_at_exact(&mut state, 0)?;
            Ok(Some(StoredCheckpoint { event, state }))
        })
    }

    /// The newest event that the last checkpoint contains; `None` where there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn checkpointed_event(&self) -> Result<Option<i64>, Error> {
        self.run(|connection| {
            if !has_archive(connection)? {
                return Ok(None);
            }
            let event = "SELECT event FROM checkpoint WHERE typeof(event) = 'integer'";
            connection.query_row(event, [], |row| row.get(0)).optional()
        })
    }

    /// The time of the oldest event.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn oldest_event(&self) -> Result<Option<Time>, Error> {
        let oldest = "SELECT at FROM event WHERE typeof(at) = 'integer' ORDER BY at LIMIT 1";
        self.run(|connection| connection.query_row(oldest, [], |row| row.get(0).map(Time)).optional())
    }

    /// All segments, without their bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn segments(&self) -> Result<Vec<ArchivedSegment>, Error> {
        self.run(|connection| {
            if !has_archive(connection)? {
                return Ok(Vec::new());
            }
            let mut statement = connection.prepare("SELECT id, day, first, last FROM segment ORDER BY id")?;
            let segment = |row: &Row<'_>| {
                Ok(ArchivedSegment {
                    id: row.get::<_, i64>(0)?.cast_unsigned(),
                    day: Time(row.get(1)?),
                    first: Time(row.get(2)?),
                    last: Time(row.get(3)?),
                    bytes: Arc::default(),
                })
            };
            let rows = statement.query_map([], |row| super::reader::readable(segment(row)))?;
            rows.filter_map(Result::transpose).collect()
        })
    }
}

/// Reads the archive, with a connection of its own.
#[derive(Debug)]
pub(super) struct JournalArchive {
    reader: Reader,
    stored: Arc<AtomicU64>,
}

impl JournalArchive {
    pub(super) const fn new(reader: Reader, stored: Arc<AtomicU64>) -> Self {
        Self { reader, stored }
    }

    /// What can't be read counts as missing: the board goes on without it, and says so.
    fn read<T: Default>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        self.reader.run(work).unwrap_or_else(|error| {
            tracing::error!("the journal: {error}");
            T::default()
        })
    }
}

const CONTACT: &str = "SELECT number, id_hash, ended, body FROM contact WHERE ";

fn contact(row: &Row<'_>) -> rusqlite::Result<ArchivedContact> {
    Ok(ArchivedContact {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        id_hash: row.get::<_, i64>(1)?.cast_unsigned(),
        ended: Time(row.get(2)?),
        bytes: row.get(3)?,
    })
}

impl Archive for JournalArchive {
    fn stored(&self) -> u64 {
        self.stored.load(Ordering::Acquire)
    }

    fn segment(&self, id: SegmentId) -> Option<Vec<u8>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT body FROM segment WHERE id = ?1")?;
            statement.query_row([id.cast_signed()], |row| row.get(0)).optional()
        })
    }

    fn contacts_by_id(&self, id_hash: u64) -> Vec<ArchivedContact> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{CONTACT} id_hash = ?1 ORDER BY number DESC"))?;
            statement.query_map([id_hash.cast_signed()], contact)?.collect()
        })
    }

    fn contact(&self, number: u64) -> Option<ArchivedContact> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{CONTACT} number = ?1"))?;
            statement.query_row([number.cast_signed()], contact).optional()
        })
    }

    fn each_contact(&self, from: Time, (end, number): (Time, u64), each: &mut dyn FnMut(ArchivedContact) -> bool) {
        self.read(|connection| {
            let sql = format!("{CONTACT} ended >= ?1 AND (ended, number) < (?2, ?3) ORDER BY ended DESC, number DESC");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([from.0, end.0, number.cast_signed()])?;
            while let Some(row) = rows.next()? {
                if !each(contact(row)?) {
                    break;
                }
            }
            Ok(())
        });
    }
}
