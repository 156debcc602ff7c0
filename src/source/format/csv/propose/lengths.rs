//! The columns of durations: which is which, in which unit, and what they include.

use super::Proposer;
use super::profile::{ColumnProfile, is_later_time};
use crate::clock::{Span, Time};
use crate::source::format::csv::columns::{CsvColumn, CsvDuration, CsvField};
use crate::source::format::csv::doubts::MAX_USUAL;
use crate::source::format::csv::duration::{self, DurationUnit};
use crate::source::format::csv::naming::Naming;
use crate::source::format::csv::time::{TimeFormat, TimeText};

/// The durations of a contact.
const KEYS: [&str; 4] = ["wait_s", "talk_s", "hold_s", "acw_s"];
/// What durations and instants may differ by, as their fractions are cut off.
const SLACK: Span = Span::SECOND;
/// Words that may stand in the name of a duration of the whole call.
const WHOLE: [&str; 12] = [
    "call",
    "contact",
    "conversation",
    "interaction",
    "session",
    "total",
    "of",
    "the",
    "time",
    "duration",
    "length",
    "in",
];

/// What a row says of the relation of two durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// Rows show that the one includes the other.
    Included,
    /// Rows show that it does not.
    Apart,
    Unproven,
}

impl Proposer<'_> {
    /// The columns of durations and of the instants that stand for them.
    pub(super) fn lengths(&mut self) {
        let format = TimeFormat::parse(self.columns.time_format.as_deref()).unwrap_or_default();
        for key in ["answered_at", "ended_at"] {
            self.field(key, |column| column.has_times_in(&format));
        }
        for key in KEYS {
            self.field(key, ColumnProfile::is_duration);
        }
        for key in KEYS {
            self.left_out(key);
        }
        self.talk();
        self.milliseconds(&format);
        self.end_of_wait(&format);
        for key in KEYS {
            self.odd_cells(key, "length", |column, cell| duration::span(cell, column.notation()).is_ok());
        }
        for key in ["answered_at", "ended_at"] {
            self.odd_cells(key, "time as the others", |_, cell| is_later_time(cell, &format));
        }
    }

    /// Says of a column that is named like a duration, and has some, why it is not taken for one.
    fn left_out(&mut self, key: &'static str) {
        let is_length = |column: &ColumnProfile<'_>, cell: &str| duration::span(cell, column.notation()).is_ok();
        let words = Self::words(key);
        let is_named = |column: &ColumnProfile<'_>| {
            column.likeness(words).is_some_and(|(naming, _)| naming == Naming::Exact)
                && column.time().is_none()
                && column.cells.iter().any(|cell| is_length(column, cell))
        };
        if self.fields.contains_key(key) {
            return;
        }
        let Some(column) = self.best(words, is_named).and_then(|index| self.profiles.get(index)) else { return };
        let odd: Vec<&&str> = column.cells.iter().filter(|cell| !is_length(column, cell)).collect();
        let Some(first) = odd.first() else { return };
        let note = format!(
            "{key} is left out: {} of {} cells of {} are no length, the first is {first:?} in line {}",
            odd.len(),
            column.cells.len(),
            column.name,
            self.line_of(column.index, first)
        );
        self.notes.push(note);
    }

    /// Says which cells of a column are not what the others are.
    fn odd_cells(&mut self, key: &str, what: &str, fits: impl Fn(&ColumnProfile<'_>, &str) -> bool) {
        let Some(column) = self.of_field(key) else { return };
        let odd: Vec<&&str> = column.cells.iter().filter(|cell| !fits(column, cell)).collect();
        let Some(first) = odd.first() else { return };
        let line = self.line_of(column.index, first);
        let (odd, all) = (odd.len(), column.cells.len());
        let note = format!(
            "{key}: {odd} of {all} cells {} no {what}, the first is {first:?} in line {line}: taken as unknown",
            if odd == 1 { "is" } else { "are" }
        );
        self.notes.push(note);
    }

    /// Take numbers without a unit for milliseconds where the instants beside them show it, or where most of a column would
    /// be above four hours as seconds. What holds for one column holds for the others.
    fn milliseconds(&mut self, format: &TimeFormat) {
        let is_bare = |column: &&ColumnProfile<'_>| {
            column.unit() == DurationUnit::Seconds
                && column.mostly(|cell| column.number(cell).is_some_and(|number| number.fract() == 0.0))
        };
        let bare: Vec<(&str, &ColumnProfile<'_>)> =
            KEYS.into_iter().filter_map(|key| Some((key, self.of_field(key).filter(is_bare)?))).collect();
        let why = if bare.iter().any(|(_, column)| self.are_milliseconds(column.index, format)) {
            "as the times beside show"
        } else if bare.iter().any(|(_, column)| is_unbelievable(column) && !self.fits(column.index, format, 1.0)) {
            "as most would be above four hours in seconds"
        } else {
            return;
        };
        let keys: Vec<&str> = bare.iter().map(|(key, _)| *key).collect();
        self.notes.push(format!("{}: taken for milliseconds, {why}", keys.join(", ")));
        let unit = Some(DurationUnit::Milliseconds);
        for key in keys {
            let field = match self.place(key).and_then(Option::take) {
                Some(CsvField::Column(column)) => CsvDuration { column, unit, plus: Vec::new(), less: Vec::new() },
                Some(CsvField::Duration(duration)) => CsvDuration { unit, ..duration },
                Some(CsvField::Constant(_)) | None => continue,
            };
            self.set(key, CsvField::Duration(field));
        }
    }

    /// Whether the numbers of a column are longer than the whole contact in seconds, and not in milliseconds.
    fn are_milliseconds(&self, index: usize, format: &TimeFormat) -> bool {
        self.fits(index, format, 1000.0) && !self.fits(index, format, 1.0)
    }

    /// Whether most of the numbers of a column, `per_second` of which are a second, are no longer than the whole contact;
    /// not where no row tells how long that was.
    fn fits(&self, index: usize, format: &TimeFormat, per_second: f64) -> bool {
        let (mut seen, mut fitting) = (0, 0);
        for row in self.rows {
            let column = self.profiles.get(index);
            let number = column.zip(row.get(index)).and_then(|(column, cell)| column.number(cell));
            let number = number.filter(|number| *number > 0.0);
            let Some((number, (from, to))) = number.zip(self.ends_of_row(row, format)) else { continue };
            seen += 1;
            fitting += usize::from(number / per_second <= (to - from + SLACK).as_secs_f64());
        }
        seen > 0 && fitting * 4 >= seen * 3
    }

    /// The first and the last instant of a row, as if in UTC.
    fn ends_of_row(&self, row: &[String], format: &TimeFormat) -> Option<(Time, Time)> {
        let later = ["answered_at", "ended_at"].iter().filter_map(|key| self.fields.get(*key));
        let at = |index: &usize| row.get(*index).and_then(|cell| TimeText::new(cell).as_utc(format));
        self.time_of_row(row, format).zip(later.filter_map(at).max())
    }

    /// An end that comes with the end of the wait in every row is no end of a conversation.
    fn end_of_wait(&mut self, format: &TimeFormat) {
        let has = |key| self.fields.contains_key(key);
        let Some(wait) = self.of_field("wait_s").filter(|_| !has("talk_s") && !has("answered_at") && has("ended_at"))
        else {
            return;
        };
        let is_after = |row: &&[String]| {
            let waited = row.get(wait.index).and_then(|cell| duration::span(cell, wait.notation()).ok()?);
            let ends = self.ends_of_row(row, format);
            waited.zip(ends).is_some_and(|(waited, (from, to))| to - from > waited + SLACK)
        };
        if self.rows.iter().any(is_after) {
            return;
        }
        let name = self.of_field("ended_at").map_or("", |column| column.name);
        self.notes.push(format!("{name} is left out: it is the end of the wait, and the talk times are not known"));
        self.fields.remove("ended_at");
        self.columns.ended_at = None;
    }

    /// Talk time where no column is it alone: a handling time, or a duration that may be of the whole call.
    fn talk(&mut self) {
        if self.fields.contains_key("talk_s") {
            return;
        }
        if let Some(index) = self.best(Self::words("handle_s"), ColumnProfile::is_duration) {
            let less = self.fields_of(&["hold_s", "acw_s"]);
            if less.len() < 2 {
                let name = self.profiles.get(index).map_or("", |column| column.name);
                self.notes.push(format!("talk_s: hold and work that no column tells of are in it, as in {name}"));
            }
            self.set_talk(index, less);
            return;
        }
        // Instants of answer and end are surer.
        if self.fields.contains_key("answered_at") && self.fields.contains_key("ended_at") {
            return;
        }
        let words = Self::words("whole_s");
        let is_whole = |column: &ColumnProfile<'_>| {
            let is_named = || column.plain.split(' ').all(|word| WHOLE.contains(&word));
            column.is_duration()
                && (column.likeness(words).is_some_and(|(naming, _)| naming == Naming::Exact) || is_named())
        };
        let Some(index) = self.best(words, is_whole) else { return };
        let Some(column) = self.profiles.get(index) else { return };
        let (name, plain) = (column.name.to_owned(), column.plain.clone());
        let is_total =
            ["total", "gesamt", "общая"].iter().any(|stem| plain.split(' ').any(|word| word.starts_with(stem)));
        let wait = self.of_field("wait_s").map(|wait| (wait.index, wait.name.to_owned()));
        let hold = self.fields_of(&["hold_s"]);
        let relation = wait.as_ref().map_or(Relation::Unproven, |(wait, _)| self.relation(index, *wait));
        match (relation, wait) {
            (Relation::Included, Some((_, waited))) => {
                self.notes.push(format!("talk_s: {name} includes {waited}, as rows show: it is subtracted"));
                self.set_talk(index, [self.fields_of(&["wait_s"]), hold].concat());
            }
            (Relation::Apart, _) => self.set_talk(index, hold),
            (_, wait) if is_total => {
                let less = wait.map(|(_, name)| format!(", less = [{name:?}]")).unwrap_or_default();
                self.notes.push(format!(
                    "talk_s is left out: no row proves whether {name} includes the wait: `talk_s = {{ column = {name:?}{less} }}` \
                     if it does, `talk_s = {name:?}` if not"
                ));
            }
            (_, wait) => {
                let without = wait.map_or(String::new(), |(_, waited)| format!(" without {waited}"));
                self.notes.push(format!("talk_s: {name} is taken for the talk time{without}, which no row proves"));
                self.set_talk(index, hold);
            }
        }
    }

    /// Whether a duration of the call includes the wait. Of a call that was not answered it is as long as the wait, or
    /// nothing.
    fn relation(&self, whole: usize, wait: usize) -> Relation {
        let (mut included, mut apart) = (0, 0);
        for row in self.rows {
            let length = |index: usize| {
                let notation = self.profiles.get(index)?.notation();
                Some(duration::span(row.get(index)?, notation).ok()?.unwrap_or_default())
            };
            let Some((whole, wait)) = length(whole).zip(length(wait)) else { continue };
            let slack = SLACK.max(Span(wait.0 / 100));
            if wait > slack && whole + slack < wait {
                apart += 1;
            } else if wait > slack && whole <= wait + slack {
                included += 1;
            }
        }
        match (included, apart) {
            (0, 0) => Relation::Unproven,
            (_, 0) => Relation::Included,
            _ => Relation::Apart,
        }
    }

    fn set_talk(&mut self, index: usize, less: Vec<CsvColumn>) {
        self.used.push(index);
        self.fields.insert("talk_s", index);
        let column = self.name(index);
        let field = if less.is_empty() {
            CsvField::Column(column)
        } else {
            CsvField::Duration(CsvDuration { column, unit: None, plus: Vec::new(), less })
        };
        self.set("talk_s", field);
    }

    /// The columns of the keys that have one.
    fn fields_of(&self, keys: &[&str]) -> Vec<CsvColumn> {
        keys.iter().filter_map(|key| self.fields.get(*key)).map(|index| self.name(*index)).collect()
    }
}

/// Whether most of the durations of a column would be above what is usual, in seconds.
fn is_unbelievable(column: &ColumnProfile<'_>) -> bool {
    let mut numbers: Vec<f64> = column.cells.iter().filter_map(|cell| column.number(cell)).collect();
    numbers.retain(|number| *number > 0.0);
    let above = numbers.iter().filter(|number| **number > MAX_USUAL.as_secs_f64()).count();
    above * 2 > numbers.len()
}
