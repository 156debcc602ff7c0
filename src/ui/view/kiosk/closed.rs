//! The kiosk outside of the centre's hours: when it opens again, half as bright as anything else.

use ratatui::layout::Rect;

use super::pane::Pane;
use crate::clock::Time;
use crate::language::{self, text};
use crate::ui::format;
use crate::ui::theme::Tone;
use crate::ui::widget::lettering::{self, Size};

/// Draw the word and when the centre opens.
pub fn draw(pane: &mut Pane<'_, '_>, area: Rect, opens: Time) {
    let (zone, scale) = (pane.ctx.zone(), pane.scale);
    let now = pane.ctx.ui.kiosk.now;
    let is_today = format::day(opens, zone) == format::day(now, zone);
    let day = if is_today { String::new() } else { language::time(opens, zone, "%a ") };
    let x = area.x + scale.indent();
    let room = area.width.saturating_sub(scale.indent());
    let muted = pane.ctx.theme.style(Tone::Muted);
    let closed = lettering::fold(text!("kiosk-closed"));
    let size = Size::widest(scale.hero(), |size| lettering::width(&closed, size).is_some_and(|width| width <= room));
    let y = area.y + area.height.saturating_sub(size.rows() + scale.unit() + scale.line()) / 2;
    lettering::draw(pane.buffer, x, y, &closed, size, muted);
    let words = text!("kiosk-opens", time = format!("{day}{}", format::minute(opens, zone)));
    pane.label(x, y + size.rows() + scale.unit(), &words, room, muted);
}
