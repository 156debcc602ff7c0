//! The course of a figure in a cell of a table: a drawing in HTML, block characters in Markdown.

use std::fmt::Write;

use crate::kpi::control::UsualRange;

/// The size of a drawing, in CSS pixels.
const WIDTH: f64 = 180.0;
const HEIGHT: f64 = 36.0;
/// The room that a point needs around it.
const MARGIN: f64 = 4.0;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A series of values in steps of equal length, the last of them the newest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chart {
    /// The values, the oldest first; `None` where a step has none.
    pub(super) points: Vec<Option<f64>>,
    /// Within which they stay by chance alone.
    pub(super) usual: Option<UsualRange>,
}

impl Chart {
    /// The lowest and the highest of what is drawn; `None` where there is nothing to draw.
    fn range(&self, with: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
        let mut values = self.points.iter().flatten().copied();
        let first = values.next()?;
        Some(values.chain(with).fold((first, first), |(low, high), value| (low.min(value), high.max(value))))
    }

    /// One block for each step, between the lowest and the highest; a space where a step has no value.
    pub(super) fn sparkline(&self) -> String {
        let Some((low, high)) = self.range(std::iter::empty()) else { return String::new() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to the eight blocks")]
        let block = |value: f64| {
            let level = if high > low { (value - low) / (high - low) * 7.0 } else { 3.0 };
            BLOCKS.get(level.round().clamp(0.0, 7.0) as usize).copied().unwrap_or(' ')
        };
        self.points.iter().map(|point| point.map_or(' ', block)).collect()
    }

    /// An inline drawing: the usual range as an area, its mean, the course as a line and the newest value as a point.
    pub(super) fn svg(&self) -> String {
        let usual = self.usual.iter().flat_map(|usual| [usual.low, usual.high]);
        let Some((low, high)) = self.range(usual) else { return String::new() };
        let spread = if high > low { high - low } else { 1.0 };
        let y = |value: f64| HEIGHT - MARGIN - (value - low) / spread * (HEIGHT - 2.0 * MARGIN);
        #[expect(clippy::cast_precision_loss, reason = "a number of steps")]
        let x =
            |at: usize| MARGIN + at as f64 * (WIDTH - 2.0 * MARGIN) / self.points.len().saturating_sub(1).max(1) as f64;
        let mut out = format!(
            "<svg class=\"chart\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\">"
        );
        if let Some(usual) = &self.usual {
            let (top, height) = (y(usual.high), y(usual.low) - y(usual.high));
            let _ =
                write!(out, "<rect class=\"usual\" x=\"0\" y=\"{top:.1}\" width=\"{WIDTH}\" height=\"{height:.1}\"/>");
            let middle = y(usual.mean);
            let _ = write!(out, "<path class=\"mean\" d=\"M0 {middle:.1}H{WIDTH}\"/>");
        }
        let mut course = String::new();
        let mut pen_is_up = true;
        for (at, point) in self.points.iter().enumerate() {
            if let Some(value) = point {
                let _ = write!(course, "{}{:.1} {:.1}", if pen_is_up { "M" } else { "L" }, x(at), y(*value));
            }
            pen_is_up = point.is_none();
        }
        let _ = write!(out, "<path class=\"course\" d=\"{course}\"/>");
        if let Some((at, value)) = self.points.iter().enumerate().rev().find_map(|(at, point)| Some((at, (*point)?))) {
            let _ = write!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>", x(at), y(value));
        }
        out + "</svg>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_has_a_block_for_each_step() {
        let chart = Chart { points: vec![Some(1.0), None, Some(8.0), Some(4.5)], usual: None };
        assert_eq!(chart.sparkline(), "▁ █▅");
        assert_eq!(Chart { points: vec![Some(2.0), Some(2.0)], usual: None }.sparkline(), "▄▄");
        assert_eq!(Chart { points: vec![None], usual: None }.svg(), "");
    }

    #[test]
    fn a_drawing_shows_where_data_is_missing() {
        let usual = Some(UsualRange { low: 0.0, mean: 5.0, high: 10.0 });
        let svg = Chart { points: vec![Some(0.0), Some(5.0), None, Some(10.0)], usual }.svg();
        assert!(svg.contains("d=\"M4.0 32.0L61.3 18.0M176.0 4.0\""), "{svg}");
        assert!(svg.contains("cx=\"176.0\""), "{svg}");
    }
}
