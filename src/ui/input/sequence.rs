//! The meaning of the terminal's control sequences, as far as they are keys, mouse reports or awaited answers.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// The key of `ESC O` and a final byte.
pub(super) fn ss3(last: u8) -> Option<KeyEvent> {
    let code = match last {
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => cursor(last)?,
    };
    Some(KeyEvent::new(code, KeyModifiers::NONE))
}

/// Whether the background that the answer to `OSC 11` names (`11;rgb:` and three numbers of one to four hexadecimal
/// digits) is light: lighter than the grey on which black and white text have the same contrast. `None` for any other
/// string.
pub(super) fn is_light_background(string: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(string).ok()?.strip_prefix("11;rgb:")?;
    let mut parts = text.split('/').map(|digits| {
        let most =
            (1..=4).contains(&digits.len()).then(|| 16_f64.powi(i32::try_from(digits.len()).unwrap_or(4)) - 1.0)?;
        u16::from_str_radix(digits, 16).ok().map(|part| (f64::from(part) / most).powf(2.2))
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179)
}

/// The ground that `Screen` sets before it asks for the rendition: a colour that no palette has.
const UNUSUAL_COLOUR: [&str; 5] = ["48", "2", "1", "2", "3"];

/// Whether a string is the answer to `DECRQSS` for the rendition, and has [`UNUSUAL_COLOUR`]. Terminals separate its
/// numbers by `;` or `:`, and some have an empty place for the colour space. One with fewer colours names the nearest it has.
pub(super) fn keeps_colour(string: &[u8]) -> bool {
    let text = std::str::from_utf8(string).ok().and_then(|text| text.strip_prefix("1$r")?.strip_suffix('m'));
    let numbers: Vec<&str> = text.unwrap_or_default().split([';', ':']).filter(|number| !number.is_empty()).collect();
    numbers.windows(UNUSUAL_COLOUR.len()).any(|numbers| numbers == UNUSUAL_COLOUR)
}

/// Whether the parameters of an answer to `DECRQM` say that mode 2026 can be set (1: it is, 2: it is not at present).
pub(super) fn knows_synchronized_output(parameters: &[u8]) -> bool {
    matches!(parameters, b"?2026;1$" | b"?2026;2$")
}

/// The key of `ESC [`, parameters and a final byte. A sequence that is not a key of xterm, rxvt or the Linux console is
/// the answer to a query, or a protocol that was not enabled; both give `None`.
pub(super) fn csi(parameters: &[u8], last: u8) -> Option<KeyEvent> {
    if parameters == b"[" {
        return matches!(last, b'A'..=b'E').then(|| KeyEvent::new(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE));
    }
    let mut numbers = numbers(parameters)?.into_iter();
    let (first, second) = (numbers.next(), numbers.next());
    if numbers.next().is_some() {
        return None;
    }
    let modifiers = modifiers(second.unwrap_or(1))?;
    let (code, modifiers) = match (last, first) {
        (b'~', Some(number)) => (numbered(number)?, modifiers),
        (b'Z', None) => (KeyCode::BackTab, modifiers | KeyModifiers::SHIFT),
        (b'P' | b'Q' | b'S', None | Some(1)) => (KeyCode::F(last - b'P' + 1), modifiers),
        (_, None | Some(1)) => (cursor(last)?, modifiers),
        _ => return None,
    };
    Some(KeyEvent::new(code, modifiers))
}

fn cursor(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        _ => return None,
    })
}

fn numbered(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        // The numbers have gaps where the VT220's keyboard had them.
        11..=15 => KeyCode::F(u8::try_from(number - 10).ok()?),
        17..=21 => KeyCode::F(u8::try_from(number - 11).ok()?),
        23..=26 => KeyCode::F(u8::try_from(number - 12).ok()?),
        28 | 29 => KeyCode::F(u8::try_from(number - 13).ok()?),
        31..=34 => KeyCode::F(u8::try_from(number - 14).ok()?),
        _ => return None,
    })
}

/// The modifiers of xterm's second parameter, 1 to 8.
fn modifiers(number: u16) -> Option<KeyModifiers> {
    let bits = number.checked_sub(1).filter(|bits| *bits < 8)?;
    let held = |bit: u16, modifier| if bits & bit == 0 { KeyModifiers::NONE } else { modifier };
    Some(held(1, KeyModifiers::SHIFT) | held(2, KeyModifiers::ALT) | held(4, KeyModifiers::CONTROL))
}

/// Parse decimal numbers separated by semicolons; an empty slice has no numbers.
fn numbers(bytes: &[u8]) -> Option<Vec<u16>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    bytes.split(|byte| *byte == b';').map(|part| std::str::from_utf8(part).ok()?.parse().ok()).collect()
}

/// Whether this is the text between `ESC [ <` and `M` in a mouse report.
pub(super) fn is_mouse(report: &[u8]) -> bool {
    numbers(report).is_some_and(|numbers| numbers.len() == 3)
}

/// A press of the left button or a turn of the wheel; `None` for motion and everything else.
pub(super) fn mouse(report: &[u8], released: bool) -> Option<MouseEvent> {
    let [button, column, row] = <[u16; 3]>::try_from(numbers(report)?).ok()?;
    let kind = match (button & !0b1_1100, released) {
        (0, false) => MouseEventKind::Down(MouseButton::Left),
        (64, _) => MouseEventKind::ScrollUp,
        (65, _) => MouseEventKind::ScrollDown,
        _ => return None,
    };
    // Modifiers are ignored for the mouse.
    let modifiers = KeyModifiers::NONE;
    Some(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers })
}
