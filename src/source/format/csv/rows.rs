//! Splits the lines of a table into rows, and rows into cells.

use std::borrow::Cow;
use std::hash::BuildHasher;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use rustc_hash::FxBuildHasher;

use super::encoding::{self, TextEncoding};
use super::json_rows;
use crate::source::format::limits::MAX_LINE_BYTES;
use crate::text::strip_bom;

/// A row of more lines than this, or longer than [`MAX_LINE_BYTES`], must have a quote that is never closed.
const MAX_ROW_LINES: u64 = 100;

/// Reads rows, line by line.
pub(super) struct RowReader {
    reader: Reader,
    delimiter: u8,
    /// The columns of rows that are JSON objects.
    objects: Option<Vec<String>>,
    /// That of cells which are no UTF-8.
    pub(super) encoding: TextEncoding,
    /// The unquoted cells of the row being read, one after another, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    filled: usize,
    ended: usize,
    /// The lines fed to the row being read; 0 between rows.
    open_lines: u64,
}

/// The cells of one row.
#[derive(Clone, Copy)]
pub(super) struct CsvRow<'a> {
    cells: &'a [u8],
    ends: &'a [usize],
    encoding: TextEncoding,
    /// All of it is in that encoding: a cell of few letters may look like UTF-8.
    is_encoded: bool,
}

impl<'a> CsvRow<'a> {
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a cell without the spaces around it; empty if the row is shorter. What is not UTF-8 is in the
    /// encoding of the table.
    pub(super) fn text(&self, index: usize) -> Cow<'a, str> {
        let start = match index.checked_sub(1) {
            None => Some(0),
            Some(before) => self.ends.get(before).copied(),
        };
        let cell = match (start, self.ends.get(index)) {
            (Some(start), Some(&end)) => self.cells.get(start..end).unwrap_or_default(),
            _ => &[],
        };
        let cell = as_written(cell.trim_ascii());
        match std::str::from_utf8(cell) {
            Ok(text) if !self.is_encoded || text.is_ascii() => Cow::Borrowed(text),
            Ok(_) | Err(_) => self.encoding.decode(cell),
        }
    }

    /// A number that is the same for rows with the same cells.
    pub(super) fn digest(&self) -> u64 {
        FxBuildHasher.hash_one((self.cells.get(..self.ends.last().copied().unwrap_or(0)), self.ends))
    }

    /// Whether its cells are these.
    pub(super) fn holds(&self, cells: &[String]) -> bool {
        self.len() == cells.len() && cells.iter().enumerate().all(|(index, cell)| self.text(index) == *cell)
    }

    /// Whether there is a digit in it, as in every row that tells a time.
    pub(super) fn has_digits(&self) -> bool {
        let filled = self.cells.get(..self.ends.last().copied().unwrap_or(0)).unwrap_or_default();
        filled.iter().any(u8::is_ascii_digit)
    }

    pub(super) fn texts(&self) -> Vec<String> {
        (0..self.len()).map(|index| self.text(index).into_owned()).collect()
    }
}

/// A cell without what keeps spreadsheets from taking it for a number or a formula: `="0215550101"` and `'+44`.
fn as_written(cell: &[u8]) -> &[u8] {
    match cell {
        [b'=', b'"', inner @ .., b'"'] => inner,
        [b'\'', rest @ ..] if rest.first().is_some_and(|first| b"0123456789+-=@".contains(first)) => rest,
        cell => cell,
    }
}

impl RowReader {
    pub(super) fn new(delimiter: u8, encoding: TextEncoding) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            objects: None,
            encoding,
            cells: vec![0; 1024],
            ends: vec![0; 64],
            filled: 0,
            ended: 0,
            open_lines: 0,
        }
    }

    /// A reader of rows that are JSON objects, with these columns.
    pub(super) fn of_objects(columns: Vec<String>) -> Self {
        Self { objects: Some(columns), ..Self::new(b',', encoding::USUAL) }
    }

    pub(super) const fn is_between_rows(&self) -> bool {
        self.open_lines == 0
    }

    /// The row that is complete.
    pub(super) fn row(&self) -> CsvRow<'_> {
        let (cells, ends) = (self.cells.as_slice(), self.ends.get(..self.ended).unwrap_or_default());
        let filled = || cells.get(..ends.last().copied().unwrap_or(0)).unwrap_or_default();
        // Files in the usual encoding are put together with others.
        let is_encoded = self.encoding != encoding::USUAL && std::str::from_utf8(filled()).is_err();
        CsvRow { cells, ends, encoding: self.encoding, is_encoded }
    }

    /// Feed a line to the row being read; returns whether the row is complete. Lines without any cell are skipped: empty
    /// ones, and the rules of a table that is drawn with `+` and `-`.
    pub(super) fn feed(&mut self, mut line: &[u8]) -> Result<bool, &'static str> {
        if self.open_lines == 0 {
            // Where files were put together, one begins in the middle.
            line = self.undrawn(strip_bom(line));
            if line.trim_ascii().is_empty() {
                return Ok(false);
            }
        }
        if let Some(columns) = &self.objects {
            let cells = json_rows::cells(line, columns)?;
            self.cells = cells.concat().into_bytes();
            let ends = cells.iter().scan(0, |end, cell| {
                *end += cell.len();
                Some(*end)
            });
            self.ends = ends.collect();
            self.ended = self.ends.len();
            return Ok(true);
        }
        self.open_lines += 1;
        if self.open_lines > MAX_ROW_LINES || self.filled > MAX_LINE_BYTES {
            self.clear();
            return Err("a quote is opened and not closed within 100 lines: close it");
        }
        for part in [line, b"\n"] {
            let mut rest = part;
            while !rest.is_empty() {
                let (result, read, written, ended) = self.reader.read_record(
                    rest,
                    self.cells.get_mut(self.filled..).unwrap_or_default(),
                    self.ends.get_mut(self.ended..).unwrap_or_default(),
                );
                rest = rest.get(read..).unwrap_or_default();
                self.filled += written;
                self.ended += ended;
                match result {
                    ReadRecordResult::InputEmpty => break,
                    ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                    ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                    ReadRecordResult::Record if !rest.trim_ascii().is_empty() => {
                        self.clear();
                        return Err("a CR in the line begins another row: save the table with one kind of line end");
                    }
                    ReadRecordResult::Record => return Ok(true),
                    ReadRecordResult::End => return Ok(false),
                }
            }
        }
        Ok(false)
    }

    /// A line of a table that the mysql client has drawn, without its frame.
    fn undrawn<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        if self.delimiter != b'|' {
            return line;
        }
        let bare = line.trim_ascii();
        if bare.starts_with(b"+-") && bare.iter().all(|b| matches!(b, b'+' | b'-')) {
            return &[];
        }
        bare.strip_prefix(b"| ").and_then(|inner| inner.strip_suffix(b"|")).unwrap_or(line)
    }

    /// Begin a new row.
    pub(super) fn clear(&mut self) {
        self.filled = 0;
        self.ended = 0;
        self.open_lines = 0;
        self.reader.reset();
    }
}
