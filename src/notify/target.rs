//! The delivery loop of one target: it takes notices from the outbox in order, sends each until it is accepted, refused
//! or too old, and records the outcome in the journal.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::filter::{FLAPPING_INTERVAL, is_rate_limited, message_kind};
use super::message::AlertMessage;
use super::settings::{CommonSettings, Settings, TargetKind};
use super::transport::Sender;
use super::{FloorInfo, NoticeKind, alertmanager};
use crate::alert::Episode;
use crate::board::TargetRow;
use crate::clock::{Clock, Span, Time};
use crate::journal::{Delivery, DeliveryOutcome, Error, Notice, Outbox, TargetProgress};
use crate::net::{Backoff, Fault};
use crate::text::{Label, Text};

/// An older notice is given up.
const MAX_NOTICE_AGE: Span = Span::HOUR;
/// How many notices are read from the outbox in one go.
const MAX_NOTICES_PER_READ: u32 = 50;
/// Attempts per message for a command: unlike a server, a failing command rarely recovers by itself.
const MAX_COMMAND_ATTEMPTS: u32 = 5;
/// How long a message in flight may wait for its confirmation once the program stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// The wait before the outbox is read again after an error.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// One target and its position in the outbox.
pub(super) struct NotifyTarget {
    name: Label,
    common: CommonSettings,
    kind: TargetKind,
    transport: super::Transport,
    floor: FloorInfo,
    journal: String,
    clock: Clock,
    outbox: Outbox,
    cursor: i64,
}

/// The journal has closed, or the program stops.
struct Stopping;

impl NotifyTarget {
    /// A target that continues at its cursor in the journal.
    pub(super) fn new(
        settings: Settings,
        floor: FloorInfo,
        journal: String,
        clock: Clock,
        outbox: Outbox,
    ) -> Result<Self, Error> {
        let (name, kind) = (settings.name(), settings.transport.kind());
        let cursor = outbox.cursor(&name)?;
        let Settings { common, transport, .. } = settings;
        Ok(Self { name, common, kind, transport, floor, journal, clock, outbox, cursor })
    }

    /// Deliver notices until `stop` is cancelled or the journal closes.
    pub(super) async fn run(self, failing: watch::Sender<Vec<TargetRow>>, stop: CancellationToken) {
        let sender = Sender::new(self.transport.clone(), self.clock.clone(), stop.clone());
        let mut work = TargetTask { target: self, sender, failing, stop, repeat_at: Instant::now(), failures: 0 };
        // Alerts that were active before the restart are posted first: they may have expired in Alertmanager.
        if work.target.kind == TargetKind::Alertmanager && work.repeat().await.is_err() {
            return;
        }
        while let Ok(()) = work.round().await {}
    }
}

struct TargetTask {
    target: NotifyTarget,
    sender: Sender,
    failing: watch::Sender<Vec<TargetRow>>,
    stop: CancellationToken,
    /// When the active alerts are next posted to Alertmanager.
    repeat_at: Instant,
    /// Failed attempts in a row.
    failures: u32,
}

impl TargetTask {
    /// Deliver the pending notices, or wait for more if there are none.
    async fn round(&mut self) -> Result<(), Stopping> {
        let notices = match self.target.outbox.after(self.target.cursor, MAX_NOTICES_PER_READ) {
            Ok(notices) => notices,
            Err(error) => {
                tracing::warn!(target = %self.target.name, "nobody is told: {error}");
                return self.pause(RETRY_INTERVAL).await;
            }
        };
        let mut passed_over = None;
        for notice in &notices {
            match self.message_kind(notice) {
                Ok(Some((what, again))) => {
                    self.deliver(notice, what, again).await?;
                    passed_over = None;
                }
                Ok(None) => passed_over = Some(notice.seq),
                Err(error) => {
                    tracing::warn!(target = %self.target.name, "nobody is told: {error}");
                    return self.pause(RETRY_INTERVAL).await;
                }
            }
            self.target.cursor = notice.seq;
        }
        if let Some(notice) = passed_over {
            // It need not be durable: after a crash the notices are skipped again.
            drop(self.target.outbox.advance(TargetProgress {
                target: self.target.name.clone(),
                notice,
                delivery: None,
            }));
        }
        if notices.is_empty() { self.wait().await } else { Ok(()) }
    }

    fn message_kind(&self, notice: &Notice) -> Result<Option<(NoticeKind, bool)>, Error> {
        let NotifyTarget { name, common, outbox, .. } = &self.target;
        let told = outbox.last_delivery(name, notice.episode.id)?;
        let Some((what, again)) = message_kind(notice, common, told.as_ref()) else { return Ok(None) };
        if is_rate_limited(notice, what) {
            let last = outbox.last_delivery_about(name, &subject(&notice.episode))?;
            if last.is_some_and(|last| notice.at.since(last) < FLAPPING_INTERVAL) {
                return Ok(None);
            }
        }
        Ok(Some((what, again)))
    }

    /// Send a notice, with retries, and record the outcome.
    async fn deliver(&mut self, notice: &Notice, what: NoticeKind, again: bool) -> Result<(), Stopping> {
        let message = self.message(notice, what, again);
        let mut backoff = Backoff::default();
        let mut attempts = 0;
        let mut last = None;
        let (outcome, words) = loop {
            if self.target.clock.now().since(notice.at) > MAX_NOTICE_AGE {
                let why = last.map_or_else(|| "nobody was there to tell it".to_owned(), |fault: Fault| fault.reason);
                break (DeliveryOutcome::GivenUp, format!("it was over an hour old: {why}"));
            }
            attempts += 1;
            let tried = {
                let stopped = async {
                    self.stop.cancelled().await;
                    sleep(STOP_TIMEOUT).await;
                };
                tokio::select! {
                    tried = self.sender.send(&message, &notice.episode) => tried,
                    () = stopped => return Err(Stopping),
                }
            };
            match tried {
                Ok(answer) => break (DeliveryOutcome::Delivered, answer),
                Err(Failure::Permanent(why)) => break (DeliveryOutcome::Refused, why),
                Err(Failure::Retry(fault)) => {
                    if self.target.kind == TargetKind::Command && attempts >= MAX_COMMAND_ATTEMPTS {
                        break (DeliveryOutcome::GivenUp, format!("tried {attempts} times: {}", fault.reason));
                    }
                    let wait = backoff.after(&fault, Span::ZERO);
                    self.mark_failing(&fault.reason, Some(wait));
                    last = Some(fault);
                    self.pause(wait).await?;
                }
            }
        };
        self.settle(notice, what, attempts, outcome, &words).await;
        Ok(())
    }

    async fn settle(
        &mut self,
        notice: &Notice,
        what: NoticeKind,
        attempts: u32,
        outcome: DeliveryOutcome,
        words: &str,
    ) {
        let target = self.target.name.clone();
        let (name, event, episode) = (&target, what.key(), notice.episode.id);
        if outcome == DeliveryOutcome::Delivered {
            tracing::info!(target = %name, event, episode, attempts, "told: {words}");
            self.mark_working();
        } else {
            tracing::error!(target = %name, event, episode, attempts, outcome = outcome.key(), "not told: {words}");
            self.mark_failing(words, None);
        }
        let delivery = Delivery {
            target: target.clone(),
            notice: notice.seq,
            episode,
            entry: notice.entry,
            what: Label::fixed(event),
            subject: subject(&notice.episode),
            at: self.target.clock.now(),
            attempts,
            outcome,
            words: Text::new(words),
        };
        let kept = self.target.outbox.advance(TargetProgress { target, notice: notice.seq, delivery: Some(delivery) });
        // The next notice waits until the outcome is durable, so that at most one message is ever sent twice.
        if let Ok(Err(why)) = kept.await {
            tracing::warn!(target = %self.target.name, "what was told is not in the journal yet: {why}");
        }
    }

    fn message(&self, notice: &Notice, what: NoticeKind, again: bool) -> AlertMessage {
        let NotifyTarget { floor, journal, common, .. } = &self.target;
        let link = common.board_url.as_ref().map(|address| address.url().to_string());
        AlertMessage::of(notice, what, again, floor, journal, link)
    }

    /// Wait for more notices; meanwhile repeat the active alerts for Alertmanager.
    async fn wait(&mut self) -> Result<(), Stopping> {
        let repeats = self.target.kind == TargetKind::Alertmanager;
        tokio::select! {
            () = self.stop.cancelled() => Err(Stopping),
            more = self.target.outbox.changed() => if more { Ok(()) } else { Err(Stopping) },
            () = sleep_until(self.repeat_at), if repeats => self.repeat().await,
        }
    }

    /// Post the active alerts to Alertmanager again.
    async fn repeat(&mut self) -> Result<(), Stopping> {
        self.repeat_at = Instant::now() + alertmanager::REPEAT_INTERVAL;
        let active = self.target.outbox.active().unwrap_or_default();
        let mut alerts = Vec::new();
        for episode in active {
            let known = self.target.outbox.last_delivery(&self.target.name, episode.id).ok().flatten();
            let Some(entry) = episode.trail.len().checked_sub(1).filter(|_| known.is_some()) else { continue };
            let entry = i64::try_from(entry).unwrap_or(i64::MAX);
            let notice = Notice { seq: 0, entry, at: self.target.clock.now(), episode };
            let message = self.message(&notice, NoticeKind::Firing, false);
            alerts.extend(alertmanager::alerts(&message, &notice.episode, self.target.clock.now()));
        }
        if alerts.is_empty() {
            return Ok(());
        }
        let told = tokio::select! {
            told = self.sender.repeat(alerts) => told,
            () = self.stop.cancelled() => return Err(Stopping),
        };
        match told {
            Ok(_) => self.mark_working(),
            Err(Failure::Retry(Fault { reason, .. }) | Failure::Permanent(reason)) => {
                self.mark_failing(&reason, Some(alertmanager::REPEAT_INTERVAL));
            }
        }
        Ok(())
    }

    async fn pause(&self, wait: Duration) -> Result<(), Stopping> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Stopping),
            () = sleep(wait) => Ok(()),
        }
    }

    /// A delivery succeeded: remove the target from the failing ones on the board.
    fn mark_working(&mut self) {
        self.failures = 0;
        let name = &self.target.name;
        self.failing.send_if_modified(|rows| {
            let before = rows.len();
            rows.retain(|row| row.name != *name);
            rows.len() != before
        });
    }

    /// A delivery failed: show the target on the board until one succeeds.
    fn mark_failing(&mut self, reason: &str, wait: Option<Duration>) {
        self.failures += 1;
        let now = self.target.clock.now();
        let next_try: Option<Time> = wait.map(|wait| now + Span(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)));
        let (name, failures) = (self.target.name.clone(), self.failures);
        if wait.is_some() {
            tracing::warn!(target = %name, failures, "not told yet: {reason}");
        }
        let reason = Text::new(reason);
        self.failing.send_modify(|rows| {
            let since = rows.iter().find(|row| row.name == name).map_or(now, |row| row.since);
            rows.retain(|row| row.name != name);
            rows.push(TargetRow { name, since, reason, failures, next_try });
        });
    }
}

/// Identifies what an alert is about across its episodes: the rule, and the source or slice.
fn subject(episode: &Episode) -> String {
    let about = episode.source.as_ref().map_or_else(|| episode.slice.to_string(), Label::to_string);
    format!("{} · {about}", episode.rule)
}
