//! The rail of the overview: new alerts, acknowledged alerts, and what to do about them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, alerts, episode, overlay};
use crate::alert::Episode;
use crate::language::{self, text};
use crate::text::{Label, Text, fit};
use crate::ui::drawn::Drawn;
use crate::ui::format::{clauses, cols};
use crate::ui::glyphs;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// How many notes about sources the rail shows.
const MAX_NOTES: usize = 2;

/// How many rows the rail needs.
#[must_use]
pub fn rows(ctx: Ctx<'_>) -> usize {
    // One row names the keys of the alert at hand, and one says what to do.
    alerts::rail(ctx).rows.len() + foot(ctx).len() + if ctx.ui.episode(ctx.board).is_some() { 2 } else { 0 }
}

/// The lines below the alerts: notes about sources, and how many alerts are hidden by a cause.
fn foot(ctx: Ctx<'_>) -> Vec<(String, Tone)> {
    let notes = ctx.notes();
    let more = notes.len().saturating_sub(MAX_NOTES);
    let mut foot: Vec<(String, Tone)> =
        notes.into_iter().take(MAX_NOTES).map(|note| (format!("{} {note}", glyphs::WARNING), Tone::Warning)).collect();
    if let (Some((last, _)), 1..) = (foot.last_mut(), more) {
        *last = text!("rail-more-notes", count = more, note = last);
    }
    foot.extend(hidden(ctx).map(|words| (words, Tone::Muted)));
    foot
}

/// How many alerts each cause hides, on one line.
fn hidden(ctx: Ctx<'_>) -> Option<String> {
    let mut causes: Vec<(&Text, usize)> = Vec::new();
    for cause in ctx.board.alerts.iter().filter_map(|e| e.inhibited_by.as_ref()) {
        match causes.iter_mut().find(|c| c.0 == cause) {
            Some((_, count)) => *count += 1,
            None => causes.push((cause, 1)),
        }
    }
    let words: Vec<String> = causes
        .iter()
        .map(|(cause, count)| text!("rail-hidden", count = *count, cause = language::cause(cause)))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Draw the rail.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let (new, held) = (ctx.board.alerts.summary().new.iter().sum(), ctx.board.alerts.summary().held);
    let about: String = match (new, held) {
        (0, 0) => String::new(),
        (new, 0) => text!("rail-new", count = new),
        (new, held) => text!("rail-new-held", count = new, held = held),
    };
    // A row stands for all alerts of its cause, so what a filter leaves is told beside the number of alerts.
    let about = if about.is_empty() || ctx.ui.filter.is_empty() {
        about
    } else {
        format!("{} · {about}", ctx.count(Panel::Rail))
    };
    let focus = ctx.ui.focus() == Panel::Rail;
    let inner = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let mut foot = foot(ctx);
    let explained = ctx.ui.episode(ctx.board);
    let needed = ctx.row_count(Panel::Rail);
    // The alerts come first, because they need action.
    foot.truncate(usize::from(inner.height.saturating_sub(needed + 1)).max(1));
    // Below the alerts: notes, and what to do about the worst alert. The columns need no headings: the title of the
    // panel is drawn over them.
    let reserved = cols(foot.len()) + if explained.is_none() { 0 } else { (inner.height / 3).min(2) };
    // Without a row, a line says why there is none.
    let height = needed.max(1).min(inner.height.saturating_sub(reserved));
    if needed == 0 {
        super::table(buffer, inner, ctx, Panel::Rail, text!("alerts-none"), drawn);
    } else {
        super::table(buffer, Rect { height: height + 1, ..area }, ctx, Panel::Rail, "", drawn);
        mark(buffer, Rect { height, ..inner }, ctx, explained, drawn);
    }
    panel::panel(buffer, area, ctx.theme, text!("rail-title"), &about, focus);
    let mut rest = Rect { y: inner.y + height, height: inner.height - height, ..inner };
    for (text, tone) in foot {
        let line = Rect { height: rest.height.min(1), ..rest };
        let width = usize::from(line.width.saturating_sub(3));
        if line.height > 0 {
            buffer.set_stringn(line.x + 2, line.y, fit(&text, width), width, ctx.theme.style(tone));
        }
        rest = Rect { y: rest.y + line.height, height: rest.height - line.height, ..rest };
    }
    let Some(e) = explained else { return };
    if rest.height < 5 {
        let width = usize::from(rest.width).saturating_sub(3);
        let lines = [(episode::keys(ctx, e), Tone::Accent), (format!("→ {}", language::action(e)), Tone::Strong)];
        let room = Rect { x: rest.x + 2, width: cols(width), ..rest };
        if overlay::height(&lines, width) <= usize::from(rest.height) {
            overlay::lines(buffer, room, ctx.theme, &lines, 0);
            return;
        }
        // Where not all fits, one line has the first keys, and one the beginning of the instruction.
        let [keys, (action, tone)] = &lines;
        overlay::lines(buffer, Rect { height: room.height.min(1), ..room }, ctx.theme, std::slice::from_ref(keys), 0);
        if room.height > 1 {
            buffer.set_stringn(room.x, room.y + 1, clauses(action, width), width, ctx.theme.style(*tone));
        }
        return;
    }
    let room = Rect { y: rest.y + 1, height: rest.height - 1, ..rest };
    let used = episode::draw(buffer, room, ctx, e);
    others(buffer, Rect { y: room.y + used, height: room.height.saturating_sub(used), ..room }, ctx, e);
}

/// Mark the alert that the keys mean, also while another panel has the focus.
fn mark(buffer: &mut Buffer, rows: Rect, ctx: Ctx<'_>, meant: Option<&Episode>, drawn: &Drawn) {
    let Some(list) = ctx.ui.lists.get(&Panel::Rail) else { return };
    let of = |id: u64| ctx.board.alerts.iter().find(|e| e.id == id);
    let same = |e: &Episode, id: &Label| {
        let other = id.as_str().parse().ok().and_then(of);
        other.is_some_and(|other| other.slice == e.slice && other.source == e.source)
    };
    let first = drawn.offsets.get(&Panel::Rail).copied().unwrap_or(0);
    let mut shown = list.shown_ids().skip(first).take(usize::from(rows.height));
    let Some(row) = meant.and_then(|e| shown.position(|id| same(e, id))) else { return };
    buffer.set_string(rows.x, rows.y + cols(row), "▸", ctx.theme.style(Tone::Focus));
}

/// Draw what to do about the other alerts of the rail, as far as there is room: each instruction once, with the alerts
/// that it is for.
fn others(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, explained: &Episode) {
    let rail = alerts::rail(ctx);
    let mut instructions: Vec<(String, Vec<&Episode>)> = vec![(language::action(explained), Vec::new())];
    let others = rail.rows.iter().map(|item| item.episode);
    for e in others.filter(|e| e.id != explained.id && !episode::is_held(e) && !e.action.is_empty()) {
        let own = language::action(e);
        match instructions.iter_mut().find(|(action, _)| *action == own) {
            Some((_, of)) => of.push(e),
            None => instructions.push((own, vec![e])),
        }
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let mut y = inner.y + 1;
    for (at, (action, of)) in instructions.iter().enumerate().filter(|(_, (_, of))| !of.is_empty()) {
        let names = episode::names(ctx, of);
        let lines = if at == 0 {
            vec![(format!("→ {}", text!("rail-same-for", alerts = names)), Tone::Text)]
        } else {
            vec![(format!("→ {action}"), Tone::Text), (format!("  {names}"), Tone::Muted)]
        };
        let height = cols(overlay::height(&lines, usize::from(inner.width)));
        if y + height > inner.bottom() {
            return;
        }
        overlay::lines(buffer, Rect { y, height, ..inner }, ctx.theme, &lines, 0);
        y += height + 1;
    }
}
