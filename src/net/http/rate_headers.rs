//! What servers say about their limits of requests: `Retry-After`, and the headers that count what is left.

use std::time::Duration;

use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::clock::Time;

/// Headers with the number of requests that are left, and with when there are more again.
const COUNTS: [(&str, &str); 4] = [
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-rate-limit-remaining", "ratelimit-reset"),
];
/// A larger number is an instant, in seconds since 1970, and no number of seconds.
const MIN_INSTANT: f64 = 1e9;
/// A larger number is an instant in milliseconds.
const MIN_INSTANT_MS: f64 = 1e11;

/// The pause that a response asks for: that of `Retry-After`, and otherwise until there are requests left again,
/// if there are none.
pub(super) fn asked_pause(status: StatusCode, headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    // What is an instant is one by the server's own clock.
    let now = text(DATE.as_str()).and_then(parse_http_date).unwrap_or(now);
    if !status.is_success()
        && let Some(pause) = text(RETRY_AFTER.as_str()).and_then(|text| pause(text, now))
    {
        return Some(pause);
    }
    let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
    let number = |name: &str| text(name)?.parse::<f64>().ok();
    let until = |name: &str| pause(text(name)?, now);
    let used_up = COUNTS.into_iter().find_map(|(left, reset)| {
        let is_due = is_refused || number(left)? < 1.0;
        until(reset).filter(|_| is_due)
    });
    // Genesys Cloud counts up to what is allowed.
    let genesys = || {
        let is_due = is_refused || number("inin-ratelimit-count")? >= number("inin-ratelimit-allowed")?;
        until("inin-ratelimit-reset").filter(|_| is_due)
    };
    used_up.or_else(genesys)
}

/// The time until an instant, or of a number of seconds; zero if it is over. An instant is a date, or seconds or milliseconds
/// since 1970.
fn pause(text: &str, now: Time) -> Option<Duration> {
    let since_1970 = now.since(Time::from_unix(0)).as_secs_f64();
    let seconds = match text.parse::<f64>() {
        Ok(number) if number >= MIN_INSTANT_MS => number / 1e3 - since_1970,
        Ok(number) if number >= MIN_INSTANT => number - since_1970,
        Ok(number) => number,
        Err(_) => {
            let at = parse_http_date(text).or_else(|| Time::parse_rfc3339(text).ok())?;
            at.since(now).as_secs_f64()
        }
    };
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

/// Parse a date in a header. Those of RFC 9110 are valid dates of RFC 2822.
pub(crate) fn parse_http_date(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc2822(text).ok().map(Time::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn limits_are_understood_as_vendors_write_them() {
        let now = Time::from_unix(1_772_442_000);
        let seconds = |status: u16, headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            asked_pause(StatusCode::from_u16(status).unwrap(), &headers, now).map(|pause| pause.as_secs())
        };
        assert_eq!(seconds(200, &[]), None);
        assert_eq!(seconds(429, &[("retry-after", "7")]), Some(7));
        assert_eq!(seconds(200, &[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "20")]), None);
        assert_eq!(seconds(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "20")]), Some(20));
        assert_eq!(seconds(429, &[("x-ratelimit-reset", "1772442030")]), Some(30));
        assert_eq!(seconds(200, &[("x-rate-limit-remaining", "0"), ("ratelimit-reset", "41")]), Some(41));
        let genesys =
            [("inin-ratelimit-count", "300"), ("inin-ratelimit-allowed", "300"), ("inin-ratelimit-reset", "12")];
        assert_eq!(seconds(200, &genesys), Some(12));
        assert_eq!(seconds(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "soon")]), None);
        assert_eq!(seconds(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1772442020500")]), Some(20));
        for (text, expected) in [
            ("2.5", Some(2)),
            ("0", Some(0)),
            ("-5", Some(0)),
            ("259200", Some(259_200)),
            ("Mon, 02 Mar 2026 09:00:40 GMT", Some(40)),
            ("Mon, 02 Mar 2026 08:00:00 GMT", Some(0)),
            ("2026-03-02T09:01:00Z", Some(60)),
            ("NaN", Some(0)),
            ("1e300", None),
            ("later", None),
        ] {
            assert_eq!(seconds(503, &[("retry-after", text)]), expected, "{text}");
        }
        // The server's clock is three minutes ahead.
        let date = ("date", "Mon, 02 Mar 2026 09:03:00 GMT");
        assert_eq!(seconds(429, &[date, ("retry-after", "Mon, 02 Mar 2026 09:03:20 GMT")]), Some(20));
        assert_eq!(seconds(429, &[date, ("x-ratelimit-reset", "1772442190")]), Some(10));
    }
}
