//! What the columns of a table of sums mean: sums or means, in which unit, shares or counts. A reading is taken where the other
//! columns bear it out; where several are as good, the figure is left out and said.

use std::collections::BTreeMap;

use super::Proposer;
use super::profile::ColumnProfile;
use crate::source::format::csv::columns::{CsvFigure, CsvMeasured, CsvQuotient, FigureUnit, ShareUnit};
use crate::source::format::csv::doubts::MAX_USUAL;
use crate::source::format::csv::duration::{self, DurationUnit};
use crate::source::format::csv::sums::MAX_PERCENT;
use crate::source::format::csv::words::vocabulary;

/// The columns of counts that a table of sums has, by the ids of KPIs.
pub(super) type Counts = BTreeMap<&'static str, usize>;

/// Of fewer rows, their spread says nothing.
const MIN_ROWS: usize = 4;
/// A mean varies by so much less than a sum does.
const STEADIER: f64 = 1.5;

/// Whether a column counts only the contacts within a time or after it.
pub(super) fn is_partial(column: &ColumnProfile<'_>) -> bool {
    column.name.contains(['<', '>', '≤', '≥']) || is_within(column)
}

/// Whether a column is named as what lay within the service level.
pub(super) fn is_within(column: &ColumnProfile<'_>) -> bool {
    let name = format!(" {} ", column.plain);
    column.name.contains(['<', '≤'])
        || vocabulary().shares.within.iter().any(|word| name.contains(&format!(" {word} ")))
}

/// Whether a column is named as a share.
fn is_share(column: &ColumnProfile<'_>) -> bool {
    column.plain.split(' ').any(|word| vocabulary().shares.words.iter().any(|share| share == word))
}

fn is_sum(column: &ColumnProfile<'_>) -> bool {
    column.plain.split(' ').any(|word| vocabulary().shares.sums.iter().any(|sum| sum == word))
}

/// The share in a column, and what was assumed.
///
/// # Errors
/// Why it is left out, and what would have it read.
pub(super) fn share(
    proposer: &Proposer<'_>,
    key: &str,
    index: usize,
    counts: &Counts,
) -> Result<(CsvFigure, Option<String>), String> {
    let Some(column) = proposer.profiles.get(index) else { return Err(String::new()) };
    let (as_written, name) = (CsvFigure::Column(proposer.name(index)), column.name);
    if column.cells.iter().any(|cell| cell.contains('%')) {
        return Ok((as_written, None));
    }
    let in_unit =
        |unit| CsvFigure::Measured(CsvMeasured { column: proposer.name(index), unit: FigureUnit::Share(unit) });
    let values: Vec<f64> = column.cells.iter().filter_map(|cell| duration::number(cell)).collect();
    if key == "abandonment_rate"
        && let Some(rates) = quotients(proposer, counts.get("abandoned"), counts.get("offered"))
    {
        let off = |factor: f64| {
            values.iter().zip(&rates).map(|(value, rate)| (value * factor - 100.0 * rate).abs()).sum::<f64>()
        };
        return Ok((if off(100.0) < off(1.0) { in_unit(ShareUnit::Fraction) } else { as_written }, None));
    }
    let written = |text: &str| format!("{key} is left out: {text}: write `{key} = ");
    let whole = counts.get("offered").or_else(|| counts.get("answered")).or_else(|| counts.get("handled"));
    let of = counts.get("answered").or_else(|| counts.get("handled")).or_else(|| counts.get("offered"));
    let portions = quotients(proposer, Some(&index), of).filter(|of| of.iter().all(|share| *share <= 1.0));
    let are_whole = values.iter().all(|value| value.fract() == 0.0);
    let as_count = whole.map(|whole| {
        let of = [proposer.name(index), proposer.name(*whole)];
        CsvFigure::Quotient(CsvQuotient { of, unit: None })
    });
    let quotient = |of: Option<&usize>| {
        let whole = of.and_then(|of| proposer.profiles.get(*of)).map_or("", |column| column.name);
        format!("{{ of = [{name:?}, {whole:?}] }}")
    };
    let above_one = values.iter().any(|value| *value > 1.0);
    if !above_one && values.iter().any(|value| *value > 0.0 && *value < 1.0) {
        return Ok((in_unit(ShareUnit::Fraction), None));
    }
    if !above_one && values.iter().any(|value| *value > 0.0) {
        let text = format!("no row proves whether 1 in {name} is all contacts, one of them, or 1 %");
        return Err(format!(
            "{}{{ column = {name:?}, unit = \"fraction\" }}` into figures if it is all",
            written(&text)
        ));
    }
    match (portions, as_count) {
        (Some(_), Some(figure)) if are_whole && is_within(column) && !is_share(column) => {
            let both = whole != of;
            let note = both.then(|| {
                format!(
                    "{key}: {name} counts contacts, of those offered; `{key} = {}` is of those answered",
                    quotient(of)
                )
            });
            Ok((figure, note))
        }
        (Some(portions), Some(_)) if are_whole && !column.plain.split(' ').any(|word| word == "percent") => {
            let is_constant =
                values.len() > 1 && values.windows(2).all(|pair| matches!(pair, [a, b] if a.total_cmp(b).is_eq()));
            let is_likely_count =
                !is_constant && mean(&portions) > 0.5 && is_steadier(&portions, &values) != Some(false);
            if !is_likely_count {
                return Ok((as_written, None));
            }
            let text = format!("no row proves whether {name} is a share in percent or counts contacts");
            Err(format!(
                "{}{name:?}` into figures if it is in percent, `{key} = {}` if it counts",
                written(&text),
                quotient(whole)
            ))
        }
        _ if values.iter().any(|value| *value > MAX_PERCENT) => {
            let text = format!("{name} has values above 100, and is no count of contacts that were answered");
            Err(format!("{}{}` into figures if it counts", written(&text), quotient(whole)))
        }
        _ => Ok((as_written, None)),
    }
}

/// One column divided by another in the rows in which both are above 0; `None` if there is none.
fn quotients(proposer: &Proposer<'_>, of: Option<&usize>, by: Option<&usize>) -> Option<Vec<f64>> {
    let (of, by) = (*of?, *by?);
    let count = |row: &[String], index: usize| {
        row.get(index).and_then(|cell| duration::whole_number(cell).or_else(|| duration::number(cell)))
    };
    let rows = proposer.rows.iter().filter_map(|row| count(row, of).zip(count(row, by)));
    let found: Vec<f64> = rows.filter(|(_, by)| *by > 0.0).map(|(of, by)| of / by).collect();
    (!found.is_empty()).then_some(found)
}

fn mean(values: &[f64]) -> f64 {
    let count: f64 = values.iter().map(|_| 1.0).sum();
    values.iter().sum::<f64>() / count
}

/// Whether the first values vary less than the others do; `None` if neither do clearly.
fn is_steadier(first: &[f64], others: &[f64]) -> Option<bool> {
    let spread = |values: &[f64]| {
        let middle = mean(values);
        let squares: Vec<f64> = values.iter().map(|value| (value - middle).powi(2)).collect();
        mean(&squares).sqrt() / middle
    };
    if first.len() < MIN_ROWS || others.len() < MIN_ROWS {
        return None;
    }
    let (first, others) = (spread(first), spread(others));
    if first * STEADIER < others {
        Some(true)
    } else if others * STEADIER < first {
        Some(false)
    } else {
        None
    }
}

/// How a column of times is read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct TimeReading {
    /// `None` where the name or the cells tell it.
    unit: Option<DurationUnit>,
    /// A sum over contacts, and no mean.
    is_sum: bool,
}

/// A column of times, and the readings in which most of its means are believable, the likeliest first.
struct TimeColumn<'a> {
    key: &'a str,
    index: usize,
    readings: Vec<TimeReading>,
}

/// The figures of columns of times. What was assumed and what is left out is noted.
pub(super) fn time<'a>(
    proposer: &Proposer<'_>,
    columns: &[(&'a str, usize)],
    counts: &Counts,
    notes: &mut Vec<String>,
) -> Vec<(&'a str, CsvFigure)> {
    let by = counts.get("handled").or_else(|| counts.get("answered"));
    let columns: Vec<TimeColumn<'_>> = columns
        .iter()
        .map(|&(key, index)| TimeColumn { key, index, readings: readings(proposer, key, index, by) })
        .collect();
    let in_unit = |column: &TimeColumn<'_>, unit| column.readings.iter().any(|reading| reading.unit == unit);
    let milliseconds = Some(DurationUnit::Milliseconds);
    // What can be nothing but milliseconds has others like it beside.
    let are_milliseconds = columns.iter().any(|column| {
        in_unit(column, milliseconds) && column.readings.iter().all(|reading| reading.unit == milliseconds)
    });
    let mut figures = Vec::new();
    let mut in_milliseconds = Vec::new();
    for column in &columns {
        let preferred = column.readings.iter().find(|reading| are_milliseconds && reading.unit == milliseconds);
        let Some(reading) = preferred.or_else(|| column.readings.first()).copied() else {
            notes.push(left_out(proposer, column, by));
            continue;
        };
        if reading.unit == milliseconds {
            in_milliseconds.push(column.key);
        }
        notes.extend(sum_or_mean(proposer, column, reading, by));
        figures.push((column.key, reading.figure(proposer, column.index, by)));
    }
    if !in_milliseconds.is_empty() {
        notes.push(format!(
            "{}: taken for milliseconds, as most would be unbelievably long in seconds",
            in_milliseconds.join(", ")
        ));
    }
    figures
}

impl TimeReading {
    fn figure(self, proposer: &Proposer<'_>, index: usize, by: Option<&usize>) -> CsvFigure {
        let unit = self.unit.filter(|unit| *unit != DurationUnit::Seconds).map(FigureUnit::Duration);
        let column = proposer.name(index);
        match (by, unit) {
            (Some(by), unit) if self.is_sum => {
                CsvFigure::Quotient(CsvQuotient { of: [column, proposer.name(*by)], unit })
            }
            (_, Some(unit)) => CsvFigure::Measured(CsvMeasured { column, unit }),
            (_, None) => CsvFigure::Column(column),
        }
    }
}

/// The readings in which most of a column's means are believable.
fn readings(proposer: &Proposer<'_>, key: &str, index: usize, by: Option<&usize>) -> Vec<TimeReading> {
    let Some(column) = proposer.profiles.get(index) else { return Vec::new() };
    let is_mean = key == "asa" || column.is_mean();
    let units: &[Option<DurationUnit>] =
        if column.is_bare() { &[Some(DurationUnit::Seconds), Some(DurationUnit::Milliseconds)] } else { &[None] };
    let sums: &[bool] = match by {
        _ if is_mean => &[false],
        // A sum without the count that it is of is no figure.
        None if is_sum(column) => &[],
        None => &[false],
        Some(_) if is_sum(column) => &[true],
        Some(_) => &[true, false],
    };
    if let ([unit @ None], [is_sum]) = (units, sums) {
        // Nothing is open.
        return vec![TimeReading { unit: *unit, is_sum: *is_sum }];
    }
    let all = units.iter().flat_map(|unit| sums.iter().map(|is_sum| TimeReading { unit: *unit, is_sum: *is_sum }));
    let mut found: Vec<TimeReading> = all.filter(|reading| is_believable(proposer, key, index, by, *reading)).collect();
    if let ([sum, mean], Some(by)) = (found.as_slice(), by)
        && sum.is_sum
        && !mean.is_sum
        && sum.unit == mean.unit
        && let Some(means) = quotients_of(proposer, index, Some(by), *sum)
        && let Some(values) = quotients_of(proposer, index, None, *mean)
        && let Some(is_sum) = is_steadier(&means, &values)
    {
        found.retain(|reading| reading.is_sum == is_sum);
    }
    found
}

/// The values of a column in seconds, divided by a count; rows without a contact are none.
fn quotients_of(proposer: &Proposer<'_>, index: usize, by: Option<&usize>, reading: TimeReading) -> Option<Vec<f64>> {
    let column = proposer.profiles.get(index)?;
    let notation = duration::Notation { unit: reading.unit.unwrap_or_else(|| column.unit()), ..column.notation() };
    let value = |row: &[String]| {
        let seconds = duration::span(row.get(index)?, notation).ok()??.as_secs_f64();
        let count = match by {
            Some(by) => duration::whole_number(row.get(*by)?)?,
            None => 1.0,
        };
        (seconds > 0.0 && count > 0.0).then(|| seconds / count)
    };
    Some(proposer.rows.iter().filter_map(|row| value(row)).collect())
}

/// Whether a quarter at most of a column's means are none that a centre can have.
fn is_believable(proposer: &Proposer<'_>, key: &str, index: usize, by: Option<&usize>, reading: TimeReading) -> bool {
    let Some(means) = quotients_of(proposer, index, by.filter(|_| reading.is_sum), reading) else { return false };
    // Who handles a contact takes longer than who picks it up.
    let least = if ["aht", "talk"].contains(&key) { 10.0 } else { 0.5 };
    let odd = means.iter().filter(|mean| !(least..=MAX_USUAL.as_secs_f64()).contains(*mean)).count();
    odd * 4 <= means.len()
}

/// Says that a column was taken for a sum or a mean, where both are as good.
fn sum_or_mean(
    proposer: &Proposer<'_>,
    column: &TimeColumn<'_>,
    reading: TimeReading,
    by: Option<&usize>,
) -> Option<String> {
    let profile = proposer.profiles.get(column.index)?;
    let (key, name, by) = (column.key, profile.name, proposer.profiles.get(*by?)?.name);
    let other = column.readings.iter().any(|other| other.is_sum != reading.is_sum && other.unit == reading.unit);
    if reading.is_sum {
        let mean = format!("`{key} = {name:?}` takes it for their mean");
        return other
            .then(|| format!("{key}: {name} is taken for the sum of all contacts, which no row proves: {mean}"));
    }
    (key != "asa" && !profile.is_mean()).then(|| {
        format!("{key}: {name} is taken for a mean: divided by {by}, it would vary more or be unbelievably short")
    })
}

/// Says why a column of times is left out.
fn left_out(proposer: &Proposer<'_>, column: &TimeColumn<'_>, by: Option<&usize>) -> String {
    let (key, profile) = (column.key, proposer.profiles.get(column.index));
    let name = profile.map_or("", |column| column.name);
    if by.is_none() && profile.is_some_and(is_sum) {
        return format!("{key} is left out: {name} is a sum, and no column counts the contacts that it is of");
    }
    let cell = profile.and_then(|column| column.cells.iter().find(|cell| **cell != "0")).copied().unwrap_or_default();
    let of = match by.and_then(|by| proposer.profiles.get(*by)) {
        Some(by) if profile.is_some_and(|column| key != "asa" && !column.is_mean()) => {
            format!("{{ of = [{name:?}, {:?}], unit = \"min\" }}", by.name)
        }
        _ => format!("{{ column = {name:?}, unit = \"min\" }}"),
    };
    format!(
        "{key} is left out: {cell} in {name} is no believable time in seconds, and none in milliseconds: write `{key} = {of}` into \
         figures, with the unit that it is in (s, ms, min, h or days)"
    )
}
