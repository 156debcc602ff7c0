//! The history of an episode: its entries, their keys in the journal, and their words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Actor;
use crate::clock::Time;
use crate::text::Text;

/// The kind of an entry. The serde name is stored in journals and sent to boards: a name never changes its meaning, and
/// a new variant needs a new journal format, because an older floorwatch cannot read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    /// The figure was past its limit for long enough.
    Fired,
    /// From warning to critical.
    Worsened,
    /// From critical to warning.
    Eased,
    /// Somebody acknowledged it.
    Acknowledged,
    /// Somebody snoozed it.
    Snoozed,
    /// Somebody wrote a note.
    Noted,
    /// The acknowledgement or snooze was taken back.
    Undone,
    /// The acknowledgement or snooze ran out.
    Expired,
    /// The acknowledgement or snooze ended because things got worse.
    Broken,
    /// It began to fire and resolve too often.
    Flapping,
    /// It stopped flapping.
    Settled,
    /// A cause is shown in its place.
    Inhibited,
    /// The cause is gone: it is shown itself again.
    Released,
    /// It ended.
    Resolved,
    /// Somebody acknowledged it after it had resolved.
    Late,
}

/// One entry of the history of an episode, which is append-only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Entry)]
pub struct HistoryEntry {
    /// When it happened.
    pub at: Time,
    /// What happened.
    #[serde(rename = "what")]
    pub kind: HistoryKind,
    /// The person; `None` if it was not done by one.
    pub who: Option<Actor>,
    /// Details: a note, or the reason.
    pub text: Option<Text>,
    /// The figure's value at that time.
    pub value: Option<f64>,
}

impl HistoryKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Fired,
        Self::Worsened,
        Self::Eased,
        Self::Acknowledged,
        Self::Snoozed,
        Self::Noted,
        Self::Undone,
        Self::Expired,
        Self::Broken,
        Self::Flapping,
        Self::Settled,
        Self::Inhibited,
        Self::Released,
        Self::Resolved,
        Self::Late,
    ];

    /// The key in journals and in JSON: the serde name.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Worsened => "worsened",
            Self::Eased => "eased",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Noted => "noted",
            Self::Undone => "undone",
            Self::Expired => "expired",
            Self::Broken => "broken",
            Self::Flapping => "flapping",
            Self::Settled => "settled",
            Self::Inhibited => "inhibited",
            Self::Released => "released",
            Self::Resolved => "resolved",
            Self::Late => "late",
        }
    }

    /// The kind with a key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// The words for people. They may change; the keys may not.
impl std::fmt::Display for HistoryKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.key())
    }
}

impl HistoryEntry {
    /// An entry without a person or details.
    pub(super) const fn new(at: Time, kind: HistoryKind, value: Option<f64>) -> Self {
        Self { at, kind, who: None, text: None, value }
    }

    pub(super) fn by(mut self, who: &Actor) -> Self {
        self.who = Some(who.clone());
        self
    }

    pub(super) fn with_text(mut self, text: Option<Text>) -> Self {
        self.text = text;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_stored_in_journals_never_change() {
        let keys = HistoryKind::ALL.map(HistoryKind::key);
        assert_eq!(
            keys,
            [
                "fired",
                "worsened",
                "eased",
                "acknowledged",
                "snoozed",
                "noted",
                "undone",
                "expired",
                "broken",
                "flapping",
                "settled",
                "inhibited",
                "released",
                "resolved",
                "late"
            ]
        );
        for kind in HistoryKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
            assert_eq!(HistoryKind::from_key(kind.key()), Some(kind));
        }
        assert_eq!(HistoryKind::from_key("Fired"), None);
    }
}
