//! Times and speeds on the command line.

use chrono::{NaiveDate, NaiveDateTime, TimeZone};

use super::Error;
use crate::clock::Time;
use crate::kpi::Calendar;
use crate::text::Label;

const LOCAL: [&str; 4] = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];

/// An instant: RFC 3339, or a date (the start of that business day) or date and time on the centre's clock.
///
/// # Errors
/// [`Error::Usage`], naming the flag, where the text is none of these or daylight saving skips it.
pub fn instant(flag: &str, text: Option<&str>, calendar: &Calendar) -> Result<Option<Time>, Error> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(at) = Time::parse_rfc3339(text) {
        return Ok(Some(at));
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(Some(calendar.start_of(day)));
    }
    let shown = Label::new(text);
    let Some(wall) = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) else {
        return Err(Error::Usage(format!(
            "{flag}: `{shown}` is not a time; write `2026-03-02`, `2026-03-02 09:00` or `2026-03-02T09:00:00Z`"
        )));
    };
    let at = calendar.zone.from_local_datetime(&wall).earliest();
    at.map(|at| Some(at.into())).ok_or_else(|| {
        let zone = calendar.zone.name();
        Error::Usage(format!("{flag}: daylight saving skips `{shown}` in {zone}; give the time with its offset"))
    })
}

/// The speed of a replay or simulation, a multiple of real time from 0.01 to 100 000.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches(['x', '×']).parse().ok().filter(|speed| (0.01..=100_000.0).contains(speed));
    speed.ok_or_else(|| "a speed is a number from 0.01 to 100000".to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;
    use chrono_tz::Tz;

    use super::*;

    fn at(text: &str) -> Result<Option<Time>, Error> {
        let day_starts = NaiveTime::from_hms_opt(6, 0, 0).unwrap();
        instant("--from", Some(text), &Calendar { zone: Tz::Europe__London, day_starts })
    }

    #[test]
    fn times_are_those_of_the_centre() {
        for (text, utc) in [
            ("2026-07-01T09:00:00+02:00", "2026-07-01T07:00:00Z"),
            ("2026-07-01 09:00", "2026-07-01T08:00:00Z"),
            ("2026-07-01T09:00:30", "2026-07-01T08:00:30Z"),
            ("2026-07-01", "2026-07-01T05:00:00Z"),
        ] {
            assert_eq!(at(text).unwrap(), Some(Time::parse_rfc3339(utc).unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_what_is() {
        assert!(at("yesterday").unwrap_err().to_string().starts_with("--from: `yesterday` is not a time; write"));
        assert!(at("2026-03-29 01:30").unwrap_err().to_string().contains("daylight saving skips"));
        assert_eq!(at("2026-13-01").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn speeds_are_positive() {
        assert_eq!(speed("60x"), Ok(60.0));
        for wrong in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}
