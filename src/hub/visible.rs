//! Removes what a caller may not see. A token can be limited to some queues; other queues are then hidden, also as parts
//! of sums.

use crate::alert::{Episode, Patterns};
use crate::board::Board;
use crate::kpi::{Answer, Dim, Figure, Live, Query, Slice};

/// The query concerns hidden queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hidden;

/// Whether a slice lies within the visible queues.
pub(super) fn holds(queues: &Patterns, slice: &Slice) -> bool {
    queues.is_empty() || slice.get(Dim::Queue).is_some_and(|queue| queues.contains(queue))
}

/// The board without hidden queues. Sums that include hidden queues are removed as well: a difference would reveal the
/// hidden part.
pub(super) fn board(board: &Board, queues: &Patterns) -> Board {
    let mut board = board.clone();
    if queues.is_empty() {
        return board;
    }
    board.total = Live::default();
    // Failing notification targets are only shown to callers who see all queues.
    board.untold.clear();
    board.queues.retain(|row| queues.contains(&row.id));
    board.waiting.retain(|row| queues.contains(&row.queue));
    // An agent is listed with the visible queues only; work in a hidden queue is not shown.
    board.agents.retain_mut(|row| {
        row.queues.retain(|queue| queues.contains(queue));
        let here = row.queue.as_ref().is_some_and(|queue| queues.contains(queue));
        if !here {
            row.queue = None;
            row.contact = None;
        }
        here || !row.queues.is_empty()
    });
    board.alerts.retain(|episode| holds(queues, &episode.slice));
    // The health of a source is visible to everybody, but its counters include hidden queues.
    for source in &mut board.sources {
        (source.events, source.rejected, source.duplicates, source.late) = (0, 0, 0, 0);
        (source.newest, source.heard, source.last_rejection, source.remark) = (None, None, None, None);
    }
    board
}

/// The answer without hidden queues.
///
/// # Errors
/// [`Hidden`] if nothing of the answer would be left.
pub(super) fn answer(query: &Query, mut answer: Answer, queues: &Patterns) -> Result<Answer, Hidden> {
    if holds(queues, &query.of) {
        return Ok(answer);
    }
    if query.of.get(Dim::Queue).is_some() || !query.by.contains(&Dim::Queue) {
        return Err(Hidden);
    }
    answer.rows.retain(|row| holds(queues, &row.key));
    answer.total.fill(Figure::default());
    Ok(answer)
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
