//! Lists of rows and columns: what tables draw, keys walk, `s` sorts, `/` filters and `e` exports.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::kpi::{Figure, KpiId, Verdict};
use crate::text::Label;
use crate::ui::glyphs;
use crate::ui::theme::Tone;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Its name in exports.
    pub key: &'static str,
    /// The columns of the terminal it needs.
    pub width: u16,
    /// The columns more that it can make use of.
    pub grow: u16,
    /// The higher, the sooner it goes where room is short; 0 stays.
    pub rank: u8,
    /// Whether it is set from the left: text, not numbers.
    pub left: bool,
    /// The KPI it shows, for `?`.
    pub kpi: Option<KpiId>,
}

impl Column {
    /// A column of text.
    #[must_use]
    pub const fn text(title: &'static str, key: &'static str, width: u16, grow: u16, rank: u8) -> Self {
        Self { title, key, width, grow, rank, left: true, kpi: None }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(title: &'static str, key: &'static str, width: u16, rank: u8) -> Self {
        Self { title, key, width, grow: 0, rank, left: false, kpi: None }
    }

    /// A column of a KPI's figures.
    #[must_use]
    pub const fn kpi(title: &'static str, key: &'static str, kpi: KpiId, width: u16, rank: u8) -> Self {
        Self { title, key, width, grow: 0, rank, left: false, kpi: Some(kpi) }
    }
}

/// What a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The text.
    pub text: Cow<'static, str>,
    /// What it is.
    pub tone: Tone,
}

impl Cell {
    /// A cell.
    pub fn new(text: impl Into<Cow<'static, str>>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }

    /// A cell of plain text.
    #[must_use]
    pub fn label(text: &Label) -> Self {
        Self::new(text.as_str().to_owned(), Tone::Text)
    }

    /// Nothing to show.
    #[must_use]
    pub fn none() -> Self {
        Self::new("–", Tone::Faint)
    }

    /// A figure, with its verdict's sign before it where it isn't well.
    #[must_use]
    pub fn figure(kpi: KpiId, figure: Option<&Figure>) -> Self {
        let Some(figure) = figure else { return Self::none() };
        if !figure.is_known() {
            return Self::none();
        }
        let text = kpi.def().show(figure);
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
pub enum Key<'a> {
    /// Not known: last, whichever way.
    Missing,
    /// A number.
    Number(f64),
    /// Text.
    Text(&'a str),
}

impl<'a> Key<'a> {
    /// The value of a figure.
    #[must_use]
    pub fn figure(figure: Option<&Figure>) -> Self {
        figure.and_then(|f| f.value).map_or(Key::Missing, Key::Number)
    }

    /// Text, missing where it is empty.
    #[must_use]
    pub fn label(label: &'a Label) -> Self {
        if label.is_empty() { Key::Missing } else { Key::Text(label.as_str()) }
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let turned = |order: Ordering| if descending { order.reverse() } else { order };
        match (self, other) {
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Number(a), Self::Number(b)) => turned(a.total_cmp(b)),
            (Self::Text(a), Self::Text(b)) => turned(a.cmp(b)),
            (_, Self::Missing) | (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Missing, _) | (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

/// A list that can be drawn, walked, sorted, filtered and exported. Rows are numbered as they come; nothing is
/// made of a row until it is asked for.
pub trait Grid {
    /// The columns.
    fn columns(&self) -> &'static [Column];
    /// How many rows there are.
    fn len(&self) -> usize;
    /// What tells a row from the others, whatever place it has.
    fn id(&self, row: usize) -> Label;
    /// Whether a row holds a word (in lower case).
    fn holds(&self, row: usize, word: &str) -> bool;
    /// What a row is sorted by on a column.
    fn key(&self, row: usize, column: usize) -> Key<'_>;
    /// How bad a row is: the worst come first where no column is chosen.
    fn badness(&self, row: usize) -> f64;
    /// What a cell shows in so many columns.
    fn cell(&self, row: usize, column: usize, width: u16) -> Cell;
    /// Whether what a row shows stands still, because its sources are silent.
    fn stands_still(&self, _row: usize) -> bool {
        false
    }
    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The rows to show, in order.
#[must_use]
pub fn order(grid: &dyn Grid, sort: Option<(usize, bool)>, filter: &str) -> Vec<u32> {
    let word = filter.to_lowercase();
    let mut rows: Vec<u32> = (0..u32::try_from(grid.len()).unwrap_or(u32::MAX)).collect();
    if !word.is_empty() {
        rows.retain(|row| grid.holds(*row as usize, &word));
    }
    if let Some((column, descending)) = sort {
        let mut keyed: Vec<(Key<'_>, u32)> = rows.iter().map(|r| (grid.key(*r as usize, column), *r)).collect();
        keyed.sort_by(|a, b| a.0.compare(&b.0, descending));
        keyed.into_iter().map(|(_, row)| row).collect()
    } else {
        let mut keyed: Vec<(f64, u32)> = rows.iter().map(|r| (grid.badness(*r as usize), *r)).collect();
        keyed.sort_by(|a, b| b.0.total_cmp(&a.0));
        keyed.into_iter().map(|(_, row)| row).collect()
    }
}

/// Whether a name holds a word in lower case.
#[must_use]
pub fn holds(name: &Label, word: &str) -> bool {
    name.as_str().to_lowercase().contains(word)
}

/// What a verdict adds to badness.
#[must_use]
pub fn weight(figure: Option<&Figure>) -> f64 {
    match figure.map_or(Verdict::None, |f| f.verdict) {
        Verdict::Critical => 100.0,
        Verdict::Warning => 10.0,
        _ => 0.0,
    }
}
