//! Parses a stream of server-sent events into blocks.
//!
//! It follows the HTML standard, with two additions: lines and data have a size limit, and data is kept as bytes, so
//! that an event that is not UTF-8 can be rejected without ending the stream.

use std::mem;

/// The default limit for a line, and for the data of an event.
pub(crate) const MAX_BLOCK_BYTES: usize = 1024 * 1024;
/// Longer ids are ignored, because they must fit into the `Last-Event-ID` header.
const MAX_ID_BYTES: usize = 4096;

/// The fields between two empty lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SseBlock {
    /// The lines of `data`, joined; `None` where there was none.
    pub(crate) data: Option<Vec<u8>>,
    /// The event's type; none, or empty, is a message.
    pub(crate) kind: Option<String>,
    /// How far the stream has come.
    pub(crate) id: Option<String>,
    /// How long to wait before connecting anew, in milliseconds.
    pub(crate) retry: Option<u64>,
    /// It was longer than anything that is meant; its data is lost.
    pub(crate) too_long: bool,
}

/// An incremental parser: bytes may arrive in pieces of any size.
#[derive(Debug)]
pub(crate) struct SseParser {
    max_bytes: usize,
    line: Vec<u8>,
    /// The current line is longer than `max_bytes`; the rest of it is dropped.
    line_too_long: bool,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    /// A line has been read.
    begun: bool,
    block: SseBlock,
}

impl Default for SseParser {
    fn default() -> Self {
        Self::new(MAX_BLOCK_BYTES)
    }
}

impl SseParser {
    /// A parser that drops lines and data longer than `max_bytes`.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            line: Vec::new(),
            line_too_long: false,
            after_return: false,
            begun: false,
            block: SseBlock::default(),
        }
    }

    /// Parse the next bytes; `each` receives every block that they complete.
    pub(crate) fn push(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(SseBlock)) {
        if mem::take(&mut self.after_return) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.add(line);
            self.end_line(each);
            bytes = match rest {
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => rest,
            };
            self.after_return = rest == b"\r";
        }
        self.add(bytes);
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > self.max_bytes {
            self.line_too_long = true;
            // Its beginning tells whether it is a comment.
            self.line.truncate(1);
        }
        if !self.line_too_long {
            self.line.extend_from_slice(bytes);
        } else if self.line.is_empty() {
            self.line.extend(bytes.first());
        }
    }

    fn end_line(&mut self, each: &mut dyn FnMut(SseBlock)) {
        let mut line = mem::take(&mut self.line);
        let content = if mem::replace(&mut self.begun, true) {
            &line
        } else {
            line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line)
        };
        if mem::take(&mut self.line_too_long) {
            self.block.too_long |= !content.starts_with(b":");
        } else if content.is_empty() {
            let block = mem::take(&mut self.block);
            if block != SseBlock::default() {
                each(block);
            }
        } else {
            self.block.parse_field(content, self.max_bytes);
        }
        line.clear();
        self.line = line;
    }
}

impl SseBlock {
    fn parse_field(&mut self, line: &[u8], max_bytes: usize) {
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => self.add_data(value, max_bytes),
            b"event" => self.kind = Some(String::from_utf8_lossy(value).into_owned()),
            b"id" if !value.contains(&0) && value.len() <= MAX_ID_BYTES => {
                self.id = Some(String::from_utf8_lossy(value).into_owned());
            }
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                self.retry = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).or(self.retry);
            }
            // A comment, or what nobody knows.
            _ => {}
        }
    }

    fn add_data(&mut self, value: &[u8], max_bytes: usize) {
        if self.too_long {
            return;
        }
        match &mut self.data {
            None => self.data = Some(value.to_vec()),
            Some(data) if data.len() + value.len() < max_bytes => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            Some(data) => {
                self.too_long = true;
                *data = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<SseBlock> {
        let (mut blocks, mut found) = (SseParser::default(), Vec::new());
        for piece in pieces {
            blocks.push(piece, &mut |block| found.push(block));
        }
        found
    }

    fn data(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    #[test]
    fn blocks_are_the_same_wherever_the_bytes_are_cut_and_however_lines_end() {
        let text = "\u{feff}data: a\n:sign of life\ndata\ndata:  b\nid: 7\nother: x\n\n\n\nretry: 50\n\nevent: ping\ndata:\n\nid\nretry: 5x\n\ndata: cut off";
        let wanted = [
            SseBlock { data: Some(data("a\n\n b")), id: Some("7".into()), ..SseBlock::default() },
            SseBlock { retry: Some(50), ..SseBlock::default() },
            SseBlock { data: Some(data("")), kind: Some("ping".into()), ..SseBlock::default() },
            SseBlock { id: Some(String::new()), ..SseBlock::default() },
        ];
        for end in ["\n", "\r\n", "\r"] {
            let text = text.replace('\n', end);
            for cut in 0..=text.len() {
                let (head, tail) = text.as_bytes().split_at(cut);
                assert_eq!(all([head, tail]), wanted, "cut at {cut}, lines end in {end:?}");
            }
            assert_eq!(all(text.as_bytes().chunks(1)), wanted);
        }
    }

    #[test]
    fn what_is_too_long_is_dropped_and_the_rest_goes_on() {
        let long = "x".repeat(MAX_BLOCK_BYTES);
        let (wide, high) = (format!("id: 1\ndata: {long}\n\n"), format!("data: {long}"));
        let many = format!("id: 2\n{}\n", "data: 12345678\n".repeat(MAX_BLOCK_BYTES / 8));
        let comment = format!(":{long}{long}\ndata: good\n\n");
        let found = all([wide.as_bytes(), many.as_bytes(), comment.as_bytes(), high.as_bytes()]);
        assert_eq!(found.len(), 3);
        for (block, id) in found.iter().zip(["1", "2"]) {
            assert!(block.too_long && block.id.as_deref() == Some(id), "{:?}", block.id);
            assert!(block.data.as_ref().is_none_or(Vec::is_empty));
        }
        assert_eq!(found[2], SseBlock { data: Some(data("good")), ..SseBlock::default() });
    }

    #[test]
    fn an_endless_line_takes_no_memory_and_an_id_fits_into_a_header() {
        let mut blocks = SseParser::default();
        let piece = vec![b'x'; 65_536];
        for _ in 0..100 {
            blocks.push(&piece, &mut |block| panic!("{block:?}"));
        }
        assert!(blocks.line.capacity() <= 2 * MAX_BLOCK_BYTES);
        let found = all([format!("id: {}\ndata: x\nid: a\0b\n\n", "1".repeat(5000)).as_bytes()]);
        assert_eq!(found, [SseBlock { data: Some(data("x")), ..SseBlock::default() }]);
    }
}
