//! A vendor's words and what they mean here: `states = { "On Queue" = "available", "Break*" = "paused" }`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jmespath::Rcvar;
use serde::{Deserialize, Deserializer};

use super::path::JmesPath;
use crate::event::{AgentState, Channel};
use crate::source::format::csv::Words;
use crate::source::rejection::RejectionReason;

/// What a word can mean.
pub(super) trait VendorWord: Copy {
    /// The meanings with their words, for reading and for messages.
    fn all() -> Vec<(&'static str, Self)>;
}

/// What rows with some words mean; `None` for rows that are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordTable<T>(Vec<(Words, Option<T>)>);

impl<T> Default for WordTable<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Where a contact is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveStage {
    /// In a queue.
    Waiting,
    /// In a queue, while an agent is called.
    Ringing,
    /// With an agent.
    Talking,
    /// With an agent, on hold.
    Held,
}

impl VendorWord for LiveStage {
    fn all() -> Vec<(&'static str, Self)> {
        vec![("waiting", Self::Waiting), ("ringing", Self::Ringing), ("talking", Self::Talking), ("held", Self::Held)]
    }
}

impl VendorWord for AgentState {
    fn all() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|state| (state.key(), state)).to_vec()
    }
}

impl VendorWord for Channel {
    fn all() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|channel| (channel.key(), channel)).to_vec()
    }
}

impl<T: Copy> WordTable<T> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the word at `path` in a row means; `None` for rows that are ignored. Nothing is no word, whatever the patterns.
    ///
    /// # Errors
    /// If there is no word, or the table does not have it.
    pub(super) fn read(&self, path: &JmesPath, row: &Rcvar) -> Result<Option<T>, RejectionReason> {
        let word = path.text(row)?.ok_or_else(|| format!("there is nothing at `{path}`"))?;
        let unknown = || RejectionReason::new(&format!("`{path}` is a word that `states` does not have"), &word);
        self.find(&word).ok_or_else(unknown)
    }

    /// What a word means: `Some(None)` if rows with it are ignored, `None` if the table has no such word.
    #[expect(clippy::option_option, reason = "a word may be unknown, and it may be known and mean nothing")]
    pub(super) fn find(&self, word: &str) -> Option<Option<T>> {
        self.0.iter().find(|(words, _)| words.contains(word)).map(|(_, meaning)| *meaning)
    }
}

impl<'de, T: VendorWord> Deserialize<'de> for WordTable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = BTreeMap::<String, String>::deserialize(deserializer)?;
        let all = T::all();
        let mut table = Vec::with_capacity(written.len());
        for (word, meaning) in written {
            let known = all.iter().find(|(name, _)| *name == meaning).map(|(_, known)| *known);
            if known.is_none() && meaning != "ignored" {
                let all = all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                return Err(serde::de::Error::custom(format!("`{word}` can't mean `{meaning}`, but {all} or ignored")));
            }
            table.push((word, known));
        }
        // Exact words before patterns, and long patterns before short ones.
        table.sort_by_key(|(word, _)| (word.contains(['*', '?']), Reverse(word.len())));
        Ok(Self(table.into_iter().map(|(word, known)| (Words::new([word]), known)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_words_come_first_and_meanings_are_checked() {
        #[derive(Deserialize)]
        struct StatesTable {
            states: WordTable<AgentState>,
        }
        let read = |text: &str| toml::from_str::<StatesTable>(text).map(|config| config.states);
        let table = read("states = { 'On Queue' = 'available', 'On*' = 'paused', '*' = 'ignored' }").unwrap();
        assert_eq!(table.find("on queue"), Some(Some(AgentState::Available)));
        assert_eq!(table.find("On Break"), Some(Some(AgentState::Paused)));
        assert_eq!(table.find("Meeting"), Some(None));
        assert_eq!(WordTable::<AgentState>::default().find("x"), None);
        let said = read("states = { Break = 'pause' }").unwrap_err().to_string();
        assert!(said.contains("`Break` can't mean `pause`") && said.contains("paused"), "{said}");
    }
}
