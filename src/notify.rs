//! Sends notifications of alerts to chats, pagers, commands and Alertmanager.
//!
//! ```text
//! floor ──episodes──▶ journal: trail + outbox, one transaction
//!                        └──notices, in order──▶ target ▸ message ▸ body ──▶ the other side
//!                        ◀──delivery + cursor, one transaction── target
//! ```
//!
//! The floor only writes episodes to the journal; the notifier reads them from there. Each target has its own cursor in
//! the journal and handles one notice after the other. A notice that could not be sent for some minutes is superseded: what
//! the target was last told of the episode is compared with what the episode is now, and one message tells the
//! difference. So a target that was away hears of all that still holds and of the end of all it was told of, and at most
//! one message per target is sent twice: the one whose confirmation was lost when the program was killed.

mod alertmanager;
mod answer;
mod command;
mod failure;
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

/// The changes of an alert that a target can be notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The alert fired, or is active again after an acknowledgement or a snooze ended.
    Firing,
    /// The severity rose to critical.
    Worsening,
    /// Somebody acknowledged or snoozed the alert.
    Acknowledged,
    /// The alert is resolved.
    Resolved,
}

impl NoticeKind {
    /// Every kind with its key in the configuration and in messages.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("firing", Self::Firing),
        ("worsening", Self::Worsening),
        ("acknowledged", Self::Acknowledged),
        ("resolved", Self::Resolved),
    ];

    /// The key in the configuration and in messages.
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
    /// The time zone of times in messages.
    pub zone: Tz,
}

/// The running notifier.
#[derive(Debug)]
pub struct RunningTargets {
    /// Cancel this to stop all targets; a message in flight has two seconds to be confirmed.
    pub stop: CancellationToken,
    /// Resolved once every target has stopped.
    pub ended: oneshot::Receiver<()>,
    /// Those that can't be told anything just now.
    pub failing: watch::Receiver<Vec<TargetRow>>,
}

/// Why the notifier cannot start.
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
        // The receiver may have stopped waiting.
        let _ = tell.send(());
    })?;
    Ok(RunningTargets { stop, ended, failing: failing_now })
}
