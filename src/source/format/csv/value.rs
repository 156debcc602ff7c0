//! The values of cells: times, durations, scores, yes or no. Errors say what is wrong in one sentence.

use chrono::format::{Parsed, StrftimeItems};
use chrono::{LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use crate::clock::{Span, Time};
use crate::source::format::limits::MAX_DURATION_S;
use crate::source::rejection::RejectionReason;

/// A time in `format`, local to `zone` if it has no offset; RFC 3339 without a format.
pub(super) fn time(text: &str, format: Option<&str>, zone: Tz) -> Result<Time, RejectionReason> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the time is empty".into());
    }
    let Some(format) = format else {
        return Time::parse_rfc3339(text)
            .map_err(|_| RejectionReason::new("the time is not RFC 3339 with an offset: set time_format", text));
    };
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, StrftimeItems::new(format))
        .map_err(|_| RejectionReason::new(&format!("the time does not look like time_format \"{format}\""), text))?;
    if let Ok(at) = parsed.to_datetime() {
        return Ok(at.into());
    }
    let local = parsed.to_naive_datetime_with_offset(0).or_else(|_| {
        // A date alone means midnight.
        let date = parsed.to_naive_date()?;
        let time = parsed.to_naive_time().or_else(|error| {
            if parsed.hour_div_12().is_none() && parsed.minute().is_none() {
                Ok(chrono::NaiveTime::MIN)
            } else {
                Err(error)
            }
        })?;
        Ok::<NaiveDateTime, chrono::ParseError>(date.and_time(time))
    });
    let local = local.map_err(|_| RejectionReason::new("the time lacks a part of a date and time", text))?;
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(at.into()),
        LocalResult::None => Err(RejectionReason::new(
            &format!("a time that never was in {zone}, as the clocks went forward: check timezone"),
            local,
        )),
    }
}

/// A duration in seconds, `[h:]mm:ss` or `h.mm.ss`; `None` if empty.
pub(super) fn span(text: &str) -> Result<Option<Span>, RejectionReason> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || RejectionReason::new("not seconds, [h:]mm:ss or h.mm.ss", text);
    let parts: Vec<&str> = if text.contains(':') {
        text.split(':').collect()
    } else if text.matches('.').count() == 2 {
        text.split('.').collect()
    } else {
        vec![text]
    };
    let (last, before) = parts.split_last().ok_or_else(wrong)?;
    if before.len() > 2 {
        return Err(wrong());
    }
    let mut whole: i64 = 0;
    for part in before {
        let number: i64 = part.parse().ok().filter(|n| (0..=MAX_DURATION_S).contains(n)).ok_or_else(wrong)?;
        whole = whole * 60 + number;
    }
    if !last.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Err(wrong());
    }
    let seconds: f64 = last.replace(',', ".").parse().map_err(|_| wrong())?;
    if !before.is_empty() && seconds >= 60.0 {
        return Err(wrong());
    }
    let seconds = Span::from_secs_f64(seconds).ok_or_else(wrong)?;
    let span = Span::seconds(whole * 60) + seconds;
    if span > Span::seconds(MAX_DURATION_S) { Err(wrong()) } else { Ok(Some(span)) }
}

/// A number from `min` to `max`, with a decimal point or comma; `None` if empty.
pub(super) fn number(text: &str, [min, max]: [f64; 2]) -> Result<Option<f64>, RejectionReason> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.replace(',', ".").parse::<f64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
        Ok(_) => Err(RejectionReason::new(&format!("outside {min} to {max}, check the scale"), text)),
        Err(_) => Err(RejectionReason::new("not a number", text)),
    }
}

/// Whether a cell is one of the words for yes; `None` if empty.
pub(super) fn is_yes(text: &str, yes: &[String]) -> Option<bool> {
    let text = text.trim();
    (!text.is_empty()).then(|| yes.iter().any(|word| word.trim().to_lowercase() == text.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_three_notations() {
        let secs = |text| span(text).unwrap().map(Span::as_secs_f64);
        assert_eq!(secs("42"), Some(42.0));
        assert_eq!(secs("42.5"), Some(42.5));
        assert_eq!(secs("3:05"), Some(185.0));
        assert_eq!(secs("1:02:03"), Some(3723.0));
        assert_eq!(secs("0.03.45"), Some(225.0));
        assert_eq!(secs("90:00"), Some(5400.0));
        assert_eq!(secs("  "), None);
        assert_eq!(secs("0"), Some(0.0));
        for wrong in ["-5", "abc", "1:60", "1:2:3:4", "1e99", "NaN", "inf", ":", "1:-2", "1.2.3.4"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_ambiguous_local_time_is_the_first_and_a_skipped_one_is_an_error() {
        let london: Tz = "Europe/London".parse().unwrap();
        let format = Some("%Y-%m-%d %H:%M:%S");
        let at = |text| time(text, format, london);
        assert_eq!(at("2026-10-25 01:30:00").unwrap().to_string(), "2026-10-25T00:30:00Z");
        assert!(at("2026-03-29 01:30:00").unwrap_err().to_string().contains("never was"));
        assert_eq!(at("2026-07-01 09:00:00").unwrap().to_string(), "2026-07-01T08:00:00Z");
        assert!(at("01/07/2026").unwrap_err().to_string().contains("time_format"));
    }

    #[test]
    fn times_may_lack_seconds_or_carry_an_offset() {
        let utc = Tz::UTC;
        assert_eq!(time("02/03/2026 9:05", Some("%d/%m/%Y %H:%M"), utc).unwrap().to_string(), "2026-03-02T09:05:00Z");
        assert_eq!(time("2026-03-02", Some("%Y-%m-%d"), utc).unwrap().to_string(), "2026-03-02T00:00:00Z");
        assert_eq!(time("1772442000", Some("%s"), utc).unwrap().to_string(), "2026-03-02T09:00:00Z");
        assert_eq!(time("2026-03-02T10:00:00+01:00", None, utc).unwrap().to_string(), "2026-03-02T09:00:00Z");
        let tokyo: Tz = "Asia/Tokyo".parse().unwrap();
        let format = Some("%Y-%m-%d %H:%M %z");
        assert_eq!(time("2026-03-02 10:00 +0100", format, tokyo).unwrap().to_string(), "2026-03-02T09:00:00Z");
    }

    #[test]
    fn scores_stay_on_their_scale() {
        assert_eq!(number("4,5", [1.0, 5.0]), Ok(Some(4.5)));
        assert_eq!(number("", [1.0, 5.0]), Ok(None));
        assert!(number("6", [1.0, 5.0]).is_err());
        assert!(number("good", [1.0, 5.0]).is_err());
    }
}
