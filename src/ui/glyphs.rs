//! The signs on the screen, and their forms on terminals that have few.
//!
//! Views draw the same signs for all. Where the terminal can show only some of them, the finished frame is translated, one
//! column for one column. What is drawn of half blocks alone, as large letters are, must ask for the set beforehand.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::alert::Severity;
use crate::kpi::Verdict;
use crate::language;
use crate::ui::format::cols;

/// Critical.
pub const CRITICAL: &str = "‼";
/// Warning.
pub const WARNING: &str = "▲";
/// Good.
pub const GOOD: &str = "·";
/// Too few samples.
pub const FEW: &str = "○";
/// Data is missing because a source is silent: in figures, rows and trends.
pub const MISSING: &str = "×";
/// The known part of a bin from which data is missing.
pub const PART: &str = "░";
/// Between the steps of the drill trail.
pub const TRAIL: &str = " ▸ ";
/// The eighths of a block, from low to high.
pub const EIGHTHS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A verdict's sign.
#[must_use]
pub const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::None => " ",
        Verdict::FewSamples => FEW,
        Verdict::Good => GOOD,
        Verdict::Warning => WARNING,
        Verdict::Critical => CRITICAL,
    }
}

/// A verdict's word, in exports.
#[must_use]
pub const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::None => "",
        Verdict::FewSamples => "few",
        Verdict::Good => "ok",
        Verdict::Warning => "WARN",
        Verdict::Critical => "CRIT",
    }
}

/// A verdict's word on the screen.
#[must_use]
pub fn shown_word(verdict: Verdict) -> &'static str {
    language::keyed("verdict", word(verdict))
}

/// A verdict's sign and word: `▲ WARN`.
#[must_use]
pub fn badge(verdict: Verdict) -> String {
    format!("{} {}", sign(verdict), shown_word(verdict))
}

/// The widest that [`badge`] is, in columns.
#[must_use]
pub fn badge_width() -> u16 {
    let verdicts = [Verdict::FewSamples, Verdict::Good, Verdict::Warning, Verdict::Critical];
    verdicts.map(|verdict| cols(badge(verdict).width())).into_iter().max().unwrap_or_default()
}

/// The verdict that corresponds to a severity.
#[must_use]
pub const fn of_severity(severity: Severity) -> Verdict {
    match severity {
        Severity::Warning => Verdict::Warning,
        Severity::Critical => Verdict::Critical,
    }
}

/// Which signs the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GlyphSet {
    /// All.
    #[default]
    Full,
    /// Those of a Linux console: Debian's fonts for it lack half blocks and eighths, and red ink is faint there.
    Console,
    /// ASCII.
    Ascii,
}

impl GlyphSet {
    /// The set that the setting `ascii` asks for, or else the environment.
    #[must_use]
    pub fn of(ascii: Option<bool>) -> Self {
        match ascii {
            Some(true) => Self::Ascii,
            Some(false) => Self::Full,
            None => Self::detect(|name| std::env::var(name).ok()),
        }
    }

    /// The set that the environment states; `var` looks up a variable.
    #[must_use]
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        let term = var("TERM").unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(&var).find(|value| !value.is_empty());
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_uppercase();
            locale.contains("UTF-8") || locale.contains("UTF8")
        });
        match term.as_str() {
            "dumb" => Self::Ascii,
            term if term.starts_with("vt") || !utf8 => Self::Ascii,
            "linux" => Self::Console,
            _ => Self::Full,
        }
    }

    /// Translate a finished frame.
    pub fn translate(self, buffer: &mut Buffer) {
        if self == Self::Full {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                let sign = cell.symbol().chars().next().unwrap_or(' ');
                cell.set_char(if self == Self::Ascii { ascii(sign) } else { console(sign) });
            }
            if self == Self::Console && cell.bg == Color::Reset && !cell.modifier.contains(Modifier::REVERSED) {
                // Dark red and dark grey on black are the faintest inks there are: the one becomes a ground, the other
                // light grey.
                match cell.fg {
                    Color::Red if !is_block(cell.symbol()) => {
                        cell.set_fg(Color::White).set_bg(Color::Red);
                    }
                    Color::DarkGray if !cell.modifier.contains(Modifier::DIM) => {
                        cell.set_fg(Color::Gray);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn is_block(symbol: &str) -> bool {
    matches!(symbol, " " | "█" | "▒" | "░" | "─" | "│")
}

/// What Debian's fonts for the Linux console have besides Latin-1.
const CONSOLE: &str = "‼▲●░▒█─│┌┐└┘≥≤→↑↓–…";

/// The sign of a Linux console.
fn console(c: char) -> char {
    match c {
        c if CONSOLE.contains(c) || ('\u{a1}'..='\u{ff}').contains(&c) => c,
        '○' => '·',
        '▁' | '▂' => '_',
        '▃' | '▄' => '░',
        '▅' | '▆' | '▓' => '▒',
        '▇' | '▀' => '█',
        '▌' | '┃' | '├' | '┤' => '│',
        '━' | '┬' | '┴' | '╌' => '─',
        '╭' => '┌',
        '╮' => '┐',
        '╰' => '└',
        '╯' => '┘',
        '—' => '–',
        c => ascii(c),
    }
}

fn ascii(c: char) -> char {
    match c {
        '‼' => '!',
        '▲' => '^',
        '↓' => '\\',
        '·' | '○' => '.',
        '▁' | '▂' => '_',
        '▅' | '▆' => '=',
        '▇' | '█' | '▀' | '▓' => '#',
        '░' => ':',
        '▌' | '│' | '┃' => '|',
        '▃' | '▄' | '─' | '━' | '–' | '−' | '—' | '╌' => '-',
        '┌' | '┐' | '└' | '┘' | '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '┬' | '┴' | '┼' => '+',
        '→' | '▸' | '▶' | '≥' => '>',
        '≤' => '<',
        '…' | '±' => '~',
        '×' => 'x',
        '÷' | '↑' => '/',
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        '●' | 'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ß' => 's',
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_and_consoles() {
        let env = |pairs: &'static [(&'static str, &'static str)]| {
            move |name: &str| pairs.iter().find(|p| p.0 == name).map(|p| p.1.to_owned())
        };
        for (pairs, expected) in [
            (&[("TERM", "xterm"), ("LANG", "en_GB.utf8")][..], GlyphSet::Full),
            (&[("TERM", "linux"), ("LANG", "en_GB.UTF-8")], GlyphSet::Console),
            (&[("TERM", "linux"), ("LANG", "C")], GlyphSet::Ascii),
            (&[("TERM", "dumb"), ("LANG", "en_GB.UTF-8")], GlyphSet::Ascii),
            (&[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")], GlyphSet::Ascii),
            (&[("TERM", "xterm")], GlyphSet::Ascii),
        ] {
            assert_eq!(GlyphSet::detect(env(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn red_ink_becomes_a_ground_on_a_console() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 2, 1));
        buffer.set_string(0, 0, "7▄", ratatui::style::Style::new().fg(Color::Red));
        GlyphSet::Console.translate(&mut buffer);
        let seen = buffer.content.iter().map(|cell| (cell.symbol(), cell.fg, cell.bg));
        let expected = [("7", Color::White, Color::Red), ("░", Color::Red, Color::Reset)];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
    }
}
