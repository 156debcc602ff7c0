//! What servers say about their limits of requests: `Retry-After`, and the headers that count what is left.

use std::time::Duration;

use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::clock::Time;

/// Headers with the number of requests that are left, and with when there are more again.
const COUNTS: [(&str, &str); 4] = [
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-rate-limit-remaining", "ratelimit-reset"),
];
/// A larger number is an instant, in seconds since 1970, and no number of seconds.
const MIN_INSTANT: u64 = 1_000_000_000;

/// The pause that a response asks for: that of `Retry-After`, and otherwise until there are requests left again,
/// if there are none.
pub(super) fn asked_pause(status: StatusCode, headers: &HeaderMap, now: Time) -> Option<Duration> {
    let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
    if !status.is_success()
        && let Some(pause) = retry_after(headers, now)
    {
        return Some(pause);
    }
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let wait = |reset: u64| match i64::try_from(reset) {
        Ok(at) if reset >= MIN_INSTANT => u64::try_from(Time::from_unix(at).since(now).as_secs()).unwrap_or_default(),
        _ => reset,
    };
    let used_up = COUNTS.into_iter().find_map(|(left, reset)| {
        let is_due = is_refused || number(left)? == 0;
        number(reset).filter(|_| is_due)
    });
    // Genesys Cloud counts up to what is allowed.
    let genesys = || {
        let is_due = is_refused || number("inin-ratelimit-count")? >= number("inin-ratelimit-allowed")?;
        number("inin-ratelimit-reset").filter(|_| is_due)
    };
    used_up.or_else(genesys).map(|reset| Duration::from_secs(wait(reset)))
}

/// The wait in a `Retry-After` header, which holds seconds or a date.
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let span = parse_http_date(text)?.since(now);
    u64::try_from(span.0).ok().map(Duration::from_micros)
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
    }
}
