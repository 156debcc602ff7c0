//! The page of the kiosk about the day so far: in time and arrivals by half hour.

use ratatui::layout::Rect;

use super::pane::Pane;
use crate::clock::{Span, Time};
use crate::kpi::{Every, KpiId, Slice, Verdict};
use crate::language::{self, ShownFigure as _, text};
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::view::series;
use crate::ui::widget::trend::{self, TrendPoint};

const STEP: Span = Span(30 * Span::MINUTE.0);
/// The charts have room for so many half hours at least, so that the morning's bars are not the width of a hand.
const MIN_STEPS: usize = 20;
/// More than any day has.
const MAX_STEPS: usize = 60;

/// Draw the page.
pub fn draw(pane: &mut Pane<'_, '_>, area: Rect) {
    let (ctx, scale) = (pane.ctx, pane.scale);
    let figures = ctx.answers.figures(queries::kiosk_day(ctx.ui)).filter(|_| !ctx.reading());
    let bins = figures.map(|f| series::bins(ctx, f, None, &Slice::TOTAL, Every::Minutes(30))).unwrap_or_default();
    let (Some(figures), Some(first)) = (figures, bins.first()) else {
        let style = pane.style(Tone::Muted);
        pane.label(area.x + scale.unit(), area.y, text!("kiosk-nothing-today"), area.width, style);
        return;
    };
    let place = |at: Time| usize::try_from(at.since(first.start).0 / STEP.0).unwrap_or(0);
    let steps = bins.last().map_or(0, |bin| place(bin.start) + 1).clamp(MIN_STEPS, MAX_STEPS);
    let mut points = [vec![TrendPoint::default(); steps], vec![TrendPoint::default(); steps]];
    let mut verdicts = vec![Verdict::None; steps];
    for bin in &bins {
        let at = place(bin.start);
        let figure = |kpi| bin.row.and_then(|row| figures.of(row, kpi));
        let level = figure(KpiId::ServiceLevel);
        if let (Some(verdict), Some(level)) = (verdicts.get_mut(at), level) {
            *verdict = level.verdict;
        }
        for (points, figure) in points.iter_mut().zip([level, figure(KpiId::Offered)]) {
            if let Some(point) = points.get_mut(at) {
                *point = TrendPoint { value: figure.and_then(|figure| figure.value), gap: bin.gap };
            }
        }
    }
    let [levels, arrivals] = points;
    let total = |kpi| figures.total(kpi).filter(|figure| figure.is_known()).cloned();
    let head = scale.line() + scale.unit();
    let chart = area.height.saturating_sub(head + scale.unit()) / 2;
    let top = Rect { height: chart, ..area };
    let level = total(KpiId::ServiceLevel);
    let words = level.map_or_else(|| "–".to_owned(), |level| language::percent(level.value.unwrap_or(0.0), 0));
    panel(pane, top, (text!("kiosk-in-time-today"), &words), &levels, 100.0, |at| {
        // What is fine stays grey.
        match verdicts.get(at) {
            Some(Verdict::Critical) => Tone::Critical,
            Some(Verdict::Warning) => Tone::Warning,
            _ => Tone::Muted,
        }
    });
    let most = arrivals.iter().filter_map(|point| point.value).fold(1.0, f64::max);
    let words = total(KpiId::Offered).map_or_else(|| "–".to_owned(), |all| KpiId::Offered.def().shown(&all));
    let last = bins.last().map_or(0, |bin| place(bin.start));
    let below = Rect { y: top.bottom() + scale.unit(), ..top };
    // The last half hour is not over.
    panel(pane, below, (text!("kiosk-arrivals-today"), &words), &arrivals, most, |at| {
        if at == last { Tone::Faint } else { Tone::Muted }
    });
    axis(pane, Rect { y: below.bottom(), height: scale.line(), ..area }, first.start, steps);
}

/// Draw a chart below its title.
fn panel(
    pane: &mut Pane<'_, '_>,
    area: Rect,
    (title, total): (&str, &str),
    points: &[TrendPoint],
    most: f64,
    tone: impl Fn(usize) -> Tone,
) {
    let scale = pane.scale;
    let (muted, text) = (pane.style(Tone::Muted), pane.style(Tone::Text));
    let width = pane.width(title);
    pane.label(area.x + scale.unit(), area.y, title, width, muted);
    pane.label(area.x + width + 4 * scale.unit(), area.y, total, area.width, text);
    let head = scale.line() + scale.unit();
    let bars = Rect {
        x: area.x + scale.unit(),
        y: area.y + head,
        width: area.width.saturating_sub(2 * scale.unit()),
        height: area.height.saturating_sub(head),
    };
    let theme = pane.ctx.theme;
    let ink = |tone: Tone| if tone == Tone::Critical && !pane.old { theme.bar(tone) } else { pane.style(tone) };
    let styles: Vec<_> = (0..points.len()).map(|at| ink(tone(at))).collect();
    trend::bars(pane.buffer, bars, points, most, |at| styles.get(at).copied().unwrap_or(muted));
}

/// Draw the hours below the charts, as many as there is room for.
fn axis(pane: &mut Pane<'_, '_>, area: Rect, first: Time, steps: usize) {
    let unit = pane.scale.unit();
    let bars = Rect { x: area.x + unit, width: area.width.saturating_sub(2 * unit), ..area };
    let style = pane.style(Tone::Muted);
    let mut free = bars.x;
    for at in 0..steps {
        let time = first + Span(STEP.0.saturating_mul(i64::try_from(at).unwrap_or(0)));
        let Some(hour) = language::hour(time, pane.ctx.zone()) else { continue };
        let (x, width) = (trend::place(bars, steps, at).x, pane.width(&hour));
        if x >= free && x + width <= bars.right() {
            pane.label(x, area.y, &hour, width, style);
            free = x + width + 3 * unit;
        }
    }
}
