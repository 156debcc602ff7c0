//! The box with all sources: the state of each, since when, why, and the remedy.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::health::{WORST_FIRST, count_by_health, sign, skew, state, tone, worst_first};
use super::overlay::{self, TextLine};
use super::{Ctx, series};
use crate::board::{Keeper, SourceRow};
use crate::clock::{Span, Time};
use crate::language::{self, text};
use crate::text::fit;
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::theme::Tone;

/// Draw the box, scrolled by `down` lines.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, down: u16) {
    let width = usize::from(area.width).saturating_sub(6).min(110);
    let mut lines: Vec<TextLine> = Vec::new();
    let rows = worst_first(ctx.own_sources());
    if rows.is_empty() {
        let words = match &ctx.board.keeper {
            Keeper::Other(who) => text!("sources-elsewhere", who = who),
            _ => text!("sources-none").to_owned(),
        };
        lines.push((words, Tone::Muted));
    }
    let widest = rows.iter().map(|source| source.name.as_str().width()).max().unwrap_or(0).min(24);
    let kinds = rows.iter().map(|source| source.kind.as_str().width()).max().unwrap_or(0).min(16);
    for (at, source) in rows.iter().enumerate() {
        if at > 0 {
            lines.push((String::new(), Tone::Text));
        }
        block(&mut lines, ctx, source, (widest, kinds));
    }
    lines.push((String::new(), Tone::Text));
    let spared = if ctx.settings.low_bandwidth { text!("sources-spared") } else { "" };
    let bytes = text!("sources-bytes", count = language::count(ctx.ui.bytes_per_s.round()));
    lines.push((format!("{bytes}{spared}"), Tone::Muted));
    let height = overlay::height(&lines, width);
    let counts: Vec<String> = count_by_health(&rows, &WORST_FIRST)
        .iter()
        .map(|(health, n)| format!("{n} {}", language::keyed("health", health.key())))
        .collect();
    let more = if height + 2 > usize::from(area.height) { text!("sources-goes-on") } else { "" };
    let title = text!("sources-title", counts = counts.join(", "), more = more);
    let inner = overlay::frame(buffer, area, ctx.theme, &title, (width, height));
    let most = height.saturating_sub(usize::from(inner.height));
    overlay::lines(buffer, inner, ctx.theme, &lines, usize::from(down).min(most));
}

/// The lines about one source.
fn block(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, source: &SourceRow, (names, kinds): (usize, usize)) {
    let ago = |at: Time| text!("ago", age = format::age(ctx.board.at.since(at)));
    let name = fit(source.name.as_str(), names);
    let kind = fit(source.kind.as_str(), kinds);
    let head = format!("{} {name:<names$}  {kind:<kinds$}  {}", sign(source.health), state(ctx, source));
    let next = ctx.next_try(source).map_or_else(String::new, |words| format!(", {words}"));
    let shown = if tone(source.health) == Tone::Muted { Tone::Strong } else { tone(source.health) };
    lines.push((format!("{head}{next}"), shown));
    if !source.reason.is_empty() {
        lines.push((format!("  {}", source.reason), Tone::Text));
    }
    for words in skew(source).into_iter().chain(source.remark.as_ref().map(ToString::to_string)) {
        lines.push((format!("  {} {words}", glyphs::WARNING), Tone::Warning));
    }
    let life =
        source.heard.map_or_else(|| text!("sources-nothing").to_owned(), |at| text!("sources-heard", ago = ago(at)));
    let newest = source.newest.map_or_else(String::new, |at| text!("sources-newest", time = ctx.short_time(at)));
    let mut counts = text!("sources-events", count = language::plain_count(source.events));
    let aside = [
        (source.rejected, text!("sources-rejected")),
        (source.duplicates, text!("sources-duplicates")),
        (source.late, text!("sources-late")),
        (source.out_of_place, text!("sources-out-of-place")),
    ];
    for (number, word) in aside {
        if number > 0 {
            counts = format!("{counts}, {} {word}", language::plain_count(number));
        }
    }
    lines.push((format!("  {life}{newest}; {counts}"), Tone::Muted));
    if let Some(rejection) = &source.last_rejection {
        lines.push((format!("  {}", text!("sources-last-rejected", rejection = rejection)), Tone::Muted));
    }
    if let Some(contradictions) = &source.contradictions {
        lines.push((format!("  {}", text!("sources-contradicts", contradictions = contradictions)), Tone::Muted));
    }
    for words in series::gap_words(ctx, &[source], ctx.board.at - Span::DAY, 3) {
        lines.push((format!("  {} {words}", glyphs::MISSING), Tone::Muted));
    }
}
