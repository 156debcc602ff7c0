//! Which column may hold the contacts' ids, and which rows are of what comes before a queue.

use std::collections::HashMap;

use super::Proposer;
use super::profile::ColumnProfile;
use crate::clock::Span;
use crate::source::format::csv::columns::CsvColumn;
use crate::source::format::csv::legs::{IdEvidence, IdKind};
use crate::source::format::csv::naming::{Naming, is_known_name};
use crate::source::format::csv::outcome::{Words, is_usually_nobody};
use crate::source::format::csv::value::is_blank;
use crate::source::format::csv::words::{normalized, vocabulary};

/// The most columns that are tried.
const MAX_CANDIDATES: usize = 6;
/// Ids are hardly shorter, where no name tells that they are some.
const MIN_ID_CHARS: usize = 6;
/// Of fewer contacts that waited in a queue in vain, that others were in none says nothing.
const MIN_WAITING_ROWS: usize = 2;
/// So many digits alone may be a phone number.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=13;

/// A column that may hold the contacts' ids.
#[derive(Clone, Debug)]
pub(super) struct IdCandidate {
    pub(super) column: CsvColumn,
    pub(super) index: usize,
    /// Its name says so.
    is_named: bool,
}

impl IdCandidate {
    /// The column of that name and index, which is known to be one of ids.
    pub(super) fn named(name: &str, index: usize) -> Self {
        Self { column: CsvColumn::Name(name.to_owned()), index, is_named: true }
    }
}

/// What the rows of a queue show.
#[derive(Debug, Default)]
struct QueueRows {
    rows: usize,
    /// Those that name an agent.
    named: usize,
    answered: usize,
    /// Those before another row of the same id.
    followed: usize,
}

impl Proposer<'_> {
    /// The columns that are named like ids, the likeliest first.
    pub(super) fn named_ids(&mut self) {
        let words = Self::words("contact");
        let may_be = |column: &ColumnProfile<'_>| {
            let is_length = || {
                let mut lengths = vocabulary().columns.iter().filter(|(key, _)| key.ends_with("_s"));
                lengths.any(|(_, words)| column.likeness(words).is_some_and(|(naming, _)| naming == Naming::Exact))
            };
            !(column.cells.is_empty() || is_length() && column.is_duration())
        };
        let is_sure =
            |column: &ColumnProfile<'_>| column.likeness(words).is_some_and(|(naming, _)| naming < Naming::Guess);
        // Of names that are not understood, one is enough.
        while self.ids.len() < MAX_CANDIDATES
            && let Some(index) = self.best(words, |column| may_be(column) && (self.ids.is_empty() || is_sure(column)))
        {
            self.used.push(index);
            self.ids.push(IdCandidate { column: self.name(index), index, is_named: true });
        }
    }

    /// The columns of unknown names whose cells look like ids.
    pub(super) fn nameless_ids(&mut self) {
        let looks = |cell: &str, is_counted: bool| {
            let digits = cell.bytes().filter(u8::is_ascii_digit).count();
            let is_phone = digits == cell.len() && (PHONE_DIGITS.contains(&digits) || cell.starts_with('0'));
            let is_phone = is_phone && !is_counted;
            cell.len() >= MIN_ID_CHARS && digits > 0 && !is_phone && !cell.contains([' ', ':', '+', '@', '/'])
        };
        let fits = |column: &&ColumnProfile<'_>| {
            !self.used.contains(&column.index) && !is_known_name(column.name) && column.time().is_none() && {
                let is_counted = is_counted(&column.cells);
                column.mostly(|cell| looks(cell, is_counted))
            }
        };
        let room = MAX_CANDIDATES.saturating_sub(self.ids.len());
        let found: Vec<usize> = self.profiles.iter().filter(fits).map(|column| column.index).take(room).collect();
        for index in found {
            self.ids.push(IdCandidate { column: self.name(index), index, is_named: false });
        }
    }

    /// Leaves out rows of contacts that did not get as far as a queue: they name none, nor an agent, and nobody waited or talked, where
    /// others that nobody answered name a queue and have a wait.
    pub(super) fn before_queues(&mut self) {
        let [queue, agent, wait, talk] =
            ["queue", "agent", "wait_s", "talk_s"].map(|key| self.fields.get(key).copied());
        let (Some(queue), Some(wait), Some(talk)) = (queue, wait, talk) else { return };
        let is_empty = |row: &[String], index: usize| row.get(index).is_none_or(|cell| is_blank(cell));
        let is_none = |row: &[String], index: usize| self.length(index, row).is_none_or(|length| length == Span::ZERO);
        let (mut outside, mut waiting, mut odd) = (0, 0, 0);
        for row in self.compared().iter().filter(|row| self.comes_in(row)) {
            match (is_empty(row, queue), is_none(row, wait), is_none(row, talk)) {
                (true, true, true) if agent.is_none_or(|agent| is_empty(row, agent)) => outside += 1,
                (false, false, true) => waiting += 1,
                // In the second case, waits of those who are not answered are not told.
                (true, ..) | (false, true, true) => odd += 1,
                (false, _, false) => {}
            }
        }
        if outside == 0 || odd > 0 || waiting < MIN_WAITING_ROWS {
            return;
        }
        let name = self.profiles.get(queue).map_or("", |column| column.name);
        self.notes.push(format!(
            "{outside} rows in which {name} is empty are left out: nobody waited or talked there, so that they did not get as far as a \
             queue: check except"
        ));
        let key = if self.header { name.to_owned() } else { (queue + 1).to_string() };
        let mut blank: Vec<&str> = self.rows.iter().filter_map(|row| row.get(queue)).map(|cell| cell.trim()).collect();
        blank.retain(|cell| is_blank(cell));
        blank.sort_unstable();
        blank.dedup();
        self.columns.except.entry(key).or_insert_with(|| Words::new(blank));
    }

    /// Leaves out the rows of queues that are menus: they are answered, by nobody who has a name, and the contact's other rows
    /// follow.
    pub(super) fn menus(&mut self) {
        let (Some(queue), Some(agent)) = (self.of_field("queue"), self.of_field("agent")) else { return };
        let mut seen: HashMap<&str, QueueRows> = HashMap::new();
        let cell = |row: &'_ [String], index: usize| row.get(index).map_or("", |cell| cell.trim()).to_owned();
        let unanswered = self.unanswered();
        for (at, (row, unanswered)) in self.compared().iter().zip(&unanswered).enumerate() {
            let name = cell(row, agent.index);
            let queued = row.get(queue.index).map_or("", |cell| cell.trim());
            let seen = seen.entry(if is_blank(queued) { "" } else { queued }).or_default();
            let follows = |id: &IdCandidate| {
                let (own, next) = (cell(row, id.index), self.rows.get(at + 1).map(|row| cell(row, id.index)));
                !is_blank(&own) && next == Some(own)
            };
            seen.rows += 1;
            seen.named += usize::from(!is_blank(&name) && !is_usually_nobody(&name));
            let talked = self.fields.get("talk_s").and_then(|talk| self.length(*talk, row));
            let talked = talked.is_some_and(|talk| talk > Span::ZERO);
            seen.answered += usize::from(talked || *unanswered == Some(false));
            seen.followed += usize::from(self.ids.iter().any(follows));
        }
        if seen.values().all(|seen| seen.named == 0) {
            return;
        }
        let is_menu = |name: &str, seen: &QueueRows| {
            let is_called_so = vocabulary()
                .menus
                .words
                .iter()
                .any(|word| format!(" {} ", normalized(name)).contains(&format!(" {word} ")));
            seen.named == 0 && seen.answered == seen.rows && (seen.followed * 2 > seen.rows || is_called_so)
        };
        let mut menus: Vec<String> =
            seen.iter().filter(|(name, seen)| is_menu(name, seen)).map(|(name, _)| (*name).to_owned()).collect();
        menus.sort_unstable();
        if menus.is_empty() {
            return;
        }
        let key = if self.header { queue.name.to_owned() } else { (queue.index + 1).to_string() };
        self.notes.push(format!(
            "rows with {menus:?} in {} are left out: they name nobody, and others of the same contacts are of queues: check except",
            queue.name
        ));
        self.columns.except.entry(key).or_insert_with(|| Words::new(menus));
    }
}

/// Which of the candidates holds the contacts' ids, whether an id has several rows, and what is said of it. Of those that are named
/// so, the one is surer whose rows follow one another: each row can have an id of its own beside it.
pub(super) fn choose<'a>(
    candidates: &'a [IdCandidate],
    evidence: &[(usize, IdEvidence)],
) -> (Option<(&'a IdCandidate, bool)>, Vec<String>) {
    let kinds =
        || candidates.iter().zip(evidence).map(|(candidate, (_, evidence))| (candidate, evidence, evidence.kind()));
    let name = |candidate: &IdCandidate| match &candidate.column {
        CsvColumn::Name(name) => name.clone(),
        CsvColumn::Number(number) => number.to_string(),
    };
    let mut notes = Vec::new();
    let legs = kinds().find_map(|(candidate, evidence, kind)| match kind {
        IdKind::Legs(ids, rows) if candidate.is_named || evidence.is_sure() => Some((candidate, ids, rows)),
        _ => None,
    });
    if let Some((candidate, ids, rows)) = legs {
        let found = if candidate.is_named { "" } else { ", although its name is not known" };
        notes.push(format!(
            "contact: {ids} ids in {rows} rows of {}{found}: the rows of an id follow one another and are taken for one contact: check \
             legs",
            name(candidate)
        ));
        return (Some((candidate, true)), notes);
    }
    for (candidate, _, kind) in kinds().filter(|(candidate, ..)| candidate.is_named) {
        let why = match kind {
            IdKind::Unique => return (Some((candidate, false)), notes),
            IdKind::Legs(..) | IdKind::Empty => continue,
            IdKind::Apart(id) => {
                format!("rows of {id} do not follow one another, so that it is of a person or a ticket")
            }
            IdKind::Rounded(id) => format!("a spreadsheet has rounded its ids ({id}): export them as text"),
            IdKind::Same(id) => format!("it is {id} in every row"),
        };
        notes.push(format!("contact: {} is left out, as {why}; each row is taken for a contact", name(candidate)));
    }
    (None, notes)
}

/// Whether numbers rise from row to row, or fall: those of phones do not.
fn is_counted(cells: &[&str]) -> bool {
    let numbers = || cells.iter().filter_map(|cell| cell.parse::<u64>().ok());
    let steps = || numbers().zip(numbers().skip(1));
    steps().all(|(one, next)| one <= next) || steps().all(|(one, next)| one >= next)
}
