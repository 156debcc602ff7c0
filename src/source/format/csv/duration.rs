//! Durations, in the notations that exports use.

use serde::{Deserialize, Serialize};

use super::value::{ascii_digits, is_blank};
use super::words;
use crate::clock::Span;
use crate::source::format::limits::MAX_DURATION_S;
use crate::source::rejection::RejectionReason;

/// The unit of a duration that is a bare number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DurationUnit {
    /// Seconds.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Minutes.
    #[serde(rename = "min")]
    Minutes,
    /// Hours.
    #[serde(rename = "h")]
    Hours,
    /// Days, as spreadsheets store durations.
    #[serde(rename = "days")]
    Days,
    /// Minutes and seconds that a spreadsheet took for hours and minutes: `2:10:00` is 130 seconds.
    #[serde(rename = "mm:ss")]
    MinutesAsHours,
    /// The digits of a clock: `000210` is 130 seconds.
    #[serde(rename = "hhmmss")]
    ClockDigits,
}

impl DurationUnit {
    /// The unit in seconds.
    const fn seconds(self) -> f64 {
        match self {
            Self::Seconds | Self::MinutesAsHours | Self::ClockDigits => 1.0,
            Self::Milliseconds => 0.001,
            Self::Minutes => 60.0,
            Self::Hours => 3600.0,
            Self::Days => 86_400.0,
        }
    }

    /// So many of the unit in seconds. Fractions of a day are cut off behind some digit, so that they are rounded to the millisecond.
    fn of_number(self, number: f64) -> f64 {
        let seconds = number * self.seconds();
        if self == Self::Days { (seconds * 1000.0).round() / 1000.0 } else { seconds }
    }

    /// The unit that a column's name tells: `(ms)`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let plain = words::normalized(name);
        let says = |units: &[&str]| plain.split(' ').any(|word| units.contains(&word));
        if words::says_milliseconds(&plain) {
            return Some(Self::Milliseconds);
        }
        match (says(words::SECONDS), words::ends_in_hours(&plain), says(words::MINUTES)) {
            (true, ..) if words::is_seconds_alone(&plain) => Some(Self::Seconds),
            (false, true, _) => Some(Self::Hours),
            (false, false, true) => Some(Self::Minutes),
            // A notation, as `hh:mm:ss`, may be that of a spreadsheet's cells.
            _ => None,
        }
    }

    /// The unit that a column's name and first cells tell: `(ms)` in either, the digits of a clock, or the fractions of a day of
    /// a spreadsheet.
    pub(super) fn of_column<'a>(name: &str, cells: impl Iterator<Item = &'a str>) -> Self {
        if let Some(unit) = Self::of_name(name) {
            return unit;
        }
        let cells: Vec<&str> = cells.map(str::trim).filter(|cell| !is_blank(cell)).collect();
        if let Some(unit) = cells.first().filter(|cell| is_unit(cell)).and_then(|cell| Self::of_name(cell)) {
            return unit;
        }
        let is_padded =
            |cell: &&str| cell.len() == CLOCK_DIGITS && cell.starts_with('0') && clock_digits(cell).is_some();
        if !cells.is_empty()
            && cells.iter().all(|cell| is_padded(cell) || clock_digits(cell).is_some())
            && cells.iter().any(is_padded)
        {
            return Self::ClockDigits;
        }
        let numbers: Vec<(&str, f64)> = cells.into_iter().filter_map(|cell| Some((cell, number(cell)?))).collect();
        let precise = |cell: &str| cell.rsplit(['.', ',']).next().is_some_and(|digits| digits.len() > 6);
        let fractions = numbers.iter().filter(|(_, number)| *number > 0.0);
        // A row of totals may hold a count.
        let (all, above) = (fractions.clone().count(), fractions.clone().filter(|(_, number)| *number >= 1.0).count());
        let of_day = fractions.clone().any(|(cell, _)| precise(cell)) && above * 10 <= all;
        if of_day { Self::Days } else { Self::Seconds }
    }
}

/// How the numbers of a column are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Notation {
    pub(super) unit: DurationUnit,
    /// The comma or the point that separates thousands where it stands alone in a number; both separate a fraction otherwise.
    pub(super) thousands: Option<char>,
}

impl From<DurationUnit> for Notation {
    fn from(unit: DurationUnit) -> Self {
        Self { unit, ..Self::default() }
    }
}

/// A number without the separators of thousands that are neither commas nor points.
fn without_separators(text: &str) -> String {
    let separates = |c: char| matches!(c, ' ' | '\'' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2019}');
    let is_grouped = |digits: &str| {
        let mut groups = digits.split(separates);
        let first = groups.next().unwrap_or_default();
        let of = |group: &str, lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit())
        };
        of(first, 1..=3) && groups.all(|group| of(group, 3..=3))
    };
    let whole = text.split(['.', ',']).next().unwrap_or_default();
    if is_grouped(whole) { text.replace(separates, "") } else { text.to_owned() }
}

/// A duration: a number of `unit`s, `[[d.]h:]mm:ss`, `h.mm.ss`, `1h 2m 3s` or ISO 8601; `None` if it is not known,
/// or below 0.
pub(super) fn span(text: &str, notation: impl Into<Notation>) -> Result<Option<Span>, RejectionReason> {
    let (text, Notation { unit, thousands }) = (ascii_digits(text), notation.into());
    let text = without_first_day(text.trim());
    if is_blank(text) || is_negative(text) {
        return Ok(None);
    }
    #[expect(clippy::cast_precision_loss, reason = "a year in seconds is far below 2^53")]
    let believed = 0.0..=MAX_DURATION_S as f64;
    let seconds = if let Some(of_day) = time_of_day(text) {
        Some(of_day)
    } else if text.contains(':') {
        // `2:10 min`
        let bare = text.trim_end_matches(|c: char| c.is_alphabetic() || c == '.').trim_end();
        let word = text.get(bare.len()..).and_then(words::unit_seconds);
        let scale = match (text.matches(':').count(), unit) {
            // `01:10` under `hh:mm`
            (1, _) if word == Some(3600.0) => 60.0,
            (1, DurationUnit::Hours) if word.is_none() => 60.0,
            (2, DurationUnit::MinutesAsHours) if bare.ends_with(":00") => 1.0 / 60.0,
            _ => 1.0,
        };
        clock(if word.is_some() { bare } else { text }, ':').map(|seconds| seconds * scale)
    } else if unit == DurationUnit::ClockDigits && !text.contains(|c: char| !c.is_ascii_digit()) {
        clock_digits(&format!("{text:0>CLOCK_DIGITS$}"))
    } else if let Some(number) = number_with(text, thousands) {
        Some(unit.of_number(number))
    } else if text.matches('.').count() == 2 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        clock(text, '.')
    } else {
        worded(text)
    };
    let span = seconds.filter(|seconds| believed.contains(seconds)).and_then(Span::from_secs_f64);
    span.map(Some).ok_or_else(|| RejectionReason::new("not seconds, [h:]mm:ss, 1h 2m 3s or PT1M23S", text))
}

/// A length that a spreadsheet wrote as a time of its first day, as `1899-12-30 00:01:23`, without that day.
fn without_first_day(text: &str) -> &str {
    let days = ["1899-12-30", "1899-12-31", "1900-01-00", "12/30/1899", "30/12/1899", "30.12.1899", "1970-01-01"];
    let bare = days.iter().find_map(|day| text.strip_prefix(day)?.strip_prefix([' ', 'T']));
    bare.map_or(text, str::trim)
}

/// How many digits a clock without colons has.
const CLOCK_DIGITS: usize = 6;

/// The seconds of `hhmmss`.
fn clock_digits(text: &str) -> Option<f64> {
    let number = whole(text).filter(|_| text.len() == CLOCK_DIGITS)?;
    let (hours, minutes, seconds) = ((number / 10_000.0).floor(), (number / 100.0).floor() % 100.0, number % 100.0);
    (minutes < 60.0 && seconds < 60.0).then_some(hours * 3600.0 + minutes * 60.0 + seconds)
}

/// Whether a cell is no length but a unit, as some tables have below the names of their columns: `(ms)`, `hh:mm:ss`.
pub(super) fn is_unit(cell: &str) -> bool {
    let plain = words::normalized(cell);
    !plain.is_empty() && plain.split(' ').all(|word| word == "in" || words::is_unit(word))
}

/// Whether a cell is a length below 0: systems write -1 where they do not know one, and clocks that were set give others.
pub(super) fn is_negative(text: &str) -> bool {
    text.trim().strip_prefix(['-', '\u{2212}']).is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.bytes().all(|b| b.is_ascii_digit() || b".,:".contains(&b))
    })
}

/// A figure: a number, a percentage, or a duration in seconds; `None` if it is not known.
pub(super) fn figure(text: &str, notation: Notation) -> Result<Option<f64>, RejectionReason> {
    if let Some(percent) =
        text.trim().strip_suffix('%').and_then(|number| number_with(number.trim_end(), notation.thousands))
    {
        return Ok(Some(percent));
    }
    span(text, notation).map(|span| span.map(Span::as_secs_f64))
}

/// A number that is not negative, with a decimal point or comma and perhaps separators of thousands.
pub(super) fn number(text: &str) -> Option<f64> {
    number_with(text, None)
}

/// A whole number, perhaps with separators of thousands.
pub(super) fn whole_number(text: &str) -> Option<f64> {
    let whole = |thousands| number_with(text, Some(thousands)).filter(|number| number.fract() == 0.0);
    whole(',').or_else(|| whole('.'))
}

/// The same where that sign separates `thousands`, even if it stands there once.
pub(super) fn number_with(text: &str, thousands: Option<char>) -> Option<f64> {
    let text = ascii_digits(text);
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !text.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = without_separators(text);
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    let separator = match (points, commas) {
        // The last one separates the fraction.
        (1.., 1..) if text.rfind('.') > text.rfind(',') => Some(','),
        (1.., 1..) | (2.., 0) => Some('.'),
        (0, 2..) => Some(','),
        (0, 1) if thousands == Some(',') => Some(','),
        (1, 0) if thousands == Some('.') => Some('.'),
        _ => None,
    };
    let plain = match separator {
        Some(separator) if is_grouped(&text, separator) => text.replace(separator, ""),
        Some(_) => return None,
        None => text,
    };
    plain.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether a separator of thousands stands where it belongs.
fn is_grouped(number: &str, separator: char) -> bool {
    let whole = number.split(if separator == ',' { '.' } else { ',' }).next().unwrap_or_default();
    let mut groups = whole.split(separator);
    let is_first = |first: &str| (1..=3).contains(&first.len()) && !first.starts_with('0');
    groups.next().is_some_and(is_first) && groups.all(|group| group.len() == 3)
}

/// `[[d.]h:]mm:ss`, with a fraction of a second perhaps.
fn clock(text: &str, separator: char) -> Option<f64> {
    let mut parts: Vec<&str> = text.split(separator).map(str::trim).collect();
    let last = parts.pop()?;
    let mut days = 0.0;
    if let ([first, _], ':') = (&mut parts[..], separator)
        && let Some((before, hours)) = first.split_once(['.', ' '])
    {
        days = whole(before)?;
        *first = hours.rsplit(' ').next()?;
    }
    if parts.is_empty() || parts.len() > 2 {
        return None;
    }
    if let [first @ "", ..] = &mut parts[..] {
        // `:12`
        *first = "0";
    }
    let minutes = parts.iter().try_fold(0.0, |sum, part| Some(sum * 60.0 + whole(part)?))?;
    let seconds = number(last).filter(|seconds| *seconds < 60.0)?;
    Some(days * 86_400.0 + minutes * 60.0 + seconds)
}

/// `12:02:03 AM`, as a spreadsheet writes a duration that it takes for a time of the day.
fn time_of_day(text: &str) -> Option<f64> {
    let (time, half) = text.rsplit_once([' ', '\u{202f}'])?;
    let noon = ["AM", "PM"].iter().position(|word| half.eq_ignore_ascii_case(word))?;
    let (hours, rest) = time.split_once(':')?;
    let hours = whole(hours).filter(|hours| (1.0..=12.0).contains(hours))? % 12.0;
    Some((hours + if noon == 1 { 12.0 } else { 0.0 }) * 3600.0 + clock(rest, ':')?)
}

fn whole(text: &str) -> Option<f64> {
    let digits = (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// `1h 2m 3s`, `83 sec`, `1 min 23 sec`, `1h05`, `1'23"`, and ISO 8601: `PT1M23.5S`.
fn worded(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    let plain = match lower.strip_prefix('p').map(|iso| iso.split_once('t').unwrap_or((iso, ""))) {
        // A month is no minute.
        Some((date, time)) if date.is_empty() || date.ends_with('d') => format!("{date} {time}"),
        Some(_) => return None,
        None => lower.replace("''", "s").replace(['"', '″', '”'], "s").replace(['\'', '′', '’'], "m"),
    };
    let (mut rest, mut sum, mut before) = (plain.as_str(), 0.0, None);
    loop {
        rest = rest.trim_start_matches([' ', ',', '\u{a0}', '\u{202f}']);
        rest = AND.iter().find_map(|and| rest.strip_prefix(and)?.strip_prefix(' ')).unwrap_or(rest);
        if rest.is_empty() {
            return Some(sum).filter(|_| before.is_some());
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        let after = after.trim_start();
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len()));
        let seconds = match (unit, before) {
            // `1h05`
            ("", Some(larger @ (3600.0 | 60.0))) if digits.len() == 2 && after.is_empty() => larger / 60.0,
            ("", _) => return None,
            _ => words::unit_seconds(unit)?,
        };
        if before.is_some_and(|before| before <= seconds) {
            return None;
        }
        before = Some(seconds);
        sum += number(digits)? * seconds;
        rest = after.strip_prefix('.').unwrap_or(after);
    }
}

/// Words between the parts of a length.
const AND: [&str; 10] = ["and", "und", "et", "y", "e", "en", "i", "и", "og", "och"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_all_notations() {
        for (text, seconds) in [
            ("42", 42.0),
            ("42.5", 42.5),
            ("42,5", 42.5),
            ("1,234.5", 1234.5),
            ("0", 0.0),
            ("3:05", 185.0),
            ("1:02:03", 3723.0),
            ("00:01:23,250", 83.25),
            ("0.03.45", 225.0),
            ("90:00", 5400.0),
            (":12", 12.0),
            ("12:02:03 AM", 123.0),
            ("1:00:00 PM", 46_800.0),
            ("1.02:03:04", 93_784.0),
            ("1 day, 2:03:04", 93_784.0),
            ("PT1M23.5S", 83.5),
            ("PT1H2M3S", 3723.0),
            ("P1DT1S", 86_401.0),
            ("PT0S", 0.0),
            ("1m 23s", 83.0),
            ("1h 2m 3s", 3723.0),
            ("1 min 23 sec", 83.0),
            ("2 Std. 5 Min. 3 Sek.", 7503.0),
            ("83 s", 83.0),
            ("83000 ms", 83.0),
            ("4 dk", 240.0),
            ("1 godz.", 3600.0),
            ("2 perc 28 mp", 148.0),
            ("35 сек", 35.0),
            ("1 мин 5 с", 65.0),
            ("2 分 10 秒", 130.0),
            ("2分10秒", 130.0),
            ("1h05", 3900.0),
            ("1m05", 65.0),
            ("1'23\"", 83.0),
            ("1′23″", 83.0),
            ("1 minute and 1 second", 61.0),
            ("1 Std. und 5 Min.", 3900.0),
            ("2:10 min", 130.0),
            ("1:05 h", 3900.0),
        ] {
            assert_eq!(span(text, DurationUnit::Seconds).unwrap().map(Span::as_secs_f64), Some(seconds), "{text}");
        }
        for unknown in ["  ", "-", "N/A", "null", "\\N", "-5", "-00:01:20"] {
            assert_eq!(span(unknown, DurationUnit::Seconds).unwrap(), None, "{unknown}");
        }
        for wrong in [
            "-5x",
            "abc",
            "1:60",
            "1:2:3:4",
            "1e99",
            "inf",
            ":",
            "1:-2",
            "1.2.3.4",
            "P1M",
            "12 parsecs 5",
            "3 foo",
            "5s 1h",
        ] {
            assert!(span(wrong, DurationUnit::Seconds).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bare_number_is_of_the_unit_that_its_column_tells() {
        let unit = |name, cells: &[&str]| DurationUnit::of_column(name, cells.iter().copied());
        assert_eq!(unit("Wait (ms)", &["83000"]), DurationUnit::Milliseconds);
        for name in ["waitMs", "WAIT_MSEC", "waitms", "talkTimeMillis", "Durée (millisecondes)"] {
            assert_eq!(unit(name, &["83000"]), DurationUnit::Milliseconds, "{name}");
        }
        assert_eq!(unit("Items", &["83"]), DurationUnit::Seconds);
        assert_eq!(unit("WaitTime (hh:mm:ss)", &["0.000966435185185185", "0"]), DurationUnit::Days);
        assert_eq!(unit("Wait", &["0.5", "12.25"]), DurationUnit::Seconds);
        assert_eq!(unit("Wait", &["83.123456789", "0.1"]), DurationUnit::Seconds);
        let read = |text, unit| span(text, unit).unwrap();
        assert_eq!(read("0.000966435185185185", DurationUnit::Days), Span::from_secs_f64(83.5));
        assert_eq!(read("83500", DurationUnit::Milliseconds), Span::from_secs_f64(83.5));
        assert_eq!(read("1:30", DurationUnit::Milliseconds), Some(Span::seconds(90)));
        assert_eq!(unit("Wait", &["000123", "", "010000"]), DurationUnit::ClockDigits);
        assert_eq!(unit("Wait", &["000175", "000010"]), DurationUnit::Seconds);
        assert_eq!(unit("Wait", &["(ms)", "83000"]), DurationUnit::Milliseconds);
        assert_eq!(read("000123", DurationUnit::ClockDigits), Some(Span::seconds(83)));
        assert_eq!(read("2:10:00", DurationUnit::MinutesAsHours), Some(Span::seconds(130)));
    }
}
