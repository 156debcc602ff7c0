//! Proposes which rows are contacts that came to the floor.

use super::Proposer;
use super::profile::ColumnProfile;
use crate::clock::Span;
use crate::source::format::csv::columns::Columns;
use crate::source::format::csv::direction::{comes_in, is_external};
use crate::source::format::csv::naming::{Naming, says_time};
use crate::source::format::csv::outcome::{RowOutcome, Words};
use crate::source::format::csv::value::{YesNo, is_blank};
use crate::source::format::csv::words::is_unit;

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

/// A column whose rows are to show the direction has at most so many words.
const MAX_PROVED_WORDS: usize = 5;
/// Of fewer rows of a word, nothing is concluded.
const MIN_WORD_ROWS: usize = 2;
/// The longest number of an extension.
const MAX_EXTENSION_DIGITS: usize = 5;

/// What the rows of a word show of who called whom.
#[derive(Clone, Copy, Debug, Default)]
struct CallerRows {
    rows: usize,
    /// Those without a queue.
    unqueued: usize,
    /// Those whose customer is an extension of the floor, or one of its agents.
    within: usize,
    /// Those with talk time.
    spoken: usize,
    /// Those that nobody answered.
    silent: usize,
    /// Those of them that name an agent: who calls is known, whoever answers.
    silent_named: usize,
}

impl CallerRows {
    /// What shows that the floor made these calls and not those others.
    fn proof(self, others: Self) -> Option<&'static str> {
        let nearly_all = |part: usize, all: usize| part * 20 >= all * 19;
        let hardly_any = |part: usize, all: usize| part * 20 <= all;
        let rang = |rows: Self| rows.spoken >= MIN_WORD_ROWS && rows.silent >= MIN_WORD_ROWS;
        match () {
            () if self.rows.min(others.rows) < MIN_WORD_ROWS => None,
            () if nearly_all(self.unqueued, self.rows) && hardly_any(others.unqueued, others.rows) => {
                Some("they name no queue, as the others do")
            }
            () if nearly_all(self.within, self.rows) && hardly_any(others.within, others.rows) => {
                Some("the caller is an extension, and one from outside in the others")
            }
            () if rang(self)
                && rang(others)
                && self.silent_named == self.silent
                && others.silent_named * 5 <= others.silent =>
            {
                Some("they name an agent where nobody answered, and the others do not")
            }
            () => None,
        }
    }
}

impl<'a> Proposer<'a> {
    /// Leaves out the rows of callers with the number of an extension, where all others call from outside, and no queue is named.
    fn leave_out_extensions(&mut self) {
        let Some(customer) = self.of_field("customer") else { return };
        let queue = self.fields.get("queue").copied();
        let (mut within, mut outside) = (0, 0);
        let mut extensions: Vec<&str> = Vec::new();
        for row in self.rows.iter().filter(|row| self.comes_in(row)) {
            let caller = row.get(customer.index).map_or("", |cell| cell.trim());
            if is_extension(caller) {
                within += 1;
                if queue.and_then(|queue| row.get(queue)).is_some_and(|cell| !is_blank(cell)) {
                    return;
                }
                extensions.push(caller);
            } else if !is_blank(caller) {
                outside += usize::from(caller.bytes().filter(u8::is_ascii_digit).count() > MAX_EXTENSION_DIGITS);
            }
        }
        if within < MIN_WORD_ROWS || outside <= within {
            return;
        }
        extensions.sort_unstable();
        extensions.dedup();
        let (name, key) = (customer.name, self.key(customer.index));
        self.notes.push(format!(
            "except: {within} rows in which {name} is an extension are taken for calls that did not come to the floor, as the others are \
             from outside: they are left out"
        ));
        self.columns.except.insert(key, Words::new(extensions));
    }

    /// The words of a column whose rows are of calls that the floor made, as the other cells of these prove, and how.
    fn proved_outbound(&self, column: &ColumnProfile<'a>) -> Option<(Vec<&'a str>, &'static str)> {
        let words = column.distinct();
        if !(2..=MAX_PROVED_WORDS).contains(&words.len()) {
            return None;
        }
        let unanswered = self.unanswered();
        let mut table = vec![CallerRows::default(); words.len()];
        let [queue, agent, customer, talk] =
            ["queue", "agent", "customer", "talk_s"].map(|key| self.fields.get(key).copied());
        let agents = agent.and_then(|agent| self.profiles.get(agent)).map(ColumnProfile::distinct).unwrap_or_default();
        for (row, unanswered) in self.compared().iter().zip(unanswered) {
            let cell = |index: Option<usize>| Some(row.get(index?)?.trim());
            let Some(word) = cell(Some(column.index)).and_then(|word| words.binary_search(&word).ok()) else {
                continue;
            };
            let Some(seen) = table.get_mut(word) else { continue };
            let is_within = |customer: &str| is_extension(customer) || agents.binary_search(&customer).is_ok();
            let has_spoken = talk.and_then(|talk| self.length(talk, row)).map(|talk| talk > Span::ZERO);
            let is_silent = has_spoken.map_or(unanswered == Some(true), |spoken| !spoken);
            let is_named = cell(agent).is_some_and(|name| !is_blank(name) && !self.columns.nobody.contains(name));
            seen.rows += 1;
            seen.unqueued += usize::from(cell(queue).is_some_and(is_blank));
            seen.within += usize::from(cell(customer).is_some_and(is_within));
            seen.spoken += usize::from(has_spoken.unwrap_or(unanswered == Some(false)));
            seen.silent += usize::from(is_silent);
            seen.silent_named += usize::from(is_silent && is_named);
        }
        let proof = |rows: &CallerRows| table.iter().find_map(|others| rows.proof(*others));
        let proved: Vec<_> = words.iter().zip(&table).filter_map(|(word, rows)| Some((*word, proof(rows)?))).collect();
        let why = proved.first()?.1;
        (proved.len() < words.len()).then(|| (proved.into_iter().map(|(word, _)| word).collect(), why))
    }

    /// Leaves out the rows of words that are not known, where their cells prove that the floor made these calls.
    fn leave_out_proved(&mut self, index: usize) -> bool {
        let Some(column) = self.profiles.get(index) else { return false };
        let Some((outbound, why)) = self.proved_outbound(column) else { return false };
        let name = column.name;
        self.notes.push(format!(
            "except: rows with {outbound:?} in {name} are taken for calls that did not come to the floor, as {why}: they are left out"
        ));
        self.columns.except.insert(self.key(index), Words::new(outbound));
        true
    }

    /// How `only` and `except` name a column.
    fn key(&self, index: usize) -> String {
        let named = self.profiles.get(index).filter(|_| self.header);
        named.map_or_else(|| (index + 1).to_string(), |column| column.name.to_owned())
    }

    /// Columns that are named by a direction and say yes or no: `incoming`, `is_outbound`.
    fn direction_flags(&mut self) {
        let found: Vec<_> = self.unused().filter_map(|column| Some((column.index, flag_of(column)?))).collect();
        for (index, (is_inward, yes)) in found {
            self.used.push(index);
            let key = self.key(index);
            let place = if is_inward { &mut self.columns.only } else { &mut self.columns.except };
            place.insert(key, Words::new(yes));
        }
    }

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
            let (name, key, cells) = (column.name, self.key(index), column.cells.clone());
            let Directions { inbound, outbound, ends, unknown } = Directions::of(column.distinct());
            if inbound.iter().chain(&ends).any(|word| is_unanswered(word)) {
                self.told_ends.push(index);
            }
            let is_unclear = inbound.is_empty() && outbound.is_empty();
            if is_unclear && self.leave_out_proved(index) {
                continue;
            }
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
                let rows = cells.iter().filter(|cell| unknown.contains(cell)).count();
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
        self.direction_flags();
        if self.columns.only.is_empty() && self.columns.except.is_empty() {
            // Two lengths that come often are no words.
            let is_unclear = |column: &&ColumnProfile<'_>| {
                !is_unit(&column.plain)
                    && !says_time(&column.plain)
                    && (2..=MAX_PROVED_WORDS).contains(&column.distinct().len())
                    && column.distinct().iter().all(|word| RowOutcome::of_word(word).is_none())
            };
            let unclear: Vec<usize> = self.unused().filter(is_unclear).map(|column| column.index).collect();
            if let Some(index) = unclear.into_iter().find(|index| self.leave_out_proved(*index)) {
                self.used.push(index);
            } else {
                self.leave_out_extensions();
            }
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

/// Says of a column of the direction that a mapping does not look at it, and counts calls in both directions.
pub(in crate::source::format::csv) fn direction_not_mapped(
    columns: &Columns,
    first: &[String],
    rows: &[&[String]],
    has_header: bool,
) -> Option<String> {
    if !(columns.only.is_empty() && columns.except.is_empty()) {
        return None;
    }
    let all: Vec<&[String]> = std::iter::once(first).filter(|_| !has_header).chain(rows.iter().copied()).collect();
    let proposer = Proposer::of(first, &all, has_header, b',');
    let named: Vec<&str> = columns.names().map(str::trim).collect();
    let tells = |column: &&ColumnProfile<'_>| {
        let found = column.distinct();
        let has = |inward| found.iter().any(|word| comes_in(word) == Some(inward));
        found.len() <= MAX_UNNAMED_WORDS
            && found.iter().all(|word| comes_in(word).is_some())
            && has(true)
            && has(false)
            && !named.contains(&column.name)
    };
    let column = proposer.profiles.iter().find(tells)?;
    let inbound: Vec<&str> = column.distinct().into_iter().filter(|word| comes_in(word) == Some(true)).collect();
    let key = proposer.key(column.index);
    Some(format!(
        "only: the column {key} tells contacts that came to the floor from other calls, and all of them are counted: \
         `only = {{ {key:?} = {inbound:?} }}` leaves the others out"
    ))
}

/// Whether a column of yes and no is named by calls that came to the floor or by others, and its words for yes.
fn flag_of<'a>(column: &ColumnProfile<'a>) -> Option<(bool, Vec<&'a str>)> {
    let bare = ["is ", "was "].iter().find_map(|is| column.plain.strip_prefix(is)).unwrap_or(&column.plain);
    let words = column.distinct();
    let is_flag = words.len() <= 2 && words.iter().all(|word| YesNo::usual(word).is_yes().is_some());
    let is_inward = comes_in(bare).filter(|_| is_flag && !bare.contains(' ') && bare.chars().count() > 2)?;
    let yes: Vec<_> = words.into_iter().filter(|word| YesNo::usual(word) == YesNo::Yes).collect();
    (!yes.is_empty()).then_some((is_inward, yes))
}

/// Whether a number is that of a phone of the floor.
fn is_extension(number: &str) -> bool {
    (2..=MAX_EXTENSION_DIGITS).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a word of the direction says besides that nobody answered.
fn is_unanswered(word: &str) -> bool {
    matches!(RowOutcome::of_word(word), Some(RowOutcome::Abandoned | RowOutcome::Left(_)))
}

/// Whether the name of a column may also be that of something else.
fn is_vague(column: &ColumnProfile<'_>, words: &[String]) -> bool {
    VAGUE.contains(&column.plain.as_str())
        || column.plain.starts_with("tipo ")
        || column.plain.starts_with("anruf")
        || column.likeness(words).is_none_or(|(naming, _)| naming == Naming::Guess)
}
