//! One queue: its figures, who waits, who serves, what about, and the day so far.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, overview, series, waiting};
use crate::kpi::{Dim, KpiId, Live, Slice, Verdict};
use crate::ui::ask;
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::{panel, trend};

/// Draw it.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let line = strip(buffer, area, ctx);
    let area = Rect { y: area.y + line, height: area.height.saturating_sub(line), ..area };
    let tiles = overview::tiles(buffer, area, ctx, 22, drawn);
    let body = Rect { y: area.y + tiles, height: area.height.saturating_sub(tiles), ..area };
    if body.width >= 150 {
        let left = Rect { width: body.width / 2, ..body };
        let right = Rect { x: left.right() + 1, width: body.width - left.width - 1, ..body };
        let needed = cols(ctx.ui.lists.get(&Panel::QueueIntents).map_or(0, |list| list.order.len())) + 3;
        let intents =
            (left.height * 3 / 5).min(needed.max(6)).max(left.height.saturating_sub((left.height / 2).max(18)));
        // Who waits has what it needs, up to half; who serves has the rest.
        let waiting = cols(ctx.ui.lists.get(&Panel::Waiting).map_or(0, |list| list.order.len())) + 3;
        let top = right.height - waiting.clamp(4, (right.height / 2).max(4)).min(right.height);
        let charts = Rect { y: left.y + intents, height: left.height - intents, ..left };
        lists(buffer, ctx, Panel::QueueIntents, Rect { height: intents, ..left }, drawn);
        lists(buffer, ctx, Panel::Serving, Rect { height: top, ..right }, drawn);
        lists(buffer, ctx, Panel::Waiting, Rect { y: right.y + top, height: right.height - top, ..right }, drawn);
        let half = charts.width / 3;
        positions(buffer, Rect { width: half, ..charts }, ctx);
        day(buffer, Rect { x: charts.x + half + 1, width: charts.width - half - 1, ..charts }, ctx, ctx.ui.slice());
        return;
    }
    // Narrow: the panel that has the keys gets the room, the others say what they hold in what is left.
    let focus = if ctx.ui.focus() == Panel::Tiles { Panel::QueueIntents } else { ctx.ui.focus() };
    let chart = if body.height >= 22 { 7 } else { 0 };
    let lists_height = body.height - chart;
    let others: Vec<Panel> =
        [Panel::QueueIntents, Panel::Serving, Panel::Waiting].into_iter().filter(|p| *p != focus).collect();
    let needed = cols(ctx.ui.lists.get(&focus).map_or(0, |list| list.order.len())) + 2;
    let least = (lists_height * 2 / 5).max(3);
    let main = needed.clamp(lists_height / 2, lists_height.saturating_sub(least));
    let small = lists_height.saturating_sub(main);
    lists(buffer, ctx, focus, Rect { height: main, ..body }, drawn);
    let half = body.width / 2;
    for (at, other) in others.into_iter().enumerate() {
        let x = body.x + cols(at) * (half + 1);
        let width = if at == 0 { half } else { body.width - half - 1 };
        lists(buffer, ctx, other, Rect { x, y: body.y + main, width, height: small }, drawn);
    }
    if chart > 0 {
        let room = Rect { y: body.bottom() - chart, height: chart, ..body };
        positions(buffer, Rect { width: half, ..room }, ctx);
        day(buffer, Rect { x: room.x + half + 1, width: room.width - half - 1, ..room }, ctx, ctx.ui.slice());
    }
}

/// One line of what stands now.
fn strip(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) -> u16 {
    let queue = ctx.ui.slice().get(Dim::Queue);
    let row = queue.and_then(|id| ctx.board.queues.iter().find(|row| row.id == *id));
    let (name, live) = row.map_or(("All queues", &ctx.board.total), |row| (row.name.as_str(), &row.live));
    let mut words = vec![(name.to_owned(), Tone::Strong)];
    if let Some(row) = row {
        words.push((format!("{}, answer within {}", row.channel.key(), format::span(row.service_level)), Tone::Muted));
    }
    let tone = if live.waiting > 0 { Tone::Strong } else { Tone::Muted };
    // How many wait where nobody looks, and for how long, is not known.
    let live = if ctx.stands_still(ctx.ui.slice()) {
        words.push((format!("{} stands still, as last seen", glyphs::MISSING), Tone::Warning));
        &Live { longest_wait: None, estimated_wait: None, ..live.clone() }
    } else {
        live
    };
    words.push((format!("{} waiting", live.waiting), tone));
    words.extend(live.longest_wait.map(|wait| (format!("oldest {}", format::span(wait)), Tone::Strong)));
    words.extend(live.estimated_wait.map(|wait| (format!("estimated wait {}", format::span(wait)), Tone::Text)));
    words.push((format!("{} in progress", live.in_progress), Tone::Text));
    for (state, count) in crate::event::AgentState::ALL.into_iter().zip(live.agents).filter(|(_, n)| *n > 0) {
        words.push((format!("{} {count}", super::agents::state_words(state).trim_start()), Tone::Muted));
    }
    let mut x = area.x + 1;
    for (text, tone) in words {
        if x + cols(text.width()) >= area.right() {
            break;
        }
        buffer.set_string(x, area.y, &text, ctx.theme.style(tone));
        x += cols(text.width()) + 2;
    }
    1
}

fn lists(buffer: &mut Buffer, ctx: Ctx<'_>, panel: Panel, area: Rect, drawn: &mut Drawn) {
    let list = ctx.ui.lists.get(&panel).map_or(0, |list| list.order.len());
    let slice = ctx.ui.slice();
    let (name, about, empty) = match panel {
        Panel::QueueIntents => {
            let figures = ctx.data.figures(ask::intents(ctx.ui, slice));
            ("What about", ctx.about(figures.map(|f| &f.answer)), "no contact says what it is about")
        }
        Panel::Serving => ("Who serves", String::new(), "nobody serves it"),
        _ => ("Who waits", waiting::about(ctx), "nobody waits"),
    };
    let focus = ctx.ui.focus() == panel;
    let inner = panel::panel(buffer, area, ctx.theme, &format!("{name} {list}"), &about, focus);
    super::table(buffer, inner, ctx, panel, empty, drawn);
}

/// Abandonment by position on joining, a bar each.
pub fn positions(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let inner = panel::panel(buffer, area, ctx.theme, "Hung up, by position", "", false);
    let figures = ctx.data.figures(ask::totals(ctx.ui, ctx.ui.slice()));
    let Some(figure) = figures.and_then(|f| f.total(KpiId::AbandonmentByPosition)) else { return };
    if figure.parts.is_empty() {
        let reason = figure.reason.as_deref().unwrap_or("no source tells positions");
        panel::say(buffer, inner, ctx.theme, reason);
        return;
    }
    let most = figure.parts.iter().filter_map(|p| p.value).fold(0.0, f64::max).max(1.0);
    let room = inner.width.saturating_sub(23);
    for (part, y) in figure.parts.iter().zip(inner.y..inner.bottom()) {
        let text = part.value.map_or("–".to_owned(), |v| format!("{v:.0}%"));
        buffer.set_string(inner.x + 2, y, format!("{:>5} {text:>5}", part.key), ctx.theme.style(Tone::Text));
        buffer.set_stringn(
            inner.right().saturating_sub(8),
            y,
            format!("n {}", part.n),
            8,
            ctx.theme.style(Tone::Muted),
        );
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to the room")]
        let wide = (part.value.unwrap_or(0.0) / most * f64::from(room)).clamp(0.0, f64::from(room)) as usize;
        buffer.set_string(inner.x + 14, y, "▇".repeat(wide), ctx.theme.style(Tone::Muted));
    }
}

/// Arrivals and service level over the time of the window.
pub fn day(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, of: &Slice) {
    let (window, every) = ask::steps(ctx.ui.window);
    let step = match every {
        crate::kpi::Every::Minutes(30) => "by half hour".to_owned(),
        crate::kpi::Every::Minutes(m) => format!("by {m} min"),
        crate::kpi::Every::Days(_) => "by day".to_owned(),
    };
    let name = if of == ctx.ui.slice() { "Arrivals".to_owned() } else { format!("Arrivals, {}", ctx.slice_name(of)) };
    let figures = ctx.data.figures(ask::course(ctx.ui, of));
    let bins = figures.map(|figures| series::bins(ctx, figures, None, of, every)).unwrap_or_default();
    let mut about = format!("{}, {step}", window.words());
    if let (Some(figures), true) = (figures, bins.iter().any(|bin| bin.gap)) {
        // What the sign means; where there is no room for both, the window stands in the head too.
        let room = usize::from(area.width).saturating_sub(name.width() + 7);
        let legend = series::legend(ctx, of, figures.answer.from, room);
        let both = format!("{legend} · {about}");
        about = if both.width() <= room { both } else { legend };
    }
    let inner = panel::panel(buffer, area, ctx.theme, &name, &about, false);
    let Some(figures) = figures else {
        panel::say(buffer, inner, ctx.theme, "…");
        return;
    };
    let course = series::points(figures, &bins, KpiId::Offered);
    if course.is_empty() || inner.height < 3 {
        panel::say(buffer, inner, ctx.theme, "nothing has arrived in this time");
        return;
    }
    // The scale and the names of the rows stand on the left, where there is room for them.
    let gutter = if inner.width >= 40 { 9 } else { 2 };
    let bars = Rect { x: inner.x + gutter, width: inner.width - gutter - 2, height: inner.height - 2, ..inner };
    let skip = course.len().saturating_sub(usize::from(bars.width));
    let count = course.len() - skip;
    let levels: Vec<_> = bins.iter().map(|bin| figures.of(bin.row?, KpiId::ServiceLevel)).collect();
    let style = |at: usize| {
        let tone = match levels.get(at).copied().flatten().map_or(Verdict::None, |f| f.verdict) {
            Verdict::Critical => Tone::Critical,
            Verdict::Warning => Tone::Warning,
            _ => Tone::Muted,
        };
        ctx.theme.style(tone)
    };
    let most = course.iter().skip(skip).filter_map(|point| point.value).fold(0.0, f64::max);
    // The bars are the ground that the service level stands on: large as they are, they stay quiet.
    let muted = ctx.theme.style(Tone::Muted);
    trend::bars(buffer, bars, &course, most, |_| muted);
    let (axis, foot) = (inner.bottom() - 2, inner.bottom() - 1);
    if gutter > 2 {
        let mut label = |y: u16, text: &str| buffer.set_string(inner.x, y, format!("{text:>8}"), muted);
        label(bars.y, &crate::kpi::format::count(most));
        if bars.height >= 5 {
            label(bars.y + bars.height / 2, &crate::kpi::format::count((most / 2.0).round()));
        }
        label(foot, "svc lvl");
    }
    let zone = ctx.zone();
    let write = |at: crate::clock::Time| match every {
        crate::kpi::Every::Days(_) => at.to_chrono().with_timezone(&zone).format("%-d %b").to_string(),
        crate::kpi::Every::Minutes(_) => format::minute(at, zone),
    };
    let mut free = bars.x;
    for (at, bin) in bins.iter().skip(skip).enumerate() {
        let place = trend::place(bars, count, at);
        // A time below each bar that has room for it, and the service level as far as the bar is wide.
        let text = write(bin.start);
        if place.x >= free && place.x + cols(text.width()) <= bars.right() {
            buffer.set_string(place.x, axis, &text, muted);
            free = place.x + cols(text.width()) + 3;
        }
        if bin.gap {
            buffer.set_stringn(place.x, foot, glyphs::MISSING, usize::from(place.width), muted);
            continue;
        }
        let level = levels.get(skip + at).copied().flatten();
        let Some(value) = level.and_then(|f| f.value) else { continue };
        let text = if usize::from(bars.width) >= 4 * count {
            format!("{value:.0}")
        } else {
            trend::step(value, 0.0, 100.0).repeat(usize::from(place.width))
        };
        buffer.set_stringn(place.x, foot, &text, usize::from(place.width), style(skip + at));
    }
}
