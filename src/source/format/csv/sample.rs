//! A table's delimiter, where its header is, and its rows: the first ones, or of a whole table as many as memory allows.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::columns::Columns;
use super::encoding::TextEncoding;
use super::naming::names_columns;
use super::rows::RowReader;
use super::{delimiter, json_rows};
use crate::source::format::lines::{LineReader, PartialLine, RawLine};
use crate::text::strip_bom;

/// How many rows of the beginning are looked at.
const MAX_ROWS: usize = 200;
/// The most cells that are kept of a whole table.
const MAX_CELLS: usize = 1_000_000;
/// Of a larger table, so many rows together are kept or left out: those of a contact stand together.
const BLOCK_ROWS: u64 = 500;
/// A column with more words is one of names or numbers.
const MAX_WORDS: usize = 200;
/// How many rows of each word are kept in any case.
const MAX_WORD_ROWS: u32 = 5;
/// The most lines that may precede the header.
const MAX_TITLE_LINES: u64 = 50;

/// The first rows of a table.
pub(super) struct TableSample {
    pub(super) delimiter: u8,
    encoding: TextEncoding,
    /// The columns of rows that are JSON objects.
    objects: Option<Vec<String>>,
    /// The rows, title lines among them, each with the number of lines before it.
    rows: Vec<(u64, Vec<String>)>,
}

impl TableSample {
    pub(super) fn of(head: &[u8], delimiter: Option<u8>, encoding: TextEncoding) -> Self {
        let delimiter = delimiter.unwrap_or_else(|| delimiter::find(head));
        let lines = || (0..).zip(strip_bom(head).split(|&b| b == b'\n'));
        if json_rows::begins(strip_bom(head)) {
            let mut columns = Vec::new();
            lines().take(MAX_ROWS).for_each(|(_, line)| json_rows::add_columns(line, &mut columns));
            let of_line = |(line, text): (u64, &[u8])| Some((line + 1, json_rows::cells(text, &columns).ok()?));
            let rows = lines().take(MAX_ROWS).filter_map(of_line);
            let rows = std::iter::once((0, columns.clone())).chain(rows).collect();
            return Self { delimiter, encoding, objects: Some(columns), rows };
        }
        let mut reader = RowReader::new(delimiter, encoding);
        let (mut rows, mut begun) = (Vec::new(), 0);
        for (line, text) in lines() {
            if reader.is_between_rows() {
                begun = line;
            }
            // A quote that is not closed loses the lines up to here.
            if matches!(reader.feed(text.strip_suffix(b"\r").unwrap_or(text)), Ok(true)) {
                rows.push((begun, reader.row().texts()));
                reader.clear();
            }
            if rows.len() == MAX_ROWS {
                break;
            }
        }
        Self { delimiter, encoding, objects: None, rows }
    }

    /// Take the rows of the whole table, of which no line has been read, in place of the first ones: of a large one, blocks of rows spread
    /// evenly, and the first rows of every word, so that what is seldom and late is seen as well.
    pub(super) fn widen(&mut self, lines: &mut LineReader) {
        let mut reader = self.reader(None);
        let mut kept = SpreadRows::default();
        let mut begun = 0;
        loop {
            let before = lines.number();
            let text = match lines.next(PartialLine::Emit) {
                Ok(Some(RawLine::Text(text))) => text,
                Ok(Some(RawLine::TooLong)) => continue,
                Ok(None) | Err(_) => break,
            };
            if reader.is_between_rows() {
                begun = before;
            }
            if matches!(reader.feed(text), Ok(true)) {
                // The names of objects' columns stand before the first line.
                kept.add(begun + u64::from(self.has_objects()), reader.row().texts());
                reader.clear();
            }
        }
        let header = self.objects.iter().map(|columns| (0, columns.clone()));
        self.rows = header.chain(kept.rows.into_iter().map(|row| (row.begun, row.cells))).collect();
    }

    /// Whether its rows are JSON objects.
    pub(super) const fn has_objects(&self) -> bool {
        self.objects.is_some()
    }

    /// A reader of its rows. Objects may lack a value that `configured` names.
    pub(super) fn reader(&self, configured: Option<&Columns>) -> RowReader {
        let Some(mut columns) = self.objects.clone() else { return RowReader::new(self.delimiter, self.encoding) };
        let named = configured.into_iter().flat_map(Columns::names);
        let missing: Vec<String> = named.filter(|name| !columns.iter().any(|c| c == name)).map(str::to_owned).collect();
        columns.extend(missing);
        RowReader::of_objects(columns)
    }

    /// The header, or the first row of a table without one, with the number of lines before it: the row that
    /// `configured` prefers most (it counts the columns that a row has), or else the first with as many cells as most
    /// rows have. `skip` lines are no part of the table.
    pub(super) fn first_row(
        &self,
        skip: Option<u64>,
        configured: impl Fn(&[String]) -> usize,
    ) -> Option<(u64, &[String])> {
        let mut rows = self.rows.iter().filter(|(line, _)| *line >= skip.unwrap_or(0));
        let found = if skip.is_some() {
            rows.next()
        } else {
            let width = self.width();
            let mut best = None;
            for row in rows.take_while(|(line, _)| *line <= MAX_TITLE_LINES) {
                let likeness = (configured(&row.1), row.1.len() >= width);
                if best.is_none_or(|(_, best): (_, (usize, bool))| likeness > best) {
                    best = Some((row, likeness));
                }
            }
            best.map(|(row, _)| row)
        };
        found.map(|(line, row)| (*line, row.as_slice()))
    }

    /// The rows of the table that begin after `line` lines and the row there, up to where another one begins.
    fn after(&self, line: u64) -> impl Iterator<Item = &(u64, Vec<String>)> + Clone {
        let mut header = self.rows.iter().filter(move |(begun, _)| *begun == line).map(|(_, row)| row);
        let header = header.next();
        let is_other = move |row: &Vec<String>| header != Some(row) && names_columns(row);
        self.rows.iter().filter(move |(begun, _)| *begun > line).take_while(move |(_, row)| !is_other(row))
    }

    /// These rows.
    pub(super) fn rows_after(&self, line: u64) -> impl Iterator<Item = &[String]> + Clone {
        self.after(line).map(|(_, row)| row.as_slice())
    }

    /// The numbers of the lines in which these rows begin, from 1.
    pub(super) fn numbers_after(&self, line: u64) -> Vec<u64> {
        // Objects are counted from 1, as their columns' names stand before them.
        let first = u64::from(!self.has_objects());
        self.after(line).map(|(begun, _)| begun + first).collect()
    }

    /// How many cells most rows have; the header may have one fewer than rows that end in a delimiter.
    fn width(&self) -> usize {
        let mut often: FxHashMap<usize, usize> = FxHashMap::default();
        for (_, row) in self.rows.iter().filter(|(_, row)| row.len() > 1) {
            *often.entry(row.len()).or_default() += 1;
        }
        often.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(1, |(width, _)| width)
    }
}

/// Rows of a table of any length, spread over it, within [`MAX_CELLS`].
#[derive(Debug)]
struct SpreadRows {
    rows: Vec<SpreadRow>,
    cells: usize,
    seen: u64,
    /// Of so many blocks, one is kept.
    stride: u64,
    /// How many rows each word of a column has, by its hash; empty for a column of names or numbers.
    words: Vec<Option<FxHashMap<u64, u32>>>,
}

#[derive(Debug)]
struct SpreadRow {
    begun: u64,
    block: u64,
    /// It is one of the first rows of a word.
    is_first: bool,
    cells: Vec<String>,
}

impl Default for SpreadRows {
    fn default() -> Self {
        Self { rows: Vec::new(), cells: 0, seen: 0, stride: 1, words: Vec::new() }
    }
}

impl SpreadRows {
    fn add(&mut self, begun: u64, cells: Vec<String>) {
        let block = self.seen / BLOCK_ROWS;
        self.seen += 1;
        let is_first = self.has_new_word(&cells);
        if !is_first && !block.is_multiple_of(self.stride) {
            return;
        }
        self.cells += cells.len();
        self.rows.push(SpreadRow { begun, block, is_first, cells });
        while self.cells > MAX_CELLS && self.stride <= block {
            self.stride *= 2;
            let stride = self.stride;
            self.rows.retain(|row| row.is_first || row.block.is_multiple_of(stride));
            self.cells = self.rows.iter().map(|row| row.cells.len()).sum();
        }
    }

    /// Whether a row is one of the first with a word of one of its columns.
    fn has_new_word(&mut self, cells: &[String]) -> bool {
        if self.words.len() < cells.len() {
            self.words.resize_with(cells.len(), || Some(FxHashMap::default()));
        }
        let mut is_new = false;
        for (cell, column) in cells.iter().zip(&mut self.words) {
            let Some(words) = column else { continue };
            let rows = words.entry(FxBuildHasher.hash_one(cell.as_str())).or_default();
            *rows = rows.saturating_add(1);
            is_new |= *rows <= MAX_WORD_ROWS;
            if words.len() > MAX_WORDS {
                *column = None;
            }
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_large_table_rows_are_kept_all_over_it_and_every_word_s() {
        let mut table = String::from("id,status,a,b,c,d,e,f\n");
        for row in 0..300_000 {
            let status = if row == 299_990 { "Late" } else { "Usual" };
            table.extend([&row.to_string(), ",", status, ",,,,,,\n"]);
        }
        let mut lines = LineReader::new(Box::new(std::io::Cursor::new(table.into_bytes())));
        let mut sample = TableSample::of(lines.peek().unwrap(), None, super::super::encoding::USUAL);
        sample.widen(&mut lines);
        let cells: usize = sample.rows.iter().map(|(_, row)| row.len()).sum();
        assert!((MAX_CELLS / 4..=MAX_CELLS).contains(&cells), "{cells}");
        assert!(sample.rows.iter().any(|(line, row)| *line == 299_991 && row[1] == "Late"));
        let gap = sample.rows.windows(2).map(|pair| pair[1].0 - pair[0].0).max();
        assert!(gap <= Some(4 * BLOCK_ROWS), "{gap:?}");
    }
}
