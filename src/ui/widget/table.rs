//! Tables. On a narrow screen the columns of the highest rank are dropped; no column is cut.

use std::borrow::Cow;

use crate::language::text;
use crate::text::fit;
use crate::ui::format::cols;
use crate::ui::glyphs;
use crate::ui::grid::{Grid, Head};
use crate::ui::state::List;
use crate::ui::theme::{Theme, Tone};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// A column that is shown, with its position.
pub struct Placed {
    /// Which column of the table it is.
    pub index: usize,
    /// Heading and width, as the table defines them.
    pub head: Head,
    /// The position of the heading; cells below have the same columns.
    pub area: Rect,
}

/// Place the columns that fit into a table at `area`.
#[must_use]
pub fn layout(area: Rect, heads: &[Head]) -> Vec<Placed> {
    let mut x = area.x + 2;
    let widths = fitting(heads, area.width.saturating_sub(3));
    let place = |(index, head, width): (usize, Head, u16)| {
        let area = Rect { x, y: area.y, width, height: 1 };
        x += width + 1;
        Placed { index, head, area }
    };
    widths.into_iter().map(place).collect()
}

/// The columns that fit into `width`, each with its index and width.
fn fitting(heads: &[Head], width: u16) -> Vec<(usize, Head, u16)> {
    // On wide screens, names get some room before further columns are added.
    let generous = width >= 90;
    let first_width =
        |head: &Head| if generous && head.left && head.rank == 0 { head.width + head.grow.min(8) } else { head.width };
    let mut shown: Vec<(usize, Head, u16)> =
        heads.iter().enumerate().map(|(index, head)| (index, *head, first_width(head))).collect();
    let total = |shown: &[(usize, Head, u16)]| shown.iter().map(|(.., width)| width + 1).sum::<u16>();
    while total(&shown) > width + 1 {
        let Some((last, (_, head, _))) = shown.iter().enumerate().max_by_key(|(_, (_, head, _))| head.rank) else {
            break;
        };
        if head.rank == 0 {
            break;
        }
        shown.remove(last);
    }
    let mut spare = (width + 1).saturating_sub(total(&shown));
    // Each column first gets half of the additional width that it can use, so that the first one does not get
    // everything.
    for share in [2, 1] {
        for (_, head, wide) in &mut shown {
            let more = (head.width + head.grow / share).saturating_sub(*wide).min(spare);
            *wide += more;
            spare -= more;
        }
    }
    // On very wide screens there are up to three more blanks between columns.
    let apart = (spare / cols(shown.len().max(1))).min(3);
    for (.., wide) in shown.iter_mut().skip(1) {
        *wide += apart;
    }
    // If not even the columns that are never dropped fit, the first one is made narrower.
    let over = total(&shown).saturating_sub(width + 1);
    if let Some((.., first)) = shown.first_mut() {
        *first = first.saturating_sub(over);
    }
    shown
}

/// A table with the list that says which of its rows are shown, in which order.
#[derive(Clone, Copy)]
pub struct TableView<'a> {
    /// The rows and columns.
    pub grid: &'a dyn Grid,
    /// The order, the selection and the sorting.
    pub list: &'a List,
    /// Whether the table takes the keys.
    pub focus: bool,
    /// Whether everything it shows is old.
    pub stale: bool,
    /// The colours.
    pub theme: Theme,
}

impl TableView<'_> {
    /// Draw the heading and the rows that fit. `offset` is the first row shown; it moves so that the selected row is
    /// visible. Returns where the cursor belongs, for screen readers, if a row is selected.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, offset: &mut usize) -> Option<Position> {
        if area.height < 2 || area.width < 8 {
            return None;
        }
        let (list, theme) = (self.list, self.theme);
        let heads = self.grid.heads();
        let columns = layout(area, &heads);
        self.heading(buffer, &columns);
        let height = usize::from(area.height - 1);
        let at = list.position();
        *offset = (*offset).min(list.order.len().saturating_sub(height));
        if let Some(at) = at {
            *offset = (*offset).clamp((at + 1).saturating_sub(height), at.max((at + 1).saturating_sub(height)));
        }
        let mut cursor = None;
        for ((place, row), y) in list.order.iter().enumerate().skip(*offset).zip(area.y + 1..area.bottom()) {
            self.row(buffer, y, *row as usize, &columns);
            if self.focus && Some(place) == at {
                // What is critical stays filled.
                let critical = theme.style(Tone::Critical).bg;
                for x in area.left() + 1..area.right() {
                    if let Some(cell) = buffer.cell_mut((x, y)).filter(|cell| critical != Some(cell.bg)) {
                        cell.set_style(theme.selected_row());
                    }
                }
                buffer.set_string(area.x, y, "▸", theme.style(Tone::Focus));
                cursor = Some(Position::new(area.x, y));
            }
        }
        scrollbar(buffer, area, theme, *offset, list.order.len());
        cursor
    }

    fn heading(&self, buffer: &mut Buffer, columns: &[Placed]) {
        for Placed { index, head, area } in columns {
            let mark = match self.list.sort {
                Some((by, true)) if by == *index => "↓",
                Some((by, false)) if by == *index => "↑",
                _ => "",
            };
            let width = usize::from(area.width);
            let title = format!("{}{mark}", fit(head.title, width.saturating_sub(mark.width())));
            let tone = if self.focus && self.list.column == *index { Tone::Focus } else { Tone::Muted };
            let x = area.x + head.indent(&title, area.width);
            buffer.set_stringn(x, area.y, &title, width, self.theme.style(tone));
        }
    }

    fn row(&self, buffer: &mut Buffer, y: u16, row: usize, columns: &[Placed]) {
        let stale = self.stale || self.grid.is_stale(row);
        for Placed { index, head, area } in columns {
            let mut cell = self.grid.cell(row, *index, area.width);
            if stale {
                cell.text = old(cell.text, head.key == "status");
            }
            let text = fit(&cell.text, usize::from(area.width));
            // The cell that says why the row is stale stays as it is.
            let why = cell.tone == Tone::Strong && cell.text.starts_with(glyphs::MISSING);
            let tone = if stale && cell.tone != Tone::Faint && !why { Tone::Stale } else { cell.tone };
            let x = area.x + head.indent(&text, area.width);
            buffer.set_stringn(x, y, &text, usize::from(area.width), self.theme.style(tone));
        }
    }
}

/// The text of a stale cell: its last verdict is not an alarm any more.
fn old(text: Cow<'static, str>, status: bool) -> Cow<'static, str> {
    if status && !text.starts_with(glyphs::MISSING) {
        return Cow::Owned(format!("{} {}", glyphs::MISSING, text!("verdict-old")));
    }
    match text.strip_prefix(glyphs::CRITICAL).or_else(|| text.strip_prefix(glyphs::WARNING)) {
        Some(rest) => Cow::Owned(rest.to_owned()),
        None => text,
    }
}

/// Draw the scrollbar of a list that is longer than its area, on the right edge.
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
