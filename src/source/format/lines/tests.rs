use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn lines_of(bytes: &[u8]) -> LineReader {
    LineReader::new(decompress(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap().input)
}

fn all(bytes: &[u8]) -> (Vec<Option<Vec<u8>>>, Option<io::Error>) {
    let mut lines = lines_of(bytes);
    let mut out = Vec::new();
    loop {
        match lines.next(PartialLine::Emit) {
            Ok(Some(RawLine::Text(text))) => out.push(Some(text.to_vec())),
            Ok(Some(RawLine::TooLong)) => out.push(None),
            Ok(None) => return (out, None),
            Err(error) => return (out, Some(error)),
        }
    }
}

/// The same by blocks.
fn blocks(bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
    let (mut reader, mut found) = (lines_of(bytes), Vec::new());
    loop {
        match reader.next_block().unwrap() {
            BlockRead::Lines(block) => found.extend(block_lines(block).map(|line| {
                assert!(line.text.is_none_or(|text| text.as_bytes() == line.bytes));
                (line.bytes.len() <= MAX_LINE_BYTES).then(|| line.bytes.to_vec())
            })),
            BlockRead::TooLong => found.push(None),
            BlockRead::End => return found,
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn text(lines: &[&str]) -> Vec<Option<Vec<u8>>> {
    lines.iter().map(|line| Some(line.as_bytes().to_vec())).collect()
}

#[test]
fn line_ends_and_the_byte_order_mark_are_stripped() {
    assert_eq!(all(b"\xef\xbb\xbfone\r\ntwo\n\n\xef\xbb\xbffour").0, text(&["one", "two", "", "four"]));
    assert_eq!(all(b"").0, text(&[]));
    assert_eq!(all(b"\n").0, text(&[""]));
}

#[test]
fn utf_16_is_read_with_and_without_a_byte_order_mark() {
    let bytes = |big: bool, text: &str| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    for big in [false, true] {
        assert_eq!(all(&bytes(big, "\u{feff}Zeit\r\nMüller\n")).0, text(&["Zeit", "Müller"]), "{big}");
        assert_eq!(all(&bytes(big, "Zeit\nMüller\n")).0, text(&["Zeit", "Müller"]), "{big}");
        assert_eq!(all(&bytes(big, "Очередь;1\n")).0, text(&["Очередь;1"]), "{big}");
        assert_eq!(all(&bytes(big, "キュー,応答者\n1,2\n")).0, text(&["キュー,応答者", "1,2"]), "{big}");
        assert_eq!(all(&gzip(&bytes(big, "\u{feff}Zeit\n"))).0, text(&["Zeit"]), "{big}");
    }
}

#[test]
fn gzip_members_are_read_one_after_another() {
    let mut compressed = gzip(b"one\ntw");
    compressed.extend(gzip(b"o\nthree\n"));
    assert_eq!(all(&compressed).0, text(&["one", "two", "three"]));
}

#[test]
fn a_truncated_gzip_gives_its_whole_lines_and_then_an_error() {
    let day: String = (0..200_000).fold(String::new(), |mut day, n| {
        day.push_str(&(n * 7_919 % 100_003).to_string());
        day.push('\n');
        day
    });
    let compressed = gzip(day.as_bytes());
    let (lines, error) = all(&compressed[..compressed.len() / 2]);
    assert!(lines.len() > 10_000, "{}", lines.len());
    let whole: Vec<&str> = day.lines().take(lines.len()).collect();
    assert_eq!(lines, text(&whole));
    assert!(error.unwrap().to_string().contains("cut short"));
}

#[test]
fn a_line_that_is_too_long_is_skipped() {
    let mut bytes = b"before\n".to_vec();
    bytes.extend(vec![b'x'; 3_000_000]);
    bytes.extend(b"\nafter\n");
    assert_eq!(all(&bytes).0, vec![Some(b"before".to_vec()), None, Some(b"after".to_vec())]);
    let mut just = vec![b'y'; MAX_LINE_BYTES];
    just.push(b'\n');
    just.extend(vec![b'z'; MAX_LINE_BYTES + 1]);
    assert_eq!(all(&just).0, vec![Some(vec![b'y'; MAX_LINE_BYTES]), None]);
}

#[test]
fn the_end_of_a_line_is_no_part_of_its_length() {
    for rest in ["\r\n", "\r"] {
        let longest = ["\u{feff}", &"x".repeat(MAX_LINE_BYTES), rest].concat();
        assert_eq!(all(longest.as_bytes()).0, vec![Some(vec![b'x'; MAX_LINE_BYTES])]);
        assert_eq!(blocks(longest.as_bytes()), vec![Some(vec![b'x'; MAX_LINE_BYTES])]);
    }
}

#[test]
fn an_unfinished_line_waits_for_its_newline() {
    let mut lines = lines_of(b"whole\nhal");
    assert_eq!(lines.next(PartialLine::Hold).unwrap(), Some(RawLine::Text(b"whole".as_slice())));
    assert_eq!(lines.next(PartialLine::Hold).unwrap(), None);
    assert_eq!((lines.offset(), lines.buffered()), (6, 3));
    assert_eq!(lines.next(PartialLine::Emit).unwrap(), Some(RawLine::Text(b"hal".as_slice())));
}

#[test]
fn peeking_consumes_nothing() {
    let mut lines = lines_of(b"one\ntwo\n");
    assert_eq!(lines.peek().unwrap(), b"one\ntwo\n");
    assert_eq!(lines.next(PartialLine::Emit).unwrap(), Some(RawLine::Text(b"one".as_slice())));
}

#[test]
fn whether_bytes_are_printable_is_the_same_eight_at_a_time() {
    let odd_beside = |byte: u8, other: u8| byte != other && !(0x20..0x7f).contains(&byte);
    for [one, two] in (0..=u8::MAX).flat_map(|one| (0..=u8::MAX).map(move |two| [one, two])) {
        // In the words and in what is left of them.
        for bytes in [vec![one, two], vec![b'a', one, two, b'b', b'c', b'd', b'e', two, one]] {
            for other in [b' ', b'\n'] {
                let odd = odd_beside(one, other) || odd_beside(two, other);
                assert_eq!(is_printable_but_for(other, &bytes), !odd, "{bytes:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn blocks_hold_the_same_lines(lengths in proptest::collection::vec(0_usize..90_000, 0..12), end in any::<bool>()) {
        let mut bytes: Vec<u8> = Vec::new();
        for (letter, length) in (b'a'..).zip(&lengths) {
            bytes.extend(vec![letter; *length]);
            bytes.extend(b"\r\n");
        }
        if end {
            bytes.extend(b"the end\r");
        }
        prop_assert_eq!(blocks(&bytes), all(&bytes).0);
    }

    #[test]
    fn lines_are_what_splitting_gives(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'\r'), any::<u8>()], 0..400)) {
        prop_assume!(!bytes.starts_with(GZIP_MAGIC) && utf16_of(&bytes).is_none());
        let mut expected: Vec<Option<Vec<u8>>> = bytes
            .split(|&b| b == b'\n')
            .map(|line| Some(bare(line).to_vec()))
            .collect();
        if bytes.is_empty() || bytes.ends_with(b"\n") {
            expected.pop();
        }
        prop_assert_eq!(all(&bytes).0, expected);
    }
}
