//! Proposes which columns and words tell how a contact ended. What a word usually means is held against the other cells of its
//! rows: whether they name an agent, and have talk time or an instant of the answer.

use std::collections::BTreeMap;

use super::Proposer;
use super::profile::ColumnProfile;
use crate::clock::Span;
use crate::source::format::csv::columns::{CsvColumn, CsvColumns, CsvField};
use crate::source::format::csv::duration::Notation;
use crate::source::format::csv::evidence::RowEvidence;
use crate::source::format::csv::naming::Naming;
use crate::source::format::csv::outcome::{RowOutcome, is_negated, is_nobody};
use crate::source::format::csv::value::{YesNo, is_blank};
use crate::source::format::csv::{duration, totals};

/// How many words are named in a note.
const MAX_NAMED_WORDS: usize = 5;
/// A column of more words tells something else.
const MAX_OUTCOME_WORDS: usize = 60;
/// The most words of a column whose name tells nothing.
const MAX_UNNAMED_WORDS: usize = 15;
/// Of fewer rows, that all have one word says nothing.
const MIN_ROWS: usize = 3;

/// What the rows of a word show.
#[derive(Clone, Copy, Debug, Default)]
struct WordRows {
    rows: usize,
    /// With talk, or an instant of the answer.
    spoke: usize,
    /// Those of them that name an agent, or all without a column of agents.
    heard: usize,
    /// Without talk and an instant of the answer.
    silent: usize,
    /// Those of them that name nobody.
    hollow: usize,
    /// Of all, those that name nobody.
    nobody: usize,
}

impl WordRows {
    fn note(&mut self, evidence: RowEvidence, has_spoken: Option<bool>) {
        let is_named = evidence.is_named != Some(false);
        let is_hollow = evidence.is_named != Some(true);
        self.rows += 1;
        self.nobody += usize::from(!is_named);
        match has_spoken {
            Some(true) => {
                self.spoke += 1;
                self.heard += usize::from(is_named);
            }
            Some(false) => {
                self.silent += 1;
                self.hollow += usize::from(is_hollow);
            }
            None => {}
        }
    }

    /// Whether its rows bear out that they were answered. Of those without talk, few may have an agent, and hardly one none.
    const fn are_answered(&self) -> bool {
        self.hollow * 50 <= self.rows && (self.silent - self.hollow) * 10 <= self.rows
    }

    /// Whether its rows bear out that they were not answered.
    const fn are_unanswered(&self) -> bool {
        self.heard * 5 <= self.spoke + self.silent
    }
}

/// The rows of each word of a column; those of empty cells are under `""`.
type CrossTable<'a> = BTreeMap<&'a str, WordRows>;

impl<'a> Proposer<'a> {
    /// The columns that say how a contact ended, and what their words mean.
    pub(super) fn outcome(&mut self) {
        let whole = self.cross_table(None);
        let all = whole.get("").copied().unwrap_or_default();
        let tells = |column: &ColumnProfile<'_>| {
            let words = column.distinct();
            words.len() <= MAX_OUTCOME_WORDS
                && (words.iter().any(|cell| RowOutcome::of_word(cell).is_some() || is_negated(cell))
                    || all.spoke > 0 && words.len() < column.cells.len())
        };
        let mut found = Vec::new();
        let mut asked: Vec<&str> = Vec::new();
        while let Some(index) = self.best(Self::words("outcome"), tells) {
            self.outcome_column(index, all, &mut found, &mut asked);
        }
        while found.is_empty()
            && self.columns.answered.is_none()
            && let Some(index) = self.unused_that(tells_by_words)
        {
            self.outcome_column(index, all, &mut found, &mut asked);
        }
        if self.columns.answered.is_none() {
            found.extend(self.abandoned_flag(all));
        }
        while found.is_empty()
            && self.columns.answered.is_none()
            && let Some(index) = self.told_ends.pop()
        {
            self.outcome_column(index, all, &mut found, &mut asked);
        }
        // With several columns or `answered`, a word that is not known leaves it to the next.
        if found.len() == 1 && self.columns.answered.is_none() {
            for word in &asked {
                self.columns.outcomes.insert((*word).to_owned(), RowOutcome::Unknown);
            }
        }
        if !asked.is_empty() {
            asked.truncate(MAX_NAMED_WORDS);
            self.notes.push(format!("outcome: what do {asked:?} mean? Write it into outcomes"));
        }
        let mut names: Vec<CsvColumn> = found.iter().map(|index| self.name(*index)).collect();
        self.columns.outcome = match (names.len(), names.pop()) {
            (1, Some(one)) => Some(CsvColumns::One(one)),
            (_, Some(last)) => {
                names.push(last);
                Some(CsvColumns::Many(names))
            }
            (_, None) => None,
        };
        if found.is_empty() && self.columns.answered.is_none() {
            self.by_evidence(all);
        }
    }

    /// Take a column for the outcome if its rows bear that out. Words that are not known are added to `asked`.
    fn outcome_column(&mut self, index: usize, all: WordRows, found: &mut Vec<usize>, asked: &mut Vec<&'a str>) {
        self.used.push(index);
        let table = self.cross_table(Some(index));
        let words = table.iter().filter(|(word, _)| !word.is_empty());
        let verdicts: Vec<_> = words.map(|(word, rows)| (*word, verdict(word, *rows, all))).collect();
        if verdicts.is_empty() {
            return;
        }
        if let Some(why) = no_outcome(&verdicts, &table, all) {
            let name = self.profiles.get(index).map_or("", |column| column.name);
            if verdicts.iter().any(|(word, _)| RowOutcome::of_word(word).is_some()) {
                self.notes.push(format!("outcome: {name} is left out: {why}"));
            }
            return;
        }
        found.push(index);
        for (word, verdict) in verdicts {
            match (verdict, RowOutcome::of_word(word)) {
                (Some(RowOutcome::Answered), None) => self.notes.push(format!(
                    "outcome: {word:?} is taken for answered, as every row of it has talk time or an instant of the answer"
                )),
                (Some(RowOutcome::ByAgent), Some(usual)) => self.notes.push(format!(
                    "outcome: {word:?} is not taken for {}, as its other cells tell otherwise in some rows: those with talk time \
                     are taken for answered, and the end of the others is unknown",
                    usual.key()
                )),
                (None, None) => asked.push(word),
                _ => {}
            }
            if let Some(outcome) = verdict {
                self.columns.outcomes.insert(word.to_owned(), outcome);
            }
        }
    }

    /// Without a word for the end, the other cells tell. Where an agent is named without talk, empty cells mean that there was none.
    fn by_evidence(&mut self, all: WordRows) {
        let is_open = self.columns.leaves_ends_open();
        if is_open && (all.spoke == 0 || all.silent == 0) {
            return;
        }
        let Some(talk) = self.of_field("talk_s").filter(|_| all.spoke > 0) else {
            let by = if self.columns.answered_at.is_some() { "an instant of the answer" } else { "an agent" };
            self.notes.push(format!("a row with {by} is taken for answered, and one without for abandoned"));
            return;
        };
        let (index, name) = (talk.index, talk.name.to_owned());
        self.notes.push(format!("a row with {name} is taken for answered, and one without for abandoned"));
        let is_rung = |row: &&&[String]| {
            row.get(index).is_some_and(|cell| is_blank(cell)) && self.evidence(row, None).is_named == Some(true)
        };
        if !is_open && (self.columns.answered_at.is_some() || self.contact_rows().filter(is_rung).count() == 0) {
            return;
        }
        let none = talk_cells_of_zero(self.of_field("talk_s"));
        let blank = self.contact_rows().filter_map(|row| row.get(index)).filter(|cell| is_blank(cell));
        let mut words: Vec<String> = blank.map(|cell| cell.trim().to_owned()).collect();
        words.extend(["0", "00:00", "0:00", "00:00:00", "0:00:00", "0.0"].map(str::to_owned));
        words.extend(none);
        words.sort_unstable();
        words.dedup();
        self.columns.outcome = Some(CsvColumns::One(self.name(index)));
        self.columns.outcomes = words.into_iter().map(|word| (word, RowOutcome::Abandoned)).collect();
        self.columns.outcomes.insert("*".to_owned(), RowOutcome::Answered);
    }

    /// The column of yes and no that says which contacts were answered.
    pub(super) fn answered(&mut self) {
        let all = self.cross_table(None).get("").copied().unwrap_or_default();
        let words = Self::words("answered");
        let says = |column: &ColumnProfile<'_>| {
            // `Handled by queue` is no answer.
            column.likeness(words).is_some_and(|(naming, _)| naming < Naming::Guess)
                && column.distinct().len() <= 3
                && column.cells.iter().any(|cell| YesNo::usual(cell).is_yes().is_some())
        };
        while let Some(index) = self.best(words, says) {
            self.used.push(index);
            let (mut yes, mut no, mut asked) = (Vec::new(), Vec::new(), Vec::new());
            let mut is_borne_out = true;
            for (word, rows) in self.cross_table(Some(index)) {
                let reply = YesNo::usual(word);
                let pure =
                    (all.spoke > 0 && rows.spoke + rows.silent > 0).then_some((rows.silent == 0, rows.heard == 0));
                match (reply, pure) {
                    (YesNo::Yes, _) => is_borne_out &= all.spoke == 0 || rows.are_answered(),
                    (YesNo::No | YesNo::Nothing, _) => is_borne_out &= all.spoke == 0 || rows.are_unanswered(),
                    (YesNo::Unknown, Some((true, _))) => yes.push(word.to_owned()),
                    (YesNo::Unknown, Some((false, true))) => no.push(word.to_owned()),
                    (YesNo::Unknown, _) => asked.push(word),
                }
            }
            let name = self.profiles.get(index).map_or("", |column| column.name);
            if !is_borne_out {
                self.notes.push(format!(
                    "answered: {name} is left out, as other cells of its rows tell otherwise: who talked with whom"
                ));
                continue;
            }
            if !asked.is_empty() {
                self.notes.push(format!("answered: what do {asked:?} in {name} mean? Write them into yes or no"));
            }
            self.columns.yes.extend(yes);
            self.columns.no.extend(no);
            self.fields.insert("answered", index);
            self.set("answered", CsvField::Column(self.name(index)));
            return;
        }
    }

    /// A field of yes and no. A column whose words are not known is left out, since they might mean either.
    pub(super) fn flag(&mut self, key: &'static str) {
        let says = |column: &ColumnProfile<'_>| (1..=3).contains(&column.distinct().len());
        while let Some(index) = self.best(Self::words(key), says) {
            self.used.push(index);
            let Some(column) = self.profiles.get(index) else { return };
            let words = column.distinct();
            let unknown: Vec<&str> =
                words.iter().copied().filter(|word| YesNo::usual(word) == YesNo::Unknown).collect();
            let has_yes = words.iter().any(|word| YesNo::usual(word) == YesNo::Yes);
            match unknown.as_slice() {
                [] => {}
                // The other one is no.
                [other] if has_yes && words.len() == 2 => self.columns.no.push((*other).to_owned()),
                _ => {
                    self.notes.push(format!(
                        "{key} is left out: which of {words:?} in {} mean yes? Write these into yes, and the column into {key}",
                        column.name
                    ));
                    continue;
                }
            }
            self.fields.insert(key, index);
            self.set(key, CsvField::Column(self.name(index)));
            return;
        }
    }

    /// A column that says yes of the abandoned contacts and no of the answered ones.
    fn abandoned_flag(&mut self, all: WordRows) -> Option<usize> {
        let says = |column: &ColumnProfile<'_>| {
            let cells = column.distinct();
            cells.len() <= 2 && cells.iter().any(|cell| YesNo::usual(cell) == YesNo::Yes)
        };
        let index = self.best(Self::words("abandoned_flag"), says)?;
        self.used.push(index);
        let name = self.profiles.get(index).map_or("", |column| column.name);
        let mut notes = Vec::new();
        for (word, rows) in self.cross_table(Some(index)) {
            let is_yes = YesNo::usual(word) == YesNo::Yes;
            if is_yes && all.spoke > 0 && !rows.are_unanswered() {
                self.notes
                    .push(format!("outcome: {name} is left out, as {word:?} is in rows of contacts with talk time"));
                return None;
            }
            let outcome = if is_yes { RowOutcome::Abandoned } else { RowOutcome::ByAgent };
            if outcome == RowOutcome::ByAgent {
                notes.push(format!(
                    "outcome: {word:?} in {name} is taken for answered where a row names an agent or an answer, or has talk \
                     time; how the others ended is unknown"
                ));
            }
            self.columns.outcomes.insert(word.to_owned(), outcome);
        }
        self.notes.extend(notes);
        Some(index)
    }

    /// The rows that are contacts which came to the floor.
    fn contact_rows(&self) -> impl Iterator<Item = &&'a [String]> {
        let width = self.profiles.len();
        self.rows.iter().filter(move |row| row.len() + 1 >= width && !totals::begin(row) && self.comes_in(row))
    }

    /// What the rows of each word of a column show; of all rows without one.
    fn cross_table(&self, column: Option<usize>) -> CrossTable<'a> {
        let mut table = CrossTable::new();
        let talk = self.talk_columns();
        for row in self.contact_rows() {
            let cell = column.and_then(|column| row.get(column)).map_or("", |cell| cell.trim());
            let word = if is_blank(cell) { "" } else { cell };
            let evidence = self.evidence(row, talk.as_ref());
            let has_spoken = evidence.has_talk.or(evidence.has_instant);
            table.entry(word).or_default().note(evidence, has_spoken);
        }
        table
    }

    /// What a row shows of an answer.
    fn evidence(&self, row: &[String], talk: Option<&TalkColumns>) -> RowEvidence {
        let cell = |key: &str| Some(self.fields.get(key)?).and_then(|index| row.get(*index)).map(|cell| cell.trim());
        let is_instant = |cell: &str| !is_blank(cell) && cell != "0";
        RowEvidence {
            is_named: cell("agent").map(|name| !is_nobody(name, &self.columns.nobody)),
            has_instant: cell("answered_at").map(is_instant),
            has_talk: talk.and_then(|talk| talk.have_talk(row)),
        }
    }

    /// The columns that tell whether there was talk; `None` where none tells of talk alone.
    fn talk_columns(&self) -> Option<TalkColumns> {
        let column = self.of_field("talk_s")?;
        let less: &[CsvColumn] = match &self.columns.talk_s {
            Some(CsvField::Duration(duration)) => &duration.less,
            _ => &[],
        };
        // The time of the whole call is never 0.
        let is_none = |cell: &&str| duration::span(cell, column.notation()).is_ok_and(|span| span == Some(Span::ZERO));
        let is_of_talk = || {
            ["talk_s", "handle_s"].iter().any(|key| column.likeness(Self::words(key)).is_some())
                || column.distinct().iter().any(is_none)
        };
        if less.is_empty() && !is_of_talk() {
            return None;
        }
        let of_name = |name: &CsvColumn| self.profiles.iter().find(|column| self.name(column.index) == *name);
        let less: Option<Vec<_>> =
            less.iter().map(|name| of_name(name).map(|column| (column.index, column.notation()))).collect();
        Some(TalkColumns { whole: (column.index, column.notation()), less: less? })
    }
}

/// The columns that tell whether there was talk: a length, and what of it is none.
struct TalkColumns {
    whole: (usize, Notation),
    less: Vec<(usize, Notation)>,
}

impl TalkColumns {
    /// Whether a row has talk time; `None` where its cells cannot be read.
    fn have_talk(&self, row: &[String]) -> Option<bool> {
        let length = |(index, notation): (usize, Notation)| {
            let cell = row.get(index)?;
            if duration::is_negative(cell) {
                return None;
            }
            Some(duration::span(cell, notation).ok()?.unwrap_or_default())
        };
        let whole = length(self.whole)?;
        let talk = self.less.iter().try_fold(whole, |talk, other| Some(talk - length(*other)?))?;
        // The fractions of what is subtracted are cut off.
        Some(talk > if self.less.is_empty() { Span::ZERO } else { Span::SECOND })
    }
}

/// The cells of a column of lengths that say that there was none.
fn talk_cells_of_zero(column: Option<&ColumnProfile<'_>>) -> Vec<String> {
    let Some(column) = column else { return Vec::new() };
    let is_zero = |cell: &&str| duration::span(cell, column.notation()).is_ok_and(|span| span == Some(Span::ZERO));
    column.distinct().into_iter().filter(is_zero).map(str::to_owned).collect()
}

/// Whether the words of a column say how contacts ended, whatever its name is.
fn tells_by_words(column: &ColumnProfile<'_>) -> bool {
    let words = column.distinct();
    let has = |fits: &dyn Fn(RowOutcome) -> bool| words.iter().any(|word| RowOutcome::of_word(word).is_some_and(fits));
    (2..=MAX_UNNAMED_WORDS).contains(&words.len())
        && has(&|outcome| outcome == RowOutcome::Answered)
        && has(&|outcome| matches!(outcome, RowOutcome::Abandoned | RowOutcome::Left(_)))
        && column.mostly(|cell| RowOutcome::of_word(cell).is_some())
}

/// What a word means, as its rows bear it out; `None` if that is not known.
fn verdict(word: &str, rows: WordRows, all: WordRows) -> Option<RowOutcome> {
    let usual = RowOutcome::of_word(word);
    if all.spoke == 0 {
        // Of agents, the one rung last may be named, but who answered is not nobody.
        let is_hollow = rows.nobody * 50 > rows.rows && all.nobody < all.rows;
        return usual.map(|usual| if usual == RowOutcome::Answered && is_hollow { RowOutcome::ByAgent } else { usual });
    }
    match usual {
        Some(RowOutcome::Answered) if !rows.are_answered() => Some(RowOutcome::ByAgent),
        Some(RowOutcome::Abandoned | RowOutcome::Left(_)) if !rows.are_unanswered() => Some(RowOutcome::ByAgent),
        Some(usual) => Some(usual),
        None if rows.heard == 0 && rows.silent > 0 && YesNo::usual(word) == YesNo::No => Some(RowOutcome::Abandoned),
        None if is_negated(word) => None,
        None if rows.heard > 0 && rows.silent == 0 && rows.heard == rows.spoke => Some(RowOutcome::Answered),
        None if rows.heard > 0 => Some(RowOutcome::ByAgent),
        None => None,
    }
}

/// Why a column does not tell how contacts ended; `None` if it does: it has a word for contacts that were not answered which its rows bear
/// out, or every one of its words is of one kind of rows.
fn no_outcome(verdicts: &[(&str, Option<RowOutcome>)], table: &CrossTable<'_>, all: WordRows) -> Option<String> {
    let words: Vec<&str> = verdicts.iter().map(|(word, _)| *word).take(MAX_NAMED_WORDS).collect();
    let is_sure = |(word, verdict): &(&str, Option<RowOutcome>)| verdict.is_some() && !RowOutcome::is_over(word);
    if all.spoke == 0 {
        let is_told = verdicts.iter().any(is_sure) || verdicts.len() == 1 && all.rows < MIN_ROWS;
        let is_hollow = verdicts.iter().all(|(_, verdict)| *verdict == Some(RowOutcome::ByAgent));
        return (!is_told || is_hollow).then(|| format!("{words:?} may be said of any contact that is over"));
    }
    let is_unanswered = |verdict: &(&str, Option<RowOutcome>)| {
        is_sure(verdict) && matches!(verdict.1, Some(RowOutcome::Abandoned | RowOutcome::Left(_) | RowOutcome::Ignored))
    };
    let is_mixed = verdicts.iter().any(|(_, verdict)| *verdict == Some(RowOutcome::ByAgent));
    let is_silent = verdicts.iter().any(|(_, verdict)| verdict.is_none());
    let none_silent = table.values().all(|rows| rows.silent == 0);
    let tells = verdicts.iter().any(is_unanswered) || is_silent && !is_mixed || none_silent && !is_mixed;
    (!tells).then(|| {
        format!("its words, such as {words:?}, are in rows with talk time and in rows without, or in the former only")
    })
}
