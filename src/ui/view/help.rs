//! The help: every action with its keys, from the table of actions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, overlay};
use crate::language::text;
use crate::ui::action::{ACTIONS, ActionGroup};
use crate::ui::format::cols;
use crate::ui::theme::Tone;

/// Draw the box, scrolled by `down` lines.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, down: u16) {
    let mut lines = Vec::new();
    for group in ActionGroup::ALL {
        if !lines.is_empty() {
            lines.push((String::new(), Tone::Text));
        }
        lines.push((group.heading().to_owned(), Tone::Heading));
        for entry in ACTIONS.iter().filter(|entry| entry.group == group) {
            let keys = ctx.keymap.keys(entry.action).join(" ");
            lines.push((format!("{keys:<16} \t{}", entry.action.help()), Tone::Text));
        }
    }
    lines.push((String::new(), Tone::Text));
    lines.push((text!("help-signs").to_owned(), Tone::Muted));
    let two = area.width >= 150;
    let width = (usize::from(area.width) - 6).min(if two { 180 } else { 96 });
    let column = width / 2 - 2;
    let whole = overlay::height(&lines, column);
    // The left column ends where a group does, as near to the middle as that is possible.
    let ends = lines.iter().enumerate().filter(|(_, (text, _))| text.is_empty()).map(|(at, _)| at);
    let half = ends.min_by_key(|at| whole.abs_diff(2 * overlay::height(lines.get(..*at).unwrap_or_default(), column)));
    let (left, right) = lines.split_at(half.unwrap_or(0));
    let right = right.get(1..).unwrap_or_default();
    let height = if two {
        overlay::height(left, column).max(overlay::height(right, column))
    } else {
        overlay::height(&lines, width)
    };
    let inner = overlay::frame(buffer, area, ctx.theme, text!("help-title"), (width, height));
    if two {
        let column = cols(column);
        overlay::lines(buffer, Rect { width: column, ..inner }, ctx.theme, left, 0);
        overlay::lines(buffer, Rect { x: inner.x + column + 4, width: column, ..inner }, ctx.theme, right, 0);
    } else {
        let most = height.saturating_sub(usize::from(inner.height));
        overlay::lines(buffer, inner, ctx.theme, &lines, usize::from(down).min(most));
    }
}
