//! Removes what is old, a few rows at a time, so that writing never waits long for it.

use rusqlite::Connection;

use crate::clock::{Span, Time};

/// The most events removed at once.
const MAX_EVENTS: usize = 5_000;
/// The most episodes, notices and deliveries removed at once.
const MAX_ROWS: usize = 500;

/// How long an entry stays in the outbox; nothing older is delivered.
const OUTBOX_AGE: Span = Span::DAY;

/// How long rows are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    pub(super) events: Span,
    pub(super) episodes: Span,
}

impl Retention {
    pub(super) fn new(days: u32, episode_days: u32) -> Self {
        let span = |days: u32| Span(i64::from(days.max(1)) * Span::DAY.0);
        Self { events: span(days), episodes: span(episode_days) }
    }
}

/// Remove some old rows; returns whether more are left.
pub(super) fn remove_old(connection: &mut Connection, keep: Retention, now: Time) -> rusqlite::Result<bool> {
    let limit = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    let events = transaction
        .prepare_cached("DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE at < ?1 ORDER BY at LIMIT ?2)")?
        .execute([(now - keep.events).0, limit(MAX_EVENTS)])?;
    let before = (now - keep.episodes).0;
    transaction
        .prepare_cached(
            "DELETE FROM trail WHERE episode IN
             (SELECT id FROM episode WHERE resolved < ?1 ORDER BY resolved, id LIMIT ?2)",
        )?
        .execute([before, limit(MAX_ROWS)])?;
    let episodes = transaction
        .prepare_cached(
            "DELETE FROM episode WHERE id IN (SELECT id FROM episode WHERE resolved < ?1 ORDER BY resolved, id LIMIT ?2)",
        )?
        .execute([before, limit(MAX_ROWS)])?;
    let notices = transaction
        .prepare_cached("DELETE FROM notice WHERE seq IN (SELECT seq FROM notice WHERE at < ?1 ORDER BY at LIMIT ?2)")?
        .execute([(now - OUTBOX_AGE).0, limit(MAX_ROWS)])?;
    let deliveries = transaction
        .prepare_cached(
            "DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery WHERE at < ?1 ORDER BY seq LIMIT ?2)",
        )?
        .execute([before, limit(MAX_ROWS)])?;
    transaction.commit()?;
    if events + episodes + notices + deliveries > 0 {
        // Give the freed pages back to the file system. A pragma that returns rows must be stepped to its end.
        let mut vacuum = connection.prepare_cached("PRAGMA incremental_vacuum(2000)")?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(events >= MAX_EVENTS || episodes.max(notices).max(deliveries) >= MAX_ROWS)
}
