//! Tests the decoder with a table of cases, and with random bytes and pauses.

use proptest::prelude::*;

use super::*;

/// Bytes that arrive in one read, this many milliseconds after the ones before.
type Arrival<'a> = (u64, &'a [u8]);

/// Decode the arrivals, and two seconds of silence after them.
fn decode(arrivals: &[Arrival<'_>], mouse: bool) -> Vec<UserInput> {
    let start = Instant::now();
    let mut decoder = Decoder::new(start);
    decoder.mouse = mouse;
    let mut now = start;
    let mut out = Vec::new();
    let wait = |decoder: &mut Decoder, until: Instant, out: &mut Vec<UserInput>| {
        while let Some(at) = decoder.deadline().filter(|at| *at <= until) {
            decoder.idle(at, out);
        }
    };
    for (pause, bytes) in arrivals {
        now += Duration::from_millis(*pause);
        wait(&mut decoder, now, &mut out);
        decoder.read(bytes, now, &mut out);
        decoder.idle(now, &mut out);
    }
    wait(&mut decoder, now + Duration::from_secs(2), &mut out);
    assert_eq!(decoder.deadline(), None, "it waits for nothing any more");
    out
}

/// The inputs in words; keys that came alone have an exclamation mark.
fn said(arrivals: &[Arrival<'_>], mouse: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    for input in decode(arrivals, mouse) {
        match input {
            UserInput::Key { key, .. } => words.push(name(&key)),
            UserInput::Alone => words.last_mut().unwrap().push('!'),
            UserInput::NotAlone => {}
            UserInput::Mouse(event) => words.push(format!("{:?}@{},{}", event.kind, event.column, event.row)),
            UserInput::Paste(text) => words.push(format!("paste({text})")),
            UserInput::TrueColour => words.push("true colour".to_owned()),
            UserInput::SynchronizedOutput => words.push("synchronized".to_owned()),
            UserInput::Background { light } => words.push(if light { "light" } else { "dark" }.to_owned()),
        }
    }
    words.join(" ")
}

fn name(key: &KeyEvent) -> String {
    let mut name = match key.code {
        KeyCode::Char(c) => c.to_string(),
        code => format!("{code:?}"),
    };
    for (modifier, word) in
        [(KeyModifiers::ALT, "alt"), (KeyModifiers::CONTROL, "ctrl"), (KeyModifiers::SHIFT, "shift")]
    {
        if key.modifiers.contains(modifier) {
            name = format!("{word}-{name}");
        }
    }
    name
}

/// Cases: the arrivals, and the inputs in words.
const CASES: &[(&[Arrival<'_>], &str)] = &[
    // Answers of terminals.
    (&[(100, b"\x1bP1$r0;48:2::1:2:3m\x1b\\")], "true colour"),
    (&[(100, b"\x1bP1$r48;2;1;2;3m\x1b\\")], "true colour"),
    (&[(100, b"\x1bP1$r0;48:2:1"), (40, b":2:3m\x1b\\")], "true colour"),
    (&[(100, b"\x1bP1$r0;48:5:16m\x1b\\")], ""),
    (&[(100, b"\x1bP0$r\x1b\\")], ""),
    (&[(100, b"\x1b[?2026;2$y")], "synchronized"),
    (&[(100, b"\x1b[?2026;0$y")], ""),
    (&[(100, b"\x1b[?2026;4$y")], ""),
    // Keys, alone and not.
    (&[(100, b"a")], "a!"),
    (&[(0, b"a")], "a"),
    (&[(100, b"a"), (100, b"A")], "a! A!"),
    (&[(100, b"a"), (29, b"j")], "a j"),
    (&[(100, b"a"), (30, b"j")], "a! j!"),
    (&[(100, b"ja")], "j a"),
    (&[(100, b"j"), (10, b"j"), (10, b"a"), (10, b"j")], "j j a j"),
    (&[(100, "é".as_bytes())], "é!"),
    (&[(100, b"\xc3"), (60, b"\xa9")], "é!"),
    (&[(100, b"\xc3a")], "a"),
    (&[(100, b"\xffa")], "a"),
    (&[(100, b"\r")], "Enter!"),
    (&[(100, b"\x08"), (100, b"\x7f")], "Backspace! Backspace!"),
    (&[(100, b"\x03"), (100, b"\x1a"), (100, b"\n")], "ctrl-c! ctrl-z! ctrl-j!"),
    // Esc, Alt, and sequences that were split.
    (&[(100, b"\x1b")], "Esc!"),
    (&[(100, b"\x1b"), (60, b"a")], "Esc! a!"),
    (&[(100, b"\x1ba")], "alt-a!"),
    (&[(100, b"\x1b"), (40, b"a")], "alt-a!"),
    (&[(100, b"\x1b\x1b")], "Esc Esc"),
    (&[(100, b"\x1b[A")], "Up!"),
    (&[(100, b"\x1b"), (49, b"[A")], "Up!"),
    (&[(100, b"\x1b["), (300, b"A")], "Up!"),
    (&[(100, b"\x1b"), (40, b"["), (300, b"A")], "Up!"),
    (&[(100, b"\x1b"), (60, b"[A")], "Esc! Up!"),
    (&[(100, b"\x1b"), (900, b"["), (900, b"A")], "Esc! Up!"),
    (&[(100, b"\x1b"), (60, b"OA")], "Esc! Up!"),
    (&[(100, b"\x1b"), (40, b"O"), (40, b"A")], "Up!"),
    (&[(100, b"\x1b\x1b[A")], "alt-Up!"),
    (&[(100, b"\x1b"), (10, b"\x1b"), (10, b"["), (10, b"A")], "alt-Up!"),
    (&[(100, b"\x1b"), (60, b"\x1b"), (60, b"[A")], "Esc! Esc! Up!"),
    (&[(100, b"\x1b[1;5C\x1b[5~\x1b[Z\x1b[[A\x1bOQ\x1b[24~")], "ctrl-Right PageUp shift-BackTab F(1) F(2) F(12)"),
    (&[(100, b"\x9bA")], "Up!"),
    (&[(100, b"\x9b"), (60, b"A")], "Up!"),
    (&[(100, b"\x1b[12"), (20, b"\x1b[A")], "Up"),
    // Sequences of three bytes, of which the first two are also a key with Alt.
    (&[(100, b"\x1b/Z")], "alt-/"),
    (&[(100, b"\x1b/"), (100, b"Z"), (100, b"a")], "alt-/! a!"),
    (&[(100, b"\x1b"), (40, b"("), (900, b"A")], "alt-(!"),
    (&[(100, b"\x1b$"), (40, b"("), (40, b"A"), (40, b"a")], "alt-$! a!"),
    (&[(100, b"\x1bN"), (40, b"A"), (40, b"\x8e"), (40, b"A")], "alt-N!"),
    (&[(100, b"\x1b#"), (40, b"\x1b[A")], "alt-#! Up!"),
    (&[(100, b"\x1b/"), (1100, b"a")], "alt-/! a!"),
    // A dropped sequence leaves no modifier behind.
    (&[(100, b"\x1b\x1b["), (1500, b"a")], "a!"),
    // Answers of the terminal, whole and split, and sequences that were not requested.
    (&[(100, b"\x1b]11;rgb:0000/aaaa/0000\x1b\\")], "light"),
    (&[(100, b"\x1b]11;rgb:1e/1e/2e\x07")], "dark"),
    (&[(100, b"\x1b]11;rgb:ffff/ffff/ffff/ffff\x07")], ""),
    (&[(100, b"\x1b]10;rgb:ffff/ffff/ffff\x07")], ""),
    (&[(100, b"\x1b]11;rgb:0000/"), (40, b"aaaa/0000"), (40, b"\x1b"), (60, b"\\")], "light"),
    (&[(100, b"\x1b]11;rgb:00\x07"), (100, b"a")], "a!"),
    (&[(100, b"\x1b"), (60, b"]11;rgb:aaaa\x07")], "Esc!"),
    (&[(100, b"\x1b]52;c;YUF6bnU="), (400, b"A\x07")], ""),
    (&[(100, b"\x1bP>|XTerm(388)\x1b\\")], ""),
    (&[(100, b"\x1b_Ga=A\x1b\\\x1b^a\x1b\\\x1bXa\x1b\\\x90a\x9c")], ""),
    (&[(100, b"\x1b[?62;22c\x1b[>41;388;0c\x1b[0n\x1b[12;40R\x1b[?997;1n\x1b[4;900;1600t")], ""),
    (&[(100, b"\x1b[?1u\x1b[97u\x1b[97;1:1u\x1b[27;5;99~\x1b[I\x1b[O\x1b[?2026;2$y")], "synchronized"),
    (&[(100, b"\x1b[?62;"), (40, b"22c"), (10, b"a")], "a"),
    (&[(100, b"\x1b[?62;22c"), (30, b"a")], "a!"),
    (&[(100, b"\x1b]0;never ended"), (600, b"a")], "a!"),
    (&[(100, b"\x1b]0;never ended\x1b"), (900, b"["), (900, b"A")], "Up!"),
    (&[(100, b"\x1b[200~never ended\x1b["), (900, b"A")], "paste(never ended) Up"),
    (&[(100, b"\x1b]0;cut off by a key\x1b[A")], "Up"),
    // Pasted text.
    (&[(100, b"\x1b[200~take a\rquit\x1b[201~")], "paste(take a\rquit)"),
    (&[(100, b"\x1b[20"), (40, b"0~a\x1b[20"), (40, b"1~"), (40, b"a")], "paste(a) a!"),
    (&[(100, b"\x1b[200~\x1b[20a\x1b\x1b[201~")], "paste(\x1b[20a\x1b)"),
    (&[(100, b"\x1b[200~never ended"), (600, b"a")], "paste(never ended) a!"),
    (&[(100, b"\x1b[201~")], ""),
    // Mouse reports that were not requested keep keys from counting as alone.
    (&[(100, b"\x1b[<0;5;7M\x1b[<0;5;7m\x1b[<64;1;1M")], "Down(Left)@4,6 ScrollUp@0,0"),
    (&[(100, b"\x1b[<0;5"), (40, b";7M")], "Down(Left)@4,6"),
    (&[(100, b"\x1b[<35;5;7Ma")], "a"),
    (&[(100, b"a\x1b[<35;5;7M")], "a"),
    (&[(100, b"\x1b[M aA"), (100, b"a")], "a!"),
    (&[(100, b"\x1b[M"), (20, b"z"), (20, b"\x1b[?6"), (100, b"n")], ""),
    (&[(100, b"\x1b[M"), (40, b" aA"), (40, b"\x1b[<0;0;0M\x1b[<1;1M")], ""),
];

#[test]
fn what_comes_is_told_apart() {
    for (arrivals, expected) in CASES {
        assert_eq!(said(arrivals, false), *expected, "{arrivals:?}");
    }
}

#[test]
fn motion_is_no_company_where_the_mouse_was_asked_for() {
    assert_eq!(said(&[(100, b"\x1b[<35;5;7Mq"), (10, b"\x1b[<35;5;7M"), (25, b"\x1b[<35;5;7M")], true), "q!");
    assert_eq!(said(&[(100, b"q"), (10, b"\x1b[<35;5"), (40, b";7M")], true), "q!");
    // A click changes what a key refers to.
    assert_eq!(said(&[(100, b"\x1b[<0;5;7Mq")], true), "Down(Left)@4,6 q");
}

#[test]
fn what_is_pasted_is_bounded() {
    let text = "é".repeat(10_000);
    let bytes = format!("\x1b[200~x{text}\x1b[201~");
    let out = decode(&[(100, bytes.as_bytes())], false);
    let [UserInput::Paste(text)] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(text.len(), MAX_PASTE_BYTES - 1, "no half of a character");
}

/// Random arrivals: mostly parts of what terminals send, mostly split.
fn arrivals() -> impl Strategy<Value = Vec<(u64, Vec<u8>)>> {
    let whole = prop::sample::select(&[
        "\x1b[A",
        "\x1bOB",
        "\x1b\x1b[C",
        "\x1b]11;rgb:a/a/a\x07",
        "\x1bP>|x\x1b\\",
        "\x1b[?62c",
        "\x1b[200~a\r\x1b[201~",
        "\x1b[<0;1;1M",
        "\x1b[<35;1;1M",
        "\x1b[M aA",
        "\x1b[97u",
        "é",
        "漢",
        "a",
        "A",
        "\r",
        "\x1b",
    ]);
    let piece = prop_oneof![
        4 => (whole, 0..8_usize, 1..8_usize).prop_map(|(text, from, count)| {
            text.bytes().skip(from % text.len()).take(count).collect()
        }),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    let pause = prop_oneof![2 => Just(0), 3 => 1..60_u64, 1 => 60..1200_u64];
    prop::collection::vec((pause, piece), 1..40)
}

proptest! {
    /// How bytes are divided into reads makes no difference while no time passes, and every first key gets a verdict.
    #[test]
    fn cuts_change_nothing(arrivals in arrivals(), mouse: bool) {
        let whole: Vec<Arrival<'_>> = arrivals.iter().map(|(pause, bytes)| (*pause, bytes.as_slice())).collect();
        let cut: Vec<Arrival<'_>> = arrivals.iter().flat_map(|(pause, bytes)| {
            bytes.chunks(1).enumerate().map(move |(at, byte)| (if at == 0 { *pause } else { 0 }, byte))
        }).collect();
        let out = decode(&whole, mouse);
        prop_assert_eq!(&out, &decode(&cut, mouse));
        let first = out.iter().filter(|input| matches!(input, UserInput::Key { first: true, .. })).count();
        let verdicts = out.iter().filter(|input| matches!(input, UserInput::Alone | UserInput::NotAlone)).count();
        prop_assert_eq!(first, verdicts);
    }
}
