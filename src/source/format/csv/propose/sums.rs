//! Proposes the mapping of a table whose rows are sums over an interval.

use std::collections::BTreeMap;

use super::Proposer;
use super::profile::ColumnProfile;
use super::sum_figures::{Counts, is_partial, is_within, share, time};
use super::time_format::TimePart;
use crate::kpi::{KpiId, Unit};
use crate::source::format::csv::columns::{Columns, CsvFigure};
use crate::source::format::csv::words::vocabulary;
use crate::source::format::csv::zone::AssumedZone;

/// The counts by which sums are known.
const COUNTS: [&str; 4] = ["offered", "handled", "answered", "abandoned"];

/// The mapping of a table whose rows are sums, and what was assumed: it has columns of counts, such as offered and answered, and no
/// contacts' ids.
pub(in crate::source::format::csv) fn sums<'a>(
    first: &'a [String],
    rows: &'a [&'a [String]],
    delimiter: u8,
    zone: AssumedZone,
) -> Option<(Columns, Vec<String>)> {
    let mut proposer = Proposer::of(first, rows, true, delimiter);
    let counts = counts(&mut proposer)?;
    let total = |key| {
        counts.get(key).and_then(|index: &usize| proposer.profiles.get(*index)).map_or(0.0, ColumnProfile::max_count)
    };
    // The flags 0 and 1 of a contact have such names too.
    if counts.len() < 2 || ["offered", "handled", "answered"].into_iter().map(total).fold(0.0, f64::max) <= 1.0 {
        return None;
    }
    proposer.time(zone);
    proposer.columns.time.as_ref()?;
    // Of the time, the tables of contacts say more.
    let mut notes = Vec::new();
    proposer.field("queue", |_| true);
    let mut figures: BTreeMap<String, CsvFigure> = BTreeMap::new();
    for (key, index) in &counts {
        figures.insert((*key).to_owned(), CsvFigure::Column(proposer.name(*index)));
    }
    let mut times = Vec::new();
    for (key, words) in &vocabulary().figures {
        let unit = KpiId::parse(key).map(|kpi| kpi.def().unit);
        if COUNTS.contains(&key.as_str()) {
            continue;
        }
        let fits =
            |column: &ColumnProfile<'_>| column.is_figure() && (unit == Some(Unit::Percent) || !is_partial(column));
        let answered = || vocabulary().figures.get("answered").filter(|_| key == "service_level");
        let within = || proposer.best(answered()?, |column| column.is_count() && is_within(column));
        let Some(index) = proposer.best(words, fits).or_else(within) else { continue };
        proposer.used.push(index);
        if unit == Some(Unit::Seconds) {
            times.push((key.as_str(), index));
            continue;
        }
        match share(&proposer, key, index, &counts) {
            Ok((figure, note)) => {
                figures.insert(key.clone(), figure);
                notes.extend(note);
            }
            Err(why) => notes.push(why),
        }
    }
    for (key, found) in time(&proposer, &times, &counts, &mut notes) {
        figures.insert(key.to_owned(), found);
    }
    Some((Columns { figures, ..proposer.columns }, notes))
}

/// The columns of counts. Of contacts within a time alone, there are others.
fn counts(proposer: &mut Proposer<'_>) -> Option<Counts> {
    let mut counts = Counts::new();
    for key in COUNTS {
        let words = vocabulary().figures.get(key)?;
        if let Some(index) = proposer.best(words, |column| column.is_count() && !is_partial(column)) {
            proposer.used.push(index);
            counts.insert(key, index);
        }
    }
    Some(counts)
}

/// Why the rows of several contacts each are no sums that can be read; `None` if they are no such rows.
pub(super) fn why_no_sums(first: &[String], rows: &[&[String]]) -> Option<String> {
    let proposer = Proposer::of(first, rows, true, b',');
    if proposer.best(Proposer::words("contact"), |_| true).is_some() {
        return None;
    }
    let words = || COUNTS.iter().filter_map(|key| vocabulary().figures.get(*key));
    let is_named =
        |column: &&ColumnProfile<'_>| words().any(|words| column.likeness(words).is_some_and(|(rank, _)| rank == 0));
    let is_above_one = |column: &&ColumnProfile<'_>| column.is_count() && column.max_count() > 1.0;
    let name = proposer.profiles.iter().filter(is_named).find(is_above_one).map(|column| column.name)?;
    let needed = "sums are read with a time and two of the counts offered, handled, answered and abandoned";
    let of_day = proposer.profiles.iter().find(|column| matches!(column.named_time(), Some((_, TimePart::TimeOfDay))));
    let missing = of_day.map(|column| format!("; {} tells the time of the day, and no column the date", column.name));
    Some(format!("a row is of several contacts, as {name} says, and {needed}{}", missing.unwrap_or_default()))
}
