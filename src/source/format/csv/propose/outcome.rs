//! Proposes which columns and words tell how a contact ended.

use super::profile::ColumnProfile;
use super::{Proposer, is_nobody};
use crate::clock::Span;
use crate::source::format::csv::columns::{CsvColumn, CsvColumns};
use crate::source::format::csv::duration;
use crate::source::format::csv::outcome::{RowOutcome, is_negated};
use crate::source::format::csv::value::{is_blank, is_yes};
use crate::source::format::csv::words::vocabulary;

impl Proposer<'_> {
    /// The columns that say how a contact ended, and what their words mean.
    pub(super) fn outcome(&mut self) {
        // A word with a negation must not pass for answered because an agent is named, even if nobody knows it.
        let tells = |column: &ColumnProfile<'_>| {
            column.cells.iter().any(|cell| RowOutcome::of_word(cell).is_some() || is_negated(cell))
        };
        let mut found = Vec::new();
        while let Some(index) = self.best(Self::words("outcome"), tells) {
            self.used.push(index);
            found.push(index);
        }
        let mut unknown = Vec::new();
        for column in found.iter().filter_map(|index| self.profiles.get(*index)) {
            for word in column.distinct() {
                match RowOutcome::of_word(word) {
                    Some(outcome) => {
                        self.columns.outcomes.insert(word.to_owned(), outcome);
                    }
                    None => unknown.push((column.index, word)),
                }
            }
        }
        if self.columns.answered.is_none() {
            found.extend(self.abandoned_flag());
        }
        // With several columns or `answered`, a word that is not known leaves it to the next.
        if found.len() == 1 && self.columns.answered.is_none() {
            unknown.retain(|(column, word)| {
                let is_answered = !is_negated(word) && self.is_always_answered(*column, word);
                let outcome = if is_answered { RowOutcome::Answered } else { RowOutcome::Unknown };
                self.columns.outcomes.insert((*word).to_owned(), outcome);
                if is_answered {
                    self.notes.push(format!(
                        "outcome: {word:?} is taken for answered, as every row of it has an agent and talk time"
                    ));
                }
                !is_answered
            });
        }
        if !unknown.is_empty() {
            let words: Vec<&str> = unknown.iter().map(|(_, word)| *word).take(5).collect();
            self.notes.push(format!("outcome: what do {words:?} mean? Write it into outcomes"));
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
        self.leave_out_resolved();
    }

    /// Leaves out the columns for `resolved` whose words are not known: all but the words for yes would mean no.
    fn leave_out_resolved(&mut self) {
        let yes = self.columns.yes.clone();
        let is_no = |word: &str| ["n", "no", "false", "0"].iter().any(|no| word.eq_ignore_ascii_case(no));
        let is_unknown = |column: &ColumnProfile<'_>| {
            let words = column.distinct();
            let count = words.iter().filter(|word| is_yes(word, &yes) == Some(true)).count();
            let is_told = count > 0 && words.len() <= 2;
            words.len() <= 3 && !is_told && words.iter().any(|word| is_yes(word, &yes) == Some(false) && !is_no(word))
        };
        while let Some(index) = self.best(Self::words("resolved"), is_unknown) {
            self.used.push(index);
            if let Some(column) = self.profiles.get(index) {
                self.notes.push(format!(
                    "resolved is left out: which of {:?} in {} mean yes? Write these into yes, and the column into resolved",
                    column.distinct(),
                    column.name
                ));
            }
        }
    }

    /// A column that says yes of the abandoned contacts and no of the answered ones.
    fn abandoned_flag(&mut self) -> Option<usize> {
        let says_yes = |cell: &str| is_yes(cell, &vocabulary().yes.words) == Some(true);
        let column = |column: &ColumnProfile<'_>| {
            let cells = column.distinct();
            cells.len() <= 2 && cells.iter().any(|cell| says_yes(cell))
        };
        let index = self.best(Self::words("abandoned_flag"), column)?;
        self.used.push(index);
        for cell in self.profiles.get(index).map(ColumnProfile::distinct).unwrap_or_default() {
            let outcome = if says_yes(cell) { RowOutcome::Abandoned } else { RowOutcome::ByAgent };
            if outcome == RowOutcome::ByAgent {
                let name = self.profiles.get(index).map_or("", |column| column.name);
                self.notes.push(format!(
                    "outcome: {cell:?} in {name} is taken for answered where a row names an agent or an answer, or has talk \
                     time; how the others ended is unknown"
                ));
            }
            self.columns.outcomes.insert(cell.to_owned(), outcome);
        }
        Some(index)
    }

    /// Whether every row with this word in a column names an agent, and has talk time or an instant of the answer.
    fn is_always_answered(&self, column: usize, word: &str) -> bool {
        let Some(agent) = self.of_field("agent") else { return false };
        let spoke = |row: &[String]| {
            let talk =
                self.of_field("talk_s").and_then(|talk| duration::span(row.get(talk.index)?, talk.notation()).ok()?);
            let answered = self.of_field("answered_at").and_then(|at| row.get(at.index));
            talk.is_some_and(|talk| talk > Span::ZERO) || answered.is_some_and(|at| !is_blank(at) && at.trim() != "0")
        };
        let mut rows = self.rows.iter().filter(|row| row.get(column).is_some_and(|cell| cell.trim() == word));
        rows.all(|row| row.get(agent.index).is_some_and(|name| !is_blank(name) && !is_nobody(name)) && spoke(row))
    }
}
