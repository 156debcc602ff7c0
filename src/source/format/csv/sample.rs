//! The beginning of a table: its delimiter, where its header is, and its first rows.

use encoding_rs::Encoding;

use super::columns::Columns;
use super::rows::RowReader;
use super::{delimiter, json_rows};
use crate::text::strip_bom;

/// How many rows are looked at.
const MAX_ROWS: usize = 200;
/// The most lines that may precede the header.
const MAX_TITLE_LINES: u64 = 50;

/// The first rows of a table.
pub(super) struct TableSample {
    pub(super) delimiter: u8,
    encoding: &'static Encoding,
    /// The columns of rows that are JSON objects.
    objects: Option<Vec<String>>,
    /// The rows, title lines among them, each with the number of lines before it.
    rows: Vec<(u64, Vec<String>)>,
}

impl TableSample {
    pub(super) fn of(head: &[u8], delimiter: Option<u8>, encoding: &'static Encoding) -> Self {
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

    /// The rows that begin after `line` lines and the row there.
    pub(super) fn rows_after(&self, line: u64) -> impl Iterator<Item = &[String]> + Clone {
        self.rows.iter().filter(move |(begun, _)| *begun > line).map(|(_, row)| row.as_slice())
    }

    /// The numbers of the lines in which these rows begin, from 1.
    pub(super) fn numbers_after(&self, line: u64) -> Vec<u64> {
        // Objects are counted from 1, as their columns' names stand before them.
        let first = u64::from(!self.has_objects());
        self.rows.iter().map(|(begun, _)| *begun).filter(|begun| *begun > line).map(|begun| begun + first).collect()
    }

    /// How many cells most rows have; the header may have one fewer than rows that end in a delimiter.
    fn width(&self) -> usize {
        let widths = || self.rows.iter().map(|(_, row)| row.len());
        let often = |width: usize| widths().filter(|other| *other == width).count();
        widths().filter(|width| *width > 1).max_by_key(|width| (often(*width), *width)).unwrap_or(1)
    }
}
