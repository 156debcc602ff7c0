//! Today's service level of each queue, a strip for each: since when a queue is in trouble, and which ones with it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, series};
use crate::kpi::{Every, KpiId, Slice, Verdict};
use crate::language::text;
use crate::text::fit;
use crate::ui::format::minute;
use crate::ui::queries;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::{panel, trend};

/// The columns of the names, with the blanks around them.
const GUTTER: u16 = 22;

/// Draw the panel: the queues in the order of their table, as many as there is room for.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let figures = ctx.answers.figures(queries::queue_days(ctx.ui));
    let about =
        figures.map_or_else(String::new, |figures| text!("days-since", time = minute(figures.answer.from, ctx.zone())));
    let inner = panel::panel(buffer, area, ctx.theme, text!("days-title"), &about, false);
    let (Some(figures), Some(list)) = (figures, ctx.ui.lists.get(&Panel::Queues)) else { return };
    let bins = series::bins(ctx, figures, None, &Slice::TOTAL, Every::Minutes(30));
    let width = usize::from(GUTTER - 3);
    for (id, y) in list.shown_ids().zip(inner.top()..inner.bottom()) {
        let name = fit(ctx.queue_name(id).as_str(), width);
        buffer.set_stringn(inner.x + 2, y, name, width, ctx.theme.style(Tone::Muted));
        let strip = Rect { x: inner.x + GUTTER, y, width: inner.width.saturating_sub(GUTTER + 1), height: 1 };
        for row in figures.rows(Some(id.as_str())) {
            let level = figures.of(row, KpiId::ServiceLevel).filter(|figure| figure.is_known());
            let place = bins.iter().position(|bin| Some(bin.start) == row.start);
            let Some((level, place)) = level.zip(place) else { continue };
            let (sign, tone) = match level.verdict {
                Verdict::Critical => ("█", Tone::Critical),
                Verdict::Warning => ("▄", Tone::Warning),
                _ => ("▁", Tone::Faint),
            };
            let cells = trend::place(strip, bins.len(), place);
            let width = usize::from(cells.width);
            buffer.set_stringn(cells.x, y, sign.repeat(width), width, ctx.theme.bar(tone));
        }
    }
}
