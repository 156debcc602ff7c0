//! The columns of durations: which is which, in which unit, and what they include.

use super::Proposer;
use super::parts::{Relation, SLACK};
use super::profile::{ColumnProfile, is_later_time};
use crate::clock::Span;
use crate::source::format::csv::columns::{CsvColumn, CsvDuration, CsvField};
use crate::source::format::csv::duration;
use crate::source::format::csv::naming::Naming;
use crate::source::format::csv::time::TimeFormat;

/// The durations of a contact.
pub(super) const KEYS: [&str; 4] = ["wait_s", "talk_s", "hold_s", "acw_s"];
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

/// Of fewer contacts that nobody answered, that they have no wait says nothing.
const MIN_SILENT: usize = 3;
/// Of fewer instants, that all are whole minutes says nothing.
const MIN_INSTANTS: usize = 6;

impl Proposer<'_> {
    /// The columns of durations and of the instants that stand for them.
    pub(super) fn lengths(&mut self) {
        let format = TimeFormat::parse(self.columns.time_format.as_deref()).unwrap_or_default();
        let unanswered = self.unanswered();
        self.instants(&format, &unanswered);
        self.wait(&unanswered);
        self.field("talk_s", ColumnProfile::is_duration);
        self.field("hold_s", |column| column.is_duration() && !column.is_count_of_times());
        self.field("acw_s", ColumnProfile::is_duration);
        for key in KEYS {
            self.left_out(key);
        }
        self.wait_called_hold(&unanswered);
        self.units(&format);
        self.talk(&format, &unanswered);
        self.units(&format);
        self.talk_from_earlier(&format);
        self.nameless_lengths(&format);
        self.hold_in_talk(&format);
        self.ring_in_talk(&format);
        self.wait_of_abandoned(&unanswered);
        self.menu_in_wait(&format);
        self.wait_from_earlier(&format);
        self.end_of_wait(&format);
        self.whole_minutes(&format);
        for key in KEYS {
            self.odd_cells(key, "length", |column, cell| duration::span(cell, column.notation()).is_ok());
        }
        let date = self.date_cells();
        for key in ["answered_at", "ended_at", "wrapped_at"] {
            self.odd_cells(key, "time as the others", |_, cell| is_later_time(cell, &format, date.as_deref()));
        }
    }

    /// The wait: of the columns that may be it, the first that contacts have which nobody answered, as these waited alone. A time of
    /// ringing that they do not have is a part of the wait only.
    fn wait(&mut self, unanswered: &[Option<bool>]) {
        let words = Self::words("wait_s");
        let before = self.used.len();
        while let Some(index) = self.best(words, ColumnProfile::is_duration) {
            self.used.push(index);
        }
        let named = self.used.split_off(before);
        let silent = || self.compared().iter().zip(unanswered).filter(|(_, unanswered)| **unanswered == Some(true));
        let waited = |index: usize| {
            silent().filter(|(row, _)| self.length(index, row).is_some_and(|wait| wait > Span::ZERO)).count()
        };
        let all = silent().count();
        let is_ringing = |index: usize| self.profiles.get(index).is_some_and(ColumnProfile::is_ringing);
        let borne_out = named.iter().copied().find(|index| all < MIN_SILENT || waited(*index) * 2 > all);
        let found = borne_out.or_else(|| named.iter().copied().find(|index| !is_ringing(*index)));
        if let Some(index) = found {
            self.used.push(index);
            self.fields.insert("wait_s", index);
            self.set("wait_s", CsvField::Column(self.name(index)));
        } else if let Some(column) = named.first().and_then(|index| self.profiles.get(*index)) {
            self.notes.push(format!(
                "wait_s: {} is left out: it is a time of ringing that contacts without an answer do not have",
                column.name
            ));
        }
    }

    /// Says of a column that is named like a duration, and has some, why it is not taken for one.
    fn left_out(&mut self, key: &'static str) {
        let is_length = |column: &ColumnProfile<'_>, cell: &str| duration::span(cell, column.notation()).is_ok();
        let words = Self::words(key);
        let is_named = |column: &ColumnProfile<'_>| {
            column.likeness(words).is_some_and(|(naming, _)| naming < Naming::Guess)
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

    /// An end that comes with the end of the wait in every row is no end of a conversation.
    fn end_of_wait(&mut self, format: &TimeFormat) {
        let has = |key| self.fields.contains_key(key);
        let Some(wait) = self.of_field("wait_s").filter(|_| !has("talk_s") && !has("answered_at") && has("ended_at"))
        else {
            return;
        };
        let is_after = |row: &&[String]| {
            let waited = row.get(wait.index).and_then(|cell| duration::span(cell, wait.notation()).ok()?);
            waited.zip(self.times_of(row, format).whole()).is_some_and(|(waited, whole)| whole > waited + SLACK)
        };
        if self.compared().iter().any(is_after) {
            return;
        }
        let name = self.of_field("ended_at").map_or("", |column| column.name);
        self.notes.push(format!("{name} is left out: it is the end of the wait, and the talk times are not known"));
        self.fields.remove("ended_at");
        self.columns.ended_at = None;
    }

    /// Leaves out instants that are whole minutes where a length would follow from them: they may be off by a minute.
    fn whole_minutes(&mut self, format: &TimeFormat) {
        let has = |key| self.fields.contains_key(key);
        let needed = (has("answered_at") && !has("wait_s")) || (has("ended_at") && !has("talk_s"));
        let instants = |key: &str| {
            let index = self.fields.get(key).copied();
            self.compared().iter().filter_map(|row| self.later_of_row(row, index?, format)).collect::<Vec<_>>()
        };
        let later = [instants("answered_at"), instants("ended_at")].concat();
        let begun = self.compared().iter().filter_map(|row| self.time_of_row(row, format)).count();
        let is_whole = later.iter().all(|at| at.0.rem_euclid(60_000_000) == 0) && !self.tells_seconds(format);
        let is_written =
            self.times.iter().filter_map(|index| self.profiles.get(*index)).all(|column| {
                column.cells.first().is_some_and(|cell| format.tells_seconds(cell)) || self.times.len() > 1
            });
        if !needed || !is_whole || !is_written || later.len() + begun < MIN_INSTANTS {
            return;
        }
        let keys: Vec<&str> = ["answered_at", "ended_at"].into_iter().filter(|key| has(key)).collect();
        self.notes.push(format!(
            "{} left out: all times are whole minutes, so that lengths that follow from them are not known",
            keys.join(" and ")
        ));
        for key in keys {
            self.fields.remove(key);
            if let Some(place) = self.place(key) {
                *place = None;
            }
        }
    }

    /// Talk time where no column is it alone: a handling time, or a duration that may be of the whole call.
    fn talk(&mut self, format: &TimeFormat, unanswered: &[Option<bool>]) {
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
        let relation = self.relation(index, wait.as_ref().map(|(wait, _)| *wait), format, unanswered);
        match (relation, wait) {
            (Relation::Included, Some((_, waited))) => {
                self.notes.push(format!("talk_s: {name} includes {waited}, as rows show: it is subtracted"));
                self.set_talk(index, [self.fields_of(&["wait_s"]), hold].concat());
            }
            (Relation::Included, None) => self.notes.push(format!(
                "talk_s is left out: {name} includes the wait, as contacts that nobody answered have it, and no column tells the wait"
            )),
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
    fn relation(
        &self,
        whole: usize,
        wait: Option<usize>,
        format: &TimeFormat,
        unanswered: &[Option<bool>],
    ) -> Relation {
        let (mut included, mut apart) = (0, 0);
        for (row, unanswered) in self.compared().iter().zip(unanswered) {
            let times = self.times_of(row, format);
            let waited = wait.and_then(|wait| self.length(wait, row)).or_else(|| times.up_to_answer());
            let known = self.length(whole, row);
            let (whole, waited) = match (known, waited) {
                (whole, Some(waited)) => (whole.unwrap_or_default(), waited),
                (Some(whole), None) if *unanswered == Some(true) && wait.is_none() => {
                    included += usize::from(whole > Span::ZERO);
                    apart += usize::from(whole == Span::ZERO);
                    continue;
                }
                _ => continue,
            };
            let slack = SLACK.max(Span(waited.0 / 100));
            let is_near = |a: Span, b: Span| a <= b + slack && b <= a + slack;
            let is_whole = times.whole().is_some_and(|all| is_near(all, whole));
            let is_talk = times.whole().is_some_and(|all| is_near(all, whole + waited));
            if waited <= slack || *unanswered == Some(false) && known.is_none() {
                continue;
            }
            included += usize::from(whole + slack >= waited && whole <= waited + slack || is_whole && !is_talk);
            apart += usize::from(whole + slack < waited || is_talk && !is_whole);
        }
        Relation::of(included, apart)
    }

    fn set_talk(&mut self, index: usize, less: Vec<CsvColumn>) {
        self.used.push(index);
        self.fields.insert("talk_s", index);
        let (column, unit) = (self.name(index), self.profiles.get(index).and_then(|column| column.shown_unit));
        let field = if less.is_empty() && unit.is_none() {
            CsvField::Column(column)
        } else {
            CsvField::Duration(CsvDuration { column, unit, plus: Vec::new(), less })
        };
        self.set("talk_s", field);
    }

    /// The columns of the keys that have one.
    fn fields_of(&self, keys: &[&str]) -> Vec<CsvColumn> {
        keys.iter().filter_map(|key| self.fields.get(*key)).map(|index| self.name(*index)).collect()
    }
}
