//! The settings of worklists.

use super::WorkKind;
use crate::alert::MuteLength;
use crate::clock::Span;

/// Which items there are, and what becomes of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The kinds that are listed.
    pub kinds: Vec<WorkKind>,
    /// How long a claim lasts when the command does not say.
    pub claim: MuteLength,
    /// Whoever hung up after a shorter wait is not called back.
    pub least_wait: Span,
    /// Within this time an item should be done.
    pub due: Span,
    /// An item ends when what it is about is this old.
    pub keep: Span,
    /// After so many attempts an item is closed though the customer was not reached.
    pub attempts: u32,
    /// A satisfaction score on a scale of 1–5 is low up to this one.
    pub csat: f64,
    /// An answer from 0 to 10 to how likely the customer is to recommend the company is low up to this one.
    pub nps: f64,
    /// A conversation takes very long from this handling time on.
    pub handling: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kinds: WorkKind::WORDS.iter().map(|(_, kind)| *kind).collect(),
            claim: MuteLength::DEFAULT,
            least_wait: Span::seconds(5),
            due: Span(2 * Span::HOUR.0),
            keep: Span::DAY,
            attempts: 3,
            csat: 2.0,
            nps: 6.0,
            handling: Span::HOUR,
        }
    }
}
