//! Tables: columns with a rank, so that on a narrow screen the least important go and none is cut.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use crate::text::fit;
use crate::ui::format::cols;
use crate::ui::glyphs;
use crate::ui::grid::{Column, Grid};
use crate::ui::state::List;
use crate::ui::theme::{Theme, Tone};

/// The columns that fit into `width`: their place and width, in the table's order.
#[must_use]
pub fn fitting(columns: &[Column], width: u16) -> Vec<(usize, u16)> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    // Where there is room for more than the first few columns, names are given some before further columns come.
    let generous = width >= 90;
    let width_of = |at: usize| {
        columns.get(at).map_or(0, |c| if generous && c.left && c.rank == 0 { c.width + c.grow.min(8) } else { c.width })
    };
    let total = |shown: &[usize]| shown.iter().map(|at| width_of(*at) + 1).sum::<u16>();
    while total(&shown) > width + 1 {
        let Some(least) = shown.iter().copied().max_by_key(|at| columns.get(*at).map_or(0, |c| c.rank)) else { break };
        if columns.get(least).is_none_or(|c| c.rank == 0) {
            break;
        }
        shown.retain(|at| *at != least);
    }
    let mut spare = (width + 1).saturating_sub(total(&shown));
    let mut out: Vec<(usize, u16)> = shown.iter().map(|at| (*at, width_of(*at))).collect();
    // Half of what each can use first, so that the first column doesn't take all there is.
    for share in [2, 1] {
        for (at, wide) in &mut out {
            let most = columns.get(*at).map_or(0, |c| c.width + c.grow / share);
            let more = most.saturating_sub(*wide).min(spare);
            *wide += more;
            spare -= more;
        }
    }
    // Some room is left on very wide screens: columns stand further apart, up to three blanks more.
    let apart = (spare / cols(out.len().max(1))).min(3);
    for (_, wide) in out.iter_mut().skip(1) {
        *wide += apart;
    }
    // With only what can't be dropped and still no room, the first column gives way.
    let over = (out.iter().map(|(_, w)| *w + 1).sum::<u16>()).saturating_sub(width + 1);
    if let Some((_, first)) = out.first_mut() {
        *first = first.saturating_sub(over);
    }
    out
}

/// Draw the heading and the rows of `list` that fit. `offset` is the first row shown; it moves so that the selected row
/// is visible. Returns where the cursor belongs, for screen readers, if a row is selected.
#[expect(clippy::too_many_arguments, reason = "a table is drawn in two places")]
pub fn draw(
    buffer: &mut Buffer,
    area: Rect,
    theme: Theme,
    grid: &dyn Grid,
    list: &List,
    offset: &mut usize,
    focus: bool,
    stale: bool,
) -> Option<Position> {
    if area.height < 2 || area.width < 8 {
        return None;
    }
    let columns = fitting(grid.columns(), area.width.saturating_sub(3));
    heading(buffer, area, theme, grid, list, &columns, focus);
    let height = usize::from(area.height - 1);
    let at = list.position();
    *offset = (*offset).min(list.order.len().saturating_sub(height));
    if let Some(at) = at {
        *offset = (*offset).clamp((at + 1).saturating_sub(height), at.max((at + 1).saturating_sub(height)));
    }
    let mut cursor = None;
    for (line, (place, row)) in list.order.iter().enumerate().skip(*offset).take(height).enumerate() {
        let y = area.y + 1 + cols(line);
        let selected = focus && Some(place) == at;
        draw_row(
            buffer,
            Rect { y, height: 1, ..area },
            theme,
            grid,
            *row as usize,
            &columns,
            stale || grid.stands_still(*row as usize),
        );
        if selected {
            let reverse = theme.style(Tone::Selected);
            let name = columns.first().map_or(0, |(_, width)| *width);
            let fill =
                if theme.fills_rows() { area } else { Rect { x: area.x + 2, width: name.min(area.width - 2), ..area } };
            buffer.set_style(Rect { y, height: 1, ..fill }, reverse);
            buffer.set_string(area.x, y, "▸", theme.style(Tone::Focus));
            cursor = Some(Position::new(area.x, y));
        }
    }
    scrollbar(buffer, area, theme, *offset, list.order.len());
    cursor
}

/// Where the heads of columns stand.
pub fn heads(area: Rect, columns: &[(usize, u16)]) -> impl Iterator<Item = (usize, Rect)> {
    columns.iter().scan(area.x + 2, move |x, (at, width)| {
        let head = Rect { x: *x, y: area.y, width: *width, height: 1 };
        *x += width + 1;
        Some((*at, head))
    })
}

fn heading(
    buffer: &mut Buffer,
    area: Rect,
    theme: Theme,
    grid: &dyn Grid,
    list: &List,
    columns: &[(usize, u16)],
    focus: bool,
) {
    for (at, head) in heads(area, columns) {
        let (x, width) = (head.x, &head.width);
        let Some(column) = grid.columns().get(at) else { continue };
        let mark = match list.sort {
            Some((by, descending)) if by == at => {
                if descending {
                    "↓"
                } else {
                    "↑"
                }
            }
            _ => "",
        };
        let title = format!("{}{mark}", fit(column.title, usize::from(*width).saturating_sub(mark.width())));
        let tone = if focus && list.column == at { Tone::Focus } else { Tone::Muted };
        let pad = if column.left { 0 } else { width.saturating_sub(cols(title.width())) };
        buffer.set_stringn(x + pad, area.y, &title, usize::from(*width), theme.style(tone));
    }
}

fn draw_row(
    buffer: &mut Buffer,
    area: Rect,
    theme: Theme,
    grid: &dyn Grid,
    row: usize,
    columns: &[(usize, u16)],
    stale: bool,
) {
    let mut x = area.x + 2;
    for (at, width) in columns {
        let left = grid.columns().get(*at).is_some_and(|c| c.left);
        let mut cell = grid.cell(row, *at, *width);
        if stale {
            cell.text = old(cell.text, grid.columns().get(*at).is_some_and(|c| c.key == "status"));
        }
        let text = fit(&cell.text, usize::from(*width));
        let pad = if left { 0 } else { width.saturating_sub(cols(text.width())) };
        // That a row stands still must be seen, whatever it shows is old.
        let why = cell.tone == Tone::Strong && cell.text.starts_with(glyphs::MISSING);
        let tone = if stale && cell.tone != Tone::Faint && !why { Tone::Stale } else { cell.tone };
        buffer.set_stringn(x + pad, area.y, &text, usize::from(*width), theme.style(tone));
        x += width + 1;
    }
}

/// What was bad when it was last seen is no alarm any more.
fn old(text: Cow<'static, str>, status: bool) -> Cow<'static, str> {
    if status && !text.starts_with(glyphs::MISSING) {
        return Cow::Owned(format!("{} old", glyphs::MISSING));
    }
    match text.strip_prefix(glyphs::CRITICAL).or_else(|| text.strip_prefix(glyphs::WARNING)) {
        Some(rest) => Cow::Owned(rest.to_owned()),
        None => text,
    }
}

/// Where in a long list one is, on the right edge.
fn scrollbar(buffer: &mut Buffer, area: Rect, theme: Theme, offset: usize, len: usize) {
    let height = usize::from(area.height - 1);
    if len <= height || height == 0 {
        return;
    }
    let thumb = (height * height / len).max(1);
    let from = offset * (height - thumb) / (len - height).max(1);
    for line in 0..height {
        let (symbol, tone) =
            if (from..from + thumb).contains(&line) { ("┃", Tone::Muted) } else { ("│", Tone::Faint) };
        buffer.set_string(area.right() - 1, area.y + 1 + cols(line), symbol, theme.style(tone));
    }
}
