//! queue_log beside the manager interface: a file that is followed on a thread of its own.

use std::path::Path;

use tokio::sync::mpsc::{Receiver, channel};

use crate::clock::Clock;
use crate::source::detect::Format;
use crate::source::queue_log::Verbs;
use crate::source::settings::{FileSettings, Settings};
use crate::source::{Message, Running, SpawnError, follow};

/// How many messages may wait.
const MESSAGES: usize = 16;

/// A log that is followed.
pub(super) struct Follower {
    running: Running,
    from: Receiver<Message>,
}

impl Follower {
    /// Follow the log at `path` from `cursor`. Its events have the names that `settings` give.
    pub(super) fn start(
        settings: &Settings,
        path: &Path,
        verbs: &Verbs,
        clock: Clock,
        cursor: Option<&str>,
    ) -> Result<Self, SpawnError> {
        // The link puts the prefix before the names; that the log is quiet is no news beside a connection.
        let settings = Settings { prefix: None, ..settings.clone() };
        let file = FileSettings {
            verbs: verbs.clone(),
            stale_after_s: 0,
            ..FileSettings::new(Format::QueueLog, path.to_owned())
        };
        let (to, from) = channel(MESSAGES);
        let running = follow::spawn(0, &settings, &file, clock, cursor, to)?;
        Ok(Self { running, from })
    }

    /// What it has to say; it never ends while the source runs.
    pub(super) async fn next(&mut self) -> Message {
        match self.from.recv().await {
            Some(message) => message,
            // Its thread is gone, and has said why.
            None => std::future::pending().await,
        }
    }

    /// What it has said by now.
    pub(super) fn waiting(&mut self) -> Option<Message> {
        self.from.try_recv().ok()
    }

    /// There may be a new line.
    pub(super) fn wake(&self) {
        self.running.wake();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.running.stop();
    }
}
