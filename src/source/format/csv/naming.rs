//! What a column's name says: it has a meaning only if all of its words are understood. A word that says of what else the column
//! is, as in `Calls abandoned in IVR`, makes it another figure; a word that is not known leaves a guess.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::value::is_blank;
use super::words::{is_unit, normalized, vocabulary};

/// The word for a mean that is written together with what it is of.
const MEAN: &str = "平均";

/// How much of a name is understood, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    /// The name is one of the words.
    Exact,
    /// Its other words change nothing.
    Understood,
    /// It has words that are not known.
    Guess,
}

/// How well a name in normal form fits `meanings`, and which of them: the smaller the better. `None` if it is of something else.
pub(super) fn naming(plain: &str, meanings: &[String]) -> Option<(Naming, usize)> {
    // `waittime` is written like `wait_time`.
    let is_same = |word: &str, name: &str| word.bytes().filter(|b| *b != b' ').eq(name.bytes().filter(|b| *b != b' '));
    let named = |name: &str| meanings.iter().position(|word| is_same(word, name)).map(|at| (Naming::Exact, at));
    // `wait_ms` is a wait, but `queue_seconds` is no queue.
    let bare = || Some(super::words::without_unit(plain)).filter(|bare| bare != "queue" && !bare.is_empty());
    if let Some(found) = named(plain).or_else(|| named(&bare()?)) {
        return Some(found);
    }
    let words: Vec<&str> = plain.split(' ').flat_map(parts).collect();
    // The word for a mean may stand within: `tempo médio de espera`.
    let without_means: Vec<&str> = words.iter().copied().filter(|word| !is_mean(word)).collect();
    let timed = timed(plain);
    let is_of_same_time = |meaning: &str| timed.is_some() && TIMED.get(meaning) == timed.as_ref();
    let fits = meanings.iter().enumerate().filter_map(|(at, meaning)| {
        if is_of_same_time(meaning) {
            return Some((Naming::Understood, at));
        }
        let rest = rest(&words, meaning).or_else(|| rest(&without_means, meaning))?;
        Some((of_rest(&rest, meaning)?, at))
    });
    fits.min()
}

/// All names of columns.
static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let all = vocabulary().columns.values().chain(vocabulary().figures.values());
    all.flatten().map(String::as_str).collect()
});
/// A row within a table with so many names of columns is the header of another one.
const MIN_HEADER_NAMES: usize = 3;

/// Whether a column's name is known as it is.
pub(super) fn is_known_name(name: &str) -> bool {
    NAMES.contains(without_number(&normalized(name)))
}

/// Whether a row names columns, as a header does.
pub(super) fn names_columns(row: &[String]) -> bool {
    let filled = || row.iter().map(|cell| cell.trim()).filter(|cell| !is_blank(cell));
    let known = || filled().filter(|cell| is_known_name(cell)).count();
    !row.iter().any(|cell| cell.contains(char::is_numeric))
        && filled().count() >= MIN_HEADER_NAMES
        && known() >= MIN_HEADER_NAMES
        && known() * 2 > filled().count()
}

/// A name in normal form without the number before it, as in `7. Wait Time`.
pub(super) fn without_number(plain: &str) -> &str {
    let bare =
        plain.split_once(' ').filter(|(number, _)| number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit()));
    bare.map_or(plain, |(_, rest)| rest)
}

/// What the names of columns say that they are the time of.
static TIMED: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    let columns = &vocabulary().columns;
    let of_time = |key: &str| key.ends_with("_s") || key.starts_with("time") || key.ends_with("_at");
    let is_other = |word: &String| columns.iter().any(|(key, words)| !of_time(key) && words.contains(word));
    let bare = |word: &String| Some(word.replace(' ', "")).filter(|_| !is_other(word));
    let all = columns.iter().filter(|(key, _)| of_time(key)).flat_map(|(_, words)| words);
    all.filter_map(|word| Some((word.as_str(), timed(word).or_else(|| bare(word))?))).collect()
});
/// What is left of a name without its words for time has as many letters; fewer where a letter is a syllable or a word.
const MIN_TIMED_CHARS: usize = 3;

/// What a name in normal form says that it is the time of: `haltezeit` and `halte dauer sek` are both that of `halte`. `None` if it
/// does not say that it is a time.
fn timed(plain: &str) -> Option<String> {
    let names = &vocabulary().names;
    let bare = super::words::without_unit(plain);
    let is_long = |stem: &str| stem.chars().count() >= if stem.is_ascii() { MIN_TIMED_CHARS } else { 2 };
    let stem = |word: &'_ str| {
        let without = names.time_endings.iter().filter_map(|ending| word.strip_suffix(ending.as_str()));
        let found = without.chain(word.strip_prefix("duration")).filter(|stem| is_long(stem));
        found.min_by_key(|stem| stem.len()).map(str::to_owned)
    };
    let mut is_time = bare != plain;
    let mut out: Vec<String> = Vec::new();
    for word in bare.split(' ') {
        if names.times.iter().any(|time| time == word) {
            is_time = true;
        } else if names.time_links.iter().any(|link| link == word) {
        } else if let Some(stem) = stem(word) {
            is_time = true;
            out.push(stem);
        } else {
            out.push(word.to_owned());
        }
    }
    Some(out.concat()).filter(|timed| is_time && is_long(timed))
}

/// A name in normal form without the time within which a service level is, and that time in seconds.
pub(super) fn without_threshold(plain: &str) -> (String, Option<f64>) {
    let words: Vec<&str> = plain.split(' ').flat_map(parts).collect();
    let mut numbers = words.iter().filter_map(|word| word.parse::<f64>().ok());
    // Of 80/20, the time is the last.
    let Some(number) = numbers.next_back() else { return (plain.to_owned(), None) };
    let is_minutes = words.iter().any(|word| super::words::MINUTES.contains(word));
    let rest: Vec<&str> = words.into_iter().filter(|word| !is_number(word) && !is_unit(word)).collect();
    (rest.join(" "), Some(if is_minutes { number * 60.0 } else { number }))
}

/// Whether a name says that its values are means: `Ø Wartezeit`, `Talk Time/Call`.
pub(super) fn says_mean(name: &str, plain: &str) -> bool {
    let names = vocabulary();
    plain.split(' ').flat_map(parts).any(is_mean)
        || name.split('/').skip(1).any(|each| {
            let each = normalized(each);
            names.names.each.iter().any(|word| each.split(' ').next() == Some(word))
        })
        || names.names.each.iter().any(|word| format!(" {plain} ").contains(&format!(" per {word} ")))
}

/// Whether a name in normal form says that the column is of times.
pub(super) fn says_time(plain: &str) -> bool {
    timed(plain).is_some()
}

/// What of the words is beside a meaning's; `None` if they do not have it.
fn rest<'a>(words: &[&'a str], meaning: &str) -> Option<Vec<&'a str>> {
    let meaning: Vec<&str> = meaning.split(' ').collect();
    let at = words.windows(meaning.len()).position(|window| window == meaning)?;
    let (before, after) = (words.get(..at)?, words.get(at + meaning.len()..)?);
    Some([before, after].concat())
}

/// What the words beside a meaning leave of it.
fn of_rest(rest: &[&str], meaning: &str) -> Option<Naming> {
    let names = &vocabulary().names;
    if says_other(&rest.join(" ")) {
        return None;
    }
    let is_alone = vocabulary().alone.words.iter().any(|alone| alone == meaning);
    // `SL` and `hold` are surer with fewer words beside.
    let is_long = meaning.len() > 4;
    let is_among = |words: &[String], word: &str| words.iter().any(|other| other == word);
    let is_harmless = |word: &&str| {
        is_unit(word) || is_among(&names.harmless, word) || is_long && is_among(&names.counted, word) || is_mean(word)
    };
    match (is_alone, rest.iter().all(is_harmless)) {
        (true, _) => None,
        (false, true) => Some(Naming::Understood),
        (false, false) => is_long.then_some(Naming::Guess),
    }
}

/// Whether words in normal form are of something else: of a target, of another part of the contact, within a time.
pub(super) fn says_other(plain: &str) -> bool {
    let is_threshold = |pair: &[&str]| matches!(pair, [number, unit] if is_number(number) && is_unit(unit));
    let words: Vec<&str> = plain.split(' ').flat_map(parts).collect();
    let joined = format!(" {} ", words.join(" "));
    words.windows(2).any(is_threshold)
        || vocabulary().names.others.iter().any(|phrase| joined.contains(&format!(" {phrase} ")))
}

fn is_mean(word: &str) -> bool {
    vocabulary().names.means.iter().any(|mean| begins(word, mean))
}

/// Long words may have endings: `durchschn` and `durchschnittliche`.
fn begins(word: &str, stem: &str) -> bool {
    word == stem || stem.chars().count() > 4 && word.starts_with(stem)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// The parts of a word: `20s` is a number and its unit, and 平均 stands before what it is the mean of.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let mut left = word;
    std::iter::from_fn(move || {
        let is_digit = left.chars().next()?.is_ascii_digit();
        let at = if left.starts_with(MEAN) {
            MEAN.len()
        } else {
            left.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(left.len())
        };
        let (part, rest) = left.split_at_checked(at)?;
        left = rest;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_meaning_only_if_all_of_its_words_are_understood() {
        let figure =
            |key: &str, name: &str| naming(&normalized(name), &vocabulary().figures[key]).map(|(naming, _)| naming);
        for (key, name, expected) in [
            ("answered", "Calls Answered", Some(Naming::Exact)),
            ("answered", "Answered Calls (total)", Some(Naming::Understood)),
            ("answered", "davon angenommen", Some(Naming::Understood)),
            ("abandoned", "Abandoned in the queue", Some(Naming::Understood)),
            ("answered", "Calls answered Acme", Some(Naming::Guess)),
            ("answered", "Not Answered", None),
            ("answered", "Answered within SL", None),
            ("answered", "Calls answered in 20s", None),
            ("answered", "Outbound Calls Answered", None),
            ("abandoned", "Calls Abandoned in IVR", None),
            ("abandoned", "Calls Abandoned < 5s", None),
            ("abandoned", "Abandoned (last week)", None),
            ("answered", "Nicht angenommen", None),
            ("answered", "Appels répondus prévus", None),
            ("service_level", "Service Level Target %", None),
            ("service_level", "Service Level Actual", Some(Naming::Understood)),
            ("aht", "Average Handle Time Forecast", None),
            ("talk", "Longest Talk Time", None),
            ("asa", "Avg Wait Time (Abandoned)", None),
            ("talk", "Tempo médio de conversa", Some(Naming::Understood)),
        ] {
            assert_eq!(figure(key, name), expected, "{key}: {name}");
        }
        let column =
            |key: &str, name: &str| naming(&normalized(name), &vocabulary().columns[key]).map(|(naming, _)| naming);
        for (key, name, expected) in [
            ("wait_s", "Actual Wait Time", Some(Naming::Understood)),
            ("wait_s", "Estimated Wait Time", None),
            ("talk_s", "Agent Talk Time", Some(Naming::Understood)),
            ("talk_s", "Bot Talk Time", None),
            ("agent", "Agent Team", None),
            ("queue", "Queue Position", None),
            ("outcome", "Recording Status", None),
            ("answered", "Callback Answered", None),
        ] {
            assert_eq!(column(key, name), expected, "{key}: {name}");
        }
    }

    #[test]
    fn means_are_told_by_their_words() {
        for name in [
            "Ø Wartezeit",
            "Ø-Gesprächszeit",
            "Gesprächszeit (Schnitt)",
            "Mittlere Gesprächszeit",
            "Durchschn. Wartezeit",
            "Moy. temps de conversation",
            "Tiempo de conversación prom.",
            "Tempo médio de espera",
            "Gem. wachttijd",
            "Śr. czas oczekiwania",
            "Ort. Bekleme Süresi",
            "平均待ち時間",
            "Talk Time/Call",
            "ACD Time per Call",
        ] {
            assert!(says_mean(name, &normalized(name)), "{name}");
        }
        for name in ["Talk Time", "Queue/Skill", "Gesprächszeit", "Total Talk Time", "Kø"] {
            assert!(!says_mean(name, &normalized(name)), "{name}");
        }
    }

    #[test]
    fn a_service_level_names_its_time() {
        for (name, rest, seconds) in [
            ("Service level 20 seconds", "service level", Some(20.0)),
            ("SL 20 Sek. in %", "sl in percent", Some(20.0)),
            ("SLA 80/20", "sla", Some(20.0)),
            ("SL2min", "sl", Some(120.0)),
            ("Service Level %", "service level percent", None),
        ] {
            assert_eq!(without_threshold(&normalized(name)), (rest.to_owned(), seconds), "{name}");
        }
    }
}
