//! Instants of answer and end: of columns that may be them, the ones that the other cells of their rows bear out, whatever their names are.

use super::Proposer;
use super::lengths::KEYS;
use super::parts::{SLACK, is_near};
use super::profile::ColumnProfile;
use crate::clock::Time;
use crate::source::format::csv::columns::CsvField;
use crate::source::format::csv::naming::is_known_name;
use crate::source::format::csv::time::TimeFormat;

/// Of fewer rows, nothing is concluded.
const MIN_ROWS: usize = 3;

/// What the rows show of a column of instants.
#[derive(Clone, Copy, Debug, Default)]
struct InstantRows {
    /// Those before the start of the contact.
    early: usize,
    answered: usize,
    answered_filled: usize,
    unanswered: usize,
    unanswered_filled: usize,
}

impl InstantRows {
    /// Whether contacts that nobody answered have one as often as others.
    const fn is_belied(self) -> bool {
        self.unanswered >= MIN_ROWS && self.unanswered_filled * 2 > self.unanswered
    }

    /// Whether it is there exactly where somebody answered.
    const fn is_of_answers(self) -> bool {
        self.early == 0
            && self.answered >= MIN_ROWS
            && self.answered_filled * 20 >= self.answered * 19
            && self.unanswered > 0
            && self.unanswered_filled * 20 <= self.unanswered
    }
}

impl Proposer<'_> {
    /// The columns of the instants of answer and end, and of the end of the work after it.
    pub(super) fn instants(&mut self, format: &TimeFormat, unanswered: &[Option<bool>]) {
        let date = self.date_cells();
        let fits =
            |column: &ColumnProfile<'_>| column.has_times_in(format, date.as_deref()) && !is_rather_length(column);
        while let Some(index) = self.best(Self::words("answered_at"), fits) {
            if !self.instant_rows(index, format, unanswered).is_belied() {
                self.take_instant("answered_at", index);
                break;
            }
            self.used.push(index);
            let name = self.profiles.get(index).map_or("", |column| column.name);
            self.notes.push(format!(
                "answered_at: {name} is left out, as contacts have it that nobody answered: the answer of a system"
            ));
        }
        if !self.fields.contains_key("answered_at")
            && let Some(index) =
                self.nameless_instant(fits, |index| self.instant_rows(index, format, unanswered).is_of_answers())
        {
            self.take_nameless("answered_at", index, "exactly the contacts have it that somebody answered");
        }
        if let Some(index) = self.best(Self::words("ended_at"), fits) {
            self.take_instant("ended_at", index);
        } else if let Some(index) = self.nameless_instant(fits, |index| self.is_end_of_a_length(index, format)) {
            self.take_nameless("ended_at", index, "a length beside it ends there");
        }
        if let Some(index) = self.best(Self::words("wrapped_at"), fits) {
            self.take_instant("wrapped_at", index);
        }
    }

    /// The first column of instants of an unknown name of which the rows prove what it is.
    fn nameless_instant(
        &self,
        fits: impl Fn(&ColumnProfile<'_>) -> bool,
        is_proved: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let is_nameless = |column: &&ColumnProfile<'_>| !is_known_name(column.name) && fits(column);
        self.unused().filter(is_nameless).map(|column| column.index).find(|index| is_proved(*index))
    }

    fn take_instant(&mut self, key: &'static str, index: usize) {
        self.used.push(index);
        self.fields.insert(key, index);
        self.set(key, CsvField::Column(self.name(index)));
    }

    fn take_nameless(&mut self, key: &'static str, index: usize, why: &str) {
        let name = self.profiles.get(index).map_or("", |column| column.name);
        self.notes.push(format!("{key}: {name} is taken for it, although its name is not known, as {why}"));
        self.take_instant(key, index);
    }

    fn instant_rows(&self, index: usize, format: &TimeFormat, unanswered: &[Option<bool>]) -> InstantRows {
        let mut out = InstantRows::default();
        for (row, unanswered) in self.compared().iter().zip(unanswered) {
            let at = self.later_of_row(row, index, format);
            let is_filled = usize::from(at.is_some());
            out.early += usize::from(at.zip(self.time_of_row(row, format)).is_some_and(|(at, begun)| at < begun));
            match unanswered {
                Some(true) => {
                    (out.unanswered, out.unanswered_filled) = (out.unanswered + 1, out.unanswered_filled + is_filled);
                }
                Some(false) => {
                    (out.answered, out.answered_filled) = (out.answered + 1, out.answered_filled + is_filled);
                }
                None => {}
            }
        }
        out
    }

    /// Whether nearly every row has a length that reaches from its start or its answer to this instant.
    fn is_end_of_a_length(&self, index: usize, format: &TimeFormat) -> bool {
        let lengths: Vec<usize> =
            self.unused().filter(|column| column.is_duration()).map(|column| column.index).collect();
        let begins = |row: &[String]| {
            let answered = self.fields.get("answered_at").and_then(|index| self.later_of_row(row, *index, format));
            [self.time_of_row(row, format), answered]
        };
        let ends_there = |length: usize| {
            let (mut seen, mut ending) = (0, 0);
            for row in self.compared() {
                let known = self.length(length, row).filter(|length| *length > SLACK);
                let Some((length, end)) = known.zip(self.later_of_row(row, index, format)) else { continue };
                let is_near = |begun: Time| end >= begun && is_near(end - begun, length);
                seen += 1;
                ending += usize::from(begins(row).into_iter().flatten().any(is_near));
            }
            seen >= MIN_ROWS && ending * 5 >= seen * 4
        };
        lengths.into_iter().any(ends_there)
    }
}

/// Whether lengths, which may look like times of the day, have a name of their own: `Annahmedauer` beside `Annahme`.
fn is_rather_length(column: &ColumnProfile<'_>) -> bool {
    let naming = |key: &str| column.likeness(Proposer::words(key)).map(|(naming, _)| naming);
    let instant = ["answered_at", "ended_at"].into_iter().filter_map(naming).min();
    let length = KEYS.into_iter().chain(["handle_s", "whole_s"]).filter_map(naming).min();
    column.is_duration() && length.is_some_and(|length| instant.is_none_or(|instant| length < instant))
}
