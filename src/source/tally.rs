//! What was read of an input, and what was not.

use rustc_hash::FxHashMap;

use crate::source::Rejection;
use crate::text::Label;

/// How many rejections are kept in full.
const MAX_KEPT_REJECTIONS: usize = 20;
/// How many unknown names are told apart; the rest are counted together.
const MAX_NAMES: usize = 100;

/// What was read of an input, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputTally {
    /// Lines read, empty ones too.
    pub lines: u64,
    /// Events they gave.
    pub events: u64,
    /// Lines set aside.
    pub rejected: u64,
    /// The first of them.
    pub rejections: Vec<Rejection>,
    /// Verbs and event types kept out because they say nothing to a floor, and how often each.
    pub unknown_types: FxHashMap<Label, u64>,
    /// Data fields kept out because nobody knows them, and how often each.
    pub unknown_fields: FxHashMap<Label, u64>,
    /// Files that could not be read to their end: where and why.
    pub incomplete: Vec<Rejection>,
}

impl InputTally {
    /// A line was set aside.
    pub(crate) fn reject(&mut self, rejection: Rejection) {
        self.rejected += 1;
        if self.rejections.len() < MAX_KEPT_REJECTIONS {
            self.rejections.push(rejection);
        }
    }

    /// A verb or type was kept out.
    pub(crate) fn unknown(&mut self, name: &str) {
        count(&mut self.unknown_types, name);
    }

    /// A field was kept out.
    pub(crate) fn unknown_field(&mut self, name: &str) {
        count(&mut self.unknown_fields, name);
    }

    /// How many lines or events were of a kind that nobody knows.
    #[must_use]
    pub fn unknown_types_seen(&self) -> u64 {
        self.unknown_types.values().sum()
    }

    /// How many fields nobody knew.
    #[must_use]
    pub fn unknown_fields_seen(&self) -> u64 {
        self.unknown_fields.values().sum()
    }
}

fn count(names: &mut FxHashMap<Label, u64>, name: &str) {
    if let Some(seen) = names.get_mut(name) {
        *seen += 1;
        return;
    }
    let name = if names.len() < MAX_NAMES { Label::new(name) } else { Label::fixed("others") };
    *names.entry(name).or_default() += 1;
}
