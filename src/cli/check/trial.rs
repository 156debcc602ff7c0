//! Trials of sources: each source is started as for the board, read until it is live or fails, and stopped. Its events
//! are not counted or stored.

use std::io;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, timeout_at};

use super::finding::Finding;
use crate::board::Health;
use crate::clock::{Clock, Span, duration};
use crate::source::network::queue_log_sql;
use crate::source::{self, Connector, Message, Settings, SourceKind};
use crate::text::Text;

/// How long a trial goes on reading a source after it is live, to see its queues and agents.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);
/// The capacity of the channel from a source.
const MAX_QUEUED_MESSAGES: usize = 64;

/// Try all of `sources` that aren't files at the same time; each must be live within `timeout`.
///
/// # Errors
/// Where the system gives no runtime.
pub(super) fn of_all(sources: &[Settings], clock: &Clock, timeout: Duration) -> io::Result<Vec<Finding>> {
    let live = sources.iter().filter(|source| !matches!(source.connector, Connector::File(_)));
    let trials: Vec<_> = live.map(|source| of_one(source, clock, timeout)).collect();
    if trials.is_empty() {
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(join_all(trials)))
}

async fn of_one(settings: &Settings, clock: &Clock, timeout: Duration) -> Finding {
    let mut about = Finding::about(settings.name().into(), settings.kind_label());
    let mut cursor = None;
    if let Connector::QueueLogSql(keys) = &settings.connector {
        // Why it failed is said by the trial.
        if let Ok(Ok(inspection)) = tokio::time::timeout(timeout, queue_log_sql::inspect(keys)).await {
            about.found = Some(inspection.found);
            cursor = inspection.cursor;
        }
    }
    let (to, from) = channel(MAX_QUEUED_MESSAGES);
    match source::spawn(0, settings, clock.clone(), cursor.as_deref(), to) {
        Ok(running) => {
            let found = listen(about, from, timeout).await;
            // The end of the task is not awaited: its connection may be slow to close, and the program is about to end.
            running.stop();
            found
        }
        Err(error) => about.fails(&error.to_string()),
    }
}

/// Read a source until it is live and has settled, or fails.
async fn listen(mut found: Finding, mut from: Receiver<Message>, timeout: Duration) -> Finding {
    let started = Instant::now();
    let mut until = started + timeout;
    while let Ok(Some(message)) = timeout_at(until, from.recv()).await {
        match message {
            Message::Events { events, .. } => {
                for event in &events {
                    found.count(event);
                    if found.kind.as_str() == SourceKind::Http.word() {
                        found.show_row(event);
                    }
                }
            }
            Message::Rejected { rejection, .. } => {
                found.set_aside += 1;
                found.reject(&rejection);
            }
            Message::Clock { ahead, .. } => found.clock_ahead = Some(ahead),
            Message::Remark { remark, .. } => found.remark = Some(remark).filter(|remark| !remark.is_empty()),
            Message::Health { health: Health::Connecting, .. } => found.health = Some(Health::Connecting),
            Message::Health { health: health @ (Health::Degraded | Health::Stale | Health::Down), reason, .. } => {
                found.health = Some(health);
                return found.fails(&explain_failure(&reason));
            }
            Message::Health { health, .. } => {
                found.health = Some(health);
                if !found.ok {
                    found.ok = true;
                    found.took = i64::try_from(started.elapsed().as_micros()).ok().map(Span);
                    until = Instant::now() + SETTLE_TIMEOUT;
                }
            }
        }
    }
    if found.ok {
        return found;
    }
    let timeout = duration::show(Span(i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX)));
    found
        .fails(&format!("it was not live within {timeout}: is it well, and the way there open? --timeout waits longer"))
}

/// The reason of a failure; if a port is in use, with what may be using it.
fn explain_failure(reason: &Text) -> String {
    if reason.as_str().to_ascii_lowercase().contains("address already in use")
        && !reason.as_str().contains("floorwatch")
    {
        return format!("{reason}: a floorwatch that is running has it, or another program");
    }
    reason.to_string()
}
