//! Bytes to lines: plain or gzip, fast, and in bounded memory whatever the bytes are.
//!
//! A line is handed out as a borrowed slice of one big buffer: nothing is allocated for it. A line longer than
//! [`MAX_LINE_BYTES`] is reported once by its number and skipped to the next newline without being kept.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// The longest line taken in, in bytes without its end.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// Well over [`MAX_LINE_BYTES`], so that a line that fits is always whole in the buffer.
const BUFFER_BYTES: usize = 256 * 1024;
/// What a file may begin with to say that it is UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// What a gzip member begins with.
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawLine<'a> {
    /// Its bytes, without CR LF.
    Text(&'a [u8]),
    /// It is longer than [`MAX_LINE_BYTES`] and was skipped.
    TooLong,
}

/// What to do with bytes after the last newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialLine {
    /// Take them as a line: nothing more will come.
    Emit,
    /// Leave them until their newline has come.
    Hold,
}

/// Reads lines.
pub struct LineReader {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The bytes not yet handed out: `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Up to where the bytes are known to hold no newline.
    searched: usize,
    /// Where the line that comes next begins, in bytes from the beginning of the (unpacked) input.
    offset: u64,
    /// How many bytes of a line that is too long have been thrown away.
    skipped: u64,
    number: u64,
    failure: Option<io::Error>,
}

impl std::fmt::Debug for LineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineReader").field("offset", &self.offset).field("number", &self.number).finish_non_exhaustive()
    }
}

/// An input after decompression.
pub struct OpenedInput {
    /// The unpacked bytes.
    pub input: Box<dyn Read + Send>,
    /// Whether they come out of gzip.
    pub packed: bool,
}

/// Open a file, or the standard input where the path is `-`; gzip is found by its first bytes.
///
/// # Errors
/// Where it can't be opened or read.
pub fn open(path: &Path) -> io::Result<OpenedInput> {
    if path.as_os_str() == "-" {
        return unpack(Box::new(io::stdin()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory: name the files in it"));
    }
    unpack(Box::new(file))
}

/// Unpack `input` where it is gzip, of any number of members.
///
/// # Errors
/// Where the first bytes can't be read.
pub fn unpack(mut input: Box<dyn Read + Send>) -> io::Result<OpenedInput> {
    let mut head = Vec::with_capacity(2);
    input.by_ref().take(2).read_to_end(&mut head)?;
    let packed = head == GZIP_MAGIC;
    let whole = io::Cursor::new(head).chain(input);
    let input: Box<dyn Read + Send> = if packed {
        Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BUFFER_BYTES, whole)))
    } else {
        Box::new(whole)
    };
    Ok(OpenedInput { input, packed })
}

impl LineReader {
    /// The lines of `input` from its beginning.
    #[must_use]
    pub fn new(input: Box<dyn Read + Send>) -> Self {
        Self::resume(input, 0, 0)
    }

    /// The lines of an input that stands at `offset`, after `number` lines.
    #[must_use]
    pub fn resume(input: Box<dyn Read + Send>, offset: u64, number: u64) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            searched: 0,
            offset,
            skipped: 0,
            number,
            failure: None,
        }
    }

    /// The number of the line handed out last, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Where the line that comes next begins, in bytes from the beginning of the unpacked input.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that have come after the last newline.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.end - self.start
    }

    /// The first bytes of what comes next, as many as the buffer holds; they stay where they are.
    ///
    /// # Errors
    /// Where not even one byte could be read.
    pub fn peek(&mut self) -> io::Result<&[u8]> {
        while self.end < self.buffer.len() && self.failure.is_none() {
            if self.fill() == 0 {
                break;
            }
        }
        if self.start == self.end
            && let Some(failure) = self.failure.take()
        {
            return Err(failure);
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// Where the input fails (a gzip that is cut short, say): once, after every line that came before. A last
    /// line that was cut by the failure isn't handed out.
    pub fn next(&mut self, tail: PartialLine) -> io::Result<Option<RawLine<'_>>> {
        loop {
            let unsearched = self.buffer.get(self.searched..self.end).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unsearched) {
                let (from, to) = (self.start, self.searched + at);
                self.start = to + 1;
                self.searched = self.start;
                return Ok(Some(self.hand_out(from, to, 1)));
            }
            self.searched = self.end;
            if self.end - self.start > MAX_LINE_BYTES {
                self.skipped += (self.end - self.start) as u64;
                self.start = 0;
                self.end = 0;
                self.searched = 0;
            }
            if self.failure.is_none() && self.fill() > 0 {
                continue;
            }
            if let Some(failure) = self.failure.take() {
                self.start = self.end;
                self.searched = self.end;
                return Err(failure);
            }
            if tail == PartialLine::Hold || (self.start == self.end && self.skipped == 0) {
                return Ok(None);
            }
            let (from, to) = (self.start, self.end);
            self.start = to;
            return Ok(Some(self.hand_out(from, to, 0)));
        }
    }

    /// The line `buffer[from..to]`, counted, without BOM and CR.
    fn hand_out(&mut self, from: usize, to: usize, newline: u64) -> RawLine<'_> {
        let first = self.offset == 0;
        self.offset += self.skipped + (to - from) as u64 + newline;
        self.number += 1;
        let too_long = self.skipped > 0 || to - from > MAX_LINE_BYTES;
        self.skipped = 0;
        if too_long {
            return RawLine::TooLong;
        }
        let mut text = self.buffer.get(from..to).unwrap_or_default();
        if first {
            text = text.strip_prefix(BOM).unwrap_or(text);
        }
        RawLine::Text(text.strip_suffix(b"\r").unwrap_or(text))
    }

    /// Read more behind what is there; how much came. A failure is kept for later.
    fn fill(&mut self) -> usize {
        if self.start > 0 && self.end == self.buffer.len() || self.start == self.end {
            self.buffer.copy_within(self.start..self.end, 0);
            self.searched -= self.start;
            self.end -= self.start;
            self.start = 0;
        }
        loop {
            match self.input.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(count) => {
                    self.end += count;
                    return count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(clearer(error));
                    return 0;
                }
            }
        }
    }
}

/// A decoder's word for a cut file, in plain words.
fn clearer(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::new(io::ErrorKind::UnexpectedEof, "the gzip data is cut short: copy the file again")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            io::Error::new(io::ErrorKind::InvalidData, format!("the gzip data is damaged ({error})"))
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn lines_of(bytes: &[u8]) -> LineReader {
        LineReader::new(unpack(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap().input)
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

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn text(lines: &[&str]) -> Vec<Option<Vec<u8>>> {
        lines.iter().map(|line| Some(line.as_bytes().to_vec())).collect()
    }

    #[test]
    fn ends_of_lines_and_the_mark_at_the_beginning_are_no_part_of_a_line() {
        assert_eq!(all(b"\xef\xbb\xbfone\r\ntwo\n\nfour").0, text(&["one", "two", "", "four"]));
        assert_eq!(all(b"").0, text(&[]));
        assert_eq!(all(b"\n").0, text(&[""]));
    }

    #[test]
    fn gzip_of_several_members_is_one_text() {
        let mut packed = gzip(b"one\ntw");
        packed.extend(gzip(b"o\nthree\n"));
        assert_eq!(all(&packed).0, text(&["one", "two", "three"]));
    }

    #[test]
    fn a_gzip_cut_short_gives_its_whole_lines_and_then_a_clear_error() {
        let day: String = (0..200_000).fold(String::new(), |mut day, n| {
            day.push_str(&(n * 7_919 % 100_003).to_string());
            day.push('\n');
            day
        });
        let packed = gzip(day.as_bytes());
        let (lines, error) = all(&packed[..packed.len() / 2]);
        assert!(lines.len() > 10_000, "{}", lines.len());
        let whole: Vec<&str> = day.lines().take(lines.len()).collect();
        assert_eq!(lines, text(&whole));
        assert!(error.unwrap().to_string().contains("cut short"));
    }

    #[test]
    fn a_huge_line_is_skipped_and_the_rest_goes_on() {
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
    fn an_unfinished_line_waits_for_its_newline() {
        let mut lines = lines_of(b"whole\nhal");
        assert_eq!(lines.next(PartialLine::Hold).unwrap(), Some(RawLine::Text(b"whole".as_slice())));
        assert_eq!(lines.next(PartialLine::Hold).unwrap(), None);
        assert_eq!((lines.offset(), lines.waiting()), (6, 3));
        assert_eq!(lines.next(PartialLine::Emit).unwrap(), Some(RawLine::Text(b"hal".as_slice())));
    }

    #[test]
    fn peeking_takes_nothing_away() {
        let mut lines = lines_of(b"one\ntwo\n");
        assert_eq!(lines.peek().unwrap(), b"one\ntwo\n");
        assert_eq!(lines.next(PartialLine::Emit).unwrap(), Some(RawLine::Text(b"one".as_slice())));
    }

    proptest! {
        #[test]
        fn lines_are_what_splitting_gives(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'\r'), any::<u8>()], 0..400)) {
            prop_assume!(!bytes.starts_with(GZIP_MAGIC) && !bytes.starts_with(BOM));
            let mut expected: Vec<Option<Vec<u8>>> = bytes
                .split(|&b| b == b'\n')
                .map(|line| Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
                .collect();
            if bytes.is_empty() || bytes.ends_with(b"\n") {
                expected.pop();
            }
            prop_assert_eq!(all(&bytes).0, expected);
        }
    }
}
