//! A document of tables, as Markdown or as one HTML page.

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// Its title.
    pub(super) title: String,
    /// What it is about, in one line.
    pub(super) about: String,
    /// Its parts, in order.
    pub(super) sections: Vec<DocumentSection>,
}

/// A part of a document: a table, or a sentence in place of an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DocumentSection {
    /// The heading.
    pub(super) title: &'static str,
    /// What is said where there are no rows.
    pub(super) empty: &'static str,
    /// The headings of the columns.
    pub(super) heads: Vec<&'static str>,
    /// The rows; each has a cell for every column.
    pub(super) rows: Vec<Vec<String>>,
    /// What is to be said below the rows, such as how many are left out; may be empty.
    pub(super) note: String,
}
