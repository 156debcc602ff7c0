//! Letters and digits of dots, for screens that are read across a room.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::ui::glyphs::GlyphSet;

/// The size of letters. A letter is five dots high; a dot is a square where it has as many columns as half rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The columns of a letter's outer dots: the width of its upright strokes.
    dot: u16,
    /// The columns of the dots between them, and of the gap to the next letter.
    inner: u16,
    /// The half rows of a dot.
    halves: u16,
}

impl Size {
    /// Three rows, of half a row a dot.
    pub const LARGE: Self = Self::square(1);
    /// Five rows, of a row a dot: no half blocks are needed.
    pub const HUGE: Self = Self::square(2);

    /// Square dots of so many columns and half rows.
    #[must_use]
    pub const fn square(dot: u16) -> Self {
        Self { dot, inner: dot, halves: dot }
    }

    /// Whether a set of signs has those that letters of this size are made of.
    #[must_use]
    pub fn is_drawn_with(self, glyphs: GlyphSet) -> bool {
        glyphs == GlyphSet::Full || self.halves.is_multiple_of(2)
    }

    /// The rows that letters touch.
    #[must_use]
    pub const fn rows(self) -> u16 {
        (5 * self.halves).div_ceil(2)
    }

    /// Dots of so many half rows, as wide as `fits` allows: squares at most, and one column at least.
    #[must_use]
    pub fn widest(halves: u16, fits: impl Fn(Self) -> bool) -> Self {
        // Before strokes get thinner, the holes and gaps between them do.
        let sizes = (1..=halves.max(1)).rev().flat_map(|dot| [(dot, dot), (dot, dot.saturating_sub(1).max(1))]);
        let mut sizes = sizes.map(|(dot, inner)| Self { dot, inner, halves });
        sizes.find(|size| fits(*size)).unwrap_or(Self { dot: 1, inner: 1, halves })
    }

    /// The columns of dot `at` of a letter of `of` dots.
    const fn columns(self, at: u16, of: u16) -> u16 {
        if at == 0 || at + 1 == of { self.dot } else { self.inner }
    }

    fn letter(self, letter: Letter) -> u16 {
        (0..letter.dots).map(|at| self.columns(at, letter.dots)).sum()
    }
}

/// The dots of a letter: five rows of `dots` bits, the top row first.
#[derive(Clone, Copy)]
struct Letter {
    dots: u16,
    rows: u32,
}

impl Letter {
    const fn is_set(self, row: u16, at: u16) -> bool {
        row < 5 && at < self.dots && self.rows >> (self.dots * (4 - row) + self.dots - 1 - at) & 1 == 1
    }
}

/// A row of a letter is a digit: octal where it is three dots wide, hexadecimal where it is four.
const fn letter(c: char) -> Option<Letter> {
    let (dots, rows) = match c {
        '0' | 'O' => (3, 0o7_5557),
        '1' => (3, 0o2_6227),
        '2' => (3, 0o7_1747),
        '3' => (3, 0o7_1717),
        '4' => (3, 0o5_5711),
        '5' | 'S' => (3, 0o7_4717),
        '6' => (3, 0o7_4757),
        '7' => (3, 0o7_1122),
        '8' => (3, 0o7_5757),
        '9' => (3, 0o7_5717),
        'A' => (3, 0o7_5755),
        'B' => (3, 0o6_5656),
        'C' => (3, 0o7_4447),
        'D' => (3, 0o6_5556),
        'E' => (3, 0o7_4647),
        'F' => (3, 0o7_4644),
        'G' => (3, 0o7_4557),
        'H' => (3, 0o5_5755),
        'I' => (3, 0o7_2227),
        'J' => (3, 0o1_1157),
        'K' => (3, 0o5_5655),
        'L' => (3, 0o4_4447),
        'M' => (5, 0b10001_11011_10101_10001_10001),
        'N' => (4, 0x9_DB99),
        'P' => (3, 0o7_5744),
        'Q' => (4, 0xE_AAE1),
        'R' => (3, 0o6_5655),
        'T' => (3, 0o7_2222),
        'U' => (3, 0o5_5557),
        'V' => (3, 0o5_5552),
        'W' => (5, 0b10001_10001_10101_11011_10001),
        'X' => (3, 0o5_5255),
        'Y' => (3, 0o5_5222),
        'Z' => (3, 0o7_1247),
        '%' => (3, 0o5_1245),
        '&' => (3, 0o2_5253),
        '+' => (3, 0o0_2720),
        '-' | '–' => (3, 0o0_0700),
        '/' => (3, 0o1_1244),
        '?' => (3, 0o7_1202),
        '×' => (3, 0o0_5250),
        '‼' => (3, 0o5_5505),
        '…' => (5, 0b10101),
        '(' => (2, 0b01_10_10_10_01),
        ')' => (2, 0b10_01_01_01_10),
        ',' => (2, 0b01_10),
        ' ' | '\u{2009}' => (2, 0),
        '!' => (1, 0b11101),
        ':' => (1, 0b01010),
        '.' => (1, 0b00001),
        '\'' => (1, 0b11000),
        _ => return None,
    };
    Some(Letter { dots, rows })
}

/// A text in the letters that there are: capitals without accents. What has no letter stays as it is.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_uppercase) {
        match c {
            'Ä' | 'Æ' => out.push_str("AE"),
            'Ö' | 'Ø' | 'Œ' => out.push_str("OE"),
            'Ü' => out.push_str("UE"),
            'Å' => out.push_str("AA"),
            'Á' | 'À' | 'Â' | 'Ã' | 'Ą' => out.push('A'),
            'Ç' | 'Ć' | 'Č' => out.push('C'),
            'Ď' | 'Đ' => out.push('D'),
            'É' | 'È' | 'Ê' | 'Ë' | 'Ę' | 'Ě' => out.push('E'),
            'Í' | 'Ì' | 'Î' | 'Ï' | 'İ' => out.push('I'),
            'Ł' => out.push('L'),
            'Ñ' | 'Ń' | 'Ň' => out.push('N'),
            'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ő' => out.push('O'),
            'Ř' => out.push('R'),
            'Ś' | 'Š' | 'Ş' => out.push('S'),
            'Ť' => out.push('T'),
            'Ú' | 'Ù' | 'Û' | 'Ů' | 'Ű' => out.push('U'),
            'Ý' | 'Ÿ' => out.push('Y'),
            'Ź' | 'Ż' | 'Ž' => out.push('Z'),
            '’' => out.push('\''),
            '—' | '−' | '_' => out.push('-'),
            c => out.push(c),
        }
    }
    out
}

/// The width of a text in columns; `None` where one of its characters has no letter.
#[must_use]
pub fn width(text: &str, size: Size) -> Option<u16> {
    let add = |sum: u16, c| letter(c).map(|letter| sum.saturating_add(size.letter(letter) + size.inner));
    text.chars().try_fold(0, add).map(|sum| sum.saturating_sub(size.inner))
}

/// As much of a text as is at most `room` columns wide, with `…` where it is cut.
#[must_use]
pub fn fit(text: &str, size: Size, room: u16) -> Cow<'_, str> {
    let fits = |text: &str| width(text, size).is_none_or(|width| width <= room);
    if fits(text) {
        return Cow::Borrowed(text);
    }
    let cut = text.char_indices().rev().filter_map(|(at, _)| text.get(..at));
    cut.map(|part| format!("{}…", part.trim_end())).find(|part| fits(part)).unwrap_or_default().into()
}

/// Draw a text with its upper left corner at `(x, y)`. Characters without a letter are left out.
pub fn draw(buffer: &mut Buffer, x: u16, y: u16, text: &str, size: Size, style: Style) {
    let mut left = x;
    for letter in text.chars().filter_map(letter) {
        for at in 0..letter.dots {
            let right = left + size.columns(at, letter.dots);
            for row in 0..size.rows() {
                let set = |half: u16| letter.is_set(half / size.halves.max(1), at);
                let symbol = match (set(row * 2), set(row * 2 + 1)) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (false, false) => continue,
                };
                for column in left..right {
                    if let Some(cell) = buffer.cell_mut((column, y + row)) {
                        cell.set_symbol(symbol).set_style(style);
                    }
                }
            }
            left = right;
        }
        left += size.inner;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn huge_is_twice_as_wide() {
        assert_eq!((width("84%", Size::LARGE), width("84%", Size::HUGE)), (Some(11), Some(22)));
        assert_eq!(width("1 234 h", Size::HUGE), None);
    }

    #[test]
    fn letters_narrow_until_all_fit_and_keep_their_height() {
        for (room, wide) in [(60, 51), (50, 43), (40, 34), (30, 26), (20, 17), (5, 17)] {
            let size = Size::widest(3, |size| width("12:57", size).is_some_and(|width| width <= room));
            assert_eq!((width("12:57", size), size.rows()), (Some(wide), 8), "{room}");
        }
        assert_eq!(Size::widest(1, |_| false), Size::LARGE);
    }

    #[test]
    fn what_has_no_letter_is_folded_or_told() {
        assert_eq!(fold("Straße, Café №7"), "STRASSE, CAFE №7");
        assert_eq!(width(&fold("Überweisung"), Size::LARGE), width("UEBERWEISUNG", Size::LARGE));
        assert_eq!(width(&fold("サポート"), Size::LARGE), None);
    }

    #[test]
    fn a_text_is_cut_where_it_must_be() {
        assert_eq!(fit("BILLING", Size::LARGE, 28), "BILLING");
        assert_eq!(fit("BILLING", Size::LARGE, 22), "BILL…");
        assert_eq!(fit("BILLING", Size::LARGE, 3), "");
    }

    #[test]
    fn letters_are_drawn_in_half_rows() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 3));
        draw(&mut buffer, 0, 0, "N:A", Size::LARGE, Style::new());
        let rows =
            buffer.content.chunks(12).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        assert_eq!(rows.collect::<Vec<_>>(), ["█▄ █ ▄ █▀█  ", "█ ▀█ ▄ █▀█  ", "▀  ▀   ▀ ▀  "]);
    }
}
