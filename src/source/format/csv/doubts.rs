//! What makes a mapping doubtful although every row can be read.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::columns::{Columns, CsvField};
use super::direction::comes_in;
use super::evidence::RowEvidence;
use super::outcome::{RowOutcome, Words};
use super::record::ContactRecord;
use crate::clock::Span;
use crate::source::rejection::RejectionReason;
use crate::text::{Label, Text};

/// How many contact ids are compared.
const MAX_IDS: usize = 100_000;
/// How many words are listed.
const MAX_LISTED_WORDS: usize = 5;
/// Of fewer rows, nothing is concluded.
const MIN_ROWS: u64 = 3;

/// Of fewer scores, that none is the highest says nothing.
const MIN_SCORES: u64 = 8;

/// What was seen of the rows of a table.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    compares_ids: bool,
    ids: FxHashSet<u64>,
    rows: u64,
    answered: u64,
    /// The first words in the column `answered`.
    words: Vec<String>,
    /// Of wait, talk, hold and after-contact work.
    pub(super) durations: [DurationDoubt; 4],
    /// How many rows `only`, `except` and `outcome` leave out.
    pub(super) left_out: u64,
    /// How many rows have totals and are left out.
    pub(super) totals: u64,
    /// How many rows of a contact were there already.
    pub(super) repeated: u64,
    /// How many ids a spreadsheet has rounded.
    pub(super) rounded: u64,
    /// How many contacts have times without seconds from which lengths would follow.
    pub(super) whole_minutes: u64,
    /// How many rows are of a later call than the others of their id, and the first such id.
    apart: (u64, Option<String>),
    /// How many cells cannot be read and are unknown, by the key, and what is wrong with the first.
    unread: BTreeMap<&'static str, (u64, String)>,
    /// The words that are not known, by the key.
    unknown: BTreeMap<&'static str, UnknownWords>,
    /// How many contacts have an unknown end.
    open: u64,
    /// How many contacts were answered as words say, and have neither an agent nor talk time.
    unheard: u64,
    /// How many contacts were abandoned as words say, and have an agent and talk time.
    spoken: u64,
    /// How many scores there are, and the highest, by the key.
    highest: BTreeMap<&'static str, (u64, f64)>,
}

/// Words that are not known.
#[derive(Debug, Default)]
struct UnknownWords {
    /// How many rows hold them.
    rows: u64,
    /// The first ones.
    words: Vec<String>,
}

impl UnknownWords {
    fn note(&mut self, word: &str) {
        self.rows += 1;
        if self.words.len() < MAX_LISTED_WORDS && !self.words.iter().any(|known| known == word) {
            self.words.push(Text::new(word).to_string());
        }
    }

    /// What is said of them.
    fn remark(&self, key: &str) -> String {
        let Self { rows, words } = self;
        let then = match key {
            "outcome" => "how these contacts ended is unknown: write them into outcomes",
            "answered" => "whether these contacts were answered is unknown: write them into yes or no",
            "transferred" => "these contacts are taken for not transferred: write them into yes or no",
            "channel" => {
                "these contacts are taken for calls: the words are voice, chat, email, sms, social, video, callback"
            }
            "only" => "these rows are left out: write them into only if they are contacts that came to the floor",
            _ => "this is unknown of these contacts: write them into yes or no",
        };
        let rows = if *rows == 1 { "1 row has".to_owned() } else { format!("{rows} rows have") };
        format!("{key}: {rows} words that are not known ({}); {then}", quoted(words))
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

/// What was seen of a duration.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DurationDoubt {
    /// How many are below 0 and so not known.
    pub(super) negative: u64,
    seen: u64,
    below_second: u64,
    above_hours: u64,
}

/// A duration of a contact is hardly longer.
pub(super) const MAX_USUAL: Span = Span::seconds(4 * 3600);

impl Doubts {
    pub(super) fn about(columns: &Columns) -> Self {
        let compares_ids = columns.legs.is_none() && matches!(columns.contact, Some(CsvField::Column(_)));
        Self { compares_ids, ..Self::default() }
    }

    /// Note a row, the word in its column `answered`, and what its other cells show of an answer.
    pub(super) fn note(&mut self, record: &ContactRecord, word: Option<&str>, evidence: RowEvidence) {
        self.rows += 1;
        self.answered += u64::from(record.outcome == RowOutcome::Answered);
        self.open += u64::from(record.outcome == RowOutcome::Unknown);
        let RowEvidence { is_named, has_talk, .. } = evidence;
        match record.outcome {
            RowOutcome::Answered => {
                self.unheard += u64::from(has_talk == Some(false) && is_named != Some(true));
            }
            RowOutcome::Abandoned => self.spoken += u64::from(has_talk == Some(true) && is_named == Some(true)),
            _ => {}
        }
        if self.compares_ids && self.ids.len() < MAX_IDS {
            self.ids.insert(FxBuildHasher.hash_one(record.contact.as_str()));
        }
        if let Some(word) = word
            && self.words.len() < MAX_LISTED_WORDS
            && !self.words.iter().any(|known| known == word)
        {
            self.words.push(word.to_owned());
        }
        let durations = [record.wait, record.talk, record.hold, record.acw];
        for (doubt, span) in self.durations.iter_mut().zip(durations) {
            if let Some(span) = span.filter(|span| *span > Span::ZERO) {
                doubt.seen += 1;
                doubt.below_second += u64::from(span < Span::SECOND);
                doubt.above_hours += u64::from(span > MAX_USUAL);
            }
        }
    }

    /// Note a row of a later call than the others of its id.
    pub(super) fn note_apart(&mut self, id: &Label) {
        self.apart.0 += 1;
        self.apart.1.get_or_insert_with(|| id.to_string());
    }

    /// Note a cell that cannot be read: what it holds is unknown.
    pub(super) fn note_unread<T>(&mut self, key: &'static str, reason: &RejectionReason) -> Option<T> {
        self.unread.entry(key).or_insert_with(|| (0, reason.to_string())).0 += 1;
        None
    }

    /// Note a word that is not known.
    pub(super) fn note_word(&mut self, key: &'static str, word: &str) {
        self.unknown.entry(key).or_default().note(word);
    }

    /// Note a row that `only` or `except` leaves out, and its word; of a direction, others than those wanted may be new.
    pub(super) fn note_kept_out(&mut self, word: &str, wanted: Option<&Words>) {
        let is_direction = |words: &Words| words.iter().any(|word| comes_in(word) == Some(true));
        if comes_in(word).is_none()
            && RowOutcome::of_word(word) != Some(RowOutcome::Ignored)
            && wanted.is_some_and(is_direction)
        {
            self.note_word("only", word);
        }
    }

    /// Note a score of a scale.
    pub(super) fn note_highest(&mut self, key: &'static str, score: Option<f64>) {
        if let Some(score) = score {
            let (count, highest) = self.highest.entry(key).or_default();
            (*count, *highest) = (*count + 1, highest.max(score));
        }
    }

    /// The doubts, in words.
    pub(super) fn remarks(&self, columns: &Columns) -> Vec<String> {
        let mut out = Vec::new();
        let Self { rows, answered, left_out, .. } = self;
        if *left_out > 0 {
            out.push(format!("{left_out} of {} rows are no contacts of the floor and left out", rows + left_out));
        }
        out.extend(super::totals::remark(self.totals));
        out.extend(self.unknown.iter().map(|(key, words)| words.remark(key)));
        for (key, (count, first)) in &self.unread {
            let cells = if *count == 1 { "1 cell is" } else { &format!("{count} cells are") };
            out.push(format!("{key}: {cells} taken as unknown, the first: {first}"));
        }
        if self.open > 0 && !columns.leaves_ends_open() {
            out.push(format!("how {} of {rows} contacts ended is unknown", self.open));
        }
        for (count, what) in [
            (self.unheard, "answered, and have neither an agent nor talk time"),
            (self.spoken, "abandoned, and have an agent and talk time"),
        ] {
            if count > 0 {
                out.push(format!("{count} of {rows} contacts are {what}: check outcomes"));
            }
        }
        for (key, scale) in [("csat", columns.csat_scale), ("ces", columns.ces_scale)] {
            let [low, high] = scale;
            // Of a longer scale, the end is seldom chosen.
            if let Some((count, highest)) = self.highest.get(key)
                && *count >= MIN_SCORES
                && high <= 10.0
                && *highest < high
            {
                out.push(format!(
                    "{key}: none of {count} scores is above {highest}, and {key}_scale is [{low}, {high}]: check it"
                ));
            }
        }
        if self.repeated > 0 {
            out.push(format!("{} of the rows are repeated and count once", self.repeated));
        }
        if self.rounded > 0 {
            out.push(format!(
                "{} ids were rounded by a spreadsheet, as 3E+14: such rows are contacts of their own: export the ids as text",
                self.rounded
            ));
        }
        if let (count @ 1.., Some(id)) = &self.apart {
            out.push(format!(
                "{count} rows are hours apart from the others of their id, and taken for other contacts, the first of {id}: check contact"
            ));
        }
        if self.whole_minutes > 0 {
            out.push(format!(
                "{} of {rows} rows have times without seconds: lengths that would follow from them are not known",
                self.whole_minutes
            ));
        }
        if self.compares_ids && *rows > self.ids.len() as u64 && self.ids.len() < MAX_IDS {
            out.push(format!(
                "{} ids in {rows} rows: if the rows of an id are one visit of a queue, set legs = true, if each is one, legs = false; else choose another column for contact",
                self.ids.len()
            ));
        }
        if *rows >= MIN_ROWS
            && (*answered == 0 || answered == rows)
            && matches!(columns.answered, Some(CsvField::Column(_)))
            && !self.unknown.contains_key("answered")
        {
            let which = if *answered == 0 { "no row" } else { "every row" };
            out.push(format!(
                "{which} is answered: the column `answered` holds {}, and `yes` is {:?}",
                quoted(&self.words),
                columns.yes
            ));
        }
        for (key, doubt) in ["wait_s", "talk_s", "hold_s", "acw_s"].iter().zip(self.durations) {
            if doubt.negative > 0 {
                out.push(format!("{key}: {} of {rows} are below 0 and taken as unknown", doubt.negative));
            }
            if doubt.seen >= MIN_ROWS && doubt.below_second == doubt.seen {
                out.push(format!("{key}: every duration is below a second: set its unit"));
            }
            if doubt.above_hours * 2 > doubt.seen {
                let DurationDoubt { seen, above_hours, .. } = doubt;
                out.push(format!(
                    "{key}: {above_hours} of {seen} durations are above four hours: set its unit, perhaps \"ms\""
                ));
            }
        }
        out
    }
}
