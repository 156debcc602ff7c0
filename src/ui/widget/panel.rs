//! A panel: a titled rule, with a description of its data on the right, and the area below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::fit;
use crate::ui::format::cols;
use crate::ui::theme::{Theme, Tone};
use unicode_width::UnicodeWidthStr;

/// Draw the title of a panel; returns the area below it.
pub fn panel(buffer: &mut Buffer, area: Rect, theme: Theme, name: &str, about: &str, focus: bool) -> Rect {
    if area.height == 0 || area.width < 4 {
        return Rect { height: 0, ..area };
    }
    let width = usize::from(area.width);
    buffer.set_stringn(area.x, area.y, "─".repeat(width), width, theme.style(Tone::Faint));
    let (mark, tone) = if focus { ("▸ ", Tone::Focus) } else { ("─ ", Tone::Heading) };
    buffer.set_stringn(area.x, area.y, mark, 2, theme.style(if focus { tone } else { Tone::Faint }));
    let name = fit(name, width.saturating_sub(4));
    let taken = name.width() + 3;
    buffer.set_stringn(area.x + 2, area.y, format!("{name} "), width - 2, theme.style(tone));
    if !about.is_empty() && about.width() + 4 + taken <= width {
        let text = format!(" {about} ");
        let x = area.right() - 1 - cols(text.width());
        buffer.set_stringn(x, area.y, text, width, theme.style(Tone::Muted));
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Draw a line of text in place of data.
pub fn message(buffer: &mut Buffer, area: Rect, theme: Theme, words: &str) {
    if area.height > 0 {
        let width = usize::from(area.width.saturating_sub(4));
        buffer.set_stringn(area.x + 2, area.y, fit(words, width), width, theme.style(Tone::Muted));
    }
}
