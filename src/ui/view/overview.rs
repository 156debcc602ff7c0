//! The overview: core figures, queues, alerts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, agents, queue, queues, rail, series, waiting};
use crate::kpi::KpiId;
use crate::ui::ask;
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::format::cols;
use crate::ui::glyphs;
use crate::ui::grid;
use crate::ui::state::{List, Panel};
use crate::ui::widget::tile::{HUGE, LARGE, Tile};
use crate::ui::widget::trend::TrendPoint;
use crate::ui::widget::{panel, table, tile};

/// Draw it.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let wide = area.width >= 150;
    let count = queues::rows(ctx).count();
    let queues = cols(count) + 2;
    let rail = cols(rail::lines(ctx)).max(1) + 2;
    // The tiles keep their size when alerts come and go: nothing may jump just when it matters.
    let tiles_height = tiles(buffer, area, ctx, queues.min(16) + if wide { 0 } else { 6 }, drawn);
    let below = Rect { y: area.y + tiles_height, height: area.height.saturating_sub(tiles_height), ..area };
    let (left, right) = if wide {
        let width = (area.width * 21 / 50).clamp(52, 130);
        let left = Rect { width: below.width - width - 1, ..below };
        (left, Rect { x: left.right() + 1, width, ..below })
    } else {
        // The rail takes what its lines need, and the queues never less than half.
        let unused = below.height.saturating_sub(queues);
        let rail = rail.clamp(3, (below.height * 2 / 5).max(unused).max(4));
        let left = Rect { height: below.height.saturating_sub(rail), ..below };
        (left, Rect { y: left.bottom(), height: rail, ..below })
    };
    // What the queues leave free says more of the floor, where it is enough for a chart.
    let spare = left.height.saturating_sub(queues + 1);
    let more = if spare >= 8 { spare } else { 0 };
    let left = Rect { height: left.height - more, ..left };
    extras(buffer, Rect { y: left.bottom(), height: more, ..left }, ctx);
    let figures = ctx.data.figures(ask::queues(ctx.ui));
    let about = ctx.about(figures.map(|f| &f.answer));
    let still = rows_that_stand_still(ctx);
    let name = format!("Queues {count}{still}");
    let inner = panel::panel(buffer, left, ctx.theme, &name, &about, ctx.ui.focus() == Panel::Queues);
    super::table(buffer, inner, ctx, Panel::Queues, "no queue has been seen yet", drawn);
    rail::draw(buffer, right, ctx, drawn);
}

/// How many queues stand still, for the rule of the panel.
fn rows_that_stand_still(ctx: Ctx<'_>) -> String {
    let still = ctx.still_queues().into_iter().filter(|queue| !queue.is_empty()).count();
    match still {
        0 => String::new(),
        1 => format!(", {} 1 stands still", glyphs::MISSING),
        n => format!(", {} {n} stand still", glyphs::MISSING),
    }
}

/// Who waits longest, and how the day went.
fn extras(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    if area.height == 0 {
        return;
    }
    let chart = if area.width >= 100 { area.width / 2 } else { area.width };
    // The chart has what is left where it is too little for anything more.
    let height = if area.height < 22 { area.height } else { (area.height / 3).clamp(14, 24) };
    queue::day(buffer, Rect { width: chart, height, ..area }, ctx, ctx.ui.slice());
    let below = Rect { width: chart, y: area.y + height, height: area.height - height, ..area };
    let positions = if below.height >= 8 { 8 } else { 0 };
    queue::positions(buffer, Rect { height: positions, ..below }, ctx);
    let rest = Rect { y: below.y + positions, height: below.height - positions, ..below };
    if rest.height >= 5 {
        let inner = panel::panel(buffer, rest, ctx.theme, "Who is here", "", false);
        agents::summary(buffer, inner, ctx);
    }
    if chart < area.width {
        let room = Rect { x: area.x + chart + 1, width: area.width - chart - 1, ..area };
        let grid = waiting::Waiting::new(ctx);
        let list = List { order: grid::order(&grid, None, ""), ..List::default() };
        let name = format!("Who waits {}", list.order.len());
        let inner = panel::panel(buffer, room, ctx.theme, &name, &waiting::about(ctx), false);
        if list.order.is_empty() {
            panel::say(buffer, inner, ctx.theme, "nobody waits");
        } else {
            table::draw(buffer, inner, ctx.theme, &grid, &list, &mut 0, false, ctx.stale());
        }
    }
}

/// Draw the tiles of the page in one or two rows, as large as what comes `below` allows; the rows of the screen they
/// took.
pub fn tiles(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, below: u16, drawn: &mut Drawn) -> u16 {
    let shown = ctx.ui.tiles();
    let (per_row, height) = arrangement(area, shown.len(), below);
    let totals = ctx.data.figures(ask::totals(ctx.ui, ctx.ui.slice()));
    let courses = ctx.data.figures(ask::course(ctx.ui, ctx.ui.slice()));
    let bins = courses.map(|f| series::bins(ctx, f, None, ctx.ui.slice(), ask::steps(ctx.ui.window).1));
    let without = ctx.without(ctx.ui.slice());
    let width = area.width / cols(per_row).max(1);
    for (at, kpi) in shown.iter().enumerate() {
        let (column, row) = (cols(at % per_row), cols(at / per_row));
        let course = courses.zip(bins.as_ref()).map(|(f, bins)| series::points(f, bins, *kpi)).unwrap_or_default();
        let figure = totals.and_then(|f| f.total(*kpi));
        let selected = ctx.ui.focus() == Panel::Tiles && ctx.ui.tile == at;
        let spare = if column + 1 == cols(per_row) { area.width % cols(per_row).max(1) } else { 0 };
        let place = Rect {
            x: area.x + column * width,
            y: area.y + row * height,
            width: width + spare,
            height: height - u16::from(height > 3),
        };
        tile(*kpi, figure, (&course, &without), selected, ctx).draw(buffer, place, ctx.theme);
        drawn.note(place, ClickTarget::Tile(at));
    }
    let rows = cols(shown.len().div_ceil(per_row));
    rows * height
}

fn tile<'a>(
    kpi: KpiId,
    figure: Option<&'a crate::kpi::Figure>,
    (trend, without): (&'a [TrendPoint], &'a [String]),
    selected: bool,
    ctx: Ctx<'_>,
) -> Tile<'a> {
    tile::Tile {
        kpi: kpi.def(),
        // What a floor says while it still reads its past is no news.
        figure: figure.filter(|_| !ctx.reading()),
        bands: ctx.bands_of(kpi, ctx.ui.slice()),
        trend,
        without,
        selected,
        stale: ctx.stands_still(ctx.ui.slice()),
        plain: ctx.settings.ascii == Some(true),
    }
}

/// How many tiles stand side by side, and how high they are with the blank row below.
fn arrangement(area: Rect, tiles: usize, below: u16) -> (usize, u16) {
    let one = area.width / cols(tiles).max(1);
    let half = tiles.div_ceil(2);
    let two = area.width / cols(half).max(1);
    let free = area.height.saturating_sub(below);
    match (one, two) {
        // A wall: most of it is still left for the tables.
        (_, 60..) if free >= 4 * HUGE + 8 => (half, HUGE + 1),
        (36.., _) if free >= LARGE + 2 => (tiles, LARGE + 2),
        (_, 28..) if free >= 2 * (LARGE + 2) => (half, LARGE + 2),
        (_, 28..) if free >= 2 * (LARGE + 1) => (half, LARGE + 1),
        (22.., _) => (tiles, 5),
        _ if free >= 8 => (half, 4),
        _ => (half, 3),
    }
}
