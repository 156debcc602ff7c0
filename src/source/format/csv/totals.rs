//! Rows of totals, which exports put among and below the rows of contacts.

use std::borrow::Cow;

use super::duration::is_unit;
use super::rows::CsvRow;
use super::value::is_blank;
use super::words::{normalized, vocabulary};

/// Whether a cell is a word for totals.
pub(super) fn is_word(cell: &str) -> bool {
    cell.len() <= MAX_WORD_BYTES && vocabulary().totals.words.contains(&normalized(cell))
}

/// Whether the names of queues that were seen are others than words for totals: a queue may be called "Total" where it is
/// the only one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QueueNames {
    has_others: bool,
}

impl QueueNames {
    /// Those of some rows' cells.
    pub(super) fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut names = Self::default();
        cells.for_each(|cell| _ = names.is_total(cell));
        names
    }

    /// Whether a cell stands for all queues. Notes the name, if not.
    pub(super) fn is_total(&mut self, cell: &str) -> bool {
        if is_blank(cell) {
            return false;
        }
        let is_word =
            is_word(cell) || cell.len() <= MAX_WORD_BYTES && vocabulary().totals.queues.contains(&normalized(cell));
        self.has_others |= !is_word;
        is_word && self.has_others
    }
}

/// The longest cell that is looked at for a word, such as `Total (12 calls):`.
const MAX_WORD_BYTES: usize = 40;

/// Whether a cell begins with a word for totals.
fn begins_with_word(cell: &str) -> bool {
    let plain = if cell.len() <= MAX_WORD_BYTES { normalized(cell) } else { String::new() };
    let is_followed = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    vocabulary().totals.words.iter().any(|word| plain.strip_prefix(word.as_str()).is_some_and(is_followed))
}

/// Whether the first cell that says anything is a word for totals.
pub(super) fn begin(row: &[String]) -> bool {
    row.iter().find(|cell| !is_blank(cell)).is_some_and(|cell| is_word(cell))
}

/// Whether a row that could not be read has totals: it has a word for them in place of the time, a part of it or the id, or it has
/// neither a time nor an id, and a word says so there, in the first cell or alone in another. Without such a word it is a contact that lacks its time.
/// `named` are the columns of the time and the id.
pub(super) fn are_in(row: CsvRow<'_>, named: &[usize]) -> bool {
    let named: Vec<Cow<'_, str>> = named.iter().map(|index| row.text(*index)).collect();
    let mut filled = (0..row.len()).map(|index| row.text(index)).filter(|cell| !is_blank(cell));
    // `Total` in place of the time of the day, beside a date.
    if named.iter().any(|cell| is_word(cell)) {
        return true;
    }
    named.iter().all(|cell| is_blank(cell) || begins_with_word(cell))
        && (named.iter().any(|cell| begins_with_word(cell))
            || filled.next().is_some_and(|cell| begins_with_word(&cell))
            || filled.any(|cell| is_word(&cell)))
}

/// Whether a row has the units of columns below their names: no cell has a digit, and some are units.
pub(super) fn are_units(cells: impl Iterator<Item = impl AsRef<str>> + Clone) -> bool {
    let has_digit = |cell: &str| cell.contains(|c: char| c.is_ascii_digit());
    cells.clone().any(|cell| is_unit(cell.as_ref())) && !cells.into_iter().any(|cell| has_digit(cell.as_ref()))
}

/// What is said of rows that were left out because they have totals; nothing if there was none.
pub(super) fn remark(rows: u64) -> Option<String> {
    (rows > 0).then(|| format!("{rows} {} left out", if rows == 1 { "row of totals is" } else { "rows of totals are" }))
}
