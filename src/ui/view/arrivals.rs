//! Arrivals over the time of the window, a bar per step, and the service level below each bar.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustc_hash::FxHashMap;
use unicode_width::UnicodeWidthStr;

use super::Ctx;
use super::series::{self, Bin};
use crate::clock::{Span, Time};
use crate::kpi::{AnswerRow, Every, KpiId, Slice, Verdict};
use crate::language::{self, text};
use crate::ui::answers::Figures;
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::trends::model::expected_of;
use crate::ui::widget::{panel, trend};

/// Draw the panel for a slice: the page's own, or the selected one.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, of: &Slice) {
    let (window, every) = queries::steps(ctx.ui.window);
    let step = match every {
        Every::Minutes(30) => text!("arrivals-by-half-hour").to_owned(),
        Every::Minutes(m) => text!("arrivals-by-minutes", minutes = m),
        Every::Days(_) => text!("arrivals-by-day").to_owned(),
    };
    let name = if of == ctx.ui.slice() {
        text!("arrivals").to_owned()
    } else {
        format!("{}, {}", text!("arrivals"), ctx.slice_name(of))
    };
    let figures = ctx.answers.figures(queries::course(ctx.ui, of));
    let bins = figures.map(|figures| series::bins(ctx, figures, None, of, every)).unwrap_or_default();
    let usual = expected(ctx, of, &bins);
    let mut about = format!("{}, {step}", language::window(window));
    if usual.iter().any(Option::is_some) {
        about.push_str(text!("arrivals-as-usual"));
    }
    if let (Some(figures), true) = (figures, bins.iter().any(|bin| bin.gap)) {
        // The legend of the gap sign. Where there is no room for both, the window is dropped: the header shows it too.
        let room = usize::from(area.width).saturating_sub(name.width() + 7);
        let legend = series::legend(ctx, of, figures.answer.from, room);
        let both = format!("{legend} · {about}");
        about = if both.width() <= room { both } else { legend };
    }
    let inner = panel::panel(buffer, area, ctx.theme, &name, &about, false);
    match figures {
        None => panel::message(buffer, inner, ctx.theme, "…"),
        Some(_) if bins.is_empty() || inner.height < 3 => {
            panel::message(buffer, inner, ctx.theme, text!("arrivals-nothing"));
        }
        Some(figures) => chart(buffer, inner, ctx, figures, (&bins, &usual), every),
    }
}

/// What was expected in each step: see [`expected_of`]. Before its first contact, nothing is known of a day; after that, a
/// step without contacts had none.
fn expected(ctx: Ctx<'_>, of: &Slice, bins: &[Bin<'_>]) -> Vec<Option<f64>> {
    let today = ctx.board.calendar.day_start(ctx.board.at, 0);
    let weeks = (1..=queries::WEEKS).filter_map(|week| {
        let figures = ctx.answers.figures(queries::day_before(ctx.ui, ctx.board, of, week))?;
        let value =
            |row: &AnswerRow| Some((row.start?.since(figures.answer.from), figures.of(row, KpiId::Offered)?.value?));
        let day: FxHashMap<Span, f64> = figures.rows(None).iter().filter_map(value).collect();
        let begins = day.keys().min().copied()?;
        Some((begins, day))
    });
    let weeks: Vec<_> = weeks.collect();
    let of_step = |bin: &Bin<'_>| {
        let at = bin.start.since(today);
        let known = weeks.iter().filter(|(begins, _)| at >= *begins);
        expected_of(&known.map(|(_, day)| day.get(&at).copied().unwrap_or_default()).collect::<Vec<_>>())
    };
    bins.iter().map(of_step).collect()
}

/// Draw the scale, the bars, and below each bar its time and service level.
fn chart(
    buffer: &mut Buffer,
    inner: Rect,
    ctx: Ctx<'_>,
    figures: &Figures,
    (bins, usual): (&[Bin<'_>], &[Option<f64>]),
    every: Every,
) {
    let series = series::points(figures, bins, KpiId::Offered);
    // The scale stands on the left where there is room for it.
    let gutter = if inner.width >= 40 { 9 } else { 2 };
    let bars = Rect { x: inner.x + gutter, width: inner.width - gutter - 2, height: inner.height - 2, ..inner };
    let skip = series.len().saturating_sub(usize::from(bars.width));
    let count = series.len() - skip;
    let shown = series.iter().map(|point| point.value).chain(usual.iter().copied().flatten().map(Some));
    let most = shown.flatten().fold(0.0, f64::max);
    // The bars are large, so they stay muted; the service level below them is what may be coloured.
    let muted = ctx.theme.style(Tone::Muted);
    trend::bars(buffer, bars, &series, most, |_| muted);
    trend::marks(buffer, bars, usual.get(skip..).unwrap_or_default(), most, ctx.theme.style(Tone::Strong));
    let (axis, foot) = (inner.bottom() - 2, inner.bottom() - 1);
    if gutter > 2 {
        let mut label = |y: u16, text: &str| buffer.set_string(inner.x, y, format!("{text:>8}"), muted);
        label(bars.y, &language::count(most));
        if bars.height >= 5 {
            label(bars.y + bars.height / 2, &language::count((most / 2.0).round()));
        }
        label(foot, text!("arrivals-in-time"));
    }
    let zone = ctx.zone();
    let write = |at: Time| match every {
        Every::Days(_) => format::day(at, zone),
        Every::Minutes(_) => format::minute(at, zone),
    };
    let present = ctx.board.calendar.bucket(every, ctx.board.at);
    let mut free = bars.x;
    for (at, bin) in bins.iter().skip(skip).enumerate() {
        let place = trend::place(bars, count, at);
        // Below each bar the time, where there is room for it, and the service level as wide as the bar. The bar of
        // the present step still grows.
        let text = if bin.start == present { text!("now").to_owned() } else { write(bin.start) };
        if place.x >= free && place.x + cols(text.width()) <= bars.right() {
            buffer.set_string(place.x, axis, &text, muted);
            free = place.x + cols(text.width()) + 3;
        }
        if bin.gap {
            buffer.set_stringn(place.x, foot, glyphs::MISSING, usize::from(place.width), muted);
            continue;
        }
        let Some(level) = bin.row.and_then(|row| figures.of(row, KpiId::ServiceLevel)) else { continue };
        let Some(value) = level.value else { continue };
        let tone = match level.verdict {
            Verdict::Critical => Tone::Critical,
            Verdict::Warning => Tone::Warning,
            _ => Tone::Muted,
        };
        let (text, style) = if usize::from(bars.width) >= 4 * count {
            (format!("{value:.0}"), ctx.theme.style(tone))
        } else {
            (trend::step(value, 0.0, 100.0).repeat(usize::from(place.width)), ctx.theme.bar(tone))
        };
        buffer.set_stringn(place.x, foot, &text, usize::from(place.width), style);
    }
}
