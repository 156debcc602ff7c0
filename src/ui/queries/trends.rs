//! The questions of the page of trends. What is over is asked for as a range, whose answer is kept for long.

use chrono::{Datelike, Days, Months};

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

/// The time of the week so far, from Monday on, or beside the charts of a month that of the month so far; or that of as many
/// days and hours of the one before.
fn so_far_time(ui: &Ui, board: &Board, before: bool) -> Period {
    let calendar = &board.calendar;
    let today = calendar.day(board.at);
    let is_month = ui.trends.range == Window::D30;
    let days = if is_month { today.day0() } else { today.weekday().num_days_from_monday() };
    let days = Days::new(u64::from(days));
    let first = today - days;
    if !before {
        return Period::Range(calendar.start_of(first), calendar.start_of(today + Days::new(1)));
    }
    let first_before = if is_month { first - Months::new(1) } else { first - Days::new(7) };
    let hours = calendar.half_hour(board.at).since(calendar.start_of(today));
    // A month may have fewer days than this one has so far.
    let to = (calendar.start_of(first_before + days) + hours).min(calendar.start_of(first));
    Period::Range(calendar.start_of(first_before), to)
}

/// The figures of the week or month so far, or of the same days and hours of the one before.
#[must_use]
pub fn so_far(ui: &Ui, board: &Board, of: &Slice, before: bool) -> Query {
    Query { over: so_far_time(ui, board, before), ..query(ui, of, None, &WEEKLY) }
}

/// The arrivals of the parts of a slice in the same time.
#[must_use]
pub fn so_far_by_part(ui: &Ui, board: &Board, of: &Slice, before: bool) -> Query {
    Query { over: so_far_time(ui, board, before), ..query(ui, of, Some(grown_by(of)), &[KpiId::Offered]) }
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
    calendar.start_of(day - Days::new(days)) + at.since(calendar.start_of(day))
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
    queries.extend([false, true].map(|before| so_far(ui, board, &of, before)));
    if ui.trends.range != Window::Today {
        queries.extend([false, true].map(|before| so_far_by_part(ui, board, &of, before)));
    }
    if of.is_total() {
        queries.push(staffing(ui, board));
    }
    // The intents that the page can be about.
    queries.push(last_hour(ui, &Slice::TOTAL, Dim::Intent));
    let figures = queries.into_iter().map(Question::Figures);
    figures.chain(changes(ui, board, &of, grown_by(&of))).chain([Question::History]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Actor;
    use crate::kpi::Calendar;
    use crate::ui::theme::Palette;

    #[test]
    fn the_month_so_far_is_compared_with_as_much_of_the_month_before() {
        let who = Actor { name: "ann".into(), from: "desk".into() };
        let mut ui = Ui::new(who, Window::M30, None, Palette::Auto, false);
        let mut board =
            Board { calendar: Calendar { zone: chrono_tz::Europe::London, ..Calendar::default() }, ..Board::default() };
        let mut times = |range, at: &str| {
            ui.trends.range = range;
            board.at = Time::parse_rfc3339(at).unwrap();
            [false, true].map(|before| match so_far_time(&ui, &board, before) {
                Period::Range(from, to) => format!("{from} {to}"),
                Period::Window(window) => panic!("{window:?}"),
            })
        };
        assert_eq!(
            times(Window::D30, "2026-05-12T10:42:17Z"),
            ["2026-04-30T23:00:00Z 2026-05-12T23:00:00Z", "2026-03-31T23:00:00Z 2026-04-12T10:30:00Z"]
        );
        // February has no 30th: the whole of it, and not a part of March twice.
        assert_eq!(times(Window::D30, "2026-03-30T10:42:17Z")[1], "2026-02-01T00:00:00Z 2026-03-01T00:00:00Z");
        assert_eq!(
            times(Window::D7, "2026-05-12T10:42:17Z"),
            ["2026-05-10T23:00:00Z 2026-05-12T23:00:00Z", "2026-05-03T23:00:00Z 2026-05-05T10:30:00Z"]
        );
    }
}
