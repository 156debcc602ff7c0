//! One queue: its figures, who waits, who serves, what about, and the day so far.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, overview, waiting};
use crate::kpi::{Dim, KpiId};
use crate::ui::ask;
use crate::ui::format::{self, cols};
use crate::ui::state::Panel;
use crate::ui::theme::Role;
use crate::ui::widget::{panel, trend};

/// Draw it.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) -> Option<(u16, u16)> {
    let line = strip(buffer, area, ctx);
    let area = Rect { y: area.y + line, height: area.height.saturating_sub(line), ..area };
    let tiles = overview::tiles(buffer, area, ctx, 22);
    let body = Rect { y: area.y + tiles, height: area.height.saturating_sub(tiles), ..area };
    if body.width >= 150 {
        let left = Rect { width: body.width / 2, ..body };
        let right = Rect { x: left.right() + 1, width: body.width - left.width - 1, ..body };
        let needed = cols(ctx.ui.lists.get(&Panel::QueueIntents).map_or(0, |list| list.order.len())) + 3;
        let intents = (left.height * 3 / 5).min(needed.max(6)).max(left.height.saturating_sub(18));
        let top = right.height / 2;
        let charts = Rect { y: left.y + intents, height: left.height - intents, ..left };
        let a = lists(buffer, ctx, Panel::QueueIntents, Rect { height: intents, ..left });
        let b = lists(buffer, ctx, Panel::Serving, Rect { height: top, ..right });
        let c = lists(buffer, ctx, Panel::Waiting, Rect { y: right.y + top, height: right.height - top, ..right });
        let half = charts.width / 3;
        positions(buffer, Rect { width: half, ..charts }, ctx);
        day(buffer, Rect { x: charts.x + half + 1, width: charts.width - half - 1, ..charts }, ctx);
        return a.or(b).or(c);
    }
    // Narrow: the panel that has the keys gets the room, the others say what they hold in what is left.
    let focus = if ctx.ui.focus() == Panel::Tiles { Panel::QueueIntents } else { ctx.ui.focus() };
    let chart = if body.height >= 22 { 7 } else { 0 };
    let lists_height = body.height - chart;
    let others: Vec<Panel> =
        [Panel::QueueIntents, Panel::Serving, Panel::Waiting].into_iter().filter(|p| *p != focus).collect();
    let needed = cols(ctx.ui.lists.get(&focus).map_or(0, |list| list.order.len())) + 2;
    let least = (lists_height / 4).max(3);
    let main = needed.clamp(lists_height / 2, lists_height.saturating_sub(least));
    let small = lists_height.saturating_sub(main);
    let cursor = lists(buffer, ctx, focus, Rect { height: main, ..body });
    let half = body.width / 2;
    for (at, other) in others.into_iter().enumerate() {
        let x = body.x + cols(at) * (half + 1);
        let width = if at == 0 { half } else { body.width - half - 1 };
        lists(buffer, ctx, other, Rect { x, y: body.y + main, width, height: small });
    }
    if chart > 0 {
        let room = Rect { y: body.bottom() - chart, height: chart, ..body };
        positions(buffer, Rect { width: half, ..room }, ctx);
        day(buffer, Rect { x: room.x + half + 1, width: room.width - half - 1, ..room }, ctx);
    }
    cursor
}

/// One line of what stands now.
fn strip(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) -> u16 {
    let queue = ctx.ui.slice().get(Dim::Queue);
    let row = queue.and_then(|id| ctx.board.queues.iter().find(|row| row.id == *id));
    let (name, live) = row.map_or(("All queues", &ctx.board.total), |row| (row.name.as_str(), &row.live));
    let mut words = vec![(name.to_owned(), Role::Strong)];
    if let Some(row) = row {
        words.push((format!("{}, answer within {}", row.channel.key(), format::span(row.service_level)), Role::Muted));
    }
    let role = if live.waiting > 0 { Role::Strong } else { Role::Muted };
    words.push((format!("{} waiting", live.waiting), role));
    words.extend(live.longest_wait.map(|wait| (format!("oldest {}", format::span(wait)), Role::Strong)));
    words.extend(live.estimated_wait.map(|wait| (format!("estimated wait {}", format::span(wait)), Role::Text)));
    words.push((format!("{} in progress", live.in_progress), Role::Text));
    for (state, count) in crate::event::AgentState::ALL.into_iter().zip(live.agents).filter(|(_, n)| *n > 0) {
        words.push((format!("{} {count}", super::agents::state_words(state).trim_start()), Role::Muted));
    }
    let mut x = area.x + 1;
    for (text, role) in words {
        if x + cols(text.width()) >= area.right() {
            break;
        }
        buffer.set_string(x, area.y, &text, ctx.theme.style(role));
        x += cols(text.width()) + 2;
    }
    1
}

fn lists(buffer: &mut Buffer, ctx: Ctx<'_>, panel: Panel, area: Rect) -> Option<(u16, u16)> {
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
    let cursor = super::table(buffer, inner, ctx, panel, empty);
    if focus { cursor } else { None }
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
        buffer.set_string(inner.x + 2, y, format!("{:>5} {text:>5}", part.key), ctx.theme.style(Role::Text));
        buffer.set_stringn(
            inner.right().saturating_sub(8),
            y,
            format!("n {}", part.n),
            8,
            ctx.theme.style(Role::Muted),
        );
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to the room")]
        let wide = (part.value.unwrap_or(0.0) / most * f64::from(room)).clamp(0.0, f64::from(room)) as usize;
        buffer.set_string(inner.x + 14, y, "▇".repeat(wide), ctx.theme.style(Role::Accent));
    }
}

/// Arrivals and service level over the time of the window.
pub fn day(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let (window, every) = ask::steps(ctx.ui.window);
    let step = match every {
        crate::kpi::Every::Minutes(30) => "by half hour".to_owned(),
        crate::kpi::Every::Minutes(m) => format!("by {m} min"),
        crate::kpi::Every::Days(_) => "by day".to_owned(),
    };
    let about = format!("{}, {step}", window.words());
    let inner = panel::panel(buffer, area, ctx.theme, "Arrivals", &about, false);
    let Some(figures) = ctx.data.figures(ask::course(ctx.ui, ctx.ui.slice())) else { return };
    let course = figures.course(None, KpiId::Offered);
    if course.is_empty() || inner.height < 3 {
        panel::say(buffer, inner, ctx.theme, "nothing has arrived in this time");
        return;
    }
    let bar = (inner.width.saturating_sub(4) / cols(course.len()).max(1)).clamp(1, 5);
    let used = (bar * cols(course.len())).min(inner.width - 4);
    let bars = Rect { x: inner.x + 2, width: used, height: inner.height - 2, ..inner };
    let levels: Vec<crate::kpi::Verdict> = figures
        .answer
        .rows
        .iter()
        .map(|row| figures.of(row, KpiId::ServiceLevel).map_or(crate::kpi::Verdict::None, |f| f.verdict))
        .collect();
    let style = |at: usize| {
        let role = match levels.get(at) {
            Some(crate::kpi::Verdict::Critical) => Role::Critical,
            Some(crate::kpi::Verdict::Warning) => Role::Warning,
            _ => Role::Accent,
        };
        ctx.theme.style(role)
    };
    trend::bars(buffer, bars, &course, bar, style);
    let zone = ctx.zone();
    let write = |at: crate::clock::Time| match every {
        crate::kpi::Every::Days(_) => at.to_chrono().with_timezone(&zone).format("%-d %b").to_string(),
        crate::kpi::Every::Minutes(_) => format::minute(at, zone),
    };
    let starts: Vec<_> = figures.answer.rows.iter().filter_map(|row| row.start).collect();
    let skip = starts.len().saturating_sub(usize::from(used / bar));
    let y = inner.bottom() - 2;
    if let (Some(first), Some(last)) = (starts.get(skip), starts.last()) {
        buffer.set_string(bars.x, y, write(*first), ctx.theme.style(Role::Muted));
        let text = write(*last);
        if bars.width > 14 {
            buffer.set_string(bars.right().saturating_sub(cols(text.width())), y, &text, ctx.theme.style(Role::Muted));
        }
    }
    let most = course.iter().flatten().copied().fold(0.0, f64::max);
    let words = format!(
        "most {most:.0}; service level {}",
        trend::line(&figures.course(None, KpiId::ServiceLevel), course.len().min(usize::from(used)))
    );
    buffer.set_stringn(bars.x, y + 1, &words, usize::from(inner.width.saturating_sub(3)), ctx.theme.style(Role::Muted));
}
