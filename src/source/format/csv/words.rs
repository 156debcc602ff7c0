//! The words that tables use for columns, figures and outcomes, in several languages: assets/csv-words.toml.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The words, by what they mean; the likeliest of each first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vocabulary {
    /// By the key of `[csv]`, or `direction`, or `time_of_day` for one that stands beside a date.
    pub(super) columns: BTreeMap<String, Vec<String>>,
    pub(super) inbound: WordList,
    pub(super) yes: WordList,
    /// By the id of a KPI.
    pub(super) figures: BTreeMap<String, Vec<String>>,
    /// By the key of an outcome.
    pub(super) outcomes: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WordList {
    pub(super) words: Vec<String>,
}

pub(super) fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: LazyLock<Vocabulary> =
        LazyLock::new(|| toml::from_str(include_str!("../../../../assets/csv-words.toml")).unwrap_or_default());
    &VOCABULARY
}

/// A name in lower case, without accents, its words separated by single spaces: `waitTime (ms)` is `wait time ms`.
pub(super) fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut before = ' ';
    for c in name.chars() {
        let plain = match c.to_lowercase().next().unwrap_or(c) {
            'à'..='å' | 'ą' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'è'..='ë' | 'ę' | 'ě' => 'e',
            'ğ' => 'g',
            'ì'..='ï' | 'ı' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ő' => 'o',
            'ř' => 'r',
            'ś' | 'š' | 'ş' | 'ß' => 's',
            'ù'..='ü' | 'ů' | 'ű' => 'u',
            'ź' | 'ż' | 'ž' => 'z',
            '%' => '%',
            lower if lower.is_alphanumeric() => lower,
            _ => ' ',
        };
        let new_word = c.is_uppercase() && before.is_lowercase() || plain == '%' || before == '%';
        if (new_word || plain == ' ') && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        match plain {
            ' ' => {}
            '%' => out.push_str("percent"),
            plain => out.push(plain),
        }
        if c == 'ß' {
            out.push('s');
        }
        before = c;
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_accents_and_whatever_separates_their_words() {
        for (name, plain) in [
            ("Queue_Start-Time", "queue start time"),
            ("waitTime (ms)", "wait time ms"),
            ("QueueDisplayName", "queue display name"),
            ("Gesprächszeit", "gesprachszeit"),
            ("Durée d'attente", "duree d attente"),
            ("Service Level%", "service level percent"),
            ("  ", ""),
        ] {
            assert_eq!(normalized(name), plain);
        }
    }

    #[test]
    fn the_vocabulary_is_written_as_names_are_compared_and_knows_every_key() {
        let all = vocabulary();
        assert!(all.columns.len() > 15);
        for word in all.columns.values().chain(all.figures.values()).chain(all.outcomes.values()).flatten() {
            assert_eq!(normalized(word), *word);
        }
        assert!(all.figures.keys().all(|key| crate::kpi::KpiId::parse(key).is_some()));
    }
}
