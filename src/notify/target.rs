//! One target at work: notice by notice, in order, for as long as the floor keeps its journal.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::filter::{FLAPPING, due, is_held_back};
use super::message::AlertMessage;
use super::settings::{CommonSettings, Settings, TargetKind};
use super::transport::{Failure, Sender};
use super::{FloorInfo, NoticeKind, alertmanager};
use crate::alert::Episode;
use crate::board::TargetRow;
use crate::clock::{Clock, Span, Time};
use crate::journal::{Delivery, DeliveryOutcome, Error, Notice, Outbox, TargetProgress};
use crate::net::{Backoff, Fault};
use crate::text::{Label, Text};

/// What happened longer ago is no news any more.
const NEWS: Span = Span::HOUR;
/// So many notices are read at once.
const AT_ONCE: u32 = 50;
/// A command that fails is tried so often: unlike a server, it won't be there later.
const COMMAND_TRIES: u32 = 5;
/// What is being sent when the program ends has so long to be confirmed.
const GRACE: Duration = Duration::from_secs(2);
/// The journal is asked again after so long where it could not be read.
const AGAIN: Duration = Duration::from_secs(5);

/// One target.
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

/// The floor's journal has ended, or the program is to.
struct Stopping;

impl NotifyTarget {
    /// A target that goes on where it was left.
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

    /// Tell everything that comes, until it is to stop.
    pub(super) async fn run(self, failing: watch::Sender<Vec<TargetRow>>, stop: CancellationToken) {
        let sender = Sender::new(self.transport.clone(), self.clock.clone(), stop.clone());
        let mut work = TargetTask { target: self, sender, failing, stop, repeat_at: Instant::now(), failures: 0 };
        // What lasts since before a restart comes first: what is new is told in its turn.
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
    /// When Alertmanager is next to be told what lasts.
    repeat_at: Instant,
    /// How often in a row it could not be told.
    failures: u32,
}

impl TargetTask {
    /// Tell what there is, then wait for more.
    async fn round(&mut self) -> Result<(), Stopping> {
        let notices = match self.target.outbox.after(self.target.cursor, AT_ONCE) {
            Ok(notices) => notices,
            Err(error) => {
                tracing::warn!(target = %self.target.name, "nobody is told: {error}");
                return self.pause(AGAIN).await;
            }
        };
        let mut passed_over = None;
        for notice in &notices {
            match self.due(notice) {
                Ok(Some((what, again))) => {
                    self.tell(notice, what, again).await?;
                    passed_over = None;
                }
                Ok(None) => passed_over = Some(notice.seq),
                Err(error) => {
                    tracing::warn!(target = %self.target.name, "nobody is told: {error}");
                    return self.pause(AGAIN).await;
                }
            }
            self.target.cursor = notice.seq;
        }
        if let Some(notice) = passed_over {
            // Nothing hangs on when it is written: at worst it is passed over again.
            drop(self.target.outbox.advance(TargetProgress {
                target: self.target.name.clone(),
                notice,
                delivery: None,
            }));
        }
        if notices.is_empty() { self.wait().await } else { Ok(()) }
    }

    fn due(&self, notice: &Notice) -> Result<Option<(NoticeKind, bool)>, Error> {
        let NotifyTarget { name, common, outbox, .. } = &self.target;
        let told = outbox.last_delivery(name, notice.episode.id)?;
        let Some((what, again)) = due(notice, common, told.as_ref()) else { return Ok(None) };
        if is_held_back(notice, what) {
            let last = outbox.last_delivery_about(name, &subject(&notice.episode))?;
            if last.is_some_and(|last| notice.at.since(last) < FLAPPING) {
                return Ok(None);
            }
        }
        Ok(Some((what, again)))
    }

    /// Tell it, however often it takes, and write down what became of it.
    async fn tell(&mut self, notice: &Notice, what: NoticeKind, again: bool) -> Result<(), Stopping> {
        let message = self.message(notice, what, again);
        let mut backoff = Backoff::default();
        let mut attempts = 0;
        let mut last = None;
        let (outcome, words) = loop {
            if self.target.clock.now().since(notice.at) > NEWS {
                let why = last.map_or_else(|| "nobody was there to tell it".to_owned(), |fault: Fault| fault.reason);
                break (DeliveryOutcome::GivenUp, format!("it was over an hour old: {why}"));
            }
            attempts += 1;
            let tried = {
                let stopped = async {
                    self.stop.cancelled().await;
                    sleep(GRACE).await;
                };
                tokio::select! {
                    tried = self.sender.tell(&message, &notice.episode) => tried,
                    () = stopped => return Err(Stopping),
                }
            };
            match tried {
                Ok(answer) => break (DeliveryOutcome::Delivered, answer),
                Err(Failure::Never(why)) => break (DeliveryOutcome::Refused, why),
                Err(Failure::Again(fault)) => {
                    if self.target.kind == TargetKind::Command && attempts >= COMMAND_TRIES {
                        break (DeliveryOutcome::GivenUp, format!("tried {attempts} times: {}", fault.reason));
                    }
                    let wait = backoff.after(&fault, Span::ZERO);
                    self.fails(&fault.reason, Some(wait));
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
            self.works();
        } else {
            tracing::error!(target = %name, event, episode, attempts, outcome = outcome.key(), "not told: {words}");
            self.fails(words, None);
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
        // The next one waits for this one to be in the file, so that at most one is ever told twice.
        if let Ok(Err(why)) = kept.await {
            tracing::warn!(target = %self.target.name, "what was told is not in the journal yet: {why}");
        }
    }

    fn message(&self, notice: &Notice, what: NoticeKind, again: bool) -> AlertMessage {
        let NotifyTarget { floor, journal, common, .. } = &self.target;
        let link = common.board_url.as_ref().map(|address| address.url().to_string());
        AlertMessage::of(notice, what, again, floor, journal, link)
    }

    /// Wait for more to tell.
    async fn wait(&mut self) -> Result<(), Stopping> {
        let repeats = self.target.kind == TargetKind::Alertmanager;
        tokio::select! {
            () = self.stop.cancelled() => Err(Stopping),
            more = self.target.outbox.changed() => if more { Ok(()) } else { Err(Stopping) },
            () = sleep_until(self.repeat_at), if repeats => self.repeat().await,
        }
    }

    /// Tell Alertmanager what lasts.
    async fn repeat(&mut self) -> Result<(), Stopping> {
        self.repeat_at = Instant::now() + alertmanager::AGAIN;
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
            Ok(_) => self.works(),
            Err(Failure::Again(Fault { reason, .. }) | Failure::Never(reason)) => {
                self.fails(&reason, Some(alertmanager::AGAIN));
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

    /// The target could be told: it is off the board.
    fn works(&mut self) {
        self.failures = 0;
        let name = &self.target.name;
        self.failing.send_if_modified(|rows| {
            let before = rows.len();
            rows.retain(|row| row.name != *name);
            rows.len() != before
        });
    }

    /// The target could not be told: it is on the board until it can.
    fn fails(&mut self, reason: &str, wait: Option<Duration>) {
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

/// What an alert is about, from one episode to the next.
fn subject(episode: &Episode) -> String {
    let about = episode.source.as_ref().map_or_else(|| episode.slice.to_string(), Label::to_string);
    format!("{} · {about}", episode.rule)
}
