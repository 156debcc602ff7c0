//! What a control sequence of the terminal means: the keys and mouse reports that are known here.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// The key of `ESC O` and a final byte.
pub(super) fn ss3(last: u8) -> Option<KeyEvent> {
    let code = match last {
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => cursor(last)?,
    };
    Some(KeyEvent::new(code, KeyModifiers::NONE))
}

/// The key of `ESC [`, parameters and a final byte. What is no key of xterm's, rxvt's or the Linux console's is the
/// answer to a question, or a protocol that nobody asked for.
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
        // The numbers have gaps where the keyboard of the VT220 had them.
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

/// Decimal numbers with semicolons between them; no bytes are no numbers.
fn numbers(bytes: &[u8]) -> Option<Vec<u16>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    bytes.split(|byte| *byte == b';').map(|part| std::str::from_utf8(part).ok()?.parse().ok()).collect()
}

/// Whether this is what stands between `ESC [ <` and `M` in a report of the mouse.
pub(super) fn is_mouse(report: &[u8]) -> bool {
    numbers(report).is_some_and(|numbers| numbers.len() == 3)
}

/// The press of the left button or the turn of the wheel that a report says; motion and everything else is `None`.
pub(super) fn mouse(report: &[u8], released: bool) -> Option<MouseEvent> {
    let [button, column, row] = <[u16; 3]>::try_from(numbers(report)?).ok()?;
    let kind = match (button & !0b1_1100, released) {
        (0, false) => MouseEventKind::Down(MouseButton::Left),
        (64, _) => MouseEventKind::ScrollUp,
        (65, _) => MouseEventKind::ScrollDown,
        _ => return None,
    };
    // Shift, Alt and Ctrl with the mouse mean nothing here.
    let modifiers = KeyModifiers::NONE;
    Some(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers })
}
