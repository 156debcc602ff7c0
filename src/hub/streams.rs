//! Server-sent streams of views that change. A view is JSON: a subscriber gets it whole, then the changes as JSON patches
//! (RFC 6902), and a keep-alive while nothing changes.
//!
//! All subscribers of a view share one producer task. It only keeps the newest state, so a subscriber that falls behind
//! gets that state whole.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::Stream;
use rustc_hash::FxHashMap;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::access::Caller;
use super::patch::{self, StateChanges};
use super::visible;
use crate::board::Board;
use crate::floor::Handle;
use crate::kpi::{Query, RowSelection};
use crate::text::{Label, Patterns};

/// The shortest time between two states of a view.
const UPDATE_INTERVAL: Duration = Duration::from_millis(250);
/// Asking for the figures of a view takes at most the time divided by this.
const ASK_COST_FACTOR: u32 = 10;
/// How often a keep-alive is sent while nothing changes.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// How many different views can be watched at once.
const MAX_VIEWS: usize = 512;
/// How many of them one caller can watch.
const MAX_VIEWS_PER_CALLER: usize = 64;
/// How many a caller can watch even where the others watch [`MAX_VIEWS`]. Callers are as many as tokens and logins.
const MIN_VIEWS_PER_CALLER: usize = 8;

/// What a stream shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum StreamView {
    /// The board.
    Board,
    /// The answer to a query.
    Answer(Query),
}

/// A view's state.
#[derive(Debug, Default)]
struct StreamState {
    /// Increases with every state; 0 before the first.
    version: u64,
    /// `None` before the first.
    shown: Option<Shown>,
    /// The `whole` event, built when first needed.
    whole: OnceLock<Bytes>,
    /// The `change` event from the previous version.
    change: Bytes,
}

/// What a view shows at one time.
#[derive(Debug)]
enum Shown {
    Board(Arc<Board>),
    Answer(Value),
}

/// A view and the queues visible in it.
type StreamKey = (StreamView, Patterns);

/// A view that is watched.
struct WatchedView {
    states: watch::Sender<Arc<StreamState>>,
    /// The callers that watch it, and with how many streams.
    callers: FxHashMap<Label, usize>,
}

/// One stream's place among those that watch a view, given back when it is dropped.
struct ViewPlace {
    streams: Arc<Streams>,
    key: StreamKey,
    caller: Label,
}

/// The watched views, by view and visible queues.
pub(super) struct Streams {
    handle: Handle,
    stop: CancellationToken,
    /// Distinguishes event ids of this run from those of an earlier one.
    run: String,
    watched: Mutex<FxHashMap<StreamKey, WatchedView>>,
}

impl Streams {
    /// No views yet. `run` must differ each time a hub starts.
    pub(super) fn new(handle: Handle, run: String, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self { handle, stop, run, watched: Mutex::default() })
    }

    /// The numbers of views and of their subscribers.
    pub(super) fn watched(&self) -> (usize, usize) {
        let watched = self.lock();
        (watched.len(), watched.values().map(|view| view.states.receiver_count()).sum())
    }

    /// Subscribe to a view. The events begin after `last`, the id of the last event that was received. `None` if too
    /// many different views are watched, by all callers or by this one.
    pub(super) fn watch(
        self: &Arc<Self>,
        view: StreamView,
        caller: Caller,
        last: Option<&str>,
    ) -> Option<impl Stream<Item = Result<Bytes, std::convert::Infallible>> + Send + use<>> {
        let seen = last.and_then(|last| last.strip_prefix(&self.run)?.strip_prefix('-')?.parse().ok());
        let (states, place) = self.states(view, caller)?;
        let (run, stop) = (self.run.clone(), self.stop.clone());
        let reader = Subscriber { states, run, seen: seen.unwrap_or(0), began: false, _place: place };
        Some(futures_util::stream::unfold((reader, stop), |(mut reader, stop)| async move {
            let event = stop.run_until_cancelled(reader.next()).await??;
            Some((Ok(event), (reader, stop)))
        }))
    }

    fn states(
        self: &Arc<Self>,
        view: StreamView,
        caller: Caller,
    ) -> Option<(watch::Receiver<Arc<StreamState>>, ViewPlace)> {
        let key = (view, caller.queues);
        let caller = caller.who.name;
        let mut watched = self.lock();
        let held = watched.values().filter(|view| view.callers.contains_key(&caller)).count();
        let is_full = held >= MAX_VIEWS_PER_CALLER || watched.len() >= MAX_VIEWS && held >= MIN_VIEWS_PER_CALLER;
        let known = watched.get(&key);
        // A view that somebody watches already costs little more, but still counts for the caller.
        let is_refused = match known {
            None => is_full,
            Some(view) => held >= MAX_VIEWS_PER_CALLER && !view.callers.contains_key(&caller),
        };
        if is_refused {
            return None;
        }
        if known.is_none() {
            let (states, _) = watch::channel(Arc::default());
            tokio::spawn(Arc::clone(self).produce(key.clone(), states.clone()));
            watched.insert(key.clone(), WatchedView { states, callers: FxHashMap::default() });
        }
        let view = watched.get_mut(&key)?;
        *view.callers.entry(caller.clone()).or_default() += 1;
        Some((view.states.subscribe(), ViewPlace { streams: Arc::clone(self), key, caller }))
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<StreamKey, WatchedView>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Produce states of a view until its last subscriber leaves or the floor ends.
    async fn produce(self: Arc<Self>, key: (StreamView, Patterns), states: watch::Sender<Arc<StreamState>>) {
        let mut boards = self.handle.watch();
        loop {
            let began = Instant::now();
            boards.mark_unchanged();
            let Some(shown) = self.current(&key).await else { break };
            let asked = if matches!(key.0, StreamView::Answer(_)) { began.elapsed() } else { Duration::ZERO };
            let last = states.borrow().clone();
            if let Some(next) = last.next(shown, &self.run) {
                states.send_replace(Arc::new(next));
            }
            // Figures that take the floor long are asked for seldom, so that not even many such views keep it busy.
            let pause = UPDATE_INTERVAL.max(ASK_COST_FACTOR * asked);
            tokio::time::sleep_until(began + pause).await;
            tokio::select! {
                changed = boards.changed() => if changed.is_err() { break },
                () = states.closed() => {
                    let mut watched = self.lock();
                    // A subscriber may have come in the meantime.
                    if states.receiver_count() == 0 {
                        watched.remove(&key);
                        return;
                    }
                }
            }
        }
        // The floor has ended; the streams end when the last sender is dropped.
        self.lock().remove(&key);
    }

    /// The current view; `None` if the floor has ended.
    async fn current(&self, (view, queues): &(StreamView, Patterns)) -> Option<Shown> {
        match view {
            StreamView::Board => {
                let board = self.handle.watch().borrow().clone();
                Some(Shown::Board(visible::board(board, queues)))
            }
            StreamView::Answer(query) => {
                visible::check(query, queues).ok()?;
                let answer =
                    self.handle.ask_within(query.clone(), RowSelection::All, queues.clone()).await.ok()?.ok()?;
                serde_json::to_value(visible::answer(query, answer, queues)).ok().map(Shown::Answer)
            }
        }
    }
}

impl Drop for ViewPlace {
    fn drop(&mut self) {
        let mut watched = self.streams.lock();
        let Some(view) = watched.get_mut(&self.key) else { return };
        let Some(streams) = view.callers.get_mut(&self.caller) else { return };
        *streams -= 1;
        if *streams == 0 {
            view.callers.remove(&self.caller);
        }
    }
}

impl StreamState {
    /// The next state, or `None` if nothing but the time has changed.
    fn next(&self, shown: Shown, run: &str) -> Option<Self> {
        let changes = match (&self.shown, &shown) {
            (Some(Shown::Board(last)), Shown::Board(board)) => patch::diff(last, board).ok()?,
            (Some(Shown::Answer(last)), Shown::Answer(answer)) => {
                let changes = json_patch::diff(last, answer);
                let json = serde_json::to_string(&changes).ok()?;
                StateChanges { json, only_time: patch::is_only_time(&changes) }
            }
            // The first state has nothing to be a change of.
            _ => StateChanges::default(),
        };
        if changes.only_time {
            return None;
        }
        let version = self.version + 1;
        let change = event("change", run, version, &changes.json);
        Some(Self { version, shown: Some(shown), whole: OnceLock::new(), change })
    }

    fn whole(&self, run: &str) -> Bytes {
        let json = || match self.shown.as_ref()? {
            Shown::Board(board) => serde_json::to_string(&**board).ok(),
            Shown::Answer(answer) => Some(answer.to_string()),
        };
        let make = || event("whole", run, self.version, &json().unwrap_or_default());
        self.whole.get_or_init(make).clone()
    }
}

/// A server-sent event. JSON has no line breaks of its own.
fn event(name: &str, run: &str, version: u64, data: &str) -> Bytes {
    Bytes::from(format!("event: {name}\nid: {run}-{version}\ndata: {data}\n\n"))
}

/// One subscriber.
struct Subscriber {
    states: watch::Receiver<Arc<StreamState>>,
    run: String,
    /// The version it was last sent.
    seen: u64,
    began: bool,
    _place: ViewPlace,
}

impl Subscriber {
    /// The next event to send; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.began {
            // Sent at once, because a subscriber that resumes at the newest state gets nothing else until the next one.
            self.began = true;
            return Some(Bytes::from_static(b": connected\n\n"));
        }
        loop {
            let state = self.states.borrow_and_update().clone();
            if state.version > 0 && state.version != self.seen {
                let follows = self.seen > 0 && self.seen + 1 == state.version;
                self.seen = state.version;
                return Some(if follows { state.change.clone() } else { state.whole(&self.run) });
            }
            match tokio::time::timeout(KEEP_ALIVE_INTERVAL, self.states.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(Bytes::from_static(b": still here\n\n")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Actor;
    use crate::board::Mode;
    use crate::clock::{Clock, Time};
    use crate::floor::{self, Feed, Floor};
    use crate::hub::access::Role;
    use crate::kpi::{Period, Slice};

    #[tokio::test]
    async fn no_caller_uses_up_the_views_of_another() {
        let settings = floor::Settings {
            title: Label::default(),
            engine: crate::engine::Settings::default(),
            rules: Vec::new(),
            alerts: crate::alert::Settings::default(),
            worklist: crate::worklist::Settings::default(),
            sources: Vec::new(),
        };
        // The floor does not run, so it answers nothing and its views stay as they are.
        let (_floor, handle) = Floor::new(settings, Clock::System, Mode::Live, Feed::Nothing);
        let streams = Streams::new(handle, "run".to_owned(), CancellationToken::new());
        let watch = |caller: &str, view: i64| {
            let over = Period::Range(Time(0), Time(view));
            let query = Query { of: Slice::TOTAL, by: Vec::new(), over, every: None, kpis: Vec::new(), formula: None };
            let queues = if caller == "limited" { Patterns::new(["open*"]) } else { Patterns::default() };
            let who = Actor { name: caller.into(), from: Label::default() };
            streams.watch(StreamView::Answer(query), Caller { who, role: Role::Viewer, queues, ours: false }, None)
        };
        let mut of_ann: Vec<_> = (0..64).map(|view| watch("ann", view).unwrap()).collect();
        assert!(watch("ann", 64).is_none());
        assert!(watch("ann", 0).is_some(), "a second stream of the same view");
        // What somebody else goes on watching is not held against the one who began.
        let _of_bob: Vec<_> = (0..64).map(|view| watch("bob", view).unwrap()).collect();
        of_ann.clear();
        of_ann.extend((100..164).map(|view| watch("ann", view).unwrap()));
        let mut others = Vec::new();
        for caller in 0..6 {
            let view = |n: i64| watch(&format!("c{caller}"), 1_000 + caller * 64 + n).unwrap();
            others.extend((0..64).map(view));
        }
        assert_eq!(streams.watched().0, MAX_VIEWS);
        assert!(watch("c0", 5_000).is_none());
        let of_limited: Vec<_> = (0..8).map(|view| watch("limited", view).unwrap()).collect();
        assert!(watch("limited", 8).is_none());
        drop(of_limited);
        assert!(watch("limited", 8).is_some());
    }
}
