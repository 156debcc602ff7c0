//! Dates in words of several languages, as chrono reads them: in English and without the words around.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::{normalized, vocabulary};

/// A text longer than this is no time.
pub(super) const MAX_TIME_BYTES: usize = 80;
/// The endings of numbers, as in `1er` and `3rd`.
const ORDINALS: [&str; 8] = ["st", "nd", "rd", "th", "er", "re", "º", "ª"];

/// In which language a month's name is, where it is of different months in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MonthNames {
    /// In any other than Croatian: *listopad* is November, in Polish and Czech.
    #[default]
    Common,
    /// In Croatian: *listopad* is October.
    Croatian,
}

/// The name of a month, by the languages in which it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedMonth {
    Common,
    Croatian,
    /// It is another month in Croatian.
    Ambiguous,
}

/// Which languages a word is the name of a month in; `None` if it is in none.
pub(super) fn named_month(word: &str) -> Option<NamedMonth> {
    let word = normalized(word);
    let dates = &vocabulary().dates;
    match (month_in(&dates.months, &word), month_in(&dates.croatian, &word)) {
        (None, None) => None,
        (Some(_), None) => Some(NamedMonth::Common),
        (None, Some(_)) => Some(NamedMonth::Croatian),
        (Some(_), Some(_)) => Some(NamedMonth::Ambiguous),
    }
}

fn month_in<'a>(months: &'a BTreeMap<String, Vec<String>>, word: &str) -> Option<&'a str> {
    let found = months.iter().find(|(_, names)| names.iter().any(|name| name == word));
    found.map(|(english, _)| english.as_str())
}

/// `Di., 3. März 2026 um 09:00 Uhr` as `3 Mar 2026 09:00`; `None` if there is no word to replace.
pub(super) fn in_english(text: &str, names: MonthNames) -> Option<String> {
    // Letters may be followed by their accents.
    let is_letter = |c: char| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c);
    if text.len() > MAX_TIME_BYTES || !text.contains(is_letter) {
        return None;
    }
    let (mut out, mut rest) = (String::new(), text);
    // In French and Spanish, `mar.` is a Tuesday, too: of two months, the first is none, and none is beside numbers alone.
    let is_month = |word: &str| english(&normalized(word), names).is_some_and(|month| !month.is_empty());
    let months = text.split(|c| !is_letter(c)).filter(|word| is_month(word)).count();
    let mut weekdays = months.saturating_sub(usize::from(!text.split_whitespace().any(is_numeric_date)));
    while let Some(first) = rest.chars().next() {
        if !is_letter(first) {
            out.push(first);
            rest = rest.get(first.len_utf8()..)?;
            continue;
        }
        let (word, after) = rest.split_at(rest.find(|c| !is_letter(c)).unwrap_or(rest.len()));
        let follows_digit = out.ends_with(|c: char| c.is_ascii_digit());
        rest = after;
        match english(&normalized(word), names) {
            _ if follows_digit && ORDINALS.contains(&word) => {}
            _ if follows_digit && word == "h" && after.starts_with(|c: char| c.is_ascii_digit()) => out.push(':'),
            None if word == "à" => {}
            None => out.push_str(word),
            Some(month) => {
                rest = after.strip_prefix('.').unwrap_or(after);
                if month.is_empty() || weekdays > 0 {
                    weekdays = weekdays.saturating_sub(usize::from(!month.is_empty()));
                    rest = rest.trim_start_matches(',');
                    continue;
                }
                if out.ends_with(". ") {
                    // `3. März`
                    out.truncate(out.len() - 2);
                    out.push(' ');
                }
                out.push_str(month);
            }
        }
    }
    let plain = out.split_whitespace().collect::<Vec<_>>().join(" ");
    (plain != text).then_some(plain)
}

/// Whether a word is a date of three numbers, as `03/03/2026`.
fn is_numeric_date(word: &str) -> bool {
    let mut parts = word.trim_end_matches(',').split(['/', '.', '-']);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.clone().count() == 3 && parts.all(is_number)
}

/// The English name of a month, nothing for a word that a date does not need, and `None` for any other word.
fn english(word: &str, names: MonthNames) -> Option<&'static str> {
    let dates = &vocabulary().dates;
    let [first, second] = match names {
        MonthNames::Common => [&dates.months, &dates.croatian],
        MonthNames::Croatian => [&dates.croatian, &dates.months],
    };
    month_in(first, word)
        .or_else(|| month_in(second, word))
        .or_else(|| dates.needless.iter().any(|known| known == word).then_some(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_words_of_several_languages_are_read() {
        for (text, plain) in [
            ("3. März 2026 09:00", "3 Mar 2026 09:00"),
            ("Di., 3. Mär. 2026 um 09:00 Uhr", "3 Mar 2026 09:00"),
            ("Dienstag, 03. Ma\u{308}rz 2026", "03 Mar 2026"),
            ("mar. 3 mars 2026", "3 Mar 2026"),
            ("mar. 03/03/2026 09:00", "03/03/2026 09:00"),
            ("mar 3.3.2026", "3.3.2026"),
            ("mardi 3 mars 2026 à 09h05", "3 Mar 2026 09:05"),
            ("1er janv. 2026 09:00:05", "1 Jan 2026 09:00:05"),
            ("3 de marzo de 2026 9:00", "3 Mar 2026 9:00"),
            ("3 de março de 2026 às 09:00", "3 Mar 2026 09:00"),
            ("03-gen-2026", "03-Jan-2026"),
            ("12 sept. 2026", "12 Sep 2026"),
            ("3 marca 2026", "3 Mar 2026"),
            ("3 марта 2026 г. 09:00", "3 Mar 2026 09:00"),
            ("Wednesday, March 25th, 2026 at 9:00 AM", "Mar 25, 2026 9:00 AM"),
        ] {
            assert_eq!(in_english(text, MonthNames::Common).unwrap(), plain, "{text}");
        }
        for text in ["2026-03-02T09:00:00Z", "9:05 a. m.", "Ann", "2026-03-02 09:00:05 UTC", ""] {
            assert_eq!(in_english(text, MonthNames::Common), None, "{text}");
        }
        let croatian = |text| in_english(text, MonthNames::Croatian).unwrap();
        assert_eq!(croatian("5. listopada 2026"), "5 Oct 2026");
        assert_eq!(croatian("5. studenoga 2026"), "5 Nov 2026");
        assert_eq!(in_english("5. listopada 2026", MonthNames::Common).unwrap(), "5 Nov 2026");
    }
}
