//! Removes what a caller may not see. A token can be limited to some queues; other queues are then hidden, also as parts
//! of sums.

use std::sync::Arc;

use crate::alert::Episode;
use crate::board::{AgentRow, Board};
use crate::kpi::{Answer, Dim, Figure, Live, Query, Slice};
use crate::text::{Label, Patterns};

/// The query concerns hidden queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hidden;

/// Whether a slice lies within the visible queues.
///
/// This is the one rule of visibility: figures, contacts, agents, alerts (active, resolved and stored), streams and
/// metrics all go through it. A slice without a queue can cover hidden ones, so it is hidden too.
pub(super) fn holds(queues: &Patterns, slice: &Slice) -> bool {
    queues.is_empty() || slice.get(Dim::Queue).is_some_and(|queue| queues.contains(queue))
}

/// Whether a queue is visible.
pub(super) fn holds_queue(queues: &Patterns, queue: &Label) -> bool {
    holds(queues, &Slice::of(Dim::Queue, queue.clone()))
}

/// The board without hidden queues. Sums that include hidden queues are removed as well: a difference would reveal the
/// hidden part.
pub(super) fn board(board: Arc<Board>, queues: &Patterns) -> Arc<Board> {
    if queues.is_empty() {
        return board;
    }
    let mut board = Arc::unwrap_or_clone(board);
    board.total = Live::default();
    // Failing notification targets are only shown to callers who see all queues.
    board.untold.clear();
    board.queues.retain(|row| holds_queue(queues, &row.id));
    board.waiting.retain(|row| holds_queue(queues, &row.queue));
    // An agent is listed with the visible queues only; work in a hidden queue is not shown.
    board.agents = board.agents.iter().filter_map(|row| visible_agent(row, queues)).collect();
    board.alerts.to_mut().retain(|episode| holds(queues, &episode.slice));
    board.annotations.retain(|annotation| holds(queues, &annotation.of));
    // The health of a source is visible to everybody, but its counters include hidden queues.
    for source in &mut board.sources {
        (source.events, source.rejected, source.duplicates, source.late, source.out_of_place) = (0, 0, 0, 0, 0);
        (source.newest, source.heard, source.last_rejection, source.remark) = (None, None, None, None);
        source.contradictions = None;
    }
    Arc::new(board)
}

/// Whether an agent is on the caller's board.
pub(super) fn holds_agent(board: &Board, agent: &Label, queues: &Patterns) -> bool {
    queues.is_empty() || board.agents.find(agent).is_some_and(|row| visible_agent(row, queues).is_some())
}

/// An agent's row with the visible queues only; `None` if there are none.
fn visible_agent(row: &AgentRow, queues: &Patterns) -> Option<AgentRow> {
    let mut row = row.clone();
    row.queues.retain(|queue| holds_queue(queues, queue));
    row.pauses.retain(|pause| holds_queue(queues, &pause.queue));
    let here = row.queue.as_ref().is_some_and(|queue| holds_queue(queues, queue));
    if !here {
        row.queue = None;
        row.contact = None;
    }
    (here || !row.queues.is_empty()).then_some(row)
}

/// Whether a question is about visible queues. To be asked first: even the size of an answer tells of what is hidden.
///
/// # Errors
/// [`Hidden`] if nothing of the answer would be left.
pub(super) fn check(query: &Query, queues: &Patterns) -> Result<(), Hidden> {
    let by_visible = query.of.get(Dim::Queue).is_none() && query.by.contains(&Dim::Queue);
    if holds(queues, &query.of) || by_visible { Ok(()) } else { Err(Hidden) }
}

/// The answer to a question that passed [`check`], without hidden queues.
pub(super) fn answer(query: &Query, mut answer: Answer, queues: &Patterns) -> Answer {
    if query.by.contains(&Dim::Queue) {
        answer.rows.retain(|row| holds(queues, &row.key));
    }
    if !holds(queues, &query.of) {
        answer.total.fill(Figure::default());
    }
    answer
}

/// Collects a page of the newest visible rows. Hidden rows in between must not shorten the page, which would reveal how
/// many there are; so it fetches more rows until the page is full.
pub(super) struct Pager<'a> {
    limit: usize,
    fetch: usize,
    queues: &'a Patterns,
}

impl<'a> Pager<'a> {
    pub(super) fn new(limit: usize, queues: &'a Patterns) -> Self {
        let fetch = if queues.is_empty() { limit } else { limit.max(64) };
        Self { limit, fetch, queues }
    }

    /// How many rows to fetch next.
    pub(super) const fn fetch_limit(&self) -> usize {
        self.fetch
    }

    /// The page out of the fetched `rows`; `None` if more must be fetched.
    pub(super) fn page<T>(&mut self, mut rows: Vec<T>, may: impl Fn(&T) -> bool) -> Option<Vec<T>> {
        let complete = rows.len() < self.fetch;
        if !self.queues.is_empty() {
            rows.retain(may);
        }
        if rows.len() < self.limit && !complete {
            self.fetch = self.fetch.saturating_mul(4);
            return None;
        }
        rows.truncate(self.limit);
        Some(rows)
    }
}

/// Remove hidden episodes.
pub(super) fn episodes(episodes: &mut Vec<Episode>, queues: &Patterns) {
    episodes.retain(|episode| holds(queues, &episode.slice));
}
