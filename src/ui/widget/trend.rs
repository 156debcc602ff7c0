//! Trends: a line of block characters, and bars where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::kpi::Better;
use crate::ui::format::cols;
use crate::ui::glyphs::{EIGHTHS, MISSING, PART};

/// A value of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrendPoint {
    /// The value as far as it is known.
    pub value: Option<f64>,
    /// Whether data is missing from it.
    pub gap: bool,
}

impl TrendPoint {
    /// The value, if no data is missing from it.
    #[must_use]
    pub fn known(&self) -> Option<f64> {
        self.value.filter(|_| !self.gap)
    }
}

/// The newest `width` values as a line of block characters, scaled between their minimum and maximum. Unknown values are
/// blank, and values from which data is missing are marked.
#[must_use]
pub fn line(values: &[TrendPoint], width: usize) -> String {
    let shown = values.get(values.len().saturating_sub(width)..).unwrap_or_default();
    let (least, most) = range(shown);
    let mut out = String::with_capacity(width * 3);
    for _ in shown.len()..width {
        out.push(' ');
    }
    for point in shown {
        out.push_str(match (point.gap, point.value) {
            (true, _) => MISSING,
            (false, Some(value)) => step(value, least, most),
            (false, None) => " ",
        });
    }
    out
}

/// The block character of a value between `least` and `most`. It is never a full block, so that lines above each other
/// stay apart.
#[must_use]
pub fn step(value: f64, least: f64, most: f64) -> &'static str {
    EIGHTHS.get(eighth(value, least, most, 6)).copied().unwrap_or(" ")
}

fn range(values: &[TrendPoint]) -> (f64, f64) {
    let known = values.iter().filter_map(TrendPoint::known);
    known.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
}

/// The step, from 0 to `steps`, of a value between `least` and `most`; the middle where all are the same.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "held to 0..=steps, a few hundred"
)]
fn eighth(value: f64, least: f64, most: f64, steps: usize) -> usize {
    if most - least <= f64::EPSILON {
        return steps / 2;
    }
    (((value - least) / (most - least)).clamp(0.0, 1.0) * steps as f64).round() as usize
}

/// The direction of the newest value against the mean of up to three before it, as an arrow, and whether that is good;
/// `None` where it is neither.
#[must_use]
pub fn direction(values: &[TrendPoint], better: Better) -> (&'static str, Option<bool>) {
    let mut known = values.iter().rev().filter_map(TrendPoint::known);
    let Some(newest) = known.next() else { return (" ", None) };
    let before: Vec<f64> = known.take(3).collect();
    if before.is_empty() {
        return (" ", None);
    }
    let mean = before.iter().sum::<f64>() / crate::ui::format::float(i64::try_from(before.len()).unwrap_or(1));
    let change = newest - mean;
    if change.abs() <= 0.03 * mean.abs().max(1.0) {
        return ("→", None);
    }
    let good = match better {
        Better::Higher => Some(change > 0.0),
        Better::Lower => Some(change < 0.0),
        Better::Band | Better::Neutral => None,
    };
    (if change > 0.0 { "↑" } else { "↓" }, good)
}

/// The columns of `area` for bar `at` of `count`; together the bars fill the area.
#[must_use]
pub fn place(area: Rect, count: usize, at: usize) -> Rect {
    let count = count.max(1);
    let edge = |at: usize| crate::ui::format::cols(usize::from(area.width) * at.min(count) / count);
    Rect { x: area.x + edge(at), width: edge(at + 1) - edge(at), ..area }
}

/// Mark a value over each of the bars of [`bars`]: where its bar does not reach it, and beside its bar.
pub fn marks(buffer: &mut Buffer, area: Rect, values: &[Option<f64>], most: f64, style: Style) {
    if area.is_empty() {
        return;
    }
    let last = usize::from(area.height - 1);
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let place = place(area, values.len(), at);
        let y = area.bottom() - 1 - cols(eighth(*value, 0.0, most.max(f64::EPSILON), last));
        for x in place.left()..place.right() {
            if let Some(cell) = buffer.cell_mut((x, y)).filter(|cell| cell.symbol() == " ") {
                cell.set_symbol("·").set_style(style);
            }
        }
    }
}

/// Draw one bar per value over the whole width of `area`, scaled from zero to `most`. Where there are more values than
/// columns the newest are shown. Where data is missing from a value, its known part is hatched below the sign for that.
pub fn bars(buffer: &mut Buffer, area: Rect, values: &[TrendPoint], most: f64, style: impl Fn(usize) -> Style) {
    if area.is_empty() {
        return;
    }
    let skip = values.len().saturating_sub(usize::from(area.width));
    let shown = values.get(skip..).unwrap_or_default();
    let steps = usize::from(area.height) * 8;
    for (at, point) in shown.iter().enumerate() {
        let value = match (point.value, point.gap) {
            (Some(value), _) => value,
            (None, true) => 0.0,
            (None, false) => continue,
        };
        let filled = eighth(value, 0.0, most.max(f64::EPSILON), steps).max(usize::from(value > 0.0));
        let top = cols((filled / 8).min(usize::from(area.height - 1)));
        let place = place(area, shown.len(), at);
        // Wide bars have a gap between them.
        let apart = u16::from(usize::from(area.width) >= 3 * shown.len());
        for row in 0..area.height {
            let below = usize::from(row) * 8;
            let part = filled.saturating_sub(below).min(8);
            let symbol = match (point.gap, part.checked_sub(1).and_then(|part| EIGHTHS.get(part))) {
                (true, _) if row == top => MISSING,
                (true, _) if row < top => PART,
                (false, Some(symbol)) => symbol,
                _ => continue,
            };
            for x in place.left()..place.right().saturating_sub(apart) {
                if let Some(cell) = buffer.cell_mut((x, area.bottom() - 1 - row)) {
                    cell.set_symbol(symbol).set_style(style(skip + at));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points<const N: usize>(values: [Option<f64>; N]) -> [TrendPoint; N] {
        values.map(|value| TrendPoint { value, gap: false })
    }

    #[test]
    fn a_line_keeps_the_newest_and_its_width() {
        let values = points([Some(9.0), Some(0.0), None, Some(10.0)]);
        assert_eq!(line(&values, 3), "▁ ▇");
        assert_eq!(line(&values, 6), "  ▆▁ ▇");
        assert_eq!(line(&points([Some(5.0), Some(5.0)]), 2), "▄▄");
    }

    #[test]
    fn what_is_missing_is_neither_zero_nor_a_line() {
        let mut values = points([Some(9.0), Some(0.0), Some(9.0), None, Some(10.0)]);
        values[1].gap = true;
        values[3].gap = true;
        assert_eq!(line(&values, 5), "▁×▁×▇");
        assert_eq!(direction(&values[..2], Better::Higher), (" ", None));
        let area = Rect::new(0, 0, 5, 3);
        let mut buffer = Buffer::empty(area);
        values[1].value = Some(5.0);
        bars(&mut buffer, area, &values, 10.0, |_| Style::new());
        let rows =
            buffer.content.chunks(5).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        assert_eq!(rows.collect::<Vec<_>>(), ["▆ ▆ █", "█×█ █", "█░█×█"]);
    }

    #[test]
    fn bars_fill_their_area() {
        let area = Rect::new(3, 0, 10, 1);
        let places: Vec<(u16, u16)> = (0..4).map(|at| place(area, 4, at)).map(|r| (r.x, r.width)).collect();
        assert_eq!(places, [(3, 2), (5, 3), (8, 2), (10, 3)]);
    }

    #[test]
    fn directions() {
        let up = points([Some(50.0), Some(50.0), Some(60.0)]);
        assert_eq!(direction(&up, Better::Higher), ("↑", Some(true)));
        assert_eq!(direction(&up, Better::Lower), ("↑", Some(false)));
        assert_eq!(direction(&points([Some(50.0), Some(50.5)]), Better::Lower), ("→", None));
    }
}
