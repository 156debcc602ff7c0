//! Whether a row is of a contact that came to the floor, as a word says: calls that the floor made, and calls within it, are others.

use super::words::{normalized, vocabulary};

/// Of shorter words, only the whole is known.
const MIN_STEM_CHARS: usize = 5;
/// The longest phrase whose words are looked at.
const MAX_PHRASE_WORDS: usize = 8;

/// Whether a word says that a contact came to the floor; `None` if it does not tell. Of a phrase, its words tell if they agree.
pub(super) fn comes_in(word: &str) -> Option<bool> {
    let plain = normalized(word);
    let names = &vocabulary().directions;
    let is_one = |words: &[String], word: &str| words.iter().any(|known| known == word);
    match (is_one(&names.inbound, &plain), is_one(&names.outbound, &plain)) {
        (true, _) => return Some(true),
        (_, true) => return Some(false),
        (false, false) => {}
    }
    let parts: Vec<&str> = plain.split(' ').take(MAX_PHRASE_WORDS).collect();
    let begins = |words: &[String]| {
        let begins = |part: &&str| {
            let fits = |known: &&String| known.chars().count() >= MIN_STEM_CHARS && part.starts_with(known.as_str());
            words.iter().any(|known| fits(&known))
        };
        parts.iter().any(begins)
    };
    match (begins(&names.inbound), begins(&names.outbound)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (true, true) | (false, false) => None,
    }
}

/// Whether a word is of a call from outside, which came to the floor if the other rows are of calls within it.
pub(super) fn is_external(word: &str) -> bool {
    let plain = normalized(word);
    plain.split(' ').any(|part| vocabulary().directions.external.iter().any(|known| known == part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_within_phrases_tell_the_direction() {
        for word in [
            "Inbound Call",
            "IN",
            "Eingehender Anruf",
            "Chamada recebida",
            "TERMINATING",
            "QUEUE_TRANSFER",
            "Входящий вызов",
        ] {
            assert_eq!(comes_in(word), Some(true), "{word}");
        }
        for word in [
            "Outbound Call",
            "OUT",
            "Ausgehend",
            "Uscita",
            "in uscita",
            "ORIGINATING",
            "Internal Call",
            "Interne",
            "Sortants",
        ] {
            assert_eq!(comes_in(word), Some(false), "{word}");
        }
        for word in ["Voice", "inbound to outbound", "", "External"] {
            assert_eq!(comes_in(word), None, "{word}");
        }
        assert!(is_external("External call") && !is_external("Extension"));
    }
}
