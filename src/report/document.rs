//! A document of tables, as Markdown or as one HTML page.

use super::chart::Chart;
use crate::language::text;

/// The most rows of a table: as many as anybody reads.
pub(super) const MAX_TABLE_ROWS: usize = 50;

/// A document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document {
    /// Its title.
    pub(super) title: String,
    /// What it is about, in one line.
    pub(super) about: String,
    /// Its parts, in order.
    pub(super) sections: Vec<DocumentSection>,
}

/// A part of a document: a table, or a sentence in place of an empty one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DocumentSection {
    /// The heading.
    pub(super) title: &'static str,
    /// What is said where there are no rows.
    pub(super) empty: &'static str,
    /// The headings of the columns.
    pub(super) heads: Vec<&'static str>,
    /// The rows; each has a cell for every column.
    pub(super) rows: Vec<Vec<String>>,
    /// The drawing in a further cell of each row, under the last heading; empty where the rows have none.
    pub(super) charts: Vec<Chart>,
    /// What is to be said below the rows, such as how many are left out; may be empty.
    pub(super) note: String,
}

impl DocumentSection {
    /// A part with at most [`MAX_TABLE_ROWS`] rows, which says how many more there are.
    pub(super) fn new(
        title: &'static str,
        empty: &'static str,
        heads: Vec<&'static str>,
        rows: impl Iterator<Item = Vec<String>>,
    ) -> Self {
        let mut rows: Vec<Vec<String>> = rows.collect();
        let left_out = rows.len().saturating_sub(MAX_TABLE_ROWS);
        rows.truncate(MAX_TABLE_ROWS);
        let note = if left_out == 0 { String::new() } else { text!("handover-left-out", count = left_out) };
        Self { title, empty, heads, rows, charts: Vec::new(), note }
    }

    /// Say one thing more below the rows.
    pub(super) fn add_note(&mut self, words: &str) {
        if !self.note.is_empty() {
            self.note.push(' ');
        }
        self.note.push_str(words);
    }
}
