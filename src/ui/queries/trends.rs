//! The questions of the page of trends. What is over is asked for as a range, whose answer is kept for long.

use super::{Question, changes, last_hour, query};
use crate::board::Board;
use crate::clock::{Span, Time};
use crate::kpi::{Dim, Every, KpiId, Period, Query, Slice, Window};
use crate::ui::state::Ui;
use crate::ui::trends::{EXPECTED_FROM, FIGURES};

/// The figures that move by the week.
pub const WEEKLY: [KpiId; 4] = [KpiId::Fcr, KpiId::Csat, KpiId::Ces, KpiId::RepeatRate];
/// Floors with more queues have no line per queue.
pub const MAX_QUEUES: usize = 200;
/// The hour that ends now is compared with one that moves in steps of this length, so that its answer lasts.
const HOUR_STEP: Every = Every::Minutes(5);

/// The series of a slice over the time of the page.
#[must_use]
pub fn series(ui: &Ui, of: &Slice) -> Query {
    Query { over: Period::Window(ui.trends.range), every: Some(ui.trend_every()), ..query(ui, of, None, &FIGURES) }
}

/// The same series so many days before.
#[must_use]
pub fn series_before(ui: &Ui, board: &Board, of: &Slice, days: u64) -> Query {
    let axis = ui.trend_axis(board);
    let from = axis.starts.first().copied().unwrap_or(board.at);
    let over = Period::Range(days_before(board, from, days), days_before(board, axis.end, days));
    Query { over, ..series(ui, of) }
}

/// The last hour of a slice.
#[must_use]
pub fn hour(ui: &Ui, of: &Slice) -> Query {
    Query { over: Period::Window(Window::H1), ..query(ui, of, None, &FIGURES) }
}

/// The same hour so many days before, as it was asked for `steps` steps of 5 minutes ago.
#[must_use]
pub fn hour_before(ui: &Ui, board: &Board, of: &Slice, days: u64, steps: i64) -> Query {
    let end = board.calendar.bucket(HOUR_STEP, board.at - Span(steps * 5 * Span::MINUTE.0));
    let end = days_before(board, end, days);
    Query { over: Period::Range(end - Span::HOUR, end), ..hour(ui, of) }
}

/// The service level of each queue over the time of the page.
#[must_use]
pub fn queue_lines(ui: &Ui) -> Query {
    Query { by: vec![Dim::Queue], kpis: vec![KpiId::ServiceLevel], ..series(ui, &Slice::TOTAL) }
}

/// The figures of the week so far, from Monday on; or those of the same days and hours of the week before.
#[must_use]
pub fn week(ui: &Ui, board: &Board, of: &Slice, before: bool) -> Query {
    use chrono::Datelike;
    let calendar = &board.calendar;
    let monday = calendar.day_start(board.at, u64::from(calendar.day(board.at).weekday().num_days_from_monday()));
    let (from, to) = if before {
        (days_before(board, monday, 7), days_before(board, calendar.half_hour(board.at), 7))
    } else {
        (monday, calendar.start_of(calendar.day(board.at) + chrono::Days::new(1)))
    };
    Query { over: Period::Range(from, to), ..query(ui, of, None, &WEEKLY) }
}

/// What the arrivals and those who hung up in a step were about; or those of the same step so many days before.
#[must_use]
pub fn moment(ui: &Ui, board: &Board, of: &Slice, days: u64) -> Option<Query> {
    let axis = ui.trend_axis(board);
    let step = axis.step(axis.place(ui.trends.moment?));
    let over = Period::Range(days_before(board, step.start, days), days_before(board, step.end, days));
    let by = [Dim::Queue, Dim::Intent].into_iter().filter(|dim| of.get(*dim).is_none());
    let kpis = [KpiId::Offered, KpiId::Abandoned];
    Some(Query { by: by.collect(), over, ..query(ui, of, None, &kpis) })
}

/// The instant as long after the start of its business day, so many days before.
fn days_before(board: &Board, at: Time, days: u64) -> Time {
    let calendar = &board.calendar;
    let day = calendar.day(at);
    calendar.start_of(day - chrono::Days::new(days)) + at.since(calendar.start_of(day))
}

/// The dimension by which the page tells what has grown: an intent grows by queue, everything else by intent.
#[must_use]
pub fn grown_by(of: &Slice) -> Dim {
    if of.get(Dim::Intent).is_some() { Dim::Queue } else { Dim::Intent }
}

/// How long agents were staffed in each step so far; of the whole floor, because agents serve many queues.
#[must_use]
pub fn staffing(ui: &Ui, board: &Board) -> Query {
    let axis = ui.trend_axis(board);
    let over = Period::Range(axis.step(0).start, axis.step(axis.place(board.at)).end);
    Query { over, every: Some(axis.every), ..query(ui, &Slice::TOTAL, None, &[KpiId::ContactsPerHour]) }
}

/// All questions of the page.
pub(super) fn questions(ui: &Ui, board: &Board) -> Vec<Question> {
    let of = ui.trend_slice();
    let compared = ui.trends.comparison.days_back(ui.trends.range);
    let others = compared.iter().filter(|days| !EXPECTED_FROM.contains(days));
    let mut queries = vec![series(ui, &of), hour(ui, &of)];
    queries.extend(EXPECTED_FROM.iter().chain(others).map(|days| series_before(ui, board, &of, *days)));
    queries.extend(compared.iter().map(|days| hour_before(ui, board, &of, *days, 0)));
    queries.extend([0, 7].into_iter().filter_map(|days| moment(ui, board, &of, days)));
    if board.queues.len() <= MAX_QUEUES {
        queries.push(queue_lines(ui));
    }
    queries.extend([false, true].map(|before| week(ui, board, &of, before)));
    if of.is_total() {
        queries.push(staffing(ui, board));
    }
    // The intents that the page can be about.
    queries.push(last_hour(ui, &Slice::TOTAL, Dim::Intent));
    let figures = queries.into_iter().map(Question::Figures);
    figures.chain(changes(ui, board, &of, grown_by(&of))).chain([Question::History]).collect()
}
