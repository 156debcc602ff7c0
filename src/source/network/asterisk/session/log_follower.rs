//! Reads `queue_log` beside the manager interface, on a thread of its own.

use std::mem;
use std::path::Path;

use tokio::sync::mpsc::{Receiver, channel};

use super::super::Settings as OwnSettings;
use super::super::merge::LogStatus;
use super::AsteriskSession;
use crate::board::Health;
use crate::clock::Clock;
use crate::event::{AgentState, Event, EventKind, Step};
use crate::source::file::follow;
use crate::source::format::detect::InputFormat;
use crate::source::network::reporter::Reporter;
use crate::source::settings::{FileSettings, Settings};
use crate::source::{Message, Running, SpawnError};

/// The messages that may wait in the channel.
const CHANNEL_CAPACITY: usize = 16;

/// So many states are held at most.
const MAX_HELD_STATES: usize = 100_000;

/// States of agents in the log. Some are of interfaces, and the first answer to `QueueStatus` tells whose these are; until it
/// comes they are held, and so is the cursor.
#[derive(Default)]
pub(super) struct HeldStates {
    states: Vec<Event>,
    cursor: Option<String>,
}

/// A thread that follows the log; dropping it stops the thread.
pub(super) struct LogFollower {
    running: Running,
    from: Receiver<Message>,
}

impl LogFollower {
    /// Follow the log at `path` from `cursor`. `settings` name the source, and `own` its words.
    pub(super) fn start(
        settings: &Settings,
        path: &Path,
        own: &OwnSettings,
        clock: Clock,
        cursor: Option<&str>,
    ) -> Result<Self, SpawnError> {
        // The reporter adds the prefix to the names. A quiet log is not stale while the connection is up.
        let settings = Settings { prefix: None, ..settings.clone() };
        let file = FileSettings {
            verbs: own.verbs.clone(),
            agent_aliases: own.agent_aliases.clone(),
            stale_after_s: 0,
            ..FileSettings::new(InputFormat::QueueLog, path.to_owned())
        };
        let (to, from) = channel(CHANNEL_CAPACITY);
        let running = follow::spawn(0, &settings, &file, clock, cursor, to)?;
        Ok(Self { running, from })
    }

    /// The next message. Once the thread has ended, which it reports beforehand, this waits for ever.
    async fn next(&mut self) -> Message {
        match self.from.recv().await {
            Some(message) => message,
            None => std::future::pending().await,
        }
    }

    /// A message that has already come.
    fn try_next(&mut self) -> Option<Message> {
        self.from.try_recv().ok()
    }

    /// Make the thread look for new lines at once.
    pub(super) fn wake(&self) {
        self.running.wake();
    }
}

impl Drop for LogFollower {
    fn drop(&mut self) {
        self.running.stop();
    }
}

impl AsteriskSession {
    /// Read queue_log up to its present end, before the board says anything of the present.
    pub(super) async fn catch_up_with_log(&mut self, reporter: &mut Reporter) {
        while let Some(follower) = &mut self.follower {
            let message = match follower.try_next() {
                Some(message) => message,
                None if self.log_is_known => break,
                None => follower.next().await,
            };
            self.process_log(message, reporter, false).await;
        }
    }

    /// Handle a message of the log's follower. `is_live` says that the manager interface reports the agents' states.
    pub(super) async fn process_log(&mut self, message: Message, reporter: &mut Reporter, is_live: bool) {
        match message {
            Message::Events { mut events, cursor, .. } => {
                if !events.is_empty() && self.log_strays_left.take() == Some(0) {
                    self.set_log_health(Health::Live, "");
                }
                if !is_live && self.held.states.len() < MAX_HELD_STATES {
                    self.held
                        .states
                        .extend(events.extract_if(.., |event| matches!(event.kind, EventKind::AgentState { .. })));
                    self.held.cursor = cursor.or_else(|| self.held.cursor.take());
                } else {
                    self.release_states(reporter).await;
                    self.log_cursor = cursor.or_else(|| self.log_cursor.take());
                }
                self.report_from_log(events, is_live, reporter).await;
            }
            Message::Rejected { rejection, .. } => {
                self.log_strays_left = self.log_strays_left.map(|left| left.saturating_sub(1));
                if self.log_strays_left == Some(0) {
                    let reason = format!("{} is no queue_log: no line of it is one", rejection.place);
                    self.set_log_health(Health::Down, &reason);
                }
                reporter.reject(rejection.place.as_str(), rejection.line, rejection.reason).await;
            }
            Message::Health { health, reason, .. } if health != Health::Connecting => {
                self.log_is_known = true;
                if self.log_strays_left != Some(0) {
                    self.set_log_health(health, reason.as_str());
                }
            }
            Message::Health { .. } | Message::Clock { .. } | Message::Remark { .. } => {}
        }
        self.remarks.send(&self.settings, reporter).await;
    }

    /// Report what the log says. `is_live` says that the manager interface reports the agents' states.
    async fn report_from_log(&mut self, mut events: Vec<Event>, is_live: bool, reporter: &mut Reporter) {
        let now = self.now(reporter);
        events.retain_mut(|event| {
            let at = event.at;
            event.kind.rename_agents(|agent| {
                if let Some(member) = self.translator.member_behind(agent, at) {
                    *agent = member;
                }
            });
            if let EventKind::AgentState { agent, state, reason, .. } = &event.kind {
                if is_live && *state != AgentState::AfterContact {
                    return false;
                }
                self.translator.members.set_reported(agent, *state, reason.as_ref());
            }
            if let EventKind::Contact { step: Step::Answered { agent, .. }, .. } = &event.kind {
                self.translator.members.note_named(agent);
            }
            self.merger.accept_from_log(event, now)
        });
        let cursor = self.cursor(reporter);
        reporter.send_events(events, cursor).await;
    }

    /// Report the states that were held, by what is known now of the interfaces.
    pub(super) async fn release_states(&mut self, reporter: &mut Reporter) {
        let HeldStates { states, cursor } = mem::take(&mut self.held);
        if states.is_empty() && cursor.is_none() {
            return;
        }
        self.log_cursor = cursor.or_else(|| self.log_cursor.take());
        self.report_from_log(states, false, reporter).await;
    }

    fn set_log_health(&mut self, health: Health, reason: &str) {
        if matches!(health, Health::Live | Health::Stale) {
            if self.merger.log == LogStatus::Absent {
                self.merger.log = LogStatus::Current;
            }
            self.remarks.log = None;
        } else {
            self.merger.log = LogStatus::Absent;
            let reason = if reason.is_empty() { "queue_log is no longer followed" } else { reason };
            self.remarks.log = Some(format!("{reason}; calls are counted by the manager interface alone"));
        }
    }
}

/// The next message of the follower, where there is one; else this waits for ever.
pub(super) async fn next_message(follower: &mut Option<LogFollower>) -> Message {
    match follower {
        Some(follower) => follower.next().await,
        None => std::future::pending().await,
    }
}
