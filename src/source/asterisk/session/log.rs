//! `queue_log` beside the manager interface: a file that is followed on a thread of its own.

use std::path::Path;

use tokio::sync::mpsc::{Receiver, channel};

use super::super::merge::Log;
use super::Asterisk;
use crate::board::Health;
use crate::clock::Clock;
use crate::event::{AgentState, EventKind};
use crate::source::detect::InputFormat;
use crate::source::link::Link;
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
            ..FileSettings::new(InputFormat::QueueLog, path.to_owned())
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

impl Asterisk {
    /// Read queue_log to where it stands now, before anything is said of the present.
    pub(super) async fn catch_up(&mut self, link: &mut Link) {
        while let Some(follower) = &mut self.follower {
            let message = match follower.waiting() {
                Some(message) => message,
                None if self.log_is_known => break,
                None => follower.next().await,
            };
            self.hear_log(message, link, false).await;
        }
    }

    /// Something of queue_log; `live` while the manager interface tells what agents do.
    pub(super) async fn hear_log(&mut self, message: Message, link: &mut Link, live: bool) {
        match message {
            Message::Events { mut events, cursor, .. } => {
                let now = self.now(link);
                events.retain(|event| {
                    if let EventKind::AgentState { agent, state, reason, .. } = &event.kind {
                        if live && *state != AgentState::AfterContact {
                            return false;
                        }
                        self.translator.agents.was_said(agent, *state, reason.as_ref());
                    }
                    self.merge.log_tells(event, now)
                });
                self.log_cursor = cursor.or_else(|| self.log_cursor.take());
                let kept = self.kept(link);
                link.events(events, kept).await;
            }
            Message::Rejected { rejection, .. } => {
                link.reject(rejection.place.as_str(), rejection.line, rejection.reason.as_str()).await;
            }
            Message::Health { health, reason, .. } if health != Health::Connecting => {
                self.log_is_known = true;
                self.log_stands(health, reason.as_str());
            }
            Message::Health { .. } | Message::Clock { .. } | Message::Remark { .. } => {}
        }
        self.remarks.say(&self.settings, link).await;
    }

    /// How the log does.
    fn log_stands(&mut self, health: Health, reason: &str) {
        if matches!(health, Health::Live | Health::Stale) {
            if self.merge.log == Log::Absent {
                self.merge.log = Log::Current;
            }
            self.remarks.log = None;
        } else {
            self.merge.log = Log::Absent;
            let why = if reason.is_empty() { "queue_log is no longer followed" } else { reason };
            self.remarks.log = Some(format!("{why}; calls are counted by the manager interface alone"));
        }
    }
}

/// What the log has to say next, where there is one.
pub(super) async fn next(follower: &mut Option<Follower>) -> Message {
    match follower {
        Some(follower) => follower.next().await,
        None => std::future::pending().await,
    }
}
