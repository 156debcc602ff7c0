//! Decodes the bytes that come from the terminal into keys, pasted text and mouse reports, and discards the rest.
//!
//! Not every byte was typed. A slow line delivers the Up key as ESC and, a moment later, `[A`; a terminal answers the
//! query of an earlier program; a sentence is pasted over a page. [`Decoder`] is a state machine over bytes and the
//! instants at which they were read. It joins what was split, discards what is not a key, and tells for each key
//! whether it came alone, with nothing for [`LONE_KEY_GAP`] before and after it. Keys that change something for others
//! count only if they did (see `Ui::handle_input`).
//!
//! crossterm's parser has no notion of time, and turns unknown sequences into keys. Only its types for keys and mouse
//! reports are used here.

mod sequence;

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};

/// A key came alone if nothing else came for this long before and after it.
pub const LONE_KEY_GAP: Duration = Duration::from_millis(30);
/// How long ESC can be the first byte of a sequence; after that it is the Esc key.
pub const ESC_HOLD: Duration = Duration::from_millis(50);
/// How long to wait for the rest of a sequence. After the Esc key was delivered, `[` and the like are treated as the
/// rest of a sequence for the same time.
pub const SEQUENCE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long to wait for more of a pasted text, or of a string that the terminal sends (OSC, DCS, APC, PM, SOS). Shorter
/// than [`SEQUENCE_TIMEOUT`], because every key is swallowed meanwhile.
pub const STRING_TIMEOUT: Duration = Duration::from_millis(500);
/// The most bytes that are kept of a pasted text; the rest is dropped.
pub const MAX_PASTE_BYTES: usize = 4096;
/// The most bytes of a control sequence; a longer one is swallowed as unknown.
const MAX_SEQUENCE_BYTES: usize = 64;

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";

/// An input at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserInput {
    /// A key, reported as soon as it is complete.
    Key {
        /// The key.
        key: KeyEvent,
        /// Whether nothing came before it. If so, [`UserInput::Alone`] or [`UserInput::NotAlone`] follows.
        first: bool,
    },
    /// Nothing came after the last key: it came alone.
    Alone,
    /// Something came after the last key: it did not come alone.
    NotAlone,
    /// The mouse: a button pressed, or the wheel turned.
    Mouse(MouseEvent),
    /// Pasted text as it came, at most [`MAX_PASTE_BYTES`].
    Paste(String),
    /// The terminal's answer to `OSC 11`: its background.
    Background {
        /// Whether dark text is read on it more easily than light text.
        light: bool,
    },
    /// The terminal's answer to `DECRQSS`: it keeps a 24-bit colour as it was set.
    TrueColour,
    /// The terminal's answer to `DECRQM`: it knows synchronized output.
    SynchronizedOutput,
}

/// What the bytes so far are the beginning of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InputState {
    /// Nothing.
    Ground,
    /// ESC, once or twice: a key or a sequence.
    Escape { twice: bool },
    /// The Esc key was delivered, and the rest of a sequence can still come.
    Escaped,
    /// A control sequence (`ESC [`).
    Csi,
    /// A key of the cursor or number block (`ESC O`).
    Ss3,
    /// What one byte ends: a shift to another character set (`ESC N`), or a sequence with an intermediate byte, such as
    /// `ESC /` of a VT52's answer and `ESC (`. A key with Alt sends the same, so that key was delivered.
    Intermediate,
    /// A mouse report of the oldest kind. `left` bytes are still to come, each 32 more than the number it encodes.
    OldMouse { left: u8 },
    /// A string of the terminal; `last` is its last byte.
    Text { last: u8 },
    /// Pasted text; `matched` bytes of the sequence that ends it have come.
    Paste { matched: usize },
    /// A character of several bytes, of which `left` are still to come.
    Utf8 { left: u8 },
}

/// Decodes bytes from the terminal.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; what excludes another is in `InputState`"
)]
#[derive(Debug)]
pub struct Decoder {
    state: InputState,
    /// The bytes of the sequence, character or pasted text that has begun.
    bytes: Vec<u8>,
    /// Whether ESC came before the sequence: a key with Alt.
    alt: bool,
    /// Whether mouse reports were requested. If so, they do not keep a key from counting as alone: moving the mouse
    /// while pressing a key is normal.
    pub mouse: bool,
    /// When the last byte was read.
    touched: Instant,
    /// When the last key was read, or anything else that keeps a key from counting as alone.
    last: Instant,
    /// Whether nothing has come since for [`LONE_KEY_GAP`].
    quiet: bool,
    /// Whether the last key can still turn out to have come alone.
    pending: bool,
}

impl Decoder {
    /// A decoder that has read nothing. A key that comes at once does not count as alone.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            state: InputState::Ground,
            bytes: Vec::new(),
            alt: false,
            mouse: false,
            touched: now,
            last: now,
            quiet: false,
            pending: false,
        }
    }

    /// Decode bytes that had been read by `now`.
    pub fn read(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<UserInput>) {
        for byte in bytes {
            self.byte(*byte, now, out);
        }
        self.touched = now;
    }

    /// When to call [`Decoder::idle`] if no byte comes before; `None` if only after the next byte.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let timeout = self.timeout().map(|timeout| self.touched + timeout);
        let gap = (self.at_rest() && !self.quiet).then(|| self.last + LONE_KEY_GAP);
        timeout.into_iter().chain(gap).min()
    }

    /// Note that all bytes that came before `now` have been read.
    pub fn idle(&mut self, now: Instant, out: &mut Vec<UserInput>) {
        if self.timeout().is_some_and(|timeout| now >= self.touched + timeout) {
            let touched = self.touched;
            match self.state {
                InputState::Escape { twice } => {
                    for _ in 0..=u8::from(twice) {
                        self.key(KeyCode::Esc, KeyModifiers::NONE, touched, out);
                    }
                    self.state = InputState::Escaped;
                }
                // The sequence that ends it may have begun.
                InputState::Paste { matched } => {
                    self.pasted(touched, out);
                    self.state = match matched {
                        0 => InputState::Ground,
                        1 => InputState::Escaped,
                        _ => InputState::Csi,
                    };
                }
                InputState::Text { last: ESC } => {
                    self.sequence(None, touched, out);
                    self.state = InputState::Escaped;
                }
                InputState::Ground | InputState::Escaped | InputState::Intermediate => self.state = InputState::Ground,
                // An unfinished sequence is dropped.
                _ => self.sequence(None, touched, out),
            }
        }
        if self.at_rest() && !self.quiet && now >= self.last + LONE_KEY_GAP {
            self.quiet = true;
            if std::mem::take(&mut self.pending) {
                out.push(UserInput::Alone);
            }
        }
    }

    /// Whether no sequence has begun.
    fn at_rest(&self) -> bool {
        matches!(self.state, InputState::Ground | InputState::Escaped | InputState::Intermediate)
    }

    /// How long the state lasts without another byte.
    fn timeout(&self) -> Option<Duration> {
        match self.state {
            InputState::Ground => None,
            InputState::Escape { .. } => Some(ESC_HOLD),
            InputState::Text { .. } | InputState::Paste { .. } => Some(STRING_TIMEOUT),
            InputState::Escaped
            | InputState::Intermediate
            | InputState::Csi
            | InputState::Ss3
            | InputState::OldMouse { .. }
            | InputState::Utf8 { .. } => Some(SEQUENCE_TIMEOUT),
        }
    }

    fn byte(&mut self, byte: u8, now: Instant, out: &mut Vec<UserInput>) {
        match self.state {
            InputState::Ground => self.begin(byte, now, out),
            InputState::Escape { twice } => match byte {
                ESC if twice => self.key(KeyCode::Esc, KeyModifiers::NONE, now, out),
                ESC => self.state = InputState::Escape { twice: true },
                _ => {
                    self.alt = twice;
                    if !self.introduce(byte, now, out) {
                        self.alt = true;
                        self.begin(byte, now, out);
                        self.expect_last(byte);
                    }
                }
            },
            InputState::Intermediate => match byte {
                b' '..=b'/' => self.company(now, out),
                b'0'..=b'~' => self.sequence(None, now, out),
                // The key with Alt was all.
                _ => {
                    self.rest();
                    self.begin(byte, now, out);
                }
            },
            InputState::Escaped => {
                if !self.introduce(byte, now, out) {
                    self.begin(byte, now, out);
                }
            }
            InputState::Csi => self.csi(byte, now, out),
            InputState::Ss3 => match byte {
                // Parameters of the modified keys of old terminals.
                b'0'..=b'9' | b';' => {}
                b' '..=b'~' => self.sequence(sequence::ss3(byte), now, out),
                _ => self.give_up(byte, now, out),
            },
            InputState::OldMouse { left } => match left {
                // The numbers begin at 32.
                _ if byte < b' ' => self.give_up(byte, now, out),
                0 | 1 => self.sequence(None, now, out),
                _ => self.state = InputState::OldMouse { left: left - 1 },
            },
            InputState::Text { last } => match byte {
                0x07 => self.string(now, out),
                b'\\' if last == ESC => self.string(now, out),
                // Inside a character of several bytes, this byte does not end the string.
                0x9c if last.is_ascii() => self.string(now, out),
                _ if last == ESC => {
                    self.company(now, out);
                    self.state = InputState::Escape { twice: false };
                    self.byte(byte, now, out);
                }
                _ => {
                    if byte != ESC && self.bytes.len() <= MAX_SEQUENCE_BYTES {
                        self.bytes.push(byte);
                    }
                    self.state = InputState::Text { last: byte };
                }
            },
            InputState::Paste { matched } => self.paste(byte, matched, now, out),
            InputState::Utf8 { left } => match byte {
                0x80..=0xbf => {
                    self.bytes.push(byte);
                    match left {
                        0 | 1 => self.character(now, out),
                        _ => self.state = InputState::Utf8 { left: left - 1 },
                    }
                }
                _ => self.give_up(byte, now, out),
            },
        }
    }

    /// Handle a byte outside of any sequence.
    fn begin(&mut self, byte: u8, now: Instant, out: &mut Vec<UserInput>) {
        let plain = |code| (code, KeyModifiers::NONE);
        let control = |letter: u8| (KeyCode::Char(char::from(letter)), KeyModifiers::CONTROL);
        let (code, modifiers) = match byte {
            ESC => {
                self.alt = false;
                self.state = InputState::Escape { twice: false };
                return;
            }
            b'\r' => plain(KeyCode::Enter),
            b'\t' => plain(KeyCode::Tab),
            // Which of the two Backspace sends depends on the terminal's settings. Ctrl-H sends the same byte.
            0x08 | 0x7f => plain(KeyCode::Backspace),
            0 => control(b' '),
            0x01..=0x1a => control(byte - 1 + b'a'),
            0x1c..=0x1f => control(byte - 0x1c + b'4'),
            b' '..=b'~' => plain(KeyCode::Char(char::from(byte))),
            // 8-bit control characters: each stands for ESC and a letter.
            0x80..=0x9f => {
                if !self.introduce(byte - 0x40, now, out) {
                    self.sequence(None, now, out);
                    self.expect_last(byte - 0x40);
                }
                return;
            }
            0xa0..=0xc1 | 0xf5..=0xff => return self.sequence(None, now, out),
            0xc2..=0xf4 => {
                let left = match byte {
                    0xc2..=0xdf => 1,
                    0xe0..=0xef => 2,
                    _ => 3,
                };
                self.bytes.clear();
                self.bytes.push(byte);
                self.state = InputState::Utf8 { left };
                return;
            }
        };
        self.sequence(Some(KeyEvent::new(code, modifiers)), now, out);
    }

    /// Begin or end what ESC and this byte begin or end. Returns `false` if the byte is a key with Alt.
    fn introduce(&mut self, byte: u8, now: Instant, out: &mut Vec<UserInput>) -> bool {
        self.bytes.clear();
        match byte {
            b'[' => self.state = InputState::Csi,
            b'O' => self.state = InputState::Ss3,
            b'P' | b'X' | b']' | b'^' | b'_' => self.state = InputState::Text { last: 0 },
            // The end of a string that was dropped.
            b'\\' => self.sequence(None, now, out),
            _ => return false,
        }
        true
    }

    /// Note that one more byte belongs to ESC and this byte, if it does.
    fn expect_last(&mut self, byte: u8) {
        if matches!(byte, b' '..=b'/' | b'N') {
            self.state = InputState::Intermediate;
        }
    }

    fn csi(&mut self, byte: u8, now: Instant, out: &mut Vec<UserInput>) {
        match byte {
            // The function keys of the Linux console: `ESC [ [ A`.
            b'[' if self.bytes.is_empty() => self.bytes.push(byte),
            b' '..=b'?' => {
                if self.bytes.len() <= MAX_SEQUENCE_BYTES {
                    self.bytes.push(byte);
                }
            }
            b'~' if self.bytes == b"200" => {
                self.bytes.clear();
                self.state = InputState::Paste { matched: 0 };
            }
            b'M' if self.bytes.is_empty() => self.state = InputState::OldMouse { left: 3 },
            b'@'..=b'~' => match self.bytes.strip_prefix(b"<") {
                Some(report) if matches!(byte, b'M' | b'm') => match sequence::mouse(report, byte == b'm') {
                    Some(event) => {
                        self.company(now, out);
                        out.push(UserInput::Mouse(event));
                        self.rest();
                    }
                    None if self.mouse && sequence::is_mouse(report) => self.rest(),
                    None => self.sequence(None, now, out),
                },
                _ if self.bytes.len() > MAX_SEQUENCE_BYTES => self.sequence(None, now, out),
                _ if byte == b'y' => {
                    let known = sequence::knows_synchronized_output(&self.bytes);
                    self.sequence(None, now, out);
                    out.extend(known.then_some(UserInput::SynchronizedOutput));
                }
                _ => self.sequence(sequence::csi(&self.bytes, byte), now, out),
            },
            _ => self.give_up(byte, now, out),
        }
    }

    fn paste(&mut self, byte: u8, matched: usize, now: Instant, out: &mut Vec<UserInput>) {
        if PASTE_END.get(matched) == Some(&byte) {
            self.state = InputState::Paste { matched: matched + 1 };
            if matched + 1 == PASTE_END.len() {
                self.pasted(now, out);
            }
            return;
        }
        let again = usize::from(byte == ESC);
        let text = PASTE_END.iter().take(matched).chain((again == 0).then_some(&byte));
        let room = MAX_PASTE_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend(text.take(room));
        self.state = InputState::Paste { matched: again };
    }

    fn pasted(&mut self, now: Instant, out: &mut Vec<UserInput>) {
        let bytes = std::mem::take(&mut self.bytes);
        let text = String::from_utf8_lossy(&bytes);
        self.company(now, out);
        // The limit can cut a character in two.
        out.push(UserInput::Paste(text.trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned()));
        self.rest();
    }

    /// A string of the terminal is complete: the answer to a query, or nothing that is of use here.
    fn string(&mut self, now: Instant, out: &mut Vec<UserInput>) {
        let light = sequence::is_light_background(&self.bytes).map(|light| UserInput::Background { light });
        let colours = sequence::keeps_colour(&self.bytes).then_some(UserInput::TrueColour);
        self.sequence(None, now, out);
        out.extend(light.or(colours));
    }

    /// A character of several bytes is complete.
    fn character(&mut self, now: Instant, out: &mut Vec<UserInput>) {
        let character = std::str::from_utf8(&self.bytes).ok().and_then(|text| text.chars().next());
        match character.map(|c| (c, u8::try_from(c))) {
            // An 8-bit control character, encoded in UTF-8.
            Some((_, Ok(byte @ 0x80..=0x9f))) => self.begin(byte, now, out),
            Some((c, _)) => self.sequence(Some(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)), now, out),
            None => self.sequence(None, now, out),
        }
    }

    /// Drop what had begun; the byte begins something new.
    fn give_up(&mut self, byte: u8, now: Instant, out: &mut Vec<UserInput>) {
        self.sequence(None, now, out);
        self.begin(byte, now, out);
    }

    /// End a sequence, which gives a key or nothing.
    fn sequence(&mut self, key: Option<KeyEvent>, now: Instant, out: &mut Vec<UserInput>) {
        match key {
            Some(key) => {
                let alt = if self.alt { KeyModifiers::ALT } else { KeyModifiers::NONE };
                self.key(key.code, key.modifiers | alt, now, out);
            }
            None => self.company(now, out),
        }
        self.rest();
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers, now: Instant, out: &mut Vec<UserInput>) {
        let first = self.quiet;
        self.company(now, out);
        self.pending = first;
        out.push(UserInput::Key { key: KeyEvent::new(code, modifiers), first });
    }

    /// Note that something came, so that the keys directly before and after it did not come alone.
    fn company(&mut self, now: Instant, out: &mut Vec<UserInput>) {
        if std::mem::take(&mut self.pending) {
            out.push(UserInput::NotAlone);
        }
        self.quiet = false;
        self.last = now;
    }

    fn rest(&mut self) {
        self.state = InputState::Ground;
        self.alt = false;
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests;
