//! Removes old rows, a few at a time, so that writing never waits long for it.
//!
//! Removed rows are gone for good, so the wall clock alone is not trusted: one that is wrong for a moment must cost
//! nothing. The journal has its own time. It follows the wall clock back at once, but it is at most a day ahead of the
//! time last stored, and catches up with a wall clock that is further ahead at twice the speed of time.

use rusqlite::{Connection, OptionalExtension};

use crate::clock::{Clock, Span, Time};

/// The most events removed at once.
const MAX_EVENTS: usize = 5_000;
/// The most episodes, notices and deliveries removed at once.
const MAX_ROWS: usize = 500;

/// How long an entry stays in the outbox once every target has dealt with it.
const OUTBOX_AGE: Span = Span::DAY;
/// How long it stays at most: the program may have been down for days, but a target may also be gone for good.
const MAX_OUTBOX_AGE: Span = Span(35 * Span::DAY.0);

/// How long rows are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    pub(super) events: Span,
    /// Of figures, as segments.
    pub(super) segments: Span,
    pub(super) episodes: Span,
}

impl Retention {
    pub(super) fn new(days: u32, figures_days: u32, episode_days: u32) -> Self {
        let span = |days: u32| Span(i64::from(days.max(1)) * Span::DAY.0);
        Self { events: span(days), segments: span(figures_days.max(days)), episodes: span(episode_days) }
    }
}

/// The journal's own time, by which old rows are removed.
#[derive(Debug)]
pub(super) struct RetentionClock {
    clock: Clock,
    /// The journal's time and the steady clock's time when the journal was opened.
    opened: (Time, Time),
    /// Whether the log says that the wall clock is not trusted.
    said: bool,
}

impl RetentionClock {
    /// Continue from the time that was stored last, or from the newest event if no time is stored.
    pub(super) fn new(connection: &Connection, clock: Clock) -> rusqlite::Result<Self> {
        let stored = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'time'";
        let newest = "SELECT at FROM event WHERE typeof(at) = 'integer' ORDER BY at DESC LIMIT 1";
        let read = |sql| connection.query_row(sql, [], |row| row.get(0).map(Time)).optional();
        let last = read(stored)?.or(read(newest)?).unwrap_or_else(|| clock.now());
        Ok(Self { opened: (last, clock.steady()), clock, said: false })
    }

    /// The journal's time when it was opened. The machine's clock showed it once.
    pub(super) const fn opened(&self) -> Time {
        self.opened.0
    }

    /// The journal's time now.
    pub(super) fn now(&mut self) -> Time {
        let (last, at) = self.opened;
        let passed = self.clock.steady().since(at);
        let (now, latest) = (self.clock.now(), last + Span::DAY + passed + passed);
        let believed = now <= latest;
        if !believed && !self.said {
            let days = now.since(last).0 / Span::DAY.0;
            tracing::warn!(
                "the clock is {days} days ahead of what the journal last saw ({last}): if it is right, old events are let go a day's worth at a time; if not, set it right"
            );
        }
        self.said = !believed;
        now.min(latest)
    }
}

/// Remove some old rows; returns whether more are left.
pub(super) fn remove_old(connection: &mut Connection, keep: Retention, now: Time) -> rusqlite::Result<bool> {
    let transaction = connection.transaction()?;
    let delete = |sql: &str, before: Time, limit: usize| {
        transaction.prepare_cached(sql)?.execute([before.0, i64::try_from(limit).unwrap_or(i64::MAX)])
    };
    let events = delete(
        // What no checkpoint contains stays: a source may have told of an old day just now, and its figures are nowhere else.
        // The newest one stays: checkpoints name it, and its number must not be given again.
        "DELETE FROM event WHERE seq IN
         (SELECT seq FROM event WHERE at < ?1 AND seq < (SELECT max(seq) FROM event)
          AND seq <= (SELECT max(event) FROM checkpoint) ORDER BY at LIMIT ?2)",
        now - keep.events,
        MAX_EVENTS,
    )?;
    let contacts = delete(
        "DELETE FROM contact WHERE number IN (SELECT number FROM contact WHERE ended < ?1 ORDER BY ended LIMIT ?2)",
        now - keep.events,
        MAX_EVENTS,
    )?;
    let segments = delete(
        "DELETE FROM segment WHERE id IN (SELECT id FROM segment WHERE last < ?1 ORDER BY last LIMIT ?2)",
        now - keep.segments,
        MAX_ROWS,
    )?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO meta(key, value) VALUES ('time', ?1)")?
        .execute([now.0.to_string()])?;
    let before = now - keep.episodes;
    delete(
        "DELETE FROM trail WHERE episode IN
         (SELECT id FROM episode WHERE resolved < ?1 ORDER BY resolved, id LIMIT ?2)",
        before,
        MAX_ROWS,
    )?;
    let episodes = delete(
        "DELETE FROM episode WHERE id IN (SELECT id FROM episode WHERE resolved < ?1 ORDER BY resolved, id LIMIT ?2)",
        before,
        MAX_ROWS,
    )?;
    // They name customers, as events do.
    let items = delete(
        "DELETE FROM item WHERE id IN (SELECT id FROM item WHERE closed < ?1 ORDER BY closed, id LIMIT ?2)",
        now - keep.events,
        MAX_ROWS,
    )?;
    let annotations = delete(
        "DELETE FROM annotation WHERE id IN (SELECT id FROM annotation WHERE at < ?1 ORDER BY at, id LIMIT ?2)",
        before,
        MAX_ROWS,
    )?;
    let settled = delete(
        "DELETE FROM notice WHERE seq IN
         (SELECT seq FROM notice WHERE at < ?1 AND NOT EXISTS (SELECT 1 FROM target WHERE notice < seq)
          ORDER BY at LIMIT ?2)",
        now - OUTBOX_AGE,
        MAX_ROWS,
    )?;
    let unsettled = delete(
        "DELETE FROM notice WHERE seq IN (SELECT seq FROM notice WHERE at < ?1 ORDER BY at LIMIT ?2)",
        now - MAX_OUTBOX_AGE,
        MAX_ROWS,
    )?;
    let deliveries = delete(
        "DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery WHERE at < ?1 ORDER BY seq LIMIT ?2)",
        before,
        MAX_ROWS,
    )?;
    transaction.commit()?;
    let notices = settled + unsettled;
    let others = [episodes, items, annotations, notices, deliveries];
    if events + contacts + segments + others.iter().sum::<usize>() > 0 {
        // Give the freed pages back to the file system. A pragma that returns rows must be stepped to its end.
        let mut vacuum = connection.prepare_cached("PRAGMA incremental_vacuum(2000)")?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(events.max(contacts) >= MAX_EVENTS || others.into_iter().any(|deleted| deleted >= MAX_ROWS))
}
