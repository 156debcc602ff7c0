//! What a row says with words: how its contact ended, who nobody is, which rows are no contacts.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::value::is_blank;
use super::words::{normalized, vocabulary};
use crate::event::LeftReason;
use crate::text::{Label, Patterns};

/// How the contact of a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// It was answered.
    Answered,
    /// The caller hung up while waiting.
    Abandoned,
    /// It left the queue unanswered, for this reason.
    Left(LeftReason),
    /// It is over, and the table does not tell how it ended.
    Unknown,
    /// It was answered if the row has talk time, or without a column of that, names an answer or an agent; if not, how it ended is
    /// unknown.
    ByAgent,
    /// It never joined a queue of the floor: the row is left out.
    Ignored,
}

impl RowOutcome {
    /// Its name in a mapping.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::Left(reason) => reason.key(),
            Self::Unknown => "unknown",
            Self::ByAgent => "by_agent",
            Self::Ignored => "ignored",
        }
    }

    /// The outcome of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let known = [Self::Answered, Self::Abandoned, Self::Unknown, Self::ByAgent, Self::Ignored]
            .into_iter()
            .find(|outcome| outcome.key() == word);
        known.or_else(|| LeftReason::parse(word).map(Self::Left))
    }

    /// What a word usually means, as csv-words.toml says. What was not answered was abandoned. Of a phrase, its words tell.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let word = normalized(word);
        let usual = |word: &str| USUAL.get(word).copied();
        usual(&word).or_else(|| match affirmed(&word) {
            Some(affirmed) => {
                let outcome = usual(affirmed).or_else(|| Self::within(affirmed));
                (outcome == Some(Self::Answered)).then_some(Self::Abandoned)
            }
            None => Self::within(&word),
        })
    }

    /// What the known words within a phrase in normal form mean, if they agree: `caller abandoned in queue 7`.
    fn within(phrase: &str) -> Option<Self> {
        let words: Vec<&str> = phrase.split(' ').collect();
        if words.len() > MAX_PHRASE_WORDS {
            return None;
        }
        let mut found: Vec<Self> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            // The longest is the surest: `no agent` is no agent.
            let known = (at + 1..=words.len()).rev().find_map(|end| {
                let part = words.get(at..end)?.join(" ");
                if vocabulary().outcome_words.alone.contains(&part) {
                    return None;
                }
                let outcome = USUAL.get(part.as_str()).copied().filter(|_| part.chars().count() > 1);
                Some((end, outcome.or_else(|| if end == at + 1 { Self::of_stem(&part) } else { None })?))
            });
            if known.is_none() && words.get(at).is_some_and(|word| is_negation(word)) {
                return None;
            }
            at = known.map_or(at + 1, |(end, _)| end);
            found.extend(known.map(|(_, outcome)| outcome).filter(|outcome| !found.contains(outcome)));
        }
        match found.as_slice() {
            [one] => Some(*one),
            // `Answered by voicemail`, `abandoned in voicemail`
            [Self::Answered | Self::Abandoned, left @ Self::Left(_)]
            | [left @ Self::Left(_), Self::Answered | Self::Abandoned] => Some(*left),
            _ => None,
        }
    }

    /// What a word means by its beginning, as words have endings.
    fn of_stem(word: &str) -> Option<Self> {
        // Where words are not separated, it may stand anywhere.
        let is_unspaced = |stem: &str| stem.chars().all(|c| c >= FIRST_UNSPACED);
        let begins = |stems: &[String]| {
            stems
                .iter()
                .any(|stem| word.starts_with(stem.as_str()) || is_unspaced(stem) && word.contains(stem.as_str()))
        };
        let found = vocabulary().outcome_stems.iter().find(|(_, stems)| begins(stems));
        Self::parse(found?.0)
    }

    /// Whether a word says no more than that a contact is over.
    pub(super) fn is_over(word: &str) -> bool {
        vocabulary().outcome_words.over.contains(&normalized(word))
    }
}

/// The longest phrase whose words are looked at.
const MAX_PHRASE_WORDS: usize = 12;
/// The letters of Chinese, Japanese and Korean begin here.
const FIRST_UNSPACED: char = '\u{2e80}';

/// The outcomes by the words for them.
static USUAL: LazyLock<HashMap<&'static str, RowOutcome>> = LazyLock::new(|| {
    let all = vocabulary().outcomes.iter().filter_map(|(key, words)| Some((RowOutcome::parse(key)?, words)));
    all.flat_map(|(outcome, words)| words.iter().map(move |word| (word.as_str(), outcome))).collect()
});

fn is_negation(word: &str) -> bool {
    vocabulary().negations.words.iter().any(|negation| negation == word)
}

/// A word in normal form without the negation before or behind it; `None` if there is none.
fn affirmed(word: &str) -> Option<&str> {
    // Only in other scripts, a negation is written together with the word.
    let is_apart = |negation: &str, rest: &str, space: bool| space || !negation.is_ascii() && !rest.is_empty();
    vocabulary().negations.words.iter().find_map(|negation| {
        let before =
            word.strip_prefix(negation.as_str()).filter(|rest| is_apart(negation, rest, rest.starts_with(' ')));
        let behind = || word.strip_suffix(negation.as_str()).filter(|rest| rest.ends_with(' '));
        before.or_else(behind).map(str::trim)
    })
}

/// Whether a word says that something did not happen.
pub(super) fn is_negated(word: &str) -> bool {
    let word = normalized(word);
    affirmed(&word).is_some() || word.split(' ').any(is_negation)
}

impl Serialize for RowOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for RowOutcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::parse(&word).ok_or_else(|| {
            let reasons: Vec<_> = LeftReason::ALL.iter().map(|reason| reason.key()).collect();
            let all = reasons.join(", ");
            serde::de::Error::custom(format!(
                "\"{word}\" is none of answered, abandoned, unknown, by_agent, ignored, {all}"
            ))
        })
    }
}

/// Words that a cell can hold, or patterns of them with `*` and `?`; the case of letters is ignored. `""` is an empty cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    written: Vec<String>,
    patterns: Patterns,
}

impl Words {
    /// From words and patterns.
    pub fn new<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Self {
        let written: Vec<String> = words.into_iter().map(Into::into).collect();
        let patterns = Patterns::new(written.iter().map(|word| word.trim().to_lowercase()));
        Self { written, patterns }
    }

    /// Whether there is no word.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// The words as they are written.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(String::as_str)
    }

    /// Whether a cell holds one of the words.
    #[must_use]
    pub fn contains(&self, cell: &str) -> bool {
        !self.is_empty() && self.patterns.contains(&Label::new(&cell.trim().to_lowercase()))
    }
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a word or a list of words")]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
        }
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(word) => Self::new([word]),
            OneOrMany::Many(words) => Self::new(words),
        })
    }
}

/// The words of a mapping's `outcomes`, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub(super) struct OutcomeWords(Vec<(Words, RowOutcome)>);

impl OutcomeWords {
    pub(super) fn new<'a>(outcomes: impl IntoIterator<Item = (&'a String, &'a RowOutcome)>) -> Self {
        let mut words: Vec<(&String, RowOutcome)> =
            outcomes.into_iter().map(|(word, outcome)| (word, *outcome)).collect();
        // Exact words before patterns, and long patterns before short ones.
        words.sort_by_key(|(word, _)| (word.contains(['*', '?']), std::cmp::Reverse(word.len())));
        Self(words.into_iter().map(|(word, outcome)| (Words::new([word]), outcome)).collect())
    }

    /// The outcome that a cell tells, if any.
    pub(super) fn find(&self, cell: &str) -> Option<RowOutcome> {
        let configured = self.0.iter().find(|(words, _)| words.contains(cell)).map(|(_, outcome)| *outcome);
        configured.or_else(|| if is_blank(cell) { None } else { RowOutcome::of_word(cell) })
    }
}

/// Whether a cell names nobody: `nobody` are the words of a mapping, and common ones are known.
pub(super) fn is_nobody(name: &str, nobody: &Words) -> bool {
    is_blank(name) || nobody.contains(name) || is_usually_nobody(name)
}

/// Whether a name is a common word for nobody.
pub(super) fn is_usually_nobody(name: &str) -> bool {
    let plain = normalized(name);
    // `Answered by: no` names nobody either.
    let is_no = || plain.len() > 1 && vocabulary().no.words.contains(&plain);
    plain.is_empty() || vocabulary().nobody.words.contains(&plain) || is_no() || plain.starts_with("vm channel")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_vocabulary_s_outcomes_are_outcomes() {
        assert!(
            vocabulary()
                .outcomes
                .keys()
                .chain(vocabulary().outcome_stems.keys())
                .all(|key| RowOutcome::parse(key).is_some())
        );
    }

    #[test]
    fn exact_words_come_before_patterns_and_these_before_common_words() {
        let table: BTreeMap<String, RowOutcome> =
            toml::from_str("\"out*\" = \"closed\"\n\"out of calls\" = \"ignored\"\n\"V*\" = \"overflow\"").unwrap();
        let words = OutcomeWords::new(&table);
        assert_eq!(words.find("Out_of_hours"), Some(RowOutcome::Left(LeftReason::Closed)));
        assert_eq!(words.find("OUT OF CALLS"), Some(RowOutcome::Ignored));
        assert_eq!(words.find("V9501"), Some(RowOutcome::Left(LeftReason::Overflow)));
        assert_eq!(words.find("Handled"), Some(RowOutcome::Answered));
        assert_eq!(words.find("No answer"), Some(RowOutcome::Abandoned));
        assert_eq!(words.find(""), None);
        assert_eq!(words.find("E201"), None);
        for (phrase, outcome) in [
            ("Answered by agent 12", Some(RowOutcome::Answered)),
            ("Caller abandoned in queue 7", Some(RowOutcome::Abandoned)),
            ("Answered by voicemail", Some(RowOutcome::Left(LeftReason::Overflow))),
            ("Left: no agent available", Some(RowOutcome::Left(LeftReason::Empty))),
            ("Пропущенный звонок", Some(RowOutcome::Abandoned)),
            ("Успешный звонок", Some(RowOutcome::Answered)),
            ("Beantwortete Anrufe", Some(RowOutcome::Answered)),
            ("Nem fogadott", Some(RowOutcome::Abandoned)),
            ("Answered, then abandoned", None),
            ("Answered by no person", None),
            ("Agent hung around", None),
        ] {
            assert_eq!(words.find(phrase), outcome, "{phrase}");
        }
        for word in ["Nicht beantwortet", "not handled", "No contestada", "NON RÉPONDU", "не принят", "未接通"]
        {
            assert_eq!(words.find(word), Some(RowOutcome::Abandoned), "{word}");
        }
        assert!(is_negated("Kein Agent frei") && !is_negated("Notified"));
        assert!(
            toml::from_str::<BTreeMap<String, RowOutcome>>("x = \"gone\"").unwrap_err().to_string().contains("gone")
        );
    }
}
