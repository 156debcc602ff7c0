//! Out to where people are: alerts told to a chat, a pager, a command or Alertmanager.
//!
//! ```text
//! floor ──episodes──▶ journal: trail + outbox, one transaction
//!                        └──notices, in order──▶ target ▸ message ▸ body ──▶ the other side
//!                        ◀──delivery + cursor, one transaction── target
//! ```
//!
//! The floor knows nothing of this: it writes episodes down as ever, and what is written is told. Each target goes on
//! from a cursor of its own in the journal, one notice after the other; a notice is behind it once the other side has
//! taken it, has refused it for good, or could not be reached for so long that it is no news any more. So nothing is
//! lost or told twice, save the one message whose confirmation was lost with the program.

mod alertmanager;
mod command;
mod filter;
mod message;
mod pagerduty;
mod post;
mod settings;
mod slack;
mod target;
mod teams;
mod template;
mod transport;

use std::io;
use std::panic::{self, AssertUnwindSafe};

use chrono_tz::Tz;
use futures_util::future::join_all;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::board::TargetRow;
use crate::clock::Clock;
use crate::journal::{Error, Outbox};
use crate::text::Label;

pub use message::AlertMessage;
pub use settings::{
    Alertmanager, ChatWebhook, CommandTarget, CommonSettings, PagerDuty, Settings, TargetKind, Transport, Webhook,
};
use target::NotifyTarget;

/// What can be told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// It is news, or news again.
    Firing,
    /// It has become critical.
    Worsening,
    /// Somebody has taken it, or put it off.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl NoticeKind {
    /// All of them, by their words.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("firing", Self::Firing),
        ("worsening", Self::Worsening),
        ("acknowledged", Self::Acknowledged),
        ("resolved", Self::Resolved),
    ];

    /// In a word.
    #[must_use]
    pub fn key(self) -> &'static str {
        Self::WORDS.iter().find(|(_, what)| *what == self).map_or("", |(word, _)| word)
    }
}

/// The floor that alerts are of, for those who are told of it.
#[derive(Clone, Debug)]
pub struct FloorInfo {
    /// The centre's name.
    pub title: Label,
    /// The zone in which people there read times.
    pub zone: Tz,
}

/// All targets at work.
#[derive(Debug)]
pub struct RunningTargets {
    /// Ask them to stop: what is being sent has a moment to be confirmed.
    pub stop: CancellationToken,
    /// Told once they have.
    pub ended: oneshot::Receiver<()>,
    /// Those that can't be told anything just now.
    pub failing: watch::Receiver<Vec<TargetRow>>,
}

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal can't be read.
    #[error(transparent)]
    Journal(#[from] Error),
    /// The system gives no thread.
    #[error("the system gives no thread: {0}")]
    Thread(#[from] io::Error),
}

/// Tell `targets` what comes into `outbox`, on a thread of their own.
///
/// # Errors
/// Where the journal can't be read or the system gives no thread.
pub fn start(
    targets: Vec<Settings>,
    floor: &FloorInfo,
    clock: &Clock,
    outbox: &Outbox,
) -> Result<RunningTargets, StartError> {
    let stop = CancellationToken::new();
    let (failing, failing_now) = watch::channel(Vec::new());
    let (tell, ended) = oneshot::channel();
    let journal = outbox.journal_id()?;
    let mut all = Vec::with_capacity(targets.len());
    for settings in targets {
        all.push(NotifyTarget::new(settings, floor.clone(), journal.clone(), clock.clone(), outbox.try_clone()?)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let until = stop.clone();
    std::thread::Builder::new().name("notify".to_owned()).spawn(move || {
        let run = || runtime.block_on(join_all(all.into_iter().map(|one| one.run(failing.clone(), until.clone()))));
        if panic::catch_unwind(AssertUnwindSafe(run)).is_err() {
            tracing::error!("a mistake in floorwatch: nobody is told of alerts any more; restart it");
            failing.send_replace(vec![TargetRow::lost()]);
        }
        runtime.shutdown_background();
        // Whoever waits may have lost patience.
        let _ = tell.send(());
    })?;
    Ok(RunningTargets { stop, ended, failing: failing_now })
}
