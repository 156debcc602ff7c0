//! The kinds of items, and how items of each are closed: a table.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// Call back a customer who hung up, or asked for it.
    #[default]
    Callback,
    /// Follow up a bad answer to a survey.
    LowScore,
    /// Look at a contact that was opened again.
    Reopened,
    /// Look at a contact that took very long.
    LongHandling,
}

/// How an item is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The customer was reached.
    Reached,
    /// The customer was not reached: the item stays open until that has happened as often as configured.
    NotReached,
    /// There is nothing to do about it.
    NoNeed,
    /// Somebody has looked at it and seen to the rest.
    Reviewed,
    /// By itself: the customer called again, and an agent answered.
    Answered,
    /// By itself: what it was about turned out not to be so.
    Withdrawn,
    /// By itself: it is too old.
    Expired,
}

/// A line of the table.
struct KindInfo {
    key: &'static str,
    name: &'static str,
    /// The words by which people close an item, the usual one first.
    outcomes: &'static [Outcome],
}

const TO_REACH: &[Outcome] = &[Outcome::Reached, Outcome::NotReached, Outcome::NoNeed];
const TO_REVIEW: &[Outcome] = &[Outcome::Reviewed, Outcome::NoNeed];

impl WorkKind {
    /// All kinds with their words, in the order of the screen.
    pub const WORDS: [(&'static str, Self); 4] = [
        (Self::Callback.key(), Self::Callback),
        (Self::LowScore.key(), Self::LowScore),
        (Self::Reopened.key(), Self::Reopened),
        (Self::LongHandling.key(), Self::LongHandling),
    ];

    const fn info(self) -> KindInfo {
        match self {
            Self::Callback => KindInfo { key: "callback", name: "call-backs", outcomes: TO_REACH },
            Self::LowScore => KindInfo { key: "low_score", name: "low scores", outcomes: TO_REACH },
            Self::Reopened => KindInfo { key: "reopened", name: "reopened", outcomes: TO_REVIEW },
            Self::LongHandling => KindInfo { key: "long_handling", name: "long handling", outcomes: TO_REVIEW },
        }
    }

    /// The name in JSON, in the journal and on the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.info().key
    }

    /// The name for people, of several.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The words by which people close an item of it, the usual one first.
    #[must_use]
    pub const fn outcomes(self) -> &'static [Outcome] {
        self.info().outcomes
    }

    /// The next kind, after the last one the first.
    #[must_use]
    pub fn next(self) -> Self {
        let after = Self::WORDS.iter().skip(1 + self as usize).chain(&Self::WORDS);
        after.map(|(_, kind)| *kind).next().unwrap_or(self)
    }
}

impl Outcome {
    /// The words that people close items with.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("reached", Self::Reached),
        ("not_reached", Self::NotReached),
        ("no_need", Self::NoNeed),
        ("reviewed", Self::Reviewed),
    ];

    /// The name in JSON and on the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::NotReached => "not_reached",
            Self::NoNeed => "no_need",
            Self::Reviewed => "reviewed",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotReached => "not reached",
            Self::NoNeed => "no need",
            other => other.key(),
        }
    }

    /// Whether the customer was spoken to.
    #[must_use]
    pub const fn is_contact(self) -> bool {
        matches!(self, Self::Reached | Self::Answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_json() {
        for (word, kind) in WorkKind::WORDS {
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
            assert!(kind.outcomes().iter().all(|outcome| Outcome::WORDS.iter().any(|(_, known)| known == outcome)));
        }
        for (word, outcome) in Outcome::WORDS {
            assert_eq!((serde_json::to_value(outcome).unwrap(), outcome.key()), (word.into(), word));
        }
        assert_eq!(WorkKind::LongHandling.next(), WorkKind::Callback);
    }
}
