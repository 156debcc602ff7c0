//! The queue of batches for the journal's thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Batch;
use crate::text::Text;

/// How long batches are gathered before a transaction begins.
pub(super) const GATHER_INTERVAL: Duration = Duration::from_millis(200);
/// With this many events, the transaction begins at once.
const BATCH_EVENTS: usize = 5_000;
/// With this many events pending, [`WriteQueue::push`] blocks.
const MAX_PENDING_EVENTS: usize = 25_000;
/// While writing fails, up to this many events are held. Beyond that, the journal gives up on events until it is opened
/// again. It stores no cursors any more either, so the sources are read again from the last stored cursor.
const MAX_HELD_EVENTS: usize = 500_000;

/// Called on the journal's thread when a batch is stored, or with the reason why it cannot be.
pub(super) type OnStored = Box<dyn FnOnce(Result<(), Text>) + Send>;

/// A caller that waits for its batch.
pub(super) struct Waiter {
    /// Whether the batch must be on the disk, or only in the file.
    pub(super) durable: bool,
    pub(super) on_stored: OnStored,
}

/// Batches on their way to the journal's thread. Shared by the [`super::Journal`], its outboxes and the thread.
#[derive(Default)]
pub(super) struct WriteQueue {
    pending: Mutex<Pending>,
    /// Signalled when something was pushed or the queue was closed.
    pushed: Condvar,
    /// Signalled when the thread took a batch or stopped waiting for the disk.
    taken: Condvar,
}

#[derive(Default)]
struct Pending {
    batch: Batch,
    waiters: Vec<Waiter>,
    /// When the oldest part of the batch was pushed.
    since: Option<Instant>,
    closed: bool,
    /// Why something is not stored; `None` if all is stored.
    failure: Option<Text>,
    /// Whether the last transaction failed.
    failing: bool,
    /// Whether events were dropped: see [`MAX_HELD_EVENTS`].
    gave_up: bool,
}

/// What the thread is to do next.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, which is moved once")]
pub(super) enum Job {
    Write {
        batch: Batch,
        waiters: Vec<Waiter>,
        closed: bool,
    },
    /// Nothing was pushed until the deadline.
    Idle,
    /// The queue is closed and empty.
    Stop,
}

impl WriteQueue {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queue a batch. Blocks while far too much is pending, but not while writing fails, so that the board continues.
    pub(super) fn push(&self, batch: Batch) {
        let mut pending = self.lock();
        while pending.batch.event_count() >= MAX_PENDING_EVENTS && !pending.failing && !pending.closed {
            pending = self.taken.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        pending.add(batch);
        self.pushed.notify_one();
    }

    /// Queue a batch and have it written at once; `on_stored` is called when that is done, on the disk if `durable`.
    pub(super) fn push_and_notify(&self, batch: Batch, durable: bool, on_stored: OnStored) {
        let mut pending = self.lock();
        // A journal that gave up on events never stores them, even if it can be written again.
        let is_lost = pending.gave_up && durable && batch.is_of_sources();
        let failure = if pending.failing || is_lost { pending.failure.clone() } else { None };
        let refusal = failure.or_else(|| pending.closed.then(closed));
        if let Some(why) = refusal {
            let mut batch = batch;
            batch.drop_commands();
            pending.add(batch);
            drop(pending);
            return on_stored(Err(why));
        }
        pending.add(batch);
        pending.waiters.push(Waiter { durable, on_stored });
        self.pushed.notify_one();
    }

    /// Write everything queued so far, and wait for it.
    pub(super) fn flush(&self) -> Result<(), Text> {
        self.push_and_wait(Batch::default(), false)
    }

    /// Queue a batch and wait until it is stored.
    pub(super) fn push_and_wait(&self, batch: Batch, durable: bool) -> Result<(), Text> {
        let (sender, result) = std::sync::mpsc::sync_channel(1);
        // The receiver cannot be gone: this function waits for it.
        self.push_and_notify(batch, durable, Box::new(move |stored| drop(sender.send(stored))));
        result.recv().unwrap_or_else(|_| Err(closed()))
    }

    /// Why something is not stored; `None` if all is stored.
    pub(super) fn failure(&self) -> Option<Text> {
        self.lock().failure.clone()
    }

    /// Let the thread write what is pending and end.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.pushed.notify_all();
        self.taken.notify_all();
    }

    /// For the thread: wait for the next batch, or until `deadline` while nothing is pending.
    pub(super) fn next(&self, deadline: Instant) -> Job {
        let mut pending = self.lock();
        loop {
            let rest = match pending.gathering_time_left() {
                Some(Duration::ZERO) => {
                    let batch = std::mem::take(&mut pending.batch);
                    let waiters = std::mem::take(&mut pending.waiters);
                    pending.since = None;
                    let closed = pending.closed;
                    drop(pending);
                    self.taken.notify_all();
                    return Job::Write { batch, waiters, closed };
                }
                Some(rest) => rest,
                None if pending.closed => return Job::Stop,
                None => deadline.saturating_duration_since(Instant::now()),
            };
            if rest.is_zero() {
                return Job::Idle;
            }
            pending = self.pushed.wait_timeout(pending, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// For the thread: a batch was written. Returns whether the one before had failed.
    pub(super) fn succeeded(&self) -> bool {
        let mut pending = self.lock();
        if !pending.gave_up {
            pending.failure = None;
        }
        std::mem::replace(&mut pending.failing, false)
    }

    /// For the thread: whether the last batch could not be written, or could not have been.
    pub(super) fn is_failing(&self) -> bool {
        self.lock().failing
    }

    /// For the thread: a batch could not be written. It comes first in the next transaction.
    pub(super) fn failed(&self, mut batch: Batch, why: &Text) {
        batch.drop_commands();
        let mut pending = self.lock();
        pending.failing = true;
        pending.failure.get_or_insert_with(|| why.clone());
        pending.put_back(batch);
        drop(pending);
        self.taken.notify_all();
    }
}

impl Pending {
    fn add(&mut self, mut batch: Batch) {
        if self.gave_up {
            // Events and cursors are read again after the next start. Episodes are few, so they are kept and retried.
            batch.events.clear();
            batch.cursors.clear();
            batch.checkpoint = None;
        }
        self.batch.append(batch);
        self.since.get_or_insert_with(Instant::now);
    }

    fn put_back(&mut self, batch: Batch) {
        let newer = std::mem::replace(&mut self.batch, batch);
        self.batch.append(newer);
        self.since.get_or_insert_with(Instant::now);
        if self.batch.event_count() > MAX_HELD_EVENTS {
            self.gave_up = true;
            self.batch.events = Vec::new();
            self.batch.cursors = Vec::new();
            self.batch.checkpoint = None;
            let why = self.failure.take().unwrap_or_default();
            self.failure = Some(Text::new(&format!("{why}; events are not kept until floorwatch is started anew")));
        }
    }

    /// How much longer to gather; `None` when nothing is pending.
    fn gathering_time_left(&self) -> Option<Duration> {
        let since = self.since?;
        if self.closed || self.batch.event_count() >= BATCH_EVENTS || !self.waiters.is_empty() {
            return Some(Duration::ZERO);
        }
        Some(GATHER_INTERVAL.saturating_sub(since.elapsed()))
    }
}

impl std::fmt::Debug for WriteQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteQueue").finish_non_exhaustive()
    }
}

fn closed() -> Text {
    Text::fixed("the journal has ended")
}
