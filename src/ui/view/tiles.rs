//! The tiles of a page: its KPIs in one or two rows, as large as the rest of the page allows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, series};
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::format::cols;
use crate::ui::queries;
use crate::ui::state::Panel;
use crate::ui::widget::tile::{HUGE, LARGE, Tile};

/// Draw the tiles at the top of `area`, leaving at least `below` rows where that is possible; returns the rows they
/// took.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, below: u16, drawn: &mut Drawn) -> u16 {
    let slice = ctx.ui.slice();
    let shown = ctx.ui.tiles();
    let (per_row, height) = arrangement(area, shown.len(), below);
    let totals = ctx.answers.figures(queries::totals(ctx.ui, slice));
    let series = ctx.answers.figures(queries::course(ctx.ui, slice));
    let bins = series.map(|f| series::bins(ctx, f, None, slice, queries::steps(ctx.ui.window).1));
    let without = ctx.missing_sources(slice);
    let stale = ctx.is_silent(slice);
    let width = area.width / cols(per_row).max(1);
    for (at, kpi) in shown.iter().enumerate() {
        let (column, row) = (cols(at % per_row), cols(at / per_row));
        let spare = if column + 1 == cols(per_row) { area.width % cols(per_row).max(1) } else { 0 };
        let place = Rect {
            x: area.x + column * width,
            y: area.y + row * height,
            width: width + spare,
            height: height - u16::from(height > 3),
        };
        let trend = series.zip(bins.as_ref()).map(|(f, bins)| series::points(f, bins, *kpi)).unwrap_or_default();
        let tile = Tile {
            kpi: kpi.def(),
            // While a floor still reads its past, its figures are not right yet.
            figure: totals.and_then(|f| f.total(*kpi)).filter(|_| !ctx.reading()),
            bands: ctx.bands_of(*kpi, slice),
            trend: &trend,
            without: &without,
            selected: ctx.ui.focus() == Panel::Tiles && ctx.ui.tile == at,
            stale,
            glyphs: ctx.glyphs,
        };
        tile.draw(buffer, place, ctx.theme);
        drawn.note(place, ClickTarget::Tile(at));
    }
    cols(shown.len().div_ceil(per_row)) * height
}

/// How many tiles stand side by side, and how high they are with the blank row below.
fn arrangement(area: Rect, tiles: usize, below: u16) -> (usize, u16) {
    let one = area.width / cols(tiles).max(1);
    let half = tiles.div_ceil(2);
    let two = area.width / cols(half).max(1);
    let free = area.height.saturating_sub(below);
    match (one, two) {
        // On a very high screen, most rows are still left for the tables.
        (_, 60..) if free >= 4 * HUGE + 8 => (half, HUGE + 1),
        (36.., _) if free >= LARGE + 2 => (tiles, LARGE + 2),
        (_, 28..) if free >= 2 * (LARGE + 2) => (half, LARGE + 2),
        (_, 28..) if free >= 2 * (LARGE + 1) => (half, LARGE + 1),
        (22.., _) => (tiles, 5),
        _ if free >= 8 => (half, 4),
        _ => (half, 3),
    }
}
