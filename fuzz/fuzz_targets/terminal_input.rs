//! The terminal: bytes that come in portions, with pauses between them.
#![no_main]

use std::time::{Duration, Instant};

use floorwatch::ui::input::{Decoder, LONE_KEY_GAP, MAX_PASTE_BYTES, UserInput};

/// Asserts what holds for any bytes, over the life of a decoder.
struct Checker {
    decoder: Decoder,
    now: Instant,
    /// When bytes were read last.
    read: Instant,
    /// Whether the last key may yet turn out to have come alone.
    pending: bool,
}

impl Checker {
    fn check(&mut self, out: &mut Vec<UserInput>, bytes_were_read: bool) {
        for input in out.drain(..) {
            match input {
                UserInput::Key { first, .. } => {
                    assert!(!self.pending, "a key came, and nothing was said of the one before");
                    self.pending = first;
                }
                UserInput::Alone => {
                    assert!(self.pending && !bytes_were_read && self.now >= self.read + LONE_KEY_GAP);
                    self.pending = false;
                }
                UserInput::NotAlone => {
                    assert!(self.pending);
                    self.pending = false;
                }
                UserInput::Mouse(_)
                | UserInput::Background { .. }
                | UserInput::TrueColour
                | UserInput::SynchronizedOutput => assert!(!self.pending),
                // A byte that is no UTF-8 becomes a character of three.
                UserInput::Paste(text) => assert!(!self.pending && text.len() <= 3 * MAX_PASTE_BYTES),
            }
        }
    }

    /// Let the time pass until `then`.
    fn wait(&mut self, then: Instant, out: &mut Vec<UserInput>) {
        while let Some(deadline) = self.decoder.deadline().filter(|deadline| *deadline <= then) {
            self.now = self.now.max(deadline);
            self.decoder.idle(self.now, out);
            self.check(out, false);
            assert!(self.decoder.deadline().is_none_or(|next| next > self.now), "it would be called for ever");
        }
        self.now = then;
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let now = Instant::now();
    let mut checker = Checker { decoder: Decoder::new(now), now, read: now, pending: false };
    let (mut rest, mut out) = (bytes, Vec::new());
    while let [pause, length, more @ ..] = rest {
        let portion;
        (portion, rest) = more.split_at(more.len().min(usize::from(length % 16)));
        // Up to 2 s: longer than anything is waited for.
        checker.wait(checker.now + Duration::from_millis(u64::from(*pause) * 8), &mut out);
        if !portion.is_empty() {
            checker.read = checker.now;
            checker.decoder.read(portion, checker.now, &mut out);
            checker.check(&mut out, true);
        }
    }
    checker.wait(checker.now + Duration::from_secs(10), &mut out);
    assert!(!checker.pending && checker.decoder.deadline().is_none(), "something is waited for, and nothing comes");
});
