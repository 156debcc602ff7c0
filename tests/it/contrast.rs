//! Tests that text can be read in every theme, from the control sequences that the program sends to a terminal.

#[path = "../../src/ui/theme/terminals.rs"]
mod terminals;

use std::collections::BTreeSet;

use floorwatch::ui::theme::{contrast, shown};
use terminals::SIXTEEN;
use vt100::{Cell, Color};

use crate::support::board::{Board, Floor, noon};

/// The least contrast of text by WCAG 2.
const LEAST: f64 = 4.5;
/// That of filled badges on VS Code's sixteen colours, whose bright white is grey: it raises the contrast to 4.5 by itself.
const LEAST_OF_VS_CODE: f64 = 3.5;

/// A terminal's own ground, and its own ink where that is not the one of its sixteen colours.
type Own = (u32, Option<u32>);

/// What a terminal answers about its ground, and which grounds and inks are looked at then.
const GROUNDS: [(&str, &[Own]); 2] = [
    ("rgb:0000/0000/0000", &[(0, None), (0x17_1421, None), (0x1e_1e1e, None)]),
    ("rgb:ffff/ffff/ffff", &[(0xff_ffff, Some(0))]),
];

/// A colour as a terminal of these sixteen shows it; `own` is what it shows for no colour.
fn rgb(colour: Color, sixteen: &[u32; 16], own: u32) -> u32 {
    match colour {
        Color::Default => own,
        Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
        Color::Idx(index) => sixteen.get(usize::from(index)).copied().unwrap_or_else(|| shown(index)),
    }
}

/// The pairs of ink and ground that the letters and digits on the screen have, and one text of each.
fn pairs(board: &Board) -> Vec<(Color, Color, String)> {
    let seen = board.seen.lock().unwrap();
    let screen = seen.emulator.screen();
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let is_text = |cell: &&Cell| cell.contents().chars().any(char::is_alphanumeric);
    let mut found: Vec<(Color, Color, String)> = Vec::new();
    for row in 0..rows {
        for cell in (0..columns).filter_map(|column| screen.cell(row, column)).filter(is_text) {
            let (ink, ground) = (cell.fgcolor(), cell.bgcolor());
            // Without colours, exchanging them keeps the contrast.
            if found.iter().all(|(a, b, _)| (*a, *b) != (ink, ground)) {
                found.push((ink, ground, screen.contents_between(row, 0, row, columns)));
            }
        }
    }
    found
}

#[test]
fn whatever_is_written_can_be_read_in_every_theme_on_dark_and_light_grounds() {
    let floor = Floor::new("");
    let zone = noon();
    let mut faint = BTreeSet::new();
    for (term, colourful) in [("xterm-256color", "truecolor"), ("xterm-256color", ""), ("xterm-16color", "")] {
        for (answer, terminals) in GROUNDS {
            let mut command = floor.command(&["demo", "--seed", "1", "--scenario", "outage", "--timezone", &zone]);
            command.env("TERM", term);
            command.env("COLORTERM", colourful);
            let mut board = Board::run(command);
            board.wait_for("all queues offered");
            board.send(format!("\x1b]11;{answer}\x07"));
            for theme in ["dark", "light", "high-contrast", "colour-blind", "terminal", "auto"] {
                board.press("C", &format!("theme {theme}"));
                for (key, page) in [
                    ("2", "What about"),
                    ("3", "▸ Intents"),
                    ("4", "▸ Agents"),
                    ("6", "Arrivals"),
                    ("5", "▸ Active"),
                    ("8", "Live contacts"),
                    ("7", "█"),
                    ("1", "▸ Queues"),
                    ("w", "─ Why "),
                ] {
                    board.press(key, page);
                    for (ink, ground, text) in pairs(&board) {
                        for sixteen in &SIXTEEN {
                            for (own_ground, own_ink) in terminals {
                                let on = rgb(ground, sixteen, *own_ground);
                                let ratio = contrast(rgb(ink, sixteen, own_ink.unwrap_or(sixteen[7])), on);
                                let is_raised = *sixteen == SIXTEEN[3] && matches!(ground, Color::Idx(1 | 5));
                                if ratio < if is_raised { LEAST_OF_VS_CODE } else { LEAST } {
                                    faint.insert(format!(
                                        "{term} {colourful} {theme} {ink:?} on {ground:?} ({own_ground:06x}): {ratio:.1}: {}", text.trim()
                                    ));
                                }
                            }
                        }
                    }
                }
                board.type_keys("\x1b");
                board.wait_without("─ Why ");
            }
        }
    }
    assert!(faint.is_empty(), "{faint:#?}");
}
