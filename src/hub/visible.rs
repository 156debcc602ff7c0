//! What a caller may see. A token can be for some queues only: then nothing else is shown, neither directly nor as a
//! part of a sum.

use crate::alert::{Episode, Patterns};
use crate::board::Board;
use crate::kpi::{Answer, Dim, Figure, Live, Query, Slice};

/// Why a question is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hidden;

/// Whether a slice lies within the queues that may be seen.
pub(super) fn holds(queues: &Patterns, slice: &Slice) -> bool {
    queues.is_empty() || slice.get(Dim::Queue).is_some_and(|queue| queues.contains(queue))
}

/// The board without what may not be seen. Sums over queues that are hidden in part are left out whole: a difference
/// would tell what is hidden.
pub(super) fn board(board: &Board, queues: &Patterns) -> Board {
    let mut board = board.clone();
    if queues.is_empty() {
        return board;
    }
    board.total = Live::default();
    // Where alerts go to is for those who see all of them.
    board.untold.clear();
    board.queues.retain(|row| queues.contains(&row.id));
    board.waiting.retain(|row| queues.contains(&row.queue));
    // An agent is seen with those queues of his that are seen, and while he works elsewhere it isn't told on what.
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
    // How a source does is for everybody to know; what it brought is of all queues.
    for source in &mut board.sources {
        (source.events, source.rejected, source.duplicates, source.late) = (0, 0, 0, 0);
        (source.newest, source.heard, source.last_rejection, source.remark) = (None, None, None, None);
    }
    board
}

/// An answer without what may not be seen.
///
/// # Errors
/// [`Hidden`] where nothing would be left of it.
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

/// So many rows, the newest first, of those that may be seen. Others in between must not make them fewer: that would
/// tell how many there are. So more and more are asked for until there are enough.
pub(super) struct Pager<'a> {
    limit: usize,
    asked: usize,
    queues: &'a Patterns,
}

impl<'a> Pager<'a> {
    pub(super) fn new(limit: usize, queues: &'a Patterns) -> Self {
        let asked = if queues.is_empty() { limit } else { limit.max(64) };
        Self { limit, asked, queues }
    }

    /// How many are to be asked for.
    pub(super) const fn asked(&self) -> usize {
        self.asked
    }

    /// Of `rows`, those that may be seen; `None` where more are to be asked for.
    pub(super) fn take<T>(&mut self, mut rows: Vec<T>, may: impl Fn(&T) -> bool) -> Option<Vec<T>> {
        let all = rows.len() < self.asked;
        if !self.queues.is_empty() {
            rows.retain(may);
        }
        if rows.len() < self.limit && !all {
            self.asked = self.asked.saturating_mul(4);
            return None;
        }
        rows.truncate(self.limit);
        Some(rows)
    }
}

/// Episodes that may be seen.
pub(super) fn episodes(episodes: &mut Vec<Episode>, queues: &Patterns) {
    episodes.retain(|episode| holds(queues, &episode.slice));
}
