//! Trying sources: each is started as for the board, heard until it is live or fails, and stopped. What it says goes
//! nowhere else: nothing is counted or kept.

use std::io;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, timeout_at};

use super::finding::Finding;
use crate::board::Health;
use crate::clock::{Clock, Span, duration};
use crate::source::{self, Connector, Message, Settings};
use crate::text::Text;

/// For so long a live source may tell what it knows.
const SETTLES: Duration = Duration::from_secs(1);
/// How many messages may wait to be heard.
const WAITING: usize = 64;

/// Try all of `sources` that aren't files, at once; each gets `patience` to be live.
///
/// # Errors
/// Where the system gives no runtime.
pub(super) fn of_all(sources: &[Settings], clock: &Clock, patience: Duration) -> io::Result<Vec<Finding>> {
    let live = sources.iter().filter(|source| !matches!(source.connector, Connector::File(_)));
    let trials: Vec<_> = live.map(|source| of_one(source, clock, patience)).collect();
    if trials.is_empty() {
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    Ok(runtime.block_on(join_all(trials)))
}

async fn of_one(settings: &Settings, clock: &Clock, patience: Duration) -> Finding {
    let about = Finding::about(settings.name().into(), settings.kind_label());
    let (to, from) = channel(WAITING);
    match source::spawn(0, settings, clock.clone(), None, to) {
        Ok(running) => {
            let found = listen(about, from, patience).await;
            // It is not waited for: the way to it may be slow to give up, and the program is about to end.
            running.stop();
            found
        }
        Err(error) => about.fails(&error.to_string()),
    }
}

/// Hear a source until it is live and has told what it knows, or fails.
async fn listen(mut found: Finding, mut from: Receiver<Message>, patience: Duration) -> Finding {
    let started = Instant::now();
    let mut until = started + patience;
    while let Ok(Some(message)) = timeout_at(until, from.recv()).await {
        match message {
            Message::Events { events, .. } => events.iter().for_each(|event| found.hear(event)),
            Message::Rejected { rejection, .. } => {
                found.set_aside += 1;
                found.reject(&rejection);
            }
            Message::Clock { ahead, .. } => found.clock_ahead = Some(ahead),
            Message::Remark { remark, .. } => found.remark = Some(remark).filter(|remark| !remark.is_empty()),
            Message::Health { health: Health::Connecting, .. } => found.health = Some(Health::Connecting),
            Message::Health { health: health @ (Health::Stale | Health::Down), reason, .. } => {
                found.health = Some(health);
                return found.fails(&explained(&reason));
            }
            Message::Health { health, .. } => {
                found.health = Some(health);
                if !found.ok {
                    found.ok = true;
                    found.took = i64::try_from(started.elapsed().as_micros()).ok().map(Span);
                    until = Instant::now() + SETTLES;
                }
            }
        }
    }
    if found.ok {
        return found;
    }
    let patience = duration::show(Span(i64::try_from(patience.as_micros()).unwrap_or(i64::MAX)));
    found.fails(&format!(
        "it was not live within {patience}: is it well, and the way there open? --timeout waits longer"
    ))
}

/// A reason; where a port is taken, by whom it may be.
fn explained(reason: &Text) -> String {
    if reason.as_str().to_ascii_lowercase().contains("address already in use")
        && !reason.as_str().contains("floorwatch")
    {
        return format!("{reason}: a floorwatch that is running has it, or another program");
    }
    reason.to_string()
}
