//! What stands below the charts on the same axis: the times, the alerts, and a line per queue.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustc_hash::FxHashMap;
use unicode_width::UnicodeWidthStr;

use super::picture::TrendPicture;
use crate::alert::{Episode, Severity};
use crate::clock::Time;
use crate::kpi::{Every, KpiId, Verdict, Window};
use crate::language::text;
use crate::text::fit;
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::format::cols;
use crate::ui::queries::{MAX_HISTORY, trends as queries};
use crate::ui::state::{List, Panel};
use crate::ui::theme::Tone;
use crate::ui::trends::model::TrendStep;
use crate::ui::widget::trend::{self, TrendPoint};

/// Blanks between two times of the axis, at least.
const TIMES_APART: u16 = 3;

/// Write the times below the charts.
pub fn axis(buffer: &mut Buffer, charts: Rect, picture: &TrendPicture<'_>) {
    let style = picture.ctx.theme.style(Tone::Muted);
    let steps = &picture.model.steps;
    let (of_days, how) = match (picture.ctx.ui.trends.range, picture.axis.every) {
        (Window::D7, _) => (true, text!("time-weekday-date")),
        (_, Every::Days(_)) => (true, text!("time-day")),
        _ => (false, text!("time-minute")),
    };
    // Of a day the full hours, of longer times the starts of days; as many as there is room for, evenly.
    let is_marked = |at: Time| {
        let text = picture.time(at, "%H %M");
        match (of_days, text.split_once(' ')) {
            (false, Some((hour, "00"))) => hour.parse::<usize>().ok(),
            (true, _) if picture.ctx.board.calendar.day_start(at, 0) == at => Some(0),
            _ => None,
        }
    };
    let marks: Vec<(u16, usize, String)> = steps
        .iter()
        .enumerate()
        .filter_map(|(place, step)| {
            let hour = is_marked(step.start)?;
            Some((picture.place(charts, place).x, hour, picture.time(step.start, how)))
        })
        .collect();
    let apart = |every: usize| {
        let shown: Vec<_> = marks.iter().enumerate().filter(|(n, mark)| shows(*n, mark.1, every, of_days)).collect();
        shown.windows(2).all(|pair| match pair {
            [(_, a), (_, b)] => a.0 + cols(a.2.width()) + TIMES_APART <= b.0,
            _ => true,
        })
    };
    let Some(every) = [1, 2, 3, 4, 6, 12, 24].into_iter().find(|every| apart(*every)) else { return };
    for (n, (x, hour, text)) in marks.iter().enumerate() {
        if shows(n, *hour, every, of_days) && x + cols(text.width()) <= charts.right() {
            buffer.set_string(*x, charts.y, text, style);
        }
    }
}

/// Whether a mark is shown where one in `every` is: hours by the clock, days by their number.
fn shows(place: usize, hour: usize, every: usize, of_days: bool) -> bool {
    (if of_days { place } else { hour }).is_multiple_of(every)
}

/// Draw when alerts about the slice stood: low where their figure was past its limit already, high from when they fired.
pub fn alerts(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, gutter: u16) {
    let theme = picture.ctx.theme;
    buffer.set_string(area.x + 1, area.y, text!("strip-alerts"), theme.style(Tone::Muted));
    let strip = Rect { x: area.x + gutter, width: area.width.saturating_sub(gutter + 1), ..area };
    let past = picture.ctx.answers.history();
    let about = |episode: &&Episode| {
        episode.inhibited_by.is_none() && picture.of.parts().all(|(dim, value)| episode.slice.get(*dim) == Some(value))
    };
    let episodes: Vec<&Episode> = picture.ctx.board.alerts.iter().chain(past).filter(about).collect();
    // Of a long past only the newest alerts are known.
    let known_from = if past.len() < MAX_HISTORY { None } else { past.iter().filter_map(|e| e.resolved).min() };
    for x in strip.left()..strip.right() {
        let time = |x: u16| instant(picture, strip, x);
        let (from, to) = (time(x), time(x + 1));
        if from > picture.ctx.board.at {
            break;
        }
        if known_from.is_some_and(|known| to <= known) {
            buffer.set_string(x, strip.y, "·", theme.style(Tone::Faint));
            continue;
        }
        let worst = episodes.iter().filter_map(|episode| level(episode, from, to)).max();
        let (sign, tone) = match worst {
            None => continue,
            Some((false, Severity::Warning)) => ("▁", Tone::Warning),
            Some((false, Severity::Critical)) => ("▁", Tone::Critical),
            Some((true, Severity::Warning)) => ("▄", Tone::Warning),
            Some((true, Severity::Critical)) => ("█", Tone::Critical),
        };
        buffer.set_string(x, strip.y, sign, theme.bar(tone));
    }
}

/// Draw what people say of times: a mark where it happened, a line as long as it went on, and the text where there is room.
pub fn annotations(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, gutter: u16) {
    let theme = picture.ctx.theme;
    buffer.set_string(area.x + 1, area.y, text!("strip-annotations"), theme.style(Tone::Muted));
    let strip = Rect { x: area.x + gutter, width: area.width.saturating_sub(gutter + 1), ..area };
    let said = picture.annotations();
    let columns: Vec<u16> = said.iter().map(|said| picture.column(strip, said.at)).collect();
    let mut free = strip.x;
    for ((said, x), place) in said.iter().zip(&columns).zip(1..) {
        let (style, y) = (theme.style(Tone::Accent), strip.y);
        if let Some(until) = said.until {
            let length = usize::from(picture.column(strip, until).saturating_sub(*x));
            buffer.set_stringn(x + 1, y, "─".repeat(length), usize::from(strip.right().saturating_sub(x + 1)), style);
        }
        buffer.set_string(*x, y, "●", style);
        let right = columns.get(place).copied().unwrap_or(strip.right());
        let (width, room) = (cols(said.text.width()), right.saturating_sub(x + 2));
        let (from, room) = if width > room && free + width < *x { (x - width - 1, width) } else { (x + 2, room) };
        let text = fit(said.text.as_str(), usize::from(room));
        buffer.set_string(from, y, &text, theme.style(Tone::Text));
        free = from + cols(text.width()) + 1;
    }
}

/// Draw how many agents were staffed.
pub fn staffing(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, gutter: u16) {
    let theme = picture.ctx.theme;
    buffer.set_string(area.x + 1, area.y, text!("strip-staff"), theme.style(Tone::Muted));
    let strip = Rect { x: area.x + gutter, width: area.width.saturating_sub(gutter + 1), ..area };
    let most = picture.model.steps.iter().filter_map(|step| step.staffed).fold(1.0, f64::max);
    let point = |step: &TrendStep<'_>| TrendPoint { value: step.staffed, gap: step.gap };
    let points: Vec<_> = picture.model.steps.iter().map(point).collect();
    trend::bars(buffer, strip, &points, most, |_| theme.bar(Tone::Muted));
}

/// Whether there is anything to draw in [`staffing`].
#[must_use]
pub fn knows_staffing(picture: &TrendPicture<'_>) -> bool {
    picture.model.steps.iter().any(|step| step.staffed.is_some())
}

/// Whether an episode had fired in a time, and how severe it is; `None` where its figure was within its limit.
fn level(episode: &Episode, from: Time, to: Time) -> Option<(bool, Severity)> {
    let stood = |since: Time| since < to && episode.resolved.is_none_or(|resolved| resolved > from);
    match episode.fired {
        Some(fired) if stood(fired) => Some((true, episode.severity)),
        _ if stood(episode.since) => Some((false, episode.severity)),
        _ => None,
    }
}

/// The instant at the left edge of a column.
fn instant(picture: &TrendPicture<'_>, strip: Rect, x: u16) -> Time {
    let steps = picture.model.steps.len().max(1);
    let width = usize::from(strip.width.max(1));
    let along = usize::from(x - strip.x) * steps;
    let step = picture.axis.step(along / width);
    let (part, whole) = (i64::try_from(along % width).unwrap_or(0), i64::from(strip.width.max(1)));
    step.start + crate::clock::Span(step.end.since(step.start).0 * part / whole)
}

/// Draw a line per queue: when its service level was past its limit. The selected queue is the one of the charts.
pub fn queues(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, gutter: u16, drawn: &mut Drawn) {
    let ctx = picture.ctx;
    let theme = ctx.theme;
    let title = text!("strip-queues");
    buffer.set_stringn(area.x + 1, area.y, title, usize::from(area.width), theme.style(Tone::Heading));
    let default = List::default();
    let list = ctx.ui.lists.get(&Panel::TrendSlices).unwrap_or(&default);
    let rows = usize::from(area.height.saturating_sub(1));
    let at = list.position().unwrap_or(0);
    let first = (at + 1).saturating_sub(rows);
    drawn.page_rows = cols(rows.max(1));
    drawn.note(area, ClickTarget::List(Panel::TrendSlices));
    let lines = ctx.answers.figures(queries::queue_lines(ctx.ui));
    for ((place, id), y) in list.shown_ids().enumerate().skip(first).zip(area.y + 1..area.bottom()) {
        let selected = place == at;
        let (mark, tone) = if selected { ("▸", Tone::Focus) } else { (" ", Tone::Muted) };
        let width = usize::from(gutter.saturating_sub(2));
        buffer.set_string(area.x, y, mark, theme.style(Tone::Focus));
        let name = super::table::slice_name(ctx, id);
        buffer.set_stringn(area.x + 1, y, fit(&name, width), width, theme.style(tone));
        drawn.note(Rect { y, height: 1, ..area }, ClickTarget::Row(Panel::TrendSlices, place));
        let Some(("q", queue)) = id.as_str().split_at_checked(1) else { continue };
        let Some(lines) = lines else { continue };
        let strip = Rect { x: area.x + gutter, y, width: area.width.saturating_sub(gutter + 1), height: 1 };
        let verdicts: FxHashMap<Time, Verdict> = lines
            .rows(Some(queue))
            .iter()
            .filter_map(|row| Some((row.start?, lines.of(row, KpiId::ServiceLevel)?)))
            .filter(|(_, figure)| figure.is_known())
            .map(|(start, figure)| (start, figure.verdict))
            .collect();
        for (place, step) in picture.model.steps.iter().enumerate() {
            let (sign, tone) = match verdicts.get(&step.start) {
                None => continue,
                Some(Verdict::Critical) => ("█", Tone::Critical),
                Some(Verdict::Warning) => ("▄", Tone::Warning),
                Some(_) => ("▁", Tone::Faint),
            };
            let cells = picture.place(strip, place);
            let width = usize::from(cells.width);
            buffer.set_stringn(cells.x, y, sign.repeat(width), width, theme.bar(tone));
        }
    }
}

/// How many rows the list of queues has.
#[must_use]
pub fn queue_count(picture: &TrendPicture<'_>) -> u16 {
    cols(picture.ctx.ui.lists.get(&Panel::TrendSlices).map_or(0, |list| list.order.len()))
}
