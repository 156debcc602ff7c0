//! What a caller may see. A token can be for some queues only: then nothing else is shown, neither directly nor as a
//! part of a sum.

use crate::alert::{Episode, Patterns};
use crate::board::{Board, ContactRow};
use crate::kpi::{Answer, Dim, Figure, Live, Query, Slice};

/// Why a question is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hidden;

/// Whether a slice lies within the queues that may be seen.
pub(super) fn holds(queues: &Patterns, slice: &Slice) -> bool {
    queues.is_empty() || slice.get(Dim::Queue).is_some_and(|queue| queues.holds(queue))
}

/// The board without what may not be seen. Sums over queues that are hidden in part are left out whole: a difference
/// would tell what is hidden.
pub(super) fn board(board: &Board, queues: &Patterns) -> Board {
    let mut board = board.clone();
    if queues.is_empty() {
        return board;
    }
    board.total = Live::default();
    board.queues.retain(|row| queues.holds(&row.id));
    board.waiting.retain(|row| queues.holds(&row.queue));
    // An agent is seen with those queues of his that are seen, and while he works elsewhere it isn't told on what.
    board.agents.retain_mut(|row| {
        row.queues.retain(|queue| queues.holds(queue));
        let here = row.queue.as_ref().is_some_and(|queue| queues.holds(queue));
        if !here {
            row.queue = None;
            row.contact = None;
        }
        here || !row.queues.is_empty()
    });
    board.alerts.retain(|episode| holds(queues, &episode.slice));
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

/// Contacts that may be seen.
pub(super) fn contacts(rows: &mut Vec<ContactRow>, queues: &Patterns) {
    if !queues.is_empty() {
        rows.retain(|row| queues.holds(&row.queue));
    }
}

/// Episodes that may be seen.
pub(super) fn episodes(episodes: &mut Vec<Episode>, queues: &Patterns) {
    episodes.retain(|episode| holds(queues, &episode.slice));
}
