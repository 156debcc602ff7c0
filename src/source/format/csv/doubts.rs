//! What makes a mapping doubtful although every row can be read.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::columns::{Columns, CsvField};
use super::outcome::RowOutcome;
use super::record::ContactRecord;
use crate::clock::Span;
use crate::source::rejection::RejectionReason;

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
    /// How many scores are none of their scale, by the key, and what is wrong with the first.
    scores: BTreeMap<&'static str, (u64, String)>,
    /// How many scores there are, and the highest, by the key.
    highest: BTreeMap<&'static str, (u64, f64)>,
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
        let compares_ids = !columns.legs && matches!(columns.contact, Some(CsvField::Column(_)));
        Self { compares_ids, ..Self::default() }
    }

    /// Note a row and the word in its column `answered`.
    pub(super) fn note(&mut self, record: &ContactRecord, word: Option<&str>) {
        self.rows += 1;
        self.answered += u64::from(record.outcome == RowOutcome::Answered);
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

    /// Note a score that is left out.
    pub(super) fn note_score(&mut self, key: &'static str, reason: &RejectionReason) {
        self.scores.entry(key).or_insert_with(|| (0, reason.to_string())).0 += 1;
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
        for (key, (count, first)) in &self.scores {
            out.push(format!("{key}: {count} of the scores are left out, the first: {first}"));
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
        if self.compares_ids && *rows > self.ids.len() as u64 && self.ids.len() < MAX_IDS {
            out.push(format!(
                "{} ids in {rows} rows: if the rows of an id are one contact, set legs = true; else choose another column for contact",
                self.ids.len()
            ));
        }
        if *rows >= MIN_ROWS
            && (*answered == 0 || answered == rows)
            && matches!(columns.answered, Some(CsvField::Column(_)))
        {
            let words: Vec<_> = self.words.iter().map(|word| format!("\"{word}\"")).collect();
            let which = if *answered == 0 { "no row" } else { "every row" };
            out.push(format!(
                "{which} is answered: the column `answered` holds {}, and `yes` is {:?}",
                words.join(", "),
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
