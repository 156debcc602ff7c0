//! The outbox: every entry of every episode's history, in the order written, for the notifier to deliver.
//!
//! An entry goes into the outbox in the transaction that stores the history, so exactly what is stored is delivered.
//! Each notification target has a cursor of its own; the result of a delivery and the cursor behind it share a
//! transaction. An outbox has its own read-only connection: it waits for no writer, and no writer waits for it.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{oneshot, watch};

use super::queue::WriteQueue;
use super::reader::{Reader, decode, history, label, readable};
use super::{Batch, Error};
use crate::alert::Episode;
use crate::clock::Time;
use crate::text::{Label, Text};

/// A history entry in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Rises with every notice and is never used again.
    pub seq: i64,
    /// Index of the entry in the episode's history.
    pub entry: i64,
    /// When the entry was made.
    pub at: Time,
    /// The episode as it was stored with the entry; its history ends with the entry.
    pub episode: Episode,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The target accepted it.
    Delivered,
    /// It could not be sent yet, and is tried again.
    Deferred,
    /// It was not sent in time: what the alert has come to is told instead.
    Superseded,
    /// The target rejected it.
    Refused,
    /// It was tried as often as it may be.
    GivenUp,
}

/// The result of delivering a notice to a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The target's name.
    pub target: Label,
    /// The notice's number.
    pub notice: i64,
    /// The episode's id.
    pub episode: u64,
    /// Index of the entry in the episode's history.
    pub entry: i64,
    /// The key of the kind of notice, such as `firing`.
    pub what: Label,
    /// Rule and slice, as in `longest wait · billing`.
    pub subject: String,
    /// When this was recorded.
    pub at: Time,
    /// The number of attempts so far.
    pub attempts: u32,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// The target's answer, or what went wrong. Never holds a secret.
    pub words: Text,
}

/// A step forward of a target's cursor: every notice up to this one is dealt with.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetProgress {
    /// The target's name.
    pub target: Label,
    /// The notice's number.
    pub notice: i64,
    /// The result of its delivery; `None` when it was not for this target.
    pub delivery: Option<Delivery>,
}

/// The last notice about an episode that a target accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastDelivery {
    /// The key of the kind of notice, such as `firing`.
    pub what: Label,
    /// Index of the entry in the episode's history.
    pub entry: i64,
}

/// The notifier's access to the journal.
pub struct Outbox {
    reader: Reader,
    queue: Arc<WriteQueue>,
    newest: watch::Receiver<i64>,
}

impl DeliveryOutcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Delivered, Self::Deferred, Self::Superseded, Self::Refused, Self::GivenUp];

    /// The key in the journal; it never changes.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Superseded => "superseded",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

impl Outbox {
    pub(super) fn open(path: &Path, queue: Arc<WriteQueue>, newest: watch::Receiver<i64>) -> Result<Self, Error> {
        Ok(Self { reader: Reader::open(path)?, queue, newest })
    }

    /// An outbox of the same journal with a connection of its own, for another target.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn try_clone(&self) -> Result<Self, Error> {
        Self::open(self.reader.path(), Arc::clone(&self.queue), self.newest.clone())
    }

    /// Wait for new notices; `false` when the journal is closed.
    pub async fn changed(&mut self) -> bool {
        self.newest.changed().await.is_ok()
    }

    /// The random id of this journal, which makes its notices unique among several journals.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn journal_id(&self) -> Result<String, Error> {
        let sql = "SELECT coalesce((SELECT value FROM meta WHERE key = 'journal'), '')";
        self.reader.run(|connection| connection.query_row(sql, [], |row| row.get(0)))
    }

    /// The number of the last notice that a target has dealt with. A new target starts behind the newest notice, and
    /// that is stored.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn cursor(&self, target: &Label) -> Result<i64, Error> {
        let sql = "SELECT notice FROM target WHERE name = ?1";
        let known = self
            .reader
            .run(|connection| connection.query_row(sql, [target.as_str()], |row| row.get::<_, i64>(0)).optional())?;
        if let Some(cursor) = known {
            return Ok(cursor);
        }
        let newest = self.reader.run(newest)?;
        drop(self.advance(TargetProgress { target: target.clone(), notice: newest, delivery: None }));
        Ok(newest)
    }

    /// The notices after the one with number `cursor`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn after(&self, cursor: i64, limit: u32) -> Result<Vec<Notice>, Error> {
        self.reader.run(|connection| {
            let sql = "SELECT seq, episode, entry, at, body FROM notice WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![cursor, limit])?;
            let mut notices = Vec::new();
            while let Some(row) = rows.next()? {
                let Some((episode, entry)) = readable(row.get(1).and_then(|id| Ok((id, row.get::<_, i64>(2)?))))?
                else {
                    continue;
                };
                // A notice whose body was written in a newer format must not stop the others.
                let Ok(mut body) = decode::<Episode>(row, 4) else {
                    tracing::error!(notice = row.get::<_, i64>(0)?, "nobody is told of a notice that can't be read");
                    continue;
                };
                body.trail = history(connection, episode)?;
                body.trail.truncate(usize::try_from(entry).unwrap_or(0) + 1);
                notices.push(Notice {
                    seq: row.get(0)?,
                    entry,
                    at: Time(readable(row.get(3))?.unwrap_or_default()),
                    episode: body,
                });
            }
            Ok(notices)
        })
    }

    /// The last notice about an episode that a target accepted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_delivery(&self, target: &Label, episode: u64) -> Result<Option<LastDelivery>, Error> {
        let sql = "SELECT what, entry FROM delivery
                   WHERE target = ?1 AND episode = ?2 AND outcome = 'delivered' ORDER BY seq DESC LIMIT 1";
        self.reader.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let id = i64::try_from(episode).unwrap_or(i64::MAX);
            let delivery = |row: &rusqlite::Row<'_>| Ok(LastDelivery { what: label(row, 0)?, entry: row.get(1)? });
            statement.query_row(params![target.as_str(), id], delivery).optional()
        })
    }

    /// The episodes that were a target's business and whose end has not been settled with it: those that hold, and, if
    /// `ends`, those that are over. By id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn unsettled(&self, target: &Label, ends: bool) -> Result<Vec<u64>, Error> {
        let sql = "SELECT id FROM episode
                   WHERE id IN (SELECT episode FROM delivery WHERE target = ?1)
                   AND (resolved IS NULL OR ?2 AND id NOT IN
                        (SELECT episode FROM delivery
                         WHERE target = ?1 AND what = 'resolved' AND outcome IN ('delivered', 'superseded')))
                   ORDER BY id";
        self.reader.run(|connection| {
            let mut statement = connection.prepare(sql)?;
            let ids = statement.query_map(params![target.as_str(), ends], |row| row.get(0).map(i64::unsigned_abs))?;
            ids.collect()
        })
    }

    /// An episode as it is now; `None` when it is not kept any more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn episode(&self, id: u64) -> Result<Option<Episode>, Error> {
        self.reader.episode(id)
    }

    /// When a target last accepted anything about a subject (rule and slice).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_delivery_about(&self, target: &Label, subject: &str) -> Result<Option<Time>, Error> {
        let sql = "SELECT max(CAST(at AS INTEGER)) FROM delivery WHERE target = ?1 AND subject = ?2 AND outcome = 'delivered'";
        self.reader.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row([target.as_str(), subject], |row| Ok(row.get::<_, Option<i64>>(0)?.map(Time)))
        })
    }

    /// The episodes that have not resolved.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn active(&self) -> Result<Vec<Episode>, Error> {
        Ok(self.reader.active()?.0)
    }

    /// Store that a target has dealt with a notice. The receiver resolves when that is in the file, or with the reason
    /// why it is not.
    #[must_use]
    pub fn advance(&self, progress: TargetProgress) -> oneshot::Receiver<Result<(), Text>> {
        let (sender, stored) = oneshot::channel();
        let batch = Batch { progress: vec![progress], ..Batch::default() };
        // The caller may have dropped the receiver.
        self.queue.push_and_notify(batch, false, Box::new(move |result| drop(sender.send(result))));
        stored
    }
}

impl Reader {
    /// The newest deliveries, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>, Error> {
        self.run(|connection| {
            let sql = "SELECT target, notice, episode, entry, what, subject, at, attempts, outcome, words
                       FROM delivery ORDER BY seq DESC LIMIT ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([limit], |row| {
                let key: String = row.get(8)?;
                let outcome = DeliveryOutcome::ALL.into_iter().find(|outcome| outcome.key() == key);
                Ok(Delivery {
                    target: label(row, 0)?,
                    notice: row.get(1)?,
                    episode: row.get::<_, i64>(2)?.unsigned_abs(),
                    entry: row.get(3)?,
                    what: label(row, 4)?,
                    subject: row.get(5)?,
                    at: Time(row.get(6)?),
                    attempts: row.get(7)?,
                    outcome: outcome.unwrap_or(DeliveryOutcome::GivenUp),
                    words: Text::new(&row.get::<_, String>(9)?),
                })
            })?;
            rows.filter_map(|row| readable(row).transpose()).collect()
        })
    }
}

/// The number of the newest notice there has ever been; 0 when there was none.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notice'), 0)";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Put a history entry, given as episode id and index, into the outbox; returns the notice's number.
pub(super) fn add(connection: &Connection, entry: (i64, i64), at: Time, body: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("INSERT INTO notice(episode, entry, at, body) VALUES (?1, ?2, ?3, ?4)")?
        .insert(params![entry.0, entry.1, at.0, body])
}

/// Store a step forward of a target's cursor.
pub(super) fn write_progress(connection: &Connection, progress: &TargetProgress) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO target(name, notice) VALUES (?1, ?2)")?
        .execute(params![progress.target.as_str(), progress.notice])?;
    let Some(delivery) = &progress.delivery else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO delivery(target, notice, episode, entry, what, subject, at, attempts, outcome, words)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            delivery.target.as_str(),
            delivery.notice,
            i64::try_from(delivery.episode).unwrap_or(i64::MAX),
            delivery.entry,
            delivery.what.as_str(),
            delivery.subject,
            delivery.at.0,
            delivery.attempts,
            delivery.outcome.key(),
            delivery.words.as_str(),
        ])?;
    Ok(())
}
