//! The unit of lengths that no name tells: the one in which they are as the instants beside them say.

use super::Proposer;
use super::lengths::KEYS;
use super::profile::ColumnProfile;
use crate::clock::Span;
use crate::source::format::csv::columns::{CsvDuration, CsvField};
use crate::source::format::csv::doubts::MAX_USUAL;
use crate::source::format::csv::duration::{self, DurationUnit, Notation};
use crate::source::format::csv::time::TimeFormat;
use crate::source::format::csv::words::vocabulary;

/// Of fewer lengths, that none has seconds says nothing.
const MIN_LENGTHS: usize = 3;

/// How the lengths of a column are written whose unit nothing tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Number,
    /// `2:10`
    ShortClock,
    /// `2:10:00`
    LongClock,
}

impl Form {
    const ALL: [Self; 3] = [Self::Number, Self::ShortClock, Self::LongClock];

    fn of(column: &ColumnProfile<'_>) -> Option<Self> {
        let has_colons = |count: usize| column.mostly(|cell| cell.matches(':').count() == count);
        let is_told = DurationUnit::of_name(column.name).is_some() || column.unit() != DurationUnit::Seconds;
        match () {
            () if is_told || !column.is_duration() => None,
            () if column.mostly(|cell| column.number(cell).is_some()) => Some(Self::Number),
            () if has_colons(1) => Some(Self::ShortClock),
            () if has_colons(2) => Some(Self::LongClock),
            () => None,
        }
    }

    /// The units that are tried besides seconds.
    fn units(self, column: &ColumnProfile<'_>) -> Vec<DurationUnit> {
        let is_whole = || column.mostly(|cell| column.number(cell).is_some_and(|number| number.fract() == 0.0));
        match self {
            Self::Number if is_whole() => vec![DurationUnit::Milliseconds, DurationUnit::Minutes],
            Self::Number => vec![DurationUnit::Minutes],
            Self::ShortClock => vec![DurationUnit::Hours],
            Self::LongClock => vec![DurationUnit::MinutesAsHours],
        }
    }
}

impl Proposer<'_> {
    /// Find the units that the instants show, or else that most of a column would be unbelievable in another. What holds for one
    /// column holds for the others that are written alike.
    pub(super) fn units(&mut self, format: &TimeFormat) {
        let forms = KEYS.map(|key| (key, self.of_field(key).and_then(Form::of)));
        for form in Form::ALL {
            let keys: Vec<&str> = forms.iter().filter(|(_, of)| *of == Some(form)).map(|(key, _)| *key).collect();
            let cells = keys.iter().filter_map(|key| self.of_field(key)).flat_map(|column| &column.cells);
            // Of minutes and seconds that are shown as hours and minutes, none has anything behind.
            if form == Form::LongClock && !cells.clone().all(|cell| cell.ends_with(":00")) {
                continue;
            }
            let lengths = cells.filter(|cell| cell.contains(|c: char| ('1'..='9').contains(&c))).count();
            let Some((unit, why)) = keys.iter().find_map(|key| self.shown_unit(key, form, lengths, format)) else {
                continue;
            };
            let words = match unit {
                DurationUnit::Milliseconds => "milliseconds",
                DurationUnit::Minutes => "minutes",
                DurationUnit::MinutesAsHours => "minutes and seconds",
                _ => "hours and minutes",
            };
            self.notes.push(format!("{}: taken for {words}, {why}", keys.join(", ")));
            let lengths = || vocabulary().columns.iter().filter(|(key, _)| key.ends_with("_s"));
            let is_length = |column: &&ColumnProfile<'_>| {
                let is_named = || lengths().any(|(_, words)| column.likeness(words).is_some());
                (column.is_ringing() || is_named()) && Form::of(column) == Some(form)
            };
            let alike: Vec<usize> = self.profiles.iter().filter(is_length).map(|column| column.index).collect();
            self.profiles.iter_mut().filter(|column| alike.contains(&column.index)).for_each(|column| {
                column.shown_unit = Some(unit);
            });
            for key in keys {
                let field = match self.place(key).and_then(Option::take) {
                    Some(CsvField::Column(column)) => {
                        CsvDuration { column, unit: Some(unit), plus: Vec::new(), less: Vec::new() }
                    }
                    Some(CsvField::Duration(duration)) => CsvDuration { unit: Some(unit), ..duration },
                    Some(CsvField::Constant(_)) | None => continue,
                };
                self.set(key, CsvField::Duration(field));
            }
        }
    }

    /// The unit of a column other than seconds, and what shows it. `lengths` are how many are written so.
    fn shown_unit(
        &self,
        key: &str,
        form: Form,
        lengths: usize,
        format: &TimeFormat,
    ) -> Option<(DurationUnit, &'static str)> {
        let column = self.of_field(key)?;
        let units = form.units(column);
        let beside = "as the times beside show";
        let (as_written, seen) = self.agreeing(key, column, DurationUnit::Seconds, format);
        let counts = units.iter().map(|unit| (self.agreeing(key, column, *unit, format).0, *unit));
        if let Some((agreeing, unit)) = counts.max_by_key(|(agreeing, _)| *agreeing)
            && agreeing > 1
            && agreeing * 4 >= seen * 3
            && as_written * 2 < agreeing
        {
            return Some((unit, beside));
        }
        let fits = |unit| self.fits(key, column, unit, format);
        let shorter =
            units.into_iter().find(|unit| [DurationUnit::Milliseconds, DurationUnit::MinutesAsHours].contains(unit))?;
        if fits(shorter) && !fits(DurationUnit::Seconds) {
            return Some((shorter, beside));
        }
        if is_unbelievable(column) && !fits(DurationUnit::Seconds) {
            return Some((shorter, "as most would be above four hours in seconds"));
        }
        (shorter == DurationUnit::MinutesAsHours && lengths >= MIN_LENGTHS && self.tells_seconds(format))
            .then_some((shorter, "as none of them has seconds, and the times have"))
    }

    /// By how much instants may be off: they may be cut to minutes.
    fn coarseness(&self, format: &TimeFormat) -> Span {
        if self.tells_seconds(format) { Span::ZERO } else { Span::MINUTE }
    }

    /// Whether some instant is no whole minute.
    pub(super) fn tells_seconds(&self, format: &TimeFormat) -> bool {
        self.compared()
            .iter()
            .filter_map(|row| self.time_of_row(row, format))
            .any(|at| at.0.rem_euclid(60_000_000) != 0)
    }

    /// How many of the lengths of a column are in a unit what the instants of their rows say, and how many rows say it.
    fn agreeing(
        &self,
        key: &str,
        column: &ColumnProfile<'_>,
        unit: DurationUnit,
        format: &TimeFormat,
    ) -> (usize, usize) {
        let rounding = match unit {
            DurationUnit::Minutes | DurationUnit::Hours => Span::seconds(60),
            _ => Span::SECOND,
        };
        let slack = rounding + self.coarseness(format);
        let (mut agreeing, mut seen) = (0, 0);
        for row in self.compared() {
            let Some(length) = length_in(row, column, unit).filter(|length| *length > Span::ZERO) else { continue };
            let times = self.times_of(row, format);
            let said = match key {
                "wait_s" if self.fields.contains_key("answered_at") => times.up_to_answer().or_else(|| times.whole()),
                "talk_s" => times.after_answer(),
                _ => None,
            };
            let Some(said) = said else { continue };
            seen += 1;
            agreeing += usize::from(length <= said + slack && said <= length + slack);
        }
        (agreeing, seen)
    }

    /// Whether most of the lengths of a column are no longer than the contact up to their end; not where no row tells how long
    /// that was. What follows the answer is in no instant of the answer.
    fn fits(&self, key: &str, column: &ColumnProfile<'_>, unit: DurationUnit, format: &TimeFormat) -> bool {
        let slack = Span::SECOND + self.coarseness(format);
        let (mut seen, mut fitting) = (0, 0);
        for row in self.compared() {
            let times = self.times_of(row, format);
            let most = match key {
                "wait_s" => times.whole().max(times.up_to_answer()),
                "talk_s" | "hold_s" => times.whole(),
                _ => None,
            };
            let length = length_in(row, column, unit).filter(|length| *length > Span::ZERO);
            let Some((length, most)) = length.zip(most) else { continue };
            seen += 1;
            fitting += usize::from(length <= most + slack);
        }
        seen > 0 && fitting * 4 >= seen * 3
    }
}

fn length_in(row: &[String], column: &ColumnProfile<'_>, unit: DurationUnit) -> Option<Span> {
    duration::span(row.get(column.index)?, Notation { unit, thousands: column.thousands }).ok()?
}

/// Whether most of the durations of a column would be above what is usual, in seconds.
fn is_unbelievable(column: &ColumnProfile<'_>) -> bool {
    let mut lengths: Vec<Span> =
        column.cells.iter().filter_map(|cell| duration::span(cell, column.notation()).ok()?).collect();
    lengths.retain(|length| *length > Span::ZERO);
    let above = lengths.iter().filter(|length| **length > MAX_USUAL).count();
    above * 2 > lengths.len()
}
