//! Which lengths include others, as the rows show: talk that has the hold in it, a wait that begins in a menu.

use super::Proposer;
use crate::clock::{Span, Time};
use crate::source::format::csv::columns::{CsvColumn, CsvDuration, CsvField};
use crate::source::format::csv::duration;
use crate::source::format::csv::naming::{Naming, is_known_name, naming};
use crate::source::format::csv::outcome::{RowOutcome, is_usually_nobody};
use crate::source::format::csv::time::TimeFormat;
use crate::source::format::csv::value::{YesNo, is_blank};

/// What durations and instants may differ by, as their fractions are cut off.
pub(super) const SLACK: Span = Span::SECOND;
/// Words by which a name says that something else is included.
const INCLUDING: [&str; 15] = [
    "incl",
    "inkl",
    "including",
    "includes",
    "included",
    "with",
    "inklusive",
    "einschliesslich",
    "mit",
    "inclus",
    "avec",
    "incluido",
    "incluye",
    "incluso",
    "inclusief",
];
/// The most rows whose lengths are compared.
const MAX_COMPARED_ROWS: usize = 2000;
/// So many times as many rows must show the one as the other.
const CLEARLY: usize = 4;

/// What rows say of the relation of two durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// Rows show that the one includes the other.
    Included,
    /// Rows show that it does not.
    Apart,
    Unproven,
}

impl Relation {
    pub(super) const fn of(included: usize, apart: usize) -> Self {
        if included > apart * CLEARLY {
            Self::Included
        } else if apart > 0 {
            Self::Apart
        } else {
            Self::Unproven
        }
    }
}

/// The lengths and instants that the columns of a row tell; instants as if in UTC.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowTimes {
    begun: Option<Time>,
    answered: Option<Time>,
    ended: Option<Time>,
    wait: Option<Span>,
    talk: Option<Span>,
    hold: Option<Span>,
    acw: Option<Span>,
}

impl RowTimes {
    pub(super) fn up_to_answer(self) -> Option<Span> {
        since(self.begun?, self.answered?)
    }

    pub(super) fn after_answer(self) -> Option<Span> {
        since(self.answered?, self.ended?)
    }

    pub(super) fn whole(self) -> Option<Span> {
        since(self.begun?, self.ended?)
    }
}

fn since(from: Time, to: Time) -> Option<Span> {
    (to >= from).then(|| to - from)
}

pub(super) fn is_near(a: Span, b: Span) -> bool {
    a <= b + SLACK && b <= a + SLACK
}

impl<'a> Proposer<'a> {
    /// The rows whose lengths are compared.
    pub(super) fn compared(&self) -> &'a [&'a [String]] {
        self.rows.get(..MAX_COMPARED_ROWS).unwrap_or(self.rows)
    }

    pub(super) fn length(&self, index: usize, row: &[String]) -> Option<Span> {
        let notation = self.profiles.get(index)?.notation();
        duration::span(row.get(index)?, notation).ok()?
    }

    pub(super) fn times_of(&self, row: &[String], format: &TimeFormat) -> RowTimes {
        let length = |key| self.length(*self.fields.get(key)?, row);
        let instant = |key| self.later_of_row(row, *self.fields.get(key)?, format);
        RowTimes {
            begun: self.time_of_row(row, format),
            answered: instant("answered_at"),
            ended: instant("ended_at"),
            wait: length("wait_s"),
            talk: length("talk_s"),
            hold: length("hold_s"),
            acw: length("acw_s"),
        }
    }

    /// Of each row, whether a word or the lack of an agent says that nobody answered it.
    pub(super) fn unanswered(&self) -> Vec<Option<bool>> {
        let named = |key| {
            let words = Self::words(key);
            let is_named = move |column: &&super::ColumnProfile<'_>| {
                column.likeness(words).is_some_and(|(naming, _)| naming < Naming::Guess)
            };
            self.profiles.iter().filter(is_named).map(|column| column.index).collect::<Vec<_>>()
        };
        let (outcomes, answered, abandoned) = (named("outcome"), named("answered"), named("abandoned_flag"));
        let agent = self.best(Self::words("agent"), |_| true);
        let talk = self.fields.get("talk_s").copied();
        let talk = talk.or_else(|| self.best(Self::words("talk_s"), super::ColumnProfile::is_duration));
        let of_row = |row: &&[String]| {
            let cells =
                |indexes: &[usize]| indexes.iter().filter_map(|index| row.get(*index)).cloned().collect::<Vec<_>>();
            let by_word = cells(&outcomes).iter().find_map(|cell| match RowOutcome::of_word(cell)? {
                RowOutcome::Abandoned | RowOutcome::Left(_) => Some(true),
                RowOutcome::Answered => Some(false),
                _ => None,
            });
            let says = |indexes: &[usize]| cells(indexes).iter().find_map(|cell| YesNo::usual(cell).is_yes());
            let by_flag = says(&abandoned).or_else(|| says(&answered).map(|answered| !answered));
            let by_agent = || row.get(agent?).map(|name| is_blank(name) || is_usually_nobody(name));
            let by_talk = || Some(self.length(talk?, row)? == Span::ZERO);
            by_word.or(by_flag).or_else(by_agent).or_else(by_talk)
        };
        self.compared().iter().map(of_row).collect()
    }

    /// What is called hold, is the only wait, and stands beside contacts that nobody answered, is the wait.
    pub(super) fn wait_called_hold(&mut self, unanswered: &[Option<bool>]) {
        let Some(&hold) = self.fields.get("hold_s").filter(|_| !self.fields.contains_key("wait_s")) else { return };
        let (mut positive, mut silent) = (0, 0);
        for (row, unanswered) in self.compared().iter().zip(unanswered) {
            let talked = self.fields.get("talk_s").map(|talk| self.length(*talk, row).unwrap_or_default() > Span::ZERO);
            if *unanswered == Some(true) && talked != Some(true) {
                silent += 1;
                positive += usize::from(self.length(hold, row).is_some_and(|length| length > Span::ZERO));
            }
        }
        if positive == 0 || positive * 2 < silent {
            return;
        }
        let name = self.profiles.get(hold).map_or("", |column| column.name);
        self.notes.push(format!(
            "wait_s: {name} is taken for the wait, as contacts that nobody answered have it, and no other column is the wait"
        ));
        self.fields.remove("hold_s");
        self.fields.insert("wait_s", hold);
        self.columns.wait_s = self.columns.hold_s.take();
    }

    /// Subtracts the hold from a talk time that includes it.
    pub(super) fn hold_in_talk(&mut self, format: &TimeFormat) {
        let (Some(talk), Some(hold)) = (self.of_field("talk_s"), self.of_field("hold_s")) else { return };
        if self.columns.talk_s.as_ref().is_some_and(CsvField::is_difference) {
            return;
        }
        let (talk_name, hold_name, hold_index) = (talk.name.to_owned(), hold.name.to_owned(), hold.index);
        let words: Vec<&str> = talk.plain.split(' ').collect();
        let says_so = words.iter().enumerate().any(|(at, word)| {
            let after = words.get(at + 1..).unwrap_or_default().join(" ");
            INCLUDING.contains(word) && naming(&after, Self::words("hold_s")).is_some()
        });
        let wholes = |key: &str| self.best(Self::words(key), super::ColumnProfile::is_duration);
        let (whole, handle) = (wholes("whole_s"), wholes("handle_s"));
        let menu = self.best(Self::words("menu_s"), super::ColumnProfile::is_duration);
        let ring = self.unused_that(|column| column.is_ringing() && column.is_duration());
        let (mut included, mut apart, mut seen, mut shorter) = (0, 0, 0, 0);
        for row in self.compared() {
            let times = self.times_of(row, format);
            let (Some(talk), Some(hold)) = (times.talk, times.hold.filter(|hold| *hold > SLACK)) else { continue };
            seen += 1;
            shorter += usize::from(talk + SLACK < hold);
            let (wait, acw) = (times.wait.unwrap_or_default(), times.acw.unwrap_or_default());
            let without = |span: Span| (span >= wait).then(|| span - wait);
            let whole = whole.and_then(|index| self.length(index, row));
            let handle = handle.and_then(|index| self.length(index, row));
            let menu = menu.and_then(|index| self.length(index, row)).unwrap_or_default();
            let behind_menu = whole.filter(|whole| *whole >= wait + menu).map(|whole| whole - wait - menu);
            let talked = times.whole().and_then(without);
            let ringing = ring.and_then(|index| self.length(index, row));
            let behind_ring = |span: Option<Span>| {
                span.zip(ringing).filter(|(span, ringing)| span >= ringing).map(|(span, ringing)| span - ringing)
            };
            let without_wait = whole.and_then(without);
            let [behind_rings, whole_behind_rings] = [behind_ring(talked), behind_ring(without_wait)];
            let sums = [
                times.after_answer(),
                talked,
                without_wait,
                behind_menu,
                whole,
                handle,
                behind_rings,
                whole_behind_rings,
            ];
            let is_sum =
                |parts: Span| sums.into_iter().flatten().any(|sum| is_near(sum, parts) || is_near(sum, parts + acw));
            match (is_sum(talk), is_sum(talk + hold)) {
                (true, false) => included += 1,
                (false, true) => apart += 1,
                _ => {}
            }
        }
        if seen == 0 {
            return;
        }
        let relation = match Relation::of(included, apart + shorter) {
            Relation::Unproven if says_so => Relation::Included,
            relation => relation,
        };
        match relation {
            Relation::Included => {
                let why = if says_so { "as its name says" } else { "as rows show" };
                self.notes.push(format!("talk_s: {talk_name} includes {hold_name}, {why}: it is subtracted"));
                self.combine("talk_s", hold_index, false);
            }
            Relation::Apart => {}
            Relation::Unproven => self.notes.push(format!(
                "talk_s: {talk_name} is taken to be without {hold_name}, which no row proves: \
                 `talk_s = {{ column = {talk_name:?}, less = [{hold_name:?}] }}` if it includes it"
            )),
        }
    }

    /// Subtracts the ringing from a talk time that includes it, as a length beside it shows that is the rest.
    pub(super) fn ring_in_talk(&mut self, format: &TimeFormat) {
        let waiting = self.of_field("wait_s").filter(|wait| wait.is_ringing()).map(|wait| wait.index);
        let ring = self.unused_that(|column| column.is_ringing() && column.is_duration()).or(waiting);
        let (Some(ring), Some(talk)) = (ring, self.columns.talk_s.clone()) else { return };
        let less = match &talk {
            CsvField::Duration(duration) => duration.less.clone(),
            _ => Vec::new(),
        };
        let less: Vec<usize> = (0..self.profiles.len()).filter(|index| less.contains(&self.name(*index))).collect();
        let talked = |row: &[String]| {
            let whole = self.times_of(row, format).talk?;
            let less = less.iter().filter_map(|index| self.length(*index, row));
            Some(less.fold(whole, |talk, part| talk - part)).filter(|talk| *talk > SLACK)
        };
        let said = |row: &[String]| {
            let ringing = self.length(ring, row).filter(|ringing| *ringing > SLACK);
            [talked(row).zip(ringing).map(|(talk, ringing)| (talk - ringing).max(Span::ZERO)), None, None]
        };
        let name = |index: usize| self.profiles.get(index).map_or("", |column| column.name);
        if let Some(rest) = self.left_over(said) {
            self.notes.push(format!("talk_s: it includes {}, as {} shows: it is subtracted", name(ring), name(rest)));
            self.used.push(rest);
            self.combine("talk_s", ring, false);
            return;
        }
        // Where wait and talk are the whole contact, the ringing is in one of them: in the talk, if it is longer than the wait.
        let (mut seen, mut within, mut longer) = (0, 0, 0);
        for row in self.compared() {
            let times = self.times_of(row, format);
            let ringing = self.length(ring, row).filter(|ringing| *ringing > SLACK && Some(ring) != waiting);
            let (Some(all), Some(wait), Some(talk), Some(ringing)) = (times.whole(), times.wait, times.talk, ringing)
            else {
                continue;
            };
            seen += 1;
            within += usize::from(is_near(all, wait + talk));
            longer += usize::from(is_near(all, wait + talk) && ringing > wait + SLACK);
        }
        if seen == 0 || within * 10 < seen * 9 {
            return;
        }
        if longer > 0 {
            self.notes.push(format!("talk_s: it includes {}, as rows show: it is subtracted", name(ring)));
            self.combine("talk_s", ring, false);
        } else {
            self.notes.push(format!(
                "{} is a part of wait_s or of talk_s, of which no row proves: taken for one of the wait; `less` of talk_s subtracts it",
                name(ring)
            ));
        }
    }

    /// Lengths of unknown names that are what the others leave of the contact: its hold, and the work after it.
    pub(super) fn nameless_lengths(&mut self, format: &TimeFormat) {
        if !self.fields.contains_key("talk_s") || self.columns.talk_s.as_ref().is_some_and(CsvField::is_difference) {
            return;
        }
        let [whole, handle] =
            ["whole_s", "handle_s"].map(|key| self.best(Self::words(key), super::ColumnProfile::is_duration));
        let ring = self.unused_that(|column| column.is_ringing() && column.is_duration());
        let length = |of: &Self, index: Option<usize>, row: &[String]| of.length(index?, row);
        let left = |all: Span, parts: Span| (all + SLACK >= parts).then(|| (all - parts).max(Span::ZERO));
        if !self.fields.contains_key("hold_s") {
            let said = |row: &[String]| {
                let times = self.times_of(row, format);
                let Some(talk) = times.talk.filter(|talk| *talk > Span::ZERO) else { return [None; 3] };
                let waited = times.wait.unwrap_or_default();
                let ringing = length(self, ring, row).unwrap_or_default();
                let all = times.whole().or_else(|| length(self, whole, row));
                [
                    times.after_answer().and_then(|after| left(after, talk)),
                    all.and_then(|all| left(all, waited + talk)),
                    all.and_then(|all| left(all, waited + ringing + talk)),
                ]
            };
            let found = self.left_over(said);
            self.take_left_over("hold_s", found);
        }
        if !self.fields.contains_key("acw_s") {
            let said = |row: &[String]| {
                let times = self.times_of(row, format);
                let talked = times.talk.unwrap_or_default() + times.hold.unwrap_or_default();
                [
                    length(self, handle, row)
                        .filter(|handle| *handle > Span::ZERO)
                        .and_then(|handle| left(handle, talked)),
                    None,
                    None,
                ]
            };
            let found = self.left_over(said);
            self.take_left_over("acw_s", found);
        }
    }

    fn take_left_over(&mut self, key: &'static str, found: Option<usize>) {
        let Some(index) = found else { return };
        let name = self.profiles.get(index).map_or("", |column| column.name);
        self.notes.push(format!(
            "{key}: {name} is taken for it, although its name is not known, as it is what the other lengths leave of the contact"
        ));
        self.used.push(index);
        self.fields.insert(key, index);
        let (column, unit) = (self.name(index), self.profiles.get(index).and_then(|column| column.shown_unit));
        let measured =
            |unit| CsvDuration { column: column.clone(), unit: Some(unit), plus: Vec::new(), less: Vec::new() };
        self.set(key, unit.map_or_else(|| CsvField::Column(column.clone()), |unit| CsvField::Duration(measured(unit))));
    }

    /// Leaves out a talk time that began before the answer, where the instants tell the one from there: that of a system's answer.
    pub(super) fn talk_from_earlier(&mut self, format: &TimeFormat) {
        let than = "from the answer to the end";
        if self.leave_out_longer(["talk_s", "ended_at"], than, format, |times| times.talk.zip(times.after_answer())) {
            self.columns.talk_s = None;
        }
    }

    /// Leaves out a wait that began before the contact joined the queue, where the instants tell the one from there.
    pub(super) fn wait_from_earlier(&mut self, format: &TimeFormat) {
        let than = "the wait up to the answer";
        if self.leave_out_longer(["wait_s", "answered_at"], than, format, |times| times.wait.zip(times.up_to_answer()))
        {
            self.columns.wait_s = None;
        }
    }

    /// Leaves out the length of a field, if there also is the instant that it lasts to and it is longer in three of four rows than
    /// the instants tell. `lengths` gives both of a row. Returns whether it was left out.
    fn leave_out_longer(
        &mut self,
        [key, to]: [&'static str; 2],
        than: &str,
        format: &TimeFormat,
        lengths: impl Fn(&RowTimes) -> Option<(Span, Span)>,
    ) -> bool {
        let Some(column) = self.of_field(key).filter(|_| self.fields.contains_key(to)) else { return false };
        let name = column.name.to_owned();
        let (mut longer, mut seen) = (0, 0);
        for row in self.compared() {
            let Some((length, told)) = lengths(&self.times_of(row, format)) else { continue };
            seen += 1;
            longer += usize::from(length > told + SLACK);
        }
        if seen < 2 || longer * 4 < seen * 3 {
            return false;
        }
        self.notes.push(format!("{name} is left out: it is longer than {than}, which the times tell"));
        self.fields.remove(key);
        true
    }

    /// The column of lengths of an unknown name that are one of those that `said` tells of their rows, in nearly all rows.
    fn left_over(&self, said: impl Fn(&[String]) -> [Option<Span>; 3]) -> Option<usize> {
        let is_said = |index: usize| {
            let (mut seen, mut agreeing, mut positive) = (0, 0, 0);
            for row in self.compared() {
                let said = said(row);
                if said.iter().all(Option::is_none) {
                    continue;
                }
                let length = self.length(index, row).unwrap_or_default();
                let agrees = said.into_iter().flatten().any(|said| is_near(said, length));
                seen += 1;
                agreeing += usize::from(agrees);
                positive += usize::from(agrees && length > SLACK);
            }
            positive > 1 && agreeing * 10 >= seen * 9
        };
        let is_nameless = |column: &super::ColumnProfile<'_>| {
            !is_known_name(column.name) && column.is_duration() && !column.is_ringing() && is_said(column.index)
        };
        self.unused_that(is_nameless)
    }

    /// Adds or subtracts a column to a key's.
    fn combine(&mut self, key: &str, index: usize, is_added: bool) {
        let other = self.name(index);
        let field = match self.place(key).and_then(Option::take) {
            Some(CsvField::Column(column)) => CsvDuration { column, unit: None, plus: Vec::new(), less: Vec::new() },
            Some(CsvField::Duration(duration)) => duration,
            Some(CsvField::Constant(_)) | None => return,
        };
        let CsvDuration { column, unit, mut plus, mut less } = field;
        let list: &mut Vec<CsvColumn> = if is_added { &mut plus } else { &mut less };
        list.push(other);
        self.set(key, CsvField::Duration(CsvDuration { column, unit, plus, less }));
    }

    /// A wait that is 0 where nobody answered, beside a column of the waits of these.
    pub(super) fn wait_of_abandoned(&mut self, unanswered: &[Option<bool>]) {
        let Some(wait) = self.of_field("wait_s").map(|wait| wait.index) else { return };
        let Some(other) = self.best(Self::words("abandoned_wait_s"), super::ColumnProfile::is_duration) else { return };
        let is_some = |index, row: &[String]| self.length(index, row).is_some_and(|length| length > Span::ZERO);
        let (mut missing, mut doubled) = (0, 0);
        for (row, unanswered) in self.compared().iter().zip(unanswered) {
            match (is_some(wait, row), is_some(other, row)) {
                (true, true) => doubled += 1,
                (false, true) => missing += usize::from(*unanswered != Some(false)),
                (_, false) => {}
            }
        }
        if missing > 0 && doubled == 0 {
            let name = self.profiles.get(other).map_or("", |column| column.name);
            self.notes.push(format!("wait_s: {name} is the wait of those that nobody answered"));
            self.used.push(other);
            self.combine("wait_s", other, true);
        }
    }

    /// Subtracts the time in a menu from a wait that includes it.
    pub(super) fn menu_in_wait(&mut self, format: &TimeFormat) {
        let Some(wait) = self.of_field("wait_s") else { return };
        let Some(menu) = self.best(Self::words("menu_s"), super::ColumnProfile::is_duration) else { return };
        let wait_name = wait.name.to_owned();
        // A start in the queue is behind the menu.
        let is_of_queue = self.times.iter().filter_map(|index| self.profiles.get(*index)).any(|column| {
            column.plain.split(' ').any(|word| ["queue", "queued", "enqueue", "enqueued", "joined"].contains(&word))
        });
        let whole = self.best(Self::words("whole_s"), super::ColumnProfile::is_duration);
        let (mut included, mut apart, mut seen, mut shorter) = (0, 0, 0, 0);
        for row in self.compared() {
            let times = self.times_of(row, format);
            let menu = self.length(menu, row).filter(|menu| *menu > SLACK);
            let (Some(wait), Some(menu)) = (times.wait.filter(|wait| *wait > Span::ZERO), menu) else { continue };
            seen += 1;
            shorter += usize::from(wait + SLACK < menu);
            let to_answer = times.up_to_answer().filter(|_| !is_of_queue);
            let talked = times.talk.unwrap_or_default() + times.hold.unwrap_or_default();
            let whole = whole.and_then(|index| self.length(index, row)).filter(|whole| *whole >= talked);
            let said = [to_answer, whole.map(|whole| whole - talked)];
            let is_said = |span: Span| said.into_iter().flatten().any(|said| is_near(said, span));
            match (is_said(wait), is_said(wait + menu)) {
                (true, false) => included += 1,
                (false, true) => apart += 1,
                _ => {}
            }
        }
        let menu_name = self.profiles.get(menu).map_or("", |column| column.name).to_owned();
        // What is shorter does not include it.
        let relation = if shorter * 20 > seen { Relation::Apart } else { Relation::of(included, apart + shorter) };
        match relation {
            Relation::Included => {
                self.notes.push(format!("wait_s: {wait_name} includes {menu_name}, as rows show: it is subtracted"));
                self.used.push(menu);
                self.combine("wait_s", menu, false);
            }
            Relation::Unproven if seen > 0 => self.notes.push(format!(
                "wait_s: {wait_name} is taken to be without {menu_name}, which no row proves: \
                 `wait_s = {{ column = {wait_name:?}, less = [{menu_name:?}] }}` if it includes it"
            )),
            Relation::Apart | Relation::Unproven => {}
        }
    }
}
