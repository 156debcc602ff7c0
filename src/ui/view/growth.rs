//! What has come more often than usual in the last hour, or than in a time before; a bar for each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::Ctx;
use super::change::ArrivalChanges;
use crate::kpi::{AnswerRow, Dim, Figure, KpiId, Slice};
use crate::language;
use crate::text::fit;
use crate::ui::answers::Figures;
use crate::ui::format::cols;
use crate::ui::queries;
use crate::ui::theme::Tone;

/// The columns of a name, and of the numbers on the right.
const NAME_WIDTH: u16 = 16;
const NUMBERS_WIDTH: u16 = 14;

/// A value whose arrivals differ from the usual ones, or from those of a time before.
pub struct Grown {
    /// Its name.
    pub name: String,
    /// By how many contacts.
    pub by: f64,
    /// How many times the usual has come; 1 where the difference may be chance.
    pub factor: f64,
}

/// The parts of a slice that have grown in the last hour, the most first.
#[must_use]
pub fn of(ctx: Ctx<'_>, slice: &Slice, by: Dim) -> Vec<Grown> {
    let changes = ArrivalChanges::new(ctx, slice, by);
    let hour = ctx.answers.figures(queries::last_hour(ctx.ui, slice, by));
    let rows = hour.map(|hour| hour.rows(None)).unwrap_or_default();
    let grown = |row: &AnswerRow| {
        let value = row.key.get(by)?;
        let change = changes.of(value.as_str());
        Some(Grown { name: ctx.value_name(by, value), by: change.surplus()?, factor: change.factor()? })
    };
    let mut all: Vec<Grown> = rows.iter().filter_map(grown).filter(|grown| grown.by.abs() >= 0.5).collect();
    all.sort_by(|a, b| b.by.total_cmp(&a.by));
    all
}

/// The values that have grown from one time to another of the same length, the most first. Nothing has grown where nothing
/// is known of the time before.
#[must_use]
pub fn between(ctx: Ctx<'_>, by: Dim, now: &Figures, before: &Figures) -> Vec<Grown> {
    let count = |figure: Option<&Figure>| figure.and_then(|figure| figure.value).unwrap_or(0.0);
    if count(before.total(KpiId::Offered)) <= 0.0 {
        return Vec::new();
    }
    let grown = |row: &AnswerRow| {
        let value = row.key.get(by)?;
        let (now, before) = (count(now.of(row, KpiId::Offered)), count(before.at(value.as_str(), KpiId::Offered)));
        // The difference of two Poisson counts has the sum of both as its variance.
        let chance = (now - before).abs() < 2.5 * (now + before + 1.0).sqrt();
        let factor = if chance { 1.0 } else { now / before.max(0.5) };
        Some(Grown { name: ctx.value_name(by, value), by: now - before, factor })
    };
    let mut all: Vec<Grown> = now.rows(None).iter().filter_map(grown).filter(|grown| grown.by.abs() >= 0.5).collect();
    all.sort_by(|a, b| b.by.total_cmp(&a.by));
    all
}

/// Draw as many as there is room for; returns how many.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, grown: &[Grown]) -> usize {
    let style = |tone| ctx.theme.style(tone);
    let most = grown.iter().map(|grown| grown.by).fold(1.0, f64::max);
    let room = area.width.saturating_sub(NAME_WIDTH + NUMBERS_WIDTH + 4);
    for (grown, y) in grown.iter().zip(area.top()..area.bottom()) {
        let notable = grown.factor > 1.0;
        let tone = if notable { Tone::Warning } else { Tone::Muted };
        let name = fit(&grown.name, usize::from(NAME_WIDTH));
        buffer.set_stringn(area.x, y, name, usize::from(area.width), style(Tone::Text));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to the room")]
        let bar = ((grown.by / most).clamp(0.0, 1.0) * f64::from(room)).round() as usize;
        buffer.set_string(area.x + NAME_WIDTH + 1, y, "█".repeat(bar), ctx.theme.bar(tone));
        let factor = if notable || grown.factor < 1.0 {
            format!("×{}", language::decimal(grown.factor, 1))
        } else {
            String::new()
        };
        let sign = if grown.by.round() < 0.0 { "−" } else { "+" };
        let text = format!("{:>6} {factor:>7}", format!("{sign}{:.0}", grown.by.abs()));
        let right = area.right().saturating_sub(cols(text.width()));
        buffer.set_stringn(right, y, &text, usize::from(area.width), style(tone));
    }
    grown.len().min(usize::from(area.height))
}
