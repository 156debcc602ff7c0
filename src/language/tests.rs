//! How a language is chosen and loaded, how it writes numbers and times, and what is told of floors.

use std::fs;
use std::sync::LazyLock;

use chrono_tz::Tz;

use super::*;
use crate::clock::Time;
use crate::kpi::{Figure, Kpi, Unit};

/// German, for the tests of other rooms too.
pub(crate) static GERMAN: LazyLock<Language> = LazyLock::new(|| choice(&[("LANG", "de_DE.UTF-8")]));

fn wanted(language: Option<&str>, locale: Option<&str>, env: &[(&str, &str)]) -> LanguageChoice {
    LanguageChoice::new(language, locale, |name| env.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned()))
}

fn choice(env: &[(&str, &str)]) -> Language {
    wanted(None, None, env).load(&OwnFiles::default(), false).unwrap()
}

/// Lend a language for good: a test has few.
fn lent<T>(language: Language, act: impl FnOnce() -> T) -> T {
    with(Box::leak(Box::new(language)), act)
}

#[test]
fn numbers_and_times_follow_the_country() {
    let at = Time::parse_rfc3339("2026-11-30T14:05:09Z").unwrap();
    let shown = || {
        let percent = Kpi { unit: Unit::Percent, ..*KpiId::ServiceLevel.def() };
        let of = |value, n| percent.shown(&Figure { value: Some(value), n, ..Figure::default() });
        [
            of(81.25, 300),
            count(1_234_567.0),
            count(1234.0),
            decimal(-4.25, 1),
            clock(at, Tz::Europe__Berlin),
            day_minute(at, Tz::Europe__Berlin),
            hour(Time::parse_rfc3339("2026-11-30T14:00:09Z").unwrap(), Tz::UTC).unwrap(),
            time(at, Tz::UTC, text!("time-weekday-day")),
            age(11_100),
            age(200_000),
        ]
    };
    let english = ["81.2%", "1 234 567", "1234", "-4.2", "15:05:09", "30 Nov 15:05", "14", "Mon 30 Nov", "3h05", "2d"];
    assert_eq!(shown(), english);
    let german = ["81,2%", "1.234.567", "1234", "-4,2", "15:05:09", "30.11. 15:05", "14", "Mo 30.11.", "3h05", "2T"];
    assert_eq!(with(&GERMAN, shown), german);
    let american =
        ["81.2%", "1,234,567", "1234", "-4.2", "3:05:09pm", "Nov 30 3:05pm", "2pm", "Mon, Nov 30", "3h05", "2d"];
    assert_eq!(lent(choice(&[("LANG", "en_US.UTF-8")]), shown), american);
    let swiss = lent(choice(&[("LC_ALL", "de_CH.UTF-8")]), shown);
    assert_eq!(swiss.map(|text| text.replace('’', "'"))[..2], ["81.2%".to_owned(), "1'234'567".to_owned()]);
    // English words, German numbers and American times.
    let mixed = choice(&[("LANG", "en_GB.UTF-8"), ("LC_NUMERIC", "de_DE.UTF-8"), ("LC_TIME", "en_US.UTF-8")]);
    let mixed = lent(mixed, || [text!("now").to_owned(), decimal(1.5, 1), minute(at, Tz::UTC)]);
    assert_eq!(mixed, ["now", "1,5", "2:05pm"]);
    // Times of no country, or of one that is not known, are those of the language and not of another country.
    for time in ["C", "POSIX", "C.UTF-8", "fr_FR.UTF-8"] {
        let general = choice(&[("LANG", "en_US.UTF-8"), ("LC_TIME", time)]);
        assert_eq!(lent(general, || [count(12_345.0), minute(at, Tz::UTC)]), ["12,345", "14:05"], "{time}");
    }
    let asked_for = wanted(Some("en-US"), None, &[("LC_ALL", "C.UTF-8")]).load(&OwnFiles::default(), false).unwrap();
    assert_eq!(lent(asked_for, || minute(at, Tz::UTC)), "2:05pm");
}

#[test]
fn the_widest_time_is_as_wide_as_any() {
    for language in [&*GERMAN, english()] {
        with(language, || {
            let widest = (0..366 * 24).map(|n| Time::from_unix(1_767_225_600 + 3600 * n + 3599));
            let widest = widest.map(|at| unicode_width::UnicodeWidthStr::width(day_minute(at, Tz::UTC).as_str())).max();
            assert!(widest.unwrap() <= usize::from(day_minute_width()), "{widest:?}");
        });
    }
}

#[test]
fn the_language_is_that_of_the_configuration_or_else_of_the_environment() {
    let words = |language, env: &[(&str, &str)]| {
        let loaded = wanted(language, None, env).load(&OwnFiles::default(), false);
        loaded.map(|language| lent(language, || text!("nobody-waits"))).map_err(|error| error.to_string())
    };
    assert_eq!(words(None, &[]).unwrap(), "nobody waits");
    assert_eq!(words(None, &[("LANG", "C.UTF-8")]).unwrap(), "nobody waits");
    assert_eq!(words(None, &[("LANG", "de_AT.UTF-8@euro")]).unwrap(), "niemand wartet");
    assert_eq!(words(None, &[("LC_ALL", "en_GB.UTF-8"), ("LANG", "de_DE")]).unwrap(), "nobody waits");
    assert_eq!(words(Some("de"), &[("LC_ALL", "en_GB.UTF-8")]).unwrap(), "niemand wartet");
    // Nobody has asked for just this one: a board in English is better than none.
    assert_eq!(words(None, &[("LANG", "fr_FR.UTF-8")]).unwrap(), "nobody waits");
    assert_eq!(words(Some("dee"), &[]).unwrap_err(), "no language is called `dee`; did you mean `de`?");
}

#[test]
fn a_file_of_ones_own_stands_over_a_language_or_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let own = OwnFiles { folder: Some(folder.path().to_owned()) };
    let write = |tag: &str, text: &str| fs::write(folder.path().join(format!("{tag}.ftl")), text).unwrap();
    let load = |tag| wanted(Some(tag), None, &[]).load(&own, false);
    write("de", "# Bei uns heißt es Gruppe.\ncolumn-queue = Gruppe\nkpi-csat-word = Note\n");
    write("nl", "nobody-waits = niemand wacht\nnumber-decimal = ,\n");
    let words = || [text!("column-queue"), text!("nobody-waits"), &kpi(KpiId::Csat).word];
    assert_eq!(lent(load("de").unwrap(), words), ["Gruppe", "niemand wartet", "Note"]);
    assert_eq!(lent(load("nl").unwrap(), words), ["Queue", "niemand wacht", "satisfied"]);
    assert_eq!(lent(load("nl").unwrap(), || percent(12.5, 1)), "12,5%");
    for (text, message) in [
        ("\ncolumn-quue = Gruppe\n", ":2: `column-quue` is no text of the board; did you mean `column-queue`?"),
        ("since = seit { $tme }\n", ":1: `since` has no argument $tme; it has $time"),
        ("kpi-csatt = x\n", ":1: `kpi-csatt` is of no KPI; did you mean `csat`?"),
        ("time-clock = %Q\n", ":1: `time-clock` is no form of a time: write it as `date` takes it, such as %H:%M"),
        ("time-months = Jan Feb\n", ":1: `time-months` has 2 words and needs 12, one blank apart"),
        ("now = { since }\n", ":1: `now` refers to `since`: write the text itself"),
        ("now = { -term }\n-term = x\n", ":1: `now` refers to `term`: write the text itself"),
        ("since = { NUMBER($time) }\n", ":1: `since` refers to `NUMBER`: write the text itself"),
        (
            "now = {\"\\u001b\"}[2J\n",
            ":1: `now` has a line break, or a sign that cannot be seen: write it on one line, without",
        ),
        (
            "now = a\n    b\n",
            ":1: `now` has a line break, or a sign that cannot be seen: write it on one line, without",
        ),
        ("now jetzt\n", ":1: Expected a token starting with \"=\""),
    ] {
        write("de", text);
        let error = load("de").map(drop).unwrap_err().to_string();
        assert!(error.ends_with(&format!("de.ftl{message}")), "{error}");
    }
}

#[test]
fn letters_that_ascii_lacks_are_spelt_out() {
    let language = wanted(Some("de"), None, &[]).load(&OwnFiles::default(), true).unwrap();
    let texts = lent(language, || [text!("page-overview").to_owned(), text!("compared-team", team = "Köln")]);
    assert_eq!(texts, ["Uebersicht", "Neben dem Team Köln"]);
    assert_eq!(super::load::spell_out("Größe"), "Groesse");
    assert_eq!(super::load::spell_out("LÄNGSTE, Ältere"), "LAENGSTE, Aeltere");
}
