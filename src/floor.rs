//! The floor: the one task that owns engine, alert evaluator and journal, and the handle through which everybody else
//! reaches it.
//!
//! ```text
//! sources ──Message──▶ ┌───────── Floor::run ─────────┐ ──Arc<Board>──▶ watch channel ──▶ screens, hub
//! handles ──Request──▶ │ engine ─▶ evaluator ─▶ board │ ──reply──▶ the caller of the handle
//!                      └──────────────┬───────────────┘
//!                                  Batch ──▶ journal thread ──▶ outbox ──▶ notifier
//! ```
//!
//! 1. A message with events goes into the [`Engine`] first, then into the journal's queue together with the cursor of
//!    its source.
//! 2. Once a second the evaluator judges the engine's figures; the episodes that changed go into the journal's queue.
//! 3. When something changed, a board is published: at most twenty times a second, never for more than a tenth of the
//!    floor's time, and at least once a second so that ages advance.
//!
//! No lock guards the state, and the floor never waits for a reader, the disk or the notifier. (If the journal is far
//! behind, queueing to it blocks: that slows the sources down instead of losing events.) A source waits for room in the
//! message channel, and a push source for the receipt that its events are stored. The caller of a command waits until
//! the changed episode is on the disk. A screen waits for nothing: it draws the newest board.

mod assemble;
mod changing;
mod following;
pub mod handle;
mod judging;
mod persistence;
mod portions;
mod progress;
mod recording;
mod restoring;
mod role;
mod sources;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::alert::{Episode, Evaluator, Rule};
use crate::annotation::Annotations;
use crate::board::{Board, ContactRow, Health, Keeper, Mode};
use crate::clock::{Clock, Span, Time};
use crate::engine::{self, Engine};
use crate::journal::Unreadable;
use crate::kpi::format::age;
use crate::source::{Message, Rejection, RejectionReason};
use crate::text::{Label, Text};
use crate::worklist::Worklist;

pub use crate::journal::CommandOutcome;
pub use changing::{FloorChange, without_limits};
pub(crate) use handle::Request;
pub use handle::{CommandSubject, ContactFilter, ContactQuery, FloorClosed, FloorCommand, Handle, ReplayCommand};
use judging::JudgingUnderWay;
use portions::{PortionedRequests, QuestionUnderWay};
use recording::Jump;
pub use recording::Recording;
pub use restoring::read_journal;
pub use role::{Cursors, ForwardCommand, NotifierHandle, Persistence, StartNotifier, StartSources};
use role::{JournalRole, UnkeptCommand};
pub use sources::SourceInfo;
use sources::Sources;

/// The shortest interval between two boards, and the interval of ticks.
const MIN_PUBLISH_INTERVAL: Duration = Duration::from_millis(50);
/// The share of the floor's time that making boards may take is 1 divided by this. On a huge floor, boards are
/// therefore published less often.
const PUBLISH_COST_FACTOR: u32 = 10;
/// How often alerts are evaluated. A board is published at least as often.
const EVALUATION_INTERVAL: Duration = Duration::from_secs(1);
/// A figure that is past its limit at the first evaluation is assumed to have been so for this long. Longer than the
/// `for` of any built-in rule, so that those fire at once after a start.
const ASSUMED_PAST: Span = Span(6 * Span::MINUTE.0);
/// The most messages processed before requests are looked at again, which bounds how long a request waits.
const MAX_MESSAGES: usize = 8;
/// If the wall clock moves this far relative to the steady clock, it was set; smaller differences are normal
/// corrections.
const MIN_CLOCK_STEP: Span = Span::seconds(2);
/// How long the board shows that the wall clock was set.
const CLOCK_REMARK_LASTS: Span = Span(10 * Span::MINUTE.0);
/// The most resolved episodes held for the history page.
const MAX_HISTORY: usize = 500;

/// The settings of a floor.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The centre's name, for the head of the board.
    pub title: Label,
    /// How figures are counted.
    pub engine: engine::Settings,
    /// The alert rules in force.
    pub rules: Vec<Rule>,
    /// Settings of all alert rules.
    pub alerts: crate::alert::Settings,
    /// Settings of the worklists.
    pub worklist: crate::worklist::Settings,
    /// The sources, in the order of their index in messages.
    pub sources: Vec<SourceInfo>,
}

/// Where a floor's events come from.
#[derive(Debug)]
pub enum Feed {
    /// Sources that send messages.
    Sources(mpsc::Receiver<Message>),
    /// A recording that the floor plays itself.
    Recording(Recording),
    /// No events: the floor follows another one, or has not started its sources yet.
    Nothing,
}

/// A floor. [`Floor::run`] is its task.
pub struct Floor {
    settings: Settings,
    clock: Clock,
    /// How far the wall clock was ahead of the steady one at the last check.
    wall_ahead: Span,
    /// The remark that the wall clock was set, and until when it is shown.
    clock_remark: Option<(Time, Text)>,
    /// Remarks on the journal.
    journal_remarks: Vec<Text>,
    /// The rows of the journal that can't be read, by what they are.
    unreadable: BTreeMap<&'static str, Unreadable>,
    /// How far a long reading of the journal has come.
    reading: Option<Text>,
    /// Remarks on the configuration.
    config_remarks: Vec<Text>,
    /// What the configuration says by now, and the remark on that.
    changes: mpsc::Receiver<FloorChange>,
    change_remark: Option<Text>,
    /// Whether events of the journal were skipped because they are in the future.
    passed_over: bool,
    mode: Mode,
    keeper: Keeper,
    engine: Engine,
    evaluator: Evaluator,
    worklist: Worklist,
    annotations: Annotations,
    sources: Sources,
    history: VecDeque<Episode>,
    feed: Feed,
    role: JournalRole,
    notifier: Option<NotifierHandle>,
    requests: mpsc::Receiver<Request>,
    portioned: PortionedRequests,
    /// Commands that were executed and could not be stored.
    unkept: (mpsc::UnboundedSender<UnkeptCommand>, mpsc::UnboundedReceiver<UnkeptCommand>),
    boards: watch::Sender<Arc<Board>>,
    seq: u64,
    /// Whether alerts have been evaluated since the start or the last jump of a replay.
    evaluated: bool,
    /// Whether something changed since the last board.
    dirty: bool,
    last_publish: Instant,
    /// The shortest time from the last board to the next one.
    publish_interval: Duration,
    last_evaluation: Instant,
    judging: JudgingUnderWay,
    last_tick: Instant,
    /// How many events the last checkpoint does not contain, and when it was made.
    since_checkpoint: u64,
    last_checkpoint: Instant,
}

impl Floor {
    /// An empty floor and its handle. Run it with [`Floor::run`].
    #[must_use]
    pub fn new(settings: Settings, clock: Clock, mode: Mode, feed: Feed) -> (Self, Handle) {
        let (sender, requests) = mpsc::channel(64);
        let (boards, board) = watch::channel(Arc::default());
        let now = clock.now();
        let wall_ahead = clock.wall_ahead();
        let started = Instant::now();
        let mut sources = Sources::new(&settings.sources, now);
        if matches!(feed, Feed::Recording(_)) {
            sources.set_health(0, Health::Live, Text::default(), now, None);
        }
        let mut floor = Self {
            engine: Engine::new(settings.engine.clone()),
            evaluator: new_evaluator(&settings),
            worklist: Worklist::new(settings.worklist.clone()),
            annotations: Annotations::default(),
            sources,
            settings,
            clock,
            wall_ahead,
            clock_remark: None,
            journal_remarks: Vec::new(),
            unreadable: BTreeMap::new(),
            reading: None,
            config_remarks: Vec::new(),
            changes: mpsc::channel(1).1,
            change_remark: None,
            passed_over: false,
            mode,
            keeper: Keeper::Nobody,
            history: VecDeque::new(),
            feed,
            role: JournalRole::None,
            notifier: None,
            requests,
            portioned: PortionedRequests::default(),
            unkept: mpsc::unbounded_channel(),
            boards,
            seq: 0,
            evaluated: false,
            dirty: true,
            last_publish: started,
            publish_interval: MIN_PUBLISH_INTERVAL,
            last_evaluation: started,
            judging: JudgingUnderWay::default(),
            last_tick: started,
            since_checkpoint: 0,
            last_checkpoint: started,
        };
        floor.begin_reports();
        (floor, Handle::new(board, sender))
    }

    /// Attach a journal. The floor continues where the journal ends, and writes or follows it while it runs.
    #[must_use]
    pub fn with_journal(mut self, persistence: Persistence) -> Self {
        self.role = JournalRole::Opened(Box::new(persistence));
        self
    }

    /// Run until every handle is gone.
    pub async fn run(mut self) {
        self.start();
        self.publish();
        let mut tick = tokio::time::interval(MIN_PUBLISH_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut messages = Vec::with_capacity(MAX_MESSAGES);
        loop {
            tokio::select! {
                biased;
                request = self.requests.recv() => match request {
                    Some(request) => {
                        self.watch_clock();
                        self.serve(request);
                    }
                    None => break,
                },
                Some(change) = self.changes.recv() => self.change(change),
                Some(unkept) = self.unkept.1.recv() => {
                    let now = self.now();
                    self.take_back(unkept, now);
                }
                _ = tick.tick() => {
                    self.watch_clock();
                    self.tick();
                }
                n = receive(&mut self.feed, &mut messages) => {
                    self.watch_clock();
                    if n == 0 {
                        // All sources have ended. Their figures stay on the board.
                        self.feed = Feed::Nothing;
                    }
                    for message in messages.drain(..) {
                        self.process(message);
                    }
                }
                () = tokio::task::yield_now(), if !self.portioned.is_empty() => self.serve_portion(),
            }
            if self.portioned.is_due() {
                self.serve_portion();
            }
            if self.dirty && self.last_publish.elapsed() >= self.publish_interval {
                self.publish();
            }
        }
        self.shutdown().await;
    }

    /// The floor's time: that of the clock, or of the recording in a replay.
    fn now(&self) -> Time {
        match (&self.feed, &self.mode) {
            (Feed::Recording(recording), Mode::Replay { .. }) => recording.at(),
            _ => self.clock.now(),
        }
    }

    /// Detect that the wall clock was set. A step of the clock is not time that passed, so all delays and expiries keep
    /// their length.
    fn watch_clock(&mut self) {
        let ahead = self.clock.wall_ahead();
        let by = ahead - self.wall_ahead;
        if by.0.abs() < MIN_CLOCK_STEP.0 {
            return;
        }
        self.wall_ahead = ahead;
        if matches!(self.feed, Feed::Recording(_)) {
            return;
        }
        let now = self.now();
        tracing::warn!(by_s = by.as_secs_f64(), %now, "the clock was set: what waits is moved with it");
        let way = if by.0 > 0 { "ahead" } else { "back" };
        let remark = format!(
            "the clock was set {way} by {}: what waits was moved with it",
            age((by.0.abs() + 500_000) / 1_000_000)
        );
        self.clock_remark = Some((now + CLOCK_REMARK_LASTS, Text::new(&remark)));
        self.sources.shift(by);
        self.engine.shift(by, now);
        let changed = self.evaluator.shift(by, now);
        self.record_episodes(changed);
        self.worklist.shift(by);
        self.record_items();
        self.reload_after(by);
        self.dirty = true;
    }

    fn process(&mut self, message: Message) {
        self.dirty = true;
        let now = self.now();
        match message {
            Message::Events { source, events, cursor, receipt } => {
                self.process_events(source, events, cursor, receipt, now);
            }
            Message::Rejected { source, rejection } => {
                let (RejectionReason { kind, detail }, Rejection { place, line, .. }) = (&rejection.reason, &rejection);
                let detail = Some(detail.as_str()).filter(|detail| !detail.is_empty());
                let source_name = self.sources.name(source).map(Label::as_str);
                tracing::warn!(source = source_name, kind = kind.as_str(), detail, %place, line, "rejected");
                self.sources.count_rejection(source, &rejection, now);
            }
            Message::Health { source, health, reason, at, next_try } => {
                if let Some(name) = self.sources.name(source) {
                    tracing::info!(source = %name, health = health.key(), "{reason}");
                }
                self.sources.set_health(source, health, reason, at, next_try);
            }
            Message::Clock { source, ahead } => self.sources.set_clock_skew(source, ahead),
            Message::Remark { source, remark } => self.sources.set_remark(source, remark),
        }
    }

    fn tick(&mut self) {
        let elapsed = self.last_tick.elapsed();
        self.last_tick = Instant::now();
        let now = self.now();
        if let Feed::Recording(recording) = &mut self.feed {
            recording.advance(Span(i64::try_from(elapsed.as_micros()).unwrap_or(0)));
            let due = recording.take_due();
            self.dirty |= !due.is_empty();
            for event in due {
                let outcome = self.engine.apply(event);
                self.engine.advance(event.at);
                self.sources.count_event(0, &event.origin, event.at, outcome, now);
            }
        }
        self.engine.advance(self.now());
        self.follow_visits_if_due();
        self.make_checkpoint_if_due();
        self.poll_followed_journal();
        self.evaluate_if_due();
        if self.last_publish.elapsed() >= EVALUATION_INTERVAL {
            self.publish();
        }
    }

    /// Add a resolved episode to the history, or replace it there by its newest version.
    fn add_to_history(&mut self, episode: Episode) {
        if let Some(known) = self.history.iter_mut().find(|known| known.id == episode.id) {
            *known = episode;
            return;
        }
        self.history.push_front(episode);
        self.history.truncate(MAX_HISTORY);
    }

    fn serve(&mut self, request: Request) {
        let now = self.now();
        // Sending a reply fails when the caller no longer waits, which is fine.
        match request {
            Request::Ask(query, selection, queues, reply) => {
                self.ask(QuestionUnderWay::new((query, selection, queues), reply));
            }
            Request::Contacts(query, queues, reply) => {
                let ContactQuery { of, over, only, limit } = query;
                if only == ContactFilter::Live {
                    let found = self.engine.live_contacts(&of, &queues, limit);
                    drop(reply.send(found.into_iter().map(ContactRow::from).collect()));
                } else {
                    let is_abandoned = only == ContactFilter::Abandoned;
                    self.search(self.engine.contact_search(of, queues, (over, now), is_abandoned, limit), reply);
                }
            }
            Request::AgentStates(agent, reply) => drop(reply.send(self.engine.agent_states(&agent, now))),
            Request::History(limit, reply) => drop(reply.send(self.history.iter().take(limit).cloned().collect())),
            Request::Worklist(query, queues, reply) => {
                let day = self.engine.calendar().day_start(now, 0);
                drop(reply.send(Some(self.worklist.ask(&query, &queues, day, now))));
            }
            Request::SliceOf(subject, reply) => drop(reply.send(self.slice_of(subject))),
            Request::Execute(command, reply) => self.execute(&command, now, reply),
            Request::Replay(command) => self.control_replay(command),
        }
    }

    fn control_replay(&mut self, command: ReplayCommand) {
        let Feed::Recording(recording) = &mut self.feed else { return };
        self.dirty = true;
        if recording.execute(command) == Jump::Back {
            self.change_engine(Engine::new(self.settings.engine.clone()));
            self.begin_reports();
            self.worklist = Worklist::new(self.settings.worklist.clone());
            self.history.clear();
        }
        // After a jump, alerts are evaluated as after a start, because the floor has not seen the time before.
        let jumped = matches!(command, ReplayCommand::Seek(_));
        if jumped {
            self.evaluator = new_evaluator(&self.settings);
            self.evaluated = false;
        }
        self.tick();
        if jumped {
            self.evaluate_alerts();
        }
    }

    fn publish(&mut self) {
        let now = self.now();
        self.seq += 1;
        self.dirty = false;
        self.last_publish = Instant::now();
        if let (Feed::Recording(recording), Mode::Replay { .. }) = (&self.feed, &self.mode) {
            let ((speed, paused), (from, to)) = (recording.speed_and_paused(), recording.span());
            self.mode = Mode::Replay { speed, paused, from, to };
        }
        let silence = match &self.role {
            JournalRole::Follower(following) => following.silence(),
            _ => None,
        };
        let parts = assemble::BoardParts {
            seq: self.seq,
            now,
            title: &self.settings.title,
            mode: &self.mode,
            keeper: &self.current_keeper(),
            sources: &self.sources,
            alerts: self.episodes(),
            annotations: self.annotations.shown().clone(),
            untold: self.notifier.as_ref().map(NotifierHandle::failing).unwrap_or_default(),
            silent_since: silence.as_ref().map(|(silence, _)| now - *silence),
            remarks: self.remarks(now, silence.map(|(_, remark)| remark)),
        };
        let board = assemble::board(&mut self.engine, parts);
        self.boards.send_replace(Arc::new(board));
        self.publish_interval = MIN_PUBLISH_INTERVAL.max(PUBLISH_COST_FACTOR * self.last_publish.elapsed());
    }
}

impl Floor {
    /// Show these remarks on the configuration on every board.
    #[must_use]
    pub fn with_remarks(self, remarks: Vec<Text>) -> Self {
        Self { config_remarks: remarks, ..self }
    }

    fn remarks(&self, now: Time, silent: Option<Text>) -> Vec<Text> {
        if self.keeper == Keeper::Loading {
            return self.reading.iter().cloned().collect();
        }
        let clock = self.clock_remark.as_ref().filter(|(until, _)| now < *until).map(|(_, remark)| remark);
        let days = self.engine.unreadable_days().count();
        let days = (days > 0)
            .then(|| Text::new(&format!("the figures of {days} days can't be read from the journal and are left out")));
        let unreadable = self.unreadable.iter().filter_map(|(what, rows)| persistence::unreadable_remark(what, rows));
        let others =
            self.journal_remarks.iter().chain(clock).chain(&self.change_remark).chain(&self.config_remarks).cloned();
        silent.into_iter().chain(days).chain(unreadable).chain(others).collect()
    }
}

fn new_evaluator(settings: &Settings) -> Evaluator {
    Evaluator::new(settings.rules.clone(), settings.alerts, settings.engine.calendar)
}

/// Receive the next messages; waits for ever where none can come. Returns 0 when all sources have ended.
async fn receive(feed: &mut Feed, messages: &mut Vec<Message>) -> usize {
    match feed {
        Feed::Sources(receiver) => receiver.recv_many(messages, MAX_MESSAGES).await,
        Feed::Recording(_) | Feed::Nothing => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
