//! Streams that change and are watched by many: made once, whoever looks.
//!
//! A stream shows a view as JSON. Whoever subscribes gets it whole, then only what changes (RFC 6902), and a sign of
//! life while nothing does. There is one producer for each view that anybody watches, and it keeps nothing but the
//! newest state: a reader that falls behind gets that, whole.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::Stream;
use rustc_hash::FxHashMap;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::visible;
use crate::alert::Patterns;
use crate::floor::Handle;
use crate::kpi::Query;

/// The least time between two states of a view.
const PACE: Duration = Duration::from_millis(250);
/// A sign of life is given this often while nothing changes.
const BEAT: Duration = Duration::from_secs(5);

/// So many different views are watched at once.
const VIEWS: usize = 512;

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum StreamView {
    /// What stands now.
    Board,
    /// The answer to a question.
    Answer(Query),
}

/// A view's state.
#[derive(Debug, Default)]
struct StreamState {
    /// Rises with every state. 0 before the first.
    version: u64,
    value: Value,
    /// The event that brings the whole of it, once somebody has needed it.
    whole: OnceLock<Bytes>,
    /// The event that brings it on from the version before.
    change: Bytes,
}

/// A view, and who may see what of it.
type StreamKey = (StreamView, Patterns);

/// What is watched now, by what and by whom it may be seen.
pub(super) struct Streams {
    handle: Handle,
    stop: CancellationToken,
    /// Tells the events of this run from those of another one.
    run: String,
    watched: Mutex<FxHashMap<StreamKey, watch::Sender<Arc<StreamState>>>>,
}

impl Streams {
    /// None is watched yet. `run` is another one each time a hub starts.
    pub(super) fn new(handle: Handle, run: String, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self { handle, stop, run, watched: Mutex::default() })
    }

    /// How many are watched, and by how many readers.
    pub(super) fn watched(&self) -> (usize, usize) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        (watched.len(), watched.values().map(watch::Sender::receiver_count).sum())
    }

    /// Watch a view: its events, from where `last` (the id of the last one seen) left off. `None` where too many
    /// different views are watched already.
    pub(super) fn watch(
        self: &Arc<Self>,
        view: StreamView,
        queues: Patterns,
        last: Option<&str>,
    ) -> Option<impl Stream<Item = Result<Bytes, std::convert::Infallible>> + Send + use<>> {
        let seen = last.and_then(|last| last.strip_prefix(&self.run)?.strip_prefix('-')?.parse().ok());
        let states = self.states(view, queues)?;
        let (run, stop) = (self.run.clone(), self.stop.clone());
        let reader = Subscriber { states, run, seen: seen.unwrap_or(0), began: false };
        Some(futures_util::stream::unfold((reader, stop), |(mut reader, stop)| async move {
            let event = stop.run_until_cancelled(reader.next()).await??;
            Some((Ok(event), (reader, stop)))
        }))
    }

    fn states(self: &Arc<Self>, view: StreamView, queues: Patterns) -> Option<watch::Receiver<Arc<StreamState>>> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (view, queues);
        if let Some(states) = watched.get(&key) {
            return Some(states.subscribe());
        }
        if watched.len() >= VIEWS {
            return None;
        }
        let (sender, receiver) = watch::channel(Arc::default());
        watched.insert(key.clone(), sender.clone());
        tokio::spawn(Arc::clone(self).produce(key, sender));
        Some(receiver)
    }

    /// Make new states for as long as anybody watches.
    async fn produce(self: Arc<Self>, key: (StreamView, Patterns), states: watch::Sender<Arc<StreamState>>) {
        let mut boards = self.handle.watch();
        loop {
            let began = Instant::now();
            boards.mark_unchanged();
            let Some(value) = self.look(&key).await else { break };
            let last = states.borrow().clone();
            if let Some(next) = last.next(value, &self.run) {
                states.send_replace(Arc::new(next));
            }
            tokio::time::sleep_until(began + PACE).await;
            tokio::select! {
                changed = boards.changed() => if changed.is_err() { break },
                () = states.closed() => {
                    let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
                    // Somebody may have come in the meantime.
                    if states.receiver_count() == 0 {
                        watched.remove(&key);
                        return;
                    }
                }
            }
        }
        // The floor has ended: the readers' streams end with the last sender.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    /// The view as it is now; `None` where the floor has ended.
    async fn look(&self, (view, queues): &(StreamView, Patterns)) -> Option<Value> {
        match view {
            StreamView::Board => {
                let board = self.handle.watch().borrow().clone();
                serde_json::to_value(visible::board(&board, queues)).ok()
            }
            StreamView::Answer(query) => {
                let answer = self.handle.ask(query.clone()).await.ok()?;
                serde_json::to_value(visible::answer(query, answer, queues).ok()?).ok()
            }
        }
    }
}

impl StreamState {
    /// The state after this one, if anything has changed but the time.
    fn next(&self, value: Value, run: &str) -> Option<Self> {
        let changes = json_patch::diff(&self.value, &value);
        let only_time = |operation: &json_patch::PatchOperation| {
            matches!(operation.path().to_string().as_str(), "/at" | "/seq" | "/to" | "/from")
        };
        if self.version > 0 && changes.iter().all(only_time) {
            return None;
        }
        let version = self.version + 1;
        let change = event("change", run, version, &serde_json::to_string(&changes).ok()?);
        Some(Self { version, value, whole: OnceLock::new(), change })
    }

    fn whole(&self, run: &str) -> Bytes {
        let make = || event("whole", run, self.version, &self.value.to_string());
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
    /// The version it has.
    seen: u64,
    began: bool,
}

impl Subscriber {
    /// What to send next; `None` where there will be no more.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.began {
            // Whoever resumes with the newest state waits for the next one; he learns at once that he is connected.
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
            match tokio::time::timeout(BEAT, self.states.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(Bytes::from_static(b": still here\n\n")),
            }
        }
    }
}
