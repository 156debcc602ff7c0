//! Reads the lines of a plain or gzip-compressed input, in bounded memory whatever the bytes are.
//!
//! A line is returned as a slice of the reader's buffer, without an allocation. A line longer than 64 KiB is reported
//! and skipped without being kept.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;

use crate::source::format::limits::MAX_LINE_BYTES;
use crate::text::strip_bom;

/// Well over [`MAX_LINE_BYTES`], so that the buffer always holds a whole line of that length.
const BUFFER_BYTES: usize = 256 * 1024;
/// The most bytes of a line whose end has not come yet: a byte order mark and CR are not counted as parts of the line.
const MAX_OPEN_LINE_BYTES: usize = MAX_LINE_BYTES + 4;
/// How much of an input is handed on at once: enough to be worth it, and little enough to stay in the cache.
const BLOCK_BYTES: usize = MAX_LINE_BYTES + 1;
/// The first bytes of a gzip member.
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";
/// How many bytes tell the encoding.
const HEAD_BYTES: usize = 256;
/// Of the characters of a table at least every so many is ASCII, in any language: delimiters, digits and line ends.
const MAX_CHARS_PER_ASCII: usize = 16;

/// One line of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawLine<'a> {
    /// The line's bytes, without LF or CR LF.
    Text(&'a [u8]),
    /// A line longer than 64 KiB, which was skipped.
    TooLong,
}

/// What to do with the bytes after the last newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialLine {
    /// Return them as a line, since the input is complete.
    Emit,
    /// Keep them until their newline arrives.
    Hold,
}

/// What [`LineReader::next_block`] has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockRead<'a> {
    /// Whole lines, each with its line end; only the last one of the input may be without.
    Lines(&'a [u8]),
    /// A line longer than 64 KiB, which was skipped.
    TooLong,
    /// Nothing: the input has ended.
    End,
}

/// Reads the lines of an input.
pub struct LineReader {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The bytes that were read but not returned yet are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// `buffer[start..searched]` is known to hold no newline.
    searched: usize,
    /// The offset of the next line in the decompressed input.
    offset: u64,
    /// How many bytes of a line that is too long have been dropped.
    skipped: u64,
    number: u64,
    failure: Option<io::Error>,
    /// Lines end in CR alone, as those of an old Mac.
    ends_in_cr: bool,
}

impl std::fmt::Debug for LineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineReader").field("offset", &self.offset).field("number", &self.number).finish_non_exhaustive()
    }
}

/// An input after decompression.
pub struct OpenedInput {
    /// The decompressed bytes.
    pub input: Box<dyn Read + Send>,
    /// Whether the file's bytes are others than these: it is compressed, or in UTF-16.
    pub compressed: bool,
}

/// Open a file, or the standard input if the path is `-`. Gzip is recognised by its first bytes.
///
/// # Errors
/// If it cannot be opened or read, or is a directory.
pub fn open(path: &Path) -> io::Result<OpenedInput> {
    decompress(open_raw(path)?)
}

/// The same before decompression.
///
/// # Errors
/// As [`open`].
pub fn open_raw(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory: name the files in it"));
    }
    Ok(Box::new(file))
}

/// One line of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockLine<'a> {
    /// The line's bytes, without LF or CR LF.
    pub(crate) bytes: &'a [u8],
    /// The same as text, where it is known to be printable ASCII.
    pub(crate) text: Option<&'a str>,
}

/// Whether all bytes are printable ASCII.
pub(crate) fn is_printable(bytes: &[u8]) -> bool {
    is_printable_but_for(b' ', bytes)
}

/// The same, where another ASCII character may be among them. Eight bytes are compared at a time whatever the compiler makes of
/// it: it compares single bytes at once only where it optimises for speed.
fn is_printable_but_for(other: u8, bytes: &[u8]) -> bool {
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // The highest bit of a byte is set where it is none of these. Of one that is not ASCII it is set as it is, so that it does not
    // matter what its sums carry into the next.
    let unprintable = |word: u64| {
        let is_not_control = word.wrapping_add(all(0x80 - b' '));
        let is_not_other = (word ^ all(other)).wrapping_add(all(0x7f));
        let is_delete = word.wrapping_add(all(1));
        word | is_delete | (!is_not_control & is_not_other)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [b' '; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let found = words.iter().chain([&last]).fold(0, |found, word| found | unprintable(u64::from_le_bytes(*word)));
    found & all(0x80) == 0
}

/// A line without byte order mark and CR. Where files were put together, the mark is in the middle.
fn bare(line: &[u8]) -> &[u8] {
    let line = strip_bom(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The lines of a block.
pub(crate) fn block_lines(block: &[u8]) -> impl Iterator<Item = BlockLine<'_>> {
    // Once for the block, and not again for each of its names.
    let text = if is_printable_but_for(b'\n', block) { std::str::from_utf8(block).ok() } else { None };
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = block.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let text = text.and_then(|text| text.get(start..start + length));
        start += length + 1;
        // Printable ASCII has no byte order mark and no CR.
        let bytes = text.map_or_else(|| bare(rest.get(..length).unwrap_or_default()), str::as_bytes);
        Some(BlockLine { bytes, text })
    })
}

/// Decompress `input` if it is gzip, of any number of members, and turn UTF-16 into UTF-8.
///
/// # Errors
/// If the first bytes cannot be read.
pub fn decompress(mut input: Box<dyn Read + Send>) -> io::Result<OpenedInput> {
    let mut head = peek_head(&mut input)?;
    let zipped = head.starts_with(GZIP_MAGIC);
    input = Box::new(io::Cursor::new(head.clone()).chain(input));
    if zipped {
        input = Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BUFFER_BYTES, input)));
        // A damaged file fails when it is read, after its whole lines.
        head = peek_head(&mut input).unwrap_or_default();
        input = Box::new(io::Cursor::new(head.clone()).chain(input));
    }
    let utf16 = utf16_of(&head);
    if utf16.is_some() {
        input = Box::new(DecodeReaderBytesBuilder::new().encoding(utf16).bom_override(true).build(input));
    }
    Ok(OpenedInput { input, compressed: zipped || utf16.is_some() })
}

fn peek_head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    input.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Which UTF-16 a file is in that begins with `head`: by its byte order mark, or by the zeros beside ASCII characters.
fn utf16_of(head: &[u8]) -> Option<&'static Encoding> {
    let (pairs, _) = head.as_chunks::<2>();
    let ascii = |at: usize| {
        let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
        pairs.iter().filter(|pair| pair.get(1 - at) == Some(&0) && pair.get(at).is_some_and(is_text)).count()
    };
    match head {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        // An archive or a picture has other zeros, too.
        _ if pairs.len() < 2 || pairs.contains(&[0, 0]) => None,
        _ => match (ascii(0), ascii(1)) {
            (little @ 2.., 0) if little * MAX_CHARS_PER_ASCII >= pairs.len() => Some(UTF_16LE),
            (0, big @ 2..) if big * MAX_CHARS_PER_ASCII >= pairs.len() => Some(UTF_16BE),
            _ => None,
        },
    }
}

impl LineReader {
    /// A reader of `input` from its beginning.
    #[must_use]
    pub fn new(input: Box<dyn Read + Send>) -> Self {
        Self::resume(input, 0, 0)
    }

    /// A reader of an input that is positioned at `offset`, after `number` lines.
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
            ends_in_cr: false,
        }
    }

    /// The number of the line returned last, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The offset of the next line in the decompressed input, in bytes.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of bytes that were read but not returned as a line yet.
    #[must_use]
    pub const fn buffered(&self) -> usize {
        self.end - self.start
    }

    /// The next bytes, as many as the buffer holds, without consuming them. If these are the first ones, they tell whether
    /// lines end in CR alone; LF stands for it then.
    ///
    /// # Errors
    /// If the input fails before the first byte.
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
        let head = self.buffer.get(self.start..self.end).unwrap_or_default();
        if self.offset == 0 && has_only_cr(head) {
            self.end_lines_in_cr();
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Whether lines are known to end in CR alone.
    pub(crate) const fn ends_in_cr(&self) -> bool {
        self.ends_in_cr
    }

    /// Take a CR for the end of a line from here on.
    pub(crate) fn end_lines_in_cr(&mut self) {
        self.ends_in_cr = true;
        self.searched = self.start;
        replace_cr(self.buffer.get_mut(self.start..self.end).unwrap_or_default());
    }

    /// The next line; `None` at the end of the input.
    ///
    /// # Errors
    /// If the input fails, for example a truncated gzip file: once, after all whole lines before the failure.
    pub fn next(&mut self, tail: PartialLine) -> io::Result<Option<RawLine<'_>>> {
        loop {
            let unsearched = self.buffer.get(self.searched..self.end).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unsearched) {
                let (from, to) = (self.start, self.searched + at);
                self.start = to + 1;
                self.searched = self.start;
                return Ok(Some(self.line(from, to, 1)));
            }
            self.searched = self.end;
            if self.end - self.start > MAX_OPEN_LINE_BYTES {
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
            return Ok(Some(self.line(from, to, 0)));
        }
    }

    /// The next lines, about 64 KiB of them. They are not counted in [`number`](Self::number): whoever takes the block
    /// apart counts them.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn next_block(&mut self) -> io::Result<BlockRead<'_>> {
        if self.end - self.start < BLOCK_BYTES {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.end, self.searched, self.start) = (self.end - self.start, self.searched - self.start, 0);
            while self.end < BLOCK_BYTES && self.failure.is_none() && self.fill() > 0 {}
        }
        let buffered = self.buffer.get(self.start..self.end).unwrap_or_default();
        let first = buffered.get(..BLOCK_BYTES).unwrap_or(buffered);
        let whole = memchr::memrchr(b'\n', first).or_else(|| memchr::memchr(b'\n', buffered)).map(|at| at + 1);
        let is_last = self.failure.is_none() && self.skipped == 0 && (1..=MAX_LINE_BYTES).contains(&buffered.len());
        let Some(taken) = whole.or(is_last.then_some(buffered.len())) else {
            return Ok(match self.next(PartialLine::Emit)? {
                Some(RawLine::Text(line)) => BlockRead::Lines(line),
                Some(RawLine::TooLong) => BlockRead::TooLong,
                None => BlockRead::End,
            });
        };
        let from = self.start;
        self.offset += taken as u64;
        self.start += taken;
        self.searched = self.start;
        Ok(BlockRead::Lines(self.buffer.get(from..from + taken).unwrap_or_default()))
    }

    /// Count and return the line `buffer[from..to]`, without byte order mark and CR.
    fn line(&mut self, from: usize, to: usize, newline: u64) -> RawLine<'_> {
        self.offset += self.skipped + (to - from) as u64 + newline;
        self.number += 1;
        let is_cut = std::mem::take(&mut self.skipped) > 0;
        let line = bare(self.buffer.get(from..to).unwrap_or_default());
        if is_cut || line.len() > MAX_LINE_BYTES { RawLine::TooLong } else { RawLine::Text(line) }
    }

    /// Read more bytes into the buffer and return how many. A failure is kept for when the buffered lines are used up.
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
                    if self.ends_in_cr {
                        replace_cr(self.buffer.get_mut(self.end..self.end + count).unwrap_or_default());
                    }
                    self.end += count;
                    return count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(explain_gzip_error(error));
                    return 0;
                }
            }
        }
    }
}

/// Whether a text has several lines, and CR alone between them. A quoted cell of a table may hold LF all the same.
fn has_only_cr(head: &[u8]) -> bool {
    let mut lone_cr = false;
    let mut quoted = false;
    for at in memchr::memchr3_iter(b'\r', b'\n', b'"', head) {
        match head.get(at) {
            Some(b'"') => quoted = !quoted,
            Some(b'\n') if !quoted => return false,
            Some(b'\r') if !quoted => {
                if head.get(at + 1) == Some(&b'\n') {
                    return false;
                }
                lone_cr |= at + 1 < head.len();
            }
            _ => {}
        }
    }
    lone_cr
}

fn replace_cr(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
}

/// The gzip decoder's error with an explanation of what to do.
fn explain_gzip_error(error: io::Error) -> io::Error {
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
mod tests;
