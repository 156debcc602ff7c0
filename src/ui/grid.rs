//! Tables as data: one list of columns per table defines what is drawn, sorted, filtered and exported.
//!
//! A table has a row type and a slice of [`Column`]s, and a column defines everything about its cells. [`TableModel`]
//! holds the rows and columns; [`Grid`] is a table whose row type is erased, so that one function draws, orders and
//! exports all of them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::kpi::{Figure, KpiId, Verdict};
use crate::language::{self, ShownFigure as _};
use crate::text::Label;
use crate::ui::theme::Tone;
use crate::ui::{format, glyphs};
use unicode_width::UnicodeWidthStr;

/// The properties of a column that do not depend on a row.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The name in exports: `service_level`.
    pub key: &'static str,
    /// The heading: the id of its text in a table of columns, and the text itself on a screen.
    pub title: &'static str,
    /// The width it needs, in terminal columns.
    pub width: u16,
    /// The width of its cells, where that depends on the reader's country: times of day.
    pub least: Option<fn() -> u16>,
    /// The additional width that it can use.
    pub grow: u16,
    /// The column with the highest rank is dropped first when room is short; rank 0 is never dropped.
    pub rank: u8,
    /// Whether cells are aligned to the left, as text is, or to the right, as numbers are.
    pub left: bool,
    /// The KPI that `?` explains on this column.
    pub kpi: Option<KpiId>,
}

impl Head {
    /// The head in the reader's language, at least as wide as its heading and its cells are there.
    fn in_words(mut self) -> Self {
        self.title = language::get(self.title);
        self.width = self.width.max(format::cols(self.title.width())).max(self.least.map_or(0, |least| least()));
        self
    }

    /// By how much `text` is indented in a column that is `width` wide.
    #[must_use]
    pub fn indent(&self, text: &str, width: u16) -> u16 {
        if self.left { 0 } else { width.saturating_sub(format::cols(text.width())) }
    }
}

/// A column of a table with rows of type `R`.
pub struct Column<R> {
    /// Heading and width.
    pub head: Head,
    content: Content<R>,
}

type SortFn<R> = for<'r> fn(&'r R) -> SortKey<'r>;
/// Makes the cell of a row for a width in terminal columns.
type CellFn<R> = fn(&R, u16) -> TableCell;

enum Content<R> {
    /// The row's figure of a KPI.
    Figure(KpiId),
    /// A label of the row.
    Label(Tone, for<'r> fn(&'r R) -> Option<&'r Label>),
    /// Anything else.
    Own(SortFn<R>, CellFn<R>),
}

impl<R> Column<R> {
    const fn new(key: &'static str, title: &'static str, width: u16, content: Content<R>) -> Self {
        Self { head: Head { key, title, width, least: None, grow: 0, rank: 0, left: false, kpi: None }, content }
    }

    /// A column of text.
    #[must_use]
    pub const fn text(key: &'static str, title: &'static str, width: u16, sort: SortFn<R>, cell: CellFn<R>) -> Self {
        let mut column = Self::new(key, title, width, Content::Own(sort, cell));
        column.head.left = true;
        column
    }

    /// A column of a label that rows have: a dash where it is missing or empty.
    #[must_use]
    pub const fn label(
        key: &'static str,
        title: &'static str,
        width: u16,
        tone: Tone,
        label: for<'r> fn(&'r R) -> Option<&'r Label>,
    ) -> Self {
        let mut column = Self::new(key, title, width, Content::Label(tone, label));
        column.head.left = true;
        column
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(key: &'static str, title: &'static str, width: u16, sort: SortFn<R>, cell: CellFn<R>) -> Self {
        Self::new(key, title, width, Content::Own(sort, cell))
    }

    /// A column of a KPI's figures: [`TableRow::figure`] finds them.
    #[must_use]
    pub const fn figure(key: &'static str, title: &'static str, width: u16, kpi: KpiId) -> Self {
        Self::new(key, title, width, Content::Figure(kpi)).kpi(kpi)
    }

    /// The same column with another width.
    #[must_use]
    pub const fn width(mut self, width: u16) -> Self {
        self.head.width = width;
        self
    }

    /// The width that its cells have in the reader's country.
    #[must_use]
    pub const fn least(mut self, least: fn() -> u16) -> Self {
        self.head.least = Some(least);
        self
    }

    /// The same column, able to grow by so many terminal columns.
    #[must_use]
    pub const fn grow(mut self, grow: u16) -> Self {
        self.head.grow = grow;
        self
    }

    /// The same column with a rank by which it is dropped.
    #[must_use]
    pub const fn rank(mut self, rank: u8) -> Self {
        self.head.rank = rank;
        self
    }

    /// The same column with a KPI for `?` to explain.
    #[must_use]
    pub const fn kpi(mut self, kpi: KpiId) -> Self {
        self.head.kpi = Some(kpi);
        self
    }
}

/// The headings of columns.
#[must_use]
pub fn heads<R>(columns: &[Column<R>]) -> Vec<Head> {
    columns.iter().map(|column| column.head.in_words()).collect()
}

/// What a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TableCell {
    /// The text.
    pub text: Cow<'static, str>,
    /// How the text is shown.
    pub tone: Tone,
}

impl TableCell {
    /// A cell.
    pub fn new(text: impl Into<Cow<'static, str>>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }

    /// A cell without a value: a dash.
    #[must_use]
    pub const fn none() -> Self {
        Self { text: Cow::Borrowed("–"), tone: Tone::Faint }
    }

    /// A cell whose text may be missing.
    #[must_use]
    pub fn maybe(text: Option<String>, tone: Tone) -> Self {
        text.map_or_else(Self::none, |text| Self::new(text, tone))
    }

    /// A cell with a label; a dash where it is empty or missing.
    #[must_use]
    pub fn label<'l>(label: impl Into<Option<&'l Label>>, tone: Tone) -> Self {
        Self::maybe(label.into().filter(|label| !label.is_empty()).map(ToString::to_string), tone)
    }

    /// A verdict's sign and word; coloured only where something is wrong.
    #[must_use]
    pub fn verdict(verdict: Verdict) -> Self {
        let tone = if verdict >= Verdict::Warning { Tone::of(verdict) } else { Tone::Muted };
        Self::new(glyphs::badge(verdict), tone)
    }

    /// A verdict's sign with the first of `causes` that fits into `width` columns, or else its word.
    #[must_use]
    pub fn cause(verdict: Verdict, causes: impl IntoIterator<Item = String>, width: u16) -> Self {
        let causes = causes.into_iter().filter(|_| verdict >= Verdict::Warning);
        let mut causes = causes.map(|cause| format!("{} {cause}", glyphs::sign(verdict)));
        let fitting = causes.find(|cause| cause.width() <= usize::from(width));
        fitting.map_or_else(|| Self::verdict(verdict), |cause| Self { text: cause.into(), ..Self::verdict(verdict) })
    }

    /// A figure, with the verdict's sign before it where something is wrong.
    #[must_use]
    pub fn figure(kpi: KpiId, figure: Option<&Figure>) -> Self {
        let Some(figure) = figure.filter(|figure| figure.is_known()) else { return Self::none() };
        let text = kpi.def().shown_in_column(figure);
        match figure.verdict {
            Verdict::Warning | Verdict::Critical => {
                Self::new(format!("{}{text}", glyphs::sign(figure.verdict)), Tone::of(figure.verdict))
            }
            Verdict::FewSamples => Self::new(text, Tone::Muted),
            Verdict::Good | Verdict::None => Self::new(text, Tone::Text),
        }
    }
}

/// What a cell is sorted and exported by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SortKey<'a> {
    /// Unknown: sorted last, whichever the direction.
    Missing,
    /// A number.
    Number(f64),
    /// Text.
    Text(&'a str),
}

impl<'a> SortKey<'a> {
    /// A number that may be missing.
    #[must_use]
    pub fn number(value: impl Into<Option<f64>>) -> Self {
        value.into().map_or(Self::Missing, Self::Number)
    }

    /// An integer.
    #[must_use]
    pub const fn integer(value: i64) -> Self {
        Self::Number(format::float(value))
    }

    /// Text that may be missing.
    #[must_use]
    pub fn text(text: impl Into<Option<&'a str>>) -> Self {
        text.into().map_or(Self::Missing, Self::Text)
    }

    /// A label; missing where it is empty.
    #[must_use]
    pub fn label(label: impl Into<Option<&'a Label>>) -> Self {
        let label = label.into().filter(|label| !label.is_empty());
        label.map_or(Self::Missing, |label| Self::Text(label.as_str()))
    }

    /// The place of a number among others, the lowest first; `None` for text.
    fn rank(&self, descending: bool) -> Option<u64> {
        match self {
            Self::Missing => Some(u64::MAX),
            Self::Number(number) => {
                // The order of `f64::total_cmp`. The greatest place is left to what is missing.
                let bits = number.to_bits();
                let rank = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
                Some(if descending { !rank } else { rank }.min(u64::MAX - 1))
            }
            Self::Text(_) => None,
        }
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let directed = |order: Ordering| if descending { order.reverse() } else { order };
        match (self, other) {
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Number(a), Self::Number(b)) => directed(a.total_cmp(b)),
            (Self::Text(a), Self::Text(b)) => directed(a.cmp(b)),
            (_, Self::Missing) | (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Missing, _) | (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

/// A row of a table.
pub trait TableRow {
    /// What identifies the row wherever it moves.
    fn id(&self) -> Label;
    /// Whether the row contains the filter's word, which is in lower case.
    fn contains(&self, word: &str) -> bool;
    /// The order where no column is sorted by: the highest first.
    fn urgency(&self) -> f64;
    /// The row's figure of a KPI.
    fn figure(&self, _kpi: KpiId) -> Option<&Figure> {
        None
    }
    /// The cell of a KPI's column.
    fn figure_cell(&self, kpi: KpiId) -> TableCell {
        TableCell::figure(kpi, self.figure(kpi))
    }
    /// Whether what the row shows is old, because its sources are silent.
    fn is_stale(&self) -> bool {
        false
    }
}

/// The rows and columns of a table. Rows keep the order in which they come; a [`Grid::order`] says how they are shown.
pub struct TableModel<'a, R> {
    /// The columns.
    pub columns: &'a [Column<R>],
    /// The rows.
    pub rows: Vec<R>,
}

/// A table of any row type. Rows and columns are addressed by index; an index out of range is an empty cell.
pub trait Grid {
    /// The headings.
    fn heads(&self) -> Vec<Head>;
    /// The number of rows.
    fn row_count(&self) -> usize;
    /// What identifies a row.
    fn id(&self, row: usize) -> Label;
    /// The same of all rows.
    fn ids(&self) -> Arc<[Label]> {
        (0..self.row_count()).map(|row| self.id(row)).collect()
    }
    /// The indices of the rows that contain `filter`, in order: by a column, descending or not, or else the most urgent
    /// first.
    fn order(&self, sort: Option<(usize, bool)>, filter: &str) -> Vec<u32>;
    /// Pass to `each` what a cell is sorted and exported by.
    fn with_sort_key(&self, row: usize, column: usize, each: &mut dyn FnMut(SortKey<'_>));
    /// What a cell shows in `width` terminal columns.
    fn cell(&self, row: usize, column: usize, width: u16) -> TableCell;
    /// Whether what a row shows is old, because its sources are silent.
    fn is_stale(&self, row: usize) -> bool;
}

/// The rows of a list that is so long that a row is made when it is looked at.
pub trait RowSource {
    /// A row.
    type Row: TableRow;
    /// The number of rows.
    fn row_count(&self) -> usize;
    /// The row at an index.
    fn row(&self, at: usize) -> Option<Self::Row>;
    /// What identifies each row.
    fn ids(&self) -> Arc<[Label]>;
    /// The urgency of each row.
    fn urgencies(&self) -> Vec<f64> {
        let urgency = |at| self.row(at).map_or(f64::NEG_INFINITY, |row| row.urgency());
        (0..self.row_count()).map(urgency).collect()
    }
}

/// A table of such a list.
pub struct LongTable<'a, S: RowSource> {
    /// The columns.
    pub columns: &'a [Column<S::Row>],
    /// The rows.
    pub rows: S,
}

/// The indices of rows by what each is sorted by.
fn sorted<'r>(keyed: impl Iterator<Item = (SortKey<'r>, u32)> + Clone, descending: bool) -> Vec<u32> {
    // Numbers are compared much faster as integers, and where only a few differ a stable sort needs few comparisons.
    let mut are_numbers = true;
    let mut numbers: Vec<(u64, u32)> = Vec::with_capacity(keyed.size_hint().1.unwrap_or(0));
    numbers.extend(keyed.clone().map_while(|(key, at)| {
        let rank = key.rank(descending);
        are_numbers &= rank.is_some();
        Some((rank?, at))
    }));
    if are_numbers {
        numbers.sort_by_key(|(rank, _)| *rank);
        return numbers.into_iter().map(|(_, at)| at).collect();
    }
    let mut keyed: Vec<(SortKey<'_>, u32)> = keyed.collect();
    keyed.sort_by(|a, b| a.0.compare(&b.0, descending));
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// The order of rows: see [`Grid::order`].
fn order<R: TableRow>(rows: &[R], columns: &[Column<R>], sort: Option<(usize, bool)>, filter: &str) -> Vec<u32> {
    let word = filter.to_lowercase();
    let rows = rows.iter().zip(0..).filter(|(row, _)| word.is_empty() || row.contains(&word));
    match sort {
        None => sorted(rows.map(|(row, at)| (SortKey::Number(row.urgency()), at)), true),
        Some((column, descending)) => {
            let column = columns.get(column);
            sorted(
                rows.map(|(row, at)| (column.map_or(SortKey::Missing, |column| column.sort_key(row)), at)),
                descending,
            )
        }
    }
}

impl<R: TableRow> Column<R> {
    fn sort_key<'r>(&self, row: &'r R) -> SortKey<'r> {
        match self.content {
            Content::Figure(kpi) => SortKey::number(row.figure(kpi).and_then(|figure| figure.value)),
            Content::Label(_, label) => SortKey::label(label(row)),
            Content::Own(sort, _) => sort(row),
        }
    }

    fn cell(&self, row: &R, width: u16) -> TableCell {
        match self.content {
            Content::Figure(kpi) => row.figure_cell(kpi),
            Content::Label(tone, label) => TableCell::label(label(row), tone),
            Content::Own(_, cell) => cell(row, width),
        }
    }
}

impl<R: TableRow> Grid for TableModel<'_, R> {
    fn heads(&self) -> Vec<Head> {
        heads(self.columns)
    }

    fn row_count(&self) -> usize {
        self.rows.len()
    }

    fn id(&self, row: usize) -> Label {
        self.rows.get(row).map(TableRow::id).unwrap_or_default()
    }

    fn order(&self, sort: Option<(usize, bool)>, filter: &str) -> Vec<u32> {
        order(&self.rows, self.columns, sort, filter)
    }

    fn with_sort_key(&self, row: usize, column: usize, each: &mut dyn FnMut(SortKey<'_>)) {
        let cell = self.rows.get(row).zip(self.columns.get(column));
        each(cell.map_or(SortKey::Missing, |(row, column)| column.sort_key(row)));
    }

    fn cell(&self, row: usize, column: usize, width: u16) -> TableCell {
        let cell = self.rows.get(row).zip(self.columns.get(column));
        cell.map_or_else(TableCell::none, |(row, column)| column.cell(row, width))
    }

    fn is_stale(&self, row: usize) -> bool {
        self.rows.get(row).is_some_and(TableRow::is_stale)
    }
}

impl<S: RowSource> Grid for LongTable<'_, S> {
    fn heads(&self) -> Vec<Head> {
        heads(self.columns)
    }

    fn row_count(&self) -> usize {
        self.rows.row_count()
    }

    fn id(&self, row: usize) -> Label {
        self.rows.row(row).map(|row| row.id()).unwrap_or_default()
    }

    fn ids(&self) -> Arc<[Label]> {
        self.rows.ids()
    }

    fn order(&self, sort: Option<(usize, bool)>, filter: &str) -> Vec<u32> {
        if sort.is_none() && filter.is_empty() {
            let urgencies = self.rows.urgencies();
            return sorted(urgencies.iter().map(|urgency| SortKey::Number(*urgency)).zip(0..), true);
        }
        let rows: Vec<S::Row> = (0..self.row_count()).filter_map(|at| self.rows.row(at)).collect();
        order(&rows, self.columns, sort, filter)
    }

    fn with_sort_key(&self, row: usize, column: usize, each: &mut dyn FnMut(SortKey<'_>)) {
        match self.rows.row(row).zip(self.columns.get(column)) {
            Some((row, column)) => each(column.sort_key(&row)),
            None => each(SortKey::Missing),
        }
    }

    fn cell(&self, row: usize, column: usize, width: u16) -> TableCell {
        let cell = self.rows.row(row).zip(self.columns.get(column));
        cell.map_or_else(TableCell::none, |(row, column)| column.cell(&row, width))
    }

    fn is_stale(&self, row: usize) -> bool {
        self.rows.row(row).is_some_and(|row| row.is_stale())
    }
}

/// Whether a label contains a word in lower case.
#[must_use]
pub fn contains(label: &impl AsRef<str>, word: &str) -> bool {
    label.as_ref().to_lowercase().contains(word)
}
