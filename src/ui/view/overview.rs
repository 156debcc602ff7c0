//! The overview: core figures, queues, alerts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, alerts};
use crate::kpi::KpiId;
use crate::ui::ask;
use crate::ui::format::cols;
use crate::ui::state::Panel;
use crate::ui::widget::tile::{LARGE, Tile};
use crate::ui::widget::{panel, tile};

/// Draw it.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) -> Option<(u16, u16)> {
    let wide = area.width >= 150;
    let rail_width = if wide { (area.width / 3).clamp(52, 96) } else { 0 };
    let tiles_height = tiles(buffer, area, ctx);
    let below = Rect { y: area.y + tiles_height, height: area.height.saturating_sub(tiles_height), ..area };
    let (left, right) = if wide {
        let left = Rect { width: below.width - rail_width - 1, ..below };
        (left, Rect { x: left.right() + 1, width: rail_width, ..below })
    } else {
        // The rail takes what its lines need, at most two fifths of the room, and the queues never less than half.
        let lines = cols(alerts::lines(ctx)) + 2;
        let unused = below.height.saturating_sub(cols(ctx.board.queues.len()) + 2);
        let rail = lines.clamp(3, (below.height * 2 / 5).max(unused).max(4));
        let left = Rect { height: below.height.saturating_sub(rail), ..below };
        (left, Rect { y: left.bottom(), height: rail, ..below })
    };
    let figures = ctx.data.figures(ask::queues(ctx.ui));
    let focus = ctx.ui.focus();
    let about = ctx.about(figures.map(|f| &f.answer));
    let name = format!("Queues {}", ctx.board.queues.len());
    let inner = panel::panel(buffer, left, ctx.theme, &name, &about, focus == Panel::Queues);
    let queues = super::table(buffer, inner, ctx, Panel::Queues, "no queue has been seen yet");
    let rail = alerts::rail(buffer, right, ctx);
    if focus == Panel::Rail { rail } else { queues }
}

/// Draw the tiles of the page in one or two rows; the rows of the screen they took.
pub fn tiles(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) -> u16 {
    let shown = ctx.ui.tiles();
    let (per_row, height) = arrangement(area, shown.len());
    let totals = ctx.data.figures(ask::totals(ctx.ui, ctx.ui.slice()));
    let courses = ctx.data.figures(ask::course(ctx.ui, ctx.ui.slice()));
    let width = area.width / cols(per_row).max(1);
    for (at, kpi) in shown.iter().enumerate() {
        let (column, row) = (cols(at % per_row), cols(at / per_row));
        let course = courses.map(|f| f.course(None, *kpi)).unwrap_or_default();
        let figure = totals.and_then(|f| f.total(*kpi));
        let selected = ctx.ui.focus() == Panel::Tiles && ctx.ui.tile == at;
        let spare = if column + 1 == cols(per_row) { area.width % cols(per_row).max(1) } else { 0 };
        let place = Rect {
            x: area.x + column * width,
            y: area.y + row * height,
            width: width + spare,
            height: height - u16::from(height > 3),
        };
        tile(kpi, figure, &course, selected, ctx).draw(buffer, place, ctx.theme);
    }
    let rows = cols(shown.len().div_ceil(per_row));
    rows * height
}

fn tile<'a>(
    kpi: &KpiId,
    figure: Option<&'a crate::kpi::Figure>,
    trend: &'a [Option<f64>],
    selected: bool,
    ctx: Ctx<'_>,
) -> Tile<'a> {
    tile::Tile { kpi: kpi.def(), figure, bands: ctx.bands(*kpi), trend, selected, stale: ctx.stale() }
}

/// How many tiles stand side by side, and how high they are with the blank row below.
fn arrangement(area: Rect, tiles: usize) -> (usize, u16) {
    let row = area.width / cols(tiles).max(1);
    let large = LARGE + 3;
    match (row, area.height) {
        (26.., 34..) => (tiles, large),
        (22.., _) => (tiles, 5),
        (_, 60..) if area.width >= 100 => (tiles.div_ceil(2), large),
        (_, 30..) => (tiles.div_ceil(2), 4),
        _ => (tiles.div_ceil(2), 3),
    }
}
