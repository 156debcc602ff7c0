//! The page of one queue: its figures, what contacts are about, who serves, who waits, and the day so far.
//!
//! ```text
//! Outages  voice, answer within 0:20  15 waiting  oldest 5:41  12 in progress  talking 5 …
//! ▌Service level  ▌Abandonment  ▌ASA  ▌AHT  ▌FCR  ▌CSAT  ▌Repeats  ▌Transfers
//! ─ What about 8 ───────────────────────────── ─ Who serves 6 ───────────────────────────────
//!   Intent       Offered   AHT  …                 Agent     State    For  …
//! ─ Hung up, by position ─ ─ Arrivals ──────── ─ Who waits 15 ─────────────────── oldest 5:41 ─
//!      1   2% ▇▇      n 93   20 ▂▃▅▇█▆▅           Waits  About    Rings  Who  …
//! ```
//!
//! Below 150 columns the focused list gets most of the room, and the other two stand side by side below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Rect};
use unicode_width::UnicodeWidthStr;

use super::{Ctx, arrivals, positions, staffing, tiles, waiting};
use crate::kpi::{Dim, Live};
use crate::language::{self, text};
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::queries;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let [now, area] = Layout::vertical([Length(1), Fill(1)]).areas(area);
    line(buffer, now, ctx);
    let tiles = tiles::draw(buffer, area, ctx, 22, drawn);
    let [_, body] = Layout::vertical([Length(tiles), Fill(1)]).areas(area);
    if body.width >= 150 {
        wide(buffer, body, ctx, drawn);
    } else {
        narrow(buffer, body, ctx, drawn);
    }
}

fn wide(buffer: &mut Buffer, body: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let [left, right] = Layout::horizontal([Length(body.width / 2), Fill(1)]).spacing(1).areas(body);
    let intents = (left.height * 3 / 5)
        .min((ctx.row_count(Panel::QueueIntents) + 3).max(6))
        .max(left.height.saturating_sub((left.height / 2).max(18)));
    let [intents, charts] = Layout::vertical([Length(intents), Fill(1)]).areas(left);
    // The waiting contacts get the rows that they need, up to half; the agents get the rest.
    let waiting = (ctx.row_count(Panel::Waiting) + 3).clamp(4, (right.height / 2).max(4));
    let [serving, waiting] = Layout::vertical([Fill(1), Length(waiting)]).areas(right);
    list(buffer, intents, ctx, Panel::QueueIntents, drawn);
    list(buffer, serving, ctx, Panel::Serving, drawn);
    list(buffer, waiting, ctx, Panel::Waiting, drawn);
    let [by_position, day] = Layout::horizontal([Length(charts.width / 3), Fill(1)]).spacing(1).areas(charts);
    positions::draw(buffer, by_position, ctx);
    arrivals::draw(buffer, day, ctx, ctx.ui.slice());
}

fn narrow(buffer: &mut Buffer, body: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let focus = if ctx.ui.focus() == Panel::Tiles { Panel::QueueIntents } else { ctx.ui.focus() };
    let chart = if body.height >= 22 { 7 } else { 0 };
    let lists = body.height - chart;
    let least = (lists * 2 / 5).max(3);
    let main = (ctx.row_count(focus) + 2).clamp(lists / 2, lists.saturating_sub(least));
    let [main, others, charts] = Layout::vertical([Length(main), Fill(1), Length(chart)]).areas(body);
    list(buffer, main, ctx, focus, drawn);
    let halves = Layout::horizontal([Length(body.width / 2), Fill(1)]).spacing(1);
    let panels = [Panel::QueueIntents, Panel::Serving, Panel::Waiting].into_iter().filter(|panel| *panel != focus);
    for (panel, room) in panels.zip(halves.areas::<2>(others)) {
        list(buffer, room, ctx, panel, drawn);
    }
    if chart > 0 {
        let [by_position, day] = halves.areas(charts);
        positions::draw(buffer, by_position, ctx);
        arrivals::draw(buffer, day, ctx, ctx.ui.slice());
    }
}

/// Draw the line about the present state of the queue.
fn line(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let queue = ctx.ui.slice().get(Dim::Queue);
    let row = queue.and_then(|id| ctx.board.queues.find(id));
    // A locator or a filter may name a queue of yesterday, or of another floor: the sums of all queues are not about it.
    if ctx.unknown() {
        return;
    }
    if let (Some(id), None) = (queue, row) {
        let words = text!("queue-unknown");
        spread(buffer, area, ctx, &[(id.to_string(), Tone::Strong), (words.to_owned(), Tone::Muted)]);
        return;
    }
    let (name, live) = row.map_or((text!("queue-all"), &ctx.board.total), |row| (row.name.as_str(), &row.live));
    let mut words = vec![(name.to_owned(), Tone::Strong)];
    if let Some(row) = row {
        let (channel, span) = (language::channel(row.channel), format::span(row.service_level));
        words.push((text!("queue-answer-within", channel = channel, span = span), Tone::Muted));
    }
    let tone = if live.waiting > 0 { Tone::Strong } else { Tone::Muted };
    // While the sources are silent, the present waits are not known.
    let live = if ctx.is_silent(ctx.ui.slice()) {
        words.push((format!("{} {}", glyphs::MISSING, text!("queue-still")), Tone::Warning));
        &Live { longest_wait: None, estimated_wait: None, ..live.clone() }
    } else {
        live
    };
    words.push((text!("queue-waiting", count = live.waiting), tone));
    words.extend(live.longest_wait.map(|wait| (text!("waiting-oldest", span = format::span(wait)), Tone::Strong)));
    words
        .extend(live.estimated_wait.map(|wait| (text!("queue-estimated-wait", span = format::span(wait)), Tone::Text)));
    words.push((text!("queue-in-progress", count = live.in_progress), Tone::Text));
    for (state, count) in crate::event::AgentState::ALL.into_iter().zip(live.agents).filter(|(_, n)| *n > 0) {
        words.push((format!("{} {count}", staffing::words(state).trim_start()), Tone::Muted));
    }
    spread(buffer, area, ctx, &words);
}

/// Draw parts of a line beside each other, as many as there is room for.
fn spread(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, parts: &[(String, Tone)]) {
    let mut x = area.x + 1;
    for (text, tone) in parts {
        if x + cols(text.width()) >= area.right() {
            break;
        }
        buffer.set_string(x, area.y, text, ctx.theme.style(*tone));
        x += cols(text.width()) + 2;
    }
}

fn list(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, panel: Panel, drawn: &mut Drawn) {
    let (name, about, empty) = match panel {
        Panel::QueueIntents => {
            let figures = ctx.answers.figures(queries::intents(ctx.ui, ctx.ui.slice()));
            (text!("queue-intents"), ctx.about(figures.map(|f| &f.answer)), text!("queue-no-intent"))
        }
        Panel::Serving => (text!("queue-serving"), String::new(), text!("queue-nobody-serves")),
        _ => (text!("waiting-title"), waiting::oldest(ctx), text!("nobody-waits")),
    };
    let name = format!("{name} {}", ctx.count(panel));
    let inner = panel::panel(buffer, area, ctx.theme, &name, &about, ctx.ui.focus() == panel);
    super::table(buffer, inner, ctx, panel, empty, drawn);
}
