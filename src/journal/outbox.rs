//! The outbox: every entry of an episode's trail, in the order written, for those who are to be told of it.
//!
//! An entry goes into the outbox in the transaction that writes the trail, so what is kept is told and what is told
//! is kept. Each target has a cursor of its own; how a delivery ended and the cursor behind it share a transaction.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{oneshot, watch};

use super::reader::{Reader, label, trail};
use super::writer::Shared;
use super::{Batch, Error};
use crate::alert::Episode;
use crate::clock::Time;
use crate::text::{Label, Text};

/// An entry of a trail that somebody may have to be told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its number: rises, and never comes again.
    pub seq: i64,
    /// Its place in the trail, from 0.
    pub entry: i64,
    /// When it happened.
    pub at: Time,
    /// The episode as it stood when it was written down; its trail ends with this entry.
    pub episode: Episode,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The other side has it.
    Delivered,
    /// The other side does not want it, and never will.
    Refused,
    /// It was too old to be news by the time the other side could be reached.
    GivenUp,
}

/// What became of a notice that a target was to be told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The target's name.
    pub target: Label,
    /// The notice's number.
    pub notice: i64,
    /// The episode.
    pub episode: u64,
    /// The entry's place in its trail.
    pub entry: i64,
    /// What was told, in a word.
    pub what: Label,
    /// What it was about: rule and slice.
    pub subject: String,
    /// When it ended.
    pub at: Time,
    /// How often it was tried.
    pub attempts: u32,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// The same in words; never a secret.
    pub words: Text,
}

/// A target has been told of everything up to a notice.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetProgress {
    /// The target's name.
    pub target: Label,
    /// The notice's number.
    pub notice: i64,
    /// What became of that one; `None` where it was none of the target's business.
    pub delivery: Option<Delivery>,
}

/// What a target was last told of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastDelivery {
    /// In a word.
    pub what: Label,
    /// Of which entry of the trail.
    pub entry: i64,
}

/// The way of somebody who tells people, to the journal. It waits for nobody, and the journal never for it.
pub struct Outbox {
    reader: Reader,
    shared: Arc<Shared>,
    newest: watch::Receiver<i64>,
}

impl DeliveryOutcome {
    const WORDS: [(&'static str, Self); 3] =
        [("delivered", Self::Delivered), ("refused", Self::Refused), ("given_up", Self::GivenUp)];

    /// In a word.
    #[must_use]
    pub fn key(self) -> &'static str {
        Self::WORDS.iter().find(|(_, outcome)| *outcome == self).map_or("", |(word, _)| word)
    }
}

impl Outbox {
    pub(super) fn open(path: &Path, shared: Arc<Shared>, newest: watch::Receiver<i64>) -> Result<Self, Error> {
        Ok(Self { reader: Reader::open(path)?, shared, newest })
    }

    /// Another one, for another target.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn another(&self) -> Result<Self, Error> {
        Self::open(self.reader.path(), Arc::clone(&self.shared), self.newest.clone())
    }

    /// Wait until something is written into it; `false` once the journal has ended.
    pub async fn changed(&mut self) -> bool {
        self.newest.changed().await.is_ok()
    }

    /// What tells this journal from any other.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn journal(&self) -> Result<String, Error> {
        let sql = "SELECT coalesce((SELECT value FROM meta WHERE key = 'journal'), '')";
        self.reader.run(|connection| connection.query_row(sql, [], |row| row.get(0)))
    }

    /// Up to where a target has been told. One that has never been told anything begins with what comes next, and
    /// that is written down.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn cursor(&self, target: &Label) -> Result<i64, Error> {
        let sql = "SELECT notice FROM target WHERE name = ?1";
        let known = self
            .reader
            .run(|connection| connection.query_row(sql, [target.as_str()], |row| row.get::<_, i64>(0)).optional())?;
        if let Some(cursor) = known {
            return Ok(cursor);
        }
        let newest = self.reader.run(newest)?;
        drop(self.settle(TargetProgress { target: target.clone(), notice: newest, delivery: None }));
        Ok(newest)
    }

    /// What comes after a notice, in order, at most `limit`.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn after(&self, cursor: i64, limit: u32) -> Result<Vec<Notice>, Error> {
        self.reader.run(|connection| {
            let sql = "SELECT seq, episode, entry, at, body FROM notice WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![cursor, limit])?;
            let mut notices = Vec::new();
            while let Some(row) = rows.next()? {
                let (episode, entry): (i64, i64) = (row.get(1)?, row.get(2)?);
                // One that a newer format of the body made unreadable must not stop the others.
                let Ok(mut body) = serde_json::from_str::<Episode>(&row.get::<_, String>(4)?) else { continue };
                body.trail = trail(connection, episode)?;
                body.trail.truncate(usize::try_from(entry).unwrap_or(0) + 1);
                notices.push(Notice { seq: row.get(0)?, entry, at: Time(row.get(3)?), episode: body });
            }
            Ok(notices)
        })
    }

    /// What a target was last told of an episode.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn told(&self, target: &Label, episode: u64) -> Result<Option<LastDelivery>, Error> {
        let sql = "SELECT what, entry FROM delivery
                   WHERE target = ?1 AND episode = ?2 AND outcome = 'delivered' ORDER BY seq DESC LIMIT 1";
        self.reader.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let id = i64::try_from(episode).unwrap_or(i64::MAX);
            let told = |row: &rusqlite::Row<'_>| Ok(LastDelivery { what: label(row, 0)?, entry: row.get(1)? });
            statement.query_row(params![target.as_str(), id], told).optional()
        })
    }

    /// When a target was last told anything about a rule in a slice.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn told_about(&self, target: &Label, subject: &str) -> Result<Option<Time>, Error> {
        let sql = "SELECT max(at) FROM delivery WHERE target = ?1 AND subject = ?2 AND outcome = 'delivered'";
        self.reader.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row([target.as_str(), subject], |row| Ok(row.get::<_, Option<i64>>(0)?.map(Time)))
        })
    }

    /// The episodes that are not over.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn active(&self) -> Result<Vec<Episode>, Error> {
        self.reader.active()
    }

    /// Write down that a target has been told; what comes back says once it is in the file, or why it isn't.
    #[must_use]
    pub fn settle(&self, settled: TargetProgress) -> oneshot::Receiver<Result<(), Text>> {
        let (tell, told) = oneshot::channel();
        let batch = Batch { settled: vec![settled], ..Batch::default() };
        // Whoever asked may not care.
        self.shared.wait(batch, false, Box::new(move |done| drop(tell.send(done))));
        told
    }
}

impl Reader {
    /// The newest deliveries, newest first, at most `limit`.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>, Error> {
        self.run(|connection| {
            let sql = "SELECT target, notice, episode, entry, what, subject, at, attempts, outcome, words
                       FROM delivery ORDER BY seq DESC LIMIT ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([limit], |row| {
                let word: String = row.get(8)?;
                let outcome = DeliveryOutcome::WORDS.iter().find(|(known, _)| *known == word);
                Ok(Delivery {
                    target: label(row, 0)?,
                    notice: row.get(1)?,
                    episode: row.get::<_, i64>(2)?.unsigned_abs(),
                    entry: row.get(3)?,
                    what: label(row, 4)?,
                    subject: row.get(5)?,
                    at: Time(row.get(6)?),
                    attempts: row.get(7)?,
                    outcome: outcome.map_or(DeliveryOutcome::GivenUp, |(_, outcome)| *outcome),
                    words: Text::new(&row.get::<_, String>(9)?),
                })
            })?;
            rows.collect()
        })
    }
}

/// The number of the newest notice that there has ever been.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notice'), 0)";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Put an entry into the outbox; its number there.
pub(super) fn add(connection: &Connection, entry: (i64, i64), at: Time, body: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("INSERT INTO notice(episode, entry, at, body) VALUES (?1, ?2, ?3, ?4)")?
        .insert(params![entry.0, entry.1, at.0, body])
}

/// Write down that a target has been told.
pub(super) fn write(connection: &Connection, settled: &TargetProgress) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO target(name, notice) VALUES (?1, ?2)")?
        .execute(params![settled.target.as_str(), settled.notice])?;
    let Some(delivery) = &settled.delivery else { return Ok(()) };
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
