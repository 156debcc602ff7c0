//! The floor: the one task that owns engine, alerts and journal, and the handle that everybody else holds.
//!
//! No lock guards its state: sources send messages, readers send requests, and between two of them the floor
//! publishes a board when something changed, at most twenty times a second and never for more than a tenth of its
//! time, and each second so that ages tick.

mod assemble;
pub mod handle;
mod persistence;
mod recording;
mod sources;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::alert::{Episode, EvaluationContext, Evaluator, Rule};
use crate::board::{Board, Health, Keeper, Mode};
use crate::clock::{Clock, Span, Time};
use crate::engine::{self, Engine};
use crate::kpi::{Dim, Slice};
use crate::source::Message;
use crate::text::{Label, Text};

pub(crate) use handle::Request;
pub use handle::{ContactFilter, ContactQuery, FloorClosed, Handle, ReplayCommand};
use persistence::JournalRole;
pub use persistence::{Cursors, ForwardCommand, NotifierHandle, Persistence, StartNotifier, StartSources};
pub use recording::Recording;
use recording::Steered;
pub use sources::SourceInfo;
use sources::Sources;

/// How often at most a board is published, …
const SOONEST: Duration = Duration::from_millis(50);
/// … and how many times as long as making one takes passes before the next: a huge floor has better things to do.
const SHARE: u32 = 10;
/// How often alerts are judged, and a board is published though nothing happened.
const BEAT: Duration = Duration::from_secs(1);
/// How long what is past its line at the first look is taken to have been so: longer than any built-in `for`.
const PRIMED: Span = Span(6 * Span::MINUTE.0);
/// Messages taken in between two looks at the requests: a question never waits longer than these take.
const AT_ONCE: usize = 8;
/// Episodes that are over and kept at hand for the history page.
const HISTORY: usize = 500;

/// What a floor is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The centre's name.
    pub title: Label,
    /// How figures are counted.
    pub engine: engine::Settings,
    /// What is watched.
    pub rules: Vec<Rule>,
    /// What holds for all rules.
    pub alerts: crate::alert::Settings,
    /// The sources, in the order of their index in messages.
    pub sources: Vec<SourceInfo>,
}

/// Where a floor's events come from.
#[derive(Debug)]
pub enum Feed {
    /// Sources that run by themselves.
    Sources(mpsc::Receiver<Message>),
    /// A recording that the floor plays.
    Recording(Recording),
    /// Nothing comes by itself: the floor follows another one, or has yet to start its sources.
    Nothing,
}

/// A floor at work.
pub struct Floor {
    settings: Settings,
    clock: Clock,
    mode: Mode,
    keeper: Keeper,
    engine: Engine,
    evaluator: Evaluator,
    sources: Sources,
    history: VecDeque<Episode>,
    feed: Feed,
    role: JournalRole,
    /// Those who tell people outside of alerts.
    telling: Option<NotifierHandle>,
    requests: mpsc::Receiver<Request>,
    boards: watch::Sender<Arc<Board>>,
    seq: u64,
    /// Alerts have been judged once.
    primed: bool,
    /// Something changed since the last board.
    dirty: bool,
    published: Instant,
    /// How long after a board the next one may come.
    pace: Duration,
    judged: Instant,
    ticked: Instant,
}

impl Floor {
    /// A floor where nothing has happened yet, and its handle.
    #[must_use]
    pub fn new(settings: Settings, clock: Clock, mode: Mode, feed: Feed) -> (Self, Handle) {
        let (sender, requests) = mpsc::channel(64);
        let (boards, board) = watch::channel(Arc::default());
        let now = clock.now();
        let started = Instant::now();
        let mut sources = Sources::new(&settings.sources, now);
        if matches!(feed, Feed::Recording(_)) {
            sources.health(0, Health::Live, Text::default(), now, None);
        }
        let floor = Self {
            engine: Engine::new(settings.engine.clone()),
            evaluator: evaluator(&settings),
            sources,
            settings,
            clock,
            mode,
            keeper: Keeper::Nobody,
            history: VecDeque::new(),
            feed,
            role: JournalRole::None,
            telling: None,
            requests,
            boards,
            seq: 0,
            primed: false,
            dirty: true,
            published: started,
            pace: SOONEST,
            judged: started,
            ticked: started,
        };
        (floor, Handle::new(board, sender))
    }

    /// The same floor, with a journal: it goes on where it was left, and what happens is written down.
    #[must_use]
    pub fn with_journal(mut self, persistence: Persistence) -> Self {
        self.role = JournalRole::Opened(Box::new(persistence));
        self
    }

    /// Run until every handle is gone.
    pub async fn run(mut self) {
        self.start();
        self.publish();
        let mut tick = tokio::time::interval(SOONEST);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut messages = Vec::with_capacity(AT_ONCE);
        loop {
            tokio::select! {
                biased;
                request = self.requests.recv() => match request {
                    Some(request) => self.serve(request),
                    None => break,
                },
                _ = tick.tick() => self.tick(),
                n = receive(&mut self.feed, &mut messages) => {
                    if n == 0 {
                        // The sources are gone; what is known stays on the board.
                        self.feed = Feed::Nothing;
                    }
                    for message in messages.drain(..) {
                        self.take(message);
                    }
                }
            }
            if self.dirty && self.published.elapsed() >= self.pace {
                self.publish();
            }
        }
        self.shutdown().await;
    }

    /// The floor's own time: the clock's, or the recording's.
    fn now(&self) -> Time {
        match (&self.feed, &self.mode) {
            (Feed::Recording(recording), Mode::Replay { .. }) => recording.at(),
            _ => self.clock.now(),
        }
    }

    fn take(&mut self, message: Message) {
        self.dirty = true;
        let now = self.now();
        match message {
            Message::Events { source, events, cursor, kept } => self.take_events(source, events, cursor, kept, now),
            Message::Rejected { source, rejection } => {
                tracing::warn!(place = %rejection.place, line = rejection.line, "{}", rejection.reason);
                self.sources.rejected(source, &rejection, now);
            }
            Message::Health { source, health, reason, at, next_try } => {
                if let Some(name) = self.sources.name(source) {
                    tracing::info!(source = %name, health = health.key(), "{reason}");
                }
                self.sources.health(source, health, reason, at, next_try);
            }
            Message::Clock { source, ahead } => self.sources.clock(source, ahead),
            Message::Remark { source, remark } => self.sources.remark(source, remark),
        }
    }

    fn tick(&mut self) {
        let real = self.ticked.elapsed();
        self.ticked = Instant::now();
        let now = self.now();
        if let Feed::Recording(recording) = &mut self.feed {
            recording.pass(Span(i64::try_from(real.as_micros()).unwrap_or(0)));
            let due = recording.due();
            self.dirty |= !due.is_empty();
            for event in due {
                let outcome = self.engine.apply(event);
                self.engine.advance(event.at);
                self.sources.heard(0, &event.origin, event.at, outcome, now);
            }
        }
        self.engine.advance(self.now());
        self.catch_up();
        if self.judged.elapsed() >= BEAT {
            self.judged = Instant::now();
            self.judge();
        }
        if self.published.elapsed() >= BEAT {
            self.publish();
        }
    }

    /// Judge every alert rule, once what stands now is known.
    fn judge(&mut self) {
        if matches!(self.role, JournalRole::Follower(_)) || !self.sources.caught_up(self.now(), &self.mode) {
            return;
        }
        let now = self.now();
        let queues = self.engine.queues_now(now);
        let states = self.sources.states(&queues);
        let queries = self.evaluator.queries().to_vec();
        let answers: Vec<_> = queries.iter().map(|query| self.engine.ask(query, now)).collect();
        let engine = &self.engine;
        let lines = |kpi, slice: &Slice| engine.bands(kpi, slice.get(Dim::Queue), slice.get(Dim::Intent));
        let surroundings = EvaluationContext { lines: &lines, name: &|slice| engine.name(slice) };
        // What is past its line when the floor is first looked at has been so for a while: the windows say it.
        let first = if std::mem::replace(&mut self.primed, true) { None } else { Some(now - PRIMED) };
        let mut changed = Vec::new();
        for now in first.into_iter().chain([now]) {
            changed.extend(self.evaluator.evaluate(&answers, &states, surroundings, now));
        }
        self.note(changed);
    }

    fn remember(&mut self, episode: Episode) {
        self.history.push_front(episode);
        self.history.truncate(HISTORY);
    }

    fn serve(&mut self, request: Request) {
        let now = self.now();
        // Whoever asked may have gone meanwhile; that is his business.
        match request {
            Request::Ask(query, reply) => drop(reply.send(self.engine.ask(&query, now))),
            Request::Contacts(wanted, reply) => {
                let abandoned = wanted.only == ContactFilter::Abandoned;
                let found = self.engine.contacts(&wanted.of, wanted.over, now, abandoned, wanted.limit);
                drop(reply.send(found.into_iter().map(assemble::contact).collect()));
            }
            Request::History(limit, reply) => drop(reply.send(self.history.iter().take(limit).cloned().collect())),
            Request::Execute(command, reply) => self.tell(&command, now, reply),
            Request::Replay(steer) => self.steer(steer),
        }
    }

    fn steer(&mut self, steer: ReplayCommand) {
        let Feed::Recording(recording) = &mut self.feed else { return };
        self.dirty = true;
        let steered = recording.steer(steer);
        if steered == Steered::Back {
            self.engine = Engine::new(self.settings.engine.clone());
            self.history.clear();
        }
        // Where it lands, alerts are judged as at a first look: what led there has not been seen.
        let jumped = matches!(steer, ReplayCommand::Seek(_));
        if jumped {
            self.evaluator = evaluator(&self.settings);
            self.primed = false;
        }
        self.tick();
        if jumped {
            self.judge();
        }
    }

    fn publish(&mut self) {
        let now = self.now();
        self.seq += 1;
        self.dirty = false;
        self.published = Instant::now();
        if let (Feed::Recording(recording), Mode::Replay { .. }) = (&self.feed, &self.mode) {
            let ((speed, paused), (from, to)) = (recording.pace(), recording.span());
            self.mode = Mode::Replay { speed, paused, from, to };
        }
        let frame = assemble::BoardParts {
            seq: self.seq,
            now,
            title: &self.settings.title,
            mode: &self.mode,
            keeper: &self.keeper_now(),
            sources: &self.sources,
            alerts: self.episodes(),
            untold: self.telling.as_ref().map(NotifierHandle::failing).unwrap_or_default(),
        };
        let board = assemble::board(&mut self.engine, frame);
        self.boards.send_replace(Arc::new(board));
        self.pace = SOONEST.max(SHARE * self.published.elapsed());
    }
}

fn evaluator(settings: &Settings) -> Evaluator {
    Evaluator::new(settings.rules.clone(), settings.alerts, settings.engine.calendar)
}

/// Wait for messages of a feed that has them.
async fn receive(feed: &mut Feed, messages: &mut Vec<Message>) -> usize {
    match feed {
        Feed::Sources(receiver) => receiver.recv_many(messages, AT_ONCE).await,
        Feed::Recording(_) | Feed::Nothing => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
