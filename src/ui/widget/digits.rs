//! Digits three or five rows high, for boards that are read across a room.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

/// The size of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Three rows: a dot is half a cell high.
    Large,
    /// Five rows: a dot is two cells wide.
    Huge,
}

impl Size {
    /// The height in rows.
    #[must_use]
    pub const fn rows(self) -> u16 {
        match self {
            Self::Large => 3,
            Self::Huge => 5,
        }
    }

    const fn columns_of_dot(self) -> u16 {
        match self {
            Self::Large => 1,
            Self::Huge => 2,
        }
    }
}

/// Three columns by five rows of dots, a row in each octal digit, the top row first.
const fn dots(c: char) -> Option<u16> {
    Some(match c {
        '0' => 0o7_5557,
        '1' => 0o2_6227,
        '2' => 0o7_1747,
        '3' => 0o7_1717,
        '4' => 0o5_5711,
        '5' => 0o7_4717,
        '6' => 0o7_4757,
        '7' => 0o7_1122,
        '8' => 0o7_5757,
        '9' => 0o7_5717,
        '%' => 0o5_1245,
        '-' | '–' => 0o0_0700,
        ':' => 0o0_2020,
        '.' => 0o0_0002,
        ' ' => 0,
        _ => return None,
    })
}

/// The width of a text in columns; `None` where one of its characters has no large form.
#[must_use]
pub fn width(text: &str, size: Size) -> Option<u16> {
    let dots = text.chars().try_fold(0, |sum, c| dots(c).map(|_| sum + advance(c)))?;
    Some(size.columns_of_dot() * u16::saturating_sub(dots, 1))
}

const fn advance(c: char) -> u16 {
    if matches!(c, ':' | '.' | ' ') { 2 } else { 4 }
}

/// Draw a text with its upper left corner at `(x, y)`.
pub fn draw(buffer: &mut Buffer, x: u16, y: u16, text: &str, size: Size, style: Style) {
    let mut left = x;
    let wide = size.columns_of_dot();
    for c in text.chars() {
        let pattern = dots(c).unwrap_or(0);
        let narrow = advance(c) == 2;
        for row in 0..size.rows() {
            for column in 0..if narrow { 1 } else { 3 } {
                let dot = |line: u16| {
                    line < 5 && pattern >> (3 * (4 - line)) >> (if narrow { 1 } else { 2 - column }) & 1 == 1
                };
                let (upper, lower) = match size {
                    Size::Large => (dot(row * 2), dot(row * 2 + 1)),
                    Size::Huge => (dot(row), dot(row)),
                };
                let symbol = match (upper, lower) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (false, false) => continue,
                };
                for cell in 0..wide {
                    if let Some(cell) = buffer.cell_mut((left + column * wide + cell, y + row)) {
                        cell.set_symbol(symbol).set_style(style);
                    }
                }
            }
        }
        left += advance(c) * wide;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_is_twice_as_wide() {
        assert_eq!((width("84%", Size::Large), width("84%", Size::Huge)), (Some(11), Some(22)));
        assert_eq!(width("1 234 h", Size::Huge), None);
    }
}
