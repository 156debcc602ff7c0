//! Lines over time: dots of Braille, two columns by four rows in a cell; where the terminal has no Braille, columns of
//! blocks for thick lines and dots for thin ones.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::format::cols;
use crate::ui::glyphs::{EIGHTHS, GlyphSet};

/// The bits of the dots of a Braille cell, by column and row.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// The first character of Braille, the cell without dots.
const BRAILLE: u32 = 0x2800;

/// A point of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlotPoint {
    /// The value; `None` is a gap in the line.
    pub value: Option<f64>,
    /// The style of the line around it.
    pub style: Style,
    /// The value up to which the area above or below the line is filled; `None` for a line alone.
    pub filled_to: Option<f64>,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// Two dots wide.
    Thick,
    /// One dot wide.
    Thin,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum PlotCell {
    #[default]
    Blank,
    /// The dots of the line with this number.
    Dots(usize, u8),
    Sign(&'static str),
}

/// Lines over each other on one scale from 0; the last one is on top.
#[derive(Debug)]
pub struct Plot {
    area: Rect,
    most: f64,
    braille: bool,
    cells: Vec<(PlotCell, Style)>,
    lines: usize,
}

impl Plot {
    /// An empty plot of `area`, scaled from 0 to `most`.
    #[must_use]
    pub fn new(area: Rect, most: f64, glyphs: GlyphSet) -> Self {
        let cells = vec![<_>::default(); usize::from(area.width) * usize::from(area.height)];
        Self { area, most: most.max(f64::EPSILON), braille: glyphs == GlyphSet::Full, cells, lines: 0 }
    }

    /// Draw a dashed line at a value, from edge to edge. Returns its row on the screen.
    pub fn rule(&mut self, value: f64, style: Style) -> u16 {
        let row = self.row(value, usize::from(self.area.height));
        for x in 0..usize::from(self.area.width) {
            self.put(x, row, PlotCell::Sign("╌"), style);
        }
        self.area.y + cols(row)
    }

    /// Draw a line through points that are evenly spread over the width.
    pub fn line(&mut self, points: &[PlotPoint], stroke: Stroke) {
        self.lines += 1;
        if self.braille {
            self.dots(points, stroke);
        } else {
            self.columns(points, stroke);
        }
    }

    fn dots(&mut self, points: &[PlotPoint], stroke: Stroke) {
        let (wide, high) = (usize::from(self.area.width) * 2, usize::from(self.area.height) * 4);
        let mut last: Option<usize> = None;
        for x in 0..wide {
            let Some(PlotPoint { value: Some(value), style, filled_to }) = between(points, x, wide) else {
                last = None;
                continue;
            };
            let y = self.row(value, high);
            // A steep line has no holes.
            let (from, to) = match last {
                Some(last) if last < y => (last + 1, y),
                Some(last) if last > y => (y, last - 1),
                _ => (y, y),
            };
            last = Some(y);
            let to = if stroke == Stroke::Thick { to + 1 } else { to };
            let end = filled_to.map(|end| self.row(end, high));
            let (from, to) = end.map_or((from, to), |end| (from.min(end), to.max(end)));
            let over = (to + 1).saturating_sub(high);
            for y in from - over.min(from)..=to - over.min(to) {
                self.dot(x, y, style);
            }
        }
    }

    fn dot(&mut self, x: usize, y: usize, style: Style) {
        let bit = DOTS.get(x % 2).and_then(|column| column.get(y % 4)).copied().unwrap_or(0);
        let line = self.lines;
        let before = match self.cell(x / 2, y / 4) {
            Some((PlotCell::Dots(of, bits), _)) if *of == line => *bits,
            _ => 0,
        };
        self.put(x / 2, y / 4, PlotCell::Dots(line, before | bit), style);
    }

    fn columns(&mut self, points: &[PlotPoint], stroke: Stroke) {
        let (wide, high) = (usize::from(self.area.width), usize::from(self.area.height));
        for x in 0..wide {
            let Some(PlotPoint { value: Some(value), style, .. }) = points.get(x * points.len() / wide.max(1)) else {
                continue;
            };
            if stroke == Stroke::Thin {
                self.put(x, self.row(*value, high), PlotCell::Sign("·"), *style);
                continue;
            }
            // In eighths of a row, at least one.
            let filled = (high * 8 - self.row(*value, high * 8)).max(1);
            for row in 0..high {
                let part = filled.saturating_sub((high - 1 - row) * 8).min(8);
                if let Some(sign) = part.checked_sub(1).and_then(|part| EIGHTHS.get(part)) {
                    self.put(x, row, PlotCell::Sign(sign), *style);
                }
            }
        }
    }

    /// The row, of `rows` from the top, of a value.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "held to 0..rows, a few hundred"
    )]
    fn row(&self, value: f64, rows: usize) -> usize {
        let last = rows.saturating_sub(1);
        last - ((value / self.most).clamp(0.0, 1.0) * last as f64).round() as usize
    }

    fn cell(&mut self, x: usize, row: usize) -> Option<&mut (PlotCell, Style)> {
        self.cells.get_mut(row * usize::from(self.area.width) + x)
    }

    fn put(&mut self, x: usize, row: usize, cell: PlotCell, style: Style) {
        if let Some(own) = self.cell(x, row) {
            *own = (cell, style);
        }
    }

    /// Write the lines; cells without any stay as they are.
    pub fn draw(&self, buffer: &mut Buffer) {
        for (place, (cell, style)) in self.cells.iter().enumerate() {
            let width = usize::from(self.area.width);
            let position = (self.area.x + cols(place % width), self.area.y + cols(place / width));
            let Some(target) = buffer.cell_mut(position) else { continue };
            match cell {
                PlotCell::Blank => {}
                PlotCell::Dots(_, bits) => {
                    target.set_char(char::from_u32(BRAILLE + u32::from(*bits)).unwrap_or(' ')).set_style(*style);
                }
                PlotCell::Sign(sign) => {
                    target.set_symbol(sign).set_style(*style);
                }
            }
        }
    }
}

/// The value of a line at column `x` of `wide`, between the two points next to it; half a step beside a gap it ends.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "positions on a screen"
)]
fn between(points: &[PlotPoint], x: usize, wide: usize) -> Option<PlotPoint> {
    let at = (x as f64 + 0.5) / wide as f64 * points.len() as f64 - 0.5;
    let left = at.max(0.0).floor();
    let part = (at - left).max(0.0);
    let point = |place: usize| points.get(place).copied().unwrap_or_default();
    let (before, after) = (point(left as usize), point(left as usize + 1));
    let near = if part <= 0.5 { before } else { after };
    match (before.value, after.value) {
        (Some(a), Some(b)) => Some(PlotPoint { value: Some(a + (b - a) * part), ..near }),
        _ => near.value.map(|_| near),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[Option<f64>], stroke: Stroke, glyphs: GlyphSet, size: (u16, u16)) -> Vec<String> {
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buffer = Buffer::empty(area);
        let mut plot = Plot::new(area, 100.0, glyphs);
        plot.rule(50.0, Style::new());
        let points: Vec<_> = values.iter().map(|value| PlotPoint { value: *value, ..PlotPoint::default() }).collect();
        plot.line(&points, stroke);
        plot.draw(&mut buffer);
        let rows = buffer.content.chunks(usize::from(size.0));
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
    }

    #[test]
    fn a_line_goes_from_point_to_point_and_has_gaps() {
        let values = [Some(100.0), Some(100.0), None, Some(0.0), Some(0.0)];
        assert_eq!(drawn(&values, Stroke::Thin, GlyphSet::Full, (5, 3)), ["⠉⠉   ", "╌╌╌╌╌", "   ⣀⣀"]);
        assert_eq!(drawn(&values, Stroke::Thick, GlyphSet::Full, (5, 3)), ["⠛⠛   ", "╌╌╌╌╌", "   ⣤⣤"]);
    }

    #[test]
    fn a_steep_line_has_no_holes() {
        let rows = drawn(&[Some(0.0), Some(100.0)], Stroke::Thin, GlyphSet::Full, (2, 3));
        assert!(rows.iter().all(|row| row.chars().any(|c| c > '\u{2800}')), "{rows:?}");
    }

    #[test]
    fn an_area_reaches_from_the_line_to_its_value() {
        let area = Rect::new(0, 0, 1, 4);
        let mut plot = Plot::new(area, 100.0, GlyphSet::Full);
        plot.line(&[PlotPoint { value: Some(30.0), filled_to: Some(80.0), ..PlotPoint::default() }], Stroke::Thick);
        let mut buffer = Buffer::empty(area);
        plot.draw(&mut buffer);
        let signs: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(signs, "⣀⣿⣿ ", "rows 3 to 11 of 16");
    }

    #[test]
    fn without_braille_there_are_columns_and_dots() {
        let values = [Some(100.0), Some(50.0), None, Some(0.0)];
        assert_eq!(drawn(&values, Stroke::Thick, GlyphSet::Ascii, (4, 2)), ["█▁╌╌", "██ ▁"]);
        assert_eq!(drawn(&values, Stroke::Thin, GlyphSet::Console, (4, 3)), ["·   ", "╌·╌╌", "   ·"]);
    }
}
