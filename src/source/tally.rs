//! Counts what was read of an input, and what was rejected.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::source::agent_names::AgentNames;
use crate::source::rejection::Rejection;
use crate::text::Label;

/// The number of rejections that are kept with their reasons; further ones are only counted.
const MAX_KEPT_REJECTIONS: usize = 20;
/// The number of unknown names that are counted separately; further ones are counted together as `others`.
const MAX_NAMES: usize = 100;
/// The number of unknown names that are told in a remark.
const MAX_TOLD_NAMES: usize = 5;

/// Counts of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputTally {
    /// Lines read, empty ones included.
    pub lines: u64,
    /// Events that the lines gave.
    pub events: u64,
    /// Rejected lines.
    pub rejected: u64,
    /// The first 20 rejections.
    pub rejections: Vec<Rejection>,
    /// Unknown verbs and event types, with the number of occurrences of each.
    pub unknown_types: FxHashMap<Label, u64>,
    /// Unknown data fields, with the number of occurrences of each.
    pub unknown_fields: FxHashMap<Label, u64>,
    /// Files that could not be read to their end, with the position and the reason.
    pub incomplete: Vec<Rejection>,
    /// What is doubtful of the files although their lines can be read.
    pub remarks: Vec<String>,
    /// The names that a queue_log has for agents.
    pub agents: AgentNames,
}

impl InputTally {
    /// The name under which unknown names are counted that have no place of their own.
    pub(crate) const OTHERS: Label = Label::fixed("others");

    /// Add the events and the unknown names of a part of the input. Its lines and rejections are counted by the caller.
    pub(crate) fn absorb(&mut self, part: &Self) {
        self.events += part.events;
        self.agents.absorb(&part.agents);
        for (mine, theirs) in
            [(&mut self.unknown_types, &part.unknown_types), (&mut self.unknown_fields, &part.unknown_fields)]
        {
            for (name, times) in theirs {
                count(mine, name.as_str(), *times);
            }
        }
    }

    /// Count a rejected line.
    pub(crate) fn reject(&mut self, rejection: Rejection) {
        self.rejected += 1;
        if self.rejections.len() < MAX_KEPT_REJECTIONS {
            self.rejections.push(rejection);
        }
    }

    /// Count a line with an unknown verb or event type.
    pub(crate) fn unknown(&mut self, name: &str) {
        count(&mut self.unknown_types, name, 1);
    }

    /// Count an unknown data field.
    pub(crate) fn unknown_field(&mut self, name: &str) {
        count(&mut self.unknown_fields, name, 1);
    }

    /// All that is doubtful of what was read.
    pub fn all_remarks(&self) -> impl Iterator<Item = String> {
        self.remarks.iter().cloned().chain(self.agents.remark())
    }

    /// The number of lines or events of unknown types.
    #[must_use]
    pub fn unknown_types_seen(&self) -> u64 {
        self.unknown_types.values().sum()
    }

    /// The number of unknown data fields.
    #[must_use]
    pub fn unknown_fields_seen(&self) -> u64 {
        self.unknown_fields.values().sum()
    }

    /// Forget unknown types and fields unless `is_recent`.
    pub(crate) fn retain_unknown(&mut self, is_recent: impl Fn(&Label) -> bool) {
        self.unknown_types.retain(|name, _| is_recent(name));
        self.unknown_fields.retain(|name, _| is_recent(name));
    }

    /// The unknown types and fields, the commonest first; empty if there are none.
    pub(crate) fn unknown_in_words(&self) -> String {
        let words = |what: &str, names: &FxHashMap<Label, u64>| {
            let mut names: Vec<_> = names.iter().collect();
            names.sort_by_key(|(name, times)| (Reverse(**times), *name));
            let listed = names.iter().take(MAX_TOLD_NAMES).map(|(name, times)| format!("{name} ({times})"));
            let listed = listed.collect::<Vec<_>>().join(", ");
            let more = names.len().saturating_sub(MAX_TOLD_NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            (!names.is_empty()).then(|| format!("{what} that are not read: {listed}{more}"))
        };
        let parts = [words("types", &self.unknown_types), words("fields", &self.unknown_fields)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

fn count(names: &mut FxHashMap<Label, u64>, name: &str, times: u64) {
    if let Some(seen) = names.get_mut(name) {
        *seen += times;
        return;
    }
    let name = if names.len() < MAX_NAMES { Label::new(name) } else { InputTally::OTHERS };
    *names.entry(name).or_default() += times;
}
