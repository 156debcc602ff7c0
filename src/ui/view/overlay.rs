//! Boxes that lie over a page, and the wrapped text in them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::text::fit;
use crate::ui::format::cols;
use crate::ui::theme::{Theme, Tone};

/// A line of text with its tone.
pub type TextLine = (String, Tone);

/// Blank an area, and the other half of a wide character that its left edge cuts in two: a terminal draws that
/// character whole, over the area's first column.
pub fn clear(area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    for y in area.top()..area.bottom() {
        let left = area.x.checked_sub(1).and_then(|x| buffer.cell_mut((x, y)));
        if let Some(cell) = left.filter(|cell| cell.symbol().width() > 1) {
            cell.set_symbol(" ");
        }
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// Draw an empty box of at most `size` columns and rows of content in the middle of `area`; returns the area inside.
pub fn frame(buffer: &mut Buffer, area: Rect, theme: Theme, title: &str, size: (usize, usize)) -> Rect {
    let width = cols(size.0 + 4).min(area.width);
    let height = cols(size.1 + 2).min(area.height);
    let outer = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    clear(outer, buffer);
    buffer.set_style(outer, theme.base());
    let line = "─".repeat(usize::from(width.saturating_sub(2)));
    let style = theme.style(Tone::Accent);
    buffer.set_string(outer.x, outer.y, format!("┌{line}┐"), style);
    for y in outer.y + 1..outer.bottom().saturating_sub(1) {
        buffer.set_string(outer.x, y, "│", style);
        buffer.set_string(outer.right() - 1, y, "│", style);
    }
    buffer.set_string(outer.x, outer.bottom() - 1, format!("└{line}┘"), style);
    let title = fit(title, usize::from(width.saturating_sub(6)));
    buffer.set_string(outer.x + 2, outer.y, format!(" {title} "), theme.style(Tone::Focus));
    Rect { x: outer.x + 2, y: outer.y + 1, width: width.saturating_sub(4), height: height.saturating_sub(2) }
}

/// Wrap text at spaces into lines of `width` columns.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Break a line into rows of `width` columns, of which all but the first hang under the line's own text: under what
/// follows its tab, or else its indent or arrow. No row ends at a no-break space.
fn rows(line: &str, width: usize) -> impl Iterator<Item = String> {
    let indent = || line.split_at(line.len() - line.trim_start_matches([' ', '→']).len());
    let (head, body) = line.split_once('\t').unwrap_or_else(indent);
    let hang = head.width();
    let rows = wrap(body, width.saturating_sub(hang)).into_iter().enumerate();
    rows.map(move |(at, row)| {
        let row = row.trim_end().replace('\u{a0}', " ");
        if at == 0 { format!("{head}{row}") } else { format!("{:hang$}{row}", "") }
    })
}

/// Draw lines of text, each wrapped where it is too long, without the first `skip` rows.
pub fn lines(buffer: &mut Buffer, area: Rect, theme: Theme, text: &[TextLine], skip: usize) {
    let width = usize::from(area.width);
    let rows = text.iter().flat_map(|(line, tone)| rows(line, width).map(move |row| (row, *tone)));
    for ((row, tone), y) in rows.skip(skip).zip(area.y..area.bottom()) {
        buffer.set_stringn(area.x, y, fit(&row, width), width, theme.style(tone));
    }
}

/// How many rows lines of text take when wrapped at `width` columns.
#[must_use]
pub fn height(text: &[TextLine], width: usize) -> usize {
    text.iter().map(|(line, _)| rows(line, width).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_line_goes_on_under_its_own_text() {
        let rows = |line: &str| rows(line, 16).collect::<Vec<_>>();
        assert_eq!(rows("k  up     \tThe row above"), ["k  up     The", "          row", "          above"]);
        assert_eq!(rows("  → Add agents now"), ["  → Add agents", "    now"]);
        assert_eq!(rows("a\u{a0}ack   n\u{a0}note   z\u{a0}snooze"), ["a ack   n note", "z snooze"]);
    }
}
