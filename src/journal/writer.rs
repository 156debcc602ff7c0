//! The writer's thread: takes what has gathered, one transaction at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use tokio::sync::watch;

use super::outbox;
use super::reader::BodyRef;
use super::retention::{self, Keep};
use super::{Batch, Error, Settings};
use crate::alert::{Episode, State};
use crate::clock::Clock;
use crate::text::Text;

/// A transaction begins this long after the first thing that it holds…
const GATHER: Duration = Duration::from_millis(200);
/// … or at once when so many events have gathered.
const ENOUGH: usize = 5_000;
/// With so many pending, whoever brings more waits.
const TOO_MANY: usize = 100_000;
/// A failed transaction is tried again after this time.
const RETRY: Duration = Duration::from_secs(1);
/// While writing fails, so many events are held. Beyond, the journal gives up until it is opened anew: no cursor
/// is written any more either, so that sources are read again from the last one that was kept.
const HELD: usize = 500_000;
/// Retention takes a bite this often, while there is nothing else to do; more often while there is much to take.
const BITES: Duration = Duration::from_mins(1);

/// Whoever waits to hear how it went.
type Done = Box<dyn FnOnce(Result<(), Text>) + Send>;

#[derive(Default)]
pub(super) struct Shared {
    pending: Mutex<Pending>,
    /// Something has come, or the end.
    come: Condvar,
    /// Something was taken.
    taken: Condvar,
}

#[derive(Default)]
struct Pending {
    batch: Batch,
    events: usize,
    /// Whoever waits, and whether for the disk or only for the file.
    waiting: Vec<(Done, bool)>,
    since: Option<Instant>,
    end: bool,
    /// Why something isn't kept.
    failed: Option<Text>,
    /// The last transaction failed.
    broken: bool,
    given_up: bool,
}

/// The thread, and what it is given.
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// The number of the newest entry of the outbox.
    newest: watch::Receiver<i64>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`Writer::wait`].
    pub(super) fn wait(&self, batch: Batch, durable: bool, done: Done) {
        let mut pending = self.lock();
        // Events of a journal that has given up never reach the disk, though it is written again.
        let lost = pending.given_up && durable && batch.episodes.is_empty();
        let broken = if pending.broken || lost { pending.failed.clone() } else { None };
        let refused = broken.or_else(|| pending.end.then(|| Text::fixed("the journal has ended")));
        pending.add(batch);
        if let Some(why) = refused {
            drop(pending);
            return done(Err(why));
        }
        pending.waiting.push((done, durable));
        self.come.notify_one();
    }
}

impl Writer {
    pub(super) fn start(connection: Connection, path: &Path, settings: &Settings) -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let (newest, to_deliver) = watch::channel(0);
        let mut work = Work {
            connection,
            keep: Keep::new(settings.keep_days, settings.keep_episodes_days),
            clock: settings.clock.clone(),
            change: 0,
            last_episode: 0,
            trails: FxHashMap::default(),
            newest,
        };
        work.prepare().map_err(super::sqlite(path))?;
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || work.run(&of_thread))
            .map_err(|source| Error::Io { path: PathBuf::from(path), source })?;
        Ok(Self { shared, newest: to_deliver, thread: Some(thread) })
    }

    pub(super) fn record(&self, batch: Batch) {
        let mut pending = self.shared.lock();
        // While writing fails nobody waits: the board goes on.
        while pending.events >= TOO_MANY && !pending.broken && !pending.end {
            pending = self.shared.taken.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        pending.add(batch);
        self.shared.come.notify_one();
    }

    pub(super) fn keep(&self, episode: Episode, done: Done) {
        self.wait(Batch { episodes: vec![episode], ..Batch::default() }, true, done);
    }

    /// Write now, and tell how it went: once it is on the disk where it is to be `durable`, else in the file.
    pub(super) fn wait(&self, batch: Batch, durable: bool, done: Done) {
        self.shared.wait(batch, durable, done);
    }

    /// What else may write, and word of what there is to deliver.
    pub(super) fn outbox(&self) -> (Arc<Shared>, watch::Receiver<i64>) {
        (Arc::clone(&self.shared), self.newest.clone())
    }

    pub(super) fn flush(&self) -> Result<(), Text> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let done = Box::new(move |result| {
            // Nobody waits any more: nobody to tell.
            let _ = tell.send(result);
        });
        self.wait(Batch::default(), false, done);
        told.recv().unwrap_or_else(|_| Err(Text::fixed("the journal has ended")))
    }

    pub(super) fn failed(&self) -> Option<Text> {
        self.shared.lock().failed.clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().end = true;
        self.shared.come.notify_all();
        self.shared.taken.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there has been told of by the panic hook; there is nothing to save here.
            let _ = thread.join();
        }
    }
}

impl Pending {
    fn add(&mut self, mut batch: Batch) {
        if self.given_up {
            // Events and cursors are left to the next start; episodes are few and are tried on.
            batch.events.clear();
            batch.cursors.clear();
        }
        self.events += batch.events();
        self.batch.events.append(&mut batch.events);
        self.batch.cursors.append(&mut batch.cursors);
        self.batch.episodes.append(&mut batch.episodes);
        self.batch.settled.append(&mut batch.settled);
        self.since.get_or_insert_with(Instant::now);
    }

    /// How long to gather on; `None`: there is nothing.
    fn due(&self) -> Option<Duration> {
        let since = self.since?;
        if self.end || self.events >= ENOUGH || !self.waiting.is_empty() {
            return Some(Duration::ZERO);
        }
        Some(GATHER.saturating_sub(since.elapsed()))
    }
}

struct Work {
    connection: Connection,
    keep: Keep,
    clock: Clock,
    /// The counter of episodes' changes.
    change: i64,
    last_episode: u64,
    /// How much of an open episode's trail is written.
    trails: FxHashMap<u64, usize>,
    newest: watch::Sender<i64>,
}

impl Work {
    fn prepare(&mut self) -> rusqlite::Result<()> {
        let newest = "SELECT coalesce(max(changed), 0), coalesce(max(id), 0) FROM episode";
        let (change, last): (i64, i64) = self.connection.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.change = change;
        self.last_episode = u64::try_from(last).unwrap_or(0);
        self.newest.send_replace(outbox::newest(&self.connection)?);
        Ok(())
    }

    fn run(mut self, shared: &Shared) {
        let mut bites = Instant::now();
        loop {
            let mut pending = shared.lock();
            let taken = loop {
                match pending.due() {
                    Some(Duration::ZERO) => break true,
                    None if pending.end => return,
                    due => {
                        let rest = due.unwrap_or_else(|| bites.saturating_duration_since(Instant::now()));
                        if rest.is_zero() {
                            break false;
                        }
                        let waited = shared.come.wait_timeout(pending, rest);
                        pending = waited.unwrap_or_else(PoisonError::into_inner).0;
                    }
                }
            };
            if !taken {
                drop(pending);
                // An error here is no loss: it is tried again, and writing will tell of it.
                let more = retention::bite(&mut self.connection, self.keep, self.clock.now()).unwrap_or(false);
                bites = Instant::now() + if more { GATHER } else { BITES };
                continue;
            }
            let batch = std::mem::take(&mut pending.batch);
            let waiting = std::mem::take(&mut pending.waiting);
            let durable = waiting.iter().any(|(_, durable)| *durable);
            let broken_before = pending.broken;
            let ending = pending.end;
            pending.events = 0;
            pending.since = None;
            drop(pending);
            shared.taken.notify_all();
            let result = self.write(&batch, durable);
            let mut pending = shared.lock();
            pending.broken = result.is_err();
            match &result {
                Ok(()) if pending.given_up => {}
                Ok(()) => pending.failed = None,
                Err(why) => {
                    pending.failed.get_or_insert_with(|| why.clone());
                    pending.put_back(batch);
                }
            }
            drop(pending);
            let recovered = result.is_ok() && broken_before;
            if recovered {
                tracing::info!("the journal is written again");
            }
            let told = result.clone();
            for (done, _) in waiting {
                done(told.clone());
            }
            if let Err(why) = result {
                tracing::warn!(%why, "the journal cannot be written");
                if ending {
                    return;
                }
                shared.taken.notify_all();
                std::thread::sleep(RETRY);
            }
        }
    }

    fn write(&mut self, batch: &Batch, durable: bool) -> Result<(), Text> {
        let (change, last_episode) = (self.change, self.last_episode);
        let trails = self.transact(batch, durable);
        trails.map_err(|error| {
            (self.change, self.last_episode) = (change, last_episode);
            Text::new(&error.to_string())
        })
    }

    fn transact(&mut self, batch: &Batch, durable: bool) -> rusqlite::Result<()> {
        // Can't be changed within a transaction.
        self.connection.pragma_update(None, "synchronous", if durable { "FULL" } else { "NORMAL" })?;
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO event(at, source, body) VALUES (?1, ?2, ?3)")?;
            for (source, events) in &batch.events {
                for event in events {
                    let body = json(&BodyRef::from(event))?;
                    insert.execute(params![event.at.0, source.as_str(), body])?;
                }
            }
            let mut cursor =
                transaction.prepare_cached("INSERT OR REPLACE INTO cursor(source, cursor) VALUES (?1, ?2)")?;
            for (source, text) in &batch.cursors {
                cursor.execute(params![source.as_str(), text])?;
            }
        }
        let mut written = Vec::new();
        let mut newest = None;
        for episode in &batch.episodes {
            self.change += 1;
            self.last_episode = self.last_episode.max(episode.id);
            let from = written.iter().rev().find(|(id, _)| *id == episode.id).map(|(_, length)| *length);
            let from = from.or_else(|| self.trails.get(&episode.id).copied()).unwrap_or(0);
            newest = write_episode(&transaction, episode, self.change, from)?.or(newest);
            written.push((episode.id, episode.trail.len()));
        }
        if !batch.episodes.is_empty() {
            // Retention may remove the newest episode one day; its id must not come again.
            transaction
                .prepare_cached("INSERT OR REPLACE INTO meta(key, value) VALUES ('last_episode', ?1)")?
                .execute([self.last_episode.to_string()])?;
        }
        for settled in &batch.settled {
            outbox::write(&transaction, settled)?;
        }
        transaction.commit()?;
        if let Some(newest) = newest {
            self.newest.send_replace(newest);
        }
        for episode in &batch.episodes {
            if episode.state == State::Resolved {
                self.trails.remove(&episode.id);
            } else {
                self.trails.insert(episode.id, episode.trail.len());
            }
        }
        Ok(())
    }
}

impl Pending {
    /// A batch that could not be written goes first the next time.
    fn put_back(&mut self, mut batch: Batch) {
        std::mem::swap(&mut self.batch, &mut batch);
        self.batch.events.append(&mut batch.events);
        self.batch.cursors.append(&mut batch.cursors);
        self.batch.episodes.append(&mut batch.episodes);
        self.batch.settled.append(&mut batch.settled);
        self.events = self.batch.events();
        self.since.get_or_insert_with(Instant::now);
        if self.events > HELD {
            self.given_up = true;
            self.events = 0;
            self.batch.events = Vec::new();
            self.batch.cursors = Vec::new();
            let why = self.failed.take().unwrap_or_default();
            self.failed = Some(Text::new(&format!("{why}; events are not kept until floorwatch is started anew")));
        }
    }
}

/// `from`: how many entries of the trail are written already. The number of the last entry that went to the outbox.
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
        .execute(params![
            id,
            change,
            format!("{:?}", episode.state).to_lowercase(),
            episode.resolved.map(|at| at.0),
            &body
        ])?;
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
            entry.what.as_str(),
            entry.who.as_ref().map(|who| who.name.as_str()),
            entry.who.as_ref().map(|who| who.from.as_str()),
            entry.text.as_ref().map(Text::as_str),
            entry.value,
        ])?;
        // After a restart the trail is written anew from its beginning: what is there already is no news.
        if new > 0 {
            newest = Some(outbox::add(connection, (id, seq), entry.at, &body)?);
        }
    }
    Ok(newest)
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
