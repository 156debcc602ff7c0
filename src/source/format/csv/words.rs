//! The words that tables use for columns, figures and outcomes, in several languages: assets/csv-words.toml.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The words, by what they mean; the likeliest of each first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vocabulary {
    /// By the key of `[csv]`, or `direction`, `time_of_day` for one that stands beside a date, `abandoned_flag`, `handle_s` for talk, hold and work
    /// together, `whole_s` for one that may be of the whole call, `abandoned_wait_s` for the wait of those that nobody answered, or `menu_s` for the time in a
    /// menu before the queue.
    pub(super) columns: BTreeMap<String, Vec<String>>,
    pub(super) directions: DirectionWords,
    pub(super) yes: AnswerWords,
    pub(super) no: AnswerWords,
    /// Names that stand for nobody in the column of the agent.
    pub(super) nobody: WordList,
    /// By the id of a KPI.
    pub(super) figures: BTreeMap<String, Vec<String>>,
    /// By the key of an outcome.
    pub(super) outcomes: BTreeMap<String, Vec<String>>,
    /// Beginnings of words, by the key of an outcome.
    pub(super) outcome_stems: BTreeMap<String, Vec<String>>,
    pub(super) outcome_words: OutcomeWordKinds,
    pub(super) totals: TotalsWords,
    /// Before or in a word that says that something did not happen.
    pub(super) negations: WordList,
    pub(super) shares: ShareWords,
    pub(super) names: NameWords,
    /// Words for columns that are not looked for within longer names.
    pub(super) alone: WordList,
    pub(super) dates: DateWords,
    /// In the name of a queue, by which it is a menu or an announcement.
    pub(super) menus: WordList,
}

/// Words by which rows say whether their contacts came to the floor.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DirectionWords {
    pub(super) inbound: Vec<String>,
    /// Those of calls that the floor made, or of calls within it.
    pub(super) outbound: Vec<String>,
    /// Of calls from outside, if the other rows are of calls within the floor.
    pub(super) external: Vec<String>,
}

/// Words for yes or for no.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AnswerWords {
    pub(super) words: Vec<String>,
    /// Signs in place of words.
    pub(super) marks: Vec<String>,
}

/// Which words for outcomes are less sure than others.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OutcomeWordKinds {
    /// They are not looked for within phrases.
    pub(super) alone: Vec<String>,
    /// They say only that a contact is over.
    pub(super) over: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct TotalsWords {
    /// By which a row of totals begins.
    pub(super) words: Vec<String>,
    /// In place of a queue's name, besides these.
    pub(super) queues: Vec<String>,
}

/// What the name of a column of sums has that says how it is to be read.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ShareWords {
    /// It is a share.
    pub(super) words: Vec<String>,
    /// It counts what lay within the service level.
    pub(super) within: Vec<String>,
    /// It is a sum over contacts, and no mean.
    pub(super) sums: Vec<String>,
}

/// The words in the names of columns beside those of a meaning.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NameWords {
    /// They change nothing.
    pub(super) harmless: Vec<String>,
    /// They say what is counted or timed, which changes nothing where the meaning is long enough to be sure.
    pub(super) counted: Vec<String>,
    /// The column is of something else: of a target, of another part of the contact.
    pub(super) others: Vec<String>,
    /// The values are means.
    pub(super) means: Vec<String>,
    /// What a mean is of, behind `per` or a slash.
    pub(super) each: Vec<String>,
    /// Beginnings of words for ringing, which is a part of the wait only.
    pub(super) ringing: Vec<String>,
    /// They say that the column counts something.
    pub(super) counts: Vec<String>,
    /// They say that the column is of a time.
    pub(super) times: Vec<String>,
    /// Between such words and what the time is of.
    pub(super) time_links: Vec<String>,
    /// Endings of words that say so: `Haltezeit`, `Haltedauer`.
    pub(super) time_endings: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct DateWords {
    /// By the English name of three letters.
    pub(super) months: BTreeMap<String, Vec<String>>,
    /// The same in Croatian, where some names are of other months.
    pub(super) croatian: BTreeMap<String, Vec<String>>,
    /// Weekdays, and words between the parts of a date and time.
    pub(super) needless: Vec<String>,
    /// What stands between the beginning and the end of a range, as it is written.
    pub(super) until: Vec<String>,
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
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if matches!(c, 'ø' | 'Ø' | '∅' | '⌀')
            && !before.is_alphanumeric()
            && chars.peek().is_none_or(|next| !next.is_alphanumeric() || c == 'Ø' && next.is_uppercase())
        {
            // The sign of a mean, and no Danish word.
            out.push_str(if out.is_empty() || out.ends_with(' ') { "avg" } else { " avg" });
            before = '%';
            continue;
        }
        if ('\u{300}'..='\u{36f}').contains(&c) {
            // An accent apart from its letter.
            continue;
        }
        let plain = match c.to_lowercase().next().unwrap_or(c) {
            'à'..='å' | 'ą' | 'ă' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'ď' | 'đ' => 'd',
            'è'..='ë' | 'ę' | 'ě' => 'e',
            'ğ' => 'g',
            'ì'..='ï' | 'ı' => 'i',
            'ł' | 'ľ' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ő' => 'o',
            'ř' => 'r',
            'ś' | 'š' | 'ş' | 'ș' | 'ß' => 's',
            'ť' | 'ţ' | 'ț' => 't',
            'ù'..='ü' | 'ů' | 'ű' => 'u',
            'ý' | 'ÿ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'ά' => 'α',
            'έ' => 'ε',
            'ή' => 'η',
            'ί' | 'ϊ' | 'ΐ' => 'ι',
            'ό' => 'ο',
            'ύ' | 'ϋ' | 'ΰ' => 'υ',
            'ώ' => 'ω',
            'ς' => 'σ',
            'ё' => 'е',
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

/// Words for milliseconds.
const MILLISECONDS: &[&str] = &[
    "ms",
    "msec",
    "msecs",
    "milli",
    "millis",
    "millisec",
    "millisecs",
    "millisecond",
    "milliseconds",
    "millisekunden",
    "millisecondes",
    "milisegundos",
    "millisecondi",
    "мс",
    "ミリ秒",
    "毫秒",
];
/// Words for minutes.
pub(super) const MINUTES: &[&str] = &[
    "min",
    "mins",
    "mn",
    "minute",
    "minutes",
    "minuten",
    "minutos",
    "minuti",
    "minut",
    "minuty",
    "minuter",
    "minutter",
    "dk",
    "dak",
    "dakika",
    "мин",
    "минут",
    "хв",
    "分",
    "分钟",
    "分鐘",
    "분",
];
/// Words for hours. In the middle of a name, they are about something else: `business hours wait`.
const HOURS: &[&str] = &[
    "h",
    "hh",
    "hr",
    "hrs",
    "hour",
    "hours",
    "std",
    "stunden",
    "heures",
    "horas",
    "ore",
    "godz",
    "godzin",
    "hod",
    "hodin",
    "saat",
    "час",
    "часов",
    "時間",
    "小时",
    "小時",
    "시간",
];
/// Words for seconds, and for the parts of a notation as `hh:mm:ss`.
pub(super) const SECONDS: &[&str] = &[
    "s",
    "ss",
    "sec",
    "secs",
    "seconds",
    "sek",
    "sekunden",
    "sekund",
    "sekundy",
    "sekunder",
    "secondes",
    "seconden",
    "seg",
    "segs",
    "segundos",
    "secondi",
    "saniye",
    "masodperc",
    "сек",
    "секунд",
    "秒",
    "秒钟",
    "초",
];
const OTHER_UNITS: &[&str] = &["mm"];
/// Words for units in seconds that are used in cells, and mean other things in names.
const CELL_UNITS: [(&[&str], f64); 4] = [
    (&["с", "sn", "mp", "second", "sekunde", "seconde", "segundo", "secondo", "sekunda", "секунда", "секунды"], 1.0),
    (&["m", "p", "perc", "minuto", "minuta", "м", "минута", "минуты"], 60.0),
    (
        &[
            "u", "t", "time", "timer", "timmar", "tim", "uur", "ora", "hora", "heure", "stunde", "godzina", "godziny",
            "hodiny", "ч", "часа", "год", "时", "時",
        ],
        3600.0,
    ),
    (
        &[
            "d", "j", "g", "day", "days", "tag", "tage", "tagen", "jour", "jours", "dia", "dias", "giorno", "giorni",
            "gg", "dag", "dagen", "dagar", "dage", "dni", "dzien", "dny", "den", "gun", "nap", "д", "дн", "день",
            "дня", "дней", "日", "天", "일",
        ],
        86_400.0,
    ),
];

/// The seconds of a unit by its word in a cell.
pub(super) fn unit_seconds(word: &str) -> Option<f64> {
    let units = [(MILLISECONDS, 0.001), (SECONDS, 1.0), (MINUTES, 60.0), (HOURS, 3600.0)];
    let plain = normalized(word);
    units.into_iter().chain(CELL_UNITS).find(|(words, _)| words.contains(&plain.as_str())).map(|(_, seconds)| seconds)
}

/// Whether a name in normal form has seconds, and no other unit beside them as in `hh mm ss`.
pub(super) fn is_seconds_alone(plain: &str) -> bool {
    let others = || HOURS.iter().chain(MINUTES).chain(OTHER_UNITS);
    let has = |word: &str| SECONDS.contains(&word);
    plain.split(' ').any(has) && !plain.split(' ').any(|word| others().any(|unit| *unit == word))
}

/// Whether a name in normal form ends in hours, or in hours and minutes, as `talk time hh mm`.
pub(super) fn ends_in_hours(plain: &str) -> bool {
    let mut last = plain.split(' ').rev().skip_while(|word| *word == "mm" || MINUTES.contains(word));
    last.next().is_some_and(|word| HOURS.contains(&word))
}

pub(super) fn is_unit(word: &str) -> bool {
    [MILLISECONDS, MINUTES, SECONDS, HOURS, OTHER_UNITS].iter().any(|units| units.contains(&word))
}

/// A name in normal form without the unit of time at its end: `wait time ms` and `waittimems` are both a wait.
pub(super) fn without_unit(plain: &str) -> String {
    let bare: Vec<&str> = plain.split(' ').filter(|word| !is_unit(word)).collect();
    let bare = bare.join(" ");
    if bare != plain {
        return bare.strip_suffix(" in").unwrap_or(&bare).to_owned();
    }
    let stem = ["millis", "ms", "seconds", "secs", "sec"].iter().find_map(|unit| plain.strip_suffix(unit));
    stem.map_or(bare, str::to_owned)
}

/// Whether a name in normal form says that a duration is in milliseconds.
pub(super) fn says_milliseconds(plain: &str) -> bool {
    if plain.split(' ').any(|word| MILLISECONDS.contains(&word)) {
        return true;
    }
    // `waitms`, but not `items`.
    let stem = plain.strip_suffix("ms").unwrap_or_default().replace(' ', "");
    let durations = vocabulary().columns.iter().filter(|(key, _)| key.ends_with("_s"));
    !stem.is_empty() && durations.flat_map(|(_, words)| words).any(|word| word.replace(' ', "") == stem)
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
            ("Gespra\u{308}chszeit", "gesprachszeit"),
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
        let maps =
            [&all.columns, &all.figures, &all.outcomes, &all.outcome_stems, &all.dates.months, &all.dates.croatian];
        let words = maps.into_iter().flat_map(BTreeMap::values).chain([
            &all.dates.needless,
            &all.totals.words,
            &all.totals.queues,
            &all.negations.words,
            &all.alone.words,
            &all.shares.words,
            &all.shares.within,
            &all.shares.sums,
            &all.names.harmless,
            &all.names.counted,
            &all.names.others,
            &all.names.means,
            &all.names.each,
            &all.names.counts,
            &all.names.times,
            &all.names.time_links,
            &all.names.time_endings,
            &all.directions.inbound,
            &all.directions.outbound,
            &all.directions.external,
            &all.yes.words,
            &all.no.words,
            &all.nobody.words,
            &all.outcome_words.alone,
            &all.outcome_words.over,
            &all.menus.words,
        ]);
        for word in words.flatten() {
            assert_eq!(normalized(word), *word);
        }
        assert_eq!((all.dates.months.len(), all.dates.croatian.len()), (12, 12));
        assert!(all.figures.keys().all(|key| crate::kpi::KpiId::parse(key).is_some()));
    }
}
