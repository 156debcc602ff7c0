//! Proposes which rows are contacts that came to the floor.

use super::Proposer;
use super::profile::ColumnProfile;
use crate::source::format::csv::direction::{comes_in, is_external};
use crate::source::format::csv::naming::Naming;
use crate::source::format::csv::outcome::{RowOutcome, Words};
use crate::source::format::csv::value::is_blank;

/// A column of more words is of something else.
const MAX_WORDS: usize = 40;
/// The most words of a column whose name tells nothing.
const MAX_UNNAMED_WORDS: usize = 8;
/// Names that are also those of columns about something else.
const VAGUE: [&str; 8] =
    ["type", "typ", "tipo", "call type", "тип звонка", "тип вызова", "呼種別", "initiation method"];

/// What the words of a column say of the direction.
#[derive(Debug, Default)]
struct Directions<'a> {
    inbound: Vec<&'a str>,
    outbound: Vec<&'a str>,
    /// Some systems say in the same column how inbound contacts ended.
    ends: Vec<&'a str>,
    unknown: Vec<&'a str>,
}

impl<'a> Directions<'a> {
    fn of(words: Vec<&'a str>) -> Self {
        let mut found = Self::default();
        for word in words {
            let place = match (comes_in(word), RowOutcome::of_word(word)) {
                (Some(true), _) => &mut found.inbound,
                (Some(false), _) | (None, Some(RowOutcome::Ignored)) => &mut found.outbound,
                (None, Some(_)) => &mut found.ends,
                (None, None) => &mut found.unknown,
            };
            place.push(word);
        }
        if found.inbound.is_empty() && !found.outbound.is_empty() {
            let external = found.unknown.extract_if(.., |word| is_external(word));
            found.inbound = external.collect();
        }
        found
    }
}

impl Proposer<'_> {
    /// Rows of calls that did not come to the floor are left out, whatever else they say.
    pub(super) fn direction(&mut self) {
        let words = Self::words("direction");
        let tells = |column: &ColumnProfile<'_>| {
            let found = column.distinct();
            if found.len() > MAX_WORDS {
                return false;
            }
            let Directions { inbound, outbound, ends, unknown } = Directions::of(found);
            // A column that says how contacts ended, and no more, is none.
            let is_named = || ends.is_empty() && !unknown.is_empty() && !is_vague(column, words);
            !outbound.is_empty() || !inbound.is_empty() && !unknown.is_empty() || is_named()
        };
        let by_words = |column: &ColumnProfile<'_>| {
            let found = column.distinct();
            let is_told = |word: &&str| word.chars().count() > 2 && comes_in(word).is_some();
            let has = |inward| found.iter().any(|word| comes_in(word) == Some(inward));
            found.len() <= MAX_UNNAMED_WORDS && found.iter().all(is_told) && has(true) && has(false)
        };
        while let Some(index) = self.best(words, tells).or_else(|| self.unused_that(by_words)) {
            self.used.push(index);
            let Some(column) = self.profiles.get(index) else { return };
            let (name, key) = (column.name, if self.header { column.name.to_owned() } else { (index + 1).to_string() });
            let Directions { inbound, outbound, ends, unknown } = Directions::of(column.distinct());
            let is_unclear = inbound.is_empty() && outbound.is_empty();
            if is_unclear {
                let why = format!(
                    "which of {unknown:?} in {name} are contacts that came to the floor? Write a mapping with `only = {{ {key:?} = [\"…\"] }}`"
                );
                // One word alone leaves no row out.
                if unknown.len() > 1 {
                    self.refusal = Some(why);
                } else {
                    self.notes.push(why);
                }
                continue;
            }
            if inbound.is_empty() && ends.is_empty() && unknown.is_empty() {
                self.refusal =
                    Some(format!("every row is of a call that did not come to the floor: {name} holds {outbound:?}"));
                continue;
            }
            if inbound.is_empty() {
                self.columns.except.insert(key, Words::new(outbound));
                continue;
            }
            if !unknown.is_empty() {
                let rows = column.cells.iter().filter(|cell| unknown.contains(cell)).count();
                self.notes.push(format!(
                    "only: what do {unknown:?} in {name} mean? {rows} rows have them and are left out: write them into only if these \
                     contacts came to the floor"
                ));
            }
            let blank = self.rows.iter().filter_map(|row| row.get(index)).filter(|cell| is_blank(cell)).count();
            if blank > 0 {
                self.notes.push(format!("only: {blank} rows in which {name} is empty are left out"));
            }
            self.columns.only.insert(key, Words::new([inbound, ends].concat()));
        }
    }

    /// Whether `only` and `except` let a row pass.
    pub(super) fn comes_in(&self, row: &[String]) -> bool {
        let cell = |key: &str| {
            let column = self
                .profiles
                .iter()
                .find(|column| if self.header { column.name == key } else { (column.index + 1).to_string() == key });
            column.and_then(|column| row.get(column.index)).map_or("", String::as_str)
        };
        self.columns.only.iter().all(|(key, words)| words.contains(cell(key)))
            && self.columns.except.iter().all(|(key, words)| !words.contains(cell(key)))
    }
}

/// Whether the name of a column may also be that of something else.
fn is_vague(column: &ColumnProfile<'_>, words: &[String]) -> bool {
    VAGUE.contains(&column.plain.as_str())
        || column.plain.starts_with("tipo ")
        || column.plain.starts_with("anruf")
        || column.likeness(words).is_none_or(|(naming, _)| naming == Naming::Guess)
}
