//! Abandonment by the position at which contacts joined the queue, a bar for each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Ctx;
use crate::kpi::KpiId;
use crate::language::{self, text};
use crate::text::Text;
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// Draw the panel.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let inner = panel::panel(buffer, area, ctx.theme, text!("positions-title"), "", false);
    let figures = ctx.answers.figures(queries::totals(ctx.ui, ctx.ui.slice()));
    let Some(figure) = figures.and_then(|f| f.total(KpiId::AbandonmentByPosition)) else { return };
    if figure.parts.is_empty() {
        let reason = figure.reason.as_ref().map_or("no source tells positions", Text::as_str);
        let reason = language::told(reason);
        panel::message(buffer, inner, ctx.theme, reason);
        return;
    }
    let muted = ctx.theme.style(Tone::Muted);
    let most = figure.parts.iter().filter_map(|p| p.value).fold(0.0, f64::max).max(1.0);
    let room = inner.width.saturating_sub(23);
    for (part, y) in figure.parts.iter().zip(inner.y..inner.bottom()) {
        let text = part.value.map_or("–".to_owned(), |v| language::percent(v, 0));
        buffer.set_string(inner.x + 2, y, format!("{:>5} {text:>5}", part.key), ctx.theme.style(Tone::Text));
        buffer.set_stringn(inner.right().saturating_sub(8), y, text!("of-count", count = part.n.to_string()), 8, muted);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to the room")]
        let wide = (part.value.unwrap_or(0.0) / most * f64::from(room)).clamp(0.0, f64::from(room)) as usize;
        buffer.set_string(inner.x + 14, y, "▇".repeat(wide), muted);
    }
}
