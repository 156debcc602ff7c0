//! Rows of totals, which exports put among and below the rows of contacts.

use std::borrow::Cow;

use super::duration::{self, DurationUnit};
use super::rows::CsvRow;
use super::value::is_blank;
use super::words::{normalized, vocabulary};

/// Whether a cell is a word for totals.
pub(super) fn is_word(cell: &str) -> bool {
    cell.len() <= MAX_WORD_BYTES && vocabulary().totals.words.contains(&normalized(cell))
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

/// Whether a row that could not be read has totals: a word says so where the time, the id or the first cell should be, or
/// there are numbers alone, without a time and an id. `named` are the columns of the time and the id.
pub(super) fn are_in(row: CsvRow<'_>, named: &[usize]) -> bool {
    let cells: Vec<Cow<'_, str>> = (0..row.len()).map(|index| row.text(index)).collect();
    let mut filled = cells.iter().filter(|cell| !is_blank(cell));
    let first = filled.clone().next();
    let named = named.iter().map(|index| row.text(*index));
    if first.is_some_and(|cell| begins_with_word(cell)) || named.clone().any(|cell| begins_with_word(&cell)) {
        return true;
    }
    let is_number = |cell: &Cow<'_, str>| {
        matches!(duration::span(cell.trim_end_matches(['%', ' ']), DurationUnit::Seconds), Ok(Some(_)))
    };
    first.is_some() && named.clone().all(|cell| is_blank(&cell)) && filled.all(is_number)
}

/// What is said of rows that were left out because they have totals; nothing if there was none.
pub(super) fn remark(rows: u64) -> Option<String> {
    (rows > 0).then(|| format!("{rows} {} left out", if rows == 1 { "row of totals is" } else { "rows of totals are" }))
}
