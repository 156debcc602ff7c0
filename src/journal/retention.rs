//! Letting go of what is old, in small bites, so that writing never waits long for it.

use rusqlite::Connection;

use crate::clock::{Span, Time};

/// The most rows of one bite.
const BITE: usize = 5_000;

/// So long an entry stays in the outbox: nobody is told of what is older.
const OUTBOX: Span = Span::DAY;

/// From when on what is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    pub(super) events: Span,
    pub(super) episodes: Span,
}

impl Keep {
    pub(super) fn new(days: u32, episode_days: u32) -> Self {
        let span = |days: u32| Span(i64::from(days.max(1)) * Span::DAY.0);
        Self { events: span(days), episodes: span(episode_days) }
    }
}

/// Take one bite; says whether there is more to take.
pub(super) fn bite(connection: &mut Connection, keep: Keep, now: Time) -> rusqlite::Result<bool> {
    let bite = i64::try_from(BITE).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    let events = transaction
        .prepare_cached("DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE at < ?1 ORDER BY at LIMIT ?2)")?
        .execute([(now - keep.events).0, bite])?;
    let before = (now - keep.episodes).0;
    transaction
        .prepare_cached(
            "DELETE FROM trail WHERE episode IN
             (SELECT id FROM episode WHERE resolved < ?1 ORDER BY resolved, id LIMIT 500)",
        )?
        .execute([before])?;
    let episodes = transaction
        .prepare_cached(
            "DELETE FROM episode WHERE id IN (SELECT id FROM episode WHERE resolved < ?1 ORDER BY resolved, id LIMIT 500)",
        )?
        .execute([before])?;
    let notices = transaction
        .prepare_cached("DELETE FROM notice WHERE seq IN (SELECT seq FROM notice WHERE at < ?1 ORDER BY at LIMIT 500)")?
        .execute([(now - OUTBOX).0])?;
    let deliveries = transaction
        .prepare_cached(
            "DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery WHERE at < ?1 ORDER BY seq LIMIT 500)",
        )?
        .execute([before])?;
    transaction.commit()?;
    if events + episodes + notices + deliveries > 0 {
        // Give the freed pages back to the file system; a pragma that answers rows must be stepped to its end.
        let mut vacuum = connection.prepare_cached("PRAGMA incremental_vacuum(2000)")?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(events >= BITE || episodes.max(notices).max(deliveries) >= 500)
}
