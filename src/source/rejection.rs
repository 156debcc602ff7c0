//! What a source set aside, and why.

use std::fmt;

use crate::text::{Label, Text};

/// A line or record that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The file's name as given, or the source's.
    pub place: Label,
    /// The line, or the position in its batch, from 1.
    pub line: u64,
    /// Why, and what to do about it.
    pub reason: RejectionReason,
}

/// Why a line or record was set aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectionReason {
    /// What is wrong, in the same words for all that is rejected for this reason: the log counts rejections by it.
    pub kind: Text,
    /// What this line or record holds instead; empty if the kind says all.
    pub detail: Text,
}

impl RejectionReason {
    pub(crate) fn new(kind: &str, detail: impl fmt::Display) -> Self {
        Self { kind: Text::new(kind), detail: Text::new(&detail.to_string()) }
    }

    /// The same reason, with the field or event type that it is about.
    pub(crate) fn about(self, subject: &str) -> Self {
        Self { kind: Text::new(&format!("{subject}: {}", self.kind)), detail: self.detail }
    }
}

impl From<&'static str> for RejectionReason {
    fn from(kind: &'static str) -> Self {
        Self { kind: Text::fixed(kind), detail: Text::default() }
    }
}

impl From<String> for RejectionReason {
    fn from(kind: String) -> Self {
        Self { kind: Text::new(&kind), detail: Text::default() }
    }
}

impl fmt::Display for RejectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { write!(f, "{}", self.kind) } else { write!(f, "{} ({})", self.kind, self.detail) }
    }
}
