//! The kiosk: a wall that is read from six metres and that nobody touches.
//!
//! ```text
//! SUPPORT CHAT 49% HUNG UP                     NOBODY YET    the band: an alert, data that is old
//! since 16:35 (6 min), limit 8 %: what to do
//! WAITING   LONGEST   IN TIME   FREE                         heroes
//! 37        12:57     32        6
//! ‼ SUPPORT CHAT              9   6:54    3%   69%           lines
//! 7 QUEUES ARE FINE                             16:41        foot
//! ● ○ ○ ○  next page in 14 s    London desk · data 2 s old   caption
//! ```
//!
//! What must be read has at least 4 % of the screen's height, and heroes have 15 %. Captions are for those who come near.

pub mod band;
pub mod closed;
pub mod now;
pub mod pane;
pub mod teams;
pub mod today;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, queues};
use crate::board::{Health, Mode};
use crate::clock::Span;
use crate::language::text;
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::grid::{RowSource, TableRow};
use crate::ui::kiosk::{KioskPage, calling, opens_again};
use crate::ui::queries;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use pane::{Pane, Scale};

/// A duration that is short enough for large figures: `12:57`, `99:59`, `3H07`, `4D`.
#[must_use]
fn duration(span: Span) -> String {
    let seconds = span.as_secs().max(0);
    match seconds / 60 {
        minutes @ 0..100 => format!("{minutes}:{:02}", seconds % 60),
        minutes @ 100..6000 => format!("{}{}{:02}", minutes / 60, text!("kiosk-hour"), minutes % 60),
        minutes => format!("{}{}", minutes / 1440, text!("kiosk-day")),
    }
}

/// A duration in words: `40 S`, `9 MIN`, `3 H`.
fn minutes(span: Span) -> String {
    match span.as_secs() {
        seconds @ ..120 => text!("kiosk-seconds", count = seconds),
        seconds @ 120..7200 => text!("kiosk-minutes", count = seconds / 60),
        seconds => text!("kiosk-hours", count = seconds / 3600),
    }
}

/// Draw the page of the rotation that is up.
pub fn draw(buffer: &mut Buffer, screen: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let (dx, dy) = ctx.ui.kiosk.shift();
    let area = Rect { x: screen.x + dx, y: screen.y + dy, width: screen.width - 1, height: screen.height - 1 };
    let scale = Scale::of(screen.height, ctx.glyphs);
    let mut pane = Pane { buffer, ctx, scale, old: band::is_old(ctx) };
    let band = band::draw(&mut pane, area).max(scale.unit());
    let foot = area.bottom() - 1 - scale.line();
    let gap = u16::from(scale.label().is_none());
    let body = Rect { y: area.y + band, height: foot.saturating_sub(area.y + band + gap), ..area };

    let clock = format::minute(ctx.ui.kiosk.now, ctx.zone());
    if let Some(opens) = opens_again(ctx.board, &ctx.settings.kiosk, ctx.ui.kiosk.now) {
        closed::draw(&mut pane, body, opens);
    } else if !band::is_nothing_there(ctx) {
        let queues = page(&mut pane, body, drawn);
        let room = area.width.saturating_sub(scale.indent() + pane.width(&clock) + 4 * scale.unit());
        let late = late(ctx).filter(|_| ctx.ui.kiosk.is_second_turn());
        let (words, tone) = late.map_or((queues, Tone::Muted), |late| (late, Tone::Warning));
        let style = pane.style(tone);
        pane.label(area.x + scale.indent(), foot, &words, room, style);
    }
    // The clock goes on, so that one sees that the screen lives.
    let alive = ctx.theme.style(Tone::Strong);
    pane.label_before(area.right() - scale.unit(), foot, &clock, alive);
    caption(&mut pane, Rect { y: area.bottom() - 1, height: 1, ..area });
}

/// Draw the page of the rotation that is up; returns what the foot says of the queues.
fn page(pane: &mut Pane<'_, '_>, body: Rect, drawn: &mut Drawn) -> String {
    let ctx = pane.ctx;
    let table = queues::kiosk(ctx);
    let order = ctx.ui.lists.get(&Panel::KioskQueues).map(|list| list.order.as_slice()).unwrap_or_default();
    let queues: Vec<queues::QueueItem<'_>> =
        order.iter().filter_map(|row| table.rows.row(usize::try_from(*row).ok()?)).collect();
    let wrong = queues.iter().take_while(|queue| queue.is_alarming() && !queue.is_stale()).count();
    // The page of further queues goes on where the first page ended.
    let first = drawn.kiosk_queues;
    let mut shown = 0;
    match ctx.ui.kiosk.page {
        KioskPage::Now => {
            shown = now::draw(pane, body, &queues, wrong);
            drawn.kiosk_queues = shown;
        }
        KioskPage::Queues => shown = now::list(pane, body, &queues, wrong, first),
        KioskPage::Agents => teams::draw(pane, body),
        KioskPage::Today => today::draw(pane, body),
    }
    drawn.kiosk_more = wrong > drawn.kiosk_queues;
    fine(ctx, queues.len(), wrong, shown)
}

/// How many queues are fine, and how many are neither fine nor on the screen.
fn fine(ctx: Ctx<'_>, queues: usize, wrong: usize, shown: usize) -> String {
    let fine = queues.saturating_sub(wrong + ctx.silent_queues().len());
    match (wrong.saturating_sub(shown), fine) {
        _ if queues == 0 => String::new(),
        (0, fine) if fine == queues => text!("kiosk-all-fine", count = queues),
        (0, fine) => text!("kiosk-fine", count = fine),
        (hidden, fine) if shown > 0 => text!("kiosk-more-not-fine", fine = fine, count = hidden),
        (hidden, fine) => text!("kiosk-not-fine", fine = fine, count = hidden),
    }
}

/// How many customers should have been called back by now; `None` if none. The foot says it in turn with the queues.
fn late(ctx: Ctx<'_>) -> Option<String> {
    let late = ctx.answers.worklist(queries::kiosk_work())?.as_ref()?.counts.overdue;
    (late > 0).then(|| text!("kiosk-late", count = late))
}

/// Draw the bottom line: where the rotation is, and how old the data is.
fn caption(pane: &mut Pane<'_, '_>, area: Rect) {
    let (ctx, unit) = (pane.ctx, pane.scale.unit());
    let (kiosk, settings) = (&ctx.ui.kiosk, &ctx.settings.kiosk);
    let muted = pane.style(Tone::Muted);
    let x = area.x + pane.scale.margin();
    if let Some(toast) = &ctx.ui.toast {
        pane.caption(x, area.y, &toast.text, area.width, ctx.theme.style(toast.tone));
        return;
    }
    if band::is_nothing_there(ctx) {
        return;
    }
    let dots: Vec<&str> = settings.pages.iter().map(|page| if *page == kiosk.page { "●" } else { "○" }).collect();
    // Where room is short, fewer words.
    let (next, shorter) = match calling(ctx.board).next() {
        Some(_) => (text!("kiosk-held").to_owned(), text!("kiosk-held-short")),
        None if dots.len() < 2 => Default::default(),
        None => {
            (text!("kiosk-next-page", seconds = (kiosk.left(settings).0 + Span::SECOND.0 - 1) / Span::SECOND.0), "")
        }
    };
    let age = band::age(ctx);
    let live = ctx.board.sources.iter().filter(|source| matches!(source.health, Health::Live | Health::Ended)).count();
    let all = ctx.board.sources.len();
    let remark = ctx.remark();
    let mut right = vec![ctx.board.title.to_string()];
    right.extend(match &ctx.board.mode {
        Mode::Live => None,
        Mode::Simulated { scenario, .. } => Some(text!("kiosk-simulated", scenario = scenario)),
        Mode::Replay { .. } => Some(text!("kiosk-replay", day = format::day(ctx.board.at, ctx.zone()))),
    });
    right.push(text!("kiosk-data-age", age = minutes(age).to_lowercase()));
    right.push(match (live, all) {
        (live, all) if live == all => text!("kiosk-sources", count = all),
        (live, all) => text!("kiosk-some-sources", live = live, all = all),
    });
    right.retain(|part| !part.is_empty());
    // Where room is short, the age of the data is what counts.
    let room = area.right().saturating_sub(x + unit);
    while right.len() > 2 && (remark.is_some() || cols(right.join(" · ").width()) > room) {
        right.remove(0);
    }
    let right = right.join(" · ");
    let tone = if age.as_secs() >= 10 || live < all { Tone::Warning } else { Tone::Muted };
    let width = cols(right.width());
    let start = (area.right() - unit).saturating_sub(width).max(x);
    let style = if tone == Tone::Warning { ctx.theme.style(tone) } else { muted };
    pane.caption(start, area.y, &right, width, style);
    let room = usize::from(start.saturating_sub(x + 2));
    let dots = dots.join(" ");
    if let Some(remark) = remark {
        let words = format!("{dots}   {} {remark}", glyphs::WARNING);
        pane.caption(x, area.y, &words, cols(room), ctx.theme.style(Tone::Warning));
        return;
    }
    let saying = [next.as_str(), shorter].map(|words| format!("{dots}   {words}"));
    let left = saying.into_iter().find(|words| words.width() <= room).unwrap_or(dots);
    pane.caption(x, area.y, &left, cols(room), muted);
}
