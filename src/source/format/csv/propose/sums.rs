//! Proposes the mapping of a table whose rows are sums over an interval.

use std::collections::BTreeMap;

use super::Proposer;
use super::profile::ColumnProfile;
use super::time_format::TimePart;
use crate::source::format::csv::columns::{Columns, CsvFigure, CsvQuotient};
use crate::source::format::csv::words::vocabulary;
use crate::source::format::csv::zone::AssumedZone;

/// The counts by which sums are known.
const COUNTS: [&str; 4] = ["offered", "handled", "answered", "abandoned"];

/// The mapping of a table whose rows are sums: it has columns of counts, such as offered and answered, and no contacts' ids.
pub(in crate::source::format::csv) fn sums<'a>(
    first: &'a [String],
    rows: &'a [&'a [String]],
    zone: AssumedZone,
) -> Option<Columns> {
    let mut proposer = Proposer::of(first, rows, true);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for key in COUNTS {
        let words = vocabulary().figures.get(key)?;
        if let Some(index) = proposer.best(words, ColumnProfile::is_count) {
            proposer.used.push(index);
            counts.insert(key, index);
        }
    }
    let total =
        |key| counts.get(key).and_then(|index: &usize| proposer.profiles.get(*index)).map_or(0.0, ColumnProfile::max);
    // The flags 0 and 1 of a contact have such names too.
    if counts.len() < 2 || ["offered", "handled", "answered"].into_iter().map(total).fold(0.0, f64::max) <= 1.0 {
        return None;
    }
    proposer.time(zone);
    proposer.columns.time.as_ref()?;
    proposer.field("queue", |_| true);
    let mut figures: BTreeMap<String, CsvFigure> = BTreeMap::new();
    for (key, index) in &counts {
        figures.insert((*key).to_owned(), CsvFigure::Column(proposer.name(*index)));
    }
    for (key, words) in &vocabulary().figures {
        if COUNTS.contains(&key.as_str()) {
            continue;
        }
        let Some(index) = proposer.best(words, ColumnProfile::is_figure) else { continue };
        proposer.used.push(index);
        let by = counts.get("handled").or_else(|| counts.get("answered"));
        let column = proposer.name(index);
        let is_mean = ["asa", "service_level", "abandonment_rate"].contains(&key.as_str())
            || proposer.profiles.get(index).is_some_and(ColumnProfile::is_mean);
        let figure = match by {
            Some(by) if !is_mean => CsvFigure::Quotient(CsvQuotient { of: [column, proposer.name(*by)] }),
            _ => CsvFigure::Column(column),
        };
        figures.insert(key.clone(), figure);
    }
    Some(Columns { figures, ..proposer.columns })
}

/// Why the rows of several contacts each are no sums that can be read; `None` if they are no such rows.
pub(super) fn why_no_sums(first: &[String], rows: &[&[String]]) -> Option<String> {
    let proposer = Proposer::of(first, rows, true);
    if proposer.best(Proposer::words("contact"), |_| true).is_some() {
        return None;
    }
    let words = || COUNTS.iter().filter_map(|key| vocabulary().figures.get(*key));
    let is_named =
        |column: &&ColumnProfile<'_>| words().any(|words| column.likeness(words).is_some_and(|(rank, _)| rank == 0));
    let is_above_one = |column: &&ColumnProfile<'_>| column.is_count() && column.max() > 1.0;
    let name = proposer.profiles.iter().filter(is_named).find(is_above_one).map(|column| column.name)?;
    let needed = "sums are read with a time and two of the counts offered, handled, answered and abandoned";
    let of_day = proposer.profiles.iter().find(|column| matches!(column.named_time(), Some((_, TimePart::TimeOfDay))));
    let missing = of_day.map(|column| format!("; {} tells the time of the day, and no column the date", column.name));
    Some(format!("a row is of several contacts, as {name} says, and {needed}{}", missing.unwrap_or_default()))
}
