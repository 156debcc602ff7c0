//! The overview: what is so this minute, queues, alerts.
//!
//! ```text
//! ▌Waiting  ▌Longest wait  ▌In time  ▌Hung up  ▌Agents free            tiles of this minute
//! today: ASA 0:31 · handling 4:54 · FCR 81.4% (81% open) · …           one line of the day
//! ─ Queues 10 ────────────────────── 30m · 3s old ─ ─ Alerts ──────────────────── 3 new · 1 ack ─
//!   Queue      Wait  Longest  In time  Hung up  …   ▸ ‼ Outages   longest wait  5:41  > 5:00  6m +1
//! ▸ Outages ‼    15  ‼ 5:41   ▲ 74.2%    ‼12.4%       a takes Outages: longest wait   w why   n note
//! ─ Arrivals ────────────── ─ Who waits 23 ────────   → open more lines, …
//!   20 ▂▃▅▇█▆▅              Waits  About …
//! ```
//!
//! High screens also have, below the alerts, those that are over and what grows; below the charts, the day of each queue.
//! Below 150 columns, the alerts are below the queues. Rows that the queues leave free show arrivals and waiting
//! contacts.

use ratatui::buffer::Buffer;
use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Rect};

use super::change::ArrivalChanges;
use super::{Ctx, alerts, arrivals, days, growth, positions, rail, staffing, tiles, waiting};
use crate::kpi::{Dim, Slice};
use crate::language::text;
use crate::ui::drawn::Drawn;
use crate::ui::format::cols;
use crate::ui::glyphs;
use crate::ui::grid::Grid;
use crate::ui::queries::{self, OverviewRoom};
use crate::ui::state::{List, Panel};
use crate::ui::widget::panel;
use crate::ui::widget::table::TableView;

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let wide = area.width >= 150;
    let queues = cols(ctx.board.queues.len()) + 2;
    // The tiles keep their size when alerts come and go, so that nothing jumps when it matters most.
    let tiles = tiles::draw(buffer, area, ctx, queues.min(16) + if wide { 0 } else { 6 }, drawn);
    let [_, below] = Layout::vertical([Length(tiles), Fill(1)]).areas(area);
    let [left, right] = if wide {
        let rail = (area.width * 21 / 50).clamp(52, 130);
        Layout::horizontal([Fill(1), Length(rail)]).spacing(1).areas(below)
    } else {
        // The rail gets the rows that it needs, and the queues at least half.
        let unused = below.height.saturating_sub(queues);
        let rail = (cols(rail::rows(ctx)).max(1) + 1).clamp(3, (below.height * 2 / 5).max(unused).max(4));
        Layout::vertical([Fill(1), Length(rail)]).areas(below)
    };
    // Free rows show more of the floor if there are enough for a chart.
    let spare = left.height.saturating_sub(queues + 1);
    let [left, spare] = Layout::vertical([Fill(1), Length(if spare >= 8 { spare } else { 0 })]).areas(left);
    extras(buffer, spare, ctx);
    let figures = ctx.answers.figures(queries::queues(ctx.ui));
    let against = ArrivalChanges::new(ctx, &Slice::TOTAL, Dim::Queue)
        .against(ctx)
        .map_or_else(String::new, |s| format!(" · {s}"));
    let about = format!("{}{against}", ctx.about(figures.map(|f| &f.answer)));
    let name = format!("{} {}{}", text!("overview-queues"), ctx.count(Panel::Queues), stale_queues(ctx));
    let inner = panel::panel(buffer, left, ctx.theme, &name, &about, ctx.ui.focus() == Panel::Queues);
    super::table(buffer, inner, ctx, Panel::Queues, text!("overview-no-queue"), drawn);
    let more = if wide && OverviewRoom::of(ctx.ui.size) >= OverviewRoom::Rail { right.height / 5 } else { 0 };
    let [alerts, ended, grown] = Layout::vertical([Fill(1), Length(more), Length(more)]).areas(right);
    rail::draw(buffer, alerts, ctx, drawn);
    self::ended(buffer, ended, ctx);
    self::grown(buffer, grown, ctx);
}

/// Draw the alerts that ended last.
fn ended(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    if area.height == 0 {
        return;
    }
    let grid = alerts::past(ctx);
    let inner = panel::panel(buffer, area, ctx.theme, text!("overview-ended"), "", false);
    listed(buffer, inner, ctx, &grid, text!("alerts-none-past"));
}

/// Draw the intents that have grown in the last hour.
fn grown(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    if area.height == 0 {
        return;
    }
    let against = ArrivalChanges::new(ctx, &Slice::TOTAL, Dim::Intent).against(ctx);
    let about = against.as_deref().unwrap_or_default();
    let inner = panel::panel(buffer, area, ctx.theme, text!("side-grown"), about, false);
    let grown: Vec<_> =
        growth::of(ctx, &Slice::TOTAL, Dim::Intent).into_iter().filter(|grown| grown.by > 0.0).collect();
    if grown.is_empty() {
        let words = if against.is_some() { text!("overview-nothing-grown") } else { text!("overview-nothing-before") };
        panel::message(buffer, inner, ctx.theme, words);
    }
    growth::draw(buffer, Rect { x: inner.x + 2, width: inner.width.saturating_sub(3), ..inner }, ctx, &grown);
}

/// Draw a list that takes no keys.
fn listed(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, grid: &dyn Grid, empty: &str) {
    let list = List { order: grid.order(None, ""), ..List::default() };
    if list.order.is_empty() {
        panel::message(buffer, area, ctx.theme, empty);
    } else {
        TableView { grid, list: &list, focus: false, stale: ctx.stale(), theme: ctx.theme }.draw(buffer, area, &mut 0);
    }
}

/// How many queues are silent, for the title of the panel.
fn stale_queues(ctx: Ctx<'_>) -> String {
    match ctx.silent_queues().into_iter().filter(|queue| !queue.is_empty()).count() {
        0 => String::new(),
        n => format!(", {} {}", glyphs::MISSING, text!("queues-still", count = n)),
    }
}

/// Draw arrivals, agents, and the contacts that have waited longest.
fn extras(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    if area.height == 0 {
        return;
    }
    let [charts, room] = if area.width >= 100 {
        Layout::horizontal([Length(area.width / 2), Fill(1)]).spacing(1).areas(area)
    } else {
        [area, Rect::default()]
    };
    // The chart has all rows where they are too few for anything more.
    let height = if area.height < 22 { area.height } else { (area.height / 3).clamp(14, 24) };
    let below = if area.height - height >= 8 { 8 } else { 0 };
    let [day, by_position, staff] = Layout::vertical([Length(height), Length(below), Fill(1)]).areas(charts);
    arrivals::draw(buffer, day, ctx, ctx.ui.slice());
    positions::draw(buffer, by_position, ctx);
    if staff.height >= 5 {
        let summary = staffing::Summary::of_all(ctx);
        let needed = cols(summary.teams().len()) + 3;
        let unused = staff.height.saturating_sub(needed);
        let days = if unused >= 6 && OverviewRoom::of(ctx.ui.size) == OverviewRoom::Days { unused } else { 0 };
        let [staff, days] = Layout::vertical([Fill(1), Length(days)]).areas(staff);
        let inner = panel::panel(buffer, staff, ctx.theme, text!("staff-title"), "", false);
        summary.draw(buffer, inner, ctx);
        if days.height > 0 {
            days::draw(buffer, days, ctx);
        }
    }
    if !room.is_empty() && !ctx.unknown() {
        let grid = waiting::table(ctx);
        let name = format!("{} {}", text!("waiting-title"), grid.row_count());
        let inner = panel::panel(buffer, room, ctx.theme, &name, &waiting::oldest(ctx), false);
        listed(buffer, inner, ctx, &grid, text!("nobody-waits"));
    }
}
