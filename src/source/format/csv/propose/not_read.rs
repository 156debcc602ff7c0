//! The columns of a table that no figure uses although they look as if one could.

use super::Proposer;
use super::profile::ColumnProfile;
use crate::clock::Span;
use crate::source::format::csv::columns::{Columns, CsvColumn, CsvField};
use crate::source::format::csv::naming::{Naming, says_time};
use crate::source::format::csv::{duration, totals};

/// How many columns are named.
const MAX_NAMED: usize = 12;
/// Of fewer rows with talk time, or without, nothing is concluded.
const MIN_ROWS: usize = 3;

/// Names the columns of figures in a table of sums that a mapping does not name.
pub(in crate::source::format::csv) fn figures_not_read(
    columns: &Columns,
    first: &[String],
    rows: &[&[String]],
    delimiter: u8,
) -> Option<String> {
    not_read_of(unnamed(columns, &Proposer::of(first, rows, true, delimiter)))
}

/// Names the columns of lengths in a table of contacts that a mapping does not name. What answered contacts have and others do not may
/// be a part of their handling time.
pub(in crate::source::format::csv) fn lengths_not_read(
    columns: &Columns,
    first: &[String],
    rows: &[&[String]],
    delimiter: u8,
) -> Option<String> {
    let proposer = Proposer::of(first, rows, true, delimiter);
    let talk = match &columns.talk_s {
        Some(CsvField::Column(CsvColumn::Name(name))) => Some(name),
        Some(CsvField::Duration(duration)) => match &duration.column {
            CsvColumn::Name(name) => Some(name),
            CsvColumn::Number(_) => None,
        },
        _ => None,
    };
    let talk = talk.and_then(|talk| proposer.profiles.iter().find(|column| column.name == talk.trim()));
    let is_positive = |column: &ColumnProfile<'_>, row: &[String]| {
        let length = row.get(column.index).and_then(|cell| duration::span(cell, column.notation()).ok()?);
        length.is_some_and(|length| length > Span::ZERO)
    };
    // These are no hold and no work, but sums of what is read, or a part of the wait.
    let is_known = |column: &ColumnProfile<'_>| {
        let is_sum = |key| column.likeness(Proposer::words(key)).is_some_and(|(naming, _)| naming < Naming::Guess);
        column.is_ringing() || is_sum("handle_s") || is_sum("whole_s")
    };
    let is_of_answers = |column: &ColumnProfile<'_>| {
        let Some(talk) = talk.filter(|_| !is_known(column)) else { return false };
        let (mut with, mut without, mut filled) = (0, 0, 0);
        for row in rows.iter().filter(|row| !totals::begin(row)) {
            let has_talk = is_positive(talk, row);
            if !has_talk && is_positive(column, row) {
                return false;
            }
            with += usize::from(has_talk);
            without += usize::from(!has_talk);
            filled += usize::from(has_talk && is_positive(column, row));
        }
        without >= MIN_ROWS && filled >= MIN_ROWS && filled * 4 >= with
    };
    let is_written = |column: &ColumnProfile<'_>| column.mostly(|cell| cell.contains(':'));
    let lengths = unnamed(columns, &proposer).filter(|column| column.is_duration());
    let found: Vec<(&str, bool)> = lengths
        .map(|column| (column, is_of_answers(column)))
        .filter(|(column, is_of_answers)| *is_of_answers || says_time(&column.plain) || is_written(column))
        .map(|(column, is_of_answers)| (column.name, is_of_answers))
        .collect();
    let names = named(found.iter().map(|(name, _)| *name).collect())?;
    let of_answers = named(found.iter().filter(|(_, is_of_answers)| *is_of_answers).map(|(name, _)| *name).collect());
    let remedy = of_answers.map(|names| {
        format!("; answered contacts alone have {names}: what is hold or after-contact work, the handling time lacks until hold_s or acw_s names it")
    });
    Some(format!("lengths that no figure uses: {names}{}", remedy.unwrap_or_default()))
}

/// The columns that a mapping does not name.
fn unnamed<'b, 'a>(columns: &'b Columns, proposer: &'b Proposer<'a>) -> impl Iterator<Item = &'b ColumnProfile<'a>> {
    let is_named = |name: &str| columns.names().any(|named| named.trim().eq_ignore_ascii_case(name));
    proposer.profiles.iter().filter(move |column| !is_named(column.name))
}

/// Names those of the columns that hold figures.
pub(super) fn not_read_of<'b, 'a: 'b>(unread: impl Iterator<Item = &'b ColumnProfile<'a>>) -> Option<String> {
    let names = unread.filter(|column| column.is_figure()).map(|column| column.name).collect();
    Some(format!("columns that are not read: {}", named(names)?))
}

/// The first of the names, and how many more there are; `None` of none.
fn named(mut names: Vec<&str>) -> Option<String> {
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| names.join(", ") + &more)
}
