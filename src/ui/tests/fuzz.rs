//! Sends random bytes with random pauses through the real decoder and the real screen, on a simulated clock. Bytes that
//! are not a key that came alone must never change anything for others.

use std::collections::VecDeque;
use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::ui::input::{Decoder, LONE_KEY_GAP, SEQUENCE_TIMEOUT, STRING_TIMEOUT};
use crate::ui::prompt::PromptKind;
use crate::ui::state::Overlay;
use crate::ui::views::ViewsChange;

const SEED: u64 = 20_261_128;

/// What terminals send, and what people type and paste.
const WHOLE: &[&str] = &[
    "\x1b[A",
    "\x1bOB",
    "\x1b\x1b[C",
    "\x1b[1;3D",
    "\x1b[5~",
    "\x1b[15~",
    "\x1b[[A",
    "\x1b]11;rgb:aaaa/eeee/0000\x07",
    "\x1b]11;rgb:aa/ee/00\x1b\\",
    "\x1bP>|XTerm(388)\x1b\\",
    "\x1bP1+r544e=61\x1b\\",
    "\x1b[?62;22c",
    "\x1b[>41;388;0c",
    "\x1b[0n",
    "\x1b[12;40R",
    "\x1b]52;c;YWFhYUFB\x07",
    "\x1b[97u",
    "\x1b[?1u",
    "\x1b[27;5;99~",
    "\x1b_Ga=q\x1b\\",
    "\x1b[I",
    "\x1b[O",
    "\x1b[<0;10;10M",
    "\x1b[<35;10;10M",
    "\x1b[<64;10;10M",
    "\x1b[M aA",
    "\x1b[200~take a\rquit q\x1b[201~",
    "Please call back Anna about the refund\r",
    ":quit\r",
    "né\u{9b}A",
    "\u{1b}\u{1b}\u{1b}",
    "zz",
    "漢字",
];
/// Single keys. Most change something for others on some page.
const KEYS: &[u8] = b"aAnuzeExqy .,<>:/1234\r\x03\x1a\x1b";

/// The arrivals so far, the newest last: time and bytes.
type Arrived = VecDeque<(Duration, Vec<u8>)>;

fn chunk(dice: &mut ChaCha8Rng) -> Vec<u8> {
    match dice.random_range(0..10) {
        0..2 => vec![KEYS[dice.random_range(0..KEYS.len())]],
        2 => (0..dice.random_range(1..6)).map(|_| dice.random()).collect(),
        3 => (0..dice.random_range(2..5)).map(|_| KEYS[dice.random_range(0..KEYS.len())]).collect(),
        _ => {
            let whole = WHOLE[dice.random_range(0..WHOLE.len())].as_bytes();
            let from = if dice.random() { 0 } else { dice.random_range(0..whole.len()) };
            let to = if dice.random() { whole.len() } else { dice.random_range(from..whole.len()) + 1 };
            whole[from..to].to_vec()
        }
    }
}

fn pause(dice: &mut ChaCha8Rng) -> Duration {
    Duration::from_millis(match dice.random_range(0..10) {
        0..3 => 0,
        3..6 => dice.random_range(1..30),
        6..9 => dice.random_range(30..130),
        _ => dice.random_range(130..1500),
    })
}

/// What an effect changes for others, or what the screen is about to change for them.
fn consequence(screen: &TestScreen, effect: Option<&Effect>) -> Option<&'static str> {
    match effect {
        Some(Effect::Quit) => return Some("quit"),
        Some(Effect::Suspend) => return Some("suspend"),
        Some(Effect::Execute(_)) => return Some("command"),
        Some(Effect::ControlReplay(_)) => return Some("replay"),
        Some(Effect::Export | Effect::ExportDay | Effect::HandOver) => return Some("export"),
        Some(Effect::Copy(_)) => return Some("copy"),
        Some(Effect::Views(ViewsChange::Save(..) | ViewsChange::Forget(_))) => return Some("view"),
        Some(Effect::Redraw | Effect::Mouse(_) | Effect::Views(ViewsChange::Nothing)) | None => {}
    }
    let ui = &screen.ui;
    ui.frozen.is_some().then_some("freeze").or(match (&ui.prompt, &ui.overlay) {
        (Some(prompt), _) if matches!(prompt.kind, PromptKind::Note(_) | PromptKind::Annotation(_)) => Some("note"),
        (_, Some(Overlay::Snooze(_))) => Some("snooze"),
        _ => None,
    })
}

/// Whether the newest byte was a key that came alone, judged from the bytes without the decoder.
fn was_alone(arrived: &Arrived, now: Duration) -> bool {
    let Some((at, bytes)) = arrived.back() else { return false };
    let [key] = bytes.as_slice() else { return false };
    let mut since = *at;
    let mut before = Vec::new();
    for (earlier, bytes) in arrived.iter().rev().skip(1) {
        if before.is_empty() && since.saturating_sub(*earlier) < LONE_KEY_GAP {
            return false;
        }
        if since.saturating_sub(*earlier) >= STRING_TIMEOUT.max(SEQUENCE_TIMEOUT) {
            break;
        }
        since = *earlier;
        before.splice(0..0, bytes.iter().copied());
    }
    // A sequence that has begun and not ended: its parameters, and the byte that would end it.
    let open = before.iter().rposition(|byte| *byte == 0x1b).is_some_and(|at| match &before[at + 1..] {
        [b'[', rest @ ..] => rest.iter().all(|byte| (b' '..=b'?').contains(byte)),
        [b'O', rest @ ..] => rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b';'),
        _ => false,
    });
    // Within a string or a paste, the bytes can be text, and the wait for more text is shorter.
    let text = before.windows(2).any(|pair| pair[0] == 0x1b && b"PX]^_".contains(&pair[1]))
        || before.windows(6).any(|six| six == b"\x1b[200~")
        || before.iter().any(|byte| (0x90..=0x9f).contains(byte));
    let gap = arrived.iter().rev().nth(1).map_or(Duration::MAX, |(earlier, _)| at.saturating_sub(*earlier));
    let open = open && !(text && gap >= STRING_TIMEOUT);
    KEYS.contains(key) && !open && now >= *at + LONE_KEY_GAP
}

fn fuzz(seed: u64, chunks: usize) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let board = sample::board(20);
    let start = Instant::now();
    let (mut now, mut bytes, mut keys, mut done) = (Duration::ZERO, 0, 0, BTreeMap::new());
    let mut decoder = Decoder::new(start);
    let mut screen = TestScreen::new(board.clone());
    let mut arrived = Arrived::new();
    let mut out = Vec::new();
    for count in 0..chunks {
        if count % 500 == 0 {
            screen = TestScreen::new(board.clone());
        }
        // Whatever the state, it can be drawn on a terminal of any size.
        if count % 100 == 50 {
            let size = (dice.random_range(1..330), dice.random_range(1..100));
            screen.resize(size);
            screen.draw(size, Palette::Dark, Depth::True, false);
        }
        let (next, came) = (now + pause(&mut dice), chunk(&mut dice));
        loop {
            let at = decoder.deadline().map(|at| at - start).filter(|at| *at <= next);
            match at {
                Some(at) => decoder.idle(start + at, &mut out),
                None => decoder.read(&came, start + next, &mut out),
            }
            if at.is_none() {
                arrived.push_back((next, came.clone()));
                arrived.drain(..arrived.len().saturating_sub(64));
            }
            for input in out.drain(..) {
                keys += usize::from(matches!(input, super::super::input::UserInput::Key { .. }));
                let before = consequence(&screen, None);
                let shown = screen.ui.frozen.clone().unwrap_or_else(|| Arc::clone(&screen.board));
                let effect = screen.ui.handle_input(&input, &screen.keymap, &shown, &screen.drawn.borrow());
                let after = consequence(&screen, effect.as_ref()).filter(|after| before != Some(*after));
                if let Some(what) = after {
                    let alone = was_alone(&arrived, at.unwrap_or(next));
                    assert!(alone, "seed {seed}, chunk {count}: {what} by {input:?} after {arrived:?}");
                    *done.entry(what).or_insert(0) += 1;
                }
            }
            if at.is_none() {
                break;
            }
        }
        bytes += came.len();
        now = next;
    }
    println!("seed {seed}: {chunks} chunks, {bytes} bytes, {keys} keys over {now:?}; by lone keys: {done:?}");
    for what in ["quit", "suspend", "command", "export", "freeze", "note", "snooze"] {
        assert!(done.contains_key(what), "the bytes never cause a {what}: {done:?}");
    }
}

#[test]
fn terminal_fuzz_short() {
    fuzz(SEED, 10_000);
}

#[test]
#[ignore = "a million chunks: cargo test --lib terminal_fuzz -- --ignored --nocapture"]
fn terminal_fuzz() {
    fuzz(SEED, 1_000_000);
}
