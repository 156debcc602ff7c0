//! The signs on the screen, and their ASCII forms.
//!
//! Views always draw the same signs. Where the terminal can only show ASCII, the finished frame is translated, one
//! column for one column.

use ratatui::buffer::Buffer;

use crate::alert::Severity;
use crate::kpi::Verdict;

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

/// A verdict's word.
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

/// A verdict's sign and word: `▲ WARN`.
#[must_use]
pub fn badge(verdict: Verdict) -> String {
    format!("{} {}", sign(verdict), word(verdict))
}

/// The verdict that corresponds to a severity.
#[must_use]
pub const fn of_severity(severity: Severity) -> Verdict {
    match severity {
        Severity::Warning => Verdict::Warning,
        Severity::Critical => Verdict::Critical,
    }
}

/// Whether the environment names a terminal or locale that can only show ASCII; `var` looks up a variable.
#[must_use]
pub fn ascii_only(var: impl Fn(&str) -> Option<String>) -> bool {
    let term = var("TERM").unwrap_or_default();
    if term == "linux" || term == "dumb" || term.starts_with("vt") {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_uppercase();
        !locale.contains("UTF-8") && !locale.contains("UTF8")
    })
}

/// Translate a finished frame into ASCII.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let plain = cell.symbol().chars().next().map_or(' ', ascii);
            cell.set_char(plain);
        }
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
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|p| p.0 == name).map(|p| p.1.to_owned())
        };
        assert!(!ascii_only(env(&[("TERM", "xterm"), ("LANG", "en_GB.utf8")])));
        assert!(ascii_only(env(&[("TERM", "linux"), ("LANG", "en_GB.UTF-8")])));
        assert!(ascii_only(env(&[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")])));
        assert!(ascii_only(env(&[("TERM", "xterm")])));
    }
}
