//! What the text at the `:` prompt can be completed to, above the prompt, the best first.
//!
//! ```text
//! ─ Go to ──────────────────────────── tab ↑ ↓ choose, enter goes ─
//! ▸ Ann Abel                agent · North
//!   Complaints: hung up     alert · firing
//! :ann
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, overlay};
use crate::language::text;
use crate::text::fit;
use crate::ui::format::cols;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// Names get at most so many columns.
const MAX_NAME_COLUMNS: usize = 48;

/// Draw the suggestions at the foot of `area`.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let Some(prompt) = &ctx.ui.prompt else { return };
    let list = &prompt.suggestions.list;
    let height = cols(list.len() + 1).min(area.height);
    if list.is_empty() || height < 2 {
        return;
    }
    let area = Rect { y: area.bottom() - height, height, ..area };
    overlay::clear(area, buffer);
    buffer.set_style(area, ctx.theme.base());
    let rows = panel::panel(buffer, area, ctx.theme, text!("prompt-title"), text!("prompt-keys"), true);
    let widest = list.iter().map(|suggestion| suggestion.name.width()).max().unwrap_or(0);
    let width = widest.min(MAX_NAME_COLUMNS).min(usize::from(area.width / 2));
    for ((at, suggestion), y) in list.iter().enumerate().zip(rows.top()..rows.bottom()) {
        let chosen = prompt.suggestions.chosen == Some(at);
        let tone = if chosen { Tone::Strong } else { Tone::Text };
        if chosen {
            buffer.set_string(rows.x, y, "▸", ctx.theme.style(Tone::Focus));
        }
        buffer.set_stringn(rows.x + 2, y, fit(&suggestion.name, width), width, ctx.theme.style(tone));
        let about = if suggestion.about.is_empty() { String::new() } else { format!(" · {}", suggestion.about) };
        let x = rows.x + 4 + cols(width);
        let room = usize::from(rows.right().saturating_sub(x + 1));
        let words = format!("{}{about}", suggestion.kind);
        buffer.set_stringn(x, y, fit(&words, room), room, ctx.theme.style(Tone::Muted));
        if chosen {
            let beside = Rect { x: rows.x + 1, y, width: rows.width.saturating_sub(1), height: 1 };
            buffer.set_style(beside, ctx.theme.selected_row());
        }
    }
}
