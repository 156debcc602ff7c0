//! The delivery loop of one target: it takes notices from the outbox in order, sends each, and records the outcome in the
//! journal.

mod catch_up;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
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

/// An older notice is not sent any more: what has come of it is told instead.
const MAX_NOTICE_AGE: Span = Span(10 * Span::MINUTE.0);
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

/// Why a target cannot go on.
enum Interruption {
    /// The journal has closed, or the program stops.
    Stopping,
    /// The journal can't be read.
    Journal(Error),
}

impl From<Error> for Interruption {
    fn from(error: Error) -> Self {
        Self::Journal(error)
    }
}

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
        let catch_up_at = self.clock.steady();
        let mut work = TargetTask {
            target: self,
            sender,
            failing,
            stop,
            repeat_at: Instant::now(),
            unsettled: BTreeSet::new(),
            catch_up_at: Some(catch_up_at),
            backoff: Backoff::default(),
            attempted: ((0, 0), 0),
            failures: 0,
        };
        work.run().await;
    }
}

struct TargetTask {
    target: NotifyTarget,
    sender: Sender,
    failing: watch::Sender<Vec<TargetRow>>,
    stop: CancellationToken,
    /// When the active alerts are next posted to Alertmanager.
    repeat_at: Instant,
    /// The episodes that the target may have to be told something about other than by a notice.
    unsettled: BTreeSet<u64>,
    /// When those are next compared with what the target was told, by the steady clock; `None` while nothing is left to
    /// tell.
    catch_up_at: Option<Time>,
    backoff: Backoff,
    /// The message that was last attempted, as (episode, entry), and how often.
    attempted: ((u64, i64), u32),
    /// Failed attempts in a row.
    failures: u32,
}

impl TargetTask {
    /// Work until the program stops or the journal closes.
    async fn run(&mut self) {
        let mut begun = false;
        loop {
            let done = if begun { self.round().await } else { self.begin().await };
            begun |= done.is_ok();
            let done = match done {
                Err(Interruption::Journal(error)) => {
                    tracing::warn!(target = %self.target.name, "nobody is told: {error}");
                    self.pause(RETRY_INTERVAL).await
                }
                done => done,
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Take up what was left when the program last ended.
    async fn begin(&mut self) -> Result<(), Interruption> {
        let NotifyTarget { name, common, outbox, .. } = &self.target;
        self.unsettled = outbox.unsettled(name, common.on.contains(&NoticeKind::Resolved))?.into_iter().collect();
        // Alerts that were active before the restart may have expired in Alertmanager.
        if self.target.kind == TargetKind::Alertmanager { self.repeat().await } else { Ok(()) }
    }

    /// Deliver the pending notices, or wait for more if there are none. Ends early after an attempt that failed: by the
    /// next one, something else may be to be told.
    async fn round(&mut self) -> Result<(), Interruption> {
        let notices = self.target.outbox.after(self.target.cursor, MAX_NOTICES_PER_READ)?;
        let mut passed_over = None;
        for notice in &notices {
            let superseded = self.target.clock.now().since(notice.at) > MAX_NOTICE_AGE;
            // What is older is told first.
            if !superseded && !self.catch_up().await? {
                return Ok(());
            }
            let due = match self.message_kind(&notice.episode)? {
                Some((what, _)) if self.is_held_back(&notice.episode, what, notice.at)? => None,
                due => due,
            };
            match due {
                None => passed_over = Some(notice.seq),
                Some((what, _)) if superseded => {
                    self.supersede(notice, what);
                    passed_over = None;
                }
                Some((what, again)) => {
                    if !self.deliver(notice, what, again).await? {
                        return Ok(());
                    }
                    passed_over = None;
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
        if !self.catch_up().await? || !notices.is_empty() { Ok(()) } else { self.wait().await }
    }

    fn message_kind(&self, episode: &Episode) -> Result<Option<(NoticeKind, bool)>, Error> {
        let told = self.target.outbox.last_delivery(&self.target.name, episode.id)?;
        Ok(message_kind(episode, &self.target.common, told.as_ref()))
    }

    fn is_held_back(&self, episode: &Episode, what: NoticeKind, now: Time) -> Result<bool, Error> {
        if !is_rate_limited(episode, what) {
            return Ok(false);
        }
        let last = self.target.outbox.last_delivery_about(&self.target.name, &subject(episode))?;
        Ok(last.is_some_and(|last| now.since(last) < FLAPPING_INTERVAL))
    }

    /// Send a notice once, and record the outcome. Returns `false` after a pause if it is to be tried again.
    async fn deliver(&mut self, notice: &Notice, what: NoticeKind, again: bool) -> Result<bool, Interruption> {
        let message = self.message(notice, what, again);
        let id = (notice.episode.id, notice.entry);
        let attempts = if self.attempted.0 == id { self.attempted.1 + 1 } else { 1 };
        self.attempted = (id, attempts);
        let tried = {
            let stopped = async {
                self.stop.cancelled().await;
                sleep(STOP_TIMEOUT).await;
            };
            tokio::select! {
                tried = self.sender.send(&message, &notice.episode) => tried,
                () = stopped => return Err(Interruption::Stopping),
            }
        };
        let (outcome, words) = match tried {
            Ok(answer) => (DeliveryOutcome::Delivered, answer),
            Err(Failure::Permanent(why)) => (DeliveryOutcome::Refused, why),
            Err(Failure::Retry(fault))
                if self.target.kind == TargetKind::Command && attempts >= MAX_COMMAND_ATTEMPTS =>
            {
                (DeliveryOutcome::GivenUp, format!("tried {attempts} times: {}", fault.reason))
            }
            Err(Failure::Retry(fault)) => {
                let wait = self.backoff.after(&fault, Span::ZERO);
                // One entry is enough for all that fails until something is delivered again.
                if self.failures == 0 {
                    drop(self.record(notice, what, DeliveryOutcome::Deferred, &fault.reason));
                }
                tracing::warn!(target = %self.target.name, attempts, "not told yet: {}", fault.reason);
                self.mark_failing(&fault.reason, wait);
                self.pause(wait).await?;
                return Ok(false);
            }
        };
        let (name, event, episode) = (&self.target.name, what.key(), notice.episode.id);
        if outcome == DeliveryOutcome::Delivered {
            self.unsettled.remove(&episode);
            tracing::info!(target = %name, event, episode, attempts, "told: {words}");
            self.mark_working();
        } else {
            tracing::error!(target = %name, event, episode, attempts, outcome = outcome.key(), "not told: {words}");
            // Whatever was wrong with the target may be put right while the alert holds.
            self.unsettled.insert(episode);
            let next = self.catch_up_later();
            self.mark_failing(&words, until(&self.target.clock, next));
        }
        self.backoff = Backoff::default();
        // The next notice waits until the outcome is durable, so that at most one message is ever sent twice.
        if let Ok(Err(why)) = self.record(notice, what, outcome, &words).await {
            tracing::warn!(target = %self.target.name, "what was told is not in the journal yet: {why}");
        }
        self.attempted = ((0, 0), 0);
        Ok(true)
    }

    /// Store what came of a notice. The cursor stays before one that is tried again.
    fn record(
        &self,
        notice: &Notice,
        what: NoticeKind,
        outcome: DeliveryOutcome,
        words: &str,
    ) -> oneshot::Receiver<Result<(), Text>> {
        let (target, episode) = (self.target.name.clone(), notice.episode.id);
        let attempts = if self.attempted.0 == (episode, notice.entry) { self.attempted.1 } else { 0 };
        let delivery = Delivery {
            target: target.clone(),
            notice: notice.seq,
            episode,
            entry: notice.entry,
            what: Label::fixed(what.key()),
            subject: subject(&notice.episode),
            at: self.target.clock.now(),
            attempts,
            outcome,
            words: Text::new(words),
        };
        let notice = if outcome == DeliveryOutcome::Deferred { self.target.cursor } else { notice.seq };
        self.target.outbox.advance(TargetProgress { target, notice, delivery: Some(delivery) })
    }

    fn message(&self, notice: &Notice, what: NoticeKind, again: bool) -> AlertMessage {
        let NotifyTarget { floor, journal, common, .. } = &self.target;
        let link = common.board_url.as_ref().map(|address| address.url().to_string());
        AlertMessage::of(notice, what, again, floor, journal, link, self.target.clock.now())
    }

    /// Wait for more notices or the next time to catch up; meanwhile repeat the active alerts for Alertmanager.
    async fn wait(&mut self) -> Result<(), Interruption> {
        let repeats = self.target.kind == TargetKind::Alertmanager;
        let catch_up_in = self.catch_up_at.map(|at| until(&self.target.clock, at));
        tokio::select! {
            () = self.stop.cancelled() => Err(Interruption::Stopping),
            more = self.target.outbox.changed() => if more { Ok(()) } else { Err(Interruption::Stopping) },
            () = sleep_until(self.repeat_at), if repeats => self.repeat().await,
            () = sleep(catch_up_in.unwrap_or_default()), if catch_up_in.is_some() => Ok(()),
        }
    }

    /// Post the active alerts to Alertmanager again.
    async fn repeat(&mut self) -> Result<(), Interruption> {
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
            () = self.stop.cancelled() => return Err(Interruption::Stopping),
        };
        match told {
            Ok(_) => self.mark_working(),
            Err(Failure::Retry(Fault { reason, .. }) | Failure::Permanent(reason)) => {
                tracing::warn!(target = %self.target.name, "the active alerts are not repeated: {reason}");
                self.mark_failing(&reason, alertmanager::REPEAT_INTERVAL);
            }
        }
        Ok(())
    }

    async fn pause(&self, wait: Duration) -> Result<(), Interruption> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Interruption::Stopping),
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
    fn mark_failing(&mut self, reason: &str, wait: Duration) {
        self.failures += 1;
        let now = self.target.clock.now();
        let next_try = Some(now + Span(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)));
        let (name, failures) = (self.target.name.clone(), self.failures);
        let reason = Text::new(reason);
        self.failing.send_modify(|rows| {
            let since = rows.iter().find(|row| row.name == name).map_or(now, |row| row.since);
            rows.retain(|row| row.name != name);
            rows.push(TargetRow { name, since, reason, failures, next_try });
        });
    }
}

/// How long it is until `at`, by the steady clock.
fn until(clock: &Clock, at: Time) -> Duration {
    Duration::from_micros(at.since(clock.steady()).0.unsigned_abs())
}

/// Identifies what an alert is about across its episodes: the rule, and the source or slice.
fn subject(episode: &Episode) -> String {
    let about = episode.source.as_ref().map_or_else(|| episode.slice.to_string(), Label::to_string);
    format!("{} · {about}", episode.rule)
}
