//! The column of agents where none is named so, and the words in it that are no agents.

use super::Proposer;
use super::profile::ColumnProfile;
use crate::source::format::csv::columns::CsvField;
use crate::source::format::csv::outcome::{Words, is_usually_nobody};
use crate::source::format::csv::value::is_blank;

impl Proposer<'_> {
    /// The column of people's names that the answered contacts have and the others do not, where none is named as that of agents.
    pub(super) fn nameless_agent(&mut self) {
        let unanswered = self.unanswered();
        let is_person = |cell: &str| {
            let words = || cell.split(' ').filter(|word| !word.is_empty());
            words().count() > 1
                && words().all(|word| word.starts_with(char::is_uppercase))
                && !cell.contains(char::is_numeric)
        };
        let is_of_answers = |column: &ColumnProfile<'_>| {
            let filled = |row: &[String]| row.get(column.index).is_some_and(|cell| !is_blank(cell));
            let share = |wanted| {
                let rows = || {
                    self.compared().iter().zip(&unanswered).filter(move |(_, unanswered)| **unanswered == Some(wanted))
                };
                (rows().filter(|(row, _)| filled(row)).count(), rows().count())
            };
            let ((named, answered), (odd, silent)) = (share(false), share(true));
            answered > 1 && silent > 1 && named * 20 >= answered * 19 && odd * 20 <= silent
        };
        let fits = |column: &ColumnProfile<'_>| {
            let people = column.distinct().len();
            column.is_text()
                && people > 1
                && people * 2 <= column.cells.len()
                && column.mostly(is_person)
                && is_of_answers(column)
        };
        let Some(index) = self.unused_that(fits) else { return };
        let name = self.profiles.get(index).map_or("", |column| column.name);
        self.notes.push(format!(
            "agent: {name} is taken for it, as it names people, and exactly the contacts have it that somebody answered"
        ));
        self.used.push(index);
        self.fields.insert("agent", index);
        self.set("agent", CsvField::Column(self.name(index)));
    }

    /// Words for nobody among the agents. Where nobody answered, some systems name the queue.
    pub(super) fn nobody(&mut self) {
        let Some(column) = self.of_field("agent") else { return };
        let queues = self.of_field("queue").map(ColumnProfile::distinct).unwrap_or_default();
        let is_nobody = |name: &&str| {
            name.starts_with(['[', '(', '<']) || is_usually_nobody(name) || queues.binary_search(name).is_ok()
        };
        let words: Vec<String> = column.distinct().into_iter().filter(is_nobody).map(str::to_owned).collect();
        self.columns.nobody = Words::new(words);
    }
}
