//! The content of a terminal that is too small for a page: the worst alert, and the size that is needed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, LEAST};
use crate::alert::State;
use crate::language::{self, text};
use crate::text::fit;
use crate::ui::glyphs;
use crate::ui::theme::Tone;

/// Draw the one or two lines.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    let worst = ctx.board.alerts.iter().find(|e| e.state == State::Firing && e.inhibited_by.is_none());
    let (text, tone) = match worst {
        Some(episode) => {
            let verdict = glyphs::of_severity(episode.severity);
            let line =
                format!("{} {}", glyphs::badge(verdict), language::sentence(episode, &ctx.slice_name(&episode.slice)));
            (line, Tone::of(verdict))
        }
        None => (text!("small-no-alerts").to_owned(), Tone::Good),
    };
    let [needed, has] = [LEAST, (area.width, area.height)].map(|(width, height)| format!("{width}×{height}"));
    let size = text!("small-size", needed = needed, has = has);
    if area.height == 1 {
        buffer.set_stringn(area.x, area.y, fit(&format!("{text} ({size})"), width), width, ctx.theme.style(tone));
    } else {
        buffer.set_stringn(area.x, area.y, fit(&text, width), width, ctx.theme.style(tone));
        buffer.set_stringn(area.x, area.y + 1, fit(&size, width), width, ctx.theme.style(Tone::Muted));
    }
}
