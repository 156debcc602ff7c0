//! The hint of the first start: three lines that name the keys people need first. The first key puts it away for good.
//!
//! ```text
//! ─ For a start ─────────────────────────────── the first key puts this away ─
//!   1 to 8 pages   enter goes in, esc comes back   : goes anywhere by name
//!   w why it is red   ? what a figure means   a takes the marked alert
//!   H lists all keys   q leaves
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Ctx;
use crate::language::text;
use crate::text::fit;
use crate::ui::action::Action;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// The rows that it takes: its title and three lines.
const ROWS: u16 = 4;
/// A page keeps at least so many rows.
const MIN_PAGE_ROWS: u16 = 12;

/// How many rows of a body of so many the hint takes; none where it is not shown, or there is no room.
#[must_use]
pub const fn rows(ctx: Ctx<'_>, body: u16) -> u16 {
    if ctx.ui.hint && body >= ROWS + MIN_PAGE_ROWS { ROWS } else { 0 }
}

/// Draw it.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let key = |action: Action, words: &str| ctx.keymap.key(action).map(|key| format!("{key} {words}"));
    let lines = [
        [
            key(Action::Overview, text!("hint-pages")),
            key(Action::Enter, text!("hint-enter")),
            key(Action::Back, text!("hint-back")),
            key(Action::Command, text!("hint-command")),
        ],
        [
            key(Action::Why, text!("hint-why")),
            key(Action::Explain, text!("hint-explain")),
            key(Action::Acknowledge, text!("hint-acknowledge")),
            None,
        ],
        [key(Action::Help, text!("hint-help")), key(Action::Quit, text!("hint-quit")), None, None],
    ];
    let rows = panel::panel(buffer, area, ctx.theme, text!("hint-title"), text!("hint-closes"), false);
    for (line, y) in lines.into_iter().zip(rows.top()..rows.bottom()) {
        let text = line.into_iter().flatten().collect::<Vec<_>>().join("   ");
        let room = usize::from(rows.width.saturating_sub(3));
        buffer.set_stringn(rows.x + 2, y, fit(&text, room), room, ctx.theme.style(Tone::Strong));
    }
}
