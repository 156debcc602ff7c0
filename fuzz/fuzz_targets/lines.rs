//! A file of any format, plain or gzip, split into lines.
#![no_main]

use std::io::Cursor;

use floorwatch::source::format::detect::detect;
use floorwatch::source::format::lines::{LineReader, PartialLine, RawLine, decompress};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(opened) = decompress(Box::new(Cursor::new(bytes.to_vec()))) else { return };
    let mut reader = LineReader::new(opened.input);
    let _ = reader.peek().map(detect);
    let mut count = 0;
    while let Ok(Some(line)) = reader.next(PartialLine::Emit) {
        if let RawLine::Text(text) = line {
            assert!(!text.contains(&b'\n'));
        }
        count += 1;
        assert_eq!(reader.number(), count);
    }
    if !opened.compressed {
        assert_eq!(reader.offset(), bytes.len() as u64, "all bytes are in one line or another");
    }
});
