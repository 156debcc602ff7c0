//! The journal's thread: writes what the queue has gathered, one transaction at a time, and removes old rows while
//! there is nothing to write.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, params};
use rustc_hash::FxHashMap;
use tokio::sync::watch;

use super::archive;
use super::files::FileCheck;
use super::outbox;
use super::queue::{GATHER_INTERVAL, Job, WriteQueue};
use super::reader::EventBodyRef;
use super::retention::{self, Retention, RetentionClock};
use super::{Batch, Error, Settings};
use crate::alert::{Episode, State};
use crate::annotation::Annotation;
use crate::clock::Time;
use crate::text::Text;
use crate::worklist::WorkItem;

/// How long after a failed transaction the next one begins.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is checked that the files are still there, while there is nothing to write.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How often old rows are removed, when the last time left nothing more to remove.
const RETENTION_INTERVAL: Duration = Duration::from_mins(1);

/// The thread. Dropping it writes what is pending and waits for its end.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Arc<WriteQueue>,
    /// The number of the outbox's newest entry.
    newest: watch::Receiver<i64>,
    /// The number of the checkpoint in the file.
    checkpoint: Arc<AtomicU64>,
    /// The journal's time when it was opened.
    opened: Time,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        path: &Path,
        settings: &Settings,
        files: FileCheck,
    ) -> Result<Self, Error> {
        let queue = Arc::new(WriteQueue::default());
        let (sender, newest) = watch::channel(0);
        let retention_clock = RetentionClock::new(&connection, settings.clock.clone()).map_err(super::sqlite(path))?;
        let opened = retention_clock.opened();
        let mut work = WriterThread {
            connection,
            retention: Retention::new(settings.keep_days, settings.keep_figures_days, settings.keep_episodes_days),
            retention_clock,
            files,
            change: 0,
            last_episode: 0,
            last_item: 0,
            last_annotation: 0,
            stored_entries: FxHashMap::default(),
            newest: sender,
            checkpoint: Arc::default(),
        };
        let checkpoint = Arc::clone(&work.checkpoint);
        work.prepare().map_err(super::sqlite(path))?;
        let queue_of_thread = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || work.run(&queue_of_thread))
            .map_err(|source| Error::Io { path: PathBuf::from(path), source })?;
        Ok(Self { queue, newest, checkpoint, opened, thread: Some(thread) })
    }

    pub(super) const fn opened(&self) -> Time {
        self.opened
    }

    pub(super) fn queue(&self) -> &Arc<WriteQueue> {
        &self.queue
    }

    pub(super) fn checkpoint(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.checkpoint)
    }

    pub(super) fn newest(&self) -> watch::Receiver<i64> {
        self.newest.clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, the panic hook has reported it and nothing can be saved here.
            let _ = thread.join();
        }
    }
}

struct WriterThread {
    connection: Connection,
    retention: Retention,
    retention_clock: RetentionClock,
    files: FileCheck,
    /// Counts changes of episodes, items and annotations; followers poll it.
    change: i64,
    last_episode: u64,
    last_item: u64,
    last_annotation: u64,
    /// How many history entries of each open episode are stored.
    stored_entries: FxHashMap<u64, usize>,
    newest: watch::Sender<i64>,
    checkpoint: Arc<AtomicU64>,
}

impl WriterThread {
    fn prepare(&mut self) -> rusqlite::Result<()> {
        let newest = |table| {
            let sql = format!("SELECT coalesce(max(CAST(changed AS INTEGER)), 0), coalesce(max(id), 0) FROM {table}");
            self.connection.query_row(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        };
        self.change = 0;
        for (table, last) in [
            ("episode", &mut self.last_episode),
            ("item", &mut self.last_item),
            ("annotation", &mut self.last_annotation),
        ] {
            let (change, id) = newest(table)?;
            self.change = self.change.max(change);
            *last = u64::try_from(id).unwrap_or(0);
        }
        self.newest.send_replace(outbox::newest(&self.connection)?);
        self.checkpoint.store(archive::newest(&self.connection)?, Ordering::Release);
        Ok(())
    }

    fn run(mut self, queue: &WriteQueue) {
        let mut retention_due = Instant::now();
        loop {
            let (batch, waiters, closed) = match queue.next(retention_due.min(Instant::now() + CHECK_INTERVAL)) {
                Job::Write { batch, waiters, closed } => (batch, waiters, closed),
                Job::Idle => {
                    self.idle(queue, &mut retention_due);
                    continue;
                }
                Job::Stop => return,
            };
            let durable = waiters.iter().any(|waiter| waiter.durable);
            let result = self.check_files().and_then(|()| self.write(&batch, durable));
            match &result {
                Ok(()) => {
                    if queue.succeeded() {
                        tracing::info!("the journal is written again");
                    }
                }
                Err(why) => {
                    queue.failed(batch, why);
                    tracing::warn!(%why, "the journal cannot be written");
                }
            }
            for waiter in waiters {
                (waiter.on_stored)(result.clone());
            }
            if result.is_err() {
                if closed {
                    return;
                }
                std::thread::sleep(RETRY_INTERVAL);
            }
        }
    }

    /// Check that the files are still there. What is in a log that was deleted, and that this process still has open, is
    /// brought into the journal.
    fn check_files(&mut self) -> Result<(), Text> {
        let checked = self.files.check();
        if checked.is_err() && self.files.check_journal().is_ok() {
            drop(self.connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(())));
        }
        checked
    }

    /// Check the files while there is nothing to write, and remove old rows when that is due.
    fn idle(&mut self, queue: &WriteQueue, retention_due: &mut Instant) {
        if let Err(why) = self.check_files() {
            return queue.failed(Batch::default(), &why);
        }
        if queue.is_failing() {
            queue.succeeded();
        }
        if Instant::now() >= *retention_due {
            // An error here loses nothing: it is tried again, and the next write reports what is wrong.
            let more = self.remove_old().unwrap_or(false);
            *retention_due = Instant::now() + if more { GATHER_INTERVAL } else { RETENTION_INTERVAL };
        }
    }

    /// Remove some old rows; returns whether more are left.
    fn remove_old(&mut self) -> rusqlite::Result<bool> {
        let now = self.retention_clock.now();
        retention::remove_old(&mut self.connection, self.retention, now)
    }

    /// Write a batch, or nothing of it.
    fn write(&mut self, batch: &Batch, durable: bool) -> Result<(), Text> {
        let before = (self.change, self.last_episode, self.last_item, self.last_annotation);
        self.write_transaction(batch, durable).map_err(|error| {
            (self.change, self.last_episode, self.last_item, self.last_annotation) = before;
            Text::new(&error.to_string())
        })
    }

    fn write_transaction(&mut self, batch: &Batch, durable: bool) -> rusqlite::Result<()> {
        // SQLite does not let this be changed within a transaction.
        self.connection.pragma_update(None, "synchronous", if durable { "FULL" } else { "NORMAL" })?;
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO event(at, source, body) VALUES (?1, ?2, ?3)")?;
            // The checkpoint stands among the events, where it was made.
            let mut until_checkpoint = batch.checkpoint.as_ref().map(|checkpoint| checkpoint.events_before);
            for (source, events) in &batch.events {
                for event in events {
                    if until_checkpoint == Some(0) {
                        write_checkpoint(&transaction, batch)?;
                    }
                    until_checkpoint = until_checkpoint.and_then(|events| events.checked_sub(1));
                    let body = json(&EventBodyRef::from(event))?;
                    insert.execute(params![event.at.0, source.as_str(), body])?;
                }
            }
            if until_checkpoint.is_some() {
                write_checkpoint(&transaction, batch)?;
            }
            let mut cursor =
                transaction.prepare_cached("INSERT OR REPLACE INTO cursor(source, cursor) VALUES (?1, ?2)")?;
            for (source, text) in &batch.cursors {
                cursor.execute(params![source.as_str(), text])?;
            }
        }
        // One batch may hold several versions of an episode.
        let mut written: FxHashMap<u64, usize> = FxHashMap::default();
        let mut newest = None;
        for episode in &batch.episodes {
            self.change += 1;
            self.last_episode = self.last_episode.max(episode.id);
            let from = written.get(&episode.id).or_else(|| self.stored_entries.get(&episode.id)).copied().unwrap_or(0);
            newest = write_episode(&transaction, episode, self.change, from)?.or(newest);
            written.insert(episode.id, episode.trail.len());
        }
        for item in &batch.items {
            self.change += 1;
            self.last_item = self.last_item.max(item.id);
            write_item(&transaction, item, self.change)?;
        }
        for annotation in &batch.annotations {
            self.change += 1;
            self.last_annotation = self.last_annotation.max(annotation.id);
            write_annotation(&transaction, annotation, self.change)?;
        }
        // Retention may remove the newest one some day; its id must not be used again.
        for (is_new, key, last) in [
            (!batch.episodes.is_empty(), "last_episode", self.last_episode),
            (!batch.items.is_empty(), "last_item", self.last_item),
            (!batch.annotations.is_empty(), "last_annotation", self.last_annotation),
        ] {
            if is_new {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO meta(key, value) VALUES (?1, ?2)")?
                    .execute(params![key, last.to_string()])?;
            }
        }
        for progress in &batch.progress {
            outbox::write_progress(&transaction, progress)?;
        }
        transaction.commit()?;
        if let Some(newest) = newest {
            self.newest.send_replace(newest);
        }
        if let Some(checkpoint) = &batch.checkpoint {
            self.checkpoint.store(checkpoint.number(), Ordering::Release);
        }
        for episode in &batch.episodes {
            if episode.state == State::Resolved {
                self.stored_entries.remove(&episode.id);
            } else {
                self.stored_entries.insert(episode.id, episode.trail.len());
            }
        }
        Ok(())
    }
}

/// Write the checkpoint of a batch, with the number of the newest event at this point.
fn write_checkpoint(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    let Some(checkpoint) = &batch.checkpoint else { return Ok(()) };
    let newest = "SELECT coalesce(max(seq), 0) FROM event";
    archive::write(transaction, checkpoint, transaction.query_row(newest, [], |row| row.get(0))?)
}

/// Write an episode, and the entries of its history from index `from` on; those before are stored already. Returns the
/// number of the last entry that went into the outbox.
fn write_episode(
    connection: &Connection,
    episode: &Episode,
    change: i64,
    from: usize,
) -> rusqlite::Result<Option<i64>> {
    let id = i64::try_from(episode.id).unwrap_or(i64::MAX);
    let body = json(&Episode { trail: Vec::new(), ..episode.clone() })?;
    connection
        .prepare_cached(
            "INSERT INTO episode(id, changed, state, resolved, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT(id) DO UPDATE SET changed = ?2, state = ?3, resolved = ?4, body = ?5",
        )?
        .execute(params![id, change, episode.state.key(), episode.resolved.map(|at| at.0), &body])?;
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO trail(episode, seq, at, what, who, place, text, value)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut newest = None;
    for (seq, entry) in episode.trail.iter().enumerate().skip(from) {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let new = insert.execute(params![
            id,
            seq,
            entry.at.0,
            entry.kind.key(),
            entry.who.as_ref().map(|who| who.name.as_str()),
            entry.who.as_ref().map(|who| who.from.as_str()),
            entry.text.as_ref().map(Text::as_str),
            entry.value,
        ])?;
        // After a restart the history is written from its beginning again; entries that are stored are ignored.
        if new > 0 {
            newest = Some(outbox::add(connection, (id, seq), entry.at, &body)?);
        }
    }
    Ok(newest)
}

fn write_item(connection: &Connection, item: &WorkItem, change: i64) -> rusqlite::Result<()> {
    let id = i64::try_from(item.id).unwrap_or(i64::MAX);
    let closed = item.closed.as_ref().map(|closing| closing.at.0);
    connection
        .prepare_cached(
            "INSERT INTO item(id, changed, closed, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT(id) DO UPDATE SET changed = ?2, closed = ?3, body = ?4",
        )?
        .execute(params![id, change, closed, json(item)?])?;
    Ok(())
}

fn write_annotation(connection: &Connection, annotation: &Annotation, change: i64) -> rusqlite::Result<()> {
    let id = i64::try_from(annotation.id).unwrap_or(i64::MAX);
    connection
        .prepare_cached("INSERT OR REPLACE INTO annotation(id, changed, at, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, change, annotation.at.0, json(annotation)?])?;
    Ok(())
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
